/* Expressions. */
#include "kernel/lang/eval.h"

#include "runtime/base/mem.h"

/* --- names --- */

static const struct env_slot *find_local(const struct frame *frame, const char *name) {
    for (const struct env *env = frame->env; env; env = env->parent) {
        const struct env_slot *slot = env_find(env, name);
        if (slot) return slot;
    }
    return NULL;
}

enum status eval_name(struct frame *frame, const char *name, struct value *out, struct error *err) {
    const struct env_slot *slot = find_local(frame, name);
    if (slot && slot->value.kind == VAL_UNSET) return no_value_yet(frame, name, err);
    if (!slot) slot = env_find(frame->interp->globals, name);
    if (!slot) return unknown_name(frame, name, err);
    *out = slot->value;
    return OK;
}

static enum status name_value(struct frame *frame, const char *name, struct value *out, struct error *err) {
    struct value found;
    const struct env_slot *slot = find_local(frame, name);
    if (!slot) slot = env_find(frame->interp->globals, name);
    const struct builtin_info *info = slot ? NULL : registry_find(frame->interp->registry, name);
    if (info) return *out = value_builtin(info->row, UNSET), OK;
    TRY(eval_name(frame, name, &found, err));
    *out = value_ref(found);
    return OK;
}

/* --- displays --- */

static enum status spread(struct frame *frame, const struct node *node, struct value *seq, struct error *err) {
    struct value over, items;
    TRY(eval(frame, node, &over, err));
    enum status status = value_to_list(over, &items, err);
    if (status != OK) error_place(err, frame->source, node->span);
    value_release(&over);
    if (status != OK) return status;
    for (size_t i = 0; i < seq_len(items); i++) seq_push(seq, value_ref(seq_item(items, i)));
    value_release(&items);
    return OK;
}

enum status eval_items(struct frame *frame, struct nodes nodes, struct value *seq, struct error *err) {
    for (uint32_t i = 0; i < nodes.n; i++) {
        struct value item;
        if (nodes.items[i]->kind == NODE_STARRED) {
            TRY(spread(frame, nodes.items[i]->u.operand, seq, err));
            continue;
        }
        TRY(eval(frame, nodes.items[i], &item, err));
        seq_push(seq, item);
    }
    return OK;
}

static enum status eval_seq(struct frame *frame, const struct node *node, struct value seq, struct value *out, struct error *err) {
    enum status status = eval_items(frame, node->u.list, &seq, err);
    if (status == OK) *out = seq;
    else value_release(&seq);
    return status;
}

static enum status add_to_set(struct frame *frame, const struct node *node, struct value items, struct value *set, struct error *err) {
    for (size_t i = 0; i < seq_len(items); i++) {
        if (set_add(set, seq_item(items, i), err) == OK) continue;
        if (seq_len(items) == node->u.list.n) error_place(err, frame->source, node->u.list.items[i]->span);
        return err->code;
    }
    return OK;
}

static enum status eval_set(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value items, set = value_set();
    enum status status = eval_seq(frame, node, value_list(node->u.list.n), &items, err);
    if (status == OK) {
        status = add_to_set(frame, node, items, &set, err);
        value_release(&items);
    }
    if (status == OK) *out = set;
    else value_release(&set);
    return status;
}

static enum status put_spread(struct frame *frame, const struct node *node, struct value *dict, struct error *err) {
    struct value from;
    TRY(eval(frame, node, &from, err));
    enum status status = OK;
    if (from.kind != VAL_DICT) {
        status = err_set(err, ERR_TYPE, "`**` spreads a dict, not %s", value_type_name(from));
        error_place(err, frame->source, node->span);
    }
    for (size_t i = 0; status == OK && i < dict_len(from); i++) status = dict_put(dict, dict_key(from, i), dict_value(from, i), err);
    value_release(&from);
    return status;
}

static enum status put_pair(struct frame *frame, const struct node *key_node, const struct node *value_node, struct value *dict, struct error *err) {
    struct value key, item;
    TRY(eval(frame, key_node, &key, err));
    enum status status = eval(frame, value_node, &item, err);
    if (status == OK) {
        status = dict_put(dict, key, item, err);
        if (status != OK) error_place(err, frame->source, key_node->span);
        value_release(&item);
    }
    value_release(&key);
    return status;
}

static enum status eval_dict(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value dict = value_dict();
    enum status status = OK;
    for (uint32_t i = 0; status == OK && i < node->u.dict.n; i++) {
        if (node->u.dict.keys[i]) status = put_pair(frame, node->u.dict.keys[i], node->u.dict.values[i], &dict, err);
        else status = put_spread(frame, node->u.dict.values[i], &dict, err);
    }
    if (status == OK) *out = dict;
    else value_release(&dict);
    return status;
}

/* --- postfix --- */

static enum status eval_attribute(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value object;
    TRY(eval(frame, node->u.attribute.object, &object, err));
    enum status status = value_attribute(frame->interp, object, node->u.attribute.name, out, err);
    if (status != OK) error_place(err, frame->source, node->u.attribute.name_span);
    value_release(&object);
    return status;
}

static enum status slice_end(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    if (!node) return *out = NONE, OK;
    return eval(frame, node, out, err);
}

static enum status eval_slice(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value start = NONE, stop = NONE, step = NONE;
    enum status status = slice_end(frame, node->u.slice.start, &start, err);
    if (status == OK) status = slice_end(frame, node->u.slice.stop, &stop, err);
    if (status == OK) status = slice_end(frame, node->u.slice.step, &step, err);
    if (status == OK) *out = value_slice(start, stop, step);
    value_release(&start);
    value_release(&stop);
    value_release(&step);
    return status;
}

enum status eval_subscripts(struct frame *frame, struct nodes subscripts, struct value *out, struct error *err) {
    if (subscripts.n == 1 && subscripts.items[0]->kind != NODE_STARRED) return eval(frame, subscripts.items[0], out, err);
    struct value tuple = value_tuple(subscripts.n);
    enum status status = eval_items(frame, subscripts, &tuple, err);
    if (status == OK) *out = tuple;
    else value_release(&tuple);
    return status;
}

static struct span subscripts_span(struct nodes subscripts) {
    return (struct span){subscripts.items[0]->span.start, subscripts.items[subscripts.n - 1]->span.end};
}

static enum status eval_index(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value object, key;
    TRY(eval(frame, node->u.index.object, &object, err));
    enum status status = eval_subscripts(frame, node->u.index.subscripts, &key, err);
    if (status == OK) {
        status = value_index(object, key, out, err);
        if (status == ERR_KEY || status == ERR_INDEX) error_place(err, frame->source, subscripts_span(node->u.index.subscripts));
        value_release(&key);
    }
    value_release(&object);
    return status;
}

/* --- operators --- */

static enum status eval_unary(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value operand;
    const struct node *inner = node->u.unary.operand;
    if (node->u.unary.op == OP_NEG && inner->kind == NODE_INT && inner->u.integer == INT64_MIN) return *out = value_int(INT64_MIN), OK;
    TRY(eval(frame, inner, &operand, err));
    enum status status = value_unary(node->u.unary.op, operand, out, err);
    value_release(&operand);
    return status;
}

static enum status eval_binary(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value left, right;
    TRY(eval(frame, node->u.binary.left, &left, err));
    enum status status = eval(frame, node->u.binary.right, &right, err);
    if (status == OK) {
        bool in_place = left.kind == VAL_STR || left.kind == VAL_LIST; /* a + b + c grows one value */
        if (in_place && !value_is_shared(left) && left.kind == right.kind && node->u.binary.op == OP_ADD) {
            status = value_augment(OP_ADD, &left, right, err);
            if (status == OK) *out = value_ref(left);
        } else status = value_binary(node->u.binary.op, left, right, out, err);
        value_release(&right);
    }
    value_release(&left);
    return status;
}

/* `and`, `or`: the value that decides. */
static enum status eval_logic(struct frame *frame, const struct node *node, bool decided_by, struct value *out, struct error *err) {
    struct value left;
    bool truth;
    TRY(eval(frame, node->u.binary.left, &left, err));
    enum status status = value_truth(left, &truth, err);
    if (status != OK) error_place(err, frame->source, node->u.binary.left->span);
    if (status == OK && truth == decided_by) return *out = left, OK;
    value_release(&left);
    return status == OK ? eval(frame, node->u.binary.right, out, err) : status;
}

static bool same_value(struct value a, struct value b) {
    if (a.kind != b.kind) return false;
    if (value_is_seq(a)) return a.u.seq == b.u.seq;
    if (a.kind == VAL_DICT || a.kind == VAL_SET) return a.u.dict == b.u.dict;
    if (a.kind == VAL_OBJECT) return a.u.object == b.u.object || a.u.object->data == b.u.object->data;
    return value_equal(a, b);
}

static bool compares_by_item(struct value value) { return value.kind == VAL_OBJECT && value.u.object->type->binary; }

static enum status compare_pair(enum op op, struct value a, struct value b, struct value *out, struct error *err) {
    bool truth = false;
    if (op == OP_IS || op == OP_IS_NOT) return *out = value_bool(same_value(a, b) == (op == OP_IS)), OK;
    if (op == OP_IN || op == OP_NOT_IN) {
        TRY(value_contains(b, a, &truth, err));
        return *out = value_bool(truth == (op == OP_IN)), OK;
    }
    bool none = a.kind == VAL_NONE || b.kind == VAL_NONE;
    if ((compares_by_item(a) || compares_by_item(b)) && !none) return value_binary(op, a, b, out, err);
    TRY(value_compare(op, a, b, &truth, err));
    *out = value_bool(truth);
    return OK;
}

/* Each operand is evaluated once; the chain ends at the first that is false. */
static enum status eval_compare(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value left, result = UNSET;
    bool truth = true;
    TRY(eval(frame, node->u.compare.first, &left, err));
    enum status status = OK;
    for (uint32_t i = 0; status == OK && truth && i < node->u.compare.n; i++) {
        struct value right;
        value_release(&result);
        status = eval(frame, node->u.compare.operands[i], &right, err);
        if (status != OK) break;
        status = compare_pair(node->u.compare.ops[i], left, right, &result, err);
        value_release(&left);
        left = right;
        if (status == OK && i + 1 < node->u.compare.n) status = value_truth(result, &truth, err);
    }
    value_release(&left);
    if (status == OK) *out = result;
    else value_release(&result);
    return status;
}

enum status eval_truth(struct frame *frame, const struct node *node, bool *out, struct error *err) {
    struct value value;
    TRY(eval(frame, node, &value, err));
    enum status status = value_truth(value, out, err);
    if (status != OK) error_place(err, frame->source, node->span);
    value_release(&value);
    return status;
}

static enum status eval_conditional(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    bool truth;
    TRY(eval_truth(frame, node->u.conditional.condition, &truth, err));
    return eval(frame, truth ? node->u.conditional.then : node->u.conditional.otherwise, out, err);
}

/* --- all kinds --- */

static enum status eval_node(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    switch (node->kind) {
    case NODE_NONE: return *out = NONE, OK;
    case NODE_BOOL: return *out = value_bool(node->u.boolean), OK;
    case NODE_INT: return *out = value_int(node->u.integer), OK;
    case NODE_FLOAT: return *out = value_float(node->u.real), OK;
    case NODE_STRING: return *out = value_strn(node->u.string.data, node->u.string.len), OK;
    case NODE_FSTRING: return eval_fstring(frame, node, out, err);
    case NODE_NAME: return name_value(frame, node->u.name, out, err);
    case NODE_LIST: return eval_seq(frame, node, value_list(node->u.list.n), out, err);
    case NODE_TUPLE: return eval_seq(frame, node, value_tuple(node->u.list.n), out, err);
    case NODE_SET: return eval_set(frame, node, out, err);
    case NODE_DICT: return eval_dict(frame, node, out, err);
    case NODE_LISTCOMP:
    case NODE_SETCOMP:
    case NODE_DICTCOMP:
    case NODE_GENEXP: return eval_comprehension(frame, node, out, err);
    case NODE_ATTRIBUTE: return eval_attribute(frame, node, out, err);
    case NODE_CALL: return eval_call(frame, node, out, err);
    case NODE_INDEX: return eval_index(frame, node, out, err);
    case NODE_SLICE: return eval_slice(frame, node, out, err);
    case NODE_UNARY: return eval_unary(frame, node, out, err);
    case NODE_BINARY: return eval_binary(frame, node, out, err);
    case NODE_AND: return eval_logic(frame, node, false, out, err);
    case NODE_OR: return eval_logic(frame, node, true, out, err);
    case NODE_COMPARE: return eval_compare(frame, node, out, err);
    case NODE_CONDITIONAL: return eval_conditional(frame, node, out, err);
    case NODE_LAMBDA: return eval_function(frame, node, out, err);
    default: return err_set(err, ERR_INTERNAL, "this kind of expression has no value here");
    }
}

enum status eval(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    enum status status;
    if (++frame->interp->height > LIMIT_EVAL_HEIGHT) {
        status = err_set(err, ERR_LIMIT, "this nests too deep: over %d evaluations inside each other", LIMIT_EVAL_HEIGHT);
        err_hint(err, "split it into steps, each with a name");
    } else status = eval_node(frame, node, out, err);
    frame->interp->height--;
    if (status != OK) error_place(err, frame->source, node->span);
    return status;
}
