/* Operators over all kinds of values, length, membership, iteration. */
#include <math.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"

/* --- what doesn't go --- */

const char *op_verb(enum op op) {
    switch (op) {
    case OP_ADD: return "add";
    case OP_SUB: return "subtract";
    case OP_MUL: return "multiply";
    case OP_DIV:
    case OP_FLOORDIV: return "divide";
    default: return NULL;
    }
}

static bool is_text_and_number(struct value a, struct value b) {
    return (a.kind == VAL_STR && value_is_number(b)) || (b.kind == VAL_STR && value_is_number(a));
}

static enum status no_operation(enum op op, struct value a, struct value b, struct error *err) {
    const char *verb = op_verb(op);
    if (verb) err_set(err, ERR_TYPE, "can't %s %s and %s", verb, value_type_name(a), value_type_name(b));
    else err_set(err, ERR_TYPE, "`%s` doesn't work on %s and %s", op_text(op), value_type_name(a), value_type_name(b));
    if (op == OP_ADD && is_text_and_number(a, b))
        return err_hint(err, "to join text write an f-string, f\"{a}{b}\", or str(x); to add numbers write int(x) or float(x)");
    if (op == OP_MOD && a.kind == VAL_STR) return err_hint(err, "write an f-string: f\"{x:.3f}\"");
    if (op == OP_ADD && a.kind == VAL_DICT) return err_hint(err, "dicts join with `|`");
    if (op == OP_ADD && a.kind == VAL_SET) return err_hint(err, "sets join with `|`");
    if (a.kind == VAL_NONE || b.kind == VAL_NONE) return err_hint(err, "one of them is None");
    if (value_is_seq(a) || value_is_seq(b))
        return err_hint(err, "for arithmetic on all items make an Array: array(x), or write a comprehension: [v + 1 for v in x]");
    return err->code;
}

static enum status too_long(int64_t n, const char *what, struct error *err) {
    struct buf count = BUF_INIT, limit = BUF_INIT;
    buf_add_count(&count, n);
    buf_add_count(&limit, LIMIT_LIST);
    err_set(err, ERR_LIMIT, "a %s of %s items is over the limit of %s", what, buf_text(&count), buf_text(&limit));
    buf_release(&count);
    buf_release(&limit);
    return err_hint(err, "Arrays and Tables hold large data");
}

/* --- sequences --- */

static enum status seq_concat(struct value a, struct value b, struct value *out, struct error *err) {
    size_t n = seq_len(a) + seq_len(b);
    if (n > LIMIT_LIST) return too_long((int64_t)n, value_type_name(a), err);
    TRY(seq_room(n, err));
    struct value joined = a.kind == VAL_LIST ? value_list(n) : value_tuple(n);
    enum status status = seq_push_all(&joined, a.u.seq->items, (int64_t)seq_len(a), 1, err);
    if (status == OK) status = seq_push_all(&joined, b.u.seq->items, (int64_t)seq_len(b), 1, err);
    if (status == OK) *out = joined;
    else value_release(&joined);
    return status;
}

static enum status repeat(struct value seq, int64_t times, struct value *out, struct error *err) {
    int64_t len = seq.kind == VAL_STR ? (int64_t)seq.u.text->len : (int64_t)seq_len(seq), n;
    if (times < 0) times = 0;
    if (__builtin_mul_overflow(len, times, &n) || n > LIMIT_LIST) return too_long(n < 0 ? INT64_MAX : n, value_type_name(seq), err);
    if (seq.kind == VAL_STR) {
        TRY(text_room(0, (size_t)n, err));
        return *out = text_repeat(seq, times), OK;
    }
    TRY(seq_room((size_t)n, err));
    struct value made = seq.kind == VAL_LIST ? value_list((size_t)n) : value_tuple((size_t)n);
    enum status status = OK;
    for (int64_t i = 0; i < n && (status = task_look((size_t)i, err)) == OK; i++) seq_push(&made, value_ref(seq_item(seq, (size_t)(i % len))));
    if (status == OK) *out = made;
    else value_release(&made);
    return status;
}

static struct value text_concat(struct value a, struct value b) {
    struct value joined = text_repeat(a, 1);
    if (a.u.text->len == 0) return value_release(&joined), value_ref(b);
    struct text *text = xrealloc(joined.u.text, sizeof *text + a.u.text->len + b.u.text->len + 1);
    memcpy(text->data + text->len, b.u.text->data, b.u.text->len + 1);
    text->len += b.u.text->len;
    return (struct value){.kind = VAL_STR, .u.text = text};
}

static bool is_repeatable(struct value value) { return value.kind == VAL_STR || value_is_seq(value); }

/* --- sets and dicts --- */

static enum status put_all(struct value *into, struct value from, struct value unless_in, struct value only_in, struct error *err) {
    for (size_t i = 0; i < dict_len(from); i++) {
        struct value key = dict_key(from, i);
        TRY(task_look(i, err));
        if (unless_in.kind == VAL_SET && dict_get(unless_in, key, NULL)) continue;
        if (only_in.kind == VAL_SET && !dict_get(only_in, key, NULL)) continue;
        TRY(into->kind == VAL_SET ? set_add(into, key, err) : dict_put(into, key, dict_value(from, i), err));
    }
    return OK;
}

static enum status join_keys(enum op op, struct value a, struct value b, struct value *into, struct error *err) {
    switch (op) {
    case OP_BITOR: TRY(put_all(into, a, UNSET, UNSET, err)); return put_all(into, b, UNSET, UNSET, err);
    case OP_BITAND: return put_all(into, a, UNSET, b, err);
    case OP_SUB: return put_all(into, a, b, UNSET, err);
    default: TRY(put_all(into, a, b, UNSET, err)); return put_all(into, b, a, UNSET, err);
    }
}

static bool is_set_op(enum op op) { return op == OP_BITOR || op == OP_BITAND || op == OP_BITXOR || op == OP_SUB; }

static enum status join_sets(enum op op, struct value a, struct value b, struct value *out, struct error *err) {
    struct value joined = a.kind == VAL_SET ? value_set() : value_dict();
    enum status status = join_keys(op, a, b, &joined, err);
    if (status == OK) *out = joined;
    else value_release(&joined);
    return status;
}

/* --- operators --- */

static enum status object_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) {
    const struct type *left = a.kind == VAL_OBJECT ? a.u.object->type : NULL, *right = b.kind == VAL_OBJECT ? b.u.object->type : NULL;
    if (left && left->binary) return left->binary(op, a, b, out, err);
    if (right && right->binary) return right->binary(op, a, b, out, err);
    return no_operation(op, a, b, err);
}

enum status value_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) {
    if (value_is_number(a) && value_is_number(b)) return number_binary(op, a, b, out, err);
    if (a.kind == VAL_OBJECT || b.kind == VAL_OBJECT) return object_binary(op, a, b, out, err);
    if (op == OP_ADD && a.kind == VAL_STR && b.kind == VAL_STR) {
        TRY(text_room(0, a.u.text->len + b.u.text->len, err));
        return *out = text_concat(a, b), OK;
    }
    if (op == OP_ADD && value_is_seq(a) && a.kind == b.kind) return seq_concat(a, b, out, err);
    if (op == OP_MUL && is_repeatable(a) && value_is_whole(b)) return repeat(a, value_whole(b), out, err);
    if (op == OP_MUL && is_repeatable(b) && value_is_whole(a)) return repeat(b, value_whole(a), out, err);
    if (a.kind == VAL_SET && b.kind == VAL_SET && is_set_op(op)) return join_sets(op, a, b, out, err);
    if (a.kind == VAL_DICT && b.kind == VAL_DICT && op == OP_BITOR) return join_sets(op, a, b, out, err);
    return no_operation(op, a, b, err);
}

enum status value_unary(enum op op, struct value a, struct value *out, struct error *err) {
    bool truth;
    if (op == OP_NOT) {
        TRY(value_truth(a, &truth, err));
        return *out = value_bool(!truth), OK;
    }
    if (value_is_number(a)) return number_unary(op, a, out, err);
    if (a.kind == VAL_OBJECT && a.u.object->type->unary) return a.u.object->type->unary(op, a.u.object->data, out, err);
    return err_set(err, ERR_TYPE, "`%s` doesn't work on %s", op_text(op), value_type_name(a));
}

/* --- x op= y --- */

static enum status extend(struct value *list, struct value other, struct error *err) {
    struct value items = UNSET;
    if (other.kind == VAL_STR) {
        err_set(err, ERR_TYPE, "can't add list and str");
        return err_hint(err, "for one more item: x += [item]; for its letters: x += list(text)");
    }
    TRY(value_to_list(other, &items, err));
    enum status status = OK;
    if (seq_len(*list) + seq_len(items) > LIMIT_LIST) status = too_long((int64_t)(seq_len(*list) + seq_len(items)), "list", err);
    else if (seq_len(*list) + seq_len(items) > list->u.seq->cap) status = seq_room(seq_len(*list) + seq_len(items), err);
    if (status == OK) {
        value_own(list);
        const size_t before = seq_len(*list);
        status = seq_push_all(list, items.u.seq->items, (int64_t)seq_len(items), 1, err);
        while (status != OK && seq_len(*list) > before) value_release(&list->u.seq->items[--list->u.seq->len]);
    }
    value_release(&items);
    return status;
}

/* Grows a str that has one holder by halves, so that a loop of += takes linear time on the allocator's growth. */
static void append_text(struct value *value, struct value other) {
    struct text *text = value->u.text;
    size_t more = other.u.text->len;
    text = xrealloc(text, sizeof *text + text->len + more + 1);
    memcpy(text->data + text->len, other.u.text->data, more + 1);
    text->len += more;
    text->hash = 0;
    value->u.text = text;
}

enum status value_augment(enum op op, struct value *value, struct value other, struct error *err) {
    struct value result;
    if (op == OP_ADD && value->kind == VAL_LIST &&
        (value_is_seq(other) || other.kind == VAL_RANGE || other.kind == VAL_STR || other.kind == VAL_SET || other.kind == VAL_DICT))
        return extend(value, other, err);
    if (op == OP_ADD && value->kind == VAL_STR && other.kind == VAL_STR && !value_is_shared(*value)) {
        TRY(text_room(value->u.text->len, other.u.text->len, err));
        return append_text(value, other), OK;
    }
    if (op == OP_BITOR && (value->kind == VAL_DICT || value->kind == VAL_SET) && value->kind == other.kind && !value_is_shared(*value))
        return put_all(value, other, UNSET, UNSET, err);
    TRY(value_binary(op, *value, other, &result, err));
    value_release(value);
    *value = result;
    return OK;
}

/* --- length and membership --- */

enum status value_len(struct value value, int64_t *out, struct error *err) {
    switch (value.kind) {
    case VAL_STR: return *out = (int64_t)utf8_count(value_text(value)), OK;
    case VAL_LIST:
    case VAL_TUPLE: return *out = (int64_t)seq_len(value), OK;
    case VAL_DICT:
    case VAL_SET: return *out = (int64_t)dict_len(value), OK;
    case VAL_RANGE: return *out = range_len(value.u.range), OK;
    case VAL_OBJECT:
        if (value.u.object->type->length) return *out = value.u.object->type->length(value.u.object->data), OK;
        break;
    default: break;
    }
    return err_set(err, ERR_TYPE, "%s%s has no length", article(value_type_name(value)), value_type_name(value));
}

static bool range_contains(const struct range *range, struct value item) {
    if (!value_is_number(item)) return false;
    double number = value_number(item);
    if (item.kind == VAL_FLOAT && (!(fabs(number) < 9e18) || number != floor(number))) return false;
    int64_t i = item.kind == VAL_FLOAT ? (int64_t)number : value_whole(item);
    bool inside = range->step > 0 ? i >= range->start && i < range->stop : i <= range->start && i > range->stop;
    if (!inside) return false;
    uint64_t away = range->step > 0 ? (uint64_t)i - (uint64_t)range->start : (uint64_t)range->start - (uint64_t)i;
    return away % (range->step > 0 ? (uint64_t)range->step : 0 - (uint64_t)range->step) == 0;
}

static enum status search(struct value over, struct value item, bool *out, struct error *err) {
    struct iter iter;
    TRY(iter_begin(over, &iter, err));
    bool found = false, done = false;
    enum status status = OK;
    while (!found && status == OK) {
        struct value one = UNSET;
        status = iter_next(&iter, &one, &done, err);
        if (status != OK || done) break;
        found = value_equal(one, item);
        value_release(&one);
    }
    iter_end(&iter);
    if (status == OK) *out = found;
    return status;
}

enum status value_contains(struct value container, struct value item, bool *out, struct error *err) {
    uint64_t ignored;
    switch (container.kind) {
    case VAL_STR:
        if (item.kind != VAL_STR) return err_set(err, ERR_TYPE, "only a str can be in a str, not %s", value_type_name(item));
        return *out = text_find(value_text(container), value_text(item), 0) >= 0, OK;
    case VAL_DICT:
    case VAL_SET:
        if (!value_hash(item, &ignored))
            return err_set(err, ERR_TYPE, "%s%s can't be in a %s", article(value_type_name(item)), value_type_name(item), value_type_name(container));
        return *out = dict_get(container, item, NULL), OK;
    case VAL_RANGE: return *out = range_contains(container.u.range, item), OK;
    case VAL_LIST:
    case VAL_TUPLE:
    case VAL_OBJECT: return search(container, item, out, err);
    default: return err_set(err, ERR_TYPE, "`in` looks into lists, tuples, strs, dicts, sets and ranges, not into %s", value_type_name(container));
    }
}

/* --- iteration --- */

enum status iter_begin(struct value over, struct iter *out, struct error *err) {
    int64_t n = 0;
    bool iterable = over.kind == VAL_STR || value_is_seq(over) || over.kind == VAL_DICT || over.kind == VAL_SET || over.kind == VAL_RANGE;
    if (over.kind == VAL_OBJECT) {
        const struct type *type = over.u.object->type;
        iterable = type->length && (type->item || type->index);
    }
    if (!iterable) {
        err_set(err, ERR_TYPE, "can't go through the items of %s%s", over.kind == VAL_NONE ? "" : "a ", value_type_name(over));
        if (over.kind == VAL_INT) err_hint(err, "write range(%lld)", (long long)over.u.i);
        return err->code;
    }
    if (over.kind == VAL_STR) n = (int64_t)over.u.text->len;
    else TRY(value_len(over, &n, err));
    *out = (struct iter){value_ref(over), 0, n};
    return OK;
}

static struct value next_letter(struct iter *iter) {
    struct slice text = value_text(iter->over);
    struct slice rest = {text.data + iter->position, text.len - (size_t)iter->position};
    uint32_t ignored;
    size_t used = utf8_decode(rest, &ignored);
    iter->position += (int64_t)used - 1;
    return value_strn(rest.data, used);
}

static enum status object_item(struct value over, int64_t i, struct value *out, struct error *err) {
    const struct type *type = over.u.object->type;
    if (type->item) return type->item(over.u.object->data, i, out, err);
    return type->index(over.u.object->data, value_int(i), out, err);
}

enum status iter_next(struct iter *iter, struct value *out, bool *out_done, struct error *err) {
    *out_done = iter->position >= iter->n;
    if (*out_done) return OK;
    int64_t i = iter->position;
    TRY(task_look((size_t)i, err));
    switch (iter->over.kind) {
    case VAL_LIST:
    case VAL_TUPLE: *out = value_ref(seq_item(iter->over, (size_t)i)); break;
    case VAL_DICT:
    case VAL_SET: *out = value_ref(dict_key(iter->over, (size_t)i)); break;
    case VAL_RANGE: *out = value_int(range_at(iter->over.u.range, i)); break;
    case VAL_STR: *out = next_letter(iter); break;
    default: TRY(object_item(iter->over, i, out, err));
    }
    iter->position++;
    return OK;
}

void iter_end(struct iter *iter) { value_release(&iter->over); }

static enum status gather(struct iter *iter, struct value *list, struct error *err) {
    for (;;) {
        struct value item = UNSET;
        bool done;
        TRY(iter_next(iter, &item, &done, err));
        if (done) return OK;
        seq_push(list, item);
    }
}

enum status value_to_list(struct value over, struct value *out, struct error *err) {
    struct iter iter;
    if (over.kind == VAL_LIST) return *out = value_ref(over), OK;
    TRY(iter_begin(over, &iter, err));
    if (iter.n > LIMIT_LIST) {
        iter_end(&iter);
        return too_long(iter.n, "list", err);
    }
    if (seq_room((size_t)iter.n, err) != OK) {
        iter_end(&iter);
        return err->code;
    }
    struct value list = value_list((size_t)iter.n);
    enum status status = gather(&iter, &list, err);
    iter_end(&iter);
    if (status == OK) *out = list;
    else value_release(&list);
    return status;
}
