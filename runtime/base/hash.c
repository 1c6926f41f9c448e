#include "runtime/base/hash.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

bool hash_init(void) { return sodium_init() >= 0; }

/* Little-endian loads, so that a hash written by one machine is found by another. */
static uint64_t load_bytes(const unsigned char *at, size_t n) {
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) value |= (uint64_t)at[i] << 8 * i;
    return value;
}

/* A bijection of 64 bits in which every input bit reaches every output bit (two odd products, three shifts). */
static uint64_t mix(uint64_t x) {
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93ull;
    x ^= x >> 29;
    x *= 0xA0761D6478BD642Full;
    return x ^ x >> 32;
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed) {
    const unsigned char *at = data;
    uint64_t state = mix(seed ^ 0x9E3779B97F4A7C15ull) + len;
    size_t left = len;
    if (left >= 64) {
        /* Four chains side by side: the products of one wait for nobody else's. */
        uint64_t lanes[4] = {state, state + 1, state + 2, state + 3};
        for (; left >= 32; left -= 32, at += 32)
            for (int lane = 0; lane < 4; lane++) lanes[lane] = mix(lanes[lane] ^ load_bytes(at + 8 * lane, 8)) + 0x8EBC6AF09C88C6E3ull;
        for (int lane = 0; lane < 4; lane++) state = mix(state ^ lanes[lane]);
    }
    for (; left >= 8; left -= 8, at += 8) state = mix(state ^ load_bytes(at, 8)) + 0x8EBC6AF09C88C6E3ull;
    return mix(state ^ load_bytes(at, left));
}

struct sha256 {
    crypto_hash_sha256_state state;
};

static void to_hex(const unsigned char *bytes, char out_hex[HASH_SHA256_HEX]) {
    sodium_bin2hex(out_hex, HASH_SHA256_HEX, bytes, crypto_hash_sha256_BYTES);
}

struct sha256 *sha256_new(void) {
    struct sha256 *sha = xnew(struct sha256);
    crypto_hash_sha256_init(&sha->state);
    return sha;
}

void sha256_add(struct sha256 *sha, const void *data, size_t len) {
    if (len) crypto_hash_sha256_update(&sha->state, data, len);
}

void sha256_end(struct sha256 *sha, char out_hex[HASH_SHA256_HEX]) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&sha->state, digest);
    to_hex(digest, out_hex);
    free(sha);
}

bool sha256_file(const char *path, char out_hex[HASH_SHA256_HEX]) {
    FILE *stream = fopen(path, "rbe");
    if (!stream) return false;
    struct sha256 *sha = sha256_new();
    unsigned char block[16384];
    for (size_t n; (n = fread(block, 1, sizeof block, stream)) > 0;) sha256_add(sha, block, n);
    bool whole = !ferror(stream);
    fclose(stream);
    char hex[HASH_SHA256_HEX];
    sha256_end(sha, hex);
    if (whole) memcpy(out_hex, hex, sizeof hex);
    return whole;
}

void hmac_sha256_hex(const void *key, size_t key_len, const void *const *parts, const size_t *lens, size_t n_parts, char out_hex[HASH_SHA256_HEX]) {
    crypto_auth_hmacsha256_state state;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, key ? key : "", key_len);
    for (size_t i = 0; i < n_parts; i++)
        if (lens[i]) crypto_auth_hmacsha256_update(&state, parts[i], lens[i]);
    crypto_auth_hmacsha256_final(&state, digest);
    sodium_memzero(&state, sizeof state);
    to_hex(digest, out_hex);
}

bool hash_equal(const void *a, const void *b, size_t len) { return len == 0 || sodium_memcmp(a, b, len) == 0; }

void random_bytes(void *out, size_t len) { randombytes_buf(out, len); }

/* Version 4 (RFC 9562). */
void random_uuid(char out[UUID_TEXT]) {
    unsigned char b[16];
    random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
        out[at++] = digits[b[i] >> 4];
        out[at++] = digits[b[i] & 15];
    }
    out[at] = 0;
}
