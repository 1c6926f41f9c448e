/* A model's file: what it is (JSON), its catalog, history, seen rows, and the
 * class's own sections. A model opened elsewhere predicts the same bits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "models/model.h"
#include "runtime/base/mem.h"

/* 2: the neighbours, bias, ease and slist keep biases and sparse rows in sections of one form. */
#define FORMAT_VERSION 2

/* --- writing --- */

static json_t *param_json(const struct param_row *row, union param_value value) {
    switch (row->type) {
    case PARAM_INT: return json_integer(value.i);
    case PARAM_FLOAT: return json_real(value.f);
    case PARAM_BOOL: return json_boolean(value.b);
    case PARAM_STR: return json_string(value.s);
    }
    return json_null();
}

static json_t *params_json(const struct model *model) {
    json_t *all = json_object();
    for (int i = 0; i < params_count(model->class); i++) {
        json_t *one = json_object();
        json_object_set_new(one, "value", param_json(&model->class->params[i], model->params.values[i]));
        json_object_set_new(one, "given", json_boolean(model->params.given[i]));
        json_object_set_new(all, model->class->params[i].name, one);
    }
    return all;
}

static void set_hex(json_t *json, const char *key, uint64_t number) {
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)number);
    json_object_set_new(json, key, json_string(text));
}

static void set_met(json_t *json, const struct met_rows *rows) {
    set_hex(json, "split", rows->split_id);
    json_object_set_new(json, "part", json_integer(rows->part));
    json_object_set_new(json, "fingerprint", json_string(rows->fingerprint));
}

static json_t *chosen_json(const struct model *model) {
    json_t *all = json_array();
    for (size_t i = 0; i < model->n_chosen_on; i++) {
        json_t *one = json_object();
        set_met(one, &model->chosen_on[i]);
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *header(const struct model *model) {
    json_t *json = json_object();
    json_object_set_new(json, "version", json_integer(FORMAT_VERSION));
    json_object_set_new(json, "class", json_string(model->class->name));
    json_object_set_new(json, "name", json_string(model->name));
    json_object_set_new(json, "params", params_json(model));
    set_hex(json, "seed", model->common.seed);
    json_object_set_new(json, "epochs", json_integer(model->common.epochs));
    json_object_set_new(json, "patience", json_integer(model->common.patience));
    json_object_set_new(json, "verbose", json_boolean(model->common.verbose));
    set_met(json, &model->fitted);
    json_object_set_new(json, "rows", json_integer(model->n_fitted));
    json_object_set_new(json, "scale_min", json_real((double)model->scale_min));
    json_object_set_new(json, "scale_max", json_real((double)model->scale_max));
    json_object_set_new(json, "explicit", json_boolean(model->is_explicit));
    json_object_set_new(json, "best_epoch", json_integer(model->best_epoch));
    json_object_set_new(json, "chosen_on", chosen_json(model));
    json_object_set_new(json, "monitor", json_string(model->monitor));
    json_object_set_new(json, "seconds", json_real(model->seconds));
    json_object_set_new(json, "folded", json_boolean(model->default_user == FOLDED_USER));
    return json;
}

static enum status put_history(const struct model *model, struct store_writer *writer, struct error *err) {
    double *rows = xnew_array(double, (size_t)model->n_history * 4 + 1);
    for (int64_t i = 0; i < model->n_history; i++) {
        const struct epoch_row *row = &model->history[i];
        const double four[] = {(double)row->epoch, row->train, row->valid, row->seconds};
        memcpy(rows + 4 * i, four, sizeof four);
    }
    const enum status status = store_put(writer, "history", STORE_F64, rows, 4 * model->n_history, err);
    free(rows);
    return status;
}

static int64_t seen_rows(const struct model *model) { return model->catalog->n_users + (model->default_user == FOLDED_USER); }

static enum status put_seen(const struct model *model, struct store_writer *writer, struct error *err) {
    const int64_t rows = seen_rows(model), n = model->seen_starts[rows];
    TRY(store_put(writer, "seen/starts", STORE_I64, model->seen_starts, rows + 1, err));
    TRY(store_put(writer, "seen/items", STORE_I32, model->seen_items, n, err));
    return store_put(writer, "seen/ratings", STORE_F32, model->seen_ratings, n, err);
}

static enum status put_folded(const struct model *model, struct store_writer *writer, struct error *err) {
    return model->n_folded_items ? store_put(writer, "folded/items", STORE_I32, model->folded_items, model->n_folded_items, err) : OK;
}

enum status model_put(const struct model *model, struct store_writer *writer, struct error *err) {
    json_t *json = header(model);
    const enum status status = store_put_json(writer, "model", json, err);
    json_decref(json);
    if (status != OK) return status;
    TRY(catalog_save(model->catalog, writer, "catalog", err));
    TRY(put_history(model, writer, err));
    TRY(put_seen(model, writer, err));
    TRY(put_folded(model, writer, err));
    return model->class->save(model, writer, err);
}

enum status model_save(const struct model *model, const char *path, struct error *err) {
    struct store_writer *writer;
    TRY(store_create(path, "model", &writer, err));
    const enum status status = model_put(model, writer, err);
    const enum status finished = store_finish(writer, status == OK, err);
    return status == OK ? finished : status;
}

/* --- reading --- */

static enum status damaged(struct error *err, const char *what) { return err_set(err, ERR_DATA, "section `model` of the file is damaged: %s", what); }

static enum status get_param(const struct param_row *row, const json_t *json, union param_value *out, struct error *err) {
    if (row->type == PARAM_INT && json_is_integer(json)) out->i = json_integer_value(json);
    else if (row->type == PARAM_FLOAT && json_is_number(json)) out->f = json_number_value(json);
    else if (row->type == PARAM_BOOL && json_is_boolean(json)) out->b = json_is_true(json);
    else if (row->type == PARAM_STR && json_is_string(json) && param_choice(row, json_string_value(json)))
        out->s = param_choice(row, json_string_value(json));
    else return damaged(err, row->name);
    return OK;
}

/* A parameter that the file doesn't know (it is older) keeps its default. */
static enum status get_params(struct model *model, const json_t *json, struct error *err) {
    params_defaults(model->class, &model->params);
    for (int i = 0; i < params_count(model->class); i++) {
        const json_t *one = json_object_get(json, model->class->params[i].name);
        if (!one) continue;
        TRY(get_param(&model->class->params[i], json_object_get(one, "value"), &model->params.values[i], err));
        model->params.given[i] = json_flag(one, "given", false);
    }
    return params_check(model->class, &model->params, err);
}

static uint64_t get_hex(const json_t *json, const char *key) { return strtoull(json_text(json, key, "0"), NULL, 16); }
static double get_real(const json_t *json, const char *key) { return json_number_value(json_object_get(json, key)); }

static void get_text(const json_t *json, const char *key, char *out, size_t size) {
    snprintf(out, size, "%s", json_text(json, key, ""));
    utf8_drop_bad(out);
}

static struct met_rows get_met(const json_t *json) {
    struct met_rows rows = {.split_id = get_hex(json, "split"), .part = (int)json_int(json, "part", 0)};
    get_text(json, "fingerprint", rows.fingerprint, sizeof rows.fingerprint);
    return rows;
}

/* Older files have none. */
static void get_chosen(struct model *model, const json_t *all) {
    for (size_t i = 0; i < json_array_size(all); i++) {
        const struct met_rows rows = get_met(json_array_get(all, i));
        model_add_chosen(model, &rows);
    }
}

static enum status check_version(int64_t version, const char *path, struct error *err) {
    if (version < 1) return damaged(err, "version");
    if (version <= FORMAT_VERSION) return OK;
    err_set(err, ERR_DATA, "`%s` is a model's file of version %lld; this build reads up to version %d", path, (long long)version, FORMAT_VERSION);
    return err_hint(err, "open it with the Reckon that saved it");
}

static enum status check_age(const struct model_class *class, int64_t version, const char *path, struct error *err) {
    if (version >= class->files_since) return OK;
    err_set(err, ERR_DATA, "`%s` is a model's file of version %lld; this build reads `%s` from version %d on", path, (long long)version, class->name,
            class->files_since);
    return err_hint(err, "fit the model again and save it, or open the file with the Reckon that saved it");
}

static enum status get_class(struct model *model, const json_t *json, const char *path, struct error *err) {
    const int64_t version = json_int(json, "version", 0);
    TRY(check_version(version, path, err));
    model->class = model_class_checked(json_text(json, "class", ""), err);
    return model->class ? check_age(model->class, version, path, err) : err->code;
}

static enum status get_header(struct model *model, const json_t *json, const char *path, struct error *err) {
    TRY(get_class(model, json, path, err));
    model->name = xstrdup(json_text(json, "name", model->class->name));
    TRY(get_params(model, json_object_get(json, "params"), err));
    model->common.seed = get_hex(json, "seed");
    model->common.epochs = json_int(json, "epochs", 0);
    model->common.patience = json_int(json, "patience", 0);
    model->common.verbose = json_flag(json, "verbose", true);
    model->fitted = get_met(json);
    model->n_fitted = json_int(json, "rows", 0);
    model->scale_min = (float)get_real(json, "scale_min");
    model->scale_max = (float)get_real(json, "scale_max");
    model->is_explicit = json_flag(json, "explicit", true);
    model->best_epoch = json_int(json, "best_epoch", 0);
    get_chosen(model, json_object_get(json, "chosen_on"));
    get_text(json, "monitor", model->monitor, sizeof model->monitor);
    model->seconds = get_real(json, "seconds");
    model->default_user = json_flag(json, "folded", false) ? FOLDED_USER : -1;
    return OK;
}

#define MAX_EPOCH 9007199254740992.0 /* doubles count up to here */

static enum status get_history(struct model *model, struct store_reader *reader, struct error *err) {
    const void *data;
    int64_t n;
    TRY(store_get(reader, "history", STORE_F64, -1, &data, &n, err));
    const double *rows = data;
    bool good = n % 4 == 0;
    model->n_history = n / 4;
    model->history = xnew_array(struct epoch_row, (size_t)model->n_history + 1);
    for (int64_t i = 0; good && i < model->n_history; i++) {
        const double epoch = rows[4 * i];
        good = epoch >= 0 && epoch <= MAX_EPOCH;
        if (good) model->history[i] = (struct epoch_row){(int64_t)epoch, rows[4 * i + 1], rows[4 * i + 2], rows[4 * i + 3]};
    }
    return good ? OK : err_set(err, ERR_DATA, "the section `history` of the file is damaged");
}

static enum status check_seen(const struct model *model, int64_t rows, int64_t n, struct error *err) {
    bool good = model->seen_starts[0] == 0 && model->seen_starts[rows] == n;
    for (int64_t u = 0; good && u < rows; u++) good = model->seen_starts[u] <= model->seen_starts[u + 1];
    for (int64_t i = 0; good && i < n; i++) good = model->seen_items[i] >= 0 && model->seen_items[i] < model->catalog->n_items;
    for (int64_t u = 0; good && u < rows; u++)
        for (int64_t i = model->seen_starts[u] + 1; good && i < model->seen_starts[u + 1]; i++)
            good = model->seen_items[i - 1] <= model->seen_items[i];
    return good ? OK : err_set(err, ERR_DATA, "sections `seen` of the file are damaged");
}

static enum status copy_out(const void *data, int64_t n, size_t size, void **out, struct error *err) {
    TRY(mem_try((size_t)n, size, "rows that users have seen", out, err));
    if (n) memcpy(*out, data, (size_t)n * size);
    return OK;
}

static enum status get_seen(struct model *model, struct store_reader *reader, struct error *err) {
    const void *starts, *items, *ratings;
    const int64_t rows = seen_rows(model);
    int64_t n, same;
    TRY(store_get(reader, "seen/starts", STORE_I64, rows + 1, &starts, &same, err));
    TRY(store_get(reader, "seen/items", STORE_I32, -1, &items, &n, err));
    TRY(store_get(reader, "seen/ratings", STORE_F32, n, &ratings, &same, err));
    TRY(copy_out(starts, rows + 1, sizeof(int64_t), (void **)&model->seen_starts, err));
    TRY(copy_out(items, n, sizeof(int32_t), (void **)&model->seen_items, err));
    TRY(copy_out(ratings, n, sizeof(float), (void **)&model->seen_ratings, err));
    return check_seen(model, rows, n, err);
}

static enum status get_folded(struct model *model, struct store_reader *reader, struct error *err) {
    const void *items;
    bool good = true;
    if (!store_has(reader, "folded/items")) return OK;
    TRY(store_get(reader, "folded/items", STORE_I32, -1, &items, &model->n_folded_items, err));
    model->folded_items = xnew_array(int32_t, (size_t)model->n_folded_items + 1);
    for (int64_t i = 0; i < model->n_folded_items; i++) {
        model->folded_items[i] = ((const int32_t *)items)[i];
        good = good && model->folded_items[i] >= 0 && model->folded_items[i] < model->catalog->n_items;
    }
    return good ? OK : err_set(err, ERR_DATA, "the section `folded/items` of the file is damaged");
}

static enum status get_all(struct model *model, struct store_reader *reader, struct error *err) {
    json_t *json;
    TRY(store_get_json(reader, "model", &json, err));
    const enum status status = get_header(model, json, store_path(reader), err);
    json_decref(json);
    if (status != OK) return status;
    TRY(catalog_load(reader, "catalog", &model->catalog, err));
    TRY(get_history(model, reader, err));
    TRY(get_seen(model, reader, err));
    TRY(get_folded(model, reader, err));
    return model->class->load(model, reader, err);
}

enum status model_get(struct store_reader *reader, struct model **out, struct error *err) {
    struct model *model = xnew(struct model);
    model->count = 1;
    model->default_user = -1;
    snprintf(model->place, sizeof model->place, "cpu");
    const enum status status = get_all(model, reader, err);
    if (status == OK) *out = model;
    else model_unref(model);
    return status;
}

static enum status read_model(struct store_reader *reader, const char *path, struct model **out, struct error *err) {
    if (strcmp(store_kind(reader), "model") != 0) return err_set(err, ERR_DATA, "%s holds a %s, not a model", path, store_kind(reader));
    return model_get(reader, out, err);
}

enum status model_open(const char *path, struct model **out, struct error *err) {
    struct store_reader *reader;
    TRY(store_open(path, &reader, err));
    const enum status status = read_model(reader, path, out, err);
    store_close(reader);
    return status;
}
