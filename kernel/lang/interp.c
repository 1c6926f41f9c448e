/* The interpreter's life and what others ask of it. */
#include "kernel/lang/interp.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/eval.h"
#include "runtime/base/mem.h"

struct interp *interp_new(const struct registry *registry) {
    struct interp *interp = xnew(struct interp);
    interp->registry = registry;
    interp->globals = env_globals();
    interp->told = env_globals();
    interp->partial = UNSET;
    return interp;
}

void interp_free(struct interp *interp) {
    if (!interp) return;
    value_release(&interp->partial);
    env_clear(interp->globals);
    env_clear_all(&interp->scopes);
    env_unref(interp->globals);
    env_unref(interp->told);
    free(interp);
}

void interp_reset(struct interp *interp) {
    env_clear(interp->globals);
    env_clear(interp->told);
    if (interp->depth == 0) env_clear_all(&interp->scopes);
    interp->bound = true;
}

/* --- running --- */

static void tell_names(struct interp *interp) {
    bool bound = interp->bound;
    interp->bound = false;
    if (bound && interp->names_changed) interp->names_changed(interp->names_ctx);
}

static enum status run_statement(struct interp *interp, struct source *source, const struct node *node, bool shows, struct value *out,
                                 struct error *err) {
    struct frame frame = {interp, NULL, source, NULL};
    enum flow flow = FLOW_NEXT;
    struct value result = UNSET;
    enum status status;
    interp->source = source;
    interp->here = node->span;
    if (shows) {
        status = task_check(interp->task, err);
        if (status == OK) status = eval(&frame, node->u.operand, out, err);
        if (status != OK) error_place(err, source, node->span);
    } else status = exec_statement(&frame, node, &flow, &result, err);
    value_release(&result);
    tell_names(interp);
    return status;
}

static void keep_partial(struct interp *interp, struct error *err) {
    if (err->code == ERR_INTERRUPTED && interp->partial.kind != VAL_UNSET) {
        interp_bind(interp, "_partial", interp->partial);
        err_hint(err, "%s is `_partial`; the other names are as they were",
                 strcmp(value_type_name(interp->partial), "Model") == 0 ? "the model as far as it came" : "what had ended");
    }
    value_release(&interp->partial);
}

static enum status run_all(struct interp *interp, struct source *source, const struct node *block, struct value *out, struct error *err) {
    uint32_t n = block->u.list.n;
    for (uint32_t i = 0; i < n; i++) {
        const struct node *node = block->u.list.items[i];
        bool shows = i + 1 == n && node->kind == NODE_EXPRESSION && !node->quiet;
        TRY(run_statement(interp, source, node, shows, out, err));
    }
    if (out->kind == VAL_NONE) *out = UNSET;
    return OK;
}

enum status interp_run(struct interp *interp, struct source *source, const struct node *block, struct value *out, struct error *err) {
    struct source *outer = interp->source;
    struct value result = UNSET;
    value_release(&interp->partial);
    enum status status = run_all(interp, source, block, &result, err);
    interp->source = outer;
    keep_partial(interp, err);
    if (status == OK) *out = result;
    else value_release(&result);
    return status;
}

enum status interp_call(struct interp *interp, struct value function, const struct value *args, size_t n_args, struct value *out, struct error *err) {
    struct value result = UNSET;
    if (interp->height >= LIMIT_EVAL_HEIGHT)
        return err_set(err, ERR_LIMIT, "this nests too deep: over %d evaluations inside each other", LIMIT_EVAL_HEIGHT);
    interp->height++;
    enum status status = call_value(interp, function, &(struct arguments){.values = args, .n = n_args}, &result, err);
    interp->height--;
    if (status == OK) *out = result;
    return status;
}

static enum status eval_source(struct interp *interp, struct source *source, struct value *out, struct error *err) {
    struct node *node;
    struct frame frame = {interp, NULL, source, NULL};
    struct source *outer = interp->source;
    TRY(parse_expression(source, &node, err));
    interp->source = source;
    interp->here = node->span;
    enum status status = eval(&frame, node, out, err);
    interp->source = outer;
    return status;
}

enum status interp_eval(struct interp *interp, const char *name, struct slice text, struct value *out, struct error *err) {
    struct source *source = source_new(name, text);
    source->registry = interp->registry;
    enum status status = eval_source(interp, source, out, err);
    source_unref(source);
    return status;
}

/* --- names --- */

bool interp_get(const struct interp *interp, const char *name, struct value *out_borrowed) {
    const struct env_slot *slot = env_find(interp->globals, name);
    if (slot) *out_borrowed = slot->value;
    return slot != NULL;
}

void interp_bind(struct interp *interp, const char *name, struct value value) {
    struct env_slot *slot = env_declare(interp->globals, name);
    struct value old = slot->value;
    slot->value = value_ref(value);
    value_release(&old);
    if (interp->names_changed) interp->names_changed(interp->names_ctx);
}

void interp_unbind(struct interp *interp, const char *name) {
    env_remove(interp->globals, name);
    if (interp->names_changed) interp->names_changed(interp->names_ctx);
}

size_t interp_n_names(const struct interp *interp) { return interp->globals->n; }

const char *interp_name_at(const struct interp *interp, size_t i, struct value *out_borrowed) {
    *out_borrowed = interp->globals->slots[i].value;
    return interp->globals->slots[i].name;
}

static bool is_hidden(const struct interp *interp, const struct env *outer, const char *name) {
    for (const struct env *env = interp->env; env && env != outer; env = env->parent)
        if (env_find(env, name)) return true;
    return false;
}

static void visit_scope(const struct interp *interp, const struct env *env, void (*visit)(void *ctx, const char *name, struct value borrowed),
                        void *ctx) {
    for (uint32_t i = 0; i < env->n; i++) {
        const struct env_slot *slot = &env->slots[i];
        if (slot->value.kind != VAL_UNSET && !is_hidden(interp, env, slot->name)) visit(ctx, slot->name, slot->value);
    }
}

void interp_each_visible(const struct interp *interp, void (*visit)(void *ctx, const char *name, struct value borrowed), void *ctx) {
    for (const struct env *env = interp->env; env; env = env->parent) visit_scope(interp, env, visit, ctx);
    visit_scope(interp, interp->globals, visit, ctx);
}

/* --- output --- */

void interp_print(struct interp *interp, const char *text, size_t len) {
    if (interp->output && interp->output->stream) interp->output->stream(interp->output->ctx, "stdout", text, len);
}

enum status interp_show(struct interp *interp, struct value value, struct error *err) {
    struct bundle bundle;
    TRY(render_value(interp, value, &bundle, err));
    if (interp->output && interp->output->display) interp->output->display(interp->output->ctx, &bundle, NULL, false);
    bundle_release(&bundle);
    return OK;
}
