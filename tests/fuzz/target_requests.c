/* Requests of every type through the table of requests, against a kernel
 * without its threads. An input is lines: a type, a blank and the content; one
 * that doesn't begin with `{` is code, and goes into a content for that type.
 *
 * outbox_…, worker_… and history_… here take the place of those of kernel/outbox.c,
 * worker.c and history.c: what is sent is checked at once, and nothing waits. */
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/outbox.h"
#include "kernel/requests.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/language.h"

#define CELL_CPU_MS 25
#define REQUESTS_MAX 8

static const struct connection connection = {.ip = "127.0.0.1", .ports = {1, 2, 3, 4, 5}, .key = "a key", .session_name = ""};

/* --- what goes out --- */

static void check_json(struct slice text) {
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    must(json_parse(text, &json, &err) == OK && json_is_object(json));
    json_decref(json);
}

void outbox_push(struct outbox *outbox, enum channel channel, struct packet *takes) {
    const struct signer signer = signer_of(connection.key);
    struct frames frames;
    struct error err = ERROR_INIT;
    (void)outbox;
    must(channel == CHANNEL_IOPUB || channel == CHANNEL_SHELL || channel == CHANNEL_CONTROL);
    must(frames_check(takes, &signer, &frames, &err) == OK);
    for (int i = 0; i < SIGNED_PARTS; i++) check_json(frames.parts[i]);
    packet_release(takes);
}

void outbox_ring(struct outbox *outbox) { (void)outbox; }
void outbox_stir(struct outbox *outbox) { (void)outbox; }
void outbox_wait_room(struct outbox *outbox, const struct task *task) { (void)outbox, (void)task; }

void worker_abort_queued(struct worker *worker) { (void)worker; }
void worker_interrupt(struct worker *worker) { (void)worker; }
struct request *worker_cell(struct worker *worker) {
    (void)worker;
    return NULL;
}

/* The history has a thread of its own. */
void history_add(struct history *history, int64_t line, struct slice input, const struct slice *output) {
    (void)history, (void)line;
    must(input.data && (!output || output->data));
}

enum status history_query(struct history *history, const json_t *query, struct buf *out, struct error *err) {
    (void)history, (void)err;
    must(json_is_object(query));
    buf_adds(out, "[]");
    return OK;
}

/* --- what comes in --- */

static void add_content(struct slice text, struct buf *out) {
    if (text.len && text.data[0] == '{') {
        buf_add(out, text.data, text.len);
        return;
    }
    buf_adds(out, "{\"code\":");
    buf_add_json_string(out, text);
    buf_addf(out, ",\"cursor_pos\":%zu,\"detail_level\":%d,\"user_expressions\":{\"x\":\"x\"}}", utf8_count(text), (int)(text.len % 2));
}

static struct request *request_of(struct slice line, struct error *err) {
    const struct signer signer = signer_of(connection.key);
    struct packet packet = PACKET_INIT;
    struct buf header = BUF_INIT, content = BUF_INIT;
    struct request *request = NULL;
    char signature[HASH_SHA256_HEX];
    size_t len = 0;
    while (len < line.len && line.data[len] != ' ') len++;
    buf_adds(&header, "{\"msg_id\":\"1\",\"msg_type\":");
    buf_add_json_string(&header, (struct slice){line.data, len});
    buf_addc(&header, '}');
    add_content(len < line.len ? (struct slice){line.data + len + 1, line.len - len - 1} : (struct slice){"", 0}, &content);
    const struct slice parts[SIGNED_PARTS] = {{header.data, header.len}, slice_of("{}"), slice_of("{}"), {content.data, content.len}};
    sign_parts(&signer, parts, signature);
    packet_adds(&packet, slice_of("client"));
    packet_adds(&packet, slice_of(FRAMES_DELIMITER));
    packet_adds(&packet, slice_of(signature));
    for (int i = 0; i < SIGNED_PARTS; i++) packet_adds(&packet, parts[i]);
    const enum channel channel = line.len % 4 ? CHANNEL_SHELL : CHANNEL_CONTROL;
    if (request_new(channel, &packet, &signer, NULL, &request, err) != OK) request = NULL;
    buf_release(&header);
    buf_release(&content);
    return request;
}

static void on_names_changed(void *ctx) {
    struct kernel *kernel = ctx;
    live_names_changed(kernel->names, session_interp(kernel->session));
}

static void serve(struct kernel *kernel, struct slice line) {
    struct error err = ERROR_INIT;
    struct request *request = request_of(line, &err);
    if (!request) return;
    const struct request_row *row = request_row(request->type);
    session_rearm(kernel->session);
    fuzz_limit_begin(session_task(kernel->session), CELL_CPU_MS);
    if (strcmp(row->type, "usage_request") != 0) request_serve(kernel, request, row); /* that one reads files */
    fuzz_limit_end();
    must(request->count == 1);
    request_unref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct kernel kernel = {.connection = &connection, .session = fuzz_session()};
    struct slice text = {(const char *)data, size};
    wire_init(&kernel.wire, connection.key);
    kernel.outbox = outbox_new();
    kernel.publisher = publisher_new(&kernel.wire, kernel.outbox);
    kernel.names = live_names_new();
    kernel.prompt = prompt_new();
    session_on_names(kernel.session, on_names_changed, &kernel);
    for (int i = 0; i < REQUESTS_MAX && text.len; i++) serve(&kernel, fuzz_line(&text));
    publisher_flush(kernel.publisher);
    session_on_names(kernel.session, NULL, NULL);
    fuzz_session_reset(kernel.session);
    prompt_free(kernel.prompt);
    live_names_free(kernel.names);
    publisher_free(kernel.publisher);
    outbox_free(kernel.outbox);
    return 0;
}
