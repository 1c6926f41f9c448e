/* What bench_topk and bench_rank share: MovieLens 1M, a ninth of each user's rows held out, and als of 64 factors; and how times are taken. */
#ifndef RECKON_BENCH_ML1M_H
#define RECKON_BENCH_ML1M_H

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/eval/evaluate.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "runtime/data/split_ways.h"
#include "runtime/device/device.h"
#include "tests/bench/bench.h"

enum { FACTORS = 64, RUNS = 25 };

struct ml1m {
    struct dataset *all, *train, *test;
    struct model *model;
    struct mat *users, *items; /* its vectors */
    int64_t n_users, n_items;
};

static inline struct ml1m ml1m_open(void) {
    struct ml1m m = {.all = open_data("ml-1m")};
    struct error err = ERROR_INIT;
    struct dataset *valid = NULL;
    struct params params;
    char *note = NULL;
    const struct model_class *class = model_class_find("als");
    const struct split_request split = {.by = SPLIT_PER_USER, .test = 0.1, .seed = 1};
    check(split_dataset(NULL, m.all, &split, &m.train, &valid, &m.test, &note, &err), &err);
    params_defaults(class, &params);
    params.values[params_find(class, "factors")].i = FACTORS;
    const struct fit_request fit = {.data = m.train, .params = &params, .common = {.seed = 1, .epochs = 6}, .device = device_cpu()};
    check(model_fit(class, &fit, &m.model, &err), &err);
    check(class->vectors(m.model, EMBED_USERS, &m.users, &err), &err);
    check(class->vectors(m.model, EMBED_ITEMS, &m.items, &err), &err);
    m.n_users = dataset_n_users(m.all);
    m.n_items = dataset_n_items(m.all);
    free(note);
    return m;
}

/* Seconds of the wall and of all processors, sorted by the former: other work on the machine shows in what lies between. */
struct timed {
    double wall_s[RUNS], cpu_s[RUNS];
};
static inline int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }
static inline struct timed timed(void (*run)(void *ctx), void *ctx) {
    struct timed t;
    run(ctx);
    for (int i = 0; i < RUNS; i++) {
        const double start_s = clock_now_s();
        const clock_t spent = clock();
        run(ctx);
        t.cpu_s[i] = (double)(clock() - spent) / CLOCKS_PER_SEC;
        t.wall_s[i] = clock_now_s() - start_s;
    }
    qsort(t.wall_s, RUNS, sizeof *t.wall_s, by_value);
    qsort(t.cpu_s, RUNS, sizeof *t.cpu_s, by_value);
    return t;
}
static inline void print_timed(const char *what, const struct timed *t) {
    printf("%s: %.1f ms least, %.1f median; processors %.1f ms least, %.1f median\n", what, 1e3 * t->wall_s[0], 1e3 * t->wall_s[RUNS / 2],
           1e3 * t->cpu_s[0], 1e3 * t->cpu_s[RUNS / 2]);
}

/* The scores alone, as the model gives them, 128 users at a time into the same place: what both benches can't do without. */
static inline void scores_alone(const struct ml1m *m) {
    enum { USERS = 128 };
    struct error err = ERROR_INIT;
    float *scores = xnew_array(float, (size_t)(USERS * m->n_items));
    int32_t users[USERS];
    double best = INFINITY;
    for (int run = 0; run < 10; run++) {
        const double start = clock_now_s();
        for (int64_t first = 0; first < m->n_users; first += USERS) {
            const int64_t n = m->n_users - first < USERS ? m->n_users - first : USERS;
            for (int64_t u = 0; u < n; u++) users[u] = (int32_t)(first + u);
            check(model_score_block(m->model, NULL, users, n, scores, &err), &err);
        }
        best = fmin(best, clock_now_s() - start);
    }
    free(scores);
    printf("%s, %d threads; the scores alone: %.1f ms, %.0f Gflop/s\n", device_isa(), pool_threads(), 1e3 * best,
           2e-9 * (double)m->n_users * (double)m->n_items * (double)mat_cols(m->users) / best);
}

static inline void write_array(const char *folder, const char *name, const void *data, size_t size_bytes) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file || fwrite(data, 1, size_bytes, file) != size_bytes) {
        fprintf(stderr, "can't write %s\n", path);
        exit(1);
    }
    fclose(file);
}

#endif
