/* Every formula on single numbers, for the CPU and CUDA alike: no libm, so that
 * the two agree and results don't depend on the system's library. exp and log
 * err by less than 2 units in the last place (tests/unit/device/test_elem.c).
 *
 * EL marks a function for both sides. Series are plain Taylor: the ranges are
 * reduced until they converge, so no fitted constants hide here. */
#ifndef RECKON_ELEM_H
#define RECKON_ELEM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define EL static __host__ __device__ inline
#else
#define EL static inline
#endif

EL uint32_t el_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
EL float el_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
EL uint64_t el_bits64(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
EL double el_double(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

EL float el_abs(float x) { return el_float(el_bits(x) & 0x7fffffffu); }
EL float el_sqrt(float x) { return sqrtf(x); } /* correctly rounded everywhere */
/* NaN wins, as in numpy. */
EL float el_max(float x, float y) { return x > y || x != x ? x : y; }
EL float el_min(float x, float y) { return x < y || x != x ? x : y; }

/* e^x: x = n ln 2 + r, |r| <= ln 2 / 2, e^r by its series, times 2^n in two steps (reaches infinity and the subnormals). */
EL float el_exp(float x) {
    float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number that stands in the low bits */
    float y = x > 89.0f ? 89.0f : x;
    y = y < -104.0f ? -104.0f : y;
    float shifted = y * 1.44269504f + magic;
    float whole = shifted - magic;
    uint32_t n = el_bits(shifted) - el_bits(magic);
    float r = (y - whole * 0.693359375f) - whole * -2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.0f;
    uint32_t half = (n + 256u) >> 1, low = (half - 1u) << 23, high = (n - half + 255u) << 23; /* n, unsigned: NaN gives any bits */
    float result = p * el_float(low) * el_float(high);
    return x == x ? result : x;
}

/* ln m and the exponent of x = m 2^e with m in [sqrt(1/2), sqrt 2): ln m = 2 artanh(s), s = (m - 1) / (m + 1). */
EL float el_log_parts(float x, float *out_exponent) {
    int is_tiny = x < 1.17549435e-38f;
    float y = is_tiny ? x * 8388608.0f : x;
    uint32_t bits = el_bits(y) + (0x3f800000u - 0x3f3504f3u);
    *out_exponent = (float)((int32_t)(bits >> 23) - 127 - (is_tiny ? 23 : 0));
    float m = el_float((bits & 0x7fffffu) + 0x3f3504f3u);
    float f = m - 1.0f, s = f / (m + 1.0f), z = s * s;
    float p = 1.0f / 11;
    p = p * z + 1.0f / 9;
    p = p * z + 1.0f / 7;
    p = p * z + 1.0f / 5;
    p = p * z + 1.0f / 3;
    /* 2s = f - s f exactly in the algebra; writing it so keeps the leading f exact */
    return f - s * (f - 2.0f * z * p);
}
/* What log and log2 share outside (0, inf). */
EL float el_log_edges(float x, float result) {
    float edge = x == 0.0f ? -INFINITY : x < 0.0f ? NAN : x;
    return x > 0.0f && x < INFINITY ? result : edge;
}
EL float el_log(float x) {
    float exponent, mantissa = el_log_parts(x, &exponent);
    return el_log_edges(x, exponent * 0.693359375f + (exponent * -2.12194440e-4f + mantissa));
}
EL float el_log2(float x) {
    float exponent, mantissa = el_log_parts(x, &exponent);
    float high = mantissa * 1.44140625f, low = mantissa * 1.28879089e-3f; /* 1 / ln 2 in two parts */
    return el_log_edges(x, exponent + (high + low));
}

/* The same in double, for powers. x > 0 and finite. */
EL double el_log64(double x) {
    uint64_t bits = el_bits64(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    double exponent = (double)((int64_t)(bits >> 52) - 1023);
    double m = el_double((bits & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu);
    double s = (m - 1.0) / (m + 1.0), z = s * s, p = 0.0;
    for (int i = 21; i >= 1; i -= 2) p = p * z + 1.0 / i;
    return exponent * 0.6931471805599453 + 2.0 * s * p;
}
EL double el_exp64(double x) {
    if (x > 710.0) return INFINITY;
    if (x < -745.0) return 0.0;
    double whole = (double)(int64_t)(x * 1.4426950408889634 + (x < 0.0 ? -0.5 : 0.5));
    double r = (x - whole * 0.6931471803691238) - whole * 1.9082149292705877e-10, p = 1.0;
    for (int i = 13; i >= 1; i--) p = p * r / i + 1.0;
    int64_t half = (int64_t)whole / 2, rest = (int64_t)whole - half;
    return p * el_double((uint64_t)(half + 1023) << 52) * el_double((uint64_t)(rest + 1023) << 52);
}
/* x^y as C's pow gives it, to float32: whole powers by squaring, others through the logarithm. */
EL float el_pow(float x, float y) {
    if (y == 0.0f || x == 1.0f) return 1.0f;
    if (x != x || y != y) return x + y;
    if (y == 0.5f && x >= 0.0f) return el_sqrt(x);
    if (y >= -64.0f && y <= 64.0f && y == (float)(int32_t)y) {
        double power = 1.0, base = (double)x;
        for (int32_t n = (int32_t)(y < 0.0f ? -y : y); n > 0; n >>= 1, base *= base)
            if (n & 1) power *= base;
        return (float)(y < 0.0f ? 1.0 / power : power);
    }
    float size = el_abs(x);
    int is_odd = el_abs(y) < 16777216.0f && y == (float)(int32_t)y && ((int32_t)y & 1);
    float sign = x < 0.0f && is_odd ? -1.0f : 1.0f;
    if (x < 0.0f && size < INFINITY && el_abs(y) < 16777216.0f && y != (float)(int32_t)y) return NAN;
    if (size == 0.0f) return sign * (y < 0.0f ? INFINITY : 0.0f);
    if (size == INFINITY) return sign * (y < 0.0f ? 0.0f : INFINITY);
    if (el_abs(y) == INFINITY) return size == 1.0f ? 1.0f : (size > 1.0f) == (y > 0.0f) ? INFINITY : 0.0f;
    return sign * (float)el_exp64((double)y * el_log64((double)size));
}

/* One factor's half of an SGD step: x += lr (e y - reg x). */
EL float el_sgd(float x, float y, float error, float lr, float reg) { return x + lr * (error * y - reg * x); }

/* One Adam step (Kingma & Ba 2015, bias-corrected, weight decay added to the gradient). scale1, scale2: 1 / (1 - beta^t). */
EL float el_adam(float x, float gradient, float *first, float *second, float lr, float weight_decay, float scale1, float scale2) {
    float g = gradient + weight_decay * x;
    *first = 0.9f * *first + 0.1f * g;
    *second = 0.999f * *second + 0.001f * g * g;
    return x - lr * (*first * scale1) / (el_sqrt(*second * scale2) + 1e-8f);
}

/* Order of every top-k as whole numbers: ascending ones are descending scores; -0 ties with 0. Ties go to the lower column; NaN never wins. */
EL uint32_t el_order(float score) {
    uint32_t u = el_bits(score) == 0x80000000u ? 0u : el_bits(score);
    return u & 0x80000000u ? u : ~(u | 0x80000000u);
}

#endif
