/* SQL over tables, data sets and files: the rows, by a plain reference; functions and long values; interrupts and no memory. Files:
 * test_query_files.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>

#include "runtime/base/monitor.h"
#include "runtime/base/rng.h"
#include "tests/unit/data/queries.h"
#include "tests/unit/data/sources.h"

static enum status run(const struct query_source *sources, size_t n, const char *sql, struct task *task, struct table **out, struct error *err) {
    const struct query query = {.sql = sql, .sources = sources, .n_sources = n};
    int offset;
    return query_run(task, &query, out, &offset, err);
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

/* Functions of long values end soon, though they would take the product of their lengths. */
static void hostile_texts(void **state) {
    (void)state;
    static const char *const queries[] = {"select instr(hex(zeroblob(500000)), hex(zeroblob(250000))||'1')",
                                          "select length(replace(hex(zeroblob(500000)), hex(zeroblob(250000))||'1', 'x'))",
                                          "select trim(printf('%.*c', 1000000, 'a'), printf('%.*c', 900000, 'b')||'a')",
                                          "select hex(zeroblob(500000)) like '%0%0%0%0%0%0%0%0%0%1'",
                                          "select hex(zeroblob(500000)) like '%' || printf('%.*c', 240, '0') || '1'",
                                          "select hex(zeroblob(500000)) glob '*0*0*0*0*0*0*0*0*1'"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        const struct query query = {.sql = queries[i]};
        const double began = clock_now_s();
        table_unref(good(&query));
        assert_true(clock_now_s() - began < 3);
    }
    fails(&(struct query){.sql = "select json_patch('{}', '{}')"}, ERR_VALUE, "not authorized to use function: json_patch", "");
    fails(&(struct query){.sql = "select replace(hex(zeroblob(500)), '0', hex(zeroblob(50000)))"}, ERR_LIMIT, "string or blob too big",
          "64 MiB at most");
    fails(&(struct query){.sql = "select 'a' like printf('%.*c', 50001, '_')"}, ERR_VALUE, "LIKE or GLOB pattern too complex", "");
}

/* instr, replace, trim, LIKE and GLOB as SQLite has them, on short texts of few letters, whole ones and broken ones. */
static void functions_as_sqlites(void **state) {
    (void)state;
    static const char *const letters[] = {
        "a", "B", "é", "日", "😀", "ab", "\xc3", "\xa9", "\xe6\x97", "\xff", "\xf0",     "\xc3\xa9\xa9", "\xed\xa0\x80",
        "%", "_", "*", "?",  "[", "]",  "^",    "-",    "b",        "A",    "\xc1\xa1", "\xe2\x82"};
    static const char sql[] =
        "select quote(instr(?1, ?2)), quote(instr(cast(?1 as blob), cast(?2 as blob))), quote(instr(?1, null)),"
        "quote(replace(?1, ?2, ?3)), quote(trim(?1, ?2)), quote(ltrim(?1, ?2)), quote(rtrim(?1, ?2)), quote(trim(' ' || ?1 || '  ')),"
        "quote(ltrim(' x ')), quote(rtrim(' x ')), quote(instr(12345, 34)), quote(replace(121, 1, 9)), quote(trim(121, 1)),"
        "quote(trim(null)), quote(instr('', '')), quote(instr('a', '')), quote(replace('', '', 'x')), quote(replace(?1, ?2, null)),"
        "quote(replace(?1, '', null)), quote(replace(5, '', 'x')), quote(replace(x'6162', '', 'x')), quote(replace(?1, char(0) || ?2, ?3)),"
        "quote(replace(null, '', 'x')), quote(trim(?1, null)), quote(trim(?1, ?2 || char(0) || ?3)), quote(trim(?1 || char(0), ?2)),"
        "quote(?1 like ?2), quote(?2 like ?1), quote(?1 || ?2 like '%' || ?2), quote(?1 like '%' || ?2 || '_%'), quote(?2 || ?1 like ?2 || '%'),"
        "quote(?1 glob ?2), quote(?1 glob '*[' || ?2 || ']*'), quote(?1 || ?2 glob '*' || ?2), quote(?1 glob '[^' || ?2 || ']*'),"
        "quote(?1 glob '?' || ?2), quote(?1 like ?2 escape 'a'), quote(?1 like ?2 escape '%'), quote(?1 like '%' || ?2 escape '_'),"
        "quote(null like ?2), quote(?1 like null), quote(?1 like ?2 escape null), quote(?1 like cast(?1 as blob)), quote(12 like '1_')";
    struct database *plain, *own;
    struct statement *theirs, *ours;
    struct error err = ERROR_INIT;
    struct rng rng = rng_at(5, RNG_USER, 0);
    assert_int_equal(database_open(DATABASE_IN_MEMORY, &plain, &err), OK);
    assert_int_equal(database_open_reading(&own, &err), OK);
    assert_int_equal(statement_new(plain, sql, &theirs, &err), OK);
    assert_int_equal(statement_new_query(own, sql, &ours, &err), OK);
    for (int i = 0; i < 20000; i++) {
        struct buf texts[3] = {{0}};
        bool row = false;
        for (int t = 0; t < 3; t++) {
            const uint64_t n_letters = i % 2 ? 6 : sizeof letters / sizeof *letters;
            for (uint64_t n = rng_below(&rng, t ? 4 : 12); n > 0; n--) buf_adds(&texts[t], letters[rng_below(&rng, n_letters)]);
            statement_bind_text(theirs, t + 1, slice_of(buf_text(&texts[t])));
            statement_bind_text(ours, t + 1, slice_of(buf_text(&texts[t])));
        }
        assert_int_equal(statement_step(theirs, &row, &err), OK);
        assert_int_equal(statement_step(ours, &row, &err), OK);
        for (int c = 0; c < statement_n_columns(ours); c++)
            if (!slice_eq(statement_text(ours, c), statement_text(theirs, c)))
                fail_msg("column %d of '%s', '%s', '%s': %s and %s", c, buf_text(&texts[0]), buf_text(&texts[1]), buf_text(&texts[2]),
                         statement_text(ours, c).data, statement_text(theirs, c).data);
        statement_reset(theirs);
        statement_reset(ours);
        for (int t = 0; t < 3; t++) buf_release(&texts[t]);
    }
    statement_free(theirs);
    statement_free(ours);
    database_close(plain);
    database_close(own);
}

/* Texts of files and lists of Tables as long as they are in life: read whole, in part, sorted, as a parameter. */
static void long_texts(void **state) {
    (void)state;
    struct table *lists = table_new(1);
    struct column *column = table_add_lists(lists, "l", COL_FLOATS, 100000);
    for (int i = 0; i < 100000; i++) column->u.lists.floats[i] = i + 0.123456789012;
    column->u.lists.starts[1] = 100000;
    const struct query_source source = {.name = "lists", .table = lists};
    const struct query_file file = {"x", "long.db"};
    struct query query = {.sources = &source, .n_sources = 1, .files = &file, .n_files = 1};
    make_file("long.db", "CREATE TABLE a (t TEXT, n INT); INSERT INTO a VALUES (printf('%.*c', 3000000, 'x'), 1);"
                         "INSERT INTO a VALUES (printf('%.*c', 2000000, 'y'), 2); CREATE TABLE b (t TEXT, n INT);"
                         "INSERT INTO b VALUES (printf('%.*c', 68000000, 'z'), 3)");
    query.sql = "select t, length(t) n, substr(t, 2999999) s from x.a order by t";
    struct table *table = good(&query);
    assert_int_equal(strlen(table->columns[0].u.strs[0]), 3000000);
    assert_int_equal(table->columns[1].u.ints[1], 2000000);
    assert_string_equal(table->columns[2].u.strs[0], "xx");
    const struct database_cell parameter = {.kind = COLUMN_TEXT, .text = slice_of(table->columns[0].u.strs[0])};
    query.parameters = &parameter;
    query.n_parameters = 1;
    query.sql = "select n from x.a where t = ?";
    struct table *found = good(&query);
    assert_int_equal(found->columns[0].u.ints[0], 1);
    table_unref(found);
    table_unref(table);
    query.n_parameters = 0;
    query.sql = "select * from lists";
    table = good(&query);
    assert_true(table->columns[0].type == COL_FLOATS);
    assert_memory_equal(table->columns[0].u.lists.floats, column->u.lists.floats, 100000 * sizeof(double));
    table_unref(table);
    query.sql = "select n from x.b"; /* what is too long may be left out */
    table = good(&query);
    assert_int_equal(table->columns[0].u.ints[0], 3);
    table_unref(table);
    query.sql = "select n, substr(t, 1, 10) from x.b";
    fails(&query, ERR_LIMIT, "SQLite: string or blob too big",
          "a text, list or blob has 64 MiB at most, and so has a row that is sorted or grouped; leave out what is longer");
    table_unref(lists);
}

/* No null in place of what SQLite doesn't take. */
static void too_long(void **state) {
    (void)state;
    const size_t n = DATABASE_VALUE_BYTES_MAX + 1;
    char *text = xalloc(n + 1);
    memset(text, '.', n);
    const struct database_cell parameter = {.kind = COLUMN_TEXT, .text = {text, n}};
    struct query query = {.sql = "select length(?)", .parameters = &parameter, .n_parameters = 1};
    fails(&query, ERR_LIMIT, "parameter 1 (?) is a text of 67108865 bytes; at most 67108864 can be given", "");
    memcpy(text, "select 1 -- ", 12);
    query.sql = text;
    fails(&query, ERR_LIMIT, "the query has 67108865 bytes; at most 1048576 are read", "many values belong into a Table");
    free(text);
}

/* What a query does within 700 MiB of address space; false: it can't be tried, for sanitizers map more than that. */
static bool run_in_little(const char *sql, enum status *out, struct error *err) {
    const struct query query = {.sql = sql};
    struct rlimit kept, tight;
    struct table *table = NULL;
    int offset;
    assert_int_equal(getrlimit(RLIMIT_AS, &kept), 0);
    tight = kept;
    tight.rlim_cur = (rlim_t)700 << 20;
    if (setrlimit(RLIMIT_AS, &tight) != 0) return false;
    const bool roomy = mem_room_bytes() > (size_t)300 << 20;
    if (roomy) *out = query_run(NULL, &query, &table, &offset, err);
    const bool low = mem_check(&(struct error){.code = OK}) != OK;
    setrlimit(RLIMIT_AS, &kept);
    mem_keep_reserve();
    if (table) table_unref(table);
    assert_true(!roomy || !low); /* the reserve is for others */
    return roomy;
}

/* Texts without end are a question of memory, asked before it is gone: of many rows, and of many columns, though each is short enough. */
static void large_texts(void **state) {
    (void)state;
    enum status status;
    struct error err = ERROR_INIT;
    const struct query query = {.sql = "select hex(zeroblob(33554433))"};
    fails(&query, ERR_LIMIT, "string or blob too big", "64 MiB at most");
    if (!run_in_little("with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) select hex(zeroblob(500000)) from n", &status,
                       &err))
        skip();
    assert_int_equal(status, ERR_MEMORY);
    assert_memory_equal(err.message, "not enough memory for the query's texts", 39);
    static const char columns[] =
        "with t as materialized (select hex(randomblob(25000000)) a, hex(randomblob(25000000)) b, hex(randomblob(25000000)) c, "
        "hex(randomblob(25000000)) d, hex(randomblob(25000000)) e, hex(randomblob(25000000)) f, hex(randomblob(25000000)) g, "
        "hex(randomblob(25000000)) h) select length(a) + length(b) + length(c) + length(d) + length(e) + length(f) + "
        "length(g) + length(h) n from t";
    err = ERROR_INIT;
    assert_true(run_in_little(columns, &status, &err));
    assert_int_equal(status, ERR_MEMORY);
    assert_string_equal(err.message, "SQLite: out of memory");
    assert_string_equal(err.hint, "a query's values may take half of what is free; ask for fewer or shorter ones at a time");
}

static void cancel_soon(void *ctx) {
    struct error err = ERROR_INIT;
    assert_int_equal(task_sleep(NULL, 0.1, &err), OK);
    task_cancel(ctx);
}

/* Whether SQLite counts, looks at our rows, or gives rows without end. */
static void interrupts(void **state) {
    (void)state;
    static const char *const queries[] = {"with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
                                          "select count(*) from a, a b, a c where a.rating + b.rating + c.rating = 1",
                                          "with recursive n(i) as (select 1 union all select i + 1 from n) select i, 'x' from n",
                                          "select printf('%.*c', 60000000, '0') like '%' || printf('%.*c', 40000, '0') || '1'",
                                          "select printf('%.*c', 60000000, '0') glob '*' || printf('%.*c', 40000, '?') || '1'"};
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

/* Rows of which column 0 is i * 7919 mod n: the task is cancelled when so many cells were asked for. */
struct counted {
    struct task *task;
    int64_t n_asked, cancel_at;
};

static const char *counted_text(void *ctx, int column) {
    (void)ctx, (void)column;
    return "INTEGER";
}

static bool counted_can_sort(void *ctx, int column) {
    (void)ctx, (void)column;
    return true;
}

#define COUNTED_ROWS 1000003

static void counted_cell(void *ctx, int64_t row, int column, struct database_cell *out) {
    struct counted *counted = ctx;
    (void)column;
    if (++counted->n_asked == counted->cancel_at) task_cancel(counted->task);
    *out = (struct database_cell){.kind = COLUMN_INT, .whole = row * 7919 % COUNTED_ROWS};
}

static enum status counted_open(void *ctx, struct database_rows *out, struct error *err) {
    (void)ctx, (void)err;
    *out = (struct database_rows){COUNTED_ROWS, 1, counted_text, counted_text, counted_can_sort, counted_cell};
    return OK;
}

/* A column that is put in order for a question of equal values ends soon after a cancel, too. */
static void interrupted_while_sorting(void **state) {
    (void)state;
    struct counted counted = {.task = task_new(NULL)};
    for (int turn = 0; turn < 2; turn++) {
        struct error err = ERROR_INIT;
        struct database *database = NULL;
        struct statement *statement = NULL;
        bool row = false;
        assert_int_equal(database_open_reading(&database, &err), OK);
        database_obey(database, counted.task);
        assert_int_equal(database_lend(database, "t", counted_open, &counted, &err), OK);
        assert_int_equal(statement_new_query(database, "select \"INTEGER\" from t where \"INTEGER\" = 500000", &statement, &err), OK);
        const enum status status = statement_step(statement, &row, &err);
        if (turn == 0) { /* found by an order: many cells are compared, and few are looked at afterwards */
            assert_int_equal(status, OK);
            assert_true(row);
            assert_int_equal(statement_int(statement, 0), 500000);
            assert_true(counted.n_asked > 10 * COUNTED_ROWS);
        } else {
            assert_int_equal(status, ERR_INTERRUPTED);
            assert_true(counted.n_asked < 3 * COUNTED_ROWS);
        }
        statement_free(statement);
        database_close(database);
        counted.n_asked = 0;
        counted.cancel_at = COUNTED_ROWS;
    }
    task_free(counted.task);
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
        cmocka_unit_test_setup_teardown(hostile_texts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(functions_as_sqlites, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(long_texts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(too_long, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(large_texts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(interrupts, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(interrupted_while_sorting, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(no_memory, enter_folder, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
