/* Strs: code points outside, UTF-8 inside. */
#include <string.h>

#include "kernel/lang/container.h"
#include "runtime/base/mem.h"

bool text_is_ascii(struct slice text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80) return false;
    return true;
}

int64_t text_find(struct slice text, struct slice part, size_t from) {
    if (from > text.len) return -1;
    if (part.len == 0) return (int64_t)from;
    const char *found = memmem(text.data + from, text.len - from, part.data, part.len);
    return found ? found - text.data : -1;
}

enum status text_room(size_t len, size_t more, struct error *err) {
    if (len + more <= LIMIT_LIST) return mem_expect(more, 1, "a str", err);
    err_set(err, ERR_LIMIT, "a str of %zu million bytes is over the limit of %d million", (len + more) / 1000000, LIMIT_LIST / 1000000);
    return err_hint(err, "keep its parts in a list");
}

static struct slice code_point_at(struct slice text, int64_t i, bool ascii) {
    size_t at = ascii ? (size_t)i : utf8_offset(text, (size_t)i);
    uint32_t ignored;
    size_t len = ascii ? 1 : utf8_decode((struct slice){text.data + at, text.len - at}, &ignored);
    return (struct slice){text.data + at, len};
}

static enum status text_slice(struct slice text, int64_t n, bool ascii, struct value key, struct value *out, struct error *err) {
    int64_t start, step, count;
    TRY(slice_bounds(key, n, &start, &step, &count, err));
    if (step == 1) {
        size_t from = ascii ? (size_t)start : utf8_offset(text, (size_t)start),
               to = ascii ? (size_t)(start + count) : utf8_offset(text, (size_t)(start + count));
        return *out = count ? value_strn(text.data + from, to - from) : value_str(""), OK;
    }
    struct buf buf = BUF_INIT;
    for (int64_t i = 0; i < count; i++) {
        struct slice c = code_point_at(text, start + i * step, ascii);
        buf_add(&buf, c.data, c.len);
    }
    *out = value_str_take(&buf);
    return OK;
}

enum status text_index(struct value value, struct value key, struct value *out, struct error *err) {
    struct slice text = value_text(value);
    bool ascii = text_is_ascii(text);
    int64_t n = (int64_t)(ascii ? text.len : utf8_count(text)), i;
    if (key.kind == VAL_SLICE) return text_slice(text, n, ascii, key, out, err);
    TRY(index_position(key, n, "str", &i, err));
    struct slice c = code_point_at(text, i, ascii);
    *out = value_strn(c.data, c.len);
    return OK;
}

struct value text_repeat(struct value value, int64_t times) {
    struct slice text = value_text(value);
    struct value out = value_strn("", 0);
    size_t len = times > 0 ? text.len * (size_t)times : 0;
    if (!len) return out;
    value_release(&out);
    struct text *made = xalloc(sizeof *made + len + 1);
    made->count = 1;
    made->len = len;
    memcpy(made->data, text.data, text.len);
    for (size_t at = text.len, more; at < len; at += more) { /* what is there doubles */
        more = at < len - at ? at : len - at;
        memcpy(made->data + at, made->data, more);
    }
    return (struct value){.kind = VAL_STR, .u.text = made};
}
