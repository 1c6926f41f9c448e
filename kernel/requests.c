#include "kernel/requests.h"

#include <string.h>

#include "kernel/answers.h"
#include "kernel/execute.h"
#include "kernel/kernel.h"

#define REPLY_BYTES_MAX (PACKET_BYTES_MAX / 2) /* of the content */

static const struct request_row rows[] = {
    {"execute_request", "execute_reply", true, false, RUNS_IN_TURN, true, execute_answer},
    {"kernel_info_request", "kernel_info_reply", true, true, RUNS_AT_ONCE, false, answer_kernel_info},
    {"complete_request", "complete_reply", true, true, RUNS_AT_ONCE, false, answer_complete},
    {"inspect_request", "inspect_reply", true, true, RUNS_AT_ONCE, false, answer_inspect},
    {"is_complete_request", "is_complete_reply", true, true, RUNS_AT_ONCE, false, answer_is_complete},
    {"history_request", "history_reply", true, true, RUNS_ASIDE, false, answer_history},
    {"comm_info_request", "comm_info_reply", true, true, RUNS_AT_ONCE, false, answer_comm_info},
    {"comm_open", NULL, true, true, RUNS_AT_ONCE, false, answer_comm_open},
    {"comm_msg", NULL, true, true, RUNS_AT_ONCE, false, answer_nothing},
    {"comm_close", NULL, true, true, RUNS_AT_ONCE, false, answer_nothing},
    {"connect_request", "connect_reply", true, true, RUNS_AT_ONCE, false, answer_connect},
    {"interrupt_request", "interrupt_reply", true, true, RUNS_AT_ONCE, false, answer_interrupt},
    {"shutdown_request", "shutdown_reply", true, true, RUNS_AT_ONCE, false, answer_shutdown},
    {"usage_request", "usage_reply", true, true, RUNS_AT_ONCE, false, answer_usage},
};

static const struct request_row unknown_row = {"", "", true, true, RUNS_AT_ONCE, false, answer_unknown};

const struct request_row *request_row(const char *type) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].type, type) == 0) return &rows[i];
    return &unknown_row;
}

static enum status answer(struct kernel *kernel, struct request *request, const struct request_row *row, struct reply *reply, struct error *err) {
    json_t *content = NULL;
    bool control = request->channel == CHANNEL_CONTROL;
    if (control ? !row->on_control : !row->on_shell)
        return err_set(err, ERR_PROTOCOL, "%s does not go on the %s channel", request->type, channel_name(request->channel));
    TRY(request_content(request, &content, err));
    enum status status = row->answer(kernel, request, content, reply, err);
    json_decref(content);
    return status;
}

static void fill_failure(struct kernel *kernel, const struct request_row *row, const struct error *err, struct reply *reply) {
    buf_clear(&reply->content);
    buf_adds(&reply->content, "{\"status\":\"error\",");
    error_fields_json(err, &reply->content);
    if (row->counts) buf_addf(&reply->content, ",\"execution_count\":%lld", (long long)session_count(kernel->session));
    buf_addc(&reply->content, '}');
}

/* "x_request" is answered by "x_reply"; what is no request is not answered. */
static bool reply_type(const struct request *request, const struct request_row *row, struct buf *out) {
    size_t len = strlen(request->type), tail = strlen("_request");
    if (!row->reply) return false;
    if (*row->reply) buf_adds(out, row->reply);
    else if (len > tail && strcmp(request->type + len - tail, "_request") == 0) buf_addf(out, "%.*s_reply", (int)(len - tail), request->type);
    return out->len > 0;
}

void request_serve(struct kernel *kernel, struct request *request, const struct request_row *row) {
    struct reply reply = {0};
    struct buf type = BUF_INIT;
    struct error err = ERROR_INIT;
    publish_state(kernel->publisher, request, "busy");
    enum status status = answer(kernel, request, row, &reply, &err);
    if (status == OK && reply.content.len > REPLY_BYTES_MAX)
        status = err_set(&err, ERR_LIMIT, "the answer to %s would take %zu MiB, more than %zu", request->type, reply.content.len >> 20,
                         REPLY_BYTES_MAX >> 20);
    if (status != OK) fill_failure(kernel, row, &err, &reply);
    if (reply_type(request, row, &type))
        publish_reply(kernel->publisher, request, buf_text(&type), buf_text(&reply.metadata),
                      (struct slice){buf_text(&reply.content), reply.content.len});
    publish_state(kernel->publisher, request, "idle");
    error_clear(&err);
    buf_release(&type);
    buf_release(&reply.content);
    buf_release(&reply.metadata);
}
