/* What a data set looks like: the figures of its card and of describe(). */
#ifndef RECKON_DESCRIBE_H
#define RECKON_DESCRIBE_H

#include "runtime/data/dataset.h"
#include "runtime/data/embeddings.h"

enum { QUANTILES = 5 }; /* least, 25 %, median, 75 %, most */

struct dataset_facts {
    int64_t n_users_with, n_items_with;              /* of the catalogue, those with a row in this view */
    double density;                                  /* distinct pairs of n_users × n_items, 0 … 1 */
    int64_t n_repeats;                               /* rows beyond the first of their pair */
    double mean, deviation;                          /* of the ratings; population deviation */
    double per_user[QUANTILES], per_item[QUANTILES]; /* rows, over the whole catalogue; interpolated linearly */
    double head_share;                               /* of the rows that are on the most popular fifth of the items */
    int64_t first_time, last_time;                   /* when dataset_has_times */
    double least_bar, bar_step, bars[20];            /* rows by rating: bar i holds [least_bar + i bar_step, … + bar_step) */
    int n_bars;                                      /* 0: implicit */
    bool one_bar_a_value;                            /* each bar is one value of the scale */
};
enum status dataset_facts(struct dataset *dataset, struct dataset_facts *out, struct error *err) MUST_CHECK;

/* How the rows of embeddings lie: do they still tell users or items apart? Over the rows that aren't zero. */
struct embeddings_facts {
    int64_t n_zero; /* rows of zeros: users or items without training rows */
    double norm_least, norm_median, norm_most;
    double mean_cosine; /* over all pairs */
    double dimensions;  /* participation ratio of the covariance: (tr C)² / tr C², 1 … d */
};
enum status embeddings_facts(const struct embeddings *embeddings, struct embeddings_facts *out, struct error *err) MUST_CHECK;

/* n_users × n_items, 0 where there is no rating; of repeated pairs the later row. */
enum matrix_center { CENTER_NONE, CENTER_MEAN, CENTER_USER, CENTER_ITEM }; /* what is taken off every rating */
enum status dataset_matrix(struct dataset *dataset, enum matrix_center center, struct device *device, struct mat **out, struct error *err) MUST_CHECK;

#endif
