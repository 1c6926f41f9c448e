/* What the files of the splits share. Private to runtime/data. */
#ifndef RECKON_SPLIT_PARTS_H
#define RECKON_SPLIT_PARTS_H

#include "runtime/base/map.h"
#include "runtime/data/dataset_parts.h"
#include "runtime/data/split_ways.h"

/* Which part each row of a view goes to: 0 train, 1 valid, 2 test, PART_OUT none. */
#define PART_OUT 3
#define ROWS_BETWEEN_CHECKS (1 << 16)
struct choice {
    struct task *task; /* may be NULL */
    struct dataset *dataset;
    const struct split_request *request;
    int64_t n;
    struct events_view view;
    unsigned char *part_of; /* n, zeroed */
    char *note;             /* owned, or NULL */
};

/* Rows of each user (or item), in file order. */
struct buckets {
    int64_t n, *starts, *rows;
};
enum status buckets_make(struct task *task, const int32_t *keys, int64_t n_rows, int64_t n_keys, struct buckets *out, struct error *err) MUST_CHECK;
void buckets_release(struct buckets *buckets);
/* Whole rows of n that a share asks for, to the nearest. */
int64_t share_of(double share, int64_t n);

/* Makes the split's parts of a choice. Negatives are taken (or NULL). */
enum status split_make(const struct choice *choice, const char *description, int32_t *negatives, int32_t n_negatives, struct dataset **out_train,
                       struct dataset **out_valid, struct dataset **out_test, struct error *err) MUST_CHECK;
/* "random, test 0.2, seed 42" */
void split_words(const struct split_request *request, struct buf *out);

/* split_choose.c, split_time.c: one function a way. */
enum status choose_random(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_per_user(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_per_item(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_users(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_cold_items(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_time(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_user_time(struct choice *choice, struct error *err) MUST_CHECK;
enum status choose_leave_one_out(struct choice *choice, struct error *err) MUST_CHECK;
/* The last train row of each user (with at least two) goes to valid. */
enum status choose_valid_last(struct choice *choice, struct error *err) MUST_CHECK;
/* A random share of the train rows goes to valid. */
enum status choose_valid_share(struct choice *choice, struct error *err) MUST_CHECK;

/* How the publisher of a data set splits it: sets each row's part. Negatives: of the test rows in the view's order, positions (-1 = not in the
 * catalogue); untouched where none are published. */
struct published {
    const char *name; /* as files of data sets know it */
    const char *const *folds;
    size_t n_folds, n_disjoint; /* the first n_disjoint folds' test parts are a partition of the rows */
    enum status (*choose)(struct choice *choice, const char *fold, int32_t **out_negatives, int32_t *out_n_negatives, struct error *err);
};

/* split_published.c. Sets negatives. */
enum status choose_published(struct choice *choice, int32_t **out_negatives, int32_t *out_n_negatives, struct error *err) MUST_CHECK;
/* What a map of pairs is keyed by. */
static inline int64_t pair_key(int32_t user, int32_t item) { return ((int64_t)user << 32) | item; }
/* The rows whose pairs the map holds go to test, all others to train. out_values (NULL or choice->n): what the map holds for each test row, in
 * order; returns by *out_n how many there are. */
enum status choose_test_pairs(struct choice *choice, const struct int_map *pairs, int64_t *out_values, int64_t *out_n, struct error *err) MUST_CHECK;

#endif
