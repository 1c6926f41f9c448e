/* Data sets and tables as .csv, .tsv and .jsonl. Both are written by one loop
 * over cells; a form says how a cell, a row and the header look. */
#include "runtime/data/export.h"

#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/data/csv.h"
#include "runtime/data/dataset.h"

#define ROWS_BETWEEN_CHECKS 4096
#define FLUSH_BYTES ((size_t)256 << 10)

enum form { FORM_CSV, FORM_TSV, FORM_JSONL };

static enum status form_of(const char *path, enum form *out, struct error *err) {
    if (path_ends(path, ".csv")) *out = FORM_CSV;
    else if (path_ends(path, ".tsv")) *out = FORM_TSV;
    else if (path_ends(path, ".jsonl")) *out = FORM_JSONL;
    else {
        err_set(err, ERR_VALUE, "the ending of \"%s\" says no form to export to", path);
        return err_hint(err, "rows are written as .csv, .tsv or .jsonl");
    }
    return OK;
}

/* What is written: columns by name, and a cell's value into the text. */
struct sheet {
    enum form form;
    const void *data;
    int64_t n_rows;
    size_t n_columns;
    const char *(*name)(const void *data, size_t column);
    void (*cell)(const struct sheet *sheet, int64_t row, size_t column, struct buf *out);
};

/* --- cells --- */

/* What would be read otherwise than it stands: separators, quotes, ends of lines, outer spaces, a byte order mark, nothing at all. */
static bool needs_quotes(struct slice text, char separator) {
    if (text.len == 0 || text.data[0] == ' ' || text.data[text.len - 1] == ' ' || (unsigned char)text.data[0] == 0xEF) return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == separator || text.data[i] == '"' || text.data[i] == '\n' || text.data[i] == '\r') return true;
    return false;
}

static void add_text(enum form form, struct slice text, struct buf *out) {
    if (form == FORM_JSONL) {
        buf_add_json_string(out, text);
    } else if (needs_quotes(text, form == FORM_TSV ? '\t' : ',')) {
        buf_addc(out, '"');
        for (size_t i = 0; i < text.len; i++) {
            if (text.data[i] == '"') buf_addc(out, '"');
            buf_addc(out, text.data[i]);
        }
        buf_addc(out, '"');
    } else {
        buf_add(out, text.data, text.len);
    }
}

static void add_double(enum form form, double value, struct buf *out) {
    if (form == FORM_JSONL) buf_add_json_double(out, value);
    else buf_add_double(out, value);
}

/* 0.1 for 0.1f where that reads back as the same float, else all digits of the double that it is. */
static void add_float(enum form form, float value, struct buf *out) {
    struct buf text = BUF_INIT;
    double read = 0;
    buf_add_float(&text, value);
    if (parse_double((struct slice){buf_text(&text), text.len}, &read) && (float)read == value) buf_add(out, text.data, text.len);
    else add_double(form, (double)value, out);
    buf_release(&text);
}

static void add_int(int64_t value, struct buf *out) { buf_addf(out, "%lld", (long long)value); }

/* --- rows --- */

static void add_header(const struct sheet *sheet, struct buf *out) {
    for (size_t i = 0; i < sheet->n_columns; i++) {
        if (i) buf_addc(out, sheet->form == FORM_TSV ? '\t' : ',');
        add_text(sheet->form, slice_of(sheet->name(sheet->data, i)), out);
    }
    buf_addc(out, '\n');
}

static void add_row(const struct sheet *sheet, int64_t row, struct buf *out) {
    const bool json = sheet->form == FORM_JSONL;
    if (json) buf_addc(out, '{');
    for (size_t i = 0; i < sheet->n_columns; i++) {
        if (i) buf_adds(out, json ? ", " : sheet->form == FORM_TSV ? "\t" : ",");
        if (json) {
            buf_add_json_string(out, slice_of(sheet->name(sheet->data, i)));
            buf_adds(out, ": ");
        }
        sheet->cell(sheet, row, i, out);
    }
    buf_adds(out, json ? "}\n" : "\n");
}

static void flush(struct buf *text, struct file_writer *writer) {
    file_writer_add(writer, text->data, text->len);
    buf_clear(text);
}

static enum status write_rows(struct task *task, const struct sheet *sheet, struct file_writer *writer, struct error *err) {
    struct buf text = BUF_INIT;
    enum status status = OK;
    if (sheet->form != FORM_JSONL) add_header(sheet, &text);
    for (int64_t row = 0; row < sheet->n_rows && status == OK; row++) {
        if (row % ROWS_BETWEEN_CHECKS == 0) {
            status = task_check(task, err);
            task_report(task, row, "%s", "");
        }
        add_row(sheet, row, &text);
        if (text.len >= FLUSH_BYTES) flush(&text, writer);
    }
    flush(&text, writer);
    buf_release(&text);
    return status;
}

static enum status write_sheet(struct task *task, const struct sheet *sheet, const char *path, struct error *err) {
    struct file_writer writer;
    TRY(file_writer_open(path, &writer, err));
    task_begin(task, "export", "row", sheet->n_rows);
    const enum status status = write_rows(task, sheet, &writer, err);
    task_end(task, status == ERR_INTERRUPTED);
    const enum status closed = file_writer_close(&writer, status == OK, err);
    return status == OK ? closed : status;
}

/* --- tables --- */

static const char *table_name(const void *data, size_t column) { return ((const struct table *)data)->columns[column].name; }

static void add_entry(enum form form, const struct column *column, int64_t entry, struct buf *out) {
    if (column->type == COL_INTS) add_int(column->u.lists.ints[entry], out);
    else if (column->type == COL_FLOATS) add_double(form, column->u.lists.floats[entry], out);
    else if (form == FORM_JSONL) add_text(form, slice_of(column->u.lists.strs[entry]), out);
    else buf_adds(out, column->u.lists.strs[entry]);
}

static void add_list(enum form form, const struct column *column, int64_t row, struct buf *out) {
    const int64_t start = column->u.lists.starts[row], end = column->u.lists.starts[row + 1];
    if (form == FORM_JSONL) buf_addc(out, '[');
    struct buf text = BUF_INIT;
    for (int64_t i = start; i < end; i++) {
        if (i > start) buf_adds(&text, form == FORM_JSONL ? ", " : "|");
        add_entry(form, column, i, &text);
    }
    if (form == FORM_JSONL) buf_adds(out, buf_text(&text));
    else if (end > start) add_text(form, (struct slice){buf_text(&text), text.len}, out);
    if (form == FORM_JSONL) buf_addc(out, ']');
    buf_release(&text);
}

static void add_time(enum form form, int64_t time, struct buf *out) {
    struct buf text = BUF_INIT;
    time_text(time, &text);
    add_text(form, (struct slice){buf_text(&text), text.len}, out);
    buf_release(&text);
}

static void table_cell(const struct sheet *sheet, int64_t row, size_t i, struct buf *out) {
    const struct column *column = &((const struct table *)sheet->data)->columns[i];
    const bool json = sheet->form == FORM_JSONL;
    if (cell_is_null(column, row)) {
        if (json) buf_adds(out, "null");
        return;
    }
    switch (column->type) {
    case COL_BOOL: buf_adds(out, column->u.bools[row] ? (json ? "true" : "True") : (json ? "false" : "False")); break;
    case COL_INT: add_int(column->u.ints[row], out); break;
    case COL_FLOAT: add_double(sheet->form, column->u.floats[row], out); break;
    case COL_STR: add_text(sheet->form, slice_of(column->u.strs[row]), out); break;
    case COL_TIME: add_time(sheet->form, column->u.ints[row], out); break;
    default: add_list(sheet->form, column, row, out); break;
    }
}

enum status table_export(struct task *task, const struct table *table, const char *path, struct error *err) {
    struct sheet sheet = {.data = table, .n_rows = table->n_rows, .n_columns = table->n_columns, .name = table_name, .cell = table_cell};
    TRY(form_of(path, &sheet.form, err));
    return write_sheet(task, &sheet, path, err);
}

/* --- data sets --- */

/* Columns that a data set has; a rating that is always 1 is left out, so that it is implicit again when loaded. */
struct exported {
    const struct dataset *dataset;
    enum role columns[N_ROLES];
    size_t n_columns;
};

static const char *role_name(const void *data, size_t column) {
    static const char *const names[N_ROLES] = {"user", "item", "rating", "time"};
    return names[((const struct exported *)data)->columns[column]];
}

static void add_id(enum form form, bool is_int, const struct catalog *catalog, bool of_user, int32_t position, struct buf *out) {
    if (is_int) add_int(of_user ? catalog->user_ids_int[position] : catalog->item_ids_int[position], out);
    else add_text(form, slice_of(of_user ? catalog->user_ids_text[position] : catalog->item_ids_text[position]), out);
}

static void event_cell(const struct sheet *sheet, int64_t row, size_t column, struct buf *out) {
    const struct exported *exported = sheet->data;
    const struct catalog *catalog = dataset_catalog(exported->dataset);
    const struct event event = dataset_event(exported->dataset, row);
    switch (exported->columns[column]) {
    case ROLE_USER: add_id(sheet->form, catalog->user_ids_are_ints, catalog, true, event.user, out); break;
    case ROLE_ITEM: add_id(sheet->form, catalog->item_ids_are_ints, catalog, false, event.item, out); break;
    case ROLE_RATING: add_float(sheet->form, event.rating, out); break;
    case ROLE_TIME: add_int(event.time, out); break;
    }
}

static bool has_ratings(const struct dataset *dataset) {
    if (dataset_is_explicit(dataset)) return true;
    for (int64_t i = 0; i < dataset_n(dataset); i++)
        if (dataset_event(dataset, i).rating != 1) return true;
    return false;
}

enum status dataset_export(struct task *task, struct dataset *dataset, const char *path, struct error *err) {
    struct exported exported = {.dataset = dataset, .columns = {ROLE_USER, ROLE_ITEM}, .n_columns = 2};
    if (has_ratings(dataset)) exported.columns[exported.n_columns++] = ROLE_RATING;
    if (dataset_has_times(dataset)) exported.columns[exported.n_columns++] = ROLE_TIME;
    struct sheet sheet = {.data = &exported, .n_rows = dataset_n(dataset), .n_columns = exported.n_columns, .name = role_name, .cell = event_cell};
    TRY(form_of(path, &sheet.form, err));
    return write_sheet(task, &sheet, path, err);
}
