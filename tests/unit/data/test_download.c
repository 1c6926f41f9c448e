/* Downloads from a folder and from a small web server: what goes well, what goes on after a break, the network, and others who ask at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/data/stage.h"

/* --- what goes well --- */

/* First of all tests: once the plugin is open it stays. */
static void missing_plugin(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    setenv("RECKON_PLUGINS", root, 1);
    good(stage);
    assert_int_equal(download(stage, &err), ERR_MISSING);
    assert_non_null(strstr(err.message, "the plugin `net` is not installed: no libreckon_net.so in"));
    assert_string_equal(
        err.hint,
        "`make` with libcurl4-openssl-dev and libarchive-dev or, where only a library is missing, `apt-get install libcurl4 libarchive13` brings it");
}

static void whole(void **state) {
    struct stage *stage = *state;
    good(stage);
    assert_downloads(stage);
    assert_cache("ml-test"); /* no archive, no lock */
    assert_file("cache/datasets/ml-test/ratings.dat", ratings);
    assert_file("cache/datasets/ml-test/more/README", "read me\n");
    char *junk = at("cache/datasets/ml-test/ml-Test100");
    assert_false(file_exists(junk)); /* the archive's top folder is not kept */
    free(junk);
    char expected[512];
    snprintf(expected, sizeof expected, "ml-test: for tests only\ndownloading %s/ml-test.zip (", stage->mirror);
    assert_memory_equal(buf_text(&stage->said), expected, strlen(expected));
}

static void nothing_twice(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    assert_downloads(stage);
    buf_clear(&stage->said);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 1);
    assert_int_equal(stage->said.len, 0);
}

static void sum_beside_the_archive(void **state) {
    struct stage *stage = *state;
    char sum[128];
    good(stage);
    stage->known.md5 = NULL;
    snprintf(sum, sizeof sum, "MD5 (ml-test-0123456789abcdef0123456789abcdef.zip) = %s\n", stage->md5);
    stage->web.sum = sum;
    serve(stage);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_sum, 1);
    assert_cache("ml-test");
}

static void straight_from_the_publisher(void **state) {
    struct stage *stage = *state;
    char url[128];
    good(stage);
    serve(stage);
    unsetenv("RECKON_MIRROR");
    snprintf(url, sizeof url, "%sdeep/ml-test.zip", stage->web.url);
    stage->known.url = url;
    assert_downloads(stage);
}

static void left_by_a_killed_process(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    char *path = at("cache/datasets/ml-test.unpacking/more");
    good(stage);
    assert_int_equal(dir_make(path, &err), OK);
    write_bytes("cache/datasets/ml-test.unpacking/more/README", "half", 4);
    write_bytes("cache/datasets/ml-test.lock", "", 0);
    assert_downloads(stage);
    assert_cache("ml-test");
    assert_file("cache/datasets/ml-test/more/README", "read me\n");
    free(path);
}

/* --- going on --- */

/* A download whose connection breaks after 100,000 bytes; the next one's doesn't. */
static void break_off(struct stage *stage) {
    struct error err = ERROR_INIT;
    stage->web.cut_after = 100000;
    if (!stage->has_web) serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_non_null(strstr(err.hint, "load(\"ml-test\") goes on where it stopped"));
    stage->web.cut_after = 0;
}

static void cut_and_resumed(void **state) {
    struct stage *stage = *state;
    good(stage);
    break_off(stage);
    assert_int_equal(part_size(), 100000);
    assert_cache("ml-test.part");
    assert_downloads(stage);
    assert_int_equal(stage->web.last_from, 100000);
    assert_cache("ml-test");
    assert_file("cache/datasets/ml-test/ratings.dat", ratings);
}

static void server_without_ranges(void **state) {
    struct stage *stage = *state;
    good(stage);
    stage->web.no_ranges = true;
    break_off(stage);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 2); /* the whole that comes for an answer is taken at once */
    assert_cache("ml-test");
}

/* What the server said of the beginning goes back with the request for the rest. */
static void mark_goes_back(void **state) {
    struct stage *stage = *state;
    static const char *const marks[] = {"ETag: \"v1\"", "Last-Modified: Sat, 01 Feb 2003 04:05:06 GMT",
                                        "ETag: W/\"v1\"\r\nLast-Modified: Sat, 01 Feb 2003 04:05:06 GMT"};
    static const char *const kept[] = {"\"v1\"", "Sat, 01 Feb 2003 04:05:06 GMT", "Sat, 01 Feb 2003 04:05:06 GMT"};
    good(stage);
    for (int i = 0; i < 2; i++) {
        stage->web.mark = marks[i];
        stage->web.n_archive = stage->web.n_conditions = 0;
        break_off(stage);
        assert_cache("ml-test.mark ml-test.part");
        assert_file("cache/datasets/ml-test.mark", kept[i]);
        assert_downloads(stage);
        assert_int_equal(stage->web.n_archive, 2);
        assert_int_equal(stage->web.n_conditions, 1);
        assert_int_equal(stage->web.last_from, 100000);
        assert_cache("ml-test");
        char *folder = at("cache");
        dir_remove(folder);
        free(folder);
    }
    stage->web.mark = marks[2]; /* a weak ETag promises no equal bytes */
    break_off(stage);
    assert_file("cache/datasets/ml-test.mark", kept[2]);
}

/* The archive was replaced meanwhile: the server sends the whole, and nothing of the old one stays. */
static void changed_meanwhile(void **state) {
    struct stage *stage = *state;
    good(stage);
    stage->web.mark = "ETag: \"v1\"";
    break_off(stage);
    stage->web.mark = "ETag: \"v2\"";
    zip_release(&stage->zip);
    stage->zip = (struct zip){0};
    zip_text(&stage->zip, "ml-new/ratings.dat", "2::2::4::978300760\n");
    finish(stage);
    stage->web.archive = (struct slice){stage->zip.bytes.data, stage->zip.bytes.len};
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 2); /* one request, not two */
    assert_cache("ml-test");
    assert_file("cache/datasets/ml-test/ratings.dat", "2::2::4::978300760\n");
}

/* A proxy that answers with another range than it was asked for. */
static void another_range(void **state) {
    struct stage *stage = *state;
    good(stage);
    break_off(stage);
    stage->web.shift = 50;
    assert_downloads(stage);
    assert_int_equal(stage->web.last_from, -1);
    assert_int_equal(stage->web.n_archive, 3);
    assert_file("cache/datasets/ml-test/ratings.dat", ratings);
}

/* It announces more than it sends, as when the connection breaks: what came is kept, and the rest asked for. */
static void wrong_length(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.longer = 10;
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_int_equal(part_size(), (int64_t)stage->zip.bytes.len);
    stage->web.longer = 0;
    assert_downloads(stage); /* nothing is left to ask for (416): then from the beginning */
    assert_cache("ml-test");
}

static void put_part(const void *data, size_t len) {
    struct error err = ERROR_INIT;
    char *folder = at("cache/datasets");
    assert_int_equal(dir_make(folder, &err), OK);
    write_bytes("cache/datasets/ml-test.part", data, len);
    free(folder);
}

static void beginning_of_another_archive(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    put_part("something old", 13);
    assert_downloads(stage);
    assert_int_equal(stage->web.n_archive, 2);
    assert_int_equal(stage->web.last_from, -1);
}

static void archive_is_there_already(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    put_part(stage->zip.bytes.data, stage->zip.bytes.len);
    assert_downloads(stage);
    assert_cache("ml-test");
}

static void longer_than_the_archive(void **state) {
    struct stage *stage = *state;
    good(stage);
    for (int web = 0; web < 2; web++) {
        struct buf longer = BUF_INIT;
        if (web) serve(stage);
        buf_add(&longer, stage->zip.bytes.data, stage->zip.bytes.len);
        buf_adds(&longer, "and more");
        put_part(longer.data, longer.len);
        assert_downloads(stage);
        buf_release(&longer);
        char *folder = at("cache");
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(folder);
    }
}

static void files_resume_too(void **state) {
    struct stage *stage = *state;
    good(stage);
    put_part(stage->zip.bytes.data, 5000);
    assert_downloads(stage);
}

/* A process that is killed in the middle leaves the beginning and its lock; the next goes on. */
static void killed_in_the_middle(void **state) {
    struct stage *stage = *state;
    good(stage);
    stage->web.cut_after = 0;
    stage->web.mark = "ETag: \"v1\"";
    stage->web.hangs_after = 100000;
    serve(stage);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = ERROR_INIT;
        char *folder = NULL;
        _exit((int)download_dataset(NULL, &stage->known, &folder, &err));
    }
    for (int i = 0; i < 1000 && part_size() < 100000; i++) usleep(10000);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_cache("ml-test.lock ml-test.mark ml-test.part");
    stage->web.hangs_after = 0;
    assert_downloads(stage);
    assert_int_equal(stage->web.last_from, 100000);
    assert_cache("ml-test");
}

/* --- the network --- */

static void assert_no_network(struct stage *stage, const char *mirror) {
    struct error err = ERROR_INIT;
    const double start = clock_now_s();
    setenv("RECKON_MIRROR", mirror, 1);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_true(clock_now_s() - start < 7);
    assert_memory_equal(err.message, "can't fetch ", 12);
    assert_non_null(strstr(err.hint, "without a network put the unpacked files into $RECKON_DATA/ml-test, name a folder with the archives in "
                                     "RECKON_MIRROR (file:///…), or use synth()"));
}

static void no_network(void **state) {
    struct stage *stage = *state;
    good(stage);
    assert_no_network(stage, "http://127.0.0.1:1/");
    assert_no_network(stage, "http://no-such-host.invalid/");
    assert_no_network(stage, "file:///no/such/folder");
    assert_no_network(stage, "ftp://127.0.0.1/");
}

static void not_there(void **state) {
    struct stage *stage = *state;
    good(stage);
    serve(stage);
    stage->web.archive = (struct slice){0};
    assert_fails(stage, ERR_NETWORK, "%sml-test.zip: the server answers 404", stage->web.url);
    assert_cache(""); /* the error's page is not the archive's beginning */
}

static void redirected_to_a_file(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.moved = "file:///etc/passwd";
    serve(stage);
    assert_int_equal(download(stage, &err), ERR_NETWORK);
    assert_cache("");
}

struct canceller {
    struct task *task;
    double when_s;
};

static void cancel_soon(void *ctx) {
    struct canceller *canceller = ctx;
    usleep(300000);
    canceller->when_s = clock_now_s();
    task_cancel(canceller->task);
}

static void interrupted_while_nothing_comes(void **state) {
    struct stage *stage = *state;
    struct error err = ERROR_INIT;
    char *folder = NULL;
    good(stage);
    stage->web.hangs = true;
    serve(stage);
    struct canceller canceller = {.task = task_new(NULL)};
    struct own_thread *thread = own_thread_start("cancel", 1 << 16, cancel_soon, &canceller);
    assert_int_equal(download_dataset(canceller.task, &stage->known, &folder, &err), ERR_INTERRUPTED);
    const double end = clock_now_s();
    assert_true(own_thread_join(thread, 10));
    assert_true(end - canceller.when_s < 0.1);
    task_free(canceller.task);
}

/* --- side by side --- */

struct asker {
    struct stage *stage;
    enum status status;
};

static void ask(void *ctx) {
    struct asker *asker = ctx;
    struct error err = ERROR_INIT;
    char *folder = NULL;
    asker->status = download_dataset(NULL, &asker->stage->known, &folder, &err);
    free(folder);
}

/* The lock belongs to an open file, so threads are to each other as processes are. */
static void many_at_once(void **state) {
    struct stage *stage = *state;
    struct asker askers[4];
    struct own_thread *threads[4];
    good(stage);
    stage->web.delay_s = 0.2;
    serve(stage);
    for (int i = 0; i < 4; i++) {
        askers[i] = (struct asker){.stage = stage, .status = ERR_INTERNAL};
        threads[i] = own_thread_start("ask", 1 << 20, ask, &askers[i]);
    }
    for (int i = 0; i < 4; i++) assert_true(own_thread_join(threads[i], 30));
    for (int i = 0; i < 4; i++) assert_int_equal(askers[i].status, OK);
    assert_int_equal(stage->web.n_archive, 1);
    assert_cache("ml-test");
}

static void interrupted_while_another_downloads(void **state) {
    struct stage *stage = *state;
    struct asker asker = {.stage = stage, .status = ERR_INTERNAL};
    struct error err = ERROR_INIT;
    good(stage);
    stage->web.delay_s = 1;
    serve(stage);
    struct own_thread *thread = own_thread_start("ask", 1 << 20, ask, &asker);
    while (part_size() < 0) usleep(1000);
    const struct task_listener listener = {.ctx = &stage->said, .print = on_print};
    struct canceller canceller = {.task = task_new(&listener)};
    struct own_thread *other = own_thread_start("cancel", 1 << 16, cancel_soon, &canceller);
    char *folder = NULL;
    assert_int_equal(download_dataset(canceller.task, &stage->known, &folder, &err), ERR_INTERRUPTED);
    assert_string_equal(buf_text(&stage->said), "another process is downloading ml-test: waiting for it\n");
    assert_true(own_thread_join(thread, 30) && own_thread_join(other, 10));
    assert_int_equal(asker.status, OK);
    task_free(canceller.task);
}

/* --- md5 --- */

/* The test suite of RFC 1321, and a length on each side of every block's end. */
static void md5_known_answers(void **state) {
    (void)state;
    static const struct {
        const char *text, *hex;
    } known[] = {{"", "d41d8cd98f00b204e9800998ecf8427e"},
                 {"a", "0cc175b9c0f1b6a831c399e269772661"},
                 {"abc", "900150983cd24fb0d6963f7d28e17f72"},
                 {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
                 {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
                 {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
                 {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"},
                 {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "04364420e25c512fd958a70738aa8f72"},
                 {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "668a72d5ba17f08e62dabcafad6db14b"},
                 {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "c1bb4f81d892b2d57947682aeb252456"}};
    char *path = at("text");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char hex[MD5_HEX];
        struct error err = ERROR_INIT;
        write_bytes("text", known[i].text, strlen(known[i].text));
        assert_int_equal(md5_file(NULL, path, hex, &err), OK);
        assert_string_equal(hex, known[i].hex);
    }
    free(path);
}

int main(void) {
    if (!stage_open()) return 1;
    const struct CMUnitTest tests[] = {
        ON_STAGE(missing_plugin),
        ON_STAGE(whole),
        ON_STAGE(nothing_twice),
        ON_STAGE(sum_beside_the_archive),
        ON_STAGE(straight_from_the_publisher),
        ON_STAGE(left_by_a_killed_process),
        ON_STAGE(cut_and_resumed),
        ON_STAGE(server_without_ranges),
        ON_STAGE(mark_goes_back),
        ON_STAGE(changed_meanwhile),
        ON_STAGE(another_range),
        ON_STAGE(wrong_length),
        ON_STAGE(beginning_of_another_archive),
        ON_STAGE(archive_is_there_already),
        ON_STAGE(longer_than_the_archive),
        ON_STAGE(files_resume_too),
        ON_STAGE(killed_in_the_middle),
        ON_STAGE(no_network),
        ON_STAGE(not_there),
        ON_STAGE(redirected_to_a_file),
        ON_STAGE(interrupted_while_nothing_comes),
        ON_STAGE(many_at_once),
        ON_STAGE(interrupted_while_another_downloads),
        cmocka_unit_test(md5_known_answers),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stage_close();
    return failed;
}
