#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/loaders.h"

static char root[64];

/* Two places to look in: root/data as $RECKON_DATA, root/cache as the cache. */
static int set_up(void **state) {
    (void)state;
    char path[128];
    snprintf(root, sizeof root, "/tmp/reckon-known-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/data", root);
    setenv("RECKON_DATA", path, 1);
    snprintf(path, sizeof path, "%s/cache", root);
    setenv("RECKON_CACHE", path, 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const below[] = {"data/ml-100k/u.data",
                                        "data/ml-100k",
                                        "data/ml-1m/README",
                                        "data/ml-1m",
                                        "data/other/ratings.csv",
                                        "data/other",
                                        "data",
                                        "cache/datasets/ml-100k/u.data",
                                        "cache/datasets/ml-100k",
                                        "cache/datasets/ml-1m/ratings.dat",
                                        "cache/datasets/ml-1m",
                                        "cache/datasets",
                                        "cache",
                                        ""};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        char *path = path_join(root, below[i]);
        remove(path);
        free(path);
    }
    return 0;
}

static void put(const char *folder, const char *file) {
    struct error err = ERROR_INIT;
    char *below = path_join(root, folder), *path = path_join(below, file);
    assert_int_equal(dir_make(below, &err), OK);
    FILE *stream = fopen(path, "w");
    fputs("1\t2\t3\t4\n", stream);
    fclose(stream);
    free(below);
    free(path);
}

static void assert_found(const char *name, const char *expected) {
    char *folder = known_dataset_folder(name), *path = expected ? path_join(root, expected) : NULL;
    if (expected) assert_string_equal(folder, path);
    else assert_null(folder);
    free(folder);
    free(path);
}

static void own_folder_before_the_cache(void **state) {
    (void)state;
    assert_found("ml-100k", NULL);
    put("cache/datasets/ml-100k", "u.data");
    assert_found("ml-100k", "cache/datasets/ml-100k");
    put("data/ml-100k", "u.data");
    assert_found("ml-100k", "data/ml-100k");
    unsetenv("RECKON_DATA");
    assert_found("ml-100k", "cache/datasets/ml-100k");
}

/* A folder of the name without ratings hides nothing behind it. */
static void folders_without_ratings_do_not_count(void **state) {
    (void)state;
    put("data/ml-1m", "README");
    assert_found("ml-1m", NULL);
    put("cache/datasets/ml-1m", "ratings.dat");
    assert_found("ml-1m", "cache/datasets/ml-1m");
}

static void only_known_names(void **state) {
    (void)state;
    put("data/other", "ratings.csv");
    assert_found("other", NULL);
    assert_found("../data/other", NULL);
    assert_found("", NULL);
}

static bool is_hex(const char *text, size_t n) { return strlen(text) == n && strspn(text, "0123456789abcdef") == n; }

/* What can be loaded today, each with all that a download needs. */
static void rows_are_whole(void **state) {
    (void)state;
    static const char *const movielens[] = {"ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small"};
    const struct known_dataset *known;
    const size_t n = known_datasets(&known);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(strstr(known[i].licence, "research"));
        assert_null(strchr(known[i].licence, '\n'));
        assert_ptr_equal(known_dataset_find(known[i].name), &known[i]);
        assert_true((known[i].url != NULL) != (known[i].files != NULL)); /* there is always a way to them */
    }
    for (size_t i = 0; i < sizeof movielens / sizeof *movielens; i++) {
        char archive[128];
        snprintf(archive, sizeof archive, "https://files.grouplens.org/datasets/movielens/%s.zip", movielens[i]);
        assert_string_equal(known[i].name, movielens[i]);
        assert_string_equal(known[i].folder, movielens[i]);
        assert_string_equal(known[i].url, archive);
        assert_true(known[i].size_bytes > 900000);
        assert_non_null(strstr(known[i].licence, movielens[i])); /* its own README */
        if (known[i].md5) assert_true(is_hex(known[i].md5, 32));
        else assert_string_equal(movielens[i], "ml-latest-small");
    }
}

static void table_says_where(void **state) {
    (void)state;
    static const char *const columns[] = {"name", "what", "size", "licence", "found"};
    put("data/ml-100k", "u.data");
    struct table *table = datasets_table();
    char *path = path_join(root, "data/ml-100k");
    assert_int_equal(table->n_columns, 5);
    for (size_t i = 0; i < 5; i++) assert_string_equal(table->columns[i].name, columns[i]);
    const struct column *found = table_column(table, "found");
    assert_string_equal(found->u.strs[0], path);
    for (int64_t i = 1; i < table->n_rows; i++) assert_true(cell_is_null(found, i));
    assert_string_equal(table_column(table, "size")->u.strs[0], "4.7 MiB");
    for (int64_t i = 0; i < table->n_rows; i++) {
        const struct known_dataset *known = known_dataset_find(table_column(table, "name")->u.strs[i]);
        assert_int_equal(cell_is_null(table_column(table, "size"), i), known->url == NULL);
    }
    free(path);
    table_unref(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_folder_before_the_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_without_ratings_do_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_known_names, set_up, tear_down),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test_setup_teardown(table_says_where, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
