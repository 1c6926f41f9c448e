/* Pairs of user and item that come more than once in a file. The row that
 * stays is the last, with its time. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/draft_rows.h"

#define ROWS_BETWEEN_CHECKS 65536

static const char *const ways[] = {"error", "last", "sum", "mean"};
enum way { WAY_ERROR, WAY_LAST, WAY_SUM, WAY_MEAN };
#define N_WAYS (sizeof ways / sizeof *ways)

enum status check_duplicates(const char *duplicates, struct error *err) {
    for (size_t i = 0; i < N_WAYS; i++)
        if (!duplicates || strcmp(duplicates, ways[i]) == 0) return OK;
    err_set(err, ERR_VALUE, "duplicates=\"%s\" is not known", duplicates);
    const char *near = nearest_name(duplicates, ways, N_WAYS);
    if (near) return err_hint(err, "did you mean \"%s\"? There are \"error\", \"last\", \"sum\" and \"mean\"", near);
    return err_hint(err, "there are \"error\", \"last\", \"sum\" and \"mean\"");
}

static enum way way_of(const char *duplicates) {
    for (size_t i = 0; i < N_WAYS; i++)
        if (duplicates && strcmp(duplicates, ways[i]) == 0) return (enum way)i;
    return WAY_ERROR;
}

/* Open addressing over row numbers + 1; at most half full. */
struct pairs {
    uint32_t *slots;
    size_t mask;
    struct draft_ids users, items;
};

static enum status pairs_make(const struct dataset_draft *draft, struct pairs *out, struct error *err) {
    size_t n = 16;
    while (n < 2 * (size_t)draft->n_events) n *= 2;
    *out = (struct pairs){.mask = n - 1, .users = draft_ids_of(draft, true), .items = draft_ids_of(draft, false)};
    return mem_try_array(n, "pairs", &out->slots, err);
}

static size_t pair_hash(int64_t user, int64_t item) {
    uint64_t hash = (uint64_t)user * 0x9E3779B97F4A7C15u ^ (uint64_t)item * 0xC2B2AE3D27D4EB4Fu;
    hash = (hash ^ (hash >> 31)) * 0xBF58476D1CE4E5B9u;
    return (size_t)(hash ^ (hash >> 29));
}

/* Puts the row into the pair's slot; the row that was there, or -1. */
static int64_t pairs_put(struct pairs *pairs, int64_t row) {
    const int64_t user = draft_ids_at(pairs->users, row), item = draft_ids_at(pairs->items, row);
    size_t at = pair_hash(user, item) & pairs->mask;
    for (; pairs->slots[at]; at = (at + 1) & pairs->mask) {
        const int64_t before = (int64_t)pairs->slots[at] - 1;
        if (draft_ids_at(pairs->users, before) != user || draft_ids_at(pairs->items, before) != item) continue;
        pairs->slots[at] = (uint32_t)(row + 1);
        return before;
    }
    pairs->slots[at] = (uint32_t)(row + 1);
    return -1;
}

static int64_t line_of(const struct draft_rows *rows, int64_t row) { return rows->lines ? rows->lines[row] : rows->line_of(rows->line_ctx, row); }

static enum status repeated(const struct draft_rows *rows, int64_t before, int64_t row, struct error *err) {
    struct buf user = BUF_INIT, item = BUF_INIT;
    draft_id(rows, true, row, &user);
    draft_id(rows, false, row, &item);
    err_set(err, ERR_DATA, "%s, line %lld: user %s and item %s stand together on line %lld already", rows->path, (long long)line_of(rows, row),
            buf_text(&user), buf_text(&item), (long long)line_of(rows, before));
    buf_release(&user);
    buf_release(&item);
    return err_hint(err, "duplicates=\"last\", \"mean\" or \"sum\" says what becomes of repeated pairs");
}

/* What a repeated pair gathers, and which rows stay. */
struct merged {
    double *sums;
    int32_t *counts;
    bool *dropped;
    int64_t n_dropped;
};

static enum status merged_make(const struct dataset_draft *draft, struct merged *out, struct error *err) {
    const size_t n = (size_t)draft->n_events;
    TRY(mem_try_array(n, "repeated rows", &out->dropped, err));
    TRY(mem_try_array(n, "repeated rows", &out->counts, err));
    TRY(mem_try_array(n, "repeated rows", &out->sums, err));
    for (size_t i = 0; i < n; i++) {
        out->sums[i] = draft->ratings ? (double)draft->ratings[i] : 1;
        out->counts[i] = 1;
    }
    return OK;
}

static enum status find_repeats(struct task *task, struct draft_rows *rows, enum way way, struct pairs *pairs, struct merged *merged,
                                struct error *err) {
    for (int64_t row = 0; row < rows->draft->n_events; row++) {
        if (row % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        const int64_t before = pairs_put(pairs, row);
        if (before < 0) continue;
        if (way == WAY_ERROR) return repeated(rows, before, row, err);
        merged->dropped[before] = true;
        merged->n_dropped++;
        merged->sums[row] += merged->sums[before];
        merged->counts[row] += merged->counts[before];
    }
    return OK;
}

/* Sums of rows without a rating are counts. */
static enum status want_ratings(struct dataset_draft *draft, enum way way, struct error *err) {
    if (draft->ratings || way != WAY_SUM) return OK;
    return mem_try_array((size_t)draft->n_events, "ratings", &draft->ratings, err);
}

static void keep_rows(struct draft_rows *rows, enum way way, const struct merged *merged) {
    struct dataset_draft *draft = rows->draft;
    const struct draft_ids users = draft_ids_of(draft, true), items = draft_ids_of(draft, false);
    int64_t to = 0;
    for (int64_t row = 0; row < draft->n_events; row++) {
        if (merged->dropped[row]) continue;
        const double rating = way == WAY_SUM ? merged->sums[row] : merged->sums[row] / merged->counts[row];
        draft_ids_put(users, to, draft_ids_at(users, row));
        draft_ids_put(items, to, draft_ids_at(items, row));
        if (draft->times) draft->times[to] = draft->times[row];
        if (draft->ratings) draft->ratings[to] = way == WAY_LAST ? draft->ratings[row] : (float)rating;
        to++;
    }
    draft->n_events = to;
}

enum status merge_repeats(struct task *task, struct draft_rows *rows, const char *duplicates, struct error *err) {
    const enum way way = way_of(duplicates);
    struct pairs pairs = {0};
    struct merged merged = {0};
    bool any;
    if (rows->draft->n_events >= INT32_MAX) return OK; /* dataset_build refuses it */
    TRY(find_any_repeat(task, rows->draft, &any, err));
    if (!any) return OK;
    enum status status = pairs_make(rows->draft, &pairs, err);
    if (status == OK && way != WAY_ERROR) status = merged_make(rows->draft, &merged, err);
    if (status == OK) status = find_repeats(task, rows, way, &pairs, &merged, err);
    if (status == OK && merged.n_dropped) status = want_ratings(rows->draft, way, err);
    if (status == OK && merged.n_dropped) keep_rows(rows, way, &merged);
    mem_free(pairs.slots);
    mem_free(merged.sums);
    mem_free(merged.counts);
    mem_free(merged.dropped);
    return status;
}
