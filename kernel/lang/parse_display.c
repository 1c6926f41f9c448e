/* What stands in brackets: tuples, lists, dicts, sets, comprehensions, arguments, subscripts. */
#include <string.h>

#include "kernel/lang/parse.h"

const struct token *open_bracket(struct parser *p) {
    const struct token *outer = p->bracket;
    p->bracket = token_now(p);
    advance(p);
    return outer;
}

bool close_bracket(struct parser *p, enum token_kind kind, const struct token *outer) {
    if (!accept(p, kind)) {
        fail_in_bracket(p, kind == TOKEN_CLOSE_PAREN ? "`,` or `)`" : kind == TOKEN_CLOSE_BRACKET ? "`,` or `]`" : "`,` or `}`");
        return false;
    }
    p->bracket = outer;
    return true;
}

/* --- comprehensions --- */

static bool parse_clause(struct parser *p, struct comp_clause *out, uint16_t *height) {
    advance(p); /* for */
    out->target = parse_loop_target(p);
    if (!out->target) return false;
    out->iterable = parse_disjunction(p);
    if (!out->iterable) return false;
    struct gather conditions = {0};
    while (accept(p, TOKEN_IF)) {
        struct node *condition = parse_disjunction(p);
        if (!condition) return false;
        gather_add(p, &conditions, condition);
    }
    out->conditions = gather_nodes(&conditions);
    *height = higher(*height, higher(higher(out->target->height, out->iterable->height), conditions.height));
    return true;
}

struct node *parse_comprehension(struct parser *p, enum node_kind kind, struct node *element, struct node *value, uint32_t start) {
    struct comp_clause *clauses = NULL;
    uint32_t n = 0, cap = 0;
    uint16_t height = higher(element->height, value ? value->height : 0);
    if (element->kind == NODE_STARRED) return fail_at(p, ERR_SYNTAX, element->span, "use a second `for`", "a comprehension can't unpack with `*`");
    for (; kind_now(p) == TOKEN_FOR; n++) {
        clauses = arena_grow(&p->source->arena, clauses, n, &cap, sizeof *clauses);
        if (!parse_clause(p, &clauses[n], &height)) return NULL;
    }
    struct node *node = node_new(p, kind, start);
    node->u.comp.element = element;
    node->u.comp.value = value;
    node->u.comp.clauses = clauses;
    node->u.comp.n = n;
    return node_lift(p, node, height);
}

/* --- tuples and lists --- */

/* Items up to the closing bracket, the first of them already read. */
static bool parse_items(struct parser *p, enum token_kind close, struct node *first, struct gather *items) {
    gather_add(p, items, first);
    while (accept(p, TOKEN_COMMA) && kind_now(p) != close) {
        struct node *item = parse_star_or_test(p);
        if (!item) return false;
        gather_add(p, items, item);
    }
    return true;
}

static struct node *close_list(struct parser *p, enum node_kind kind, enum token_kind close, const struct token *outer, const struct gather *items,
                               uint32_t start) {
    if (!close_bracket(p, close, outer)) return NULL;
    struct node *node = node_new(p, kind, start);
    node->u.list = gather_nodes(items);
    return node_lift(p, node, items->height);
}

/* A comprehension whose bracket is part of it: its span reaches from bracket to bracket. */
static struct node *close_comprehension(struct parser *p, enum node_kind kind, enum token_kind close, const struct token *outer, struct node *element,
                                        struct node *value, uint32_t start) {
    struct node *node = parse_comprehension(p, kind, element, value, start);
    if (!node || !close_bracket(p, close, outer)) return NULL;
    node->span.end = end_before(p);
    return node;
}

static struct node *paren_body(struct parser *p, const struct token *outer, uint32_t start) {
    struct gather items = {0};
    if (kind_now(p) == TOKEN_CLOSE_PAREN) return close_list(p, NODE_TUPLE, TOKEN_CLOSE_PAREN, outer, &items, start);
    struct node *first = parse_star_or_test(p);
    if (!first) return NULL;
    if (kind_now(p) == TOKEN_FOR) return close_comprehension(p, NODE_GENEXP, TOKEN_CLOSE_PAREN, outer, first, NULL, start);
    if (kind_now(p) != TOKEN_COMMA) {
        if (!close_bracket(p, TOKEN_CLOSE_PAREN, outer)) return NULL;
        if (first->kind == NODE_STARRED)
            return fail_at(p, ERR_SYNTAX, first->span, "write (*x,) for a tuple", "`*` unpacks only among items or arguments");
        return first;
    }
    return parse_items(p, TOKEN_CLOSE_PAREN, first, &items) ? close_list(p, NODE_TUPLE, TOKEN_CLOSE_PAREN, outer, &items, start) : NULL;
}

struct node *parse_paren(struct parser *p) {
    uint32_t start = start_now(p);
    return paren_body(p, open_bracket(p), start);
}

struct node *parse_list(struct parser *p) {
    uint32_t start = start_now(p);
    const struct token *outer = open_bracket(p);
    struct gather items = {0};
    if (kind_now(p) == TOKEN_CLOSE_BRACKET) return close_list(p, NODE_LIST, TOKEN_CLOSE_BRACKET, outer, &items, start);
    struct node *first = parse_star_or_test(p);
    if (!first) return NULL;
    if (kind_now(p) == TOKEN_FOR) return close_comprehension(p, NODE_LISTCOMP, TOKEN_CLOSE_BRACKET, outer, first, NULL, start);
    return parse_items(p, TOKEN_CLOSE_BRACKET, first, &items) ? close_list(p, NODE_LIST, TOKEN_CLOSE_BRACKET, outer, &items, start) : NULL;
}

/* --- dicts and sets --- */

struct pairs {
    struct node **keys, **values;
    uint32_t n, key_cap, value_cap;
    uint16_t height;
};

static void pairs_add(struct parser *p, struct pairs *pairs, struct node *key, struct node *value) {
    pairs->keys = arena_grow(&p->source->arena, pairs->keys, pairs->n, &pairs->key_cap, sizeof *pairs->keys);
    pairs->values = arena_grow(&p->source->arena, pairs->values, pairs->n, &pairs->value_cap, sizeof *pairs->values);
    pairs->keys[pairs->n] = key;
    pairs->values[pairs->n++] = value;
    pairs->height = higher(pairs->height, higher(key ? key->height : 0, value->height));
}

/* After a key: `: value`. */
static struct node *parse_dict_value(struct parser *p) {
    if (kind_now(p) == TOKEN_ASSIGN)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "write {\"key\": value}, or dict(key=value)", "a dict joins key and value by `:`");
    if (!accept(p, TOKEN_COLON)) return fail_in_bracket(p, "`:` and a value");
    return parse_test(p);
}

static bool parse_pair(struct parser *p, struct pairs *pairs) {
    struct node *key = NULL, *value;
    if (accept(p, TOKEN_POW)) {
        value = parse_operand(p);
    } else {
        key = parse_test(p);
        value = key ? parse_dict_value(p) : NULL;
    }
    if (!value) return false;
    pairs_add(p, pairs, key, value);
    return true;
}

static struct node *close_dict(struct parser *p, const struct token *outer, const struct pairs *pairs, uint32_t start) {
    if (!close_bracket(p, TOKEN_CLOSE_BRACE, outer)) return NULL;
    struct node *node = node_new(p, NODE_DICT, start);
    node->u.dict.keys = pairs->keys;
    node->u.dict.values = pairs->values;
    node->u.dict.n = pairs->n;
    return node_lift(p, node, pairs->height);
}

static struct node *dict_rest(struct parser *p, const struct token *outer, struct pairs *pairs, uint32_t start) {
    while (accept(p, TOKEN_COMMA) && kind_now(p) != TOKEN_CLOSE_BRACE)
        if (!parse_pair(p, pairs)) return NULL;
    return close_dict(p, outer, pairs, start);
}

static struct node *dict_from_key(struct parser *p, const struct token *outer, struct node *key, uint32_t start) {
    struct node *value = parse_dict_value(p);
    if (!value) return NULL;
    if (kind_now(p) == TOKEN_FOR) return close_comprehension(p, NODE_DICTCOMP, TOKEN_CLOSE_BRACE, outer, key, value, start);
    struct pairs pairs = {0};
    pairs_add(p, &pairs, key, value);
    return dict_rest(p, outer, &pairs, start);
}

struct node *parse_braces(struct parser *p) {
    uint32_t start = start_now(p);
    const struct token *outer = open_bracket(p);
    struct pairs pairs = {0};
    if (kind_now(p) == TOKEN_CLOSE_BRACE) return close_dict(p, outer, &pairs, start);
    if (kind_now(p) == TOKEN_POW) return parse_pair(p, &pairs) ? dict_rest(p, outer, &pairs, start) : NULL;
    struct node *first = parse_star_or_test(p);
    if (!first) return NULL;
    if (kind_now(p) == TOKEN_COLON || kind_now(p) == TOKEN_ASSIGN) return dict_from_key(p, outer, first, start);
    if (kind_now(p) == TOKEN_FOR) return close_comprehension(p, NODE_SETCOMP, TOKEN_CLOSE_BRACE, outer, first, NULL, start);
    struct gather items = {0};
    return parse_items(p, TOKEN_CLOSE_BRACE, first, &items) ? close_list(p, NODE_SET, TOKEN_CLOSE_BRACE, outer, &items, start) : NULL;
}

/* --- arguments --- */

struct arguments {
    struct argument *items;
    uint32_t n, cap;
    uint16_t height;
    const char **names; /* of the named ones */
    uint32_t n_names, name_cap;
    bool double_star; /* there was a `**` */
};

static bool check_name(struct parser *p, struct arguments *arguments, const struct argument *new) {
    if (arguments->n_names >= LIMIT_ARGUMENTS)
        return fail_at(p, ERR_LIMIT, new->name_span, "put them into a dict and pass it with `**`", "a call has more than %d named arguments",
                       LIMIT_ARGUMENTS) != NULL;
    for (uint32_t i = 0; i < arguments->n_names; i++)
        if (strcmp(new->name, arguments->names[i]) == 0)
            return fail_at(p, ERR_SYNTAX, new->name_span, "keep one of them", "the argument `%s` is given twice", new->name) != NULL;
    arguments->names = arena_grow(&p->source->arena, arguments->names, arguments->n_names, &arguments->name_cap, sizeof *arguments->names);
    arguments->names[arguments->n_names++] = new->name;
    return true;
}

static bool check_order(struct parser *p, struct arguments *arguments, const struct argument *new, struct span span) {
    if (new->kind == ARG_NAMED) return check_name(p, arguments, new);
    if (new->kind == ARG_DOUBLE_STAR) {
        arguments->double_star = true;
        return true;
    }
    if (arguments->double_star)
        return fail_at(p, ERR_SYNTAX, span, "put it before the `**`", "a positional argument follows a `**` argument") != NULL;
    if (arguments->n_names && new->kind == ARG_POSITIONAL)
        return fail_at(p, ERR_SYNTAX, span, "put it before the named ones, or give it a name too", "a positional argument follows the named `%s=`",
                       arguments->names[arguments->n_names - 1]) != NULL;
    return true;
}

static bool read_argument(struct parser *p, struct argument *out) {
    const struct token *name = token_now(p);
    if (accept(p, TOKEN_STAR)) {
        out->kind = ARG_STAR;
    } else if (accept(p, TOKEN_POW)) {
        out->kind = ARG_DOUBLE_STAR;
    } else if (name->kind == TOKEN_NAME && token_ahead(p, 1)->kind == TOKEN_ASSIGN) {
        out->kind = ARG_NAMED;
        out->name = name->u.name;
        out->name_span = name->span;
        advance(p);
        advance(p);
    }
    out->value = parse_test(p);
    return out->value != NULL;
}

/* A generator may stand bare when it is the only argument. */
static bool bare_generator(struct parser *p, struct argument *argument, uint32_t start, bool alone) {
    if (argument->kind != ARG_POSITIONAL || kind_now(p) != TOKEN_FOR) return true;
    argument->value = parse_comprehension(p, NODE_GENEXP, argument->value, NULL, start);
    if (!argument->value) return false;
    if (alone && kind_now(p) != TOKEN_COMMA) return true;
    if (alone && token_ahead(p, 1)->kind == TOKEN_CLOSE_PAREN) return true;
    fail_at(p, ERR_SYNTAX, argument->value->span, "write f((x for x in xs), …)", "a generator beside other arguments stands in brackets of its own");
    return false;
}

static bool parse_argument(struct parser *p, struct arguments *arguments) {
    struct argument argument = {0};
    uint32_t start = start_now(p);
    if (!read_argument(p, &argument)) return false;
    if (kind_now(p) == TOKEN_ASSIGN) {
        fail_at(p, ERR_SYNTAX, token_now(p)->span, "did you mean `==`?", "before `=` an argument has a plain name");
        return false;
    }
    if (kind_now(p) == TOKEN_FOR && arguments->n > 0 && starts_line(p)) return fail_in_bracket(p, "`,` or `)`") != NULL;
    if (!bare_generator(p, &argument, start, arguments->n == 0)) return false;
    if (!check_order(p, arguments, &argument, (struct span){start, end_before(p)})) return false;
    arguments->items = arena_grow(&p->source->arena, arguments->items, arguments->n, &arguments->cap, sizeof *arguments->items);
    arguments->items[arguments->n++] = argument;
    arguments->height = higher(arguments->height, argument.value->height);
    return true;
}

struct node *parse_call(struct parser *p, struct node *callee, uint32_t start) {
    const struct token *outer = open_bracket(p);
    struct arguments arguments = {0};
    while (kind_now(p) != TOKEN_CLOSE_PAREN) {
        if (!parse_argument(p, &arguments)) return NULL;
        if (!accept(p, TOKEN_COMMA)) break;
    }
    if (!close_bracket(p, TOKEN_CLOSE_PAREN, outer)) return NULL;
    struct node *node = node_new(p, NODE_CALL, start);
    node->u.call.callee = callee;
    node->u.call.arguments = arguments.items;
    node->u.call.n = arguments.n;
    return node_lift(p, node, higher(callee->height, arguments.height));
}

/* --- subscripts --- */

static bool slice_part(struct parser *p, struct node **out, uint16_t *height) {
    enum token_kind kind = kind_now(p);
    if (kind == TOKEN_COLON || kind == TOKEN_COMMA || kind == TOKEN_CLOSE_BRACKET) return true;
    *out = parse_test(p);
    if (*out) *height = higher(*height, (*out)->height);
    return *out != NULL;
}

static struct node *parse_subscript(struct parser *p) {
    uint32_t start = start_now(p);
    struct node *first = NULL, *stop = NULL, *step = NULL;
    uint16_t height = 0;
    if (kind_now(p) != TOKEN_COLON) {
        first = parse_star_or_test(p);
        if (!first) return NULL;
        if (first->kind == NODE_STARRED) return fail_at(p, ERR_SYNTAX, first->span, NULL, "a subscript can't be unpacked with `*`");
        if (kind_now(p) != TOKEN_COLON) return first;
        height = first->height;
    }
    advance(p);
    if (!slice_part(p, &stop, &height)) return NULL;
    if (accept(p, TOKEN_COLON) && !slice_part(p, &step, &height)) return NULL;
    struct node *node = node_new(p, NODE_SLICE, start);
    node->u.slice.start = first;
    node->u.slice.stop = stop;
    node->u.slice.step = step;
    return node_lift(p, node, height);
}

/* t[1,]: one subscript that is a tuple. */
static struct node *tuple_of_one(struct parser *p, const struct gather *items) {
    struct node *node = node_new(p, NODE_TUPLE, items->items[0]->span.start);
    node->u.list = gather_nodes(items);
    return node_lift(p, node, items->height);
}

struct node *parse_index(struct parser *p, struct node *object, uint32_t start) {
    const struct token *outer = open_bracket(p);
    struct gather items = {0};
    bool comma = false;
    if (kind_now(p) == TOKEN_CLOSE_BRACKET)
        return fail_at(p, ERR_SYNTAX, (struct span){p->bracket->span.start, token_now(p)->span.end},
                       "name a position, a key or a slice: x[0], x[\"k\"], x[:3]", "these brackets are empty");
    while (kind_now(p) != TOKEN_CLOSE_BRACKET) {
        struct node *item = parse_subscript(p);
        if (!item) return NULL;
        gather_add(p, &items, item);
        comma = accept(p, TOKEN_COMMA);
        if (!comma) break;
    }
    struct node *single = comma && items.n == 1 ? tuple_of_one(p, &items) : NULL;
    if (comma && items.n == 1 && !single) return NULL;
    if (single) {
        items = (struct gather){0};
        gather_add(p, &items, single);
    }
    if (!close_bracket(p, TOKEN_CLOSE_BRACKET, outer)) return NULL;
    struct node *node = node_new(p, NODE_INDEX, start);
    node->u.index.object = object;
    node->u.index.subscripts = gather_nodes(&items);
    return node_lift(p, node, higher(object->height, items.height));
}
