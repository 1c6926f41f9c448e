#include <string.h>

#include "kernel/answers.h"
#include "kernel/kernel.h"
#include "runtime/base/plugin.h"

/* Reckon lexes as Python, so its lexer and editor mode colour cells everywhere, with no extension. */
#define LANGUAGE_JSON                                                                                      \
    "{\"name\":\"reckon\",\"version\":\"%s\",\"mimetype\":\"text/x-python\",\"file_extension\":\".cell\"," \
    "\"pygments_lexer\":\"python\",\"codemirror_mode\":{\"name\":\"python\",\"version\":3},\"nbconvert_exporter\":\"script\"}"

ANSWER(answer_kernel_info) {
    (void)kernel, (void)request, (void)content, (void)err;
    struct buf *out = &reply->content, version = BUF_INIT;
    buf_add(&version, build_id(), strcspn(build_id(), ","));
    buf_addf(out, "{\"status\":\"ok\",\"protocol_version\":\"" PROTOCOL_VERSION "\",\"implementation\":\"reckon\",\"implementation_version\":\"%s\",",
             buf_text(&version));
    buf_addf(out, "\"language_info\":" LANGUAGE_JSON ",", buf_text(&version));
    buf_addf(out,
             "\"banner\":\"Reckon %s: recommender systems, in cells. als? tells about als, help() lists everything.\","
             "\"debugger\":false,\"supported_features\":[],\"help_links\":[]}",
             buf_text(&version));
    buf_release(&version);
    return OK;
}

ANSWER(answer_connect) {
    (void)request, (void)content, (void)err;
    buf_adds(&reply->content, "{\"status\":\"ok\"");
    for (int c = 0; c < CHANNEL_COUNT; c++) buf_addf(&reply->content, ",\"%s_port\":%d", channel_name((enum channel)c), kernel->connection->ports[c]);
    buf_addc(&reply->content, '}');
    return OK;
}

ANSWER(answer_interrupt) {
    (void)request, (void)content, (void)err;
    kernel_interrupt(kernel);
    buf_adds(&reply->content, "{\"status\":\"ok\"}");
    return OK;
}

ANSWER(answer_shutdown) {
    (void)err;
    buf_addf(&reply->content, "{\"status\":\"ok\",\"restart\":%s}", json_flag(content, "restart", false) ? "true" : "false");
    publish(kernel->publisher, request, "shutdown_reply", "", (struct slice){buf_text(&reply->content), reply->content.len});
    kernel->stopping = true;
    return OK;
}

ANSWER(answer_usage) {
    (void)request, (void)content, (void)err;
    usage_json(&kernel->usage, &reply->content);
    return OK;
}

ANSWER(answer_comm_info) {
    (void)kernel, (void)request, (void)content, (void)err;
    buf_adds(&reply->content, "{\"status\":\"ok\",\"comms\":{}}");
    return OK;
}

/* No target is known here: the protocol's answer is to close at once. */
ANSWER(answer_comm_open) {
    (void)reply, (void)err;
    struct buf close = BUF_INIT;
    buf_adds(&close, "{\"comm_id\":");
    buf_add_json_string(&close, slice_of(json_text(content, "comm_id", "")));
    buf_adds(&close, ",\"data\":{}}");
    publish(kernel->publisher, request, "comm_close", "", (struct slice){close.data, close.len});
    buf_release(&close);
    return OK;
}

ANSWER(answer_nothing) {
    (void)kernel, (void)request, (void)content, (void)reply, (void)err;
    return OK;
}

ANSWER(answer_unknown) {
    (void)kernel, (void)content, (void)reply;
    return err_set(err, ERR_PROTOCOL, "Reckon does not know messages of type `%s`", request->type);
}
