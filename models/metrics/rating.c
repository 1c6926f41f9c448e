/* Metrics of predicted ratings. Pooled over all rows, sums in double and in
 * row order, so the value doesn't depend on who computed the predictions. */
#include "models/metrics/rows.h"

#include <math.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"

static enum status rmse(const struct rated *rated, double *out, struct error *err) {
    double sum = 0;
    for (int64_t i = 0; i < rated->n; i++) {
        const double difference = (double)rated->predicted[i] - (double)rated->truth[i];
        sum += difference * difference;
    }
    *out = rated->n ? sqrt(sum / (double)rated->n) : NAN;
    return task_check(rated->task, err);
}

static enum status squares_by_user(const struct rated *rated, struct user_sums *sums, struct error *err) {
    for (int64_t i = 0; i < rated->n; i++) {
        const double difference = (double)rated->predicted[i] - (double)rated->truth[i];
        sums->sums[rated->users[i]] += difference * difference;
        sums->weights[rated->users[i]]++;
    }
    sums->is_root = true;
    return task_check(rated->task, err);
}

static enum status mae(const struct rated *rated, double *out, struct error *err) {
    double sum = 0;
    for (int64_t i = 0; i < rated->n; i++) sum += fabs((double)rated->predicted[i] - (double)rated->truth[i]);
    *out = rated->n ? sum / (double)rated->n : NAN;
    return task_check(rated->task, err);
}

static enum status errors_by_user(const struct rated *rated, struct user_sums *sums, struct error *err) {
    for (int64_t i = 0; i < rated->n; i++) {
        sums->sums[rated->users[i]] += fabs((double)rated->predicted[i] - (double)rated->truth[i]);
        sums->weights[rated->users[i]]++;
    }
    return task_check(rated->task, err);
}

/* --- fraction of concordant pairs --- */

/* Rows of one truth by falling prediction, so that no pair of them looks concordant. */
static int by_user_and_truth(const void *ctx, int64_t a, int64_t b) {
    const struct rated *rated = ctx;
    if (rated->users[a] != rated->users[b]) return rated->users[a] < rated->users[b] ? -1 : 1;
    if (rated->truth[a] != rated->truth[b]) return rated->truth[a] < rated->truth[b] ? -1 : 1;
    return (rated->predicted[a] < rated->predicted[b]) - (rated->predicted[a] > rated->predicted[b]);
}

/* Pairs i < j with values[i] < values[j], by merging; sorts values. room: as long. */
static double count_rising(float *values, float *room, int64_t n) {
    if (n < 2) return 0;
    const int64_t half = n / 2;
    double count = count_rising(values, room, half) + count_rising(values + half, room, n - half);
    for (int64_t i = 0, j = half, at = 0; at < n; at++) {
        if (j < n && (i == half || values[j] <= values[i])) {
            room[at] = values[j++];
        } else {
            count += (double)(n - j);
            room[at] = values[i++];
        }
    }
    memcpy(values, room, (size_t)n * sizeof *values);
    return count;
}

struct pairs {
    double concordant, all;
};

/* Adds one user's sorted rows: pairs of different truth, and those that the predictions put in the same order. values, room: n. */
static void count_pairs(const struct rated *rated, const int64_t *rows, int64_t n, float *values, float *room, struct pairs *pairs) {
    pairs->all += (double)n * (double)(n - 1) / 2;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && rated->truth[rows[end]] == rated->truth[rows[first]]; end++) continue;
        pairs->all -= (double)(end - first) * (double)(end - first - 1) / 2;
    }
    for (int64_t i = 0; i < n; i++) values[i] = rated->predicted[rows[i]];
    pairs->concordant += count_rising(values, room, n);
}

/* sums: NULL, or where each user's pairs go too. */
static enum status count_users(const struct rated *rated, int64_t *order, float *values, struct pairs *pairs, struct user_sums *sums,
                               struct error *err) {
    for (int64_t i = 0; i < rated->n; i++) order[i] = i;
    TRY(sort_positions(rated->task, order, rated->n, by_user_and_truth, rated, err));
    for (int64_t first = 0, end; first < rated->n; first = end) {
        const int32_t user = rated->users[order[first]];
        struct pairs own = {0};
        for (end = first + 1; end < rated->n && rated->users[order[end]] == user; end++) continue;
        count_pairs(rated, order + first, end - first, values, values + rated->n, &own);
        pairs->concordant += own.concordant;
        pairs->all += own.all;
        if (sums) sums->sums[user] = own.concordant, sums->weights[user] = own.all;
    }
    return task_check(rated->task, err);
}

static enum status count_rated(const struct rated *rated, struct pairs *pairs, struct user_sums *sums, struct error *err) {
    int64_t *order = NULL;
    float *values = NULL;
    enum status status = mem_try_array((size_t)rated->n, "an order of the rows", &order, err);
    if (status == OK) status = mem_try_array(2 * (size_t)rated->n, "predictions", &values, err);
    if (status == OK) status = count_users(rated, order, values, pairs, sums, err);
    mem_free(order);
    mem_free(values);
    return status;
}

static enum status fcp(const struct rated *rated, double *out, struct error *err) {
    struct pairs pairs = {0};
    TRY(count_rated(rated, &pairs, NULL, err));
    *out = pairs.all > 0 ? pairs.concordant / pairs.all : NAN;
    return OK;
}

static enum status pairs_by_user(const struct rated *rated, struct user_sums *sums, struct error *err) {
    struct pairs pairs = {0};
    return count_rated(rated, &pairs, sums, err);
}

const struct metric_row metric_rmse = {
    .name = "rmse",
    .kind = METRIC_RATING,
    .definition =
        "Root mean squared error: sqrt(mean((predicted - rating)^2)) over all judged rows together, predictions clipped to the rating scale.",
    .rating = rmse,
    .by_user = squares_by_user,
};

const struct metric_row metric_mae = {
    .name = "mae",
    .kind = METRIC_RATING,
    .definition = "Mean absolute error: mean(|predicted - rating|) over all judged rows together, predictions clipped to the rating scale.",
    .rating = mae,
    .by_user = errors_by_user,
};

const struct metric_row metric_fcp = {
    .name = "fcp",
    .kind = METRIC_RATING,
    .larger_is_better = true,
    .definition = "Fraction of concordant pairs: of all pairs of rows of one user with different ratings, those that the predictions put in the same "
                  "order (Koren & Sill 2011). Pooled over users.",
    .rating = fcp,
    .by_user = pairs_by_user,
};
