/* Lists, tuples, ranges and what slices pick. */
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"

static struct value seq_new(enum value_kind kind, size_t reserve) {
    struct seq *seq = xnew(struct seq);
    seq->count = 1;
    seq->cap = reserve;
    seq->items = reserve ? xnew_array(struct value, reserve) : NULL;
    return (struct value){.kind = kind, .u.seq = seq};
}

struct value value_list(size_t reserve) {
    return seq_new(VAL_LIST, reserve);
}
struct value value_tuple(size_t reserve) {
    return seq_new(VAL_TUPLE, reserve);
}

enum status seq_room(size_t n, struct error *err) { return mem_expect(n, sizeof(struct value), "a list", err); }

void seq_push(struct value *list_or_tuple, struct value item) {
    struct seq *seq = list_or_tuple->u.seq;
    if (seq->len == seq->cap) {
        seq->cap = seq->cap ? seq->cap * 2 : 4;
        seq->items = xrealloc(seq->items, seq->cap * sizeof *seq->items);
    }
    seq->items[seq->len++] = item;
}

struct value seq_item(struct value list_or_tuple, size_t i) {
    return list_or_tuple.u.seq->items[i];
}
size_t seq_len(struct value list_or_tuple) { return list_or_tuple.u.seq->len; }

int64_t range_len(const struct range *range) {
    uint64_t from = (uint64_t)range->start, to = (uint64_t)range->stop, n;
    if (range->step > 0) {
        if (range->start >= range->stop) return 0;
        n = (to - from - 1) / (uint64_t)range->step + 1;
    } else {
        if (range->start <= range->stop) return 0;
        n = (from - to - 1) / (0 - (uint64_t)range->step) + 1;
    }
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

int64_t range_at(const struct range *range, int64_t i) {
    return (int64_t)((uint64_t)range->start + (uint64_t)i * (uint64_t)range->step); /* i * step alone may not fit */
}

/* --- positions --- */

enum status index_position(struct value key, int64_t n, const char *what, int64_t *out, struct error *err) {
    if (!value_is_whole(key)) {
        struct buf got = BUF_INIT;
        value_describe(key, &got);
        err_set(err, ERR_TYPE, "%s%s is indexed by an int or a slice, got %s", article(what), what, buf_text(&got));
        buf_release(&got);
        return err->code;
    }
    int64_t i = value_whole(key);
    if (i >= -n && i < n) return *out = i < 0 ? i + n : i, OK;
    err_set(err, ERR_INDEX, "index %lld is outside %s%s of %lld %s%s", (long long)i, article(what), what, (long long)n,
            strcmp(what, "Table") == 0 ? "row" : "item", n == 1 ? "" : "s");
    if (n == 0) return err_hint(err, "it is empty");
    return err_hint(err, "positions go from 0 to %lld, or from -1 back to -%lld", (long long)n - 1, (long long)n);
}

static enum status slice_part(struct value part, int64_t otherwise, int64_t *out, struct error *err) {
    if (part.kind == VAL_NONE || part.kind == VAL_UNSET) return *out = otherwise, OK;
    if (value_is_whole(part)) return *out = value_whole(part), OK;
    return err_set(err, ERR_TYPE, "a slice is made of ints, got %s", value_type_name(part));
}

static int64_t clamp(int64_t i, int64_t n, int64_t low, int64_t high) {
    if (i < 0) i = i < -n ? low : i + n;
    return i < low ? low : i > high ? high : i;
}

enum status slice_bounds(struct value slice, int64_t n, int64_t *out_start, int64_t *out_step, int64_t *out_count, struct error *err) {
    int64_t step = 0, start = 0, stop = 0;
    TRY(slice_part(slice.u.slice->step, 1, &step, err));
    if (step == 0) return err_set(err, ERR_VALUE, "the step of a slice can't be 0");
    bool up = step > 0;
    TRY(slice_part(slice.u.slice->start, up ? 0 : INT64_MAX, &start, err));
    TRY(slice_part(slice.u.slice->stop, up ? INT64_MAX : INT64_MIN, &stop, err));
    bool to_begin = !up && stop == INT64_MIN;
    start = clamp(start, n, up ? 0 : -1, up ? n : n - 1);
    stop = to_begin ? -1 : clamp(stop, n, up ? 0 : -1, up ? n : n - 1);
    *out_start = start;
    *out_step = step;
    *out_count = range_len(&(struct range){.start = start, .stop = stop, .step = step});
    return OK;
}

enum status seq_push_all(struct value *list, const struct value *items, int64_t n, int64_t step, struct error *err) {
    for (int64_t i = 0; i < n; i++) {
        TRY(task_look((size_t)i, err));
        seq_push(list, value_ref(items[i * step]));
    }
    return OK;
}

/* --- [ ] --- */

static enum status seq_slice(struct value seq, struct value key, struct value *out, struct error *err) {
    int64_t start, step, count;
    TRY(slice_bounds(key, (int64_t)seq.u.seq->len, &start, &step, &count, err));
    struct value part = seq_new(seq.kind, (size_t)count);
    const enum status status = count ? seq_push_all(&part, seq.u.seq->items + start, count, step, err) : OK;
    if (status == OK) *out = part;
    else value_release(&part);
    return status;
}

static enum status seq_index(struct value seq, struct value key, struct value *out, struct error *err) {
    int64_t i;
    if (key.kind == VAL_SLICE) return seq_slice(seq, key, out, err);
    TRY(index_position(key, (int64_t)seq.u.seq->len, value_type_name(seq), &i, err));
    *out = value_ref(seq.u.seq->items[i]);
    return OK;
}

static enum status range_index(const struct range *range, struct value key, struct value *out, struct error *err) {
    int64_t n = range_len(range), start, step, count;
    if (key.kind != VAL_SLICE) {
        TRY(index_position(key, n, "range", &start, err));
        return *out = value_int(range_at(range, start)), OK;
    }
    TRY(slice_bounds(key, n, &start, &step, &count, err));
    int64_t by;
    if (__builtin_mul_overflow(range->step, step, &by)) {
        if (count > 1)
            return err_set(err, ERR_OVERFLOW, "integer overflow: a step of %lld * %lld doesn't fit in 64 bits", (long long)range->step,
                           (long long)step);
        by = (step > 0) == (range->step > 0) ? 1 : -1;
    }
    int64_t first = count ? range_at(range, start) : range->start;
    int64_t last = count ? range_at(&(struct range){.start = first, .step = by}, count - 1) : first;
    *out = value_range(first, count ? last + (by > 0 ? 1 : -1) : first, by);
    return OK;
}

static void sink_nearest(void *ctx, const char *name) {
    struct value *names = ctx;
    seq_push(names, value_str(name));
}

/* The nearest of the strs in `names` (a list), as a hint. */
static void suggest_str(struct error *err, struct value wrong, struct value names) {
    size_t n = seq_len(names), n_texts = 0;
    const char **texts = xnew_array(const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (seq_item(names, i).kind == VAL_STR) texts[n_texts++] = seq_item(names, i).u.text->data;
    const char *near = nearest_name(wrong.u.text->data, texts, n_texts);
    if (near) err_hint(err, "did you mean \"%s\"?", near);
    free(texts);
}

static enum status no_key(struct value dict, struct value key, struct error *err) {
    struct buf text = BUF_INIT;
    value_repr_short(key, 80, &text);
    err_set(err, ERR_KEY, "there is no key %s", buf_text(&text));
    buf_release(&text);
    if (dict_len(dict) == 0) return err_hint(err, "the dict is empty");
    struct value names = value_list(dict_len(dict));
    for (size_t i = 0; i < dict_len(dict) && i < 10000; i++) seq_push(&names, value_ref(dict_key(dict, i)));
    if (key.kind == VAL_STR) suggest_str(err, key, names);
    if (!err->hint[0]) {
        while (seq_len(names) > 12) value_release(&names.u.seq->items[--names.u.seq->len]);
        value_repr_short(names, 200, &text);
        err_hint(err, "its keys: %.*s%s; d.get(key) gives None instead", (int)text.len - 2, buf_text(&text) + 1, dict_len(dict) > 12 ? ", …" : "");
        buf_release(&text);
    }
    value_release(&names);
    return err->code;
}

static enum status dict_index(struct value dict, struct value key, struct value *out, struct error *err) {
    struct value found;
    uint64_t hash;
    if (!value_hash(key, &hash)) return err_set(err, ERR_TYPE, "%s%s can't be a key of a dict", article(value_type_name(key)), value_type_name(key));
    if (!dict_get(dict, key, &found)) return no_key(dict, key, err);
    *out = value_ref(found);
    return OK;
}

static enum status object_index(struct value value, struct value key, struct value *out, struct error *err) {
    const struct type *type = value.u.object->type;
    if (!type->index) return err_set(err, ERR_TYPE, "%s%s has no items to take with [ ]", article(type->name), type->name);
    enum status status = type->index(value.u.object->data, key, out, err);
    if (status == ERR_KEY && key.kind == VAL_STR && !err->hint[0] && type->column_names) {
        struct value names = value_list(0);
        type->column_names(value.u.object->data, sink_nearest, &names);
        suggest_str(err, key, names);
        value_release(&names);
    }
    return status;
}

enum status value_index(struct value value, struct value key, struct value *out, struct error *err) {
    switch (value.kind) {
    case VAL_LIST:
    case VAL_TUPLE: return seq_index(value, key, out, err);
    case VAL_STR: return text_index(value, key, out, err);
    case VAL_DICT: return dict_index(value, key, out, err);
    case VAL_RANGE: return range_index(value.u.range, key, out, err);
    case VAL_OBJECT: return object_index(value, key, out, err);
    default: break;
    }
    err_set(err, ERR_TYPE, "%s has no items to take with [ ]", value.kind == VAL_NONE ? "None" : value_type_name(value));
    if (value.kind == VAL_SET) err_hint(err, "a set has no order: sorted(s)[0]");
    if (value.kind == VAL_FUNCTION || value.kind == VAL_BUILTIN) err_hint(err, "call it with ( )");
    return err->code;
}
