#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "runtime/base/json.h"

static enum status parse(struct slice text, json_t **out, char message[1024]) {
    struct error err = ERROR_INIT;
    enum status status = json_parse(text, out, &err);
    memcpy(message, err.message, sizeof err.message);
    return status;
}

/* Parses and writes again. */
static void assert_again(const char *text, const char *expected) {
    json_t *json;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse(slice_of(text), &json, &err), OK);
    struct buf out = BUF_INIT;
    json_write(&out, json);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
    json_decref(json);
}

static void round_trips(void **state) {
    (void)state;
    assert_again("{ \"b\": [1, 2.5, -0.0, true, false, null], \"a\": \"x\" }", "{\"b\":[1,2.5,-0.0,true,false,null],\"a\":\"x\"}");
    assert_again("[0.1, 1e-7, 1E22, 3.0]", "[0.1,1e-07,1e+22,3.0]");
    assert_again("[9223372036854775807,-9223372036854775808]", "[9223372036854775807,-9223372036854775808]");
    assert_again("{}", "{}");
    assert_again("[]", "[]");
    assert_again("\"a\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\\u0001\"", "\"aé😀\\n\\\"\\\\/\\u0001\"");
    assert_again("7", "7");
}

static void assert_refused(const char *text, const char *expected) {
    json_t *untouched = (json_t *)text, *json = untouched;
    char message[1024];
    assert_int_equal(parse(slice_of(text), &json, message), ERR_DATA);
    assert_ptr_equal(json, untouched);
    assert_string_equal(message, expected);
}

static void refusals(void **state) {
    (void)state;
    assert_refused("\"\\ud83d\"", "not valid JSON: invalid Unicode '\\uD83D' near '\"\\ud83d\"' (line 1, column 8)");
    assert_refused("\"\\ude00\"", "not valid JSON: invalid Unicode '\\uDE00' near '\"\\ude00\"' (line 1, column 8)");
    assert_refused("\"\\ud83d\\u0041\"", "not valid JSON: invalid Unicode '\\uD83D\\u0041' near '\"\\ud83d\\u0041\"' (line 1, column 14)");
    assert_refused("[1] 2", "not valid JSON: end of file expected near '2' (line 1, column 5)");
    json_t *json;
    char message[1024];
    static const char *const bad[] = {"",        "{",      "[1,]", "{\"a\":1,}", "nul", "NaN", "[Infinity]", "'a'", "\"\xFF\"", "\"\xED\xA0\x80\"",
                                      "[1e999]", "\"\n\"", "01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(parse(slice_of(bad[i]), &json, message), ERR_DATA);
}

static enum status parse_nested(int depth, char bracket) {
    struct buf text = BUF_INIT;
    for (int i = 0; i < depth; i++) buf_adds(&text, bracket == '[' ? "[" : "{\"a\":");
    buf_adds(&text, bracket == '[' ? "" : "1");
    for (int i = 0; i < depth; i++) buf_addc(&text, bracket == '[' ? ']' : '}');
    json_t *json;
    char message[1024];
    enum status status = parse((struct slice){text.data, text.len}, &json, message);
    if (status == OK) json_decref(json);
    else assert_string_equal(message, "this JSON is nested deeper than 512 levels");
    buf_release(&text);
    return status;
}

static void depth(void **state) {
    (void)state;
    assert_int_equal(parse_nested(512, '['), OK);
    assert_int_equal(parse_nested(513, '['), ERR_DATA);
    assert_int_equal(parse_nested(512, '{'), OK);
    assert_int_equal(parse_nested(100000, '{'), ERR_DATA);
    /* Brackets in strings don't count. */
    struct buf text = BUF_INIT;
    buf_adds(&text, "\"\\\"");
    for (int i = 0; i < 1000; i++) buf_adds(&text, "[{");
    buf_addc(&text, '"');
    json_t *json;
    char message[1024];
    assert_int_equal(parse((struct slice){text.data, text.len}, &json, message), OK);
    json_decref(json);
    buf_release(&text);
}

static void nul_in_strings(void **state) {
    (void)state;
    json_t *json;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse(slice_of("[\"a\\u0000b\"]"), &json, &err), OK);
    assert_int_equal(json_string_length(json_array_get(json, 0)), 3);
    struct buf out = BUF_INIT;
    json_write(&out, json);
    assert_string_equal(buf_text(&out), "[\"a\\u0000b\"]");
    buf_release(&out);
    json_decref(json);
}

static void strings_are_always_valid(void **state) {
    (void)state;
    struct buf out = BUF_INIT;
    buf_add_json_string(&out, (struct slice){"\xFFok\xC3\x1F\x7F", 6});
    assert_string_equal(buf_text(&out), "\"\xEF\xBF\xBDok\xEF\xBF\xBD\\u001f\x7F\"");
    buf_clear(&out);
    buf_add_json_string(&out, (struct slice){NULL, 0});
    assert_string_equal(buf_text(&out), "\"\"");
    buf_clear(&out);
    buf_add_json_double(&out, NAN);
    buf_add_json_double(&out, -INFINITY);
    buf_add_json_double(&out, 0.1);
    assert_string_equal(buf_text(&out), "nullnull0.1");
    buf_clear(&out);
    json_write(&out, NULL);
    assert_string_equal(buf_text(&out), "null");
    buf_release(&out);
}

static void members(void **state) {
    (void)state;
    json_t *json;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse(slice_of("{\"t\":\"x\",\"f\":true,\"i\":7,\"r\":1.5}"), &json, &err), OK);
    assert_string_equal(json_text(json, "t", "?"), "x");
    assert_string_equal(json_text(json, "i", "?"), "?");
    assert_null(json_text(json, "none", NULL));
    assert_true(json_flag(json, "f", false) && json_flag(json, "t", true) && !json_flag(json, "none", false));
    assert_int_equal(json_int(json, "i", -1), 7);
    assert_int_equal(json_int(json, "r", -1), -1);
    assert_int_equal(json_int(NULL, "r", -1), -1);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(refusals),
        cmocka_unit_test(depth),
        cmocka_unit_test(nul_in_strings),
        cmocka_unit_test(strings_are_always_valid),
        cmocka_unit_test(members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
