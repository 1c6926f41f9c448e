/* Small files for the tests of runtime/data, in a folder of their own. */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/loaders.h"

/* A fresh folder becomes the current one, so that messages hold bare file names. */
static inline int enter_folder(void **state) {
    char *folder = xstrdup("/tmp/reckon-data-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
    *state = folder;
    return 0;
}

static inline void remove_folder(const char *folder) {
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    if (dir_list(folder, &names, &n, &err) != OK) return;
    for (size_t i = 0; i < n; i++) {
        char *path = path_join(folder, names[i]);
        if (file_is_dir(path)) remove_folder(path);
        else unlink(path);
        free(path);
    }
    names_free(names, n);
    rmdir(folder);
}

static inline int leave_folder(void **state) {
    const int left = chdir("/");
    remove_folder(*state);
    free(*state);
    return left;
}

static inline void write_bytes_to(const char *path, const void *data, size_t len) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, len, stream), len);
    assert_int_equal(fclose(stream), 0);
}

static inline void write_file(const char *path, const char *text) { write_bytes_to(path, text, strlen(text)); }

static inline char *read_file(const char *path) {
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    assert_int_equal(file_read(path, (size_t)1 << 26, &text, &err), OK);
    return text.data ? buf_take(&text) : xstrdup("");
}

/* "1 10 4.5 100; 2 10 3 -": user, item, rating and time of every row, with their ids. */
static inline char *rows_text(const struct dataset *dataset) {
    struct buf text = BUF_INIT;
    for (int64_t i = 0; i < dataset_n(dataset); i++) {
        const struct event event = dataset_event(dataset, i);
        buf_adds(&text, i ? "; " : "");
        catalog_user_id(dataset_catalog(dataset), event.user, &text);
        buf_addc(&text, ' ');
        catalog_item_id(dataset_catalog(dataset), event.item, &text);
        buf_addf(&text, " %g", (double)event.rating);
        if (dataset_has_times(dataset)) buf_addf(&text, " %lld", (long long)event.time);
    }
    return buf_take(&text);
}

/* Loads and fails the test with the error's text where that doesn't work. */
static inline struct dataset *load_it(const struct load_request *request) {
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    if (load_dataset(NULL, request, &dataset, &err) != OK) fail_msg("%s (%s)", err.message, err.hint);
    return dataset;
}

static inline struct dataset *load_file(const char *path) {
    const struct load_request request = {.name_or_path = path};
    return load_it(&request);
}

/* Fails to load: exactly this message, and a hint that holds `hint`. */
static inline void refuses(const struct load_request *request, const char *message, const char *hint) {
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    assert_int_not_equal(load_dataset(NULL, request, &dataset, &err), OK);
    assert_null(dataset);
    assert_string_equal(err.message, message);
    if (!strstr(err.hint, hint)) fail_msg("the hint \"%s\" doesn't say \"%s\"", err.hint, hint);
}

#endif
