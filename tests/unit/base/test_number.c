#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rng.h"
#include "runtime/base/str.h"

static void assert_double_text(double value, const char *expected) {
    struct buf text = BUF_INIT;
    buf_add_double(&text, value);
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
}

/* Python's own answers. */
static void doubles_as_python(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-2.0, "-2.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {100.0, "100.0"},
        {123456.789, "123456.789"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {1e-05, "1e-05"},
        {1.5e-07, "1.5e-07"},
        {1e15, "1000000000000000.0"},
        {9007199254740993.0, "9007199254740992.0"},
        {1234567890123456.7, "1234567890123456.8"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {1e100, "1e+100"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {2.2250738585072009e-308, "2.225073858507201e-308"},
        {3.14159265358979, "3.14159265358979"},
        {M_PI, "3.141592653589793"},
        {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits end in 1 and don't read back */
        {9007199254740992.0 * 2, "1.8014398509481984e+16"},
        {0.9312, "0.9312"},
        {NAN, "nan"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_double_text(rows[i].value, rows[i].text);
}

static void assert_float_text(float value, const char *expected) {
    struct buf text = BUF_INIT;
    buf_add_float(&text, value);
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
}

static void floats_are_short(void **state) {
    (void)state;
    assert_float_text(0.1f, "0.1");
    assert_float_text(-0.1f, "-0.1");
    assert_float_text(3.0f, "3.0");
    assert_float_text(-0.0f, "-0.0");
    assert_float_text(1.0f / 3, "0.33333334");
    assert_float_text(16777216.0f, "16777216.0");
    assert_float_text(-33554432.0f, "-33554432.0");
    assert_float_text(1e10f, "10000000000.0");
    assert_float_text(1e20f, "1e+20");
    assert_float_text(1e-45f, "1e-45");
    assert_float_text(FLT_MAX, "3.4028235e+38");
    assert_float_text(FLT_MIN, "1.1754944e-38");
    assert_float_text(INFINITY, "inf");
    assert_float_text(-INFINITY, "-inf");
    assert_float_text(NAN, "nan");
}

static void every_double_reads_back(void **state) {
    (void)state;
    struct rng rng = rng_at(7, RNG_USER, 0);
    struct buf text = BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = rng_u64(&rng);
        double value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        buf_clear(&text);
        buf_add_double(&text, value);
        assert_true(parse_double((struct slice){text.data, text.len}, &back));
        assert_memory_equal(&back, &value, sizeof value);
        float small = (float)rng_normal(&rng);
        buf_clear(&text);
        buf_add_float(&text, small);
        assert_true(strtof(buf_text(&text), NULL) == small);
        assert_true(text.len <= 16);
    }
    buf_release(&text);
}

static void powers_of_two_read_back(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    for (int e = -1074; e < 1024; e++) {
        double value = ldexp(1, e), back;
        buf_clear(&text);
        buf_add_double(&text, value);
        assert_true(parse_double((struct slice){text.data, text.len}, &back));
        assert_true(back == value);
    }
    buf_release(&text);
}

static void parsing_is_as_strtod(void **state) {
    (void)state;
    struct rng rng = rng_at(8, RNG_USER, 0);
    for (int i = 0; i < 100000; i++) {
        char text[64];
        size_t len = 0;
        if (rng_below(&rng, 4) == 0) text[len++] = '-';
        int digits = 1 + (int)rng_below(&rng, 25), point = (int)rng_below(&rng, 30);
        for (int d = 0; d < digits; d++) {
            if (d == point) text[len++] = '.';
            text[len++] = (char)('0' + rng_below(&rng, 10));
        }
        if (rng_below(&rng, 2)) len += (size_t)snprintf(text + len, sizeof text - len, "e%d", (int)rng_below(&rng, 640) - 320);
        text[len] = 0;
        double expected = strtod(text, NULL), got;
        if (isinf(expected)) {
            assert_false(parse_double((struct slice){text, len}, &got));
            continue;
        }
        assert_true(parse_double((struct slice){text, len}, &got));
        assert_memory_equal(&got, &expected, sizeof got);
    }
}

static void decimal_commas(void **state) {
    static const char *const yes[] = {"2,5", "-0,25", "1,234"};
    static const char *const no[] = {"", ",", "2", "2,", ",5", "-,5", "1,2,3", "2.5", "2,5 ", "a,5", "2,5e1"};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(has_decimal_comma(slice_of(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(has_decimal_comma(slice_of(no[i])));
}

static void long_decimals(void **state) {
    (void)state;
    /* Just above half way between two doubles, decided by the 900th digit. */
    struct buf text = BUF_INIT;
    buf_adds(&text, "9007199254740993.");
    for (int i = 0; i < 900; i++) buf_addc(&text, '0');
    double value;
    assert_true(parse_double((struct slice){text.data, text.len}, &value));
    assert_true(value == 9007199254740992.0);
    buf_addc(&text, '1');
    assert_true(parse_double((struct slice){text.data, text.len}, &value));
    assert_true(value == 9007199254740994.0);
    buf_clear(&text);
    for (int i = 0; i < 2000; i++) buf_addc(&text, '0');
    buf_adds(&text, "1.5");
    assert_true(parse_double((struct slice){text.data, text.len}, &value));
    assert_true(value == 1.5);
    buf_clear(&text);
    buf_addc(&text, '1');
    for (int i = 0; i < 1000; i++) buf_addc(&text, '0');
    buf_adds(&text, "e-1000");
    assert_true(parse_double((struct slice){text.data, text.len}, &value));
    assert_true(value == 1);
    buf_release(&text);
}

static void words_for_doubles(void **state) {
    (void)state;
    static const char *const bad[] = {"",      "-",  "+",     ".",    "e5",    "1e",     "1e+",
                                      "1.2.3", " 1", "1 ",    "0x10", "1_0",   "1,5",    "1e5.5",
                                      "--1",   "1-", "infin", "na",   "1e400", "-1e999", "1e99999999999999999999",
                                      "nan("};
    double value = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(parse_double(slice_of(bad[i]), &value));
    assert_true(value == 42);
    assert_true(parse_double(slice_of(".5"), &value) && value == 0.5);
    assert_true(parse_double(slice_of("5."), &value) && value == 5);
    assert_true(parse_double(slice_of("+1E3"), &value) && value == 1000);
    assert_true(parse_double(slice_of("1e-400"), &value) && value == 0);
    assert_true(parse_double(slice_of("0e99999999999999999999"), &value) && value == 0);
    assert_true(parse_double(slice_of("-0"), &value) && signbit(value));
    assert_true(parse_double(slice_of("-Inf"), &value) && isinf(value) && value < 0);
    assert_true(parse_double(slice_of("Infinity"), &value) && isinf(value));
    assert_true(parse_double(slice_of("NaN"), &value) && isnan(value));
}

static void integers(void **state) {
    (void)state;
    int64_t value = 42;
    static const char *const bad[] = {"", "-", "+", "1.0", "1e3", " 1", "9223372036854775808", "-9223372036854775809", "99999999999999999999", "1a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(parse_int64(slice_of(bad[i]), &value));
    assert_int_equal(value, 42);
    assert_true(parse_int64(slice_of("9223372036854775807"), &value) && value == INT64_MAX);
    assert_true(parse_int64(slice_of("-9223372036854775808"), &value) && value == INT64_MIN);
    assert_true(parse_int64(slice_of("+007"), &value) && value == 7);
    assert_true(parse_int64((struct slice){"123456", 3}, &value) && value == 123);
}

static void locale_changes_nothing(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ru_RU.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !setlocale(LC_ALL, names[i]); i++) {}
    double value;
    assert_double_text(0.1, "0.1");
    assert_double_text(1.0 / 3, "0.3333333333333333");
    assert_true(parse_double(slice_of("1234.56789012345678901"), &value) && value == 1234.56789012345678901);
    setlocale(LC_ALL, "C");
}

static void assert_count(int64_t count, const char *expected) {
    struct buf text = BUF_INIT;
    buf_add_count(&text, count);
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
}

static void assert_bytes(double size_bytes, const char *expected) {
    struct buf text = BUF_INIT;
    buf_add_bytes(&text, size_bytes);
    assert_string_equal(buf_text(&text), expected);
    buf_release(&text);
}

static void counts_and_sizes(void **state) {
    (void)state;
    assert_count(0, "0");
    assert_count(999, "999");
    assert_count(1000, "1,000");
    assert_count(1234567, "1,234,567");
    assert_count(-100000, "-100,000");
    assert_count(INT64_MIN, "-9,223,372,036,854,775,808");
    assert_bytes(0, "0 B");
    assert_bytes(1023, "1023 B");
    assert_bytes(1024, "1.0 KiB");
    assert_bytes(1536, "1.5 KiB");
    assert_bytes(1024 * 1024 - 1, "1.0 MiB");
    assert_bytes(5.0 * 1024 * 1024 * 1024, "5.0 GiB");
    assert_bytes(-5, "0 B");
}

/* As a double, a float32 has the digits that it is written with. */
static void floats_as_written(void **state) {
    (void)state;
    static const double plain[] = {0, -0.0, 3, 3.9, -0.1, 2.5, 0.3, 4.999999, 123456.8, 16777216, 1e-12, -1.17e-5};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) assert_true(float_as_written((float)plain[i]) == plain[i]);
    for (uint32_t bits = 0; bits < 0xff800000u; bits += 99991) {
        float value;
        double expected;
        struct buf text = BUF_INIT;
        memcpy(&value, &bits, sizeof value);
        if (value != value) continue;
        buf_add_float(&text, value);
        assert_true(parse_double((struct slice){buf_text(&text), text.len}, &expected));
        if (rint((double)value) == (double)value) expected = (double)value;
        if (float_as_written(value) != expected) fail_msg("%s became %.17g", buf_text(&text), float_as_written(value));
        buf_release(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_as_python),       cmocka_unit_test(floats_are_short),        cmocka_unit_test(floats_as_written),
        cmocka_unit_test(every_double_reads_back), cmocka_unit_test(powers_of_two_read_back), cmocka_unit_test(parsing_is_as_strtod),
        cmocka_unit_test(long_decimals),           cmocka_unit_test(words_for_doubles),       cmocka_unit_test(integers),
        cmocka_unit_test(locale_changes_nothing),  cmocka_unit_test(decimal_commas),          cmocka_unit_test(counts_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
