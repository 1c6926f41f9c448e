#include "runtime/data/query_hints.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/mem.h"

#define NAMES_SHOWN 12
#define NAMES_MAX 10000 /* of a file's */

/* --- names of files: owned --- */

/* The texts that a query of ours gives. */
static void add_texts(struct database *database, const char *sql, query_names *names) {
    struct error ignored = ERROR_INIT;
    struct statement *statement;
    bool row = true;
    if (statement_new(database, sql, &statement, &ignored) != OK) return;
    while (names->len < NAMES_MAX && statement_step(statement, &row, &ignored) == OK && row) {
        const struct slice name = statement_text(statement, 0);
        if (utf8_valid(name)) vec_push(names, xstrndup(name.data, name.len));
    }
    statement_free(statement);
}

static void add_tables(struct database *database, const char *file, query_names *names) {
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "SELECT name FROM ");
    buf_add_sql_name(&sql, file);
    buf_adds(&sql, ".sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'");
    add_texts(database, buf_text(&sql), names);
    buf_release(&sql);
}

static void add_columns(struct database *database, const char *file, query_names *names) {
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "SELECT DISTINCT c.name FROM ");
    buf_add_sql_name(&sql, file);
    buf_addf(&sql, ".sqlite_master m, pragma_table_info(m.name, '%s') c WHERE m.type IN ('table', 'view')", file);
    add_texts(database, buf_text(&sql), names);
    buf_release(&sql);
}

static void release(query_names *names) {
    for (size_t i = 0; i < names->len; i++) free((char *)(uintptr_t)names->data[i]);
    vec_release(names);
}

/* --- hints --- */

/* compared: the names that are shown, each as it would be written in place of the wrong one. */
static void hint_near(const char *wrong, const query_names *names, const query_names *compared, const char *where, struct error *err) {
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < names->len && i < NAMES_SHOWN; i++) buf_addf(&line, "%s%.60s", i ? ", " : "", names->data[i]);
    if (names->len > NAMES_SHOWN) buf_adds(&line, ", …");
    const char *near = nearest_name(wrong, compared->data, compared->len);
    for (size_t i = 0; near && i < names->len; i++)
        if (compared->data[i] == near) err_hint(err, "did you mean `%s`? %s: %s", names->data[i], where, buf_text(&line));
    if (!near) err_hint(err, "%s: %s", where, buf_text(&line));
    buf_release(&line);
}

/* "rating" or "r.ratng"; in double quotes, it may be meant as a text. */
static void hint_column(const struct query *query, struct database *database, const query_names *columns, const char *wrong, bool quoted,
                        struct error *err) {
    query_names names = {0};
    const char *dot = strrchr(wrong, '.');
    for (size_t i = 0; i < columns->len; i++) vec_push(&names, xstrdup(columns->data[i]));
    for (size_t i = 0; i < query->n_files; i++) add_columns(database, query->files[i].name, &names);
    const char *name = dot ? dot + 1 : wrong, *near = nearest_name(name, names.data, names.len);
    if (quoted && !near) err_hint(err, "texts stand in single quotes: '%.100s'; double quotes are for names", wrong);
    else if (names.len) hint_near(name, &names, &names, "the columns are", err);
    release(&names);
}

static const struct query_file *file_of(const struct query *query, const char *name, size_t length) {
    for (size_t i = 0; i < query->n_files; i++)
        if (strlen(query->files[i].name) == length && strncasecmp(query->files[i].name, name, length) == 0) return &query->files[i];
    return NULL;
}

static void hint_table_of(struct database *database, const struct query_file *file, const char *wrong, struct error *err) {
    query_names names = {0};
    add_tables(database, file->name, &names);
    if (names.len) hint_near(wrong, &names, &names, "the file's tables are", err);
    else err_hint(err, "the file has no tables");
    release(&names);
}

/* A name alone, or of a file that isn't named: the session's, and those of the files. */
static void hint_any_table(const struct query *query, struct database *database, const char *wrong, struct error *err) {
    query_names names = {0}, alone = {0};
    for (size_t i = 0; i < query->n_sources; i++) {
        if (query->sources[i].name[0] == '_') continue; /* results of earlier cells: nobody means them by a wrong name */
        vec_push(&alone, xstrdup(query->sources[i].name));
        vec_push(&names, xstrdup(query->sources[i].name));
    }
    for (size_t i = 0; i < query->n_files; i++) {
        add_tables(database, query->files[i].name, &alone);
        while (names.len < alone.len) {
            struct buf full = BUF_INIT;
            buf_addf(&full, "%s.%s", query->files[i].name, alone.data[names.len]);
            vec_push(&names, buf_take(&full));
        }
    }
    const char *where = !query->n_files ? "the session's Datasets and Tables are" : query->n_sources ? "there are" : "the files' tables are";
    const char *dot = strchr(wrong, '.');
    if (names.len && dot && nearest_name(wrong, names.data, names.len)) hint_near(wrong, &names, &names, where, err);
    else if (names.len) hint_near(dot ? dot + 1 : wrong, &names, &alone, where, err);
    else if (query->n_files) err_hint(err, "neither the session nor a file has a table");
    else err_hint(err, "the session has no Dataset and no Table; files are named too: sql(\"select * from shop.orders\", shop=\"shop.sqlite\")");
    release(&names);
    release(&alone);
}

static void hint_table(const struct query *query, struct database *database, const char *wrong, struct error *err) {
    const char *dot = strchr(wrong, '.');
    const struct query_file *file = dot ? file_of(query, wrong, (size_t)(dot - wrong)) : NULL;
    if (file) hint_table_of(database, file, dot + 1, err);
    else hint_any_table(query, database, wrong, err);
}

void query_hint(const struct query *query, struct database *database, const query_names *columns, int offset, struct error *err) {
    static const char *const table = "SQLite: no such table: ", *const column = "SQLite: no such column: ";
    const bool quoted = offset >= 0 && query->sql[offset] == '"';
    char *message = xstrdup(err->message);
    if (strncmp(message, table, strlen(table)) == 0) hint_table(query, database, message + strlen(table), err);
    if (strncmp(message, column, strlen(column)) == 0) hint_column(query, database, columns, message + strlen(column), quoted, err);
    free(message);
}
