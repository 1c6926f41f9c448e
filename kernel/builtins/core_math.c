/* Numbers: round, abs, sqrt, logarithms. On an Array they are its methods. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/builtins/core.h"

static enum status not_number(const char *name, struct value value, struct error *err) {
    arg_error("x", err, ERR_TYPE, "%s takes a number or an Array, got %s", name, value_type_name(value));
    if (value.kind == VAL_LIST || value.kind == VAL_TUPLE) err_hint(err, "for each item write [%s(v) for v in x], or %s(array(x))", name, name);
    return err->code;
}

static enum status below(const struct call *call, const char *name, const char *needs, struct error *err) {
    struct buf text = BUF_INIT;
    value_repr(arg(call, "x"), &text);
    arg_error("x", err, ERR_VALUE, "%s(%s): x must be %s", name, buf_text(&text), needs);
    buf_release(&text);
    return err->code;
}

/* A function of one number, which Arrays have as a method. */
static enum status run_function(const struct call *call, const char *name, double (*function)(double), double least, bool least_too,
                                struct value *out, struct error *err) {
    struct value x = arg(call, "x");
    enum status status;
    if (call_method(call, x, name, out, &status, err)) return status;
    if (!value_is_number(x)) return not_number(name, x, err);
    double number = value_number(x);
    if (number < least || (number == least && !least_too)) return below(call, name, least_too ? "0 or more" : "above 0", err);
    return *out = value_float(function(number)), OK;
}

static enum status run_sqrt(const struct call *call, struct value *out, struct error *err) {
    return run_function(call, "sqrt", sqrt, 0, true, out, err);
}
static enum status run_log2(const struct call *call, struct value *out, struct error *err) {
    return run_function(call, "log2", log2, 0, false, out, err);
}

static enum status run_log(const struct call *call, struct value *out, struct error *err) {
    TRY(run_function(call, "log", log, 0, false, out, err));
    if (arg_is_none(call, "base")) return OK;
    double base = arg_float(call, "base"), x = value_number(arg(call, "x"));
    if (out->kind != VAL_FLOAT) {
        value_release(out);
        return arg_error("base", err, ERR_VALUE, "an Array takes no base: write log(a) / log(%g)", base);
    }
    if (base == 1) return arg_error("base", err, ERR_VALUE, "base can't be 1: every power of 1 is 1");
    *out = value_float(base == 2 ? log2(x) : base == 10 ? log10(x) : log(x) / log(base));
    return OK;
}

static enum status run_exp(const struct call *call, struct value *out, struct error *err) {
    TRY(run_function(call, "exp", exp, -HUGE_VAL, true, out, err));
    if (out->kind != VAL_FLOAT || !isinf(out->u.f) || isinf(value_number(arg(call, "x")))) return OK;
    return arg_error("x", err, ERR_OVERFLOW, "float overflow: exp(%g) is beyond 1.8e308", value_number(arg(call, "x")));
}

static enum status run_abs(const struct call *call, struct value *out, struct error *err) {
    struct value x = arg(call, "x");
    enum status status;
    if (call_method(call, x, "abs", out, &status, err)) return status;
    if (!value_is_number(x)) return not_number("abs", x, err);
    if (x.kind == VAL_FLOAT) return *out = value_float(fabs(x.u.f)), OK;
    if (value_number(x) < 0) return value_unary(OP_NEG, x, out, err);
    return *out = value_int(x.kind == VAL_BOOL ? x.u.b : x.u.i), OK;
}

/* --- round: to even at halves, exact on the decimal value of the double --- */

static enum status round_to_int(double x, struct value *out, struct error *err) {
    double whole = rint(x);
    if (!(fabs(whole) < 9223372036854775808.0))
        return arg_error("x", err, isfinite(x) ? ERR_OVERFLOW : ERR_VALUE, "%g has no whole number of 64 bits beside it", x);
    return *out = value_int((int64_t)whole), OK;
}

static double round_digits(double x, int64_t digits) {
    char text[512];
    if (digits > 330 || !isfinite(x)) return x;
    if (digits < -309) return copysign(0, x);
    if (digits >= 0) {
        snprintf(text, sizeof text, "%.*f", (int)digits, x);
        return fabs(x) < 1e22 ? strtod(text, NULL) : x;
    }
    double unit = pow(10, (double)-digits);
    return rint(x / unit) * unit;
}

/* 1250 to hundreds: 1200 (the half goes to even). */
static enum status round_int(int64_t x, int64_t digits, struct value *out, struct error *err) {
    if (digits >= 0) return *out = value_int(x), OK;
    if (digits < -18) return *out = value_int(0), OK;
    int64_t unit = 1;
    for (int64_t i = 0; i < -digits; i++) unit *= 10;
    int64_t down = x / unit - (x % unit < 0), rest = x - down * unit, result;
    int64_t up = rest > unit / 2 || (rest == unit / 2 && down % 2 != 0);
    if (__builtin_mul_overflow(down + up, unit, &result))
        return arg_error("x", err, ERR_OVERFLOW, "integer overflow: the rounded %lld doesn't fit in 64 bits", (long long)x);
    return *out = value_int(result), OK;
}

static enum status run_round(const struct call *call, struct value *out, struct error *err) {
    struct value x = arg(call, "x");
    if (!value_is_number(x)) return not_number("round", x, err);
    bool plain = arg_is_none(call, "digits");
    if (x.kind != VAL_FLOAT) return round_int(x.kind == VAL_BOOL ? x.u.b : x.u.i, plain ? 0 : arg_int(call, "digits"), out, err);
    if (plain) return round_to_int(x.u.f, out, err);
    return *out = value_float(round_digits(x.u.f, arg_int(call, "digits"))), OK;
}

#define NOTES (const struct param_note[])
#define X_NOTE \
    { "x", .doc = "a number; an Array gives an Array" }

const struct builtin_row builtins_math[] = {
    {.sigs = "round(x: Any, digits: int = None) -> Any",
     .group = "Plain",
     .summary = "The nearest number with so many digits after the point; halves go to the even one.",
     .notes = NOTES{{"x", .doc = "a number"}, {"digits", .doc = "after the point, negative: tens, hundreds …; None: a whole number, an int"}, {0}},
     .example = "round(0.93456, 3)",
     .run = run_round},
    {.sigs = "abs(x: Any) -> Any",
     .group = "Plain",
     .summary = "The number without its sign.",
     .notes = NOTES{X_NOTE, {0}},
     .example = "abs(-3)",
     .run = run_abs},
    {.sigs = "sqrt(x: Any) -> Any",
     .group = "Plain",
     .summary = "The square root.",
     .notes = NOTES{X_NOTE, {0}},
     .example = "sqrt(2)",
     .run = run_sqrt,
     .other_names = "np.sqrt (NumPy)"},
    {.sigs = "log(x: Any, base: float = None) -> Any",
     .group = "Plain",
     .summary = "The natural logarithm, or that of another base.",
     .notes = NOTES{X_NOTE, {"base", .doc = "None: e", .min = 0, .max = 1e300, .above_min = true}, {0}},
     .example = "log(100, 10)",
     .run = run_log,
     .other_names = "ln, log10, np.log (NumPy)"},
    {.sigs = "log2(x: Any) -> Any",
     .group = "Plain",
     .summary = "The logarithm of base 2, as in DCG's discount.",
     .notes = NOTES{X_NOTE, {0}},
     .example = "log2(8)",
     .run = run_log2},
    {.sigs = "exp(x: Any) -> Any",
     .group = "Plain",
     .summary = "e to the power x.",
     .notes = NOTES{X_NOTE, {0}},
     .example = "exp(1)",
     .run = run_exp},
    {0}};
