#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/mem.h"
#include "runtime/data/table_parts.h"

struct table *table_new(int64_t n_rows) {
    struct table *table = xnew(struct table);
    *table = (struct table){.count = 1, .n_rows = n_rows, .marked_row = -1};
    return table;
}

struct table *table_ref(struct table *table) {
    __atomic_add_fetch(&table->count, 1, __ATOMIC_RELAXED);
    return table;
}

static void strs_free(char **strs, int64_t n) {
    for (int64_t i = 0; strs && i < n; i++) free(strs[i]);
    free(strs);
}

static void column_release(struct column *column, int64_t n_rows) {
    const int64_t n_entries = column_is_list(column) ? column->u.lists.starts[n_rows] : 0;
    free(column->name);
    free(column->nulls);
    switch (column->type) {
    case COL_BOOL: free(column->u.bools); break;
    case COL_INT:
    case COL_TIME: free(column->u.ints); break;
    case COL_FLOAT: free(column->u.floats); break;
    case COL_STR: strs_free(column->u.strs, n_rows); break;
    case COL_STRS:
    case COL_INTS:
    case COL_FLOATS:
        free(column->u.lists.starts);
        strs_free(column->u.lists.strs, n_entries);
        free(column->u.lists.ints);
        free(column->u.lists.floats);
        break;
    }
}

void table_unref(struct table *table) {
    if (!table || __atomic_sub_fetch(&table->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    for (size_t i = 0; i < table->n_columns; i++) column_release(&table->columns[i], table->n_rows);
    free(table->columns);
    free(table->caption);
    strs_free(table->notes, (int64_t)table->n_notes);
    table_set_origin(table, NULL);
    free(table);
}

void table_set_origin(struct table *table, struct table_origin *takes) {
    struct table_origin *old = table->origin;
    table->origin = takes;
    if (old && __atomic_sub_fetch(&old->count, 1, __ATOMIC_ACQ_REL) == 0) old->release(old);
}

/* --- building --- */

struct column *table_add_column(struct table *table, const char *name, enum column_type type) {
    table->columns = xrealloc(table->columns, (table->n_columns + 1) * sizeof *table->columns);
    struct column *column = &table->columns[table->n_columns++];
    *column = (struct column){.name = xstrdup(name), .type = type, .decimals = -1};
    return column;
}

/* At least one entry, so that an empty column's array is not NULL. */
static size_t entries(const struct table *table) { return (size_t)table->n_rows + 1; }

bool *table_add_bools(struct table *table, const char *name) {
    return table_add_column(table, name, COL_BOOL)->u.bools = xnew_array(bool, entries(table));
}

int64_t *table_add_ints(struct table *table, const char *name) {
    return table_add_column(table, name, COL_INT)->u.ints = xnew_array(int64_t, entries(table));
}

double *table_add_floats(struct table *table, const char *name, int decimals) {
    struct column *column = table_add_column(table, name, COL_FLOAT);
    column->decimals = (int8_t)decimals;
    return column->u.floats = xnew_array(double, entries(table));
}

char **table_add_strs(struct table *table, const char *name) {
    return table_add_column(table, name, COL_STR)->u.strs = xnew_array(char *, entries(table));
}

int64_t *table_add_times(struct table *table, const char *name) {
    return table_add_column(table, name, COL_TIME)->u.ints = xnew_array(int64_t, entries(table));
}

struct column *table_add_lists(struct table *table, const char *name, enum column_type type, int64_t n_entries) {
    struct column *column = table_add_column(table, name, type);
    const size_t n = (size_t)n_entries + 1;
    column->u.lists.starts = xnew_array(int64_t, entries(table));
    if (type == COL_STRS) column->u.lists.strs = xnew_array(char *, n);
    if (type == COL_INTS) column->u.lists.ints = xnew_array(int64_t, n);
    if (type == COL_FLOATS) column->u.lists.floats = xnew_array(double, n);
    return column;
}

void table_drop_last(struct table *table) { column_release(&table->columns[--table->n_columns], table->n_rows); }

void table_set_null(struct column *column, int64_t n_rows, int64_t row) {
    if (!column->nulls) column->nulls = xnew_array(bool, (size_t)n_rows + 1);
    column->nulls[row] = true;
}

void table_caption(struct table *table, const char *format, ...) {
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&text, format, args);
    va_end(args);
    free(table->caption);
    table->caption = buf_take(&text);
}

void table_note(struct table *table, const char *format, ...) {
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&text, format, args);
    va_end(args);
    table->notes = xrealloc(table->notes, (table->n_notes + 1) * sizeof *table->notes);
    table->notes[table->n_notes++] = buf_take(&text);
}

/* --- looking up --- */

struct column *table_column(const struct table *table, const char *name) {
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0) return &table->columns[i];
    return NULL;
}

static bool has_name(const struct table *table, const char *name) {
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcasecmp(table->columns[i].name, name) == 0) return true;
    return false;
}

char *table_free_name(const struct table *table, const char *name) {
    struct buf text = BUF_INIT;
    buf_adds(&text, name);
    for (int i = 2; has_name(table, buf_text(&text)); i++) {
        buf_clear(&text);
        buf_addf(&text, "%s_%d", name, i);
    }
    return buf_take(&text);
}

static void columns_line(const struct table *table, struct buf *out) {
    for (size_t i = 0; i < table->n_columns && i < 20; i++) buf_addf(out, "%s%s", i ? ", " : "", table->columns[i].name);
    if (table->n_columns > 20) buf_addf(out, " and %zu more", table->n_columns - 20);
}

static enum status no_column(const struct table *table, const char *name, struct error *err) {
    const char **names = xnew_array(const char *, table->n_columns + 1);
    for (size_t i = 0; i < table->n_columns; i++) names[i] = table->columns[i].name;
    const char *near = nearest_name(name, names, table->n_columns);
    struct buf line = BUF_INIT;
    columns_line(table, &line);
    err_set(err, ERR_KEY, "there is no column `%s`", name);
    if (near) err_hint(err, "did you mean `%s`? The columns are %s", near, buf_text(&line));
    else if (table->n_columns) err_hint(err, "the columns are %s", buf_text(&line));
    else err_hint(err, "the table has no columns");
    buf_release(&line);
    free(names);
    return ERR_KEY;
}

enum status table_want(const struct table *table, const char *name, struct column **out, struct error *err) {
    struct column *column = table_column(table, name);
    if (!column) return no_column(table, name, err);
    *out = column;
    return OK;
}

bool cell_is_null(const struct column *column, int64_t row) {
    if (column->nulls && column->nulls[row]) return true;
    return column->type == COL_STR && !column->u.strs[row];
}

double cell_number(const struct column *column, int64_t row) {
    if (cell_is_null(column, row)) return NAN;
    switch (column->type) {
    case COL_BOOL: return column->u.bools[row];
    case COL_INT:
    case COL_TIME: return (double)column->u.ints[row];
    case COL_FLOAT: return column->u.floats[row];
    default: return NAN;
    }
}

/* --- cells as text --- */

static void number_text(const struct column *column, double number, struct buf *out) {
    if (isfinite(number) && column->decimals >= 0) buf_addf(out, "%.*f", column->decimals, number);
    else if (isfinite(number) && number == rint(number) && fabs(number) < 1e15) buf_addf(out, "%.1f", number);
    else if (isfinite(number)) buf_addf(out, "%.6g", number);
    else buf_add_double(out, number);
}

static void list_text(const struct column *column, int64_t row, struct buf *out) {
    const int64_t start = column->u.lists.starts[row];
    for (int64_t i = start; i < column->u.lists.starts[row + 1]; i++) {
        if (i > start) buf_adds(out, ", ");
        if (column->type == COL_STRS) buf_adds(out, column->u.lists.strs[i]);
        else if (column->type == COL_INTS) buf_addf(out, "%lld", (long long)column->u.lists.ints[i]);
        else number_text(column, column->u.lists.floats[i], out);
    }
}

void cell_text(const struct column *column, int64_t row, struct buf *out) {
    if (cell_is_null(column, row)) return;
    switch (column->type) {
    case COL_BOOL: buf_adds(out, column->u.bools[row] ? "True" : "False"); break;
    case COL_INT:
        if (column->decimals >= 0) buf_add_count(out, column->u.ints[row]);
        else buf_addf(out, "%lld", (long long)column->u.ints[row]);
        break;
    case COL_FLOAT: number_text(column, column->u.floats[row], out); break;
    case COL_STR: buf_adds(out, column->u.strs[row]); break;
    case COL_TIME: time_text(column->u.ints[row], out); break;
    default: list_text(column, row, out); break;
    }
}
