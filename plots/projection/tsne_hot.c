/* Forces between points of a map: all the time of t-SNE goes here. */
#include <stdint.h>

#include "runtime/device/hot.h"

/* As wide as the level's registers: wider ones would spill. Arrays are padded to 16. */
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

void HOT(tsne_push)(const float *x, const float *y, int64_t n_padded, int64_t first, int64_t end, float *out_x, float *out_y, double *out_z);
void HOT(tsne_pull)(const float *x, const float *y, const int64_t *starts, const int32_t *columns, const float *p, int64_t first, int64_t end,
                    float *out_x, float *out_y);

/* Halves are added until one number is left. */
static inline float sum_of(const lanes *v) {
    float sums[LANES];
    for (int l = 0; l < LANES; l++) sums[l] = (*v)[l];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) sums[l] += sums[l + half];
    return sums[0];
}

/* Rows a and b against all points at once: one division serves both, 1/a = b · 1/(ab). The point itself adds q = 1 and no force. */
static inline void push_two(const float *x, const float *y, int64_t n_padded, int64_t a, int64_t b, float *out_x, float *out_y, double *out_z) {
    lanes zero = {0}, xa = zero + x[a], ya = zero + y[a], xb = zero + x[b], yb = zero + y[b];
    lanes za = zero, gxa = zero, gya = zero, zb = zero, gxb = zero, gyb = zero;
    for (int64_t j = 0; j < n_padded; j += LANES) {
        lanes xj = *(const lanes *)&x[j], yj = *(const lanes *)&y[j];
        lanes dxa = xa - xj, dya = ya - yj, dxb = xb - xj, dyb = yb - yj;
        lanes da = 1.0f + dxa * dxa + dya * dya, db = 1.0f + dxb * dxb + dyb * dyb;
        lanes both = 1.0f / (da * db), qa = db * both, qb = da * both;
        za += qa;
        zb += qb;
        qa *= qa;
        qb *= qb;
        gxa += qa * dxa;
        gya += qa * dya;
        gxb += qb * dxb;
        gyb += qb * dyb;
    }
    out_x[a] = sum_of(&gxa);
    out_y[a] = sum_of(&gya);
    out_z[a] = (double)sum_of(&za) - 1;
    out_x[b] = sum_of(&gxb);
    out_y[b] = sum_of(&gyb);
    out_z[b] = (double)sum_of(&zb) - 1;
}

void HOT(tsne_push)(const float *x, const float *y, int64_t n_padded, int64_t first, int64_t end, float *out_x, float *out_y, double *out_z) {
    for (int64_t i = first; i < end; i += 2) push_two(x, y, n_padded, i, i + 1 < end ? i + 1 : i, out_x, out_y, out_z);
}

void HOT(tsne_pull)(const float *x, const float *y, const int64_t *starts, const int32_t *columns, const float *p, int64_t first, int64_t end,
                    float *out_x, float *out_y) {
    for (int64_t i = first; i < end; i++) {
        lanes zero = {0}, xi = zero + x[i], yi = zero + y[i], fx = zero, fy = zero;
        for (int64_t e = starts[i]; e < starts[i + 1]; e += LANES) {
            float xs[LANES], ys[LANES];
            for (int l = 0; l < LANES; l++) xs[l] = x[columns[e + l]];
            for (int l = 0; l < LANES; l++) ys[l] = y[columns[e + l]];
            lanes dx = xi - *(const lanes *)xs, dy = yi - *(const lanes *)ys;
            lanes w = *(const lanes *)&p[e] / (1.0f + dx * dx + dy * dy);
            fx += w * dx;
            fy += w * dy;
        }
        out_x[i] = sum_of(&fx);
        out_y[i] = sum_of(&fy);
    }
}
