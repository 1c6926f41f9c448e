#include "plots/projection/select.h"

#include <math.h>
#include <stdlib.h>

static int before(const struct near *a, const struct near *b) { return a->value != b->value ? a->value < b->value : a->index < b->index; }

static int compare(const void *a, const void *b) { return before(a, b) ? -1 : before(b, a) ? 1 : 0; }

/* Hoare's selection: afterwards the k least stand in front, in any order. */
static void partition_front(struct near *items, int64_t n, int64_t k) {
    int64_t low = 0, high = n - 1;
    while (low < high) {
        struct near pivot = items[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (before(&items[i], &pivot)) i++;
            while (before(&pivot, &items[j])) j--;
            if (i > j) break;
            struct near swap = items[i];
            items[i++] = items[j];
            items[j--] = swap;
        }
        if (k - 1 <= j) high = j;
        else if (k - 1 >= i) low = i;
        else return;
    }
}

int64_t select_near(const float *values, int64_t n, int64_t skip, int64_t k, struct near *room) {
    int64_t held = 0, cap = 2 * k + 64;
    float limit = INFINITY;
    for (int64_t j = 0; j < n; j++) {
        if (values[j] > limit || j == skip) continue;
        room[held++] = (struct near){values[j], (int32_t)j};
        if (held < cap) continue;
        partition_front(room, held, k);
        held = k;
        limit = room[0].value;
        for (int64_t i = 1; i < k; i++) limit = fmaxf(limit, room[i].value);
    }
    if (held > k) partition_front(room, held, k);
    if (held > k) held = k;
    qsort(room, (size_t)held, sizeof *room, compare);
    return held;
}
