/* The log of runs: what was told comes back, from several logs of one file too; files that can't be used, that others hold, that a killed process
 * leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "runtime/base/monitor.h"
#include "runtime/data/database.h"
#include "runtime/data/runs.h"
#include "tests/unit/folder.h"

#define ALL ((struct runs_filter){.kind = -1})

static const struct run_metric errors[] = {{"rmse", 0.9}, {"mae", 0.7}, {"none", NAN}};

static struct run_record a_fit(const char *model) {
    static const struct run_metric train = {"train_rmse", 0.5};
    return (struct run_record){.kind = RUN_FIT,
                               .model = model,
                               .builtin = "als",
                               .params = "factors=8",
                               .data = "ml-100k train",
                               .split = "random",
                               .fingerprint = "f1",
                               .device = "cpu",
                               .metrics = &train,
                               .n_metrics = 1,
                               .seed = UINT64_MAX,
                               .epoch = 7,
                               .seconds = 1.5};
}

static struct run_record an_evaluation(const char *model) {
    struct run_record run = a_fit(model);
    run.kind = RUN_EVALUATE;
    run.data = "ml-100k test";
    run.fingerprint = "f2";
    run.protocol = "full";
    run.metrics = errors;
    run.n_metrics = 3;
    run.epoch = 0;
    return run;
}

static void add(struct run_log *log, struct run_record run) { runs_add(log, &run); }

static struct table *read_all(struct run_log *log, struct runs_filter filter) {
    struct table *table = NULL;
    struct error err = ERROR_INIT;
    if (runs_read(log, &filter, NULL, &table, &err) != OK) fail_msg("%s", err.message);
    return table;
}

static int64_t count(struct run_log *log, struct runs_filter filter) {
    struct table *table = read_all(log, filter);
    const int64_t n = table->n_rows;
    table_unref(table);
    return n;
}

static const char *text_at(const struct table *table, const char *column, int64_t row) {
    const struct column *found = table_column(table, column);
    assert_non_null(found);
    return cell_is_null(found, row) ? "-" : found->u.strs[row];
}

static void what_was_told_comes_back(void **state) {
    char *path = path_join(*state, "deep/er/runs.sqlite");
    struct run_log *log = runs_new(path, "1.2, gcc");
    add(log, a_fit("one"));
    add(log, an_evaluation("one"));
    struct table *table = read_all(log, ALL);
    const char *const names[] = {"when",  "kind",    "model", "recipe", "data",        "rmse",     "mae",    "train_rmse",
                                 "epoch", "seconds", "seed",  "split",  "fingerprint", "protocol", "device", "version"};
    assert_int_equal(table->n_columns, sizeof names / sizeof *names);
    for (size_t c = 0; c < table->n_columns; c++) assert_string_equal(table->columns[c].name, names[c]);
    assert_int_equal(table->n_rows, 2);
    assert_string_equal(text_at(table, "kind", 0), "fit");
    assert_string_equal(text_at(table, "kind", 1), "evaluate");
    assert_string_equal(text_at(table, "recipe", 0), "als(factors=8)");
    assert_string_equal(text_at(table, "protocol", 0), "-");
    assert_string_equal(text_at(table, "protocol", 1), "full");
    assert_string_equal(text_at(table, "version", 1), "1.2");
    assert_true(cell_number(table_column(table, "rmse"), 1) == 0.9 && isnan(cell_number(table_column(table, "rmse"), 0)));
    assert_true(cell_number(table_column(table, "train_rmse"), 0) == 0.5);
    assert_true(cell_number(table_column(table, "epoch"), 0) == 7 && cell_is_null(table_column(table, "epoch"), 1));
    assert_int_equal(table_column(table, "seed")->u.ints[0], -1); /* 64 bits, as signed as SQLite's */
    assert_int_equal(table->n_notes, 0);
    assert_null(runs_complaint(log));
    table_unref(table);
    runs_free(log, 10);
    log = runs_new(path, "1.3");
    add(log, a_fit("two"));
    assert_int_equal(count(log, ALL), 3);
    runs_free(log, 10);
    free(path);
    dir_remove(*state);
    assert_int_equal(dir_make(*state, &(struct error){.code = OK}), OK);
}

static void filters_choose(void **state) {
    struct run_log *log = runs_new(NULL, "1");
    (void)state;
    add(log, a_fit("als"));
    add(log, a_fit("mine"));
    add(log, an_evaluation("mine"));
    struct run_record bias = an_evaluation("bias");
    bias.builtin = "bias";
    bias.data = "ml-100k2";
    bias.fingerprint = "f3";
    add(log, bias);
    assert_int_equal(count(log, ALL), 4);
    assert_int_equal(count(log, (struct runs_filter){.kind = RUN_FIT}), 2);
    assert_int_equal(count(log, (struct runs_filter){.kind = RUN_EVALUATE}), 2);
    assert_int_equal(count(log, (struct runs_filter){.kind = -1, .model = "als"}), 3);
    assert_int_equal(count(log, (struct runs_filter){.kind = -1, .model = "mine"}), 2);
    assert_int_equal(count(log, (struct runs_filter){.kind = -1, .data = "ml-100k"}), 3);
    assert_int_equal(count(log, (struct runs_filter){.kind = -1, .data = "ml-100k test"}), 1);
    assert_int_equal(count(log, (struct runs_filter){.kind = -1, .data_fingerprint = "f3"}), 1);
    assert_int_equal(count(log, (struct runs_filter){.kind = -1, .model = "' OR 1 --"}), 0);
    struct table *last = read_all(log, (struct runs_filter){.kind = -1, .last = 2});
    assert_string_equal(text_at(last, "model", 0), "mine");
    assert_string_equal(text_at(last, "model", 1), "bias");
    table_unref(last);
    runs_free(log, 10);
}

static void no_file_is_memory(void **state) {
    struct run_log *log = runs_new("/proc/nowhere/runs.sqlite", "1");
    (void)state;
    add(log, a_fit("one"));
    struct table *table = read_all(log, ALL);
    assert_int_equal(table->n_rows, 1);
    assert_string_equal(table->notes[0], "Of this session alone: no file keeps them.");
    table_unref(table);
    char *complaint = runs_complaint(log);
    assert_non_null(complaint);
    assert_non_null(strstr(complaint, "runs of this session are kept in memory alone: can't make the folder `/proc/nowhere`"));
    assert_null(runs_complaint(log));
    free(complaint);
    runs_free(log, 10);
}

static void damaged_files_are_left_alone(void **state) {
    char *path = path_join(*state, "runs.sqlite");
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT;
    assert_int_equal(file_write(path, slice_of("this is no database, but a text that somebody needs"), &err), OK);
    struct run_log *log = runs_new(path, "1");
    add(log, a_fit("one"));
    assert_int_equal(count(log, ALL), 1);
    char *complaint = runs_complaint(log);
    assert_non_null(strstr(complaint, "move the file away"));
    free(complaint);
    runs_free(log, 10);
    assert_int_equal(file_read(path, 1000, &bytes, &err), OK);
    assert_true(strncmp(buf_text(&bytes), "this is no database", 19) == 0);
    buf_release(&bytes);
    free(path);
}

/* --- several at once --- */

#define LOGS 4
#define RUNS_EACH 300

static void write_many(void *path) {
    struct run_log *log = runs_new(path, "1");
    for (int i = 0; i < RUNS_EACH; i++) add(log, i % 2 ? a_fit("many") : an_evaluation("many"));
    runs_free(log, 60);
}

static void several_logs_share_a_file(void **state) {
    char *path = path_join(*state, "runs.sqlite");
    struct own_thread *threads[LOGS];
    for (int i = 0; i < LOGS; i++) threads[i] = own_thread_start("log", 1 << 18, write_many, path);
    for (int i = 0; i < LOGS; i++) assert_true(own_thread_join(threads[i], 60));
    struct run_log *log = runs_new(path, "1");
    struct table *table = read_all(log, ALL);
    assert_int_equal(table->n_rows, LOGS * RUNS_EACH);
    for (int64_t i = 0; i < table->n_rows; i++)
        assert_true(isnan(cell_number(table_column(table, "rmse"), i)) == (strcmp(text_at(table, "kind", i), "fit") == 0));
    table_unref(table);
    runs_free(log, 10);
    free(path);
}

static void a_killed_writer_leaves_whole_runs(void **state) {
    char *path = path_join(*state, "runs.sqlite");
    for (int round = 0; round < 5; round++) {
        const pid_t child = fork();
        if (child == 0) {
            struct run_log *log = runs_new(path, "1");
            for (;;) {
                add(log, an_evaluation("killed"));
                count(log, (struct runs_filter){.kind = -1, .last = 1});
            }
        }
        assert_true(child > 0);
        struct error ignored = ERROR_INIT;
        assert_int_equal(task_sleep(NULL, 0.1 + 0.02 * round, &ignored), OK);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    struct run_log *log = runs_new(path, "1");
    struct table *table = read_all(log, ALL);
    assert_true(table->n_rows > 5);
    for (int64_t i = 0; i < table->n_rows; i++) assert_true(cell_number(table_column(table, "mae"), i) == 0.7);
    assert_null(runs_complaint(log));
    table_unref(table);
    runs_free(log, 10);
    free(path);
}

/* Somebody holds the file: who adds doesn't wait, who reads can be interrupted, and nothing is lost once it is free. */
static void nobody_waits_for_who_holds_the_file(void **state) {
    char *path = path_join(*state, "runs.sqlite");
    struct database *other;
    struct error err = ERROR_INIT;
    struct run_log *log = runs_new(path, "1");
    add(log, a_fit("first"));
    assert_int_equal(count(log, ALL), 1);
    assert_int_equal(database_open(path, &other, &err), OK);
    assert_int_equal(database_exec(other, "BEGIN IMMEDIATE", &err), OK);
    double start_s = clock_now_s();
    for (int i = 0; i < 50; i++) add(log, a_fit("later"));
    assert_true(clock_now_s() - start_s < 0.5);
    struct task *task = task_new(NULL);
    struct table *table;
    task_cancel(task);
    start_s = clock_now_s();
    assert_int_equal(runs_read(log, &ALL, task, &table, &err), ERR_INTERRUPTED);
    assert_true(clock_now_s() - start_s < 1);
    err_reset(&err);
    assert_int_equal(database_exec(other, "COMMIT", &err), OK);
    assert_int_equal(count(log, ALL), 51);
    database_close(other);
    task_free(task);
    runs_free(log, 10);
    free(path);
}

static void the_end_waits_for_nobody(void **state) {
    char *path = path_join(*state, "runs.sqlite");
    struct database *other;
    struct error err = ERROR_INIT;
    struct run_log *log = runs_new(path, "1");
    assert_int_equal(count(log, ALL), 0);
    assert_int_equal(database_open(path, &other, &err), OK);
    assert_int_equal(database_exec(other, "BEGIN IMMEDIATE", &err), OK);
    add(log, a_fit("lost"));
    const double start_s = clock_now_s();
    runs_free(log, 0.2);
    assert_true(clock_now_s() - start_s < 2);
    database_close(other);
    free(path);
}

static void the_path_is_the_users(void **state) {
    static const struct {
        const char *chosen, *home, *expected;
    } cases[] = {{"/a/b.sqlite", "/home/u", "/a/b.sqlite"},
                 {"~/runs", "/home/u", "/home/u/runs"},
                 {"off", "/home/u", NULL},
                 {"", "/home/u", "/home/u/.local/share/reckon/runs.sqlite"}};
    (void)state;
    unsetenv("XDG_DATA_HOME");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("RECKON_RUNS", cases[i].chosen, 1);
        setenv("HOME", cases[i].home, 1);
        char *path = runs_path();
        if (cases[i].expected) assert_string_equal(path, cases[i].expected);
        else assert_null(path);
        free(path);
    }
}

/* A metric that is a function of the user's has the function's name: columns keep theirs. */
static void metrics_named_like_columns(void **state) {
    (void)state;
    static const struct run_metric own[] = {{"seconds", 7}, {"Model", 8}};
    struct run_log *log = runs_new(NULL, "1");
    struct run_record run = an_evaluation("one");
    run.metrics = own;
    run.n_metrics = 2;
    add(log, run);
    struct table *table = read_all(log, ALL);
    for (size_t a = 0; a < table->n_columns; a++)
        for (size_t b = 0; b < a; b++) assert_true(strcasecmp(table->columns[a].name, table->columns[b].name) != 0);
    assert_true(table_column(table, "seconds (metric)")->u.floats[0] == 7);
    assert_true(table_column(table, "Model (metric)")->u.floats[0] == 8);
    assert_true(table_column(table, "seconds")->u.floats[0] != 7);
    table_unref(table);
    runs_free(log, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_told_comes_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(metrics_named_like_columns, make_folder, remove_folder),
        cmocka_unit_test(filters_choose),
        cmocka_unit_test(no_file_is_memory),
        cmocka_unit_test_setup_teardown(damaged_files_are_left_alone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(several_logs_share_a_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_whole_runs, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(nobody_waits_for_who_holds_the_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_end_waits_for_nobody, make_folder, remove_folder),
        cmocka_unit_test(the_path_is_the_users),
    };
    return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
