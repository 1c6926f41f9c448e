/* Long files, read by several threads in pieces: every row as it was written, whatever form it has; bad rows; repeats with their lines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "tests/unit/data/files.h"

/* --- what a row is, and the many ways to write it --- */

static int64_t user_of(int64_t row) { return 1 + row % 5003; }
static int64_t item_of(int64_t row) { return 1 + row / 5003 + row % 7; }
static float rating_of(int64_t row) { return (float)(row % 10 + 1) / 2; }
static int64_t time_of(int64_t row) { return 1000000000 + row * 13; }

enum { PLAIN = 1, SIGNS = 2, QUOTES = 4, BLANKS = 8, TEXTS = 16, BAD = 32 };

/* Texts come late: the rows before have been taken for numbers. */
static bool is_text(int64_t row, int64_t n, int forms) { return (forms & TEXTS) && row > n / 2 && row % 1000 == 3; }
static bool is_bad(int64_t row, int forms) { return (forms & BAD) && row % 997 == 5; }

static void add_item(int64_t row, int64_t n, int forms, uint64_t style, struct buf *out) {
    const char *text = is_text(row, n, forms) ? "x" : "";
    if ((forms & QUOTES) && style % 5 == 0) buf_addf(out, "\"%s%lld\"", text, (long long)item_of(row));
    else if ((forms & SIGNS) && style % 5 == 1) buf_addf(out, " %s%lld ", text, (long long)item_of(row));
    else buf_addf(out, "%s%lld", text, (long long)item_of(row));
}

static void add_rating(int64_t row, int forms, uint64_t style, struct buf *out) {
    if ((forms & SIGNS) && style % 7 == 0) buf_addf(out, "%+.1e", (double)rating_of(row));
    else if ((forms & SIGNS) && style % 7 == 1) buf_addf(out, "%.12f", (double)rating_of(row));
    else if (rating_of(row) == 4) buf_adds(out, "4");
    else buf_addf(out, "%.1f", (double)rating_of(row));
}

static void add_line(int64_t row, int64_t n, int forms, struct rng *rng, struct buf *out) {
    const uint64_t style = rng_below(rng, 1000);
    if ((forms & BLANKS) && style % 50 == 0) buf_adds(out, style % 100 == 0 ? "\n" : "\r\n");
    if (is_bad(row, forms)) {
        static const char *const bad[] = {"1,2,three,4\n", "1,2\n", ",2,3,4\n", "user,item,rating,time\n", "1,2,3,soon\n", "1,2,3,4,5\n"};
        buf_adds(out, bad[row % 6]);
    }
    buf_addf(out, "%lld,", (long long)user_of(row));
    add_item(row, n, forms, style, out);
    buf_addc(out, ',');
    add_rating(row, forms, style, out);
    buf_addf(out, (forms & SIGNS) && style % 3 == 0 ? ",%lld.75" : ",%lld", (long long)time_of(row));
    if ((forms & QUOTES) && style % 11 == 0) buf_adds(out, ",\"two\nlines, \"\"quoted\"\"\"");
    else if (forms & QUOTES) buf_adds(out, ",note");
    buf_adds(out, (forms & BLANKS) && style % 2 ? "\r\n" : "\n");
}

static void write_long(const char *path, int64_t n, int forms) {
    struct buf text = BUF_INIT;
    struct rng rng = rng_at(3, RNG_USER, (uint64_t)forms);
    buf_adds(&text, forms & QUOTES ? "user,item,rating,time,note\n" : "user,item,rating,time\n");
    for (int64_t row = 0; row < n; row++) add_line(row, n, forms, &rng, &text);
    if (forms & BLANKS) text.len -= text.data[text.len - 2] == '\r' ? 2 : 1; /* no end to the last line */
    write_bytes_to(path, text.data, text.len);
    buf_release(&text);
}

static void assert_rows(const struct dataset *dataset, int64_t n, int forms) {
    const struct catalog *catalog = dataset_catalog(dataset);
    struct buf id = BUF_INIT, expected = BUF_INIT;
    assert_int_equal(dataset_n(dataset), n);
    assert_int_equal(catalog->item_ids_are_ints, !(forms & TEXTS));
    for (int64_t row = 0; row < n; row++) {
        const struct event event = dataset_event(dataset, row);
        if (catalog->user_ids_int[event.user] != user_of(row) || event.rating != rating_of(row) || event.time != time_of(row))
            fail_msg("row %lld is another", (long long)row);
        buf_clear(&id);
        buf_clear(&expected);
        catalog_item_id(catalog, event.item, &id);
        buf_addf(&expected, "%s%lld", is_text(row, n, forms) ? "x" : "", (long long)item_of(row));
        assert_string_equal(buf_text(&id), buf_text(&expected));
    }
    buf_release(&id);
    buf_release(&expected);
}

/* --- the tests --- */

static void every_form(void **state) {
    (void)state;
    static const int forms[] = {PLAIN, SIGNS, BLANKS, SIGNS | BLANKS, TEXTS, TEXTS | SIGNS | BLANKS, QUOTES, QUOTES | SIGNS | BLANKS | TEXTS};
    const int64_t n = 250000; /* 6 MB: several pieces */
    const struct load_request request = {.name_or_path = "long.csv", .duplicates = "last"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char first[17];
        write_long("long.csv", n, forms[i]);
        for (int threads = 1; threads <= 3; threads++) {
            pool_set_threads(threads);
            struct dataset *dataset = load_it(&request);
            if (threads == 1) assert_rows(dataset, n, forms[i]);
            if (threads == 1) memcpy(first, dataset_fingerprint(dataset), sizeof first);
            else assert_string_equal(dataset_fingerprint(dataset), first);
            dataset_unref(dataset);
        }
    }
}

#define SAMPLES 16 /* csv_rows.c looks at the beginning of each sixteenth, and guesses the rows of the file from there */
#define N_LONG 10
#define N_SHORT 150000
#define N_WINDOWED ((int64_t)SAMPLES * (N_LONG + N_SHORT))

/* 2.4 million rows, more than a window holds; where samples are taken stand a few long lines, so that the guess is a hundredth of the rows. */
static void write_windows(const char *path) {
    struct buf text = BUF_INIT;
    char *filler = xalloc(4001);
    memset(filler, 'x', 4000);
    buf_adds(&text, "user,item,note\n");
    for (int64_t i = 0; i < N_WINDOWED; i++)
        buf_addf(&text, "%lld,%lld,%s\n", (long long)(1000000 + i % 1000), (long long)(1000000 + i / 1000),
                 i % (N_LONG + N_SHORT) < N_LONG ? filler : "");
    assert_true(text.len > (size_t)33 << 20);
    free(filler);
    write_bytes_to(path, text.data, text.len);
    buf_release(&text);
}

static void windows_and_room(void **state) {
    (void)state;
    const struct load_request request = {.name_or_path = "w.csv"};
    write_windows("w.csv");
    struct dataset *dataset = load_it(&request);
    assert_int_equal(dataset_n(dataset), N_WINDOWED);
    for (int64_t i = 0; i < N_WINDOWED; i++) {
        const struct event event = dataset_event(dataset, i);
        if (event.user != i % 1000 || event.item != i / 1000) fail_msg("row %lld is another", (long long)i);
    }
    dataset_unref(dataset);
}

/* Most ids fit in 32 bits; those that don't come late, and later still, in one piece, a text. */
static void ids_of_64_bits(void **state) {
    (void)state;
    static const int64_t large[] = {INT32_MAX, INT32_MIN, INT32_MAX + INT64_C(1), INT32_MIN - INT64_C(1), INT64_C(1) << 40, INT64_MIN, INT64_MAX};
    const int64_t n = 400000, kinds = sizeof large / sizeof *large;
    for (int texts = 0; texts < 2; texts++) {
        struct buf text = BUF_INIT, id = BUF_INIT, expected = BUF_INIT;
        const struct load_request request = {.name_or_path = "wide.csv"};
        buf_adds(&text, "item,user\n");
        for (int64_t i = 0; i < n; i++) {
            const bool is_large = i > n / 3 && i % 10007 < kinds;
            buf_addf(&text, texts && i == n - 5 ? "%lldx," : "%lld,", (long long)(is_large ? large[i % 10007] : i / 1000));
            buf_addf(&text, "%lld\n", (long long)(i > n / 2 && i % 1000 == 1 ? large[2] : i % 1000));
        }
        write_bytes_to("wide.csv", text.data, text.len);
        for (int threads = 1; threads <= 3; threads += 2) {
            pool_set_threads(threads);
            struct dataset *dataset = load_it(&request);
            const char *line = strchr(text.data, '\n');
            assert_int_equal(dataset_n(dataset), n);
            for (int64_t i = 0; i < n; i++, line = strchr(line + 1, '\n')) {
                const struct event event = dataset_event(dataset, i);
                buf_clear(&id), buf_clear(&expected);
                catalog_item_id(dataset_catalog(dataset), event.item, &id);
                buf_addc(&id, ',');
                catalog_user_id(dataset_catalog(dataset), event.user, &id);
                buf_add(&expected, line + 1, strcspn(line + 1, "\n"));
                assert_string_equal(buf_text(&id), buf_text(&expected));
            }
            dataset_unref(dataset);
        }
        buf_release(&text), buf_release(&id), buf_release(&expected);
    }
}

/* The first bad rows stand in later pieces, which are read before anyone knows at which line they begin. */
static void late_bad_rows(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    struct load_request request = {.name_or_path = "late.csv"};
    buf_adds(&text, "user,item\n\n");
    for (int i = 0; i < 400000; i++) buf_addf(&text, i % 150000 == 149999 ? "%d,\n" : "%d,%d\n", i % 1000, i / 1000);
    write_bytes_to("late.csv", text.data, text.len);
    refuses(&request, "late.csv, line 150002, column `item`: expected an id, got nothing",
            "the file has 2 bad rows, on lines 150002 and 300002. Mend it");
    buf_adds(&text, "7,\"a quote\n");
    write_bytes_to("late.csv", text.data, text.len);
    refuses(&request, "late.csv, line 400003: a quote (\") is never closed", "");
    buf_release(&text);
}

static void on_print(void *ctx, const char *text, size_t len) { buf_add(ctx, text, len); }

static void bad_rows_are_left_out_on_request(void **state) {
    (void)state;
    const int64_t n = 250000;
    struct buf said = BUF_INIT;
    const struct task_listener listener = {.ctx = &said, .print = on_print};
    struct task *task = task_new(&listener);
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    struct load_request request = {.name_or_path = "long.csv"};
    write_long("long.csv", n, PLAIN | BAD);
    refuses(&request, "long.csv, line 7: expected 4 columns (user, item, rating, time), got 5",
            "nothing was loaded: the file has 251 bad rows, on lines 7, 1005, 2003, 3001, 3999, …. Mend it, or leave such rows out: skip_bad=True");
    request.skip_bad = true;
    assert_int_equal(load_dataset(task, &request, &dataset, &err), OK);
    assert_rows(dataset, n, PLAIN | BAD);
    assert_string_equal(buf_text(&said), "left out 251 bad rows of long.csv:\n"
                                         "  line 7: expected 4 columns (user, item, rating, time), got 5\n"
                                         "  line 1005, column `rating`: expected a number, got \"three\"\n"
                                         "  line 2003: expected 4 columns (user, item, rating, time), got 2\n"
                                         "  line 3001, column `user`: expected an id, got nothing\n"
                                         "  line 3999, column `rating`: expected a number, got \"rating\"\n"
                                         "  and 246 more\n");
    dataset_unref(dataset);
    task_free(task);
    buf_release(&said);
}

static void one_bad_row(void **state) {
    (void)state;
    struct load_request request = {.name_or_path = "a.csv"};
    write_file("a.csv", "user,item,rating\n1,2,3\nx,3,abc\n2,\"2\"x,3\n4,5,1\n");
    refuses(&request, "a.csv, line 3, column `rating`: expected a number, got \"abc\"", "the file has 2 bad rows, on lines 3 and 4. Mend it");
    request.skip_bad = true;
    struct dataset *dataset = load_it(&request);
    char *rows = rows_text(dataset);
    assert_string_equal(rows, "1 2 3; 4 5 1");
    assert_true(dataset_catalog(dataset)->user_ids_are_ints); /* the bad row's x counts for nothing */
    free(rows);
    dataset_unref(dataset);
    write_file("a.csv", "user,item,rating\n1,2,x\n");
    refuses(&request, "a.csv, line 2, column `rating`: expected a number, got \"x\"", "no row is good");
    write_file("a.csv", "user,item\n1,\"2\n3,4\n"); /* where the next row begins isn't known */
    refuses(&request, "a.csv, line 2: a quote (\") is never closed", "written twice");
}

static void bad_json_lines(void **state) {
    (void)state;
    struct load_request request = {.name_or_path = "a.jsonl"};
    write_file("a.jsonl", "nonsense\n{\"user\": 1, \"item\": 2}\n[3]\n{\"user\": 1, \"item\": [2]}\n{\"user\": 2}\n{\"user\": 2, \"item\": 3}\n");
    refuses(&request, "a.jsonl, line 1: not valid JSON: invalid token near 'nonsense' (column 8)",
            "the file has 4 bad rows, on lines 1, 3, 4 and 5. Mend it");
    request.skip_bad = true;
    struct dataset *dataset = load_it(&request);
    char *rows = rows_text(dataset);
    assert_string_equal(rows, "1 2 1; 2 3 1");
    free(rows);
    dataset_unref(dataset);
    write_file("a.jsonl", "nonsense\n");
    refuses(&request, "a.jsonl holds no good row", "");
}

/* Far apart, with blank lines and bad rows before: the lines are the file's. */
static void repeats_know_their_lines(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    struct load_request request = {.name_or_path = "r.csv", .skip_bad = true};
    const int n = 400000;
    buf_adds(&text, "user,item\n");
    for (int i = 0; i < n; i++) buf_addf(&text, "%d,%d\n%s", i % 1000, i / 1000, i % 100000 == 50 ? "\n" : i % 100000 == 51 ? "bad\n" : "");
    buf_adds(&text, "7,300\n"); /* stood in row 300,007 */
    write_bytes_to("r.csv", text.data, text.len);
    buf_release(&text);
    const int line = 1 + n + 8 + 1, before = 1 + 300007 + 6 + 1;
    char message[200];
    snprintf(message, sizeof message, "r.csv, line %d: user 7 and item 300 stand together on line %d already", line, before);
    refuses(&request, message, "duplicates=\"last\"");
    request.duplicates = "last";
    struct dataset *dataset = load_it(&request);
    assert_int_equal(dataset_n(dataset), n);
    dataset_unref(dataset);
}

static void every_row_the_same(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    const struct load_request request = {.name_or_path = "same.csv", .duplicates = "sum"};
    buf_adds(&text, "user,item\n");
    for (int i = 0; i < 300000; i++) buf_adds(&text, "5,6\n");
    write_bytes_to("same.csv", text.data, text.len);
    buf_release(&text);
    struct dataset *dataset = load_it(&request);
    assert_int_equal(dataset_n(dataset), 1);
    assert_float_equal(dataset_event(dataset, 0).rating, 300000, 0);
    dataset_unref(dataset);
}

/* A clock by which each look is a report's time later, and a listener that cancels at the first report. */
struct canceller {
    struct task *task;
    double now_s;
    int64_t done, total;
    int n_reports;
};

static double later(void *ctx) { return ((struct canceller *)ctx)->now_s += 1; }

static void cancel_at_report(void *ctx, const struct progress *progress) {
    struct canceller *canceller = ctx;
    if (progress->finished || progress->interrupted) return;
    canceller->n_reports++;
    canceller->done = progress->done;
    canceller->total = progress->total;
    task_cancel(canceller->task);
}

static void interrupted_in_the_middle(void **state) {
    (void)state;
    struct canceller canceller = {0};
    const struct task_listener listener = {.ctx = &canceller, .progress = cancel_at_report, .now_s = later};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    const struct load_request request = {.name_or_path = "w.csv"};
    write_windows("w.csv");
    canceller.task = task_new(&listener);
    assert_int_equal(load_dataset(canceller.task, &request, &dataset, &err), ERR_INTERRUPTED);
    assert_null(dataset);
    assert_int_equal(canceller.n_reports, 1); /* nothing more was read */
    assert_in_range(canceller.done, 1, canceller.total - 1);
    task_free(canceller.task);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_form, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(windows_and_room, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(ids_of_64_bits, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(late_bad_rows, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(bad_rows_are_left_out_on_request, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(one_bad_row, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(bad_json_lines, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(repeats_know_their_lines, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(every_row_the_same, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(interrupted_in_the_middle, enter_folder, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
