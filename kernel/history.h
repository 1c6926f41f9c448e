/* Inputs and outputs of cells, for history_request. Kept in memory; behind
 * these functions it may live in a file. Any thread. */
#ifndef RECKON_HISTORY_H
#define RECKON_HISTORY_H

#include "runtime/base/json.h"

struct history;
struct history *history_new(void);
void history_free(struct history *history);
/* output NULL: the cell showed none. */
void history_add(struct history *history, int64_t line, struct slice input, const struct slice *output);
/* The list of a history_reply, [[session, line, input], …] or [[session, line, [input, output]], …], for the
 * content of a history_request (hist_access_type tail, range or search). */
enum status history_query(struct history *history, const json_t *query, struct buf *out, struct error *err) MUST_CHECK;
/* Glob with * and ? over whole texts (characters, not bytes). */
bool glob_match(struct slice pattern, struct slice text);

#endif
