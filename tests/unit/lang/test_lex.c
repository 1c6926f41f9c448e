/* Tokens of cells, as --dump-tokens prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/lang/ast.h"
#include "kernel/lang/lex.h"

static char *dump(const char *text, size_t len, bool tolerant) {
    struct source *source = source_new("Cell 1", (struct slice){text, len});
    struct tokens tokens;
    lex(source, tolerant, &tokens);
    struct buf out = BUF_INIT;
    lex_dump(source, &tokens, &out);
    tokens_release(&tokens);
    assert_int_equal(source->count, 1);
    source_unref(source);
    return buf_take(&out);
}

static void check(const char *text, const char *expected) {
    char *got = dump(text, strlen(text), false);
    assert_string_equal(got, expected);
    free(got);
}

static void check_tolerant(const char *text, const char *expected) {
    char *got = dump(text, strlen(text), true);
    assert_string_equal(got, expected);
    free(got);
}

static void names_words_and_operators(void **state) {
    (void)state;
    check("x **= y // 2", "1:1 NAME x\n1:3 POW_ASSIGN **=\n1:7 NAME y\n1:9 FLOORDIV //\n1:12 INT 2\n1:13 NEWLINE\n1:13 END\n");
    check("été is not None", "1:1 NAME été\n1:5 IS is\n1:8 NOT not\n1:12 NONE None\n1:16 NEWLINE\n1:16 END\n");
    check("классы2 = 模型", "1:1 NAME классы2\n1:9 ASSIGN =\n1:11 NAME 模型\n1:13 NEWLINE\n1:13 END\n");
}

static void numbers(void **state) {
    (void)state;
    check("1_000 0x1F 0b101 0o17", "1:1 INT 1000\n1:7 INT 31\n1:12 INT 5\n1:18 INT 15\n1:22 NEWLINE\n1:22 END\n");
    check("1e-3 .5 2. 1_0.5e1_0", "1:1 FLOAT 0.001\n1:6 FLOAT 0.5\n1:9 FLOAT 2.0\n1:12 FLOAT 105000000000.0\n1:21 NEWLINE\n1:21 END\n");
    check("9_223_372_036_854_775_807 00", "1:1 INT 9223372036854775807\n1:27 INT 0\n1:29 NEWLINE\n1:29 END\n");
}

static void strings(void **state) {
    (void)state;
    check("'a\\n\\t\\\\\\'\\\"' r'\\n'", "1:1 STRING \"a\\n\\x09\\\\'\\\"\"\n1:15 STRING \"\\\\n\"\n1:20 NEWLINE\n1:20 END\n");
    check("'\\x41\\u00e9\\U0001F600\\101'", "1:1 STRING \"Aé😀A\"\n1:27 NEWLINE\n1:27 END\n");
    check("'''a\n'b''' u'x' '\\d'", "1:1 STRING \"a\\n'b\"\n2:7 STRING \"x\"\n2:12 STRING \"\\\\d\"\n2:16 NEWLINE\n2:16 END\n");
    check("'a\\\nb'", "1:1 STRING \"ab\"\n2:3 NEWLINE\n2:3 END\n");
    check("r'\\''", "1:1 STRING \"\\\\'\"\n1:6 NEWLINE\n1:6 END\n");
}

static void fstrings(void **state) {
    (void)state;
    check("f'{a!r:>{w}} {{b}}'",
          "1:1 FSTRING_START f'\n1:3 FIELD_OPEN {\n1:4 NAME a\n1:5 CONVERSION !r\n1:7 FIELD_SPEC :\n1:8 FSTRING_TEXT \">\"\n1:9 FIELD_OPEN {\n"
          "1:10 NAME w\n1:11 FIELD_CLOSE }\n1:12 FIELD_CLOSE }\n1:13 FSTRING_TEXT \" {b}\"\n1:19 FSTRING_END '\n1:20 NEWLINE\n1:20 END\n");
    check("f\"{d[\"k\"]}\"", "1:1 FSTRING_START f\"\n1:3 FIELD_OPEN {\n1:4 NAME d\n1:5 OPEN_BRACKET [\n1:6 STRING \"k\"\n1:9 CLOSE_BRACKET ]\n1:10 "
                             "FIELD_CLOSE }\n1:11 FSTRING_END \"\n"
                             "1:12 NEWLINE\n1:12 END\n");
    check("rf'\\d{x=}'", "1:1 FSTRING_START rf'\n1:4 FSTRING_TEXT \"\\\\d\"\n1:6 FIELD_OPEN {\n1:7 NAME x\n1:8 ASSIGN =\n1:9 FIELD_CLOSE }\n1:10 "
                         "FSTRING_END '\n1:11 NEWLINE\n1:11 END\n");
    check("f'{a != b}'", "1:1 FSTRING_START f'\n1:3 FIELD_OPEN {\n1:4 NAME a\n1:6 NE !=\n1:9 NAME b\n1:10 FIELD_CLOSE }\n1:11 FSTRING_END '\n1:12 "
                         "NEWLINE\n1:12 END\n");
    check("f'''{\na}\n'''", "1:1 FSTRING_START f'''\n1:5 FIELD_OPEN {\n2:1 NAME a\n2:2 FIELD_CLOSE }\n2:3 FSTRING_TEXT \"\\n\"\n3:1 FSTRING_END "
                            "'''\n3:4 NEWLINE\n3:4 END\n");
}

static void blocks(void **state) {
    (void)state;
    check("if x:\n    y # note\n\n  # note\nz",
          "1:1 IF if\n1:4 NAME x\n1:5 COLON :\n1:6 NEWLINE\n2:1 INDENT\n2:5 NAME y\n2:13 NEWLINE\n5:1 DEDENT\n5:1 NAME z\n5:2 NEWLINE\n5:2 END\n");
    check("if x:\n  if y:\n    z",
          "1:1 IF if\n1:4 NAME x\n1:5 COLON :\n1:6 NEWLINE\n2:1 INDENT\n2:3 IF if\n2:6 NAME y\n2:7 COLON :\n2:8 NEWLINE\n3:1 INDENT\n3:5 NAME z\n"
          "3:6 NEWLINE\n3:6 DEDENT\n3:6 DEDENT\n3:6 END\n");
    check("f(a,\n      b)\nc",
          "1:1 NAME f\n1:2 OPEN_PAREN (\n1:3 NAME a\n1:4 COMMA ,\n2:7 NAME b\n2:8 CLOSE_PAREN )\n2:9 NEWLINE\n3:1 NAME c\n3:2 NEWLINE\n3:2 END\n");
    check("x = 1 + \\\n  2", "1:1 NAME x\n1:3 ASSIGN =\n1:5 INT 1\n1:7 PLUS +\n2:3 INT 2\n2:4 NEWLINE\n2:4 END\n");
    check("    a\n    b", "1:5 NAME a\n1:6 NEWLINE\n2:5 NAME b\n2:6 NEWLINE\n2:6 END\n");
    check("", "1:1 END\n");
    check("\xEF\xBB\xBFx", "1:2 NAME x\n1:3 NEWLINE\n1:3 END\n");
    check("# only\n\n", "3:1 END\n");
}

static void a_fault_ends_the_tokens(void **state) {
    (void)state;
    check("a 'b", "1:1 NAME a\n1:3 ERROR 'b\n1:5 END\n");
    check("a ) b", "1:1 NAME a\n1:3 ERROR )\n1:6 END\n");
}

static void tolerant_lexing_goes_on(void **state) {
    (void)state;
    check_tolerant("load(\"ml-\nx = f'{a.",
                   "1:1 NAME load\n1:5 OPEN_PAREN (\n1:6 STRING_OPEN \"ml-\"\n2:1 NAME x\n2:3 ASSIGN =\n2:5 FSTRING_START f'\n2:7 FIELD_OPEN {\n"
                   "2:8 NAME a\n2:9 DOT .\n2:10 END\n");
    check_tolerant("a $ ] b", "1:1 NAME a\n1:5 CLOSE_BRACKET ]\n1:7 NAME b\n1:8 NEWLINE\n1:8 END\n");
    check_tolerant("f'{a\nb", "1:1 FSTRING_START f'\n1:3 FIELD_OPEN {\n1:4 NAME a\n1:5 NEWLINE\n2:1 NAME b\n2:2 NEWLINE\n2:2 END\n");
    check_tolerant("1__0 0x 12a 99999999999999999999", "1:1 INT 10\n1:6 INT 0\n1:9 INT 12\n1:13 INT 0\n1:33 NEWLINE\n1:33 END\n");
}

static void a_cell_has_a_size(void **state) {
    (void)state;
    size_t len = LIMIT_CELL_BYTES + 1;
    char *text = malloc(len);
    memset(text, ' ', len);
    struct source *source = source_new("Cell 1", (struct slice){text, len});
    struct tokens tokens;
    lex(source, false, &tokens);
    assert_int_equal(tokens.error.code, ERR_LIMIT);
    assert_string_equal(tokens.error.message, "the cell has 4194305 bytes; a cell may have 4194304");
    tokens_release(&tokens);
    source_unref(source);
    free(text);
}

static void words_are_listed(void **state) {
    (void)state;
    assert_string_equal(lang_keyword(0), "and");
    size_t n = 0;
    while (lang_keyword(n)) n++;
    assert_int_equal(n, 20);
    assert_true(token_is_foreign(TOKEN_IMPORT));
    assert_false(token_is_foreign(TOKEN_FOR));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_words_and_operators),
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(fstrings),
        cmocka_unit_test(blocks),
        cmocka_unit_test(a_fault_ends_the_tokens),
        cmocka_unit_test(tolerant_lexing_goes_on),
        cmocka_unit_test(a_cell_has_a_size),
        cmocka_unit_test(words_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
