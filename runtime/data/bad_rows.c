#include "runtime/data/bad_rows.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

bool is_bad_row(enum status status) { return status == ERR_DATA || status == ERR_LIMIT; }

void bad_rows_take(struct bad_rows *bad, int64_t line, struct error *err) {
    if (bad->n < BAD_ROWS_KEPT) bad->first[bad->n] = (struct bad_row){line, xstrdup(err->message), xstrdup(err->hint)};
    bad->n++;
    err_reset(err);
}

static void row_release(struct bad_row *row) {
    free(row->message);
    free(row->hint);
    *row = (struct bad_row){0};
}

static int n_kept(const struct bad_rows *bad) { return bad->n < BAD_ROWS_KEPT ? (int)bad->n : BAD_ROWS_KEPT; }

void bad_rows_append(struct bad_rows *bad, struct bad_rows *later) {
    int at = n_kept(bad);
    for (int i = 0; i < n_kept(later); i++) {
        if (at < BAD_ROWS_KEPT) bad->first[at++] = later->first[i];
        else row_release(&later->first[i]);
    }
    bad->n += later->n;
    *later = (struct bad_rows){0};
}

void bad_rows_release(struct bad_rows *bad) {
    for (int i = 0; i < n_kept(bad); i++) row_release(&bad->first[i]);
    *bad = (struct bad_rows){0};
}

/* --- what is said --- */

/* "a.csv, line 3, column …" without the file. */
static const char *without_path(const char *message, const char *path) {
    const size_t length = strlen(path);
    return strncmp(message, path, length) == 0 && strncmp(message + length, ", ", 2) == 0 ? message + length + 2 : message;
}

static void say(struct task *task, const struct bad_rows *bad, const char *path) {
    struct buf text = BUF_INIT;
    buf_adds(&text, "left out ");
    buf_add_count(&text, bad->n);
    buf_addf(&text, " bad row%s of %s:\n", bad->n == 1 ? "" : "s", path);
    for (int i = 0; i < n_kept(bad); i++) buf_addf(&text, "  %s\n", without_path(bad->first[i].message, path));
    if (bad->n > BAD_ROWS_KEPT) {
        buf_adds(&text, "  and ");
        buf_add_count(&text, bad->n - BAD_ROWS_KEPT);
        buf_adds(&text, " more\n");
    }
    task_print(task, buf_text(&text), text.len);
    buf_release(&text);
}

/* "3 bad rows, on lines 3, 7 and 12". */
static void count_words(const struct bad_rows *bad, struct buf *out) {
    const int n = n_kept(bad);
    buf_add_count(out, bad->n);
    buf_addf(out, " bad row%s, on line%s ", bad->n == 1 ? "" : "s", bad->n == 1 ? "" : "s");
    for (int i = 0; i < n; i++) {
        const bool last = i == n - 1 && bad->n <= BAD_ROWS_KEPT;
        buf_addf(out, "%s%lld", i == 0 ? "" : last ? " and " : ", ", (long long)bad->first[i].line);
    }
    if (bad->n > BAD_ROWS_KEPT) buf_adds(out, ", …");
}

enum status bad_rows_end(struct task *task, const struct bad_rows *bad, const char *path, bool skip, int64_t n_good, struct error *err) {
    struct buf words = BUF_INIT;
    if (bad->n == 0) return OK;
    if (skip && n_good > 0) {
        say(task, bad, path);
        return OK;
    }
    const char *hint = bad->first[0].hint;
    count_words(bad, &words);
    err_set(err, ERR_DATA, "%s", bad->first[0].message);
    if (skip) err_hint(err, "%s%sno row is good: the file has %s", hint, *hint ? "; " : "", buf_text(&words));
    err_hint(err, "%s%snothing was loaded: the file has %s. Mend it, or leave such rows out: skip_bad=True", hint, *hint ? "; " : "",
             buf_text(&words));
    buf_release(&words);
    return ERR_DATA;
}
