/* value.name: attributes and methods. */
#include <string.h>

#include "kernel/lang/eval.h"
#include "runtime/base/vec.h"

static const struct builtin_row *find_row(const struct builtin_row *rows, const char *name) {
    size_t len = strlen(name);
    for (const struct builtin_row *row = rows; row && row->sigs; row++)
        if (strncmp(row->sigs, name, len) == 0 && row->sigs[len] == '(') return row;
    return NULL;
}

/* Attributes of Python's and of other tools that have another form here. */
static const struct {
    enum value_kind kind;
    const char *name, *instead;
} others[] = {
    {VAL_STR, "format", "write an f-string: f\"{x:.3f}\""},
    {VAL_STR, "length", "write len(x)"},
    {VAL_LIST, "length", "write len(x)"},
    {VAL_LIST, "size", "write len(x)"},
    {VAL_LIST, "shape", "make an Array of it: array(x).shape"},
    {VAL_LIST, "mean", "write mean(x)"},
    {VAL_LIST, "sum", "write sum(x)"},
    {VAL_LIST, "max", "write max(x)"},
    {VAL_LIST, "min", "write min(x)"},
    {VAL_LIST, "map", "write [f(v) for v in x]"},
    {VAL_LIST, "filter", "write [v for v in x if …]"},
    {VAL_LIST, "join", "write \", \".join(x)"},
    {VAL_LIST, "copy", "values don't change, so y = x is enough"},
    {VAL_DICT, "copy", "values don't change, so y = x is enough"},
    {VAL_SET, "copy", "values don't change, so y = x is enough"},
    {VAL_DICT, "has_key", "write key in d"},
};

static const char *other_form(enum value_kind kind, const char *name) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].kind == kind && strcmp(others[i].name, name) == 0) return others[i].instead;
    return NULL;
}

struct known {
    VEC(char *) names;
};

static void add_known(struct known *known, const char *name, size_t len) { vec_push(&known->names, xstrndup(name, len)); }

static void add_rows(struct known *known, const struct builtin_row *rows) {
    for (const struct builtin_row *row = rows; row && row->sigs; row++) add_known(known, row->sigs, strcspn(row->sigs, "("));
}

static void hint_names(const struct known *known, const char *name, struct error *err) {
    struct buf list = BUF_INIT;
    const char *near = nearest_name(name, (const char *const *)known->names.data, known->names.len);
    for (size_t i = 0; i < known->names.len && i < 24; i++) buf_addf(&list, "%s%s", i ? ", " : "", known->names.data[i]);
    if (near) err_hint(err, "did you mean `%s`?", near);
    else if (list.len) err_hint(err, "it has: %s", buf_text(&list));
    buf_release(&list);
}

static enum status no_attribute(struct value value, const char *name, struct error *err) {
    struct known known = {0};
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    const char *kind = value_type_name(value), *instead = other_form(value.kind, name);
    if (is_mutator(value.kind, name)) return err_set(err, ERR_TYPE, "values don't change: a %s has no `%s`", kind, name);
    err_set(err, ERR_ATTRIBUTE, "%s%s %s no `%s`", article(kind), kind, value.kind == VAL_NONE || *article(kind) ? "has" : "have", name);
    if (instead) return err_hint(err, "%s", instead);
    for (const struct attribute_row *row = type ? type->attributes : NULL; row && row->name; row++) add_known(&known, row->name, strlen(row->name));
    add_rows(&known, type ? type->methods : value_methods(value.kind));
    if (value.kind == VAL_BUILTIN && value.u.bound->self.kind == VAL_UNSET)
        err_hint(err, "call it first: %.*s(…)", (int)strcspn(value.u.bound->row->sigs, "("), value.u.bound->row->sigs);
    else hint_names(&known, name, err);
    for (size_t i = 0; i < known.names.len; i++) free(known.names.data[i]);
    vec_release(&known.names);
    return err->code;
}

enum status value_attribute(struct interp *interp, struct value value, const char *name, struct value *out, struct error *err) {
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    for (const struct attribute_row *row = type ? type->attributes : NULL; row && row->name; row++)
        if (strcmp(row->name, name) == 0) return row->get(interp, value.u.object->data, out, err);
    const struct builtin_row *method = find_row(type ? type->methods : value_methods(value.kind), name);
    if (!method) return no_attribute(value, name, err);
    *out = value_builtin(method, value);
    return OK;
}
