/* A builtin's view of its arguments. */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "kernel/lang/signature.h"

static const struct bound_call *bound_of(const struct call *call) { return (const struct bound_call *)call; }

/* Position in the signature that fitted; -1: only another overload has it. */
static int position(const struct call *call, const char *name) {
    const struct signature *signature = bound_of(call)->signature;
    for (size_t i = 0; i < signature->n_params; i++)
        if (strcmp(signature->params[i].name, name) == 0) return (int)i;
    return -1;
}

struct value arg(const struct call *call, const char *name) {
    int i = position(call, name);
    assert(i >= 0 || bound_of(call)->info->n_signatures > 1);
    return i >= 0 ? call->args[i] : NONE;
}

bool arg_given(const struct call *call, const char *name) {
    int i = position(call, name);
    return i >= 0 && call->given[i];
}

bool arg_is_none(const struct call *call, const char *name) { return arg(call, name).kind == VAL_NONE; }
double arg_float(const struct call *call, const char *name) { return value_number(arg(call, name)); }

int64_t arg_int(const struct call *call, const char *name) {
    struct value value = arg(call, name);
    return value.kind == VAL_INT ? value.u.i : value.kind == VAL_BOOL ? value.u.b : value.kind == VAL_FLOAT ? (int64_t)value.u.f : 0;
}

bool arg_bool(const struct call *call, const char *name) {
    struct value value = arg(call, name);
    return value.kind == VAL_BOOL ? value.u.b : value.kind == VAL_INT && value.u.i != 0;
}

const char *arg_str(const struct call *call, const char *name) {
    struct value value = arg(call, name);
    return value.kind == VAL_STR ? value.u.text->data : NULL;
}

void *arg_data(const struct call *call, const char *name, const struct type *type) { return value_data(arg(call, name), type); }

enum status arg_error(const char *name, struct error *err, enum status code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    err_setv(err, code, format, args);
    va_end(args);
    return err_about(err, name);
}
