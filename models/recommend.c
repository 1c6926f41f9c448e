/* The best items of users, block by block. A class that has top_k finds them
 * where its factors live, canonically; for others, and for users whom the model
 * doesn't know, whole rows are scored and the best picked from them. */
#include <string.h>

#include "models/model.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/device/ops.h"

enum { USERS_FUSED = 4096, USERS_SCORED = 128 }; /* of a block: lists only, or scores of every item */
enum { SKIPS_MAX = 1 << 24 };                    /* of a block, about */

/* --- lists with given skips --- */

static bool has_top_k(const struct model *model, const int32_t *users, int64_t n_users) {
    if (!model->class->top_k) return false;
    for (int64_t u = 0; u < n_users; u++)
        if (users[u] < 0) return false;
    return true;
}

static enum status top_k_of_scores(const struct model *model, struct task *task, const struct top_k_request *request, float *scores,
                                   int32_t *out_items, float *out_scores, struct error *err) {
    const int64_t n_items = model->catalog->n_items, k = request->k;
    for (int64_t first = 0; first < request->n_users; first += USERS_SCORED) {
        const int64_t n = request->n_users - first < USERS_SCORED ? request->n_users - first : USERS_SCORED;
        TRY(task_check(task, err));
        TRY(model_score_block(model, task, request->users + first, n, scores, err));
        TRY(ops_top_k(task, scores, n, n_items, request->skip_starts + first, request->skip, k, out_items + first * k, out_scores + first * k, err));
    }
    return OK;
}

static enum status fused_top_k(const struct model *model, struct task *task, const struct top_k_request *request, int32_t *out_items,
                               float *out_scores, struct error *err) {
    const int64_t k = request->k;
    for (int64_t first = 0; first < request->n_users; first += USERS_FUSED) {
        const int64_t n = request->n_users - first < USERS_FUSED ? request->n_users - first : USERS_FUSED;
        TRY(task_check(task, err));
        TRY(model->class->top_k(model, task, request->users + first, n, request->skip_starts + first, request->skip, k, out_items + first * k,
                                out_scores + first * k, err));
    }
    return OK;
}

enum status model_top_k(const struct model *model, struct task *task, const struct top_k_request *request, int32_t *out_items, float *out_scores,
                        struct error *err) {
    const int64_t rows = request->n_users < USERS_SCORED ? request->n_users : USERS_SCORED;
    float *scores;
    if (has_top_k(model, request->users, request->n_users)) return fused_top_k(model, task, request, out_items, out_scores, err);
    TRY(mem_try_array((size_t)(rows * model->catalog->n_items), "scores", &scores, err));
    const enum status status = top_k_of_scores(model, task, request, scores, out_items, out_scores, err);
    mem_free(scores);
    return status;
}

/* --- skips from what was seen and asked for --- */

struct work {
    const struct model *model;
    const struct recommend_request *request;
    int64_t n_items;
    bool *banned;         /* n_items: excluded, or not among `only`; NULL: none */
    int64_t *skip_starts; /* USERS_FUSED + 1 */
    VEC(int32_t) skip;
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

static enum status one_block(struct work *work, struct task *task, int64_t first, int64_t n, int32_t *out_items, float *out_scores,
                             struct error *err) {
    const int32_t *users = work->request->users + first;
    const int64_t k = work->request->k;
    vec_clear(&work->skip);
    vec_reserve(&work->skip, 1);
    for (int64_t u = 0; u < n; u++) {
        skip_row(work, model_seen(work->model, users[u]));
        work->skip_starts[u + 1] = (int64_t)work->skip.len;
    }
    const struct top_k_request request = {.users = users, .n_users = n, .k = k, .skip_starts = work->skip_starts, .skip = work->skip.data};
    return model_top_k(work->model, task, &request, out_items + first * k, out_scores + first * k, err);
}

/* Where some items are banned, each user may skip nearly all. */
static int64_t block_users(const struct work *work) {
    const int64_t fit = SKIPS_MAX / (work->n_items + 1);
    if (!work->banned || fit >= USERS_FUSED) return USERS_FUSED;
    return fit > 0 ? fit : 1;
}

static enum status all_blocks(struct work *work, struct task *task, int32_t *out_items, float *out_scores, struct error *err) {
    const int64_t n = work->request->n_users;
    TRY(mark_banned(work, err));
    TRY(mem_try_array((size_t)USERS_FUSED + 1, "skip lists", &work->skip_starts, err));
    const int64_t each = block_users(work);
    for (int64_t first = 0; first < n; first += each)
        TRY(one_block(work, task, first, n - first < each ? n - first : each, out_items, out_scores, err));
    return task_check(task, err);
}

enum status model_recommend(const struct model *model, struct task *task, const struct recommend_request *request, int32_t *out_items,
                            float *out_scores, struct error *err) {
    struct work work = {.model = model, .request = request, .n_items = model->catalog->n_items};
    const enum status status = all_blocks(&work, task, out_items, out_scores, err);
    mem_free(work.banned);
    mem_free(work.skip_starts);
    vec_release(&work.skip);
    return status;
}
