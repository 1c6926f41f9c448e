/* Every builtin that an error's hint names is there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/eval.h"
#include "kernel/lang/parse.h"
#include "kernel/session.h"
#include "runtime/base/mem.h"

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static void is_there(const struct session *session, const char *name, size_t len, const char *hint) {
    char *word = xstrndup(name, len);
    if (!registry_find(session_registry(session), word)) fail_msg("the hint \"%s\" names `%s`, which is no builtin", hint, word);
    free(word);
}

/* "als(train)" names als; "x.head(3)" and "(1)" name none. */
static size_t calls_are_there(const struct session *session, const char *hint) {
    size_t n = 0;
    for (const char *open = hint; (open = strchr(open, '(')); open++) {
        const char *start = open;
        while (start > hint && is_word(start[-1])) start--;
        if (start == open || (start > hint && start[-1] == '.')) continue;
        is_there(session, start, (size_t)(open - start), hint);
        n++;
    }
    return n;
}

/* "als, mf … are built in" names als and mf. */
static size_t lists_are_there(const struct session *session, const char *hint) {
    const char *end = strstr(hint, " … are built in");
    size_t n = 0;
    for (const char *at = hint; end && at < end;) {
        size_t len = 0;
        while (is_word(at[len])) len++;
        is_there(session, at, len, hint);
        at += len + strspn(at + len, ", ");
        n++;
    }
    return n;
}

static size_t hint_is_kept(struct session *session, const char *code) {
    struct outcome outcome;
    struct output output = {0};
    if (registry_find(session_registry(session), code)) return 0; /* a package's name that is a builtin here: implicit */
    session_next_count(session);
    session_run(session, "Cell", slice_of(code), &output, true, &outcome);
    if (outcome.err.code == OK || !outcome.err.hint[0]) fail_msg("`%s` ends without a hint", code);
    size_t n = calls_are_there(session, outcome.err.hint) + lists_are_there(session, outcome.err.hint);
    outcome_release(&outcome);
    return n;
}

static void hints_name_what_is_there(void **state) {
    struct session *session;
    struct error err = ERROR_INIT;
    struct buf code = BUF_INIT;
    size_t n = 0, i = 0;
    (void)state;
    assert_int_equal(session_new(&session, &err), OK);
    for (; foreign_name(i); i++) n += hint_is_kept(session, foreign_name(i));
    for (size_t j = 0; package_names(j); j++)
        for (const char *at = package_names(j); *at; at += strcspn(at, " "), at += *at == ' ') {
            code.len = 0;
            buf_addf(&code, "import %.*s", (int)strcspn(at, " "), at);
            n += hint_is_kept(session, buf_text(&code));
            n += hint_is_kept(session, buf_text(&code) + strlen("import "));
        }
    assert_true(n > 2 * i / 3); /* they do name some */
    buf_release(&code);
    session_free(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hints_name_what_is_there),
    };
    return cmocka_run_group_tests_name("hints", tests, NULL, NULL);
}
