/* ALS on the CPU: rows in blocks of about equal work, each thread with its own
 * normal matrix. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

enum { MAX_BLOCKS = 256 };

struct als_run {
    const struct als_job *job;
    struct task *task;
    int64_t firsts[MAX_BLOCKS + 1]; /* rows of a block */
    float *room;                    /* per thread: matrix, chunk of entries, solution */
    int64_t room_each;
    atomic_llong failed_row; /* least row that failed; INT64_MAX: none */
};

static int64_t work_of(const struct als_job *job, int64_t entries) { return entries * (job->n_factors + 1) + job->n_factors * job->n_factors; }

/* Blocks of about equal work; from the data's shape only. Returns how many. */
static int64_t cut_rows(const struct als_job *job, int64_t *firsts) {
    int64_t rows = job->ratings.rows, n_blocks = 0, work = 0;
    const int64_t *starts = job->ratings.starts_host;
    int64_t total = work_of(job, 0) * rows + job->ratings.n * (job->n_factors + 1), each = total / (MAX_BLOCKS - 1) + 1;
    for (int64_t r = 0; r < rows; r++) {
        if (work == 0) firsts[n_blocks++] = r;
        work += work_of(job, starts[r + 1] - starts[r]);
        if (work >= each) work = 0;
    }
    firsts[n_blocks] = rows;
    return n_blocks;
}

static void note_failure(struct als_run *run, int64_t row) {
    long long known = atomic_load(&run->failed_row);
    while (row < known && !atomic_compare_exchange_weak(&run->failed_row, &known, row)) continue;
}

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
    if (n > 0 && !HOT_PICK(als_finish)(f, job->reg * (float)n, matrix, solution)) note_failure(run, row);
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
    int64_t n_blocks = cut_rows(job, run.firsts), f = job->n_factors;
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
