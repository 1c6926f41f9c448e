/* The words of syntax errors: what Reckon lacks of Python, and the common slips. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lang/parse.h"

struct node *fail_at(struct parser *p, enum status code, struct span span, const char *hint, const char *format, ...) {
    if (p->err->code != OK) return NULL; /* the first error is the one that counts */
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    err_set(p->err, code, "%s", message);
    if (hint) err_hint(p->err, "%s", hint);
    error_place(p->err, p->source, span);
    return NULL;
}

/* --- words of Python that Reckon lacks --- */

static struct node *fail_import(struct parser *p) {
    const struct token *name = token_ahead(p, 1);
    struct span span = token_now(p)->span;
    struct buf instead = BUF_INIT;
    bool named = name->kind == TOKEN_NAME;
    if (!named || !package_hint(p->source->registry, name->u.name, &instead))
        buf_adds(&instead, "everything is built in: help() lists it; for data files use load(\"…\")");
    if (named) {
        span.end = name->span.end;
        fail_at(p, ERR_SYNTAX, span, buf_text(&instead), "there are no imports: `%s` is not needed here", name->u.name);
    } else fail_at(p, ERR_SYNTAX, span, buf_text(&instead), "there are no imports");
    buf_release(&instead);
    return NULL;
}

static const struct foreign_row {
    enum token_kind kind;
    const char *message, *hint;
} foreign[] = {
    {TOKEN_CLASS, "there are no classes", "keep values that belong together in a dict or a Table, and write functions with def"},
    {TOKEN_TRY, "there is no `try`: errors are not caught", "test first with `if`; a simple statement that fails leaves every name as it was"},
    {TOKEN_EXCEPT, "there is no `except`: errors are not caught", "test first with `if`; a simple statement that fails leaves every name as it was"},
    {TOKEN_FINALLY, "there is no `finally`: errors are not caught",
     "test first with `if`; a simple statement that fails leaves every name as it was"},
    {TOKEN_RAISE, "there is no `raise`", "return None, or print(…) what is wrong"},
    {TOKEN_WITH, "there is no `with`", "load, open, save and export open and close their files themselves"},
    {TOKEN_YIELD, "there is no `yield`", "return a list: [f(x) for x in xs]"},
    {TOKEN_ASYNC, "there is no `async`", "leave it away: calls run one after another"},
    {TOKEN_AWAIT, "there is no `await`", "leave it away: a call gives its result when it is done"},
    {TOKEN_GLOBAL, "there is no `global`: a function can't rebind outer names", "return the value and assign it outside: x = f(x)"},
    {TOKEN_NONLOCAL, "there is no `nonlocal`: a function can't rebind outer names", "return the value and assign it outside: x = f(x)"},
    {TOKEN_ASSERT, "there is no `assert`", "write the condition as a cell's last line: it shows True or False"},
};

static struct node *fail_foreign(struct parser *p) {
    enum token_kind kind = kind_now(p);
    if (kind == TOKEN_IMPORT || kind == TOKEN_FROM) return fail_import(p);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (foreign[i].kind == kind) return fail_at(p, ERR_SYNTAX, token_now(p)->span, foreign[i].hint, "%s", foreign[i].message);
    return NULL;
}

/* --- tokens that nothing wants --- */

static const struct foreign_row slips[] = {
    {TOKEN_DOUBLE_AND, "`&&` is not an operator here", "write `and`"},
    {TOKEN_DOUBLE_OR, "`||` is not an operator here", "write `or`"},
    {TOKEN_BANG, "`!` is not an operator here", "write `not x`, and `!=` for unequal"},
    {TOKEN_DIAMOND, "`<>` is not an operator here", "write `!=`"},
    {TOKEN_IDENTICAL, "`===` is not an operator here", "write `==`"},
    {TOKEN_NOT_IDENTICAL, "`!==` is not an operator here", "write `!=`"},
    {TOKEN_LSHIFT, "there are no shifts of bits", "write `x * 2 ** n`"},
    {TOKEN_RSHIFT, "there are no shifts of bits", "write `x // 2 ** n`"},
    {TOKEN_LSHIFT_ASSIGN, "there are no shifts of bits", "write `x = x * 2 ** n`"},
    {TOKEN_RSHIFT_ASSIGN, "there are no shifts of bits", "write `x = x // 2 ** n`"},
    {TOKEN_TILDE, "`~` is not an operator here", "write `not x`, or `a == False` for an Array of truth"},
    {TOKEN_WALRUS, "there is no `:=`", "give the value its name on a line before: name = …"},
    {TOKEN_ARROW, "`->` stands only between `def name(…)` and its `:`", "write a function as `lambda x: …`"},
    {TOKEN_FAT_ARROW, "`=>` is not an operator here", "write `>=` to compare, or a function as `lambda x: …`"},
    {TOKEN_ELLIPSIS, "`...` stands for nothing here", "write `pass` for an empty block"},
    {TOKEN_QUESTION, "`?` stands only after a name, alone on its line: als?", "a choice is written `a if condition else b`"},
    {TOKEN_ASSIGN, "`=` can't stand here", "did you mean `==`?"},
};

static struct node *fail_slip(struct parser *p) {
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
        if (slips[i].kind == kind_now(p)) return fail_at(p, ERR_SYNTAX, token_now(p)->span, slips[i].hint, "%s", slips[i].message);
    return NULL;
}

static const char *bracket_text(const struct parser *p) {
    switch (p->bracket->kind) {
    case TOKEN_OPEN_PAREN: return "(";
    case TOKEN_OPEN_BRACKET: return "[";
    default: return "{";
    }
}

static struct node *fail_unclosed(struct parser *p, enum status code, const char *hint) {
    return fail_at(p, code, p->bracket->span, hint, "`%s` is never closed", bracket_text(p));
}

bool starts_line(const struct parser *p) {
    if (p->at == 0) return true;
    uint32_t now, before, column;
    source_position(p->source, start_now(p), &now, &column);
    source_position(p->source, end_before(p), &before, &column);
    return now > before;
}

/* What every place has in common: faults of the text, the cell's end, foreign words, slips. True when err is set. */
static bool fail_common(struct parser *p) {
    enum token_kind kind = kind_now(p);
    if (kind == TOKEN_ERROR) {
        *p->err = p->tokens.error;
        p->tokens.error = ERROR_INIT; /* its count of the source moved */
    } else if (kind == TOKEN_END && p->bracket) {
        fail_unclosed(p, ERR_INCOMPLETE, NULL);
    } else if (token_is_foreign(kind)) {
        fail_foreign(p);
    } else {
        fail_slip(p);
    }
    return p->err->code != OK;
}

/* "`)`", "the name `x`", "the number 3", "the end of the line". */
static void describe(const struct parser *p, char *out, size_t size) {
    const struct token *token = token_now(p);
    int len = (int)(token->span.end - token->span.start);
    const char *text = p->source->text.data + token->span.start;
    if (token_is_word(token->kind)) snprintf(out, size, "the word `%.*s`", len, text);
    else if (token_has_text(token->kind)) snprintf(out, size, "`%.*s`", len, text);
    else if (token->kind == TOKEN_NAME) snprintf(out, size, "the name `%.*s`%s", len < 60 ? len : 60, text, len < 60 ? "" : "…");
    else if ((token->kind == TOKEN_INT || token->kind == TOKEN_FLOAT) && len < 40) snprintf(out, size, "the number %.*s", len, text);
    else snprintf(out, size, "%s", token_text(token->kind));
}

/* Words of the language where a name or a value should be: named by what they belong to. */
static struct node *fail_word(struct parser *p) {
    struct span span = token_now(p)->span;
    switch (kind_now(p)) {
    case TOKEN_ELSE:
    case TOKEN_ELIF:
        return fail_at(p, ERR_SYNTAX, span, "put it in the column of its `if`, right after the block of it",
                       "`%s` belongs to an `if`, and there is none before it", token_text(kind_now(p)));
    case TOKEN_INDENT:
        return fail_at(p, ERR_SYNTAX, span, "nothing before it opens a block: begin it in the column of the line before",
                       "this line is indented without need");
    default: return NULL;
    }
}

/* x++ and x--: the parser reads x + (+ …) and stumbles at the line's end. */
static bool fail_increment(struct parser *p) {
    if (p->at < 2 || kind_now(p) != TOKEN_NEWLINE) return false;
    const struct token *a = &p->tokens.items[p->at - 2], *b = &p->tokens.items[p->at - 1];
    if (a->kind != b->kind || a->span.end != b->span.start || (a->kind != TOKEN_PLUS && a->kind != TOKEN_MINUS)) return false;
    const char *sign = token_text(a->kind);
    char hint[40];
    snprintf(hint, sizeof hint, "write x %s= 1", sign);
    fail_at(p, ERR_SYNTAX, (struct span){a->span.start, b->span.end}, hint, "there is no `%s%s`", sign, sign);
    return true;
}

struct node *fail_unexpected(struct parser *p, const char *expected) {
    char got[128];
    if (fail_common(p) || fail_increment(p)) return NULL;
    struct span span = token_now(p)->span;
    if (kind_now(p) == TOKEN_NEWLINE || kind_now(p) == TOKEN_END) span.start = span.end = end_before(p);
    bool statement_starts = p->at == 0 || p->tokens.items[p->at - 1].kind == TOKEN_NEWLINE || p->tokens.items[p->at - 1].kind == TOKEN_DEDENT;
    if (statement_starts) fail_word(p);
    if (p->bracket && starts_line(p) && token_is_word(kind_now(p))) return fail_unclosed(p, ERR_SYNTAX, "close it before the next statement");
    const char *hint = p->bracket && kind_now(p) == TOKEN_COMMA ? "take one of the commas away" : NULL;
    describe(p, got, sizeof got);
    return fail_at(p, ERR_SYNTAX, span, hint, "expected %s, got %s", expected, got);
}

struct node *fail_in_bracket(struct parser *p, const char *expected) {
    char got[128];
    enum token_kind kind = kind_now(p);
    struct span span = token_now(p)->span;
    if (kind != TOKEN_END && kind != TOKEN_ERROR && starts_line(p))
        return fail_unclosed(p, ERR_SYNTAX, "close it at the end of its line, or put a comma before the next");
    if (kind == TOKEN_ASSIGN) return fail_at(p, ERR_SYNTAX, span, "did you mean `==`?", "`=` can't stand inside these brackets");
    if (fail_common(p)) return NULL;
    if (kind == TOKEN_COLON && p->bracket->kind == TOKEN_OPEN_BRACE)
        return fail_at(p, ERR_SYNTAX, span, "write a dict as {1: \"a\", 2: \"b\"} or a set as {1, 2}",
                       "braces hold either keys with values or items alone");
    if (kind == TOKEN_COLON || kind == TOKEN_SEMICOLON || kind == TOKEN_FIELD_SPEC || kind == TOKEN_FIELD_CLOSE)
        return fail_unclosed(p, ERR_SYNTAX, kind == TOKEN_COLON ? "close it before the `:`" : NULL);
    describe(p, got, sizeof got);
    return fail_at(p, ERR_SYNTAX, span, token_begins_expression(kind) ? "is a comma missing before it?" : NULL, "expected %s, got %s", expected, got);
}

struct node *fail_colon(struct parser *p, const char *what) {
    uint32_t at = end_before(p);
    if (kind_now(p) != TOKEN_NEWLINE && fail_common(p)) return NULL;
    if (kind_now(p) == TOKEN_NEWLINE || kind_now(p) == TOKEN_END)
        return fail_at(p, ERR_SYNTAX, (struct span){at, at}, NULL, "`:` is missing at the end of the `%s` line", what);
    char got[128];
    describe(p, got, sizeof got);
    const char *hint = kind_now(p) == TOKEN_OPEN_BRACE ? "a block is indented, not put in braces" : NULL;
    return fail_at(p, ERR_SYNTAX, token_now(p)->span, hint, "expected `:` after the `%s`, got %s", what, got);
}

/* --- lines that go on after a whole statement --- */

static const struct command_row {
    const char *word, *message, *hint;
} commands[] = {
    {"print", "`print` is a function: its argument stands in brackets", "write print(…)"},
    {"match", "there is no `match`", "write if … elif … else"},
    {"case", "there is no `case`", "write if … elif … else"},
    {"switch", "there is no `switch`", "write if … elif … else"},
    {"let", "a name needs no `let`", "write name = …"},
    {"var", "a name needs no `var`", "write name = …"},
    {"const", "a name needs no `const`", "write name = …"},
    {"function", "a function begins with `def`", "write def name(x): and its block below"},
    {"func", "a function begins with `def`", "write def name(x): and its block below"},
    {"fn", "a function begins with `def`", "write def name(x): and its block below"},
    {"select", "there is no SQL here", "Tables have methods for it: interactions(ratings).where(…).group(\"item\", n=\"count\").sort(\"n\")"},
    {"elseif", "`elseif` is no word here", "write `elif`"},
    {"elsif", "`elsif` is no word here", "write `elif`"},
    {"foreach", "`foreach` is no word here", "write `for x in xs:`"},
    {"pip", "nothing needs to be installed", "everything is built in: help() lists it"},
    {"conda", "nothing needs to be installed", "everything is built in: help() lists it"},
    {"exec", "there is no `exec`", NULL},
    {"type", "there are no declarations of types", NULL},
};

static bool same_word(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a | 0x20 : *a) != *b) return false;
    return *a == *b;
}

static struct node *fail_command(struct parser *p, const struct token *first) {
    if (first->kind != TOKEN_NAME) return NULL;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (same_word(first->u.name, commands[i].word)) return fail_at(p, ERR_SYNTAX, first->span, commands[i].hint, "%s", commands[i].message);
    if (p->at != (size_t)(first - p->tokens.items) + 1) return NULL;
    char hint[160] = "";
    struct span rest = token_now(p)->span;
    if (!token_is_word(kind_now(p)))
        snprintf(hint, sizeof hint, "to call it, write %.60s(%.*s)", first->u.name, (int)(rest.end - rest.start < 40 ? rest.end - rest.start : 40),
                 p->source->text.data + rest.start);
    char got[128];
    describe(p, got, sizeof got);
    return fail_at(p, ERR_SYNTAX, rest, *hint ? hint : NULL, "expected the end of the line after `%.60s`, got %s", first->u.name, got);
}

struct node *fail_line_end(struct parser *p, size_t first) {
    char got[128];
    enum token_kind kind = kind_now(p);
    const struct token *begin = &p->tokens.items[first];
    if (begin->kind == TOKEN_NAME && kind != TOKEN_ERROR && kind != TOKEN_BANG && token_begins_expression(kind) && fail_command(p, begin))
        return NULL;
    if (p->err->code != OK || fail_common(p)) return NULL;
    if (kind == TOKEN_COLON && begin->kind == TOKEN_NAME) fail_command(p, begin);
    describe(p, got, sizeof got);
    const struct token *before = &p->tokens.items[p->at - 1];
    if (before->kind == TOKEN_STRING && kind == TOKEN_NAME && before->span.end == start_now(p))
        return fail_at(p, ERR_SYNTAX, token_now(p)->span, "put the text between the other quotes: \"it's\"",
                       "a quote inside the string ended it before `%s`", token_now(p)->u.name);
    const char *hint = token_begins_expression(kind) ? "put `;` between two statements of one line, or an operator between two values" : NULL;
    return fail_at(p, ERR_SYNTAX, token_now(p)->span, hint, "expected the end of the line, got %s", got);
}

/* --- lines that no statement of Reckon's begins with --- */

static struct span rest_of_line(const struct parser *p) {
    uint32_t end = start_now(p);
    while (end < p->source->text.len && p->source->text.data[end] != '\n') end++;
    return (struct span){start_now(p), end};
}

static bool is_magic(const struct parser *p, struct span line, const char *name) {
    const char *text = p->source->text.data + line.start;
    size_t skip = strspn(text, "%"), len = strlen(name);
    return strncmp(text + skip, name, len) == 0;
}

static struct node *fail_magic(struct parser *p) {
    struct span line = rest_of_line(p);
    const char *hint = "help() lists what is there instead";
    if (is_magic(p, line, "time")) hint = "write timeit(als(train))";
    if (is_magic(p, line, "matplotlib")) hint = "leave it away: pictures show themselves";
    if (is_magic(p, line, "pip") || is_magic(p, line, "conda")) hint = "leave it away: everything is built in";
    if (is_magic(p, line, "who")) hint = "write who()";
    if (is_magic(p, line, "reset")) hint = "write reset()";
    if (is_magic(p, line, "sql")) hint = "Tables have methods for it: interactions(ratings).where(…).group(\"item\", n=\"count\").sort(\"n\")";
    return fail_at(p, ERR_SYNTAX, line, hint, "there are no magics: `%%` can't begin a line");
}

static struct node *fail_shell(struct parser *p) {
    struct span line = rest_of_line(p);
    const char *text = p->source->text.data + line.start;
    bool install = strstr(text, "install") != NULL || strstr(text, "pip") != NULL;
    return fail_at(p, ERR_SYNTAX, line,
                   install ? "leave it away: everything is built in" : "for files use load, open, save and export; run commands in a terminal",
                   "there are no shell commands: `!` can't begin a line");
}

bool foreign_statement(struct parser *p) {
    switch (kind_now(p)) {
    case TOKEN_PERCENT: fail_magic(p); break;
    case TOKEN_MOD_ASSIGN: fail_magic(p); break;
    case TOKEN_BANG: fail_shell(p); break;
    case TOKEN_AT: fail_at(p, ERR_SYNTAX, token_now(p)->span, "call it after the def: f = decorator(f)", "there are no decorators"); break;
    case TOKEN_SEMICOLON: fail_at(p, ERR_SYNTAX, token_now(p)->span, "take it away", "there is no statement before this `;`"); break;
    default:
        if (token_is_foreign(kind_now(p))) fail_foreign(p);
    }
    return p->err->code != OK;
}
