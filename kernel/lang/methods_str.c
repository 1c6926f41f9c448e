/* Methods of strs. Positions and lengths are code points, as in Python. */
#include <string.h>

#include "kernel/lang/builtin.h"
#include "kernel/lang/container.h"
#include "kernel/lang/methods.h"
#include "runtime/base/task.h"

static struct slice receiver(const struct call *call) { return value_text(call->self); }
static struct slice text_of(const struct call *call, const char *name) { return value_text(arg(call, name)); }

/* --- letters --- */

/* Ends early, with whatever is made, once the cell is interrupted: that drops the result. */
static size_t next_letter(struct slice *text, size_t *turns, uint32_t *out) {
    const bool over = ++*turns % TASK_TURNS == 0 && task_cancelled(task_current());
    const size_t used = over ? 0 : utf8_decode(*text, out);
    text->data += used;
    text->len -= used;
    return used;
}

static struct value map_letters(struct slice text, uint32_t (*map)(uint32_t)) {
    struct buf out = BUF_INIT;
    size_t turns = 0;
    for (uint32_t c; next_letter(&text, &turns, &c) > 0;) buf_add_code_point(&out, map(c));
    return value_str_take(&out);
}

static enum status run_upper(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    return *out = map_letters(receiver(call), code_point_upper), OK;
}

static enum status run_lower(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    return *out = map_letters(receiver(call), code_point_lower), OK;
}

static enum status run_title(const struct call *call, struct value *out, struct error *err) {
    struct slice text = receiver(call);
    struct buf made = BUF_INIT;
    bool inside = false;
    size_t turns = 0;
    (void)err;
    for (uint32_t c; next_letter(&text, &turns, &c) > 0;) {
        buf_add_code_point(&made, inside ? code_point_lower(c) : code_point_upper(c));
        inside = code_point_is_letter(c);
    }
    return *out = value_str_take(&made), OK;
}

static enum status run_isdigit(const struct call *call, struct value *out, struct error *err) {
    struct slice text = receiver(call);
    (void)err;
    bool all = text.len > 0;
    for (size_t i = 0; i < text.len; i++) all &= text.data[i] >= '0' && text.data[i] <= '9';
    return *out = value_bool(all), OK;
}

/* --- strip --- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Whether the code point at the start of `one` is among chars (NULL: blanks). */
static bool strips(struct slice one, const struct slice *chars) {
    if (!chars) return is_blank(one.data[0]);
    return text_find(*chars, one, 0) >= 0;
}

static struct slice first_letter(struct slice text) {
    uint32_t ignored;
    return (struct slice){text.data, utf8_decode(text, &ignored)};
}

static struct slice last_letter(struct slice text) {
    size_t at = text.len - 1;
    while (at > 0 && ((unsigned char)text.data[at] & 0xC0) == 0x80) at--;
    return (struct slice){text.data + at, text.len - at};
}

static enum status strip(const struct call *call, bool left, bool right, struct value *out) {
    struct slice text = receiver(call), chars = text_of(call, "chars");
    const struct slice *among = arg_is_none(call, "chars") ? NULL : &chars;
    while (left && text.len && strips(first_letter(text), among)) {
        size_t used = first_letter(text).len;
        text.data += used;
        text.len -= used;
    }
    while (right && text.len && strips(last_letter(text), among)) text.len -= last_letter(text).len;
    return *out = value_strn(text.data, text.len), OK;
}

static enum status run_strip(const struct call *call, struct value *out, struct error *err) { return (void)err, strip(call, true, true, out); }
static enum status run_lstrip(const struct call *call, struct value *out, struct error *err) { return (void)err, strip(call, true, false, out); }
static enum status run_rstrip(const struct call *call, struct value *out, struct error *err) { return (void)err, strip(call, false, true, out); }

/* --- split and join --- */

static enum status push_part(struct value *list, const char *start, const char *end, struct error *err) {
    TRY(task_look(seq_len(*list), err));
    seq_push(list, value_strn(start, (size_t)(end - start)));
    return OK;
}

static enum status split_blanks(struct slice text, int64_t most, struct value *parts, struct error *err) {
    const char *at = text.data, *end = text.data + text.len;
    for (;;) {
        while (at < end && is_blank(*at)) at++;
        if (at == end) return OK;
        const char *start = at;
        bool last = most >= 0 && (int64_t)seq_len(*parts) >= most;
        if (last) {
            while (is_blank(end[-1])) end--;
            at = end;
        }
        while (at < end && !is_blank(*at)) at++;
        TRY(push_part(parts, start, at, err));
    }
}

static enum status split_at(struct slice text, struct slice by, int64_t most, struct value *parts, struct error *err) {
    size_t from = 0;
    while (most < 0 || (int64_t)seq_len(*parts) < most) {
        int64_t at = text_find(text, by, from);
        if (at < 0) break;
        TRY(push_part(parts, text.data + from, text.data + at, err));
        from = (size_t)at + by.len;
    }
    return push_part(parts, text.data + from, text.data + text.len, err);
}

static enum status hand_out(enum status status, struct value takes_parts, struct value *out) {
    if (status == OK) *out = takes_parts;
    else value_release(&takes_parts);
    return status;
}

static enum status run_split(const struct call *call, struct value *out, struct error *err) {
    struct slice by = text_of(call, "sep");
    int64_t most = arg_int(call, "maxsplit");
    struct value parts = value_list(0);
    enum status status;
    if (arg_is_none(call, "sep")) status = split_blanks(receiver(call), most, &parts, err);
    else if (by.len) status = split_at(receiver(call), by, most, &parts, err);
    else {
        arg_error("sep", err, ERR_VALUE, "sep is empty");
        status = err_hint(err, "for the letters write list(text)");
    }
    return hand_out(status, parts, out);
}

static enum status run_splitlines(const struct call *call, struct value *out, struct error *err) {
    struct slice text = receiver(call);
    struct value lines = value_list(0);
    enum status status = OK;
    for (size_t from = 0; from < text.len && status == OK;) {
        size_t to = from;
        while (to < text.len && text.data[to] != '\n' && text.data[to] != '\r') to++;
        status = push_part(&lines, text.data + from, text.data + to, err);
        from = to + 1;
        if (to + 1 < text.len && text.data[to] == '\r' && text.data[to + 1] == '\n') from++;
    }
    return hand_out(status, lines, out);
}

static enum status join_items(const struct call *call, struct value items, struct buf *out, struct error *err) {
    struct slice by = receiver(call);
    for (size_t i = 0; i < seq_len(items); i++) {
        struct value item = seq_item(items, i);
        TRY(task_look(i, err));
        if (item.kind != VAL_STR) {
            arg_error("items", err, ERR_TYPE, "join takes strs; item %zu is %s", i, value_type_name(item));
            return err_hint(err, "make strs of them: \"%.*s\".join(str(v) for v in items)", (int)(by.len > 20 ? 20 : by.len), by.data);
        }
        TRY(text_room(out->len, item.u.text->len + by.len, err));
        if (i) buf_add(out, by.data, by.len);
        buf_add(out, item.u.text->data, item.u.text->len);
    }
    return OK;
}

static enum status run_join(const struct call *call, struct value *out, struct error *err) {
    struct value items;
    struct buf text = BUF_INIT;
    TRY(value_to_list(arg(call, "items"), &items, err));
    enum status status = join_items(call, items, &text, err);
    if (status == OK) *out = value_str_take(&text);
    buf_release(&text);
    value_release(&items);
    return status;
}

/* --- search --- */

static enum status run_replace(const struct call *call, struct value *out, struct error *err) {
    struct slice text = receiver(call), old = text_of(call, "old"), new = text_of(call, "new");
    int64_t left = arg_int(call, "count");
    struct buf made = BUF_INIT;
    size_t from = 0, turns = 0;
    enum status status = OK;
    if (old.len == 0) {
        arg_error("old", err, ERR_VALUE, "old is empty");
        return err_hint(err, "say what to replace");
    }
    for (int64_t at; left != 0 && (at = text_find(text, old, from)) >= 0; left -= left > 0) {
        if ((status = task_look(turns++, err)) != OK) break;
        buf_add(&made, text.data + from, (size_t)at - from);
        buf_add(&made, new.data, new.len);
        from = (size_t)at + old.len;
    }
    if (status == OK) {
        buf_add(&made, text.data + from, text.len - from);
        *out = value_str_take(&made);
    }
    buf_release(&made);
    return status;
}

static bool begins(struct slice text, struct slice part) { return part.len <= text.len && memcmp(text.data, part.data, part.len) == 0; }
static bool ends(struct slice text, struct slice part) {
    return part.len <= text.len && memcmp(text.data + text.len - part.len, part.data, part.len) == 0;
}

static bool any_of(const struct call *call, bool (*test)(struct slice, struct slice)) {
    struct value parts = arg(call, "part");
    if (parts.kind == VAL_STR) return test(receiver(call), value_text(parts));
    for (size_t i = 0; i < seq_len(parts); i++)
        if (test(receiver(call), value_text(seq_item(parts, i)))) return true;
    return false;
}

static enum status run_startswith(const struct call *call, struct value *out, struct error *err) {
    return (void)err, *out = value_bool(any_of(call, begins)), OK;
}
static enum status run_endswith(const struct call *call, struct value *out, struct error *err) {
    return (void)err, *out = value_bool(any_of(call, ends)), OK;
}

static enum status run_find(const struct call *call, struct value *out, struct error *err) {
    struct slice text = receiver(call);
    (void)err;
    int64_t at = text_find(text, text_of(call, "part"), 0);
    return *out = value_int(at < 0 ? -1 : (int64_t)utf8_count((struct slice){text.data, (size_t)at})), OK;
}

static enum status run_count(const struct call *call, struct value *out, struct error *err) {
    struct slice text = receiver(call), part = text_of(call, "part");
    int64_t n = 0;
    (void)err;
    if (part.len == 0) return *out = value_int((int64_t)utf8_count(text) + 1), OK;
    for (int64_t at = text_find(text, part, 0); at >= 0; at = text_find(text, part, (size_t)at + part.len)) n++;
    return *out = value_int(n), OK;
}

#define NOTES (const struct param_note[])

const struct builtin_row methods_str[] = {
    {.sigs = "upper() -> str", .group = "str", .summary = "The text in capital letters.", .example = "\"Star Wars\".upper()", .run = run_upper},
    {.sigs = "lower() -> str", .group = "str", .summary = "The text in small letters.", .example = "\"Star Wars\".lower()", .run = run_lower},
    {.sigs = "title() -> str",
     .group = "str",
     .summary = "Each word with a capital first letter.",
     .example = "\"star wars\".title()",
     .run = run_title},
    {.sigs = "strip(chars: str = None) -> str",
     .group = "str",
     .summary = "The text without blanks at its ends.",
     .notes = NOTES{{"chars", .doc = "drop these letters instead of blanks"}, {0}},
     .example = "\"  Fargo \\n\".strip()",
     .run = run_strip},
    {.sigs = "lstrip(chars: str = None) -> str",
     .group = "str",
     .summary = "The text without blanks at its beginning.",
     .notes = NOTES{{"chars", .doc = "drop these letters instead of blanks"}, {0}},
     .example = "\"007\".lstrip(\"0\")",
     .run = run_lstrip},
    {.sigs = "rstrip(chars: str = None) -> str",
     .group = "str",
     .summary = "The text without blanks at its end.",
     .notes = NOTES{{"chars", .doc = "drop these letters instead of blanks"}, {0}},
     .example = "\"Fargo!!\".rstrip(\"!\")",
     .run = run_rstrip},
    {.sigs = "split(sep: str = None, maxsplit: int = -1) -> list",
     .group = "str",
     .summary = "The parts between separators, as a list.",
     .notes = NOTES{{"sep", .doc = "what stands between the parts; None: any run of blanks"},
                    {"maxsplit", .doc = "split at most so often; -1: everywhere"},
                    {0}},
     .example = "\"Action|Sci-Fi\".split(\"|\")",
     .run = run_split},
    {.sigs = "splitlines() -> list",
     .group = "str",
     .summary = "The lines, without their ends, as a list.",
     .example = "\"one\\ntwo\".splitlines()",
     .run = run_splitlines},
    {.sigs = "join(items: Any) -> str",
     .group = "str",
     .summary = "The items with this text between them.",
     .notes = NOTES{{"items", .doc = "strs: a list, tuple, set or comprehension"}, {0}},
     .example = "\", \".join([\"Action\", \"Sci-Fi\"])",
     .run = run_join},
    {.sigs = "replace(old: str, new: str, count: int = -1) -> str",
     .group = "str",
     .summary = "The text with every `old` replaced by `new`.",
     .notes = NOTES{{"old", .doc = "what to replace"},
                    {"new", .doc = "what stands there instead"},
                    {"count", .doc = "replace at most so many; -1: all"},
                    {0}},
     .example = "\"Toy Story (1995)\".replace(\" (1995)\", \"\")",
     .run = run_replace},
    {.sigs = "startswith(part: str | tuple[str]) -> bool",
     .group = "str",
     .summary = "Whether the text begins with `part`.",
     .notes = NOTES{{"part", .doc = "a str, or a tuple of them: any of these"}, {0}},
     .example = "\"Star Wars\".startswith(\"Star\")",
     .run = run_startswith},
    {.sigs = "endswith(part: str | tuple[str]) -> bool",
     .group = "str",
     .summary = "Whether the text ends with `part`.",
     .notes = NOTES{{"part", .doc = "a str, or a tuple of them: any of these"}, {0}},
     .example = "\"Fargo (1996)\".endswith(\"(1996)\")",
     .run = run_endswith},
    {.sigs = "find(part: str) -> int",
     .group = "str",
     .summary = "Position of the first `part`, -1 where there is none.",
     .notes = NOTES{{"part", .doc = "the text to look for"}, {0}},
     .example = "\"Star Wars\".find(\"W\")",
     .run = run_find},
    {.sigs = "count(part: str) -> int",
     .group = "str",
     .summary = "How often `part` occurs, without overlap.",
     .notes = NOTES{{"part", .doc = "the text to look for"}, {0}},
     .example = "\"banana\".count(\"an\")",
     .run = run_count},
    {.sigs = "isdigit() -> bool",
     .group = "str",
     .summary = "Whether the text is made of the digits 0 to 9 only.",
     .example = "\"1995\".isdigit()",
     .run = run_isdigit},
    {0}};
