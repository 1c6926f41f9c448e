/* Scores of pairs and blocks, and the best of whole rows. */
#include <math.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/device/parity.h"

enum { COL_BIAS = 104 }; /* its seed */

struct shape {
    int64_t a_rows, b_rows, f, n; /* n: pairs, or rows asked for */
    bool biases, ties;            /* ties: few whole values, so that many scores are equal */
};
static const struct shape shapes[] = {
    {1, 1, 1, 1, false, false},      {5, 7, 3, 20, true, false},     {40, 1000, 16, 33, true, false}, {300, 333, 40, 600, true, true},
    {64, 600, 65, 17, false, false}, {20, 50, 128, 270, true, true}, {7, 40, 15, 1, false, true},     {10, 400, 1, 12, false, true},
};

/* Without ties, some scores are no numbers or infinite: such columns come first, last, or never. */
static enum status put_floats(struct side *side, uint64_t seed, int64_t n, bool whole, const float **out, struct error *err) {
    float *values = some_floats(seed, n);
    for (int64_t i = 0; whole && i < n; i++) values[i] = floorf(2.0f * values[i]);
    if (!whole && seed == COL_BIAS && n > 20) values[3] = NAN, values[5] = INFINITY, values[17] = -INFINITY;
    enum status status = side_put(side, values, (size_t)n * sizeof *values, out, err);
    free(values);
    return status;
}

static enum status put_job(struct side *side, const struct shape *shape, struct dot_job *job, struct error *err) {
    *job = (struct dot_job){.n_factors = shape->f, .b_rows = shape->b_rows, .constant = 0.75f, .n = shape->n};
    TRY(put_floats(side, 101, shape->a_rows * shape->f, shape->ties, &job->a, err));
    TRY(put_floats(side, 102, shape->b_rows * shape->f, shape->ties, &job->b, err));
    if (!shape->biases) return OK;
    TRY(put_floats(side, 103, shape->a_rows, shape->ties, &job->row_bias, err));
    return put_floats(side, COL_BIAS, shape->b_rows, shape->ties, &job->col_bias, err);
}

static enum status run_pairs(struct side *side, const struct shape *shape, struct error *err) {
    struct dot_job job;
    side_release(side);
    int32_t *rows = some_indices(105, shape->n, shape->a_rows), *cols = some_indices(106, shape->n, shape->b_rows);
    float *out = xnew_array(float, (size_t)shape->n);
    enum status status = put_job(side, shape, &job, err);
    job.rows = rows, job.cols = cols, job.out = out;
    if (status == OK) status = side->ops->dot_pairs(side->state, side->task, &job, err);
    if (status == OK) side_show(side, out, shape->n);
    free(rows);
    free(cols);
    free(out);
    return status;
}

static enum status run_block(struct side *side, const struct shape *shape, struct error *err) {
    struct dot_job job;
    side_release(side);
    int32_t *rows = some_indices(107, shape->n, shape->a_rows);
    float *out = xnew_array(float, (size_t)(shape->n * shape->b_rows));
    enum status status = put_job(side, shape, &job, err);
    job.rows = rows, job.out = out;
    if (status == OK) status = side->ops->dot_block(side->state, side->task, &job, err);
    if (status == OK) side_show(side, out, shape->n * shape->b_rows);
    free(rows);
    free(out);
    return status;
}

/* --- the best --- */

/* Row i skips every (i + 2)-th column; row 0 all of them. */
static void make_skips(const struct shape *shape, int64_t **out_starts, int32_t **out_cols) {
    int64_t n = 0;
    *out_starts = xnew_array(int64_t, (size_t)shape->n + 1);
    *out_cols = xnew_array(int32_t, (size_t)(shape->n * shape->b_rows) + 1);
    for (int64_t i = 0; i < shape->n; i++) {
        for (int64_t c = 0; c < shape->b_rows; c += i ? i + 2 : 1) (*out_cols)[n++] = (int32_t)c;
        (*out_starts)[i + 1] = n;
    }
}

/* The columns as floats: they are small whole numbers. */
static void show_best(struct side *side, const struct best_job *job) {
    for (int64_t i = 0; i < job->dot.n * job->k; i++) side_show(side, &(float){(float)job->out_cols[i]}, 1);
    side_show(side, job->out_scores, job->dot.n * job->k);
}

static enum status run_best(struct side *side, const struct shape *shape, int64_t k, bool skips, struct error *err) {
    side_release(side);
    int64_t *starts;
    int32_t *cols, *rows = some_indices(108, shape->n, shape->a_rows);
    struct best_job job = {.k = k};
    make_skips(shape, &starts, &cols);
    enum status status = put_job(side, shape, &job.dot, err);
    job.dot.rows = rows;
    if (skips) job.skip_starts = starts, job.skip_cols = cols;
    job.out_cols = xnew_array(int32_t, (size_t)(shape->n * k));
    job.out_scores = xnew_array(float, (size_t)(shape->n * k));
    if (status == OK) status = side->ops->dot_top_k(side->state, side->task, &job, err);
    if (status == OK) show_best(side, &job);
    free(starts);
    free(cols);
    free(rows);
    free(job.out_cols);
    free(job.out_scores);
    return status;
}

static enum status pairs_case(struct side *side, int which, struct error *err) {
    (void)which;
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_pairs(side, &shapes[s], err));
    return OK;
}

static enum status block_case(struct side *side, int which, struct error *err) {
    (void)which;
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_block(side, &shapes[s], err));
    return OK;
}

static enum status best_case(struct side *side, int which, struct error *err) {
    static const int64_t ks[] = {1, 10, 3, 10, 100, 60, 7, 10};
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_best(side, &shapes[s], ks[s], which == 1, err));
    return OK;
}

/* --- the list --- */

const struct parity_case score_cases[] = {
    {"dot_pairs", pairs_case, 0, 0.0, 0.0, true, ""},
    {"dot_block", block_case, 0, 1e-5, 1e-5, true, "float32 sums of up to 128 products in another order"},
    {"dot_top_k", best_case, 0, 0.0, 0.0, true, ""},
    {"dot_top_k, skips", best_case, 1, 0.0, 0.0, true, ""},
};
const int n_score_cases = N_OF(score_cases);
