/* A long life: soak [SCALE [tcp|ipc]]. At scale 1 a million cells with a hundred thousand displays, errors, a thousand interrupts, a
 * thousand clients that come and go (with new and with known identities, subscribers that read and that don't), completions,
 * inspections, searches of the history. Memory, descriptors and threads of the kernel must be flat after a warm-up.
 * RECKON_KERNEL names another binary; other variables (RECKON_HISTORY) are the kernel's. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/wire/message.h"
#include "runtime/base/hash.h"
#include "runtime/base/monitor.h"
#include "tests/client_socket.h"

#define KEY "soak key"
enum { ROUNDS = 100, CELLS = 10000, WINDOW = 64, INTERRUPTS = 10, CLIENTS = 10, QUESTIONS = 100, LOOKS = 10, WAIT_MS = 60000 };
#define WARM_ROUNDS 30 /* until nothing that is bounded grows: replayed signatures, kept results, the allocator's pages */
/* Of resident memory, from then to the end. In a short run the history still fills what it may keep. */
#define GROWTH_MIB_MAX 6.0
#define GROWTH_OF_SHORT_RUNS_MIB_MAX 80.0

_Noreturn static void stop(const char *what) {
    fprintf(stderr, "soak: %s\n", what);
    exit(1);
}

struct client {
    struct connection connection;
    struct signer signer;
    char path[64];
    void *context, *shell, *control, *iopub;
    pid_t child;
    long n_sent;
};

/* --- talking --- */

/* identity NULL: one of zmq's own. */
static void *open_channel(struct client *client, enum channel channel, int kind, const char *identity) {
    void *new = client_socket(client->context, &client->connection, channel, kind, identity);
    if (!new) stop("can't connect");
    return new;
}

static void send_to(struct client *client, void *socket, const char *type, const char *content) {
    char header[200], signature[HASH_SHA256_HEX];
    snprintf(header, sizeof header, "{\"msg_id\":\"%ld\",\"msg_type\":\"%s\",\"session\":\"s\",\"username\":\"\",\"date\":\"\",\"version\":\"5.4\"}",
             ++client->n_sent, type);
    const struct slice parts[SIGNED_PARTS] = {slice_of(header), slice_of("{}"), slice_of("{}"), slice_of(content)};
    sign_parts(&client->signer, parts, signature);
    zmq_send(socket, FRAMES_DELIMITER, strlen(FRAMES_DELIMITER), ZMQ_SNDMORE);
    zmq_send(socket, signature, strlen(signature), ZMQ_SNDMORE);
    for (int i = 0; i < SIGNED_PARTS; i++) zmq_send(socket, parts[i].data, parts[i].len, i + 1 < SIGNED_PARTS ? ZMQ_SNDMORE : 0);
}

/* Takes a message; its last frame, as far as it fits, goes to `content`. */
static void receive(void *socket, char content[512]) {
    int more = 1;
    size_t size = sizeof more;
    while (more) {
        int len = zmq_recv(socket, content, 511, 0);
        if (len < 0) stop("a message was cut");
        content[len < 511 ? len : 511] = 0;
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
}

static void drain(void *socket) {
    char content[512];
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    while (zmq_poll(&item, 1, 0) == 1) receive(socket, content);
}

/* The next message of `socket` whose content says `word`. What iopub says meanwhile is taken, too. */
static void wait_for(struct client *client, void *socket, const char *word) {
    char content[512];
    zmq_pollitem_t items[2] = {{.socket = socket, .events = ZMQ_POLLIN}, {.socket = client->iopub, .events = ZMQ_POLLIN}};
    for (;;) {
        if (zmq_poll(items, 2, WAIT_MS) < 1) {
            fprintf(stderr, "soak: nothing says %s\n", word);
            stop("the kernel doesn't answer");
        }
        if (socket != client->iopub && (items[1].revents & ZMQ_POLLIN)) receive(client->iopub, content);
        if (!(items[0].revents & ZMQ_POLLIN)) continue;
        receive(socket, content);
        if (strstr(content, word)) return;
    }
}

/* --- the kernel --- */

static const char *kernel_path(void) {
    static char path[4200];
    const char *named = getenv("RECKON_KERNEL");
    char self[4096] = "";
    if (named) return named;
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) stop("no /proc/self/exe");
    for (int up = 0; up < 3; up++) *strrchr(self, '/') = 0; /* BUILD/tests/soak/soak */
    snprintf(path, sizeof path, "%s/reckon-kernel", self);
    return path;
}

static void start(struct client *client, const char *transport) {
    *client = (struct client){.context = zmq_ctx_new(), .signer = signer_of(KEY)};
    snprintf(client->path, sizeof client->path, "/tmp/soak-%d.json", (int)getpid());
    if (!client_connection(client->path, transport, KEY, &client->connection)) stop("can't write the connection file");
    client->child = fork();
    if (client->child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(kernel_path(), kernel_path(), "-f", client->path, (char *)NULL);
        _exit(127);
    }
    client->shell = open_channel(client, CHANNEL_SHELL, ZMQ_DEALER, "soak");
    client->control = open_channel(client, CHANNEL_CONTROL, ZMQ_DEALER, "soak");
    client->iopub = open_channel(client, CHANNEL_IOPUB, ZMQ_SUB, NULL);
    wait_for(client, client->iopub, "starting");
}

static bool end(struct client *client) {
    int code = 1;
    send_to(client, client->control, "shutdown_request", "{\"restart\":false}");
    wait_for(client, client->control, "\"ok\"");
    waitpid(client->child, &code, 0);
    unlink(client->path);
    zmq_close(client->shell);
    zmq_close(client->control);
    zmq_close(client->iopub);
    zmq_ctx_term(client->context);
    connection_release(&client->connection);
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

/* --- what a kernel lives through --- */

/* What cells are made of; one in ten shows something, one in fifty fails. */
static const char *cell(long i, char room[256]) {
    static const char *const codes[] = {
        "1",
        "x = 3",
        "x + 1",
        "show(x)",
        "print(x)",
        "[x, 'a', None]",
        "{'a': [x] * 9}",
        "sorted([3, 1, 2], reverse=True)",
        "'x' * 50",
        "(lambda v: v + 1)(x)",
    };
    const char *code = codes[i % 10];
    if (i % 50 == 49) code = i % 100 == 99 ? "1 / 0" : "nobody_knows + 1";
    if (i % 1000 == 500) code = "big = 'x' * 1200000\\nbig"; /* over a mebibyte: three of these are kept */
    if (i % 1000 == 700) code = "table({'a': list(range(2000))})";
    if (i % 1000 == 900) code = "def f(n, k=1):\\n    return [n + k for i in range(3)]\\nf(x)";
    snprintf(room, 256, "{\"code\":\"%s\",\"allow_stdin\":false,\"stop_on_error\":false}", code);
    return room;
}

static void run_cells(struct client *client, long n) {
    char content[512], room[256];
    zmq_pollitem_t items[2] = {{.socket = client->shell, .events = ZMQ_POLLIN}, {.socket = client->iopub, .events = ZMQ_POLLIN}};
    for (long sent = 0, answered = 0; answered < n;) {
        while (sent < n && sent - answered < WINDOW) send_to(client, client->shell, "execute_request", cell(sent++, room));
        if (zmq_poll(items, 2, WAIT_MS) < 1) stop("the kernel doesn't answer a cell");
        if (items[1].revents & ZMQ_POLLIN) receive(client->iopub, content);
        if (!(items[0].revents & ZMQ_POLLIN)) continue;
        receive(client->shell, content);
        answered++;
    }
    drain(client->iopub);
}

static void interrupt_cells(struct client *client, long n) {
    for (long i = 0; i < n; i++) {
        char mark[32], content[128];
        snprintf(mark, sizeof mark, "# %ld", client->n_sent);
        snprintf(content, sizeof content, "{\"code\":\"%s %s\",\"allow_stdin\":false}", i % 2 ? "x = 0\\nwhile True: x = x + 1" : "sleep(60)", mark);
        send_to(client, client->shell, "execute_request", content);
        wait_for(client, client->iopub, mark); /* it runs */
        send_to(client, client->control, "interrupt_request", "{}");
        wait_for(client, client->control, "\"ok\"");
        wait_for(client, client->shell, "Interrupted");
    }
}

/* Others come, ask, and go; some subscribe and never read. */
static void have_visitors(struct client *client, long n, long round) {
    for (long i = 0; i < n; i++) {
        char identity[32];
        snprintf(identity, sizeof identity, i % 2 ? "visitor-%ld" : "visitor-%ld-%ld", i, round);
        void *shell = open_channel(client, CHANNEL_SHELL, ZMQ_DEALER, identity), *iopub = open_channel(client, CHANNEL_IOPUB, ZMQ_SUB, NULL);
        if (i % 3 == 0) wait_for(client, iopub, "subscription"); /* the welcome: it hears what comes now */
        send_to(client, shell, "kernel_info_request", "{}");
        wait_for(client, shell, "\"ok\"");
        send_to(client, shell, "execute_request", "{\"code\":\"print('hello')\\n'x' * 1000\"}");
        wait_for(client, shell, "\"ok\"");
        if (i % 3 == 0) wait_for(client, iopub, "idle");
        zmq_close(shell);
        zmq_close(iopub);
    }
}

static void ask(struct client *client, long n) {
    static const char *const questions[][3] = {
        {"complete_request", "{\"code\":\"x.\",\"cursor_pos\":2}", "matches"},
        {"complete_request", "{\"code\":\"als(fac\",\"cursor_pos\":7}", "matches"},
        {"inspect_request", "{\"code\":\"tsne\",\"cursor_pos\":4,\"detail_level\":1}", "found"},
        {"is_complete_request", "{\"code\":\"for i in x:\"}", "incomplete"},
        {"history_request", "{\"hist_access_type\":\"tail\",\"n\":5,\"output\":true}", "history"},
        {"comm_info_request", "{}", "comms"},
        {"odd_request", "{}", "error"},
    };
    for (long i = 0; i < n; i++) {
        const char *const *question = questions[i % 7];
        send_to(client, client->shell, question[0], question[1]);
        wait_for(client, client->shell, question[2]);
    }
}

/* --- looking --- */

struct look {
    double resident_mib;
    int n_fds, n_threads;
};

static int entries(pid_t process, const char *what) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, what);
    DIR *dir = opendir(path);
    int n = -2; /* "." and ".." */
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

static struct look look_at(pid_t process) {
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)process);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1) stop("the kernel is gone");
    fclose(file);
    return (struct look){(double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576, entries(process, "fd"), entries(process, "task")};
}

/* Those of a visitor that has just left are closed a moment later. */
static struct look settled_look(pid_t process) {
    struct look look = look_at(process);
    for (int i = 0; i < 20; i++) {
        usleep(10000);
        struct look again = look_at(process);
        if (again.n_fds < look.n_fds) i = 0;
        look = again;
    }
    return look;
}

static bool is_flat(const struct look *warm, const struct look *last, double growth_mib_max) {
    bool flat = last->resident_mib - warm->resident_mib <= growth_mib_max && last->n_fds <= warm->n_fds && last->n_threads <= warm->n_threads;
    printf("since round %d: %+.1f MiB (at most %.0f), %+d descriptors, %+d threads: %s\n", WARM_ROUNDS, last->resident_mib - warm->resident_mib,
           growth_mib_max, last->n_fds - warm->n_fds, last->n_threads - warm->n_threads, flat ? "flat" : "GROWS");
    return flat;
}

static long part(double scale, long n) { return (double)n * scale < 1 ? 1 : (long)((double)n * scale); }

int main(int argc, char **argv) {
    double scale = argc > 1 ? strtod(argv[1], NULL) : 1, began = clock_now_s();
    struct client client;
    struct look warm = {0}, last = {0};
    const char *transport = argc > 2 ? argv[2] : "tcp";
    if (!(scale > 0) || (strcmp(transport, "tcp") != 0 && strcmp(transport, "ipc") != 0) || !hash_init()) stop("usage: soak [SCALE [tcp|ipc]]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    start(&client, transport);
    printf("%10s %10s %12s %12s %8s\n", "seconds", "cells", "memory MiB", "descriptors", "threads");
    for (int round = 1; round <= ROUNDS; round++) {
        run_cells(&client, part(scale, CELLS));
        interrupt_cells(&client, part(scale, INTERRUPTS));
        have_visitors(&client, part(scale, CLIENTS), round);
        ask(&client, part(scale, QUESTIONS));
        drain(client.iopub);
        if (round % LOOKS && round != WARM_ROUNDS && round != 1) continue;
        last = settled_look(client.child);
        if (round == WARM_ROUNDS) warm = last;
        printf("%10.1f %10ld %12.1f %12d %8d\n", clock_now_s() - began, round * part(scale, CELLS), last.resident_mib, last.n_fds, last.n_threads);
    }
    bool flat = is_flat(&warm, &last, scale < 1 ? GROWTH_OF_SHORT_RUNS_MIB_MAX : GROWTH_MIB_MAX), ended = end(&client);
    if (!ended) printf("the kernel did not end well\n");
    printf("soak: %d passed, %d failed\n", flat + ended, !flat + !ended);
    return !(flat && ended);
}
