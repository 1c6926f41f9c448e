/* Partial selection of the k best scores: keys above a rising threshold are
 * gathered, and cut back to k by quickselect when the buffer is full. */
#include "runtime/device/elem.h"
#include "runtime/device/hot_functions.h"

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

/* Median of three at the front, then Hoare's partition: returns the last index of the lower part. */
static int64_t partition(uint64_t *keys, int64_t n) {
    if (keys[n / 2] < keys[0]) swap(&keys[n / 2], &keys[0]);
    if (keys[n - 1] < keys[0]) swap(&keys[n - 1], &keys[0]);
    if (keys[n - 1] < keys[n / 2]) swap(&keys[n - 1], &keys[n / 2]);
    uint64_t pivot = keys[n / 2];
    int64_t i = -1, j = n;
    for (;;) {
        do i++;
        while (keys[i] < pivot);
        do j--;
        while (keys[j] > pivot);
        if (i >= j) return j;
        swap(&keys[i], &keys[j]);
    }
}

/* The k smallest keys first, in any order. */
static void select_smallest(uint64_t *keys, int64_t n, int64_t k) {
    while (n > 16 && k > 0 && k < n) {
        int64_t lower = partition(keys, n) + 1;
        if (k <= lower) {
            n = lower;
        } else {
            keys += lower;
            n -= lower;
            k -= lower;
        }
    }
    if (k > 0 && k < n) insertion_sort(keys, n);
}

static void sort_keys(uint64_t *keys, int64_t n) {
    while (n > 24) { /* recurse into the smaller side: depth stays logarithmic */
        int64_t lower = partition(keys, n) + 1;
        if (lower < n - lower) {
            sort_keys(keys, lower);
            keys += lower;
            n -= lower;
        } else {
            sort_keys(keys + lower, n - lower);
            n = lower;
        }
    }
    insertion_sort(keys, n);
}

static float score_of(uint64_t key) {
    uint32_t order = (uint32_t)(key >> 32);
    union {
        uint32_t u;
        float f;
    } bits = {order & 0x80000000u ? order : ~(order | 0x80000000u)};
    return bits.f;
}

static float cut_back(uint64_t *keys, int64_t n, int64_t k) {
    select_smallest(keys, n, k);
    uint64_t worst = keys[0];
    for (int64_t i = 1; i < k; i++) worst = keys[i] > worst ? keys[i] : worst;
    return score_of(worst);
}

void HOT(best_sort)(uint64_t *keys, int64_t n) { sort_keys(keys, n); }

int64_t HOT(best_of)(const float *scores, int64_t n, int64_t k, uint64_t *keys) {
    enum { STRIDE = 32 };
    int64_t room = best_room(k), n_keys = 0, i = 0;
    float threshold = -__builtin_inff();
    for (; i + STRIDE <= n; i += STRIDE) {
        int wins = 0;
        for (int j = 0; j < STRIDE; j++) wins |= scores[i + j] > threshold;
        if (!wins) continue;
        for (int j = 0; j < STRIDE; j++) {
            keys[n_keys] = best_key(scores[i + j], i + j);
            n_keys += scores[i + j] > threshold;
        }
        if (n_keys + STRIDE >= room) {
            threshold = cut_back(keys, n_keys, k);
            n_keys = k;
        }
    }
    for (; i < n; i++) {
        keys[n_keys] = best_key(scores[i], i);
        n_keys += scores[i] > threshold;
    }
    if (n_keys > k) {
        select_smallest(keys, n_keys, k);
        n_keys = k;
    }
    sort_keys(keys, n_keys);
    return n_keys;
}
