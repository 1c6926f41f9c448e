/* Dense operations against plain loops in double, on awkward shapes. */
#include "runtime/device/elem.h"
#include "tests/unit/device/device_help.h"

static const int64_t sizes[] = {0, 1, 15, 16, 17, 65};
enum { N_SIZES = 6 };

/* --- element kernels --- */

static double formula(enum mat_op op, double x, double y) {
    switch (op) {
    case MAT_ADD: return x + y;
    case MAT_SUB: return x - y;
    case MAT_MUL: return x * y;
    case MAT_DIV: return x / y;
    case MAT_POW: return pow(x, y);
    case MAT_LT: return x < y;
    case MAT_LE: return x <= y;
    case MAT_GT: return x > y;
    case MAT_GE: return x >= y;
    case MAT_EQ: return x == y;
    case MAT_NE: return x != y;
    case MAT_MAX: return isnan(x) || isnan(y) ? NAN : fmax(x, y);
    case MAT_MIN: return isnan(x) || isnan(y) ? NAN : fmin(x, y);
    }
    return 0;
}

/* Small whole numbers and halves, so that equal ones occur; NaN and infinity among them. */
static struct mat *mixed(int64_t rows, int64_t cols, uint64_t seed) {
    float *x = numbers(rows * cols, seed);
    for (int64_t i = 0; i < rows * cols; i++) {
        x[i] = roundf(4 * x[i]) / 2;
        if (i % 23 == 7) x[i] = NAN;
        if (i % 29 == 11) x[i] = i % 2 ? INFINITY : -INFINITY;
    }
    struct mat *mat = mat_of(x, rows, cols);
    free(x);
    return mat;
}

static void check_binary(enum mat_op op, const struct mat *a, const struct mat *b) {
    struct mat *out = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(mat_binary(op, a, b, &out, &err), OK);
    for (int64_t r = 0; r < mat_rows(out); r++)
        for (int64_t c = 0; c < mat_cols(out); c++) {
            double x = at(a, mat_rows(a) == 1 ? 0 : r, mat_cols(a) == 1 ? 0 : c), y = at(b, mat_rows(b) == 1 ? 0 : r, mat_cols(b) == 1 ? 0 : c);
            double expected = formula(op, x, y);
            assert_near(at(out, r, c), (float)expected, 1e-6 * fabs(expected));
        }
    mat_unref(out);
}

static void binary_operations_broadcast(void **state) {
    (void)state;
    static const int64_t shapes[][2] = {{17, 65}, {1, 65}, {17, 1}, {1, 1}};
    for (int op = MAT_ADD; op <= MAT_MIN; op++)
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) {
                struct mat *a = mixed(shapes[i][0], shapes[i][1], 1), *b = mixed(shapes[j][0], shapes[j][1], 2);
                check_binary((enum mat_op)op, a, b);
                mat_unref(a);
                mat_unref(b);
            }
    for (int i = 0; i < N_SIZES; i++)
        for (int j = 0; j < N_SIZES; j++) {
            struct mat *a = mixed(sizes[i], sizes[j], 3), *b = mixed(sizes[i], sizes[j], 4);
            check_binary(MAT_SUB, a, b);
            check_binary(MAT_MAX, a, b);
            mat_unref(a);
            mat_unref(b);
        }
}

static void numbers_stand_on_either_side(void **state) {
    (void)state;
    struct mat *a = random_mat(3, 17, 5), *left = NULL, *right = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(mat_scalar(MAT_SUB, a, 2, true, &left, &err), OK);
    assert_int_equal(mat_scalar(MAT_SUB, a, 2, false, &right, &err), OK);
    for (int64_t i = 0; i < 51; i++) {
        assert_true(mat_values(left)[i] == 2 - mat_values(a)[i]);
        assert_true(mat_values(right)[i] == mat_values(a)[i] - 2);
    }
    mat_unref(a);
    mat_unref(left);
    mat_unref(right);
}

static double map_formula(enum mat_fn fn, double x) {
    switch (fn) {
    case MAT_NEG: return -x;
    case MAT_ABS: return fabs(x);
    case MAT_EXP: return exp(x);
    case MAT_LOG: return log(x);
    case MAT_LOG2: return log2(x);
    case MAT_SQRT: return sqrt(x);
    case MAT_NOT: return x == 0;
    }
    return 0;
}

static void maps_follow_their_formulas(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    for (int fn = MAT_NEG; fn <= MAT_NOT; fn++)
        for (int i = 0; i < N_SIZES; i++) {
            struct mat *a = mixed(sizes[i], 65, 6), *out = NULL;
            assert_int_equal(mat_map((enum mat_fn)fn, a, &out, &err), OK);
            for (int64_t j = 0; j < sizes[i] * 65; j++) {
                double expected = map_formula((enum mat_fn)fn, mat_values(a)[j]);
                assert_near(mat_values(out)[j], (float)expected, 3e-7 * fabs(expected));
            }
            mat_unref(a);
            mat_unref(out);
        }
}

static void wrong_shapes_are_named(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct mat *a = zeros(2, 3), *b = zeros(4, 5), *out = NULL;
    assert_int_equal(mat_binary(MAT_ADD, a, b, &out, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "2 × 3"));
    assert_non_null(strstr(err.message, "4 × 5"));
    err = ERROR_INIT;
    assert_int_equal(mat_multiply(NULL, a, false, b, false, &out, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "4 × 5"));
    err = ERROR_INIT;
    assert_int_equal(mat_new(device_cpu(), -1, 3, &out, &err), ERR_SHAPE);
    err = ERROR_INIT;
    assert_int_equal(mat_new(device_cpu(), INT64_MAX / 8, 1000, &out, &err), ERR_MEMORY);
    assert_null(out);
    mat_unref(a);
    mat_unref(b);
}

/* --- rearranging --- */

static void slices_go_backwards_and_transposes_back(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct mat *a = random_mat(17, 65, 7), *out = NULL, *turned = NULL, *back = NULL;
    assert_int_equal(mat_slice(a, 16, -3, 6, 64, -16, 5, &out, &err), OK);
    for (int64_t r = 0; r < 6; r++)
        for (int64_t c = 0; c < 5; c++) assert_true(at(out, r, c) == at(a, 16 - 3 * r, 64 - 16 * c));
    mat_unref(out);
    assert_int_equal(mat_slice(a, 2, 2, 0, 1, 1, 4, &out, &err), OK);
    assert_true(mat_rows(out) == 0 && mat_cols(out) == 4);
    mat_unref(out);
    assert_int_equal(mat_slice(a, 3, -2, 3, 0, 1, 65, &out, &err), ERR_INDEX);
    err = ERROR_INIT;
    assert_int_equal(mat_transpose(a, &turned, &err), OK);
    for (int64_t r = 0; r < 65; r++)
        for (int64_t c = 0; c < 17; c++) assert_true(at(turned, r, c) == at(a, c, r));
    assert_int_equal(mat_transpose(turned, &back, &err), OK);
    assert_true(same_bits(a, back));
    mat_unref(turned);
    mat_unref(back);
    mat_unref(a);
    a = random_mat(300, 700, 8); /* more than one block of tiles */
    assert_int_equal(mat_transpose(a, &turned, &err), OK);
    for (int64_t r = 0; r < 700; r++)
        for (int64_t c = 0; c < 300; c++) assert_true(at(turned, r, c) == at(a, c, r));
    mat_unref(turned);
    mat_unref(a);
}

static void rows_are_taken_in_any_order(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct mat *a = random_mat(5, 17, 9), *out = NULL;
    const int64_t rows[] = {4, 0, 4, 2};
    assert_int_equal(mat_take_rows(a, rows, 4, &out, &err), OK);
    for (int64_t i = 0; i < 4; i++)
        for (int64_t c = 0; c < 17; c++) assert_true(at(out, i, c) == at(a, rows[i], c));
    mat_unref(out);
    out = NULL;
    assert_int_equal(mat_take_rows(a, rows, 0, &out, &err), OK);
    assert_int_equal(mat_rows(out), 0);
    mat_unref(out);
    out = NULL;
    const int64_t beyond[] = {5};
    assert_int_equal(mat_take_rows(a, beyond, 1, &out, &err), ERR_INDEX);
    assert_null(out);
    mat_unref(a);
}

static void copies_and_counts(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    int64_t before = mat_total_bytes(device_cpu());
    struct mat *a = random_mat(7, 3, 10), *copy = NULL, *same = NULL;
    assert_int_equal(mat_copy(a, &copy, &err), OK);
    assert_int_equal(mat_to(a, device_cpu(), &same, &err), OK);
    assert_ptr_equal(a, same);
    assert_true(same_bits(a, copy) && mat_values(a) != mat_values(copy));
    assert_int_equal(mat_total_bytes(device_cpu()) - before, 2 * 84);
    float row[3] = {1, 2, 3}, read[6];
    assert_int_equal(mat_write(copy, 6, 1, row, &err), OK);
    assert_int_equal(mat_read(copy, 5, 2, read, &err), OK);
    assert_true(read[0] == at(a, 5, 0) && read[5] == 3);
    assert_int_equal(mat_read(copy, 6, 2, read, &err), ERR_SHAPE);
    mat_unref(same);
    mat_unref(copy);
    mat_unref(a);
    assert_int_equal(mat_total_bytes(device_cpu()), before);
}

/* --- reducing --- */

static double reduced(enum mat_reduction reduction, const struct mat *a, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
    double n = (double)((r1 - r0) * (c1 - c0)), sum = 0, squares = 0, least = INFINITY, most = -INFINITY, spread = 0;
    bool nan = false;
    for (int64_t r = r0; r < r1; r++)
        for (int64_t c = c0; c < c1; c++) {
            double x = at(a, r, c);
            sum += x, squares += x * x, least = fmin(least, x), most = fmax(most, x);
            nan |= isnan(x);
        }
    for (int64_t r = r0; r < r1; r++)
        for (int64_t c = c0; c < c1; c++) spread += (at(a, r, c) - sum / n) * (at(a, r, c) - sum / n);
    switch (reduction) {
    case MAT_SUM: return sum;
    case MAT_MEAN: return sum / n;
    case MAT_STD: return sqrt(spread / n);
    case MAT_LEAST: return nan ? NAN : least;
    case MAT_MOST: return nan ? NAN : most;
    case MAT_NORM: return sqrt(squares);
    }
    return 0;
}

static void check_reduction(enum mat_reduction reduction, const struct mat *a, int axis) {
    struct mat *out = NULL;
    struct error err = ERROR_INIT;
    int64_t rows = mat_rows(a), cols = mat_cols(a), each = axis == 0 ? rows : axis == 1 ? cols : rows * cols;
    enum status status = mat_reduce(reduction, a, axis, &out, &err);
    if (each == 0 && (reduction == MAT_LEAST || reduction == MAT_MOST)) {
        assert_int_equal(status, ERR_VALUE);
        return;
    }
    assert_int_equal(status, OK);
    assert_true(mat_rows(out) == (axis == 1 ? rows : 1) && mat_cols(out) == (axis == 0 ? cols : 1));
    for (int64_t r = 0; r < mat_rows(out); r++)
        for (int64_t c = 0; c < mat_cols(out); c++) {
            double expected = reduced(reduction, a, axis == 1 ? r : 0, axis == 1 ? r + 1 : rows, axis == 0 ? c : 0, axis == 0 ? c + 1 : cols);
            assert_near(at(out, r, c), expected, 1e-6 * (1 + fabs(expected)));
        }
    mat_unref(out);
}

static void reductions_on_every_axis(void **state) {
    (void)state;
    for (int reduction = MAT_SUM; reduction <= MAT_NORM; reduction++)
        for (int axis = -1; axis <= 1; axis++) {
            for (int i = 0; i < N_SIZES; i++)
                for (int j = 0; j < N_SIZES; j++) {
                    struct mat *a = random_mat(sizes[i], sizes[j], 11);
                    check_reduction((enum mat_reduction)reduction, a, axis);
                    mat_unref(a);
                }
            struct mat *with_nan = mixed(17, 65, 12), *tall = random_mat(40000, 3, 13), *wide = random_mat(3, 40000, 14);
            check_reduction((enum mat_reduction)reduction, with_nan, axis);
            check_reduction((enum mat_reduction)reduction, tall, axis);
            check_reduction((enum mat_reduction)reduction, wide, axis);
            mat_unref(with_nan);
            mat_unref(tall);
            mat_unref(wide);
        }
}

/* --- products --- */

static void check_product(int64_t m, int64_t n, int64_t k, bool a_turned, bool b_turned) {
    struct mat *a = a_turned ? random_mat(k, m, 15) : random_mat(m, k, 15), *b = b_turned ? random_mat(n, k, 16) : random_mat(k, n, 16), *out = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(mat_multiply(NULL, a, a_turned, b, b_turned, &out, &err), OK);
    assert_true(mat_rows(out) == m && mat_cols(out) == n);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0, size = 0;
            for (int64_t p = 0; p < k; p++) {
                double term = (double)(a_turned ? at(a, p, i) : at(a, i, p)) * (double)(b_turned ? at(b, j, p) : at(b, p, j));
                sum += term, size += fabs(term);
            }
            assert_near(at(out, i, j), sum, 1e-6 * size + 1e-30);
        }
    mat_unref(a);
    mat_unref(b);
    mat_unref(out);
}

static void products_of_every_shape(void **state) {
    (void)state;
    for (int turned = 0; turned < 4; turned++) {
        for (int i = 0; i < N_SIZES; i++)
            for (int j = 0; j < N_SIZES; j++) check_product(sizes[i], sizes[j], sizes[(i + j) % N_SIZES], turned & 1, turned & 2);
        check_product(129, 700, 33, turned & 1, turned & 2);
        check_product(300, 3, 5000, turned & 1, turned & 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_operations_broadcast),
        cmocka_unit_test(numbers_stand_on_either_side),
        cmocka_unit_test(maps_follow_their_formulas),
        cmocka_unit_test(wrong_shapes_are_named),
        cmocka_unit_test(slices_go_backwards_and_transposes_back),
        cmocka_unit_test(rows_are_taken_in_any_order),
        cmocka_unit_test(copies_and_counts),
        cmocka_unit_test(reductions_on_every_axis),
        cmocka_unit_test(products_of_every_shape),
    };
    return RUN_AT_EVERY_LEVEL(tests);
}
