#include "models/classic/knn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/least.h"
#include "runtime/base/mem.h"

#define SHRINKAGE_OF_RATINGS 100
#define LISTED_MAX (1 << 25) /* similarities that all lists keep for ratings: 256 MiB */

const char *const knn_similarities[] = {"auto", "cosine", "adjusted_cosine", "pearson", "msd", "jaccard", NULL};
const char *const knn_centers[] = {"bias", "mean", "none", NULL};
const char *const knn_weightings[] = {"auto", "none", "bm25", "tfidf", NULL};

/* --- life --- */

static void knn_unref(struct knn *knn) {
    if (!knn || __atomic_sub_fetch(&knn->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    sparse_rows_release(&knn->by_user);
    sparse_rows_release(&knn->by_item);
    biases_release(&knn->base);
    sparse_rows_release(&knn->lists);
    sparse_rows_release(&knn->listed_by);
    weigher_release(&knn->weigher);
    sparse_rows_release(&knn->compared);
    mem_free(knn->lengths);
    free(knn);
}

static struct knn *knn_ref(struct knn *knn) {
    __atomic_add_fetch(&knn->count, 1, __ATOMIC_RELAXED);
    return knn;
}

void knn_free(void *data) {
    struct knn_state *state = data;
    if (!state) return;
    knn_unref(state->knn);
    sparse_rows_release(&state->folded);
    free(state);
}

/* --- what the parameters mean for these data --- */

static bool is(const struct model *model, const char *name, const char *value) { return strcmp(model_param(model, name).s, value) == 0; }

static enum status check_implicit(const struct model *model, struct error *err) {
    static const char *const of_ratings[] = {"adjusted_cosine", "pearson", "msd"};
    for (size_t i = 0; i < sizeof of_ratings / sizeof *of_ratings; i++) {
        if (!is(model, "similarity", of_ratings[i])) continue;
        err_set(err, ERR_VALUE, "similarity=\"%s\" compares ratings, and implicit data have none", of_ratings[i]);
        err_hint(err, "cosine and jaccard compare who has what");
        return err_about(err, "similarity");
    }
    return OK;
}

static enum status check_explicit(const struct model *model, struct error *err) {
    if (is(model, "weighting", "none") || is(model, "weighting", "auto")) return OK;
    err_set(err, ERR_VALUE, "weighting=\"%s\" weighs the rows of implicit data; ratings are compared as they are", model_param(model, "weighting").s);
    err_hint(err, "implicit(train) makes rows of ratings");
    return err_about(err, "weighting");
}

/* What "auto" and -1 stand for was chosen on validation parts: tests/bench/knn.md. */
static const char *similarity_of(const struct model *model, bool of_users) {
    const char *similarity = model_param(model, "similarity").s;
    if (strcmp(similarity, "auto") != 0) return similarity;
    if (!model->is_explicit) return "cosine";
    return of_users ? "pearson" : "adjusted_cosine";
}

static enum measure measure_of(const struct model *model, const char *similarity) {
    if (strcmp(similarity, "jaccard") == 0) return MEASURE_JACCARD;
    if (strcmp(similarity, "msd") == 0) return MEASURE_MSD;
    const bool around_means = strcmp(similarity, "pearson") == 0 && !is(model, "center", "bias");
    return around_means ? MEASURE_PEARSON : MEASURE_COSINE; /* of deviations from the baseline a correlation is the cosine */
}

static enum weighting weighting_of(const struct model *model, const char *similarity) {
    if (is(model, "weighting", "bm25")) return WEIGHTING_BM25;
    if (is(model, "weighting", "tfidf")) return WEIGHTING_TFIDF;
    if (!model->is_explicit && is(model, "weighting", "auto") && is(model, "similarity", "auto")) return WEIGHTING_TFIDF;
    const bool is_adjusted = strcmp(similarity, "adjusted_cosine") == 0;
    return is_adjusted || (strcmp(similarity, "pearson") == 0 && is(model, "center", "bias")) ? WEIGHTING_LESS : WEIGHTING_PLAIN;
}

static double shrinkage_of(const struct model *model) {
    const double shrinkage = model_param(model, "shrinkage").f;
    return shrinkage >= 0 ? shrinkage : model->is_explicit ? SHRINKAGE_OF_RATINGS : 0;
}

static int64_t n_compared(const struct model *model, bool of_users) { return of_users ? model->catalog->n_users : model->catalog->n_items; }

/* Ratings ask the nearest of those that can say something of an item, who may stand far down a list; rows ask the nearest of all. */
static int64_t most_of(const struct model *model, const struct knn *knn) {
    const int64_t n = n_compared(model, knn->of_users), listed = model_param(model, "listed").i;
    const int64_t room = listed > 0 ? listed : LISTED_MAX / (n + 1);
    return least(n, knn->rates && room > knn->neighbors ? room : knn->neighbors);
}

static enum status check_listed(const struct model *model, bool of_users, struct error *err) {
    const int64_t listed = model_param(model, "listed").i, neighbors = least(model_param(model, "neighbors").i, n_compared(model, of_users));
    if (listed == 0 || (model->is_explicit && listed >= neighbors)) return OK;
    if (!model->is_explicit) {
        err_set(err, ERR_VALUE, "lists of implicit data are as long as `neighbors`: listed= is for ratings");
        err_hint(err, "neighbors=%lld keeps that many", (long long)listed);
    } else {
        err_set(err, ERR_VALUE, "lists of %lld can't name %lld neighbors", (long long)listed, (long long)neighbors);
        err_hint(err, "listed= of %lld or more; 0 keeps as many as there is room for", (long long)neighbors);
    }
    return err_about(err, "listed");
}

static void understand(const struct model *model, struct knn *knn) {
    const char *similarity = similarity_of(model, knn->of_users);
    knn->rates = model->is_explicit;
    knn->neighbors = model_param(model, "neighbors").i;
    knn->most = most_of(model, knn);
    knn->weighting = weighting_of(model, similarity);
    knn->center = is(model, "center", "bias") ? CENTER_BIAS : is(model, "center", "mean") ? CENTER_MEAN : CENTER_NONE;
    knn->comparison = (struct comparison){.measure = measure_of(model, similarity),
                                          .over_common = model->is_explicit,
                                          .is_correlation = knn->weighting == WEIGHTING_LESS && strcmp(similarity, "pearson") == 0,
                                          .shrinkage = shrinkage_of(model)};
}

/* --- the baseline --- */

static enum status means_less(const struct sparse_rows *rows, double mean, double *out, struct error *err) {
    for (int64_t r = 0; r < rows->n; r++) {
        double sum = 0;
        for (int64_t e = rows->starts[r]; e < rows->starts[r + 1]; e++) {
            TRY(task_look((size_t)e, err));
            sum += (double)rows->values[e] - mean;
        }
        out[r] = sparse_rows_length(rows, r) ? sum / (double)sparse_rows_length(rows, r) : 0;
    }
    return OK;
}

static enum status find_base(struct task *task, struct dataset *data, struct knn *knn, struct error *err) {
    struct biases *base = &knn->base;
    if (!knn->rates) return OK;
    if (knn->center == CENTER_BIAS) return biases_fit(task, data, BIAS_REG_USER, BIAS_REG_ITEM, base, err);
    TRY(biases_new(knn->by_user.n, knn->by_item.n, base, err));
    base->mean = dataset_mean(data);
    if (knn->center == CENTER_NONE) return OK;
    return means_less(knn->of_users ? &knn->by_user : &knn->by_item, base->mean, knn->of_users ? base->users : base->items, err);
}

/* Of a new user; users' parts of the baseline as find_base gives them. */
static double new_bias(const struct knn *knn, const int32_t *items, const float *ratings, int64_t n) {
    if (!knn->rates || knn->center == CENTER_NONE || (knn->center == CENTER_MEAN && !knn->of_users)) return 0;
    return biases_new_user(&knn->base, knn->center == CENTER_BIAS ? BIAS_REG_USER : 0, items, ratings, n);
}

/* --- neighbours --- */

static enum status make_weigher(struct knn *knn, struct error *err) {
    const struct sparse_rows *own = knn->of_users ? &knn->by_user : &knn->by_item, *other = knn->of_users ? &knn->by_item : &knn->by_user;
    struct weigher *weigher = &knn->weigher;
    *weigher = (struct weigher){.how = knn->weighting};
    if (knn->weighting == WEIGHTING_PLAIN) return OK;
    if (knn->weighting != WEIGHTING_LESS) return weigher_count(weigher, own, other, err);
    if (!knn->comparison.is_correlation) return weigher_less_means(weigher, other, err);
    weigher->mean = knn->base.mean;
    weigher->rows = knn->of_users ? knn->base.users : knn->base.items;
    TRY(mem_try_array((size_t)other->n + 1, "biases", &weigher->columns, err));
    memcpy(weigher->columns, knn->of_users ? knn->base.items : knn->base.users, (size_t)other->n * sizeof *weigher->columns);
    return OK;
}

/* The compared values, by row in `own` and by column in knn->compared. */
static enum status make_compared(struct task *task, struct knn *knn, struct sparse_rows *own, struct error *err) {
    TRY(make_weigher(knn, err));
    TRY(weigh_rows(task, &knn->weigher, knn->of_users ? &knn->by_user : &knn->by_item, own, err));
    TRY(sparse_rows_turn(task, own, &knn->compared, err));
    TRY(similarity_lengths(&knn->comparison, own, &knn->lengths, err));
    knn->comparison.columns = &knn->compared;
    knn->comparison.lengths = knn->lengths;
    return OK;
}

/* Only folding in a user needs them once there are lists. */
static void drop_compared(struct knn *knn) {
    if (knn->of_users) return;
    sparse_rows_release(&knn->compared);
    weigher_release(&knn->weigher);
    mem_free(knn->lengths);
    knn->lengths = NULL;
}

static enum status make_rows(struct task *task, const struct model *model, struct knn *knn, struct error *err) {
    TRY(sparse_rows_fitted(task, model, &knn->by_user, err));
    return sparse_rows_turn(task, &knn->by_user, &knn->by_item, err);
}

static enum status turn_lists(struct task *task, struct knn *knn, struct error *err) {
    return knn->rates || knn->of_users ? OK : sparse_rows_turn(task, &knn->lists, &knn->listed_by, err);
}

static enum status find_neighbours(struct task *task, const struct model *model, struct knn *knn, struct error *err) {
    struct sparse_rows own = {0};
    enum status status = make_compared(task, knn, &own, err);
    if (status == OK) status = similarity_lists(task, model->name, &knn->comparison, &own, knn->most, &knn->lists, err);
    sparse_rows_release(&own);
    if (status == OK) status = turn_lists(task, knn, err);
    if (status == OK) drop_compared(knn);
    return status;
}

static enum status learn(const struct fit_request *request, struct model *model, struct knn *knn, struct error *err) {
    understand(model, knn);
    if (knn->rates) model->params.values[params_find(model->class, "listed")].i = knn->most;
    TRY(make_rows(request->task, model, knn, err));
    TRY(find_base(request->task, request->data, knn, err));
    return find_neighbours(request->task, model, knn, err);
}

static struct knn *knn_new(bool of_users) {
    struct knn *knn = xnew(struct knn);
    knn->count = 1;
    knn->of_users = of_users;
    return knn;
}

static void take(struct model *model, struct knn *knn) {
    struct knn_state *state = xnew(struct knn_state);
    state->knn = knn;
    model->state = state;
}

enum status knn_fit(const struct fit_request *request, struct model *model, bool of_users, struct error *err) {
    TRY(model->is_explicit ? check_explicit(model, err) : check_implicit(model, err));
    TRY(check_listed(model, of_users, err));
    struct knn *knn = knn_new(of_users);
    const enum status status = learn(request, model, knn, err);
    if (status == OK) take(model, knn);
    else knn_unref(knn);
    return status;
}

/* --- a new user --- */

static enum status new_list(const struct knn *knn, double bias, const int32_t *items, const float *ratings, int64_t n, struct sparse_rows *out,
                            struct error *err) {
    float *values = xnew_array(float, (size_t)n + 1);
    weigh_row(&knn->weigher, knn->comparison.is_correlation ? bias : 0, items, ratings, n, values);
    const enum status status = similarity_list(&knn->comparison, items, values, n, knn->most, out, err);
    free(values);
    return status;
}

enum status knn_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    const struct knn_state *from = model->state;
    struct knn_state *state = xnew(struct knn_state);
    state->knn = knn_ref(from->knn);
    state->folded_bias = new_bias(from->knn, items, ratings, n);
    const enum status status = from->knn->of_users ? new_list(from->knn, state->folded_bias, items, ratings, n, &state->folded, err) : OK;
    if (status == OK) out->state = state;
    else knn_free(state);
    return status;
}

/* --- a new item --- */

static double new_item_bias(const struct knn *knn, const int32_t *users, const float *ratings, int64_t n) {
    if (!knn->rates || knn->center == CENTER_NONE || (knn->center == CENTER_MEAN && knn->of_users)) return 0;
    return biases_new_item(&knn->base, knn->center == CENTER_BIAS ? BIAS_REG_ITEM : 0, users, ratings, n);
}

static enum status learn_again(struct model *out, const struct knn *from, int32_t item, double bias, struct knn *knn, struct error *err) {
    understand(out, knn);
    TRY(make_rows(task_current(), out, knn, err));
    if (knn->rates) TRY(biases_with_item(&from->base, item, bias, &knn->base, err));
    return find_neighbours(task_current(), out, knn, err);
}

static enum status copy_folded(const struct knn_state *from, struct knn_state *to, struct error *err) {
    const struct sparse_rows *list = &from->folded;
    to->folded_bias = from->folded_bias;
    if (!list->starts) return OK;
    TRY(sparse_rows_new(1, list->n_columns, sparse_rows_n(list), &to->folded, err));
    memcpy(to->folded.starts, list->starts, 2 * sizeof *list->starts);
    memcpy(to->folded.columns, list->columns, (size_t)sparse_rows_n(list) * sizeof *list->columns);
    memcpy(to->folded.values, list->values, (size_t)sparse_rows_n(list) * sizeof *list->values);
    return OK;
}

/* Neighbours are all that is learned, and a new item may be among anybody's: they are looked for again. The baseline of the others stays. */
enum status knn_fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                             struct error *err) {
    const struct knn_state *from = model->state;
    struct knn_state *state = xnew(struct knn_state);
    state->knn = knn_new(from->knn->of_users);
    enum status status = learn_again(out, from->knn, item, new_item_bias(from->knn, users, ratings, n), state->knn, err);
    if (status == OK) status = copy_folded(from, state, err);
    if (status == OK) out->state = state;
    else knn_free(state);
    return status;
}

/* --- files --- */

enum status knn_save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct knn_state *state = model->state;
    if (state->knn->rates) TRY(biases_save(&state->knn->base, state->folded_bias, writer, err));
    if (state->folded.starts) TRY(sparse_rows_save(&state->folded, writer, "state/folded", err));
    return sparse_rows_save(&state->knn->lists, writer, "state/lists", err);
}

static enum status load_knn(struct model *model, struct store_reader *reader, struct knn *knn, struct error *err) {
    struct knn_state *state = model->state;
    const int64_t n = n_compared(model, knn->of_users);
    struct sparse_rows own = {0};
    understand(model, knn);
    TRY(make_rows(task_current(), model, knn, err));
    if (knn->rates) TRY(biases_load(reader, knn->by_user.n, knn->by_item.n, &knn->base, &state->folded_bias, err));
    TRY(sparse_rows_load(reader, "state/lists", n, n, &knn->lists, err));
    if (store_has(reader, "state/folded/starts")) TRY(sparse_rows_load(reader, "state/folded", 1, n, &state->folded, err));
    TRY(turn_lists(task_current(), knn, err));
    if (!knn->of_users) return OK;
    const enum status status = make_compared(task_current(), knn, &own, err);
    sparse_rows_release(&own);
    return status;
}

enum status knn_load_as(struct model *model, struct store_reader *reader, bool of_users, struct error *err) {
    take(model, knn_new(of_users));
    struct knn_state *state = model->state;
    const enum status status = load_knn(model, reader, state->knn, err);
    if (status == OK) return OK;
    knn_free(state);
    model->state = NULL;
    return status;
}

/* --- figures --- */

int64_t knn_size(const struct model *model) {
    const struct knn *knn = ((const struct knn_state *)model->state)->knn;
    return sparse_rows_n(&knn->lists) + (knn->rates ? knn->base.n_users + knn->base.n_items + 1 : 0);
}

int64_t knn_bytes(const struct model *model) {
    const struct knn *knn = ((const struct knn_state *)model->state)->knn;
    const struct sparse_rows *all[] = {&knn->by_user, &knn->by_item, &knn->lists, &knn->listed_by, &knn->compared};
    int64_t bytes = biases_bytes(&knn->base);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) bytes += sparse_rows_bytes(all[i]);
    if (knn->weigher.columns) bytes += knn->compared.n * (int64_t)sizeof(double);
    return bytes + (knn->lengths ? knn->lists.n * (int64_t)sizeof(float) : 0);
}
