/* Methods of Array: reductions along an axis, functions of each number, order, SVD. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/array_parts.h"
#include "runtime/base/mem.h"

static struct mat *self_of(const struct call *call) { return value_data(call->self, &type_array); }

/* --- reductions --- */

/* -1: all. A vector's axis 0 is all of it; along axis 1 it is a matrix of one column, so that U[:, :k] behaves alike for every k. */
static enum status axis_of(const struct call *call, int *out, struct error *err) {
    const bool is_vector = mat_is_vector(self_of(call));
    if (arg_is_none(call, "axis")) return *out = -1, OK;
    const int64_t axis = arg_int(call, "axis"), counted = axis < 0 ? axis + (is_vector ? 1 : 2) : axis;
    if (counted < 0 || counted > 1) {
        arg_error("axis", err, ERR_VALUE, "%s has the axes 0 and 1, not %lld", is_vector ? "a vector" : "a matrix", (long long)axis);
        return err_hint(err, "axis=0 goes down the rows, axis=1 along the columns, None over all");
    }
    *out = is_vector && counted == 0 ? -1 : (int)counted;
    return OK;
}

/* Sums down the rows come as 1 × n: a vector for cells. */
static enum status as_vector(struct mat *takes, struct mat **out, struct error *err) {
    const bool is_row = mat_rows(takes) == 1 && mat_cols(takes) > 1;
    const enum status status = is_row ? mat_transpose(takes, out, err) : OK;
    if (!is_row) *out = takes;
    else mat_unref(takes);
    return status;
}

static enum status reduce(const struct call *call, enum mat_reduction reduction, struct value *out, struct error *err) {
    const struct mat *self = self_of(call);
    int axis;
    struct mat *made, *vector;
    TRY(axis_of(call, &axis, err));
    if (mat_rows(self) * mat_cols(self) == 0 && reduction != MAT_SUM && reduction != MAT_NORM)
        return err_set(err, ERR_VALUE, "the Array is empty: there is nothing to take it of");
    TRY(mat_reduce(reduction, self, axis, &made, err));
    TRY(as_vector(made, &vector, err));
    *out = array_result(vector, axis == -1);
    return OK;
}

static enum status run_sum(const struct call *call, struct value *out, struct error *err) { return reduce(call, MAT_SUM, out, err); }
static enum status run_mean(const struct call *call, struct value *out, struct error *err) { return reduce(call, MAT_MEAN, out, err); }
static enum status run_std(const struct call *call, struct value *out, struct error *err) { return reduce(call, MAT_STD, out, err); }
static enum status run_min(const struct call *call, struct value *out, struct error *err) { return reduce(call, MAT_LEAST, out, err); }
static enum status run_max(const struct call *call, struct value *out, struct error *err) { return reduce(call, MAT_MOST, out, err); }
static enum status run_norm(const struct call *call, struct value *out, struct error *err) { return reduce(call, MAT_NORM, out, err); }

/* --- functions of each number --- */

static enum status map(const struct call *call, enum mat_fn fn, struct value *out, struct error *err) {
    struct mat *made;
    TRY(mat_map(fn, self_of(call), &made, err));
    *out = value_array(made);
    return OK;
}

static enum status run_log(const struct call *call, struct value *out, struct error *err) { return map(call, MAT_LOG, out, err); }
static enum status run_log2(const struct call *call, struct value *out, struct error *err) { return map(call, MAT_LOG2, out, err); }
static enum status run_exp(const struct call *call, struct value *out, struct error *err) { return map(call, MAT_EXP, out, err); }
static enum status run_sqrt(const struct call *call, struct value *out, struct error *err) { return map(call, MAT_SQRT, out, err); }
static enum status run_abs(const struct call *call, struct value *out, struct error *err) { return map(call, MAT_ABS, out, err); }

/* --- argsort --- */

struct ordering {
    const float *values;
    int64_t stride;
    bool descending;
};

/* NaN last; equal numbers by position. */
static int compare(const void *x, const void *y, void *ctx) {
    const struct ordering *order = ctx;
    const int64_t i = *(const int64_t *)x, j = *(const int64_t *)y;
    const float a = order->values[i * order->stride], b = order->values[j * order->stride];
    if (isnan(a) != isnan(b)) return isnan(a) ? 1 : -1;
    if (a != b && !isnan(a)) return (a < b) == order->descending ? 1 : -1;
    return (i > j) - (i < j);
}

static struct value order_of(const struct ordering *order, int64_t n) {
    int64_t *positions = xnew_array(int64_t, (size_t)n + 1);
    struct value list = value_list((size_t)n);
    for (int64_t i = 0; i < n; i++) positions[i] = i;
    qsort_r(positions, (size_t)n, sizeof *positions, compare, (void *)(uintptr_t)order);
    for (int64_t i = 0; i < n; i++) seq_push(&list, value_int(positions[i]));
    free(positions);
    return list;
}

static enum status run_argsort(const struct call *call, struct value *out, struct error *err) {
    const struct mat *self = self_of(call);
    const bool descending = arg_bool(call, "descending"), is_vector = mat_is_vector(self);
    const int64_t rows = mat_rows(self), cols = mat_cols(self);
    float *values;
    int axis;
    TRY(axis_of(call, &axis, err));
    if (axis == -1 && !is_vector) axis = 1;
    TRY(array_read(self, &values, err));
    if (is_vector) *out = order_of(&(struct ordering){values, 1, descending}, rows);
    else *out = value_list((size_t)(axis == 1 ? rows : cols));
    for (int64_t r = 0; axis == 1 && r < rows; r++) seq_push(out, order_of(&(struct ordering){values + r * cols, 1, descending}, cols));
    for (int64_t c = 0; axis == 0 && c < cols; c++) seq_push(out, order_of(&(struct ordering){values + c, cols, descending}, rows));
    mem_free(values);
    return OK;
}

/* --- svd --- */

static enum status run_svd(const struct call *call, struct value *out, struct error *err) {
    const struct mat *self = self_of(call);
    const int64_t most = mat_rows(self) < mat_cols(self) ? mat_rows(self) : mat_cols(self), k = arg_int(call, "k");
    const uint64_t seed = context_seed(call);
    struct mat *u, *s, *v, *vector;
    if (k > most) {
        struct buf shape = BUF_INIT;
        array_shape_text(self, &shape);
        arg_error("k", err, ERR_VALUE, "an Array of shape %s has %lld singular values, not %lld", buf_text(&shape), (long long)most, (long long)k);
        buf_release(&shape);
        return err->code;
    }
    TRY(mat_svd(call->task, self, k, seed, &u, &s, &v, err));
    if (as_vector(s, &vector, err) != OK) {
        mat_unref(u);
        mat_unref(v);
        return err->code;
    }
    *out = value_tuple(3);
    seq_push(out, value_array(u));
    seq_push(out, value_array(vector));
    seq_push(out, value_array(v));
    return OK;
}

#define NOTES (const struct param_note[])
#define AXIS \
    { "axis", .doc = "0: down the rows, a number a column; 1: along the columns, a number a row; None: of all numbers, a float" }
#define REDUCTION(method, says, function)                                                                                          \
    {                                                                                                                              \
        .sigs = method "(axis: int | None = None) -> float | Array", .group = "Array", .summary = says, .notes = NOTES{AXIS, {0}}, \
        .example = "array([[1, 2], [3, 4]])." method "(axis=0)", .run = function                                                   \
    }
#define FUNCTION(method, says, function) \
    { .sigs = method "() -> Array", .group = "Array", .summary = says, .example = "array([1, 2, 4])." method "()", .run = function }

const struct builtin_row array_methods[] = {
    REDUCTION("sum", "The numbers added up.", run_sum),
    REDUCTION("mean", "The arithmetic mean.", run_mean),
    REDUCTION("std", "The standard deviation of all that is there (divided by n).", run_std),
    REDUCTION("min", "The smallest number.", run_min),
    REDUCTION("max", "The largest number.", run_max),
    REDUCTION("norm", "The length: the root of the squares' sum.", run_norm),
    {.sigs = "argsort(axis: int | None = None, descending: bool = False) -> list",
     .group = "Array",
     .summary = "The positions in the order of the numbers, as a list of ints.",
     .notes =
         NOTES{{"axis", .doc = "of a matrix; 1 (also None): a list for each row; 0: for each column"}, {"descending", .doc = "largest first"}, {0}},
     .doc = "Equal numbers keep their order; NaN stands last. The list takes rows: a[scores.argsort(descending=True)[:10]].",
     .example = "array([0.2, 0.9, 0.5]).argsort(descending=True)",
     .run = run_argsort},
    FUNCTION("log", "The natural logarithm of each number.", run_log),
    FUNCTION("log2", "The logarithm of base 2 of each number.", run_log2),
    FUNCTION("exp", "e to the power of each number.", run_exp),
    FUNCTION("sqrt", "The square root of each number.", run_sqrt),
    FUNCTION("abs", "Each number without its sign.", run_abs),
    {.sigs = "svd(k: int, *, seed: int | None = None) -> tuple",
     .group = "Array",
     .summary = "Truncated singular value decomposition: (U, S, V) with a ≈ (U * S) @ V.T.",
     .notes = NOTES{{"k", .doc = "how many singular values", .min = 1, .max = 100000}, {"seed", .doc = "None: the session's"}, {0}},
     .doc = "U is rows × k, S the k largest singular values in descending order, V columns × k. Randomised subspace iteration (Halko et al. 2011), "
            "to 1e-4 relative; signs are fixed: the largest entry of each column of V is positive.",
     .example = "U, S, V = array([[3, 0], [0, 2], [0, 0]]).svd(2); S",
     .run = run_svd,
     .other_names = "np.linalg.svd (NumPy), TruncatedSVD (scikit-learn)"},
    {0}};
