/* Data sets from data sets: implicit, and fewer rows. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/data/catalog_build.h"
#include "runtime/data/dataset_parts.h"

/* --- a new source of some of the rows --- */

/* rows: indices into from's events, ascending. new_users, new_items: positions in the new catalog (a count of which is taken), or NULL: unchanged. */
static enum status take_rows(struct data_source *from, const int64_t *rows, int64_t n, struct catalog *takes_catalog, const int32_t *new_users,
                             const int32_t *new_items, struct data_source **out, struct error *err) {
    struct data_source *source = data_source_derive(from, n, err);
    if (source && takes_catalog) {
        catalog_unref(source->catalog);
        source->catalog = takes_catalog;
    } else if (!source) {
        catalog_unref(takes_catalog);
        return err->code;
    }
    const struct events *old = &from->events;
    struct events *new = &source->events;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = rows[i];
        if (task_look((size_t)i, err) != OK) {
            data_source_unref(source);
            return err->code;
        }
        new->users[i] = new_users ? new_users[old->users[row]] : old->users[row];
        new->items[i] = new_items ? new_items[old->items[row]] : old->items[row];
        new->ratings[i] = old->ratings[row];
        if (new->times) new->times[i] = old->times[row];
        source->parent_rows[i] = row;
    }
    source->published = from->published;
    *out = source;
    return OK;
}

/* The source's rows that `keep` (n_events) holds, in order. */
static enum status kept_rows(const bool *keep, int64_t n_events, int64_t **out, int64_t *out_n, struct error *err) {
    int64_t n = 0;
    for (int64_t i = 0; i < n_events; i++) n += keep[i];
    TRY(mem_try_array((size_t)n, "rows", out, err));
    *out_n = n;
    n = 0;
    for (int64_t i = 0; i < n_events; i++)
        if (keep[i]) (*out)[n++] = i;
    return OK;
}

/* --- implicit --- */

struct change {
    struct dataset *dataset;
    int64_t *rows, n; /* kept rows of the old source */
    int64_t *new_row; /* by old row; -1: left out */
    struct data_source *source;
};

static void change_release(struct change *change) {
    mem_free(change->rows);
    mem_free(change->new_row);
    data_source_unref(change->source);
}

/* Old rows as new rows; those left out are skipped. from_i (may be NULL): which of the old ones each is. */
static enum status map_rows(const struct change *change, const int64_t *rows, int64_t n, int64_t **out, int64_t *out_n, int64_t *from_i,
                            struct error *err) {
    TRY(mem_try_array((size_t)n, "rows", out, err));
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = change->new_row[rows[i]];
        TRY(task_look((size_t)i, err));
        if (row < 0) continue;
        if (from_i) from_i[at] = i;
        (*out)[at++] = row;
    }
    *out_n = at;
    return OK;
}

static enum status map_negatives(const struct split *old, const int64_t *kept, struct split *new, struct error *err) {
    const size_t width = (size_t)old->n_negatives;
    if (!old->negatives) return OK;
    TRY(mem_try_array((size_t) new->n_rows[2] * width, "negatives", &new->negatives, err));
    new->n_negatives = old->n_negatives;
    for (int64_t i = 0; i < new->n_rows[2]; i++)
        memcpy(new->negatives + (size_t)i *width, old->negatives + (size_t)kept[i] * width, width * sizeof *old->negatives);
    return OK;
}

static enum status map_split(const struct change *change, struct split **out, struct error *err) {
    const struct split *old = change->dataset->split;
    struct split *split = split_new(old->description);
    int64_t *kept = NULL;
    enum status status = mem_try_array((size_t)old->n_rows[2], "rows", &kept, err);
    for (int p = 0; p < 3 && status == OK; p++)
        status = map_rows(change, old->rows[p], old->n_rows[p], &split->rows[p], &split->n_rows[p], p == 2 ? kept : NULL, err);
    if (status == OK) status = map_negatives(old, kept, split, err);
    mem_free(kept);
    if (status != OK) {
        split_unref(split);
        return status;
    }
    split_name(split, change->source);
    *out = split;
    return OK;
}

/* The part of the changed split that the old part was. */
static enum status same_part(const struct change *change, struct dataset **out, struct error *err) {
    const struct dataset *old = change->dataset;
    struct split *split;
    int64_t *rows = NULL, n;
    TRY(map_split(change, &split, err));
    const enum status status = map_rows(change, old->rows, old->n, &rows, &n, NULL, err);
    if (status != OK || n == 0) {
        mem_free(rows);
        split_unref(split);
        return status != OK ? status : err_set(err, ERR_DATA, "no row of `%s` is left", old->name);
    }
    struct dataset *whole = dataset_of(data_source_ref(change->source));
    *out = dataset_view(whole, rows, n, split, old->part, old->name);
    dataset_unref(whole);
    return OK;
}

/* Of a part, the rows of all parts are chosen from, so that its siblings are changed alike. */
static bool *choose_ratings(const struct dataset *dataset, double threshold, bool has_threshold) {
    const struct events *events = &dataset->source->events;
    bool *keep = xnew_array(bool, (size_t)events->n_events + 1);
    for (int64_t i = 0; dataset->rows && !dataset->split && i < dataset->n; i++) keep[dataset->rows[i]] = true;
    if (!dataset->rows || dataset->split) memset(keep, true, (size_t)events->n_events);
    for (int64_t i = 0; has_threshold && i < events->n_events; i++) keep[i] = keep[i] && (double)events->ratings[i] >= threshold;
    return keep;
}

static enum status nothing_left(const struct dataset *dataset, double threshold, struct error *err) {
    err_set(err, ERR_DATA, "no rating of `%s` is %g or more", dataset->name, threshold);
    return err_hint(err, "its ratings go from %g to %g", (double)dataset->source->scale_min, (double)dataset->source->scale_max);
}

static enum status weigh(struct data_source *source, bool counts, struct error *err) {
    struct events *events = &source->events;
    for (int64_t i = 0; i < events->n_events; i++) {
        if (counts && !(events->ratings[i] > 0)) {
            err_set(err, ERR_VALUE, "with counts=True a row weighs its rating, but one of `%s` is %g", source->name, (double)events->ratings[i]);
            return err_hint(err, "threshold= leaves out rows that are not above 0");
        }
        if (!counts) events->ratings[i] = 1;
    }
    source->is_explicit = false;
    data_source_measure(source);
    return OK;
}

static enum status fill_change(struct change *change, const bool *keep, double threshold, bool counts, struct error *err) {
    struct data_source *old = change->dataset->source;
    TRY(kept_rows(keep, old->events.n_events, &change->rows, &change->n, err));
    if (change->n == 0) return nothing_left(change->dataset, threshold, err);
    TRY(mem_try_array((size_t)old->events.n_events, "rows", &change->new_row, err));
    memset(change->new_row, -1, (size_t)old->events.n_events * sizeof *change->new_row);
    for (int64_t i = 0; i < change->n; i++) change->new_row[change->rows[i]] = i;
    TRY(task_check(task_current(), err));
    TRY(take_rows(old, change->rows, change->n, NULL, NULL, NULL, &change->source, err));
    return weigh(change->source, counts, err);
}

enum status dataset_implicit(struct dataset *dataset, double threshold, bool has_threshold, bool counts, struct dataset **out, struct error *err) {
    struct change change = {.dataset = dataset};
    bool *keep = choose_ratings(dataset, threshold, has_threshold);
    enum status status = fill_change(&change, keep, threshold, counts, err);
    free(keep);
    if (status == OK && dataset->split) status = same_part(&change, out, err);
    else if (status == OK) *out = dataset_of(data_source_ref(change.source));
    change_release(&change);
    return status;
}

/* --- filter --- */

/* Positions of what is kept; returns how many. */
static int32_t renumber(const int64_t *counts, int64_t n, int32_t *new_positions, int64_t *old_positions) {
    int32_t next = 0;
    for (int64_t i = 0; i < n; i++) {
        new_positions[i] = counts[i] ? next : -1;
        if (counts[i]) old_positions[next++] = i;
    }
    return next;
}

/* Rows of the view that may stay, by what each row says of itself. */
static bool *choose_rows(const struct dataset *dataset, const struct data_filter *filter, const bool *keep_rows) {
    bool *keep = xnew_array(bool, (size_t)dataset->n + 1);
    for (int64_t i = 0; i < dataset->n; i++) {
        const int64_t time = dataset_event(dataset, i).time;
        keep[i] = !keep_rows || keep_rows[i];
        if (filter->has_since) keep[i] = keep[i] && time >= filter->since;
        if (filter->has_until) keep[i] = keep[i] && time < filter->until;
    }
    return keep;
}

/* One pass; true when it dropped something. Counts are of the rows that are kept. */
static bool drop_rare(const struct dataset *dataset, const struct data_filter *filter, bool *keep, int64_t *users, int64_t *items) {
    bool dropped = false;
    memset(users, 0, (size_t)dataset_n_users(dataset) * sizeof *users);
    memset(items, 0, (size_t)dataset_n_items(dataset) * sizeof *items);
    for (int64_t i = 0; i < dataset->n; i++) {
        const struct event event = dataset_event(dataset, i);
        users[event.user] += keep[i];
        items[event.item] += keep[i];
    }
    for (int64_t i = 0; i < dataset->n; i++) {
        const struct event event = dataset_event(dataset, i);
        if (!keep[i] || (users[event.user] >= filter->min_user && items[event.item] >= filter->min_item)) continue;
        keep[i] = false;
        dropped = true;
    }
    return dropped;
}

static enum status filtered_source(struct dataset *dataset, const int64_t *rows, int64_t n, const int64_t *users, const int64_t *items,
                                   struct dataset **out, struct error *err) {
    const int64_t all_users = dataset_n_users(dataset), all_items = dataset_n_items(dataset);
    int32_t *new_users = xnew_array(int32_t, (size_t)all_users + 1), *new_items = xnew_array(int32_t, (size_t)all_items + 1);
    int64_t *old_users = xnew_array(int64_t, (size_t)all_users + 1), *old_items = xnew_array(int64_t, (size_t)all_items + 1);
    const int64_t n_users = renumber(users, all_users, new_users, old_users), n_items = renumber(items, all_items, new_items, old_items);
    struct catalog *catalog = catalog_take(dataset_catalog(dataset), old_users, n_users, old_items, n_items);
    struct data_source *source;
    const enum status status = take_rows(dataset->source, rows, n, catalog, new_users, new_items, &source, err);
    free(new_users);
    free(new_items);
    free(old_users);
    free(old_items);
    if (status != OK) return status;
    data_source_measure(source);
    *out = dataset_of(source);
    return OK;
}

static enum status filtered(struct dataset *dataset, const bool *keep, const int64_t *users, const int64_t *items, struct dataset **out,
                            struct error *err) {
    int64_t *rows, n;
    TRY(kept_rows(keep, dataset->n, &rows, &n, err));
    for (int64_t i = 0; i < n; i++) rows[i] = dataset_row(dataset, rows[i]);
    enum status status = OK;
    if (n == 0) {
        err_set(err, ERR_DATA, "no row of `%s` is left", dataset->name);
        status = err_hint(err, "describe(ratings) says what there is to ask for");
    } else if (dataset->split) {
        *out = dataset_view(dataset, rows, n, split_ref(dataset->split), dataset->part, dataset->name);
        return OK;
    } else status = filtered_source(dataset, rows, n, users, items, out, err);
    mem_free(rows);
    return status;
}

enum status dataset_filter(struct dataset *dataset, const struct data_filter *filter, const bool *keep_rows, struct dataset **out,
                           struct error *err) {
    if ((filter->has_since || filter->has_until) && !dataset_has_times(dataset)) {
        err_set(err, ERR_VALUE, "`%s` has no times to filter by", dataset->name);
        return err_hint(err, "load(path, time=\"column\") reads them");
    }
    bool *keep = choose_rows(dataset, filter, keep_rows);
    int64_t *users = xnew_array(int64_t, (size_t)dataset_n_users(dataset) + 1), *items = xnew_array(int64_t, (size_t)dataset_n_items(dataset) + 1);
    enum status status = OK;
    while (status == OK && drop_rare(dataset, filter, keep, users, items)) status = task_check(task_current(), err);
    if (status == OK) status = filtered(dataset, keep, users, items, out, err);
    free(keep);
    free(users);
    free(items);
    return status;
}
