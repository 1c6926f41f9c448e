/* Operators, atoms, attributes. */
#include "kernel/lang/parse.h"

enum power { POWER_NONE, POWER_OR, POWER_AND, POWER_NOT, POWER_COMPARE, POWER_BITOR, POWER_BITXOR, POWER_BITAND, POWER_SUM, POWER_PRODUCT };

static const struct infix {
    enum token_kind token;
    enum power power;
    enum op op;
} infixes[] = {
    {TOKEN_OR, POWER_OR, OP_ADD},
    {TOKEN_AND, POWER_AND, OP_ADD},
    {TOKEN_LESS, POWER_COMPARE, OP_LT},
    {TOKEN_LE, POWER_COMPARE, OP_LE},
    {TOKEN_GREATER, POWER_COMPARE, OP_GT},
    {TOKEN_GE, POWER_COMPARE, OP_GE},
    {TOKEN_EQ, POWER_COMPARE, OP_EQ},
    {TOKEN_NE, POWER_COMPARE, OP_NE},
    {TOKEN_IN, POWER_COMPARE, OP_IN},
    {TOKEN_NOT, POWER_COMPARE, OP_NOT_IN},
    {TOKEN_IS, POWER_COMPARE, OP_IS},
    {TOKEN_PIPE, POWER_BITOR, OP_BITOR},
    {TOKEN_CARET, POWER_BITXOR, OP_BITXOR},
    {TOKEN_AMPERSAND, POWER_BITAND, OP_BITAND},
    {TOKEN_PLUS, POWER_SUM, OP_ADD},
    {TOKEN_MINUS, POWER_SUM, OP_SUB},
    {TOKEN_STAR, POWER_PRODUCT, OP_MUL},
    {TOKEN_SLASH, POWER_PRODUCT, OP_DIV},
    {TOKEN_FLOORDIV, POWER_PRODUCT, OP_FLOORDIV},
    {TOKEN_PERCENT, POWER_PRODUCT, OP_MOD},
    {TOKEN_AT, POWER_PRODUCT, OP_MATMUL},
};

static const struct infix *infix_now(const struct parser *p) {
    enum token_kind kind = kind_now(p);
    if (kind == TOKEN_NOT && token_ahead(p, 1)->kind != TOKEN_IN) return NULL;
    for (size_t i = 0; i < sizeof infixes / sizeof *infixes; i++)
        if (infixes[i].token == kind) return &infixes[i];
    return NULL;
}

/* --- atoms --- */

static struct node *parse_integer(struct parser *p) {
    const struct token *token = token_now(p);
    if (token->u.integer == INT64_MIN)
        return fail_at(p, ERR_OVERFLOW, token->span, "write it as a float: 9.3e18",
                       "the integer is larger than 9,223,372,036,854,775,807 (integers have 64 bits)");
    advance(p);
    struct node *node = node_new(p, NODE_INT, token->span.start);
    node->u.integer = token->u.integer;
    return node;
}

static struct node *parse_constant(struct parser *p) {
    const struct token *token = token_now(p);
    advance(p);
    struct node *node = node_new(p, token->kind == TOKEN_NONE ? NODE_NONE : NODE_BOOL, token->span.start);
    node->u.boolean = token->kind == TOKEN_TRUE;
    return node;
}

static struct node *parse_name(struct parser *p) {
    const struct token *token = token_now(p);
    advance(p);
    struct node *node = node_new(p, NODE_NAME, token->span.start);
    node->u.name = token->u.name;
    return node;
}

static struct node *parse_float(struct parser *p) {
    const struct token *token = token_now(p);
    advance(p);
    struct node *node = node_new(p, NODE_FLOAT, token->span.start);
    node->u.real = token->u.real;
    return node;
}

static struct node *parse_atom(struct parser *p) {
    switch (kind_now(p)) {
    case TOKEN_NAME: return parse_name(p);
    case TOKEN_INT: return parse_integer(p);
    case TOKEN_FLOAT: return parse_float(p);
    case TOKEN_STRING:
    case TOKEN_FSTRING_START: return parse_strings(p);
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NONE: return parse_constant(p);
    case TOKEN_OPEN_PAREN: return parse_paren(p);
    case TOKEN_OPEN_BRACKET: return parse_list(p);
    case TOKEN_OPEN_BRACE: return parse_braces(p);
    default: return fail_unexpected(p, "an expression");
    }
}

/* --- postfix --- */

static struct node *parse_attribute(struct parser *p, struct node *object, uint32_t start) {
    advance(p);
    const struct token *name = token_now(p);
    if (token_is_word(name->kind))
        return fail_at(p, ERR_SYNTAX, name->span, NULL, "`%s` is a word of the language and no attribute", token_text(name->kind));
    if (name->kind != TOKEN_NAME) return fail_unexpected(p, "a name after `.`");
    advance(p);
    struct node *node = node_new(p, NODE_ATTRIBUTE, start);
    node->u.attribute.object = object;
    node->u.attribute.name = name->u.name;
    node->u.attribute.name_span = name->span;
    return node_lift(p, node, object->height);
}

static struct node *parse_postfix(struct parser *p) {
    uint32_t start = start_now(p);
    struct node *node = parse_atom(p);
    while (node) {
        switch (kind_now(p)) {
        case TOKEN_DOT: node = parse_attribute(p, node, start); break;
        case TOKEN_OPEN_PAREN: node = parse_call(p, node, start); break;
        case TOKEN_OPEN_BRACKET: node = parse_index(p, node, start); break;
        default: return node;
        }
    }
    return NULL;
}

/* --- unary and power --- */

static struct node *parse_unary(struct parser *p);

static struct node *binary(struct parser *p, enum node_kind kind, enum op op, struct node *left, struct node *right, struct span op_span,
                           uint32_t start) {
    struct node *node = node_new(p, kind, start);
    node->u.binary.op = op;
    node->u.binary.left = left;
    node->u.binary.right = right;
    node->u.binary.op_span = op_span;
    return node_lift(p, node, higher(left->height, right->height));
}

/* Every way of nesting but `not`, signs, if-else and lambda passes here, so here the depth is counted. */
static struct node *parse_power(struct parser *p) {
    if (!enter(p)) return NULL;
    uint32_t start = start_now(p);
    struct node *node = parse_postfix(p);
    if (node && kind_now(p) == TOKEN_POW) {
        struct span op_span = token_now(p)->span;
        advance(p);
        struct node *exponent = parse_unary(p);
        node = exponent ? binary(p, NODE_BINARY, OP_POW, node, exponent, op_span, start) : NULL;
    }
    leave(p);
    return node;
}

static struct node *unary(struct parser *p, enum op op, struct node *operand, uint32_t start) {
    if (!operand) return NULL;
    struct node *node = node_new(p, NODE_UNARY, start);
    node->u.unary.op = op;
    node->u.unary.operand = operand;
    return node_lift(p, node, operand->height);
}

/* -9223372036854775808 is an integer, though its digits alone are not. */
static struct node *parse_lowest_integer(struct parser *p, uint32_t start) {
    advance(p);
    struct node *node = node_new(p, NODE_INT, start);
    node->u.integer = INT64_MIN;
    return node;
}

static struct node *parse_unary(struct parser *p) {
    enum token_kind kind = kind_now(p);
    uint32_t start = start_now(p);
    if (kind != TOKEN_MINUS && kind != TOKEN_PLUS) return parse_power(p);
    if (!enter(p)) return NULL;
    advance(p);
    const struct token *next = token_now(p);
    struct node *node;
    if (kind == TOKEN_MINUS && next->kind == TOKEN_INT && next->u.integer == INT64_MIN && token_ahead(p, 1)->kind != TOKEN_POW)
        node = parse_lowest_integer(p, start);
    else node = unary(p, kind == TOKEN_MINUS ? OP_NEG : OP_POS, parse_unary(p), start);
    leave(p);
    return node;
}

/* --- infix --- */

static struct node *parse_infix(struct parser *p, enum power least);

static struct node *parse_not(struct parser *p, enum power least) {
    uint32_t start = start_now(p);
    if (least > POWER_NOT) return fail_at(p, ERR_SYNTAX, token_now(p)->span, "write (not …)", "`not` after an operator stands in brackets");
    if (!enter(p)) return NULL;
    advance(p);
    struct node *node = unary(p, OP_NOT, parse_infix(p, POWER_NOT), start);
    leave(p);
    return node;
}

/* At a comparison operator: its op, read to its end ("not in" and "is not" are two tokens). */
static enum op read_comparison(struct parser *p, const struct infix *infix) {
    advance(p);
    if (infix->op == OP_NOT_IN) advance(p);
    if (infix->op == OP_IS && accept(p, TOKEN_NOT)) return OP_IS_NOT;
    return infix->op;
}

static struct node *parse_comparison(struct parser *p, struct node *first, uint32_t start) {
    struct gather operands = {0};
    enum op *ops = NULL;
    uint32_t n = 0, cap = 0;
    for (const struct infix *infix; (infix = infix_now(p)) && infix->power == POWER_COMPARE; n++) {
        ops = arena_grow(&p->source->arena, ops, n, &cap, sizeof *ops);
        ops[n] = read_comparison(p, infix);
        struct node *operand = parse_infix(p, POWER_BITOR);
        if (!operand) return NULL;
        gather_add(p, &operands, operand);
    }
    struct node *node = node_new(p, NODE_COMPARE, start);
    node->u.compare.first = first;
    node->u.compare.ops = ops;
    node->u.compare.operands = operands.items;
    node->u.compare.n = n;
    return node_lift(p, node, higher(first->height, operands.height));
}

static struct node *parse_one_infix(struct parser *p, const struct infix *infix, struct node *left, uint32_t start) {
    if (infix->power == POWER_COMPARE) return parse_comparison(p, left, start);
    struct span op_span = token_now(p)->span;
    enum node_kind kind = infix->power == POWER_OR ? NODE_OR : infix->power == POWER_AND ? NODE_AND : NODE_BINARY;
    advance(p);
    struct node *right = parse_infix(p, infix->power + 1);
    return right ? binary(p, kind, infix->op, left, right, op_span, start) : NULL;
}

static struct node *parse_infix(struct parser *p, enum power least) {
    uint32_t start = start_now(p);
    struct node *left = kind_now(p) == TOKEN_NOT ? parse_not(p, least) : parse_unary(p);
    const struct infix *infix;
    while (left && (infix = infix_now(p)) && infix->power >= least) left = parse_one_infix(p, infix, left, start);
    return left;
}

struct node *parse_disjunction(struct parser *p) {
    return parse_infix(p, POWER_OR);
}
struct node *parse_operand(struct parser *p) {
    return parse_infix(p, POWER_BITOR);
}

/* --- whole expressions --- */

static struct node *parse_conditional(struct parser *p, struct node *then, uint32_t start) {
    struct span if_span = token_now(p)->span;
    advance(p);
    struct node *condition = parse_disjunction(p);
    if (!condition) return NULL;
    if (kind_now(p) == TOKEN_ASSIGN) return fail_at(p, ERR_SYNTAX, token_now(p)->span, "did you mean `==`?", "`=` assigns; a condition compares");
    if (!p->bracket && (kind_now(p) == TOKEN_NEWLINE || kind_now(p) == TOKEN_COLON))
        return fail_at(p, ERR_SYNTAX, if_span, "write `a if condition else b`", "`if` inside an expression needs an `else`");
    if (p->bracket && kind_now(p) == TOKEN_COLON) return fail_in_bracket(p, "`else`");
    if (!accept(p, TOKEN_ELSE)) return fail_unexpected(p, "`else`");
    if (!enter(p)) return NULL;
    struct node *otherwise = parse_test(p);
    leave(p);
    if (!otherwise) return NULL;
    struct node *node = node_new(p, NODE_CONDITIONAL, start);
    node->u.conditional.condition = condition;
    node->u.conditional.then = then;
    node->u.conditional.otherwise = otherwise;
    return node_lift(p, node, higher(higher(condition->height, then->height), otherwise->height));
}

struct node *parse_test(struct parser *p) {
    if (kind_now(p) == TOKEN_LAMBDA) return parse_lambda(p);
    uint32_t start = start_now(p);
    struct node *node = parse_disjunction(p);
    return node && kind_now(p) == TOKEN_IF ? parse_conditional(p, node, start) : node;
}

struct node *parse_star_or_test(struct parser *p) {
    uint32_t start = start_now(p);
    if (!accept(p, TOKEN_STAR)) return parse_test(p);
    struct node *operand = parse_operand(p);
    if (!operand) return NULL;
    struct node *node = node_new(p, NODE_STARRED, start);
    node->u.operand = operand;
    return node_lift(p, node, operand->height);
}

struct node *parse_tests(struct parser *p) {
    uint32_t start = start_now(p);
    struct node *first = parse_star_or_test(p);
    if (!first || kind_now(p) != TOKEN_COMMA) return first;
    struct gather items = {0};
    gather_add(p, &items, first);
    while (accept(p, TOKEN_COMMA) && (token_begins_expression(kind_now(p)) || kind_now(p) == TOKEN_STAR)) {
        struct node *item = parse_star_or_test(p);
        if (!item) return NULL;
        gather_add(p, &items, item);
    }
    struct node *node = node_new(p, NODE_TUPLE, start);
    node->u.list = gather_nodes(&items);
    return node_lift(p, node, items.height);
}
