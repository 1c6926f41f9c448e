/* The state that the factor models share: r ≈ mean + b_u + b_i + p_u·q_i, with
 * or without biases. Frozen once in a model; sharing is by the counts of its
 * mats. Host twins of the mats serve folding in, explaining and single scores. */
#ifndef RECKON_FACTORS_H
#define RECKON_FACTORS_H

#include "models/fit.h"
#include "runtime/device/ops.h"

/* How a new user's vector, and a new item's likewise, follows from ratings t_i (what mean and biases leave):
 * RIDGE: minimise Σ (t_i − b − p·q_i)² + n (reg |p|² + reg_bias b²), n 1 unless times_count.
 * PROJECT: orthogonal factors: b = Σ t_i / (reg_bias + n), then p_f = Σ (t_i − b) q_if / |q_f|².
 * IMPLICIT: minimise Σ w_i (1 − p·q_i)² + unobserved Σ_all (p·q_j)² + ridge |p|², where w_i is alpha times the count, alpha when counts is false;
 *   ridge = reg (Σ w_i + unobserved · all items)^nu. */
enum fold_how { FOLD_RIDGE, FOLD_PROJECT, FOLD_IMPLICIT };
struct fold_rule {
    enum fold_how how;
    bool times_count;
    double reg, reg_bias;
    double alpha, unobserved, nu; /* IMPLICIT */
    bool counts;
};
/* The ridge of a row whose events weigh `weight` in all, among n_other rows of the other side. */
double fold_ridge(const struct fold_rule *rule, double weight, int64_t n_other);

struct factors {
    struct mf_factors on_device; /* biases NULL: none */
    struct mf_factors host;      /* the same mats when the device is the CPU */
    struct fold_rule fold;
    struct mat *gram; /* IMPLICIT: Σ q qᵀ of host's items, made when it is first wanted (atomic: the rest is frozen) */
    float *folded;    /* the folded-in user's vector, or NULL */
    float folded_bias;
    struct mf_factors first, second; /* training section: Adam's moments, or NULLs */
    int64_t step;
};

void mf_factors_release(struct mf_factors *factors);
/* Counts of every mat. */
struct mf_factors mf_factors_ref(const struct mf_factors *factors);
enum status mf_factors_copy(const struct mf_factors *factors, struct mf_factors *out, struct error *err) MUST_CHECK;
enum status mf_factors_to(const struct mf_factors *factors, struct device *device, struct mf_factors *out, struct error *err) MUST_CHECK;
/* zeros: (n_users, f), (n_items, f) and, when biased, the biases. */
enum status mf_factors_new(struct device *device, int64_t n_users, int64_t n_items, int64_t n_factors, bool biased, struct mf_factors *out,
                           struct error *err) MUST_CHECK;
/* First vectors of a side: rows of N(0, deviation) keyed by (seed, side, row); those that nothing was fitted on stay zeros, so that an unknown user
 * or item gets its mean and biases only. */
enum status factors_init_rows(const struct fit_request *request, const struct model *model, enum embedded side, double deviation, struct mat *mat,
                              struct error *err) MUST_CHECK;

/* Going on keeps the length of the vectors: ERR_VALUE when the request asks for another one. */
enum status factors_check_start(const struct fit_request *request, const struct model *model, struct error *err) MUST_CHECK;
/* Takes trained's counts (also on failure). *out_state: struct factors. */
enum status factors_new(struct mf_factors *trained, struct fold_rule fold, void **out_state, struct error *err) MUST_CHECK;
static inline const struct factors *factors_of(const struct model *model) { return model->state; }
/* The same factors, and one user more; takes vector (from xnew_array). */
struct factors *factors_with_user(const struct factors *from, float *vector);
/* The same factors, and this vector and bias of an item; one more where the items end before it. A folded-in user stays. */
enum status factors_with_item(const struct factors *from, int32_t item, const float *vector, float bias, void **out_state,
                              struct error *err) MUST_CHECK;
/* RMSE over the data's rows, unclipped. Borrowed host columns. */
enum status factors_rmse(struct task *task, const struct mf_factors *factors, const struct events_view *rows, int64_t n, float *scratch, double *out,
                         struct error *err) MUST_CHECK;

/* Members of a model_class: FACTORS_MEMBERS, and FACTORS_FOLDING for those that solve what is new by their fold_rule. */
void factors_free(void *state);
enum status factors_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err);
enum status factors_top_k(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, const int64_t *skip_starts,
                          const int32_t *skip, int64_t k, int32_t *out_items, float *out_scores, struct error *err);
enum status factors_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                                struct error *err);
enum status factors_vectors(const struct model *model, enum embedded what, struct mat **out, struct error *err);
enum status factors_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err);
enum status factors_fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                 struct error *err);
enum status factors_explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                            float *out_weights, struct error *err);
enum status factors_save(const struct model *model, struct store_writer *writer, struct error *err);
enum status factors_load(struct model *model, struct store_reader *reader, struct error *err);
int64_t factors_size(const struct model *model);
int64_t factors_bytes(const struct model *model);
#define FACTORS_MEMBERS                                                                                                         \
    .free_state = factors_free, .score_block = factors_score_block, .top_k = factors_top_k, .score_pairs = factors_score_pairs, \
    .vectors = factors_vectors, .save = factors_save, .load = factors_load, .size = factors_size, .bytes = factors_bytes
#define FACTORS_FOLDING .fold_in = factors_fold_in, .fold_in_item = factors_fold_in_item, .explain = factors_explain

#endif
