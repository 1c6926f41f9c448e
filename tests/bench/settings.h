/* What bench_knn and bench_order share: a model by its name and the parameters that differ from the defaults, written as in a cell; the parts of a
 * split; judging on one of them. */
#ifndef RECKON_BENCH_SETTINGS_H
#define RECKON_BENCH_SETTINGS_H

#include <string.h>

#include "models/eval/evaluate.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "runtime/data/split_ways.h"
#include "tests/bench/bench.h"

struct setting {
    const char *kind;
    char text[160]; /* "neighbors=40, similarity=msd" over the defaults */
};

static inline void set(const struct model_class *class, struct params *params, const char *name, const char *value) {
    const int row = params_find(class, name);
    if (row < 0) return;
    switch (class->params[row].type) {
    case PARAM_INT: params->values[row].i = strtoll(value, NULL, 10); break;
    case PARAM_FLOAT: params->values[row].f = strtod(value, NULL); break;
    case PARAM_BOOL: params->values[row].b = strcmp(value, "True") == 0; break;
    case PARAM_STR: params->values[row].s = param_choice(&class->params[row], value); break;
    }
    params->given[row] = true;
}

static inline struct model *fit(const struct setting *setting, struct dataset *train) {
    const struct model_class *class = model_class_find(setting->kind);
    struct error err = ERROR_INIT;
    struct params params;
    struct model *model;
    char text[sizeof setting->text], *rest = text;
    params_defaults(class, &params);
    snprintf(text, sizeof text, "%s", setting->text);
    for (char *part; (part = strtok_r(rest, ", ", &rest));) {
        char *equals = strchr(part, '=');
        *equals = 0;
        set(class, &params, part, equals + 1);
    }
    const struct fit_request request = {.data = train, .params = &params, .device = device_cpu()};
    check(model_fit(class, &request, &model, &err), &err);
    return model;
}

static inline double judge_by(const struct model *model, struct dataset *judged, const char *name, const struct protocol *protocol) {
    struct error err = ERROR_INIT;
    struct metric metric;
    double value;
    check(metric_parse(name, 0, &metric, &err), &err);
    check(evaluate_one(model, judged, &metric, protocol, NULL, &value, &err), &err);
    return value;
}

static inline double judge(const struct model *model, struct dataset *judged, const char *name) {
    return judge_by(model, judged, name, &(struct protocol){0});
}

struct parts {
    struct dataset *train, *valid, *test;
};

static inline struct parts parts_of(struct dataset *data, const struct split_request *request) {
    struct error err = ERROR_INIT;
    struct parts parts = {NULL, NULL, NULL};
    char *note = NULL;
    check(split_dataset(NULL, data, request, &parts.train, &parts.valid, &parts.test, &note, &err), &err);
    free(note);
    return parts;
}

static inline void parts_release(struct parts *parts) {
    dataset_unref(parts->train);
    if (parts->valid) dataset_unref(parts->valid);
    dataset_unref(parts->test);
}

/* Three splits, by the seeds 1 … 3. */
enum { SEEDS = 3 };

static inline void make_parts(struct dataset *data, struct split_request request, struct parts *out) {
    for (int s = 0; s < SEEDS; s++) {
        request.seed = (uint64_t)s + 1;
        out[s] = parts_of(data, &request);
    }
}

static inline double on_valid(const struct setting *setting, const struct parts *parts, const char *metric) {
    double mean = 0;
    for (int s = 0; s < SEEDS; s++) {
        struct model *model = fit(setting, parts[s].train);
        mean += judge(model, parts[s].valid, metric) / SEEDS;
        model_unref(model);
    }
    return mean;
}

/* implicit: every rating a row of 1. */
static inline struct dataset *ml_100k(bool explicit) {
    struct error err = ERROR_INIT;
    struct dataset *data = open_data("ml-100k"), *rows;
    if (explicit) return data;
    check(dataset_implicit(data, 1, true, false, &rows, &err), &err);
    dataset_unref(data);
    return rows;
}

#endif
