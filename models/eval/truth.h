/* Who is judged on what: the relevant items of each user of a part, and what
 * is not a candidate for him because he has seen it. In positions of the
 * judged model's catalog, whose items are the candidates. */
#ifndef RECKON_TRUTH_H
#define RECKON_TRUTH_H

#include "models/model.h"

struct truth {
    int64_t n_users;      /* those judged: with a relevant item, and known to the model */
    int32_t *users;       /* n_users, in the order of the judged data's */
    int32_t *users_there; /* n_users: the same in positions of the judged data's catalog, ascending */
    int64_t *starts;      /* n_users + 1, into items, items_there and gains */
    int32_t *items;       /* relevant ones, ascending within a user, no repeats; -1: not in the model's catalog, so never found */
    int32_t *items_there; /* the same in positions of the judged data's catalog */
    float *gains;         /* their ratings; the largest of a repeated pair */
    int64_t *skip_starts; /* n_users + 1, into skip */
    int32_t *skip;        /* seen items, ascending within a user, none of them relevant */
    int64_t n_left_out;   /* users of the judged data's catalog who aren't judged */
    int64_t n_masked;     /* pairs that were not counted as relevant, for they are among the seen ones */
};

/* mask: bits of enum part that count as seen, or MASK_NOTHING (rank.h); 0 = by the split's rule (dataset_seen), or what the model was fitted on where
 * `judged` is no part of a split. What fold_in gave with an item counts as seen in every case but MASK_NOTHING. ERR_DATA when nobody is left to
 * judge. */
enum status truth_make(struct task *task, struct dataset *judged, const struct model *model, int mask, struct truth *out,
                       struct error *err) MUST_CHECK;
void truth_release(struct truth *truth);

#endif
