/* Numbers, mats and the levels of the hot loops for the tests of this folder. */
#ifndef RECKON_TEST_DEVICE_HELP_H
#define RECKON_TEST_DEVICE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/ops.h"

static inline float *numbers(int64_t n, uint64_t seed) {
    float *x = xnew_array(float, (size_t)n);
    struct rng rng = rng_at(seed, RNG_USER, 0);
    for (int64_t i = 0; i < n; i++) x[i] = (float)rng_normal(&rng);
    return x;
}

static inline struct mat *mat_of(const float *values, int64_t rows, int64_t cols) {
    struct mat *mat = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(mat_from(device_cpu(), rows, cols, values, &mat, &err), OK);
    return mat;
}

static inline struct mat *random_mat(int64_t rows, int64_t cols, uint64_t seed) {
    float *values = numbers(rows * cols, seed);
    struct mat *mat = mat_of(values, rows, cols);
    free(values);
    return mat;
}

static inline struct mat *zeros(int64_t rows, int64_t cols) {
    struct mat *mat = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(mat_new(device_cpu(), rows, cols, &mat, &err), OK);
    return mat;
}

static inline float at(const struct mat *mat, int64_t row, int64_t col) { return mat_values(mat)[row * mat_cols(mat) + col]; }

static inline void assert_near(double got, double expected, double tolerance) {
    if (isnan(got) && isnan(expected)) return;
    if (got == expected || fabs(got - expected) <= tolerance) return;
    fail_msg("got %.9g, expected %.9g (tolerance %g)", got, expected, tolerance);
}

static inline bool same_bits(const struct mat *a, const struct mat *b) {
    return mat_bytes(a) == mat_bytes(b) && memcmp(mat_values(a), mat_values(b), (size_t)mat_bytes(a)) == 0;
}

/* A random sparse matrix in which every third row is empty and row 1 is full. */
struct entries {
    int64_t rows, cols, *starts;
    int32_t *columns, *row_of;
    float *values;
};

static inline struct entries random_entries(int64_t rows, int64_t cols, double density, uint64_t seed) {
    struct entries e = {rows,
                        cols,
                        xnew_array(int64_t, (size_t)rows + 1),
                        xnew_array(int32_t, (size_t)(rows * cols)),
                        xnew_array(int32_t, (size_t)(rows * cols)),
                        xnew_array(float, (size_t)(rows * cols))};
    struct rng rng = rng_at(seed, RNG_USER, 1);
    int64_t n = 0;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < cols; c++) {
            bool is_there = r == 1 || (r % 3 != 2 && rng_uniform(&rng) < density);
            if (!is_there) continue;
            e.columns[n] = (int32_t)c;
            e.row_of[n] = (int32_t)r;
            e.values[n++] = (float)(1 + rng_below(&rng, 5));
        }
        e.starts[r + 1] = n;
    }
    return e;
}

static inline void entries_free(struct entries *e) {
    free(e->starts);
    free(e->columns);
    free(e->row_of);
    free(e->values);
}

static inline struct csr *csr_of(const struct entries *e) {
    struct csr *csr = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(csr_from(device_cpu(), e->rows, e->cols, e->starts, e->columns, e->values, &csr, &err), OK);
    return csr;
}

/* Runs the group once a level of the hot loops, each in a process of its own, for a process chooses once. */
#define RUN_AT_EVERY_LEVEL(tests) run_at_every_level(tests, #tests, sizeof(tests) / sizeof((tests)[0]))
static inline int run_at_every_level(const struct CMUnitTest *tests, const char *name, size_t n_tests) {
    static const char *const levels[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
    int n_failed = 0;
    for (int i = 0; i < 3; i++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            setenv("RECKON_ISA", levels[i], 1);
            device_prepare_environment();
            if (i > 0 && strcmp(device_isa(), levels[i]) != 0) _exit(0); /* this machine lacks the level */
            printf("level %s\n", device_isa());
            int failed = _cmocka_run_group_tests(name, tests, n_tests, NULL, NULL);
            pool_stop();
            exit(failed);
        }
        int status = 0;
        n_failed += child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    return n_failed;
}

#endif
