/* Strings that stand side by side join; an f-string among them makes an FSTRING of the whole. */
#include <string.h>

#include "kernel/lang/parse.h"

struct fparts {
    struct fpart *items;
    uint32_t n, cap;
    uint16_t height;
};

static void add_part(struct parser *p, struct fparts *parts, struct fpart part) {
    parts->items = arena_grow(&p->source->arena, parts->items, parts->n, &parts->cap, sizeof *parts->items);
    parts->items[parts->n++] = part;
}

static void add_text(struct parser *p, struct fparts *parts, struct slice text) {
    if (text.len) add_part(p, parts, (struct fpart){.text = text});
}

static bool parse_fparts(struct parser *p, enum token_kind end, struct fparts *parts);

/* {x=}: the text from the brace to the end of `=` and its blanks stands before the value. What follows may be a fault that
 * points back at what was opened, before the brace: then there is no such text, and nothing will show it. */
static void keep_source(struct parser *p, uint32_t from, struct fpart *part) {
    uint32_t to = start_now(p) > from ? start_now(p) : from;
    part->show_source = true;
    part->text = (struct slice){arena_strndup(&p->source->arena, p->source->text.data + from, to - from), to - from};
}

static bool parse_spec(struct parser *p, struct fpart *part, uint16_t *height) {
    uint32_t start = start_now(p);
    if (!accept(p, TOKEN_FIELD_SPEC)) return true;
    struct fparts parts = {0};
    if (!parse_fparts(p, TOKEN_FIELD_CLOSE, &parts)) return false;
    struct node *spec = node_new(p, NODE_FSTRING, start + 1);
    spec->u.fstring.parts = parts.items;
    spec->u.fstring.n = parts.n;
    part->spec = node_lift(p, spec, parts.height);
    if (part->spec) *height = higher(*height, spec->height);
    return part->spec != NULL;
}

static bool parse_field(struct parser *p, struct fparts *parts) {
    const struct token *outer = p->bracket, *brace = token_now(p);
    struct fpart part = {0};
    p->bracket = brace;
    advance(p);
    enum token_kind kind = kind_now(p);
    if (kind == TOKEN_FIELD_CLOSE || kind == TOKEN_CONVERSION || kind == TOKEN_FIELD_SPEC)
        return fail_at(p, ERR_SYNTAX, (struct span){brace->span.start, token_now(p)->span.end}, "a brace itself is written {{ or }}",
                       "this field of the f-string is empty") != NULL;
    part.expression = parse_tests(p);
    if (!part.expression) return false;
    if (accept(p, TOKEN_ASSIGN)) keep_source(p, brace->span.end, &part);
    if (kind_now(p) == TOKEN_CONVERSION) {
        part.conversion = p->source->text.data[token_now(p)->span.end - 1];
        advance(p);
    }
    uint16_t height = part.expression->height;
    if (!parse_spec(p, &part, &height)) return false;
    if (part.show_source && !part.spec && !part.conversion) part.conversion = 'r';
    if (!accept(p, TOKEN_FIELD_CLOSE)) return fail_in_bracket(p, "`}`") != NULL;
    p->bracket = outer;
    parts->height = higher(parts->height, height);
    add_part(p, parts, part);
    return true;
}

/* Text and fields up to a token that is not read. */
static bool parse_fparts(struct parser *p, enum token_kind end, struct fparts *parts) {
    while (kind_now(p) != end) {
        if (kind_now(p) == TOKEN_FSTRING_TEXT) {
            add_text(p, parts, token_now(p)->u.string);
            advance(p);
        } else if (kind_now(p) == TOKEN_FIELD_OPEN) {
            if (!enter(p)) return false;
            bool fine = parse_field(p, parts);
            leave(p);
            if (!fine) return false;
        } else {
            return fail_unexpected(p, "the end of the f-string") != NULL;
        }
    }
    return true;
}

static struct slice join_text(struct parser *p, const struct fparts *parts) {
    if (parts->n == 1) return parts->items[0].text;
    struct buf text = BUF_INIT;
    for (uint32_t i = 0; i < parts->n; i++) buf_add(&text, parts->items[i].text.data, parts->items[i].text.len);
    struct slice joined = {arena_strndup(&p->source->arena, buf_text(&text), text.len), text.len};
    buf_release(&text);
    return joined;
}

static bool parse_one(struct parser *p, struct fparts *parts, bool *formatted) {
    if (kind_now(p) == TOKEN_STRING) {
        add_text(p, parts, token_now(p)->u.string);
        advance(p);
        return true;
    }
    *formatted = true;
    advance(p);
    if (!parse_fparts(p, TOKEN_FSTRING_END, parts)) return false;
    advance(p);
    return true;
}

struct node *parse_strings(struct parser *p) {
    uint32_t start = start_now(p);
    struct fparts parts = {0};
    bool formatted = false;
    while (kind_now(p) == TOKEN_STRING || kind_now(p) == TOKEN_FSTRING_START)
        if (!parse_one(p, &parts, &formatted)) return NULL;
    struct node *node = node_new(p, formatted ? NODE_FSTRING : NODE_STRING, start);
    if (formatted) {
        node->u.fstring.parts = parts.items;
        node->u.fstring.n = parts.n;
        return node_lift(p, node, parts.height);
    }
    node->u.string = join_text(p, &parts);
    return node;
}
