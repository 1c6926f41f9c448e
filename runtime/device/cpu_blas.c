/* OpenBLAS, opened at the first product: start stays small, and its core type
 * can be set before its constructor reads it (device_prepare_environment). It
 * is always called on one thread, from our pool. */
#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "runtime/device/cpu_impl.h"

enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };
typedef void (*sgemm_fn)(int order, int a_transposed, int b_transposed, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                         int ldb, float beta, float *c, int ldc);

static sgemm_fn sgemm;
static char name[64] = "none yet";
static atomic_int opened; /* 0 no, 1 being opened, 2 there, 3 not installed */

static void *symbol(void *library, const char *text) { return dlsym(library, text); }

static void describe(void *library) {
    char *(*config)(void), *(*core)(void);
    void *pointers[] = {symbol(library, "openblas_get_config"), symbol(library, "openblas_get_corename")};
    memcpy(&config, &pointers[0], sizeof config);
    memcpy(&core, &pointers[1], sizeof core);
    char version[32] = "";
    if (config) sscanf(config(), "OpenBLAS %31s", version);
    snprintf(name, sizeof name, "OpenBLAS %s%s%.24s", version, core ? " " : "", core ? core() : "");
}

static int open_library(void) {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    void *found = library ? symbol(library, "cblas_sgemm") : NULL;
    if (!found) {
        snprintf(name, sizeof name, "own (OpenBLAS is not installed)");
        return 3;
    }
    memcpy(&sgemm, &found, sizeof sgemm);
    void (*set_threads)(int);
    void *pointer = symbol(library, "openblas_set_num_threads");
    memcpy(&set_threads, &pointer, sizeof set_threads);
    if (set_threads) set_threads(1);
    describe(library);
    return 2;
}

bool blas_open(void) {
    int state = 0;
    if (atomic_load(&opened) >= 2) return atomic_load(&opened) == 2;
    if (atomic_compare_exchange_strong(&opened, &state, 1)) atomic_store(&opened, open_library());
    while ((state = atomic_load(&opened)) == 1) sched_yield();
    return state == 2;
}

const char *blas_name(void) { return atomic_load(&opened) >= 2 ? name : "none yet"; }

void blas_gemm(const struct gemm *job, float beta) {
    sgemm(ROW_MAJOR, job->a_transposed ? TRANSPOSED : AS_IT_IS, job->b_transposed ? TRANSPOSED : AS_IT_IS, (int)job->m, (int)job->n, (int)job->k,
          1.0f, job->a, (int)job->lda, job->b, (int)job->ldb, beta, job->c, (int)job->ldc);
}
