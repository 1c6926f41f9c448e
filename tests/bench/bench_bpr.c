/* BPR on MovieLens 1M, 64 factors: seconds an epoch and the AUC that it reaches, beside `implicit`, whose threads race. Both with the same learning
 * rate, regularisation and number of epochs, fitted on nine tenths of each user's rows; AUC on the rest against all items that the user hasn't.
 * Processor seconds are of all threads over the whole fit, laying out and copying included, by its epochs. Needs RECKON_DATA with ml-1m; the peer
 * runs where tests/bench/peers.sh could install it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "models/eval/evaluate.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/data/split_ways.h"
#include "tests/bench/bench.h"
#include "tests/bench/peer.h"

enum { EPOCHS = 30 };
static const double lr = 0.05, reg = 0.01, init = 0.01; /* implicit begins at 0.0045 */

static void split_films(struct dataset **all, struct dataset **train, struct dataset **test) {
    const struct split_request split = {.by = SPLIT_PER_USER, .test = 0.1, .seed = 1};
    struct error err = ERROR_INIT;
    struct dataset *ratings = open_data("ml-1m"), *valid;
    char *note = NULL;
    check(dataset_implicit(ratings, 0, false, false, all, &err), &err);
    check(split_dataset(NULL, *all, &split, train, &valid, test, &note, &err), &err);
    free(note);
    dataset_unref(ratings);
}

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b; }

static void ours(struct dataset *train, struct dataset *test, const char *negatives) {
    const struct model_class *class = model_class_find("bpr");
    struct error err = ERROR_INIT;
    struct params params;
    struct metric auc;
    struct model *model;
    double seconds[EPOCHS], value;
    params_defaults(class, &params);
    params.values[params_find(class, "lr")].f = lr;
    params.values[params_find(class, "reg")].f = reg;
    params.values[params_find(class, "decay")].f = 1;
    params.values[params_find(class, "init")].f = init;
    params.values[params_find(class, "negatives")].s = param_choice(&class->params[params_find(class, "negatives")], negatives);
    const struct fit_request request = {.data = train, .params = &params, .common = {.seed = 1, .epochs = EPOCHS}, .device = device_cpu()};
    const clock_t before = clock();
    check(evaluate_fit(class, &request, &model, &err), &err);
    const double processor = (double)(clock() - before) / CLOCKS_PER_SEC / EPOCHS;
    check(metric_parse("auc", 0, &auc, &err), &err);
    check(evaluate_one(model, test, &auc, &(struct protocol){0}, NULL, &value, &err), &err);
    for (int e = 0; e < EPOCHS; e++) seconds[e] = model->history[e].seconds;
    qsort(seconds, EPOCHS, sizeof *seconds, by_value);
    printf("| Reckon, negatives=\"%s\" | %.4f | %.4f | %.4f | %.4f |\n", negatives, seconds[EPOCHS / 2], seconds[0], processor, value);
    model_unref(model);
}

static void write_rows(struct dataset *data, const char *path) {
    struct events_view rows;
    struct error err = ERROR_INIT;
    check(dataset_columns(data, &rows, &err), &err);
    FILE *file = fopen(path, "we");
    if (!file) exit(1);
    for (int64_t i = 0; i < dataset_n(data); i++) fwrite((int32_t[]){rows.users[i], rows.items[i]}, sizeof(int32_t), 2, file);
    fclose(file);
}

static void theirs(struct dataset *train, struct dataset *test) {
    char folder[] = "/tmp/bench_bprXXXXXX", paths[2][64], texts[3][16];
    double numbers[4];
    if (!mkdtemp(folder)) exit(1);
    snprintf(paths[0], sizeof paths[0], "%s/train", folder);
    snprintf(paths[1], sizeof paths[1], "%s/test", folder);
    snprintf(texts[0], sizeof texts[0], "%g", lr);
    snprintf(texts[1], sizeof texts[1], "%g", reg);
    snprintf(texts[2], sizeof texts[2], "%d", EPOCHS);
    write_rows(train, paths[0]);
    write_rows(test, paths[1]);
    const char *argv[] = {"tests/bench/peer_bpr.py", paths[0], paths[1], "64", texts[0], texts[1], texts[2], NULL};
    if (peer_numbers(argv, numbers, 4) == 4) printf("| implicit | %.4f | %.4f | %.4f | %.4f |\n", numbers[1], numbers[0], numbers[2], numbers[3]);
    remove(paths[0]);
    remove(paths[1]);
    rmdir(folder);
}

int main(void) {
    struct dataset *all, *train, *test;
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    split_films(&all, &train, &test);
    printf("%s, %d threads; %lld rows, 64 factors, lr %g, reg %g, %d epochs\n\n| | s an epoch, median (implicit: mean) | least | processor "
           "s | AUC |\n|---|---|---|---|---|\n",
           device_isa(), pool_threads(), (long long)dataset_n(train), lr, reg, EPOCHS);
    for (int round = 0; round < 2; round++) {
        ours(train, test, "uniform");
        theirs(train, test);
    }
    ours(train, test, "popularity");
    ours(train, test, "hard");
    dataset_unref(all);
    dataset_unref(train);
    dataset_unref(test);
    pool_stop();
    return 0;
}
