/* The exact words of errors in statements: targets, blocks, headers, line ends. Long, for it is a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/lang/parse_help.h"

static const struct bad_row bad[] = {
    {"f = lambda x: return x", false,
     "SyntaxError: a lambda holds an expression, not statements\n"
     "  Cell 1, line 1\n"
     "    f = lambda x: return x\n"
     "                  ^^^^^^\n"
     "  leave `return` away: a lambda gives the value of its expression"},
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
    {"del", false,
     "SyntaxError: expected a name after `del`, got the end of the line\n"
     "  Cell 1, line 1\n"
     "    del\n"
     "       ^"},
    {"if x == 3\n    print('a')", false,
     "SyntaxError: `:` is missing at the end of the `if` line\n"
     "  Cell 1, line 1\n"
     "    if x == 3\n"
     "             ^"},
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
    {"a, b += 1", false,
     "SyntaxError: `+=` changes one name at a time\n"
     "  Cell 1, line 1\n"
     "    a, b += 1\n"
     "    ^^^^\n"
     "  write one statement for each name"},
    {"for x in y print(x)", false,
     "SyntaxError: expected `:` after the `for`, got the name `print`\n"
     "  Cell 1, line 1\n"
     "    for x in y print(x)\n"
     "               ^^^^^"},
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

static void bad_statements_teach(void **state) {
    (void)state;
    check_bad(bad, sizeof bad / sizeof *bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bad_statements_teach)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
