/* How well a map keeps neighbourhoods. */
#include <math.h>
#include <stdlib.h>

#include "plots/projection/rows.h"
#include "plots/projection/select.h"
#include "plots/projection/tsne_parts.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/ops.h"

#define SAMPLE_MAX 2000
#define RECALL_NEAR 10
#define TRUST_NEAR 5
#define ROWS_A_PIECE 8

struct quality {
    const float *x;
    const float *norms;
    const double *map;
    int64_t n, d, n_near, n_trust;
    const int32_t *rows; /* of the block */
    int64_t n_rows;
    float *scores;
    double *kept, *intruded; /* a block row: neighbours kept; Σ ranks beyond n_trust */
};

static void squares_in_map(const struct quality *job, int64_t i, float *out) {
    double x = job->map[2 * i], y = job->map[2 * i + 1];
    for (int64_t j = 0; j < job->n; j++) {
        double dx = x - job->map[2 * j], dy = y - job->map[2 * j + 1];
        out[j] = (float)(dx * dx + dy * dy);
    }
}

/* 1 + how many others are nearer to row i than u. */
static int64_t rank_of(const float *values, int64_t n, int64_t i, int64_t u) {
    int64_t rank = 1;
    for (int64_t j = 0; j < n; j++) rank += j != i && j != u && (values[j] < values[u] || (values[j] == values[u] && j < u));
    return rank;
}

static void judge_row(struct quality *job, int64_t r, float *flat, struct near *high, struct near *low) {
    int64_t i = job->rows[r];
    float *values = &job->scores[r * job->n];
    for (int64_t j = 0; j < job->n; j++) values[j] = job->norms[j] - 2 * values[j];
    squares_in_map(job, i, flat);
    int64_t n_high = select_near(values, job->n, i, job->n_near, high), n_low = select_near(flat, job->n, i, job->n_near, low);
    job->kept[r] = job->intruded[r] = 0;
    for (int64_t a = 0; a < n_low; a++)
        for (int64_t b = 0; b < n_high; b++) job->kept[r] += low[a].index == high[b].index;
    for (int64_t a = 0; a < n_low && a < job->n_trust; a++)
        job->intruded[r] += fmax(0, (double)(rank_of(values, job->n, i, low[a].index) - job->n_trust));
}

static void judge_piece(void *ctx, int64_t block, int thread) {
    (void)thread;
    struct quality *job = ctx;
    float *flat = xnew_array(float, (size_t)job->n);
    struct near *high = xnew_array(struct near, (size_t)(2 * job->n_near + 64)), *low = xnew_array(struct near, (size_t)(2 * job->n_near + 64));
    for (int64_t r = block * ROWS_A_PIECE; r < job->n_rows && r < (block + 1) * ROWS_A_PIECE; r++) judge_row(job, r, flat, high, low);
    free(flat);
    free(high);
    free(low);
}

/* Rows judged: all, or 2,000 at equal steps. Owned. */
static int32_t *sample_rows(int64_t n, int64_t *out_n) {
    *out_n = n < SAMPLE_MAX ? n : SAMPLE_MAX;
    int32_t *rows = xnew_array(int32_t, (size_t)*out_n);
    for (int64_t r = 0; r < *out_n; r++) rows[r] = (int32_t)(r * n / *out_n);
    return rows;
}

static enum status judge(struct task *task, struct quality *job, const struct mat *x, const int32_t *sample, int64_t n_sample, double *out_kept,
                         double *out_intruded, struct error *err) {
    int64_t step = rows_a_block(job->n);
    for (int64_t first = 0; first < n_sample; first += step) {
        job->rows = &sample[first];
        job->n_rows = first + step < n_sample ? step : n_sample - first;
        TRY(ops_dot_block(task, x, job->rows, job->n_rows, x, NULL, NULL, 0, job->scores, err));
        TRY(pool_run(task, (job->n_rows + ROWS_A_PIECE - 1) / ROWS_A_PIECE, judge_piece, job, err));
        for (int64_t r = 0; r < job->n_rows; r++) {
            *out_kept += job->kept[r];
            *out_intruded += job->intruded[r];
        }
    }
    return OK;
}

enum status map_quality(struct task *task, const float *x, int64_t n, int64_t d, const double *map, double *out_recall10, double *out_trust,
                        struct error *err) {
    int64_t n_sample, step = rows_a_block(n);
    struct mat *mat = NULL;
    TRY(mat_from(device_cpu(), n, d, x, &mat, err));
    int32_t *sample = sample_rows(n, &n_sample);
    float *norms = xnew_array(float, (size_t)n);
    double *sums = xnew_array(double, (size_t)(2 * step)), kept = 0, intruded = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < d; c++) norms[i] += x[i * d + c] * x[i * d + c];
    struct quality job = {.x = x,
                          .norms = norms,
                          .map = map,
                          .n = n,
                          .d = d,
                          .n_near = n - 1 < RECALL_NEAR ? n - 1 : RECALL_NEAR,
                          .kept = sums,
                          .intruded = sums + step};
    job.n_trust = n / 2 - 1 < TRUST_NEAR ? (n / 2 - 1 > 1 ? n / 2 - 1 : 1) : TRUST_NEAR; /* the measure needs k < n/2 */
    enum status status = mem_try_array((size_t)(step * n), "a block of distances", &job.scores, err);
    if (status == OK) status = judge(task, &job, mat, sample, n_sample, &kept, &intruded, err);
    if (status == OK) {
        double k = (double)job.n_trust;
        *out_recall10 = kept / (double)(n_sample * job.n_near);
        *out_trust = 1 - 2 * intruded / ((double)n_sample * k * (2 * (double)n - 3 * k - 1));
    }
    mem_free(job.scores);
    free(sums);
    free(norms);
    free(sample);
    mat_unref(mat);
    return status;
}
