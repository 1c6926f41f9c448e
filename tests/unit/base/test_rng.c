#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "runtime/base/rng.h"

static void assert_block(uint32_t word, const uint32_t expected[4]) {
    struct rng rng = {.key = {word, word}, .counter = {word, word, word, word}, .used = 4};
    for (int i = 0; i < 4; i++) assert_int_equal(rng_u32(&rng), expected[i]);
}

/* The known answers of the authors of Philox4x32-10. */
static void known_answers(void **state) {
    (void)state;
    assert_block(0, (const uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    assert_block(UINT32_MAX, (const uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    struct rng pi = {.key = {0xa4093822, 0x299f31d0}, .counter = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, .used = 4};
    static const uint32_t expected[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    for (int i = 0; i < 4; i++) assert_int_equal(rng_u32(&pi), expected[i]);
}

static void streams_are_apart_and_repeat(void **state) {
    (void)state;
    struct rng a = rng_at(1, RNG_SPLIT, 5), again = rng_at(1, RNG_SPLIT, 5), other_seed = rng_at(2, RNG_SPLIT, 5);
    struct rng other_purpose = rng_at(1, RNG_FOLDS, 5), other_index = rng_at(1, RNG_SPLIT, 6);
    struct rng high_seed = rng_at(1 + (1ull << 32), RNG_SPLIT, 5), high_index = rng_at(1, RNG_SPLIT, 5 + (1ull << 32));
    int same[5] = {0};
    for (int i = 0; i < 1000; i++) {
        uint32_t x = rng_u32(&a);
        assert_int_equal(x, rng_u32(&again));
        same[0] += x == rng_u32(&other_seed);
        same[1] += x == rng_u32(&other_purpose);
        same[2] += x == rng_u32(&other_index);
        same[3] += x == rng_u32(&high_seed);
        same[4] += x == rng_u32(&high_index);
    }
    for (int i = 0; i < 5; i++) assert_true(same[i] <= 1);
}

/* The 2^32-th block of a stream must not begin a neighbour's. */
static void a_long_stream_goes_on(void **state) {
    (void)state;
    struct rng rng = rng_at(1, RNG_SPLIT, 0), next = rng_at(1, RNG_FOLDS, 0), start = rng_at(1, RNG_SPLIT, 0);
    rng.counter[0] = UINT32_MAX;
    for (int i = 0; i < 4; i++) rng_u32(&rng);
    uint32_t x = rng_u32(&rng);
    assert_true(x != rng_u32(&next) && x != rng_u32(&start));
}

static void bounds(void **state) {
    (void)state;
    struct rng rng = rng_at(3, RNG_USER, 0);
    int seen[7] = {0};
    for (int i = 0; i < 70000; i++) seen[rng_below(&rng, 7)]++;
    double chi2 = 0;
    for (int i = 0; i < 7; i++) chi2 += (seen[i] - 10000.0) * (seen[i] - 10000.0) / 10000.0;
    assert_true(chi2 < 22.5); /* 0.1 % of 6 degrees of freedom; the seed is fixed */
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rng_below(&rng, 1), 0);
        assert_true(rng_below(&rng, 3ull << 62) < 3ull << 62);
        assert_true(rng_below(&rng, UINT32_MAX) < UINT32_MAX);
        assert_true(rng_below(&rng, 1ull << 32) < 1ull << 32);
    }
    /* Large bounds use the upper bits too: two thirds lie below 2^63 of 3 * 2^62. */
    int low = 0;
    for (int i = 0; i < 30000; i++) low += rng_below(&rng, 3ull << 62) < 1ull << 63;
    assert_true(low > 19600 && low < 20400);
}

static void moments(void **state) {
    (void)state;
    enum { N = 1000000 };
    struct rng rng = rng_at(42, RNG_USER, 0);
    double sum = 0, square = 0;
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        sum += u;
        square += u * u;
    }
    assert_true(fabs(sum / N - 0.5) < 0.001 && fabs(square / N - 1.0 / 3) < 0.001);
    double m[5] = {0};
    int beyond = 0;
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&rng), power = 1;
        for (int j = 1; j <= 4; j++) m[j] += power *= x;
        beyond += fabs(x) > 1.959963984540054;
    }
    assert_true(fabs(m[1] / N) < 0.004 && fabs(m[2] / N - 1) < 0.006 && fabs(m[3] / N) < 0.015 && fabs(m[4] / N - 3) < 0.05);
    assert_true(fabs(beyond / (double)N - 0.05) < 0.001);
}

/* Feeds chosen bits: rng_normal takes the upper 52 of 64. */
static double normal_at(uint64_t bits) {
    struct rng rng = {.block = {(uint32_t)(bits << 12), (uint32_t)(bits << 12 >> 32)}, .used = 0};
    return rng_normal(&rng);
}

/* The quantile against libm's own distribution function, in both tails and the middle. */
static void quantiles(void **state) {
    (void)state;
    for (int e = 0; e <= 51; e++) {
        for (uint64_t low = 0; low < 3; low++) {
            uint64_t bits = ((1ull << e) + low * 12345) & 0xFFFFFFFFFFFFFull;
            double p = ((double)bits + 0.5) * 0x1p-52, x = normal_at(bits);
            double back = 0.5 * erfc(-x / sqrt(2));
            assert_true(fabs(back - p) <= 5e-14 * p);
        }
    }
    for (uint64_t bits = 0; bits < 4000; bits += 13) {
        uint64_t mirrored = 0xFFFFFFFFFFFFFull - (bits << 40);
        assert_true(fabs(normal_at(bits << 40) + normal_at(mirrored)) < 1e-9);
    }
    assert_true(normal_at(0) < -8.1 && normal_at(0) > -8.4 && normal_at(0xFFFFFFFFFFFFFull) > 8.1);
}

/* Models' numbers depend on these: they may never change. */
static void numbers_are_fixed(void **state) {
    (void)state;
    struct rng rng = rng_at(42, RNG_USER, 7);
    static const double uniform[] = {0.60754264927983403, 0.98437152316118548, 0.28374316263253063};
    static const double normal[] = {-0.36772010184455223, 1.046566305449141, -0.13724487361959065};
    for (int i = 0; i < 3; i++) assert_true(rng_uniform(&rng) == uniform[i]);
    for (int i = 0; i < 3; i++) assert_true(rng_normal(&rng) == normal[i]);
    static const uint64_t below[] = {142687, 351649, 548385};
    for (int i = 0; i < 3; i++) assert_int_equal(rng_below(&rng, 1000000), below[i]);
}

static void shuffles(void **state) {
    (void)state;
    int places[5][5] = {{0}};
    for (uint64_t round = 0; round < 10000; round++) {
        struct rng rng = rng_at(9, RNG_USER, round);
        int64_t items[5] = {0, 1, 2, 3, 4};
        rng_shuffle(&rng, items, 5);
        int64_t sum = 0;
        for (int i = 0; i < 5; i++) {
            places[items[i]][i]++;
            sum += 1 << items[i];
        }
        assert_int_equal(sum, 31);
    }
    for (int i = 0; i < 25; i++) assert_true(places[i / 5][i % 5] > 1850 && places[i / 5][i % 5] < 2150);
    struct rng rng = rng_at(9, RNG_USER, 0);
    rng_shuffle(&rng, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(streams_are_apart_and_repeat),
        cmocka_unit_test(a_long_stream_goes_on),
        cmocka_unit_test(bounds),
        cmocka_unit_test(moments),
        cmocka_unit_test(quantiles),
        cmocka_unit_test(numbers_are_fixed),
        cmocka_unit_test(shuffles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
