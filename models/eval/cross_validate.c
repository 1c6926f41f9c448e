#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/evaluate.h"
#include "runtime/base/mem.h"
#include "runtime/data/split_ways.h"

struct run {
    const struct cross_validate_request *request;
    const char *const *names; /* published: borrowed, else NULL */
    int64_t n_folds;
    double *seconds, **values;
    int64_t *users;             /* NULL without ranking metrics */
    struct ranked_counts drawn; /* over the folds */
    char **labels;
};

static enum status choose_folds(struct run *run, struct error *err) {
    const char *const *names;
    const size_t n = split_published_partition(run->request->data, &names);
    if (!run->request->published) {
        run->n_folds = run->request->k;
        if (run->n_folds >= 2 && run->n_folds <= dataset_n(run->request->data)) return OK;
        if (run->n_folds < 2) err_set(err, ERR_VALUE, "cross-validation needs at least 2 folds, not %lld", (long long)run->n_folds);
        else
            err_set(err, ERR_VALUE, "%lld folds of %lld rows: some would be empty", (long long)run->n_folds,
                    (long long)dataset_n(run->request->data));
        return err_about(err, "folds");
    }
    run->names = names;
    run->n_folds = (int64_t)n;
    if (n) return OK;
    err_set(err, ERR_VALUE, "`%s` has no published folds", dataset_name(run->request->data));
    err_hint(err, "folds=5 makes five random ones");
    return err_about(err, "folds");
}

static enum status parts(const struct run *run, int64_t fold, struct dataset **out_train, struct dataset **out_test, struct error *err) {
    const struct cross_validate_request *request = run->request;
    struct dataset *valid = NULL;
    char *note = NULL;
    if (!request->published) return split_fold(request->task, request->data, request->k, fold, request->common.seed, out_train, out_test, err);
    const struct split_request split = {.by = SPLIT_PUBLISHED, .fold = run->names[fold], .seed = request->common.seed};
    TRY(split_dataset(request->task, request->data, &split, out_train, &valid, out_test, &note, err));
    if (valid) dataset_unref(valid);
    free(note);
    return OK;
}

static bool has_ranking(const struct cross_validate_request *request) {
    for (size_t m = 0; m < request->n_metrics; m++)
        if (request->metrics[m].row->kind == METRIC_RANKING) return true;
    return false;
}

/* All metrics at once: lists are made once. */
static enum status judge(struct run *run, int64_t fold, struct model *model, struct dataset *test, struct error *err) {
    const struct cross_validate_request *request = run->request;
    struct ranked_counts ranked = {0};
    struct table *table;
    const struct evaluate_request evaluation = {.models = &model,
                                                .n_models = 1,
                                                .test = test,
                                                .metrics = request->metrics,
                                                .n_metrics = request->n_metrics,
                                                .protocol = request->protocol,
                                                .quiet = !request->common.verbose,
                                                .out_ranked = &ranked,
                                                .task = request->task};
    TRY(evaluate_models(&evaluation, &table, err));
    for (size_t m = 0; m < request->n_metrics; m++) run->values[m][fold] = table_column(table, request->metrics[m].text)->u.floats[0];
    if (run->users) run->users[fold] = ranked.n_users;
    if (fold == 0 || ranked.fewest < run->drawn.fewest) run->drawn.fewest = ranked.fewest;
    if (ranked.most > run->drawn.most) run->drawn.most = ranked.most;
    table_unref(table);
    return OK;
}

static enum status fit_and_judge(struct run *run, int64_t fold, struct dataset *train, struct dataset *test, struct error *err) {
    const struct cross_validate_request *request = run->request;
    const struct fit_request fit = {
        .data = train, .params = request->params, .common = request->common, .device = request->device, .task = request->task};
    struct model *model;
    const double start_s = task_now_s(request->task);
    TRY(evaluate_fit(request->class, &fit, &model, err));
    run->seconds[fold] = task_now_s(request->task) - start_s;
    const enum status status = judge(run, fold, model, test, err);
    model_unref(model);
    return status;
}

static enum status one_fold(struct run *run, int64_t fold, struct error *err) {
    struct dataset *train, *test;
    char label[32];
    if (run->names) snprintf(label, sizeof label, "%s", run->names[fold]);
    else snprintf(label, sizeof label, "%lld", (long long)fold + 1);
    TRY(parts(run, fold, &train, &test, err));
    const enum status status = fit_and_judge(run, fold, train, test, err);
    dataset_unref(train);
    dataset_unref(test);
    if (status != OK) return err_note(err, "while cross-validating fold %s", label);
    run->labels[fold] = xstrdup(label);
    if (run->request->common.verbose) task_report(run->request->task, fold + 1, "%s %.4f", run->request->metrics[0].text, run->values[0][fold]);
    return OK;
}

static void note_mean(const struct run *run, size_t m, struct table *table) {
    double mean = 0, square = 0;
    for (int64_t f = 0; f < run->n_folds; f++) mean += run->values[m][f] / (double)run->n_folds;
    for (int64_t f = 0; f < run->n_folds; f++) square += (run->values[m][f] - mean) * (run->values[m][f] - mean);
    table_note(table, "%s: mean %.4f, standard deviation over folds %.4f", run->request->metrics[m].text, mean,
               sqrt(square / (double)(run->n_folds - 1)));
}

static void add_protocol(const struct run *run, struct buf *out) {
    const struct cross_validate_request *request = run->request;
    if (request->protocol.sampled) {
        evaluate_add_drawing(&request->protocol, &run->drawn, out);
        return;
    }
    buf_adds(out, "full ranking of ");
    buf_add_counted(out, dataset_n_items(request->data), "items");
    buf_adds(out, ", train rows masked");
}

static void caption(const struct run *run, struct table *table) {
    const struct cross_validate_request *request = run->request;
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s(", request->class->name);
    params_given(request->class, request->params, &request->common, &text);
    buf_addf(&text, ") on %s, ", dataset_name(request->data));
    if (run->names) buf_adds(&text, "the published folds");
    else buf_addf(&text, "%lld random folds, seed %llu", (long long)run->n_folds, (unsigned long long)request->common.seed);
    if (run->users) {
        buf_adds(&text, "; ");
        add_protocol(run, &text);
    }
    table_caption(table, "%s", buf_text(&text));
    buf_release(&text);
}

static struct table *new_table(struct run *run) {
    struct table *table = table_new(run->n_folds);
    run->labels = table_add_strs(table, "fold");
    for (size_t m = 0; m < run->request->n_metrics; m++) run->values[m] = table_add_floats(table, run->request->metrics[m].text, 4);
    run->seconds = table_add_floats(table, "seconds", 2);
    if (has_ranking(run->request)) run->users = table_add_ints(table, "users");
    return table;
}

static enum status all_folds(struct run *run, struct error *err) {
    const struct cross_validate_request *request = run->request;
    enum status status = OK;
    if (request->common.verbose) task_begin(request->task, "cross_validate", "fold", run->n_folds);
    for (int64_t fold = 0; status == OK && fold < run->n_folds; fold++) status = one_fold(run, fold, err);
    if (request->common.verbose) task_end(request->task, status == ERR_INTERRUPTED);
    return status;
}

static enum status check(const struct cross_validate_request *request, struct error *err) {
    for (size_t m = 0; m < request->n_metrics; m++)
        if (evaluate_suits(request->class, request->class->name, dataset_is_explicit(request->data), &request->metrics[m], "metrics", err) != OK)
            return err_about(err, "metrics");
    if (!request->common.valid) return OK;
    err_set(err, ERR_VALUE, "a recipe with valid= can't be cross-validated: the folds would contain its rows");
    return err_hint(err, "choose epochs first, then cross-validate %s(epochs=…) without valid", request->class->name);
}

enum status cross_validate(const struct cross_validate_request *request, struct table **out, struct error *err) {
    struct run run = {.request = request};
    TRY(check(request, err));
    enum status status = choose_folds(&run, err);
    if (status == OK) {
        run.values = xnew_array(double *, request->n_metrics + 1);
        struct table *table = new_table(&run);
        status = all_folds(&run, err);
        if (status == OK) caption(&run, table);
        for (size_t m = 0; status == OK && m < request->n_metrics; m++) note_mean(&run, m, table);
        if (status == OK) *out = table;
        else table_unref(table);
    }
    free(run.values);
    return status;
}
