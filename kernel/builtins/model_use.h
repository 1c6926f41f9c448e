/* What the builtins of the group "Use" share: whom and what a call is about,
 * and lists of items as tables. */
#ifndef RECKON_MODEL_USE_H
#define RECKON_MODEL_USE_H

#include "kernel/builtins/builtins.h"

/* The argument `model`. */
struct model *model_arg(const struct call *call);
/* Positions in the model's catalog; an error underlines the argument `name`. */
enum status user_position(const struct call *call, const char *name, struct value value, int32_t *out, struct error *err) MUST_CHECK;
enum status item_position(const struct call *call, const char *name, struct value value, int32_t *out, struct error *err) MUST_CHECK;
/* The argument `user`, else the model's own. */
enum status user_of_call(const struct call *call, int32_t *out, struct error *err) MUST_CHECK;

#define SCORE_DECIMALS 4 /* of predictions, cosines and the like */

/* k items for each of n_users, best first, padded with -1. */
struct picks {
    int64_t k, n_users;
    const int32_t *users; /* positions; NULL: one list, no column for the user */
    const int32_t *items;
    const float *scores;
    int decimals; /* as in add_scores */
};
/* rank, item, title, score; with users: user, rank, item, score, title. No caption yet. */
struct table *picks_table(const struct model *model, const struct picks *picks);
/* A float column of table->n_rows scores. decimals: shown; -1: none where all are whole. */
void add_scores(struct table *table, const char *name, const float *scores, int decimals);

enum status bi_fit(const struct call *call, struct value *out, struct error *err);
enum status bi_predict(const struct call *call, struct value *out, struct error *err);
enum status bi_recommend(const struct call *call, struct value *out, struct error *err);
enum status bi_similar(const struct call *call, struct value *out, struct error *err);
enum status bi_explain(const struct call *call, struct value *out, struct error *err);
enum status bi_fold_in(const struct call *call, struct value *out, struct error *err);

#endif
