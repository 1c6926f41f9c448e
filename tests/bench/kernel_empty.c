#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/wire/transport.h"
#include "tests/bench/kernel_life.h"

/* type, content; the reply's type is what was asked for with "reply" at its end. */
static const char *const cell_answer[][2] = {{"status", "{\"execution_state\":\"busy\"}"},
                                             {"execute_input", "{\"code\":\"1\",\"execution_count\":1}"},
                                             {"execute_result", "{\"data\":{\"text/plain\":\"1\"},\"metadata\":{},\"execution_count\":1}"},
                                             {"", "{\"status\":\"ok\",\"execution_count\":1,\"user_expressions\":{},\"payload\":[]}"},
                                             {"status", "{\"execution_state\":\"idle\"}"}};
static const char *const other_answer[][2] = {{"status", "{\"execution_state\":\"busy\"}"},
                                              {"", "{\"status\":\"ok\",\"protocol_version\":\"5.5\",\"implementation_version\":\"\"}"},
                                              {"status", "{\"execution_state\":\"idle\"}"}};

static void say(struct transport *transport, struct wire *wire, struct request *request, const char *const what[2]) {
    char reply[64];
    bool is_reply = !*what[0];
    struct slice content = slice_of(what[1]);
    snprintf(reply, sizeof reply, "%.*sreply", (int)(strcspn(request->type, "_") + 1), request->type);
    struct packet packet =
        is_reply ? message_reply(wire, request, reply, "", content) : message_publish(wire, request, what[0], what[0], "", content);
    while (transport_send(transport, is_reply ? request->channel : CHANNEL_IOPUB, &packet) == SENT_LATER) continue;
    packet_release(&packet);
}

/* False: it has asked us to go. */
static bool answer(struct transport *transport, struct wire *wire, struct request *request) {
    bool is_cell = strcmp(request->type, "execute_request") == 0;
    size_t n = is_cell ? sizeof cell_answer / sizeof *cell_answer : sizeof other_answer / sizeof *other_answer;
    for (size_t i = 0; i < n; i++) say(transport, wire, request, is_cell ? cell_answer[i] : other_answer[i]);
    return strcmp(request->type, "shutdown_request") != 0;
}

static bool serve_channel(struct transport *transport, struct wire *wire, enum channel channel) {
    struct error err = ERROR_INIT;
    struct packet packet = PACKET_INIT;
    bool stays = true;
    while (stays && transport_receive(transport, channel, &packet)) {
        struct request *request = NULL;
        if (channel == CHANNEL_HB) transport_send(transport, channel, &packet);
        if ((channel == CHANNEL_SHELL || channel == CHANNEL_CONTROL) && request_new(channel, &packet, &wire->signer, NULL, &request, &err) == OK)
            stays = answer(transport, wire, request);
        request_unref(request);
        packet_release(&packet);
    }
    return stays;
}

void serve_nothing(const char *connection_file) {
    struct transport *transport;
    struct wire wire;
    struct connection connection;
    struct error err = ERROR_INIT;
    if (connection_read(connection_file, &connection, &err) != OK || transport_zmq_open(&connection, &transport, &err) != OK) {
        fprintf(stderr, "bench_kernel: the empty kernel: %s\n", err.message);
        exit(1);
    }
    wire_init(&wire, connection.key);
    for (bool stays = true; stays;) {
        unsigned readable = transport_wait(transport, NULL, 0, -1);
        for (int c = 0; stays && c < CHANNEL_COUNT; c++)
            if (readable & CHANNEL_BIT(c)) stays = serve_channel(transport, &wire, (enum channel)c);
    }
    transport_free(transport);
    connection_release(&connection);
    exit(0);
}
