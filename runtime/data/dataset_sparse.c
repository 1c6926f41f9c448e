/* Sparse forms of a view, what was seen before a part, siblings, leaks. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/data/dataset_parts.h"

/* One pass of a stable counting sort: order_out is order_in by key. starts: n_keys + 1 entries, filled. */
static enum status sort_by(const int32_t *keys, int64_t n_keys, const int64_t *order_in, int64_t n, int64_t *starts, int64_t *order_out,
                           struct error *err) {
    memset(starts, 0, (size_t)(n_keys + 1) * sizeof *starts);
    for (int64_t i = 0; i < n; i++) {
        TRY(task_look((size_t)i, err));
        starts[keys[i] + 1]++;
    }
    for (int64_t k = 0; k < n_keys; k++) starts[k + 1] += starts[k];
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = order_in ? order_in[i] : i;
        TRY(task_look((size_t)i, err));
        order_out[starts[keys[row]]++] = row;
    }
    for (int64_t k = n_keys; k > 0; k--) starts[k] = starts[k - 1];
    starts[0] = 0;
    return OK;
}

struct sparse {
    int64_t *starts, *order;
    int32_t *columns;
    float *values;
};

static void sparse_release(struct sparse *sparse) {
    mem_free(sparse->starts);
    mem_free(sparse->order);
    mem_free(sparse->columns);
    mem_free(sparse->values);
}

/* By column first, then by row: within a row columns ascend, equal pairs stay in file order. */
static enum status make_sparse(const int32_t *rows, const int32_t *columns, const float *values, int64_t n, int64_t n_rows, int64_t n_columns,
                               struct sparse *out, struct error *err) {
    int64_t *by_column = NULL, *column_starts = NULL;
    enum status status = mem_try_array((size_t)n, "order", &by_column, err);
    if (status == OK) status = mem_try_array((size_t)n_columns + 1, "order", &column_starts, err);
    if (status == OK) status = mem_try_array((size_t)n_rows + 1, "order", &out->starts, err);
    if (status == OK) status = mem_try_array((size_t)n, "order", &out->order, err);
    if (status == OK) status = mem_try_array((size_t)n, "columns", &out->columns, err);
    if (status == OK && values) status = mem_try_array((size_t)n, "values", &out->values, err);
    if (status == OK) status = sort_by(columns, n_columns, NULL, n, column_starts, by_column, err);
    if (status == OK) status = sort_by(rows, n_rows, by_column, n, out->starts, out->order, err);
    for (int64_t i = 0; status == OK && i < n; i++) {
        status = task_look((size_t)i, err);
        out->columns[i] = columns[out->order[i]];
        if (values) out->values[i] = values[out->order[i]];
    }
    mem_free(by_column);
    mem_free(column_starts);
    return status;
}

static enum status make_csr(struct dataset *dataset, struct device *device, bool by_user, struct csr **out, struct error *err) {
    const struct events_view *view = &dataset->columns;
    const int64_t n_users = dataset_n_users(dataset), n_items = dataset_n_items(dataset);
    struct sparse sparse = {0};
    enum status status = by_user ? make_sparse(view->users, view->items, view->ratings, dataset->n, n_users, n_items, &sparse, err)
                                 : make_sparse(view->items, view->users, view->ratings, dataset->n, n_items, n_users, &sparse, err);
    if (status == OK)
        status = csr_from(device, by_user ? n_users : n_items, by_user ? n_items : n_users, sparse.starts, sparse.columns, sparse.values, out, err);
    sparse_release(&sparse);
    return status;
}

/* The device's entry; the oldest one gives way when all are in use. Under the lock. */
static struct mirror *mirror_of(struct dataset *dataset, struct device *device) {
    for (int i = 0; i < dataset->n_mirrors; i++)
        if (dataset->mirrors[i].device == device) return &dataset->mirrors[i];
    if (dataset->n_mirrors == MIRRORS_MAX) return NULL;
    struct mirror *mirror = &dataset->mirrors[dataset->n_mirrors++];
    *mirror = (struct mirror){.device = device_ref(device)};
    return mirror;
}

static enum status want_csr(struct dataset *dataset, struct device *device, bool by_user, const struct csr **out, struct error *err) {
    struct events_view view;
    enum status status = OK;
    TRY(dataset_columns(dataset, &view, err));
    monitor_lock(dataset->monitor);
    struct mirror *mirror = mirror_of(dataset, device);
    if (!mirror) status = err_set(err, ERR_LIMIT, "a data set is held by at most %d devices at a time", MIRRORS_MAX);
    struct csr **made = !mirror ? NULL : by_user ? &mirror->by_user : &mirror->by_item;
    if (status == OK && !*made) status = make_csr(dataset, device, by_user, made, err);
    if (status == OK) *out = *made;
    monitor_unlock(dataset->monitor);
    return status;
}

enum status dataset_by_user(struct dataset *dataset, struct device *device, const struct csr **out, struct error *err) {
    return want_csr(dataset, device, true, out, err);
}

enum status dataset_by_item(struct dataset *dataset, struct device *device, const struct csr **out, struct error *err) {
    return want_csr(dataset, device, false, out, err);
}

/* --- what was seen --- */

static int seen_mask(const struct dataset *dataset, int mask) {
    if (mask) return mask & 7;
    if (dataset->part & PART_TEST) return PART_TRAIN | PART_VALID;
    return dataset->part & PART_VALID ? PART_TRAIN : 0;
}

/* Leaves one entry a pair; items ascend within a user. */
static enum status drop_repeats(int64_t *starts, int32_t *items, int64_t n_users, struct error *err) {
    int64_t to = 0, from = 0;
    for (int64_t user = 0; user < n_users; user++) {
        const int64_t end = starts[user + 1], first = to;
        for (; from < end; from++) {
            TRY(task_look((size_t)from, err));
            if (to == first || items[to - 1] != items[from]) items[to++] = items[from];
        }
        starts[user + 1] = to;
    }
    return OK;
}

static enum status gather_pairs(const struct dataset *dataset, int mask, int32_t **out_users, int32_t **out_items, int64_t *out_n,
                                struct error *err) {
    const struct events *events = &dataset->source->events;
    const struct split *split = dataset->split;
    int64_t n = 0, at = 0;
    for (int p = 0; split && p < 3; p++) n += mask & (1 << p) ? split->n_rows[p] : 0;
    TRY(mem_try_array((size_t)n, "seen rows", out_users, err));
    TRY(mem_try_array((size_t)n, "seen rows", out_items, err));
    for (int p = 0; split && p < 3; p++) {
        for (int64_t i = 0; mask & (1 << p) && i < split->n_rows[p]; i++, at++) {
            TRY(task_look((size_t)i, err));
            (*out_users)[at] = events->users[split->rows[p][i]];
            (*out_items)[at] = events->items[split->rows[p][i]];
        }
    }
    *out_n = n;
    return OK;
}

static enum status make_seen(struct dataset *dataset, int mask, struct error *err) {
    int32_t *users = NULL, *items = NULL;
    int64_t n = 0;
    struct sparse sparse = {0};
    enum status status = gather_pairs(dataset, mask, &users, &items, &n, err);
    if (status == OK) status = make_sparse(users, items, NULL, n, dataset_n_users(dataset), dataset_n_items(dataset), &sparse, err);
    if (status == OK) status = drop_repeats(sparse.starts, sparse.columns, dataset_n_users(dataset), err);
    if (status == OK) {
        dataset->seen_starts[mask] = sparse.starts;
        dataset->seen_items[mask] = sparse.columns;
        sparse.starts = NULL;
        sparse.columns = NULL;
    }
    sparse_release(&sparse);
    mem_free(users);
    mem_free(items);
    return status;
}

enum status dataset_seen(struct dataset *dataset, int mask, const int64_t **out_starts, const int32_t **out_items, struct error *err) {
    const int parts = seen_mask(dataset, mask);
    enum status status = OK;
    monitor_lock(dataset->monitor);
    if (!dataset->seen_starts[parts]) status = make_seen(dataset, parts, err);
    if (status == OK) {
        *out_starts = dataset->seen_starts[parts];
        *out_items = dataset->seen_items[parts];
    }
    monitor_unlock(dataset->monitor);
    return status;
}

/* --- siblings and leaks --- */

enum status dataset_sibling(struct dataset *dataset, enum part part, struct dataset **out, struct error *err) {
    struct split *split = dataset->split;
    const int p = part == PART_TRAIN ? 0 : part == PART_VALID ? 1 : 2;
    int64_t *rows;
    if (!split) {
        err_set(err, ERR_VALUE, "`%s` is not a part of a split, so it has no %s part", dataset->name, part_name((int)part));
        return err_hint(err, "train, valid, test = split(ratings, valid=0.1, test=0.2) makes parts");
    }
    if (split->n_rows[p] == 0) {
        err_set(err, ERR_VALUE, "the split of `%s` (%s) has no %s part", dataset->name, split->description, part_name((int)part));
        return err_hint(err, "split(ratings, valid=0.1, test=0.2) makes train, valid and test");
    }
    TRY(mem_try_array((size_t)split->n_rows[p], "rows", &rows, err));
    memcpy(rows, split->rows[p], (size_t)split->n_rows[p] * sizeof *rows);
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s %s", dataset->source->name, part_name((int)part));
    *out = dataset_view(dataset, rows, split->n_rows[p], split_ref(split), (int)part, buf_text(&name));
    buf_release(&name);
    return OK;
}

static int64_t root_row(const struct data_source *source, int64_t row) {
    for (; source->parent; source = source->parent) row = source->parent_rows[row];
    return row;
}

static struct data_source *root_of(struct data_source *source) {
    while (source->parent) source = source->parent;
    return source;
}

/* Loaded twice, changed by implicit or filter: still the same rows. */
int64_t dataset_overlap(const struct dataset *fitted, const struct dataset *judged) {
    struct data_source *a = root_of(fitted->source), *b = root_of(judged->source);
    if (a != b && (a->events.n_events != b->events.n_events || strcmp(data_source_fingerprint(a), data_source_fingerprint(b)) != 0)) return 0;
    bool *is_fitted = xnew_array(bool, (size_t)a->events.n_events + 1);
    int64_t n = 0;
    for (int64_t i = 0; i < fitted->n; i++) is_fitted[root_row(fitted->source, dataset_row(fitted, i))] = true;
    for (int64_t i = 0; i < judged->n; i++) n += is_fitted[root_row(judged->source, dataset_row(judged, i))];
    free(is_fitted);
    return n;
}
