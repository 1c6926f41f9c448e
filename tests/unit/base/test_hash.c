#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/hash.h"

static void sha256(void **state) {
    (void)state;
    char hex[HASH_SHA256_HEX];
    sha256_end(sha256_new(), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct sha256 *sha = sha256_new();
    sha256_add(sha, "a", 1);
    sha256_add(sha, NULL, 0);
    sha256_add(sha, "bc", 2);
    sha256_end(sha, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(sha256_file("/nonexistent/file", hex));
    assert_false(sha256_file("/", hex));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(sha256_file("/dev/null", hex));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void assert_hmac(const void *key, size_t key_len, const void *data, size_t len, const char *expected) {
    char hex[HASH_SHA256_HEX];
    for (size_t cut = 0; cut <= len; cut += len / 3 + 1) {
        const void *parts[] = {data, (const char *)data + cut};
        const size_t lens[] = {cut, len - cut};
        hmac_sha256_hex(key, key_len, parts, lens, 2, hex);
        assert_string_equal(hex, expected);
    }
}

static void hmac_of_rfc_4231(void **state) {
    (void)state;
    unsigned char key[131], data[50];
    memset(key, 0x0b, 20);
    assert_hmac(key, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac("Jefe", 4, "what do ya want for nothing?", 28, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    assert_hmac(key, 20, data, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    unsigned char counting[25];
    for (unsigned char i = 0; i < 25; i++) counting[i] = (unsigned char)(i + 1);
    memset(data, 0xcd, sizeof data);
    assert_hmac(counting, 25, data, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    assert_hmac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    static const char long_data[] =
        "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being "
        "used by the HMAC algorithm.";
    assert_hmac(key, 131, long_data, sizeof long_data - 1, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    assert_hmac(NULL, 0, "", 0, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void comparing(void **state) {
    (void)state;
    assert_true(hash_equal("abc", "abc", 3) && hash_equal(NULL, NULL, 0));
    assert_false(hash_equal("abc", "abd", 3));
}

/* Files hold these: a change is a change of format. */
static void fast_hash_is_fixed(void **state) {
    (void)state;
    unsigned char data[200];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 7 + 1);
    static const struct {
        size_t len;
        uint64_t hash;
    } rows[] = {{0, 0xe05ae12520303fe7ull}, {1, 0x323dcabbf58d0025ull},   {7, 0x2121b86137ef3ff6ull},  {8, 0xfa4e4043cf8a101ull},
                {9, 0xe69a3e1f9930ece8ull}, {31, 0xe591bf82d6e84474ull},  {63, 0xeac9714c9e2ba599ull}, {64, 0x8a506ce2e09ab4d2ull},
                {65, 0x7bbdb13abb8b7ddull}, {100, 0xc75a0a7bdf2f7d86ull}, {200, 0x3b63814708fc1353ull}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_int_equal(hash_bytes(data, rows[i].len, 1), rows[i].hash);
}

static void fast_hash_sees_every_bit(void **state) {
    (void)state;
    unsigned char data[150] = {0};
    for (size_t len = 0; len <= sizeof data; len++) {
        uint64_t plain = hash_bytes(data, len, 0);
        assert_true(plain != hash_bytes(data, len, 1));
        if (len) assert_true(plain != hash_bytes(data, len - 1, 0));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            data[bit / 8] ^= (unsigned char)(1u << bit % 8);
            uint64_t flipped = hash_bytes(data, len, 0);
            data[bit / 8] = 0;
            int distance = __builtin_popcountll(plain ^ flipped);
            assert_true(distance >= 8 && distance <= 56);
        }
    }
    /* From an odd address: the same. */
    memset(data, 3, sizeof data);
    assert_int_equal(hash_bytes(data, 100, 5), hash_bytes(data + 3, 100, 5));
}

static void uuids(void **state) {
    (void)state;
    char a[UUID_TEXT], b[UUID_TEXT];
    random_uuid(a);
    random_uuid(b);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
}

int main(void) {
    if (!hash_init()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256),
        cmocka_unit_test(hmac_of_rfc_4231),
        cmocka_unit_test(comparing),
        cmocka_unit_test(fast_hash_is_fixed),
        cmocka_unit_test(fast_hash_sees_every_bit),
        cmocka_unit_test(uuids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
