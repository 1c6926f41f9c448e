/* Trees of cells as --dump-ast prints them, and the exact words of syntax errors. Long, for it is two tables, a row a form of the language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/lang/ast.h"
#include "kernel/lang/complete.h"

static enum status parse(const char *text, struct buf *out, enum status *out_code) {
    struct source *source = source_new("Cell 1", slice_of(text));
    struct node *node = NULL;
    struct error err = ERROR_INIT;
    enum status status = parse_cell(source, &node, &err);
    if (status == OK) ast_dump(node, out);
    else error_render(&err, false, out);
    *out_code = err.code;
    error_clear(&err);
    assert_int_equal(source->count, 1);
    source_unref(source);
    return status;
}

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

/* --- errors --- */

static const struct bad_row {
    const char *cell;
    bool incomplete;
    const char *words;
} bad[] = {
    {"import numpy", false,
     "SyntaxError: there are no imports: `numpy` is not needed here\n"
     "  Cell 1, line 1\n"
     "    import numpy\n"
     "    ^^^^^^^^^^^^\n"
     "  array([[1, 2], [3, 4]]) makes an Array: + - * / @, .T, .mean(axis=0), log, exp, sqrt"},
    {"import numpy as np", false,
     "SyntaxError: there are no imports: `numpy` is not needed here\n"
     "  Cell 1, line 1\n"
     "    import numpy as np\n"
     "    ^^^^^^^^^^^^\n"
     "  array([[1, 2], [3, 4]]) makes an Array: + - * / @, .T, .mean(axis=0), log, exp, sqrt"},
    {"from torch import nn", false,
     "SyntaxError: there are no imports: `torch` is not needed here\n"
     "  Cell 1, line 1\n"
     "    from torch import nn\n"
     "    ^^^^^^^^^^\n"
     "  help() lists what there is"},
    {"import foo", false,
     "SyntaxError: there are no imports: `foo` is not needed here\n"
     "  Cell 1, line 1\n"
     "    import foo\n"
     "    ^^^^^^^^^^\n"
     "  everything is built in: help() lists it; for data files use load(\"…\")"},
    {"class A:\n    pass", false,
     "SyntaxError: there are no classes\n"
     "  Cell 1, line 1\n"
     "    class A:\n"
     "    ^^^^^\n"
     "  keep values that belong together in a dict or a Table, and write functions with def"},
    {"try:\n    x\nexcept:\n    y", false,
     "SyntaxError: there is no `try`: errors are not caught\n"
     "  Cell 1, line 1\n"
     "    try:\n"
     "    ^^^\n"
     "  test first with `if`; a simple statement that fails leaves every name as it was"},
    {"with open(\"a\") as f:\n    pass", false,
     "SyntaxError: there is no `with`\n"
     "  Cell 1, line 1\n"
     "    with open(\"a\") as f:\n"
     "    ^^^^\n"
     "  load, open, save and export open and close their files themselves"},
    {"raise ValueError(\"x\")", false,
     "SyntaxError: there is no `raise`\n"
     "  Cell 1, line 1\n"
     "    raise ValueError(\"x\")\n"
     "    ^^^^^\n"
     "  return None, or print(…) what is wrong"},
    {"def f():\n    yield 1", false,
     "SyntaxError: there is no `yield`\n"
     "  Cell 1, line 2\n"
     "    yield 1\n"
     "    ^^^^^\n"
     "  return a list: [f(x) for x in xs]"},
    {"async def f(): pass", false,
     "SyntaxError: there is no `async`\n"
     "  Cell 1, line 1\n"
     "    async def f(): pass\n"
     "    ^^^^^\n"
     "  leave it away: calls run one after another"},
    {"x = await f()", false,
     "SyntaxError: there is no `await`\n"
     "  Cell 1, line 1\n"
     "    x = await f()\n"
     "        ^^^^^\n"
     "  leave it away: a call gives its result when it is done"},
    {"global x", false,
     "SyntaxError: there is no `global`: a function can't rebind outer names\n"
     "  Cell 1, line 1\n"
     "    global x\n"
     "    ^^^^^^\n"
     "  return the value and assign it outside: x = f(x)"},
    {"nonlocal x", false,
     "SyntaxError: there is no `nonlocal`: a function can't rebind outer names\n"
     "  Cell 1, line 1\n"
     "    nonlocal x\n"
     "    ^^^^^^^^\n"
     "  return the value and assign it outside: x = f(x)"},
    {"@cache\ndef f(): pass", false,
     "SyntaxError: there are no decorators\n"
     "  Cell 1, line 1\n"
     "    @cache\n"
     "    ^\n"
     "  call it after the def: f = decorator(f)"},
    {"f = lambda x: return x", false,
     "SyntaxError: a lambda holds an expression, not statements\n"
     "  Cell 1, line 1\n"
     "    f = lambda x: return x\n"
     "                  ^^^^^^\n"
     "  leave `return` away: a lambda gives the value of its expression"},
    {"if (n := 3) > 2: pass", false,
     "SyntaxError: there is no `:=`\n"
     "  Cell 1, line 1\n"
     "    if (n := 3) > 2: pass\n"
     "          ^^\n"
     "  give the value its name on a line before: name = …"},
    {"assert x == 1", false,
     "SyntaxError: there is no `assert`\n"
     "  Cell 1, line 1\n"
     "    assert x == 1\n"
     "    ^^^^^^\n"
     "  write the condition as a cell's last line: it shows True or False"},
    {"match x:\n    case 1: pass", false,
     "SyntaxError: there is no `match`\n"
     "  Cell 1, line 1\n"
     "    match x:\n"
     "    ^^^^^\n"
     "  write if … elif … else"},
    {"print \"hello\"", false,
     "SyntaxError: `print` is a function: its argument stands in brackets\n"
     "  Cell 1, line 1\n"
     "    print \"hello\"\n"
     "    ^^^^^\n"
     "  write print(…)"},
    {"%matplotlib inline", false,
     "SyntaxError: there are no magics: `%` can't begin a line\n"
     "  Cell 1, line 1\n"
     "    %matplotlib inline\n"
     "    ^^^^^^^^^^^^^^^^^^\n"
     "  leave it away: pictures show themselves"},
    {"%%time\nals(train)", false,
     "SyntaxError: there are no magics: `%` can't begin a line\n"
     "  Cell 1, line 1\n"
     "    %%time\n"
     "    ^^^^^^\n"
     "  write timeit(als(train))"},
    {"!pip install x", false,
     "SyntaxError: there are no shell commands: `!` can't begin a line\n"
     "  Cell 1, line 1\n"
     "    !pip install x\n"
     "    ^^^^^^^^^^^^^^\n"
     "  leave it away: everything is built in"},
    {"!ls", false,
     "SyntaxError: there are no shell commands: `!` can't begin a line\n"
     "  Cell 1, line 1\n"
     "    !ls\n"
     "    ^^^\n"
     "  for files use load, open, save and export; run commands in a terminal"},
    {"if x = 3:\n    pass", false,
     "SyntaxError: `=` assigns; a condition compares\n"
     "  Cell 1, line 1\n"
     "    if x = 3:\n"
     "         ^\n"
     "  did you mean `==`?"},
    {"while x = 3: pass", false,
     "SyntaxError: `=` assigns; a condition compares\n"
     "  Cell 1, line 1\n"
     "    while x = 3: pass\n"
     "            ^\n"
     "  did you mean `==`?"},
    {"f(a == 1, b.c = 2)", false,
     "SyntaxError: before `=` an argument has a plain name\n"
     "  Cell 1, line 1\n"
     "    f(a == 1, b.c = 2)\n"
     "                  ^\n"
     "  did you mean `==`?"},
    {"for x in y\n    print(x)", false,
     "SyntaxError: `:` is missing at the end of the `for` line\n"
     "  Cell 1, line 1\n"
     "    for x in y\n"
     "              ^"},
    {"if x\n    y", false,
     "SyntaxError: `:` is missing at the end of the `if` line\n"
     "  Cell 1, line 1\n"
     "    if x\n"
     "        ^"},
    {"x = (1, 2\ny = 3", false,
     "SyntaxError: `(` is never closed\n"
     "  Cell 1, line 1\n"
     "    x = (1, 2\n"
     "        ^\n"
     "  close it at the end of its line, or put a comma before the next"},
    {"x = foo(1, 2\nfor k in x: pass", false,
     "SyntaxError: `(` is never closed\n"
     "  Cell 1, line 1\n"
     "    x = foo(1, 2\n"
     "           ^\n"
     "  close it at the end of its line, or put a comma before the next"},
    {"x = [1, 2", true,
     "SyntaxError: `[` is never closed\n"
     "  Cell 1, line 1\n"
     "    x = [1, 2\n"
     "        ^"},
    {"x = )", false,
     "SyntaxError: `)` closes nothing\n"
     "  Cell 1, line 1\n"
     "    x = )\n"
     "        ^\n"
     "  take it away, or open it first"},
    {"x = (1]", false,
     "SyntaxError: `]` doesn't close the `(` of line 1, column 5: expected `)`\n"
     "  Cell 1, line 1\n"
     "    x = (1]\n"
     "          ^"},
    {"x = 1\n  y = 2", false,
     "SyntaxError: this line is indented without need\n"
     "  Cell 1, line 2\n"
     "      y = 2\n"
     "    ^^\n"
     "  nothing before it opens a block: begin it in the column of the line before"},
    {"if x:\ny", false,
     "SyntaxError: the block of `if` is not indented\n"
     "  Cell 1, line 2\n"
     "    y\n"
     "    ^\n"
     "  indent its lines by four blanks, or write `pass` for an empty one"},
    {"a && b", false,
     "SyntaxError: `&&` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    a && b\n"
     "      ^^\n"
     "  write `and`"},
    {"if a || b: pass", false,
     "SyntaxError: `||` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    if a || b: pass\n"
     "         ^^\n"
     "  write `or`"},
    {"x = !a", false,
     "SyntaxError: `!` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    x = !a\n"
     "        ^\n"
     "  write `not x`, and `!=` for unequal"},
    {"x++", false,
     "SyntaxError: there is no `++`\n"
     "  Cell 1, line 1\n"
     "    x++\n"
     "     ^^\n"
     "  write x += 1"},
    {"x--", false,
     "SyntaxError: there is no `--`\n"
     "  Cell 1, line 1\n"
     "    x--\n"
     "     ^^\n"
     "  write x -= 1"},
    {"x = “hi”", false,
     "SyntaxError: the character `“` (U+201C) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    x = “hi”\n"
     "        ^\n"
     "  a string stands between straight quotes: \"…\""},
    {"x = 'it's'", false,
     "SyntaxError: a quote inside the string ended it before `s`\n"
     "  Cell 1, line 1\n"
     "    x = 'it's'\n"
     "            ^\n"
     "  put the text between the other quotes: \"it's\""},
    {"x = \"abc", false,
     "SyntaxError: this string is never closed: `\"` is missing\n"
     "  Cell 1, line 1\n"
     "    x = \"abc\n"
     "        ^^^^\n"
     "  a text of several lines stands between \"\"\" and \"\"\""},
    {"x = \"\"\"abc", true,
     "SyntaxError: this string is never closed: `\"\"\"` is missing\n"
     "  Cell 1, line 1\n"
     "    x = \"\"\"abc\n"
     "        ^^^^^^"},
    {"x = 1 +", false,
     "SyntaxError: expected an expression, got the end of the line\n"
     "  Cell 1, line 1\n"
     "    x = 1 +\n"
     "           ^"},
    {"x = = 3", false,
     "SyntaxError: `=` can't stand here\n"
     "  Cell 1, line 1\n"
     "    x = = 3\n"
     "        ^\n"
     "  did you mean `==`?"},
    {"a.b = 3", false,
     "SyntaxError: an attribute can't be assigned: values don't change\n"
     "  Cell 1, line 1\n"
     "    a.b = 3\n"
     "    ^^^\n"
     "  make a new value and give it a name: name = …"},
    {"f(x) = 3", false,
     "SyntaxError: the result of a call can't be assigned to\n"
     "  Cell 1, line 1\n"
     "    f(x) = 3\n"
     "    ^^^^\n"
     "  did you mean `==`?"},
    {"1 = x", false,
     "SyntaxError: a number can't be assigned to\n"
     "  Cell 1, line 1\n"
     "    1 = x\n"
     "    ^\n"
     "  a name stands on the left of `=`, its value on the right"},
    {"True = 1", false,
     "SyntaxError: `True` is a constant and keeps its value\n"
     "  Cell 1, line 1\n"
     "    True = 1\n"
     "    ^^^^"},
    {"x[1:2] = 3", false,
     "SyntaxError: a slice can't be assigned to\n"
     "  Cell 1, line 1\n"
     "    x[1:2] = 3\n"
     "    ^^^^^^\n"
     "  put a new one together: x = x[:2] + [1, 2] + x[4:]"},
    {"a + b = c", false,
     "SyntaxError: an expression can't be assigned to\n"
     "  Cell 1, line 1\n"
     "    a + b = c\n"
     "    ^^^^^\n"
     "  did you mean `==`?"},
    {"for x in y: pass\nelse: pass", false,
     "SyntaxError: `for` has no `else` here\n"
     "  Cell 1, line 2\n"
     "    else: pass\n"
     "    ^^^^\n"
     "  set a variable before the loop and look at it afterwards"},
    {"else: pass", false,
     "SyntaxError: `else` belongs to an `if`, and there is none before it\n"
     "  Cell 1, line 1\n"
     "    else: pass\n"
     "    ^^^^\n"
     "  put it in the column of its `if`, right after the block of it"},
    {"elif x: pass", false,
     "SyntaxError: `elif` belongs to an `if`, and there is none before it\n"
     "  Cell 1, line 1\n"
     "    elif x: pass\n"
     "    ^^^^\n"
     "  put it in the column of its `if`, right after the block of it"},
    {"if x: pass\nelse if y: pass", false,
     "SyntaxError: `else if` is one word here\n"
     "  Cell 1, line 2\n"
     "    else if y: pass\n"
     "    ^^^^^^^\n"
     "  write `elif`"},
    {"def f(x, x): pass", false,
     "SyntaxError: the parameter `x` stands twice\n"
     "  Cell 1, line 1\n"
     "    def f(x, x): pass\n"
     "             ^\n"
     "  each parameter has a name of its own"},
    {"def f(x=1, y): pass", false,
     "SyntaxError: the parameter `y` without a default follows one that has a default\n"
     "  Cell 1, line 1\n"
     "    def f(x=1, y): pass\n"
     "               ^\n"
     "  give it a default too, or put it first"},
    {"def f: pass", false,
     "SyntaxError: the parameters' brackets are missing after `def f`\n"
     "  Cell 1, line 1\n"
     "    def f: pass\n"
     "        ^\n"
     "  write: def name(): or def name(x, y=2):"},
    {"f(a=1, 2)", false,
     "SyntaxError: a positional argument follows the named `a=`\n"
     "  Cell 1, line 1\n"
     "    f(a=1, 2)\n"
     "           ^\n"
     "  put it before the named ones, or give it a name too"},
    {"f(a=1, a=2)", false,
     "SyntaxError: the argument `a` is given twice\n"
     "  Cell 1, line 1\n"
     "    f(a=1, a=2)\n"
     "           ^\n"
     "  keep one of them"},
    {"f(x for x in y, 2)", false,
     "SyntaxError: a generator beside other arguments stands in brackets of its own\n"
     "  Cell 1, line 1\n"
     "    f(x for x in y, 2)\n"
     "      ^^^^^^^^^^^^\n"
     "  write f((x for x in xs), …)"},
    {"[1 2]", false,
     "SyntaxError: expected `,` or `]`, got the number 2\n"
     "  Cell 1, line 1\n"
     "    [1 2]\n"
     "       ^\n"
     "  is a comma missing before it?"},
    {"{1: 2, 3}", false,
     "SyntaxError: expected `:` and a value, got `}`\n"
     "  Cell 1, line 1\n"
     "    {1: 2, 3}\n"
     "            ^"},
    {"{\"a\" = 2}", false,
     "SyntaxError: a dict joins key and value by `:`\n"
     "  Cell 1, line 1\n"
     "    {\"a\" = 2}\n"
     "         ^\n"
     "  write {\"key\": value}, or dict(key=value)"},
    {"x ? y : z", false,
     "SyntaxError: `?` stands only after a name, alone on its line: als?\n"
     "  Cell 1, line 1\n"
     "    x ? y : z\n"
     "      ^\n"
     "  a choice is written `a if condition else b`"},
    {"x <> y", false,
     "SyntaxError: `<>` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    x <> y\n"
     "      ^^\n"
     "  write `!=`"},
    {"x === y", false,
     "SyntaxError: `===` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    x === y\n"
     "      ^^^\n"
     "  write `==`"},
    {"x << 2", false,
     "SyntaxError: there are no shifts of bits\n"
     "  Cell 1, line 1\n"
     "    x << 2\n"
     "      ^^\n"
     "  write `x * 2 ** n`"},
    {"~x", false,
     "SyntaxError: `~` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    ~x\n"
     "    ^\n"
     "  write `not x`, or `a == False` for an Array of truth"},
    {"...", false,
     "SyntaxError: `...` stands for nothing here\n"
     "  Cell 1, line 1\n"
     "    ...\n"
     "    ^^^\n"
     "  write `pass` for an empty block"},
    {"x => 2", false,
     "SyntaxError: `=>` is not an operator here\n"
     "  Cell 1, line 1\n"
     "    x => 2\n"
     "      ^^\n"
     "  write `>=` to compare, or a function as `lambda x: …`"},
    {"return 3", false,
     "SyntaxError: `return` stands outside a function\n"
     "  Cell 1, line 1\n"
     "    return 3\n"
     "    ^^^^^^\n"
     "  leave `return` away: the last expression of a cell shows itself"},
    {"break", false,
     "SyntaxError: `break` stands outside a loop\n"
     "  Cell 1, line 1\n"
     "    break\n"
     "    ^^^^^"},
    {"lambda x, : = 3", false,
     "SyntaxError: `=` can't stand here\n"
     "  Cell 1, line 1\n"
     "    lambda x, : = 3\n"
     "                ^\n"
     "  did you mean `==`?"},
    {"12abc", false,
     "SyntaxError: `12abc` is neither a number nor a name\n"
     "  Cell 1, line 1\n"
     "    12abc\n"
     "    ^^^^^\n"
     "  put an operator or a blank between them; a name can't begin with a digit"},
    {"1__0", false,
     "SyntaxError: an underscore of this number is misplaced\n"
     "  Cell 1, line 1\n"
     "    1__0\n"
     "    ^^^^\n"
     "  an underscore stands between two digits: 1_000"},
    {"007", false,
     "SyntaxError: an integer can't begin with zeros\n"
     "  Cell 1, line 1\n"
     "    007\n"
     "    ^^^\n"
     "  leave the zeros away; an octal number begins with 0o"},
    {"0x", false,
     "SyntaxError: digits are missing after `0x`\n"
     "  Cell 1, line 1\n"
     "    0x\n"
     "    ^^"},
    {"3j", false,
     "SyntaxError: there are no complex numbers\n"
     "  Cell 1, line 1\n"
     "    3j\n"
     "    ^^"},
    {"b\"x\"", false,
     "SyntaxError: there are no byte strings\n"
     "  Cell 1, line 1\n"
     "    b\"x\"\n"
     "    ^\n"
     "  leave the `b` away: every string is Unicode text"},
    {"f'{x'", false,
     "SyntaxError: this `{` of an f-string is never closed\n"
     "  Cell 1, line 1\n"
     "    f'{x'\n"
     "      ^\n"
     "  a brace itself is written {{ in an f-string"},
    {"f'{x='", false,
     "SyntaxError: this `{` of an f-string is never closed\n"
     "  Cell 1, line 1\n"
     "    f'{x='\n"
     "      ^\n"
     "  a brace itself is written {{ in an f-string"},
    {"f\"{}\"", false,
     "SyntaxError: this field of the f-string is empty\n"
     "  Cell 1, line 1\n"
     "    f\"{}\"\n"
     "      ^^\n"
     "  a brace itself is written {{ or }}"},
    {"f\"}\"", false,
     "SyntaxError: this `}` of an f-string closes nothing\n"
     "  Cell 1, line 1\n"
     "    f\"}\"\n"
     "      ^\n"
     "  a brace itself is written }} in an f-string"},
    {"f\"{x!z}\"", false,
     "SyntaxError: an f-string knows the conversions !r and !s\n"
     "  Cell 1, line 1\n"
     "    f\"{x!z}\"\n"
     "        ^^\n"
     "  write {x!r} for the repr or {x!s} for the text"},
    {"\"\\N{dash}\"", false,
     "SyntaxError: \\N{…} is not known here\n"
     "  Cell 1, line 1\n"
     "    \"\\N{dash}\"\n"
     "     ^^\n"
     "  write the character itself, or its number as \\uNNNN"},
    {"\"\\xz\"", false,
     "SyntaxError: \\x is followed by 2 hexadecimal digits\n"
     "  Cell 1, line 1\n"
     "    \"\\xz\"\n"
     "     ^^\n"
     "  a backslash itself is written \\\\, or put r before the string"},
    {"9223372036854775808", false,
     "OverflowError: the integer is larger than 9,223,372,036,854,775,807 (integers have 64 bits)\n"
     "  Cell 1, line 1\n"
     "    9223372036854775808\n"
     "    ^^^^^^^^^^^^^^^^^^^\n"
     "  write it as a float: 9.3e18"},
    {"99999999999999999999999", false,
     "OverflowError: the integer is larger than 9,223,372,036,854,775,807 (integers have 64 bits)\n"
     "  Cell 1, line 1\n"
     "    99999999999999999999999\n"
     "    ^^^^^^^^^^^^^^^^^^^^^^^\n"
     "  write it as a float: 1e30"},
    {"x = 1 \\ 2", false,
     "SyntaxError: something follows the `\\`\n"
     "  Cell 1, line 1\n"
     "    x = 1 \\ 2\n"
     "          ^\n"
     "  it joins two lines only as the last character of the first"},
    {"x = 1 \\", true,
     "SyntaxError: the line goes on after `\\`, but nothing follows\n"
     "  Cell 1, line 1\n"
     "    x = 1 \\\n"
     "          ^"},
    {"if x:\n\ty\n        z", false,
     "SyntaxError: tabs and spaces are mixed in the indentation\n"
     "  Cell 1, line 3\n"
     "            z\n"
     "    ^^^^^^^^\n"
     "  indent with spaces only, four a level"},
    {"if x:\n \ty", false,
     "SyntaxError: tabs and spaces are mixed in the indentation\n"
     "  Cell 1, line 2\n"
     "         y\n"
     "    ^^^^^\n"
     "  indent with spaces only, four a level"},
    {"if x:\n        y\n    z", false,
     "SyntaxError: this line's indentation fits no block around it\n"
     "  Cell 1, line 3\n"
     "        z\n"
     "    ^^^^\n"
     "  move it so that it begins in the same column as the line that it follows"},
    {"a = 3", false,
     "SyntaxError: the character (U+00A0) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    a = 3\n"
     "     ^\n"
     "  it looks like a blank: write an ordinary one"},
    {"x = 3 − 2", false,
     "SyntaxError: the character `−` (U+2212) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    x = 3 − 2\n"
     "          ^\n"
     "  write `-`"},
    {"$x", false,
     "SyntaxError: the character `$` (U+0024) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    $x\n"
     "    ^\n"
     "  a name is letters, digits and _"},
    {"head ratings", false,
     "SyntaxError: expected the end of the line after `head`, got the name `ratings`\n"
     "  Cell 1, line 1\n"
     "    head ratings\n"
     "         ^^^^^^^\n"
     "  to call it, write head(ratings)"},
    {"let x = 3", false,
     "SyntaxError: a name needs no `let`\n"
     "  Cell 1, line 1\n"
     "    let x = 3\n"
     "    ^^^\n"
     "  write name = …"},
    {"SELECT * FROM x", false,
     "SyntaxError: there is no SQL here\n"
     "  Cell 1, line 1\n"
     "    SELECT * FROM x\n"
     "    ^^^^^^\n"
     "  Tables have methods for it: interactions(ratings).where(…).group(\"item\", n=\"count\").sort(\"n\")"},
    {"pip install foo", false,
     "SyntaxError: nothing needs to be installed\n"
     "  Cell 1, line 1\n"
     "    pip install foo\n"
     "    ^^^\n"
     "  everything is built in: help() lists it"},
    {"x = y if z", false,
     "SyntaxError: `if` inside an expression needs an `else`\n"
     "  Cell 1, line 1\n"
     "    x = y if z\n"
     "          ^^\n"
     "  write `a if condition else b`"},
    {"x[]", false,
     "SyntaxError: these brackets are empty\n"
     "  Cell 1, line 1\n"
     "    x[]\n"
     "     ^^\n"
     "  name a position, a key or a slice: x[0], x[\"k\"], x[:3]"},
    {"a, *b, *c = x", false,
     "SyntaxError: two names are starred\n"
     "  Cell 1, line 1\n"
     "    a, *b, *c = x\n"
     "           ^^\n"
     "  only one of them can take the rest"},
    {"*a = x", false,
     "SyntaxError: a starred name stands beside others\n"
     "  Cell 1, line 1\n"
     "    *a = x\n"
     "    ^^\n"
     "  write: first, *rest = …"},
    {"*x", false,
     "SyntaxError: `*` unpacks only among items or arguments\n"
     "  Cell 1, line 1\n"
     "    *x\n"
     "    ^^\n"
     "  write [*x] for a list"},
    {"del x[0]", false,
     "SyntaxError: `del` forgets names; values don't change\n"
     "  Cell 1, line 1\n"
     "    del x[0]\n"
     "        ^\n"
     "  build a new value without it: {k: v for k, v in d.items() if k != \"a\"}"},
    {"del d.a", false,
     "SyntaxError: `del` forgets names; values don't change\n"
     "  Cell 1, line 1\n"
     "    del d.a\n"
     "        ^\n"
     "  build a new value without it: {k: v for k, v in d.items() if k != \"a\"}"},
    {"for i = 1: pass", false,
     "SyntaxError: `for` goes through the items of something: expected `in`\n"
     "  Cell 1, line 1\n"
     "    for i = 1: pass\n"
     "          ^\n"
     "  write: for k in range(10)"},
    {"for i of x: pass", false,
     "SyntaxError: expected `in`, got the name `of`\n"
     "  Cell 1, line 1\n"
     "    for i of x: pass\n"
     "          ^^"},
    {"x.import", false,
     "SyntaxError: `import` is a word of the language and no attribute\n"
     "  Cell 1, line 1\n"
     "    x.import\n"
     "      ^^^^^^"},
    {"mf.", false,
     "SyntaxError: expected a name after `.`, got the end of the line\n"
     "  Cell 1, line 1\n"
     "    mf.\n"
     "       ^"},
    {"als?x", false,
     "SyntaxError: `?` stands only after a name, alone on its line: als?\n"
     "  Cell 1, line 1\n"
     "    als?x\n"
     "       ^\n"
     "  a choice is written `a if condition else b`"},
    {"x = [1, 2,, 3]", false,
     "SyntaxError: expected an expression, got `,`\n"
     "  Cell 1, line 1\n"
     "    x = [1, 2,, 3]\n"
     "              ^\n"
     "  take one of the commas away"},
    {"f(,)", false,
     "SyntaxError: expected an expression, got `,`\n"
     "  Cell 1, line 1\n"
     "    f(,)\n"
     "      ^\n"
     "  take one of the commas away"},
    {"while True {", false,
     "SyntaxError: expected `:` after the `while`, got `{`\n"
     "  Cell 1, line 1\n"
     "    while True {\n"
     "               ^\n"
     "  a block is indented, not put in braces"},
    {"def f(x) { return x }", false,
     "SyntaxError: expected `:` after the `def`, got `{`\n"
     "  Cell 1, line 1\n"
     "    def f(x) { return x }\n"
     "             ^\n"
     "  a block is indented, not put in braces"},
    {"1.foo", false,
     "SyntaxError: `1.foo` is neither a number nor a name\n"
     "  Cell 1, line 1\n"
     "    1.foo\n"
     "    ^^^^^\n"
     "  put an operator or a blank between them; a name can't begin with a digit"},
    {"x = {**a, b}", false,
     "SyntaxError: expected `:` and a value, got `}`\n"
     "  Cell 1, line 1\n"
     "    x = {**a, b}\n"
     "               ^"},
    {"a not b", false,
     "SyntaxError: expected the end of the line after `a`, got the word `not`\n"
     "  Cell 1, line 1\n"
     "    a not b\n"
     "      ^^^"},
    {"a == not b", false,
     "SyntaxError: `not` after an operator stands in brackets\n"
     "  Cell 1, line 1\n"
     "    a == not b\n"
     "         ^^^\n"
     "  write (not …)"},
    {";", false,
     "SyntaxError: there is no statement before this `;`\n"
     "  Cell 1, line 1\n"
     "    ;\n"
     "    ^\n"
     "  take it away"},
    {"x = 1; ; y", false,
     "SyntaxError: there is no statement before this `;`\n"
     "  Cell 1, line 1\n"
     "    x = 1; ; y\n"
     "           ^\n"
     "  take it away"},
    {"if x: for y in z: pass", false,
     "SyntaxError: `for` begins a line\n"
     "  Cell 1, line 1\n"
     "    if x: for y in z: pass\n"
     "          ^^^\n"
     "  put it on a line of its own"},
    {"x y", false,
     "SyntaxError: expected the end of the line after `x`, got the name `y`\n"
     "  Cell 1, line 1\n"
     "    x y\n"
     "      ^\n"
     "  to call it, write x(y)"},
    {"  x = 1\n y", false,
     "SyntaxError: this line's indentation fits no block around it\n"
     "  Cell 1, line 2\n"
     "     y\n"
     "    ^\n"
     "  move it so that it begins in the same column as the line that it follows"},
    {"def f(*, a): pass", false,
     "SyntaxError: a `*` parameter needs a name here\n"
     "  Cell 1, line 1\n"
     "    def f(*, a): pass\n"
     "          ^\n"
     "  leave it away: any parameter may be given by position or by name"},
    {"def f(a, /): pass", false,
     "SyntaxError: there are no positional-only parameters\n"
     "  Cell 1, line 1\n"
     "    def f(a, /): pass\n"
     "             ^\n"
     "  leave it away: any parameter may be given by position or by name"},
    {"del", false,
     "SyntaxError: expected a name after `del`, got the end of the line\n"
     "  Cell 1, line 1\n"
     "    del\n"
     "       ^"},
    {"ratings = load('ml-100k)", false,
     "SyntaxError: this string is never closed: `'` is missing\n"
     "  Cell 1, line 1\n"
     "    ratings = load('ml-100k)\n"
     "                   ^^^^^^^^^\n"
     "  a text of several lines stands between \"\"\" and \"\"\""},
    {"if x == 3\n    print('a')", false,
     "SyntaxError: `:` is missing at the end of the `if` line\n"
     "  Cell 1, line 1\n"
     "    if x == 3\n"
     "             ^"},
    {"f\"{x:>{w}\"", false,
     "SyntaxError: this `{` of an f-string is never closed\n"
     "  Cell 1, line 1\n"
     "    f\"{x:>{w}\"\n"
     "      ^\n"
     "  a brace itself is written {{ in an f-string"},
    {"f\"{x y}\"", false,
     "SyntaxError: expected `}`, got the name `y`\n"
     "  Cell 1, line 1\n"
     "    f\"{x y}\"\n"
     "         ^\n"
     "  is a comma missing before it?"},
    {"x = 3 if y = 2 else 3", false,
     "SyntaxError: `=` assigns; a condition compares\n"
     "  Cell 1, line 1\n"
     "    x = 3 if y = 2 else 3\n"
     "               ^\n"
     "  did you mean `==`?"},
    {"for x in range(3):", true,
     "SyntaxError: the block of `for` is missing\n"
     "  Cell 1, line 1\n"
     "    for x in range(3):\n"
     "                      ^\n"
     "  write `pass` for an empty one"},
    {"def f(x):", true,
     "SyntaxError: the block of `def` is missing\n"
     "  Cell 1, line 1\n"
     "    def f(x):\n"
     "             ^\n"
     "  write `pass` for an empty one"},
    {"with x", false,
     "SyntaxError: there is no `with`\n"
     "  Cell 1, line 1\n"
     "    with x\n"
     "    ^^^^\n"
     "  load, open, save and export open and close their files themselves"},
    {"a, b += 1", false,
     "SyntaxError: `+=` changes one name at a time\n"
     "  Cell 1, line 1\n"
     "    a, b += 1\n"
     "    ^^^^\n"
     "  write one statement for each name"},
    {"f(**k, 1)", false,
     "SyntaxError: a positional argument follows a `**` argument\n"
     "  Cell 1, line 1\n"
     "    f(**k, 1)\n"
     "           ^\n"
     "  put it before the `**`"},
    {"print(f'{x[\"a\"]')", false,
     "SyntaxError: this `{` of an f-string is never closed\n"
     "  Cell 1, line 1\n"
     "    print(f'{x[\"a\"]')\n"
     "            ^\n"
     "  a brace itself is written {{ in an f-string"},
    {"x = 1e999", false,
     "OverflowError: the number does not fit a float (at most about 1.8e308)\n"
     "  Cell 1, line 1\n"
     "    x = 1e999\n"
     "        ^^^^^"},
    {"train, test = split(ratings, test=0.2, seed=42", true,
     "SyntaxError: `(` is never closed\n"
     "  Cell 1, line 1\n"
     "    train, test = split(ratings, test=0.2, seed=42\n"
     "                       ^"},
    {"évaluer(“x”)", false,
     "SyntaxError: the character `“` (U+201C) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    évaluer(“x”)\n"
     "            ^\n"
     "  a string stands between straight quotes: \"…\""},
    {"日本語 = \"テスト\" + + )", false,
     "SyntaxError: `)` closes nothing\n"
     "  Cell 1, line 1\n"
     "    日本語 = \"テスト\" + + )\n"
     "                          ^\n"
     "  take it away, or open it first"},
    {"import pandas as pd", false,
     "SyntaxError: there are no imports: `pandas` is not needed here\n"
     "  Cell 1, line 1\n"
     "    import pandas as pd\n"
     "    ^^^^^^^^^^^^^\n"
     "  load(\"ratings.csv\") reads a file; table(…) and the methods of Table do the rest"},
    {"from sklearn.metrics import ndcg_score", false,
     "SyntaxError: there are no imports: `sklearn` is not needed here\n"
     "  Cell 1, line 1\n"
     "    from sklearn.metrics import ndcg_score\n"
     "    ^^^^^^^^^^^^\n"
     "  help() lists what there is"},
    {"print x", false,
     "SyntaxError: `print` is a function: its argument stands in brackets\n"
     "  Cell 1, line 1\n"
     "    print x\n"
     "    ^^^^^\n"
     "  write print(…)"},
    {"x = null ? 1 : 2", false,
     "SyntaxError: `?` stands only after a name, alone on its line: als?\n"
     "  Cell 1, line 1\n"
     "    x = null ? 1 : 2\n"
     "             ^\n"
     "  a choice is written `a if condition else b`"},
    {"for x in y print(x)", false,
     "SyntaxError: expected `:` after the `for`, got the name `print`\n"
     "  Cell 1, line 1\n"
     "    for x in y print(x)\n"
     "               ^^^^^"},
    {"f(1, 2 3)", false,
     "SyntaxError: expected `,` or `)`, got the number 3\n"
     "  Cell 1, line 1\n"
     "    f(1, 2 3)\n"
     "           ^\n"
     "  is a comma missing before it?"},
    {"x = {1, 2: 3}", false,
     "SyntaxError: braces hold either keys with values or items alone\n"
     "  Cell 1, line 1\n"
     "    x = {1, 2: 3}\n"
     "             ^\n"
     "  write a dict as {1: \"a\", 2: \"b\"} or a set as {1, 2}"},
    {"if x == 1 and\n    y", false,
     "SyntaxError: expected an expression, got the end of the line\n"
     "  Cell 1, line 1\n"
     "    if x == 1 and\n"
     "                 ^"},
    {"\"a\" \"b\" = 3", false,
     "SyntaxError: a string can't be assigned to\n"
     "  Cell 1, line 1\n"
     "    \"a\" \"b\" = 3\n"
     "    ^^^^^^^\n"
     "  a name stands on the left of `=`, its value on the right"},
    {"x.y += 1", false,
     "SyntaxError: an attribute can't be assigned: values don't change\n"
     "  Cell 1, line 1\n"
     "    x.y += 1\n"
     "    ^^^\n"
     "  make a new value and give it a name: name = …"},
    {"f() += 1", false,
     "SyntaxError: `+=` needs a name on its left\n"
     "  Cell 1, line 1\n"
     "    f() += 1\n"
     "    ^^^\n"
     "  name the value first: x = …"},
    {"lambda: (yield)", false,
     "SyntaxError: there is no `yield`\n"
     "  Cell 1, line 1\n"
     "    lambda: (yield)\n"
     "             ^^^^^\n"
     "  return a list: [f(x) for x in xs]"},
    {"[*x for x in y]", false,
     "SyntaxError: a comprehension can't unpack with `*`\n"
     "  Cell 1, line 1\n"
     "    [*x for x in y]\n"
     "     ^^\n"
     "  use a second `for`"},
    {"f(x for x in y, z for z in w)", false,
     "SyntaxError: a generator beside other arguments stands in brackets of its own\n"
     "  Cell 1, line 1\n"
     "    f(x for x in y, z for z in w)\n"
     "      ^^^^^^^^^^^^\n"
     "  write f((x for x in xs), …)"},
    {"d[\"a\"].b = 3", false,
     "SyntaxError: an attribute can't be assigned: values don't change\n"
     "  Cell 1, line 1\n"
     "    d[\"a\"].b = 3\n"
     "    ^^^^^^^^\n"
     "  make a new value and give it a name: name = …"},
    {"f(x)[0] = 1", false,
     "SyntaxError: only what a name holds can be assigned by subscript\n"
     "  Cell 1, line 1\n"
     "    f(x)[0] = 1\n"
     "    ^^^^^^^\n"
     "  give the container a name first: d = …; d[\"k\"] = …"},
    {"() = x", false,
     "SyntaxError: there is no name to assign to\n"
     "  Cell 1, line 1\n"
     "    () = x\n"
     "    ^^"},
    {"x = 5 5", false,
     "SyntaxError: expected the end of the line, got the number 5\n"
     "  Cell 1, line 1\n"
     "    x = 5 5\n"
     "          ^\n"
     "  put `;` between two statements of one line, or an operator between two values"},
    {"while x: pass\nelse: pass", false,
     "SyntaxError: `while` has no `else` here\n"
     "  Cell 1, line 2\n"
     "    else: pass\n"
     "    ^^^^\n"
     "  set a variable before the loop and look at it afterwards"},
    {"\"\"\"abc\" + 1", true,
     "SyntaxError: this string is never closed: `\"\"\"` is missing\n"
     "  Cell 1, line 1\n"
     "    \"\"\"abc\" + 1\n"
     "    ^^^^^^^^^^^"},
    {"x = f\"\"\"{a", true,
     "SyntaxError: this `{` of an f-string is never closed\n"
     "  Cell 1, line 1\n"
     "    x = f\"\"\"{a\n"
     "            ^\n"
     "  a brace itself is written {{ in an f-string"},
    {"def f(**k, a): pass", false,
     "SyntaxError: the parameter `a` follows a `**` parameter\n"
     "  Cell 1, line 1\n"
     "    def f(**k, a): pass\n"
     "               ^\n"
     "  put it before the `**` parameter"},
    {"def f(*a, *b): pass", false,
     "SyntaxError: a function has one `*` parameter at most\n"
     "  Cell 1, line 1\n"
     "    def f(*a, *b): pass\n"
     "               ^"},
    {"x = [1, 2)", false,
     "SyntaxError: `)` doesn't close the `[` of line 1, column 5: expected `]`\n"
     "  Cell 1, line 1\n"
     "    x = [1, 2)\n"
     "             ^"},
    {"else", false,
     "SyntaxError: `else` belongs to an `if`, and there is none before it\n"
     "  Cell 1, line 1\n"
     "    else\n"
     "    ^^^^\n"
     "  put it in the column of its `if`, right after the block of it"},
    {"x = if", false,
     "SyntaxError: expected an expression, got the word `if`\n"
     "  Cell 1, line 1\n"
     "    x = if\n"
     "        ^^"},
    {"for in x: pass", false,
     "SyntaxError: expected an expression, got the word `in`\n"
     "  Cell 1, line 1\n"
     "    for in x: pass\n"
     "        ^^"},
    {"return", false,
     "SyntaxError: `return` stands outside a function\n"
     "  Cell 1, line 1\n"
     "    return\n"
     "    ^^^^^^\n"
     "  leave `return` away: the last expression of a cell shows itself"},
    {"def f():\nreturn 1", false,
     "SyntaxError: the block of `def` is not indented\n"
     "  Cell 1, line 2\n"
     "    return 1\n"
     "    ^^^^^^\n"
     "  indent its lines by four blanks, or write `pass` for an empty one"},
    {"« x »", false,
     "SyntaxError: the character `«` (U+00AB) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    « x »\n"
     "    ^\n"
     "  a string stands between straight quotes: \"…\""},
    {"x = 2³", false,
     "SyntaxError: the character `³` (U+00B3) has no meaning outside a string\n"
     "  Cell 1, line 1\n"
     "    x = 2³\n"
     "         ^"},
    {"x\\", true,
     "SyntaxError: the line goes on after `\\`, but nothing follows\n"
     "  Cell 1, line 1\n"
     "    x\\\n"
     "     ^"},
    {"a = (b\nif c: d", false,
     "SyntaxError: `(` is never closed\n"
     "  Cell 1, line 1\n"
     "    a = (b\n"
     "        ^\n"
     "  close it before the `:`"},
    {"case 1:", false,
     "SyntaxError: there is no `case`\n"
     "  Cell 1, line 1\n"
     "    case 1:\n"
     "    ^^^^\n"
     "  write if … elif … else"},
    {"sort_by x", false,
     "SyntaxError: expected the end of the line after `sort_by`, got the name `x`\n"
     "  Cell 1, line 1\n"
     "    sort_by x\n"
     "            ^\n"
     "  to call it, write sort_by(x)"},
    {"f\"{x!}\"", false,
     "SyntaxError: an f-string knows the conversions !r and !s\n"
     "  Cell 1, line 1\n"
     "    f\"{x!}\"\n"
     "        ^^\n"
     "  write {x!r} for the repr or {x!s} for the text"},
    {"f'{a:{b}'", false,
     "SyntaxError: this `{` of an f-string is never closed\n"
     "  Cell 1, line 1\n"
     "    f'{a:{b}'\n"
     "      ^\n"
     "  a brace itself is written {{ in an f-string"},
    {"x = 0b12", false,
     "SyntaxError: `0b12` is neither a number nor a name\n"
     "  Cell 1, line 1\n"
     "    x = 0b12\n"
     "        ^^^^\n"
     "  put an operator or a blank between them; a name can't begin with a digit"},
    {"1_", false,
     "SyntaxError: an underscore of this number is misplaced\n"
     "  Cell 1, line 1\n"
     "    1_\n"
     "    ^^\n"
     "  an underscore stands between two digits: 1_000"},
    {"x = \"a\nb\"", false,
     "SyntaxError: this string is never closed: `\"` is missing\n"
     "  Cell 1, line 1\n"
     "    x = \"a\n"
     "        ^^\n"
     "  a text of several lines stands between \"\"\" and \"\"\""},
    {"mf.items = 3", false,
     "SyntaxError: an attribute can't be assigned: values don't change\n"
     "  Cell 1, line 1\n"
     "    mf.items = 3\n"
     "    ^^^^^^^^\n"
     "  make a new value and give it a name: name = …"},
    {"train.append(3) = 4", false,
     "SyntaxError: the result of a call can't be assigned to\n"
     "  Cell 1, line 1\n"
     "    train.append(3) = 4\n"
     "    ^^^^^^^^^^^^^^^\n"
     "  did you mean `==`?"},
};

static void errors_teach(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf out = BUF_INIT;
        enum status code;
        assert_int_not_equal(parse(bad[i].cell, &out, &code), OK);
        assert_string_equal(buf_text(&out), bad[i].words);
        if ((code == ERR_INCOMPLETE) != bad[i].incomplete) fail_msg("%s: incomplete?", bad[i].cell);
        buf_release(&out);
    }
}

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
        cmocka_unit_test(errors_teach),
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
