/* Assignment: all targets of a statement are bound, or none. */
#include <stdlib.h>

#include "kernel/lang/eval.h"
#include "runtime/base/vec.h"

/* --- what was there before, for several targets --- */

struct before {
    struct env *env;
    const char *name;
    struct value value; /* UNSET: nothing */
};

struct undo {
    VEC(struct before) all;
};

static void undo_end(struct undo *undo) {
    for (size_t i = 0; i < undo->all.len; i++) value_release(&undo->all.data[i].value);
    vec_release(&undo->all);
}

static void put_back(struct frame *frame, struct before *before) {
    if (before->value.kind == VAL_UNSET && before->env == frame->interp->globals) {
        env_remove(before->env, before->name);
        return;
    }
    struct env_slot *slot = env_declare(before->env, before->name);
    struct value gone = slot->value;
    slot->value = before->value;
    before->value = UNSET;
    value_release(&gone);
}

static void undo_all(struct frame *frame, struct undo *undo) {
    for (size_t i = undo->all.len; i > 0; i--) put_back(frame, &undo->all.data[i - 1]);
}

static void remember(struct undo *undo, struct env *env, const char *name, const struct env_slot *slot) {
    if (!undo) return;
    struct before before = {env, name, slot ? value_ref(slot->value) : UNSET};
    vec_push(&undo->all, before);
}

/* --- names --- */

static bool is_own_name(const char *name) { return name[0] == '_'; }

/* Once a name: the cell's `min` hides the builtin. */
static void tell_hidden(struct interp *interp, const char *name) {
    if (is_own_name(name) || !registry_find(interp->registry, name) || env_find(interp->told, name)) return;
    env_declare(interp->told, name);
    struct buf text = BUF_INIT;
    buf_addf(&text, "this hides the builtin `%s`; `del %s` brings it back\n", name, name);
    if (interp->output && interp->output->stream) interp->output->stream(interp->output->ctx, "stderr", buf_text(&text), text.len);
    buf_release(&text);
}

static struct env *scope_of(struct frame *frame) { return frame->env ? frame->env : frame->interp->globals; }

/* Takes value. */
static void bind_name(struct frame *frame, const char *name, struct value value, struct undo *undo) {
    struct env *env = scope_of(frame);
    bool global = env == frame->interp->globals;
    struct env_slot *slot = env_find(env, name);
    remember(undo, env, name, slot);
    if (global && !slot) tell_hidden(frame->interp, name);
    if (!slot) slot = env_declare(env, name);
    struct value old = slot->value;
    slot->value = value;
    frame->interp->bound |= global;
    value_release(&old);
}

/* --- subscripts: d["a"]["b"] = value --- */

/* The name that is subscripted, and the keys from the outside in. */
struct path {
    const char *name;
    struct span name_span;
    VEC(struct value) keys;
    VEC(struct span) spans; /* of the subscripts' targets, for errors */
};

static void path_end(struct path *path) {
    for (size_t i = 0; i < path->keys.len; i++) value_release(&path->keys.data[i]);
    vec_release(&path->keys);
    vec_release(&path->spans);
}

static enum status path_begin(struct frame *frame, const struct node *node, struct path *path, struct error *err) {
    struct value key;
    if (node->kind == NODE_NAME) {
        path->name = node->u.name;
        path->name_span = node->span;
        return OK;
    }
    TRY(path_begin(frame, node->u.index.object, path, err));
    TRY(eval_subscripts(frame, node->u.index.subscripts, &key, err));
    vec_push(&path->keys, key);
    vec_push(&path->spans, node->span);
    return OK;
}

/* A slot that may be changed: of this scope's own name. */
static enum status own_slot(struct frame *frame, const struct path *path, struct env_slot **out, struct error *err) {
    struct value ignored;
    struct env_slot *slot = env_find(scope_of(frame), path->name);
    if (slot && slot->value.kind != VAL_UNSET) return *out = slot, OK;
    enum status status = eval_name(frame, path->name, &ignored, err);
    if (status == OK && frame->function) {
        status = err_set(err, ERR_NAME, "`%s` is bound outside of `%s`, and a function changes only names of its own", path->name,
                         function_name(frame->function));
        err_hint(err, "take it as a parameter, return the new one, and bind that: %s = %s(%s)", path->name, function_name(frame->function),
                 path->name);
    } else if (status == OK) status = err_set(err, ERR_NAME, "`%s` can't be changed here", path->name);
    error_place(err, frame->source, path->name_span);
    return status;
}

static enum status fixed(struct value container, struct error *err) {
    const char *type = value_type_name(container);
    switch (container.kind) {
    case VAL_TUPLE:
        err_set(err, ERR_TYPE, "the items of a tuple can't be assigned");
        return err_hint(err, "make a list of it first, list(t), or put a new one together: t[:1] + (x,) + t[2:]");
    case VAL_STR:
        err_set(err, ERR_TYPE, "the letters of a str can't be assigned");
        return err_hint(err, "make a new one: s.replace(\"old\", \"new\")");
    case VAL_OBJECT:
        err_set(err, ERR_TYPE, "the items of %s%s can't be assigned: values don't change", article(type), type);
        if (strcmp(type, "Table") == 0) err_hint(err, "make a new one: t = t.add(column=…)");
        return err_hint(err, "make a new one");
    default: return err_set(err, ERR_TYPE, "%s has no items to assign", container.kind == VAL_NONE ? "None" : type);
    }
}

/* Where an existing item stands, its container made our own. */
static enum status child_slot(struct value *container, struct value key, struct value **out, struct error *err) {
    struct value item;
    int64_t i;
    if (container->kind == VAL_LIST) {
        TRY(index_position(key, (int64_t)seq_len(*container), "list", &i, err));
        value_own(container);
        return *out = &container->u.seq->items[i], OK;
    }
    if (container->kind != VAL_DICT) return fixed(*container, err);
    TRY(value_index(*container, key, &item, err));
    value_release(&item);
    value_own(container);
    *out = dict_slot(container, key);
    return OK;
}

static enum status put_item(struct value *container, struct value key, struct value value, struct error *err) {
    struct value *slot;
    if (container->kind == VAL_DICT) {
        value_own(container);
        return dict_put(container, key, value, err);
    }
    TRY(child_slot(container, key, &slot, err));
    struct value old = *slot;
    *slot = value_ref(value);
    value_release(&old);
    return OK;
}

/* Slot of the container that the last key goes into. */
static enum status last_container(struct frame *frame, const struct path *path, struct value *root, struct value **out, struct error *err) {
    for (size_t i = 0; i + 1 < path->keys.len; i++) {
        if (child_slot(root, path->keys.data[i], &root, err) == OK) continue;
        error_place(err, frame->source, path->spans.data[i]);
        return err->code;
    }
    *out = root;
    return OK;
}

static enum status store(struct frame *frame, const struct path *path, struct value value, struct undo *undo, struct error *err) {
    struct env_slot *slot;
    struct value *container;
    TRY(own_slot(frame, path, &slot, err));
    remember(undo, scope_of(frame), path->name, slot);
    TRY(last_container(frame, path, &slot->value, &container, err));
    TRY(put_item(container, path->keys.data[path->keys.len - 1], value, err));
    frame->interp->bound |= !frame->env;
    return OK;
}

static enum status assign_subscript(struct frame *frame, const struct node *node, struct value value, struct undo *undo, struct error *err) {
    struct path path = {0};
    enum status status = path_begin(frame, node, &path, err);
    if (status == OK) status = store(frame, &path, value, undo, err);
    if (status != OK) error_place(err, frame->source, node->span);
    path_end(&path);
    return status;
}

/* --- unpacking --- */

static enum status assign_one(struct frame *frame, const struct node *target, struct value value, struct undo *undo, struct error *err);

static bool are_datasets(struct value items) {
    for (size_t i = 0; i < seq_len(items); i++)
        if (strcmp(value_type_name(seq_item(items, i)), "Dataset") != 0) return false;
    return true;
}

static enum status wrong_count(struct frame *frame, const struct node *target, struct value items, bool starred, struct error *err) {
    const size_t n_values = seq_len(items);
    const uint32_t n = target->u.list.n - starred;
    err_set(err, ERR_VALUE, "%s%u name%s on the left, %zu value%s on the right", starred ? "at least " : "", n, n == 1 ? "" : "s", n_values,
            n_values == 1 ? "" : "s");
    if (n_values == 3 && are_datasets(items)) err_hint(err, "they are train, valid and test: train, valid, test = …");
    if (n_values == 2 && are_datasets(items))
        err_hint(err, "they are train and test; split(ratings, valid=0.1, test=0.2) gives train, valid and test");
    if (!starred && n_values > n) err_hint(err, "a starred name takes the rest: first, *rest = …");
    error_place(err, frame->source, target->span);
    return err->code;
}

static struct value rest_of(struct value items, size_t from, size_t n) {
    struct value rest = value_list(n);
    for (size_t i = 0; i < n; i++) seq_push(&rest, value_ref(seq_item(items, from + i)));
    return rest;
}

static enum status assign_items(struct frame *frame, const struct node *target, struct value items, struct undo *undo, struct error *err) {
    size_t n = seq_len(items), at = 0;
    bool starred = false;
    for (uint32_t i = 0; i < target->u.list.n; i++) starred |= target->u.list.items[i]->kind == NODE_STARRED;
    if (starred ? n + 1 < target->u.list.n : n != target->u.list.n) return wrong_count(frame, target, items, starred, err);
    for (uint32_t i = 0; i < target->u.list.n; i++) {
        const struct node *one = target->u.list.items[i];
        if (one->kind != NODE_STARRED) {
            TRY(assign_one(frame, one, seq_item(items, at++), undo, err));
            continue;
        }
        size_t n_rest = n + 1 - target->u.list.n;
        struct value rest = rest_of(items, at, n_rest);
        enum status status = assign_one(frame, one->u.operand, rest, undo, err);
        value_release(&rest);
        if (status != OK) return status;
        at += n_rest;
    }
    return OK;
}

static enum status unpack(struct frame *frame, const struct node *target, struct value value, struct undo *undo, struct error *err) {
    struct value items;
    if (value_to_list(value, &items, err) != OK) {
        error_place(err, frame->source, target->span);
        return err->code;
    }
    enum status status = assign_items(frame, target, items, undo, err);
    value_release(&items);
    return status;
}

static enum status assign_one(struct frame *frame, const struct node *target, struct value value, struct undo *undo, struct error *err) {
    if (target->kind == NODE_NAME) return bind_name(frame, target->u.name, value_ref(value), undo), OK;
    if (target->kind == NODE_INDEX) return assign_subscript(frame, target, value, undo, err);
    return unpack(frame, target, value, undo, err);
}

enum status assign(struct frame *frame, struct node *const *targets, uint32_t n_targets, struct value value, struct error *err) {
    struct undo undo = {0};
    if (n_targets == 1 && targets[0]->kind != NODE_TUPLE) return assign_one(frame, targets[0], value, NULL, err);
    enum status status = OK;
    for (uint32_t i = 0; status == OK && i < n_targets; i++) status = assign_one(frame, targets[i], value, &undo, err);
    if (status != OK) undo_all(frame, &undo);
    undo_end(&undo);
    return status;
}

/* --- x += y --- */

static enum status augment_name(struct frame *frame, const struct node *node, struct error *err) {
    const struct node *target = node->u.augmented.target;
    struct value ignored, other;
    struct path path = {.name = target->u.name, .name_span = target->span};
    struct env_slot *slot;
    TRY(eval_name(frame, target->u.name, &ignored, err));
    TRY(eval(frame, node->u.augmented.value, &other, err));
    enum status status = own_slot(frame, &path, &slot, err); /* found after the value: it may have moved */
    if (status == OK) status = value_augment(node->u.augmented.op, &slot->value, other, err);
    value_release(&other);
    if (status == OK) frame->interp->bound |= !frame->env;
    return status;
}

static enum status augment_slot(struct frame *frame, const struct node *node, const struct path *path, struct value other, struct error *err) {
    struct env_slot *slot;
    struct value *container, *item;
    TRY(own_slot(frame, path, &slot, err));
    TRY(last_container(frame, path, &slot->value, &container, err));
    TRY(child_slot(container, path->keys.data[path->keys.len - 1], &item, err));
    TRY(value_augment(node->u.augmented.op, item, other, err));
    frame->interp->bound |= !frame->env;
    return OK;
}

static enum status augment_subscript(struct frame *frame, const struct node *node, struct error *err) {
    struct path path = {0};
    struct value other;
    enum status status = path_begin(frame, node->u.augmented.target, &path, err);
    if (status == OK) status = eval(frame, node->u.augmented.value, &other, err);
    if (status == OK) {
        status = augment_slot(frame, node, &path, other, err);
        value_release(&other);
    }
    path_end(&path);
    return status;
}

enum status assign_augmented(struct frame *frame, const struct node *node, struct error *err) {
    const struct node *target = node->u.augmented.target;
    enum status status = target->kind == NODE_NAME ? augment_name(frame, node, err) : augment_subscript(frame, node, err);
    if (status == ERR_NAME) error_place(err, frame->source, target->span);
    return status;
}

/* --- del --- */

enum status delete_name(struct frame *frame, const char *name, struct error *err) {
    struct interp *interp = frame->interp;
    struct env_slot *slot = env_find(scope_of(frame), name);
    if (slot && frame->env && slot->value.kind != VAL_UNSET) return value_release(&slot->value), OK;
    if (slot && !frame->env) {
        env_remove(interp->globals, name);
        interp->bound = true;
        return OK;
    }
    if (!frame->env && registry_find(interp->registry, name)) return err_set(err, ERR_NAME, "`%s` is a builtin and stays", name);
    if (frame->env) return no_value_yet(frame, name, err);
    return nothing_to_delete(frame, name, err);
}
