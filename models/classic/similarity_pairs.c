#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/similarity_sums.h"
#include "runtime/base/least.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/hot_functions.h"

/* Rows are taken in panels. First each row of a panel finds its scores with the rows after it, one row a block; then the panel's scores are told to
 * the rows that they belong to, STRIPE rows a block, so that no two threads write to one list. A list hears of the others in ascending order: what
 * equals its worst score comes too late. */
enum { STRIPE = PAIRS_STRIPE, PANEL_SCORES = 1 << 20, LEAST_PANEL = 16 };

struct pairs {
    struct task *task;
    const struct scoring *scoring;
    const struct sparse_rows *rows;
    int32_t *after;     /* of each entry of rows: where in its column the rows after this one begin */
    struct sums *sums;  /* of each thread */
    int64_t most, room; /* kept of each list; keys that a list has room for */
    uint64_t *keys;     /* lists: n × room */
    int64_t *lengths;
    float *thresholds;          /* scores that a list wants exceed it */
    int64_t first, last, width; /* the panel: rows, and scores a row: of rows `first` and on, filled up to whole stripes with zeros */
    float *scores;
};

/* --- scores --- */

static void find_after(const struct pairs *pairs, int64_t *next) {
    const struct sparse_rows *columns = pairs->scoring->comparison->columns;
    memcpy(next, pairs->rows->starts, (size_t)pairs->rows->n * sizeof *next);
    for (int64_t c = 0; c < columns->n; c++)
        for (int64_t e = columns->starts[c]; e < columns->starts[c + 1]; e++)
            pairs->after[next[columns->columns[e]]++] = (int32_t)(e + 1 - columns->starts[c]);
}

static void score_after(void *ctx, int64_t block, int thread) {
    const struct pairs *pairs = ctx;
    const struct scoring *scoring = pairs->scoring;
    const struct sparse_rows *rows = pairs->rows, *columns = scoring->comparison->columns;
    const struct sums *sums = &pairs->sums[thread];
    const int64_t row = pairs->first + block, from = row + 1, n = rows->n - from, start = rows->starts[row];
    const float *lengths = scoring->comparison->lengths ? scoring->comparison->lengths + from : NULL;
    float *scores = pairs->scores + block * pairs->width;
    for (int64_t e = start; e < rows->starts[row + 1] && !task_cancelled(pairs->task); e++) {
        const int64_t c = rows->columns[e], at = columns->starts[c] + pairs->after[e];
        sums_add(scoring, sums, rows->values[e], columns->starts[c + 1] - at, columns->columns + at, columns->values + at);
    }
    memset(scores, 0, (size_t)pairs->width * sizeof *scores);
    sums_score(scoring, sums, from, n, scoring_length(scoring->comparison, rows->values + start, rows->starts[row + 1] - start), lengths,
               scores + (from - pairs->first));
    sums_clear(scoring, sums, from, n);
}

/* --- lists --- */

static void cut_back(const struct pairs *pairs, int64_t row) {
    if (pairs->lengths[row] <= pairs->most) return;
    pairs->thresholds[row] = HOT_PICK(best_cut)(pairs->keys + row * pairs->room, pairs->lengths[row], pairs->most);
    pairs->lengths[row] = pairs->most;
}

/* What the panel's rows have found out about the rows of a stripe. */
static void hear(const struct pairs *pairs, int64_t stripe, int64_t n) {
    const float *scores = pairs->scores + (stripe - pairs->first);
    float thresholds[STRIPE];
    for (int64_t j = 0; j < STRIPE; j++) thresholds[j] = j < n ? pairs->thresholds[stripe + j] : INFINITY;
    for (int64_t r = 0; r < pairs->last - pairs->first; r++) {
        r += HOT_PICK(pairs_next)(scores + r * pairs->width, pairs->width, pairs->last - pairs->first - r, thresholds);
        for (int64_t j = 0; j < n && r < pairs->last - pairs->first; j++) {
            const float score = scores[r * pairs->width + j];
            const int64_t row = stripe + j;
            if (!(score > thresholds[j])) continue;
            pairs->keys[row * pairs->room + pairs->lengths[row]++] = best_key(score, pairs->first + r);
            if (pairs->lengths[row] == pairs->room) cut_back(pairs, row);
            thresholds[j] = pairs->thresholds[row];
        }
    }
}

/* What a row of the panel has found out itself. */
static void take(const struct pairs *pairs, int64_t row) {
    const float *scores = pairs->scores + (row - pairs->first) * pairs->width;
    for (int64_t j = row + 1; j < pairs->rows->n;) {
        const int64_t room = pairs->room - pairs->lengths[row], left = pairs->rows->n - j, n = left < room ? left : room;
        uint64_t *keys = pairs->keys + row * pairs->room + pairs->lengths[row];
        pairs->lengths[row] += HOT_PICK(pairs_gather)(scores + (j - pairs->first), n, j, pairs->thresholds[row], keys);
        j += n;
        if (pairs->lengths[row] + STRIPE > pairs->room) cut_back(pairs, row);
    }
}

static void tell(void *ctx, int64_t block, int thread) {
    const struct pairs *pairs = ctx;
    const int64_t stripe = pairs->first + block * STRIPE, left = pairs->rows->n - stripe, n = left < STRIPE ? left : STRIPE;
    (void)thread;
    hear(pairs, stripe, n);
    for (int64_t row = stripe; row < stripe + n && row < pairs->last; row++) take(pairs, row);
}

/* Leaves the best by ascending row, the row in front of the order of its score. */
static void finish(void *ctx, int64_t row, int thread) {
    const struct pairs *pairs = ctx;
    uint64_t *keys = pairs->keys + row * pairs->room;
    (void)thread;
    if (pairs->most == pairs->rows->n) return;
    cut_back(pairs, row);
    for (int64_t i = 0; i < pairs->lengths[row]; i++) keys[i] = keys[i] << 32 | keys[i] >> 32;
    HOT_PICK(best_sort)(keys, pairs->lengths[row]);
    for (int64_t i = 0; i < pairs->lengths[row]; i++) keys[i] = keys[i] << 32 | keys[i] >> 32;
}

static enum status pack(const struct pairs *pairs, struct sparse_rows *out, struct error *err) {
    const int64_t n = pairs->rows->n;
    int64_t sum = 0;
    for (int64_t r = 0; r < n; r++) sum += pairs->lengths[r];
    TRY(sparse_rows_new(n, n, sum, out, err));
    for (int64_t r = 0; r < n; r++) {
        const uint64_t *keys = pairs->keys + r * pairs->room;
        const int64_t to = out->starts[r];
        out->starts[r + 1] = to + pairs->lengths[r];
        for (int64_t i = 0; i < pairs->lengths[r]; i++) {
            out->columns[to + i] = best_col(keys[i]);
            out->values[to + i] = best_score(keys[i]);
        }
    }
    return OK;
}

/* --- all --- */

static enum status make_room(struct pairs *pairs, int64_t panel, int n_threads, struct error *err) {
    const size_t n = (size_t)pairs->rows->n;
    const char *what = "similar rows";
    for (int t = 0; t < n_threads; t++) TRY(sums_init(pairs->scoring, &pairs->sums[t], err));
    TRY(mem_try_array((size_t)sparse_rows_n(pairs->rows) + 1, what, &pairs->after, err));
    TRY(mem_try_array(n * (size_t)pairs->room, what, &pairs->keys, err));
    TRY(mem_try_array(n, what, &pairs->lengths, err));
    TRY(mem_try_array(n, what, &pairs->thresholds, err));
    return mem_try_array((size_t)(panel * (pairs->rows->n + STRIPE)), what, &pairs->scores, err);
}

static enum status meet_all(struct pairs *pairs, int64_t panel, struct error *err) {
    const int64_t n = pairs->rows->n;
    find_after(pairs, pairs->lengths);
    memset(pairs->lengths, 0, (size_t)n * sizeof *pairs->lengths);
    for (int64_t first = 0; first < n; first += panel) {
        const int64_t n_stripes = (n - first + STRIPE - 1) / STRIPE;
        pairs->first = first;
        pairs->last = first + panel < n ? first + panel : n;
        pairs->width = n_stripes * STRIPE;
        TRY(pool_run(pairs->task, pairs->last - first, score_after, pairs, err));
        TRY(pool_run(pairs->task, n_stripes, tell, pairs, err));
        task_report(pairs->task, pairs->last, "%s", "");
    }
    return pool_run(pairs->task, n, finish, pairs, err);
}

/* Between two cuts a list takes in as many again as it keeps; one that has room for all is never cut before the end. */
int64_t pairs_room(int64_t most, int64_t n_rows) { return least(2 * most + 4 * STRIPE, n_rows + STRIPE); }

bool pairs_pay(const struct scoring *scoring) {
    const struct sparse_rows *columns = scoring->comparison->columns;
    const double n = (double)scoring->n_rows;
    double met = 0;
    for (int64_t c = 0; c < columns->n; c++) met += (double)sparse_rows_length(columns, c) * (double)sparse_rows_length(columns, c);
    return met > n * n;
}

enum status pairs_lists(struct task *task, const char *label, const struct scoring *scoring, const struct sparse_rows *rows, int64_t most,
                        struct sparse_rows *out, struct error *err) {
    const int64_t by_size = PANEL_SCORES / (rows->n + 1), panel = by_size > LEAST_PANEL ? by_size : LEAST_PANEL;
    const int n_threads = pool_threads();
    struct pairs pairs = {.task = task, .scoring = scoring, .rows = rows, .most = most, .room = pairs_room(most, rows->n)};
    pairs.sums = xnew_array(struct sums, (size_t)n_threads);
    enum status status = make_room(&pairs, panel, n_threads, err);
    task_begin(task, label, "row", rows->n);
    if (status == OK) status = meet_all(&pairs, panel, err);
    task_end(task, status == ERR_INTERRUPTED);
    if (status == OK) status = pack(&pairs, out, err);
    for (int t = 0; t < n_threads; t++) sums_release(&pairs.sums[t]);
    free(pairs.sums);
    mem_free(pairs.after);
    mem_free(pairs.keys);
    mem_free(pairs.lengths);
    mem_free(pairs.thresholds);
    mem_free(pairs.scores);
    if (status != OK) sparse_rows_release(out);
    return status;
}
