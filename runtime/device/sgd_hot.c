#include "runtime/device/elem.h"
#include "runtime/device/hot_functions.h"

enum { LANES = HOT_LANES, VECS = 16 / LANES, AHEAD = 4 };

__attribute__((always_inline)) static inline float dot16(const float *p, const float *q, int64_t f) {
    vec sum[VECS] = {{0}};
    int64_t j = 0;
    for (; j + 16 <= f; j += 16)
        for (int v = 0; v < VECS; v++) sum[v] += *(const vec *)(p + j + LANES * v) * *(const vec *)(q + j + LANES * v);
    float rest = 0.0f;
    for (; j < f; j++) rest += p[j] * q[j];
    return hot_sum(sum, 16) + rest;
}

/* p += lr (e q - reg p), q += lr (e p - reg q), both from the old values. */
__attribute__((always_inline)) static inline void step16(float *p, float *q, int64_t f, float step, float keep) {
    int64_t j = 0;
    for (; j + LANES <= f; j += LANES) {
        vec x = *(const vec *)(p + j), y = *(const vec *)(q + j);
        *(vec *)(p + j) = keep * x + step * y;
        *(vec *)(q + j) = keep * y + step * x;
    }
    for (; j < f; j++) {
        float x = p[j], y = q[j];
        p[j] = keep * x + step * y;
        q[j] = keep * y + step * x;
    }
}

/* f is a constant after inlining for the usual sizes. */
__attribute__((always_inline)) static inline double walk(const struct sgd_job *job, const struct rating_entry *entries, int64_t n, int64_t f) {
    struct factor_pointers to = job->factors;
    float keep = 1.0f - job->lr * job->reg, keep_bias = 1.0f - job->lr * job->reg_bias;
    double square_sum = 0.0;
    for (int64_t e = 0; e < n; e++) {
        int64_t u = entries[e].row, i = entries[e].col;
        float *p = to.users + u * f, *q = to.items + i * f;
        if (e + AHEAD < n) {
            prefetch_row(to.users + (int64_t)entries[e + AHEAD].row * f, f);
            prefetch_row(to.items + (int64_t)entries[e + AHEAD].col * f, f);
        }
        float bu = to.user_bias[u], bi = to.item_bias[i];
        float error = entries[e].value - (job->mean + bu + bi + dot16(p, q, f));
        float step = job->lr * error;
        to.user_bias[u] = keep_bias * bu + step;
        to.item_bias[i] = keep_bias * bi + step;
        step16(p, q, f, step, keep);
        square_sum += (double)error * (double)error;
    }
    return square_sum;
}

double HOT(sgd_walk)(const struct sgd_job *job, const struct rating_entry *entries, int64_t n) {
    switch (job->n_factors) {
    case 16: return walk(job, entries, n, 16);
    case 32: return walk(job, entries, n, 32);
    case 64: return walk(job, entries, n, 64);
    case 128: return walk(job, entries, n, 128);
    default: return walk(job, entries, n, job->n_factors);
    }
}

void HOT(adam_run)(float *restrict x, const float *restrict gradient, float *restrict first, float *restrict second, int64_t n, float lr,
                   float weight_decay, float scale1, float scale2) {
    if (gradient)
        for (int64_t i = 0; i < n; i++) x[i] = el_adam(x[i], gradient[i], &first[i], &second[i], lr, weight_decay, scale1, scale2);
    else
        for (int64_t i = 0; i < n; i++) x[i] = el_adam(x[i], 0.0f, &first[i], &second[i], lr, weight_decay, scale1, scale2);
}

void HOT(axpy_run)(float *restrict y, float a, const float *restrict x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}
