/* Start, latency, throughput and memory of the kernel, by a client in C over
 * tcp, against targets.md's rows.
 *
 * Floor: a process of one thread that answers every execute_request with the
 * same five signed messages and computes nothing. Peers by the Python client:
 * xeus-python 0.44 ms to the reply, ipykernel 3.6 ms. Medians. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/wire/message.h"
#include "kernel/wire/transport.h"
#include "runtime/base/file.h"
#include "runtime/base/monitor.h"

enum { STARTS = 15, CELLS = 3000, WARM_UP = 200, PIPELINED = 20000, WAIT_MS = 30000 };
#define KEY "bench key"

static void stop(const char *what) {
    fprintf(stderr, "bench_kernel: %s\n", what);
    exit(1);
}

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

static double quantile(double *values, int n, double q) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[(int)(q * (n - 1) + 0.5)];
}

/* --- client --- */

struct client {
    struct connection connection;
    struct wire wire;
    char path[64];
    void *context, *shell, *iopub, *heart;
    pid_t child;
    int n_sent;
};

static int free_port(void *context) {
    char endpoint[64] = "";
    size_t len = sizeof endpoint;
    void *probe = zmq_socket(context, ZMQ_ROUTER);
    int64_t port = 0;
    if (zmq_bind(probe, "tcp://127.0.0.1:*") != 0) stop("no port");
    zmq_getsockopt(probe, ZMQ_LAST_ENDPOINT, endpoint, &len);
    zmq_close(probe);
    if (!parse_int64(slice_of(strrchr(endpoint, ':') + 1), &port)) stop("no port");
    return (int)port;
}

static void *connect_channel(struct client *client, enum channel channel, int kind) {
    void *new = zmq_socket(client->context, kind);
    struct buf endpoint = BUF_INIT;
    int soon = 1, none = 0;
    zmq_setsockopt(new, ZMQ_RECONNECT_IVL, &soon, sizeof soon);
    zmq_setsockopt(new, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(new, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt(new, ZMQ_SNDHWM, &none, sizeof none);
    if (kind == ZMQ_SUB) zmq_setsockopt(new, ZMQ_SUBSCRIBE, "", 0);
    connection_endpoint(&client->connection, channel, &endpoint);
    if (zmq_connect(new, buf_text(&endpoint)) != 0) stop("can't connect");
    buf_release(&endpoint);
    return new;
}

static void write_connection(struct client *client) {
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    snprintf(client->path, sizeof client->path, "/tmp/bench-kernel-%d.json", (int)getpid());
    buf_adds(&text, "{\"transport\":\"tcp\",\"ip\":\"127.0.0.1\",\"signature_scheme\":\"hmac-sha256\",\"key\":\"" KEY "\"");
    for (int c = 0; c < CHANNEL_COUNT; c++) buf_addf(&text, ",\"%s_port\":%d", channel_name((enum channel)c), free_port(client->context));
    buf_addc(&text, '}');
    FILE *file = fopen(client->path, "w");
    if (!file || fwrite(text.data, 1, text.len, file) != text.len || fclose(file) != 0) stop("can't write the connection file");
    if (connection_read(client->path, &client->connection, &err) != OK) stop(err.message);
    buf_release(&text);
}

static void send_request(struct client *client, const char *type, const char *content) {
    char header[200], signature[HASH_SHA256_HEX];
    snprintf(header, sizeof header, "{\"msg_id\":\"%d\",\"msg_type\":\"%s\",\"session\":\"s\",\"username\":\"\",\"date\":\"\",\"version\":\"5.4\"}",
             ++client->n_sent, type);
    const struct slice parts[SIGNED_PARTS] = {slice_of(header), slice_of("{}"), slice_of("{}"), slice_of(content)};
    sign_parts(&client->wire.signer, parts, signature);
    zmq_send(client->shell, FRAMES_DELIMITER, strlen(FRAMES_DELIMITER), ZMQ_SNDMORE);
    zmq_send(client->shell, signature, strlen(signature), ZMQ_SNDMORE);
    for (int i = 0; i < SIGNED_PARTS; i++) zmq_send(client->shell, parts[i].data, parts[i].len, i + 1 < SIGNED_PARTS ? ZMQ_SNDMORE : 0);
}

/* Takes a whole message; whether its content says `word`. */
static bool receive(void *socket, const char *word) {
    int more = 1;
    bool found = false;
    size_t size = sizeof more;
    while (more) {
        char frame[4096];
        int len = zmq_recv(socket, frame, sizeof frame - 1, 0);
        if (len < 0) stop("a message was cut");
        frame[len < (int)sizeof frame - 1 ? len : (int)sizeof frame - 1] = 0;
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
        if (!more) found = strstr(frame, word) != NULL;
    }
    return found;
}

static void wait_for(void *socket, const char *word) {
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    do
        if (zmq_poll(&item, 1, WAIT_MS) != 1) stop("the kernel doesn't answer");
    while (!receive(socket, word));
}

/* Seconds until the reply and until idle. */
static void one_cell(struct client *client, double *reply_s, double *idle_s) {
    zmq_pollitem_t items[2] = {{.socket = client->shell, .events = ZMQ_POLLIN}, {.socket = client->iopub, .events = ZMQ_POLLIN}};
    double began = clock_now_s();
    *reply_s = *idle_s = 0;
    send_request(client, "execute_request", "{\"code\":\"1\",\"allow_stdin\":false}");
    while (!*reply_s || !*idle_s) {
        if (zmq_poll(items, 2, WAIT_MS) < 1) stop("the kernel doesn't answer a cell");
        if ((items[0].revents & ZMQ_POLLIN) && receive(client->shell, "\"ok\"")) *reply_s = clock_now_s() - began;
        if ((items[1].revents & ZMQ_POLLIN) && receive(client->iopub, "\"idle\"")) *idle_s = clock_now_s() - began;
    }
}

/* --- the two servers --- */

static const char *kernel_path(void) {
    static char path[4200];
    const char *named = getenv("RECKON_KERNEL");
    char self[4096] = "";
    if (named) return named;
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) stop("no /proc/self/exe");
    for (int up = 0; up < 3; up++) *strrchr(self, '/') = 0; /* BUILD/tests/bench/kernel */
    snprintf(path, sizeof path, "%s/reckon-kernel", self);
    return path;
}

static void answer(struct transport *transport, struct wire *wire, struct request *request) {
    static const char *const said[][2] = {{"status", "{\"execution_state\":\"busy\"}"},
                                          {"execute_input", "{\"code\":\"1\",\"execution_count\":1}"},
                                          {"execute_result", "{\"data\":{\"text/plain\":\"1\"},\"metadata\":{},\"execution_count\":1}"},
                                          {"execute_reply", "{\"status\":\"ok\",\"execution_count\":1,\"user_expressions\":{},\"payload\":[]}"},
                                          {"status", "{\"execution_state\":\"idle\"}"}};
    for (int i = 0; i < 5; i++) {
        struct slice content = slice_of(said[i][1]);
        struct packet packet =
            i == 3 ? message_reply(wire, request, said[i][0], "", content) : message_publish(wire, request, said[i][0], said[i][0], "", content);
        while (transport_send(transport, i == 3 ? CHANNEL_SHELL : CHANNEL_IOPUB, &packet) == SENT_LATER) continue;
        packet_release(&packet);
    }
}

/* The floor: everything on the wire, nothing behind it. */
static void serve_nothing(const struct connection *connection) {
    struct transport *transport;
    struct wire wire;
    struct error err = ERROR_INIT;
    wire_init(&wire, connection->key);
    if (transport_zmq_open(connection, &transport, &err) != OK) stop(err.message);
    for (;;) {
        unsigned readable = transport_wait(transport, NULL, 0, -1);
        for (int c = CHANNEL_SHELL; c <= CHANNEL_IOPUB; c++)
            for (struct packet packet = PACKET_INIT; (readable & CHANNEL_BIT(c)) && transport_receive(transport, (enum channel)c, &packet);) {
                struct request *request = NULL;
                if (c == CHANNEL_SHELL && request_new(CHANNEL_SHELL, &packet, &wire.signer, NULL, &request, &err) == OK)
                    answer(transport, &wire, request);
                request_unref(request);
                packet_release(&packet);
            }
    }
}

static void start(struct client *client, bool floor) {
    client->child = fork();
    if (client->child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (floor) serve_nothing(&client->connection);
        execl(kernel_path(), kernel_path(), "-f", client->path, (char *)NULL);
        _exit(127);
    }
    client->shell = connect_channel(client, CHANNEL_SHELL, ZMQ_DEALER);
    client->iopub = connect_channel(client, CHANNEL_IOPUB, ZMQ_SUB);
    client->heart = connect_channel(client, CHANNEL_HB, ZMQ_REQ);
}

static void end(struct client *client) {
    kill(client->child, SIGKILL);
    waitpid(client->child, NULL, 0);
    zmq_close(client->shell);
    zmq_close(client->iopub);
    zmq_close(client->heart);
}

/* Until iopub is connected: cells are sent until one is heard there. */
static void wait_until_heard(struct client *client) {
    zmq_pollitem_t item = {.socket = client->iopub, .events = ZMQ_POLLIN};
    do {
        send_request(client, "execute_request", "{\"code\":\"1\"}");
        wait_for(client->shell, "\"ok\"");
    } while (zmq_poll(&item, 1, 50) != 1);
    while (zmq_poll(&item, 1, 200) == 1) receive(client->iopub, "");
}

/* --- the rows --- */

static void measure_start(struct client *client) {
    double ms[STARTS];
    for (int i = 0; i < STARTS; i++) {
        double began = clock_now_s();
        start(client, false);
        send_request(client, "kernel_info_request", "{}");
        wait_for(client->shell, "protocol_version");
        ms[i] = (clock_now_s() - began) * 1e3;
        end(client);
    }
    printf("start to kernel_info_reply         %8.2f ms   (target 30 by the Python launcher, whose spawn takes 15; least here %.2f)\n",
           quantile(ms, STARTS, 0.5), quantile(ms, STARTS, 0));
}

static void measure_latency(struct client *client, const char *who, const char *target) {
    double *reply = calloc(CELLS, sizeof *reply), *idle = calloc(CELLS, sizeof *idle), waste[2];
    for (int i = 0; i < WARM_UP; i++) one_cell(client, &waste[0], &waste[1]);
    for (int i = 0; i < CELLS; i++) one_cell(client, &reply[i], &idle[i]);
    printf("%-8s cell, to reply / to idle   %8.3f / %.3f ms, p99 %.3f / %.3f   %s\n", who, quantile(reply, CELLS, 0.5) * 1e3,
           quantile(idle, CELLS, 0.5) * 1e3, quantile(reply, CELLS, 0.99) * 1e3, quantile(idle, CELLS, 0.99) * 1e3, target);
    free(reply);
    free(idle);
}

static void measure_pipeline(struct client *client, const char *who, const char *target) {
    zmq_pollitem_t items[2] = {{.socket = client->shell, .events = ZMQ_POLLIN}, {.socket = client->iopub, .events = ZMQ_POLLIN}};
    int replies = 0, idles = 0;
    double began = clock_now_s();
    for (int i = 0; i < PIPELINED; i++) send_request(client, "execute_request", "{\"code\":\"1\",\"allow_stdin\":false}");
    while (replies < PIPELINED || idles < PIPELINED) {
        if (zmq_poll(items, 2, WAIT_MS) < 1) stop("the pipeline stalls");
        if (items[0].revents & ZMQ_POLLIN) replies += receive(client->shell, "\"ok\"");
        if (items[1].revents & ZMQ_POLLIN) idles += receive(client->iopub, "\"idle\"");
    }
    printf("%-8s pipelined cells            %8.0f /s   %s\n", who, PIPELINED / (clock_now_s() - began), target);
}

static void measure_heartbeat(struct client *client) {
    double ms[CELLS];
    char back[8];
    for (int i = 0; i < CELLS; i++) {
        double began = clock_now_s();
        zmq_send(client->heart, "ping", 4, 0);
        if (zmq_recv(client->heart, back, sizeof back, 0) != 4) stop("no heartbeat");
        ms[i] = (clock_now_s() - began) * 1e3;
    }
    printf("heartbeat                          %8.3f ms, p99 %.3f\n", quantile(ms, CELLS, 0.5), quantile(ms, CELLS, 0.99));
}

static void measure_memory(const struct client *client) {
    char path[64];
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    int threads = 0;
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)client->child);
    if (file_read(path, 1 << 20, &text, &err) != OK) stop(err.message);
    const char *resident = strstr(buf_text(&text), "VmRSS:"), *n = strstr(buf_text(&text), "Threads:");
    if (!resident || !n || sscanf(resident, "VmRSS: %lf", &kib) != 1 || sscanf(n, "Threads: %d", &threads) != 1) stop("/proc/pid/status");
    printf("resident after start               %8.1f MiB, %d threads   (target < 10, <= 6)\n", kib / 1024, threads);
    buf_release(&text);
}

int main(void) {
    struct client client = {.context = zmq_ctx_new()};
    if (!hash_init()) stop("libsodium");
    wire_init(&client.wire, KEY);
    write_connection(&client);
    measure_start(&client);
    for (int floor = 1; floor >= 0; floor--) {
        const char *who = floor ? "empty" : "Reckon";
        start(&client, floor);
        wait_until_heard(&client);
        if (!floor) measure_memory(&client);
        measure_latency(&client, who, floor ? "" : "(target 0.22 / 0.22)");
        measure_pipeline(&client, who, floor ? "" : "(target > 12,000)");
        if (!floor) measure_heartbeat(&client);
        end(&client);
    }
    unlink(client.path);
    connection_release(&client.connection);
    zmq_ctx_term(client.context);
    return 0;
}
