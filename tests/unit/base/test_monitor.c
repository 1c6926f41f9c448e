#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/monitor.h"

struct shared {
    struct monitor *monitor;
    int n;
};

static void count_up(void *ctx) {
    struct shared *shared = ctx;
    for (int i = 0; i < 10000; i++) {
        monitor_lock(shared->monitor);
        shared->n++;
        monitor_wake(shared->monitor);
        monitor_unlock(shared->monitor);
    }
}

static void threads_share(void **state) {
    (void)state;
    struct shared shared = {.monitor = monitor_new()};
    struct own_thread *threads[3];
    for (int i = 0; i < 3; i++) assert_non_null(threads[i] = own_thread_start("count", 1 << 18, count_up, &shared));
    monitor_lock(shared.monitor);
    while (shared.n < 30000) monitor_wait(shared.monitor);
    monitor_unlock(shared.monitor);
    for (int i = 0; i < 3; i++) assert_true(own_thread_join(threads[i], 60));
    assert_int_equal(shared.n, 30000);
    monitor_free(shared.monitor);
    monitor_free(NULL);
}

static void waiting_ends(void **state) {
    (void)state;
    struct monitor *monitor = monitor_new();
    double start = clock_now_s();
    monitor_lock(monitor);
    while (monitor_wait_for(monitor, 0.02)) {}
    assert_false(monitor_wait_for(monitor, 0));
    assert_false(monitor_wait_for(monitor, -1));
    monitor_unlock(monitor);
    assert_true(clock_now_s() - start >= 0.02);
    monitor_free(monitor);
}

static void nap(void *ctx) {
    (void)ctx;
    poll(NULL, 0, 60);
}

static void joining_has_a_limit(void **state) {
    (void)state;
    struct own_thread *thread = own_thread_start("nap", 1 << 18, nap, NULL);
    assert_non_null(thread);
    assert_false(own_thread_join(thread, 0.001));
    assert_true(own_thread_join(thread, 60));
}

static void assert_log(const char *level, const char *expected) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    if (level) setenv("RECKON_LOG", level, 1);
    else unsetenv("RECKON_LOG");
    log_to(ends[1]);
    log_line(LOG_ERROR, "bad %d", 1);
    log_line(LOG_INFO, "some");
    log_line(LOG_DEBUG, "more");
    log_to(STDERR_FILENO);
    close(ends[1]);
    char text[256] = {0};
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, expected);
    close(ends[0]);
}

static void log_levels(void **state) {
    (void)state;
    assert_log(NULL, "reckon error: bad 1\n");
    assert_log("info", "reckon error: bad 1\nreckon info: some\n");
    assert_log("debug", "reckon error: bad 1\nreckon info: some\nreckon debug: more\n");
}

static void long_lines_are_cut(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_to(ends[1]);
    log_line(LOG_ERROR, "%5000d", 7);
    log_to(STDERR_FILENO);
    close(ends[1]);
    char text[4096];
    ssize_t len = read(ends[0], text, sizeof text);
    assert_true(len > 2000 && len <= 2048 && text[len - 1] == '\n');
    close(ends[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share), cmocka_unit_test(waiting_ends),       cmocka_unit_test(joining_has_a_limit),
        cmocka_unit_test(log_levels),    cmocka_unit_test(long_lines_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
