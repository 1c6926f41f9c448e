#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/data/database.h"
#include "tests/unit/folder.h"

static const char *const steps[] = {"CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT)", "ALTER TABLE a ADD COLUMN z REAL; CREATE TABLE b (x UNIQUE)"};

static struct database *open_good(const char *path) {
    struct database *database = NULL;
    struct error err = ERROR_INIT;
    if (database_open(path, &database, &err) != OK) fail_msg("%s", err.message);
    return database;
}

static void exec_good(struct database *database, const char *sql) {
    struct error err = ERROR_INIT;
    if (database_exec(database, sql, &err) != OK) fail_msg("%s", err.message);
}

static int64_t int_of(struct database *database, const char *sql) {
    int64_t value = -1;
    struct error err = ERROR_INIT;
    if (database_int(database, sql, &value, &err) != OK) fail_msg("%s", err.message);
    return value;
}

static void upgrade_good(struct database *database, int n_steps) {
    struct error err = ERROR_INIT;
    if (database_upgrade(database, steps, n_steps, &err) != OK) fail_msg("%s", err.message);
}

static void exec_fails(struct database *database, const char *sql, enum status code, const char *part) {
    struct error err = ERROR_INIT;
    assert_int_equal(database_exec(database, sql, &err), code);
    assert_non_null(strstr(err.message, part));
}

static void write_file(const char *path, const char *text, size_t len) {
    FILE *file = fopen(path, "r+b");
    if (!file) file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void values_come_back(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct database *database = open_good(DATABASE_IN_MEMORY);
    struct statement *insert, *select;
    bool row;
    exec_good(database, "CREATE TABLE t (i, d, s, n)");
    assert_int_equal(statement_new(database, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)", &insert, &err), OK);
    for (int i = 0; i < 3; i++) {
        statement_bind_int(insert, 1, INT64_MIN + i);
        statement_bind_double(insert, 2, i + 0.5);
        statement_bind_text(insert, 3, (struct slice){"a\0日", 5});
        statement_bind_null(insert, 4);
        assert_int_equal(statement_run(insert, &err), OK);
    }
    assert_int_equal(statement_new(database, "SELECT i, d, s, n, x'00' AS bytes FROM t ORDER BY i", &select, &err), OK);
    assert_int_equal(statement_n_columns(select), 5);
    assert_string_equal(statement_column_name(select, 4), "bytes");
    for (int turn = 0; turn < 2; turn++) { /* a statement that came to its end runs again */
        for (int i = 0; i < 3; i++) {
            assert_int_equal(statement_step(select, &row, &err), OK);
            assert_true(row);
            assert_true(statement_int(select, 0) == INT64_MIN + i);
            assert_true(statement_double(select, 1) == i + 0.5);
            assert_true(slice_eq(statement_text(select, 2), (struct slice){"a\0日", 5}));
            static const enum column_kind kinds[] = {COLUMN_INT, COLUMN_DOUBLE, COLUMN_TEXT, COLUMN_NULL, COLUMN_BYTES};
            for (int c = 0; c < 5; c++) assert_int_equal(statement_kind(select, c), kinds[c]);
            assert_int_equal(statement_text(select, 3).len, 0);
        }
        assert_int_equal(statement_step(select, &row, &err), OK);
        assert_false(row);
    }
    statement_free(insert);
    statement_free(select);
    database_close(database);
}

static void wrong_sql_is_told(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct statement *statement;
    int64_t value = 7;
    struct database *database = open_good(DATABASE_IN_MEMORY);
    exec_good(database, "CREATE TABLE t (x UNIQUE)");
    exec_fails(database, "SELEC 1", ERR_VALUE, "database `:memory:`: near \"SELEC\": syntax error");
    exec_fails(database, "INSERT INTO t VALUES (1), (1)", ERR_VALUE, "UNIQUE constraint failed: t.x");
    assert_int_equal(statement_new(database, "SELECT y FROM t", &statement, &err), ERR_VALUE);
    assert_non_null(strstr(err.message, "no such column: y"));
    err = ERROR_INIT;
    assert_int_equal(statement_new(database, "  -- nothing", &statement, &err), ERR_VALUE);
    err = ERROR_INIT;
    assert_int_equal(database_int(database, "SELECT x FROM t", &value, &err), ERR_VALUE);
    assert_non_null(strstr(err.message, "gives no row"));
    assert_int_equal(value, 7);
    database_close(database);
}

struct transaction {
    struct database *database;
    const char *first, *second;
};

static enum status two_steps(void *ctx, struct error *err) {
    const struct transaction *transaction = ctx;
    TRY(database_exec(transaction->database, transaction->first, err));
    return database_exec(transaction->database, transaction->second, err);
}

static void transactions_hold_together(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct database *database = open_good(DATABASE_IN_MEMORY);
    struct transaction bad = {database, "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"};
    struct transaction good = {database, "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"};
    exec_good(database, "CREATE TABLE t (x UNIQUE)");
    assert_int_equal(database_transact(database, two_steps, &bad, &err), ERR_VALUE);
    assert_int_equal(int_of(database, "SELECT count(*) FROM t"), 0);
    err = ERROR_INIT;
    assert_int_equal(database_transact(database, two_steps, &good, &err), OK);
    assert_int_equal(int_of(database, "SELECT count(*) FROM t"), 2);
    database_close(database);
}

static void files_are_upgraded(void **state) {
    struct error err = ERROR_INIT;
    struct stat info;
    char *path = path_join(*state, "up.sqlite");
    struct database *database = open_good(path), *other;
    upgrade_good(database, 1);
    exec_good(database, "INSERT INTO a VALUES (1, 'kept')");
    upgrade_good(database, 1);
    other = open_good(path);
    upgrade_good(other, 2);
    upgrade_good(other, 2);
    assert_int_equal(int_of(other, "SELECT count(*) FROM a WHERE y = 'kept' AND z IS NULL"), 1);
    assert_int_equal(int_of(other, "PRAGMA user_version"), 2);
    assert_int_equal(database_upgrade(database, steps, 1, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "up.sqlite` was written by a newer Reckon: its tables have version 2, known are those up to 1"));
    database_close(database);
    database_close(other);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    free(path);
}

static void files_are_in_wal_mode(void **state) {
    struct error err = ERROR_INIT;
    struct statement *mode;
    bool row;
    char *path = path_join(*state, "wal.sqlite"), *log = path_join(*state, "wal.sqlite-wal");
    struct database *database = open_good(path), *reader = open_good(path);
    upgrade_good(database, 2);
    assert_int_equal(statement_new(database, "PRAGMA journal_mode", &mode, &err), OK);
    assert_int_equal(statement_step(mode, &row, &err), OK);
    assert_true(slice_eqz(statement_text(mode, 0), "wal"));
    statement_free(mode);
    assert_int_equal(int_of(database, "PRAGMA synchronous"), 1);
    exec_good(database, "BEGIN IMMEDIATE; INSERT INTO a VALUES (1, 'x', 2)"); /* an open writer: readers don't wait */
    double began = clock_now_s();
    assert_int_equal(int_of(reader, "SELECT count(*) FROM a"), 0);
    assert_true(clock_now_s() - began < 1);
    exec_good(database, "COMMIT");
    assert_int_equal(int_of(reader, "SELECT count(*) FROM a"), 1);
    database_close(reader);
    database_close(database);
    assert_false(file_exists(log)); /* the last one to close tidies up */
    free(path);
    free(log);
}

static void other_files_are_refused_and_left(void **state) {
    struct error err = ERROR_INIT;
    struct database *database;
    char *text = path_join(*state, "notes.txt"), *foreign = path_join(*state, "foreign.sqlite");
    static const char notes[] = "my notes, long enough to be read as a header of some database, which they are not: ................................";
    struct buf now = BUF_INIT;
    write_file(text, notes, strlen(notes));
    assert_int_equal(database_open(text, &database, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "notes.txt`: file is not a database"));
    assert_int_equal(file_read(text, 1000, &now, &err), OK);
    assert_string_equal(buf_text(&now), notes);
    buf_release(&now);
    database = open_good(foreign);
    exec_good(database, "CREATE TABLE mine (x)");
    err = ERROR_INIT;
    assert_int_equal(database_upgrade(database, steps, 2, &err), ERR_DATA);
    assert_non_null(strstr(err.message, "foreign.sqlite` is another program's"));
    assert_int_equal(int_of(database, "SELECT count(*) FROM sqlite_master"), 1);
    database_close(database);
    free(text);
    free(foreign);
}

static void damage_is_told(void **state) {
    struct error err = ERROR_INIT;
    char *path = path_join(*state, "damaged.sqlite"), junk[4096];
    struct database *database = open_good(path);
    upgrade_good(database, 2);
    exec_good(database,
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO a SELECT i, hex(randomblob(40)), 1 FROM n");
    int64_t n_pages = int_of(database, "PRAGMA page_count");
    database_close(database);
    memset(junk, 0x5a, sizeof junk);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (int64_t page = 1; page < n_pages; page++) {
        fseek(file, (long)(page * 4096), SEEK_SET);
        assert_int_equal(fwrite(junk, 1, sizeof junk, file), sizeof junk);
    }
    fclose(file);
    if (database_open(path, &database, &err) == OK) {
        int64_t sum = 0;
        assert_int_equal(database_int(database, "SELECT sum(length(y)) FROM a", &sum, &err), ERR_DATA);
        database_close(database);
    }
    assert_int_equal(err.code, ERR_DATA);
    assert_non_null(strstr(err.message, "damaged.sqlite`"));
    assert_non_null(strstr(err.hint, "move the file away"));
    free(path);
}

static void places_that_cannot_be_had(void **state) {
    struct database *database;
    static const char *const paths[] = {"/proc/none.sqlite", "/tmp/no/such/folder/x.sqlite", "/dev/null/x.sqlite", "/tmp"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct error err = ERROR_INIT;
        assert_int_equal(database_open(paths[i], &database, &err), ERR_FILE);
        assert_non_null(strstr(err.message, paths[i]));
    }
}

static void full_disks_are_told(void **state) {
    char *path = path_join(*state, "full.sqlite");
    struct database *database = open_good(path);
    upgrade_good(database, 2);
    exec_good(database, "PRAGMA max_page_count=10");
    exec_fails(database, "INSERT INTO a VALUES (1, hex(zeroblob(100000)), 1)", ERR_FILE, "full.sqlite`: database or disk is full");
    assert_int_equal(int_of(database, "SELECT count(*) FROM a"), 0);
    database_close(database);
    free(path);
}

struct later {
    struct task *task;
    double seconds;
};

static void cancel_later(void *ctx) {
    const struct later *later = ctx;
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, later->seconds, &err), OK);
    task_cancel(later->task);
}

static void a_cancel_ends_what_runs_and_what_waits(void **state) {
    char *path = path_join(*state, "busy.sqlite");
    struct database *database = open_good(path), *other = open_good(path);
    upgrade_good(database, 2);
    struct task *task = task_new(NULL);
    struct later later = {task, 0.05};
    static const char *const codes[] = {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", "BEGIN IMMEDIATE"};
    exec_good(other, "BEGIN IMMEDIATE");
    database_obey(database, task);
    for (int i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        task_rearm(task);
        struct own_thread *thread = own_thread_start("cancels", 1 << 20, cancel_later, &later);
        double began = clock_now_s();
        assert_int_equal(database_exec(database, codes[i], &err), ERR_INTERRUPTED);
        assert_true(clock_now_s() - began < 3);
        assert_true(own_thread_join(thread, 10));
    }
    task_rearm(task);
    exec_good(other, "COMMIT");
    exec_good(database, "BEGIN IMMEDIATE; COMMIT");
    database_close(database);
    database_close(other);
    task_free(task);
    free(path);
}

static void unlock_later(void *ctx) {
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.1, &err), OK);
    exec_good(ctx, "COMMIT");
}

static void a_locked_file_is_waited_for(void **state) {
    char *path = path_join(*state, "wait.sqlite");
    struct database *database = open_good(path), *other = open_good(path);
    upgrade_good(database, 2);
    exec_good(other, "BEGIN IMMEDIATE; INSERT INTO b VALUES (1)");
    struct own_thread *thread = own_thread_start("unlocks", 1 << 20, unlock_later, other);
    exec_good(database, "INSERT INTO b VALUES (2)");
    assert_true(own_thread_join(thread, 10));
    assert_int_equal(int_of(database, "SELECT count(*) FROM b"), 2);
    database_close(database);
    database_close(other);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(wrong_sql_is_told),
        cmocka_unit_test(transactions_hold_together),
        cmocka_unit_test(files_are_upgraded),
        cmocka_unit_test(files_are_in_wal_mode),
        cmocka_unit_test(other_files_are_refused_and_left),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(places_that_cannot_be_had),
        cmocka_unit_test(full_disks_are_told),
        cmocka_unit_test(a_cancel_ends_what_runs_and_what_waits),
        cmocka_unit_test(a_locked_file_is_waited_for),
    };
    return cmocka_run_group_tests_name("database", tests, make_folder, remove_folder);
}
