/* Implicit ALS: what a row's events do to a vector, and small products. Events
 * go by LANES: their scores are summed across registers all at once, and the
 * vectors are still in the first cache when they are added up. */
#include <string.h>

#include "runtime/base/least.h"
#include "runtime/device/hot_functions.h"

enum { LANES = HOT_LANES, TILE = 4 };
typedef int32_t vec_index __attribute__((vector_size(LANES * sizeof(int32_t))));

/* --- sums across --- */

#if HOT_LEVEL >= 4
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif HOT_LEVEL == 3
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define ODD 1, 3, 5, 7, 9, 11, 13, 15
#else
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#endif

/* Those of the lanes of a and then b. gcc before 12 has only the one, clang only the other. */
#ifdef __clang__
#define LANES_OF(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define LANES_OF(a, b, ...) __builtin_shuffle(a, b, (vec_index){__VA_ARGS__})
#endif

/* sums[k] = Σ of the numbers of x[k], by neighbours; spoils x. */
__attribute__((always_inline)) static inline vec sums_across(vec *x) {
    for (int n = LANES / 2; n > 0; n /= 2)
        for (int k = 0; k < n; k++) x[k] = LANES_OF(x[2 * k], x[2 * k + 1], EVEN) + LANES_OF(x[2 * k], x[2 * k + 1], ODD);
    return x[0];
}

static double add_lanes(vec x) {
    double sum = 0.0;
    for (int j = 0; j < LANES; j++) sum += (double)x[j];
    return sum;
}

/* --- one pass over a row's events --- */

/* y_k · p for LANES rows, TILE at a time. ld: a constant after inlining for the usual sizes. */
__attribute__((always_inline)) static inline vec scores_of(int64_t ld, const float *const *y, int64_t n, const float *p) {
    vec dots[LANES] = {{0}};
    for (int64_t k = 0; k < n; k += TILE) {
        vec s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (int64_t j = 0; j < ld; j += LANES) {
            vec x = *(const vec *)(p + j);
            s0 += x * *(const vec *)(y[k] + j);
            s1 += x * *(const vec *)(y[k + 1] + j);
            s2 += x * *(const vec *)(y[k + 2] + j);
            s3 += x * *(const vec *)(y[k + 3] + j);
        }
        dots[k] = s0, dots[k + 1] = s1, dots[k + 2] = s2, dots[k + 3] = s3;
    }
    return sums_across(dots);
}

/* out[j …] += Σ_k w_k y_k[j …] over `wide` vectors, a constant; even and odd events apart, for registers wait for their own sums. */
__attribute__((always_inline)) static inline void add_tile(const float *const *y, const float *w, int64_t n, int64_t j, int wide, float *out) {
    vec even[TILE] = {{0}}, odd[TILE] = {{0}};
    for (int64_t k = 0; k < n; k += 2)
        for (int t = 0; t < wide; t++) {
            even[t] += w[k] * *(const vec *)(y[k] + j + LANES * t);
            odd[t] += w[k + 1] * *(const vec *)(y[k + 1] + j + LANES * t);
        }
    for (int t = 0; t < wide; t++) *(vec *)(out + j + LANES * t) += even[t] + odd[t];
}

__attribute__((always_inline)) static inline void add_rows(int64_t ld, const float *const *y, const float *w, int64_t n, float *out) {
    int64_t j = 0;
    for (; j + TILE * LANES <= ld; j += TILE * LANES) add_tile(y, w, n, j, TILE, out);
    for (; j < ld; j += LANES) add_tile(y, w, n, j, 1, out);
}

__attribute__((always_inline)) static inline double pass(int64_t ld, const float *other, const int32_t *columns, const float *values, int64_t n,
                                                         float alpha, float target, const float *p, float *out) {
    double squares = 0.0;
    for (int64_t e = 0; e < n; e += LANES) {
        const float *y[LANES];
        float value[LANES] = {0}, w[LANES];
        int64_t some = least(n - e, LANES), padded = (some + TILE - 1) / TILE * TILE;
        for (int64_t k = 0; k < padded; k++) y[k] = other + (int64_t)columns[e + (k < some ? k : 0)] * ld;
        for (int64_t k = 0; k < some; k++) value[k] = values[e + k];
        vec rest = target - scores_of(ld, y, padded, p), weighted = alpha * *(const vec *)value * rest;
        memcpy(w, &weighted, sizeof w);
        squares += add_lanes(weighted * rest);
        add_rows(ld, y, w, padded, out);
    }
    return squares;
}

double HOT(ials_pass)(int64_t ld, const float *other, const int32_t *columns, const float *values, int64_t n, float alpha, float target,
                      const float *p, float *out) {
    switch (ld) {
    case 32: return pass(32, other, columns, values, n, alpha, target, p, out);
    case 64: return pass(64, other, columns, values, n, alpha, target, p, out);
    case 128: return pass(128, other, columns, values, n, alpha, target, p, out);
    case 256: return pass(256, other, columns, values, n, alpha, target, p, out);
    default: return pass(ld, other, columns, values, n, alpha, target, p, out);
    }
}

/* --- vectors times a matrix --- */

__attribute__((always_inline)) static inline void times_tile(int64_t ld, const float *x, const float *matrix, float *out, int rows, int wide) {
    vec sum[TILE][TILE] = {{{0}}};
    for (int64_t k = 0; k < ld; k++)
        for (int t = 0; t < wide; t++) {
            vec m = *(const vec *)(matrix + k * ld + LANES * t);
            for (int r = 0; r < rows; r++) sum[r][t] += x[r * ld + k] * m;
        }
    for (int r = 0; r < rows; r++)
        for (int t = 0; t < wide; t++) *(vec *)(out + r * ld + LANES * t) = sum[r][t];
}

__attribute__((always_inline)) static inline void times_rows(int64_t ld, const float *x, const float *matrix, int64_t n_cols, float *out, int rows) {
    int64_t j = 0;
    for (; j + TILE * LANES <= n_cols; j += TILE * LANES) times_tile(ld, x, matrix + j, out + j, rows, TILE);
    for (; j < n_cols; j += LANES) times_tile(ld, x, matrix + j, out + j, rows, 1);
}

void HOT(ials_times)(int64_t ld, const float *x, int64_t n_rows, const float *matrix, int64_t n_cols, float *out) {
    int64_t r = 0;
    for (; r + TILE <= n_rows; r += TILE) times_rows(ld, x + r * ld, matrix, n_cols, out + r * ld, TILE);
    for (; r < n_rows; r++) times_rows(ld, x + r * ld, matrix, n_cols, out + r * ld, 1);
}

/* --- conjugate gradients --- */

double HOT(ials_residual)(int64_t ld, float ridge, const float *x, const float *v, float *r) {
    vec sum = {0};
    for (int64_t j = 0; j < ld; j += LANES) {
        vec at = *(const vec *)(x + j), product = *(const vec *)(v + j) + ridge * at;
        *(vec *)(r + j) -= product;
        sum += at * product;
    }
    return add_lanes(sum);
}

double HOT(ials_step)(int64_t ld, float ridge, const float *p, double rz, float *v, float *x, float *r) {
    vec sum = {0};
    for (int64_t j = 0; j < ld; j += LANES) {
        vec along = *(const vec *)(p + j), product = *(vec *)(v + j) += ridge * along;
        sum += along * product;
    }
    double curvature = add_lanes(sum);
    if (!(rz > 0) || !(curvature > 0)) return 0.0;
    float length = (float)(rz / curvature);
    for (int64_t j = 0; j < ld; j += LANES) {
        *(vec *)(x + j) += length * *(const vec *)(p + j);
        *(vec *)(r + j) -= length * *(const vec *)(v + j);
    }
    return rz * rz / curvature;
}

void HOT(ials_turn)(int64_t ld, const float *r, const float *z, float *p, double *rz) {
    vec sum = {0};
    for (int64_t j = 0; j < ld; j += LANES) sum += *(const vec *)(r + j) * *(const vec *)(z + j);
    double now = add_lanes(sum);
    float keep = *rz > 0 ? (float)(now / *rz) : 0.0f;
    for (int64_t j = 0; j < ld; j += LANES) *(vec *)(p + j) = *(const vec *)(z + j) + keep * *(const vec *)(p + j);
    *rz = now;
}

/* --- blocks of columns --- */

void HOT(ials_gather)(int64_t f, int64_t ld, const float *other, const int32_t *columns, const float *values, const float *scores, int64_t n,
                      float alpha, float *scratch) {
    int64_t to_ld = als_ld(f), right = to_ld - 16;
    for (int64_t e = 0; e < n; e++) {
        const float *from = other + (int64_t)columns[e] * ld;
        float *to = scratch + e * to_ld, root = el_sqrt(alpha * values[e]);
        for (int64_t j = 0; j < f; j++) to[j] = root * from[j];
        for (int64_t j = f; j < right; j++) to[j] = 0.0f;
        to[right] = scores ? root * (1.0f - scores[e]) : root;
    }
}

void HOT(ials_scores)(int64_t ld, const float *other, const int32_t *columns, int64_t n_entries, const float *x, int64_t n, float *out) {
    for (int64_t e = 0; e < n_entries; e++) {
        const float *y = other + (int64_t)columns[e] * ld;
        vec sum = {0};
        float rest = 0.0f;
        int64_t j = 0;
        for (; j + LANES <= n; j += LANES) sum += *(const vec *)(y + j) * *(const vec *)(x + j);
        for (; j < n; j++) rest += y[j] * x[j];
        for (int lane = 0; lane < LANES; lane++) rest += sum[lane];
        out[e] += rest;
    }
}
