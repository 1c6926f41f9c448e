/* A draft filled row by row from texts: ids are numbers until one of a column
 * isn't; ratings and times are checked; repeated pairs are dealt with at the
 * end. Private to runtime/data. */
#ifndef RECKON_DRAFT_ROWS_H
#define RECKON_DRAFT_ROWS_H

#include "runtime/base/map.h"
#include "runtime/data/bad_rows.h"
#include "runtime/data/csv.h"
#include "runtime/data/dataset_parts.h"

struct draft_rows {
    struct dataset_draft *draft;
    struct str_map *names[2]; /* of users, of items; NULL while all ids are numbers */
    int64_t *lines;           /* of the rows; NULL: line_of finds them */
    int64_t (*line_of)(void *ctx, int64_t row);
    void *line_ctx;
    struct bad_rows bad;
    const char *path;
    const char *columns[N_ROLES]; /* names for messages; NULL: the file has no such column */
    struct buf scratch;
};

/* Room for n_rows. one_by_one: for draft_rows_add, with the rows' lines; else ids have 32 bits. path and columns are borrowed. *rows is empty but for
 * bad rows. */
enum status draft_rows_begin(struct draft_rows *rows, struct dataset_draft *draft, int64_t n_rows, bool one_by_one, const char *path,
                             const char *const columns[N_ROLES], struct error *err) MUST_CHECK;
/* cells: UTF-8, one for each column there is. A row that is bad leaves nothing behind. */
enum status draft_rows_add(struct draft_rows *rows, int64_t line, const struct slice cells[N_ROLES], struct error *err) MUST_CHECK;
/* Always frees; with status OK the draft is whole then. Bad rows and repeated pairs are dealt with as the request says. */
enum status draft_rows_end(struct task *task, enum status status, struct draft_rows *rows, const struct load_request *request,
                           struct error *err) MUST_CHECK;

/* The number of a text among the names. */
int64_t draft_intern(struct str_map *names, struct slice text);
/* Gives a side's ids 64 bits each, and room for n_rows. */
enum status draft_widen(struct dataset_draft *draft, bool of_users, int64_t n_rows, struct error *err) MUST_CHECK;
/* From now on the ids of a side are texts: numbers so far become texts too. */
void draft_to_names(struct draft_rows *rows, int side);

/* draft_repeats.c */
enum status check_duplicates(const char *duplicates, struct error *err) MUST_CHECK;
enum status merge_repeats(struct task *task, struct draft_rows *rows, const char *duplicates, struct error *err) MUST_CHECK;
/* repeats.c: whether any pair of user and item comes more than once. */
enum status find_any_repeat(struct task *task, struct dataset_draft *draft, bool *out, struct error *err) MUST_CHECK;
/* The id of a row as it stands in the file. */
void draft_id(const struct draft_rows *rows, bool of_users, int64_t row, struct buf *out);

#endif
