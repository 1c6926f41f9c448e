#include "kernel/builtins/model_values.h"

struct value param_value(const struct param_row *row, union param_value value) {
    switch (row->type) {
    case PARAM_INT: return value_int(value.i);
    case PARAM_FLOAT: return value_float(value.f);
    case PARAM_BOOL: return value_bool(value.b);
    case PARAM_STR: return value_str(value.s);
    }
    return NONE;
}

static enum status wrong_kind(const char *wanted, struct value value, struct error *err) {
    struct buf got = BUF_INIT;
    value_describe(value, &got);
    err_set(err, ERR_TYPE, "must be %s, got %s", wanted, buf_text(&got));
    buf_release(&got);
    return err->code;
}

static enum status choice_of(const struct param_row *row, struct value value, union param_value *out, struct error *err) {
    size_t n = 0;
    if (value.kind != VAL_STR) return wrong_kind("a str", value, err);
    const char *choice = param_choice(row, value_text(value).data);
    if (choice) {
        out->s = choice;
        return OK;
    }
    while (row->names && row->names[n]) n++;
    err_set(err, ERR_VALUE, "must be one of %s, not \"%.60s\"", row->choices, value_text(value).data);
    err_suggest(err, value_text(value).data, row->names, n);
    return err->code;
}

enum status param_of_value(const struct param_row *row, struct value value, union param_value *out, struct error *err) {
    switch (row->type) {
    case PARAM_INT:
        if (value.kind != VAL_INT) return wrong_kind("an int", value, err);
        out->i = value.u.i;
        return OK;
    case PARAM_FLOAT:
        if (value.kind != VAL_INT && value.kind != VAL_FLOAT) return wrong_kind("a float", value, err);
        out->f = value_number(value);
        return OK;
    case PARAM_BOOL:
        if (value.kind != VAL_BOOL) return wrong_kind("a bool", value, err);
        out->b = value.u.b;
        return OK;
    case PARAM_STR: return choice_of(row, value, out, err);
    }
    return ERR_TYPE;
}

struct value params_value(const struct model_class *class, const struct params *params, int64_t epochs, uint64_t seed) {
    struct value dict = value_dict();
    for (int i = 0; i < params_count(class); i++) dict_puts(&dict, class->params[i].name, param_value(&class->params[i], params->values[i]));
    if (class->iterative) dict_puts(&dict, "epochs", value_int(epochs ? epochs : class->default_epochs));
    dict_puts(&dict, "seed", value_int((int64_t)seed));
    return dict;
}
