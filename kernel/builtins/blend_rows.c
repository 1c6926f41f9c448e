/* blend: a model made of fitted models. */
#include "models/eval/blend_weights.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "kernel/builtins/context.h"
#include "kernel/builtins/judge_metrics.h"

struct parts {
    struct model *models[BLEND_PARTS_MAX]; /* borrowed from the call */
    size_t n;
};

static enum status read_parts(const struct call *call, struct parts *out, struct error *err) {
    const struct value list = arg(call, "models");
    out->n = seq_len(list);
    if (out->n < 2 || out->n > BLEND_PARTS_MAX)
        return arg_error("models", err, ERR_VALUE, "a blend has 2 to %d parts, not %zu", BLEND_PARTS_MAX, out->n);
    for (size_t i = 0; i < out->n; i++) out->models[i] = value_data(seq_item(list, i), &type_model);
    return OK;
}

static enum status read_weights(const struct call *call, size_t n, double *out, struct error *err) {
    const struct value list = arg(call, "weights");
    for (size_t i = 0; i < n; i++) out[i] = 1;
    if (arg_is_none(call, "weights")) return OK;
    if (seq_len(list) != n) return arg_error("weights", err, ERR_VALUE, "there are %zu weights for %zu models", seq_len(list), n);
    for (size_t i = 0; i < n; i++) out[i] = value_number(seq_item(list, i));
    return OK;
}

static const char *name_of(const struct call *call) { return arg_is_none(call, "name") ? NULL : arg_str(call, "name"); }

static enum status given_weights(const struct call *call, const struct parts *parts, struct model **out, struct error *err) {
    double weights[BLEND_PARTS_MAX];
    static const char *const only_for_valid[] = {"metric", "seed"};
    for (size_t i = 0; i < 2; i++)
        if (!arg_is_none(call, only_for_valid[i]))
            return arg_error(only_for_valid[i], err, ERR_VALUE, "without valid= nothing is chosen: %s= has no use", only_for_valid[i]);
    TRY(read_weights(call, parts->n, weights, err));
    return model_blend(call->task, parts->models, parts->n, weights, name_of(call), out, err);
}

static enum status chosen_weights(const struct call *call, const struct parts *parts, struct model **out, struct error *err) {
    struct judge_metrics metrics = {0};
    if (!arg_is_none(call, "weights")) return arg_error("weights", err, ERR_VALUE, "weights= gives them, valid= chooses them: say one of the two");
    enum status status = judge_metric(call, "metric", "ndcg@10", &metrics, err);
    if (status == OK && metrics.metrics[0].row->kind != METRIC_RANKING)
        status = arg_error("metric", err, ERR_VALUE, "a blend's scores order items and are no ratings: %s can't judge them", metrics.metrics[0].text);
    const struct blend_request request = {.parts = parts->models,
                                          .n_parts = parts->n,
                                          .valid = arg_data(call, "valid", &type_dataset),
                                          .metric = metrics.metrics,
                                          .seed = context_seed(call),
                                          .name = name_of(call),
                                          .task = call->task};
    if (status == OK) status = blend_chosen(&request, out, err);
    judge_metrics_release(&metrics);
    return status;
}

static enum status bi_blend(const struct call *call, struct value *out, struct error *err) {
    struct parts parts;
    struct model *model;
    TRY(read_parts(call, &parts, err));
    TRY(arg_is_none(call, "valid") ? given_weights(call, &parts, &model, err) : chosen_weights(call, &parts, &model, err));
    *out = value_model(model);
    return OK;
}

const struct builtin_row builtins_blend[] = {
    {.sigs = "blend(models: list[Model], *, weights: list[float] | None = None, valid: Dataset | None = None, metric: str | function | None = None, "
             "seed: int | None = None, name: str | None = None) -> Model",
     .group = "Classical",
     .summary = "Several models' scores, standardised per user and added up.",
     .notes = (const struct param_note[]){{"models", .doc = "fitted on the same part of the same split"},
                                          {"weights", .doc = "of the models, one each; None: all alike, or chosen on valid"},
                                          {"valid", .doc = "a part that the models haven't seen, to choose the weights on"},
                                          {"metric", .doc = "what valid judges; None: ndcg@10", .completes = "metric"},
                                          {"seed", .doc = "of the items drawn for valid where its split is judged so; None: the session's"},
                                          {"name", .doc = "what tables call it; None: the weights and the models' names"},
                                          {0}},
     .doc = "score(u, i) = Σ_m w_m (s_m(u, i) - mean_m(u)) / sd_m(u), mean and standard deviation over all items: scores of different models live on "
            "different scales. With valid= the weights are chosen in steps of a tenth; fit the models again on concat(train, valid) afterwards and "
            "give these weights.",
     .example = "train, test = split(implicit(synth()), by=\"leave_one_out\")\nb = blend([ease(train), slist(train)], weights=[0.6, 0.4])\n"
                "recommend(b, user=1, k=5)",
     .run = bi_blend,
     .other_names = "ensemble, fuse (ranx), VotingRegressor (scikit-learn)"},
    {0},
};
