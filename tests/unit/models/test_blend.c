/* Blends against their definition in double; what files, new users and explanations make of them; what can't be blended. */
#include "models/blend.h"
#include "tests/unit/folder.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 30, ITEMS = 20 };

struct two {
    struct dataset *data;
    struct model *parts[2];
};

static struct two two_models(void) {
    struct two two = {.data = planted_data(USERS, ITEMS, 0.3, 5, false)};
    two.parts[0] = fitted("ease", two.data, "reg=2", 0, NULL);
    two.parts[1] = fitted("slist", two.data, "reg=3, past=5", 0, NULL);
    return two;
}

static void two_release(struct two *two) {
    model_unref(two->parts[0]);
    model_unref(two->parts[1]);
    dataset_unref(two->data);
}

static struct model *blended(const struct two *two, double a, double b) {
    struct model *model = NULL;
    GOOD(model_blend(NULL, two->parts, 2, (const double[]){a, b}, NULL, &model, &err));
    return model;
}

/* Adds weight × the standardised scores of n items. */
static void add_standardised(const float *scores, int n, double weight, double *out) {
    double mean = 0, variance = 0;
    for (int i = 0; i < n; i++) mean += (double)scores[i] / n;
    for (int i = 0; i < n; i++) variance += ((double)scores[i] - mean) * ((double)scores[i] - mean) / n;
    for (int i = 0; i < n; i++) out[i] += variance > 0 ? weight * ((double)scores[i] - mean) / sqrt(variance) : 0;
}

static void test_definition(void **state) {
    (void)state;
    struct two two = two_models();
    struct model *model = blended(&two, 0.7, -0.2);
    float *blend = all_scores(model), *a = all_scores(two.parts[0]), *b = all_scores(two.parts[1]);
    assert_string_equal(model->name, "0.7 ease + -0.2 slist");
    for (int u = 0; u < USERS; u++) {
        double wanted[ITEMS] = {0};
        add_standardised(a + u * ITEMS, ITEMS, 0.7, wanted);
        add_standardised(b + u * ITEMS, ITEMS, -0.2, wanted);
        for (int i = 0; i < ITEMS; i++) {
            NEAR(blend[u * ITEMS + i], wanted[i], 1e-4);
            NEAR(pair_score(model, u, i), wanted[i], 1e-4);
        }
    }
    NEAR(pair_score(model, -1, 3), 0, 0); /* nobody has events: all alike */
    free(blend);
    free(a);
    free(b);
    model_unref(model);
    two_release(&two);
}

/* Other weights without scoring again: the same as made anew. */
static void test_again(void **state) {
    (void)state;
    struct two two = two_models();
    struct model *first = blended(&two, 1, 0), *anew = blended(&two, 0.25, 0.75), *again, *const * parts;
    const double *weights;
    GOOD(model_blend_again(first, (const double[]){0.25, 0.75}, NULL, &again, &err));
    assert_true(same_scores(again, anew));
    assert_int_equal(model_blend_parts(again, &parts, &weights), 2);
    assert_ptr_equal(parts[1], two.parts[1]);
    NEAR(weights[1], 0.75, 0);
    assert_int_equal(model_blend_parts(two.parts[0], &parts, &weights), 0);
    model_unref(first);
    model_unref(anew);
    model_unref(again);
    two_release(&two);
}

static void test_file(void **state) {
    char *path = path_join(*state, "blend.reckon");
    struct two two = two_models();
    struct model *model = blended(&two, 0.6, 0.4), *folded;
    const struct seen_row seen = model_seen(model, 4);
    GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
    struct model *again = reopened(folded, path);
    assert_true(same_scores(again, folded));
    assert_true(same_scores(again, model));
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(again, FOLDED_USER, i), pair_score(folded, FOLDED_USER, i), 0);
    assert_string_equal(again->name, "0.6 ease + 0.4 slist");
    free(path);
    model_unref(again);
    model_unref(folded);
    model_unref(model);
    two_release(&two);
}

/* A new user's scores are his own parts', standardised; a part alone in weight leaves the order of that part. */
static void test_new_user(void **state) {
    (void)state;
    struct two two = two_models();
    struct model *model = blended(&two, 1, 0), *folded;
    const struct seen_row seen = model_seen(model, 7);
    GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(folded, FOLDED_USER, i), pair_score(model, 7, i), 1e-5); /* ease without recency */
    model_unref(folded);
    model_unref(model);
    two_release(&two);
}

/* Explanations of two items differ by what their scores differ by: the means, the same for all items, are nobody's. */
static void test_explained(void **state) {
    (void)state;
    struct two two = two_models();
    struct model *model = blended(&two, 0.6, 0.4);
    const struct seen_row seen = model_seen(model, 9);
    float *first = xnew_array(float, (size_t)seen.n), *second = xnew_array(float, (size_t)seen.n);
    double difference = 0;
    GOOD(model->class->explain(model, 9, 2, seen.items, seen.ratings, seen.n, first, &err));
    GOOD(model->class->explain(model, 9, 11, seen.items, seen.ratings, seen.n, second, &err));
    for (int64_t i = 0; i < seen.n; i++) difference += (double)first[i] - (double)second[i];
    NEAR(difference, pair_score(model, 9, 2) - pair_score(model, 9, 11), 1e-4);
    free(first);
    free(second);
    model_unref(model);
    two_release(&two);
}

#define REFUSED(parts, n, weights, text)                                                \
    do {                                                                                \
        struct model *made_ = NULL;                                                     \
        BAD(model_blend(NULL, parts, n, weights, NULL, &made_, &err), ERR_VALUE, text); \
        assert_null(made_);                                                             \
    } while (0)

static void test_refused(void **state) {
    (void)state;
    const double equal[] = {1, 1};
    struct two two = two_models();
    struct dataset *other_rows = planted_data(USERS, ITEMS, 0.3, 6, false), *other_ids = planted_data(USERS, ITEMS + 1, 0.3, 5, false);
    struct model *blend = blended(&two, 1, 1), *folded, *popular = fitted("popular", two.data, "", 0, NULL), *out, *with_popular;
    struct model *late = fitted("ease", other_rows, "", 0, NULL), *far = fitted("ease", other_ids, "", 0, NULL);
    const struct seen_row seen = model_seen(blend, 0);
    GOOD(model_fold_in(two.parts[0], seen.items, seen.ratings, seen.n, &folded, &err));
    REFUSED(two.parts, 1, equal, "a blend has 2 to 32 parts, not 1");
    REFUSED(two.parts, 2, ((const double[]){0, 0}), "all weights are 0");
    REFUSED(two.parts, 2, ((const double[]){1, NAN}), "a weight of nan is no number");
    REFUSED(((struct model *[]){two.parts[0], blend}), 2, equal, "is a blend: blend its parts");
    REFUSED(((struct model *[]){two.parts[0], folded}), 2, equal, "`ease` was made by fold_in");
    REFUSED(((struct model *[]){two.parts[1], late}), 2, equal, "`ease` was fitted on other rows than `slist`");
    REFUSED(((struct model *[]){two.parts[1], far}), 2, equal, "`ease` knows other users and items than `slist`");
    GOOD(model_blend(NULL, (struct model *[]){two.parts[0], popular}, 2, equal, "mixed", &with_popular, &err));
    int32_t *items;
    float *ratings, *weights;
    int64_t n;
    BAD(model_explain(with_popular, 0, 1, &items, &ratings, &weights, &n, &err), ERR_VALUE,
        "`mixed` can't say which of a user's items made a score: its part `popular` can't");
    const struct params params = params_of(blend->class, "");
    const struct fit_request request = request_for(two.data, &params, 0);
    BAD(model_fit(blend->class, &request, &out, &err), ERR_VALUE, "a blend is made of fitted models, not of data");
    model_unref(with_popular);
    model_unref(folded);
    model_unref(popular);
    model_unref(late);
    model_unref(far);
    model_unref(blend);
    dataset_unref(other_rows);
    dataset_unref(other_ids);
    two_release(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition), cmocka_unit_test(test_again),     cmocka_unit_test_setup_teardown(test_file, make_folder, remove_folder),
        cmocka_unit_test(test_new_user),   cmocka_unit_test(test_explained), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
