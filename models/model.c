#include "models/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "runtime/base/mem.h"

/* --- life --- */

struct model *model_ref(struct model *model) {
    __atomic_add_fetch(&model->count, 1, __ATOMIC_RELAXED);
    return model;
}

void model_unref(struct model *model) {
    if (!model || __atomic_sub_fetch(&model->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    if (model->state) model->class->free_state(model->state);
    if (model->fitted.data) dataset_unref(model->fitted.data);
    if (model->catalog) catalog_unref(model->catalog);
    free(model->name);
    free(model->history);
    for (size_t i = 0; i < model->n_chosen_on; i++) dataset_unref(model->chosen_on[i].data);
    free(model->chosen_on);
    free(model->folded_items);
    mem_free(model->seen_starts);
    mem_free(model->seen_items);
    mem_free(model->seen_ratings);
    free(model);
}

struct met_rows met_rows_of(struct dataset *data) {
    const struct split *split = dataset_split(data);
    struct met_rows rows = {.data = data, .split_id = split ? split->id : 0, .part = dataset_part(data)};
    snprintf(rows.fingerprint, sizeof rows.fingerprint, "%s", dataset_fingerprint(data));
    return rows;
}

static bool has_chosen_on(const struct model *model, const char *fingerprint) {
    for (size_t i = 0; i < model->n_chosen_on; i++)
        if (strcmp(model->chosen_on[i].fingerprint, fingerprint) == 0) return true;
    return false;
}

void model_add_chosen(struct model *model, const struct met_rows *rows) {
    if (has_chosen_on(model, rows->fingerprint)) return;
    model->chosen_on = xrealloc(model->chosen_on, (model->n_chosen_on + 1) * sizeof *rows);
    model->chosen_on[model->n_chosen_on] = *rows;
    if (rows->data) dataset_ref(rows->data);
    model->n_chosen_on++;
}

static void copy_chosen(const struct model *from, struct model *to) {
    to->chosen_on = NULL;
    to->n_chosen_on = 0;
    for (size_t i = 0; i < from->n_chosen_on; i++) model_add_chosen(to, &from->chosen_on[i]);
}

/* The folded-in user's row, if any, isn't copied: a shell has the rows of the catalog's users only. */
static enum status copy_seen(const struct model *from, struct model *to, struct error *err) {
    const size_t n_users = (size_t)from->catalog->n_users, n = (size_t)from->seen_starts[n_users];
    TRY(mem_try_array(n_users + 1, "rows that users have seen", &to->seen_starts, err));
    TRY(mem_try_array(n, "rows that users have seen", &to->seen_items, err));
    TRY(mem_try_array(n, "rows that users have seen", &to->seen_ratings, err));
    memcpy(to->seen_starts, from->seen_starts, (n_users + 1) * sizeof *to->seen_starts);
    if (n) memcpy(to->seen_items, from->seen_items, n * sizeof *to->seen_items);
    if (n) memcpy(to->seen_ratings, from->seen_ratings, n * sizeof *to->seen_ratings);
    return OK;
}

enum status model_shell_copy(const struct model *from, struct model **out, struct error *err) {
    struct model *model = xmemdup(from, sizeof *from);
    model->count = 1;
    model->name = xstrdup(from->name);
    model->catalog = catalog_ref(from->catalog);
    if (model->fitted.data) dataset_ref(model->fitted.data);
    model->history = from->n_history ? xmemdup(from->history, (size_t)from->n_history * sizeof *from->history) : NULL;
    copy_chosen(from, model);
    model->folded_items = from->n_folded_items ? xmemdup(from->folded_items, (size_t)from->n_folded_items * sizeof *from->folded_items) : NULL;
    model->seen_starts = NULL;
    model->seen_items = NULL;
    model->seen_ratings = NULL;
    model->state = NULL;
    model->default_user = -1;
    const enum status status = copy_seen(from, model, err);
    if (status == OK) *out = model;
    else model_unref(model);
    return status;
}

/* --- scores --- */

enum status model_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    return model->class->score_block(model, task, users, n_users, out, err);
}

enum status model_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                              struct error *err) {
    return model->class->score_pairs(model, task, users, items, n, out, err);
}

static float clipped(const struct model *model, float score) {
    if (score < model->scale_min) return model->scale_min;
    return score > model->scale_max ? model->scale_max : score;
}

enum status model_predict_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                                struct error *err) {
    TRY(model_score_pairs(model, task, users, items, n, out, err));
    if (model->class->predicts_ratings && model->is_explicit)
        for (int64_t i = 0; i < n; i++) out[i] = clipped(model, out[i]);
    return OK;
}

/* --- what is inside --- */

static bool has_users_and_items(const struct model_class *class) { return class->vectors && class->is_dot_product; }

static enum status no_vectors(const struct model *model, struct error *err) {
    struct buf names = BUF_INIT;
    model_names(has_users_and_items, &names);
    err_set(err, ERR_VALUE, "`%s` has no vectors: %s isn't a factor model", model->name, model->class->name);
    err_hint(err, "%s have .users and .items", buf_text(&names));
    buf_release(&names);
    return ERR_VALUE;
}

enum status model_embeddings(const struct model *model, enum embedded what, struct embeddings **out, struct error *err) {
    struct mat *vectors;
    if (!model->class->vectors) return no_vectors(model, err);
    TRY(model->class->vectors(model, what, &vectors, err));
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s %s", model->name, what == EMBED_USERS ? "users" : "items");
    *out = embeddings_new(what, buf_text(&name), vectors, model->catalog, model_counts(model, what));
    mat_unref(vectors);
    buf_release(&name);
    return OK;
}

static bool any_valid(const struct model *model) {
    for (int64_t i = 0; i < model->n_history; i++)
        if (!isnan(model->history[i].valid)) return true;
    return false;
}

static void fill_nullable(struct column *column, double *values, const struct model *model, bool valid) {
    for (int64_t i = 0; i < model->n_history; i++) {
        const double value = valid ? model->history[i].valid : model->history[i].train;
        if (isnan(value)) table_set_null(column, model->n_history, i);
        else values[i] = value;
    }
}

static void add_measure(struct table *table, const struct model *model, const char *prefix, const char *measure, bool valid) {
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s_%s", prefix, measure);
    double *values = table_add_floats(table, buf_text(&name), 4);
    fill_nullable(&table->columns[table->n_columns - 1], values, model, valid);
    buf_release(&name);
}

int64_t model_epochs(const struct model *model) {
    if (model->best_epoch) return model->best_epoch;
    return model->n_history ? model->history[model->n_history - 1].epoch : 0;
}

struct table *model_history(const struct model *model) {
    struct table *table = table_new(model->n_history);
    int64_t *epochs = table_add_ints(table, "epoch");
    for (int64_t i = 0; i < model->n_history; i++) epochs[i] = model->history[i].epoch;
    add_measure(table, model, "train", model->class->loss ? model->class->loss : "loss", false);
    if (any_valid(model)) add_measure(table, model, "valid", *model->monitor ? model->monitor : "loss", true);
    double *seconds = table_add_floats(table, "seconds", 3);
    for (int64_t i = 0; i < model->n_history; i++) seconds[i] = model->history[i].seconds;
    table_caption(table, "%s: history", model->name);
    if (!model->class->iterative) table_note(table, "%s is fitted in one go: there are no epochs.", model->class->name);
    for (int64_t i = 0; i < model->n_history; i++)
        if (model->best_epoch && model->history[i].epoch == model->best_epoch) table->marked_row = i;
    return table;
}

int64_t model_bytes(const struct model *model) {
    const int64_t n_users = model->catalog->n_users, extra = model->default_user == FOLDED_USER;
    const int64_t n_seen = model->seen_starts ? model->seen_starts[n_users + extra] : 0;
    return model->class->bytes(model) + (n_users + 1) * (int64_t)sizeof(int64_t) + n_seen * (int64_t)(sizeof(int32_t) + sizeof(float));
}
