/* elem.h against the C library in double, over all of float32 at a stride. */
#include "runtime/device/elem.h"

#include "tests/unit/device/device_help.h"

/* |got - expected| in units of the last place of a float32 of expected's size. */
static double ulps(float got, double expected) {
    if (isnan(expected)) return isnan(got) ? 0 : INFINITY;
    if ((double)got == expected || (float)expected == got) return 0;
    if (isinf(got) || isnan(got)) return INFINITY;
    double unit = fmax(ldexp(1.0, ilogb(expected) - 23), ldexp(1.0, -149));
    return fabs((double)got - expected) / unit;
}

#define STRIDE 9973 /* prime: some 430,000 floats of all exponents, both signs */

static void exponential_and_logarithms_err_by_less_than_two_units(void **state) {
    (void)state;
    double exp_worst = 0, log_worst = 0, log2_worst = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STRIDE) {
        float x = el_float((uint32_t)bits);
        exp_worst = fmax(exp_worst, ulps(el_exp(x), exp((double)x)));
        log_worst = fmax(log_worst, ulps(el_log(x), log((double)x)));
        log2_worst = fmax(log2_worst, ulps(el_log2(x), log2((double)x)));
    }
    printf("worst errors in units of the last place: exp %.3f, log %.3f, log2 %.3f\n", exp_worst, log_worst, log2_worst);
    assert_true(exp_worst < 2);
    assert_true(log_worst < 2);
    assert_true(log2_worst < 2);
}

static void near_one_and_at_the_edges(void **state) {
    (void)state;
    for (float x = 0.5f; x < 2.0f; x += 1.0f / 4096) {
        assert_true(ulps(el_log(x), log((double)x)) < 2);
        assert_true(ulps(el_log2(x), log2((double)x)) < 2);
    }
    for (int i = -149; i < 128; i++) assert_true(el_log2(ldexpf(1, i)) == (float)i);
    assert_true(el_exp(0) == 1);
    assert_true(el_exp(-INFINITY) == 0);
    assert_true(isinf(el_exp(INFINITY)) && isinf(el_exp(89)));
    assert_true(el_exp(-104) == 0);
    assert_true(el_log(0) == -INFINITY && isnan(el_log(-1)) && isnan(el_log(-INFINITY)) && el_log(INFINITY) == INFINITY);
    assert_true(el_log(1) == 0 && el_log2(1) == 0);
    assert_true(isnan(el_exp(NAN)) && isnan(el_log(NAN)));
}

static void powers_are_those_of_c(void **state) {
    (void)state;
    static const float special[] = {0,        -0.0f, 1,  -1,  2,  -2,   0.5f,  -0.5f,  3, -3,       1e-40f,    1e30f, -1e30f,
                                    16777215, 1e10f, 64, -64, 65, 1.5f, -1.5f, 33.25f, 7, INFINITY, -INFINITY, NAN,   1e-30f};
    int n = sizeof special / sizeof *special;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double expected = pow((double)special[i], (double)special[j]);
            float got = el_pow(special[i], special[j]);
            if (ulps(got, expected) > 1 && !(isinf((float)expected) && got == (float)expected))
                fail_msg("%g ** %g: got %.9g, C gives %.9g", (double)special[i], (double)special[j], (double)got, expected);
        }
    struct rng rng = rng_at(3, RNG_USER, 0);
    for (int i = 0; i < 20000; i++) {
        float x = (float)(4 * rng_uniform(&rng)), y = (float)(20 * rng_uniform(&rng) - 10);
        assert_true(ulps(el_pow(x, y), pow((double)x, (double)y)) <= 1);
    }
}

static void extremes_let_nan_win(void **state) {
    (void)state;
    assert_true(el_max(1, 2) == 2 && el_max(2, 1) == 2 && el_min(1, 2) == 1 && el_min(2, 1) == 1);
    assert_true(isnan(el_max(NAN, 1)) && isnan(el_max(1, NAN)) && isnan(el_min(NAN, 1)) && isnan(el_min(1, NAN)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_and_logarithms_err_by_less_than_two_units),
        cmocka_unit_test(near_one_and_at_the_edges),
        cmocka_unit_test(powers_are_those_of_c),
        cmocka_unit_test(extremes_let_nan_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
