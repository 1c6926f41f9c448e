/* Default parameters on MovieLens 100K, where RECKON_DATA has it: what the labs promise, on a split that nothing was chosen on. */
#include "models/eval/evaluate.h"
#include "runtime/data/loaders.h"
#include "tests/unit/models/fixture.h"

static struct dataset *ratings(void) {
    const struct load_request request = {.name_or_path = "ml-100k"};
    struct error err = ERROR_INIT;
    struct dataset *data = NULL;
    return load_dataset(NULL, &request, &data, &err) == OK ? data : NULL;
}

static double rmse_of(const char *kind, const struct parts *parts) {
    struct metric rmse;
    double value;
    struct model *model = fitted(kind, parts->train, "", 0, NULL);
    GOOD(metric_parse("rmse", 0, &rmse, &err));
    GOOD(evaluate_one(model, parts->test, &rmse, &(struct protocol){0}, NULL, &value, &err));
    model_unref(model);
    return value;
}

static void test_defaults(void **state) {
    (void)state;
    struct dataset *data = ratings();
    if (!data) skip();
    struct parts parts = parts_of(data, 0.1, 0.2);
    const double bias = rmse_of("bias", &parts), svd = rmse_of("svd", &parts), als = rmse_of("als", &parts), mf = rmse_of("mf", &parts);
    assert_true(als < 0.95 && als < bias - 0.02);
    assert_true(mf < 0.95 && mf < bias - 0.02);
    assert_true(svd < bias - 0.005);
    parts_release(&parts);
}

/* Biases on the published folds: 0.9599, 0.9477, 0.9405, 0.9383, 0.9423 (reg_user 15, reg_item 10). */
static void test_published_folds(void **state) {
    (void)state;
    static const double expected[] = {0.9599, 0.9477, 0.9405, 0.9383, 0.9423};
    static const char *const names[] = {"u1", "u2", "u3", "u4", "u5"};
    struct dataset *data = ratings();
    if (!data) skip();
    struct metric rmse;
    struct table *table = NULL;
    const struct params params = params_of(model_class_find("bias"), "");
    GOOD(metric_parse("rmse", 0, &rmse, &err));
    const struct cross_validate_request request = {.class = model_class_find("bias"),
                                                   .params = &params,
                                                   .data = data,
                                                   .published = true,
                                                   .metrics = &rmse,
                                                   .n_metrics = 1,
                                                   .device = device_cpu()};
    GOOD(cross_validate(&request, &table, &err));
    assert_int_equal(table->n_rows, 5);
    assert_non_null(strstr(table->caption, "on ml-100k, the published folds"));
    for (int f = 0; f < 5; f++) {
        assert_string_equal(table_column(table, "fold")->u.strs[f], names[f]);
        NEAR(table_column(table, "rmse")->u.floats[f], expected[f], 2e-4);
    }
    assert_non_null(strstr(table->notes[0], "rmse: mean 0.945"));
    table_unref(table);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults), cmocka_unit_test(test_published_folds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
