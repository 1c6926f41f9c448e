/* Models: one file and one registry row each. A descriptor says what a model
 * is, its parameters, and how it fits and scores. models/ knows no language
 * and no notebook: it sees data sets, devices, a task, errors.
 *
 * Threads: a fitted model is frozen; scoring is safe from several threads. */
#ifndef RECKON_MODEL_H
#define RECKON_MODEL_H

#include "runtime/data/dataset.h"
#include "runtime/data/embeddings.h"

/* --- parameters --- */

enum param_type { PARAM_INT, PARAM_FLOAT, PARAM_BOOL, PARAM_STR };
union param_value {
    int64_t i;
    double f;
    bool b;
    const char *s;
}; /* s: static (one of choices) */

/* One row of a model's parameter table. */
struct param_row {
    const char *name; /* NULL ends */
    enum param_type type;
    union param_value otherwise; /* default */
    double min, max;             /* both 0: no range */
    bool above_min;              /* min itself is not allowed */
    const char *choices;         /* "sgd|adam" */
    const char *doc;
    const char *const *names; /* STR: the same choices as static strings, NULL ends */
};
#define PARAMS_MAX 24
struct params {
    union param_value values[PARAMS_MAX]; /* in the order of the descriptor's rows */
    bool given[PARAMS_MAX];
};

/* --- fitting --- */

/* Parameters that every model takes; the iterative ones use all. */
struct fit_common {
    uint64_t seed;
    int64_t epochs;        /* iterative: 0 = the descriptor's default */
    struct dataset *valid; /* NULL: no early stopping. Borrowed */
    int64_t patience;      /* epochs without a better monitor */
    const char *monitor;   /* metric name; NULL: rmse for ratings, ndcg@10 for ranking */
    const char *name;      /* NULL: the kind's name */
    bool verbose;          /* progress line */
};

struct model;

/* What happened in one epoch: a row of model.history. */
struct epoch_row {
    int64_t epoch;
    double train, valid, seconds;
}; /* NaN: not measured */

struct fit_request {
    struct dataset *data;     /* borrowed; the model takes a count of its catalog and remembers the view for seen rows and leaks */
    struct dataset *tuned_on; /* borrowed: the part that chose the parameters, remembered for leaks; NULL: none did */
    const struct params *params;
    struct fit_common common;
    const struct model *start; /* go on from here (same kind, same catalog), or NULL */
    struct device *device;
    struct task *task;
    /* Judges `model` on valid after an epoch: monitor's value. NULL when valid is. The engine (models/eval) fills it, models call it through
     * fit_epochs. common.monitor is set then. */
    enum status (*judge)(void *ctx, const struct model *model, double *out, struct error *err);
    void *judge_ctx;
};

/* --- the descriptor --- */

struct model_class {
    const char *name;        /* "als" */
    const char *summary;     /* one line */
    const char *doc;         /* formula and paper */
    const char *example;     /* a cell */
    const char *other_names; /* "ALS (Spark), AlternatingLeastSquares": for error hints */
    const struct param_row *params;
    bool iterative;
    int64_t default_epochs; /* iterative */
    bool predicts_ratings;  /* rmse is meaningful */
    bool is_dot_product;    /* has user_vec / item_vec */
    const char *devices;    /* "cpu", "cpu cuda" */
    const char *loss;       /* iterative: what history calls train_<loss>: "rmse" */
    /* Fits into a new state; *out_state belongs to the model. A failed or cancelled fit frees what it made. */
    enum status (*fit)(const struct fit_request *request, struct model *model, struct error *err);
    void (*free_state)(void *state);
    /* out (n_users, n_items), host: scores of whole users. users: positions. */
    enum status (*score_block)(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err);
    /* The k best items of known users without a matrix of scores: to the bit what ops_top_k makes of score_pairs. NULL: by score_block. */
    enum status (*top_k)(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, const int64_t *skip_starts,
                         const int32_t *skip, int64_t k, int32_t *out_items, float *out_scores, struct error *err);
    /* out (n): scores of pairs (rating scale for rating models, unclipped). -1 positions mean an unknown user or item: the fallback is the model's.
     */
    enum status (*score_pairs)(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err);
    /* New mats (counts owned by the caller); NULL unless is_dot_product or the model has item vectors. */
    enum status (*vectors)(const struct model *model, enum embedded what, struct mat **out, struct error *err);
    /* State for one new user with these rows: a model whose position -2 … see model_fold_in. NULL: can't. */
    enum status (*fold_in)(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err);
    /* State with one item more (out's catalog has it, last), or with rows of one that had none; out's seen rows have these already. users ascend.
     * What of the others follows from frozen parts stays as it was; a folded-in user stays. NULL: can't. */
    enum status (*fold_in_item)(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err);
    /* Weights of the user's rated items in the score of (user, item): out_items, out_weights sized n = the user's rows. NULL: can't. */
    enum status (*explain)(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err);
    /* Item-item similarity to `item`, out (n_items). NULL: cosine of item vectors. */
    enum status (*similar)(const struct model *model, struct task *task, int32_t item, float *out, struct error *err);
    enum status (*save)(const struct model *model, struct store_writer *writer, struct error *err);
    enum status (*load)(struct model *model, struct store_reader *reader, struct error *err);
    int files_since;                            /* the first version of a model's file whose sections it reads; 0: all */
    int64_t (*size)(const struct model *model); /* number of parameters */
    int64_t (*bytes)(const struct model *model);
};

/* A data set that a model has met; all but data survives save. */
struct met_rows {
    struct dataset *data; /* a count; NULL after open() */
    uint64_t split_id;    /* 0 = none */
    int part;
    char fingerprint[17];
};
struct met_rows met_rows_of(struct dataset *data); /* data is borrowed */

/* A fitted model. Frozen, counted (atomic). */
struct model {
    int count;
    const struct model_class *class;
    struct params params;
    struct fit_common common; /* seed, epochs, patience, verbose; the pointers are NULL: see name, monitor */
    char *name;
    struct catalog *catalog; /* a count */
    struct met_rows fitted;  /* what it was fitted on */
    int64_t n_fitted;        /* rows */
    float scale_min, scale_max;
    bool is_explicit;
    struct epoch_row *history; /* n_history */
    int64_t n_history;
    int64_t best_epoch;         /* 0 = none */
    struct met_rows *chosen_on; /* n_chosen_on: what its epoch and its parameters were chosen by, also before it went on. Owned */
    size_t n_chosen_on;
    char monitor[32]; /* what valid measures: "rmse"; "" = nothing */
    double seconds;
    char place[16];        /* "cpu", "cuda:0" */
    int32_t default_user;  /* fold_in: position FOLDED_USER; else -1 */
    int32_t *folded_items; /* n_folded_items: whose rows came by fold_in, each once. Owned */
    int64_t n_folded_items;
    /* Rows seen by user: those fitted on, and those of the split's train and valid parts. Items ascend within a user; the rating is NaN where a row
     * is seen but was not fitted on. starts: n_users + 1, one more row at the end for the folded-in user when there is one. Owned. */
    int64_t *seen_starts;
    int32_t *seen_items;
    float *seen_ratings;
    void *state; /* the class's own */
};

/* The folded-in user's position in score_block, score_pairs and vectors of a model made by fold_in. */
#define FOLDED_USER (-2)

struct model *model_ref(struct model *model);
void model_unref(struct model *model);

/* All classes, sorted by name. */
size_t model_classes(const struct model_class *const **out);
const struct model_class *model_class_find(const char *name);
const struct model_class *model_class_checked(const char *name, struct error *err); /* NULL sets ERR_NAME with a hint */
/* "als, bpr and svd": those that can, for hints. */
void model_names(bool (*can)(const struct model_class *class), struct buf *out);
/* The hint "als, bpr and svd can" to an error about the argument `model`. */
enum status model_cannot(struct error *err, bool (*can)(const struct model_class *class));
void params_defaults(const struct model_class *class, struct params *out);
int params_find(const struct model_class *class, const char *name); /* row, or -1 */
int params_count(const struct model_class *class);
union param_value model_param(const struct model *model, const char *name); /* the row exists */
/* The row's static string that equals text, or NULL. */
const char *param_choice(const struct param_row *row, const char *text);
enum status params_check(const struct model_class *class, const struct params *params, struct error *err) MUST_CHECK;
/* "factors=64, reg=0.1": given ones only, or all. */
void params_text(const struct model_class *class, const struct params *params, bool all, struct buf *out);
/* "factors=64, epochs=4": what was given of a recipe, its seed apart. */
void params_given(const struct model_class *class, const struct params *params, const struct fit_common *common, struct buf *out);

/* --- what the language and the engine call (models/fit.c, models/model.c); what classes call: models/fit.h --- */

/* Trains, with early stopping, progress and partial models. *out: a count. */
enum status model_fit(const struct model_class *class, const struct fit_request *request, struct model **out, struct error *err) MUST_CHECK;
/* Epochs behind model->state: the best one's number, else the last one's. */
int64_t model_epochs(const struct model *model);
/* The rows of a user (a position or FOLDED_USER) among the seen ones. Borrowed. */
struct seen_row {
    const int32_t *items;
    const float *ratings;
    int64_t n;
};
struct seen_row model_seen(const struct model *model, int32_t user);
/* Positions in the model's catalog of the rows of any data set: its own columns when the catalog is the same, else found by id, -1 = unknown. End
 * with model_positions_end. */
struct model_positions {
    const int32_t *users, *items;
    int32_t *owned_users, *owned_items;
};
enum status model_positions(const struct model *model, struct dataset *data, struct model_positions *out, struct error *err) MUST_CHECK;
void model_positions_end(struct model_positions *positions);
/* Rows fitted on, by user or by item: owned array of n_users or n_items. */
int64_t *model_counts(const struct model *model, enum embedded what);

enum status model_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out,
                              struct error *err) MUST_CHECK;
/* Rating models: clipped to the scale. */
enum status model_predict_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                                struct error *err) MUST_CHECK;
enum status model_embeddings(const struct model *model, enum embedded what, struct embeddings **out,
                             struct error *err) MUST_CHECK; /* ERR_VALUE: this kind has none */
/* Unclipped, as score_pairs. */
enum status model_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                              struct error *err) MUST_CHECK;
/* k best items for each user but those that he skips: skip[skip_starts[u]] … skip[skip_starts[u + 1]], ascending. Else as model_recommend. */
struct top_k_request {
    const int32_t *users;
    int64_t n_users, k;
    const int64_t *skip_starts;
    const int32_t *skip;
};
enum status model_top_k(const struct model *model, struct task *task, const struct top_k_request *request, int32_t *out_items, float *out_scores,
                        struct error *err) MUST_CHECK;
/* k best items for each user: out_items, out_scores (n_users, k), padded with -1. Seen rows left out when filter_seen; only: allowed items or NULL;
 * exclude: or NULL. The final order is the canonical one. */
struct recommend_request {
    const int32_t *users;
    int64_t n_users, k;
    bool filter_seen;
    const int32_t *only;
    int64_t n_only;
    const int32_t *exclude;
    int64_t n_exclude;
};
enum status model_recommend(const struct model *model, struct task *task, const struct recommend_request *request, int32_t *out_items,
                            float *out_scores, struct error *err) MUST_CHECK;
enum status model_similar(const struct model *model, struct task *task, int32_t item, int64_t k, int32_t *out_items, float *out_scores,
                          struct error *err) MUST_CHECK;
/* Rated items and their weights in a score, heaviest first: out arrays of n (the user's rows), *out_n. */
enum status model_explain(const struct model *model, int32_t user, int32_t item, int32_t **out_items, float **out_ratings, float **out_weights,
                          int64_t *out_n, struct error *err) MUST_CHECK;
/* fold_in.c: a model that knows one more user, its default one. */
enum status model_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model **out,
                          struct error *err) MUST_CHECK;
/* … that knows one more item: `item` in catalog, which is the model's own, for an item without rows, or catalog_with_item of it, whose last item it
 * is. ERR_VALUE where the model was fitted on rows of the item. */
enum status model_fold_in_item(const struct model *model, struct catalog *catalog, int32_t item, const int32_t *users, const float *ratings,
                               int64_t n, struct model **out, struct error *err) MUST_CHECK;
/* By item: whether its rows came by fold_in. Owned; NULL where none did. */
bool *model_folded(const struct model *model);
/* Rows of data whose pair of user and item came by fold_in. */
enum status model_folded_rows(const struct model *model, struct dataset *data, int64_t *out, struct error *err) MUST_CHECK;
enum status model_save(const struct model *model, const char *path, struct error *err) MUST_CHECK;
enum status model_open(const char *path, struct model **out, struct error *err) MUST_CHECK;
/* epoch, train_<loss>, valid_<monitor>, seconds. */
struct table *model_history(const struct model *model);
int64_t model_bytes(const struct model *model);

#endif
