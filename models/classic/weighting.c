#include "models/classic/weighting.h"

#include <math.h>
#include <string.h>

#include "runtime/base/mem.h"

#define BM25_K1 1.2
#define BM25_B 0.75

enum { ROWS_BETWEEN_CHECKS = 256 };

static enum status sum_all(const struct sparse_rows *rows, double *out, struct error *err) {
    *out = 0;
    for (int64_t e = 0; e < sparse_rows_n(rows); e++) {
        TRY(task_look((size_t)e, err));
        *out += (double)rows->values[e];
    }
    return OK;
}

static double sum_of(const float *values, int64_t n) {
    double sum = 0;
    for (int64_t e = 0; e < n; e++) sum += (double)values[e];
    return sum;
}

enum status weigher_count(struct weigher *weigher, const struct sparse_rows *rows, const struct sparse_rows *columns, struct error *err) {
    TRY(mem_try_array((size_t)columns->n + 1, "weights", &weigher->columns, err));
    for (int64_t c = 0; c < columns->n; c++) weigher->columns[c] = log((double)rows->n) - log1p((double)sparse_rows_length(columns, c));
    TRY(sum_all(rows, &weigher->mean, err));
    weigher->mean = rows->n ? weigher->mean / (double)rows->n : 0;
    return OK;
}

enum status weigher_less_means(struct weigher *weigher, const struct sparse_rows *columns, struct error *err) {
    TRY(mem_try_array((size_t)columns->n + 1, "means", &weigher->columns, err));
    for (int64_t c = 0; c < columns->n; c++) {
        const int64_t n = sparse_rows_length(columns, c);
        if (c % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task_current(), err));
        weigher->columns[c] = n ? sum_of(columns->values + columns->starts[c], n) / (double)n : 0;
    }
    return OK;
}

void weigher_release(struct weigher *weigher) {
    mem_free(weigher->columns);
    *weigher = (struct weigher){0};
}

static double bm25(double x, double length, double mean_length) {
    const double longer = mean_length > 0 ? length / mean_length : 1;
    return x * (BM25_K1 + 1) / (x + BM25_K1 * (1 - BM25_B + BM25_B * longer));
}

void weigh_row(const struct weigher *weigher, double own, const int32_t *columns, const float *values, int64_t n, float *out) {
    const double length = weigher->how == WEIGHTING_BM25 ? sum_of(values, n) : 0;
    for (int64_t e = 0; e < n; e++) {
        const double x = (double)values[e];
        switch (weigher->how) {
        case WEIGHTING_PLAIN: out[e] = values[e]; break;
        case WEIGHTING_LESS: out[e] = (float)(x - weigher->mean - own - weigher->columns[columns[e]]); break;
        case WEIGHTING_TFIDF: out[e] = (float)(sqrt(x) * weigher->columns[columns[e]]); break;
        case WEIGHTING_BM25: out[e] = (float)(bm25(x, length, weigher->mean) * weigher->columns[columns[e]]); break;
        }
    }
}

static enum status fill(struct task *task, const struct weigher *weigher, const struct sparse_rows *rows, struct sparse_rows *out,
                        struct error *err) {
    memcpy(out->starts, rows->starts, (size_t)(rows->n + 1) * sizeof *out->starts);
    memcpy(out->columns, rows->columns, (size_t)sparse_rows_n(rows) * sizeof *out->columns);
    for (int64_t r = 0; r < rows->n; r++) {
        const int64_t at = rows->starts[r];
        if (r % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        weigh_row(weigher, weigher->rows ? weigher->rows[r] : 0, rows->columns + at, rows->values + at, sparse_rows_length(rows, r),
                  out->values + at);
    }
    return OK;
}

enum status weigh_rows(struct task *task, const struct weigher *weigher, const struct sparse_rows *rows, struct sparse_rows *out, struct error *err) {
    enum status status = sparse_rows_new(rows->n, rows->n_columns, sparse_rows_n(rows), out, err);
    if (status == OK) status = fill(task, weigher, rows, out, err);
    if (status != OK) sparse_rows_release(out);
    return status;
}
