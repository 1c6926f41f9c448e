/* What the files of the tables share among themselves. */
#ifndef RECKON_TABLE_PARTS_H
#define RECKON_TABLE_PARTS_H

#include "runtime/data/table.h"

static inline bool column_is_list(const struct column *column) { return column->type >= COL_STRS; }
/* A column without its array, which the caller sets. Good until the next column is added. */
struct column *table_add_column(struct table *table, const char *name, enum column_type type);
/* A column of `table` with rows of another table's column; -1 = a null. */
struct column *table_add_taken(struct table *table, const struct column *from, const int64_t *rows);
/* For loops over rows that can't fail: true once the cell that asked is interrupted, now and then. It drops the table; the cells
 * that are left may stay empty. */
bool table_is_over(int64_t row);
/* Rows' keys: equal bytes where the cells of `columns` are equal (3 and 3.0 alike). */
void row_key(struct column *const *columns, size_t n_columns, int64_t row, struct buf *out);
/* The columns of these names; ERR_KEY names the nearest. */
enum status table_columns(const struct table *table, const char *const *names, size_t n_names, struct column ***out_owned,
                          struct error *err) MUST_CHECK;
/* -1, 0, 1 of two cells that aren't null. */
int cell_compare(const struct column *column, int64_t a, int64_t b);

#endif
