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

static double rate(const char *name, struct rated rated) {
    double value = 0;
    struct error err = ERROR_INIT;
    assert_int_equal(row(name)->rating(&rated, &value, &err), OK);
    return value;
}

static const int32_t one_user[] = {1, 1, 1, 1};

static void test_values(void **state) {
    (void)state;
    const float predicted[] = {1, 2.5f, 4, 5}, truth[] = {2, 2.5f, 1, 4};
    /* errors 1, 0, 3, 1 */
    assert_true(fabs(rate("rmse", (struct rated){predicted, truth, one_user, 4, NULL}) - sqrt(11.0 / 4)) < 1e-12);
    assert_true(fabs(rate("mae", (struct rated){predicted, truth, one_user, 4, NULL}) - 5.0 / 4) < 1e-12);
    assert_true(rate("rmse", (struct rated){predicted, predicted, one_user, 4, NULL}) == 0);
    assert_true(isnan(rate("rmse", (struct rated){predicted, truth, one_user, 0, NULL})));
    assert_true(isnan(rate("mae", (struct rated){predicted, truth, one_user, 0, NULL})));
}

/* A sum in float32 would stop growing at 2^24. */
static void test_long_sums(void **state) {
    (void)state;
    enum { N = 1 << 16 };
    static float predicted[N], truth[N];
    for (int i = 0; i < N; i++) predicted[i] = i % 2 ? 4000.25f : 4000, truth[i] = 0;
    assert_true(fabs(rate("mae", (struct rated){predicted, truth, NULL, N, NULL}) - 4000.125) < 1e-9);
}

static void test_concordant_pairs(void **state) {
    (void)state;
    /* User 1: truths 1, 2, 3 predicted 1, 3, 2: pairs 12 and 13 in order, 23 not. User 2: a tie, then equal truths, which are no pair. */
    const int32_t users[] = {1, 2, 1, 2, 1, 2};
    const float predicted[] = {1, 4, 3, 4, 2, 1}, truth[] = {1, 1, 2, 5, 3, 5};
    assert_true(fabs(rate("fcp", (struct rated){predicted, truth, users, 6, NULL}) - 2.0 / 5) < 1e-12);
    assert_true(isnan(rate("fcp", (struct rated){predicted, truth, users, 1, NULL})));
}

static void test_an_interrupt_ends_them(void **state) {
    (void)state;
    const float ratings[] = {1, 2, 3, 4};
    struct task *task = task_new(NULL);
    const struct rated rated = {ratings, ratings, one_user, 4, task};
    task_cancel(task);
    for (int i = 0; i < 3; i++) {
        double value = -1;
        struct error err = ERROR_INIT;
        assert_int_equal(row((const char *[]){"rmse", "mae", "fcp"}[i])->rating(&rated, &value, &err), ERR_INTERRUPTED);
    }
    task_free(task);
}

/* A list of these hits (ranks from 0) in the eyes of a metric. */
static double value(const char *name, int64_t k, const int64_t *hits, const float *hit_gains, int64_t n_hits, const float *gains,
                    int64_t n_relevant) {
    const struct ranking ranking = {hits, hit_gains, n_hits, gains, n_relevant, 0, 0};
    return row(name)->ranking(&ranking, k);
}

#define IS(got, wanted) assert_true(fabs((got) - (wanted)) < 1e-12)

/* rel = {a, b, c}, list = [a, x, b, y, z]. */
static void test_ranking_values(void **state) {
    (void)state;
    const int64_t hits[] = {0, 2};
    const float hit_gains[] = {3, 1}, gains[] = {5, 3, 1};
    const double dcg = 1 + 1 / log2(4), ideal = 1 + 1 / log2(3) + 1 / log2(4);
    IS(value("precision", 5, hits, hit_gains, 2, gains, 3), 0.4);
    IS(value("recall", 5, hits, hit_gains, 2, gains, 3), 2.0 / 3);
    IS(value("recall", 2, hits, hit_gains, 2, gains, 3), 1.0 / 3);
    IS(value("recall_cut", 2, hits, hit_gains, 2, gains, 3), 0.5);
    IS(value("hit_rate", 5, hits, hit_gains, 2, gains, 3), 1);
    IS(value("mrr", 5, hits, hit_gains, 2, gains, 3), 1);
    IS(value("map", 5, hits, hit_gains, 2, gains, 3), (1 + 2.0 / 3) / 3);
    IS(value("map", 2, hits, hit_gains, 2, gains, 3), 1.0 / 2);
    IS(value("map_rel", 2, hits, hit_gains, 2, gains, 3), 1.0 / 3);
    IS(value("map_hits", 5, hits, hit_gains, 2, gains, 3), (1 + 2.0 / 3) / 2);
    IS(value("ndcg", 5, hits, hit_gains, 2, gains, 3), dcg / ideal); /* not 0.920: the ideal isn't made of what was found */
    assert_true(fabs(value("ndcg", 5, hits, hit_gains, 2, gains, 3) - 0.70392) < 1e-5);
    IS(value("ndcg_exp", 5, hits, hit_gains, 2, gains, 3), (7 + 1 / log2(4)) / (31 + 7 / log2(3) + 1 / log2(4)));
    IS(value("accuracy", 5, hits, hit_gains, 2, gains, 3), 2.0 / 3);
}

static void test_ranking_edges(void **state) {
    (void)state;
    const int64_t third[] = {2};
    const float ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, zero[] = {0};
    const char *const names[] = {"precision", "recall",   "recall_cut", "hit_rate", "mrr",     "map",
                                 "map_rel",   "map_hits", "ndcg",       "ndcg_exp", "accuracy"};
    IS(value("ndcg", 10, third, ones, 1, ones, 1), 0.5); /* one held-out item at rank 3 */
    IS(value("hit_rate", 10, third, ones, 1, ones, 1), 1);
    IS(value("hit_rate", 2, third, ones, 1, ones, 1), 0);
    IS(value("mrr", 3, third, ones, 1, ones, 1), 1.0 / 3);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) IS(value(names[i], 10, NULL, NULL, 0, ones, 10), 0);
    assert_true(isnan(value("ndcg_exp", 10, third, zero, 1, zero, 1))); /* no gain could be had */
    /* 50 relevant, 20 of them on a list of 20. */
    int64_t first20[20];
    float fifty[50];
    for (int i = 0; i < 50; i++) fifty[i] = 1;
    for (int i = 0; i < 20; i++) first20[i] = i;
    IS(value("recall", 20, first20, fifty, 20, fifty, 50), 0.4);
    IS(value("recall_cut", 20, first20, fifty, 20, fifty, 50), 1);
    IS(value("ndcg", 20, first20, fifty, 20, fifty, 50), 1);
    IS(value("map_rel", 20, first20, fifty, 20, fifty, 50), 0.4);
    const struct ranking pairs = {.gains = ones, .n_relevant = 2, .n_pairs = 8, .n_ordered = 6.5}, none = {.gains = ones, .n_relevant = 2};
    IS(row("auc")->ranking(&pairs, 0), 6.5 / 8);
    assert_true(isnan(row("gauc")->ranking(&none, 0)));
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
    assert_int_equal(metric_parse("ndcg@7", 0, &metric, &err), OK);
    assert_string_equal(metric.text, "ndcg@7");
    assert_int_equal(metric_parse("ndcg", 5, &metric, &err), OK);
    assert_string_equal(metric.text, "ndcg@5");
    assert_int_equal(metric_parse("recall", 0, &metric, &err), OK);
    assert_int_equal(metric.k, 10);
    assert_int_equal(metric_parse("auc", 5, &metric, &err), OK);
    assert_string_equal(metric.text, "auc");
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
    fails("rsme", 0, ERR_NAME, "there is no metric `rsme`; there are accuracy, auc, fcp", "`rmse`");
    fails("", 0, ERR_NAME, "there is no metric ``", "");
    fails("rmse@10", 0, ERR_VALUE, "`rmse` takes no @k", "write \"rmse\"");
    fails("RMSE ", 0, ERR_NAME, "there is no metric `RMSE `", "");
    fails("ndcg@5", 10, ERR_VALUE, "`ndcg@5` and k=10 contradict each other", "");
    fails("ndcg@0", 0, ERR_VALUE, "a whole number from 1 on", "");
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
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_long_sums),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_errors),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_concordant_pairs),
        cmocka_unit_test(test_an_interrupt_ends_them),
        cmocka_unit_test(test_ranking_values),
        cmocka_unit_test(test_ranking_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
