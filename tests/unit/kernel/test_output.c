#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/capture.h"
#include "kernel/outbox.h"
#include "kernel/progress.h"
#include "kernel/publish.h"
#include "runtime/base/monitor.h"

/* --- outbox --- */

#define MESSAGE_BYTES ((size_t)1 << 20)

static void push_bytes(struct outbox *outbox, size_t n_bytes, char first) {
    struct packet packet = PACKET_INIT;
    char *data = calloc(1, n_bytes);
    data[0] = first;
    packet_add(&packet, data, n_bytes);
    outbox_push(outbox, CHANNEL_IOPUB, &packet);
    free(data);
}

struct writer {
    struct outbox *outbox;
    struct task *task;
    atomic_int n_pushed;
};

static void write_many(void *ctx) {
    struct writer *writer = ctx;
    for (int i = 0; i < 40 && !task_cancelled(writer->task); i++) {
        outbox_wait_room(writer->outbox, writer->task);
        push_bytes(writer->outbox, MESSAGE_BYTES, (char)i);
        atomic_fetch_add(&writer->n_pushed, 1);
    }
}

static void pause_ms(long ms) {
    struct timespec nap = {.tv_nsec = ms * 1000000};
    nanosleep(&nap, NULL);
}

static void a_writer_waits_for_room(void **state) {
    (void)state;
    struct writer writer = {.outbox = outbox_new(), .task = task_new(NULL)};
    struct own_thread *thread = own_thread_start("writer", 1 << 18, write_many, &writer);
    while (!outbox_full(writer.outbox)) pause_ms(1);
    pause_ms(50);
    int limit = (int)(OUTBOX_BYTES_MAX / MESSAGE_BYTES);
    assert_int_equal(atomic_load(&writer.n_pushed), limit);
    int next = 0;
    while (next < 40) {
        struct outgoing *message = outbox_take(writer.outbox);
        while (message) {
            assert_int_equal(packet_frame(&message->packet, 0).data[0], next++);
            message = outbox_sent(writer.outbox, message);
        }
    }
    assert_true(own_thread_join(thread, 30));
    task_free(writer.task);
    outbox_free(writer.outbox);
}

static void a_cancelled_writer_waits_no_longer(void **state) {
    (void)state;
    struct writer writer = {.outbox = outbox_new(), .task = task_new(NULL)};
    struct own_thread *thread = own_thread_start("writer", 1 << 18, write_many, &writer);
    while (!outbox_full(writer.outbox)) pause_ms(1);
    task_cancel(writer.task);
    outbox_stir(writer.outbox);
    assert_true(own_thread_join(thread, 30));
    task_free(writer.task);
    outbox_free(writer.outbox);
}

/* --- publisher --- */

struct published {
    struct wire wire;
    struct outbox *outbox;
    struct publisher *publisher;
};

static void open_publisher(struct published *out) {
    wire_init(&out->wire, "");
    out->outbox = outbox_new();
    out->publisher = publisher_new(&out->wire, out->outbox);
}

static void close_publisher(struct published *published) {
    publisher_free(published->publisher);
    outbox_free(published->outbox);
}

static json_t *content_of(const struct outgoing *message) {
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(json_parse(packet_frame(&message->packet, 6), &json, &err), OK);
    return json;
}

/* "stream:text display_data" of all that waits. */
static void waiting(struct published *published, struct buf *out) {
    for (struct outgoing *message = outbox_take(published->outbox); message;) {
        json_t *content = content_of(message);
        struct slice topic = packet_frame(&message->packet, 0);
        buf_addf(out, "%s%.*s", out->len ? " " : "", (int)topic.len, topic.data);
        if (json_text(content, "text", NULL)) buf_addf(out, ":%s", json_text(content, "text", ""));
        json_decref(content);
        message = outbox_sent(published->outbox, message);
    }
}

static void waiting_is(struct published *published, const char *text) {
    struct buf told = BUF_INIT;
    waiting(published, &told);
    assert_string_equal(buf_text(&told), text);
    buf_release(&told);
}

static void text_is_gathered_and_goes_first(void **state) {
    (void)state;
    struct published published;
    open_publisher(&published);
    assert_true(publisher_due_s(published.publisher) < 0);
    publish_stream(published.publisher, NULL, "stdout", "a", 1, NULL);
    publish_stream(published.publisher, NULL, "stdout", "b", 1, NULL);
    waiting_is(&published, "");
    assert_true(publisher_due_s(published.publisher) >= 0 && publisher_due_s(published.publisher) <= STREAM_DELAY_S);
    publish_stream(published.publisher, NULL, "stderr", "c", 1, NULL);
    publish(published.publisher, NULL, "clear_output", "", slice_of("{}"));
    waiting_is(&published, "stream.stdout:ab stream.stderr:c clear_output");
    publish_stream(published.publisher, NULL, "stdout", "d", 1, NULL);
    publisher_flush(published.publisher);
    waiting_is(&published, "stream.stdout:d");
    close_publisher(&published);
}

static void long_text_is_cut_between_characters(void **state) {
    (void)state;
    struct published published;
    struct buf text = BUF_INIT, joined = BUF_INIT;
    open_publisher(&published);
    buf_addc(&text, 'x');
    for (int i = 0; i < 300000; i++) buf_adds(&text, "日");
    publish_stream(published.publisher, NULL, "stdout", text.data, text.len, NULL);
    publisher_flush(published.publisher);
    int n = 0;
    for (struct outgoing *message = outbox_take(published.outbox); message; n++) {
        json_t *content = content_of(message);
        buf_adds(&joined, json_text(content, "text", ""));
        json_decref(content);
        message = outbox_sent(published.outbox, message);
    }
    assert_true(n >= 3);
    assert_string_equal(buf_text(&joined), buf_text(&text));
    buf_release(&text);
    buf_release(&joined);
    close_publisher(&published);
}

static void bundles_as_json(void **state) {
    (void)state;
    struct bundle bundle = BUNDLE_INIT;
    struct buf png = BUF_INIT, json = BUF_INIT;
    buf_add(&png, "\x89PNG\0", 5);
    buf_adds(bundle_part(&bundle, MIME_TEXT), "a \"plot\"");
    buf_adds(bundle_part(&bundle, MIME_VEGALITE), "{\"mark\":1}");
    bundle_image(&bundle, MIME_PNG, &png, 640, 480);
    buf_adds(bundle_part(&bundle, MIME_SVG), "<svg/>");
    bundle_data_json(&bundle, &json);
    assert_string_equal(buf_text(&json), "{\"text/plain\":\"a \\\"plot\\\"\",\"application/vnd.vegalite.v5+json\":{\"mark\":1},"
                                         "\"image/png\":\"iVBORwA=\",\"image/svg+xml\":\"<svg/>\"}");
    buf_clear(&json);
    bundle_metadata_json(&bundle, &json);
    assert_string_equal(buf_text(&json), "{\"image/png\":{\"width\":640,\"height\":480,\"alt\":\"a \\\"plot\\\"\"}}");
    buf_release(&json);
    bundle_release(&bundle);
}

static void errors_as_json(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct buf json = BUF_INIT;
    err_set(&err, ERR_VALUE, "k must be \"positive\"");
    err_hint(&err, "write k=1");
    error_fields_json(&err, &json);
    assert_string_equal(buf_text(&json), "\"ename\":\"ValueError\",\"evalue\":\"k must be \\\"positive\\\"\",\"traceback\":["
                                         "\"\\u001b[31mValueError\\u001b[0m: k must be \\\"positive\\\"\",\"  \\u001b[1mwrite k=1\\u001b[0m\"]");
    buf_release(&json);
}

/* --- progress --- */

static void progress_forms(void **state) {
    (void)state;
    struct bundle bundle = BUNDLE_INIT;
    struct progress progress = {
        .label = "als", .unit = "epoch", .done = 3, .total = 15, .elapsed_s = 2.04, .eta_s = 8.1, .text = "loss <0.81>  rmse 0.9"};
    progress_bundle(&progress, NULL, &bundle);
    assert_string_equal(buf_text(&bundle_find(&bundle, MIME_TEXT)->bytes),
                        "als · epoch 3 of 15 · loss <0.81> · rmse 0.9 · 2.0 s · 1.5 epoch/s · about 8.1 s left");
    assert_string_equal(buf_text(&bundle_find(&bundle, MIME_HTML)->bytes),
                        "<div><progress value=\"3\" max=\"15\"></progress> als · epoch 3 of 15 · loss &lt;0.81&gt; · rmse 0.9 · 2.0 s · 1.5 epoch/s "
                        "· about 8.1 s left</div>");
    bundle_release(&bundle);
    progress.finished = true;
    bundle = BUNDLE_INIT;
    progress_bundle(&progress, NULL, &bundle);
    assert_string_equal(buf_text(&bundle_find(&bundle, MIME_TEXT)->bytes), "als · epoch 3 of 15 · loss <0.81> · rmse 0.9 · 2.0 s");
    assert_null(strstr(buf_text(&bundle_find(&bundle, MIME_HTML)->bytes), "<progress"));
    bundle_release(&bundle);
    progress = (struct progress){.label = "load", .unit = "byte", .done = 1234567, .total = 5000000, .elapsed_s = 1, .eta_s = 3};
    bundle = BUNDLE_INIT;
    progress_bundle(&progress, NULL, &bundle);
    assert_string_equal(buf_text(&bundle_find(&bundle, MIME_TEXT)->bytes), "load · 1.2 MB of 5.0 MB · 1.0 s · 1.2 MB/s · about 3.0 s left");
    bundle_release(&bundle);
    progress = (struct progress){.label = "load", .done = 1234, .elapsed_s = 7325, .eta_s = -1, .interrupted = true};
    bundle = BUNDLE_INIT;
    progress_bundle(&progress, NULL, &bundle);
    assert_string_equal(buf_text(&bundle_find(&bundle, MIME_TEXT)->bytes), "load · 1,234 · 2 h 02 min · interrupted");
    assert_non_null(strstr(buf_text(&bundle_find(&bundle, MIME_HTML)->bytes), "color:"));
    bundle_release(&bundle);
}

struct shown {
    int n, n_updates;
    char id[40];
};

static void note_display(void *ctx, const struct bundle *bundle, const char *display_id, bool update) {
    struct shown *shown = ctx;
    (void)bundle;
    if (shown->n++) assert_string_equal(shown->id, display_id);
    snprintf(shown->id, sizeof shown->id, "%s", display_id);
    shown->n_updates += update;
}

static void progress_is_one_display(void **state) {
    (void)state;
    struct shown shown = {0};
    struct progress_view view = {""};
    struct output output = {.ctx = &shown, .display = note_display};
    struct progress progress = {.label = "als", .total = 10, .elapsed_s = PROGRESS_FIRST_S / 2};
    progress_view_report(&view, &output, &progress, NULL);
    assert_int_equal(shown.n, 0); /* too short to tell */
    progress.elapsed_s = PROGRESS_FIRST_S * 2;
    progress_view_report(&view, &output, &progress, NULL);
    progress_view_report(&view, &output, &progress, NULL);
    progress.finished = true;
    progress_view_report(&view, &output, &progress, NULL);
    assert_int_equal(shown.n, 3);
    assert_int_equal(shown.n_updates, 2);
}

/* --- capture --- */

struct heard {
    struct buf out, err;
};

static void hear(void *ctx, const char *name, const char *text, size_t len) {
    struct heard *heard = ctx;
    buf_add(strcmp(name, "stdout") == 0 ? &heard->out : &heard->err, text, len);
}

static void write_all(int fd, const char *text, size_t len) { assert_int_equal(write(fd, text, len), len); }

static void descriptors_are_captured(void **state) {
    (void)state;
    struct capture *capture;
    struct heard heard = {0};
    struct error err = ERROR_INIT;
    fflush(stdout);
    assert_int_equal(capture_open(&capture, &err), OK);
    write_all(1, "out 日", 7);
    write_all(2, "err\n", 4);
    write_all(1, "\xE6\x97", 2);
    capture_drain(capture, hear, &heard);
    size_t before = heard.out.len;
    write_all(1, "\xA5!", 2);
    capture_drain(capture, hear, &heard);
    capture_drain(capture, hear, &heard);
    bool saved = capture_saved_stderr(capture) > 2;
    capture_close(capture);
    assert_true(saved);
    assert_int_equal(before, 7);
    assert_string_equal(buf_text(&heard.out), "out 日日!");
    assert_string_equal(buf_text(&heard.err), "err\n");
    buf_release(&heard.out);
    buf_release(&heard.err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_waits_for_room),
        cmocka_unit_test(a_cancelled_writer_waits_no_longer),
        cmocka_unit_test(text_is_gathered_and_goes_first),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(bundles_as_json),
        cmocka_unit_test(errors_as_json),
        cmocka_unit_test(progress_forms),
        cmocka_unit_test(progress_is_one_display),
        cmocka_unit_test(descriptors_are_captured),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
