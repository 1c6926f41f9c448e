/* Implicit ALS against the normal equations in double, by each solver, and the loss that it reports. */
#include "tests/unit/device/device_help.h"

enum { ROWS = 14, COLS = 90 };
static const float alpha = 1.5f, unobserved = 0.2f;

struct problem {
    struct entries e;
    struct csr *events;
    struct mat *other, *ridge, *popularity;
    struct ials_side side;
};

static struct problem problem_of(int64_t f) {
    struct problem p = {
        .e = random_entries(ROWS, COLS, 0.4, 1), .other = random_mat(COLS, f, 2), .ridge = zeros(ROWS, 1), .popularity = zeros(COLS, 1)};
    double mean = 0;
    for (int64_t i = 0; i < p.e.starts[ROWS]; i++) {
        p.e.values[i] = (float)(i % 4); /* counts, some 0 */
        mat_data(p.popularity)[p.e.columns[i]] += alpha * p.e.values[i] / ROWS;
    }
    for (int64_t r = 0; r < ROWS; r++) mean += (double)(mat_data(p.ridge)[r] = 0.5f + 0.1f * (float)r) / ROWS;
    p.events = csr_of(&p.e);
    p.side = (struct ials_side){p.events, p.ridge, p.popularity, (float)mean};
    return p;
}

static void problem_release(struct problem *p) {
    csr_unref(p->events);
    mat_unref(p->other);
    mat_unref(p->ridge);
    mat_unref(p->popularity);
    entries_free(&p->e);
}

/* What a row adds to the loss. */
static double loss_of(const struct problem *p, int64_t row, const double *x) {
    const int64_t f = mat_cols(p->other);
    double loss = 0, norm = 0;
    for (int64_t c = 0; c < COLS; c++) {
        double score = 0;
        for (int64_t j = 0; j < f; j++) score += x[j] * (double)at(p->other, c, j);
        loss += (double)unobserved * score * score;
        for (int64_t i = p->e.starts[row]; i < p->e.starts[row + 1]; i++)
            if (p->e.columns[i] == c) loss += (double)(alpha * p->e.values[i]) * (1 - score) * (1 - score);
    }
    for (int64_t j = 0; j < f; j++) norm += x[j] * x[j];
    return loss + (double)at(p->ridge, row, 0) * norm;
}

/* Gaussian elimination; the systems are positive definite. */
static void solve_row(const struct problem *p, int64_t row, double *x) {
    const int64_t f = mat_cols(p->other), width = f + 1;
    double *a = xnew_array(double, (size_t)(f * width));
    for (int64_t r = 0; r < f; r++) {
        for (int64_t c = 0; c < f; c++)
            for (int64_t i = 0; i < COLS; i++) a[r * width + c] += (double)unobserved * (double)at(p->other, i, r) * (double)at(p->other, i, c);
        a[r * width + r] += (double)at(p->ridge, row, 0);
        for (int64_t i = p->e.starts[row]; i < p->e.starts[row + 1]; i++) {
            const double w = (double)(alpha * p->e.values[i]), y = (double)at(p->other, p->e.columns[i], r);
            for (int64_t c = 0; c < f; c++) a[r * width + c] += w * y * (double)at(p->other, p->e.columns[i], c);
            a[r * width + f] += w * y;
        }
    }
    for (int64_t i = 0; i < f; i++)
        for (int64_t r = i + 1; r < f; r++) {
            const double factor = a[r * width + i] / a[i * width + i];
            for (int64_t c = i; c < width; c++) a[r * width + c] -= factor * a[i * width + c];
        }
    for (int64_t i = f - 1; i >= 0; i--) {
        x[i] = a[i * width + f];
        for (int64_t c = i + 1; c < f; c++) x[i] -= a[i * width + c] * x[c];
        x[i] /= a[i * width + i];
    }
    free(a);
}

static double row_loss(const struct problem *p, const struct mat *x, int64_t row) {
    double wide[200];
    for (int64_t j = 0; j < mat_cols(x); j++) wide[j] = (double)at(x, row, j);
    return p->e.starts[row + 1] > p->e.starts[row] ? loss_of(p, row, wide) : 0;
}

/* The loss that is reported is that of the vectors; the least possible one comes back too. */
static void check_loss(const struct problem *p, const struct mat *x, double reported, double *out_least) {
    double sum = 0, wide[200];
    *out_least = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        sum += row_loss(p, x, row);
        if (p->e.starts[row + 1] == p->e.starts[row]) continue;
        solve_row(p, row, wide);
        *out_least += loss_of(p, row, wide);
    }
    assert_near(reported, sum, 5e-4 * sum); /* conjugate gradients count down from a loss that is many times larger */
}

static void all_solvers_reach_the_normal_equations(void **state) {
    (void)state;
    static const int64_t factors[] = {1, 2, 7, 15, 16, 17, 31, 32, 64, 65, 100};
    const struct ials_rule exact = {alpha, unobserved, 0, 4096}, cg = {alpha, unobserved, 200, 0};
    struct error err = ERROR_INIT;
    double x[200], loss, least;
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        const int64_t f = factors[i];
        struct problem p = problem_of(f);
        for (int by_cg = 0; by_cg < 2; by_cg++) {
            struct mat *out = random_mat(ROWS, f, 4);
            assert_int_equal(ops_ials_solve(NULL, by_cg ? &cg : &exact, &p.side, p.other, out, &loss, &err), OK);
            for (int64_t row = 0; row < ROWS; row++) {
                solve_row(&p, row, x);
                for (int64_t j = 0; j < f; j++) assert_near(at(out, row, j), p.e.starts[row + 1] > p.e.starts[row] ? x[j] : 0, 2e-4);
            }
            check_loss(&p, out, loss, &least);
            assert_near(loss, least, 5e-4 * least);
            mat_unref(out);
        }
        problem_release(&p);
    }
}

/* Every pass, of whatever solver, brings the loss down; passes by blocks end where the exact solution is. */
static void every_pass_descends(void **state) {
    (void)state;
    static const struct ials_rule rules[] = {
        {alpha, unobserved, 1, 0}, {alpha, unobserved, 2, 0}, {alpha, unobserved, 0, 16}, {alpha, unobserved, 0, 32}};
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct problem p = problem_of(40);
        struct mat *out = random_mat(ROWS, 40, 4);
        double before = INFINITY, loss = 0, least = 0;
        for (int pass = 0; pass < 60; pass++) {
            assert_int_equal(ops_ials_solve(NULL, &rules[i], &p.side, p.other, out, &loss, &err), OK);
            check_loss(&p, out, loss, &least);
            assert_true(loss <= before * (1 + 1e-6));
            before = loss;
        }
        assert_near(loss, least, 2e-3 * least);
        mat_unref(out);
        problem_release(&p);
    }
}

static void says_what_is_wrong(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    const struct ials_rule exact = {alpha, unobserved, 0, 8}, cg = {alpha, unobserved, 2, 0};
    struct problem p = problem_of(8);
    struct mat *out = zeros(ROWS, 8), *wrong = zeros(ROWS, 7);
    double loss;
    assert_int_equal(ops_ials_solve(NULL, &exact, &p.side, p.other, wrong, &loss, &err), ERR_SHAPE);
    assert_non_null(strstr(err.message, "the solved factors must be 14 × 8, got 14 × 7"));
    err = ERROR_INIT;
    mat_data(p.other)[3] = NAN;
    assert_int_equal(ops_ials_solve(NULL, &exact, &p.side, p.other, out, &loss, &err), ERR_NUMERIC);
    assert_non_null(strstr(err.message, "have no single solution"));
    err = ERROR_INIT;
    assert_int_equal(ops_ials_solve(NULL, &cg, &p.side, p.other, out, &loss, &err), ERR_NUMERIC);
    mat_unref(out);
    mat_unref(wrong);
    problem_release(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_solvers_reach_the_normal_equations), cmocka_unit_test(every_pass_descends),
                                       cmocka_unit_test(says_what_is_wrong)};
    return RUN_AT_EVERY_LEVEL(tests);
}
