/* The lesser of two counts. BOTH_SIDES: for the CPU and for CUDA. */
#ifndef RECKON_LEAST_H
#define RECKON_LEAST_H

#include <stdint.h>

#ifdef __CUDACC__
#define BOTH_SIDES __host__ __device__
#else
#define BOTH_SIDES
#endif

BOTH_SIDES static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

#endif
