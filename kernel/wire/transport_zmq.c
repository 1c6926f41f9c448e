#include "kernel/wire/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "runtime/base/mem.h"

/* A subscriber may lag this many messages. Text comes in pieces of 32 KiB, so
 * a dead subscriber costs at most 64 MiB; a slow one makes us wait, not lose. */
#define IOPUB_QUEUE 2000
#define REPLY_QUEUE 100000
#define LINGER_MS 500
#define BIND_TRIES 20
#define BIND_PAUSE_MS 50
#define FDS_MAX 16

struct zmq_transport {
    struct transport base;
    void *context;
    void *sockets[CHANNEL_COUNT];
    char *paths[CHANNEL_COUNT]; /* of ipc sockets, removed at the end */
};

static struct zmq_transport *of(struct transport *transport) { return (struct zmq_transport *)transport; }

static unsigned wait_zmq(struct transport *transport, struct pollfd *fds, size_t n_fds, int timeout_ms) {
    struct zmq_transport *self = of(transport);
    zmq_pollitem_t items[CHANNEL_COUNT + FDS_MAX] = {0};
    for (int c = 0; c < CHANNEL_COUNT; c++) items[c] = (zmq_pollitem_t){.socket = self->sockets[c], .events = ZMQ_POLLIN};
    if (n_fds > FDS_MAX) n_fds = FDS_MAX;
    for (size_t i = 0; i < n_fds; i++) items[CHANNEL_COUNT + i] = (zmq_pollitem_t){.fd = fds[i].fd, .events = ZMQ_POLLIN};
    int ready = zmq_poll(items, CHANNEL_COUNT + (int)n_fds, timeout_ms);
    unsigned readable = 0;
    for (int c = 0; ready > 0 && c < CHANNEL_COUNT; c++)
        if (items[c].revents & ZMQ_POLLIN) readable |= CHANNEL_BIT(c);
    for (size_t i = 0; i < n_fds; i++) fds[i].revents = ready > 0 && items[CHANNEL_COUNT + i].revents ? POLLIN : 0;
    return readable;
}

static bool receive_zmq(struct transport *transport, enum channel channel, struct packet *out) {
    void *socket = of(transport)->sockets[channel];
    int more = 1;
    for (bool first = true; more; first = false) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return !first;
        }
        packet_add(out, zmq_msg_data(&frame), zmq_msg_size(&frame));
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
    return true;
}

static enum sent send_zmq(struct transport *transport, enum channel channel, const struct packet *packet) {
    void *socket = of(transport)->sockets[channel];
    for (size_t i = 0; i < packet->n; i++) {
        struct slice frame = packet_frame(packet, i);
        int flags = ZMQ_DONTWAIT | (i + 1 < packet->n ? ZMQ_SNDMORE : 0);
        int rc;
        do rc = zmq_send(socket, frame.data, frame.len, flags);
        while (rc < 0 && errno == EINTR);
        if (rc < 0 && errno == EHOSTUNREACH) return SENT_NOWHERE;
        if (rc < 0 && errno == EAGAIN && i == 0) return channel == CHANNEL_IOPUB ? SENT_LATER : SENT_NOWHERE;
    }
    return SENT;
}

static void lossy_zmq(struct transport *transport, bool on) {
    int no_drop = !on;
    zmq_setsockopt(of(transport)->sockets[CHANNEL_IOPUB], ZMQ_XPUB_NODROP, &no_drop, sizeof no_drop);
}

static void free_zmq(struct transport *transport) {
    struct zmq_transport *self = of(transport);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (self->sockets[c]) zmq_close(self->sockets[c]);
    if (self->context) zmq_ctx_term(self->context);
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        if (self->paths[c]) unlink(self->paths[c]);
        free(self->paths[c]);
    }
    free(self);
}

static const struct transport_ops zmq_ops = {wait_zmq, receive_zmq, send_zmq, lossy_zmq, free_zmq};

static void set_int(void *socket, int option, int value) { zmq_setsockopt(socket, option, &value, sizeof value); }

static void set_options(void *socket, enum channel channel) {
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    set_int(socket, ZMQ_IPV6, 1);
    int64_t largest = (int64_t)PACKET_BYTES_MAX;
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    if (channel == CHANNEL_IOPUB) {
        set_int(socket, ZMQ_XPUB_VERBOSE, 1); /* else only the first subscriber of a topic is welcomed */
        set_int(socket, ZMQ_XPUB_NODROP, 1);
        set_int(socket, ZMQ_SNDHWM, IOPUB_QUEUE);
        return;
    }
    set_int(socket, ZMQ_SNDHWM, REPLY_QUEUE);
    set_int(socket, ZMQ_ROUTER_HANDOVER, 1); /* a client that reconnects keeps its identity */
    if (channel == CHANNEL_STDIN) set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
}

static enum status set_curve(void *socket, const struct connection *connection, struct error *err) {
    set_int(socket, ZMQ_CURVE_SERVER, 1);
    if (zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, connection->public_key, CURVE_KEY_TEXT) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, connection->secret_key, CURVE_KEY_TEXT) != 0)
        return err_set(err, ERR_PROTOCOL, "the curve keys of the connection file are refused by libzmq: %s", zmq_strerror(errno));
    return OK;
}

static enum status bind_patiently(void *socket, enum channel channel, const char *endpoint, struct error *err) {
    const struct timespec pause = {.tv_nsec = BIND_PAUSE_MS * 1000000L};
    for (int try = 0;; try++) {
        if (zmq_bind(socket, endpoint) == 0) return OK;
        if (errno != EADDRINUSE || try == BIND_TRIES) break;
        nanosleep(&pause, NULL);
    }
    return err_set(err, ERR_PROTOCOL, "can't bind the %s channel to %s: %s", channel_name(channel), endpoint, zmq_strerror(errno));
}

static enum status open_channel(struct zmq_transport *self, const struct connection *connection, enum channel channel, struct error *err) {
    void *socket = zmq_socket(self->context, channel == CHANNEL_IOPUB ? ZMQ_XPUB : ZMQ_ROUTER);
    if (!socket) return err_set(err, ERR_PROTOCOL, "libzmq gives no socket: %s", zmq_strerror(errno));
    self->sockets[channel] = socket;
    set_options(socket, channel);
    if (connection->curve) TRY(set_curve(socket, connection, err));
    struct buf endpoint = BUF_INIT;
    connection_endpoint(connection, channel, &endpoint);
    enum status status = bind_patiently(socket, channel, buf_text(&endpoint), err);
    if (status == OK && connection->ipc) self->paths[channel] = xstrdup(buf_text(&endpoint) + strlen("ipc://"));
    buf_release(&endpoint);
    return status;
}

enum status transport_zmq_open(const struct connection *connection, struct transport **out, struct error *err) {
    struct zmq_transport *self = xnew(struct zmq_transport);
    self->base.ops = &zmq_ops;
    self->context = zmq_ctx_new();
    enum status status = OK;
    for (int c = 0; status == OK && c < CHANNEL_COUNT; c++) status = open_channel(self, connection, (enum channel)c, err);
    if (status != OK) {
        free_zmq(&self->base);
        return status;
    }
    *out = &self->base;
    return OK;
}
