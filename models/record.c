#include "models/record.h"

#include <math.h>
#include <stdio.h>

static void add_params(const struct model *model, struct buf *out) {
    params_text(model->class, &model->params, true, out);
    if (model->class->iterative) buf_addf(out, "%sepochs=%lld", out->len ? ", " : "", (long long)model->common.epochs);
}

static void tell(struct task *task, const struct model *model, struct dataset *data, struct run_record *run) {
    const struct split *split = dataset_split(data);
    struct buf params = BUF_INIT;
    add_params(model, &params);
    run->model = model->name;
    run->builtin = model->class->name;
    run->params = buf_text(&params);
    run->data = dataset_name(data);
    run->split = split ? split->description : NULL;
    run->fingerprint = dataset_fingerprint(data);
    run->device = model->place;
    run->seed = model->common.seed;
    run->epoch = model_epochs(model);
    task_record(task, run);
    buf_release(&params);
}

/* Of the epoch that was kept; NaN: nothing was measured. */
static double kept_value(const struct model *model) {
    for (int64_t i = 0; model->best_epoch && i < model->n_history; i++)
        if (model->history[i].epoch == model->best_epoch) return model->history[i].valid;
    return (double)NAN;
}

void record_fit(const struct fit_request *request, const struct model *model) {
    char train[64], valid[64];
    struct run_metric metrics[2];
    struct run_record run = {.kind = RUN_FIT, .metrics = metrics, .seconds = model->seconds - (request->start ? request->start->seconds : 0)};
    if (!task_records(request->task)) return;
    if (model->n_history) {
        snprintf(train, sizeof train, "train_%s", model->class->loss ? model->class->loss : "loss");
        metrics[run.n_metrics++] = (struct run_metric){train, model->history[model->n_history - 1].train};
    }
    if (!isnan(kept_value(model))) {
        snprintf(valid, sizeof valid, "valid_%s", model->monitor);
        metrics[run.n_metrics++] = (struct run_metric){valid, kept_value(model)};
    }
    tell(request->task, model, request->data, &run);
}

void record_judgement(struct task *task, const struct judgement *judgement) {
    struct run_record run = {.kind = RUN_EVALUATE,
                             .metrics = judgement->metrics,
                             .n_metrics = judgement->n_metrics,
                             .protocol = judgement->protocol,
                             .seconds = judgement->seconds};
    if (task_records(task)) tell(task, judgement->model, judgement->judged, &run);
}
