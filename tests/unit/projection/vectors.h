/* Vectors for the tests of this folder. */
#ifndef RECKON_TEST_VECTORS_H
#define RECKON_TEST_VECTORS_H

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/device/mat.h"

/* n rows round `k` well separated centres (row i belongs to i % k), spread 1, centres `apart` from the origin. Owned, host. */
static inline float *blob_rows(int64_t n, int64_t d, int64_t k, double apart, uint64_t seed) {
    float *rows = xnew_array(float, (size_t)(n * d));
    for (int64_t i = 0; i < n; i++) {
        struct rng noise = rng_at(seed, RNG_USER, (uint64_t)i), center = rng_at(seed, RNG_USER, (uint64_t)(1000000 + i % k));
        for (int64_t c = 0; c < d; c++) rows[i * d + c] = (float)(apart * rng_normal(&center) + rng_normal(&noise));
    }
    return rows;
}

static inline struct mat *mat_of(const float *rows, int64_t n, int64_t d) {
    struct mat *mat = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(mat_from(device_cpu(), n, d, rows, &mat, &err), OK);
    return mat;
}

static inline struct mat *blobs(int64_t n, int64_t d, int64_t k, double apart, uint64_t seed) {
    float *rows = blob_rows(n, d, k, apart, seed);
    struct mat *mat = mat_of(rows, n, d);
    free(rows);
    return mat;
}

#endif
