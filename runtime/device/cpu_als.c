/* ALS on the CPU: rows in blocks of about equal work, each thread with its own
 * normal matrix. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

struct als_run {
    const struct als_job *job;
    struct task *task;
    int64_t firsts[CPU_ROW_BLOCKS + 1]; /* rows of a block */
    float *room;                        /* per thread: matrix, chunk of entries, solution */
    int64_t room_each;
    atomic_llong failed_row; /* least row that failed; INT64_MAX: none */
};

static void solve_row(struct als_run *run, int64_t row, float *room) {
    const struct als_job *job = run->job;
    int64_t f = job->n_factors, ld = als_ld(f), from = job->ratings.starts[row], n = job->ratings.starts[row + 1] - from;
    float *matrix = room, *chunk = matrix + (f + 2) * ld, *solution = chunk + ALS_CHUNK * ld;
    memset(matrix, 0, (size_t)((f + 2) * ld) * sizeof *matrix);
    for (int64_t e = 0; e < n && !task_cancelled(run->task); e += ALS_CHUNK) {
        int64_t some = n - e < ALS_CHUNK ? n - e : ALS_CHUNK;
        HOT_PICK(als_accumulate)
        (f, job->other, job->other_bias, job->mean, job->ratings.columns + from + e, job->ratings.values + from + e, some, chunk, matrix);
    }
    memset(solution, 0, (size_t)ld * sizeof *solution);
    if (n > 0 && !HOT_PICK(als_finish)(f, job->reg * (float)n, matrix, solution)) cpu_note_failure(&run->failed_row, row);
    memcpy(job->out + row * f, solution, (size_t)f * sizeof *solution);
    job->out_bias[row] = solution[f];
}

static void als_block(void *ctx, int64_t block, int thread) {
    struct als_run *run = ctx;
    for (int64_t row = run->firsts[block]; row < run->firsts[block + 1] && !task_cancelled(run->task); row++)
        solve_row(run, row, run->room + thread * run->room_each);
}

enum status cpu_als_solve(void *state, struct task *task, const struct als_job *job, int64_t *out_failed_row, struct error *err) {
    (void)state;
    struct als_run run = {.job = job, .task = task, .failed_row = INT64_MAX};
    int64_t f = job->n_factors, n_blocks = cpu_cut_rows(&job->ratings, f + 1, f * f, run.firsts);
    run.room_each = (f + 2 + ALS_CHUNK + 1) * als_ld(f);
    TRY(cpu_scratch(run.room_each, &run.room, err));
    run.room_each = (run.room_each + 15) / 16 * 16;
    enum status status = cpu_blocks(task, n_blocks, als_block, &run, err);
    mem_free(run.room);
    if (status == OK) status = task_check(task, err);
    if (status != OK) return status;
    *out_failed_row = run.failed_row == INT64_MAX ? -1 : run.failed_row;
    return OK;
}
