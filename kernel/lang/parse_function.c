/* def, lambda and their parameters. */
#include <string.h>

#include "kernel/lang/parse.h"

struct parameters {
    struct parameter *items;
    uint32_t n, cap;
    uint16_t height;
    bool otherwise, star, double_star; /* seen before */
};

static bool check_parameter(struct parser *p, struct parameters *parameters, const struct parameter *new) {
    for (uint32_t i = 0; i < parameters->n; i++)
        if (strcmp(parameters->items[i].name, new->name) == 0)
            return fail_at(p, ERR_SYNTAX, new->span, "each parameter has a name of its own", "the parameter `%s` stands twice", new->name) != NULL;
    if (parameters->n >= LIMIT_ARGUMENTS)
        return fail_at(p, ERR_LIMIT, new->span, "take a list or a dict", "a function has more than %d parameters", LIMIT_ARGUMENTS) != NULL;
    if (parameters->double_star)
        return fail_at(p, ERR_SYNTAX, new->span, "put it before the `**` parameter", "the parameter `%s` follows a `**` parameter", new->name) !=
               NULL;
    if (parameters->star && new->kind == PARAM_STAR)
        return fail_at(p, ERR_SYNTAX, new->span, NULL, "a function has one `*` parameter at most") != NULL;
    if (parameters->otherwise && !parameters->star && new->kind == PARAM_PLAIN && !new->otherwise)
        return fail_at(p, ERR_SYNTAX, new->span, "give it a default too, or put it first",
                       "the parameter `%s` without a default follows one that has a default", new->name) != NULL;
    return true;
}

static bool parse_annotation(struct parser *p, bool annotated) {
    if (!annotated || !accept(p, TOKEN_COLON)) return true;
    return parse_test(p) != NULL; /* read over: calls of def functions are not checked */
}

static bool star_parameter(struct parser *p, struct parameter *out) {
    struct span span = token_now(p)->span;
    if (kind_now(p) == TOKEN_SLASH)
        return fail_at(p, ERR_SYNTAX, span, "leave it away: any parameter may be given by position or by name",
                       "there are no positional-only parameters") != NULL;
    if (accept(p, TOKEN_POW)) out->kind = PARAM_DOUBLE_STAR;
    else if (accept(p, TOKEN_STAR)) out->kind = PARAM_STAR;
    if (out->kind == PARAM_STAR && kind_now(p) == TOKEN_COMMA)
        return fail_at(p, ERR_SYNTAX, span, "leave it away: any parameter may be given by position or by name",
                       "a `*` parameter needs a name here") != NULL;
    return true;
}

static bool parse_parameter(struct parser *p, struct parameters *parameters, bool annotated) {
    struct parameter parameter = {0};
    if (!star_parameter(p, &parameter)) return false;
    const struct token *name = token_now(p);
    if (name->kind != TOKEN_NAME) return fail_unexpected(p, "the name of a parameter") != NULL;
    advance(p);
    parameter.name = name->u.name;
    parameter.span = name->span;
    if (!parse_annotation(p, annotated)) return false;
    if (parameter.kind == PARAM_PLAIN && accept(p, TOKEN_ASSIGN)) {
        parameter.otherwise = parse_test(p);
        if (!parameter.otherwise) return false;
        parameters->height = higher(parameters->height, parameter.otherwise->height);
    }
    if (!check_parameter(p, parameters, &parameter)) return false;
    parameters->otherwise |= parameter.otherwise != NULL;
    parameters->star |= parameter.kind == PARAM_STAR;
    parameters->double_star |= parameter.kind == PARAM_DOUBLE_STAR;
    parameters->items = arena_grow(&p->source->arena, parameters->items, parameters->n, &parameters->cap, sizeof *parameters->items);
    parameters->items[parameters->n++] = parameter;
    return true;
}

/* Up to `close`, which is not read. */
bool parse_parameters(struct parser *p, enum token_kind close, bool annotated, struct node *function) {
    struct parameters parameters = {0};
    while (kind_now(p) != close) {
        if (!parse_parameter(p, &parameters, annotated)) return false;
        if (!accept(p, TOKEN_COMMA)) break;
    }
    function->u.function.parameters = parameters.items;
    function->u.function.n = parameters.n;
    return node_lift(p, function, parameters.height) != NULL;
}

static struct node *lambda_body(struct parser *p, struct node *node) {
    if (!parse_parameters(p, TOKEN_COLON, false, node)) return NULL;
    if (!accept(p, TOKEN_COLON)) return fail_unexpected(p, "`:` after the parameters of `lambda`");
    if (kind_now(p) == TOKEN_RETURN)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "leave `return` away: a lambda gives the value of its expression",
                       "a lambda holds an expression, not statements");
    struct node *body = parse_test(p);
    if (!body) return NULL;
    if (kind_now(p) == TOKEN_ASSIGN)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "write a def for more than one expression",
                       "a lambda holds an expression, not an assignment");
    node->u.function.body = body;
    node->span.end = end_before(p);
    return node_lift(p, node, higher(node->height, body->height));
}

struct node *parse_lambda(struct parser *p) {
    if (!enter(p)) return NULL;
    uint32_t start = start_now(p);
    advance(p);
    struct node *node = lambda_body(p, node_new(p, NODE_LAMBDA, start));
    leave(p);
    return node;
}

/* A string that stands first in the body. */
static struct slice docstring(const struct node *body) {
    const struct node *first = body->u.list.n ? body->u.list.items[0] : NULL;
    if (!first || first->kind != NODE_EXPRESSION || first->u.operand->kind != NODE_STRING) return (struct slice){NULL, 0};
    return first->u.operand->u.string;
}

static struct node *def_head(struct parser *p, struct node *node) {
    const struct token *name = token_now(p);
    if (name->kind != TOKEN_NAME) return fail_unexpected(p, "the function's name");
    advance(p);
    node->u.function.name = name->u.name;
    if (kind_now(p) != TOKEN_OPEN_PAREN)
        return fail_at(p, ERR_SYNTAX, (struct span){name->span.start, name->span.end},
                       "write: def name(): or def name(x, y=2):", "the parameters' brackets are missing after `def %s`", name->u.name);
    const struct token *outer = open_bracket(p);
    if (!parse_parameters(p, TOKEN_CLOSE_PAREN, true, node) || !close_bracket(p, TOKEN_CLOSE_PAREN, outer)) return NULL;
    if (accept(p, TOKEN_ARROW) && !parse_test(p)) return NULL; /* a result's type is read over */
    return node;
}

struct node *parse_def(struct parser *p) {
    uint32_t start = start_now(p);
    advance(p);
    struct node *node = def_head(p, node_new(p, NODE_DEF, start));
    if (!node) return NULL;
    int loops = p->loops;
    p->loops = 0;
    p->functions++;
    struct node *body = parse_suite(p, "def");
    p->functions--;
    p->loops = loops;
    if (!body) return NULL;
    node->u.function.body = body;
    node->u.function.doc = docstring(body);
    node->span.end = body->span.end;
    return node_lift(p, node, higher(node->height, body->height));
}
