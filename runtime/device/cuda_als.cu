/* Batched ALS: the normal matrices of a batch of rows, tile by tile, then one
 * block to solve each by Cholesky without square roots (L D Lᵀ). */
#include "runtime/device/cuda_impl.cuh"

/* --- normal matrices --- */

enum { TILE = 32, CHUNK = 16, EACH = 4 }; /* a thread's EACH × EACH numbers of a TILE × TILE tile */

/* Vectors (q, 1, r - mean - bias) of CHUNK entries, the tile's rows and columns of them. */
struct gram_shared {
    float left[CHUNK][TILE], right[CHUNK][TILE];
};

/* Upper half of Σ x xᵀ + ridge for the x of gram_shared, the right-hand side in column f + 1. A block: one tile of one row's matrix. */
struct gram_kernel {
    enum { THREADS = TILE / EACH * (TILE / EACH) };
    struct local {
        float total[EACH][EACH];
    };
    const int64_t *starts;
    const int32_t *columns;
    const float *values, *other, *other_bias;
    float mean, reg;
    int64_t f, ld, first_row, tiles_across, n_tiles;
    float *matrices; /* per row of the batch: (f + 1) × ld */

    DEVICE int64_t entries(int64_t block) const {
        int64_t row = first_row + block / n_tiles;
        return starts[row + 1] - starts[row];
    }
    DEVICE int64_t phases(int64_t block) const { return 2 * ((entries(block) + CHUNK - 1) / CHUNK) + 1; }
    DEVICE float number(int64_t entry, int64_t j) const {
        int64_t column = columns[entry];
        if (j < f) return other[column * f + j];
        return j == f ? 1.0f : j == f + 1 ? values[entry] - mean - other_bias[column] : 0.0f;
    }
    DEVICE void load(int64_t chunk, int64_t block, int64_t tile_row, int64_t tile_col, int thread, struct gram_shared *to) const {
        int64_t start = starts[first_row + block / n_tiles], n = entries(block);
        int64_t j = thread < TILE ? tile_row * TILE + thread : tile_col * TILE + thread - TILE;
        for (int e = 0; e < CHUNK; e++) {
            int64_t at = chunk * CHUNK + e;
            float *row = thread < TILE ? to->left[e] : to->right[e];
            row[thread % TILE] = at < n ? number(start + at, j) : 0.0f;
        }
    }
    /* A chunk's sum first, then the total: long rows lose fewer digits. */
    DEVICE void add(int thread, local &own, const struct gram_shared *from) const {
        float sum[EACH][EACH] = {};
        int i = thread / (TILE / EACH) * EACH, j = thread % (TILE / EACH) * EACH;
        for (int e = 0; e < CHUNK; e++)
            for (int r = 0; r < EACH; r++)
                for (int c = 0; c < EACH; c++) sum[r][c] = fused(from->left[e][i + r], from->right[e][j + c], sum[r][c]);
        for (int r = 0; r < EACH; r++)
            for (int c = 0; c < EACH; c++) own.total[r][c] += sum[r][c];
    }
    DEVICE void store(int64_t block, int64_t tile_row, int64_t tile_col, int thread, const local &own) const {
        float *matrix = matrices + block / n_tiles * (f + 1) * ld, ridge = reg * (float)entries(block);
        int64_t i = tile_row * TILE + thread / (TILE / EACH) * EACH, j = tile_col * TILE + thread % (TILE / EACH) * EACH;
        for (int r = 0; r < EACH; r++)
            for (int c = 0; c < EACH; c++)
                if (i + r <= f && j + c >= i + r && j + c <= f + 1) matrix[(i + r) * ld + j + c] = own.total[r][c] + (i + r == j + c ? ridge : 0.0f);
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, local &own, void *shared) const {
        int64_t tile_row = 0, tile_col = block % n_tiles;
        for (; tile_col >= tiles_across - tile_row; tile_row++) tile_col -= tiles_across - tile_row;
        tile_col += tile_row;
        if (phase == 0)
            for (int r = 0; r < EACH; r++)
                for (int c = 0; c < EACH; c++) own.total[r][c] = 0.0f;
        if (phase == phases(block) - 1) store(block, tile_row, tile_col, thread, own);
        else if (phase % 2 == 0) load(phase / 2, block, tile_row, tile_col, thread, (struct gram_shared *)shared);
        else add(thread, own, (const struct gram_shared *)shared);
    }
};

/* --- solving --- */

/* A block: one row's system, in shared memory where it fits. Phases: load, one for each pivot going down, one for each unknown going up, store. */
struct solve_kernel {
    enum { THREADS = 256, SIDE = 16 };
    typedef no_local local;
    const int64_t *starts;
    int64_t f, ld, first_row;
    bool in_shared;
    float *matrices, *out, *out_bias;
    int32_t *failed; /* per row */

    DEVICE bool empty(int64_t block) const { return starts[first_row + block + 1] == starts[first_row + block]; }
    DEVICE int64_t phases(int64_t block) const { return empty(block) ? 1 : 2 * (f + 1) + 2; }

    /* Row i is done: takes its multiple off the rows below. */
    DEVICE void eliminate(float *m, int64_t i, int thread, int64_t row) const {
        float pivot = m[i * ld + i];
        if (thread == 0 && !(pivot > 0.0f && pivot < INFINITY)) failed[row] = 1;
        for (int64_t r = i + 1 + thread / SIDE; r <= f; r += SIDE) {
            float multiple = -(m[i * ld + r] / pivot);
            for (int64_t c = r + thread % SIDE; c <= f + 1; c += SIDE) m[r * ld + c] = fused(multiple, m[i * ld + c], m[r * ld + c]);
        }
    }
    DEVICE float unknown(const float *m, int64_t i) const { return m[i * ld + f + 1] / m[i * ld + i]; }
    DEVICE void go_up(float *m, int64_t i, int thread) const {
        float x = unknown(m, i);
        for (int64_t r = thread; r < i; r += THREADS) m[r * ld + f + 1] = fused(-m[r * ld + i], x, m[r * ld + f + 1]);
    }
    DEVICE void store(const float *m, int thread, int64_t row) const {
        bool zero = !m || failed[row];
        for (int64_t i = thread; i <= f; i += THREADS) *(i < f ? &out[row * f + i] : &out_bias[row]) = zero ? 0.0f : unknown(m, i);
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        int64_t row = first_row + block, size = f + 1;
        float *matrix = matrices + block * size * ld, *m = in_shared ? (float *)shared : matrix;
        if (empty(block)) store(NULL, thread, row);
        else if (phase == 0 && in_shared)
            for (int64_t i = thread; i < size * ld; i += THREADS) m[i] = matrix[i];
        else if (phase == 0) return;
        else if (phase <= size) eliminate(m, phase - 1, thread, row);
        else if (phase <= 2 * size) go_up(m, 2 * size - phase, thread);
        else store(m, thread, row);
    }
};

/* --- batches --- */

struct als_run {
    struct gpu *gpu;
    const struct als_job *job;
    struct gram_kernel gram;
    struct solve_kernel solve;
    int64_t most_rows; /* that the matrices have room for */
};

/* Rows from `first` on whose matrices fit and whose work is 10 ms or so; at least one. */
static int64_t batch_end(const struct als_run *run, int64_t first) {
    const int64_t most_work = (int64_t)1 << 35, *starts = run->job->ratings.starts_host;
    int64_t width = run->job->n_factors + 2, limit = least(first + run->most_rows, run->job->ratings.rows), end = first + 1;
    while (end < limit && (starts[end + 1] - starts[first]) * width * width < most_work) end++;
    return end;
}

static enum status solve_batch(struct als_run *run, struct task *task, int64_t first, int64_t end, struct error *err) {
    int64_t width = run->job->n_factors + 2, entries = run->job->ratings.starts_host[end] - run->job->ratings.starts_host[first];
    size_t bytes = run->solve.in_shared ? (size_t)((width - 1) * run->solve.ld) * sizeof(float) : 0;
    run->gram.first_row = run->solve.first_row = first;
    TRY(launch(run->gpu, run->gram, (end - first) * run->gram.n_tiles, sizeof(struct gram_shared), err));
    TRY(launch(run->gpu, run->solve, end - first, bytes, err));
    double flops = ((double)entries + (double)(end - first) * (double)width / 3.0) * (double)width * (double)width;
    return gpu_pace(run->gpu, task, flops * 5e-7, err);
}

static void set_up(struct als_run *run, float *matrices, int32_t *failed) {
    const struct als_job *job = run->job;
    int64_t f = job->n_factors, ld = f + 2;
    struct gram_kernel *g = &run->gram;
    struct solve_kernel *s = &run->solve;
    g->starts = s->starts = job->ratings.starts;
    g->columns = job->ratings.columns;
    g->values = job->ratings.values;
    g->other = job->other;
    g->other_bias = job->other_bias;
    g->mean = job->mean;
    g->reg = job->reg;
    g->f = s->f = f;
    g->ld = s->ld = ld;
    g->tiles_across = blocks_of(f + 2, TILE);
    g->n_tiles = g->tiles_across * (g->tiles_across + 1) / 2;
    g->matrices = s->matrices = matrices;
    s->in_shared = (size_t)((f + 1) * ld) * sizeof(float) <= run->gpu->shared_bytes;
    s->out = job->out;
    s->out_bias = job->out_bias;
    s->failed = failed;
}

static enum status first_failure(struct gpu *gpu, const int32_t *failed, int64_t rows, int64_t *out, struct error *err) {
    host_array<int32_t> known;
    TRY(known.room(rows, err));
    TRY(gpu_download(gpu, known.at, failed, (size_t)rows * sizeof(int32_t), err));
    *out = -1;
    for (int64_t r = rows - 1; r >= 0; r--)
        if (known.at[r]) *out = r;
    return OK;
}

enum status cuda_als_solve(void *state, struct task *task, const struct als_job *job, int64_t *out_failed_row, struct error *err) {
    const int64_t most_numbers = (int64_t)1 << 25; /* 128 MiB of matrices */
    int64_t rows = job->ratings.rows, matrix = (job->n_factors + 1) * (job->n_factors + 2);
    struct als_run run = {};
    scratch<float> matrices;
    scratch<int32_t> failed;
    run.gpu = (struct gpu *)state;
    run.job = job;
    run.most_rows = most_numbers / matrix > 0 ? least(most_numbers / matrix, rows) : 1;
    TRY(matrices.room(run.gpu, run.most_rows * matrix, err));
    TRY(failed.room(run.gpu, rows, err));
    TRY(gpu_zero(run.gpu, failed.at, (size_t)rows * sizeof(int32_t), err));
    set_up(&run, matrices.at, failed.at);
    for (int64_t first = 0, end; first < rows; first = end) {
        end = batch_end(&run, first);
        TRY(solve_batch(&run, task, first, end, err));
    }
    TRY(gpu_wait(run.gpu, task, err));
    return first_failure(run.gpu, failed.at, rows, out_failed_row, err);
}
