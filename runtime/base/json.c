#include "runtime/base/json.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/mem.h"

#define DEPTH_LIMIT 512

static void *take(size_t size_bytes) { return xrealloc(NULL, size_bytes); }

/* What was taken before may be freed after: both are the C library's. */
void json_prepare(void) { json_set_alloc_funcs(take, free); }

/* Deepest nesting of brackets outside strings; jansson's own limit is larger and it recurses. */
static bool too_deep(struct slice text) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_string) {
            if (c == '\\') i++;
            else if (c == '"') in_string = false;
            continue;
        }
        if (c == '"') in_string = true;
        else if ((c == '[' || c == '{') && ++depth > DEPTH_LIMIT) return true;
        else if (c == ']' || c == '}') depth--;
    }
    return false;
}

enum status json_parse(struct slice text, json_t **out, struct error *err) {
    if (too_deep(text)) return err_set(err, ERR_DATA, "this JSON is nested deeper than %d levels", DEPTH_LIMIT);
    json_error_t why;
    json_t *json = json_loadb(text.len ? text.data : "", text.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
    if (!json) return err_set(err, ERR_DATA, "not valid JSON: %s (line %d, column %d)", why.text, why.line, why.column);
    *out = json;
    return OK;
}

static const char *short_escape(unsigned char c) {
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\b': return "\\b";
    case '\f': return "\\f";
    default: return NULL;
    }
}

void buf_add_json_string(struct buf *buf, struct slice text) {
    buf_addc(buf, '"');
    size_t plain = 0;
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.data[i];
        uint32_t code_point = c;
        size_t used = c < 0x80 ? 1 : utf8_decode((struct slice){text.data + i, text.len - i}, &code_point);
        bool bad = c >= 0x80 && used == 1;
        if (bad || c < 0x20 || c == '"' || c == '\\') {
            buf_add(buf, text.data + plain, i - plain);
            plain = i + used;
            const char *escape = short_escape(c);
            if (bad) buf_add_code_point(buf, 0xFFFD);
            else if (escape) buf_adds(buf, escape);
            else buf_addf(buf, "\\u%04x", c);
        }
        i += used;
    }
    buf_add(buf, text.len ? text.data + plain : "", text.len - plain);
    buf_addc(buf, '"');
}

void buf_add_json_double(struct buf *buf, double value) {
    if (isfinite(value)) buf_add_double(buf, value);
    else buf_adds(buf, "null");
}

static void write_object(struct buf *buf, const json_t *json) {
    json_t *object = (json_t *)json; /* jansson iterates on a plain pointer; nothing is changed */
    buf_addc(buf, '{');
    bool first = true;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        if (!first) buf_addc(buf, ',');
        first = false;
        buf_add_json_string(buf, (struct slice){json_object_iter_key(at), json_object_iter_key_len(at)});
        buf_addc(buf, ':');
        json_write(buf, json_object_iter_value(at));
    }
    buf_addc(buf, '}');
}

static void write_array(struct buf *buf, const json_t *json) {
    buf_addc(buf, '[');
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (i) buf_addc(buf, ',');
        json_write(buf, json_array_get(json, i));
    }
    buf_addc(buf, ']');
}

void json_write(struct buf *buf, const json_t *json) {
    switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_OBJECT: write_object(buf, json); break;
    case JSON_ARRAY: write_array(buf, json); break;
    case JSON_STRING: buf_add_json_string(buf, (struct slice){json_string_value(json), json_string_length(json)}); break;
    case JSON_INTEGER: buf_addf(buf, "%" JSON_INTEGER_FORMAT, json_integer_value(json)); break;
    case JSON_REAL: buf_add_json_double(buf, json_real_value(json)); break;
    case JSON_TRUE: buf_adds(buf, "true"); break;
    case JSON_FALSE: buf_adds(buf, "false"); break;
    case JSON_NULL: buf_adds(buf, "null"); break;
    }
}

const char *json_text(const json_t *object, const char *key, const char *otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

bool json_flag(const json_t *object, const char *key, bool otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

int64_t json_int(const json_t *object, const char *key, int64_t otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}
