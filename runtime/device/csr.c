#include "runtime/device/csr.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/device/device_impl.h"

#define LL(x) ((long long)(x))

/* The arrays of one orientation. */
struct sides {
    int64_t rows, cols, n;
    int64_t *starts_host;
    void *starts, *columns, *values; /* device */
};

struct csr {
    atomic_int count;
    struct device *device;
    struct sides plain;
    _Atomic(struct sides *) transposed; /* made at first use; kept */
};

static int64_t sides_bytes(const struct sides *sides) { return (sides->rows + 1) * 8 + sides->n * 8; }

static void sides_release(struct device *device, struct sides *sides) {
    if (!device->is_cpu) mem_free(sides->starts_host);
    device_release(device, sides->starts, (size_t)(sides->rows + 1) * 8);
    device_release(device, sides->columns, (size_t)sides->n * 4);
    device_release(device, sides->values, (size_t)sides->n * 4);
}

static enum status put_array(struct device *device, const void *from, size_t bytes, void **out, struct error *err) {
    void *data;
    TRY(device_alloc(device, bytes, "a sparse matrix", &data, err));
    enum status status = device->ops->upload(device->state, data, from, bytes, err);
    if (status != OK) {
        device_release(device, data, bytes);
        return status;
    }
    *out = data;
    return OK;
}

static enum status sides_fill(struct device *device, const int64_t *starts, const int32_t *columns, const float *values, struct sides *sides,
                              struct error *err) {
    size_t n_starts = (size_t)sides->rows + 1;
    TRY(put_array(device, starts, n_starts * 8, &sides->starts, err));
    if (device->is_cpu) {
        sides->starts_host = sides->starts;
    } else {
        TRY(mem_try_array(n_starts, "the rows of a sparse matrix", &sides->starts_host, err));
        memcpy(sides->starts_host, starts, n_starts * 8);
    }
    TRY(put_array(device, columns, (size_t)sides->n * 4, &sides->columns, err));
    return put_array(device, values, (size_t)sides->n * 4, &sides->values, err);
}

static enum status check(int64_t rows, int64_t cols, const int64_t *starts, const int32_t *columns, struct error *err) {
    if (rows < 0 || cols < 0 || cols > INT32_MAX) return err_set(err, ERR_SHAPE, "a sparse matrix can't be %lld × %lld", LL(rows), LL(cols));
    if (starts[0] != 0) return err_set(err, ERR_SHAPE, "the rows of a sparse matrix start at entry %lld, not 0", LL(starts[0]));
    for (int64_t r = 0; r < rows; r++) {
        if (starts[r + 1] < starts[r]) return err_set(err, ERR_SHAPE, "row %lld of a sparse matrix ends before it starts", LL(r));
        for (int64_t e = starts[r]; e < starts[r + 1]; e++)
            if (columns[e] < 0 || columns[e] >= cols || (e > starts[r] && columns[e] < columns[e - 1]))
                return err_set(err, ERR_SHAPE, "entry %lld (column %d) of a sparse matrix of %lld × %lld is out of range or out of order", LL(e),
                               (int)columns[e], LL(rows), LL(cols));
    }
    return OK;
}

static enum status fill(struct csr *csr, const int64_t *starts, const int32_t *columns, const float *values, struct error *err) {
    if (values) return sides_fill(csr->device, starts, columns, values, &csr->plain, err);
    float *ones;
    TRY(mem_try_array((size_t)csr->plain.n, "the entries of a sparse matrix", &ones, err));
    for (int64_t e = 0; e < csr->plain.n; e++) ones[e] = 1.0f;
    enum status status = sides_fill(csr->device, starts, columns, ones, &csr->plain, err);
    mem_free(ones);
    return status;
}

enum status csr_from(struct device *device, int64_t rows, int64_t cols, const int64_t *starts, const int32_t *columns, const float *values,
                     struct csr **out, struct error *err) {
    TRY(check(rows, cols, starts, columns, err));
    struct csr *csr = xnew(struct csr);
    csr->device = device_ref(device);
    csr->plain = (struct sides){.rows = rows, .cols = cols, .n = starts[rows]};
    atomic_init(&csr->count, 1);
    enum status status = fill(csr, starts, columns, values, err);
    if (status != OK) {
        csr_unref(csr);
        return status;
    }
    *out = csr;
    return OK;
}

struct csr *csr_ref(struct csr *csr) {
    if (csr) atomic_fetch_add_explicit(&csr->count, 1, memory_order_relaxed);
    return csr;
}

void csr_unref(struct csr *csr) {
    if (!csr || atomic_fetch_sub_explicit(&csr->count, 1, memory_order_acq_rel) != 1) return;
    struct sides *transposed = atomic_load(&csr->transposed);
    sides_release(csr->device, &csr->plain);
    if (transposed) sides_release(csr->device, transposed);
    free(transposed);
    device_unref(csr->device);
    free(csr);
}

int64_t csr_rows(const struct csr *csr) { return csr->plain.rows; }
int64_t csr_cols(const struct csr *csr) { return csr->plain.cols; }
int64_t csr_n(const struct csr *csr) { return csr->plain.n; }
struct device *csr_device(const struct csr *csr) {
    return csr->device;
}
const int64_t *csr_starts(const struct csr *csr) { return csr->device->is_cpu ? csr->plain.starts_host : NULL; }
const int32_t *csr_columns(const struct csr *csr) { return csr->device->is_cpu ? csr->plain.columns : NULL; }
const float *csr_values(const struct csr *csr) { return csr->device->is_cpu ? csr->plain.values : NULL; }

int64_t csr_bytes(const struct csr *csr) {
    struct sides *transposed = atomic_load(&((struct csr *)csr)->transposed);
    return sides_bytes(&csr->plain) + (transposed ? sides_bytes(transposed) : 0);
}

/* --- the transpose --- */

/* Counting sort by column: rows ascend within a column because they are visited in order. */
static void turn(const struct sides *from, const int32_t *columns, const float *values, int64_t *starts, int32_t *out_rows, float *out_values) {
    for (int64_t e = 0; e < from->n; e++) starts[columns[e] + 1]++;
    for (int64_t c = 0; c < from->cols; c++) starts[c + 1] += starts[c];
    for (int64_t r = 0; r < from->rows; r++)
        for (int64_t e = from->starts_host[r]; e < from->starts_host[r + 1]; e++) {
            int64_t to = starts[columns[e]]++;
            out_rows[to] = (int32_t)r;
            out_values[to] = values[e];
        }
    memmove(starts + 1, starts, (size_t)from->cols * sizeof *starts);
    starts[0] = 0;
}

struct turned {
    int64_t *starts;
    int32_t *columns, *rows;
    float *values, *turned_values;
};

static void turned_release(struct turned *t) {
    mem_free(t->starts);
    mem_free(t->columns);
    mem_free(t->rows);
    mem_free(t->values);
    mem_free(t->turned_values);
}

static enum status turned_init(const struct csr *csr, struct turned *t, struct error *err) {
    size_t n = (size_t)csr->plain.n;
    const struct device *device = csr->device;
    TRY(mem_try_array((size_t)csr->plain.cols + 1, "a transposed sparse matrix", &t->starts, err));
    TRY(mem_try_array(n, "a transposed sparse matrix", &t->columns, err));
    TRY(mem_try_array(n, "a transposed sparse matrix", &t->values, err));
    TRY(mem_try_array(n, "a transposed sparse matrix", &t->rows, err));
    TRY(mem_try_array(n, "a transposed sparse matrix", &t->turned_values, err));
    TRY(device->ops->download(device->state, t->columns, csr->plain.columns, n * 4, err));
    return device->ops->download(device->state, t->values, csr->plain.values, n * 4, err);
}

static enum status make_transposed(struct csr *csr, struct sides *out, struct error *err) {
    struct turned t = {0};
    enum status status = turned_init(csr, &t, err);
    if (status == OK) {
        turn(&csr->plain, t.columns, t.values, t.starts, t.rows, t.turned_values);
        status = sides_fill(csr->device, t.starts, t.rows, t.turned_values, out, err);
    }
    turned_release(&t);
    return status;
}

static enum status transposed_of(struct csr *csr, struct sides **out, struct error *err) {
    *out = atomic_load(&csr->transposed);
    if (*out) return OK;
    struct sides *made = xnew(struct sides);
    *made = (struct sides){.rows = csr->plain.cols, .cols = csr->plain.rows, .n = csr->plain.n};
    enum status status = make_transposed(csr, made, err);
    struct sides *other = NULL;
    if (status == OK && atomic_compare_exchange_strong(&csr->transposed, &other, made)) {
        *out = made;
        return OK;
    }
    sides_release(csr->device, made); /* failed, or another thread was faster */
    free(made);
    *out = other;
    return status;
}

enum status csr_view(struct csr *csr, bool transposed, struct sparse *out, struct error *err) {
    struct sides *sides = &csr->plain;
    if (transposed) TRY(transposed_of(csr, &sides, err));
    *out = (struct sparse){sides->rows, sides->cols, sides->n, sides->starts, sides->columns, sides->values, sides->starts_host};
    return OK;
}

enum status csr_multiply(struct task *task, const struct csr *csr, bool transposed, const struct mat *dense, struct mat **out, struct error *err) {
    struct device *device = csr->device;
    struct sparse view;
    int64_t inner = transposed ? csr->plain.rows : csr->plain.cols, rows = transposed ? csr->plain.cols : csr->plain.rows;
    if (inner != mat_rows(dense))
        return err_set(err, ERR_SHAPE, "can't multiply %lld × %lld (sparse) by %lld × %lld: the inner dimensions %lld and %lld differ", LL(rows),
                       LL(inner), LL(mat_rows(dense)), LL(mat_cols(dense)), LL(inner), LL(mat_rows(dense)));
    TRY(device_same(device, mat_device(dense), err));
    TRY(csr_view((struct csr *)csr, transposed, &view, err));
    struct mat *made;
    TRY(mat_new(device, rows, mat_cols(dense), &made, err));
    enum status status = device->ops->spmm(device->state, task, &view, mat_cols(dense), mat_storage_const(dense), mat_storage(made), err);
    if (status == OK) *out = made;
    else mat_unref(made);
    return status;
}
