#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kernel/wire/frames.h"

#define KEY "secret"

static struct packet packet_of(const char *const *frames, size_t n) {
    struct packet packet = PACKET_INIT;
    for (size_t i = 0; i < n; i++) packet_adds(&packet, slice_of(frames[i]));
    return packet;
}

/* identity, delimiter, signature, four parts, a buffer */
static struct packet signed_packet(void) {
    const struct signer signer = signer_of(KEY);
    const struct slice parts[SIGNED_PARTS] = {slice_of("{\"h\":1}"), slice_of("{}"), slice_of("{}"), slice_of("{\"c\":2}")};
    char signature[HASH_SHA256_HEX];
    sign_parts(&signer, parts, signature);
    const char *frames[] = {"who", FRAMES_DELIMITER, signature, parts[0].data, parts[1].data, parts[2].data, parts[3].data, "buffer"};
    return packet_of(frames, 8);
}

static void good_message(void **state) {
    (void)state;
    const struct signer signer = signer_of(KEY);
    struct packet packet = signed_packet();
    struct frames frames;
    struct error err = ERROR_INIT;
    assert_int_equal(frames_check(&packet, &signer, &frames, &err), OK);
    assert_int_equal(frames.n_identities, 1);
    assert_int_equal(frames.first_buffer, 7);
    assert_true(slice_eqz(frames.parts[PART_HEADER], "{\"h\":1}"));
    assert_true(slice_eqz(frames.parts[PART_CONTENT], "{\"c\":2}"));
    packet_release(&packet);
}

static void refuse(const char *const *texts, size_t n, const char *key, const char *word) {
    const struct signer signer = signer_of(key);
    struct packet packet = packet_of(texts, n);
    struct frames frames;
    struct error err = ERROR_INIT;
    assert_int_equal(frames_check(&packet, &signer, &frames, &err), ERR_PROTOCOL);
    assert_non_null(strstr(err.message, word));
    packet_release(&packet);
}

static void bad_messages(void **state) {
    (void)state;
    const char *parts[] = {FRAMES_DELIMITER, "", "{}", "{}", "{}", "{}"};
    for (size_t n = 1; n < 6; n++) refuse(parts, n, "", "frames after");
    refuse(parts, 6, KEY, "signature");
    refuse(parts + 1, 5, "", "no " FRAMES_DELIMITER);
    refuse(NULL, 0, "", "no " FRAMES_DELIMITER);
    const char *crowd[FRAMES_IDENTITIES_MAX + 8];
    for (size_t i = 0; i < FRAMES_IDENTITIES_MAX + 8; i++) crowd[i] = i == FRAMES_IDENTITIES_MAX + 1 ? FRAMES_DELIMITER : "id";
    refuse(crowd, FRAMES_IDENTITIES_MAX + 8, "", "no " FRAMES_DELIMITER);
}

static void signatures_are_exact(void **state) {
    (void)state;
    const struct signer signer = signer_of(KEY), nobody = signer_of("");
    const struct slice parts[SIGNED_PARTS] = {slice_of("a"), slice_of("b"), slice_of("c"), slice_of("d")};
    char right[HASH_SHA256_HEX], upper[HASH_SHA256_HEX], none[HASH_SHA256_HEX] = "x";
    sign_parts(&signer, parts, right);
    /* HMAC-SHA256("secret", "abcd"), by Python's hmac */
    assert_string_equal(right, "3057ecbaeceffb90b97394a97267236eca9f9e5520dfe387831a22a0eb7709d2");
    assert_int_equal(strlen(right), SIGNATURE_LEN);
    for (int i = 0; i <= SIGNATURE_LEN; i++) upper[i] = (char)(right[i] >= 'a' && right[i] <= 'f' ? right[i] - 32 : right[i]);
    assert_true(sign_check(&signer, parts, slice_of(right)));
    assert_false(sign_check(&signer, parts, slice_of(upper)));
    assert_false(sign_check(&signer, parts, (struct slice){right, SIGNATURE_LEN - 1}));
    assert_false(sign_check(&signer, parts, slice_of("")));
    sign_parts(&nobody, parts, none);
    assert_string_equal(none, "");
    assert_true(sign_check(&nobody, parts, slice_of("anything")));
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    const struct signer signer = signer_of(KEY);
    struct packet packet = signed_packet();
    size_t from = packet.ends[1], to = packet.ends[6]; /* signature to content */
    for (size_t i = from; i < to; i++) {
        struct frames frames;
        struct error err = ERROR_INIT;
        packet.bytes.data[i] ^= 1;
        assert_int_equal(frames_check(&packet, &signer, &frames, &err), ERR_PROTOCOL);
        packet.bytes.data[i] ^= 1;
    }
    packet_release(&packet);
}

static void packets_have_bounds(void **state) {
    (void)state;
    struct packet packet = PACKET_INIT;
    for (int i = 0; i < PACKET_FRAMES_MAX + 10; i++) packet_add(&packet, "x", 1);
    assert_true(packet.too_large);
    assert_int_equal(packet.n, PACKET_FRAMES_MAX);
    packet_release(&packet);
    assert_false(packet.too_large);
    packet_add(&packet, "", 0);
    packet_add(&packet, "two", 3);
    assert_int_equal(packet_frame(&packet, 0).len, 0);
    assert_true(slice_eqz(packet_frame(&packet, 1), "two"));
    packet_release(&packet);
}

/* --- replays --- */

static void mark(uint64_t number, char out[SIGNATURE_LEN]) {
    char text[SIGNATURE_LEN + 1];
    snprintf(text, sizeof text, "%016llx%016llx%016llx%016llx", (unsigned long long)(number * 0x9E3779B97F4A7C15u), (unsigned long long)number, 0ull,
             0ull);
    memcpy(out, text, SIGNATURE_LEN);
}

static void replays_are_remembered(void **state) {
    (void)state;
    struct replay *replay = replay_new();
    char signature[SIGNATURE_LEN];
    for (uint64_t i = 0; i < 3 * REPLAY_MAX; i++) {
        mark(i, signature);
        assert_true(replay_add(replay, signature));
        if (i % 1000 == 0) assert_false(replay_add(replay, signature));
    }
    for (uint64_t i = 3 * REPLAY_MAX - REPLAY_MAX; i < 3 * REPLAY_MAX; i += 997) {
        mark(i, signature);
        assert_false(replay_add(replay, signature));
    }
    mark(0, signature);
    assert_true(replay_add(replay, signature)); /* forgotten long ago */
    replay_free(replay);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_message),         cmocka_unit_test(bad_messages),
        cmocka_unit_test(signatures_are_exact), cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(packets_have_bounds),  cmocka_unit_test(replays_are_remembered),
    };
    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
