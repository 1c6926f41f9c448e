/* Cell text to tokens, as Python 3 lexes: indentation becomes INDENT and
 * DEDENT, brackets join lines, an f-string becomes a run of tokens
 *
 *     FSTRING_START  { FSTRING_TEXT | FIELD }  FSTRING_END
 *     FIELD = FIELD_OPEN tokens… ["="] [CONVERSION] [FIELD_SPEC { FSTRING_TEXT | FIELD }] FIELD_CLOSE
 *
 * so that fields nest and keep their places. Lexing never fails: the first
 * fault becomes a TOKEN_ERROR that ends the stream, so that the parser tells
 * of whatever comes first in the cell. In tolerant mode (completion,
 * inspection) faults are stepped over and an unended string is a
 * TOKEN_STRING_OPEN. Text of tokens lives in the source's arena. */
#ifndef RECKON_LEX_H
#define RECKON_LEX_H

#include "kernel/lang/source.h"

enum token_kind {
#define T(kind, words) kind,
#define O(kind, text) kind,
#define K(kind, text) kind,
#include "kernel/lang/token.def"
    TOKEN_COUNT
};

struct token {
    enum token_kind kind;
    struct span span;
    union {
        int64_t integer;     /* INT; INT64_MIN stands for 9223372036854775808, whole only after a minus */
        double real;         /* FLOAT */
        struct slice string; /* STRING, STRING_OPEN, FSTRING_TEXT: decoded bytes */
        const char *name;    /* NAME */
    } u;
};

struct tokens {
    struct token *items; /* owned; ends with TOKEN_END */
    size_t n;
    bool bracket_open;   /* the cell ends inside brackets … */
    struct span bracket; /* … the innermost of which stands here */
    struct error error;  /* of the TOKEN_ERROR; holds its place */
};

void lex(struct source *source, bool tolerant, struct tokens *out);
void tokens_release(struct tokens *tokens);

const char *token_text(enum token_kind kind); /* "**=", "lambda"; for others their words */
bool token_is_word(enum token_kind kind);     /* reserved words, foreign ones too */
bool token_is_foreign(enum token_kind kind);  /* words of Python's that Reckon lacks */
bool token_has_text(enum token_kind kind);    /* operators and words: token_text is what the cell says */
/* The language's own words in order; NULL past the end. */
const char *lang_keyword(size_t i);

/* "…" with escapes, for the dumps. */
void buf_add_quoted(struct buf *out, struct slice text);
/* For --dump-tokens: "1:1 NAME x", one token a line. */
void lex_dump(const struct source *source, const struct tokens *tokens, struct buf *out);

#endif
