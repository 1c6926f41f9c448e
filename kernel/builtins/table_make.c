/* Tables from values: table([{…}, …]), table({"a": […]}), and the columns that add() makes. */
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/table_parts.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/table_parts.h"
#include "runtime/data/table_text.h"

/* --- one column --- */

/* What a cell is made as; -1: nothing known yet (None, an empty list). */
#define KIND_UNKNOWN (-1)
#define KIND_WRONG (-2)

static int kind_of(struct value value) {
    switch (value.kind) {
    case VAL_BOOL: return COL_BOOL;
    case VAL_INT: return COL_INT;
    case VAL_FLOAT: return COL_FLOAT;
    case VAL_STR: return COL_STR;
    case VAL_UNSET:
    case VAL_NONE: return KIND_UNKNOWN;
    default: return KIND_WRONG;
    }
}

/* The kind that holds both; ints become floats among floats. */
static int common_kind(int a, int b) {
    if (a == KIND_UNKNOWN || a == b) return b;
    if (b == KIND_UNKNOWN) return a;
    const bool numbers = (a == COL_INT || a == COL_FLOAT) && (b == COL_INT || b == COL_FLOAT);
    return numbers ? COL_FLOAT : KIND_WRONG;
}

static bool is_list(struct value value) { return value.kind == VAL_LIST || value.kind == VAL_TUPLE; }

static enum status no_cell(const char *name, struct value value, int64_t row, struct error *err) {
    err_set(err, ERR_TYPE, "column `%.100s`, row %lld: %s%s can't be a cell", name, (long long)row, article(value_type_name(value)),
            value_type_name(value));
    return err_hint(err, "cells are bools, ints, floats, strs, lists of one of these, or None");
}

static enum status mixed(const char *name, const char *first, struct value value, int64_t row, struct error *err) {
    err_set(err, ERR_TYPE, "column `%.100s` mixes %s and %s, in row %lld", name, first, value_type_name(value), (long long)row);
    return err_hint(err, "one column has one type; str(x) or float(x) make them alike");
}

/* Kind of all values (or of all items of all lists), checked. */
static enum status join_kinds(const char *name, struct value values, int64_t row, int *kind, struct value *first, struct error *err) {
    for (size_t i = 0; i < seq_len(values); i++) {
        const struct value value = seq_item(values, i);
        const int64_t at = row < 0 ? (int64_t)i : row;
        const int one = kind_of(value);
        if (one == KIND_WRONG || (row >= 0 && (one == KIND_UNKNOWN || one == COL_BOOL))) return no_cell(name, value, at, err);
        const int joined = common_kind(*kind, one);
        if (joined == KIND_WRONG) return mixed(name, value_type_name(*first), value, at, err);
        if (first->kind == VAL_UNSET && one != KIND_UNKNOWN) *first = value;
        *kind = joined;
    }
    return OK;
}

static void put_cell(struct column *column, int64_t n_rows, int64_t row, struct value value) {
    if (value.kind == VAL_NONE) {
        table_set_null(column, n_rows, row);
        return;
    }
    switch (column->type) {
    case COL_BOOL: column->u.bools[row] = value.u.b; break;
    case COL_INT: column->u.ints[row] = value.u.i; break;
    case COL_FLOAT: column->u.floats[row] = value_number(value); break;
    default: column->u.strs[row] = xstrndup(value.u.text->data, value.u.text->len); break;
    }
}

static enum status add_plain(struct table *table, const char *name, struct value values, struct error *err) {
    int kind = KIND_UNKNOWN;
    struct value first = UNSET;
    TRY(join_kinds(name, values, -1, &kind, &first, err));
    switch (kind) {
    case COL_BOOL: table_add_bools(table, name); break;
    case COL_INT: table_add_ints(table, name); break;
    case COL_STR: table_add_strs(table, name); break;
    default: table_add_floats(table, name, -1); break; /* a column of None alone too */
    }
    struct column *column = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < table->n_rows; i++) put_cell(column, table->n_rows, i, seq_item(values, (size_t)i));
    return OK;
}

static void put_list(struct column *column, int64_t n_rows, int64_t row, struct value value) {
    int64_t at = column->u.lists.starts[row];
    const size_t n = value.kind == VAL_NONE ? 0 : seq_len(value);
    if (value.kind == VAL_NONE) table_set_null(column, n_rows, row);
    for (size_t i = 0; i < n; i++, at++) {
        const struct value item = seq_item(value, i);
        if (column->type == COL_STRS) column->u.lists.strs[at] = xstrdup(item.u.text->data);
        else if (column->type == COL_INTS) column->u.lists.ints[at] = item.u.i;
        else column->u.lists.floats[at] = value_number(item);
    }
    column->u.lists.starts[row + 1] = at;
}

static enum status add_lists(struct table *table, const char *name, struct value values, struct error *err) {
    int kind = KIND_UNKNOWN;
    struct value first = UNSET;
    int64_t n_entries = 0;
    for (int64_t i = 0; i < table->n_rows; i++) {
        const struct value value = seq_item(values, (size_t)i);
        if (value.kind == VAL_NONE) continue;
        if (!is_list(value)) return mixed(name, "list", value, i, err);
        TRY(join_kinds(name, value, i, &kind, &first, err));
        n_entries += (int64_t)seq_len(value);
    }
    const enum column_type type = kind == COL_INT ? COL_INTS : kind == COL_FLOAT ? COL_FLOATS : COL_STRS;
    struct column *column = table_add_lists(table, name, type, n_entries);
    for (int64_t i = 0; i < table->n_rows; i++) put_list(column, table->n_rows, i, seq_item(values, (size_t)i));
    return OK;
}

enum status table_add_values(struct table *table, const char *name, struct value values, struct error *err) {
    for (size_t i = 0; i < seq_len(values); i++) {
        if (is_list(seq_item(values, i))) return add_lists(table, name, values, err);
        if (seq_item(values, i).kind != VAL_NONE) break;
    }
    return add_plain(table, name, values, err);
}

/* --- table() --- */

static enum status check_name(struct value key, struct error *err) {
    if (key.kind == VAL_STR) return OK;
    return err_set(err, ERR_TYPE, "a column's name is a str, got %s", value_type_name(key));
}

static enum status add_named(struct table *table, struct value key, struct value over, struct error *err) {
    struct value values;
    TRY(check_name(key, err));
    const char *name = key.u.text->data;
    TRY(value_to_list(over, &values, err));
    enum status status = OK;
    if (table->n_columns && (int64_t)seq_len(values) != table->n_rows)
        status = err_set(err, ERR_SHAPE, "column `%.100s` has %zu items, the columns before it have %lld", name, seq_len(values),
                         (long long)table->n_rows);
    if (status == OK && !table->n_columns) table->n_rows = (int64_t)seq_len(values);
    if (status == OK) status = table_add_values(table, name, values, err);
    value_release(&values);
    return status;
}

static enum status of_columns(struct value dict, struct table *table, struct error *err) {
    for (size_t i = 0; i < dict_len(dict); i++) {
        if (add_named(table, dict_key(dict, i), dict_value(dict, i), err) == OK) continue;
        if (err->code == ERR_TYPE)
            err_hint(err, "a dict of columns holds a list for each: table({\"model\": [\"als\", \"mf\"], \"rmse\": [0.92, 0.93]})");
        return err->code;
    }
    return OK;
}

/* Every key of every row, in order of first appearance, as the keys of a dict. */
static enum status keys_of_rows(struct value rows, struct value *keys, struct error *err) {
    for (size_t i = 0; i < seq_len(rows); i++) {
        const struct value row = seq_item(rows, i);
        if (row.kind != VAL_DICT) {
            err_set(err, ERR_TYPE, "row %zu must be a dict, got %s", i, value_type_name(row));
            return err_hint(err, "table([{\"model\": \"als\", \"rmse\": 0.92}, …]), or table({\"model\": […], \"rmse\": […]})");
        }
        for (size_t k = 0; k < dict_len(row); k++) TRY(dict_put(keys, dict_key(row, k), NONE, err));
    }
    return OK;
}

static enum status of_rows(struct value rows, struct table *table, struct error *err) {
    struct value keys = value_dict();
    enum status status = keys_of_rows(rows, &keys, err);
    table->n_rows = (int64_t)seq_len(rows);
    for (size_t k = 0; status == OK && k < dict_len(keys); k++) {
        struct value values = value_list(seq_len(rows)), cell;
        for (size_t i = 0; i < seq_len(rows); i++) seq_push(&values, dict_get(seq_item(rows, i), dict_key(keys, k), &cell) ? value_ref(cell) : NONE);
        status = check_name(dict_key(keys, k), err);
        if (status == OK) status = table_add_values(table, value_text(dict_key(keys, k)).data, values, err);
        value_release(&values);
    }
    value_release(&keys);
    return status;
}

/* --- the row --- */

static enum status of_file(const struct call *call, struct table **out, struct error *err) {
    char *path = path_expand(arg_str(call, "path"));
    const char *dot = strrchr(path, '.');
    const bool json = dot && (strcmp(dot, ".jsonl") == 0 || strcmp(dot, ".ndjson") == 0);
    const enum status status = json ? table_read_json(call->task, path, out, err) : table_read(call->task, path, out, err);
    free(path);
    return status == OK ? OK : err_about(err, "path");
}

static enum status of_values(const struct call *call, struct table **out, struct error *err) {
    struct table *table = table_new(0);
    const bool rows = call->overload == 0;
    const enum status status = rows ? of_rows(arg(call, "rows"), table, err) : of_columns(arg(call, "columns"), table, err);
    if (status == OK) *out = table;
    else table_unref(table);
    return status == OK ? OK : err_about(err, rows ? "rows" : "columns");
}

static enum status run_table(const struct call *call, struct value *out, struct error *err) {
    struct table *table;
    TRY(call->overload == 2 ? of_file(call, &table, err) : of_values(call, &table, err));
    if (!arg_is_none(call, "caption")) table_caption(table, "%s", arg_str(call, "caption"));
    *out = value_table(table);
    return OK;
}

#define NOTES (const struct param_note[])

const struct builtin_row builtins_tables[] = {
    {.sigs = "table(rows: list, *, caption: str | None = None) -> Table\n"
             "table(columns: dict, *, caption: str | None = None) -> Table\n"
             "table(path: str, *, caption: str | None = None) -> Table",
     .group = "Load and shape",
     .summary = "A Table of values: a list of dicts (rows), a dict of lists (columns), or a file.",
     .notes = NOTES{{"rows", .doc = "a dict for each row; a key that a row lacks is None there"},
                    {"columns", .doc = "a list for each column, all of one length"},
                    {"path", .doc = "a .csv or .tsv file with a header, or .jsonl (.ndjson): an object a line", .completes = "path"},
                    {"caption", .doc = "what stands above it"},
                    {0}},
     .doc = "A column holds bools, ints, floats, strs, or lists of one of these; None is an empty cell. Ints among floats become floats. In a file a "
            "column's fields decide its type.",
     .example = "table([{\"model\": \"als\", \"rmse\": 0.92}, {\"model\": \"mf\", \"rmse\": 0.93}]).sort(\"rmse\")",
     .run = run_table,
     .other_names = "DataFrame (pandas, polars), read_csv"},
    {0}};
