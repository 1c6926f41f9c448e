#include "runtime/data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/data/archive.h"
#include "runtime/data/dataset_parts.h"

/* --- sources --- */

struct data_source *data_source_ref(struct data_source *source) {
    __atomic_add_fetch(&source->events.count, 1, __ATOMIC_RELAXED);
    return source;
}

void data_source_unref(struct data_source *source) {
    if (!source || __atomic_sub_fetch(&source->events.count, 1, __ATOMIC_ACQ_REL) > 0) return;
    if (!source->lender) {
        mem_free(source->events.users);
        mem_free(source->events.items);
        mem_free(source->events.ratings);
        mem_free(source->events.times);
        mem_free(source->parent_rows);
    }
    catalog_unref(source->catalog);
    data_source_unref(source->parent);
    data_source_unref(source->lender);
    unpacked_unref(source->unpacked);
    monitor_free(source->monitor);
    free(source->name);
    free(source->origin);
    free(source->licence);
    free(source);
}

struct data_source *data_source_derive(struct data_source *from, int64_t n_events, struct error *err) {
    struct data_source *source = xnew(struct data_source);
    source->events.count = 1;
    source->events.n_events = n_events;
    source->catalog = catalog_ref(from->catalog);
    source->name = xstrdup(from->name);
    source->origin = xstrdup(from->origin);
    source->licence = from->licence ? xstrdup(from->licence) : NULL;
    source->is_explicit = from->is_explicit;
    source->parent = data_source_ref(from);
    source->monitor = monitor_new();
    const size_t n = (size_t)n_events;
    struct events *events = &source->events;
    if (mem_try_array(n, "users", &events->users, err) == OK && mem_try_array(n, "items", &events->items, err) == OK &&
        mem_try_array(n, "ratings", &events->ratings, err) == OK && mem_try_array(n, "rows", &source->parent_rows, err) == OK &&
        (!from->events.times || mem_try_array(n, "times", &events->times, err) == OK))
        return source;
    data_source_unref(source);
    return NULL;
}

void data_source_measure(struct data_source *source) {
    const struct events *events = &source->events;
    source->scale_min = source->scale_max = events->n_events ? events->ratings[0] : 1;
    for (int64_t i = 1; i < events->n_events; i++) {
        if (events->ratings[i] < source->scale_min) source->scale_min = events->ratings[i];
        if (events->ratings[i] > source->scale_max) source->scale_max = events->ratings[i];
    }
}

/* --- splits --- */

struct split *split_new(const char *description) {
    struct split *split = xnew(struct split);
    split->count = 1;
    split->description = xstrdup(description);
    return split;
}

struct split *split_ref(struct split *split) {
    __atomic_add_fetch(&split->count, 1, __ATOMIC_RELAXED);
    return split;
}

void split_unref(struct split *split) {
    if (!split || __atomic_sub_fetch(&split->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    for (int i = 0; i < 3; i++) mem_free(split->rows[i]);
    mem_free(split->negatives);
    free(split->description);
    free(split);
}

void split_name(struct split *split, const struct data_source *source) {
    uint64_t id = hash_bytes(source->name, strlen(source->name), (uint64_t)source->events.n_events);
    id = hash_bytes(split->description, strlen(split->description), id);
    for (int i = 0; i < 3; i++)
        if (split->n_rows[i]) id = hash_bytes(split->rows[i], (size_t)split->n_rows[i] * sizeof *split->rows[i], id + (uint64_t)i);
    split->id = id ? id : 1;
}

const char *part_name(int part) {
    static const char *const names[] = {"all rows", "train", "valid", "train and valid", "test", "train and test", "valid and test", "all parts"};
    return names[part & 7];
}

/* --- data sets --- */

struct dataset *dataset_of(struct data_source *source) {
    struct dataset *dataset = xnew(struct dataset);
    *dataset = (struct dataset){.count = 1, .source = source, .n = source->events.n_events, .name = xstrdup(source->name), .monitor = monitor_new()};
    return dataset;
}

struct dataset *dataset_view(struct dataset *source, int64_t *rows, int64_t n_rows, struct split *split, int part, const char *name) {
    struct dataset *view = dataset_of(data_source_ref(source->source));
    view->rows = rows;
    view->n = n_rows;
    view->split = split;
    view->part = part;
    if (name) {
        free(view->name);
        view->name = xstrdup(name);
    }
    return view;
}

struct dataset *dataset_ref(struct dataset *dataset) {
    __atomic_add_fetch(&dataset->count, 1, __ATOMIC_RELAXED);
    return dataset;
}

static void release_made(struct dataset *dataset) {
    const struct events *events = &dataset->source->events;
    if (dataset->columns.users != events->users) {
        mem_free((void *)(uintptr_t)dataset->columns.users);
        mem_free((void *)(uintptr_t)dataset->columns.items);
        mem_free((void *)(uintptr_t)dataset->columns.ratings);
        mem_free((void *)(uintptr_t)dataset->columns.times);
    }
    for (int i = 0; i < dataset->n_mirrors; i++) {
        if (dataset->mirrors[i].by_user) csr_unref(dataset->mirrors[i].by_user);
        if (dataset->mirrors[i].by_item) csr_unref(dataset->mirrors[i].by_item);
        device_unref(dataset->mirrors[i].device);
    }
    for (int i = 0; i < 8; i++) {
        mem_free(dataset->seen_starts[i]);
        mem_free(dataset->seen_items[i]);
    }
}

void dataset_unref(struct dataset *dataset) {
    if (!dataset || __atomic_sub_fetch(&dataset->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    release_made(dataset);
    mem_free(dataset->rows);
    split_unref(dataset->split);
    data_source_unref(dataset->source);
    monitor_free(dataset->monitor);
    free(dataset->name);
    free(dataset);
}

const char *dataset_name(const struct dataset *dataset) { return dataset->name; }
struct catalog *dataset_catalog(const struct dataset *dataset) {
    return dataset->source->catalog;
}
int64_t dataset_n_users(const struct dataset *dataset) { return dataset->source->catalog->n_users; }
int64_t dataset_n_items(const struct dataset *dataset) { return dataset->source->catalog->n_items; }
int64_t dataset_n(const struct dataset *dataset) { return dataset->n; }
bool dataset_is_explicit(const struct dataset *dataset) { return dataset->source->is_explicit; }
bool dataset_has_times(const struct dataset *dataset) { return dataset->source->events.times != NULL; }
const char *dataset_licence(const struct dataset *dataset) { return dataset->source->licence; }
void dataset_keep_unpacked(struct dataset *dataset, struct unpacked *unpacked) {
    if (!dataset->source->unpacked) dataset->source->unpacked = unpacked_ref(unpacked);
}

const char *dataset_origin(const struct dataset *dataset) { return dataset->source->origin; }
const struct split *dataset_split(const struct dataset *dataset) { return dataset->split; }
int dataset_part(const struct dataset *dataset) { return dataset->part; }

void dataset_scale(const struct dataset *dataset, float *out_min, float *out_max) {
    *out_min = dataset->source->scale_min;
    *out_max = dataset->source->scale_max;
}

double dataset_mean(const struct dataset *dataset) {
    double sum = 0;
    for (int64_t i = 0; i < dataset->n; i++) sum += dataset->source->events.ratings[dataset_row(dataset, i)];
    return dataset->n ? sum / (double)dataset->n : 0;
}

struct event dataset_event(const struct dataset *dataset, int64_t i) {
    const struct events *events = &dataset->source->events;
    const int64_t row = dataset_row(dataset, i);
    return (struct event){events->users[row], events->items[row], events->ratings[row], events->times ? events->times[row] : 0, row};
}

int64_t dataset_bytes(const struct dataset *dataset) {
    const struct events *events = &dataset->source->events;
    int64_t bytes = (int64_t)sizeof *dataset, per_row = 4 + 4 + 4 + (events->times ? 8 : 0);
    bytes += dataset->n * per_row; /* its share of the source */
    if (dataset->rows) bytes += dataset->n * 8;
    if (dataset->columns.users && dataset->columns.users != events->users) bytes += dataset->n * per_row;
    for (int i = 0; i < dataset->n_mirrors; i++) {
        if (dataset->mirrors[i].by_user) bytes += csr_bytes(dataset->mirrors[i].by_user);
        if (dataset->mirrors[i].by_item) bytes += csr_bytes(dataset->mirrors[i].by_item);
    }
    for (int i = 0; i < 8; i++)
        if (dataset->seen_starts[i]) bytes += (dataset_n_users(dataset) + 1) * 8 + dataset->seen_starts[i][dataset_n_users(dataset)] * 4;
    return bytes;
}

/* --- columns of a view --- */

struct copies {
    int32_t *users, *items;
    float *ratings;
    int64_t *times;
};

static enum status copy_columns(const struct dataset *dataset, struct copies *to, struct error *err) {
    const struct events *events = &dataset->source->events;
    const size_t n = (size_t)dataset->n;
    TRY(mem_try_array(n, "users", &to->users, err));
    TRY(mem_try_array(n, "items", &to->items, err));
    TRY(mem_try_array(n, "ratings", &to->ratings, err));
    if (events->times) TRY(mem_try_array(n, "times", &to->times, err));
    for (int64_t i = 0; i < dataset->n; i++) {
        const int64_t row = dataset->rows[i];
        TRY(task_look((size_t)i, err));
        to->users[i] = events->users[row];
        to->items[i] = events->items[row];
        to->ratings[i] = events->ratings[row];
        if (to->times) to->times[i] = events->times[row];
    }
    return OK;
}

static enum status make_columns(struct dataset *dataset, struct error *err) {
    const struct events *events = &dataset->source->events;
    struct copies to = {0};
    if (!dataset->rows) {
        dataset->columns = (struct events_view){events->users, events->items, events->ratings, events->times};
        return OK;
    }
    const enum status status = copy_columns(dataset, &to, err);
    if (status == OK) {
        dataset->columns = (struct events_view){to.users, to.items, to.ratings, to.times};
    } else {
        mem_free(to.users);
        mem_free(to.items);
        mem_free(to.ratings);
        mem_free(to.times);
    }
    return status;
}

enum status dataset_columns(struct dataset *dataset, struct events_view *out, struct error *err) {
    monitor_lock(dataset->monitor);
    const enum status status = dataset->columns.users ? OK : make_columns(dataset, err);
    if (status == OK) *out = dataset->columns;
    monitor_unlock(dataset->monitor);
    return status;
}

/* --- fingerprints --- */

/* Ids enter by their text, so that 7 and "7" are the same id whatever the others of the column are. */
static uint64_t *id_hashes(const struct catalog *catalog, bool of_users) {
    const int64_t n = of_users ? catalog->n_users : catalog->n_items;
    uint64_t *hashes = xnew_array(uint64_t, (size_t)n + 1);
    struct buf text = BUF_INIT;
    for (int64_t i = 0; i < n; i++) {
        buf_clear(&text);
        if (of_users) catalog_user_id(catalog, (int32_t)i, &text);
        else catalog_item_id(catalog, (int32_t)i, &text);
        hashes[i] = hash_bytes(buf_text(&text), text.len, of_users ? 1 : 2);
    }
    buf_release(&text);
    return hashes;
}

#define HASHED_TOGETHER 256

/* "" when the cell that asks is interrupted meanwhile. */
static void fingerprint_rows(const struct data_source *source, const int64_t *rows, int64_t n, char out[17]) {
    struct {
        uint64_t user, item;
        int64_t time;
        double rating;
    } block[HASHED_TOGETHER];
    const struct events *events = &source->events;
    uint64_t *users = id_hashes(source->catalog, true), *items = id_hashes(source->catalog, false), hash = (uint64_t)n;
    bool whole = true;
    for (int64_t start = 0; start < n && whole; start += HASHED_TOGETHER) {
        whole = start % TASK_TURNS != 0 || !task_cancelled(task_current());
        const int64_t length = n - start < HASHED_TOGETHER ? n - start : HASHED_TOGETHER;
        for (int64_t i = 0; i < length; i++) {
            const int64_t row = rows ? rows[start + i] : start + i;
            block[i].user = users[events->users[row]];
            block[i].item = items[events->items[row]];
            block[i].time = events->times ? events->times[row] : INT64_MIN;
            block[i].rating = (double)events->ratings[row] + 0.0; /* -0 is 0 */
        }
        hash = hash_bytes(block, (size_t)length * sizeof *block, hash);
    }
    free(users);
    free(items);
    if (whole) snprintf(out, 17, "%016llx", (unsigned long long)hash);
}

const char *data_source_fingerprint(struct data_source *source) {
    monitor_lock(source->monitor);
    if (!source->fingerprint[0]) fingerprint_rows(source, NULL, source->events.n_events, source->fingerprint);
    monitor_unlock(source->monitor);
    return source->fingerprint;
}

const char *dataset_fingerprint(struct dataset *dataset) {
    if (!dataset->rows) return data_source_fingerprint(dataset->source);
    monitor_lock(dataset->monitor);
    if (!dataset->fingerprint[0]) fingerprint_rows(dataset->source, dataset->rows, dataset->n, dataset->fingerprint);
    monitor_unlock(dataset->monitor);
    return dataset->fingerprint;
}
