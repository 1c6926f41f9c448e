/* Host copies of vectors, made ready for distances. */
#ifndef RECKON_ROWS_H
#define RECKON_ROWS_H

#include "runtime/device/mat.h"

/* ROWS_UNIT: each row divided by its length (a zero row stays zero): distances follow the cosine. ROWS_CENTRED: column means taken off. */
enum rows_form { ROWS_UNIT, ROWS_CENTRED };
/* x (n, d) on the host, d values a row; free with mem_free. ERR_NUMERIC names the first row with a NaN or infinity. */
enum status rows_read(const struct mat *x, enum rows_form form, float **out, struct error *err) MUST_CHECK;
/* Rows in one block of scores against n rows: depends on n only. */
int64_t rows_a_block(int64_t n);

#endif
