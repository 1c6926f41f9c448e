/* Hashes and random bytes. libsodium is owned by hash.c. */
#ifndef RECKON_HASH_H
#define RECKON_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once, before any other call; false when libsodium can't start. */
bool hash_init(void);

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed); /* fast, not cryptographic; same everywhere */

#define HASH_SHA256_HEX 65
struct sha256; /* incremental */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha, const void *data, size_t len);
void sha256_end(struct sha256 *sha, char out_hex[HASH_SHA256_HEX]); /* frees sha */
bool sha256_file(const char *path, char out_hex[HASH_SHA256_HEX]);

/* HMAC-SHA256 of several parts in order; key of any length. */
void hmac_sha256_hex(const void *key, size_t key_len, const void *const *parts, const size_t *lens, size_t n_parts, char out_hex[HASH_SHA256_HEX]);
bool hash_equal(const void *a, const void *b, size_t len); /* constant time */

void random_bytes(void *out, size_t len); /* from the system: ids, never models */
#define UUID_TEXT 37
void random_uuid(char out[UUID_TEXT]);

#endif
