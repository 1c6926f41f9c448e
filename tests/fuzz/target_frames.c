/* Frames to a verified message. The first byte of an input says how the rest,
 * frames that are lines, is sent: */
#include <string.h>

#include "kernel/wire/message.h"
#include "tests/fuzz/fuzz.h"

enum {
    SEND_SIGNED = 1,  /* the right signature is put behind the delimiter, so that strange JSON gets past it */
    SEND_NO_KEY = 2,  /* nothing is checked */
    SEND_CONTROL = 4, /* on control, else on shell */
};

#define FRAMES_MAX 64

struct lines {
    struct slice frames[FRAMES_MAX];
    size_t n, delimiter; /* delimiter == n: there is none */
};

static struct lines lines_of(struct slice text) {
    struct lines lines = {.delimiter = FRAMES_MAX};
    while (text.len && lines.n < FRAMES_MAX) {
        lines.frames[lines.n] = fuzz_line(&text);
        if (lines.delimiter == FRAMES_MAX && slice_eqz(lines.frames[lines.n], FRAMES_DELIMITER)) lines.delimiter = lines.n;
        lines.n++;
    }
    return lines;
}

static struct packet packet_of(const struct lines *lines, const struct signer *signer, bool sign) {
    struct packet packet = PACKET_INIT;
    char signature[HASH_SHA256_HEX];
    const bool can_sign = sign && lines->delimiter + SIGNED_PARTS < lines->n;
    for (size_t i = 0; i < lines->n; i++) {
        packet_adds(&packet, lines->frames[i]);
        if (!can_sign || i != lines->delimiter) continue;
        sign_parts(signer, lines->frames + i + 1, signature);
        packet_adds(&packet, slice_of(signature));
    }
    return packet;
}

/* What is written is read back the same, and is what a reply carries. */
static void check_content(struct request *request, struct wire *wire) {
    json_t *content = NULL, *again = NULL;
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT;
    if (request_content(request, &content, &err) != OK) return;
    json_write(&text, content);
    must(json_parse((struct slice){text.data, text.len}, &again, &err) == OK && json_equal(content, again));
    struct packet reply = message_reply(wire, request, "x_reply", "", (struct slice){text.data, text.len});
    struct frames frames;
    must(frames_check(&reply, &wire->signer, &frames, &err) == OK && frames.n_identities == request->frames.n_identities);
    must(slice_eq(frames.parts[PART_PARENT], request_part(request, PART_HEADER)));
    packet_release(&reply);
    buf_release(&text);
    json_decref(content);
    json_decref(again);
}

static void receive(const struct lines *lines, int flags, struct wire *wire, struct replay *replay) {
    struct error err = ERROR_INIT;
    struct request *request = NULL, *second = NULL;
    const enum channel channel = flags & SEND_CONTROL ? CHANNEL_CONTROL : CHANNEL_SHELL;
    struct packet packet = packet_of(lines, &wire->signer, flags & SEND_SIGNED);
    if (request_new(channel, &packet, &wire->signer, replay, &request, &err) != OK) {
        must(err.message[0] && !packet.bytes.data);
        return;
    }
    must(request->type[0] && request->id && request->channel == channel);
    check_content(request, wire);
    packet = packet_of(lines, &wire->signer, flags & SEND_SIGNED);
    const bool again = request_new(channel, &packet, &wire->signer, replay, &second, &err) == OK;
    must(again == (wire->signer.key_len == 0));
    request_unref(second);
    request_unref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct wire wire;
    if (size == 0) return 0;
    if (!wire.session[0]) wire_init(&wire, "");
    wire.signer = signer_of(data[0] & SEND_NO_KEY ? "" : "a key");
    const struct lines lines = lines_of((struct slice){(const char *)data + 1, size - 1});
    struct replay *replay = replay_new();
    receive(&lines, data[0], &wire, replay);
    replay_free(replay);
    return 0;
}
