#include "kernel/prompt.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

struct prompt {
    struct monitor *monitor; /* guards all that follows */
    char *id;                /* msg_id of the open question; NULL: none */
    struct request *cell;    /* who asked */
    struct buf answer;
    bool answered;
};

struct prompt *prompt_new(void) {
    struct prompt *prompt = xnew(struct prompt);
    prompt->monitor = monitor_new();
    return prompt;
}

void prompt_free(struct prompt *prompt) {
    if (!prompt) return;
    buf_release(&prompt->answer);
    monitor_free(prompt->monitor);
    free(prompt);
}

static void open_question(struct prompt *prompt, struct request *cell, char *takes_id) {
    monitor_lock(prompt->monitor);
    prompt->id = takes_id;
    prompt->cell = cell;
    prompt->answered = false;
    buf_clear(&prompt->answer);
    monitor_unlock(prompt->monitor);
}

static enum status wait_answer(struct prompt *prompt, const struct task *task, struct buf *out, struct error *err) {
    monitor_lock(prompt->monitor);
    while (!prompt->answered && !task_cancelled(task)) monitor_wait(prompt->monitor);
    enum status status = prompt->answered ? OK : task_check(task, err);
    if (status == OK) buf_add(out, buf_text(&prompt->answer), prompt->answer.len);
    free(prompt->id);
    prompt->id = NULL;
    prompt->cell = NULL;
    monitor_unlock(prompt->monitor);
    return status;
}

enum status prompt_ask(struct prompt *prompt, struct publisher *publisher, struct request *cell, const char *text, bool password,
                       const struct task *task, struct buf *out, struct error *err) {
    struct buf content = BUF_INIT;
    buf_adds(&content, "{\"prompt\":");
    buf_add_json_string(&content, slice_of(text));
    buf_addf(&content, ",\"password\":%s}", password ? "true" : "false");
    char *id;
    struct packet packet = message_prompt(publisher_wire(publisher), cell, (struct slice){content.data, content.len}, &id);
    buf_release(&content);
    open_question(prompt, cell, id);
    publish_prompt(publisher, &packet);
    return wait_answer(prompt, task, out, err);
}

static bool same_sender(const struct request *a, const struct request *b) {
    if (a->frames.n_identities == 0 || a->frames.n_identities != b->frames.n_identities) return false;
    for (size_t i = 0; i < a->frames.n_identities; i++)
        if (!slice_eq(packet_frame(&a->packet, i), packet_frame(&b->packet, i))) return false;
    return true;
}

/* Front ends name the question as parent (JupyterLab), or the cell, or nothing (jupyter_client): then the sender decides. */
static bool answers(const struct prompt *prompt, const struct request *reply) {
    json_t *parent = NULL;
    struct error err = ERROR_INIT;
    if (!prompt->id || json_parse(request_part(reply, PART_PARENT), &parent, &err) != OK) return false;
    struct slice id = slice_of(json_text(parent, "msg_id", ""));
    bool fits = id.len ? slice_eqz(id, prompt->id) || slice_eqz(id, prompt->cell->id) : same_sender(prompt->cell, reply);
    json_decref(parent);
    return fits;
}

void prompt_answer(struct prompt *prompt, const struct request *reply) {
    json_t *content = NULL;
    struct error err = ERROR_INIT;
    if (slice_eqz(slice_of(reply->type), "input_reply") == false || request_content(reply, &content, &err) != OK) return;
    const json_t *value = json_object_get(content, "value");
    monitor_lock(prompt->monitor);
    if (!prompt->answered && json_is_string(value) && answers(prompt, reply)) {
        buf_add(&prompt->answer, json_string_value(value), json_string_length(value));
        prompt->answered = true;
        monitor_wake(prompt->monitor);
    }
    monitor_unlock(prompt->monitor);
    json_decref(content);
}

bool prompt_is_open(struct prompt *prompt) {
    monitor_lock(prompt->monitor);
    bool open = prompt->id && !prompt->answered;
    monitor_unlock(prompt->monitor);
    return open;
}

void prompt_stir(struct prompt *prompt) {
    monitor_lock(prompt->monitor);
    monitor_wake(prompt->monitor);
    monitor_unlock(prompt->monitor);
}
