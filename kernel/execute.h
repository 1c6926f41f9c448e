/* execute_request: a cell with all its options. On the worker. */
#ifndef RECKON_EXECUTE_H
#define RECKON_EXECUTE_H

#include "kernel/requests.h"

enum status execute_answer(struct kernel *kernel, struct request *request, const json_t *content, struct reply *reply, struct error *err);
/* For cells that were queued behind one that failed: an error reply, nothing runs. */
extern const struct request_row execute_aborted_row;

#endif
