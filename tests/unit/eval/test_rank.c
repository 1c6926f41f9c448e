/* Ranking metrics against plain counting: every item sorted, every pair compared; who is masked, left out, drawn. */
#include "models/eval/rank.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 40, ITEMS = 60 };

static struct metric metric_of(const char *text) {
    struct metric metric;
    GOOD(metric_parse(text, 0, &metric, &err));
    return metric;
}

static struct ranked rank(const struct model *model, struct dataset *judged, const char *text, struct protocol protocol) {
    const struct metric metric = metric_of(text);
    const struct rank_request request = {.model = model, .judged = judged, .metrics = &metric, .n_metrics = 1, .protocol = protocol};
    struct ranked ranked = {0};
    GOOD(rank_users(&request, &ranked, &err));
    return ranked;
}

static double mean_of(const struct model *model, struct dataset *judged, const char *text, struct protocol protocol) {
    const struct metric metric = metric_of(text);
    struct ranked ranked = rank(model, judged, text, protocol);
    const double mean = ranked_mean(&ranked, 0, &metric);
    ranked_release(&ranked);
    return mean;
}

static bool in_part(struct dataset *part, int64_t user, int64_t item) {
    const struct events_view rows = rows_of(part);
    for (int64_t r = 0; r < dataset_n(part); r++)
        if (rows.users[r] == user && rows.items[r] == item) return true;
    return false;
}

/* Candidates before the item: with a higher score, or as high and at a lower position. */
static int64_t plain_rank(const struct model *model, struct dataset *train, struct dataset *valid, int64_t user, int64_t item) {
    const float own = pair_score(model, (int32_t)user, (int32_t)item);
    int64_t before = 0;
    for (int64_t i = 0; i < dataset_n_items(train); i++) {
        if (i == item || in_part(train, user, i) || (valid && in_part(valid, user, i))) continue;
        const float score = pair_score(model, (int32_t)user, (int32_t)i);
        before += score > own || (score == own && i < item);
    }
    return before;
}

/* Recall at k, NDCG at k and AUC by definition. */
static void plain_values(const struct model *model, const struct parts *parts, int64_t k, double *recall, double *ndcg, double *auc) {
    int64_t n = 0;
    *recall = *ndcg = *auc = 0;
    for (int64_t u = 0; u < dataset_n_users(parts->train); u++) {
        double hits = 0, dcg = 0, ideal = 0, relevant = 0, ordered = 0, pairs = 0;
        for (int64_t i = 0; i < dataset_n_items(parts->train); i++) {
            if (!in_part(parts->test, u, i)) continue;
            const int64_t rank = plain_rank(model, parts->train, parts->valid, u, i);
            if (rank < k) hits++, dcg += 1 / log2((double)rank + 2);
            if (relevant < (double)k) ideal += 1 / log2(relevant + 2);
            relevant++;
            for (int64_t j = 0; j < dataset_n_items(parts->train); j++) {
                if (in_part(parts->train, u, j) || in_part(parts->valid, u, j) || in_part(parts->test, u, j)) continue;
                const float a = pair_score(model, (int32_t)u, (int32_t)i), b = pair_score(model, (int32_t)u, (int32_t)j);
                ordered += a > b ? 1 : a == b ? 0.5 : 0;
                pairs++;
            }
        }
        if (relevant == 0) continue;
        n++;
        *recall += hits / relevant;
        *ndcg += dcg / ideal;
        *auc += ordered / pairs;
    }
    *recall /= (double)n;
    *ndcg /= (double)n;
    *auc /= (double)n;
}

static void test_full(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    const char *const kinds[] = {"als", "popular", "bias"};
    for (int m = 0; m < 3; m++) {
        struct model *model = fitted(kinds[m], parts.train, "", m ? 0 : 3, NULL);
        double recall, ndcg, auc;
        plain_values(model, &parts, 5, &recall, &ndcg, &auc);
        NEAR(mean_of(model, parts.test, "recall@5", (struct protocol){0}), recall, 1e-12);
        NEAR(mean_of(model, parts.test, "ndcg@5", (struct protocol){0}), ndcg, 1e-12);
        NEAR(mean_of(model, parts.test, "auc", (struct protocol){0}), auc, 1e-3); /* block scores may round otherwise than pairs */
        model_unref(model);
    }
    parts_release(&parts);
}

/* Also where users × k is no number any more: 40 × 2^61 wraps to 0. */
static void test_lists_longer_than_the_catalog(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    NEAR(mean_of(model, parts.test, "recall@1000", (struct protocol){0}), 1, 0);
    NEAR(mean_of(model, parts.test, "recall@2305843009213693952", (struct protocol){0}), 1, 0);
    model_unref(model);
    parts_release(&parts);
}

/* What is seen decides who competes. */
static void test_masks(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    const double usual = mean_of(model, parts.test, "recall@10", (struct protocol){0});
    const double both = mean_of(model, parts.test, "recall@10", (struct protocol){.mask = PART_TRAIN | PART_VALID});
    const double train = mean_of(model, parts.test, "recall@10", (struct protocol){.mask = PART_TRAIN});
    const double nothing = mean_of(model, parts.test, "recall@10", (struct protocol){.mask = MASK_NOTHING});
    assert_true(usual == both);
    assert_true(train < usual && nothing < train);
    model_unref(model);
    parts_release(&parts);
}

/* Users of two rows each; popularity of items 1, 2, 3 is 3, 2, 1. */
static void test_who_counts(void **state) {
    (void)state;
    const int64_t users[] = {1, 1, 2, 2, 3, 3}, items[] = {1, 2, 1, 2, 1, 3};
    struct dataset *data = data_of(users, items, NULL, 6);
    const int64_t judged_users[] = {1, 1, 9, 2}, judged_items[] = {3, 1, 1, 77};
    struct dataset *judged = data_of(judged_users, judged_items, NULL, 4);
    struct model *model = fitted("popular", data, "", 0, NULL);
    struct ranked ranked = rank(model, judged, "recall@1", (struct protocol){0});
    /* User 1 has item 3 to find (1 was fitted on); user 2 an item that nobody knows; user 9 is unknown. */
    assert_int_equal(ranked.n_users, 2);
    assert_int_equal(ranked.n_left_out, 1);
    NEAR(ranked.values[0], 1, 0);
    NEAR(ranked.values[1], 0, 0);
    ranked_release(&ranked);
    model_unref(model);
    dataset_unref(judged);
    dataset_unref(data);
}

static void test_sampled(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(200, 300, 0.1, 5, true), 0, 0.1);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    const struct protocol ten = {.sampled = true, .negatives = 10, .seed = 1}, other = {.sampled = true, .negatives = 10, .seed = 2},
                          all = {.sampled = true, .negatives = 300, .seed = 1},
                          likely = {.sampled = true, .negatives = 10, .seed = 1, .sampler = SAMPLER_POPULARITY};
    const double value = mean_of(model, parts.test, "ndcg@5", ten);
    assert_true(value == mean_of(model, parts.test, "ndcg@5", ten));
    assert_true(value != mean_of(model, parts.test, "ndcg@5", other));
    assert_true(value > mean_of(model, parts.test, "ndcg@5", likely)); /* popular ones are harder to beat */
    assert_true(value > mean_of(model, parts.test, "ndcg@5", all));
    NEAR(mean_of(model, parts.test, "hit_rate@11", ten), 1, 0);
    NEAR(mean_of(model, parts.test, "gauc", ten), mean_of(model, parts.test, "gauc", all), 0.05);
    model_unref(model);
    parts_release(&parts);
}

/* The model knows an item and a user more, so every position of the judged data is another one of its own. Drawn are only items that the user has met
 * in no part, whoever's positions they are. */
static void test_drawn_for_another_catalog(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    const struct events_view rows = rows_of(parts.train);
    const int64_t n = dataset_n(parts.train);
    int64_t *users = xnew_array(int64_t, (size_t)n + 1), *items = xnew_array(int64_t, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) users[i] = rows.users[i] + 1, items[i] = rows.items[i] + 1;
    users[n] = items[n] = 0;
    struct dataset *wider = data_of(users, items, NULL, n + 1);
    struct model *model = fitted("popular", wider, "", 0, NULL);
    struct ranked ranked = rank(model, parts.test, "hit_rate@10", (struct protocol){.sampled = true, .negatives = 1000, .seed = 1});
    int64_t fewest = ITEMS, most = 0;
    for (int64_t u = 0; u < USERS; u++) {
        int64_t met = 0, held_out = 0;
        for (int64_t i = 0; i < ITEMS; i++) {
            const bool is_held_out = in_part(parts.test, u, i);
            met += is_held_out || in_part(parts.train, u, i) || in_part(parts.valid, u, i);
            held_out += is_held_out;
        }
        if (held_out == 0) continue;
        if (ITEMS + 1 - met < fewest) fewest = ITEMS + 1 - met;
        if (ITEMS + 1 - met > most) most = ITEMS + 1 - met;
    }
    assert_int_equal(ranked.fewest, fewest);
    assert_int_equal(ranked.most, most);
    ranked_release(&ranked);
    model_unref(model);
    dataset_unref(wider);
    parts_release(&parts);
    free(users);
    free(items);
}

/* Whoever asks for positions or seen rows can be interrupted. */
static void test_an_interrupt_ends_the_preparations(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    int32_t users[USERS], items[ITEMS];
    const int64_t *starts;
    const int32_t *seen;
    struct task *task = task_new(NULL);
    task_cancel(task);
    task_enter(task);
    BAD(catalog_map(dataset_catalog(parts.all), dataset_catalog(parts.test), users, items, &err), ERR_INTERRUPTED, "interrupted");
    BAD(dataset_seen(parts.test, 0, &starts, &seen, &err), ERR_INTERRUPTED, "interrupted");
    task_enter(NULL);
    task_free(task);
    GOOD(dataset_seen(parts.test, 0, &starts, &seen, &err));
    parts_release(&parts);
}

enum { NEGATIVES = 3 };

/* Gives the test rows negatives, as a publisher would; one row in seven has none. */
static void publish_negatives(const struct parts *parts) {
    struct split *split = (struct split *)(uintptr_t)dataset_split(parts->test);
    split->n_negatives = NEGATIVES;
    split->negatives = xnew_array(int32_t, (size_t)split->n_rows[2] * NEGATIVES);
    for (int64_t i = 0; i < split->n_rows[2] * NEGATIVES; i++)
        split->negatives[i] = i / NEGATIVES % 7 ? (int32_t)(i * 13 % dataset_n_items(parts->test)) : -1;
}

/* Mean over users of the mean over their test rows that have a competitor. */
static double plain_published_hits(const struct model *model, const struct parts *parts, int64_t k) {
    const struct events_view rows = rows_of(parts->test);
    const int32_t *negatives = dataset_split(parts->test)->negatives;
    double sum = 0, n_users = 0;
    for (int32_t u = 0; u < dataset_n_users(parts->test); u++) {
        double hits = 0, n = 0;
        for (int64_t r = 0; r < dataset_n(parts->test); r++) {
            int64_t before = 0, others = 0;
            for (int64_t j = r * NEGATIVES; rows.users[r] == u && j < (r + 1) * NEGATIVES; j++) {
                if (negatives[j] < 0 || negatives[j] == rows.items[r]) continue;
                before += pair_score(model, u, negatives[j]) >= pair_score(model, u, rows.items[r]);
                others++;
            }
            hits += others && before < k;
            n += others > 0;
        }
        sum += n > 0 ? hits / n : 0;
        n_users += n > 0;
    }
    return sum / n_users;
}

/* Rows of another part, and those that nobody competes with, don't count as won. */
static void test_published_negatives(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    struct dataset *both, *listed[] = {parts.valid, parts.test};
    const struct protocol published = {.sampled = true}, train_seen = {.sampled = true, .mask = PART_TRAIN};
    publish_negatives(&parts);
    const double expected = plain_published_hits(model, &parts, 2);
    assert_true(expected > 0.1 && expected < 0.9);
    NEAR(mean_of(model, parts.test, "hit_rate@2", published), expected, 1e-12);
    GOOD(dataset_concat(listed, 2, &both, &err));
    NEAR(mean_of(model, both, "hit_rate@2", train_seen), expected, 1e-12);
    dataset_unref(both);
    model_unref(model);
    parts_release(&parts);
}

/* A model whose scores are all alike gains nothing from it. */
static void test_ties(void **state) {
    (void)state;
    enum { N = 20 };
    int64_t users[2 * N], items[2 * N], held_out[N];
    for (int64_t i = 0; i < 2 * N; i++) users[i] = i / 2, items[i] = (i / 2 + i % 2) % N; /* two rows an item */
    for (int64_t i = 0; i < N; i++) held_out[i] = (i + 5) % N;
    struct dataset *data = data_of(users, items, NULL, 2 * N);
    for (int64_t i = 0; i < N; i++) users[i] = i;
    struct dataset *judged = data_of(users, held_out, NULL, N);
    struct model *model = fitted("popular", data, "", 0, NULL);
    const struct protocol five = {.sampled = true, .negatives = 5, .seed = 1};
    NEAR(mean_of(model, judged, "hit_rate@5", five), 0, 0);
    NEAR(mean_of(model, judged, "hit_rate@6", five), 1, 0);
    NEAR(mean_of(model, judged, "auc", five), 0.5, 0);
    NEAR(mean_of(model, judged, "auc", (struct protocol){0}), 0.5, 0);
    NEAR(mean_of(model, judged, "hit_rate@1", (struct protocol){0}), 1.0 / N,
         1e-12); /* only who holds out the first free position: user 15's item 0 */
    model_unref(model);
    dataset_unref(judged);
    dataset_unref(data);
}

static void test_errors(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0, 0.2);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    const struct metric metric = metric_of("ndcg@10");
    struct rank_request request = {.model = model, .judged = parts.test, .metrics = &metric, .n_metrics = 1, .protocol = {.sampled = true}};
    struct ranked ranked;
    BAD(rank_users(&request, &ranked, &err), ERR_VALUE, "has no published negatives");
    request.judged = parts.train;
    request.protocol = (struct protocol){.mask = PART_TRAIN};
    BAD(rank_users(&request, &ranked, &err), ERR_DATA, "has no user with an unseen item");
    model_unref(model);
    parts_release(&parts);
}

/* Drawing by popularity gives an error, whichever allocation has no memory. */
static void test_lack_of_memory(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0, 0.2);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    const struct metric metric = metric_of("ndcg@10");
    const struct rank_request request = {.model = model,
                                         .judged = parts.test,
                                         .metrics = &metric,
                                         .n_metrics = 1,
                                         .protocol = {.sampled = true, .negatives = 3, .seed = 1, .sampler = SAMPLER_POPULARITY}};
    enum status status = ERR_MEMORY;
    int failures = 0;
    for (long n = 1; n < 100 && status != OK; n++) {
        struct error err = ERROR_INIT;
        struct ranked ranked;
        mem_fail_after(n);
        status = rank_users(&request, &ranked, &err);
        mem_fail_after(0);
        if (status == OK) ranked_release(&ranked);
        else assert_int_equal(status, ERR_MEMORY);
        failures += status != OK && strstr(err.message, "rows of items");
    }
    assert_int_equal(status, OK);
    assert_int_equal(failures, 1); /* the sums that are drawn by */
    model_unref(model);
    parts_release(&parts);
}

struct line {
    double now_s;
    int reports;
    int64_t done;
};

static double a_second_later(void *ctx) { return ((struct line *)ctx)->now_s += 1; }

static void hear(void *ctx, const struct progress *progress) {
    struct line *line = ctx;
    line->reports += strcmp(progress->label, "sweep") == 0;
    line->done = progress->done;
}

/* Judging within a fit or a sweep has no line of its own, and doesn't count its users on theirs: "setting 942 of 8". */
static void test_progress_of_what_it_is_a_step_of(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    struct model *model = fitted("popular", parts.train, "", 0, NULL);
    const char *const metrics[] = {"ndcg@10", "auc"};
    for (int way = 0; way < 3; way++) {
        struct line line = {0};
        struct task *task = task_new(&(struct task_listener){.ctx = &line, .progress = hear, .now_s = a_second_later});
        const struct metric metric = metric_of(metrics[way % 2]);
        const struct protocol protocol = {.sampled = way == 2, .negatives = 9, .seed = 1};
        const struct rank_request request = {
            .model = model, .judged = parts.test, .metrics = &metric, .n_metrics = 1, .protocol = protocol, .task = task};
        struct ranked ranked;
        task_begin(task, "sweep", "setting", 8);
        task_report(task, 2, "%s", "");
        GOOD(rank_users(&request, &ranked, &err));
        task_end(task, false);
        assert_true(line.reports > 0);
        assert_int_equal(line.done, 2);
        ranked_release(&ranked);
        task_free(task);
    }
    model_unref(model);
    parts_release(&parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_lists_longer_than_the_catalog),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_who_counts),
        cmocka_unit_test(test_sampled),
        cmocka_unit_test(test_published_negatives),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_lack_of_memory),
        cmocka_unit_test(test_drawn_for_another_catalog),
        cmocka_unit_test(test_an_interrupt_ends_the_preparations),
        cmocka_unit_test(test_progress_of_what_it_is_a_step_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
