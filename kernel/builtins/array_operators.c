/* Arrays beside numbers, lists and one another: + - * / ** @, comparison, & | ^. */
#include <string.h>

#include "kernel/builtins/array_parts.h"

/* One side of an operator: a number, or an Array. */
struct operand {
    struct mat *mat; /* a count; NULL: a number */
    float number;
};

static void operand_release(struct operand *operand) { mat_unref(operand->mat); }

static struct device *device_of(struct value a, struct value b) {
    const struct mat *mat = value_data(a, &type_array);
    return mat_device(mat ? mat : value_data(b, &type_array));
}

static enum status no_operation(enum op op, struct value a, struct value b, struct error *err) {
    err_set(err, ERR_TYPE, "`%s` doesn't work on %s and %s", op_text(op), value_type_name(a), value_type_name(b));
    if (op == OP_FLOORDIV || op == OP_MOD) return err_hint(err, "Arrays have + - * / ** @, comparison, & and |");
    return err_hint(err, "an Array goes with numbers, Arrays, and lists of numbers");
}

static enum status operand_of(enum op op, struct value value, struct value a, struct value b, struct operand *out, struct error *err) {
    const bool usable = value.kind == VAL_LIST || value.kind == VAL_TUPLE || value.kind == VAL_RANGE || value_data(value, &type_array);
    *out = (struct operand){0};
    if (value_is_number(value)) {
        out->number = (float)value_number(value);
        return OK;
    }
    return usable ? array_of(device_of(a, b), value, &out->mat, err) : no_operation(op, a, b, err);
}

static enum status misfit(const struct mat *a, const struct mat *b, const char *why, struct error *err) {
    struct buf left = BUF_INIT, right = BUF_INIT;
    array_shape_text(a, &left);
    array_shape_text(b, &right);
    err_set(err, ERR_SHAPE, "the shapes %s and %s don't fit%s", buf_text(&left), buf_text(&right), why);
    buf_release(&left);
    buf_release(&right);
    return err->code;
}

/* --- broadcasting ---
 * mat broadcasts rows, columns and 1 × 1. A vector beside a matrix goes along its rows, as in NumPy: it becomes a row first. */

static enum status as_row(struct operand *vector, const struct mat *matrix, const struct mat *a, const struct mat *b, struct error *err) {
    struct mat *row;
    if (mat_rows(vector->mat) == 1) return OK;
    if (mat_rows(vector->mat) != mat_cols(matrix)) {
        misfit(a, b, ": a vector goes along the rows", err);
        if (mat_rows(vector->mat) == mat_rows(matrix)) err_hint(err, "for one number a row, transpose: (a.T * v).T");
        return err->code;
    }
    TRY(mat_transpose(vector->mat, &row, err));
    mat_unref(vector->mat);
    vector->mat = row;
    return OK;
}

static enum status align(struct operand *a, struct operand *b, struct error *err) {
    if (!a->mat || !b->mat) return OK;
    const bool va = mat_is_vector(a->mat), vb = mat_is_vector(b->mat);
    if (va && !vb) return as_row(a, b->mat, a->mat, b->mat, err);
    if (vb && !va) return as_row(b, a->mat, a->mat, b->mat, err);
    const int64_t ra = mat_rows(a->mat), rb = mat_rows(b->mat), ca = mat_cols(a->mat), cb = mat_cols(b->mat);
    if ((ra != rb && ra != 1 && rb != 1) || (ca != cb && ca != 1 && cb != 1)) return misfit(a->mat, b->mat, "", err);
    return OK;
}

static enum status each(enum mat_op op, const struct operand *a, const struct operand *b, struct mat **out, struct error *err) {
    if (!b->mat) return mat_scalar(op, a->mat, b->number, false, out, err);
    if (!a->mat) return mat_scalar(op, b->mat, a->number, true, out, err);
    return mat_binary(op, a->mat, b->mat, out, err);
}

/* --- truths --- */

static enum status make_truth(struct operand *operand, struct error *err) {
    struct mat *made;
    if (!operand->mat) {
        operand->number = operand->number != 0;
        return OK;
    }
    TRY(mat_scalar(MAT_NE, operand->mat, 0, false, &made, err));
    mat_unref(operand->mat);
    operand->mat = made;
    return OK;
}

static enum status logic(enum mat_op op, struct operand *a, struct operand *b, struct mat **out, struct error *err) {
    TRY(make_truth(a, err));
    TRY(make_truth(b, err));
    return each(op, a, b, out, err);
}

/* --- @ --- */

static enum status multiply(const struct operand *a, const struct operand *b, struct value *out, struct error *err) {
    struct mat *made;
    if (!a->mat || !b->mat) {
        err_set(err, ERR_TYPE, "`@` multiplies Arrays, not an Array and a number");
        return err_hint(err, "write *");
    }
    const bool va = mat_is_vector(a->mat), vb = mat_is_vector(b->mat);
    const int64_t inner = va ? mat_rows(a->mat) : mat_cols(a->mat);
    if (inner != mat_rows(b->mat)) {
        misfit(a->mat, b->mat, " for `@`: the first one's columns must be the second one's rows", err);
        if (!vb && inner == mat_cols(b->mat)) err_hint(err, "write a @ b.T");
        return err->code;
    }
    if (!va || vb) {
        TRY(mat_multiply(task_current(), a->mat, va, b->mat, false, &made, err));
        *out = array_result(made, va && vb);
        return OK;
    }
    TRY(mat_multiply(task_current(), b->mat, true, a->mat, false, &made, err)); /* v @ B is Bᵀ v, a vector */
    *out = value_array(made);
    return OK;
}

/* --- all operators --- */

static bool mat_op_of(enum op op, enum mat_op *out, bool *out_logic) {
    static const struct {
        enum op op;
        enum mat_op mat;
        bool logic;
    } rows[] = {{OP_ADD, MAT_ADD, false}, {OP_SUB, MAT_SUB, false},   {OP_MUL, MAT_MUL, false},  {OP_DIV, MAT_DIV, false}, {OP_POW, MAT_POW, false},
                {OP_LT, MAT_LT, false},   {OP_LE, MAT_LE, false},     {OP_GT, MAT_GT, false},    {OP_GE, MAT_GE, false},   {OP_EQ, MAT_EQ, false},
                {OP_NE, MAT_NE, false},   {OP_BITAND, MAT_MUL, true}, {OP_BITOR, MAT_MAX, true}, {OP_BITXOR, MAT_NE, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].op != op) continue;
        *out = rows[i].mat;
        *out_logic = rows[i].logic;
        return true;
    }
    return false;
}

static enum status operate(enum op op, struct value a, struct value b, struct operand *x, struct operand *y, struct value *out, struct error *err) {
    enum mat_op mat_op;
    bool is_logic;
    struct mat *made;
    if (op == OP_MATMUL) return multiply(x, y, out, err);
    if (!mat_op_of(op, &mat_op, &is_logic)) return no_operation(op, a, b, err);
    TRY(align(x, y, err));
    TRY(is_logic ? logic(mat_op, x, y, &made, err) : each(mat_op, x, y, &made, err));
    *out = value_array(made);
    return OK;
}

enum status array_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) {
    struct operand x, y;
    TRY(operand_of(op, a, a, b, &x, err));
    enum status status = operand_of(op, b, a, b, &y, err);
    if (status == OK) {
        status = operate(op, a, b, &x, &y, out, err);
        operand_release(&y);
    }
    operand_release(&x);
    return status;
}

enum status array_unary(enum op op, void *self, struct value *out, struct error *err) {
    struct mat *made;
    if (op == OP_POS) {
        *out = value_array(mat_ref(self));
        return OK;
    }
    if (op != OP_NEG) return err_set(err, ERR_TYPE, "`%s` doesn't work on an Array", op_text(op));
    TRY(mat_map(MAT_NEG, self, &made, err));
    *out = value_array(made);
    return OK;
}
