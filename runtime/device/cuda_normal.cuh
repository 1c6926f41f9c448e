/* Batches of small least squares, one a row of sparse entries: the normal
 * matrices, tile by tile, then one block to solve each by Cholesky without
 * square roots (L D Lᵀ). What the numbers are, a Source says:
 *
 *     DEVICE float number(int64_t entry, int64_t j) const;          entry's vector, j < size; its target at j = size
 *     DEVICE float base(int64_t row, int64_t n, int64_t i, int64_t j) const;   what stands in the matrix without entries, j = size: right-hand side
 *     DEVICE void store(int64_t row, int64_t i, float x, bool solved) const;   unknown i; solved false: the row has no entries, or no solution */
#ifndef RECKON_CUDA_NORMAL_CUH
#define RECKON_CUDA_NORMAL_CUH

#include "runtime/device/cuda_impl.cuh"

/* --- normal matrices --- */

enum { TILE = 32, CHUNK = 16, EACH = 4 }; /* a thread's EACH × EACH numbers of a TILE × TILE tile */

/* Vectors of CHUNK entries, the tile's rows and columns of them. */
struct gram_shared {
    float left[CHUNK][TILE], right[CHUNK][TILE];
};

/* Upper half of Σ x xᵀ + base for the x of gram_shared, the right-hand side in column `size`. A block: one tile of one row's matrix. */
template <class Source> struct gram_kernel {
    enum { THREADS = TILE / EACH * (TILE / EACH) };
    struct local {
        float total[EACH][EACH];
    };
    Source source;
    const int64_t *starts;
    int64_t size, ld, first_row, tiles_across, n_tiles;
    float *matrices; /* per row of the batch: size × ld */

    DEVICE int64_t entries(int64_t block) const {
        int64_t row = first_row + block / n_tiles;
        return starts[row + 1] - starts[row];
    }
    DEVICE int64_t phases(int64_t block) const { return 2 * ((entries(block) + CHUNK - 1) / CHUNK) + 1; }
    DEVICE void load(int64_t chunk, int64_t block, int64_t tile_row, int64_t tile_col, int thread, struct gram_shared *to) const {
        int64_t start = starts[first_row + block / n_tiles], n = entries(block);
        int64_t j = thread < TILE ? tile_row * TILE + thread : tile_col * TILE + thread - TILE;
        for (int e = 0; e < CHUNK; e++) {
            int64_t at = chunk * CHUNK + e;
            float *row = thread < TILE ? to->left[e] : to->right[e];
            row[thread % TILE] = at < n && j <= size ? source.number(start + at, j) : 0.0f;
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
        float *matrix = matrices + block / n_tiles * size * ld;
        int64_t row = first_row + block / n_tiles, n = entries(block);
        int64_t i = tile_row * TILE + thread / (TILE / EACH) * EACH, j = tile_col * TILE + thread % (TILE / EACH) * EACH;
        for (int r = 0; r < EACH; r++)
            for (int c = 0; c < EACH; c++)
                if (i + r < size && j + c >= i + r && j + c <= size)
                    matrix[(i + r) * ld + j + c] = own.total[r][c] + source.base(row, n, i + r, j + c);
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
template <class Source> struct solve_kernel {
    enum { THREADS = 256, SIDE = 16 };
    struct local {
        double fall;
    };
    Source source;
    const int64_t *starts;
    int64_t size, ld, first_row;
    bool in_shared;
    float *matrices;
    int32_t *failed; /* per row */
    double *falls;   /* per row: right-hand side times solution; NULL: not asked for */

    DEVICE bool empty(int64_t block) const { return starts[first_row + block + 1] == starts[first_row + block]; }
    DEVICE int64_t phases(int64_t block) const { return empty(block) ? 1 : 2 * size + 2; }

    /* Row i is done: takes its multiple off the rows below. */
    DEVICE void eliminate(float *m, int64_t i, int thread, local &own, int64_t row) const {
        float pivot = m[i * ld + i];
        if (thread == 0 && !(pivot > 0.0f && pivot < INFINITY)) failed[row] = 1;
        if (thread == 0) own.fall += (double)m[i * ld + size] * (double)m[i * ld + size] / (double)pivot;
        for (int64_t r = i + 1 + thread / SIDE; r < size; r += SIDE) {
            float multiple = -(m[i * ld + r] / pivot);
            for (int64_t c = r + thread % SIDE; c <= size; c += SIDE) m[r * ld + c] = fused(multiple, m[i * ld + c], m[r * ld + c]);
        }
    }
    DEVICE float unknown(const float *m, int64_t i) const { return m[i * ld + size] / m[i * ld + i]; }
    DEVICE void go_up(float *m, int64_t i, int thread) const {
        float x = unknown(m, i);
        for (int64_t r = thread; r < i; r += THREADS) m[r * ld + size] = fused(-m[r * ld + i], x, m[r * ld + size]);
    }
    DEVICE void store(const float *m, int thread, const local &own, int64_t row) const {
        bool solved = m && !failed[row];
        for (int64_t i = thread; i < size; i += THREADS) source.store(row, i, solved ? unknown(m, i) : 0.0f, solved);
        if (thread == 0 && falls) falls[row] = solved ? own.fall : 0.0;
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, local &own, void *shared) const {
        int64_t row = first_row + block;
        float *matrix = matrices + block * size * ld, *m = in_shared ? (float *)shared : matrix;
        if (phase == 0) own.fall = 0.0;
        if (empty(block)) store(NULL, thread, own, row);
        else if (phase == 0 && in_shared)
            for (int64_t i = thread; i < size * ld; i += THREADS) m[i] = matrix[i];
        else if (phase == 0) return;
        else if (phase <= size) eliminate(m, phase - 1, thread, own, row);
        else if (phase <= 2 * size) go_up(m, 2 * size - phase, thread);
        else store(m, thread, own, row);
    }
};

/* --- batches --- */

/* All rows of one problem. */
template <class Source> struct normal_run {
    struct gpu *gpu;
    const struct sparse *rows;
    int64_t size, most_rows; /* that the matrices have room for */
    struct gram_kernel<Source> gram;
    struct solve_kernel<Source> solve;
    scratch<float> matrices;
    scratch<int32_t> failed;

    enum status init(struct gpu *on, const struct sparse *of, int64_t n_unknowns, struct error *err) {
        const int64_t most_numbers = (int64_t)1 << 25, matrix = n_unknowns * (n_unknowns + 1); /* 128 MiB of matrices */
        gpu = on;
        rows = of;
        size = n_unknowns;
        most_rows = most_numbers / matrix > 0 ? least(most_numbers / matrix, of->rows) : 1;
        TRY(matrices.room(on, most_rows * matrix, err));
        TRY(failed.room(on, of->rows, err));
        return gpu_zero(on, failed.at, (size_t)of->rows * sizeof(int32_t), err);
    }
    void set_up(const Source &source, double *falls) {
        gram.source = solve.source = source;
        gram.starts = solve.starts = rows->starts;
        gram.size = solve.size = size;
        gram.ld = solve.ld = size + 1;
        gram.tiles_across = blocks_of(size + 1, TILE);
        gram.n_tiles = gram.tiles_across * (gram.tiles_across + 1) / 2;
        gram.matrices = solve.matrices = matrices.at;
        solve.in_shared = (size_t)(size * (size + 1)) * sizeof(float) <= gpu->shared_bytes;
        solve.failed = failed.at;
        solve.falls = falls;
    }
    /* Rows from `first` on whose matrices fit and whose work is 10 ms or so; at least one. */
    int64_t batch_end(int64_t first) const {
        const int64_t most_work = (int64_t)1 << 35, *starts = rows->starts_host;
        int64_t width = size + 1, limit = least(first + most_rows, rows->rows), end = first + 1;
        while (end < limit && (starts[end + 1] - starts[first]) * width * width < most_work) end++;
        return end;
    }
    enum status solve_batch(struct task *task, int64_t first, int64_t end, struct error *err) {
        int64_t width = size + 1, entries = rows->starts_host[end] - rows->starts_host[first];
        size_t bytes = solve.in_shared ? (size_t)(size * width) * sizeof(float) : 0;
        gram.first_row = solve.first_row = first;
        TRY(launch(gpu, gram, (end - first) * gram.n_tiles, sizeof(struct gram_shared), err));
        TRY(launch(gpu, solve, end - first, bytes, err));
        double flops = ((double)entries + (double)(end - first) * (double)width / 3.0) * (double)width * (double)width;
        return gpu_pace(gpu, task, flops * 5e-7, err);
    }
    enum status solve_all(struct task *task, struct error *err) {
        for (int64_t first = 0, end; first < rows->rows; first = end) {
            end = batch_end(first);
            TRY(solve_batch(task, first, end, err));
        }
        return OK;
    }
    /* The first row without a solution, -1: none. Waits. */
    enum status first_failure(struct task *task, int64_t *out, struct error *err) {
        host_array<int32_t> known;
        TRY(gpu_wait(gpu, task, err));
        TRY(known.room(rows->rows, err));
        TRY(gpu_download(gpu, known.at, failed.at, (size_t)rows->rows * sizeof(int32_t), err));
        *out = -1;
        for (int64_t r = rows->rows - 1; r >= 0; r--)
            if (known.at[r]) *out = r;
        return OK;
    }
};

#endif
