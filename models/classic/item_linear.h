/* Scoring by weights between items: score(u, j) = scale_j Σ_i w_ui W_ij over the
 * items i of the user's history, each weighed by its age. What ease and slist
 * share: their states are this, and these are the functions of their classes. */
#ifndef RECKON_ITEM_LINEAR_H
#define RECKON_ITEM_LINEAR_H

#include "models/classic/sequences.h"
#include "models/classic/sparse_rows.h"
#include "models/fit.h"

struct item_linear {
    struct mat *weights;     /* W (n_items, n_items), shared with folded-in copies */
    bool symmetric;          /* W equals its transpose: single scores read rows */
    float *scale;            /* n_items */
    struct sparse_rows rows; /* users × items, and one more with a folded-in user: what the items weigh */
    struct sequences order;  /* the users' events in time, where `learn` sets keeps_order; else nothing */
    bool keeps_order;
};

/* Makes weights and scale, and symmetric where they are; rows are there. keeps_order: new items need the sequences. */
typedef enum status (*item_linear_learn)(const struct fit_request *request, struct model *model, const struct sequences *sequences,
                                         struct item_linear *linear, struct error *err);
/* Makes the rows, then learns. In the rows an item that a user met more than once counts by its newest event. Of age a it weighs
 * floor + (1 - floor) exp(-a / recency), with the parameter recency, 1 where that is 0; with floor 0 what would weigh less than 2⁻²⁴ is left out. */
enum status item_linear_fit(const struct fit_request *request, struct model *model, double floor, item_linear_learn learn,
                            struct error *err) MUST_CHECK;

/* What a new item leaves of the rows: out has as many users, items as out_items, `item` as the newest of these users' (ascending), at 1, and their
 * other items an event older. recency, floor as above. On failure *out is safe to release. */
enum status item_linear_add_item(const struct item_linear *from, double recency, double floor, int64_t out_items, int32_t item, const int32_t *users,
                                 int64_t n, struct sparse_rows *out, struct error *err) MUST_CHECK;

/* The parameter reg; where it is 0, times × the mean number of rows of the items that have some, which then stands in the model's parameters. */
enum status item_linear_reg(const struct fit_request *request, struct model *model, const struct sequences *sequences, double times, double *out,
                            struct error *err) MUST_CHECK;

/* (a + reg I)⁻¹ in place of the symmetric a, host; label: of the progress line. ERR_NUMERIC, about reg, where float32 can't tell that it is positive
 * definite. */
enum status item_linear_invert(struct task *task, const char *label, struct mat *a, double reg, struct error *err) MUST_CHECK;

/* Members of a model_class: ITEM_LINEAR_MEMBERS. */
void item_linear_free(void *state);
enum status item_linear_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out,
                                    struct error *err);
enum status item_linear_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                                    struct error *err);
/* W's row of the item: what it speaks for. */
enum status item_linear_similar(const struct model *model, struct task *task, int32_t item, float *out, struct error *err);
/* What each of the user's items adds to the score; of an item's repeats the first has it all. */
enum status item_linear_explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                                float *out_weights, struct error *err);
/* The new user's items are alike in weight, for nobody knows their order. */
enum status item_linear_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out,
                                struct error *err);
enum status item_linear_save(const struct model *model, struct store_writer *writer, struct error *err);
enum status item_linear_load(struct model *model, struct store_reader *reader, struct error *err);
int64_t item_linear_bytes(const struct model *model);
#define ITEM_LINEAR_MEMBERS                                                                                                                         \
    .free_state = item_linear_free, .score_block = item_linear_score_block, .score_pairs = item_linear_score_pairs, .fold_in = item_linear_fold_in, \
    .explain = item_linear_explain, .similar = item_linear_similar, .save = item_linear_save, .load = item_linear_load, .files_since = 2,           \
    .bytes = item_linear_bytes

#endif
