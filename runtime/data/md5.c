#include "runtime/data/md5.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/file.h"

#define BLOCK 64
#define CHECK_BYTES (1 << 20) /* between two safe points */

/* floor(2^32 |sin(i + 1)|) */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1,
    0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453,
    0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
    0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05,
    0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d,
    0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static uint32_t word(const unsigned char *at) { return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24; }

static void add_block(uint32_t state[4], const unsigned char *block) {
    static const unsigned char turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 64; i++) {
        const unsigned round = i / 16, turn = turns[round][i % 4];
        const uint32_t mixed = round == 0 ? (b & c) | (~b & d) : round == 1 ? (b & d) | (c & ~d) : round == 2 ? b ^ c ^ d : c ^ (b | ~d);
        const unsigned from = round == 0 ? i : round == 1 ? (5 * i + 1) % 16 : round == 2 ? (3 * i + 5) % 16 : 7 * i % 16;
        const uint32_t sum = a + mixed + sines[i] + word(block + 4 * from);
        a = d;
        d = c;
        c = b;
        b += sum << turn | sum >> (32 - turn);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

/* The last bytes with a one bit, zeros and the length in bits. */
static void add_end(uint32_t state[4], const unsigned char *rest, size_t n, uint64_t whole) {
    unsigned char block[2 * BLOCK] = {0};
    const size_t blocks = n + 9 <= BLOCK ? 1 : 2;
    memcpy(block, rest, n);
    block[n] = 0x80;
    for (size_t i = 0; i < 8; i++) block[blocks * BLOCK - 8 + i] = (unsigned char)(8 * whole >> 8 * i);
    for (size_t i = 0; i < blocks; i++) add_block(state, block + i * BLOCK);
}

enum status md5_file(struct task *task, const char *path, char out_hex[MD5_HEX], struct error *err) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    struct file_map map;
    size_t at = 0;
    enum status status = OK;
    TRY(file_map_open(path, &map, err));
    const unsigned char *bytes = (const unsigned char *)map.data;
    for (; status == OK && at + BLOCK <= map.len; at += BLOCK) {
        if (at % CHECK_BYTES == 0) status = task_check(task, err);
        add_block(state, bytes + at);
    }
    if (status == OK) {
        add_end(state, bytes + at, map.len - at, map.len);
        for (int i = 0; i < 16; i++) snprintf(out_hex + 2 * i, 3, "%02x", state[i / 4] >> 8 * (i % 4) & 0xFF);
    }
    file_map_close(&map);
    return status;
}
