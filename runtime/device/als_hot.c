/* One row's normal equations. Entries are gathered as rows of length ld:
 * (q, 1, e, 0 …) with e = r - mean - b_i, so the Gram matrix of the chunk holds
 * Σ q qᵀ, the bias row and the right-hand side at once. Cholesky uses the same
 * rank update, panel by panel, and the right-hand side rides along as a column. */
#include <string.h>

#include "runtime/device/elem.h"
#include "runtime/device/hot_functions.h"

enum { LANES = HOT_LANES };
typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

/* A tile of sums that stays in registers: PANEL rows × WIDE vectors; SOME rows of a last panel at a time. */
#if HOT_LEVEL >= 4
enum { PANEL = 8, WIDE = 2, SOME = 4 };
#elif HOT_LEVEL == 3
enum { PANEL = 6, WIDE = 2, SOME = 4 };
#else
enum { PANEL = 3, WIDE = 4, SOME = 2 };
#endif

/* matrix[row + i][col + j] += sign * Σ_t x[t][row + i] x[t][col + j] for i < rows, j < wide vectors. rows, wide: constants after inlining. */
__attribute__((always_inline)) static inline void rank_tile(float *matrix, int64_t ld, const float *x, int64_t n, int64_t row, int64_t col,
                                                            float sign, int rows, int wide) {
    vec sum[PANEL][WIDE];
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++) sum[i][w] = (vec){0};
    for (int64_t t = 0; t < n; t++) {
        const float *left = x + t * ld + row, *at = x + t * ld + col;
        vec right[WIDE];
        for (int w = 0; w < wide; w++) right[w] = *(const vec *)(at + LANES * w);
        for (int i = 0; i < rows; i++)
            for (int w = 0; w < wide; w++) sum[i][w] += left[i] * right[w];
    }
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++) {
            vec *to = (vec *)(matrix + (row + i) * ld + col + LANES * w);
            *to += sign * sum[i][w];
        }
}

/* Upper half of `rows` rows, a constant after inlining. Columns begin at a multiple of 16, for their number ld is one. */
__attribute__((always_inline)) static inline void rank_across(float *matrix, int64_t ld, const float *x, int64_t n, int64_t row, float sign,
                                                              int rows) {
    int64_t col = row / 16 * 16;
    for (; col + LANES * WIDE <= ld; col += LANES * WIDE) rank_tile(matrix, ld, x, n, row, col, sign, rows, WIDE);
    for (; col < ld; col += LANES) rank_tile(matrix, ld, x, n, row, col, sign, rows, 1);
}

/* Upper half of rows [row, row + rows), rows <= PANEL. */
static void rank_rows(float *matrix, int64_t ld, const float *x, int64_t n, int64_t row, int64_t rows, float sign) {
    const int64_t end = row + rows;
    if (rows == PANEL) {
        rank_across(matrix, ld, x, n, row, sign, PANEL);
        return;
    }
    for (; row + SOME <= end; row += SOME) rank_across(matrix, ld, x, n, row, sign, SOME);
    for (; row < end; row++) rank_across(matrix, ld, x, n, row, sign, 1);
}

void HOT(als_accumulate)(int64_t f, const float *other, const float *other_bias, float mean, const int32_t *columns, const float *values, int64_t n,
                         float *scratch, float *matrix) {
    int64_t ld = als_ld(f), size = f + 1;
    for (int64_t e = 0; e < n; e++) {
        float *to = scratch + e * ld;
        memcpy(to, other + (int64_t)columns[e] * f, (size_t)f * sizeof *to);
        to[f] = 1.0f;
        to[f + 1] = values[e] - mean - other_bias[columns[e]];
        for (int64_t j = f + 2; j < ld; j++) to[j] = 0.0f;
    }
    for (int64_t row = 0; row < size; row += PANEL) rank_rows(matrix, ld, scratch, n, row, size - row < PANEL ? size - row : PANEL, 1.0f);
}

static void axpy(float *y, float a, const float *x, int64_t from, int64_t to) {
    for (int64_t j = from; j < to; j++) y[j] += a * x[j];
}

/* Rows of one panel, whose updates by earlier panels are in. */
static bool factor_panel(float *matrix, int64_t ld, int64_t first, int64_t rows) {
    for (int64_t i = first; i < first + rows; i++) {
        float *row = matrix + i * ld;
        int64_t from = i / 16 * 16;
        for (int64_t p = first; p < i; p++) axpy(row, -matrix[p * ld + i], matrix + p * ld, from, ld);
        float pivot = row[i];
        if (!(pivot > 0.0f) || !(pivot < INFINITY)) return false;
        float scale = 1.0f / el_sqrt(pivot);
        for (int64_t j = from; j < ld; j++) row[j] *= scale;
    }
    return true;
}

/* U x = y with y in column `size`: from the last unknown up. */
static void solve_back(const float *matrix, int64_t ld, int64_t size, float *out) {
    for (int64_t i = size - 1; i >= 0; i--) {
        const float *row = matrix + i * ld;
        float sum = row[size];
        for (int64_t j = i + 1; j < size; j++) sum -= row[j] * out[j];
        out[i] = sum / row[i];
    }
}

bool HOT(als_finish)(int64_t f, float ridge, float *matrix, float *out) {
    int64_t ld = als_ld(f), size = f + 1;
    for (int64_t i = 0; i < size; i++) matrix[i * ld + i] += ridge;
    for (int64_t first = 0; first < size; first += PANEL) {
        int64_t rows = size - first < PANEL ? size - first : PANEL;
        rank_rows(matrix, ld, matrix, first, first, rows, -1.0f);
        if (!factor_panel(matrix, ld, first, rows)) return false;
    }
    solve_back(matrix, ld, size, out);
    return true;
}
