/* Equality, order and hashes of values. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"

/* --- numbers: exact between int and float --- */

static int compare_int_float(int64_t i, double f) {
    if (isnan(f)) return 2;
    if (f >= 9223372036854775808.0) return -1;
    if (f < -9223372036854775808.0) return 1;
    int64_t whole = (int64_t)f;
    if (i != whole) return i < whole ? -1 : 1;
    double rest = f - (double)whole;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

int number_compare(struct value a, struct value b) {
    if (a.kind == VAL_FLOAT && b.kind == VAL_FLOAT) {
        if (isnan(a.u.f) || isnan(b.u.f)) return 2;
        return (a.u.f > b.u.f) - (a.u.f < b.u.f);
    }
    if (b.kind == VAL_FLOAT) return compare_int_float(value_whole(a), b.u.f);
    if (a.kind == VAL_FLOAT) {
        int reversed = compare_int_float(value_whole(b), a.u.f);
        return reversed == 2 ? 2 : -reversed;
    }
    int64_t x = value_whole(a), y = value_whole(b);
    return (x > y) - (x < y);
}

static int text_compare(struct slice a, struct slice b) {
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
    return order ? (order > 0) - (order < 0) : (a.len > b.len) - (a.len < b.len);
}

/* --- equality --- */

static bool equal_at(struct value a, struct value b, int depth);

static bool seq_equal(const struct seq *a, const struct seq *b, int depth) {
    if (a == b) return true;
    if (a->len != b->len) return false;
    for (size_t i = 0; i < a->len; i++)
        if (!equal_at(a->items[i], b->items[i], depth + 1)) return false;
    return true;
}

static bool dict_equal(struct value a, struct value b, int depth) {
    if (a.u.dict == b.u.dict) return true;
    if (dict_len(a) != dict_len(b)) return false;
    for (size_t i = 0; i < dict_len(a); i++) {
        struct value other = UNSET;
        if (!dict_get(b, dict_key(a, i), &other)) return false;
        if (a.kind == VAL_DICT && !equal_at(dict_value(a, i), other, depth + 1)) return false;
    }
    return true;
}

static bool range_equal(const struct range *a, const struct range *b) {
    int64_t n = range_len(a);
    return n == range_len(b) && (n == 0 || (a->start == b->start && (n == 1 || a->step == b->step)));
}

static bool object_equal(const struct object *a, const struct object *b) {
    if (a == b || a->data == b->data) return true;
    return a->type == b->type && a->type->equal && a->type->equal(a->data, b->data);
}

static bool equal_at(struct value a, struct value b, int depth) {
    if (value_is_number(a) && value_is_number(b)) return number_compare(a, b) == 0;
    if (a.kind != b.kind || depth > LIMIT_VALUE_DEPTH) return false;
    switch (a.kind) {
    case VAL_UNSET:
    case VAL_NONE: return true;
    case VAL_STR: return a.u.text == b.u.text || slice_eq(value_text(a), value_text(b));
    case VAL_LIST:
    case VAL_TUPLE: return seq_equal(a.u.seq, b.u.seq, depth);
    case VAL_DICT:
    case VAL_SET: return dict_equal(a, b, depth);
    case VAL_RANGE: return range_equal(a.u.range, b.u.range);
    case VAL_SLICE:
        return equal_at(a.u.slice->start, b.u.slice->start, depth + 1) && equal_at(a.u.slice->stop, b.u.slice->stop, depth + 1) &&
               equal_at(a.u.slice->step, b.u.slice->step, depth + 1);
    case VAL_FUNCTION: return a.u.function == b.u.function;
    case VAL_BUILTIN: return a.u.bound->row == b.u.bound->row && equal_at(a.u.bound->self, b.u.bound->self, depth + 1);
    case VAL_OBJECT: return object_equal(a.u.object, b.u.object);
    default: return false;
    }
}

bool value_equal(struct value a, struct value b) { return equal_at(a, b, 0); }

/* --- order --- */

static enum status no_order(const char *what, struct value a, struct value b, struct error *err) {
    err_set(err, ERR_TYPE, "%s can't compare %s and %s", what, value_type_name(a), value_type_name(b));
    if (a.kind == VAL_NONE || b.kind == VAL_NONE) return err_hint(err, "test for it first: `x is None`");
    if ((a.kind == VAL_STR) != (b.kind == VAL_STR) && (value_is_number(a) || value_is_number(b)))
        return err_hint(err, "make both numbers with int(x) or float(x), or both text with str(x)");
    if (what[0] == '`' && (a.kind == VAL_LIST) != (b.kind == VAL_LIST))
        return err_hint(err,
                        "a list's items are compared in a comprehension, [v > 3 for v in x], a Table's rows in t.where(lambda r: r[\"rating\"] > 3)");
    return err->code;
}

/* none_last: for sorting. *out 2: not ordered (NaN). */
static enum status order_at(const char *what, struct value a, struct value b, bool none_last, int depth, int *out, struct error *err) {
    if (value_is_number(a) && value_is_number(b)) return *out = number_compare(a, b), OK;
    if (a.kind == VAL_STR && b.kind == VAL_STR) return *out = text_compare(value_text(a), value_text(b)), OK;
    if (none_last && (a.kind == VAL_NONE || b.kind == VAL_NONE)) return *out = (a.kind == VAL_NONE) - (b.kind == VAL_NONE), OK;
    if (a.kind != b.kind || !value_is_seq(a) || depth > LIMIT_VALUE_DEPTH) return no_order(what, a, b, err);
    size_t n = seq_len(a), m = seq_len(b);
    for (size_t i = 0; i < n && i < m; i++) {
        if (equal_at(seq_item(a, i), seq_item(b, i), depth + 1)) continue;
        return order_at(what, seq_item(a, i), seq_item(b, i), none_last, depth + 1, out, err);
    }
    *out = (n > m) - (n < m);
    return OK;
}

enum status value_order(struct value a, struct value b, int *out, struct error *err) {
    TRY(order_at("sorting", a, b, true, 0, out, err));
    if (*out != 2) return OK;
    bool a_nan = a.kind == VAL_FLOAT && isnan(a.u.f), b_nan = b.kind == VAL_FLOAT && isnan(b.u.f);
    *out = a_nan - b_nan; /* NaN after every number, so that the order is total */
    return OK;
}

static bool is_subset(struct value a, struct value b) {
    for (size_t i = 0; i < dict_len(a); i++)
        if (!dict_get(b, dict_key(a, i), NULL)) return false;
    return true;
}

static bool set_compare(enum op op, struct value a, struct value b) {
    if (op == OP_GT || op == OP_GE) return set_compare(op == OP_GT ? OP_LT : OP_LE, b, a);
    return (op == OP_LE || dict_len(a) < dict_len(b)) && is_subset(a, b);
}

enum status value_compare(enum op op, struct value a, struct value b, bool *out, struct error *err) {
    int order;
    char what[8];
    if (op == OP_EQ || op == OP_NE) return *out = value_equal(a, b) == (op == OP_EQ), OK;
    if (a.kind == VAL_SET && b.kind == VAL_SET) return *out = set_compare(op, a, b), OK;
    snprintf(what, sizeof what, "`%s`", op_text(op));
    TRY(order_at(what, a, b, false, 0, &order, err));
    if (order == 2) return *out = false, OK;
    *out = op == OP_LT ? order < 0 : op == OP_LE ? order <= 0 : op == OP_GT ? order > 0 : order >= 0;
    return OK;
}

/* --- hashes --- */

static uint64_t mix(uint64_t x) {
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

static uint64_t float_hash(double f) {
    if (f >= -9223372036854775808.0 && f < 9223372036854775808.0 && f == floor(f)) return mix((uint64_t)(int64_t)f);
    uint64_t bits;
    memcpy(&bits, &f, sizeof bits);
    return mix(bits ^ 0x5bd1e995u);
}

static uint64_t text_hash(struct text *text) {
    if (!text->hash) text->hash = hash_bytes(text->data, text->len, 0) | 1;
    return text->hash;
}

static bool hash_at(struct value value, int depth, uint64_t *out) {
    uint64_t hash = 0x9E3779B97F4A7C15u, item;
    switch (value.kind) {
    case VAL_NONE: return *out = mix(0x4E6F6E65u), true;
    case VAL_BOOL:
    case VAL_INT: return *out = mix((uint64_t)value_whole(value)), true;
    case VAL_FLOAT: return *out = float_hash(value.u.f), true;
    case VAL_STR: return *out = text_hash(value.u.text), true;
    case VAL_TUPLE:
        if (depth > LIMIT_VALUE_DEPTH) return false;
        for (size_t i = 0; i < seq_len(value); i++) {
            if (!hash_at(seq_item(value, i), depth + 1, &item)) return false;
            hash = mix(hash ^ item) + i;
        }
        return *out = hash, true;
    case VAL_RANGE: return *out = mix((uint64_t)range_len(value.u.range)), true;
    case VAL_FUNCTION: return *out = mix((uint64_t)(uintptr_t)value.u.function), true;
    case VAL_BUILTIN: return *out = mix((uint64_t)(uintptr_t)value.u.bound->row), true;
    case VAL_OBJECT: /* Arrays compare elementwise, so they can't be looked up */
        if (value.u.object->type->binary) return false;
        return *out = mix((uint64_t)(uintptr_t)value.u.object->type), true;
    default: return false;
    }
}

bool value_hash(struct value value, uint64_t *out) { return hash_at(value, 0, out); }

/* --- sorting: a stable merge sort of positions --- */

struct sorting {
    const struct value *keys;
    bool descending;
    size_t *from, *to;
    size_t turns;
};

static enum status merge(struct sorting *s, size_t start, size_t middle, size_t end, struct error *err) {
    size_t left = start, right = middle;
    for (size_t i = start; i < end; i++) {
        int order = -1;
        if (left < middle && right < end) TRY(value_order(s->keys[s->from[left]], s->keys[s->from[right]], &order, err));
        bool take_left = right >= end || (left < middle && (s->descending ? order >= 0 : order <= 0));
        if (left >= middle) take_left = false;
        TRY(task_look(++s->turns, err));
        s->to[i] = take_left ? s->from[left++] : s->from[right++];
    }
    return OK;
}

static enum status sort_runs(struct sorting *s, size_t n, struct error *err) {
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t middle = start + width < n ? start + width : n, end = start + 2 * width < n ? start + 2 * width : n;
            TRY(merge(s, start, middle, end, err));
        }
        size_t *swap = s->from;
        s->from = s->to;
        s->to = swap;
    }
    return OK;
}

enum status value_sort(const struct value *keys, size_t n, bool descending, size_t *order, struct error *err) {
    size_t *spare;
    TRY(mem_try_array(n + 1, "the order of the items", &spare, err));
    struct sorting s = {keys, descending, order, spare, 0};
    for (size_t i = 0; i < n; i++) order[i] = i;
    enum status status = sort_runs(&s, n, err);
    if (status == OK && s.from != order) memcpy(order, s.from, n * sizeof *order);
    mem_free(spare);
    return status;
}
