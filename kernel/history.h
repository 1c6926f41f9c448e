/* Inputs and outputs of cells, in one file for all sessions of the user: what
 * history_request asks for. A thread of its own reads and writes, so a cell
 * only leaves a copy. Cells are written together, HISTORY_GATHER_S after the
 * first; a kernel that is killed loses those at most.
 *
 * Where the file can't be used (folder not writable, damaged, disk full) a line
 * is logged, the file is left as it is, and the session's history is kept in
 * memory. Bounds: the file's oldest cells give way to new ones after
 * HISTORY_FILE_BYTES_MAX; texts are cut after HISTORY_TEXT_BYTES_MAX; while
 * HISTORY_QUEUE_BYTES_MAX wait to be written, no further cell is kept. */
#ifndef RECKON_HISTORY_H
#define RECKON_HISTORY_H

#include "runtime/base/json.h"

#define HISTORY_GATHER_S 0.1
#define HISTORY_QUEUE_BYTES_MAX ((size_t)8 << 20)
#define HISTORY_TEXT_BYTES_MAX ((size_t)1 << 20)

/* $RECKON_HISTORY, else $XDG_DATA_HOME/reckon/history.sqlite, else the same in ~/.local/share. Owned; NULL: "off", or there is
 * no home. */
char *history_path(void);

struct history;
/* path NULL: in memory. Nothing is opened before the first use. NULL when the system gives no thread. */
struct history *history_new(const char *path);
/* Ends the thread, however long it takes, and frees. NULL is fine. */
void history_free(struct history *history);

/* Any thread; never waits for a file. output NULL: the cell showed none. */
void history_add(struct history *history, int64_t line, struct slice input, const struct slice *output);
/* Any thread. Runs call(ctx, true) on the history's thread, when all that was added so far has been written; or call(ctx, false),
 * on any thread, when the history ends before: then only ctx is to be freed. */
void history_call(struct history *history, void (*call)(void *ctx, bool in_time), void *ctx);
/* Writes what was added; what is added later is forgotten, and calls that wait or run are cut short. False: it takes longer
 * than `seconds`, the thread goes on. */
bool history_end(struct history *history, double seconds);

/* In a call. The list of a history_reply, oldest first: [[session, line, input], …], with output
 * [[session, line, [input, output or null]], …], for the content of a history_request: hist_access_type "tail" (n),
 * "range" (session: 0 this one, below 0 those before, else its number; start; stop, null: to the end; negative: from the end) or
 * "search" (pattern, see glob_match; unique: only the last of each input; n). */
enum status history_query(struct history *history, const json_t *query, struct buf *out, struct error *err) MUST_CHECK;

#endif
