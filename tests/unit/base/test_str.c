#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/base/base64.h"
#include "runtime/base/str.h"

static void growing(void **state) {
    (void)state;
    struct buf buf = BUF_INIT;
    assert_string_equal(buf_text(&buf), "");
    buf_add(&buf, NULL, 0);
    assert_string_equal(buf.data, "");
    for (int i = 0; i < 1000; i++) buf_addf(&buf, "%d,", i);
    assert_int_equal(buf.len, 3890);
    assert_memory_equal(buf.data, "0,1,2,", 6);
    assert_int_equal(buf.data[buf.len], 0);
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_addf(&buf, "%300d", 7);
    assert_int_equal(buf.len, 300);
    char *taken = buf_take(&buf);
    assert_int_equal(strlen(taken), 300);
    free(taken);
    assert_null(buf.data);
    taken = buf_take(&buf);
    assert_string_equal(taken, "");
    free(taken);
    buf_release(&buf);
}

static void slices(void **state) {
    (void)state;
    assert_true(slice_eqz((struct slice){"abcdef", 3}, "abc"));
    assert_false(slice_eqz((struct slice){"abcdef", 3}, "abcd"));
    assert_true(slice_eq((struct slice){NULL, 0}, slice_of("")));
}

static void html(void **state) {
    (void)state;
    struct buf buf = BUF_INIT;
    buf_add_html(&buf, slice_of("<b>\"Tom & Jerry\"</b>"));
    assert_string_equal(buf_text(&buf), "&lt;b&gt;&quot;Tom &amp; Jerry&quot;&lt;/b&gt;");
    buf_clear(&buf);
    buf_add_html(&buf, (struct slice){NULL, 0});
    assert_string_equal(buf_text(&buf), "");
    buf_release(&buf);
}

static void astral_text(void **state) {
    (void)state;
    struct slice text = slice_of("aé€😀z"); /* 1, 2, 3, 4, 1 bytes */
    assert_true(utf8_valid(text));
    assert_int_equal(utf8_count(text), 5);
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 11};
    for (size_t i = 0; i < 7; i++) assert_int_equal(utf8_offset(text, i), offsets[i]);
    static const uint32_t points[] = {'a', 0xE9, 0x20AC, 0x1F600, 'z'};
    struct buf back = BUF_INIT;
    size_t at = 0;
    for (int i = 0; i < 5; i++) {
        uint32_t point;
        at += utf8_decode((struct slice){text.data + at, text.len - at}, &point);
        assert_int_equal(point, points[i]);
        buf_add_code_point(&back, point);
    }
    assert_string_equal(buf_text(&back), text.data);
    uint32_t untouched = 77;
    assert_int_equal(utf8_decode((struct slice){text.data, 0}, &untouched), 0);
    buf_release(&back);
}

static void bad_text(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xC3",
                                      "\xC3(",
                                      "\xE2\x82",
                                      "\xF0\x9F\x98",
                                      "\xC0\x80",
                                      "\xED\xA0\x80" /* a surrogate */,
                                      "\xF4\x90\x80\x80" /* beyond U+10FFFF */,
                                      "\xFF",
                                      "ok\xE9",
                                      "\xE0\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(utf8_valid(slice_of(bad[i])));
    uint32_t point;
    assert_int_equal(utf8_decode(slice_of("\xC3("), &point), 1);
    assert_int_equal(point, 0xFFFD);
    /* A sequence that the slice cuts is bad even when its end lies behind. */
    assert_int_equal(utf8_decode((struct slice){"€", 2}, &point), 1);
    assert_int_equal(point, 0xFFFD);
    struct buf buf = BUF_INIT;
    buf_add_code_point(&buf, 0xD800);
    buf_add_code_point(&buf, 0x110000);
    assert_string_equal(buf_text(&buf), "\xEF\xBF\xBD\xEF\xBF\xBD");
    buf_release(&buf);
}

/* What is left of whole code points when a text is cut at either end. */
static void cut_text(void **state) {
    (void)state;
    static const char whole[] = "a€😀b";
    static const char *const heads[] = {"", "a", "a", "a", "a€", "a€", "a€", "a€", "a€😀", "a€😀b"};
    static const char *const tails[] = {"a€😀b", "€😀b", "😀b", "😀b", "😀b", "b", "b", "b", "b", ""};
    for (size_t at = 0; at <= 9; at++) {
        char text[sizeof whole] = {0};
        memcpy(text, whole, at);
        utf8_drop_bad(text);
        assert_string_equal(text, heads[at]);
        memcpy(text, whole + at, sizeof whole - at);
        utf8_drop_bad(text);
        assert_string_equal(text, tails[at]);
    }
    char bad[] = "\xFFx\xC3\xA9\xC3y\xED\xA0\x80z\x80";
    utf8_drop_bad(bad);
    assert_string_equal(bad, "xéyz");
}

static void letters(void **state) {
    (void)state;
    assert_true(code_point_is_letter('a') && code_point_is_letter(0xE9) && code_point_is_letter(0x4E2D) && code_point_is_letter(0x1D400));
    assert_false(code_point_is_letter('1') || code_point_is_letter('_') || code_point_is_letter(0x1F600) || code_point_is_letter(' '));
    assert_true(code_point_is_mark_or_digit('1') && code_point_is_mark_or_digit('_') && code_point_is_mark_or_digit(0x301));
    assert_false(code_point_is_mark_or_digit('a') || code_point_is_mark_or_digit(0xB2));
    assert_int_equal(code_point_upper(0xE9), 0xC9);
    assert_int_equal(code_point_lower(0x416), 0x436);
    assert_int_equal(code_point_upper('7'), '7');
    assert_false(code_point_is_letter(0x110000) || code_point_is_letter(UINT32_MAX));
}

static void widths(void **state) {
    (void)state;
    assert_int_equal(text_width(slice_of("abc")), 3);
    assert_int_equal(text_width(slice_of("é")), 1);
    assert_int_equal(text_width(slice_of("e\xCC\x81")), 1); /* e and a combining accent */
    assert_int_equal(text_width(slice_of("中文")), 4);
    assert_int_equal(text_width(slice_of("😀")), 2);
    assert_int_equal(text_width(slice_of("")), 0);
}

static void assert_fold(const char *text, const char *expected) {
    char *folded = text_fold(slice_of(text));
    assert_string_equal(folded, expected);
    free(folded);
}

static void folding(void **state) {
    (void)state;
    assert_fold("Amélie, Le Fabuleux Destin d'", "amelie, le fabuleux destin d'");
    assert_fold("ÄÖÜ", "aou");
    assert_fold("", "");
    assert_fold("caf\xE9", "caf\xEF\xBF\xBD");
    assert_fold("中文", "中文");
    char *text = latin1_to_utf8((struct slice){"caf\xE9 \xA9", 6});
    assert_string_equal(text, "café ©");
    free(text);
}

static void assert_base64(const char *bytes, const char *expected) {
    struct buf buf = BUF_INIT;
    buf_add_base64(&buf, slice_of(bytes));
    assert_string_equal(buf_text(&buf), expected);
    buf_release(&buf);
}

static void base64_of_rfc_4648(void **state) {
    (void)state;
    assert_base64("", "");
    assert_base64("f", "Zg==");
    assert_base64("fo", "Zm8=");
    assert_base64("foo", "Zm9v");
    assert_base64("foob", "Zm9vYg==");
    assert_base64("fooba", "Zm9vYmE=");
    assert_base64("foobar", "Zm9vYmFy");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing),  cmocka_unit_test(slices),
        cmocka_unit_test(html),     cmocka_unit_test(astral_text),
        cmocka_unit_test(bad_text), cmocka_unit_test(cut_text),
        cmocka_unit_test(letters),  cmocka_unit_test(widths),
        cmocka_unit_test(folding),  cmocka_unit_test(base64_of_rfc_4648),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
