/* One table: message type, channels, where it runs, who answers. And one
 * function that serves them all: busy, answer, reply, idle. */
#ifndef RECKON_REQUESTS_H
#define RECKON_REQUESTS_H

#include "kernel/wire/message.h"

struct kernel;

/* What an answer fills: the content of the reply, a JSON object, and its metadata ("" = {}). */
struct reply {
    struct buf content, metadata;
};

typedef enum status (*answer_fn)(struct kernel *kernel, struct request *request, const json_t *content, struct reply *reply, struct error *err);

enum runs {
    RUNS_AT_ONCE, /* on the I/O thread, also while a cell runs: must not wait and must not touch language values */
    RUNS_IN_TURN, /* on the worker, after the cells before it */
    RUNS_ASIDE,   /* on the history's thread, also while a cell runs: may wait for files, must not touch language values */
};

struct request_row {
    const char *type, *reply; /* reply NULL: none is sent */
    bool on_shell, on_control;
    enum runs runs;
    bool counts; /* an error reply holds execution_count */
    answer_fn answer;
};

/* The row of a type, or one that answers with an error. */
const struct request_row *request_row(const char *type);
/* Publishes busy, lets the row answer, replies (with the error where it fails), publishes idle. */
void request_serve(struct kernel *kernel, struct request *request, const struct request_row *row);

#endif
