/* Blending fitted models: each model's scores are standardised per user (mean 0
 * and standard deviation 1 over all items), then added up with weights. Scores
 * of different models live on different scales; what is left after
 * standardising is by how much a model prefers an item for this user. */
#ifndef RECKON_BLEND_H
#define RECKON_BLEND_H

#include "models/model.h"

#define BLEND_PARTS_MAX 32

/* weights: n_parts, finite, one of them not 0. The parts are counted by the blend; they know the same users and items and were fitted on the same
 * rows (whatever their ratings), and none is a blend or was made by fold_in: else ERR_VALUE. name NULL: "0.6 ease + 0.4 slist". Scores every user
 * once, in memory for a block of them; keeps two numbers a user and part. */
enum status model_blend(struct task *task, struct model *const *parts, size_t n_parts, const double *weights, const char *name, struct model **out,
                        struct error *err) MUST_CHECK;
/* The same parts with other weights: nothing is scored again. */
enum status model_blend_again(const struct model *blend, const double *weights, const char *name, struct model **out, struct error *err) MUST_CHECK;
/* How many parts; 0: no blend. Borrowed. */
size_t model_blend_parts(const struct model *model, struct model *const **out_parts, const double **out_weights);

#endif
