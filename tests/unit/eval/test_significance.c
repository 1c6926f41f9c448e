/* Intervals and paired tests beside scipy's (make_significance_fixtures.py wrote down what it says), and whether they keep what they promise on drawn
 * data: so many intervals hold the truth, so many tests of nothing reject. */
#include "models/eval/significance.h"
#include "tests/unit/eval/json_fixture.h"

#define FIXTURES "tests/unit/eval/significance_fixtures.json"

/* weights NULL: 1 each. */
static struct user_sums sums_of(const double *values, const double *weights, int64_t n) {
    struct user_sums sums;
    GOOD(user_sums_new(n, &sums, &err));
    for (int64_t i = 0; i < n; i++) sums.sums[i] = values[i], sums.weights[i] = weights ? weights[i] : 1;
    return sums;
}

static struct user_sums sums_at(const json_t *object, const char *key) {
    const json_t *values = json_object_get(object, key), *weights = json_object_get(object, "weights");
    struct user_sums sums;
    GOOD(user_sums_new((int64_t)json_array_size(values), &sums, &err));
    for (int64_t i = 0; i < sums.n_users; i++) sums.sums[i] = number_at(values, i), sums.weights[i] = weights ? number_at(weights, i) : 1;
    sums.is_root = json_flag(object, "root", false);
    return sums;
}

static struct test_result test_of(const struct user_sums *a, const struct user_sums *b, enum test_method method, int64_t draws, uint64_t seed) {
    const struct resampling resampling = {.n = draws, .level = 0.95, .seed = seed};
    struct test_result result;
    GOOD(paired_test(a, b, method, &resampling, &result, &err));
    return result;
}

static void test_by_scipy(void **state) {
    (void)state;
    static const char *const names[] = {"permutation", "wilcoxon"};
    json_t *json = read_json(FIXTURES);
    for (int t = 0; t < 2; t++) {
        const json_t *cases = json_object_get(json, names[t]);
        assert_true(json_array_size(cases) >= 5);
        for (size_t c = 0; c < json_array_size(cases); c++) {
            const json_t *one = json_array_get(cases, c);
            struct user_sums a = sums_at(one, "a"), b = sums_at(one, "b");
            const struct test_result result = test_of(&a, &b, t ? TEST_WILCOXON : TEST_PERMUTATION, 10000, 1);
            NEAR(result.p, json_number_value(json_object_get(one, "p")), 1e-12);
            assert_int_equal(result.is_exact, a.n_users <= 50);
            user_sums_release(&a);
            user_sums_release(&b);
        }
    }
    json_decref(json);
}

static void test_mcnemar(void **state) {
    (void)state;
    json_t *json = read_json(FIXTURES);
    const json_t *cases = json_object_get(json, "mcnemar");
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c);
        const int64_t only_a = json_int(one, "only_a", -1), only_b = json_int(one, "only_b", -1), n = only_a + only_b + 10;
        struct user_sums a, b;
        GOOD(user_sums_new(n, &a, &err));
        GOOD(user_sums_new(n, &b, &err));
        for (int64_t i = 0; i < n; i++) {
            a.weights[i] = b.weights[i] = 1;
            a.sums[i] = i < only_a || i >= n - 4;
            b.sums[i] = (i >= only_a && i < only_a + only_b) || i >= n - 4;
        }
        const struct test_result result = test_of(&a, &b, TEST_MCNEMAR, 1, 1);
        const double p = json_number_value(json_object_get(one, "p"));
        NEAR(result.p, p, 1e-10 * p + 1e-300);
        assert_int_equal(result.n_differ, only_a + only_b);
        user_sums_release(&a);
        user_sums_release(&b);
    }
    json_decref(json);
}

static void test_limits(void **state) {
    (void)state;
    json_t *json = read_json(FIXTURES);
    const json_t *cases = json_object_get(json, "intervals");
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c), *x = json_object_get(one, "x"), *drawn = json_object_get(one, "replicates");
        const int64_t n = (int64_t)json_array_size(x), n_drawn = (int64_t)json_array_size(drawn);
        double jackknife[64], values[512], mean = 0, low, high;
        assert_true(n <= 64 && n_drawn <= 512);
        for (int64_t i = 0; i < n; i++) mean += number_at(x, i) / (double)n;
        for (int64_t i = 0; i < n; i++) jackknife[i] = (mean * (double)n - number_at(x, i)) / (double)(n - 1);
        for (int64_t i = 0; i < n_drawn; i++) values[i] = number_at(drawn, i);
        const struct replicates replicates = {.values = values, .jackknife = jackknife, .n = n_drawn, .n_left_out = n, .value = mean};
        const double level = json_number_value(json_object_get(one, "level"));
        assert_true(interval_limits(&replicates, INTERVAL_BCA, level, &low, &high));
        NEAR(low, number_at(json_object_get(one, "bca"), 0), 1e-10);
        NEAR(high, number_at(json_object_get(one, "bca"), 1), 1e-10);
        assert_true(interval_limits(&replicates, INTERVAL_PERCENTILE, level, &low, &high));
        NEAR(low, number_at(json_object_get(one, "percentile"), 0), 1e-10);
        NEAR(high, number_at(json_object_get(one, "percentile"), 1), 1e-10);
    }
    json_decref(json);
}

/* Where all draws lie above the value BCa knows no bias: percentiles, and it is said. */
static void test_one_sided_draws(void **state) {
    (void)state;
    const double values[] = {1, 2, 3, 4, 5}, jackknife[] = {0, 1};
    const struct replicates above = {.values = values, .jackknife = jackknife, .n = 5, .n_left_out = 2, .value = 0.5};
    double low, high, wanted_low, wanted_high;
    assert_false(interval_limits(&above, INTERVAL_BCA, 0.5, &low, &high));
    assert_true(interval_limits(&above, INTERVAL_PERCENTILE, 0.5, &wanted_low, &wanted_high));
    assert_true(low == wanted_low && high == wanted_high && low == 2);
    /* Of two users one draw may well hold one of them alone. */
    const double two[] = {0, 1};
    struct user_sums a = sums_of(two, NULL, 2);
    bool seen = false;
    for (uint64_t seed = 0; seed < 40 && !seen; seed++) {
        const struct resampling resampling = {.n = 1, .level = 0.9, .seed = seed};
        struct interval interval;
        GOOD(bootstrap_interval(&a, NULL, &resampling, &interval, &err));
        seen = interval.is_percentile;
    }
    assert_true(seen);
    user_sums_release(&a);
}

static void test_pooled(void **state) {
    (void)state;
    const double values[] = {1, 0, 2}, alike[] = {2, 0, 2}, apart[] = {1, 0, 2};
    struct user_sums mean = sums_of(values, alike, 3), pooled = sums_of(values, apart, 3);
    assert_false(user_sums_pooled(&mean));
    assert_true(user_sums_pooled(&pooled));
    mean.is_root = true;
    assert_true(user_sums_pooled(&mean));
    user_sums_release(&mean);
    user_sums_release(&pooled);
}

static void test_holm(void **state) {
    (void)state;
    double p[] = {0.01, 0.04, NAN, 0.03, 0.005}, one[] = {0.2}, large[] = {0.6, 0.7};
    const double wanted[] = {0.03, 0.06, NAN, 0.06, 0.02};
    holm(p, 5);
    holm(one, 1);
    holm(large, 2);
    for (int i = 0; i < 5; i++) assert_true(isnan(wanted[i]) ? isnan(p[i]) : fabs(p[i] - wanted[i]) < 1e-15);
    NEAR(one[0], 0.2, 0);
    NEAR(large[0], 1, 0);
    NEAR(large[1], 1, 0);
}

/* --- drawn data --- */

enum { N = 60, WORLDS = 300 };

/* Skewed values with mean 1 + shift. */
static void draw_world(uint64_t world, double shift, double *a, double *b) {
    struct rng rng = rng_at(world, RNG_USER, 5);
    for (int i = 0; i < N; i++) {
        const double common = rng_normal(&rng);
        a[i] = shift + exp(0.5 * common + 0.5 * rng_normal(&rng) - 0.25);
        b[i] = exp(0.5 * common + 0.5 * rng_normal(&rng) - 0.25);
    }
}

/* Of 300 tests of nothing 5 % reject, give or take four standard errors; of something, more. */
static void test_size_and_power(void **state) {
    (void)state;
    const enum test_method methods[] = {TEST_PERMUTATION, TEST_WILCOXON, TEST_BOOTSTRAP};
    for (int m = 0; m < 3; m++) {
        int n_rejected[2] = {0, 0};
        for (uint64_t world = 0; world < 2 * WORLDS; world++) {
            double a_values[N], b_values[N];
            draw_world(world, world % 2 ? 0.3 : 0, a_values, b_values);
            struct user_sums a = sums_of(a_values, NULL, N), b = sums_of(b_values, NULL, N);
            n_rejected[world % 2] += test_of(&a, &b, methods[m], 400, world).p < 0.05;
            user_sums_release(&a);
            user_sums_release(&b);
        }
        if (n_rejected[0] > 30 || n_rejected[1] < 150) fail_msg("method %d: %d and %d of %d", m, n_rejected[0], n_rejected[1], WORLDS);
    }
}

static void test_coverage(void **state) {
    (void)state;
    for (int m = 0; m < 2; m++) {
        int n_held = 0, n_held_difference = 0;
        for (uint64_t world = 0; world < WORLDS; world++) {
            const struct resampling resampling = {.n = 500, .level = 0.95, .method = m ? INTERVAL_PERCENTILE : INTERVAL_BCA, .seed = world};
            double a_values[N], b_values[N];
            draw_world(world, 0.2, a_values, b_values);
            struct user_sums a = sums_of(a_values, NULL, N), b = sums_of(b_values, NULL, N);
            struct interval interval;
            GOOD(bootstrap_interval(&a, NULL, &resampling, &interval, &err));
            n_held += interval.low <= 1.2 && 1.2 <= interval.high;
            assert_true(interval.low < interval.value && interval.value < interval.high);
            GOOD(bootstrap_interval(&a, &b, &resampling, &interval, &err));
            n_held_difference += interval.low <= 0.2 && 0.2 <= interval.high;
            user_sums_release(&a);
            user_sums_release(&b);
        }
        if (n_held < 0.89 * WORLDS || n_held_difference < 0.89 * WORLDS || n_held > 0.99 * WORLDS)
            fail_msg("method %d: %d and %d of %d", m, n_held, n_held_difference, WORLDS);
    }
}

/* --- edges --- */

static void test_same_for_any_threads(void **state) {
    (void)state;
    double a_values[N], b_values[N], p[2];
    struct interval intervals[2];
    draw_world(3, 0.1, a_values, b_values);
    struct user_sums a = sums_of(a_values, NULL, N), b = sums_of(b_values, NULL, N);
    for (int t = 0; t < 2; t++) {
        const struct resampling resampling = {.n = 1000, .level = 0.9, .seed = 4};
        pool_set_threads(t ? 3 : 1);
        p[t] = test_of(&a, &b, TEST_PERMUTATION, 1000, 4).p;
        GOOD(bootstrap_interval(&a, &b, &resampling, &intervals[t], &err));
    }
    assert_true(p[0] == p[1] && intervals[0].low == intervals[1].low && intervals[0].high == intervals[1].high);
    assert_true(p[0] != test_of(&a, &b, TEST_PERMUTATION, 1000, 5).p);
    user_sums_release(&a);
    user_sums_release(&b);
}

static void test_edges(void **state) {
    (void)state;
    const enum test_method methods[] = {TEST_PERMUTATION, TEST_WILCOXON, TEST_BOOTSTRAP, TEST_MCNEMAR};
    const double same[] = {1, 0, 1, 1}, half[] = {0.5, 0, 1, 1}, none[] = {0, 0, 0, 0}, one[] = {0, 1, 0, 0};
    const struct resampling resampling = {.n = 100, .level = 0.95};
    struct user_sums a = sums_of(same, NULL, 4), b = sums_of(half, NULL, 4), nobody = sums_of(same, none, 4), single = sums_of(same, one, 4);
    struct interval interval;
    for (int m = 0; m < 4; m++) {
        NEAR(test_of(&a, &a, methods[m], 100, 1).p, 1, 0);
        assert_true(isnan(test_of(&a, &nobody, methods[m], 100, 1).p));
    }
    struct test_result result;
    BAD(paired_test(&a, &b, TEST_MCNEMAR, &resampling, &result, &err), ERR_VALUE,
        "McNemar's test counts hits and misses, and a user has the value 0.5");
    GOOD(bootstrap_interval(&single, NULL, &resampling, &interval, &err));
    assert_true(interval.value == 0 && isnan(interval.low) && isnan(interval.high));
    GOOD(bootstrap_interval(&nobody, NULL, &resampling, &interval, &err));
    assert_true(isnan(interval.value));
    GOOD(bootstrap_interval(&a, &a, &resampling, &interval, &err)); /* every draw is 0 */
    assert_true(interval.value == 0 && interval.low == 0 && interval.high == 0);
    assert_int_equal(test_of(&a, &single, TEST_PERMUTATION, 100, 1).n_users, 1); /* only whom both judge */
    user_sums_release(&a);
    user_sums_release(&b);
    user_sums_release(&nobody);
    user_sums_release(&single);
}

static void test_interrupts(void **state) {
    (void)state;
    double a_values[N], b_values[N];
    struct task *task = task_new(NULL);
    draw_world(3, 0.1, a_values, b_values);
    struct user_sums a = sums_of(a_values, NULL, N), b = sums_of(b_values, NULL, N);
    const struct resampling resampling = {.n = 1000, .level = 0.9, .seed = 4, .task = task};
    struct interval interval;
    struct test_result result;
    task_cancel(task);
    BAD(bootstrap_interval(&a, &b, &resampling, &interval, &err), ERR_INTERRUPTED, "interrupted");
    BAD(paired_test(&a, &b, TEST_PERMUTATION, &resampling, &result, &err), ERR_INTERRUPTED, "interrupted");
    BAD(paired_test(&a, &b, TEST_BOOTSTRAP, &resampling, &result, &err), ERR_INTERRUPTED, "interrupted");
    user_sums_release(&a);
    user_sums_release(&b);
    task_free(task);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_scipy),        cmocka_unit_test(test_mcnemar),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_one_sided_draws), cmocka_unit_test(test_pooled),    cmocka_unit_test(test_holm),
        cmocka_unit_test(test_size_and_power),  cmocka_unit_test(test_coverage),  cmocka_unit_test(test_same_for_any_threads),
        cmocka_unit_test(test_edges),           cmocka_unit_test(test_interrupts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
