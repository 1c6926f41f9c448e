/* The inside of a device: only runtime/device includes this. */
#ifndef RECKON_DEVICE_IMPL_H
#define RECKON_DEVICE_IMPL_H

#include <stdatomic.h>

#include "runtime/device/backend.h"
#include "runtime/device/csr.h"

struct device {
    atomic_int count;
    atomic_llong used_bytes;
    const struct device_ops *ops;
    void *state;
    bool is_cpu;
    char place[32];
};

extern const struct device_ops cpu_ops;

/* Storage with accounting. */
enum status device_alloc(struct device *device, size_t size_bytes, const char *what, void **out, struct error *err) MUST_CHECK;
void device_release(struct device *device, void *data, size_t size_bytes);

/* A mat's memory on its own device, and a new mat whose values are not yet known (zeros). */
float *mat_storage(struct mat *mat);
const float *mat_storage_const(const struct mat *mat);
/* ERR_DEVICE when a and b live apart. */
enum status device_same(const struct device *a, const struct device *b, struct error *err) MUST_CHECK;
/* View of a csr in its device's memory; transposed: of its transpose, made once. */
enum status csr_view(struct csr *csr, bool transposed, struct sparse *out, struct error *err) MUST_CHECK;

/* One block cut: blocks of `size` items cover n. */
static inline int64_t block_count(int64_t n, int64_t size) { return (n + size - 1) / size; }

#endif
