/* What stands around a place of half-written code, found on tokens: for
 * completion and inspection, which must work where the parser can't. */
#ifndef RECKON_LOOKUP_H
#define RECKON_LOOKUP_H

#include "kernel/lang/complete.h"
#include "kernel/lang/lex.h"

struct lookup {
    const struct registry *registry;
    const struct snapshot *snapshot; /* NULL: no names yet */
    struct source *source;
    struct tokens tokens;
    size_t n; /* tokens without those of the cell's end */
};
void lookup_init(struct lookup *lookup, const struct registry *registry, const struct snapshot *snapshot, struct slice code);
void lookup_release(struct lookup *lookup);
static inline const struct token *lookup_token(const struct lookup *lookup, size_t i) { return &lookup->tokens.items[i]; }
static inline enum token_kind lookup_kind(const struct lookup *lookup, size_t i) { return i < lookup->n ? lookup->tokens.items[i].kind : TOKEN_END; }

/* What an expression is known to be. All NULL and VAL_UNSET: nothing is known. */
struct thing {
    const struct snapshot_name *name;      /* it is this name itself */
    const struct builtin_info *info;       /* a builtin or a method */
    const struct attribute_row *attribute; /* it is this attribute … */
    const struct type *owner;              /* … of this type */
    const struct type *type;               /* an object of this type */
    enum value_kind plain;                 /* a plain value: VAL_STR, VAL_LIST … */
};
/* The chain of names, calls and subscripts that ends before token `end`: mf.items, load("x").where(…). */
struct thing lookup_thing(const struct lookup *lookup, size_t end);
/* The rows of a thing's methods; NULL: none. */
const struct builtin_row *thing_methods(const struct thing *thing);

/* Innermost bracket open before token `end`; false: none. From outside in: call again with end = *out_open. */
bool lookup_bracket(const struct lookup *lookup, size_t end, size_t *out_open);
/* Whether the bracket at `open` belongs to what stands before it: a call or a subscript. */
bool lookup_applies(const struct lookup *lookup, size_t open);

/* The argument of the call at `open` that a place before token `end` is in. */
struct argument_place {
    const char *name; /* of a named one, else NULL */
    size_t position;  /* positional ones before it */
    size_t start;     /* its first token; `end` when it has none */
};
struct argument_place lookup_argument(const struct lookup *lookup, size_t open, size_t end);
/* The parameter that an argument fills in one signature; NULL: none. */
const struct sig_param *signature_param(const struct signature *signature, const struct argument_place *place);
/* In the first signature that has one. */
const struct sig_param *info_param(const struct builtin_info *info, const struct argument_place *place);

#endif
