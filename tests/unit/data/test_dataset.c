/* Data sets and catalogs: building, views, sparse forms, fingerprints, what was seen, leaks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/data/catalog_build.h"
#include "runtime/data/dataset_parts.h"
#include "tests/unit/data/sources.h"

/* Users 30, 7, -2; items 5, 100; the pair (30, 5) twice. */
static const struct row six[] = {{30, 5, 4, 10}, {7, 100, 2, 20}, {30, 100, 5, 30}, {-2, 5, 1, 40}, {30, 5, 3, 50}, {7, 5, 2.5f, 60}};
#define N_SIX 6

static struct dataset *view_of(struct dataset *dataset, const int64_t *rows, int64_t n) {
    return dataset_view(dataset, xmemdup(rows, (size_t)n * sizeof *rows), n, NULL, PART_NONE, "view");
}

/* train 0 1 2, valid 3, test 4 5 */
static struct split *split_of_six(void) {
    static const int64_t rows[] = {0, 1, 2, 3, 4, 5};
    static const int64_t n_rows[] = {3, 1, 2};
    struct split *split = split_new("by hand");
    for (int p = 0, at = 0; p < 3; at += (int)n_rows[p++]) {
        split->n_rows[p] = n_rows[p];
        split->rows[p] = xmemdup(rows + at, (size_t)n_rows[p] * sizeof *rows);
    }
    return split;
}

static struct dataset *part_of_six(struct dataset *whole, struct split *split, int p) {
    int64_t *rows = xmemdup(split->rows[p], (size_t)split->n_rows[p] * sizeof *rows);
    return dataset_view(whole, rows, split->n_rows[p], split_ref(split), 1 << p, part_name(1 << p));
}

/* --- building --- */

static void test_positions(void **state) {
    (void)state;
    struct dataset *dataset = dataset_of_rows(six, N_SIX);
    const struct catalog *catalog = dataset_catalog(dataset);
    float least, most;
    assert_int_equal(dataset_n_users(dataset), 3);
    assert_int_equal(dataset_n_items(dataset), 2);
    assert_memory_equal(catalog->user_ids_int, ((const int64_t[]){-2, 7, 30}), 24); /* by value */
    assert_int_equal(dataset_event(dataset, 0).user, 2);
    assert_int_equal(dataset_event(dataset, 1).item, 1);
    dataset_scale(dataset, &least, &most);
    assert_true(least == 1 && most == 5);
    assert_float_equal(dataset_mean(dataset), 17.5 / 6, 1e-12);
    assert_int_equal(catalog_find_user(catalog, (struct id){.text = "30"}), 2);
    assert_int_equal(catalog_find_user(catalog, (struct id){.is_int = true, .number = 8}), -1);
    dataset_unref(dataset);
}

/* Ids far apart take the other way to positions: the same result. */
static void test_far_ids(void **state) {
    (void)state;
    static const int64_t users[] = {INT64_MAX, INT64_MIN, 0, INT64_MAX};
    struct dataset_draft draft = {.name = "far", .n_events = 4};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    draft.user_ids = xmemdup(users, sizeof users);
    draft.item_ids = xnew_array(int64_t, 4);
    assert_int_equal(dataset_build(&draft, &dataset, &err), OK);
    assert_memory_equal(dataset_catalog(dataset)->user_ids_int, ((const int64_t[]){INT64_MIN, 0, INT64_MAX}), 24);
    assert_int_equal(dataset_event(dataset, 3).user, 2);
    assert_false(dataset_is_explicit(dataset));
    assert_float_equal(dataset_event(dataset, 0).rating, 1, 0);
    dataset_unref(dataset);
}

static struct dataset *of_texts(const char *const *users, const char *const *items, int64_t n) {
    struct dataset_draft draft = {.name = "texts", .n_events = n};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    draft.user_texts = xnew_array(char *, (size_t)n);
    draft.item_texts = xnew_array(char *, (size_t)n);
    for (int64_t i = 0; i < n; i++) draft.user_texts[i] = xstrdup(users[i]), draft.item_texts[i] = xstrdup(items[i]);
    assert_int_equal(dataset_build(&draft, &dataset, &err), OK);
    return dataset;
}

static void test_text_ids(void **state) {
    (void)state;
    static const char *const users[] = {"b", "a", "é", "B", "a"}, *const items[] = {"10", "9", "10", "9", "10"};
    struct dataset *dataset = of_texts(users, items, 5);
    const struct catalog *catalog = dataset_catalog(dataset);
    static const char *const sorted[] = {"B", "a", "b", "é"}; /* by bytes */
    for (int i = 0; i < 4; i++) assert_string_equal(catalog->user_ids_text[i], sorted[i]);
    assert_string_equal(catalog->item_ids_text[0], "10");
    assert_int_equal(dataset_event(dataset, 4).user, 1);
    assert_int_equal(catalog_find_item(catalog, (struct id){.is_int = true, .number = 9}), 1);
    dataset_unref(dataset);
}

static void test_refused(void **state) {
    (void)state;
    struct dataset_draft draft = {.name = "none"};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    assert_int_equal(dataset_build(&draft, &dataset, &err), ERR_DATA);
    assert_string_equal(err.message, "`none` has no interactions");
    draft = (struct dataset_draft){.name = "nan", .n_events = 2};
    draft.user_ids = xnew_array(int64_t, 2);
    draft.item_ids = xnew_array(int64_t, 2);
    draft.ratings = xnew_array(float, 2);
    draft.ratings[1] = NAN;
    err = ERROR_INIT;
    assert_int_equal(dataset_build(&draft, &dataset, &err), ERR_DATA);
    assert_string_equal(err.message, "row 2 of `nan`: the rating is not a finite number");
    assert_null(dataset);
}

static void test_interrupt(void **state) {
    (void)state;
    struct task *task = task_new(NULL);
    struct dataset_draft draft = {.name = "stopped", .n_events = 2, .task = task};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    draft.user_ids = xnew_array(int64_t, 2);
    draft.item_ids = xnew_array(int64_t, 2);
    task_cancel(task);
    assert_int_equal(dataset_build(&draft, &dataset, &err), ERR_INTERRUPTED);
    assert_null(dataset);
    task_free(task);
}

/* --- the catalog --- */

/* Items 1 … 4; 4 has no interaction. */
static struct dataset *with_titles(void) {
    static const char *const titles[] = {"The Net  (1995)", "Amélie (2001)", "the net (1995)", "Nobody (1990)"};
    static const char *const genres[] = {"Drama", "Action", "Drama", "Comedy", "Drama"};
    static const int64_t starts[] = {0, 2, 3, 3, 5};
    struct dataset_draft draft = {.name = "films", .n_events = 3};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    draft.user_ids = xnew_array(int64_t, 3);
    draft.item_ids = xmemdup((const int64_t[]){1, 2, 3}, 24);
    draft.item_table = table_new(4);
    memcpy(table_add_ints(draft.item_table, "item"), (const int64_t[]){1, 2, 3, 4}, 32);
    char **texts = table_add_strs(draft.item_table, "title");
    for (int i = 0; i < 4; i++) texts[i] = xstrdup(titles[i]);
    struct column *column = table_add_lists(draft.item_table, "genres", COL_STRS, 5);
    for (int i = 0; i < 5; i++) column->u.lists.strs[i] = xstrdup(genres[i]);
    memcpy(column->u.lists.starts, starts, sizeof starts);
    assert_int_equal(dataset_build(&draft, &dataset, &err), OK);
    return dataset;
}

static void test_titles(void **state) {
    (void)state;
    struct dataset *dataset = with_titles();
    const struct catalog *catalog = dataset_catalog(dataset);
    struct error err = ERROR_INIT;
    int32_t item = -1;
    assert_int_equal(catalog->dropped_items, 1);
    assert_string_equal(catalog_title(catalog, 0), "The Net (1995)");
    assert_string_equal(table_column(catalog->item_features, "genre")->u.strs[0], "Action"); /* once among three, Drama twice */
    assert_null(table_column(catalog->item_features, "genre")->u.strs[2]);
    assert_int_equal(table_column(catalog->item_features, "year")->u.ints[1], 2001);
    assert_int_equal(catalog_item(catalog, (struct id){.text = "AMELIE (2001)"}, &item, &err), OK);
    assert_int_equal(item, 1);
    assert_int_equal(catalog_item(catalog, (struct id){.text = "The Net (1995)"}, &item, &err), OK); /* exact before loose */
    assert_int_equal(item, 0);
    assert_int_equal(catalog_item(catalog, (struct id){.text = "THE NET (1995)"}, &item, &err), ERR_KEY);
    assert_string_equal(err.message, "2 items have the title \"THE NET (1995)\": 1 and 3");
    err = ERROR_INIT;
    assert_int_equal(catalog_item(catalog, (struct id){.text = "Ameli"}, &item, &err), ERR_KEY);
    assert_string_equal(err.hint, "did you mean \"Amélie (2001)\" (item 2)?");
    err = ERROR_INIT;
    assert_int_equal(catalog_user(catalog, (struct id){.is_int = true, .number = 9}, &item, &err), ERR_KEY);
    assert_string_equal(err.message, "there is no user 9");
    dataset_unref(dataset);
}

/* --- fingerprints --- */

static void test_fingerprint(void **state) {
    (void)state;
    static const int64_t all[] = {0, 1, 2, 3, 4, 5}, swapped[] = {1, 0, 2, 3, 4, 5};
    static const char *const users[] = {"30", "7"}, *const items[] = {"5", "100"};
    static const struct row two[] = {{30, 5, 1, 0}, {7, 100, 1, 0}}, other[] = {{30, 5, 1, 0}, {7, 100, 1.5f, 0}};
    struct dataset *dataset = dataset_of_rows(six, N_SIX), *same = view_of(dataset, all, N_SIX), *other_order = view_of(dataset, swapped, N_SIX);
    struct dataset *texts = of_texts(users, items, 2), *numbers = dataset_of_rows(two, 2), *rated = dataset_of_rows(other, 2);
    assert_int_equal(strlen(dataset_fingerprint(dataset)), 16);
    assert_string_equal(dataset_fingerprint(dataset), dataset_fingerprint(same));
    assert_string_not_equal(dataset_fingerprint(dataset), dataset_fingerprint(other_order));
    assert_string_equal(dataset_fingerprint(texts), dataset_fingerprint(numbers)); /* "30" and 30 are one id */
    assert_string_not_equal(dataset_fingerprint(numbers), dataset_fingerprint(rated));
    struct dataset *const all_of_them[] = {dataset, same, other_order, texts, numbers, rated};
    for (size_t i = 0; i < sizeof all_of_them / sizeof *all_of_them; i++) dataset_unref(all_of_them[i]);
}

/* --- sparse forms --- */

static void test_sparse(void **state) {
    (void)state;
    static const int64_t rows[] = {5, 4, 2, 0};
    struct dataset *dataset = dataset_of_rows(six, N_SIX), *view = view_of(dataset, rows, 4);
    struct error err = ERROR_INIT;
    const struct csr *by_user, *by_item, *again;
    assert_int_equal(dataset_by_user(dataset, device_cpu(), &by_user, &err), OK);
    assert_memory_equal(csr_starts(by_user), ((const int64_t[]){0, 1, 3, 6}), 32);
    assert_memory_equal(csr_columns(by_user), ((const int32_t[]){0, 0, 1, 0, 0, 1}), 24);
    assert_memory_equal(csr_values(by_user), ((const float[]){1, 2.5f, 2, 4, 3, 5}), 24); /* the pair that is twice: in the file's order */
    assert_int_equal(dataset_by_user(dataset, device_cpu(), &again, &err), OK);
    assert_ptr_equal(by_user, again);
    assert_int_equal(dataset_by_item(view, device_cpu(), &by_item, &err), OK);
    assert_memory_equal(csr_starts(by_item), ((const int64_t[]){0, 3, 4}), 24);
    assert_memory_equal(csr_columns(by_item), ((const int32_t[]){1, 2, 2, 2}), 16);
    assert_memory_equal(csr_values(by_item), ((const float[]){2.5f, 3, 4, 5}), 16); /* the view's order */
    dataset_unref(view);
    dataset_unref(dataset);
}

/* --- splits --- */

static void test_seen(void **state) {
    (void)state;
    struct dataset *dataset = dataset_of_rows(six, N_SIX);
    struct split *split = split_of_six();
    struct dataset *valid = part_of_six(dataset, split, 1), *test = part_of_six(dataset, split, 2), *train = NULL, *none = NULL;
    struct error err = ERROR_INIT;
    const int64_t *starts;
    const int32_t *items;
    assert_int_equal(dataset_seen(valid, 0, &starts, &items, &err), OK); /* train: (30, 5) (7, 100) (30, 100) */
    assert_memory_equal(starts, ((const int64_t[]){0, 0, 1, 3}), 32);
    assert_memory_equal(items, ((const int32_t[]){1, 0, 1}), 12);
    assert_int_equal(dataset_seen(test, 0, &starts, &items, &err), OK); /* and valid: (-2, 5) */
    assert_memory_equal(starts, ((const int64_t[]){0, 1, 2, 4}), 32);
    assert_int_equal(dataset_seen(test, PART_TEST | PART_TRAIN, &starts, &items, &err), OK); /* a repeated pair counts once */
    assert_memory_equal(starts, ((const int64_t[]){0, 0, 2, 4}), 32);
    assert_int_equal(dataset_seen(dataset, 0, &starts, &items, &err), OK);
    assert_int_equal(starts[3], 0);
    assert_int_equal(dataset_sibling(test, PART_TRAIN, &train, &err), OK);
    assert_int_equal(dataset_n(train), 3);
    assert_int_equal(dataset_sibling(dataset, PART_TRAIN, &none, &err), ERR_VALUE);
    assert_string_equal(err.message, "`tiny` is not a part of a split, so it has no train part");
    dataset_unref(train);
    dataset_unref(valid);
    dataset_unref(test);
    split_unref(split);
    dataset_unref(dataset);
}

static void test_overlap(void **state) {
    (void)state;
    static const int64_t first[] = {0, 1, 2, 3}, second[] = {2, 3, 4};
    struct dataset *dataset = dataset_of_rows(six, N_SIX), *twin = dataset_of_rows(six, N_SIX), *other = dataset_of_rows(six, N_SIX - 1);
    struct dataset *a = view_of(dataset, first, 4), *b = view_of(twin, second, 3), *views = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_overlap(a, b), 2); /* loaded twice: the same rows */
    assert_int_equal(dataset_overlap(a, other), 0);
    assert_int_equal(dataset_implicit(b, 3, true, false, &views, &err), OK); /* rows 2 and 4 */
    assert_int_equal(dataset_n(views), 2);
    assert_int_equal(dataset_overlap(a, views), 1);
    struct dataset *const all[] = {views, a, b, dataset, twin, other};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) dataset_unref(all[i]);
}

static void test_concat(void **state) {
    (void)state;
    struct dataset *dataset = dataset_of_rows(six, N_SIX), *joined = NULL, *none = NULL;
    struct split *split = split_of_six();
    struct dataset *parts[3];
    struct error err = ERROR_INIT;
    split_name(split, dataset->source);
    for (int p = 0; p < 3; p++) parts[p] = part_of_six(dataset, split, p);
    struct dataset *const two[] = {parts[1], parts[0]};
    assert_int_equal(dataset_concat(two, 2, &joined, &err), OK);
    assert_int_equal(dataset_part(joined), PART_TRAIN | PART_VALID);
    assert_string_equal(dataset_name(joined), "tiny train and valid");
    for (int64_t i = 0; i < 4; i++) assert_int_equal(dataset_event(joined, i).row, i); /* the file's order */
    struct dataset *const twice[] = {parts[0], parts[0]};
    assert_int_equal(dataset_concat(twice, 2, &none, &err), ERR_VALUE);
    assert_string_equal(err.message, "3 rows are in more than one of the parts");
    dataset_unref(joined);
    for (int p = 0; p < 3; p++) dataset_unref(parts[p]);
    split_unref(split);
    dataset_unref(dataset);
}

static void test_implicit(void **state) {
    (void)state;
    struct dataset *dataset = dataset_of_rows(six, N_SIX), *views = NULL, *counts = NULL, *none = NULL;
    struct split *split = split_of_six();
    struct dataset *test = part_of_six(dataset, split, 2), *views_test = NULL, *views_train = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_implicit(dataset, 2.5, true, false, &views, &err), OK);
    assert_int_equal(dataset_n(views), 4);
    assert_false(dataset_is_explicit(views));
    assert_true(dataset_event(views, 0).rating == 1);
    assert_int_equal(dataset_event(views, 3).time, 60);
    assert_int_equal(dataset_n_users(views), 3); /* the whole catalogue stays */
    assert_int_equal(dataset_implicit(dataset, 0, false, true, &counts, &err), OK);
    assert_int_equal(dataset_n(counts), 6);
    assert_true(dataset_event(counts, 5).rating == 2.5f);
    assert_int_equal(dataset_implicit(test, 2.5, true, false, &views_test, &err), OK); /* of a part: its siblings change alike */
    assert_int_equal(dataset_n(views_test), 2);
    assert_int_equal(dataset_sibling(views_test, PART_TRAIN, &views_train, &err), OK);
    assert_int_equal(dataset_n(views_train), 2);
    assert_int_equal(dataset_implicit(dataset, 9, true, false, &none, &err), ERR_DATA);
    assert_string_equal(err.message, "no rating of `tiny` is 9 or more");
    struct dataset *const all[] = {views, counts, test, views_test, views_train, dataset};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) dataset_unref(all[i]);
    split_unref(split);
}

/* --- lack of memory --- */

static enum status use_all(struct dataset *dataset, struct error *err) {
    struct events_view view;
    const struct csr *csr;
    const int64_t *starts;
    const int32_t *items;
    struct dataset *views = NULL;
    TRY(dataset_columns(dataset, &view, err));
    TRY(dataset_by_user(dataset, device_cpu(), &csr, err));
    TRY(dataset_by_item(dataset, device_cpu(), &csr, err));
    TRY(dataset_seen(dataset, PART_TRAIN, &starts, &items, err));
    TRY(dataset_implicit(dataset, 2, true, false, &views, err));
    dataset_unref(views);
    return OK;
}

static void test_memory(void **state) {
    (void)state;
    enum status status = ERR_MEMORY;
    long n = 1;
    for (; status != OK; n++) {
        struct dataset *dataset = dataset_of_rows(six, N_SIX);
        struct split *split = split_of_six();
        struct dataset *train = part_of_six(dataset, split, 0);
        struct error err = ERROR_INIT;
        mem_fail_after(n);
        status = use_all(train, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        dataset_unref(train);
        split_unref(split);
        dataset_unref(dataset);
    }
    assert_true(n > 15);
}

static int start(void **state) {
    (void)state;
    return hash_init() ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions), cmocka_unit_test(test_far_ids), cmocka_unit_test(test_text_ids), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_interrupt), cmocka_unit_test(test_titles),  cmocka_unit_test(test_sparse),   cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_seen),      cmocka_unit_test(test_overlap), cmocka_unit_test(test_concat),   cmocka_unit_test(test_implicit),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
