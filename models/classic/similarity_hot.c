/* Where the time of finding neighbours goes: one row's walk over its columns.
 * Columns of a run differ, so no store is followed by a load of the same place. */
#include <math.h>

#include "models/classic/similarity_hot.h"
#include "runtime/device/hot_functions.h"

void HOT(add_ones)(float x, int64_t n, const int32_t *restrict columns, float *restrict sums) {
    int64_t e = 0;
    for (; e + 4 <= n; e += 4) {
        float *a = sums + columns[e], *b = sums + columns[e + 1], *c = sums + columns[e + 2], *d = sums + columns[e + 3];
        *a += x, *b += x, *c += x, *d += x;
    }
    for (; e < n; e++) sums[columns[e]] += x;
}

void HOT(add_products)(float x, int64_t n, const int32_t *restrict columns, const float *restrict values, float *restrict sums) {
    int64_t e = 0;
    for (; e + 4 <= n; e += 4) {
        float *a = sums + columns[e], *b = sums + columns[e + 1], *c = sums + columns[e + 2], *d = sums + columns[e + 3];
        *a += x * values[e], *b += x * values[e + 1], *c += x * values[e + 2], *d += x * values[e + 3];
    }
    for (; e < n; e++) sums[columns[e]] += x * values[e];
}

/* Doubles in a register, but no more than the narrow sums are. */
enum { LANES = HOT_LANES >= 8 ? 4 : 2 };
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));

/* The sums of one other row are `width` numbers: each grows by a + b y + c y², with constants of x. width: a constant after inlining. */
__attribute__((always_inline)) static inline void add_sums(const double *a, const double *b, const double *c, int64_t n, const int32_t *columns,
                                                           const float *values, double *sums, int width) {
    for (int64_t e = 0; e < n; e++) {
        double y = (double)values[e], *to = sums + (int64_t)columns[e] * width;
        for (int l = 0; l < width; l += LANES)
            *(lanes *)(to + l) += *(const lanes *)(a + l) + (*(const lanes *)(b + l) + *(const lanes *)(c + l) * y) * y;
    }
}

void HOT(add_narrow)(double x, int64_t n, const int32_t *columns, const float *values, double *sums) {
    const double a[SUMS_NARROW] = {[SUM_N] = 1, [SUM_XX] = x * x}, b[SUMS_NARROW] = {[SUM_XY] = x}, c[SUMS_NARROW] = {[SUM_YY] = 1};
    add_sums(a, b, c, n, columns, values, sums, SUMS_NARROW);
}

void HOT(add_wide)(double x, int64_t n, const int32_t *columns, const float *values, double *sums) {
    const double a[SUMS_WIDE] = {[SUM_N] = 1, [SUM_XX] = x * x, [SUM_X] = x}, b[SUMS_WIDE] = {[SUM_XY] = x, [SUM_Y] = 1},
                 c[SUMS_WIDE] = {[SUM_YY] = 1};
    add_sums(a, b, c, n, columns, values, sums, SUMS_WIDE);
}

void HOT(cosine_scores)(int64_t n, const float *restrict products, const float *restrict counts, float length, const float *restrict lengths,
                        float shrinkage, float *restrict out) {
    for (int64_t j = 0; j < n; j++) out[j] = products[j] != 0.0f ? products[j] / (length * lengths[j]) : 0.0f;
    if (!counts) return;
    for (int64_t j = 0; j < n; j++) out[j] = counts[j] > 0.0f ? out[j] * (counts[j] / (counts[j] + shrinkage)) : 0.0f;
}

void HOT(jaccard_scores)(int64_t n, const float *restrict counts, float length, const float *restrict lengths, float shrinkage, float *restrict out) {
    for (int64_t j = 0; j < n; j++) {
        float share = counts[j] / (length + lengths[j] - counts[j]), kept = counts[j] / (counts[j] + shrinkage);
        out[j] = counts[j] > 0.0f ? share * kept : 0.0f;
    }
}

/* Of all that is below this share of its parts, rounding has left nothing. */
#define NOTHING_LEFT 1e-12

static inline double ratio(double product, double square) { return square > 0 ? product / sqrt(square) : 0; }

static inline double pearson(const double *s) {
    double xx = s[SUM_N] * s[SUM_XX] - s[SUM_X] * s[SUM_X], yy = s[SUM_N] * s[SUM_YY] - s[SUM_Y] * s[SUM_Y];
    if (xx <= NOTHING_LEFT * s[SUM_N] * s[SUM_XX] || yy <= NOTHING_LEFT * s[SUM_N] * s[SUM_YY]) return 0;
    return ratio(s[SUM_N] * s[SUM_XY] - s[SUM_X] * s[SUM_Y], xx * yy);
}

static inline double msd(const double *s) {
    double squares = s[SUM_XX] + s[SUM_YY] - 2 * s[SUM_XY];
    return 1 / (1 + (squares > 0 ? squares : 0) / s[SUM_N]);
}

void HOT(common_scores)(enum common_kind kind, int64_t n, const double *sums, double lost, double shrinkage, float *out) {
    int width = kind == COMMON_PEARSON ? SUMS_WIDE : SUMS_NARROW;
    for (int64_t j = 0; j < n; j++) {
        const double *s = sums + j * width;
        double left = s[SUM_N] - lost, score = 0;
        if (left > 0) score = kind == COMMON_PEARSON ? pearson(s) : kind == COMMON_MSD ? msd(s) : ratio(s[SUM_XY], s[SUM_XX] * s[SUM_YY]);
        out[j] = left > 0 ? (float)(score * (left / (left + shrinkage))) : 0.0f;
    }
}

int64_t HOT(pairs_next)(const float *scores, int64_t stride, int64_t n, const float *restrict thresholds) {
    for (int64_t r = 0; r < n; r++) {
        const float *restrict row = scores + r * stride;
        int32_t wins = 0;
        for (int j = 0; j < PAIRS_STRIPE; j++) wins |= row[j] > thresholds[j];
        if (wins) return r;
    }
    return n;
}

int64_t HOT(pairs_gather)(const float *restrict scores, int64_t n, int64_t first, float threshold, uint64_t *restrict keys) {
    int64_t n_keys = 0, j = 0;
    for (; j + PAIRS_STRIPE <= n; j += PAIRS_STRIPE) {
        int32_t wins = 0;
        for (int l = 0; l < PAIRS_STRIPE; l++) wins |= scores[j + l] > threshold;
        if (!wins) continue;
        for (int l = 0; l < PAIRS_STRIPE; l++) {
            keys[n_keys] = best_key(scores[j + l], first + j + l);
            n_keys += scores[j + l] > threshold;
        }
    }
    for (; j < n; j++) {
        keys[n_keys] = best_key(scores[j], first + j);
        n_keys += scores[j] > threshold;
    }
    return n_keys;
}
