/* Sparse rows on the host: what models that walk over ratings keep. Columns
 * ascend within a row and none repeats. */
#ifndef RECKON_SPARSE_ROWS_H
#define RECKON_SPARSE_ROWS_H

#include "models/model.h"

struct sparse_rows {
    int64_t n, n_columns;
    int64_t *starts; /* n + 1 */
    int32_t *columns;
    float *values;
};

static inline int64_t sparse_rows_n(const struct sparse_rows *rows) { return rows->starts[rows->n]; }
static inline int64_t sparse_rows_length(const struct sparse_rows *rows, int64_t row) { return rows->starts[row + 1] - rows->starts[row]; }
/* Zeros; starts are for the caller to fill. On failure *out is safe to release. */
enum status sparse_rows_new(int64_t n, int64_t n_columns, int64_t n_entries, struct sparse_rows *out, struct error *err) MUST_CHECK;
void sparse_rows_release(struct sparse_rows *rows);
int64_t sparse_rows_bytes(const struct sparse_rows *rows);
enum status sparse_rows_turn(struct task *task, const struct sparse_rows *rows, struct sparse_rows *out,
                             struct error *err) MUST_CHECK; /* the transpose */

/* The rows that the model was fitted on, by user; a pair that occurs twice becomes one: the mean of its ratings, the sum of its weights. */
enum status sparse_rows_fitted(struct task *task, const struct model *model, struct sparse_rows *out, struct error *err) MUST_CHECK;

/* Under `name`/… in a model's file. n: -1 takes as many rows as there are. Loading checks that positions are in range and ascend. */
enum status sparse_rows_save(const struct sparse_rows *rows, struct store_writer *writer, const char *name, struct error *err) MUST_CHECK;
enum status sparse_rows_load(struct store_reader *reader, const char *name, int64_t n, int64_t n_columns, struct sparse_rows *out,
                             struct error *err) MUST_CHECK;

#endif
