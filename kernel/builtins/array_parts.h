/* What the files of Array share. A vector of n is a mat of n rows and 1 column;
 * everything else is a matrix. */
#ifndef RECKON_ARRAY_PARTS_H
#define RECKON_ARRAY_PARTS_H

#include "kernel/builtins/builtins.h"

extern const struct builtin_row array_methods[];

static inline bool mat_is_vector(const struct mat *mat) { return mat_cols(mat) == 1; }
/* "(943, 64)", "(943,)". */
void array_shape_text(const struct mat *mat, struct buf *out);
/* A number of an Array as cells see it: the double whose text is the float's shortest text, so that 0.1 stays 0.1. */
struct value array_number(float x);
/* All numbers on the host, rows × cols; end with mem_free. */
enum status array_read(const struct mat *mat, float **out_owned, struct error *err) MUST_CHECK;
/* Takes what a function made: an Array, or a float where it is 1 × 1 and `scalar`. */
struct value array_result(struct mat *takes, bool scalar);

/* Operand of an operator or array(): a count of an Array, or a new mat of numbers in lists, ranges, Tables. ERR_TYPE, ERR_SHAPE. */
enum status array_of(struct device *device, struct value value, struct mat **out, struct error *err) MUST_CHECK;

/* array_operators.c */
enum status array_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) MUST_CHECK;
enum status array_unary(enum op op, void *self, struct value *out, struct error *err) MUST_CHECK;
/* array_index.c */
enum status array_index(void *self, struct value key, struct value *out, struct error *err) MUST_CHECK;

#endif
