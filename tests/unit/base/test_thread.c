#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/monitor.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

#define MOST 5000

struct counted {
    atomic_int runs[MOST];
    atomic_int wrong_thread;
    int n_threads;
};

static void count_block(void *ctx, int64_t block, int thread) {
    struct counted *counted = ctx;
    atomic_fetch_add(&counted->runs[block], 1);
    if (thread < 0 || thread >= counted->n_threads) atomic_store(&counted->wrong_thread, 1);
}

static void run_counted(int n_threads, int64_t n_blocks) {
    static struct counted counted;
    memset(&counted, 0, sizeof counted);
    struct error err = ERROR_INIT;
    pool_set_threads(n_threads);
    counted.n_threads = n_threads;
    assert_int_equal(pool_threads(), n_threads);
    assert_int_equal(pool_run(NULL, n_blocks, count_block, &counted, &err), OK);
    for (int64_t i = 0; i < MOST; i++) assert_int_equal(atomic_load(&counted.runs[i]), i < n_blocks);
    assert_int_equal(atomic_load(&counted.wrong_thread), 0);
}

static void every_block_runs_once(void **state) {
    (void)state;
    static const int threads[] = {1, 4, 2, 16, 3, 1, 8};
    static const int64_t blocks[] = {0, 1, 2, 7, 64, MOST};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++)
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) run_counted(threads[t], blocks[b]);
    pool_stop();
    run_counted(4, 100);
}

static void many_small_jobs(void **state) {
    (void)state;
    for (int i = 0; i < 3000; i++) run_counted(4, 2 + i % 5);
}

static void numbers_of_threads(void **state) {
    (void)state;
    assert_true(pool_max_threads() >= 1 && pool_max_threads() <= POOL_MAX_THREADS);
    pool_set_threads(0);
    assert_int_equal(pool_threads(), 1);
    pool_set_threads(100000);
    assert_int_equal(pool_threads(), POOL_MAX_THREADS);
    setenv("RECKON_THREADS", "1", 1);
    assert_int_equal(pool_max_threads(), 1);
    setenv("RECKON_THREADS", "many", 1);
    assert_true(pool_max_threads() >= 1);
    unsetenv("RECKON_THREADS");
    pool_set_threads(4);
}

/* A sum over blocks, in block order: the way all models reduce. */
struct summed {
    double parts[257];
};

static void sum_block(void *ctx, int64_t block, int thread) {
    (void)thread;
    struct rng rng = rng_at(1, RNG_USER, (uint64_t)block);
    double sum = 0;
    for (int i = 0; i < 1000; i++) sum += rng_normal(&rng);
    ((struct summed *)ctx)->parts[block] = sum;
}

static double sum_with(int n_threads) {
    struct summed summed;
    struct error err = ERROR_INIT;
    pool_set_threads(n_threads);
    assert_int_equal(pool_run(NULL, 257, sum_block, &summed, &err), OK);
    double sum = 0;
    for (int i = 0; i < 257; i++) sum += summed.parts[i];
    return sum;
}

static void results_know_no_threads(void **state) {
    (void)state;
    double one = sum_with(1);
    assert_true(one != 0);
    assert_true(sum_with(4) == one && sum_with(2) == one && sum_with(13) == one);
}

struct stopped {
    struct task *task;
    atomic_int n_run;
};

static void cancel_at_ten(void *ctx, int64_t block, int thread) {
    (void)block, (void)thread;
    struct stopped *stopped = ctx;
    int n = atomic_fetch_add(&stopped->n_run, 1);
    if (n == 10) task_cancel(stopped->task);
    while (n > 10 && !task_cancelled(stopped->task)) {}
}

static void cancelled_jobs_end(void **state) {
    (void)state;
    for (int n_threads = 1; n_threads <= 4; n_threads += 3) {
        struct stopped stopped = {.task = task_new(NULL)};
        struct error err = ERROR_INIT;
        pool_set_threads(n_threads);
        assert_int_equal(pool_run(stopped.task, 1000000, cancel_at_ten, &stopped, &err), ERR_INTERRUPTED);
        assert_string_equal(err.message, "interrupted");
        assert_true(atomic_load(&stopped.n_run) <= 11 + n_threads);
        task_rearm(stopped.task);
        err_reset(&err);
        atomic_store(&stopped.n_run, -1000);
        assert_int_equal(pool_run(stopped.task, 50, cancel_at_ten, &stopped, &err), OK);
        task_free(stopped.task);
    }
}

struct nested {
    atomic_int runs, wrong;
};

static void inner_block(void *ctx, int64_t block, int thread) {
    (void)block, (void)thread;
    atomic_fetch_add(&((struct nested *)ctx)->runs, 1);
}

struct inner {
    struct nested *nested;
    int thread;
};

static void same_thread(void *ctx, int64_t block, int thread) {
    struct inner *inner = ctx;
    if (thread != inner->thread) atomic_store(&inner->nested->wrong, 1);
    inner_block(inner->nested, block, thread);
}

static void outer_block(void *ctx, int64_t block, int thread) {
    (void)block;
    struct inner inner = {ctx, thread};
    struct error err = ERROR_INIT;
    if (pool_run(NULL, 10, same_thread, &inner, &err) != OK) atomic_store(&inner.nested->wrong, 1);
}

static void nested_jobs_run_in_place(void **state) {
    (void)state;
    struct nested nested = {0};
    struct error err = ERROR_INIT;
    pool_set_threads(4);
    assert_int_equal(pool_run(NULL, 40, outer_block, &nested, &err), OK);
    assert_int_equal(atomic_load(&nested.runs), 400);
    assert_int_equal(atomic_load(&nested.wrong), 0);
}

static void other_caller(void *ctx) {
    struct error err = ERROR_INIT;
    for (int i = 0; i < 200; i++)
        if (pool_run(NULL, 50, inner_block, ctx, &err) != OK) atomic_store(&((struct nested *)ctx)->wrong, 1);
}

/* Not allowed by the contract, but two callers must not break each other. */
static void a_second_caller_works_alone(void **state) {
    (void)state;
    struct nested nested = {0};
    struct own_thread *thread = own_thread_start("second", 1 << 18, other_caller, &nested);
    assert_non_null(thread);
    other_caller(&nested);
    assert_true(own_thread_join(thread, 60));
    assert_int_equal(atomic_load(&nested.runs), 20000);
    assert_int_equal(atomic_load(&nested.wrong), 0);
}

static int stop_pool(void **state) {
    (void)state;
    pool_stop();
    pool_stop();
    return 0;
}

struct line {
    int reports;
    int64_t done, total;
    double now;
};

static void hear_line(void *ctx, const struct progress *progress) {
    struct line *line = ctx;
    assert_string_equal(progress->label, "label");
    assert_string_equal(progress->unit, "row");
    line->reports++;
    line->done = progress->done;
    line->total = progress->total;
}

static double a_second_later(void *ctx) { return ((struct line *)ctx)->now += 1; }

static void tally(void *ctx, int64_t block, int thread) {
    (void)thread;
    __atomic_add_fetch((int *)ctx + block, 1, __ATOMIC_RELAXED);
}

/* Every block once, and a line that ends with all of them. */
static void shown_in_turns(void **state) {
    (void)state;
    for (int64_t n = 1; n < 1000; n += 83) {
        struct line line = {0};
        const struct task_listener listener = {.ctx = &line, .progress = hear_line, .now_s = a_second_later};
        struct task *task = task_new(&listener);
        struct error err = ERROR_INIT;
        int counts[1000] = {0};
        assert_int_equal(pool_run_shown(task, "label", "row", n, tally, counts, &err), OK);
        for (int64_t i = 0; i < 1000; i++) assert_int_equal(counts[i], i < n);
        assert_true(line.reports > 0 && line.reports <= 65);
        assert_int_equal(line.done, n);
        assert_int_equal(line.total, n);
        task_cancel(task);
        assert_int_equal(pool_run_shown(task, "label", "row", n, tally, counts, &err), ERR_INTERRUPTED);
        task_free(task);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown_in_turns),           cmocka_unit_test(every_block_runs_once),       cmocka_unit_test(many_small_jobs),
        cmocka_unit_test(numbers_of_threads),       cmocka_unit_test(results_know_no_threads),     cmocka_unit_test(cancelled_jobs_end),
        cmocka_unit_test(nested_jobs_run_in_place), cmocka_unit_test(a_second_caller_works_alone),
    };
    return cmocka_run_group_tests(tests, NULL, stop_pool);
}
