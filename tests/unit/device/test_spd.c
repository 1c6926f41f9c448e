/* Inverses of positive definite matrices: times the matrix it is the identity, for sizes round the tiles' edges. */
#include <math.h>
#include <string.h>

#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/spd.h"
#include "tests/unit/device/device_help.h"

/* xᵀx + ridge; owned. */
static float *gram(int64_t n, float ridge) {
    const int64_t rows = n / 2 + 3;
    float *x, *a;
    assert_int_equal(mem_try_array((size_t)(rows * n), "x", &x, &(struct error){0}), OK);
    assert_int_equal(mem_try_array((size_t)(n * n), "a", &a, &(struct error){0}), OK);
    struct rng rng = rng_at(1, RNG_USER, (uint64_t)n);
    for (int64_t i = 0; i < rows * n; i++) x[i] = rng_uniform(&rng) < 0.2;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = i == j ? (double)ridge : 0;
            for (int64_t r = 0; r < rows; r++) sum += (double)(x[r * n + i] * x[r * n + j]);
            a[i * n + j] = (float)sum;
        }
    mem_free(x);
    return a;
}

static void test_inverse(void **state) {
    (void)state;
    const int64_t sizes[] = {1, 2, 17, 127, 128, 129, 300};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t n = sizes[s];
        float *a = gram(n, 3), *inverse = gram(n, 3);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i + 1; j < n; j++) inverse[i * n + j] = NAN; /* the upper triangle isn't read */
        assert_int_equal(spd_invert(NULL, NULL, inverse, n, &(struct error){0}), OK);
        double worst = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0;
                for (int64_t h = 0; h < n; h++) sum += (double)a[i * n + h] * (double)inverse[h * n + j];
                worst = fmax(worst, fabs(sum - (i == j)));
                assert_true(inverse[i * n + j] == inverse[j * n + i]);
            }
        if (!(worst < 1e-4)) fail_msg("n %d: %g", (int)n, worst);
        mem_free(a);
        mem_free(inverse);
    }
}

static void test_threads(void **state) {
    (void)state;
    float *one = gram(300, 1), *four = gram(300, 1);
    pool_set_threads(1);
    assert_int_equal(spd_invert(NULL, NULL, one, 300, &(struct error){0}), OK);
    pool_set_threads(4);
    assert_int_equal(spd_invert(NULL, NULL, four, 300, &(struct error){0}), OK);
    assert_memory_equal(one, four, 300 * 300 * sizeof *one);
    mem_free(one);
    mem_free(four);
}

static void test_not_positive(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    float a[] = {1, 2, 2, 1};
    assert_int_equal(spd_invert(NULL, NULL, a, 2, &err), ERR_NUMERIC);
    assert_non_null(strstr(err.message, "not positive definite"));
    err = (struct error){0};
    struct task *task = task_new(NULL);
    float *long_one = gram(300, 1);
    task_cancel(task);
    assert_int_equal(spd_invert(task, NULL, long_one, 300, &err), ERR_INTERRUPTED);
    mem_free(long_one);
    task_free(task);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_inverse), cmocka_unit_test(test_threads), cmocka_unit_test(test_not_positive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
