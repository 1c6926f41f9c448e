/* Sums and extremes in double: runs whose length depends on the shape only, a
 * fixed tree inside a run, the runs of a result in order. */
#include "runtime/device/cuda_impl.cuh"

enum fold { FOLD_SUM, FOLD_SQUARES, FOLD_LEAST, FOLD_MOST };

/* NaN wins, as in reduce_hot.c. */
DEVICE static inline double join(enum fold fold, double a, double b) {
    if (fold == FOLD_SUM || fold == FOLD_SQUARES) return a + b;
    if (a != a || b != b) return a != a ? a : b;
    return fold == FOLD_MOST ? (b > a ? b : a) : (b < a ? b : a);
}

/* Element e of result i is a[i * result_step + e * element_step]. A block has `width` results side by side and THREADS / width threads for each. */
struct fold_kernel {
    enum { THREADS = 256 };
    struct local {
        double value;
    };
    enum fold fold;
    const float *a;
    int64_t n, length, result_step, element_step, each, n_runs;
    int width, n_folds;  /* THREADS = width << n_folds */
    const double *shift; /* per result, or NULL */
    double *partial;     /* n_runs × n */

    DEVICE int64_t phases(int64_t) const { return n_folds + 2; }
    DEVICE double of_lane(int64_t result, int64_t first, int64_t end, int lane) const {
        double value = fold == FOLD_LEAST ? (double)INFINITY : fold == FOLD_MOST ? -(double)INFINITY : 0.0, by = shift ? shift[result] : 0.0;
        for (int64_t e = first + lane; e < end; e += THREADS / width) {
            double x = (double)a[result * result_step + e * element_step] - by;
            value = join(fold, value, fold == FOLD_SQUARES ? x * x : x);
        }
        return value;
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, local &own, void *shared) const {
        double *values = (double *)shared;
        int64_t piece = block % n_runs, result = block / n_runs * width + thread % width;
        if (phase == 0) {
            int64_t first = piece * each;
            own.value = result < n ? of_lane(result, first, least(first + each, length), thread / width) : 0.0;
            values[thread] = own.value;
        } else if (phase <= n_folds) {
            int half = THREADS >> phase;
            if (thread < half) values[thread] = join(fold, values[thread], values[thread + half]);
        } else if (thread < width && result < n) {
            partial[piece * n + result] = values[thread];
        }
    }
};

/* The runs of a result in order, and what the reduction makes of them. to or out is NULL. */
struct finish_kernel : one_phase {
    enum fold fold;
    enum mat_reduction reduction;
    int64_t n, n_runs, n_each;
    const double *partial;
    double *to;
    float *out;
    DEVICE double finished(double value) const {
        switch (reduction) {
        case MAT_MEAN: return value / (double)n_each;
        case MAT_STD: return sqrt(value / (double)n_each);
        case MAT_NORM: return sqrt(value);
        default: return value;
        }
    }
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = block * THREADS + thread;
        if (i >= n) return;
        double value = partial[i];
        for (int64_t piece = 1; piece < n_runs; piece++) value = join(fold, value, partial[piece * n + i]);
        value = finished(value);
        if (to) to[i] = value;
        else out[i] = (float)value;
    }
};

/* How numbers are cut, from the shape alone. */
static struct fold_kernel cut(int axis, int64_t n_rows, int64_t n_cols, const float *a) {
    const int64_t run = 1 << 14;
    struct fold_kernel kernel = {};
    kernel.a = a;
    kernel.n = axis == 0 ? n_cols : axis == 1 ? n_rows : 1;
    kernel.length = axis == 0 ? n_rows : axis == 1 ? n_cols : n_rows * n_cols;
    kernel.result_step = axis == 0 ? 1 : kernel.length;
    kernel.element_step = axis == 0 ? n_cols : 1;
    bool side_by_side = axis == 0 || kernel.length < fold_kernel::THREADS;
    kernel.width = side_by_side ? 32 : 1;
    kernel.n_folds = side_by_side ? 3 : 8;
    kernel.each = side_by_side ? run / kernel.width : run;
    kernel.n_runs = kernel.length ? blocks_of(kernel.length, kernel.each) : 1;
    return kernel;
}

static enum status pass(struct gpu *gpu, const struct fold_kernel *kernel, struct finish_kernel finish, struct error *err) {
    finish.fold = kernel->fold;
    finish.n = kernel->n;
    finish.n_runs = kernel->n_runs;
    finish.n_each = kernel->length;
    finish.partial = kernel->partial;
    TRY(launch(gpu, *kernel, blocks_of(kernel->n, kernel->width) * kernel->n_runs, fold_kernel::THREADS * sizeof(double), err));
    return launch(gpu, finish, blocks_of(kernel->n, finish_kernel::THREADS), 0, err);
}

static enum fold fold_of(enum mat_reduction reduction) {
    switch (reduction) {
    case MAT_LEAST: return FOLD_LEAST;
    case MAT_MOST: return FOLD_MOST;
    case MAT_NORM: return FOLD_SQUARES;
    default: return FOLD_SUM;
    }
}

enum status cuda_reduce(void *state, enum mat_reduction reduction, int axis, int64_t n_rows, int64_t n_cols, const float *a, float *out,
                        struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    struct fold_kernel kernel = cut(axis, n_rows, n_cols, a);
    struct finish_kernel finish = {};
    scratch<double> partial, means;
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    TRY(partial.room(gpu, kernel.n * kernel.n_runs, err));
    kernel.partial = partial.at;
    kernel.fold = fold_of(reduction);
    if (reduction == MAT_STD) { /* Σ (x - mean)² needs the means first */
        TRY(means.room(gpu, kernel.n, err));
        finish.reduction = MAT_MEAN;
        finish.to = means.at;
        TRY(pass(gpu, &kernel, finish, err));
        kernel.fold = FOLD_SQUARES;
        kernel.shift = means.at;
        finish.to = NULL;
    }
    finish.reduction = reduction;
    finish.out = out;
    TRY(pass(gpu, &kernel, finish, err));
    return gpu_pace(gpu, NULL, (double)n_rows * (double)n_cols * 1e-5, err);
}
