/* Scores: canonical for pairs, by cuBLAS in tiles for blocks, and the best of
 * whole rows without their scores ever leaving the GPU. */
#include "runtime/device/cuda_impl.cuh"

/* --- pairs: 16 threads a pair, one a lane of the canonical dot product (dot_hot.c) --- */

struct score_kernel {
    enum { THREADS = 256, LANES = 16, FOLDS = 4 };
    typedef no_local local;
    struct score_args args;
    DEVICE int64_t phases(int64_t) const { return FOLDS + 2; }
    DEVICE float lane(int64_t row, int64_t col, int at) const {
        const float *a = args.a + row * args.n_factors, *b = args.b + col * args.n_factors;
        float sum = 0.0f;
        for (int64_t i = at; i < args.n_factors; i += LANES) sum += a[i] * b[i];
        return sum;
    }
    DEVICE float total(int64_t row, int64_t col, float dot) const {
        float score = args.constant;
        if (args.row_bias) score += args.row_bias[row];
        if (args.col_bias) score += args.col_bias[col];
        return score + dot;
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        float *sums = (float *)shared;
        int64_t i = block * (THREADS / LANES) + thread / LANES;
        int at = thread % LANES;
        if (i >= args.n) return;
        int64_t row = args.rows[i / args.cols_per_row], col = args.cols[i];
        if (phase == 0) sums[thread] = col < 0 ? 0.0f : lane(row, col, at);
        else if (phase <= FOLDS && at < LANES >> phase) sums[thread] += sums[thread + (LANES >> phase)];
        else if (phase > FOLDS && at == 0) args.out[i] = col < 0 ? -INFINITY : total(row, col, sums[thread]);
    }
};

enum status cuda_scores(struct gpu *gpu, const struct score_args *args, struct error *err) {
    struct score_kernel kernel;
    kernel.args = *args;
    return launch(gpu, kernel, blocks_of(args->n, score_kernel::THREADS / score_kernel::LANES), score_kernel::THREADS * sizeof(float), err);
}

enum status cuda_dot_pairs(void *state, struct task *task, const struct dot_job *job, struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    int64_t most = 1 << 20, room = least(most, job->n);
    scratch<int32_t> rows, cols;
    scratch<float> out;
    TRY(rows.room(gpu, room, err));
    TRY(cols.room(gpu, room, err));
    TRY(out.room(gpu, room, err));
    for (int64_t from = 0; from < job->n; from += most) {
        int64_t n = least(most, job->n - from);
        struct score_args args = {job->a, job->b, job->row_bias, job->col_bias, job->n_factors, n, 1, job->constant, rows.at, cols.at, out.at};
        TRY(gpu_upload(gpu, rows.at, job->rows + from, (size_t)n * sizeof(int32_t), err));
        TRY(gpu_upload(gpu, cols.at, job->cols + from, (size_t)n * sizeof(int32_t), err));
        TRY(cuda_scores(gpu, &args, err));
        TRY(gpu_download(gpu, job->out + from, out.at, (size_t)n * sizeof(float), err));
        TRY(gpu_wait(gpu, task, err));
    }
    return cuda_host->task_check(task, err);
}

/* --- tiles of whole rows --- */

/* Row i of the tile: the factors of row rows[i], zeros where i >= n. */
struct gather_kernel : one_phase {
    const float *a;
    const int32_t *rows;
    int64_t f, n, n_out;
    float *out;
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = block * THREADS + thread, r = i / f;
        if (i < n_out) out[i] = r < n ? a[rows[r] * f + i - r * f] : 0.0f;
    }
};

struct bias_kernel : one_phase {
    const float *row_bias, *col_bias;
    const int32_t *rows;
    int64_t n_cols, n_out;
    float constant, *scores;
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = block * THREADS + thread, r = i / n_cols, c = i - r * n_cols;
        if (i >= n_out) return;
        float score = scores[i] + (constant + (row_bias ? row_bias[rows[r]] : 0.0f));
        scores[i] = col_bias ? score + col_bias[c] : score;
    }
};

/* A tile always has rows_each rows, padded: cuBLAS gives other bits for other shapes. */
struct tiles {
    struct gpu *gpu;
    const struct dot_job *job;
    int64_t rows_each;
    scratch<int32_t> rows; /* all of the job's */
    scratch<float> gathered, scores;
};

static enum status tiles_init(struct tiles *t, struct gpu *gpu, const struct dot_job *job, struct error *err) {
    const int64_t most_rows = 256, least_rows = 16, most_scores = 1 << 24;
    t->gpu = gpu;
    t->job = job;
    t->rows_each = most_rows;
    while (t->rows_each > least_rows && t->rows_each * job->b_rows > most_scores) t->rows_each /= 2;
    TRY(t->rows.from(gpu, job->rows, job->n, err));
    TRY(t->gathered.room(gpu, t->rows_each * job->n_factors, err));
    return t->scores.room(gpu, t->rows_each * job->b_rows, err);
}

/* Scores of rows [first, first + n) of the job against all of b. */
static enum status tile_scores(struct tiles *t, struct task *task, int64_t first, int64_t n, struct error *err) {
    const struct dot_job *job = t->job;
    int64_t f = job->n_factors, cols = job->b_rows;
    struct gather_kernel gather;
    gather.a = job->a, gather.rows = t->rows.at + first, gather.f = f, gather.n = n, gather.n_out = t->rows_each * f, gather.out = t->gathered.at;
    struct bias_kernel bias;
    bias.row_bias = job->row_bias, bias.col_bias = job->col_bias, bias.rows = t->rows.at + first;
    bias.n_cols = cols, bias.n_out = n * cols, bias.constant = job->constant, bias.scores = t->scores.at;
    struct gemm product = {false, true, t->rows_each, cols, f, t->gathered.at, job->b, f, f, t->scores.at, cols};
    TRY(launch(t->gpu, gather, blocks_of(gather.n_out, gather_kernel::THREADS), 0, err));
    TRY(cuda_gemm(t->gpu, task, &product, err));
    return launch(t->gpu, bias, blocks_of(bias.n_out, bias_kernel::THREADS), 0, err);
}

enum status cuda_dot_block(void *state, struct task *task, const struct dot_job *job, struct error *err) {
    struct tiles tiles = {};
    TRY(tiles_init(&tiles, (struct gpu *)state, job, err));
    for (int64_t first = 0; first < job->n; first += tiles.rows_each) {
        int64_t n = least(tiles.rows_each, job->n - first);
        TRY(tile_scores(&tiles, task, first, n, err));
        TRY(gpu_download(tiles.gpu, job->out + first * job->b_rows, tiles.scores.at, (size_t)(n * job->b_rows) * sizeof(float), err));
        TRY(gpu_wait(tiles.gpu, task, err));
    }
    return cuda_host->task_check(task, err);
}

/* --- the best --- */

/* A block: one row's columns to leave out become NaN. */
struct skip_kernel {
    enum { THREADS = 64 };
    typedef no_local local;
    const int64_t *starts; /* of the tile's rows */
    const int32_t *cols;   /* of the whole job, from first_start on */
    int64_t first_start, n_cols;
    float *scores;
    DEVICE int64_t phases(int64_t) const { return 1; }
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        for (int64_t e = starts[block] + thread; e < starts[block + 1]; e += THREADS) {
            int32_t col = cols[e - first_start];
            if (col >= 0 && col < n_cols) scores[block * n_cols + col] = NAN;
        }
    }
};

struct select_shared {
    uint64_t limit;  /* its upper bytes are known */
    int64_t missing; /* keys still to be found below it */
    int32_t n_found;
    int32_t count[256]; /* keys by their next byte; then each thread's place in the result */
};

/* A block: columns of one row's n_keep best scores, in no order, padded with -1. The key of the last of them is found byte by byte, from the top. */
struct select_kernel {
    enum { THREADS = 256, BYTES = 8, COUNT = 3 * BYTES, PLACE, WRITE, PHASES };
    typedef no_local local;
    const float *scores;
    int64_t n_cols, n_keep;
    int32_t *out;

    DEVICE int64_t phases(int64_t) const { return PHASES; }
    /* Ascending keys are descending scores, ties to the lower column. */
    DEVICE uint64_t key(const float *row, int64_t col) const { return (uint64_t)el_order(row[col]) << 32 | (uint64_t)col; }
    DEVICE void count_next(const float *row, int shift, int thread, struct select_shared *s) const {
        for (int64_t col = thread; col < n_cols; col += THREADS) {
            uint64_t k = key(row, col);
            bool same = shift == 56 || k >> (shift + 8) == s->limit >> (shift + 8);
            if (row[col] > -INFINITY && same) atomicAdd(&s->count[k >> shift & 255], 1); /* whole numbers: any order gives the same */
        }
    }
    DEVICE void fix_byte(int shift, struct select_shared *s) const {
        int byte = 0;
        for (; byte < 255 && s->count[byte] < s->missing; byte++) s->missing -= s->count[byte];
        s->limit |= (uint64_t)byte << shift;
    }
    DEVICE void add_places(struct select_shared *s) const {
        s->n_found = 0;
        for (int t = 0; t < THREADS; t++) {
            int32_t n = s->count[t];
            s->count[t] = s->n_found;
            s->n_found += n;
        }
    }
    /* This thread's keys up to the limit: how many; written to `to` unless NULL. */
    DEVICE int32_t take(const float *row, int thread, uint64_t limit, int32_t *to) const {
        int32_t n = 0;
        for (int64_t col = thread; col < n_cols; col += THREADS) {
            if (!(row[col] > -INFINITY) || key(row, col) > limit) continue;
            if (to) to[n] = (int32_t)col;
            n++;
        }
        return n;
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        struct select_shared *s = (struct select_shared *)shared;
        const float *row = scores + block * n_cols;
        int shift = 8 * (BYTES - 1 - (int)phase / 3);
        if (phase < COUNT && phase % 3 == 0) {
            s->count[thread] = 0;
            if (phase == 0 && thread == 0) s->limit = 0, s->missing = n_keep;
        } else if (phase < COUNT && phase % 3 == 1) {
            count_next(row, shift, thread, s);
        } else if (phase < COUNT) {
            if (thread == 0) fix_byte(shift, s);
        } else if (phase == COUNT) {
            s->count[thread] = take(row, thread, s->limit, NULL);
        } else if (phase == PLACE) {
            if (thread == 0) add_places(s);
        } else {
            take(row, thread, s->limit, out + block * n_keep + s->count[thread]);
            for (int64_t i = s->n_found + thread; i < n_keep; i += THREADS) out[block * n_keep + i] = -1;
        }
    }
};

/* A block: one row's candidates, each put at its rank by canonical score. */
struct rank_kernel {
    enum { THREADS = 128 };
    typedef no_local local;
    const int32_t *cols;
    const float *scores;
    int64_t n_keep, k;
    int32_t *out_cols;
    float *out_scores;
    DEVICE int64_t phases(int64_t) const { return 1; }
    DEVICE uint64_t key(int64_t i) const {
        if (cols[i] < 0) return UINT64_MAX;
        uint32_t order = scores[i] == scores[i] ? el_order(scores[i]) : UINT32_MAX; /* NaN last */
        return (uint64_t)order << 32 | (uint64_t)cols[i];
    }
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t from = block * n_keep, n_found = 0;
        for (int64_t i = from; i < from + n_keep; i++) n_found += cols[i] >= 0;
        for (int64_t i = from + thread; i < from + n_keep; i += THREADS) {
            int64_t rank = 0;
            for (int64_t j = from; j < from + n_keep; j++) rank += key(j) < key(i);
            if (cols[i] < 0 || rank >= k) continue;
            out_cols[block * k + rank] = cols[i];
            out_scores[block * k + rank] = scores[i];
        }
        for (int64_t i = n_found + thread; i < k; i += THREADS) {
            out_cols[block * k + i] = -1;
            out_scores[block * k + i] = -INFINITY;
        }
    }
};

struct best_run {
    struct tiles tiles;
    const struct best_job *job;
    int64_t n_keep;
    scratch<int64_t> skip_starts;
    scratch<int32_t> skip_cols, cols, out_cols;
    scratch<float> scores, out_scores;
};

static enum status best_init(struct best_run *run, struct gpu *gpu, struct error *err) {
    const int64_t spare = 16; /* candidates beyond k: cuBLAS's order may differ from the canonical one in the last bits */
    const struct best_job *job = run->job;
    TRY(tiles_init(&run->tiles, gpu, &job->dot, err));
    int64_t rows = run->tiles.rows_each;
    run->n_keep = job->k + spare;
    TRY(run->cols.room(gpu, rows * run->n_keep, err));
    TRY(run->scores.room(gpu, rows * run->n_keep, err));
    TRY(run->out_cols.room(gpu, rows * job->k, err));
    TRY(run->out_scores.room(gpu, rows * job->k, err));
    if (!job->skip_starts) return OK;
    int64_t first = job->skip_starts[0], n = job->skip_starts[job->dot.n] - first;
    TRY(run->skip_starts.from(gpu, job->skip_starts, job->dot.n + 1, err));
    return run->skip_cols.from(gpu, job->skip_cols + first, n, err);
}

static enum status drop_skipped(struct best_run *run, int64_t first, int64_t n, struct error *err) {
    if (!run->job->skip_starts) return OK;
    struct skip_kernel kernel;
    kernel.starts = run->skip_starts.at + first;
    kernel.cols = run->skip_cols.at;
    kernel.first_start = run->job->skip_starts[0];
    kernel.n_cols = run->job->dot.b_rows;
    kernel.scores = run->tiles.scores.at;
    return launch(run->tiles.gpu, kernel, n, 0, err);
}

/* Candidates by the tile's scores, their canonical scores, their ranks. */
static enum status rank_tile(struct best_run *run, int64_t first, int64_t n, struct error *err) {
    const struct dot_job *dot = &run->job->dot;
    struct select_kernel select;
    select.scores = run->tiles.scores.at, select.n_cols = dot->b_rows, select.n_keep = run->n_keep, select.out = run->cols.at;
    struct score_args exact = {dot->a,        dot->b,         dot->row_bias,
                               dot->col_bias, dot->n_factors, n * run->n_keep,
                               run->n_keep,   dot->constant,  run->tiles.rows.at + first,
                               run->cols.at,  run->scores.at};
    struct rank_kernel rank = {run->cols.at, run->scores.at, run->n_keep, run->job->k, run->out_cols.at, run->out_scores.at};
    TRY(launch(run->tiles.gpu, select, n, sizeof(struct select_shared), err));
    TRY(cuda_scores(run->tiles.gpu, &exact, err));
    return launch(run->tiles.gpu, rank, n, 0, err);
}

enum status cuda_dot_top_k(void *state, struct task *task, const struct best_job *job, struct error *err) {
    struct best_run run = {};
    run.job = job;
    TRY(best_init(&run, (struct gpu *)state, err));
    for (int64_t first = 0; first < job->dot.n; first += run.tiles.rows_each) {
        int64_t n = least(run.tiles.rows_each, job->dot.n - first), n_best = n * job->k;
        TRY(tile_scores(&run.tiles, task, first, n, err));
        TRY(drop_skipped(&run, first, n, err));
        TRY(rank_tile(&run, first, n, err));
        TRY(gpu_download(run.tiles.gpu, job->out_cols + first * job->k, run.out_cols.at, (size_t)n_best * sizeof(int32_t), err));
        TRY(gpu_download(run.tiles.gpu, job->out_scores + first * job->k, run.out_scores.at, (size_t)n_best * sizeof(float), err));
        TRY(gpu_wait(run.tiles.gpu, task, err));
    }
    return cuda_host->task_check(task, err);
}
