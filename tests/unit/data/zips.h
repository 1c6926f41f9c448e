/* Zip archives made in memory: stored files, odd entries, a bomb. */
#ifndef TESTS_DATA_ZIPS_H
#define TESTS_DATA_ZIPS_H

#include <string.h>

#include "runtime/base/str.h"

struct zip {
    struct buf bytes, directory;
    int n;
};

static inline uint32_t zip_crc(const void *data, size_t len) {
    const unsigned char *at = data;
    uint32_t crc = ~0u;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static inline void zip_number(struct buf *out, uint64_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; i++) buf_addc(out, (char)(value >> 8 * i & 0xFF));
}

/* What local header and directory have in common. */
static inline void zip_entry(struct buf *out, const char *name, int method, uint32_t crc, size_t packed, size_t size) {
    zip_number(out, 20, 2);
    zip_number(out, 0, 2);
    zip_number(out, (uint32_t)method, 2);
    zip_number(out, 0x21 << 16, 4); /* 1980-01-01 */
    zip_number(out, crc, 4);
    zip_number(out, (uint32_t)packed, 4);
    zip_number(out, (uint32_t)size, 4);
    zip_number(out, (uint32_t)strlen(name), 2);
    zip_number(out, 0, 2);
}

/* mode: of Unix, 0100644 for a file, 0120777 for a link. */
static inline void zip_raw(struct zip *zip, const char *name, unsigned mode, int method, const void *packed, size_t n_packed, uint32_t crc,
                           size_t size) {
    const size_t at = zip->bytes.len;
    zip_number(&zip->bytes, 0x04034b50, 4);
    zip_entry(&zip->bytes, name, method, crc, n_packed, size);
    buf_adds(&zip->bytes, name);
    buf_add(&zip->bytes, packed, n_packed);
    zip_number(&zip->directory, 0x02014b50, 4);
    zip_number(&zip->directory, 3 << 8 | 20, 2);
    zip_entry(&zip->directory, name, method, crc, n_packed, size);
    zip_number(&zip->directory, 0, 6 - 2 + 2);
    zip_number(&zip->directory, mode << 16, 4);
    zip_number(&zip->directory, (uint32_t)at, 4);
    buf_adds(&zip->directory, name);
    zip->n++;
}

static inline void zip_data(struct zip *zip, const char *name, const void *data, size_t len) {
    zip_raw(zip, name, 0100644, 0, data, len, zip_crc(data, len), len);
}

static inline void zip_text(struct zip *zip, const char *name, const char *text) { zip_data(zip, name, text, strlen(text)); }

/* n zeros, deflated to a hundredth: one zero, then copies of 258 from one byte before, in fixed codes. */
static inline void zip_zeros(struct zip *zip, const char *name, size_t n_copies) {
    struct buf packed = BUF_INIT;
    uint32_t bits = 0;
    int n_bits = 0;
    const size_t size = 1 + 258 * n_copies;
    char *zeros = calloc(size, 1);
    for (size_t i = 0; i < n_copies + 3; i++) {
        /* 3 bits: last block, fixed codes; 8: the literal 0 (00110000, highest bit first); 13: 285 (11000101), distance 0; 7: the end */
        const uint32_t code = i == 0 ? 3 : i == 1 ? 0x0C : i < n_copies + 2 ? 0xA3 : 0;
        bits |= code << n_bits;
        n_bits += i == 0 ? 3 : i == 1 ? 8 : i < n_copies + 2 ? 13 : 7;
        for (; n_bits >= 8; n_bits -= 8, bits >>= 8) buf_addc(&packed, (char)(bits & 0xFF));
    }
    if (n_bits) buf_addc(&packed, (char)(bits & 0xFF));
    zip_raw(zip, name, 0100644, 8, packed.data, packed.len, zip_crc(zeros, size), size);
    free(zeros);
    buf_release(&packed);
}

/* Appends the directory: the archive is whole. Frees nothing: zip_release does. */
static inline void zip_end(struct zip *zip) {
    const size_t at = zip->bytes.len;
    buf_add(&zip->bytes, zip->directory.data, zip->directory.len);
    zip_number(&zip->bytes, 0x06054b50, 4);
    zip_number(&zip->bytes, 0, 4);
    zip_number(&zip->bytes, (uint32_t)zip->n, 2);
    zip_number(&zip->bytes, (uint32_t)zip->n, 2);
    zip_number(&zip->bytes, (uint32_t)zip->directory.len, 4);
    zip_number(&zip->bytes, (uint32_t)at, 4);
    zip_number(&zip->bytes, 0, 2);
}

static inline void zip_release(struct zip *zip) {
    buf_release(&zip->bytes);
    buf_release(&zip->directory);
}

#endif
