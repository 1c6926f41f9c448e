#include <string.h>

#include "kernel/answers.h"
#include "kernel/kernel.h"

static enum status read_code(const struct request *request, const json_t *content, struct slice *out, struct error *err) {
    const json_t *code = json_object_get(content, "code");
    if (!json_is_string(code)) return err_set(err, ERR_PROTOCOL, "%s needs `code`, a string", request->type);
    *out = (struct slice){json_string_value(code), json_string_length(code)};
    return OK;
}

/* In code points; at the end of the code where the message tells none. */
static size_t read_cursor(const json_t *content, struct slice code) {
    int64_t cursor = json_int(content, "cursor_pos", INT64_MAX);
    size_t end = utf8_count(code);
    return cursor < 0 ? 0 : (uint64_t)cursor < end ? (size_t)cursor : end;
}

static void add_matches(const struct completions *found, struct buf *out) {
    for (size_t i = 0; i < found->n_items; i++) {
        if (i) buf_addc(out, ',');
        buf_add_json_string(out, slice_of(found->items[i].text));
    }
}

static void add_match_types(const struct completions *found, struct buf *out) {
    for (size_t i = 0; i < found->n_items; i++) {
        const struct completion *item = &found->items[i];
        buf_addf(out, "%s{\"start\":%zu,\"end\":%zu,\"text\":", i ? "," : "", found->start, found->end);
        buf_add_json_string(out, slice_of(item->text));
        buf_addf(out, ",\"type\":\"%s\",\"signature\":", item->type);
        buf_add_json_string(out, slice_of(item->signature));
        buf_addc(out, '}');
    }
}

ANSWER(answer_complete) {
    struct slice code;
    struct completions found;
    TRY(read_code(request, content, &code, err));
    struct snapshot *names = live_names_take(kernel->names);
    complete_at(session_registry(kernel->session), names, &builtins_complete_sources, code, read_cursor(content, code), &found);
    buf_adds(&reply->content, "{\"status\":\"ok\",\"matches\":[");
    add_matches(&found, &reply->content);
    buf_addf(&reply->content, "],\"cursor_start\":%zu,\"cursor_end\":%zu,\"metadata\":{\"_jupyter_types_experimental\":[", found.start, found.end);
    add_match_types(&found, &reply->content);
    buf_adds(&reply->content, "]}}");
    completions_release(&found);
    snapshot_unref(names);
    return OK;
}

ANSWER(answer_inspect) {
    struct slice code;
    struct bundle panel = BUNDLE_INIT;
    TRY(read_code(request, content, &code, err));
    struct snapshot *names = live_names_take(kernel->names);
    int detail = json_int(content, "detail_level", 0) > 0;
    bool found = inspect_at(session_registry(kernel->session), names, code, read_cursor(content, code), detail, &panel);
    buf_addf(&reply->content, "{\"status\":\"ok\",\"found\":%s,\"metadata\":{},\"data\":", found ? "true" : "false");
    bundle_data_json(&panel, &reply->content);
    buf_addc(&reply->content, '}');
    bundle_release(&panel);
    snapshot_unref(names);
    return OK;
}

ANSWER(answer_is_complete) {
    (void)kernel;
    struct slice code;
    int indent = 0;
    TRY(read_code(request, content, &code, err));
    const char *answer = completeness(code, &indent);
    buf_addf(&reply->content, "{\"status\":\"%s\"", answer);
    if (strcmp(answer, "incomplete") == 0) buf_addf(&reply->content, ",\"indent\":\"%*s\"", indent, "");
    buf_addc(&reply->content, '}');
    return OK;
}

ANSWER(answer_history) {
    (void)request;
    buf_adds(&reply->content, "{\"status\":\"ok\",\"history\":");
    TRY(history_query(kernel->history, content, &reply->content, err));
    buf_addc(&reply->content, '}');
    return OK;
}
