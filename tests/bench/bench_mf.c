/* Explicit matrix factorisation on MovieLens 1M, 64 factors: seconds to an RMSE of 0.85 on a held-out tenth, mf and als beside LIBMF and cmfrec.
 *
 * Every tool's settings are those of a grid that need the fewest epochs to 0.85 on a validation tenth of the training rows (where none gets there:
 * that get lowest); then each is fitted on all nine tenths, from one epoch up, until the test rows have 0.85. What is timed is the whole call with so
 * many epochs, from rows in memory to factors: best and median of five. Needs RECKON_DATA with ml-1m; the peers run where tests/bench/peers.sh could
 * install them.
 *
 * Floor of an SGD epoch: each of 0.9 million ratings reads and writes two vectors of 64 floats, 1 KiB, from the caches: 0.9 GB. */
#include "models/eval/evaluate.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "runtime/data/split_ways.h"
#include "tests/bench/bench.h"
#include "tests/bench/peer.h"

#include <math.h>
#include <time.h>

enum { FACTORS = 64, EPOCHS_MOST = 30, RUNS = 5 };
static const double wanted = 0.85;

struct films {
    struct dataset *all, *train, *valid, *test, *known; /* known: train and valid */
};

static struct films films_open(void) {
    const struct split_request split = {.by = SPLIT_RANDOM, .valid = 0.1, .test = 0.1, .seed = 1};
    struct films films = {.all = open_data("ml-1m")};
    struct error err = ERROR_INIT;
    char *note = NULL;
    check(split_dataset(NULL, films.all, &split, &films.train, &films.valid, &films.test, &note, &err), &err);
    check(dataset_concat((struct dataset *[]){films.train, films.valid}, 2, &films.known, &err), &err);
    free(note);
    return films;
}

static void films_close(struct films *films) {
    struct dataset *all[] = {films->all, films->train, films->valid, films->test, films->known};
    for (int i = 0; i < 5; i++) dataset_unref(all[i]);
}

/* --- ours --- */

struct setting {
    double lr, decay, reg; /* als: reg alone */
};

static struct model *fitted(const char *kind, const struct setting *setting, struct dataset *data, struct dataset *judged_on, int64_t epochs) {
    const struct model_class *class = model_class_find(kind);
    struct error err = ERROR_INIT;
    struct params params;
    struct model *model;
    params_defaults(class, &params);
    params.values[params_find(class, "factors")].i = FACTORS;
    params.values[params_find(class, "reg")].f = setting->reg;
    if (params_find(class, "lr") >= 0) {
        params.values[params_find(class, "reg_bias")].f = setting->reg;
        params.values[params_find(class, "lr")].f = setting->lr;
        params.values[params_find(class, "decay")].f = setting->decay;
    }
    const struct fit_request request = {
        .data = data, .params = &params, .common = {.seed = 1, .epochs = epochs, .valid = judged_on, .patience = epochs}, .device = device_cpu()};
    check(evaluate_fit(class, &request, &model, &err), &err);
    return model;
}

/* The first epoch at or below 0.85 there, EPOCHS_MOST + 1: none; *out_least the lowest RMSE. */
static int64_t epochs_to(const char *kind, const struct setting *setting, struct dataset *data, struct dataset *judged_on, double *out_least,
                         double *out_rmse) {
    struct model *model = fitted(kind, setting, data, judged_on, EPOCHS_MOST);
    int64_t first = EPOCHS_MOST + 1;
    *out_least = INFINITY;
    for (int64_t e = model->n_history - 1; e >= 0; e--) {
        const double rmse = model->history[e].valid;
        *out_least = fmin(*out_least, rmse);
        if (rmse <= wanted) first = e + 1, *out_rmse = rmse;
    }
    if (first > EPOCHS_MOST) *out_rmse = *out_least;
    model_unref(model);
    return first;
}

static struct setting chosen(const char *kind, const struct setting *grid, int n, const struct films *films) {
    struct setting best = grid[0];
    int64_t fewest = INT64_MAX;
    double lowest = INFINITY, least, rmse;
    for (int i = 0; i < n; i++) {
        const int64_t epochs = epochs_to(kind, &grid[i], films->train, films->valid, &least, &rmse);
        if (epochs > fewest || (epochs == fewest && least >= lowest)) continue;
        best = grid[i], fewest = epochs, lowest = least;
    }
    return best;
}

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b; }

static void ours(const char *kind, const struct setting *grid, int n, const struct films *films) {
    const struct setting setting = chosen(kind, grid, n, films);
    double least, rmse, wall[RUNS], spent[RUNS];
    const int64_t first = epochs_to(kind, &setting, films->known, films->test, &least, &rmse);
    const int64_t epochs = first > EPOCHS_MOST ? EPOCHS_MOST : first;
    for (int r = 0; r < RUNS; r++) {
        const double start = clock_now_s();
        const clock_t before = clock();
        model_unref(fitted(kind, &setting, films->known, NULL, epochs));
        wall[r] = clock_now_s() - start;
        spent[r] = (double)(clock() - before) / CLOCKS_PER_SEC;
    }
    qsort(wall, RUNS, sizeof *wall, by_value);
    qsort(spent, RUNS, sizeof *spent, by_value);
    printf("| Reckon, %s(reg=%g", kind, setting.reg);
    if (setting.lr > 0) printf(", lr=%g, decay=%g", setting.lr, setting.decay);
    printf(") | %s%lld | %.4f | %.3f / %.3f | %.3f |\n", first > EPOCHS_MOST ? "not in " : "", (long long)epochs, rmse, wall[0], wall[RUNS / 2],
           spent[0]);
}

/* --- theirs --- */

static void write_rows(struct dataset *data, const char *folder, const char *name) {
    char path[200];
    struct events_view rows;
    struct error err = ERROR_INIT;
    check(dataset_columns(data, &rows, &err), &err);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file) exit(1);
    for (int64_t i = 0; i < dataset_n(data); i++)
        fwrite((float[]){(float)rows.users[i], (float)rows.items[i], rows.ratings[i]}, sizeof(float), 3, file);
    fclose(file);
}

static void theirs(const char *tool, const char *called, const char *folder) {
    double n[7]; /* epochs, RMSE, best and median wall, least of the processors, two settings */
    const char *argv[] = {"tests/bench/peer_mf.py", tool, folder, NULL};
    if (peer_numbers(argv, n, 7) != 7) return;
    printf("| %s(reg=%g", called, n[5]);
    if (n[6] > 0) printf(", lr=%g", n[6]);
    printf(") | %s%g | %.4f | %.3f / %.3f | %.3f |\n", n[1] > wanted ? "not in " : "", n[0], n[1], n[2], n[3], n[4]);
}

static void all_of_theirs(const struct films *films) {
    char folder[] = "/tmp/bench_mfXXXXXX", path[200];
    const char *names[] = {"train", "valid", "known", "test"};
    struct dataset *const parts[] = {films->train, films->valid, films->known, films->test};
    if (!mkdtemp(folder)) exit(1);
    for (int i = 0; i < 4; i++) write_rows(parts[i], folder, names[i]);
    theirs("libmf", "LIBMF", folder);
    theirs("cmfrec", "cmfrec, conjugate gradients", folder);
    theirs("cmfrec-exact", "cmfrec, exact", folder);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

int main(void) {
    struct setting sgd[18], exact[] = {{.reg = 0.05}, {.reg = 0.06}, {.reg = 0.07}, {.reg = 0.08}, {.reg = 0.1}};
    int n = 0;
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int lr = 0; lr < 3; lr++)
        for (int decay = 0; decay < 3; decay++)
            for (int reg = 0; reg < 2; reg++)
                sgd[n++] = (struct setting){(const double[]){0.02, 0.04, 0.08}[lr], (const double[]){0.85, 0.9, 0.95}[decay], reg ? 0.05 : 0.03};
    struct films films = films_open();
    printf("%s, %d threads; %lld rows, %d factors\n\n| | epochs to 0.85 | RMSE then | s, least / median | s of processors, least "
           "|\n|---|---|---|---|---|\n",
           device_isa(), pool_threads(), (long long)dataset_n(films.known), FACTORS);
    ours("mf", sgd, n, &films);
    ours("als", exact, (int)(sizeof exact / sizeof *exact), &films);
    all_of_theirs(&films);
    films_close(&films);
    pool_stop();
    return 0;
}
