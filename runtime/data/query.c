#include "runtime/data/query.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/mem.h"
#include "runtime/data/query_hints.h"
#include "runtime/data/query_lists.h"
#include "runtime/data/query_result.h"
#include "runtime/data/sql_text.h"

/* --- a Table as rows --- */

struct lent_source {
    const struct query_source *source;
    const char *rival;       /* another source that the query may mean by this name; NULL: none */
    struct events_view view; /* of a Dataset */
    int n_columns;
    const char *names[5];
    struct table *named; /* of a Table: without rows, its columns with the names that they have here */
    struct buf scratch;
};

static const struct column *table_column_at(void *ctx, int column) { return &((struct lent_source *)ctx)->source->table->columns[column]; }

static const char *table_name(void *ctx, int column) { return ((struct lent_source *)ctx)->named->columns[column].name; }

static const char *table_type(void *ctx, int column) { return query_declared(table_column_at(ctx, column)->type); }

/* Lists are made into JSON when they are asked for. */
static bool table_can_sort(void *ctx, int column) { return table_column_at(ctx, column)->type < COL_STRS; }

static void table_cell(void *ctx, int64_t row, int at, struct database_cell *out) {
    struct lent_source *lent = ctx;
    const struct column *column = table_column_at(ctx, at);
    if (cell_is_null(column, row)) return;
    switch (column->type) {
    case COL_BOOL: *out = (struct database_cell){.kind = COLUMN_INT, .whole = column->u.bools[row]}; break;
    case COL_INT:
    case COL_TIME: *out = (struct database_cell){.kind = COLUMN_INT, .whole = column->u.ints[row]}; break;
    case COL_FLOAT: *out = (struct database_cell){.kind = COLUMN_DOUBLE, .real = column->u.floats[row]}; break;
    case COL_STR: *out = (struct database_cell){.kind = COLUMN_TEXT, .text = slice_of(column->u.strs[row])}; break;
    default:
        list_json(column, row, &lent->scratch);
        *out = (struct database_cell){.kind = COLUMN_TEXT, .text = {buf_text(&lent->scratch), lent->scratch.len}};
    }
}

/* --- a Dataset as rows --- */

static const char *dataset_column_name(void *ctx, int column) { return ((struct lent_source *)ctx)->names[column]; }

static const char *dataset_column_type(void *ctx, int column) {
    const struct lent_source *lent = ctx;
    const struct catalog *catalog = dataset_catalog(lent->source->dataset);
    switch (lent->names[column][0]) {
    case 'u': return query_declared(catalog->user_ids_are_ints ? COL_INT : COL_STR);
    case 'i': return query_declared(catalog->item_ids_are_ints ? COL_INT : COL_STR);
    case 'r': return query_declared(COL_FLOAT);
    default: return query_declared(strcmp(lent->names[column], "time") == 0 ? COL_TIME : COL_STR);
    }
}

static bool dataset_can_sort(void *ctx, int column) {
    (void)ctx;
    (void)column;
    return true;
}

static void put_text(const char *text, struct database_cell *out) {
    if (text) *out = (struct database_cell){.kind = COLUMN_TEXT, .text = slice_of(text)};
}

static void put_int(int64_t whole, struct database_cell *out) { *out = (struct database_cell){.kind = COLUMN_INT, .whole = whole}; }

static void dataset_cell(void *ctx, int64_t row, int column, struct database_cell *out) {
    const struct lent_source *lent = ctx;
    const struct catalog *catalog = dataset_catalog(lent->source->dataset);
    const int32_t user = lent->view.users[row], item = lent->view.items[row];
    switch (lent->names[column][0]) {
    case 'u':
        if (catalog->user_ids_are_ints) put_int(catalog->user_ids_int[user], out);
        else put_text(catalog->user_ids_text[user], out);
        break;
    case 'i':
        if (catalog->item_ids_are_ints) put_int(catalog->item_ids_int[item], out);
        else put_text(catalog->item_ids_text[item], out);
        break;
    case 'r': *out = (struct database_cell){.kind = COLUMN_DOUBLE, .real = float_as_written(lent->view.ratings[row])}; break;
    default:
        if (strcmp(lent->names[column], "time") == 0) put_int(lent->view.times[row], out);
        else put_text(catalog->titles[item], out);
    }
}

/* --- lending --- */

static enum status open_dataset(struct lent_source *lent, struct database_rows *out, struct error *err) {
    struct dataset *dataset = lent->source->dataset;
    TRY(dataset_columns(dataset, &lent->view, err));
    lent->names[lent->n_columns++] = "user";
    lent->names[lent->n_columns++] = "item";
    lent->names[lent->n_columns++] = "rating";
    if (lent->view.times) lent->names[lent->n_columns++] = "time";
    if (dataset_catalog(dataset)->titles) lent->names[lent->n_columns++] = "title";
    *out = (struct database_rows){dataset_n(dataset), lent->n_columns, dataset_column_name, dataset_column_type, dataset_can_sort, dataset_cell};
    return OK;
}

static enum status open_table(struct lent_source *lent, struct database_rows *out, struct error *err) {
    const struct table *table = lent->source->table;
    if (table->n_columns == 0) {
        err_set(err, ERR_VALUE, "the Table `%s` has no columns", lent->source->name);
        return err_hint(err, "%s.add(name=values) makes one", lent->source->name);
    }
    lent->named = table_new(0);
    for (size_t i = 0; i < table->n_columns; i++) {
        char *name = table_free_name(lent->named, table->columns[i].name);
        table_add_ints(lent->named, name);
        free(name);
    }
    *out = (struct database_rows){table->n_rows, (int)table->n_columns, table_name, table_type, table_can_sort, table_cell};
    return OK;
}

static enum status open_source(void *ctx, struct database_rows *out, struct error *err) {
    struct lent_source *lent = ctx;
    if (lent->rival) {
        err_set(err, ERR_VALUE, "`%s` and `%s` are one name to SQL", lent->source->name, lent->rival);
        return err_hint(err, "write just one of them, in its own upper and lower case, or give one of them another name");
    }
    return lent->source->table ? open_table(lent, out, err) : open_dataset(lent, out, err);
}

/* SQLite tells names apart without case, the session by it. Of sources that are one name to SQL, the one is meant that the query spells; where that
 * says nothing, the first of them is lent with a rival. */
static bool is_meant(const struct query *query, size_t n, const char **out_rival) {
    const char *name = query->sources[n].name;
    for (size_t i = 0; i < query->n_sources; i++) {
        const char *other = query->sources[i].name;
        if (i == n || strcasecmp(name, other) != 0) continue;
        const bool spelled = sql_spells(query->sql, name), other_spelled = sql_spells(query->sql, other);
        if (spelled && !other_spelled) continue;
        if (other_spelled != spelled || i < n) return false;
        *out_rival = other;
    }
    return true;
}

/* Whether a file has a table of this name: SQLite would take that before ours. */
static enum status clashes(const struct query *query, struct database *database, const char *name, bool *out, struct error *err) {
    *out = false;
    for (size_t i = 0; i < query->n_files && !*out; i++) {
        struct statement *statement;
        struct buf sql = BUF_INIT;
        buf_adds(&sql, "SELECT 1 FROM ");
        buf_add_sql_name(&sql, query->files[i].name);
        buf_adds(&sql, ".sqlite_master WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')");
        enum status status = statement_new(database, buf_text(&sql), &statement, err);
        buf_release(&sql);
        TRY(status);
        statement_bind_text(statement, 1, slice_of(name));
        status = statement_step(statement, out, err);
        statement_free(statement);
        TRY(status);
    }
    return OK;
}

static enum status make_temporary(struct database *database, const char *kind, const char *name, const char *as, const char *own, struct error *err) {
    struct buf sql = BUF_INIT;
    buf_addf(&sql, "CREATE %s temp.", kind);
    buf_add_sql_name(&sql, name);
    buf_addf(&sql, " %s ", as);
    buf_add_sql_name(&sql, own);
    const enum status status = database_exec(database, buf_text(&sql), err);
    buf_release(&sql);
    return status;
}

/* As a temporary table, which comes before those of all files. That is opened at once, so only where the query may mean it; one that can't be
 * opened is an error of a query that does: a view waits for that. */
static enum status lend_before_files(const struct query *query, struct database *database, struct lent_source *lent, struct error *err) {
    const char *name = lent->source->name;
    struct error ignored = ERROR_INIT;
    struct buf own = BUF_INIT;
    if (!sql_names_alone(query->sql, name)) return OK;
    buf_addf(&own, "the session's %s", name);
    enum status status = database_lend(database, buf_text(&own), open_source, lent, err);
    if (status == OK && make_temporary(database, "VIRTUAL TABLE", name, "USING", buf_text(&own), &ignored) != OK)
        status = make_temporary(database, "VIEW", name, "AS SELECT * FROM", buf_text(&own), err);
    buf_release(&own);
    return status;
}

static enum status lend_all(const struct query *query, struct database *database, struct lent_source *lents, struct error *err) {
    for (size_t i = 0; i < query->n_sources; i++) {
        bool in_file;
        lents[i].source = &query->sources[i];
        if (!is_meant(query, i, &lents[i].rival)) continue;
        TRY(clashes(query, database, query->sources[i].name, &in_file, err));
        if (in_file) TRY(lend_before_files(query, database, &lents[i], err));
        else TRY(database_lend(database, query->sources[i].name, open_source, &lents[i], err));
    }
    return OK;
}

/* --- the query --- */

static enum status wrong_count(const struct query *query, int n, struct error *err) {
    err_set(err, ERR_VALUE, "the query has %d parameter%s (?), and %zu value%s came", n, n == 1 ? "" : "s", query->n_parameters,
            query->n_parameters == 1 ? "" : "s");
    return n ? err_hint(err, "give a list with a value for each ?: sql(query, [5])") : err_hint(err, "write ? where the values belong");
}

static enum status long_parameter(size_t n, int at, struct error *err) {
    return err_set(err, ERR_LIMIT, "parameter %d (?) is a text of %zu bytes; at most %d can be given", at + 1, n, DATABASE_VALUE_BYTES_MAX);
}

static enum status bind(const struct query *query, struct statement *statement, struct error *err) {
    const int n = statement_n_parameters(statement);
    if ((size_t)n != query->n_parameters) return wrong_count(query, n, err);
    for (int i = 0; i < n; i++) {
        const struct database_cell *cell = &query->parameters[i];
        if (cell->kind == COLUMN_TEXT && cell->text.len > DATABASE_VALUE_BYTES_MAX) return long_parameter(cell->text.len, i, err);
        if (cell->kind == COLUMN_INT) statement_bind_int(statement, i + 1, cell->whole);
        else if (cell->kind == COLUMN_DOUBLE) statement_bind_double(statement, i + 1, cell->real);
        else if (cell->kind == COLUMN_TEXT) statement_bind_text(statement, i + 1, cell->text);
        else statement_bind_null(statement, i + 1);
    }
    return OK;
}

static void hint(const struct query *query, struct database *database, struct lent_source *lents, int offset, struct error *err) {
    query_names columns = {0};
    for (size_t i = 0; i < query->n_sources; i++) {
        for (int c = 0; c < lents[i].n_columns; c++) vec_push(&columns, lents[i].names[c]);
        for (int c = 0; lents[i].named && c < (int)lents[i].named->n_columns; c++) vec_push(&columns, table_name(&lents[i], c));
    }
    query_hint(query, database, &columns, offset, err);
    vec_release(&columns);
}

static enum status ask(const struct query *query, struct database *database, struct lent_source *lents, struct table **out, int *out_offset,
                       struct error *err) {
    struct statement *statement;
    TRY(lend_all(query, database, lents, err));
    if (statement_new_query(database, query->sql, &statement, err) != OK) {
        *out_offset = database_error_offset(database);
        hint(query, database, lents, *out_offset, err);
        return err->code;
    }
    enum status status = bind(query, statement, err);
    if (status == OK) status = query_result(database, query->sql, statement, out, err);
    statement_free(statement);
    return status;
}

static enum status run_in(const struct query *query, struct database *database, struct lent_source *lents, struct table **out, int *out_offset,
                          struct error *err) {
    struct error changed = ERROR_INIT;
    for (size_t i = 0; i < query->n_files; i++)
        if (database_attach(database, query->files[i].name, query->files[i].path, err) != OK) return err_about(err, query->files[i].name);
    const enum status status = ask(query, database, lents, out, out_offset, err);
    if (status == ERR_INTERRUPTED || database_check_files(database, &changed) == OK) return status;
    if (status == OK) table_unref(*out);
    *out_offset = -1; /* whatever else was wrong may come of that */
    *err = changed;
    return err->code;
}

enum status query_run(struct task *task, const struct query *query, struct table **out, int *out_offset, struct error *err) {
    struct database *database;
    struct lent_source *lents = xnew_array(struct lent_source, query->n_sources + 1);
    *out_offset = -1;
    enum status status = database_open_reading(&database, err);
    if (status == OK) {
        database_obey(database, task);
        status = run_in(query, database, lents, out, out_offset, err);
        database_close(database);
    }
    for (size_t i = 0; i < query->n_sources; i++) {
        buf_release(&lents[i].scratch);
        table_unref(lents[i].named);
    }
    free(lents);
    return status;
}
