/* Scores: canonical for pairs, by BLAS in tiles for blocks, and the best of
 * whole rows without keeping their scores. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"
#include "runtime/device/elem.h"

static float score_pair(const struct dot_job *job, int64_t row, int64_t col) {
    int64_t f = job->n_factors;
    float score = job->constant;
    if (job->row_bias) score += job->row_bias[row];
    if (job->col_bias) score += job->col_bias[col];
    return score + HOT_PICK(dot_run)(job->a + row * f, job->b + col * f, f);
}

/* The same for one row against n columns: those listed, or from `first` on. */
static void score_row(const struct dot_job *job, int64_t row, const int32_t *cols, int64_t first, int64_t n, float *out) {
    int64_t f = job->n_factors;
    float base = job->constant;
    if (job->row_bias) base += job->row_bias[row];
    HOT_PICK(dot_rows)(job->a + row * f, job->b + first * f, cols, n, f, out);
    for (int64_t i = 0; i < n; i++) out[i] = (job->col_bias ? base + job->col_bias[cols ? cols[i] : first + i] : base) + out[i];
}

/* --- pairs --- */

enum { PAIRS = 4096 };

static void pairs_block(void *ctx, int64_t block, int thread) {
    const struct dot_job *job = ctx;
    (void)thread;
    int64_t end = (block + 1) * PAIRS < job->n ? (block + 1) * PAIRS : job->n;
    for (int64_t i = block * PAIRS; i < end; i++) job->out[i] = score_pair(job, job->rows[i], job->cols[i]);
}

enum status cpu_dot_pairs(void *state, struct task *task, const struct dot_job *job, struct error *err) {
    (void)state;
    return cpu_blocks(task, block_count(job->n, PAIRS), pairs_block, (void *)job, err);
}

/* --- blocks --- */

enum { MAX_ROWS = 64, MAX_COLS = 16384, SLICE_WORK = 1 << 25 /* multiply-adds between two looks at the task */ };

/* A tile of rows × columns of the scores. */
struct dot_run {
    const struct dot_job *job;
    int64_t blocks_across, rows_each, cols_each, room_each;
    float *room; /* per thread: gathered rows, padded scores, pack */
    struct task *task;
};

/* Few columns at a time when rows are long, so that a tile stays in the cache. */
static void dot_run_init(const struct dot_job *job, int64_t cols_each, struct dot_run *run) {
    run->job = job;
    run->cols_each = cols_each < job->b_rows ? cols_each : job->b_rows;
    run->rows_each = MAX_ROWS;
    while (run->rows_each > GEMM_PAD && run->rows_each * run->cols_each > 1 << 19) run->rows_each /= 2;
    run->blocks_across = block_count(job->b_rows, run->cols_each ? run->cols_each : 1);
    run->room_each = run->rows_each * (job->n_factors + run->cols_each) + gemm_pack_floats() + 32;
    run->room_each = (run->room_each + 15) / 16 * 16;
}

static int64_t slice_cols(int64_t work_per_col) {
    int64_t cols = SLICE_WORK / (work_per_col + 1) / 128 * 128;
    return cols < 256 ? 256 : cols;
}

/* Products of rows [first, first + n) with columns [col, col + n_cols) into scores (n_cols a row), a slice of columns at a time. */
static float *score_tile(const struct dot_run *run, int64_t first, int64_t n, int64_t col, int64_t n_cols, float *room) {
    const struct dot_job *job = run->job;
    int64_t f = job->n_factors, padded = gemm_padded(n);
    float *rows = room, *scores = room + (run->rows_each * f + 15) / 16 * 16, *pack = scores + run->rows_each * run->cols_each;
    for (int64_t i = 0; i < n; i++) memcpy(rows + i * f, job->a + (int64_t)job->rows[first + i] * f, (size_t)f * sizeof *rows);
    memset(rows + n * f, 0, (size_t)((padded - n) * f) * sizeof *rows);
    if (f == 0) memset(scores, 0, (size_t)(padded * n_cols) * sizeof *scores);
    int64_t slice = slice_cols(padded * f);
    for (int64_t c = 0; c < n_cols && f > 0 && !task_cancelled(run->task); c += slice) {
        int64_t some = n_cols - c < slice ? n_cols - c : slice;
        struct gemm tile = {false, true, padded, some, f, rows, job->b + (col + c) * f, f, f, scores + c, n_cols};
        gemm_tile(&tile, pack);
    }
    return scores;
}

static void add_biases(const struct dot_job *job, int64_t row, int64_t col, int64_t n_cols, const float *from, float *to) {
    float base = job->constant + (job->row_bias ? job->row_bias[job->rows[row]] : 0.0f);
    HOT_PICK(bias_run)(from, base, job->col_bias ? job->col_bias + col : NULL, n_cols, to);
}

static void dot_tile(void *ctx, int64_t block, int thread) {
    const struct dot_run *run = ctx;
    const struct dot_job *job = run->job;
    int64_t first = block / run->blocks_across * run->rows_each, col = block % run->blocks_across * run->cols_each;
    int64_t n = job->n - first < run->rows_each ? job->n - first : run->rows_each;
    int64_t n_cols = job->b_rows - col < run->cols_each ? job->b_rows - col : run->cols_each;
    const float *scores = score_tile(run, first, n, col, n_cols, run->room + thread * run->room_each);
    for (int64_t i = 0; i < n; i++) add_biases(job, first + i, col, n_cols, scores + i * n_cols, job->out + (first + i) * job->b_rows + col);
}

/* Few rows: the canonical product is faster than a padded tile. */
enum { FEW_ROWS = 2, FEW_COLS = 4096 };

struct few_run {
    const struct dot_job *job;
    float *out;
};

static void few_block(void *ctx, int64_t block, int thread) {
    const struct few_run *run = ctx;
    const struct dot_job *job = run->job;
    (void)thread;
    int64_t across = block_count(job->b_rows, FEW_COLS), i = block / across, col = block % across * FEW_COLS;
    int64_t end = col + FEW_COLS < job->b_rows ? col + FEW_COLS : job->b_rows;
    score_row(job, job->rows[i], NULL, col, end - col, run->out + i * job->b_rows + col);
}

static enum status few_rows(struct task *task, const struct dot_job *job, float *out, struct error *err) {
    struct few_run run = {job, out};
    return cpu_blocks(task, job->n * block_count(job->b_rows, FEW_COLS), few_block, &run, err);
}

enum status cpu_dot_block(void *state, struct task *task, const struct dot_job *job, struct error *err) {
    (void)state;
    struct dot_run run = {.task = task};
    if (job->n == 0 || job->b_rows == 0) return task_check(task, err);
    if (job->n <= FEW_ROWS) return few_rows(task, job, job->out, err);
    dot_run_init(job, MAX_COLS, &run);
    TRY(cpu_scratch(run.room_each, &run.room, err));
    enum status status = cpu_blocks(task, block_count(job->n, run.rows_each) * run.blocks_across, dot_tile, &run, err);
    mem_free(run.room);
    return status;
}

/* --- the best --- */

/* BLAS scores find k + SPARE candidates or a few more, canonical ones order them. That is the canonical list when the k-th lies further above the
 * threshold that all others are below than rounding reaches; else (ties, mostly) the row is scored again, canonically. */
enum { SPARE = 16 };

struct best_run {
    struct dot_run dot;
    const struct best_job *job;
    float *norms;                     /* per NORMS rows of b: the largest |b| */
    float largest_norm, largest_bias; /* of b's rows */
};

enum { NORMS = 4096 };

static void norms_block(void *ctx, int64_t block, int thread) {
    const struct best_run *run = ctx;
    const struct dot_job *dot = &run->job->dot;
    (void)thread;
    int64_t f = dot->n_factors, end = (block + 1) * NORMS < dot->b_rows ? (block + 1) * NORMS : dot->b_rows;
    float most = 0.0f;
    for (int64_t r = block * NORMS; r < end; r++) most = el_max(HOT_PICK(dot_run)(dot->b + r * f, dot->b + r * f, f), most);
    run->norms[block] = most;
}

static enum status measure_columns(struct best_run *run, struct error *err) {
    const struct dot_job *dot = &run->job->dot;
    int64_t n_blocks = block_count(dot->b_rows, NORMS);
    float most = 0.0f;
    TRY(mem_try_array((size_t)n_blocks, "room to score in", &run->norms, err));
    TRY(cpu_blocks(run->dot.task, n_blocks, norms_block, run, err));
    for (int64_t block = 0; block < n_blocks; block++) most = el_max(run->norms[block], most);
    run->largest_norm = el_sqrt(most);
    for (int64_t c = 0; dot->col_bias && c < dot->b_rows; c++) run->largest_bias = el_max(el_abs(dot->col_bias[c]), run->largest_bias);
    return OK;
}

/* How far two orders of summation can be apart in a row's scores; NaN or infinity when anything is. */
static float rounding_of(const struct best_run *run, int64_t row) {
    const struct dot_job *dot = &run->job->dot;
    int64_t f = dot->n_factors;
    const float *a = dot->a + (int64_t)dot->rows[row] * f;
    float size = el_sqrt(HOT_PICK(dot_run)(a, a, f)) * run->largest_norm + run->largest_bias + el_abs(dot->constant);
    if (dot->row_bias) size += el_abs(dot->row_bias[dot->rows[row]]);
    return 2.0f * (float)(f + 6) * 5.9604645e-8f * size;
}

static void drop_skipped(const struct best_job *job, int64_t row, float *scores) {
    if (!job->skip_starts) return;
    for (int64_t e = job->skip_starts[row]; e < job->skip_starts[row + 1]; e++)
        if (job->skip_cols[e] >= 0 && job->skip_cols[e] < job->dot.b_rows) scores[job->skip_cols[e]] = NAN;
}

/* One row's canonical scores, skipped columns dropped, into its list. */
static void best_of_exact(const struct best_job *job, int64_t row, float *scores, uint64_t *keys) {
    int32_t *cols = job->out_cols + row * job->k;
    float *best = job->out_scores + row * job->k;
    drop_skipped(job, row, scores);
    int64_t n = HOT_PICK(best_of)(scores, job->dot.b_rows, job->k, keys);
    for (int64_t i = 0; i < job->k; i++) {
        cols[i] = i < n ? best_col(keys[i]) : -1;
        best[i] = i < n ? scores[cols[i]] : -INFINITY;
    }
}

/* Canonical scores of the candidates, in order. The keys' room for group maxima holds columns and scores meanwhile. */
static void rank_candidates(const struct best_job *job, int64_t row, uint64_t *keys, int64_t n_keys, int32_t *cols, float *scores) {
    for (int64_t c = 0; c < n_keys; c++) cols[c] = best_col(keys[c]);
    score_row(&job->dot, job->dot.rows[row], cols, 0, n_keys, scores);
    for (int64_t c = 0; c < n_keys; c++) keys[c] = best_key(scores[c], cols[c]);
    HOT_PICK(best_sort)(keys, n_keys);
    for (int64_t i = 0; i < job->k; i++) {
        int64_t at = row * job->k + i;
        job->out_cols[at] = i < n_keys ? best_col(keys[i]) : -1;
        job->out_scores[at] = i < n_keys ? best_score(keys[i]) : -INFINITY;
    }
}

static void best_row(const struct best_run *run, int64_t row, float *scores, uint64_t *keys) {
    const struct best_job *job = run->job;
    int64_t wanted = job->k + SPARE, cols = job->dot.b_rows;
    add_biases(&job->dot, row, 0, cols, scores, scores);
    drop_skipped(job, row, scores);
    float threshold, rounding = rounding_of(run, row);
    int64_t n_keys = HOT_PICK(best_gather)(scores, cols, wanted, keys, &threshold);
    int32_t *at = (int32_t *)(keys + best_keys(wanted));
    rank_candidates(job, row, keys, n_keys, at, (float *)(at + n_keys));
    bool all = threshold == -INFINITY; /* every number is a candidate */
    if (rounding < INFINITY && (all || (n_keys >= job->k && best_score(keys[job->k - 1]) - threshold > 2.0f * rounding))) return;
    score_row(&job->dot, job->dot.rows[row], NULL, 0, cols, scores);
    best_of_exact(job, row, scores, keys);
}

static void best_block(void *ctx, int64_t block, int thread) {
    const struct best_run *run = ctx;
    const struct dot_job *dot = &run->job->dot;
    int64_t first = block * run->dot.rows_each, n = dot->n - first < run->dot.rows_each ? dot->n - first : run->dot.rows_each;
    float *room = run->dot.room + thread * run->dot.room_each;
    uint64_t *keys = (uint64_t *)(void *)room;
    float *scores = score_tile(&run->dot, first, n, 0, dot->b_rows, room + 2 * best_room(run->job->k + SPARE));
    for (int64_t i = 0; i < n && !task_cancelled(run->dot.task); i++) best_row(run, first + i, scores + i * dot->b_rows, keys);
}

static enum status best_few(struct task *task, const struct best_job *job, float *scores, uint64_t *keys, struct error *err) {
    TRY(few_rows(task, &job->dot, scores, err));
    for (int64_t i = 0; i < job->dot.n; i++) best_of_exact(job, i, scores + i * job->dot.b_rows, keys);
    return task_check(task, err);
}

static enum status few_top_k(struct task *task, const struct best_job *job, struct error *err) {
    float *scores;
    uint64_t *keys = NULL;
    TRY(mem_try_array((size_t)(job->dot.n * job->dot.b_rows), "room to score in", &scores, err));
    enum status status = mem_try_array((size_t)best_room(job->k), "room to score in", &keys, err);
    if (status == OK) status = best_few(task, job, scores, keys, err);
    mem_free(scores);
    mem_free(keys);
    return status;
}

static enum status many_top_k(struct best_run *run, struct error *err) {
    struct dot_run *dot = &run->dot;
    TRY(measure_columns(run, err));
    TRY(cpu_scratch(dot->room_each, &dot->room, err));
    TRY(cpu_blocks(dot->task, block_count(run->job->dot.n, dot->rows_each), best_block, run, err));
    return task_check(dot->task, err);
}

enum status cpu_dot_top_k(void *state, struct task *task, const struct best_job *job, struct error *err) {
    (void)state;
    struct best_run run = {.dot = {.task = task}, .job = job};
    if (job->dot.n <= FEW_ROWS) return few_top_k(task, job, err);
    dot_run_init(&job->dot, job->dot.b_rows, &run.dot);
    run.dot.room_each = (run.dot.room_each + 2 * best_room(job->k + SPARE) + 15) / 16 * 16;
    enum status status = many_top_k(&run, err);
    mem_free(run.norms);
    mem_free(run.dot.room);
    return status;
}
