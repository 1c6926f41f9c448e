/* load(): known names, folders by their files, paths; the words when there is nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/data/files.h"

/* --- the real ones --- */

static bool have(const char *name) {
    const char *data = getenv("RECKON_DATA");
    char *folder = data && *data ? path_join(data, name) : NULL;
    const bool there = folder && file_is_dir(folder);
    free(folder);
    return there;
}

static const char *genres_of(const struct catalog *catalog, int32_t item, struct buf *out) {
    buf_clear(out);
    cell_text(table_column(catalog->item_features, "genres"), item, out);
    return buf_text(out);
}

static void test_ml100k(void **state) {
    (void)state;
    if (!have("ml-100k")) skip();
    struct error err = ERROR_INIT;
    struct dataset *dataset = load_file("ml-100k");
    const struct catalog *catalog = dataset_catalog(dataset);
    struct buf text = BUF_INIT;
    int32_t fargo;
    assert_int_equal(dataset_n_users(dataset), 943);
    assert_int_equal(dataset_n_items(dataset), 1682);
    assert_int_equal(dataset_n(dataset), 100000);
    assert_string_equal(dataset_name(dataset), "ml-100k");
    assert_non_null(strstr(dataset_licence(dataset), "research use"));
    const struct event first = dataset_event(dataset, 0); /* 196 242 3 881250949 */
    assert_int_equal(first.time, 881250949);
    assert_float_equal(first.rating, 3, 0);
    assert_int_equal(catalog->user_ids_int[first.user], 196);
    assert_int_equal(catalog->item_ids_int[first.item], 242);
    assert_int_equal(catalog_item(catalog, (struct id){.text = "Fargo (1996)"}, &fargo, &err), OK);
    assert_int_equal(catalog->item_ids_int[fargo], 100);
    assert_string_equal(genres_of(catalog, fargo, &text), "Crime, Drama, Thriller");
    assert_string_equal(table_column(catalog->item_features, "genre")->u.strs[fargo], "Crime"); /* the rarest of the three */
    assert_int_equal(table_column(catalog->item_features, "year")->u.ints[fargo], 1996);
    assert_int_equal(table_column(catalog->user_features, "age")->u.ints[first.user], 49);
    assert_string_equal(table_column(catalog->user_features, "occupation")->u.strs[first.user], "writer");
    assert_string_equal(table_column(catalog->user_features, "zip")->u.strs[first.user], "55105");
    buf_release(&text);
    dataset_unref(dataset);
}

/* Its files have ISO-8859-1 titles and movies that nobody rated. */
static void test_ml1m(void **state) {
    (void)state;
    if (!have("ml-1m")) skip();
    struct dataset *dataset = load_file("ml-1m");
    const struct catalog *catalog = dataset_catalog(dataset);
    const int32_t item = catalog_find_item(catalog, (struct id){.is_int = true, .number = 73});
    assert_int_equal(dataset_n_users(dataset), 6040);
    assert_int_equal(dataset_n_items(dataset), 3706);
    assert_int_equal(dataset_n(dataset), 1000209);
    assert_int_equal(catalog->dropped_items, 3883 - 3706);
    assert_string_equal(catalog_title(catalog, item), "Misérables, Les (1995)");
    assert_string_equal(table_column(catalog->user_features, "occupation")->u.strs[0], "K-12 student");
    dataset_unref(dataset);
}

static void test_folder_is_name(void **state) {
    (void)state;
    if (!have("ml-100k")) skip();
    char *folder = path_join(getenv("RECKON_DATA"), "ml-100k/"), *file = path_join(getenv("RECKON_DATA"), "ml-100k/u.data");
    struct dataset *by_name = load_file("ml-100k"), *by_folder = load_file(folder), *by_file = load_file(file);
    assert_string_equal(dataset_name(by_folder), "ml-100k");
    assert_string_equal(dataset_fingerprint(by_folder), dataset_fingerprint(by_name));
    assert_string_equal(dataset_fingerprint(by_file), dataset_fingerprint(by_name)); /* tabs, no header: the same rows */
    assert_null(dataset_catalog(by_file)->titles);
    dataset_unref(by_name);
    dataset_unref(by_folder);
    dataset_unref(by_file);
    free(folder);
    free(file);
}

/* --- made folders --- */

struct made {
    const char *path, *text;
};

static const struct made ml100k_files[] = {
    {"hundred/u.data", "1\t10\t4\t100\n2\t11\t3\t200\n"},
    {"hundred/u.genre", "unknown|0\nAction|1\nAdventure|2\nAnimation|3\nChildren's|4\nComedy|5\nCrime|6\nDocumentary|7\nDrama|8\nFantasy|9\n"
                        "Film-Noir|10\nHorror|11\nMusical|12\nMystery|13\nRomance|14\nSci-Fi|15\nThriller|16\nWar|17\nWestern|18\n\n"},
    {"hundred/u.item", "10|L\xe9on  (1994)|01-Jan-1994||http://x|0|1|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0\n"
                       "11|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
                       "12|Nobody (1990)||||0|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"},
    {"hundred/u.user", "1|24|M|technician|85711\n2|53|F|other|94043\n"},
};
static const struct made dat_files[] = {
    {"million/ratings.dat", "1::10::4.5::100\n2::11::3::200\n"},
    {"million/movies.dat", "10::Heat (1995)::Action|Crime\n11::Emma: A Story (1996)::(no genres listed)\n"},
    {"million/users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n"},
};
static const struct made csv_files[] = {
    {"twenty/ratings.csv", "userId,movieId,rating,timestamp\n1,10,4.5,100\n2,11,3.0,200\n"},
    {"twenty/movies.csv", "movieId,title,genres\r\n10,\"American President, The (1995)\",Comedy|Romance\r\n11,\"Say \"\"hello\"\"\",Drama\r\n"},
};

static void make_folder(const char *folder, const struct made *files, size_t n) {
    struct error err = ERROR_INIT;
    assert_int_equal(dir_make(folder, &err), OK);
    for (size_t i = 0; i < n; i++) write_file(files[i].path, files[i].text);
}
#define MAKE_FOLDER(folder, files) make_folder(folder, files, sizeof(files) / sizeof *(files))

static void test_layouts(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    MAKE_FOLDER("hundred", ml100k_files);
    MAKE_FOLDER("million", dat_files);
    MAKE_FOLDER("twenty", csv_files);
    struct dataset *hundred = load_file("hundred"), *million = load_file("million"), *twenty = load_file("./twenty");
    const struct catalog *a = dataset_catalog(hundred), *b = dataset_catalog(million), *c = dataset_catalog(twenty);
    assert_string_equal(catalog_title(a, 0), "Léon (1994)");
    assert_string_equal(genres_of(a, 0, &text), "Action, Crime");
    assert_int_equal(a->dropped_items, 1);
    assert_string_equal(catalog_title(b, 1), "Emma: A Story (1996)");
    assert_string_equal(genres_of(b, 1, &text), "");
    assert_string_equal(table_column(b->user_features, "occupation")->u.strs[1], "self-employed");
    assert_string_equal(catalog_title(c, 0), "American President, The (1995)");
    assert_string_equal(catalog_title(c, 1), "Say \"hello\"");
    assert_string_equal(genres_of(c, 0, &text), "Comedy, Romance");
    char *rows = rows_text(twenty);
    assert_string_equal(rows, "1 10 4.5 100; 2 11 3 200");
    free(rows);
    buf_release(&text);
    dataset_unref(hundred);
    dataset_unref(million);
    dataset_unref(twenty);
}

/* --- damage --- */

struct damage {
    const char *path, *text, *folder, *message;
};
static const struct damage damages[] = {
    {"hundred/u.data", "1\t10\t4\t100\n2\t11\tthree\t200\n", "hundred",
     "hundred/u.data, line 2: expected user\titem\trating\ttime, four numbers separated by tabs"},
    {"hundred/u.data", "1\t10\t4\n", "hundred", "hundred/u.data, line 1: expected user\titem\trating\ttime, four numbers separated by tabs"},
    {"hundred/u.data", "", "hundred", "`hundred` has no interactions"},
    {"hundred/u.item", "10|Heat\n", "hundred", "hundred/u.item, line 1: expected 24 fields separated by |"},
    {"hundred/u.genre", "Action|1\n", "hundred", "hundred/u.genre: expected 19 genres, got 1"},
    {"hundred/u.user", "one|24|M|technician|85711\n", "hundred", "hundred/u.user, line 1: expected a whole number as the user's id, got \"one\""},
    {"million/ratings.dat", "1::10::4\n", "million", "million/ratings.dat, line 1: expected user::item::rating::time, four numbers"},
    {"million/movies.dat", "10::Heat (1995)\n", "million", "million/movies.dat, line 1: expected 3 fields separated by ::"},
    {"twenty/ratings.csv", "userId,movieId,rating,timestamp\n1,10,x,100\n", "twenty",
     "twenty/ratings.csv, line 2, column `rating`: expected a number, got \"x\""},
    {"twenty/ratings.csv", "userId,movieId,rating\n1,10,5\n", "twenty", "twenty/ratings.csv has no column `timestamp` for time="},
    {"twenty/movies.csv", "movieId,title,genres\n10,American President, The,Comedy\n", "twenty",
     "twenty/movies.csv, line 2: expected 3 columns (movieId, title, genres), got 4"},
    {"twenty/movies.csv", "movieId,title,genres\n10,\"a\nb\",\nx,c,\n", "twenty",
     "twenty/movies.csv, line 4: expected a whole number as the item's id, got \"x\""},
    {"twenty/movies.csv", "movieId,title\n10,Heat\n", "twenty", "twenty/movies.csv: expected the columns movieId, title and genres, got 2 columns"},
};

static void test_damage(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const struct load_request request = {.name_or_path = damages[i].folder};
        MAKE_FOLDER("hundred", ml100k_files);
        MAKE_FOLDER("million", dat_files);
        MAKE_FOLDER("twenty", csv_files);
        write_file(damages[i].path, damages[i].text);
        refuses(&request, damages[i].message, "");
    }
}

static void test_memory(void **state) {
    (void)state;
    static const char *const folders[] = {"hundred", "million", "twenty"};
    MAKE_FOLDER("hundred", ml100k_files);
    MAKE_FOLDER("million", dat_files);
    MAKE_FOLDER("twenty", csv_files);
    for (int f = 0; f < 3; f++) {
        const struct load_request request = {.name_or_path = folders[f]};
        enum status status = ERR_MEMORY;
        for (long n = 1; status != OK; n++) {
            struct error err = ERROR_INIT;
            struct dataset *dataset = NULL;
            mem_fail_after(n);
            status = load_dataset(NULL, &request, &dataset, &err);
            mem_fail_after(0);
            assert_true(status == OK || status == ERR_MEMORY);
            dataset_unref(dataset);
        }
    }
}

/* --- nothing there --- */

static void test_nothing(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct load_request request = {.name_or_path = "ml-10k"};
    refuses(&request, "there is no data set or file \"ml-10k\"", "did you mean \"ml-1");
    request.name_or_path = "movies";
    refuses(&request, "there is no data set or file \"movies\"", "datasets() lists");
    write_file("ratings.csv", "1,2\n");
    request.name_or_path = "ratngs.csv";
    refuses(&request, "there is no file or folder \"ratngs.csv\"", "did you mean \"ratings.csv\", which is in this folder?");
    request.name_or_path = "no/where/x.csv";
    refuses(&request, "there is no file or folder \"no/where/x.csv\"", "the folder \"no/where\" isn't there either");
    assert_int_equal(dir_make("empty", &err), OK);
    request.name_or_path = "empty";
    refuses(&request, "the folder `empty` is empty", "u.data");
    assert_int_equal(dir_make("mine", &err), OK);
    write_file("mine/stars.csv", "1,2\n");
    request.name_or_path = "mine";
    refuses(&request, "the folder `mine` is no data set that load knows; it holds stars.csv", "by its own path");
    request.name_or_path = "/dev/null";
    refuses(&request, "`/dev/null` is not a regular file", "");
}

static int without_data(void **state) {
    (void)state;
    return unsetenv("RECKON_DATA") || setenv("RECKON_CACHE", "/nonexistent", 1);
}

static void test_not_here(void **state) {
    (void)state;
    const struct load_request request = {.name_or_path = "ml-100k", .download = false};
    refuses(&request, "`ml-100k` is not on this machine", "$RECKON_DATA/ml-100k");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml100k),
        cmocka_unit_test(test_ml1m),
        cmocka_unit_test(test_folder_is_name),
        cmocka_unit_test_setup_teardown(test_layouts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_damage, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_memory, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_nothing, enter_folder, leave_folder),
        cmocka_unit_test_setup(test_not_here, without_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
