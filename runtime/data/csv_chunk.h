/* A piece of a delimited file, read into a piece of a draft's columns. Several
 * threads read several at once. Private to runtime/data.
 *
 * Most records of most files are plain: numbers and ASCII without quotes,
 * spaces and signs. Those are read in one go, column by column; everything else
 * is cut into fields first (csv.h). Both give the same rows. */
#ifndef RECKON_CSV_CHUNK_H
#define RECKON_CSV_CHUNK_H

#include "runtime/data/draft_rows.h"

#define CSV_PLAN_COLUMNS 64 /* wider records are cut into fields */
#define DIGITS_MAX 15       /* exact in a double; every int64 has them */
#define POWERS_OF_TEN \
    { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 } /* up to DIGITS_MAX */

/* How a plain record is read: what stands in each column. */
struct csv_plan {
    bool usable;
    char separator[2];
    int separator_bytes; /* 1 or 2 */
    char line_end;
    bool quotes;
    int n_columns;
    signed char roles[CSV_PLAN_COLUMNS]; /* enum role; -1: passed over */
    bool all_roles;                      /* none is passed over */
};
static inline bool csv_at_separator(const struct csv_plan *plan, const char *at) {
    return at[0] == plan->separator[0] && (plan->separator_bytes == 1 || at[1] == plan->separator[1]);
}
struct csv_plan csv_plan_of(const struct csv_format *format, int n_columns, const int columns[N_ROLES]);

struct csv_chunk {
    const char *start, *stop;  /* records that begin in between, the first one at start */
    int64_t line;              /* lines before it */
    struct dataset_draft part; /* room for csv_chunk_most rows; n_events: so many came */
    struct draft_rows rows;    /* over part: names, bad rows */
    bool minds_quotes;         /* stops where a quote is found: a line's end behind it may be within a field */
    bool has_quotes;           /* and did */
    const char *at;            /* where the next record begins */
    int64_t end_line;
    enum status status; /* what ended it early */
    struct error err;
};
/* Rows that so many bytes can hold: a row has a separator or a line's end behind each column, and two ids. */
static inline int64_t csv_chunk_most(size_t n_bytes, int n_columns) { return (int64_t)(n_bytes / (size_t)(n_columns + 1)) + 1; }
/* csv is only read: how it is cut and named, and where the file ends. lines (NULL: not wanted): of the rows. Interrupted when task is cancelled. */
void csv_chunk_read(struct csv_chunk *chunk, const struct csv *csv, const struct csv_plan *plan, const int columns[N_ROLES], int64_t *lines,
                    const struct task *task);
void csv_chunk_release(struct csv_chunk *chunk);

#endif
