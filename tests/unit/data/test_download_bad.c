/* Downloads that must not be believed: wrong sums, archives that mean harm, and disks that take nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/data/stage.h"

/* --- sums --- */

static void wrong_sum(void **state) {
    struct stage *stage = *state;
    good(stage);
    stage->known.md5 = "00000000000000000000000000000000";
    assert_fails(stage, ERR_DATA, "the archive from %s/ml-test.zip has md5 %s, its publisher says 00000000000000000000000000000000", stage->mirror,
                 stage->md5);
    assert_cache("");
}

static void damaged_on_the_way(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->zip.bytes.data[1000] ^= 1;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_DATA);
    assert_string_equal(err.hint, "it was thrown away: load(\"ml-test\") tries again");
    stage->zip.bytes.data[1000] ^= 1;
    assert_downloads(stage);
}

static void no_sum(void **state) {
    struct stage *stage = *state;
    good(stage);
    stage->known.md5 = NULL;
    serve(stage);
    assert_fails(stage, ERR_NETWORK, "%sml-test.zip.md5: the server answers 404", stage->web.url);
    stage->web.sum = "<html>0123456789abcdef0123456789abcde</html>"; /* 31 digits */
    assert_fails(stage, ERR_DATA, "%sml-test.zip.md5 holds no md5", stage->web.url);
    assert_int_equal(stage->web.n_archive, 0);
    assert_cache("");
}

static void published_files_of_ml100k(void **state) {
    struct stage *stage = *state;
    char *source = ml100k_folder(), **names;
    size_t n;
    struct error err = ERROR_INIT;
    if (!source) skip();
    assert_int_equal(dir_list(source, &names, &n, &err), OK);
    for (int damaged = 1; damaged >= 0; damaged--) {
        zip_release(&stage->zip);
        stage->zip = (struct zip){0};
        for (size_t i = 0; i < n; i++) {
            struct buf text = BUF_INIT, inside = BUF_INIT;
            char *path = path_join(source, names[i]);
            assert_int_equal(file_read(path, 1 << 24, &text, &err), OK);
            if (damaged && strcmp(names[i], "u2.test") == 0) text.data[0]++;
            buf_addf(&inside, "ml-100k/%s", names[i]);
            zip_data(&stage->zip, buf_text(&inside), text.data, text.len);
            buf_release(&text);
            buf_release(&inside);
            free(path);
        }
        finish(stage);
        char *from = at("mirror/ml-test.zip"), *to = at("mirror/ml-100k.zip");
        assert_int_equal(rename(from, to), 0);
        free(from);
        free(to);
        stage->known.name = "ml-100k";
        stage->known.url = "https://publisher.invalid/d/ml-100k.zip";
        if (damaged) assert_fails(stage, ERR_DATA, "u2.test of the archive from %s/ml-100k.zip is not the published file", stage->mirror);
    }
    char *folder = NULL;
    assert_int_equal(download_dataset(NULL, &stage->known, &folder, &err), OK);
    struct dataset *dataset = NULL;
    assert_int_equal(layout_ml100k.load(NULL, folder, "ml-100k", NULL, &dataset, &err), OK);
    assert_int_equal(dataset_n(dataset), 100000);
    dataset_unref(dataset);
    names_free(names, n);
    free(folder);
    free(source);
}

/* --- archives that mean harm --- */

static void assert_bad_bytes(struct stage *stage, const char *reason) {
    struct error err = ERROR_INIT;
    publish(stage);
    assert_int_equal(download(stage, &err), ERR_DATA);
    if (!strstr(err.message, reason)) fail_msg("%s", err.message);
    assert_cache("");
    zip_release(&stage->zip);
    stage->zip = (struct zip){0};
}

static void assert_bad_archive(struct stage *stage, const char *reason) {
    zip_end(&stage->zip);
    assert_bad_bytes(stage, reason);
}

static void names_that_lead_elsewhere(void **state) {
    struct stage *stage = *state;
    static const char *const bad[] = {
        "../escaped", "ml/../../escaped", "/tmp/reckon-escaped", "ml/a/../../../escaped", "ml\\..\\escaped", "ml/..", "ml//x", "ml/./x", "ml/\x01x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        zip_text(&stage->zip, "ml/ratings.dat", ratings);
        zip_text(&stage->zip, bad[i], "escaped");
        assert_bad_archive(stage, "holds a name that leads elsewhere");
    }
    char *escaped = at("cache/escaped"), *beside = at("cache/datasets/escaped");
    assert_false(file_exists(escaped) || file_exists(beside) || file_exists("/tmp/reckon-escaped"));
    free(escaped);
    free(beside);
}

static void links(void **state) {
    struct stage *stage = *state;
    zip_raw(&stage->zip, "ml/ratings.dat", 0120777, 0, "/etc/passwd", 11, zip_crc("/etc/passwd", 11), 11);
    assert_bad_archive(stage, "holds something other than a file: \"ml/ratings.dat\"");
    zip_raw(&stage->zip, "ml/out", 0120777, 0, "..", 2, zip_crc("..", 2), 2);
    zip_text(&stage->zip, "ml/out/x", "through a link");
    assert_bad_archive(stage, "holds something other than a file: \"ml/out\"");
}

static void bombs(void **state) {
    struct stage *stage = *state;
    zip_text(&stage->zip, "ml/ratings.dat", ratings);
    zip_zeros(&stage->zip, "ml/zeros", 8200); /* 2 MB in 13 kB */
    assert_bad_archive(stage, "it is not what was expected");
    for (int i = 0; i < 1001; i++) {
        char name[32];
        snprintf(name, sizeof name, "ml/%d", i);
        zip_text(&stage->zip, name, "");
    }
    assert_bad_archive(stage, "holds more than 1000 files");
}

/* The same zeros within the limit: the bomb is refused for its size and nothing else. */
static void zeros_within_the_limit(void **state) {
    struct stage *stage = *state;
    zip_text(&stage->zip, "ml/ratings.dat", ratings);
    zip_zeros(&stage->zip, "ml/zeros", 4000);
    finish(stage);
    assert_downloads(stage);
    char *path = at("cache/datasets/ml-test/zeros");
    assert_int_equal(file_size(path), 1 + 258 * 4000);
    free(path);
}

static void one_file_twice(void **state) {
    struct stage *stage = *state;
    zip_text(&stage->zip, "a/ratings.dat", ratings);
    zip_text(&stage->zip, "./a/ratings.dat", "other");
    assert_bad_archive(stage, "holds a name twice");
    zip_text(&stage->zip, "a/ratings.dat", ratings);
    zip_text(&stage->zip, "a/ratings.dat/x", "a file as a folder");
    assert_bad_archive(stage, "holds a name twice");
}

/* Folders that only some files share are no top folder: nothing is put into one pot. */
static void several_folders(void **state) {
    struct stage *stage = *state;
    zip_text(&stage->zip, "a/ratings.dat", ratings);
    zip_text(&stage->zip, "b/ratings.dat", "other");
    assert_bad_archive(stage, "holds no ratings");
}

static void not_an_archive(void **state) {
    struct stage *stage = *state;
    buf_adds(&stage->zip.bytes, "<html>please log in</html>");
    assert_bad_bytes(stage, "is damaged");
    zip_text(&stage->zip, "ml/ratings.dat", ratings);
    assert_bad_bytes(stage, "is damaged"); /* cut off before the directory */
    zip_text(&stage->zip, "ml/ratings.dat", ratings);
    stage->zip.bytes.data[50] ^= 1; /* of the text: its sum is wrong */
    assert_bad_archive(stage, "is damaged");
    zip_text(&stage->zip, "ml/README", "no ratings");
    assert_bad_archive(stage, "holds no ratings");
}

static void archive_larger_than_expected(void **state) {
    struct stage *stage = *state;
    char *large = xalloc(3 << 20);
    memset(large, 'x', (3 << 20) - 1);
    zip_text(&stage->zip, "ml/ratings.dat", large);
    finish(stage);
    free(large);
    stage->known.size_bytes = 1000;
    assert_fails(stage, ERR_NETWORK, "%s/ml-test.zip is larger than the 1050576 bytes that were expected at most", stage->mirror);
}

/* --- the disk --- */

static void full_disk(void **state) {
    struct stage *stage = *state;
    struct rlimit old, small;
    struct error err = ERROR_INIT;
    good(stage);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 40000; /* no file may be larger: the write fails as on a full disk */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum status status = download(stage, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, ERR_FILE);
    assert_non_null(strstr(err.message, "ml-test.part`: File too large"));
    assert_string_equal(err.hint, "free some space there, or set RECKON_CACHE to another folder");
    assert_int_equal(part_size(), 40000);
    assert_downloads(stage);
}

static void cache_that_is_no_folder(void **state) {
    struct stage *stage = *state;
    good(stage);
    write_bytes("cache", "", 0);
    char *path = at("cache/datasets");
    assert_fails(stage, ERR_FILE, "can't make the folder `%s`: Not a directory", path);
    free(path);
}

static void folder_of_something_else(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    char *folder = at("cache/datasets/ml-test");
    good(stage);
    assert_int_equal(dir_make(folder, &err), OK);
    write_bytes("cache/datasets/ml-test/notes.txt", "mine", 4);
    assert_fails(stage, ERR_FILE, "`%s` exists and is not ml-test", folder);
    assert_file("cache/datasets/ml-test/notes.txt", "mine");
    char *notes = at("cache/datasets/ml-test/notes.txt");
    assert_int_equal(unlink(notes), 0);
    assert_downloads(stage); /* an empty folder is no hindrance */
    free(notes);
    free(folder);
}

int main(void) {
    if (!stage_open()) return 1;
    const struct CMUnitTest tests[] = {
        ON_STAGE(wrong_sum),
        ON_STAGE(damaged_on_the_way),
        ON_STAGE(no_sum),
        ON_STAGE(published_files_of_ml100k),
        ON_STAGE(names_that_lead_elsewhere),
        ON_STAGE(links),
        ON_STAGE(bombs),
        ON_STAGE(zeros_within_the_limit),
        ON_STAGE(one_file_twice),
        ON_STAGE(several_folders),
        ON_STAGE(not_an_archive),
        ON_STAGE(archive_larger_than_expected),
        ON_STAGE(full_disk),
        ON_STAGE(cache_that_is_no_folder),
        ON_STAGE(folder_of_something_else),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stage_close();
    return failed;
}
