/* The published files of NCF and LightGCN: ids, parts, negatives, and what is said of broken ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/data/split_ways.h"
#include "tests/unit/data/files.h"

enum { TRAIN, VALID, TEST };

/* --- a small MovieLens 1M and its NCF files: movies 50, 10, 40, 20 are items 0, 1, 2, 3 --- */

static const char ratings[] = "1::50::5::100\n1::10::3::100\n1::40::4::101\n2::10::4::50\n2::20::1::60\n2::50::2::60\n3::40::5::10\n3::20::5::11\n"
                              "3::10::5::12\n";
static const char train_rows[] = "0\t0\t5\t100\n0\t1\t3\t100\n1\t1\t4\t50\n1\t3\t1\t60\n2\t2\t5\t10\n2\t3\t5\t11\n";
static const char test_rows[] = "0\t2\t4\t101\n1\t0\t2\t60\n2\t1\t5\t12\n";
static const char negatives[] = "(0,2)\t3\t2\n(1,0)\t2\t1\n(2,1)\t0\t3\n";
static const char map[] = "ncf_item\tMovieID\n0\t50\n1\t10\n2\t40\n3\t20\n";

static void put(const char *folder, const char *file, const char *text) {
    struct error err = ERROR_INIT;
    char *path = path_join(folder, file);
    assert_int_equal(dir_make(folder, &err), OK);
    write_file(path, text);
    free(path);
}

static void put_movielens(void) {
    put("ml-1m", "ratings.dat", ratings);
    put("ml-1m", "movies.dat",
        "10::Ten (1990)::Drama\n20::Twenty (1991)::Comedy\n30::Thirty (1992)::War\n40::Forty (1993)::War\n50::Fifty (1994)::War\n");
    put("ml-1m", "users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::15::55117\n");
}

static void put_ncf(void) {
    put("ncf", "ml-1m.train.rating", train_rows);
    put("ncf", "ml-1m.test.rating", test_rows);
    put("ncf", "ml-1m.test.negative", negatives);
}

/* The folder is $RECKON_DATA, and the cache is empty. */
static int set_up(void **state) {
    if (enter_folder(state) != 0) return -1;
    char *made = *state;
    *state = realpath(made, NULL);
    free(made);
    setenv("RECKON_CACHE", *state, 1);
    setenv("RECKON_DATA", *state, 1);
    return 0;
}

static void assert_rows(const struct dataset *dataset, const char *expected) {
    char *text = rows_text(dataset);
    assert_string_equal(text, expected);
    free(text);
}

struct parts {
    struct dataset *of[3];
};

static struct parts split_it(struct dataset *dataset, bool valid_last) {
    const struct split_request request = {.by = SPLIT_PUBLISHED, .valid_last = valid_last};
    struct error err = ERROR_INIT;
    struct parts parts = {0};
    if (split_dataset(NULL, dataset, &request, &parts.of[TRAIN], &parts.of[VALID], &parts.of[TEST], NULL, &err) != OK) fail_msg("%s", err.message);
    return parts;
}

static void parts_free(struct parts *parts) {
    for (int p = 0; p < 3; p++) dataset_unref(parts->of[p]);
}

static void assert_negatives(const struct dataset *test, const int32_t *expected, int32_t width) {
    const struct split *split = dataset_split(test);
    assert_int_equal(split->n_negatives, width);
    assert_memory_equal(split->negatives, expected, (size_t)split->n_rows[2] * (size_t)width * sizeof *expected);
}

/* --- ids --- */

static const char movie_rows[] = "1 50 1 100; 1 10 1 100; 2 10 1 50; 2 20 1 60; 3 40 1 10; 3 20 1 11; 1 40 1 101; 2 50 1 60; 3 10 1 12";

static void test_ids_by_map(void **state) {
    (void)state;
    put_ncf();
    put("ncf", "item_id_map.tsv", map);
    struct dataset *alone = load_file("ncf-ml-1m");
    put_movielens();
    struct dataset *dataset = load_file("ncf-ml-1m");
    assert_rows(alone, movie_rows);
    assert_rows(dataset, movie_rows);
    assert_false(dataset_is_explicit(dataset));
    assert_null(dataset_catalog(alone)->titles);
    assert_string_equal(catalog_title(dataset_catalog(dataset), 1), "Twenty (1991)");
    assert_int_equal(table_column(dataset_catalog(dataset)->user_features, "age")->u.ints[1], 56);
    assert_string_equal(dataset_name(dataset), "ncf-ml-1m");
    dataset_unref(alone);
    dataset_unref(dataset);
}

static void test_ids_by_matching(void **state) {
    (void)state;
    put_ncf();
    put_movielens();
    struct dataset *dataset = load_file("ncf-ml-1m");
    assert_rows(dataset, movie_rows);
    assert_string_equal(catalog_title(dataset_catalog(dataset), 3), "Fifty (1994)");
    struct parts parts = split_it(dataset, false);
    assert_rows(parts.of[TEST], "1 40 1 101; 2 50 1 60; 3 10 1 12");
    assert_negatives(parts.of[TEST], (const int32_t[]){1, 2, 2, 0, 3, 1}, 2);
    parts_free(&parts);
    dataset_unref(dataset);
}

static const char own_rows[] = "0 0 1 100; 0 1 1 100; 1 1 1 50; 1 3 1 60; 2 2 1 10; 2 3 1 11; 0 2 1 101; 1 0 1 60; 2 1 1 12";

/* No ml-1m, or one of other rows: the files' own ids. */
static void test_own_ids(void **state) {
    (void)state;
    put_ncf();
    struct dataset *alone = load_file("ncf-ml-1m");
    put_movielens();
    put("ml-1m", "ratings.dat", "1::50::5::100\n1::10::3::100\n1::40::4::101\n2::10::4::50\n2::20::1::61\n2::50::2::60\n3::40::5::10\n");
    struct dataset *other = load_file("ncf-ml-1m");
    assert_rows(alone, own_rows);
    assert_rows(other, own_rows);
    assert_null(dataset_catalog(other)->titles);
    struct parts parts = split_it(alone, false);
    assert_negatives(parts.of[TEST], (const int32_t[]){3, 2, 2, 1, 0, 3}, 2);
    parts_free(&parts);
    dataset_unref(alone);
    dataset_unref(other);
}

/* --- parts --- */

static void test_parts(void **state) {
    (void)state;
    put_ncf();
    put("ncf", "item_id_map.tsv", map);
    struct dataset *dataset = load_file("ncf-ml-1m");
    struct parts two = split_it(dataset, false), three = split_it(dataset, true);
    assert_rows(two.of[TRAIN], "1 50 1 100; 1 10 1 100; 2 10 1 50; 2 20 1 60; 3 40 1 10; 3 20 1 11");
    assert_rows(two.of[TEST], "1 40 1 101; 2 50 1 60; 3 10 1 12");
    assert_negatives(two.of[TEST], (const int32_t[]){1, 2, 2, 0, 3, 1}, 2);
    assert_string_equal(dataset_split(two.of[TEST])->description, "published");
    assert_rows(three.of[TRAIN], "1 50 1 100; 2 10 1 50; 3 40 1 10");
    assert_rows(three.of[VALID], "1 10 1 100; 2 20 1 60; 3 20 1 11"); /* of equal times the later row */
    assert_negatives(three.of[TEST], (const int32_t[]){1, 2, 2, 0, 3, 1}, 2);
    parts_free(&two);
    parts_free(&three);
    dataset_unref(dataset);
}

/* The split is found again from the file, and in a data set that has lost rows and an item. */
static void test_parts_of_less(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct dataset *opened, *fewer;
    const bool keep[] = {true, true, true, false, true, false, true, true, false}; /* movie 20 is gone, and the last test row */
    put_ncf();
    put("ncf", "item_id_map.tsv", map);
    struct dataset *dataset = load_file("ncf-ml-1m");
    assert_int_equal(dataset_save(dataset, "ncf.reckon", &err), OK);
    assert_int_equal(dataset_open("ncf.reckon", &opened, &err), OK);
    assert_int_equal(dataset_filter(opened, &(struct data_filter){0}, keep, &fewer, &err), OK);
    struct parts parts = split_it(fewer, false);
    assert_rows(parts.of[TRAIN], "1 50 1 100; 1 10 1 100; 2 10 1 50; 3 40 1 10");
    assert_rows(parts.of[TEST], "1 40 1 101; 2 50 1 60");
    assert_negatives(parts.of[TEST], (const int32_t[]){-1, 1, 1, 0}, 2); /* movies 10, 40, 50 are at 0, 1, 2 */
    parts_free(&parts);
    dataset_unref(fewer);
    dataset_unref(opened);
    dataset_unref(dataset);
}

/* --- broken files --- */

static void says(const char *message) {
    const struct load_request request = {.name_or_path = "ncf-ml-1m"};
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s/ncf/%s", getenv("RECKON_DATA"), message);
    refuses(&request, buf_text(&text), "");
    buf_release(&text);
}

static void test_broken_map(void **state) {
    (void)state;
    put_ncf();
    put("ncf", "item_id_map.tsv", "0\t50\n1\tten\n");
    says("item_id_map.tsv, line 2: expected an item of the files and its MovieLens id, two whole numbers");
    put("ncf", "item_id_map.tsv", "0\t50\n2\t10\n");
    says("item_id_map.tsv, line 2: the items must count from 0 without gaps");
    put("ncf", "item_id_map.tsv", "0\t50\n0\t10\n");
    says("item_id_map.tsv, line 2: this item stands twice");
    put("ncf", "item_id_map.tsv", "0\t50\n1\t50\n");
    says("item_id_map.tsv, line 2: this MovieLens id stands twice");
    put("ncf", "item_id_map.tsv", "0\t50\n1\t10\n2\t40\n");
    says("ml-1m.train.rating: item 3 is not in item_id_map.tsv");
}

static void split_says(const struct dataset *dataset, const char *text, const char *expected) {
    const struct split_request request = {.by = SPLIT_PUBLISHED};
    struct error err = ERROR_INIT;
    struct dataset *train, *valid, *test;
    put("ncf", "ml-1m.test.negative", text);
    assert_int_equal(split_dataset(NULL, (struct dataset *)dataset, &request, &train, &valid, &test, NULL, &err), ERR_DATA);
    const char *file = strstr(err.message, "ml-1m.test");
    assert_non_null(file);
    assert_string_equal(file, expected);
}

static void test_broken_negatives(void **state) {
    (void)state;
    put_ncf();
    put("ncf", "item_id_map.tsv", map);
    struct dataset *dataset = load_file("ncf-ml-1m");
    const char *pair = "ml-1m.test.negative, line 2: expected the (user,item) of the same row of ml-1m.test.rating";
    split_says(dataset, "(0,2)\t3\t2\n(1,1)\t2\t1\n(2,1)\t0\t3\n", pair);
    split_says(dataset, "(0,2)\t3\t2\n1,0\t2\t1\n(2,1)\t0\t3\n", pair);
    split_says(dataset, "(0,2)\t3\t2\n(1,0)\t2\n(2,1)\t0\t3\n", "ml-1m.test.negative, line 2: expected 2 negatives as in the first line, got 1");
    split_says(dataset, "(0,2)\t3\t2\n(1,0)\t2\t4\n(2,1)\t0\t3\n", "ml-1m.test.negative, line 2: negative 2 is no item of the files");
    split_says(dataset, "(0,2)\t3\t2\n(1,0)\tx\t1\n(2,1)\t0\t3\n", "ml-1m.test.negative, line 2: negative 1 is no item of the files");
    split_says(dataset, "(0,2)\t3\t2\n(1,0)\t2\t1 \n(2,1)\t0\t3\n", "ml-1m.test.negative, line 2: something stands behind the negatives");
    split_says(dataset, "(0,2)\t3\t2\n(1,0)\t2\t1\n", "ml-1m.test.negative has 2 rows, ml-1m.test.rating 3");
    dataset_unref(dataset);
}

static void test_not_here(void **state) {
    (void)state;
    const struct load_request ncf = {.name_or_path = "ncf-ml-1m", .download = true}, gowalla = {.name_or_path = "gowalla", .download = true};
    refuses(&ncf, "`ncf-ml-1m` is not on this machine", "hexiangnan/neural_collaborative_filtering on GitHub (Data), into $RECKON_DATA/ncf");
    refuses(&gowalla, "`gowalla` is not on this machine",
            "put its files, train.txt and test.txt of kuandeng/LightGCN on GitHub (Data/gowalla), into $RECKON_DATA/gowalla");
}

/* --- LightGCN --- */

static void test_lightgcn(void **state) {
    (void)state;
    put("gowalla", "train.txt", "0 7 8 9\n1 8 \n2 5\t6\n");
    put("gowalla", "test.txt", "0 5\n1\n2 7 8");
    struct dataset *dataset = load_file("gowalla");
    assert_rows(dataset, "0 7 1; 0 8 1; 0 9 1; 1 8 1; 2 5 1; 2 6 1; 0 5 1; 2 7 1; 2 8 1");
    assert_false(dataset_is_explicit(dataset));
    struct parts parts = split_it(dataset, false);
    assert_rows(parts.of[TRAIN], "0 7 1; 0 8 1; 0 9 1; 1 8 1; 2 5 1; 2 6 1");
    assert_rows(parts.of[TEST], "0 5 1; 2 7 1; 2 8 1");
    assert_null(dataset_split(parts.of[TEST])->negatives);
    parts_free(&parts);
    dataset_unref(dataset);
}

static void test_broken_lightgcn(void **state) {
    (void)state;
    const struct load_request request = {.name_or_path = "./gowalla"};
    put("gowalla", "train.txt", "0 7 8\n1 x\n");
    put("gowalla", "test.txt", "0 5\n");
    refuses(&request, "./gowalla/train.txt, line 2: expected a user and items, whole numbers parted by blanks", "");
    put("gowalla", "train.txt", "0 7,8\n");
    refuses(&request, "./gowalla/train.txt, line 1: expected a user and items, whole numbers parted by blanks", "");
    put("gowalla", "train.txt", "0 7\n");
    put("gowalla", "test.txt", "user 5\n");
    refuses(&request, "./gowalla/test.txt, line 1: expected a user and items, whole numbers parted by blanks", "");
}

/* --- the real ones --- */

static char *real_data; /* $RECKON_DATA of the run */

static bool enter_real(const char *folder) {
    char *path = real_data ? path_join(real_data, folder) : NULL;
    const bool there = path && file_is_dir(path);
    if (there) setenv("RECKON_DATA", real_data, 1);
    free(path);
    return there;
}

/* 156 users have their own test item among the negatives; each row is the file's, found through the ids. */
static void check_real_negatives(const struct dataset *test, const char *file) {
    const struct split *split = dataset_split(test);
    const struct catalog *catalog = dataset_catalog(test);
    FILE *stream = fopen(file, "r");
    int64_t n_own = 0;
    assert_int_equal(split->n_negatives, 99);
    for (int64_t i = 0; i < dataset_n(test); i++) {
        const struct event event = dataset_event(test, i);
        int user, item, negative, width = 0;
        bool own = false;
        assert_int_equal(fscanf(stream, "(%d,%d)", &user, &item), 2);
        assert_int_equal(catalog->user_ids_int[event.user], user + 1);
        for (; width < 99; width++) {
            assert_int_equal(fscanf(stream, "%d", &negative), 1);
            own |= negative == item;
            assert_int_equal(split->negatives[i * 99 + width] == event.item, negative == item);
        }
        fscanf(stream, "\n");
        n_own += own;
    }
    fclose(stream);
    assert_int_equal(n_own, 156);
}

/* 2,111 users' last training row has the time of the one before. */
static void check_real_ties(const struct parts *parts) {
    int64_t last[6041] = {0}, n_ties = 0;
    for (int64_t i = 0; i < dataset_n(parts->of[TRAIN]); i++) {
        const struct event event = dataset_event(parts->of[TRAIN], i);
        if (event.time > last[event.user]) last[event.user] = event.time;
    }
    assert_int_equal(dataset_n(parts->of[VALID]), 6040);
    for (int64_t i = 0; i < 6040; i++) {
        const struct event event = dataset_event(parts->of[VALID], i);
        assert_true(event.time >= last[event.user]);
        n_ties += event.time == last[event.user];
    }
    assert_int_equal(n_ties, 2111);
}

static void test_real_ncf(void **state) {
    (void)state;
    if (!enter_real("ncf")) skip();
    char *file = path_join(real_data, "ncf/ml-1m.test.negative");
    struct dataset *dataset = load_file("ncf-ml-1m");
    struct parts two = split_it(dataset, false), three = split_it(dataset, true);
    assert_int_equal(dataset_n_users(dataset), 6040);
    assert_int_equal(dataset_n_items(dataset), 3706);
    assert_int_equal(dataset_n(two.of[TRAIN]), 994169);
    assert_int_equal(dataset_n(two.of[TEST]), 6040);
    assert_int_equal(dataset_n(three.of[TRAIN]), 988129);
    check_real_negatives(two.of[TEST], file);
    check_real_ties(&three);
    parts_free(&two);
    parts_free(&three);
    dataset_unref(dataset);
    free(file);
}

/* Without the map the same comes out of ml-1m. */
static void test_real_matching(void **state) {
    if (!enter_real("ncf") || !enter_real("ml-1m")) skip();
    struct error err = ERROR_INIT;
    struct dataset *by_map = load_file("ncf-ml-1m");
    static const char *const files[] = {"ncf/ml-1m.train.rating", "ncf/ml-1m.test.rating", "ncf/ml-1m.test.negative",
                                        "ml-1m/ratings.dat",      "ml-1m/movies.dat",      "ml-1m/users.dat"};
    assert_int_equal(dir_make("ncf", &err), OK);
    assert_int_equal(dir_make("ml-1m", &err), OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = path_join(real_data, files[i]);
        assert_int_equal(symlink(path, files[i]), 0);
        free(path);
    }
    setenv("RECKON_DATA", *state, 1);
    struct dataset *matched = load_file("ncf-ml-1m");
    assert_string_equal(dataset_fingerprint(matched), dataset_fingerprint(by_map));
    dataset_unref(matched);
    dataset_unref(by_map);
}

static void test_real_gowalla(void **state) {
    (void)state;
    if (!enter_real("gowalla")) skip();
    struct dataset *dataset = load_file("gowalla");
    struct parts parts = split_it(dataset, false);
    assert_int_equal(dataset_n_users(dataset), 29858);
    assert_int_equal(dataset_n_items(dataset), 40981);
    assert_int_equal(dataset_n(parts.of[TRAIN]), 810128);
    assert_int_equal(dataset_n(parts.of[TEST]), 217242);
    parts_free(&parts);
    dataset_unref(dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ids_by_map, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_ids_by_matching, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_own_ids, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_parts, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_parts_of_less, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_broken_map, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_broken_negatives, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_not_here, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_lightgcn, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_broken_lightgcn, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_real_ncf, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_real_matching, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(test_real_gowalla, set_up, leave_folder),
    };
    const char *data = getenv("RECKON_DATA");
    real_data = data && *data ? xstrdup(data) : NULL;
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(real_data);
    return failed;
}
