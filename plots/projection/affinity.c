#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots/projection/rows.h"
#include "plots/projection/select.h"
#include "plots/projection/tsne_parts.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/ops.h"

#define SPARE 8 /* more candidates than neighbours: float scores choose, exact distances order */
#define ROWS_A_PIECE 16
#define BISECTIONS 200
#define ENTROPY_TOLERANCE 1e-5

/* --- nearest neighbours --- */

struct search {
    const float *x;
    int64_t n, d, k;
    const float *norms;    /* |x_j|² */
    float *scores;         /* a block of rows against all */
    int64_t first, n_rows; /* of the block */
    int32_t *neighbors;
    double *squares;
};

struct exact {
    double square;
    int32_t index;
};

static int nearer(const void *a, const void *b) {
    const struct exact *x = a, *y = b;
    if (x->square != y->square) return x->square < y->square ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static double square_distance(const float *a, const float *b, int64_t d) {
    double sum = 0;
    for (int64_t c = 0; c < d; c++) {
        double difference = (double)a[c] - b[c];
        sum += difference * difference;
    }
    return sum;
}

static void search_row(struct search *job, int64_t r, struct near *room, struct exact *exact) {
    int64_t i = job->first + r;
    float *scores = &job->scores[r * job->n];
    for (int64_t j = 0; j < job->n; j++) scores[j] = job->norms[j] - 2 * scores[j];
    int64_t wanted = job->k + SPARE < job->n - 1 ? job->k + SPARE : job->n - 1;
    int64_t found = select_near(scores, job->n, i, wanted, room);
    for (int64_t c = 0; c < found; c++)
        exact[c] = (struct exact){square_distance(&job->x[i * job->d], &job->x[room[c].index * job->d], job->d), room[c].index};
    qsort(exact, (size_t)found, sizeof *exact, nearer);
    for (int64_t c = 0; c < job->k; c++) {
        job->neighbors[i * job->k + c] = exact[c].index;
        job->squares[i * job->k + c] = exact[c].square;
    }
}

static void search_piece(void *ctx, int64_t block, int thread) {
    (void)thread;
    struct search *job = ctx;
    int64_t end = (block + 1) * ROWS_A_PIECE < job->n_rows ? (block + 1) * ROWS_A_PIECE : job->n_rows;
    struct near *room = xnew_array(struct near, (size_t)(2 * (job->k + SPARE) + 64));
    struct exact *exact = xnew_array(struct exact, (size_t)(job->k + SPARE));
    for (int64_t r = block * ROWS_A_PIECE; r < end; r++) search_row(job, r, room, exact);
    free(room);
    free(exact);
}

static enum status search_blocks(struct task *task, struct search *job, const struct mat *x, int32_t *rows, struct error *err) {
    int64_t step = rows_a_block(job->n);
    for (job->first = 0; job->first < job->n; job->first += step) {
        job->n_rows = job->first + step < job->n ? step : job->n - job->first;
        for (int64_t r = 0; r < job->n_rows; r++) rows[r] = (int32_t)(job->first + r);
        TRY(ops_dot_block(task, x, rows, job->n_rows, x, NULL, NULL, 0, job->scores, err));
        TRY(pool_run(task, (job->n_rows + ROWS_A_PIECE - 1) / ROWS_A_PIECE, search_piece, job, err));
    }
    return OK;
}

enum status tsne_neighbors(struct task *task, const float *x, int64_t n, int64_t d, int64_t k, int32_t *out_neighbors, double *out_squares,
                           struct error *err) {
    struct search job = {.x = x, .n = n, .d = d, .k = k, .neighbors = out_neighbors, .squares = out_squares};
    struct mat *mat = NULL;
    TRY(mat_from(device_cpu(), n, d, x, &mat, err));
    float *norms = xnew_array(float, (size_t)n);
    int32_t *rows = xnew_array(int32_t, (size_t)rows_a_block(n));
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < d; c++) norms[i] += x[i * d + c] * x[i * d + c];
    job.norms = norms;
    enum status status = mem_try_array((size_t)(rows_a_block(n) * n), "a block of distances", &job.scores, err);
    if (status == OK) status = search_blocks(task, &job, mat, rows, err);
    mem_free(job.scores);
    free(rows);
    free(norms);
    mat_unref(mat);
    return status;
}

/* --- perplexity --- */

/* Fills p with exp(−β (s − s_0)), unnormalised; returns the entropy of the normalised weights. */
static double weigh(const double *squares, int64_t k, double beta, double *p, double *out_sum) {
    double sum = 0, weighted = 0;
    for (int64_t c = 0; c < k; c++) {
        double s = squares[c] - squares[0];
        p[c] = exp(-beta * s);
        sum += p[c];
        weighted += p[c] * s;
    }
    *out_sum = sum;
    return log(sum) + beta * weighted / sum;
}

/* A first guess that has the data's scale: the mean spread of the neighbours. */
static double first_beta(const double *squares, int64_t k) {
    double spread = 0;
    for (int64_t c = 0; c < k; c++) spread += squares[c] - squares[0];
    return spread > 0 ? (double)k / spread : 1;
}

double tsne_row_weights(const double *squares, int64_t k, double perplexity, double *out_p) {
    double beta = first_beta(squares, k), low = 0, high = -1, sum = 1, target = log(perplexity), entropy = 0; /* high −1: no bound yet */
    for (int step = 0; step < BISECTIONS; step++) {
        entropy = weigh(squares, k, beta, out_p, &sum);
        if (fabs(entropy - target) < ENTROPY_TOLERANCE) break;
        if (entropy > target) {
            low = beta;
            beta = high < 0 ? beta * 2 : (low + high) / 2;
        } else {
            high = beta;
            beta = (low + high) / 2;
        }
    }
    for (int64_t c = 0; c < k; c++) out_p[c] /= sum;
    return entropy;
}

/* --- symmetric probabilities --- */

struct weighing {
    const double *squares;
    double *p;
    int64_t n, k;
    double perplexity;
};

static void weigh_piece(void *ctx, int64_t block, int thread) {
    (void)thread;
    struct weighing *job = ctx;
    for (int64_t i = block * ROWS_A_PIECE; i < job->n && i < (block + 1) * ROWS_A_PIECE; i++)
        tsne_row_weights(&job->squares[i * job->k], job->k, job->perplexity, &job->p[i * job->k]);
}

struct entry {
    int32_t column;
    double p;
};

static int by_column(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    return x->column < y->column ? -1 : x->column > y->column;
}

/* Conditional probabilities by column: who has i among its neighbours. Rows come in ascending order. */
struct incoming {
    int64_t *starts;
    struct entry *entries;
};

static void gather_incoming(const int32_t *neighbors, const double *p, int64_t n, int64_t k, struct incoming *out) {
    out->starts = xnew_array(int64_t, (size_t)(n + 1));
    out->entries = xnew_array(struct entry, (size_t)(n * k));
    for (int64_t e = 0; e < n * k; e++) out->starts[neighbors[e] + 1]++;
    for (int64_t i = 0; i < n; i++) out->starts[i + 1] += out->starts[i];
    int64_t *fill = xmemdup(out->starts, (size_t)(n + 1) * sizeof *fill);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < k; c++) out->entries[fill[neighbors[i * k + c]]++] = (struct entry){(int32_t)i, p[i * k + c]};
    free(fill);
}

/* Merges two lists that ascend by column; equal columns add up. Returns the length. */
static int64_t merge(const struct entry *a, int64_t n_a, const struct entry *b, int64_t n_b, struct entry *out) {
    int64_t i = 0, j = 0, n = 0;
    while (i < n_a || j < n_b) {
        if (j == n_b || (i < n_a && a[i].column < b[j].column)) out[n++] = a[i++];
        else if (i == n_a || b[j].column < a[i].column) out[n++] = b[j++];
        else {
            out[n++] = (struct entry){a[i].column, a[i].p + b[j].p};
            i++;
            j++;
        }
    }
    return n;
}

static int64_t padded(int64_t n) { return (n + TSNE_LANES - 1) / TSNE_LANES * TSNE_LANES; }

/* p_ij = (p_j|i + p_i|j) / 2n. */
static void symmetrise(const int32_t *neighbors, const double *p, int64_t n, int64_t k, struct affinities *out) {
    struct incoming incoming;
    gather_incoming(neighbors, p, n, k, &incoming);
    int64_t most = 0;
    for (int64_t i = 0; i < n; i++) most += padded(k + incoming.starts[i + 1] - incoming.starts[i]);
    *out = (struct affinities){n, xnew_array(int64_t, (size_t)(n + 1)), xnew_array(int32_t, (size_t)most), xnew_array(float, (size_t)most), k};
    struct entry *own = xnew_array(struct entry, (size_t)k), *row = xnew_array(struct entry, (size_t)(n + k));
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t c = 0; c < k; c++) own[c] = (struct entry){neighbors[i * k + c], p[i * k + c]};
        qsort(own, (size_t)k, sizeof *own, by_column);
        int64_t length = merge(own, k, &incoming.entries[incoming.starts[i]], incoming.starts[i + 1] - incoming.starts[i], row);
        out->starts[i] = at;
        for (int64_t e = 0; e < padded(length); e++, at++) {
            out->columns[at] = e < length ? row[e].column : (int32_t)i;
            out->p[at] = e < length ? (float)(row[e].p / (2.0 * (double)n)) : 0;
        }
    }
    out->starts[n] = at;
    free(own);
    free(row);
    free(incoming.starts);
    free(incoming.entries);
}

enum status tsne_affinities(struct task *task, const float *x, int64_t n, int64_t d, double perplexity, struct affinities *out, struct error *err) {
    int64_t k = (int64_t)floor(3 * perplexity);
    if (k > n - 1) k = n - 1;
    int32_t *neighbors = NULL;
    double *squares = NULL, *p = NULL;
    enum status status = mem_try_array((size_t)(n * k), "the neighbours", &neighbors, err);
    if (status == OK) status = mem_try_array((size_t)(n * k), "the neighbours' distances", &squares, err);
    if (status == OK) status = mem_try_array((size_t)(n * k), "the neighbours' weights", &p, err);
    if (status == OK) status = tsne_neighbors(task, x, n, d, k, neighbors, squares, err);
    struct weighing job = {squares, p, n, k, perplexity};
    if (status == OK) status = pool_run(task, (n + ROWS_A_PIECE - 1) / ROWS_A_PIECE, weigh_piece, &job, err);
    if (status == OK) symmetrise(neighbors, p, n, k, out);
    mem_free(neighbors);
    mem_free(squares);
    mem_free(p);
    return status;
}

void affinities_release(struct affinities *affinities) {
    free(affinities->starts);
    free(affinities->columns);
    free(affinities->p);
    *affinities = (struct affinities){0};
}
