/* What the outbox holds, onto the wire. A slow subscriber makes iopub wait (its
 * messages stay in the outbox's bound, so whoever writes waits too); one that
 * takes nothing any more is disconnected by the transport, so that it stops
 * nobody for long. Replies never wait behind iopub. I/O thread. */
#ifndef RECKON_SENDER_H
#define RECKON_SENDER_H

#include "kernel/outbox.h"
#include "kernel/wire/transport.h"

struct sender;
/* All three are borrowed. trace NULL: none; called with each message that is sent. */
struct sender *sender_new(struct outbox *outbox, struct transport *transport, void (*trace)(enum channel channel, const struct packet *packet));
void sender_free(struct sender *sender); /* NULL is fine */

/* Sends all that can be sent now. asking: a question is open, so one whose asker isn't connected yet is kept. */
void sender_turn(struct sender *sender, bool asking);
/* Something could not be sent yet. */
bool sender_waits(const struct sender *sender);
/* Seconds until another try makes sense; negative: nothing waits. */
double sender_due_s(const struct sender *sender);

#endif
