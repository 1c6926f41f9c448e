#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "runtime/base/map.h"
#include "runtime/base/rng.h"

static struct slice key_of(char *text, size_t size, int i) { return (struct slice){text, (size_t)snprintf(text, size, "key %d", i)}; }

static void text_keys(void **state) {
    (void)state;
    struct str_map *map = str_map_new();
    char text[32];
    int64_t value = -1;
    assert_false(str_map_get(map, slice_of("a"), &value));
    assert_false(str_map_remove(map, slice_of("a")));
    for (int i = 0; i < 5000; i++) assert_true(str_map_put(map, key_of(text, sizeof text, i), i, false));
    assert_int_equal(str_map_len(map), 5000);
    for (int i = 0; i < 5000; i++) {
        assert_true(str_map_get(map, key_of(text, sizeof text, i), &value));
        assert_int_equal(value, i);
        assert_true(slice_eq(str_map_key(map, (size_t)i), key_of(text, sizeof text, i)));
    }
    assert_false(str_map_put(map, slice_of("key 7"), 70, false));
    assert_true(str_map_get(map, slice_of("key 7"), &value) && value == 7);
    assert_true(str_map_put(map, slice_of("key 7"), 70, true));
    assert_true(str_map_get(map, slice_of("key 7"), &value) && value == 70);
    assert_false(str_map_get(map, slice_of("key 5000"), &value));
    assert_true(str_map_put(map, (struct slice){"a\0b", 3}, 1, false));
    assert_false(str_map_get(map, slice_of("a"), NULL));
    assert_true(str_map_put(map, slice_of(""), 2, false));
    assert_true(str_map_get(map, slice_of(""), NULL));
    str_map_free(map);
    str_map_free(NULL);
}

static void removing_keeps_the_order(void **state) {
    (void)state;
    struct str_map *map = str_map_new();
    char text[32];
    for (int i = 0; i < 100; i++) str_map_put(map, key_of(text, sizeof text, i), i, false);
    for (int i = 0; i < 100; i += 3) assert_true(str_map_remove(map, key_of(text, sizeof text, i)));
    assert_false(str_map_remove(map, slice_of("key 0")));
    size_t at = 0;
    for (int i = 0; i < 100; i++) {
        int64_t value;
        assert_int_equal(str_map_get(map, key_of(text, sizeof text, i), &value), i % 3 != 0);
        if (i % 3) assert_int_equal(str_map_value(map, at++), i);
    }
    assert_int_equal(str_map_len(map), at);
    str_map_put(map, slice_of("key 0"), 1000, false);
    assert_int_equal(str_map_value(map, at), 1000);
    str_map_free(map);
}

static void number_keys(void **state) {
    (void)state;
    struct int_map *map = int_map_new(10);
    int64_t value;
    for (int64_t i = -3000; i < 3000; i++) assert_true(int_map_put(map, i * 1048576, i, false));
    assert_true(int_map_put(map, INT64_MIN, 1, false) && int_map_put(map, INT64_MAX, 2, false));
    assert_false(int_map_put(map, 0, 5, false));
    assert_true(int_map_get(map, 0, &value) && value == 0);
    assert_true(int_map_put(map, 0, 5, true) && int_map_get(map, 0, &value) && value == 5);
    for (int64_t i = -3000; i < 3000; i++) assert_true(int_map_get(map, i * 1048576, &value) && (value == i || i == 0));
    assert_false(int_map_get(map, 1, &value));
    assert_int_equal(int_map_len(map), 6002);
    int_map_free(map);
    int_map_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(text_keys), cmocka_unit_test(removing_keeps_the_order), cmocka_unit_test(number_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
