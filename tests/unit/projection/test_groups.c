/* PCA, eigenvectors, k-means, label placement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plots/layout.h"
#include "runtime/device/eigen.h"
#include "plots/projection/projection.h"
#include "runtime/base/thread.h"
#include "tests/unit/projection/vectors.h"

/* A v = λ v, unit and orthogonal, descending, for a random symmetric matrix. */
static void eigenvectors_satisfy_their_equation(void **state) {
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 17, 60};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int64_t n = sizes[s];
        double *a = xnew_array(double, (size_t)(n * n)), *values = xnew_array(double, (size_t)n), *vectors = xnew_array(double, (size_t)(n * n));
        struct rng rng = rng_at(2, RNG_USER, (uint64_t)n);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = rng_normal(&rng);
        double *copy = xmemdup(a, (size_t)(n * n) * sizeof *a);
        struct error err = ERROR_INIT;
        assert_int_equal(eigen_largest(NULL, copy, n, n, values, vectors, &err), OK);
        for (int64_t k = 0; k < n; k++) {
            if (k) assert_true(values[k] <= values[k - 1]);
            for (int64_t i = 0; i < n; i++) {
                double sum = 0;
                for (int64_t j = 0; j < n; j++) sum += a[i * n + j] * vectors[k * n + j];
                assert_true(fabs(sum - values[k] * vectors[k * n + i]) < 1e-10);
            }
            for (int64_t m = 0; m <= k; m++) {
                double dot = 0;
                for (int64_t j = 0; j < n; j++) dot += vectors[k * n + j] * vectors[m * n + j];
                assert_true(fabs(dot - (m == k)) < 1e-10);
            }
        }
        free(a);
        free(copy);
        free(values);
        free(vectors);
    }
}

static void zero_and_diagonal_matrices(void **state) {
    (void)state;
    double zero[9] = {0}, diagonal[9] = {1, 0, 0, 0, 3, 0, 0, 0, 2}, values[3], vectors[9];
    struct error err = ERROR_INIT;
    assert_int_equal(eigen_largest(NULL, zero, 3, 3, values, vectors, &err), OK);
    assert_true(values[0] == 0 && values[2] == 0);
    assert_int_equal(eigen_largest(NULL, diagonal, 3, 3, values, vectors, &err), OK);
    assert_true(fabs(values[0] - 3) < 1e-15 && fabs(values[1] - 2) < 1e-15 && fabs(values[2] - 1) < 1e-15);
}

/* Points on a line with a little across it: known axes and shares. */
static void pca_finds_the_line(void **state) {
    (void)state;
    enum { N = 200 };
    float rows[N * 3];
    double out[N * 2], share[2];
    for (int i = 0; i < N; i++) {
        double t = i - (N - 1) / 2.0, u = (i % 2) ? 1 : -1;
        rows[3 * i] = (float)(0.6 * t - 0.8 * u + 5);
        rows[3 * i + 1] = (float)(0.8 * t + 0.6 * u - 7);
        rows[3 * i + 2] = 100;
    }
    struct mat *x = mat_of(rows, N, 3);
    struct error err = ERROR_INIT;
    assert_int_equal(pca_project(NULL, x, 2, out, share, &err), OK);
    double along = ((double)N * N - 1) / 12;
    assert_true(fabs(share[0] - along / (along + 1)) < 1e-4 && fabs(share[0] + share[1] - 1) < 1e-6);
    for (int i = 0; i < N; i++) assert_true(fabs(out[2 * i] - (i - (N - 1) / 2.0)) < 1e-1); /* sign: the largest loading is positive */
    mat_unref(x);
}

static void pca_of_little(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    double out[10], share[2];
    float one[] = {3, 4};
    struct mat *x = mat_of(one, 1, 2), *narrow = mat_of(one, 2, 1);
    assert_int_equal(pca_project(NULL, x, 2, out, share, &err), OK);
    assert_true(out[0] == 0 && out[1] == 0 && share[0] == 0);
    assert_int_equal(pca_project(NULL, narrow, 2, out, share, &err), OK); /* more components than columns: zeros */
    assert_true(fabs(share[0] - 1) < 1e-12 && share[1] == 0 && out[1] == 0);
    mat_unref(x);
    mat_unref(narrow);
}

static void kmeans_finds_blobs(void **state) {
    (void)state;
    enum { N = 500, K = 5 };
    struct mat *x = blobs(N, 12, K, 4, 3);
    struct error err = ERROR_INIT;
    for (int cosine = 0; cosine < 2; cosine++) {
        int32_t cluster[N], again[N];
        double inertia, same;
        assert_int_equal(kmeans(NULL, x, K, cosine, 7, cluster, &inertia, &err), OK);
        for (int i = K; i < N; i++) assert_int_equal(cluster[i], cluster[i % K]);
        for (int a = 0; a < K; a++)
            for (int b = 0; b < a; b++) assert_int_not_equal(cluster[a], cluster[b]);
        int before = pool_threads();
        pool_set_threads(before == 1 ? 2 : 1);
        assert_int_equal(kmeans(NULL, x, K, cosine, 7, again, &same, &err), OK);
        pool_set_threads(before);
        assert_memory_equal(cluster, again, sizeof cluster);
        assert_true(inertia == same && inertia > 0);
    }
    mat_unref(x);
}

static void clusters_come_by_size(void **state) {
    (void)state;
    enum { N = 300 };
    float rows[N * 2];
    for (int i = 0; i < N; i++) { /* 200, 70 and 30 points */
        int blob = i < 30 ? 0 : i < 100 ? 1 : 2;
        rows[2 * i] = (float)(blob * 100 + i % 7);
        rows[2 * i + 1] = (float)(i % 5);
    }
    struct mat *x = mat_of(rows, N, 2);
    int32_t cluster[N];
    double inertia;
    struct error err = ERROR_INIT;
    assert_int_equal(kmeans(NULL, x, 3, false, 1, cluster, &inertia, &err), OK);
    assert_int_equal(cluster[0], 2);
    assert_int_equal(cluster[50], 1);
    assert_int_equal(cluster[200], 0);
    mat_unref(x);
}

static void kmeans_of_hard_inputs(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    int32_t cluster[20];
    double inertia;
    float same[40];
    for (int i = 0; i < 40; i++) same[i] = 1;
    struct mat *x = mat_of(same, 20, 2);
    assert_int_equal(kmeans(NULL, x, 4, false, 1, cluster, &inertia, &err), OK); /* fewer places than clusters */
    for (int i = 0; i < 20; i++) assert_true(cluster[i] >= 0 && cluster[i] < 4);
    assert_int_equal(kmeans(NULL, x, 20, false, 1, cluster, &inertia, &err), OK);
    assert_int_equal(kmeans(NULL, x, 1, true, 1, cluster, &inertia, &err), OK);
    assert_int_equal(kmeans(NULL, x, 21, false, 1, cluster, &inertia, &err), ERR_VALUE);
    assert_string_equal(err.message, "21 clusters need at least 21 vectors, there are 20");
    mat_unref(x);
    err = ERROR_INIT;
    same[7] = INFINITY;
    x = mat_of(same, 20, 2);
    assert_int_equal(kmeans(NULL, x, 2, false, 1, cluster, &inertia, &err), ERR_NUMERIC);
    mat_unref(x);
}

/* --- labels --- */

static struct plot *crowded_map(int64_t n) {
    struct plot *plot = plot_new(PLOT_MAP);
    struct series *series = plot_add_series(plot, NULL, n);
    for (int64_t i = 0; i < n; i++) {
        struct rng rng = rng_at(4, RNG_USER, (uint64_t)i);
        series->x[i] = 10 * rng_normal(&rng);
        series->y[i] = 8 * rng_normal(&rng);
    }
    return plot;
}

static void labels_do_not_overlap(void **state) {
    (void)state;
    enum { WISHES = 120 };
    struct plot *plot = crowded_map(1500);
    char texts[WISHES][40];
    struct label_wish wishes[WISHES];
    for (int w = 0; w < WISHES; w++) {
        snprintf(texts[w], sizeof texts[w], w < 12 ? "Genre %d" : "A rather long movie title %d", w);
        wishes[w] = (struct label_wish){texts[w], plot->series[0].x[w], plot->series[0].y[w], w < 12 ? 1000 - w : 500 - w, w % 12, w < 12};
    }
    place_labels(plot, wishes, 12, 12);
    place_labels(plot, wishes + 12, WISHES - 12, 30);
    assert_true(plot->n_labels >= 12 && plot->n_labels <= 42);
    struct layout layout;
    plot_layout(plot, &layout);
    for (size_t a = 0; a < plot->n_labels; a++) {
        struct box x = label_box(&layout, &plot->labels[a]);
        assert_true(x.left >= layout.panel.left - 0.01 && x.right <= layout.panel.right + 0.01 && x.top >= layout.panel.top - 0.01 &&
                    x.bottom <= layout.panel.bottom + 0.01);
        for (size_t b = 0; b < a; b++) {
            struct box y = label_box(&layout, &plot->labels[b]);
            assert_true(x.right <= y.left + 0.01 || y.right <= x.left + 0.01 || x.bottom <= y.top + 0.01 || y.bottom <= x.top + 0.01);
        }
    }
    layout_release(&layout);
    plot_unref(plot);
}

static void heavier_wishes_come_first(void **state) {
    (void)state;
    struct plot *plot = crowded_map(50);
    struct label_wish wishes[] = {{"light", 0, 0, 1, 0, true},
                                  {"heavy", 0, 0, 9, 0, true},
                                  {"middle", 0, 0, 5, 0, true},
                                  {NULL, 0, 0, 99, 0, true},
                                  {"nowhere", NAN, 0, 98, 0, true}};
    place_labels(plot, wishes, 5, 2);
    assert_int_equal(plot->n_labels, 2);
    assert_string_equal(plot->labels[0].text, "heavy");
    assert_string_equal(plot->labels[1].text, "middle");
    plot_unref(plot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvectors_satisfy_their_equation),
        cmocka_unit_test(zero_and_diagonal_matrices),
        cmocka_unit_test(pca_finds_the_line),
        cmocka_unit_test(pca_of_little),
        cmocka_unit_test(kmeans_finds_blobs),
        cmocka_unit_test(clusters_come_by_size),
        cmocka_unit_test(kmeans_of_hard_inputs),
        cmocka_unit_test(labels_do_not_overlap),
        cmocka_unit_test(heavier_wishes_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
