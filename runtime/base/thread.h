/* Threads: the compute pool, locks and a queue. Only thread.c, the transport
 * and the worker know pthreads.
 *
 * Work is cut into blocks by problem size only, never by the number of
 * threads, so results never depend on pool_set_threads. */
#ifndef RECKON_THREAD_H
#define RECKON_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/task.h"

typedef void (*pool_fn)(void *ctx, int64_t block, int thread);

/* Runs fn for block 0 … n_blocks-1, in any order, on the pool and the calling
 * thread; returns when all have run. Stops handing out blocks once task is
 * cancelled and then returns ERR_INTERRUPTED. thread is 0 … pool_threads()-1.
 * Only one thread at a time may call it (the worker); a nested call runs inline. */
enum status pool_run(struct task *task, int64_t n_blocks, pool_fn fn, void *ctx, struct error *err) MUST_CHECK;
/* The same with a progress line: `unit` so many of n_blocks. */
enum status pool_run_shown(struct task *task, const char *label, const char *unit, int64_t n_blocks, pool_fn fn, void *ctx,
                           struct error *err) MUST_CHECK;
int pool_threads(void); /* now in use; at start the number of usable cores, capped by RECKON_THREADS */
int pool_max_threads(void);
void pool_set_threads(int n_threads); /* 1 … POOL_MAX_THREADS; starts or parks workers at next use */
void pool_stop(void);                 /* joins all; pool_run starts them again; never while a job runs */
#define POOL_MAX_THREADS 256

#endif
