#include "tests/bench/kernel_life.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/wire/transport.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "tests/client_socket.h"

#define KEY "bench key"
#define NUMBER "\"bench-" /* begins our msg_ids */

static void stop(const char *what) {
    fprintf(stderr, "bench_kernel: %s\n", what);
    exit(1);
}

/* --- the process --- */

static void write_connection(struct life *life) {
    static int n_lives;
    snprintf(life->path, sizeof life->path, "/tmp/bench-kernel-%d-%d.json", (int)getpid(), n_lives++);
    if (!client_connection(life->path, "tcp", KEY, &life->connection)) stop("can't write the connection file");
}

/* What it says on its descriptors is nobody's here. */
static void run_child(const struct life *life) {
    const char *const *wanted = life->subject->argv;
    const char *argv[8] = {0};
    int nowhere = open("/dev/null", O_RDWR);
    for (int i = 0; i < 7 && wanted[i]; i++) argv[i] = strcmp(wanted[i], "{}") == 0 ? life->path : wanted[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("RECKON_HISTORY", "/tmp/bench-kernel-history.sqlite", 1); /* not the one of who measures */
    setenv("RECKON_RUNS", "/tmp/bench-kernel-runs.sqlite", 1);
    for (int fd = 0; fd < 3; fd++) dup2(nowhere, fd);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static void *connect_channel(struct life *life, enum channel channel) {
    const int kinds[CHANNEL_COUNT] = {[CHANNEL_SHELL] = ZMQ_DEALER,
                                      [CHANNEL_CONTROL] = ZMQ_DEALER,
                                      [CHANNEL_STDIN] = ZMQ_DEALER,
                                      [CHANNEL_IOPUB] = ZMQ_SUB,
                                      [CHANNEL_HB] = ZMQ_DEALER};
    void *new = client_socket(life->context, &life->connection, channel, kinds[channel], NULL);
    if (!new) stop("can't connect");
    return new;
}

void life_start(struct life *life, const struct subject *subject) {
    *life = (struct life){.subject = subject, .context = zmq_ctx_new()};
    wire_init(&life->wire, KEY);
    write_connection(life);
    life->began_s = clock_now_s();
    life->child = fork();
    if (life->child == 0) run_child(life);
    if (life->child < 0) stop("can't fork");
    life->child_fd = (int)syscall(SYS_pidfd_open, life->child, 0);
    for (int c = 0; c < CHANNEL_COUNT; c++) life->sockets[c] = connect_channel(life, (enum channel)c);
}

void life_end(struct life *life) {
    kill(life->child, SIGKILL);
    waitpid(life->child, NULL, 0);
    close(life->child_fd);
    for (int c = 0; c < CHANNEL_COUNT; c++) zmq_close(life->sockets[c]);
    zmq_ctx_term(life->context);
    packet_release(&life->packet);
    connection_release(&life->connection);
    unlink(life->path);
}

bool life_is_over(struct life *life, double seconds) {
    struct pollfd fd = {.fd = life->child_fd, .events = POLLIN};
    return poll(&fd, 1, (int)(seconds * 1e3)) == 1;
}

/* --- messages --- */

int life_send(struct life *life, enum channel channel, const char *type, const char *content) {
    char header[200], signature[HASH_SHA256_HEX];
    void *socket = life->sockets[channel];
    snprintf(header, sizeof header,
             "{\"msg_id\":" NUMBER
             "%d\",\"msg_type\":\"%s\",\"session\":\"s\",\"username\":\"\",\"date\":\"2026-01-01T00:00:00Z\",\"version\":\"5.4\"}",
             ++life->n_sent, type);
    const struct slice parts[SIGNED_PARTS] = {slice_of(header), slice_of("{}"), slice_of("{}"), slice_of(content)};
    sign_parts(&life->wire.signer, parts, signature);
    zmq_send(socket, FRAMES_DELIMITER, strlen(FRAMES_DELIMITER), ZMQ_SNDMORE);
    zmq_send(socket, signature, strlen(signature), ZMQ_SNDMORE);
    for (int i = 0; i < SIGNED_PARTS; i++) zmq_send(socket, parts[i].data, parts[i].len, i + 1 < SIGNED_PARTS ? ZMQ_SNDMORE : 0);
    return life->n_sent;
}

/* A whole message into life->packet; false: none now. */
static bool take(struct life *life, enum channel channel) {
    int more = 1;
    life->packet.n = 0;
    buf_clear(&life->packet.bytes);
    while (more) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, life->sockets[channel], ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return false;
        }
        packet_add(&life->packet, zmq_msg_data(&frame), zmq_msg_size(&frame));
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
    return true;
}

static const char *find(struct slice part, const char *text) { return part.len ? memmem(part.data, part.len, text, strlen(text)) : NULL; }

bool heard_says(struct slice part, const char *word) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", word);
    return find(part, quoted) != NULL;
}

static int number_in(struct slice parent) {
    const char *at = find(parent, NUMBER);
    return at ? (int)strtol(at + strlen(NUMBER), NULL, 10) : 0; /* a quote ends it */
}

/* Frames: …, delimiter, signature, header, parent, metadata, content. */
static void read_heard(const struct life *life, enum channel channel, struct heard *out) {
    const struct packet *packet = &life->packet;
    size_t first = 0;
    *out = (struct heard){.channel = channel, .at_s = clock_now_s()};
    while (first < packet->n && !slice_eqz(packet_frame(packet, first), FRAMES_DELIMITER)) first++;
    if (first + 5 >= packet->n) return;
    out->header = packet_frame(packet, first + 2);
    out->number = number_in(packet_frame(packet, first + 3));
    out->content = packet_frame(packet, first + 5);
}

const char *life_hear(struct life *life, unsigned channels, double seconds, struct heard *out) {
    double end = clock_now_s() + seconds;
    for (;;) {
        zmq_pollitem_t items[CHANNEL_COUNT + 1];
        int n = 0;
        for (int c = 0; c < CHANNEL_COUNT; c++) {
            if (!(channels & CHANNEL_BIT(c))) continue;
            if (take(life, (enum channel)c)) return read_heard(life, (enum channel)c, out), NULL;
            items[n++] = (zmq_pollitem_t){.socket = life->sockets[c], .events = ZMQ_POLLIN};
        }
        double left = end - clock_now_s();
        if (left <= 0) return "no answer";
        items[n] = (zmq_pollitem_t){.fd = life->child_fd, .events = ZMQ_POLLIN};
        zmq_poll(items, n + 1, (long)(left * 1e3) + 1);
        if (items[n].revents && !items[0].revents) return "it died";
    }
}

static size_t stream_chars(struct slice content) {
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    size_t n = json_parse(content, &json, &err) == OK ? utf8_count(slice_of(json_text(json, "text", ""))) : 0;
    json_decref(json);
    return n;
}

static void note(struct answer *answer, const struct heard *heard, double sent_s) {
    if (heard->channel == CHANNEL_SHELL) {
        answer->reply_s = heard->at_s - sent_s;
        answer->failed = heard_says(heard->content, "error");
    } else if (heard_says(heard->header, "status")) {
        if (heard_says(heard->content, "idle")) answer->idle_s = heard->at_s - sent_s;
    } else if (heard_says(heard->header, "stream")) {
        answer->n_streams++;
        answer->n_chars += stream_chars(heard->content);
    }
}

const char *life_await(struct life *life, int number, double sent_s, double seconds, struct answer *out) {
    double end = sent_s + seconds;
    *out = (struct answer){0};
    while (!out->reply_s || !out->idle_s) {
        struct heard heard;
        const char *why = life_hear(life, CHANNEL_BIT(CHANNEL_SHELL) | CHANNEL_BIT(CHANNEL_IOPUB), end - clock_now_s(), &heard);
        if (why) return out->reply_s && strcmp(why, "no answer") == 0 ? "idle was lost" : why;
        if (heard.number == number) note(out, &heard, sent_s);
    }
    return NULL;
}

const char *life_ask(struct life *life, const char *type, const char *content, double seconds, struct answer *out) {
    double sent_s = clock_now_s();
    return life_await(life, life_send(life, CHANNEL_SHELL, type, content), sent_s, seconds, out);
}

const char *life_reply(struct life *life, enum channel channel, const char *type, const char *content, double seconds, double *out_s,
                       struct buf *out) {
    double sent_s = clock_now_s();
    int number = life_send(life, channel, type, content);
    struct heard heard;
    do {
        const char *why = life_hear(life, CHANNEL_BIT(channel), sent_s + seconds - clock_now_s(), &heard);
        if (why) return why;
    } while (heard.number != number);
    *out_s = heard.at_s - sent_s;
    if (out) buf_add(out, heard.content.data, heard.content.len);
    return NULL;
}

const char *life_settle(struct life *life) {
    struct heard heard;
    struct answer answer;
    double end = clock_now_s() + 30;
    while (life_ask(life, "kernel_info_request", "{}", 1, &answer) != NULL)
        if (life_is_over(life, 0) || clock_now_s() > end) return "iopub says nothing";
    while (life_hear(life, CHANNEL_BIT(CHANNEL_SHELL) | CHANNEL_BIT(CHANNEL_IOPUB), 0.3, &heard) == NULL) continue;
    return NULL;
}

const char *life_beat(struct life *life, double seconds, double *out_s) {
    struct heard heard;
    double sent_s = clock_now_s();
    zmq_send(life->sockets[CHANNEL_HB], "", 0, ZMQ_SNDMORE); /* the empty frame of a REQ, which REP kernels expect */
    zmq_send(life->sockets[CHANNEL_HB], "ping", 4, 0);
    const char *why = life_hear(life, CHANNEL_BIT(CHANNEL_HB), seconds, &heard);
    if (!why) *out_s = heard.at_s - sent_s;
    return why;
}
