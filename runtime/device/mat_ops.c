/* Operations on mats: shapes are checked here, the work is the device's. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/device/device_impl.h"

#define LL(x) ((long long)(x))

typedef enum status (*element_fn)(void *state, int64_t n_rows, int64_t n_cols, const struct kernel_args *args, struct error *err);

/* Gives *out only when status is OK. */
static enum status hand_out(enum status status, struct mat *made, struct mat **out) {
    if (status == OK) *out = made;
    else mat_unref(made);
    return status;
}

/* --- product --- */

enum status mat_multiply(struct task *task, const struct mat *a, bool a_transposed, const struct mat *b, bool b_transposed, struct mat **out,
                         struct error *err) {
    struct device *device = mat_device(a);
    int64_t m = a_transposed ? mat_cols(a) : mat_rows(a), inner = a_transposed ? mat_rows(a) : mat_cols(a);
    int64_t inner_b = b_transposed ? mat_cols(b) : mat_rows(b), n = b_transposed ? mat_rows(b) : mat_cols(b);
    if (inner != inner_b) {
        err_set(err, ERR_SHAPE, "can't multiply %lld × %lld by %lld × %lld: the inner dimensions %lld and %lld differ", LL(m), LL(inner), LL(inner_b),
                LL(n), LL(inner), LL(inner_b));
        return err_hint(err, "columns of the left must equal rows of the right; .T transposes");
    }
    TRY(device_same(device, mat_device(b), err));
    struct mat *made;
    TRY(mat_new(device, m, n, &made, err));
    struct gemm job = {a_transposed, b_transposed,      m, n, inner, mat_storage_const(a), mat_storage_const(b), mat_cols(a),
                       mat_cols(b),  mat_storage(made), n};
    enum status status = m && n && inner ? device->ops->gemm(device->state, task, &job, err) : task_check(task, err);
    return hand_out(status, made, out);
}

/* --- elementwise --- */

static element_fn binary_kernel(const struct device_ops *ops, enum mat_op op) {
    switch (op) {
    case MAT_ADD: return ops->add;
    case MAT_SUB: return ops->sub;
    case MAT_MUL: return ops->mul;
    case MAT_DIV: return ops->div;
    case MAT_POW: return ops->pow;
    case MAT_LT: return ops->lt;
    case MAT_LE: return ops->le;
    case MAT_GT: return ops->gt;
    case MAT_GE: return ops->ge;
    case MAT_EQ: return ops->eq;
    case MAT_NE: return ops->ne;
    case MAT_MAX: return ops->max;
    case MAT_MIN: return ops->min;
    }
    return NULL;
}

static const char *binary_name(enum mat_op op) {
    static const char *const names[] = {"+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "max", "min"};
    return names[op];
}

static bool broadcasts(int64_t a, int64_t b, int64_t *out) {
    *out = a == 1 ? b : a;
    return a == b || a == 1 || b == 1;
}

/* Strides of a broadcast operand; one long row when nothing is broadcast or it is a single number. */
static void strides(const struct mat *mat, int64_t *row, int64_t *col) {
    *row = mat_rows(mat) == 1 ? 0 : mat_cols(mat);
    *col = mat_cols(mat) == 1 ? 0 : 1;
}

static bool is_flat(const struct mat *mat, int64_t rows, int64_t cols) {
    return (mat_rows(mat) == rows && mat_cols(mat) == cols) || (mat_rows(mat) == 1 && mat_cols(mat) == 1);
}

static enum status run_binary(enum mat_op op, const struct mat *a, const struct mat *b, int64_t rows, int64_t cols, struct mat *made,
                              struct error *err) {
    struct device *device = mat_device(a);
    struct kernel_args args = {.out = mat_storage(made), .a = mat_storage_const(a), .b = mat_storage_const(b)};
    strides(a, &args.a_row, &args.a_col);
    strides(b, &args.b_row, &args.b_col);
    if (is_flat(a, rows, cols) && is_flat(b, rows, cols)) {
        args.a_col = mat_rows(a) * mat_cols(a) > 1;
        args.b_col = mat_rows(b) * mat_cols(b) > 1;
        cols *= rows;
        rows = 1;
    }
    if (rows == 0 || cols == 0) return OK;
    return binary_kernel(device->ops, op)(device->state, rows, cols, &args, err);
}

enum status mat_binary(enum mat_op op, const struct mat *a, const struct mat *b, struct mat **out, struct error *err) {
    int64_t rows, cols;
    if (!broadcasts(mat_rows(a), mat_rows(b), &rows) || !broadcasts(mat_cols(a), mat_cols(b), &cols)) {
        err_set(err, ERR_SHAPE, "the shapes %lld × %lld and %lld × %lld don't go together under %s", LL(mat_rows(a)), LL(mat_cols(a)),
                LL(mat_rows(b)), LL(mat_cols(b)), binary_name(op));
        return err_hint(err, "shapes must be equal, or one of them a row, a column or a single number");
    }
    TRY(device_same(mat_device(a), mat_device(b), err));
    struct mat *made;
    TRY(mat_new(mat_device(a), rows, cols, &made, err));
    return hand_out(run_binary(op, a, b, rows, cols, made, err), made, out);
}

enum status mat_scalar(enum mat_op op, const struct mat *a, float b, bool scalar_first, struct mat **out, struct error *err) {
    struct mat *number;
    TRY(mat_from(mat_device(a), 1, 1, &b, &number, err));
    enum status status = scalar_first ? mat_binary(op, number, a, out, err) : mat_binary(op, a, number, out, err);
    mat_unref(number);
    return status;
}

static element_fn map_kernel(const struct device_ops *ops, enum mat_fn fn) {
    switch (fn) {
    case MAT_NEG: return ops->neg;
    case MAT_ABS: return ops->abs;
    case MAT_EXP: return ops->exp;
    case MAT_LOG: return ops->log;
    case MAT_LOG2: return ops->log2;
    case MAT_SQRT: return ops->sqrt;
    case MAT_NOT: return ops->is_zero;
    }
    return NULL;
}

/* out (n_rows × n_cols) from a, by a kernel that reads one operand. */
static enum status run_unary(element_fn kernel, const struct mat *a, const struct kernel_args *args, int64_t n_rows, int64_t n_cols, struct mat **out,
                             struct error *err) {
    struct device *device = mat_device(a);
    struct mat *made;
    TRY(mat_new(device, n_rows, n_cols, &made, err));
    struct kernel_args all = *args;
    all.out = mat_storage(made);
    enum status status = n_rows && n_cols ? kernel(device->state, n_rows, n_cols, &all, err) : OK;
    return hand_out(status, made, out);
}

enum status mat_map(enum mat_fn fn, const struct mat *a, struct mat **out, struct error *err) {
    struct kernel_args args = {.a = mat_storage_const(a), .a_row = mat_cols(a), .a_col = 1};
    return run_unary(map_kernel(mat_device(a)->ops, fn), a, &args, mat_rows(a), mat_cols(a), out, err);
}

/* --- rearranging --- */

enum status mat_transpose(const struct mat *a, struct mat **out, struct error *err) {
    struct kernel_args args = {.a = mat_storage_const(a), .a_row = 1, .a_col = mat_cols(a)};
    return run_unary(mat_device(a)->ops->gather, a, &args, mat_cols(a), mat_rows(a), out, err);
}

static enum status check_slice(const char *what, int64_t first, int64_t step, int64_t n, int64_t size, struct error *err) {
    int64_t last = first + step * (n - 1);
    if (n == 0 || (n > 0 && first >= 0 && first < size && last >= 0 && last < size)) return OK;
    return err_set(err, ERR_INDEX, "%s %lld to %lld are outside a matrix of %lld", what, LL(first), LL(last), LL(size));
}

enum status mat_slice(const struct mat *a, int64_t row, int64_t row_step, int64_t n_rows, int64_t col, int64_t col_step, int64_t n_cols,
                      struct mat **out, struct error *err) {
    TRY(check_slice("rows", row, row_step, n_rows, mat_rows(a), err));
    TRY(check_slice("columns", col, col_step, n_cols, mat_cols(a), err));
    bool is_empty = n_rows == 0 || n_cols == 0;
    const float *from = mat_storage_const(a) + (is_empty ? 0 : row * mat_cols(a) + col);
    struct kernel_args args = {.a = from, .a_row = row_step * mat_cols(a), .a_col = col_step};
    return run_unary(mat_device(a)->ops->gather, a, &args, n_rows, n_cols, out, err);
}

enum status mat_take_rows(const struct mat *a, const int64_t *rows, int64_t n_rows, struct mat **out, struct error *err) {
    struct device *device = mat_device(a);
    for (int64_t i = 0; i < n_rows; i++)
        if (rows[i] < 0 || rows[i] >= mat_rows(a))
            return err_set(err, ERR_INDEX, "row %lld is outside a matrix of %lld × %lld", LL(rows[i]), LL(mat_rows(a)), LL(mat_cols(a)));
    void *index;
    size_t bytes = (size_t)n_rows * sizeof *rows;
    TRY(device_alloc(device, bytes, "row numbers", &index, err));
    enum status status = device->ops->upload(device->state, index, rows, bytes, err);
    struct kernel_args args = {.a = mat_storage_const(a), .a_row = mat_cols(a), .index = index};
    if (status == OK) status = run_unary(device->ops->take_rows, a, &args, n_rows, mat_cols(a), out, err);
    device_release(device, index, bytes);
    return status;
}

/* --- reducing --- */

enum status mat_reduce(enum mat_reduction reduction, const struct mat *a, int axis, struct mat **out, struct error *err) {
    struct device *device = mat_device(a);
    int64_t rows = mat_rows(a), cols = mat_cols(a);
    int64_t n_each = axis == 0 ? rows : axis == 1 ? cols : rows * cols;
    if (axis < -1 || axis > 1) return err_set(err, ERR_VALUE, "a matrix has the axes 0 and 1, not %d", axis);
    if (n_each == 0 && (reduction == MAT_LEAST || reduction == MAT_MOST))
        return err_set(err, ERR_VALUE, "the %s of no numbers is not defined (shape %lld × %lld)", reduction == MAT_LEAST ? "min" : "max", LL(rows),
                       LL(cols));
    struct mat *made;
    TRY(mat_new(device, axis == 1 ? rows : 1, axis == 0 ? cols : 1, &made, err));
    enum status status = OK;
    if (mat_rows(made) && mat_cols(made))
        status = device->ops->reduce(device->state, reduction, axis, rows, cols, mat_storage_const(a), mat_storage(made), err);
    return hand_out(status, made, out);
}
