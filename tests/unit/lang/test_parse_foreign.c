/* The exact words about what other languages have, and about characters that no language has. Long, for it is a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/lang/parse_help.h"

static const struct bad_row bad[] = {
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
    {"for x in y: pass\nelse: pass", false,
     "SyntaxError: `for` has no `else` here\n"
     "  Cell 1, line 2\n"
     "    else: pass\n"
     "    ^^^^\n"
     "  set a variable before the loop and look at it afterwards"},
    {"if x: pass\nelse if y: pass", false,
     "SyntaxError: `else if` is one word here\n"
     "  Cell 1, line 2\n"
     "    else if y: pass\n"
     "    ^^^^^^^\n"
     "  write `elif`"},
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
    {"007", false,
     "SyntaxError: an integer can't begin with zeros\n"
     "  Cell 1, line 1\n"
     "    007\n"
     "    ^^^\n"
     "  leave the zeros away; an octal number begins with 0o"},
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
    {"with x", false,
     "SyntaxError: there is no `with`\n"
     "  Cell 1, line 1\n"
     "    with x\n"
     "    ^^^^\n"
     "  load, open, save and export open and close their files themselves"},
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
    {"while x: pass\nelse: pass", false,
     "SyntaxError: `while` has no `else` here\n"
     "  Cell 1, line 2\n"
     "    else: pass\n"
     "    ^^^^\n"
     "  set a variable before the loop and look at it afterwards"},
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
};

static void foreign_forms_teach(void **state) {
    (void)state;
    check_bad(bad, sizeof bad / sizeof *bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(foreign_forms_teach)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
