#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/wire/message.h"

#define KEY "secret"

static struct packet incoming(const struct signer *signer, const char *header, const char *content) {
    struct packet packet = PACKET_INIT;
    const struct slice parts[SIGNED_PARTS] = {slice_of(header), slice_of("{}"), slice_of("{}"), slice_of(content)};
    char signature[HASH_SHA256_HEX];
    sign_parts(signer, parts, signature);
    packet_adds(&packet, slice_of("client"));
    packet_adds(&packet, slice_of(FRAMES_DELIMITER));
    packet_adds(&packet, slice_of(signature));
    for (int i = 0; i < SIGNED_PARTS; i++) packet_adds(&packet, parts[i]);
    return packet;
}

#define HEADER "{\"msg_type\":\"x_request\",\"msg_id\":\"7\",\"more\":{\"kept\":[1,2]}}"

static struct request *request_of(const struct wire *wire, const char *header, const char *content, struct error *err) {
    struct packet packet = incoming(&wire->signer, header, content);
    struct request *request = NULL;
    return request_new(CHANNEL_SHELL, &packet, &wire->signer, NULL, &request, err) == OK ? request : NULL;
}

static json_t *part_json(const struct packet *packet, size_t frame) {
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse(packet_frame(packet, frame), &json, &err), OK);
    return json;
}

static void a_reply_answers_its_request(void **state) {
    (void)state;
    struct wire wire;
    struct error err = ERROR_INIT;
    struct frames frames;
    wire_init(&wire, KEY);
    struct request *request = request_of(&wire, HEADER, "{\"a\":1}", &err);
    assert_non_null(request);
    assert_string_equal(request->type, "x_request");
    struct packet packet = message_reply(&wire, request, "x_reply", "{\"m\":1}", slice_of("{\"status\":\"ok\"}"));
    assert_int_equal(frames_check(&packet, &wire.signer, &frames, &err), OK);
    assert_true(slice_eqz(packet_frame(&packet, 0), "client"));
    assert_true(slice_eqz(frames.parts[PART_PARENT], HEADER)); /* byte for byte */
    assert_true(slice_eqz(frames.parts[PART_METADATA], "{\"m\":1}"));
    json_t *header = part_json(&packet, 3);
    assert_string_equal(json_text(header, "msg_type", ""), "x_reply");
    assert_string_equal(json_text(header, "session", ""), wire.session);
    assert_string_equal(json_text(header, "version", ""), PROTOCOL_VERSION);
    assert_string_not_equal(json_text(header, "msg_id", ""), "7");
    json_decref(header);
    packet_release(&packet);
    request_unref(request);
}

static void an_outline_stands_for_its_request(void **state) {
    (void)state;
    struct wire wire;
    struct error err = ERROR_INIT;
    struct frames frames;
    wire_init(&wire, KEY);
    struct request *request = request_of(&wire, HEADER, "{\"large\":\"content\"}", &err);
    assert_non_null(request);
    struct request *outline = request_outline(request);
    request_unref(request);
    assert_string_equal(outline->type, "x_request");
    assert_string_equal(outline->id, "7");
    assert_int_equal(outline->packet.bytes.len, strlen("client" HEADER));
    struct packet packet = message_reply(&wire, outline, "x_reply", "", slice_of("{}"));
    assert_int_equal(frames_check(&packet, &wire.signer, &frames, &err), OK);
    assert_true(slice_eqz(packet_frame(&packet, 0), "client"));
    assert_true(slice_eqz(frames.parts[PART_PARENT], HEADER));
    packet_release(&packet);
    request_unref(outline);
}

static void a_broadcast_has_a_topic(void **state) {
    (void)state;
    struct wire wire;
    struct frames frames;
    struct error err = ERROR_INIT;
    wire_init(&wire, "");
    struct packet packet = message_publish(&wire, NULL, "status", "status", "", slice_of("{}"));
    assert_int_equal(frames_check(&packet, &wire.signer, &frames, &err), OK);
    assert_true(slice_eqz(packet_frame(&packet, 0), "status"));
    assert_int_equal(frames.signature.len, 0);
    assert_true(slice_eqz(frames.parts[PART_PARENT], "{}"));
    assert_true(slice_eqz(frames.parts[PART_METADATA], "{}"));
    packet_release(&packet);
}

static void bad_headers(void **state) {
    (void)state;
    const char *headers[] = {"", "{", "[]", "null", "{}", "{\"msg_type\":3}", "{\"msg_type\":\"\"}"};
    struct wire wire;
    wire_init(&wire, KEY);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct error err = ERROR_INIT;
        assert_null(request_of(&wire, headers[i], "{}", &err));
        assert_int_not_equal(err.code, OK);
    }
}

static void headers_have_a_size(void **state) {
    (void)state;
    struct wire wire;
    struct error err = ERROR_INIT;
    struct buf header = BUF_INIT;
    wire_init(&wire, KEY);
    buf_adds(&header, "{\"msg_type\":\"x\",\"a\":\"");
    while (header.len + 2 < HEADER_BYTES_MAX) buf_addc(&header, 'a');
    buf_adds(&header, "\"}");
    struct request *request = request_of(&wire, buf_text(&header), "{}", &err);
    assert_non_null(request);
    request_unref(request);
    buf_addc(&header, ' ');
    assert_null(request_of(&wire, buf_text(&header), "{}", &err));
    assert_string_equal(err.message, "a message whose header or parent header has 1048577 bytes; at most 1048576 are read");
    buf_release(&header);
}

static void bad_contents(void **state) {
    (void)state;
    const char *contents[] = {"", "{", "[1]", "3"};
    struct wire wire;
    wire_init(&wire, KEY);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        struct error err = ERROR_INIT;
        json_t *content = NULL;
        struct request *request = request_of(&wire, HEADER, contents[i], &err);
        assert_non_null(request);
        assert_int_not_equal(request_content(request, &content, &err), OK);
        assert_null(content);
        request_unref(request);
    }
}

static void replays(void **state) {
    (void)state;
    struct wire wire;
    struct error err = ERROR_INIT;
    struct request *request = NULL, *again = NULL;
    struct replay *replay = replay_new();
    wire_init(&wire, KEY);
    struct packet first = incoming(&wire.signer, HEADER, "{}"), second = incoming(&wire.signer, HEADER, "{}");
    assert_int_equal(request_new(CHANNEL_SHELL, &first, &wire.signer, replay, &request, &err), OK);
    assert_int_equal(request_new(CHANNEL_CONTROL, &second, &wire.signer, replay, &again, &err), ERR_PROTOCOL);
    assert_null(again);
    request_unref(request);
    replay_free(replay);
}

static void times_are_iso(void **state) {
    (void)state;
    char time[ISO_TIME_TEXT];
    iso_time_now(time);
    assert_int_equal(strlen(time), strlen("2026-11-24T08:15:00.123456Z"));
    assert_int_equal(time[10], 'T');
    assert_int_equal(time[26], 'Z');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_answers_its_request),
        cmocka_unit_test(an_outline_stands_for_its_request),
        cmocka_unit_test(a_broadcast_has_a_topic),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(headers_have_a_size),
        cmocka_unit_test(bad_contents),
        cmocka_unit_test(replays),
        cmocka_unit_test(times_are_iso),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
