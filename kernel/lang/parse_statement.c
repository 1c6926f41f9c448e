#include "kernel/lang/parse.h"

/* --- assignment and expressions --- */

static const struct augmented_row {
    enum token_kind token;
    enum op op;
} augmented[] = {
    {TOKEN_ADD_ASSIGN, OP_ADD},           {TOKEN_SUB_ASSIGN, OP_SUB},    {TOKEN_MUL_ASSIGN, OP_MUL},       {TOKEN_DIV_ASSIGN, OP_DIV},
    {TOKEN_FLOORDIV_ASSIGN, OP_FLOORDIV}, {TOKEN_MOD_ASSIGN, OP_MOD},    {TOKEN_MATMUL_ASSIGN, OP_MATMUL}, {TOKEN_POW_ASSIGN, OP_POW},
    {TOKEN_OR_ASSIGN, OP_BITOR},          {TOKEN_XOR_ASSIGN, OP_BITXOR}, {TOKEN_AND_ASSIGN, OP_BITAND},
};

static const struct augmented_row *augmented_now(const struct parser *p) {
    for (size_t i = 0; i < sizeof augmented / sizeof *augmented; i++)
        if (augmented[i].token == kind_now(p)) return &augmented[i];
    return NULL;
}

static struct node *parse_augmented(struct parser *p, struct node *target, enum op op, uint32_t start) {
    if (target->kind == NODE_TUPLE || target->kind == NODE_LIST)
        return fail_at(p, ERR_SYNTAX, target->span, "write one statement for each name", "`%s` changes one name at a time", token_text(kind_now(p)));
    if (target->kind != NODE_NAME && target->kind != NODE_INDEX && target->kind != NODE_ATTRIBUTE)
        return fail_at(p, ERR_SYNTAX, target->span, "name the value first: x = …", "`%s` needs a name on its left", token_text(kind_now(p)));
    if (!check_target(p, target)) return NULL;
    advance(p);
    struct node *value = parse_tests(p);
    if (!value) return NULL;
    struct node *node = node_new(p, NODE_AUGMENTED, start);
    node->u.augmented.target = target;
    node->u.augmented.op = op;
    node->u.augmented.value = value;
    return node_lift(p, node, higher(target->height, value->height));
}

/* a = b = value: every part but the last is a target. */
static struct node *parse_assignment(struct parser *p, struct node *first, uint32_t start) {
    struct gather targets = {0};
    struct node *value = first;
    while (accept(p, TOKEN_ASSIGN)) {
        if (!check_target(p, value)) return NULL;
        gather_add(p, &targets, value);
        value = parse_tests(p);
        if (!value) return NULL;
    }
    if (value->kind == NODE_STARRED) return fail_at(p, ERR_SYNTAX, value->span, "write [*x] for a list", "`*` unpacks only among items or arguments");
    struct node *node = node_new(p, NODE_ASSIGN, start);
    node->u.assign.targets = targets.items;
    node->u.assign.n = targets.n;
    node->u.assign.value = value;
    return node_lift(p, node, higher(targets.height, value->height));
}

/* x: int = 3. The annotation is read over, as Python does at run time. */
static bool skip_annotation(struct parser *p, const struct node *target) {
    if (kind_now(p) != TOKEN_COLON || target->kind != NODE_NAME || !token_begins_expression(token_ahead(p, 1)->kind)) return true;
    size_t colon = p->at;
    advance(p);
    if (!parse_test(p)) return false;
    if (kind_now(p) != TOKEN_ASSIGN) p->at = colon;
    return true;
}

static struct node *parse_expression_statement(struct parser *p) {
    uint32_t start = start_now(p);
    struct node *first = parse_tests(p);
    if (!first || !skip_annotation(p, first)) return NULL;
    if (kind_now(p) == TOKEN_ASSIGN) return parse_assignment(p, first, start);
    const struct augmented_row *row = augmented_now(p);
    if (row) return parse_augmented(p, first, row->op, start);
    if (first->kind == NODE_STARRED) return fail_at(p, ERR_SYNTAX, first->span, "write [*x] for a list", "`*` unpacks only among items or arguments");
    struct node *node = node_new(p, NODE_EXPRESSION, start);
    node->u.operand = first;
    return node_lift(p, node, first->height);
}

/* --- small statements --- */

static struct node *parse_word(struct parser *p, enum node_kind kind) {
    uint32_t start = start_now(p);
    if ((kind == NODE_BREAK || kind == NODE_CONTINUE) && p->loops == 0)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, NULL, "`%s` stands outside a loop", token_text(kind_now(p)));
    advance(p);
    return node_new(p, kind, start);
}

static bool ends_statement(enum token_kind kind) { return kind == TOKEN_NEWLINE || kind == TOKEN_SEMICOLON || kind == TOKEN_END; }

static struct node *parse_return(struct parser *p) {
    uint32_t start = start_now(p);
    if (p->functions == 0)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "leave `return` away: the last expression of a cell shows itself",
                       "`return` stands outside a function");
    advance(p);
    struct node *value = NULL;
    if (!ends_statement(kind_now(p)) && !(value = parse_tests(p))) return NULL;
    struct node *node = node_new(p, NODE_RETURN, start);
    node->u.operand = value;
    return node_lift(p, node, value ? value->height : 0);
}

/* del a, b: one DEL a name; all but the last are added to `block`. */
static struct node *parse_del(struct parser *p, struct gather *block) {
    uint32_t start = start_now(p);
    advance(p);
    for (;;) {
        const struct token *name = token_now(p);
        if (name->kind != TOKEN_NAME) return fail_unexpected(p, "a name after `del`");
        advance(p);
        if (kind_now(p) == TOKEN_OPEN_BRACKET || kind_now(p) == TOKEN_DOT)
            return fail_at(p, ERR_SYNTAX, name->span, "build a new value without it: {k: v for k, v in d.items() if k != \"a\"}",
                           "`del` forgets names; values don't change");
        struct node *node = node_new(p, NODE_DEL, start);
        node->u.name = name->u.name;
        if (!accept(p, TOKEN_COMMA) || ends_statement(kind_now(p))) return node;
        gather_add(p, block, node);
        start = start_now(p);
    }
}

/* --- help: als?  mf.items?  ?als --- */

/* Number of tokens of a dotted name at token `from` ahead; 0 = none. */
static size_t dotted_name(const struct parser *p, size_t from) {
    if (token_ahead(p, from)->kind != TOKEN_NAME) return 0;
    size_t n = 1;
    while (token_ahead(p, from + n)->kind == TOKEN_DOT && token_ahead(p, from + n + 1)->kind == TOKEN_NAME) n += 2;
    return n;
}

static size_t question_marks(const struct parser *p, size_t from) {
    size_t n = 0;
    while (n < 2 && token_ahead(p, from + n)->kind == TOKEN_QUESTION) n++;
    return n;
}

static struct node *parse_help(struct parser *p) {
    uint32_t start = start_now(p);
    size_t before = question_marks(p, 0), n = dotted_name(p, before), after = question_marks(p, before + n);
    if (n == 0 || (before == 0) == (after == 0) || !ends_statement(token_ahead(p, before + n + after)->kind)) return NULL;
    const char **path = arena_new_array(&p->source->arena, const char *, n);
    uint32_t length = 0;
    for (size_t i = 0; i < n; i += 2) path[length++] = token_ahead(p, before + i)->u.name;
    for (size_t i = 0; i < before + n + after; i++) advance(p);
    struct node *node = node_new(p, NODE_HELP, start);
    node->u.help.path = path;
    node->u.help.n = length;
    return node;
}

/* --- lines of small statements --- */

static struct node *parse_small(struct parser *p, struct gather *block) {
    struct node *help = parse_help(p);
    if (help) return help;
    if (foreign_statement(p)) return NULL;
    switch (kind_now(p)) {
    case TOKEN_PASS: return parse_word(p, NODE_PASS);
    case TOKEN_BREAK: return parse_word(p, NODE_BREAK);
    case TOKEN_CONTINUE: return parse_word(p, NODE_CONTINUE);
    case TOKEN_RETURN: return parse_return(p);
    case TOKEN_DEL: return parse_del(p, block);
    case TOKEN_DEF:
    case TOKEN_FOR:
    case TOKEN_WHILE:
    case TOKEN_IF: return fail_at(p, ERR_SYNTAX, token_now(p)->span, "put it on a line of its own", "`%s` begins a line", token_text(kind_now(p)));
    default: return parse_expression_statement(p);
    }
}

static bool parse_small_line(struct parser *p, struct gather *block) {
    for (;;) {
        size_t first = p->at;
        uint32_t from = block->n;
        struct node *node = parse_small(p, block);
        if (!node) return false;
        gather_add(p, block, node);
        bool quiet = accept(p, TOKEN_SEMICOLON);
        for (uint32_t i = from; i < block->n; i++) block->items[i]->quiet = quiet;
        if (accept(p, TOKEN_NEWLINE) || kind_now(p) == TOKEN_END) return true;
        if (!quiet) return fail_line_end(p, first) != NULL;
    }
}

/* --- blocks --- */

static struct node *block_node(struct parser *p, const struct gather *block) {
    struct node *node = arena_new(&p->source->arena, struct node);
    node->kind = NODE_BLOCK;
    node->u.list = gather_nodes(block);
    if (block->n) node->span = (struct span){block->items[0]->span.start, block->items[block->n - 1]->span.end};
    return node_lift(p, node, block->height);
}

static bool parse_statement(struct parser *p, struct gather *block);

static bool only_ends_follow(const struct parser *p) {
    size_t n = 0;
    while (token_ahead(p, n)->kind == TOKEN_DEDENT) n++;
    return token_ahead(p, n)->kind == TOKEN_END;
}

static bool parse_block(struct parser *p, const char *what, struct gather *block) {
    if (only_ends_follow(p))
        return fail_at(p, ERR_INCOMPLETE, (struct span){end_before(p), end_before(p)}, "write `pass` for an empty one",
                       "the block of `%s` is missing", what) != NULL;
    if (kind_now(p) == TOKEN_ERROR) return fail_unexpected(p, "a block") != NULL;
    if (!accept(p, TOKEN_INDENT))
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "indent its lines by four blanks, or write `pass` for an empty one",
                       "the block of `%s` is not indented", what) != NULL;
    while (!accept(p, TOKEN_DEDENT)) {
        if (!parse_statement(p, block)) return false;
    }
    return true;
}

struct node *parse_suite(struct parser *p, const char *what) {
    if (!accept(p, TOKEN_COLON)) return fail_colon(p, what);
    if (!enter(p)) return NULL;
    struct gather block = {0};
    bool fine = accept(p, TOKEN_NEWLINE) ? parse_block(p, what, &block) : parse_small_line(p, &block);
    leave(p);
    return fine ? block_node(p, &block) : NULL;
}

/* --- compound statements --- */

static struct node *no_loop_else(struct parser *p, const char *what) {
    return fail_at(p, ERR_SYNTAX, token_now(p)->span, "set a variable before the loop and look at it afterwards", "`%s` has no `else` here", what);
}

static struct node *parse_for(struct parser *p) {
    uint32_t start = start_now(p);
    advance(p);
    struct node *target = parse_loop_target(p), *iterable = target ? parse_tests(p) : NULL;
    if (!iterable) return NULL;
    p->loops++;
    struct node *body = parse_suite(p, "for");
    p->loops--;
    if (!body) return NULL;
    if (kind_now(p) == TOKEN_ELSE) return no_loop_else(p, "for");
    struct node *node = node_new(p, NODE_FOR, start);
    node->span.end = body->span.end;
    node->u.loop.target = target;
    node->u.loop.iterable = iterable;
    node->u.loop.body = body;
    return node_lift(p, node, higher(higher(target->height, iterable->height), body->height));
}

static struct node *parse_condition(struct parser *p) {
    struct node *condition = parse_test(p);
    if (condition && kind_now(p) == TOKEN_ASSIGN)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "did you mean `==`?", "`=` assigns; a condition compares");
    return condition;
}

static struct node *parse_while(struct parser *p) {
    uint32_t start = start_now(p);
    advance(p);
    struct node *condition = parse_condition(p);
    if (!condition) return NULL;
    p->loops++;
    struct node *body = parse_suite(p, "while");
    p->loops--;
    if (!body) return NULL;
    if (kind_now(p) == TOKEN_ELSE) return no_loop_else(p, "while");
    struct node *node = node_new(p, NODE_WHILE, start);
    node->span.end = body->span.end;
    node->u.whilst.condition = condition;
    node->u.whilst.body = body;
    return node_lift(p, node, higher(condition->height, body->height));
}

struct branches {
    struct branch *items;
    uint32_t n, cap;
    uint16_t height;
    struct node *otherwise;
    uint32_t end;
};

static bool parse_branch(struct parser *p, struct branches *branches) {
    const char *what = token_text(kind_now(p));
    advance(p);
    struct branch branch = {.condition = parse_condition(p)};
    if (!branch.condition) return false;
    branch.body = parse_suite(p, what);
    if (!branch.body) return false;
    branches->items = arena_grow(&p->source->arena, branches->items, branches->n, &branches->cap, sizeof *branches->items);
    branches->items[branches->n++] = branch;
    branches->height = higher(branches->height, higher(branch.condition->height, branch.body->height));
    branches->end = branch.body->span.end;
    return true;
}

static bool parse_else(struct parser *p, struct branches *branches) {
    struct span span = token_now(p)->span;
    advance(p);
    if (kind_now(p) == TOKEN_IF)
        return fail_at(p, ERR_SYNTAX, (struct span){span.start, token_now(p)->span.end}, "write `elif`", "`else if` is one word here") != NULL;
    branches->otherwise = parse_suite(p, "else");
    if (!branches->otherwise) return false;
    branches->height = higher(branches->height, branches->otherwise->height);
    branches->end = branches->otherwise->span.end;
    return true;
}

static struct node *parse_if(struct parser *p) {
    uint32_t start = start_now(p);
    struct branches branches = {0};
    do {
        if (!parse_branch(p, &branches)) return NULL;
    } while (kind_now(p) == TOKEN_ELIF);
    if (kind_now(p) == TOKEN_ELSE && !parse_else(p, &branches)) return NULL;
    struct node *node = node_new(p, NODE_IF, start);
    node->span.end = branches.end;
    node->u.choice.branches = branches.items;
    node->u.choice.n = branches.n;
    node->u.choice.otherwise = branches.otherwise;
    return node_lift(p, node, branches.height);
}

static struct node *parse_compound(struct parser *p) {
    switch (kind_now(p)) {
    case TOKEN_FOR: return parse_for(p);
    case TOKEN_WHILE: return parse_while(p);
    case TOKEN_IF: return parse_if(p);
    default: return parse_def(p);
    }
}

static bool parse_statement(struct parser *p, struct gather *block) {
    enum token_kind kind = kind_now(p);
    if (kind == TOKEN_INDENT)
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "nothing before it opens a block: begin it in the column of the line before",
                       "this line is indented without need") != NULL;
    if (kind != TOKEN_FOR && kind != TOKEN_WHILE && kind != TOKEN_IF && kind != TOKEN_DEF) return parse_small_line(p, block);
    struct node *node = parse_compound(p);
    if (!node) return false;
    gather_add(p, block, node);
    return true;
}

struct node *parse_statements(struct parser *p) {
    struct gather block = {0};
    while (kind_now(p) != TOKEN_END)
        if (!parse_statement(p, &block)) return NULL;
    return block_node(p, &block);
}
