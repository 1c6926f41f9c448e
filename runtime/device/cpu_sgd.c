/* Stratified SGD on the CPU: strata one after the other, the blocks of a
 * stratum side by side. */
#include <math.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

enum { WALK = 1 << 16, MAX_SIDE = 64 }; /* entries between two looks at the task; grid side */

/* About 2,500 entries a block: the factors that a block touches stay in the core's cache, and there are blocks enough for many threads. */
int64_t cpu_sgd_side(int64_t n_rows, int64_t n_cols, int64_t n) {
    int64_t side = (int64_t)(sqrt((double)n) / 50.0);
    if (side > MAX_SIDE) side = MAX_SIDE;
    if (side > n_rows) side = n_rows;
    if (side > n_cols) side = n_cols;
    return side < 1 ? 1 : side;
}

struct sgd_run {
    const struct sgd_job *job;
    struct task *task;
    int64_t shift;   /* of this stratum */
    double *squares; /* per block of the stratum */
};

static double walk_range(const struct sgd_run *run, int64_t from, int64_t to) {
    double sum = 0.0;
    for (; from < to && !task_cancelled(run->task); from += WALK)
        sum += HOT_PICK(sgd_walk)(run->job, run->job->entries + from, to - from < WALK ? to - from : WALK);
    return sum;
}

static void sgd_block(void *ctx, int64_t i, int thread) {
    const struct sgd_run *run = ctx;
    (void)thread;
    int64_t block = i * run->job->side + (i + run->shift) % run->job->side;
    int64_t from = run->job->starts[block], to = run->job->starts[block + 1], middle = from + run->job->offsets[block];
    double first = walk_range(run, middle, to);
    run->squares[i] = first + walk_range(run, from, middle);
}

enum status cpu_sgd_epoch(void *state, struct task *task, const struct sgd_job *job, double *out_square_sum, struct error *err) {
    (void)state;
    struct sgd_run run = {.job = job, .task = task};
    double sum = 0.0;
    enum status status = OK;
    TRY(mem_try_array((size_t)job->side, "room to sum in", &run.squares, err));
    for (int64_t t = 0; t < job->side && status == OK; t++) {
        run.shift = job->strata[t];
        status = cpu_blocks(task, job->side, sgd_block, &run, err);
        for (int64_t i = 0; i < job->side; i++) sum += run.squares[i];
    }
    mem_free(run.squares);
    if (status == OK) status = task_check(task, err);
    if (status == OK) *out_square_sum = sum;
    return status;
}
