/* Partial selection of the k best scores. A threshold comes first: the k-th best
 * of some 4 k group maxima, which at least k scores reach and few more; keys of
 * those are gathered and sorted. Ties can bring more: then the buffer is cut
 * back to k and the threshold rises. Partitions have no branch to mispredict. */
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

/* The next float32 below, for a test by > that lets x itself pass. -inf stays. */
static float just_below(float x) {
    uint32_t order = el_order(x);
    if (!(x > -INFINITY)) return x;
    return best_score((uint64_t)(order + (order == 0x7fffffffu ? 2 : 1)) << 32); /* 0 is followed by -0, its equal */
}

/* A score that at least k of them exceed and not many more; -inf when that isn't worth a look. Group j: columns j, j + n_groups, … */
static float first_threshold(const float *restrict scores, int64_t n, int64_t k, uint64_t *keys) {
    int64_t size = (n + 4 * k - 1) / (4 * k), n_groups = n / size;
    float *restrict most = (float *)(keys + best_keys(k));
    if (size < 2) return -INFINITY;
    for (int64_t j = 0; j < n_groups; j++) most[j] = -INFINITY;
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < n_groups; j++) most[j] = scores[i * n_groups + j] > most[j] ? scores[i * n_groups + j] : most[j];
    for (int64_t j = 0; j < n_groups; j++) keys[j] = best_key(most[j], j);
    return just_below(cut_back(keys, n_groups, k));
}

enum { STRIDE = 8 };

int64_t HOT(best_of)(const float *scores, int64_t n, int64_t k, uint64_t *keys) {
    if (k < 1) return 0;
    int64_t room = best_keys(k), n_keys = 0, i = 0;
    float threshold = first_threshold(scores, n, k, keys);
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
    if (n_keys > 2 * k) {
        select_smallest(keys, n_keys, k);
        n_keys = k;
    }
    sort_keys(keys, n_keys);
    return n_keys < k ? n_keys : k;
}

void HOT(best_sort)(uint64_t *keys, int64_t n) { sort_keys(keys, n); }
