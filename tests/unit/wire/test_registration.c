#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/wire/frames.h"
#include "kernel/wire/registration.h"
#include "runtime/base/json.h"

static void parsed(const char *text, struct connection *out) {
    struct error err = ERROR_INIT;
    assert_int_equal(connection_parse(slice_of(text), out, &err), OK);
}

static void registration_files(void **state) {
    (void)state;
    struct connection connection;
    parsed("{\"registration_ip\":\"10.0.0.1\",\"registration_port\":\"50000\",\"kernel_id\":\"k-1\",\"key\":\"abc\"}", &connection);
    assert_string_equal(connection.registrar, "tcp://10.0.0.1:50000");
    assert_string_equal(connection.ip, "10.0.0.1");
    assert_string_equal(connection.kernel_id, "k-1");
    for (int c = 0; c < CHANNEL_COUNT; c++) assert_int_equal(connection.ports[c], 0);
    connection_release(&connection);
    parsed("{\"ip\":\"::1\",\"registration_port\":50000}", &connection);
    assert_string_equal(connection.registrar, "tcp://[::1]:50000");
    connection_release(&connection);
    parsed("{\"transport\":\"ipc\",\"ip\":\"/run/k\",\"registration_ip\":\"/run/r\",\"registration_port\":1}", &connection);
    assert_string_equal(connection.registrar, "ipc:///run/r-1");
    assert_string_equal(connection.ip, "/run/k");
    connection_release(&connection);
    struct error err = ERROR_INIT;
    assert_int_not_equal(connection_parse(slice_of("{\"registration_ip\":\"10.0.0.1\"}"), &connection, &err), OK);
    assert_non_null(strstr(err.message, "registration_port"));
}

static void a_written_file_is_read_again(void **state) {
    (void)state;
    struct connection written = {
        .ip = "::1", .ports = {1, 2, 3, 4, 65535}, .key = "a \"key\"", .session_name = "lab.ipynb", .kernel_id = "", .curve = true};
    struct connection read;
    struct error err = ERROR_INIT;
    struct stat info;
    char path[64];
    memset(written.public_key, 'p', CURVE_KEY_TEXT - 1);
    memset(written.secret_key, 's', CURVE_KEY_TEXT - 1);
    snprintf(path, sizeof path, "/tmp/test_registration-%ld.json", (long)getpid());
    FILE *old = fopen(path, "w");
    assert_non_null(old);
    fclose(old);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(connection_write(&written, path, &err), OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(connection_read(path, &read, &err), OK);
    assert_memory_equal(read.ports, written.ports, sizeof read.ports);
    assert_string_equal(read.ip, written.ip);
    assert_string_equal(read.key, written.key);
    assert_string_equal(read.session_name, written.session_name);
    assert_string_equal(read.secret_key, written.secret_key);
    assert_true(read.curve && !read.ipc && !read.registrar);
    connection_release(&read);
    unlink(path);
}

/* NULL: it acknowledges; else a word of the reason. */
static void answer_is(const char *key, const char *content, const char *signing_key, size_t n_frames, const char *word) {
    const struct connection connection = {.key = (char *)key, .kernel_id = "k-1"};
    const struct signer signer = signer_of(signing_key);
    struct packet packet = PACKET_INIT;
    struct error err = ERROR_INIT;
    char signature[HASH_SHA256_HEX];
    sign_frame(&signer, slice_of(content), signature);
    const char *const frames[] = {FRAMES_DELIMITER, signature, content, "more"};
    for (size_t i = 0; i < n_frames; i++) packet_adds(&packet, slice_of(frames[i]));
    enum status status = registration_check(&connection, &packet, &err);
    if (word) assert_non_null(strstr(err.message, word));
    assert_int_equal(status == OK, word == NULL);
    packet_release(&packet);
}

static void acknowledgements(void **state) {
    (void)state;
    answer_is("key", "ACK", "key", 3, NULL);
    answer_is("", "ACK", "", 3, NULL);
    answer_is("key", "{}", "key", 3, NULL);
    answer_is("key", "{\"status\":\"ok\",\"kernel_id\":\"k-1\"}", "key", 3, NULL);
    answer_is("key", "ACK", "another", 3, "wrong signature");
    answer_is("key", "ACK", "", 3, "wrong signature");
    answer_is("key", "NACK", "key", 3, "neither ACK");
    answer_is("key", "", "key", 3, "neither ACK");
    answer_is("key", "[]", "key", 3, "neither ACK");
    answer_is("key", "{\"status\":\"error\"}", "key", 3, "status");
    answer_is("key", "{\"kernel_id\":\"k-2\"}", "key", 3, "k-2");
    answer_is("key", "ACK", "key", 2, "frames");
    answer_is("key", "ACK", "key", 1, "frames");
    answer_is("key", "ACK", "key", 0, "frames");
    answer_is("key", "ACK", "key", 4, "frames");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registration_files),
        cmocka_unit_test(a_written_file_is_read_again),
        cmocka_unit_test(acknowledgements),
    };
    return cmocka_run_group_tests_name("registration", tests, NULL, NULL);
}
