/* SQL over tables, data sets and files: the rows, by a plain reference; files that stay as they are; interrupts and no memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "runtime/base/monitor.h"
#include "runtime/data/query.h"
#include "tests/unit/data/files.h"
#include "tests/unit/data/sources.h"

static enum status run(const struct query_source *sources, size_t n, const char *sql, struct task *task, struct table **out, struct error *err) {
    const struct query query = {.sql = sql, .sources = sources, .n_sources = n};
    int offset;
    return query_run(task, &query, out, &offset, err);
}

static struct table *good(const struct query *query) {
    struct error err = ERROR_INIT;
    struct table *table = NULL;
    int offset;
    if (query_run(NULL, query, &table, &offset, &err) != OK) fail_msg("%s", err.message);
    return table;
}

/* Equal values of a column are found through its order: as many as by looking at every row. */
static void joins_agree_with_a_plain_loop(void **state) {
    (void)state;
    struct dataset *a = synthetic(60, 40, 0.3, 1), *b = synthetic(60, 40, 0.3, 2);
    const struct query_source sources[] = {{.name = "a", .dataset = a}, {.name = "b", .dataset = b}};
    const struct query query = {
        .sql = "select a.user, a.item, b.item other from a join b on a.user = b.user and a.rating = b.rating", .sources = sources, .n_sources = 2};
    struct table *table = good(&query);
    int64_t expected = 0, sum = 0, found = 0;
    for (int64_t i = 0; i < dataset_n(a); i++)
        for (int64_t j = 0; j < dataset_n(b); j++) {
            const struct event x = dataset_event(a, i), y = dataset_event(b, j);
            if (dataset_catalog(a)->user_ids_int[x.user] != dataset_catalog(b)->user_ids_int[y.user] || x.rating != y.rating) continue;
            expected++;
            sum += dataset_catalog(a)->item_ids_int[x.item] * dataset_catalog(b)->item_ids_int[y.item];
        }
    assert_true(expected > 1000);
    assert_int_equal(table->n_rows, expected);
    for (int64_t i = 0; i < table->n_rows; i++) found += table->columns[1].u.ints[i] * table->columns[2].u.ints[i];
    assert_int_equal(found, sum);
    table_unref(table);
    dataset_unref(a);
    dataset_unref(b);
}

static void text_ids(void **state) {
    (void)state;
    write_file("a.csv", "user,item,rating\nzoë,x,3\nann,y,4\nann,x,5\n");
    struct dataset *dataset = load_file("a.csv");
    const struct query_source source = {.name = "a", .dataset = dataset};
    const struct database_cell parameter = {.kind = COLUMN_TEXT, .text = slice_of("ann")};
    const struct query query = {
        .sql = "select item, rating from a where user = ?", .sources = &source, .n_sources = 1, .parameters = &parameter, .n_parameters = 1};
    struct table *table = good(&query);
    assert_int_equal(table->n_rows, 2);
    assert_string_equal(table->columns[0].u.strs[0], "y");
    assert_string_equal(table->columns[0].u.strs[1], "x");
    table_unref(table);
    dataset_unref(dataset);
}

/* Files are read where they lie, by any name, and no byte of them changes, nor does anything appear beside them. */
static void files_stay_as_they_are(void **state) {
    (void)state;
    static const char *const path = "my shop?mode=rwc #1.db";
    struct database *database = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(database_open(path, &database, &err), OK);
    assert_int_equal(
        database_exec(database,
                      "PRAGMA journal_mode=DELETE; CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT, price REAL, raw BLOB);"
                      "INSERT INTO orders VALUES (1, 'tea', 2.5, x'00'), (2, 'a'||char(0)||'b', NULL, NULL), (3, cast(x'e9' as text), 1, NULL)",
                      &err),
        OK);
    database_close(database);
    assert_int_equal(chmod(path, 0400), 0);
    char *before = read_file(path);
    const struct query_file file = {"shop", path};
    struct query query = {.sql = "select id, what, price from shop.orders order by id", .files = &file, .n_files = 1};
    struct table *table = good(&query);
    assert_int_equal(table->n_rows, 3);
    assert_string_equal(table->columns[1].u.strs[0], "tea");
    assert_string_equal(table->columns[1].u.strs[1], "a");        /* up to the NUL */
    assert_string_equal(table->columns[1].u.strs[2], "\xc3\xa9"); /* bytes that are no UTF-8 */
    assert_true(table->columns[2].type == COL_FLOAT && cell_is_null(&table->columns[2], 1));
    table_unref(table);
    static const char *const writes[] = {"insert into shop.orders values (9, 'x', 1, null)",
                                         "delete from shop.orders",
                                         "update shop.orders set id = 4",
                                         "drop table shop.orders",
                                         "create table shop.more (a)",
                                         "pragma shop.user_version = 3"};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        int offset;
        err = ERROR_INIT;
        query.sql = writes[i];
        assert_int_equal(query_run(NULL, &query, &table, &offset, &err), ERR_VALUE);
        assert_memory_equal(err.message, "sql only reads, and this would ", 31);
    }
    char *after = read_file(path), **names;
    size_t n;
    assert_string_equal(after, before);
    assert_int_equal(dir_list(".", &names, &n, &err), OK);
    assert_int_equal(n, 1);
    names_free(names, n);
    free(before);
    free(after);
}

static void damaged_files(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct table *table = NULL;
    int offset;
    char bytes[4096] = "SQLite format 3";
    bytes[17] = 16;
    const struct query_file file = {"x", "bad.db"};
    const struct query query = {.sql = "select * from x.a", .files = &file, .n_files = 1};
    write_bytes_to("bad.db", bytes, sizeof bytes);
    assert_int_equal(query_run(NULL, &query, &table, &offset, &err), ERR_DATA);
    assert_string_equal(err.message, "`bad.db` can't be read as an SQLite file: file is not a database");
    assert_string_equal(err.about, "x");
    assert_int_equal(chmod("bad.db", 0), 0);
    if (geteuid() == 0) return; /* who may read everything */
    err = ERROR_INIT;
    assert_int_equal(query_run(NULL, &query, &table, &offset, &err), ERR_FILE);
}

static void cancel_soon(void *ctx) {
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.1, &err), OK);
    task_cancel(ctx);
}

/* Whether SQLite works, a column is put in order, or rows come without end. */
static void interrupts(void **state) {
    (void)state;
    static const char *const queries[] = {"with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
                                          "select count(*) from a, a b, a c where a.rating + b.rating + c.rating = 1",
                                          "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n where i < 0"};
    struct dataset *dataset = synthetic(300, 200, 0.3, 1);
    const struct query_source source = {.name = "a", .dataset = dataset};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct error err = ERROR_INIT;
        struct table *table = NULL;
        struct task *task = task_new(NULL);
        struct own_thread *thread = own_thread_start("cancels", 1 << 20, cancel_soon, task);
        const double began = clock_now_s();
        assert_int_equal(run(&source, 1, queries[i], task, &table, &err), ERR_INTERRUPTED);
        assert_true(clock_now_s() - began < 3);
        assert_true(own_thread_join(thread, 10));
        task_free(task);
    }
    dataset_unref(dataset);
}

static void no_memory(void **state) {
    (void)state;
    struct dataset *dataset = synthetic(60, 40, 0.3, 1);
    const struct query_source source = {.name = "a", .dataset = dataset};
    enum status status = ERR_MEMORY;
    for (long n = 1; status != OK; n++) {
        struct error err = ERROR_INIT;
        struct table *table = NULL;
        mem_fail_after(n);
        status = run(&source, 1, "select x.item from a x join a y on x.user = y.user and x.item = y.item", NULL, &table, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        if (status == OK) table_unref(table);
    }
    dataset_unref(dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(joins_agree_with_a_plain_loop, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(text_ids, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(files_stay_as_they_are, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(damaged_files, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(interrupts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(no_memory, enter_folder, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
