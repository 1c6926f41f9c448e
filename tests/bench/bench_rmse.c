/* RMSE on MovieLens 100K of the rating models with their default parameters, as
 * Markdown: u1 … u5 and three random 5-fold cross-validations. Needs
 * RECKON_DATA (or the cache) with ml-100k. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/evaluate.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/data/loaders.h"
#include "runtime/data/split_ways.h"

static const char *const kinds[] = {"bias", "svd", "als", "mf"};
enum { N_KINDS = 4, FOLDS = 5 };

static void check(enum status status, const struct error *err) {
    if (status == OK) return;
    fprintf(stderr, "%s: %s\n%s\n", err_name(status), err->message, err->hint);
    exit(1);
}

static struct dataset *ml_100k(void) {
    const struct load_request request = {.name_or_path = "ml-100k", .download = true};
    struct error err = ERROR_INIT;
    struct dataset *data = NULL;
    check(load_dataset(NULL, &request, &data, &err), &err);
    return data;
}

struct result {
    double folds[FOLDS], seconds, pooled; /* seconds: of all fits; pooled: over the ratings of all folds */
};

static struct result run(const char *kind, struct dataset *data, bool published, uint64_t seed) {
    struct error err = ERROR_INIT;
    struct params params;
    struct metric rmse;
    struct table *table = NULL;
    struct result result = {.seconds = 0};
    params_defaults(model_class_find(kind), &params);
    check(metric_parse("rmse", 0, &rmse, &err), &err);
    const struct cross_validate_request request = {.class = model_class_find(kind),
                                                   .params = &params,
                                                   .common = {.seed = seed},
                                                   .data = data,
                                                   .published = published,
                                                   .k = FOLDS,
                                                   .metrics = &rmse,
                                                   .n_metrics = 1,
                                                   .device = device_cpu()};
    check(cross_validate(&request, &table, &err), &err);
    for (int f = 0; f < FOLDS; f++) {
        result.folds[f] = table_column(table, "rmse")->u.floats[f];
        result.seconds += table_column(table, "seconds")->u.floats[f];
        result.pooled += result.folds[f] * result.folds[f] / FOLDS; /* the folds are of one size */
    }
    result.pooled = sqrt(result.pooled);
    table_unref(table);
    return result;
}

static void published_folds(struct dataset *data) {
    printf("| model | u1 | u2 | u3 | u4 | u5 | mean | seconds a fit |\n|---|---|---|---|---|---|---|---|\n");
    for (int k = 0; k < N_KINDS; k++) {
        const struct result result = run(kinds[k], data, true, 0);
        double mean = 0;
        printf("| %s |", kinds[k]);
        for (int f = 0; f < FOLDS; f++) printf(" %.4f |", result.folds[f]), mean += result.folds[f] / FOLDS;
        printf(" **%.4f** | %.3f |\n", mean, result.seconds / FOLDS);
    }
}

static void random_folds(struct dataset *data) {
    printf("\n| model | fold seed 1 | 2 | 3 | mean | seconds a fit |\n|---|---|---|---|---|---|\n");
    for (int k = 0; k < N_KINDS; k++) {
        double mean = 0, seconds = 0;
        printf("| %s |", kinds[k]);
        for (uint64_t seed = 1; seed <= 3; seed++) {
            const struct result result = run(kinds[k], data, false, seed);
            printf(" %.4f |", result.pooled);
            mean += result.pooled / 3;
            seconds += result.seconds / 3 / FOLDS;
        }
        printf(" **%.4f** | %.3f |\n", mean, seconds);
    }
}

/* The lab's split: default parameters, factors=64, nothing chosen on it. */
static double lab(struct dataset *data, const char *kind, uint64_t seed) {
    struct error err = ERROR_INIT;
    struct dataset *train, *valid, *test;
    struct params params;
    struct metric rmse;
    struct model *model;
    char *note = NULL;
    double value;
    const struct split_request split = {.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1, .seed = seed};
    check(split_dataset(NULL, data, &split, &train, &valid, &test, &note, &err), &err);
    params_defaults(model_class_find(kind), &params);
    check(metric_parse("rmse", 0, &rmse, &err), &err);
    const struct fit_request request = {.data = train, .params = &params, .device = device_cpu()};
    check(evaluate_fit(model_class_find(kind), &request, &model, &err), &err);
    check(evaluate_one(model, test, &rmse, &(struct protocol){0}, NULL, &value, &err), &err);
    model_unref(model);
    dataset_unref(train);
    dataset_unref(valid);
    dataset_unref(test);
    free(note);
    return value;
}

static void lab_splits(struct dataset *data) {
    printf("\n| model | split seed 42 | 1 | 2 |\n|---|---|---|---|\n");
    for (int k = 0; k < N_KINDS; k++)
        printf("| %s | %.4f | %.4f | %.4f |\n", kinds[k], lab(data, kinds[k], 42), lab(data, kinds[k], 1), lab(data, kinds[k], 2));
}

static float *scores_with(struct dataset *data, const char *kind, int threads) {
    struct error err = ERROR_INIT;
    struct params params;
    struct model *model;
    struct events_view rows;
    pool_set_threads(threads);
    params_defaults(model_class_find(kind), &params);
    const struct fit_request request = {.data = data, .params = &params, .common = {.seed = 1}, .device = device_cpu()};
    check(evaluate_fit(model_class_find(kind), &request, &model, &err), &err);
    check(dataset_columns(data, &rows, &err), &err);
    float *scores = xnew_array(float, (size_t)dataset_n(data));
    check(model_predict_pairs(model, NULL, rows.users, rows.items, dataset_n(data), scores, &err), &err);
    model_unref(model);
    return scores;
}

static bool thread_bits(struct dataset *data) {
    const int before = pool_threads();
    const size_t bytes = (size_t)dataset_n(data) * sizeof(float);
    bool all = true;
    printf("\nThe same fit with 1, 2 and 4 threads, all predictions compared to the bit:");
    for (int k = 0; k < N_KINDS; k++) {
        float *one = scores_with(data, kinds[k], 1), *two = scores_with(data, kinds[k], 2), *four = scores_with(data, kinds[k], 4);
        const bool same = memcmp(one, two, bytes) == 0 && memcmp(one, four, bytes) == 0;
        printf("%s %s %s", k ? "," : "", kinds[k], same ? "equal" : "DIFFERENT");
        all = all && same;
        free(one);
        free(two);
        free(four);
    }
    printf(".\n");
    pool_set_threads(before);
    return all;
}

int main(void) {
    struct dataset *data = ml_100k();
    printf("Default parameters; predictions clipped to 1 … 5; RMSE pooled over the ratings; %d threads.\n\n", pool_threads());
    published_folds(data);
    random_folds(data);
    lab_splits(data);
    const bool same = thread_bits(data);
    dataset_unref(data);
    return same ? 0 : 1;
}
