/* Rows of a file that can't be used: all are counted, and what is wrong with
 * the first ones is kept. Private to runtime/data. */
#ifndef RECKON_BAD_ROWS_H
#define RECKON_BAD_ROWS_H

#include "runtime/base/task.h"

#define BAD_ROWS_KEPT 5

struct bad_row {
    int64_t line;
    char *message, *hint; /* owned */
};
struct bad_rows {
    int64_t n;
    struct bad_row first[BAD_ROWS_KEPT];
};

/* Whether an error is of a row, and the next may be good: not of memory, an interrupt. */
bool is_bad_row(enum status status);
/* Takes note of the error and makes it say nothing. */
void bad_rows_take(struct bad_rows *bad, int64_t line, struct error *err);
/* Those of a later part of the file; *later is empty then. */
void bad_rows_append(struct bad_rows *bad, struct bad_rows *later);
void bad_rows_release(struct bad_rows *bad);
/* OK where there are none, or skip: then the task prints how many were left out, and the first. Else, and where no good one would be left, the first
 * one's error; its hint has the count and the lines. */
enum status bad_rows_end(struct task *task, const struct bad_rows *bad, const char *path, bool skip, int64_t n_good, struct error *err) MUST_CHECK;

#endif
