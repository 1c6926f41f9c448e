/* All hot loops of runtime/device (the files *_hot.c), declared once. n's are
 * counts of floats; no function here allocates, checks or looks at a task. */
#ifndef RECKON_HOT_FUNCTIONS_H
#define RECKON_HOT_FUNCTIONS_H

#include "runtime/device/backend.h"
#include "runtime/device/elem.h"
#include "runtime/device/hot.h"

typedef void (*kernel_fn)(const struct kernel_args *args, int64_t n_cols, int64_t r0, int64_t r1, int64_t c0, int64_t c1);
#define KERNEL(name, body) \
    HOT_DECLARE(void, kernel_##name, (const struct kernel_args *args, int64_t n_cols, int64_t r0, int64_t r1, int64_t c0, int64_t c1));
#include "runtime/device/kernels.def"
#undef KERNEL

/* --- reduce_hot.c --- */
/* Σ x - shift, or Σ (x - shift)² when squared; eight partial sums in double. */
HOT_DECLARE(double, sum_run, (const float *x, int64_t n, double shift, bool squared));
HOT_DECLARE(float, extreme_run, (const float *x, int64_t n, bool most)); /* n > 0; NaN wins */
/* sums[c] += Σ_r … down n_rows rows of n_cols; shift: per column or NULL */
HOT_DECLARE(void, sum_down, (const float *x, int64_t n_rows, int64_t n_cols, const double *shift, bool squared, double *sums));
HOT_DECLARE(void, extreme_down, (const float *x, int64_t n_rows, int64_t n_cols, bool most, float *best)); /* best: the first row at start */

/* --- gemm_hot.c: without BLAS; adds to c --- */
/* c (m × n) += ap (m × k, row-major, packed) · bp (k × n, row-major, packed with row length ldb) */
HOT_DECLARE(void, gemm_packed, (int64_t m, int64_t n, int64_t k, const float *ap, const float *bp, int64_t ldb, float *c, int64_t ldc));

/* --- sparse_hot.c --- */
/* out (n_cols) = Σ_e values[e] · dense[columns[e]] */
HOT_DECLARE(void, spmm_row, (int64_t n, const int32_t *columns, const float *values, const float *dense, int64_t n_cols, float *out));

/* --- svd_hot.c --- */
/* Rows [first, end) of the upper half of xᵀx (n_cols²), added up row after row. */
HOT_DECLARE(void, gram_rows, (const float *x, int64_t n_rows, int64_t n_cols, int64_t first, int64_t end, double *gram));

/* --- als_hot.c --- */
/* Normal matrix of one row: upper half of f rows, then Σ q with n and Σ e behind it, then Σ e q; f + 2 rows of length ld = als_ld(f). */
static inline int64_t als_ld(int64_t f) { return (f + 15) / 16 * 16 + 16; }
#define ALS_CHUNK 64
/* Adds n <= ALS_CHUNK entries. scratch: ALS_CHUNK * ld. */
HOT_DECLARE(void, als_accumulate,
            (int64_t f, const float *other, const float *other_bias, float mean, const int32_t *columns, const float *values, int64_t n,
             float *scratch, float *matrix));
/* Adds ridge to the diagonal, factors, solves. out: ld zeros, the first f + 1 become the solution. False: not positive definite. */
HOT_DECLARE(bool, als_finish, (int64_t f, float ridge, float *matrix, float *out));

/* The same for systems without bias, in two steps. Entries are rows of scratch, ld = als_ld(f): f numbers x, zeros up to the next 16, then y there:
 * adds Σ x xᵀ to the upper half of matrix and Σ y x to the row behind it. n <= ALS_CHUNK. */
HOT_DECLARE(void, normal_add, (int64_t f, int64_t n, const float *scratch, float *matrix));
HOT_DECLARE(bool, normal_solve, (int64_t f, float ridge, float *matrix, float *out));

/* --- ials_hot.c: rows of ld numbers, a multiple of 16, padded with zeros --- */
/* out += Σ_e w_e (target - y_e·p) y_e with w_e = alpha values[e] and y_e row columns[e] of other; returns Σ_e w_e (target - y_e·p)². */
HOT_DECLARE(double, ials_pass,
            (int64_t ld, const float *other, const int32_t *columns, const float *values, int64_t n, float alpha, float target, const float *p,
             float *out));
/* out (n_rows × n_cols) = x (n_rows × ld) · the first n_cols columns of matrix (ld × ld); rows of out are ld apart, n_cols a multiple of 16. The bits
 * of a row don't depend on the others. */
HOT_DECLARE(void, ials_times, (int64_t ld, const float *x, int64_t n_rows, const float *matrix, int64_t n_cols, float *out));
/* Conjugate gradients on one row, v = gram · its vector before: r -= v + ridge x, returns x·(v + ridge x). */
HOT_DECLARE(double, ials_residual, (int64_t ld, float ridge, const float *x, const float *v, float *r));
/* v becomes the system times p, x and r go the best way along p; returns what the loss falls by, 0 and no step where p leads nowhere. rz: r·z. */
HOT_DECLARE(double, ials_step, (int64_t ld, float ridge, const float *p, double rz, float *v, float *x, float *r));
/* p = z + (r·z / *rz) p, or z where *rz is 0; *rz becomes r·z. */
HOT_DECLARE(void, ials_turn, (int64_t ld, const float *r, const float *z, float *p, double *rz));
/* Entries as normal_add wants them: √w_e times f columns of y_e, and √w_e (1 - scores[e]); scores NULL: zeros. Rows of other are ld apart. */
HOT_DECLARE(void, ials_gather,
            (int64_t f, int64_t ld, const float *other, const int32_t *columns, const float *values, const float *scores, int64_t n, float alpha,
             float *scratch));
/* out[e] += y_e · x over n numbers from other on; other's rows are ld apart. */
HOT_DECLARE(void, ials_scores, (int64_t ld, const float *other, const int32_t *columns, int64_t n_entries, const float *x, int64_t n, float *out));

/* --- spd_hot.c --- */
/* The inverse of a (n, n) in place by the sweep operator; false: not positive definite. */
HOT_DECLARE(bool, sweep_all, (double *a, int64_t n));

/* --- sgd_hot.c --- */
/* Walks n entries; returns Σ e². */
HOT_DECLARE(double, sgd_walk, (const struct sgd_job *job, const struct rating_entry *entries, int64_t n));
/* n Adam steps on neighbouring numbers; gradient NULL: zeros. */
HOT_DECLARE(void, adam_run,
            (float *x, const float *gradient, float *first, float *second, int64_t n, float lr, float weight_decay, float scale1, float scale2));
HOT_DECLARE(void, axpy_run, (float *y, float a, const float *x, int64_t n)); /* y += a x */

/* --- bpr_hot.c --- */
/* Steps of BPR. A sample is 2 + candidates numbers: user, item, others. */
struct bpr_job {
    int64_t n_factors, candidates;
    float *users, *items, *item_bias;
    float lr, reg;
};
/* Walks n samples; returns Σ log(1 + exp(-d)). */
HOT_DECLARE(double, bpr_walk, (const struct bpr_job *job, const int32_t *samples, int64_t n));

/* --- dot_hot.c: compiled without contraction (Makefile), the same bits at every level --- */
HOT_DECLARE(float, dot_run, (const float *a, const float *b, int64_t n));
/* out[i] = a · row rows[i] of b (row i when rows is NULL), rows of n numbers. */
HOT_DECLARE(void, dot_rows, (const float *a, const float *b, const int32_t *rows, int64_t n_rows, int64_t n, float *out));

/* to[i] = from[i] + base + bias[i]; bias NULL: + base. */
HOT_DECLARE(void, bias_run, (const float *from, float base, const float *bias, int64_t n, float *to));

/* --- best_hot.c --- */
/* Keys of the best: el_order of the score above the column, so ascending keys are descending scores, ties to the lower column. */
static inline uint64_t best_key(float score, int64_t col) { return (uint64_t)el_order(score) << 32 | (uint64_t)(uint32_t)col; }
static inline int32_t best_col(uint64_t key) { return (int32_t)(uint32_t)key; }
static inline float best_score(uint64_t key) {
    uint32_t order = (uint32_t)(key >> 32);
    return el_float(order & 0x80000000u ? order : ~(order | 0x80000000u));
}
/* Up to k best of scores (NaN and -inf never win): keys sorted ascending in keys; returns how many. keys: room for best_room(k), where group
 * maxima take what is beyond best_keys(k). */
static inline int64_t best_keys(int64_t k) { return 4 * k + 64; }
static inline int64_t best_room(int64_t k) { return best_keys(k) + 2 * k; }
HOT_DECLARE(int64_t, best_of, (const float *scores, int64_t n, int64_t k, uint64_t *keys));
/* The same keys among others, in any order, at most 2 k (k > 0): no column without one scores above the threshold, or is a number where it is -inf.
 */
HOT_DECLARE(int64_t, best_gather, (const float *scores, int64_t n, int64_t k, uint64_t *keys, float *out_threshold));
HOT_DECLARE(void, best_sort, (uint64_t * keys, int64_t n)); /* ascending */
/* The k smallest of n > k keys first, in any order; returns the worst score among them. */
HOT_DECLARE(float, best_cut, (uint64_t * keys, int64_t n, int64_t k));

#endif
