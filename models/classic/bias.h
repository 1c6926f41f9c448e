/* The biases of users and items: r ≈ mean + b_u + b_i, the baseline of every
 * rating model and the first step of svd. */
#ifndef RECKON_BIAS_H
#define RECKON_BIAS_H

#include "models/model.h"

/* Pulls towards 0: the defaults of bias and svd, and what the baseline of the neighbours is fitted with. */
enum { BIAS_REG_USER = 15, BIAS_REG_ITEM = 10 };

struct biases {
    int64_t n_users, n_items;
    double mean;
    double *users, *items; /* 0 where there are no rows */
};
/* Zeros. On failure *out is safe to release. */
enum status biases_new(int64_t n_users, int64_t n_items, struct biases *out, struct error *err) MUST_CHECK;
/* Minimises Σ (r − mean − b_u − b_i)² + reg_user Σ b_u² + reg_item Σ b_i² by alternating between the two sides until nothing moves by more than 1e-7,
 * users last: a user has the bias that biases_new_user gives his rows by item, to the bit. mean: that of the rows. */
enum status biases_fit(struct task *task, struct dataset *data, double reg_user, double reg_item, struct biases *out, struct error *err) MUST_CHECK;
void biases_release(struct biases *biases);
/* The baseline of an item, -1 an unknown one, for a user of this bias. */
static inline double biases_at(const struct biases *biases, double user_bias, int32_t item) {
    return biases->mean + user_bias + (item >= 0 ? biases->items[item] : 0);
}
/* A new user's: Σ (r − mean − b_i) / (reg + n); 0 where n is. */
double biases_new_user(const struct biases *biases, double reg, const int32_t *items, const float *ratings, int64_t n);
/* A new item's: Σ (r − mean − b_u) / (reg + n). */
double biases_new_item(const struct biases *biases, double reg, const int32_t *users, const float *ratings, int64_t n);
/* The same, and this bias of an item; one more where the items end before it. On failure *out is safe to release. */
enum status biases_with_item(const struct biases *from, int32_t item, double bias, struct biases *out, struct error *err) MUST_CHECK;
int64_t biases_bytes(const struct biases *biases);

/* Under state/biases/… in a model's file; folded: the bias of a folded-in user. On failure *out is safe to release. */
enum status biases_save(const struct biases *biases, double folded, struct store_writer *writer, struct error *err) MUST_CHECK;
enum status biases_load(struct store_reader *reader, int64_t n_users, int64_t n_items, struct biases *out, double *out_folded,
                        struct error *err) MUST_CHECK;

#endif
