/* The I/O thread: owns the transport, waits nowhere but in its poll, echoes
 * heartbeats, verifies messages, answers what it can at once, hands cells to
 * the worker, sends what the outbox holds. */
#ifndef RECKON_SERVER_H
#define RECKON_SERVER_H

#include "kernel/wire/transport.h"

struct server_config {
    struct transport *transport;         /* borrowed */
    const struct connection *connection; /* borrowed */
    bool capture;                        /* descriptors 1 and 2 belong to the cells from now on */
    bool signals;                        /* SIGINT interrupts, SIGTERM and SIGHUP end (after watch_block_signals) */
    bool history;                        /* cells and runs are kept in the user's files (history_path, runs_path); else in memory */
    bool trace;
    const char *parent_id; /* JPY_PARENT_PID: ends when that process ends; NULL: nobody is watched */
};

struct server;
enum status server_new(const struct server_config *config, struct server **out, struct error *err) MUST_CHECK;
/* Serves until a shutdown_request, a signal or the parent's end. False when the cell that runs would not end: then the
 * process must end without server_free. */
bool server_run(struct server *server);
void server_free(struct server *server); /* NULL is fine; only after server_run returned true */

#endif
