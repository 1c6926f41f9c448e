/* Records of digits, at every level of instructions that this machine has: what the C library reads in them, up to the first that isn't of digits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/str.h"
#include "runtime/data/csv_numbers.h"

typedef int64_t (*reader)(const struct csv_plan *plan, const char **at, const char *end, struct csv_fields to);

static int readers(reader *out) {
    int n = 0; /* elsewhere the other ways read everything */
#if defined(__x86_64__)
    out[n++] = csv_numbers_v2;
    if (hot_level() >= 3) out[n++] = csv_numbers_v3;
    if (hot_level() >= 4) out[n++] = csv_numbers_v4;
#else
    (void)out;
#endif
    return n;
}

static struct csv_plan plan_of(const char *separator, const char *roles) {
    struct csv_format format = {.line_end = '\n'};
    int columns[N_ROLES] = {-1, -1, -1, -1};
    snprintf(format.separator, sizeof format.separator, "%s", separator);
    for (int c = 0; roles[c]; c++) columns[strchr("uirt", roles[c]) - "uirt"] = c;
    const struct csv_plan plan = csv_plan_of(&format, (int)strlen(roles), columns);
    assert_true(plan.usable && plan.all_roles);
    return plan;
}

enum { ROWS = 3000 };

struct columns {
    int64_t users[ROWS + 1], items[ROWS + 1], times[ROWS + 1];
    float ratings[ROWS + 1];
};

static void add_digits(struct rng *rng, int n, bool as_whole, struct buf *out) {
    for (int i = 0; i < n; i++) buf_addc(out, (char)('0' + (as_whole && i == 0 && n > 1 ? 7 : (int64_t)rng_below(rng, 10))));
}

/* Up to as many digits as fit. */
static void add_field(char role, struct rng *rng, struct columns *expected, int row, struct buf *out) {
    const int n = 1 + (int)rng_below(rng, 13), n_fraction = (int)rng_below(rng, (uint64_t)(DIGITS_MAX - n) + 1);
    const size_t start = out->len;
    add_digits(rng, n, true, out);
    if (role == 'u') expected->users[row] = strtoll(buf_text(out) + start, NULL, 10);
    if (role == 'i') expected->items[row] = strtoll(buf_text(out) + start, NULL, 10);
    if (role == 't') expected->times[row] = strtoll(buf_text(out) + start, NULL, 10);
    if (role != 'u' && role != 'i' && rng_below(rng, 2)) {
        buf_addc(out, '.');
        add_digits(rng, n_fraction, false, out);
    }
    if (role == 'r') expected->ratings[row] = (float)strtod(buf_text(out) + start, NULL);
}

static void add_row(const char *separator, const char *roles, struct rng *rng, struct columns *expected, int row, struct buf *out) {
    struct buf line = BUF_INIT;
    do {
        buf_clear(&line);
        for (int c = 0; roles[c]; c++) {
            if (c > 0) buf_adds(&line, separator);
            add_field(roles[c], rng, expected, row, &line);
        }
        buf_adds(&line, rng_below(rng, 3) ? "\n" : "\r\n");
    } while (line.len > 62); /* what one look holds */
    buf_adds(out, buf_text(&line));
    buf_release(&line);
}

static void assert_same(const struct columns *got, const struct columns *expected) {
    for (int row = 0; row < ROWS; row++) {
        assert_int_equal(got->users[row], expected->users[row]);
        assert_int_equal(got->items[row], expected->items[row]);
        assert_int_equal(got->times[row], expected->times[row]);
        assert_memory_equal(&got->ratings[row], &expected->ratings[row], sizeof(float));
    }
}

/* ROWS rows are read, and what comes after them is left. */
static void check(const char *separator, const char *roles, const char *after) {
    struct columns *expected = xnew(struct columns), *got = xnew(struct columns);
    struct buf text = BUF_INIT;
    struct rng rng = rng_at(1, RNG_USER, 0);
    const struct csv_plan plan = plan_of(separator, roles);
    const struct csv_fields to = {got->users, got->items, got->times, got->ratings};
    reader all[3];
    for (int i = 0; i < NUMBERS_BEFORE; i++) buf_addc(&text, '\n');
    for (int row = 0; row < ROWS; row++) add_row(separator, roles, &rng, expected, row, &text);
    const size_t stop = text.len;
    buf_adds(&text, after);
    for (int i = 0; i < NUMBERS_BEHIND; i++) buf_addc(&text, 0);
    for (int r = readers(all) - 1; r >= 0; r--) {
        const char *at = text.data + NUMBERS_BEFORE;
        memset(got, 0, sizeof *got);
        assert_int_equal(all[r](&plan, &at, text.data + stop + strlen(after), to), ROWS);
        assert_ptr_equal(at, text.data + stop);
        assert_same(got, expected);
    }
    buf_release(&text);
    free(expected);
    free(got);
}

static void test_orders_and_separators(void **state) {
    (void)state;
    static const char *const separators[] = {",", "\t", "::", ";"}, *const roles[] = {"uirt", "iurt", "ui", "tiur", "uit", "rui"};
    for (size_t s = 0; s < 4; s++)
        for (size_t r = 0; r < 6; r++) check(separators[s], roles[r], "");
}

/* What isn't of digits, or not as a number is written, is left for others. */
static void test_stops(void **state) {
    (void)state;
    static const char *const others[] = {"a,2,3,4\n",
                                         "1,2,3\n",
                                         "1,2,3,4,5\n",
                                         "007,2,3,4\n",
                                         "1,02,3,4\n",
                                         "-1,2,3,4\n",
                                         "1,2,+3,4\n",
                                         "1, 2,3,4\n",
                                         "1,2,3.5e1,4\n",
                                         "1,2,.5,4\n",
                                         "1,,3,4\n",
                                         ",2,3,4\n",
                                         "1,2,,4\n",
                                         "1,2,3,\n",
                                         "\n",
                                         "1;2;3;4\n",
                                         "\"1\",2,3,4\n",
                                         "1,2,3,4\r",
                                         "1,2,3,4 \n",
                                         "1,2,3.4.5,6\n",
                                         "1.5,2,3,4\n",
                                         "1,2,3,4.5.6\n",
                                         "1234567890123456,2,3,4\n",
                                         "1,2,3,1234567890123456\n",
                                         "1,2,1234567890.123456,4\n",
                                         "1,2,3,4.00000000000000000000000000000000000000000000000000000000000000000000\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) check(",", "uirt", others[i]);
    check("::", "uirt", "1:2:3:4\n");
    check("::", "uirt", "1::2::3:4\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_orders_and_separators), cmocka_unit_test(test_stops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
