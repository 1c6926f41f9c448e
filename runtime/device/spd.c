#include "runtime/device/spd.h"

#include <math.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

/* One step sweeps the pivot block k with inverse D:
 *     A_ij −= A_ik D A_kj,   A_ik = A_ik D,   A_kk = −D;
 * after all steps A is minus its inverse. Only the lower triangle is kept up. */
enum { TILE = 128 };

struct sweep {
    float *a;
    int64_t n, tiles, pivot;
    float *panel;   /* (n, TILE): column block of the pivot; its own rows are zeros */
    float *scaled;  /* (n, TILE): panel · D */
    float *inverse; /* (TILE, TILE): D */
    float *room;    /* of each thread: a tile, and what gemm_tile packs in */
    double *work;   /* (TILE, TILE) */
    bool shows;     /* a progress line */
};

static int64_t rows_of(const struct sweep *sweep, int64_t tile) {
    const int64_t left = sweep->n - tile * TILE;
    return left < TILE ? left : TILE;
}

static float *tile_at(const struct sweep *sweep, int64_t row, int64_t col) { return sweep->a + row * TILE * sweep->n + col * TILE; }
static int64_t room_floats(void) { return TILE * TILE + gemm_pack_floats(); }

/* --- the pivot --- */

static bool invert_pivot(struct sweep *sweep) {
    const int64_t n = rows_of(sweep, sweep->pivot);
    const float *from = tile_at(sweep, sweep->pivot, sweep->pivot);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) sweep->work[i * n + j] = sweep->work[j * n + i] = (double)from[i * sweep->n + j];
    if (!HOT_PICK(sweep_all)(sweep->work, n)) return false;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) sweep->inverse[i * TILE + j] = sweep->inverse[j * TILE + i] = (float)sweep->work[i * n + j];
    return true;
}

/* --- the step, tile by tile --- */

static void multiply(const struct sweep *sweep, int thread, struct gemm job) { gemm_tile(&job, sweep->room + thread * room_floats() + TILE * TILE); }

/* Rows of one tile of the panel, and times D. */
static void panel_tile(void *ctx, int64_t tile, int thread) {
    const struct sweep *sweep = ctx;
    const int64_t rows = rows_of(sweep, tile), cols = rows_of(sweep, sweep->pivot), n = sweep->n;
    float *panel = sweep->panel + tile * TILE * TILE;
    const float *stored = tile < sweep->pivot ? tile_at(sweep, sweep->pivot, tile) : tile_at(sweep, tile, sweep->pivot);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            panel[i * TILE + j] = tile == sweep->pivot ? 0 : tile < sweep->pivot ? stored[j * n + i] : stored[i * n + j];
    multiply(sweep, thread,
             (struct gemm){.m = rows,
                           .n = cols,
                           .k = cols,
                           .a = panel,
                           .lda = TILE,
                           .b = sweep->inverse,
                           .ldb = TILE,
                           .c = sweep->scaled + tile * TILE * TILE,
                           .ldc = TILE});
}

static void update_tile(const struct sweep *sweep, int64_t row, int64_t col, int thread) {
    const int64_t m = rows_of(sweep, row), n = rows_of(sweep, col);
    float *product = sweep->room + thread * room_floats(), *to = tile_at(sweep, row, col);
    multiply(sweep, thread,
             (struct gemm){.b_transposed = true,
                           .m = m,
                           .n = n,
                           .k = rows_of(sweep, sweep->pivot),
                           .a = sweep->panel + row * TILE * TILE,
                           .lda = TILE,
                           .b = sweep->scaled + col * TILE * TILE,
                           .ldb = TILE,
                           .c = product,
                           .ldc = TILE});
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) to[i * sweep->n + j] -= product[i * TILE + j];
}

/* The block's number counts the lower triangle's tiles, row by row. */
static void step_tile(void *ctx, int64_t block, int thread) {
    const struct sweep *sweep = ctx;
    int64_t row = (int64_t)((sqrt(8 * (double)block + 1) - 1) / 2);
    while (row * (row + 1) / 2 > block) row--;
    while ((row + 1) * (row + 2) / 2 <= block) row++;
    const int64_t col = block - row * (row + 1) / 2, n = sweep->n, k = sweep->pivot;
    float *to = tile_at(sweep, row, col);
    if (row != k && col != k) {
        update_tile(sweep, row, col, thread);
        return;
    }
    const float *scaled = sweep->scaled + (row == k ? col : row) * TILE * TILE;
    for (int64_t i = 0; i < rows_of(sweep, row); i++)
        for (int64_t j = 0; j < rows_of(sweep, col); j++)
            to[i * n + j] = row == col ? -sweep->inverse[i * TILE + j] : row == k ? scaled[j * TILE + i] : scaled[i * TILE + j];
}

static void finish_row(void *ctx, int64_t row, int thread) {
    const struct sweep *sweep = ctx;
    (void)thread;
    for (int64_t j = 0; j <= row; j++) sweep->a[row * sweep->n + j] = sweep->a[j * sweep->n + row] = -sweep->a[row * sweep->n + j];
}

static enum status sweep_all(struct task *task, struct sweep *sweep, struct error *err) {
    const int64_t n_lower = sweep->tiles * (sweep->tiles + 1) / 2;
    for (sweep->pivot = 0; sweep->pivot < sweep->tiles; sweep->pivot++) {
        TRY(task_check(task, err));
        if (!invert_pivot(sweep)) return err_set(err, ERR_NUMERIC, "a matrix of %lld rows is not positive definite", (long long)sweep->n);
        TRY(cpu_blocks(task, sweep->tiles, panel_tile, sweep, err));
        TRY(cpu_blocks(task, n_lower, step_tile, sweep, err));
        if (sweep->shows) task_report(task, sweep->pivot + 1, "%s", "");
    }
    return cpu_blocks(task, sweep->n, finish_row, sweep, err);
}

static enum status with_room(struct task *task, struct sweep *sweep, struct error *err) {
    const size_t panel = (size_t)sweep->tiles * TILE * TILE;
    TRY(mem_try_array(panel, "room to invert in", &sweep->panel, err));
    TRY(mem_try_array(panel, "room to invert in", &sweep->scaled, err));
    TRY(mem_try_array((size_t)TILE * TILE, "room to invert in", &sweep->inverse, err));
    TRY(mem_try_array((size_t)2 * TILE * TILE, "room to invert in", &sweep->work, err));
    TRY(cpu_scratch(room_floats(), &sweep->room, err));
    return sweep_all(task, sweep, err);
}

enum status spd_invert(struct task *task, const char *label, float *a, int64_t n, struct error *err) {
    struct sweep sweep = {.a = a, .n = n, .tiles = block_count(n, TILE), .shows = label};
    if (label) task_begin(task, label, "block", sweep.tiles);
    const enum status status = with_room(task, &sweep, err);
    if (label) task_end(task, status == ERR_INTERRUPTED);
    mem_free(sweep.panel);
    mem_free(sweep.scaled);
    mem_free(sweep.inverse);
    mem_free(sweep.work);
    mem_free(sweep.room);
    return status;
}
