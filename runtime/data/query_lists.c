#include "runtime/data/query_lists.h"

#include <math.h>
#include <string.h>

#include "runtime/base/json.h"
#include "runtime/base/mem.h"

/* --- to JSON --- */

static void add_float(struct buf *out, double value) {
    if (isinf(value)) buf_adds(out, value < 0 ? "-9e999" : "9e999");
    else buf_add_json_double(out, value);
}

void list_json(const struct column *column, int64_t row, struct buf *out) {
    const int64_t start = column->u.lists.starts[row], end = column->u.lists.starts[row + 1];
    buf_clear(out);
    buf_addc(out, '[');
    for (int64_t i = start; i < end; i++) {
        if (i > start) buf_addc(out, ',');
        if (column->type == COL_STRS) buf_add_json_string(out, slice_of(column->u.lists.strs[i]));
        else if (column->type == COL_INTS) buf_addf(out, "%lld", (long long)column->u.lists.ints[i]);
        else add_float(out, column->u.lists.floats[i]);
    }
    buf_addc(out, ']');
}

/* --- and back --- */

static bool read_texts(struct slice text, struct column *into, int64_t *at) {
    struct error ignored = ERROR_INIT;
    json_t *list;
    if (json_parse(text, &list, &ignored) != OK) return false;
    bool good = json_is_array(list);
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        good = json_is_string(item);
        if (good && into) into->u.lists.strs[*at] = xstrdup(json_string_value(item));
        if (good) (*at)++;
    }
    json_decref(list);
    return good;
}

static bool take(struct slice *text, char wanted) {
    while (text->len && (*text->data == ' ' || *text->data == '\n')) text->data++, text->len--;
    if (!text->len || *text->data != wanted) return false;
    text->data++, text->len--;
    return true;
}

static struct slice take_word(struct slice *text) {
    (void)take(text, ' '); /* spaces in front */
    struct slice word = {text->data, 0};
    while (word.len < text->len && !strchr(",] \n", word.data[word.len])) word.len++;
    text->data += word.len, text->len -= word.len;
    return word;
}

static bool float_of(struct slice word, double *out) {
    if (slice_eqz(word, "null")) return *out = NAN, true;
    if (slice_eqz(word, "9e999") || slice_eqz(word, "-9e999")) return *out = word.data[0] == '-' ? -INFINITY : INFINITY, true;
    return parse_double(word, out);
}

static bool read_number(enum column_type type, struct slice word, struct column *into, int64_t at) {
    int64_t whole = 0;
    double real = 0;
    if (type == COL_INTS ? !parse_int64(word, &whole) : !float_of(word, &real)) return false;
    if (into && type == COL_INTS) into->u.lists.ints[at] = whole;
    if (into && type == COL_FLOATS) into->u.lists.floats[at] = real;
    return true;
}

static bool read_numbers(enum column_type type, struct slice text, struct column *into, int64_t *at) {
    if (!take(&text, '[')) return false;
    if (!take(&text, ']')) {
        do {
            if (!read_number(type, take_word(&text), into, *at)) return false;
            (*at)++;
        } while (take(&text, ','));
        if (!take(&text, ']')) return false;
    }
    return text.len == 0;
}

bool list_read(enum column_type type, struct slice text, struct column *into, int64_t *at) {
    return type == COL_STRS ? read_texts(text, into, at) : read_numbers(type, text, into, at);
}
