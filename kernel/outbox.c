#include "kernel/outbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

struct outbox {
    struct monitor *monitor;
    struct outgoing *head, **tail;
    atomic_size_t bytes; /* pushed and not yet sent */
    atomic_bool rung;    /* the bell has been rung since the I/O thread last looked */
    int bell;
};

struct outbox *outbox_new(void) {
    struct outbox *outbox = xnew(struct outbox);
    outbox->monitor = monitor_new();
    outbox->tail = &outbox->head;
    outbox->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return outbox;
}

void outbox_free(struct outbox *outbox) {
    if (!outbox) return;
    while (outbox->head) outbox->head = outbox_sent(outbox, outbox->head);
    close(outbox->bell);
    monitor_free(outbox->monitor);
    free(outbox);
}

int outbox_fd(const struct outbox *outbox) { return outbox->bell; }

void outbox_ring(struct outbox *outbox) {
    const uint64_t one = 1;
    if (!atomic_exchange(&outbox->rung, true) && write(outbox->bell, &one, sizeof one) < 0) atomic_store(&outbox->rung, false);
}

void outbox_push(struct outbox *outbox, enum channel channel, struct packet *takes) {
    struct outgoing *message = xnew(struct outgoing);
    message->channel = channel;
    message->packet = *takes;
    *takes = PACKET_INIT;
    atomic_fetch_add(&outbox->bytes, message->packet.bytes.len);
    monitor_lock(outbox->monitor);
    *outbox->tail = message;
    outbox->tail = &message->next;
    monitor_unlock(outbox->monitor);
    outbox_ring(outbox);
}

bool outbox_full(const struct outbox *outbox) { return atomic_load(&outbox->bytes) >= OUTBOX_BYTES_MAX; }

bool outbox_behind(const struct outbox *outbox) { return atomic_load(&outbox->bytes) >= OUTBOX_BYTES_BEHIND; }

void outbox_wait_room(struct outbox *outbox, const struct task *task) {
    if (!outbox_full(outbox)) return;
    monitor_lock(outbox->monitor);
    while (outbox_full(outbox) && !task_cancelled(task)) monitor_wait(outbox->monitor);
    monitor_unlock(outbox->monitor);
}

void outbox_stir(struct outbox *outbox) {
    monitor_lock(outbox->monitor);
    monitor_wake(outbox->monitor);
    monitor_unlock(outbox->monitor);
}

struct outgoing *outbox_take(struct outbox *outbox) {
    uint64_t count;
    if (atomic_load(&outbox->rung)) {
        if (read(outbox->bell, &count, sizeof count) < 0) count = 0;
        atomic_store(&outbox->rung, false);
    }
    monitor_lock(outbox->monitor);
    struct outgoing *first = outbox->head;
    outbox->head = NULL;
    outbox->tail = &outbox->head;
    monitor_unlock(outbox->monitor);
    return first;
}

struct outgoing *outbox_sent(struct outbox *outbox, struct outgoing *message) {
    struct outgoing *next = message->next;
    size_t len = message->packet.bytes.len, before = atomic_fetch_sub(&outbox->bytes, len);
    if (before >= OUTBOX_BYTES_MAX && before - len < OUTBOX_BYTES_MAX) outbox_stir(outbox);
    packet_release(&message->packet);
    free(message);
    return next;
}
