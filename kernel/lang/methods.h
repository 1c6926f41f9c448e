/* The method tables of plain values; value_methods finds them by kind. */
#ifndef RECKON_METHODS_H
#define RECKON_METHODS_H

#include "kernel/lang/builtin.h"

extern const struct builtin_row methods_str[];
extern const struct builtin_row methods_list[];
extern const struct builtin_row methods_tuple[];
extern const struct builtin_row methods_dict[];
extern const struct builtin_row methods_set[];

#endif
