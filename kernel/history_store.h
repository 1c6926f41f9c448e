/* The history's database: who ran what in which session. Sessions are numbered
 * from 1 over all kernels of the user; a session takes its number when it is
 * opened. One thread. */
#ifndef RECKON_HISTORY_STORE_H
#define RECKON_HISTORY_STORE_H

#include "runtime/base/json.h"
#include "runtime/base/task.h"

#define HISTORY_FILE_BYTES_MAX ((int64_t)64 << 20)  /* then each new cell displaces the oldest ones */
#define HISTORY_ANSWER_BYTES_MAX ((size_t)16 << 20) /* of one answer: of what doesn't fit only the newest */
#define HISTORY_PATTERN_BYTES_MAX ((size_t)1000)    /* of a search: each of its bytes may be compared with each of a text */

/* A cell that was run. output.data NULL: it showed none. */
struct history_cell {
    struct history_cell *next;
    int64_t line;
    struct slice input, output;
};

struct history_store;
/* path: see database_open; its folder is made where there is none. */
enum status history_store_open(const char *path, struct history_store **out, struct error *err) MUST_CHECK;
void history_store_close(struct history_store *store); /* NULL is fine */
/* All cells of the list, or none. */
enum status history_store_write(struct history_store *store, const struct history_cell *first, struct error *err) MUST_CHECK;
/* Appends the list of a history_reply for the content of a history_request. Any cancel of task ends it. */
enum status history_store_query(struct history_store *store, const json_t *query, const struct task *task, struct buf *out,
                                struct error *err) MUST_CHECK;

/* Glob with * and ? over whole texts (characters, not bytes); all else stands for itself. False too when task (may be NULL) is
 * cancelled on the way. */
bool glob_match(struct slice pattern, struct slice text, const struct task *task);

#endif
