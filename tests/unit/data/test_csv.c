/* Delimited text and JSON Lines: what is read, and what is refused with which words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/base/rng.h"
#include "tests/unit/data/files.h"

/* --- what is read --- */

struct good {
    const char *file, *text, *rows;
    bool is_explicit;
};

static const struct good good[] = {
    /* separators, headers and their absence */
    {"a.csv", "user,item,rating,time\n1,10,4.5,100\n2,10,3,200\n", "1 10 4.5 100; 2 10 3 200", true},
    {"a.csv", "userId;movieId;rating\n1;10;4.5\n2;10;3", "1 10 4.5; 2 10 3", true},
    {"a.tsv", "user_id\titem_id\trating\n1\t10\t4\n2\t11\t3\n", "1 10 4; 2 11 3", true},
    {"a.dat", "1::1193::5::978300760\n1::661::3::978302109\n", "1 1193 5 978300760; 1 661 3 978302109", true},
    {"a.txt", "1|10|4\n2|10|3\n", "1 10 4; 2 10 3", true},
    {"a.csv", "1,10\n2,11\n", "1 10 1; 2 11 1", false},
    {"a.csv", "User-ID,ISBN,Book-Rating\n276725,034545104X,0\n276726,0155061224,5\n", "276725 034545104X 0; 276726 0155061224 5", true},
    {"a.csv", "rating,extra,uid,iid\n5,x,1,2\n4,y,3,4\n", "1 2 5; 3 4 4", true},
    {"a.csv", "alice,dune\nbob,emma\n", "alice dune 1; bob emma 1", false},
    /* ends of lines, byte order mark, empty lines, outer spaces */
    {"a.csv", "\xEF\xBB\xBFuser,item,rating\r\n1,10,4\r\n\r\n2,10,3\r\n", "1 10 4; 2 10 3", true},
    {"a.csv", "user,item,rating\n1,10,4\n   \n \t \r\n2,10,3\n  ", "1 10 4; 2 10 3", true},
    {"a.csv", " \t\nuser,item,rating\n \n1,10,4\n", "1 10 4", true},
    {"a.tsv", "user\titem\trating\n1\t10\t4\n\t \t\n2\t10\t3\n\t\n", "1 10 4; 2 10 3", true},
    {"a.jsonl", "{\"user\": 1, \"item\": 2}\n   \n\t\r\n{\"user\": 2, \"item\": 2}\n ", "1 2 1; 2 2 1", false},
    {"a.csv", "user,item,rating\r1,10,4\r2,10,3\r", "1 10 4; 2 10 3", true},
    {"a.csv", " user , item , rating \n 1 , 10 , 4 \n2,10, 3\n", "1 10 4; 2 10 3", true},
    /* quotes */
    {"a.csv", "user,item,rating\n\"a, b\",\"say \"\"hello\"\"\",1\nc,\"two\nlines\",2\n", "a, b say \"hello\" 1; c two\nlines 2", true},
    {"a.csv", "\"user\",\"item\",\"rating\"\r\n\"1\",\"10\",\"4\"\r\n", "1 10 4", true},
    {"a.csv", "user,item\n5\" disc,\" a \"\nx,y\n", "5\" disc  a  1; x y 1", false},
    {"a.csv", "user,item\na,\"\"\"\"\nb,c\n", "a \" 1; b c 1", false},
    /* ids: numbers until one isn't; as they are written */
    {"a.csv", "user,item\n7,1\n007,1\n-3,1\n", "7 1 1; 007 1 1; -3 1 1", false},
    {"a.csv", "user,item\n9223372036854775808,1\n5,1\n", "9223372036854775808 1 1; 5 1 1", false},
    {"a.csv", "user,item\nJos\xe9,1\nZo\xc3\xab,1\n", "José 1 1; Zoë 1 1", false},
    {"a.csv", "user,item\nAnn,1\nJos\xe9,1\nZo\xc3\xab,1\nBartholomew,1\nBartholomew,2\n",
     "Ann 1 1; José 1 1; Zoë 1 1; Bartholomew 1 1; Bartholomew 2 1", false},
    /* ratings and times */
    {"a.csv", "user,item,rating\n1,1,1e-3\n1,2,-0.5\n1,3,.5\n1,4,+2\n", "1 1 0.001; 1 2 -0.5; 1 3 0.5; 1 4 2", true},
    {"a.csv", "user,item,date\n1,1,2026-11-24 08:15:00\n1,2,1970-01-01\n1,3,1969-12-31T23:59:59Z\n1,4,2000-02-29 12:00+02:00\n",
     "1 1 1 1795508100; 1 2 1 0; 1 3 1 -1; 1 4 1 951818400", false},
    {"a.csv", "user,item,timestamp\n1,1,1234567890.75\n1,2,8.8e8\n", "1 1 1 1234567890; 1 2 1 880000000", false},
    /* RecBole: no quotes, types in the header */
    {"a.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t\"x\t3\t5.0\n", "1 \"x 3 5", true},
    /* JSON Lines */
    {"a.jsonl", "{\"user\": 1, \"item\": \"a\", \"rating\": 4.5, \"time\": 7}\n\n{\"time\": 8, \"rating\": 3, \"item\": \"b\", \"user\": 2}\n",
     "1 a 4.5 7; 2 b 3 8", true},
    {"a.jsonl", "{\"user_id\": \"x\\u00e9\", \"asin\": \"B0\"}", "xé B0 1", false},
};

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        write_file(good[i].file, good[i].text);
        struct dataset *dataset = load_file(good[i].file);
        char *rows = rows_text(dataset);
        assert_string_equal(rows, good[i].rows);
        assert_int_equal(dataset_is_explicit(dataset), good[i].is_explicit);
        assert_string_equal(dataset_name(dataset), "a");
        free(rows);
        dataset_unref(dataset);
    }
}

static void expect_rows(const struct load_request *request, const char *expected) {
    struct dataset *dataset = load_it(request);
    char *rows = rows_text(dataset);
    assert_string_equal(rows, expected);
    free(rows);
    dataset_unref(dataset);
}

static void test_said_columns(void **state) {
    (void)state;
    struct load_request request = {.name_or_path = "a.csv", .user = "who", .item = "what", .rating = "stars"};
    write_file("a.csv", "what,stars,who\n1,5,2\n3,4,4\n");
    expect_rows(&request, "2 1 5; 4 3 4");
    write_file("a.csv", "1,2,3,4,5\n6,7,8,9,10\n");
    request = (struct load_request){.name_or_path = "a.csv", .user = "2", .item = "5"};
    expect_rows(&request, "2 5 1; 7 10 1");
    write_file("a.csv", "1 2 3\n4 5 6\n");
    request = (struct load_request){.name_or_path = "a.csv", .separator = " "};
    expect_rows(&request, "1 2 3; 4 5 6");
    write_file("a.csv", "10,20,3\n1,2,4\n");
    request = (struct load_request){.name_or_path = "a.csv", .header_given = true, .has_header = true, .user = "10", .item = "20", .rating = "3"};
    expect_rows(&request, "1 2 4");
    write_file("a.csv", "user,item\n1,2\n");
    request = (struct load_request){.name_or_path = "a.csv", .header_given = true};
    expect_rows(&request, "user item 1; 1 2 1");
}

static void test_repeats(void **state) {
    (void)state;
    static const char *const ways[][2] = {{"last", "2 1 3 8; 1 1 5 9"}, {"sum", "2 1 3 8; 1 1 6 9"}, {"mean", "2 1 3 8; 1 1 3 9"}};
    write_file("a.csv", "user,item,rating,time\n1,1,1,7\n2,1,3,8\n1,1,5,9\n");
    struct load_request request = {.name_or_path = "a.csv"};
    for (int i = 0; i < 3; i++) {
        request.duplicates = ways[i][0];
        expect_rows(&request, ways[i][1]);
    }
    write_file("a.csv", "user,item\nx,1\ny,1\nx,1\nx,1\n");
    request.duplicates = "sum"; /* without ratings: how often */
    expect_rows(&request, "y 1 1; x 1 3");
    request.duplicates = "last";
    expect_rows(&request, "y 1 1; x 1 1");
    request.duplicates = NULL;
    refuses(&request, "a.csv, line 4: user \"x\" and item 1 stand together on line 2 already", "duplicates=\"last\"");
    request.duplicates = "lats";
    refuses(&request, "duplicates=\"lats\" is not known", "did you mean \"last\"?");
}

static void test_recbole_folder(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(dir_make("toys", &err), OK);
    write_file("toys/toys.inter", "user_id:token\titem_id:token\trating:float\n1\t7\t4\n2\t8\t5\n");
    write_file("toys/toys.item", "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n" /* as RecBole's ml-100k has it */
                                 "7\tThe \"Net\t1995\tComedy Drama\n8\tHeat\tunkonwn\t\n9\tNobody\t1990\tDrama\n");
    write_file("toys/toys.user", "user_id:token\tage:token\tgender:token\n1\t24\tM\n2\t\tF\n");
    struct dataset *dataset = load_file("toys");
    const struct catalog *catalog = dataset_catalog(dataset);
    assert_string_equal(catalog_title(catalog, 0), "The \"Net");
    assert_int_equal(catalog->dropped_items, 1);
    const struct column *genres = table_column(catalog->item_features, "genres"), *year = table_column(catalog->item_features, "year");
    assert_int_equal(genres->u.lists.starts[1], 2);
    assert_string_equal(genres->u.lists.strs[1], "Drama");
    assert_int_equal(year->u.ints[0], 1995);
    assert_true(cell_is_null(year, 1));
    const struct column *age = table_column(catalog->user_features, "age");
    assert_true(age->type == COL_INT && age->u.ints[0] == 24 && cell_is_null(age, 1));
    dataset_unref(dataset);
}

/* Every type that a header may name, and what isn't of it. */
static void test_recbole_types(void **state) {
    (void)state;
    struct load_request request = {.name_or_path = "t.inter"};
    write_file("t.inter", "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu1\t7\t4.0\t9.78e8\nu2\t8\t5\t978300761.0\n");
    write_file("t.item", "item_id:token\tprice:float\tzip:token\ttags:token_seq\tvector:float_seq\tcount:float\n"
                         "7\t1.5\t01234\ta  b\t0.5 -1 2e1\t3\n8\t\t12345\t\t\t4\n");
    struct dataset *dataset = load_it(&request);
    char *rows = rows_text(dataset);
    assert_string_equal(rows, "u1 7 4 978000000; u2 8 5 978300761");
    const struct table *features = dataset_catalog(dataset)->item_features;
    const struct column *price = table_column(features, "price"), *zip = table_column(features, "zip"), *tags = table_column(features, "tags");
    const struct column *vector = table_column(features, "vector"), *count = table_column(features, "count");
    assert_true(price->type == COL_FLOAT && price->u.floats[0] == 1.5 && cell_is_null(price, 1));
    assert_true(zip->type == COL_STR); /* one has a leading zero */
    assert_string_equal(zip->u.strs[0], "01234");
    assert_true(tags->type == COL_STRS && tags->u.lists.starts[1] == 2 && tags->u.lists.starts[2] == 2);
    assert_true(vector->type == COL_FLOATS && vector->u.lists.starts[1] == 3 && vector->u.lists.floats[2] == 20);
    assert_true(count->type == COL_INT && count->u.ints[1] == 4);
    free(rows);
    dataset_unref(dataset);
    write_file("t.item", "item_id:token\tprice:float\n7\tcheap\n8\t2\n");
    refuses(&request, "t.item, line 2, column `price:float`: expected a number, got \"cheap\"", "");
    request.skip_bad = true;
    dataset = load_it(&request);
    assert_true(cell_is_null(table_column(dataset_catalog(dataset)->item_features, "price"), 0));
    dataset_unref(dataset);
    request.skip_bad = false;
    write_file("t.item", "item_id:token\tvector:float_seq\n7\t1 2\n8\t1 x 2\n");
    refuses(&request, "t.item, line 3, column `vector:float_seq`: expected a number, got \"x\"", "");
    write_file("t.item", "name:token\tprice:float\n7\t1\n");
    refuses(&request, "t.item has no column item_id", "begins with item_id:token");
    unlink("t.item");
    unlink("t.inter");
}

/* --- what is refused --- */

struct bad {
    const char *file, *text, *message, *hint;
};

static const struct bad bad[] = {
    {"a.csv", "", "a.csv is empty", ""},
    {"a.csv", "\n\n", "a.csv is empty", ""},
    {"a.csv", "user,item,rating\n", "`a` has no interactions", ""},
    {"a.csv", "user,item,rating\n1,2,3\n1,x y,abc\n", "a.csv, line 3, column `rating`: expected a number, got \"abc\"", "nothing was loaded"},
    {"a.csv", "user,item,rating\n1,2,3\n\n\n1,3,\n", "a.csv, line 5, column `rating`: expected a number, got nothing", ""},
    {"a.csv", "user,item,rating\n1,2,nan\n", "a.csv, line 2, column `rating`: expected a finite number, got \"nan\"", ""},
    {"a.csv", "user,item,rating\n1,2,-inf\n", "a.csv, line 2, column `rating`: expected a finite number, got \"-inf\"", ""},
    {"a.csv", "user,item,rating\n1,2,1e39\n", "a.csv, line 2, column `rating`: expected a finite number, got \"1e39\"", ""},
    {"a.csv", "user,item,rating\n,2,3\n", "a.csv, line 2, column `user`: expected an id, got nothing", ""},
    {"a.csv", "user,item,time\n1,\"a\nb\",5\n1,2,yesterday\n",
     "a.csv, line 4, column `time`: expected seconds since 1970 or a date like 2026-11-24 08:15:00, got \"yesterday\"", ""},
    {"a.csv", "user,item,time\n1,2,2025-02-29\n",
     "a.csv, line 2, column `time`: expected seconds since 1970 or a date like 2026-11-24 08:15:00, got \"2025-02-29\"", ""},
    {"a.csv", "user,item,rating\n1,2,3\n1,3\n", "a.csv, line 3: expected 3 columns (user, item, rating), got 2",
     "a field that is empty keeps its separator: 1,,4"},
    {"a.csv", "user,item,rating\n1,2,3\n1,3,4,5\n", "a.csv, line 3: expected 3 columns (user, item, rating), got 4", "in quotes"},
    {"a.csv", "user,item\n1,\"2\n3,4\n", "a.csv, line 2: a quote (\") is never closed", "written twice"},
    {"a.csv", "user,item\n1,\"2\"x\n", "a.csv, line 2: text follows a closing quote (\")", "written twice"},
    {"a.csv", "who,what,rating\n1,2,3\n", "none of a.csv's columns is known to be the user's: who, what, rating", "load(\"a.csv\", user=\"who\""},
    {"a.csv", "user,what,rating\n1,2,3\n", "none of a.csv's columns is known to be the item's: user, what, rating", "item=\"what\""},
    {"a.csv", "1,2,3,4,5\n6,7,8,9,10\n", "a.csv has 5 columns and no header, so which are user and item is not known", "user=\"1\""},
    {"a.csv", "just some words\nand more\n", "a.csv has one column, and a user and an item are needed", "separator="},
    {"a.csv", "\xFF\xFEu\1s\1", "a.csv is UTF-16 text, and UTF-8 was expected", "iconv"},
    {"a.csv", "1,2,0123456789012345678901234567890123456789abcdefgh\n",
     "a.csv, line 1, column `rating`: expected a number, got \"0123456789012345678901234567890123456789…\"", ""},
    {"a.jsonl", "{\"user\": 1, \"item\": 2}\n[1, 2]\n", "a.jsonl, line 2: expected a JSON object, got a list", "a line looks like"},
    {"a.jsonl", "{\"user\": 1, \"item\": [2]}\n", "a.jsonl, line 1, key `item`: expected a number or a text, got a list", ""},
    {"a.jsonl", "{\"user\": 1, \"item\": 2}\n{\"user\": 1}\n", "a.jsonl, line 2, column `item`: expected an id, got nothing", ""},
    {"a.jsonl", "{\"user\": 1, \"thing\": 2}\n", "none of a.jsonl's columns is known to be the item's: user, thing", "item=\"thing\""},
    {"a.jsonl", "", "a.jsonl is empty", ""},
    {"a.7z", "7z", "`a.7z` is an archive of a kind that load doesn't unpack", "load takes .zip"},
    {"a.reckon", "x", "`a.reckon` is a file of Reckon's own", "open(\"a.reckon\")"},
};

static void test_bad(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct load_request request = {.name_or_path = bad[i].file};
        write_file(bad[i].file, bad[i].text);
        refuses(&request, bad[i].message, bad[i].hint);
    }
}

static void test_bad_requests(void **state) {
    (void)state;
    write_file("a.csv", "user,item,rating\n1,2,3\n");
    struct load_request request = {.name_or_path = "a.csv", .user = "usr", .item = "item"};
    refuses(&request, "a.csv has no column `usr` for user=", "did you mean `user`? The columns are user, item, rating");
    request = (struct load_request){.name_or_path = "a.csv", .user = "item", .item = "item"};
    refuses(&request, "the column `item` of a.csv can't be both user and item", "");
    request = (struct load_request){.name_or_path = "a.csv", .separator = "\n"};
    refuses(&request, "separator=\"\n\" can't separate columns", "found out");
    write_bytes_to("a.csv", "user,item\n1,a\0b\n", 16);
    request = (struct load_request){.name_or_path = "a.csv"};
    refuses(&request, "a.csv is not a text file: it has bytes of value 0", "");
}

/* --- harm --- */

static void test_interrupt(void **state) {
    (void)state;
    struct task *task = task_new(NULL);
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    const struct load_request request = {.name_or_path = "a.csv"};
    write_file("a.csv", "user,item\n1,2\n");
    task_cancel(task);
    assert_int_equal(load_dataset(task, &request, &dataset, &err), ERR_INTERRUPTED);
    assert_null(dataset);
    task_free(task);
}

static void fails_gently(const char *path, const char *duplicates) {
    const struct load_request request = {.name_or_path = path, .duplicates = duplicates};
    enum status status = ERR_MEMORY;
    long n = 1;
    for (; status != OK; n++) {
        struct error err = ERROR_INIT;
        struct dataset *dataset = NULL;
        mem_fail_after(n);
        status = load_dataset(NULL, &request, &dataset, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        assert_int_equal(dataset != NULL, status == OK);
        dataset_unref(dataset);
    }
    assert_true(n > 5);
}

static void test_memory(void **state) {
    (void)state;
    write_file("a.csv", "user,item,rating,time\nx,1,1,7\ny,1,3,8\nx,1,5,9\n");
    fails_gently("a.csv", "mean");
    write_file("a.csv", "user,item\nx,1\ny,1\nx,1\n");
    fails_gently("a.csv", "sum");
    write_file("a.jsonl", "{\"user\": 1, \"item\": \"a\", \"rating\": 4.5}\n");
    fails_gently("a.jsonl", "error");
}

/* Any bytes: a data set or an error that says something. */
static void test_wild(void **state) {
    (void)state;
    static const char signs[] = ",;\t|:\"\n\r 0159-.eE\xEF\xBB\xBF\xFF{}[]user";
    struct rng rng = rng_at(7, RNG_USER, 0);
    char text[160];
    for (int round = 0; round < 3000; round++) {
        const struct good *from = &good[rng_below(&rng, sizeof good / sizeof *good)];
        size_t len = strlen(from->text) < sizeof text ? strlen(from->text) : sizeof text;
        memcpy(text, from->text, len);
        for (uint64_t edits = rng_below(&rng, 6); edits > 0; edits--) text[rng_below(&rng, len)] = signs[rng_below(&rng, sizeof signs)];
        len = 1 + rng_below(&rng, len);
        write_bytes_to(from->file, text, len);
        const struct load_request request = {.name_or_path = from->file, .duplicates = "mean"};
        struct error err = ERROR_INIT;
        struct dataset *dataset = NULL;
        const enum status status = load_dataset(NULL, &request, &dataset, &err);
        assert_int_equal(dataset != NULL, status == OK);
        assert_int_equal(err.message[0] != 0, status != OK);
        dataset_unref(dataset);
    }
}

static void test_too_wide(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 20000; i++) buf_adds(&text, "1,");
    write_file("a.csv", buf_text(&text));
    buf_release(&text);
    const struct load_request request = {.name_or_path = "a.csv", .separator = ","};
    refuses(&request, "a.csv, line 1: more than 10000 columns", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_said_columns, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_repeats, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_recbole_folder, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_recbole_types, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_bad, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_bad_requests, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_interrupt, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_memory, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_wild, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_too_wide, enter_folder, leave_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
