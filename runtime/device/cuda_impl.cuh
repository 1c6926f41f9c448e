/* The inside of the CUDA backend: one device's state, errors, memory of one
 * operation, and kernels written in phases. Shared by runtime/device/cuda_*.cu.
 *
 * The plugin links no part of the kernel: errors and tasks come through host. */
#ifndef RECKON_CUDA_IMPL_CUH
#define RECKON_CUDA_IMPL_CUH

#include <stdlib.h>

#include "runtime/base/least.h"
#include "runtime/base/plugin.h"
#include "runtime/device/backend.h"
#include "runtime/device/elem.h"

#ifdef __CUDACC__
#include <cublas_v2.h>
#include <cuda_runtime.h>
#define DEVICE __device__
#define CUDA_BACKEND "cuda"
#else
#include "runtime/device/cuda_emulate.cuh"
#define DEVICE
#define CUDA_BACKEND "emulated"
#endif

/* Set when the plugin is opened, before anything else runs. */
extern const struct host_api *cuda_host;

/* One device: everything of it runs in the order of one stream. */
struct gpu {
    int index;
    cudaStream_t stream;
    cublasHandle_t blas;
    void *workspace;     /* cuBLAS's: its own choice would not be deterministic */
    size_t shared_bytes; /* that a block may have */
    double queued_us;    /* guess of what is queued since the last wait */
};

/* --- errors and waiting --- */

enum status cuda_fail(struct error *err, enum status code, const char *format, ...) PRINTF_LIKE(3, 4);
/* ERR_MEMORY or ERR_DEVICE "the GPU failed while it …". */
enum status cuda_check(cudaError_t error, const char *doing, struct error *err) MUST_CHECK;
enum status cublas_check(cublasStatus_t status, const char *doing, struct error *err) MUST_CHECK;
/* Waits for all that is queued; then ERR_INTERRUPTED when the task (may be NULL) was cancelled. */
enum status gpu_wait(struct gpu *gpu, const struct task *task, struct error *err) MUST_CHECK;
/* Says that about so many microseconds of work were queued; waits before they are more than 20 ms. */
enum status gpu_pace(struct gpu *gpu, const struct task *task, double us, struct error *err) MUST_CHECK;

/* --- memory --- */

enum status gpu_alloc(struct gpu *gpu, size_t size_bytes, const char *what, void **out, struct error *err) MUST_CHECK; /* garbage */
void gpu_release(struct gpu *gpu, void *data);
enum status gpu_zero(struct gpu *gpu, void *to, size_t size_bytes, struct error *err) MUST_CHECK;
/* Both wait until the host's memory is free to change. */
enum status gpu_upload(struct gpu *gpu, void *to, const void *from_host, size_t size_bytes, struct error *err) MUST_CHECK;
enum status gpu_download(struct gpu *gpu, void *to_host, const void *from, size_t size_bytes, struct error *err) MUST_CHECK;

/* Device memory of one operation: given back at the end of the scope. */
template <class T> struct scratch {
    struct gpu *gpu = NULL;
    T *at = NULL;
    scratch() {}
    scratch(const scratch &) = delete;
    ~scratch() {
        if (at) gpu_release(gpu, at);
    }
    enum status room(struct gpu *on, int64_t n, struct error *err) {
        gpu = on;
        return gpu_alloc(on, (size_t)n * sizeof(T), "room to compute in", (void **)&at, err);
    }
    enum status from(struct gpu *on, const T *values, int64_t n, struct error *err) {
        TRY(room(on, n, err));
        return gpu_upload(on, at, values, (size_t)n * sizeof(T), err);
    }
};

/* Host memory of one operation, zeros. */
template <class T> struct host_array {
    T *at = NULL;
    host_array() {}
    host_array(const host_array &) = delete;
    ~host_array() { free(at); }
    enum status room(int64_t n, struct error *err) {
        at = (T *)calloc((size_t)n + 1, sizeof(T));
        return at ? OK : cuda_fail(err, ERR_MEMORY, "not enough memory for %lld numbers to send to the GPU", (long long)n);
    }
};

/* --- kernels in phases --- */

/* A kernel is a struct of its arguments (pointers: device memory) with
 *
 *     enum { THREADS = … };                      threads of a block, a power of two
 *     struct local { … };                        what a thread keeps from phase to phase: registers
 *     DEVICE int64_t phases(int64_t block) const;
 *     DEVICE void run(int64_t phase, int64_t block, int thread, local &own, void *shared) const;
 *
 * Barriers stand between phases and nowhere else. Within a phase a thread writes
 * slots that no other thread reads or writes, so the order of threads can't
 * matter, and the emulation gives what a GPU gives. */
struct no_local {};
/* What kernels without cooperation have in common. */
struct one_phase {
    enum { THREADS = 256 };
    typedef no_local local;
    DEVICE int64_t phases(int64_t) const { return 1; }
};

#ifdef __CUDACC__
template <class Kernel> __global__ void __launch_bounds__(Kernel::THREADS) run_phases(const Kernel kernel) {
    extern __shared__ __align__(16) unsigned char shared[];
    typename Kernel::local own;
    int64_t n = kernel.phases(blockIdx.x);
    for (int64_t phase = 0; phase < n; phase++) {
        if (phase > 0) __syncthreads();
        kernel.run(phase, blockIdx.x, (int)threadIdx.x, own, shared);
    }
}
template <class Kernel> cudaError_t start_phases(const Kernel &kernel, int64_t n_blocks, size_t shared_bytes, cudaStream_t stream) {
    if (shared_bytes > 48 << 10) {
        cudaError_t error = cudaFuncSetAttribute(run_phases<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared_bytes);
        if (error != cudaSuccess) return error;
    }
    run_phases<<<(unsigned)n_blocks, Kernel::THREADS, shared_bytes, stream>>>(kernel);
    return cudaGetLastError();
}
#endif

/* Queues a kernel. No block: nothing. */
template <class Kernel> enum status launch(struct gpu *gpu, const Kernel &kernel, int64_t n_blocks, size_t shared_bytes, struct error *err) {
    if (n_blocks == 0) return OK;
    return cuda_check(start_phases(kernel, n_blocks, shared_bytes, gpu->stream), "started a kernel", err);
}

/* a b + c rounded once, on both sides. */
DEVICE static inline float fused(float a, float b, float c) { return fmaf(a, b, c); }
static inline int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

/* --- operations that others build on --- */

enum status cuda_gemm(void *state, struct task *task, const struct gemm *job, struct error *err) MUST_CHECK;

/* out[i] = constant + row_bias[r] + col_bias[c] + the canonical a[r] · b[c], with r = rows[i / cols_per_row] and c = cols[i]; -inf where c < 0.
 * All in device memory; biases may be NULL. */
struct score_args {
    const float *a, *b, *row_bias, *col_bias;
    int64_t n_factors, n, cols_per_row;
    float constant;
    const int32_t *rows, *cols;
    float *out;
};
enum status cuda_scores(struct gpu *gpu, const struct score_args *args, struct error *err) MUST_CHECK;

/* The other operations of struct device_ops; see backend.h. */
enum status cuda_reduce(void *state, enum mat_reduction reduction, int axis, int64_t n_rows, int64_t n_cols, const float *a, float *out,
                        struct error *err) MUST_CHECK;
enum status cuda_spmm(void *state, struct task *task, const struct sparse *a, int64_t n_cols, const float *dense, float *out,
                      struct error *err) MUST_CHECK;
enum status cuda_als_solve(void *state, struct task *task, const struct als_job *job, int64_t *out_failed_row, struct error *err) MUST_CHECK;
enum status cuda_ials_solve(void *state, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss,
                            struct error *err) MUST_CHECK;
int64_t cuda_sgd_side(int64_t n_rows, int64_t n_cols, int64_t n);
enum status cuda_sgd_epoch(void *state, struct task *task, const struct sgd_job *job, double *out_square_sum, struct error *err) MUST_CHECK;
enum status cuda_adam_epoch(void *state, struct task *task, const struct adam_job *job, double *out_square_sum, struct error *err) MUST_CHECK;
enum status cuda_dot_pairs(void *state, struct task *task, const struct dot_job *job, struct error *err) MUST_CHECK;
enum status cuda_dot_block(void *state, struct task *task, const struct dot_job *job, struct error *err) MUST_CHECK;
enum status cuda_dot_top_k(void *state, struct task *task, const struct best_job *job, struct error *err) MUST_CHECK;

#endif
