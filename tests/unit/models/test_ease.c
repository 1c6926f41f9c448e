/* EASE against its definition in double, its recency weights, and what a file and a new user make of it. */
#include "tests/unit/models/fixture.h"

enum { USERS = 40, ITEMS = 25 };

/* B by Gauss-Jordan in double: -P_ij / P_jj off the diagonal, P = (XᵀX + reg I)⁻¹. x: (USERS, ITEMS). */
static void plain_weights(double x[USERS][ITEMS], double reg, double b[ITEMS][ITEMS]) {
    static double a[ITEMS][2 * ITEMS];
    for (int i = 0; i < ITEMS; i++)
        for (int j = 0; j < 2 * ITEMS; j++) {
            a[i][j] = j == ITEMS + i;
            if (j < ITEMS) a[i][j] = i == j ? reg : 0;
            for (int u = 0; j < ITEMS && u < USERS; u++) a[i][j] += x[u][i] * x[u][j];
        }
    for (int p = 0; p < ITEMS; p++) {
        const double pivot = a[p][p];
        for (int j = 0; j < 2 * ITEMS; j++) a[p][j] /= pivot;
        for (int i = 0; i < ITEMS; i++) {
            const double factor = a[i][p];
            for (int j = 0; i != p && j < 2 * ITEMS; j++) a[i][j] -= factor * a[p][j];
        }
    }
    for (int i = 0; i < ITEMS; i++)
        for (int j = 0; j < ITEMS; j++) b[i][j] = i == j ? 0 : -a[i][ITEMS + j] / a[j][ITEMS + j];
}

static void rows_as_matrix(struct dataset *data, double x[USERS][ITEMS]) {
    const struct events_view rows = rows_of(data);
    memset(x, 0, sizeof(double) * USERS * ITEMS);
    for (int64_t r = 0; r < dataset_n(data); r++) x[rows.users[r]][rows.items[r]] = 1;
}

static void test_definition(void **state) {
    (void)state;
    static double x[USERS][ITEMS], b[ITEMS][ITEMS];
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, false);
    struct model *model = fitted("ease", data, "reg=2", 0, NULL);
    float *block = all_scores(model);
    rows_as_matrix(data, x);
    plain_weights(x, 2, b);
    for (int u = 0; u < USERS; u++)
        for (int j = 0; j < ITEMS; j++) {
            double score = 0;
            for (int i = 0; i < ITEMS; i++) score += x[u][i] * b[i][j];
            NEAR(pair_score(model, u, j), score, 1e-5);
            NEAR(block[u * ITEMS + j], score, 1e-5);
        }
    float similar[ITEMS];
    GOOD(model->class->similar(model, NULL, 3, similar, &err));
    for (int j = 0; j < ITEMS; j++) NEAR(similar[j], b[3][j], 1e-5);
    free(block);
    model_unref(model);
    dataset_unref(data);
}

/* One user's rows in order 0, 1, 2: the last weighs 1, the one before 0.05 + 0.95 / e, and so on. */
static void test_recency(void **state) {
    (void)state;
    const int64_t users[] = {1, 1, 1, 2, 2, 3, 3}, items[] = {1, 2, 3, 1, 4, 3, 4};
    struct dataset *data = data_of(users, items, NULL, 7);
    struct model *plain = fitted("ease", data, "reg=1", 0, NULL), *recent = fitted("ease", data, "reg=1, recency=1", 0, NULL);
    float weights[3] = {0}, recent_weights[3] = {0};
    const int32_t rated[] = {0, 1, 2};
    GOOD(plain->class->explain(plain, 0, 3, rated, NULL, 3, weights, &err));
    GOOD(recent->class->explain(recent, 0, 3, rated, NULL, 3, recent_weights, &err));
    NEAR(recent_weights[2], weights[2], 1e-7);
    NEAR(recent_weights[1], weights[1] * (0.05 + 0.95 * exp(-1)), 1e-7);
    NEAR(recent_weights[0], weights[0] * (0.05 + 0.95 * exp(-2)), 1e-7);
    NEAR(pair_score(recent, 0, 3), recent_weights[0] + recent_weights[1] + recent_weights[2], 1e-6);
    model_unref(plain);
    model_unref(recent);
    dataset_unref(data);
}

/* A new user with the rows of a known one is scored alike. */
static void test_new_user(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, false);
    struct model *model = fitted("ease", data, "reg=2", 0, NULL), *folded;
    const struct seen_row seen = model_seen(model, 7);
    GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
    for (int32_t j = 0; j < ITEMS; j++) NEAR(pair_score(folded, FOLDED_USER, j), pair_score(model, 7, j), 1e-6);
    for (int32_t j = 0; j < ITEMS; j++) NEAR(pair_score(folded, 7, j), pair_score(model, 7, j), 0);
    model_unref(folded);
    model_unref(model);
    dataset_unref(data);
}

/* reg=0 is five times the mean number of rows of an item, and stands in the model as if given. */
static void test_default_reg(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, false);
    const double wanted = round(5.0 * (double)dataset_n(data) / ITEMS);
    char given[32];
    snprintf(given, sizeof given, "reg=%g", wanted);
    struct model *by_size = fitted("ease", data, "", 0, NULL), *by_hand = fitted("ease", data, given, 0, NULL);
    NEAR(by_size->params.values[params_find(by_size->class, "reg")].f, wanted, 0);
    assert_true(same_scores(by_size, by_hand));
    model_unref(by_size);
    model_unref(by_hand);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definition), cmocka_unit_test(test_recency), cmocka_unit_test(test_new_user),
                                       cmocka_unit_test(test_default_reg)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
