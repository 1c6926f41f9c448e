/* Strings, f-strings and numbers. */
#include <stdio.h>
#include <string.h>

#include "kernel/lang/lex_private.h"

static char peek(const struct lexer *lexer, uint32_t ahead) { return lexer->at + ahead < lexer->end ? lexer->text[lexer->at + ahead] : '\0'; }

static bool at_quote(const struct lexer *lexer, char quote, bool triple) {
    return peek(lexer, 0) == quote && (!triple || (peek(lexer, 1) == quote && peek(lexer, 2) == quote));
}

static struct slice keep(struct lexer *lexer, struct buf *text) {
    struct slice kept = {arena_strndup(&lexer->source->arena, buf_text(text), text->len), text->len};
    buf_release(text);
    return kept;
}

/* --- escapes --- */

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static void escape_code_point(struct lexer *lexer, int digits, struct buf *out) {
    uint32_t start = lexer->at, value = 0;
    lexer->at += 2;
    for (int i = 0; i < digits && !lexer->failed; i++) {
        int digit = digit_of(peek(lexer, 0));
        if (digit > 15) {
            lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "a backslash itself is written \\\\, or put r before the string",
                     "\\%c is followed by %d hexadecimal digits", lexer->text[start + 1], digits);
            return;
        }
        value = value * 16 + (uint32_t)digit;
        lexer->at++;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, NULL, "U+%04X is not a character", value);
    else buf_add_code_point(out, value);
}

static void escape_octal(struct lexer *lexer, struct buf *out) {
    uint32_t value = 0;
    lexer->at++;
    for (int i = 0; i < 3 && digit_of(peek(lexer, 0)) < 8; i++, lexer->at++) value = value * 8 + (uint32_t)digit_of(peek(lexer, 0));
    buf_add_code_point(out, value);
}

/* At a backslash of a string that isn't raw. What Python doesn't know stays as it stands. */
static void lex_escape(struct lexer *lexer, struct buf *out) {
    static const char plain[] = "n\nt\tr\r\\\\''\"\"a\ab\bf\fv\v";
    char c = peek(lexer, 1);
    if (c == 'x' || c == 'u' || c == 'U') {
        escape_code_point(lexer, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
        return;
    }
    if (c >= '0' && c <= '7') {
        escape_octal(lexer, out);
        return;
    }
    if (c == 'N' && peek(lexer, 2) == '{') {
        lex_fail(lexer, ERR_SYNTAX, lexer->at, lexer->at + 2, "write the character itself, or its number as \\uNNNN", "\\N{…} is not known here");
        lexer->at += 2;
        return;
    }
    uint32_t start = lexer->at;
    lexer->at += start + 1 < lexer->end ? 2 : 1;
    if (c == '\n') return;
    for (const char *p = plain; *p; p += 2)
        if (*p == c && start + 1 < lexer->end) {
            buf_addc(out, p[1]);
            return;
        }
    buf_add(out, lexer->text + start, lexer->at - start);
}

/* --- plain strings --- */

/* In f"{d["k}" the quote of the string closed it too early: the open field is to blame. */
static const struct frame *field_cut_by(const struct lexer *lexer, char quote) {
    for (size_t i = lexer->frames.len; i-- > 0;) {
        const struct frame *frame = &lexer->frames.data[i];
        if (frame->kind == FRAME_FIELD && frame->open == quote && !frame->triple) return frame;
    }
    return NULL;
}

static void string_unended(struct lexer *lexer, uint32_t start, char quote, bool triple) {
    if (lexer->tolerant) return;
    const struct frame *field = triple ? NULL : field_cut_by(lexer, quote);
    bool joined =
        lexer->at >= lexer->end && lexer->at >= 1 && (lexer->text[lexer->at - 1] == '\\' || (lexer->text[lexer->at - 1] == '\n' && !triple));
    if (field)
        lex_fail(lexer, ERR_SYNTAX, field->span.start, field->span.end, "a brace itself is written {{ in an f-string",
                 "this `{` of an f-string is never closed");
    else if (triple) lex_fail(lexer, ERR_INCOMPLETE, start, lexer->at, NULL, "this string is never closed: `%c%c%c` is missing", quote, quote, quote);
    else
        lex_fail(lexer, joined ? ERR_INCOMPLETE : ERR_SYNTAX, start, lexer->at, "a text of several lines stands between \"\"\" and \"\"\"",
                 "this string is never closed: `%c` is missing", quote);
}

static void add_raw(struct lexer *lexer, struct buf *out) {
    uint32_t n = lexer->at + 1 < lexer->end ? 2 : 1;
    buf_add(out, lexer->text + lexer->at, n);
    lexer->at += n;
}

/* Text up to the closing quote; false when it ends before. */
static bool lex_body(struct lexer *lexer, char quote, bool triple, bool raw, struct buf *out) {
    while (lexer->at < lexer->end && !lexer->failed) {
        char c = peek(lexer, 0);
        if (at_quote(lexer, quote, triple)) return true;
        if (c == '\n' && !triple) return false;
        if (c == '\\' && raw) add_raw(lexer, out);
        else if (c == '\\') lex_escape(lexer, out);
        else buf_addc(out, lexer->text[lexer->at++]);
    }
    return false;
}

void lex_string(struct lexer *lexer, uint32_t start, bool raw, bool formatted) {
    char quote = peek(lexer, 0);
    bool triple = peek(lexer, 1) == quote && peek(lexer, 2) == quote;
    lexer->at += triple ? 3 : 1;
    if (formatted) {
        lex_emit(lexer, TOKEN_FSTRING_START, start, lexer->at);
        lex_push(lexer, (struct frame){FRAME_FSTRING, quote, triple, raw, {start, lexer->at}, false});
        return;
    }
    struct buf text = BUF_INIT;
    bool ended = lex_body(lexer, quote, triple, raw, &text);
    if (!ended && !lexer->failed) string_unended(lexer, start, quote, triple);
    if (ended) lexer->at += triple ? 3 : 1;
    if (lexer->failed) {
        buf_release(&text);
        return;
    }
    lex_emit(lexer, ended ? TOKEN_STRING : TOKEN_STRING_OPEN, start, lexer->at)->u.string = keep(lexer, &text);
}

/* --- f-strings --- */

static void emit_text(struct lexer *lexer, uint32_t start, struct buf *text) {
    if (lexer->at > start && !lexer->failed) lex_emit(lexer, TOKEN_FSTRING_TEXT, start, lexer->at)->u.string = keep(lexer, text);
    else buf_release(text);
}

static void open_field(struct lexer *lexer) {
    struct frame in = *lex_frame(lexer);
    uint32_t start = lexer->at++;
    lex_emit(lexer, TOKEN_FIELD_OPEN, start, lexer->at);
    lex_push(lexer, (struct frame){FRAME_FIELD, in.open, in.triple, in.raw, {start, lexer->at}, false});
}

static void close_fstring(struct lexer *lexer) {
    uint32_t start = lexer->at;
    lexer->at += lex_frame(lexer)->triple ? 3 : 1;
    lexer->frames.len--;
    lex_emit(lexer, TOKEN_FSTRING_END, start, lexer->at);
}

/* The line ended inside an f-string of one line: tell, or in tolerant mode leave the f-string. */
static void cut_fstring(struct lexer *lexer) {
    size_t i = lexer->frames.len;
    while (i-- > 0)
        if (lexer->frames.data[i].kind == FRAME_FSTRING) break;
    bool in_spec = lex_frame(lexer)->kind == FRAME_SPEC;
    const struct frame *blame = in_spec ? &lexer->frames.data[lexer->frames.len - 2] : &lexer->frames.data[i];
    if (in_spec)
        lex_fail(lexer, ERR_SYNTAX, blame->span.start, blame->span.end, "a brace itself is written {{ in an f-string",
                 "this `{` of an f-string is never closed");
    else
        lex_fail(lexer, ERR_SYNTAX, blame->span.start, lexer->at, "a text of several lines stands between f\"\"\" and \"\"\"",
                 "this f-string is never closed: `%c` is missing", blame->open);
    lexer->frames.len = i;
}

/* Braces of the text itself; false when the text goes on after them. */
static bool lex_brace(struct lexer *lexer, bool spec, struct buf *text) {
    char c = peek(lexer, 0);
    if (spec) return true;
    if (peek(lexer, 1) == c) {
        buf_addc(text, c);
        lexer->at += 2;
        return false;
    }
    if (c == '{') return true;
    lex_fail(lexer, ERR_SYNTAX, lexer->at, lexer->at + 1, "a brace itself is written }} in an f-string", "this `}` of an f-string closes nothing");
    lexer->at++;
    return false;
}

/* Reads text up to a brace that means something, a closing quote or the end. */
static void fstring_run(struct lexer *lexer, const struct frame *in, struct buf *text) {
    bool spec = in->kind == FRAME_SPEC;
    while (lexer->at < lexer->end && !lexer->failed) {
        char c = peek(lexer, 0);
        if (at_quote(lexer, in->open, in->triple) || (c == '\n' && !in->triple)) return;
        if (c == '{' || c == '}') {
            if (lex_brace(lexer, spec, text)) return;
        } else if (c == '\\' && !in->raw && peek(lexer, 1) != '{' && peek(lexer, 1) != '}') {
            lex_escape(lexer, text);
        } else {
            if (c == '\\' && peek(lexer, 1) == in->open) buf_addc(text, lexer->text[lexer->at++]); /* r"\"" */
            buf_addc(text, lexer->text[lexer->at++]);
        }
    }
}

void lex_fstring_text(struct lexer *lexer) {
    struct frame in = *lex_frame(lexer);
    struct buf text = BUF_INIT;
    uint32_t start = lexer->at;
    fstring_run(lexer, &in, &text);
    emit_text(lexer, start, &text);
    if (lexer->failed || lexer->at >= lexer->end) return;
    char c = peek(lexer, 0);
    if (c == '{') open_field(lexer);
    else if (c == '}') lexer->frames.len--; /* the format's end; its field closes next */
    else if (in.kind == FRAME_FSTRING && at_quote(lexer, in.open, in.triple)) close_fstring(lexer);
    else cut_fstring(lexer);
}

/* --- numbers --- */

static bool is_digit(char c, int base) { return digit_of(c) < base; }

/* Digits and single underscores between them; false when an underscore stands wrongly. */
static bool scan_digits(struct lexer *lexer, int base, struct buf *out) {
    bool fine = true, digit_before = base != 10; /* 0x_10 is allowed, as in Python */
    for (;;) {
        char c = peek(lexer, 0);
        if (c == '_') {
            fine = fine && digit_before && is_digit(peek(lexer, 1), base);
            digit_before = false;
        } else if (is_digit(c, base)) {
            buf_addc(out, c);
            digit_before = true;
        } else {
            return fine;
        }
        lexer->at++;
    }
}

static void emit_integer(struct lexer *lexer, uint32_t start, int base, const struct buf *digits) {
    uint64_t value = 0, limit = (uint64_t)INT64_MAX + (base == 10);
    for (size_t i = 0; i < digits->len; i++) {
        uint64_t digit = (uint64_t)digit_of(digits->data[i]);
        if (value > (limit - digit) / (uint64_t)base) {
            lex_fail(lexer, ERR_OVERFLOW, start, lexer->at, "write it as a float: 1e30",
                     "the integer is larger than 9,223,372,036,854,775,807 (integers have 64 bits)");
            value = 0;
            break;
        }
        value = value * (uint64_t)base + digit;
    }
    if (lexer->failed) return;
    lex_emit(lexer, TOKEN_INT, start, lexer->at)->u.integer = value > INT64_MAX ? INT64_MIN : (int64_t)value;
}

static int number_base(struct lexer *lexer) {
    char c = peek(lexer, 1) | 0x20;
    if (peek(lexer, 0) != '0') return 10;
    return c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
}

/* Fraction and exponent; true when there was one. */
static bool scan_real(struct lexer *lexer, struct buf *text, bool *fine) {
    bool real = false;
    if (peek(lexer, 0) == '.') {
        buf_addc(text, lexer->text[lexer->at++]);
        *fine = scan_digits(lexer, 10, text) && *fine;
        real = true;
    }
    char c = peek(lexer, 0), sign = peek(lexer, 1);
    bool has_sign = sign == '+' || sign == '-';
    if ((c == 'e' || c == 'E') && is_digit(peek(lexer, has_sign ? 2 : 1), 10)) {
        buf_add(text, lexer->text + lexer->at, has_sign ? 2 : 1);
        lexer->at += has_sign ? 2 : 1;
        *fine = scan_digits(lexer, 10, text) && *fine;
        real = true;
    }
    return real;
}

static void emit_real(struct lexer *lexer, uint32_t start, struct buf *text) {
    double value = 0;
    if (!parse_double((struct slice){text->data, text->len}, &value))
        lex_fail(lexer, ERR_OVERFLOW, start, lexer->at, NULL, "the number does not fit a float (at most about 1.8e308)");
    if (!lexer->failed) lex_emit(lexer, TOKEN_FLOAT, start, lexer->at)->u.real = value;
}

static void name_after_number(struct lexer *lexer, uint32_t start) {
    uint32_t from = lexer->at, used;
    while (lex_name_starts(lexer, lexer->at, &used) || is_digit(peek(lexer, 0), 10)) lexer->at += lexer->text[lexer->at] & 0x80 ? used : 1;
    char c = lexer->text[from] | 0x20;
    if (c == 'j' && lexer->at == from + 1) lex_fail(lexer, ERR_SYNTAX, start, lexer->at, NULL, "there are no complex numbers");
    else
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "put an operator or a blank between them; a name can't begin with a digit",
                 "`%.*s` is neither a number nor a name", (int)(lexer->at - start < 40 ? lexer->at - start : 40), lexer->text + start);
}

static void lex_digits(struct lexer *lexer, uint32_t start, struct buf *text) {
    int base = number_base(lexer);
    if (base != 10) lexer->at += 2;
    bool fine = scan_digits(lexer, base, text), real = base == 10 && scan_real(lexer, text, &fine);
    uint32_t used;
    if (lex_name_starts(lexer, lexer->at, &used) || is_digit(peek(lexer, 0), 10)) name_after_number(lexer, start);
    else if (!fine)
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "an underscore stands between two digits: 1_000", "an underscore of this number is misplaced");
    else if (base != 10 && text->len == 0)
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, NULL, "digits are missing after `%.2s`", lexer->text + start);
    else if (!real && base == 10 && text->len > 1 && text->data[0] == '0' && strspn(text->data, "0") < text->len)
        lex_fail(lexer, ERR_SYNTAX, start, lexer->at, "leave the zeros away; an octal number begins with 0o", "an integer can't begin with zeros");
    if (lexer->failed) return;
    if (real) emit_real(lexer, start, text);
    else emit_integer(lexer, start, base, text);
}

void lex_number(struct lexer *lexer) {
    struct buf text = BUF_INIT;
    lex_digits(lexer, lexer->at, &text);
    buf_release(&text);
}

/* --- dumps --- */

void buf_add_quoted(struct buf *out, struct slice text) {
    buf_addc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') buf_addf(out, "\\%c", c);
        else if (c == '\n') buf_adds(out, "\\n");
        else if (c < 0x20 || c == 0x7F) buf_addf(out, "\\x%02x", c);
        else buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}
