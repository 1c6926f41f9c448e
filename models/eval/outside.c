#include "models/eval/outside.h"

#include <math.h>
#include <stdlib.h>

#include "models/eval/rank_lists.h"
#include "runtime/base/mem.h"
#include "runtime/base/sort.h"

/* Scored items by user, ascending. */
struct outside {
    int64_t *starts; /* n_users + 1 */
    int32_t *items;
    float *scores;
    int64_t n_unknown;
};

static void free_state(void *data) {
    struct outside *state = data;
    mem_free(state->starts);
    mem_free(state->items);
    mem_free(state->scores);
    free(state);
}

/* --- as a model --- */

static enum status score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    const struct outside *state = model->state;
    const int64_t n_items = model->catalog->n_items;
    for (int64_t u = 0; u < n_users; u++) {
        float *row = out + u * n_items;
        TRY(task_look((size_t)(u * n_items), err));
        for (int64_t i = 0; i < n_items; i++) row[i] = -INFINITY;
        for (int64_t e = state->starts[users[u]]; e < state->starts[users[u] + 1]; e++) row[state->items[e]] = state->scores[e];
    }
    return task_check(task, err);
}

static float score_of(const struct model *model, int32_t user, int32_t item) {
    const struct outside *state = model->state;
    if (user < 0 || item < 0) return -INFINITY;
    const int64_t at = find_item(state->items, state->starts[user], state->starts[user + 1], item);
    return at < 0 ? -INFINITY : state->scores[at];
}

static enum status score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    for (int64_t i = 0; i < n; i++) {
        TRY(task_look((size_t)i, err));
        out[i] = score_of(model, users[i], items[i]);
    }
    return task_check(task, err);
}

static const struct param_row no_params[] = {{0}};

/* Not in the registry: nobody fits it. */
static const struct model_class class_outside = {.name = "table",
                                                 .summary = "Scores from elsewhere.",
                                                 .params = no_params,
                                                 .predicts_ratings = true,
                                                 .devices = "cpu",
                                                 .free_state = free_state,
                                                 .score_block = score_block,
                                                 .score_pairs = score_pairs};

bool outside_is(const struct model *model) { return model->class == &class_outside; }
int64_t outside_unknown(const struct model *model) { return ((const struct outside *)model->state)->n_unknown; }

bool outside_has_user(const struct model *model, int32_t user) {
    const struct outside *state = model->state;
    return state->starts[user] < state->starts[user + 1];
}

/* --- reading the table --- */

struct reading {
    struct task *task;
    const struct table *table;
    const char *name;
    const struct catalog *catalog;
    const struct column *users, *items, *scores;
    int32_t *user_at, *item_at; /* positions of the rows; user -1: left out */
    int64_t *order;             /* the known rows by user and item */
    int64_t n_known;
};

static enum status lacks(const struct reading *reading, const char *column, struct error *err) {
    err_set(err, ERR_KEY, "`%s` has no column `%s`", reading->name, column);
    err_hint(err, "a Table that is judged in place of a model has the columns user, item and score; t.rename(old=\"new\") gives a column its name");
    return err_about(err, "models");
}

static enum status wrong_type(const struct reading *reading, const struct column *column, const char *wanted, struct error *err) {
    err_set(err, ERR_TYPE, "the column `%.60s` of `%s` must hold %s", column->name, reading->name, wanted);
    return err_about(err, "models");
}

static enum status find_columns(struct reading *reading, struct error *err) {
    reading->users = table_column(reading->table, "user");
    reading->items = table_column(reading->table, "item");
    reading->scores = table_column(reading->table, "score");
    if (!reading->scores) reading->scores = table_column(reading->table, "prediction");
    if (!reading->users) return lacks(reading, "user", err);
    if (!reading->items) return lacks(reading, "item", err);
    if (!reading->scores) return lacks(reading, "score", err);
    if (reading->users->type != COL_INT && reading->users->type != COL_STR) return wrong_type(reading, reading->users, "the users' ids", err);
    if (reading->items->type != COL_INT && reading->items->type != COL_STR) return wrong_type(reading, reading->items, "the items' ids", err);
    if (reading->scores->type != COL_INT && reading->scores->type != COL_FLOAT) return wrong_type(reading, reading->scores, "numbers", err);
    return OK;
}

static struct id id_at(const struct column *column, int64_t row) {
    if (column->type == COL_INT) return (struct id){.is_int = true, .number = column->u.ints[row]};
    return (struct id){.text = column->u.strs[row]};
}

static enum status empty_cell(const struct reading *reading, const struct column *column, int64_t row, struct error *err) {
    err_set(err, ERR_DATA, "row %lld of `%s` has no %.60s", (long long)row, reading->name, column->name);
    return err_about(err, "models");
}

/* Where the rows belong. */
static enum status find_rows(struct reading *reading, struct error *err) {
    for (int64_t row = 0; row < reading->table->n_rows; row++) {
        TRY(task_look((size_t)row, err));
        if (cell_is_null(reading->users, row)) return empty_cell(reading, reading->users, row, err);
        if (cell_is_null(reading->items, row)) return empty_cell(reading, reading->items, row, err);
        if (isnan(cell_number(reading->scores, row))) return empty_cell(reading, reading->scores, row, err);
        reading->user_at[row] = catalog_find_user(reading->catalog, id_at(reading->users, row));
        reading->item_at[row] = catalog_find_item(reading->catalog, id_at(reading->items, row));
        if (reading->item_at[row] < 0) reading->user_at[row] = -1;
        if (reading->user_at[row] >= 0) reading->order[reading->n_known++] = row;
    }
    if (reading->n_known) return OK;
    err_set(err, ERR_DATA, "none of the %lld rows of `%s` is about a user and an item of the data", (long long)reading->table->n_rows, reading->name);
    err_hint(err, "ids are the source's own, as in interactions(test)");
    return err_about(err, "models");
}

static int by_user_and_item(const void *ctx, int64_t a, int64_t b) {
    const struct reading *reading = ctx;
    if (reading->user_at[a] != reading->user_at[b]) return reading->user_at[a] < reading->user_at[b] ? -1 : 1;
    return (reading->item_at[a] > reading->item_at[b]) - (reading->item_at[a] < reading->item_at[b]);
}

static enum status comes_twice(const struct reading *reading, int64_t first, int64_t second, struct error *err) {
    struct buf user = BUF_INIT, item = BUF_INIT;
    cell_text(reading->users, second, &user);
    cell_text(reading->items, second, &item);
    err_set(err, ERR_DATA, "`%s` scores user %.60s and item %.60s twice, in the rows %lld and %lld", reading->name, buf_text(&user), buf_text(&item),
            (long long)first, (long long)second);
    buf_release(&user);
    buf_release(&item);
    err_hint(err, "t.group([\"user\", \"item\"], score=\"mean:score\") leaves one row a pair");
    return err_about(err, "models");
}

static enum status fill(struct reading *reading, struct outside *state, struct error *err) {
    const int64_t *order = reading->order;
    for (int64_t e = 0; e < reading->n_known; e++) {
        const int64_t row = order[e];
        TRY(task_look((size_t)e, err));
        if (e > 0 && by_user_and_item(reading, order[e - 1], row) == 0) return comes_twice(reading, order[e - 1], row, err);
        state->starts[reading->user_at[row] + 1]++;
        state->items[e] = reading->item_at[row];
        state->scores[e] = (float)cell_number(reading->scores, row);
    }
    for (int64_t u = 0; u < reading->catalog->n_users; u++) state->starts[u + 1] += state->starts[u];
    state->n_unknown = reading->table->n_rows - reading->n_known;
    return OK;
}

static enum status read_table(struct reading *reading, struct outside *state, struct error *err) {
    const size_t n = (size_t)reading->table->n_rows;
    TRY(find_columns(reading, err));
    TRY(mem_try_array(n, "rows of a Table", &reading->user_at, err));
    TRY(mem_try_array(n, "rows of a Table", &reading->item_at, err));
    TRY(mem_try_array(n, "rows of a Table", &reading->order, err));
    TRY(find_rows(reading, err));
    TRY(sort_positions(reading->task, reading->order, reading->n_known, by_user_and_item, reading, err));
    TRY(mem_try_array((size_t)reading->catalog->n_users + 1, "scores", &state->starts, err));
    TRY(mem_try_array((size_t)reading->n_known, "scores", &state->items, err));
    TRY(mem_try_array((size_t)reading->n_known, "scores", &state->scores, err));
    return fill(reading, state, err);
}

/* --- all --- */

static enum status fill_model(const struct reading *reading, struct dataset *judged, struct model *model, struct error *err) {
    TRY(mem_try_array((size_t)reading->catalog->n_users + 1, "rows that users have seen", &model->seen_starts, err));
    model->name = xstrdup(reading->name);
    model->catalog = catalog_ref(dataset_catalog(judged));
    model->is_explicit = dataset_is_explicit(judged);
    model->default_user = -1;
    dataset_scale(judged, &model->scale_min, &model->scale_max);
    return OK;
}

enum status outside_model(struct task *task, const struct table *table, const char *name, struct dataset *judged, struct model **out,
                          struct error *err) {
    struct reading reading = {.task = task, .table = table, .name = name, .catalog = dataset_catalog(judged)};
    struct model *model = xnew(struct model);
    model->count = 1;
    model->class = &class_outside;
    model->state = xnew(struct outside);
    enum status status = fill_model(&reading, judged, model, err);
    if (status == OK) status = read_table(&reading, model->state, err);
    mem_free(reading.user_at);
    mem_free(reading.item_at);
    mem_free(reading.order);
    if (status == OK) *out = model;
    else model_unref(model);
    return status;
}

enum status outside_check_rows(const struct model *model, struct dataset *judged, const char *metric, struct error *err) {
    const struct catalog *catalog = dataset_catalog(judged);
    int64_t n = 0, first = -1;
    for (int64_t i = 0; i < dataset_n(judged); i++) {
        const struct event event = dataset_event(judged, i);
        TRY(task_look((size_t)i, err));
        if (score_of(model, event.user, event.item) > -INFINITY) continue;
        first = n ? first : i;
        n++;
    }
    if (n == 0) return OK;
    struct buf user = BUF_INIT, item = BUF_INIT, count = BUF_INIT;
    buf_add_count(&count, n);
    catalog_user_id(catalog, dataset_event(judged, first).user, &user);
    catalog_item_id(catalog, dataset_event(judged, first).item, &item);
    err_set(err, ERR_DATA, "`%s` has no score for %s of the rows that %s compares with: the first is user %.60s, item %.60s", model->name,
            buf_text(&count), metric, buf_text(&user), buf_text(&item));
    buf_release(&user);
    buf_release(&item);
    buf_release(&count);
    err_hint(err, "predict every row of the part that is judged, or judge the order only: metrics=\"ndcg@10\"");
    return err_about(err, "models");
}
