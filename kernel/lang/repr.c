/* Text forms of values. */
#include <string.h>

#include "kernel/lang/builtin.h"
#include "kernel/lang/container.h"

#define REPR_DEPTH 100       /* deeper parts show as … */
#define REPR_BYTES (1 << 20) /* of a container: x = [x, x] sixty times is short to write and endless to show */

/* Where a repr goes: it stops adding once `room` bytes are there. */
struct writer {
    struct buf *out;
    size_t end; /* of out, in bytes */
};

static bool is_full(const struct writer *w) { return w->out->len >= w->end; }

static void repr_at(struct writer *w, struct value value, int depth);

/* --- strs --- */

static void escape(struct buf *out, uint32_t c, char quote) {
    switch (c) {
    case '\n': buf_adds(out, "\\n"); return;
    case '\r': buf_adds(out, "\\r"); return;
    case '\t': buf_adds(out, "\\t"); return;
    case '\\': buf_adds(out, "\\\\"); return;
    default: break;
    }
    if (c == (uint32_t)quote) buf_addf(out, "\\%c", quote);
    else if (c < 0x20 || (c >= 0x7F && c < 0xA1) || c == 0xAD) buf_addf(out, "\\x%02x", c);
    else buf_add_code_point(out, c);
}

static void repr_text(struct writer *w, struct slice text) {
    bool single = memchr(text.data, '\'', text.len) != NULL, twice = memchr(text.data, '"', text.len) != NULL;
    char quote = single && !twice ? '"' : '\'';
    uint32_t c;
    buf_addc(w->out, quote);
    for (size_t used; !is_full(w) && (used = utf8_decode(text, &c)) > 0; text.data += used, text.len -= used) escape(w->out, c, quote);
    buf_addc(w->out, quote);
}

/* --- containers --- */

/* "," before item i; true when the rest of n is left out. */
static bool cut(struct writer *w, size_t i, size_t n) {
    if (i) buf_adds(w->out, ", ");
    if (i < LIMIT_REPR && !is_full(w)) return false;
    buf_adds(w->out, "… ");
    buf_add_count(w->out, (int64_t)(n - i));
    buf_adds(w->out, " more");
    return true;
}

static void repr_seq(struct writer *w, struct value seq, int depth) {
    bool is_list = seq.kind == VAL_LIST;
    size_t n = seq_len(seq);
    buf_addc(w->out, is_list ? '[' : '(');
    for (size_t i = 0; i < n && !cut(w, i, n); i++) repr_at(w, seq_item(seq, i), depth + 1);
    if (!is_list && n == 1) buf_addc(w->out, ',');
    buf_addc(w->out, is_list ? ']' : ')');
}

static void repr_dict(struct writer *w, struct value dict, int depth) {
    size_t n = dict_len(dict);
    if (dict.kind == VAL_SET && n == 0) {
        buf_adds(w->out, "set()");
        return;
    }
    buf_addc(w->out, '{');
    for (size_t i = 0; i < n && !cut(w, i, n); i++) {
        repr_at(w, dict_key(dict, i), depth + 1);
        if (dict.kind == VAL_SET) continue;
        buf_adds(w->out, ": ");
        repr_at(w, dict_value(dict, i), depth + 1);
    }
    buf_addc(w->out, '}');
}

static void repr_range(struct buf *out, const struct range *range) {
    buf_addf(out, "range(%lld, %lld", (long long)range->start, (long long)range->stop);
    if (range->step != 1) buf_addf(out, ", %lld", (long long)range->step);
    buf_addc(out, ')');
}

static void repr_slice(struct writer *w, const struct value_slice *slice, int depth) {
    buf_adds(w->out, "slice(");
    repr_at(w, slice->start, depth + 1);
    buf_adds(w->out, ", ");
    repr_at(w, slice->stop, depth + 1);
    buf_adds(w->out, ", ");
    repr_at(w, slice->step, depth + 1);
    buf_addc(w->out, ')');
}

/* --- functions and objects --- */

static void repr_function(struct buf *out, const struct function *function) {
    if (function->thunk || !function->node->u.function.name) { /* a lambda shows as it was written */
        struct span span = function->node->span;
        buf_adds(out, "<");
        for (uint32_t i = span.start; i < span.end; i++) buf_addc(out, function->source->text.data[i] == '\n' ? ' ' : function->source->text.data[i]);
        buf_adds(out, ">");
        return;
    }
    buf_adds(out, "<function ");
    function_signature(function, out);
    buf_addc(out, '>');
}

static void repr_builtin(struct writer *w, const struct bound *bound, int depth) {
    size_t len = strcspn(bound->row->sigs, "(");
    if (bound->self.kind == VAL_UNSET) {
        buf_addf(w->out, "<builtin %.*s>", (int)len, bound->row->sigs);
        return;
    }
    buf_addf(w->out, "<method %.*s of ", (int)len, bound->row->sigs);
    repr_at(w, bound->self, depth + 1);
    buf_addc(w->out, '>');
}

static void repr_object(struct buf *out, const struct object *object) {
    if (object->type->repr) object->type->repr(object->data, out);
    else buf_addf(out, "<%s>", object->type->name);
}

static void repr_at(struct writer *w, struct value value, int depth) {
    if (depth > REPR_DEPTH) {
        buf_adds(w->out, "…");
        return;
    }
    switch (value.kind) {
    case VAL_UNSET:
    case VAL_NONE: buf_adds(w->out, "None"); break;
    case VAL_BOOL: buf_adds(w->out, value.u.b ? "True" : "False"); break;
    case VAL_INT: buf_addf(w->out, "%lld", (long long)value.u.i); break;
    case VAL_FLOAT: buf_add_double(w->out, value.u.f); break;
    case VAL_STR: repr_text(w, value_text(value)); break;
    case VAL_LIST:
    case VAL_TUPLE: repr_seq(w, value, depth); break;
    case VAL_DICT:
    case VAL_SET: repr_dict(w, value, depth); break;
    case VAL_RANGE: repr_range(w->out, value.u.range); break;
    case VAL_SLICE: repr_slice(w, value.u.slice, depth); break;
    case VAL_FUNCTION: repr_function(w->out, value.u.function); break;
    case VAL_BUILTIN: repr_builtin(w, value.u.bound, depth); break;
    case VAL_OBJECT: repr_object(w->out, value.u.object); break;
    }
}

void value_repr(struct value value, struct buf *out) {
    repr_at(&(struct writer){out, value.kind == VAL_STR ? SIZE_MAX : out->len + REPR_BYTES}, value, 0);
}

void value_str_form(struct value value, struct buf *out) {
    if (value.kind == VAL_STR) buf_add(out, value.u.text->data, value.u.text->len);
    else value_repr(value, out);
}

/* Cuts at a code point's start. */
static void cut_at(struct buf *out, size_t len) {
    while (len > 0 && ((unsigned char)out->data[len] & 0xC0) == 0x80) len--;
    out->len = len;
    out->data[len] = 0;
}

void value_repr_short(struct value value, size_t max_bytes, struct buf *out) {
    struct buf whole = BUF_INIT;
    repr_at(&(struct writer){&whole, max_bytes + 1}, value, 0);
    if (whole.len > max_bytes) {
        cut_at(&whole, max_bytes);
        buf_adds(&whole, "…");
        if (value.kind == VAL_STR) buf_addc(&whole, whole.data[0]);
    }
    buf_add(out, buf_text(&whole), whole.len);
    buf_release(&whole);
}

const char *article(const char *noun) {
    const bool plural = noun[0] >= 'A' && noun[0] <= 'Z' && noun[strlen(noun) - 1] == 's';
    if (plural || strcmp(noun, "None") == 0) return "";
    return strchr("aeioAEIO", noun[0]) ? "an " : "a ";
}

void value_describe(struct value value, struct buf *out) {
    bool alone =
        value.kind == VAL_NONE || value.kind == VAL_OBJECT || value.kind == VAL_FUNCTION || value.kind == VAL_BUILTIN || value.kind == VAL_RANGE;
    if (alone) {
        if (value.kind == VAL_RANGE || value.kind == VAL_BUILTIN) value_repr_short(value, 60, out);
        else if (value.kind == VAL_OBJECT) buf_addf(out, "%s%s", article(value.u.object->type->name), value.u.object->type->name);
        else buf_adds(out, value.kind == VAL_NONE ? "None" : "a function");
        return;
    }
    buf_addf(out, "%s ", value_type_name(value));
    value_repr_short(value, 60, out);
}
