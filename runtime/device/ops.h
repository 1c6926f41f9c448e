/* The few large operations that models call. All run where their operands
 * live, are deterministic for any number of threads, and check the task at
 * least every 50 ms. Shapes are checked here (ERR_SHAPE). */
#ifndef RECKON_OPS_H
#define RECKON_OPS_H

#include "runtime/device/csr.h"

/* One half-sweep of explicit ALS with biases (Zhou et al. 2008; biases inside the system): for each row u of ratings,
 *     minimise Σ_i (r_ui − mean − b_i − b_u − p_u·q_i)² + reg·n_u (|p_u|² + b_u²)
 * other: (cols, f); other_bias: (cols, 1); out: (rows, f) and out_bias: (rows, 1), overwritten. A row without entries becomes zeros.
 * Cholesky of (f + 1)², batched. ERR_NUMERIC when a system isn't positive definite. */
enum status ops_als_solve(struct task *task, const struct csr *ratings, float mean, const struct mat *other, const struct mat *other_bias, float reg,
                          struct mat *out, struct mat *out_bias, struct error *err) MUST_CHECK;

/* Implicit ALS (Hu, Koren & Volinsky 2008; Rendle et al. 2022). An event with value v weighs alpha v; every pair, observed or not, is pulled to 0 by
 * `unobserved`:
 *     Σ_(u,i) alpha v_ui (1 − p_u·q_i)² + unobserved Σ_all (p_u·q_i)² + Σ_u ridge_u |p_u|² + Σ_i ridge_i |q_i|²
 * A half-sweep minimises it in the vectors of one side.
 * cg_steps > 0: so many steps of conjugate gradients from where they are, preconditioned by the system of the mean row (whose inverse is made once a
 *   half-sweep): two come within a thousandth of the loss that exact sweeps reach.
 * cg_steps 0: the exact solution for `block` columns at a time, one pass (iALS++, Rendle et al. 2021); block >= factors: the exact one, by Cholesky.
 */
struct ials_rule {
    float alpha, unobserved;
    int64_t cg_steps, block;
};
/* One side's rows, made once a fit. All on one device. */
struct ials_side {
    const struct csr *events;
    struct mat *ridge;      /* (rows, 1), above 0 */
    struct mat *popularity; /* (cols, 1): mean over the rows of alpha v */
    float mean_ridge;
};
/* other: (cols, f); out: (rows, f): the vectors before, then those that solve. A row without events becomes zeros. *out_loss: the loss above without
 * other's ridge. ERR_NUMERIC when a system isn't positive definite. */
enum status ops_ials_solve(struct task *task, const struct ials_rule *rule, const struct ials_side *side, const struct mat *other, struct mat *out,
                           double *out_loss, struct error *err) MUST_CHECK;

/* Ratings laid out for SGD: a grid of strata whose side comes from the data's size; within a stratum no two blocks share a row or a column, so blocks
 * run side by side and the result doesn't depend on how many do. */
struct sgd_plan;
enum status sgd_plan_new(struct task *task, struct device *device, int64_t n_rows, int64_t n_cols, int64_t n, const int32_t *rows,
                         const int32_t *cols, const float *values, uint64_t seed, struct sgd_plan **out, struct error *err) MUST_CHECK;
void sgd_plan_free(struct sgd_plan *plan);

/* The biased factor model: r ≈ mean + b_u + b_i + p_u·q_i. All on one device. */
struct mf_factors {
    struct mat *users, *items;         /* (n_users, f), (n_items, f) */
    struct mat *user_bias, *item_bias; /* (n, 1) */
    float mean;
};
/* One epoch of SGD in an order drawn from (seed, epoch): x += lr (e·y − reg·x). *out_rmse: root mean squared error seen during the epoch. */
enum status ops_mf_sgd(struct task *task, const struct sgd_plan *plan, struct mf_factors *factors, float lr, float reg, float reg_bias, uint64_t seed,
                       int64_t epoch, double *out_rmse, struct error *err) MUST_CHECK;
/* One epoch of mini-batch Adam on the mean squared error, weight decay added to the gradient as torch.optim.Adam does (product.md's reference shape;
 * every row decays at every step). first, second: moments, shaped like factors; *step counts batches across epochs. */
enum status ops_mf_adam(struct task *task, const struct sgd_plan *plan, struct mf_factors *factors, struct mf_factors *first,
                        struct mf_factors *second, int64_t *step, int64_t batch, float lr, float weight_decay, uint64_t seed, int64_t epoch,
                        double *out_rmse, struct error *err) MUST_CHECK;

/* out[i] = constant + row_bias[rows[i]] + col_bias[cols[i]] + a[rows[i]]·b[cols[i]]; biases may be NULL. rows, cols, out: host arrays of n. Canonical
 * dot product. */
enum status ops_dot_pairs(struct task *task, const struct mat *a, const struct mat *b, const struct mat *row_bias, const struct mat *col_bias,
                          float constant, const int32_t *rows, const int32_t *cols, int64_t n, float *out, struct error *err) MUST_CHECK;
/* out (n_rows × b.rows, host): the same for whole rows against every row of b. BLAS: agrees with ops_dot_pairs to rounding. */
enum status ops_dot_block(struct task *task, const struct mat *a, const int32_t *rows, int64_t n_rows, const struct mat *b,
                          const struct mat *row_bias, const struct mat *col_bias, float constant, float *out, struct error *err) MUST_CHECK;

/* k best of each row of scores (host, n_rows × n_cols). skip: per row a sorted list of columns left out (skip_starts n_rows + 1; NULL: none).
 * out_cols, out_scores: (n_rows, k), padded with -1 / -inf; descending, ties to the lower column; NaN never wins. */
enum status ops_top_k(struct task *task, const float *scores, int64_t n_rows, int64_t n_cols, const int64_t *skip_starts, const int32_t *skip_cols,
                      int64_t k, int32_t *out_cols, float *out_scores, struct error *err) MUST_CHECK;

/* The best of ops_dot_block's rows without their score matrix. Exactly what ops_top_k gives for ops_dot_pairs's scores of every column. */
enum status ops_dot_top_k(struct task *task, const struct mat *a, const int32_t *rows, int64_t n_rows, const struct mat *b,
                          const struct mat *row_bias, const struct mat *col_bias, float constant, const int64_t *skip_starts,
                          const int32_t *skip_cols, int64_t k, int32_t *out_cols, float *out_scores, struct error *err) MUST_CHECK;

/* The canonical dot product: 16 partial sums, fixed order, no contraction; the same bits on every CPU level. Decides the final order of lists. */
float dot_canonical(const float *a, const float *b, int64_t n);

#endif
