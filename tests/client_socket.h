/* A client's socket on one channel of a kernel, for the programs that drive one. */
#ifndef RECKON_TESTS_CLIENT_SOCKET_H
#define RECKON_TESTS_CLIENT_SOCKET_H

#include <string.h>
#include <zmq.h>

#include "kernel/wire/connection.h"

/* kind: ZMQ_DEALER, ZMQ_SUB (of everything) …; identity NULL: one of zmq's own. Nothing is dropped; connects as soon as the kernel has bound. NULL
 * when it can't. */
static inline void *client_socket(void *context, const struct connection *connection, enum channel channel, int kind, const char *identity) {
    void *new = zmq_socket(context, kind);
    struct buf endpoint = BUF_INIT;
    int soon = 1, none = 0;
    zmq_setsockopt(new, ZMQ_RECONNECT_IVL, &soon, sizeof soon);
    zmq_setsockopt(new, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(new, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt(new, ZMQ_SNDHWM, &none, sizeof none);
    if (identity) zmq_setsockopt(new, ZMQ_IDENTITY, identity, strlen(identity));
    if (kind == ZMQ_SUB) zmq_setsockopt(new, ZMQ_SUBSCRIBE, "", 0);
    connection_endpoint(connection, channel, &endpoint);
    int failed = zmq_connect(new, buf_text(&endpoint));
    buf_release(&endpoint);
    return failed ? NULL : new;
}

#endif
