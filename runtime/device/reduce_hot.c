#include "runtime/device/hot_functions.h"

enum { LANES = 8 };

double HOT(sum_run)(const float *x, int64_t n, double shift, bool squared) {
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            double d = (double)x[i + j] - shift;
            lane[j] += squared ? d * d : d;
        }
    for (int j = 0; i < n; i++, j++) {
        double d = (double)x[i] - shift;
        lane[j] += squared ? d * d : d;
    }
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

float HOT(extreme_run)(const float *x, int64_t n, bool most) {
    float best = x[0];
    for (int64_t i = 1; i < n; i++) {
        bool wins = x[i] != x[i] || (best == best && (most ? x[i] > best : x[i] < best));
        best = wins ? x[i] : best;
    }
    return best;
}

void HOT(sum_down)(const float *x, int64_t n_rows, int64_t n_cols, const double *shift, bool squared, double *sums) {
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t c = 0; c < n_cols; c++) {
            double d = (double)x[r * n_cols + c] - (shift ? shift[c] : 0.0);
            sums[c] += squared ? d * d : d;
        }
}

void HOT(extreme_down)(const float *x, int64_t n_rows, int64_t n_cols, bool most, float *best) {
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t c = 0; c < n_cols; c++) {
            float v = x[r * n_cols + c];
            bool wins = v != v || (best[c] == best[c] && (most ? v > best[c] : v < best[c]));
            best[c] = wins ? v : best[c];
        }
}
