/* Data sets in files: what was seen and what would leak is still known when they are opened. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "runtime/base/hash.h"
#include "runtime/base/rng.h"
#include "runtime/data/dataset_file.h"
#include "runtime/data/dataset_parts.h"
#include "runtime/data/split_ways.h"
#include "tests/unit/data/files.h"
#include "tests/unit/data/sources.h"

struct parts {
    struct dataset *train, *valid, *test;
};

static struct parts split_it(struct dataset *dataset, const struct split_request *request) {
    struct parts parts = {0};
    struct error err = ERROR_INIT;
    if (split_dataset(NULL, dataset, request, &parts.train, &parts.valid, &parts.test, NULL, &err) != OK) fail_msg("%s", err.message);
    return parts;
}

static void parts_release(struct parts *parts) {
    dataset_unref(parts->train);
    dataset_unref(parts->valid);
    dataset_unref(parts->test);
}

static struct dataset *saved_and_opened(struct dataset *dataset) {
    struct error err = ERROR_INIT;
    struct dataset *again = NULL;
    if (dataset_save(dataset, "d.reckon", &err) != OK) fail_msg("%s", err.message);
    if (dataset_open("d.reckon", &again, &err) != OK) fail_msg("%s", err.message);
    return again;
}

static void assert_same(struct dataset *a, struct dataset *b) {
    float a_min, a_max, b_min, b_max;
    assert_string_equal(dataset_name(a), dataset_name(b));
    assert_string_equal(dataset_origin(a), dataset_origin(b));
    assert_string_equal(dataset_fingerprint(a), dataset_fingerprint(b));
    assert_int_equal(dataset_n_users(a), dataset_n_users(b));
    assert_int_equal(dataset_n_items(a), dataset_n_items(b));
    assert_int_equal(dataset_part(a), dataset_part(b));
    assert_int_equal(dataset_is_explicit(a), dataset_is_explicit(b));
    dataset_scale(a, &a_min, &a_max);
    dataset_scale(b, &b_min, &b_max);
    assert_true(a_min == b_min && a_max == b_max);
}

static void assert_same_seen(struct dataset *a, struct dataset *b) {
    const int64_t *a_starts, *b_starts, n_users = dataset_n_users(a);
    const int32_t *a_items, *b_items;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_seen(a, 0, &a_starts, &a_items, &err), OK);
    assert_int_equal(dataset_seen(b, 0, &b_starts, &b_items, &err), OK);
    assert_memory_equal(a_starts, b_starts, (size_t)(n_users + 1) * sizeof *a_starts);
    assert_memory_equal(a_items, b_items, (size_t)a_starts[n_users] * sizeof *a_items);
    assert_true(a_starts[n_users] > 0);
}

static void test_whole(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(60, 40, 0.2, 5), *again = saved_and_opened(dataset);
    assert_same(dataset, again);
    assert_string_equal(catalog_title(dataset_catalog(again), 3), catalog_title(dataset_catalog(dataset), 3));
    assert_null(dataset_split(again));
    assert_int_equal(dataset_overlap(dataset, again), dataset_n(dataset));
    dataset_unref(again);
    dataset_unref(dataset);
}

static void test_part(void **state) {
    (void)state;
    const struct split_request request = {.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1, .seed = 42};
    struct dataset *dataset = synthetic(60, 40, 0.2, 5), *train = NULL;
    struct error err = ERROR_INIT;
    struct parts parts = split_it(dataset, &request);
    struct dataset *again = saved_and_opened(parts.test);
    assert_same(parts.test, again);
    assert_int_equal(dataset_split(again)->id, dataset_split(parts.test)->id);
    assert_string_equal(dataset_split(again)->description, dataset_split(parts.test)->description);
    assert_same_seen(parts.test, again);
    assert_int_equal(dataset_sibling(again, PART_TRAIN, &train, &err), OK);
    assert_same(parts.train, train);
    assert_int_equal(dataset_overlap(train, parts.test), 0);
    assert_int_equal(dataset_overlap(again, parts.test), dataset_n(again));
    dataset_unref(train);
    dataset_unref(again);
    parts_release(&parts);
    dataset_unref(dataset);
}

/* A leak is seen through implicit(), also when that was saved. */
static void test_changed(void **state) {
    (void)state;
    const struct split_request request = {.by = SPLIT_PER_USER, .test = 0.3, .seed = 1};
    struct dataset *dataset = synthetic(60, 40, 0.2, 5), *views = NULL;
    struct error err = ERROR_INIT;
    struct parts parts = split_it(dataset, &request);
    assert_int_equal(dataset_implicit(parts.test, 4, true, false, &views, &err), OK);
    struct dataset *again = saved_and_opened(views);
    assert_same(views, again);
    assert_int_equal(dataset_overlap(parts.test, again), dataset_n(again));
    assert_int_equal(dataset_overlap(parts.train, again), 0);
    struct dataset *twice = saved_and_opened(again); /* what was opened is saved again */
    assert_same(views, twice);
    assert_int_equal(dataset_overlap(twice, parts.test), dataset_n(again));
    dataset_unref(twice);
    dataset_unref(again);
    dataset_unref(views);
    parts_release(&parts);
    dataset_unref(dataset);
}

static void test_negatives(void **state) {
    (void)state;
    const struct split_request request = {.by = SPLIT_LEAVE_ONE_OUT};
    struct dataset *dataset = synthetic(60, 40, 0.2, 5);
    struct parts parts = split_it(dataset, &request);
    struct split *split = (struct split *)(uintptr_t)dataset_split(parts.test);
    split->n_negatives = 3;
    split->negatives = xnew_array(int32_t, (size_t)split->n_rows[2] * 3);
    for (int64_t i = 0; i < split->n_rows[2] * 3; i++) split->negatives[i] = (int32_t)(i % dataset_n_items(dataset));
    struct dataset *again = saved_and_opened(parts.test);
    assert_int_equal(dataset_split(again)->n_negatives, 3);
    assert_memory_equal(dataset_split(again)->negatives, split->negatives, (size_t)split->n_rows[2] * 3 * sizeof(int32_t));
    dataset_unref(again);
    parts_release(&parts);
    dataset_unref(dataset);
}

static void test_published(void **state) {
    (void)state;
    const struct split_request request = {.by = SPLIT_PUBLISHED, .fold = "u1"};
    struct dataset *dataset = ml100k();
    if (!dataset) skip();
    struct dataset *again = saved_and_opened(dataset);
    struct parts parts = split_it(again, &request);
    assert_int_equal(dataset_n(parts.train), 80000);
    assert_int_equal(dataset_n(parts.test), 20000);
    parts_release(&parts);
    dataset_unref(again);
    dataset_unref(dataset);
}

/* --- harm --- */

static void test_wrong_kind(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct table *table = table_new(0);
    struct dataset *dataset = NULL;
    assert_int_equal(table_save(table, "t.reckon", &err), OK);
    assert_int_equal(dataset_open("t.reckon", &dataset, &err), ERR_DATA);
    assert_string_equal(err.message, "`t.reckon` holds a table, not a data set");
    table_unref(table);
}

/* A part, changed, so that every section is there. */
static struct dataset *everything(void) {
    const struct split_request request = {.by = SPLIT_RANDOM, .test = 0.4, .seed = 3};
    struct dataset *dataset = synthetic(12, 10, 0.4, 5), *views = NULL;
    struct error err = ERROR_INIT;
    struct parts parts = split_it(dataset, &request);
    assert_int_equal(dataset_implicit(parts.test, 1, true, false, &views, &err), OK);
    parts_release(&parts);
    dataset_unref(dataset);
    return views;
}

static void test_damage(void **state) {
    (void)state;
    struct dataset *dataset = everything();
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT;
    struct rng rng = rng_at(1, RNG_USER, 0);
    int n_refused = 0;
    assert_int_equal(dataset_save(dataset, "d.reckon", &err), OK);
    assert_int_equal(file_read("d.reckon", 1 << 20, &bytes, &err), OK);
    for (int round = 0; round < 1500; round++) {
        const size_t at = (size_t)rng_below(&rng, bytes.len), len = round % 3 == 0 ? at : bytes.len; /* a third: cut off */
        struct error why = ERROR_INIT;
        struct dataset *again = NULL;
        bytes.data[at] ^= 0x11;
        write_bytes_to("b.reckon", bytes.data, len);
        bytes.data[at] ^= 0x11;
        const enum status status = dataset_open("b.reckon", &again, &why);
        assert_true(status == OK || status == ERR_DATA);
        n_refused += status == ERR_DATA;
        dataset_unref(again);
    }
    assert_true(n_refused > 1000);
    buf_release(&bytes);
    dataset_unref(dataset);
}

/* Sections that hold their checksum and contradict each other: a position beyond the catalog. */
static enum status put_wrong(struct store_writer *writer, const struct catalog *catalog, const int32_t *users, float rating, struct error *err) {
    static const int32_t items[] = {0, 0};
    const float ratings[] = {1, rating};
    TRY(store_put_text(writer, "dataset", "{\"version\": 1, \"rows\": 2, \"name\": \"x\", \"source\": \"x\", \"origin\": \"x\"}", err));
    TRY(catalog_save(catalog, writer, "catalog", err));
    TRY(store_put(writer, "users", STORE_I32, users, 2, err));
    TRY(store_put(writer, "items", STORE_I32, items, 2, err));
    return store_put(writer, "ratings", STORE_F32, ratings, 2, err);
}

static void refuses_file(struct dataset *from, int32_t user, float rating, const char *message) {
    struct store_writer *writer;
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    const int32_t users[] = {0, user};
    assert_int_equal(store_create("w.reckon", "dataset", &writer, &err), OK);
    assert_int_equal(put_wrong(writer, dataset_catalog(from), users, rating, &err), OK);
    assert_int_equal(store_finish(writer, true, &err), OK);
    assert_int_equal(dataset_open("w.reckon", &dataset, &err), ERR_DATA);
    assert_string_equal(err.message, message);
    assert_null(dataset);
}

static void test_contradiction(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 1, 1, 0}, {2, 1, 1, 0}};
    struct dataset *dataset = dataset_of_rows(rows, 2);
    refuses_file(dataset, 2, 1, "the section `users` is damaged: it names what isn't in the catalog");
    refuses_file(dataset, -1, 1, "the section `users` is damaged: it names what isn't in the catalog");
    refuses_file(dataset, 1, INFINITY, "the section `ratings` is damaged: it holds what is not a finite number");
    dataset_unref(dataset);
}

static void test_memory(void **state) {
    (void)state;
    struct dataset *dataset = everything();
    struct error err = ERROR_INIT;
    enum status status = ERR_MEMORY;
    long n = 1;
    assert_int_equal(dataset_save(dataset, "d.reckon", &err), OK);
    for (; status != OK; n++) {
        struct error why = ERROR_INIT;
        struct dataset *again = NULL;
        mem_fail_after(n);
        status = dataset_open("d.reckon", &again, &why);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        dataset_unref(again);
    }
    assert_true(n > 20);
    dataset_unref(dataset);
}

static int start(void **state) { return hash_init() ? enter_folder(state) : -1; }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),     cmocka_unit_test(test_part),          cmocka_unit_test(test_changed),
        cmocka_unit_test(test_negatives), cmocka_unit_test(test_published),     cmocka_unit_test(test_wrong_kind),
        cmocka_unit_test(test_damage),    cmocka_unit_test(test_contradiction), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, start, leave_folder);
}
