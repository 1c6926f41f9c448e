/* t-SNE held to its definition: entropies, sums, gradient; determinism; hard inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plots/projection/select.h"
#include "plots/projection/tsne_parts.h"
#include "runtime/base/thread.h"
#include "tests/unit/projection/vectors.h"

static void the_least_are_selected(void **state) {
    (void)state;
    enum { N = 3000 };
    float values[N];
    struct near room[2 * 90 + 64];
    struct rng rng = rng_at(5, RNG_USER, 0);
    for (int i = 0; i < N; i++) values[i] = (float)rng_below(&rng, 400); /* many ties */
    for (int64_t k = 1; k <= 90; k += 7) {
        assert_int_equal(select_near(values, N, 17, k, room), k);
        for (int64_t i = 0; i < k; i++) {
            int64_t before = 0;
            for (int64_t j = 0; j < N; j++) before += j != 17 && (values[j] < room[i].value || (values[j] == room[i].value && j < room[i].index));
            assert_int_equal(before, i);
        }
    }
    assert_int_equal(select_near(values, 3, 1, 10, room), 2);
}

static void entropies_reach_the_perplexity(void **state) {
    (void)state;
    static const double scales[] = {1e-3, 1, 1e3}; /* unit rows and raw pixels alike */
    for (size_t s = 0; s < 3; s++)
        for (uint64_t row = 0; row < 20; row++) {
            double squares[90], p[90], at = 0, sum = 0, entropy = 0;
            struct rng rng = rng_at(3, RNG_USER, row);
            for (int c = 0; c < 90; c++) squares[c] = scales[s] * (at += rng_uniform(&rng));
            assert_true(fabs(tsne_row_weights(squares, 90, 30, p) - log(30)) < 1e-4);
            for (int c = 0; c < 90; c++) sum += p[c], entropy -= p[c] > 0 ? p[c] * log(p[c]) : 0;
            assert_true(fabs(sum - 1) < 1e-9);
            assert_true(fabs(entropy - log(30)) < 1e-4);
        }
}

static void equal_distances_weigh_equally(void **state) {
    (void)state;
    double squares[9] = {0}, p[9];
    tsne_row_weights(squares, 9, 3, p);
    for (int c = 0; c < 9; c++) assert_true(fabs(p[c] - 1.0 / 9) < 1e-12);
}

static void neighbors_are_exact(void **state) {
    (void)state;
    enum { N = 200, D = 7, K = 15 };
    float *rows = blob_rows(N, D, 5, 3, 1);
    int32_t found[N * K];
    double squares[N * K];
    struct error err = ERROR_INIT;
    assert_int_equal(tsne_neighbors(NULL, rows, N, D, K, found, squares, &err), OK);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < K; c++) {
            int nearer = 0;
            for (int j = 0; j < N; j++) {
                double sum = 0;
                for (int f = 0; f < D; f++) sum += ((double)rows[i * D + f] - rows[j * D + f]) * ((double)rows[i * D + f] - rows[j * D + f]);
                if (j != i && (sum < squares[i * K + c] || (sum == squares[i * K + c] && j < found[i * K + c]))) nearer++;
            }
            assert_int_equal(nearer, c);
        }
    free(rows);
}

static double p_of(const struct affinities *a, int64_t i, int64_t j) {
    for (int64_t e = a->starts[i]; e < a->starts[i + 1]; e++)
        if (a->columns[e] == j && a->p[e] > 0) return a->p[e];
    return 0;
}

static void affinities_are_symmetric_and_sum_to_one(void **state) {
    (void)state;
    enum { N = 300, D = 10 };
    float *rows = blob_rows(N, D, 6, 3, 2);
    struct affinities a;
    struct error err = ERROR_INIT;
    assert_int_equal(tsne_affinities(NULL, rows, N, D, 30, &a, &err), OK);
    double sum = 0;
    for (int64_t i = 0; i < N; i++) {
        assert_int_equal((a.starts[i + 1] - a.starts[i]) % TSNE_LANES, 0);
        for (int64_t e = a.starts[i]; e < a.starts[i + 1]; e++) {
            sum += a.p[e];
            if (a.p[e] > 0) assert_true(p_of(&a, a.columns[e], i) == a.p[e]);
        }
    }
    assert_true(fabs(sum - 1) < 1e-5);
    affinities_release(&a);
    free(rows);
}

/* KL straight from its definition, in double. */
static double kl_of(const struct affinities *a, const double *map, int64_t n) {
    double z = 0, kl = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double dx = map[2 * i] - map[2 * j], dy = map[2 * i + 1] - map[2 * j + 1];
            if (i != j) z += 1 / (1 + dx * dx + dy * dy);
        }
    for (int64_t i = 0; i < n; i++)
        for (int64_t e = a->starts[i]; e < a->starts[i + 1]; e++) {
            double p = a->p[e], dx = map[2 * i] - map[2 * a->columns[e]], dy = map[2 * i + 1] - map[2 * a->columns[e] + 1];
            if (p > 0) kl += p * log(p * (1 + dx * dx + dy * dy) * z);
        }
    return kl;
}

static void the_gradient_is_that_of_kl(void **state) {
    (void)state;
    enum { N = 50, D = 6 };
    float *rows = blob_rows(N, D, 4, 2, 4);
    struct affinities a;
    struct layout2d layout;
    struct error err = ERROR_INIT;
    double map[2 * N], z, worst = 0, largest = 0, sum_x = 0, sum_y = 0;
    assert_int_equal(tsne_affinities(NULL, rows, N, D, 10, &a, &err), OK);
    assert_int_equal(layout2d_init(&layout, N, &err), OK);
    for (int i = 0; i < N; i++) {
        struct rng rng = rng_at(9, RNG_USER, (uint64_t)i);
        layout.x[i] = (float)rng_normal(&rng);
        layout.y[i] = (float)rng_normal(&rng);
        map[2 * i] = layout.x[i];
        map[2 * i + 1] = layout.y[i];
    }
    assert_int_equal(tsne_forces(NULL, &a, &layout, &z, &err), OK);
    assert_true(fabs(tsne_kl(&a, &layout, z) - kl_of(&a, map, N)) < 1e-5);
    for (int c = 0; c < 2 * N; c++) {
        const double step = 1e-5;
        double at = map[c], up, down;
        map[c] = at + step;
        up = kl_of(&a, map, N);
        map[c] = at - step;
        down = kl_of(&a, map, N);
        map[c] = at;
        int i = c / 2;
        double ours = 4 * ((c & 1) ? layout.pull_y[i] - layout.push_y[i] / z : layout.pull_x[i] - layout.push_x[i] / z);
        worst = fmax(worst, fabs(ours - (up - down) / (2 * step)));
        largest = fmax(largest, fabs(ours));
    }
    for (int i = 0; i < N; i++) {
        sum_x += layout.pull_x[i] - layout.push_x[i] / z;
        sum_y += layout.pull_y[i] - layout.push_y[i] / z;
    }
    assert_true(worst < 1e-4 * largest);
    assert_true(fabs(sum_x) < 1e-6 && fabs(sum_y) < 1e-6); /* forces cancel */
    layout2d_release(&layout);
    affinities_release(&a);
    free(rows);
}

static struct tsne_report project(const struct mat *x, double perplexity, uint64_t seed, double *out) {
    struct tsne_request request = {.perplexity = perplexity, .seed = seed};
    struct tsne_report report = {0};
    struct error err = ERROR_INIT;
    assert_int_equal(tsne_project(NULL, x, &request, out, &report, &err), OK);
    for (int64_t i = 0; i < 2 * mat_rows(x); i++) assert_true(isfinite(out[i]));
    assert_true(isfinite(report.kl));
    return report;
}

static void the_same_bits_for_any_threads(void **state) {
    (void)state;
    enum { N = 401 };
    struct mat *x = blobs(N, 16, 8, 2, 6);
    static const int threads[] = {1, 2, 4};
    double *maps[3];
    int before = pool_threads();
    for (int t = 0; t < 3; t++) {
        pool_set_threads(threads[t]);
        maps[t] = xnew_array(double, 2 * N);
        project(x, 30, 11, maps[t]);
        assert_memory_equal(maps[0], maps[t], 2 * N * sizeof(double));
    }
    pool_set_threads(before);
    double *other = xnew_array(double, 2 * N);
    project(x, 30, 12, other);
    assert_int_not_equal(memcmp(other, maps[0], 2 * N * sizeof(double)), 0); /* the seed is heard */
    for (int t = 0; t < 3; t++) free(maps[t]);
    free(other);
    mat_unref(x);
}

static void blobs_separate(void **state) {
    (void)state;
    enum { N = 600, K = 6 };
    struct mat *x = blobs(N, 20, K, 4, 8);
    double *map = xnew_array(double, 2 * N);
    struct tsne_report report = project(x, 30, 1, map);
    assert_true(report.trust > 0.9 && report.trust <= 1);
    assert_true(report.recall10 > 0.3 && report.recall10 <= 1);
    assert_true(report.kl > 0 && report.kl < 1.5);
    assert_int_equal(report.neighbors, 90);
    for (int i = 0; i < N; i++) { /* the nearest neighbour on the map is of one's own blob */
        int nearest = -1;
        double least = INFINITY;
        for (int j = 0; j < N; j++) {
            double square =
                (map[2 * i] - map[2 * j]) * (map[2 * i] - map[2 * j]) + (map[2 * i + 1] - map[2 * j + 1]) * (map[2 * i + 1] - map[2 * j + 1]);
            if (j != i && square < least) least = square, nearest = j;
        }
        assert_int_equal(nearest % K, i % K);
    }
    free(map);
    mat_unref(x);
}

/* Quality of a map that keeps every place is 1. */
static void a_perfect_map_is_perfect(void **state) {
    (void)state;
    enum { N = 150 };
    float *rows = blob_rows(N, 2, 3, 3, 10);
    double map[2 * N], recall = 0, trust = 0;
    struct error err = ERROR_INIT;
    for (int i = 0; i < 2 * N; i++) map[i] = rows[i];
    assert_int_equal(map_quality(NULL, rows, N, 2, map, &recall, &trust, &err), OK);
    assert_true(recall > 0.995 && trust > 0.999);
    struct rng rng = rng_at(1, RNG_USER, 0);
    for (int i = 0; i < 2 * N; i++) map[i] = rng_normal(&rng);
    assert_int_equal(map_quality(NULL, rows, N, 2, map, &recall, &trust, &err), OK);
    assert_true(recall < 0.25 && trust < 0.7);
    free(rows);
}

static void duplicates_have_places(void **state) {
    (void)state;
    enum { N = 200 };
    float *rows = blob_rows(N, 5, 4, 3, 3);
    double map[2 * N];
    for (int i = 0; i < 100; i++) memcpy(&rows[i * 5], &rows[0], 5 * sizeof *rows); /* half of them one point */
    struct mat *some = mat_of(rows, N, 5);
    project(some, 30, 1, map);
    for (int i = 0; i < N * 5; i++) rows[i] = 2;
    struct mat *all = mat_of(rows, N, 5);
    project(all, 30, 1, map);
    for (int i = 0; i < N * 5; i++) rows[i] = 0;
    struct mat *zeros = mat_of(rows, N, 5);
    struct tsne_request request = {.cosine = true};
    struct tsne_report report;
    struct error err = ERROR_INIT;
    assert_int_equal(tsne_project(NULL, zeros, &request, map, &report, &err), OK);
    for (int i = 0; i < 2 * N; i++) assert_true(isfinite(map[i]));
    mat_unref(some);
    mat_unref(all);
    mat_unref(zeros);
    free(rows);
}

static void few_points(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 7; n++) {
        struct mat *x = blobs(n, 3, 2, 2, 1);
        double map[14];
        struct tsne_request request = {.perplexity = 30};
        struct tsne_report report;
        struct error err = ERROR_INIT;
        enum status status = tsne_project(NULL, x, &request, map, &report, &err);
        if (n < 4) {
            char expected[80];
            snprintf(expected, sizeof expected, "t-SNE needs at least 4 points, got %lld", (long long)n);
            assert_int_equal(status, ERR_VALUE);
            assert_string_equal(err.message, expected);
        } else {
            assert_int_equal(status, OK);
            assert_true(fabs(report.perplexity - (double)(n - 1) / 3) < 1e-12);
            for (int64_t i = 0; i < 2 * n; i++) assert_true(isfinite(map[i]));
            assert_true(report.recall10 >= 0 && report.recall10 <= 1 && report.trust <= 1);
        }
        mat_unref(x);
    }
}

static void bad_numbers_are_refused(void **state) {
    (void)state;
    float *rows = blob_rows(50, 4, 2, 2, 1);
    rows[17 * 4 + 2] = NAN;
    struct mat *x = mat_of(rows, 50, 4);
    double map[100];
    map[3] = 42;
    struct tsne_request request = {0};
    struct tsne_report report;
    struct error err = ERROR_INIT;
    assert_int_equal(tsne_project(NULL, x, &request, map, &report, &err), ERR_NUMERIC);
    assert_string_equal(err.message, "row 17 of the vectors holds a NaN, so it has no place on a map");
    assert_true(map[3] == 42);
    mat_unref(x);
    free(rows);
}

static void cancel_stops_it(void **state) {
    (void)state;
    struct mat *x = blobs(300, 8, 3, 2, 1);
    struct task *task = task_new(NULL);
    double map[600];
    struct tsne_request request = {0};
    struct tsne_report report;
    struct error err = ERROR_INIT;
    task_cancel(task);
    assert_int_equal(tsne_project(task, x, &request, map, &report, &err), ERR_INTERRUPTED);
    task_free(task);
    mat_unref(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_are_selected),
        cmocka_unit_test(entropies_reach_the_perplexity),
        cmocka_unit_test(equal_distances_weigh_equally),
        cmocka_unit_test(neighbors_are_exact),
        cmocka_unit_test(affinities_are_symmetric_and_sum_to_one),
        cmocka_unit_test(the_gradient_is_that_of_kl),
        cmocka_unit_test(the_same_bits_for_any_threads),
        cmocka_unit_test(blobs_separate),
        cmocka_unit_test(a_perfect_map_is_perfect),
        cmocka_unit_test(duplicates_have_places),
        cmocka_unit_test(few_points),
        cmocka_unit_test(bad_numbers_are_refused),
        cmocka_unit_test(cancel_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
