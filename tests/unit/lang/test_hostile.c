/* Long and strange text costs no more than its length: each shape is lexed, parsed, judged, completed and inspected within
 * seconds where a step for every pair of characters would take many minutes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/lang/complete.h"
#include "kernel/lang/interp.h"
#include "kernel/lang/lex.h"

#define SHAPE_BYTES ((size_t)1 << 17)
#define CPU_S_MAX 6.0 /* ten times what is usual: sanitizers are slow */

struct shape {
    const char *before, *part, *after;
};

static const struct shape shapes[] = {
    {"", "(", ""},
    {"", "[", ""},
    {"", "{", ""},
    {"", "-", "1"},
    {"", "not ", "1"},
    {"", "lambda: ", "1"},
    {"", "a if b else ", "1"},
    {"", "f'{", ""},
    {"", "f\"\"\"{", ""},
    {"", "f\"{x:{", ""},
    {"", "x.", ""},
    {"", "x[", ""},
    {"", "f(", ""},
    {"", "f()", ""},
    {"", "x[0]", ""},
    {"", "1+", "1"},
    {"", "1**", "1"},
    {"", "1<", "1"},
    {"", "a,", ""},
    {"", "a=", "1"},
    {"", "a;", ""},
    {"", "a\n", ""},
    {"", "\n", ""},
    {"", "\\\n", "1"},
    {"", "\"", ""},
    {"", "\"a\" ", ""},
    {"\"\"\"", "\"", ""},
    {"", "]", ""},
    {"", "}", ""},
    {"", "#", ""},
    {"", "1_", "0"},
    {"", "9", ""},
    {"1.", "9", ""},
    {"", "\xC3\xA9", ""},
    {"", "\xFF", ""},
    {"", "?", ""},
    {"", "if x:\n", ""},
    {"", "if x: pass\n", ""},
    {"", "else:\n", ""},
    {"if 1: pass\n", "elif x: pass\n", ""},
    {"f(a=1", ", *x", ")"},
    {"f(", "a=1, ", ")"},
    {"def f(", "a, ", "): pass"},
    {"{", "a: 1, ", "}"},
    {"[", "x for x in y ", "]"},
    {"[x for x in y ", "if x ", "]"},
    {"r\"", "\\\"", ""},
    {"\"", "\\u00e9", "\""},
    {"f\"", "{x}", "\""},
    {"f\"", "{{", "\""},
    {"del ", "a, ", "a"},
    {"x = \"\"\"", "\n'", ""},
};

static struct slice made(const struct shape *shape) {
    struct buf text = BUF_INIT;
    buf_adds(&text, shape->before);
    while (text.len < SHAPE_BYTES) buf_adds(&text, shape->part);
    buf_adds(&text, shape->after);
    const size_t len = text.len;
    return (struct slice){buf_take(&text), len};
}

/* What the cell's parts do with it; at: where the cursor stands. */
static void go_through(const struct registry *registry, struct slice code, size_t at) {
    struct completions found;
    struct bundle panel = BUNDLE_INIT;
    int indent;
    assert_non_null(completeness(code, &indent));
    complete_at(registry, NULL, &(struct complete_sources){0}, code, at, &found);
    completions_release(&found);
    inspect_at(registry, NULL, code, at, 1, &panel);
    bundle_release(&panel);
}

static double cpu_s(void) { return (double)clock() / CLOCKS_PER_SEC; }

static void check_time(const char *what, double began_s) {
    const double took_s = cpu_s() - began_s;
    if (took_s > CPU_S_MAX) fail_msg("%.20s… took %.1f s", what, took_s);
}

static void every_shape_takes_linear_time(void **state) {
    (void)state;
    struct registry *registry = registry_new();
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct slice code = made(&shapes[i]);
        const double began_s = cpu_s();
        go_through(registry, code, code.len);
        check_time(shapes[i].part, began_s);
        free((char *)code.data);
    }
    registry_free(registry);
}

static struct slice joined(const char *a, size_t n_a, const char *b, const char *c, size_t n_c) {
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < n_a; i++) buf_adds(&text, a);
    buf_adds(&text, b);
    for (size_t i = 0; i < n_c; i++) buf_adds(&text, c);
    const size_t len = text.len;
    return (struct slice){buf_take(&text), len};
}

/* Where what stands far ahead is looked at again and again. */
static void what_lies_between_takes_no_time(void **state) {
    (void)state;
    struct registry *registry = registry_new();
    const struct slice codes[] = {
        joined(" ", 300000, "x = (", "]", 300000),         /* brackets that don't fit, after a long line */
        joined("[", 799, "", "\n", 3000000),               /* lines inside of deep brackets */
        joined("1, ", 100000, "f(", "1, ", 100000),        /* arguments */
        joined("f(", 1, "", "1, ", 100000),                /* positional ones … */
        joined("x = f(1)\n", 100000, "y = ", "x.a", 1000), /* cells that go on */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const double began_s = cpu_s();
        go_through(registry, codes[i], codes[i].len);
        check_time(codes[i].data, began_s);
        free((char *)codes[i].data);
    }
    registry_free(registry);
}

/* … and a thousand names behind a million of them. */
static void many_named_arguments_take_no_time(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    int indent;
    buf_adds(&text, "f(");
    for (int i = 0; i < 1000000; i++) buf_adds(&text, "1,");
    for (int i = 0; i < 1000; i++) buf_addf(&text, "a%d=1,", i);
    buf_addc(&text, ')');
    const double began_s = cpu_s();
    assert_string_equal(completeness((struct slice){text.data, text.len}, &indent), "complete");
    check_time("named arguments", began_s);
    buf_release(&text);
}

static void a_function_may_bind_many_names(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    struct registry *registry = registry_new();
    struct interp *interp = interp_new(registry);
    struct value value = UNSET;
    struct node *block = NULL;
    buf_adds(&text, "def f():\n");
    for (int i = 0; i < 100000; i++) buf_addf(&text, " a%d = a%d = %d\n", i, i / 2, i);
    buf_adds(&text, " return a99999\nf()");
    struct source *source = source_new("Cell 1", (struct slice){text.data, text.len});
    const double began_s = cpu_s();
    assert_int_equal(parse_cell(source, &block, &err), OK);
    assert_int_equal(interp_run(interp, source, block, &value, &err), OK);
    check_time("names", began_s);
    assert_int_equal(value.u.i, 99999);
    value_release(&value);
    source_unref(source);
    interp_free(interp);
    registry_free(registry);
    buf_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_takes_linear_time),
        cmocka_unit_test(what_lies_between_takes_no_time),
        cmocka_unit_test(many_named_arguments_take_no_time),
        cmocka_unit_test(a_function_may_bind_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
