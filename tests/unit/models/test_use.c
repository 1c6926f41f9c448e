/* What a fitted model is used for: lists, similar items, explanations, new users, other catalogs. */
#include "tests/unit/models/fixture.h"

enum { USERS = 60, ITEMS = 40 };

static struct parts split_ratings(void) { return parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2); }

static const struct {
    const char *kind, *params;
} kinds[] = {{"als", "factors=6"}, {"bias", ""},         {"mf", "factors=6, init=0.1"},
             {"popular", ""},      {"svd", "factors=6"}, {"ials", "factors=6, solver=cholesky, reg=0.01"}};
enum { N_KINDS = 6 };

static struct model *model_of(int kind, struct dataset *data) {
    return fitted(kinds[kind].kind, data, kinds[kind].params, model_class_find(kinds[kind].kind)->iterative ? 8 : 0, NULL);
}

static bool among(const int32_t *items, int64_t n, int32_t item) {
    for (int64_t i = 0; i < n; i++)
        if (items[i] == item) return true;
    return false;
}

static bool has_row(struct dataset *data, int32_t user, int32_t item) {
    const struct events_view rows = rows_of(data);
    for (int64_t r = 0; r < dataset_n(data); r++)
        if (rows.users[r] == user && rows.items[r] == item) return true;
    return false;
}

/* --- recommend --- */

/* The k best by pair scores, plainly: highest first, ties to the lower position. */
static void plain_best(const struct model *model, int32_t user, const bool *barred, int k, int32_t *out) {
    bool taken[ITEMS] = {false};
    for (int n = 0; n < k; n++) {
        int32_t best = -1;
        for (int32_t i = 0; i < ITEMS; i++)
            if (!taken[i] && !barred[i] && (best < 0 || pair_score(model, user, i) > pair_score(model, user, best))) best = i;
        out[n] = best;
        if (best >= 0) taken[best] = true;
    }
}

static void check_list(const struct model *model, int32_t user, const bool *barred, int64_t k, const int32_t *items, const float *scores) {
    int32_t expected[ITEMS];
    plain_best(model, user, barred, (int)k, expected);
    for (int n = 0; n < k; n++) {
        assert_int_equal(items[n], expected[n]);
        if (items[n] < 0) assert_true(isinf(scores[n]));
        else NEAR(scores[n], pair_score(model, user, items[n]), 0);
    }
}

/* What is seen is what was fitted on and the split's train and valid parts; the test part never. */
static void test_recommend(void **state) {
    (void)state;
    struct parts parts = split_ratings();
    int32_t users[USERS], *items = xnew_array(int32_t, USERS * ITEMS);
    float *scores = xnew_array(float, USERS *ITEMS);
    for (int32_t u = 0; u < USERS; u++) users[u] = u;
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = model_of(kind, parts.train);
        const struct recommend_request request = {.users = users, .n_users = USERS, .k = ITEMS, .filter_seen = true};
        int tested = 0;
        GOOD(model_recommend(model, NULL, &request, items, scores, &err));
        for (int32_t u = 0; u < USERS; u++) {
            bool barred[ITEMS];
            for (int32_t i = 0; i < ITEMS; i++) {
                barred[i] = has_row(parts.train, u, i) || has_row(parts.valid, u, i);
                if (has_row(parts.test, u, i)) assert_false(barred[i]), tested += among(items + u * ITEMS, ITEMS, i);
            }
            check_list(model, u, barred, ITEMS, items + u * ITEMS, scores + u * ITEMS);
        }
        assert_int_equal(tested, dataset_n(parts.test));
        model_unref(model);
    }
    free(items);
    free(scores);
    parts_release(&parts);
}

static void test_recommend_choices(void **state) {
    (void)state;
    struct parts parts = split_ratings();
    struct model *model = model_of(0, parts.train);
    static const int32_t users[] = {7, 3, 7, -1}, only[] = {30, 2, 9, 2, 11}, exclude[] = {9, 9, 39};
    int32_t items[4 * 5];
    float scores[4 * 5];
    struct recommend_request request = {.users = users, .n_users = 4, .k = 5, .only = only, .n_only = 5};
    GOOD(model_recommend(model, NULL, &request, items, scores, &err));
    for (int u = 0; u < 4; u++) {
        bool barred[ITEMS];
        for (int i = 0; i < ITEMS; i++) barred[i] = !among(only, 5, i);
        check_list(model, users[u], barred, 5, items + 5 * u, scores + 5 * u);
        assert_int_equal(items[5 * u + 4], -1); /* four items are allowed */
    }
    request.exclude = exclude, request.n_exclude = 3;
    GOOD(model_recommend(model, NULL, &request, items, scores, &err));
    assert_false(among(items, 20, 9));
    assert_int_equal(items[3], -1);
    request.only = NULL;
    GOOD(model_recommend(model, NULL, &request, items, scores, &err));
    for (int u = 0; u < 4; u++) {
        bool barred[ITEMS] = {[9] = true, [39] = true};
        check_list(model, users[u], barred, 5, items + 5 * u, scores + 5 * u);
    }
    model_unref(model);
    parts_release(&parts);
}

/* More users than a block, more items than the margin; equal scores keep the order of positions. */
static void test_recommend_ties(void **state) {
    (void)state;
    enum { MANY = 300, K = 50, COLS = 90 };
    struct dataset *data = planted_data(MANY, COLS, 0.02, 2, true);
    struct model *model = fitted("popular", data, "", 0, NULL);
    int32_t *users = xnew_array(int32_t, MANY), *items = xnew_array(int32_t, MANY * K);
    float *scores = xnew_array(float, MANY *K);
    const struct recommend_request request = {.users = users, .n_users = MANY, .k = K};
    for (int32_t u = 0; u < MANY; u++) users[u] = (u * 7) % MANY;
    GOOD(model_recommend(model, NULL, &request, items, scores, &err));
    int ties = 0;
    for (int u = 0; u < MANY; u++)
        for (int n = 1; n < K; n++) {
            const int32_t *at = items + u * K + n;
            const float *score = scores + u * K + n;
            assert_true(score[-1] > score[0] || (score[-1] == score[0] && at[-1] < at[0]));
            ties += score[-1] == score[0];
        }
    assert_true(ties > MANY);
    free(users);
    free(items);
    free(scores);
    model_unref(model);
    dataset_unref(data);
}

/* Items that nobody rated have one score: theirs is the order of positions, in dot products too. */
static void test_recommend_unrated(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    const struct events_view rows = rows_of(data);
    int64_t *kept = xnew_array(int64_t, (size_t)dataset_n(data)), n = 0;
    for (int64_t r = 0; r < dataset_n(data); r++)
        if (rows.items[r] % 4) kept[n++] = r;
    struct dataset *rated = dataset_view(data, kept, n, NULL, PART_NONE, "rated");
    int32_t items[ITEMS];
    float scores[ITEMS];
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = model_of(kind, rated);
        for (int32_t u = 0; u < USERS; u += 13) {
            const struct recommend_request request = {.users = &u, .n_users = 1, .k = ITEMS};
            GOOD(model_recommend(model, NULL, &request, items, scores, &err));
            const bool barred[ITEMS] = {false};
            check_list(model, u, barred, ITEMS, items, scores);
            int64_t at = 0;
            while (items[at] % 4) at++;
            for (int32_t i = 0; i < ITEMS; i += 4) assert_int_equal(items[at + i / 4], i);
        }
        model_unref(model);
    }
    dataset_unref(rated);
    dataset_unref(data);
}

/* --- similar --- */

static void test_similar(void **state) {
    (void)state;
    struct parts parts = split_ratings();
    struct model *model = model_of(0, parts.train), *bias = model_of(1, parts.train);
    const float *vectors = mat_values(factors_of(model)->host.items);
    int32_t items[ITEMS];
    float scores[ITEMS];
    GOOD(model_similar(model, NULL, 5, ITEMS, items, scores, &err));
    assert_false(among(items, ITEMS, 5));
    assert_int_equal(items[ITEMS - 1], -1);
    for (int n = 0; n < ITEMS - 1; n++) {
        double dot = 0, a = 0, b = 0;
        for (int f = 0; f < 6; f++) {
            const double x = (double)vectors[5 * 6 + f], y = (double)vectors[items[n] * 6 + f];
            dot += x * y, a += x * x, b += y * y;
        }
        NEAR(scores[n], dot / sqrt(a * b), 1e-5);
        if (n) assert_true(scores[n] <= scores[n - 1]);
    }
    BAD(model_similar(bias, NULL, 5, 3, items, scores, &err), ERR_VALUE, "`bias` has no item vectors");
    model_unref(model);
    model_unref(bias);
    parts_release(&parts);
}

/* An item without rows in what was fitted on has no vector: asking for its like is an error, and it is like nothing. */
static void test_similar_to_unknown(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    const struct events_view rows = rows_of(data);
    int64_t *kept = xnew_array(int64_t, (size_t)dataset_n(data)), n = 0;
    for (int64_t r = 0; r < dataset_n(data); r++)
        if (rows.items[r] != 12) kept[n++] = r;
    struct dataset *without = dataset_view(data, kept, n, NULL, PART_NONE, "without");
    int32_t items[ITEMS];
    float scores[ITEMS];
    for (int kind = 0; kind < N_KINDS; kind++) {
        if (!model_class_find(kinds[kind].kind)->vectors) continue;
        struct model *model = model_of(kind, without);
        BAD(model_similar(model, NULL, 12, 3, items, scores, &err), ERR_VALUE, "knows nothing of 13");
        GOOD(model_similar(model, NULL, 5, ITEMS, items, scores, &err));
        for (int i = 0; i < ITEMS; i++)
            if (items[i] == 12) assert_true(scores[i] == 0);
        model_unref(model);
    }
    static const char *const with_weights[] = {"item_knn", "ease", "slist"};
    for (int kind = 0; kind < 3; kind++) {
        struct model *model = fitted(with_weights[kind], without, "", 0, NULL);
        BAD(model_similar(model, NULL, 12, 3, items, scores, &err), ERR_VALUE, "knows nothing of 13");
        GOOD(model_similar(model, NULL, 5, 3, items, scores, &err));
        model_unref(model);
    }
    dataset_unref(without);
    dataset_unref(data);
}

/* --- explain --- */

/* The weights sum to what the model adds to mean and item bias (svd: to the user's bias too). */
static void check_explained(const struct model *model, int32_t user, int32_t item, double tolerance) {
    int32_t *items;
    float *stars, *weights;
    int64_t n;
    double sum = 0;
    GOOD(model_explain(model, user, item, &items, &stars, &weights, &n, &err));
    const struct seen_row seen = model_seen(model, user);
    int64_t fitted_on = 0;
    for (int64_t i = 0; i < seen.n; i++) fitted_on += !isnan(seen.ratings[i]);
    assert_int_equal(n, fitted_on);
    for (int64_t i = 0; i < n; i++) {
        sum += (double)weights[i];
        if (i) assert_true(fabsf(weights[i]) <= fabsf(weights[i - 1]));
        for (int64_t s = 0; s < seen.n; s++)
            if (seen.items[s] == items[i]) assert_true(seen.ratings[s] == stars[i]);
    }
    const struct mf_factors *host = &factors_of(model)->host;
    double rest = (double)host->mean + (host->item_bias ? (double)mat_values(host->item_bias)[item] : 0);
    if (factors_of(model)->fold.how == FOLD_PROJECT)
        rest += user == FOLDED_USER ? (double)factors_of(model)->folded_bias : (double)mat_values(host->user_bias)[user];
    NEAR(sum, (double)pair_score(model, user, item) - rest, tolerance);
    free(items);
    free(stars);
    free(weights);
}

static void test_explain(void **state) {
    (void)state;
    struct parts parts = split_ratings();
    struct model *als = model_of(0, parts.train), *svd = fitted("svd", parts.train, "factors=40", 0, NULL), *bias = model_of(1, parts.train),
                 *ials = model_of(5, parts.train);
    int32_t *items;
    float *stars, *weights;
    int64_t n;
    for (int32_t u = 0; u < USERS; u += 7)
        for (int32_t i = 0; i < ITEMS; i += 3) {
            check_explained(als, u, i, 2e-4);
            check_explained(svd, u, i, 2e-3);
            check_explained(ials, u, i, 2e-4);
        }
    BAD(model_explain(bias, 1, 1, &items, &stars, &weights, &n, &err), ERR_VALUE, "`bias` can't say which of a user's ratings made a score");
    model_unref(als);
    model_unref(svd);
    model_unref(bias);
    model_unref(ials);
    parts_release(&parts);
}

/* --- fold in --- */

/* What was fitted on of a user. */
static int64_t rated_by(const struct model *model, int32_t user, int32_t *items, float *stars) {
    const struct seen_row seen = model_seen(model, user);
    int64_t n = 0;
    for (int64_t i = 0; i < seen.n; i++)
        if (!isnan(seen.ratings[i])) items[n] = seen.items[i], stars[n++] = seen.ratings[i];
    return n;
}

/* A user's system of thousands of factors takes seconds: its making can be interrupted. */
static void test_new_user_interrupted(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    struct task *task = task_new(NULL);
    int32_t *items;
    float *stars, *weights;
    int64_t n;
    for (int kind = 0; kind < N_KINDS; kind += 2) { /* als, mf, svd */
        struct model *model = model_of(kind, data), *folded;
        task_enter(task);
        task_cancel(task);
        BAD(model_fold_in(model, (const int32_t[]){1, 4}, (const float[]){1, 2}, 2, &folded, &err), ERR_INTERRUPTED, "interrupted");
        BAD(model_explain(model, 1, 1, &items, &stars, &weights, &n, &err), ERR_INTERRUPTED, "interrupted");
        task_enter(NULL);
        model_unref(model);
    }
    task_free(task);
    dataset_unref(data);
}

/* A known user's rows, folded in as a stranger's, give nearly that user's scores. */
static void test_fold_in_known(void **state) {
    (void)state;
    static const double tolerance[N_KINDS] = {1e-4, 1e-5, 0.5, 0, 2e-3, 1e-4}; /* mf: what ridge regression says, not what SGD ended at */
    struct parts parts = split_ratings();
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = strcmp(kinds[kind].kind, "mf") ? model_of(kind, parts.train) : fitted("mf", parts.train, "factors=6", 60, NULL);
        for (int32_t u = 0; u < USERS; u += 11) {
            int32_t items[ITEMS], everything[ITEMS], me[ITEMS];
            float stars[ITEMS], scores[ITEMS], pairs[ITEMS];
            struct model *folded = NULL;
            const int64_t n = rated_by(model, u, items, stars);
            GOOD(model_fold_in(model, items, stars, n, &folded, &err));
            assert_int_equal(folded->default_user, FOLDED_USER);
            assert_int_equal(model_seen(folded, FOLDED_USER).n, n);
            assert_int_equal(model_seen(folded, u).n, model_seen(model, u).n);
            for (int32_t i = 0; i < ITEMS; i++) everything[i] = i, me[i] = FOLDED_USER;
            GOOD(model_score_block(folded, NULL, me, 1, scores, &err));
            GOOD(folded->class->score_pairs(folded, NULL, me, everything, ITEMS, pairs, &err));
            for (int32_t i = 0; i < ITEMS; i++) {
                NEAR(scores[i], pair_score(model, u, i), tolerance[kind]);
                NEAR(pairs[i], scores[i], 1e-5);
                assert_true(pair_score(folded, u, i) == pair_score(model, u, i)); /* the others are still there */
            }
            if (folded->class->explain && strcmp(kinds[kind].kind, "mf")) check_explained(folded, FOLDED_USER, 17, 2e-3);
            model_unref(folded);
        }
        model_unref(model);
    }
    parts_release(&parts);
}

static void test_fold_in_list(void **state) {
    (void)state;
    static const int32_t given[] = {31, 4, 19}, me = FOLDED_USER;
    static const float stars[] = {5, 1, 4};
    struct parts parts = split_ratings();
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = model_of(kind, parts.train), *folded = NULL, *again = NULL;
        const struct recommend_request request = {.users = &me, .n_users = 1, .k = ITEMS, .filter_seen = true};
        int32_t items[ITEMS];
        float scores[ITEMS];
        GOOD(model_fold_in(model, given, stars, 3, &folded, &err));
        GOOD(model_recommend(folded, NULL, &request, items, scores, &err));
        for (int i = 0; i < 3; i++) assert_false(among(items, ITEMS, given[i]));
        assert_int_equal(items[ITEMS - 3], -1);
        assert_true(items[ITEMS - 4] >= 0);
        GOOD(model_fold_in(folded, given, stars, 1, &again, &err)); /* another stranger: the first one is gone */
        assert_int_equal(model_seen(again, FOLDED_USER).n, 1);
        GOOD(model_recommend(again, NULL, &request, items, scores, &err));
        assert_true(among(items, ITEMS, 4));
        model_unref(again);
        model_unref(folded);
        model_unref(model);
    }
    parts_release(&parts);
}

static void test_fold_in_nothing(void **state) {
    (void)state;
    struct parts parts = split_ratings();
    struct model *model = model_of(0, parts.train), *folded = NULL;
    GOOD(model_fold_in(model, NULL, NULL, 0, &folded, &err));
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(folded, FOLDED_USER, i), pair_score(model, -1, i), 1e-6);
    model_unref(folded);
    model_unref(model);
    parts_release(&parts);
}

static void test_fold_in_refusals(void **state) {
    (void)state;
    static const int32_t twice[] = {3, 5, 3};
    static const float stars[] = {3, 3, 3}, wrong[] = {6, NAN};
    struct parts parts = split_ratings();
    struct model *model = model_of(0, parts.train), *folded = NULL;
    BAD(model_fold_in(model, twice, stars, 3, &folded, &err), ERR_VALUE, "4 is given twice");
    BAD(model_fold_in(model, twice, wrong, 1, &folded, &err), ERR_VALUE, "a rating of 6 is outside the scale of `als`, 1 to 5");
    BAD(model_fold_in(model, twice, wrong + 1, 1, &folded, &err), ERR_VALUE, "outside the scale");
    assert_null(folded);
    model_unref(model);
    parts_release(&parts);
}

/* --- other catalogs, embeddings, predictions --- */

static void test_positions(void **state) {
    (void)state;
    static const int64_t users[] = {1, 1000, 7}, items[] = {2000, 40, 3};
    static const float stars[] = {3, 4, 5};
    struct parts parts = split_ratings();
    struct model *model = model_of(0, parts.train);
    struct dataset *other = data_of(users, items, stars, 3);
    struct model_positions at;
    float predicted[3];
    GOOD(model_positions(model, parts.test, &at, &err));
    assert_ptr_equal(at.users, rows_of(parts.test).users); /* the same catalog: nothing to look up */
    model_positions_end(&at);
    GOOD(model_positions(model, other, &at, &err));
    static const int32_t expected_users[] = {0, -1, 6}, expected_items[] = {-1, 39, 2};
    assert_memory_equal(at.users, expected_users, sizeof expected_users);
    assert_memory_equal(at.items, expected_items, sizeof expected_items);
    GOOD(model_predict_pairs(model, NULL, at.users, at.items, 3, predicted, &err));
    NEAR(predicted[0], pair_score(model, 0, -1), 0);
    NEAR(predicted[1], pair_score(model, -1, 39), 0);
    NEAR(predicted[2], pair_score(model, 6, 2), 0);
    model_positions_end(&at);
    dataset_unref(other);
    model_unref(model);
    parts_release(&parts);
}

/* Predictions stay within the scale; scores don't. */
static void test_clipping(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    struct model *model = fitted("als", data, "factors=8, reg=0.001", 10, NULL);
    int outside = 0;
    for (int32_t u = 0; u < USERS; u++)
        for (int32_t i = 0; i < ITEMS; i++) {
            const float score = pair_score(model, u, i);
            float predicted;
            GOOD(model_predict_pairs(model, NULL, &u, &i, 1, &predicted, &err));
            outside += score < 1 || score > 5;
            assert_true(predicted == (score < 1 ? 1 : score > 5 ? 5 : score));
        }
    assert_true(outside > 0);
    model_unref(model);
    dataset_unref(data);
}

static void test_embeddings(void **state) {
    (void)state;
    struct parts parts = split_ratings();
    struct model *model = model_of(0, parts.train), *bias = model_of(1, parts.train);
    struct embeddings *users = NULL, *items = NULL;
    GOOD(model_embeddings(model, EMBED_USERS, &users, &err));
    GOOD(model_embeddings(model, EMBED_ITEMS, &items, &err));
    assert_int_equal(mat_rows(users->vectors), USERS);
    assert_int_equal(mat_rows(items->vectors), ITEMS);
    assert_int_equal(mat_cols(items->vectors), 6);
    assert_string_equal(items->name, "als items");
    int64_t sum = 0;
    for (int i = 0; i < ITEMS; i++) sum += items->popularity[i];
    assert_int_equal(sum, dataset_n(parts.train)); /* not the valid part's rows, which are seen too */
    BAD(model_embeddings(bias, EMBED_ITEMS, &items, &err), ERR_VALUE, "`bias` has no vectors");
    assert_int_equal(model->class->size(model), (USERS + ITEMS) * 7 + 1);
    assert_true(model_bytes(model) > (USERS + ITEMS) * 7 * 4);
    embeddings_unref(users);
    embeddings_unref(items);
    model_unref(model);
    model_unref(bias);
    parts_release(&parts);
}

/* A pair may have several rows: each counts, the list names the item once. */
static void test_repeated_pairs(void **state) {
    (void)state;
    static const int64_t users[] = {1, 1, 1, 2, 2, 3}, items[] = {1, 1, 2, 1, 3, 3};
    static const float stars[] = {5, 4, 2, 3, 1, 4};
    static const int32_t first = 0;
    struct dataset *data = data_of(users, items, stars, 6);
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = fitted(kinds[kind].kind, data, model_class_find(kinds[kind].kind)->vectors ? "factors=2" : "", 0, NULL);
        const struct recommend_request request = {.users = &first, .n_users = 1, .k = 3, .filter_seen = true};
        int32_t list[3];
        float scores[3];
        GOOD(model_recommend(model, NULL, &request, list, scores, &err));
        assert_int_equal(list[0], 2);
        assert_int_equal(list[1], -1);
        assert_true(isfinite(pair_score(model, 0, 0)));
        model_unref(model);
    }
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recommend),
        cmocka_unit_test(test_recommend_choices),
        cmocka_unit_test(test_recommend_ties),
        cmocka_unit_test(test_recommend_unrated),
        cmocka_unit_test(test_similar),
        cmocka_unit_test(test_similar_to_unknown),
        cmocka_unit_test(test_new_user_interrupted),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_fold_in_known),
        cmocka_unit_test(test_fold_in_list),
        cmocka_unit_test(test_fold_in_nothing),
        cmocka_unit_test(test_fold_in_refusals),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_repeated_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
