/* Every way to split, against its definition. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/data/splits.h"

/* --- by chance --- */

static void random_sizes(struct dataset *dataset) {
    const int64_t n = dataset_n(dataset);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.2, .seed = 3}, n);
    assert_int_equal(made.n[TEST], nearest(0.2, n));
    assert_int_equal(made.n[VALID] + made.n[TEST], nearest(0.4, n));
    assert_int_equal(made.n[TRAIN] + made.n[VALID] + made.n[TEST], n);
    made_free(&made);
}

static void random_split(void **state) {
    (void)state;
    on_each(random_sizes);
}

/* A fifth of a random split's rows falls on every fifth of the source: a cut of the file would not. */
static void random_split_is_spread(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(300, 200, 0.1, 1);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .seed = 1}, 6000);
    for (int fifth = 0; fifth < 5; fifth++) {
        int n = 0;
        for (int64_t i = 0; i < 1200; i++) n += made.part_of[fifth * 1200 + i] == TEST;
        assert_in_range(n, 240 - 60, 240 + 60); /* 4.3 standard deviations */
    }
    made_free(&made);
    dataset_unref(dataset);
}

static void check_keys(struct dataset *dataset, bool by_user, double test, double valid) {
    const int64_t n = dataset_n(dataset), n_keys = by_user ? dataset_n_users(dataset) : dataset_n_items(dataset);
    const struct split_request request = {.by = by_user ? SPLIT_PER_USER : SPLIT_PER_ITEM, .test = test, .valid = valid, .seed = 9};
    struct made made = make(dataset, request, n);
    int64_t(*counts)[4] = calloc((size_t)n_keys, sizeof *counts);
    for (int64_t i = 0; i < n; i++) {
        const struct event event = dataset_event(dataset, i);
        counts[by_user ? event.user : event.item][made.part_of[i]]++;
    }
    for (int64_t k = 0; k < n_keys; k++) {
        const int64_t all = counts[k][TRAIN] + counts[k][VALID] + counts[k][TEST];
        assert_int_equal(counts[k][NOWHERE], 0);
        assert_true(counts[k][TRAIN] >= 1);
        if (nearest(test + valid, all) < all) {
            assert_int_equal(counts[k][TEST], nearest(test, all));
            assert_int_equal(counts[k][TEST] + counts[k][VALID], nearest(test + valid, all));
        } else {
            assert_int_equal(counts[k][TRAIN], 1);
        }
    }
    free(counts);
    made_free(&made);
}

static void key_shares(struct dataset *dataset) {
    for (int by_user = 0; by_user < 2; by_user++) {
        check_keys(dataset, by_user, 0.25, 0);
        check_keys(dataset, by_user, 0.2, 0.3);
        if (dataset_n(dataset) > 100) check_keys(dataset, by_user, 0.6, 0.39);
    }
}

static void per_user_and_per_item(void **state) {
    (void)state;
    on_each(key_shares);
}

/* --- by time --- */

static void check_time(struct dataset *dataset, double test, double valid) {
    const int64_t n = dataset_n(dataset);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_TIME, .test = test, .valid = valid}, n);
    int64_t last[3] = {INT64_MIN, INT64_MIN, INT64_MIN}, first[3] = {INT64_MAX, INT64_MAX, INT64_MAX}, earlier = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t time = dataset_event(dataset, i).time;
        const int p = made.part_of[i];
        assert_true(p <= TEST);
        if (time > last[p]) last[p] = time;
        if (time < first[p]) first[p] = time;
    }
    assert_true(last[TRAIN] < first[VALID] && last[TRAIN] < first[TEST]); /* no time on both sides */
    if (valid > 0) assert_true(last[VALID] < first[TEST]);
    /* The cut is where the shares say, moved later by no more than the rows of one time. */
    for (int64_t i = 0; i < n; i++) earlier += dataset_event(dataset, i).time < last[TRAIN];
    assert_true(earlier < n - nearest(test + valid, n) && made.n[TRAIN] >= n - nearest(test + valid, n));
    assert_true(made.n[TEST] <= nearest(test, n));
    made_free(&made);
}

static void global_time(void **state) {
    (void)state;
    struct dataset *made_up = synthetic(120, 80, 0.1, 5), *real = ml100k();
    check_time(made_up, 0.2, 0);
    check_time(made_up, 0.1, 0.15);
    if (real) {
        check_time(real, 0.2, 0);
        check_time(real, 0.1, 0.1);
    }
    dataset_unref(made_up);
    dataset_unref(real);
}

static void equal_times_stay_in_train(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 1, 3, 50}, {1, 2, 3, 20}, {2, 1, 3, 20}, {2, 3, 3, 20}, {3, 1, 3, 10}, {4, 4, 3, 50}};
    struct dataset *dataset = dataset_of_rows(rows, 6);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_TIME, .test = 0.67}, 6); /* the cut would fall between two of 20 */
    static const unsigned char expected[] = {TEST, TRAIN, TRAIN, TRAIN, TRAIN, TEST};
    assert_memory_equal(made.part_of, expected, 6);
    assert_string_equal(made.note, "50.0 % of the 2 test rows are of a user or item that train doesn't have (new users 50.0 %, new items 50.0 %)");
    made_free(&made);
    dataset_unref(dataset);
}

/* The number of each user's rows, and how many are later than a row of this user. */
static int64_t n_later(struct dataset *dataset, const struct event *event, int64_t *out_all) {
    int64_t n = 0;
    *out_all = 0;
    for (int64_t i = 0; i < dataset_n(dataset); i++) {
        const struct event other = dataset_event(dataset, i);
        if (other.user != event->user) continue;
        ++*out_all;
        n += later(&other, event);
    }
    return n;
}

/* A row's part by its place from the end among its user's rows, in the definition's own words. */
static int by_place(const struct split_request *request, int64_t from_end, int64_t all) {
    if (request->by == SPLIT_LEAVE_ONE_OUT) {
        if (from_end == 0 && all >= 2) return TEST;
        return from_end == 1 && all >= 3 && request->valid > 0 ? VALID : TRAIN;
    }
    const int64_t n_test = nearest(request->test, all), n_both = nearest(request->test + request->valid, all);
    if (from_end == all - 1) return TRAIN; /* at least one */
    return from_end < n_test ? TEST : from_end < n_both ? VALID : TRAIN;
}

static void check_places(struct dataset *dataset, struct split_request request, int64_t step) {
    const int64_t n = dataset_n(dataset);
    struct made made = make(dataset, request, n);
    for (int64_t i = 0; i < n; i += step) {
        const struct event event = dataset_event(dataset, i);
        int64_t all, from_end = n_later(dataset, &event, &all);
        assert_int_equal(made.part_of[i], by_place(&request, from_end, all));
    }
    made_free(&made);
}

static void last_rows(struct dataset *dataset) {
    const int64_t step = dataset_n(dataset) > 10000 ? 199 : 1; /* the check is quadratic */
    check_places(dataset, (struct split_request){.by = SPLIT_LEAVE_ONE_OUT}, step);
    check_places(dataset, (struct split_request){.by = SPLIT_LEAVE_ONE_OUT, .valid = 0.5}, step);
    if (!dataset_has_times(dataset)) return;
    check_places(dataset, (struct split_request){.by = SPLIT_USER_TIME, .test = 0.2}, step);
    check_places(dataset, (struct split_request){.by = SPLIT_USER_TIME, .test = 0.3, .valid = 0.2}, step);
    check_places(dataset, (struct split_request){.by = SPLIT_USER_TIME, .test = 0.6, .valid = 0.39}, step);
}

static void leave_one_out_and_user_time(void **state) {
    (void)state;
    on_each(last_rows);
}

static void later_row_is_later_at_equal_times(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 5, 3, 70}, {1, 4, 3, 90}, {1, 9, 3, 90}, {1, 2, 3, 80}, {2, 4, 3, 70}, {2, 9, 3, 70}, {3, 2, 3, 99}};
    struct dataset *dataset = dataset_of_rows(rows, 7);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_LEAVE_ONE_OUT, .valid_last = true}, 7);
    static const unsigned char expected[] = {TRAIN, VALID, TEST, TRAIN, TRAIN, TEST, TRAIN}; /* user 2 has one left in train, user 3 none to give */
    assert_memory_equal(made.part_of, expected, 7);
    assert_null(made.note);
    made_free(&made);
    dataset_unref(dataset);
}

static void without_times_the_files_order_counts(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 5, 3, 0}, {2, 4, 3, 0}, {1, 4, 3, 0}};
    struct dataset *dataset = dataset_of_rows(rows, 3);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_LEAVE_ONE_OUT}, 3);
    static const unsigned char expected[] = {TRAIN, TRAIN, TEST};
    assert_memory_equal(made.part_of, expected, 3);
    assert_string_equal(made.note, "`tiny` has no times: the last row of each user in the file's order is left out");
    made_free(&made);
    dataset_unref(dataset);
}

/* valid="last": of what another way leaves in train, each user's last. */
static void check_valid_last(struct dataset *dataset) {
    const int64_t n = dataset_n(dataset);
    struct made plain = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .seed = 4}, n);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .seed = 4, .valid_last = true}, n);
    struct event *lasts = calloc((size_t)dataset_n_users(dataset), sizeof *lasts);
    int64_t *counts = calloc((size_t)dataset_n_users(dataset), sizeof *counts);
    for (int64_t i = 0; i < n; i++) {
        const struct event event = dataset_event(dataset, i);
        if (plain.part_of[i] == TRAIN && (counts[event.user]++ == 0 || later(&event, &lasts[event.user]))) lasts[event.user] = event;
    }
    for (int64_t i = 0; i < n; i++) {
        const int32_t user = dataset_event(dataset, i).user;
        const bool is_last = plain.part_of[i] == TRAIN && counts[user] >= 2 && lasts[user].row == i;
        assert_int_equal(made.part_of[i], is_last ? VALID : plain.part_of[i]);
    }
    free(lasts);
    free(counts);
    made_free(&plain);
    made_free(&made);
}

static void valid_last(void **state) {
    (void)state;
    on_each(check_valid_last);
}

/* --- whole users and items --- */

static void check_users(struct dataset *dataset, int64_t given) {
    const int64_t n = dataset_n(dataset), n_users = dataset_n_users(dataset);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_USER, .test = 0.3, .seed = 2, .given = given}, n);
    int64_t(*counts)[4] = calloc((size_t)n_users, sizeof *counts), n_held = 0, n_short = 0;
    for (int64_t i = 0; i < n; i++) counts[dataset_event(dataset, i).user][made.part_of[i]]++;
    for (int64_t u = 0; u < n_users; u++) {
        if (counts[u][TEST]) assert_int_equal(counts[u][TRAIN], given);
        n_held += counts[u][TEST] > 0;
        n_short += counts[u][TRAIN] + counts[u][TEST] <= given; /* can't be told from users of train */
    }
    assert_true(n_held <= nearest(0.3, n_users) && n_held + n_short >= nearest(0.3, n_users));
    free(counts);
    made_free(&made);
}

static void whole_users(struct dataset *dataset) {
    check_users(dataset, 0);
    if (dataset_n(dataset) < 100) return;
    check_users(dataset, 1);
    check_users(dataset, 5);
}

static void users_with_given(void **state) {
    (void)state;
    on_each(whole_users);
    struct dataset *dataset = synthetic(60, 50, 0.2, 8);
    struct made one = make(dataset, (struct split_request){.by = SPLIT_USER, .test = 0.3, .seed = 2, .given = 1}, 600);
    struct made three = make(dataset, (struct split_request){.by = SPLIT_USER, .test = 0.3, .seed = 2, .given = 3}, 600);
    for (int64_t i = 0; i < 600; i++) /* what is given with 1 is given with 3 */
        if (one.part_of[i] == TRAIN) assert_int_equal(three.part_of[i], TRAIN);
    made_free(&one);
    made_free(&three);
    dataset_unref(dataset);
}

static void check_cold_items(struct dataset *dataset) {
    const int64_t n = dataset_n(dataset), n_items = dataset_n_items(dataset);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_COLD_ITEM, .test = 0.34, .seed = 2}, n);
    int64_t(*counts)[4] = calloc((size_t)n_items, sizeof *counts), n_cold = 0;
    for (int64_t i = 0; i < n; i++) counts[dataset_event(dataset, i).item][made.part_of[i]]++;
    for (int64_t i = 0; i < n_items; i++) {
        assert_true(!counts[i][TRAIN] || !counts[i][TEST]);
        n_cold += counts[i][TEST] > 0;
    }
    assert_int_equal(n_cold, nearest(0.34, n_items));
    free(counts);
    made_free(&made);
}

static void cold_items(void **state) {
    (void)state;
    on_each(check_cold_items);
}

/* --- published --- */

/* user * 10000 + item of each line of a file of MovieLens 100K, ascending. */
static int64_t *file_pairs(const char *name, int64_t *out_n) {
    char *folder = ml100k_folder(), *path = path_join(folder, name);
    FILE *file = fopen(path, "r");
    int64_t *pairs = calloc(100000, sizeof *pairs), n = 0;
    int user, item;
    assert_non_null(file);
    while (fscanf(file, "%d %d %*d %*d", &user, &item) == 2) pairs[n++] = user * 10000 + item;
    fclose(file);
    free(folder);
    free(path);
    *out_n = n;
    return pairs;
}

static int compare_pairs(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The same pairs as the file, each once. */
static void assert_file(const struct dataset *part, const char *fold, const char *ending) {
    const struct catalog *catalog = dataset_catalog(part);
    char name[16];
    int64_t n, n_part = dataset_n(part), *mine = calloc((size_t)n_part, sizeof *mine);
    snprintf(name, sizeof name, "%s.%s", fold, ending);
    int64_t *pairs = file_pairs(name, &n);
    assert_int_equal(n_part, n);
    for (int64_t i = 0; i < n; i++) {
        const struct event event = dataset_event(part, i);
        mine[i] = catalog->user_ids_int[event.user] * 10000 + catalog->item_ids_int[event.item];
    }
    qsort(mine, (size_t)n, sizeof *mine, compare_pairs);
    qsort(pairs, (size_t)n, sizeof *pairs, compare_pairs);
    assert_memory_equal(mine, pairs, (size_t)n * sizeof *mine);
    free(mine);
    free(pairs);
}

static void published_folds(void **state) {
    (void)state;
    struct dataset *dataset = ml100k();
    const char *const *folds;
    if (!dataset) skip();
    assert_int_equal(split_published(dataset, &folds), 7);
    for (int i = 0; i < 7; i++) {
        struct made made = make(dataset, (struct split_request){.by = SPLIT_PUBLISHED, .fold = folds[i]}, 100000);
        assert_file(made.parts[TRAIN], folds[i], "base");
        assert_file(made.parts[TEST], folds[i], "test");
        made_free(&made);
    }
    dataset_unref(dataset);
}

/* The folds for cross-validation: every row is in one of their test parts. */
static void published_partition(void **state) {
    (void)state;
    struct dataset *dataset = ml100k();
    const char *const *folds;
    if (!dataset) skip();
    unsigned char *tested = calloc(100000, 1);
    const size_t n = split_published_partition(dataset, &folds);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        struct made made = make(dataset, (struct split_request){.by = SPLIT_PUBLISHED, .fold = folds[i]}, 100000);
        for (int64_t r = 0; r < 100000; r++) tested[r] += made.part_of[r] == TEST;
        made_free(&made);
    }
    for (int64_t r = 0; r < 100000; r++) assert_int_equal(tested[r], 1);
    free(tested);
    dataset_unref(dataset);
}

/* A valid share of a published fold comes out of train; its test stays as published. */
static void published_with_valid(void **state) {
    (void)state;
    struct dataset *dataset = ml100k();
    if (!dataset) skip();
    struct made share = make(dataset, (struct split_request){.by = SPLIT_PUBLISHED, .fold = "u1", .valid = 0.1, .seed = 1}, 100000);
    assert_file(share.parts[TEST], "u1", "test");
    assert_int_equal(share.n[VALID], 8000);
    assert_int_equal(share.n[TRAIN], 72000);
    struct made last = make(dataset, (struct split_request){.by = SPLIT_PUBLISHED, .fold = "ua", .valid_last = true}, 100000);
    assert_file(last.parts[TEST], "ua", "test");
    assert_int_equal(last.n[VALID], 943); /* every user has more than one row in ua.base */
    made_free(&share);
    made_free(&last);
    dataset_unref(dataset);
}

/* --- folds --- */

static void check_folds(struct dataset *dataset, int64_t k) {
    const int64_t n = dataset_n(dataset);
    unsigned char *tested = calloc((size_t)n, 1);
    for (int64_t i = 0; i < k; i++) {
        struct made made = {.part_of = malloc((size_t)n)};
        struct error err = ERROR_INIT;
        memset(made.part_of, NOWHERE, (size_t)n);
        assert_int_equal(split_fold(NULL, dataset, k, i, 6, &made.parts[TRAIN], &made.parts[TEST], &err), OK);
        mark(&made, TRAIN);
        mark(&made, TEST);
        assert_int_equal(made.n[TRAIN] + made.n[TEST], n);
        assert_int_equal(made.n[TEST], n / k + (i < n % k));
        for (int64_t r = 0; r < n; r++) tested[r] += made.part_of[r] == TEST;
        made_free(&made);
    }
    for (int64_t r = 0; r < n; r++) assert_int_equal(tested[r], 1); /* every row in one test part */
    free(tested);
}

static void folds_of(struct dataset *dataset) {
    check_folds(dataset, 2);
    check_folds(dataset, 5);
}

static void folds_partition(void **state) {
    (void)state;
    on_each(folds_of);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_split),
        cmocka_unit_test(random_split_is_spread),
        cmocka_unit_test(per_user_and_per_item),
        cmocka_unit_test(global_time),
        cmocka_unit_test(equal_times_stay_in_train),
        cmocka_unit_test(leave_one_out_and_user_time),
        cmocka_unit_test(later_row_is_later_at_equal_times),
        cmocka_unit_test(without_times_the_files_order_counts),
        cmocka_unit_test(valid_last),
        cmocka_unit_test(users_with_given),
        cmocka_unit_test(cold_items),
        cmocka_unit_test(published_folds),
        cmocka_unit_test(published_partition),
        cmocka_unit_test(published_with_valid),
        cmocka_unit_test(folds_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
