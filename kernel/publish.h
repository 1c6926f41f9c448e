/* What goes out on iopub: text gathered into few messages, displays, results,
 * errors, states. Any thread; each message goes to the outbox in the order in
 * which it was published. Gathered text goes out before anything else that is
 * published or replied, so order on the wire is program order. */
#ifndef RECKON_PUBLISH_H
#define RECKON_PUBLISH_H

#include "kernel/lang/bundle.h"
#include "kernel/outbox.h"
#include "kernel/wire/message.h"

#define STREAM_DELAY_S 0.05       /* text waits at most this long for company */
#define STREAM_BYTES (32u << 10)  /* or until this much has come together */
#define STREAM_PAUSE_S 0.002      /* but after the last text at least this long (front ends take 1,000 messages a second) */
#define STREAM_PIECE (256u << 10) /* or until this much is there; longer text is cut (between characters) */

struct publisher;
struct publisher *publisher_new(struct wire *wire, struct outbox *outbox);
void publisher_free(struct publisher *publisher);

/* parent NULL where nobody asked. content is JSON text. */
void publish(struct publisher *publisher, const struct request *parent, const char *type, const char *metadata, struct slice content);
void publish_state(struct publisher *publisher, const struct request *parent, const char *state);
/* "stdout" or "stderr" (static text); gathers. Before each piece of long text it waits for room in the outbox, or until
 * task is cancelled; task NULL (the I/O thread): never. */
void publish_stream(struct publisher *publisher, struct request *parent, const char *name, const char *text, size_t len, const struct task *task);
/* display_id NULL: none. type: "display_data", "update_display_data" (count < 0); "execute_result" (count >= 0). */
void publish_display(struct publisher *publisher, const struct request *parent, const char *type, const struct bundle *bundle, const char *display_id,
                     int64_t count);
void publish_welcome(struct publisher *publisher, struct slice topic);
/* Reply on the request's channel. */
void publish_reply(struct publisher *publisher, const struct request *request, const char *type, const char *metadata, struct slice content);

/* A finished stdin message (message_prompt), after all text that waits. Takes packet. */
void publish_prompt(struct publisher *publisher, struct packet *packet);
struct wire *publisher_wire(struct publisher *publisher);

/* Sends gathered text. Seconds until gathered text must go out; negative: there is none. */
void publisher_flush(struct publisher *publisher);
double publisher_due_s(struct publisher *publisher);

/* "ename":…,"evalue":…,"traceback":[…] without braces; the traceback is what error_render says, coloured, a line an item. */
void error_fields_json(const struct error *err, struct buf *out);
/* {"text/plain": …} and {"image/png": {"width": …}} of a bundle. */
void bundle_data_json(const struct bundle *bundle, struct buf *out);
void bundle_metadata_json(const struct bundle *bundle, struct buf *out);

#endif
