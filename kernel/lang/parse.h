/* What the parts of the parser share. A Pratt parser over a cell's tokens;
 * nodes go to the source's arena. Functions that make a node return NULL when
 * parsing failed; then parser->err has its place. Precedence, loosest first:
 *
 *     lambda · if-else · or · and · not · comparisons · | · ^ · & · + - · * / // % @ · unary - · **  */
#ifndef RECKON_PARSE_H
#define RECKON_PARSE_H

#include "kernel/lang/ast.h"
#include "kernel/lang/lex.h"

struct parser {
    struct source *source;
    struct tokens tokens;
    size_t at;
    struct error *err;
    int depth;                   /* of the recursion, at most LIMIT_NESTING */
    int loops, functions;        /* around the statement */
    const struct token *bracket; /* innermost open bracket, or NULL */
};

/* Nodes that are gathered in the arena. */
struct gather {
    struct node **items;
    uint32_t n, cap;
    uint16_t height; /* of the highest */
};
void gather_add(struct parser *p, struct gather *gather, struct node *node);
struct nodes gather_nodes(const struct gather *gather);
/* arena array with room for one more of item_bytes; n is the count now. */
void *arena_grow(struct arena *arena, void *items, uint32_t n, uint32_t *cap, size_t item_bytes);

/* --- tokens --- */
const struct token *token_now(const struct parser *p);
const struct token *token_ahead(const struct parser *p, size_t n); /* END past the end */
enum token_kind kind_now(const struct parser *p);
uint32_t start_now(const struct parser *p);
uint32_t end_before(const struct parser *p); /* end of the token before */
void advance(struct parser *p);
bool accept(struct parser *p, enum token_kind kind);
bool starts_line(const struct parser *p); /* the token now stands on a later line than the one before */
bool token_begins_expression(enum token_kind kind);

/* A node of this kind from `start` to the last token read. */
struct node *node_new(struct parser *p, enum node_kind kind, uint32_t start);
/* Gives the node a height above `below`; NULL and an error past LIMIT_HEIGHT. */
struct node *node_lift(struct parser *p, struct node *node, uint16_t below);
uint16_t higher(uint16_t a, uint16_t b);
/* One level of recursion down; false and an error past LIMIT_NESTING. leave() only after true. */
bool enter(struct parser *p);
void leave(struct parser *p);

/* --- expressions --- */
struct node *parse_test(struct parser *p);        /* one expression */
struct node *parse_disjunction(struct parser *p); /* one without if-else or lambda */
struct node *parse_operand(struct parser *p);     /* one without comparisons: what stands before `in` */
/* One or several with commas (then a TUPLE), each perhaps starred. */
struct node *parse_tests(struct parser *p);
struct node *parse_star_or_test(struct parser *p);
struct node *parse_lambda(struct parser *p);
struct node *parse_strings(struct parser *p);
struct node *parse_paren(struct parser *p);
struct node *parse_list(struct parser *p);
struct node *parse_braces(struct parser *p);
struct node *parse_call(struct parser *p, struct node *callee, uint32_t start);
struct node *parse_index(struct parser *p, struct node *object, uint32_t start);
/* At `for`: the clauses of a comprehension around element (and value, of a dict's). */
struct node *parse_comprehension(struct parser *p, enum node_kind kind, struct node *element, struct node *value, uint32_t start);
/* Begins and ends a bracket: remembers which one is open. */
const struct token *open_bracket(struct parser *p);
bool close_bracket(struct parser *p, enum token_kind kind, const struct token *outer);

/* --- targets and functions --- */
/* Makes sure that an expression can be assigned to (list displays become tuples). */
bool check_target(struct parser *p, struct node *node);
struct node *parse_loop_target(struct parser *p); /* of `for`, up to `in` */
bool parse_parameters(struct parser *p, enum token_kind close, bool annotated, struct node *function);
struct node *parse_def(struct parser *p);

/* --- statements --- */
struct node *parse_statements(struct parser *p);              /* the whole cell: a BLOCK */
struct node *parse_suite(struct parser *p, const char *what); /* ":" and the block of `what` ("if", "def") */

/* packages.c: what is built in instead of a package of Python, appended to out; false: no such package is known. registry may be NULL. */
bool package_hint(const struct registry *registry, const char *name, struct buf *out);

/* The names of row i of that table, with blanks between; NULL past the last. */
const char *package_names(size_t i);

/* --- errors; each returns NULL --- */
struct node *fail_at(struct parser *p, enum status code, struct span span, const char *hint, const char *format, ...) PRINTF_LIKE(5, 6);
/* The token now is not what the grammar wants: tells the likeliest reason. */
struct node *fail_unexpected(struct parser *p, const char *expected);
/* The same inside a bracket, where `,` or the closing one was wanted. */
struct node *fail_in_bracket(struct parser *p, const char *expected);
/* After a whole statement something follows on its line. `first` is the statement's first token. */
struct node *fail_line_end(struct parser *p, size_t first);
/* Forms of Python, notebooks and other languages that no statement begins with; true (and err set) when there is one. */
bool foreign_statement(struct parser *p);
struct node *fail_colon(struct parser *p, const char *what);

#endif
