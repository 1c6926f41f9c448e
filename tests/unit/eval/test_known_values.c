/* Scorers whose values are known in closed form: one that gives every rank equally often, a random one, popularity. */
#include "models/eval/evaluate.h"
#include "models/eval/outside.h"
#include "tests/unit/models/fixture.h"

enum { CANDIDATES = 100 };

static double mean_of(const struct model *model, struct dataset *judged, const char *text, struct protocol protocol) {
    struct metric metric;
    double mean;
    GOOD(metric_parse(text, 0, &metric, &err));
    GOOD(evaluate_one(model, judged, &metric, &protocol, NULL, &mean, &err));
    return mean;
}

/* Σ_{rank <= k} 1 / log2(rank + 1): over the number of candidates it is the NDCG of one relevant item at a random rank. */
static double discounts(int k) {
    double sum = 0;
    for (int rank = 1; rank <= k; rank++) sum += 1 / log2(rank + 1);
    return sum;
}

/* n_users × CANDIDATES scores; user u holds out item u % CANDIDATES. score(u, i) by the caller. */
struct contest {
    struct dataset *all, *judged;
    struct model *model;
};

static struct contest contest_of(int64_t n_users, double (*score)(int64_t user, int64_t item)) {
    struct contest contest;
    struct table *table = table_new(n_users * CANDIDATES);
    int64_t *users = table_add_ints(table, "user"), *items = table_add_ints(table, "item"), *rows = xnew_array(int64_t, (size_t)n_users);
    double *scores = table_add_floats(table, "score", -1);
    for (int64_t row = 0; row < table->n_rows; row++) {
        users[row] = row / CANDIDATES;
        items[row] = row % CANDIDATES;
        scores[row] = score(users[row], items[row]);
    }
    contest.all = data_of(users, items, NULL, table->n_rows);
    for (int64_t u = 0; u < n_users; u++) rows[u] = u * CANDIDATES + u % CANDIDATES;
    contest.judged = dataset_view(contest.all, rows, n_users, NULL, PART_NONE, "held out");
    GOOD(outside_model(NULL, table, "scores", contest.judged, &contest.model, &err));
    table_unref(table);
    return contest;
}

static void contest_release(struct contest *contest) {
    model_unref(contest->model);
    dataset_unref(contest->judged);
    dataset_unref(contest->all);
}

/* User u's held-out item has rank u / CANDIDATES % CANDIDATES; no two scores are equal. */
static double in_turn(int64_t user, int64_t item) {
    const int64_t held_out = user % CANDIDATES, rank = user / CANDIDATES % CANDIDATES, place = (item - held_out + CANDIDATES) % CANDIDATES;
    if (place == 0) return -(double)rank;
    return place <= rank ? -(double)(place - 1) : -(double)place;
}

static double at_random(int64_t user, int64_t item) {
    struct rng rng = rng_at(11, RNG_USER, (uint64_t)(user * CANDIDATES + item));
    return (float)rng_normal(&rng);
}

static void expect(const struct contest *contest, struct protocol protocol, double tolerance) {
    NEAR(mean_of(contest->model, contest->judged, "hit_rate@10", protocol), 0.10, tolerance);
    NEAR(mean_of(contest->model, contest->judged, "recall@20", protocol), 0.20, tolerance);
    NEAR(mean_of(contest->model, contest->judged, "ndcg@10", protocol), discounts(10) / CANDIDATES, tolerance);
    NEAR(mean_of(contest->model, contest->judged, "precision@10", protocol), 0.01, tolerance);
    NEAR(mean_of(contest->model, contest->judged, "mrr@3", protocol), (1 + 1.0 / 2 + 1.0 / 3) / CANDIDATES, tolerance);
    NEAR(mean_of(contest->model, contest->judged, "auc", protocol), 0.5, tolerance);
}

static void test_every_rank_once(void **state) {
    (void)state;
    NEAR(discounts(10) / CANDIDATES, 0.0454, 5e-5);
    struct contest contest = contest_of(CANDIDATES * CANDIDATES, in_turn);
    expect(&contest, (struct protocol){0}, 1e-12);
    expect(&contest, (struct protocol){.sampled = true, .negatives = 99, .seed = 1}, 1e-12);
    contest_release(&contest);
}

/* 5,000 users: a standard error of the hit rate is 0.0042; of the AUC, as wide as a uniform number, 0.0041. */
static void test_a_random_scorer(void **state) {
    (void)state;
    struct contest contest = contest_of(5000, at_random);
    expect(&contest, (struct protocol){0}, 4 * 0.0042);
    expect(&contest, (struct protocol){.sampled = true, .negatives = 99, .seed = 1}, 4 * 0.0042);
    const double sampled = mean_of(contest.model, contest.judged, "hit_rate@10", (struct protocol){.sampled = true, .negatives = 19, .seed = 1});
    NEAR(sampled, 0.5, 4 * sqrt(0.25 / 5000)); /* 10 of 20 */
    contest_release(&contest);
}

/* Item i was taken by ITEMS - i others each, and user u, who took nothing else, holds out item u % ITEMS: its rank is u % ITEMS for all, so that the
 * list's first k catch k of ITEMS; in the sampled protocol all others are drawn, and the same comes out. */
static void test_popularity(void **state) {
    (void)state;
    enum { ITEMS = 40, USERS = 3 * ITEMS, CROWD = ITEMS };
    int64_t users[CROWD * ITEMS + USERS], items[CROWD * ITEMS + USERS], n = 0, n_train;
    for (int64_t i = 0; i < ITEMS; i++)
        for (int64_t c = 0; c < ITEMS - i; c++) users[n] = 1000 + c, items[n++] = i;
    n_train = n;
    for (int64_t u = 0; u < USERS; u++) users[n] = u, items[n++] = u % ITEMS;
    struct dataset *all = data_of(users, items, NULL, n);
    int64_t *rows = xnew_array(int64_t, (size_t)n_train), *held_out = xnew_array(int64_t, USERS);
    for (int64_t i = 0; i < n_train; i++) rows[i] = i;
    for (int64_t u = 0; u < USERS; u++) held_out[u] = n_train + u;
    struct dataset *train = dataset_view(all, rows, n_train, NULL, PART_NONE, "train");
    struct dataset *judged = dataset_view(all, held_out, USERS, NULL, PART_NONE, "held out");
    struct model *model = fitted("popular", train, "", 0, NULL);
    const struct protocol protocols[] = {{0}, {.sampled = true, .negatives = ITEMS, .seed = 1}};
    for (int p = 0; p < 2; p++) {
        NEAR(mean_of(model, judged, "hit_rate@10", protocols[p]), 10.0 / ITEMS, 1e-12);
        NEAR(mean_of(model, judged, "ndcg@10", protocols[p]), discounts(10) / ITEMS, 1e-12);
        NEAR(mean_of(model, judged, "map@5", protocols[p]), (1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5) / ITEMS, 1e-12);
        NEAR(mean_of(model, judged, "auc", protocols[p]), 0.5, 1e-12);
    }
    model_unref(model);
    dataset_unref(judged);
    dataset_unref(train);
    dataset_unref(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_rank_once), cmocka_unit_test(test_a_random_scorer),
                                       cmocka_unit_test(test_popularity)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
