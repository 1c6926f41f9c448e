#include "kernel/wire/sign.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

struct signer signer_of(const char *key) {
    return (struct signer){key, strlen(key)};
}

static void sign(const struct signer *signer, const struct slice *parts, size_t n_parts, char out_hex[HASH_SHA256_HEX]) {
    const void *data[SIGNED_PARTS];
    size_t lens[SIGNED_PARTS];
    out_hex[0] = 0;
    if (!signer->key_len) return;
    for (size_t i = 0; i < n_parts; i++) {
        data[i] = parts[i].data;
        lens[i] = parts[i].len;
    }
    hmac_sha256_hex(signer->key, signer->key_len, data, lens, n_parts, out_hex);
}

static bool check(const struct signer *signer, const struct slice *parts, size_t n_parts, struct slice signature) {
    char right[HASH_SHA256_HEX];
    if (!signer->key_len) return true;
    if (signature.len != SIGNATURE_LEN) return false;
    sign(signer, parts, n_parts, right);
    return hash_equal(right, signature.data, SIGNATURE_LEN);
}

void sign_parts(const struct signer *signer, const struct slice parts[SIGNED_PARTS], char out_hex[HASH_SHA256_HEX]) {
    sign(signer, parts, SIGNED_PARTS, out_hex);
}

bool sign_check(const struct signer *signer, const struct slice parts[SIGNED_PARTS], struct slice signature) {
    return check(signer, parts, SIGNED_PARTS, signature);
}

void sign_frame(const struct signer *signer, struct slice frame, char out_hex[HASH_SHA256_HEX]) { sign(signer, &frame, 1, out_hex); }

bool sign_check_frame(const struct signer *signer, struct slice frame, struct slice signature) { return check(signer, &frame, 1, signature); }

/* Half of a signature is plenty to tell messages apart. Slots form a ring;
 * chains of slots hang on 2 * cap heads. Both grow up to REPLAY_MAX slots. */
#define MARK_BYTES 16
#define REPLAY_START 512
#define NO_SLOT UINT32_MAX

struct replay {
    char (*marks)[MARK_BYTES];
    uint32_t *next, *heads;
    uint32_t cap, len, oldest;
};

static uint32_t head_of(const struct replay *replay, const char *mark) { return (uint32_t)hash_bytes(mark, MARK_BYTES, 0) & (replay->cap * 2 - 1); }

static void link_slot(struct replay *replay, uint32_t slot) {
    uint32_t head = head_of(replay, replay->marks[slot]);
    replay->next[slot] = replay->heads[head];
    replay->heads[head] = slot;
}

static void unlink_slot(struct replay *replay, uint32_t slot) {
    uint32_t *at = &replay->heads[head_of(replay, replay->marks[slot])];
    while (*at != slot) at = &replay->next[*at];
    *at = replay->next[slot];
}

static void grow(struct replay *replay, uint32_t cap) {
    replay->marks = xrealloc(replay->marks, cap * sizeof *replay->marks);
    replay->next = xrealloc(replay->next, cap * sizeof *replay->next);
    replay->heads = xrealloc(replay->heads, cap * 2 * sizeof *replay->heads);
    replay->cap = cap;
    for (uint32_t i = 0; i < cap * 2; i++) replay->heads[i] = NO_SLOT;
    for (uint32_t i = 0; i < replay->len; i++) link_slot(replay, i);
}

struct replay *replay_new(void) {
    struct replay *replay = xnew(struct replay);
    grow(replay, REPLAY_START);
    return replay;
}

void replay_free(struct replay *replay) {
    if (!replay) return;
    free(replay->marks);
    free(replay->next);
    free(replay->heads);
    free(replay);
}

static bool known(const struct replay *replay, const char *mark) {
    for (uint32_t i = replay->heads[head_of(replay, mark)]; i != NO_SLOT; i = replay->next[i])
        if (memcmp(replay->marks[i], mark, MARK_BYTES) == 0) return true;
    return false;
}

bool replay_add(struct replay *replay, const char *signature) {
    if (known(replay, signature)) return false;
    if (replay->len == replay->cap && replay->cap < REPLAY_MAX) grow(replay, replay->cap * 2);
    uint32_t slot = replay->len;
    if (replay->len == replay->cap) {
        slot = replay->oldest;
        replay->oldest = (replay->oldest + 1) % replay->cap;
        unlink_slot(replay, slot);
    } else replay->len++;
    memcpy(replay->marks[slot], signature, MARK_BYTES);
    link_slot(replay, slot);
    return true;
}
