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

#include <string.h>

#define HOT_JOIN_(name, level) name##_v##level
#define HOT_JOIN(name, level) HOT_JOIN_(name, level)
#ifdef HOT_LEVEL
#define HOT(name) HOT_JOIN(name, HOT_LEVEL)
/* float32s in a register of the level: vector types must be no wider, for gcc splits wider ones through memory, ten times as slow. */
#define HOT_LANES (HOT_LEVEL >= 4 ? 16 : HOT_LEVEL == 3 ? 8 : 4)
typedef float vec __attribute__((vector_size(HOT_LANES * sizeof(float)), aligned(4), may_alias));

/* Σ of the lanes, by halves. */
static inline float vec_sum(vec x) {
    float lane[HOT_LANES];
    memcpy(lane, &x, sizeof lane);
    for (int half = HOT_LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
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
