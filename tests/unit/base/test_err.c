#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"

static void first_error_wins(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(err_set(&err, ERR_DATA, "expected %d columns, got %d", 3, 4), ERR_DATA);
    assert_int_equal(err_set(&err, ERR_VALUE, "later"), ERR_DATA);
    assert_string_equal(err.message, "expected 3 columns, got 4");
    assert_string_equal(err.hint, "");
    assert_int_equal(err_hint(&err, "look at line %d", 7), ERR_DATA);
    assert_int_equal(err_hint(&err, "another"), ERR_DATA);
    assert_string_equal(err.hint, "look at line 7");
    assert_int_equal(err_note(&err, "while reading `%s`", "a.csv"), ERR_DATA);
    assert_int_equal(err_note(&err, "while loading"), ERR_DATA);
    assert_string_equal(err.notes, "while reading `a.csv`\nwhile loading");
    err_reset(&err);
    assert_int_equal(err.code, OK);
    assert_string_equal(err.notes, "");
    assert_int_equal(err_set(&err, ERR_VALUE, "now"), ERR_VALUE);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(err_name(ERR_DATA), "DataError");
    assert_string_equal(err_name(ERR_INTERRUPTED), "Interrupted");
    assert_string_equal(err_name(ERR_INTERNAL), "InternalError");
    assert_string_equal(err_name((enum status)999), "InternalError");
}

/* Whatever the length, a cut message is valid UTF-8, ends in … and fits. */
static void long_texts_are_cut_between_characters(void **state) {
    (void)state;
    for (size_t ascii = 0; ascii < 8; ascii++) {
        struct buf text = BUF_INIT;
        for (size_t i = 0; i < ascii; i++) buf_addc(&text, 'a');
        for (int i = 0; i < 600; i++) buf_adds(&text, i % 2 ? "é" : "😀");
        struct error err = ERROR_INIT;
        err_set(&err, ERR_VALUE, "%s", buf_text(&text));
        err_hint(&err, "%s", buf_text(&text));
        err_note(&err, "%s", buf_text(&text));
        err_note(&err, "%s", buf_text(&text));
        const char *parts[] = {err.message, err.hint, err.notes};
        const size_t sizes[] = {sizeof err.message, sizeof err.hint, sizeof err.notes};
        for (int i = 0; i < 3; i++) {
            size_t len = strlen(parts[i]);
            assert_true(len < sizes[i] && len + 16 > sizes[i]);
            assert_true(utf8_valid(slice_of(parts[i])));
            assert_string_equal(parts[i] + len - strlen("…"), "…");
        }
        buf_release(&text);
    }
}

static const char *const words[] = {"ratings", "recommend", "evaluate", "n_factors", "epochs", NULL, "k", "top", "Électre"};
#define N_WORDS (sizeof words / sizeof *words)

static void assert_nearest(const char *wrong, const char *expected) {
    const char *near = nearest_name(wrong, words, N_WORDS);
    if (expected) {
        assert_non_null(near);
        assert_string_equal(near, expected);
    } else {
        assert_null(near);
    }
}

static void pieces_that_are_cut_lose_halves_of_characters(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    err_set(&err, ERR_NAME, "`%.4s` is %.*s", "größe", 2, "né");
    assert_string_equal(err.message, "`grö` is n");
    err_hint(&err, "%.3s\xFF|", "é€");
    assert_string_equal(err.hint, "é|");
}

static void nearest_names(void **state) {
    (void)state;
    assert_nearest("rating", "ratings");
    assert_nearest("ratngis", "ratings"); /* a letter missing, then two swapped: 2 <= 1 + 7/4 */
    assert_nearest("Ratings", "ratings");
    assert_nearest("evalaute", "evaluate"); /* one swap */
    assert_nearest("recomend", "recommend");
    assert_nearest("factors", "n_factors"); /* two away, 1 + 7/4 = 2 */
    assert_nearest("actors", NULL);         /* three away */
    assert_nearest("nfactors", "n_factors");
    assert_nearest("tpo", "top");
    assert_nearest("electre", "Électre");
    assert_nearest("x", NULL); /* as many edits as letters is no likeness */
    assert_nearest("", NULL);
    assert_nearest("banana", NULL);
}

static void suggestions(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    err_set(&err, ERR_NAME, "`ratingz` is not defined");
    err_suggest(&err, "ratingz", words, N_WORDS);
    assert_string_equal(err.hint, "did you mean `ratings`?");
    err_reset(&err);
    err_set(&err, ERR_NAME, "x");
    err_hint(&err, "names are ratings, k");
    err_suggest(&err, "rating", words, N_WORDS);
    assert_string_equal(err.hint, "names are ratings, k (did you mean `ratings`?)");
    err_reset(&err);
    err_suggest(&err, "banana", words, N_WORDS);
    assert_string_equal(err.hint, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(names),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(pieces_that_are_cut_lose_halves_of_characters),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
