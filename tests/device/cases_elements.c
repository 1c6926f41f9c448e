/* Element kernels, reductions, storage. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device/parity.h"

/* --- element kernels: every row of kernels.def, with every kind of stride that mat_ops.c makes --- */

typedef enum status (*element_fn)(void *state, int64_t n_rows, int64_t n_cols, const struct kernel_args *args, struct error *err);

enum element {
#define KERNEL(name, body) ELEMENT_##name,
#include "runtime/device/kernels.def"
#undef KERNEL
};

static element_fn element_of(const struct device_ops *ops, int which) {
    switch ((enum element)which) {
#define KERNEL(name, body) \
    case ELEMENT_##name:   \
        return ops->name;
#include "runtime/device/kernels.def"
#undef KERNEL
    }
    return NULL;
}

/* How a and b (rows × cols numbers each) are read. */
enum reading { PLAIN, ROW, COLUMN, NUMBER, BACKWARDS, TRANSPOSED, N_READINGS };

static void set_strides(enum reading reading, int64_t rows, int64_t cols, struct kernel_args *args) {
    args->a_row = args->b_row = cols;
    args->a_col = args->b_col = 1;
    switch (reading) {
    case ROW: args->b_row = 0; break;
    case COLUMN: args->b_row = 1, args->b_col = 0; break;
    case NUMBER: args->b_row = args->b_col = 0; break;
    case BACKWARDS: args->a += rows * cols - 1, args->a_row = -cols, args->a_col = -1; break;
    case TRANSPOSED: args->a_row = 1, args->a_col = rows; break;
    case PLAIN:
    case N_READINGS: break;
    }
}

static enum status run_element(struct side *side, int which, int64_t rows, int64_t cols, enum reading reading, struct error *err) {
    int64_t n = rows * cols;
    float *a = hard_floats(17, n), *b = hard_floats(18, n);
    int32_t *narrow = some_indices(19, rows, rows);
    int64_t *index = calloc((size_t)rows, sizeof *index);
    for (int64_t r = 0; index && r < rows; r++) index[r] = narrow[r];
    struct kernel_args args = {.out = NULL};
    enum status status = side_put(side, a, (size_t)n * sizeof *a, &args.a, err);
    if (status == OK) status = side_put(side, b, (size_t)n * sizeof *b, &args.b, err);
    if (status == OK) status = side_put(side, index, (size_t)rows * sizeof *index, &args.index, err);
    if (status == OK) status = side_put(side, NULL, (size_t)n * sizeof *a, &args.out, err);
    set_strides(reading, rows, cols, &args);
    if (status == OK) status = element_of(side->ops, which)(side->state, rows, cols, &args, err);
    if (status == OK) status = side_fetch(side, args.out, n, err);
    free(a);
    free(b);
    free(narrow);
    free(index);
    return status;
}

static enum status element_case(struct side *side, int which, struct error *err) {
    static const int64_t shapes[][2] = {{1, 1}, {1, 1000}, {257, 1}, {7, 13}, {300, 129}};
    for (int s = 0; s < N_OF(shapes); s++)
        for (int reading = 0; reading < (which == ELEMENT_take_rows ? ROW : N_READINGS); reading++) {
            side_release(side);
            TRY(run_element(side, which, shapes[s][0], shapes[s][1], (enum reading)reading, err));
        }
    return OK;
}

/* --- reductions: which = reduction * 3 + axis + 1 --- */

static enum status run_reduce(struct side *side, int which, int64_t rows, int64_t cols, bool with_nan, struct error *err) {
    int axis = which % 3 - 1;
    int64_t n = rows * cols, n_out = axis == 0 ? cols : axis == 1 ? rows : 1;
    float *a = some_floats(23, n), *data, *out;
    if (with_nan) a[n / 2] = NAN;
    a[n - 1] *= 1000.0f;
    enum status status = side_put(side, a, (size_t)n * sizeof *a, &data, err);
    if (status == OK) status = side_put(side, NULL, (size_t)n_out * sizeof *a, &out, err);
    if (status == OK) status = side->ops->reduce(side->state, (enum mat_reduction)(which / 3), axis, rows, cols, data, out, err);
    if (status == OK) status = side_fetch(side, out, n_out, err);
    free(a);
    return status;
}

static enum status reduce_case(struct side *side, int which, struct error *err) {
    static const int64_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1}, {37, 129}, {1000, 3}, {3, 1000}, {20000, 7}, {7, 40000}};
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_reduce(side, which, shapes[s][0], shapes[s][1], false, err));
    return run_reduce(side, which, 40, 70, true, err);
}

/* --- storage --- */

static enum status storage_case(struct side *side, int which, struct error *err) {
    float *values = some_floats(29, 1000), *first, *second, *zeros;
    (void)which;
    enum status status = side_put(side, values, 1000 * sizeof *values, &first, err);
    free(values);
    TRY(status);
    TRY(side_put(side, NULL, 4000, &second, err));
    TRY(side_put(side, NULL, 0, &zeros, err)); /* no bytes: still something to release */
    TRY(side->ops->copy(side->state, second + 100, first + 300, 500 * sizeof(float), err));
    TRY(side->ops->copy(side->state, second, first, 0, err));
    TRY(side_fetch(side, second, 1000, err));
    /* more than any machine has: an error, and the device goes on */
    struct error refused = ERROR_INIT;
    void *huge;
    enum status too_much = side->ops->alloc(side->state, (size_t)1 << 50, "a test", &huge, &refused);
    float as_number = (float)too_much;
    side_show(side, &as_number, 1);
    if (!strstr(refused.message, "a test")) return err_set(err, ERR_INTERNAL, "the error doesn't name what it was for: %s", refused.message);
    TRY(side->ops->copy(side->state, second, first, 4000, err));
    return side_fetch(side, second, 1000, err);
}

/* --- the list --- */

#define SUMS "sums in double, in another order, rounded once"
#define REDUCE(name, reduction, tolerance, why)                                                \
    {name " of all", reduce_case, (reduction)*3 + 0, tolerance, tolerance, false, why},        \
        {name " down rows", reduce_case, (reduction)*3 + 1, tolerance, tolerance, false, why}, \
        {name " along columns", reduce_case, (reduction)*3 + 2, tolerance, tolerance, false, why},

const struct parity_case element_cases[] = {
    {"storage", storage_case, 0, 0.0, 0.0, false, ""},
#define KERNEL(name, body) {#name, element_case, ELEMENT_##name, 0.0, 0.0, false, ""},
#include "runtime/device/kernels.def"
#undef KERNEL
    // clang-format off
    REDUCE("sum", MAT_SUM, 2e-7, SUMS)
    REDUCE("mean", MAT_MEAN, 2e-7, SUMS)
    REDUCE("std", MAT_STD, 2e-7, SUMS)
    REDUCE("norm", MAT_NORM, 2e-7, SUMS)
    REDUCE("least", MAT_LEAST, 0.0, "")
    REDUCE("most", MAT_MOST, 0.0, "")
    // clang-format on
};
const int n_element_cases = N_OF(element_cases);
