/* A data set as tables: its rows, its users, its items. */
#include <math.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/data/dataset.h"
#include "runtime/data/table_parts.h"

/* --- ids and titles as columns --- */

static void add_int_ids(struct table *table, const char *name, const int64_t *ids, const int32_t *positions) {
    int64_t *out = table_add_ints(table, name);
    for (int64_t i = 0; i < table->n_rows; i++) out[i] = ids[positions[i]];
}

static void add_texts(struct table *table, const char *name, char *const *texts, const int32_t *positions) {
    char **out = table_add_strs(table, name);
    for (int64_t i = 0; i < table->n_rows && !table_is_over(i); i++)
        if (texts[positions[i]]) out[i] = xstrdup(texts[positions[i]]);
}

void table_add_users(struct table *table, const struct catalog *catalog, const int32_t *users) {
    if (catalog->user_ids_are_ints) add_int_ids(table, "user", catalog->user_ids_int, users);
    else add_texts(table, "user", catalog->user_ids_text, users);
}

void table_add_items(struct table *table, const struct catalog *catalog, const int32_t *items) {
    if (catalog->item_ids_are_ints) add_int_ids(table, "item", catalog->item_ids_int, items);
    else add_texts(table, "item", catalog->item_ids_text, items);
}

void table_add_titles(struct table *table, const struct catalog *catalog, const int32_t *items) {
    if (catalog->titles) add_texts(table, "title", catalog->titles, items);
}

/* 0: all are whole numbers; -1: as needed. */
static int decimals_of(const struct dataset *dataset, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const double rating = (double)dataset_event(dataset, i).rating;
        if (rating != rint(rating)) return -1;
    }
    return 0;
}

/* --- rows --- */

static struct table *first_rows(struct dataset *dataset, int64_t n) {
    const struct catalog *catalog = dataset_catalog(dataset);
    struct table *table = table_new(n);
    int32_t *users = xnew_array(int32_t, (size_t)n + 1), *items = xnew_array(int32_t, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) {
        const struct event event = dataset_event(dataset, i);
        users[i] = event.user;
        items[i] = event.item;
    }
    table_add_users(table, catalog, users);
    table_add_items(table, catalog, items);
    double *ratings = table_add_floats(table, "rating", decimals_of(dataset, n));
    for (int64_t i = 0; i < n; i++) ratings[i] = float_as_written(dataset_event(dataset, i).rating);
    int64_t *times = dataset_has_times(dataset) ? table_add_times(table, "time") : NULL;
    for (int64_t i = 0; times && i < n; i++) times[i] = dataset_event(dataset, i).time;
    table_add_titles(table, catalog, items);
    free(users);
    free(items);
    return table;
}

struct table *dataset_head(struct dataset *dataset, int64_t n) {
    const int64_t n_rows = dataset_n(dataset);
    return first_rows(dataset, n < n_rows ? n : n_rows);
}

struct table *dataset_interactions(struct dataset *dataset) {
    return first_rows(dataset, dataset_n(dataset));
}

/* --- users and items --- */

/* How many rows of the view, and their mean rating (null where there is none; ratings of implicit data have no mean worth a name). */
static void add_activity(struct table *table, const struct dataset *dataset, bool of_users) {
    double *sums = xnew_array(double, (size_t)table->n_rows + 1);
    int64_t *counts = table_add_ints(table, "ratings");
    for (int64_t i = 0; i < dataset_n(dataset); i++) {
        const struct event event = dataset_event(dataset, i);
        const int32_t at = of_users ? event.user : event.item;
        counts[at]++;
        sums[at] += (double)event.rating;
    }
    double *means = dataset_is_explicit(dataset) ? table_add_floats(table, "mean", 3) : NULL;
    for (int64_t i = 0; means && i < table->n_rows; i++) {
        if (counts[i]) means[i] = sums[i] / (double)counts[i];
        else table_set_null(&table->columns[table->n_columns - 1], table->n_rows, i);
    }
    free(sums);
}

static void add_features(struct table *table, const struct table *features) {
    int64_t *rows = xnew_array(int64_t, (size_t)table->n_rows + 1);
    for (int64_t i = 0; i < table->n_rows; i++) rows[i] = i;
    for (size_t c = 0; c < features->n_columns; c++) table_add_taken(table, &features->columns[c], rows);
    free(rows);
}

static int32_t *all_positions(int64_t n) {
    int32_t *positions = xnew_array(int32_t, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) positions[i] = (int32_t)i;
    return positions;
}

struct table *dataset_users(struct dataset *dataset) {
    const struct catalog *catalog = dataset_catalog(dataset);
    struct table *table = table_new(catalog->n_users);
    int32_t *users = all_positions(catalog->n_users);
    table_add_users(table, catalog, users);
    add_features(table, catalog->user_features);
    add_activity(table, dataset, true);
    free(users);
    return table;
}

struct table *dataset_items(struct dataset *dataset) {
    const struct catalog *catalog = dataset_catalog(dataset);
    struct table *table = table_new(catalog->n_items);
    int32_t *items = all_positions(catalog->n_items);
    table_add_items(table, catalog, items);
    table_add_titles(table, catalog, items);
    add_features(table, catalog->item_features);
    add_activity(table, dataset, false);
    free(items);
    return table;
}
