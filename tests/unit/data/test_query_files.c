/* SQL over SQLite files: read where they lie, and left as they are, with nothing beside them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include "runtime/base/monitor.h"
#include "tests/unit/data/queries.h"

static const char orders[] =
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT, price REAL, raw BLOB);"
    "INSERT INTO orders VALUES (1, 'tea', 2.5, x'00'), (2, 'a'||char(0)||'b', NULL, NULL), (3, cast(x'e9' as text), 1, NULL);";

static int64_t n_files(void) {
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    assert_int_equal(dir_list(".", &names, &n, &err), OK);
    names_free(names, n);
    return (int64_t)n;
}

/* Files are read where they lie, by any name, and no byte of them changes, nor does anything appear beside them, whatever journal they have. */
static void stays_as_it_is(const char *journal) {
    static const char *const path = "my shop?mode=rwc #1.db";
    struct buf sql = BUF_INIT;
    buf_addf(&sql, "%s PRAGMA journal_mode=%s", orders, journal);
    make_file(path, buf_text(&sql));
    buf_release(&sql);
    assert_int_equal(n_files(), 1);
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
                                         "reindex shop.orders",
                                         "with n as (select 9 i) insert into shop.orders (id) select i from n",
                                         "with n as (select 9 i) replace into shop.orders (id) select i from n",
                                         "with n as (select 1 i) delete from shop.orders where id in (select i from n)",
                                         "pragma shop.user_version = 3"};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        query.sql = writes[i];
        fails(&query, ERR_VALUE, "sql only reads, and this would ", "one SELECT a call");
    }
    char *after = read_file(path);
    assert_string_equal(after, before);
    assert_int_equal(n_files(), 1);
    free(before);
    free(after);
    assert_int_equal(unlink(path), 0);
}

static void files_stay_as_they_are(void **state) {
    (void)state;
    stays_as_it_is("WAL");
    stays_as_it_is("DELETE");
}

/* Somebody who writes: what is committed is seen, though it still stands in the -wal file. */
static void files_that_are_open_elsewhere(void **state) {
    (void)state;
    struct database *writer = NULL;
    struct error err = ERROR_INIT;
    const struct query_file file = {"shop", "open.db"};
    const struct query query = {.sql = "select count(*) n from shop.orders", .files = &file, .n_files = 1};
    make_file("open.db", orders);
    assert_int_equal(database_open("open.db", &writer, &err), OK);
    assert_int_equal(database_exec(writer, "INSERT INTO orders (id) VALUES (7); BEGIN; INSERT INTO orders (id) VALUES (8)", &err), OK);
    struct table *table = good(&query);
    assert_int_equal(table->columns[0].u.ints[0], 4);
    table_unref(table);
    database_close(writer);
    assert_int_equal(n_files(), 1);
}

static void assert_same(const char *path, const char *other) {
    struct buf bytes = BUF_INIT, others = BUF_INIT;
    struct error err = ERROR_INIT;
    assert_int_equal(file_read(path, (size_t)1 << 26, &bytes, &err), OK);
    assert_int_equal(file_read(other, (size_t)1 << 26, &others, &err), OK);
    assert_int_equal(bytes.len, others.len);
    assert_memory_equal(bytes.data, others.data, bytes.len);
    buf_release(&bytes);
    buf_release(&others);
}

static void copy_file(const char *from, const char *to) {
    struct buf bytes = BUF_INIT;
    struct error err = ERROR_INIT;
    assert_int_equal(file_read(from, (size_t)1 << 26, &bytes, &err), OK);
    write_bytes_to(to, bytes.data, bytes.len);
    buf_release(&bytes);
}

/* A copy of a file that is in use: its -wal is read without the -shm that SQLite would make, also through a link, and beside a file of another mode.
 */
static void files_with_a_log_alone(void **state) {
    (void)state;
    struct database *writer = NULL;
    struct error err = ERROR_INIT;
    const struct query_file files[] = {{"plain", "plain.db"}, {"copy", "copy.db"}, {"link", "link.db"}, {"more", "more.db"}};
    const struct query query = {.sql = "select (select count(*) from plain.orders) p, (select count(*) from copy.orders) c, "
                                       "(select count(*) from link.orders) l, (select count(*) from more.orders) m",
                                .files = files,
                                .n_files = 4};
    make_file("open.db", orders);
    assert_int_equal(database_open("open.db", &writer, &err), OK);
    assert_int_equal(database_exec(writer, "INSERT INTO orders (id) VALUES (7)", &err), OK);
    assert_int_equal(mkdir("in", 0700), 0);
    copy_file("open.db", "in/copy.db");
    copy_file("open.db-wal", "in/copy.db-wal");
    copy_file("open.db", "copy.db");
    copy_file("open.db-wal", "copy.db-wal");
    copy_file("open.db-wal", "log");
    database_close(writer);
    assert_int_equal(symlink("in/copy.db", "link.db"), 0);
    make_file("plain.db", "PRAGMA journal_mode=DELETE; CREATE TABLE orders (id); INSERT INTO orders VALUES (1), (2)");
    make_file("more.db", "PRAGMA journal_mode=DELETE; CREATE TABLE orders (id); INSERT INTO orders VALUES (1)");
    const int64_t before = n_files();
    struct table *table = good(&query);
    static const int64_t expected[] = {2, 4, 4, 1};
    for (int c = 0; c < 4; c++) assert_int_equal(table->columns[c].u.ints[0], expected[c]);
    table_unref(table);
    assert_int_equal(n_files(), before);
    assert_false(file_exists("in/copy.db-shm"));
    assert_same("copy.db", "in/copy.db"); /* that one was read through the link */
    assert_same("copy.db-wal", "in/copy.db-wal");
    assert_same("copy.db-wal", "log");
}

/* A file that is read without locks, because nobody had it open, and then is written to: told, not believed. */
static void files_that_change_meanwhile(void **state) {
    (void)state;
    struct database *reader = NULL;
    struct error err = ERROR_INIT;
    make_file("change.db", orders);
    assert_int_equal(database_open_reading(&reader, &err), OK);
    assert_int_equal(database_attach(reader, "x", "change.db", &err), OK);
    assert_int_equal(database_check_files(reader, &err), OK);
    make_file("change.db", "INSERT INTO orders (id) VALUES (7)");
    assert_int_equal(database_check_files(reader, &err), ERR_FILE);
    assert_string_equal(err.message, "`change.db` was written to while it was read");
    database_close(reader);
    err_reset(&err);
    assert_int_equal(symlink("change.db", "link.db"), 0);
    write_file("change.db-wal", "");
    assert_int_equal(database_open_reading(&reader, &err), OK);
    assert_int_equal(database_attach(reader, "x", "link.db", &err), OK);
    assert_int_equal(database_check_files(reader, &err), OK);
    write_file("change.db-wal", "x");
    assert_int_equal(database_check_files(reader, &err), ERR_FILE);
    assert_string_equal(err.message, "`link.db` was written to while it was read");
    database_close(reader);
}

static void write_soon(void *ctx) {
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.1, &err), OK);
    make_file(ctx, "INSERT INTO orders (id) VALUES (7)");
}

/* Also where the query failed: what is wrong may be what was read. */
static void files_that_change_under_a_query_that_fails(void **state) {
    (void)state;
    static char path[] = "change.db";
    const struct query_file file = {"x", path};
    const struct query query = {.sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000) "
                                       "select abs(-9223372036854775808 + count(*) * 0) from n",
                                .files = &file,
                                .n_files = 1};
    make_file(path, orders);
    fails(&query, ERR_VALUE, "SQLite: integer overflow", "");
    struct own_thread *thread = own_thread_start("writes", 1 << 20, write_soon, path);
    fails(&query, ERR_FILE, "`change.db` was written to while it was read", "run the cell again");
    assert_true(own_thread_join(thread, 10));
}

/* Types are SQLite's own in files: their TIME and BOOL are words that others chose. */
static void types_of_files(void **state) {
    (void)state;
    const struct query_file file = {"x", "types.db"};
    struct query query = {.sql = "select * from x.a", .files = &file, .n_files = 1};
    make_file("types.db", "CREATE TABLE a (t TIME, b BOOL, l STRS, i INTS); INSERT INTO a VALUES (5, 7, '[\"p\"]', '[1]')");
    struct table *table = good(&query);
    assert_int_equal(table->columns[0].type, COL_INT);
    assert_int_equal(table->columns[1].type, COL_INT);
    assert_int_equal(table->columns[1].u.ints[0], 7);
    assert_int_equal(table->columns[2].type, COL_STR);
    assert_int_equal(table->columns[3].type, COL_STR);
    table_unref(table);
}

/* A name alone is the session's, in any case of letters, also where a file has a table or view of it; types come through. */
static void names_in_session_and_file(void **state) {
    (void)state;
    struct table *tables[2];
    for (int i = 0; i < 2; i++) {
        tables[i] = table_new(2);
        table_add_bools(tables[i], "b")[1] = true;
        int64_t *ids = table_add_ints(tables[i], "id");
        for (int row = 0; row < 2; row++) ids[row] = 100 * i + row;
    }
    const struct query_source sources[] = {
        {.name = "Orders", .table = tables[0]}, {.name = "v", .table = tables[1]}, {.name = "V", .table = tables[0]}};
    const struct query_file file = {"shop", "shop.db"};
    struct query query = {.sources = sources, .n_sources = 2, .files = &file, .n_files = 1};
    make_file("shop.db", "CREATE TABLE orders (id); INSERT INTO orders VALUES (7); CREATE VIEW v AS SELECT 8 AS id");
    query.sql = "select o.b, o.id, v.id, s.id, w.id, o.rowid, v.rowid, s.rowid from orders o join v on v.id = o.id + 100, shop.orders s, shop.v w "
                "where o.id = 1";
    struct table *table = good(&query);
    assert_int_equal(table->n_rows, 1);
    assert_int_equal(table->columns[0].type, COL_BOOL);
    static const int64_t expected[] = {1, 101, 7, 8, 2, 2, 1};
    for (int c = 0; c < 7; c++) assert_int_equal(table->columns[c + 1].u.ints[0], expected[c]);
    table_unref(table);
    query.sql = "select b from shop . \"Orders\""; /* the file's: the session's has nothing to do with it */
    fails(&query, ERR_VALUE, "no such column: b", "the columns are: id");
    query.sql = "select id from pragma_table_info('orders') p join orders on p.name = 'b' where id = 0"; /* the session's */
    table = good(&query);
    assert_int_equal(table->n_rows, 1);
    table_unref(table);
    query.sql = "select id from shp.v";
    fails(&query, ERR_VALUE, "no such table: shp.v", "did you mean `shop.v`? there are: Orders, v, shop.orders, shop.v");
    query.sql = "select id from other.v";
    fails(&query, ERR_VALUE, "no such table: other.v", "did you mean `v`? there are: Orders, v, shop.orders, shop.v");
    query.n_sources = 3;
    query.sql = "select id from v x, [V] where x.id = 1";
    fails(&query, ERR_VALUE, "`v` and `V` are one name to SQL", "write just one of them, in its own upper and lower case");
    static const char *const spelled[] = {"select id from \"V\" where rowid = 2", "select id from v where rowid = 2"};
    for (int i = 0; i < 2; i++) { /* the one that the query spells */
        query.sql = spelled[i];
        table = good(&query);
        assert_int_equal(table->columns[0].u.ints[0], i == 0 ? 1 : 101);
        table_unref(table);
    }
    query.sql = "select id from shop.v";
    table = good(&query);
    assert_int_equal(table->columns[0].u.ints[0], 8);
    table_unref(table);
    for (int i = 0; i < 2; i++) table_unref(tables[i]);
}

/* What SQLite does on its own to read isn't held against the query: full-text search, and what pragmas tell. */
static void other_kinds_of_tables(void **state) {
    (void)state;
    const struct query_file file = {"x", "text.db"};
    struct query query = {.sql = "select a from x.docs where docs match 'green' order by rank", .files = &file, .n_files = 1};
    make_file("text.db", "CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs VALUES ('green tea'), ('black tea');"
                         "CREATE VIEW v AS SELECT 1 AS one");
    struct table *table = good(&query);
    assert_int_equal(table->n_rows, 1);
    assert_string_equal(table->columns[0].u.strs[0], "green tea");
    table_unref(table);
    query.sql = "select name from pragma_table_info('docs', 'x')";
    table = good(&query);
    assert_string_equal(table->columns[0].u.strs[0], "a");
    table_unref(table);
    query.sql = "select * from x.doc";
    fails(&query, ERR_VALUE, "no such table: x.doc", "did you mean `docs`? the file's tables are: docs, docs_data");
    query.sql = "select ome from x.v";
    fails(&query, ERR_VALUE, "no such column: ome", "did you mean `one`?");
    query.sql = "select * from docz";
    fails(&query, ERR_VALUE, "no such table: docz", "did you mean `x.docs`? the files' tables are: x.docs, x.docs_data");
    query.sql = "select * from y.docs";
    fails(&query, ERR_VALUE, "no such table: y.docs", "did you mean `x.docs`? the files' tables are: x.docs, x.docs_data");
    struct table *mine = table_new(0);
    const struct query_source source = {.name = "pages", .table = mine};
    query.sources = &source;
    query.n_sources = 1;
    query.sql = "select * from docz";
    fails(&query, ERR_VALUE, "no such table: docz", "did you mean `x.docs`? there are: pages, x.docs, x.docs_data");
    query.sql = "select * from page";
    fails(&query, ERR_VALUE, "no such table: page", "did you mean `pages`? there are: pages, x.docs, x.docs_data");
    table_unref(mine);
    make_file("none.db", "PRAGMA user_version = 1");
    const struct query_file none = {"x", "none.db"};
    query = (struct query){.sql = "select * from docz", .files = &none, .n_files = 1};
    fails(&query, ERR_VALUE, "no such table: docz", "neither the session nor a file has a table");
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_stay_as_they_are, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(files_that_are_open_elsewhere, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(files_with_a_log_alone, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(files_that_change_meanwhile, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(files_that_change_under_a_query_that_fails, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(types_of_files, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(names_in_session_and_file, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(other_kinds_of_tables, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(damaged_files, enter_folder, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
