/* What user_knn and item_knn share: rows of what was fitted on, a baseline, for
 * each user (or item) the list of its nearest others, and scores from these.
 *
 * Ratings (Herlocker et al. 1999; Koren 2010, equation 3), over the k nearest of those that can say something of the pair:
 *     user_knn  r_ui = b_ui + Σ_v s_uv (r_vi - b_vi) / Σ_v s_uv    v: users who rated i
 *     item_knn  r_ui = b_ui + Σ_j s_ij (r_uj - b_uj) / Σ_j s_ij    j: items that u rated
 * b is the baseline by center: "bias" mean + b_u + b_i (bias.h), "mean" the user's (item_knn: the item's) mean, "none" the mean of all.
 * Without such a neighbour the rating is the baseline.
 *
 * Implicit data, over the k nearest of all (Deshpande & Karypis 2004):
 *     user_knn  score = Σ_v s_uv    v: the neighbours of u who have i
 *     item_knn  score = Σ_j s_ij    j: the neighbours of i that u has
 *
 * A model is frozen; a folded-in copy shares struct knn by count. */
#ifndef RECKON_KNN_H
#define RECKON_KNN_H

#include "models/classic/asker.h"
#include "models/classic/similarity.h"
#include "models/classic/weighting.h"
#include "models/fit.h"

struct knn {
    int count;                    /* atomic */
    bool of_users;                /* what is compared: users, or items */
    bool rates;                   /* predicts ratings: the data are explicit */
    int64_t neighbors, most;      /* k; kept of each list */
    struct comparison comparison; /* columns, lengths: see compared */
    enum weighting weighting;
    enum { CENTER_BIAS, CENTER_MEAN, CENTER_NONE } center;
    struct sparse_rows by_user, by_item; /* what was fitted on: ratings, or weights */
    struct biases base;                  /* b_ui = mean + users[u] + items[i] */
    struct sparse_rows lists;            /* neighbours of each user or item, with their similarities */
    struct sparse_rows listed_by;        /* item_knn on implicit data: lists, transposed */
    struct weigher weigher;              /* user_knn: what folding in needs, */
    struct sparse_rows compared;         /* users of each item, with the values that are compared */
    float *lengths;
};

struct knn_state {
    struct knn *knn;
    struct sparse_rows folded; /* user_knn: the folded-in user's list, one row */
    double folded_bias;
};

/* Members of both classes: KNN_MEMBERS. */
enum status knn_fit(const struct fit_request *request, struct model *model, bool of_users, struct error *err) MUST_CHECK;
void knn_free(void *state);
enum status knn_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err);
enum status knn_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                            struct error *err);
enum status knn_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err);
enum status knn_fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                             struct error *err);
enum status knn_save(const struct model *model, struct store_writer *writer, struct error *err);
enum status knn_load_as(struct model *model, struct store_reader *reader, bool of_users, struct error *err) MUST_CHECK;
int64_t knn_size(const struct model *model);
int64_t knn_bytes(const struct model *model);
#define KNN_MEMBERS                                                                                                 \
    .free_state = knn_free, .score_block = knn_score_block, .score_pairs = knn_score_pairs, .fold_in = knn_fold_in, \
    .fold_in_item = knn_fold_in_item, .save = knn_save, .files_since = 2, .size = knn_size, .bytes = knn_bytes

/* For explaining: the neighbours that make the score of (user, item), in a fixed order, with what each adds to it (ratings: to the baseline). */
struct knn_voice {
    int32_t neighbor; /* a user, or an item that the user has */
    float adds;
};
/* *out: owned array (mem_free) of *out_n. */
enum status knn_voices(const struct model *model, int32_t user, int32_t item, struct knn_voice **out, int64_t *out_n, struct error *err) MUST_CHECK;

extern const char *const knn_similarities[], *const knn_centers[], *const knn_weightings[];
#define KNN_PARAMS                                                                                                                                  \
    {.name = "neighbors",                                                                                                                           \
     .type = PARAM_INT,                                                                                                                             \
     .otherwise.i = 80,                                                                                                                             \
     .min = 1,                                                                                                                                      \
     .max = 1e6,                                                                                                                                    \
     .doc = "how many of the nearest are asked; fewer where fewer have anything in common"},                                                        \
        {.name = "listed",                                                                                                                          \
         .type = PARAM_INT,                                                                                                                         \
         .otherwise.i = 0,                                                                                                                          \
         .min = 0,                                                                                                                                  \
         .max = 1e6,                                                                                                                                \
         .doc = "ratings: how many of the nearest each list keeps; only among these are the `neighbors` that rated an item looked for. 0: all up "  \
                "to 5,792 users (item_knn: items), of more as many as make 33,554,432 in all lists, 8 bytes each; the fitted model says how many"}, \
        {.name = "similarity",                                                                                                                      \
         .type = PARAM_STR,                                                                                                                         \
         .otherwise.s = "auto",                                                                                                                     \
         .choices = "auto|cosine|adjusted_cosine|pearson|msd|jaccard",                                                                              \
         .names = knn_similarities,                                                                                                                 \
         .doc = "how alike two are; auto: cosine for implicit data, for ratings pearson (item_knn: adjusted_cosine), which did best on validation " \
                "parts"},                                                                                                                           \
        {.name = "shrinkage",                                                                                                                       \
         .type = PARAM_FLOAT,                                                                                                                       \
         .otherwise.f = -1,                                                                                                                         \
         .min = -1,                                                                                                                                 \
         .max = 1e9,                                                                                                                                \
         .doc = "similarities of n common rows are multiplied by n / (n + shrinkage); -1: 100 for ratings, 0 for implicit data"},                   \
        {.name = "center",                                                                                                                          \
         .type = PARAM_STR,                                                                                                                         \
         .otherwise.s = "bias",                                                                                                                     \
         .choices = "bias|mean|none",                                                                                                               \
         .names = knn_centers,                                                                                                                      \
         .doc = "ratings: what neighbours' ratings are deviations from; pearson correlates these where it is bias"},                                \
    {                                                                                                                                               \
        .name = "weighting", .type = PARAM_STR, .otherwise.s = "auto", .choices = "auto|none|bm25|tfidf", .names = knn_weightings,                  \
        .doc = "implicit data: what a row weighs in the similarity; auto: tfidf where similarity is auto, else none"                                \
    }

#endif
