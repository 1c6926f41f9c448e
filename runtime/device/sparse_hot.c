#include "runtime/device/hot_functions.h"

enum { LANES = HOT_LANES, WIDE = 8 };

/* out of `wide` vectors stays in registers over all entries. wide: a constant after inlining. */
__attribute__((always_inline)) static inline void across(int64_t n, const int32_t *columns, const float *values, const float *dense, int64_t n_cols,
                                                         float *out, int wide) {
    vec sum[WIDE];
    for (int w = 0; w < wide; w++) sum[w] = (vec){0};
    for (int64_t e = 0; e < n; e++) {
        const float *row = dense + (int64_t)columns[e] * n_cols;
        for (int w = 0; w < wide; w++) sum[w] += values[e] * *(const vec *)(row + w * LANES);
    }
    for (int w = 0; w < wide; w++) *(vec *)(out + w * LANES) = sum[w];
}

void HOT(spmm_row)(int64_t n, const int32_t *columns, const float *values, const float *dense, int64_t n_cols, float *out) {
    int64_t c = 0;
    for (; c + WIDE * LANES <= n_cols; c += WIDE * LANES) across(n, columns, values, dense + c, n_cols, out + c, WIDE);
    for (; c + 2 * LANES <= n_cols; c += 2 * LANES) across(n, columns, values, dense + c, n_cols, out + c, 2);
    for (; c + LANES <= n_cols; c += LANES) across(n, columns, values, dense + c, n_cols, out + c, 1);
    for (; c < n_cols; c++) {
        float sum = 0.0f;
        for (int64_t e = 0; e < n; e++) sum += values[e] * dense[(int64_t)columns[e] * n_cols + c];
        out[c] = sum;
    }
}
