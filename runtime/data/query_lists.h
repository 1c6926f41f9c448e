/* Lists in cells as JSON texts, for SQL, and back. Private to runtime/data. */
#ifndef RECKON_QUERY_LISTS_H
#define RECKON_QUERY_LISTS_H

#include "runtime/data/table.h"

/* Row's list, in place of what out holds. Floats that JSON hasn't: null (NaN), and 9e999 (infinity), as SQLite writes them. */
void list_json(const struct column *column, int64_t row, struct buf *out);
/* The entries of a list text onto `into`, a column of lists with room for them at *at, which moves behind them; into NULL: they are only counted.
 * False: it is no list of the type (COL_STRS, COL_INTS, COL_FLOATS). */
bool list_read(enum column_type type, struct slice text, struct column *into, int64_t *at);

#endif
