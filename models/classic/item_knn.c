/* Item-based neighbours: what is like the items that a user has. */
#include <math.h>

#include "models/classic/knn.h"
#include "runtime/base/mem.h"

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) { return knn_fit(request, model, false, err); }

static enum status load(struct model *model, struct store_reader *reader, struct error *err) { return knn_load_as(model, reader, false, err); }

/* What each of the user's items adds: those that are no neighbour, nothing. */
static enum status explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err) {
    struct knn_voice *voices;
    int64_t n_voices, at = 0;
    (void)ratings;
    TRY(knn_voices(model, user, item, &voices, &n_voices, err));
    for (int64_t i = 0; i < n; i++) {
        while (at < n_voices && voices[at].neighbor < rated[i]) at++;
        out_weights[i] = at < n_voices && voices[at].neighbor == rated[i] ? voices[at++].adds : 0;
    }
    mem_free(voices);
    return OK;
}

/* The item's list; others aren't ranked at all. */
static enum status similar(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) {
    const struct sparse_rows *lists = &((const struct knn_state *)model->state)->knn->lists;
    for (int64_t i = 0; i < lists->n; i++) out[i] = NAN;
    for (int64_t e = lists->starts[item]; e < lists->starts[item + 1]; e++) out[lists->columns[e]] = lists->values[e];
    return task_check(task, err);
}

static const struct param_row params[] = {KNN_PARAMS, {0}};

const struct model_class class_item_knn = {
    .name = "item_knn",
    .summary = "Items like those that the user has: item-based nearest neighbours.",
    .doc = "Ratings: the baseline plus the deviations of the user's own ratings of the `neighbors` items most similar to this one, weighted by "
           "similarity (Sarwar et al. 2001; Koren 2010). Similarities are over the users who rated both: cosine of the ratings, adjusted_cosine of "
           "what the users' means leave, pearson the correlation of what the baseline leaves (center=\"bias\") or the two items' means over these "
           "users, msd 1 / (1 + mean squared difference), jaccard of who rated. Implicit data: the sum of the similarities of the user's items among "
           "the item's `neighbors` nearest (Deshpande & Karypis 2004), cosine or jaccard of who has them, rows weighted by tfidf or bm25 on demand. "
           "shrinkage multiplies by n / (n + shrinkage), n the users in common (pearson of deviations: n - 1). Only positive similarities count.",
    .example = "similar(item_knn(synth(), shrinkage=10), 1, k=5)",
    .other_names = "KNNBaseline, KNNWithMeans, KNNBasic (Surprise), ItemKNN (RecBole, Elliot, Cornac), ItemKNNScorer (LensKit), "
                   "CosineRecommender, BM25Recommender (implicit)",
    .params = params,
    .predicts_ratings = true,
    .devices = "cpu",
    .fit = fit,
    .explain = explain,
    .similar = similar,
    .load = load,
    KNN_MEMBERS,
};
