#include "kernel/wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define HEADER_BYTES 300

void wire_init(struct wire *wire, const char *key) {
    wire->signer = signer_of(key);
    random_uuid(wire->session);
    atomic_init(&wire->n_messages, 0);
}

/* Parsing is slow, and every answer carries the header. */
static enum status check_sizes(const struct frames *frames, struct error *err) {
    for (int part = PART_HEADER; part <= PART_PARENT; part++)
        if (frames->parts[part].len > HEADER_BYTES_MAX)
            return err_set(err, ERR_PROTOCOL, "a message whose header or parent header has %zu bytes; at most %zu are read", frames->parts[part].len,
                           HEADER_BYTES_MAX);
    return OK;
}

static enum status parse_header(struct request *request, struct error *err) {
    TRY(check_sizes(&request->frames, err));
    TRY(json_parse(request->frames.parts[PART_HEADER], &request->header, err));
    if (!json_is_object(request->header)) return err_set(err, ERR_PROTOCOL, "the header of a message is not a JSON object");
    request->type = json_text(request->header, "msg_type", "");
    request->id = json_text(request->header, "msg_id", "");
    if (!*request->type) return err_set(err, ERR_PROTOCOL, "the header of a message has no msg_type");
    return OK;
}

enum status request_new(enum channel channel, struct packet *packet, const struct signer *signer, struct replay *replay, struct request **out,
                        struct error *err) {
    struct request *request = xnew(struct request);
    atomic_init(&request->count, 1);
    request->channel = channel;
    request->packet = *packet;
    request->received_s = clock_now_s();
    *packet = PACKET_INIT;
    enum status status = frames_check(&request->packet, signer, &request->frames, err);
    if (status == OK && replay && signer->key_len && !replay_add(replay, request->frames.signature.data))
        status = err_set(err, ERR_PROTOCOL, "a message that was sent before (replay)");
    if (status == OK) status = parse_header(request, err);
    if (status != OK) {
        request_unref(request);
        return status;
    }
    *out = request;
    return OK;
}

static void add_identities(const struct request *request, struct packet *packet) {
    for (size_t i = 0; i < request->frames.n_identities; i++) packet_adds(packet, packet_frame(&request->packet, i));
}

struct request *request_outline(const struct request *request) {
    const struct frames *frames = &request->frames;
    struct request *outline = xnew(struct request);
    /* jansson counts atomically, so the two may end on different threads */
    *outline = (struct request){.channel = request->channel, .header = json_incref(request->header), .type = request->type, .id = request->id};
    atomic_init(&outline->count, 1);
    outline->received_s = request->received_s;
    outline->frames.n_identities = frames->n_identities;
    outline->frames.first_buffer = frames->n_identities + 1;
    add_identities(request, &outline->packet);
    packet_adds(&outline->packet, frames->parts[PART_HEADER]);
    outline->frames.parts[PART_HEADER] = packet_frame(&outline->packet, frames->n_identities);
    return outline;
}

struct request *request_ref(struct request *request) {
    atomic_fetch_add(&request->count, 1);
    return request;
}

void request_unref(struct request *request) {
    if (!request || atomic_fetch_sub(&request->count, 1) != 1) return;
    json_decref(request->header);
    packet_release(&request->packet);
    free(request);
}

struct slice request_part(const struct request *request, int part) {
    return request->frames.parts[part];
}

enum status request_content(const struct request *request, json_t **out, struct error *err) {
    json_t *content = NULL;
    struct slice text = request_part(request, PART_CONTENT);
    if (text.len > CONTENT_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the content of `%s` has %zu MiB; at most %zu are read", request->type, text.len >> 20,
                       CONTENT_BYTES_MAX >> 20);
    TRY(json_parse(text, &content, err));
    if (!json_is_object(content)) {
        json_decref(content);
        return err_set(err, ERR_PROTOCOL, "the content of `%s` is not a JSON object", request->type);
    }
    *out = content;
    return OK;
}

void iso_time_now(char out[ISO_TIME_TEXT]) {
    struct timespec now;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    size_t used = strftime(out, ISO_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(out + used, ISO_TIME_TEXT - used, ".%06ldZ", now.tv_nsec / 1000);
}

static void add_header(struct wire *wire, const char *type, unsigned long long number, struct buf *out) {
    char date[ISO_TIME_TEXT];
    iso_time_now(date);
    buf_addf(out, "{\"msg_id\":\"%s_%llu\",\"session\":\"%s\",\"username\":\"kernel\",\"date\":\"%s\",\"msg_type\":", wire->session, number,
             wire->session, date);
    buf_add_json_string(out, slice_of(type));
    buf_adds(out, ",\"version\":\"" PROTOCOL_VERSION "\"}");
}

/* Delimiter, signature and the four parts, after what stands before them in *packet. */
static void add_body(struct wire *wire, const char *type, unsigned long long number, struct slice parent, const char *metadata, struct slice content,
                     struct packet *packet) {
    char signature[HASH_SHA256_HEX];
    struct buf header = BUF_INIT;
    buf_reserve(&header, HEADER_BYTES);
    add_header(wire, type, number, &header);
    struct slice parts[SIGNED_PARTS] = {{header.data, header.len}, parent, slice_of(*metadata ? metadata : "{}"), content};
    sign_parts(&wire->signer, parts, signature);
    packet_add(packet, FRAMES_DELIMITER, sizeof FRAMES_DELIMITER - 1);
    packet_adds(packet, slice_of(signature));
    for (int i = 0; i < SIGNED_PARTS; i++) packet_adds(packet, parts[i]);
    buf_release(&header);
}

struct packet message_reply(struct wire *wire, const struct request *request, const char *type, const char *metadata, struct slice content) {
    struct packet packet = PACKET_INIT;
    add_identities(request, &packet);
    add_body(wire, type, atomic_fetch_add(&wire->n_messages, 1), request_part(request, PART_HEADER), metadata, content, &packet);
    return packet;
}

struct packet message_publish(struct wire *wire, const struct request *parent, const char *topic, const char *type, const char *metadata,
                              struct slice content) {
    struct packet packet = PACKET_INIT;
    packet_adds(&packet, slice_of(topic));
    add_body(wire, type, atomic_fetch_add(&wire->n_messages, 1), parent ? request_part(parent, PART_HEADER) : slice_of("{}"), metadata, content,
             &packet);
    return packet;
}

struct packet message_prompt(struct wire *wire, const struct request *parent, struct slice content, char **out_id) {
    struct packet packet = PACKET_INIT;
    struct buf id = BUF_INIT;
    unsigned long long number = atomic_fetch_add(&wire->n_messages, 1);
    buf_addf(&id, "%s_%llu", wire->session, number);
    add_identities(parent, &packet);
    add_body(wire, "input_request", number, request_part(parent, PART_HEADER), "", content, &packet);
    *out_id = buf_take(&id);
    return packet;
}
