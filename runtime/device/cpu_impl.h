/* The CPU backend's parts, shared by the files cpu*.c only. */
#ifndef RECKON_CPU_IMPL_H
#define RECKON_CPU_IMPL_H

#include "runtime/base/thread.h"
#include "runtime/device/device_impl.h"
#include "runtime/device/hot_functions.h"

/* pool_run, without the pool for a single block. */
enum status cpu_blocks(struct task *task, int64_t n_blocks, pool_fn fn, void *ctx, struct error *err) MUST_CHECK;
/* Scratch of `floats` numbers for each pool thread: scratch + thread * floats. */
enum status cpu_scratch(int64_t floats, float **out, struct error *err) MUST_CHECK;

/* Blocks of rows of about equal work, from the data's shape only: row_work for each row, entry_work for each entry. firsts: CPU_ROW_BLOCKS + 1;
 * returns how many. */
enum { CPU_ROW_BLOCKS = 256 };
int64_t cpu_cut_rows(const struct sparse *rows, int64_t entry_work, int64_t row_work, int64_t *firsts);
void cpu_note_failure(atomic_llong *failed, int64_t row); /* keeps the least row; begins at INT64_MAX */

/* cpu_blas.c: opens OpenBLAS at the first call. False: not installed. */
bool blas_open(void);
const char *blas_name(void); /* "none yet" before the first use */
/* c = a·b + beta c, one thread. */
void blas_gemm(const struct gemm *job, float beta);

/* cpu_gemm.c */
enum status cpu_gemm(void *state, struct task *task, const struct gemm *job, struct error *err) MUST_CHECK;
/* One tile on the calling thread; m is padded by the caller to a multiple of GEMM_PAD. c is overwritten. pack: gemm_pack_floats() numbers. */
#define GEMM_PAD 16
void gemm_tile(const struct gemm *job, float *pack);
int64_t gemm_pack_floats(void); /* 0 with BLAS */
static inline int64_t gemm_padded(int64_t m) { return (m + GEMM_PAD - 1) / GEMM_PAD * GEMM_PAD; }

/* cpu_reduce.c, cpu_als.c, cpu_ials.c, cpu_sgd.c, cpu_adam.c, cpu_dot.c */
enum status cpu_reduce(void *state, enum mat_reduction reduction, int axis, int64_t n_rows, int64_t n_cols, const float *a, float *out,
                       struct error *err) MUST_CHECK;
enum status cpu_spmm(void *state, struct task *task, const struct sparse *a, int64_t n_cols, const float *dense, float *out,
                     struct error *err) MUST_CHECK;
enum status cpu_als_solve(void *state, struct task *task, const struct als_job *job, int64_t *out_failed_row, struct error *err) MUST_CHECK;
enum status cpu_ials_solve(void *state, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss,
                           struct error *err) MUST_CHECK;
int64_t cpu_sgd_side(int64_t n_rows, int64_t n_cols, int64_t n);
enum status cpu_sgd_epoch(void *state, struct task *task, const struct sgd_job *job, double *out_square_sum, struct error *err) MUST_CHECK;
enum status cpu_adam_epoch(void *state, struct task *task, const struct adam_job *job, double *out_square_sum, struct error *err) MUST_CHECK;
enum status cpu_dot_pairs(void *state, struct task *task, const struct dot_job *job, struct error *err) MUST_CHECK;
enum status cpu_dot_block(void *state, struct task *task, const struct dot_job *job, struct error *err) MUST_CHECK;
enum status cpu_dot_top_k(void *state, struct task *task, const struct best_job *job, struct error *err) MUST_CHECK;

#endif
