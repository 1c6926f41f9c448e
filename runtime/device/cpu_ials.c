/* Implicit ALS on the CPU. Rows go in groups of a few, step by step together,
 * so that the f × f matrices are read once a group and a row's vectors are still
 * in the second cache at its next step. */
#include <string.h>

#include "runtime/base/least.h"
#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

enum { GROUP = 8, BETWEEN_LOOKS = 1 << 14 /* events */ };

struct ials_run {
    const struct ials_job *job;
    struct task *task;
    int64_t ld, longest;                 /* factors up to the next 16; events of the longest row */
    float *padded[3];                    /* copies with rows of ld, where n_factors isn't ld */
    const float *other, *gram, *inverse; /* with rows of ld */
    int64_t firsts[CPU_ROW_BLOCKS + 1];  /* rows of a block */
    double losses[CPU_ROW_BLOCKS];       /* of a block */
    float *room;                         /* per thread */
    int64_t room_each;
    atomic_llong failed_row;
};

struct row {
    int64_t at, n;
    const int32_t *columns;
    const float *values;
    float ridge;
};

static struct row row_at(const struct ials_job *job, int64_t r) {
    int64_t from = job->events.starts[r];
    return (struct row){r, job->events.starts[r + 1] - from, job->events.columns + from, job->events.values + from, job->ridge[r]};
}

/* --- conjugate gradients --- */

struct cg {
    float *x, *r, *p, *z, *v; /* GROUP × ld each */
    double rz[GROUP], loss[GROUP];
};

/* ials_pass with looks at the task. */
static double pass(const struct ials_run *run, const struct row *row, float alpha, float target, const float *p, float *out) {
    double squares = 0.0;
    for (int64_t e = 0; e < row->n && !task_cancelled(run->task); e += BETWEEN_LOOKS)
        squares +=
            HOT_PICK(ials_pass)(run->ld, run->other, row->columns + e, row->values + e, least(row->n - e, BETWEEN_LOOKS), alpha, target, p, out);
    return squares;
}

/* r: what is left of the right-hand side; the loss where the rows are. */
static void cg_begin(const struct ials_run *run, int64_t first, int64_t n, struct cg *cg) {
    const int64_t ld = run->ld, f = run->job->n_factors;
    memset(cg->x, 0, (size_t)(5 * GROUP * ld) * sizeof *cg->x);
    for (int64_t k = 0; k < n; k++) memcpy(cg->x + k * ld, run->job->out + (first + k) * f, (size_t)f * sizeof *cg->x);
    HOT_PICK(ials_times)(ld, cg->x, n, run->gram, ld, cg->v);
    for (int64_t k = 0; k < n; k++) {
        const struct row row = row_at(run->job, first + k);
        const int64_t at = k * ld;
        cg->loss[k] = pass(run, &row, run->job->alpha, 1.0f, cg->x + at, cg->r + at);
        cg->loss[k] += HOT_PICK(ials_residual)(ld, row.ridge, cg->x + at, cg->v + at, cg->r + at);
        cg->rz[k] = 0.0;
    }
}

static void cg_step(const struct ials_run *run, int64_t first, int64_t n, struct cg *cg) {
    const int64_t ld = run->ld;
    HOT_PICK(ials_times)(ld, cg->r, n, run->inverse, ld, cg->z);
    for (int64_t k = 0; k < n; k++) HOT_PICK(ials_turn)(ld, cg->r + k * ld, cg->z + k * ld, cg->p + k * ld, &cg->rz[k]);
    HOT_PICK(ials_times)(ld, cg->p, n, run->gram, ld, cg->v);
    for (int64_t k = 0; k < n; k++) {
        const struct row row = row_at(run->job, first + k);
        const int64_t at = k * ld;
        pass(run, &row, -run->job->alpha, 0.0f, cg->p + at, cg->v + at); /* + alpha v (y·p) y */
        const double rz = cg->rz[k] > IALS_ENOUGH * cg->loss[k] ? cg->rz[k] : 0.0;
        cg->loss[k] -= HOT_PICK(ials_step)(ld, row.ridge, cg->p + at, rz, cg->v + at, cg->x + at, cg->r + at);
    }
}

static double cg_group(struct ials_run *run, int64_t first, int64_t n, float *room) {
    const struct ials_job *job = run->job;
    const int64_t ld = run->ld, f = job->n_factors;
    struct cg cg = {room, room + GROUP * ld, room + 2 * GROUP * ld, room + 3 * GROUP * ld, room + 4 * GROUP * ld, {0}, {0}};
    double loss = 0.0;
    cg_begin(run, first, n, &cg);
    for (int64_t step = 0; step < job->cg_steps && !task_cancelled(run->task); step++) cg_step(run, first, n, &cg);
    for (int64_t k = 0; k < n; k++) {
        const bool empty = row_at(job, first + k).n == 0;
        if (empty) memset(cg.x + k * ld, 0, (size_t)ld * sizeof *cg.x);
        else if (!isfinite(cg.loss[k])) cpu_note_failure(&run->failed_row, first + k);
        memcpy(job->out + (first + k) * f, cg.x + k * ld, (size_t)f * sizeof *cg.x);
        loss += empty ? 0.0 : cg.loss[k];
    }
    return loss;
}

/* --- blocks of columns --- */

struct blocks {
    float *x, *v;                    /* GROUP × ld: the rows, and the gram matrix times them */
    float *matrix, *scratch, *delta; /* of one block of one row */
    float *scores;                   /* GROUP × longest; NULL: all zero */
};

static int64_t block_room(const struct ials_run *run) {
    const int64_t block = run->job->block, own = als_ld(block) * (block + 1 + ALS_CHUNK + 1);
    return own + 2 * GROUP * run->ld + (block < run->job->n_factors ? GROUP * run->longest : 0);
}

static struct blocks blocks_in(const struct ials_run *run, float *room) {
    const int64_t block = run->job->block, ld = als_ld(block);
    struct blocks b = {.matrix = room, .scratch = room + (block + 1) * ld};
    b.delta = b.scratch + ALS_CHUNK * ld;
    b.x = b.delta + ld;
    b.v = b.x + GROUP * run->ld;
    b.scores = block < run->job->n_factors ? b.v + GROUP * run->ld : NULL;
    return b;
}

/* Σ w (1 - score)² */
static double squares_left(const struct ials_job *job, const struct row *row, const float *scores) {
    double sum = 0.0;
    for (int64_t e = 0; e < row->n; e++) {
        const double left = scores ? 1.0 - (double)scores[e] : 1.0;
        sum += (double)(job->alpha * row->values[e]) * left * left;
    }
    return sum;
}

/* The loss of the row as it is. */
static double block_begin(const struct ials_run *run, const struct row *row, const float *x, const float *v, float *scores) {
    if (!scores) return squares_left(run->job, row, NULL);
    double loss = 0.0;
    memset(scores, 0, (size_t)row->n * sizeof *scores);
    for (int64_t e = 0; e < row->n && !task_cancelled(run->task); e += BETWEEN_LOOKS)
        HOT_PICK(ials_scores)(run->ld, run->other, row->columns + e, least(row->n - e, BETWEEN_LOOKS), x, run->ld, scores + e);
    for (int64_t j = 0; j < run->job->n_factors; j++) loss += (double)x[j] * ((double)v[j] + (double)(row->ridge * x[j]));
    return loss + squares_left(run->job, row, scores);
}

/* Columns [first, first + size) of one row: x += delta; returns what the loss falls by. */
static double block_solve(struct ials_run *run, const struct row *row, int64_t first, int64_t size, const struct blocks *b, float *x, const float *v,
                          float *scores) {
    const int64_t ld = als_ld(size);
    float *right = b->matrix + size * ld;
    double fall = 0.0;
    memset(b->matrix, 0, (size_t)((size + 1) * ld) * sizeof *b->matrix);
    for (int64_t i = 0; i < size; i++) memcpy(b->matrix + i * ld, run->gram + (first + i) * run->ld + first, (size_t)size * sizeof *b->matrix);
    for (int64_t j = 0; scores && j < size; j++) right[j] = -(v[first + j] + row->ridge * x[first + j]);
    for (int64_t e = 0; e < row->n && !task_cancelled(run->task); e += ALS_CHUNK) {
        const int64_t some = least(row->n - e, ALS_CHUNK);
        HOT_PICK(ials_gather)
        (size, run->ld, run->other + first, row->columns + e, row->values + e, scores ? scores + e : NULL, some, run->job->alpha, b->scratch);
        HOT_PICK(normal_add)(size, some, b->scratch, b->matrix);
    }
    memset(b->delta, 0, (size_t)ld * sizeof *b->delta);
    if (!HOT_PICK(normal_solve)(size, row->ridge, b->matrix, b->delta)) cpu_note_failure(&run->failed_row, row->at);
    for (int64_t j = 0; j < size; j++) {
        x[first + j] += b->delta[j];
        fall += (double)right[j] * (double)b->delta[j];
    }
    for (int64_t e = 0; scores && e < row->n && !task_cancelled(run->task); e += BETWEEN_LOOKS)
        HOT_PICK(ials_scores)(run->ld, run->other + first, row->columns + e, least(row->n - e, BETWEEN_LOOKS), b->delta, size, scores + e);
    return fall;
}

/* Solved exactly, rows begin at zero: where they were doesn't matter. */
static double block_group(struct ials_run *run, int64_t first, int64_t n, float *room) {
    const struct ials_job *job = run->job;
    const int64_t ld = run->ld, f = job->n_factors;
    const struct blocks b = blocks_in(run, room);
    struct row rows[GROUP];
    double loss = 0.0;
    memset(b.x, 0, (size_t)(2 * GROUP * ld) * sizeof *b.x);
    for (int64_t k = 0; k < n; k++) {
        rows[k] = row_at(job, first + k);
        if (b.scores && rows[k].n) memcpy(b.x + k * ld, job->out + (first + k) * f, (size_t)f * sizeof *b.x);
    }
    if (b.scores) HOT_PICK(ials_times)(ld, b.x, n, run->gram, ld, b.v);
    for (int64_t k = 0; k < n; k++) loss += block_begin(run, &rows[k], b.x + k * ld, b.v + k * ld, b.scores ? b.scores + k * run->longest : NULL);
    for (int64_t from = 0; from < f; from += job->block) {
        const int64_t size = least(job->block, f - from);
        if (from > 0) HOT_PICK(ials_times)(ld, b.x, n, run->gram + from, (size + 15) / 16 * 16, b.v + from);
        for (int64_t k = 0; k < n && !task_cancelled(run->task); k++)
            if (rows[k].n > 0)
                loss -= block_solve(run, &rows[k], from, size, &b, b.x + k * ld, b.v + k * ld, b.scores ? b.scores + k * run->longest : NULL);
    }
    for (int64_t k = 0; k < n; k++) memcpy(job->out + (first + k) * f, b.x + k * ld, (size_t)f * sizeof *b.x);
    return loss;
}

/* --- the whole --- */

static void ials_block(void *ctx, int64_t block, int thread) {
    struct ials_run *run = ctx;
    const int64_t end = run->firsts[block + 1];
    float *room = run->room + thread * run->room_each;
    for (int64_t row = run->firsts[block]; row < end && !task_cancelled(run->task); row += GROUP)
        run->losses[block] += (run->job->cg_steps ? cg_group : block_group)(run, row, least(end - row, GROUP), room);
}

/* A matrix with rows of ld: itself where they are, else a copy that *out_copy owns. */
static enum status pad(const struct ials_run *run, const float *from, int64_t rows, float **out_copy, const float **out, struct error *err) {
    const int64_t f = run->job->n_factors, ld = run->ld;
    *out = from;
    if (!from || f == ld) return OK;
    TRY(mem_try_array((size_t)((rows > ld ? rows : ld) * ld), "room to compute in", out_copy, err));
    for (int64_t r = 0; r < rows; r++) memcpy(*out_copy + r * ld, from + r * f, (size_t)f * sizeof **out_copy);
    *out = *out_copy;
    return OK;
}

static enum status ials_init(struct ials_run *run, struct error *err) {
    const struct ials_job *job = run->job;
    const int64_t f = job->n_factors;
    for (int64_t r = 0; r < job->events.rows; r++) {
        const int64_t n = job->events.starts_host[r + 1] - job->events.starts_host[r];
        if (n > run->longest) run->longest = n;
    }
    TRY(pad(run, job->other, job->events.cols, &run->padded[0], &run->other, err));
    TRY(pad(run, job->gram, f, &run->padded[1], &run->gram, err));
    TRY(pad(run, job->inverse, f, &run->padded[2], &run->inverse, err));
    run->room_each = job->cg_steps ? 5 * GROUP * run->ld : block_room(run);
    TRY(cpu_scratch(run->room_each, &run->room, err));
    run->room_each = (run->room_each + 15) / 16 * 16;
    return OK;
}

enum status cpu_ials_solve(void *state, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss, struct error *err) {
    (void)state;
    struct ials_run run = {.job = job, .task = task, .ld = (job->n_factors + 15) / 16 * 16, .failed_row = INT64_MAX};
    enum status status = ials_init(&run, err);
    const int64_t n_blocks = cpu_cut_rows(&job->events, job->n_factors, job->n_factors * 16, run.firsts);
    if (status == OK) status = cpu_blocks(task, n_blocks, ials_block, &run, err);
    for (int i = 0; i < 3; i++) mem_free(run.padded[i]);
    mem_free(run.room);
    if (status == OK) status = task_check(task, err);
    if (status != OK) return status;
    *out_loss = 0.0;
    for (int64_t b = 0; b < n_blocks; b++) *out_loss += run.losses[b];
    *out_failed_row = run.failed_row == INT64_MAX ? -1 : run.failed_row;
    return OK;
}
