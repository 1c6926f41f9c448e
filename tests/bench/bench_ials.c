/* Implicit ALS on MovieLens 1M (the NCF files: each user's last event held out) beside `implicit`: seconds a sweep, the loss it reaches, and HR@10
 * and NDCG@10 among the 99 published negatives.
 *
 * Both minimise the same thing. implicit: Σ c_ui (p_ui − s_ui)² + reg (|x|² + |y|²), c = 1 where nothing was observed. Ours, divided by the
 * unobserved weight a: w/a (1 − s)² + s² where observed; that is c = 1 + w/a and the target t = (w/a)/c, so s/t is implicit's score, and its reg is
 * ours over a t. Ours runs with nu = 0 here, for implicit doesn't scale its regularisation.
 *
 * Reads $RECKON_DATA/ncf; the peer runs where tests/bench/peers.sh could install it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/ops.h"
#include "tests/bench/bench.h"
#include "tests/bench/peer.h"

enum { USERS = 6040, ITEMS = 3706, MOST = 1000209, NEGATIVES = 99, SWEEPS = 10, EXACT_SWEEPS = 2, DEPTH = 10 };
static const float observed = 1, unobserved = 0.1f, reg = 5;

/* --- data --- */

struct data {
    int64_t n;
    int32_t *users, *items;
    int32_t (*candidates)[NEGATIVES + 1]; /* by user: the held-out item, then the negatives */
    struct csr *by_user, *by_item;
};

static FILE *open_file(const char *name) {
    char path[4096];
    const char *data = getenv("RECKON_DATA");
    snprintf(path, sizeof path, "%s/ncf/%s", data ? data : ".", name);
    FILE *file = fopen(path, "re");
    if (file) return file;
    fprintf(stderr, "bench_ials: can't read %s: set RECKON_DATA to the folder that holds ncf\n", path);
    exit(1);
}

static int by_number(const void *a, const void *b) { return *(const int32_t *)a - *(const int32_t *)b; }

static struct csr *by_row(int64_t rows, int64_t cols, int64_t n, const int32_t *row, const int32_t *col) {
    int64_t *starts = xnew_array(int64_t, (size_t)rows + 1), *next = xnew_array(int64_t, (size_t)rows + 1);
    int32_t *columns = xnew_array(int32_t, (size_t)n);
    struct csr *csr = NULL;
    struct error err = ERROR_INIT;
    for (int64_t i = 0; i < n; i++) starts[row[i] + 1]++;
    for (int64_t r = 0; r < rows; r++) next[r + 1] = starts[r + 1] += starts[r];
    for (int64_t i = 0; i < n; i++) columns[next[row[i]]++] = col[i];
    for (int64_t r = 0; r < rows; r++) qsort(columns + starts[r], (size_t)(starts[r + 1] - starts[r]), sizeof *columns, by_number);
    check(csr_from(device_cpu(), rows, cols, starts, columns, NULL, &csr, &err), &err);
    free(starts);
    free(next);
    free(columns);
    return csr;
}

static struct data read_data(void) {
    struct data d = {0, xnew_array(int32_t, MOST), xnew_array(int32_t, MOST), xalloc_array(USERS, sizeof *d.candidates), NULL, NULL};
    FILE *file = open_file("ml-1m.train.rating");
    int user, item;
    for (; d.n < MOST && fscanf(file, "%d %d %*d %*d", &user, &item) == 2; d.n++) d.users[d.n] = user, d.items[d.n] = item;
    fclose(file);
    file = open_file("ml-1m.test.negative");
    while (fscanf(file, " (%d,%d)", &user, &item) == 2) {
        d.candidates[user][0] = item;
        for (int i = 1; i <= NEGATIVES; i++)
            if (fscanf(file, "%d", &d.candidates[user][i]) != 1) exit(1);
    }
    fclose(file);
    d.by_user = by_row(USERS, ITEMS, d.n, d.users, d.items);
    d.by_item = by_row(ITEMS, USERS, d.n, d.items, d.users);
    return d;
}

/* --- judging vectors --- */

struct quality {
    double hit, ndcg;
};

/* Ties go against the held-out item; it is no negative of itself. */
static struct quality judge(const struct data *d, int64_t f, const float *users, const float *items) {
    struct quality q = {0, 0};
    for (int64_t u = 0; u < USERS; u++) {
        const int32_t *c = d->candidates[u];
        const float own = dot_canonical(users + u * f, items + c[0] * f, f);
        int before = 0;
        for (int i = 1; i <= NEGATIVES; i++) before += c[i] != c[0] && dot_canonical(users + u * f, items + c[i] * f, f) >= own;
        if (before >= DEPTH) continue;
        q.hit += 1.0 / USERS;
        q.ndcg += 1 / log2(before + 2) / USERS;
    }
    return q;
}

/* Σ of |v|² over rows times the other's: what all pairs' squares add up to. */
static double all_squares(int64_t f, const float *users, const float *items) {
    double *a = xnew_array(double, (size_t)(f * f)), *b = xnew_array(double, (size_t)(f * f)), sum = 0;
    for (int64_t r = 0; r < USERS; r++)
        for (int64_t i = 0; i < f; i++)
            for (int64_t j = 0; j < f; j++) a[i * f + j] += (double)users[r * f + i] * (double)users[r * f + j];
    for (int64_t r = 0; r < ITEMS; r++)
        for (int64_t i = 0; i < f; i++)
            for (int64_t j = 0; j < f; j++) b[i * f + j] += (double)items[r * f + i] * (double)items[r * f + j];
    for (int64_t i = 0; i < f * f; i++) sum += a[i] * b[i];
    free(a);
    free(b);
    return sum;
}

/* Our loss of vectors whose scores are ours times 1 / target. */
static double loss_of(const struct data *d, int64_t f, const float *users, const float *items, double target) {
    double sum = 0, norms = 0;
    for (int64_t e = 0; e < d->n; e++) {
        const double left = 1 - target * (double)dot_canonical(users + d->users[e] * f, items + d->items[e] * f, f);
        sum += (double)observed * left * left;
    }
    for (int64_t i = 0; i < USERS * f; i++) norms += (double)users[i] * (double)users[i];
    for (int64_t i = 0; i < ITEMS * f; i++) norms += (double)items[i] * (double)items[i];
    return sum + (double)unobserved * target * target * all_squares(f, users, items) + (double)reg * target * norms;
}

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b; }

static double median(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, by_value);
    return x[n / 2];
}

static void row(const char *who, int64_t f, double seconds, double least, int sweeps, double loss, struct quality q) {
    printf("| %" PRId64 " | %s | %.4f | %.4f | %d | %.0f | %.4f | %.4f |\n", f, who, seconds, least, sweeps, loss, q.hit, q.ndcg);
}

/* --- ours --- */

static struct mat *vectors(int64_t rows, int64_t cols, double deviation, float value) {
    struct mat *mat = NULL;
    struct error err = ERROR_INIT;
    check(mat_new(device_cpu(), rows, cols, &mat, &err), &err);
    for (int64_t r = 0; r < rows; r++) {
        struct rng rng = rng_at(1, RNG_INIT_ITEMS, (uint64_t)r);
        for (int64_t c = 0; c < cols; c++) mat_data(mat)[r * cols + c] = value + (float)(deviation > 0 ? deviation * rng_normal(&rng) : 0);
    }
    return mat;
}

/* scaled: reg (events + unobserved · other side), else reg for every row. */
static struct ials_side side_of(const struct csr *events, float with_reg, float pull, bool scaled) {
    const int64_t rows = csr_rows(events), cols = csr_cols(events);
    struct ials_side side = {events, vectors(rows, 1, 0, with_reg), vectors(cols, 1, 0, 0), 0};
    float *ridge = mat_data(side.ridge), *popularity = mat_data(side.popularity);
    for (int64_t r = 0; r < rows; r++) {
        if (scaled) ridge[r] *= observed * (float)(csr_starts(events)[r + 1] - csr_starts(events)[r]) + pull * (float)cols;
        side.mean_ridge += ridge[r] / (float)rows;
    }
    for (int64_t e = 0; e < csr_n(events); e++) popularity[csr_columns(events)[e]] += observed / (float)rows;
    return side;
}

struct fit {
    struct mat *users, *items;
    struct ials_side by_user, by_item;
    struct ials_rule rule;
};

static struct fit fit_new(const struct data *d, int64_t f, int64_t cg_steps, float with_reg, float pull, bool scaled) {
    return (struct fit){vectors(USERS, f, 0.1 / sqrt((double)f), 0),
                        vectors(ITEMS, f, 0, 0),
                        side_of(d->by_user, with_reg, pull, scaled),
                        side_of(d->by_item, with_reg, pull, scaled),
                        {observed, pull, cg_steps, f}};
}

static void fit_release(struct fit *fit) {
    struct mat *all[] = {fit->users, fit->items, fit->by_user.ridge, fit->by_user.popularity, fit->by_item.ridge, fit->by_item.popularity};
    for (int i = 0; i < 6; i++) mat_unref(all[i]);
}

static double sweep(struct fit *fit) {
    struct error err = ERROR_INIT;
    double loss;
    const double start = clock_now_s();
    check(ops_ials_solve(NULL, &fit->rule, &fit->by_item, fit->users, fit->items, &loss, &err), &err);
    check(ops_ials_solve(NULL, &fit->rule, &fit->by_user, fit->items, fit->users, &loss, &err), &err);
    return clock_now_s() - start;
}

static void ours(const struct data *d, int64_t f, const char *name, int64_t cg_steps, int sweeps) {
    struct fit fit = fit_new(d, f, cg_steps, reg, unobserved, false);
    double seconds[SWEEPS];
    for (int i = 0; i < sweeps; i++) seconds[i] = sweep(&fit);
    const float *users = mat_values(fit.users), *items = mat_values(fit.items);
    const double middle = median(seconds, sweeps); /* sorts */
    row(name, f, middle, seconds[0], sweeps, loss_of(d, f, users, items, 1), judge(d, f, users, items));
    fit_release(&fit);
}

/* --- the peer --- */

static float *read_floats(const char *folder, const char *name, int64_t n) {
    char path[200];
    float *values = xnew_array(float, (size_t)n);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file || fread(values, sizeof *values, (size_t)n, file) != (size_t)n) exit(1);
    fclose(file);
    remove(path);
    return values;
}

static void theirs(const struct data *d, int64_t f, bool cg, int sweeps) {
    const double target = (double)observed / (double)(observed + unobserved);
    char folder[] = "/tmp/bench_ialsXXXXXX", ncf[4096], texts[4][32];
    double numbers[2];
    if (!mkdtemp(folder)) exit(1);
    snprintf(ncf, sizeof ncf, "%s/ncf", getenv("RECKON_DATA"));
    snprintf(texts[0], 32, "%" PRId64, f);
    snprintf(texts[1], 32, "%.9g", (double)(observed / unobserved) + 1);
    snprintf(texts[2], 32, "%.9g", (double)(reg / unobserved) / target);
    snprintf(texts[3], 32, "%d", sweeps);
    const char *argv[] = {"tests/bench/peer_ials.py", ncf, folder, texts[0], texts[1], texts[2], texts[3], cg ? "1" : "0", NULL};
    if (peer_numbers(argv, numbers, 2) == 2) {
        float *users = read_floats(folder, "users", USERS * f), *items = read_floats(folder, "items", ITEMS * f);
        row(cg ? "implicit, CG, 3 steps" : "implicit, exact", f, numbers[0], numbers[1], sweeps, loss_of(d, f, users, items, target),
            judge(d, f, users, items));
        free(users);
        free(items);
    }
    rmdir(folder);
}

/* --- the bench --- */

/* Seconds until NDCG@10 on the test items is 0.45, judging not counted; regularisation scaled, settings from validation (implicit.md). */
static void until(const struct data *d, int64_t f) {
    struct fit fit = fit_new(d, f, 2, 0.007f, 0.2f, true);
    struct quality q = {0, 0};
    double seconds = 0;
    int sweeps = 0;
    for (; sweeps < 16 && q.ndcg < 0.45; sweeps++) {
        seconds += sweep(&fit);
        q = judge(d, f, mat_values(fit.users), mat_values(fit.items));
    }
    printf("%s0.45 NDCG@10 with %" PRId64 " factors: %.2f s, %d sweeps (HR@10 %.4f, NDCG@10 %.4f)\n", q.ndcg < 0.45 ? "missed " : "", f, seconds,
           sweeps, q.hit, q.ndcg);
    fit_release(&fit);
}

int main(void) {
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct data d = read_data();
    printf("%s, %d threads\n\n| factors | | s a sweep, median | least | sweeps | loss | HR@10 | NDCG@10 |\n|---|---|---|---|---|---|---|---|\n",
           device_isa(), pool_threads());
    for (int64_t f = 64; f <= 256; f *= 2) {
        ours(&d, f, "Reckon, CG, 2 steps", 2, SWEEPS);
        ours(&d, f, "Reckon, CG, 3 steps", 3, SWEEPS);
        theirs(&d, f, true, SWEEPS);
        ours(&d, f, "Reckon, exact", 0, EXACT_SWEEPS);
        theirs(&d, f, false, EXACT_SWEEPS);
    }
    printf("\n");
    until(&d, 128);
    csr_unref(d.by_user);
    csr_unref(d.by_item);
    free(d.users);
    free(d.items);
    free(d.candidates);
    pool_stop();
    return 0;
}
