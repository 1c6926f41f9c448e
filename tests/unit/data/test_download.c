/* Downloads from a folder and from a small web server, with everything that goes wrong on the way. Long, for each mishap is a test on one stage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/data/download.h"
#include "runtime/data/md5.h"
#include "tests/unit/data/sources.h"
#include "tests/unit/data/web.h"
#include "tests/unit/data/zips.h"

static char root[64], plugins[4200];

/* --- the stage: root/mirror, root/cache, and a data set that nobody publishes --- */

struct stage {
    struct zip zip;
    struct known_dataset known;
    char md5[MD5_HEX], mirror[128];
    struct web web;
    bool has_web;
    struct buf said;
};

static char *at(const char *below) { return path_join(root, below); }

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int set_up(void **state) {
    struct stage *stage = xnew(struct stage);
    struct error err = ERROR_INIT;
    char *cache = at("cache"), *mirror = at("mirror");
    snprintf(stage->mirror, sizeof stage->mirror, "file://%s", mirror);
    stage->known =
        (struct known_dataset){.name = "ml-test", .what = "a test", .licence = "for tests only", .url = "https://publisher.invalid/d/ml-test.zip"};
    setenv("RECKON_CACHE", cache, 1);
    setenv("RECKON_PLUGINS", plugins, 1);
    setenv("RECKON_MIRROR", stage->mirror, 1);
    assert_int_equal(dir_make(mirror, &err), OK);
    free(cache);
    free(mirror);
    *state = stage;
    return 0;
}

static int tear_down(void **state) {
    struct stage *stage = *state;
    if (stage->has_web) web_stop(&stage->web);
    zip_release(&stage->zip);
    buf_release(&stage->said);
    free(stage);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(root, 0700), 0);
    return 0;
}

static void write_bytes(const char *below, const void *data, size_t len) {
    char *path = at(below);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, len, stream), len);
    assert_int_equal(fclose(stream), 0);
    free(path);
}

/* The archive's bytes into the mirror's folder, its sum and size into the row. */
static void publish(struct stage *stage) {
    struct error err = ERROR_INIT;
    char *path = at("mirror/ml-test.zip");
    write_bytes("mirror/ml-test.zip", stage->zip.bytes.data, stage->zip.bytes.len);
    assert_int_equal(md5_file(NULL, path, stage->md5, &err), OK);
    stage->known.md5 = stage->md5;
    stage->known.size_bytes = (int64_t)stage->zip.bytes.len;
    free(path);
}

static void finish(struct stage *stage) {
    zip_end(&stage->zip);
    publish(stage);
}

static const char ratings[] = "1::1::5::978300760\n";

/* A good archive, of some hundred thousand bytes. */
static void good(struct stage *stage) {
    char *filler = xalloc(300001);
    for (int i = 0; i < 300000; i++) filler[i] = (char)('a' + i % 23 + i / 20000 % 3);
    zip_text(&stage->zip, "ml-Test100/", "");
    zip_text(&stage->zip, "ml-Test100/ratings.dat", ratings);
    zip_text(&stage->zip, "ml-Test100/movies.dat", filler);
    zip_text(&stage->zip, "ml-Test100/more/README", "read me\n");
    zip_text(&stage->zip, "__MACOSX/ml-Test100/._ratings.dat", "junk");
    free(filler);
    finish(stage);
}

static void serve(struct stage *stage) {
    stage->web.archive = (struct slice){stage->zip.bytes.data, stage->zip.bytes.len};
    web_start(&stage->web);
    stage->has_web = true;
    setenv("RECKON_MIRROR", stage->web.url, 1);
}

static void on_print(void *ctx, const char *text, size_t len) { buf_add(ctx, text, len); }

static enum status download(struct stage *stage, struct error *err) {
    const struct task_listener listener = {.ctx = &stage->said, .print = on_print};
    struct task *task = task_new(&listener);
    char *folder = NULL, *expected = at("cache/datasets/ml-test");
    const enum status status = download_dataset(task, &stage->known, &folder, err);
    task_free(task);
    if (status == OK) assert_string_equal(folder, expected);
    else assert_null(folder);
    free(folder);
    free(expected);
    return status;
}

static void assert_downloads(struct stage *stage) {
    struct error err = ERROR_INIT;
    if (download(stage, &err) != OK) fail_msg("%s", err.message);
}

static void assert_fails(struct stage *stage, enum status code, const char *format, ...) {
    struct error err = ERROR_INIT;
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    assert_int_equal(download(stage, &err), code);
    assert_string_equal(err.message, message);
}

static void assert_file(const char *below, const char *text) {
    struct buf found = BUF_INIT;
    struct error err = ERROR_INIT;
    char *path = at(below);
    assert_int_equal(file_read(path, 1 << 20, &found, &err), OK);
    assert_string_equal(buf_text(&found), text);
    buf_release(&found);
    free(path);
}

/* The names in the cache, and nothing else. */
static void assert_cache(const char *expected) {
    char **names, *path = at("cache/datasets");
    size_t n;
    struct error err = ERROR_INIT;
    struct buf found = BUF_INIT;
    assert_int_equal(dir_list(path, &names, &n, &err), OK);
    for (size_t i = 0; i < n; i++) buf_addf(&found, "%s%s", i ? " " : "", names[i]);
    assert_string_equal(buf_text(&found), expected);
    names_free(names, n);
    buf_release(&found);
    free(path);
}

static int64_t part_size(void) {
    char *path = at("cache/datasets/ml-test.part");
    const int64_t size = file_size(path);
    free(path);
    return size;
}

/* --- what goes well --- */

/* First of all tests: once the plugin is open it stays. */
static void missing_plugin(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    setenv("RECKON_PLUGINS", root, 1);
    good(stage);
    assert_int_equal(download(stage, &err), ERR_MISSING);
    assert_non_null(strstr(err.message, "the plugin `net` is not installed: no libreckon_net.so in"));
    assert_string_equal(
        err.hint,
        "`make` with libcurl4-openssl-dev and libarchive-dev or, where only a library is missing, `apt-get install libcurl4 libarchive13` brings it");
}

static void whole(void **state) {
    struct stage *stage = *state;
    good(stage);
    assert_downloads(stage);
    assert_cache("ml-test"); /* no archive, no lock */
    assert_file("cache/datasets/ml-test/ratings.dat", ratings);
    assert_file("cache/datasets/ml-test/more/README", "read me\n");
    char *junk = at("cache/datasets/ml-test/ml-Test100");
    assert_false(file_exists(junk)); /* the archive's top folder is not kept */
    free(junk);
    char expected[512];
    snprintf(expected, sizeof expected, "ml-test: for tests only\ndownloading %s/ml-test.zip (", stage->mirror);
    assert_memory_equal(buf_text(&stage->said), expected, strlen(expected));
}

static void nothing_twice(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    assert_downloads(stage);
    buf_clear(&stage->said);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 1);
    assert_int_equal(stage->said.len, 0);
}

static void sum_beside_the_archive(void **state) {
    struct stage *stage = *state;
    char sum[128];
    good(stage);
    stage->known.md5 = NULL;
    snprintf(sum, sizeof sum, "MD5 (ml-test-0123456789abcdef0123456789abcdef.zip) = %s\n", stage->md5);
    stage->web.sum = sum;
    serve(stage);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_sum, 1);
    assert_cache("ml-test");
}

static void straight_from_the_publisher(void **state) {
    struct stage *stage = *state;
    char url[128];
    good(stage);
    serve(stage);
    unsetenv("RECKON_MIRROR");
    snprintf(url, sizeof url, "%sdeep/ml-test.zip", stage->web.url);
    stage->known.url = url;
    assert_downloads(stage);
}

static void left_by_a_killed_process(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    char *path = at("cache/datasets/ml-test.unpacking/more");
    good(stage);
    assert_int_equal(dir_make(path, &err), OK);
    write_bytes("cache/datasets/ml-test.unpacking/more/README", "half", 4);
    write_bytes("cache/datasets/ml-test.lock", "", 0);
    assert_downloads(stage);
    assert_cache("ml-test");
    assert_file("cache/datasets/ml-test/more/README", "read me\n");
    free(path);
}

/* --- going on --- */

static void cut_and_resumed(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.cut_after = 100000;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_non_null(strstr(err.hint, "load(\"ml-test\") goes on where it stopped"));
    assert_int_equal(part_size(), 100000);
    assert_cache("ml-test.part");
    stage->web.cut_after = 0;
    assert_downloads(stage);
    assert_int_equal(stage->web.last_from, 100000);
    assert_cache("ml-test");
    assert_file("cache/datasets/ml-test/ratings.dat", ratings);
}

static void server_without_ranges(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.cut_after = 100000;
    stage->web.no_ranges = true;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    stage->web.cut_after = 0;
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 2); /* the whole that comes for an answer is taken at once */
    assert_cache("ml-test");
}

/* What the server said of the beginning goes back with the request for the rest. */
static void mark_goes_back(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    static const char *const marks[] = {"ETag: \"v1\"", "Last-Modified: Sat, 01 Feb 2003 04:05:06 GMT",
                                        "ETag: W/\"v1\"\r\nLast-Modified: Sat, 01 Feb 2003 04:05:06 GMT"};
    static const char *const kept[] = {"\"v1\"", "Sat, 01 Feb 2003 04:05:06 GMT", "Sat, 01 Feb 2003 04:05:06 GMT"};
    good(stage);
    serve(stage);
    for (int i = 0; i < 2; i++) {
        stage->web.mark = marks[i];
        stage->web.cut_after = 100000;
        stage->web.n_archive = stage->web.n_conditions = 0;
        assert_int_equal(download(stage, &err), ERR_NETWORK);
        assert_cache("ml-test.mark ml-test.part");
        assert_file("cache/datasets/ml-test.mark", kept[i]);
        stage->web.cut_after = 0;
        assert_downloads(stage);
        assert_int_equal(stage->web.n_archive, 2);
        assert_int_equal(stage->web.n_conditions, 1);
        assert_int_equal(stage->web.last_from, 100000);
        assert_cache("ml-test");
        char *folder = at("cache");
        dir_remove(folder);
        free(folder);
    }
    stage->web.mark = marks[2]; /* a weak ETag promises no equal bytes */
    stage->web.cut_after = 100000;
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_file("cache/datasets/ml-test.mark", kept[2]);
}

/* The archive was replaced meanwhile: the server sends the whole, and nothing of the old one stays. */
static void changed_meanwhile(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.mark = "ETag: \"v1\"";
    stage->web.cut_after = 100000;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    stage->web.cut_after = 0;
    stage->web.mark = "ETag: \"v2\"";
    zip_release(&stage->zip);
    stage->zip = (struct zip){0};
    zip_text(&stage->zip, "ml-new/ratings.dat", "2::2::4::978300760\n");
    finish(stage);
    stage->web.archive = (struct slice){stage->zip.bytes.data, stage->zip.bytes.len};
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 2); /* one request, not two */
    assert_cache("ml-test");
    assert_file("cache/datasets/ml-test/ratings.dat", "2::2::4::978300760\n");
}

/* A proxy that answers with another range than it was asked for. */
static void another_range(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.cut_after = 100000;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    stage->web.cut_after = 0;
    stage->web.shift = 50;
    assert_downloads(stage);
    assert_int_equal(stage->web.last_from, -1);
    assert_int_equal(stage->web.n_archive, 3);
    assert_file("cache/datasets/ml-test/ratings.dat", ratings);
}

/* It announces more than it sends, as when the connection breaks: what came is kept, and the rest asked for. */
static void wrong_length(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.longer = 10;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_int_equal(part_size(), (int64_t)stage->zip.bytes.len);
    stage->web.longer = 0;
    assert_downloads(stage); /* nothing is left to ask for (416): then from the beginning */
    assert_cache("ml-test");
}

static void put_part(const void *data, size_t len) {
    struct error err = ERROR_INIT;
    char *folder = at("cache/datasets");
    assert_int_equal(dir_make(folder, &err), OK);
    write_bytes("cache/datasets/ml-test.part", data, len);
    free(folder);
}

static void beginning_of_another_archive(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    put_part("something old", 13);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 2);
    assert_int_equal(stage->web.last_from, -1);
}

static void archive_is_there_already(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    put_part(stage->zip.bytes.data, stage->zip.bytes.len);
    assert_downloads(stage);
    assert_cache("ml-test");
}

static void longer_than_the_archive(void **state) {
    struct stage *stage = *state;
    good(stage);
    for (int web = 0; web < 2; web++) {
        struct buf longer = BUF_INIT;
        if (web) serve(stage);
        buf_add(&longer, stage->zip.bytes.data, stage->zip.bytes.len);
        buf_adds(&longer, "and more");
        put_part(longer.data, longer.len);
        assert_downloads(stage);
        buf_release(&longer);
        char *folder = at("cache");
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(folder);
    }
}

static void files_resume_too(void **state) {
    struct stage *stage = *state;
    good(stage);
    put_part(stage->zip.bytes.data, 5000);
    assert_downloads(stage);
}

/* A process that is killed in the middle leaves the beginning and its lock; the next goes on. */
static void killed_in_the_middle(void **state) {
    struct stage *stage = *state;
    good(stage);
    stage->web.cut_after = 0;
    stage->web.mark = "ETag: \"v1\"";
    stage->web.hangs_after = 100000;
    serve(stage);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = ERROR_INIT;
        char *folder = NULL;
        _exit((int)download_dataset(NULL, &stage->known, &folder, &err));
    }
    for (int i = 0; i < 1000 && part_size() < 100000; i++) usleep(10000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_cache("ml-test.lock ml-test.mark ml-test.part");
    stage->web.hangs_after = 0;
    assert_downloads(stage);
    assert_int_equal(stage->web.last_from, 100000);
    assert_cache("ml-test");
}

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

/* --- the network --- */

static void assert_no_network(struct stage *stage, const char *mirror) {
    struct error err = ERROR_INIT;
    const double start = clock_now_s();
    setenv("RECKON_MIRROR", mirror, 1);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_true(clock_now_s() - start < 7);
    assert_memory_equal(err.message, "can't fetch ", 12);
    assert_non_null(strstr(err.hint, "without a network put the unpacked files into $RECKON_DATA/ml-test, name a folder with the archives in "
                                     "RECKON_MIRROR (file:///…), or use synth()"));
}

static void no_network(void **state) {
    struct stage *stage = *state;
    good(stage);
    assert_no_network(stage, "http://127.0.0.1:1/");
    assert_no_network(stage, "http://no-such-host.invalid/");
    assert_no_network(stage, "file:///no/such/folder");
    assert_no_network(stage, "ftp://127.0.0.1/");
}

static void not_there(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    stage->web.archive = (struct slice){0};
    assert_fails(stage, ERR_NETWORK, "%sml-test.zip: the server answers 404", stage->web.url);
    assert_cache(""); /* the error's page is not the archive's beginning */
}

static void redirected_to_a_file(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.moved = "file:///etc/passwd";
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_cache("");
}

struct canceller {
    struct task *task;
    double when_s;
};

static void cancel_soon(void *ctx) {
    struct canceller *canceller = ctx;
    usleep(300000);
    canceller->when_s = clock_now_s();
    task_cancel(canceller->task);
}

static void interrupted_while_nothing_comes(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    char *folder = NULL;
    good(stage);
    stage->web.hangs = true;
    serve(stage);
    struct canceller canceller = {.task = task_new(NULL)};
    struct own_thread *thread = own_thread_start("cancel", 1 << 16, cancel_soon, &canceller);
    assert_int_equal(download_dataset(canceller.task, &stage->known, &folder, &err), ERR_INTERRUPTED);
    const double end = clock_now_s();
    assert_true(own_thread_join(thread, 10));
    assert_true(end - canceller.when_s < 0.1);
    task_free(canceller.task);
}

/* --- side by side --- */

struct asker {
    struct stage *stage;
    enum status status;
};

static void ask(void *ctx) {
    struct asker *asker = ctx;
    struct error err = ERROR_INIT;
    char *folder = NULL;
    asker->status = download_dataset(NULL, &asker->stage->known, &folder, &err);
    free(folder);
}

/* The lock belongs to an open file, so threads are to each other as processes are. */
static void many_at_once(void **state) {
    struct stage *stage = *state;
    struct asker askers[4];
    struct own_thread *threads[4];
    good(stage);
    stage->web.delay_s = 0.2;
    serve(stage);
    for (int i = 0; i < 4; i++) {
        askers[i] = (struct asker){.stage = stage, .status = ERR_INTERNAL};
        threads[i] = own_thread_start("ask", 1 << 20, ask, &askers[i]);
    }
    for (int i = 0; i < 4; i++) assert_true(own_thread_join(threads[i], 30));
    for (int i = 0; i < 4; i++) assert_int_equal(askers[i].status, OK);
    assert_int_equal(stage->web.n_archive, 1);
    assert_cache("ml-test");
}

static void interrupted_while_another_downloads(void **state) {
    struct stage *stage = *state;
    struct asker asker = {.stage = stage, .status = ERR_INTERNAL};
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.delay_s = 1;
    serve(stage);
    struct own_thread *thread = own_thread_start("ask", 1 << 20, ask, &asker);
    while (part_size() < 0) usleep(1000);
    const struct task_listener listener = {.ctx = &stage->said, .print = on_print};
    struct canceller canceller = {.task = task_new(&listener)};
    struct own_thread *other = own_thread_start("cancel", 1 << 16, cancel_soon, &canceller);
    char *folder = NULL;
    assert_int_equal(download_dataset(canceller.task, &stage->known, &folder, &err), ERR_INTERRUPTED);
    assert_string_equal(buf_text(&stage->said), "another process is downloading ml-test: waiting for it\n");
    assert_true(own_thread_join(thread, 30) && own_thread_join(other, 10));
    assert_int_equal(asker.status, OK);
    task_free(canceller.task);
}

/* --- md5 --- */

/* The test suite of RFC 1321, and a length on each side of every block's end. */
static void md5_known_answers(void **state) {
    (void)state;
    static const struct {
        const char *text, *hex;
    } known[] = {{"", "d41d8cd98f00b204e9800998ecf8427e"},
                 {"a", "0cc175b9c0f1b6a831c399e269772661"},
                 {"abc", "900150983cd24fb0d6963f7d28e17f72"},
                 {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
                 {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
                 {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
                 {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"},
                 {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "04364420e25c512fd958a70738aa8f72"},
                 {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "668a72d5ba17f08e62dabcafad6db14b"},
                 {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "c1bb4f81d892b2d57947682aeb252456"}};
    char *path = at("text");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char hex[MD5_HEX];
        struct error err = ERROR_INIT;
        write_bytes("text", known[i].text, strlen(known[i].text));
        assert_int_equal(md5_file(NULL, path, hex, &err), OK);
        assert_string_equal(hex, known[i].hex);
    }
    free(path);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    hash_init();
    char binary[4096];
    const ssize_t n = readlink("/proc/self/exe", binary, sizeof binary - 1);
    binary[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 3 && strrchr(binary, '/'); up++) *strrchr(binary, '/') = 0; /* BUILD/tests/data/test_download */
    snprintf(plugins, sizeof plugins, "%s/lib", binary);
    snprintf(root, sizeof root, "/tmp/reckon-download-XXXXXX");
    if (!mkdtemp(root)) return 1;
    const struct CMUnitTest tests[] = {
        ON_STAGE(missing_plugin),
        ON_STAGE(whole),
        ON_STAGE(nothing_twice),
        ON_STAGE(sum_beside_the_archive),
        ON_STAGE(straight_from_the_publisher),
        ON_STAGE(left_by_a_killed_process),
        ON_STAGE(cut_and_resumed),
        ON_STAGE(server_without_ranges),
        ON_STAGE(mark_goes_back),
        ON_STAGE(changed_meanwhile),
        ON_STAGE(another_range),
        ON_STAGE(wrong_length),
        ON_STAGE(beginning_of_another_archive),
        ON_STAGE(archive_is_there_already),
        ON_STAGE(longer_than_the_archive),
        ON_STAGE(files_resume_too),
        ON_STAGE(killed_in_the_middle),
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
        ON_STAGE(no_network),
        ON_STAGE(not_there),
        ON_STAGE(redirected_to_a_file),
        ON_STAGE(interrupted_while_nothing_comes),
        ON_STAGE(many_at_once),
        ON_STAGE(interrupted_while_another_downloads),
        cmocka_unit_test(md5_known_answers),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
