/* a[2], a[1, 3], a[:, 2], a[:5], a[[0, 2]], a[a > 1]. */
#include <stdlib.h>

#include "kernel/builtins/array_parts.h"
#include "kernel/builtins/table_parts.h"
#include "runtime/base/mem.h"

/* What one subscript picks: start, start + step, … */
struct pick {
    int64_t start, step, n;
    bool single;
};

static enum status pick_of(struct value key, int64_t size, const char *what, struct pick *out, struct error *err) {
    *out = (struct pick){.step = 1, .n = 1, .single = key.kind == VAL_INT};
    if (key.kind == VAL_INT) return index_position(key, size, what, &out->start, err);
    if (key.kind == VAL_SLICE) return slice_bounds(key, size, &out->start, &out->step, &out->n, err);
    err_set(err, ERR_TYPE, "an Array is indexed by ints and slices, not by %s", value_type_name(key));
    return err_hint(err, "a[2], a[:5], a[1, 3], a[:, 0]; a[[0, 2]] and a[a > 1] pick rows");
}

static enum status take(const struct mat *mat, const struct pick *rows, const struct pick *cols, struct value *out, struct error *err) {
    struct mat *made;
    const float *values = mat_values(mat);
    if (values && rows->single && (cols->single || mat_is_vector(mat))) { /* one number, which loops ask for often */
        *out = array_number(values[rows->start * mat_cols(mat) + cols->start]);
        return OK;
    }
    TRY(mat_slice(mat, rows->start, rows->step, rows->n, cols->start, cols->step, cols->n, &made, err));
    if (!rows->single || cols->single || mat_is_vector(mat)) { /* a column stands as a vector already */
        *out = array_result(made, rows->single);
        return OK;
    }
    struct mat *vector;
    const enum status status = mat_transpose(made, &vector, err);
    mat_unref(made);
    if (status == OK) *out = value_array(vector);
    return status;
}

static enum status take_rows(const struct mat *mat, const int64_t *rows, int64_t n, struct value *out, struct error *err) {
    struct mat *made;
    TRY(mat_take_rows(mat, rows, n, &made, err));
    *out = value_array(made);
    return OK;
}

static enum status by_list(const struct mat *mat, struct value list, struct value *out, struct error *err) {
    int64_t *rows = xnew_array(int64_t, seq_len(list) + 1), n;
    enum status status = rows_of_list(list, mat_rows(mat), "Array", rows, &n, err);
    if (status == OK) status = take_rows(mat, rows, n, out, err);
    free(rows);
    return status;
}

/* The numbers of a matrix where a matrix of truth of the same shape is true. */
static enum status by_cells(const struct mat *mat, const float *truths, struct value *out, struct error *err) {
    const int64_t n = mat_rows(mat) * mat_cols(mat);
    int64_t kept = 0;
    float *values;
    struct mat *made;
    TRY(array_read(mat, &values, err));
    for (int64_t i = 0; i < n; i++)
        if (truths[i] != 0) values[kept++] = values[i];
    const enum status status = mat_from(mat_device(mat), kept, 1, values, &made, err);
    mem_free(values);
    if (status == OK) *out = value_array(made);
    return status;
}

static enum status by_truths(const struct mat *mat, const struct mat *key, const float *truths, struct value *out, struct error *err) {
    const int64_t n = mat_rows(key) * mat_cols(key);
    for (int64_t i = 0; i < n; i++) {
        if (truths[i] == 0 || truths[i] == 1) continue;
        err_set(err, ERR_VALUE, "an Array between [ ] holds truths, 0 or 1, and this one holds %g", (double)truths[i]);
        return err_hint(err, "positions come as a list of ints: a[[0, 2]]");
    }
    if (!mat_is_vector(key)) return by_cells(mat, truths, out, err);
    int64_t *rows = xnew_array(int64_t, (size_t)n + 1), kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (truths[i] != 0) rows[kept++] = i;
    const enum status status = take_rows(mat, rows, kept, out, err);
    free(rows);
    return status;
}

static enum status by_array(const struct mat *mat, const struct mat *key, struct value *out, struct error *err) {
    const bool same_cols = mat_is_vector(key) || mat_cols(key) == mat_cols(mat);
    float *truths;
    if (mat_rows(key) != mat_rows(mat) || !same_cols) {
        struct buf one = BUF_INIT, other = BUF_INIT;
        array_shape_text(key, &one);
        array_shape_text(mat, &other);
        err_set(err, ERR_SHAPE, "an Array of truths of shape %s doesn't fit one of shape %s", buf_text(&one), buf_text(&other));
        buf_release(&one);
        buf_release(&other);
        return err_hint(err, "one truth a row picks rows; one a number picks numbers");
    }
    TRY(array_read(key, &truths, err));
    const enum status status = by_truths(mat, key, truths, out, err);
    mem_free(truths);
    return status;
}

static enum status by_pair(const struct mat *mat, struct value key, struct value *out, struct error *err) {
    struct pick rows, cols;
    if (seq_len(key) != 2 || mat_is_vector(mat)) {
        struct buf shape = BUF_INIT;
        array_shape_text(mat, &shape);
        err_set(err, ERR_INDEX, "%zu subscripts are too many for an Array of shape %s", seq_len(key), buf_text(&shape));
        buf_release(&shape);
        return err->code;
    }
    TRY(pick_of(seq_item(key, 0), mat_rows(mat), "Array", &rows, err));
    TRY(pick_of(seq_item(key, 1), mat_cols(mat), "row", &cols, err));
    return take(mat, &rows, &cols, out, err);
}

enum status array_index(void *self, struct value key, struct value *out, struct error *err) {
    const struct mat *mat = self;
    struct pick rows;
    if (key.kind == VAL_TUPLE) return by_pair(mat, key, out, err);
    if (key.kind == VAL_LIST) return by_list(mat, key, out, err);
    if (value_data(key, &type_array)) return by_array(mat, value_data(key, &type_array), out, err);
    TRY(pick_of(key, mat_rows(mat), "Array", &rows, err));
    return take(mat, &rows, &(struct pick){.step = 1, .n = mat_cols(mat)}, out, err);
}
