/* The best items of users, block by block. A class that has top_k finds them
 * where its factors live, canonically; for others, and for users whom the model
 * doesn't know, whole rows are scored and the best picked from them. */
#include <string.h>

#include "models/model.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/device/ops.h"

enum { USERS_FUSED = 1024, USERS_SCORED = 128 }; /* of a block: lists only, or scores of every item */

struct work {
    const struct model *model;
    struct task *task;
    const struct recommend_request *request;
    int64_t n_items;
    bool *banned;         /* n_items: excluded, or not among `only`; NULL: none */
    int64_t *skip_starts; /* USERS_FUSED + 1 */
    VEC(int32_t) skip;
    float *scores; /* a block × n_items, once needed */
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

static bool has_top_k(const struct work *work) {
    if (!work->model->class->top_k) return false;
    for (int64_t u = 0; u < work->request->n_users; u++)
        if (work->request->users[u] < 0) return false;
    return true;
}

static enum status score_block(struct work *work, const int32_t *users, int64_t n, int32_t *out_items, float *out_scores, struct error *err) {
    const int64_t all = work->request->n_users, rows = all < USERS_SCORED ? all : USERS_SCORED;
    if (!work->scores) TRY(mem_try_array((size_t)(rows * work->n_items), "scores", &work->scores, err));
    TRY(model_score_block(work->model, work->task, users, n, work->scores, err));
    return ops_top_k(work->task, work->scores, n, work->n_items, work->skip_starts, work->skip.data, work->request->k, out_items, out_scores, err);
}

static enum status one_block(struct work *work, bool fused, int64_t first, int64_t n, int32_t *out_items, float *out_scores, struct error *err) {
    const int32_t *users = work->request->users + first;
    const int64_t k = work->request->k;
    vec_clear(&work->skip);
    vec_reserve(&work->skip, 1);
    for (int64_t u = 0; u < n; u++) {
        skip_row(work, model_seen(work->model, users[u]));
        work->skip_starts[u + 1] = (int64_t)work->skip.len;
    }
    if (!fused) return score_block(work, users, n, out_items + first * k, out_scores + first * k, err);
    return work->model->class->top_k(work->model, work->task, users, n, work->skip_starts, work->skip.data, k, out_items + first * k,
                                     out_scores + first * k, err);
}

static enum status all_blocks(struct work *work, int32_t *out_items, float *out_scores, struct error *err) {
    const bool fused = has_top_k(work);
    const int64_t n = work->request->n_users, each = fused ? USERS_FUSED : USERS_SCORED;
    TRY(mark_banned(work, err));
    TRY(mem_try_array((size_t)USERS_FUSED + 1, "skip lists", &work->skip_starts, err));
    for (int64_t first = 0; first < n; first += each) {
        TRY(task_check(work->task, err));
        TRY(one_block(work, fused, first, n - first < each ? n - first : each, out_items, out_scores, err));
    }
    return task_check(work->task, err);
}

enum status model_recommend(const struct model *model, struct task *task, const struct recommend_request *request, int32_t *out_items,
                            float *out_scores, struct error *err) {
    struct work work = {.model = model, .task = task, .request = request, .n_items = model->catalog->n_items};
    const enum status status = all_blocks(&work, out_items, out_scores, err);
    mem_free(work.banned);
    mem_free(work.skip_starts);
    mem_free(work.scores);
    vec_release(&work.skip);
    return status;
}
