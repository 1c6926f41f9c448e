/* What rank.c and rank_sampled.c share. */
#ifndef RECKON_RANK_LISTS_H
#define RECKON_RANK_LISTS_H

#include "models/eval/rank.h"
#include "models/eval/truth.h"

/* Where item stands in the ascending items[first … end), or -1. */
static inline int64_t find_item(const int32_t *items, int64_t first, int64_t end, int32_t item) {
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (items[middle] == item) return middle;
        if (items[middle] < item) first = middle + 1;
        else end = middle;
    }
    return -1;
}

/* On the progress line over users, where there is one. Without a label judging is a step of a fit or a sweep, whose own counts stay. */
static inline void rank_report(const struct rank_request *request, int64_t users) {
    if (request->label) task_report(request->task, users, "%s", "");
}

/* Each held-out row among the protocol's negatives: fills ranked->values, a user's value being the mean over his rows. */
enum status rank_sampled(const struct rank_request *request, const struct truth *truth, struct ranked *ranked, struct error *err) MUST_CHECK;

#endif
