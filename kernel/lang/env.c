/* Scopes, and functions with the scope that they were made in. */
#include "kernel/lang/env.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"

#define FEW_NAMES 16

/* --- scopes --- */

struct env *env_new(struct env *parent, struct env **all) {
    struct env *env = xnew(struct env);
    env->count = 1;
    env->parent = parent ? env_ref(parent) : NULL;
    env->all = all;
    if (all) {
        env->next = *all;
        if (*all) (*all)->previous = env;
        *all = env;
    }
    return env;
}

struct env *env_globals(void) {
    struct env *env = env_new(NULL, NULL);
    env->owns_names = true;
    return env;
}

struct env *env_ref(struct env *env) {
    env->count++;
    return env;
}

static void env_unlink(struct env *env) {
    if (!env->all) return;
    if (env->previous) env->previous->next = env->next;
    else *env->all = env->next;
    if (env->next) env->next->previous = env->previous;
}

static void drop_slots(struct env *env, struct graveyard *graveyard) {
    uint32_t n = env->n;
    env->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        graveyard_add(graveyard, env->slots[i].value);
        if (env->owns_names) free((char *)env->slots[i].name);
    }
    free(env->index);
    env->index = NULL;
    env->index_cap = 0;
}

void env_unref_into(struct env *env, struct graveyard *graveyard) {
    while (env && --env->count == 0) {
        struct env *parent = env->parent;
        env_unlink(env);
        drop_slots(env, graveyard);
        free(env->slots);
        free(env);
        env = parent;
    }
}

void env_unref(struct env *env) {
    struct graveyard graveyard = {0};
    env_unref_into(env, &graveyard);
    graveyard_empty(&graveyard);
}

void env_clear(struct env *env) {
    struct graveyard graveyard = {0};
    drop_slots(env, &graveyard);
    graveyard_empty(&graveyard);
}

void env_clear_all(struct env **all) {
    while (*all) {
        struct env *env = env_ref(*all);
        env_clear(env);
        env_unlink(env); /* those that C still holds are forgotten here */
        env->all = NULL;
        env_unref(env);
    }
}

/* --- names --- */

static uint64_t name_hash(const char *name) { return hash_bytes(name, strlen(name), 0); }

static void index_add(struct env *env, uint32_t slot) {
    uint32_t mask = env->index_cap - 1, at = (uint32_t)name_hash(env->slots[slot].name) & mask;
    while (env->index[at]) at = (at + 1) & mask;
    env->index[at] = slot + 1;
}

static void index_build(struct env *env) {
    free(env->index);
    env->index = NULL;
    if (env->n <= FEW_NAMES) return;
    env->index_cap = 64;
    while (env->index_cap < env->n * 2) env->index_cap *= 2;
    env->index = xnew_array(uint32_t, env->index_cap);
    for (uint32_t i = 0; i < env->n; i++) index_add(env, i);
}

/* Closes the gap that a name leaves (linear probing), and numbers the slots behind it anew. Before they move. */
static void index_remove(struct env *env, uint32_t slot) {
    uint32_t mask = env->index_cap - 1, at = (uint32_t)name_hash(env->slots[slot].name) & mask;
    while (env->index[at] != slot + 1) at = (at + 1) & mask;
    for (uint32_t next = (at + 1) & mask; env->index[next]; next = (next + 1) & mask) {
        uint32_t home = (uint32_t)name_hash(env->slots[env->index[next] - 1].name) & mask;
        if (((next - home) & mask) < ((next - at) & mask)) continue;
        env->index[at] = env->index[next];
        at = next;
    }
    env->index[at] = 0;
    for (uint32_t i = 0; i < env->index_cap; i++) env->index[i] -= env->index[i] > slot + 1;
}

static bool same_name(const char *a, const char *b) { return a == b || (a[0] == b[0] && strcmp(a, b) == 0); }

struct env_slot *env_find(const struct env *env, const char *name) {
    if (!env->index) {
        for (uint32_t i = 0; i < env->n; i++)
            if (same_name(env->slots[i].name, name)) return &env->slots[i];
        return NULL;
    }
    uint32_t mask = env->index_cap - 1;
    for (uint32_t at = (uint32_t)name_hash(name) & mask; env->index[at]; at = (at + 1) & mask)
        if (same_name(env->slots[env->index[at] - 1].name, name)) return &env->slots[env->index[at] - 1];
    return NULL;
}

struct env_slot *env_declare(struct env *env, const char *name) {
    struct env_slot *slot = env_find(env, name);
    if (slot) return slot;
    if (env->n == env->cap) {
        env->cap = env->cap ? env->cap * 2 : 4;
        env->slots = xrealloc(env->slots, env->cap * sizeof *env->slots);
    }
    env->slots[env->n] = (struct env_slot){env->owns_names ? xstrdup(name) : name, UNSET};
    env->n++;
    if (env->index && env->n * 2 <= env->index_cap) index_add(env, env->n - 1);
    else if (env->n > FEW_NAMES) index_build(env);
    return &env->slots[env->n - 1];
}

void env_declare_all(struct env *env, const char *const *names, uint32_t n) {
    env->slots = n ? xnew_array(struct env_slot, n) : NULL;
    env->n = env->cap = n;
    for (uint32_t i = 0; i < n; i++) env->slots[i].name = names[i];
    index_build(env);
}

void env_remove(struct env *env, const char *name) {
    struct env_slot *slot = env_find(env, name);
    if (!slot) return;
    struct env_slot gone = *slot;
    uint32_t i = (uint32_t)(slot - env->slots);
    if (env->index) index_remove(env, i);
    memmove(slot, slot + 1, (env->n - i - 1) * sizeof *slot);
    env->n--;
    value_release(&gone.value);
    if (env->owns_names) free((char *)gone.name);
}

/* --- rings --- */

static bool is_own_function(const struct env *env, struct value value) {
    return value.kind == VAL_FUNCTION && value.u.function->count == 1 && value.u.function->env == env;
}

void env_leave(struct env *env) {
    int from_inside = 0;
    for (uint32_t i = 0; env->count > 1 && i < env->n; i++) from_inside += is_own_function(env, env->slots[i].value);
    if (env->count > 1 && env->count - 1 == from_inside) env_clear(env);
    env_unref(env);
}

/* --- functions --- */

struct function *function_new(const struct node *node, struct source *source, struct env *env) {
    struct function *function = xnew(struct function);
    function->count = 1;
    function->node = node;
    function->source = source_ref(source);
    function->env = env ? env_ref(env) : NULL;
    return function;
}

void function_bury(struct function *function, struct graveyard *graveyard) {
    if (function->defaults)
        for (uint32_t i = 0; i < function->node->u.function.n; i++) graveyard_add(graveyard, function->defaults[i]);
    free(function->defaults);
    free(function->locals);
    env_unref_into(function->env, graveyard);
    source_unref(function->source);
    free(function);
}

const char *function_name(const struct function *function) {
    return function->thunk ? "expression" : function->node->u.function.name ? function->node->u.function.name : "lambda";
}

static void add_parameter(const struct function *function, uint32_t i, struct buf *out) {
    const struct parameter *parameter = &function->node->u.function.parameters[i];
    const char *star = parameter->kind == PARAM_STAR ? "*" : parameter->kind == PARAM_DOUBLE_STAR ? "**" : "";
    buf_addf(out, "%s%s%s", i ? ", " : "", star, parameter->name);
    if (!parameter->otherwise) return;
    buf_addc(out, '=');
    value_repr_short(function->defaults ? function->defaults[i] : NONE, 60, out);
}

void function_signature(const struct function *function, struct buf *out) {
    if (function->thunk) {
        buf_adds(out, "expression");
        return;
    }
    bool is_lambda = !function->node->u.function.name;
    buf_addf(out, "%s%s", is_lambda ? "lambda" : function->node->u.function.name, is_lambda ? function->node->u.function.n ? " " : "" : "(");
    for (uint32_t i = 0; i < function->node->u.function.n; i++) add_parameter(function, i, out);
    if (!is_lambda) buf_addc(out, ')');
}
