#include "runtime/base/sort.h"

#include <string.h>

#include "runtime/base/mem.h"

#define SHORT 16                /* runs that are sorted by insertion */
#define BETWEEN_LOOKS (1 << 15) /* positions that are moved between two looks at the task */

struct sort {
    struct task *task;
    order_fn order;
    const void *ctx;
    int64_t *from, *to;
    int64_t moved; /* since the last look */
};

static enum status look(struct sort *sort, int64_t moved, struct error *err) {
    sort->moved += moved;
    if (sort->moved < BETWEEN_LOOKS) return OK;
    sort->moved = 0;
    return task_check(sort->task, err);
}

static void insert_all(const struct sort *sort, int64_t *run, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const int64_t position = run[i];
        int64_t at = i;
        for (; at > 0 && sort->order(sort->ctx, run[at - 1], position) > 0; at--) run[at] = run[at - 1];
        run[at] = position;
    }
}

static enum status sort_runs(struct sort *sort, int64_t n, struct error *err) {
    for (int64_t start = 0; start < n; start += SHORT) {
        insert_all(sort, sort->from + start, n - start < SHORT ? n - start : SHORT);
        TRY(look(sort, SHORT, err));
    }
    return OK;
}

static enum status merge(struct sort *sort, int64_t start, int64_t middle, int64_t end, struct error *err) {
    const int64_t *from = sort->from;
    int64_t left = start, right = middle;
    for (int64_t i = start; i < end; i++) {
        const bool take_left = left < middle && (right >= end || sort->order(sort->ctx, from[left], from[right]) <= 0);
        sort->to[i] = take_left ? from[left++] : from[right++];
        if (i % BETWEEN_LOOKS == 0) TRY(task_check(sort->task, err));
    }
    return look(sort, end - start, err);
}

/* Two runs that are in order already are copied: what is nearly sorted takes little more than one pass. */
static enum status join(struct sort *sort, int64_t start, int64_t middle, int64_t end, struct error *err) {
    if (middle < end && sort->order(sort->ctx, sort->from[middle - 1], sort->from[middle]) > 0) return merge(sort, start, middle, end, err);
    memcpy(sort->to + start, sort->from + start, (size_t)(end - start) * sizeof *sort->to);
    return look(sort, (end - start) / 8, err);
}

static enum status merge_all(struct sort *sort, int64_t n, struct error *err) {
    for (int64_t width = SHORT; width < n; width *= 2) {
        for (int64_t start = 0; start < n; start += 2 * width) {
            const int64_t middle = start + width < n ? start + width : n, end = start + 2 * width < n ? start + 2 * width : n;
            TRY(join(sort, start, middle, end, err));
        }
        int64_t *swap = sort->from;
        sort->from = sort->to;
        sort->to = swap;
    }
    return OK;
}

enum status sort_positions(struct task *task, int64_t *positions, int64_t n, order_fn order, const void *ctx, struct error *err) {
    struct sort sort = {.task = task, .order = order, .ctx = ctx, .from = positions};
    TRY(sort_runs(&sort, n, err));
    if (n <= SHORT) return OK;
    int64_t *spare;
    TRY(mem_try_array((size_t)n, "room to sort in", &spare, err));
    sort.to = spare;
    const enum status status = merge_all(&sort, n, err);
    if (status == OK && sort.from != positions) memcpy(positions, sort.from, (size_t)n * sizeof *positions);
    mem_free(spare);
    return status;
}

enum status shuffle_positions(struct task *task, struct rng *rng, int64_t *positions, int64_t n, struct error *err) {
    for (int64_t high = n - 1; high > 0; high -= BETWEEN_LOOKS) {
        TRY(task_check(task, err));
        rng_shuffle_steps(rng, positions, high, high > BETWEEN_LOOKS ? high - BETWEEN_LOOKS : 0);
    }
    return OK;
}
