#include "runtime/data/query_result.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/query.h"
#include "runtime/data/table_parts.h"

#define ROWS_PER_LOOK 4096

/* A column as it comes: every cell with its kind. */
struct gathered {
    VEC(unsigned char) kinds;
    VEC(union raw {
        int64_t whole;
        double real;
        char *text; /* owned */
    }) cells;
    bool has[COLUMN_BYTES + 1];
};

static void gathered_release(struct gathered *columns, int n_columns) {
    for (int c = 0; c < n_columns; c++) {
        for (size_t i = 0; i < columns[c].cells.len; i++)
            if (columns[c].kinds.data[i] == COLUMN_TEXT) free(columns[c].cells.data[i].text);
        vec_release(&columns[c].kinds);
        vec_release(&columns[c].cells);
    }
    free(columns);
}

/* Texts of files may hold anything: UTF-8 up to the first NUL comes out. */
static char *clean_text(struct slice text) {
    const char *nul = memchr(text.data, 0, text.len);
    if (nul) text.len = (size_t)(nul - text.data);
    return utf8_valid(text) ? xstrndup(text.data, text.len) : latin1_to_utf8(text);
}

static void gather(struct gathered *column, const struct statement *statement, int at) {
    union raw raw = {.whole = 0};
    const enum column_kind kind = statement_kind(statement, at);
    if (kind == COLUMN_INT) raw.whole = statement_int(statement, at);
    if (kind == COLUMN_DOUBLE) raw.real = statement_double(statement, at);
    if (kind == COLUMN_TEXT) raw.text = clean_text(statement_text(statement, at));
    column->has[kind] = true;
    vec_push(&column->kinds, (unsigned char)kind);
    vec_push(&column->cells, raw);
}

static enum status gather_rows(struct statement *statement, struct gathered *columns, int n_columns, int64_t *out_n, struct error *err) {
    for (int64_t n = 0;; n++) {
        bool row;
        if (n % ROWS_PER_LOOK == 0) TRY(task_check(task_current(), err));
        if (n % ROWS_PER_LOOK == 0) TRY(mem_expect(2 * (size_t)(n + ROWS_PER_LOOK), (size_t)n_columns * 9, "the query's rows", err));
        TRY(statement_step(statement, &row, err));
        *out_n = n;
        if (!row) return OK;
        if (n == QUERY_ROWS_MAX) {
            err_set(err, ERR_LIMIT, "the query gives more than %d rows", QUERY_ROWS_MAX);
            return err_hint(err, "group them, or write LIMIT behind it");
        }
        for (int c = 0; c < n_columns; c++) gather(&columns[c], statement, c);
    }
}

/* --- types --- */

/* The type that a Table's column had, when its cells still fit. */
static bool declared_type(const char *declared, const struct gathered *column, enum column_type *out) {
    static const struct {
        const char *name;
        enum column_type type;
    } known[] = {{"BOOL", COL_BOOL}, {"TIME", COL_TIME}, {"STRS", COL_STRS}, {"INTS", COL_INTS}, {"FLOATS", COL_FLOATS}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, declared) != 0) continue;
        const bool is_list = known[i].type >= COL_STRS;
        if (column->has[COLUMN_DOUBLE] || column->has[is_list ? COLUMN_INT : COLUMN_TEXT]) return false;
        *out = known[i].type;
        return true;
    }
    return false;
}

static enum column_type type_of(const char *declared, const struct gathered *column) {
    enum column_type type;
    if (declared_type(declared, column, &type)) return type;
    if (column->has[COLUMN_TEXT]) return COL_STR;
    if (column->has[COLUMN_DOUBLE]) return COL_FLOAT;
    if (column->has[COLUMN_INT]) return COL_INT;
    return strcmp(declared, "TEXT") == 0 ? COL_STR : COL_FLOAT; /* nothing but nulls */
}

/* --- columns --- */

static char *number_text(const struct gathered *column, int64_t row) {
    struct buf text = BUF_INIT;
    if (column->kinds.data[row] == COLUMN_INT) buf_addf(&text, "%lld", (long long)column->cells.data[row].whole);
    else buf_add_double(&text, column->cells.data[row].real);
    return buf_take(&text);
}

static void put_plain(struct column *column, struct gathered *from, int64_t n_rows, int64_t row) {
    union raw *raw = &from->cells.data[row];
    const unsigned char kind = from->kinds.data[row];
    if (kind == COLUMN_NULL) {
        if (column->type != COL_STR) table_set_null(column, n_rows, row);
        return;
    }
    switch (column->type) {
    case COL_BOOL: column->u.bools[row] = raw->whole != 0; break;
    case COL_INT:
    case COL_TIME: column->u.ints[row] = raw->whole; break;
    case COL_FLOAT: column->u.floats[row] = kind == COLUMN_INT ? (double)raw->whole : raw->real; break;
    default:
        column->u.strs[row] = kind == COLUMN_TEXT ? raw->text : number_text(from, row);
        from->kinds.data[row] = COLUMN_NULL; /* the text is the column's now */
    }
}

static void put_item(struct column *column, int64_t at, const json_t *item) {
    if (column->type == COL_STRS) column->u.lists.strs[at] = xstrdup(json_is_string(item) ? json_string_value(item) : "");
    else if (column->type == COL_INTS) column->u.lists.ints[at] = json_integer_value(item);
    else column->u.lists.floats[at] = json_number_value(item);
}

/* The lists' JSON, parsed; NULL where a row has none. */
static json_t **parse_lists(const struct gathered *from, int64_t n_rows, int64_t *out_entries) {
    json_t **lists = xnew_array(json_t *, (size_t)n_rows + 1);
    *out_entries = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        struct error ignored = ERROR_INIT;
        if (from->kinds.data[i] != COLUMN_TEXT || json_parse(slice_of(from->cells.data[i].text), &lists[i], &ignored) != OK) continue;
        *out_entries += (int64_t)json_array_size(lists[i]);
    }
    return lists;
}

static void add_lists(struct table *table, const char *name, enum column_type type, const struct gathered *from) {
    int64_t n_entries, at = 0;
    json_t **lists = parse_lists(from, table->n_rows, &n_entries);
    struct column *column = table_add_lists(table, name, type, n_entries);
    for (int64_t i = 0; i < table->n_rows; i++) {
        if (!lists[i]) table_set_null(column, table->n_rows, i);
        for (size_t e = 0; e < json_array_size(lists[i]); e++) put_item(column, at++, json_array_get(lists[i], e));
        column->u.lists.starts[i + 1] = at;
        json_decref(lists[i]);
    }
    free(lists);
}

static void add_plain(struct table *table, const char *name, enum column_type type, struct gathered *from) {
    switch (type) {
    case COL_BOOL: table_add_bools(table, name); break;
    case COL_INT: table_add_ints(table, name); break;
    case COL_TIME: table_add_times(table, name); break;
    case COL_FLOAT: table_add_floats(table, name, -1); break;
    default: table_add_strs(table, name); break;
    }
    struct column *column = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < table->n_rows; i++) put_plain(column, from, table->n_rows, i);
}

/* Two columns of one name get numbers: id, id_2. */
static char *free_name(const struct table *table, const char *name) {
    struct buf text = BUF_INIT;
    buf_adds(&text, name);
    for (int i = 2; table_column(table, buf_text(&text)); i++) {
        buf_clear(&text);
        buf_addf(&text, "%s_%d", name, i);
    }
    return buf_take(&text);
}

static enum status add_column(struct table *table, const struct statement *statement, int at, struct gathered *from, struct error *err) {
    const enum column_type type = type_of(statement_declared(statement, at), from);
    if (from->has[COLUMN_BYTES]) {
        err_set(err, ERR_TYPE, "the column `%.100s` holds bytes (a BLOB)", statement_column_name(statement, at));
        return err_hint(err, "hex(x) makes text of them, length(x) counts them, cast(x as text) reads them as text");
    }
    char *name = free_name(table, statement_column_name(statement, at));
    if (type >= COL_STRS) add_lists(table, name, type, from);
    else add_plain(table, name, type, from);
    free(name);
    return OK;
}

enum status query_result(struct statement *statement, struct table **out, struct error *err) {
    const int n_columns = statement_n_columns(statement);
    struct gathered *columns = xnew_array(struct gathered, (size_t)n_columns + 1);
    int64_t n_rows = 0;
    enum status status = gather_rows(statement, columns, n_columns, &n_rows, err);
    struct table *table = table_new(n_rows);
    for (int c = 0; status == OK && c < n_columns; c++) status = add_column(table, statement, c, &columns[c], err);
    gathered_release(columns, n_columns);
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}
