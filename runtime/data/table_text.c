#include "runtime/data/table_text.h"

#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv.h"
#include "runtime/data/table_parts.h"

static bool read_bool(const char *text, bool *out) {
    *out = strcmp(text, "True") == 0 || strcmp(text, "true") == 0;
    return *out || strcmp(text, "False") == 0 || strcmp(text, "false") == 0;
}

/* "01234" is a code, not a number. */
static bool is_code(const char *text) { return text[0] == '0' && text[1] >= '0' && text[1] <= '9'; }

static bool fits(const char *text, enum column_type type) {
    bool truth;
    int64_t whole;
    double real;
    switch (type) {
    case COL_BOOL: return read_bool(text, &truth);
    case COL_INT: return !is_code(text) && parse_int64(slice_of(text), &whole);
    case COL_FLOAT: return !is_code(text) && parse_double(slice_of(text), &real);
    default: return true;
    }
}

/* The narrowest type that all filled fields fit. */
static enum column_type type_of(const struct csv_text *text, int column) {
    static const enum column_type types[] = {COL_BOOL, COL_INT, COL_FLOAT, COL_STR};
    size_t type = 0;
    for (int64_t i = 0; i < text->n_rows && !table_is_over(i); i++) {
        const char *field = text->cells[i * text->n_columns + column];
        while (*field && !fits(field, types[type])) type++;
    }
    return types[type];
}

static void put_field(struct column *column, int64_t n_rows, int64_t row, const char *field) {
    bool parsed = true;
    if (!*field) {
        table_set_null(column, n_rows, row);
        return;
    }
    if (column->type == COL_BOOL) parsed = read_bool(field, &column->u.bools[row]);
    else if (column->type == COL_INT) parsed = parse_int64(slice_of(field), &column->u.ints[row]);
    else if (column->type == COL_FLOAT) parsed = parse_double(slice_of(field), &column->u.floats[row]);
    else column->u.strs[row] = xstrdup(field);
    if (!parsed) table_set_null(column, n_rows, row); /* can't be: type_of has read them all */
}

static void add_column(struct table *table, const struct csv_text *text, int column) {
    const char *name = text->names[column];
    switch (type_of(text, column)) {
    case COL_BOOL: table_add_bools(table, name); break;
    case COL_INT: table_add_ints(table, name); break;
    case COL_FLOAT: table_add_floats(table, name, -1); break;
    default: table_add_strs(table, name); break;
    }
    struct column *made = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < text->n_rows && !table_is_over(i); i++) put_field(made, text->n_rows, i, text->cells[i * text->n_columns + column]);
}

static enum status check_names(const struct csv_text *text, const char *path, struct error *err) {
    for (int i = 0; i < text->n_columns; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(text->names[i], text->names[j]) == 0) {
                err_set(err, ERR_DATA, "%s: two columns are called `%.100s`", path, text->names[i]);
                return err_hint(err, "name them apart in the first line");
            }
    return OK;
}

enum status table_read(struct task *task, const char *path, struct table **out, struct error *err) {
    const struct csv_hints hints = {.has_header = true, .header_given = true};
    struct csv_text text;
    TRY(csv_read(task, path, &hints, &text, err));
    const enum status status = check_names(&text, path, err);
    if (status == OK) {
        *out = table_new(text.n_rows);
        for (int i = 0; i < text.n_columns; i++) add_column(*out, &text, i);
    }
    csv_release(&text);
    return status;
}
