#include "kernel/history.h"

#include <limits.h>

#include "runtime/base/map.h"
#include "runtime/base/monitor.h"
#include "runtime/base/vec.h"

#define SESSION_NOW 1 /* number of this session; earlier ones are not kept */

struct entry {
    int64_t line;
    struct buf input, output;
    bool has_output;
};

struct history {
    struct monitor *monitor;
    VEC(struct entry) entries;
};

struct history *history_new(void) {
    struct history *history = xnew(struct history);
    history->monitor = monitor_new();
    return history;
}

void history_free(struct history *history) {
    if (!history) return;
    for (size_t i = 0; i < history->entries.len; i++) {
        buf_release(&history->entries.data[i].input);
        buf_release(&history->entries.data[i].output);
    }
    vec_release(&history->entries);
    monitor_free(history->monitor);
    free(history);
}

void history_add(struct history *history, int64_t line, struct slice input, const struct slice *output) {
    struct entry entry = {.line = line, .has_output = output != NULL};
    buf_add(&entry.input, input.data, input.len);
    if (output) buf_add(&entry.output, output->data, output->len);
    monitor_lock(history->monitor);
    vec_push(&history->entries, entry);
    monitor_unlock(history->monitor);
}

/* First character of text, and *text without it. 0 at the end. */
static uint32_t take_char(struct slice *text) {
    uint32_t code_point = 0;
    size_t used = utf8_decode(*text, &code_point);
    text->data += used;
    text->len -= used;
    return used ? code_point : 0;
}

bool glob_match(struct slice pattern, struct slice text) {
    struct slice star = {0}, retry = {0};
    while (text.len) {
        struct slice pattern_rest = pattern, text_rest = text;
        uint32_t want = take_char(&pattern_rest), have = take_char(&text_rest);
        if (want == '*') {
            star = pattern = pattern_rest;
            retry = text;
        } else if (pattern.len && (want == '?' || want == have)) {
            pattern = pattern_rest;
            text = text_rest;
        } else if (star.data) {
            take_char(&retry);
            pattern = star;
            text = retry;
        } else return false;
    }
    while (pattern.len && *pattern.data == '*') take_char(&pattern);
    return pattern.len == 0;
}

typedef VEC(size_t) picks;

static struct slice input_of(const struct history *history, size_t i) {
    const struct buf *input = &history->entries.data[i].input;
    return (struct slice){buf_text(input), input->len};
}

static void pick_all(const struct history *history, picks *out) {
    for (size_t i = 0; i < history->entries.len; i++) vec_push(out, i);
}

static void pick_range(const struct history *history, const json_t *query, picks *out) {
    int64_t session = json_int(query, "session", 0), start = json_int(query, "start", 1), stop = json_int(query, "stop", INT64_MAX);
    if (session != 0 && session != SESSION_NOW) return;
    for (size_t i = 0; i < history->entries.len; i++)
        if (history->entries.data[i].line >= start && history->entries.data[i].line < stop) vec_push(out, i);
}

/* Keeps the last pick of each input, in order. */
static void keep_unique(const struct history *history, picks *picked) {
    struct str_map *last = str_map_new();
    size_t kept = 0;
    int64_t position;
    for (size_t i = 0; i < picked->len; i++) str_map_put(last, input_of(history, picked->data[i]), (int64_t)i, true);
    for (size_t i = 0; i < picked->len; i++)
        if (str_map_get(last, input_of(history, picked->data[i]), &position) && position == (int64_t)i) picked->data[kept++] = picked->data[i];
    picked->len = kept;
    str_map_free(last);
}

static void pick_search(const struct history *history, const json_t *query, picks *out) {
    struct slice pattern = slice_of(json_text(query, "pattern", "*"));
    for (size_t i = 0; i < history->entries.len; i++)
        if (glob_match(pattern, input_of(history, i))) vec_push(out, i);
    if (json_flag(query, "unique", false)) keep_unique(history, out);
}

static void add_entry(const struct entry *entry, bool with_output, struct buf *out) {
    buf_addf(out, "[%d,%lld,%s", SESSION_NOW, (long long)entry->line, with_output ? "[" : "");
    buf_add_json_string(out, (struct slice){buf_text(&entry->input), entry->input.len});
    if (with_output && entry->has_output) {
        buf_addc(out, ',');
        buf_add_json_string(out, (struct slice){buf_text(&entry->output), entry->output.len});
    } else if (with_output) buf_adds(out, ",null");
    buf_adds(out, with_output ? "]]" : "]");
}

static void add_last(const struct history *history, const picks *picked, size_t n, bool with_output, struct buf *out) {
    size_t first = picked->len > n ? picked->len - n : 0;
    buf_addc(out, '[');
    for (size_t i = first; i < picked->len; i++) {
        if (i > first) buf_addc(out, ',');
        add_entry(&history->entries.data[picked->data[i]], with_output, out);
    }
    buf_addc(out, ']');
}

enum status history_query(struct history *history, const json_t *query, struct buf *out, struct error *err) {
    struct slice way = slice_of(json_text(query, "hist_access_type", "tail"));
    bool tail = slice_eqz(way, "tail"), range = slice_eqz(way, "range"), search = slice_eqz(way, "search");
    if (!tail && !range && !search)
        return err_set(err, ERR_PROTOCOL, "hist_access_type \"%s\": only \"tail\", \"range\" and \"search\" are known", way.data);
    int64_t n = range ? INT64_MAX : json_int(query, "n", tail ? 10 : INT64_MAX);
    picks picked = {0};
    monitor_lock(history->monitor);
    if (tail) pick_all(history, &picked);
    if (range) pick_range(history, query, &picked);
    if (search) pick_search(history, query, &picked);
    add_last(history, &picked, n < 0 ? 0 : (size_t)n, json_flag(query, "output", false), out);
    monitor_unlock(history->monitor);
    vec_release(&picked);
    return OK;
}
