#include "models/eval/blend_weights.h"

#include <stdlib.h>
#include <string.h>

#include "models/fit.h"

enum { STEPS = 10 };

struct choosing {
    const struct blend_request *request;
    struct model *blend; /* of any weights: its standardisation serves all */
    double weights[BLEND_PARTS_MAX], best;
    bool any;
};

static bool is_better(const struct choosing *choosing, double value) {
    if (!choosing->any) return true;
    return choosing->request->metric->row->larger_is_better ? value > choosing->best : value < choosing->best;
}

static enum status try_weights(struct choosing *choosing, const double *weights, struct error *err) {
    const struct blend_request *request = choosing->request;
    const struct protocol protocol = protocol_for_valid(request->valid, request->seed);
    struct model *model;
    double value;
    TRY(model_blend_again(choosing->blend, weights, NULL, &model, err));
    const enum status status = evaluate_one(model, request->valid, request->metric, &protocol, request->task, &value, err);
    model_unref(model);
    if (status != OK) return status;
    if (is_better(choosing, value)) {
        memcpy(choosing->weights, weights, request->n_parts * sizeof *weights);
        choosing->best = value;
        choosing->any = true;
    }
    return OK;
}

/* Part p in every share beside what was best before. */
static enum status mix_in(struct choosing *choosing, size_t p, struct error *err) {
    double before[BLEND_PARTS_MAX], tried[BLEND_PARTS_MAX];
    const size_t n = choosing->request->n_parts;
    memcpy(before, choosing->weights, n * sizeof *before);
    for (int step = choosing->any ? 1 : 0; step <= STEPS; step++) {
        const double share = (double)step / STEPS;
        for (size_t i = 0; i < n; i++) tried[i] = (1 - share) * before[i] + (i == p ? share : 0);
        TRY(try_weights(choosing, tried, err));
        task_advance(choosing->request->task, 1);
        task_report(choosing->request->task, -1, "%s", "");
    }
    return OK;
}

static enum status choose(struct choosing *choosing, struct error *err) {
    const size_t n = choosing->request->n_parts;
    choosing->weights[0] = 1;
    for (size_t p = 1; p < n; p++) TRY(mix_in(choosing, p, err));
    for (size_t p = 0; n > 2 && p < n; p++) TRY(mix_in(choosing, p, err));
    return OK;
}

static enum status check_rows(const struct blend_request *request, struct error *err) {
    for (size_t p = 0; p < request->n_parts; p++) {
        const struct model *part = request->parts[p];
        const int64_t n = part->fitted.data ? dataset_overlap(part->fitted.data, request->valid) : 0;
        if (n == 0) continue;
        err_set(err, ERR_LEAK, "%lld of the rows of valid are in what `%s` was fitted on", (long long)n, part->name);
        err_hint(err, "fit the parts on train alone to choose the weights; then fit them on concat(train, valid) and give these weights");
        return err_about(err, "valid");
    }
    return OK;
}

enum status blend_chosen(const struct blend_request *request, struct model **out, struct error *err) {
    struct choosing choosing = {.request = request};
    double equal[BLEND_PARTS_MAX];
    for (size_t p = 0; p < BLEND_PARTS_MAX; p++) equal[p] = 1;
    TRY(check_rows(request, err));
    TRY(model_blend(request->task, request->parts, request->n_parts, equal, NULL, &choosing.blend, err));
    task_begin(request->task, "weights", "blend", 0);
    enum status status = choose(&choosing, err);
    task_end(request->task, status == ERR_INTERRUPTED);
    if (status == OK) status = model_blend_again(choosing.blend, choosing.weights, request->name, out, err);
    if (status == OK) {
        const struct met_rows rows = met_rows_of(request->valid);
        model_add_chosen(*out, &rows);
    }
    model_unref(choosing.blend);
    return status;
}
