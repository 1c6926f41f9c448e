/* What may stand on the left of `=` and after `for`. */
#include "kernel/lang/parse.h"

static bool target_error(struct parser *p, const struct node *node) {
    switch (node->kind) {
    case NODE_ATTRIBUTE:
        fail_at(p, ERR_SYNTAX, node->span, "make a new value and give it a name: name = …", "an attribute can't be assigned: values don't change");
        break;
    case NODE_CALL: fail_at(p, ERR_SYNTAX, node->span, "did you mean `==`?", "the result of a call can't be assigned to"); break;
    case NODE_NONE:
    case NODE_BOOL:
        fail_at(p, ERR_SYNTAX, node->span, NULL, "`%s` is a constant and keeps its value",
                node->kind == NODE_NONE ? "None"
                : node->u.boolean       ? "True"
                                        : "False");
        break;
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING:
    case NODE_FSTRING:
        fail_at(p, ERR_SYNTAX, node->span, "a name stands on the left of `=`, its value on the right", "a %s can't be assigned to",
                node->kind == NODE_STRING || node->kind == NODE_FSTRING ? "string" : "number");
        break;
    case NODE_DICT:
    case NODE_SET:
        fail_at(p, ERR_SYNTAX, node->span, "to take one apart, name each part: a, b = d[\"a\"], d[\"b\"]", "braces can't be assigned to");
        break;
    case NODE_CONDITIONAL: fail_at(p, ERR_SYNTAX, node->span, "write: name = a if condition else b", "an if-else can't be assigned to"); break;
    default: fail_at(p, ERR_SYNTAX, node->span, "did you mean `==`?", "an expression can't be assigned to"); break;
    }
    return false;
}

/* d["a"]["b"]: a name with subscripts, none of them a slice. */
static bool check_subscript(struct parser *p, const struct node *node) {
    for (uint32_t i = 0; i < node->u.index.subscripts.n; i++) {
        const struct node *key = node->u.index.subscripts.items[i];
        if (key->kind != NODE_SLICE) continue;
        fail_at(p, ERR_SYNTAX, node->span, "put a new one together: x = x[:2] + [1, 2] + x[4:]", "a slice can't be assigned to");
        return false;
    }
    const struct node *object = node->u.index.object;
    if (object->kind == NODE_NAME) return true;
    if (object->kind == NODE_INDEX) return check_subscript(p, object);
    fail_at(p, ERR_SYNTAX, node->span, "give the container a name first: d = …; d[\"k\"] = …", "only what a name holds can be assigned by subscript");
    return false;
}

static bool check_items(struct parser *p, struct node *node) {
    uint32_t stars = 0;
    node->kind = NODE_TUPLE;
    if (node->u.list.n == 0) return fail_at(p, ERR_SYNTAX, node->span, NULL, "there is no name to assign to") != NULL;
    for (uint32_t i = 0; i < node->u.list.n; i++) {
        struct node *item = node->u.list.items[i];
        bool star = item->kind == NODE_STARRED;
        if (star && ++stars > 1) return fail_at(p, ERR_SYNTAX, item->span, "only one of them can take the rest", "two names are starred") != NULL;
        if (!check_target(p, star ? item->u.operand : item)) return false;
    }
    return true;
}

bool check_target(struct parser *p, struct node *node) {
    switch (node->kind) {
    case NODE_NAME: return true;
    case NODE_INDEX: return check_subscript(p, node);
    case NODE_TUPLE:
    case NODE_LIST: return check_items(p, node);
    case NODE_STARRED: return fail_at(p, ERR_SYNTAX, node->span, "write: first, *rest = …", "a starred name stands beside others") != NULL;
    default: return target_error(p, node);
    }
}

static struct node *target_item(struct parser *p) {
    uint32_t start = start_now(p);
    if (!accept(p, TOKEN_STAR)) return parse_operand(p);
    struct node *operand = parse_operand(p);
    if (!operand) return NULL;
    struct node *node = node_new(p, NODE_STARRED, start);
    node->u.operand = operand;
    return node_lift(p, node, operand->height);
}

/* `x`, `a, b`, `(a, b)`, `first, *rest`: operands, because `in` ends them. */
static struct node *target_items(struct parser *p) {
    uint32_t start = start_now(p);
    struct node *first = target_item(p);
    if (!first || kind_now(p) != TOKEN_COMMA) return first;
    struct gather items = {0};
    gather_add(p, &items, first);
    while (accept(p, TOKEN_COMMA) && kind_now(p) != TOKEN_IN) {
        struct node *item = target_item(p);
        if (!item) return NULL;
        gather_add(p, &items, item);
    }
    struct node *node = node_new(p, NODE_TUPLE, start);
    node->u.list = gather_nodes(&items);
    return node_lift(p, node, items.height);
}

struct node *parse_loop_target(struct parser *p) {
    struct node *target = target_items(p);
    if (!target || !check_target(p, target)) return NULL;
    if (kind_now(p) == TOKEN_ASSIGN || kind_now(p) == TOKEN_COLON)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "write: for k in range(10)", "`for` goes through the items of something: expected `in`");
    if (!accept(p, TOKEN_IN)) return fail_unexpected(p, "`in`");
    return target;
}
