/* EASE: a linear item-item model in closed form. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/base/thread.h"
#include "runtime/device/spd.h"

/* B = -P diag(P)⁻¹ off the diagonal, P = (XᵀX + reg I)⁻¹. P is symmetric, so its rows serve users' blocks and single pairs alike:
 * score(u, j) = scale_j Σ_i w_ui P_ij, where scale_j = -1 / P_jj and P_ii counts as 0. */
struct ease {
    struct mat *inverse; /* (n_items, n_items): P with zeros on the diagonal; shared with folded-in copies */
    float *scale;        /* n_items */
    struct rows {
        int64_t n; /* users, and one more with a folded-in one */
        int64_t *starts;
        int32_t *items; /* ascending within a user, no repeats */
        float *weights;
    } rows;
};

static void rows_release(struct rows *rows) {
    mem_free(rows->starts);
    mem_free(rows->items);
    mem_free(rows->weights);
}

static void free_state(void *data) {
    struct ease *ease = data;
    if (!ease) return;
    mat_unref(ease->inverse);
    mem_free(ease->scale);
    rows_release(&ease->rows);
    free(ease);
}

static enum status rows_new(int64_t n_users, int64_t n, struct rows *out, struct error *err) {
    out->n = n_users;
    TRY(mem_try_array((size_t)n_users + 1, "rows of users", &out->starts, err));
    TRY(mem_try_array((size_t)n + 1, "rows of users", &out->items, err));
    return mem_try_array((size_t)n + 1, "rows of users", &out->weights, err);
}

/* --- what a user's events weigh when he is scored --- */

#define RECENCY_FLOOR 0.05

static int by_user_and_time(const void *ctx, int64_t a, int64_t b) {
    const struct events_view *view = ctx;
    if (view->users[a] != view->users[b]) return view->users[a] < view->users[b] ? -1 : 1;
    if (!view->times || view->times[a] == view->times[b]) return 0; /* the later row of the file is later */
    return view->times[a] < view->times[b] ? -1 : 1;
}

struct event_at {
    int32_t item;
    int64_t rank; /* in the user's time, 0 = his first */
};

static int by_item_and_rank(const void *a, const void *b) {
    const struct event_at *left = a, *right = b;
    if (left->item != right->item) return left->item < right->item ? -1 : 1;
    return (left->rank > right->rank) - (left->rank < right->rank);
}

/* One user's n rows, at order[0 …] in time. Each item counts once, by its newest event. Returns how many items. */
static int64_t add_user(const struct events_view *view, const int64_t *order, int64_t n, double recency, struct rows *rows, int64_t first) {
    struct event_at *events = xnew_array(struct event_at, (size_t)n + 1);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) events[i] = (struct event_at){view->items[order[i]], i};
    qsort(events, (size_t)n, sizeof *events, by_item_and_rank);
    for (int64_t i = 0; i < n; i++) {
        if (i + 1 < n && events[i + 1].item == events[i].item) continue;
        const double age = (double)(n - 1 - events[i].rank);
        rows->items[first + kept] = events[i].item;
        rows->weights[first + kept++] = recency > 0 ? (float)(RECENCY_FLOOR + (1 - RECENCY_FLOOR) * exp(-age / recency)) : 1;
    }
    free(events);
    return kept;
}

static enum status fill_rows(struct task *task, const struct events_view *view, int64_t n, int64_t *order, double recency, struct rows *out,
                             struct error *err) {
    for (int64_t i = 0; i < n; i++) order[i] = i;
    TRY(sort_positions(task, order, n, by_user_and_time, view, err));
    for (int64_t user = 0, at = 0; user < out->n; user++) {
        const int64_t first = at;
        while (at < n && view->users[order[at]] == user) at++;
        out->starts[user + 1] = out->starts[user] + add_user(view, order + first, at - first, recency, out, out->starts[user]);
        TRY(task_check(task, err));
    }
    return OK;
}

static enum status make_rows(const struct fit_request *request, double recency, struct rows *out, struct error *err) {
    const int64_t n = dataset_n(request->data);
    struct events_view view;
    int64_t *order;
    TRY(dataset_columns(request->data, &view, err));
    TRY(rows_new(dataset_n_users(request->data), n, out, err));
    TRY(mem_try_array((size_t)n + 1, "rows in order", &order, err));
    const enum status status = fill_rows(request->task, &view, n, order, recency, out, err);
    mem_free(order);
    return status;
}

/* --- fitting --- */

struct counting {
    const struct rows *users;
    const int64_t *starts; /* by item */
    const int32_t *columns;
    int64_t n_items;
    float *gram;
};

/* Row i of XᵀX: for each of the item's users, one more at each of the user's items. */
static void gram_row(void *ctx, int64_t item, int thread) {
    const struct counting *counting = ctx;
    float *row = counting->gram + item * counting->n_items;
    (void)thread;
    for (int64_t e = counting->starts[item]; e < counting->starts[item + 1]; e++) {
        const int32_t user = counting->columns[e];
        if (e > counting->starts[item] && counting->columns[e - 1] == user) continue;
        for (int64_t i = counting->users->starts[user]; i < counting->users->starts[user + 1]; i++) row[counting->users->items[i]] += 1;
    }
}

static enum status gram(const struct fit_request *request, const struct rows *rows, struct mat **out, struct error *err) {
    const struct csr *by_item;
    const int64_t n_items = dataset_n_items(request->data);
    TRY(dataset_by_item(request->data, device_cpu(), &by_item, err));
    TRY(mat_new(device_cpu(), n_items, n_items, out, err));
    struct counting counting = {rows, csr_starts(by_item), csr_columns(by_item), n_items, mat_data(*out)};
    return pool_run(request->task, n_items, gram_row, &counting, err);
}

static enum status solve(const struct fit_request *request, double reg, struct ease *ease, struct error *err) {
    const int64_t n = dataset_n_items(request->data);
    TRY(gram(request, &ease->rows, &ease->inverse, err));
    TRY(mem_try_array((size_t)n, "scales of items", &ease->scale, err));
    float *values = mat_data(ease->inverse);
    for (int64_t i = 0; i < n; i++) values[i * n + i] += (float)reg;
    TRY(spd_invert(request->task, values, n, err));
    for (int64_t i = 0; i < n; i++) {
        ease->scale[i] = -1 / values[i * n + i];
        values[i * n + i] = 0;
    }
    return OK;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    struct ease *ease = xnew(struct ease);
    enum status status = make_rows(request, fit_float(request, model, "recency"), &ease->rows, err);
    if (status == OK) status = solve(request, fit_float(request, model, "reg"), ease, err);
    if (status == OK) model->state = ease;
    else free_state(ease);
    return status;
}

/* --- scoring --- */

static int64_t row_of(const struct model *model, const struct ease *ease, int32_t user) {
    if (user == FOLDED_USER) return ease->rows.n > model->catalog->n_users ? ease->rows.n - 1 : -1;
    return user;
}

static int64_t length_of(const struct ease *ease, int64_t row) { return row < 0 ? 0 : ease->rows.starts[row + 1] - ease->rows.starts[row]; }

/* The users' rows as a sparse matrix. */
static enum status block_of(const struct model *model, const int32_t *users, int64_t n_users, struct csr **out, struct error *err) {
    const struct ease *ease = model->state;
    struct rows block = {0};
    int64_t n = 0;
    for (int64_t u = 0; u < n_users; u++) n += length_of(ease, row_of(model, ease, users[u]));
    enum status status = rows_new(n_users, n, &block, err);
    for (int64_t u = 0; status == OK && u < n_users; u++) {
        const int64_t row = row_of(model, ease, users[u]), length = length_of(ease, row), to = block.starts[u];
        block.starts[u + 1] = to + length;
        if (length == 0) continue;
        memcpy(block.items + to, ease->rows.items + ease->rows.starts[row], (size_t)length * sizeof *block.items);
        memcpy(block.weights + to, ease->rows.weights + ease->rows.starts[row], (size_t)length * sizeof *block.weights);
    }
    if (status == OK) status = csr_from(device_cpu(), n_users, model->catalog->n_items, block.starts, block.items, block.weights, out, err);
    rows_release(&block);
    return status;
}

static enum status score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    const struct ease *ease = model->state;
    const int64_t n_items = model->catalog->n_items;
    struct csr *block;
    struct mat *sums;
    TRY(block_of(model, users, n_users, &block, err));
    const enum status status = csr_multiply(task, block, false, ease->inverse, &sums, err);
    csr_unref(block);
    if (status != OK) return status;
    for (int64_t u = 0; u < n_users; u++)
        for (int64_t j = 0; j < n_items; j++) out[u * n_items + j] = mat_values(sums)[u * n_items + j] * ease->scale[j];
    mat_unref(sums);
    return OK;
}

struct pairs {
    const struct model *model;
    const int32_t *users, *items;
    int64_t n;
    float *out;
};

enum { PAIRS_EACH = 1024 };

static float score_pair(const struct model *model, int32_t user, int32_t item) {
    const struct ease *ease = model->state;
    const int64_t row = row_of(model, ease, user), n_items = model->catalog->n_items;
    if (row < 0 || item < 0) return 0;
    const float *similar = mat_values(ease->inverse) + item * n_items;
    double sum = 0;
    for (int64_t i = ease->rows.starts[row]; i < ease->rows.starts[row + 1]; i++)
        sum += (double)ease->rows.weights[i] * (double)similar[ease->rows.items[i]];
    return (float)(sum * (double)ease->scale[item]);
}

static void score_some(void *ctx, int64_t block, int thread) {
    const struct pairs *pairs = ctx;
    (void)thread;
    for (int64_t i = block * PAIRS_EACH; i < pairs->n && i < (block + 1) * PAIRS_EACH; i++)
        pairs->out[i] = score_pair(pairs->model, pairs->users[i], pairs->items[i]);
}

static enum status score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    struct pairs pairs = {model, users, items, n, out};
    return pool_run(task, (n + PAIRS_EACH - 1) / PAIRS_EACH, score_some, &pairs, err);
}

/* --- use --- */

static enum status similar(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) {
    const struct ease *ease = model->state;
    const int64_t n_items = model->catalog->n_items;
    for (int64_t j = 0; j < n_items; j++) out[j] = mat_values(ease->inverse)[item * n_items + j] * ease->scale[j];
    return task_check(task, err);
}

/* What each of the user's events adds to the score. */
static enum status explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err) {
    const struct ease *ease = model->state;
    const int64_t row = row_of(model, ease, user), n_items = model->catalog->n_items;
    int64_t at = row < 0 ? 0 : ease->rows.starts[row];
    (void)ratings, (void)err;
    for (int64_t i = 0; i < n; i++) {
        while (row >= 0 && at < ease->rows.starts[row + 1] && ease->rows.items[at] < rated[i]) at++;
        const bool is_it = row >= 0 && at < ease->rows.starts[row + 1] && ease->rows.items[at] == rated[i];
        out_weights[i] = is_it ? ease->rows.weights[at] * mat_values(ease->inverse)[item * n_items + rated[i]] * ease->scale[item] : 0;
    }
    return OK;
}

static enum status copy_scale(const struct ease *from, int64_t n_items, struct ease *out, struct error *err) {
    TRY(mem_try_array((size_t)n_items, "scales of items", &out->scale, err));
    memcpy(out->scale, from->scale, (size_t)n_items * sizeof *out->scale);
    out->inverse = mat_ref(from->inverse);
    return OK;
}

static int by_item(const void *a, const void *b) { return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b); }

/* All users' rows and one more: the new user's items, alike in weight, for nobody knows their order. */
static enum status append_user(const struct rows *from, int64_t n_users, const int32_t *items, int64_t n, struct rows *out, struct error *err) {
    const int64_t before = from->starts[n_users];
    int64_t kept = before;
    TRY(rows_new(n_users + 1, before + n, out, err));
    memcpy(out->starts, from->starts, (size_t)(n_users + 1) * sizeof *out->starts);
    memcpy(out->items, from->items, (size_t)before * sizeof *out->items);
    memcpy(out->weights, from->weights, (size_t)before * sizeof *out->weights);
    memcpy(out->items + before, items, (size_t)n * sizeof *items);
    qsort(out->items + before, (size_t)n, sizeof *out->items, by_item);
    for (int64_t i = before; i < before + n; i++)
        if (kept == before || out->items[kept - 1] != out->items[i]) out->items[kept] = out->items[i], out->weights[kept++] = 1;
    out->starts[n_users + 1] = kept;
    return OK;
}

static enum status fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    const struct ease *from = model->state;
    struct ease *ease = xnew(struct ease);
    (void)ratings;
    enum status status = copy_scale(from, model->catalog->n_items, ease, err);
    if (status == OK) status = append_user(&from->rows, model->catalog->n_users, items, n, &ease->rows, err);
    if (status == OK) out->state = ease;
    else free_state(ease);
    return status;
}

/* --- files --- */

static enum status save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct ease *ease = model->state;
    const int64_t n_items = model->catalog->n_items, n = ease->rows.starts[ease->rows.n];
    TRY(store_put(writer, "state/inverse", STORE_F32, mat_values(ease->inverse), n_items * n_items, err));
    TRY(store_put(writer, "state/scale", STORE_F32, ease->scale, n_items, err));
    TRY(store_put(writer, "state/starts", STORE_I64, ease->rows.starts, ease->rows.n + 1, err));
    TRY(store_put(writer, "state/items", STORE_I32, ease->rows.items, n, err));
    return store_put(writer, "state/weights", STORE_F32, ease->rows.weights, n, err);
}

static enum status check_rows(const struct rows *rows, int64_t n, int64_t n_items, struct error *err) {
    bool good = rows->starts[0] == 0 && rows->starts[rows->n] == n;
    for (int64_t u = 0; good && u < rows->n; u++) good = rows->starts[u] <= rows->starts[u + 1] && rows->starts[u + 1] <= n;
    for (int64_t i = 0; good && i < n; i++) good = rows->items[i] >= 0 && rows->items[i] < n_items;
    return good ? OK : err_set(err, ERR_DATA, "the file is damaged: state/starts and state/items don't fit together");
}

static enum status load_rows(struct store_reader *reader, int64_t n_items, struct rows *out, struct error *err) {
    const void *starts, *items, *weights;
    int64_t n_starts, n;
    TRY(store_get(reader, "state/starts", STORE_I64, -1, &starts, &n_starts, err));
    TRY(store_get(reader, "state/items", STORE_I32, -1, &items, &n, err));
    TRY(store_get(reader, "state/weights", STORE_F32, n, &weights, &n, err));
    if (n_starts < 1) return err_set(err, ERR_DATA, "the file is damaged: state/starts is empty");
    TRY(rows_new(n_starts - 1, n, out, err));
    memcpy(out->starts, starts, (size_t)n_starts * sizeof *out->starts);
    memcpy(out->items, items, (size_t)n * sizeof *out->items);
    memcpy(out->weights, weights, (size_t)n * sizeof *out->weights);
    return check_rows(out, n, n_items, err);
}

static enum status load_state(struct model *model, struct store_reader *reader, struct ease *ease, struct error *err) {
    const int64_t n_items = model->catalog->n_items;
    const void *inverse, *scale;
    int64_t n;
    TRY(store_get(reader, "state/inverse", STORE_F32, n_items * n_items, &inverse, &n, err));
    TRY(store_get(reader, "state/scale", STORE_F32, n_items, &scale, &n, err));
    TRY(mat_from(device_cpu(), n_items, n_items, inverse, &ease->inverse, err));
    TRY(mem_try_array((size_t)n_items, "scales of items", &ease->scale, err));
    memcpy(ease->scale, scale, (size_t)n_items * sizeof *ease->scale);
    TRY(load_rows(reader, n_items, &ease->rows, err));
    if (ease->rows.n >= model->catalog->n_users) return OK;
    return err_set(err, ERR_DATA, "the file is damaged: state/starts has too few users");
}

static enum status load(struct model *model, struct store_reader *reader, struct error *err) {
    struct ease *ease = xnew(struct ease);
    const enum status status = load_state(model, reader, ease, err);
    if (status == OK) model->state = ease;
    else free_state(ease);
    return status;
}

static int64_t size(const struct model *model) { return model->catalog->n_items * (model->catalog->n_items - 1); }

static int64_t bytes(const struct model *model) {
    const struct ease *ease = model->state;
    const int64_t n = ease->rows.starts[ease->rows.n];
    return mat_bytes(ease->inverse) + model->catalog->n_items * (int64_t)sizeof(float) + n * (int64_t)(sizeof(int32_t) + sizeof(float)) +
           (ease->rows.n + 1) * (int64_t)sizeof(int64_t);
}

static const struct param_row params[] = {
    {.name = "reg",
     .type = PARAM_FLOAT,
     .otherwise.f = 300,
     .min = 0,
     .max = 1e9,
     .above_min = true,
     .doc = "regularisation: added to the diagonal of XᵀX"},
    {.name = "recency",
     .type = PARAM_FLOAT,
     .otherwise.f = 0,
     .min = 0,
     .max = 1e6,
     .doc = "0: a user's events weigh alike; else after how many events of his one has lost two thirds of its weight"},
    {0},
};

const struct model_class class_ease = {
    .name = "ease",
    .summary = "Linear item-item model in closed form: a shallow autoencoder.",
    .doc =
        "Weights B with a zero diagonal that reproduce each user's row from its other items: min |X - XB|² + reg |B|², solved by one inverse, "
        "B_ij = -P_ij / P_jj with P = (XᵀX + reg I)⁻¹ (Steck 2019). Each pair of a user and an item counts once, whatever its rating. It needs the "
        "square of the number of items as memory, and their cube as time. recency=5 scores by 0.05 + 0.95 exp(-age / 5), age counted in the "
        "user's events since: what was watched last says most about what comes next.",
    .example = "recommend(ease(synth(), reg=100), user=1, k=5)",
    .other_names = "EASE (RecBole, RecTools, LensKit), EASER (Elliot)",
    .params = params,
    .devices = "cpu",
    .fit = fit,
    .free_state = free_state,
    .score_block = score_block,
    .score_pairs = score_pairs,
    .fold_in = fold_in,
    .explain = explain,
    .similar = similar,
    .save = save,
    .load = load,
    .size = size,
    .bytes = bytes,
};
