/* What a long computation needs from above and says upward: cancel, progress,
 * printed text, a partial model. One task lives as long as a cell runs and is
 * handed down; safe points (task_check) are at most 50 ms apart.
 *
 * Threads: task_cancel may be called from anywhere. Counters are atomic.
 * Everything else is for the thread that runs the cell. Pool threads only read
 * the flag (task_cancelled) and bump counters (task_advance). */
#ifndef RECKON_TASK_H
#define RECKON_TASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/err.h"

#define TASK_PROGRESS_MS 200 /* least time between two progress reports */

/* One progress line. `text` is the caller's ("loss 0.8123  valid_rmse 0.9312"). */
struct progress {
    const char *label;       /* "als" */
    const char *unit;        /* "epoch" */
    int64_t done, total;     /* total 0 = unknown */
    double elapsed_s, eta_s; /* eta_s < 0 = unknown */
    char text[256];
    bool finished, interrupted;
};

struct task;

struct run_record; /* runtime/data/runs.h */

/* Receives what a task says. Any member may be NULL. Borrowed by the task. */
struct task_listener {
    void *ctx;
    void (*progress)(void *ctx, const struct progress *progress); /* at most every TASK_PROGRESS_MS, and once at the end of a run that had reported */
    void (*print)(void *ctx, const char *text, size_t len);
    void (*partial)(void *ctx, void *model);                 /* model: borrowed `struct model *`; the listener takes its own count */
    void (*record)(void *ctx, const struct run_record *run); /* a fit or an evaluation that has ended; borrowed */
    double (*now_s)(void *ctx);                              /* clock; NULL = monotonic */
};

struct task *task_new(const struct task_listener *listener); /* copies *listener; NULL = nobody listens */
void task_free(struct task *task);
void task_cancel(struct task *task); /* any thread; async-signal-safe */
void task_rearm(struct task *task);  /* before each cell: forget an old cancel and runs that an error left open */
bool task_cancelled(const struct task *task);
int task_cancel_fd(const struct task *task); /* eventfd, readable when cancelled: for poll() */
/* OK, ERR_INTERRUPTED "interrupted", or ERR_MEMORY while memory is low (mem.h). task may be NULL everywhere below (nothing is heard, nothing
 * cancels). */
enum status task_check(const struct task *task, struct error *err) MUST_CHECK;
/* The task of what this thread runs, for loops that nobody hands one: over language values, rows, cells. NULL ends it. */
void task_enter(struct task *task);
struct task *task_current(void);
#define TASK_TURNS 65536 /* of a loop that does next to nothing, between two looks */
static inline enum status task_look(size_t turn, struct error *err) { return turn % TASK_TURNS ? OK : task_check(task_current(), err); }
/* For tests: the n-th task_check that this thread makes of a task from now says that it is interrupted (0 = never). */
void task_interrupt_after(long n);
/* Sleeps, or returns ERR_INTERRUPTED as soon as cancelled. */
enum status task_sleep(const struct task *task, double seconds, struct error *err) MUST_CHECK;
double task_now_s(const struct task *task);

/* Progress of one run (a fit, a load, a sweep). label and unit are borrowed until task_end. Runs nest; the outer one shows; one whose label is NULL
 * shows nothing, nor do those within it. */
void task_begin(struct task *task, const char *label, const char *unit, int64_t total);
void task_advance(struct task *task, int64_t by); /* atomic, any thread, never reports */
void task_report(struct task *task, int64_t done, const char *format, ...)
    PRINTF_LIKE(3, 4); /* worker thread; throttled; done < 0: what task_advance counted */
void task_end(struct task *task, bool interrupted);
bool task_runs(const struct task *task); /* within a run: a fit that asks outside of its own is one of a sweep's */

void task_print(struct task *task, const char *text, size_t len);
void task_printf(struct task *task, const char *format, ...) PRINTF_LIKE(2, 3);
void task_offer_partial(struct task *task, void *model);
void task_record(struct task *task, const struct run_record *run);
bool task_records(const struct task *task); /* whether anybody takes notice of task_record */

#endif
