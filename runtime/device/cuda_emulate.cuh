/* The part of CUDA's runtime and of cuBLAS that this backend uses, on plain
 * memory and one thread, so that the same sources run, and are tested, on any
 * machine. Stricter than a GPU where that finds mistakes: copies are checked to
 * go between the right sides, device memory can't be touched by the host under
 * AddressSanitizer, fresh memory holds garbage, and a phase's threads run
 * forwards and backwards in turn. */
#ifndef RECKON_CUDA_EMULATE_CUH
#define RECKON_CUDA_EMULATE_CUH

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

enum { EMULATED_SHARED_BYTES = 48 << 10, EMULATED_GARBAGE = 0xa5 };
static const size_t EMULATED_MEMORY_BYTES = (size_t)8 << 30;

enum cudaError_t { cudaSuccess, cudaErrorInvalidValue, cudaErrorMemoryAllocation };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
typedef int cudaStream_t;
typedef int cudaMemPool_t;
enum { cudaStreamNonBlocking, cudaMemPoolAttrReleaseThreshold, cudaFuncAttributeMaxDynamicSharedMemorySize };
struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlockOptin;
    int major, minor, multiProcessorCount;
};

static inline const char *cudaGetErrorString(cudaError_t error) {
    return error == cudaSuccess ? "no error" : error == cudaErrorInvalidValue ? "invalid argument" : "out of memory";
}
static inline cudaError_t cudaGetLastError() { return cudaSuccess; }
static inline cudaError_t cudaGetDeviceCount(int *out) {
    *out = 1;
    return cudaSuccess;
}
static inline cudaError_t cudaDriverGetVersion(int *out) {
    *out = 1;
    return cudaSuccess;
}
static inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
static inline cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *out, int) {
    *out = {};
    snprintf(out->name, sizeof out->name, "CUDA emulated on the CPU, for tests");
    out->totalGlobalMem = EMULATED_MEMORY_BYTES;
    out->sharedMemPerBlockOptin = EMULATED_SHARED_BYTES;
    out->multiProcessorCount = 1;
    return cudaSuccess;
}
static inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, int) {
    *out = 0;
    return cudaSuccess;
}
static inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
static inline cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
static inline cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t *out, int) {
    *out = 0;
    return cudaSuccess;
}
static inline cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, int, void *) { return cudaSuccess; }

/* --- device memory: every block is known, and poisoned while the host runs --- */

struct emulated_block {
    struct emulated_block *next;
    size_t bytes;
    char fill[48]; /* the data begin on a line of the cache */
};
inline struct emulated_block *emulated_blocks;
inline size_t emulated_used_bytes;

static inline char *emulated_data(struct emulated_block *block) { return (char *)(block + 1); }
static inline void emulated_lock() {
    for (struct emulated_block *b = emulated_blocks; b; b = b->next) ASAN_POISON_MEMORY_REGION(emulated_data(b), b->bytes);
}
static inline void emulated_unlock() {
    for (struct emulated_block *b = emulated_blocks; b; b = b->next) ASAN_UNPOISON_MEMORY_REGION(emulated_data(b), b->bytes);
}
/* Do [at, at + bytes) lie inside one block? */
static inline bool emulated_has(const void *at, size_t bytes) {
    for (struct emulated_block *b = emulated_blocks; b; b = b->next)
        if ((const char *)at >= emulated_data(b) && (const char *)at + bytes <= emulated_data(b) + b->bytes) return true;
    return false;
}

static inline cudaError_t cudaMemGetInfo(size_t *out_free, size_t *out_total) {
    *out_total = EMULATED_MEMORY_BYTES;
    *out_free = EMULATED_MEMORY_BYTES - emulated_used_bytes;
    return cudaSuccess;
}
static inline cudaError_t cudaMallocAsync(void **out, size_t bytes, cudaStream_t) {
    void *room = NULL;
    if (bytes > EMULATED_MEMORY_BYTES - emulated_used_bytes) return cudaErrorMemoryAllocation;
    if (posix_memalign(&room, 64, sizeof(struct emulated_block) + bytes) != 0) return cudaErrorMemoryAllocation;
    struct emulated_block *block = (struct emulated_block *)room;
    block->next = emulated_blocks;
    block->bytes = bytes;
    emulated_blocks = block;
    emulated_used_bytes += bytes;
    memset(emulated_data(block), EMULATED_GARBAGE, bytes);
    emulated_lock();
    *out = emulated_data(block);
    return cudaSuccess;
}
static inline cudaError_t cudaFreeAsync(void *data, cudaStream_t) {
    for (struct emulated_block **at = &emulated_blocks; *at; at = &(*at)->next) {
        struct emulated_block *block = *at;
        if (emulated_data(block) != data) continue;
        ASAN_UNPOISON_MEMORY_REGION(data, block->bytes);
        emulated_used_bytes -= block->bytes;
        *at = block->next;
        free(block);
        return cudaSuccess;
    }
    return cudaErrorInvalidValue;
}
static inline cudaError_t cudaMemsetAsync(void *to, int byte, size_t bytes, cudaStream_t) {
    if (!emulated_has(to, bytes)) return cudaErrorInvalidValue;
    emulated_unlock();
    memset(to, byte, bytes);
    emulated_lock();
    return cudaSuccess;
}
static inline cudaError_t cudaMemset2DAsync(void *to, size_t pitch, int byte, size_t width, size_t height, cudaStream_t stream) {
    cudaError_t error = cudaSuccess;
    for (size_t r = 0; r < height && error == cudaSuccess; r++) error = cudaMemsetAsync((char *)to + r * pitch, byte, width, stream);
    return error;
}
static inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
    if (emulated_has(to, bytes) != (kind != cudaMemcpyDeviceToHost)) return cudaErrorInvalidValue;
    if (emulated_has(from, bytes) != (kind != cudaMemcpyHostToDevice)) return cudaErrorInvalidValue;
    emulated_unlock();
    memcpy(to, from, bytes);
    emulated_lock();
    return cudaSuccess;
}

/* --- kernels --- */

static inline int atomicAdd(int *to, int by) {
    int old = *to;
    *to += by;
    return old;
}

/* Every phase for all threads of a block, as cuda_api.cuh's run_phases does with barriers. */
template <class Kernel> cudaError_t start_phases(const Kernel &kernel, int64_t n_blocks, size_t shared_bytes, cudaStream_t) {
    enum { N = Kernel::THREADS };
    typedef typename Kernel::local local;
    if (shared_bytes > EMULATED_SHARED_BYTES) return cudaErrorInvalidValue;
    local *own = (local *)malloc(N * sizeof(local));
    void *shared = malloc(shared_bytes ? shared_bytes : 1);
    cudaError_t error = own && shared ? cudaSuccess : cudaErrorMemoryAllocation;
    emulated_unlock();
    for (int64_t block = 0; block < n_blocks && error == cudaSuccess; block++) {
        memset((void *)own, EMULATED_GARBAGE, N * sizeof(local));
        memset(shared, EMULATED_GARBAGE, shared_bytes);
        for (int64_t phase = 0, n = kernel.phases(block); phase < n; phase++)
            for (int i = 0; i < N; i++) {
                int thread = (phase + block) & 1 ? N - 1 - i : i;
                kernel.run(phase, block, thread, own[thread], shared);
            }
    }
    emulated_lock();
    free(own);
    free(shared);
    return error;
}

/* --- cuBLAS: column-major --- */

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum { CUBLAS_DEFAULT_MATH, CUBLAS_ATOMICS_NOT_ALLOWED };
typedef int cublasHandle_t;

static inline cublasStatus_t cublasCreate(cublasHandle_t *out) {
    *out = 0;
    return CUBLAS_STATUS_SUCCESS;
}
static inline cublasStatus_t cublasDestroy(cublasHandle_t) { return CUBLAS_STATUS_SUCCESS; }
static inline cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t) { return CUBLAS_STATUS_SUCCESS; }
static inline cublasStatus_t cublasSetMathMode(cublasHandle_t, int) { return CUBLAS_STATUS_SUCCESS; }
static inline cublasStatus_t cublasSetAtomicsMode(cublasHandle_t, int) { return CUBLAS_STATUS_SUCCESS; }
static inline cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *, size_t) { return CUBLAS_STATUS_SUCCESS; }
static inline const char *cublasGetStatusString(cublasStatus_t) { return "success"; }
static inline cublasStatus_t cublasGetVersion(cublasHandle_t, int *out) {
    *out = 0;
    return CUBLAS_STATUS_SUCCESS;
}
static inline cublasStatus_t cublasSgemm(cublasHandle_t, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n, int k, const float *alpha,
                                         const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc) {
    emulated_unlock();
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < m; i++) {
            float sum = 0.0f, *to = &c[i + j * ldc];
            for (int64_t p = 0; p < k; p++)
                sum += (op_a == CUBLAS_OP_N ? a[i + p * lda] : a[p + i * lda]) * (op_b == CUBLAS_OP_N ? b[p + j * ldb] : b[j + p * ldb]);
            *to = *alpha * sum + (*beta == 0.0f ? 0.0f : *beta * *to);
        }
    emulated_lock();
    return CUBLAS_STATUS_SUCCESS;
}

#endif
