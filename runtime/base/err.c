#include "runtime/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/least.h"
#include "runtime/base/str.h"

/* Appends the formatted text to what stands in text; too long ends in "…". Formats cut what they quote (%.60s), perhaps within a
 * character. */
static void append_v(char *text, size_t size, const char *format, va_list args) {
    static const char more[] = "…";
    size_t used = strlen(text);
    int len = vsnprintf(text + used, size - used, format, args);
    if (len < 0) {
        text[used] = 0;
        return;
    }
    if ((size_t)len >= size - used) text[size - sizeof more] = 0;
    utf8_drop_bad(text);
    if ((size_t)len >= size - used) memcpy(text + strlen(text), more, sizeof more);
}

enum status err_setv(struct error *err, enum status code, const char *format, va_list args) {
    if (!err || err->code != OK) return err ? err->code : code;
    err_reset(err);
    err->code = code;
    append_v(err->message, sizeof err->message, format, args);
    return code;
}

enum status err_set(struct error *err, enum status code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    enum status set = err_setv(err, code, format, args);
    va_end(args);
    return set;
}

enum status err_hint(struct error *err, const char *format, ...) {
    if (!err) return ERR_INTERNAL;
    if (err->hint[0]) return err->code;
    va_list args;
    va_start(args, format);
    append_v(err->hint, sizeof err->hint, format, args);
    va_end(args);
    return err->code;
}

enum status err_note(struct error *err, const char *format, ...) {
    if (!err) return ERR_INTERNAL;
    size_t used = strlen(err->notes);
    if (used + 8 > sizeof err->notes) return err->code;
    if (used) memcpy(err->notes + used, "\n", 2);
    va_list args;
    va_start(args, format);
    append_v(err->notes, sizeof err->notes, format, args);
    va_end(args);
    return err->code;
}

enum status err_about(struct error *err, const char *argument) {
    if (!err) return ERR_INTERNAL;
    if (!err->about[0]) snprintf(err->about, sizeof err->about, "%s", argument);
    return err->code;
}

const char *err_name(enum status code) {
    static const char *const names[] = {
#define X(code, name) name,
#include "runtime/base/err.def"
#undef X
    };
    return (unsigned)code < STATUS_COUNT ? names[code] : "InternalError";
}

void err_reset(struct error *err) { memset(err, 0, sizeof *err); }

void err_suggest(struct error *err, const char *wrong, const char *const *names, size_t n_names) {
    const char *near = nearest_name(wrong, names, n_names);
    if (!near || !err) return;
    size_t used = strlen(err->hint);
    snprintf(err->hint + used, sizeof err->hint - used, used ? " (did you mean `%s`?)" : "did you mean `%s`?", near);
    utf8_drop_bad(err->hint);
}

/* Damerau-Levenshtein distance with adjacent swaps (optimal string alignment); rows: three of n_b + 1. */
static int64_t distance(const char *a, int64_t n_a, const char *b, int64_t n_b, int64_t *rows) {
    int64_t *before = rows, *last = rows + n_b + 1, *now = last + n_b + 1;
    for (int64_t j = 0; j <= n_b; j++) last[j] = j;
    for (int64_t i = 1; i <= n_a; i++) {
        now[0] = i;
        for (int64_t j = 1; j <= n_b; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = least(now[j], before[j - 2] + 1);
        }
        int64_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[n_b];
}

#define NAME_MAX_BYTES 256

/* In half edits. Letters compare without case and accents: `Ratings` is nearer to `ratings` than any edit, but not equal to it. */
static size_t name_distance(const char *folded, size_t length, const char *name, const char *wrong) {
    int64_t rows[3 * (NAME_MAX_BYTES + 1)];
    size_t n_name = strlen(name);
    if (n_name > NAME_MAX_BYTES) return SIZE_MAX;
    char *other = text_fold((struct slice){name, n_name});
    size_t n_other = strlen(other);
    size_t d = n_other > NAME_MAX_BYTES ? SIZE_MAX : (size_t)distance(folded, (int64_t)length, other, (int64_t)n_other, rows);
    free(other);
    if (d == SIZE_MAX) return d;
    return d == 0 ? strcmp(name, wrong) != 0 : 2 * d;
}

const char *nearest_name(const char *wrong, const char *const *names, size_t n_names) {
    size_t limit = 1 + strlen(wrong) / 4, best = 2 * limit + 1;
    const char *nearest = NULL;
    char *folded = text_fold(slice_of(wrong));
    size_t length = strlen(folded);
    for (size_t i = 0; length > 0 && length <= NAME_MAX_BYTES && i < n_names; i++) {
        if (!names[i]) continue;
        size_t d = name_distance(folded, length, names[i], wrong);
        /* As many edits as letters would suggest `f` for `x`. */
        if (d >= best || d >= 2 * length) continue;
        best = d;
        nearest = names[i];
    }
    free(folded);
    return nearest;
}
