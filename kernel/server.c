#include "kernel/server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/requests.h"
#include "kernel/sender.h"
#include "kernel/trace.h"
#include "kernel/watch.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define SHELL_BATCH 256      /* messages between two looks at the other channels */
#define PARENT_LOOK_S 1.0    /* where the parent has no descriptor */
#define WORKER_LEAVES_S 1.0  /* with the two below and LINGER_MS of the sockets less than the 2.5 s after which launchers kill */
#define LAST_MESSAGES_S 0.25 /* to be sent at the end */
#define HISTORY_ENDS_S 0.5   /* then its last cells are lost */
#define TOPIC_BYTES_MAX 1000 /* of a subscription that is welcomed */
#define HEAR_PAUSE_S 0.004   /* between two looks into the pipes of 1 and 2, each of which makes up to two messages */

struct server {
    struct kernel kernel;
    struct transport *transport;
    struct sender *sender;
    struct replay *replay;
    struct parent_watch parent;
    int signals_fd;
    double heard_s; /* the last look into the pipes */
    bool trace, announced;
};

/* --- life --- */

static enum status open_history(struct kernel *kernel, bool in_file, struct error *err) {
    char *path = in_file ? history_path() : NULL;
    kernel->history = history_new(path);
    free(path);
    return kernel->history ? OK : err_set(err, ERR_MEMORY, "the system gives no thread for the history");
}

static enum status open_parts(struct server *server, const struct server_config *config, struct error *err) {
    struct kernel *kernel = &server->kernel;
    kernel->connection = config->connection;
    wire_init(&kernel->wire, config->connection->key);
    kernel->outbox = outbox_new();
    kernel->publisher = publisher_new(&kernel->wire, kernel->outbox);
    kernel->names = live_names_new();
    kernel->prompt = prompt_new();
    server->transport = config->transport;
    server->sender = sender_new(kernel->outbox, config->transport, config->trace ? trace_sent : NULL);
    server->replay = replay_new();
    server->trace = config->trace;
    server->parent = parent_watch_open(config->parent_id);
    if (config->signals) server->signals_fd = watch_signals_open();
    if (outbox_fd(kernel->outbox) < 0 || (config->signals && server->signals_fd < 0))
        return err_set(err, ERR_INTERNAL, "the system gives no descriptors to wait on");
    TRY(open_history(kernel, config->history, err));
    if (config->capture) TRY(capture_open(&kernel->capture, err));
    if (kernel->capture) log_to(capture_saved_stderr(kernel->capture));
    TRY(session_new(&kernel->session, err));
    if (config->history) session_keep_runs(kernel->session);
    return OK;
}

static void on_names_changed(void *ctx) {
    struct kernel *kernel = ctx;
    live_names_changed(kernel->names, session_interp(kernel->session));
}

static void close_parts(struct server *server) {
    struct kernel *kernel = &server->kernel;
    history_free(kernel->history);
    session_free(kernel->session);
    if (kernel->capture) log_to(2);
    capture_close(kernel->capture);
    parent_watch_close(&server->parent);
    if (server->signals_fd >= 0) watch_signals_close(server->signals_fd);
    replay_free(server->replay);
    sender_free(server->sender);
    prompt_free(kernel->prompt);
    live_names_free(kernel->names);
    publisher_free(kernel->publisher);
    outbox_free(kernel->outbox);
    free(server);
}

enum status server_new(const struct server_config *config, struct server **out, struct error *err) {
    struct server *server = xnew(struct server);
    server->signals_fd = -1;
    enum status status = open_parts(server, config, err);
    if (status == OK) {
        session_on_names(server->kernel.session, on_names_changed, &server->kernel);
        if (!worker_start(&server->kernel)) status = err_set(err, ERR_MEMORY, "the system gives no thread to run cells on");
    }
    if (status == OK) *out = server;
    else close_parts(server);
    return status;
}

void server_free(struct server *server) {
    if (server) close_parts(server);
}

/* --- one message --- */

/* "starting" comes before everything else, but after the first subscriber's welcome, who can hear it then. */
static void announce(struct server *server) {
    if (!server->announced) publish_state(server->kernel.publisher, NULL, "starting");
    server->announced = true;
}

static struct request *receive_request(struct server *server, enum channel channel, struct packet *packet) {
    struct error err = ERROR_INIT;
    struct request *request = NULL;
    if (server->trace) trace_received(channel, packet);
    if (request_new(channel, packet, &server->kernel.wire.signer, server->replay, &request, &err) == OK) return request;
    log_line(LOG_INFO, "ignored on %s: %s", channel_name(channel), err.message);
    return NULL;
}

struct aside {
    struct kernel *kernel;
    struct request *request;
};

static void serve_aside(void *ctx, bool in_time) {
    struct aside *aside = ctx;
    if (in_time) request_serve(aside->kernel, aside->request, request_row(aside->request->type));
    request_unref(aside->request);
    free(aside);
}

static void queue_aside(struct kernel *kernel, struct request *takes) {
    struct aside *aside = xnew(struct aside);
    *aside = (struct aside){kernel, takes};
    history_call(kernel->history, serve_aside, aside);
}

static void handle_request(struct server *server, enum channel channel, struct packet *packet) {
    struct request *request = receive_request(server, channel, packet);
    if (!request) return;
    const struct request_row *row = request_row(request->type);
    announce(server);
    switch (row->runs) {
    case RUNS_IN_TURN: worker_queue(server->kernel.worker, request); return;
    case RUNS_ASIDE: queue_aside(&server->kernel, request); return;
    case RUNS_AT_ONCE:
        request_serve(&server->kernel, request, row);
        request_unref(request);
        return;
    }
}

static void handle_subscription(struct server *server, const struct packet *packet) {
    struct slice frame = packet->n == 1 ? packet_frame(packet, 0) : (struct slice){0};
    if (frame.len < 1 || frame.data[0] != 1) return;
    struct slice topic = {frame.data + 1, frame.len - 1};
    if (topic.len > TOPIC_BYTES_MAX || memchr(topic.data, 0, topic.len) || !utf8_valid(topic)) return; /* nobody's who means well */
    publish_welcome(server->kernel.publisher, topic);
    announce(server);
}

static void handle(struct server *server, enum channel channel, struct packet *packet) {
    struct request *answer;
    switch (channel) {
    case CHANNEL_HB: transport_send(server->transport, channel, packet); return;
    case CHANNEL_IOPUB: handle_subscription(server, packet); return;
    case CHANNEL_STDIN:
        answer = receive_request(server, channel, packet);
        if (answer) prompt_answer(server->kernel.prompt, answer);
        request_unref(answer);
        return;
    default: handle_request(server, channel, packet); return;
    }
}

/* False: more may be there. */
static bool receive_some(struct server *server, enum channel channel, int most) {
    for (int i = 0; i < most; i++) {
        struct packet packet = PACKET_INIT;
        if (!transport_receive(server->transport, channel, &packet)) return true;
        handle(server, channel, &packet);
        packet_release(&packet);
    }
    return false;
}

/* --- one turn --- */

static void receive_all(struct server *server, unsigned readable) {
    static const enum channel order[] = {CHANNEL_HB, CHANNEL_IOPUB, CHANNEL_CONTROL, CHANNEL_STDIN};
    struct worker *worker = server->kernel.worker;
    bool swept = worker_wants_sweep(worker);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (readable & CHANNEL_BIT(order[i])) receive_some(server, order[i], SHELL_BATCH);
    bool empty = !swept && !(readable & CHANNEL_BIT(CHANNEL_SHELL)) ? true : receive_some(server, CHANNEL_SHELL, SHELL_BATCH);
    if (swept && empty) worker_swept(worker);
    if (swept && !empty) outbox_ring(server->kernel.outbox);
}

static void handle_signals(struct server *server) {
    for (int number; (number = watch_signal_next(server->signals_fd)) != 0;) {
        if (number == SIGINT) kernel_interrupt(&server->kernel);
        else server->kernel.stopping = true;
    }
}

static double sooner(double a_s, double b_s) { return a_s < 0 ? b_s : b_s < 0 ? a_s : a_s < b_s ? a_s : b_s; }

/* Seconds until the pipes may be looked into; 0: now. */
static double hearing_due_s(const struct server *server) {
    double due_s = server->heard_s ? server->heard_s + HEAR_PAUSE_S - clock_now_s() : 0;
    return due_s > 0 ? due_s : 0;
}

static int timeout_ms(struct server *server, double hearing_s) {
    double due_s = sooner(publisher_due_s(server->kernel.publisher), sender_due_s(server->sender));
    if (hearing_s > 0) due_s = sooner(due_s, hearing_s);
    if (server->parent.parent_id && server->parent.fd < 0) due_s = sooner(due_s, PARENT_LOOK_S);
    return due_s < 0 ? -1 : (int)(due_s * 1000 + 0.999);
}

enum { FD_BELL, FD_SIGNALS, FD_PARENT, FD_STDOUT, FD_STDERR, FD_COUNT };

static void wait_turn(struct server *server, struct pollfd fds[FD_COUNT], unsigned *readable) {
    const struct kernel *kernel = &server->kernel;
    double hearing_s = hearing_due_s(server);
    bool hears = kernel->capture && hearing_s == 0 && !outbox_full(kernel->outbox); /* else who writes waits at its pipe */
    const int numbers[FD_COUNT] = {outbox_fd(kernel->outbox), server->signals_fd, server->parent.fd, hears ? capture_fd(kernel->capture, 0) : -1,
                                   hears ? capture_fd(kernel->capture, 1) : -1};
    for (int i = 0; i < FD_COUNT; i++) fds[i] = (struct pollfd){.fd = numbers[i], .events = POLLIN};
    *readable = transport_wait(server->transport, fds, FD_COUNT, timeout_ms(server, hearing_s));
}

static void turn(struct server *server) {
    struct pollfd fds[FD_COUNT];
    unsigned readable;
    struct kernel *kernel = &server->kernel;
    wait_turn(server, fds, &readable);
    if (fds[FD_SIGNALS].revents) handle_signals(server);
    if ((fds[FD_PARENT].revents || server->parent.fd < 0) && parent_watch_gone(&server->parent)) kernel->stopping = true;
    receive_all(server, readable);
    if (fds[FD_STDOUT].revents || fds[FD_STDERR].revents) {
        kernel_drain_output(kernel);
        server->heard_s = clock_now_s();
    }
    if (publisher_due_s(kernel->publisher) == 0) publisher_flush(kernel->publisher);
    sender_turn(server->sender, prompt_is_open(kernel->prompt));
}

/* Sends and hears on while the running cell ends, because it may wait for room, in the outbox or in a pipe. */
static bool end_worker(struct server *server) {
    double end = clock_now_s() + WORKER_LEAVES_S;
    worker_stop(server->kernel.worker);
    prompt_stir(server->kernel.prompt);
    outbox_stir(server->kernel.outbox);
    while (!worker_join(server->kernel.worker, 0.01)) {
        if (clock_now_s() > end) return false;
        kernel_drain_output(&server->kernel);
        sender_turn(server->sender, false);
    }
    return true;
}

static void send_last(struct server *server) {
    double end = clock_now_s() + LAST_MESSAGES_S;
    publisher_flush(server->kernel.publisher);
    sender_turn(server->sender, false);
    while (sender_waits(server->sender) && clock_now_s() < end) {
        transport_wait(server->transport, NULL, 0, 2);
        sender_turn(server->sender, false);
    }
}

bool server_run(struct server *server) {
    while (!server->kernel.stopping) turn(server);
    bool ended = end_worker(server);
    send_last(server);
    return history_end(server->kernel.history, HISTORY_ENDS_S) && ended;
}
