#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"

static char folder[64];

static char *in_folder(const char *name) { return path_join(folder, name); }

static void write_text(const char *path, const char *text, bool keep) {
    struct error err = ERROR_INIT;
    struct file_writer writer;
    assert_int_equal(file_writer_open(path, &writer, &err), OK);
    fputs(text, writer.stream);
    assert_int_equal(file_writer_close(&writer, keep, &err), OK);
}

static void assert_content(const char *path, const char *expected) {
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT;
    assert_int_equal(file_read(path, 1000, &text, &err), OK);
    assert_string_equal(buf_text(&text), expected);
    assert_int_equal(text.len, strlen(expected));
    buf_release(&text);
}

static void assert_n_files(const char *path, size_t expected) {
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    assert_int_equal(dir_list(path, &names, &n, &err), OK);
    assert_int_equal(n, expected);
    names_free(names, n);
}

static void writing_is_atomic(void **state) {
    (void)state;
    char *path = in_folder("a.txt");
    write_text(path, "one", true);
    assert_content(path, "one");
    assert_int_equal(file_size(path), 3);
    struct error err = ERROR_INIT;
    struct file_writer writer;
    assert_int_equal(file_writer_open(path, &writer, &err), OK);
    fputs("two", writer.stream);
    fflush(writer.stream);
    assert_content(path, "one"); /* until it is closed */
    assert_int_equal(file_writer_close(&writer, true, &err), OK);
    assert_content(path, "two");
    write_text(path, "three", false);
    assert_content(path, "two");
    assert_n_files(folder, 1);
    free(path);
}

static void a_mode_and_a_link_stay(void **state) {
    (void)state;
    char *path = in_folder("mode.txt"), *link = in_folder("link.txt");
    write_text(path, "one", true);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("mode.txt", link), 0);
    write_text(link, "two", true);
    assert_content(path, "two");
    struct stat info;
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    unlink(path);
    unlink(link);
    free(path);
    free(link);
}

static void assert_cannot_write(const char *path, const char *reason) {
    struct error err = ERROR_INIT;
    struct file_writer writer = {0};
    assert_int_equal(file_writer_open(path, &writer, &err), ERR_FILE);
    struct buf expected = BUF_INIT;
    buf_addf(&expected, "can't write `%s`: %s", path, reason);
    assert_string_equal(err.message, buf_text(&expected));
    assert_null(writer.stream);
    buf_release(&expected);
}

/* More than stdio keeps: the write itself fails, and its reason is told, not that of the close. */
static void assert_too_large_to_write(const char *path) {
    struct error err = ERROR_INIT;
    struct rlimit before, limit;
    static const char bytes[100000];
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = 10000, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum status status = file_write(path, (struct slice){bytes, sizeof bytes}, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, ERR_FILE);
    assert_non_null(strstr(err.message, "File too large"));
}

static void writing_fails(void **state) {
    (void)state;
    char *none = in_folder("none/a.txt");
    assert_cannot_write(folder, "Is a directory");
    assert_cannot_write(none, "No such file or directory");
    free(none);
    /* A full disk shows at the end. */
    struct error err = ERROR_INIT;
    struct file_writer writer;
    char *path = in_folder("full.txt");
    write_text(path, "old", true);
    assert_int_equal(file_writer_open(path, &writer, &err), OK);
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    fclose(writer.stream);
    writer.stream = full;
    fputs("new", full);
    assert_int_equal(file_writer_close(&writer, true, &err), ERR_FILE);
    assert_non_null(strstr(err.message, "No space left on device"));
    assert_string_equal(err.hint, "free some space there or save to another folder; the old file, if any, is as it was");
    assert_content(path, "old");
    assert_too_large_to_write(path);
    assert_content(path, "old");
    unlink(path);
    assert_n_files(folder, 1);
    free(path);
}

static void reading(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT;
    assert_int_equal(file_read("/nonexistent/x.csv", 100, &text, &err), ERR_FILE);
    assert_string_equal(err.message, "can't read `/nonexistent/x.csv`: No such file or directory");
    err_reset(&err);
    assert_int_equal(file_read("/", 100, &text, &err), ERR_FILE);
    assert_string_equal(err.message, "can't read `/`: Is a directory");
    err_reset(&err);
    char *path = in_folder("big.txt");
    write_text(path, "0123456789", true);
    assert_int_equal(file_read(path, 9, &text, &err), ERR_FILE);
    assert_non_null(strstr(err.message, "big.txt` is too large: at most 9 B are read"));
    err_reset(&err);
    assert_int_equal(file_read("/dev/zero", 100000, &text, &err), ERR_FILE);
    assert_string_equal(err.message, "`/dev/zero` is too large: at most 97.7 KiB are read");
    err_reset(&err);
    assert_int_equal(file_read(path, 10, &text, &err), OK);
    assert_string_equal(buf_text(&text), "0123456789");
    buf_release(&text);
    unlink(path);
    free(path);
}

static void mapping(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct file_map map;
    char *path = in_folder("map.txt");
    write_text(path, "", true);
    assert_int_equal(file_map_open(path, &map, &err), OK);
    assert_string_equal(map.data, "");
    assert_int_equal(map.len, 0);
    file_map_close(&map);
    write_text(path, "abc", true);
    assert_int_equal(file_map_open(path, &map, &err), OK);
    assert_int_equal(map.len, 3);
    assert_memory_equal(map.data, "abc", 3);
    file_map_close(&map);
    unlink(path);
    assert_int_equal(file_map_open(path, &map, &err), ERR_FILE);
    free(path);
}

static void folders(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    char *deep = in_folder("x//y/z/"), *file = in_folder("a.txt"), *below = in_folder("a.txt/b");
    assert_int_equal(dir_make(deep, &err), OK);
    assert_int_equal(dir_make(deep, &err), OK);
    assert_true(file_is_dir(deep) && file_exists(deep) && file_size(deep) == -1);
    assert_int_equal(dir_make(below, &err), ERR_FILE);
    assert_non_null(strstr(err.message, "Not a directory"));
    err_reset(&err);
    assert_int_equal(dir_make("", &err), ERR_FILE);
    err_reset(&err);
    char **names;
    size_t n;
    assert_int_equal(dir_list(folder, &names, &n, &err), OK);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "a.txt");
    assert_string_equal(names[1], "x");
    names_free(names, n);
    assert_int_equal(dir_list(file, &names, &n, &err), ERR_FILE);
    assert_non_null(strstr(err.message, "can't list the folder"));
    free(deep);
    free(file);
    free(below);
}

static void assert_owned(char *text, const char *expected) {
    assert_string_equal(text, expected);
    free(text);
}

static void paths(void **state) {
    (void)state;
    setenv("HOME", "/home/ada", 1);
    unsetenv("RECKON_CACHE");
    unsetenv("XDG_CACHE_HOME");
    assert_owned(path_join("/a", "b"), "/a/b");
    assert_owned(path_join("/a/", "b"), "/a/b");
    assert_owned(path_join("/a", "/b"), "/b");
    assert_owned(path_join("", "b"), "b");
    assert_owned(path_join("a", ""), "a");
    assert_owned(path_expand("~"), "/home/ada");
    assert_owned(path_expand("~/x"), "/home/ada/x");
    assert_owned(path_expand("~x/y"), "~x/y");
    assert_owned(path_expand("/x/~"), "/x/~");
    assert_owned(cache_dir("data"), "/home/ada/.cache/reckon/data");
    assert_owned(cache_dir(NULL), "/home/ada/.cache/reckon");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_owned(cache_dir(""), "/home/ada/.cache/reckon");
    setenv("XDG_CACHE_HOME", "/c", 1);
    assert_owned(cache_dir("data"), "/c/reckon/data");
    setenv("RECKON_CACHE", "~/own", 1);
    assert_owned(cache_dir("data"), "/home/ada/own/data");
    unsetenv("XDG_DATA_HOME");
    unsetenv("JUPYTER_DATA_DIR");
    assert_owned(data_home("runs"), "/home/ada/.local/share/reckon/runs");
    assert_owned(jupyter_home("kernels"), "/home/ada/.local/share/jupyter/kernels");
    setenv("XDG_DATA_HOME", "/d", 1);
    assert_owned(jupyter_home("kernels"), "/d/jupyter/kernels");
    setenv("JUPYTER_DATA_DIR", "/j", 1);
    assert_owned(jupyter_home("kernels"), "/j/kernels");
    unsetenv("HOME");
    assert_owned(path_expand("~/x"), "~/x");
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/reckon-file-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    static const char *const names[] = {"a.txt", "x/y/z", "x/y", "x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = in_folder(names[i]);
        remove(path);
        free(path);
    }
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_is_atomic),
        cmocka_unit_test(a_mode_and_a_link_stay),
        cmocka_unit_test(writing_fails),
        cmocka_unit_test(reading),
        cmocka_unit_test(mapping),
        cmocka_unit_test(folders),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
