#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "models/metrics/metrics.h"

static const struct metric_row *row(const char *name) {
    struct metric metric = {0};
    struct error err = ERROR_INIT;
    assert_int_equal(metric_parse(name, 0, &metric, &err), OK);
    return metric.row;
}

static void test_values(void **state) {
    (void)state;
    const float predicted[] = {1, 2.5f, 4, 5}, truth[] = {2, 2.5f, 1, 4};
    /* errors 1, 0, 3, 1 */
    assert_true(fabs(row("rmse")->rating(predicted, truth, 4) - sqrt(11.0 / 4)) < 1e-12);
    assert_true(fabs(row("mae")->rating(predicted, truth, 4) - 5.0 / 4) < 1e-12);
    assert_true(row("rmse")->rating(predicted, predicted, 4) == 0);
    assert_true(isnan(row("rmse")->rating(predicted, truth, 0)));
    assert_true(isnan(row("mae")->rating(predicted, truth, 0)));
}

/* A sum in float32 would stop growing at 2^24. */
static void test_long_sums(void **state) {
    (void)state;
    enum { N = 1 << 16 };
    static float predicted[N], truth[N];
    for (int i = 0; i < N; i++) predicted[i] = i % 2 ? 4000.25f : 4000, truth[i] = 0;
    assert_true(fabs(row("mae")->rating(predicted, truth, N) - 4000.125) < 1e-9);
}

static void test_parse(void **state) {
    (void)state;
    struct metric metric = {0};
    struct error err = ERROR_INIT;
    assert_int_equal(metric_parse("rmse", 0, &metric, &err), OK);
    assert_string_equal(metric.text, "rmse");
    assert_int_equal(metric.k, 0);
    assert_false(metric.row->larger_is_better);
    assert_int_equal(metric_parse("mae", 10, &metric, &err), OK); /* k= is for the ranking metrics beside it */
    assert_string_equal(metric.text, "mae");
}

static void fails(const char *text, int64_t k, enum status code, const char *message, const char *hint) {
    struct metric metric = {.k = -7};
    struct error err = ERROR_INIT;
    assert_int_equal(metric_parse(text, k, &metric, &err), code);
    if (!strstr(err.message, message)) fail_msg("%s", err.message);
    if (!strstr(err.hint, hint)) fail_msg("%s", err.hint);
    assert_int_equal(metric.k, -7); /* untouched */
}

static void test_parse_errors(void **state) {
    (void)state;
    fails("rsme", 0, ERR_NAME, "there is no metric `rsme`; there are mae, rmse", "`rmse`");
    fails("", 0, ERR_NAME, "there is no metric ``", "");
    fails("rmse@10", 0, ERR_VALUE, "`rmse` takes no @k", "write \"rmse\"");
    fails("RMSE ", 0, ERR_NAME, "there is no metric `RMSE `", "");
    fails("rmse", -1, ERR_VALUE, "k must be at least 1, not -1", "");
}

static void test_rows(void **state) {
    (void)state;
    const struct metric_row *const *rows;
    const size_t n = metric_rows(&rows);
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        if (i) assert_true(strcmp(rows[i - 1]->name, rows[i]->name) < 0);
        assert_true(strlen(rows[i]->definition) > 20);
        assert_true((rows[i]->kind == METRIC_RATING) == (rows[i]->rating != NULL));
        assert_true((rows[i]->kind == METRIC_RANKING) == (rows[i]->ranking != NULL));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),       cmocka_unit_test(test_long_sums), cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_errors), cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
