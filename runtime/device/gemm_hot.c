/* Our own matrix product, for machines without OpenBLAS: packed operands, a
 * register tile of 4 rows × 32 columns. */
#include "runtime/device/hot_functions.h"

enum { TILE_ROWS = 4, TILE_COLS = 32 };

static void tile(int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c, int64_t ldc) {
    float sum[TILE_ROWS][TILE_COLS] = {{0}};
    for (int64_t p = 0; p < k; p++)
        for (int i = 0; i < TILE_ROWS; i++)
            for (int j = 0; j < TILE_COLS; j++) sum[i][j] += a[i * lda + p] * b[p * ldb + j];
    for (int i = 0; i < TILE_ROWS; i++)
        for (int j = 0; j < TILE_COLS; j++) c[i * ldc + j] += sum[i][j];
}

static void edge(int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float *c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = 0.0f;
            for (int64_t p = 0; p < k; p++) sum += a[i * lda + p] * b[p * ldb + j];
            c[i * ldc + j] += sum;
        }
}

void HOT(gemm_packed)(int64_t m, int64_t n, int64_t k, const float *ap, const float *bp, int64_t ldb, float *c, int64_t ldc) {
    int64_t whole_m = m / TILE_ROWS * TILE_ROWS, whole_n = n / TILE_COLS * TILE_COLS;
    for (int64_t j = 0; j < whole_n; j += TILE_COLS)
        for (int64_t i = 0; i < whole_m; i += TILE_ROWS) tile(k, ap + i * k, k, bp + j, ldb, c + i * ldc + j, ldc);
    edge(m, n - whole_n, k, ap, k, bp + whole_n, ldb, c + whole_n, ldc);
    edge(m - whole_m, whole_n, k, ap + whole_m * k, k, bp, ldb, c + whole_m * ldc, ldc);
}
