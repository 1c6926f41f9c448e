/* What is exported loads as the same data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "runtime/data/export.h"
#include "runtime/data/split_ways.h"
#include "runtime/data/table_text.h"
#include "tests/unit/data/files.h"
#include "tests/unit/data/sources.h"

static const char *const endings[] = {"x.csv", "x.tsv", "x.jsonl"};

/* Exports in all forms, loads each, compares fingerprints. */
static void comes_back(struct dataset *dataset) {
    for (int i = 0; i < 3; i++) {
        struct error err = ERROR_INIT;
        if (dataset_export(NULL, dataset, endings[i], &err) != OK) fail_msg("%s", err.message);
        struct dataset *again = load_file(endings[i]);
        assert_string_equal(dataset_fingerprint(again), dataset_fingerprint(dataset));
        assert_int_equal(dataset_is_explicit(again), dataset_is_explicit(dataset));
        assert_int_equal(dataset_has_times(again), dataset_has_times(dataset));
        dataset_unref(again);
    }
}

static void test_forms(void **state) {
    (void)state;
    static const struct row rows[] = {{196, 242, 3, 881250949}, {7, 1, 4.5f, -1}, {7, 242, 0.1f, 0}};
    struct error err = ERROR_INIT;
    struct dataset *dataset = dataset_of_rows(rows, 3);
    static const char *const expected[] = {
        "user,item,rating,time\n196,242,3.0,881250949\n7,1,4.5,-1\n7,242,0.1,0\n",
        "user\titem\trating\ttime\n196\t242\t3.0\t881250949\n7\t1\t4.5\t-1\n7\t242\t0.1\t0\n",
        "{\"user\": 196, \"item\": 242, \"rating\": 3.0, \"time\": 881250949}\n{\"user\": 7, \"item\": 1, \"rating\": 4.5, \"time\": -1}\n"
        "{\"user\": 7, \"item\": 242, \"rating\": 0.1, \"time\": 0}\n"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(dataset_export(NULL, dataset, endings[i], &err), OK);
        char *text = read_file(endings[i]);
        assert_string_equal(text, expected[i]);
        free(text);
    }
    comes_back(dataset);
    dataset_unref(dataset);
}

/* Ids that hold everything a form could trip over; ratings of every size. */
static void test_awkward(void **state) {
    (void)state;
    static const char *const ids[] = {"a,b",          "say \"x\"", "two\nlines", " spaced ", "tab\there", "007",
                                      "\xEF\xBB\xBF", "é😀",        "-",          "\"",       "1e5",       "r\r"};
    enum { N = sizeof ids / sizeof *ids };
    static const float ratings[N] = {1.17549435e-38f, 3.4028235e38f, -0.1f,       16777217, 1e-45f, 0.333333343f,
                                     -0.0f,           1e10f,         123456.789f, 5,        2.5f,   7e-10f};
    struct dataset_draft draft = {.name = "awkward", .n_events = N, .is_explicit = true};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    draft.user_texts = xnew_array(char *, N);
    draft.item_texts = xnew_array(char *, N);
    draft.ratings = xmemdup(ratings, sizeof ratings);
    for (int i = 0; i < N; i++) {
        draft.user_texts[i] = xstrdup(ids[i]);
        draft.item_texts[i] = xstrdup(ids[N - 1 - i]);
    }
    assert_int_equal(dataset_build(&draft, &dataset, &err), OK);
    comes_back(dataset);
    dataset_unref(dataset);
}

static void test_synthetic(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct dataset *dataset = synthetic(120, 80, 0.1, 3), *views = NULL, *train = NULL, *test = NULL;
    const struct split_request request = {.by = SPLIT_RANDOM, .test = 0.2, .seed = 42};
    comes_back(dataset);
    assert_int_equal(split_dataset(NULL, dataset, &request, &train, NULL, &test, NULL, &err), OK);
    comes_back(train); /* a part: its own rows, in order */
    comes_back(test);
    assert_int_equal(dataset_implicit(dataset, 3, true, false, &views, &err), OK);
    comes_back(views);
    dataset_unref(views);
    dataset_unref(train);
    dataset_unref(test);
    dataset_unref(dataset);
}

static void test_real(void **state) {
    (void)state;
    struct dataset *dataset = ml100k();
    if (!dataset) skip();
    comes_back(dataset);
    dataset_unref(dataset);
}

/* --- tables --- */

static struct table *small_table(void) {
    struct table *table = table_new(2);
    char **names = table_add_strs(table, "a, b");
    int64_t *ints = table_add_ints(table, "n");
    double *floats = table_add_floats(table, "share", 2);
    bool *bools = table_add_bools(table, "good");
    int64_t *times = table_add_times(table, "when");
    struct column *lists = table_add_lists(table, "genres", COL_STRS, 2);
    names[0] = xstrdup("x \"y\"");
    ints[0] = INT64_MIN;
    floats[0] = 1.0 / 3;
    floats[1] = NAN;
    bools[1] = true;
    times[0] = 1795508100;
    lists->u.lists.strs[0] = xstrdup("Drama");
    lists->u.lists.strs[1] = xstrdup("War");
    lists->u.lists.starts[1] = lists->u.lists.starts[2] = 2;
    table_set_null(table_column(table, "n"), 2, 1);
    return table;
}

static void test_table_forms(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct table *table = small_table(), *again = NULL;
    static const char *const expected[] = {
        "\"a, b\",n,share,good,when,genres\n\"x \"\"y\"\"\",-9223372036854775808,0.3333333333333333,False,2026-11-24 08:15:00,Drama|War\n"
        ",,nan,True,1970-01-01 00:00:00,\n",
        "a, b\tn\tshare\tgood\twhen\tgenres\n\"x \"\"y\"\"\"\t-9223372036854775808\t0.3333333333333333\tFalse\t2026-11-24 08:15:00\tDrama|War\n"
        "\t\tnan\tTrue\t1970-01-01 00:00:00\t\n",
        "{\"a, b\": \"x \\\"y\\\"\", \"n\": -9223372036854775808, \"share\": 0.3333333333333333, \"good\": false, \"when\": \"2026-11-24 08:15:00\", "
        "\"genres\": [\"Drama\", \"War\"]}\n"
        "{\"a, b\": null, \"n\": null, \"share\": null, \"good\": true, \"when\": \"1970-01-01 00:00:00\", \"genres\": []}\n"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(table_export(NULL, table, endings[i], &err), OK);
        char *text = read_file(endings[i]);
        assert_string_equal(text, expected[i]);
        free(text);
    }
    assert_int_equal(table_read(NULL, "x.csv", &again, &err), OK);
    assert_int_equal(again->n_rows, 2);
    assert_int_equal(table_column(again, "n")->u.ints[0], INT64_MIN);
    assert_true(table_column(again, "share")->u.floats[0] == 1.0 / 3);
    assert_string_equal(table_column(again, "a, b")->u.strs[0], "x \"y\"");
    table_unref(again);
    table_unref(table);
}

/* --- what goes wrong --- */

static void test_refused(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 1, 1, 0}};
    struct dataset *dataset = dataset_of_rows(rows, 1);
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_export(NULL, dataset, "x.xls", &err), ERR_VALUE);
    assert_string_equal(err.message, "the ending of \"x.xls\" says no form to export to");
    assert_false(file_exists("x.xls"));
    err = ERROR_INIT;
    assert_int_equal(dataset_export(NULL, dataset, "no/x.csv", &err), ERR_FILE);
    dataset_unref(dataset);
}

/* An interrupt leaves the old file and nothing beside it. */
static void test_interrupt(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 1, 1, 0}};
    struct dataset *dataset = dataset_of_rows(rows, 1);
    struct task *task = task_new(NULL);
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    struct error made = ERROR_INIT;
    assert_int_equal(dir_make("only", &made), OK);
    write_file("only/x.csv", "old");
    task_cancel(task);
    assert_int_equal(dataset_export(task, dataset, "only/x.csv", &err), ERR_INTERRUPTED);
    char *text = read_file("only/x.csv");
    assert_string_equal(text, "old");
    free(text);
    assert_int_equal(dir_list("only", &names, &n, &made), OK);
    assert_int_equal(n, 1);
    names_free(names, n);
    task_free(task);
    dataset_unref(dataset);
}

/* --- JSON Lines as tables --- */

static void json_tables(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{\"a\": 1}\n\n{\"a\": \"x\"}\n", "t.jsonl, line 3, key `a`: expected ints as on the lines before, got a str"},
        {"{\"a\": [1]}\n{\"a\": 2}\n", "t.jsonl, line 2, key `a`: expected lists of ints as on the lines before, got an int"},
        {"{\"a\": 1}\n{\"a\": [2]}\n", "t.jsonl, line 2, key `a`: expected ints as on the lines before, got a list"},
        {"{\"a\": [1]}\n{\"a\": [\"x\"]}\n", "t.jsonl, line 2, key `a`: expected lists of ints as on the lines before, got a str"},
        {"{\"a\": {\"b\": 1}}\n", "t.jsonl, line 1, key `a`: an object can't be a cell"},
        {"{\"a\": [1, null]}\n", "t.jsonl, line 1, key `a`: null within a list can't be an entry"},
        {"{\"a\": [[1]]}\n", "t.jsonl, line 1, key `a`: a list within a list can't be an entry"},
        {"{\"a\": 1}\nword\n", "t.jsonl, line 2: not valid JSON: invalid token near 'word' (column 4)"},
    };
    struct table *table = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = ERROR_INIT;
        write_file("t.jsonl", bad[i].text);
        assert_int_equal(table_read_json(NULL, "t.jsonl", &table, &err), ERR_DATA);
        assert_string_equal(err.message, bad[i].message);
    }
    struct error err = ERROR_INIT;
    write_file("t.jsonl", "{\"a\": 1, \"l\": []}\n{\"b\": true, \"a\": 2.5, \"l\": [1, 0.5]}\n{\"s\": \"\u00e9\", \"a\": null, \"n\": null}\n");
    assert_int_equal(table_read_json(NULL, "t.jsonl", &table, &err), OK);
    assert_int_equal(table->n_rows, 3);
    const struct column *a = table_column(table, "a"), *l = table_column(table, "l"), *b = table_column(table, "b"), *s = table_column(table, "s");
    assert_true(a->type == COL_FLOAT && a->u.floats[0] == 1 && a->u.floats[1] == 2.5 && cell_is_null(a, 2));
    assert_true(l->type == COL_FLOATS && l->u.lists.starts[1] == 0 && l->u.lists.starts[2] == 2 && l->u.lists.floats[0] == 1 && cell_is_null(l, 2));
    assert_true(b->type == COL_BOOL && b->u.bools[1] && cell_is_null(b, 0));
    assert_true(s->type == COL_STR && !s->u.strs[0] && cell_is_null(table_column(table, "n"), 2));
    table_unref(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_tables, enter_folder, leave_folder),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_awkward),
        cmocka_unit_test(test_synthetic),
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_table_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
