#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/wire/connection.h"

#define PORTS "\"shell_port\":1,\"control_port\":2,\"stdin_port\":3,\"iopub_port\":4,\"hb_port\":5"

static void endpoint_is(const struct connection *connection, enum channel channel, const char *text) {
    struct buf endpoint = BUF_INIT;
    connection_endpoint(connection, channel, &endpoint);
    assert_string_equal(buf_text(&endpoint), text);
    buf_release(&endpoint);
}

static void whole_file(void **state) {
    (void)state;
    struct connection connection;
    struct error err = ERROR_INIT;
    assert_int_equal(connection_parse(slice_of("{\"transport\":\"ipc\",\"ip\":\"/run/k\",\"key\":\"abc\",\"signature_scheme\":\"hmac-sha256\","
                                               "\"jupyter_session\":\"lab.ipynb\",\"unknown\":[1]," PORTS "}"),
                                      &connection, &err),
                     OK);
    assert_true(connection.ipc);
    assert_string_equal(connection.key, "abc");
    assert_string_equal(connection.session_name, "lab.ipynb");
    endpoint_is(&connection, CHANNEL_IOPUB, "ipc:///run/k-4");
    connection_release(&connection);
}

static void defaults_and_text_ports(void **state) {
    (void)state;
    struct connection connection;
    struct error err = ERROR_INIT;
    assert_int_equal(
        connection_parse(slice_of("{\"shell_port\":\"50001\",\"control_port\":\"2\",\"stdin_port\":3,\"iopub_port\":4,\"hb_port\":5,\"ip\":\"::1\"}"),
                         &connection, &err),
        OK);
    assert_false(connection.ipc);
    assert_string_equal(connection.key, "");
    endpoint_is(&connection, CHANNEL_SHELL, "tcp://[::1]:50001");
    connection_release(&connection);
}

static void refuse(const char *text, const char *word) {
    struct connection connection;
    struct error err = ERROR_INIT;
    assert_int_not_equal(connection_parse(slice_of(text), &connection, &err), OK);
    assert_non_null(strstr(err.message, word));
}

static void bad_files(void **state) {
    (void)state;
    refuse("", "JSON");
    refuse("[1]", "not a JSON object");
    refuse("{}", "shell_port");
    refuse("{\"transport\":\"udp\"," PORTS "}", "transport");
    refuse("{\"key\":\"k\",\"signature_scheme\":\"hmac-md5\"," PORTS "}", "signature_scheme");
    refuse("{\"curve_publickey\":\"short\"," PORTS "}", "40 characters");
    refuse("{\"shell_port\":0}", "not a port");
    refuse("{\"shell_port\":65536}", "not a port");
    refuse("{\"shell_port\":\"12x\"}", "not a port");
    refuse("{\"shell_port\":1.5}", "not a port");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_file),
        cmocka_unit_test(defaults_and_text_ports),
        cmocka_unit_test(bad_files),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
