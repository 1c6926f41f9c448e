/* Text through the lexer (strict and tolerant), the parser and its dumps. */
#include <string.h>

#include "kernel/lang/ast.h"
#include "kernel/lang/complete.h"
#include "kernel/lang/lex.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/language.h"

#define DUMP_BYTES_MAX 2000 /* the dump of tokens counts columns: slow for long lines */

/* Tokens follow one another inside the text and END is the last. */
static void check_tokens(const struct source *source, const struct tokens *tokens) {
    uint32_t at = 0;
    must(tokens->n > 0 && tokens->items[tokens->n - 1].kind == TOKEN_END);
    for (size_t i = 0; i < tokens->n; i++) {
        const struct token *token = &tokens->items[i];
        const bool is_fault = token->kind == TOKEN_ERROR; /* may point back at what was opened */
        must(token->span.start <= token->span.end && token->span.end <= source->text.len);
        must(is_fault || token->span.start >= at);
        if (!is_fault) at = token->span.end;
    }
}

static void lex_and_dump(const char *name, struct slice text, bool tolerant) {
    struct source *source = source_new(name, text);
    struct tokens tokens;
    struct buf dump = BUF_INIT;
    lex(source, tolerant, &tokens);
    check_tokens(source, &tokens);
    if (text.len <= DUMP_BYTES_MAX) lex_dump(source, &tokens, &dump);
    buf_release(&dump);
    tokens_release(&tokens);
    source_unref(source);
}

typedef enum status (*parse_fn)(struct source *source, struct node **out, struct error *err);

static enum status parse_and_dump(struct slice text, parse_fn parse) {
    struct source *source = source_new("Cell 1", text);
    struct node *node = NULL;
    struct error err = ERROR_INIT;
    struct buf dump = BUF_INIT;
    enum status status = parse(source, &node, &err);
    must(status == err.code && (status == OK) == (node != NULL));
    if (status == OK) ast_dump(node, &dump);
    else must(err.source == source && err.span.start <= err.span.end && err.span.end <= source->text.len);
    if (status != OK) fuzz_check_error(&err);
    buf_release(&dump);
    error_clear(&err);
    must(source->count == 1);
    source_unref(source);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct slice text = {(const char *)data, size};
    int indent = -1;
    lex_and_dump("Cell 1", text, size % 2);
    if (size % 4 == 0) parse_and_dump(text, parse_expression);
    const enum status status = parse_and_dump(text, parse_cell);
    const char *answer = completeness(text, &indent);
    must(indent >= 0);
    must(status == OK ? strcmp(answer, "invalid") != 0 : strcmp(answer, status == ERR_INCOMPLETE ? "incomplete" : "invalid") == 0);
    return 0;
}
