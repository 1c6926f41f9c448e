#include "kernel/lang/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lang/ast.h"
#include "kernel/lang/lex_private.h"

/* --- names of kinds --- */

static const struct kind_row {
    const char *name, *text;
    enum { KIND_PLAIN, KIND_OPERATOR, KIND_WORD, KIND_FOREIGN } sort;
} kinds[TOKEN_COUNT] = {
#define T(kind, words) {#kind, words, KIND_PLAIN},
#define O(kind, text) {#kind, text, KIND_OPERATOR},
#define K(kind, text) {#kind, text, KIND_WORD},
#define F(kind, text) {#kind, text, KIND_FOREIGN},
#include "kernel/lang/token.def"
};

const char *token_text(enum token_kind kind) { return kinds[kind].text; }
bool token_is_word(enum token_kind kind) { return kinds[kind].sort == KIND_WORD || kinds[kind].sort == KIND_FOREIGN; }
bool token_is_foreign(enum token_kind kind) { return kinds[kind].sort == KIND_FOREIGN; }
bool token_has_text(enum token_kind kind) { return kinds[kind].sort != KIND_PLAIN; }

const char *lang_keyword(size_t i) {
    size_t kind = TOKEN_AND + i;
    return kind < TOKEN_COUNT && kinds[kind].sort == KIND_WORD ? kinds[kind].text : NULL;
}

/* --- what the parts share --- */

struct frame *lex_frame(struct lexer *lexer) {
    return lexer->frames.len ? &lexer->frames.data[lexer->frames.len - 1] : NULL;
}

struct token *lex_emit(struct lexer *lexer, enum token_kind kind, uint32_t start, uint32_t end) {
    struct token token = {.kind = kind, .span = {start, end}};
    vec_push(&lexer->tokens, token);
    return &lexer->tokens.data[lexer->tokens.len - 1];
}

void lex_fail(struct lexer *lexer, enum status code, uint32_t start, uint32_t end, const char *hint, const char *format, ...) {
    if (lexer->tolerant || lexer->failed) return;
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    err_set(lexer->error, code, "%s", message);
    if (hint) err_hint(lexer->error, "%s", hint);
    error_place(lexer->error, lexer->source, (struct span){start, end});
    lex_emit(lexer, TOKEN_ERROR, start, end);
    lexer->failed = true;
}

/* Deeper than the parser goes anyway; a bound here keeps every walk over the frames short. */
#define FRAMES_MAX (4 * LIMIT_NESTING)

void lex_push(struct lexer *lexer, struct frame frame) {
    const struct frame *outer = lex_frame(lexer);
    frame.in_line = (frame.kind == FRAME_FIELD && !frame.triple) || (outer && outer->in_line);
    if (lexer->frames.len < FRAMES_MAX) vec_push(&lexer->frames, frame);
    else
        lex_fail(lexer, ERR_LIMIT, frame.span.start, frame.span.end, "give an inner part a name of its own",
                 "brackets and blocks stand more than %d deep inside each other", LIMIT_NESTING);
}

static char peek(const struct lexer *lexer, uint32_t ahead) { return lexer->at + ahead < lexer->end ? lexer->text[lexer->at + ahead] : '\0'; }

static uint32_t decode_at(const struct lexer *lexer, uint32_t at, uint32_t *out_used) {
    uint32_t c = 0;
    *out_used = (uint32_t)utf8_decode((struct slice){lexer->text + at, lexer->end - at}, &c);
    return c;
}

/* --- names and words --- */

bool lex_name_starts(const struct lexer *lexer, uint32_t at, uint32_t *out_used) {
    if (at >= lexer->end) return false;
    unsigned char c = (unsigned char)lexer->text[at];
    *out_used = 1;
    if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return code_point_is_letter(decode_at(lexer, at, out_used));
}

static bool name_goes_on(const struct lexer *lexer, uint32_t at, uint32_t *out_used) {
    if (lex_name_starts(lexer, at, out_used)) return true;
    if (at >= lexer->end) return false;
    unsigned char c = (unsigned char)lexer->text[at];
    if (c < 0x80) return c >= '0' && c <= '9';
    return code_point_is_mark_or_digit(decode_at(lexer, at, out_used));
}

static enum token_kind word_kind(struct slice text) {
    for (int kind = TOKEN_AND; kind < TOKEN_COUNT; kind++)
        if (slice_eqz(text, kinds[kind].text)) return (enum token_kind)kind;
    return TOKEN_NAME;
}

/* A string's prefix: r, f, u, rf, fr in any case. */
static bool string_prefix(struct slice word, bool *out_raw, bool *out_formatted, bool *out_bytes) {
    *out_raw = *out_formatted = *out_bytes = false;
    if (word.len > 2) return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i] | 0x20;
        bool *flag = c == 'r' ? out_raw : c == 'f' ? out_formatted : c == 'b' ? out_bytes : NULL;
        if (c == 'u' && word.len == 1) return true;
        if (!flag || *flag) return false;
        *flag = true;
    }
    return !(*out_formatted && *out_bytes);
}

static void lex_word(struct lexer *lexer) {
    uint32_t start = lexer->at, used;
    while (name_goes_on(lexer, lexer->at, &used)) lexer->at += used;
    struct slice word = {lexer->text + start, lexer->at - start};
    char next = peek(lexer, 0);
    bool raw, formatted, bytes;
    if ((next == '"' || next == '\'') && string_prefix(word, &raw, &formatted, &bytes)) {
        if (bytes) lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "leave the `b` away: every string is Unicode text", "there are no byte strings");
        if (!lexer->failed) lex_string(lexer, start, raw, formatted);
        return;
    }
    enum token_kind kind = word_kind(word);
    struct token *token = lex_emit(lexer, kind, start, lexer->at);
    if (kind == TOKEN_NAME) token->u.name = arena_strndup(&lexer->source->arena, word.data, word.len);
}

/* --- operators and brackets --- */

static char closing_of(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

static void close_bracket(struct lexer *lexer, enum token_kind kind, uint32_t start) {
    struct frame *frame = lex_frame(lexer);
    char close = lexer->text[start];
    if (frame && frame->kind == FRAME_FIELD && close == '}') {
        lexer->frames.len--;
        lex_emit(lexer, TOKEN_FIELD_CLOSE, start, start + 1);
        return;
    }
    if (frame && frame->kind == FRAME_BRACKET && closing_of(frame->open) == close) {
        lexer->frames.len--;
    } else if (frame && frame->kind == FRAME_BRACKET && !lexer->tolerant) { /* counting columns takes time */
        uint32_t line, column;
        source_position(lexer->source, frame->span.start, &line, &column);
        lex_fail(lexer, ERR_SYNTAX, start, start + 1, NULL, "`%c` doesn't close the `%c` of line %u, column %u: expected `%c`", close, frame->open,
                 line, column, closing_of(frame->open));
    } else {
        lex_fail(lexer, ERR_SYNTAX, start, start + 1, "take it away, or open it first", "`%c` closes nothing", close);
    }
    if (!lexer->failed) lex_emit(lexer, kind, start, start + 1);
}

/* The tokens that mean something else directly inside a field: its conversion and its format. */
static bool lex_field_end(struct lexer *lexer) {
    struct frame *frame = lex_frame(lexer);
    uint32_t start = lexer->at;
    if (!frame || frame->kind != FRAME_FIELD) return false;
    if (peek(lexer, 0) == ':') {
        lexer->at++;
        lex_emit(lexer, TOKEN_FIELD_SPEC, start, lexer->at);
        lex_push(lexer, (struct frame){FRAME_SPEC, frame->open, frame->triple, frame->raw, {start, lexer->at}, false});
        return true;
    }
    if (peek(lexer, 0) != '!' || peek(lexer, 1) == '=') return false;
    char c = peek(lexer, 1), after = peek(lexer, 2);
    lexer->at += c ? 2 : 1;
    if ((c == 'r' || c == 's') && (after == '}' || after == ':')) lex_emit(lexer, TOKEN_CONVERSION, start, lexer->at);
    else
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "write {x!r} for the repr or {x!s} for the text",
                 "an f-string knows the conversions !r and !s");
    return true;
}

static void lex_operator(struct lexer *lexer) {
    struct slice rest = {lexer->text + lexer->at, lexer->end - lexer->at};
    for (int kind = TOKEN_ELLIPSIS; kind < TOKEN_AND; kind++) {
        size_t len = strlen(kinds[kind].text);
        if (rest.len < len || memcmp(rest.data, kinds[kind].text, len) != 0) continue;
        uint32_t start = lexer->at;
        lexer->at += (uint32_t)len;
        if (strchr(")]}", *rest.data)) {
            close_bracket(lexer, (enum token_kind)kind, start);
            return;
        }
        if (strchr("([{", *rest.data)) lex_push(lexer, (struct frame){FRAME_BRACKET, *rest.data, false, false, {start, lexer->at}, false});
        lex_emit(lexer, (enum token_kind)kind, start, lexer->at);
        return;
    }
}

/* --- characters that no token begins with --- */

static const struct lookalike {
    uint32_t c;
    const char *plain;
} lookalikes[] = {
    {0x2018, "'"},  {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x201E, "\""}, {0x00AB, "\""}, {0x00BB, "\""},  {0x2032, "'"},
    {0x2033, "\""}, {0x2013, "-"}, {0x2014, "-"},  {0x2212, "-"},  {0x00D7, "*"},  {0x00F7, "/"},  {0x2264, "<="},  {0x2265, ">="},
    {0x2260, "!="}, {0xFF08, "("}, {0xFF09, ")"},  {0xFF0C, ","},  {0xFF1A, ":"},  {0xFF1D, "="},  {0x2026, "..."}, {0x00A0, " "},
    {0x2003, " "},  {0x3000, " "}, {0x202F, " "},  {0x200B, ""},   {0xFEFF, ""},   {0x2192, "->"}, {0x00B2, "**2"},
};

static const char *plain_form(uint32_t c) {
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (lookalikes[i].c == c) return lookalikes[i].plain;
    return NULL;
}

static void name_stray(uint32_t c, struct buf *out) {
    if (c > 0x20 && c != 0x7F && !(c >= 0x80 && c <= 0xA0) && c != 0x200B && c != 0xFEFF && c != 0x3000 && c != 0x202F && c != 0x2003) {
        buf_adds(out, "`");
        buf_add_code_point(out, c);
        buf_adds(out, "` ");
    }
    buf_addf(out, "(U+%04X)", c);
}

static void lex_stray(struct lexer *lexer) {
    uint32_t start = lexer->at, used, c = decode_at(lexer, start, &used);
    lexer->at += used ? used : 1;
    const char *plain = plain_form(c);
    char hint[128] = "";
    struct buf name = BUF_INIT;
    name_stray(c, &name);
    if (plain && strchr("'\"", *plain) && *plain) snprintf(hint, sizeof hint, "a string stands between straight quotes: %s…%s", plain, plain);
    else if (plain && *plain == ' ') snprintf(hint, sizeof hint, "it looks like a blank: write an ordinary one");
    else if (plain && *plain) snprintf(hint, sizeof hint, "write `%s`", plain);
    else if (plain) snprintf(hint, sizeof hint, "it can't be seen: take it away");
    else if (c == '$') snprintf(hint, sizeof hint, "a name is letters, digits and _");
    if (c == 0)
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "the text came from a damaged or binary file: take the byte away",
                 "there is a NUL byte in the cell");
    else lex_fail(lexer, ERR_SYNTAX, start, lexer->at, *hint ? hint : NULL, "the character %s has no meaning outside a string", buf_text(&name));
    buf_release(&name);
}

/* --- lines and indentation --- */

static void skip_comment(struct lexer *lexer) {
    while (lexer->at < lexer->end && lexer->text[lexer->at] != '\n') lexer->at++;
}

/* Columns of the blanks at a line's start; a tab reaches to the next multiple of 8. */
static uint32_t measure_indent(struct lexer *lexer, bool *out_tab, bool *out_space) {
    uint32_t column = 0;
    *out_tab = *out_space = false;
    for (;; lexer->at++) {
        char c = peek(lexer, 0);
        if (c == ' ') {
            column++;
            *out_space = true;
        } else if (c == '\t') {
            column = column / 8 * 8 + 8;
            *out_tab = true;
        } else if (c == '\f') {
            column = 0;
        } else {
            return column;
        }
    }
}

static void close_blocks(struct lexer *lexer, uint32_t column, uint32_t start) {
    while (lexer->indents.len > 1 && lexer->indents.data[lexer->indents.len - 1] > column) {
        lexer->indents.len--;
        lex_emit(lexer, TOKEN_DEDENT, lexer->at, lexer->at);
    }
    if (lexer->indents.data[lexer->indents.len - 1] != column)
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "move it so that it begins in the same column as the line that it follows",
                 "this line's indentation fits no block around it");
}

/* At the start of a logical line. Blank lines and comments say nothing about blocks. */
static void lex_indentation(struct lexer *lexer) {
    uint32_t start = lexer->at;
    bool tab, space;
    uint32_t column = measure_indent(lexer, &tab, &space);
    char c = peek(lexer, 0);
    if (lexer->at >= lexer->end || c == '\n' || c == '#') return;
    lexer->line_start = false;
    if (!lexer->tokens.len) lexer->indents.data[0] = column; /* a cell pasted from inside a block */
    bool mixed = (tab && space) || (tab && lexer->indent_style == ' ') || (space && lexer->indent_style == '\t');
    if (tab || space) lexer->indent_style = tab ? '\t' : ' ';
    if (mixed) {
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "indent with spaces only, four a level", "tabs and spaces are mixed in the indentation");
        return;
    }
    uint32_t now = lexer->indents.data[lexer->indents.len - 1];
    if (column > now) {
        vec_push(&lexer->indents, column);
        lex_emit(lexer, TOKEN_INDENT, start, lexer->at);
    } else if (column < now) {
        close_blocks(lexer, column, start);
    }
}

static void end_line(struct lexer *lexer, uint32_t start, uint32_t end) {
    size_t n = lexer->tokens.len;
    enum token_kind last = n ? lexer->tokens.data[n - 1].kind : TOKEN_NEWLINE;
    if (last != TOKEN_NEWLINE && last != TOKEN_INDENT && last != TOKEN_DEDENT) lex_emit(lexer, TOKEN_NEWLINE, start, end);
    lexer->line_start = true;
}

static void lex_line_end(struct lexer *lexer) {
    struct frame *frame = lex_frame(lexer);
    uint32_t start = lexer->at++;
    if (!frame) {
        end_line(lexer, start, lexer->at);
        return;
    }
    if (!frame->in_line) return;
    if (lexer->tolerant) { /* the string ends with its line */
        lexer->frames.len = 0;
        end_line(lexer, start, lexer->at);
        return;
    }
    while (frame->kind != FRAME_FIELD || frame->triple) frame--;
    lex_fail(lexer, ERR_SYNTAX, frame->span.start, frame->span.end, "a brace itself is written {{ in an f-string",
             "this `{` of an f-string is never closed");
}

static void lex_continuation(struct lexer *lexer) {
    uint32_t start = lexer->at++, at = lexer->at;
    while (at < lexer->end && (lexer->text[at] == ' ' || lexer->text[at] == '\t')) at++;
    bool joins = lexer->at < lexer->end && lexer->text[lexer->at] == '\n';
    if (joins) lexer->at++;
    if (lexer->at >= lexer->end) lex_fail(lexer, ERR_INCOMPLETE, start, start + 1, NULL, "the line goes on after `\\`, but nothing follows");
    else if (!joins && (at >= lexer->end || lexer->text[at] == '\n'))
        lex_fail(lexer, ERR_SYNTAX, start, at, "take the blanks away", "blanks stand between `\\` and the end of its line");
    else if (!joins)
        lex_fail(lexer, ERR_SYNTAX, start, start + 1, "it joins two lines only as the last character of the first", "something follows the `\\`");
}

/* --- the loop --- */

static void lex_one(struct lexer *lexer) {
    uint32_t used;
    char c = peek(lexer, 0), next = peek(lexer, 1);
    if (c == ' ' || c == '\t' || c == '\f') lexer->at++;
    else if (c == '\n') lex_line_end(lexer);
    else if (c == '#') skip_comment(lexer);
    else if (c == '\\') lex_continuation(lexer);
    else if (c == '"' || c == '\'') lex_string(lexer, lexer->at, false, false);
    else if ((c >= '0' && c <= '9') || (c == '.' && next >= '0' && next <= '9')) lex_number(lexer);
    else if (lex_name_starts(lexer, lexer->at, &used)) lex_word(lexer);
    else if (lex_field_end(lexer)) return;
    else if (c && strchr("()[]{},:;.=+-*/%@|^&~<>!?", c)) lex_operator(lexer);
    else lex_stray(lexer);
}

static void lex_step(struct lexer *lexer) {
    struct frame *frame = lex_frame(lexer);
    if (frame && (frame->kind == FRAME_FSTRING || frame->kind == FRAME_SPEC)) {
        lex_fstring_text(lexer);
        return;
    }
    if (lexer->line_start && !frame) {
        lex_indentation(lexer);
        if (lexer->failed || lexer->at >= lexer->end) return;
    }
    lex_one(lexer);
}

static void check_bytes(struct lexer *lexer) {
    struct slice text = {lexer->text, lexer->end};
    if (utf8_valid(text)) return;
    uint32_t c, at = 0;
    for (size_t used; (used = utf8_decode((struct slice){text.data + at, text.len - at}, &c)) > 0; at += (uint32_t)used)
        if (c == 0xFFFD && used == 1) break;
    lex_fail(lexer, ERR_SYNTAX, at, at + 1, "save the text as UTF-8", "byte 0x%02X is not UTF-8 text",
             (unsigned)(unsigned char)text.data[at < text.len ? at : 0]);
}

/* An f-string or a field that the cell's end cuts. */
static void check_frames(struct lexer *lexer) {
    for (size_t i = lexer->frames.len; i-- > 0 && !lexer->failed;) {
        struct frame *frame = &lexer->frames.data[i];
        if (frame->kind == FRAME_BRACKET || frame->kind == FRAME_SPEC) continue;
        enum status code = frame->triple ? ERR_INCOMPLETE : ERR_SYNTAX;
        if (frame->kind == FRAME_FIELD)
            lex_fail(lexer, code, frame->span.start, frame->span.end, "a brace itself is written {{ in an f-string",
                     "this `{` of an f-string is never closed");
        else lex_fail(lexer, code, frame->span.start, frame->span.end, NULL, "this f-string is never closed");
    }
}

static void lex_end(struct lexer *lexer, struct tokens *out) {
    if (!lexer->failed) check_frames(lexer);
    struct frame *frame = lex_frame(lexer);
    if (frame && !lexer->failed) {
        out->bracket_open = true;
        out->bracket = frame->span;
    } else if (!lexer->failed) {
        end_line(lexer, lexer->end, lexer->end);
        while (lexer->indents.len-- > 1) lex_emit(lexer, TOKEN_DEDENT, lexer->end, lexer->end);
    }
    lex_emit(lexer, TOKEN_END, lexer->end, lexer->end);
}

void lex(struct source *source, bool tolerant, struct tokens *out) {
    *out = (struct tokens){0};
    struct lexer lexer = {.source = source, .text = source->text.data, .end = (uint32_t)source->text.len, .tolerant = tolerant, .line_start = true};
    lexer.error = &out->error;
    vec_push(&lexer.indents, 0);
    if (source->text.len > LIMIT_CELL_BYTES) {
        lexer.end = 0;
        lex_fail(&lexer, ERR_LIMIT, 0, 0, "load long data from a file", "the cell has %zu bytes; a cell may have %u", source->text.len,
                 LIMIT_CELL_BYTES);
    } else {
        check_bytes(&lexer);
    }
    if (lexer.end >= 3 && memcmp(lexer.text, "\xEF\xBB\xBF", 3) == 0) lexer.at = 3; /* a byte order mark */
    while (!lexer.failed && lexer.at < lexer.end) lex_step(&lexer);
    lex_end(&lexer, out);
    out->items = lexer.tokens.data;
    out->n = lexer.tokens.len;
    vec_release(&lexer.frames);
    vec_release(&lexer.indents);
}

void tokens_release(struct tokens *tokens) {
    free(tokens->items);
    error_clear(&tokens->error);
    *tokens = (struct tokens){0};
}

/* --- dump --- */

static void dump_value(const struct source *source, const struct token *token, struct buf *out) {
    switch (token->kind) {
    case TOKEN_INT: buf_addf(out, " %lld", (long long)token->u.integer); break;
    case TOKEN_FLOAT:
        buf_addc(out, ' ');
        buf_add_double(out, token->u.real);
        break;
    case TOKEN_STRING:
    case TOKEN_STRING_OPEN:
    case TOKEN_FSTRING_TEXT:
        buf_addc(out, ' ');
        buf_add_quoted(out, token->u.string);
        break;
    case TOKEN_NEWLINE:
    case TOKEN_INDENT:
    case TOKEN_DEDENT:
    case TOKEN_END: break;
    default: buf_addc(out, ' '); buf_add(out, source->text.data + token->span.start, token->span.end - token->span.start);
    }
}

void lex_dump(const struct source *source, const struct tokens *tokens, struct buf *out) {
    for (size_t i = 0; i < tokens->n; i++) {
        const struct token *token = &tokens->items[i];
        uint32_t line, column;
        source_position(source, token->span.start, &line, &column);
        buf_addf(out, "%u:%u %s", line, column, kinds[token->kind].name + strlen("TOKEN_"));
        dump_value(source, token, out);
        buf_addc(out, '\n');
    }
}
