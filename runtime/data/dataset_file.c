/* Data sets in files: the source's columns, its catalog, and for a part of a
 * split all of the split, so that what was seen and what would leak is known
 * when it is opened again. */
#include "runtime/data/dataset_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/dataset_parts.h"

#define DATASET_VERSION 1

static const char *const row_sections[3] = {"split/train", "split/valid", "split/test"};

/* --- writing --- */

static struct data_source *root_of(struct data_source *source) {
    while (source->parent) source = source->parent;
    return source;
}

static void set_hex(json_t *json, const char *key, uint64_t number) {
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)number);
    json_object_set_new(json, key, json_string(text));
}

/* Of the source that this one was made from (implicit, filter) a leak check needs only what it was and which rows these are. */
static json_t *root_json(struct data_source *source) {
    struct data_source *root = root_of(source);
    json_t *json = json_object();
    json_object_set_new(json, "rows", json_integer(root->events.n_events));
    json_object_set_new(json, "fingerprint", json_string(data_source_fingerprint(root)));
    return json;
}

static json_t *split_json(const struct split *split) {
    json_t *json = json_object();
    set_hex(json, "id", split->id);
    json_object_set_new(json, "description", json_string(split->description));
    json_object_set_new(json, "negatives", json_integer(split->n_negatives));
    return json;
}

static enum status put_about(const struct dataset *dataset, struct store_writer *writer, struct error *err) {
    struct data_source *source = dataset->source;
    json_t *json = json_object();
    json_object_set_new(json, "version", json_integer(DATASET_VERSION));
    json_object_set_new(json, "name", json_string(dataset->name));
    json_object_set_new(json, "source", json_string(source->name));
    json_object_set_new(json, "origin", json_string(source->origin));
    if (source->licence) json_object_set_new(json, "licence", json_string(source->licence));
    json_object_set_new(json, "rows", json_integer(source->events.n_events));
    json_object_set_new(json, "explicit", json_boolean(source->is_explicit));
    json_object_set_new(json, "scale_min", json_real((double)source->scale_min));
    json_object_set_new(json, "scale_max", json_real((double)source->scale_max));
    json_object_set_new(json, "times", json_boolean(source->events.times != NULL));
    json_object_set_new(json, "whole", json_boolean(dataset->rows == NULL));
    json_object_set_new(json, "part", json_integer(dataset->part));
    if (source->parent) json_object_set_new(json, "root", root_json(source));
    if (dataset->split) json_object_set_new(json, "split", split_json(dataset->split));
    if (source->published) json_object_set_new(json, "published", json_string(published_name(source->published)));
    const enum status status = store_put_json(writer, "dataset", json, err);
    json_decref(json);
    return status;
}

static enum status put_root_rows(const struct data_source *source, struct store_writer *writer, struct error *err) {
    int64_t *rows;
    const int64_t n = source->events.n_events;
    TRY(mem_try_array((size_t)n, "rows", &rows, err));
    for (int64_t i = 0; i < n; i++) {
        rows[i] = i;
        for (const struct data_source *at = source; at->parent; at = at->parent) rows[i] = at->parent_rows[rows[i]];
    }
    const enum status status = store_put(writer, "root_rows", STORE_I64, rows, n, err);
    mem_free(rows);
    return status;
}

static enum status put_split(const struct split *split, struct store_writer *writer, struct error *err) {
    for (int p = 0; p < 3; p++) TRY(store_put(writer, row_sections[p], STORE_I64, split->rows[p], split->n_rows[p], err));
    if (!split->negatives) return OK;
    return store_put(writer, "split/negatives", STORE_I32, split->negatives, split->n_rows[2] * split->n_negatives, err);
}

static enum status put_all(const struct dataset *dataset, struct store_writer *writer, struct error *err) {
    const struct data_source *source = dataset->source;
    const struct events *events = &source->events;
    TRY(put_about(dataset, writer, err));
    TRY(catalog_save(source->catalog, writer, "catalog", err));
    TRY(store_put(writer, "users", STORE_I32, events->users, events->n_events, err));
    TRY(store_put(writer, "items", STORE_I32, events->items, events->n_events, err));
    TRY(store_put(writer, "ratings", STORE_F32, events->ratings, events->n_events, err));
    if (events->times) TRY(store_put(writer, "times", STORE_I64, events->times, events->n_events, err));
    if (dataset->rows) TRY(store_put(writer, "rows", STORE_I64, dataset->rows, dataset->n, err));
    if (source->parent) TRY(put_root_rows(source, writer, err));
    return dataset->split ? put_split(dataset->split, writer, err) : OK;
}

enum status dataset_save(struct dataset *dataset, const char *path, struct error *err) {
    struct store_writer *writer;
    TRY(store_create(path, "dataset", &writer, err));
    const enum status status = put_all(dataset, writer, err);
    const enum status finished = store_finish(writer, status == OK, err);
    return status == OK ? finished : status;
}

/* --- reading --- */

static enum status damaged(const char *section, const char *what, struct error *err) {
    err_set(err, ERR_DATA, "the section `%s` is damaged: %s", section, what);
    return err_hint(err, "save the data set again");
}

static enum status get_positions(struct store_reader *reader, const char *section, int64_t n, int64_t below, int32_t **out, struct error *err) {
    bool good = true;
    TRY(store_get_copy(reader, section, STORE_I32, n, (void **)out, NULL, err));
    for (int64_t i = 0; i < n; i++) good = good && (*out)[i] >= 0 && (*out)[i] < below;
    return good ? OK : damaged(section, "it names what isn't in the catalog", err);
}

/* Row numbers below `below`; in the split's parts ascending. */
static enum status get_rows(struct store_reader *reader, const char *section, int64_t want_count, int64_t below, bool ascend, int64_t **out,
                            int64_t *out_n, struct error *err) {
    bool good = true;
    int64_t n;
    TRY(store_get_copy(reader, section, STORE_I64, want_count, (void **)out, &n, err));
    for (int64_t i = 0; i < n; i++) good = good && (*out)[i] >= 0 && (*out)[i] < below && (!ascend || i == 0 || (*out)[i - 1] < (*out)[i]);
    *out_n = n;
    return good ? OK : damaged(section, "it holds rows that there aren't", err);
}

static double get_real(const json_t *json, const char *key) { return json_number_value(json_object_get(json, key)); }

/* What is left of the source that this one was made from: enough to recognise it. */
static struct data_source *root_stub(const struct data_source *source, const json_t *json) {
    struct data_source *root = xnew(struct data_source);
    root->events = (struct events){.count = 1, .n_events = json_int(json, "rows", 0)};
    root->catalog = catalog_ref(source->catalog);
    root->name = xstrdup(source->name);
    root->origin = xstrdup(source->origin);
    root->monitor = monitor_new();
    snprintf(root->fingerprint, sizeof root->fingerprint, "%s", json_text(json, "fingerprint", ""));
    return root;
}

static enum status get_root(struct data_source *source, const json_t *json, struct store_reader *reader, struct error *err) {
    int64_t n;
    if (!json) return OK;
    const int64_t rows = json_int(json, "rows", -1);
    if (rows <= 0 || rows > INT32_MAX || strlen(json_text(json, "fingerprint", "")) != 16)
        return damaged("dataset", "what it was made from is wrong", err);
    TRY(get_rows(reader, "root_rows", source->events.n_events, rows, false, &source->parent_rows, &n, err));
    source->parent = root_stub(source, json);
    return OK;
}

static enum status get_events(struct data_source *source, bool has_times, struct store_reader *reader, struct error *err) {
    struct events *events = &source->events;
    bool good = true;
    TRY(get_positions(reader, "users", events->n_events, source->catalog->n_users, &events->users, err));
    TRY(get_positions(reader, "items", events->n_events, source->catalog->n_items, &events->items, err));
    TRY(store_get_copy(reader, "ratings", STORE_F32, events->n_events, (void **)&events->ratings, NULL, err));
    for (int64_t i = 0; i < events->n_events; i++) good = good && isfinite(events->ratings[i]);
    if (!good) return damaged("ratings", "it holds what is not a finite number", err);
    return has_times ? store_get_copy(reader, "times", STORE_I64, events->n_events, (void **)&events->times, NULL, err) : OK;
}

static enum status get_source(struct data_source *source, const json_t *json, struct store_reader *reader, struct error *err) {
    const int64_t version = json_int(json, "version", 0), n = json_int(json, "rows", 0);
    const char *licence = json_text(json, "licence", NULL);
    if (version > DATASET_VERSION)
        return err_set(err, ERR_DATA, "the file's version is %lld; this build reads version %d", (long long)version, DATASET_VERSION);
    if (n <= 0 || n > INT32_MAX) return damaged("dataset", "its number of rows is wrong", err);
    source->events = (struct events){.count = 1, .n_events = n};
    source->name = xstrdup(json_text(json, "source", "dataset"));
    source->origin = xstrdup(json_text(json, "origin", ""));
    source->licence = licence ? xstrdup(licence) : NULL;
    source->is_explicit = json_flag(json, "explicit", true);
    source->scale_min = (float)get_real(json, "scale_min");
    source->scale_max = (float)get_real(json, "scale_max");
    source->published = published_find(json_text(json, "published", ""));
    TRY(catalog_load(reader, "catalog", &source->catalog, err));
    TRY(get_events(source, json_flag(json, "times", false), reader, err));
    return get_root(source, json_object_get(json, "root"), reader, err);
}

static enum status get_split(struct split *split, const json_t *json, const struct data_source *source, struct store_reader *reader,
                             struct error *err) {
    const int64_t n_negatives = json_int(json, "negatives", 0);
    split->id = strtoull(json_text(json, "id", "1"), NULL, 16);
    for (int p = 0; p < 3; p++) TRY(get_rows(reader, row_sections[p], -1, source->events.n_events, true, &split->rows[p], &split->n_rows[p], err));
    if (n_negatives == 0) return OK;
    if (n_negatives < 0 || n_negatives > source->catalog->n_items) return damaged("split/negatives", "there are too many", err);
    split->n_negatives = (int32_t)n_negatives;
    return get_positions(reader, "split/negatives", split->n_rows[2] * n_negatives, source->catalog->n_items, &split->negatives, err);
}

static enum status get_view(struct dataset *dataset, const json_t *json, struct store_reader *reader, struct error *err) {
    const json_t *split = json_object_get(json, "split");
    free(dataset->name);
    dataset->name = xstrdup(json_text(json, "name", dataset->source->name));
    dataset->part = (int)json_int(json, "part", 0) & 7;
    if (!json_flag(json, "whole", true)) TRY(get_rows(reader, "rows", -1, dataset->source->events.n_events, false, &dataset->rows, &dataset->n, err));
    if (!split) return OK;
    dataset->split = split_new(json_text(split, "description", ""));
    return get_split(dataset->split, split, dataset->source, reader, err);
}

static enum status get_dataset(struct store_reader *reader, struct dataset **out, struct error *err) {
    json_t *json;
    TRY(store_get_json(reader, "dataset", &json, err));
    struct data_source *source = xnew(struct data_source);
    source->events.count = 1;
    source->monitor = monitor_new();
    enum status status = get_source(source, json, reader, err);
    if (status != OK) {
        data_source_unref(source);
    } else {
        struct dataset *dataset = dataset_of(source);
        status = get_view(dataset, json, reader, err);
        if (status == OK) *out = dataset;
        else dataset_unref(dataset);
    }
    json_decref(json);
    return status;
}

enum status dataset_open(const char *path, struct dataset **out, struct error *err) {
    struct store_reader *reader;
    TRY(store_open(path, &reader, err));
    enum status status = OK;
    if (strcmp(store_kind(reader), "dataset") != 0) status = err_set(err, ERR_DATA, "`%s` holds a %s, not a data set", path, store_kind(reader));
    if (status == OK) status = get_dataset(reader, out, err);
    store_close(reader);
    return status;
}
