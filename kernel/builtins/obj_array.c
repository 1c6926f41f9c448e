/* Array: float32 vectors and matrices, how they show and what they are made of. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/array_parts.h"
#include "kernel/builtins/plots_data.h"
#include "plots/table_html.h"
#include "runtime/base/mem.h"

#define CORNER_ROWS 10 /* at most so many rows and columns of a matrix are shown: */
#define CORNER_COLS 8  /* the first and the last ones */
#define REPR_NUMBERS 6

void array_shape_text(const struct mat *mat, struct buf *out) {
    if (mat_is_vector(mat)) buf_addf(out, "(%lld,)", (long long)mat_rows(mat));
    else buf_addf(out, "(%lld, %lld)", (long long)mat_rows(mat), (long long)mat_cols(mat));
}

#define DECIMALS_MAX 10

/* The fewest decimals that tell x from its neighbours, without writing it out: a whole number over a power of ten is rounded once. */
static bool few_decimals(float x, double *out) {
    double scale = 1;
    if (!(fabsf(x) >= 1e-3F && fabsf(x) < 1e6F)) return false;
    for (int decimals = 0; decimals <= DECIMALS_MAX; decimals++, scale *= 10) {
        *out = rint((double)x * scale) / scale;
        if ((float)*out == x) return true;
    }
    return false;
}

struct value array_number(float x) {
    struct buf text = BUF_INIT;
    double number = x;
    if (few_decimals(x, &number)) return value_float(number);
    buf_add_float(&text, x);
    if (!parse_double((struct slice){text.data, text.len}, &number)) number = x;
    buf_release(&text);
    return value_float(number);
}

enum status array_read(const struct mat *mat, float **out_owned, struct error *err) {
    float *values;
    TRY(mem_try_array((size_t)mat_rows(mat) * (size_t)mat_cols(mat) + 1, "an Array's numbers", &values, err));
    const enum status status = mat_read(mat, 0, mat_rows(mat), values, err);
    if (status == OK) *out_owned = values;
    else mem_free(values);
    return status;
}

struct value array_result(struct mat *takes, bool scalar) {
    float x;
    struct error ignored = ERROR_INIT;
    if (!scalar || mat_rows(takes) != 1 || mat_cols(takes) != 1 || mat_read(takes, 0, 1, &x, &ignored) != OK) return value_array(takes);
    mat_unref(takes);
    return array_number(x);
}

/* --- from values --- */

static enum status not_numbers(struct value value, struct error *err) {
    err_set(err, ERR_TYPE, "an Array is made of numbers, got %s", value_type_name(value));
    return err_hint(err, "array([1, 2, 3]) is a vector, array([[1, 2], [3, 4]]) a matrix");
}

static enum status row_numbers(struct value row, int64_t i, int64_t n_cols, float *out, struct error *err) {
    double *numbers;
    int64_t n;
    TRY(value_numbers(row, &numbers, &n, err));
    const bool fits = n == n_cols;
    for (int64_t j = 0; fits && j < n; j++) out[j] = (float)numbers[j];
    mem_free(numbers);
    if (fits) return OK;
    return err_set(err, ERR_SHAPE, "row %lld has %lld numbers, the rows before it %lld", (long long)i, (long long)n, (long long)n_cols);
}

static enum status matrix_of(struct device *device, struct value rows, struct mat **out, struct error *err) {
    const int64_t n_rows = (int64_t)seq_len(rows);
    int64_t n_cols;
    float *values;
    TRY(value_len(seq_item(rows, 0), &n_cols, err));
    if (n_cols == 0) return err_set(err, ERR_SHAPE, "row 0 is empty");
    if (n_rows * n_cols > LIMIT_LIST) return err_set(err, ERR_LIMIT, "an Array of lists has at most %d numbers", LIMIT_LIST);
    TRY(mem_try_array((size_t)(n_rows * n_cols), "an Array's numbers", &values, err));
    enum status status = OK;
    for (int64_t i = 0; status == OK && i < n_rows; i++) status = row_numbers(seq_item(rows, (size_t)i), i, n_cols, values + i * n_cols, err);
    if (status == OK) status = mat_from(device, n_rows, n_cols, values, out, err);
    mem_free(values);
    return status;
}

static enum status vector_of(struct device *device, struct value items, struct mat **out, struct error *err) {
    double *numbers;
    int64_t n;
    float *values;
    TRY(value_numbers(items, &numbers, &n, err));
    enum status status = mem_try_array((size_t)n + 1, "an Array's numbers", &values, err);
    for (int64_t i = 0; status == OK && i < n; i++) values[i] = (float)numbers[i];
    mem_free(numbers);
    if (status != OK) return status;
    status = mat_from(device, n, 1, values, out, err);
    mem_free(values);
    return status;
}

/* Columns of numbers side by side. */
static enum status table_numbers(struct device *device, const struct table *table, struct mat **out, struct error *err) {
    const int64_t n_cols = (int64_t)table->n_columns;
    float *values;
    TRY(mem_try_array((size_t)(table->n_rows * n_cols) + 1, "an Array's numbers", &values, err));
    enum status status = n_cols ? OK : err_set(err, ERR_SHAPE, "the Table has no columns");
    for (int64_t c = 0; status == OK && c < n_cols; c++) {
        double *column;
        status = column_numbers(table, &table->columns[c], &column, err);
        for (int64_t i = 0; status == OK && i < table->n_rows; i++) values[i * n_cols + c] = (float)column[i];
        if (status == OK) mem_free(column);
    }
    if (status == OK) status = mat_from(device, table->n_rows, n_cols, values, out, err);
    mem_free(values);
    return status;
}

static bool is_row(struct value value) {
    return value.kind == VAL_LIST || value.kind == VAL_TUPLE || value.kind == VAL_RANGE || value_data(value, &type_array);
}

enum status array_of(struct device *device, struct value value, struct mat **out, struct error *err) {
    struct value items;
    struct mat *mat = value_data(value, &type_array);
    if (mat) return mat_to(mat, device, out, err);
    if (value_data(value, &type_table)) return table_numbers(device, value_data(value, &type_table), out, err);
    if (value.kind != VAL_LIST && value.kind != VAL_TUPLE && value.kind != VAL_RANGE) return not_numbers(value, err);
    TRY(value_to_list(value, &items, err));
    const bool rows = seq_len(items) > 0 && is_row(seq_item(items, 0));
    const enum status status = rows ? matrix_of(device, items, out, err) : vector_of(device, items, out, err);
    value_release(&items);
    return status;
}

/* --- showing --- */

/* Position of the i-th shown of n, when `most` are shown: first and last halves. */
static int64_t shown_at(int64_t i, int64_t n, int64_t most) { return n <= most || i < (most + 1) / 2 ? i : n - (most - i); }
static int64_t shown_count(int64_t n, int64_t most) { return n < most ? n : most; }

/* The rows that are shown, read to the host. Owned. */
static float *corner_rows(const struct mat *mat, int64_t most) {
    const int64_t n = shown_count(mat_rows(mat), most), cols = mat_cols(mat);
    float *rows = xnew_array(float, (size_t)(n * cols) + 1);
    struct error ignored = ERROR_INIT;
    for (int64_t i = 0; i < n; i++)
        if (mat_read(mat, shown_at(i, mat_rows(mat), most), 1, rows + i * cols, &ignored) != OK) break;
    return rows;
}

static void repr_row(const float *numbers, int64_t n, int64_t stride, struct buf *out) {
    buf_addc(out, '[');
    for (int64_t i = 0; i < n && i < REPR_NUMBERS; i++) {
        if (i) buf_adds(out, ", ");
        buf_add_float(out, numbers[i * stride]);
    }
    buf_adds(out, n > REPR_NUMBERS ? ", …]" : "]");
}

static void repr(void *self, struct buf *out) {
    const struct mat *mat = self;
    const bool is_vector = mat_is_vector(mat);
    const int64_t most = is_vector ? REPR_NUMBERS + 1 : 3, n = shown_count(mat_rows(mat), most);
    float *rows = xnew_array(float, (size_t)(n * mat_cols(mat)) + 1);
    struct error ignored = ERROR_INIT;
    buf_adds(out, "<Array ");
    array_shape_text(mat, out);
    buf_addc(out, ' ');
    if (mat_read(mat, 0, n, rows, &ignored) == OK) {
        if (is_vector) repr_row(rows, n, 1, out);
        else {
            buf_addc(out, '[');
            for (int64_t i = 0; i < n && i < 2; i++) {
                if (i) buf_adds(out, ", ");
                repr_row(rows + i * mat_cols(mat), mat_cols(mat), 1, out);
            }
            buf_adds(out, n > 2 ? ", …]" : "]");
        }
    }
    buf_addc(out, '>');
    free(rows);
}

/* A matrix's corner; a vector stands as one row. */
struct corner {
    int64_t n_rows, n_cols; /* of the view, the column "…" included */
    char **cells, **headers;
    bool *numeric;
};

static char *number_text(float x) {
    struct buf text = BUF_INIT;
    buf_add_float(&text, x);
    return buf_take(&text);
}

static char *position_text(int64_t i) {
    struct buf text = BUF_INIT;
    buf_addf(&text, "%lld", (long long)i);
    return buf_take(&text);
}

/* rows: the shown rows of a matrix of `cols`; of a vector its numbers. */
static void corner_fill(const float *rows, int64_t n_rows, int64_t cols, struct corner *corner) {
    const int64_t shown = shown_count(cols, CORNER_COLS), gap = cols > CORNER_COLS ? shown / 2 : -1;
    *corner = (struct corner){.n_rows = n_rows, .n_cols = shown + (gap >= 0)};
    corner->cells = xnew_array(char *, (size_t)(n_rows * corner->n_cols) + 1);
    corner->headers = xnew_array(char *, (size_t)corner->n_cols + 1);
    corner->numeric = xnew_array(bool, (size_t)corner->n_cols + 1);
    for (int64_t c = 0; c < corner->n_cols; c++) {
        const int64_t col = shown_at(gap >= 0 && c > gap ? c - 1 : c, cols, CORNER_COLS);
        corner->headers[c] = c == gap ? xstrdup("…") : position_text(col);
        corner->numeric[c] = true;
        for (int64_t r = 0; r < n_rows; r++) corner->cells[r * corner->n_cols + c] = c == gap ? xstrdup("…") : number_text(rows[r * cols + col]);
    }
}

static void corner_release(struct corner *corner) {
    for (int64_t i = 0; i < corner->n_rows * corner->n_cols; i++) free(corner->cells[i]);
    for (int64_t c = 0; c < corner->n_cols; c++) free(corner->headers[c]);
    free(corner->cells);
    free(corner->headers);
    free(corner->numeric);
}

static void corner_show(const struct mat *mat, const struct corner *corner, struct bundle *out) {
    struct buf caption = BUF_INIT;
    const int64_t total = mat_is_vector(mat) ? 1 : mat_rows(mat);
    buf_adds(&caption, "Array ");
    array_shape_text(mat, &caption);
    const struct table_view view = {.caption = buf_text(&caption),
                                    .headers = (const char *const *)corner->headers,
                                    .numeric = corner->numeric,
                                    .cells = (const char *const *)corner->cells,
                                    .n_rows = corner->n_rows,
                                    .n_columns = corner->n_cols,
                                    .total_rows = total,
                                    .total_columns = mat_cols(mat),
                                    .gap_after = corner->n_rows < total ? CORNER_ROWS / 2 : -1};
    table_view_text(&view, bundle_part(out, MIME_TEXT));
    table_view_html(&view, bundle_part(out, MIME_HTML));
    buf_release(&caption);
}

static enum status render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    const struct mat *mat = self;
    struct corner corner;
    (void)interp;
    (void)err;
    if (mat_is_vector(mat) && mat_rows(mat) <= REPR_NUMBERS) {
        repr(self, bundle_part(out, MIME_TEXT));
        return OK;
    }
    float *rows = corner_rows(mat, mat_is_vector(mat) ? mat_rows(mat) : CORNER_ROWS);
    if (mat_is_vector(mat)) corner_fill(rows, 1, mat_rows(mat), &corner);
    else corner_fill(rows, shown_count(mat_rows(mat), CORNER_ROWS), mat_cols(mat), &corner);
    free(rows);
    corner_show(mat, &corner, out);
    corner_release(&corner);
    return OK;
}

/* --- attributes --- */

static enum status get_shape(struct interp *interp, void *self, struct value *out, struct error *err) {
    const struct mat *mat = self;
    (void)interp;
    (void)err;
    *out = value_tuple(2);
    seq_push(out, value_int(mat_rows(mat)));
    if (!mat_is_vector(mat)) seq_push(out, value_int(mat_cols(mat)));
    return OK;
}

static enum status get_transposed(struct interp *interp, void *self, struct value *out, struct error *err) {
    struct mat *made = NULL;
    (void)interp;
    if (mat_is_vector(self)) made = mat_ref(self);
    else TRY(mat_transpose(self, &made, err));
    *out = value_array(made);
    return OK;
}

static enum status get_device(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    (void)err;
    *out = value_str(device_place(mat_device(self)));
    return OK;
}

static const struct attribute_row attributes[] = {
    {"T", "transposed: rows become columns; a vector stays itself", "Array", get_transposed},
    {"shape", "(rows, columns), or (n,) of a vector", "tuple", get_shape},
    {"device", "where its numbers are: \"cpu\", \"cuda:0\"", "str", get_device},
    {0},
};

/* --- the rest --- */

static int64_t length(void *self) { return mat_rows(self); }

static enum status truth(void *self, bool *out, struct error *err) {
    const struct mat *mat = self;
    float x;
    if (mat_rows(mat) != 1 || mat_cols(mat) != 1) {
        err_set(err, ERR_TYPE, "an Array of %lld numbers is neither true nor false", (long long)(mat_rows(mat) * mat_cols(mat)));
        return err_hint(err, "say which are meant: (a > 1).sum() > 0, or (a > 1).min() == 1 for all of them");
    }
    TRY(mat_read(mat, 0, 1, &x, err));
    *out = x != 0;
    return OK;
}

static bool equal(void *self, void *other) {
    const struct mat *a = self, *b = other;
    float *x, *y;
    struct error ignored = ERROR_INIT;
    if (a == b) return true;
    if (mat_rows(a) != mat_rows(b) || mat_cols(a) != mat_cols(b)) return false;
    if (array_read(a, &x, &ignored) != OK) return false;
    bool same = array_read(b, &y, &ignored) == OK;
    for (int64_t i = 0; same && i < mat_rows(a) * mat_cols(a); i++) same = x[i] == y[i];
    mem_free(x);
    if (ignored.code == OK) mem_free(y);
    return same;
}

static int64_t size_bytes(void *self) { return mat_bytes(self); }
static const char *place(void *self) { return device_place(mat_device(self)); }
static void shape(void *self, struct buf *out) {
    buf_add_count(out, mat_rows(self));
    if (mat_is_vector(self)) return;
    buf_adds(out, " × ");
    buf_add_count(out, mat_cols(self));
}
static void retain(void *self) { mat_ref(self); }
static void release(void *self) { mat_unref(self); }

const struct type type_array = {
    .name = "Array",
    .doc = "A float32 vector or matrix on a device. Arithmetic and comparison go number by number, @ multiplies matrices; a vector beside a matrix "
           "goes along its rows. a[2], a[1, 3], a[:, 0], a[:10], a[[0, 2]], a[a > 1].",
    .attributes = attributes,
    .methods = array_methods,
    .retain = retain,
    .release = release,
    .index = array_index,
    .length = length,
    .equal = equal,
    .truth = truth,
    .binary = array_binary,
    .unary = array_unary,
    .size_bytes = size_bytes,
    .place = place,
    .shape = shape,
    .repr = repr,
    .render = render,
};
