/* Line maps and the lines that a user sees of an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/lang/source.h"

static void check_render(const char *text, uint32_t start, uint32_t end, const char *hint, const char *expected) {
    struct source *source = source_new("Cell 3", slice_of(text));
    struct error err = ERROR_INIT;
    err_set(&err, ERR_NAME, "nothing is called `rating`");
    if (hint) err_hint(&err, "%s", hint);
    error_place(&err, source, (struct span){start, end});
    struct buf out = BUF_INIT;
    error_render(&err, false, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
    error_clear(&err);
    assert_null(err.source);
    assert_int_equal(source->count, 1);
    source_unref(source);
}

static void positions_are_lines_and_code_points(void **state) {
    (void)state;
    struct source *source = source_new("Cell 1", slice_of("a\r\nbäc = 1\n\nend"));
    assert_string_equal(source->text.data, "a\nbäc = 1\n\nend");
    assert_int_equal(source->n_lines, 4);
    uint32_t line, column;
    source_position(source, 0, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 1);
    source_position(source, 5, &line, &column); /* the c after the two bytes of ä */
    assert_int_equal(line, 2);
    assert_int_equal(column, 3);
    source_position(source, 9999, &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 4);
    struct slice text = source_line(source, 2);
    assert_int_equal(text.len, strlen("bäc = 1"));
    assert_int_equal(source_line(source, 3).len, 0);
    assert_int_equal(source_line(source, 5).len, 0);
    source_unref(source);
}

static void a_lone_carriage_return_ends_a_line(void **state) {
    (void)state;
    struct source *source = source_new("Cell 1", slice_of("a\rb"));
    assert_int_equal(source->n_lines, 2);
    source_unref(source);
}

static void layout_of_the_header(void **state) {
    (void)state;
    check_render("head(rating)", 5, 11, "did you mean `ratings`?",
                 "NameError: nothing is called `rating`\n"
                 "  Cell 3, line 1\n"
                 "    head(rating)\n"
                 "         ^^^^^^\n"
                 "  did you mean `ratings`?");
}

static void carets_stand_under_wide_characters_and_tabs(void **state) {
    (void)state;
    check_render("日本 = é + x", 0, 6, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 1\n    日本 = é + x\n    ^^^^");
    check_render("日本 = é + x", 14, 15, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 1\n    日本 = é + x\n               ^");
    check_render("a\tb", 2, 3, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 1\n    a    b\n         ^");
    check_render("e\xCC\x81 = x", 6, 7, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 1\n    e\xCC\x81 = x\n        ^");
}

static void indentation_is_cut_and_the_line_named(void **state) {
    (void)state;
    check_render("if a:\n    b = c\n", 14, 15, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 2\n    b = c\n        ^");
}

static void a_span_of_several_lines_shows_its_first(void **state) {
    (void)state;
    check_render("x = f(a,\n      b,\n      c)\n", 4, 26, NULL,
                 "NameError: nothing is called `rating`\n  Cell 3, lines 1 to 3\n    x = f(a,\n        ^^^^");
}

static void an_empty_span_has_one_caret(void **state) {
    (void)state;
    check_render("x = ", 4, 4, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 1\n    x = \n        ^");
    check_render("", 0, 0, NULL, "NameError: nothing is called `rating`\n  Cell 3, line 1\n    \n    ^");
}

static void long_lines_are_shown_in_part(void **state) {
    (void)state;
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct source *source = source_new("Cell 1", slice_of(text));
    struct error err = ERROR_INIT;
    err_set(&err, ERR_NAME, "no");
    error_place(&err, source, (struct span){500, 503});
    struct buf out = BUF_INIT;
    error_render(&err, false, &out);
    const char *line = strstr(buf_text(&out), "    …");
    assert_non_null(line);
    assert_true(strlen(line) < 300);
    assert_non_null(strstr(line, " ^^^"));
    assert_null(strstr(line, "^^^^"));
    buf_release(&out);
    error_clear(&err);
    source_unref(source);
}

static void bad_bytes_and_controls_are_replaced(void **state) {
    (void)state;
    check_render("a\x1b[31m\xff b", 8, 9, NULL,
                 "NameError: nothing is called `rating`\n  Cell 3, line 1\n    a\xEF\xBF\xBD[31m\xEF\xBF\xBD b\n            ^");
}

static void colours_only_when_asked(void **state) {
    (void)state;
    struct source *source = source_new("Cell 1", slice_of("x"));
    struct error err = ERROR_INIT;
    err_set(&err, ERR_NAME, "no");
    error_place(&err, source, (struct span){0, 1});
    struct buf out = BUF_INIT;
    error_render(&err, true, &out);
    assert_string_equal(buf_text(&out), "\x1b[31mNameError\x1b[0m: no\n  \x1b[2mCell 1, line 1\x1b[0m\n    x\n    \x1b[31m^\x1b[0m");
    buf_release(&out);
    error_clear(&err);
    source_unref(source);
}

static void an_error_without_a_place_is_a_line(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    err_set(&err, ERR_FILE, "no file `x.csv`");
    err_hint(&err, "look at\nboth lines");
    struct buf out = BUF_INIT;
    error_render(&err, false, &out);
    assert_string_equal(buf_text(&out), "FileError: no file `x.csv`\n  look at\n  both lines");
    buf_release(&out);
    error_clear(&err);
}

static void the_first_place_stays(void **state) {
    (void)state;
    struct source *a = source_new("a", slice_of("aaaa")), *b = source_new("b", slice_of("bbbb"));
    struct error err = ERROR_INIT;
    err_set(&err, ERR_NAME, "no");
    error_place(&err, a, (struct span){1, 2});
    error_place(&err, b, (struct span){3, 4});
    assert_ptr_equal(err.source, a);
    assert_int_equal(err.span.start, 1);
    assert_int_equal(b->count, 1);
    error_clear(&err);
    source_unref(a);
    source_unref(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_are_lines_and_code_points),
        cmocka_unit_test(a_lone_carriage_return_ends_a_line),
        cmocka_unit_test(layout_of_the_header),
        cmocka_unit_test(carets_stand_under_wide_characters_and_tabs),
        cmocka_unit_test(indentation_is_cut_and_the_line_named),
        cmocka_unit_test(a_span_of_several_lines_shows_its_first),
        cmocka_unit_test(an_empty_span_has_one_caret),
        cmocka_unit_test(long_lines_are_shown_in_part),
        cmocka_unit_test(bad_bytes_and_controls_are_replaced),
        cmocka_unit_test(colours_only_when_asked),
        cmocka_unit_test(an_error_without_a_place_is_a_line),
        cmocka_unit_test(the_first_place_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
