/* Parameters of models as values of the language. */
#ifndef RECKON_MODEL_VALUES_H
#define RECKON_MODEL_VALUES_H

#include "kernel/builtins/builtins.h"

struct value param_value(const struct param_row *row, union param_value value);
/* The other way. ERR_TYPE says what is wanted, ERR_VALUE the choices; ranges are params_check's. */
enum status param_of_value(const struct param_row *row, struct value value, union param_value *out, struct error *err) MUST_CHECK;
/* All parameters by name as a dict; then epochs where the class has them, and the seed. epochs 0: the class's default. */
struct value params_value(const struct model_class *class, const struct params *params, int64_t epochs, uint64_t seed);

#endif
