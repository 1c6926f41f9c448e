/* Sums and extremes: partial results of runs whose length depends on the shape
 * only, combined in order, in double. */
#include <math.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

enum { RUN = 1 << 14 }; /* numbers a partial result covers */

/* Cut of the numbers into runs: n_runs pieces of each of n_out results. */
struct reduce_run {
    bool down;              /* axis 0 */
    int64_t n_rows, n_cols; /* of a; a whole reduction is one row */
    int64_t each, n_runs;   /* rows (down) or columns of a run; runs a result */
    const float *a;
    const double *shift; /* per result, or NULL */
    bool squared, extreme, most;
    double *partial; /* n_runs × n_out */
};

static int64_t n_out(const struct reduce_run *run) { return run->down ? run->n_cols : run->n_rows; }

static void down_block(const struct reduce_run *run, int64_t piece) {
    int64_t first = piece * run->each, n = run->n_rows - first < run->each ? run->n_rows - first : run->each;
    const float *x = run->a + first * run->n_cols;
    double *to = run->partial + piece * run->n_cols;
    if (!run->extreme) {
        HOT_PICK(sum_down)(x, n, run->n_cols, run->shift, run->squared, to);
        return;
    }
    float *best = (float *)to; /* the first half of the doubles' room */
    for (int64_t c = 0; c < run->n_cols; c++) best[c] = x[c];
    HOT_PICK(extreme_down)(x, n, run->n_cols, run->most, best);
    for (int64_t c = run->n_cols - 1; c >= 0; c--) {
        float value = best[c];
        to[c] = (double)value;
    }
}

static void along_block(const struct reduce_run *run, int64_t block) {
    int64_t row = block / run->n_runs, piece = block % run->n_runs, first = piece * run->each;
    int64_t n = run->n_cols - first < run->each ? run->n_cols - first : run->each;
    const float *x = run->a + row * run->n_cols + first;
    double *to = run->partial + piece * run->n_rows + row;
    if (run->extreme) *to = (double)HOT_PICK(extreme_run)(x, n, run->most);
    else *to = HOT_PICK(sum_run)(x, n, run->shift ? run->shift[row] : 0.0, run->squared);
}

enum { BLOCKS_EACH = 16 }; /* short rows: several to a pool block */

static void reduce_block(void *ctx, int64_t block, int thread) {
    const struct reduce_run *run = ctx;
    (void)thread;
    if (run->down) {
        down_block(run, block);
        return;
    }
    int64_t all = run->n_rows * run->n_runs, end = (block + 1) * BLOCKS_EACH < all ? (block + 1) * BLOCKS_EACH : all;
    for (int64_t b = block * BLOCKS_EACH; b < end; b++) along_block(run, b);
}

/* out[i] = the partial results of i put together in order. */
static void combine(const struct reduce_run *run, double *out) {
    int64_t n = n_out(run);
    for (int64_t i = 0; i < n; i++) {
        double sum = run->partial[i];
        for (int64_t piece = 1; piece < run->n_runs; piece++) {
            double next = run->partial[piece * n + i];
            if (!run->extreme) sum += next;
            else if (next != next || (sum == sum && (run->most ? next > sum : next < sum))) sum = next;
        }
        out[i] = sum;
    }
}

static enum status pass(struct reduce_run *run, double *out, struct error *err) {
    int64_t n = n_out(run), n_blocks = run->down ? run->n_runs : block_count(run->n_rows * run->n_runs, BLOCKS_EACH);
    TRY(mem_try_array((size_t)(n * run->n_runs), "room to sum in", &run->partial, err));
    enum status status = cpu_blocks(task_current(), n_blocks, reduce_block, run, err);
    if (status == OK) combine(run, out);
    mem_free(run->partial);
    return status;
}

static void cut(struct reduce_run *run) {
    int64_t length = run->down ? run->n_rows : run->n_cols;
    run->each = run->down ? RUN / run->n_cols : RUN;
    if (run->each < 1) run->each = 1;
    if (run->down && run->each < 64) run->each = 64;
    run->n_runs = length ? block_count(length, run->each) : 1;
}

/* Σ (x - mean)² in a second pass. */
static enum status spread(struct reduce_run *run, double *values, int64_t n_each, struct error *err) {
    double *means;
    int64_t n = n_out(run);
    TRY(mem_try_array((size_t)n, "room for means", &means, err));
    for (int64_t i = 0; i < n; i++) means[i] = values[i] / (double)n_each;
    run->shift = means;
    run->squared = true;
    enum status status = pass(run, values, err);
    mem_free(means);
    return status;
}

static double finish(enum mat_reduction reduction, double value, int64_t n_each) {
    switch (reduction) {
    case MAT_MEAN: return value / (double)n_each;
    case MAT_STD: return sqrt(value / (double)n_each);
    case MAT_NORM: return sqrt(value);
    case MAT_SUM:
    case MAT_LEAST:
    case MAT_MOST: break;
    }
    return value;
}

enum status cpu_reduce(void *state, enum mat_reduction reduction, int axis, int64_t n_rows, int64_t n_cols, const float *a, float *out,
                       struct error *err) {
    (void)state;
    struct reduce_run run = {.down = axis == 0, .n_rows = axis == -1 ? 1 : n_rows, .n_cols = axis == -1 ? n_rows * n_cols : n_cols, .a = a};
    run.extreme = reduction == MAT_LEAST || reduction == MAT_MOST;
    run.most = reduction == MAT_MOST;
    run.squared = reduction == MAT_NORM;
    cut(&run);
    double *values;
    int64_t n = n_out(&run), n_each = axis == 0 ? n_rows : run.n_cols;
    TRY(mem_try_array((size_t)n, "room for results", &values, err));
    enum status status = pass(&run, values, err);
    if (status == OK && reduction == MAT_STD) status = spread(&run, values, n_each, err);
    for (int64_t i = 0; status == OK && i < n; i++) out[i] = (float)finish(reduction, values[i], n_each);
    mem_free(values);
    return status;
}
