/* The CPU backend: host memory, element kernels over the pool, sparse products. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

/* --- storage --- */

static enum status cpu_alloc(void *state, size_t size_bytes, const char *what, void **out, struct error *err) {
    (void)state;
    return mem_try(size_bytes ? size_bytes : 1, 1, what, out, err);
}

static void cpu_release(void *state, void *data) {
    (void)state;
    mem_free(data);
}

#define MOVE_BYTES ((size_t)16 << 20) /* between two looks at the task: some 10 ms where pages are new */

static enum status cpu_move(void *state, void *to, const void *from, size_t size_bytes, struct error *err) {
    (void)state;
    for (size_t done = 0; done < size_bytes; done += MOVE_BYTES) {
        size_t some = size_bytes - done < MOVE_BYTES ? size_bytes - done : MOVE_BYTES;
        memcpy((char *)to + done, (const char *)from + done, some);
        TRY(task_check(task_current(), err));
    }
    return OK;
}

static void cpu_close(void *state) { (void)state; }

/* --- describing --- */

static void cpu_name(char *out, size_t size_bytes) {
    snprintf(out, size_bytes, "CPU");
#if defined(__x86_64__)
    unsigned words[13] = {0};
    if ((unsigned)__get_cpuid_max(0x80000000u, NULL) < 0x80000004u) return; /* clang's gives an int */
    for (unsigned i = 0; i < 3; i++) __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    const char *name = (const char *)words;
    while (*name == ' ') name++;
    if (*name) snprintf(out, size_bytes, "%s", name);
    for (size_t len = strlen(out); len && out[len - 1] == ' '; len--) out[len - 1] = '\0';
#endif
}

static void cpu_describe(void *state, struct device_info *out) {
    (void)state;
    snprintf(out->backend, sizeof out->backend, "cpu");
    cpu_name(out->name, sizeof out->name);
    snprintf(out->instruction_set, sizeof out->instruction_set, "%s", device_isa());
    snprintf(out->blas, sizeof out->blas, "%s", blas_name());
    out->memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
    out->threads = pool_threads();
}

/* --- the pool --- */

enum status cpu_blocks(struct task *task, int64_t n_blocks, pool_fn fn, void *ctx, struct error *err) {
    if (n_blocks != 1) return pool_run(task, n_blocks, fn, ctx, err);
    TRY(task_check(task, err));
    fn(ctx, 0, 0);
    return OK;
}

enum status cpu_scratch(int64_t floats, float **out, struct error *err) {
    int64_t padded = (floats + 15) / 16 * 16;
    return mem_try_array((size_t)(padded * pool_threads()), "room to compute in", out, err);
}

/* --- rows --- */

int64_t cpu_cut_rows(const struct sparse *rows, int64_t entry_work, int64_t row_work, int64_t *firsts) {
    int64_t n_blocks = 0, work = 0, total = row_work * rows->rows + rows->n * entry_work, each = total / (CPU_ROW_BLOCKS - 1) + 1;
    for (int64_t r = 0; r < rows->rows; r++) {
        if (work == 0) firsts[n_blocks++] = r;
        work += row_work + (rows->starts_host[r + 1] - rows->starts_host[r]) * entry_work;
        if (work >= each) work = 0;
    }
    firsts[n_blocks] = rows->rows;
    return n_blocks;
}

void cpu_note_failure(atomic_llong *failed, int64_t row) {
    long long known = atomic_load(failed);
    while (row < known && !atomic_compare_exchange_weak(failed, &known, row)) continue;
}

/* --- element kernels: called by operators of values, which are handed no task --- */

enum { KERNEL_BLOCK = 1 << 17 }; /* elements: 0.1 ms or so */

struct kernel_run {
    kernel_fn fn;
    const struct kernel_args *args;
    int64_t n_rows, n_cols, rows_each, cols_each, blocks_across;
};

static void kernel_block(void *ctx, int64_t block, int thread) {
    const struct kernel_run *run = ctx;
    (void)thread;
    int64_t r0 = block / run->blocks_across * run->rows_each, c0 = block % run->blocks_across * run->cols_each;
    int64_t r1 = r0 + run->rows_each < run->n_rows ? r0 + run->rows_each : run->n_rows;
    int64_t c1 = c0 + run->cols_each < run->n_cols ? c0 + run->cols_each : run->n_cols;
    run->fn(run->args, run->n_cols, r0, r1, c0, c1);
}

static enum status run_kernel(kernel_fn fn, int64_t n_rows, int64_t n_cols, const struct kernel_args *args, struct error *err) {
    struct kernel_run run = {.fn = fn, .args = args, .n_rows = n_rows, .n_cols = n_cols};
    run.cols_each = n_cols < KERNEL_BLOCK ? n_cols : KERNEL_BLOCK;
    if (args->a_row == 1 && args->a_col > 1 && n_cols > 64) run.cols_each = 64; /* a transpose: tiles keep both sides in the cache */
    run.rows_each = KERNEL_BLOCK / run.cols_each;
    run.blocks_across = block_count(n_cols, run.cols_each);
    return cpu_blocks(task_current(), block_count(n_rows, run.rows_each) * run.blocks_across, kernel_block, &run, err);
}

#define KERNEL(name, body)                                                                                                          \
    static enum status cpu_##name(void *state, int64_t n_rows, int64_t n_cols, const struct kernel_args *args, struct error *err) { \
        (void)state;                                                                                                                \
        return run_kernel(HOT_PICK(kernel_##name), n_rows, n_cols, args, err);                                                      \
    }
#include "runtime/device/kernels.def"
#undef KERNEL

/* --- sparse · dense --- */

struct spmm_run {
    const struct sparse *a;
    int64_t n_cols, rows_each;
    const float *dense;
    float *out;
};

static void spmm_block(void *ctx, int64_t block, int thread) {
    const struct spmm_run *run = ctx;
    (void)thread;
    const struct sparse *a = run->a;
    int64_t end = (block + 1) * run->rows_each < a->rows ? (block + 1) * run->rows_each : a->rows;
    for (int64_t r = block * run->rows_each; r < end; r++) {
        int64_t from = a->starts[r], n = a->starts[r + 1] - from;
        HOT_PICK(spmm_row)(n, a->columns + from, a->values + from, run->dense, run->n_cols, run->out + r * run->n_cols);
    }
}

enum status cpu_spmm(void *state, struct task *task, const struct sparse *a, int64_t n_cols, const float *dense, float *out, struct error *err) {
    (void)state;
    struct spmm_run run = {a, n_cols, 1, dense, out};
    int64_t work_per_row = a->rows ? (a->n / a->rows + 1) * (n_cols + 1) : 1;
    run.rows_each = work_per_row < 200000 ? 200000 / work_per_row : 1;
    return cpu_blocks(task, block_count(a->rows, run.rows_each), spmm_block, &run, err);
}

const struct device_ops cpu_ops = {
    .alloc = cpu_alloc,
    .release = cpu_release,
    .upload = cpu_move,
    .download = cpu_move,
    .copy = cpu_move,
    .describe = cpu_describe,
    .close = cpu_close,
    .gemm = cpu_gemm,
    .reduce = cpu_reduce,
    .spmm = cpu_spmm,
    .als_solve = cpu_als_solve,
    .ials_solve = cpu_ials_solve,
    .sgd_side = cpu_sgd_side,
    .sgd_epoch = cpu_sgd_epoch,
    .adam_epoch = cpu_adam_epoch,
    .dot_pairs = cpu_dot_pairs,
    .dot_block = cpu_dot_block,
    .dot_top_k = cpu_dot_top_k,
#define KERNEL(name, body) .name = cpu_##name,
#include "runtime/device/kernels.def"
#undef KERNEL
};
