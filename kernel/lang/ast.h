/* The syntax tree. Nodes live in the source's arena and are never changed
 * after parsing. ast.def lists the kinds. */
#ifndef RECKON_AST_H
#define RECKON_AST_H

#include "kernel/lang/source.h"

enum node_kind {
#define X(kind, name) kind,
#include "kernel/lang/ast.def"
#undef X
};

/* Binary, augmented and comparison operators. */
enum op {
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_FLOORDIV,
    OP_MOD,
    OP_MATMUL,
    OP_POW,
    OP_BITOR,
    OP_BITXOR,
    OP_BITAND,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_EQ,
    OP_NE,
    OP_IN,
    OP_NOT_IN,
    OP_IS,
    OP_IS_NOT,
    OP_NEG,
    OP_POS,
    OP_NOT, /* unary */
};
const char *op_text(enum op op); /* "+", "not in" */

struct node;
struct nodes {
    struct node **items;
    uint32_t n;
};

/* One `for targets in iterable if cond…` of a comprehension. */
struct comp_clause {
    struct node *target; /* NAME, TUPLE, STARRED inside a tuple, INDEX */
    struct node *iterable;
    struct nodes conditions;
};

struct argument {
    enum { ARG_POSITIONAL, ARG_NAMED, ARG_STAR, ARG_DOUBLE_STAR } kind;
    const char *name; /* ARG_NAMED */
    struct span name_span;
    struct node *value;
};

struct parameter {
    const char *name;
    struct span span;
    struct node *otherwise; /* default, or NULL */
    enum { PARAM_PLAIN, PARAM_STAR, PARAM_DOUBLE_STAR } kind;
};

struct branch { /* of if/elif */
    struct node *condition;
    struct node *body;
};

/* Part of an f-string: text, or an expression with conversion and format spec. */
struct fpart {
    struct slice text; /* when expression is NULL */
    struct node *expression;
    char conversion;   /* 0, 'r', 's' */
    struct node *spec; /* NODE_FSTRING or NULL */
    bool show_source;  /* f"{x=}": source text stands in `text` */
};

struct node {
    enum node_kind kind;
    struct span span;
    union {
        bool boolean;        /* BOOL */
        int64_t integer;     /* INT */
        double real;         /* FLOAT */
        struct slice string; /* STRING: decoded bytes */
        const char *name;    /* NAME, DEL */
        struct nodes list;   /* LIST, TUPLE, SET, BLOCK (statements) */
        struct {
            struct fpart *parts;
            uint32_t n;
        } fstring;
        struct {
            struct node **keys, **values;
            uint32_t n;
        } dict; /* keys[i] NULL: **values[i] */
        struct {
            struct node *element, *value;
            struct comp_clause *clauses;
            uint32_t n;
        } comp; /* LISTCOMP SETCOMP GENEXP; DICTCOMP: element = key, value */
        struct {
            struct node *object;
            const char *name;
            struct span name_span;
        } attribute;
        struct {
            struct node *callee;
            struct argument *arguments;
            uint32_t n;
        } call;
        struct {
            struct node *object;
            struct nodes subscripts;
        } index; /* one or several; several with commas = tuple subscript */
        struct {
            struct node *start, *stop, *step;
        } slice; /* each may be NULL */
        struct {
            enum op op;
            struct node *operand;
        } unary;
        struct {
            enum op op;
            struct node *left, *right;
            struct span op_span;
        } binary; /* BINARY; AND, OR (op unused) */
        struct {
            struct node *first;
            enum op *ops;
            struct node **operands;
            uint32_t n;
        } compare; /* first ops[0] operands[0] … */
        struct {
            struct node *condition, *then, *otherwise;
        } conditional;
        struct {
            const char *name;
            struct parameter *parameters;
            uint32_t n;
            struct node *body;
            struct slice doc;
        } function;           /* LAMBDA (name NULL, body an expression), DEF (body a BLOCK) */
        struct node *operand; /* STARRED, EXPRESSION (statement), RETURN (may be NULL) */
        struct {
            struct node **targets;
            uint32_t n;
            struct node *value;
        } assign; /* a = b = value: n = 2 */
        struct {
            struct node *target;
            enum op op;
            struct node *value;
        } augmented;
        struct {
            struct node *target, *iterable, *body;
        } loop; /* FOR */
        struct {
            struct node *condition, *body;
        } whilst; /* WHILE */
        struct {
            struct branch *branches;
            uint32_t n;
            struct node *otherwise;
        } choice; /* IF */
        struct {
            const char **path;
            uint32_t n;
        } help; /* HELP: als? , mf.items? */
    } u;
    uint16_t height; /* nodes on the longest way down, at most LIMIT_HEIGHT */
    bool quiet;      /* statements: followed by ";" and so not shown when last */
};

/* Parses a cell. On success *out is a NODE_BLOCK in source's arena. On failure err has its place;
 * err->code is ERR_INCOMPLETE when more lines could make the cell whole. */
enum status parse_cell(struct source *source, struct node **out, struct error *err) MUST_CHECK;
/* Parses one expression (tests, --dump-ast of parts). */
enum status parse_expression(struct source *source, struct node **out, struct error *err) MUST_CHECK;
/* "(assign (name x) (int 1))", one statement a line. */
void ast_dump(const struct node *node, struct buf *out);
/* Indent (spaces) that the next line of an incomplete cell should begin with. */
int next_indent(const struct source *source);

/* Limits of the grammar. */
#define LIMIT_CELL_BYTES (4u << 20)
#define LIMIT_NESTING 200    /* brackets, blocks, lambdas … inside each other */
#define LIMIT_HEIGHT 1000    /* of one statement's tree: 1 + 1 + 1 … grows by one a term, so that a walk's recursion is bounded */
#define LIMIT_ARGUMENTS 1000 /* named ones of a call, parameters of a function */

#endif
