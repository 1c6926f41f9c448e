/* The registry: every row parsed once, found by name or by row. */
#include "kernel/lang/builtin.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/signature.h"
#include "runtime/base/vec.h"

struct registry {
    struct arena arena;
    VEC(struct builtin_info *) infos;    /* all, methods too */
    VEC(struct builtin_info *) builtins; /* by name */
    VEC(const struct type *) types;
    struct builtin_info **by_row; /* hash table, a power of two */
    size_t by_row_cap;
};

/* --- rows to infos --- */

static size_t row_hash(const struct builtin_row *row) {
    uint64_t x = (uint64_t)(uintptr_t)row * 0x9E3779B97F4A7C15u;
    return (size_t)(x >> 20);
}

static void by_row_put(struct registry *registry, struct builtin_info *info) {
    size_t mask = registry->by_row_cap - 1, at = row_hash(info->row) & mask;
    while (registry->by_row[at]) at = (at + 1) & mask;
    registry->by_row[at] = info;
}

static void by_row_grow(struct registry *registry) {
    if (registry->infos.len * 2 <= registry->by_row_cap) return;
    free(registry->by_row);
    registry->by_row_cap = registry->by_row_cap ? registry->by_row_cap * 2 : 1024;
    registry->by_row = xnew_array(struct builtin_info *, registry->by_row_cap);
    for (size_t i = 0; i < registry->infos.len; i++) by_row_put(registry, registry->infos.data[i]);
}

const struct builtin_info *registry_info(const struct registry *registry, const struct builtin_row *row) {
    if (!registry->by_row_cap) return NULL;
    size_t mask = registry->by_row_cap - 1;
    for (size_t at = row_hash(row) & mask; registry->by_row[at]; at = (at + 1) & mask)
        if (registry->by_row[at]->row == row) return registry->by_row[at];
    return NULL;
}

static enum status add_row(struct registry *registry, const struct builtin_row *row, struct builtin_info **out, struct error *err) {
    struct builtin_info *info = arena_new(&registry->arena, struct builtin_info);
    TRY(signature_parse(row, &registry->arena, info, err));
    vec_push(&registry->infos, info);
    if (registry->infos.len * 2 <= registry->by_row_cap) by_row_put(registry, info);
    else by_row_grow(registry);
    *out = info;
    return OK;
}

/* --- builtins by name --- */

/* Where name stands, or would. */
static size_t lower_bound(const struct registry *registry, const char *name) {
    size_t low = 0, high = registry->builtins.len;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(registry->builtins.data[middle]->signatures[0].name, name) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

const struct builtin_info *registry_find(const struct registry *registry, const char *name) {
    size_t i = lower_bound(registry, name);
    if (i == registry->builtins.len || strcmp(registry->builtins.data[i]->signatures[0].name, name) != 0) return NULL;
    return registry->builtins.data[i];
}

static void insert(struct registry *registry, struct builtin_info *info) {
    size_t i = lower_bound(registry, info->signatures[0].name);
    vec_push(&registry->builtins, NULL);
    memmove(registry->builtins.data + i + 1, registry->builtins.data + i, (registry->builtins.len - 1 - i) * sizeof *registry->builtins.data);
    registry->builtins.data[i] = info;
}

enum status registry_add(struct registry *registry, const struct builtin_row *rows, struct error *err) {
    for (const struct builtin_row *row = rows; row->sigs; row++) {
        struct builtin_info *info;
        TRY(add_row(registry, row, &info, err));
        if (registry_find(registry, info->signatures[0].name))
            return err_set(err, ERR_INTERNAL, "two builtins are called `%s`", info->signatures[0].name);
        insert(registry, info);
    }
    return OK;
}

size_t registry_len(const struct registry *registry) { return registry->builtins.len; }
const struct builtin_info *registry_at(const struct registry *registry, size_t i) { return registry->builtins.data[i]; }

/* --- types and methods --- */

static enum status add_methods(struct registry *registry, const struct builtin_row *rows, struct error *err) {
    struct builtin_info *info;
    for (const struct builtin_row *row = rows; row && row->sigs; row++) TRY(add_row(registry, row, &info, err));
    return OK;
}

enum status registry_add_type(struct registry *registry, const struct type *type, struct error *err) {
    for (size_t i = 0; i < registry->types.len; i++)
        if (strcmp(registry->types.data[i]->name, type->name) == 0) return err_set(err, ERR_INTERNAL, "two types are called %s", type->name);
    vec_push(&registry->types, type);
    return add_methods(registry, type->methods, err);
}

size_t registry_n_types(const struct registry *registry) { return registry->types.len; }
const struct type *registry_type(const struct registry *registry, size_t i) { return registry->types.data[i]; }

const struct builtin_info *registry_method(const struct registry *registry, const struct type *type, const char *name) {
    size_t len = strlen(name);
    for (const struct builtin_row *row = type->methods; row && row->sigs; row++)
        if (strncmp(row->sigs, name, len) == 0 && row->sigs[len] == '(') return registry_info(registry, row);
    return NULL;
}

/* --- life --- */

struct arena *registry_arena(struct registry *registry) {
    return &registry->arena;
}

struct registry *registry_new(void) {
    static const enum value_kind kinds[] = {VAL_STR, VAL_LIST, VAL_TUPLE, VAL_DICT, VAL_SET};
    struct registry *registry = xnew(struct registry);
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (add_methods(registry, value_methods(kinds[i]), &err) != OK) break; /* tests/unit/lang/test_builtin.c sees to it that this can't be */
    return registry;
}

void registry_free(struct registry *registry) {
    if (!registry) return;
    for (size_t i = 0; i < registry->infos.len; i++) signature_release(registry->infos.data[i]);
    vec_release(&registry->infos);
    vec_release(&registry->builtins);
    vec_release(&registry->types);
    free(registry->by_row);
    arena_release(&registry->arena);
    free(registry);
}
