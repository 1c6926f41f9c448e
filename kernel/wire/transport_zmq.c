#include "kernel/wire/transport.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/wire/links.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

/* What may be on its way to the subscriber that is furthest behind. It is printed before anybody has read it, so an interrupted
 * flood goes on for so long at a slow reader. A message counts with what libzmq keeps of it. */
#define IOPUB_BYTES_MAX ((size_t)12 << 20)
#define MESSAGE_BYTES 1024
#define REPLY_QUEUE 100000
#define LINGER_MS 500
#define BIND_TRIES 20
#define BIND_PAUSE_MS 50
#define FREE_NUMBER_TRIES 100
#define IPC "ipc://"
#define FDS_MAX 16

enum { EVENTS = CHANNEL_COUNT, SOCKET_COUNT }; /* after the channels: who connects to iopub and who leaves */

struct zmq_transport {
    struct transport base;
    void *context;
    void *sockets[SOCKET_COUNT];
    int fds[SOCKET_COUNT];      /* of the sockets (ZMQ_FD) */
    bool used[SOCKET_COUNT];    /* since it was last seen to have nothing to read */
    char *paths[CHANNEL_COUNT]; /* of ipc sockets, removed at the end */
    struct links *links;
    atomic_size_t on_way; /* bytes that iopub's subscribers haven't got yet; libzmq's thread takes off what they have */
};

static struct zmq_transport *of(struct transport *transport) { return (struct zmq_transport *)transport; }

/* A socket's descriptor tells once that something has happened, and not again what came out while we sent or received. So those that
 * were used are asked before we sleep; zmq_poll would ask every one before and after, by two system calls each. */
static void watch_socket(struct zmq_transport *self, int i) {
    size_t size = sizeof self->fds[i];
    zmq_getsockopt(self->sockets[i], ZMQ_FD, &self->fds[i], &size);
    self->used[i] = true;
}

static void set_int(void *socket, int option, int value) { zmq_setsockopt(socket, option, &value, sizeof value); }

/* --- moving packets --- */

/* Bounded here, not in libzmq: it keeps frames until a message's last one has come and counts them towards no limit, so whoever
 * reaches the port may fill the memory with one endless message. Curve keys, or ipc in a private folder, keep strangers out. */
static bool receive_packet(void *socket, struct packet *out) {
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

static bool receive_zmq(struct transport *transport, enum channel channel, struct packet *out) {
    struct zmq_transport *self = of(transport);
    return self->used[channel] = receive_packet(self->sockets[channel], out);
}

static int send_frame(void *socket, zmq_msg_t *frame, bool more) {
    int rc;
    do rc = zmq_msg_send(frame, socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    while (rc < 0 && errno == EINTR);
    if (rc >= 0) return 0;
    int reason = errno;
    zmq_msg_close(frame);
    return reason;
}

/* What is counted until the last subscriber has it. */
struct counted {
    atomic_size_t *count;
    size_t bytes;
    char data[];
};

static void count_off(void *data, void *hint) {
    struct counted *counted = hint;
    (void)data;
    atomic_fetch_sub(counted->count, counted->bytes);
    free(counted);
}

/* A message counts by its last frame, the content; it goes on its way whole or not at all. */
static void counted_frame(zmq_msg_t *frame, struct slice content, size_t bytes, atomic_size_t *count) {
    struct counted *counted = xalloc(sizeof *counted + content.len);
    counted->count = count;
    counted->bytes = bytes;
    if (content.len) memcpy(counted->data, content.data, content.len);
    atomic_fetch_add(count, bytes);
    if (zmq_msg_init_data(frame, counted->data, content.len, count_off, counted) == 0) return;
    count_off(NULL, counted);
    zmq_msg_init(frame);
}

/* 0, or the errno of the frame that could not be sent now; a message is sent whole or not at all. count may be NULL. */
static int send_packet(void *socket, const struct packet *packet, atomic_size_t *count) {
    for (size_t i = 0; i < packet->n; i++) {
        zmq_msg_t frame;
        struct slice bytes = packet_frame(packet, i);
        bool last = i + 1 == packet->n;
        if (count && last) counted_frame(&frame, bytes, packet->bytes.len + MESSAGE_BYTES, count);
        else if (zmq_msg_init_size(&frame, bytes.len) != 0) return ENOMEM;
        else if (bytes.len) memcpy(zmq_msg_data(&frame), bytes.data, bytes.len);
        int reason = send_frame(socket, &frame, !last);
        if (reason == EHOSTUNREACH || (reason == EAGAIN && i == 0)) return reason;
    }
    return 0;
}

static enum sent send_zmq(struct transport *transport, enum channel channel, const struct packet *packet) {
    struct zmq_transport *self = of(transport);
    self->used[channel] = true;
    if (channel != CHANNEL_IOPUB) return send_packet(self->sockets[channel], packet, NULL) ? SENT_NOWHERE : SENT;
    if (atomic_load(&self->on_way) >= IOPUB_BYTES_MAX) return SENT_LATER;
    return send_packet(self->sockets[channel], packet, &self->on_way) ? SENT_LATER : SENT;
}

/* --- who listens --- */

#define EVENTS_ENDPOINT "inproc://iopub-events"

/* Unbounded: where they are full, libzmq's own thread would wait in the middle of an event. */
static bool open_events(struct zmq_transport *self) {
    void *events = self->sockets[EVENTS] = zmq_socket(self->context, ZMQ_PAIR);
    self->links = links_new();
    if (events) set_int(events, ZMQ_RCVHWM, 0);
    if (!events || zmq_socket_monitor(self->sockets[CHANNEL_IOPUB], EVENTS_ENDPOINT, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) != 0) return false;
    watch_socket(self, EVENTS);
    return zmq_connect(events, EVENTS_ENDPOINT) == 0;
}

/* Of libzmq's events: 16 bits say what, 32 bits the descriptor; a second frame says where. */
static void hear_events(struct zmq_transport *self) {
    struct packet packet = PACKET_INIT;
    for (; receive_packet(self->sockets[EVENTS], &packet); packet_release(&packet), packet = PACKET_INIT) {
        uint16_t event;
        int32_t fd;
        const struct slice frame = packet_frame(&packet, 0);
        if (frame.len != sizeof event + sizeof fd) continue;
        memcpy(&event, frame.data, sizeof event);
        memcpy(&fd, frame.data + sizeof event, sizeof fd);
        if (event == ZMQ_EVENT_ACCEPTED) links_add(self->links, fd);
        else links_remove(self->links, fd);
    }
}

static void tend_zmq(struct transport *transport, bool begins) {
    struct zmq_transport *self = of(transport);
    const double now_s = clock_now_s();
    if (begins) links_forget(self->links);
    links_look(self->links, now_s);
    const int n = links_cut(self->links, now_s, WEDGED_S, ALONE_S);
    if (n) log_line(LOG_INFO, "disconnected %d subscriber(s) of iopub that took nothing any more", n);
}

/* --- waiting --- */

static bool is_readable(struct zmq_transport *self, int i) {
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(self->sockets[i], ZMQ_EVENTS, &events, &size);
    return self->used[i] = events & ZMQ_POLLIN;
}

static unsigned wait_zmq(struct transport *transport, struct pollfd *fds, size_t n_fds, int timeout_ms) {
    struct zmq_transport *self = of(transport);
    struct pollfd all[SOCKET_COUNT + FDS_MAX];
    unsigned readable = 0;
    if (n_fds > FDS_MAX) n_fds = FDS_MAX;
    for (int i = 0; i < SOCKET_COUNT; i++) {
        all[i] = (struct pollfd){.fd = self->fds[i], .events = POLLIN};
        if (self->used[i] && is_readable(self, i)) readable |= CHANNEL_BIT(i);
    }
    for (size_t i = 0; i < n_fds; i++) all[SOCKET_COUNT + i] = (struct pollfd){.fd = fds[i].fd, .events = POLLIN};
    bool any = poll(all, SOCKET_COUNT + n_fds, readable ? 0 : timeout_ms) > 0;
    for (int i = 0; any && i < SOCKET_COUNT; i++)
        if (all[i].revents && is_readable(self, i)) readable |= CHANNEL_BIT(i);
    for (size_t i = 0; i < n_fds; i++) fds[i].revents = any && all[SOCKET_COUNT + i].revents ? POLLIN : 0;
    if (readable & CHANNEL_BIT(EVENTS)) hear_events(self);
    return readable & ~CHANNEL_BIT(EVENTS);
}

static void free_zmq(struct transport *transport) {
    struct zmq_transport *self = of(transport);
    if (self->sockets[EVENTS]) zmq_socket_monitor(self->sockets[CHANNEL_IOPUB], NULL, 0);
    if (self->sockets[EVENTS]) zmq_close(self->sockets[EVENTS]);
    links_free(self->links);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (self->sockets[c]) zmq_close(self->sockets[c]);
    if (self->context) zmq_ctx_term(self->context);
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        if (self->paths[c]) unlink(self->paths[c]);
        free(self->paths[c]);
    }
    free(self);
}

static const struct transport_ops zmq_ops = {wait_zmq, receive_zmq, send_zmq, tend_zmq, free_zmq};

static void set_common_options(void *socket) {
    int64_t largest = (int64_t)PACKET_BYTES_MAX;
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    set_int(socket, ZMQ_IPV6, 1);
}

static void set_options(void *socket, enum channel channel) {
    set_common_options(socket);
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    if (channel == CHANNEL_IOPUB) {
        set_int(socket, ZMQ_XPUB_VERBOSE, 1); /* else only the first subscriber of a topic is welcomed */
        set_int(socket, ZMQ_XPUB_NODROP, 1);
        set_int(socket, ZMQ_SNDHWM, 0); /* IOPUB_BYTES_MAX bounds it */
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

/* Whether a kernel listens at an ipc endpoint: zmq_bind would take its name without a word. */
static bool ipc_taken(const char *endpoint) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strncmp(endpoint, IPC, strlen(IPC)) != 0 || strlen(endpoint + strlen(IPC)) >= sizeof address.sun_path) return false;
    memcpy(address.sun_path, endpoint + strlen(IPC), strlen(endpoint + strlen(IPC)) + 1);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool taken = probe >= 0 && (connect(probe, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
    if (probe >= 0) close(probe);
    return taken;
}

static bool bind_once(void *socket, const char *endpoint) {
    if (ipc_taken(endpoint)) errno = EADDRINUSE;
    else if (zmq_bind(socket, endpoint) == 0) return true;
    return false;
}

static bool bind_patiently(void *socket, const char *endpoint) {
    const struct timespec pause = {.tv_nsec = BIND_PAUSE_MS * 1000000L};
    for (int try = 0; !bind_once(socket, endpoint); try++) {
        if (errno != EADDRINUSE || try == BIND_TRIES) return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

/* A number that no socket file has. */
static int free_ipc_number(const struct connection *connection) {
    struct connection probe = *connection;
    bool taken = true;
    for (int try = 0; taken && try < FREE_NUMBER_TRIES; try++) {
        struct buf endpoint = BUF_INIT;
        uint16_t number;
        random_bytes(&number, sizeof number);
        probe.ports[0] = number ? number : 1;
        connection_endpoint(&probe, (enum channel)0, &endpoint);
        taken = file_exists(buf_text(&endpoint) + strlen(IPC));
        buf_release(&endpoint);
    }
    return probe.ports[0];
}

/* The port that the system chose for tcp. */
static int bound_port(void *socket) {
    char endpoint[256] = "";
    size_t len = sizeof endpoint;
    int64_t port = 0;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &len) != 0) return 0;
    const char *colon = strrchr(endpoint, ':');
    return colon && parse_int64(slice_of(colon + 1), &port) ? (int)port : 0;
}

static enum status bind_channel(struct zmq_transport *self, struct connection *connection, enum channel channel, struct error *err) {
    void *socket = self->sockets[channel];
    int *port = &connection->ports[channel];
    enum status status = OK;
    struct buf endpoint = BUF_INIT;
    if (!*port && connection->ipc) *port = free_ipc_number(connection);
    connection_endpoint(connection, channel, &endpoint);
    if (!bind_patiently(socket, buf_text(&endpoint)))
        status = err_set(err, ERR_PROTOCOL, "can't bind the %s channel to %s: %s", channel_name(channel), buf_text(&endpoint), zmq_strerror(errno));
    else if (connection->ipc) self->paths[channel] = xstrdup(buf_text(&endpoint) + strlen(IPC));
    else if (!*port) *port = bound_port(socket);
    buf_release(&endpoint);
    return status;
}

static enum status open_channel(struct zmq_transport *self, struct connection *connection, enum channel channel, struct error *err) {
    void *socket = zmq_socket(self->context, channel == CHANNEL_IOPUB ? ZMQ_XPUB : ZMQ_ROUTER);
    if (!socket) return err_set(err, ERR_PROTOCOL, "libzmq gives no socket: %s", zmq_strerror(errno));
    self->sockets[channel] = socket;
    watch_socket(self, channel);
    set_options(socket, channel);
    if (connection->curve) TRY(set_curve(socket, connection, err));
    /* before the first connection comes: one that isn't known would be taken for none */
    if (channel == CHANNEL_IOPUB && !open_events(self))
        return err_set(err, ERR_PROTOCOL, "libzmq tells nothing of connections: %s", zmq_strerror(errno));
    return bind_channel(self, connection, channel, err);
}

enum status transport_zmq_open(struct connection *connection, struct transport **out, struct error *err) {
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

/* --- one question to somebody else's socket --- */

static enum status ask(void *socket, const char *endpoint, const struct packet *question, int timeout_ms, struct packet *answer, struct error *err) {
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    set_common_options(socket);
    set_int(socket, ZMQ_LINGER, 0);
    if (zmq_connect(socket, endpoint) != 0) return err_set(err, ERR_PROTOCOL, "can't connect to %s: %s", endpoint, zmq_strerror(errno));
    if (send_packet(socket, question, NULL) != 0) return err_set(err, ERR_PROTOCOL, "can't send to %s: %s", endpoint, zmq_strerror(errno));
    if (zmq_poll(&item, 1, timeout_ms) != 1 || !receive_packet(socket, answer))
        return err_set(err, ERR_PROTOCOL, "no answer from %s within %g s", endpoint, timeout_ms / 1000.0);
    return OK;
}

enum status transport_zmq_ask(const char *endpoint, const struct packet *question, int timeout_ms, struct packet *answer, struct error *err) {
    void *context = zmq_ctx_new(), *socket = context ? zmq_socket(context, ZMQ_DEALER) : NULL;
    enum status status = socket ? ask(socket, endpoint, question, timeout_ms, answer, err)
                                : err_set(err, ERR_PROTOCOL, "libzmq gives no socket: %s", zmq_strerror(errno));
    if (socket) zmq_close(socket);
    if (context) zmq_ctx_term(context);
    return status;
}
