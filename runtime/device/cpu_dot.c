/* Scores: canonical for pairs, by BLAS in tiles for blocks, and the best of
 * whole rows without keeping their scores. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

static float score_pair(const struct dot_job *job, int64_t row, int64_t col) {
    int64_t f = job->n_factors;
    float score = job->constant;
    if (job->row_bias) score += job->row_bias[row];
    if (job->col_bias) score += job->col_bias[col];
    return score + HOT_PICK(dot_run)(job->a + row * f, job->b + col * f, f);
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

enum { MAX_ROWS = 64, MAX_COLS = 16384 };

/* A tile of rows × columns of the scores. */
struct dot_run {
    const struct dot_job *job;
    int64_t blocks_across, rows_each, cols_each, room_each;
    float *room; /* per thread: gathered rows, padded scores, pack */
    const struct best_job *best;
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

/* Scores of rows [first, first + n) against columns [col, col + n_cols) into scores (n_cols a row). */
static float *score_tile(const struct dot_run *run, int64_t first, int64_t n, int64_t col, int64_t n_cols, float *room) {
    const struct dot_job *job = run->job;
    int64_t f = job->n_factors, padded = gemm_padded(n);
    float *rows = room, *scores = room + (run->rows_each * f + 15) / 16 * 16, *pack = scores + run->rows_each * run->cols_each;
    for (int64_t i = 0; i < n; i++) memcpy(rows + i * f, job->a + (int64_t)job->rows[first + i] * f, (size_t)f * sizeof *rows);
    memset(rows + n * f, 0, (size_t)((padded - n) * f) * sizeof *rows);
    struct gemm tile = {false, true, padded, n_cols, f, rows, job->b + col * f, f, f, scores, n_cols};
    if (f > 0) gemm_tile(&tile, pack);
    else memset(scores, 0, (size_t)(padded * n_cols) * sizeof *scores);
    return scores;
}

static void add_biases(const struct dot_job *job, int64_t row, int64_t col, int64_t n_cols, const float *from, float *to) {
    float base = job->constant + (job->row_bias ? job->row_bias[job->rows[row]] : 0.0f);
    if (job->col_bias)
        for (int64_t c = 0; c < n_cols; c++) to[c] = from[c] + base + job->col_bias[col + c];
    else
        for (int64_t c = 0; c < n_cols; c++) to[c] = from[c] + base;
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

/* One row: the canonical product is faster than a padded tile. */
static void one_row(const struct dot_job *job) {
    for (int64_t c = 0; c < job->b_rows; c++) job->out[c] = score_pair(job, job->rows[0], c);
}

enum status cpu_dot_block(void *state, struct task *task, const struct dot_job *job, struct error *err) {
    (void)state;
    struct dot_run run = {.task = task};
    if (job->n == 0 || job->b_rows == 0) return task_check(task, err);
    if (job->n == 1 && job->b_rows * (job->n_factors + 1) < 1 << 22) {
        one_row(job);
        return task_check(task, err);
    }
    dot_run_init(job, MAX_COLS, &run);
    TRY(cpu_scratch(run.room_each, &run.room, err));
    enum status status = cpu_blocks(task, block_count(job->n, run.rows_each) * run.blocks_across, dot_tile, &run, err);
    mem_free(run.room);
    return status;
}

/* --- the best --- */

enum { SPARE = 16 }; /* candidates beyond k: BLAS's order may differ from the canonical one in the last bits */

static void drop_skipped(const struct best_job *job, int64_t row, float *scores) {
    if (!job->skip_starts) return;
    for (int64_t e = job->skip_starts[row]; e < job->skip_starts[row + 1]; e++)
        if (job->skip_cols[e] >= 0 && job->skip_cols[e] < job->dot.b_rows) scores[job->skip_cols[e]] = NAN;
}

/* Canonical scores of the candidates, best k in order (insertion: there are few). */
static void rank_candidates(const struct best_job *job, int64_t row, const uint64_t *keys, int64_t n_keys, int32_t *cols, float *scores) {
    int64_t kept = 0;
    for (int64_t c = 0; c < n_keys; c++) {
        int32_t col = best_col(keys[c]);
        float score = score_pair(&job->dot, job->dot.rows[row], col);
        int64_t at = kept < job->k ? kept++ : job->k;
        for (; at > 0 && (score > scores[at - 1] || (score == scores[at - 1] && col < cols[at - 1])); at--) {
            if (at == job->k) continue;
            scores[at] = scores[at - 1];
            cols[at] = cols[at - 1];
        }
        if (at == job->k) continue;
        scores[at] = score;
        cols[at] = col;
    }
    for (int64_t at = kept; at < job->k; at++) {
        scores[at] = -INFINITY;
        cols[at] = -1;
    }
}

static void best_block(void *ctx, int64_t block, int thread) {
    const struct dot_run *run = ctx;
    const struct best_job *job = run->best;
    int64_t first = block * run->rows_each, n = job->dot.n - first < run->rows_each ? job->dot.n - first : run->rows_each, cols = job->dot.b_rows;
    float *room = run->room + thread * run->room_each;
    uint64_t *keys = (uint64_t *)(void *)room;
    room += 2 * best_room(job->k + SPARE);
    float *scores = score_tile(run, first, n, 0, cols, room);
    for (int64_t i = 0; i < n && !task_cancelled(run->task); i++) {
        float *row = scores + i * cols;
        add_biases(&job->dot, first + i, 0, cols, row, row);
        drop_skipped(job, first + i, row);
        int64_t n_keys = HOT_PICK(best_of)(row, cols, job->k + SPARE, keys);
        rank_candidates(job, first + i, keys, n_keys, job->out_cols + (first + i) * job->k, job->out_scores + (first + i) * job->k);
    }
}

enum status cpu_dot_top_k(void *state, struct task *task, const struct best_job *job, struct error *err) {
    (void)state;
    struct dot_run run = {.task = task, .best = job};
    dot_run_init(&job->dot, job->dot.b_rows, &run);
    run.room_each = (run.room_each + 2 * best_room(job->k + SPARE) + 15) / 16 * 16;
    TRY(cpu_scratch(run.room_each, &run.room, err));
    enum status status = cpu_blocks(task, block_count(job->dot.n, run.rows_each), best_block, &run, err);
    mem_free(run.room);
    return status == OK ? task_check(task, err) : status;
}
