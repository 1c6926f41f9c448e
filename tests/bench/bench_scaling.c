/* What fits cost against the number of interactions, on synthetic data: a hundred interactions a user, items growing with the
 * square root of users, as Markdown. Processor seconds of all threads, which other load on the machine hardly changes; with
 * RECKON_THREADS=1 they are what the fit takes on one free core. An iterative model counts by the epoch, and fits EPOCHS of
 * them. The last column is the exponent: seconds grow as interactions to that power between the two largest sizes that were
 * run; 1 is a straight line.
 *
 *     scaling [MODEL …]      default: every model with its default parameters */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "models/eval/evaluate.h"
#include "runtime/base/thread.h"
#include "tests/bench/bench.h"

enum { SIZES = 5, EPOCHS = 3, ROWS_A_USER = 100, TIMES = 3 };
static const int64_t sizes[SIZES] = {100000, 316000, 1000000, 3160000, 10000000};
#define PATIENCE_S 60.0 /* the next size is left out after a fit that took longer; also, one that is shorter than a tenth is repeated */

static struct dataset *data_of(int64_t n) {
    struct error err = ERROR_INIT;
    struct dataset *data = NULL;
    const int64_t users = n / ROWS_A_USER, items = (int64_t)(1700 * sqrt((double)users / 1000));
    const struct synth_request request = {
        .users = users, .items = items, .density = (double)n / ((double)users * (double)items), .genres = 12, .seed = 1};
    check(synth_dataset(NULL, &request, &data, &err), &err);
    return data;
}

static double processor_s(void) {
    struct timespec at;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

/* Seconds of a fit, or of an epoch; NaN with the reason on stderr when it can't be fitted. */
static double fit_seconds(const struct model_class *class, struct dataset *data) {
    struct error err = ERROR_INIT;
    struct params params;
    struct model *model = NULL;
    double best = INFINITY;
    params_defaults(class, &params);
    const struct fit_request request = {
        .data = data, .params = &params, .common = {.seed = 1, .epochs = class->iterative ? EPOCHS : 0}, .device = device_cpu()};
    for (int i = 0; i < TIMES && (i == 0 || best < PATIENCE_S / 10); i++) {
        const double start = processor_s();
        if (evaluate_fit(class, &request, &model, &err) != OK) {
            fprintf(stderr, "%s: %s\n", class->name, err.message);
            return NAN;
        }
        best = fmin(best, (processor_s() - start) / (class->iterative ? EPOCHS : 1));
        model_unref(model);
    }
    fprintf(stderr, "  %s %.3g\n", class->name, best);
    return best;
}

static bool is_wanted(const char *name, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return argc < 2;
}

/* By size, NaN where it was not run. */
static void print_row(const char *name, const char *what, const double seconds[SIZES]) {
    int last = SIZES - 1;
    while (last > 0 && isnan(seconds[last])) last--;
    printf("| %s | %s |", name, what);
    for (int s = 0; s < SIZES; s++)
        if (isnan(seconds[s])) printf(" - |");
        else printf(" %.3g |", seconds[s]);
    if (last > 0 && !isnan(seconds[last - 1]))
        printf(" %.2f |\n", log(seconds[last] / seconds[last - 1]) / log((double)sizes[last] / (double)sizes[last - 1]));
    else printf(" - |\n");
}

int main(int argc, char **argv) {
    const struct model_class *const *classes;
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    const size_t n_classes = model_classes(&classes);
    double(*seconds)[SIZES] = calloc(n_classes, sizeof *seconds);
    if (!seconds) return 1;
    for (int s = 0; s < SIZES; s++) {
        struct dataset *data = data_of(sizes[s]);
        fprintf(stderr, "%" PRId64 " interactions, %" PRId64 " users, %" PRId64 " items\n", sizes[s], dataset_n_users(data), dataset_n_items(data));
        for (size_t c = 0; c < n_classes; c++) {
            const bool skipped = s > 0 && (isnan(seconds[c][s - 1]) || seconds[c][s - 1] * (classes[c]->iterative ? EPOCHS : 1) > PATIENCE_S);
            seconds[c][s] = skipped || !is_wanted(classes[c]->name, argc, argv) ? NAN : fit_seconds(classes[c], data);
        }
        dataset_unref(data);
    }
    printf(
        "%s, %d threads; processor seconds\n\n| model | of | 10^5 | 10^5.5 | 10^6 | 10^6.5 | 10^7 | exponent |\n|---|---|---|---|---|---|---|---|\n",
        device_isa(), pool_threads());
    for (size_t c = 0; c < n_classes; c++)
        if (is_wanted(classes[c]->name, argc, argv)) print_row(classes[c]->name, classes[c]->iterative ? "an epoch" : "a fit", seconds[c]);
    free(seconds);
    pool_stop();
    return 0;
}
