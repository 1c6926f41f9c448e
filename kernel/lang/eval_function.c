/* def and lambda: making functions, running them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/eval.h"
#include "runtime/base/map.h"
#include "runtime/base/vec.h"

/* --- which names belong to a call --- */

struct names {
    const char **data;
    size_t len, cap;
    struct str_map *seen; /* once there are more than FEW_NAMES */
};

#define FEW_NAMES 32

static bool is_new(struct names *names, const char *name) {
    for (size_t i = 0; !names->seen && i < names->len; i++)
        if (strcmp(names->data[i], name) == 0) return false;
    if (!names->seen && names->len < FEW_NAMES) return true;
    if (!names->seen) {
        names->seen = str_map_new();
        for (size_t i = 0; i < names->len; i++) str_map_put(names->seen, slice_of(names->data[i]), 0, false);
    }
    return str_map_put(names->seen, slice_of(name), 0, false);
}

static void add_name(struct names *names, const char *name) {
    if (is_new(names, name)) vec_push(names, name);
}

static void add_target(struct names *names, const struct node *target) {
    if (target->kind == NODE_NAME) add_name(names, target->u.name);
    if (target->kind == NODE_STARRED) add_target(names, target->u.operand);
    if (target->kind != NODE_TUPLE) return;
    for (uint32_t i = 0; i < target->u.list.n; i++) add_target(names, target->u.list.items[i]);
}

static void add_bound(struct names *names, const struct node *node) {
    if (!node) return;
    switch (node->kind) {
    case NODE_BLOCK:
        for (uint32_t i = 0; i < node->u.list.n; i++) add_bound(names, node->u.list.items[i]);
        break;
    case NODE_ASSIGN:
        for (uint32_t i = 0; i < node->u.assign.n; i++) add_target(names, node->u.assign.targets[i]);
        break;
    case NODE_AUGMENTED: add_target(names, node->u.augmented.target); break;
    case NODE_DEF: add_name(names, node->u.function.name); break;
    case NODE_DEL: add_name(names, node->u.name); break;
    case NODE_FOR:
        add_target(names, node->u.loop.target);
        add_bound(names, node->u.loop.body);
        break;
    case NODE_WHILE: add_bound(names, node->u.whilst.body); break;
    case NODE_IF:
        for (uint32_t i = 0; i < node->u.choice.n; i++) add_bound(names, node->u.choice.branches[i].body);
        add_bound(names, node->u.choice.otherwise);
        break;
    default: break;
    }
}

/* --- making --- */

static enum status eval_defaults(struct frame *frame, struct function *function, struct error *err) {
    const struct node *node = function->node;
    function->defaults = xnew_array(struct value, node->u.function.n + 1);
    for (uint32_t i = 0; i < node->u.function.n; i++)
        if (node->u.function.parameters[i].otherwise) TRY(eval(frame, node->u.function.parameters[i].otherwise, &function->defaults[i], err));
    return OK;
}

enum status eval_function(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct names names = {0};
    struct value made = value_function(function_new(node, frame->source, frame->env));
    for (uint32_t i = 0; i < node->u.function.n; i++) vec_push(&names, node->u.function.parameters[i].name);
    if (node->kind == NODE_DEF) add_bound(&names, node->u.function.body);
    str_map_free(names.seen);
    made.u.function->locals = names.data;
    made.u.function->n_locals = (uint32_t)names.len;
    enum status status = eval_defaults(frame, made.u.function, err);
    if (status == OK) *out = made;
    else value_release(&made);
    return status;
}

/* --- arguments --- */

static enum status blame(const struct arguments *a, size_t i, bool name, struct error *err) {
    if (a->spans && a->source) error_place(err, a->source, name ? a->name_spans[i] : a->spans[i]);
    return err->code;
}

static void signature_hint(const struct function *function, struct error *err) {
    struct buf text = BUF_INIT;
    function_signature(function, &text);
    err_hint(err, "it is %s", buf_text(&text));
    buf_release(&text);
}

static enum status too_many(const struct function *function, const struct arguments *a, size_t i, struct error *err) {
    const struct node *node = function->node;
    size_t most = 0, given = 0, least = 0;
    for (uint32_t p = 0; p < node->u.function.n && node->u.function.parameters[p].kind == PARAM_PLAIN; p++) {
        most++;
        least += !node->u.function.parameters[p].otherwise;
    }
    for (size_t j = 0; j < a->n; j++) given += !(a->names && a->names[j]);
    err_set(err, ERR_TYPE, "%s takes %s%zu argument%s, got %zu", function_name(function), least < most ? "at most " : "", most, most == 1 ? "" : "s",
            given);
    signature_hint(function, err);
    return blame(a, i, false, err);
}

static enum status no_parameter(const struct function *function, const struct arguments *a, size_t i, struct error *err) {
    const struct node *node = function->node;
    const char **names = xnew_array(const char *, node->u.function.n + 1);
    size_t n = 0;
    for (uint32_t p = 0; p < node->u.function.n; p++)
        if (node->u.function.parameters[p].kind == PARAM_PLAIN) names[n++] = node->u.function.parameters[p].name;
    err_set(err, ERR_TYPE, "%s has no parameter `%s`", function_name(function), a->names[i]);
    const char *near = nearest_name(a->names[i], names, n);
    if (near) err_hint(err, "did you mean `%s`?", near);
    else signature_hint(function, err);
    free(names);
    return blame(a, i, true, err);
}

/* Parameter i of the plain ones before `*`; -1: none. The locals begin with the parameters. */
static int plain_at(const struct node *node, size_t position) {
    for (uint32_t p = 0; p < node->u.function.n && node->u.function.parameters[p].kind == PARAM_PLAIN; p++)
        if (p == position) return (int)p;
    return -1;
}

static int find_kind(const struct node *node, int kind) {
    for (uint32_t p = 0; p < node->u.function.n; p++)
        if ((int)node->u.function.parameters[p].kind == kind) return (int)p;
    return -1;
}

static int plain_named(const struct node *node, const char *name) {
    for (uint32_t p = 0; p < node->u.function.n; p++)
        if (node->u.function.parameters[p].kind == PARAM_PLAIN && strcmp(node->u.function.parameters[p].name, name) == 0) return (int)p;
    return -1;
}

static enum status place_named(const struct function *function, struct env *env, const struct arguments *a, size_t i, struct error *err) {
    int at = plain_named(function->node, a->names[i]), rest = find_kind(function->node, PARAM_DOUBLE_STAR);
    if (at < 0 && rest < 0) return no_parameter(function, a, i, err);
    if (at < 0) return dict_puts(&env->slots[rest].value, a->names[i], value_ref(a->values[i])), OK;
    if (env->slots[at].value.kind != VAL_UNSET) {
        err_set(err, ERR_TYPE, "%s: `%s` is given twice", function_name(function), a->names[i]);
        return blame(a, i, true, err);
    }
    env->slots[at].value = value_ref(a->values[i]);
    return OK;
}

static enum status place_arguments(const struct function *function, struct env *env, const struct arguments *a, struct error *err) {
    int star = find_kind(function->node, PARAM_STAR);
    size_t position = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (a->names && a->names[i]) {
            TRY(place_named(function, env, a, i, err));
            continue;
        }
        int at = plain_at(function->node, position++);
        if (at >= 0) env->slots[at].value = value_ref(a->values[i]);
        else if (star >= 0) seq_push(&env->slots[star].value, value_ref(a->values[i]));
        else return too_many(function, a, i, err);
    }
    return OK;
}

static enum status bind_parameters(const struct function *function, struct env *env, const struct arguments *a, struct error *err) {
    const struct node *node = function->node;
    for (uint32_t p = 0; p < node->u.function.n; p++) {
        if (node->u.function.parameters[p].kind == PARAM_STAR) env->slots[p].value = value_tuple(0);
        if (node->u.function.parameters[p].kind == PARAM_DOUBLE_STAR) env->slots[p].value = value_dict();
    }
    TRY(place_arguments(function, env, a, err));
    for (uint32_t p = 0; p < node->u.function.n; p++) {
        if (env->slots[p].value.kind != VAL_UNSET) continue;
        env->slots[p].value = value_ref(function->defaults[p]);
        if (env->slots[p].value.kind != VAL_UNSET) continue;
        err_set(err, ERR_TYPE, "%s needs `%s`", function_name(function), node->u.function.parameters[p].name);
        return signature_hint(function, err), err->code;
    }
    return OK;
}

/* --- running --- */

static enum status run_body(struct frame *frame, const struct function *function, struct value *out, struct error *err) {
    const struct node *node = function->node;
    enum flow flow = FLOW_NEXT;
    struct value result = NONE;
    if (node->kind == NODE_LAMBDA) return eval(frame, node->u.function.body, out, err);
    enum status status = exec_block(frame, node->u.function.body, &flow, &result, err);
    if (status == OK) *out = result;
    return status;
}

/* "while calling `dcg` (Cell 3, line 2)": once for each function and place. */
static void note_call(const struct interp *interp, const struct function *function, struct error *err) {
    char note[256];
    uint32_t line, column;
    if (!interp->source) return;
    source_position(interp->source, interp->here.start, &line, &column);
    snprintf(note, sizeof note, "while calling `%.80s` (%.80s, line %u)", function_name(function), interp->source->name, line);
    if (!strstr(err->notes, note)) err_note(err, "%s", note);
}

static enum status too_deep(const struct function *function, struct error *err) {
    err_set(err, ERR_LIMIT, "more than %d calls inside each other, the last of `%s`", LIMIT_DEPTH, function_name(function));
    return err_hint(err, "a function that calls itself needs a case that ends it; a loop reaches further");
}

static enum status call_thunk(struct interp *interp, struct function *function, struct value *out, struct error *err) {
    struct frame frame = {interp, function->env, function->source, NULL};
    return eval(&frame, function->node, out, err);
}

enum status call_function(struct interp *interp, struct function *function, const struct arguments *arguments, struct value *out, struct error *err) {
    if (function->thunk) return call_thunk(interp, function, out, err);
    if (interp->depth >= LIMIT_DEPTH) return too_deep(function, err);
    struct value held = value_ref(value_function(function)); /* the body may rebind its own name */
    struct frame frame = {interp, env_new(function->env, &interp->scopes), function->source, function};
    env_declare_all(frame.env, function->locals, function->n_locals);
    enum status status = bind_parameters(function, frame.env, arguments, err);
    if (status == OK) {
        interp->depth++;
        status = run_body(&frame, function, out, err);
        interp->depth--;
        if (status != OK) note_call(interp, function, err);
    }
    env_leave(frame.env);
    value_release(&held);
    return status;
}
