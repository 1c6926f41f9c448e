/* The neighbour models on MovieLens 100K, as Markdown: RMSE on u1 … u5 with the
 * seconds of fit and prediction, NDCG@10 of full ranking on three splits 8:1:1
 * per user. With `choose`: what their defaults were chosen by, on validation
 * parts alone. Needs RECKON_DATA (or the cache) with ml-100k. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/evaluate.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "runtime/data/loaders.h"
#include "runtime/data/split_ways.h"

enum { SEEDS = 3, FOLDS = 5 };

static void check(enum status status, const struct error *err) {
    if (status == OK) return;
    fprintf(stderr, "%s: %s\n%s\n", err_name(status), err->message, err->hint);
    exit(1);
}

static struct dataset *ml_100k(bool explicit) {
    const struct load_request request = {.name_or_path = "ml-100k", .download = true};
    struct error err = ERROR_INIT;
    struct dataset *data = NULL, *rows;
    check(load_dataset(NULL, &request, &data, &err), &err);
    if (explicit) return data;
    check(dataset_implicit(data, 1, true, false, &rows, &err), &err);
    dataset_unref(data);
    return rows;
}

/* --- one setting --- */

struct setting {
    const char *kind;
    int64_t neighbors; /* 0: all by default */
    const char *similarity;
    double shrinkage;
    const char *center, *weighting;
};

static void set(const struct model_class *class, struct params *params, const char *name, union param_value value) {
    const int row = params_find(class, name);
    if (row < 0) return;
    if (class->params[row].type == PARAM_STR) value.s = param_choice(&class->params[row], value.s);
    params->values[row] = value;
    params->given[row] = true;
}

static struct model *fit(const struct setting *setting, struct dataset *train) {
    const struct model_class *class = model_class_find(setting->kind);
    struct error err = ERROR_INIT;
    struct params params;
    struct model *model;
    params_defaults(class, &params);
    if (setting->neighbors) {
        set(class, &params, "neighbors", (union param_value){.i = setting->neighbors});
        set(class, &params, "similarity", (union param_value){.s = setting->similarity});
        set(class, &params, "shrinkage", (union param_value){.f = setting->shrinkage});
        set(class, &params, "center", (union param_value){.s = setting->center});
        set(class, &params, "weighting", (union param_value){.s = setting->weighting});
    }
    const struct fit_request request = {.data = train, .params = &params, .device = device_cpu()};
    check(model_fit(class, &request, &model, &err), &err);
    return model;
}

static double judge(const struct model *model, struct dataset *judged, const char *name) {
    struct error err = ERROR_INIT;
    struct metric metric;
    double value;
    check(metric_parse(name, 0, &metric, &err), &err);
    check(evaluate_one(model, judged, &metric, &(struct protocol){0}, NULL, &value, &err), &err);
    return value;
}

struct parts {
    struct dataset *train, *valid, *test;
};

static struct parts parts_of(struct dataset *data, const struct split_request *request) {
    struct error err = ERROR_INIT;
    struct parts parts = {NULL, NULL, NULL};
    char *note = NULL;
    check(split_dataset(NULL, data, request, &parts.train, &parts.valid, &parts.test, &note, &err), &err);
    free(note);
    return parts;
}

static void parts_release(struct parts *parts) {
    dataset_unref(parts->train);
    if (parts->valid) dataset_unref(parts->valid);
    dataset_unref(parts->test);
}

/* --- choosing --- */

static const struct split_request ratings_split = {.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1};
static const struct split_request rows_split = {.by = SPLIT_PER_USER, .test = 0.1, .valid = 0.1};

static double on_valid(const struct setting *setting, const struct parts *parts, const char *metric) {
    double mean = 0;
    for (int s = 0; s < SEEDS; s++) {
        struct model *model = fit(setting, parts[s].train);
        mean += judge(model, parts[s].valid, metric) / SEEDS;
        model_unref(model);
    }
    return mean;
}

static void make_parts(struct dataset *data, struct split_request request, struct parts *out) {
    for (int s = 0; s < SEEDS; s++) {
        request.seed = (uint64_t)s + 1;
        out[s] = parts_of(data, &request);
    }
}

static const int64_t neighbors[] = {10, 20, 40, 80, 160};
enum { N_NEIGHBORS = sizeof neighbors / sizeof *neighbors };

static void row_of(struct setting setting, const struct parts *parts, const char *metric) {
    printf("| %s | %s | %g | %s |", setting.kind, setting.similarity, setting.shrinkage, strcmp(metric, "rmse") ? setting.weighting : setting.center);
    for (int k = 0; k < N_NEIGHBORS; k++) {
        setting.neighbors = neighbors[k];
        printf(" %.4f |", on_valid(&setting, parts, metric));
        fflush(stdout);
    }
    printf("\n");
}

static void head(const char *what) {
    printf("\n| model | similarity | shrinkage | %s |", what);
    for (int k = 0; k < N_NEIGHBORS; k++) printf(" %lld |", (long long)neighbors[k]);
    printf("\n|---|---|---|---|%s\n", "---|---|---|---|---|");
}

static void choose_ratings(struct dataset *data) {
    static const char *const kinds[] = {"user_knn", "item_knn"}, *const similarities[] = {"pearson", "cosine", "adjusted_cosine", "msd", "jaccard"},
                             *const centers[] = {"bias", "mean"};
    static const double shrinkages[] = {0, 10, 30, 100, 300};
    struct parts parts[SEEDS];
    make_parts(data, ratings_split, parts);
    head("center");
    for (int m = 0; m < 2; m++)
        for (int s = 0; s < 5; s++)
            for (int w = 0; w < 5; w++) row_of((struct setting){kinds[m], 0, similarities[s], shrinkages[w], centers[0], "none"}, parts, "rmse");
    for (int s = 0; s < 3; s++)
        for (int m = 0; m < 2; m++) row_of((struct setting){kinds[m], 0, similarities[s], 100, centers[1], "none"}, parts, "rmse");
    for (int s = 0; s < SEEDS; s++) parts_release(&parts[s]);
}

static void choose_rows(struct dataset *data) {
    static const char *const kinds[] = {"user_knn", "item_knn"}, *const weightings[] = {"none", "tfidf", "bm25"};
    static const double shrinkages[] = {0, 10, 30, 100, 300};
    struct parts parts[SEEDS];
    make_parts(data, rows_split, parts);
    head("weighting");
    for (int m = 0; m < 2; m++)
        for (int w = 0; w < 3; w++)
            for (int s = 0; s < 5; s++) row_of((struct setting){kinds[m], 0, "cosine", shrinkages[s], "bias", weightings[w]}, parts, "ndcg@10");
    for (int m = 0; m < 2; m++)
        for (int s = 0; s < 5; s++) row_of((struct setting){kinds[m], 0, "jaccard", shrinkages[s], "bias", "none"}, parts, "ndcg@10");
    for (int s = 0; s < SEEDS; s++) parts_release(&parts[s]);
}

/* --- figures --- */

static void published(struct dataset *data, const struct setting *setting) {
    static const char *const folds[] = {"u1", "u2", "u3", "u4", "u5"};
    double mean = 0, seconds = 0;
    printf("| %s |", setting->kind);
    for (int f = 0; f < FOLDS; f++) {
        const struct split_request request = {.by = SPLIT_PUBLISHED, .fold = folds[f]};
        struct parts parts = parts_of(data, &request);
        const double start = clock_now_s();
        struct model *model = fit(setting, parts.train);
        const double rmse = judge(model, parts.test, "rmse");
        seconds += clock_now_s() - start;
        mean += rmse / FOLDS;
        printf(" %.4f |", rmse);
        model_unref(model);
        parts_release(&parts);
    }
    printf(" **%.4f** | %.3f |\n", mean, seconds);
}

static void ranked(const struct setting *setting, const struct parts *parts) {
    double mean = 0;
    printf("| %s |", setting->kind);
    for (int s = 0; s < SEEDS; s++) {
        struct model *model = fit(setting, parts[s].train);
        const double ndcg = judge(model, parts[s].test, "ndcg@10");
        printf(" %.4f |", ndcg);
        mean += ndcg / SEEDS;
        model_unref(model);
    }
    printf(" **%.4f** |\n", mean);
}

static void figures(struct dataset *ratings, struct dataset *rows) {
    static const struct setting rated[] = {{.kind = "bias"}, {.kind = "user_knn"}, {.kind = "item_knn"}},
                                seen[] = {{.kind = "popular"}, {.kind = "user_knn"}, {.kind = "item_knn"}};
    struct parts parts[SEEDS];
    printf("| model | u1 | u2 | u3 | u4 | u5 | mean | seconds, all five |\n|---|---|---|---|---|---|---|---|\n");
    for (int m = 0; m < 3; m++) published(ratings, &rated[m]);
    make_parts(rows, rows_split, parts);
    printf("\n| model | seed 1 | 2 | 3 | mean |\n|---|---|---|---|---|\n");
    for (int m = 0; m < 3; m++) ranked(&seen[m], parts);
    for (int s = 0; s < SEEDS; s++) parts_release(&parts[s]);
}

int main(int argc, char **argv) {
    device_prepare_environment();
    struct dataset *ratings = ml_100k(true), *rows = ml_100k(false);
    printf("%s, %d threads\n\n", device_isa(), pool_threads());
    if (argc > 1 && strcmp(argv[1], "choose") == 0) {
        choose_ratings(ratings);
        choose_rows(rows);
    } else figures(ratings, rows);
    dataset_unref(ratings);
    dataset_unref(rows);
    pool_stop();
    return 0;
}
