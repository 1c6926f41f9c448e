#include "kernel/wire/transport.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define FDS_MAX 16

struct item {
    struct packet packet;
    struct item *next;
};

struct queue {
    struct item *head, **tail;
};

struct mem_transport {
    struct transport base;
    struct monitor *monitor;
    struct queue in[CHANNEL_COUNT], out[CHANNEL_COUNT];
    int wake_fd; /* readable while something came in since the last wait */
};

static struct mem_transport *of(struct transport *transport) { return (struct mem_transport *)transport; }

static void push(struct queue *queue, struct packet *takes) {
    struct item *item = xnew(struct item);
    item->packet = *takes;
    *takes = PACKET_INIT;
    *queue->tail = item;
    queue->tail = &item->next;
}

static bool pop(struct queue *queue, struct packet *out) {
    struct item *item = queue->head;
    if (!item) return false;
    *out = item->packet;
    queue->head = item->next;
    if (!queue->head) queue->tail = &queue->head;
    free(item);
    return true;
}

static unsigned readable_now(struct mem_transport *self) {
    unsigned readable = 0;
    monitor_lock(self->monitor);
    for (int c = 0; c < CHANNEL_COUNT; c++)
        if (self->in[c].head) readable |= CHANNEL_BIT(c);
    monitor_unlock(self->monitor);
    return readable;
}

static unsigned wait_mem(struct transport *transport, struct pollfd *fds, size_t n_fds, int timeout_ms) {
    struct mem_transport *self = of(transport);
    struct pollfd all[FDS_MAX + 1] = {{.fd = self->wake_fd, .events = POLLIN}};
    uint64_t rung;
    for (size_t i = 0; i < n_fds && i < FDS_MAX; i++) all[i + 1] = (struct pollfd){.fd = fds[i].fd, .events = POLLIN};
    if (poll(all, (nfds_t)n_fds + 1, readable_now(self) ? 0 : timeout_ms) < 0) n_fds = 0;
    for (size_t i = 0; i < n_fds && i < FDS_MAX; i++) fds[i].revents = all[i + 1].revents;
    if ((all[0].revents & POLLIN) && read(self->wake_fd, &rung, sizeof rung) < 0) rung = 0;
    return readable_now(self);
}

static bool receive_mem(struct transport *transport, enum channel channel, struct packet *out) {
    struct mem_transport *self = of(transport);
    monitor_lock(self->monitor);
    bool found = pop(&self->in[channel], out);
    monitor_unlock(self->monitor);
    return found;
}

static enum sent send_mem(struct transport *transport, enum channel channel, const struct packet *packet) {
    struct mem_transport *self = of(transport);
    struct packet copy = PACKET_INIT;
    for (size_t i = 0; i < packet->n; i++) packet_adds(&copy, packet_frame(packet, i));
    monitor_lock(self->monitor);
    push(&self->out[channel], &copy);
    monitor_wake(self->monitor);
    monitor_unlock(self->monitor);
    return SENT;
}

static void tend_mem(struct transport *transport, bool begins) {
    (void)transport;
    (void)begins;
}

static void free_mem(struct transport *transport) {
    struct mem_transport *self = of(transport);
    struct packet packet;
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        while (pop(&self->in[c], &packet)) packet_release(&packet);
        while (pop(&self->out[c], &packet)) packet_release(&packet);
    }
    close(self->wake_fd);
    monitor_free(self->monitor);
    free(self);
}

static const struct transport_ops mem_ops = {wait_mem, receive_mem, send_mem, tend_mem, free_mem};

struct transport *transport_mem_open(void) {
    struct mem_transport *self = xnew(struct mem_transport);
    self->base.ops = &mem_ops;
    self->monitor = monitor_new();
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        self->in[c].tail = &self->in[c].head;
        self->out[c].tail = &self->out[c].head;
    }
    return &self->base;
}

void transport_mem_put(struct transport *transport, enum channel channel, struct packet *takes) {
    struct mem_transport *self = of(transport);
    const uint64_t one = 1;
    monitor_lock(self->monitor);
    push(&self->in[channel], takes);
    monitor_unlock(self->monitor);
    if (write(self->wake_fd, &one, sizeof one) < 0) return; /* already full: the reader is on its way */
}

bool transport_mem_take(struct transport *transport, enum channel channel, double seconds, struct packet *out) {
    struct mem_transport *self = of(transport);
    double end = clock_now_s() + seconds;
    monitor_lock(self->monitor);
    while (!self->out[channel].head && clock_now_s() < end) monitor_wait_for(self->monitor, end - clock_now_s());
    bool found = pop(&self->out[channel], out);
    monitor_unlock(self->monitor);
    return found;
}
