/* A catalog with one item more. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/catalog_build.h"

/* --- what is known of it --- */

static bool column_holds(const struct column *column, const struct column *cell) {
    const bool is_empty_list = cell->type >= COL_STRS && cell->u.lists.starts[1] == 0;
    const bool ints_among_floats = (column->type == COL_FLOAT && cell->type == COL_INT) || (column->type == COL_FLOATS && cell->type == COL_INTS);
    return column->type == cell->type || ints_among_floats || (is_empty_list && column->type >= COL_STRS) || cell_is_null(cell, 0);
}

static const char *kind_words(enum column_type type) {
    switch (type) {
    case COL_BOOL: return "bools";
    case COL_INT: return "whole numbers";
    case COL_FLOAT: return "numbers";
    case COL_STR: return "texts";
    case COL_TIME: return "times";
    case COL_STRS: return "lists of texts";
    case COL_INTS: return "lists of whole numbers";
    case COL_FLOATS: return "lists of numbers";
    }
    return "something else";
}

static enum status check_cell(const struct catalog *catalog, const struct column *cell, struct error *err) {
    struct column *column;
    if (strcmp(cell->name, "title") == 0) {
        if (cell->type == COL_STR || cell_is_null(cell, 0)) return OK;
        return err_set(err, ERR_TYPE, "a title is a text");
    }
    if (!catalog->item_features->n_columns) {
        err_set(err, ERR_KEY, "the items have no column `%.100s`: nothing is known of them but their ids", cell->name);
        return err_hint(err, "leave about= out, or fit on data whose items have columns");
    }
    TRY(table_want(catalog->item_features, cell->name, &column, err));
    if (column_holds(column, cell)) return OK;
    err_set(err, ERR_TYPE, "`%.100s` holds %s of the items, not %s", cell->name, kind_words(column->type), kind_words(cell->type));
    return column->type == COL_STRS ? err_hint(err, "say %.60s=[\"…\"], a list even of one", cell->name) : ERR_TYPE;
}

static enum status check_about(const struct catalog *catalog, const struct table *about, struct error *err) {
    for (size_t c = 0; about && c < about->n_columns; c++) TRY(check_cell(catalog, &about->columns[c], err));
    return OK;
}

/* --- putting it in --- */

/* The list of the last row, empty so far. */
static void set_list(struct column *column, int64_t last, const struct column *cell) {
    const int64_t n = cell->u.lists.starts[1], at = column->u.lists.starts[last], room = at + n + 1;
    if (column->type == COL_STRS) column->u.lists.strs = xrealloc(column->u.lists.strs, (size_t)room * sizeof(char *));
    if (column->type == COL_INTS) column->u.lists.ints = xrealloc(column->u.lists.ints, (size_t)room * sizeof(int64_t));
    if (column->type == COL_FLOATS) column->u.lists.floats = xrealloc(column->u.lists.floats, (size_t)room * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        if (column->type == COL_STRS) column->u.lists.strs[at + i] = xstrdup(cell->u.lists.strs[i]);
        if (column->type == COL_INTS) column->u.lists.ints[at + i] = cell->u.lists.ints[i];
        if (column->type == COL_FLOATS)
            column->u.lists.floats[at + i] = cell->type == COL_INTS ? (double)cell->u.lists.ints[i] : cell->u.lists.floats[i];
    }
    column->u.lists.starts[last + 1] = at + n;
}

static void set_cell(struct column *column, int64_t last, const struct column *cell) {
    if (cell_is_null(cell, 0)) return;
    switch (column->type) {
    case COL_BOOL: column->u.bools[last] = cell->u.bools[0]; break;
    case COL_INT:
    case COL_TIME: column->u.ints[last] = cell->u.ints[0]; break;
    case COL_FLOAT: column->u.floats[last] = cell_number(cell, 0); break;
    case COL_STR: column->u.strs[last] = xstrdup(cell->u.strs[0]); break;
    default: set_list(column, last, cell); break;
    }
    column->nulls[last] = false; /* table_take made it one */
}

static void set_about(struct catalog *catalog, const struct table *about) {
    const int64_t last = catalog->n_items - 1;
    for (size_t c = 0; about && c < about->n_columns; c++) {
        struct column *column = table_column(catalog->item_features, about->columns[c].name);
        if (column && column_holds(column, &about->columns[c])) set_cell(column, last, &about->columns[c]);
    }
    catalog_derive_genres(catalog->item_features, last);
}

static void set_year(struct catalog *catalog) {
    struct column *column = table_column(catalog->item_features, "year");
    const int64_t last = catalog->n_items - 1, year = catalog->titles ? title_year(catalog->titles[last]) : 0;
    if (!year || !column || column->type != COL_INT || !cell_is_null(column, last)) return;
    column->u.ints[last] = year;
    column->nulls[last] = false;
}

static void set_title(struct catalog *catalog, const char *title) {
    if (!title) return;
    if (!catalog->titles) catalog->titles = xnew_array(char *, (size_t)catalog->n_items + 1);
    free(catalog->titles[catalog->n_items - 1]);
    catalog->titles[catalog->n_items - 1] = xstrdup(title);
}

/* The number after the largest; where there is none, the first from 1 on that is free. */
static int64_t next_number(const struct catalog *catalog) {
    int64_t largest = 0, number = 1;
    for (int64_t i = 0; i < catalog->n_items; i++)
        if (catalog->item_ids_int[i] > largest) largest = catalog->item_ids_int[i];
    if (largest < INT64_MAX) return largest + 1;
    while (catalog_find_item(catalog, (struct id){.is_int = true, .number = number}) >= 0) number++;
    return number;
}

/* What is no id is the item's title. */
static bool is_title(const struct catalog *catalog, struct id id) {
    int64_t number;
    return catalog->item_ids_are_ints && !id.is_int && !parse_int64(slice_of(id.text), &number);
}

static enum status check_title(const struct catalog *catalog, struct id id, const char *title, struct error *err) {
    if (!title || !is_title(catalog, id) || strcmp(title, id.text) == 0) return OK;
    err_set(err, ERR_VALUE, "the item is called \"%.100s\", and about gives it the title \"%.100s\"", id.text, title);
    return err_hint(err, "say the title once; beside it item= may be an id that is still free, a whole number");
}

/* Its id, and as its title what was no id. */
static void set_id(const struct catalog *from, struct id id, struct catalog *catalog) {
    const int64_t last = catalog->n_items - 1;
    int64_t number = id.number;
    if (!catalog->item_ids_are_ints) {
        struct buf text = BUF_INIT;
        if (id.is_int) buf_addf(&text, "%lld", (long long)id.number);
        else buf_adds(&text, id.text);
        catalog->item_ids_text[last] = xstrdup(buf_text(&text));
        buf_release(&text);
        return;
    }
    if (is_title(from, id)) {
        number = next_number(from);
        set_title(catalog, id.text);
    } else if (!id.is_int) (void)parse_int64(slice_of(id.text), &number);
    catalog->item_ids_int[last] = number;
}

static struct catalog *with_room(const struct catalog *from) {
    const int64_t n = from->n_items, most = n > from->n_users ? n : from->n_users;
    int64_t *all = xnew_array(int64_t, (size_t)most + 1), *and_one = xnew_array(int64_t, (size_t)n + 1);
    for (int64_t i = 0; i < most; i++) all[i] = i;
    for (int64_t i = 0; i < n; i++) and_one[i] = i;
    and_one[n] = -1;
    struct catalog *catalog = catalog_take(from, all, from->n_users, and_one, n + 1);
    catalog->n_added_items = from->n_added_items + 1;
    free(all);
    free(and_one);
    return catalog;
}

/* What is checked already, put in. */
static struct catalog *extended(const struct catalog *from, struct id id, const char *title, const struct table *about) {
    struct catalog *catalog = with_room(from);
    set_id(from, id, catalog);
    set_title(catalog, title);
    set_about(catalog, about);
    set_year(catalog);
    return catalog;
}

enum status catalog_with_item(const struct catalog *from, struct id id, const struct table *about, struct catalog **out, struct error *err) {
    TRY(check_about(from, about, err));
    const struct column *column = about ? table_column(about, "title") : NULL;
    const char *title = column && !cell_is_null(column, 0) ? column->u.strs[0] : NULL;
    TRY(check_title(from, id, title, err));
    *out = extended(from, id, title, about);
    return OK;
}

struct catalog *catalog_with_item_of(const struct catalog *from, const struct catalog *other, int32_t item) {
    struct table *about = table_take(other->item_features, &(int64_t){item}, 1);
    const struct id id = {.is_int = other->item_ids_are_ints,
                          .number = other->item_ids_are_ints ? other->item_ids_int[item] : 0,
                          .text = other->item_ids_are_ints ? NULL : other->item_ids_text[item]};
    struct catalog *catalog = extended(from, id, catalog_title(other, item), about);
    table_unref(about);
    return catalog;
}
