/* RMSE on MovieLens 100K of the rating models with their default parameters, as
 * Markdown: u1 … u5 and three random 5-fold cross-validations; and of every
 * model of stars whether threads change a bit. Needs RECKON_DATA (or the
 * cache) with ml-100k. */
#include <math.h>

#include "runtime/base/mem.h"
#include "tests/bench/settings.h"

static const char *const kinds[] = {"bias", "svd", "als", "mf"};
enum { N_KINDS = 4, FOLDS = 5 };

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
    struct parts parts = parts_of(data, &(struct split_request){.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1, .seed = seed});
    struct model *model = fit(&(struct setting){.kind = kind}, parts.train);
    const double rmse = judge(model, parts.test, "rmse");
    model_unref(model);
    parts_release(&parts);
    return rmse;
}

static void lab_splits(struct dataset *data) {
    printf("\n| model | split seed 42 | 1 | 2 |\n|---|---|---|---|\n");
    for (int k = 0; k < N_KINDS; k++)
        printf("| %s | %.4f | %.4f | %.4f |\n", kinds[k], lab(data, kinds[k], 42), lab(data, kinds[k], 1), lab(data, kinds[k], 2));
}

static float *scores_with(struct dataset *data, const char *kind, int threads) {
    struct error err = ERROR_INIT;
    struct events_view rows;
    pool_set_threads(threads);
    check(dataset_columns(data, &rows, &err), &err);
    float *scores = xnew_array(float, (size_t)dataset_n(data));
    struct model *model = fit(&(struct setting){.kind = kind}, data);
    check(model_predict_pairs(model, NULL, rows.users, rows.items, dataset_n(data), scores, &err), &err);
    model_unref(model);
    return scores;
}

static bool same_with_threads(struct dataset *data, const char *kind) {
    const size_t bytes = (size_t)dataset_n(data) * sizeof(float);
    float *one = scores_with(data, kind, 1), *two = scores_with(data, kind, 2), *four = scores_with(data, kind, 4);
    const bool same = memcmp(one, two, bytes) == 0 && memcmp(one, four, bytes) == 0;
    free(one);
    free(two);
    free(four);
    return same;
}

/* Of every model that predicts ratings, not of those of the tables alone. */
static bool thread_bits(struct dataset *data) {
    const int before = pool_threads();
    const struct model_class *const *classes;
    const size_t n = model_classes(&classes);
    const char *between = "";
    bool all = true;
    printf("\nThe same fit with 1, 2 and 4 threads, all predictions compared to the bit:");
    for (size_t i = 0; i < n; i++) {
        if (!classes[i]->predicts_ratings) continue;
        const bool same = same_with_threads(data, classes[i]->name);
        printf("%s %s %s", between, classes[i]->name, same ? "equal" : "DIFFERENT");
        between = ",";
        all = all && same;
    }
    printf(".\n");
    pool_set_threads(before);
    return all;
}

int main(void) {
    struct dataset *data = ml_100k(true);
    printf("Default parameters; predictions clipped to 1 … 5; RMSE pooled over the ratings; %d threads.\n\n", pool_threads());
    published_folds(data);
    random_folds(data);
    lab_splits(data);
    const bool same = thread_bits(data);
    dataset_unref(data);
    return same ? 0 : 1;
}
