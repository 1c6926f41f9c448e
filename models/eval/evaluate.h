/* Judging models on held-out rows. Scores from elsewhere are judged as models too: outside.h. */
#ifndef RECKON_EVALUATE_H
#define RECKON_EVALUATE_H

#include "models/eval/rank.h"
#include "models/eval/significance.h"

/* What ranking metrics were means over. */
struct ranked_counts {
    int64_t n_users;
    int64_t fewest, most; /* drawn items that a held-out row stood among */
};

struct evaluate_request {
    struct model *const *models;
    size_t n_models;
    const char *const *names; /* of the rows; NULL: the models' own */
    struct dataset *test;
    const struct metric *metrics;
    size_t n_metrics;
    struct protocol protocol;           /* of the ranking metrics */
    bool allow_leak, quiet;             /* quiet: no progress line */
    const struct resampling *intervals; /* NULL: none; else two columns more a metric, <name>_low and <name>_high, over users */
    struct user_sums *sums;             /* NULL, or n_models × n_metrics of dataset_n_users(test), zeroed: filled with what each user adds */
    struct ranked_counts *out_ranked;   /* NULL, or filled, of the first model */
    struct task *task;
};
/* Table: model, then a column a metric; one row a model, in order; caption says data, split, rows, protocol, users counted and left out. ERR_LEAK
 * "1,234 of 20,000 test pairs are in what `popular` was fitted on". */
enum status evaluate_models(const struct evaluate_request *request, struct table **out, struct error *err) MUST_CHECK;
/* "each among 99 items drawn uniformly (seed 1)"; "at most …" and how many were asked for where users have met too much. */
void evaluate_add_drawing(const struct protocol *protocol, const struct ranked_counts *counts, struct buf *out);
/* The protocol for choosing on a validation part: full, but 99 drawn negatives where the split's test part is judged among published ones. */
struct protocol protocol_for_valid(const struct dataset *valid, uint64_t seed);
/* ERR_VALUE where a rating metric is to judge what such a class, fitted on ratings (is_explicit) or without, ranks only. name: the model's; argument:
 * what the call names metrics by. */
enum status evaluate_suits(const struct model_class *class, const char *name, bool is_explicit, const struct metric *metric, const char *argument,
                           struct error *err) MUST_CHECK;
/* One value (early stopping). */
enum status evaluate_one(const struct model *model, struct dataset *judged, const struct metric *metric, const struct protocol *protocol,
                         struct task *task, double *out, struct error *err) MUST_CHECK;

/* model_fit, judged by evaluate_one on request->common.valid when that is given. Refuses a valid part that is fitted on (ERR_LEAK). */
enum status evaluate_fit(const struct model_class *class, const struct fit_request *request, struct model **out, struct error *err) MUST_CHECK;

/* folds: "published" (u1 … u5), or k >= 2. Table: fold, metrics…, seconds, and with ranking metrics users (whom they are means over): every item is
 * ranked that the user hasn't in the other folds, or each row of the fold among drawn items that he hasn't at all. Mean and spread over folds in the
 * notes below. */
struct cross_validate_request {
    const struct model_class *class;
    const struct params *params;
    struct fit_common common;
    struct dataset *data;
    bool published;
    int64_t k;
    const struct metric *metrics;
    size_t n_metrics;
    struct protocol protocol; /* of the ranking metrics, on every fold; sampled: with negatives */
    struct device *device;
    struct task *task;
};
enum status cross_validate(const struct cross_validate_request *request, struct table **out, struct error *err) MUST_CHECK;

#endif
