/* Tables in files: a JSON list of the columns, then each column's arrays under
 * its number, for a column's name may hold anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/dataset_file.h"
#include "runtime/data/table_parts.h"

#define TABLE_VERSION 1

static const char *const type_names[] = {"bool", "int", "float", "str", "time", "strs", "ints", "floats"};
#define N_TYPES (sizeof type_names / sizeof *type_names)

struct section_name section_name(const char *name, const char *part) {
    struct section_name section;
    snprintf(section.text, sizeof section.text, "%s/%s", name, part);
    return section;
}

static struct section_name column_section(const char *name, size_t column, const char *part) {
    struct section_name section;
    snprintf(section.text, sizeof section.text, "%s/%zu/%s", name, column, part);
    return section;
}

enum status store_get_copy(struct store_reader *reader, const char *name, enum store_type type, int64_t want_count, void **out, int64_t *out_count,
                           struct error *err) {
    static const size_t sizes[] = {[STORE_BYTES] = 1, [STORE_I32] = 4, [STORE_I64] = 8, [STORE_F32] = 4, [STORE_F64] = 8};
    const void *data;
    void *copy;
    int64_t count;
    TRY(store_get(reader, name, type, want_count, &data, &count, err));
    TRY(mem_try((size_t)count + 1, sizes[type], name, &copy, err));
    if (count) memcpy(copy, data, (size_t)count * sizes[type]);
    *out = copy;
    if (out_count) *out_count = count;
    return OK;
}

/* --- writing --- */

static int64_t entries_of(const struct column *column, int64_t n_rows) { return column_is_list(column) ? column->u.lists.starts[n_rows] : n_rows; }

static json_t *column_json(const struct column *column) {
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string(column->name));
    json_object_set_new(json, "type", json_string(type_names[column->type]));
    json_object_set_new(json, "decimals", json_integer(column->decimals));
    json_object_set_new(json, "best", json_integer(column->best));
    json_object_set_new(json, "nulls", json_boolean(column->nulls != NULL));
    return json;
}

static json_t *table_json(const struct table *table) {
    json_t *json = json_object(), *columns = json_array(), *notes = json_array();
    for (size_t i = 0; i < table->n_columns; i++) json_array_append_new(columns, column_json(&table->columns[i]));
    for (size_t i = 0; i < table->n_notes; i++) json_array_append_new(notes, json_string(table->notes[i]));
    json_object_set_new(json, "version", json_integer(TABLE_VERSION));
    json_object_set_new(json, "rows", json_integer(table->n_rows));
    json_object_set_new(json, "columns", columns);
    json_object_set_new(json, "notes", notes);
    if (table->caption) json_object_set_new(json, "caption", json_string(table->caption));
    json_object_set_new(json, "marked_row", json_integer(table->marked_row));
    return json;
}

static enum status put_values(const struct column *column, int64_t n, struct store_writer *writer, const char *section, struct error *err) {
    switch (column->type) {
    case COL_BOOL: return store_put(writer, section, STORE_BYTES, column->u.bools, n, err);
    case COL_INT:
    case COL_TIME: return store_put(writer, section, STORE_I64, column->u.ints, n, err);
    case COL_FLOAT: return store_put(writer, section, STORE_F64, column->u.floats, n, err);
    case COL_STR: return store_put_texts(writer, section, (const char *const *)column->u.strs, n, err);
    case COL_STRS: return store_put_texts(writer, section, (const char *const *)column->u.lists.strs, n, err);
    case COL_INTS: return store_put(writer, section, STORE_I64, column->u.lists.ints, n, err);
    case COL_FLOATS: return store_put(writer, section, STORE_F64, column->u.lists.floats, n, err);
    }
    return err_set(err, ERR_INTERNAL, "a column of no type");
}

static enum status put_column(const struct table *table, size_t i, struct store_writer *writer, const char *name, struct error *err) {
    const struct column *column = &table->columns[i];
    const int64_t n = table->n_rows;
    if (column->nulls) TRY(store_put(writer, column_section(name, i, "nulls").text, STORE_BYTES, column->nulls, n, err));
    if (column_is_list(column)) TRY(store_put(writer, column_section(name, i, "starts").text, STORE_I64, column->u.lists.starts, n + 1, err));
    return put_values(column, entries_of(column, n), writer, column_section(name, i, "values").text, err);
}

enum status table_put(const struct table *table, struct store_writer *writer, const char *name, struct error *err) {
    json_t *json = table_json(table);
    const enum status status = store_put_json(writer, section_name(name, "table").text, json, err);
    json_decref(json);
    if (status != OK) return status;
    for (size_t i = 0; i < table->n_columns; i++) TRY(put_column(table, i, writer, name, err));
    return OK;
}

/* --- reading --- */

static enum status damaged(const char *section, const char *what, struct error *err) {
    err_set(err, ERR_DATA, "the section `%s` is damaged: %s", section, what);
    return err_hint(err, "save the table or data set again");
}

/* Bytes other than 0 and 1 are no bools, and reading them as such would be undefined. */
static enum status get_bools(struct store_reader *reader, const char *section, int64_t n, bool **out, struct error *err) {
    void *bytes;
    bool good = true;
    TRY(store_get_copy(reader, section, STORE_BYTES, n, &bytes, NULL, err));
    for (int64_t i = 0; i < n; i++) good = good && ((const unsigned char *)bytes)[i] <= 1;
    if (!good) {
        mem_free(bytes);
        return damaged(section, "it holds more than true and false", err);
    }
    *out = bytes;
    return OK;
}

static enum status get_starts(struct store_reader *reader, const char *section, int64_t n_rows, int64_t **out, struct error *err) {
    void *copy;
    TRY(store_get_copy(reader, section, STORE_I64, n_rows + 1, &copy, NULL, err));
    const int64_t *starts = copy;
    bool good = starts[0] == 0;
    for (int64_t i = 0; good && i < n_rows; i++) good = starts[i] <= starts[i + 1];
    if (!good) {
        mem_free(copy);
        return damaged(section, "its lists don't follow one another", err);
    }
    *out = copy;
    return OK;
}

/* One entry more, as in the columns made by table.c; texts of lists are never NULL. */
static enum status get_texts(struct store_reader *reader, const char *section, int64_t n, bool may_be_null, char ***out, struct error *err) {
    char **texts;
    int64_t count;
    bool good = true;
    TRY(store_get_texts(reader, section, n, &texts, &count, err));
    for (int64_t i = 0; i < count; i++) good = good && (may_be_null || texts[i]);
    if (!good) {
        names_free(texts, (size_t)count);
        return damaged(section, "an entry is missing", err);
    }
    *out = texts;
    return OK;
}

static enum status get_values(struct column *column, int64_t n, struct store_reader *reader, const char *section, struct error *err) {
    switch (column->type) {
    case COL_BOOL: return get_bools(reader, section, n, &column->u.bools, err);
    case COL_INT:
    case COL_TIME: return store_get_copy(reader, section, STORE_I64, n, (void **)&column->u.ints, NULL, err);
    case COL_FLOAT: return store_get_copy(reader, section, STORE_F64, n, (void **)&column->u.floats, NULL, err);
    case COL_STR: return get_texts(reader, section, n, true, &column->u.strs, err);
    case COL_STRS: return get_texts(reader, section, n, false, &column->u.lists.strs, err);
    case COL_INTS: return store_get_copy(reader, section, STORE_I64, n, (void **)&column->u.lists.ints, NULL, err);
    case COL_FLOATS: return store_get_copy(reader, section, STORE_F64, n, (void **)&column->u.lists.floats, NULL, err);
    }
    return err_set(err, ERR_INTERNAL, "a column of no type");
}

static bool type_of(const char *name, enum column_type *out) {
    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(type_names[i], name) != 0) continue;
        *out = (enum column_type)i;
        return true;
    }
    return false;
}

/* The column joins the table only when it is whole: the table can be released at any time. */
static enum status get_arrays(struct column *column, size_t i, int64_t n_rows, bool has_nulls, struct store_reader *reader, const char *name,
                              struct error *err) {
    if (has_nulls) TRY(get_bools(reader, column_section(name, i, "nulls").text, n_rows, &column->nulls, err));
    if (column_is_list(column)) TRY(get_starts(reader, column_section(name, i, "starts").text, n_rows, &column->u.lists.starts, err));
    return get_values(column, entries_of(column, n_rows), reader, column_section(name, i, "values").text, err);
}

static int8_t small(const json_t *json, const char *key, int64_t least, int64_t most) {
    const int64_t value = json_int(json, key, least);
    return (int8_t)(value < least ? least : value > most ? most : value);
}

static enum status get_column(struct table *table, const json_t *json, struct store_reader *reader, const char *name, struct error *err) {
    enum column_type type;
    const size_t i = table->n_columns;
    struct column column = {0};
    if (!json_text(json, "name", NULL) || !type_of(json_text(json, "type", ""), &type))
        return damaged(section_name(name, "table").text, "a column without a name or type", err);
    column.type = type;
    const enum status status = get_arrays(&column, i, table->n_rows, json_flag(json, "nulls", false), reader, name, err);
    if (status != OK) {
        free(column.nulls);
        if (column_is_list(&column)) free(column.u.lists.starts);
        return status;
    }
    struct column *into = table_add_column(table, json_text(json, "name", ""), type);
    into->nulls = column.nulls;
    into->u = column.u;
    into->decimals = small(json, "decimals", -1, 17);
    into->best = small(json, "best", -1, 1);
    return OK;
}

static enum status get_parts(struct table *table, const json_t *json, struct store_reader *reader, const char *name, struct error *err) {
    const json_t *columns = json_object_get(json, "columns"), *notes = json_object_get(json, "notes");
    for (size_t i = 0; i < json_array_size(columns); i++) TRY(get_column(table, json_array_get(columns, i), reader, name, err));
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const char *note = json_string_value(json_array_get(notes, i));
        if (note) table_note(table, "%s", note);
    }
    const char *caption = json_text(json, "caption", NULL);
    if (caption) table_caption(table, "%s", caption);
    table->marked_row = json_int(json, "marked_row", -1);
    if (table->marked_row >= table->n_rows) table->marked_row = -1;
    return OK;
}

static enum status check_about(const json_t *json, const char *section, int64_t want_rows, struct error *err) {
    const int64_t version = json_int(json, "version", 0), rows = json_int(json, "rows", -1);
    if (version > TABLE_VERSION)
        return err_set(err, ERR_DATA, "the section `%s` has version %lld; this build reads version %d", section, (long long)version, TABLE_VERSION);
    if (rows < 0 || rows > INT64_MAX / 16 || (want_rows >= 0 && rows != want_rows)) return damaged(section, "its number of rows is wrong", err);
    return OK;
}

enum status table_get(struct store_reader *reader, const char *name, int64_t want_rows, struct table **out, struct error *err) {
    json_t *json;
    const struct section_name section = section_name(name, "table");
    TRY(store_get_json(reader, section.text, &json, err));
    struct table *table = NULL;
    enum status status = check_about(json, section.text, want_rows, err);
    if (status == OK) {
        table = table_new(json_int(json, "rows", 0));
        status = get_parts(table, json, reader, name, err);
    }
    json_decref(json);
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}

/* --- files of their own --- */

enum status table_save(const struct table *table, const char *path, struct error *err) {
    struct store_writer *writer;
    TRY(store_create(path, "table", &writer, err));
    const enum status status = table_put(table, writer, "table", err);
    const enum status finished = store_finish(writer, status == OK, err);
    return status == OK ? finished : status;
}

enum status table_open(const char *path, struct table **out, struct error *err) {
    struct store_reader *reader;
    TRY(store_open(path, &reader, err));
    enum status status = OK;
    if (strcmp(store_kind(reader), "table") != 0) status = err_set(err, ERR_DATA, "`%s` holds a %s, not a table", path, store_kind(reader));
    if (status == OK) status = table_get(reader, "table", -1, out, err);
    store_close(reader);
    return status;
}
