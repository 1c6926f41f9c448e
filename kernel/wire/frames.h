/* Bytes to the parts of a verified message. Pure: no state, no JSON, no
 * allocation; everything borrowed from the packet.
 *
 *     [identity…] <IDS|MSG> signature header parent_header metadata content [buffer…] */
#ifndef RECKON_FRAMES_H
#define RECKON_FRAMES_H

#include "kernel/wire/packet.h"
#include "kernel/wire/sign.h"

#define FRAMES_DELIMITER "<IDS|MSG>"
#define FRAMES_IDENTITIES_MAX 16

struct frames {
    size_t n_identities;
    struct slice signature;
    struct slice parts[SIGNED_PARTS]; /* header, parent_header, metadata, content */
    size_t first_buffer;              /* frames from here to the packet's end are buffers (not signed) */
};
enum { PART_HEADER, PART_PARENT, PART_METADATA, PART_CONTENT };

/* Index of the delimiter, which stands after at most FRAMES_IDENTITIES_MAX frames; else ERR_PROTOCOL. */
enum status frames_delimiter(const struct packet *packet, size_t *out, struct error *err) MUST_CHECK;
/* ERR_PROTOCOL says what is wrong: too large, no delimiter, too few frames, wrong signature. */
enum status frames_check(const struct packet *packet, const struct signer *signer, struct frames *out, struct error *err) MUST_CHECK;

#endif
