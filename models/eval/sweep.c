#include "models/eval/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/record_judged.h"
#include "models/eval/sweep_parts.h"
#include "models/fit.h"
#include "runtime/base/mem.h"

int64_t sweep_n(const struct sweep *sweep) { return sweep->n; }
int64_t sweep_n_done(const struct sweep *sweep) { return sweep->n_done; }

int64_t sweep_epochs(const struct sweep_request *request) { return request->common.epochs ? request->common.epochs : request->class->default_epochs; }

/* NaN is worse than any number, and equal ones stay in order. */
bool setting_better(const struct sweep *sweep, const struct setting *a, const struct setting *b) {
    if (isnan(a->value) || isnan(b->value)) return !isnan(a->value) && isnan(b->value);
    return sweep->request.metric.row->larger_is_better ? a->value > b->value : a->value < b->value;
}

int64_t sweep_best(const struct sweep *sweep) {
    int64_t best = -1;
    for (int64_t i = 0; i < sweep->n; i++) {
        const struct setting *setting = &sweep->settings[i];
        if (!isnan(setting->value) && (best < 0 || setting_better(sweep, setting, &sweep->settings[best]))) best = i;
    }
    return best;
}

/* --- checks --- */

static enum status check_parts(const struct sweep_request *request, struct error *err) {
    struct buf some = BUF_INIT;
    if (dataset_n(request->valid) == 0) {
        err_set(err, ERR_DATA, "valid has no rows to judge on");
        return err_about(err, "valid");
    }
    const int64_t overlap = dataset_overlap(request->train, request->valid);
    if (overlap == 0) return OK;
    buf_add_count(&some, overlap);
    err_set(err, ERR_LEAK, "%s of the rows in valid are in train: the settings that learn by heart would win", buf_text(&some));
    buf_release(&some);
    err_hint(err, "train, valid, test = split(data, valid=0.1, test=0.2) gives a part of its own");
    return err_about(err, "valid");
}

static enum status check_halving(const struct sweep_request *request, struct error *err) {
    if (request->search != SWEEP_HALVING) return OK;
    if (!request->class->iterative) {
        err_set(err, ERR_VALUE, "halving trains in epochs, and %s is fitted in one go", request->class->name);
        err_hint(err, "search=\"grid\" and search=\"random\" fit each setting whole");
        return err_about(err, "search");
    }
    for (size_t a = 0; a < request->n_axes; a++) {
        if (request->axes[a].row != SWEEP_EPOCHS) continue;
        err_set(err, ERR_VALUE, "halving itself decides who is trained for how many epochs");
        err_hint(err, "%s(epochs=%lld) says how many the last ones get", request->class->name, (long long)request->class->default_epochs);
        return err_about(err, "epochs");
    }
    return OK;
}

static enum status check(const struct sweep_request *request, struct error *err) {
    if (request->n_axes == 0) {
        err_set(err, ERR_VALUE, "there is nothing to vary");
        return err_hint(err, "give at least one of the recipe's parameters a list of values");
    }
    if (evaluate_suits(request->class, request->class->name, dataset_is_explicit(request->train), &request->metric, "metric", err) != OK)
        return err_about(err, "metric");
    TRY(check_halving(request, err));
    return check_parts(request, err);
}

/* As many as halve the settings to one, or the epochs to one. */
static int count_rounds(const struct sweep *sweep) {
    int rounds = 1;
    int64_t settings = sweep->n, epochs = sweep_epochs(&sweep->request);
    if (sweep->request.search != SWEEP_HALVING) return 1;
    for (; settings > 1 && epochs > 1; rounds++) {
        settings = (settings + 1) / 2;
        epochs /= 2;
    }
    return rounds;
}

int64_t sweep_budget(const struct sweep *sweep, int round) {
    int64_t epochs = sweep_epochs(&sweep->request);
    for (int r = sweep->n_rounds; r > round && epochs > 1; r--) epochs /= 2;
    return epochs;
}

static int64_t count_fits(const struct sweep *sweep) {
    int64_t fits = 0, n = sweep->n;
    for (int round = 1; round <= sweep->n_rounds; round++, n = (n + 1) / 2) fits += n;
    return fits;
}

enum status sweep_new(const struct sweep_request *request, struct sweep **out, struct error *err) {
    TRY(check(request, err));
    struct sweep *sweep = xnew(struct sweep);
    sweep->request = *request;
    const enum status status = sweep_choose(sweep, err);
    if (status != OK) {
        sweep_free(sweep);
        return status;
    }
    for (int64_t i = 0; i < sweep->n; i++) sweep->settings[i].value = (double)NAN;
    sweep->n_rounds = count_rounds(sweep);
    sweep->planned = count_fits(sweep);
    *out = sweep;
    return OK;
}

void sweep_free(struct sweep *sweep) {
    if (!sweep) return;
    for (int64_t i = 0; i < sweep->n; i++) {
        free(sweep->settings[i].error);
        if (sweep->settings[i].model) model_unref(sweep->settings[i].model);
    }
    free(sweep->settings);
    free(sweep);
}

/* --- one fit --- */

/* What validation said of the epoch that was kept. */
static bool kept_value(const struct model *model, double *out) {
    for (int64_t i = 0; model->best_epoch && i < model->n_history; i++) {
        if (model->history[i].epoch != model->best_epoch || isnan(model->history[i].valid)) continue;
        *out = model->history[i].valid;
        return true;
    }
    return false;
}

static enum status judge(const struct sweep *sweep, const struct model *model, double *out, struct error *err) {
    const struct sweep_request *request = &sweep->request;
    const struct protocol protocol = protocol_for_valid(request->valid, request->common.seed);
    const double start_s = task_now_s(request->task);
    if (kept_value(model, out)) return OK;
    TRY(evaluate_one(model, request->valid, &request->metric, &protocol, request->task, out, err));
    if (isnan(*out)) return err_set(err, ERR_NUMERIC, "`%s` gave no number on the validation part", request->metric.text);
    record_judged(request->task, model, request->valid, &request->metric, out, 1, &protocol, task_now_s(request->task) - start_s);
    return OK;
}

static void set_values(const struct sweep *sweep, const struct setting *setting, struct params *params, struct fit_common *common) {
    for (size_t a = 0; a < sweep->request.n_axes; a++) {
        const int row = sweep->request.axes[a].row;
        if (row == SWEEP_EPOCHS) common->epochs = setting->values[a].i;
        else {
            params->values[row] = setting->values[a];
            params->given[row] = true;
        }
    }
}

/* Fits from the setting's model on, where it has one. epochs: how many more; 0: the recipe's. *out: a count. */
static enum status fit(const struct sweep *sweep, const struct setting *setting, int64_t epochs, struct model **out, struct error *err) {
    const struct sweep_request *request = &sweep->request;
    struct params params = *request->params;
    struct fit_request one = {.data = request->train,
                              .params = &params,
                              .common = request->common,
                              .start = setting->model,
                              .device = request->device,
                              .task = request->task};
    if (epochs) one.common.epochs = epochs;
    set_values(sweep, setting, &params, &one.common);
    if (request->class->iterative) {
        one.common.valid = request->valid;
        one.common.monitor = request->metric.text;
    }
    return evaluate_fit(request->class, &one, out, err);
}

static enum status fit_and_judge(const struct sweep *sweep, struct setting *setting, int64_t epochs, struct error *err) {
    struct model *model;
    double value;
    TRY(fit(sweep, setting, epochs, &model, err));
    const enum status status = judge(sweep, model, &value, err);
    if (status == OK) {
        setting->value = value;
        setting->epoch = sweep->request.class->iterative ? model_epochs(model) : 0;
        if (setting->model) model_unref(setting->model);
        setting->model = model_ref(model);
    }
    model_unref(model);
    return status;
}

static void report(const struct sweep *sweep, const struct setting *next) {
    const int64_t best = sweep_best(sweep);
    struct buf text = BUF_INIT;
    if (!sweep->request.common.verbose) return;
    if (next) setting_text(sweep, next, &text);
    if (best >= 0) buf_addf(&text, "%sbest %s %.4f", text.len ? "  " : "", sweep->request.metric.text, sweep->settings[best].value);
    task_report(sweep->request.task, sweep->fitted, "%s", buf_text(&text));
    buf_release(&text);
}

/* A failure is the setting's. Interrupts, and memory that is low even without the fit, end the sweep. first: the error of the first setting that
 * failed. */
static enum status try_setting(struct sweep *sweep, struct setting *setting, int64_t epochs, struct error *first, struct error *err) {
    struct error own = ERROR_INIT;
    const double start_s = task_now_s(sweep->request.task);
    report(sweep, setting);
    const enum status status = fit_and_judge(sweep, setting, epochs, &own);
    if (status == ERR_INTERRUPTED) {
        *err = own;
        return status;
    }
    setting->seconds += task_now_s(sweep->request.task) - start_s;
    if (status != OK) {
        setting->value = (double)NAN;
        setting->error = xstrdup(own.message);
        if (first->code == OK) *first = own;
        TRY(task_check(sweep->request.task, err));
    }
    sweep->fitted++;
    return OK;
}

static void drop_model(struct setting *setting) {
    if (setting->model) model_unref(setting->model);
    setting->model = NULL;
}

/* --- searches --- */

static void tell(const struct sweep *sweep) {
    if (sweep->request.changed) sweep->request.changed(sweep->request.ctx, sweep);
}

static enum status run_each(struct sweep *sweep, struct error *first, struct error *err) {
    for (int64_t i = 0; i < sweep->n; i++) {
        struct setting *setting = &sweep->settings[i];
        TRY(try_setting(sweep, setting, 0, first, err));
        drop_model(setting);
        setting->round = 1;
        sweep->n_done++;
        tell(sweep);
    }
    return OK;
}

/* Early stopping had ended it before its epochs did. */
static bool has_stopped(const struct model *model, int64_t budget) { return model->history[model->n_history - 1].epoch < budget; }

static enum status train_to(struct sweep *sweep, struct setting *setting, int round, struct error *first, struct error *err) {
    const int64_t budget = sweep_budget(sweep, round), begun = setting->model ? model_epochs(setting->model) : 0;
    if (setting->model && has_stopped(setting->model, sweep_budget(sweep, round - 1))) sweep->fitted++;
    else TRY(try_setting(sweep, setting, budget - begun, first, err));
    if (setting->round == 0) sweep->n_done++;
    setting->round = round;
    tell(sweep);
    return OK;
}

struct order {
    const struct sweep *sweep;
    int64_t *alive; /* settings in the running */
    int64_t n;
};

/* The better half, in the order of the settings. Insertion: they are few. */
static void keep_half(struct order *order) {
    const struct setting *settings = order->sweep->settings;
    const int64_t kept = (order->n + 1) / 2;
    int64_t *ranked = xmemdup(order->alive, (size_t)order->n * sizeof *ranked), n = 0;
    for (int64_t i = 1; i < order->n; i++)
        for (int64_t j = i; j > 0 && setting_better(order->sweep, &settings[ranked[j]], &settings[ranked[j - 1]]); j--) {
            const int64_t other = ranked[j];
            ranked[j] = ranked[j - 1];
            ranked[j - 1] = other;
        }
    for (int64_t i = 0; i < order->n; i++) {
        bool stays = false;
        for (int64_t k = 0; k < kept; k++) stays = stays || (ranked[k] == order->alive[i] && !settings[ranked[k]].error);
        if (stays) order->alive[n++] = order->alive[i];
        else drop_model(&order->sweep->settings[order->alive[i]]);
    }
    order->n = n;
    free(ranked);
}

static enum status run_rounds(struct sweep *sweep, struct order *order, struct error *first, struct error *err) {
    for (int round = 1; round <= sweep->n_rounds; round++) {
        for (int64_t i = 0; i < order->n; i++) TRY(train_to(sweep, &sweep->settings[order->alive[i]], round, first, err));
        if (round < sweep->n_rounds) keep_half(order);
    }
    return OK;
}

static enum status run_halving(struct sweep *sweep, struct error *first, struct error *err) {
    struct order order = {sweep, xnew_array(int64_t, (size_t)sweep->n + 1), sweep->n};
    for (int64_t i = 0; i < sweep->n; i++) order.alive[i] = i;
    const enum status status = run_rounds(sweep, &order, first, err);
    for (int64_t i = 0; i < sweep->n; i++) drop_model(&sweep->settings[i]);
    free(order.alive);
    return status;
}

enum status sweep_run(struct sweep *sweep, struct error *err) {
    const struct sweep_request *request = &sweep->request;
    struct error first = ERROR_INIT;
    if (request->common.verbose) task_begin(request->task, "sweep", sweep->n_rounds > 1 ? "fit" : "setting", sweep->planned);
    enum status status = request->search == SWEEP_HALVING ? run_halving(sweep, &first, err) : run_each(sweep, &first, err);
    sweep->interrupted = status == ERR_INTERRUPTED;
    report(sweep, NULL);
    if (request->common.verbose) task_end(request->task, sweep->interrupted);
    if (status == OK && sweep_best(sweep) < 0) {
        *err = first;
        status =
            err_note(err, sweep->n == 1 ? "the sweep's only setting failed" : "all %lld settings of the sweep failed; this is the first one's error",
                     (long long)sweep->n);
    }
    return status;
}
