/* The ways to split: every one deterministic by (seed, row), the same on every machine. */
#ifndef RECKON_SPLIT_WAYS_H
#define RECKON_SPLIT_WAYS_H

#include "runtime/data/dataset.h"

enum split_by {
    SPLIT_RANDOM,
    SPLIT_PER_USER,
    SPLIT_PER_ITEM,
    SPLIT_TIME,
    SPLIT_USER_TIME,
    SPLIT_LEAVE_ONE_OUT,
    SPLIT_USER,
    SPLIT_PUBLISHED,
    SPLIT_COLD_ITEM
};

struct split_request {
    enum split_by by;
    double test, valid; /* shares in (0, 1); valid 0 = no such part */
    bool valid_last;    /* valid="last" */
    uint64_t seed;
    int64_t given;    /* by user: rows of each held-out user kept as input in train */
    const char *fold; /* published: "u1" …, NULL: the only one */
};
/* *out_valid is NULL when no valid part was asked for. *out_note: a sentence to print (share of cold rows for time), owned, or NULL. */
enum status split_dataset(struct task *task, struct dataset *dataset, const struct split_request *request, struct dataset **out_train,
                          struct dataset **out_valid, struct dataset **out_test, char **out_note, struct error *err) MUST_CHECK;
/* k folds: test part i holds every k-th row of one seeded shuffle. */
enum status split_fold(struct task *task, struct dataset *dataset, int64_t k, int64_t i, uint64_t seed, struct dataset **out_train,
                       struct dataset **out_test, struct error *err) MUST_CHECK;
/* Names of the published folds ("u1" … "u5", "ua", "ub"); 0 when there are none. Borrowed. */
size_t split_published(struct dataset *dataset, const char *const **out_names);
/* Those of them whose test parts are a partition of the rows ("u1" … "u5"), for cross-validation. Borrowed. */
size_t split_published_partition(struct dataset *dataset, const char *const **out_names);

#endif
