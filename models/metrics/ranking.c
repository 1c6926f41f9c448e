/* Metrics of ranked lists, each from one user's list and truth. k cuts the
 * list, never the truth: what a short list misses counts against it. */
#include "models/metrics/rows.h"

#include <math.h>

#include "runtime/base/least.h"

/* Relevant items among the first k. */
static int64_t hits_at(const struct ranking *ranking, int64_t k) {
    int64_t n = 0;
    while (n < ranking->n_hits && ranking->hits[n] < k) n++;
    return n;
}

/* --- how much was found --- */

static double precision(const struct ranking *ranking, int64_t k) { return (double)hits_at(ranking, k) / (double)k; }

static double recall(const struct ranking *ranking, int64_t k) { return (double)hits_at(ranking, k) / (double)ranking->n_relevant; }

static double recall_cut(const struct ranking *ranking, int64_t k) { return (double)hits_at(ranking, k) / (double)least(k, ranking->n_relevant); }

static double hit_rate(const struct ranking *ranking, int64_t k) { return ranking->n_hits > 0 && ranking->hits[0] < k; }

/* --- how early --- */

static double mrr(const struct ranking *ranking, int64_t k) {
    return ranking->n_hits > 0 && ranking->hits[0] < k ? 1 / (double)(ranking->hits[0] + 1) : 0;
}

/* Sum over the hits of the precision at each. */
static double precisions(const struct ranking *ranking, int64_t k) {
    double sum = 0;
    for (int64_t h = 0; h < ranking->n_hits && ranking->hits[h] < k; h++) sum += (double)(h + 1) / (double)(ranking->hits[h] + 1);
    return sum;
}

static double map(const struct ranking *ranking, int64_t k) { return precisions(ranking, k) / (double)least(k, ranking->n_relevant); }

static double map_rel(const struct ranking *ranking, int64_t k) { return precisions(ranking, k) / (double)ranking->n_relevant; }

static double map_hits(const struct ranking *ranking, int64_t k) {
    const int64_t n = hits_at(ranking, k);
    return n ? precisions(ranking, k) / (double)n : 0;
}

static double discount(int64_t rank) { return 1 / log2((double)rank + 2); }

static double ndcg(const struct ranking *ranking, int64_t k) {
    double gained = 0, ideal = 0;
    for (int64_t h = 0; h < ranking->n_hits && ranking->hits[h] < k; h++) gained += discount(ranking->hits[h]);
    for (int64_t i = 0; i < least(k, ranking->n_relevant); i++) ideal += discount(i);
    return gained / ideal;
}

static double gain_exp(float rating) { return exp2((double)rating) - 1; }

static double ndcg_exp(const struct ranking *ranking, int64_t k) {
    double gained = 0, ideal = 0;
    for (int64_t h = 0; h < ranking->n_hits && ranking->hits[h] < k; h++) gained += gain_exp(ranking->hit_gains[h]) * discount(ranking->hits[h]);
    for (int64_t i = 0; i < least(k, ranking->n_relevant); i++) ideal += gain_exp(ranking->gains[i]) * discount(i);
    return ideal > 0 ? gained / ideal : NAN;
}

/* --- the whole order --- */

static double auc(const struct ranking *ranking, int64_t k) {
    (void)k;
    return ranking->n_pairs > 0 ? ranking->n_ordered / ranking->n_pairs : NAN;
}

/* --- rows: means of these over users --- */

#define LIST_ROW(id, text)                  \
    const struct metric_row metric_##id = { \
        .name = #id, .kind = METRIC_RANKING, .larger_is_better = true, .takes_k = true, .definition = text, .ranking = id}

LIST_ROW(precision, "Share of the first k that is relevant: hits / k, also where the list is shorter. Mean over users.");
LIST_ROW(recall, "Share of the relevant items that the first k hold: hits / |relevant|; it can't reach 1 where |relevant| > k. Mean over users.");
LIST_ROW(recall_cut, "Recall as the papers on Mult-VAE and iALS have it: hits / min(k, |relevant|). Mean over users.");
LIST_ROW(hit_rate, "Share of users with a relevant item among the first k (HR). With one held-out item a user it equals recall.");
LIST_ROW(mrr, "Mean reciprocal rank: 1 / rank of the first relevant item, 0 when the first k hold none. Mean over users.");
LIST_ROW(map, "Mean average precision: sum over the hits of the precision at their rank, / min(k, |relevant|), as RecBole and implicit have it.");
LIST_ROW(map_rel, "Mean average precision with / |relevant|, as trec_eval and ranx have it.");
LIST_ROW(map_hits, "Mean average precision with / hits: how early what was found stands, whatever was missed.");
LIST_ROW(ndcg,
         "Normalised discounted cumulative gain, binary: sum over the hits of 1 / log2(rank + 1), over the same sum of an ideal list, which begins "
         "with all relevant items, cut at min(k, |relevant|) (Järvelin & Kekäläinen 2002). Mean over users.");
LIST_ROW(ndcg_exp,
         "NDCG with the gain 2^rating - 1; the ideal list takes the best ratings of all relevant items (Burges et al. 2005). Mean over users.");

const struct metric_row metric_accuracy = {
    .name = "accuracy",
    .kind = METRIC_RANKING,
    .larger_is_better = true,
    .takes_k = true,
    .by_relevant = true,
    .definition = "Share of the held-out interactions whose item is among the user's first k (top-k accuracy of TensorFlow Recommenders). Mean over "
                  "interactions, not over users.",
    .ranking = recall,
};

const struct metric_row metric_auc = {
    .name = "auc",
    .kind = METRIC_RANKING,
    .larger_is_better = true,
    .needs_counts = true,
    .definition =
        "Share of the pairs of a relevant and another candidate that the scores put in the right order, ties half (Rendle et al. 2009, BPR). "
        "Mean over users.",
    .ranking = auc,
};

const struct metric_row metric_gauc = {
    .name = "gauc",
    .kind = METRIC_RANKING,
    .larger_is_better = true,
    .needs_counts = true,
    .by_relevant = true,
    .definition = "Grouped AUC: AUC of each user, weighted by the number of relevant items (Zhu et al. 2017, RecBole).",
    .ranking = auc,
};
