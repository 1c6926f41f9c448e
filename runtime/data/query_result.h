/* The rows of a statement as a Table. Private to runtime/data. */
#ifndef RECKON_QUERY_RESULT_H
#define RECKON_QUERY_RESULT_H

#include "runtime/data/database.h"
#include "runtime/data/table.h"

/* Runs the statement to its end. Types: query.h. */
enum status query_result(struct statement *statement, struct table **out, struct error *err) MUST_CHECK;

#endif
