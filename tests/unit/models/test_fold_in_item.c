/* New items in fitted models: what they get, what stays, what is refused. */
#include "models/classic/bias.h"
#include "models/classic/item_linear.h"
#include "runtime/base/task.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 60, ITEMS = 40, LAST = ITEMS - 1 };

/* The rows of all items but one; its own go to users and stars (in order of users). */
static struct dataset *without(struct dataset *data, int32_t item, bool in_catalog, int32_t *users, float *stars, int64_t *out_n) {
    const struct events_view rows = rows_of(data);
    int64_t *kept_users = xnew_array(int64_t, (size_t)dataset_n(data)), *kept_items = xnew_array(int64_t, (size_t)dataset_n(data)), kept = 0;
    int64_t *positions = xnew_array(int64_t, (size_t)dataset_n(data));
    float *ratings = xnew_array(float, (size_t)dataset_n(data));
    *out_n = 0;
    for (int64_t r = 0; r < dataset_n(data); r++) {
        if (rows.items[r] == item) {
            users[*out_n] = rows.users[r];
            stars[(*out_n)++] = rows.ratings[r];
            continue;
        }
        positions[kept] = r;
        kept_users[kept] = rows.users[r] + 1, kept_items[kept] = rows.items[r] + 1;
        ratings[kept++] = rows.ratings[r];
    }
    struct dataset *rest = in_catalog ? dataset_view(data, positions, kept, NULL, PART_NONE, "without")
                                      : data_of(kept_users, kept_items, dataset_is_explicit(data) ? ratings : NULL, kept);
    if (!in_catalog) mem_free(positions);
    free(kept_users);
    free(kept_items);
    free(ratings);
    return rest;
}

/* An item that the catalogue hasn't. */
static struct catalog *longer(const struct model *model) {
    struct catalog *catalog = NULL;
    GOOD(catalog_with_item(model->catalog, (struct id){.is_int = true, .number = ITEMS}, NULL, &catalog, &err));
    return catalog;
}

static struct model *folded(const struct model *model, const int32_t *users, const float *stars, int64_t n) {
    struct model *out = NULL;
    struct catalog *catalog = longer(model);
    GOOD(model_fold_in_item(model, catalog, LAST, users, stars, n, &out, &err));
    catalog_unref(catalog);
    return out;
}

/* Choices of two kinds of users, each of its own kind of items, with few exceptions. */
static struct dataset *two_camps(void) {
    int64_t users[USERS * ITEMS], items[USERS * ITEMS], n = 0;
    struct rng rng = rng_at(3, RNG_SYNTH, 0);
    for (int64_t u = 0; u < USERS; u++)
        for (int64_t i = 0; i < ITEMS; i++) {
            if (rng_uniform(&rng) >= (u % 2 == i % 2 ? 0.5 : 0.03)) continue;
            users[n] = u + 1;
            items[n++] = i + 1;
        }
    return data_of(users, items, NULL, n);
}

/* How much better the last item's camp likes it than the other, on average. */
static float apart(const struct model *model) {
    float sum = 0;
    for (int32_t u = 0; u < USERS; u++) sum += (u % 2 == LAST % 2 ? 1 : -1) * pair_score(model, u, LAST);
    return sum * 2 / USERS;
}

/* --- what it gets --- */

/* Models whose fold-in is what a fit on all rows gives: the closed forms, and those that are their rows. */
static void test_as_if_fitted(void **state) {
    (void)state;
    static const struct {
        const char *kind, *params;
        double tolerance;
    } same[] = {{"ease", "reg=20", 2e-5},          {"slist", "reg=5", 2e-5}, {"item_knn", "similarity=cosine", 0}, {"item_knn", "", 1e-6},
                {"user_knn", "weighting=bm25", 0}, {"popular", "", 0},       {"ease", "reg=20,recency=3", 2e-5}};
    struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, false);
    int32_t users[USERS];
    float stars[USERS];
    int64_t n;
    struct dataset *rest = without(all, LAST, false, users, stars, &n);
    assert_true(n > 5);
    for (size_t k = 0; k < sizeof same / sizeof *same; k++) {
        struct model *whole = fitted(same[k].kind, all, same[k].params, 0, NULL), *part = fitted(same[k].kind, rest, same[k].params, 0, NULL);
        struct model *item = folded(part, users, stars, n);
        assert_int_equal(item->catalog->n_items, ITEMS);
        assert_int_equal(item->n_fitted, whole->n_fitted);
        for (int32_t u = 0; u < USERS; u++)
            for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(item, u, i), pair_score(whole, u, i), same[k].tolerance);
        for (int32_t u = 0; u < USERS; u++) {
            const struct seen_row a = model_seen(item, u), b = model_seen(whole, u);
            assert_int_equal(a.n, b.n);
            assert_memory_equal(a.items, b.items, (size_t)a.n * sizeof *a.items);
            assert_memory_equal(a.ratings, b.ratings, (size_t)a.n * sizeof *a.ratings);
        }
        model_unref(whole);
        model_unref(part);
        model_unref(item);
    }
    dataset_unref(all);
    dataset_unref(rest);
}

/* The slopes of what als, mf and ials minimise are 0 at the item's vector and bias. */
static void check_slopes(const struct model *model, const int32_t *users, const float *stars, int64_t n) {
    const struct factors *factors = factors_of(model);
    const struct mf_factors *host = &factors->host;
    const struct fold_rule *fold = &factors->fold;
    const int64_t f = mat_cols(host->items);
    const float *q = mat_values(host->items) + LAST * f;
    const double bias = host->item_bias ? (double)mat_values(host->item_bias)[LAST] : 0, times = fold->times_count ? (double)n : 1;
    const bool implicit = fold->how == FOLD_IMPLICIT;
    const double ridge = implicit ? fold->reg * pow((double)n * fold->alpha + fold->unobserved * USERS, fold->nu) : times * fold->reg;
    double slope[16] = {0}, of_bias = times * fold->reg_bias * bias;
    for (int64_t j = 0; j < f; j++) slope[j] = ridge * (double)q[j];
    for (int32_t u = 0; u < USERS; u++) {
        const float *p = mat_values(host->users) + u * f;
        double score = 0, weight = implicit ? fold->unobserved : 0, rest = implicit ? fold->unobserved : 0;
        for (int64_t j = 0; j < f; j++) score += (double)p[j] * (double)q[j];
        rest *= score;
        for (int64_t i = 0; i < n; i++) {
            if (users[i] != u) continue;
            weight = implicit ? fold->alpha : 1;
            rest += weight * (score + bias - (implicit ? 1 : (double)stars[i] - (double)host->mean - (double)mat_values(host->user_bias)[u]));
            of_bias += implicit ? 0 : score + bias - ((double)stars[i] - (double)host->mean - (double)mat_values(host->user_bias)[u]);
        }
        for (int64_t j = 0; j < f; j++) slope[j] += rest * (double)p[j];
    }
    for (int64_t j = 0; j < f; j++) NEAR(slope[j], 0, 1e-4 * (1 + ridge));
    if (host->item_bias) NEAR(of_bias, 0, 1e-4);
    else assert_true(bias == 0);
}

static void test_factors(void **state) {
    (void)state;
    static const char *const kinds[][2] = {{"als", "factors=6"}, {"mf", "factors=6"}, {"ials", "factors=6,reg=0.01,nu=0.5"}};
    for (int k = 0; k < 3; k++) {
        struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, k < 2);
        int32_t users[USERS];
        float stars[USERS];
        int64_t n;
        struct dataset *rest = without(all, LAST, false, users, stars, &n);
        struct model *model = fitted(kinds[k][0], rest, kinds[k][1], 8, NULL), *item = folded(model, users, stars, n);
        check_slopes(item, users, stars, n);
        for (int32_t u = 0; u < USERS; u++)
            for (int32_t i = 0; i < LAST; i++) assert_true(pair_score(item, u, i) == pair_score(model, u, i)); /* the others stay */
        model_unref(model);
        model_unref(item);
        dataset_unref(all);
        dataset_unref(rest);
    }
}

/* svd: q_f = Σ t_u p_uf / |p_f|², t what mean and biases leave; bias: Σ t / (reg + n), also as the baseline of neighbours. */
static void test_projection_and_biases(void **state) {
    (void)state;
    struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, true);
    int32_t users[USERS];
    float stars[USERS];
    int64_t n;
    struct dataset *rest = without(all, LAST, false, users, stars, &n);
    struct model *svd = fitted("svd", rest, "factors=5,reg_item=7", 0, NULL), *item = folded(svd, users, stars, n);
    const struct mf_factors *host = &factors_of(item)->host;
    double bias = 0;
    for (int64_t i = 0; i < n; i++) bias += ((double)stars[i] - (double)host->mean - (double)mat_values(host->user_bias)[users[i]]) / (7 + (double)n);
    NEAR(mat_values(host->item_bias)[LAST], bias, 1e-6);
    for (int f = 0; f < 5; f++) {
        double norm = 0, sum = 0;
        for (int32_t u = 0; u < USERS; u++) norm += pow((double)mat_values(host->users)[u * 5 + f], 2);
        for (int64_t i = 0; i < n; i++)
            sum += ((double)stars[i] - (double)host->mean - (double)mat_values(host->user_bias)[users[i]] - bias) *
                   (double)mat_values(host->users)[users[i] * 5 + f];
        NEAR(mat_values(host->items)[LAST * 5 + f], sum / norm, 1e-5);
    }
    model_unref(svd);
    model_unref(item);

    struct model *base = fitted("bias", rest, "reg_item=7", 0, NULL);
    item = folded(base, users, stars, n);
    double mean = 0;
    for (int64_t i = 0; i < n; i++) mean += ((double)stars[i] - (double)pair_score(base, users[i], -1)) / (7 + (double)n);
    for (int32_t u = 0; u < USERS; u++) NEAR(pair_score(item, u, LAST), (double)pair_score(base, u, -1) + mean, 1e-5);
    model_unref(base);
    model_unref(item);
    dataset_unref(all);
    dataset_unref(rest);
}

/* bpr: those of its camp like it better than the others do, if less than after a whole fit, and no item of one row goes to the top of everybody's
 * list. */
static void test_steps(void **state) {
    (void)state;
    struct dataset *all = two_camps();
    int32_t users[USERS];
    float stars[USERS];
    int64_t n;
    struct dataset *rest = without(all, LAST, false, users, stars, &n);
    static const char *const ways[] = {"factors=8", "factors=8,negatives=uniform", "factors=8,negatives=popularity"};
    for (int w = 0; w < 3; w++) {
        struct model *whole = fitted("bpr", all, ways[w], 200, NULL), *model = fitted("bpr", rest, ways[w], 200, NULL);
        struct model *item = folded(model, users, stars, n), *again = folded(model, users, stars, n);
        assert_true(apart(item) > 0.4F * apart(whole) && apart(whole) > 1);
        assert_true(same_scores(item, again));
        struct model *lone = folded(model, users, stars, 1), *none = folded(model, users, stars, 0);
        float highest = 0, alone = 0;
        for (int32_t u = 0; u < USERS; u++) {
            float best = -INFINITY;
            for (int32_t i = 0; i < LAST; i++) best = fmaxf(best, pair_score(lone, u, i));
            highest += best / USERS, alone += pair_score(lone, u, LAST) / USERS;
            assert_true(pair_score(none, u, LAST) == 0);
        }
        assert_true(alone < highest);
        struct model *all_of_them[] = {whole, model, item, again, lone, none};
        for (int m = 0; m < 6; m++) model_unref(all_of_them[m]);
    }
    dataset_unref(all);
    dataset_unref(rest);
}

/* bpr: an item that the catalogue has is no other to itself: where it is all that its one user hasn't, there is nothing to learn. */
static void test_not_against_itself(void **state) {
    (void)state;
    struct dataset *all = data_of((const int64_t[]){1, 1}, (const int64_t[]){1, 2}, NULL, 2);
    int64_t *first = xnew_array(int64_t, 1);
    struct dataset *rest = dataset_view(all, first, 1, NULL, PART_NONE, "rest");
    struct model *model = fitted("bpr", rest, "factors=4", 5, NULL), *item = NULL;
    GOOD(model_fold_in_item(model, model->catalog, 1, (const int32_t[]){0}, (const float[]){1}, 1, &item, &err));
    assert_true(pair_score(model, 0, 1) != 0);
    assert_true(pair_score(item, 0, 1) == 0);
    model_unref(model);
    model_unref(item);
    dataset_unref(all);
    dataset_unref(rest);
}

/* --- what stays --- */

static const struct {
    const char *kind, *params;
} every[] = {{"als", "factors=6"}, {"bias", ""},    {"bpr", "factors=6"}, {"ease", ""},         {"ials", "factors=6"}, {"item_knn", ""},
             {"mf", "factors=6"},  {"popular", ""}, {"slist", ""},        {"svd", "factors=6"}, {"user_knn", ""}};
enum { N_EVERY = sizeof every / sizeof *every };

static bool wants_stars(int k) { return model_class_find(every[k].kind)->predicts_ratings; }

/* An item of the catalogue that had no rows; in the way of a folded-in user; through a file; then one more item. */
static void test_known_then_new(void **state) {
    (void)state;
    for (int k = 0; k < N_EVERY; k++) {
        struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, wants_stars(k));
        int32_t users[USERS], few[] = {2, 9, 30};
        float stars[USERS], three[] = {1, 1, 1};
        int64_t n;
        struct dataset *rest = without(all, 12, true, users, stars, &n);
        struct model *plain = fitted(every[k].kind, rest, every[k].params, 0, NULL), *me = NULL, *cold = NULL, *more = NULL;
        GOOD(model_fold_in(plain, (const int32_t[]){3, 7}, (const float[]){1, 1}, 2, &me, &err));
        GOOD(model_fold_in_item(me, me->catalog, 12, users, stars, n, &cold, &err));
        assert_ptr_equal(cold->catalog, me->catalog);
        assert_int_equal(cold->default_user, FOLDED_USER);
        assert_int_equal(model_seen(cold, FOLDED_USER).n, 2);
        assert_true(pair_score(cold, users[0], 12) != pair_score(me, users[0], 12));
        struct catalog *catalog = NULL;
        GOOD(catalog_with_item(cold->catalog, (struct id){.is_int = true, .number = 1000}, NULL, &catalog, &err));
        GOOD(model_fold_in_item(cold, catalog, ITEMS, few, three, 3, &more, &err));
        catalog_unref(catalog);
        assert_true(isfinite(pair_score(more, FOLDED_USER, ITEMS)));
        assert_int_equal(model_seen(more, 9).items[model_seen(more, 9).n - 1], ITEMS);
        struct model *again = reopened(more, "build/tests/fold_in_item.reckon");
        assert_int_equal(again->catalog->n_added_items, 1);
        assert_int_equal(catalog_find_item(again->catalog, (struct id){.is_int = true, .number = 1000}), ITEMS);
        assert_true(same_scores(more, again));
        for (int32_t i = 0; i <= ITEMS; i++) assert_true(pair_score(more, FOLDED_USER, i) == pair_score(again, FOLDED_USER, i));
        struct model *all_of_them[] = {plain, me, cold, more, again};
        for (int m = 0; m < 5; m++) model_unref(all_of_them[m]);
        dataset_unref(all);
        dataset_unref(rest);
    }
    remove("build/tests/fold_in_item.reckon");
}

/* What was seen in the valid part and is rated now counts as rated, once. */
static void test_seen_in_valid(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.03, 5, true), 0.4, 0.2);
    struct model *model = fitted("bias", parts.train, "", 0, NULL);
    const struct events_view rows = rows_of(parts.valid);
    int64_t *counts = model_counts(model, EMBED_ITEMS);
    int n_checked = 0;
    for (int64_t r = 0; r < dataset_n(parts.valid); r++) {
        struct model *item = NULL;
        if (counts[rows.items[r]]) continue;
        GOOD(model_fold_in_item(model, model->catalog, rows.items[r], &rows.users[r], (const float[]){4}, 1, &item, &err));
        const struct seen_row seen = model_seen(item, rows.users[r]);
        int64_t times = 0;
        assert_int_equal(seen.n, model_seen(model, rows.users[r]).n);
        for (int64_t i = 0; i < seen.n; i++) {
            if (i) assert_true(seen.items[i - 1] < seen.items[i]);
            if (seen.items[i] == rows.items[r]) times++, assert_true(seen.ratings[i] == 4);
        }
        assert_int_equal(times, 1);
        n_checked++;
        model_unref(item);
    }
    assert_true(n_checked > 0);
    free(counts);
    model_unref(model);
    parts_release(&parts);
}

/* Rows that came by folding in are known as such, also after a second item and a file; a damaged list of them is refused. */
static void test_folded_rows(void **state) {
    (void)state;
    struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, true);
    int32_t users[USERS], few[] = {2, 9};
    float stars[USERS];
    int64_t n, n_rows = 0;
    struct dataset *rest = without(all, 12, true, users, stars, &n);
    struct model *plain = fitted("popular", rest, "", 0, NULL), *cold = NULL, *broken = NULL;
    GOOD(model_folded_rows(plain, all, &n_rows, &err));
    assert_int_equal(n_rows, 0);
    GOOD(model_fold_in_item(plain, plain->catalog, 12, users, stars, n - 3, &cold, &err));
    struct catalog *catalog = NULL;
    struct model *more = NULL;
    GOOD(catalog_with_item(cold->catalog, (struct id){.is_int = true, .number = 1000}, NULL, &catalog, &err));
    GOOD(model_fold_in_item(cold, catalog, ITEMS, few, stars, 2, &more, &err));
    catalog_unref(catalog);
    struct model *again = reopened(more, "build/tests/fold_in_rows.reckon");
    assert_int_equal(more->n_folded_items, 2);
    GOOD(model_folded_rows(again, all, &n_rows, &err));
    assert_int_equal(n_rows, n - 3);
    GOOD(model_folded_rows(again, rest, &n_rows, &err));
    assert_int_equal(n_rows, 0);
    more->folded_items[1] = ITEMS + 1;
    GOOD(model_save(more, "build/tests/fold_in_rows.reckon", &err));
    BAD(model_open("build/tests/fold_in_rows.reckon", &broken, &err), ERR_DATA, "the section `folded/items` of the file is damaged");
    struct model *all_of_them[] = {plain, cold, more, again};
    for (int m = 0; m < 4; m++) model_unref(all_of_them[m]);
    dataset_unref(all);
    dataset_unref(rest);
    remove("build/tests/fold_in_rows.reckon");
}

/* --- what is refused --- */

static void test_refusals(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true), *views = planted_data(USERS, ITEMS, 0.3, 5, false);
    struct model *model = fitted("als", data, "factors=4", 2, NULL), *ials = fitted("ials", views, "factors=4", 2, NULL), *out = NULL;
    struct catalog *catalog = NULL;
    const int32_t twice[] = {4, 4};
    const float good[] = {3, 3}, bad[] = {9, -1};
    BAD(model_fold_in_item(model, model->catalog, 5, twice, good, 1, &out, &err), ERR_VALUE, "`als` knows 6 already, from ");
    GOOD(catalog_with_item(model->catalog, (struct id){.is_int = true, .number = 99}, NULL, &catalog, &err));
    BAD(model_fold_in_item(model, catalog, ITEMS, twice, good, 2, &out, &err), ERR_VALUE, "user 5 is given twice");
    BAD(model_fold_in_item(model, catalog, ITEMS, twice, bad, 1, &out, &err), ERR_VALUE, "a rating of 9 is outside the scale of `als`");
    BAD(model_fold_in_item(ials, catalog, ITEMS, twice, bad + 1, 1, &out, &err), ERR_VALUE, "a weight of -1");
    catalog_unref(catalog);
    struct model *slist = fitted("slist", views, "", 0, NULL);
    sequences_release(&((struct item_linear *)slist->state)->order); /* as a file of before new items leaves it */
    ((struct item_linear *)slist->state)->keeps_order = false;
    GOOD(catalog_with_item(slist->catalog, (struct id){.is_int = true, .number = 99}, NULL, &catalog, &err));
    BAD(model_fold_in_item(slist, catalog, ITEMS, twice, good, 1, &out, &err), ERR_DATA, "`slist` came from a file that lacks the order of events");
    catalog_unref(catalog);
    model_unref(slist);
    int32_t users[USERS];
    float stars[USERS];
    int64_t n;
    struct dataset *rest = without(views, LAST, true, users, stars, &n);
    struct model *ease = fitted("ease", views, "reg=1e-5", 0, NULL);
    GOOD(catalog_with_item(ease->catalog, (struct id){.is_int = true, .number = 99}, NULL, &catalog, &err));
    BAD(model_fold_in_item(ease, catalog, ITEMS, users, stars, n, &out, &err), ERR_NUMERIC, "float32 can't tell the new item from a sum of others");
    catalog_unref(catalog);
    model_unref(ease);
    dataset_unref(rest);
    model_unref(model);
    model_unref(ials);
    dataset_unref(data);
    dataset_unref(views);
}

/* Every kind stops when its cell is interrupted, and leaves the model as it was. */
static void test_interrupted(void **state) {
    (void)state;
    struct task *task = task_new(NULL);
    for (int k = 0; k < N_EVERY; k++) {
        struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, wants_stars(k));
        struct model *model = fitted(every[k].kind, all, every[k].params, 0, NULL), *out = NULL;
        struct catalog *catalog = NULL;
        GOOD(catalog_with_item(model->catalog, (struct id){.is_int = true, .number = 99}, NULL, &catalog, &err));
        task_enter(task);
        task_cancel(task);
        BAD(model_fold_in_item(model, catalog, ITEMS, (const int32_t[]){1, 4}, (const float[]){1, 2}, 2, &out, &err), ERR_INTERRUPTED, "interrupted");
        task_enter(NULL);
        catalog_unref(catalog);
        model_unref(model);
        dataset_unref(all);
    }
    task_free(task);
}

/* ease passes over its inverse twice, each time with a safe point a row; what is interrupted at any of them leaves nothing behind. */
static void test_safe_points(void **state) {
    (void)state;
    struct dataset *all = planted_data(USERS, ITEMS, 0.3, 5, false);
    struct model *model = fitted("ease", all, "", 0, NULL), *out = NULL;
    struct catalog *catalog = NULL;
    struct task *task = task_new(NULL);
    struct error why = ERROR_INIT;
    enum status status = ERR_INTERRUPTED;
    long n = 0;
    GOOD(catalog_with_item(model->catalog, (struct id){.is_int = true, .number = 99}, NULL, &catalog, &err));
    task_enter(task);
    while (status == ERR_INTERRUPTED) {
        task_interrupt_after(++n);
        status = model_fold_in_item(model, catalog, ITEMS, (const int32_t[]){1, 4}, (const float[]){1, 2}, 2, &out, &why);
    }
    task_interrupt_after(0);
    task_enter(NULL);
    assert_int_equal(status, OK);
    assert_true(n > 2 * ITEMS);
    catalog_unref(catalog);
    model_unref(out);
    model_unref(model);
    dataset_unref(all);
    task_free(task);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_if_fitted),
        cmocka_unit_test(test_factors),
        cmocka_unit_test(test_projection_and_biases),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_not_against_itself),
        cmocka_unit_test(test_known_then_new),
        cmocka_unit_test(test_seen_in_valid),
        cmocka_unit_test(test_folded_rows),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_safe_points),
    };
    return cmocka_run_group_tests_name("fold_in of items", tests, NULL, NULL);
}
