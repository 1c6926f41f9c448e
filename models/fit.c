#include "models/fit.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/metrics.h"
#include "models/record.h"
#include "runtime/base/mem.h"

/* --- parameters of a request --- */

static union param_value param(const struct fit_request *request, const struct model *model, const char *name, enum param_type type) {
    const int row = params_find(model->class, name);
    assert(row >= 0 && model->class->params[row].type == type);
    (void)type;
    return request->params->values[row];
}

int64_t fit_int(const struct fit_request *request, const struct model *model, const char *name) { return param(request, model, name, PARAM_INT).i; }
double fit_float(const struct fit_request *request, const struct model *model, const char *name) {
    return param(request, model, name, PARAM_FLOAT).f;
}
bool fit_bool(const struct fit_request *request, const struct model *model, const char *name) { return param(request, model, name, PARAM_BOOL).b; }
const char *fit_str(const struct fit_request *request, const struct model *model, const char *name) {
    return param(request, model, name, PARAM_STR).s;
}

static bool is_for_implicit(const struct model_class *class) { return !class->predicts_ratings; }

enum status fit_wants_ratings(const struct fit_request *request, const struct model *model, const char *advice, struct error *err) {
    if (dataset_is_explicit(request->data)) return OK;
    err_set(err, ERR_VALUE, "%s learns from ratings, but `%s` is implicit: its rows carry no ratings to predict", model->class->name,
            dataset_name(request->data));
    struct buf names = BUF_INIT;
    if (!advice) model_names(is_for_implicit, &names);
    if (advice) err_hint(err, "%s", advice);
    else err_hint(err, "%s learn from implicit data", buf_text(&names));
    buf_release(&names);
    return err_about(err, "train");
}

/* --- the loop of iterative models --- */

struct loop {
    const struct fit_request *request;
    struct model *model;
    const struct fit_steps *steps;
    void *trainer;
    void *last, *best; /* frozen states, owned; may be the same one */
    double best_value;
    bool larger_is_better;
    int64_t first, end; /* epochs first … end - 1 */
};

static void keep_state(struct loop *loop, void *state, bool better) {
    void *old_last = loop->last, *old_best = loop->best;
    loop->last = state;
    if (better) loop->best = state;
    if (old_last && old_last != loop->best) loop->model->class->free_state(old_last);
    if (old_best && old_best != loop->best && old_best != old_last) loop->model->class->free_state(old_best);
}

/* The states end in the model: the best with a judge, else the last. */
static void settle(struct loop *loop) {
    void *chosen = loop->best ? loop->best : loop->last;
    if (loop->last && loop->last != chosen) loop->model->class->free_state(loop->last);
    loop->model->state = chosen;
    loop->last = loop->best = NULL;
}

static bool is_better(const struct loop *loop, double value) {
    if (!loop->best) return true;
    return loop->larger_is_better ? value > loop->best_value : value < loop->best_value;
}

static enum status judge(struct loop *loop, void *state, double *out, struct error *err) {
    loop->model->state = state;
    const enum status status = loop->request->judge(loop->request->judge_ctx, loop->model, out, err);
    loop->model->state = NULL;
    if (status == OK && isnan(*out)) return err_set(err, ERR_NUMERIC, "`%s` gave no number on the validation part", loop->model->monitor);
    return status;
}

static void add_history(struct model *model, struct epoch_row row) {
    model->history = xrealloc(model->history, (size_t)(model->n_history + 1) * sizeof *model->history);
    model->history[model->n_history++] = row;
}

static void report(const struct loop *loop, const struct epoch_row *row) {
    const struct fit_request *request = loop->request;
    if (!request->common.verbose) return;
    const char *loss = loop->model->class->loss;
    const int64_t done = row->epoch - loop->first + 1;
    if (isnan(row->valid)) task_report(request->task, done, "train_%s %.4f", loss, row->train);
    else task_report(request->task, done, "train_%s %.4f  valid_%s %.4f", loss, row->train, loop->model->monitor, row->valid);
}

static enum status diverged(const struct loop *loop, int64_t epoch, struct error *err) {
    err_set(err, ERR_NUMERIC, "%s diverged in epoch %lld: its training %s is not a number any more", loop->model->class->name, (long long)epoch,
            loop->model->class->loss);
    return err_hint(err, "a smaller learning rate or more regularisation keeps it in bounds%s",
                    params_find(loop->model->class, "lr") >= 0 ? ": try a tenth of lr" : "");
}

static enum status one_epoch(struct loop *loop, int64_t epoch, struct error *err) {
    const struct fit_request *request = loop->request;
    struct epoch_row row = {.epoch = epoch, .valid = NAN};
    void *state;
    const double start_s = task_now_s(request->task);
    TRY(loop->steps->epoch(loop->trainer, epoch, &row.train, err));
    if (!isfinite(row.train)) return diverged(loop, epoch, err);
    TRY(loop->steps->publish(loop->trainer, &state, err));
    bool better = false;
    if (request->judge) {
        const enum status status = judge(loop, state, &row.valid, err);
        if (status != OK) {
            loop->model->class->free_state(state);
            return status;
        }
        better = is_better(loop, row.valid);
    }
    keep_state(loop, state, better);
    if (better) loop->best_value = row.valid, loop->model->best_epoch = epoch;
    row.seconds = task_now_s(request->task) - start_s;
    add_history(loop->model, row);
    report(loop, &row);
    return task_check(request->task, err);
}

static enum status choose_monitor(struct loop *loop, struct error *err) {
    struct metric metric;
    TRY(metric_parse(loop->request->common.monitor, 0, &metric, err));
    loop->larger_is_better = metric.row->larger_is_better;
    snprintf(loop->model->monitor, sizeof loop->model->monitor, "%.31s", metric.text);
    return OK;
}

/* Going on with a judge: what there was counts as a candidate, so that going on never makes a model worse on valid. */
static enum status judge_start(struct loop *loop, struct error *err) {
    void *state;
    double value;
    if (loop->first == 1) return OK;
    TRY(loop->steps->publish(loop->trainer, &state, err));
    const enum status status = judge(loop, state, &value, err);
    if (status != OK) {
        loop->model->class->free_state(state);
        return status;
    }
    keep_state(loop, state, true);
    loop->best_value = value;
    loop->model->best_epoch = loop->first - 1;
    return OK;
}

static enum status run(struct loop *loop, struct error *err) {
    const struct fit_request *request = loop->request;
    loop->model->best_epoch = 0;
    if (request->judge) {
        TRY(choose_monitor(loop, err));
        TRY(judge_start(loop, err));
    }
    for (int64_t epoch = loop->first; epoch < loop->end; epoch++) {
        TRY(one_epoch(loop, epoch, err));
        if (request->judge && epoch - loop->model->best_epoch >= request->common.patience) break;
    }
    return OK;
}

enum status fit_epochs(const struct fit_request *request, struct model *model, const struct fit_steps *steps, void *trainer, struct error *err) {
    const int64_t done = request->start ? model_epochs(request->start) : 0;
    struct loop loop = {
        .request = request, .model = model, .steps = steps, .trainer = trainer, .first = done + 1, .end = done + 1 + request->common.epochs};
    while (model->n_history && model->history[model->n_history - 1].epoch > done) model->n_history--;
    if (request->common.verbose) task_begin(request->task, model->name, "epoch", request->common.epochs);
    const enum status status = run(&loop, err);
    if (request->common.verbose) task_end(request->task, status == ERR_INTERRUPTED);
    settle(&loop);
    return status;
}

/* --- one fit --- */

static enum status check_start(const struct model_class *class, const struct fit_request *request, struct error *err) {
    const struct model *start = request->start;
    if (!start) return OK;
    if (!class->iterative) {
        err_set(err, ERR_VALUE, "`%s` is fitted in one go: there are no epochs to go on with", start->name);
        return err_hint(err, "fit(%s(), data) fits it afresh", class->name);
    }
    if (start->class != class)
        return err_set(err, ERR_VALUE, "%s can't go on from `%s`: its kind is %s", class->name, start->name, start->class->name);
    if (start->default_user == FOLDED_USER || start->n_folded_items)
        return err_set(err, ERR_VALUE, "can't go on from a model made by fold_in: go on from the one it was made of");
    if (!catalog_same(start->catalog, dataset_catalog(request->data))) {
        err_set(err, ERR_VALUE, "`%s` knows other users and items than `%s`", start->name, dataset_name(request->data));
        err_hint(err, "going on needs the catalogue that the model was fitted with; fit afresh instead");
        return err_about(err, "train");
    }
    return OK;
}

static enum status check(const struct model_class *class, const struct fit_request *request, struct error *err) {
    if (dataset_n(request->data) == 0) return err_set(err, ERR_DATA, "`%s` has no rows to fit %s on", dataset_name(request->data), class->name);
    if (request->common.epochs < 0) return err_set(err, ERR_VALUE, "epochs must be at least 1, not %lld", (long long)request->common.epochs);
    if (request->common.valid && !class->iterative)
        return err_set(err, ERR_VALUE, "%s is fitted in one go: it has no epochs to stop early, so valid= has no use", class->name);
    if (request->common.valid && request->common.patience < 1)
        return err_set(err, ERR_VALUE, "patience must be at least 1, not %lld", (long long)request->common.patience);
    TRY(check_start(class, request, err));
    return params_check(class, request->params, err);
}

/* Everything but the state. */
static enum status new_model(const struct model_class *class, const struct fit_request *request, struct model **out, struct error *err) {
    struct dataset *data = request->data;
    struct model *model = xnew(struct model);
    model->count = 1;
    model->class = class;
    model->params = *request->params;
    model->common = request->common;
    model->common.valid = NULL;
    model->common.name = model->common.monitor = NULL;
    model->name = xstrdup(request->common.name ? request->common.name : class->name);
    model->catalog = catalog_ref(dataset_catalog(data));
    model->fitted = met_rows_of(dataset_ref(data));
    model->n_fitted = dataset_n(data);
    dataset_scale(data, &model->scale_min, &model->scale_max);
    model->is_explicit = dataset_is_explicit(data);
    model->default_user = -1;
    snprintf(model->place, sizeof model->place, "%s", device_place(request->device));
    const enum status status = model_fill_seen(model, data, err);
    if (status == OK) *out = model;
    else model_unref(model);
    return status;
}

static void go_on_from(struct model *model, const struct model *start) {
    model->seconds = start->seconds;
    model->n_history = start->n_history;
    model->history = start->n_history ? xmemdup(start->history, (size_t)start->n_history * sizeof *start->history) : NULL;
    memcpy(model->monitor, start->monitor, sizeof model->monitor);
    for (size_t i = 0; i < start->n_chosen_on; i++) model_add_chosen(model, &start->chosen_on[i]);
    if (model->fitted.split_id == start->fitted.split_id)
        model->fitted.part |= start->fitted.part; /* what was learned there isn't forgotten: see leaks */
}

/* A class that the device doesn't carry runs on the CPU. */
static struct device *device_for(const struct model_class *class, struct device *wanted) {
    if (!wanted || device_is_cpu(wanted) || !strstr(class->devices, "cuda")) return device_cpu();
    return wanted;
}

enum status model_fit(const struct model_class *class, const struct fit_request *asked, struct model **out, struct error *err) {
    struct fit_request request = *asked;
    struct model *model;
    TRY(check(class, &request, err));
    request.device = device_for(class, request.device);
    if (class->iterative && request.common.epochs == 0) request.common.epochs = class->default_epochs;
    const double start_s = task_now_s(request.task);
    TRY(new_model(class, &request, &model, err));
    if (request.start) go_on_from(model, request.start);
    struct dataset *const choosers[] = {request.common.valid, request.tuned_on};
    for (size_t i = 0; i < sizeof choosers / sizeof *choosers; i++) {
        if (!choosers[i]) continue;
        const struct met_rows rows = met_rows_of(choosers[i]);
        model_add_chosen(model, &rows);
    }
    if (!request.common.verbose) task_begin(request.task, NULL, NULL, 0); /* none of its steps shows */
    const enum status status = class->fit(&request, model, err);
    if (!request.common.verbose) task_end(request.task, status == ERR_INTERRUPTED);
    model->seconds += task_now_s(request.task) - start_s;
    if (status == OK) {
        record_fit(&request, model);
        *out = model;
        return OK;
    }
    if (status == ERR_INTERRUPTED && model->state) task_offer_partial(request.task, model);
    model_unref(model);
    return status;
}
