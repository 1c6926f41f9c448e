/* Scores from neighbours: who of them can say something, and what. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/knn.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/hot_functions.h"

enum { PAIRS_EACH = 1024, ITEMS_EACH = 512 }; /* of a block of work */

/* --- who asks --- */

static const struct knn_state *state_of(const struct model *model) { return model->state; }

static struct asker asks(const struct model *model, int32_t user) {
    const struct knn_state *state = state_of(model);
    return asker_of(model, &state->knn->by_user, &state->knn->base, state->folded_bias, user);
}

/* A user's neighbours (user_knn). */
static struct seen_row list_of(const struct model *model, int32_t user) {
    const struct knn_state *state = state_of(model);
    const struct sparse_rows *rows = user == FOLDED_USER ? &state->folded : &state->knn->lists;
    if (user == FOLDED_USER) user = 0;
    if (user < 0 || !rows->starts) return (struct seen_row){0};
    return (struct seen_row){rows->columns + rows->starts[user], rows->values + rows->starts[user], sparse_rows_length(rows, user)};
}

/* --- what is said --- */

/* Of one thread. laid_out: what the asker brings, by position: user_knn the similarities of users (0 = no neighbour), item_knn the deviations of
 * the items that he has (implicit: 0; NAN = he hasn't). */
struct voices {
    float *laid_out;
    int32_t *who;
    float *similar, *says;
    int64_t n;
    uint64_t *keys;
};

static float nothing(const struct knn *knn) { return knn->of_users ? 0 : NAN; }

static void lay_out(const struct model *model, struct voices *voices, int32_t user, const struct asker *asker) {
    const struct knn *knn = state_of(model)->knn;
    if (knn->of_users) {
        const struct seen_row list = list_of(model, user);
        for (int64_t e = 0; e < list.n; e++) voices->laid_out[list.items[e]] = list.ratings[e];
        return;
    }
    for (int64_t e = 0; e < asker->n; e++)
        voices->laid_out[asker->items[e]] = knn->rates ? (float)((double)asker->values[e] - biases_at(&knn->base, asker->bias, asker->items[e])) : 0;
}

static void take_back(const struct model *model, struct voices *voices, int32_t user, const struct asker *asker) {
    const struct knn *knn = state_of(model)->knn;
    const struct seen_row list = knn->of_users ? list_of(model, user) : (struct seen_row){asker->items, asker->values, asker->n};
    for (int64_t e = 0; e < list.n; e++) voices->laid_out[list.items[e]] = nothing(knn);
}

static void add_voice(struct voices *voices, int32_t who, float similar, float says) {
    voices->who[voices->n] = who;
    voices->similar[voices->n] = similar;
    voices->says[voices->n++] = says;
}

/* All neighbours that can say something of the item, by position. */
static void hear(const struct knn *knn, struct voices *voices, int32_t item) {
    const struct sparse_rows *rows = knn->of_users ? &knn->by_item : &knn->lists;
    voices->n = 0;
    if (item < 0) return;
    for (int64_t e = rows->starts[item]; e < rows->starts[item + 1]; e++) {
        const int32_t other = rows->columns[e];
        const float brought = voices->laid_out[other];
        if (!knn->of_users && !isnan(brought)) add_voice(voices, other, rows->values[e], brought);
        if (knn->of_users && brought > 0)
            add_voice(voices, other, brought,
                      knn->rates ? (float)((double)rows->values[e] - biases_at(&knn->base, knn->base.users[other], item)) : 0);
    }
}

/* Leaves the k nearest, the nearest first. */
static void keep_nearest(struct voices *voices, int64_t k) {
    if (voices->n <= k) return;
    const int64_t n = HOT_PICK(best_of)(voices->similar, voices->n, k, voices->keys);
    for (int64_t i = 0; i < n; i++) voices->keys[i] = (uint64_t)(uint32_t)best_col(voices->keys[i]);
    HOT_PICK(best_sort)(voices->keys, n);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t at = voices->keys[i]; /* at least i: nothing is overwritten that is still wanted */
        voices->who[i] = voices->who[at];
        voices->similar[i] = voices->similar[at];
        voices->says[i] = voices->says[at];
    }
    voices->n = n;
}

static double weight_of(const struct voices *voices) {
    double weight = 0;
    for (int64_t i = 0; i < voices->n; i++) weight += (double)voices->similar[i];
    return weight;
}

static float score_of(const struct knn *knn, struct voices *voices, double user_bias, int32_t item) {
    hear(knn, voices, item);
    if (!knn->rates) {
        float sum = 0; /* in float32 and by position, as add_up does */
        for (int64_t i = 0; i < voices->n; i++) sum += voices->similar[i];
        return sum;
    }
    const double base = biases_at(&knn->base, user_bias, item);
    keep_nearest(voices, knn->neighbors);
    if (voices->n == 0) return (float)base;
    double sum = 0;
    for (int64_t i = 0; i < voices->n; i++) sum += (double)voices->similar[i] * (double)voices->says[i];
    return (float)(base + sum / weight_of(voices));
}

/* --- room --- */

static int64_t longest(const struct sparse_rows *rows) {
    int64_t most = 0;
    for (int64_t r = 0; r < rows->n; r++)
        if (sparse_rows_length(rows, r) > most) most = sparse_rows_length(rows, r);
    return most;
}

static void voices_release(struct voices *voices) {
    mem_free(voices->laid_out);
    mem_free(voices->who);
    mem_free(voices->similar);
    mem_free(voices->says);
    mem_free(voices->keys);
}

static enum status voices_init(const struct knn *knn, int64_t most, struct voices *voices, struct error *err) {
    const int64_t n = knn->of_users ? knn->by_user.n : knn->by_item.n;
    const char *what = "what neighbours say";
    TRY(mem_try_array((size_t)n + 1, what, &voices->laid_out, err));
    TRY(mem_try_array((size_t)most + 1, what, &voices->who, err));
    TRY(mem_try_array((size_t)most + 1, what, &voices->similar, err));
    TRY(mem_try_array((size_t)most + 1, what, &voices->says, err));
    if (most > knn->neighbors) TRY(mem_try_array((size_t)best_room(knn->neighbors), what, &voices->keys, err));
    for (int64_t i = 0; i < n; i++) voices->laid_out[i] = nothing(knn);
    return OK;
}

/* --- many scores --- */

struct scoring {
    const struct model *model;
    const struct knn *knn;
    const int32_t *users, *items;
    int64_t n, n_parts; /* pairs; parts: blocks of items of a user */
    float *out;
    struct voices *voices; /* a thread */
};

static void score_some_pairs(void *ctx, int64_t block, int thread) {
    const struct scoring *scoring = ctx;
    struct voices *voices = &scoring->voices[thread];
    const int64_t end = (block + 1) * PAIRS_EACH < scoring->n ? (block + 1) * PAIRS_EACH : scoring->n;
    for (int64_t i = block * PAIRS_EACH; i < end;) {
        const int32_t user = scoring->users[i];
        const struct asker asker = asks(scoring->model, user);
        lay_out(scoring->model, voices, user, &asker);
        for (; i < end && scoring->users[i] == user; i++) scoring->out[i] = score_of(scoring->knn, voices, asker.bias, scoring->items[i]);
        take_back(scoring->model, voices, user, &asker);
    }
}

static void score_part(void *ctx, int64_t block, int thread) {
    const struct scoring *scoring = ctx;
    struct voices *voices = &scoring->voices[thread];
    const int64_t u = block / scoring->n_parts, part = block % scoring->n_parts, n_items = scoring->knn->by_item.n;
    const int64_t end = (part + 1) * ITEMS_EACH < n_items ? (part + 1) * ITEMS_EACH : n_items;
    const struct asker asker = asks(scoring->model, scoring->users[u]);
    lay_out(scoring->model, voices, scoring->users[u], &asker);
    for (int64_t item = part * ITEMS_EACH; item < end; item++)
        scoring->out[u * n_items + item] = score_of(scoring->knn, voices, asker.bias, (int32_t)item);
    take_back(scoring->model, voices, scoring->users[u], &asker);
}

/* Implicit data: each of the lists that speak adds to the items it names. The same sums in the same order as score_of's. */
static void add_up(void *ctx, int64_t u, int thread) {
    const struct scoring *scoring = ctx;
    const struct knn *knn = scoring->knn;
    const struct asker asker = asks(scoring->model, scoring->users[u]);
    const struct seen_row list = knn->of_users ? list_of(scoring->model, scoring->users[u]) : (struct seen_row){asker.items, NULL, asker.n};
    const struct sparse_rows *rows = knn->of_users ? &knn->by_user : &knn->listed_by;
    float *out = scoring->out + u * knn->by_item.n;
    (void)thread;
    memset(out, 0, (size_t)knn->by_item.n * sizeof *out);
    for (int64_t l = 0; l < list.n; l++)
        for (int64_t e = rows->starts[list.items[l]]; e < rows->starts[list.items[l] + 1]; e++)
            out[rows->columns[e]] += knn->of_users ? list.ratings[l] : rows->values[e];
}

static enum status run_voices(struct task *task, struct scoring *scoring, pool_fn fn, int64_t n_blocks, struct error *err) {
    const int64_t most = longest(scoring->knn->of_users ? &scoring->knn->by_item : &scoring->knn->lists);
    const int n_threads = pool_threads();
    enum status status = OK;
    scoring->voices = xnew_array(struct voices, (size_t)n_threads);
    for (int t = 0; t < n_threads && status == OK; t++) status = voices_init(scoring->knn, most, &scoring->voices[t], err);
    if (status == OK) status = pool_run(task, n_blocks, fn, scoring, err);
    for (int t = 0; t < n_threads; t++) voices_release(&scoring->voices[t]);
    free(scoring->voices);
    return status;
}

enum status knn_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                            struct error *err) {
    struct scoring scoring = {.model = model, .knn = state_of(model)->knn, .users = users, .items = items, .n = n, .out = out};
    return run_voices(task, &scoring, score_some_pairs, (n + PAIRS_EACH - 1) / PAIRS_EACH, err);
}

enum status knn_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    struct scoring scoring = {.model = model, .knn = state_of(model)->knn, .users = users, .out = out};
    if (!scoring.knn->rates) return pool_run(task, n_users, add_up, &scoring, err);
    scoring.n_parts = (scoring.knn->by_item.n + ITEMS_EACH - 1) / ITEMS_EACH;
    return run_voices(task, &scoring, score_part, n_users * scoring.n_parts, err);
}

/* --- explaining --- */

static enum status put_voices(const struct knn *knn, const struct voices *voices, struct knn_voice **out, int64_t *out_n, struct error *err) {
    const double weight = weight_of(voices);
    TRY(mem_try_array((size_t)voices->n + 1, "what neighbours say", out, err));
    for (int64_t i = 0; i < voices->n; i++) {
        const double adds = knn->rates ? (double)voices->similar[i] * (double)voices->says[i] / weight : (double)voices->similar[i];
        (*out)[i] = (struct knn_voice){voices->who[i], (float)adds};
    }
    *out_n = voices->n;
    return OK;
}

enum status knn_voices(const struct model *model, int32_t user, int32_t item, struct knn_voice **out, int64_t *out_n, struct error *err) {
    const struct knn *knn = state_of(model)->knn;
    const struct asker asker = asks(model, user);
    struct voices voices = {0};
    enum status status = voices_init(knn, longest(knn->of_users ? &knn->by_item : &knn->lists), &voices, err);
    if (status == OK) {
        lay_out(model, &voices, user, &asker);
        hear(knn, &voices, item);
        if (knn->rates) keep_nearest(&voices, knn->neighbors);
        status = put_voices(knn, &voices, out, out_n, err);
    }
    voices_release(&voices);
    return status;
}
