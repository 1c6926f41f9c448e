#include "runtime/data/scan.h"

#include <string.h>

struct scan scan_begin(struct task *task, const struct file_map *map, const char *path) {
    struct scan scan = {.at = map->data, .end = map->data + map->len, .path = path, .start = map->data, .task = task};
    scan.next_check = scan.at;
    if (map->len >= 3 && memcmp(map->data, "\xEF\xBB\xBF", 3) == 0) scan.at += 3; /* byte order mark */
    return scan;
}

int64_t scan_count_lines(const struct file_map *map) {
    int64_t n = 0;
    const char *at = map->data, *end = map->data + map->len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        n++;
        if (!newline) break;
        at = newline + 1;
    }
    return n;
}

enum status scan_check(struct scan *scan, struct error *err) {
    if (scan->at < scan->next_check) return OK;
    scan->next_check = scan->at + SCAN_CHECK_BYTES;
    task_report(scan->task, scan->at - scan->start, "%s", "");
    return task_check(scan->task, err);
}

bool scan_line(struct scan *scan, struct slice *out, enum status *out_status, struct error *err) {
    if (scan->at >= scan->end) return false;
    if ((*out_status = scan_check(scan, err)) != OK) return false;
    const char *newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
    const char *stop = newline ? newline : scan->end;
    *out = (struct slice){scan->at, (size_t)(stop - scan->at)};
    if (out->len && out->data[out->len - 1] == '\r') out->len--;
    scan->at = newline ? newline + 1 : scan->end;
    scan->line++;
    return true;
}

bool slice_take_int(struct slice *text, int64_t *out) {
    const char *at = text->data, *end = at + text->len;
    const bool negative = at < end && *at == '-';
    uint64_t value = 0;
    if (negative) at++;
    const char *digits = at;
    for (; at < end && (unsigned)(*at - '0') < 10; at++) value = value * 10 + (unsigned)(*at - '0');
    if (at == digits || at - digits > 18) return false;
    *out = negative ? -(int64_t)value : (int64_t)value;
    *text = (struct slice){at, (size_t)(end - at)};
    return true;
}

/* At most 15 digits and 10^15 below the point: both exact in a double, so one division rounds once. */
bool slice_take_decimal(struct slice *text, double *out) {
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text->data, *end = at + text->len;
    const bool negative = at < end && *at == '-';
    uint64_t value = 0;
    int n_digits = 0, n_fraction = 0;
    if (negative) at++;
    for (; at < end && (unsigned)(*at - '0') < 10; at++, n_digits++)
        if (n_digits < 16) value = value * 10 + (unsigned)(*at - '0');
    if (at < end && *at == '.')
        for (at++; at < end && (unsigned)(*at - '0') < 10; at++, n_digits++, n_fraction++)
            if (n_digits < 16) value = value * 10 + (unsigned)(*at - '0');
    if (n_digits == 0 || n_digits > 15) return false;
    const double magnitude = (double)value / powers[n_fraction];
    *out = negative ? -magnitude : magnitude;
    *text = (struct slice){at, (size_t)(end - at)};
    return true;
}

bool slice_take(struct slice *text, const char *separator, size_t length) {
    if (text->len < length || memcmp(text->data, separator, length) != 0) return false;
    text->data += length;
    text->len -= length;
    return true;
}

struct slice slice_field(struct slice *text, const char *separator, size_t length) {
    const char *found = text->len ? memmem(text->data, text->len, separator, length) : NULL;
    struct slice field = {text->data, found ? (size_t)(found - text->data) : text->len};
    const size_t used = field.len + (found ? length : 0);
    text->data += used;
    text->len -= used;
    return field;
}
