#include "kernel/sender.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define TEND_S 0.01         /* between two looks at the subscribers while one holds up the others */
#define RETRY_S 0.002       /* of iopub */
#define RETRY_PROMPT_S 0.02 /* of a question whose asker isn't connected yet */

struct sender {
    struct outbox *outbox;
    struct transport *transport;
    void (*trace)(enum channel channel, const struct packet *packet);
    struct outgoing *waiting, **tail; /* of iopub */
    struct outgoing *question;
    double tended_s;
    bool blocked; /* at the last turn */
};

struct sender *sender_new(struct outbox *outbox, struct transport *transport, void (*trace)(enum channel channel, const struct packet *packet)) {
    struct sender *sender = xnew(struct sender);
    *sender = (struct sender){.outbox = outbox, .transport = transport, .trace = trace};
    sender->tail = &sender->waiting;
    return sender;
}

void sender_free(struct sender *sender) {
    if (!sender) return;
    while (sender->waiting) sender->waiting = outbox_sent(sender->outbox, sender->waiting);
    if (sender->question) outbox_sent(sender->outbox, sender->question);
    free(sender);
}

static enum sent send_one(struct sender *sender, const struct outgoing *message) {
    enum sent sent = transport_send(sender->transport, message->channel, &message->packet);
    if (sent == SENT && sender->trace) sender->trace(message->channel, &message->packet);
    return sent;
}

static void send_waiting(struct sender *sender) {
    while (sender->waiting && send_one(sender, sender->waiting) != SENT_LATER) sender->waiting = outbox_sent(sender->outbox, sender->waiting);
    if (!sender->waiting) sender->tail = &sender->waiting;
}

/* Only while something waits: a subscriber that is merely behind then holds up nobody. */
static void tend(struct sender *sender) {
    const double now_s = clock_now_s();
    if (sender->waiting && sender->blocked && now_s - sender->tended_s < TEND_S) return;
    if (sender->waiting) transport_tend(sender->transport, !sender->blocked);
    sender->blocked = sender->waiting != NULL;
    sender->tended_s = now_s;
}

static void send_question(struct sender *sender, bool asking) {
    if (!sender->question || (asking && send_one(sender, sender->question) == SENT_NOWHERE)) return;
    outbox_sent(sender->outbox, sender->question);
    sender->question = NULL;
}

/* Returns the next one; a message that has to wait is kept. */
static struct outgoing *send_or_keep(struct sender *sender, struct outgoing *message) {
    struct outgoing *next = message->next;
    if (message->channel == CHANNEL_IOPUB) {
        message->next = NULL;
        *sender->tail = message;
        sender->tail = &message->next;
        send_waiting(sender);
        return next;
    }
    if (message->channel != CHANNEL_STDIN) {
        send_one(sender, message);
        return outbox_sent(sender->outbox, message);
    }
    if (sender->question) outbox_sent(sender->outbox, sender->question);
    sender->question = message;
    send_question(sender, true);
    return next;
}

void sender_turn(struct sender *sender, bool asking) {
    send_waiting(sender);
    send_question(sender, asking);
    for (struct outgoing *message = outbox_take(sender->outbox); message;) message = send_or_keep(sender, message);
    tend(sender);
}

bool sender_waits(const struct sender *sender) { return sender->waiting || sender->question; }

double sender_due_s(const struct sender *sender) { return sender->waiting ? RETRY_S : sender->question ? RETRY_PROMPT_S : -1; }
