#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/map.h"
#include "runtime/base/task.h"
#include "tests/unit/data/sources.h"

/* --- counts --- */

/* Rows, users and items exactly as asked for; no pair twice. */
static void check_counts(int64_t users, int64_t items, double density, int64_t expected) {
    struct dataset *dataset = synthetic(users, items, density, 11);
    assert_int_equal(dataset_n(dataset), expected);
    assert_int_equal(dataset_n_users(dataset), users);
    assert_int_equal(dataset_n_items(dataset), items);
    struct int_map *pairs = int_map_new((size_t)expected);
    for (int64_t i = 0; i < expected; i++) {
        const struct event event = dataset_event(dataset, i);
        assert_true(int_map_put(pairs, (int64_t)event.user << 32 | event.item, i, false));
        assert_true(event.rating == 1 || event.rating == 2 || event.rating == 3 || event.rating == 4 || event.rating == 5);
    }
    int_map_free(pairs);
    const struct catalog *catalog = dataset_catalog(dataset);
    assert_int_equal(catalog->dropped_users + catalog->dropped_items, 0);
    assert_int_equal(catalog->user_ids_int[0], 1);
    assert_int_equal(catalog->item_ids_int[items - 1], items);
    dataset_unref(dataset);
}

static void exact_counts(void **state) {
    (void)state;
    check_counts(500, 300, 0.05, 7500);
    check_counts(300, 500, 0.05, 7500);
    check_counts(7, 11, 0.5, 39);      /* 38.5, to the nearest */
    check_counts(100, 100, 0.01, 100); /* one a user and one an item */
    check_counts(40, 200, 0.03, 240);  /* hardly more rows than items */
    check_counts(20, 30, 1, 600);      /* everybody rates everything */
    check_counts(20, 30, 0.97, 582);
    check_counts(1, 50, 1, 50);
    check_counts(50, 1, 1, 50);
    check_counts(1, 1, 1, 1);
}

/* --- like MovieLens 100K --- */

static int descending(const void *a, const void *b) { return *(const int *)b - *(const int *)a; }

/* Rows of each user or item, most first; owned. */
static int *sorted_counts(const struct dataset *dataset, bool of_users) {
    const int64_t n = of_users ? dataset_n_users(dataset) : dataset_n_items(dataset);
    int *counts = calloc((size_t)n, sizeof *counts);
    for (int64_t i = 0; i < dataset_n(dataset); i++) {
        const struct event event = dataset_event(dataset, i);
        counts[of_users ? event.user : event.item]++;
    }
    qsort(counts, (size_t)n, sizeof *counts, descending);
    return counts;
}

static void stars_like_movielens(void **state) {
    (void)state;
    static const double shares[] = {0.0611, 0.1137, 0.27145, 0.34174, 0.21201};
    struct dataset *dataset = synthetic(943, 1682, 0.063046694, 0);
    double stars[5] = {0};
    assert_int_equal(dataset_n(dataset), 100000);
    for (int64_t i = 0; i < 100000; i++) stars[(int)dataset_event(dataset, i).rating - 1]++;
    for (int s = 0; s < 5; s++) assert_true(fabs(stars[s] / 100000 - shares[s]) < 0.0001);
    assert_true(fabs(dataset_mean(dataset) - 3.52986) < 0.0005);
    dataset_unref(dataset);
}

/* In brackets: MovieLens 100K's own. */
static void long_tails(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(943, 1682, 0.063046694, 0);
    int *users = sorted_counts(dataset, true), *items = sorted_counts(dataset, false), top = 0;
    assert_true(users[942] >= 20);        /* 20 */
    assert_in_range(users[471], 45, 85);  /* 65 */
    assert_in_range(users[0], 400, 1000); /* 737 */
    assert_in_range(items[841], 15, 40);  /* 27 */
    assert_in_range(items[0], 300, 800);  /* 583 */
    assert_in_range(items[1681], 1, 1);   /* 1 */
    for (int i = 0; i < 168; i++) top += items[i];
    assert_in_range(top, 35000, 52000); /* 42,700: a tenth of the movies have most of the ratings */
    free(users);
    free(items);
    dataset_unref(dataset);
}

/* --- what is planted --- */

struct sums {
    double n, sum;
};

static double mean(const struct sums *sums) { return sums->n ? sums->sum / sums->n : 0; }

/* RMSE of a rating model on every fifth row. Biases: damped means of items, then users. genres: also each user's own mean deviation by genre. */
static double rmse_of(struct dataset *dataset, bool with_genres) {
    const struct column *genre = table_column(dataset_catalog(dataset)->item_features, "genre");
    const int64_t n = dataset_n(dataset), n_users = dataset_n_users(dataset);
    struct str_map *codes = str_map_new();
    struct sums *items = calloc((size_t)dataset_n_items(dataset), sizeof *items), *users = calloc((size_t)n_users, sizeof *users);
    struct sums(*likings)[24] = calloc((size_t)n_users, sizeof *likings), all = {0};
    for (int64_t i = 0; i < dataset_n_items(dataset); i++) str_map_put(codes, slice_of(genre->u.strs[i]), (int64_t)str_map_len(codes), false);
    double errors = 0, n_errors = 0;
    for (int pass = 0; pass < 5; pass++)
        for (int64_t i = 0; i < n; i++) {
            const struct event event = dataset_event(dataset, i);
            struct sums *item = &items[event.item], *user = &users[event.user];
            int64_t code;
            assert_true(str_map_get(codes, slice_of(genre->u.strs[event.item]), &code));
            struct sums *liking = &likings[event.user][code];
            const double damp_item = item->n / (item->n + 5), damp_user = user->n / (user->n + 5), damp_liking = liking->n / (liking->n + 8);
            double rest = event.rating;
            struct sums *into = &all;
            if (pass >= 1) rest -= mean(&all), into = item;
            if (pass >= 2) rest -= damp_item * mean(item), into = user;
            if (pass >= 3) rest -= damp_user * mean(user), into = liking;
            if (pass == 4 && with_genres) rest -= damp_liking * mean(liking);
            if (pass < 4 && i % 5) into->n++, into->sum += rest;
            if (pass == 4 && i % 5 == 0) errors += rest * rest, n_errors++;
        }
    str_map_free(codes);
    free(items);
    free(users);
    free(likings);
    return sqrt(errors / n_errors);
}

/* Biases alone leave what they leave on real data, and knowing whom which genre pleases helps: the taste is there to be learned. */
static void taste_can_be_learned(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(943, 1682, 0.063046694, 0);
    const double biases = rmse_of(dataset, false), genres = rmse_of(dataset, true);
    print_message("rmse: biases %.4f, with each user's genres %.4f\n", biases, genres);
    assert_true(biases > 0.92 && biases < 1);
    assert_true(genres < biases - 0.02);
    dataset_unref(dataset);
}

/* --- titles, attributes, times --- */

static void titles_are_unique(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(20, 9000, 0.06, 3); /* more items than there are plain titles */
    const struct catalog *catalog = dataset_catalog(dataset);
    const struct column *years = table_column(catalog->item_features, "year");
    struct str_map *titles = str_map_new();
    for (int32_t i = 0; i < 9000; i++) {
        char year[16];
        assert_true(str_map_put(titles, slice_of(catalog_title(catalog, i)), i, false));
        snprintf(year, sizeof year, " (%d)", (int)years->u.ints[i]);
        assert_string_equal(strrchr(catalog_title(catalog, i), ' '), year);
        assert_in_range(years->u.ints[i], 1940, 2024);
    }
    str_map_free(titles);
    dataset_unref(dataset);
}

static void genres_as_asked(void **state) {
    (void)state;
    for (int64_t n = 1; n <= 24; n += 23) {
        const struct synth_request request = {.users = 50, .items = 60, .density = 0.2, .genres = n, .seed = 1};
        struct dataset *dataset = NULL;
        struct error err = ERROR_INIT;
        assert_int_equal(synth_dataset(NULL, &request, &dataset, &err), OK);
        const struct column *genres = table_column(dataset_catalog(dataset)->item_features, "genres");
        struct str_map *names = str_map_new();
        for (int64_t i = 0; i < 60; i++) {
            assert_in_range(genres->u.lists.starts[i + 1] - genres->u.lists.starts[i], 1, 3);
            for (int64_t e = genres->u.lists.starts[i]; e < genres->u.lists.starts[i + 1]; e++)
                str_map_put(names, slice_of(genres->u.lists.strs[e]), 0, false);
        }
        assert_int_equal(str_map_len(names), n);
        str_map_free(names);
        dataset_unref(dataset);
    }
}

static void users_have_attributes(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(500, 300, 0.05, 3);
    const struct table *users = dataset_catalog(dataset)->user_features;
    const struct column *age = table_column(users, "age"), *gender = table_column(users, "gender"), *job = table_column(users, "occupation");
    const struct column *zip = table_column(users, "zip");
    int women = 0;
    for (int64_t u = 0; u < 500; u++) {
        assert_in_range(age->u.ints[u], 10, 73);
        women += gender->u.strs[u][0] == 'F';
        assert_int_equal(strcmp(job->u.strs[u], "retired") == 0, age->u.ints[u] >= 65);
        assert_int_equal(strspn(zip->u.strs[u], "0123456789"), 5);
    }
    assert_in_range(women, 105, 185); /* 29 % of 500, four standard deviations */
    dataset_unref(dataset);
}

/* Most ratings of a user follow another within a minute; all lie within seven months; equal times occur, as in MovieLens. */
static int ascending(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void times_come_in_sessions(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(200, 300, 0.2, 3);
    const int64_t n = dataset_n(dataset);
    int64_t *keys = calloc((size_t)n, sizeof *keys), close = 0, equal = 0, least = INT64_MAX, most = 0;
    for (int64_t i = 0; i < n; i++) {
        const struct event event = dataset_event(dataset, i);
        keys[i] = (int64_t)event.user << 40 | event.time;
        if (event.time < least) least = event.time;
        if (event.time > most) most = event.time;
    }
    qsort(keys, (size_t)n, sizeof *keys, ascending);
    for (int64_t i = 1; i < n; i++) {
        close += keys[i] - keys[i - 1] <= 60;
        equal += keys[i] == keys[i - 1];
    }
    assert_true(close > n * 9 / 10 && close < n - 200);
    assert_in_range(equal, n / 10, n / 2);
    assert_true(most - least > 100 * 86400 && most - least < 216 * 86400);
    free(keys);
    dataset_unref(dataset);
}

/* --- the same everywhere --- */

static void seeds_decide(void **state) {
    (void)state;
    struct dataset *a = synthetic(500, 300, 0.05, 3), *same = synthetic(500, 300, 0.05, 3), *other = synthetic(500, 300, 0.05, 4);
    assert_string_equal(dataset_fingerprint(a), dataset_fingerprint(same));
    assert_string_not_equal(dataset_fingerprint(a), dataset_fingerprint(other));
    assert_string_equal(catalog_title(dataset_catalog(a), 7), catalog_title(dataset_catalog(same), 7));
    assert_string_not_equal(catalog_title(dataset_catalog(a), 7), catalog_title(dataset_catalog(other), 7));
    dataset_unref(a);
    dataset_unref(same);
    dataset_unref(other);
}

/* On every machine: whoever changes these changes what everybody's notebooks show. */
static void pinned(void **state) {
    (void)state;
    struct dataset *small = synthetic(500, 300, 0.05, 3), *large = synthetic(943, 1682, 0.063046694, 0);
    assert_string_equal(dataset_fingerprint(small), "99b7ba2f40850be2");
    assert_string_equal(dataset_fingerprint(large), "4f99c884a05486c7");
    assert_string_equal(catalog_title(dataset_catalog(small), 0), "The Golden Kingdom (1967)");
    dataset_unref(small);
    dataset_unref(large);
}

/* --- errors --- */

static void assert_refused(struct synth_request request, enum status code, const char *message, const char *hint) {
    struct dataset *dataset = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(synth_dataset(NULL, &request, &dataset, &err), code);
    assert_string_equal(err.message, message);
    assert_string_equal(err.hint, hint);
    assert_null(dataset);
}

static void bad_requests(void **state) {
    (void)state;
    const char *like = "synth(users=943, items=1682, density=0.063) is like MovieLens 100K",
               *twentieth = "density=0.05 gives each user a twentieth of the items";
    assert_refused((struct synth_request){0, 5, 0.5, 3, 1}, ERR_VALUE, "users=0 is not between 1 and 10,000,000", like);
    assert_refused((struct synth_request){5, -1, 0.5, 3, 1}, ERR_VALUE, "items=-1 is not between 1 and 10,000,000", like);
    assert_refused((struct synth_request){5, 6, 1.5, 3, 1}, ERR_VALUE, "density=1.5 is not a share of the 5 × 6 pairs: above 0, at most 1",
                   twentieth);
    assert_refused((struct synth_request){5, 6, 0, 3, 1}, ERR_VALUE, "density=0 is not a share of the 5 × 6 pairs: above 0, at most 1", twentieth);
    assert_refused((struct synth_request){5, 6, (double)NAN, 3, 1}, ERR_VALUE, "density=nan is not a share of the 5 × 6 pairs: above 0, at most 1",
                   twentieth);
    assert_refused((struct synth_request){5, 6, 0.5, 0, 1}, ERR_VALUE, "genres=0 is not between 1 and 24", "");
    assert_refused((struct synth_request){5, 6, 0.5, 25, 1}, ERR_VALUE, "genres=25 is not between 1 and 24", "");
    assert_refused((struct synth_request){500, 300, 0.001, 8, 1}, ERR_VALUE, "density=0.001 of 500 × 300 pairs makes 150, and every user needs one",
                   "density=0.0035 or more gives 500");
    assert_refused((struct synth_request){3, 3000, 0.1, 8, 1}, ERR_VALUE, "density=0.1 of 3 × 3000 pairs makes 900, and every item needs one",
                   "density=0.35 or more gives 3000");
    assert_refused((struct synth_request){10000000, 10000000, 0.5, 8, 1}, ERR_LIMIT,
                   "density=0.5 of 10000000 × 10000000 pairs makes 50000000000000, and 2147483647 are the most", "take a smaller density");
}

static void interrupted(void **state) {
    (void)state;
    const struct synth_request request = {500, 300, 0.05, 8, 1};
    struct task *task = task_new(NULL);
    struct dataset *dataset = NULL;
    struct error err = ERROR_INIT;
    task_cancel(task);
    assert_int_equal(synth_dataset(task, &request, &dataset, &err), ERR_INTERRUPTED);
    assert_null(dataset);
    task_free(task);
}

/* Each allocation fails once: an error, nothing left behind. */
static void without_memory(void **state) {
    (void)state;
    const struct synth_request request = {40, 30, 0.2, 8, 1};
    enum status status = ERR_MEMORY;
    for (long fail = 1; status != OK; fail++) {
        struct dataset *dataset = NULL;
        struct error err = ERROR_INIT;
        mem_fail_after(fail);
        status = synth_dataset(NULL, &request, &dataset, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        assert_int_equal(dataset != NULL, status == OK);
        dataset_unref(dataset);
    }
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_counts),
        cmocka_unit_test(stars_like_movielens),
        cmocka_unit_test(long_tails),
        cmocka_unit_test(taste_can_be_learned),
        cmocka_unit_test(titles_are_unique),
        cmocka_unit_test(genres_as_asked),
        cmocka_unit_test(users_have_attributes),
        cmocka_unit_test(times_come_in_sessions),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(pinned),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
