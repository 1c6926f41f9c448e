/* Entry points and the tools that the parser's parts share. */
#include "kernel/lang/parse.h"

#include <string.h>

/* --- gathering --- */

void *arena_grow(struct arena *arena, void *items, uint32_t n, uint32_t *cap, size_t item_bytes) {
    if (n < *cap) return items;
    uint32_t room = *cap ? *cap * 2 : 4;
    void *grown = arena_alloc(arena, room * item_bytes);
    if (n) memcpy(grown, items, n * item_bytes);
    *cap = room;
    return grown;
}

void gather_add(struct parser *p, struct gather *gather, struct node *node) {
    gather->items = arena_grow(&p->source->arena, gather->items, gather->n, &gather->cap, sizeof *gather->items);
    gather->items[gather->n++] = node;
    gather->height = higher(gather->height, node->height);
}

struct nodes gather_nodes(const struct gather *gather) {
    return (struct nodes){gather->items, gather->n};
}

/* --- tokens --- */

const struct token *token_now(const struct parser *p) { return &p->tokens.items[p->at]; }

const struct token *token_ahead(const struct parser *p, size_t n) {
    size_t at = p->at + n;
    return &p->tokens.items[at < p->tokens.n ? at : p->tokens.n - 1];
}

enum token_kind kind_now(const struct parser *p) { return token_now(p)->kind; }
uint32_t start_now(const struct parser *p) { return token_now(p)->span.start; }
uint32_t end_before(const struct parser *p) { return p->at ? p->tokens.items[p->at - 1].span.end : 0; }

void advance(struct parser *p) {
    if (p->at + 1 < p->tokens.n) p->at++;
}

bool accept(struct parser *p, enum token_kind kind) {
    if (kind_now(p) != kind) return false;
    advance(p);
    return true;
}

bool token_begins_expression(enum token_kind kind) {
    switch (kind) {
    case TOKEN_NAME:
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_STRING:
    case TOKEN_FSTRING_START:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NONE:
    case TOKEN_LAMBDA:
    case TOKEN_NOT:
    case TOKEN_OPEN_PAREN:
    case TOKEN_OPEN_BRACKET:
    case TOKEN_OPEN_BRACE:
    case TOKEN_MINUS:
    case TOKEN_PLUS: return true;
    default: return false;
    }
}

/* --- nodes --- */

uint16_t higher(uint16_t a, uint16_t b) { return a > b ? a : b; }

struct node *node_new(struct parser *p, enum node_kind kind, uint32_t start) {
    struct node *node = arena_new(&p->source->arena, struct node);
    node->kind = kind;
    node->span = (struct span){start, end_before(p)};
    node->height = 1;
    return node;
}

struct node *node_lift(struct parser *p, struct node *node, uint16_t below) {
    if (below >= LIMIT_HEIGHT)
        return fail_at(p, ERR_LIMIT, node->span, "give a part of it a name of its own", "the expression has more than %d steps one on another",
                       LIMIT_HEIGHT);
    node->height = (uint16_t)(below + 1);
    return node;
}

bool enter(struct parser *p) {
    if (p->depth >= LIMIT_NESTING) {
        fail_at(p, ERR_LIMIT, token_now(p)->span, "give an inner part a name of its own",
                "brackets and blocks stand more than %d deep inside each other", LIMIT_NESTING);
        return false;
    }
    p->depth++;
    return true;
}

void leave(struct parser *p) { p->depth--; }

/* --- entry points --- */

static enum status finish(struct parser *p, struct node *node, struct node **out) {
    tokens_release(&p->tokens);
    if (!node) return p->err->code;
    *out = node;
    return OK;
}

enum status parse_cell(struct source *source, struct node **out, struct error *err) {
    struct parser p = {.source = source, .err = err};
    lex(source, false, &p.tokens);
    return finish(&p, parse_statements(&p), out);
}

enum status parse_expression(struct source *source, struct node **out, struct error *err) {
    struct parser p = {.source = source, .err = err};
    lex(source, false, &p.tokens);
    struct node *node = parse_tests(&p);
    if (node) accept(&p, TOKEN_NEWLINE);
    if (node && kind_now(&p) != TOKEN_END) node = fail_line_end(&p, 0);
    return finish(&p, node, out);
}

/* --- indentation of the next line --- */

static int line_indent(const struct source *source, uint32_t offset) {
    uint32_t line, column;
    source_position(source, offset, &line, &column);
    struct slice text = source_line(source, line);
    int n = 0;
    for (size_t i = 0; i < text.len && (text.data[i] == ' ' || text.data[i] == '\t'); i++) n += text.data[i] == '\t' ? 8 : 1;
    return n;
}

static int indent_after(const struct source *source, const struct tokens *tokens) {
    size_t last = tokens->n;
    while (last-- > 0)
        if (tokens->items[last].span.end > tokens->items[last].span.start && tokens->items[last].kind != TOKEN_NEWLINE) break;
    if (last >= tokens->n) return 0;
    const struct token *token = &tokens->items[last];
    if (token->kind == TOKEN_STRING_OPEN) return 0;
    bool opens =
        token->kind == TOKEN_COLON || token->kind == TOKEN_OPEN_PAREN || token->kind == TOKEN_OPEN_BRACKET || token->kind == TOKEN_OPEN_BRACE;
    return line_indent(source, token->span.start) + (opens ? 4 : 0);
}

int next_indent(const struct source *source) {
    struct source *copy = source_new(source->name, source->text); /* tolerant tokens are not the cell's */
    struct tokens tokens;
    lex(copy, true, &tokens);
    int indent = indent_after(copy, &tokens);
    tokens_release(&tokens);
    source_unref(copy);
    return indent;
}
