/* How long the lists of user_knn and item_knn are, and what that does to scores. */
#include "tests/unit/models/fixture.h"

static int64_t listed_of(const struct model *model) { return model->params.values[params_find(model->class, "listed")].i; }

/* Of few users all are kept, and the fitted model says how many. */
static void test_whole(void **state) {
    (void)state;
    struct dataset *data = planted_data(60, 40, 0.3, 5, true);
    struct model *model = fitted("user_knn", data, "neighbors=5", 0, NULL), *asked = fitted("user_knn", data, "neighbors=5, listed=60", 0, NULL);
    assert_int_equal(listed_of(model), 60);
    assert_true(same_scores(model, asked));
    model_unref(model);
    model_unref(asked);
    dataset_unref(data);
}

/* Shorter lists know fewer who rated an item; a longer list than there are users is a whole one. */
static void test_short(void **state) {
    (void)state;
    struct dataset *data = planted_data(60, 40, 0.3, 5, true);
    struct model *whole = fitted("user_knn", data, "neighbors=5", 0, NULL), *few = fitted("user_knn", data, "neighbors=5, listed=6", 0, NULL),
                 *more = fitted("user_knn", data, "neighbors=5, listed=1000", 0, NULL);
    assert_int_equal(listed_of(few), 6);
    assert_int_equal(listed_of(more), 60);
    assert_false(same_scores(whole, few));
    assert_true(same_scores(whole, more));
    assert_true(few->class->size(few) <= 60 * 6 + 60 + 40 + 1 && few->class->size(few) < whole->class->size(whole));
    model_unref(whole);
    model_unref(few);
    model_unref(more);
    dataset_unref(data);
}

/* Of fewer than `neighbors` all are kept, and the fitted model's own parameters fit the same model again. */
static void test_fewer_than_neighbors(void **state) {
    (void)state;
    struct dataset *data = planted_data(60, 40, 0.3, 5, true);
    struct model *model = fitted("item_knn", data, "neighbors=80", 0, NULL), *again = fitted("item_knn", data, "neighbors=80, listed=40", 0, NULL),
                 *more = fitted("item_knn", data, "neighbors=80, listed=1000", 0, NULL);
    assert_int_equal(listed_of(model), 40);
    assert_int_equal(listed_of(again), 40);
    assert_int_equal(listed_of(more), 40);
    assert_true(same_scores(model, again));
    assert_true(same_scores(model, more));
    model_unref(model);
    model_unref(again);
    model_unref(more);
    dataset_unref(data);
}

/* Beyond 5,792 users room is shared out; who wants more says so. */
static void test_many(void **state) {
    enum { MANY = 6000, FEW = 6 };
    (void)state;
    struct dataset *data = planted_data(MANY, FEW, 0.5, 3, true);
    struct model *model = fitted("user_knn", data, "neighbors=5, similarity=jaccard", 0, NULL),
                 *asked = fitted("user_knn", data, "neighbors=5, similarity=jaccard, listed=6000", 0, NULL);
    assert_int_equal(listed_of(model), (1 << 25) / (MANY + 1));
    assert_int_equal(listed_of(asked), 6000);
    assert_true(asked->class->size(asked) > model->class->size(model));
    model_unref(model);
    model_unref(asked);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_short), cmocka_unit_test(test_fewer_than_neighbors),
                                       cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
