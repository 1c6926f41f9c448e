/* A server whose memory runs out at each place in turn, while a client asks it everything there is to ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/torture/sites.h"
#include "tests/torture/torture.h"
#include "tests/unit/kernel/client.h"

struct talk {
    bool good;
    long n_runs, n_errors, n_refused; /* refused: the server didn't start */
};

static const struct {
    const char *type, *content;
} questions[] = {
    {"kernel_info_request", "{}"},
    {"complete_request", "{\"code\":\"told.up\",\"cursor_pos\":7}"},
    {"inspect_request", "{\"code\":\"als\",\"cursor_pos\":3,\"detail_level\":1}"},
    {"is_complete_request", "{\"code\":\"for i in x:\"}"},
    {"history_request", "{\"hist_access_type\":\"tail\",\"n\":3,\"output\":true}"},
    {"comm_info_request", "{}"},
    {"connect_request", "{}"},
    {"usage_request", "{}"},
    {"odd_request", "{}"},
};

static const char *const cells[] = {"told = 'a'\nprint(told)\nshow([1, 2])\ntold * 2", "1 / 0", "{i: str(i) for i in range(9)}"};

/* A reply must come: client_reply insists. Counts errors. */
static void hear_reply(struct client *client, struct talk *talk, enum channel channel, int number) {
    json_t *content = client_reply(client, channel, number);
    talk->n_errors += strcmp(json_text(content, "status", ""), "error") == 0;
    json_decref(content);
}

static void ask_everything(struct client *client, struct talk *talk) {
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) hear_reply(client, talk, CHANNEL_SHELL, client_execute(client, cells[i], ""));
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        hear_reply(client, talk, CHANNEL_SHELL, client_send(client, CHANNEL_SHELL, questions[i].type, questions[i].content));
    hear_reply(client, talk, CHANNEL_CONTROL, client_send(client, CHANNEL_CONTROL, "interrupt_request", "{}"));
    hear_reply(client, talk, CHANNEL_SHELL, client_execute(client, "1", ",\"user_expressions\":{\"a\":\"1 + 1\",\"b\":\"x\"}"));
}

static bool open_client(struct client *client) {
    struct error err = ERROR_INIT;
    *client =
        (struct client){.connection = {.ip = "", .key = "key", .session_name = ""}, .transport = transport_mem_open(), .signer = signer_of("key")};
    const struct server_config config = {.transport = client->transport, .connection = &client->connection};
    if (server_new(&config, &client->server, &err) != OK) {
        transport_free(client->transport);
        return false;
    }
    client->thread = own_thread_start("server", 1 << 20, client_serve, client);
    return client->thread != NULL;
}

/* A server's whole life. */
static void live(struct talk *talk) {
    struct client client;
    if (!open_client(&client)) {
        talk->n_refused++;
        sites_rest();
        return;
    }
    ask_everything(&client, talk);
    bool failed = sites_rest();
    json_t *content = client_reply(&client, CHANNEL_SHELL, client_execute(&client, "told = 'all is well'\ntold", ""));
    if (strcmp(json_text(content, "status", ""), "ok") != 0) talk->good = false;
    json_decref(content);
    client_close(&client);
    talk->n_runs += failed;
}

static void run_short_of_memory(void *ctx, size_t i, long nth, bool sticky) {
    struct talk *talk = ctx;
    bool was_good = talk->good;
    sites_arm(i, nth, sticky);
    live(talk);
    if (was_good && !talk->good)
        printf("FAILED server: call %ld of site %#lx in %#lx\n", nth, torture_offset(sites_at(i)->call), torture_offset(sites_at(i)->around));
}

void torture_server(const struct effort *effort, struct tally *tally) {
    struct talk talk = {.good = true};
    if (effort->only && !strstr("server", effort->only)) return;
    live(&talk);
    sites_count();
    live(&talk);
    talk.n_errors = 0;
    for (size_t i = 0; i < sites_n(); i++) torture_site(effort, i, run_short_of_memory, &talk);
    if (torture_leaks()) {
        printf("FAILED server: leaks\n");
        talk.good = false;
    }
    if (effort->whole)
        printf("%-16s %6ld times short of memory, %6ld errors, %ld without a start\n", "server", talk.n_runs, talk.n_errors, talk.n_refused);
    tally->passed += talk.good;
    tally->failed += !talk.good;
}
