/* Trees of cells as --dump-ast prints them, limits, spans, and what is complete. The words of errors: test_parse_*.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/lang/complete.h"
#include "tests/unit/lang/parse_help.h"

static void check(const char *text, const char *expected) {
    struct buf out = BUF_INIT;
    enum status code;
    parse(text, &out, &code);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

/* --- trees --- */

static const struct good_row {
    const char *cell, *tree;
} good[] = {
    {"x = 1", "(assign (name x) (int 1))\n"},
    {"x = y = 1, 2", "(assign (name x) (name y) (tuple (int 1) (int 2)))\n"},
    {"a, (b, *c), d[\"k\"] = x", "(assign (tuple (name a) (tuple (name b) (star (name c))) (index (name d) (str \"k\"))) (name x))\n"},
    {"[a, b] = x", "(assign (tuple (name a) (name b)) (name x))\n"},
    {"d[\"a\"][\"b\"] = 1", "(assign (index (index (name d) (str \"a\")) (str \"b\")) (int 1))\n"},
    {"x += [1]; d[\"k\"] //= 2", "(augmented `+=` (name x) (list (int 1)) quiet)\n(augmented `//=` (index (name d) (str \"k\")) (int 2))\n"},
    {"x: int = 3", "(assign (name x) (int 3))\n"},
    {"1 + 2 * 3 ** -4 ** 2", "(expr (binary `+` (int 1) (binary `*` (int 2) (binary `**` (int 3) (unary `-` (binary `**` (int 4) (int 2)))))))\n"},
    {"-x ** 2", "(expr (unary `-` (binary `**` (name x) (int 2))))\n"},
    {"a - b - c", "(expr (binary `-` (binary `-` (name a) (name b)) (name c)))\n"},
    {"not a == b and c or d", "(expr (or (and (unary `not` (compare (name a) `==` (name b))) (name c)) (name d)))\n"},
    {"a < b <= c != d", "(expr (compare (name a) `<` (name b) `<=` (name c) `!=` (name d)))\n"},
    {"a in b, a not in b, a is b, a is not b", "(expr (tuple (compare (name a) `in` (name b)) (compare (name a) `not in` (name b)) (compare (name a) "
                                               "`is` (name b)) (compare (name a) `is not` (name b))))\n"},
    {"a | b ^ c & d", "(expr (binary `|` (name a) (binary `^` (name b) (binary `&` (name c) (name d)))))\n"},
    {"a @ b.T // 2 % 3", "(expr (binary `%` (binary `//` (binary `@` (name a) (attr (name b) T)) (int 2)) (int 3)))\n"},
    {"x if a else y if b else z", "(expr (ifelse (name a) (name x) (ifelse (name b) (name y) (name z))))\n"},
    {"lambda: 0", "(expr (lambda () (int 0)))\n"},
    {"lambda x, y=2, *a, **k: (x, y)", "(expr (lambda (x y=(int 2) *a **k) (tuple (name x) (name y))))\n"},
    {"f(a, *b, k=1, **c)", "(expr (call (name f) (name a) (* (name b)) (k= (int 1)) (** (name c))))\n"},
    {"sum(x for x in y if x)", "(expr (call (name sum) (genexp (name x) (for (name x) (name y) (if (name x))))))\n"},
    {"[(x, y) for x, y in z if x if y for w in x]",
     "(expr (listcomp (tuple (name x) (name y)) (for (tuple (name x) (name y)) (name z) (if (name x)) (if (name y))) (for (name w) (name x))))\n"},
    {"{k: v for k, v in d.items()}", "(expr (dictcomp (name k) (name v) (for (tuple (name k) (name v)) (call (attr (name d) items)))))\n"},
    {"{x for x in y}", "(expr (setcomp (name x) (for (name x) (name y))))\n"},
    {"{1, 2}", "(expr (set (int 1) (int 2)))\n"},
    {"{}", "(expr (dict))\n"},
    {"()", "(expr (tuple))\n"},
    {"(1,)", "(expr (tuple (int 1)))\n"},
    {"1,", "(expr (tuple (int 1)))\n"},
    {"(x)", "(expr (name x))\n"},
    {"{**a, \"b\": 1}", "(expr (dict (unpack (name a)) (pair (str \"b\") (int 1))))\n"},
    {"[*a, 1]", "(expr (list (star (name a)) (int 1)))\n"},
    {"x[1:2, ::3, 4]", "(expr (index (name x) (slice (int 1) (int 2) -) (slice - - (int 3)) (int 4)))\n"},
    {"x[:]", "(expr (index (name x) (slice - - -)))\n"},
    {"x[1,]", "(expr (index (name x) (tuple (int 1))))\n"},
    {"mf.items[0].name()", "(expr (call (attr (index (attr (name mf) items) (int 0)) name)))\n"},
    {"\"a\" \"b\"", "(expr (str \"ab\"))\n"},
    {"f\"{x}\" \"b\"", "(expr (fstr (field (name x)) \"b\"))\n"},
    {"f'{x!r:>{w}.{p}f} {y=} {z=:.2f}'", "(expr (fstr (field (name x) !r (fstr \">\" (field (name w)) \".\" (field (name p)) \"f\")) \" \" (field "
                                         "\"y=\" (name y) !r) \" \" (field \"z=\" (name z) (fstr \".2f\"))))\n"},
    {"f'{ x = }'", "(expr (fstr (field \" x = \" (name x) !r)))\n"},
    {"rf\"\\d{x}\"", "(expr (fstr \"\\\\d\" (field (name x))))\n"},
    {"True, False, None", "(expr (tuple (bool True) (bool False) (none)))\n"},
    {"als?", "(help als)\n"},
    {"?mf.items", "(help mf.items)\n"},
    {"als??", "(help als)\n"},
    {"x;", "(expr (name x) quiet)\n"},
    {"a; b", "(expr (name a) quiet)\n(expr (name b))\n"},
    {"del a", "(del a)\n"},
    {"del a, b;", "(del a quiet)\n(del b quiet)\n"},
    {"pass", "(pass)\n"},
    {"def f(): pass", "(def f () (block (pass)))\n"},
    {"def f(a, b: int = 2, *c, d, **e) -> Table:\n    \"\"\"Doc.\"\"\"\n    return",
     "(def f (a b=(int 2) *c d **e) (block (expr (str \"Doc.\")) (return -)))\n"},
    {"while x:\n    if y: break\n    elif z: continue\n    else: pass",
     "(while (name x) (block (if (name y) (block (break)) (name z) (block (continue)) (block (pass)))))\n"},
    {"for i, (a, b) in enumerate(x): print(i)",
     "(for (tuple (name i) (tuple (name a) (name b))) (call (name enumerate) (name x)) (block (expr (call (name print) (name i)))))\n"},
    {"for x in 1, 2: pass", "(for (name x) (tuple (int 1) (int 2)) (block (pass)))\n"},
    {"def f():\n    def g(): return 1\n    return g", "(def f () (block (def g () (block (return (int 1)))) (return (name g))))\n"},
    {"-9223372036854775808", "(expr (int -9223372036854775808))\n"},
    {"1_000.5e-1", "(expr (float 100.05))\n"},
    {"x = (1 +\n     2)  # note", "(assign (name x) (binary `+` (int 1) (int 2)))\n"},
    {"x = [\n  1,\n\n  2, # two\n]", "(assign (name x) (list (int 1) (int 2)))\n"},
    {"print(\"a\"); print(\"b\");", "(expr (call (name print) (str \"a\")) quiet)\n(expr (call (name print) (str \"b\")) quiet)\n"},
    {"# nothing", ""},
    {"", ""},
    {"(yes) if (no) else (maybe)", "(expr (ifelse (name no) (name yes) (name maybe)))\n"},
    {"a.b(c)[d](e)", "(expr (call (index (call (attr (name a) b) (name c)) (name d)) (name e)))\n"},
    {"2 ** 3 ** 2", "(expr (binary `**` (int 2) (binary `**` (int 3) (int 2))))\n"},
    {"+x", "(expr (unary `+` (name x)))\n"},
    {"first, *rest = [1, 2, 3]; rest", "(assign (tuple (name first) (star (name rest))) (list (int 1) (int 2) (int 3)) quiet)\n(expr (name rest))\n"},
    {"f(x)(y)", "(expr (call (call (name f) (name x)) (name y)))\n"},
    {"x = lambda a: a, 1", "(assign (name x) (tuple (lambda (a) (name a)) (int 1)))\n"},
    {"if a and not b: c", "(if (and (name a) (unary `not` (name b))) (block (expr (name c))))\n"},
    {"not not a", "(expr (unary `not` (unary `not` (name a))))\n"},
    {"a if b else lambda: c", "(expr (ifelse (name b) (name a) (lambda () (name c))))\n"},
};

static void trees(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) check(good[i].cell, good[i].tree);
}

/* --- limits --- */

static char *repeated(const char *part, size_t times, const char *after) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < times; i++) buf_adds(&out, part);
    buf_adds(&out, after);
    return buf_take(&out);
}

/* Whatever nests or grows has a limit, and the limit an error of its own. */
static void nesting_has_a_limit(void **state) {
    (void)state;
    static const char *const parts[] = {"(",        "[",   "{",  "{1:",          "-",     "not ",          "f(",           "x[",
                                        "lambda: ", "2**", "[*", "[x for x in ", "f'{",   "(1 if 1 else ", "1 if 1 else ", "x[1:",
                                        "{**",      "f(*", "+",  "(lambda x=",   "for (", "[x for ("};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *text = repeated(parts[i], 100000, "1");
        struct buf out = BUF_INIT;
        enum status code;
        assert_int_not_equal(parse(text, &out, &code), OK);
        if (code != ERR_LIMIT && code != ERR_SYNTAX) fail_msg("%s: code %d", parts[i], code);
        if (strcmp(parts[i], "for (") != 0) assert_int_equal(code, ERR_LIMIT);
        buf_release(&out);
        free(text);
    }
}

static void chains_have_a_limit(void **state) {
    (void)state;
    static const char *const parts[] = {"1+", "x.", "x and ", "a @ "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct buf out = BUF_INIT;
        enum status code;
        char *text = repeated(parts[i], 990, "x");
        assert_int_equal(parse(text, &out, &code), OK);
        free(text);
        text = repeated(parts[i], 5000, "x");
        assert_int_equal(parse(text, &out, &code), ERR_LIMIT);
        free(text);
        buf_release(&out);
    }
    struct buf out = BUF_INIT;
    enum status code;
    char *text = repeated("()", 5000, "");
    assert_int_equal(parse(text, &out, &code), ERR_LIMIT);
    free(text);
    text = repeated("1,", 100000, "");
    assert_int_equal(parse(text, &out, &code), OK);
    free(text);
    text = repeated("if x:\n pass\nel", 1, "if x:\n pass\n");
    assert_int_equal(parse(text, &out, &code), OK);
    free(text);
    buf_release(&out);
}

static void blocks_have_a_limit(void **state) {
    (void)state;
    struct buf text = BUF_INIT, out = BUF_INIT;
    for (int i = 0; i < 300; i++) {
        for (int j = 0; j < i; j++) buf_addc(&text, ' ');
        buf_adds(&text, "if x:\n");
    }
    enum status code;
    assert_int_equal(parse(buf_text(&text), &out, &code), ERR_LIMIT);
    buf_release(&text);
    buf_release(&out);
}

/* --- spans --- */

static void check_span(const char *text, const struct node *node, const char *expected) {
    assert_int_equal(node->span.end - node->span.start, strlen(expected));
    assert_memory_equal(text + node->span.start, expected, strlen(expected));
}

static void spans_are_exact(void **state) {
    (void)state;
    const char *text = "  y = (a + b) * f(x, k=[1, 2])[0] ; z\n  for i in y:\n    p . q\n\n  # end\n";
    struct source *source = source_new("Cell 1", slice_of(text));
    struct node *block;
    struct error err = ERROR_INIT;
    assert_int_equal(parse_cell(source, &block, &err), OK);
    struct node **items = block->u.list.items;
    check_span(text, items[0], "y = (a + b) * f(x, k=[1, 2])[0]");
    const struct node *product = items[0]->u.assign.value;
    check_span(text, product, "(a + b) * f(x, k=[1, 2])[0]");
    check_span(text, product->u.binary.left, "a + b");
    check_span(text, product->u.binary.right, "f(x, k=[1, 2])[0]");
    check_span(text, product->u.binary.right->u.index.object, "f(x, k=[1, 2])");
    check_span(text, product->u.binary.right->u.index.object->u.call.arguments[1].value, "[1, 2]");
    check_span(text, items[1], "z");
    check_span(text, items[2], "for i in y:\n    p . q");
    check_span(text, items[2]->u.loop.body->u.list.items[0], "p . q");
    assert_true(items[0]->quiet);
    assert_false(items[1]->quiet);
    source_unref(source);
}

static void one_expression(void **state) {
    (void)state;
    struct source *source = source_new("expr", slice_of("a + 1"));
    struct node *node;
    struct error err = ERROR_INIT;
    assert_int_equal(parse_expression(source, &node, &err), OK);
    assert_int_equal(node->kind, NODE_BINARY);
    source_unref(source);
    source = source_new("expr", slice_of("a = 1"));
    assert_int_equal(parse_expression(source, &node, &err), ERR_SYNTAX);
    error_clear(&err);
    source_unref(source);
}

static void docstrings(void **state) {
    (void)state;
    struct source *source = source_new("Cell 1", slice_of("def f(x):\n    \"\"\"Says x.\"\"\"\n    return x"));
    struct node *block;
    struct error err = ERROR_INIT;
    assert_int_equal(parse_cell(source, &block, &err), OK);
    assert_string_equal(block->u.list.items[0]->u.function.doc.data, "Says x.");
    source_unref(source);
}

/* --- is_complete --- */

static const struct complete_row {
    const char *cell, *answer;
    int indent;
} completes[] = {
    {"", "complete", 0},
    {"1", "complete", 0},
    {"print('hello, world')", "complete", 0},
    {"def f(x):\n  return x*2\n\n\n", "complete", 0},
    {"def f(x):\n    return x\n", "complete", 0},
    {"def f(x):\n    return x\n    ", "complete", 0},
    {"for x in y: print(x)", "complete", 0},
    {"for x in y:\n    f(x)\nz", "complete", 0},
    {"als?", "complete", 0},
    {"# note", "complete", 0},
    {"print('''hello", "incomplete", 0},
    {"def f(x):\n  x*2", "incomplete", 2},
    {"def f(x):\n    return x", "incomplete", 4},
    {"for x in y:", "incomplete", 4},
    {"for x in y:\n", "incomplete", 4},
    {"for x in y:\n    if x:", "incomplete", 8},
    {"for x in y:  # note", "incomplete", 4},
    {"if a:\n    pass\nelse:", "incomplete", 4},
    {"x = (", "incomplete", 4},
    {"x = (1,\n     2,", "incomplete", 5},
    {"x = {", "incomplete", 4},
    {"f(a, b", "incomplete", 0},
    {"a = 1 + \\", "incomplete", 0},
    {"f'''{x", "incomplete", 0},
    {"x = [\n    1,\n", "incomplete", 4},
    {"import = 7q", "invalid", 0},
    {"x = )", "invalid", 0},
    {"x = 1 +", "invalid", 0},
    {"f(1 2", "invalid", 0},
    {"'abc", "invalid", 0},
    {"if x", "invalid", 0},
    {"x = (1, 2\ny = 3", "invalid", 0},
    {"import numpy", "invalid", 0},
    {"a \\ ", "invalid", 0},
};

static void completeness_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof completes / sizeof *completes; i++) {
        int indent = -1;
        const char *answer = completeness(slice_of(completes[i].cell), &indent);
        if (strcmp(answer, completes[i].answer) != 0 || indent != completes[i].indent)
            fail_msg("%s: %s with indent %d", completes[i].cell, answer, indent);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(chains_have_a_limit),
        cmocka_unit_test(blocks_have_a_limit),
        cmocka_unit_test(spans_are_exact),
        cmocka_unit_test(one_expression),
        cmocka_unit_test(docstrings),
        cmocka_unit_test(completeness_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
