/* Going through items: len, range, sum, sorted, zip, map … */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/core.h"
#include "runtime/base/mem.h"

#define TURNS_PER_LOOK 1024

/* Items of an argument as a list. */
static enum status items_of(const struct call *call, const char *name, struct value *out, struct error *err) {
    struct error inner = ERROR_INIT;
    if (value_to_list(arg(call, name), out, &inner) == OK) return OK;
    arg_error(name, err, inner.code, "%s", inner.message);
    if (inner.hint[0]) err_hint(err, "%s", inner.hint);
    error_clear(&inner);
    return err->code;
}

static enum status run_len(const struct call *call, struct value *out, struct error *err) {
    int64_t n;
    TRY(value_len(arg(call, "x"), &n, err));
    return *out = value_int(n), OK;
}

static enum status run_range(const struct call *call, struct value *out, struct error *err) {
    if (call->overload == 0) return *out = value_range(0, arg_int(call, "stop"), 1), OK;
    int64_t step = arg_int(call, "step");
    if (step == 0) return arg_error("step", err, ERR_VALUE, "step can't be 0");
    return *out = value_range(arg_int(call, "start"), arg_int(call, "stop"), step), OK;
}

/* --- sums --- */

/* Floats are added with Neumaier's correction, as Python 3.12 does; ints exactly. */
struct adder {
    double sum, correction;
};

static void adder_add(struct adder *adder, double x) {
    double sum = adder->sum + x;
    if (fabs(adder->sum) >= fabs(x)) adder->correction += (adder->sum - sum) + x;
    else adder->correction += (x - sum) + adder->sum;
    adder->sum = sum;
}

static double adder_total(const struct adder *adder) { return isfinite(adder->correction) ? adder->sum + adder->correction : adder->sum; }

/* The sum of numbers alone; false: something else is among them, or ints overflow, or somebody interrupts. */
static bool sum_numbers(const struct task *task, struct value start, struct value items, struct value *out) {
    struct adder adder = {0};
    bool whole = start.kind != VAL_FLOAT;
    int64_t total = value_is_number(start) && whole ? (start.kind == VAL_BOOL ? start.u.b : start.u.i) : 0;
    if (!value_is_number(start)) return false;
    adder.sum = value_number(start);
    for (size_t i = 0; i < seq_len(items); i++) {
        struct value item = seq_item(items, i);
        if (!value_is_number(item) || (i % TASK_TURNS == 0 && task_cancelled(task))) return false;
        if (whole && item.kind == VAL_FLOAT) {
            whole = false;
            adder = (struct adder){.sum = (double)total};
        }
        if (!whole) adder_add(&adder, value_number(item));
        else if (__builtin_add_overflow(total, item.kind == VAL_BOOL ? item.u.b : item.u.i, &total)) return false;
    }
    *out = whole ? value_int(total) : value_float(adder_total(&adder));
    return true;
}

static enum status sum_values(struct value start, struct value items, struct value *out, struct error *err) {
    struct value total = value_ref(start);
    for (size_t i = 0; i < seq_len(items); i++) {
        if (task_look(i, err) == OK && value_augment(OP_ADD, &total, seq_item(items, i), err) == OK) continue;
        value_release(&total);
        if (err->code == ERR_TYPE && seq_item(items, i).kind == VAL_STR) err_hint(err, "to join strs: \"\".join(items)");
        return err_note(err, "at item %zu", i);
    }
    return *out = total, OK;
}

/* First and last make pairs: no list of the numbers is needed. False: not whole numbers, or over 64 bits. */
static bool sum_range(struct value start, struct value items, struct value *out) {
    if (items.kind != VAL_RANGE || start.kind == VAL_FLOAT || !value_is_number(start)) return false;
    const int64_t n = range_len(items.u.range);
    __extension__ typedef __int128 wide;
    const wide ends = n ? (wide)range_at(items.u.range, 0) + range_at(items.u.range, n - 1) : 0;
    const wide total = ends * n / 2 + (start.kind == VAL_BOOL ? start.u.b : start.u.i); /* ends or n is even */
    if (total < INT64_MIN || total > INT64_MAX) return false;
    return *out = value_int((int64_t)total), true;
}

static enum status run_sum(const struct call *call, struct value *out, struct error *err) {
    struct value items, start = arg(call, "start");
    enum status status;
    if (call_method(call, arg(call, "items"), "sum", out, &status, err)) return status;
    if (sum_range(start, arg(call, "items"), out)) return OK;
    TRY(items_of(call, "items", &items, err));
    status = sum_numbers(call->task, start, items, out) ? OK : sum_values(start, items, out, err);
    value_release(&items);
    return status;
}

static enum status mean_of(struct value items, struct value *out, struct error *err) {
    struct adder adder = {0};
    size_t n = seq_len(items);
    for (size_t i = 0; i < n; i++) {
        struct value item = seq_item(items, i);
        TRY(task_look(i, err));
        if (!value_is_number(item)) {
            arg_error("items", err, ERR_TYPE, "mean takes numbers; item %zu is %s", i, value_type_name(item));
            return item.kind == VAL_NONE ? err_hint(err, "leave them out: mean(v for v in x if v is not None)") : err->code;
        }
        adder_add(&adder, value_number(item));
    }
    if (n == 0) return arg_error("items", err, ERR_VALUE, "the mean of nothing: there are no items");
    return *out = value_float(adder_total(&adder) / (double)n), OK;
}

static enum status run_mean(const struct call *call, struct value *out, struct error *err) {
    struct value items;
    enum status status;
    if (call_method(call, arg(call, "items"), "mean", out, &status, err)) return status;
    TRY(items_of(call, "items", &items, err));
    status = mean_of(items, out, err);
    value_release(&items);
    return status;
}

/* --- keys: min, max, sorted --- */

/* key(item) of every item, or the items themselves. */
static enum status keys_of(const struct call *call, struct value items, struct value *out, struct error *err) {
    struct value key = arg(call, "key"), made;
    if (key.kind == VAL_NONE) return *out = value_ref(items), OK;
    struct value keys = value_list(seq_len(items));
    for (size_t i = 0; i < seq_len(items); i++) {
        struct value item = seq_item(items, i);
        enum status status = i % TURNS_PER_LOOK ? OK : task_check(call->task, err);
        if (status == OK) status = interp_call(call->interp, key, &item, 1, &made, err);
        if (status != OK) {
            value_release(&keys);
            return status;
        }
        seq_push(&keys, made);
    }
    return *out = keys, OK;
}

static enum status extreme(const struct call *call, struct value items, int sign, struct value *out, struct error *err) {
    struct value keys;
    size_t best = 0;
    if (seq_len(items) == 0) {
        if (arg_given(call, "default")) return *out = value_ref(arg(call, "default")), OK;
        arg_error("items", err, ERR_VALUE, "there are no items to choose from");
        return err_hint(err, "give a default: %s(x, default=0)", sign < 0 ? "min" : "max");
    }
    TRY(keys_of(call, items, &keys, err));
    enum status status = OK;
    for (size_t i = 1; status == OK && i < seq_len(keys); i++) {
        bool better = false;
        status = task_look(i, err);
        if (status == OK) status = value_compare(sign < 0 ? OP_LT : OP_GT, seq_item(keys, i), seq_item(keys, best), &better, err);
        if (better) best = i;
    }
    if (status == OK) *out = value_ref(seq_item(items, best));
    value_release(&keys);
    return status;
}

static enum status run_extreme(const struct call *call, int sign, struct value *out, struct error *err) {
    struct value given = arg(call, "items"), items;
    enum status status;
    if (seq_len(given) == 0) return err_set(err, ERR_TYPE, "%s needs items: a list, or two and more values", sign < 0 ? "min" : "max");
    if (seq_len(given) > 1) return extreme(call, given, sign, out, err);
    if (call_method(call, seq_item(given, 0), sign < 0 ? "min" : "max", out, &status, err)) return status;
    if (value_to_list(seq_item(given, 0), &items, err) != OK) return err->code;
    status = extreme(call, items, sign, out, err);
    value_release(&items);
    return status;
}

static enum status run_min(const struct call *call, struct value *out, struct error *err) { return run_extreme(call, -1, out, err); }
static enum status run_max(const struct call *call, struct value *out, struct error *err) { return run_extreme(call, 1, out, err); }

static enum status pick(struct value items, const size_t *order, size_t n, struct value *out, struct error *err) {
    struct value list = value_list(n);
    enum status status = OK;
    for (size_t i = 0; i < n && (status = task_look(i, err)) == OK; i++) seq_push(&list, value_ref(seq_item(items, order[i])));
    if (status == OK) *out = list;
    else value_release(&list);
    return status;
}

static enum status sort_items(const struct call *call, struct value items, struct value *out, struct error *err) {
    struct value keys;
    size_t n = seq_len(items), *order;
    TRY(keys_of(call, items, &keys, err));
    enum status status = mem_try_array(n + 1, "the order of the items", &order, err);
    if (status == OK) {
        status = value_sort(keys.u.seq->items, n, arg_bool(call, "reverse"), order, err);
        if (status == OK) status = seq_room(n, err);
        if (status == OK) status = pick(items, order, n, out, err);
        mem_free(order);
    }
    value_release(&keys);
    return status;
}

static enum status run_sorted(const struct call *call, struct value *out, struct error *err) {
    struct value items;
    TRY(items_of(call, "items", &items, err));
    enum status status = sort_items(call, items, out, err);
    value_release(&items);
    return status;
}

static enum status run_reversed(const struct call *call, struct value *out, struct error *err) {
    struct value items;
    TRY(items_of(call, "items", &items, err));
    enum status status = seq_room(seq_len(items), err);
    if (status == OK) {
        const size_t n = seq_len(items);
        struct value list = value_list(n);
        if (n) status = seq_push_all(&list, items.u.seq->items + n - 1, (int64_t)n, -1, err);
        if (status == OK) *out = list;
        else value_release(&list);
    }
    value_release(&items);
    return status;
}

/* --- zip and enumerate --- */

static void push_pair(struct value *list, struct value takes_a, struct value b) {
    struct value tuple = value_tuple(2);
    seq_push(&tuple, takes_a);
    seq_push(&tuple, value_ref(b));
    seq_push(list, tuple);
}

/* What a list of n tuples grows into comes in small pieces, so memory is looked at on the way. */
static enum status list_of_rows(const struct call *call, size_t n, struct value rows, void (*push)(struct value *, struct value, int64_t, size_t),
                                int64_t start, struct value *out, struct error *err) {
    TRY(seq_room(n, err));
    struct value list = value_list(n);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < n; i++) {
        if (i % TURNS_PER_LOOK == 0) status = task_check(call->task, err);
        push(&list, rows, start, i);
    }
    if (status == OK) *out = list;
    else value_release(&list);
    return status;
}

static void push_numbered(struct value *list, struct value items, int64_t start, size_t i) {
    push_pair(list, value_int(start + (int64_t)i), seq_item(items, i));
}

static enum status run_enumerate(const struct call *call, struct value *out, struct error *err) {
    struct value items;
    int64_t start = arg_int(call, "start"), last;
    TRY(items_of(call, "items", &items, err));
    if (__builtin_add_overflow(start, (int64_t)seq_len(items), &last)) {
        value_release(&items);
        return arg_error("start", err, ERR_OVERFLOW, "integer overflow: positions from %lld on are over 64 bits", (long long)start);
    }
    enum status status = list_of_rows(call, seq_len(items), items, push_numbered, start, out, err);
    value_release(&items);
    return status;
}

/* Every argument as a list, in one list. */
static enum status lists_of(struct value given, struct value *out, struct error *err) {
    struct value lists = value_list(seq_len(given)), one;
    for (size_t i = 0; i < seq_len(given); i++) {
        if (value_to_list(seq_item(given, i), &one, err) != OK) {
            value_release(&lists);
            return err->code;
        }
        seq_push(&lists, one);
    }
    return *out = lists, OK;
}

static size_t shortest(struct value lists) {
    size_t n = seq_len(lists) ? SIZE_MAX : 0;
    for (size_t i = 0; i < seq_len(lists); i++)
        if (seq_len(seq_item(lists, i)) < n) n = seq_len(seq_item(lists, i));
    return n;
}

static struct value row_of(struct value lists, size_t i) {
    struct value row = value_tuple(seq_len(lists));
    for (size_t j = 0; j < seq_len(lists); j++) seq_push(&row, value_ref(seq_item(seq_item(lists, j), i)));
    return row;
}

static void push_row(struct value *list, struct value lists, int64_t start, size_t i) {
    (void)start;
    seq_push(list, row_of(lists, i));
}

static enum status run_zip(const struct call *call, struct value *out, struct error *err) {
    struct value lists;
    TRY(lists_of(arg(call, "items"), &lists, err));
    enum status status = list_of_rows(call, shortest(lists), lists, push_row, 0, out, err);
    value_release(&lists);
    return status;
}

/* --- any, all, map, filter --- */

static enum status find_truth(const struct call *call, bool wanted, struct value *out, struct error *err) {
    struct value items;
    bool truth = !wanted;
    TRY(items_of(call, "items", &items, err));
    enum status status = OK;
    for (size_t i = 0; status == OK && truth != wanted && i < seq_len(items); i++) {
        status = task_look(i, err);
        if (status == OK) status = value_truth(seq_item(items, i), &truth, err);
    }
    value_release(&items);
    if (status == OK) *out = value_bool(truth);
    return status;
}

static enum status run_any(const struct call *call, struct value *out, struct error *err) { return find_truth(call, true, out, err); }
static enum status run_all(const struct call *call, struct value *out, struct error *err) { return find_truth(call, false, out, err); }

static enum status map_rows(const struct call *call, struct value lists, struct value *into, struct error *err) {
    size_t n = shortest(lists);
    for (size_t i = 0; i < n; i++) {
        struct value row = row_of(lists, i), made = UNSET;
        enum status status = i % TURNS_PER_LOOK ? OK : task_check(call->task, err);
        if (status == OK) status = interp_call(call->interp, arg(call, "function"), row.u.seq->items, seq_len(row), &made, err);
        value_release(&row);
        if (status != OK) return status;
        seq_push(into, made);
    }
    return OK;
}

static enum status run_map(const struct call *call, struct value *out, struct error *err) {
    struct value lists, list = value_list(0);
    if (seq_len(arg(call, "items")) == 0) {
        value_release(&list);
        return err_set(err, ERR_TYPE, "map needs items: map(function, items)");
    }
    enum status status = lists_of(arg(call, "items"), &lists, err);
    if (status == OK) {
        status = map_rows(call, lists, &list, err);
        value_release(&lists);
    }
    if (status == OK) *out = list;
    else value_release(&list);
    return status;
}

static enum status keeps(const struct call *call, struct value item, bool *out, struct error *err) {
    struct value keep = arg(call, "keep"), answer;
    if (keep.kind == VAL_NONE) return value_truth(item, out, err);
    TRY(interp_call(call->interp, keep, &item, 1, &answer, err));
    enum status status = value_truth(answer, out, err);
    value_release(&answer);
    return status;
}

enum status filter_items(const struct call *call, struct value *out, struct error *err) {
    struct value items, list = value_list(0);
    enum status status = items_of(call, "items", &items, err);
    if (status != OK) {
        value_release(&list);
        return status;
    }
    for (size_t i = 0; status == OK && i < seq_len(items); i++) {
        bool keep = false;
        if (i % TURNS_PER_LOOK == 0) status = task_check(call->task, err);
        if (status == OK) status = keeps(call, seq_item(items, i), &keep, err);
        if (keep && status == OK) seq_push(&list, value_ref(seq_item(items, i)));
    }
    value_release(&items);
    if (status == OK) *out = list;
    else value_release(&list);
    return status;
}

#define NOTES (const struct param_note[])
#define ITEMS \
    { "items", .doc = "a list, tuple, range, set, dict, str, Table or comprehension" }
#define KEY \
    { "key", .doc = "a function of one item whose result is compared instead" }

const struct builtin_row builtins_items[] = {
    {.sigs = "len(x: Any) -> int",
     .group = "Plain",
     .summary = "How many items, letters, rows or ratings there are.",
     .notes = NOTES{{"x", .doc = "a container, a str, a Table, a Dataset …"}, {0}},
     .example = "len([1, 2, 3])",
     .run = run_len},
    {.sigs = "range(stop: int) -> range\nrange(start: int, stop: int, step: int = 1) -> range",
     .group = "Plain",
     .summary = "Whole numbers from start up to, not including, stop.",
     .notes = NOTES{{"start", .doc = "the first number"},
                    {"stop", .doc = "the first that is left out"},
                    {"step", .doc = "from one to the next; may be negative"},
                    {0}},
     .example = "list(range(2, 10, 3))",
     .run = run_range},
    {.sigs = "sum(items: Any, start: Any = 0) -> Any",
     .group = "Plain",
     .summary = "The items added up.",
     .notes = NOTES{ITEMS, {"start", .doc = "what to add to"}, {0}},
     .example = "sum(n * n for n in range(5))",
     .run = run_sum},
    {.sigs = "mean(items: Any) -> float",
     .group = "Plain",
     .summary = "The arithmetic mean.",
     .notes = NOTES{ITEMS, {0}},
     .example = "mean([1, 2, 3, 4])",
     .run = run_mean,
     .other_names = "average, np.mean (NumPy)"},
    {.sigs = "min(*items: Any, key: function = None, default: Any = None) -> Any",
     .group = "Plain",
     .summary = "The smallest of the items, or of several values.",
     .notes = NOTES{{"items", .doc = "one container, or two and more values"}, KEY, {"default", .doc = "what an empty container gives"}, {0}},
     .example = "min([\"pear\", \"fig\"], key=len)",
     .run = run_min},
    {.sigs = "max(*items: Any, key: function = None, default: Any = None) -> Any",
     .group = "Plain",
     .summary = "The largest of the items, or of several values.",
     .notes = NOTES{{"items", .doc = "one container, or two and more values"}, KEY, {"default", .doc = "what an empty container gives"}, {0}},
     .example = "max(3, 1, 2)",
     .run = run_max},
    {.sigs = "sorted(items: Any, *, key: function = None, reverse: bool = False) -> list",
     .group = "Plain",
     .summary = "The items in ascending order, as a list; None last.",
     .notes = NOTES{ITEMS, KEY, {"reverse", .doc = "descending"}, {0}},
     .doc = "Equal items keep their order. NaN stands after every number.",
     .example = "sorted({\"a\": 2, \"b\": 1}.items(), key=lambda pair: pair[1])",
     .run = run_sorted,
     .other_names = "sort"},
    {.sigs = "reversed(items: Any) -> list",
     .group = "Plain",
     .summary = "The items from last to first, as a list.",
     .notes = NOTES{ITEMS, {0}},
     .example = "reversed([1, 2, 3])",
     .run = run_reversed},
    {.sigs = "zip(*items: Any) -> list",
     .group = "Plain",
     .summary = "Tuples of the first items, the second items, … up to the shortest.",
     .notes = NOTES{{"items", .doc = "several containers"}, {0}},
     .example = "dict(zip([\"a\", \"b\"], [1, 2]))",
     .run = run_zip},
    {.sigs = "enumerate(items: Any, start: int = 0) -> list",
     .group = "Plain",
     .summary = "Pairs of position and item.",
     .notes = NOTES{ITEMS, {"start", .doc = "the first position's number"}, {0}},
     .example = "[f\"{i}. {name}\" for i, name in enumerate([\"Fargo\", \"Heat\"], 1)]",
     .run = run_enumerate},
    {.sigs = "any(items: Any) -> bool",
     .group = "Plain",
     .summary = "Whether at least one item is true.",
     .notes = NOTES{ITEMS, {0}},
     .example = "any(n > 2 for n in [1, 2, 3])",
     .run = run_any},
    {.sigs = "all(items: Any) -> bool",
     .group = "Plain",
     .summary = "Whether every item is true.",
     .notes = NOTES{ITEMS, {0}},
     .example = "all(n > 0 for n in [1, 2, 3])",
     .run = run_all},
    {.sigs = "map(function: function, *items: Any) -> list",
     .group = "Plain",
     .summary = "function(item) of every item, as a list.",
     .notes = NOTES{{"function", .doc = "takes as many arguments as there are containers"}, {"items", .doc = "one container or several"}, {0}},
     .example = "map(len, [\"a\", \"bc\"])",
     .run = run_map},
    {0}};
