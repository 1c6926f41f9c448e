/* Signatures (HMAC-SHA256 over header, parent, metadata, content as they stand
 * on the wire) and the memory against replays. Signing only reads the signer,
 * so any thread may sign; the replay memory belongs to the receiving thread. */
#ifndef RECKON_SIGN_H
#define RECKON_SIGN_H

#include "runtime/base/hash.h"
#include "runtime/base/str.h"

#define SIGNED_PARTS 4
#define SIGNATURE_LEN 64

struct signer {
    const char *key; /* borrowed; "" = no authentication: signatures are empty and nothing is checked */
    size_t key_len;
};

struct signer signer_of(const char *key);
void sign_parts(const struct signer *signer, const struct slice parts[SIGNED_PARTS], char out_hex[HASH_SHA256_HEX]);
/* Exactly 64 lower-case hex digits that are the right ones; compared in constant time. */
bool sign_check(const struct signer *signer, const struct slice parts[SIGNED_PARTS], struct slice signature);
/* The same for what is one frame alone (registration). */
void sign_frame(const struct signer *signer, struct slice frame, char out_hex[HASH_SHA256_HEX]);
bool sign_check_frame(const struct signer *signer, struct slice frame, struct slice signature);

#define REPLAY_MAX 65536 /* signatures remembered, the oldest forgotten first */
struct replay;
struct replay *replay_new(void);
void replay_free(struct replay *replay);
/* Remembers a signature of SIGNATURE_LEN bytes; false when it was there already. */
bool replay_add(struct replay *replay, const char *signature);

#endif
