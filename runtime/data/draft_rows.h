/* A draft filled row by row from texts: ids are numbers until one of a column
 * isn't; ratings and times are checked; repeated pairs are dealt with at the
 * end. Private to runtime/data. */
#ifndef RECKON_DRAFT_ROWS_H
#define RECKON_DRAFT_ROWS_H

#include "runtime/base/map.h"
#include "runtime/data/csv.h"
#include "runtime/data/dataset_parts.h"

struct draft_rows {
    struct dataset_draft *draft;
    struct str_map *names[2]; /* of users, of items; NULL while all ids are numbers */
    int64_t *lines;           /* of the rows */
    const char *path;
    const char *columns[N_ROLES]; /* names for messages; NULL: the file has no such column */
    struct buf scratch;
};

/* Room for n_rows; path and columns are borrowed. */
enum status draft_rows_begin(struct draft_rows *rows, struct dataset_draft *draft, int64_t n_rows, const char *path,
                             const char *const columns[N_ROLES], struct error *err) MUST_CHECK;
/* cells: UTF-8, one for each column there is. */
enum status draft_rows_add(struct draft_rows *rows, int64_t line, const struct slice cells[N_ROLES], struct error *err) MUST_CHECK;
/* Always frees; with status OK the draft is whole then. duplicates: "error" (NULL too), "last", "sum", "mean". */
enum status draft_rows_end(struct task *task, enum status status, struct draft_rows *rows, const char *duplicates, struct error *err) MUST_CHECK;

/* draft_repeats.c */
enum status check_duplicates(const char *duplicates, struct error *err) MUST_CHECK;
enum status merge_repeats(struct task *task, struct draft_rows *rows, const char *duplicates, struct error *err) MUST_CHECK;
/* The id of a row as it stands in the file. */
void draft_id(const struct draft_rows *rows, bool of_users, int64_t row, struct buf *out);

#endif
