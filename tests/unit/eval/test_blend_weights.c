/* The weights that are chosen are those that judging every share finds best. */
#include "models/eval/blend_weights.h"
#include "models/fit.h"
#include "tests/unit/models/fixture.h"

static struct metric ndcg(void) {
    struct metric metric;
    GOOD(metric_parse("ndcg@10", 0, &metric, &err));
    return metric;
}

static void test_best_share(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(60, 40, 0.3, 5, false), 0.2, 0.2);
    const struct metric metric = ndcg();
    struct model *models[] = {fitted("ease", parts.train, "reg=5", 0, NULL), fitted("popular", parts.train, "", 0, NULL)}, *chosen, *const * same;
    const double *weights;
    const struct blend_request request = {.parts = models, .n_parts = 2, .valid = parts.valid, .metric = &metric, .seed = 1};
    GOOD(blend_chosen(&request, &chosen, &err));
    assert_int_equal(model_blend_parts(chosen, &same, &weights), 2);
    NEAR(weights[0] + weights[1], 1, 1e-12);
    const struct protocol protocol = protocol_for_valid(parts.valid, 1);
    double value, best = -1, best_share = -1;
    for (int step = 0; step <= 10; step++) {
        struct model *one;
        GOOD(model_blend(NULL, models, 2, (const double[]){1 - step / 10.0, step / 10.0}, NULL, &one, &err));
        GOOD(evaluate_one(one, parts.valid, &metric, &protocol, NULL, &value, &err));
        if (value > best) best = value, best_share = step / 10.0;
        model_unref(one);
    }
    NEAR(weights[1], best_share, 1e-12);
    assert_int_equal(chosen->n_chosen_on, 1);
    assert_string_equal(chosen->chosen_on[0].fingerprint, dataset_fingerprint(parts.valid));
    model_unref(chosen);
    for (int m = 0; m < 2; m++) model_unref(models[m]);
    parts_release(&parts);
}

/* Three parts, one of them worthless beside the others: no worse than the best pair's grid began with, weights of a simplex. */
static void test_three(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(60, 40, 0.3, 5, false), 0.2, 0.2);
    const struct metric metric = ndcg();
    const struct protocol protocol = protocol_for_valid(parts.valid, 1);
    struct model *models[] = {fitted("popular", parts.train, "", 0, NULL), fitted("ease", parts.train, "reg=5", 0, NULL),
                              fitted("slist", parts.train, "", 0, NULL)},
                 *chosen, *const * same;
    const double *weights;
    const struct blend_request request = {.parts = models, .n_parts = 3, .valid = parts.valid, .metric = &metric, .name = "three"};
    GOOD(blend_chosen(&request, &chosen, &err));
    assert_string_equal(chosen->name, "three");
    assert_int_equal(model_blend_parts(chosen, &same, &weights), 3);
    NEAR(weights[0] + weights[1] + weights[2], 1, 1e-12);
    double value, alone;
    GOOD(evaluate_one(chosen, parts.valid, &metric, &protocol, NULL, &value, &err));
    for (int m = 0; m < 3; m++) {
        assert_true(weights[m] >= 0);
        GOOD(evaluate_one(models[m], parts.valid, &metric, &protocol, NULL, &alone, &err));
        assert_true(value >= alone - 1e-12);
        model_unref(models[m]);
    }
    model_unref(chosen);
    parts_release(&parts);
}

static void test_leak(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(40, 30, 0.3, 5, false), 0.2, 0.2);
    const struct metric metric = ndcg();
    struct model *models[] = {fitted("ease", parts.train, "reg=5", 0, NULL), fitted("popular", parts.valid, "", 0, NULL)}, *chosen;
    const struct blend_request request = {.parts = models, .n_parts = 2, .valid = parts.valid, .metric = &metric};
    BAD(blend_chosen(&request, &chosen, &err), ERR_LEAK, "of the rows of valid are in what `popular` was fitted on");
    for (int m = 0; m < 2; m++) model_unref(models[m]);
    parts_release(&parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_best_share), cmocka_unit_test(test_three), cmocka_unit_test(test_leak)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
