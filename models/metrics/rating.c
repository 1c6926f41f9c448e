/* Metrics of predicted ratings. Pooled over all rows, sums in double and in
 * row order, so the value doesn't depend on who computed the predictions. */
#include "models/metrics/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

static double rmse(const struct rated *rated) {
    if (rated->n == 0) return NAN;
    double sum = 0;
    for (int64_t i = 0; i < rated->n; i++) {
        const double difference = (double)rated->predicted[i] - (double)rated->truth[i];
        sum += difference * difference;
    }
    return sqrt(sum / (double)rated->n);
}

static double mae(const struct rated *rated) {
    if (rated->n == 0) return NAN;
    double sum = 0;
    for (int64_t i = 0; i < rated->n; i++) sum += fabs((double)rated->predicted[i] - (double)rated->truth[i]);
    return sum / (double)rated->n;
}

/* --- fraction of concordant pairs --- */

struct rated_row {
    int32_t user;
    float predicted, truth;
};

/* Rows of one truth by falling prediction, so that no pair of them looks concordant. */
static int by_user_and_truth(const void *a, const void *b) {
    const struct rated_row *left = a, *right = b;
    if (left->user != right->user) return left->user < right->user ? -1 : 1;
    if (left->truth != right->truth) return left->truth < right->truth ? -1 : 1;
    return (left->predicted < right->predicted) - (left->predicted > right->predicted);
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

/* Of one user's sorted rows: pairs of different truth, and those that the predictions put in the same order. */
static void count_pairs(const struct rated_row *rows, int64_t n, float *values, float *room, double *out_concordant, double *out_all) {
    *out_all += (double)n * (double)(n - 1) / 2;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && rows[end].truth == rows[first].truth; end++) continue;
        *out_all -= (double)(end - first) * (double)(end - first - 1) / 2;
    }
    for (int64_t i = 0; i < n; i++) values[i] = rows[i].predicted;
    *out_concordant += count_rising(values, room, n);
}

static double fcp(const struct rated *rated) {
    struct rated_row *rows = xnew_array(struct rated_row, (size_t)rated->n + 1);
    float *values = xnew_array(float, 2 * (size_t)rated->n + 1);
    double concordant = 0, all = 0;
    for (int64_t i = 0; i < rated->n; i++) rows[i] = (struct rated_row){rated->users[i], rated->predicted[i], rated->truth[i]};
    qsort(rows, (size_t)rated->n, sizeof *rows, by_user_and_truth);
    for (int64_t first = 0, end; first < rated->n; first = end) {
        for (end = first + 1; end < rated->n && rows[end].user == rows[first].user; end++) continue;
        count_pairs(rows + first, end - first, values, values + rated->n, &concordant, &all);
    }
    free(rows);
    free(values);
    return all > 0 ? concordant / all : NAN;
}

const struct metric_row metric_rmse = {
    .name = "rmse",
    .kind = METRIC_RATING,
    .definition =
        "Root mean squared error: sqrt(mean((predicted - rating)^2)) over all judged rows together, predictions clipped to the rating scale.",
    .rating = rmse,
};

const struct metric_row metric_mae = {
    .name = "mae",
    .kind = METRIC_RATING,
    .definition = "Mean absolute error: mean(|predicted - rating|) over all judged rows together, predictions clipped to the rating scale.",
    .rating = mae,
};

const struct metric_row metric_fcp = {
    .name = "fcp",
    .kind = METRIC_RATING,
    .larger_is_better = true,
    .definition = "Fraction of concordant pairs: of all pairs of rows of one user with different ratings, those that the predictions put in the same "
                  "order (Koren & Sill 2011). Pooled over users.",
    .rating = fcp,
};
