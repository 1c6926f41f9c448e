#include "runtime/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "runtime/base/mem.h"

struct slice slice_of(const char *text) {
    return (struct slice){text, strlen(text)};
}

bool slice_eq(struct slice a, struct slice b) { return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0); }

bool slice_eqz(struct slice a, const char *text) { return slice_eq(a, slice_of(text)); }

/* --- the growing text --- */

/* And for the NUL. */
void buf_reserve(struct buf *buf, size_t more) {
    size_t want;
    if (__builtin_add_overflow(buf->len, more, &want) || want == SIZE_MAX) want = SIZE_MAX - 1; /* dies in xrealloc */
    if (want < buf->cap) return;
    size_t cap = buf->cap ? buf->cap + buf->cap / 2 : 32;
    if (cap < want + 1) cap = want + 1;
    buf->data = xrealloc(buf->data, cap);
    buf->cap = cap;
}

void buf_add(struct buf *buf, const void *data, size_t len) {
    buf_reserve(buf, len);
    if (len) memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = 0;
}

void buf_adds(struct buf *buf, const char *text) { buf_add(buf, text, strlen(text)); }

void buf_addc(struct buf *buf, char c) { buf_add(buf, &c, 1); }

void buf_addv(struct buf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    buf_reserve(buf, 0);
    int len = vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, args);
    if (len > 0 && (size_t)len >= buf->cap - buf->len) {
        buf_reserve(buf, (size_t)len);
        len = vsnprintf(buf->data + buf->len, buf->cap - buf->len, format, again);
    }
    va_end(again);
    if (len > 0) buf->len += (size_t)len;
    buf->data[buf->len] = 0;
}

void buf_addf(struct buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_addv(buf, format, args);
    va_end(args);
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
    if (buf->data) buf->data[0] = 0;
}

void buf_release(struct buf *buf) {
    free(buf->data);
    *buf = BUF_INIT;
}

char *buf_take(struct buf *buf) {
    char *text = buf->data ? buf->data : xstrdup("");
    *buf = BUF_INIT;
    return text;
}

const char *buf_text(const struct buf *buf) { return buf->data ? buf->data : ""; }

static const char *html_escape(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return NULL;
    }
}

void buf_add_html(struct buf *buf, struct slice text) {
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = html_escape(text.data[i]);
        if (!escape) continue;
        buf_add(buf, text.data + plain, i - plain);
        buf_adds(buf, escape);
        plain = i + 1;
    }
    buf_add(buf, text.len ? text.data + plain : "", text.len - plain);
}

/* --- Unicode --- */

size_t utf8_decode(struct slice text, uint32_t *out_code_point) {
    if (text.len == 0) return 0;
    unsigned char first = (unsigned char)text.data[0];
    if (first < 0x80) {
        *out_code_point = first;
        return 1;
    }
    utf8proc_int32_t code_point;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)(text.len < 4 ? text.len : 4), &code_point);
    *out_code_point = used > 0 ? (uint32_t)code_point : 0xFFFD;
    return used > 0 ? (size_t)used : 1;
}

static struct slice slice_from(struct slice text, size_t start) { return (struct slice){text.data + start, text.len - start}; }

bool utf8_valid(struct slice text) {
    for (size_t i = 0; i < text.len;) {
        if ((unsigned char)text.data[i] < 0x80) {
            i++;
            continue;
        }
        uint32_t code_point;
        size_t used = utf8_decode(slice_from(text, i), &code_point);
        if (used == 1) return false; /* a byte above 0x7F never stands alone */
        i += used;
    }
    return true;
}

size_t utf8_offset(struct slice text, size_t code_points) {
    size_t at = 0;
    for (uint32_t code_point; code_points > 0 && at < text.len; code_points--) at += utf8_decode(slice_from(text, at), &code_point);
    return at;
}

size_t utf8_count(struct slice text) {
    size_t count = 0, at = 0;
    for (uint32_t code_point; at < text.len; count++) at += utf8_decode(slice_from(text, at), &code_point);
    return count;
}

void utf8_drop_bad(char *text) {
    struct slice rest = slice_of(text);
    if (utf8_valid(rest)) return;
    uint32_t code_point;
    for (size_t used; (used = utf8_decode(rest, &code_point)) > 0; rest = slice_from(rest, used)) {
        if (used == 1 && (unsigned char)*rest.data >= 0x80) continue;
        memmove(text, rest.data, used);
        text += used;
    }
    *text = 0;
}

void buf_add_code_point(struct buf *buf, uint32_t code_point) {
    utf8proc_uint8_t bytes[4];
    bool good = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
    utf8proc_ssize_t len = utf8proc_encode_char(good ? (utf8proc_int32_t)code_point : 0xFFFD, bytes);
    buf_add(buf, bytes, (size_t)len);
}

bool code_point_is_letter(uint32_t code_point) {
    switch (utf8proc_category((utf8proc_int32_t)code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return true;
    default: return false;
    }
}

uint32_t code_point_upper(uint32_t code_point) { return (uint32_t)utf8proc_toupper((utf8proc_int32_t)code_point); }
uint32_t code_point_lower(uint32_t code_point) { return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code_point); }

bool code_point_is_mark_or_digit(uint32_t code_point) {
    switch (utf8proc_category((utf8proc_int32_t)code_point)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return false;
    }
}

int text_width(struct slice text) {
    int width = 0;
    uint32_t code_point;
    for (size_t at = 0; at < text.len;) {
        at += utf8_decode(slice_from(text, at), &code_point);
        width += utf8proc_charwidth((utf8proc_int32_t)code_point);
    }
    return width;
}

/* Bad bytes become U+FFFD. */
static void buf_add_valid(struct buf *buf, struct slice text) {
    uint32_t code_point;
    for (size_t at = 0; at < text.len;) {
        at += utf8_decode(slice_from(text, at), &code_point);
        buf_add_code_point(buf, code_point);
    }
}

char *text_fold(struct slice text) {
    struct buf valid = BUF_INIT;
    buf_add_valid(&valid, text);
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)buf_text(&valid), (utf8proc_ssize_t)valid.len, &folded,
                                        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
    if (len < 0) return buf_take(&valid); /* out of memory inside: the text as it is still compares */
    buf_release(&valid);
    return (char *)folded;
}

char *latin1_to_utf8(struct slice text) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) buf_add_code_point(&out, (unsigned char)text.data[i]);
    return buf_take(&out);
}
