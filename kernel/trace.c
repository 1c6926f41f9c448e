#include "kernel/trace.h"

#include "kernel/wire/frames.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/monitor.h"

#define SHOWN_BYTES 300 /* of the content */

static void add_shown(struct buf *out, struct slice content) {
    size_t len = content.len < SHOWN_BYTES ? content.len : SHOWN_BYTES;
    for (size_t i = 0; i < len; i++) buf_addc(out, (unsigned char)content.data[i] < ' ' ? ' ' : content.data[i]);
    if (len < content.len) buf_addf(out, " … %zu bytes", content.len);
}

static void add_names(struct buf *out, struct slice header) {
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    if (json_parse(header, &json, &err) == OK) buf_addf(out, "%s %s ", json_text(json, "msg_type", "?"), json_text(json, "msg_id", "?"));
    else buf_adds(out, "(bad header) ");
    json_decref(json);
}

static void trace(const char *arrow, enum channel channel, const struct packet *packet) {
    struct buf line = BUF_INIT;
    struct frames frames;
    struct error err = ERROR_INIT;
    const struct signer anybody = signer_of("");
    buf_addf(&line, "%.6f %s %-7s ", clock_now_s(), arrow, channel_name(channel));
    if (frames_check(packet, &anybody, &frames, &err) == OK) {
        add_names(&line, frames.parts[PART_HEADER]);
        add_shown(&line, frames.parts[PART_CONTENT]);
    } else buf_addf(&line, "%zu frames, %zu bytes", packet->n, packet->bytes.len);
    log_raw(buf_text(&line));
    buf_release(&line);
}

void trace_received(enum channel channel, const struct packet *packet) { trace("<-", channel, packet); }

void trace_sent(enum channel channel, const struct packet *packet) { trace("->", channel, packet); }
