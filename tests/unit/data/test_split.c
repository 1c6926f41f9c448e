/* Every way to split, against its definition. Row numbers are indices into the source; part_of says where each row went.
 * Long, for every way is held to the same checks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/monitor.h"
#include "runtime/data/split_ways.h"
#include "tests/unit/data/sources.h"

enum { TRAIN, VALID, TEST, NOWHERE };

/* A split as made: its parts, and each source row's part. */
struct made {
    struct dataset *parts[3];
    char *note;
    unsigned char *part_of; /* n of the source */
    int64_t n[3];
};

static void mark(struct made *made, int part) {
    int64_t last = -1;
    made->n[part] = made->parts[part] ? dataset_n(made->parts[part]) : 0;
    for (int64_t i = 0; i < made->n[part]; i++) {
        const struct event event = dataset_event(made->parts[part], i);
        assert_true(event.row > last); /* in the source's order, none twice */
        assert_int_equal(made->part_of[event.row], NOWHERE);
        made->part_of[event.row] = (unsigned char)part;
        last = event.row;
    }
}

/* Splits, checks that no row is in two parts, that a part is there when it was asked for and that it is not empty. */
static struct made make(struct dataset *dataset, struct split_request request, int64_t n_source) {
    struct made made = {0};
    struct error err = ERROR_INIT;
    const enum status status = split_dataset(NULL, dataset, &request, &made.parts[TRAIN], &made.parts[VALID], &made.parts[TEST], &made.note, &err);
    if (status != OK) print_error("%s\n", err.message);
    assert_int_equal(status, OK);
    made.part_of = malloc((size_t)n_source);
    memset(made.part_of, NOWHERE, (size_t)n_source);
    for (int p = TRAIN; p <= TEST; p++) mark(&made, p);
    assert_int_equal(made.parts[VALID] != NULL, request.valid_last || request.valid > 0);
    assert_true(made.n[TRAIN] > 0 && made.n[TEST] > 0);
    return made;
}

static void made_free(struct made *made) {
    for (int p = 0; p < 3; p++) dataset_unref(made->parts[p]);
    free(made->note);
    free(made->part_of);
}

static int64_t nearest(double share, int64_t n) { return (int64_t)(share * (double)n + 0.5); }

static bool later(const struct event *a, const struct event *b) { return a->time != b->time ? a->time > b->time : a->row > b->row; }

/* The data sets on which a way must hold: made up, MovieLens 100K where it is, without times. */
static void on_each(void (*check)(struct dataset *dataset)) {
    static const struct row untimed[] = {{1, 1, 3, 0}, {1, 2, 4, 0}, {2, 1, 5, 0}, {1, 3, 1, 0}, {2, 2, 2, 0}, {3, 3, 3, 0}, {2, 3, 1, 0}};
    struct dataset *datasets[] = {synthetic(120, 80, 0.1, 5), ml100k(), dataset_of_rows(untimed, 7)};
    for (size_t i = 0; i < 3; i++) {
        if (!datasets[i]) continue;
        check(datasets[i]);
        dataset_unref(datasets[i]);
    }
}

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

/* --- the same everywhere --- */

static void fingerprints(struct dataset *dataset, struct split_request request, char out[3][17]) {
    struct made made = make(dataset, request, dataset_n(dataset));
    memset(out, 0, 3 * 17);
    for (int p = TRAIN; p <= TEST; p++)
        if (made.parts[p]) memcpy(out[p], dataset_fingerprint(made.parts[p]), 17);
    made_free(&made);
}

static const struct split_request seeded[] = {{.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1, .seed = 42},
                                              {.by = SPLIT_PER_USER, .test = 0.2, .seed = 42},
                                              {.by = SPLIT_PER_ITEM, .test = 0.2, .seed = 42},
                                              {.by = SPLIT_USER, .test = 0.2, .given = 2, .seed = 42},
                                              {.by = SPLIT_COLD_ITEM, .test = 0.2, .seed = 42}};
#define N_SEEDED (sizeof seeded / sizeof *seeded)

static void seeds_decide(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(120, 80, 0.1, 5);
    for (size_t i = 0; i < N_SEEDED; i++) {
        struct split_request other = seeded[i];
        char first[3][17], again[3][17], different[3][17];
        other.seed = 43;
        fingerprints(dataset, seeded[i], first);
        fingerprints(dataset, seeded[i], again);
        fingerprints(dataset, other, different);
        assert_memory_equal(first, again, sizeof first);
        assert_string_not_equal(first[TEST], different[TEST]);
    }
    dataset_unref(dataset);
}

/* A change of these is a change of every published result: never by the way. */
static void test_parts_are_pinned(void **state) {
    (void)state;
    static const char *const pinned[N_SEEDED] = {"2134efca36610edd", "984185c7cb76773a", "e90cc1eba5987d38", "fce352d63697573a", "b624d8fe5048ee3f"};
    struct dataset *dataset = synthetic(120, 80, 0.1, 5);
    for (size_t i = 0; i < N_SEEDED; i++) {
        char found[3][17];
        fingerprints(dataset, seeded[i], found);
        assert_string_equal(found[TEST], pinned[i]);
    }
    dataset_unref(dataset);
}

struct side_by_side {
    struct dataset *dataset;
    char found[N_SEEDED][3][17];
};

static void split_all(void *ctx) {
    struct side_by_side *side = ctx;
    for (size_t i = 0; i < N_SEEDED; i++) fingerprints(side->dataset, seeded[i], side->found[i]);
}

static void threads_side_by_side(void **state) {
    (void)state;
    struct side_by_side sides[4], alone = {.dataset = synthetic(120, 80, 0.1, 5)};
    struct own_thread *threads[4];
    for (int t = 0; t < 4; t++) sides[t].dataset = alone.dataset;
    for (int t = 0; t < 4; t++) threads[t] = own_thread_start("split", 1 << 20, split_all, &sides[t]);
    for (int t = 0; t < 4; t++) assert_true(own_thread_join(threads[t], 60));
    split_all(&alone);
    for (int t = 0; t < 4; t++) assert_memory_equal(sides[t].found, alone.found, sizeof alone.found);
    dataset_unref(alone.dataset);
}

/* --- what parts know of each other --- */

static void siblings_and_overlap(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(120, 80, 0.1, 5), *sibling = NULL, *joined = NULL;
    struct made made = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1, .seed = 1}, 960);
    struct error err = ERROR_INIT;
    assert_string_equal(dataset_split(made.parts[TEST])->description, "random, test 0.2, valid 0.1, seed 1");
    assert_int_equal(dataset_part(made.parts[VALID]), PART_VALID);
    assert_int_equal(dataset_sibling(made.parts[TEST], PART_TRAIN, &sibling, &err), OK);
    assert_string_equal(dataset_fingerprint(sibling), dataset_fingerprint(made.parts[TRAIN]));
    assert_int_equal(dataset_overlap(made.parts[TRAIN], made.parts[TEST]), 0);
    assert_int_equal(dataset_overlap(dataset, made.parts[TEST]), 192);
    assert_int_equal(dataset_concat((struct dataset *[]){made.parts[TRAIN], made.parts[VALID]}, 2, &joined, &err), OK);
    assert_int_equal(dataset_part(joined), PART_TRAIN | PART_VALID);
    assert_int_equal(dataset_n(joined), 768);
    assert_int_equal(dataset_overlap(joined, made.parts[TEST]), 0);
    assert_int_equal(dataset_overlap(joined, made.parts[VALID]), 96);
    dataset_unref(joined);
    dataset_unref(sibling);
    made_free(&made);
    dataset_unref(dataset);
}

static void no_such_sibling(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(120, 80, 0.1, 5), *sibling = NULL;
    struct made made = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .seed = 1}, 960);
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_sibling(made.parts[TRAIN], PART_VALID, &sibling, &err), ERR_VALUE);
    assert_null(sibling);
    made_free(&made);
    dataset_unref(dataset);
}

/* Seen at test time: the user's rows of train and valid, at validation time of train, by mask what one asks for. */
static void check_seen(struct made *made, int part, int mask, int expected) {
    const int64_t *starts, n_users = dataset_n_users(made->parts[TRAIN]);
    const int32_t *items;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_seen(made->parts[part], mask, &starts, &items, &err), OK);
    int64_t n = 0;
    for (int p = TRAIN; p <= TEST; p++) {
        if (!(expected >> p & 1)) continue;
        for (int64_t i = 0; i < made->n[p]; i++) {
            const struct event event = dataset_event(made->parts[p], i);
            bool found = false;
            for (int64_t e = starts[event.user]; e < starts[event.user + 1]; e++) found = found || items[e] == event.item;
            assert_true(found);
            n++;
        }
    }
    assert_int_equal(starts[n_users], n); /* and no others: no pair is twice in made-up data */
    for (int64_t u = 0; u < n_users; u++)
        for (int64_t e = starts[u] + 1; e < starts[u + 1]; e++) assert_true(items[e] > items[e - 1]);
}

static void seen_rows(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(120, 80, 0.1, 5);
    struct made made = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1, .seed = 1}, 960);
    check_seen(&made, TEST, 0, PART_TRAIN | PART_VALID);
    check_seen(&made, VALID, 0, PART_TRAIN);
    check_seen(&made, TRAIN, 0, 0);
    check_seen(&made, TEST, PART_TRAIN, PART_TRAIN);
    made_free(&made);
    dataset_unref(dataset);
}

/* A part can be split again: its rows stay its own, and overlap is seen through both. */
static void parts_of_parts(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(120, 80, 0.1, 5);
    struct made outer = make(dataset, (struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .seed = 1}, 960);
    struct made inner = make(outer.parts[TRAIN], (struct split_request){.by = SPLIT_RANDOM, .test = 0.25, .seed = 2}, 960);
    assert_int_equal(inner.n[TEST], 192);
    for (int64_t i = 0; i < 960; i++) assert_int_equal(inner.part_of[i] == NOWHERE, outer.part_of[i] == TEST);
    assert_int_equal(dataset_overlap(outer.parts[TRAIN], inner.parts[TEST]), 192);
    assert_int_equal(dataset_overlap(inner.parts[TRAIN], outer.parts[TEST]), 0);
    made_free(&inner);
    made_free(&outer);
    dataset_unref(dataset);
}

/* --- errors --- */

static void assert_refused(struct dataset *dataset, struct split_request request, enum status code, const char *message, const char *hint) {
    struct dataset *train = NULL, *valid = NULL, *test = NULL;
    char *note = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(split_dataset(NULL, dataset, &request, &train, &valid, &test, &note, &err), code);
    assert_string_equal(err.message, message);
    assert_string_equal(err.hint, hint);
    assert_true(!train && !valid && !test && !note);
}

static void bad_shares(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 1, 3, 7}, {1, 2, 3, 7}, {2, 1, 3, 7}, {2, 2, 4, 7}};
    struct dataset *tiny = dataset_of_rows(rows, 4);
    const char *fifth = "test=0.2 takes a fifth of the rows";
    assert_refused(tiny, (struct split_request){.test = 1.5}, ERR_VALUE, "test=1.5 is not a share between 0 and 1", fifth);
    assert_refused(tiny, (struct split_request){.test = 0}, ERR_VALUE, "test=0 is not a share between 0 and 1", fifth);
    assert_refused(tiny, (struct split_request){.test = -0.1}, ERR_VALUE, "test=-0.1 is not a share between 0 and 1", fifth);
    assert_refused(tiny, (struct split_request){.test = (double)NAN}, ERR_VALUE, "test=nan is not a share between 0 and 1", fifth);
    assert_refused(tiny, (struct split_request){.test = 0.2, .valid = 1}, ERR_VALUE, "valid=1 is not a share between 0 and 1",
                   "valid=0.2 takes a fifth of the rows");
    assert_refused(tiny, (struct split_request){.test = 0.5, .valid = 0.5}, ERR_VALUE, "valid=0.5 and test=0.5 leave nothing to train on",
                   "valid=0.1, test=0.1 keep four fifths");
    assert_refused(tiny, (struct split_request){.test = 0.1}, ERR_DATA, "the test part of `tiny` (random, test 0.1, seed 0) would be empty",
                   "take a larger share, or another way to split");
    assert_refused(tiny, (struct split_request){.by = SPLIT_TIME, .test = 0.5}, ERR_DATA,
                   "the test part of `tiny` (by time, test 0.5) would be empty", "take a larger share, or another way to split");
    assert_refused(tiny, (struct split_request){.by = SPLIT_USER, .test = 0.5, .given = -1}, ERR_VALUE, "given=-1 rows is less than none", "");
    dataset_unref(tiny);
}

static void ways_that_need_more(void **state) {
    (void)state;
    static const struct row rows[] = {{1, 1, 3, 0}, {1, 2, 3, 0}, {2, 1, 3, 0}};
    struct dataset *untimed = dataset_of_rows(rows, 3), *one = dataset_of_rows(rows, 1);
    const char *need_times = "by=\"random\" needs none; load(path, time=\"column\") reads them";
    assert_refused(untimed, (struct split_request){.by = SPLIT_TIME, .test = 0.5}, ERR_VALUE, "`tiny` has no times to split by", need_times);
    assert_refused(untimed, (struct split_request){.by = SPLIT_USER_TIME, .test = 0.5}, ERR_VALUE, "`tiny` has no times to split by", need_times);
    assert_refused(untimed, (struct split_request){.by = SPLIT_PUBLISHED}, ERR_VALUE, "`tiny` has no published split",
                   "by=\"random\", by=\"time\" and by=\"leave_one_out\" work with any data set");
    assert_refused(one, (struct split_request){.test = 0.5}, ERR_DATA, "`tiny` has too few rows to split: 1", "");
    dataset_unref(untimed);
    dataset_unref(one);
}

static void unknown_folds(void **state) {
    (void)state;
    struct dataset *dataset = ml100k();
    if (!dataset) skip();
    const char *folds = "the folds are u1, u2, u3, u4, u5, ua, ub; write fold=\"u1\"";
    assert_refused(dataset, (struct split_request){.by = SPLIT_PUBLISHED, .fold = "u6"}, ERR_VALUE, "`ml-100k` has no published fold \"u6\"", folds);
    assert_refused(dataset, (struct split_request){.by = SPLIT_PUBLISHED}, ERR_VALUE, "`ml-100k` has 7 published folds: which one?", folds);
    dataset_unref(dataset);
}

static void bad_folds(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(10, 8, 0.5, 1), *train = NULL, *test = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(split_fold(NULL, dataset, 1, 0, 1, &train, &test, &err), ERR_VALUE);
    assert_string_equal(err.message, "1 folds of 40 rows: 2 or more, and no more than rows");
    err = ERROR_INIT;
    assert_int_equal(split_fold(NULL, dataset, 41, 0, 1, &train, &test, &err), ERR_VALUE);
    assert_string_equal(err.message, "41 folds of 40 rows: 2 or more, and no more than rows");
    err = ERROR_INIT;
    assert_int_equal(split_fold(NULL, dataset, 5, 5, 1, &train, &test, &err), ERR_VALUE);
    assert_string_equal(err.message, "fold 5 of 5: the folds count from 0");
    assert_true(!train && !test);
    dataset_unref(dataset);
}

/* Each allocation fails once: an error, nothing left behind. */
static void without_memory(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(40, 30, 0.2, 1);
    for (int by = SPLIT_RANDOM; by <= SPLIT_COLD_ITEM; by++) {
        const struct split_request request = {.by = (enum split_by)by, .test = 0.3, .valid_last = true, .seed = 1};
        enum status status = by == SPLIT_PUBLISHED ? OK : ERR_MEMORY;
        for (long fail = 1; status != OK; fail++) {
            struct dataset *parts[3] = {0};
            struct error err = ERROR_INIT;
            mem_fail_after(fail);
            status = split_dataset(NULL, dataset, &request, &parts[0], &parts[1], &parts[2], NULL, &err);
            mem_fail_after(0);
            assert_true(status == OK || status == ERR_MEMORY);
            assert_int_equal(parts[2] != NULL, status == OK);
            for (int p = 0; p < 3; p++) dataset_unref(parts[p]);
        }
    }
    dataset_unref(dataset);
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
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(test_parts_are_pinned),
        cmocka_unit_test(threads_side_by_side),
        cmocka_unit_test(siblings_and_overlap),
        cmocka_unit_test(no_such_sibling),
        cmocka_unit_test(seen_rows),
        cmocka_unit_test(parts_of_parts),
        cmocka_unit_test(bad_shares),
        cmocka_unit_test(ways_that_need_more),
        cmocka_unit_test(unknown_folds),
        cmocka_unit_test(bad_folds),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
