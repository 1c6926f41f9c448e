/* Catalogs from ids and side tables: rows put in the order of positions,
 * titles taken out, columns derived. */
#include "runtime/data/catalog_build.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/data/table_parts.h"

/* Row of the side table of each position; -1: none. Returns the number of rows that fit no position. */
static int64_t rows_of_positions(const struct catalog *catalog, bool of_users, const struct table *table, int64_t *rows) {
    const struct column *ids = &table->columns[0];
    const int64_t n = of_users ? catalog->n_users : catalog->n_items;
    int64_t dropped = 0;
    for (int64_t i = 0; i < n; i++) rows[i] = -1;
    for (int64_t row = 0; row < table->n_rows; row++) {
        const bool is_int = ids->type == COL_INT;
        if (cell_is_null(ids, row)) continue;
        const struct id id = {is_int, is_int ? ids->u.ints[row] : 0, is_int ? NULL : ids->u.strs[row]};
        const int32_t position = of_users ? catalog_find_user(catalog, id) : catalog_find_item(catalog, id);
        if (position < 0) dropped++;
        else rows[position] = row;
    }
    return dropped;
}

static void add_features(struct table *features, const struct table *table, const int64_t *rows) {
    for (size_t i = 1; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        if (strcmp(name, "title") != 0 && strcmp(name, "date") != 0) table_add_taken(features, &table->columns[i], rows);
    }
}

/* "  The Net  (1995) " → "The Net (1995)". */
static char *trimmed(const char *text) {
    struct buf out = BUF_INIT;
    for (const char *c = text; *c; c++) {
        const bool space = *c == ' ' || *c == '\t';
        if (!space) buf_addc(&out, *c);
        else if (out.len && out.data[out.len - 1] != ' ') buf_addc(&out, ' ');
    }
    while (out.len && out.data[out.len - 1] == ' ') out.data[--out.len] = 0;
    buf_adds(&out, "");
    return out.data ? buf_take(&out) : xstrdup("");
}

static char **titles_of(const struct table *table, const int64_t *rows, int64_t n) {
    const struct column *column = table_column(table, "title");
    if (!column || column->type != COL_STR) return NULL;
    char **titles = xnew_array(char *, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++)
        if (rows[i] >= 0 && column->u.strs[rows[i]]) titles[i] = trimmed(column->u.strs[rows[i]]);
    return titles;
}

/* --- derived columns --- */

/* Four digits in brackets at `open`; 0: something else. */
static int bracketed_year(const char *open) {
    int year = 0;
    for (int i = 1; i <= 4; i++) {
        if (open[i] < '0' || open[i] > '9') return 0;
        year = year * 10 + (open[i] - '0');
    }
    return open[5] == ')' && year >= 1800 && year <= 2200 ? year : 0;
}

int title_year(const char *title) {
    int year = 0;
    for (const char *open = title ? strchr(title, '(') : NULL; open; open = strchr(open + 1, '(')) {
        const int here = bracketed_year(open);
        if (here) year = here;
    }
    return year;
}

/* "01-Jan-1995", "1995-01-01" or a time: the four digits that stand alone. */
static int date_year(const struct column *date, int64_t row) {
    struct buf text = BUF_INIT;
    int year = 0, digits = 0, found = 0;
    if (row < 0 || cell_is_null(date, row)) return 0;
    cell_text(date, row, &text);
    for (const char *c = buf_text(&text);; c++) {
        if (*c >= '0' && *c <= '9') {
            year = digits < 4 ? year * 10 + (*c - '0') : 0;
            digits++;
            continue;
        }
        if (digits == 4 && !found) found = year;
        year = digits = 0;
        if (!*c) break;
    }
    buf_release(&text);
    return found >= 1800 && found <= 2200 ? found : 0;
}

static void add_years(struct catalog *catalog, const struct table *table, const int64_t *rows) {
    const struct column *date = table_column(table, "date");
    if (table_column(catalog->item_features, "year") || (!date && !catalog->titles)) return;
    int64_t *years = xnew_array(int64_t, (size_t)catalog->n_items + 1), n_known = 0;
    for (int64_t i = 0; i < catalog->n_items; i++) {
        if (catalog->titles) years[i] = title_year(catalog->titles[i]);
        if (!years[i] && date) years[i] = date_year(date, rows[i]);
        n_known += years[i] != 0;
    }
    if (n_known > 0) {
        int64_t *into = table_add_ints(catalog->item_features, "year");
        struct column *column = &catalog->item_features->columns[catalog->item_features->n_columns - 1];
        for (int64_t i = 0; i < catalog->n_items; i++) {
            into[i] = years[i];
            if (!years[i]) table_set_null(column, catalog->n_items, i);
        }
    }
    free(years);
}

static void count_genres(const struct column *genres, int64_t n_items, struct str_map *counts) {
    for (int64_t e = 0; e < genres->u.lists.starts[n_items]; e++) {
        int64_t n = 0;
        const struct slice name = slice_of(genres->u.lists.strs[e]);
        str_map_get(counts, name, &n);
        str_map_put(counts, name, n + 1, true);
    }
}

/* The rarest in the catalogue says most about an item; equally rare ones: the first of its list. NULL: it has none. */
static const char *rarest_genre(const struct column *genres, const struct str_map *counts, int64_t item) {
    int64_t least = INT64_MAX, n, chosen = -1;
    for (int64_t e = genres->u.lists.starts[item]; e < genres->u.lists.starts[item + 1]; e++)
        if (str_map_get(counts, slice_of(genres->u.lists.strs[e]), &n) && n < least) least = n, chosen = e;
    return chosen >= 0 ? genres->u.lists.strs[chosen] : NULL;
}

void catalog_derive_genres(struct table *features, int64_t first) {
    const struct column *genres = table_column(features, "genres"), *genre = table_column(features, "genre");
    if (!genres || genres->type != COL_STRS || !genre || genre->type != COL_STR) return;
    struct str_map *counts = str_map_new();
    count_genres(genres, features->n_rows, counts);
    for (int64_t i = first; i < features->n_rows; i++) {
        const char *rarest = genre->u.strs[i] ? NULL : rarest_genre(genres, counts, i);
        if (!rarest) continue;
        genre->u.strs[i] = xstrdup(rarest);
        if (genre->nulls) genre->nulls[i] = false;
    }
    str_map_free(counts);
}

static void add_rarest_genres(struct table *features) {
    if (!table_column(features, "genres") || table_column(features, "genre")) return;
    table_add_strs(features, "genre");
    catalog_derive_genres(features, 0);
}

/* --- the whole --- */

static void take_ids(struct catalog *catalog, struct id_list *users, struct id_list *items) {
    catalog->n_users = users->n;
    catalog->n_items = items->n;
    catalog->user_ids_are_ints = users->are_ints;
    catalog->item_ids_are_ints = items->are_ints;
    catalog->user_ids_int = users->ints;
    catalog->item_ids_int = items->ints;
    catalog->user_ids_text = users->texts;
    catalog->item_ids_text = items->texts;
    *users = *items = (struct id_list){0};
}

static void add_item_columns(struct catalog *catalog, const struct table *table, const int64_t *rows) {
    add_features(catalog->item_features, table, rows);
    if (!catalog->titles) catalog->titles = titles_of(table, rows, catalog->n_items);
    add_rarest_genres(catalog->item_features);
    add_years(catalog, table, rows);
}

static void take_items(struct catalog *catalog, const struct table *table) {
    int64_t *rows = xnew_array(int64_t, (size_t)catalog->n_items + 1);
    catalog->dropped_items = rows_of_positions(catalog, false, table, rows);
    add_item_columns(catalog, table, rows);
    free(rows);
}

static void take_users(struct catalog *catalog, const struct table *table) {
    int64_t *rows = xnew_array(int64_t, (size_t)catalog->n_users + 1);
    catalog->dropped_users = rows_of_positions(catalog, true, table, rows);
    add_features(catalog->user_features, table, rows);
    free(rows);
}

struct catalog *catalog_build(struct id_list *users, struct id_list *items, const struct table *user_table, const struct table *item_table) {
    struct catalog *catalog = catalog_new();
    take_ids(catalog, users, items);
    catalog->user_features = table_new(catalog->n_users);
    catalog->item_features = table_new(catalog->n_items);
    if (user_table && user_table->n_columns) take_users(catalog, user_table);
    if (item_table && item_table->n_columns) take_items(catalog, item_table);
    return catalog;
}

/* --- catalogs of catalogs --- */

static char **take_texts(char *const *texts, const int64_t *from, int64_t n) {
    char **taken = texts ? xnew_array(char *, (size_t)n + 1) : NULL;
    for (int64_t i = 0; texts && i < n; i++) taken[i] = from[i] >= 0 && texts[from[i]] ? xstrdup(texts[from[i]]) : NULL;
    return taken;
}

static int64_t *take_ints(const int64_t *ints, const int64_t *from, int64_t n) {
    int64_t *taken = ints ? xnew_array(int64_t, (size_t)n + 1) : NULL;
    for (int64_t i = 0; ints && i < n; i++) taken[i] = from[i] >= 0 ? ints[from[i]] : 0;
    return taken;
}

struct catalog *catalog_take(const struct catalog *from, const int64_t *users, int64_t n_users, const int64_t *items, int64_t n_items) {
    struct catalog *catalog = catalog_new();
    catalog->n_users = n_users;
    catalog->n_items = n_items;
    catalog->user_ids_are_ints = from->user_ids_are_ints;
    catalog->item_ids_are_ints = from->item_ids_are_ints;
    catalog->user_ids_int = take_ints(from->user_ids_int, users, n_users);
    catalog->item_ids_int = take_ints(from->item_ids_int, items, n_items);
    catalog->user_ids_text = take_texts(from->user_ids_text, users, n_users);
    catalog->item_ids_text = take_texts(from->item_ids_text, items, n_items);
    catalog->titles = take_texts(from->titles, items, n_items);
    catalog->user_features = table_take(from->user_features, users, n_users);
    catalog->item_features = table_take(from->item_features, items, n_items);
    catalog->dropped_users = from->dropped_users;
    catalog->dropped_items = from->dropped_items;
    return catalog;
}

enum status catalog_join(struct catalog *catalog, bool of_users, const struct table *table, const int64_t *rows, struct error *err) {
    struct table *features = of_users ? catalog->user_features : catalog->item_features;
    for (size_t i = 1; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        const bool is_title = !of_users && strcmp(name, "title") == 0;
        if (!table_column(features, name) && !(is_title && catalog->titles)) continue;
        err_set(err, ERR_VALUE, "`%.100s` is known of the %s already", name, of_users ? "users" : "items");
        return err_hint(err, "table.rename(%.60s=\"other\") gives the column another name, table.select(…) leaves it out", name);
    }
    if (of_users) add_features(features, table, rows);
    else add_item_columns(catalog, table, rows);
    return OK;
}
