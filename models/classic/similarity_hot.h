/* The hot loops of similarity.c (similarity_hot.c). */
#ifndef RECKON_SIMILARITY_HOT_H
#define RECKON_SIMILARITY_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/device/hot.h"

/* Sums over common columns of one row and another: n, Σx², Σy², Σxy, then Σx, Σy. */
enum { SUM_N, SUM_XX, SUM_YY, SUM_XY, SUM_X, SUM_Y };
enum { SUMS_NARROW = 4, SUMS_WIDE = 8 }; /* numbers a row: without and with Σx, Σy */

/* sums[columns[e]] += x. */
HOT_DECLARE(void, add_ones, (float x, int64_t n, const int32_t *columns, float *sums));
/* sums[columns[e]] += x · values[e]. */
HOT_DECLARE(void, add_products, (float x, int64_t n, const int32_t *columns, const float *values, float *sums));
HOT_DECLARE(void, add_narrow, (double x, int64_t n, const int32_t *columns, const float *values, double *sums));
HOT_DECLARE(void, add_wide, (double x, int64_t n, const int32_t *columns, const float *values, double *sums));
/* out[j] = products[j] / (length · lengths[j]), times the shrinkage where counts are; 0 where products are 0. */
HOT_DECLARE(void, cosine_scores,
            (int64_t n, const float *products, const float *counts, float length, const float *lengths, float shrinkage, float *out));
/* out[j] = counts[j] / (length + lengths[j] - counts[j]), times the shrinkage. */
HOT_DECLARE(void, jaccard_scores, (int64_t n, const float *counts, float length, const float *lengths, float shrinkage, float *out));

/* From sums of SUMS_NARROW (COMMON_PEARSON: SUMS_WIDE) numbers a row; the shrinkage counts n - lost, 0 where nothing is left. */
enum common_kind { COMMON_COSINE, COMMON_PEARSON, COMMON_MSD };
HOT_DECLARE(void, common_scores, (enum common_kind kind, int64_t n, const double *sums, double lost, double shrinkage, float *out));

/* Of all pairs (similarity_pairs.c). The first of n rows of scores, `stride` apart, where one of PAIRS_STRIPE scores exceeds its threshold; n: none.
 */
enum { PAIRS_STRIPE = 16 };
HOT_DECLARE(int64_t, pairs_next, (const float *scores, int64_t stride, int64_t n, const float *thresholds));
/* best_key of those of n scores that exceed the threshold, in their order; score j is of row first + j. Returns how many. keys: room for n. */
HOT_DECLARE(int64_t, pairs_gather, (const float *scores, int64_t n, int64_t first, float threshold, uint64_t *keys));

#endif
