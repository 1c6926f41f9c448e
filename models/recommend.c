/* The best items of users: blocks of users are scored whole, and the few best
 * of each are put into their final order by the class's exact pair scores (for
 * dot products the canonical one), so every path of the product ranks alike. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/model.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/device/ops.h"

#define USERS_PER_BLOCK 128
#define MARGIN 32 /* more candidates than asked for: what rounding could have swapped at the cut */

struct work {
    const struct model *model;
    struct task *task;
    const struct recommend_request *request;
    int64_t n_items, k, top; /* top: k and the margin */
    bool *banned;            /* n_items: excluded, or not among `only`; NULL: none */
    int64_t *skip_starts;    /* USERS_PER_BLOCK + 1 */
    VEC(int32_t) skip;
    float *scores;  /* USERS_PER_BLOCK × n_items */
    int32_t *items; /* USERS_PER_BLOCK × top */
    float *item_scores;
};

static enum status mark_banned(struct work *work, struct error *err) {
    const struct recommend_request *request = work->request;
    if (!request->only && !request->exclude) return OK;
    TRY(mem_try_array((size_t)work->n_items, "items", &work->banned, err));
    if (request->only) {
        memset(work->banned, true, (size_t)work->n_items);
        for (int64_t i = 0; i < request->n_only; i++) work->banned[request->only[i]] = false;
    }
    for (int64_t i = 0; request->exclude && i < request->n_exclude; i++) work->banned[request->exclude[i]] = true;
    return OK;
}

/* One user's sorted skip list: what was seen and what is banned. */
static void skip_row(struct work *work, struct seen_row seen) {
    int64_t next = 0;
    if (!work->request->filter_seen) seen.n = 0;
    for (int32_t item = 0; work->banned && item < work->n_items; item++) {
        bool skip = work->banned[item];
        while (next < seen.n && seen.items[next] == item) skip = true, next++;
        if (skip) vec_push(&work->skip, item);
    }
    for (; next < seen.n; next++)
        if (next == 0 || seen.items[next] != seen.items[next - 1]) vec_push(&work->skip, seen.items[next]);
}

struct candidate {
    float score;
    int32_t item;
};

static int by_score(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Exact scores of one user's candidates, and the final order. */
static enum status final_order(struct work *work, int32_t user, int32_t *items, float *scores, struct error *err) {
    int64_t n = 0;
    while (n < work->top && items[n] >= 0) n++;
    if (n == 0 || !work->model->class->is_dot_product) return OK;
    struct candidate *candidates = xnew_array(struct candidate, (size_t)n);
    int32_t *users = xnew_array(int32_t, (size_t)n);
    for (int64_t i = 0; i < n; i++) users[i] = user;
    const enum status status = work->model->class->score_pairs(work->model, work->task, users, items, n, scores, err);
    for (int64_t i = 0; i < n; i++) candidates[i] = (struct candidate){scores[i], items[i]};
    qsort(candidates, (size_t)n, sizeof *candidates, by_score);
    for (int64_t i = 0; i < n; i++) items[i] = candidates[i].item, scores[i] = candidates[i].score;
    free(users);
    free(candidates);
    return status;
}

static enum status one_block(struct work *work, int64_t first, int64_t n, int32_t *out_items, float *out_scores, struct error *err) {
    const int32_t *users = work->request->users + first;
    vec_clear(&work->skip);
    for (int64_t u = 0; u < n; u++) {
        skip_row(work, model_seen(work->model, users[u]));
        work->skip_starts[u + 1] = (int64_t)work->skip.len;
    }
    TRY(model_score_block(work->model, work->task, users, n, work->scores, err));
    vec_reserve(&work->skip, 1);
    TRY(ops_top_k(work->task, work->scores, n, work->n_items, work->skip_starts, work->skip.data, work->top, work->items, work->item_scores, err));
    for (int64_t u = 0; u < n; u++) {
        int32_t *items = work->items + u * work->top;
        float *scores = work->item_scores + u * work->top;
        TRY(final_order(work, users[u], items, scores, err));
        memcpy(out_items + (first + u) * work->k, items, (size_t)work->k * sizeof *items);
        memcpy(out_scores + (first + u) * work->k, scores, (size_t)work->k * sizeof *scores);
    }
    return task_check(work->task, err);
}

static enum status allocate(struct work *work, struct error *err) {
    const size_t rows = USERS_PER_BLOCK;
    TRY(mark_banned(work, err));
    TRY(mem_try_array(rows + 1, "skip lists", &work->skip_starts, err));
    TRY(mem_try_array(rows * (size_t)work->n_items, "scores", &work->scores, err));
    TRY(mem_try_array(rows * (size_t)work->top, "candidates", &work->items, err));
    return mem_try_array(rows * (size_t)work->top, "candidates", &work->item_scores, err);
}

static enum status all_blocks(struct work *work, int32_t *out_items, float *out_scores, struct error *err) {
    TRY(allocate(work, err));
    for (int64_t first = 0; first < work->request->n_users; first += USERS_PER_BLOCK) {
        const int64_t left = work->request->n_users - first;
        TRY(one_block(work, first, left < USERS_PER_BLOCK ? left : USERS_PER_BLOCK, out_items, out_scores, err));
    }
    return OK;
}

enum status model_recommend(const struct model *model, struct task *task, const struct recommend_request *request, int32_t *out_items,
                            float *out_scores, struct error *err) {
    struct work work = {
        .model = model, .task = task, .request = request, .n_items = model->catalog->n_items, .k = request->k, .top = request->k + MARGIN};
    const enum status status = all_blocks(&work, out_items, out_scores, err);
    mem_free(work.banned);
    mem_free(work.skip_starts);
    mem_free(work.scores);
    mem_free(work.items);
    mem_free(work.item_scores);
    vec_release(&work.skip);
    return status;
}
