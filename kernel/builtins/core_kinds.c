/* Making one kind of plain value of another: str, int, list …; type. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/core.h"

static struct slice trim(struct slice text) {
    while (text.len && strchr(" \t\n\r\f\v", text.data[0])) text.data++, text.len--;
    while (text.len && strchr(" \t\n\r\f\v", text.data[text.len - 1])) text.len--;
    return text;
}

/* "int: '12a' is not a whole number". */
static enum status unreadable(const struct call *call, const char *what, struct error *err) {
    struct buf text = BUF_INIT;
    value_repr_short(arg(call, "x"), 60, &text);
    arg_error("x", err, ERR_VALUE, "%s is not %s", buf_text(&text), what);
    buf_release(&text);
    return err->code;
}

static enum status no_number_of(const struct call *call, const char *kind, struct error *err) {
    struct value x = arg(call, "x");
    return arg_error("x", err, ERR_TYPE, "%s takes a number or a str, got %s", kind, value_type_name(x));
}

/* --- int --- */

static int digit_of(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

static struct slice without_prefix(struct slice text, int64_t base) {
    const char *prefix = base == 16 ? "0x" : base == 2 ? "0b" : base == 8 ? "0o" : NULL;
    bool has = prefix && text.len > 2 && text.data[0] == '0' && (text.data[1] | 32) == prefix[1];
    return has ? (struct slice){text.data + 2, text.len - 2} : text;
}

static bool read_whole(struct slice text, int64_t base, int64_t *out, bool *out_overflow) {
    bool negative = text.len && text.data[0] == '-', any = false;
    if (text.len && (text.data[0] == '-' || text.data[0] == '+')) text.data++, text.len--;
    text = without_prefix(text, base);
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '_' && any && i + 1 < text.len && text.data[i - 1] != '_') continue;
        int digit = digit_of(text.data[i]);
        if (digit >= base) return false;
        any = true;
        *out_overflow |=
            __builtin_mul_overflow(number, base, &number) || __builtin_sub_overflow(number, digit, &number); /* downward: INT64_MIN fits */
    }
    if (!any) return false;
    *out_overflow |= !negative && number == INT64_MIN;
    *out = negative ? number : *out_overflow ? 0 : -number;
    return true;
}

static enum status int_of_text(const struct call *call, struct value *out, struct error *err) {
    int64_t number = 0, base = arg_int(call, "base");
    double real;
    bool overflow = false;
    struct slice text = trim(value_text(arg(call, "x")));
    if (!read_whole(text, base, &number, &overflow)) {
        unreadable(call, base == 10 ? "a whole number" : "a whole number of that base", err);
        return parse_double(text, &real) ? err_hint(err, "int(float(x)) drops what stands after the point") : err->code;
    }
    if (overflow) return unreadable(call, "within 64 bits: integer overflow", err);
    return *out = value_int(number), OK;
}

static enum status run_int(const struct call *call, struct value *out, struct error *err) {
    struct value x = arg(call, "x");
    if (x.kind == VAL_STR) return int_of_text(call, out, err);
    if (arg_given(call, "base")) return arg_error("base", err, ERR_TYPE, "base is for strs only");
    if (!value_is_number(x)) return no_number_of(call, "int", err);
    double number = value_number(x);
    if (x.kind == VAL_FLOAT && !(fabs(number) < 9223372036854775808.0))
        return arg_error("x", err, isfinite(number) ? ERR_OVERFLOW : ERR_VALUE, "%g has no whole number of 64 bits", number);
    return *out = value_int(x.kind == VAL_INT ? x.u.i : (int64_t)number), OK;
}

/* --- float, bool, str --- */

static bool special_float(struct slice text, double *out) {
    char low[16] = "";
    bool sign = text.len && (text.data[0] == '-' || text.data[0] == '+');
    struct slice rest = sign ? (struct slice){text.data + 1, text.len - 1} : text;
    if (rest.len >= sizeof low) return false;
    for (size_t i = 0; i < rest.len; i++) low[i] = (char)(rest.data[i] | 32);
    bool is_inf = strcmp(low, "inf") == 0 || strcmp(low, "infinity") == 0, is_nan = strcmp(low, "nan") == 0;
    *out = is_nan ? (double)NAN : text.data[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    return is_inf || is_nan;
}

/* Digits may be grouped by single underscores. */
static bool read_float(struct slice text, double *out) {
    struct buf plain = BUF_INIT;
    if (text.len == 0) return false;
    bool ok = true;
    for (size_t i = 0; i < text.len; i++) {
        bool between = i > 0 && i + 1 < text.len && digit_of(text.data[i - 1]) < 10 && digit_of(text.data[i + 1]) < 10;
        if (text.data[i] != '_') buf_addc(&plain, text.data[i]);
        else ok &= between;
    }
    struct slice read = {buf_text(&plain), plain.len};
    if (read.len && read.data[0] == '+') read.data++, read.len--;
    ok = ok && (special_float(text, out) || parse_double(read, out));
    buf_release(&plain);
    return ok;
}

static enum status run_float(const struct call *call, struct value *out, struct error *err) {
    struct value x = arg(call, "x");
    double number;
    if (x.kind == VAL_STR) {
        if (!read_float(trim(value_text(x)), &number)) return unreadable(call, "a number", err);
        return *out = value_float(number), OK;
    }
    if (!value_is_number(x)) return no_number_of(call, "float", err);
    return *out = value_float(value_number(x)), OK;
}

static enum status run_bool(const struct call *call, struct value *out, struct error *err) {
    bool truth;
    TRY(value_truth(arg(call, "x"), &truth, err));
    return *out = value_bool(truth), OK;
}

static enum status run_str(const struct call *call, struct value *out, struct error *err) {
    struct buf text = BUF_INIT;
    (void)err;
    value_str_form(arg(call, "x"), &text);
    *out = value_strn(buf_text(&text), text.len);
    buf_release(&text);
    return OK;
}

/* --- containers --- */

static enum status run_list(const struct call *call, struct value *out, struct error *err) { return value_to_list(arg(call, "items"), out, err); }

static enum status run_tuple(const struct call *call, struct value *out, struct error *err) {
    struct value items;
    if (arg(call, "items").kind == VAL_TUPLE) return *out = value_ref(arg(call, "items")), OK;
    TRY(value_to_list(arg(call, "items"), &items, err));
    *out = value_tuple(seq_len(items));
    for (size_t i = 0; i < seq_len(items); i++) seq_push(out, value_ref(seq_item(items, i)));
    value_release(&items);
    return OK;
}

static enum status run_set(const struct call *call, struct value *out, struct error *err) {
    struct value items, set = value_set();
    enum status status = value_to_list(arg(call, "items"), &items, err);
    if (status == OK) {
        for (size_t i = 0; status == OK && i < seq_len(items); i++) {
            status = task_look(i, err);
            if (status == OK) status = set_add(&set, seq_item(items, i), err);
        }
        value_release(&items);
    }
    if (status == OK) *out = set;
    else value_release(&set);
    return status;
}

static enum status put_pair(struct value *dict, struct value pair, size_t i, struct error *err) {
    bool is_seq = pair.kind == VAL_TUPLE || pair.kind == VAL_LIST;
    if (is_seq && seq_len(pair) == 2) return dict_put(dict, seq_item(pair, 0), seq_item(pair, 1), err);
    arg_error("items", err, ERR_TYPE, "dict takes pairs of key and value; item %zu is %s", i, value_type_name(pair));
    return err_hint(err, "for example dict(zip(keys, values)), or {k: f(k) for k in keys}");
}

static enum status put_items(struct value *dict, struct value from, struct error *err) {
    struct value items;
    if (from.kind == VAL_DICT) {
        for (size_t i = 0; i < dict_len(from); i++) {
            TRY(task_look(i, err));
            TRY(dict_put(dict, dict_key(from, i), dict_value(from, i), err));
        }
        return OK;
    }
    TRY(value_to_list(from, &items, err));
    enum status status = OK;
    for (size_t i = 0; status == OK && i < seq_len(items); i++) {
        status = task_look(i, err);
        if (status == OK) status = put_pair(dict, seq_item(items, i), i, err);
    }
    value_release(&items);
    return status;
}

static enum status run_dict(const struct call *call, struct value *out, struct error *err) {
    struct value dict = value_dict();
    enum status status = put_items(&dict, arg(call, "items"), err);
    if (status == OK) status = put_items(&dict, arg(call, "named"), err);
    if (status == OK) *out = dict;
    else value_release(&dict);
    return status;
}

/* --- type --- */

static enum status run_type(const struct call *call, struct value *out, struct error *err) {
    struct value x = arg(call, "x");
    const char *name = value_type_name(x);
    const struct builtin_info *info = x.kind == VAL_OBJECT ? NULL : registry_find(call->interp->registry, name);
    (void)err;
    *out = info ? value_builtin(info->row, UNSET) : value_str(name);
    return OK;
}

#define NOTES (const struct param_note[])
#define ITEMS \
    { "items", .doc = "anything with items" }

const struct builtin_row builtins_kinds[] = {
    {.sigs = "str(x: Any = \"\") -> str",
     .group = "Plain",
     .summary = "The value as text.",
     .notes = NOTES{{"x", .doc = "anything"}, {0}},
     .example = "str(0.5) + \" of all\"",
     .run = run_str},
    {.sigs = "int(x: Any = 0, base: int = 10) -> int",
     .group = "Plain",
     .summary = "A whole number of a number or of text; a float loses what stands after its point.",
     .notes = NOTES{{"x", .doc = "a number or a str"}, {"base", .doc = "of the digits in a str", .min = 2, .max = 36}, {0}},
     .example = "int(\"42\") + int(3.9)",
     .run = run_int},
    {.sigs = "float(x: Any = 0.0) -> float",
     .group = "Plain",
     .summary = "A floating-point number of a number or of text.",
     .notes = NOTES{{"x", .doc = "a number or a str; \"inf\" and \"nan\" too"}, {0}},
     .example = "float(\"0.5\")",
     .run = run_float},
    {.sigs = "bool(x: Any = False) -> bool",
     .group = "Plain",
     .summary = "Whether the value counts as true: not 0, not empty, not None.",
     .notes = NOTES{{"x", .doc = "anything"}, {0}},
     .example = "bool([])",
     .run = run_bool},
    {.sigs = "list(items: Any = []) -> list",
     .group = "Plain",
     .summary = "The items as a list.",
     .notes = NOTES{ITEMS, {0}},
     .example = "list(range(3))",
     .run = run_list},
    {.sigs = "tuple(items: Any = ()) -> tuple",
     .group = "Plain",
     .summary = "The items as a tuple.",
     .notes = NOTES{ITEMS, {0}},
     .example = "tuple([1, 2])",
     .run = run_tuple},
    {.sigs = "dict(items: Any = [], **named: Any) -> dict",
     .group = "Plain",
     .summary = "A dict of pairs, of another dict, of named arguments.",
     .notes = NOTES{{"items", .doc = "pairs of key and value, or a dict"}, {"named", .doc = "keys as names: dict(epochs=20)"}, {0}},
     .example = "dict([(\"a\", 1)], b=2)",
     .run = run_dict},
    {.sigs = "set(items: Any = []) -> set",
     .group = "Plain",
     .summary = "The different items as a set.",
     .notes = NOTES{ITEMS, {0}},
     .example = "set([1, 2, 2])",
     .run = run_set},
    {.sigs = "type(x: Any) -> Any",
     .group = "Plain",
     .summary = "What kind of value it is: the builtin of that name (int, list …), or the name of an object's type.",
     .notes = NOTES{{"x", .doc = "anything"}, {0}},
     .doc = "Plain values give the builtin, so type(x) == int works; objects give text: type(ratings) == \"Dataset\".",
     .example = "type(3) == int",
     .run = run_type},
    {0}};
