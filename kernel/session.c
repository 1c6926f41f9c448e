#include "kernel/session.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "kernel/progress.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/plugin.h"
#include "runtime/data/runs.h"

/* Values of `_N` are kept when small, or when they belong to the last few large ones: `_3` shouldn't pin a model for ever. */
#define RESULT_SMALL_BYTES (1 << 20)
#define RESULTS_LARGE 3
#define RESULTS_KEPT 1000 /* of all sizes: those of so many last cells */
#define RESULT_NODES_MAX 10000

#define RUNS_END_S 0.5 /* for the last runs to be written; then they are lost */

struct session {
    struct registry *registry;
    struct interp *interp;
    struct task *task;
    struct context context;
    struct output silence; /* between cells */
    struct progress_view progress;
    bool show_progress;
    int64_t count;
    int64_t large[RESULTS_LARGE]; /* counts of the large results that are kept, oldest first */
};

static void on_progress(void *ctx, const struct progress *progress) {
    struct session *session = ctx;
    if (session->show_progress) progress_view_report(&session->progress, session->interp->output, progress, session->context.live);
}

static void on_print(void *ctx, const char *text, size_t len) {
    struct session *session = ctx;
    interp_print(session->interp, text, len);
}

static void on_partial(void *ctx, void *model) {
    struct session *session = ctx;
    value_release(&session->interp->partial);
    session->interp->partial = value_model(model_ref(model));
}

static void on_record(void *ctx, const struct run_record *run) { runs_add(((struct session *)ctx)->context.runs, run); }

enum status session_new(struct session **out, struct error *err) { return session_new_with(NULL, out, err); }

enum status session_new_with(bool (*wanted)(const struct builtin_row *row), struct session **out, struct error *err) {
    json_prepare();
    mem_keep_reserve();
    struct registry *registry = builtins_registry(wanted, err);
    if (!registry) return err->code;
    struct session *session = xnew(struct session);
    const struct task_listener listener = {.ctx = session, .progress = on_progress, .print = on_print, .partial = on_partial, .record = on_record};
    session->registry = registry;
    session->task = task_new(&listener);
    session->interp = interp_new(registry);
    session->interp->task = session->task;
    session->interp->context = &session->context;
    session->interp->output = &session->silence;
    session->context.runs = runs_new(NULL, build_id());
    session->show_progress = true;
    *out = session;
    return OK;
}

void session_free(struct session *session) {
    if (!session) return;
    interp_free(session->interp);
    context_release(&session->context);
    runs_free(session->context.runs, RUNS_END_S);
    task_free(session->task);
    registry_free(session->registry);
    free(session);
}

const struct registry *session_registry(const struct session *session) { return session->registry; }
struct interp *session_interp(struct session *session) {
    return session->interp;
}
struct task *session_task(struct session *session) {
    return session->task;
}
int64_t session_count(const struct session *session) { return session->count; }
void session_keep_runs(struct session *session) {
    char *path = runs_path();
    runs_free(session->context.runs, 0);
    session->context.runs = runs_new(path, build_id());
    free(path);
}
void session_show_progress(struct session *session, bool on) { session->show_progress = on; }
void session_interrupt(struct session *session) { task_cancel(session->task); }
void session_rearm(struct session *session) { task_rearm(session->task); }

void session_on_names(struct session *session, void (*changed)(void *ctx), void *ctx) {
    session->interp->names_changed = changed;
    session->interp->names_ctx = ctx;
}

/* Rough bytes of a value; stops counting above RESULT_SMALL_BYTES or after RESULT_NODES_MAX parts. */
static int64_t value_weight(struct value value, int64_t *nodes) {
    if (++*nodes > RESULT_NODES_MAX) return RESULT_SMALL_BYTES;
    int64_t total = (int64_t)sizeof value;
    if (value.kind == VAL_STR) return total + (int64_t)value.u.text->len;
    if (value.kind == VAL_OBJECT) return total + (value.u.object->type->size_bytes ? value.u.object->type->size_bytes(value.u.object->data) : 0);
    bool is_seq = value.kind == VAL_LIST || value.kind == VAL_TUPLE, is_dict = value.kind == VAL_DICT || value.kind == VAL_SET;
    size_t n = is_seq ? seq_len(value) : is_dict ? dict_len(value) : 0;
    for (size_t i = 0; i < n && total < RESULT_SMALL_BYTES; i++) {
        total += is_seq ? value_weight(seq_item(value, i), nodes) : value_weight(dict_key(value, i), nodes);
        if (value.kind == VAL_DICT) total += value_weight(dict_value(value, i), nodes);
    }
    return total;
}

static void result_name(int64_t count, char out[32]) { snprintf(out, 32, "_%lld", (long long)count); }

/* Tells nobody: completion may offer it until the next name is bound. */
static void forget_result(struct session *session, int64_t count) {
    char name[32];
    struct interp *interp = session->interp;
    void (*changed)(void *ctx) = interp->names_changed;
    result_name(count, name);
    interp->names_changed = NULL;
    interp_unbind(interp, name);
    interp->names_changed = changed;
}

/* A fourth large result lets the oldest go. */
static void keep_large(struct session *session) {
    if (session->large[0]) forget_result(session, session->large[0]);
    memmove(session->large, session->large + 1, (RESULTS_LARGE - 1) * sizeof *session->large);
    session->large[RESULTS_LARGE - 1] = session->count;
}

int64_t session_next_count(struct session *session) {
    if (++session->count > RESULTS_KEPT) forget_result(session, session->count - RESULTS_KEPT);
    return session->count;
}

static void keep_result(struct session *session, struct value value) {
    char name[32];
    int64_t nodes = 0;
    struct interp *interp = session->interp;
    void (*changed)(void *ctx) = interp->names_changed;
    result_name(session->count, name);
    interp->names_changed = NULL; /* told once, below */
    if (value_weight(value, &nodes) >= RESULT_SMALL_BYTES) keep_large(session);
    interp_bind(interp, "_", value);
    interp_bind(interp, name, value);
    interp->names_changed = changed;
    /* completion offers what stands behind `_` only where it has members: a trivial cell costs no snapshot */
    if (changed && value.kind == VAL_OBJECT) changed(interp->names_ctx);
}

static enum status run_parsed(struct session *session, struct source *source, bool remember, struct outcome *out) {
    struct node *block = NULL;
    struct value value = UNSET;
    struct error *err = &out->err;
    TRY(parse_cell(source, &block, err));
    TRY(interp_run(session->interp, source, block, &value, err));
    if (value.kind == VAL_UNSET || value.kind == VAL_NONE) return OK;
    enum status status = render_value(session->interp, value, &out->result, err);
    out->has_result = status == OK;
    if (status == OK && remember) keep_result(session, value);
    value_release(&value);
    return status;
}

/* Once, in the first cell after it was found. */
static void say_complaint(struct session *session) {
    char *complaint = runs_complaint(session->context.runs);
    struct buf line = BUF_INIT;
    if (!complaint) return;
    buf_addf(&line, "%s\n", complaint);
    if (session->interp->output->stream) session->interp->output->stream(session->interp->output->ctx, "stderr", buf_text(&line), line.len);
    buf_release(&line);
    free(complaint);
}

void session_run(struct session *session, const char *name, struct slice code, struct output *output, bool remember, struct outcome *out) {
    *out = (struct outcome){.err = ERROR_INIT};
    mem_keep_reserve();
    struct source *source = source_new(name, code);
    source->registry = session->interp->registry;
    session->interp->output = output;
    task_enter(session->task);
    run_parsed(session, source, remember, out);
    task_enter(NULL);
    say_complaint(session);
    session->interp->output = &session->silence;
    session->progress.display_id[0] = 0;
    source_unref(source);
}

void outcome_release(struct outcome *outcome) {
    error_clear(&outcome->err);
    bundle_release(&outcome->result);
}

enum status session_evaluate(struct session *session, const char *name, struct slice text, struct output *output, struct bundle *out,
                             struct error *err) {
    struct value value = UNSET;
    session->interp->output = output;
    task_enter(session->task);
    enum status status = interp_eval(session->interp, name, text, &value, err);
    if (status == OK) status = render_value(session->interp, value, out, err);
    task_enter(NULL);
    session->interp->output = &session->silence;
    value_release(&value);
    return status;
}
