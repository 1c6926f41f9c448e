/* Eigenvectors of a symmetric matrix in double: Householder tridiagonalisation
 * and implicit QL (Golub and Van Loan, Matrix Computations, 8.3). */
#ifndef RECKON_EIGEN_H
#define RECKON_EIGEN_H

#include "runtime/base/task.h"

/* a (n, n) row-major is destroyed. The k largest: out_values (k) descending, out_vectors (k, n), a unit row each. k <= n. ERR_NUMERIC when it doesn't
 * converge. */
enum status eigen_largest(struct task *task, double *a, int64_t n, int64_t k, double *out_values, double *out_vectors, struct error *err) MUST_CHECK;

#endif
