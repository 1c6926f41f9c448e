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
    const char *type, *name, *instead;
} others[] = {
    {"str", "format", "write an f-string: f\"{x:.3f}\""},
    {"str", "length", "write len(x)"},
    {"list", "length", "write len(x)"},
    {"list", "size", "write len(x)"},
    {"list", "shape", "make an Array of it: array(x).shape"},
    {"list", "mean", "write mean(x)"},
    {"list", "sum", "write sum(x)"},
    {"list", "max", "write max(x)"},
    {"list", "min", "write min(x)"},
    {"list", "map", "write [f(v) for v in x]"},
    {"list", "filter", "write [v for v in x if …]"},
    {"list", "join", "write \", \".join(x)"},
    {"list", "unique", "write set(x)"},
    {"list", "nunique", "write len(set(x))"},
    {"list", "value_counts", "count in the Table: t.group(\"column\", n=\"count\")"},
    {"list", "apply", "write [f(v) for v in x]"},
    {"list", "tolist", "it is a list already"},
    {"list", "copy", "values don't change, so y = x is enough"},
    {"dict", "copy", "values don't change, so y = x is enough"},
    {"set", "copy", "values don't change, so y = x is enough"},
    {"dict", "has_key", "write key in d"},
    {"Dataset", "shape", "write ratings.n_users, ratings.n_items and len(ratings)"},
    {"Dataset", "columns", "write interactions(ratings).columns"},
    {"Dataset", "info", "write describe(ratings)"},
    {"Dataset", "train_test_split", "write train, test = split(ratings, test=0.2, seed=42)"},
    {"Dataset", "ratings", "write interactions(ratings)[\"rating\"]"},
    {"Model", "user_factors", "write m.users"},
    {"Model", "item_factors", "write m.items"},
    {"Model", "pu", "write m.users"},
    {"Model", "qi", "write m.items"},
    {"Table", "loc", "write t.where(lambda r: …)"},
    {"Table", "iloc", "write t[i], or t[start:stop]"},
    {"Table", "describe", "write t.shape, or mean(t[\"column\"])"},
    {"Table", "info", "write t.columns and t.shape"},
    {"Table", "mean", "write mean(t[\"column\"]), or of groups t.group(\"by\", m=\"mean:column\")"},
    {"Table", "value_counts", "write t.group(\"column\", n=\"count\").sort(\"n\", descending=True)"},
    {"Table", "agg", "write t.group(\"by\", m=\"mean:column\")"},
    {"Table", "apply", "write t.add(name=lambda r: …), or [f(r) for r in t]"},
    {"Table", "iterrows", "write `for r in t`: each row is a dict"},
    {"Table", "itertuples", "write `for r in t`: each row is a dict"},
    {"Table", "drop", "name those that stay: t.select(\"user\", \"item\")"},
    {"Table", "dropna", "write t.where(lambda r: r[\"column\"] is not None)"},
    {"Table", "fillna", "write t.add(column=lambda r: 0 if r[\"column\"] is None else r[\"column\"])"},
    {"Table", "tail", "write t[-5:]"},
    {"Table", "to_dict", "write list(t)"},
    {"Table", "values", "write t[\"column\"]"},
};

static const char *other_form(const char *type, const char *name) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].type, type) == 0 && strcmp(others[i].name, name) == 0) return others[i].instead;
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

/* A key that the attribute may have meant: itself, or a metric's with its cutoff. */
struct key_search {
    const char *name;
    struct buf found;
};

static void look_at_key(void *ctx, const char *key) {
    struct key_search *search = ctx;
    size_t len = strlen(search->name);
    if (!search->found.len && strncmp(key, search->name, len) == 0 && (!key[len] || key[len] == '@')) buf_adds(&search->found, key);
}

static bool can_index(const struct type *type, void *self, const char *text) {
    struct error ignored = ERROR_INIT;
    struct value key = value_str(text), item;
    bool can = type->index && type->index(self, key, &item, &ignored) == OK;
    if (can) value_release(&item);
    value_release(&key);
    return can;
}

/* Columns and keys stand in brackets: r.rating is r["rating"], t.ndcg is t["ndcg@10"]. Appends the key to out. */
static bool find_key(struct value value, const char *name, struct buf *out) {
    struct key_search search = {.name = name, .found = BUF_INIT};
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    for (size_t i = 0; value.kind == VAL_DICT && i < dict_len(value); i++)
        if (dict_key(value, i).kind == VAL_STR) look_at_key(&search, dict_key(value, i).u.text->data);
    if (type && type->column_names) type->column_names(value.u.object->data, look_at_key, &search);
    bool found = search.found.len && (!type || can_index(type, value.u.object->data, buf_text(&search.found)));
    if (found) buf_adds(out, buf_text(&search.found));
    buf_release(&search.found);
    return found;
}

/* What other tools have as a method and Reckon as a function: m.predict(…) is predict(m, …). */
static bool is_function_on(const struct registry *registry, const char *name, struct value value) {
    const struct builtin_info *info = registry_find(registry, name);
    struct value accepted;
    for (size_t i = 0; info && i < info->n_signatures; i++) {
        const struct signature *signature = &info->signatures[i];
        if (!signature->n_params || sig_type_has(signature->params[0].type, SIG_ANY)) continue;
        if (!sig_accept(signature->params[0].type, value, &accepted)) continue;
        value_release(&accepted);
        return true;
    }
    return false;
}

/* Under another tool's name: a method of the value's, or a function that takes the value first. */
static bool elsewhere_hint(const struct registry *registry, struct value value, const char *name, const char *usual, struct error *err) {
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    char tool[64];
    for (const struct builtin_row *row = type ? type->methods : NULL; row && row->sigs; row++) {
        if (!other_name(row->other_names, name, tool)) continue;
        err_hint(err, "%s%s`%s` is `%.*s` here", tool, tool[0] ? "'s " : "", name, (int)strcspn(row->sigs, "("), row->sigs);
        return true;
    }
    for (size_t i = 0; type && i < registry_len(registry); i++) {
        const struct builtin_info *info = registry_at(registry, i);
        const char *here = info->signatures[0].name;
        if (!other_name(info->row->other_names, name, tool) || !is_function_on(registry, here, value)) continue;
        err_hint(err, "%s%s`%s` is a function here: write %s(%s, …)", tool, tool[0] ? "'s " : "", name, here, usual);
        return true;
    }
    return false;
}

static const char *usual_name(const char *type) {
    static const char *const names[][2] = {{"Dataset", "ratings"}, {"Model", "m"}, {"Recipe", "recipe"}, {"Table", "t"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], type) == 0) return names[i][1];
    return "x";
}

static bool form_hint(struct interp *interp, struct value value, const char *name, struct error *err) {
    const char *kind = value_type_name(value), *instead = other_form(kind, name);
    struct buf key = BUF_INIT;
    if (find_key(value, name, &key)) err_hint(err, "write %s[\"%s\"]", value.kind == VAL_DICT ? "r" : usual_name(kind), buf_text(&key));
    else if (instead) err_hint(err, "%s", instead);
    else if (is_function_on(interp->registry, name, value)) err_hint(err, "it is a function: write %s(%s, …)", name, usual_name(kind));
    else elsewhere_hint(interp->registry, value, name, usual_name(kind), err);
    buf_release(&key);
    return err->hint[0];
}

static enum status no_attribute(struct interp *interp, struct value value, const char *name, struct error *err) {
    struct known known = {0};
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    const char *kind = value_type_name(value);
    if (is_mutator(value.kind, name)) return err_set(err, ERR_TYPE, "values don't change: a %s has no `%s`", kind, name);
    err_set(err, ERR_ATTRIBUTE, "%s%s %s no `%s`", article(kind), kind, value.kind == VAL_NONE || *article(kind) ? "has" : "have", name);
    if (form_hint(interp, value, name, err)) return err->code;
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
    if (!method) return no_attribute(interp, value, name, err);
    *out = value_builtin(method, value);
    return OK;
}
