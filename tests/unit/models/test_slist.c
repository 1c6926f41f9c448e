/* slist against its definition in double, event by event; what a file and a new user make of it. */
#include "models/classic/item_linear.h"
#include "tests/unit/folder.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 12, ITEMS = 9, EVENTS_MAX = 20, PAST = 4, FUTURE = 3 };
static const double recency = 2, fading = 1.5, reg = 0.7;

/* Users' items in time, some of them more than once; two users have one event, one has none of his rows alone at its time. */
struct history_of {
    int n, items[EVENTS_MAX];
};

static void make_histories(struct history_of histories[USERS]) {
    for (int u = 0; u < USERS; u++) {
        struct rng rng = rng_at(11, RNG_USER, (uint64_t)u);
        histories[u].n = u < 2 ? 1 : 3 + (int)rng_below(&rng, EVENTS_MAX - 3);
        for (int i = 0; i < histories[u].n; i++) histories[u].items[i] = u < ITEMS && i == 0 ? u : (int)rng_below(&rng, ITEMS);
    }
}

/* Rows in a mixed order of users; times from 5, every second one ties with the one before, so that the file's order decides. */
static struct dataset *data_of_histories(const struct history_of histories[USERS]) {
    struct dataset_draft draft = {.name = "small", .origin = "synthetic"};
    struct dataset *data = NULL;
    draft.user_ids = xnew_array(int64_t, USERS * EVENTS_MAX);
    draft.item_ids = xnew_array(int64_t, USERS * EVENTS_MAX);
    draft.times = xnew_array(int64_t, USERS * EVENTS_MAX);
    for (int half = 1; half >= 0; half--) /* later times first */
        for (int u = USERS - 1; u >= 0; u--)
            for (int i = half * EVENTS_MAX / 2; i < histories[u].n && i < (half + 1) * EVENTS_MAX / 2; i++) {
                draft.user_ids[draft.n_events] = u;
                draft.item_ids[draft.n_events] = histories[u].items[i];
                draft.times[draft.n_events++] = 5 + i / 2;
            }
    GOOD(dataset_build(&draft, &data, &err));
    return data;
}

/* a (n, n + m) becomes (I, a⁻¹ rest). */
static void eliminate(double *a, int n, int m) {
    const int width = n + m;
    for (int p = 0; p < n; p++) {
        const double pivot = a[p * width + p];
        for (int j = 0; j < width; j++) a[p * width + j] /= pivot;
        for (int i = 0; i < n; i++) {
            const double factor = a[i * width + p];
            for (int j = 0; i != p && j < width; j++) a[i * width + j] -= factor * a[p * width + j];
        }
    }
}

/* B of the rows of X and Y as they are defined. */
static void plain_weights(const struct history_of histories[USERS], double b[ITEMS][ITEMS]) {
    static double a[ITEMS][2 * ITEMS];
    memset(a, 0, sizeof a);
    for (int i = 0; i < ITEMS; i++) a[i][i] = reg;
    for (int u = 0; u < USERS; u++)
        for (int e = 0; e < histories[u].n; e++) {
            double x[ITEMS] = {0}, y[ITEMS] = {0};
            for (int s = 1; s <= PAST && e - s >= 0; s++) x[histories[u].items[e - s]] += exp(-(s - 1) / recency);
            for (int f = 0; f < FUTURE && e + f < histories[u].n; f++) y[histories[u].items[e + f]] += exp(-f / fading);
            for (int i = 0; i < ITEMS; i++)
                for (int j = 0; j < ITEMS; j++) a[i][j] += x[i] * x[j], a[i][ITEMS + j] += x[i] * y[j];
        }
    eliminate(a[0], ITEMS, ITEMS);
    for (int i = 0; i < ITEMS; i++) memcpy(b[i], a[i] + ITEMS, sizeof b[i]);
}

/* Each item by its newest event. */
static double plain_score(const struct history_of *history, double b[ITEMS][ITEMS], int item) {
    double score = 0;
    bool met[ITEMS] = {false};
    for (int i = history->n - 1; i >= 0; i--) {
        const int from = history->items[i];
        if (!met[from]) score += exp(-(history->n - 1 - i) / recency) * b[from][item];
        met[from] = true;
    }
    return score;
}

static struct model *fitted_on(const struct history_of histories[USERS]) {
    struct dataset *data = data_of_histories(histories);
    struct model *model = fitted("slist", data, "past=4, future=3, recency=2, fading=1.5, reg=0.7", 0, NULL);
    dataset_unref(data);
    return model;
}

static void test_definition(void **state) {
    (void)state;
    struct history_of histories[USERS];
    double b[ITEMS][ITEMS];
    make_histories(histories);
    plain_weights(histories, b);
    struct model *model = fitted_on(histories);
    float *block = all_scores(model), similar[ITEMS];
    for (int u = 0; u < USERS; u++)
        for (int j = 0; j < ITEMS; j++) {
            const double score = plain_score(&histories[u], b, j);
            NEAR(pair_score(model, u, j), score, 2e-5);
            NEAR(block[u * ITEMS + j], score, 2e-5);
        }
    GOOD(model->class->similar(model, NULL, 3, similar, &err));
    for (int j = 0; j < ITEMS; j++) NEAR(similar[j], b[3][j], 1e-5);
    free(block);
    model_unref(model);
}

/* The parts add up to the score, also where a user met an item more than once. */
static void test_explained(void **state) {
    (void)state;
    struct history_of histories[USERS];
    make_histories(histories);
    struct model *model = fitted_on(histories);
    for (int u = 0; u < USERS; u++) {
        const struct seen_row seen = model_seen(model, u);
        float *weights = xnew_array(float, (size_t)seen.n + 1);
        GOOD(model->class->explain(model, u, 4, seen.items, seen.ratings, seen.n, weights, &err));
        double sum = 0;
        for (int64_t i = 0; i < seen.n; i++) sum += (double)weights[i];
        NEAR(pair_score(model, u, 4), sum, 1e-5);
        free(weights);
    }
    model_unref(model);
}

/* Nobody knows the order of a new user's items: each weighs 1. */
static void test_new_user(void **state) {
    char *path = path_join(*state, "slist.reckon");
    struct history_of histories[USERS];
    double b[ITEMS][ITEMS];
    make_histories(histories);
    plain_weights(histories, b);
    struct model *model = fitted_on(histories), *folded;
    GOOD(model_fold_in(model, (const int32_t[]){6, 2}, (const float[]){1, 1}, 2, &folded, &err));
    for (int32_t j = 0; j < ITEMS; j++) NEAR(pair_score(folded, FOLDED_USER, j), b[2][j] + b[6][j], 2e-5);
    for (int32_t j = 0; j < ITEMS; j++) NEAR(pair_score(folded, 7, j), pair_score(model, 7, j), 0);
    struct model *again = reopened(folded, path);
    assert_true(same_scores(again, folded));
    NEAR(pair_score(again, FOLDED_USER, 1), pair_score(folded, FOLDED_USER, 1), 0);
    free(path);
    model_unref(again);
    model_unref(folded);
    model_unref(model);
}

/* The same bits for any number of threads: counts, an inverse of three tiles with a ragged last one, products, blocks of scores. */
static void test_threads(void **state) {
    (void)state;
    enum { MANY_USERS = 90, MANY_ITEMS = 300 };
    const int threads = pool_threads();
    struct dataset *data = planted_data(MANY_USERS, MANY_ITEMS, 0.2, 5, false);
    float *blocks[3];
    for (int t = 0; t < 3; t++) {
        pool_set_threads((const int[]){1, 2, 5}[t]);
        struct model *model = fitted("slist", data, "reg=5", 0, NULL);
        blocks[t] = all_scores(model);
        model_unref(model);
    }
    pool_set_threads(threads);
    for (int t = 1; t < 3; t++) assert_memory_equal(blocks[0], blocks[t], MANY_USERS * MANY_ITEMS * sizeof *blocks[t]);
    for (int t = 0; t < 3; t++) free(blocks[t]);
    dataset_unref(data);
}

/* Two items that the same users have: without regularisation nothing tells them apart. */
static void test_singular(void **state) {
    (void)state;
    struct mat *both;
    GOOD(mat_from(device_cpu(), 2, 2, (const float[]){2, 2, 2, 2}, &both, &err));
    struct error err = ERROR_INIT;
    assert_int_equal(item_linear_invert(NULL, NULL, both, 1e-9, &err), ERR_NUMERIC);
    assert_non_null(strstr(err.hint, "more regularisation makes it so: reg is 1e-09"));
    assert_string_equal(err.about, "reg");
    mat_unref(both);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_definition), cmocka_unit_test(test_explained),
                                       cmocka_unit_test_setup_teardown(test_new_user, make_folder, remove_folder), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_singular)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
