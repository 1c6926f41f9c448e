/* Moves packets over the five channels. One thread owns a transport; nothing
 * here blocks except transport_wait. */
#ifndef RECKON_TRANSPORT_H
#define RECKON_TRANSPORT_H

#include <poll.h>

#include "kernel/wire/connection.h"
#include "kernel/wire/packet.h"

enum sent {
    SENT,
    SENT_LATER,   /* iopub: much waits for a subscriber that is behind; try again soon */
    SENT_NOWHERE, /* stdin: the one to ask is not connected (yet) */
};

struct transport;
struct transport_ops {
    unsigned (*wait)(struct transport *transport, struct pollfd *fds, size_t n_fds, int timeout_ms);
    bool (*receive)(struct transport *transport, enum channel channel, struct packet *out);
    enum sent (*send)(struct transport *transport, enum channel channel, const struct packet *packet);
    void (*tend)(struct transport *transport, bool begins);
    void (*free)(struct transport *transport);
};
struct transport {
    const struct transport_ops *ops;
};

#define CHANNEL_BIT(channel) (1u << (channel))

/* Until a channel can be read or one of fds is ready (their revents are set) or
 * the time is over (-1: never). Returns the channels that may be read, as bits. */
static inline unsigned transport_wait(struct transport *transport, struct pollfd *fds, size_t n_fds, int timeout_ms) {
    return transport->ops->wait(transport, fds, n_fds, timeout_ms);
}
/* Next packet of a channel into *out (empty before); false: none now. On iopub: one frame, byte 1 or 0 and a topic
 * (somebody subscribes or leaves). */
static inline bool transport_receive(struct transport *transport, enum channel channel, struct packet *out) {
    return transport->ops->receive(transport, channel, out);
}
static inline enum sent transport_send(struct transport *transport, enum channel channel, const struct packet *packet) {
    return transport->ops->send(transport, channel, packet);
}
/* iopub: to be called often (every 10 ms) while sending is blocked; begins: it wasn't at the call before. A subscriber that takes nothing for
 * WEDGED_S meanwhile is disconnected (one that blocks nobody but the cell that writes: after ALONE_S); all others lose nothing. */
#define WEDGED_S 6.0 /* libzmq's clients read in bursts of 500 messages: at 10 ms each, 5 s lie between two */
#define ALONE_S 60.0
static inline void transport_tend(struct transport *transport, bool begins) { transport->ops->tend(transport, begins); }
static inline void transport_free(struct transport *transport) {
    if (transport) transport->ops->free(transport);
}

/* transport_zmq.c: binds all five; waits up to a second for ports that are still in use. Where a port of the connection is 0
 * it takes a free one and writes it there. */
enum status transport_zmq_open(struct connection *connection, struct transport **out, struct error *err) MUST_CHECK;
/* Without a transport: sends one packet to somebody's socket and waits for the answer. *answer is empty before. */
enum status transport_zmq_ask(const char *endpoint, const struct packet *question, int timeout_ms, struct packet *answer,
                              struct error *err) MUST_CHECK;

/* transport_mem.c: queues in memory, for tests. The client's side may be used from another thread. */
struct transport *transport_mem_open(void);
void transport_mem_put(struct transport *transport, enum channel channel, struct packet *takes);
/* Next packet that the kernel sent on a channel; false: none within `seconds`. */
bool transport_mem_take(struct transport *transport, enum channel channel, double seconds, struct packet *out);

#endif
