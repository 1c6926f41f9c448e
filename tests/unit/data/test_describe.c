/* What a data set and embeddings look like, and data sets made of others, against figures worked out by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include "runtime/data/dataset_parts.h"
#include "runtime/data/describe.h"
#include "tests/unit/data/sources.h"

/* Users 1 2 3, items 10 20 30 40; user 1 rates 10 twice. */
static struct dataset *small(void) {
    static const struct row rows[] = {{1, 10, 1, 0},    {1, 20, 2, 1000}, {1, 30, 3, 2000}, {2, 10, 4, 3000},
                                      {2, 20, 5, 4000}, {3, 40, 5, 5000}, {1, 10, 1, 6000}};
    return dataset_of_rows(rows, sizeof rows / sizeof *rows);
}

static void test_facts(void **state) {
    (void)state;
    struct dataset *dataset = small();
    struct dataset_facts facts;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_facts(dataset, &facts, &err), OK);
    assert_int_equal(facts.n_users_with, 3);
    assert_int_equal(facts.n_repeats, 1);
    assert_float_equal(facts.density, 6.0 / 12, 1e-12);
    assert_float_equal(facts.mean, 3, 1e-12);
    assert_float_equal(facts.deviation, sqrt(18.0 / 7), 1e-12);
    assert_float_equal(facts.per_user[0], 1, 0); /* rows of users: 1 2 4 */
    assert_float_equal(facts.per_user[1], 1.5, 1e-12);
    assert_float_equal(facts.per_user[2], 2, 0);
    assert_float_equal(facts.per_user[4], 4, 0);
    assert_float_equal(facts.head_share, 3.0 / 7, 1e-12); /* one of four items: 10 */
    assert_int_equal(facts.n_bars, 5);
    assert_true(facts.one_bar_a_value);
    assert_float_equal(facts.bars[0], 2, 0);
    assert_float_equal(facts.bars[4], 2, 0);
    assert_int_equal(facts.last_time, 6000);
    dataset_unref(dataset);
}

static void test_matrix(void **state) {
    (void)state;
    struct dataset *dataset = small();
    struct mat *matrix;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_matrix(dataset, CENTER_ITEM, device_cpu(), &matrix, &err), OK);
    const float *values = mat_values(matrix); /* 3 × 4; item means 2, 3.5, 3, 5 */
    assert_float_equal(values[0], -1, 1e-6);
    assert_float_equal(values[1], -1.5, 1e-6);
    assert_float_equal(values[4], 2, 1e-6);
    assert_float_equal(values[8], 0, 0);
    mat_unref(matrix);
    dataset_unref(dataset);
}

static void test_filter(void **state) {
    (void)state;
    struct dataset *dataset = small(), *core;
    struct error err = ERROR_INIT;
    /* Item 30 and 40 have one row; without them user 3 has none. */
    const struct data_filter filter = {.min_user = 2, .min_item = 2};
    assert_int_equal(dataset_filter(dataset, &filter, NULL, &core, &err), OK);
    assert_int_equal(dataset_n(core), 5);
    assert_int_equal(dataset_n_users(core), 2);
    assert_int_equal(dataset_n_items(core), 2);
    assert_int_equal(dataset_catalog(core)->item_ids_int[1], 20);
    assert_int_equal(dataset_overlap(dataset, core), 5);
    const struct data_filter late = {.since = 2000, .until = 5000, .has_since = true, .has_until = true};
    struct dataset *middle;
    assert_int_equal(dataset_filter(dataset, &late, NULL, &middle, &err), OK);
    assert_int_equal(dataset_n(middle), 3); /* 2000, 3000, 4000 */
    const struct data_filter nobody = {.min_user = 5};
    struct dataset *none;
    assert_int_equal(dataset_filter(dataset, &nobody, NULL, &none, &err), ERR_DATA);
    dataset_unref(middle);
    dataset_unref(core);
    dataset_unref(dataset);
}

/* Negatives belong to test rows: those of the rows that stay go along. */
static void test_implicit_part(void **state) {
    (void)state;
    struct dataset *dataset = small();
    struct split *split = split_new("by hand");
    static const int64_t train[] = {0, 1, 2}, test[] = {3, 5, 6};
    static const int32_t negatives[] = {2, 3, 0, 1, 1, 2};
    struct error err = ERROR_INIT;
    split->rows[0] = xmemdup(train, sizeof train);
    split->rows[2] = xmemdup(test, sizeof test);
    split->rows[1] = xnew_array(int64_t, 1);
    split->n_rows[0] = split->n_rows[2] = 3;
    split->negatives = xmemdup(negatives, sizeof negatives);
    split->n_negatives = 2;
    split_name(split, dataset->source);
    struct dataset *part = dataset_view(dataset, xmemdup(test, sizeof test), 3, split, PART_TEST, "small test"), *liked, *sibling;
    assert_int_equal(dataset_implicit(part, 3, true, false, &liked, &err), OK);
    assert_int_equal(dataset_n(liked), 2); /* rows 3 and 5 */
    assert_int_equal(dataset_part(liked), PART_TEST);
    assert_int_equal(dataset_split(liked)->n_rows[0], 1); /* row 2 */
    assert_int_equal(dataset_split(liked)->n_negatives, 2);
    assert_int_equal(dataset_split(liked)->negatives[2], 0);
    assert_int_equal(dataset_split(liked)->negatives[3], 1);
    assert_false(dataset_is_explicit(liked));
    assert_float_equal(dataset_event(liked, 1).rating, 1, 0);
    assert_int_equal(dataset_sibling(liked, PART_TRAIN, &sibling, &err), OK);
    assert_int_equal(dataset_event(sibling, 0).item, 2);
    assert_int_equal(dataset_overlap(part, liked), 2);
    dataset_unref(sibling);
    dataset_unref(liked);
    dataset_unref(part);
    dataset_unref(dataset);
}

static struct embeddings_facts facts_of(const float *values, int64_t n, int64_t d) {
    struct embeddings_facts facts;
    struct error err = ERROR_INIT;
    struct mat *mat;
    assert_int_equal(mat_from(device_cpu(), n, d, values, &mat, &err), OK);
    struct embeddings *embeddings = embeddings_new(EMBED_ROWS, "rows", mat, NULL, NULL);
    assert_int_equal(embeddings_facts(embeddings, &facts, &err), OK);
    embeddings_unref(embeddings);
    mat_unref(mat);
    return facts;
}

static void test_embeddings(void **state) {
    (void)state;
    static const float spread[] = {2, 0, -2, 0, 0, 1, 0, -1, 0, 0}, collapsed[] = {1, 1, 2, 2, 3, 3, 4, 4};
    const struct embeddings_facts wide = facts_of(spread, 5, 2), one = facts_of(collapsed, 4, 2);
    assert_int_equal(wide.n_zero, 1);
    assert_float_equal(wide.norm_least, 1, 1e-6);
    assert_float_equal(wide.norm_most, 2, 1e-6);
    assert_float_equal(wide.mean_cosine, -1.0 / 3, 1e-6); /* pairs: two opposite, four at right angles */
    assert_float_equal(wide.dimensions, 2, 1e-6);
    assert_float_equal(one.mean_cosine, 1, 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts), cmocka_unit_test(test_matrix), cmocka_unit_test(test_filter),
                                       cmocka_unit_test(test_implicit_part), cmocka_unit_test(test_embeddings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
