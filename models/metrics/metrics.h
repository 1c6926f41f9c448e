/* Metrics: one row each with definition, formula and source. Per-user values
 * are kept, so intervals and paired tests need no second pass. No model known.
 * Rating metrics here; ranking metrics are rows of the same table. */
#ifndef RECKON_METRICS_H
#define RECKON_METRICS_H

#include "runtime/base/err.h"
#include "runtime/base/str.h"

enum metric_kind { METRIC_RATING, METRIC_RANKING };

/* One user's list and truth. ranked: positions, best first (n_ranked, already cut at the largest k asked for); relevant: ascending positions. */
struct ranking {
    const int32_t *ranked;
    int64_t n_ranked;
    const int32_t *relevant;
    const float *gains; /* ratings of relevant */
    int64_t n_relevant;
};

struct metric_row {
    const char *name; /* "ndcg" */
    enum metric_kind kind;
    bool larger_is_better;
    bool takes_k;           /* "@10" allowed */
    const char *definition; /* formula and source */
    /* RATING: from n predictions and truths. */
    double (*rating)(const float *predicted, const float *truth, int64_t n);
    /* RANKING: one user's value at k. */
    double (*ranking)(const struct ranking *ranking, int64_t k);
};

size_t metric_rows(const struct metric_row *const **out); /* sorted by name */

/* "ndcg@10" parsed: row and k (0 = none). */
struct metric {
    const struct metric_row *row;
    int64_t k;
    char text[32]; /* as shown: "ndcg@10" */
};
/* default_k fills in where there is no "@" (0: none was given, then 10). ERR_NAME with the nearest; ERR_VALUE for "rmse@10" or k < 1. */
enum status metric_parse(const char *text, int64_t default_k, struct metric *out, struct error *err) MUST_CHECK;

#endif
