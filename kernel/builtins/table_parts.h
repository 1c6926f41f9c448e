/* What the files of Table share: cells as values, values as columns. */
#ifndef RECKON_BUILTINS_TABLE_PARTS_H
#define RECKON_BUILTINS_TABLE_PARTS_H

#include "kernel/builtins/builtins.h"

extern const struct builtin_row table_methods[];

bool column_is_number(const struct column *column); /* int or float: right-aligned */
struct value cell_value(const struct column *column, int64_t row);
struct value row_value(const struct table *table, int64_t row); /* a dict */
/* The rows that a list chooses: positions (negative from the end), or a bool for each row. rows: room for the list's length. */
enum status rows_of_list(struct value list, int64_t n_rows, const char *what, int64_t *rows, int64_t *out_n, struct error *err) MUST_CHECK;

/* Adds a column of `values` (a list of table->n_rows items): their kinds decide the type, None is null. ERR_TYPE where kinds don't mix. */
enum status table_add_values(struct table *table, const char *name, struct value values, struct error *err) MUST_CHECK;

/* The call's on= and how=. */
enum status join_tables(const struct call *call, const struct table *left, const struct table *right, struct value *out,
                        struct error *err) MUST_CHECK;

#endif
