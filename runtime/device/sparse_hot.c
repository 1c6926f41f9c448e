#include "runtime/device/hot_functions.h"

void HOT(spmm_row)(int64_t n, const int32_t *columns, const float *values, const float *dense, int64_t n_cols, float *restrict out) {
    for (int64_t c = 0; c < n_cols; c++) out[c] = 0.0f;
    for (int64_t e = 0; e < n; e++) {
        const float *restrict row = dense + (int64_t)columns[e] * n_cols;
        float value = values[e];
        for (int64_t c = 0; c < n_cols; c++) out[c] += value * row[c];
    }
}
