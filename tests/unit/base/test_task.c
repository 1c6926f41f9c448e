#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include "runtime/base/monitor.h"
#include "runtime/base/str.h"
#include "runtime/base/task.h"

struct heard {
    double now_s;
    int n_reports;
    struct progress last;
    struct buf printed;
    void *partial;
};

static void hear_progress(void *ctx, const struct progress *progress) {
    struct heard *heard = ctx;
    heard->n_reports++;
    heard->last = *progress;
}

static void hear_print(void *ctx, const char *text, size_t len) { buf_add(&((struct heard *)ctx)->printed, text, len); }

static void hear_partial(void *ctx, void *model) { ((struct heard *)ctx)->partial = model; }

static double tell_time(void *ctx) { return ((struct heard *)ctx)->now_s; }

static struct task *new_task(struct heard *heard) {
    return task_new(&(struct task_listener){heard, hear_progress, hear_print, hear_partial, NULL, tell_time});
}

static bool readable(int fd) {
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, 0) == 1;
}

static void cancelling(void **state) {
    (void)state;
    struct task *task = task_new(NULL);
    struct error err = ERROR_INIT;
    assert_int_equal(task_check(task, &err), OK);
    assert_false(readable(task_cancel_fd(task)));
    task_cancel(task);
    task_cancel(task);
    assert_true(task_cancelled(task) && readable(task_cancel_fd(task)));
    assert_int_equal(task_check(task, &err), ERR_INTERRUPTED);
    assert_string_equal(err.message, "interrupted");
    task_rearm(task);
    assert_false(task_cancelled(task) || readable(task_cancel_fd(task)));
    task_free(task);
    task_free(NULL);
}

static void nobody_listens(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(task_check(NULL, &err), OK);
    assert_int_equal(task_sleep(NULL, 0.01, &err), OK);
    assert_int_equal(task_cancel_fd(NULL), -1);
    assert_false(task_cancelled(NULL));
    task_begin(NULL, "a", "b", 3);
    task_report(NULL, 1, "x");
    task_advance(NULL, 1);
    task_end(NULL, false);
    task_print(NULL, "x", 1);
    task_printf(NULL, "%d", 1);
    task_offer_partial(NULL, &err);
    struct task *task = task_new(NULL);
    task_report(task, 1, "outside of a run");
    task_end(task, false);
    task_begin(task, "a", "b", 3);
    task_report(task, 1, "x");
    task_printf(task, "%d", 1);
    task_end(task, false);
    task_free(task);
}

static void cancel_soon(void *ctx) {
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.05, &err), OK);
    task_cancel(ctx);
}

static void sleeping(void **state) {
    (void)state;
    struct task *task = task_new(NULL);
    struct error err = ERROR_INIT;
    double start = clock_now_s();
    assert_int_equal(task_sleep(task, 0.03, &err), OK);
    assert_true(clock_now_s() - start >= 0.03);
    assert_int_equal(task_sleep(task, 0, &err), OK);
    assert_int_equal(task_sleep(task, -1, &err), OK);
    assert_int_equal(task_sleep(task, __builtin_nan(""), &err), OK);
    struct own_thread *thread = own_thread_start("cancel", 1 << 18, cancel_soon, task);
    assert_non_null(thread);
    start = clock_now_s();
    assert_int_equal(task_sleep(task, 3600, &err), ERR_INTERRUPTED);
    assert_true(clock_now_s() - start < 5);
    assert_true(own_thread_join(thread, 10));
    task_free(task);
}

static void reports_are_throttled(void **state) {
    (void)state;
    struct heard heard = {.now_s = 100};
    struct task *task = new_task(&heard);
    task_begin(task, "als", "epoch", 100);
    for (int i = 1; i <= 100; i++) {
        heard.now_s += 0.05;
        task_report(task, i, "loss %d", i);
    }
    assert_true(heard.n_reports == 25 || heard.n_reports == 20); /* every 4th or, by rounding, 5th of 50 ms */
    assert_string_equal(heard.last.label, "als");
    assert_string_equal(heard.last.unit, "epoch");
    task_end(task, false);
    assert_int_equal(heard.last.done, 100);
    assert_string_equal(heard.last.text, "loss 100");
    assert_true(heard.last.finished && !heard.last.interrupted);
    assert_true(heard.last.elapsed_s > 4.99 && heard.last.elapsed_s < 5.01);
    assert_true(heard.last.eta_s < 0);
    task_free(task);
}

static void short_runs_say_nothing(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    task_begin(task, "als", "epoch", 2);
    heard.now_s += 0.1;
    task_report(task, 1, "x");
    task_end(task, false);
    assert_int_equal(heard.n_reports, 0);
    task_free(task);
}

static void no_time_left_is_told_before_it_is_known(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    task_begin(task, "als", "epoch", 10);
    static const double steps[] = {30, 1, 1, 1, 1};
    for (int i = 0; i < 5; i++) {
        heard.now_s += steps[i];
        task_report(task, i + 1, "x");
        if (i == 0) assert_true(heard.last.eta_s < 0); /* the first step tells nothing of the others */
        if (i == 1) assert_true(heard.last.eta_s == 8);
    }
    assert_true(heard.last.eta_s == 5);
    heard.now_s += 30;
    task_report(task, 6, "a slow one");
    assert_true(heard.last.eta_s == 4);
    task_report(task, 6, "again at the same place");
    heard.now_s += 1;
    task_report(task, 6, "and again");
    assert_true(heard.last.eta_s == 4);
    task_end(task, true);
    assert_true(heard.last.interrupted && !heard.last.finished);
    task_free(task);
}

static void unknown_totals(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    task_begin(task, "load", "lines", 0);
    heard.now_s += 1;
    task_advance(task, 5);
    task_advance(task, 6);
    task_report(task, -1, "x");
    assert_int_equal(heard.last.done, 11);
    assert_true(heard.last.eta_s < 0);
    task_end(task, false);
    task_free(task);
}

static void the_outer_run_shows(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    task_begin(task, "sweep", "fit", 3);
    heard.now_s += 1;
    task_report(task, 1, "outer");
    task_begin(task, "als", "epoch", 15);
    heard.now_s += 1;
    task_report(task, 14, "inner");
    task_advance(task, 1);
    assert_string_equal(heard.last.label, "sweep");
    assert_string_equal(heard.last.text, "outer");
    assert_int_equal(heard.last.done, 1);
    assert_true(heard.last.elapsed_s == 2);
    task_end(task, false);
    assert_false(heard.last.finished);
    task_end(task, false);
    assert_true(heard.last.finished);
    assert_int_equal(heard.last.done, 1);
    task_free(task);
}

static void the_next_cell_forgets_open_runs(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    task_begin(task, "als", "epoch", 15);
    task_begin(task, "inner", "row", 15);
    task_rearm(task);
    task_begin(task, "load", "line", 2);
    heard.now_s += 1;
    task_report(task, 1, "x");
    assert_string_equal(heard.last.label, "load");
    task_end(task, false);
    assert_true(heard.last.finished);
    task_free(task);
}

static void long_texts_are_cut_between_characters(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    struct buf text = BUF_INIT;
    buf_addc(&text, 'a');
    for (int i = 0; i < 300; i++) buf_adds(&text, "€");
    task_begin(task, "x", "y", 1);
    heard.now_s += 1;
    task_report(task, 1, "%s", buf_text(&text));
    assert_true(utf8_valid(slice_of(heard.last.text)));
    assert_true(strlen(heard.last.text) > 250);
    task_end(task, false);
    buf_release(&text);
    task_free(task);
}

static void saying(void **state) {
    (void)state;
    struct heard heard = {0};
    struct task *task = new_task(&heard);
    task_print(task, "abc", 2);
    task_print(task, "", 0);
    task_printf(task, " %d", 42);
    assert_string_equal(buf_text(&heard.printed), "ab 42");
    int model;
    task_offer_partial(task, &model);
    assert_ptr_equal(heard.partial, &model);
    buf_release(&heard.printed);
    task_free(task);
}

/* Nobody's checks don't count, nor do another's after it. */
static void interrupted_at_a_check(void **state) {
    (void)state;
    struct task *task = task_new(NULL);
    struct error err = ERROR_INIT;
    task_interrupt_after(2);
    assert_int_equal(task_check(NULL, &err), OK);
    assert_int_equal(task_check(task, &err), OK);
    assert_int_equal(task_check(task, &err), ERR_INTERRUPTED);
    assert_string_equal(err.message, "interrupted");
    assert_int_equal(task_check(task, &err), OK);
    task_interrupt_after(1);
    task_interrupt_after(0);
    assert_int_equal(task_check(task, &err), OK);
    task_free(task);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancelling),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(sleeping),
        cmocka_unit_test(reports_are_throttled),
        cmocka_unit_test(short_runs_say_nothing),
        cmocka_unit_test(no_time_left_is_told_before_it_is_known),
        cmocka_unit_test(unknown_totals),
        cmocka_unit_test(the_outer_run_shows),
        cmocka_unit_test(the_next_cell_forgets_open_runs),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(saying),
        cmocka_unit_test(interrupted_at_a_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
