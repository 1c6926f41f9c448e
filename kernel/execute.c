#include "kernel/execute.h"

#include <stdio.h>

#include "kernel/kernel.h"

/* One cell while it runs. */
struct cell {
    struct kernel *kernel;
    struct request *request;
    struct slice code;
    const json_t *user_expressions;
    bool silent, remembered, may_ask, stops_queue;
    int64_t count;
    struct buf payload; /* items of the reply's list */
};

static enum status read_cell(struct kernel *kernel, struct request *request, const json_t *content, struct cell *out, struct error *err) {
    const json_t *code = json_object_get(content, "code"), *expressions = json_object_get(content, "user_expressions");
    if (!json_is_string(code)) return err_set(err, ERR_PROTOCOL, "execute_request needs `code`, a string");
    if (expressions && !json_is_null(expressions) && !json_is_object(expressions))
        return err_set(err, ERR_PROTOCOL, "`user_expressions` of execute_request is an object: a name and an expression each");
    bool silent = json_flag(content, "silent", false);
    *out = (struct cell){
        .kernel = kernel,
        .request = request,
        .code = {json_string_value(code), json_string_length(code)},
        .user_expressions = expressions,
        .silent = silent,
        .remembered = !silent && json_flag(content, "store_history", true),
        .may_ask = json_flag(content, "allow_stdin", true),
        .stops_queue = json_flag(content, "stop_on_error", true),
    };
    return OK;
}

/* --- what a cell says --- */

static void on_stream(void *ctx, const char *name, const char *text, size_t len) {
    struct cell *cell = ctx;
    if (cell->silent) return;
    publish_stream(cell->kernel->publisher, cell->request, name, text, len, session_task(cell->kernel->session));
}

static void on_display(void *ctx, const struct bundle *bundle, const char *display_id, bool update) {
    struct cell *cell = ctx;
    if (cell->silent) return;
    kernel_drain_output(cell->kernel);
    outbox_wait_room(cell->kernel->outbox, session_task(cell->kernel->session));
    publish_display(cell->kernel->publisher, cell->request, update ? "update_display_data" : "display_data", bundle, display_id, -1);
}

static enum status on_input(void *ctx, const char *prompt, bool password, struct buf *out, struct error *err) {
    struct cell *cell = ctx;
    struct kernel *kernel = cell->kernel;
    kernel_drain_output(kernel);
    return prompt_ask(kernel->prompt, kernel->publisher, cell->request, prompt, password, session_task(kernel->session), out, err);
}

static void on_page(void *ctx, const struct bundle *bundle) {
    struct cell *cell = ctx;
    if (cell->payload.len) buf_addc(&cell->payload, ',');
    buf_adds(&cell->payload, "{\"source\":\"page\",\"start\":0,\"data\":");
    bundle_data_json(bundle, &cell->payload);
    buf_addc(&cell->payload, '}');
}

static struct output output_of(struct cell *cell) {
    return (struct output){
        .ctx = cell,
        .stream = on_stream,
        .display = on_display,
        .input = cell->may_ask ? on_input : NULL,
        .page = on_page,
    };
}

/* --- around the cell --- */

static void publish_input(const struct cell *cell) {
    struct buf content = BUF_INIT;
    if (cell->silent) return;
    buf_adds(&content, "{\"code\":");
    buf_add_json_string(&content, cell->code);
    buf_addf(&content, ",\"execution_count\":%lld}", (long long)cell->count);
    publish(cell->kernel->publisher, cell->request, "execute_input", "", (struct slice){content.data, content.len});
    buf_release(&content);
}

static void publish_outcome(const struct cell *cell, const struct outcome *outcome) {
    if (cell->silent) return;
    if (outcome->has_result) publish_display(cell->kernel->publisher, cell->request, "execute_result", &outcome->result, NULL, cell->count);
    if (outcome->err.code == OK) return;
    struct buf content = BUF_INIT;
    buf_addc(&content, '{');
    error_fields_json(&outcome->err, &content);
    buf_addc(&content, '}');
    publish(cell->kernel->publisher, cell->request, "error", "", (struct slice){content.data, content.len});
    buf_release(&content);
}

static void remember(const struct cell *cell, const struct outcome *outcome) {
    const struct bundle_part *text = outcome->has_result ? bundle_find(&outcome->result, MIME_TEXT) : NULL;
    struct slice output = text ? (struct slice){buf_text(&text->bytes), text->bytes.len} : (struct slice){0};
    if (cell->remembered) history_add(cell->kernel->history, cell->count, cell->code, text ? &output : NULL);
}

static void add_expression(struct cell *cell, const char *key, const json_t *expression, struct output *output, struct buf *out) {
    struct bundle bundle = BUNDLE_INIT;
    struct error err = ERROR_INIT;
    struct slice text = {json_string_value(expression), json_string_length(expression)};
    buf_add_json_string(out, slice_of(key));
    if (!json_is_string(expression)) err_set(&err, ERR_PROTOCOL, "an expression of `user_expressions` is a string");
    if (err.code == OK && session_evaluate(cell->kernel->session, key, text, output, &bundle, &err) == OK) {
        buf_adds(out, ":{\"status\":\"ok\",\"data\":");
        bundle_data_json(&bundle, out);
        buf_adds(out, ",\"metadata\":");
        bundle_metadata_json(&bundle, out);
    } else {
        buf_adds(out, ":{\"status\":\"error\",");
        error_fields_json(&err, out);
    }
    buf_addc(out, '}');
    bundle_release(&bundle);
    error_clear(&err);
}

static void add_expressions(struct cell *cell, struct output *output, struct buf *out) {
    json_t *expressions = (json_t *)cell->user_expressions; /* jansson iterates on a plain pointer; nothing is changed */
    const char *between = "";
    for (void *at = json_object_iter(expressions); at; at = json_object_iter_next(expressions, at)) {
        buf_adds(out, between);
        add_expression(cell, json_object_iter_key(at), json_object_iter_value(at), output, out);
        between = ",";
    }
}

static void fill_reply(struct cell *cell, struct output *output, struct buf *out) {
    buf_addf(out, "{\"status\":\"ok\",\"execution_count\":%lld,\"user_expressions\":{", (long long)cell->count);
    add_expressions(cell, output, out);
    buf_addf(out, "},\"payload\":[%s]}", buf_text(&cell->payload));
}

/* The outcome's error goes to *err with its place. */
static enum status take_error(struct outcome *outcome, struct error *err) {
    *err = outcome->err;
    outcome->err = ERROR_INIT;
    return err->code;
}

static enum status run_cell(struct cell *cell, struct reply *reply, struct error *err) {
    struct kernel *kernel = cell->kernel;
    struct outcome outcome;
    struct output output = output_of(cell);
    char name[32] = "Cell";
    cell->count = cell->remembered ? session_next_count(kernel->session) : session_count(kernel->session);
    if (cell->remembered) snprintf(name, sizeof name, "Cell %lld", (long long)cell->count);
    publish_input(cell);
    session_run(kernel->session, name, cell->code, &output, cell->remembered, &outcome);
    fflush(stdout);
    kernel_drain_output(kernel);
    publish_outcome(cell, &outcome);
    remember(cell, &outcome);
    enum status status = take_error(&outcome, err);
    if (status == OK) fill_reply(cell, &output, &reply->content);
    if (json_object_size(cell->user_expressions)) kernel_drain_output(kernel);
    outcome_release(&outcome);
    return status;
}

enum status execute_answer(struct kernel *kernel, struct request *request, const json_t *content, struct reply *reply, struct error *err) {
    struct cell cell;
    char started[ISO_TIME_TEXT];
    iso_time_now(started);
    buf_addf(&reply->metadata, "{\"started\":\"%s\"}", started);
    TRY(read_cell(kernel, request, content, &cell, err));
    atomic_store(&kernel->muted, cell.silent);
    live_names_settle(kernel->names, session_interp(kernel->session));
    enum status status = run_cell(&cell, reply, err);
    live_names_settle(kernel->names, session_interp(kernel->session));
    atomic_store(&kernel->muted, false);
    /* who interrupts means all that was asked for, whatever the cells say of errors */
    if (status == ERR_INTERRUPTED || (status != OK && cell.stops_queue)) worker_abort_queued(kernel->worker);
    buf_release(&cell.payload);
    return status;
}

static enum status answer_aborted(struct kernel *kernel, struct request *request, const json_t *content, struct reply *reply, struct error *err) {
    (void)kernel, (void)request, (void)content, (void)reply;
    return err_set(err, ERR_ABORTED, "not run: a cell before it failed");
}

const struct request_row execute_aborted_row = {"execute_request", "execute_reply", true, false, RUNS_IN_TURN, true, answer_aborted};
