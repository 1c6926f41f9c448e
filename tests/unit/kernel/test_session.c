#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/live_names.h"
#include "kernel/script.h"
#include "kernel/session.h"

/* --- cells of a script --- */

static void cells_are(const char *text, const char *const *cells, size_t n) {
    size_t start = 0, len = strlen(text);
    for (size_t i = 0; i < n; i++) {
        size_t end = script_cell_end(text, len, start);
        assert_int_equal(end - start, strlen(cells[i]));
        assert_memory_equal(text + start, cells[i], end - start);
        start = end;
    }
    assert_int_equal(start, len);
}

#define CELLS(text, ...)                                         \
    do {                                                         \
        const char *const cells_[] = {__VA_ARGS__};              \
        cells_are(text, cells_, sizeof cells_ / sizeof *cells_); \
    } while (0)

static void scripts_are_cut_into_cells(void **state) {
    (void)state;
    CELLS("1", "1");
    CELLS("a = 1\nb = 2\n\na + b\n", "a = 1\nb = 2\n\n", "a + b\n");
    CELLS("\n\na\n\n\nb", "\n\na\n\n\n", "b");
    CELLS("for i in x:\n    a\n\n    b\n\nc\n", "for i in x:\n    a\n\n    b\n\n", "c\n");
    CELLS("if a:\n    b\n\nelse:\n    c\n\nd", "if a:\n    b\n\nelse:\n    c\n\n", "d");
    CELLS("f(1,\n\n2)\n\ng", "f(1,\n\n2)\n\n", "g");
    CELLS("s = '''a\n\nb'''\n\nc", "s = '''a\n\nb'''\n\n", "c");
    CELLS("# %% one\na\n\nb\n# %% two\nc\n", "# %% one\na\n\nb\n", "# %% two\nc\n");
    CELLS("first\n# %%\nsecond\n", "first\n", "# %%\nsecond\n");
}

/* --- a session --- */

static void hear(void *ctx, const char *name, const char *text, size_t len) {
    (void)name;
    buf_add(ctx, text, len);
}

static enum status run(struct session *session, const char *code, const char *result) {
    struct buf printed = BUF_INIT;
    struct output output = {.ctx = &printed, .stream = hear};
    struct outcome outcome;
    session_next_count(session);
    session_run(session, "Cell", slice_of(code), &output, true, &outcome);
    enum status status = outcome.err.code;
    assert_int_equal(outcome.has_result, result != NULL);
    if (result) assert_string_equal(buf_text(&bundle_find(&outcome.result, MIME_TEXT)->bytes), result);
    outcome_release(&outcome);
    buf_release(&printed);
    return status;
}

static void results_are_kept(void **state) {
    (void)state;
    struct session *session;
    struct error err = ERROR_INIT;
    assert_int_equal(session_new(&session, &err), OK);
    assert_int_equal(run(session, "40", "40"), OK);
    assert_int_equal(run(session, "_ + 2", "42"), OK);
    assert_int_equal(run(session, "_1 + _2", "82"), OK);
    assert_int_equal(run(session, "x = 1", NULL), OK);
    assert_int_equal(run(session, "_", "82"), OK);
    assert_int_equal(session_count(session), 5);
    assert_int_equal(run(session, "1 / 0", NULL), ERR_ZERO_DIVISION);
    session_free(session);
}

/* A result above 1 MiB is forgotten when three newer ones came. */
static void large_results_are_forgotten(void **state) {
    (void)state;
    struct session *session;
    struct error err = ERROR_INIT;
    assert_int_equal(session_new(&session, &err), OK);
    for (int i = 0; i < 4; i++) {
        struct outcome outcome;
        struct output output = {0};
        session_next_count(session);
        session_run(session, "Cell", slice_of("'x' * 2000000"), &output, true, &outcome);
        assert_true(outcome.has_result);
        outcome_release(&outcome);
    }
    assert_int_equal(run(session, "len(_2)", "2000000"), OK);
    assert_int_equal(run(session, "len(_1)", NULL), ERR_NAME);
    session_free(session);
}

static void old_results_are_forgotten(void **state) {
    (void)state;
    struct session *session;
    struct error err = ERROR_INIT;
    assert_int_equal(session_new(&session, &err), OK);
    assert_int_equal(run(session, "before = 7", NULL), OK);
    for (int i = 2; i <= 1100; i++) assert_int_equal(run(session, "before + 1", "8"), OK);
    assert_int_equal(run(session, "_90", NULL), ERR_NAME);
    assert_int_equal(run(session, "_200 + before + _", "23"), OK);
    assert_int_equal(run(session, "after = 1\ndel before", NULL), OK);
    assert_int_equal(run(session, "_1099 + after", "9"), OK);
    assert_true(interp_n_names(session_interp(session)) < 1010);
    session_free(session);
}

static void expressions_are_evaluated(void **state) {
    (void)state;
    struct session *session;
    struct error err = ERROR_INIT;
    struct bundle bundle = BUNDLE_INIT;
    struct output output = {0};
    assert_int_equal(session_new(&session, &err), OK);
    assert_int_equal(run(session, "x = 20", NULL), OK);
    assert_int_equal(session_evaluate(session, "key", slice_of("x + 1"), &output, &bundle, &err), OK);
    assert_string_equal(buf_text(&bundle_find(&bundle, MIME_TEXT)->bytes), "21");
    bundle_release(&bundle);
    assert_int_equal(session_evaluate(session, "key", slice_of("y"), &output, &bundle, &err), ERR_NAME);
    error_clear(&err);
    session_free(session);
}

/* --- names as others see them --- */

static void on_names(void *ctx) {
    void **both = ctx;
    live_names_changed(both[0], both[1]);
}

static bool knows(struct live_names *names, const char *name) {
    struct snapshot *snapshot = live_names_take(names);
    bool found = snapshot_find(snapshot, name) != NULL;
    snapshot_unref(snapshot);
    return found;
}

static void names_are_published(void **state) {
    (void)state;
    struct session *session;
    struct error err = ERROR_INIT;
    struct live_names *names = live_names_new();
    assert_int_equal(session_new(&session, &err), OK);
    void *both[] = {names, session_interp(session)};
    session_on_names(session, on_names, both);
    assert_null(live_names_take(names));
    assert_int_equal(run(session, "told = 1\nmissing", NULL), ERR_NAME);
    assert_true(knows(names, "told"));
    assert_int_equal(run(session, "7", "7"), OK);
    assert_false(knows(names, "_1")); /* a plain result costs no snapshot */
    struct snapshot *kept = live_names_take(names);
    for (int i = 0; i < 500; i++) assert_int_equal(run(session, "other = [1, 2]", NULL), OK);
    live_names_settle(names, session_interp(session));
    assert_true(knows(names, "other"));
    assert_null(snapshot_find(kept, "other")); /* whoever took the old one keeps it */
    snapshot_unref(kept);
    for (int i = 0; i < 150; i++) assert_int_equal(run(session, "len(other)", "2"), OK);
    assert_int_equal(run(session, "other = 3", NULL), OK);
    live_names_settle(names, session_interp(session));
    assert_false(knows(names, "_510")); /* of the results only the newest */
    assert_true(knows(names, "_600"));
    session_free(session);
    live_names_free(names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_are_cut_into_cells), cmocka_unit_test(results_are_kept),          cmocka_unit_test(large_results_are_forgotten),
        cmocka_unit_test(old_results_are_forgotten),  cmocka_unit_test(expressions_are_evaluated), cmocka_unit_test(names_are_published),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
