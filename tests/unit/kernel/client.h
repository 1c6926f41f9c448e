/* A server over the in-memory transport, on a thread of its own, and its client. */
#ifndef RECKON_TESTS_KERNEL_CLIENT_H
#define RECKON_TESTS_KERNEL_CLIENT_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/server.h"
#include "kernel/wire/message.h"
#include "runtime/base/monitor.h"

#define WAIT_S 30.0

struct client {
    struct connection connection;
    struct transport *transport;
    struct server *server;
    struct own_thread *thread;
    struct signer signer;
    int n_sent;
    bool ended;
};

/* What came: type, id of the parent, content. */
struct received {
    char type[64], parent[64];
    json_t *content; /* owned */
};

static void client_serve(void *ctx) {
    struct client *client = ctx;
    client->ended = server_run(client->server);
}

static inline void client_open(struct client *client) {
    struct error err = ERROR_INIT;
    *client =
        (struct client){.connection = {.ip = "", .key = "key", .session_name = ""}, .transport = transport_mem_open(), .signer = signer_of("key")};
    const struct server_config config = {.transport = client->transport, .connection = &client->connection};
    assert_int_equal(server_new(&config, &client->server, &err), OK);
    client->thread = own_thread_start("server", 1 << 20, client_serve, client);
    assert_non_null(client->thread);
}

/* The number of a message, which is its msg_id too. */
static inline int client_send(struct client *client, enum channel channel, const char *type, const char *content) {
    struct packet packet = PACKET_INIT;
    char header[200], signature[HASH_SHA256_HEX];
    int number = ++client->n_sent;
    snprintf(header, sizeof header, "{\"msg_id\":\"%d\",\"msg_type\":\"%s\"}", number, type);
    const struct slice parts[SIGNED_PARTS] = {slice_of(header), slice_of("{}"), slice_of("{}"), slice_of(content)};
    sign_parts(&client->signer, parts, signature);
    packet_adds(&packet, slice_of("client"));
    packet_adds(&packet, slice_of(FRAMES_DELIMITER));
    packet_adds(&packet, slice_of(signature));
    for (int i = 0; i < SIGNED_PARTS; i++) packet_adds(&packet, parts[i]);
    transport_mem_put(client->transport, channel, &packet);
    return number;
}

static inline int client_execute(struct client *client, const char *code, const char *more) {
    struct buf content = BUF_INIT;
    buf_adds(&content, "{\"code\":");
    buf_add_json_string(&content, slice_of(code));
    buf_addf(&content, "%s}", more);
    int number = client_send(client, CHANNEL_SHELL, "execute_request", buf_text(&content));
    buf_release(&content);
    return number;
}

static inline json_t *client_part(struct slice part) {
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse(part, &json, &err), OK);
    return json;
}

static inline bool client_next(struct client *client, enum channel channel, double seconds, struct received *out) {
    struct packet packet = PACKET_INIT;
    struct frames frames;
    struct error err = ERROR_INIT;
    if (!transport_mem_take(client->transport, channel, seconds, &packet)) return false;
    assert_int_equal(frames_check(&packet, &client->signer, &frames, &err), OK);
    json_t *header = client_part(frames.parts[PART_HEADER]), *parent = client_part(frames.parts[PART_PARENT]);
    snprintf(out->type, sizeof out->type, "%s", json_text(header, "msg_type", ""));
    snprintf(out->parent, sizeof out->parent, "%s", json_text(parent, "msg_id", ""));
    out->content = client_part(frames.parts[PART_CONTENT]);
    json_decref(header);
    json_decref(parent);
    packet_release(&packet);
    return true;
}

/* The reply to message `number`; the caller owns its content. Others are dropped. */
static inline json_t *client_reply(struct client *client, enum channel channel, int number) {
    struct received message;
    char id[16];
    snprintf(id, sizeof id, "%d", number);
    while (client_next(client, channel, WAIT_S, &message)) {
        if (strcmp(message.parent, id) == 0) return message.content;
        json_decref(message.content);
    }
    fail_msg("no reply to message %d", number);
    return NULL;
}

/* Types of what iopub says about message `number`, up to idle: "busy execute_input stream idle". Others are dropped. */
static inline void client_story(struct client *client, int number, struct buf *out) {
    struct received message;
    char id[16];
    snprintf(id, sizeof id, "%d", number);
    for (bool idle = false; !idle;) {
        if (!client_next(client, CHANNEL_IOPUB, WAIT_S, &message)) fail_msg("no idle for message %d, only: %s", number, buf_text(out));
        const char *state = json_text(message.content, "execution_state", NULL);
        bool own = strcmp(message.parent, id) == 0;
        if (own) buf_addf(out, "%s%s", out->len ? " " : "", state ? state : message.type);
        idle = own && state && strcmp(state, "idle") == 0;
        json_decref(message.content);
    }
}

static inline void client_story_is(struct client *client, int number, const char *story) {
    struct buf told = BUF_INIT;
    client_story(client, number, &told);
    assert_string_equal(buf_text(&told), story);
    buf_release(&told);
}

static inline void client_status_is(struct client *client, enum channel channel, int number, const char *status) {
    json_t *content = client_reply(client, channel, number);
    assert_string_equal(json_text(content, "status", ""), status);
    json_decref(content);
}

static inline void client_close(struct client *client) {
    client_send(client, CHANNEL_CONTROL, "shutdown_request", "{\"restart\":false}");
    assert_true(own_thread_join(client->thread, WAIT_S));
    assert_true(client->ended);
    server_free(client->server);
    transport_free(client->transport);
}

#endif
