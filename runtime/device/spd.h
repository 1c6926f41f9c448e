/* Inverse of a symmetric positive definite matrix in host memory, float32 by
 * blocks whose pivots are inverted in double: the sweep operator (Goodnight
 * 1979), n³ multiply-adds. Deterministic for any number of threads. */
#ifndef RECKON_SPD_H
#define RECKON_SPD_H

#include "runtime/base/task.h"

/* a (n, n) row-major, its lower triangle is read; becomes its own inverse, whole and symmetric to the bit. ERR_NUMERIC when it isn't positive
 * definite (a is spoilt then, as after an interrupt). label: of a progress line; NULL: none. */
enum status spd_invert(struct task *task, const char *label, float *a, int64_t n, struct error *err) MUST_CHECK;

#endif
