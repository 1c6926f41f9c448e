/* Which level of hot loops runs, and the environment that BLAS and OpenMP read
 * when they are opened. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/device/device.h"
#include "runtime/device/hot.h"

static int cpu_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return 4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) return 3;
#endif
    return 2;
}

/* RECKON_ISA may lower the level, never raise it. */
static int level_from_environment(void) {
    static const char *const names[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
    int level = cpu_level();
    const char *wanted = getenv("RECKON_ISA");
    for (int i = 0; wanted && i < 3; i++)
        if ((strcmp(wanted, names[i]) == 0 || strcmp(wanted, names[i] + 7) == 0) && i + 2 < level) return i + 2;
    return level;
}

int hot_level(void) {
    static atomic_int known; /* 0: not looked yet; every thread finds the same */
    int level = atomic_load_explicit(&known, memory_order_relaxed);
    if (level) return level;
    level = level_from_environment();
    atomic_store_explicit(&known, level, memory_order_relaxed);
    return level;
}

const char *device_isa(void) {
#if defined(__x86_64__)
    return hot_level() == 4 ? "x86-64-v4" : hot_level() == 3 ? "x86-64-v3" : "x86-64-v2";
#elif defined(__aarch64__)
    return "aarch64";
#else
    return "generic";
#endif
}

void device_prepare_environment(void) {
    setenv("OMP_NUM_THREADS", "1", 1); /* the pool is ours: no library brings its own threads */
    setenv("OMP_WAIT_POLICY", "passive", 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
#if defined(__x86_64__)
    /* OpenBLAS takes CPUs newer than itself for Haswells: half speed on AVX-512. */
    setenv("OPENBLAS_CORETYPE", hot_level() == 4 ? "SkylakeX" : hot_level() == 3 ? "Haswell" : "Nehalem", 0);
#endif
}
