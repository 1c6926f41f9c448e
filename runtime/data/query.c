#include "runtime/data/query.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/data/query_result.h"

/* --- a Table as rows --- */

struct lent_source {
    const struct query_source *source;
    struct events_view view; /* of a Dataset */
    int n_columns;
    const char *names[5];
    struct buf scratch;
};

static const char *const type_names[] = {"BOOL", "INTEGER", "REAL", "TEXT", "TIME", "STRS", "INTS", "FLOATS"};

static const struct column *table_column_at(void *ctx, int column) { return &((struct lent_source *)ctx)->source->table->columns[column]; }

static const char *table_name(void *ctx, int column) { return table_column_at(ctx, column)->name; }

static const char *table_type(void *ctx, int column) { return type_names[table_column_at(ctx, column)->type]; }

/* Lists are made into JSON when they are asked for. */
static bool table_can_sort(void *ctx, int column) { return table_column_at(ctx, column)->type < COL_STRS; }

static void list_json(const struct column *column, int64_t row, struct buf *out) {
    const int64_t start = column->u.lists.starts[row], end = column->u.lists.starts[row + 1];
    buf_clear(out);
    buf_addc(out, '[');
    for (int64_t i = start; i < end; i++) {
        if (i > start) buf_addc(out, ',');
        if (column->type == COL_STRS) buf_add_json_string(out, slice_of(column->u.lists.strs[i]));
        else if (column->type == COL_INTS) buf_addf(out, "%lld", (long long)column->u.lists.ints[i]);
        else buf_add_json_double(out, column->u.lists.floats[i]);
    }
    buf_addc(out, ']');
}

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
    case 'u': return catalog->user_ids_are_ints ? "INTEGER" : "TEXT";
    case 'i': return catalog->item_ids_are_ints ? "INTEGER" : "TEXT";
    case 'r': return "REAL";
    default: return strcmp(lent->names[column], "time") == 0 ? "TIME" : "TEXT";
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
    case 'r': *out = (struct database_cell){.kind = COLUMN_DOUBLE, .real = (double)lent->view.ratings[row]}; break;
    default:
        if (strcmp(lent->names[column], "time") == 0) put_int(lent->view.times[row], out);
        else put_text(catalog->titles[item], out);
    }
}

/* --- lending --- */

static enum status lend_dataset(struct database *database, struct lent_source *lent, struct error *err) {
    struct dataset *dataset = lent->source->dataset;
    TRY(dataset_columns(dataset, &lent->view, err));
    lent->names[lent->n_columns++] = "user";
    lent->names[lent->n_columns++] = "item";
    lent->names[lent->n_columns++] = "rating";
    if (lent->view.times) lent->names[lent->n_columns++] = "time";
    if (dataset_catalog(dataset)->titles) lent->names[lent->n_columns++] = "title";
    const struct database_rows rows = {lent,        dataset_n(dataset), lent->n_columns, dataset_column_name, dataset_column_type, dataset_can_sort,
                                       dataset_cell};
    return database_lend(database, lent->source->name, &rows, err);
}

static enum status lend_table(struct database *database, struct lent_source *lent, struct error *err) {
    const struct table *table = lent->source->table;
    if (table->n_columns == 0) return err_set(err, ERR_VALUE, "the Table `%s` has no columns", lent->source->name);
    const struct database_rows rows = {lent, table->n_rows, (int)table->n_columns, table_name, table_type, table_can_sort, table_cell};
    return database_lend(database, lent->source->name, &rows, err);
}

/* SQLite tells names apart without case. */
static enum status check_name(const struct query *query, const struct lent_source *lents, size_t n, const char *name, struct error *err) {
    for (size_t i = 0; i < query->n_files; i++)
        if (strcasecmp(query->files[i].name, name) == 0) return OK; /* shop.orders beside a Table `shop`: both are known */
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(lents[i].source->name, name) != 0) continue;
        err_set(err, ERR_VALUE, "`%s` and `%s` are one name to SQL", lents[i].source->name, name);
        return err_hint(err, "give one of them another name");
    }
    return OK;
}

static enum status lend_all(const struct query *query, struct database *database, struct lent_source *lents, size_t *n_lents, struct error *err) {
    for (size_t i = 0; i < query->n_sources; i++) {
        struct lent_source *lent = &lents[*n_lents];
        if (!strstr(query->sql, query->sources[i].name)) continue;
        TRY(check_name(query, lents, *n_lents, query->sources[i].name, err));
        lent->source = &query->sources[i];
        (*n_lents)++;
        TRY(lent->source->table ? lend_table(database, lent, err) : lend_dataset(database, lent, err));
    }
    return OK;
}

/* --- the query --- */

static enum status bind(const struct query *query, struct statement *statement, struct error *err) {
    const int n = statement_n_parameters(statement);
    if ((size_t)n != query->n_parameters)
        return err_set(err, ERR_VALUE, "the query has %d parameter%s (?), and %zu values came", n, n == 1 ? "" : "s", query->n_parameters);
    for (int i = 0; i < n; i++) {
        const struct database_cell *cell = &query->parameters[i];
        if (cell->kind == COLUMN_INT) statement_bind_int(statement, i + 1, cell->whole);
        else if (cell->kind == COLUMN_DOUBLE) statement_bind_double(statement, i + 1, cell->real);
        else if (cell->kind == COLUMN_TEXT) statement_bind_text(statement, i + 1, cell->text);
        else statement_bind_null(statement, i + 1);
    }
    return OK;
}

/* "no such table: rating" → the names there are. */
static void hint_names(const struct query *query, struct error *err) {
    static const char *const begin = "SQLite: no such table: ", *const column = "SQLite: no such column: ";
    if (strncmp(err->message, column, strlen(column)) == 0) err_hint(err, "texts stand in single quotes: 'F'; double quotes are for names");
    if (strncmp(err->message, begin, strlen(begin)) != 0) return;
    const char **names = xnew_array(const char *, query->n_sources + 1);
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < query->n_sources; i++) {
        names[i] = query->sources[i].name;
        if (i < 12) buf_addf(&line, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = nearest_name(err->message + strlen(begin), names, query->n_sources);
    if (near) err_hint(err, "did you mean `%s`? A FROM names Datasets and Tables of the session: %s", near, buf_text(&line));
    else if (query->n_sources) err_hint(err, "a FROM names Datasets and Tables of the session: %s", buf_text(&line));
    else err_hint(err, "the session has no Dataset and no Table; files are named too: sql(\"select * from shop.orders\", shop=\"shop.sqlite\")");
    buf_release(&line);
    free(names);
}

static enum status run_in(const struct query *query, struct database *database, struct lent_source *lents, size_t *n_lents, struct table **out,
                          int *out_offset, struct error *err) {
    struct statement *statement;
    for (size_t i = 0; i < query->n_files; i++)
        if (database_attach(database, query->files[i].name, query->files[i].path, err) != OK) return err_about(err, query->files[i].name);
    TRY(lend_all(query, database, lents, n_lents, err));
    database_seal(database);
    if (statement_new(database, query->sql, &statement, err) != OK) {
        *out_offset = database_error_offset(database);
        hint_names(query, err);
        return err->code;
    }
    enum status status = bind(query, statement, err);
    if (status == OK) status = query_result(statement, out, err);
    statement_free(statement);
    return status;
}

enum status query_run(struct task *task, const struct query *query, struct table **out, int *out_offset, struct error *err) {
    struct database *database;
    struct lent_source *lents = xnew_array(struct lent_source, query->n_sources + 1);
    size_t n_lents = 0;
    *out_offset = -1;
    enum status status = database_open_reading(&database, err);
    if (status == OK) {
        database_obey(database, task);
        status = run_in(query, database, lents, &n_lents, out, out_offset, err);
        database_close(database);
    }
    for (size_t i = 0; i < n_lents; i++) buf_release(&lents[i].scratch);
    free(lents);
    return status;
}
