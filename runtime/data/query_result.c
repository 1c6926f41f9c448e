#include "runtime/data/query_result.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/query.h"
#include "runtime/data/query_lists.h"
#include "runtime/data/sql_text.h"
#include "runtime/data/table_parts.h"

#define ROWS_PER_LOOK 4096
#define TEXT_PER_LOOK ((size_t)16 << 20) /* bytes */

/* A column as it comes: every cell with its kind. */
struct gathered {
    VEC(unsigned char) kinds;
    VEC(union raw {
        int64_t whole;
        double real;
        char *text; /* owned */
    }) cells;
    bool has[COLUMN_BYTES + 1];
    bool long_wholes; /* that a double hasn't */
};

struct gathering {
    struct gathered *columns;
    int n_columns;
    size_t text_bytes; /* since the last look at the memory */
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

static bool is_exact(int64_t whole) { return whole >= -(INT64_C(1) << 53) && whole <= INT64_C(1) << 53; }

static enum status gather(struct gathering *all, const struct statement *statement, int at, struct error *err) {
    struct gathered *column = &all->columns[at];
    union raw raw = {.whole = 0};
    const enum column_kind kind = statement_kind(statement, at);
    if (kind == COLUMN_INT) raw.whole = statement_int(statement, at);
    if (kind == COLUMN_DOUBLE) raw.real = statement_double(statement, at);
    if (kind == COLUMN_TEXT) {
        const struct slice text = statement_text(statement, at);
        all->text_bytes += text.len;
        if (all->text_bytes > TEXT_PER_LOOK) {
            TRY(task_check(task_current(), err));
            TRY(mem_expect(4, all->text_bytes, "the query's texts", err));
            all->text_bytes = 0;
        }
        raw.text = clean_text(text);
    }
    column->has[kind] = true;
    column->long_wholes |= kind == COLUMN_INT && !is_exact(raw.whole);
    vec_push(&column->kinds, (unsigned char)kind);
    vec_push(&column->cells, raw);
    return OK;
}

static enum status gather_rows(struct statement *statement, struct gathering *all, int64_t *out_n, struct error *err) {
    for (int64_t n = 0;; n++) {
        bool row;
        if (n % ROWS_PER_LOOK == 0) TRY(task_check(task_current(), err));
        if (n % ROWS_PER_LOOK == 0) TRY(mem_expect(2 * (size_t)(n + ROWS_PER_LOOK), (size_t)all->n_columns * 9, "the query's rows", err));
        TRY(statement_step(statement, &row, err));
        *out_n = n;
        if (!row) return OK;
        if (n == QUERY_ROWS_MAX) {
            err_set(err, ERR_LIMIT, "the query gives more than %d rows", QUERY_ROWS_MAX);
            return err_hint(err, "group them, or write LIMIT behind it");
        }
        for (int c = 0; c < all->n_columns; c++) TRY(gather(all, statement, c, err));
    }
}

/* --- types --- */

/* SQLite takes the words for a kind: INT for whole numbers, TEXT for texts, others as they come. */
const char *query_declared(enum column_type type) {
    static const char *const names[] = {"RECKON BOOL",       "INTEGER",         "REAL", "TEXT", "RECKON TIME", "RECKON TEXT LIST",
                                        "RECKON TEXT WHOLE", "RECKON TEXT REAL"};
    return names[type];
}

struct typing {
    struct database *database;
    const char *sql;
    bool is_known, agree;
};

static bool declares(const struct statement *statement, const struct statement *like, bool nothing) {
    if (statement_n_columns(statement) != statement_n_columns(like)) return false;
    for (int c = 0; c < statement_n_columns(statement); c++) {
        const char *declared = statement_declared(statement, c);
        if (strcmp(declared, nothing ? "" : statement_declared(like, c)) != 0) return false;
    }
    return true;
}

/* Whether the parts of a UNION declare the same types: SQLite tells those of the first. Rows of VALUES have none. */
static bool part_agrees(struct database *database, const struct sql_parts *parts, size_t i) {
    struct error ignored = ERROR_INIT;
    struct statement *one = NULL, *other = NULL;
    const struct sql_part *part = &parts->data[i], *next = i + 1 < parts->len && part[1].compound == part->compound ? part + 1 : part;
    const bool agrees = statement_new(database, part->text, &one, &ignored) == OK && statement_new(database, next->text, &other, &ignored) == OK &&
                        declares(one, other, part->is_values);
    statement_free(one);
    statement_free(other);
    return agrees;
}

static bool parts_agree(struct typing *typing) {
    struct sql_parts parts = {0};
    if (typing->is_known) return typing->agree;
    sql_parts_of(typing->sql, &parts);
    typing->is_known = typing->agree = true;
    for (size_t i = 0; typing->agree && i < parts.len; i++) typing->agree = part_agrees(typing->database, &parts, i);
    sql_parts_release(&parts);
    return typing->agree;
}

static bool are_lists(enum column_type type, const struct gathered *from) {
    int64_t n = 0;
    if (from->has[COLUMN_INT] || from->has[COLUMN_DOUBLE]) return false;
    for (size_t i = 0; i < from->cells.len; i++)
        if (from->kinds.data[i] == COLUMN_TEXT && !list_read(type, slice_of(from->cells.data[i].text), NULL, &n)) return false;
    return true;
}

/* The type that a Table's column had, where all cells are still of it. */
static bool type_as_before(struct typing *typing, const char *declared, const struct gathered *from, enum column_type *out) {
    static const enum column_type ours[] = {COL_BOOL, COL_TIME, COL_STRS, COL_INTS, COL_FLOATS};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(query_declared(ours[i]), declared) != 0) continue;
        *out = ours[i];
        if (ours[i] >= COL_STRS) return are_lists(ours[i], from);
        return !from->has[COLUMN_DOUBLE] && !from->has[COLUMN_TEXT] && parts_agree(typing);
    }
    return false;
}

static enum column_type type_of(struct typing *typing, const char *declared, const struct gathered *from) {
    enum column_type type;
    if (type_as_before(typing, declared, from, &type)) return type;
    if (from->has[COLUMN_TEXT]) return COL_STR;
    if (from->has[COLUMN_DOUBLE]) return from->long_wholes ? COL_STR : COL_FLOAT; /* every digit of an id counts */
    if (from->has[COLUMN_INT]) return COL_INT;
    return strcmp(declared, query_declared(COL_STR)) == 0 ? COL_STR : COL_FLOAT; /* nothing but nulls */
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

static enum status add_lists(struct table *table, const char *name, enum column_type type, const struct gathered *from, struct error *err) {
    int64_t n_entries = 0, at = 0;
    for (int64_t i = 0; i < table->n_rows; i++)
        if (from->kinds.data[i] == COLUMN_TEXT) (void)list_read(type, slice_of(from->cells.data[i].text), NULL, &n_entries);
    TRY(mem_expect((size_t)n_entries, sizeof(int64_t), "the query's lists", err));
    struct column *column = table_add_lists(table, name, type, n_entries);
    for (int64_t i = 0; i < table->n_rows; i++) {
        if (from->kinds.data[i] != COLUMN_TEXT) table_set_null(column, table->n_rows, i);
        else (void)list_read(type, slice_of(from->cells.data[i].text), column, &at);
        column->u.lists.starts[i + 1] = at;
    }
    return OK;
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

static enum status add_column(struct table *table, struct typing *typing, const struct statement *statement, int at, struct gathered *from,
                              struct error *err) {
    if (from->has[COLUMN_BYTES]) {
        err_set(err, ERR_TYPE, "the column `%.100s` holds bytes (a BLOB)", statement_column_name(statement, at));
        return err_hint(err, "hex(x) makes text of them, length(x) counts them, cast(x as text) reads them as text");
    }
    const enum column_type type = type_of(typing, statement_declared(statement, at), from);
    char *name = table_free_name(table, statement_column_name(statement, at)); /* id, id_2 */
    enum status status = OK;
    if (type >= COL_STRS) status = add_lists(table, name, type, from, err);
    else add_plain(table, name, type, from);
    free(name);
    return status;
}

enum status query_result(struct database *database, const char *sql, struct statement *statement, struct table **out, struct error *err) {
    const int n_columns = statement_n_columns(statement);
    struct gathering all = {xnew_array(struct gathered, (size_t)n_columns + 1), n_columns, 0};
    struct typing typing = {.database = database, .sql = sql};
    int64_t n_rows = 0;
    enum status status = gather_rows(statement, &all, &n_rows, err);
    struct table *table = table_new(status == OK ? n_rows : 0);
    for (int c = 0; status == OK && c < n_columns; c++) status = add_column(table, &typing, statement, c, &all.columns[c], err);
    gathered_release(all.columns, n_columns);
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}
