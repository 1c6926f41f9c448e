/* Data sets that know more of their users or items: columns of a side table. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/data/catalog_build.h"
#include "runtime/data/dataset_parts.h"

struct join {
    struct dataset *dataset;
    struct table *table; /* the ids' column first */
    bool of_users;
    int64_t *rows; /* of the table, by position; -1: none */
    int64_t n_found, n_dropped;
};

static const char *side_name(const struct join *join) { return join->of_users ? "user" : "item"; }

/* --- the table --- */

static enum status ids_first(const struct table *table, const char *on, struct table **out, struct error *err) {
    const char **names = xnew_array(const char *, table->n_columns + 1);
    size_t n = 1;
    names[0] = on;
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, on) != 0) names[n++] = table->columns[i].name;
    struct table *ordered = table_select(table, names, n, err);
    free(names);
    if (!ordered) return err->code;
    *out = ordered;
    return OK;
}

static enum status check_ids(const struct join *join, struct error *err) {
    const struct column *ids = &join->table->columns[0];
    if (ids->type == COL_INT || ids->type == COL_STR) return OK;
    err_set(err, ERR_TYPE, "the column `%s` of the table holds no ids", ids->name);
    return err_hint(err, "ids are ints or strs, as users(ratings) and items(ratings) show them");
}

static enum status id_twice(const struct join *join, int64_t before, int64_t row, struct error *err) {
    struct buf id = BUF_INIT;
    cell_text(&join->table->columns[0], row, &id);
    err_set(err, ERR_DATA, "row %lld of the table: %s %s stands in row %lld already", (long long)row, side_name(join), buf_text(&id),
            (long long)before);
    buf_release(&id);
    return err_hint(err, "table.unique(\"%s\") keeps the first row of each", side_name(join));
}

/* --- rows of positions --- */

static int32_t find(const struct join *join, int64_t row) {
    const struct catalog *catalog = dataset_catalog(join->dataset);
    const struct column *ids = &join->table->columns[0];
    const bool is_int = ids->type == COL_INT;
    if (cell_is_null(ids, row)) return -1;
    const struct id id = {is_int, is_int ? ids->u.ints[row] : 0, is_int ? NULL : ids->u.strs[row]};
    return join->of_users ? catalog_find_user(catalog, id) : catalog_find_item(catalog, id);
}

static enum status no_match(const struct join *join, struct error *err) {
    const struct catalog *catalog = dataset_catalog(join->dataset);
    struct buf id = BUF_INIT;
    err_set(err, ERR_DATA, "no %s of the table is one of `%s`", side_name(join), dataset_name(join->dataset));
    if (join->of_users) catalog_user_id(catalog, 0, &id);
    else catalog_item_id(catalog, 0, &id);
    err_hint(err, "its %ss have ids like %s", side_name(join), buf_text(&id));
    buf_release(&id);
    return ERR_DATA;
}

static enum status find_rows(struct join *join, int64_t n_positions, struct error *err) {
    TRY(mem_try_array((size_t)n_positions, "rows", &join->rows, err));
    for (int64_t i = 0; i < n_positions; i++) join->rows[i] = -1;
    for (int64_t row = 0; row < join->table->n_rows; row++) {
        TRY(task_look((size_t)row, err));
        const int32_t position = find(join, row);
        if (position >= 0 && join->rows[position] >= 0) return id_twice(join, join->rows[position], row, err);
        if (position >= 0) join->rows[position] = row;
        join->n_found += position >= 0;
        join->n_dropped += position < 0;
    }
    return join->n_found ? OK : no_match(join, err);
}

/* --- the data set --- */

static struct catalog *copy_of(const struct catalog *catalog) {
    const int64_t n = catalog->n_users > catalog->n_items ? catalog->n_users : catalog->n_items;
    int64_t *all = xnew_array(int64_t, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) all[i] = i;
    struct catalog *copy = catalog_take(catalog, all, catalog->n_users, all, catalog->n_items);
    free(all);
    return copy;
}

/* The same rows over another catalog, which is taken; the columns stay the old source's. */
static struct data_source *same_rows(struct data_source *from, struct catalog *takes_catalog) {
    struct data_source *source = xnew(struct data_source);
    *source = *from;
    source->events.count = 1;
    source->catalog = takes_catalog;
    source->name = xstrdup(from->name);
    source->origin = xstrdup(from->origin);
    source->licence = from->licence ? xstrdup(from->licence) : NULL;
    source->parent = from->parent ? data_source_ref(from->parent) : NULL;
    source->lender = data_source_ref(from);
    source->unpacked = NULL;
    source->monitor = monitor_new();
    source->fingerprint[0] = 0;
    return source;
}

static enum status same_part(struct dataset *dataset, struct data_source *takes_source, struct dataset **out, struct error *err) {
    struct dataset *whole = dataset_of(takes_source);
    int64_t *rows = NULL;
    if (!dataset->rows) {
        *out = whole;
        return OK;
    }
    const enum status status = mem_try_array((size_t)dataset->n, "rows", &rows, err);
    if (status == OK) {
        memcpy(rows, dataset->rows, (size_t)dataset->n * sizeof *rows);
        *out = dataset_view(whole, rows, dataset->n, dataset->split ? split_ref(dataset->split) : NULL, dataset->part, dataset->name);
    }
    dataset_unref(whole);
    return status;
}

static enum status joined(const struct join *join, struct dataset **out, struct error *err) {
    struct catalog *catalog = copy_of(dataset_catalog(join->dataset));
    const enum status status = catalog_join(catalog, join->of_users, join->table, join->rows, err);
    if (status != OK) {
        catalog_unref(catalog);
        return status;
    }
    if (join->of_users) catalog->dropped_users += join->n_dropped;
    else catalog->dropped_items += join->n_dropped;
    return same_part(join->dataset, same_rows(join->dataset->source, catalog), out, err);
}

enum status dataset_join(struct dataset *dataset, const struct table *table, bool of_users, struct dataset **out, struct error *err) {
    struct join join = {.dataset = dataset, .of_users = of_users};
    TRY(ids_first(table, side_name(&join), &join.table, err));
    enum status status = check_ids(&join, err);
    if (status == OK) status = find_rows(&join, of_users ? dataset_n_users(dataset) : dataset_n_items(dataset), err);
    if (status == OK) status = joined(&join, out, err);
    mem_free(join.rows);
    table_unref(join.table);
    return status;
}
