#include <string.h>

#include "runtime/device/elem.h"
#include "runtime/device/hot_functions.h"

enum { LANES = HOT_LANES, CHUNK = 256 };

/* p·(x − y) */
__attribute__((always_inline)) static inline float difference(const float *p, const float *x, const float *y, int64_t f) {
    vec sum = {0};
    float rest = 0.0f;
    int64_t j = 0;
    for (; j + LANES <= f; j += LANES) sum += *(const vec *)(p + j) * (*(const vec *)(x + j) - *(const vec *)(y + j));
    for (; j < f; j++) rest += p[j] * (x[j] - y[j]);
    return vec_sum(sum) + rest;
}

__attribute__((always_inline)) static inline void step(float *p, float *x, float *y, int64_t f, float by, float keep) {
    int64_t j = 0;
    for (; j + LANES <= f; j += LANES) {
        vec u = *(const vec *)(p + j), a = *(const vec *)(x + j), b = *(const vec *)(y + j);
        *(vec *)(p + j) = keep * u + by * (a - b);
        *(vec *)(x + j) = keep * a + by * u;
        *(vec *)(y + j) = keep * b - by * u;
    }
    for (; j < f; j++) {
        float u = p[j], a = x[j], b = y[j];
        p[j] = keep * u + by * (a - b);
        x[j] = keep * a + by * u;
        y[j] = keep * b - by * u;
    }
}

static float dot(const float *p, const float *q, int64_t f) {
    vec sum = {0};
    float rest = 0.0f;
    int64_t j = 0;
    for (; j + LANES <= f; j += LANES) sum += *(const vec *)(p + j) * *(const vec *)(q + j);
    for (; j < f; j++) rest += p[j] * q[j];
    return vec_sum(sum) + rest;
}

/* The candidate with the highest score; the first of equals. */
static int64_t hardest(const struct bpr_job *job, const int32_t *others, const float *p) {
    int64_t best = others[0];
    float best_score = -INFINITY;
    for (int64_t k = 0; k < job->candidates; k++) {
        const float score = job->item_bias[others[k]] + dot(p, job->items + others[k] * job->n_factors, job->n_factors);
        if (score > best_score) best = others[k], best_score = score;
    }
    return best;
}

static double losses(const float *d, int64_t n) {
    float loss[CHUNK];
    double sum = 0.0;
    for (int64_t s = 0; s < n; s++) {
        float size = el_abs(d[s]);
        loss[s] = (d[s] < 0.0f ? size : 0.0f) + el_log(1.0f + el_exp(-size));
    }
    for (int64_t s = 0; s < n; s++) sum += (double)loss[s];
    return sum;
}

/* f is a constant after inlining for the usual sizes. */
__attribute__((always_inline)) static inline double walk(const struct bpr_job *job, const int32_t *samples, int64_t n, int64_t f) {
    const int64_t width = 2 + job->candidates;
    const float keep = 1.0f - job->lr * job->reg;
    float met[CHUNK];
    double loss = 0.0;
    for (int64_t s = 0; s < n; s++, samples += width) {
        if (s + 2 < n) {
            prefetch_row(job->users + samples[2 * width] * f, f);
            prefetch_row(job->items + samples[2 * width + 1] * f, f);
            prefetch_row(job->items + samples[2 * width + 2] * f, f);
        }
        float *p = job->users + samples[0] * f, *x = job->items + samples[1] * f;
        const int64_t other = job->candidates == 1 ? samples[2] : hardest(job, samples + 2, p);
        float *y = job->items + other * f, *bias = job->item_bias + samples[1], *other_bias = job->item_bias + other;
        const float d = difference(p, x, y, f) + *bias - *other_bias, by = job->lr / (1.0f + el_exp(d));
        step(p, x, y, f, by, keep);
        *bias = keep * *bias + by;
        *other_bias = keep * *other_bias - by;
        met[s % CHUNK] = d;
        if (s % CHUNK == CHUNK - 1 || s + 1 == n) loss += losses(met, s % CHUNK + 1);
    }
    return loss;
}

double HOT(bpr_walk)(const struct bpr_job *job, const int32_t *samples, int64_t n) {
    switch (job->n_factors) {
    case 32: return walk(job, samples, n, 32);
    case 64: return walk(job, samples, n, 64);
    case 128: return walk(job, samples, n, 128);
    default: return walk(job, samples, n, job->n_factors);
    }
}
