/* Hot loops: a file *_hot.c is built three times (x86-64-v2, v3, v4 flags; a
 * plain build elsewhere) with suffixed symbols; the level is chosen once from
 * cpuid (RECKON_ISA=x86-64-v2|v3|v4 lowers it). All inner loops live there.
 *
 *   in foo_hot.c:   void HOT(foo)(float *x, int64_t n) { … }
 *   in foo.c:       HOT_DECLARE(void, foo, (float *x, int64_t n));
 *                   HOT_PICK(foo)(x, n);
 *
 * Why not target_clones: it crashes under ThreadSanitizer. */
#ifndef RECKON_HOT_H
#define RECKON_HOT_H

#include <stdint.h>
#include <string.h>

#define HOT_JOIN_(name, level) name##_v##level
#define HOT_JOIN(name, level) HOT_JOIN_(name, level)
#ifdef HOT_LEVEL
#define HOT(name) HOT_JOIN(name, HOT_LEVEL)
/* float32s in a register of the level: vector types must be no wider, for gcc splits wider ones through memory, ten times as slow. */
#define HOT_LANES (HOT_LEVEL >= 4 ? 16 : HOT_LEVEL == 3 ? 8 : 4)
typedef float vec __attribute__((vector_size(HOT_LANES * sizeof(float)), aligned(4), may_alias));

/* The upper two lanes, twice. GCC knows clang's name for it from version 12 on. */
typedef float four __attribute__((vector_size(4 * sizeof(float))));
#if __has_builtin(__builtin_shufflevector)
#define HOT_UPPER(x) __builtin_shufflevector((x), (x), 2, 3, 2, 3)
#else
typedef int four_places __attribute__((vector_size(4 * sizeof(int))));
#define HOT_UPPER(x) __builtin_shuffle((x), (four_places){2, 3, 2, 3})
#endif

/* Σ of 4, 8 or 16 lanes, by halves: lane j + lane j + 8, then + 4, + 2, + 1. In registers: of a loop over an array of lanes gcc makes one over
 * memory, which took a third of a step of BPR. */
__attribute__((always_inline)) static inline float hot_sum(const vec *lanes, int n_lanes) {
    four part[4];
    memcpy(part, lanes, (size_t)n_lanes * sizeof(float));
    if (n_lanes == 16) part[0] += part[2], part[1] += part[3];
    if (n_lanes >= 8) part[0] += part[1];
    part[0] += HOT_UPPER(part[0]);
    return part[0][0] + part[0][1];
}
static inline float vec_sum(vec x) { return hot_sum(&x, HOT_LANES); }

/* All lines of n numbers that will be read and written. */
static inline void prefetch_row(const float *row, int64_t n) {
    for (int64_t j = 0; j < n; j += 16) __builtin_prefetch(row + j, 1);
}
#endif

int hot_level(void); /* 2, 3 or 4; 2 where there is only the plain build */

#if defined(__x86_64__)
#define HOT_DECLARE(result, name, parameters) \
    result name##_v2 parameters;              \
    result name##_v3 parameters;              \
    result name##_v4 parameters
#define HOT_PICK(name) (hot_level() >= 4 ? name##_v4 : hot_level() == 3 ? name##_v3 : name##_v2)
#else
#define HOT_DECLARE(result, name, parameters) result name##_v2 parameters
#define HOT_PICK(name) name##_v2
#endif

#endif
