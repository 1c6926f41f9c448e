#include "models/classic/similarity_sums.h"

#include <math.h>
#include <string.h>

#include "runtime/base/mem.h"

enum { ROWS_BETWEEN_CHECKS = 256 };

static bool only_ones(const struct sparse_rows *rows) {
    for (int64_t e = 0; e < sparse_rows_n(rows); e++)
        if (rows->values[e] != 1) return false;
    return true;
}

static struct scoring wanted_by(const struct comparison *comparison) {
    switch (comparison->measure) {
    case MEASURE_PEARSON: return (struct scoring){.width = SUMS_WIDE, .kind = COMMON_PEARSON};
    case MEASURE_MSD: return (struct scoring){.width = SUMS_NARROW, .kind = COMMON_MSD};
    case MEASURE_JACCARD: return (struct scoring){.counts = true};
    case MEASURE_COSINE: break;
    }
    if (comparison->over_common) return (struct scoring){.width = SUMS_NARROW, .kind = COMMON_COSINE};
    return (struct scoring){.counts = comparison->shrinkage > 0, .products = true};
}

struct scoring scoring_of(const struct comparison *comparison, const struct sparse_rows *rows) {
    struct scoring scoring = wanted_by(comparison);
    scoring.comparison = comparison;
    scoring.n_rows = comparison->columns->n_columns;
    scoring.all_ones = scoring.products && only_ones(comparison->columns) && only_ones(rows);
    if (scoring.all_ones) scoring.counts = false;
    return scoring;
}

float scoring_length(const struct comparison *comparison, const float *values, int64_t n) {
    double squares = 0;
    if (comparison->measure == MEASURE_JACCARD) return (float)n;
    for (int64_t e = 0; e < n; e++) squares += (double)values[e] * (double)values[e];
    return (float)sqrt(squares);
}

enum status similarity_lengths(const struct comparison *comparison, const struct sparse_rows *rows, float **out, struct error *err) {
    *out = NULL;
    if (wanted_by(comparison).width) return OK;
    TRY(mem_try_array((size_t)rows->n + 1, "lengths of rows", out, err));
    for (int64_t r = 0; r < rows->n; r++) {
        if (r % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task_current(), err));
        (*out)[r] = scoring_length(comparison, rows->values + rows->starts[r], sparse_rows_length(rows, r));
    }
    return OK;
}

/* --- sums --- */

enum status sums_init(const struct scoring *scoring, struct sums *sums, struct error *err) {
    const size_t n = (size_t)scoring->n_rows + 1;
    const char *what = "sums of similar rows";
    if (scoring->counts) TRY(mem_try_array(n, what, &sums->counts, err));
    if (scoring->products) TRY(mem_try_array(n, what, &sums->products, err));
    if (scoring->width) TRY(mem_try_array(n * (size_t)scoring->width, what, &sums->common, err));
    return OK;
}

void sums_release(struct sums *sums) {
    mem_free(sums->counts);
    mem_free(sums->products);
    mem_free(sums->common);
}

void sums_add(const struct scoring *scoring, const struct sums *sums, float x, int64_t n, const int32_t *others, const float *values) {
    if (scoring->width == SUMS_WIDE) HOT_PICK(add_wide)((double)x, n, others, values, sums->common);
    if (scoring->width == SUMS_NARROW) HOT_PICK(add_narrow)((double)x, n, others, values, sums->common);
    if (scoring->products && scoring->all_ones) HOT_PICK(add_ones)(x, n, others, sums->products);
    if (scoring->products && !scoring->all_ones) HOT_PICK(add_products)(x, n, others, values, sums->products);
    if (scoring->counts) HOT_PICK(add_ones)(1, n, others, sums->counts);
}

void sums_score(const struct scoring *scoring, const struct sums *sums, int64_t first, int64_t n, float length, const float *lengths, float *out) {
    const struct comparison *comparison = scoring->comparison;
    const float shrinkage = (float)comparison->shrinkage;
    const bool correlates = comparison->measure == MEASURE_PEARSON || comparison->is_correlation;
    const float *shrunk_by = scoring->all_ones ? sums->products : sums->counts;
    if (scoring->width) {
        const double *common = sums->common + first * scoring->width;
        HOT_PICK(common_scores)(scoring->kind, n, common, correlates ? 1 : 0, comparison->shrinkage, out);
    } else if (comparison->measure == MEASURE_JACCARD) HOT_PICK(jaccard_scores)(n, sums->counts + first, length, lengths, shrinkage, out);
    else HOT_PICK(cosine_scores)(n, sums->products + first, shrinkage > 0 ? shrunk_by + first : NULL, length, lengths, shrinkage, out);
}

void sums_clear(const struct scoring *scoring, const struct sums *sums, int64_t first, int64_t n) {
    if (scoring->counts) memset(sums->counts + first, 0, (size_t)n * sizeof *sums->counts);
    if (scoring->products) memset(sums->products + first, 0, (size_t)n * sizeof *sums->products);
    if (scoring->width) memset(sums->common + first * scoring->width, 0, (size_t)(n * scoring->width) * sizeof *sums->common);
}
