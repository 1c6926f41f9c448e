/* Comprehensions: a scope of their own; the first iterable belongs to the scope around. */
#include "kernel/lang/eval.h"

#define TURNS_PER_LOOK 512

struct making {
    const struct node *node;
    struct value result; /* list, set or dict */
};

static void declare_targets(struct env *env, const struct node *target) {
    if (target->kind == NODE_NAME) env_declare(env, target->u.name);
    if (target->kind == NODE_STARRED) declare_targets(env, target->u.operand);
    if (target->kind != NODE_TUPLE) return;
    for (uint32_t i = 0; i < target->u.list.n; i++) declare_targets(env, target->u.list.items[i]);
}

static enum status add_pair(struct frame *frame, struct making *making, struct error *err) {
    struct value key, item;
    TRY(eval(frame, making->node->u.comp.element, &key, err));
    enum status status = eval(frame, making->node->u.comp.value, &item, err);
    if (status == OK) {
        status = dict_put(&making->result, key, item, err);
        value_release(&item);
    }
    value_release(&key);
    return status;
}

static enum status add_element(struct frame *frame, struct making *making, struct error *err) {
    struct value item;
    if (making->node->kind == NODE_DICTCOMP) return add_pair(frame, making, err);
    TRY(eval(frame, making->node->u.comp.element, &item, err));
    if (making->node->kind == NODE_SETCOMP) {
        enum status status = set_add(&making->result, item, err);
        value_release(&item);
        return status;
    }
    if (seq_len(making->result) >= LIMIT_LIST) {
        value_release(&item);
        return err_set(err, ERR_LIMIT, "a comprehension makes more than %d items", LIMIT_LIST);
    }
    seq_push(&making->result, item);
    return OK;
}

static enum status run_clause(struct frame *frame, struct making *making, uint32_t i, struct value over, struct error *err);

/* Looks at the conditions of clause i, then goes on with the next clause. */
static enum status run_turn(struct frame *frame, struct making *making, uint32_t i, struct value item, struct error *err) {
    const struct comp_clause *clause = &making->node->u.comp.clauses[i];
    struct value over;
    if (++frame->interp->turns % TURNS_PER_LOOK == 0) TRY(task_check(frame->interp->task, err));
    TRY(assign(frame, (struct node *const[]){clause->target}, 1, item, err));
    for (uint32_t c = 0; c < clause->conditions.n; c++) {
        bool truth;
        TRY(eval_truth(frame, clause->conditions.items[c], &truth, err));
        if (!truth) return OK;
    }
    if (i + 1 == making->node->u.comp.n) return add_element(frame, making, err);
    TRY(eval(frame, clause[1].iterable, &over, err));
    enum status status = run_clause(frame, making, i + 1, over, err);
    value_release(&over);
    return status;
}

static enum status run_clause(struct frame *frame, struct making *making, uint32_t i, struct value over, struct error *err) {
    struct iter iter;
    bool done = false;
    if (iter_begin(over, &iter, err) != OK) {
        error_place(err, frame->source, making->node->u.comp.clauses[i].iterable->span);
        return err->code;
    }
    enum status status = OK;
    while (status == OK) {
        struct value item = UNSET;
        status = iter_next(&iter, &item, &done, err);
        if (status != OK) error_place(err, frame->source, making->node->u.comp.clauses[i].iterable->span);
        if (status != OK || done) break;
        status = run_turn(frame, making, i, item, err);
        value_release(&item);
    }
    iter_end(&iter);
    return status;
}

enum status eval_comprehension(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value over;
    TRY(eval(frame, node->u.comp.clauses[0].iterable, &over, err));
    struct making making = {node, node->kind == NODE_DICTCOMP ? value_dict() : node->kind == NODE_SETCOMP ? value_set() : value_list(0)};
    struct frame inner = *frame;
    inner.env = env_new(frame->env, &frame->interp->scopes);
    for (uint32_t i = 0; i < node->u.comp.n; i++) declare_targets(inner.env, node->u.comp.clauses[i].target);
    enum status status = run_clause(&inner, &making, 0, over, err);
    env_leave(inner.env);
    value_release(&over);
    if (status == OK) *out = making.result;
    else value_release(&making.result);
    return status;
}
