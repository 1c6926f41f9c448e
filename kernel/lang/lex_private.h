/* What lex.c and lex_string.c share. */
#ifndef RECKON_LEX_PRIVATE_H
#define RECKON_LEX_PRIVATE_H

#include "kernel/lang/lex.h"
#include "runtime/base/vec.h"

/* One open thing: a bracket, an f-string, a field in it, the format of a field. */
struct frame {
    enum { FRAME_BRACKET, FRAME_FSTRING, FRAME_FIELD, FRAME_SPEC } kind;
    char open;        /* '(' '[' '{'; the quote of an f-string */
    bool triple, raw; /* of an f-string; fields and formats carry their string's */
    struct span span; /* of the opening text */
    bool in_line;     /* it or one around it is a field of a string of one line; lex_push sets it */
};

struct lexer {
    struct source *source;
    const char *text;
    uint32_t at, end;
    bool tolerant, failed, line_start;
    char indent_style; /* ' ' or '\t' once a line was indented */
    VEC(struct token) tokens;
    VEC(struct frame) frames;
    VEC(uint32_t) indents; /* columns of open blocks, [0] = 0 */
    struct error *error;
};

struct frame *lex_frame(struct lexer *lexer); /* innermost, or NULL */
struct token *lex_emit(struct lexer *lexer, enum token_kind kind, uint32_t start, uint32_t end);
/* Records the fault at [start, end); hint may be NULL. In strict mode lexing ends there. */
void lex_fail(struct lexer *lexer, enum status code, uint32_t start, uint32_t end, const char *hint, const char *format, ...) PRINTF_LIKE(6, 7);
void lex_push(struct lexer *lexer, struct frame frame);

/* At a quote whose prefix began at `start`: a whole string, or the start of an f-string. */
void lex_string(struct lexer *lexer, uint32_t start, bool raw, bool formatted);
/* Inside an f-string or a format: text up to the next field or the end. */
void lex_fstring_text(struct lexer *lexer);
/* Whether a name begins at a byte, and its first character's bytes. */
bool lex_name_starts(const struct lexer *lexer, uint32_t at, uint32_t *out_used);
/* At a number. */
void lex_number(struct lexer *lexer);

#endif
