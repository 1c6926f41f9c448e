#include "runtime/base/rng.h"

#include <string.h>

/* Philox4x32-10: ten rounds of two 32x32 -> 64 bit products over a counter of
 * four words (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as
 * 1, 2, 3; SC 2011). Here key = seed; counter words 0 and 1 = position in the
 * stream, words 2 and 3 = index with the purpose mixed into the top. */
static void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Word 1 carries the purpose, so a stream has 2^32 blocks = 2^34 words before it would run into the next purpose. */
struct rng rng_at(uint64_t seed, enum rng_purpose purpose, uint64_t index) {
    return (struct rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, (uint32_t)purpose, (uint32_t)index, (uint32_t)(index >> 32)},
        .used = 4,
    };
}

uint32_t rng_u32(struct rng *rng) {
    if (rng->used == 4) {
        philox(rng->key, rng->counter, rng->block);
        /* The purpose lives in the low half of word 1; its upper half takes the carry. */
        if (++rng->counter[0] == 0) rng->counter[1] += 1u << 16;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint64_t rng_u64(struct rng *rng) {
    uint64_t low = rng_u32(rng);
    return (uint64_t)rng_u32(rng) << 32 | low;
}

/* Lemire's multiply-and-reject: the high half of bits * bound, refusing the few low halves that would bias it. */
static uint64_t below_32(struct rng *rng, uint32_t bound) {
    uint64_t product = (uint64_t)rng_u32(rng) * bound;
    if ((uint32_t)product < bound) {
        uint32_t least = (uint32_t)-bound % bound;
        while ((uint32_t)product < least) product = (uint64_t)rng_u32(rng) * bound;
    }
    return product >> 32;
}

/* 64 x 64 -> 128 bits by halves: ISO C has no wider type. */
static uint64_t multiply_high(uint64_t a, uint64_t b, uint64_t *low) {
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t carry = a0 * b1 + (uint32_t)middle;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (carry >> 32);
}

uint64_t rng_below(struct rng *rng, uint64_t bound) {
    if (bound <= UINT32_MAX) return below_32(rng, (uint32_t)bound);
    uint64_t least = -bound % bound, low, high;
    do high = multiply_high(rng_u64(rng), bound, &low);
    while (low < least);
    return high;
}

double rng_uniform(struct rng *rng) { return (double)(rng_u64(rng) >> 11) * 0x1p-53; }

/* log(x) for 0 < x < 1 by + - * / only: x = m * 2^e with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh(s), s = (m-1)/(m+1). */
static double own_log(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52 & 0x7FF) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int odd = 23; odd >= 1; odd -= 2) sum = sum * s2 + 1.0 / odd; /* |s| < 0.172: the next term is below 1e-19 */
    return 2 * s * sum + e * 0.6931471805599453;
}

/* sqrt by Newton's steps from a halved exponent: a fixed number of + * /, so a fixed result. */
static double own_sqrt(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits >> 1) + ((uint64_t)1023 << 51);
    double y;
    memcpy(&y, &bits, sizeof y);
    for (int i = 0; i < 5; i++) y = 0.5 * (y + x / y);
    return y;
}

static double polynomial(const double *c, int n, double x) {
    double sum = c[n - 1];
    for (int i = n - 2; i >= 0; i--) sum = sum * x + c[i];
    return sum;
}

/* Quantile of the normal distribution, full double precision (Wichura: Algorithm AS 241, PPND16; Applied Statistics 37, 1988). */
/* clang-format off */
static const double near_p[] = {3.3871328727963666080,     1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
static const double near_q[] = {1.0,                       4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                                2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3};
static const double middle_p[] = {1.42343711074968357734,     4.63033784615654529590,     5.76949722146069140550,    3.64784832476320460504,
                                  1.27045825245236838258,     2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double middle_q[] = {1.0,                        2.05319162663775882187,     1.67638483018380384940,    6.89767334985100004550e-1,
                                  1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
static const double far_p[] = {6.65790464350110377720,     5.46378491116411436990,     1.78482653991729133580,     2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_q[] = {1.0,                        5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                               7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};
/* clang-format on */

double normal_quantile(double p) {
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(near_p, 8, r) / polynomial(near_q, 8, r);
    }
    double r = own_sqrt(-own_log(q < 0 ? p : 1 - p));
    double x =
        r <= 5 ? polynomial(middle_p, 8, r - 1.6) / polynomial(middle_q, 8, r - 1.6) : polynomial(far_p, 8, r - 5) / polynomial(far_q, 8, r - 5);
    return q < 0 ? -x : x;
}

/* The half step keeps 0 and 1 out and the two tails alike. */
double rng_normal(struct rng *rng) { return normal_quantile(((double)(rng_u64(rng) >> 12) + 0.5) * 0x1p-52); }

void rng_shuffle_steps(struct rng *rng, int64_t *items, int64_t high, int64_t low) {
    for (int64_t i = high; i > low; i--) {
        int64_t j = (int64_t)rng_below(rng, (uint64_t)i + 1);
        int64_t kept = items[i];
        items[i] = items[j];
        items[j] = kept;
    }
}

void rng_shuffle(struct rng *rng, int64_t *items, int64_t n_items) { rng_shuffle_steps(rng, items, n_items - 1, 0); }
