#include "kernel/wire/frames.h"

enum status frames_delimiter(const struct packet *packet, size_t *out, struct error *err) {
    size_t last = packet->n < FRAMES_IDENTITIES_MAX + 1 ? packet->n : FRAMES_IDENTITIES_MAX + 1;
    for (size_t i = 0; i < last; i++)
        if (slice_eqz(packet_frame(packet, i), FRAMES_DELIMITER)) {
            *out = i;
            return OK;
        }
    return err_set(err, ERR_PROTOCOL, "no " FRAMES_DELIMITER " among the first frames of a message of %zu frames", packet->n);
}

enum status frames_check(const struct packet *packet, const struct signer *signer, struct frames *out, struct error *err) {
    struct frames found = {0};
    if (packet->too_large)
        return err_set(err, ERR_PROTOCOL, "a message of more than %d frames or %zu MiB", PACKET_FRAMES_MAX, PACKET_BYTES_MAX >> 20);
    TRY(frames_delimiter(packet, &found.n_identities, err));
    size_t first = found.n_identities + 1, have = packet->n - first;
    if (have < 1 + SIGNED_PARTS)
        return err_set(err, ERR_PROTOCOL, "%zu frames after " FRAMES_DELIMITER " where a message has at least %d", have, 1 + SIGNED_PARTS);
    found.signature = packet_frame(packet, first);
    for (size_t i = 0; i < SIGNED_PARTS; i++) found.parts[i] = packet_frame(packet, first + 1 + i);
    found.first_buffer = first + 1 + SIGNED_PARTS;
    if (!sign_check(signer, found.parts, found.signature)) return err_set(err, ERR_PROTOCOL, "a message with a wrong signature");
    *out = found;
    return OK;
}
