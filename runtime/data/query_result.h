/* The rows of a query as a Table. Private to runtime/data. */
#ifndef RECKON_QUERY_RESULT_H
#define RECKON_QUERY_RESULT_H

#include "runtime/data/database.h"
#include "runtime/data/table.h"

/* The declared type that says of a lent column what it is: of our own making, so that no file has it by chance. */
const char *query_declared(enum column_type type);
/* Runs the statement, made of sql, to its end. Types: query.h. */
enum status query_result(struct database *database, const char *sql, struct statement *statement, struct table **out, struct error *err) MUST_CHECK;

#endif
