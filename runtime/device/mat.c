#include "runtime/device/mat.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/device/device_impl.h"

struct mat {
    atomic_int count;
    struct device *device;
    int64_t rows, cols;
    float *data; /* the device's memory */
};

static size_t bytes_of(int64_t rows, int64_t cols) { return (size_t)rows * (size_t)cols * sizeof(float); }

enum status mat_new(struct device *device, int64_t rows, int64_t cols, struct mat **out, struct error *err) {
    if (rows < 0 || cols < 0) return err_set(err, ERR_SHAPE, "a matrix can't be %lld × %lld", (long long)rows, (long long)cols);
    if (cols > 0 && rows > INT64_MAX / 4 / cols)
        return err_set(err, ERR_MEMORY, "a matrix of %lld × %lld numbers is larger than any memory", (long long)rows, (long long)cols);
    void *data;
    char what[64];
    snprintf(what, sizeof what, "a matrix of %lld × %lld", (long long)rows, (long long)cols);
    TRY(device_alloc(device, bytes_of(rows, cols), what, &data, err));
    struct mat *mat = xnew(struct mat);
    *mat = (struct mat){.count = 1, .device = device_ref(device), .rows = rows, .cols = cols, .data = data};
    *out = mat;
    return OK;
}

enum status mat_from(struct device *device, int64_t rows, int64_t cols, const float *values, struct mat **out, struct error *err) {
    struct mat *mat;
    TRY(mat_new(device, rows, cols, &mat, err));
    enum status status = mat_write(mat, 0, rows, values, err);
    if (status != OK) {
        mat_unref(mat);
        return status;
    }
    *out = mat;
    return OK;
}

enum status mat_copy(const struct mat *mat, struct mat **out, struct error *err) {
    struct mat *copy;
    TRY(mat_new(mat->device, mat->rows, mat->cols, &copy, err));
    enum status status = mat->device->ops->copy(mat->device->state, copy->data, mat->data, bytes_of(mat->rows, mat->cols), err);
    if (status != OK) {
        mat_unref(copy);
        return status;
    }
    *out = copy;
    return OK;
}

/* Through host memory: between two devices that aren't the CPU. */
static enum status copy_over(const struct mat *mat, struct mat *to, struct error *err) {
    if (device_is_cpu(mat->device)) return mat_write(to, 0, mat->rows, mat->data, err);
    if (device_is_cpu(to->device)) return mat_read(mat, 0, mat->rows, to->data, err);
    float *host;
    TRY(mem_try_array((size_t)(mat->rows * mat->cols), "a copy between devices", &host, err));
    enum status status = mat_read(mat, 0, mat->rows, host, err);
    if (status == OK) status = mat_write(to, 0, mat->rows, host, err);
    mem_free(host);
    return status;
}

enum status mat_to(const struct mat *mat, struct device *device, struct mat **out, struct error *err) {
    if (mat->device == device) {
        *out = mat_ref((struct mat *)mat);
        return OK;
    }
    struct mat *to;
    TRY(mat_new(device, mat->rows, mat->cols, &to, err));
    enum status status = copy_over(mat, to, err);
    if (status != OK) {
        mat_unref(to);
        return status;
    }
    *out = to;
    return OK;
}

struct mat *mat_ref(struct mat *mat) {
    if (mat) atomic_fetch_add_explicit(&mat->count, 1, memory_order_relaxed);
    return mat;
}

void mat_unref(struct mat *mat) {
    if (!mat || atomic_fetch_sub_explicit(&mat->count, 1, memory_order_acq_rel) != 1) return;
    device_release(mat->device, mat->data, bytes_of(mat->rows, mat->cols));
    device_unref(mat->device);
    free(mat);
}

int64_t mat_rows(const struct mat *mat) { return mat->rows; }
int64_t mat_cols(const struct mat *mat) { return mat->cols; }
int64_t mat_bytes(const struct mat *mat) { return (int64_t)bytes_of(mat->rows, mat->cols); }
struct device *mat_device(const struct mat *mat) {
    return mat->device;
}
float *mat_data(struct mat *mat) { return mat->device->is_cpu ? mat->data : NULL; }
const float *mat_values(const struct mat *mat) { return mat->device->is_cpu ? mat->data : NULL; }
float *mat_storage(struct mat *mat) { return mat->data; }
const float *mat_storage_const(const struct mat *mat) { return mat->data; }

static enum status check_rows(const struct mat *mat, int64_t first_row, int64_t n_rows, struct error *err) {
    if (first_row >= 0 && n_rows >= 0 && first_row <= mat->rows - n_rows) return OK;
    return err_set(err, ERR_SHAPE, "rows %lld to %lld are outside a matrix of %lld × %lld", (long long)first_row, (long long)(first_row + n_rows),
                   (long long)mat->rows, (long long)mat->cols);
}

enum status mat_read(const struct mat *mat, int64_t first_row, int64_t n_rows, float *out, struct error *err) {
    TRY(check_rows(mat, first_row, n_rows, err));
    return mat->device->ops->download(mat->device->state, out, mat->data + first_row * mat->cols, bytes_of(n_rows, mat->cols), err);
}

enum status mat_write(struct mat *mat, int64_t first_row, int64_t n_rows, const float *values, struct error *err) {
    TRY(check_rows(mat, first_row, n_rows, err));
    return mat->device->ops->upload(mat->device->state, mat->data + first_row * mat->cols, values, bytes_of(n_rows, mat->cols), err);
}
