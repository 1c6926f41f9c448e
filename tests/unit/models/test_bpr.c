/* BPR: its steps are the gradient of what it says it minimises; what it compares with what; new users. */
#include "tests/unit/models/fixture.h"

enum { USERS = 9, ITEMS = 7, F = 3 };
static const double reg = 0.3;

/* Every user has all items but one, u modulo ITEMS: that one is what each of his is compared with. */
static struct dataset *all_but_one(void) {
    int64_t users[USERS * ITEMS], items[USERS * ITEMS], n = 0;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if (i != u % ITEMS) users[n] = u, items[n++] = i;
    return data_of(users, items, NULL, n);
}

struct dense {
    double p[USERS][F], q[ITEMS][F], b[ITEMS];
};

/* Σ over the events: log(1 + exp(-d)) + reg / 2 (|p|² + |q_i|² + |q_j|² + b_i² + b_j²). */
static double objective(const struct dense *x, struct dataset *data, const int *other) {
    const struct events_view rows = rows_of(data);
    double sum = 0;
    for (int64_t e = 0; e < dataset_n(data); e++) {
        const int u = rows.users[e], i = rows.items[e], j = other[u];
        double d = x->b[i] - x->b[j], norms = x->b[i] * x->b[i] + x->b[j] * x->b[j];
        for (int f = 0; f < F; f++) {
            d += x->p[u][f] * (x->q[i][f] - x->q[j][f]);
            norms += x->p[u][f] * x->p[u][f] + x->q[i][f] * x->q[i][f] + x->q[j][f] * x->q[j][f];
        }
        sum += log(1 + exp(-d)) + reg / 2 * norms;
    }
    return sum;
}

static void read_model(const struct model *model, struct dense *x) {
    const struct mf_factors *host = &factors_of(model)->host;
    for (int u = 0; u < USERS; u++)
        for (int f = 0; f < F; f++) x->p[u][f] = mat_values(host->users)[u * F + f];
    for (int i = 0; i < ITEMS; i++) {
        x->b[i] = mat_values(host->item_bias)[i];
        for (int f = 0; f < F; f++) x->q[i][f] = mat_values(host->items)[i * F + f];
    }
}

/* A step so small that an epoch is one step of the whole gradient: the difference over lr against differences of the objective. */
static void test_gradient(void **state) {
    (void)state;
    struct dataset *data = all_but_one();
    const struct events_view rows = rows_of(data);
    int other[USERS];
    for (int u = 0; u < USERS; u++) {
        bool has[ITEMS] = {false};
        for (int64_t e = 0; e < dataset_n(data); e++)
            if (rows.users[e] == u) has[rows.items[e]] = true;
        for (int i = 0; i < ITEMS; i++)
            if (!has[i]) other[u] = i;
    }
    /* lr 1e-30 leaves the first vectors as they are */
    struct model *still = fitted("bpr", data, "factors=3, init=0.7, lr=1e-30, reg=0.3", 1, NULL);
    struct model *moved = fitted("bpr", data, "factors=3, init=0.7, lr=0.0005, reg=0.3", 1, NULL);
    struct dense before, after;
    read_model(still, &before);
    read_model(moved, &after);
    double *x = &before.p[0][0], *y = &after.p[0][0];
    for (size_t k = 0; k < sizeof before / sizeof *x; k++) {
        const double old = x[k], h = 1e-5;
        x[k] = old + h;
        const double up = objective(&before, data, other);
        x[k] = old - h;
        const double slope = (up - objective(&before, data, other)) / (2 * h);
        x[k] = old;
        NEAR((y[k] - old) / 0.0005, -slope, 0.02 + 0.01 * fabs(slope));
    }
    model_unref(still);
    model_unref(moved);
    dataset_unref(data);
}

/* With more items than a word has bits, and what a user lacks at the words' ends: what he has is never what it is compared with. Only what one of
 * them lacks is ever pushed down. */
static void test_others(void **state) {
    (void)state;
    enum { MANY = 130 };
    static const int lacks[] = {0, 63, 64, 127, 128, 129};
    enum { LACKING = sizeof lacks / sizeof *lacks };
    int64_t users[LACKING * MANY], items[LACKING * MANY], n = 0;
    for (int u = 0; u < LACKING; u++)
        for (int i = 0; i < MANY; i++)
            if (i != lacks[u]) users[n] = u, items[n++] = i;
    struct dataset *data = data_of(users, items, NULL, n);
    for (int k = 0; k < 2; k++) {
        struct model *model =
            fitted("bpr", data, k ? "factors=2, init=0, lr=0.01, negatives=hard" : "factors=2, init=0, lr=0.01, negatives=uniform", 5, NULL);
        const float *bias = mat_values(factors_of(model)->host.item_bias);
        for (int i = 0, l = 0; i < MANY; i++) {
            const float now = bias[catalog_find_item(dataset_catalog(data), (struct id){.is_int = true, .number = i})];
            if (l < LACKING && lacks[l] == i) assert_true(now < 0), l++;
            else assert_true(now > 0);
        }
        model_unref(model);
    }
    dataset_unref(data);
}

/* Before anything is learned all scores are alike: log 2 a comparison. Then it falls, whatever it is compared with. */
static void test_learns(void **state) {
    (void)state;
    static const char *const kinds[] = {"uniform", "popularity", "hard"};
    struct dataset *data = planted_data(80, 50, 0.15, 5, false);
    for (int k = 0; k < 3; k++) {
        char line[80];
        snprintf(line, sizeof line, "factors=8, lr=0.05, reg=0.005, init=0.001, negatives=%s", kinds[k]);
        struct model *model = fitted("bpr", data, line, 60, NULL);
        NEAR(model->history[0].train, log(2), 0.06);
        assert_true(model->history[59].train < 0.95 * model->history[0].train);
        model_unref(model);
    }
    dataset_unref(data);
}

/* Who has everything teaches nothing, and does no harm. */
static void test_full_rows(void **state) {
    (void)state;
    const int64_t users[] = {1, 1, 2, 2}, items[] = {1, 2, 1, 2};
    struct dataset *data = data_of(users, items, NULL, 4);
    struct model *model = fitted("bpr", data, "factors=2", 3, NULL);
    assert_true(model->history[2].train == 0);
    assert_true(isfinite(pair_score(model, 0, 0)));
    model_unref(model);
    dataset_unref(data);
}

/* The parts of an explanation add up to the folded-in user's score; a known user's rows folded in order the items much as he does. */
static void test_new_user(void **state) {
    (void)state;
    struct dataset *data = planted_data(80, 50, 0.15, 5, false);
    struct model *model = fitted("bpr", data, "factors=8, lr=0.05, reg=0.01", 40, NULL), *folded;
    const struct seen_row seen = model_seen(model, 7);
    int32_t *items;
    float *stars, *weights;
    int64_t n;
    double agree = 0, pairs = 0;
    GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
    for (int32_t i = 0; i < 50; i += 7) {
        double sum = mat_values(factors_of(model)->host.item_bias)[i];
        GOOD(model_explain(folded, FOLDED_USER, i, &items, &stars, &weights, &n, &err));
        assert_int_equal(n, seen.n);
        for (int64_t k = 0; k < n; k++) sum += (double)weights[k];
        NEAR(sum, pair_score(folded, FOLDED_USER, i), 1e-4);
        free(items);
        free(stars);
        free(weights);
    }
    for (int32_t i = 0; i < 50; i++)
        for (int32_t j = 0; j < i; j++) {
            agree += (pair_score(folded, FOLDED_USER, i) > pair_score(folded, FOLDED_USER, j)) == (pair_score(model, 7, i) > pair_score(model, 7, j));
            pairs++;
        }
    assert_true(agree > 0.75 * pairs);
    model_unref(folded);
    model_unref(model);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradient), cmocka_unit_test(test_others), cmocka_unit_test(test_learns),
                                       cmocka_unit_test(test_full_rows), cmocka_unit_test(test_new_user)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
