/* Side tables of users and items as they stand in small files: every line a
 * row of fields. Private to runtime/data. */
#ifndef RECKON_SIDE_ROWS_H
#define RECKON_SIDE_ROWS_H

#include "runtime/base/arena.h"
#include "runtime/data/dataset.h"

/* Fields of every line as UTF-8 (ISO-8859-1 where they aren't), n_fields a row. */
struct rows {
    struct arena room; /* of the cells' letters */
    char **cells;
    int64_t *lines; /* of the rows, for messages */
    char *path;
    int64_t n_rows;
    int n_fields;
};
enum status read_rows(const char *folder, const char *file, const char *separator, int n_fields, struct rows *out, struct error *err) MUST_CHECK;
void rows_release(struct rows *rows);
const char *cell(const struct rows *rows, int64_t row, int field);

/* Columns of a table from a field. Empty fields are null. */
enum status ids_column(struct table *table, const char *name, const struct rows *rows, struct error *err) MUST_CHECK;
void text_column(struct table *table, const char *name, const struct rows *rows, int field);
void number_column(struct table *table, const char *name, const struct rows *rows, int field);
/* item, title, genres ("Animation|Comedy") of three fields; releases the rows. */
enum status items_table(struct rows *items, struct table **out, struct error *err) MUST_CHECK;

/* Builds a data set of the draft when status is OK, else frees what the draft holds. */
enum status draft_finish(enum status status, struct dataset_draft *draft, struct dataset **out, struct error *err) MUST_CHECK;

#endif
