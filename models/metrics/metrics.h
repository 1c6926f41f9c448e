/* Metrics: one row each with definition, formula and source. Per-user values
 * are kept, so intervals and paired tests need no second pass. No model known. */
#ifndef RECKON_METRICS_H
#define RECKON_METRICS_H

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/base/task.h"

enum metric_kind { METRIC_RATING, METRIC_RANKING };

/* One list and its truth. Metrics see which ranks of the list hold something relevant, not the items. */
struct ranking {
    const int64_t *hits;    /* ranks (0 = best) of the list's relevant items, ascending */
    const float *hit_gains; /* their ratings, in that order */
    int64_t n_hits;
    const float *gains; /* ratings of all relevant items, found or not, largest first */
    int64_t n_relevant; /* at least 1 */
    /* Where the row says needs_counts: the pairs of a relevant candidate and one that isn't, and those of them that are in the right order (a tie
     * counts half). Else 0. */
    double n_pairs, n_ordered;
};

/* Predictions of rows, and whose they are. */
struct rated {
    const float *predicted, *truth;
    const int32_t *users; /* any numbers that tell users apart */
    int64_t n;
    struct task *task; /* may be NULL */
};

/* What each user adds: the value over some users is Σ sums / Σ weights, or its root. The arrays are of all users of the judged data. */
struct user_sums {
    int64_t n_users;
    double *sums, *weights; /* weight 0: has no value */
    bool is_root;
};

struct metric_row {
    const char *name; /* "ndcg" */
    enum metric_kind kind;
    bool larger_is_better;
    bool takes_k;           /* "@10" allowed */
    bool needs_counts;      /* RANKING: of n_pairs and n_ordered, so scores of all candidates */
    bool by_relevant;       /* RANKING: users weigh as many as they have relevant items (a mean over interactions); else all weigh the same */
    const char *definition; /* formula and source */
    /* RATING: over all rows. NaN where it isn't defined. ERR_INTERRUPTED, ERR_MEMORY. */
    enum status (*rating)(const struct rated *rated, double *out, struct error *err) MUST_CHECK;
    /* RATING: the same by user (numbers below sums->n_users): fills zeroed sums and weights. ERR_INTERRUPTED, ERR_MEMORY. */
    enum status (*by_user)(const struct rated *rated, struct user_sums *sums, struct error *err) MUST_CHECK;
    /* RANKING: one list's value at k (0 where !takes_k). NaN where it isn't defined: such lists are left out. */
    double (*ranking)(const struct ranking *ranking, int64_t k);
};

size_t metric_rows(const struct metric_row *const **out); /* sorted by name */

/* "ndcg@10" parsed: row and k (0 = none). */
struct metric {
    const struct metric_row *row;
    int64_t k;
    char text[64];                /* as shown: "ndcg@10" */
    const struct own_metric *own; /* not NULL: what the user wrote (models/eval/rank.h) judges the lists, not the row */
};
/* A metric of the user's own, shown as `name` (cut to fit). k: how long its lists are, 0 = whole. own is borrowed. */
struct metric metric_of_own(const char *name, int64_t k, const struct own_metric *own);
/* default_k fills in where there is no "@" (0: none was given, then 10). ERR_NAME with the nearest; ERR_VALUE for "rmse@10" or k < 1. */
enum status metric_parse(const char *text, int64_t default_k, struct metric *out, struct error *err) MUST_CHECK;

#endif
