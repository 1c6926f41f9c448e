/* Methods of lists, tuples, dicts and sets. None changes its receiver. */
#include "kernel/lang/methods.h"

#include "kernel/lang/container.h"

const struct builtin_row *value_methods(enum value_kind kind) {
    switch (kind) {
    case VAL_STR: return methods_str;
    case VAL_LIST: return methods_list;
    case VAL_TUPLE: return methods_tuple;
    case VAL_DICT: return methods_dict;
    case VAL_SET: return methods_set;
    default: return NULL;
    }
}

/* --- lists and tuples --- */

static enum status run_index(const struct call *call, struct value *out, struct error *err) {
    struct value item = arg(call, "item");
    for (size_t i = 0; i < seq_len(call->self); i++)
        if (value_equal(seq_item(call->self, i), item)) return *out = value_int((int64_t)i), OK;
    struct buf text = BUF_INIT;
    value_repr_short(item, 60, &text);
    arg_error("item", err, ERR_VALUE, "%s is not in the %s", buf_text(&text), value_type_name(call->self));
    buf_release(&text);
    return err_hint(err, "test for it first: item in x");
}

static enum status run_count(const struct call *call, struct value *out, struct error *err) {
    int64_t n = 0;
    (void)err;
    for (size_t i = 0; i < seq_len(call->self); i++) n += value_equal(seq_item(call->self, i), arg(call, "item"));
    return *out = value_int(n), OK;
}

/* --- dicts --- */

static enum status run_keys(const struct call *call, struct value *out, struct error *err) {
    struct value list = value_list(dict_len(call->self));
    (void)err;
    for (size_t i = 0; i < dict_len(call->self); i++) seq_push(&list, value_ref(dict_key(call->self, i)));
    return *out = list, OK;
}

static enum status run_values(const struct call *call, struct value *out, struct error *err) {
    struct value list = value_list(dict_len(call->self));
    (void)err;
    for (size_t i = 0; i < dict_len(call->self); i++) seq_push(&list, value_ref(dict_value(call->self, i)));
    return *out = list, OK;
}

static enum status run_items(const struct call *call, struct value *out, struct error *err) {
    struct value list = value_list(dict_len(call->self));
    (void)err;
    for (size_t i = 0; i < dict_len(call->self); i++) {
        struct value pair = value_tuple(2);
        seq_push(&pair, value_ref(dict_key(call->self, i)));
        seq_push(&pair, value_ref(dict_value(call->self, i)));
        seq_push(&list, pair);
    }
    return *out = list, OK;
}

static enum status run_get(const struct call *call, struct value *out, struct error *err) {
    struct value found, key = arg(call, "key");
    uint64_t ignored;
    if (!value_hash(key, &ignored))
        return arg_error("key", err, ERR_TYPE, "%s%s can't be a key of a dict", article(value_type_name(key)), value_type_name(key));
    if (!dict_get(call->self, key, &found)) found = arg(call, "otherwise");
    return *out = value_ref(found), OK;
}

/* --- sets --- */

static enum status to_set(struct value over, struct value *out, struct error *err) {
    struct value items, set;
    if (over.kind == VAL_SET) return *out = value_ref(over), OK;
    TRY(value_to_list(over, &items, err));
    set = value_set();
    enum status status = OK;
    for (size_t i = 0; status == OK && i < seq_len(items); i++) status = set_add(&set, seq_item(items, i), err);
    value_release(&items);
    if (status == OK) *out = set;
    else value_release(&set);
    return status;
}

/* self op every other, from the left. */
static enum status fold(const struct call *call, enum op op, struct value *out, struct error *err) {
    struct value result = value_ref(call->self), others = arg(call, "others");
    for (size_t i = 0; i < seq_len(others); i++) {
        struct value other, next = UNSET;
        enum status status = to_set(seq_item(others, i), &other, err);
        if (status == OK) {
            status = value_binary(op, result, other, &next, err);
            value_release(&other);
        }
        value_release(&result);
        if (status != OK) return status;
        result = next;
    }
    return *out = result, OK;
}

static enum status run_union(const struct call *call, struct value *out, struct error *err) { return fold(call, OP_BITOR, out, err); }
static enum status run_intersection(const struct call *call, struct value *out, struct error *err) { return fold(call, OP_BITAND, out, err); }
static enum status run_difference(const struct call *call, struct value *out, struct error *err) { return fold(call, OP_SUB, out, err); }

static enum status run_symmetric(const struct call *call, struct value *out, struct error *err) {
    struct value other;
    TRY(to_set(arg(call, "other"), &other, err));
    enum status status = value_binary(OP_BITXOR, call->self, other, out, err);
    value_release(&other);
    return status;
}

static enum status compare(const struct call *call, enum op op, struct value *out, struct error *err) {
    struct value other;
    bool truth = false;
    TRY(to_set(arg(call, "other"), &other, err));
    enum status status = value_compare(op, call->self, other, &truth, err);
    value_release(&other);
    *out = value_bool(truth);
    return status;
}

static enum status run_issubset(const struct call *call, struct value *out, struct error *err) { return compare(call, OP_LE, out, err); }
static enum status run_issuperset(const struct call *call, struct value *out, struct error *err) { return compare(call, OP_GE, out, err); }

static enum status run_isdisjoint(const struct call *call, struct value *out, struct error *err) {
    struct value other, common;
    TRY(to_set(arg(call, "other"), &other, err));
    enum status status = value_binary(OP_BITAND, call->self, other, &common, err);
    value_release(&other);
    if (status != OK) return status;
    *out = value_bool(dict_len(common) == 0);
    value_release(&common);
    return OK;
}

/* --- rows --- */

#define NOTES (const struct param_note[])
#define ITEM                                            \
    NOTES {                                             \
        {"item", .doc = "the value to look for"}, { 0 } \
    }
#define OTHERS                                                              \
    NOTES {                                                                 \
        {"others", .doc = "sets, lists or anything else with items"}, { 0 } \
    }
#define OTHER                                                                \
    NOTES {                                                                  \
        {"other", .doc = "a set, a list or anything else with items"}, { 0 } \
    }

const struct builtin_row methods_list[] = {{.sigs = "index(item: Any) -> int",
                                            .group = "list",
                                            .summary = "Position of the first item that equals `item`; an error where there is none.",
                                            .notes = ITEM,
                                            .example = "[10, 20, 30].index(20)",
                                            .run = run_index},
                                           {.sigs = "count(item: Any) -> int",
                                            .group = "list",
                                            .summary = "How many items equal `item`.",
                                            .notes = ITEM,
                                            .example = "[1, 0, 1].count(1)",
                                            .run = run_count},
                                           {0}};

const struct builtin_row methods_tuple[] = {{.sigs = "index(item: Any) -> int",
                                             .group = "tuple",
                                             .summary = "Position of the first item that equals `item`; an error where there is none.",
                                             .notes = ITEM,
                                             .example = "(10, 20, 30).index(20)",
                                             .run = run_index},
                                            {.sigs = "count(item: Any) -> int",
                                             .group = "tuple",
                                             .summary = "How many items equal `item`.",
                                             .notes = ITEM,
                                             .example = "(1, 0, 1).count(1)",
                                             .run = run_count},
                                            {0}};

const struct builtin_row methods_dict[] = {
    {.sigs = "keys() -> list",
     .group = "dict",
     .summary = "The keys in order of insertion.",
     .example = "{\"a\": 1, \"b\": 2}.keys()",
     .run = run_keys},
    {.sigs = "values() -> list",
     .group = "dict",
     .summary = "The values in order of insertion.",
     .example = "{\"a\": 1, \"b\": 2}.values()",
     .run = run_values},
    {.sigs = "items() -> list",
     .group = "dict",
     .summary = "Pairs of key and value in order of insertion.",
     .example = "[f\"{k}={v}\" for k, v in {\"a\": 1}.items()]",
     .run = run_items},
    {.sigs = "get(key: Any, otherwise: Any = None) -> Any",
     .group = "dict",
     .summary = "The key's value, or `otherwise` where the key is not there.",
     .notes = NOTES{{"key", .doc = "the key to look for"}, {"otherwise", .doc = "what a missing key gives"}, {0}},
     .example = "{\"a\": 1}.get(\"b\", 0)",
     .run = run_get},
    {0}};

const struct builtin_row methods_set[] = {{.sigs = "union(*others: Any) -> set",
                                           .group = "set",
                                           .summary = "Items that are in any of them.",
                                           .notes = OTHERS,
                                           .example = "{1, 2}.union([2, 3])",
                                           .run = run_union},
                                          {.sigs = "intersection(*others: Any) -> set",
                                           .group = "set",
                                           .summary = "Items that are in all of them.",
                                           .notes = OTHERS,
                                           .example = "{1, 2}.intersection([2, 3])",
                                           .run = run_intersection},
                                          {.sigs = "difference(*others: Any) -> set",
                                           .group = "set",
                                           .summary = "Items of this set that are in none of the others.",
                                           .notes = OTHERS,
                                           .example = "{1, 2}.difference([2, 3])",
                                           .run = run_difference},
                                          {.sigs = "symmetric_difference(other: Any) -> set",
                                           .group = "set",
                                           .summary = "Items that are in one of the two only.",
                                           .notes = OTHER,
                                           .example = "{1, 2}.symmetric_difference([2, 3])",
                                           .run = run_symmetric},
                                          {.sigs = "issubset(other: Any) -> bool",
                                           .group = "set",
                                           .summary = "Whether every item is in `other` too.",
                                           .notes = OTHER,
                                           .example = "{1}.issubset([1, 2])",
                                           .run = run_issubset},
                                          {.sigs = "issuperset(other: Any) -> bool",
                                           .group = "set",
                                           .summary = "Whether every item of `other` is in this set.",
                                           .notes = OTHER,
                                           .example = "{1, 2}.issuperset([1])",
                                           .run = run_issuperset},
                                          {.sigs = "isdisjoint(other: Any) -> bool",
                                           .group = "set",
                                           .summary = "Whether no item is in both.",
                                           .notes = OTHER,
                                           .example = "{1, 2}.isdisjoint([3])",
                                           .run = run_isdisjoint},
                                          {0}};
