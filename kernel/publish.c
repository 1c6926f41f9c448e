#include "kernel/publish.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/source.h"
#include "runtime/base/base64.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

struct publisher {
    struct wire *wire;
    struct outbox *outbox;
    struct monitor *monitor; /* guards what follows, and the order of what is pushed */
    struct buf text;         /* gathered */
    const char *name;
    struct request *parent;
    double since_s, sent_s; /* the oldest gathered byte; the last text that went out */
};

struct publisher *publisher_new(struct wire *wire, struct outbox *outbox) {
    struct publisher *publisher = xnew(struct publisher);
    *publisher = (struct publisher){.wire = wire, .outbox = outbox, .monitor = monitor_new()};
    return publisher;
}

void publisher_free(struct publisher *publisher) {
    if (!publisher) return;
    buf_release(&publisher->text);
    request_unref(publisher->parent);
    monitor_free(publisher->monitor);
    free(publisher);
}

static void push_iopub(struct publisher *publisher, const struct request *parent, const char *topic, const char *type, const char *metadata,
                       struct slice content) {
    struct packet packet = message_publish(publisher->wire, parent, topic, type, metadata, content);
    outbox_push(publisher->outbox, CHANNEL_IOPUB, &packet);
}

/* Bytes of a piece of at most `most` that doesn't end inside a character. */
static size_t piece_len(struct slice text, size_t most) {
    if (text.len <= most) return text.len;
    size_t len = most;
    while (len > most - 4 && ((unsigned char)text.data[len] & 0xC0) == 0x80) len--;
    return len;
}

static void push_text(struct publisher *publisher, struct slice text) {
    char topic[32];
    struct buf content = BUF_INIT;
    snprintf(topic, sizeof topic, "stream.%s", publisher->name);
    buf_addf(&content, "{\"name\":\"%s\",\"text\":", publisher->name);
    buf_add_json_string(&content, text);
    buf_addc(&content, '}');
    push_iopub(publisher, publisher->parent, topic, "stream", "", (struct slice){content.data, content.len});
    buf_release(&content);
}

/* The caller holds the lock. */
static void flush_held(struct publisher *publisher) {
    struct slice rest = {buf_text(&publisher->text), publisher->text.len};
    while (rest.len) {
        size_t len = piece_len(rest, STREAM_PIECE);
        push_text(publisher, (struct slice){rest.data, len});
        rest = (struct slice){rest.data + len, rest.len - len};
    }
    publisher->sent_s = publisher->text.len ? clock_now_s() : publisher->sent_s;
    buf_clear(&publisher->text);
    request_unref(publisher->parent);
    publisher->parent = NULL;
}

/* Who is behind gets few large messages: each costs it about the same. */
static bool is_enough(const struct publisher *publisher) {
    if (publisher->text.len < STREAM_BYTES || publisher->text.len >= STREAM_PIECE) return publisher->text.len >= STREAM_PIECE;
    return !outbox_behind(publisher->outbox) && clock_now_s() - publisher->sent_s >= STREAM_PAUSE_S;
}

void publisher_flush(struct publisher *publisher) {
    monitor_lock(publisher->monitor);
    flush_held(publisher);
    monitor_unlock(publisher->monitor);
}

double publisher_due_s(struct publisher *publisher) {
    monitor_lock(publisher->monitor);
    double due = publisher->text.len ? publisher->since_s + STREAM_DELAY_S - clock_now_s() : -1;
    if (publisher->text.len && due < 0) due = 0;
    monitor_unlock(publisher->monitor);
    return due;
}

static void gather(struct publisher *publisher, struct request *parent, const char *name, struct slice piece) {
    monitor_lock(publisher->monitor);
    if (publisher->text.len && (publisher->parent != parent || strcmp(publisher->name, name) != 0)) flush_held(publisher);
    bool first = publisher->text.len == 0;
    if (first) {
        publisher->name = name;
        publisher->parent = parent ? request_ref(parent) : NULL;
        publisher->since_s = clock_now_s();
    }
    buf_add(&publisher->text, piece.data, piece.len);
    if (is_enough(publisher)) flush_held(publisher);
    else if (first) outbox_ring(publisher->outbox);
    monitor_unlock(publisher->monitor);
}

/* The lock is given up between pieces so that the I/O thread never waits for long text. */
void publish_stream(struct publisher *publisher, struct request *parent, const char *name, const char *text, size_t len, const struct task *task) {
    struct slice rest = {text, len};
    while (rest.len) {
        size_t piece = piece_len(rest, STREAM_PIECE);
        if (task) outbox_wait_room(publisher->outbox, task);
        gather(publisher, parent, name, (struct slice){rest.data, piece});
        rest = (struct slice){rest.data + piece, rest.len - piece};
    }
}

/* Built before the lock is taken: signing a picture takes milliseconds, and the I/O thread publishes too. */
void publish(struct publisher *publisher, const struct request *parent, const char *type, const char *metadata, struct slice content) {
    struct packet packet = message_publish(publisher->wire, parent, type, type, metadata, content);
    monitor_lock(publisher->monitor);
    flush_held(publisher);
    outbox_push(publisher->outbox, CHANNEL_IOPUB, &packet);
    monitor_unlock(publisher->monitor);
}

void publish_state(struct publisher *publisher, const struct request *parent, const char *state) {
    char content[64];
    snprintf(content, sizeof content, "{\"execution_state\":\"%s\"}", state);
    publish(publisher, parent, "status", "", slice_of(content));
}

void publish_welcome(struct publisher *publisher, struct slice topic) {
    struct buf content = BUF_INIT, text = BUF_INIT;
    buf_adds(&content, "{\"subscription\":");
    buf_add_json_string(&content, topic);
    buf_addc(&content, '}');
    buf_add(&text, topic.data, topic.len);
    push_iopub(publisher, NULL, buf_text(&text), "iopub_welcome", "", (struct slice){content.data, content.len});
    buf_release(&content);
    buf_release(&text);
}

void publish_reply(struct publisher *publisher, const struct request *request, const char *type, const char *metadata, struct slice content) {
    struct packet packet = message_reply(publisher->wire, request, type, metadata, content);
    monitor_lock(publisher->monitor);
    flush_held(publisher);
    outbox_push(publisher->outbox, request->channel, &packet);
    monitor_unlock(publisher->monitor);
}

void publish_prompt(struct publisher *publisher, struct packet *packet) {
    monitor_lock(publisher->monitor);
    flush_held(publisher);
    outbox_push(publisher->outbox, CHANNEL_STDIN, packet);
    monitor_unlock(publisher->monitor);
}

struct wire *publisher_wire(struct publisher *publisher) {
    return publisher->wire;
}

void error_fields_json(const struct error *err, struct buf *out) {
    struct buf text = BUF_INIT;
    buf_adds(out, "\"ename\":");
    buf_add_json_string(out, slice_of(err_name(err->code)));
    buf_adds(out, ",\"evalue\":");
    buf_add_json_string(out, slice_of(err->message));
    buf_adds(out, ",\"traceback\":[");
    error_render(err, true, &text);
    for (const char *line = buf_text(&text); line;) {
        const char *end = strchr(line, '\n');
        buf_add_json_string(out, (struct slice){line, end ? (size_t)(end - line) : strlen(line)});
        line = end ? end + 1 : NULL;
        if (line) buf_addc(out, ',');
    }
    buf_addc(out, ']');
    buf_release(&text);
}

static bool ends_with(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_json_mime(const char *mime) { return strcmp(mime, "application/json") == 0 || ends_with(mime, "+json"); }

static bool is_binary_mime(const char *mime) { return strncmp(mime, "image/", 6) == 0 && strcmp(mime, MIME_SVG) != 0; }

static void add_part(const struct bundle_part *part, struct buf *out) {
    struct slice bytes = {buf_text(&part->bytes), part->bytes.len};
    if (is_json_mime(part->mime)) {
        if (bytes.len) buf_add(out, bytes.data, bytes.len);
        else buf_adds(out, "null");
    } else if (is_binary_mime(part->mime)) {
        buf_addc(out, '"');
        buf_add_base64(out, bytes);
        buf_addc(out, '"');
    } else buf_add_json_string(out, bytes);
}

void bundle_data_json(const struct bundle *bundle, struct buf *out) {
    buf_addc(out, '{');
    for (int i = 0; i < bundle->n_parts; i++) {
        buf_addf(out, "%s\"%s\":", i ? "," : "", bundle->parts[i].mime);
        add_part(&bundle->parts[i], out);
    }
    buf_addc(out, '}');
}

/* Images say their words to those who can't see them (nbconvert writes "alt" into its pages). */
void bundle_metadata_json(const struct bundle *bundle, struct buf *out) {
    const struct bundle_part *words = bundle_find(bundle, MIME_TEXT);
    const char *between = "";
    buf_addc(out, '{');
    for (int i = 0; i < bundle->n_parts; i++) {
        const struct bundle_part *part = &bundle->parts[i];
        if (part->width <= 0 || part->height <= 0) continue;
        buf_addf(out, "%s\"%s\":{\"width\":%d,\"height\":%d", between, part->mime, part->width, part->height);
        if (words) {
            buf_adds(out, ",\"alt\":");
            buf_add_json_string(out, (struct slice){buf_text(&words->bytes), words->bytes.len});
        }
        buf_addc(out, '}');
        between = ",";
    }
    buf_addc(out, '}');
}

void publish_display(struct publisher *publisher, const struct request *parent, const char *type, const struct bundle *bundle, const char *display_id,
                     int64_t count) {
    struct buf content = BUF_INIT;
    buf_adds(&content, "{\"data\":");
    bundle_data_json(bundle, &content);
    buf_adds(&content, ",\"metadata\":");
    bundle_metadata_json(bundle, &content);
    if (count >= 0) buf_addf(&content, ",\"execution_count\":%lld", (long long)count);
    else {
        buf_adds(&content, ",\"transient\":{");
        if (display_id) buf_addf(&content, "\"display_id\":\"%s\"", display_id);
        buf_addc(&content, '}');
    }
    buf_addc(&content, '}');
    publish(publisher, parent, type, "", (struct slice){content.data, content.len});
    buf_release(&content);
}
