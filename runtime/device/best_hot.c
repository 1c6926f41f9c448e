/* Partial selection of the k best scores. A threshold comes first: the k-th best
 * of some 4 k group maxima, which at least k scores reach and few more; keys of
 * those are gathered and sorted. Ties can bring more: then the buffer is cut
 * back to k and the threshold rises. Partitions have no branch to mispredict. */
#include "runtime/device/elem.h"
#include "runtime/device/hot_functions.h"

#if HOT_LEVEL >= 4 && defined(__AVX512F__)
#include <immintrin.h>
#endif

static void swap(uint64_t *a, uint64_t *b) {
    uint64_t old = *a;
    *a = *b;
    *b = old;
}

static void insertion_sort(uint64_t *keys, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        int64_t j = i;
        for (; j > 0 && keys[j - 1] > key; j--) keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

/* Lomuto's partition round the median of three; every element is swapped, needed or not. Returns where the pivot ended: smaller keys stand before. */
static int64_t partition(uint64_t *keys, int64_t n) {
    if (keys[n / 2] < keys[0]) swap(&keys[n / 2], &keys[0]);
    if (keys[n - 1] < keys[0]) swap(&keys[n - 1], &keys[0]);
    if (keys[n / 2] < keys[n - 1]) swap(&keys[n / 2], &keys[n - 1]);
    uint64_t pivot = keys[n - 1];
    int64_t lower = 0;
    for (int64_t i = 0; i < n - 1; i++) {
        uint64_t key = keys[i];
        keys[i] = keys[lower];
        keys[lower] = key;
        lower += key < pivot;
    }
    swap(&keys[lower], &keys[n - 1]);
    return lower;
}

/* The k smallest keys first, in any order. */
static void select_smallest(uint64_t *keys, int64_t n, int64_t k) {
    while (n > 16 && k > 0 && k < n) {
        int64_t lower = partition(keys, n);
        if (k <= lower) {
            n = lower;
        } else {
            keys += lower + 1;
            n -= lower + 1;
            k -= lower + 1;
        }
    }
    if (k > 0 && k < n) insertion_sort(keys, n);
}

static void sort_keys(uint64_t *keys, int64_t n) {
    while (n > 16) { /* recurse into the smaller side: depth stays logarithmic */
        int64_t lower = partition(keys, n), upper = n - lower - 1;
        if (lower < upper) {
            sort_keys(keys, lower);
            keys += lower + 1;
            n = upper;
        } else {
            sort_keys(keys + lower + 1, upper);
            n = lower;
        }
    }
    insertion_sort(keys, n);
}

/* The worst score of the k smallest keys, which come first. */
static float cut_back(uint64_t *keys, int64_t n, int64_t k) {
    select_smallest(keys, n, k);
    uint64_t worst = keys[0];
    for (int64_t i = 1; i < k; i++) worst = keys[i] > worst ? keys[i] : worst;
    return best_score(worst);
}

/* Floats as whole numbers in the same order; -0 below 0, though they are equal: comparing is done as floats. */
static int32_t as_int(float x) {
    const int32_t bits = (int32_t)el_bits(x);
    return bits ^ (bits >> 31 & 0x7fffffff);
}

static float as_float(int32_t i) { return el_float((uint32_t)(i ^ (i >> 31 & 0x7fffffff))); }

static int32_t n_above(const float *restrict x, int64_t n, float threshold) {
    int32_t count = 0;
    for (int64_t j = 0; j < n; j++) count += x[j] > threshold;
    return count;
}

/* A number that at least k of the n exceed and hardly more, by halving; -inf when there is none. */
static float exceeded_by(const float *restrict x, int64_t n, int64_t k) {
    float least = x[0], most = x[0];
    for (int64_t j = 0; j < n; j++) {
        least = x[j] < least ? x[j] : least;
        most = x[j] > most ? x[j] : most;
    }
    if (n_above(x, n, -INFINITY) < k) return -INFINITY;
    int64_t low = least > -INFINITY ? as_int(least) - (least == 0.0f ? 2 : 1) : as_int(-INFINITY), high = as_int(most);
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        const int32_t count = n_above(x, n, as_float((int32_t)middle));
        if (count < k) {
            high = middle;
            continue;
        }
        low = middle;
        if (count <= k + k / 16) break;
    }
    return as_float((int32_t)low);
}

/* A score that at least k of them exceed and not many more; -inf when that isn't worth a look. Group j: columns j, j + n_groups, … */
static float first_threshold(const float *restrict scores, int64_t n, int64_t k, uint64_t *keys) {
    int64_t size = (n + 4 * k - 1) / (4 * k), n_groups = n / size;
    float *restrict most = (float *)(keys + best_keys(k));
    if (size < 2) return -INFINITY;
    for (int64_t j = 0; j < n_groups; j++) most[j] = -INFINITY;
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < n_groups; j++) most[j] = scores[i * n_groups + j] > most[j] ? scores[i * n_groups + j] : most[j];
    return exceeded_by(most, n_groups, k);
}

enum { STRIDE = 16 };

/* Keys of those of STRIDE scores that exceed the threshold, onto keys, which have room for all; returns how many. */
#if HOT_LEVEL >= 4 && defined(__AVX512F__)
static inline int64_t add_keys(const float *scores, int64_t col, float threshold, uint64_t *keys) {
    const __m512 x = _mm512_loadu_ps(scores);
    const __mmask16 wins = _mm512_cmp_ps_mask(x, _mm512_set1_ps(threshold), _CMP_GT_OQ);
    const __m512i raw = _mm512_castps_si512(x), minus_zero = _mm512_set1_epi32(INT32_MIN);
    const __m512i bits = _mm512_maskz_mov_epi32(_mm512_cmpneq_epi32_mask(raw, minus_zero), raw); /* -0 becomes 0, its equal */
    const __m512i order = _mm512_mask_xor_epi32(bits, ~_mm512_movepi32_mask(bits), bits, _mm512_set1_epi32(0x7fffffff));
    const __m512i cols = _mm512_add_epi32(_mm512_set1_epi32((int32_t)col), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m512i orders = _mm512_maskz_compress_epi32(wins, order), places = _mm512_maskz_compress_epi32(wins, cols);
    for (int half = 0; half < 2; half++) {
        const __m256i o = half ? _mm512_extracti64x4_epi64(orders, 1) : _mm512_castsi512_si256(orders);
        const __m256i c = half ? _mm512_extracti64x4_epi64(places, 1) : _mm512_castsi512_si256(places);
        _mm512_storeu_si512(keys + 8 * half, _mm512_or_si512(_mm512_slli_epi64(_mm512_cvtepu32_epi64(o), 32), _mm512_cvtepu32_epi64(c)));
    }
    return __builtin_popcount(wins);
}
#else
static inline int64_t add_keys(const float *scores, int64_t col, float threshold, uint64_t *keys) {
    int wins = 0;
    int64_t n = 0;
    for (int j = 0; j < STRIDE; j++) wins |= scores[j] > threshold;
    if (!wins) return 0;
    for (int j = 0; j < STRIDE; j++) {
        keys[n] = best_key(scores[j], col + j);
        n += scores[j] > threshold;
    }
    return n;
}
#endif

int64_t HOT(best_gather)(const float *scores, int64_t n, int64_t k, uint64_t *keys, float *out_threshold) {
    int64_t room = best_keys(k), n_keys = 0, i = 0;
    float threshold = first_threshold(scores, n, k, keys);
    for (; i + STRIDE <= n; i += STRIDE) {
        n_keys += add_keys(scores + i, i, threshold, keys + n_keys);
        if (n_keys + 2 * STRIDE > room) {
            threshold = cut_back(keys, n_keys, k);
            n_keys = k;
        }
    }
    for (; i < n; i++) {
        keys[n_keys] = best_key(scores[i], i);
        n_keys += scores[i] > threshold;
    }
    if (n_keys > 2 * k) {
        threshold = cut_back(keys, n_keys, k);
        n_keys = k;
    }
    *out_threshold = threshold;
    return n_keys;
}

int64_t HOT(best_of)(const float *scores, int64_t n, int64_t k, uint64_t *keys) {
    float threshold;
    if (k < 1) return 0;
    int64_t n_keys = HOT(best_gather)(scores, n, k, keys, &threshold);
    sort_keys(keys, n_keys);
    return n_keys < k ? n_keys : k;
}

void HOT(best_sort)(uint64_t *keys, int64_t n) { sort_keys(keys, n); }

float HOT(best_cut)(uint64_t *keys, int64_t n, int64_t k) { return cut_back(keys, n, k); }
