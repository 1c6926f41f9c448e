/* Truncated SVD: known spectra, rebuilt matrices, orthogonality, signs, bits. */
#include "tests/unit/device/device_help.h"

struct parts {
    struct mat *u, *s, *v;
};

static void parts_free(struct parts *p) {
    mat_unref(p->u);
    mat_unref(p->s);
    mat_unref(p->v);
}

static struct parts svd_of(const struct mat *a, int64_t k) {
    struct parts p = {0};
    struct error err = ERROR_INIT;
    if (mat_svd(NULL, a, k, 1, &p.u, &p.s, &p.v, &err) != OK) fail_msg("%s", err.message);
    assert_true(mat_rows(p.u) == mat_rows(a) && mat_cols(p.u) == k && mat_rows(p.s) == 1 && mat_cols(p.s) == k);
    assert_true(mat_rows(p.v) == mat_cols(a) && mat_cols(p.v) == k);
    return p;
}

static void expect_orthonormal(const struct mat *x) {
    for (int64_t i = 0; i < mat_cols(x); i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t r = 0; r < mat_rows(x); r++) sum += (double)at(x, r, i) * at(x, r, j);
            assert_near(sum, i == j, 2e-5);
        }
}

static void expect_order_and_signs(const struct parts *p) {
    for (int64_t j = 0; j < mat_cols(p->s); j++) {
        float most = 0;
        assert_true(at(p->s, 0, j) >= 0 && (j == 0 || at(p->s, 0, j) <= at(p->s, 0, j - 1)));
        for (int64_t r = 0; r < mat_rows(p->v); r++)
            if (fabsf(at(p->v, r, j)) > fabsf(most)) most = at(p->v, r, j);
        assert_true(most > 0);
    }
}

/* ‖A - U S Vᵀ‖ in Frobenius's norm. */
static double rest_of(const struct mat *a, const struct parts *p) {
    double sum = 0;
    for (int64_t r = 0; r < mat_rows(a); r++)
        for (int64_t c = 0; c < mat_cols(a); c++) {
            double x = at(a, r, c);
            for (int64_t j = 0; j < mat_cols(p->s); j++) x -= (double)at(p->u, r, j) * at(p->s, 0, j) * at(p->v, c, j);
            sum += x * x;
        }
    return sqrt(sum);
}

static double norm_of(const struct mat *a) {
    double sum = 0;
    for (int64_t i = 0; i < mat_rows(a) * mat_cols(a); i++) sum += (double)mat_values(a)[i] * mat_values(a)[i];
    return sqrt(sum);
}

static void whole_decompositions_rebuild_the_matrix(void **state) {
    (void)state;
    static const int64_t shapes[][2] = {{1, 1}, {1, 17}, {17, 1}, {15, 16}, {65, 17}, {17, 65}, {140, 150}};
    for (int i = 0; i < 7; i++) {
        struct mat *a = random_mat(shapes[i][0], shapes[i][1], 2);
        struct parts p = svd_of(a, shapes[i][0] < shapes[i][1] ? shapes[i][0] : shapes[i][1]);
        expect_orthonormal(p.u);
        expect_orthonormal(p.v);
        expect_order_and_signs(&p);
        assert_true(rest_of(a, &p) < 1e-5 * norm_of(a));
        parts_free(&p);
        mat_unref(a);
    }
}

/* A = Σ s_j u_j v_jᵀ with orthonormal u, v taken from a decomposition of random numbers, and given s. */
static struct mat *with_spectrum(int64_t rows, int64_t cols, int64_t rank, double (*value)(int64_t j)) {
    struct mat *noise = random_mat(rows, rank, 3), *noise2 = random_mat(cols, rank, 4), *a = zeros(rows, cols);
    struct parts left = svd_of(noise, rank), right = svd_of(noise2, rank);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) {
            double sum = 0;
            for (int64_t j = 0; j < rank; j++) sum += value(j) * (double)at(left.u, r, j) * at(right.u, c, j);
            mat_data(a)[r * cols + c] = (float)sum;
        }
    parts_free(&left);
    parts_free(&right);
    mat_unref(noise);
    mat_unref(noise2);
    return a;
}

static double slow(int64_t j) { return 100 * pow(0.97, (double)j); }
static double steep(int64_t j) { return 100 * pow(0.5, (double)j); }
static double flat(int64_t j) { return j < 5 ? 10 : 9.5; }
static double none_after_six(int64_t j) { return j < 6 ? (double)(6 - j) : 0; }

static void check_spectrum(int64_t rows, int64_t cols, int64_t rank, int64_t k, double (*value)(int64_t j)) {
    struct mat *a = with_spectrum(rows, cols, rank, value);
    struct parts p = svd_of(a, k);
    double left_out = 0;
    for (int64_t j = 0; j < rank; j++) {
        if (j >= k) left_out += value(j) * value(j);
        else assert_near(at(p.s, 0, j), value(j), 1e-4 * value(j) + 1e-6 * value(0));
    }
    expect_orthonormal(p.u);
    expect_orthonormal(p.v);
    expect_order_and_signs(&p);
    assert_near(rest_of(a, &p), sqrt(left_out), 1e-3 * sqrt(left_out) + 1e-5 * norm_of(a));
    parts_free(&p);
    mat_unref(a);
}

static void known_spectra_are_found(void **state) {
    (void)state;
    check_spectrum(400, 260, 200, 20, slow);
    check_spectrum(260, 400, 200, 20, slow);
    check_spectrum(300, 250, 60, 12, steep);
    check_spectrum(300, 250, 200, 30, flat);
    check_spectrum(300, 250, 20, 10, none_after_six); /* fewer dimensions than asked for: the rest is any orthonormal completion */
    check_spectrum(60, 50, 20, 30, none_after_six);
}

static void sparse_and_dense_agree(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    static const int64_t shapes[][2] = {{30, 20}, {300, 220}, {220, 300}};
    for (int i = 0; i < 3; i++) {
        struct entries e = random_entries(shapes[i][0], shapes[i][1], 0.2, 5);
        struct csr *csr = csr_of(&e);
        struct mat *dense = zeros(e.rows, e.cols);
        for (int64_t n = 0; n < e.starts[e.rows]; n++) mat_data(dense)[e.row_of[n] * e.cols + e.columns[n]] = e.values[n];
        struct parts p = svd_of(dense, 6), q = {0};
        assert_int_equal(csr_svd(NULL, csr, 6, 1, &q.u, &q.s, &q.v, &err), OK);
        for (int64_t j = 0; j < 6; j++) assert_near(at(q.s, 0, j), at(p.s, 0, j), 1e-4 * at(p.s, 0, j));
        assert_near(rest_of(dense, &q), rest_of(dense, &p), 1e-3 * norm_of(dense));
        parts_free(&p);
        parts_free(&q);
        mat_unref(dense);
        csr_unref(csr);
        entries_free(&e);
    }
}

static void edges(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct mat *a = random_mat(3, 5, 6), *nothing = zeros(200, 150), *empty = zeros(0, 4);
    struct parts p = svd_of(a, 0), q;
    parts_free(&p);
    p = svd_of(empty, 0);
    parts_free(&p);
    p = svd_of(nothing, 3);
    expect_orthonormal(p.u);
    expect_orthonormal(p.v);
    for (int64_t j = 0; j < 3; j++) assert_true(at(p.s, 0, j) == 0);
    parts_free(&p);
    assert_int_equal(mat_svd(NULL, a, 4, 1, &q.u, &q.s, &q.v, &err), ERR_VALUE);
    assert_non_null(strstr(err.message, "3 × 5"));
    err = ERROR_INIT;
    mat_data(a)[7] = NAN;
    assert_int_equal(mat_svd(NULL, a, 2, 1, &q.u, &q.s, &q.v, &err), ERR_NUMERIC);
    mat_unref(a);
    mat_unref(nothing);
    mat_unref(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_decompositions_rebuild_the_matrix),
        cmocka_unit_test(known_spectra_are_found),
        cmocka_unit_test(sparse_and_dense_agree),
        cmocka_unit_test(edges),
    };
    return RUN_AT_EVERY_LEVEL(tests);
}
