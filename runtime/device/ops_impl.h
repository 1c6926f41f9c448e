/* Checks that the files ops*.c and svd.c share. */
#ifndef RECKON_OPS_IMPL_H
#define RECKON_OPS_IMPL_H

#include "runtime/device/device_impl.h"

/* ERR_SHAPE "<what> must be rows × cols, got …", ERR_DEVICE when mat isn't on device. */
enum status ops_check(const struct mat *mat, const char *what, int64_t rows, int64_t cols, const struct device *device, struct error *err) MUST_CHECK;
/* ERR_INDEX unless all n are in [0, size). what: "row". */
enum status ops_check_index(const char *what, const int32_t *index, int64_t n, int64_t size, struct error *err) MUST_CHECK;

#endif
