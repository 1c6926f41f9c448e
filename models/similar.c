/* The items that a model finds most like one. */
#include <math.h>
#include <stdlib.h>

#include "models/fit.h"
#include "models/model.h"
#include "runtime/base/mem.h"
#include "runtime/device/ops.h"

static enum status never_fitted(const struct model *model, int32_t item, struct error *err) {
    struct buf label = BUF_INIT;
    err_set(err, ERR_VALUE, "`%s` knows nothing of %s: it has no row in what the model was fitted on", model->name,
            model_item_label(model, item, &label));
    buf_release(&label);
    return err_hint(err, "ask for an item with ratings in the training part, or fit on more data");
}

static enum status cosines(const struct model *model, const float *vectors, int64_t n_factors, int32_t item, float *out, struct error *err) {
    const float *own = vectors + item * n_factors;
    const float own_norm = sqrtf(dot_canonical(own, own, n_factors));
    if (own_norm == 0) return never_fitted(model, item, err);
    for (int64_t i = 0; i < model->catalog->n_items; i++) {
        const float *other = vectors + i * n_factors;
        const float norm = sqrtf(dot_canonical(other, other, n_factors));
        out[i] = norm == 0 ? 0 : dot_canonical(own, other, n_factors) / (own_norm * norm);
    }
    return OK;
}

static bool has_similar(const struct model_class *class) { return class->similar || class->vectors; }

static enum status cosine_of_vectors(const struct model *model, int32_t item, float *out, struct error *err) {
    struct mat *there, *here;
    if (!model->class->vectors) {
        err_set(err, ERR_VALUE, "`%s` has no item vectors, so it can't say which items are similar", model->name);
        return model_cannot(err, has_similar);
    }
    TRY(model->class->vectors(model, EMBED_ITEMS, &there, err));
    enum status status = mat_to(there, device_cpu(), &here, err);
    mat_unref(there);
    if (status != OK) return status;
    status = cosines(model, mat_values(here), mat_cols(here), item, out, err);
    mat_unref(here);
    return status;
}

enum status model_similarities(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) {
    if (model->class->similar) return model->class->similar(model, task, item, out, err);
    return cosine_of_vectors(model, item, out, err);
}

/* Kinds with a way of their own to compare may still know something of an item without rows: by what it is, say. */
static enum status check_known(const struct model *model, const float *scores, int32_t item, struct error *err) {
    bool known = false;
    for (int64_t i = 0; !known && i < model->catalog->n_items; i++) known = i != item && scores[i] != 0 && !isnan(scores[i]);
    if (known) return OK;
    int64_t *counts = model_counts(model, EMBED_ITEMS);
    known = counts[item] > 0;
    free(counts);
    return known ? OK : never_fitted(model, item, err);
}

static enum status best_similar(const struct model *model, struct task *task, int32_t item, float *scores, int64_t k, int32_t *out_items,
                                float *out_scores, struct error *err) {
    TRY(model_similarities(model, task, item, scores, err));
    TRY(check_known(model, scores, item, err));
    const int64_t skip_starts[] = {0, 1};
    return ops_top_k(task, scores, 1, model->catalog->n_items, skip_starts, &item, k, out_items, out_scores, err);
}

enum status model_similar(const struct model *model, struct task *task, int32_t item, int64_t k, int32_t *out_items, float *out_scores,
                          struct error *err) {
    float *scores;
    TRY(mem_try_array((size_t)model->catalog->n_items, "similarities", &scores, err));
    const enum status status = best_similar(model, task, item, scores, k, out_items, out_scores, err);
    mem_free(scores);
    return status;
}
