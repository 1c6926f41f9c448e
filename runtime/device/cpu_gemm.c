/* Matrix products in tiles cut by the problem's size only. BLAS gives other
 * bits for other shapes, so the last rows are computed as a padded tile of
 * their own, never as a single row. */
#include <string.h>

#include "runtime/base/least.h"
#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

enum {
    TILE_ROWS = 128,
    DEPTH = 2048,     /* of k in one call: keeps a call under 50 ms */
    PACK_DEPTH = 256, /* of our own product */
    PACK_COLS = 512,
    MAX_TILE_COLS = 8192,
    TILE_WORK = 1 << 24 /* multiply-adds aimed at */
};

/* --- one tile --- */

int64_t gemm_pack_floats(void) { return blas_open() ? 0 : (TILE_ROWS + PACK_COLS) * PACK_DEPTH; }

static struct gemm part(const struct gemm *job, int64_t row, int64_t m, int64_t col, int64_t n, int64_t depth, int64_t k) {
    struct gemm p = *job;
    p.a += job->a_transposed ? depth * job->lda + row : row * job->lda + depth;
    p.b += job->b_transposed ? col * job->ldb + depth : depth * job->ldb + col;
    p.c += row * job->ldc + col;
    p.m = m;
    p.n = n;
    p.k = k;
    return p;
}

static void pack(const float *from, int64_t ld, bool transposed, int64_t rows, int64_t cols, float *to, int64_t to_ld) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) to[r * to_ld + c] = transposed ? from[c * ld + r] : from[r * ld + c];
}

static void own_part(const struct gemm *p, float *room) {
    float *a = room, *b = room + TILE_ROWS * PACK_DEPTH;
    pack(p->a, p->lda, p->a_transposed, p->m, p->k, a, p->k);
    pack(p->b, p->ldb, p->b_transposed, p->k, p->n, b, PACK_COLS);
    HOT_PICK(gemm_packed)(p->m, p->n, p->k, a, b, PACK_COLS, p->c, p->ldc);
}

static void own_gemm(const struct gemm *job, float *room) {
    for (int64_t r = 0; r < job->m; r++) memset(job->c + r * job->ldc, 0, (size_t)job->n * sizeof(float));
    for (int64_t depth = 0; depth < job->k; depth += PACK_DEPTH)
        for (int64_t col = 0; col < job->n; col += PACK_COLS)
            for (int64_t row = 0; row < job->m; row += TILE_ROWS) {
                struct gemm p =
                    part(job, row, least(TILE_ROWS, job->m - row), col, least(PACK_COLS, job->n - col), depth, least(PACK_DEPTH, job->k - depth));
                own_part(&p, room);
            }
}

void gemm_tile(const struct gemm *job, float *room) {
    if (blas_open()) blas_gemm(job, 0.0f);
    else own_gemm(job, room);
}

/* --- the whole --- */

struct gemm_run {
    struct gemm body, tail; /* tail: the last rows, padded; m 0: none */
    int64_t cols_each, blocks_across, body_rows;
    bool has_blas;
    float *room; /* a pack for each thread */
    struct task *task;
};

static void gemm_block(void *ctx, int64_t block, int thread) {
    const struct gemm_run *run = ctx;
    int64_t row = block / run->blocks_across, col = block % run->blocks_across * run->cols_each;
    const struct gemm *job = row < run->body_rows ? &run->body : &run->tail;
    int64_t first = row < run->body_rows ? row * TILE_ROWS : 0, m = row < run->body_rows ? TILE_ROWS : run->tail.m;
    int64_t n = least(run->cols_each, job->n - col);
    if (!run->has_blas) {
        struct gemm p = part(job, first, m, col, n, 0, job->k);
        own_gemm(&p, run->room + thread * (TILE_ROWS + PACK_COLS) * PACK_DEPTH);
        return;
    }
    for (int64_t depth = 0; depth < job->k && !task_cancelled(run->task); depth += DEPTH) {
        struct gemm p = part(job, first, m, col, n, depth, least(DEPTH, job->k - depth));
        blas_gemm(&p, depth ? 1.0f : 0.0f);
    }
}

static int64_t tile_cols(const struct gemm *job) {
    int64_t cols = TILE_WORK / (TILE_ROWS * least(job->k, DEPTH)) / 128 * 128;
    if (cols < 512) cols = 512;
    return least(cols, MAX_TILE_COLS);
}

/* The last rows, copied to a multiple of GEMM_PAD of them. */
static enum status make_tail(const struct gemm *job, int64_t first, struct gemm *tail, struct error *err) {
    int64_t rows = job->m - first, padded = gemm_padded(rows);
    float *a, *c;
    *tail = (struct gemm){.b_transposed = job->b_transposed, .n = job->n, .k = job->k, .b = job->b, .lda = job->k, .ldb = job->ldb, .ldc = job->n};
    if (rows == 0) return OK;
    TRY(mem_try_array((size_t)(padded * job->k), "room to multiply in", &a, err));
    tail->a = a;
    TRY(mem_try_array((size_t)(padded * job->n), "room to multiply in", &c, err));
    tail->c = c;
    tail->m = padded;
    const float *from = job->a + (job->a_transposed ? first : first * job->lda);
    pack(from, job->lda, job->a_transposed, rows, job->k, a, job->k);
    return OK;
}

static enum status run_gemm(const struct gemm *job, struct gemm_run *run, struct error *err) {
    int64_t whole = run->body_rows * TILE_ROWS;
    TRY(make_tail(job, whole, &run->tail, err));
    if (!run->has_blas) TRY(cpu_scratch((TILE_ROWS + PACK_COLS) * PACK_DEPTH, &run->room, err));
    TRY(cpu_blocks(run->task, (run->body_rows + (run->tail.m > 0)) * run->blocks_across, gemm_block, run, err));
    for (int64_t r = whole; r < job->m; r++) memcpy(job->c + r * job->ldc, run->tail.c + (r - whole) * job->n, (size_t)job->n * sizeof(float));
    return task_check(run->task, err);
}

enum status cpu_gemm(void *state, struct task *task, const struct gemm *job, struct error *err) {
    (void)state;
    struct gemm_run run = {.body = *job, .cols_each = tile_cols(job), .body_rows = job->m / TILE_ROWS, .has_blas = blas_open(), .task = task};
    run.blocks_across = block_count(job->n, run.cols_each);
    enum status status = run_gemm(job, &run, err);
    mem_free((void *)run.tail.a);
    mem_free(run.tail.c);
    mem_free(run.room);
    return status;
}
