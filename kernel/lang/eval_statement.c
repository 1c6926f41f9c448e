/* Statements. Safe points: before each statement and at each turn of a loop. */
#include "kernel/lang/complete.h"
#include <string.h>

#include "kernel/lang/eval.h"

static enum status exec_expression(struct frame *frame, const struct node *node, struct error *err) {
    struct value ignored;
    TRY(eval(frame, node->u.operand, &ignored, err));
    value_release(&ignored);
    return OK;
}

static enum status exec_assign(struct frame *frame, const struct node *node, struct error *err) {
    struct value value;
    TRY(eval(frame, node->u.assign.value, &value, err));
    enum status status = assign(frame, node->u.assign.targets, node->u.assign.n, value, err);
    value_release(&value);
    return status;
}

static enum status exec_def(struct frame *frame, const struct node *node, struct error *err) {
    struct value function;
    TRY(eval_function(frame, node, &function, err));
    struct node target = {.kind = NODE_NAME, .span = node->span, .u.name = node->u.function.name};
    enum status status = assign(frame, (struct node *const[]){&target}, 1, function, err);
    value_release(&function);
    return status;
}

static enum status exec_return(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) {
    if (node->u.operand) TRY(eval(frame, node->u.operand, result, err));
    *flow = FLOW_RETURN;
    return OK;
}

/* Ends a turn of a loop: true when the loop ends too. */
static bool loop_ends(enum flow *flow) {
    enum flow was = *flow;
    if (was == FLOW_RETURN) return true;
    *flow = FLOW_NEXT;
    return was == FLOW_BREAK;
}

static enum status exec_turn(struct frame *frame, const struct node *node, struct value item, enum flow *flow, struct value *result,
                             struct error *err) {
    TRY(task_check(frame->interp->task, err));
    TRY(assign(frame, (struct node *const[]){node->u.loop.target}, 1, item, err));
    return exec_block(frame, node->u.loop.body, flow, result, err);
}

static enum status exec_for(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) {
    struct value over;
    struct iter iter;
    bool done = false;
    TRY(eval(frame, node->u.loop.iterable, &over, err));
    enum status status = iter_begin(over, &iter, err);
    if (status != OK) error_place(err, frame->source, node->u.loop.iterable->span);
    value_release(&over);
    if (status != OK) return status;
    while (status == OK) {
        struct value item = UNSET;
        status = iter_next(&iter, &item, &done, err);
        if (status != OK) error_place(err, frame->source, node->u.loop.iterable->span);
        if (status != OK || done) break;
        status = exec_turn(frame, node, item, flow, result, err);
        value_release(&item);
        if (status == OK && loop_ends(flow)) break;
    }
    iter_end(&iter);
    return status;
}

static enum status exec_while(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) {
    for (;;) {
        bool truth;
        TRY(task_check(frame->interp->task, err));
        TRY(eval_truth(frame, node->u.whilst.condition, &truth, err));
        if (!truth) return OK;
        TRY(exec_block(frame, node->u.whilst.body, flow, result, err));
        if (loop_ends(flow)) return OK;
    }
}

static enum status exec_if(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) {
    for (uint32_t i = 0; i < node->u.choice.n; i++) {
        bool truth;
        TRY(eval_truth(frame, node->u.choice.branches[i].condition, &truth, err));
        if (truth) return exec_block(frame, node->u.choice.branches[i].body, flow, result, err);
    }
    return node->u.choice.otherwise ? exec_block(frame, node->u.choice.otherwise, flow, result, err) : OK;
}

static enum status exec_node(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) {
    switch (node->kind) {
    case NODE_EXPRESSION: return exec_expression(frame, node, err);
    case NODE_ASSIGN: return exec_assign(frame, node, err);
    case NODE_AUGMENTED: return assign_augmented(frame, node, err);
    case NODE_DEL: return delete_name(frame, node->u.name, err);
    case NODE_PASS: return OK;
    case NODE_BREAK: return *flow = FLOW_BREAK, OK;
    case NODE_CONTINUE: return *flow = FLOW_CONTINUE, OK;
    case NODE_RETURN: return exec_return(frame, node, flow, result, err);
    case NODE_FOR: return exec_for(frame, node, flow, result, err);
    case NODE_WHILE: return exec_while(frame, node, flow, result, err);
    case NODE_IF: return exec_if(frame, node, flow, result, err);
    case NODE_DEF: return exec_def(frame, node, err);
    case NODE_HELP: return exec_help(frame, node, err);
    case NODE_BLOCK: return exec_block(frame, node, flow, result, err);
    default: return exec_expression(frame, &(struct node){.kind = NODE_EXPRESSION, .span = node->span, .u.operand = (struct node *)node}, err);
    }
}

enum status exec_statement(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) {
    enum status status = task_check(frame->interp->task, err);
    if (status == OK) status = exec_node(frame, node, flow, result, err);
    if (status != OK) error_place(err, frame->source, node->span);
    return status;
}

enum status exec_block(struct frame *frame, const struct node *block, enum flow *flow, struct value *result, struct error *err) {
    if (block->kind != NODE_BLOCK) return exec_statement(frame, block, flow, result, err);
    for (uint32_t i = 0; i < block->u.list.n && *flow == FLOW_NEXT; i++) TRY(exec_statement(frame, block->u.list.items[i], flow, result, err));
    return OK;
}

/* --- als? --- */

static enum status help_missing(struct frame *frame, const struct node *node, const char *path, struct error *err) {
    struct value found;
    const char *first = node->u.help.path[0];
    if (!registry_find(frame->interp->registry, first) && eval_name(frame, first, &found, err) != OK) {
        const char *text = frame->source->text.data;
        uint32_t start = node->span.start;
        while (text[start] == '?' || text[start] == ' ') start++; /* ?name */
        error_place(err, frame->source, (struct span){start, start + (uint32_t)strlen(first)});
        return err->code;
    }
    return err_set(err, ERR_NAME, "there is nothing to say about `%s`", path);
}

static void show_page(struct interp *interp, const struct bundle *bundle) {
    if (interp->output->page) interp->output->page(interp->output->ctx, bundle);
    else if (interp->output->display) interp->output->display(interp->output->ctx, bundle, NULL, false);
}

enum status exec_help(struct frame *frame, const struct node *node, struct error *err) {
    struct buf path = BUF_INIT;
    struct bundle bundle = BUNDLE_INIT;
    for (uint32_t i = 0; i < node->u.help.n; i++) buf_addf(&path, "%s%s", i ? "." : "", node->u.help.path[i]);
    struct snapshot *snapshot = snapshot_new(frame->interp);
    struct slice code = {buf_text(&path), path.len};
    bool found = inspect_at(frame->interp->registry, snapshot, code, utf8_count(code), 1, &bundle) ||
                 inspect_type_named(frame->interp->registry, buf_text(&path), &bundle);
    enum status status = found ? OK : help_missing(frame, node, buf_text(&path), err);
    if (found) show_page(frame->interp, &bundle);
    bundle_release(&bundle);
    snapshot_unref(snapshot);
    buf_release(&path);
    return status;
}
