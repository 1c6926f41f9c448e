/* Parts of splits: the same everywhere, what they know of each other, what is refused, and no memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/data/splits.h"

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
    assert_refused(one, (struct split_request){.test = 0.5}, ERR_DATA, "`tiny` has too few rows to split: 1",
                   "a row to train on and one to judge are the least");
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
