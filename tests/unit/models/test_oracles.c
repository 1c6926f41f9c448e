/* Every model against its definition, written plainly in double. */
#include "tests/unit/models/fixture.h"

enum { USERS = 25, ITEMS = 17 };

static struct dataset *ratings(void) { return planted_data(USERS, ITEMS, 0.4, 11, true); }

/* Solves a x = b in place (Gauss with pivots); a n × n. */
static void solve(double *a, double *b, int n) {
    for (int j = 0; j < n; j++) {
        int best = j;
        for (int i = j; i < n; i++)
            if (fabs(a[i * n + j]) > fabs(a[best * n + j])) best = i;
        for (int c = 0; c < n; c++) {
            const double old = a[j * n + c];
            a[j * n + c] = a[best * n + c];
            a[best * n + c] = old;
        }
        const double old = b[j];
        b[j] = b[best], b[best] = old;
        for (int i = 0; i < n; i++) {
            if (i == j) continue;
            const double times = a[i * n + j] / a[j * n + j];
            for (int c = j; c < n; c++) a[i * n + c] -= times * a[j * n + c];
            b[i] -= times * b[j];
        }
    }
    for (int j = 0; j < n; j++) b[j] /= a[j * n + j];
}

/* --- bias, popular --- */

/* All biases at once from the normal equations of the documented objective. */
static void bias_oracle(struct dataset *data, double reg_user, double reg_item, double *b) {
    enum { N = USERS + ITEMS };
    static double a[N * N];
    const struct events_view rows = rows_of(data);
    memset(a, 0, sizeof a);
    memset(b, 0, N * sizeof *b);
    for (int j = 0; j < N; j++) a[j * N + j] = j < USERS ? reg_user : reg_item;
    for (int64_t r = 0; r < dataset_n(data); r++) {
        const int u = rows.users[r], i = USERS + rows.items[r];
        const double t = (double)rows.ratings[r] - dataset_mean(data);
        a[u * N + u]++, a[i * N + i]++, a[u * N + i]++, a[i * N + u]++;
        b[u] += t, b[i] += t;
    }
    solve(a, b, N);
}

static void test_bias(void **state) {
    (void)state;
    double b[USERS + ITEMS];
    struct dataset *data = ratings();
    struct model *model = fitted("bias", data, "reg_user=3, reg_item=0.5", 0, NULL);
    bias_oracle(data, 3, 0.5, b);
    float *scores = all_scores(model);
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            NEAR(scores[u * ITEMS + i], dataset_mean(data) + b[u] + b[USERS + i], 2e-6);
            assert_true(scores[u * ITEMS + i] == pair_score(model, u, i));
        }
    NEAR(pair_score(model, -1, 4), dataset_mean(data) + b[USERS + 4], 2e-6);
    NEAR(pair_score(model, 4, -1), dataset_mean(data) + b[4], 2e-6);
    NEAR(pair_score(model, -1, -1), dataset_mean(data), 2e-6);
    free(scores);
    model_unref(model);
    dataset_unref(data);
}

static void test_popular(void **state) {
    (void)state;
    struct dataset *data = ratings();
    struct model *model = fitted("popular", data, "", 0, NULL);
    const struct events_view rows = rows_of(data);
    for (int i = 0; i < ITEMS; i++) {
        int count = 0;
        for (int64_t r = 0; r < dataset_n(data); r++) count += rows.items[r] == i;
        assert_true(pair_score(model, 0, i) == (float)count);
        assert_true(pair_score(model, -1, i) == (float)count);
    }
    model_unref(model);
    dataset_unref(data);
}

/* --- als --- */

enum { F = 3 };
struct dense {
    double p[USERS][F], q[ITEMS][F], bu[USERS], bi[ITEMS], mean;
};

static double dense_score(const struct dense *d, int u, int i) {
    double score = d->mean + d->bu[u] + d->bi[i];
    for (int f = 0; f < F; f++) score += d->p[u][f] * d->q[i][f];
    return score;
}

static void init_vectors(double (*to)[F], int n, enum rng_purpose purpose, double deviation) {
    for (int r = 0; r < n; r++) {
        struct rng rng = rng_at(3, purpose, (uint64_t)r);
        for (int f = 0; f < F; f++) to[r][f] = (double)(float)(deviation * rng_normal(&rng));
    }
}

/* One side's vectors and biases given the other's: a ridge regression each, reg times the count. */
static void half_sweep(struct dataset *data, struct dense *d, bool of_users, double reg) {
    const struct events_view rows = rows_of(data);
    for (int own = 0; own < (of_users ? USERS : ITEMS); own++) {
        double a[(F + 1) * (F + 1)] = {0}, x[F + 1] = {0}, count = 0;
        for (int64_t r = 0; r < dataset_n(data); r++) {
            const int u = rows.users[r], i = rows.items[r];
            if ((of_users ? u : i) != own) continue;
            double y[F + 1];
            for (int f = 0; f < F; f++) y[f] = of_users ? d->q[i][f] : d->p[u][f];
            y[F] = 1;
            const double t = (double)rows.ratings[r] - d->mean - (of_users ? d->bi[i] : d->bu[u]);
            for (int g = 0; g <= F; g++) {
                x[g] += y[g] * t;
                for (int h = 0; h <= F; h++) a[g * (F + 1) + h] += y[g] * y[h];
            }
            count++;
        }
        for (int g = 0; g <= F; g++) a[g * (F + 1) + g] += reg * count;
        solve(a, x, F + 1);
        memcpy(of_users ? d->p[own] : d->q[own], x, F * sizeof *x);
        *(of_users ? &d->bu[own] : &d->bi[own]) = x[F];
    }
}

static double dense_rmse(struct dataset *data, const struct dense *d) {
    const struct events_view rows = rows_of(data);
    double sum = 0;
    for (int64_t r = 0; r < dataset_n(data); r++) sum += pow((double)rows.ratings[r] - dense_score(d, rows.users[r], rows.items[r]), 2);
    return sqrt(sum / (double)dataset_n(data));
}

static void check_scores(const struct model *model, const struct dense *d, double tolerance) {
    float *scores = all_scores(model);
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            NEAR(scores[u * ITEMS + i], dense_score(d, u, i), tolerance);
            NEAR(pair_score(model, u, i), dense_score(d, u, i), tolerance);
        }
    free(scores);
    NEAR(pair_score(model, -1, 2), d->mean + d->bi[2], tolerance); /* what is unknown falls back */
    NEAR(pair_score(model, 2, -1), d->mean + d->bu[2], tolerance);
    NEAR(pair_score(model, -1, -1), d->mean, tolerance);
}

static void test_als(void **state) {
    (void)state;
    static struct dense d;
    struct dataset *data = ratings();
    struct model *model = fitted("als", data, "factors=3, reg=0.05", 4, NULL);
    d = (struct dense){.mean = dataset_mean(data)};
    init_vectors(d.p, USERS, RNG_INIT_USERS, 0.1);
    for (int e = 0; e < 4; e++) {
        half_sweep(data, &d, false, 0.05);
        half_sweep(data, &d, true, 0.05);
        NEAR(model->history[e].train, dense_rmse(data, &d), 1e-4);
    }
    check_scores(model, &d, 1e-3);
    model_unref(model);
    dataset_unref(data);
}

/* --- mf --- */

/* Every user rates one item and every item is rated once, so that the order of SGD's steps doesn't matter. */
static struct dataset *matching(void) {
    int64_t users[ITEMS], items[ITEMS];
    float stars[ITEMS];
    for (int r = 0; r < ITEMS; r++) users[r] = r, items[r] = (5 * r) % ITEMS, stars[r] = (float)(1 + (r * 7) % 5);
    return data_of(users, items, stars, ITEMS);
}

static void test_mf_sgd(void **state) {
    (void)state;
    static struct dense d;
    struct dataset *data = matching();
    struct model *model = fitted("mf", data, "factors=3, lr=0.1, decay=0.5, reg=0.2, reg_bias=0.3, init=0.5", 3, NULL);
    const struct events_view rows = rows_of(data);
    d = (struct dense){.mean = dataset_mean(data)};
    init_vectors(d.p, ITEMS, RNG_INIT_USERS, 0.5);
    init_vectors(d.q, ITEMS, RNG_INIT_ITEMS, 0.5);
    double lr = 0.1;
    for (int e = 0; e < 3; e++, lr *= 0.5) {
        double squares = 0;
        for (int r = 0; r < ITEMS; r++) {
            const int u = rows.users[r], i = rows.items[r];
            const double error = (double)rows.ratings[r] - dense_score(&d, u, i);
            squares += error * error;
            d.bu[u] += lr * (error - 0.3 * d.bu[u]);
            d.bi[i] += lr * (error - 0.3 * d.bi[i]);
            for (int f = 0; f < F; f++) {
                const double p = d.p[u][f], q = d.q[i][f];
                d.p[u][f] += lr * (error * q - 0.2 * p);
                d.q[i][f] += lr * (error * p - 0.2 * q);
            }
        }
        NEAR(model->history[e].train, sqrt(squares / ITEMS), 1e-5);
    }
    for (int u = 0; u < ITEMS; u++)
        for (int i = 0; i < ITEMS; i++) NEAR(pair_score(model, u, i), dense_score(&d, u, i), 1e-5);
    model_unref(model);
    dataset_unref(data);
}

/* torch.optim.Adam: weight decay goes into the gradient; eps outside the root. */
struct adam {
    double first, second;
};
static void adam_steps(double *x, const double *gradients, struct adam *moments, int n, int step) {
    for (int k = 0; k < n; k++) {
        const double gradient = gradients[k] + 0.01 * x[k];
        moments[k].first = 0.9 * moments[k].first + 0.1 * gradient;
        moments[k].second = 0.999 * moments[k].second + 0.001 * gradient * gradient;
        x[k] -= 0.02 * (moments[k].first / (1 - pow(0.9, step))) / (sqrt(moments[k].second / (1 - pow(0.999, step))) + 1e-8);
    }
}

/* The batch is the whole data set, so that its order doesn't matter. */
static void test_mf_adam(void **state) {
    (void)state;
    static struct dense d, gradient;
    static struct adam p_moments[USERS * F], q_moments[ITEMS * F], bu_moments[USERS], bi_moments[ITEMS];
    struct dataset *data = ratings();
    struct model *model = fitted("mf", data, "factors=3, optimizer=adam, lr=0.02, decay=1, weight_decay=0.01, batch=100000, init=0.3", 5, NULL);
    const struct events_view rows = rows_of(data);
    const double n = (double)dataset_n(data);
    d = (struct dense){.mean = dataset_mean(data)};
    init_vectors(d.p, USERS, RNG_INIT_USERS, 0.3);
    init_vectors(d.q, ITEMS, RNG_INIT_ITEMS, 0.3);
    for (int step = 1; step <= 5; step++) {
        NEAR(model->history[step - 1].train, dense_rmse(data, &d), 1e-4);
        gradient = (struct dense){0};
        for (int64_t r = 0; r < dataset_n(data); r++) {
            const int u = rows.users[r], i = rows.items[r];
            const double slope = 2 / n * (dense_score(&d, u, i) - (double)rows.ratings[r]);
            gradient.bu[u] += slope, gradient.bi[i] += slope;
            for (int f = 0; f < F; f++) gradient.p[u][f] += slope * d.q[i][f], gradient.q[i][f] += slope * d.p[u][f];
        }
        adam_steps(d.bu, gradient.bu, bu_moments, USERS, step);
        adam_steps(d.bi, gradient.bi, bi_moments, ITEMS, step);
        adam_steps(&d.p[0][0], &gradient.p[0][0], p_moments, USERS * F, step);
        adam_steps(&d.q[0][0], &gradient.q[0][0], q_moments, ITEMS * F, step);
    }
    check_scores(model, &d, 2e-4);
    model_unref(model);
    dataset_unref(data);
}

/* --- svd --- */

/* Eigenvectors of the symmetric n × n matrix a by Jacobi's rotations: v's columns; a's diagonal ends as the eigenvalues. */
static void jacobi(double *a, double *v, int n) {
    for (int i = 0; i < n * n; i++) v[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < 60; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (fabs(a[p * n + q]) < 1e-14) continue;
                const double angle = 0.5 * atan2(2 * a[p * n + q], a[q * n + q] - a[p * n + p]), c = cos(angle), s = sin(angle);
                for (int k = 0; k < n; k++) {
                    const double x = a[k * n + p], y = a[k * n + q];
                    a[k * n + p] = c * x - s * y, a[k * n + q] = s * x + c * y;
                }
                for (int k = 0; k < n; k++) {
                    const double x = a[p * n + k], y = a[q * n + k];
                    a[p * n + k] = c * x - s * y, a[q * n + k] = s * x + c * y;
                }
                for (int k = 0; k < n; k++) {
                    const double x = v[k * n + p], y = v[k * n + q];
                    v[k * n + p] = c * x - s * y, v[k * n + q] = s * x + c * y;
                }
            }
}

/* The best approximation of rank k: the matrix (USERS × ITEMS) projected on the k leading right singular vectors. */
static void best_of_rank(const double *matrix, int k, double *out) {
    double gram[ITEMS * ITEMS] = {0}, vectors[ITEMS * ITEMS];
    bool used[ITEMS] = {false};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            for (int j = 0; j < ITEMS; j++) gram[i * ITEMS + j] += matrix[u * ITEMS + i] * matrix[u * ITEMS + j];
    jacobi(gram, vectors, ITEMS);
    memset(out, 0, USERS * ITEMS * sizeof *out);
    for (int f = 0; f < k; f++) {
        int best = -1;
        for (int i = 0; i < ITEMS; i++)
            if (!used[i] && (best < 0 || gram[i * (ITEMS + 1)] > gram[best * (ITEMS + 1)])) best = i;
        used[best] = true;
        for (int u = 0; u < USERS; u++) {
            double along = 0;
            for (int i = 0; i < ITEMS; i++) along += matrix[u * ITEMS + i] * vectors[i * ITEMS + best];
            for (int i = 0; i < ITEMS; i++) out[u * ITEMS + i] += along * vectors[i * ITEMS + best];
        }
    }
}

static void check_svd(bool by_bias) {
    static double matrix[USERS * ITEMS], best[USERS * ITEMS], b[USERS + ITEMS];
    struct dataset *data = ratings();
    const struct events_view rows = rows_of(data);
    const double mean = by_bias ? dataset_mean(data) : 0;
    struct model *model = fitted("svd", data, by_bias ? "factors=4, reg_user=3, reg_item=0.5" : "factors=4, center=none", 0, NULL);
    memset(matrix, 0, sizeof matrix);
    memset(b, 0, sizeof b);
    if (by_bias) bias_oracle(data, 3, 0.5, b);
    for (int64_t r = 0; r < dataset_n(data); r++)
        matrix[rows.users[r] * ITEMS + rows.items[r]] = (double)rows.ratings[r] - mean - b[rows.users[r]] - b[USERS + rows.items[r]];
    best_of_rank(matrix, 4, best);
    float *scores = all_scores(model);
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) NEAR(scores[u * ITEMS + i], mean + b[u] + b[USERS + i] + best[u * ITEMS + i], 2e-3);
    free(scores);
    NEAR(pair_score(model, -1, 3), mean + b[USERS + 3], 1e-5);
    model_unref(model);
    dataset_unref(data);
}

static void test_svd(void **state) {
    (void)state;
    check_svd(true);
    check_svd(false);
}

/* Users and items end on one scale: the columns of both sides have the same length. */
static void test_svd_scale(void **state) {
    (void)state;
    struct dataset *data = ratings();
    struct model *model = fitted("svd", data, "factors=4", 0, NULL);
    const struct mf_factors *host = &factors_of(model)->host;
    for (int f = 0; f < 4; f++) {
        double users = 0, items = 0;
        for (int u = 0; u < USERS; u++) users += pow((double)mat_values(host->users)[u * 4 + f], 2);
        for (int i = 0; i < ITEMS; i++) items += pow((double)mat_values(host->items)[i * 4 + f], 2);
        NEAR(users / items, 1, 1e-3);
    }
    model_unref(model);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bias),    cmocka_unit_test(test_popular), cmocka_unit_test(test_als),       cmocka_unit_test(test_mf_sgd),
        cmocka_unit_test(test_mf_adam), cmocka_unit_test(test_svd),     cmocka_unit_test(test_svd_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
