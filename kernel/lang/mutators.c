/* Python's methods that change a list, dict or set in place: here a name is
 * rebound instead, and the error says how, in the cell's own words. */
#include <string.h>

#include "kernel/lang/eval.h"

/* $x: the receiver, $1 $2: the arguments, $*: all of them. */
static const struct mutator {
    enum value_kind kind;
    const char *name;
    const char *none, *one, *more; /* what to write for 0, 1, or more arguments; NULL: the same as the one before */
} mutators[] = {
    {VAL_LIST, "append", "$x += [item]", "$x += [$1]", NULL},
    {VAL_LIST, "extend", "$x += items", "$x += $1", NULL},
    {VAL_LIST, "insert", "$x = $x[:i] + [item] + $x[i:]", NULL, "$x = $x[:$1] + [$2] + $x[$1:]"},
    {VAL_LIST, "pop", "*$x, last = $x", "$x = [v for i, v in enumerate($x) if i != $1]", NULL},
    {VAL_LIST, "remove", "$x = [v for v in $x if v != item]", "$x = [v for v in $x if v != $1]", NULL},
    {VAL_LIST, "sort", "$x = sorted($x)", "$x = sorted($x, $1)", "$x = sorted($x, $*)"},
    {VAL_LIST, "reverse", "$x = $x[::-1]", NULL, NULL},
    {VAL_LIST, "clear", "$x = []", NULL, NULL},
    {VAL_DICT, "update", "$x |= other", "$x |= $1", NULL},
    {VAL_DICT, "setdefault", "$x[key] = $x.get(key, value)", "$x[$1] = $x.get($1)", "$x[$1] = $x.get($1, $2)"},
    {VAL_DICT, "pop", "$x = {k: v for k, v in $x.items() if k != key}", "$x = {k: v for k, v in $x.items() if k != $1}", NULL},
    {VAL_DICT, "popitem", "$x = dict(list($x.items())[:-1])", NULL, NULL},
    {VAL_DICT, "clear", "$x = {}", NULL, NULL},
    {VAL_SET, "add", "$x |= {item}", "$x |= {$1}", NULL},
    {VAL_SET, "update", "$x |= other", "$x |= set($1)", NULL},
    {VAL_SET, "discard", "$x -= {item}", "$x -= {$1}", NULL},
    {VAL_SET, "remove", "$x -= {item}", "$x -= {$1}", NULL},
    {VAL_SET, "pop", "$x = set(sorted($x)[1:])", NULL, NULL},
    {VAL_SET, "clear", "$x = set()", NULL, NULL},
};

static const struct mutator *find(enum value_kind kind, const char *name) {
    for (size_t i = 0; i < sizeof mutators / sizeof *mutators; i++)
        if (mutators[i].kind == kind && strcmp(mutators[i].name, name) == 0) return &mutators[i];
    return NULL;
}

bool is_mutator(enum value_kind kind, const char *name) { return find(kind, name) != NULL; }

static void add_source(const struct source *source, struct span span, struct buf *out) {
    for (uint32_t i = span.start; i < span.end; i++) buf_addc(out, source->text.data[i] == '\n' ? ' ' : source->text.data[i]);
}

static struct span argument_span(const struct argument *argument) {
    if (argument->kind == ARG_NAMED) return (struct span){argument->name_span.start, argument->value->span.end};
    return argument->value->span;
}

static void add_argument(const struct source *source, const struct node *call, uint32_t i, struct buf *out) {
    if (i < call->u.call.n) add_source(source, argument_span(&call->u.call.arguments[i]), out);
}

static void fill_in(const char *template, const struct source *source, const struct node *call, struct buf *out) {
    const struct node *receiver = call->u.call.callee->u.attribute.object;
    bool plain = receiver->kind == NODE_NAME || receiver->kind == NODE_INDEX;
    for (const char *c = template; *c; c++) {
        if (*c != '$') {
            buf_addc(out, *c);
            continue;
        }
        c++;
        if (*c == 'x' && plain) add_source(source, receiver->span, out);
        else if (*c == 'x') buf_addc(out, 'x');
        else if (*c == '*')
            for (uint32_t i = 0; i < call->u.call.n; i++) buf_adds(out, i ? ", " : ""), add_argument(source, call, i, out);
        else add_argument(source, call, (uint32_t)(*c - '1'), out);
    }
}

bool mutator_error(struct frame *frame, const struct node *call, struct value receiver, struct error *err) {
    const struct node *callee = call->u.call.callee;
    const struct mutator *mutator = find(receiver.kind, callee->u.attribute.name);
    if (!mutator) return false;
    const char *template = mutator->none;
    if (call->u.call.n >= 1 && mutator->one) template = mutator->one;
    if (call->u.call.n >= 2 && mutator->more) template = mutator->more;
    struct buf text = BUF_INIT;
    fill_in(template, frame->source, call, &text);
    err_set(err, ERR_TYPE, "values don't change; write  %s", buf_text(&text));
    buf_release(&text);
    error_place(err, frame->source, call->span);
    return true;
}
