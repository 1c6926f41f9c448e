/* Messages: `struct request` is a verified incoming one, `message_*` build
 * outgoing ones, signed and ready to send. The request's header frame is kept
 * as raw bytes and becomes the parent_header of all that answers it, so
 * unknown fields survive. */
#ifndef RECKON_MESSAGE_H
#define RECKON_MESSAGE_H

#include <stdatomic.h>

#include "kernel/wire/connection.h"
#include "kernel/wire/frames.h"
#include "runtime/base/json.h"

#define PROTOCOL_VERSION "5.5"

/* What all messages of this process share. Read by any thread. */
struct wire {
    struct signer signer;
    char session[UUID_TEXT]; /* names this process; new after every start */
    atomic_ullong n_messages;
};

void wire_init(struct wire *wire, const char *key);

/* Immutable after request_new, counted (atomic). */
struct request {
    atomic_int count;
    enum channel channel;
    struct packet packet;
    struct frames frames;
    json_t *header;
    const char *type, *id; /* of the header; borrowed */
    double received_s;     /* clock_now_s */
};

#define HEADER_BYTES_MAX ((size_t)1 << 20) /* of the header and of the parent's; usual are 200 */
/* Takes packet, also on failure. Verifies, then looks for a replay (replay may be NULL), then parses the header. */
enum status request_new(enum channel channel, struct packet *packet, const struct signer *signer, struct replay *replay, struct request **out,
                        struct error *err) MUST_CHECK;
struct request *request_ref(struct request *request);
void request_unref(struct request *request); /* NULL is fine */
/* The same request without content and buffers: enough to be named as parent, for as long as anybody likes. Owned count. */
struct request *request_outline(const struct request *request);
struct slice request_part(const struct request *request, int part);
/* The content as a JSON object. Caller owns. Parsing is slow: what is larger than any cell could be is refused unread. */
#define CONTENT_BYTES_MAX ((size_t)32 << 20)
enum status request_content(const struct request *request, json_t **out, struct error *err) MUST_CHECK;

/* "2026-11-24T08:15:00.123456Z" */
#define ISO_TIME_TEXT 40
void iso_time_now(char out[ISO_TIME_TEXT]);

/* A reply on the request's channel to the one who asked. metadata and content are JSON texts; metadata "" = {}. */
struct packet message_reply(struct wire *wire, const struct request *request, const char *type, const char *metadata, struct slice content);
/* A broadcast. parent NULL: nobody asked. topic is the first frame. */
struct packet message_publish(struct wire *wire, const struct request *parent, const char *topic, const char *type, const char *metadata,
                              struct slice content);
/* input_request: goes to the identities of `parent` on stdin; its msg_id is written to out_id (freed by the caller). */
struct packet message_prompt(struct wire *wire, const struct request *parent, struct slice content, char **out_id);

#endif
