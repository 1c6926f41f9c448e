/* The stage for tests of downloads: root/mirror, root/cache, and a data set that nobody publishes. */
#ifndef TESTS_DATA_STAGE_H
#define TESTS_DATA_STAGE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

struct stage {
    struct zip zip;
    struct known_dataset known;
    char md5[MD5_HEX], mirror[128];
    struct web web;
    bool has_web;
    struct buf said;
};

static inline char *at(const char *below) { return path_join(root, below); }

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline int set_up(void **state) {
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

static inline int tear_down(void **state) {
    struct stage *stage = *state;
    if (stage->has_web) web_stop(&stage->web);
    zip_release(&stage->zip);
    buf_release(&stage->said);
    free(stage);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(root, 0700), 0);
    return 0;
}

static inline void write_bytes(const char *below, const void *data, size_t len) {
    char *path = at(below);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, len, stream), len);
    assert_int_equal(fclose(stream), 0);
    free(path);
}

/* The archive's bytes into the mirror's folder, its sum and size into the row. */
static inline void publish(struct stage *stage) {
    struct error err = ERROR_INIT;
    char *path = at("mirror/ml-test.zip");
    write_bytes("mirror/ml-test.zip", stage->zip.bytes.data, stage->zip.bytes.len);
    assert_int_equal(md5_file(NULL, path, stage->md5, &err), OK);
    stage->known.md5 = stage->md5;
    stage->known.size_bytes = (int64_t)stage->zip.bytes.len;
    free(path);
}

static inline void finish(struct stage *stage) {
    zip_end(&stage->zip);
    publish(stage);
}

static const char ratings[] = "1::1::5::978300760\n";

/* A good archive, of some hundred thousand bytes. */
static inline void good(struct stage *stage) {
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

static inline void serve(struct stage *stage) {
    stage->web.archive = (struct slice){stage->zip.bytes.data, stage->zip.bytes.len};
    web_start(&stage->web);
    stage->has_web = true;
    setenv("RECKON_MIRROR", stage->web.url, 1);
}

static inline void on_print(void *ctx, const char *text, size_t len) { buf_add(ctx, text, len); }

static inline enum status download(struct stage *stage, struct error *err) {
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

static inline void assert_downloads(struct stage *stage) {
    struct error err = ERROR_INIT;
    if (download(stage, &err) != OK) fail_msg("%s", err.message);
}

static inline void assert_fails(struct stage *stage, enum status code, const char *format, ...) {
    struct error err = ERROR_INIT;
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    assert_int_equal(download(stage, &err), code);
    assert_string_equal(err.message, message);
}

static inline void assert_file(const char *below, const char *text) {
    struct buf found = BUF_INIT;
    struct error err = ERROR_INIT;
    char *path = at(below);
    assert_int_equal(file_read(path, 1 << 20, &found, &err), OK);
    assert_string_equal(buf_text(&found), text);
    buf_release(&found);
    free(path);
}

/* The names in the cache, and nothing else. */
static inline void assert_cache(const char *expected) {
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

static inline int64_t part_size(void) {
    char *path = at("cache/datasets/ml-test.part");
    const int64_t size = file_size(path);
    free(path);
    return size;
}

/* Before all tests: the folder, and where the plugin lies (beside BUILD/tests/data/NAME). */
static inline bool stage_open(void) {
    char binary[4096];
    const ssize_t n = readlink("/proc/self/exe", binary, sizeof binary - 1);
    binary[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 3 && strrchr(binary, '/'); up++) *strrchr(binary, '/') = 0;
    snprintf(plugins, sizeof plugins, "%s/lib", binary);
    snprintf(root, sizeof root, "/tmp/reckon-download-XXXXXX");
    hash_init();
    return mkdtemp(root) != NULL;
}

static inline void stage_close(void) { nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
