/* ALS against the normal equations in double; SGD and Adam against their formulas, step by step. */
#include "tests/unit/device/device_help.h"

/* --- ALS --- */

/* Gaussian elimination without pivoting: the systems are positive definite. a: (n, n + 1). */
static void solve(double *a, int64_t n, double *x) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t r = i + 1; r < n; r++) {
            double factor = a[r * (n + 1) + i] / a[i * (n + 1) + i];
            for (int64_t c = i; c <= n; c++) a[r * (n + 1) + c] -= factor * a[i * (n + 1) + c];
        }
    for (int64_t i = n - 1; i >= 0; i--) {
        x[i] = a[i * (n + 1) + n];
        for (int64_t c = i + 1; c < n; c++) x[i] -= a[i * (n + 1) + c] * x[c];
        x[i] /= a[i * (n + 1) + i];
    }
}

static void als_row(const struct entries *e, int64_t row, const struct mat *other, const struct mat *bias, double mean, double reg, double *x) {
    int64_t f = mat_cols(other), n = f + 1, count = e->starts[row + 1] - e->starts[row];
    double *a = xnew_array(double, (size_t)(n * (n + 1)));
    for (int64_t i = e->starts[row]; i < e->starts[row + 1]; i++) {
        double target = e->values[i] - mean - at(bias, e->columns[i], 0);
        for (int64_t r = 0; r < n; r++) {
            double q = r < f ? at(other, e->columns[i], r) : 1;
            for (int64_t c = 0; c < n; c++) a[r * (n + 1) + c] += q * (c < f ? at(other, e->columns[i], c) : 1);
            a[r * (n + 1) + n] += q * target;
        }
    }
    for (int64_t i = 0; i < n; i++) a[i * (n + 1) + i] += reg * (double)count;
    memset(x, 0, (size_t)n * sizeof *x);
    if (count > 0) solve(a, n, x);
    free(a);
}

static void als_solves_the_normal_equations(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    static const int64_t factors[] = {0, 1, 2, 3, 7, 8, 13, 14, 15, 16, 17, 31, 64, 65, 130};
    struct entries e = random_entries(14, 150, 0.4, 1);
    struct csr *csr = csr_of(&e);
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        int64_t f = factors[i];
        struct mat *other = random_mat(150, f, 2), *bias = random_mat(150, 1, 3), *out = random_mat(14, f, 4), *out_bias = random_mat(14, 1, 5);
        double x[131];
        assert_int_equal(ops_als_solve(NULL, csr, 2.5f, other, bias, 0.1f, out, out_bias, &err), OK);
        for (int64_t row = 0; row < 14; row++) {
            als_row(&e, row, other, bias, 2.5, 0.1f, x);
            for (int64_t j = 0; j < f; j++) assert_near(at(out, row, j), x[j], 2e-4);
            assert_near(at(out_bias, row, 0), x[f], 2e-4);
        }
        mat_unref(other);
        mat_unref(bias);
        mat_unref(out);
        mat_unref(out_bias);
    }
    csr_unref(csr);
    entries_free(&e);
}

static void als_says_what_is_wrong(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct entries e = random_entries(6, 9, 0.5, 1);
    struct csr *csr = csr_of(&e);
    struct mat *other = random_mat(9, 8, 2), *bias = zeros(9, 1), *out = zeros(6, 8), *out_bias = zeros(6, 1), *wrong = zeros(6, 7);
    assert_int_equal(ops_als_solve(NULL, csr, 0, other, bias, 0.1f, wrong, out_bias, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "6 × 8"));
    assert_non_null(strstr(err.message, "6 × 7"));
    err = ERROR_INIT;
    memset(mat_data(other), 0, (size_t)mat_bytes(other)); /* without reg: a matrix of zeros */
    assert_int_equal(ops_als_solve(NULL, csr, 0, other, bias, 0, out, out_bias, &err), ERR_NUMERIC);
    assert_non_null(strstr(err.message, "row 0"));
    err = ERROR_INIT;
    mat_data(other)[3] = NAN;
    assert_int_equal(ops_als_solve(NULL, csr, 0, other, bias, 0.1f, out, out_bias, &err), ERR_NUMERIC);
    struct mat *all[] = {other, bias, out, out_bias, wrong};
    for (int i = 0; i < 5; i++) mat_unref(all[i]);
    csr_unref(csr);
    entries_free(&e);
}

/* --- SGD and Adam --- */

enum { USERS = 23, ITEMS = 31 };

static struct mf_factors random_factors(int64_t f, float mean) {
    return (struct mf_factors){random_mat(USERS, f, 6), random_mat(ITEMS, f, 7), random_mat(USERS, 1, 8), random_mat(ITEMS, 1, 9), mean};
}

static struct mf_factors zero_factors(int64_t f) {
    return (struct mf_factors){zeros(USERS, f), zeros(ITEMS, f), zeros(USERS, 1), zeros(ITEMS, 1), 0};
}

static void factors_free(struct mf_factors *x) {
    struct mat *all[] = {x->users, x->items, x->user_bias, x->item_bias};
    for (int i = 0; i < 4; i++) mat_unref(all[i]);
}

static struct sgd_plan *plan_of(const struct entries *e, uint64_t seed) {
    struct sgd_plan *plan = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(sgd_plan_new(NULL, device_cpu(), e->rows, e->cols, e->starts[e->rows], e->row_of, e->columns, e->values, seed, &plan, &err), OK);
    return plan;
}

static double error_of(const struct mf_factors *x, int64_t u, int64_t i, double rating) {
    double sum = (double)x->mean + at(x->user_bias, u, 0) + at(x->item_bias, i, 0);
    for (int64_t j = 0; j < mat_cols(x->users); j++) sum += (double)at(x->users, u, j) * at(x->items, i, j);
    return rating - sum;
}

/* Ratings that share no user and no item: their order doesn't matter. */
static void one_epoch_of_sgd_is_one_step_each(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    static const int64_t factors[] = {0, 1, 15, 16, 17, 32, 64, 65, 128};
    const float lr = 0.05f, reg = 0.1f, reg_bias = 0.2f;
    int32_t rows[USERS], cols[USERS];
    float values[USERS];
    for (int i = 0; i < USERS; i++) rows[i] = (i * 7) % USERS, cols[i] = (i * 5) % ITEMS, values[i] = (float)(i % 5 + 1);
    for (size_t n = 0; n < sizeof factors / sizeof *factors; n++) {
        int64_t f = factors[n];
        struct mf_factors was = random_factors(f, 3), now = random_factors(f, 3);
        struct sgd_plan *plan = NULL;
        double rmse = 0, squares = 0;
        assert_int_equal(sgd_plan_new(NULL, device_cpu(), USERS, ITEMS, USERS, rows, cols, values, 1, &plan, &err), OK);
        assert_int_equal(ops_mf_sgd(NULL, plan, &now, lr, reg, reg_bias, 5, 1, &rmse, &err), OK);
        for (int s = 0; s < USERS; s++) {
            int32_t u = rows[s], i = cols[s];
            double e = error_of(&was, u, i, values[s]);
            squares += e * e;
            for (int64_t j = 0; j < f; j++) {
                double p = at(was.users, u, j), q = at(was.items, i, j);
                assert_near(at(now.users, u, j), p + lr * (e * q - reg * p), 2e-5);
                assert_near(at(now.items, i, j), q + lr * (e * p - reg * q), 2e-5);
            }
            assert_near(at(now.user_bias, u, 0), at(was.user_bias, u, 0) + lr * (e - reg_bias * at(was.user_bias, u, 0)), 2e-5);
            assert_near(at(now.item_bias, i, 0), at(was.item_bias, i, 0) + lr * (e - reg_bias * at(was.item_bias, i, 0)), 2e-5);
        }
        assert_near(rmse, sqrt(squares / USERS), 1e-4);
        sgd_plan_free(plan);
        factors_free(&was);
        factors_free(&now);
    }
}

/* Every rating is visited once an epoch: with lr so small that nothing moves, the error seen is the error of the start. */
static void an_epoch_visits_every_rating_once(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct entries e = random_entries(120, 90, 0.9, 3); /* some 6,000: a grid of its own */
    struct mat *users = random_mat(120, 4, 1), *items = random_mat(90, 4, 2), *user_bias = random_mat(120, 1, 3), *item_bias = random_mat(90, 1, 4);
    struct mf_factors x = {users, items, user_bias, item_bias, 3};
    int64_t n = e.starts[e.rows];
    double squares = 0;
    for (int64_t s = 0; s < n; s++) squares += pow(error_of(&x, e.row_of[s], e.columns[s], e.values[s]), 2);
    struct sgd_plan *plan = plan_of(&e, 4);
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        double rmse = 0;
        assert_int_equal(ops_mf_sgd(NULL, plan, &x, 1e-12f, 0, 0, 9, epoch, &rmse, &err), OK);
        assert_near(rmse, sqrt(squares / (double)n), 1e-4);
    }
    sgd_plan_free(plan);
    factors_free(&x);
    entries_free(&e);
}

static void sgd_learns(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct entries e = random_entries(120, 90, 0.5, 3);
    struct mf_factors x = {random_mat(120, 16, 1), random_mat(90, 16, 2), zeros(120, 1), zeros(90, 1), 3};
    for (int64_t i = 0; i < 120 * 16; i++) mat_data(x.users)[i] *= 0.1f;
    for (int64_t i = 0; i < 90 * 16; i++) mat_data(x.items)[i] *= 0.1f;
    struct sgd_plan *plan = plan_of(&e, 4);
    double first = 0, last = 0;
    for (int64_t epoch = 1; epoch <= 60; epoch++)
        assert_int_equal(ops_mf_sgd(NULL, plan, &x, 0.03f, 0.01f, 0.01f, 9, epoch, epoch == 1 ? &first : &last, &err), OK);
    assert_true(last < 0.7 * first);
    sgd_plan_free(plan);
    factors_free(&x);
    entries_free(&e);
}

/* torch.optim.Adam in double on one number. */
static void adam_number(double *x, double *first, double *second, double gradient, int64_t t, double lr, double decay) {
    gradient += decay * *x;
    *first = 0.9 * *first + 0.1 * gradient;
    *second = 0.999 * *second + 0.001 * gradient * gradient;
    *x -= lr * (*first / (1 - pow(0.9, (double)t))) / (sqrt(*second / (1 - pow(0.999, (double)t))) + 1e-8);
}

struct adam_reference {
    double *x, *first, *second, *gradient;
    int64_t n;
};

static struct adam_reference reference_of(const struct mat *mat) {
    int64_t n = mat_rows(mat) * mat_cols(mat);
    struct adam_reference r = {xnew_array(double, (size_t)n), xnew_array(double, (size_t)n), xnew_array(double, (size_t)n),
                               xnew_array(double, (size_t)n), n};
    for (int64_t i = 0; i < n; i++) r.x[i] = mat_values(mat)[i];
    return r;
}

static void reference_step(struct adam_reference *r, int64_t t, double lr, double decay) {
    for (int64_t i = 0; i < r->n; i++) {
        adam_number(&r->x[i], &r->first[i], &r->second[i], r->gradient[i], t, lr, decay);
        r->gradient[i] = 0;
    }
}

static void reference_check(struct adam_reference *r, const struct mat *mat) {
    for (int64_t i = 0; i < r->n; i++) assert_near(mat_values(mat)[i], r->x[i], 3e-4);
    free(r->x);
    free(r->first);
    free(r->second);
    free(r->gradient);
}

/* The whole set as one batch, so that order doesn't matter; several steps, so that moments do. */
static void adam_takes_torchs_steps(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    static const int64_t factors[] = {1, 15, 16, 17, 65};
    const double lr = 0.01, decay = 0.05;
    struct entries e = random_entries(USERS, ITEMS, 0.4, 5);
    int64_t n = e.starts[e.rows];
    for (int w = 0; w < 5; w++) {
        int64_t f = factors[w], step = 0;
        struct mf_factors x = random_factors(f, 3), first = zero_factors(f), second = zero_factors(f);
        struct adam_reference users = reference_of(x.users), items = reference_of(x.items), ub = reference_of(x.user_bias),
                              ib = reference_of(x.item_bias);
        struct sgd_plan *plan = plan_of(&e, 6);
        for (int64_t t = 1; t <= 3; t++) {
            double rmse = 0, squares = 0;
            for (int64_t s = 0; s < n; s++) {
                int64_t u = e.row_of[s], i = e.columns[s];
                double error = 3 + ub.x[u] + ib.x[i] - e.values[s];
                for (int64_t j = 0; j < f; j++) error += users.x[u * f + j] * items.x[i * f + j];
                for (int64_t j = 0; j < f; j++) {
                    users.gradient[u * f + j] += 2 * error / (double)n * items.x[i * f + j];
                    items.gradient[i * f + j] += 2 * error / (double)n * users.x[u * f + j];
                }
                ub.gradient[u] += 2 * error / (double)n;
                ib.gradient[i] += 2 * error / (double)n;
                squares += error * error;
            }
            struct adam_reference *all[] = {&users, &items, &ub, &ib};
            for (int a = 0; a < 4; a++) reference_step(all[a], t, lr, decay);
            assert_int_equal(ops_mf_adam(NULL, plan, &x, &first, &second, &step, n + 5, (float)lr, (float)decay, 7, t, &rmse, &err), OK);
            assert_int_equal(step, t);
            assert_near(rmse, sqrt(squares / (double)n), 1e-3);
        }
        reference_check(&users, x.users);
        reference_check(&items, x.items);
        reference_check(&ub, x.user_bias);
        reference_check(&ib, x.item_bias);
        sgd_plan_free(plan);
        factors_free(&x);
        factors_free(&first);
        factors_free(&second);
    }
    entries_free(&e);
}

static void adam_counts_its_batches(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct entries e = random_entries(USERS, ITEMS, 0.4, 5);
    int64_t n = e.starts[e.rows], step = 10;
    struct mf_factors x = random_factors(8, 3), first = zero_factors(8), second = zero_factors(8);
    struct sgd_plan *plan = plan_of(&e, 6);
    double rmse = 0, before = 0;
    assert_int_equal(ops_mf_adam(NULL, plan, &x, &first, &second, &step, 7, 0.01f, 0, 7, 1, &before, &err), OK);
    assert_int_equal(step, 10 + (n + 6) / 7);
    for (int64_t epoch = 2; epoch < 40; epoch++)
        assert_int_equal(ops_mf_adam(NULL, plan, &x, &first, &second, &step, 7, 0.01f, 0, 7, epoch, &rmse, &err), OK);
    assert_true(rmse < 0.5 * before);
    assert_int_equal(ops_mf_adam(NULL, plan, &x, &first, &second, &step, 0, 0.01f, 0, 7, 1, &rmse, &err), ERR_VALUE);
    sgd_plan_free(plan);
    factors_free(&x);
    factors_free(&first);
    factors_free(&second);
    entries_free(&e);
}

static void plans_check_what_they_get(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct sgd_plan *plan = NULL;
    const int32_t rows[] = {0, 3}, cols[] = {0, 1};
    const float values[] = {1, 2};
    assert_int_equal(sgd_plan_new(NULL, device_cpu(), 3, 3, 2, rows, cols, values, 0, &plan, &err), ERR_INDEX);
    err = ERROR_INIT;
    assert_int_equal(sgd_plan_new(NULL, device_cpu(), 3, 3, 0, rows, cols, values, 0, &plan, &err), ERR_VALUE);
    err = ERROR_INIT;
    assert_null(plan);
    struct entries e = random_entries(USERS, ITEMS, 0.4, 5);
    struct mf_factors x = random_factors(8, 3);
    double rmse = 0;
    plan = plan_of(&e, 6);
    mat_unref(x.items);
    x.items = zeros(ITEMS + 1, 8);
    assert_int_equal(ops_mf_sgd(NULL, plan, &x, 0.1f, 0, 0, 0, 1, &rmse, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "31 × 8"));
    assert_non_null(strstr(err.message, "32 × 8"));
    sgd_plan_free(plan);
    factors_free(&x);
    entries_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(als_solves_the_normal_equations),
        cmocka_unit_test(als_says_what_is_wrong),
        cmocka_unit_test(one_epoch_of_sgd_is_one_step_each),
        cmocka_unit_test(an_epoch_visits_every_rating_once),
        cmocka_unit_test(sgd_learns),
        cmocka_unit_test(adam_takes_torchs_steps),
        cmocka_unit_test(adam_counts_its_batches),
        cmocka_unit_test(plans_check_what_they_get),
    };
    return RUN_AT_EVERY_LEVEL(tests);
}
