/* Which of a user's rows speak for an item, and how much. */
#include <math.h>
#include <stdlib.h>

#include "models/fit.h"
#include "models/model.h"
#include "runtime/base/mem.h"

struct part_of_score {
    int32_t item;
    float rating, weight;
};

static int heaviest_first(const void *a, const void *b) {
    const struct part_of_score *x = a, *y = b;
    const float p = fabsf(x->weight), q = fabsf(y->weight);
    if (p != q) return p > q ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* The user's rows that were fitted on, packed; returns their number. */
static int64_t fitted_rows(const struct model *model, int32_t user, int32_t *items, float *ratings) {
    const struct seen_row seen = model_seen(model, user);
    int64_t n = 0;
    for (int64_t i = 0; i < seen.n; i++) {
        if (isnan(seen.ratings[i])) continue;
        items[n] = seen.items[i];
        ratings[n++] = seen.ratings[i];
    }
    return n;
}

static void sort_parts(int32_t *items, float *ratings, float *weights, int64_t n) {
    struct part_of_score *parts = xnew_array(struct part_of_score, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) parts[i] = (struct part_of_score){items[i], ratings[i], weights[i]};
    qsort(parts, (size_t)n, sizeof *parts, heaviest_first);
    for (int64_t i = 0; i < n; i++) items[i] = parts[i].item, ratings[i] = parts[i].rating, weights[i] = parts[i].weight;
    free(parts);
}

static bool has_explain(const struct model_class *class) { return class->explain; }

enum status model_explain(const struct model *model, int32_t user, int32_t item, int32_t **out_items, float **out_ratings, float **out_weights,
                          int64_t *out_n, struct error *err) {
    if (!model->class->explain) {
        err_set(err, ERR_VALUE, "`%s` can't say which of a user's ratings made a score", model->name);
        return model_cannot(err, has_explain);
    }
    const size_t room = (size_t)model_seen(model, user).n + 1;
    int32_t *items = xnew_array(int32_t, room);
    float *ratings = xnew_array(float, room), *weights = xnew_array(float, room);
    const int64_t n = fitted_rows(model, user, items, ratings);
    const enum status status = model->class->explain(model, user, item, items, ratings, n, weights, err);
    if (status != OK) {
        free(items);
        free(ratings);
        free(weights);
        return status;
    }
    sort_parts(items, ratings, weights, n);
    *out_items = items;
    *out_ratings = ratings;
    *out_weights = weights;
    *out_n = n;
    return OK;
}
