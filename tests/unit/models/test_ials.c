/* Implicit ALS against its definition, written plainly in double. */
#include <pthread.h>

#include "tests/unit/models/fixture.h"

enum { USERS = 25, ITEMS = 17, F = 3 };
static const double alpha = 2, unobserved = 0.3, reg = 0.02, nu = 0.8;
static const char text[] = "factors=3, alpha=2, unobserved=0.3, reg=0.02, nu=0.8, solver=";

/* Events with counts 1 … 5. */
static struct dataset *counts(void) {
    struct dataset *stars = planted_data(USERS, ITEMS, 0.4, 11, true), *data;
    GOOD(dataset_implicit(stars, 0, false, true, &data, &err));
    dataset_unref(stars);
    return data;
}

struct dense {
    double weight[USERS][ITEMS], p[USERS][F], q[ITEMS][F];
};

static void fill_weights(struct dataset *data, struct dense *d, bool as_counts) {
    const struct events_view rows = rows_of(data);
    memset(d, 0, sizeof *d);
    for (int64_t r = 0; r < dataset_n(data); r++) d->weight[rows.users[r]][rows.items[r]] += alpha * (as_counts ? (double)rows.ratings[r] : 1);
    for (int u = 0; u < USERS; u++) {
        struct rng rng = rng_at(3, RNG_INIT_USERS, (uint64_t)u);
        for (int f = 0; f < F; f++) d->p[u][f] = 0.1 / sqrt(F) * rng_normal(&rng);
    }
}

/* Weight of (own, other) on the side of users or items. */
static double weight(const struct dense *d, bool of_users, int own, int other) { return of_users ? d->weight[own][other] : d->weight[other][own]; }

static double ridge(const struct dense *d, bool of_users, int own) {
    const int n = of_users ? ITEMS : USERS;
    double sum = 0;
    for (int other = 0; other < n; other++) sum += weight(d, of_users, own, other);
    return reg * pow(sum + unobserved * n, nu);
}

/* Solves a x = b, n = F, by Cramer's rule. */
static void solve3(double a[F][F], const double *b, double *x) {
    const double det = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
                       a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
    for (int k = 0; k < F; k++) {
        double m[F][F];
        for (int r = 0; r < F; r++)
            for (int c = 0; c < F; c++) m[r][c] = c == k ? b[r] : a[r][c];
        x[k] = (m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])) /
               det;
    }
}

static void half_sweep(struct dense *d, bool of_users) {
    for (int own = 0; own < (of_users ? USERS : ITEMS); own++) {
        double a[F][F] = {{0}}, b[F] = {0}, (*from)[F] = of_users ? d->q : d->p;
        for (int other = 0; other < (of_users ? ITEMS : USERS); other++) {
            const double w = weight(d, of_users, own, other);
            for (int f = 0; f < F; f++) {
                b[f] += w * from[other][f];
                for (int g = 0; g < F; g++) a[f][g] += (w + unobserved) * from[other][f] * from[other][g];
            }
        }
        for (int f = 0; f < F; f++) a[f][f] += ridge(d, of_users, own);
        solve3(a, b, of_users ? d->p[own] : d->q[own]);
    }
}

static double score(const struct dense *d, int u, int i) {
    double sum = 0;
    for (int f = 0; f < F; f++) sum += d->p[u][f] * d->q[i][f];
    return sum;
}

/* The documented objective over the weight of all events. */
static double loss(const struct dense *d) {
    double sum = 0, all = 0;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            const double s = score(d, u, i);
            sum += d->weight[u][i] * (1 - s) * (1 - s) + unobserved * s * s;
            all += d->weight[u][i];
        }
    for (int u = 0; u < USERS; u++)
        for (int f = 0; f < F; f++) sum += ridge(d, true, u) * d->p[u][f] * d->p[u][f];
    for (int i = 0; i < ITEMS; i++)
        for (int f = 0; f < F; f++) sum += ridge(d, false, i) * d->q[i][f] * d->q[i][f];
    return sum / all;
}

static void check(struct dataset *data, bool as_counts) {
    static struct dense d;
    char line[160];
    snprintf(line, sizeof line, "%scholesky", text);
    struct model *model = fitted("ials", data, line, 4, NULL);
    fill_weights(data, &d, as_counts);
    for (int e = 0; e < 4; e++) {
        half_sweep(&d, false);
        half_sweep(&d, true);
        NEAR(model->history[e].train, loss(&d), 1e-5);
    }
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) NEAR(pair_score(model, u, i), score(&d, u, i), 1e-4);
    model_unref(model);
}

/* Counts weigh; ratings don't. */
static void test_definition(void **state) {
    (void)state;
    struct dataset *data = counts(), *stars = planted_data(USERS, ITEMS, 0.4, 11, true);
    check(data, true);
    check(stars, false);
    dataset_unref(data);
    dataset_unref(stars);
}

/* All solvers bring the same loss down, epoch after epoch, and end at the same place. */
static void test_solvers(void **state) {
    (void)state;
    static const char *const solvers[] = {"cholesky", "cg", "cg, cg_steps=1", "block, block=16"};
    struct dataset *data = counts();
    double ends[4];
    for (int s = 0; s < 4; s++) {
        char line[200];
        snprintf(line, sizeof line, "factors=20, alpha=2, unobserved=0.3, reg=0.02, nu=0.8, solver=%s", solvers[s]);
        struct model *model = fitted("ials", data, line, 40, NULL);
        for (int64_t e = 1; e < 40; e++) assert_true(model->history[e].train <= model->history[e - 1].train * (1 + 1e-6));
        ends[s] = model->history[39].train;
        model_unref(model);
    }
    for (int s = 1; s < 4; s++) NEAR(ends[s], ends[0], 0.02 * ends[0]);
    dataset_unref(data);
}

/* Weights scale: twice alpha and twice unobserved is the same model when nu is 1. */
static void test_scale(void **state) {
    (void)state;
    struct dataset *data = counts();
    struct model *a = fitted("ials", data, "factors=4, alpha=1, unobserved=0.1, reg=0.05", 6, NULL);
    struct model *b = fitted("ials", data, "factors=4, alpha=2, unobserved=0.2, reg=0.05", 6, NULL);
    for (int32_t u = 0; u < USERS; u++)
        for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(a, u, i), pair_score(b, u, i), 1e-4);
    model_unref(a);
    model_unref(b);
    dataset_unref(data);
}

/* "auto" is Cholesky while that is quick, then conjugate gradients. */
static void test_auto(void **state) {
    (void)state;
    static const char *const chosen[] = {"factors=32, solver=cholesky", "factors=33, solver=cg"};
    struct dataset *data = counts();
    for (int k = 0; k < 2; k++) {
        struct model *said = fitted("ials", data, chosen[k], 2, NULL), *by_size = fitted("ials", data, k ? "factors=33" : "factors=32", 2, NULL);
        assert_true(same_scores(said, by_size));
        model_unref(said);
        model_unref(by_size);
    }
    dataset_unref(data);
}

/* A stranger's counts weigh as those of the training rows do. */
static void test_fold_in(void **state) {
    (void)state;
    struct dataset *data = counts();
    struct model *model = fitted("ials", data, "factors=5, solver=cholesky, alpha=0.7", 5, NULL), *folded;
    const struct seen_row seen = model_seen(model, 7);
    GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(folded, FOLDED_USER, i), pair_score(model, 7, i), 1e-4);
    model_unref(folded);
    model_unref(model);
    dataset_unref(data);
}

/* What all items pull is summed once for a model and all that is folded into it. */
static void test_gram_once(void **state) {
    (void)state;
    struct dataset *data = counts();
    struct model *model = fitted("ials", data, "factors=5, solver=cholesky", 2, NULL), *first, *second, *again;
    const int64_t before = model_bytes(model);
    GOOD(model_fold_in(model, (const int32_t[]){1, 4}, (const float[]){1, 2}, 2, &first, &err));
    const struct mat *gram = factors_of(model)->gram;
    assert_non_null(gram);
    assert_int_equal(model_bytes(model), before + 5 * 5 * (int64_t)sizeof(float));
    GOOD(model_fold_in(model, (const int32_t[]){2}, (const float[]){1}, 1, &second, &err));
    assert_ptr_equal(factors_of(model)->gram, gram);
    assert_ptr_equal(factors_of(second)->gram, gram);
    const double score = pair_score(first, FOLDED_USER, 2);
    model_unref(model);
    model_unref(first);
    GOOD(model_fold_in(second, (const int32_t[]){1, 4}, (const float[]){1, 2}, 2, &again, &err)); /* by the sums that outlive the first model */
    NEAR(pair_score(again, FOLDED_USER, 2), score, 0);
    model_unref(again);
    model_unref(second);
    dataset_unref(data);
}

/* Interrupted at each look in turn, also while the sums are made: then there are none, and the next one makes them whole. */
static void test_gram_interrupted(void **state) {
    (void)state;
    enum { RATED = 2 };
    struct dataset *data = counts();
    struct model *model = fitted("ials", data, "factors=5, solver=cholesky", 2, NULL),
                 *fresh = fitted("ials", data, "factors=5, solver=cholesky", 2, NULL), *folded = NULL, *whole;
    struct task *task = task_new(NULL);
    int without = 0, with = 0;
    task_enter(task);
    for (long n = 1; !folded; n++) {
        struct error err = ERROR_INIT;
        assert_true(n < 1000);
        task_interrupt_after(n);
        const enum status status = model_fold_in(model, (const int32_t[]){1, 4}, (const float[]){1, 2}, RATED, &folded, &err);
        task_interrupt_after(0);
        if (status == OK) break;
        assert_int_equal(status, ERR_INTERRUPTED);
        assert_null(folded);
        if (factors_of(model)->gram) with++;
        else without++;
    }
    task_enter(NULL);
    task_free(task);
    assert_true(without > RATED); /* a look for each rated item comes before the sums, those for columns of the system after them */
    assert_true(with > 0);
    GOOD(model_fold_in(fresh, (const int32_t[]){1, 4}, (const float[]){1, 2}, RATED, &whole, &err));
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(folded, FOLDED_USER, i), pair_score(whole, FOLDED_USER, i), 0);
    model_unref(folded);
    model_unref(whole);
    model_unref(fresh);
    model_unref(model);
    dataset_unref(data);
}

struct newcomer {
    const struct model *model;
    pthread_barrier_t *start;
    struct model *folded;
    struct error err;
};

static void *come_in(void *context) {
    struct newcomer *newcomer = context;
    pthread_barrier_wait(newcomer->start);
    return model_fold_in(newcomer->model, (const int32_t[]){1, 4}, (const float[]){1, 2}, 2, &newcomer->folded, &newcomer->err) == OK ? context
                                                                                                                                      : NULL;
}

/* Two threads that make the sums at once end with one copy of them. */
static void test_gram_race(void **state) {
    (void)state;
    enum { ROUNDS = 60, MANY = 2000 };
    struct dataset *data = planted_data(8, MANY, 0.1, 11, false);
    struct model *model = fitted("ials", data, "factors=64, solver=cg", 1, NULL);
    struct factors *factors = model->state;
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, 2);
    for (int round = 0; round < ROUNDS; round++) {
        struct newcomer here = {model, &start, NULL, ERROR_INIT}, there = here;
        pthread_t thread;
        void *done;
        if (factors->gram) mat_unref(factors->gram); /* as in a model that nobody was folded into */
        factors->gram = NULL;
        assert_int_equal(pthread_create(&thread, NULL, come_in, &there), 0);
        assert_non_null(come_in(&here));
        pthread_join(thread, &done);
        assert_non_null(done);
        assert_non_null(factors->gram);
        assert_ptr_equal(factors_of(here.folded)->gram, factors->gram);
        assert_ptr_equal(factors_of(there.folded)->gram, factors->gram);
        for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(here.folded, FOLDED_USER, i), pair_score(there.folded, FOLDED_USER, i), 0);
        model_unref(here.folded);
        model_unref(there.folded);
    }
    pthread_barrier_destroy(&start);
    model_unref(model);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definition),
                                       cmocka_unit_test(test_solvers),
                                       cmocka_unit_test(test_scale),
                                       cmocka_unit_test(test_auto),
                                       cmocka_unit_test(test_fold_in),
                                       cmocka_unit_test(test_gram_once),
                                       cmocka_unit_test(test_gram_interrupted),
                                       cmocka_unit_test(test_gram_race)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
