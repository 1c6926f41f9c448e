/* Rows of the caller's as a table of SQLite's: a virtual table that is there
 * under its name without being made. It is read from end to end, or, where
 * values of a column must be equal to something, through an order of the rows
 * by that column, made at the first such question. */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/data/database_parts.h"

/* What belongs to a name: lives as long as the database. */
struct lent {
    struct database *database;
    enum status (*open)(void *ctx, struct database_rows *out, struct error *err);
    void *ctx;
    struct database_rows rows; /* n_columns 0: not open yet */
    int64_t **orders;          /* by column; NULL: not made yet */
};

struct lent_table {
    sqlite3_vtab base;
    struct lent *lent;
};

struct lent_cursor {
    sqlite3_vtab_cursor base;
    const int64_t *order; /* NULL: rows as they are */
    int64_t at, end;
};

static struct lent *lent_of(const sqlite3_vtab_cursor *cursor) { return ((const struct lent_table *)cursor->pVtab)->lent; }

static void lent_free(void *ctx) {
    struct lent *lent = ctx;
    for (int i = 0; i < lent->rows.n_columns; i++) mem_free(lent->orders[i]);
    free(lent->orders);
    free(lent);
}

/* --- the order of a column: null, then numbers, then texts --- */

static int class_of(enum column_kind kind) { return kind == COLUMN_NULL ? 0 : kind == COLUMN_TEXT ? 2 : 1; }

static double number_of(const struct database_cell *cell) { return cell->kind == COLUMN_INT ? (double)cell->whole : cell->real; }

/* Numbers as doubles: large ones that are told apart only as integers count as equal, and SQLite looks at every row that it gets. */
static int compare_cells(const struct database_cell *a, const struct database_cell *b) {
    const int class = class_of(a->kind);
    if (class != class_of(b->kind)) return class < class_of(b->kind) ? -1 : 1;
    if (class == 0) return 0;
    if (class == 1) return (number_of(a) > number_of(b)) - (number_of(a) < number_of(b));
    const size_t common = a->text.len < b->text.len ? a->text.len : b->text.len;
    const int order = common ? memcmp(a->text.data, b->text.data, common) : 0;
    return order ? order : (a->text.len > b->text.len) - (a->text.len < b->text.len);
}

static void cell_at(const struct lent *lent, int64_t row, int column, struct database_cell *out) {
    *out = (struct database_cell){.kind = COLUMN_NULL};
    lent->rows.cell(lent->ctx, row, column, out);
    if (out->kind == COLUMN_DOUBLE && isnan(out->real)) out->kind = COLUMN_NULL; /* as SQLite has it */
}

struct by_column {
    const struct lent *lent;
    int column;
};

static int compare_rows(const void *ctx, int64_t a, int64_t b) {
    const struct by_column *by = ctx;
    struct database_cell x, y;
    cell_at(by->lent, a, by->column, &x);
    cell_at(by->lent, b, by->column, &y);
    return compare_cells(&x, &y);
}

static int make_order(struct lent *lent, int column) {
    struct error *err = &lent->database->why;
    const struct by_column by = {lent, column};
    int64_t *order;
    enum status status = mem_try_array((size_t)lent->rows.n_rows, "the order of a column", &order, err);
    if (status != OK) return SQLITE_ERROR;
    for (int64_t i = 0; i < lent->rows.n_rows; i++) order[i] = i;
    status = sort_positions((struct task *)(uintptr_t)lent->database->task, order, lent->rows.n_rows, compare_rows, &by, err);
    if (status == OK) lent->orders[column] = order;
    else mem_free(order);
    return status == OK ? SQLITE_OK : SQLITE_ERROR;
}

/* The first place in the order whose cell isn't before `wanted` (or, with after, is behind it). */
static int64_t place(const struct lent *lent, int column, const struct database_cell *wanted, bool after) {
    int64_t low = 0, high = lent->rows.n_rows;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        struct database_cell cell;
        cell_at(lent, lent->orders[column][middle], column, &cell);
        const int order = compare_cells(&cell, wanted);
        if (order < 0 || (after && order == 0)) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* --- what SQLite calls --- */

void buf_add_sql_name(struct buf *out, const char *name) {
    buf_addc(out, '"');
    for (; *name; name++) {
        if (*name == '"') buf_addc(out, '"');
        buf_addc(out, *name);
    }
    buf_addc(out, '"');
}

static int declare(sqlite3 *sqlite, const struct lent *lent) {
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "CREATE TABLE rows(");
    for (int i = 0; i < lent->rows.n_columns; i++) {
        buf_adds(&sql, i ? ", " : "");
        buf_add_sql_name(&sql, lent->rows.column_name(lent->ctx, i));
        buf_addf(&sql, " %s", lent->rows.column_type(lent->ctx, i));
    }
    buf_adds(&sql, ")");
    const int code = sqlite3_declare_vtab(sqlite, buf_text(&sql));
    buf_release(&sql);
    return code;
}

/* SQLite may ask again (another table of the name in the file, a query that was prepared anew): rows are opened once. */
static int open_rows(struct lent *lent) {
    if (lent->rows.n_columns) return SQLITE_OK;
    struct database *database = lent->database;
    if (lent->open(lent->ctx, &lent->rows, &database->why) != OK) return SQLITE_ERROR;
    lent->orders = xnew_array(int64_t *, (size_t)lent->rows.n_columns);
    return SQLITE_OK;
}

static int on_connect(sqlite3 *sqlite, void *ctx, int n_args, const char *const *args, sqlite3_vtab **out, char **message) {
    struct lent *lent = ctx;
    (void)n_args, (void)args;
    int code = open_rows(lent);
    if (code == SQLITE_OK) code = declare(sqlite, lent);
    if (code == SQLITE_OK) {
        struct lent_table *table = xnew(struct lent_table);
        table->lent = lent;
        *out = &table->base;
    } else *message = sqlite3_mprintf("%s", lent->database->why.code != OK ? lent->database->why.message : sqlite3_errmsg(sqlite));
    return code;
}

static int on_disconnect(sqlite3_vtab *table) {
    free(table);
    return SQLITE_OK;
}

/* The first column that must be equal to something known; idxNum is it + 1, 0: none. SQLite checks every row once more. */
static int on_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    const struct lent *lent = ((struct lent_table *)base)->lent;
    const struct database_rows *rows = &lent->rows;
    const double n = (double)rows->n_rows;
    for (int i = 0; i < info->nConstraint && !info->idxNum; i++) {
        const bool fits = info->aConstraint[i].usable && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ && info->aConstraint[i].iColumn >= 0;
        if (!fits || !rows->can_sort(lent->ctx, info->aConstraint[i].iColumn) || sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)
            continue;
        info->idxNum = info->aConstraint[i].iColumn + 1;
        info->aConstraintUsage[i].argvIndex = 1;
    }
    info->estimatedCost = info->idxNum ? log2(n + 2) + n / 1000 : n + 1;
    info->estimatedRows = (sqlite3_int64)(info->idxNum ? n / 1000 + 1 : n + 1);
    return SQLITE_OK;
}

static int on_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out) {
    (void)table;
    *out = &xnew(struct lent_cursor)->base;
    return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *cursor) {
    free(cursor);
    return SQLITE_OK;
}

static bool cell_of_value(sqlite3_value *value, struct database_cell *out) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: *out = (struct database_cell){.kind = COLUMN_INT, .whole = sqlite3_value_int64(value)}; return true;
    case SQLITE_FLOAT: *out = (struct database_cell){.kind = COLUMN_DOUBLE, .real = sqlite3_value_double(value)}; return true;
    case SQLITE_TEXT:
        out->kind = COLUMN_TEXT;
        out->text = (struct slice){(const char *)sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value)};
        return out->text.data != NULL;
    default: return false;
    }
}

static int on_filter(sqlite3_vtab_cursor *base, int column_plus_1, const char *text, int n_values, sqlite3_value **values) {
    struct lent_cursor *cursor = (struct lent_cursor *)base;
    struct lent *lent = lent_of(base);
    struct database_cell wanted;
    const int column = column_plus_1 - 1;
    (void)text;
    cursor->order = NULL;
    cursor->at = 0;
    cursor->end = lent->rows.n_rows;
    if (column < 0 || n_values < 1 || !cell_of_value(values[0], &wanted)) return SQLITE_OK; /* all rows; SQLite chooses */
    if ((wanted.kind == COLUMN_TEXT) != (strcmp(lent->rows.column_type(lent->ctx, column), "TEXT") == 0)) return SQLITE_OK; /* 2 = '2' */
    if (!lent->orders[column]) {
        const int code = make_order(lent, column);
        if (code != SQLITE_OK) return code;
    }
    cursor->order = lent->orders[column];
    cursor->at = place(lent, column, &wanted, false);
    cursor->end = place(lent, column, &wanted, true);
    return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *base) {
    ((struct lent_cursor *)base)->at++;
    return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *base) {
    const struct lent_cursor *cursor = (const struct lent_cursor *)base;
    return cursor->at >= cursor->end;
}

static int64_t row_of(const sqlite3_vtab_cursor *base) {
    const struct lent_cursor *cursor = (const struct lent_cursor *)base;
    return cursor->order ? cursor->order[cursor->at] : cursor->at;
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column) {
    struct database_cell cell;
    cell_at(lent_of(base), row_of(base), column, &cell);
    if (cell.kind == COLUMN_INT) sqlite3_result_int64(out, cell.whole);
    else if (cell.kind == COLUMN_DOUBLE) sqlite3_result_double(out, cell.real);
    else if (cell.kind == COLUMN_TEXT) sqlite3_result_text64(out, cell.text.data, cell.text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    else sqlite3_result_null(out);
    return SQLITE_OK;
}

static int on_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
    *out = row_of(base) + 1;
    return SQLITE_OK;
}

/* With xCreate the same as xConnect the name itself is the table, and others may be made of it. */
static const sqlite3_module lent_module = {.xCreate = on_connect,
                                           .xConnect = on_connect,
                                           .xBestIndex = on_best_index,
                                           .xDisconnect = on_disconnect,
                                           .xDestroy = on_disconnect,
                                           .xOpen = on_open,
                                           .xClose = on_close,
                                           .xFilter = on_filter,
                                           .xNext = on_next,
                                           .xEof = on_eof,
                                           .xColumn = on_column,
                                           .xRowid = on_rowid};

enum status database_lend(struct database *database, const char *name, enum status (*open)(void *ctx, struct database_rows *out, struct error *err),
                          void *ctx, struct error *err) {
    struct lent *lent = xnew(struct lent);
    *lent = (struct lent){.database = database, .open = open, .ctx = ctx};
    return sqlite3_create_module_v2(database->sqlite, name, &lent_module, lent, lent_free) == SQLITE_OK ? OK : database_fail(database, err);
}
