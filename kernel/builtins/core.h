/* The plain builtins, those that work on values of the language alone. */
#ifndef RECKON_CORE_H
#define RECKON_CORE_H

#include "kernel/builtins/context.h"

extern const struct builtin_row builtins_items[]; /* len range sum sorted zip … */
extern const struct builtin_row builtins_math[];  /* round sqrt log … */
extern const struct builtin_row builtins_kinds[]; /* str int list type … */

/* Calls the method `name` of an object (an Array's sum for sum(a)). False: it isn't an object with that method. */
bool call_method(const struct call *call, struct value value, const char *name, struct value *out, enum status *status, struct error *err);
/* filter(keep, items): the items for which keep(item) is true. */
enum status filter_items(const struct call *call, struct value *out, struct error *err) MUST_CHECK;

#endif
