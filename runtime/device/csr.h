/* Sparse float32 matrix by rows, bound to a device; frozen, counted. Columns
 * ascend within a row; equal ones (a pair that occurs twice) are entries of
 * their own and add up. */
#ifndef RECKON_CSR_H
#define RECKON_CSR_H

#include "runtime/device/mat.h"

struct csr;

/* starts: rows + 1; columns, values: starts[rows]. Copies. values NULL: ones. ERR_SHAPE on bad structure. */
enum status csr_from(struct device *device, int64_t rows, int64_t cols, const int64_t *starts, const int32_t *columns, const float *values,
                     struct csr **out, struct error *err) MUST_CHECK;
struct csr *csr_ref(struct csr *csr);
void csr_unref(struct csr *csr);
int64_t csr_rows(const struct csr *csr);
int64_t csr_cols(const struct csr *csr);
int64_t csr_n(const struct csr *csr);
int64_t csr_bytes(const struct csr *csr);
struct device *csr_device(const struct csr *csr);
/* CPU csrs: borrowed arrays (NULL on other devices). */
const int64_t *csr_starts(const struct csr *csr);
const int32_t *csr_columns(const struct csr *csr);
const float *csr_values(const struct csr *csr);
/* out = csr · dense (rows × dense.cols), or csrᵀ · dense when transposed. */
enum status csr_multiply(struct task *task, const struct csr *csr, bool transposed, const struct mat *dense, struct mat **out,
                         struct error *err) MUST_CHECK;
/* Truncated SVD of csr (minus row_offset[i] + col_offset[j] on stored entries is the caller's business). As mat_svd. */
enum status csr_svd(struct task *task, const struct csr *a, int64_t k, uint64_t seed, struct mat **out_u, struct mat **out_s, struct mat **out_v,
                    struct error *err) MUST_CHECK;

#endif
