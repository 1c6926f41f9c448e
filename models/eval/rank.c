#include "models/eval/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/rank_lists.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"

enum { USERS_SCORED = 128, USERS_LISTED = 1024, LISTED_MAX = 1 << 20 /* items on the lists of a block, about */ };

/* --- what is common to both protocols --- */

static int by_gain(const void *a, const void *b) { return (*(const float *)a < *(const float *)b) - (*(const float *)a > *(const float *)b); }

static bool wants_counts(const struct rank_request *request) {
    for (size_t m = 0; m < request->n_metrics; m++)
        if (request->metrics[m].row->needs_counts) return true;
    return false;
}

/* A list can't be longer than the catalog, whatever "@k" says. */
static int64_t list_length(const struct rank_request *request) {
    const int64_t n_items = request->model->catalog->n_items;
    int64_t k = 0;
    for (size_t m = 0; m < request->n_metrics; m++) {
        const struct metric *metric = &request->metrics[m];
        if (metric->own && metric->k == 0) return n_items;
        if (metric->k > k) k = metric->k;
    }
    return k < n_items ? k : n_items;
}

static enum status make_room(const struct rank_request *request, const struct truth *truth, struct ranked *out, struct error *err) {
    out->n_users = truth->n_users;
    out->n_left_out = truth->n_left_out;
    out->n_masked = truth->n_masked;
    TRY(mem_try_array(request->n_metrics * (size_t)truth->n_users, "values of users", &out->values, err));
    TRY(mem_try_array((size_t)truth->n_users, "values of users", &out->relevant, err));
    TRY(mem_try_array((size_t)truth->n_users, "values of users", &out->users, err));
    for (int64_t u = 0; u < truth->n_users; u++) out->relevant[u] = (double)(truth->starts[u + 1] - truth->starts[u]);
    memcpy(out->users, truth->users_there, (size_t)truth->n_users * sizeof *out->users);
    return OK;
}

/* --- every item ranked --- */

/* Lists are made for a block of users, then judged: by the rows in the pool, by the user's own functions on this thread. */
struct full {
    const struct rank_request *request;
    const struct truth *truth;
    struct ranked *ranked;
    int64_t k, users_each;
    int64_t first, n; /* the block's users */
    int32_t *items;   /* users_each × k */
    float *scores;    /* users_each × k, then USERS_SCORED × n_items */
    float *gains;     /* largest first, by user, where truth->gains are */
    int64_t *hits;    /* k for each thread */
    float *hit_gains;
};

/* Which ranks of a list are relevant. hits, hit_gains: room for k. */
static int64_t find_hits(const struct full *full, int64_t user, int64_t *hits, float *hit_gains) {
    const struct truth *truth = full->truth;
    const int32_t *list = full->items + (user - full->first) * full->k;
    int64_t n = 0;
    for (int64_t rank = 0; rank < full->k && list[rank] >= 0; rank++) {
        const int64_t at = find_item(truth->items, truth->starts[user], truth->starts[user + 1], list[rank]);
        if (at >= 0) hits[n] = rank, hit_gains[n++] = truth->gains[at];
    }
    return n;
}

static void judge_list(void *ctx, int64_t block, int thread) {
    const struct full *full = ctx;
    const struct truth *truth = full->truth;
    const int64_t user = full->first + block, first = truth->starts[user], n_relevant = truth->starts[user + 1] - first;
    int64_t *hits = full->hits + thread * full->k;
    float *hit_gains = full->hit_gains + thread * full->k;
    qsort(full->gains + first, (size_t)n_relevant, sizeof *full->gains, by_gain);
    const struct ranking ranking = {.hits = hits,
                                    .hit_gains = hit_gains,
                                    .n_hits = find_hits(full, user, hits, hit_gains),
                                    .gains = full->gains + first,
                                    .n_relevant = n_relevant};
    for (size_t m = 0; m < full->request->n_metrics; m++) {
        const struct metric *metric = &full->request->metrics[m];
        if (metric->row->needs_counts || metric->own) continue;
        full->ranked->values[(int64_t)m * truth->n_users + user] = metric->row->ranking(&ranking, metric->k);
    }
}

static enum status judge_by_own(const struct full *full, int64_t user, struct error *err) {
    const struct truth *truth = full->truth;
    const int64_t first = truth->starts[user], n_items = full->request->model->catalog->n_items;
    const int32_t *list = full->items + (user - full->first) * full->k;
    struct own_list own = {.model = full->request->model->catalog,
                           .judged = dataset_catalog(full->request->judged),
                           .user_there = truth->users_there[user],
                           .ranked = list,
                           .relevant = truth->items + first,
                           .relevant_there = truth->items_there + first,
                           .n_relevant = truth->starts[user + 1] - first};
    for (size_t m = 0; m < full->request->n_metrics; m++) {
        const struct metric *metric = &full->request->metrics[m];
        if (!metric->own) continue;
        const int64_t most = metric->k && metric->k < n_items ? metric->k : n_items;
        for (own.n_ranked = 0; own.n_ranked < most && list[own.n_ranked] >= 0;) own.n_ranked++;
        TRY(metric->own->value(metric->own->ctx, &own, &full->ranked->values[(int64_t)m * truth->n_users + user], err));
    }
    return OK;
}

static enum status judge_block(struct full *full, struct error *err) {
    const struct truth *truth = full->truth;
    const struct top_k_request request = {
        .users = truth->users + full->first, .n_users = full->n, .k = full->k, .skip_starts = truth->skip_starts + full->first, .skip = truth->skip};
    TRY(model_top_k(full->request->model, full->request->task, &request, full->items, full->scores, err));
    TRY(pool_run(full->request->task, full->n, judge_list, full, err));
    for (int64_t u = full->first; u < full->first + full->n; u++) TRY(judge_by_own(full, u, err));
    rank_report(full->request, full->first + full->n);
    return OK;
}

/* Room for the lists of a block; a catalog of any size fits. */
static enum status lists_room(struct full *full, struct error *err) {
    const struct truth *truth = full->truth;
    const int64_t n_relevant = truth->starts[truth->n_users], fit = LISTED_MAX / (full->k + 1) + 1;
    full->users_each = fit < USERS_LISTED ? fit : USERS_LISTED;
    if (full->users_each > truth->n_users) full->users_each = truth->n_users;
    TRY(mem_try_array((size_t)(full->users_each * full->k), "lists of users", &full->items, err));
    TRY(mem_try_array((size_t)(full->users_each * full->k), "lists of users", &full->scores, err));
    TRY(mem_try_array((size_t)pool_threads() * (size_t)full->k, "lists of users", &full->hits, err));
    TRY(mem_try_array((size_t)pool_threads() * (size_t)full->k, "lists of users", &full->hit_gains, err));
    TRY(mem_try_array((size_t)n_relevant, "gains", &full->gains, err));
    memcpy(full->gains, truth->gains, (size_t)n_relevant * sizeof *full->gains);
    return OK;
}

static enum status rank_lists(struct full *full, struct error *err) {
    const int64_t n_users = full->truth->n_users;
    if (full->k == 0) return OK;
    TRY(lists_room(full, err));
    for (full->first = 0; full->first < n_users; full->first += full->users_each) {
        full->n = n_users - full->first < full->users_each ? n_users - full->first : full->users_each;
        TRY(judge_block(full, err));
    }
    return OK;
}

/* How many of the scores, largest first, are above `score`, or not below it. */
static int64_t n_above(const float *scores, int64_t n, float score, bool or_equal) {
    int64_t first = 0, end = n;
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (scores[middle] > score || (or_equal && scores[middle] == score)) first = middle + 1;
        else end = middle;
    }
    return first;
}

/* Pairs of a relevant candidate and another, and the ordered ones, of one user's scores. */
static void count_pairs(const struct truth *truth, int64_t user, const float *scores, int64_t n_items, struct ranking *out) {
    const int64_t first = truth->starts[user], end = truth->starts[user + 1];
    float *relevant = xnew_array(float, (size_t)(end - first) + 1);
    int64_t n = 0, skip = truth->skip_starts[user], other = 0;
    for (int64_t i = first; i < end; i++)
        if (truth->items[i] >= 0) relevant[n++] = scores[truth->items[i]];
    qsort(relevant, (size_t)n, sizeof *relevant, by_gain);
    for (int64_t item = 0, at = first; item < n_items; item++) {
        while (at < end && truth->items[at] < item) at++;
        while (skip < truth->skip_starts[user + 1] && truth->skip[skip] < item) skip++;
        if (at < end && truth->items[at] == item) continue;
        if (skip < truth->skip_starts[user + 1] && truth->skip[skip] == item) continue;
        out->n_ordered += 0.5 * (double)(n_above(relevant, n, scores[item], false) + n_above(relevant, n, scores[item], true)); /* ties half */
        other++;
    }
    out->n_pairs = (double)other * (double)(end - first);
    free(relevant);
}

struct counting {
    const struct full *full;
    const float *scores;
    int64_t first;
};

static void count_user(void *ctx, int64_t block, int thread) {
    const struct counting *counting = ctx;
    const struct full *full = counting->full;
    const int64_t u = counting->first + block, n_items = full->request->model->catalog->n_items;
    struct ranking ranking = {.n_relevant = full->truth->starts[u + 1] - full->truth->starts[u]};
    (void)thread;
    count_pairs(full->truth, u, counting->scores + block * n_items, n_items, &ranking);
    for (size_t m = 0; m < full->request->n_metrics; m++) {
        const struct metric *metric = &full->request->metrics[m];
        if (metric->row->needs_counts) full->ranked->values[(int64_t)m * full->truth->n_users + u] = metric->row->ranking(&ranking, metric->k);
    }
}

static enum status count_all(struct full *full, struct error *err) {
    const int64_t n_users = full->truth->n_users, n_items = full->request->model->catalog->n_items;
    if (!wants_counts(full->request)) return OK;
    mem_free(full->scores);
    full->scores = NULL;
    TRY(mem_try_array((size_t)(USERS_SCORED * n_items), "scores", &full->scores, err));
    for (int64_t first = 0; first < n_users; first += USERS_SCORED) {
        const int64_t n = n_users - first < USERS_SCORED ? n_users - first : USERS_SCORED;
        struct counting counting = {full, full->scores, first};
        TRY(model_score_block(full->request->model, full->request->task, full->truth->users + first, n, full->scores, err));
        TRY(pool_run(full->request->task, n, count_user, &counting, err));
        rank_report(full->request, first + n);
    }
    return OK;
}

static enum status rank_full(const struct rank_request *request, const struct truth *truth, struct ranked *out, struct error *err) {
    struct full full = {.request = request, .truth = truth, .ranked = out, .k = list_length(request)};
    enum status status = rank_lists(&full, err);
    if (status == OK) status = count_all(&full, err);
    mem_free(full.items);
    mem_free(full.scores);
    mem_free(full.gains);
    mem_free(full.hits);
    mem_free(full.hit_gains);
    return status;
}

/* --- all --- */

enum status rank_users(const struct rank_request *request, struct ranked *out, struct error *err) {
    struct truth truth;
    struct ranked ranked = {.n_users = 0};
    TRY(truth_make(request->task, request->judged, request->model, request->protocol.mask, &truth, err));
    if (request->label) task_begin(request->task, request->label, "user", truth.n_users);
    enum status status = make_room(request, &truth, &ranked, err);
    if (status == OK) status = request->protocol.sampled ? rank_sampled(request, &truth, &ranked, err) : rank_full(request, &truth, &ranked, err);
    if (request->label) task_end(request->task, status == ERR_INTERRUPTED);
    truth_release(&truth);
    if (status == OK) *out = ranked;
    else ranked_release(&ranked);
    return status;
}

void ranked_release(struct ranked *ranked) {
    mem_free(ranked->users);
    mem_free(ranked->values);
    mem_free(ranked->relevant);
    *ranked = (struct ranked){0};
}

static double weight_of(const struct ranked *ranked, int64_t user, const struct metric *metric) {
    return metric->row->by_relevant ? ranked->relevant[user] : 1;
}

double ranked_mean(const struct ranked *ranked, size_t m, const struct metric *metric) {
    const double *values = ranked->values + (int64_t)m * ranked->n_users;
    double sum = 0, weights = 0;
    for (int64_t u = 0; u < ranked->n_users; u++) {
        if (isnan(values[u])) continue;
        sum += weight_of(ranked, u, metric) * values[u];
        weights += weight_of(ranked, u, metric);
    }
    return weights > 0 ? sum / weights : NAN;
}

void ranked_sums(const struct ranked *ranked, size_t m, const struct metric *metric, struct user_sums *sums) {
    const double *values = ranked->values + (int64_t)m * ranked->n_users;
    for (int64_t u = 0; u < ranked->n_users; u++) {
        if (isnan(values[u])) continue;
        sums->weights[ranked->users[u]] = weight_of(ranked, u, metric);
        sums->sums[ranked->users[u]] = weight_of(ranked, u, metric) * values[u];
    }
}
