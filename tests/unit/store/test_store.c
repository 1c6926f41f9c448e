#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/store.h"

static char folder[64];
static char path[96], broken[96];

static const int32_t ids[] = {7, -1, INT32_MAX};
static const int64_t starts[] = {0, INT64_MIN, 5};
static const float factors[] = {0.1f, -2.5f, 1e30f, 0, 4};
static const double numbers[] = {0.1, 1e-300};
static const char *const titles[] = {"Toy Story", NULL, "", "Amélie 😀"};

static enum status write_all(const char *to, struct error *err) {
    struct store_writer *writer;
    TRY(store_create(to, "model", &writer, err));
    json_t *json = json_pack("{s:s,s:[i,f]}", "name", "als", "list", 1, 0.5);
    enum status status = store_put(writer, "state/ids", STORE_I32, ids, 3, err);
    if (status == OK) status = store_put(writer, "state/starts", STORE_I64, starts, 3, err);
    if (status == OK) status = store_put(writer, "state/factors", STORE_F32, factors, 5, err);
    if (status == OK) status = store_put(writer, "numbers", STORE_F64, numbers, 2, err);
    if (status == OK) status = store_put(writer, "empty", STORE_F64, NULL, 0, err);
    if (status == OK) status = store_put_text(writer, "text", "héllo", err);
    if (status == OK) status = store_put_json(writer, "json", json, err);
    if (status == OK) status = store_put_texts(writer, "titles", titles, 4, err);
    if (status == OK) status = store_put_texts(writer, "none", NULL, 0, err);
    json_decref(json);
    enum status finished = store_finish(writer, status == OK, err);
    return status != OK ? status : finished;
}

/* Reads a section and tells whether it holds what was written. */
static enum status read_array(struct store_reader *reader, const char *name, enum store_type type, int64_t count, const void *expected, size_t bytes,
                              bool *same, struct error *err) {
    const void *data;
    int64_t n;
    TRY(store_get(reader, name, type, count, &data, &n, err));
    assert_int_equal((uintptr_t)data % 64, 0);
    assert_int_equal(n, count);
    *same = *same && (bytes == 0 || memcmp(data, expected, bytes) == 0);
    return OK;
}

static enum status read_texts(struct store_reader *reader, bool *same, struct error *err) {
    char **got, **none;
    int64_t n;
    TRY(store_get_texts(reader, "titles", 4, &got, &n, err));
    for (int i = 0; i < 4; i++) *same = *same && (titles[i] ? got[i] && strcmp(got[i], titles[i]) == 0 : !got[i]);
    names_free(got, (size_t)n);
    TRY(store_get_texts(reader, "none", -1, &none, &n, err));
    *same = *same && n == 0;
    names_free(none, 0);
    return OK;
}

static enum status read_words(struct store_reader *reader, bool *same, struct error *err) {
    char *text;
    json_t *json;
    TRY(store_get_text(reader, "text", &text, err));
    *same = *same && strcmp(text, "héllo") == 0;
    free(text);
    TRY(store_get_json(reader, "json", &json, err));
    *same = *same && strcmp(json_text(json, "name", "?"), "als") == 0 && json_real_value(json_array_get(json_object_get(json, "list"), 1)) == 0.5;
    json_decref(json);
    return OK;
}

static enum status read_sections(struct store_reader *reader, bool *same, struct error *err) {
    *same = strcmp(store_kind(reader), "model") == 0;
    TRY(read_array(reader, "state/ids", STORE_I32, 3, ids, sizeof ids, same, err));
    TRY(read_array(reader, "state/starts", STORE_I64, 3, starts, sizeof starts, same, err));
    TRY(read_array(reader, "state/factors", STORE_F32, 5, factors, sizeof factors, same, err));
    TRY(read_array(reader, "numbers", STORE_F64, 2, numbers, sizeof numbers, same, err));
    TRY(read_array(reader, "empty", STORE_F64, 0, NULL, 0, same, err));
    TRY(read_words(reader, same, err));
    return read_texts(reader, same, err);
}

static enum status read_all(const char *from, bool *same, struct error *err) {
    struct store_reader *reader;
    TRY(store_open(from, &reader, err));
    enum status status = read_sections(reader, same, err);
    store_close(reader);
    return status;
}

static void round_trip(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    bool same = false;
    assert_int_equal(write_all(path, &err), OK);
    assert_int_equal(read_all(path, &same, &err), OK);
    assert_true(same);
    struct store_reader *reader;
    assert_int_equal(store_open(path, &reader, &err), OK);
    assert_true(store_has(reader, "text") && !store_has(reader, "tex") && !store_has(reader, ""));
    store_close(reader);
    store_close(NULL);
}

static void assert_message(struct error *err, const char *expected) {
    struct buf text = BUF_INIT;
    for (const char *at = expected; *at; at++) {
        if (*at == '$') buf_adds(&text, path);
        else buf_addc(&text, *at);
    }
    assert_string_equal(err->message, buf_text(&text));
    buf_release(&text);
    err_reset(err);
}

static void errors_name_section_and_file(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct store_reader *reader;
    const void *data = &err;
    int64_t n;
    assert_int_equal(store_open(path, &reader, &err), OK);
    assert_int_equal(store_get(reader, "state/idz", STORE_I32, -1, &data, &n, &err), ERR_DATA);
    assert_string_equal(err.hint, "load it with the Reckon that wrote it, or fit and save again");
    assert_message(&err, "`$` has no section `state/idz`");
    assert_int_equal(store_get(reader, "state/ids", STORE_F32, -1, &data, &n, &err), ERR_DATA);
    assert_message(&err, "the section `state/ids` of `$` holds int32, not float32");
    assert_int_equal(store_get(reader, "state/ids", STORE_I32, 4, &data, &n, &err), ERR_DATA);
    assert_message(&err, "the section `state/ids` of `$` holds 3 values, expected 4");
    assert_ptr_equal(data, &err);
    json_t *json;
    assert_int_equal(store_get_json(reader, "text", &json, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "is damaged: not valid JSON: "));
    store_close(reader);
}

static void write_bytes(const char *to, const char *data, size_t len) {
    struct error err = ERROR_INIT;
    struct file_writer writer;
    assert_int_equal(file_writer_open(to, &writer, &err), OK);
    fwrite(data, 1, len, writer.stream);
    assert_int_equal(file_writer_close(&writer, true, &err), OK);
}

/* Overwrites in place: many small damages would otherwise wait for the disk. */
static void write_fast(const char *to, const char *data, size_t len) {
    FILE *stream = fopen(to, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, len, stream), len);
    fclose(stream);
}

static void assert_open_fails(const char *data, size_t len, const char *message) {
    struct error err = ERROR_INIT;
    struct store_reader *reader;
    write_bytes(broken, data, len);
    assert_int_equal(store_open(broken, &reader, &err), ERR_DATA);
    assert_non_null(strstr(err.message, message));
    assert_true(err.hint[0]);
}

static void what_is_no_store(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct store_reader *reader;
    assert_int_equal(store_open("/nonexistent", &reader, &err), ERR_FILE);
    assert_open_fails("", 0, "is not a file that Reckon wrote");
    assert_open_fails("user,item\n", 10, "is not a file that Reckon wrote");
    struct buf whole = BUF_INIT;
    err_reset(&err);
    assert_int_equal(file_read(path, 1 << 20, &whole, &err), OK);
    assert_open_fails(whole.data, 40, "ends within its header");
    assert_open_fails(whole.data, whole.len - 1, "it is cut off");
    assert_open_fails(whole.data, 64, "it is cut off");
    whole.data[8] = 9; /* the format; the checksum made right again */
    uint64_t checksum = hash_bytes(whole.data, 56, 0x68656164u);
    memcpy(whole.data + 56, &checksum, sizeof checksum);
    assert_open_fails(whole.data, whole.len, "has format 9; this Reckon reads format 1");
    buf_release(&whole);
}

/* Each byte changed, then each length: an error that names the file, or equal data. */
static void every_damage_is_found(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct buf whole = BUF_INIT;
    assert_int_equal(file_read(path, 1 << 20, &whole, &err), OK);
    size_t n_errors = 0;
    for (size_t at = 0; at < whole.len; at++) {
        static const unsigned char flips[] = {0x01, 0x80, 0xFF};
        for (size_t f = 0; f < 3; f++) {
            bool same = false;
            err_reset(&err);
            whole.data[at] = (char)(whole.data[at] ^ flips[f]);
            write_fast(broken, whole.data, whole.len);
            whole.data[at] = (char)(whole.data[at] ^ flips[f]);
            enum status status = read_all(broken, &same, &err);
            assert_true(status == ERR_DATA || (status == OK && same));
            if (status == ERR_DATA) assert_non_null(strstr(err.message, broken));
            n_errors += status != OK;
        }
    }
    assert_true(n_errors > whole.len); /* only padding may change unseen */
    for (size_t len = 0; len < whole.len; len++) {
        bool same = false;
        err_reset(&err);
        write_fast(broken, whole.data, len);
        assert_int_equal(read_all(broken, &same, &err), ERR_DATA);
    }
    buf_release(&whole);
}

/* Tables with right checksums and wild numbers: what a file made on purpose would hold. */
static void wild_tables_are_refused(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct buf whole = BUF_INIT;
    assert_int_equal(file_read(path, 1 << 20, &whole, &err), OK);
    uint64_t offset, bytes;
    memcpy(&offset, whole.data + 32, 8);
    memcpy(&bytes, whole.data + 40, 8);
    struct rng rng = rng_at(5, RNG_USER, 0);
    for (int round = 0; round < 4000; round++) {
        char *copy = xmemdup(whole.data, whole.len);
        size_t at = offset + rng_below(&rng, bytes / 8) * 8;
        static const uint64_t wild[] = {0, 1, UINT64_MAX, 1ull << 63, 1ull << 32, 0x100000001, 64, 1ull << 61};
        uint64_t value = rng_below(&rng, 2) ? wild[rng_below(&rng, 8)] : rng_below(&rng, 4096);
        memcpy(copy + at, &value, 8);
        uint64_t checksum = hash_bytes(copy + offset, bytes, 0x7461626cu);
        memcpy(copy + 48, &checksum, 8);
        checksum = hash_bytes(copy, 56, 0x68656164u);
        memcpy(copy + 56, &checksum, 8);
        write_fast(broken, copy, whole.len);
        bool same = false;
        err_reset(&err);
        enum status status = read_all(broken, &same, &err);
        assert_true(status == OK || status == ERR_DATA);
        free(copy);
    }
    buf_release(&whole);
}

static void wrong_lengths_of_texts(void **state) {
    (void)state;
    static const int64_t bad[][2] = {{5, 0}, {3, 1}, {-2, 3}, {INT64_MAX, 0}, {2, 0}};
    for (size_t i = 0; i < 5; i++) {
        /* Two lengths and the bytes "abc" with a right checksum. */
        struct error err = ERROR_INIT;
        struct store_writer *writer;
        static const char *const two[] = {"abc", ""};
        assert_int_equal(store_create(broken, "table", &writer, &err), OK);
        assert_int_equal(store_put_texts(writer, "t", two, 2, &err), OK);
        assert_int_equal(store_finish(writer, true, &err), OK);
        struct buf whole = BUF_INIT;
        assert_int_equal(file_read(broken, 1 << 20, &whole, &err), OK);
        memcpy(whole.data + 64, bad[i], 16);
        uint64_t offset, bytes, checksum = hash_bytes(whole.data + 64, 19, STORE_TEXTS);
        memcpy(&offset, whole.data + 32, 8);
        memcpy(&bytes, whole.data + 40, 8);
        memcpy(whole.data + offset + 8 + 32, &checksum, 8);
        checksum = hash_bytes(whole.data + offset, bytes, 0x7461626cu);
        memcpy(whole.data + 48, &checksum, 8);
        checksum = hash_bytes(whole.data, 56, 0x68656164u);
        memcpy(whole.data + 56, &checksum, 8);
        write_fast(broken, whole.data, whole.len);
        buf_release(&whole);
        struct store_reader *reader;
        char **texts;
        assert_int_equal(store_open(broken, &reader, &err), OK);
        assert_int_equal(store_get_texts(reader, "t", -1, &texts, NULL, &err), ERR_DATA);
        assert_non_null(strstr(err.message, "the section `t` of"));
        assert_non_null(strstr(err.message, "is damaged: the lengths of its texts are wrong"));
        store_close(reader);
    }
}

static void writing_twice_or_nowhere(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct store_writer *writer;
    assert_int_equal(store_create("/nonexistent/x.reckon", "model", &writer, &err), ERR_FILE);
    err_reset(&err);
    unlink(broken);
    assert_int_equal(store_create(broken, "a kind with a very long name", &writer, &err), OK);
    assert_int_equal(store_put_text(writer, "a", "x", &err), OK);
    assert_int_equal(store_put_text(writer, "a", "y", &err), ERR_INTERNAL);
    assert_string_equal(err.message, "the section `a` is written twice");
    err_reset(&err);
    assert_int_equal(store_put(writer, "b", STORE_F32, NULL, -1, &err), ERR_INTERNAL);
    err_reset(&err);
    assert_int_equal(store_finish(writer, false, &err), OK);
    assert_false(file_exists(broken));
    assert_int_equal(store_create(broken, "a kind with a very long name", &writer, &err), OK);
    assert_int_equal(store_finish(writer, true, &err), OK);
    struct store_reader *reader;
    assert_int_equal(store_open(broken, &reader, &err), OK);
    assert_string_equal(store_kind(reader), "a kind with a v");
    store_close(reader);
}

/* The n-th allocation fails: an error, nothing leaked (AddressSanitizer), the old file whole. */
static void running_out_of_memory(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    bool same;
    enum status status = ERR_MEMORY;
    long n_writes = 0, n_reads = 0;
    while (status != OK) {
        err_reset(&err);
        mem_fail_after(++n_writes);
        status = write_all(path, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        err_reset(&err);
        assert_int_equal(read_all(path, &same, &err), OK);
    }
    status = ERR_MEMORY;
    while (status != OK) {
        err_reset(&err);
        mem_fail_after(++n_reads);
        status = read_all(path, &same, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
    }
    assert_true(n_writes > 2 && n_reads > 4);
}

/* Sections behind an odd length are aligned; a second access checks nothing again. */
static void a_large_array(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct store_writer *writer;
    struct store_reader *reader;
    double *values;
    enum { N = 300000 };
    assert_int_equal(mem_try_array(N, "values", &values, &err), OK);
    for (int i = 0; i < N; i++) values[i] = i * 0.5;
    assert_int_equal(store_create(broken, "dataset", &writer, &err), OK);
    assert_int_equal(store_put_text(writer, "odd", "x", &err), OK);
    assert_int_equal(store_put(writer, "values", STORE_F64, values, N, &err), OK);
    assert_int_equal(store_finish(writer, true, &err), OK);
    const void *data;
    assert_int_equal(store_open(broken, &reader, &err), OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_get(reader, "values", STORE_F64, N, &data, NULL, &err), OK);
        assert_memory_equal(data, values, N * sizeof *values);
    }
    store_close(reader);
    mem_free(values);
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/reckon-store-XXXXXX");
    if (!hash_init() || !mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/a.reckon", folder);
    snprintf(broken, sizeof broken, "%s/b.reckon", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    unlink(broken);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(errors_name_section_and_file),
        cmocka_unit_test(what_is_no_store),
        cmocka_unit_test(every_damage_is_found),
        cmocka_unit_test(wild_tables_are_refused),
        cmocka_unit_test(wrong_lengths_of_texts),
        cmocka_unit_test(writing_twice_or_nowhere),
        cmocka_unit_test(running_out_of_memory),
        cmocka_unit_test(a_large_array),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
