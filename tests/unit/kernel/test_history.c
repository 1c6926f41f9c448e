#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/history.h"
#include "kernel/history_store.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/data/database.h"
#include "tests/unit/folder.h"

/* --- a question, asked on the history's thread --- */

struct asked {
    struct history *history;
    const char *query;
    struct monitor *monitor;
    struct buf answer;
    struct error err;
    bool done, in_time;
};

static void answer(void *ctx, bool in_time) {
    struct asked *asked = ctx;
    json_t *json = NULL;
    if (in_time && json_parse(slice_of(asked->query), &json, &asked->err) == OK &&
        history_query(asked->history, json, &asked->answer, &asked->err) != OK)
        buf_adds(&asked->answer, asked->err.message);
    json_decref(json);
    monitor_lock(asked->monitor);
    asked->done = true;
    asked->in_time = in_time;
    monitor_wake(asked->monitor);
    monitor_unlock(asked->monitor);
}

/* Owned text. */
static char *ask(struct history *history, const char *query) {
    struct asked asked = {.history = history, .query = query, .monitor = monitor_new(), .err = ERROR_INIT};
    history_call(history, answer, &asked);
    monitor_lock(asked.monitor);
    while (!asked.done) assert_true(monitor_wait_for(asked.monitor, 30));
    monitor_unlock(asked.monitor);
    monitor_free(asked.monitor);
    assert_true(asked.in_time);
    buf_adds(&asked.answer, "");
    return buf_take(&asked.answer);
}

static void answer_is(struct history *history, const char *query, const char *answer_wanted) {
    char *text = ask(history, query);
    assert_string_equal(text, answer_wanted);
    free(text);
}

#define TAIL(n) "{\"hist_access_type\":\"tail\",\"n\":" n "}"
#define TAIL_WITH_OUTPUT(n) "{\"hist_access_type\":\"tail\",\"output\":true,\"n\":" n "}"
#define RANGE(what) "{\"hist_access_type\":\"range\"" what "}"
#define SEARCH(what) "{\"hist_access_type\":\"search\"" what "}"

static void add(struct history *history, int64_t line, const char *input, const char *output) {
    struct slice text = slice_of(output ? output : "");
    history_add(history, line, slice_of(input), output ? &text : NULL);
}

static struct history *with_cells(const char *path, const char *const *inputs, int n) {
    struct history *history = history_new(path);
    assert_non_null(history);
    for (int i = 0; i < n; i++) add(history, i + 1, inputs[i], i == 1 ? "7" : NULL);
    return history;
}

static int make_quiet_folder(void **state) {
    log_to(-1); /* what is logged of bad files is no news here */
    return make_folder(state);
}

/* --- tests --- */

static const char *const four[] = {"a = 1", "b", "a = 1", "näive 日"};

static void one_session_in_memory(void **state) {
    (void)state;
    struct history *history = with_cells(NULL, four, 4);
    answer_is(history, TAIL("1"), "[[1,4,\"näive 日\"]]");
    answer_is(history, TAIL("0"), "[]");
    answer_is(history, TAIL("-3"), "[]");
    answer_is(history, TAIL("99"), "[[1,1,\"a = 1\"],[1,2,\"b\"],[1,3,\"a = 1\"],[1,4,\"näive 日\"]]");
    answer_is(history, "{}", "[[1,1,\"a = 1\"],[1,2,\"b\"],[1,3,\"a = 1\"],[1,4,\"näive 日\"]]");
    answer_is(history, TAIL_WITH_OUTPUT("3"), "[[1,2,[\"b\",\"7\"]],[1,3,[\"a = 1\",null]],[1,4,[\"näive 日\",null]]]");
    answer_is(history, SEARCH(",\"pattern\":\"a*\""), "[[1,1,\"a = 1\"],[1,3,\"a = 1\"]]");
    answer_is(history, SEARCH(",\"pattern\":\"a*\",\"unique\":true"), "[[1,3,\"a = 1\"]]");
    answer_is(history, SEARCH(",\"unique\":true"), "[[1,2,\"b\"],[1,3,\"a = 1\"],[1,4,\"näive 日\"]]");
    answer_is(history, SEARCH(",\"unique\":true,\"n\":2"), "[[1,3,\"a = 1\"],[1,4,\"näive 日\"]]");
    answer_is(history, SEARCH(",\"pattern\":\"*?*\",\"n\":2"), "[[1,3,\"a = 1\"],[1,4,\"näive 日\"]]");
    answer_is(history, SEARCH(",\"pattern\":\"?\",\"n\":null,\"output\":true"), "[[1,2,[\"b\",\"7\"]]]");
    answer_is(history, SEARCH(",\"pattern\":7"), "`pattern` of a history_request is a string");
    answer_is(history, "{\"hist_access_type\":\"all\"}", "hist_access_type \"all\": only \"tail\", \"range\" and \"search\" are known");
    history_free(history);
}

static void ranges(void **state) {
    (void)state;
    static const char *const letters[] = {"a", "b", "c", "d"};
    static const struct {
        const char *query, *lines;
    } cases[] = {
        {RANGE(""), "abcd"},
        {RANGE(",\"session\":0,\"start\":2,\"stop\":4"), "bc"},
        {RANGE(",\"session\":1,\"start\":2,\"stop\":4"), "bc"},
        {RANGE(",\"start\":2,\"stop\":null"), "bcd"},
        {RANGE(",\"start\":0,\"stop\":0"), "abcd"},
        {RANGE(",\"start\":-1"), "d"},
        {RANGE(",\"start\":-3,\"stop\":-1"), "bc"},
        {RANGE(",\"start\":-99,\"stop\":2"), "a"},
        {RANGE(",\"start\":1,\"stop\":-99"), ""},
        {RANGE(",\"start\":3,\"stop\":2"), ""},
        {RANGE(",\"start\":1,\"stop\":99,\"n\":1"), "abcd"},
        {RANGE(",\"session\":-1"), ""},
        {RANGE(",\"session\":-9223372036854775808"), ""},
        {RANGE(",\"session\":2"), ""},
        {RANGE(",\"session\":9223372036854775807,\"start\":9223372036854775807,\"stop\":-9223372036854775808"), ""},
    };
    struct history *history = with_cells(NULL, letters, 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf wanted = BUF_INIT;
        buf_addc(&wanted, '[');
        for (const char *at = cases[i].lines; *at; at++) buf_addf(&wanted, "%s[1,%d,\"%c\"]", at == cases[i].lines ? "" : ",", *at - 'a' + 1, *at);
        buf_addc(&wanted, ']');
        answer_is(history, cases[i].query, buf_text(&wanted));
        buf_release(&wanted);
    }
    history_free(history);
}

static void sessions_share_a_file(void **state) {
    static const char *const first[] = {"one", "two"}, *const second[] = {"three"}, *const third[] = {"two"};
    char *path = path_join(*state, "made/by/us/shared.sqlite"), *folder = path_join(*state, "made/by/us");
    history_free(with_cells(path, first, 2));
    struct history *a = with_cells(path, second, 1);
    answer_is(a, TAIL("9"), "[[1,1,\"one\"],[1,2,\"two\"],[2,1,\"three\"]]");
    struct history *b = with_cells(path, third, 1);
    answer_is(b, TAIL_WITH_OUTPUT("2"), "[[2,1,[\"three\",null]],[3,1,[\"two\",null]]]");
    add(a, 2, "later", NULL);
    answer_is(a, TAIL("9"), "[[1,1,\"one\"],[1,2,\"two\"],[2,1,\"three\"],[2,2,\"later\"],[3,1,\"two\"]]");
    answer_is(b, RANGE(",\"session\":0"), "[[3,1,\"two\"]]");
    answer_is(b, RANGE(",\"session\":-1"), "[[2,1,\"three\"],[2,2,\"later\"]]");
    answer_is(b, RANGE(",\"session\":-2,\"start\":-1,\"output\":true"), "[[1,2,[\"two\",\"7\"]]]");
    answer_is(b, RANGE(",\"session\":2,\"stop\":2"), "[[2,1,\"three\"]]");
    answer_is(b, SEARCH(",\"pattern\":\"t*\",\"unique\":true"), "[[2,1,\"three\"],[3,1,\"two\"]]");
    history_free(a);
    history_free(b);
    unlink(path);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rmdir(folder), 0);
        *strrchr(folder, '/') = 0;
    }
    free(path);
    free(folder);
}

static void odd_texts_come_back(void **state) {
    (void)state;
    struct history *history = history_new(NULL);
    const struct slice input = {"a\0b\n\"\\\x01", 7}, empty = slice_of("");
    history_add(history, 1, input, &empty);
    add(history, 2, "", "𝔘𝔫𝔦 😀");
    answer_is(history, TAIL_WITH_OUTPUT("2"), "[[1,1,[\"a\\u0000b\\n\\\"\\\\\\u0001\",\"\"]],[1,2,[\"\",\"𝔘𝔫𝔦 😀\"]]]");
    history_free(history);
}

static void globs(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},          {"*", "", true},          {"?", "", false},         {"a", "b", false},    {"a*c", "abbbc", true},
        {"a*c", "abbb", false},  {"*b*", "abc", true},     {"a?c", "a日c", true},    {"??", "日本", true}, {"?", "日本", false},
        {"**", "x", true},       {"*a*a*a*", "aaa", true}, {"*a*a*a*", "aa", false}, {"x", "xy", false},   {"*y", "xyxy", true},
        {"?", "😀", true},        {"*?", "😀", true},        {"*??", "😀", false},      {"[a]", "a", false},  {"[a]*", "[a] = 1", true},
        {"*😀", "a😀", true},      {"\\*", "*", false},      {"\\*", "\\x", true},     {"a", "", false},     {"*", "a\nb", true},
        {"*本", "日本本", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(glob_match(slice_of(cases[i].pattern), slice_of(cases[i].text), NULL), cases[i].matches);
}

static void a_long_match_can_be_cancelled(void **state) {
    (void)state;
    struct buf text = BUF_INIT, pattern = BUF_INIT;
    struct task *task = task_new(NULL);
    for (int i = 0; i < 20000; i++) buf_addc(&text, 'a');
    buf_addc(&pattern, '*');
    buf_add(&pattern, text.data, 900);
    buf_addc(&text, 'b');
    buf_addc(&pattern, 'b');
    const struct slice all = {text.data, text.len}, wanted = {pattern.data, pattern.len};
    assert_true(glob_match(wanted, all, NULL));
    assert_true(glob_match(wanted, all, task));
    task_cancel(task);
    assert_false(glob_match(wanted, all, task));
    task_free(task);
    buf_release(&text);
    buf_release(&pattern);
}

static void bad_files_are_left_and_memory_serves(void **state) {
    static const char notes[] =
        "these are somebody's notes; they are no database, and nobody but their owner may change them. Never. ...............";
    char *path = path_join(*state, "notes");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(notes, file);
    fclose(file);
    const char *const paths[] = {path, "/proc/nowhere/history.sqlite", "/dev/null/history.sqlite", *state};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct history *history = with_cells(paths[i], four, 2);
        answer_is(history, TAIL("9"), "[[1,1,\"a = 1\"],[1,2,\"b\"]]");
        add(history, 3, "c", NULL);
        answer_is(history, TAIL("1"), "[[1,3,\"c\"]]");
        history_free(history);
    }
    struct buf now = BUF_INIT;
    struct error err = ERROR_INIT;
    assert_int_equal(file_read(path, 1000, &now, &err), OK);
    assert_string_equal(buf_text(&now), notes);
    buf_release(&now);
    free(path);
}

/* Somebody drops the table under us: what is left to write goes to memory. */
static void a_file_that_breaks_later(void **state) {
    char *path = path_join(*state, "breaks.sqlite");
    struct history *history = with_cells(path, four, 2);
    struct database *other;
    struct error err = ERROR_INIT;
    answer_is(history, TAIL("1"), "[[1,2,\"b\"]]");
    assert_int_equal(database_open(path, &other, &err), OK);
    assert_int_equal(database_exec(other, "DROP TABLE cells", &err), OK);
    database_close(other);
    add(history, 3, "c", "3");
    answer_is(history, TAIL_WITH_OUTPUT("9"), "[[1,3,[\"c\",\"3\"]]]");
    history_free(history);
    free(path);
}

static void nothing_is_opened_before_the_first_use(void **state) {
    char *path = path_join(*state, "late.sqlite");
    struct history *history = history_new(path);
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.02, &err), OK);
    history_free(history);
    assert_false(file_exists(path));
    history = history_new(path);
    answer_is(history, TAIL("3"), "[]");
    assert_true(file_exists(path));
    history_free(history);
    free(path);
}

static void what_was_added_is_written_at_the_end(void **state) {
    char *path = path_join(*state, "end.sqlite");
    double began = clock_now_s();
    struct history *history = with_cells(path, four, 4);
    assert_true(history_end(history, 20));
    assert_true(clock_now_s() - began < 10);
    add(history, 5, "too late", NULL);
    struct asked asked = {.monitor = monitor_new(), .in_time = true};
    history_call(history, answer, &asked);
    assert_true(asked.done);
    assert_false(asked.in_time);
    monitor_free(asked.monitor);
    history_free(history);
    history = history_new(path);
    answer_is(history, TAIL("9"), "[[1,1,\"a = 1\"],[1,2,\"b\"],[1,3,\"a = 1\"],[1,4,\"näive 日\"]]");
    history_free(history);
    free(path);
}

/* A call that waits for ever keeps the thread: cells gather, up to the bound, and adding stays quick. */
static void hold(void *ctx, bool in_time) {
    struct asked *asked = ctx;
    monitor_lock(asked->monitor);
    asked->in_time = in_time;
    monitor_wake(asked->monitor);
    while (!asked->done) monitor_wait(asked->monitor);
    monitor_unlock(asked->monitor);
}

static void floods_are_bounded(void **state) {
    (void)state;
    enum { LEN = 300000, MANY = 20000 };
    struct history *history = history_new(NULL);
    struct asked gate = {.monitor = monitor_new()};
    char *text = xalloc(LEN + 1);
    memset(text, 'x', LEN);
    history_call(history, hold, &gate);
    monitor_lock(gate.monitor);
    while (!gate.in_time) assert_true(monitor_wait_for(gate.monitor, 30));
    monitor_unlock(gate.monitor);
    double began = clock_now_s();
    for (int i = 1; i <= MANY; i++) history_add(history, i, (struct slice){text, LEN}, NULL);
    assert_true(clock_now_s() - began < 5);
    monitor_lock(gate.monitor);
    gate.done = true;
    monitor_wake(gate.monitor);
    monitor_unlock(gate.monitor);
    add(history, MANY + 1, "after", NULL); /* a small one still fits */
    char *lines = ask(history, TAIL("999"));
    size_t kept = HISTORY_QUEUE_BYTES_MAX / LEN;
    assert_in_range(strlen(lines), (kept - 1) * LEN, (kept + 1) * LEN);
    assert_non_null(strstr(lines, "[1,1,\"xxx"));
    assert_non_null(strstr(lines, "[1,20001,\"after\"]]"));
    free(lines);
    history_free(history);
    monitor_free(gate.monitor);
    free(text);
}

static void texts_and_answers_are_bounded(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    buf_adds(&text, "x");
    while (text.len < 2 * HISTORY_TEXT_BYTES_MAX) buf_adds(&text, "日");
    struct history *history = history_new(NULL);
    for (int i = 1; i <= 20; i++) {
        add(history, i, buf_text(&text), NULL);
        free(ask(history, TAIL("0")));
    }
    char *one = ask(history, TAIL("1")), *all = ask(history, TAIL("99"));
    size_t cell = strlen(one) - 2;
    assert_in_range(cell, HISTORY_TEXT_BYTES_MAX - 3, HISTORY_TEXT_BYTES_MAX + 20);
    assert_true(utf8_valid(slice_of(one)));
    assert_null(strstr(one, "\xEF\xBF\xBD"));
    assert_in_range(strlen(all), HISTORY_ANSWER_BYTES_MAX - 2 * cell, HISTORY_ANSWER_BYTES_MAX + 100);
    assert_non_null(strstr(all, "[1,20,\"x"));
    assert_null(strstr(all, "[1,2,\"x"));
    free(one);
    free(all);
    history_free(history);
    buf_release(&text);
}

static void old_cells_give_way(void **state) {
    char *path = path_join(*state, "large.sqlite"), *text = xalloc(HISTORY_TEXT_BYTES_MAX + 1);
    struct history *history = history_new(path);
    memset(text, 'x', HISTORY_TEXT_BYTES_MAX);
    enum { MANY = 100 };
    for (int i = 1; i <= MANY; i++) {
        add(history, i, text, NULL);
        free(ask(history, TAIL("0")));
    }
    add(history, MANY + 1, "last", NULL);
    char *first = ask(history, RANGE(",\"stop\":3")), *last = ask(history, RANGE(",\"start\":101"));
    assert_string_equal(first, "[]");
    assert_string_equal(last, "[[1,101,\"last\"]]");
    free(first);
    free(last);
    history_free(history);
    assert_in_range(file_size(path), HISTORY_FILE_BYTES_MAX / 2, HISTORY_FILE_BYTES_MAX + (4 << 20));
    free(path);
    free(text);
}

static void a_long_search_ends_with_the_history(void **state) {
    (void)state;
    struct history *history = history_new(NULL);
    char *text = xalloc(200001);
    memset(text, 'a', 200000);
    for (int i = 1; i <= 2000; i++) {
        add(history, i, text, NULL);
        if (i % 20 == 0) free(ask(history, TAIL("0")));
    }
    struct asked asked = {
        .history = history, .query = SEARCH(",\"pattern\":\"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""), .monitor = monitor_new()};
    double began = clock_now_s();
    history_call(history, answer, &asked);
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.05, &err), OK);
    assert_true(history_end(history, 20));
    assert_true(clock_now_s() - began < 10);
    assert_true(asked.done);
    assert_int_equal(asked.err.code, ERR_INTERRUPTED);
    history_free(history);
    monitor_free(asked.monitor);
    buf_release(&asked.answer);
    free(text);
}

static void the_environment_says_where(void **state) {
    static const struct {
        const char *chosen, *xdg, *home, *path;
    } cases[] = {
        {NULL, NULL, "/home/x", "/home/x/.local/share/reckon/history.sqlite"},
        {"", "", "/home/x", "/home/x/.local/share/reckon/history.sqlite"},
        {NULL, "/xdg", "/home/x", "/xdg/reckon/history.sqlite"},
        {NULL, "relative", "/home/x", "/home/x/.local/share/reckon/history.sqlite"},
        {"off", "/xdg", "/home/x", NULL},
        {"/my/file", "/xdg", "/home/x", "/my/file"},
        {"~/file", NULL, "/home/x", "/home/x/file"},
        {NULL, NULL, "", NULL},
        {NULL, NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const names[] = {"RECKON_HISTORY", "XDG_DATA_HOME", "HOME"}, *const values[] = {cases[i].chosen, cases[i].xdg, cases[i].home};
        for (int v = 0; v < 3; v++) assert_int_equal(values[v] ? setenv(names[v], values[v], 1) : unsetenv(names[v]), 0);
        char *path = history_path();
        if (cases[i].path) assert_string_equal(path, cases[i].path);
        else assert_null(path);
        free(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_session_in_memory),
        cmocka_unit_test(ranges),
        cmocka_unit_test(sessions_share_a_file),
        cmocka_unit_test(odd_texts_come_back),
        cmocka_unit_test(globs),
        cmocka_unit_test(a_long_match_can_be_cancelled),
        cmocka_unit_test(bad_files_are_left_and_memory_serves),
        cmocka_unit_test(a_file_that_breaks_later),
        cmocka_unit_test(nothing_is_opened_before_the_first_use),
        cmocka_unit_test(what_was_added_is_written_at_the_end),
        cmocka_unit_test(floods_are_bounded),
        cmocka_unit_test(texts_and_answers_are_bounded),
        cmocka_unit_test(old_cells_give_way),
        cmocka_unit_test(a_long_search_ends_with_the_history),
        cmocka_unit_test(the_environment_says_where),
    };
    return cmocka_run_group_tests_name("history", tests, make_quiet_folder, remove_folder);
}
