/* Catalogs and tables in files: everything comes back; damage and lack of memory are errors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "runtime/base/hash.h"
#include "runtime/data/catalog_build.h"
#include "runtime/data/dataset_file.h"
#include "runtime/data/embeddings.h"
#include "tests/unit/data/files.h"

/* A column of every type, nulls among them. */
static struct table *all_types(void) {
    struct table *table = table_new(3);
    int64_t *ints = table_add_ints(table, "age");
    double *floats = table_add_floats(table, "weight", 2);
    bool *bools = table_add_bools(table, "a/b");
    char **strs = table_add_strs(table, "näme");
    int64_t *times = table_add_times(table, "since");
    table->columns[1].best = -1;
    memcpy(ints, (const int64_t[]){INT64_MIN, 0, INT64_MAX}, 3 * sizeof *ints);
    memcpy(floats, (const double[]){0.1, NAN, -INFINITY}, 3 * sizeof *floats);
    bools[1] = true;
    strs[0] = xstrdup("x\ny");
    strs[2] = xstrdup("");
    times[2] = -1;
    table_set_null(&table->columns[0], 3, 1);
    table_set_null(&table->columns[2], 3, 2);
    struct column *words = table_add_lists(table, "genres", COL_STRS, 2);
    memcpy(words->u.lists.starts, (const int64_t[]){0, 0, 2, 2}, 4 * sizeof(int64_t));
    words->u.lists.strs[0] = xstrdup("Comedy");
    words->u.lists.strs[1] = xstrdup("");
    struct column *numbers = table_add_lists(table, "ints", COL_INTS, 1);
    memcpy(numbers->u.lists.starts, (const int64_t[]){0, 1, 1, 1}, 4 * sizeof(int64_t));
    numbers->u.lists.ints[0] = 7;
    struct column *reals = table_add_lists(table, "floats", COL_FLOATS, 1);
    memcpy(reals->u.lists.starts, (const int64_t[]){0, 0, 0, 1}, 4 * sizeof(int64_t));
    reals->u.lists.floats[0] = 0.5;
    table_caption(table, "a caption");
    table_note(table, "a note");
    table->marked_row = 2;
    return table;
}

static size_t width_of(enum column_type type) { return type == COL_BOOL ? sizeof(bool) : 8; }

static void assert_same_column(const struct column *a, const struct column *b, int64_t n) {
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->decimals, b->decimals);
    assert_int_equal(a->best, b->best);
    for (int64_t i = 0; i < n; i++) assert_int_equal(cell_is_null(a, i), cell_is_null(b, i));
    if (a->type < COL_STR || a->type == COL_TIME) {
        assert_memory_equal(a->u.ints, b->u.ints, (size_t)n * width_of(a->type));
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        struct buf x = BUF_INIT, y = BUF_INIT;
        cell_text(a, i, &x);
        cell_text(b, i, &y);
        assert_string_equal(buf_text(&x), buf_text(&y));
        buf_release(&x);
        buf_release(&y);
    }
}

static void assert_same_table(const struct table *a, const struct table *b) {
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->n_columns, b->n_columns);
    for (size_t i = 0; i < a->n_columns; i++) assert_same_column(&a->columns[i], &b->columns[i], a->n_rows);
}

static void test_table(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct table *table = all_types(), *again = NULL, *empty = table_new(0);
    assert_int_equal(table_save(table, "t.reckon", &err), OK);
    assert_int_equal(table_open("t.reckon", &again, &err), OK);
    assert_same_table(table, again);
    assert_string_equal(again->caption, "a caption");
    assert_string_equal(again->notes[0], "a note");
    assert_int_equal(again->marked_row, 2);
    table_unref(again);
    assert_int_equal(table_save(empty, "t.reckon", &err), OK);
    assert_int_equal(table_open("t.reckon", &again, &err), OK);
    assert_int_equal(again->n_columns + (size_t)again->n_rows, 0);
    table_unref(again);
    table_unref(empty);
    table_unref(table);
}

/* --- catalogs --- */

static struct table *renamed(const char *id, const char *const *ids, bool titled) {
    struct table *types = all_types(), *table = table_new(3);
    char **names = table_add_strs(table, id);
    for (int i = 0; i < 3; i++) names[i] = xstrdup(ids[i]);
    if (titled) table_add_strs(table, "title")[1] = xstrdup("Amélie (2001)");
    const char *const columns[] = {"age", "weight", "a/b", "näme", "since", "genres", "ints", "floats"};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct column *from = table_column(types, columns[i]);
        table->columns = xrealloc(table->columns, (table->n_columns + 1) * sizeof *table->columns);
        table->columns[table->n_columns++] = *from; /* the arrays move over */
    }
    free(types->columns);
    types->n_columns = 0;
    types->columns = NULL;
    table_unref(types);
    return table;
}

/* Users with numbers, items with texts; one row of each side table has no interaction. */
static struct catalog *small_catalog(void) {
    struct id_list users = {.are_ints = true, .n = 3, .ints = xmemdup((const int64_t[]){-5, 7, INT64_MAX}, 24)};
    struct id_list items = {.n = 3, .texts = xnew_array(char *, 3)};
    static const char *const texts[] = {"", "b c", "é"}, *const user_texts[] = {"-5", "7", "8"};
    for (int i = 0; i < 3; i++) items.texts[i] = xstrdup(texts[i]);
    struct table *user_table = renamed("user", user_texts, false), *item_table = renamed("item", texts, true);
    struct catalog *catalog = catalog_build(&users, &items, user_table, item_table);
    table_unref(user_table);
    table_unref(item_table);
    return catalog;
}

static enum status save_catalog(const struct catalog *catalog, const char *path, struct error *err) {
    struct store_writer *writer;
    TRY(store_create(path, "model", &writer, err));
    const enum status status = catalog_save(catalog, writer, "catalog", err), finished = store_finish(writer, status == OK, err);
    return status == OK ? finished : status;
}

static enum status load_catalog(const char *path, struct catalog **out, struct error *err) {
    struct store_reader *reader;
    TRY(store_open(path, &reader, err));
    const enum status status = catalog_load(reader, "catalog", out, err);
    store_close(reader);
    return status;
}

static void test_catalog(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct catalog *catalog = small_catalog(), *again = NULL;
    assert_int_equal(save_catalog(catalog, "c.reckon", &err), OK);
    assert_int_equal(load_catalog("c.reckon", &again, &err), OK);
    assert_int_equal(again->n_users, 3);
    assert_memory_equal(again->user_ids_int, catalog->user_ids_int, 24);
    for (int i = 0; i < 3; i++) assert_string_equal(again->item_ids_text[i], catalog->item_ids_text[i]);
    assert_null(again->titles[0]);
    assert_string_equal(again->titles[1], "Amélie (2001)");
    assert_int_equal(again->dropped_users, 1);
    assert_int_equal(again->dropped_items, 0);
    assert_non_null(table_column(again->item_features, "year"));
    assert_same_table(catalog->user_features, again->user_features);
    assert_same_table(catalog->item_features, again->item_features);
    assert_int_equal(catalog_find_item(again, (struct id){.text = "é"}), 2);
    catalog_unref(again);
    catalog_unref(catalog);
}

/* --- harm --- */

/* Every byte of the file turned: an error that says so, or the same catalog (bytes between sections). */
static void test_damage(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct catalog *catalog = small_catalog(), *again;
    struct buf bytes = BUF_INIT;
    size_t n_refused = 0;
    assert_int_equal(save_catalog(catalog, "c.reckon", &err), OK);
    assert_int_equal(file_read("c.reckon", 1 << 20, &bytes, &err), OK);
    for (size_t i = 0; i < bytes.len; i += 3) {
        struct error why = ERROR_INIT;
        bytes.data[i] ^= 0x55;
        write_bytes_to("d.reckon", bytes.data, bytes.len);
        bytes.data[i] ^= 0x55;
        again = NULL;
        if (load_catalog("d.reckon", &again, &why) != OK) {
            assert_int_equal(why.code, ERR_DATA);
            assert_null(again);
            n_refused++;
        }
        catalog_unref(again);
    }
    assert_true(n_refused > bytes.len / 3 / 2);
    buf_release(&bytes);
    catalog_unref(catalog);
}

/* What holds its checksum and yet is wrong: written so. */
struct wrong {
    const char *about, *message;
    int64_t users[2];
};
static const struct wrong wrong[] = {
    {"{\"version\": 1, \"users\": 2, \"items\": 0}", "the section `catalog/user_ids` is damaged: its ids don't ascend", {3, 3}},
    {"{\"version\": 1, \"users\": -2, \"items\": 0}", "the section `catalog/about` is damaged: its numbers of users and items are wrong", {1, 2}},
    {"{\"version\": 1, \"users\": 99999999999, \"items\": 0}",
     "the section `catalog/about` is damaged: its numbers of users and items are wrong",
     {1, 2}},
    {"{\"version\": 1, \"users\": 2, \"items\": 5, \"added_items\": 5}",
     "the section `catalog/about` is damaged: its numbers of users and items are wrong",
     {1, 2}},
    {"{\"version\": 1, \"users\": 3, \"items\": 0}", "the section `catalog/user_ids` of `w.reckon` holds 2 values, expected 3", {1, 2}},
    {"{\"version\": 9, \"users\": 2, \"items\": 0}", "the section `catalog/about` has version 9; this build reads version 1", {1, 2}},
    {"{\"version\": 1, \"users\": 2, \"items\": 0}", "`w.reckon` has no section `catalog/item_ids`", {1, 2}},
};

static void test_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error err = ERROR_INIT;
        struct store_writer *writer;
        struct catalog *catalog = NULL;
        assert_int_equal(store_create("w.reckon", "model", &writer, &err), OK);
        assert_int_equal(store_put_text(writer, "catalog/about", wrong[i].about, &err), OK);
        assert_int_equal(store_put(writer, "catalog/user_ids", STORE_I64, wrong[i].users, 2, &err), OK);
        assert_int_equal(store_finish(writer, true, &err), OK);
        assert_int_equal(load_catalog("w.reckon", &catalog, &err), ERR_DATA);
        assert_string_equal(err.message, wrong[i].message);
        assert_null(catalog);
    }
}

static void test_memory(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct catalog *catalog = small_catalog(), *again;
    assert_int_equal(save_catalog(catalog, "c.reckon", &err), OK);
    enum status status = ERR_MEMORY;
    long n = 1;
    for (; status != OK; n++) {
        struct error why = ERROR_INIT;
        again = NULL;
        mem_fail_after(n);
        status = load_catalog("c.reckon", &again, &why);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        catalog_unref(again);
    }
    assert_true(n > 20);
    catalog_unref(catalog);
}

static void test_kind(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct catalog *catalog = small_catalog();
    struct table *table = NULL;
    assert_int_equal(save_catalog(catalog, "c.reckon", &err), OK);
    assert_int_equal(table_open("c.reckon", &table, &err), ERR_DATA);
    assert_string_equal(err.message, "`c.reckon` holds a model, not a table");
    catalog_unref(catalog);
}

/* --- embeddings --- */

static void test_embeddings(void **state) {
    (void)state;
    static const float values[] = {1, 2, 3, 4, 5, 6};
    struct error err = ERROR_INIT;
    struct catalog *catalog = small_catalog();
    struct mat *vectors = NULL;
    int64_t row = -1;
    assert_int_equal(mat_from(device_cpu(), 3, 2, values, &vectors, &err), OK);
    struct embeddings *items = embeddings_new(EMBED_ITEMS, "items", vectors, catalog, xnew_array(int64_t, 3));
    struct embeddings *rows = embeddings_new(EMBED_ROWS, "rows", vectors, NULL, NULL);
    mat_unref(vectors);
    catalog_unref(catalog);
    struct buf id = BUF_INIT;
    assert_int_equal(embeddings_find(items, (struct id){.text = "amelie (2001)"}, &row, &err), OK);
    assert_int_equal(row, 1);
    embeddings_id(items, 1, &id);
    assert_string_equal(buf_text(&id), "b c");
    assert_string_equal(embeddings_title(items, 1), "Amélie (2001)");
    assert_string_equal(embeddings_title(items, 0), "");
    assert_ptr_equal(embeddings_features(items), catalog->item_features);
    assert_int_equal(embeddings_features(rows)->n_columns, 0);
    assert_int_equal(embeddings_find(rows, (struct id){.is_int = true, .number = 2}, &row, &err), OK);
    assert_int_equal(row, 2);
    assert_int_equal(embeddings_find(rows, (struct id){.is_int = true, .number = 3}, &row, &err), ERR_KEY);
    assert_string_equal(err.message, "`rows` has no row 3");
    buf_release(&id);
    embeddings_unref(embeddings_ref(rows));
    embeddings_unref(rows);
    embeddings_unref(items);
}

static int start(void **state) { return hash_init() ? enter_folder(state) : -1; }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),  cmocka_unit_test(test_catalog), cmocka_unit_test(test_damage),     cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_kind),    cmocka_unit_test(test_embeddings),
    };
    return cmocka_run_group_tests(tests, start, leave_folder);
}
