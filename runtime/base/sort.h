/* Sorting and shuffling under the task's eye: qsort of millions of rows takes
 * seconds and can't be interrupted. */
#ifndef RECKON_SORT_H
#define RECKON_SORT_H

#include "runtime/base/rng.h"
#include "runtime/base/task.h"

/* Below 0: a stands before b; above: behind it; 0: they stay as they are. */
typedef int (*order_fn)(const void *ctx, int64_t a, int64_t b);
/* Positions by order, stable. task may be NULL. After an error they hold anything. */
enum status sort_positions(struct task *task, int64_t *positions, int64_t n, order_fn order, const void *ctx, struct error *err) MUST_CHECK;

/* What rng_shuffle does, with a look at the task now and then. */
enum status shuffle_positions(struct task *task, struct rng *rng, int64_t *positions, int64_t n, struct error *err) MUST_CHECK;

#endif
