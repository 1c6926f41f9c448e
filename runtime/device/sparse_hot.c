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

/* All columns that fill vectors in as few passes as there can be: each gathers the rows anew. */
void HOT(spmm_row)(int64_t n, const int32_t *columns, const float *values, const float *dense, int64_t n_cols, float *out) {
    int64_t c = 0;
    while (n_cols - c >= LANES) {
        const int64_t left = (n_cols - c) / LANES, wide = left < WIDE ? left : WIDE;
        switch (wide) {
        case 1: across(n, columns, values, dense + c, n_cols, out + c, 1); break;
        case 2: across(n, columns, values, dense + c, n_cols, out + c, 2); break;
        case 3: across(n, columns, values, dense + c, n_cols, out + c, 3); break;
        case 4: across(n, columns, values, dense + c, n_cols, out + c, 4); break;
        case 5: across(n, columns, values, dense + c, n_cols, out + c, 5); break;
        case 6: across(n, columns, values, dense + c, n_cols, out + c, 6); break;
        case 7: across(n, columns, values, dense + c, n_cols, out + c, 7); break;
        default: across(n, columns, values, dense + c, n_cols, out + c, WIDE); break;
        }
        c += wide * LANES;
    }
    for (; c < n_cols; c++) {
        float sum = 0.0f;
        for (int64_t e = 0; e < n; e++) sum += values[e] * dense[(int64_t)columns[e] * n_cols + c];
        out[c] = sum;
    }
}
