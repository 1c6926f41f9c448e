/* Reading text files fast: a cursor over a mapped file that knows its line.
 * Private to runtime/data. */
#ifndef RECKON_SCAN_H
#define RECKON_SCAN_H

#include "runtime/base/file.h"
#include "runtime/base/task.h"

#define SCAN_CHECK_BYTES (256 << 10) /* between two safe points */

struct scan {
    const char *at, *end;
    const char *path;
    int64_t line; /* from 1 */
    const char *next_check;
    const char *start;
    struct task *task;
};

struct scan scan_begin(struct task *task, const struct file_map *map, const char *path);
/* A safe point, when enough bytes have passed since the last: reports progress; ERR_INTERRUPTED when cancelled. */
enum status scan_check(struct scan *scan, struct error *err) MUST_CHECK;
/* Lines of the file, the last one with or without its end: an upper bound of its rows. */
int64_t scan_count_lines(const struct file_map *map);
/* The next line without its end; false at the end of the file, or when *out_status (OK before) says why not. Has safe points. */
bool scan_line(struct scan *scan, struct slice *out, enum status *out_status, struct error *err);

/* Numbers at the head of a slice, which moves past them. Digits with an optional minus; false: none, or too large. */
bool slice_take_int(struct slice *text, int64_t *out);
/* Digits with an optional fraction: ratings. Anything else goes to parse_double of the caller. */
bool slice_take_decimal(struct slice *text, double *out);
bool slice_take(struct slice *text, const char *separator, size_t length);
/* The field before the separator (or all), and moves past both. */
struct slice slice_field(struct slice *text, const char *separator, size_t length);

#endif
