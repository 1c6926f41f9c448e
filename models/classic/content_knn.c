/* Content-based recommendation: items like those that a user has, by what the catalogue says of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/asker.h"
#include "models/classic/content.h"
#include "models/fit.h"
#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/base/thread.h"

/* With x_i an item's row and s_ij = x_i·x_j, all that a user's items say of i comes from two sums over them, his profile:
 *     Σ_j w_j s_ij = x_i · Σ_j w_j x_j,   Σ_j s_ij = x_i · Σ_j x_j
 * Frozen, counted: a folded-in copy shares it. */
struct content {
    int count; /* atomic */
    bool rates;
    double shrinkage;
    struct sparse_rows items;   /* items × terms */
    struct sparse_rows by_user; /* what was fitted on */
    struct biases base;         /* of ratings */
};

struct content_state {
    struct content *content;
    double folded_bias;
};

static void content_unref(struct content *content) {
    if (!content || __atomic_sub_fetch(&content->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    sparse_rows_release(&content->items);
    sparse_rows_release(&content->by_user);
    biases_release(&content->base);
    free(content);
}

static void free_state(void *data) {
    struct content_state *state = data;
    if (!state) return;
    content_unref(state->content);
    free(state);
}

static const struct content *content_in(const struct model *model) { return ((const struct content_state *)model->state)->content; }

/* Takes the content's count. */
static void set_state(struct model *model, struct content *content, double folded_bias) {
    struct content_state *state = xnew(struct content_state);
    state->content = content;
    state->folded_bias = folded_bias;
    model->state = state;
}

/* --- fitting --- */

static struct content *content_new(const struct model *model) {
    struct content *content = xnew(struct content);
    content->count = 1;
    content->rates = model->is_explicit;
    content->shrinkage = model_param(model, "shrinkage").f;
    return content;
}

static enum status no_content(const struct fit_request *request, struct error *err) {
    err_set(err, ERR_VALUE, "the items of `%s` have neither titles nor columns of names that several share, such as genres, to compare",
            dataset_name(request->data));
    err_hint(err, "item_knn compares items by who rated them");
    return err_about(err, "train");
}

static enum status learn(const struct fit_request *request, struct model *model, struct content *content, struct error *err) {
    TRY(content_of(request->task, model->catalog, fit_float(request, model, "title_share"), &content->items, err));
    if (sparse_rows_n(&content->items) == 0) return no_content(request, err);
    TRY(sparse_rows_fitted(request->task, model, &content->by_user, err));
    return content->rates ? biases_fit(request->task, request->data, BIAS_REG_USER, BIAS_REG_ITEM, &content->base, err) : OK;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    if (!content_is_there(model->catalog)) return no_content(request, err);
    struct content *content = content_new(model);
    const enum status status = learn(request, model, content, err);
    if (status == OK) set_state(model, content, 0);
    else content_unref(content);
    return status;
}

/* --- profiles --- */

static struct asker asks(const struct model *model, int32_t user) {
    const struct content_state *state = model->state;
    return asker_of(model, &state->content->by_user, &state->content->base, state->folded_bias, user);
}

/* What the user's e-th row weighs in his profile. */
static double weight_of(const struct content *content, const struct asker *asker, int64_t e) {
    return content->rates ? (double)asker->values[e] - biases_at(&content->base, asker->bias, asker->items[e]) : 1;
}

/* n_terms of each; length: of likes (implicit data). */
struct profile {
    double *likes, *all, length;
};

static void add_item(const struct content *content, int32_t item, double weight, double *likes, double *all) {
    const struct sparse_rows *items = &content->items;
    for (int64_t e = items->starts[item]; e < items->starts[item + 1]; e++) {
        likes[items->columns[e]] += weight * (double)items->values[e];
        all[items->columns[e]] += (double)items->values[e];
    }
}

static void profile_of(const struct content *content, const struct asker *asker, struct profile *profile) {
    double squares = 0;
    memset(profile->likes, 0, (size_t)content->items.n_columns * sizeof *profile->likes);
    memset(profile->all, 0, (size_t)content->items.n_columns * sizeof *profile->all);
    for (int64_t e = 0; e < asker->n; e++) add_item(content, asker->items[e], weight_of(content, asker, e), profile->likes, profile->all);
    for (int64_t t = 0; t < content->items.n_columns; t++) squares += profile->likes[t] * profile->likes[t];
    profile->length = squares > 0 ? sqrt(squares) : 1;
}

/* Where the user has the item, or -1. */
static int64_t find_row(const struct asker *asker, int32_t item) {
    int64_t first = 0, end = asker->n;
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (asker->items[middle] < item) first = middle + 1;
        else end = middle;
    }
    return first < asker->n && asker->items[first] == item ? first : -1;
}

/* Σ_j w_j s_ij and Σ_j s_ij over the user's items but i itself. */
static void ask_profile(const struct content *content, const struct asker *asker, const struct profile *profile, int32_t item, double *out_likes,
                        double *out_all) {
    const struct sparse_rows *items = &content->items;
    const int64_t own = find_row(asker, item);
    double likes = 0, all = 0, itself = 0;
    for (int64_t e = items->starts[item]; e < items->starts[item + 1]; e++) {
        const double x = (double)items->values[e];
        likes += x * profile->likes[items->columns[e]];
        all += x * profile->all[items->columns[e]];
        itself += x * x;
    }
    *out_likes = own >= 0 ? likes - itself * weight_of(content, asker, own) : likes;
    *out_all = own >= 0 ? all - itself : all;
}

/* What the sum of likes is divided by. */
static double divisor(const struct content *content, const struct profile *profile, double all) {
    if (!content->rates) return profile->length;
    return all + content->shrinkage > 0 ? all + content->shrinkage : 1;
}

static float score_of(const struct content *content, const struct asker *asker, const struct profile *profile, int32_t item) {
    double likes = 0, all = 0;
    if (item >= 0) ask_profile(content, asker, profile, item, &likes, &all);
    const double says = likes / divisor(content, profile, all);
    return (float)(content->rates ? biases_at(&content->base, asker->bias, item) + says : says);
}

/* --- many scores --- */

enum { PAIRS_EACH = 1024 };

struct scoring {
    const struct model *model;
    const int32_t *users, *items; /* items NULL: all of each user */
    const int64_t *order;         /* of pairs: a user's stand together */
    int64_t n;
    float *out;
    struct profile *profiles; /* a thread */
};

static void score_user(void *ctx, int64_t u, int thread) {
    const struct scoring *scoring = ctx;
    const struct content *content = content_in(scoring->model);
    const struct asker asker = asks(scoring->model, scoring->users[u]);
    profile_of(content, &asker, &scoring->profiles[thread]);
    for (int64_t i = 0; i < content->items.n; i++)
        scoring->out[u * content->items.n + i] = score_of(content, &asker, &scoring->profiles[thread], (int32_t)i);
}

static void score_some_pairs(void *ctx, int64_t block, int thread) {
    const struct scoring *scoring = ctx;
    const struct content *content = content_in(scoring->model);
    const int64_t end = (block + 1) * PAIRS_EACH < scoring->n ? (block + 1) * PAIRS_EACH : scoring->n;
    for (int64_t i = block * PAIRS_EACH; i < end;) {
        const int32_t user = scoring->users[scoring->order[i]];
        const struct asker asker = asks(scoring->model, user);
        profile_of(content, &asker, &scoring->profiles[thread]);
        for (int64_t pair; i < end && scoring->users[pair = scoring->order[i]] == user; i++)
            scoring->out[pair] = score_of(content, &asker, &scoring->profiles[thread], scoring->items[pair]);
    }
}

static enum status profile_init(const struct content *content, struct profile *profile, struct error *err) {
    TRY(mem_try_array((size_t)content->items.n_columns + 1, "profiles", &profile->likes, err));
    return mem_try_array((size_t)content->items.n_columns + 1, "profiles", &profile->all, err);
}

static void profile_release(struct profile *profile) {
    mem_free(profile->likes);
    mem_free(profile->all);
}

static enum status run(struct task *task, struct scoring *scoring, pool_fn fn, int64_t n_blocks, struct error *err) {
    const int n_threads = pool_threads();
    enum status status = OK;
    scoring->profiles = xnew_array(struct profile, (size_t)n_threads);
    for (int t = 0; t < n_threads && status == OK; t++) status = profile_init(content_in(scoring->model), &scoring->profiles[t], err);
    if (status == OK) status = pool_run(task, n_blocks, fn, scoring, err);
    for (int t = 0; t < n_threads; t++) profile_release(&scoring->profiles[t]);
    free(scoring->profiles);
    return status;
}

static enum status score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    struct scoring scoring = {.model = model, .users = users, .n = n_users, .out = out};
    return run(task, &scoring, score_user, n_users, err);
}

static int by_user(const void *ctx, int64_t a, int64_t b) {
    const int32_t *users = ((const struct scoring *)ctx)->users;
    return (users[a] > users[b]) - (users[a] < users[b]);
}

static enum status score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    int64_t *order;
    TRY(mem_try_array((size_t)n + 1, "the order of pairs", &order, err));
    struct scoring scoring = {.model = model, .users = users, .items = items, .order = order, .n = n, .out = out};
    for (int64_t i = 0; i < n; i++) order[i] = i;
    enum status status = sort_positions(task, order, n, by_user, &scoring, err);
    if (status == OK) status = run(task, &scoring, score_some_pairs, (n + PAIRS_EACH - 1) / PAIRS_EACH, err);
    mem_free(order);
    return status;
}

/* --- use --- */

static double product(const struct sparse_rows *items, int32_t a, int32_t b) {
    double sum = 0;
    for (int64_t x = items->starts[a], y = items->starts[b]; x < items->starts[a + 1] && y < items->starts[b + 1];) {
        if (items->columns[x] == items->columns[y]) sum += (double)items->values[x++] * (double)items->values[y++];
        else if (items->columns[x] < items->columns[y]) x++;
        else y++;
    }
    return sum;
}

static enum status similar(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) {
    const struct sparse_rows *items = &content_in(model)->items;
    for (int64_t i = 0; i < items->n; i++) {
        if (i % PAIRS_EACH == 0) TRY(task_check(task, err));
        out[i] = (float)product(items, item, (int32_t)i);
    }
    return OK;
}

static void share_out(const struct content *content, const struct asker *asker, double by, int32_t item, const int32_t *rated, int64_t n,
                      float *out_weights) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = find_row(asker, rated[i]);
        const bool speaks = row >= 0 && rated[i] != item && (i == 0 || rated[i - 1] != rated[i]);
        out_weights[i] = speaks ? (float)(weight_of(content, asker, row) * product(&content->items, item, rated[i]) / by) : 0;
    }
}

static enum status explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err) {
    const struct content *content = content_in(model);
    const struct asker asker = asks(model, user);
    struct profile profile = {0};
    double likes, all;
    (void)ratings;
    const enum status status = profile_init(content, &profile, err);
    if (status == OK) {
        profile_of(content, &asker, &profile);
        ask_profile(content, &asker, &profile, item, &likes, &all);
        share_out(content, &asker, divisor(content, &profile, all), item, rated, n, out_weights);
    }
    profile_release(&profile);
    return status;
}

static enum status fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    struct content *content = ((const struct content_state *)model->state)->content;
    (void)err;
    __atomic_add_fetch(&content->count, 1, __ATOMIC_RELAXED);
    set_state(out, content, content->rates ? biases_new_user(&content->base, BIAS_REG_USER, items, ratings, n) : 0);
    return OK;
}

static enum status learn_again(const struct model *out, const struct content *from, int32_t item, double bias, struct content *content,
                               struct error *err) {
    const double title_share = model_param(out, "title_share").f;
    TRY(content_of(task_current(), out->catalog, title_share, &content->items, err));
    TRY(sparse_rows_fitted(task_current(), out, &content->by_user, err));
    return content->rates ? biases_with_item(&from->base, item, bias, &content->base, err) : OK;
}

/* What the catalogue says is weighed anew, with the item in it. */
static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    const struct content_state *from = model->state;
    const double bias = from->content->rates ? biases_new_item(&from->content->base, BIAS_REG_ITEM, users, ratings, n) : 0;
    struct content *content = content_new(out);
    const enum status status = learn_again(out, from->content, item, bias, content, err);
    if (status == OK) set_state(out, content, from->folded_bias);
    else content_unref(content);
    return status;
}

/* --- files --- */

static enum status save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct content_state *state = model->state;
    const int64_t n_terms = state->content->items.n_columns;
    if (state->content->rates) TRY(biases_save(&state->content->base, state->folded_bias, writer, err));
    TRY(store_put(writer, "state/terms", STORE_I64, &n_terms, 1, err));
    return sparse_rows_save(&state->content->items, writer, "state/items", err);
}

static enum status load_content(struct model *model, struct store_reader *reader, struct content *content, double *out_folded_bias,
                                struct error *err) {
    const void *n_terms;
    int64_t n;
    TRY(store_get(reader, "state/terms", STORE_I64, 1, &n_terms, &n, err));
    if (*(const int64_t *)n_terms < 0 || *(const int64_t *)n_terms > INT32_MAX)
        return err_set(err, ERR_DATA, "the file is damaged: state/terms is no count");
    TRY(sparse_rows_load(reader, "state/items", model->catalog->n_items, *(const int64_t *)n_terms, &content->items, err));
    TRY(sparse_rows_fitted(task_current(), model, &content->by_user, err));
    return content->rates ? biases_load(reader, model->catalog->n_users, model->catalog->n_items, &content->base, out_folded_bias, err) : OK;
}

static enum status load(struct model *model, struct store_reader *reader, struct error *err) {
    struct content *content = content_new(model);
    double folded_bias = 0;
    const enum status status = load_content(model, reader, content, &folded_bias, err);
    if (status == OK) set_state(model, content, folded_bias);
    else content_unref(content);
    return status;
}

static int64_t size(const struct model *model) {
    const struct content *content = content_in(model);
    return sparse_rows_n(&content->items) + (content->rates ? content->base.n_users + content->base.n_items + 1 : 0);
}

static int64_t bytes(const struct model *model) {
    const struct content *content = content_in(model);
    return sparse_rows_bytes(&content->items) + sparse_rows_bytes(&content->by_user) + biases_bytes(&content->base);
}

static const struct param_row params[] = {
    {.name = "title_share",
     .type = PARAM_FLOAT,
     .otherwise.f = 0.75,
     .min = 0,
     .max = 1,
     .doc = "how much of two items' similarity is that of their titles' words; the rest is that of their genres"},
    {.name = "shrinkage",
     .type = PARAM_FLOAT,
     .otherwise.f = 1,
     .min = 0,
     .max = 1e9,
     .doc = "ratings: pulls towards the baseline, as a rating at the baseline of an item of that similarity would"},
    {0},
};

const struct model_class class_content_knn = {
    .name = "content_knn",
    .summary = "Items like those that the user has by titles and genres: works for items nobody has rated.",
    .doc =
        "Items are compared by what the catalogue says of them: title_share · cosine of the titles' words + (1 - title_share) · cosine of genres and "
        "other columns of names, each by TF-IDF (Salton & Buckley 1988; Lops, de Gemmis & Semeraro 2011); texts that one item alone has, such as ids "
        "and addresses, are left out. Ratings: r_ui = mean + b_u + b_i + Σ_j "
        "s_ij "
        "(r_uj - b_uj) / (Σ_j s_ij + shrinkage) over the user's rated items. Implicit data: the cosine of the item with the user's profile, the sum "
        "of his items. An item without any training row is scored like all others.",
    .example = "similar(content_knn(synth()), 1, k=5)",
    .other_names = "AttributeItemKNN, VSM (Elliot), TF-IDF (Microsoft Recommenders)",
    .params = params,
    .predicts_ratings = true,
    .devices = "cpu",
    .fit = fit,
    .free_state = free_state,
    .score_block = score_block,
    .score_pairs = score_pairs,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .explain = explain,
    .similar = similar,
    .save = save,
    .load = load,
    .files_since = 2,
    .size = size,
    .bytes = bytes,
};
