/* Dense and sparse products. */
#include "runtime/device/cuda_impl.cuh"

/* --- dense: cuBLAS --- */

enum { ROWS = 128 };                                /* a slice has a multiple of so many rows */
static const int64_t SLICE_WORK = (int64_t)1 << 37; /* multiply-adds of a slice: 15 ms or so */

/* Row-major c = a b is column-major cᵀ = bᵀ aᵀ: the operands change places, and a matrix stored as it is already reads as its transpose. */
static enum status multiply(struct gpu *gpu, const struct gemm *job, int64_t row, int64_t m, struct error *err) {
    const float one = 1.0f, zero = 0.0f, *a = job->a + (job->a_transposed ? row : row * job->lda);
    cublasOperation_t op_a = job->a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = job->b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    return cublas_check(cublasSgemm(gpu->blas, op_b, op_a, (int)job->n, (int)m, (int)job->k, &one, job->b, (int)job->ldb, a, (int)job->lda, &zero,
                                    job->c + row * job->ldc, (int)job->ldc),
                        "multiplied", err);
}

enum status cuda_gemm(void *state, struct task *task, const struct gemm *job, struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    if (job->m == 0 || job->n == 0) return OK;
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    if (job->k == 0) {
        size_t pitch = (size_t)job->ldc * sizeof(float), width = (size_t)job->n * sizeof(float);
        return cuda_check(cudaMemset2DAsync(job->c, pitch, 0, width, (size_t)job->m, gpu->stream), "cleared memory", err);
    }
    int64_t each = SLICE_WORK / (job->n * job->k) / ROWS * ROWS;
    if (each < ROWS) each = ROWS;
    for (int64_t row = 0; row < job->m; row += each) {
        int64_t m = least(each, job->m - row);
        TRY(multiply(gpu, job, row, m, err));
        TRY(gpu_pace(gpu, task, (double)m * (double)job->n * (double)job->k * 1e-7, err));
    }
    return cuda_host->task_check(task, err);
}

/* --- sparse --- */

/* A thread for each number of the result: neighbours share a row and read neighbouring numbers. */
struct spmm_kernel : one_phase {
    const int64_t *starts;
    const int32_t *columns;
    const float *values, *dense;
    float *out;
    int64_t first, end, n_cols; /* numbers of the result */
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = first + block * THREADS + thread;
        if (i >= end) return;
        int64_t r = i / n_cols, c = i - r * n_cols;
        float sum = 0.0f;
        for (int64_t e = starts[r]; e < starts[r + 1]; e++) sum = fused(values[e], dense[columns[e] * n_cols + c], sum);
        out[i] = sum;
    }
};

enum status cuda_spmm(void *state, struct task *task, const struct sparse *a, int64_t n_cols, const float *dense, float *out, struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    const int64_t most_work = (int64_t)1 << 32; /* multiply-adds of a launch */
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    struct spmm_kernel kernel;
    kernel.starts = a->starts, kernel.columns = a->columns, kernel.values = a->values;
    kernel.dense = dense, kernel.out = out, kernel.n_cols = n_cols;
    for (int64_t row = 0, next; row < a->rows && n_cols > 0; row = next) {
        for (next = row + 1; next < a->rows && (a->starts_host[next + 1] - a->starts_host[row]) * n_cols < most_work;) next++;
        kernel.first = row * n_cols;
        kernel.end = next * n_cols;
        TRY(launch(gpu, kernel, blocks_of(kernel.end - kernel.first, spmm_kernel::THREADS), 0, err));
        TRY(gpu_pace(gpu, task, (double)(a->starts_host[next] - a->starts_host[row]) * (double)n_cols * 4e-6, err));
    }
    return cuda_host->task_check(task, err);
}
