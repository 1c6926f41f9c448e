/* Sparse matrices: structure, products, transposes. */
#include "tests/unit/device/device_help.h"

static void check_product(const struct entries *e, const struct csr *csr, bool transposed, int64_t n_cols) {
    struct error err = ERROR_INIT;
    int64_t rows = transposed ? e->cols : e->rows, inner = transposed ? e->rows : e->cols;
    struct mat *dense = random_mat(inner, n_cols, 2), *out = NULL;
    double *expected = xnew_array(double, (size_t)(rows * n_cols) + 1);
    for (int64_t i = 0; i < e->starts[e->rows]; i++) {
        int64_t row = transposed ? e->columns[i] : e->row_of[i], col = transposed ? e->row_of[i] : e->columns[i];
        for (int64_t c = 0; c < n_cols; c++) expected[row * n_cols + c] += (double)e->values[i] * at(dense, col, c);
    }
    assert_int_equal(csr_multiply(NULL, csr, transposed, dense, &out, &err), OK);
    assert_true(mat_rows(out) == rows && mat_cols(out) == n_cols);
    for (int64_t i = 0; i < rows * n_cols; i++) assert_near(mat_values(out)[i], expected[i], 1e-4);
    free(expected);
    mat_unref(dense);
    mat_unref(out);
}

static void products_with_empty_rows(void **state) {
    (void)state;
    static const int64_t shapes[][2] = {{1, 1}, {3, 17}, {17, 3}, {65, 40}, {0, 5}, {5, 0}, {300, 200}};
    static const int64_t widths[] = {0, 1, 15, 16, 17, 65};
    for (int s = 0; s < 7; s++) {
        struct entries e = random_entries(shapes[s][0], shapes[s][1], 0.2, 1);
        struct csr *csr = csr_of(&e);
        assert_true(csr_n(csr) == e.starts[e.rows] && csr_rows(csr) == e.rows && csr_cols(csr) == e.cols);
        for (int w = 0; w < 6; w++)
            for (int transposed = 0; transposed < 2; transposed++) check_product(&e, csr, transposed, widths[w]);
        csr_unref(csr);
        entries_free(&e);
    }
}

/* However many vectors and single columns are left over. */
static void every_width(void **state) {
    (void)state;
    struct entries e = random_entries(20, 30, 0.3, 1);
    struct csr *csr = csr_of(&e);
    for (int64_t width = 1; width <= 9 * 16 + 1; width++) check_product(&e, csr, false, width);
    csr_unref(csr);
    entries_free(&e);
}

static void ones_when_there_are_no_values(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    const int64_t starts[] = {0, 2, 2, 3};
    const int32_t columns[] = {0, 3, 1};
    struct csr *csr = NULL;
    int64_t before = mat_total_bytes(device_cpu());
    assert_int_equal(csr_from(device_cpu(), 3, 4, starts, columns, NULL, &csr, &err), OK);
    for (int i = 0; i < 3; i++) assert_true(csr_values(csr)[i] == 1);
    assert_int_equal(csr_bytes(csr), mat_total_bytes(device_cpu()) - before);
    csr_unref(csr_ref(csr));
    csr_unref(csr);
    assert_int_equal(mat_total_bytes(device_cpu()), before);
}

static void repeated_columns_add_up(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    const int64_t starts[] = {0, 3};
    const int32_t columns[] = {1, 1, 2};
    const float values[] = {2, 3, 4}, x[] = {1, 10, 100};
    struct csr *csr = NULL;
    struct mat *dense = mat_of(x, 3, 1), *out = NULL, *one = mat_of(x, 1, 1);
    assert_int_equal(csr_from(device_cpu(), 1, 3, starts, columns, values, &csr, &err), OK);
    assert_int_equal(csr_multiply(NULL, csr, false, dense, &out, &err), OK);
    assert_true(at(out, 0, 0) == 450);
    mat_unref(out);
    assert_int_equal(csr_multiply(NULL, csr, true, one, &out, &err), OK);
    assert_true(at(out, 0, 0) == 0 && at(out, 1, 0) == 5 && at(out, 2, 0) == 4);
    struct mat *all[] = {dense, out, one};
    for (int i = 0; i < 3; i++) mat_unref(all[i]);
    csr_unref(csr);
}

static void refused(int64_t rows, int64_t cols, const int64_t *starts, const int32_t *columns) {
    struct error err = ERROR_INIT;
    struct csr *csr = NULL;
    assert_int_equal(csr_from(device_cpu(), rows, cols, starts, columns, NULL, &csr, &err), ERR_SHAPE);
    assert_null(csr);
}

static void bad_structure_is_refused(void **state) {
    (void)state;
    refused(1, 4, (const int64_t[]){1, 2}, (const int32_t[]){0, 1});
    refused(2, 4, (const int64_t[]){0, 2, 1}, (const int32_t[]){0, 1});
    refused(1, 4, (const int64_t[]){0, 2}, (const int32_t[]){2, 1});
    refused(1, 4, (const int64_t[]){0, 1}, (const int32_t[]){4});
    refused(1, 4, (const int64_t[]){0, 1}, (const int32_t[]){-1});
    refused(-1, 4, (const int64_t[]){0}, NULL);
    struct error err = ERROR_INIT;
    struct entries e = random_entries(4, 6, 0.5, 3);
    struct csr *csr = csr_of(&e);
    struct mat *dense = zeros(4, 2), *out = NULL;
    assert_int_equal(csr_multiply(NULL, csr, false, dense, &out, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "4 × 6"));
    assert_non_null(strstr(err.message, "4 × 2"));
    csr_unref(csr);
    mat_unref(dense);
    entries_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_with_empty_rows),      cmocka_unit_test(every_width),
        cmocka_unit_test(ones_when_there_are_no_values), cmocka_unit_test(repeated_columns_add_up),
        cmocka_unit_test(bad_structure_is_refused),
    };
    return RUN_AT_EVERY_LEVEL(tests);
}
