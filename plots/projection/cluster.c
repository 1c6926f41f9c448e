/* k-means: greedy k-means++ seeding (Arthur and Vassilvitskii 2007), Lloyd's
 * iterations, the best of a few starts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots/projection/projection.h"
#include "plots/projection/rows.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/ops.h"

#define STARTS 4
#define LLOYD_MAX 100
#define ROWS_A_PIECE 256

struct clustering {
    struct task *task;
    const float *x; /* (n, d) host */
    const struct mat *mat;
    const float *norms;
    int64_t n, d, k;
    bool cosine;
    float *centers; /* (k, d) */
    float *scores;  /* a block of rows × k */
    int32_t *cluster;
    double *square; /* of each row to its centre */
};

/* --- distances to one row, for seeding --- */

struct to_row {
    const struct clustering *c;
    int64_t center;
    const double *nearest; /* so far; NULL at the first */
    double *out;
};

static void to_row_piece(void *ctx, int64_t block, int thread) {
    (void)thread;
    struct to_row *job = ctx;
    const struct clustering *c = job->c;
    const float *center = &c->x[job->center * c->d];
    for (int64_t i = block * ROWS_A_PIECE; i < c->n && i < (block + 1) * ROWS_A_PIECE; i++) {
        double sum = 0;
        for (int64_t f = 0; f < c->d; f++) {
            double difference = (double)c->x[i * c->d + f] - center[f];
            sum += difference * difference;
        }
        job->out[i] = job->nearest ? fmin(sum, job->nearest[i]) : sum;
    }
}

static enum status squares_to_row(const struct clustering *c, int64_t center, const double *nearest, double *out, struct error *err) {
    struct to_row job = {c, center, nearest, out};
    return pool_run(c->task, (c->n + ROWS_A_PIECE - 1) / ROWS_A_PIECE, to_row_piece, &job, err);
}

static double total(const double *values, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += values[i];
    return sum;
}

/* A row with probability in proportion to its weight. */
static int64_t draw(struct rng *rng, const double *weights, int64_t n) {
    double sum = total(weights, n), at = rng_uniform(rng) * sum;
    if (!(sum > 0)) return (int64_t)rng_below(rng, (uint64_t)n);
    for (int64_t i = 0; i < n; i++)
        if ((at -= weights[i]) < 0) return i;
    for (int64_t i = n - 1; i > 0; i--)
        if (weights[i] > 0) return i;
    return 0;
}

/* Each new centre: of a few candidates drawn by squared distance, the one that lowers the sum most. */
static enum status seed_centers(struct clustering *c, struct rng *rng, struct error *err) {
    double *nearest = xnew_array(double, (size_t)(3 * c->n)), *trial = nearest + c->n, *kept = nearest + 2 * c->n;
    int trials = 2 + (int)floor(log((double)c->k));
    int64_t first = (int64_t)rng_below(rng, (uint64_t)c->n);
    enum status status = squares_to_row(c, first, NULL, nearest, err);
    memcpy(c->centers, &c->x[first * c->d], (size_t)c->d * sizeof *c->x);
    for (int64_t m = 1; m < c->k && status == OK; m++) {
        double best = INFINITY;
        int64_t chosen = 0;
        for (int t = 0; t < trials && status == OK; t++) {
            int64_t candidate = draw(rng, nearest, c->n);
            status = squares_to_row(c, candidate, nearest, trial, err);
            double sum = status == OK ? total(trial, c->n) : INFINITY;
            if (sum >= best) continue;
            best = sum;
            chosen = candidate;
            memcpy(kept, trial, (size_t)c->n * sizeof *kept);
        }
        if (status == OK) memcpy(nearest, kept, (size_t)c->n * sizeof *kept);
        memcpy(&c->centers[m * c->d], &c->x[chosen * c->d], (size_t)c->d * sizeof *c->x);
    }
    free(nearest);
    return status;
}

/* --- Lloyd --- */

static void nearest_of(struct clustering *c, int64_t i, const float *scores, const double *center_squares, bool *changed) {
    int32_t best = 0;
    double least = INFINITY;
    for (int64_t m = 0; m < c->k; m++) {
        double square = center_squares[m] - 2 * (double)scores[m];
        if (square < least) least = square, best = (int32_t)m;
    }
    if (c->cluster[i] != best) *changed = true;
    c->cluster[i] = best;
    c->square[i] = fmax(0, least + c->norms[i]);
}

static enum status assign(struct clustering *c, bool *out_changed, struct error *err) {
    struct mat *centers = NULL;
    int64_t step = rows_a_block(c->k);
    TRY(mat_from(device_cpu(), c->k, c->d, c->centers, &centers, err));
    int32_t *rows = xnew_array(int32_t, (size_t)step);
    double *squares = xnew_array(double, (size_t)c->k);
    for (int64_t m = 0; m < c->k; m++)
        for (int64_t f = 0; f < c->d; f++) squares[m] += (double)c->centers[m * c->d + f] * c->centers[m * c->d + f];
    enum status status = OK;
    *out_changed = false;
    for (int64_t first = 0; first < c->n && status == OK; first += step) {
        int64_t n_rows = first + step < c->n ? step : c->n - first;
        for (int64_t r = 0; r < n_rows; r++) rows[r] = (int32_t)(first + r);
        status = ops_dot_block(c->task, c->mat, rows, n_rows, centers, NULL, NULL, 0, c->scores, err);
        for (int64_t r = 0; r < n_rows && status == OK; r++) nearest_of(c, first + r, &c->scores[r * c->k], squares, out_changed);
    }
    free(rows);
    free(squares);
    mat_unref(centers);
    return status;
}

/* A cluster that lost all its rows takes the row that is farthest from its centre (k <= n, so some cluster has two). */
static void refill(struct clustering *c, int64_t m, double *sums, int64_t *sizes) {
    int64_t far = -1;
    for (int64_t i = 0; i < c->n; i++)
        if (sizes[c->cluster[i]] > 1 && (far < 0 || c->square[i] > c->square[far])) far = i;
    for (int64_t f = 0; f < c->d; f++) {
        sums[c->cluster[far] * c->d + f] -= c->x[far * c->d + f];
        sums[m * c->d + f] = c->x[far * c->d + f];
    }
    sizes[c->cluster[far]]--;
    sizes[m] = 1;
    c->cluster[far] = (int32_t)m;
    c->square[far] = 0;
}

static void update_centers(struct clustering *c) {
    double *sums = xnew_array(double, (size_t)(c->k * c->d));
    int64_t *sizes = xnew_array(int64_t, (size_t)c->k);
    for (int64_t i = 0; i < c->n; i++) {
        double *sum = &sums[c->cluster[i] * c->d];
        for (int64_t f = 0; f < c->d; f++) sum[f] += c->x[i * c->d + f];
        sizes[c->cluster[i]]++;
    }
    for (int64_t m = 0; m < c->k; m++)
        if (sizes[m] == 0) refill(c, m, sums, sizes);
    for (int64_t m = 0; m < c->k; m++) {
        double length = 0, scale = 1 / (double)sizes[m];
        for (int64_t f = 0; f < c->d; f++) length += sums[m * c->d + f] * sums[m * c->d + f];
        if (c->cosine) scale = length > 0 ? 1 / sqrt(length) : 0; /* spherical: centres are unit vectors too */
        for (int64_t f = 0; f < c->d; f++) c->centers[m * c->d + f] = (float)(sums[m * c->d + f] * scale);
    }
    free(sums);
    free(sizes);
}

static enum status lloyd(struct clustering *c, double *out_inertia, struct error *err) {
    bool changed = true;
    for (int64_t i = 0; i < c->n; i++) c->cluster[i] = -1;
    for (int round = 0; round < LLOYD_MAX && changed; round++) {
        TRY(task_check(c->task, err));
        TRY(assign(c, &changed, err));
        if (changed) update_centers(c);
    }
    *out_inertia = total(c->square, c->n);
    return OK;
}

/* --- the whole --- */

/* Numbers clusters by size, largest 0; equal sizes by their first row. */
static void order_by_size(int32_t *cluster, int64_t n, int64_t k) {
    int64_t *sizes = xnew_array(int64_t, (size_t)k), *first = xnew_array(int64_t, (size_t)k);
    int32_t *rank = xnew_array(int32_t, (size_t)k);
    for (int64_t i = n - 1; i >= 0; i--) sizes[cluster[i]]++, first[cluster[i]] = i;
    for (int64_t a = 0; a < k; a++)
        for (int64_t b = 0; b < k; b++)
            rank[a] += sizes[b] > sizes[a] || (sizes[b] == sizes[a] && (first[b] < first[a] || (first[b] == first[a] && b < a)));
    for (int64_t i = 0; i < n; i++) cluster[i] = rank[cluster[i]];
    free(sizes);
    free(first);
    free(rank);
}

static enum status best_of_starts(struct clustering *c, uint64_t seed, int32_t *out_cluster, double *out_inertia, struct error *err) {
    double best = INFINITY;
    for (int start = 0; start < STARTS; start++) {
        struct rng rng = rng_at(seed, RNG_CLUSTER, (uint64_t)start);
        double inertia = 0;
        TRY(seed_centers(c, &rng, err));
        TRY(lloyd(c, &inertia, err));
        if (inertia >= best) continue;
        best = inertia;
        memcpy(out_cluster, c->cluster, (size_t)c->n * sizeof *out_cluster);
    }
    order_by_size(out_cluster, c->n, c->k);
    *out_inertia = best;
    return OK;
}

static enum status check_shape(int64_t n, int64_t d, int64_t k, struct error *err) {
    if (n < 1 || d < 1) return err_set(err, ERR_VALUE, "there are no vectors to group: the shape is %lld × %lld", (long long)n, (long long)d);
    if (k < 1) return err_set(err, ERR_VALUE, "k must be at least 1, got %lld", (long long)k);
    if (k > n) return err_set(err, ERR_VALUE, "%lld clusters need at least %lld vectors, there are %lld", (long long)k, (long long)k, (long long)n);
    return OK;
}

enum status kmeans(struct task *task, const struct mat *x, int64_t k, bool cosine, uint64_t seed, int32_t *out_cluster, double *out_inertia,
                   struct error *err) {
    int64_t n = mat_rows(x), d = mat_cols(x);
    TRY(check_shape(n, d, k, err));
    float *rows = NULL;
    struct mat *mat = NULL;
    TRY(rows_read(x, cosine ? ROWS_UNIT : ROWS_CENTRED, &rows, err));
    struct clustering c = {.task = task, .x = rows, .n = n, .d = d, .k = k, .cosine = cosine};
    float *norms = xnew_array(float, (size_t)n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t f = 0; f < d; f++) norms[i] += rows[i * d + f] * rows[i * d + f];
    c.norms = norms;
    c.centers = xnew_array(float, (size_t)(k * d));
    c.scores = xnew_array(float, (size_t)(rows_a_block(k) * k));
    c.cluster = xnew_array(int32_t, (size_t)n);
    c.square = xnew_array(double, (size_t)n);
    int32_t *found = xnew_array(int32_t, (size_t)n);
    enum status status = mat_from(device_cpu(), n, d, rows, &mat, err);
    c.mat = mat;
    if (status == OK) status = best_of_starts(&c, seed, found, out_inertia, err);
    if (status == OK) memcpy(out_cluster, found, (size_t)n * sizeof *found);
    void *owned[] = {norms, c.centers, c.scores, c.cluster, c.square, found};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    mat_unref(mat);
    mem_free(rows);
    return status;
}
