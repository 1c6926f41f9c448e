/* The CUDA plugin: opening a device, its memory, element kernels, the vtable.
 * Compiled by nvcc for GPUs and, for tests everywhere, by the host compiler
 * against cuda_emulate.cuh. */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/device/cuda_impl.cuh"

const struct host_api *cuda_host;

/* --- errors and waiting --- */

enum status cuda_fail(struct error *err, enum status code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    cuda_host->err_setv(err, code, format, args);
    va_end(args);
    return code;
}

enum status cuda_check(cudaError_t error, const char *doing, struct error *err) {
    if (error == cudaSuccess) return OK;
    enum status code = error == cudaErrorMemoryAllocation ? ERR_MEMORY : ERR_DEVICE;
    return cuda_fail(err, code, "the GPU failed when it %s: %s", doing, cudaGetErrorString(error));
}

enum status cublas_check(cublasStatus_t status, const char *doing, struct error *err) {
    if (status == CUBLAS_STATUS_SUCCESS) return OK;
    return cuda_fail(err, ERR_DEVICE, "cuBLAS failed when it %s: %s", doing, cublasGetStatusString(status));
}

enum status gpu_wait(struct gpu *gpu, const struct task *task, struct error *err) {
    gpu->queued_us = 0.0;
    TRY(cuda_check(cudaStreamSynchronize(gpu->stream), "computed", err));
    return cuda_host->task_check(task, err);
}

enum status gpu_pace(struct gpu *gpu, const struct task *task, double us, struct error *err) {
    const double most_us = 20000.0; /* half of what task.h allows, for guesses are guesses */
    gpu->queued_us += us;
    return gpu->queued_us < most_us ? OK : gpu_wait(gpu, task, err);
}

/* --- memory --- */

enum status gpu_alloc(struct gpu *gpu, size_t size_bytes, const char *what, void **out, struct error *err) {
    void *data = NULL;
    size_t bytes = size_bytes ? size_bytes : 1, n_free = 0, n_total = 0;
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    cudaError_t error = cudaMallocAsync(&data, bytes, gpu->stream);
    if (error == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError(); /* else the next launch reports it again */
        (void)cudaMemGetInfo(&n_free, &n_total);
        return cuda_fail(err, ERR_MEMORY, "no room on the GPU for %s: %.1f MiB wanted, %.1f of %.1f MiB free", what, (double)bytes / 1048576.0,
                         (double)n_free / 1048576.0, (double)n_total / 1048576.0);
    }
    TRY(cuda_check(error, "gave memory", err));
    *out = data;
    return OK;
}

void gpu_release(struct gpu *gpu, void *data) {
    (void)cudaSetDevice(gpu->index);
    (void)cudaFreeAsync(data, gpu->stream); /* after everything queued before */
}

enum status gpu_zero(struct gpu *gpu, void *to, size_t size_bytes, struct error *err) {
    return size_bytes ? cuda_check(cudaMemsetAsync(to, 0, size_bytes, gpu->stream), "cleared memory", err) : OK;
}

static enum status move(struct gpu *gpu, void *to, const void *from, size_t size_bytes, cudaMemcpyKind kind, struct error *err) {
    if (size_bytes == 0) return OK;
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    TRY(cuda_check(cudaMemcpyAsync(to, from, size_bytes, kind, gpu->stream), "copied", err));
    return kind == cudaMemcpyDeviceToDevice ? OK : gpu_wait(gpu, NULL, err);
}

enum status gpu_upload(struct gpu *gpu, void *to, const void *from_host, size_t size_bytes, struct error *err) {
    return move(gpu, to, from_host, size_bytes, cudaMemcpyHostToDevice, err);
}

enum status gpu_download(struct gpu *gpu, void *to_host, const void *from, size_t size_bytes, struct error *err) {
    return move(gpu, to_host, from, size_bytes, cudaMemcpyDeviceToHost, err);
}

/* --- storage of the vtable --- */

static enum status cuda_alloc(void *state, size_t size_bytes, const char *what, void **out, struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    void *data = NULL;
    TRY(gpu_alloc(gpu, size_bytes, what, &data, err));
    enum status status = gpu_zero(gpu, data, size_bytes, err);
    if (status == OK) *out = data;
    else gpu_release(gpu, data);
    return status;
}

static void cuda_release(void *state, void *data) { gpu_release((struct gpu *)state, data); }

static enum status cuda_upload(void *state, void *to, const void *from_host, size_t size_bytes, struct error *err) {
    return gpu_upload((struct gpu *)state, to, from_host, size_bytes, err);
}

static enum status cuda_download(void *state, void *to_host, const void *from, size_t size_bytes, struct error *err) {
    return gpu_download((struct gpu *)state, to_host, from, size_bytes, err);
}

static enum status cuda_copy(void *state, void *to, const void *from, size_t size_bytes, struct error *err) {
    return move((struct gpu *)state, to, from, size_bytes, cudaMemcpyDeviceToDevice, err);
}

/* --- element kernels --- */

template <class Kernel> static enum status each_element(void *state, int64_t n_rows, int64_t n_cols, Kernel kernel, struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    kernel.n = n_rows * n_cols;
    kernel.n_cols = n_cols;
    TRY(launch(gpu, kernel, blocks_of(kernel.n, Kernel::THREADS), 0, err));
    return gpu_pace(gpu, NULL, (double)kernel.n * 1e-5, err);
}

/* Row of element i; the short division where it will do. */
DEVICE static int64_t row_of(int64_t i, int64_t n, int64_t n_cols) { return n <= INT32_MAX ? (int64_t)((uint32_t)i / (uint32_t)n_cols) : i / n_cols; }

#define KERNEL(name, body)                                                                                                           \
    struct name##_kernel : one_phase {                                                                                               \
        struct kernel_args k;                                                                                                        \
        int64_t n, n_cols;                                                                                                           \
        DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {                                              \
            int64_t i = block * THREADS + thread;                                                                                    \
            if (i >= n) return;                                                                                                      \
            int64_t r = row_of(i, n, n_cols), c = i - r * n_cols;                                                                    \
            const float *a = k.a;                                                                                                    \
            [[maybe_unused]] const float *b = k.b;                                                                                   \
            float *out = k.out;                                                                                                      \
            body;                                                                                                                    \
        }                                                                                                                            \
    };                                                                                                                               \
    static enum status cuda_##name(void *state, int64_t n_rows, int64_t n_cols, const struct kernel_args *args, struct error *err) { \
        struct name##_kernel kernel;                                                                                                 \
        kernel.k = *args;                                                                                                            \
        return each_element(state, n_rows, n_cols, kernel, err);                                                                     \
    }
#include "runtime/device/kernels.def"
#undef KERNEL

/* --- devices --- */

static bool cuda_count(int *out_n, char *why, size_t why_bytes) {
    int n = 0;
    cudaError_t error = cudaGetDeviceCount(&n);
    if (error == cudaSuccess && n > 0) {
        *out_n = n;
        return true;
    }
    int driver = 0;
    (void)cudaGetLastError();
    (void)cudaDriverGetVersion(&driver);
    const char *reason = error == cudaSuccess ? "the driver knows no GPU" : cudaGetErrorString(error);
    snprintf(why, why_bytes, "%s", driver == 0 ? "no NVIDIA driver is installed (libcuda.so.1)" : reason);
    return false;
}

static void describe_blas(char *out, size_t out_bytes, cublasHandle_t blas) {
    int version = 0;
    (void)cublasGetVersion(blas, &version);
    snprintf(out, out_bytes, version ? "cuBLAS %d.%d" : "emulated", version / 10000, version / 100 % 100);
}

static void cuda_describe_index(int index, struct device_info *out) {
    struct cudaDeviceProp properties;
    snprintf(out->backend, sizeof out->backend, "%s", CUDA_BACKEND);
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) return;
    snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1, properties.name);
    snprintf(out->instruction_set, sizeof out->instruction_set, "sm_%d%d", properties.major, properties.minor);
    snprintf(out->blas, sizeof out->blas, "none yet");
    out->memory_bytes = (int64_t)properties.totalGlobalMem;
    out->threads = properties.multiProcessorCount;
}

static void cuda_describe(void *state, struct device_info *out) {
    const struct gpu *gpu = (const struct gpu *)state;
    cuda_describe_index(gpu->index, out);
    describe_blas(out->blas, sizeof out->blas, gpu->blas);
}

static void cuda_close(void *state) {
    struct gpu *gpu = (struct gpu *)state;
    (void)cudaSetDevice(gpu->index);
    (void)cublasDestroy(gpu->blas);
    if (gpu->workspace) gpu_release(gpu, gpu->workspace);
    (void)cudaStreamSynchronize(gpu->stream);
    (void)cudaStreamDestroy(gpu->stream);
    free(gpu);
}

/* Freed memory stays with the process: asking the driver each time would cost more than most kernels. */
static enum status keep_memory(int index, struct error *err) {
    cudaMemPool_t pool;
    uint64_t all = UINT64_MAX;
    TRY(cuda_check(cudaDeviceGetDefaultMemPool(&pool, index), "was asked for its memory pool", err));
    return cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all), "set up its memory pool", err);
}

/* One stream, one workspace, no atomics, full float32: what cuBLAS asks for to give the same bits each time. */
static enum status open_blas(struct gpu *gpu, struct error *err) {
    const size_t workspace_bytes = (size_t)32 << 20; /* its documentation's size for newer GPUs */
    TRY(cublas_check(cublasSetStream(gpu->blas, gpu->stream), "took a stream", err));
    TRY(gpu_alloc(gpu, workspace_bytes, "cuBLAS", &gpu->workspace, err));
    TRY(cublas_check(cublasSetWorkspace(gpu->blas, gpu->workspace, workspace_bytes), "took its workspace", err));
    TRY(cublas_check(cublasSetAtomicsMode(gpu->blas, CUBLAS_ATOMICS_NOT_ALLOWED), "was set up", err));
    return cublas_check(cublasSetMathMode(gpu->blas, CUBLAS_DEFAULT_MATH), "was set up", err);
}

static enum status open_stream(struct gpu *gpu, struct error *err) {
    struct cudaDeviceProp properties;
    TRY(cuda_check(cudaSetDevice(gpu->index), "was chosen", err));
    TRY(cuda_check(cudaGetDeviceProperties(&properties, gpu->index), "was asked for its properties", err));
    gpu->shared_bytes = properties.sharedMemPerBlockOptin;
    TRY(keep_memory(gpu->index, err));
    TRY(cuda_check(cudaStreamCreateWithFlags(&gpu->stream, cudaStreamNonBlocking), "made a stream", err));
    enum status status = cublas_check(cublasCreate(&gpu->blas), "was opened", err);
    if (status != OK) (void)cudaStreamDestroy(gpu->stream);
    return status;
}

static const struct device_ops *ops_table();

static enum status cuda_open(int index, const struct device_ops **out_ops, void **out_state, struct error *err) {
    struct gpu *gpu = (struct gpu *)calloc(1, sizeof *gpu);
    if (!gpu) return cuda_fail(err, ERR_MEMORY, "not enough memory to open a GPU");
    gpu->index = index;
    enum status status = open_stream(gpu, err);
    if (status != OK) {
        free(gpu);
        return status;
    }
    status = open_blas(gpu, err);
    if (status != OK) {
        cuda_close(gpu);
        return status;
    }
    *out_ops = ops_table();
    *out_state = gpu;
    return OK;
}

/* --- the vtable --- */

static const struct device_ops *ops_table() {
    static const struct device_ops ops = {
        .alloc = cuda_alloc,
        .release = cuda_release,
        .upload = cuda_upload,
        .download = cuda_download,
        .copy = cuda_copy,
        .describe = cuda_describe,
        .close = cuda_close,
        .gemm = cuda_gemm,
        .reduce = cuda_reduce,
        .spmm = cuda_spmm,
        .als_solve = cuda_als_solve,
        .ials_solve = cuda_ials_solve,
        .sgd_side = cuda_sgd_side,
        .sgd_epoch = cuda_sgd_epoch,
        .adam_epoch = cuda_adam_epoch,
        .dot_pairs = cuda_dot_pairs,
        .dot_block = cuda_dot_block,
        .dot_top_k = cuda_dot_top_k,
#define KERNEL(name, body) .name = cuda_##name,
#include "runtime/device/kernels.def"
#undef KERNEL
    };
    return &ops;
}

extern "C" __attribute__((visibility("default"))) enum status reckon_plugin_open(const struct plugin_hello *hello, void *out_table,
                                                                                 size_t table_bytes, struct error *err) {
    (void)err; /* plugin.c says which plugin and where */
    if (hello->abi != PLUGIN_ABI || table_bytes != sizeof(struct cuda_table)) return ERR_MISSING;
    cuda_host = hello->host;
    struct cuda_table *table = (struct cuda_table *)out_table;
    table->ops_bytes = sizeof(struct device_ops);
    table->count = cuda_count;
    table->describe = cuda_describe_index;
    table->open = cuda_open;
    return OK;
}
