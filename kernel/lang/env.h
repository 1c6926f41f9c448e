/* Names and their values: the session's globals, the locals of a call, the
 * targets of a comprehension. A child keeps its parent alive; the globals are
 * nobody's parent: lookups end there by themselves (so functions in the globals
 * make no cycle). Worker thread only. */
#ifndef RECKON_ENV_H
#define RECKON_ENV_H

#include "kernel/lang/value.h"

struct env_slot {
    const char *name;
    struct value value; /* UNSET: declared, without a value now */
};

struct env {
    int count;
    bool owns_names;        /* globals: names are copied; else they stand in a source's arena */
    struct env *parent;     /* a count; NULL: the globals come next */
    struct env_slot *slots; /* in order of first binding */
    uint32_t n, cap;
    uint32_t *index; /* hash table over many names: slot + 1, 0 = empty; NULL while few */
    uint32_t index_cap;
    struct env **all; /* head of the interpreter's list of living scopes, for env_clear_all */
    struct env *previous, *next;
};

/* all: head of the list that the scope enters, or NULL. */
struct env *env_new(struct env *parent, struct env **all);
struct env *env_globals(void);
struct env *env_ref(struct env *env);
void env_unref(struct env *env); /* NULL is fine */
/* Empties every living scope, which breaks the rings of functions and scopes that counts can't free. */
void env_clear_all(struct env **all);

struct env_slot *env_find(const struct env *env, const char *name);          /* this scope only; NULL: not declared */
struct env_slot *env_declare(struct env *env, const char *name);             /* finds or adds (UNSET); name is copied or borrowed */
void env_declare_all(struct env *env, const char *const *names, uint32_t n); /* into a new scope; names differ */
void env_remove(struct env *env, const char *name);
void env_clear(struct env *env);
/* After a call: frees a scope that only functions stored in itself still hold (a def that calls itself). Takes the count. */
void env_leave(struct env *env);

/* A function of the language. thunk: an unevaluated argument; its node is the expression. */
struct function {
    int count;
    bool thunk;
    const struct node *node; /* NODE_DEF, NODE_LAMBDA, or a thunk's expression */
    struct source *source;   /* a count */
    struct env *env;         /* closure, a count; NULL: globals */
    struct value *defaults;  /* one a parameter, UNSET where there is none */
    const char **locals;     /* names that belong to a call, parameters first */
    uint32_t n_locals;
};
struct function *function_new(const struct node *node, struct source *source, struct env *env);
struct value value_function(struct function *takes);
/* "dcg(gains, k=10)", "lambda a, b=2". */
void function_signature(const struct function *function, struct buf *out);
const char *function_name(const struct function *function); /* "lambda" for those without */

/* Work that value_release has still to do. It goes down into values by recursion, because freeing should take no memory, and
 * puts aside what lies too deep for that. */
#define GRAVEYARD_DEPTH 200
struct graveyard {
    int depth;
    struct value *items;
    size_t n, cap;
};
void graveyard_add(struct graveyard *graveyard, struct value takes);
void env_unref_into(struct env *env, struct graveyard *graveyard);
void function_bury(struct function *function, struct graveyard *graveyard);

#endif
