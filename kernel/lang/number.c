/* Arithmetic of bools, ints and floats, as Python's, with 64-bit ints. */
#include <math.h>
#include <stdio.h>

#include "kernel/lang/container.h"

bool value_is_whole(struct value value) { return value.kind == VAL_BOOL || value.kind == VAL_INT; }
int64_t value_whole(struct value value) { return value.kind == VAL_BOOL ? value.u.b : value.u.i; }

static enum status overflow(enum op op, int64_t a, int64_t b, struct error *err) {
    err_set(err, ERR_OVERFLOW, "integer overflow: %lld %s %lld doesn't fit in 64 bits", (long long)a, op_text(op), (long long)b);
    return err_hint(err, "floats reach further: %lld.0 %s %lld", (long long)a, op_text(op), (long long)b);
}

static enum status by_zero(const char *text, enum op op, struct error *err) {
    return err_set(err, ERR_ZERO_DIVISION, "%s %s 0: division by zero", text, op_text(op));
}

static enum status int_by_zero(int64_t a, enum op op, struct error *err) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)a);
    return by_zero(text, op, err);
}

static enum status float_by_zero(double a, enum op op, struct error *err) {
    struct buf text = BUF_INIT;
    buf_add_double(&text, a);
    enum status status = by_zero(buf_text(&text), op, err);
    buf_release(&text);
    return status;
}

/* --- ints --- */

/* Floor division; INT64_MIN // -1 is the caller's. */
static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
static int64_t floor_mod(int64_t a, int64_t b) { return a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0); }

static enum status int_divide(enum op op, int64_t a, int64_t b, struct value *out, struct error *err) {
    if (b == 0) return int_by_zero(a, op, err);
    if (op == OP_DIV) return *out = value_float((double)((long double)a / (long double)b)), OK;
    if (b == -1) {
        if (op == OP_MOD) return *out = value_int(0), OK;
        if (a == INT64_MIN) return overflow(op, a, b, err);
    }
    return *out = value_int(op == OP_MOD ? floor_mod(a, b) : floor_div(a, b)), OK;
}

static enum status int_power(int64_t a, int64_t b, struct value *out, struct error *err) {
    if (b < 0) {
        if (a == 0) return int_by_zero(a, OP_POW, err);
        return *out = value_float(pow((double)a, (double)b)), OK;
    }
    int64_t result = 1, base = a;
    for (int64_t left = b; left > 0; left >>= 1) {
        if ((left & 1) && __builtin_mul_overflow(result, base, &result)) return overflow(OP_POW, a, b, err);
        if (left > 1 && __builtin_mul_overflow(base, base, &base)) return overflow(OP_POW, a, b, err);
    }
    return *out = value_int(result), OK;
}

static enum status int_binary(enum op op, int64_t a, int64_t b, struct value *out, struct error *err) {
    int64_t result = 0;
    bool over = false;
    switch (op) {
    case OP_ADD: over = __builtin_add_overflow(a, b, &result); break;
    case OP_SUB: over = __builtin_sub_overflow(a, b, &result); break;
    case OP_MUL: over = __builtin_mul_overflow(a, b, &result); break;
    case OP_BITOR: result = a | b; break;
    case OP_BITXOR: result = a ^ b; break;
    case OP_BITAND: result = a & b; break;
    case OP_POW: return int_power(a, b, out, err);
    default: return int_divide(op, a, b, out, err);
    }
    if (over) return overflow(op, a, b, err);
    *out = value_int(result);
    return OK;
}

/* --- floats --- */

static double float_mod(double a, double b) {
    double mod = fmod(a, b);
    if (mod == 0) return copysign(0, b);
    return (mod < 0) != (b < 0) ? mod + b : mod;
}

static double float_floor_div(double a, double b) {
    double mod = fmod(a, b), quotient = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0)) quotient -= 1;
    if (quotient == 0) return copysign(0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static enum status float_power(double a, double b, struct value *out, struct error *err) {
    if (a == 0 && b < 0) return float_by_zero(a, OP_POW, err);
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b)) {
        err_set(err, ERR_VALUE, "a negative number has no real power %g", b);
        return err_hint(err, "take abs(x) ** %g", b);
    }
    double result = pow(a, b);
    if (isinf(result) && isfinite(a) && isfinite(b)) return err_set(err, ERR_OVERFLOW, "float overflow: %g ** %g is beyond 1.8e308", a, b);
    return *out = value_float(result), OK;
}

static enum status float_binary(enum op op, double a, double b, struct value *out, struct error *err) {
    switch (op) {
    case OP_ADD: return *out = value_float(a + b), OK;
    case OP_SUB: return *out = value_float(a - b), OK;
    case OP_MUL: return *out = value_float(a * b), OK;
    case OP_POW: return float_power(a, b, out, err);
    default: break;
    }
    if (b == 0) return float_by_zero(a, op, err);
    double result = op == OP_DIV ? a / b : op == OP_MOD ? float_mod(a, b) : float_floor_div(a, b);
    return *out = value_float(result), OK;
}

/* --- both --- */

static bool is_bit_op(enum op op) { return op == OP_BITOR || op == OP_BITXOR || op == OP_BITAND; }

static enum status unfit(enum op op, struct value a, struct value b, struct error *err) {
    err_set(err, ERR_TYPE, "`%s` doesn't work on %s and %s", op_text(op), value_type_name(a), value_type_name(b));
    return err_hint(err, op == OP_MATMUL ? "`@` multiplies Arrays; numbers use `*`" : "`%s` joins sets, bools and Arrays of truth", op_text(op));
}

enum status number_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) {
    bool whole = value_is_whole(a) && value_is_whole(b);
    if (op == OP_MATMUL || (is_bit_op(op) && !whole)) return unfit(op, a, b, err);
    if (!whole) return float_binary(op, value_number(a), value_number(b), out, err);
    if (is_bit_op(op) && a.kind == VAL_BOOL && b.kind == VAL_BOOL) {
        bool x = a.u.b, y = b.u.b;
        return *out = value_bool(op == OP_BITOR ? x || y : op == OP_BITAND ? x && y : x != y), OK;
    }
    return int_binary(op, value_whole(a), value_whole(b), out, err);
}

enum status number_unary(enum op op, struct value a, struct value *out, struct error *err) {
    if (a.kind == VAL_FLOAT) return *out = value_float(op == OP_NEG ? -a.u.f : a.u.f), OK;
    int64_t i = value_whole(a);
    if (op == OP_NEG && i == INT64_MIN) {
        err_set(err, ERR_OVERFLOW, "integer overflow: -(%lld) doesn't fit in 64 bits", (long long)i);
        return err_hint(err, "floats reach further");
    }
    return *out = value_int(op == OP_NEG ? -i : i), OK;
}
