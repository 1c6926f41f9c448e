#include "models/eval/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/rank_lists.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"

enum { USERS_SCORED = 128, USERS_BETWEEN_LOOKS = 256 };

/* --- what is common to both protocols --- */

static int by_gain(const void *a, const void *b) { return (*(const float *)a < *(const float *)b) - (*(const float *)a > *(const float *)b); }

static bool wants_counts(const struct rank_request *request) {
    for (size_t m = 0; m < request->n_metrics; m++)
        if (request->metrics[m].row->needs_counts) return true;
    return false;
}

/* A list can't be longer than the catalog, whatever "@k" says. */
static int64_t list_length(const struct rank_request *request) {
    int64_t k = 0;
    for (size_t m = 0; m < request->n_metrics; m++)
        if (request->metrics[m].k > k) k = request->metrics[m].k;
    return k < request->model->catalog->n_items ? k : request->model->catalog->n_items;
}

static enum status make_room(const struct rank_request *request, struct truth *truth, struct ranked *out, struct error *err) {
    out->n_users = truth->n_users;
    out->n_left_out = truth->n_left_out;
    out->n_masked = truth->n_masked;
    TRY(mem_try_array(request->n_metrics * (size_t)truth->n_users, "values of users", &out->values, err));
    TRY(mem_try_array((size_t)truth->n_users, "values of users", &out->relevant, err));
    for (int64_t u = 0; u < truth->n_users; u++) out->relevant[u] = (double)(truth->starts[u + 1] - truth->starts[u]);
    out->users = truth->users;
    truth->users = NULL;
    return OK;
}

/* --- every item ranked --- */

struct full {
    const struct rank_request *request;
    const struct truth *truth;
    struct ranked *ranked;
    const int32_t *users; /* the truth's */
    int64_t k;
    int32_t *items; /* n_users × k */
    float *scores;  /* n_users × k, then a block × n_items */
    float *gains;   /* largest first, by user, where truth->gains are */
};

/* Which ranks of a list are relevant. hits, hit_gains: room for k. */
static int64_t find_hits(const struct full *full, int64_t user, int64_t *hits, float *hit_gains) {
    const struct truth *truth = full->truth;
    const int32_t *list = full->items + user * full->k;
    int64_t n = 0;
    for (int64_t rank = 0; rank < full->k && list[rank] >= 0; rank++) {
        const int64_t at = find_item(truth->items, truth->starts[user], truth->starts[user + 1], list[rank]);
        if (at >= 0) hits[n] = rank, hit_gains[n++] = truth->gains[at];
    }
    return n;
}

static void judge_list(const struct full *full, int64_t user, int64_t *hits, float *hit_gains) {
    const struct truth *truth = full->truth;
    const int64_t first = truth->starts[user];
    const struct ranking ranking = {.hits = hits,
                                    .hit_gains = hit_gains,
                                    .n_hits = find_hits(full, user, hits, hit_gains),
                                    .gains = full->gains + first,
                                    .n_relevant = truth->starts[user + 1] - first};
    for (size_t m = 0; m < full->request->n_metrics; m++) {
        const struct metric *metric = &full->request->metrics[m];
        if (!metric->row->needs_counts) full->ranked->values[(int64_t)m * truth->n_users + user] = metric->row->ranking(&ranking, metric->k);
    }
}

static enum status judge_lists(const struct full *full, struct error *err) {
    int64_t *hits = xnew_array(int64_t, (size_t)full->k + 1);
    float *hit_gains = xnew_array(float, (size_t)full->k + 1);
    enum status status = OK;
    for (int64_t u = 0; u < full->truth->n_users && status == OK; u++) {
        if (u % USERS_BETWEEN_LOOKS == 0) status = task_check(full->request->task, err);
        judge_list(full, u, hits, hit_gains);
    }
    free(hits);
    free(hit_gains);
    return status;
}

/* Into full->gains. */
static enum status sort_gains(const struct full *full, struct error *err) {
    const struct truth *truth = full->truth;
    memcpy(full->gains, truth->gains, (size_t)truth->starts[truth->n_users] * sizeof *full->gains);
    for (int64_t u = 0; u < truth->n_users; u++) {
        if (u % USERS_BETWEEN_LOOKS == 0) TRY(task_check(full->request->task, err));
        qsort(full->gains + truth->starts[u], (size_t)(truth->starts[u + 1] - truth->starts[u]), sizeof *full->gains, by_gain);
    }
    return OK;
}

static enum status rank_lists(struct full *full, struct error *err) {
    const struct truth *truth = full->truth;
    const size_t n = (size_t)(truth->n_users * full->k);
    const struct top_k_request request = {
        .users = full->users, .n_users = truth->n_users, .k = full->k, .skip_starts = truth->skip_starts, .skip = truth->skip};
    if (full->k == 0) return OK;
    TRY(mem_try_array(n, "lists of users", &full->items, err));
    TRY(mem_try_array(n, "lists of users", &full->scores, err));
    TRY(mem_try_array((size_t)truth->starts[truth->n_users], "gains", &full->gains, err));
    TRY(sort_gains(full, err));
    TRY(model_top_k(full->request->model, full->request->task, &request, full->items, full->scores, err));
    return judge_lists(full, err);
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
        TRY(model_score_block(full->request->model, full->request->task, full->users + first, n, full->scores, err));
        TRY(pool_run(full->request->task, n, count_user, &counting, err));
        task_report(full->request->task, first + n, "%s", "");
    }
    return OK;
}

static enum status rank_full(const struct rank_request *request, struct truth *truth, struct ranked *out, struct error *err) {
    struct full full = {.request = request, .truth = truth, .ranked = out, .users = out->users, .k = list_length(request)};
    enum status status = rank_lists(&full, err);
    if (status == OK) status = count_all(&full, err);
    mem_free(full.items);
    mem_free(full.scores);
    mem_free(full.gains);
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

double ranked_mean(const struct ranked *ranked, size_t m, const struct metric *metric) {
    const double *values = ranked->values + (int64_t)m * ranked->n_users;
    double sum = 0, weights = 0;
    for (int64_t u = 0; u < ranked->n_users; u++) {
        if (isnan(values[u])) continue;
        const double weight = metric->row->by_relevant ? ranked->relevant[u] : 1;
        sum += weight * values[u];
        weights += weight;
    }
    return weights > 0 ? sum / weights : NAN;
}
