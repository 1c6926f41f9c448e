/* The canonical dot product. 16 partial sums and a fixed tree (hot_sum); the Makefile
 * compiles this file with -ffp-contract=off at every level, so the bits agree. */
#include <string.h>

#include "runtime/device/hot_functions.h"

enum { LANES = 16, VECTORS = LANES / HOT_LANES, ROWS = HOT_LEVEL >= 3 ? 4 : 2 };

/* The last n < LANES products; those that are missing add 0, which changes no sum. */
static void add_tail(vec *sum, const float *a, const float *b, int64_t n) {
    float x[LANES] = {0}, y[LANES] = {0};
    for (int64_t j = 0; j < n; j++) x[j] = a[j], y[j] = b[j];
    for (int v = 0; v < VECTORS; v++) sum[v] += *(const vec *)(x + v * HOT_LANES) * *(const vec *)(y + v * HOT_LANES);
}

/* `rows` products side by side, a constant after inlining: each hides the others' latency. */
__attribute__((always_inline)) static inline void dots(const float *a, const float *const *b, int64_t n, int rows, float *out) {
    vec sum[ROWS][VECTORS];
    int64_t i = 0;
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < VECTORS; v++) sum[r][v] = (vec){0};
    for (; i + LANES <= n; i += LANES)
        for (int v = 0; v < VECTORS; v++) {
            vec x = *(const vec *)(a + i + v * HOT_LANES);
            for (int r = 0; r < rows; r++) sum[r][v] += x * *(const vec *)(b[r] + i + v * HOT_LANES);
        }
    for (int r = 0; r < rows; r++) {
        if (i < n) add_tail(sum[r], a + i, b[r] + i, n - i);
        out[r] = hot_sum(sum[r], LANES);
    }
}

float HOT(dot_run)(const float *a, const float *b, int64_t n) {
    float out;
    dots(a, &b, n, 1, &out);
    return out;
}

void HOT(dot_rows)(const float *a, const float *b, const int32_t *rows, int64_t n_rows, int64_t n, float *out) {
    const float *at[ROWS];
    int64_t r = 0;
    for (; r + ROWS <= n_rows; r += ROWS) {
        for (int i = 0; i < ROWS; i++) at[i] = b + (rows ? rows[r + i] : r + i) * n;
        dots(a, at, n, ROWS, out + r);
    }
    for (; r < n_rows; r++) out[r] = HOT(dot_run)(a, b + (rows ? rows[r] : r) * n, n);
}

void HOT(bias_run)(const float *from, float base, const float *bias, int64_t n, float *to) {
    if (bias)
        for (int64_t i = 0; i < n; i++) to[i] = from[i] + base + bias[i];
    else
        for (int64_t i = 0; i < n; i++) to[i] = from[i] + base;
}
