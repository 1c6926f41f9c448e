/* The exact words of errors in expressions: brackets, calls, operators, numbers, strings. Long, for it is a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/lang/parse_help.h"

static const struct bad_row bad[] = {
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
    {"0x", false,
     "SyntaxError: digits are missing after `0x`\n"
     "  Cell 1, line 1\n"
     "    0x\n"
     "    ^^"},
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
    {"ratings = load('ml-100k)", false,
     "SyntaxError: this string is never closed: `'` is missing\n"
     "  Cell 1, line 1\n"
     "    ratings = load('ml-100k)\n"
     "                   ^^^^^^^^^\n"
     "  a text of several lines stands between \"\"\" and \"\"\""},
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
    {"f(x for x in y, z for z in w)", false,
     "SyntaxError: a generator beside other arguments stands in brackets of its own\n"
     "  Cell 1, line 1\n"
     "    f(x for x in y, z for z in w)\n"
     "      ^^^^^^^^^^^^\n"
     "  write f((x for x in xs), …)"},
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
    {"x = [1, 2)", false,
     "SyntaxError: `)` doesn't close the `[` of line 1, column 5: expected `]`\n"
     "  Cell 1, line 1\n"
     "    x = [1, 2)\n"
     "             ^"},
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
};

static void bad_expressions_teach(void **state) {
    (void)state;
    check_bad(bad, sizeof bad / sizeof *bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bad_expressions_teach)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
