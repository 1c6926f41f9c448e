#include "runtime/base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode_group(const unsigned char *in, size_t n, char out[4]) {
    uint32_t bits = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
    out[0] = digits[bits >> 18];
    out[1] = digits[bits >> 12 & 63];
    out[2] = n > 1 ? digits[bits >> 6 & 63] : '=';
    out[3] = n > 2 ? digits[bits & 63] : '=';
}

void buf_add_base64(struct buf *buf, struct slice bytes) {
    const unsigned char *in = (const unsigned char *)bytes.data;
    char block[4096];
    size_t filled = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        encode_group(in + i, bytes.len - i, block + filled);
        filled += 4;
        if (filled == sizeof block) {
            buf_add(buf, block, filled);
            filled = 0;
        }
    }
    buf_add(buf, block, filled);
}
