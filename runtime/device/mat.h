/* Dense row-major float32 matrix bound to a device; a vector has cols 1. Frozen
 * once shared; counted atomically. mat owns all device memory and does every
 * shape check (ERR_SHAPE names both shapes). */
#ifndef RECKON_MAT_H
#define RECKON_MAT_H

#include "runtime/device/device.h"

struct mat;

enum status mat_new(struct device *device, int64_t rows, int64_t cols, struct mat **out, struct error *err) MUST_CHECK; /* zeros */
enum status mat_from(struct device *device, int64_t rows, int64_t cols, const float *values, struct mat **out,
                     struct error *err) MUST_CHECK; /* copies */
enum status mat_copy(const struct mat *mat, struct mat **out, struct error *err) MUST_CHECK;
enum status mat_to(const struct mat *mat, struct device *device, struct mat **out,
                   struct error *err) MUST_CHECK; /* a count of itself when already there */
struct mat *mat_ref(struct mat *mat);
void mat_unref(struct mat *mat); /* NULL is fine */
int64_t mat_rows(const struct mat *mat);
int64_t mat_cols(const struct mat *mat);
int64_t mat_bytes(const struct mat *mat);
struct device *mat_device(const struct mat *mat); /* borrowed */
/* Bytes held by all mats and csrs of a device (memory()). */
int64_t mat_total_bytes(const struct device *device);

/* CPU mats: direct access to rows*cols values (NULL on other devices). Write only before sharing. */
float *mat_data(struct mat *mat);
const float *mat_values(const struct mat *mat);
enum status mat_read(const struct mat *mat, int64_t first_row, int64_t n_rows, float *out, struct error *err) MUST_CHECK; /* to host */
enum status mat_write(struct mat *mat, int64_t first_row, int64_t n_rows, const float *values, struct error *err) MUST_CHECK;

/* Operations: operands on one device; results new, owned. task may be NULL. */
enum status mat_multiply(struct task *task, const struct mat *a, bool a_transposed, const struct mat *b, bool b_transposed, struct mat **out,
                         struct error *err) MUST_CHECK;
/* Elementwise with broadcasting of a row (1 × cols), a column (rows × 1) or 1 × 1. */
enum mat_op { MAT_ADD, MAT_SUB, MAT_MUL, MAT_DIV, MAT_POW, MAT_LT, MAT_LE, MAT_GT, MAT_GE, MAT_EQ, MAT_NE, MAT_MAX, MAT_MIN };
enum status mat_binary(enum mat_op op, const struct mat *a, const struct mat *b, struct mat **out, struct error *err) MUST_CHECK;
enum status mat_scalar(enum mat_op op, const struct mat *a, float b, bool scalar_first, struct mat **out, struct error *err) MUST_CHECK;
enum mat_fn { MAT_NEG, MAT_ABS, MAT_EXP, MAT_LOG, MAT_LOG2, MAT_SQRT, MAT_NOT };
enum status mat_map(enum mat_fn fn, const struct mat *a, struct mat **out, struct error *err) MUST_CHECK;
/* axis 0: down the rows, out 1 × cols; 1: along the columns, out rows × 1; -1: all, out 1 × 1. Sums in double, fixed order. std: population. */
enum mat_reduction { MAT_SUM, MAT_MEAN, MAT_STD, MAT_LEAST, MAT_MOST, MAT_NORM };
enum status mat_reduce(enum mat_reduction reduction, const struct mat *a, int axis, struct mat **out, struct error *err) MUST_CHECK;
enum status mat_transpose(const struct mat *a, struct mat **out, struct error *err) MUST_CHECK;
/* Rows start, start+step, … (n of them), likewise columns; step may be negative. */
enum status mat_slice(const struct mat *a, int64_t row, int64_t row_step, int64_t n_rows, int64_t col, int64_t col_step, int64_t n_cols,
                      struct mat **out, struct error *err) MUST_CHECK;
enum status mat_take_rows(const struct mat *a, const int64_t *rows, int64_t n_rows, struct mat **out, struct error *err) MUST_CHECK;

/* Truncated SVD by randomised subspace iteration with enough power steps to reach 1e-4 relative (Halko et al. 2011); exact when k is near min(rows,
 * cols). U (rows × k), S (1 × k, descending), V (cols × k); signs fixed: the largest |entry| of each column of V is positive. */
enum status mat_svd(struct task *task, const struct mat *a, int64_t k, uint64_t seed, struct mat **out_u, struct mat **out_s, struct mat **out_v,
                    struct error *err) MUST_CHECK;

#endif
