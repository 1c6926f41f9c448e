/* The interpreter: names, the registry, the evaluator's entry points. One a
 * session; used by the worker thread only. No statics anywhere in kernel/lang. */
#ifndef RECKON_INTERP_H
#define RECKON_INTERP_H

#include "kernel/lang/builtin.h"

/* Where a running cell's output goes. Filled by the session (wire), by
 * --script and by tests. All text is borrowed. */
struct output {
    void *ctx;
    void (*stream)(void *ctx, const char *name, const char *text, size_t len); /* "stdout" or "stderr" */
    /* update false: shows; display_id NULL or a uuid under which it may be updated later. */
    void (*display)(void *ctx, const struct bundle *bundle, const char *display_id, bool update);
    /* Asks the front end; NULL or ERR_VALUE where nobody can answer. */
    enum status (*input)(void *ctx, const char *prompt, bool password, struct buf *out, struct error *err);
    /* An extra page for the pager (als?); NULL: shown as a display. */
    void (*page)(void *ctx, const struct bundle *bundle);
};

struct env; /* names -> values, with parents for functions */

struct interp {
    const struct registry *registry;
    struct output *output; /* of the running cell; never NULL while one runs */
    struct task *task;
    void *context; /* kernel/builtins/context.h: what builtins share (seed, device, plotter …) */
    struct env *globals;
    struct source *source; /* of the statement that runs */
    int depth;             /* calls inside each other */
    struct value partial;  /* last model offered by a fit; bound to `_partial` on an interrupt */
    /* Called after each top-level statement that bound names (publishes the snapshot); may be NULL. */
    void (*names_changed)(void *ctx);
    void *names_ctx;
    /* The evaluator's own. */
    struct env *scopes; /* every living scope besides the globals */
    struct env *told;   /* names whose hiding of a builtin was told */
    struct span here;   /* of the call that runs, in `source` */
    struct env *env;    /* the scope that it stands in; NULL: the globals */
    int height;         /* evaluations inside each other, against the C stack */
    unsigned turns;     /* of comprehensions, between two looks at the task */
    bool bound;         /* the running statement bound a name */
};

#define LIMIT_EVAL_HEIGHT 10000 /* evaluations inside each other, over all calls: keeps the C stack under 8 MiB */

struct interp *interp_new(const struct registry *registry);
void interp_free(struct interp *interp);

/* Runs a parsed cell. *out: value of the last expression statement (UNSET when quiet, None or no expression). On failure err has its place and names
 * are as they were before the failing statement. */
enum status interp_run(struct interp *interp, struct source *source, const struct node *block, struct value *out, struct error *err) MUST_CHECK;
/* Calls a function value, builtin, bound method or callable object with positional arguments. */
enum status interp_call(struct interp *interp, struct value function, const struct value *args, size_t n_args, struct value *out,
                        struct error *err) MUST_CHECK;
/* Evaluates one expression text in the globals (user_expressions). */
enum status interp_eval(struct interp *interp, const char *name, struct slice text, struct value *out, struct error *err) MUST_CHECK;

bool interp_get(const struct interp *interp, const char *name, struct value *out_borrowed); /* globals only */
void interp_bind(struct interp *interp, const char *name, struct value value);              /* borrows value */
void interp_unbind(struct interp *interp, const char *name);
size_t interp_n_names(const struct interp *interp);
const char *interp_name_at(const struct interp *interp, size_t i, struct value *out_borrowed); /* order of first binding */
/* Names with a value that the running call could use, innermost scope first, each once. */
void interp_each_visible(const struct interp *interp, void (*visit)(void *ctx, const char *name, struct value borrowed), void *ctx);
void interp_reset(struct interp *interp); /* forgets every name */

/* print() and friends. */
void interp_print(struct interp *interp, const char *text, size_t len);
/* Shows a value: renders it and sends the bundle to the output. */
enum status interp_show(struct interp *interp, struct value value, struct error *err) MUST_CHECK;

/* render.c: bundle of any value. Always has text/plain. */
enum status render_value(struct interp *interp, struct value value, struct bundle *out, struct error *err) MUST_CHECK;

#endif
