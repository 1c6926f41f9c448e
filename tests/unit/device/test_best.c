/* Scores and the best of them: pairs, blocks, lists with and without a score matrix. */
#include "runtime/device/hot_functions.h"
#include "tests/unit/device/device_help.h"

static const int64_t widths[] = {0, 1, 15, 16, 17, 65};
enum { N_WIDTHS = 6 };

/* --- the canonical dot product --- */

/* As the comment in ops.h says: 16 partial sums, each rounded after the product and after the sum, then a tree. */
static float by_the_book(const float *a, const float *b, int64_t n) {
    volatile float lane[16] = {0};
    for (int64_t i = 0; i < n; i++) {
        volatile float product = a[i] * b[i];
        lane[i % 16] = lane[i % 16] + product;
    }
    for (int half = 8; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] = lane[j] + lane[j + half];
    return lane[0];
}

static void canonical_products_have_the_same_bits_at_every_level(void **state) {
    (void)state;
    float *a = numbers(3000, 1), *b = numbers(3000, 2);
    for (int64_t n = 0; n < 700; n++) {
        float expected = by_the_book(a + n, b + 2 * n, n);
        assert_memory_equal(&(float){dot_canonical(a + n, b + 2 * n, n)}, &expected, sizeof expected);
#if defined(__x86_64__)
        assert_memory_equal(&(float){dot_run_v2(a + n, b + 2 * n, n)}, &expected, sizeof expected);
#endif
    }
    free(a);
    free(b);
}

/* --- scores --- */

struct model {
    struct mat *a, *b, *row_bias, *col_bias;
};

static struct model random_model(int64_t rows, int64_t cols, int64_t f) {
    return (struct model){random_mat(rows, f, 3), random_mat(cols, f, 4), random_mat(rows, 1, 5), random_mat(cols, 1, 6)};
}

static void model_free(struct model *m) {
    mat_unref(m->a);
    mat_unref(m->b);
    mat_unref(m->row_bias);
    mat_unref(m->col_bias);
}

static double score(const struct model *m, bool biased, int64_t row, int64_t col) {
    double sum = 0.25;
    for (int64_t j = 0; j < mat_cols(m->a); j++) sum += (double)at(m->a, row, j) * at(m->b, col, j);
    return biased ? sum + at(m->row_bias, row, 0) + at(m->col_bias, col, 0) : sum;
}

static void pairs_and_blocks(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    static const int64_t n_rows[] = {0, 1, 2, 3, 16, 17, 70};
    for (int w = 0; w < N_WIDTHS; w++)
        for (int n = 0; n < 7; n++)
            for (int biased = 0; biased < 2; biased++) {
                struct model m = random_model(11, 131, widths[w]);
                int32_t rows[70], cols[70];
                float pairs[70], block[70 * 131];
                for (int i = 0; i < 70; i++) rows[i] = i * 7 % 11, cols[i] = i * 31 % 131;
                const struct mat *rb = biased ? m.row_bias : NULL, *cb = biased ? m.col_bias : NULL;
                assert_int_equal(ops_dot_pairs(NULL, m.a, m.b, rb, cb, 0.25f, rows, cols, n_rows[n], pairs, &err), OK);
                assert_int_equal(ops_dot_block(NULL, m.a, rows, n_rows[n], m.b, rb, cb, 0.25f, block, &err), OK);
                for (int64_t i = 0; i < n_rows[n]; i++) {
                    assert_near(pairs[i], score(&m, biased, rows[i], cols[i]), 1e-5);
                    for (int64_t c = 0; c < 131; c++) assert_near(block[i * 131 + c], score(&m, biased, rows[i], c), 1e-5);
                }
                model_free(&m);
            }
}

static void wrong_arguments_are_named(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct mat *a = zeros(4, 3), *b = zeros(5, 2), *c = zeros(5, 3), *bias = zeros(5, 1);
    const int32_t row = 4, fine = 0, col = 5;
    float out[5];
    int32_t cols[1];
    assert_int_equal(ops_dot_pairs(NULL, a, b, NULL, NULL, 0, &fine, &fine, 1, out, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "4 × 3"));
    assert_non_null(strstr(err.message, "5 × 2"));
    err = ERROR_INIT;
    assert_int_equal(ops_dot_pairs(NULL, a, c, NULL, NULL, 0, &row, &fine, 1, out, &err), ERR_INDEX);
    err = ERROR_INIT;
    assert_int_equal(ops_dot_pairs(NULL, a, c, NULL, NULL, 0, &fine, &col, 1, out, &err), ERR_INDEX);
    err = ERROR_INIT;
    assert_int_equal(ops_dot_block(NULL, a, &fine, 1, c, bias, NULL, 0, out, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "4 × 1"));
    err = ERROR_INIT;
    assert_int_equal(ops_dot_top_k(NULL, a, &fine, 1, c, NULL, NULL, 0, NULL, NULL, -1, cols, out, &err), ERR_VALUE);
    mat_unref(a);
    mat_unref(b);
    mat_unref(c);
    mat_unref(bias);
}

/* --- the best --- */

static bool is_better(const float *scores, int64_t a, int64_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); }

/* k passes over the row: slow, plain. */
static void expect_best(const float *scores, int64_t n, const int32_t *skip, int64_t n_skip, int64_t k, const int32_t *cols, const float *best) {
    bool *taken = xnew_array(bool, (size_t)n + 1);
    for (int64_t i = 0; i < n_skip; i++) taken[skip[i]] = true;
    for (int64_t i = 0; i < k; i++) {
        int64_t most = -1;
        for (int64_t c = 0; c < n; c++)
            if (!taken[c] && scores[c] > -INFINITY && (most < 0 || is_better(scores, c, most))) most = c;
        assert_int_equal(cols[i], most);
        assert_true(most < 0 ? best[i] == -INFINITY : best[i] == scores[most]);
        if (most >= 0) taken[most] = true;
    }
    free(taken);
}

enum kind { SPREAD, TIES, ALL_EQUAL, RISING, FALLING, WITH_NAN, ALL_NAN, SIGNED_ZEROS, N_KINDS };

static float number_of(enum kind kind, int64_t i, float random) {
    switch (kind) {
    case SPREAD: return random;
    case TIES: return roundf(2 * random);
    case ALL_EQUAL: return 1;
    case RISING: return (float)i;
    case FALLING: return (float)-i;
    case WITH_NAN: return i % 3 == 0 ? NAN : i % 7 == 1 ? INFINITY : i % 5 == 2 ? -INFINITY : random;
    case ALL_NAN: return NAN;
    case SIGNED_ZEROS: return i % 2 ? 0.0f : -0.0f;
    case N_KINDS: break;
    }
    return 0;
}

static void lists_of_given_scores(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    static const int64_t n_cols[] = {0, 1, 15, 31, 32, 33, 65, 1000, 5000}, ks[] = {0, 1, 2, 10, 33, 100, 1200};
    const int64_t starts[] = {0, 0, 4, 6};
    const int32_t skip[] = {0, 3, 5, 14, 2, 7};
    for (int s = 0; s < 9; s++)
        for (int kind = 0; kind < N_KINDS; kind++) {
            int64_t n = n_cols[s];
            float *scores = numbers(3 * n + 1, (uint64_t)s);
            for (int64_t i = 0; i < 3 * n; i++) scores[i] = number_of((enum kind)kind, i, scores[i]);
            for (int j = 0; j < 7; j++) {
                int64_t k = ks[j];
                int32_t *cols = xnew_array(int32_t, (size_t)(3 * k) + 1);
                float *best = xnew_array(float, (size_t)(3 * k) + 1);
                bool skips = n >= 15;
                assert_int_equal(ops_top_k(NULL, scores, 3, n, skips ? starts : NULL, skip, k, cols, best, &err), OK);
                for (int64_t r = 0; r < 3; r++)
                    expect_best(scores + r * n, n, skip + starts[r], skips ? starts[r + 1] - starts[r] : 0, k, cols + r * k, best + r * k);
                free(cols);
                free(best);
            }
            free(scores);
        }
}

/* The promise of ops_dot_top_k: the list of the pairs' scores, to the bit. */
static void check_fused(const struct model *m, int64_t n, int64_t k, bool biased) {
    struct error err = ERROR_INIT;
    int64_t n_cols = mat_rows(m->b);
    int32_t *rows = xnew_array(int32_t, (size_t)n), *cols = xnew_array(int32_t, (size_t)(n * k)), *row = xnew_array(int32_t, (size_t)n_cols),
            *col = xnew_array(int32_t, (size_t)n_cols);
    float *best = xnew_array(float, (size_t)(n * k)), *scores = xnew_array(float, (size_t)n_cols);
    int64_t *starts = xnew_array(int64_t, (size_t)n + 1);
    int32_t *skip = xnew_array(int32_t, (size_t)(2 * n));
    for (int64_t i = 0; i < n; i++) {
        rows[i] = (int32_t)(i * 5 % mat_rows(m->a));
        starts[i + 1] = 2 * i + 2;
        skip[2 * i] = (int32_t)(i % (n_cols - 1));
        skip[2 * i + 1] = (int32_t)(n_cols - 1);
    }
    for (int64_t c = 0; c < n_cols; c++) col[c] = (int32_t)c;
    const struct mat *rb = biased ? m->row_bias : NULL, *cb = biased ? m->col_bias : NULL;
    assert_int_equal(ops_dot_top_k(NULL, m->a, rows, n, m->b, rb, cb, 0.5f, starts, skip, k, cols, best, &err), OK);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t c = 0; c < n_cols; c++) row[c] = rows[i];
        assert_int_equal(ops_dot_pairs(NULL, m->a, m->b, rb, cb, 0.5f, row, col, n_cols, scores, &err), OK);
        expect_best(scores, n_cols, skip + starts[i], 2, k, cols + i * k, best + i * k);
    }
    void *all[] = {rows, cols, row, col, best, scores, starts, skip};
    for (int i = 0; i < 8; i++) free(all[i]);
}

static void lists_without_a_score_matrix(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 2, 3, 17, 70};
    for (int w = 0; w < N_WIDTHS; w++)
        for (int n = 0; n < 5; n++) {
            struct model m = random_model(13, 333, widths[w]);
            check_fused(&m, counts[n], 10, false);
            check_fused(&m, counts[n], 10, true);
            check_fused(&m, counts[n], 400, true); /* longer than there are columns */
            model_free(&m);
        }
}

/* Columns in many equal copies: BLAS rounds them differently, by where they stand. */
static void equal_columns_keep_their_order(void **state) {
    (void)state;
    struct model m = random_model(13, 700, 65);
    float *b = mat_data(m.b), *bias = mat_data(m.col_bias);
    for (int64_t c = 0; c < 700; c++) {
        memcpy(b + c * 65, b + c % 3 * 65, 65 * sizeof *b);
        bias[c] = bias[c % 3];
    }
    check_fused(&m, 20, 100, true);
    memset(b, 0, (size_t)mat_bytes(m.b)); /* untrained: all scores tie but for the biases */
    check_fused(&m, 20, 100, false);
    b[65 * 7] = NAN;
    b[65 * 9] = INFINITY;
    check_fused(&m, 20, 100, true);
    model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_products_have_the_same_bits_at_every_level),
        cmocka_unit_test(pairs_and_blocks),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(lists_of_given_scores),
        cmocka_unit_test(lists_without_a_score_matrix),
        cmocka_unit_test(equal_columns_keep_their_order),
    };
    return RUN_AT_EVERY_LEVEL(tests);
}
