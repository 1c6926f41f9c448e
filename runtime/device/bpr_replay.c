/* A user or an item that comes later: the steps that training would have taken
 * with it, against all others as they are. */
#include <math.h>

#include "runtime/base/rng.h"
#include "runtime/base/task.h"
#include "runtime/device/bpr.h"
#include "runtime/device/elem.h"

enum { TRIES = 100 }; /* for an item that the user hasn't */

/* --- one user --- */

/* One of n ascending ones. */
static bool has(const int32_t *items, int64_t n, int32_t item) {
    const int32_t *at = items;
    while (n > 1) {
        const int64_t half = n / 2;
        at += at[half - 1] < item ? half : 0;
        n -= half;
    }
    return n == 1 && *at == item;
}

struct replay {
    const struct mf_factors *factors;
    const int32_t *items;
    int64_t n, f;
    float lr, keep;
    float *vector, *parts, scale; /* parts times scale is what they are: all of them fade at every step */
};

static void replay_step(struct replay *r, int64_t i, int32_t other) {
    const float *x = mat_values(r->factors->items) + r->items[i] * r->f, *y = mat_values(r->factors->items) + other * r->f;
    const float *bias = mat_values(r->factors->item_bias);
    const float d = dot_canonical(r->vector, x, r->f) - dot_canonical(r->vector, y, r->f) + bias[r->items[i]] - bias[other];
    const float by = r->lr / (1.0f + el_exp(d));
    r->scale *= r->keep;
    for (int64_t j = 0; j < r->f; j++) {
        r->vector[j] = r->keep * r->vector[j] + by * (x[j] - y[j]);
        if (r->parts) r->parts[i * r->f + j] += by * (x[j] - y[j]) / r->scale;
    }
}

static enum status replay_pass(struct task *task, struct replay *r, struct rng *rng, struct error *err) {
    const int64_t n_items = mat_rows(r->factors->items);
    for (int64_t i = 0; i < r->n; i++) {
        int32_t other = -1;
        for (int tries = 0; tries < TRIES && other < 0; tries++) {
            other = (int32_t)rng_below(rng, (uint64_t)n_items);
            if (has(r->items, r->n, other)) other = -1;
        }
        if (other >= 0) replay_step(r, i, other);
    }
    for (int64_t j = 0; r->parts && j < r->n * r->f; j++) r->parts[j] *= r->scale;
    r->scale = 1;
    return task_check(task, err);
}

enum status bpr_replay(struct task *task, const struct mf_factors *factors, const int32_t *items, int64_t n, int64_t passes, float lr, float reg,
                       uint64_t seed, float *vector, float *parts, struct error *err) {
    struct replay r = {factors, items, n, mat_cols(factors->items), lr, 1.0f - lr * reg, vector, parts, 1};
    for (int64_t pass = 0; pass < passes; pass++) {
        struct rng rng = rng_at(seed, RNG_SAMPLE, (uint64_t)pass);
        TRY(replay_pass(task, &r, &rng, err));
    }
    return OK;
}

/* --- one item --- */

#define STREAM_NEWCOMER ((uint64_t)1 << 40) /* of passes, apart from the users' */

struct newcomer {
    const struct mf_factors *factors;
    const struct bpr_newcomer *is;
    int64_t f;
    float lr, keep, *vector, *bias;
    struct rng rng;
};

static float score_of(const struct newcomer *newcomer, int32_t user, int32_t item) {
    const struct mf_factors *factors = newcomer->factors;
    const float *p = mat_values(factors->users) + user * newcomer->f;
    return dot_canonical(p, mat_values(factors->items) + item * newcomer->f, newcomer->f) + mat_values(factors->item_bias)[item];
}

static float own_score(const struct newcomer *newcomer, int32_t user) {
    return dot_canonical(mat_values(newcomer->factors->users) + user * newcomer->f, newcomer->vector, newcomer->f) + *newcomer->bias;
}

/* The highest score of n items that the user hasn't, drawn alike; -inf where there are none to be had. */
static float best_other(struct newcomer *newcomer, int32_t user, int64_t n) {
    const int64_t first = newcomer->is->starts[user], length = newcomer->is->starts[user + 1] - first;
    const int64_t n_items = mat_rows(newcomer->factors->items);
    float best = -INFINITY;
    for (int64_t c = 0; c < n; c++)
        for (int tries = 0; tries < TRIES; tries++) {
            const int32_t other = (int32_t)rng_below(&newcomer->rng, (uint64_t)n_items);
            if (other == newcomer->is->item || has(newcomer->is->items + first, length, other)) continue;
            best = fmaxf(best, score_of(newcomer, user, other));
            break;
        }
    return best;
}

/* d: by how much the event's item stands above the other; sign: 1 where the newcomer is the event's. */
static void newcomer_step(struct newcomer *newcomer, int32_t user, float d, float sign) {
    const float *p = mat_values(newcomer->factors->users) + user * newcomer->f;
    const float by = sign * newcomer->lr / (1.0f + el_exp(d));
    for (int64_t j = 0; j < newcomer->f; j++) newcomer->vector[j] = newcomer->keep * newcomer->vector[j] + by * p[j];
    *newcomer->bias = newcomer->keep * *newcomer->bias + by;
}

static void own_event(struct newcomer *newcomer, int32_t user) {
    const float other = best_other(newcomer, user, newcomer->is->candidates);
    if (other > -INFINITY) newcomer_step(newcomer, user, own_score(newcomer, user) - other, 1);
}

/* Against an event of one who hasn't the newcomer, if it is the best of the candidates. */
static void others_event(struct newcomer *newcomer) {
    const struct bpr_newcomer *is = newcomer->is;
    const int64_t event = (int64_t)rng_below(&newcomer->rng, (uint64_t)is->starts[is->n_users]);
    int64_t user = 0, end = is->n_users; /* the last user whose events begin at or before it */
    while (end - user > 1) {
        const int64_t middle = user + (end - user) / 2;
        if (is->starts[middle] <= event) user = middle;
        else end = middle;
    }
    if (has(is->users, is->n, (int32_t)user)) return;
    const float score = own_score(newcomer, (int32_t)user);
    if (is->candidates > 1 && best_other(newcomer, (int32_t)user, is->candidates - 1) > score) return;
    newcomer_step(newcomer, (int32_t)user, score_of(newcomer, (int32_t)user, is->items[event]) - score, -1);
}

/* Both kinds of events in turn, in their proportion. */
static enum status newcomer_pass(struct task *task, struct newcomer *newcomer, struct error *err) {
    const struct bpr_newcomer *is = newcomer->is;
    const double draws = is->starts[is->n_users] > 0 ? is->draws : 0;
    const int64_t whole = (int64_t)draws, n_draws = whole + (rng_uniform(&newcomer->rng) < draws - (double)whole), all = is->n + n_draws;
    for (int64_t t = 0, own = 0; t < all; t++) {
        TRY(task_look((size_t)t, err));
        if ((t + 1) * is->n / all > own) own_event(newcomer, is->users[own++]);
        else others_event(newcomer);
    }
    return task_check(task, err);
}

enum status bpr_replay_item(struct task *task, const struct mf_factors *factors, const struct bpr_newcomer *newcomer, int64_t passes, float lr,
                            float reg, uint64_t seed, float *vector, float *bias, struct error *err) {
    struct newcomer at = {
        .factors = factors, .is = newcomer, .f = mat_cols(factors->items), .lr = lr, .keep = 1.0f - lr * reg, .vector = vector, .bias = bias};
    for (int64_t pass = 0; newcomer->n > 0 && pass < passes; pass++) {
        at.rng = rng_at(seed, RNG_SAMPLE, STREAM_NEWCOMER + (uint64_t)pass);
        TRY(newcomer_pass(task, &at, err));
    }
    return OK;
}
