/* Making, sharing and freeing values. */
#include "kernel/lang/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "kernel/lang/env.h"
#include "kernel/lang/type.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"

/* --- counts --- */

/* All heap kinds begin with their count. */
static int *value_count(struct value value) {
    switch (value.kind) {
    case VAL_STR: return &value.u.text->count;
    case VAL_LIST:
    case VAL_TUPLE: return &value.u.seq->count;
    case VAL_DICT:
    case VAL_SET: return dict_count(value.u.dict);
    case VAL_RANGE: return &value.u.range->count;
    case VAL_SLICE: return &value.u.slice->count;
    case VAL_FUNCTION: return &value.u.function->count;
    case VAL_BUILTIN: return &value.u.bound->count;
    case VAL_OBJECT: return &value.u.object->count;
    default: return NULL;
    }
}

struct value value_ref(struct value value) {
    int *count = value_count(value);
    if (count) ++*count;
    return value;
}

bool value_is_shared(struct value value) {
    int *count = value_count(value);
    return count && *count > 1;
}

static void bury(struct value value, struct graveyard *graveyard);

void graveyard_add(struct graveyard *graveyard, struct value takes) {
    int *count = value_count(takes);
    if (!count || --*count > 0) return;
    if (graveyard->depth < GRAVEYARD_DEPTH) {
        graveyard->depth++;
        bury(takes, graveyard);
        graveyard->depth--;
        return;
    }
    if (graveyard->n == graveyard->cap) {
        graveyard->cap = graveyard->cap ? graveyard->cap * 2 : 16;
        graveyard->items = xrealloc(graveyard->items, graveyard->cap * sizeof *graveyard->items);
    }
    graveyard->items[graveyard->n++] = takes;
}

static void bury_seq(struct seq *seq, struct graveyard *graveyard) {
    for (size_t i = 0; i < seq->len; i++) graveyard_add(graveyard, seq->items[i]);
    free(seq->items);
    free(seq);
}

static void bury_slice(struct value_slice *slice, struct graveyard *graveyard) {
    graveyard_add(graveyard, slice->start);
    graveyard_add(graveyard, slice->stop);
    graveyard_add(graveyard, slice->step);
    free(slice);
}

static void bury_object(struct object *object) {
    if (object->type->release) object->type->release(object->data);
    free(object);
}

static void bury(struct value value, struct graveyard *graveyard) {
    switch (value.kind) {
    case VAL_STR: free(value.u.text); break;
    case VAL_LIST:
    case VAL_TUPLE: bury_seq(value.u.seq, graveyard); break;
    case VAL_DICT:
    case VAL_SET: dict_bury(value.u.dict, graveyard); break;
    case VAL_RANGE: free(value.u.range); break;
    case VAL_SLICE: bury_slice(value.u.slice, graveyard); break;
    case VAL_FUNCTION: function_bury(value.u.function, graveyard); break;
    case VAL_BUILTIN:
        graveyard_add(graveyard, value.u.bound->self);
        free(value.u.bound);
        break;
    case VAL_OBJECT: bury_object(value.u.object); break;
    default: break;
    }
}

void graveyard_empty(struct graveyard *graveyard) {
    while (graveyard->n > 0) bury(graveyard->items[--graveyard->n], graveyard);
    free(graveyard->items);
    *graveyard = (struct graveyard){0};
}

void value_release(struct value *value) {
    int *count = value_count(*value);
    struct graveyard graveyard = {0};
    struct value dying = *value;
    *value = UNSET;
    if (!count || --*count > 0) return;
    bury(dying, &graveyard);
    graveyard_empty(&graveyard);
}

/* --- plain values --- */

struct value value_bool(bool b) {
    return (struct value){.kind = VAL_BOOL, .u.b = b};
}
struct value value_int(int64_t i) {
    return (struct value){.kind = VAL_INT, .u.i = i};
}
struct value value_float(double f) {
    return (struct value){.kind = VAL_FLOAT, .u.f = f};
}
struct value value_str(const char *text) {
    return value_strn(text, strlen(text));
}

struct value value_strn(const char *text, size_t len) {
    struct text *out = xalloc(sizeof *out + len + 1);
    out->count = 1;
    out->len = len;
    if (len) memcpy(out->data, text, len);
    return (struct value){.kind = VAL_STR, .u.text = out};
}

struct value value_str_take(struct buf *takes) {
    struct value out = value_strn(buf_text(takes), takes->len);
    buf_release(takes);
    return out;
}

struct value value_range(int64_t start, int64_t stop, int64_t step) {
    struct range *range = xnew(struct range);
    *range = (struct range){.count = 1, .start = start, .stop = stop, .step = step};
    return (struct value){.kind = VAL_RANGE, .u.range = range};
}

struct value value_slice(struct value start, struct value stop, struct value step) {
    struct value_slice *slice = xnew(struct value_slice);
    *slice = (struct value_slice){.count = 1, .start = value_ref(start), .stop = value_ref(stop), .step = value_ref(step)};
    return (struct value){.kind = VAL_SLICE, .u.slice = slice};
}

struct value value_builtin(const struct builtin_row *row, struct value self) {
    struct bound *bound = xnew(struct bound);
    *bound = (struct bound){.count = 1, .row = row, .self = value_ref(self)};
    return (struct value){.kind = VAL_BUILTIN, .u.bound = bound};
}

struct value value_function(struct function *takes) {
    return (struct value){.kind = VAL_FUNCTION, .u.function = takes};
}

struct value value_object(const struct type *type, void *data) {
    struct object *object = xnew(struct object);
    *object = (struct object){.count = 1, .type = type, .data = data};
    return (struct value){.kind = VAL_OBJECT, .u.object = object};
}

void *value_data(struct value value, const struct type *type) {
    return value.kind == VAL_OBJECT && value.u.object->type == type ? value.u.object->data : NULL;
}

/* --- what a value is --- */

const char *value_type_name(struct value value) {
    switch (value.kind) {
    case VAL_UNSET: return "nothing";
    case VAL_NONE: return "None";
    case VAL_BOOL: return "bool";
    case VAL_INT: return "int";
    case VAL_FLOAT: return "float";
    case VAL_STR: return "str";
    case VAL_LIST: return "list";
    case VAL_TUPLE: return "tuple";
    case VAL_DICT: return "dict";
    case VAL_SET: return "set";
    case VAL_RANGE: return "range";
    case VAL_SLICE: return "slice";
    case VAL_FUNCTION: return "function";
    case VAL_BUILTIN: return value.u.bound->self.kind == VAL_UNSET ? "builtin" : "method";
    case VAL_OBJECT: return value.u.object->type->name;
    }
    return "value";
}

bool value_is_number(struct value value) { return value.kind == VAL_BOOL || value.kind == VAL_INT || value.kind == VAL_FLOAT; }

double value_number(struct value value) {
    return value.kind == VAL_FLOAT ? value.u.f : value.kind == VAL_INT ? (double)value.u.i : value.kind == VAL_BOOL ? value.u.b : 0;
}

struct slice value_text(struct value value) {
    return value.kind == VAL_STR ? (struct slice){value.u.text->data, value.u.text->len} : (struct slice){"", 0};
}

bool value_is_seq(struct value value) { return value.kind == VAL_LIST || value.kind == VAL_TUPLE; }

enum status value_truth(struct value value, bool *out, struct error *err) {
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    int64_t n;
    switch (value.kind) {
    case VAL_UNSET:
    case VAL_NONE: return *out = false, OK;
    case VAL_BOOL: return *out = value.u.b, OK;
    case VAL_INT: return *out = value.u.i != 0, OK;
    case VAL_FLOAT: return *out = value.u.f != 0, OK;
    case VAL_STR: return *out = value.u.text->len > 0, OK;
    case VAL_OBJECT:
        if (type->truth) return type->truth(value.u.object->data, out, err);
        return *out = type->length ? type->length(value.u.object->data) > 0 : true, OK;
    case VAL_FUNCTION:
    case VAL_BUILTIN:
    case VAL_SLICE: return *out = true, OK;
    default: TRY(value_len(value, &n, err)); return *out = n > 0, OK;
    }
}

/* --- sole ownership --- */

static struct value seq_copy(struct value old) {
    struct value copy = old.kind == VAL_LIST ? value_list(old.u.seq->len) : value_tuple(old.u.seq->len);
    for (size_t i = 0; i < old.u.seq->len; i++) seq_push(&copy, value_ref(old.u.seq->items[i]));
    return copy;
}

void value_own(struct value *value) {
    if (!value_is_shared(*value)) return;
    struct value copy;
    if (value->kind == VAL_LIST || value->kind == VAL_TUPLE) copy = seq_copy(*value);
    else if (value->kind == VAL_DICT || value->kind == VAL_SET) copy = dict_copy(*value);
    else return;
    value_release(value);
    *value = copy;
}
