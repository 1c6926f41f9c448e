#include "models/eval/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

/* --- leaks --- */

/* Rows of `judged` that the model was fitted on. An opened model has only its split and fingerprint to go by. */
static int64_t leaked(const struct model *model, struct dataset *judged) {
    const struct split *split = dataset_split(judged);
    int64_t overlap = model->fitted_on ? dataset_overlap(model->fitted_on, judged) : 0;
    if (overlap == 0 && strcmp(model->fitted_fingerprint, dataset_fingerprint(judged)) == 0) overlap = dataset_n(judged);
    if (overlap == 0 && split && model->split_id == split->id) {
        const int shared = model->fitted_part & dataset_part(judged);
        for (int p = 0; p < 3; p++)
            if (shared & (1 << p)) overlap += split->n_rows[p];
    }
    return overlap;
}

static const char *part_word(const struct dataset *data) {
    const int part = dataset_part(data);
    return part == PART_TRAIN                  ? "training"
           : part == PART_VALID                ? "validation"
           : part == (PART_TRAIN | PART_VALID) ? "training and validation"
                                               : "test";
}

static enum status check_leak(const struct model *model, struct dataset *judged, struct error *err) {
    const int64_t n = leaked(model, judged);
    if (n == 0) return OK;
    struct buf some = BUF_INIT, all = BUF_INIT;
    buf_add_count(&some, n);
    buf_add_count(&all, dataset_n(judged));
    err_set(err, ERR_LEAK, "%s of %s %s pairs are in what `%s` was fitted on", buf_text(&some), buf_text(&all), part_word(judged), model->name);
    buf_release(&some);
    buf_release(&all);
    err_hint(err, "judge it on a part that it hasn't seen, or say allow_leak=True");
    return err_about(err, "test");
}

/* --- rating metrics --- */

static enum status check_suits(const struct model *model, struct dataset *judged, const struct metric *metric, struct error *err) {
    if (metric->row->kind != METRIC_RATING) return OK;
    if (!model->class->predicts_ratings || !model->is_explicit) {
        err_set(err, ERR_VALUE, "`%s` ranks items and predicts no ratings: %s can't judge it", model->name, metric->text);
        err_hint(err, "leave it out here, or judge models that predict: bias, svd, als, mf");
        return err_about(err, "models");
    }
    if (dataset_is_explicit(judged)) return OK;
    err_set(err, ERR_VALUE, "`%s` is implicit: it has no ratings for %s to compare with", dataset_name(judged), metric->text);
    return err_about(err, "test");
}

/* Predictions and truths of all judged rows. */
struct judged {
    float *predicted;
    const float *truth;
    int64_t n, n_cold;
};

/* Rows whose user or item has no row in what the model was fitted on. */
static int64_t cold_rows(const struct model *model, const struct model_positions *at, int64_t n) {
    int64_t *users = model_counts(model, EMBED_USERS), *items = model_counts(model, EMBED_ITEMS), cold = 0;
    for (int64_t i = 0; i < n; i++) cold += at->users[i] < 0 || at->items[i] < 0 || users[at->users[i]] == 0 || items[at->items[i]] == 0;
    free(users);
    free(items);
    return cold;
}

static enum status predict_rows(const struct model *model, struct dataset *data, struct task *task, bool count_cold, struct judged *out,
                                struct error *err) {
    struct model_positions at;
    struct events_view view;
    TRY(dataset_columns(data, &view, err));
    TRY(model_positions(model, data, &at, err));
    struct judged judged = {.truth = view.ratings, .n = dataset_n(data)};
    enum status status = mem_try_array((size_t)judged.n, "predictions", &judged.predicted, err);
    if (status == OK) status = model_predict_pairs(model, task, at.users, at.items, judged.n, judged.predicted, err);
    if (status == OK && count_cold) judged.n_cold = cold_rows(model, &at, judged.n);
    model_positions_end(&at);
    if (status == OK) *out = judged;
    else mem_free(judged.predicted);
    return status;
}

enum status evaluate_one(const struct model *model, struct dataset *data, const struct metric *metric, struct task *task, double *out,
                         struct error *err) {
    struct judged judged;
    TRY(check_suits(model, data, metric, err));
    TRY(predict_rows(model, data, task, false, &judged, err));
    *out = metric->row->rating(judged.predicted, judged.truth, judged.n);
    mem_free(judged.predicted);
    return OK;
}

/* --- the table --- */

struct columns {
    char **names;
    double **values;
};

static enum status judge_row(const struct evaluate_request *request, size_t row, struct columns *columns, int64_t *out_cold, struct error *err) {
    const struct model *model = request->models[row];
    struct judged judged;
    if (!request->allow_leak) TRY(check_leak(model, request->test, err));
    for (size_t m = 0; m < request->n_metrics; m++) TRY(check_suits(model, request->test, &request->metrics[m], err));
    TRY(predict_rows(model, request->test, request->task, true, &judged, err));
    columns->names[row] = xstrdup(model->name);
    for (size_t m = 0; m < request->n_metrics; m++)
        columns->values[m][row] = request->metrics[m].row->rating(judged.predicted, judged.truth, judged.n);
    mem_free(judged.predicted);
    *out_cold = judged.n_cold;
    return OK;
}

static void caption(const struct evaluate_request *request, struct table *table) {
    const struct split *split = dataset_split(request->test);
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s", dataset_name(request->test));
    if (split) buf_addf(&text, ", %s part (%s)", part_word(request->test), split->description);
    buf_adds(&text, ": ");
    buf_add_counted(&text, dataset_n(request->test), "ratings");
    table_caption(table, "%s", buf_text(&text));
    buf_release(&text);
}

static bool all_equal(const int64_t *counts, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (counts[i] != counts[0]) return false;
    return true;
}

/* One sentence when it is the same for all models, else one a model. */
static void note_cold(const struct evaluate_request *request, const int64_t *cold, struct table *table) {
    const bool one = all_equal(cold, request->n_models);
    for (size_t i = 0; i < (one ? 1 : request->n_models); i++) {
        struct buf count = BUF_INIT;
        buf_add_count(&count, cold[i]);
        if (cold[i])
            table_note(table, "%s%s%s %s a user or an item without any training row: mean and known biases predict %s.",
                       one ? "" : request->models[i]->name, one ? "" : ": ", buf_text(&count), cold[i] == 1 ? "row has" : "rows have",
                       cold[i] == 1 ? "it" : "them");
        buf_release(&count);
    }
}

static void add_columns(const struct evaluate_request *request, struct table *table, struct columns *columns) {
    columns->names = table_add_strs(table, "model");
    for (size_t m = 0; m < request->n_metrics; m++) {
        columns->values[m] = table_add_floats(table, request->metrics[m].text, 4);
        table->columns[table->n_columns - 1].best = request->metrics[m].row->larger_is_better ? 1 : -1;
    }
}

static enum status judge_all(const struct evaluate_request *request, struct columns *columns, struct table *table, struct error *err) {
    int64_t *cold = xnew_array(int64_t, request->n_models + 1);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < request->n_models; i++) status = judge_row(request, i, columns, &cold[i], err);
    if (status == OK) note_cold(request, cold, table);
    free(cold);
    return status;
}

enum status evaluate_models(const struct evaluate_request *request, struct table **out, struct error *err) {
    if (dataset_n(request->test) == 0) return err_set(err, ERR_DATA, "`%s` has no rows to judge on", dataset_name(request->test));
    struct table *table = table_new((int64_t)request->n_models);
    struct columns columns = {.values = xnew_array(double *, request->n_metrics + 1)};
    add_columns(request, table, &columns);
    caption(request, table);
    const enum status status = judge_all(request, &columns, table, err);
    free(columns.values);
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}

/* --- fitting with a validation part --- */

struct judge {
    struct dataset *valid;
    struct metric metric;
    struct task *task;
};

static enum status judge_epoch(void *ctx, const struct model *model, double *out, struct error *err) {
    const struct judge *judge = ctx;
    return evaluate_one(model, judge->valid, &judge->metric, judge->task, out, err);
}

static enum status check_valid(const struct model_class *class, const struct fit_request *request, struct error *err) {
    struct dataset *valid = request->common.valid;
    struct buf some = BUF_INIT;
    if (dataset_n(valid) == 0) return err_set(err, ERR_DATA, "valid has no rows to judge on");
    int64_t overlap = dataset_overlap(request->data, valid);
    if (overlap == 0 && request->start) overlap = leaked(request->start, valid);
    if (overlap == 0) return OK;
    buf_add_count(&some, overlap);
    err_set(err, ERR_LEAK, "%s of the rows in valid are in what `%s` is fitted on: stopping early would never stop", buf_text(&some),
            request->start ? request->start->name : class->name);
    buf_release(&some);
    err_hint(err, "train, valid, test = split(data, valid=0.1, test=0.2) gives a part of its own");
    return err_about(err, "valid");
}

enum status evaluate_fit(const struct model_class *class, const struct fit_request *asked, struct model **out, struct error *err) {
    struct fit_request request = *asked;
    struct judge judge = {.valid = request.common.valid, .task = request.task};
    if (request.common.valid && class->iterative) {
        TRY(check_valid(class, &request, err));
        if (!request.common.monitor) request.common.monitor = class->predicts_ratings ? "rmse" : "ndcg@10";
        TRY(metric_parse(request.common.monitor, 0, &judge.metric, err));
        request.judge = judge_epoch;
        request.judge_ctx = &judge;
    }
    return model_fit(class, &request, out, err);
}
