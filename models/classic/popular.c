#include <stdlib.h>

#include "models/fit.h"
#include "runtime/base/mem.h"

/* Rows of each item: the whole state. */
struct popular_state {
    float *counts;
};

static void free_state(void *data) {
    struct popular_state *state = data;
    mem_free(state->counts);
    free(state);
}

static enum status new_state(int64_t n_items, struct popular_state **out, struct error *err) {
    float *counts;
    TRY(mem_try_array((size_t)n_items, "counts", &counts, err));
    *out = xnew(struct popular_state);
    (*out)->counts = counts;
    return OK;
}

static enum status count_rows(struct task *task, const struct events_view *rows, int64_t n, int64_t *counts, struct error *err) {
    for (int64_t i = 0; i < n; i++) {
        if (i % TASK_TURNS == 0) TRY(task_check(task, err));
        counts[rows->items[i]]++;
    }
    return OK;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    struct events_view rows;
    struct popular_state *state;
    TRY(dataset_columns(request->data, &rows, err));
    TRY(new_state(dataset_n_items(request->data), &state, err));
    model->state = state;
    int64_t *counts;
    TRY(mem_try_array((size_t)dataset_n_items(request->data) + 1, "rows of items", &counts, err));
    const enum status status = count_rows(request->task, &rows, dataset_n(request->data), counts, err);
    for (int64_t i = 0; i < dataset_n_items(request->data); i++) state->counts[i] = (float)counts[i];
    mem_free(counts);
    return status;
}

static float count_of(const struct model *model, int32_t item) { return item >= 0 ? ((const struct popular_state *)model->state)->counts[item] : 0; }

static enum status score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    const int64_t n_items = model->catalog->n_items;
    (void)users;
    for (int64_t u = 0; u < n_users; u++)
        for (int32_t i = 0; i < n_items; i++) out[u * n_items + i] = count_of(model, i);
    return task_check(task, err);
}

static enum status score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    (void)users;
    for (int64_t i = 0; i < n; i++) out[i] = count_of(model, items[i]);
    return task_check(task, err);
}

/* counts: of the first n_items of out's items. */
static enum status copy_into(struct model *out, const float *counts, int64_t n_items, struct error *err) {
    struct popular_state *state;
    TRY(new_state(out->catalog->n_items, &state, err));
    for (int64_t i = 0; i < n_items; i++) state->counts[i] = counts[i];
    out->state = state;
    return OK;
}

/* A new user changes nothing but what is filtered out as seen. */
static enum status fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    (void)items, (void)ratings, (void)n;
    return copy_into(out, ((const struct popular_state *)model->state)->counts, model->catalog->n_items, err);
}

static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    (void)users, (void)ratings;
    TRY(copy_into(out, ((const struct popular_state *)model->state)->counts, model->catalog->n_items, err));
    ((struct popular_state *)out->state)->counts[item] = (float)n;
    return OK;
}

static enum status save(const struct model *model, struct store_writer *writer, struct error *err) {
    return store_put(writer, "state/counts", STORE_F32, ((const struct popular_state *)model->state)->counts, model->catalog->n_items, err);
}

static enum status load(struct model *model, struct store_reader *reader, struct error *err) {
    const void *counts;
    int64_t n;
    TRY(store_get(reader, "state/counts", STORE_F32, model->catalog->n_items, &counts, &n, err));
    return copy_into(model, counts, n, err);
}

static int64_t size(const struct model *model) { return model->catalog->n_items; }
static int64_t bytes(const struct model *model) { return model->catalog->n_items * (int64_t)sizeof(float); }
static const struct param_row params[] = {{0}};

const struct model_class class_popular = {
    .name = "popular",
    .summary = "The items with the most rows, the same for everybody.",
    .doc = "The score of an item is the number of its rows in what the model was fitted on; a user's own seen items are left out of the list. Every "
           "recommender has to beat it, and on short lists it is harder to beat than one thinks (Cremonesi et al. 2010). It ranks; it predicts no "
           "ratings.",
    .example = "recommend(popular(synth()), user=1, k=5)",
    .other_names = "TopPop (Elliot), Pop (RecBole), MostPop (Cornac), PopScore (LensKit), PopularModel (RecTools)",
    .params = params,
    .devices = "cpu",
    .fit = fit,
    .free_state = free_state,
    .score_block = score_block,
    .score_pairs = score_pairs,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .save = save,
    .load = load,
    .size = size,
    .bytes = bytes,
};
