#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/complete.h"
#include "kernel/lang/env.h"
#include "kernel/lang/interp.h"
#include "runtime/base/map.h"
#include "runtime/base/vec.h"

#define LINE_BYTES 200       /* of the one-line text of a value */
#define SNAPSHOT_RESULTS 100 /* `_7` … that are copied, the newest */

struct snapshot {
    atomic_int count;
    struct snapshot_name *names;
    size_t n;
    struct str_map *index; /* name -> position */
};

/* --- names that a type tells --- */

struct collected {
    VEC(char *) names;
    size_t most;
};

static void collect(void *ctx, const char *name) {
    struct collected *collected = ctx;
    if (collected->names.len < collected->most) vec_push(&collected->names, xstrdup(name));
}

static char **collect_names(void (*names)(void *self, name_sink sink, void *ctx), void *self, size_t *out_n) {
    struct collected collected = {.most = SNAPSHOT_KEYS};
    if (names) names(self, collect, &collected);
    *out_n = collected.names.len;
    return collected.names.data;
}

static char **dict_keys(struct value dict, size_t *out_n) {
    struct collected collected = {.most = SNAPSHOT_KEYS};
    for (size_t i = 0; i < dict_len(dict) && collected.names.len < SNAPSHOT_KEYS; i++)
        if (dict_key(dict, i).kind == VAL_STR) collect(&collected, value_text(dict_key(dict, i)).data);
    *out_n = collected.names.len;
    return collected.names.data;
}

/* --- one name --- */

static char *one_line(struct value value) {
    struct buf text = BUF_INIT;
    value_repr_short(value, LINE_BYTES, &text);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\n') text.data[i] = ' ';
    return buf_take(&text);
}

static void copy_object(struct snapshot_name *out, const struct object *object) {
    const struct type *type = object->type;
    out->object_type = type;
    out->columns = collect_names(type->column_names, object->data, &out->n_columns);
    if (type->item_names) type->item_names(object->data, &out->items);
    struct buf shape = BUF_INIT;
    if (type->shape) type->shape(object->data, &shape);
    out->shape = buf_take(&shape);
}

static void copy_function(struct snapshot_name *out, const struct function *function) {
    struct buf signature = BUF_INIT;
    function_signature(function, &signature);
    out->signature = buf_take(&signature);
    const struct slice *doc = &function->node->u.function.doc;
    if (!function->thunk && doc->data) out->doc = xstrndup(doc->data, doc->len);
}

static void copy_shape(struct snapshot_name *out, struct value value) {
    int64_t n;
    struct error err = ERROR_INIT;
    bool sized = value.kind == VAL_LIST || value.kind == VAL_TUPLE || value.kind == VAL_DICT || value.kind == VAL_SET || value.kind == VAL_RANGE;
    if (!sized || value_len(value, &n, &err) != OK) return;
    struct buf text = BUF_INIT;
    buf_add_count(&text, n);
    out->shape = buf_take(&text);
}

static void copy_name(struct snapshot_name *out, const char *name, struct value value) {
    out->name = xstrdup(name);
    out->type = xstrdup(value_type_name(value));
    out->line = one_line(value);
    if (value.kind == VAL_OBJECT) copy_object(out, value.u.object);
    if (value.kind == VAL_BUILTIN) out->row = value.u.bound->row;
    if (value.kind == VAL_DICT) out->keys = dict_keys(value, &out->n_keys);
    if (value.kind == VAL_FUNCTION) copy_function(out, value.u.function);
    if (!out->shape) copy_shape(out, value);
    if (!out->shape) out->shape = xstrdup("");
}

static void names_release(char **names, size_t n) {
    for (size_t i = 0; i < n; i++) free(names[i]);
    free(names);
}

static void name_release(struct snapshot_name *name) {
    names_release(name->columns, name->n_columns);
    names_release(name->keys, name->n_keys);
    if (name->items.of) name->items.release(name->items.of);
    free(name->name);
    free(name->type);
    free(name->line);
    free(name->shape);
    free(name->signature);
    free(name->doc);
}

/* --- the snapshot --- */

/* `_7`, the result of cell 7 */
static bool names_result(const char *name) { return name[0] == '_' && name[1] && name[1 + strspn(name + 1, "0123456789")] == 0; }

/* Position of the oldest result that is copied: a long session has thousands, and each snapshot would copy them all. */
static size_t first_result(const struct interp *interp) {
    size_t i = interp_n_names(interp);
    struct value value;
    for (int n = 0; i > 0; i--)
        if (names_result(interp_name_at(interp, i - 1, &value)) && ++n > SNAPSHOT_RESULTS) break;
    return i;
}

struct snapshot *snapshot_new(struct interp *interp) {
    struct snapshot *snapshot = xnew(struct snapshot);
    size_t first = first_result(interp);
    atomic_init(&snapshot->count, 1);
    snapshot->index = str_map_new();
    snapshot->names = xnew_array(struct snapshot_name, interp_n_names(interp));
    for (size_t i = 0; i < interp_n_names(interp); i++) {
        struct value value;
        const char *name = interp_name_at(interp, i, &value);
        if (i < first && names_result(name)) continue;
        str_map_put(snapshot->index, slice_of(name), (int64_t)snapshot->n, true);
        copy_name(&snapshot->names[snapshot->n++], name, value);
    }
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot) {
    atomic_fetch_add_explicit(&snapshot->count, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot) {
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->count, 1, memory_order_acq_rel) > 1) return;
    for (size_t i = 0; i < snapshot->n; i++) name_release(&snapshot->names[i]);
    str_map_free(snapshot->index);
    free(snapshot->names);
    free(snapshot);
}

size_t snapshot_len(const struct snapshot *snapshot) { return snapshot ? snapshot->n : 0; }

const struct snapshot_name *snapshot_at(const struct snapshot *snapshot, size_t i) { return &snapshot->names[i]; }

const struct snapshot_name *snapshot_find(const struct snapshot *snapshot, const char *name) {
    int64_t i;
    if (!snapshot || !str_map_get(snapshot->index, slice_of(name), &i)) return NULL;
    return &snapshot->names[i];
}
