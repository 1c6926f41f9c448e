#include "runtime/device/hot_functions.h"

void HOT(gram_rows)(const float *x, int64_t n_rows, int64_t n_cols, int64_t first, int64_t end, double *gram) {
    for (int64_t i = 0; i < n_rows; i++) {
        const float *restrict row = x + i * n_cols;
        for (int64_t a = first; a < end; a++) {
            double value = (double)row[a];
            double *restrict sums = gram + a * n_cols;
            for (int64_t b = a; b < n_cols; b++) sums[b] += value * (double)row[b];
        }
    }
}
