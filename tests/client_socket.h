/* What the programs need that start a kernel and talk to it: its connection file, and sockets on its channels. */
#ifndef RECKON_TESTS_CLIENT_SOCKET_H
#define RECKON_TESTS_CLIENT_SOCKET_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/wire/connection.h"

/* Below what Linux gives to whoever connects: a client that tries before the kernel listens could be given that very port, and would be connected
 * with itself. Not tried by libzmq, which closes later. False when none is free. */
static inline bool client_free_ports(int ports[CHANNEL_COUNT]) {
    enum { LOWEST = 10000, COUNT = 20000, STRIDE = 7919 };
    int found = 0;
    for (int i = 0; i < COUNT && found < CHANNEL_COUNT; i++) {
        const int port = LOWEST + (int)(((long)getpid() * CHANNEL_COUNT + (long)i * STRIDE) % COUNT);
        const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0) ports[found++] = port;
        close(fd);
    }
    return found == CHANNEL_COUNT;
}

/* Writes the connection file for a kernel on this machine, transport "tcp" or "ipc" (whose sockets are path-1 …), and reads it into *out. */
static inline bool client_connection(const char *path, const char *transport, const char *key, struct connection *out) {
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    int ports[CHANNEL_COUNT];
    const bool tcp = strcmp(transport, "tcp") == 0;
    bool fine = !tcp || client_free_ports(ports);
    buf_addf(&text, "{\"transport\":\"%s\",\"ip\":\"%s\",\"signature_scheme\":\"hmac-sha256\",\"key\":\"%s\"", transport, tcp ? "127.0.0.1" : path,
             key);
    for (int c = 0; fine && c < CHANNEL_COUNT; c++) buf_addf(&text, ",\"%s_port\":%d", channel_name((enum channel)c), tcp ? ports[c] : c + 1);
    buf_addc(&text, '}');
    FILE *file = fopen(path, "we");
    fine = fine && file && fwrite(text.data, 1, text.len, file) == text.len;
    if (file && fclose(file) != 0) fine = false;
    fine = fine && connection_read(path, out, &err) == OK;
    buf_release(&text);
    return fine;
}

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
