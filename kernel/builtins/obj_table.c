/* Table: what it shows, t["rmse"], t[0], t[:10], t[["user", "item"]]. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/table_parts.h"
#include "plots/table_html.h"
#include "runtime/base/mem.h"

#define SHOWN_ROWS_MAX 40 /* a longer table shows its ends */
#define SHOWN_ENDS 5
#define SHOWN_COLUMNS_MAX 40
#define SHOWN_DECIMALS 4     /* at most, of columns of floats that say none; more where all numbers are small */
#define SHOWN_CELL_CHARS 200 /* code points of a cell */

/* --- showing --- */

bool column_is_number(const struct column *column) { return column->type == COL_INT || column->type == COL_FLOAT; }

/* Rows to show: all, or the first and the last ones. */
static int64_t shown_rows(const struct table *table) { return table->n_rows > SHOWN_ROWS_MAX ? 2 * SHOWN_ENDS : table->n_rows; }

static int64_t shown_row(const struct table *table, int64_t i) {
    return table->n_rows > SHOWN_ROWS_MAX && i >= SHOWN_ENDS ? table->n_rows - 2 * SHOWN_ENDS + i : i;
}

/* Best and second best of all rows; NaN where there is none (a table of one row has nothing to compare). */
static void best_values(const struct table *table, const struct column *column, double *out_best, double *out_second) {
    *out_best = *out_second = (double)NAN;
    if (!column->best || table->n_rows < 2) return;
    for (int64_t i = 0; i < table->n_rows; i++) {
        const double x = column->best * cell_number(column, i);
        if (isnan(x) || x == *out_best) continue;
        if (!(x <= *out_best)) {
            *out_second = *out_best;
            *out_best = x;
        } else if (!(x <= *out_second)) *out_second = x;
    }
    if (table->n_rows < 3) *out_second = (double)NAN;
}

/* Digits after the point that a column of floats is shown with where it says none: as many as its numbers have, but no more than
 * give the largest one four that count, so that points stand below each other. -1: as each needs (there are exponents). */
static int shown_decimals(const struct table *table, const struct column *column, int64_t n_rows) {
    int most = 0;
    double largest = 0;
    bool exponents = false;
    struct buf text = BUF_INIT;
    for (int64_t i = 0; i < n_rows; i++) {
        const double x = cell_number(column, shown_row(table, i));
        if (!isfinite(x)) continue;
        buf_clear(&text);
        cell_text(column, shown_row(table, i), &text);
        const char *point = strchr(buf_text(&text), '.');
        const int decimals = point ? (int)strlen(point + 1) : 0;
        exponents = exponents || strchr(buf_text(&text), 'e');
        largest = fmax(largest, fabs(x));
        if (decimals > most) most = decimals;
    }
    buf_release(&text);
    const int enough = largest > 0 && largest < 0.1 ? SHOWN_DECIMALS - 1 + (int)ceil(-log10(largest)) : SHOWN_DECIMALS;
    return exponents ? -1 : most < enough ? most : enough;
}

static char *shown_cell(const struct column *column, int64_t row, int decimals) {
    struct buf text = BUF_INIT;
    if (cell_is_null(column, row)) return NULL;
    if (decimals >= 0 && isfinite(cell_number(column, row))) buf_addf(&text, "%.*f", decimals, cell_number(column, row));
    else cell_text(column, row, &text);
    const size_t cut = text.len > SHOWN_CELL_CHARS ? utf8_offset((struct slice){text.data, text.len}, SHOWN_CELL_CHARS) : text.len;
    if (cut < text.len) {
        text.len = cut;
        text.data[cut] = 0;
        buf_adds(&text, "…");
    }
    if (!text.data) buf_adds(&text, "");
    return buf_take(&text);
}

struct shown {
    struct table_view view;
    const char **headers;
    bool *numeric;
    char **cells;
    unsigned char *marks;
    const char **notes;
    char *hidden; /* the note of columns left out, or NULL */
};

static void fill_column(const struct table *table, int64_t c, struct shown *shown) {
    const struct column *column = &table->columns[c];
    const int64_t n_rows = shown->view.n_rows, n_columns = shown->view.n_columns;
    const int decimals = column->type == COL_FLOAT && column->decimals < 0 ? shown_decimals(table, column, n_rows) : -1;
    double best, second;
    best_values(table, column, &best, &second);
    shown->headers[c] = column->name;
    shown->numeric[c] = column_is_number(column);
    for (int64_t i = 0; i < n_rows; i++) {
        const int64_t row = shown_row(table, i);
        const double x = column->best ? column->best * cell_number(column, row) : (double)NAN;
        shown->cells[i * n_columns + c] = shown_cell(column, row, decimals);
        shown->marks[i * n_columns + c] = (unsigned char)((x == best     ? MARK_BEST
                                                           : x == second ? MARK_SECOND
                                                                         : 0) |
                                                          (row == table->marked_row ? MARK_ROW : 0));
    }
}

static void shown_notes(const struct table *table, struct shown *shown) {
    size_t n = 0;
    shown->notes = xnew_array(const char *, table->n_notes + 1);
    if ((size_t)shown->view.n_columns < table->n_columns) {
        struct buf text = BUF_INIT;
        buf_addf(&text, "%zu more columns: ", table->n_columns - (size_t)shown->view.n_columns);
        for (size_t c = (size_t)shown->view.n_columns; c < table->n_columns && c < SHOWN_COLUMNS_MAX + 20; c++)
            buf_addf(&text, "%s%s", c > SHOWN_COLUMNS_MAX ? ", " : "", table->columns[c].name);
        shown->notes[n++] = shown->hidden = buf_take(&text);
    }
    for (size_t i = 0; i < table->n_notes; i++) shown->notes[n++] = table->notes[i];
    shown->view.notes = shown->notes;
    shown->view.n_notes = n;
}

static void shown_fill(const struct table *table, struct shown *shown) {
    const size_t n_columns = table->n_columns < SHOWN_COLUMNS_MAX ? table->n_columns : SHOWN_COLUMNS_MAX;
    const int64_t n_rows = shown_rows(table);
    const size_t n_cells = (size_t)n_rows * n_columns + 1;
    *shown = (struct shown){.headers = xnew_array(const char *, n_columns + 1),
                            .numeric = xnew_array(bool, n_columns + 1),
                            .cells = xnew_array(char *, n_cells),
                            .marks = xnew_array(unsigned char, n_cells)};
    shown->view = (struct table_view){.caption = table->caption,
                                      .headers = shown->headers,
                                      .numeric = shown->numeric,
                                      .cells = (const char *const *)shown->cells,
                                      .marks = shown->marks,
                                      .n_rows = n_rows,
                                      .n_columns = (int64_t)n_columns,
                                      .total_rows = table->n_rows,
                                      .total_columns = (int64_t)table->n_columns,
                                      .gap_after = n_rows < table->n_rows ? SHOWN_ENDS : -1};
    for (size_t c = 0; c < n_columns; c++) fill_column(table, (int64_t)c, shown);
    shown_notes(table, shown);
}

static void shown_release(struct shown *shown) {
    for (int64_t i = 0; i < shown->view.n_rows * shown->view.n_columns; i++) free(shown->cells[i]);
    free(shown->headers);
    free(shown->numeric);
    free(shown->cells);
    free(shown->marks);
    free(shown->notes);
    free(shown->hidden);
}

void table_render(const struct table *table, struct bundle *out) {
    struct shown shown;
    shown_fill(table, &shown);
    table_view_text(&shown.view, bundle_part(out, MIME_TEXT));
    table_view_html(&shown.view, bundle_part(out, MIME_HTML));
    table_view_markdown(&shown.view, bundle_part(out, MIME_MARKDOWN));
    table_view_latex(&shown.view, bundle_part(out, MIME_LATEX));
    shown_release(&shown);
}

static enum status render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    (void)interp;
    (void)err;
    table_render(self, out);
    return OK;
}

static void repr(void *self, struct buf *out) {
    const struct table *table = self;
    buf_adds(out, "<Table ");
    buf_add_count(out, table->n_rows);
    buf_addf(out, " × %zu: ", table->n_columns);
    for (size_t i = 0; i < table->n_columns && i < 12; i++) buf_addf(out, "%s%s", i ? ", " : "", table->columns[i].name);
    buf_adds(out, table->n_columns > 12 ? ", …>" : ">");
}

static void shape(void *self, struct buf *out) {
    const struct table *table = self;
    buf_add_count(out, table->n_rows);
    buf_addf(out, " × %zu", table->n_columns);
}

/* --- cells as values --- */

static struct value list_value(const struct column *column, int64_t row) {
    const int64_t start = column->u.lists.starts[row], end = column->u.lists.starts[row + 1];
    struct value list = value_list((size_t)(end - start));
    for (int64_t i = start; i < end; i++) {
        if (column->type == COL_STRS) seq_push(&list, value_str(column->u.lists.strs[i]));
        else seq_push(&list, column->type == COL_INTS ? value_int(column->u.lists.ints[i]) : value_float(column->u.lists.floats[i]));
    }
    return list;
}

struct value cell_value(const struct column *column, int64_t row) {
    if (cell_is_null(column, row)) return NONE;
    switch (column->type) {
    case COL_BOOL: return value_bool(column->u.bools[row]);
    case COL_INT:
    case COL_TIME: return value_int(column->u.ints[row]);
    case COL_FLOAT: return value_float(column->u.floats[row]);
    case COL_STR: return value_str(column->u.strs[row]);
    default: return list_value(column, row);
    }
}

struct value row_value(const struct table *table, int64_t row) {
    struct value dict = value_dict();
    for (size_t c = 0; c < table->n_columns; c++) dict_puts(&dict, table->columns[c].name, cell_value(&table->columns[c], row));
    return dict;
}

static enum status column_value(const struct table *table, const char *name, struct value *out, struct error *err) {
    struct column *column;
    TRY(table_want(table, name, &column, err));
    *out = value_list((size_t)table->n_rows);
    for (int64_t i = 0; i < table->n_rows; i++) seq_push(out, cell_value(column, i));
    return OK;
}

/* --- [ ] --- */

static enum status take(const struct table *table, const int64_t *rows, int64_t n, struct value *out) {
    *out = value_table(table_take(table, rows, n));
    return OK;
}

static enum status take_slice(const struct table *table, struct value key, struct value *out, struct error *err) {
    int64_t start, step, n;
    TRY(slice_bounds(key, table->n_rows, &start, &step, &n, err));
    int64_t *rows = xnew_array(int64_t, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) rows[i] = start + i * step;
    take(table, rows, n, out);
    free(rows);
    return OK;
}

static enum status take_columns(const struct table *table, struct value names, struct value *out, struct error *err) {
    const char **texts;
    size_t n;
    TRY(value_texts(names, &texts, &n, err));
    struct table *selected = table_select(table, texts, n, err);
    free(texts);
    if (!selected) return err->code;
    *out = value_table(selected);
    return OK;
}

/* Positions, or a truth for each row. rows has room for as many as the list has items. */
enum status rows_of_list(struct value list, int64_t n_rows, const char *what, int64_t *rows, int64_t *out_n, struct error *err) {
    const size_t n = seq_len(list);
    int64_t kept = 0;
    const bool truths = n > 0 && seq_item(list, 0).kind == VAL_BOOL;
    if (truths && (int64_t)n != n_rows)
        return err_set(err, ERR_INDEX, "%zu truths choose among %lld rows: there must be one for each row", n, (long long)n_rows);
    for (size_t i = 0; i < n; i++) {
        const struct value item = seq_item(list, i);
        if (item.kind != (truths ? VAL_BOOL : VAL_INT))
            return err_set(err, ERR_TYPE, "the rows of a%s %s are chosen by positions, or by a bool for each; item %zu is %s",
                           what[0] == 'A' ? "n" : "", what, i, value_type_name(item));
        if (!truths) TRY(index_position(item, n_rows, what, &rows[kept++], err));
        else if (item.u.b) rows[kept++] = (int64_t)i;
    }
    *out_n = kept;
    return OK;
}

static enum status take_list(const struct table *table, struct value key, struct value *out, struct error *err) {
    if (seq_len(key) > 0 && seq_item(key, 0).kind == VAL_STR) return take_columns(table, key, out, err);
    int64_t *rows = xnew_array(int64_t, seq_len(key) + 1), n;
    enum status status = rows_of_list(key, table->n_rows, "Table", rows, &n, err);
    if (status == OK) status = take(table, rows, n, out);
    free(rows);
    return status;
}

static enum status index_table(void *self, struct value key, struct value *out, struct error *err) {
    const struct table *table = self;
    int64_t row;
    if (key.kind == VAL_STR) return column_value(table, key.u.text->data, out, err);
    if (key.kind == VAL_SLICE) return take_slice(table, key, out, err);
    if (key.kind == VAL_LIST) return take_list(table, key, out, err);
    if (key.kind == VAL_INT) {
        TRY(index_position(key, table->n_rows, "Table", &row, err));
        *out = row_value(table, row);
        return OK;
    }
    err_set(err, ERR_TYPE, "a Table is read by a column's name, a row's number or a slice, not by %s", value_type_name(key));
    if (key.kind == VAL_TUPLE) return err_hint(err, "for several columns write t[[\"a\", \"b\"]]; for one cell t[\"a\"][0]");
    return err->code;
}

static int64_t length(void *self) { return ((const struct table *)self)->n_rows; }

static enum status item(void *self, int64_t i, struct value *out, struct error *err) {
    (void)err;
    *out = row_value(self, i);
    return OK;
}

/* --- equality --- */

static bool columns_equal(const struct column *a, const struct column *b, int64_t n_rows) {
    if (strcmp(a->name, b->name) != 0) return false;
    for (int64_t i = 0; i < n_rows; i++) {
        struct value x = cell_value(a, i), y = cell_value(b, i);
        const bool same = value_equal(x, y);
        value_release(&x);
        value_release(&y);
        if (!same) return false;
    }
    return true;
}

static bool equal(void *self, void *other) {
    const struct table *a = self, *b = other;
    if (a == b) return true;
    if (a->n_rows != b->n_rows || a->n_columns != b->n_columns) return false;
    for (size_t c = 0; c < a->n_columns; c++)
        if (!columns_equal(&a->columns[c], &b->columns[c], a->n_rows)) return false;
    return true;
}

/* --- attributes --- */

static enum status get_columns(struct interp *interp, void *self, struct value *out, struct error *err) {
    const struct table *table = self;
    (void)interp;
    (void)err;
    *out = value_list(table->n_columns);
    for (size_t i = 0; i < table->n_columns; i++) seq_push(out, value_str(table->columns[i].name));
    return OK;
}

static enum status get_shape(struct interp *interp, void *self, struct value *out, struct error *err) {
    const struct table *table = self;
    (void)interp;
    (void)err;
    *out = value_tuple(2);
    seq_push(out, value_int(table->n_rows));
    seq_push(out, value_int((int64_t)table->n_columns));
    return OK;
}

static enum status get_caption(struct interp *interp, void *self, struct value *out, struct error *err) {
    const struct table *table = self;
    (void)interp;
    (void)err;
    *out = table->caption ? value_str(table->caption) : NONE;
    return OK;
}

static enum status get_notes(struct interp *interp, void *self, struct value *out, struct error *err) {
    const struct table *table = self;
    (void)interp;
    (void)err;
    *out = value_list(table->n_notes);
    for (size_t i = 0; i < table->n_notes; i++) seq_push(out, value_str(table->notes[i]));
    return OK;
}

static const struct attribute_row attributes[] = {
    {"columns", "the columns' names, in order", "list[str]", get_columns},
    {"shape", "(rows, columns)", "tuple", get_shape},
    {"caption", "what stands above it, or None", "str | None", get_caption},
    {"notes", "what stands below it", "list[str]", get_notes},
    {0},
};

static void column_names(void *self, name_sink sink, void *ctx) {
    const struct table *table = self;
    for (size_t i = 0; i < table->n_columns; i++) sink(ctx, table->columns[i].name);
}

/* --- size --- */

static int64_t column_bytes(const struct column *column, int64_t n_rows) {
    static const int64_t widths[] = {[COL_BOOL] = 1, [COL_INT] = 8, [COL_FLOAT] = 8, [COL_STR] = 8, [COL_TIME] = 8};
    int64_t bytes = column->nulls ? n_rows : 0;
    if (column->type == COL_STR)
        for (int64_t i = 0; i < n_rows; i++) bytes += column->u.strs[i] ? (int64_t)strlen(column->u.strs[i]) + 1 : 0;
    if (column->type < COL_STRS) return bytes + n_rows * widths[column->type];
    const int64_t n = column->u.lists.starts[n_rows];
    for (int64_t i = 0; column->type == COL_STRS && i < n; i++) bytes += (int64_t)strlen(column->u.lists.strs[i]) + 1;
    return bytes + (n_rows + 1 + n) * 8;
}

static int64_t size_bytes(void *self) {
    const struct table *table = self;
    int64_t bytes = (int64_t)sizeof *table;
    for (size_t c = 0; c < table->n_columns; c++) bytes += column_bytes(&table->columns[c], table->n_rows);
    return bytes;
}

static void retain(void *self) { table_ref(self); }
static void release(void *self) { table_unref(self); }

const struct type type_table = {
    .name = "Table",
    .doc = "Named, typed columns; None where a cell is empty. t[\"rmse\"] is a list, t[0] a dict, t[:10] a Table; going through it gives dicts.",
    .attributes = attributes,
    .methods = table_methods,
    .retain = retain,
    .release = release,
    .index = index_table,
    .length = length,
    .item = item,
    .equal = equal,
    .column_names = column_names,
    .size_bytes = size_bytes,
    .shape = shape,
    .repr = repr,
    .render = render,
};
