/* Archives by path and by name, and every MovieLens name in its layout: small made-up files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "runtime/base/hash.h"
#include "runtime/data/split_ways.h"
#include "tests/unit/data/files.h"
#include "tests/unit/data/zips.h"

static char plugins[4200];

/* The current folder is both $RECKON_DATA and, below, the cache. */
static int set_up(void **state) {
    const int entered = enter_folder(state);
    struct buf cache = BUF_INIT;
    buf_addf(&cache, "%s/cache", (const char *)*state);
    setenv("RECKON_PLUGINS", plugins, 1);
    setenv("RECKON_DATA", *state, 1);
    setenv("RECKON_CACHE", buf_text(&cache), 1);
    buf_release(&cache);
    return entered;
}

static const char movies_dat[] = "10::Heat (1995)::Action|Crime\n11::Emma (1996)::(no genres listed)\n";
static const char ratings_dat[] = "1::10::4.5::100\n2::11::3::200\n";
static const char movies_csv[] = "movieId,title,genres\n10,\"American President, The (1995)\",Comedy|Romance\n11,Heat (1995),(no genres listed)\n";
static const char ratings_csv[] = "userId,movieId,rating,timestamp\n1,10,4.5,100\n2,11,3.0,200\n";

static void write_zip(const char *path, struct zip *zip) {
    zip_end(zip);
    write_bytes_to(path, zip->bytes.data, zip->bytes.len);
    zip_release(zip);
    *zip = (struct zip){0};
}

/* One file alone. */
static void write_small(const char *path, const char *rows) {
    struct zip zip = {0};
    zip_text(&zip, "r.csv", rows);
    write_zip(path, &zip);
}

static void expect(const char *name, const char *dataset_named, const char *rows, const char *title) {
    struct dataset *dataset = load_file(name);
    char *text = rows_text(dataset);
    assert_string_equal(dataset_name(dataset), dataset_named);
    assert_string_equal(text, rows);
    if (title) assert_string_equal(catalog_title(dataset_catalog(dataset), 0), title);
    free(text);
    dataset_unref(dataset);
}

static void layouts_in_archives(void **state) {
    (void)state;
    struct zip zip = {0};
    zip_text(&zip, "ml-10M100K/", "");
    zip_text(&zip, "ml-10M100K/movies.dat", movies_dat);
    zip_text(&zip, "ml-10M100K/ratings.dat", ratings_dat);
    zip_text(&zip, "ml-10M100K/tags.dat", "1::10::good::300\n");
    write_zip("million.zip", &zip);
    expect("./million.zip", "million", "1 10 4.5 100; 2 11 3 200", "Heat (1995)");
    zip_text(&zip, "twenty/ratings.csv", ratings_csv);
    zip_text(&zip, "twenty/movies.csv", movies_csv);
    write_zip("twenty.zip", &zip);
    expect("twenty.zip", "twenty", "1 10 4.5 100; 2 11 3 200", "American President, The (1995)");
    zip_text(&zip, "toys.inter", "user_id:token\titem_id:token\n1\t7\n");
    zip_text(&zip, "toys.item", "item_id:token\tname:token_seq\n7\tBall\n");
    write_zip("toys.zip", &zip);
    expect("toys.zip", "toys", "1 7 1", NULL);
}

static void one_file_alone(void **state) {
    (void)state;
    struct zip zip = {0};
    const struct load_request request = {.name_or_path = "a.zip", .user = "who", .item = "what"};
    zip_text(&zip, "deep/stars.csv", "what,who\n1,2\n");
    write_zip("a.zip", &zip);
    struct dataset *dataset = load_it(&request);
    char *rows = rows_text(dataset);
    assert_string_equal(rows, "2 1 1");
    free(rows);
    dataset_unref(dataset);
}

static void tar_text(struct buf *tar, const char *name, const char *text) {
    char header[512] = {0};
    unsigned sum = 0;
    snprintf(header, 100, "%s", name);
    memcpy(header + 100, "0000644", 8);
    memcpy(header + 257, "ustar\00000", 8);
    snprintf(header + 124, 12, "%011o", (unsigned)strlen(text));
    header[156] = name[strlen(name) - 1] == '/' ? '5' : '0';
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < sizeof header; i++) sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    buf_add(tar, header, sizeof header);
    buf_adds(tar, text);
    while (tar->len % 512) buf_addc(tar, 0);
}

static void write_tar(const char *path, struct buf *tar) {
    const char end[1024] = {0};
    buf_add(tar, end, sizeof end);
    write_bytes_to(path, tar->data, tar->len);
    buf_clear(tar);
}

/* As `tar -C folder -c .` names files, and macOS's tar and zip what lies beside them. */
static void names_from_here(void **state) {
    (void)state;
    struct buf tar = BUF_INIT;
    struct zip zip = {0};
    tar_text(&tar, "./", "");
    tar_text(&tar, "./._twenty", "of macOS");
    tar_text(&tar, "./twenty/", "");
    tar_text(&tar, "./twenty/ratings.csv", ratings_csv);
    tar_text(&tar, "./twenty/._movies.csv", "of macOS");
    tar_text(&tar, "./twenty/movies.csv", movies_csv);
    write_tar("twenty.tar", &tar);
    expect("twenty.tar", "twenty", "1 10 4.5 100; 2 11 3 200", "American President, The (1995)");
    tar_text(&tar, "./", "");
    tar_text(&tar, "./ratings.csv", ratings_csv);
    tar_text(&tar, "./movies.csv", movies_csv);
    write_tar("flat.tar", &tar);
    expect("flat.tar", "flat", "1 10 4.5 100; 2 11 3 200", "American President, The (1995)");
    tar_text(&tar, "./../escaped", "x");
    write_tar("bad.tar", &tar);
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    const struct load_request request = {.name_or_path = "bad.tar"};
    assert_int_equal(load_dataset(NULL, &request, &dataset, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "holds a name that leads elsewhere: \"./../escaped\""));
    zip_text(&zip, "READ ME.txt", "beside the folder");
    zip_text(&zip, ".DS_Store", "of macOS");
    zip_text(&zip, "__MACOSX/twenty/._ratings.csv", "of macOS");
    zip_text(&zip, "twenty/ratings.csv", ratings_csv);
    zip_text(&zip, "twenty/movies.csv", movies_csv);
    write_zip("loose.zip", &zip);
    expect("loose.zip", "loose", "1 10 4.5 100; 2 11 3 200", "American President, The (1995)");
    buf_release(&tar);
}

/* Names that unpacking itself uses, and a folder that is called as a file of RecBole's is. */
static void odd_names(void **state) {
    (void)state;
    static const char *const tops[] = {"top", ".reckon-top", ".reckon-top1"};
    for (int i = 0; i < 3; i++) {
        struct zip zip = {0};
        char name[64], path[64];
        static const char *const files[] = {".reckon-top", ".reckon-top1/x", "top"};
        for (int f = 0; f < 3; f++) {
            snprintf(name, sizeof name, "%s/%s", tops[i], files[f]);
            zip_text(&zip, name, "x");
        }
        snprintf(name, sizeof name, "%s/ratings.csv", tops[i]);
        zip_text(&zip, name, ratings_csv);
        snprintf(name, sizeof name, "%s/movies.csv", tops[i]);
        zip_text(&zip, name, movies_csv);
        snprintf(path, sizeof path, "odd%d.zip", i);
        write_zip(path, &zip);
        expect(path, (char[]){'o', 'd', 'd', (char)('0' + i), 0}, "1 10 4.5 100; 2 11 3 200", "American President, The (1995)");
    }
    struct zip zip = {0};
    struct error err = ERROR_INIT;
    static const char interactions[] = "user_id:token\titem_id:token\n1\t7\n";
    zip_text(&zip, "README", "beside the folder");
    zip_text(&zip, "toys.inter/toys.inter", interactions);
    zip_text(&zip, "toys.inter/toys.item", "item_id:token\tname:token_seq\n7\tBall\n");
    write_zip("toys.zip", &zip);
    expect("toys.zip", "toys", "1 7 1", NULL);
    assert_int_equal(dir_make("sets/old.inter", &err), OK);
    write_file("sets/toys.inter", interactions);
    expect("sets", "toys", "1 7 1", NULL);
    assert_int_equal(dir_make("toys.inter", &err), OK);
    write_file("toys.inter/toys.inter", interactions);
    expect("toys.inter", "toys", "1 7 1", NULL);
}

/* Folders that aren't the archive's one top folder stay: neither's file takes the other's place. */
static void folders_side_by_side(void **state) {
    (void)state;
    struct zip zip = {0};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    const struct load_request request = {.name_or_path = "two.zip"};
    zip_text(&zip, "a/ratings.csv", ratings_csv);
    zip_text(&zip, "a/movies.csv", movies_csv);
    zip_text(&zip, "b/ratings.csv", "userId,movieId,rating,timestamp\n9,9,1,1\n");
    write_zip("two.zip", &zip);
    assert_int_equal(load_dataset(NULL, &request, &dataset, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "is no data set that load knows; it holds a, b"));
}

#define CACHE "cache/unpacked"

/* As if nothing in the cache had been used for eight days, but what begins so (NULL: nothing). */
static void let_days_pass(const char *but) {
    const struct timespec times[2] = {{time(NULL) - 8 * 86400, 0}, {time(NULL) - 8 * 86400, 0}};
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    assert_int_equal(dir_list(CACHE, &names, &n, &err), OK);
    for (size_t i = 0; i < n; i++) {
        char *folder = path_join(CACHE, names[i]);
        if (!but || strncmp(names[i], but, strlen(but)) != 0) assert_int_equal(utimensat(AT_FDCWD, folder, times, 0), 0);
        free(folder);
    }
    names_free(names, n);
}

/* The folders' names up to the "-", in their order. */
static void expect_kept(const char *expected) {
    struct error err = ERROR_INIT;
    struct buf found = BUF_INIT;
    char **names;
    size_t n;
    assert_int_equal(dir_list(CACHE, &names, &n, &err), OK);
    for (size_t i = 0; i < n; i++) buf_addf(&found, "%s%.*s", i ? " " : "", (int)strcspn(names[i], "-"), names[i]);
    assert_string_equal(buf_text(&found), expected);
    names_free(names, n);
    buf_release(&found);
}

/* Another archive is unpacked, which is when the cache is swept. */
static void unpack_another(const char *name) {
    write_small(name, "1,10\n");
    expect(name, "r", "1 10 1", NULL);
}

/* What is in the cache for archives that are gone, or half made by a process that is, goes when another is unpacked and a week is over. */
static void nothing_is_kept_for_ever(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    write_small("gone.zip", "1,10\n");
    write_small("stays.zip", "1,10\n");
    expect("gone.zip", "r", "1 10 1", NULL);
    expect("stays.zip", "r", "1 10 1", NULL);
    assert_int_equal(dir_make(CACHE "/half-0011.qwertz/whole/files", &err), OK);
    assert_int_equal(dir_make(CACHE "/fresh-0011.qwertz/whole/files", &err), OK);
    assert_int_equal(unlink("gone.zip"), 0);
    unpack_another("early.zip");
    expect_kept("early fresh gone half stays");
    let_days_pass("fresh-");
    unpack_another("new.zip");
    expect_kept("early fresh new stays");
}

/* What another process is about to put in its place, or has in use, stays, whatever became of the archive. */
static void what_is_in_use_stays(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct zip zip = {0};
    zip_text(&zip, "train.txt", "0 1 2\n1 2 3\n");
    zip_text(&zip, "test.txt", "0 3\n1 1\n");
    write_zip("used.zip", &zip);
    struct dataset *used = load_file("used.zip");
    char *from = realpath("used.zip", NULL), *finished = path_join(CACHE, "used-0123456789abcdef.4711");
    assert_int_equal(dir_make(finished, &err), OK);
    char *path = path_join(finished, "from");
    write_file(path, from);
    write_small("used.zip", "9,9\n"); /* changed: neither folder is of it any more */
    unpack_another("a.zip");
    expect_kept("a used used");
    let_days_pass(NULL);
    unpack_another("b.zip");
    expect_kept("a b used"); /* not in use, and old */
    const struct split_request request = {.by = SPLIT_PUBLISHED};
    struct dataset *train, *valid, *test;
    char *note;
    if (split_dataset(NULL, used, &request, &train, &valid, &test, &note, &err) != OK) fail_msg("%s", err.message);
    assert_int_equal(dataset_n(train), 4);
    free(note);
    dataset_unref(used); /* its parts go on using it */
    let_days_pass(NULL);
    unpack_another("c.zip");
    expect_kept("a b c used");
    dataset_unref(train);
    dataset_unref(test);
    let_days_pass(NULL);
    unpack_another("d.zip");
    expect_kept("a b c d");
    free(path);
    free(finished);
    free(from);
}

/* Unpacked once; again when the archive is another. */
static void kept_until_it_changes(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    write_small("a.zip", "1,10\n");
    expect("a.zip", "r", "1 10 1", NULL);
    expect("a.zip", "r", "1 10 1", NULL);
    expect_kept("a");
    assert_int_equal(dir_list(CACHE, &names, &n, &err), OK);
    char *folder = path_join(CACHE, names[0]);
    names_free(names, n);
    remove_folder(folder);
    assert_int_equal(dir_make(folder, &err), OK); /* somebody tidied up: it is unpacked again */
    char *beside = path_join(folder, "r.csv");
    write_file(beside, "9,9\n");
    free(beside);
    free(folder);
    expect("a.zip", "r", "1 10 1", NULL);
    expect_kept("a");
    write_small("a.zip", "1,10\n2,11\n");
    expect("a.zip", "r", "1 10 1; 2 11 1", NULL);
    expect_kept("a a"); /* another process may be at the old one */
    let_days_pass(NULL);
    unpack_another("b.zip");
    expect_kept("a b");
}

/* Several processes that come at once, to what isn't there yet or has lost its files, all get it whole, and leave one folder. */
static void at_once(void **state) {
    (void)state;
    for (int turn = 0; turn < 10; turn++) {
        pid_t children[4];
        struct buf rows = BUF_INIT;
        for (int i = 0; i <= turn; i++) buf_addf(&rows, "%d,10\n", i + 1);
        write_small("a.zip", buf_text(&rows));
        for (int i = 0; i < 4; i++) {
            if ((children[i] = fork()) != 0) continue;
            struct dataset *dataset = load_file("a.zip");
            _exit(dataset_n(dataset) == turn + 1 ? 0 : 1);
        }
        for (int i = 0; i < 4; i++) {
            int how = -1;
            assert_int_equal(waitpid(children[i], &how, 0), children[i]);
            assert_int_equal(how, 0);
        }
        buf_release(&rows);
        let_days_pass(NULL);
    }
    unpack_another("b.zip");
    expect_kept("a b");
}

static void bad_archives(void **state) {
    (void)state;
    struct zip zip = {0};
    struct load_request request = {.name_or_path = "a.zip"};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    char **names;
    size_t n;
    write_file("a.zip", "PK and no more");
    assert_int_equal(load_dataset(NULL, &request, &dataset, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "the archive `a.zip` is damaged"));
    zip_text(&zip, "x/README", "no ratings");
    zip_text(&zip, "x/more", "none here");
    write_zip("b.zip", &zip);
    err = ERROR_INIT;
    request.name_or_path = "b.zip";
    assert_int_equal(load_dataset(NULL, &request, &dataset, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "is no data set that load knows; it holds README, more"));
    assert_string_equal(err.notes, "while reading what the archive `b.zip` holds");
    zip_text(&zip, "../escaped", "x");
    write_zip("c.zip", &zip);
    err = ERROR_INIT;
    request.name_or_path = "c.zip";
    assert_int_equal(load_dataset(NULL, &request, &dataset, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "holds a name that leads elsewhere"));
    assert_int_equal(dir_list("cache/unpacked", &names, &n, &err), OK);
    assert_int_equal(n, 1); /* b's; nothing half made stays */
    names_free(names, n);
}

/* By name each MovieLens is found as a folder and as an archive, with the publisher's licence. */
static void every_name(void **state) {
    (void)state;
    static const char *const dat[] = {"ml-1m", "ml-10m"}, *const csv[] = {"ml-20m", "ml-25m", "ml-32m", "ml-latest-small"};
    struct error err = ERROR_INIT;
    struct zip zip = {0};
    for (int i = 0; i < 2; i++) {
        char path[64];
        assert_int_equal(dir_make(dat[i], &err), OK);
        snprintf(path, sizeof path, "%s/ratings.dat", dat[i]);
        write_file(path, ratings_dat);
        snprintf(path, sizeof path, "%s/movies.dat", dat[i]);
        write_file(path, movies_dat);
        expect(dat[i], dat[i], "1 10 4.5 100; 2 11 3 200", "Heat (1995)");
    }
    for (int i = 0; i < 4; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/ratings.csv", csv[i]);
        zip_text(&zip, path, ratings_csv);
        snprintf(path, sizeof path, "%s/movies.csv", csv[i]);
        zip_text(&zip, path, movies_csv);
        snprintf(path, sizeof path, "%s.zip", csv[i]);
        write_zip(path, &zip);
        expect(csv[i], csv[i], "1 10 4.5 100; 2 11 3 200", "American President, The (1995)");
    }
    struct dataset *dataset = load_file("ml-25m");
    assert_non_null(strstr(dataset_licence(dataset), "ml-25m-README.html"));
    dataset_unref(dataset);
    struct table *table = datasets_table();
    const struct column *found = table_column(table, "found");
    char *wanted = path_join(getenv("RECKON_DATA"), "ml-25m.zip");
    assert_string_equal(found->u.strs[4], wanted);
    free(wanted);
    table_unref(table);
}

int main(void) {
    hash_init();
    char binary[4096];
    const ssize_t n = readlink("/proc/self/exe", binary, sizeof binary - 1);
    binary[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 3 && strrchr(binary, '/'); up++) *strrchr(binary, '/') = 0; /* BUILD/tests/data/test_archive */
    snprintf(plugins, sizeof plugins, "%s/lib", binary);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layouts_in_archives, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(one_file_alone, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(names_from_here, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(odd_names, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(folders_side_by_side, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(nothing_is_kept_for_ever, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(what_is_in_use_stays, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(at_once, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(kept_until_it_changes, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(bad_archives, set_up, leave_folder),
        cmocka_unit_test_setup_teardown(every_name, set_up, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
