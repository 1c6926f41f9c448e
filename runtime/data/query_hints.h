/* What to try where a query names what isn't there. Private to runtime/data. */
#ifndef RECKON_QUERY_HINTS_H
#define RECKON_QUERY_HINTS_H

#include "runtime/base/vec.h"
#include "runtime/data/query.h"

typedef VEC(const char *) query_names;

/* Hints at err, SQLite's words about a table or column that isn't there. columns: of the sources that the query names; offset as query_run's. */
void query_hint(const struct query *query, struct database *database, const query_names *columns, int offset, struct error *err);

#endif
