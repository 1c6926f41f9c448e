/* Queries that must go well, or fail in a way that is known. */
#ifndef TESTS_DATA_QUERIES_H
#define TESTS_DATA_QUERIES_H

#include "runtime/data/query.h"
#include "tests/unit/data/files.h"

static inline struct table *good(const struct query *query) {
    struct error err = ERROR_INIT;
    struct table *table = NULL;
    int offset;
    if (query_run(NULL, query, &table, &offset, &err) != OK) fail_msg("%s", err.message);
    return table;
}

static inline void make_file(const char *path, const char *sql) {
    struct database *database = NULL;
    struct error err = ERROR_INIT;
    if (database_open(path, &database, &err) != OK || database_exec(database, sql, &err) != OK) fail_msg("%s", err.message);
    database_close(database);
}

static inline void fails(const struct query *query, enum status code, const char *message, const char *hint) {
    struct error err = ERROR_INIT;
    struct table *table;
    int offset;
    assert_int_equal(query_run(NULL, query, &table, &offset, &err), code);
    if (!strstr(err.message, message)) fail_msg("%s", err.message);
    if (!strstr(err.hint, hint)) fail_msg("%s", err.hint);
}

#endif
