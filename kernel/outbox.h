/* What waits to be sent, from any thread, in one order. Bounded in bytes: who
 * writes a lot waits for room first (outbox_wait_room); the I/O thread and
 * short messages never wait, so the bound is soft by one message a thread. */
#ifndef RECKON_OUTBOX_H
#define RECKON_OUTBOX_H

#include "kernel/wire/connection.h"
#include "kernel/wire/packet.h"
#include "runtime/base/task.h"

#define OUTBOX_BYTES_MAX ((size_t)4 << 20)
#define OUTBOX_BYTES_BEHIND ((size_t)256 << 10)

struct outgoing {
    enum channel channel;
    struct packet packet;
    struct outgoing *next;
};

struct outbox;
struct outbox *outbox_new(void);
void outbox_free(struct outbox *outbox);
int outbox_fd(const struct outbox *outbox); /* readable when something waits to be sent, or somebody called outbox_ring */
void outbox_push(struct outbox *outbox, enum channel channel, struct packet *takes);
void outbox_ring(struct outbox *outbox);
/* Until less than OUTBOX_BYTES_MAX wait, or task is cancelled (outbox_stir wakes it to look). */
void outbox_wait_room(struct outbox *outbox, const struct task *task);
void outbox_stir(struct outbox *outbox);
bool outbox_full(const struct outbox *outbox);
bool outbox_behind(const struct outbox *outbox); /* more waits than a moment's text */

/* I/O thread: everything that waits, oldest first, NULL when nothing. Also resets the bell. */
struct outgoing *outbox_take(struct outbox *outbox);
/* I/O thread: one taken message has been sent (or dropped). Frees it, returns the next. */
struct outgoing *outbox_sent(struct outbox *outbox, struct outgoing *message);

#endif
