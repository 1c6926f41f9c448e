/* The biases of users and items: r ≈ mean + b_u + b_i, the baseline of every
 * rating model and the first step of svd. */
#ifndef RECKON_BIAS_H
#define RECKON_BIAS_H

#include "models/model.h"

struct biases {
    int64_t n_users, n_items;
    double mean;
    double *users, *items; /* 0 where there are no rows */
};
/* Minimises Σ (r − mean − b_u − b_i)² + reg_user Σ b_u² + reg_item Σ b_i² by alternating between the two sides until nothing moves by more than 1e-7.
 * mean: that of the rows. */
enum status biases_fit(struct task *task, struct dataset *data, double reg_user, double reg_item, struct biases *out, struct error *err) MUST_CHECK;
void biases_release(struct biases *biases);

#endif
