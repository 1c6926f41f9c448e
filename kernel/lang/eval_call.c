/* Calls: evaluating arguments, choosing what is called. */
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/eval.h"
#include "runtime/base/mem.h"

#define FEW_ARGUMENTS 8

/* Evaluated arguments; a few stand on the stack. `held` keeps spread dicts alive, whose keys are the names. */
struct gathered {
    struct value *values;
    const char **names;
    struct span *spans, *name_spans;
    size_t n, cap;
    struct value held;
    struct value few_values[FEW_ARGUMENTS];
    const char *few_names[FEW_ARGUMENTS];
    struct span few_spans[FEW_ARGUMENTS], few_name_spans[FEW_ARGUMENTS];
};

static void gathered_begin(struct gathered *g) {
    g->values = g->few_values;
    g->names = g->few_names;
    g->spans = g->few_spans;
    g->name_spans = g->few_name_spans;
    g->n = 0;
    g->cap = FEW_ARGUMENTS;
    g->held = UNSET;
}

static void gathered_end(struct gathered *g) {
    for (size_t i = 0; i < g->n; i++) value_release(&g->values[i]);
    value_release(&g->held);
    if (g->values == g->few_values) return;
    free(g->values);
    free(g->names);
    free(g->spans);
    free(g->name_spans);
}

static void *grown(void *old, bool few, size_t n, size_t cap, size_t size) {
    if (!few) return xrealloc(old, cap * size);
    void *new = xalloc_array(cap, size);
    memcpy(new, old, n * size);
    return new;
}

static void gathered_grow(struct gathered *g) {
    bool few = g->values == g->few_values;
    size_t cap = g->cap * 2;
    g->values = grown(g->values, few, g->n, cap, sizeof *g->values);
    g->names = grown(g->names, few, g->n, cap, sizeof *g->names);
    g->spans = grown(g->spans, few, g->n, cap, sizeof *g->spans);
    g->name_spans = grown(g->name_spans, few, g->n, cap, sizeof *g->name_spans);
    g->cap = cap;
}

/* Takes value. */
static void gathered_add(struct gathered *g, struct value value, const char *name, struct span span, struct span name_span) {
    if (g->n == g->cap) gathered_grow(g);
    g->values[g->n] = value;
    g->names[g->n] = name;
    g->spans[g->n] = span;
    g->name_spans[g->n++] = name_span;
}

static enum status add_spread(struct gathered *g, const struct argument *argument, struct value over, struct error *err) {
    struct value items;
    TRY(value_to_list(over, &items, err));
    for (size_t i = 0; i < seq_len(items); i++) gathered_add(g, value_ref(seq_item(items, i)), NULL, argument->value->span, argument->value->span);
    value_release(&items);
    return OK;
}

static enum status add_spread_dict(struct gathered *g, const struct argument *argument, struct value dict, struct error *err) {
    if (dict.kind != VAL_DICT) return err_set(err, ERR_TYPE, "`**` spreads a dict into named arguments, not %s", value_type_name(dict));
    if (g->held.kind == VAL_UNSET) g->held = value_list(1);
    seq_push(&g->held, value_ref(dict));
    for (size_t i = 0; i < dict_len(dict); i++) {
        struct value key = dict_key(dict, i);
        if (key.kind != VAL_STR)
            return err_set(err, ERR_TYPE, "`**` needs strs as keys: they are the arguments' names; one is %s", value_type_name(key));
        gathered_add(g, value_ref(dict_value(dict, i)), key.u.text->data, argument->value->span, argument->value->span);
    }
    return OK;
}

static struct value thunk(struct frame *frame, const struct node *node) {
    struct function *function = function_new(node, frame->source, frame->env);
    function->thunk = true;
    return value_function(function);
}

/* Whether argument `position` (or the named one) of a builtin arrives unevaluated. */
static bool is_unevaluated(const struct builtin_info *info, size_t position, const char *name) {
    if (!info) return false;
    const struct signature *signature = &info->signatures[0];
    for (size_t i = 0; i < signature->n_params; i++)
        if (name ? strcmp(signature->params[i].name, name) == 0 : i == position) return sig_type_has(signature->params[i].type, SIG_EXPR);
    return false;
}

static enum status gather_one(struct frame *frame, const struct argument *argument, const struct builtin_info *info, struct gathered *g,
                              struct error *err) {
    struct value value;
    bool named = argument->kind == ARG_NAMED, spread = argument->kind == ARG_STAR || argument->kind == ARG_DOUBLE_STAR;
    const char *name = named ? argument->name : NULL;
    if (!spread && is_unevaluated(info, g->n, name)) {
        gathered_add(g, thunk(frame, argument->value), name, argument->value->span, argument->name_span);
        return OK;
    }
    TRY(eval(frame, argument->value, &value, err));
    if (!spread) {
        gathered_add(g, value, name, argument->value->span, argument->name_span);
        return OK;
    }
    enum status status = argument->kind == ARG_STAR ? add_spread(g, argument, value, err) : add_spread_dict(g, argument, value, err);
    if (status != OK) error_place(err, frame->source, argument->value->span);
    value_release(&value);
    return status;
}

static enum status gather_all(struct frame *frame, const struct node *node, struct value callee, struct gathered *g, struct error *err) {
    const struct builtin_info *info = callee.kind == VAL_BUILTIN ? registry_info(frame->interp->registry, callee.u.bound->row) : NULL;
    for (uint32_t i = 0; i < node->u.call.n; i++) TRY(gather_one(frame, &node->u.call.arguments[i], info, g, err));
    return OK;
}

/* --- calling --- */

static enum status call_object(struct interp *interp, struct object *object, const struct arguments *arguments, struct value *out,
                               struct error *err) {
    if (!object->type->call) return err_set(err, ERR_TYPE, "%s%s can't be called", article(object->type->name), object->type->name);
    for (size_t i = 0; i < arguments->n; i++)
        if (arguments->names && arguments->names[i]) return err_set(err, ERR_TYPE, "a %s takes its arguments by position", object->type->name);
    return object->type->call(interp, object->data, arguments->values, arguments->n, out, err);
}

enum status call_value(struct interp *interp, struct value callee, const struct arguments *arguments, struct value *out, struct error *err) {
    if (callee.kind == VAL_FUNCTION) return call_function(interp, callee.u.function, arguments, out, err);
    if (callee.kind == VAL_OBJECT) return call_object(interp, callee.u.object, arguments, out, err);
    if (callee.kind == VAL_BUILTIN) {
        const struct builtin_info *info = registry_info(interp->registry, callee.u.bound->row);
        if (!info) return err_set(err, ERR_INTERNAL, "\"%.40s\" is not in the registry", callee.u.bound->row->sigs);
        return bind_and_run(interp, info, callee.u.bound->self, arguments, out, err);
    }
    return err_set(err, ERR_TYPE, "%s%s can't be called", article(value_type_name(callee)), value_type_name(callee));
}

static bool is_callable(struct value value) {
    return value.kind == VAL_FUNCTION || value.kind == VAL_BUILTIN || (value.kind == VAL_OBJECT && value.u.object->type->call);
}

/* What is called can't be: most often a name of the cells hides a builtin. */
static enum status not_callable(struct frame *frame, const struct node *callee, struct value value, struct error *err) {
    const char *name = callee->kind == NODE_NAME ? callee->u.name : NULL, *type = value_type_name(value);
    if (name && registry_find(frame->interp->registry, name)) {
        err_set(err, ERR_TYPE, "`%s` is %s%s here: it hides the builtin", name, article(type), type);
        err_hint(err, "`del %s` brings the builtin back", name);
    } else if (name) err_set(err, ERR_TYPE, "`%s` is %s%s and can't be called", name, article(type), type);
    else err_set(err, ERR_TYPE, "%s%s can't be called", article(type), type);
    if (!err->hint[0] && (value_is_seq(value) || value.kind == VAL_DICT)) err_hint(err, "items are taken with [ ]");
    if (!err->hint[0] && value_is_number(value)) err_hint(err, "a product needs its sign: *");
    error_place(err, frame->source, callee->span);
    return err->code;
}

static enum status eval_callee(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    const struct node *callee = node->u.call.callee;
    struct value receiver;
    if (callee->kind != NODE_ATTRIBUTE) return eval(frame, callee, out, err);
    TRY(eval(frame, callee->u.attribute.object, &receiver, err));
    enum status status;
    if (mutator_error(frame, node, receiver, err)) status = err->code;
    else {
        status = value_attribute(frame->interp, receiver, callee->u.attribute.name, out, err);
        if (status != OK) error_place(err, frame->source, callee->u.attribute.name_span);
    }
    value_release(&receiver);
    return status;
}

static enum status call_gathered(struct frame *frame, const struct node *node, struct value callee, struct value *out, struct error *err) {
    struct interp *interp = frame->interp;
    struct span here = interp->here;
    struct source *source = interp->source;
    struct env *env = interp->env;
    struct gathered g;
    gathered_begin(&g);
    enum status status = gather_all(frame, node, callee, &g, err);
    if (status == OK) {
        interp->here = node->span;
        interp->source = frame->source;
        interp->env = frame->env;
        const struct arguments arguments = {g.values, g.names, g.spans, g.name_spans, g.n, frame->source};
        status = call_value(interp, callee, &arguments, out, err);
        interp->here = here;
        interp->source = source;
        interp->env = env;
    }
    gathered_end(&g);
    return status;
}

enum status eval_call(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct value callee;
    TRY(eval_callee(frame, node, &callee, err));
    enum status status;
    if (is_callable(callee)) status = call_gathered(frame, node, callee, out, err);
    else status = not_callable(frame, node->u.call.callee, callee, err);
    value_release(&callee);
    return status;
}
