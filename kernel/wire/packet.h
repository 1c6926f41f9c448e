/* A multipart message as bytes: all frames in one growing text, and where each
 * ends. Transports move packets; nothing else is known about their content. */
#ifndef RECKON_PACKET_H
#define RECKON_PACKET_H

#include "runtime/base/str.h"

/* Frames beyond these are dropped while receiving, and the packet is marked. */
#define PACKET_FRAMES_MAX 1024
#define PACKET_BYTES_MAX ((size_t)256 << 20)

struct packet {
    struct buf bytes;
    size_t *ends;
    size_t n, cap;
    bool too_large;
};

#define PACKET_INIT ((struct packet){0})

void packet_add(struct packet *packet, const void *data, size_t len);
void packet_adds(struct packet *packet, struct slice frame);
struct slice packet_frame(const struct packet *packet, size_t i);
void packet_release(struct packet *packet);

#endif
