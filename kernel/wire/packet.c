#include "kernel/wire/packet.h"

#include <stdlib.h>

#include "runtime/base/mem.h"

#define USUAL_BYTES 1000 /* of a message without outputs */

void packet_add(struct packet *packet, const void *data, size_t len) {
    if (packet->n >= PACKET_FRAMES_MAX || len > PACKET_BYTES_MAX - packet->bytes.len) {
        packet->too_large = true;
        return;
    }
    if (packet->n == packet->cap) {
        packet->cap = packet->cap ? packet->cap * 2 : 8;
        packet->ends = xrealloc(packet->ends, packet->cap * sizeof *packet->ends);
    }
    if (!packet->bytes.cap) buf_reserve(&packet->bytes, USUAL_BYTES);
    if (len) buf_add(&packet->bytes, data, len);
    packet->ends[packet->n++] = packet->bytes.len;
}

void packet_adds(struct packet *packet, struct slice frame) { packet_add(packet, frame.data, frame.len); }

struct slice packet_frame(const struct packet *packet, size_t i) {
    size_t start = i ? packet->ends[i - 1] : 0;
    return (struct slice){buf_text(&packet->bytes) + start, packet->ends[i] - start};
}

void packet_release(struct packet *packet) {
    buf_release(&packet->bytes);
    free(packet->ends);
    *packet = PACKET_INIT;
}
