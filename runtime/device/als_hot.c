/* One row's normal equations. Entries are gathered as rows of length ld, (q, 0 …,
 * 1, e) with e = r - mean - b_i; the Gram matrix of the chunk is Σ q qᵀ by
 * tiles, and Σ q, Σ e q are two more rows of it, which cost less than the
 * vector of columns they become before the Cholesky. That one uses the same rank
 * update, panel by panel, and the right-hand side rides along as a column. */
#include <string.h>

#include "runtime/base/least.h"
#include "runtime/device/elem.h"
#include "runtime/device/hot_functions.h"

enum { LANES = HOT_LANES };

/* A tile of sums that stays in registers: PANEL rows × WIDE vectors. */
#if HOT_LEVEL >= 4
enum { PANEL = 8, WIDE = 2 };
#elif HOT_LEVEL == 3
enum { PANEL = 4, WIDE = 3 };
#else
enum { PANEL = 3, WIDE = 4 };
#endif

/* Numbers rounded up to whole vectors. */
static int64_t whole(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

/* to[i][j] += sign * Σ_t left[t][i] right[t][j] for i < rows, j < wide vectors; rows of all are ld long. rows, wide: constants after inlining. */
__attribute__((always_inline)) static inline void rank_tile(float *to, int64_t ld, const float *left, const float *right, int64_t n, float sign,
                                                            int rows, int wide) {
    vec sum[PANEL][WIDE];
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++) sum[i][w] = (vec){0};
    for (int64_t t = 0; t < n; t++, left += ld, right += ld) {
        vec y[WIDE];
        for (int w = 0; w < wide; w++) y[w] = *(const vec *)(right + LANES * w);
        for (int i = 0; i < rows; i++)
            for (int w = 0; w < wide; w++) sum[i][w] += left[i] * y[w];
    }
    for (int i = 0; i < rows; i++)
        for (int w = 0; w < wide; w++) *(vec *)(to + i * ld + LANES * w) += sign * sum[i][w];
}

/* Columns [col, width) of `rows` rows, a constant after inlining. A tile of one vector would wait for its own sums: the last WIDE + 1 vectors are
 * tiles of nearly equal size. */
__attribute__((always_inline)) static inline void rank_across(float *to, int64_t ld, const float *left, const float *x, int64_t n, int64_t col,
                                                              int64_t width, float sign, int rows) {
    for (int64_t n_left = (width - col) / LANES, wide; n_left > 0; n_left -= wide, col += wide * LANES) {
        wide = n_left >= WIDE && n_left != WIDE + 1 ? WIDE : n_left >= 2 ? 2 : 1;
        if (wide == WIDE) rank_tile(to + col, ld, left, x + col, n, sign, rows, WIDE);
        else if (wide == 2) rank_tile(to + col, ld, left, x + col, n, sign, rows, 2);
        else rank_tile(to + col, ld, left, x + col, n, sign, rows, 1);
    }
}

/* Rows [row, end), at most PANEL, of the upper half of matrix += sign xᵀx, each from the vector that holds the diagonal. */
static void rank_rows(float *matrix, int64_t ld, int64_t width, const float *x, int64_t n, int64_t row, int64_t end, float sign) {
    if (end - row == PANEL) {
        rank_across(matrix + row * ld, ld, x + row, x, n, row / LANES * LANES, width, sign, PANEL);
        return;
    }
    for (; row < end; row++) rank_across(matrix + row * ld, ld, x + row, x, n, row / LANES * LANES, width, sign, 1);
}

void HOT(als_accumulate)(int64_t f, const float *other, const float *other_bias, float mean, const int32_t *columns, const float *values, int64_t n,
                         float *scratch, float *matrix) {
    int64_t ld = als_ld(f), width = whole(f);
    float *bias = matrix + f * ld, sum = 0.0f;
    for (int64_t e = 0; e < n; e++) {
        float *to = scratch + e * ld, rest = values[e] - mean - other_bias[columns[e]];
        const float *from = other + (int64_t)columns[e] * f;
        int64_t j = 0;
        for (; j + LANES <= f; j += LANES) *(vec *)(to + j) = *(const vec *)(from + j);
        for (; j < f; j++) to[j] = from[j];
        for (; j < width; j++) to[j] = 0.0f;
        to[width] = 1.0f;
        to[width + 1] = rest;
        sum += rest;
    }
    for (int64_t row = 0; row < f; row += PANEL) rank_rows(matrix, ld, width, scratch, n, row, least(row + PANEL, f), 1.0f);
    rank_across(bias, ld, scratch + width, scratch, n, 0, width, 1.0f, 2);
    bias[f] += (float)n;
    bias[f + 1] += sum;
}

/* The last two rows of a finished sum become the columns that they stand for. */
static void turn_last_rows(float *matrix, int64_t ld, int64_t f) {
    const float *bias = matrix + f * ld, *right = bias + ld;
    for (int64_t i = 0; i < f; i++) {
        matrix[i * ld + f] = bias[i];
        matrix[i * ld + f + 1] = right[i];
    }
}

static void axpy(float *y, float a, const float *x, int64_t from, int64_t to) {
    for (int64_t j = from; j < to; j += LANES) *(vec *)(y + j) += a * *(const vec *)(x + j);
}

/* Rows of one panel, whose updates by earlier panels are in. The diagonal keeps the pivots' inverses, which is all that is asked of it. */
static bool factor_panel(float *matrix, int64_t ld, int64_t width, int64_t first, int64_t end) {
    for (int64_t i = first; i < end; i++) {
        float *row = matrix + i * ld;
        int64_t from = i / LANES * LANES;
        for (int64_t p = first; p < i; p++) axpy(row, -matrix[p * ld + i], matrix + p * ld, from, width);
        float pivot = row[i];
        if (!(pivot > 0.0f) || !(pivot < INFINITY)) return false;
        float scale = 1.0f / el_sqrt(pivot);
        for (int64_t j = from; j < width; j += LANES) *(vec *)(row + j) *= scale;
        row[i] = scale;
    }
    return true;
}

/* U x = y with y in column `size`, from the last unknown up, a vector of unknowns at a time: what is known already is summed by whole vectors (out is
 * zero beyond the last unknown), the triangle on the diagonal by single numbers. */
static void solve_back(const float *matrix, int64_t ld, int64_t width, int64_t size, float *out) {
    for (int64_t block = (size - 1) / LANES * LANES; block >= 0; block -= LANES) {
        float rest[LANES];
        int64_t rows = least(LANES, size - block);
        for (int64_t i = 0; i < rows; i++) {
            const float *row = matrix + (block + i) * ld;
            vec sum = {0};
            for (int64_t j = block + LANES; j < width; j += LANES) sum += *(const vec *)(row + j) * *(const vec *)(out + j);
            rest[i] = row[size] - vec_sum(sum);
        }
        for (int64_t i = rows - 1; i >= 0; i--) {
            float x = rest[i] * matrix[(block + i) * (ld + 1)];
            for (int64_t above = 0; above < i; above++) rest[above] -= matrix[(block + above) * ld + block + i] * x;
            out[block + i] = x;
        }
    }
}

/* U with UᵀU = matrix, whose column `size` is the right-hand side; then the solution. */
static bool solve_system(float *matrix, int64_t ld, int64_t width, int64_t size, float ridge, float *out) {
    for (int64_t i = 0; i < size; i++) matrix[i * ld + i] += ridge;
    for (int64_t first = 0; first < size; first += PANEL) {
        int64_t end = least(first + PANEL, size);
        rank_rows(matrix, ld, width, matrix, first, first, end, -1.0f);
        if (!factor_panel(matrix, ld, width, first, end)) return false;
    }
    solve_back(matrix, ld, width, size, out);
    return true;
}

bool HOT(als_finish)(int64_t f, float ridge, float *matrix, float *out) {
    int64_t ld = als_ld(f);
    turn_last_rows(matrix, ld, f);
    return solve_system(matrix, ld, whole(f + 2), f + 1, ridge, out);
}

/* --- without biases --- */

void HOT(normal_add)(int64_t f, int64_t n, const float *scratch, float *matrix) {
    int64_t ld = als_ld(f), width = whole(f), right = (f + 15) / 16 * 16;
    for (int64_t row = 0; row < f; row += PANEL) rank_rows(matrix, ld, width, scratch, n, row, least(row + PANEL, f), 1.0f);
    rank_across(matrix + f * ld, ld, scratch + right, scratch, n, 0, width, 1.0f, 1);
}

bool HOT(normal_solve)(int64_t f, float ridge, float *matrix, float *out) {
    int64_t ld = als_ld(f);
    for (int64_t i = 0; i < f; i++) matrix[i * ld + f] = matrix[f * ld + i];
    return solve_system(matrix, ld, whole(f + 1), f, ridge, out);
}
