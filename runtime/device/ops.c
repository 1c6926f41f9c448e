/* The large operations: shapes are checked here, the work is the backend's. */
#include "runtime/device/ops.h"

#include <math.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/hot_functions.h"
#include "runtime/device/ops_impl.h"

#define LL(x) ((long long)(x))

float dot_canonical(const float *a, const float *b, int64_t n) { return HOT_PICK(dot_run)(a, b, n); }

enum status ops_check(const struct mat *mat, const char *what, int64_t rows, int64_t cols, const struct device *device, struct error *err) {
    if (mat_rows(mat) == rows && mat_cols(mat) == cols) return device_same(device, mat_device(mat), err);
    return err_set(err, ERR_SHAPE, "%s must be %lld × %lld, got %lld × %lld", what, LL(rows), LL(cols), LL(mat_rows(mat)), LL(mat_cols(mat)));
}

enum status ops_check_index(const char *what, const int32_t *index, int64_t n, int64_t size, struct error *err) {
    for (int64_t i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= size)
            return err_set(err, ERR_INDEX, "%s %d (entry %lld) is outside 0 to %lld", what, (int)index[i], LL(i), LL(size - 1));
    return OK;
}

/* --- alternating least squares --- */

enum status ops_als_solve(struct task *task, const struct csr *ratings, float mean, const struct mat *other, const struct mat *other_bias, float reg,
                          struct mat *out, struct mat *out_bias, struct error *err) {
    struct device *device = csr_device(ratings);
    int64_t f = mat_cols(other), rows = csr_rows(ratings), cols = csr_cols(ratings), failed = -1;
    TRY(ops_check(other, "the fixed factors", cols, f, device, err));
    TRY(ops_check(other_bias, "the fixed biases", cols, 1, device, err));
    TRY(ops_check(out, "the solved factors", rows, f, device, err));
    TRY(ops_check(out_bias, "the solved biases", rows, 1, device, err));
    struct als_job job = {.n_factors = f, .mean = mean, .reg = reg, .other = mat_storage_const(other), .other_bias = mat_storage_const(other_bias)};
    TRY(csr_view((struct csr *)ratings, false, &job.ratings, err));
    job.out = mat_storage(out);
    job.out_bias = mat_storage(out_bias);
    if (rows == 0) return task_check(task, err);
    TRY(device->ops->als_solve(device->state, task, &job, &failed, err));
    if (failed < 0) return OK;
    err_set(err, ERR_NUMERIC, "the least squares of row %lld (%lld ratings, %lld factors) have no single solution", LL(failed),
            LL(job.ratings.starts_host[failed + 1] - job.ratings.starts_host[failed]), LL(f));
    return err_hint(err, "regularisation makes the system positive definite: reg is %g, try 0.05; or the factors hold NaN or infinity", (double)reg);
}

/* --- scores --- */

static enum status check_bias(const struct mat *bias, const char *what, const struct mat *of, struct error *err) {
    return bias ? ops_check(bias, what, mat_rows(of), 1, mat_device(of), err) : OK;
}

static enum status dot_job_init(const struct mat *a, const struct mat *b, const struct mat *row_bias, const struct mat *col_bias, float constant,
                                const int32_t *rows, int64_t n, struct dot_job *job, struct error *err) {
    if (mat_cols(a) != mat_cols(b))
        return err_set(err, ERR_SHAPE, "can't score rows of %lld × %lld against rows of %lld × %lld: they have %lld and %lld factors",
                       LL(mat_rows(a)), LL(mat_cols(a)), LL(mat_rows(b)), LL(mat_cols(b)), LL(mat_cols(a)), LL(mat_cols(b)));
    TRY(device_same(mat_device(a), mat_device(b), err));
    TRY(check_bias(row_bias, "the rows' biases", a, err));
    TRY(check_bias(col_bias, "the columns' biases", b, err));
    TRY(ops_check_index("row", rows, n, mat_rows(a), err));
    *job = (struct dot_job){.a = mat_storage_const(a),
                            .b = mat_storage_const(b),
                            .row_bias = row_bias ? mat_storage_const(row_bias) : NULL,
                            .col_bias = col_bias ? mat_storage_const(col_bias) : NULL,
                            .n_factors = mat_cols(a),
                            .b_rows = mat_rows(b),
                            .constant = constant,
                            .rows = rows,
                            .n = n};
    return OK;
}

enum status ops_dot_pairs(struct task *task, const struct mat *a, const struct mat *b, const struct mat *row_bias, const struct mat *col_bias,
                          float constant, const int32_t *rows, const int32_t *cols, int64_t n, float *out, struct error *err) {
    struct device *device = mat_device(a);
    struct dot_job job;
    TRY(dot_job_init(a, b, row_bias, col_bias, constant, rows, n, &job, err));
    TRY(ops_check_index("column", cols, n, mat_rows(b), err));
    job.cols = cols;
    job.out = out;
    return n ? device->ops->dot_pairs(device->state, task, &job, err) : task_check(task, err);
}

enum status ops_dot_block(struct task *task, const struct mat *a, const int32_t *rows, int64_t n_rows, const struct mat *b,
                          const struct mat *row_bias, const struct mat *col_bias, float constant, float *out, struct error *err) {
    struct device *device = mat_device(a);
    struct dot_job job;
    TRY(dot_job_init(a, b, row_bias, col_bias, constant, rows, n_rows, &job, err));
    job.out = out;
    return n_rows && job.b_rows ? device->ops->dot_block(device->state, task, &job, err) : task_check(task, err);
}

/* --- the best --- */

static enum status check_k(int64_t k, struct error *err) {
    return k >= 0 ? OK : err_set(err, ERR_VALUE, "k is the length of a list: 0 or more, not %lld", LL(k));
}

static void no_best(int64_t from, int64_t to, int32_t *out_cols, float *out_scores) {
    for (int64_t i = from; i < to; i++) {
        out_cols[i] = -1;
        out_scores[i] = -INFINITY;
    }
}

enum status ops_dot_top_k(struct task *task, const struct mat *a, const int32_t *rows, int64_t n_rows, const struct mat *b,
                          const struct mat *row_bias, const struct mat *col_bias, float constant, const int64_t *skip_starts,
                          const int32_t *skip_cols, int64_t k, int32_t *out_cols, float *out_scores, struct error *err) {
    struct device *device = mat_device(a);
    struct best_job job = {.skip_starts = skip_starts, .skip_cols = skip_cols, .k = k, .out_cols = out_cols, .out_scores = out_scores};
    TRY(check_k(k, err));
    TRY(dot_job_init(a, b, row_bias, col_bias, constant, rows, n_rows, &job.dot, err));
    if (n_rows && job.dot.b_rows && k) return device->ops->dot_top_k(device->state, task, &job, err);
    no_best(0, n_rows * k, out_cols, out_scores);
    return task_check(task, err);
}

/* --- the best of scores that are there already: always on the host --- */

struct top_run {
    const float *scores;
    int64_t n_cols, k, kept; /* kept: how many of k there can be */
    const int64_t *skip_starts;
    const int32_t *skip_cols;
    int32_t *out_cols;
    float *out_scores;
    uint64_t *keys; /* per thread */
    float *copies;  /* per thread: a row whose skipped columns are NaN */
};

static const float *without_skipped(const struct top_run *run, int64_t row, float *copy) {
    const float *scores = run->scores + row * run->n_cols;
    if (!run->skip_starts || run->skip_starts[row] == run->skip_starts[row + 1]) return scores;
    memcpy(copy, scores, (size_t)run->n_cols * sizeof *copy);
    for (int64_t e = run->skip_starts[row]; e < run->skip_starts[row + 1]; e++)
        if (run->skip_cols[e] >= 0 && run->skip_cols[e] < run->n_cols) copy[run->skip_cols[e]] = NAN;
    return copy;
}

static void top_row(void *ctx, int64_t row, int thread) {
    const struct top_run *run = ctx;
    uint64_t *keys = run->keys + thread * best_room(run->kept);
    const float *scores = without_skipped(run, row, run->copies + thread * run->n_cols);
    int64_t n = HOT_PICK(best_of)(scores, run->n_cols, run->kept, keys), at = row * run->k;
    for (int64_t i = 0; i < n; i++) {
        run->out_cols[at + i] = best_col(keys[i]);
        run->out_scores[at + i] = scores[run->out_cols[at + i]];
    }
    no_best(at + n, at + run->k, run->out_cols, run->out_scores);
}

static enum status run_top(struct task *task, struct top_run *run, int64_t n_rows, struct error *err) {
    size_t n_threads = (size_t)pool_threads();
    TRY(mem_try_array(n_threads * (size_t)best_room(run->kept), "room for the best", &run->keys, err));
    if (run->skip_starts) TRY(mem_try_array(n_threads * (size_t)run->n_cols, "room for scores", &run->copies, err));
    return pool_run(task, n_rows, top_row, run, err);
}

enum status ops_top_k(struct task *task, const float *scores, int64_t n_rows, int64_t n_cols, const int64_t *skip_starts, const int32_t *skip_cols,
                      int64_t k, int32_t *out_cols, float *out_scores, struct error *err) {
    TRY(check_k(k, err));
    struct top_run run = {scores, n_cols, k, k < n_cols ? k : n_cols, skip_starts, skip_cols, out_cols, out_scores, NULL, NULL};
    if (run.kept == 0) {
        no_best(0, n_rows * k, out_cols, out_scores);
        return task_check(task, err);
    }
    enum status status = run_top(task, &run, n_rows, err);
    mem_free(run.keys);
    mem_free(run.copies);
    return status;
}
