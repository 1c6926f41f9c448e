/* The connection file. */
#include <string.h>

#include "kernel/wire/connection.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct connection connection;
    struct error err = ERROR_INIT;
    struct buf endpoint = BUF_INIT;
    if (connection_parse((struct slice){(const char *)data, size}, &connection, &err) != OK) {
        must(err.message[0] && utf8_valid(slice_of(err.message)));
        return 0;
    }
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        must(connection.ports[c] >= 1 && connection.ports[c] <= 65535);
        buf_clear(&endpoint);
        connection_endpoint(&connection, (enum channel)c, &endpoint);
        must(strncmp(buf_text(&endpoint), connection.ipc ? "ipc://" : "tcp://", 6) == 0);
    }
    must(!connection.curve || (strlen(connection.public_key) == 40 && strlen(connection.secret_key) == 40));
    buf_release(&endpoint);
    connection_release(&connection);
    return 0;
}
