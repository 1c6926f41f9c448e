/* Metrics of predicted ratings. Pooled over all rows, sums in double and in
 * row order, so the value doesn't depend on who computed the predictions. */
#include "models/metrics/rows.h"

#include <math.h>

static double rmse(const float *predicted, const float *truth, int64_t n) {
    if (n == 0) return NAN;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double difference = (double)predicted[i] - (double)truth[i];
        sum += difference * difference;
    }
    return sqrt(sum / (double)n);
}

static double mae(const float *predicted, const float *truth, int64_t n) {
    if (n == 0) return NAN;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += fabs((double)predicted[i] - (double)truth[i]);
    return sum / (double)n;
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
