/* Ranking metrics of a model, user by user: whole catalogues ranked, or each
 * held-out row among sampled others. */
#ifndef RECKON_RANK_H
#define RECKON_RANK_H

#include "models/metrics/metrics.h"
#include "models/model.h"

#define MASK_NOTHING 8 /* as protocol.mask: nothing counts as seen */

enum sampler { SAMPLER_UNIFORM, SAMPLER_POPULARITY };

/* Who competes with the relevant items. */
struct protocol {
    bool sampled;         /* false: every item that the user hasn't seen */
    int64_t negatives;    /* sampled: drawn for each held-out row, outside all the user's rows of the split; 0: the published ones */
    enum sampler sampler; /* what they are drawn by: all alike, or by their training rows */
    uint64_t seed;
    int mask; /* bits of enum part that count as seen, or MASK_NOTHING; 0 = the split's rule */
};

struct own_list;
/* A metric that a user of the product wrote: the value of one list. Called on the thread that judges, user by user. */
struct own_metric {
    void *ctx;
    /* NaN: not defined for this list, which is left out. */
    enum status (*value)(void *ctx, const struct own_list *list, double *out, struct error *err);
};
/* Positions are of the model's catalog, those _there of the judged data's. */
struct own_list {
    const struct catalog *model, *judged;
    int32_t user_there;
    const int32_t *ranked; /* best first */
    int64_t n_ranked;
    const int32_t *relevant, *relevant_there; /* relevant: -1 where the model's catalog hasn't the item */
    int64_t n_relevant;
};

/* Values by user. values[m * n_users + u] is metric m's; NaN: not defined for him. */
struct ranked {
    int64_t n_users;
    int32_t *users;   /* positions in the judged data's catalog, ascending */
    double *values;   /* n_metrics × n_users */
    double *relevant; /* n_users: relevant items (the weights of metrics with by_relevant) */
    int64_t n_left_out, n_masked;
    int64_t fewest, most; /* sampled: other items that a held-out row stood among */
};

struct rank_request {
    const struct model *model;
    struct dataset *judged;
    const struct metric *metrics; /* all METRIC_RANKING */
    size_t n_metrics;
    struct protocol protocol;
    struct task *task;
    const char *label; /* of the progress line over users; NULL: none */
};
/* Ties: full, to the lower position (model_top_k); sampled, against the held-out item. Sampled, a held-out row without negatives isn't judged.
 * ERR_DATA when nobody can be judged, ERR_VALUE when the judged part has no published negatives. */
enum status rank_users(const struct rank_request *request, struct ranked *out, struct error *err) MUST_CHECK;
void ranked_release(struct ranked *ranked);
/* The metric's mean as its row says. NaN when no user has a value. */
double ranked_mean(const struct ranked *ranked, size_t m, const struct metric *metric);
/* The same by user, added to zeroed arrays. */
void ranked_sums(const struct ranked *ranked, size_t m, const struct metric *metric, struct user_sums *sums);

#endif
