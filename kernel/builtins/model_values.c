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

struct value params_value(const struct model_class *class, const struct params *params, int64_t epochs, uint64_t seed) {
    struct value dict = value_dict();
    for (int i = 0; i < params_count(class); i++) dict_puts(&dict, class->params[i].name, param_value(&class->params[i], params->values[i]));
    if (class->iterative) dict_puts(&dict, "epochs", value_int(epochs ? epochs : class->default_epochs));
    dict_puts(&dict, "seed", value_int((int64_t)seed));
    return dict;
}
