/* User-based neighbours: what is liked by those who are like the user. */
#include <string.h>

#include "models/classic/knn.h"
#include "runtime/base/mem.h"

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) { return knn_fit(request, model, true, err); }

static enum status load(struct model *model, struct store_reader *reader, struct error *err) { return knn_load_as(model, reader, true, err); }

/* How many of the rated items a user has; marks which. */
static int64_t in_common(const struct sparse_rows *by_user, int32_t user, const int32_t *rated, int64_t n, bool *out) {
    int64_t common = 0, at = by_user->starts[user];
    for (int64_t i = 0; i < n; i++) {
        while (at < by_user->starts[user + 1] && by_user->columns[at] < rated[i]) at++;
        out[i] = at < by_user->starts[user + 1] && by_user->columns[at] == rated[i];
        common += out[i];
    }
    return common;
}

/* What a neighbour adds is spread evenly over the items that make him one: those that both have. */
static enum status explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err) {
    const struct sparse_rows *by_user = &((const struct knn_state *)model->state)->knn->by_user;
    struct knn_voice *voices;
    int64_t n_voices;
    (void)ratings;
    TRY(knn_voices(model, user, item, &voices, &n_voices, err));
    bool *both = xnew_array(bool, (size_t)n + 1);
    memset(out_weights, 0, (size_t)n * sizeof *out_weights);
    for (int64_t v = 0; v < n_voices; v++) {
        const int64_t common = in_common(by_user, voices[v].neighbor, rated, n, both);
        for (int64_t i = 0; i < n; i++)
            if (both[i]) out_weights[i] += voices[v].adds / (float)common;
    }
    free(both);
    mem_free(voices);
    return OK;
}

static const struct param_row params[] = {KNN_PARAMS, {0}};

const struct model_class class_user_knn = {
    .name = "user_knn",
    .summary = "What users like this one like: user-based nearest neighbours.",
    .doc =
        "Ratings: the baseline plus the deviations of the `neighbors` most similar users who rated the item, weighted by similarity (Resnick et "
        "al. 1994; Herlocker et al. 1999; Koren 2010). Similarities are over the items that both rated: cosine of the ratings, adjusted_cosine of "
        "what the items' means leave, pearson the correlation of what the baseline leaves (center=\"bias\") or the two users' means over these "
        "items, msd 1 / (1 + mean squared difference), jaccard of what was rated. Implicit data: the sum of the similarities of those among the "
        "`neighbors` nearest users who have the item, cosine or jaccard, rows weighted by tfidf or bm25 on demand. shrinkage multiplies by n / (n + "
        "shrinkage), n the items in common (pearson of deviations: n - 1). Only positive similarities count. explain spreads what a neighbour adds "
        "evenly over the items that he and the user share.",
    .example = "train, test = split(synth(), test=0.2, seed=1)\nevaluate([bias(train), user_knn(train)], test, metrics=\"rmse\")",
    .other_names = "KNNBaseline, KNNWithMeans, KNNBasic (Surprise), UserKNN (Elliot, Cornac), UserKNNScorer (LensKit)",
    .params = params,
    .predicts_ratings = true,
    .devices = "cpu",
    .fit = fit,
    .explain = explain,
    .load = load,
    KNN_MEMBERS,
};
