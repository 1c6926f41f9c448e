#include "models/classic/item_linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/spd.h"

/* --- what a user's items weigh --- */

struct aged {
    int32_t item;
    int64_t age; /* how many of the user's events came after */
};

static int by_item_and_age(const void *a, const void *b) {
    const struct aged *left = a, *right = b;
    if (left->item != right->item) return left->item < right->item ? -1 : 1;
    return (left->age > right->age) - (left->age < right->age);
}

#define LEAST_WEIGHT 0x1p-24 /* of 1 that float32 sums notice */

/* One user's n items in time. Returns how many items he keeps. */
static int64_t add_user(const int32_t *items, int64_t n, double recency, double floor, struct sparse_rows *rows, int64_t first) {
    struct aged *events = xnew_array(struct aged, (size_t)n + 1);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) events[i] = (struct aged){items[i], n - 1 - i};
    qsort(events, (size_t)n, sizeof *events, by_item_and_age);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && events[i - 1].item == events[i].item) continue;
        const double weight = recency > 0 ? floor + (1 - floor) * exp(-(double)events[i].age / recency) : 1;
        if (weight < LEAST_WEIGHT) continue;
        rows->columns[first + kept] = events[i].item;
        rows->values[first + kept++] = (float)weight;
    }
    free(events);
    return kept;
}

static enum status make_rows(struct task *task, const struct sequences *sequences, double recency, double floor, struct sparse_rows *out,
                             struct error *err) {
    TRY(sparse_rows_new(sequences->n_users, sequences->n_items, sequences->n, out, err));
    for (int64_t user = 0; user < out->n; user++) {
        const int64_t first = sequences->starts[user], n = sequences->starts[user + 1] - first;
        out->starts[user + 1] = out->starts[user] + add_user(sequences->items + first, n, recency, floor, out, out->starts[user]);
        TRY(task_check(task, err));
    }
    return OK;
}

/* --- fitting --- */

enum status item_linear_fit(const struct fit_request *request, struct model *model, double floor, item_linear_learn learn, struct error *err) {
    struct item_linear *linear = xnew(struct item_linear);
    struct sequences sequences;
    enum status status = sequences_make(request->task, request->data, &sequences, err);
    if (status == OK) status = make_rows(request->task, &sequences, fit_float(request, model, "recency"), floor, &linear->rows, err);
    if (status == OK) status = learn(request, model, &sequences, linear, err);
    if (status == OK && linear->keeps_order) linear->order = sequences;
    else sequences_release(&sequences);
    if (status == OK) model->state = linear;
    else item_linear_free(linear);
    return status;
}

static enum status count_met(const struct sequences *sequences, bool *met, int64_t *out, struct error *err) {
    *out = 0;
    for (int64_t i = 0; i < sequences->n; i++) {
        TRY(task_look((size_t)i, err));
        *out += !met[sequences->items[i]];
        met[sequences->items[i]] = true;
    }
    return OK;
}

enum status item_linear_reg(const struct fit_request *request, struct model *model, const struct sequences *sequences, double times, double *out,
                            struct error *err) {
    bool *met;
    int64_t n_met;
    *out = fit_float(request, model, "reg");
    if (*out > 0) return OK;
    TRY(mem_try_array((size_t)sequences->n_items + 1, "items with rows", &met, err));
    const enum status status = count_met(sequences, met, &n_met, err);
    mem_free(met);
    if (status == OK) *out = model->params.values[params_find(model->class, "reg")].f = round(times * (double)sequences->n / (double)n_met);
    return status;
}

enum status item_linear_invert(struct task *task, const char *label, struct mat *a, double reg, struct error *err) {
    const int64_t n = mat_rows(a);
    for (int64_t i = 0; i < n; i++) mat_data(a)[i * n + i] += (float)reg;
    const enum status status = spd_invert(task, label, mat_data(a), n, err);
    if (status != ERR_NUMERIC) return status;
    err_hint(err, "more regularisation makes it so: reg is %g, and reg=0 takes a share of the mean number of rows of an item", reg);
    return err_about(err, "reg");
}

void item_linear_free(void *state) {
    struct item_linear *linear = state;
    if (!linear) return;
    mat_unref(linear->weights);
    mem_free(linear->scale);
    sparse_rows_release(&linear->rows);
    sequences_release(&linear->order);
    free(linear);
}

/* --- scoring --- */

static int64_t row_of(const struct model *model, const struct item_linear *linear, int32_t user) {
    if (user == FOLDED_USER) return linear->rows.n > model->catalog->n_users ? linear->rows.n - 1 : -1;
    return user;
}

static int64_t length_of(const struct item_linear *linear, int64_t row) { return row < 0 ? 0 : sparse_rows_length(&linear->rows, row); }

/* The users' rows as a sparse matrix. */
static enum status block_of(const struct model *model, const int32_t *users, int64_t n_users, struct csr **out, struct error *err) {
    const struct item_linear *linear = model->state;
    struct sparse_rows block;
    int64_t n = 0;
    for (int64_t u = 0; u < n_users; u++) n += length_of(linear, row_of(model, linear, users[u]));
    enum status status = sparse_rows_new(n_users, model->catalog->n_items, n, &block, err);
    for (int64_t u = 0; status == OK && u < n_users; u++) {
        const int64_t row = row_of(model, linear, users[u]), length = length_of(linear, row), to = block.starts[u];
        block.starts[u + 1] = to + length;
        if (length == 0) continue;
        memcpy(block.columns + to, linear->rows.columns + linear->rows.starts[row], (size_t)length * sizeof *block.columns);
        memcpy(block.values + to, linear->rows.values + linear->rows.starts[row], (size_t)length * sizeof *block.values);
    }
    if (status == OK) status = csr_from(device_cpu(), n_users, block.n_columns, block.starts, block.columns, block.values, out, err);
    sparse_rows_release(&block);
    return status;
}

enum status item_linear_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out,
                                    struct error *err) {
    const struct item_linear *linear = model->state;
    const int64_t n_items = model->catalog->n_items;
    struct csr *block;
    struct mat *sums;
    TRY(block_of(model, users, n_users, &block, err));
    const enum status status = csr_multiply(task, block, false, linear->weights, &sums, err);
    csr_unref(block);
    if (status != OK) return status;
    for (int64_t u = 0; u < n_users; u++)
        for (int64_t j = 0; j < n_items; j++) out[u * n_items + j] = mat_values(sums)[u * n_items + j] * linear->scale[j];
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
    const struct item_linear *linear = model->state;
    const int64_t row = row_of(model, linear, user), n_items = model->catalog->n_items;
    if (row < 0 || item < 0) return 0;
    const float *column = linear->symmetric ? mat_values(linear->weights) + item * n_items : mat_values(linear->weights) + item;
    const int64_t step = linear->symmetric ? 1 : n_items;
    double sum = 0;
    for (int64_t i = linear->rows.starts[row]; i < linear->rows.starts[row + 1]; i++)
        sum += (double)linear->rows.values[i] * (double)column[linear->rows.columns[i] * step];
    return (float)(sum * (double)linear->scale[item]);
}

static void score_some(void *ctx, int64_t block, int thread) {
    const struct pairs *pairs = ctx;
    (void)thread;
    for (int64_t i = block * PAIRS_EACH; i < pairs->n && i < (block + 1) * PAIRS_EACH; i++)
        pairs->out[i] = score_pair(pairs->model, pairs->users[i], pairs->items[i]);
}

enum status item_linear_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                                    struct error *err) {
    struct pairs pairs = {model, users, items, n, out};
    return pool_run(task, (n + PAIRS_EACH - 1) / PAIRS_EACH, score_some, &pairs, err);
}

/* --- use --- */

enum status item_linear_similar(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) {
    const struct item_linear *linear = model->state;
    const int64_t n_items = model->catalog->n_items;
    for (int64_t j = 0; j < n_items; j++) out[j] = mat_values(linear->weights)[item * n_items + j] * linear->scale[j];
    return task_check(task, err);
}

enum status item_linear_explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                                float *out_weights, struct error *err) {
    const struct item_linear *linear = model->state;
    const int64_t row = row_of(model, linear, user), n_items = model->catalog->n_items;
    int64_t at = row < 0 ? 0 : linear->rows.starts[row];
    (void)ratings, (void)err;
    for (int64_t i = 0; i < n; i++) {
        while (row >= 0 && at < linear->rows.starts[row + 1] && linear->rows.columns[at] < rated[i]) at++;
        const bool repeats = i > 0 && rated[i - 1] == rated[i]; /* an item speaks once, however many events of it there are */
        const bool is_it = row >= 0 && !repeats && at < linear->rows.starts[row + 1] && linear->rows.columns[at] == rated[i];
        out_weights[i] = is_it ? linear->rows.values[at] * mat_values(linear->weights)[rated[i] * n_items + item] * linear->scale[item] : 0;
    }
    return OK;
}

static enum status copy_learned(const struct item_linear *from, int64_t n_items, struct item_linear *out, struct error *err) {
    TRY(mem_try_array((size_t)n_items, "scales of items", &out->scale, err));
    memcpy(out->scale, from->scale, (size_t)n_items * sizeof *out->scale);
    out->weights = mat_ref(from->weights);
    out->symmetric = from->symmetric;
    out->keeps_order = from->keeps_order;
    if (!from->keeps_order) return OK;
    return sequences_with_item(&from->order, n_items, -1, NULL, 0, &out->order, err);
}

static int by_item(const void *a, const void *b) { return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b); }

/* All users' rows and one more: the new user's items, alike in weight, for nobody knows their order. */
static enum status append_user(const struct sparse_rows *from, int64_t n_users, const int32_t *items, int64_t n, struct sparse_rows *out,
                               struct error *err) {
    const int64_t before = from->starts[n_users];
    int64_t kept = before;
    TRY(sparse_rows_new(n_users + 1, from->n_columns, before + n, out, err));
    memcpy(out->starts, from->starts, (size_t)(n_users + 1) * sizeof *out->starts);
    memcpy(out->columns, from->columns, (size_t)before * sizeof *out->columns);
    memcpy(out->values, from->values, (size_t)before * sizeof *out->values);
    memcpy(out->columns + before, items, (size_t)n * sizeof *items);
    qsort(out->columns + before, (size_t)n, sizeof *out->columns, by_item);
    for (int64_t i = before; i < before + n; i++)
        if (kept == before || out->columns[kept - 1] != out->columns[i]) out->columns[kept] = out->columns[i], out->values[kept++] = 1;
    out->starts[n_users + 1] = kept;
    return OK;
}

enum status item_linear_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    const struct item_linear *from = model->state;
    struct item_linear *linear = xnew(struct item_linear);
    (void)ratings;
    enum status status = copy_learned(from, model->catalog->n_items, linear, err);
    if (status == OK) status = append_user(&from->rows, model->catalog->n_users, items, n, &linear->rows, err);
    if (status == OK) out->state = linear;
    else item_linear_free(linear);
    return status;
}

/* --- a new item --- */

enum status item_linear_add_item(const struct item_linear *from, double recency, double floor, int64_t out_items, int32_t item, const int32_t *users,
                                 int64_t n, struct sparse_rows *out, struct error *err) {
    const struct sparse_rows *rows = &from->rows;
    const double faded = recency > 0 ? exp(-1 / recency) : 1;
    int64_t next = 0;
    TRY(sparse_rows_new(rows->n, out_items, sparse_rows_n(rows) + n, out, err));
    for (int64_t u = 0; u < rows->n; u++) {
        const bool has = next < n && users[next] == u;
        int64_t to = out->starts[u];
        bool is_in = !has;
        TRY(task_look((size_t)u, err));
        for (int64_t e = rows->starts[u]; e < rows->starts[u + 1]; e++) {
            if (!is_in && rows->columns[e] > item) out->columns[to] = item, out->values[to++] = 1, is_in = true;
            const double weight = has && recency > 0 ? floor + ((double)rows->values[e] - floor) * faded : (double)rows->values[e];
            if (weight < LEAST_WEIGHT) continue;
            out->columns[to] = rows->columns[e];
            out->values[to++] = (float)weight;
        }
        if (!is_in) out->columns[to] = item, out->values[to++] = 1;
        next += has;
        out->starts[u + 1] = to;
    }
    return OK;
}

/* --- files --- */

enum status item_linear_save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct item_linear *linear = model->state;
    const int64_t n_items = model->catalog->n_items;
    TRY(store_put(writer, "state/item_weights", STORE_F32, mat_values(linear->weights), n_items * n_items, err));
    if (linear->symmetric) TRY(store_put(writer, "state/symmetric", STORE_I32, &(int32_t){1}, 1, err));
    TRY(store_put(writer, "state/scale", STORE_F32, linear->scale, n_items, err));
    if (linear->keeps_order) TRY(sequences_save(&linear->order, writer, "state/order", err));
    return sparse_rows_save(&linear->rows, writer, "state/rows", err);
}

static enum status load_state(struct model *model, struct store_reader *reader, struct item_linear *linear, struct error *err) {
    const int64_t n_items = model->catalog->n_items;
    const void *weights, *scale;
    int64_t n;
    TRY(store_get(reader, "state/item_weights", STORE_F32, n_items * n_items, &weights, &n, err));
    TRY(store_get(reader, "state/scale", STORE_F32, n_items, &scale, &n, err));
    linear->symmetric = store_has(reader, "state/symmetric");
    TRY(mat_from(device_cpu(), n_items, n_items, weights, &linear->weights, err));
    TRY(mem_try_array((size_t)n_items, "scales of items", &linear->scale, err));
    memcpy(linear->scale, scale, (size_t)n_items * sizeof *linear->scale);
    TRY(sparse_rows_load(reader, "state/rows", -1, n_items, &linear->rows, err));
    if (linear->rows.n < model->catalog->n_users) return err_set(err, ERR_DATA, "the file is damaged: state/rows has too few users");
    linear->keeps_order = store_has(reader, "state/order/starts");
    return linear->keeps_order ? sequences_load(reader, "state/order", model->catalog->n_users, n_items, &linear->order, err) : OK;
}

enum status item_linear_load(struct model *model, struct store_reader *reader, struct error *err) {
    struct item_linear *linear = xnew(struct item_linear);
    const enum status status = load_state(model, reader, linear, err);
    if (status == OK) model->state = linear;
    else item_linear_free(linear);
    return status;
}

int64_t item_linear_bytes(const struct model *model) {
    const struct item_linear *linear = model->state;
    return mat_bytes(linear->weights) + model->catalog->n_items * (int64_t)sizeof(float) + sparse_rows_bytes(&linear->rows) +
           sequences_bytes(&linear->order);
}
