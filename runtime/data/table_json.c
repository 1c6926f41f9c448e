/* Tables from JSON Lines: the objects' keys are the columns. The file is read
 * twice: once for the columns and their types, once for the cells. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/table_parts.h"
#include "runtime/data/table_text.h"

enum kind { KIND_NONE, KIND_BOOL, KIND_INT, KIND_FLOAT, KIND_STR, KIND_OTHER };

/* What a column holds so far. */
struct gathered {
    char *name;
    enum kind kind; /* of its cells, or of its lists' entries */
    bool is_list, any;
    int64_t n_entries; /* of all lists */
    int64_t at;        /* of the next list's first entry */
};

struct reading {
    const char *path;
    VEC(struct gathered) columns;
    struct str_map *places; /* name → column */
    int64_t n_rows;
    struct table *table;
};

/* --- types --- */

static enum kind kind_of(const json_t *json) {
    if (json_is_null(json)) return KIND_NONE;
    if (json_is_boolean(json)) return KIND_BOOL;
    if (json_is_integer(json)) return KIND_INT;
    if (json_is_real(json)) return KIND_FLOAT;
    return json_is_string(json) ? KIND_STR : KIND_OTHER;
}

static const char *kind_name(const json_t *json) {
    static const char *const names[] = {"null", "a truth value", "an int", "a float", "a str", "an object"};
    return json_is_array(json) ? "a list" : names[kind_of(json)];
}

static const char *column_words(const struct gathered *column) {
    static const char *const plain[] = {"nothing", "truth values", "ints", "floats", "strs"};
    static const char *const lists[] = {"lists", "lists", "lists of ints", "lists of floats", "lists of strs"};
    return (column->is_list ? lists : plain)[column->kind];
}

static enum status no_cell(const struct reading *reading, int64_t line, const char *name, const json_t *json, bool in_list, struct error *err) {
    err_set(err, ERR_DATA, "%s, line %lld, key `%.100s`: %s%s can't be %s", reading->path, (long long)line, name, kind_name(json),
            in_list ? " within a list" : "", in_list ? "an entry" : "a cell");
    return err_hint(err, "cells are truth values, numbers, strs, lists of numbers or of strs, or null");
}

static enum status mixed(const struct reading *reading, int64_t line, const struct gathered *column, const json_t *json, struct error *err) {
    err_set(err, ERR_DATA, "%s, line %lld, key `%.100s`: expected %s as on the lines before, got %s", reading->path, (long long)line, column->name,
            column_words(column), kind_name(json));
    return err_hint(err, "one column has one type");
}

/* False: they don't mix. Ints among floats are floats. */
static bool join_kind(enum kind *kind, enum kind more) {
    const bool numbers = (*kind == KIND_INT || *kind == KIND_FLOAT) && (more == KIND_INT || more == KIND_FLOAT);
    if (more == KIND_NONE || *kind == more) return true;
    if (*kind != KIND_NONE && !numbers) return false;
    *kind = *kind == KIND_NONE ? more : KIND_FLOAT;
    return true;
}

static enum status see_list(const struct reading *reading, int64_t line, struct gathered *column, const json_t *list, struct error *err) {
    const json_t *entry;
    size_t i;
    if (column->any && !column->is_list) return mixed(reading, line, column, list, err);
    column->any = column->is_list = true;
    column->n_entries += (int64_t)json_array_size(list);
    json_array_foreach(list, i, entry) {
        const enum kind kind = kind_of(entry);
        if (kind != KIND_INT && kind != KIND_FLOAT && kind != KIND_STR) return no_cell(reading, line, column->name, entry, true, err);
        if (!join_kind(&column->kind, kind)) return mixed(reading, line, column, entry, err);
    }
    return OK;
}

static enum status see_cell(const struct reading *reading, int64_t line, struct gathered *column, const json_t *json, struct error *err) {
    if (json_is_array(json)) return see_list(reading, line, column, json, err);
    if (json_is_null(json)) return OK;
    if (kind_of(json) == KIND_OTHER) return no_cell(reading, line, column->name, json, false, err);
    if (column->is_list || !join_kind(&column->kind, kind_of(json))) return mixed(reading, line, column, json, err);
    column->any = true;
    return OK;
}

static int64_t place_of(struct reading *reading, const char *name) {
    int64_t place = (int64_t)reading->columns.len;
    if (str_map_get(reading->places, slice_of(name), &place)) return place;
    str_map_put(reading->places, slice_of(name), place, false);
    vec_push(&reading->columns, ((struct gathered){.name = xstrdup(name)}));
    return place;
}

static enum status see_object(void *ctx, int64_t line, const json_t *object, struct error *err) {
    struct reading *reading = ctx;
    const char *name;
    json_t *json;
    reading->n_rows++;
    json_object_foreach((json_t *)(uintptr_t)object, name, json) {
        const int64_t place = place_of(reading, name); /* may move the columns */
        TRY(see_cell(reading, line, &reading->columns.data[place], json, err));
    }
    return OK;
}

/* --- cells --- */

static void add_column(struct table *table, const struct gathered *from) {
    if (from->is_list) {
        const enum column_type type = from->kind == KIND_INT ? COL_INTS : from->kind == KIND_FLOAT ? COL_FLOATS : COL_STRS;
        table_add_lists(table, from->name, type, from->n_entries);
        return;
    }
    switch (from->kind) {
    case KIND_BOOL: table_add_bools(table, from->name); break;
    case KIND_INT: table_add_ints(table, from->name); break;
    case KIND_STR: table_add_strs(table, from->name); break;
    default: table_add_floats(table, from->name, -1); break; /* a column of null alone too */
    }
}

static void put_list(struct column *column, struct gathered *gathered, int64_t row, const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++, gathered->at++) {
        const json_t *entry = json_array_get(list, i);
        if (column->type == COL_STRS) column->u.lists.strs[gathered->at] = xstrdup(json_string_value(entry));
        else if (column->type == COL_INTS) column->u.lists.ints[gathered->at] = json_integer_value(entry);
        else column->u.lists.floats[gathered->at] = json_number_value(entry);
    }
    column->u.lists.starts[row + 1] = gathered->at;
}

static void put_cell(struct column *column, int64_t row, const json_t *json) {
    switch (column->type) {
    case COL_BOOL: column->u.bools[row] = json_is_true(json); break;
    case COL_INT: column->u.ints[row] = json_integer_value(json); break;
    case COL_FLOAT: column->u.floats[row] = json_number_value(json); break;
    default: column->u.strs[row] = xstrdup(json_string_value(json)); break;
    }
}

static enum status put_object(void *ctx, int64_t line, const json_t *object, struct error *err) {
    struct reading *reading = ctx;
    const int64_t row = reading->n_rows++;
    (void)line;
    (void)err;
    for (size_t c = 0; c < reading->columns.len && row < reading->table->n_rows; c++) {
        struct gathered *gathered = &reading->columns.data[c];
        struct column *column = &reading->table->columns[c];
        const json_t *json = json_object_get(object, gathered->name);
        const bool is_null = !json || json_is_null(json);
        if (gathered->is_list) put_list(column, gathered, row, json);
        else if (!is_null) put_cell(column, row, json);
        if (is_null && column->type != COL_STR) table_set_null(column, reading->table->n_rows, row);
    }
    return OK;
}

/* --- the whole --- */

static void reading_release(struct reading *reading) {
    for (size_t c = 0; c < reading->columns.len; c++) free(reading->columns.data[c].name);
    vec_release(&reading->columns);
    str_map_free(reading->places);
}

enum status table_read_json(struct task *task, const char *path, struct table **out, struct error *err) {
    struct reading reading = {.path = path, .places = str_map_new()};
    enum status status = jsonl_each(task, path, see_object, &reading, err);
    if (status == OK) status = mem_expect((size_t)reading.n_rows * (reading.columns.len + 1), 16, "the table", err);
    if (status == OK) {
        reading.table = table_new(reading.n_rows);
        for (size_t c = 0; c < reading.columns.len; c++) add_column(reading.table, &reading.columns.data[c]);
        reading.n_rows = 0;
        status = jsonl_each(task, path, put_object, &reading, err);
    }
    if (status == OK && reading.n_rows != reading.table->n_rows) status = err_set(err, ERR_DATA, "%s changed while it was read", path);
    reading_release(&reading);
    if (status == OK) *out = reading.table;
    else table_unref(reading.table);
    return status;
}
