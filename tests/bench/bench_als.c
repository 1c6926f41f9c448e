/* Explicit ALS with biases on MovieLens 1M: seconds a sweep (users, then items).
 *
 * Floor, f factors, n ratings, u users, i items: each rating adds its outer
 * product to two normal matrices, 2 n (f + 1)(f + 2) flops in all; each row costs
 * a Cholesky of (f + 1)³ / 3. For f = 64 on ML-1M 8.6 + 0.9 Gflop, for 256 132 +
 * 55 Gflop, over what this machine's fused multiply-adds give (measured below).
 * Bytes don't bind: a rating's vector is read from the L2 or L3 cache, 4 f bytes
 * for (f + 1)(f + 2) flops.
 *
 * Targets: targets.md, explicit MF: cmfrec 0.175 s a sweep (three conjugate
 * gradient steps, k = 64), 0.833 s exact; ours is exact and at least twice as
 * fast as either. Reads $RECKON_DATA/ml-1m/ratings.dat, or the file named. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/ops.h"
#include "tests/bench/bench.h"

enum { USERS = 6040, ITEMS = 3952, MOST = 1000209, SWEEPS = 12 };

struct ratings {
    int64_t n;
    int32_t *users, *items;
    float *values;
    double mean;
};

static struct ratings read_ratings(const char *path) {
    FILE *file = fopen(path, "re");
    struct ratings r = {0, xnew_array(int32_t, MOST), xnew_array(int32_t, MOST), xnew_array(float, MOST), 0};
    int user, item, value;
    if (!file) {
        fprintf(stderr, "bench_als: can't read %s: set RECKON_DATA to the folder that holds ml-1m\n", path);
        exit(1);
    }
    for (; r.n < MOST && fscanf(file, "%d::%d::%d::%*d", &user, &item, &value) == 3; r.n++) {
        r.users[r.n] = user - 1;
        r.items[r.n] = item - 1;
        r.values[r.n] = (float)value;
        r.mean += value;
    }
    r.mean /= (double)r.n;
    fclose(file);
    return r;
}

struct cell {
    int32_t col;
    float value;
};

static int by_col(const void *a, const void *b) { return ((const struct cell *)a)->col - ((const struct cell *)b)->col; }

static struct csr *by_row(int64_t rows, int64_t cols, int64_t n, const int32_t *row, const int32_t *col, const float *values) {
    int64_t *starts = xnew_array(int64_t, (size_t)rows + 1), *next = xnew_array(int64_t, (size_t)rows + 1);
    struct cell *cells = xnew_array(struct cell, (size_t)n);
    int32_t *columns = xnew_array(int32_t, (size_t)n);
    float *sorted = xnew_array(float, (size_t)n);
    struct csr *csr = NULL;
    struct error err = ERROR_INIT;
    for (int64_t i = 0; i < n; i++) starts[row[i] + 1]++;
    for (int64_t r = 0; r < rows; r++) next[r + 1] = starts[r + 1] += starts[r];
    for (int64_t i = 0; i < n; i++) cells[next[row[i]]++] = (struct cell){col[i], values[i]};
    for (int64_t r = 0; r < rows; r++) qsort(cells + starts[r], (size_t)(starts[r + 1] - starts[r]), sizeof *cells, by_col);
    for (int64_t i = 0; i < n; i++) columns[i] = cells[i].col, sorted[i] = cells[i].value;
    check(csr_from(device_cpu(), rows, cols, starts, columns, sorted, &csr, &err), &err);
    void *all[] = {starts, next, cells, columns, sorted};
    for (int i = 0; i < 5; i++) free(all[i]);
    return csr;
}

static struct mat *mat_of(int64_t rows, int64_t cols, double scale) {
    struct mat *mat = NULL;
    struct error err = ERROR_INIT;
    check(mat_new(device_cpu(), rows, cols, &mat, &err), &err);
    for (int64_t r = 0; r < rows && scale > 0; r++) {
        struct rng rng = rng_at(1, RNG_INIT_ITEMS, (uint64_t)r);
        for (int64_t c = 0; c < cols; c++) mat_data(mat)[r * cols + c] = (float)(scale * rng_normal(&rng));
    }
    return mat;
}

static double rmse_of(const struct ratings *r, const struct mat *users, const struct mat *items, const struct mat *user_bias,
                      const struct mat *item_bias) {
    float *out = xnew_array(float, (size_t)r->n);
    struct error err = ERROR_INIT;
    double sum = 0;
    check(ops_dot_pairs(NULL, users, items, user_bias, item_bias, (float)r->mean, r->users, r->items, r->n, out, &err), &err);
    for (int64_t i = 0; i < r->n; i++) sum += ((double)out[i] - r->values[i]) * ((double)out[i] - r->values[i]);
    free(out);
    return sqrt(sum / (double)r->n);
}

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

/* Gflop/s of the machine: a product that fits the caches. */
static double peak(void) {
    struct mat *a = mat_of(1024, 1024, 1), *out = NULL;
    struct error err = ERROR_INIT;
    double best = 0;
    for (int i = 0; i < 20; i++) {
        const double start = clock_now_s();
        check(mat_multiply(NULL, a, false, a, false, &out, &err), &err);
        best = fmax(best, 2e-9 * 1024 * 1024 * 1024 / (clock_now_s() - start));
        mat_unref(out);
    }
    mat_unref(a);
    return best;
}

static void measure(const struct ratings *r, const struct csr *by_user, const struct csr *by_item, int64_t f, double gflops, double target_s) {
    struct mat *users = mat_of(USERS, f, 0), *items = mat_of(ITEMS, f, 0.1), *user_bias = mat_of(USERS, 1, 0), *item_bias = mat_of(ITEMS, 1, 0);
    struct error err = ERROR_INIT;
    double seconds[SWEEPS];
    const float reg = 0.05f, mean = (float)r->mean;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        const double start = clock_now_s();
        check(ops_als_solve(NULL, by_user, mean, items, item_bias, reg, users, user_bias, &err), &err);
        check(ops_als_solve(NULL, by_item, mean, users, user_bias, reg, items, item_bias, &err), &err);
        seconds[sweep] = clock_now_s() - start;
    }
    qsort(seconds, SWEEPS, sizeof *seconds, by_value);
    const double size = (double)(f + 1), gflop = 1e-9 * (2 * (double)r->n * size * (size + 1) + (USERS + ITEMS) * size * size * size / 3);
    printf("%3" PRId64 " factors: %.4f s a sweep (best %.4f, floor %.4f", f, seconds[SWEEPS / 2], seconds[0], gflop / gflops);
    if (target_s > 0) printf(", target %.4f", target_s);
    printf("), training rmse %.4f\n", rmse_of(r, users, items, user_bias, item_bias));
    struct mat *all[] = {users, items, user_bias, item_bias};
    for (int i = 0; i < 4; i++) mat_unref(all[i]);
}

int main(int argc, char **argv) {
    char path[4096];
    const char *data = getenv("RECKON_DATA");
    snprintf(path, sizeof path, "%s/ml-1m/ratings.dat", data ? data : ".");
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    const struct ratings r = read_ratings(argc > 1 ? argv[1] : path);
    struct csr *by_user = by_row(USERS, ITEMS, r.n, r.users, r.items, r.values), *by_item = by_row(ITEMS, USERS, r.n, r.items, r.users, r.values);
    const double gflops = peak();
    printf("%s, %d threads, %.0f Gflop/s in a product\n", device_isa(), pool_threads(), gflops);
    measure(&r, by_user, by_item, 64, gflops, 0.175 / 2);
    measure(&r, by_user, by_item, 128, gflops, 0);
    measure(&r, by_user, by_item, 256, gflops, 0);
    csr_unref(by_user);
    csr_unref(by_item);
    pool_stop();
    free(r.users);
    free(r.items);
    free(r.values);
    return 0;
}
