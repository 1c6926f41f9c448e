/* Several parts as one: their rows in the source's order. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/dataset_parts.h"

/* The same rows, even when each part was changed (implicit) by itself. */
static bool same_source(struct data_source *a, struct data_source *b) {
    if (a == b) return true;
    return a->events.n_events == b->events.n_events && strcmp(data_source_fingerprint(a), data_source_fingerprint(b)) == 0;
}

static bool same_split(const struct dataset *a, const struct dataset *b) { return a->split && b->split && a->split->id == b->split->id; }

static enum status check_sources(struct dataset *const *parts, size_t n_parts, struct error *err) {
    for (size_t i = 1; i < n_parts; i++) {
        if (same_source(parts[0]->source, parts[i]->source) && parts[0]->source->is_explicit == parts[i]->source->is_explicit) continue;
        err_set(err, ERR_VALUE, "`%s` and `%s` are not parts of one data set", parts[0]->name, parts[i]->name);
        return err_hint(err, "concat puts parts of a split together again; rows of several files belong in one file that load(path) reads");
    }
    return OK;
}

/* Marks each part's rows; a row may be in one part only. */
static enum status mark_rows(struct dataset *const *parts, size_t n_parts, bool *marked, int64_t *out_n, struct error *err) {
    int64_t n = 0, twice = 0;
    for (size_t p = 0; p < n_parts; p++)
        for (int64_t i = 0; i < parts[p]->n; i++) {
            const int64_t row = dataset_row(parts[p], i);
            twice += marked[row];
            n += !marked[row];
            marked[row] = true;
        }
    if (twice) {
        struct buf count = BUF_INIT;
        buf_add_count(&count, twice);
        err_set(err, ERR_VALUE, "%s rows are in more than one of the parts", buf_text(&count));
        buf_release(&count);
        return ERR_VALUE;
    }
    *out_n = n;
    return OK;
}

static enum status marked_rows(const bool *marked, int64_t n, int64_t **out, struct error *err) {
    TRY(mem_try_array((size_t)n, "rows", out, err));
    for (int64_t row = 0, at = 0; at < n; row++)
        if (marked[row]) (*out)[at++] = row;
    return OK;
}

static struct dataset *view_of(struct dataset *const *parts, size_t n_parts, int64_t *rows, int64_t n) {
    struct dataset *first = parts[0];
    struct buf name = BUF_INIT;
    bool one_split = first->split != NULL;
    int part = first->part;
    for (size_t i = 1; i < n_parts; i++) {
        one_split = one_split && same_split(first, parts[i]);
        part |= parts[i]->part;
    }
    buf_adds(&name, first->source->name);
    if (one_split) buf_addf(&name, " %s", part_name(part));
    struct dataset *view = dataset_view(first, rows, n, one_split ? split_ref(first->split) : NULL, one_split ? part : PART_NONE, buf_text(&name));
    buf_release(&name);
    return view;
}

enum status dataset_concat(struct dataset *const *parts, size_t n_parts, struct dataset **out, struct error *err) {
    int64_t *rows, n = 0;
    TRY(check_sources(parts, n_parts, err));
    bool *marked = xnew_array(bool, (size_t)parts[0]->source->events.n_events + 1);
    enum status status = mark_rows(parts, n_parts, marked, &n, err);
    if (status == OK) status = marked_rows(marked, n, &rows, err);
    free(marked);
    if (status == OK) *out = view_of(parts, n_parts, rows, n);
    return status;
}
