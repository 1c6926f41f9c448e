/* Tables from tables: other rows, other columns, another order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/data/table_parts.h"

bool table_is_over(int64_t row) { return row % TASK_TURNS == 0 && task_cancelled(task_current()); }

static void take_lists(const struct column *from, const int64_t *rows, int64_t n_rows, struct column *to) {
    int64_t n_entries = 0, at = 0;
    bool over = false;
    for (int64_t i = 0; i < n_rows; i++)
        if (rows[i] >= 0) n_entries += from->u.lists.starts[rows[i] + 1] - from->u.lists.starts[rows[i]];
    const size_t room = (size_t)n_entries + 1;
    to->u.lists.starts = xnew_array(int64_t, (size_t)n_rows + 1);
    if (from->type == COL_STRS) to->u.lists.strs = xnew_array(char *, room);
    if (from->type == COL_INTS) to->u.lists.ints = xnew_array(int64_t, room);
    if (from->type == COL_FLOATS) to->u.lists.floats = xnew_array(double, room);
    for (int64_t i = 0; i < n_rows; i++) {
        over = over || table_is_over(i);
        for (int64_t e = rows[i] < 0 ? 0 : from->u.lists.starts[rows[i]]; !over && rows[i] >= 0 && e < from->u.lists.starts[rows[i] + 1]; e++, at++) {
            if (from->type == COL_STRS) to->u.lists.strs[at] = xstrdup(from->u.lists.strs[e]);
            if (from->type == COL_INTS) to->u.lists.ints[at] = from->u.lists.ints[e];
            if (from->type == COL_FLOATS) to->u.lists.floats[at] = from->u.lists.floats[e];
        }
        to->u.lists.starts[i + 1] = at;
    }
}

static void take_cells(const struct column *from, const int64_t *rows, int64_t n_rows, struct column *to) {
    const size_t room = (size_t)n_rows + 1;
    switch (from->type) {
    case COL_BOOL:
        to->u.bools = xnew_array(bool, room);
        for (int64_t i = 0; i < n_rows; i++) to->u.bools[i] = rows[i] >= 0 && from->u.bools[rows[i]];
        break;
    case COL_INT:
    case COL_TIME:
        to->u.ints = xnew_array(int64_t, room);
        for (int64_t i = 0; i < n_rows; i++) to->u.ints[i] = rows[i] < 0 ? 0 : from->u.ints[rows[i]];
        break;
    case COL_FLOAT:
        to->u.floats = xnew_array(double, room);
        for (int64_t i = 0; i < n_rows; i++) to->u.floats[i] = rows[i] < 0 ? 0 : from->u.floats[rows[i]];
        break;
    case COL_STR:
        to->u.strs = xnew_array(char *, room);
        for (int64_t i = 0; i < n_rows && !table_is_over(i); i++)
            to->u.strs[i] = rows[i] < 0 || !from->u.strs[rows[i]] ? NULL : xstrdup(from->u.strs[rows[i]]);
        break;
    default: take_lists(from, rows, n_rows, to); break;
    }
}

struct column *table_add_taken(struct table *table, const struct column *from, const int64_t *rows) {
    struct column *to = table_add_column(table, from->name, from->type);
    to->decimals = from->decimals;
    to->best = from->best;
    take_cells(from, rows, table->n_rows, to);
    for (int64_t i = 0; i < table->n_rows; i++)
        if (rows[i] < 0 || (from->nulls && from->nulls[rows[i]])) table_set_null(to, table->n_rows, i);
    return to;
}

static void copy_what_stands_around(const struct table *from, struct table *to) {
    if (from->origin) {
        __atomic_add_fetch(&from->origin->count, 1, __ATOMIC_RELAXED);
        table_set_origin(to, from->origin);
    }
    if (from->caption) table_caption(to, "%s", from->caption);
    for (size_t i = 0; i < from->n_notes; i++) table_note(to, "%s", from->notes[i]);
}

struct table *table_take(const struct table *table, const int64_t *rows, int64_t n_rows) {
    struct table *taken = table_new(n_rows);
    for (size_t i = 0; i < table->n_columns; i++) table_add_taken(taken, &table->columns[i], rows);
    copy_what_stands_around(table, taken);
    for (int64_t i = 0; table->marked_row >= 0 && i < n_rows; i++)
        if (rows[i] == table->marked_row) taken->marked_row = i;
    return taken;
}

enum status table_columns(const struct table *table, const char *const *names, size_t n_names, struct column ***out_owned, struct error *err) {
    struct column **columns = xnew_array(struct column *, n_names + 1);
    for (size_t i = 0; i < n_names; i++) {
        const enum status status = table_want(table, names[i], &columns[i], err);
        if (status != OK) {
            free(columns);
            return status;
        }
    }
    *out_owned = columns;
    return OK;
}

static int64_t *all_rows(int64_t n_rows) {
    int64_t *rows = xnew_array(int64_t, (size_t)n_rows + 1);
    for (int64_t i = 0; i < n_rows; i++) rows[i] = i;
    return rows;
}

struct table *table_head(const struct table *table, int64_t n_rows) {
    if (n_rows > table->n_rows) n_rows = table->n_rows;
    int64_t *rows = all_rows(n_rows);
    struct table *head = table_take(table, rows, n_rows);
    free(rows);
    return head;
}

struct table *table_select(const struct table *table, const char *const *names, size_t n_names, struct error *err) {
    struct column **columns;
    if (table_columns(table, names, n_names, &columns, err) != OK) return NULL;
    struct table *selected = table_new(table->n_rows);
    int64_t *rows = all_rows(table->n_rows);
    for (size_t i = 0; i < n_names; i++)
        if (!table_column(selected, names[i])) table_add_taken(selected, columns[i], rows);
    copy_what_stands_around(table, selected);
    selected->marked_row = table->marked_row;
    free(rows);
    free(columns);
    return selected;
}

/* --- order --- */

static int compare_ints(int64_t a, int64_t b) { return (a > b) - (a < b); }
static int compare_floats(double a, double b) { return (a > b) - (a < b); }

static int compare_lists(const struct column *column, int64_t a, int64_t b) {
    const int64_t *starts = column->u.lists.starts;
    const int64_t n_a = starts[a + 1] - starts[a], n_b = starts[b + 1] - starts[b];
    for (int64_t i = 0; i < n_a && i < n_b; i++) {
        const int64_t x = starts[a] + i, y = starts[b] + i;
        int order = 0;
        if (column->type == COL_STRS) order = strcmp(column->u.lists.strs[x], column->u.lists.strs[y]);
        if (column->type == COL_INTS) order = compare_ints(column->u.lists.ints[x], column->u.lists.ints[y]);
        if (column->type == COL_FLOATS) order = compare_floats(column->u.lists.floats[x], column->u.lists.floats[y]);
        if (order) return order;
    }
    return compare_ints(n_a, n_b);
}

int cell_compare(const struct column *column, int64_t a, int64_t b) {
    switch (column->type) {
    case COL_BOOL: return (int)column->u.bools[a] - (int)column->u.bools[b];
    case COL_INT:
    case COL_TIME: return compare_ints(column->u.ints[a], column->u.ints[b]);
    case COL_FLOAT: return compare_floats(column->u.floats[a], column->u.floats[b]);
    case COL_STR: return strcmp(column->u.strs[a], column->u.strs[b]);
    default: return compare_lists(column, a, b);
    }
}

struct order {
    const struct column *column;
    bool descending;
};

/* NaN is nobody's place in an order: it stands with the nulls. */
static bool stands_last(const struct column *column, int64_t row) {
    return cell_is_null(column, row) || (column->type == COL_FLOAT && isnan(column->u.floats[row]));
}

static int order_compare(const void *ctx, int64_t a, int64_t b) {
    const struct order *order = ctx;
    const bool last_a = stands_last(order->column, a), last_b = stands_last(order->column, b);
    if (last_a != last_b) return last_a ? 1 : -1;
    const int by_cell = last_a ? 0 : cell_compare(order->column, a, b);
    return order->descending ? -by_cell : by_cell;
}

int64_t *table_order(const struct table *table, const struct column *column, bool descending) {
    struct order order = {column, descending};
    int64_t *rows = all_rows(table->n_rows);
    struct error ignored = ERROR_INIT; /* an interrupt: the order is dropped */
    if (sort_positions(task_current(), rows, table->n_rows, order_compare, &order, &ignored) != OK) err_reset(&ignored);
    return rows;
}
