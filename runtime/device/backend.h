/* The vtable of a compute backend: what cpu.c and the CUDA plugin (cuda.cu)
 * both provide. Common subset of C and C++, because nvcc reads it too.
 *
 * Backends hold no checks and no policy: mat.c, csr.c and ops.c have checked
 * every shape. Pointers named data are the backend's own memory; arrays that a
 * comment calls host are plain memory. No entry may be NULL. */
#ifndef RECKON_BACKEND_H
#define RECKON_BACKEND_H

#include "runtime/device/mat.h"

/* Arguments of an element kernel (kernels.def); each kernel reads what it needs.
 * a[r, c] is a[r * a_row + c * a_col]; strides of 0 broadcast, negative ones go backwards. */
struct kernel_args {
    float *out;
    const float *a, *b;
    int64_t a_row, a_col, b_row, b_col;
    const int64_t *index;
};

/* c (m × n) = op(a) · op(b), row-major; lda, ldb: row lengths as stored. */
struct gemm {
    bool a_transposed, b_transposed;
    int64_t m, n, k;
    const float *a, *b;
    int64_t lda, ldb;
    float *c;
    int64_t ldc;
};

/* Sparse rows in the backend's memory. starts_host: the same starts, host. */
struct sparse {
    int64_t rows, cols, n;
    const int64_t *starts;
    const int32_t *columns;
    const float *values;
    const int64_t *starts_host;
};

/* See ops_als_solve. out_failed_row: first row whose system isn't positive definite, else -1. */
struct als_job {
    struct sparse ratings;
    int64_t n_factors;
    float mean, reg;
    const float *other, *other_bias;
    float *out, *out_bias;
};

/* One half-sweep of implicit ALS; see ops_ials_solve. Matrices are symmetric, f × f. out holds the start of the rows and becomes their solution. */
struct ials_job {
    struct sparse events;               /* values: counts */
    int64_t n_factors, cg_steps, block; /* cg_steps 0: by blocks of columns; n_factors of them solve exactly */
    float alpha;
    const float *other, *gram, *inverse; /* (cols, f); unobserved · otherᵀ other; CG: of the mean row's system */
    const float *ridge;                  /* (rows, 1) */
    float *out;                          /* (rows, f) */
};

/* A row takes no step that gains less than this part of its loss: beyond that float32 residuals are noise, and following noise diverges. */
#define IALS_ENOUGH 1e-11

/* One rating of an SGD plan. */
struct rating_entry {
    int32_t row, col;
    float value;
};

struct factor_pointers {
    float *users, *items, *user_bias, *item_bias;
};

/* One epoch over a grid of side × side blocks. Block (i, j) holds entries
 * starts[i * side + j] … starts[i * side + j + 1]. Stratum s = the blocks (i, (i + strata[t]) % side);
 * they share no row and no column. A block is walked from offsets[block] on, round its end. */
struct sgd_job {
    int64_t side, n, n_factors;
    const struct rating_entry *entries; /* backend's memory */
    const int64_t *starts;              /* host, side * side + 1 */
    const int32_t *strata;              /* host, side: order of the strata */
    const int64_t *offsets;             /* host, side * side: first entry visited, from the block's start */
    struct factor_pointers factors;
    float mean, lr, reg, reg_bias;
};

/* Mini-batch Adam over entries in the order `order`. */
struct adam_job {
    int64_t n, batch, n_users, n_items, n_factors, first_step;
    const struct rating_entry *entries; /* host */
    const int32_t *order;               /* host, n */
    struct factor_pointers factors, first, second;
    float mean, lr, weight_decay;
};

/* Scores of pairs or blocks; see ops.h. */
struct dot_job {
    const float *a, *b, *row_bias, *col_bias; /* biases may be NULL */
    int64_t n_factors, b_rows;
    float constant;
    const int32_t *rows, *cols; /* host; a block has no cols */
    int64_t n;
    float *out; /* host */
};

/* Best k of a·b for n rows without a score matrix on the host; see ops_dot_top_k. */
struct best_job {
    struct dot_job dot;
    const int64_t *skip_starts; /* host; NULL: none */
    const int32_t *skip_cols;
    int64_t k;
    int32_t *out_cols; /* host */
    float *out_scores;
};

struct device_ops {
    /* storage; alloc gives zeros */
    enum status (*alloc)(void *state, size_t size_bytes, const char *what, void **out, struct error *err);
    void (*release)(void *state, void *data);
    enum status (*upload)(void *state, void *to, const void *from_host, size_t size_bytes, struct error *err);
    enum status (*download)(void *state, void *to_host, const void *from, size_t size_bytes, struct error *err);
    enum status (*copy)(void *state, void *to, const void *from, size_t size_bytes, struct error *err);
    void (*describe)(void *state, struct device_info *out);
    void (*close)(void *state);
    /* large operations */
    enum status (*gemm)(void *state, struct task *task, const struct gemm *job, struct error *err);
    enum status (*reduce)(void *state, enum mat_reduction reduction, int axis, int64_t n_rows, int64_t n_cols, const float *a, float *out,
                          struct error *err);
    /* out (a.rows × n_cols) = a · dense (a.cols × n_cols) */
    enum status (*spmm)(void *state, struct task *task, const struct sparse *a, int64_t n_cols, const float *dense, float *out, struct error *err);
    enum status (*als_solve)(void *state, struct task *task, const struct als_job *job, int64_t *out_failed_row, struct error *err);
    /* *out_loss: Σ over rows of Σ weight (1 - score)² + xᵀ gram x + ridge |x|² */
    enum status (*ials_solve)(void *state, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss,
                              struct error *err);
    int64_t (*sgd_side)(int64_t n_rows, int64_t n_cols, int64_t n); /* the grid's side that suits the backend; from the data's size only */
    enum status (*sgd_epoch)(void *state, struct task *task, const struct sgd_job *job, double *out_square_sum, struct error *err);
    enum status (*adam_epoch)(void *state, struct task *task, const struct adam_job *job, double *out_square_sum, struct error *err);
    enum status (*dot_pairs)(void *state, struct task *task, const struct dot_job *job, struct error *err);
    enum status (*dot_block)(void *state, struct task *task, const struct dot_job *job, struct error *err);
    enum status (*dot_top_k)(void *state, struct task *task, const struct best_job *job, struct error *err);
    /* element kernels, one a row of kernels.def */
#define KERNEL(name, body) enum status (*name)(void *state, int64_t n_rows, int64_t n_cols, const struct kernel_args *args, struct error *err);
#include "runtime/device/kernels.def"
#undef KERNEL
};

/* What the plugin libreckon_cuda.so fills in. */
struct cuda_table {
    size_t ops_bytes; /* sizeof(struct device_ops) where the plugin was built */
    /* Looks for a driver and devices. False: why says what is lacking. */
    bool (*count)(int *out_n, char *why, size_t why_bytes);
    void (*describe)(int index, struct device_info *out);
    enum status (*open)(int index, const struct device_ops **out_ops, void **out_state, struct error *err);
};

#endif
