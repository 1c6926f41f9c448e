/* A session: interpreter, builtins, the counter, results kept under `_`, `_3`.
 * Knows no wire: cells come as text, output goes to a `struct output`. One
 * thread (the worker) uses a session; session_interrupt may come from any. */
#ifndef RECKON_SESSION_H
#define RECKON_SESSION_H

#include "kernel/builtins/context.h"
#include "runtime/base/task.h"

struct session;

/* Of the thread that runs cells. LIMIT_EVAL_HEIGHT keeps evaluation under 8 MiB; sanitizers' frames are several times as
 * large. Untouched pages cost nothing. */
#define DEEP_STACK_BYTES ((size_t)64 << 20)

/* Makes the registry, the context and an empty set of names. */
enum status session_new(struct session **out, struct error *err) MUST_CHECK;
/* The same with only those builtins that are wanted (NULL: all). */
enum status session_new_with(bool (*wanted)(const struct builtin_row *row), struct session **out, struct error *err) MUST_CHECK;
void session_free(struct session *session);

const struct registry *session_registry(const struct session *session); /* constant: any thread may read it */
struct interp *session_interp(struct session *session);
struct task *session_task(struct session *session);
int64_t session_count(const struct session *session); /* of the last cell that counted; 0 at start */

/* Before the first cell: the log of runs goes to the user's file (runs_path), not only to memory. */
void session_keep_runs(struct session *session);
/* Progress of fits is shown as a display that is updated in place; off: not at all. On at start. */
void session_show_progress(struct session *session, bool on);

/* What a cell gave. */
struct outcome {
    struct error err; /* err.code OK: it ran to its end */
    bool has_result;
    struct bundle result; /* of the last expression */
};

/* One more on the counter (before a cell that is remembered). Returns it. */
int64_t session_next_count(struct session *session);
/* Runs a cell called `name` ("Cell 3"). remember: its result becomes `_` and `_<count>`. End *out with outcome_release. */
void session_run(struct session *session, const char *name, struct slice code, struct output *output, bool remember, struct outcome *out);
void outcome_release(struct outcome *outcome);
/* One expression in the session's names, rendered (user_expressions). */
enum status session_evaluate(struct session *session, const char *name, struct slice text, struct output *output, struct bundle *out,
                             struct error *err) MUST_CHECK;

/* From now on changed(ctx) is called after each top-level statement that bound names, and after a result was kept. The
 * worker's thread calls it. */
void session_on_names(struct session *session, void (*changed)(void *ctx), void *ctx);

/* Any thread: the running cell ends with Interrupted at its next safe point. */
void session_interrupt(struct session *session);
/* Before a cell, in step with whoever interrupts: an old interrupt is forgotten. */
void session_rearm(struct session *session);

#endif
