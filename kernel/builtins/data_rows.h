/* Functions of the group "Load and shape", by file. */
#ifndef RECKON_DATA_ROWS_H
#define RECKON_DATA_ROWS_H

#include "kernel/builtins/builtins.h"

/* data_load.c */
enum status bi_load(const struct call *call, struct value *out, struct error *err);
enum status bi_datasets(const struct call *call, struct value *out, struct error *err);
enum status bi_synth(const struct call *call, struct value *out, struct error *err);
/* data_shape.c */
enum status bi_describe(const struct call *call, struct value *out, struct error *err);
enum status bi_head(const struct call *call, struct value *out, struct error *err);
enum status bi_interactions(const struct call *call, struct value *out, struct error *err);
enum status bi_users(const struct call *call, struct value *out, struct error *err);
enum status bi_items(const struct call *call, struct value *out, struct error *err);
enum status bi_matrix(const struct call *call, struct value *out, struct error *err);
enum status bi_implicit(const struct call *call, struct value *out, struct error *err);
enum status bi_filter(const struct call *call, struct value *out, struct error *err);
enum status bi_join(const struct call *call, struct value *out, struct error *err);
enum status bi_sql(const struct call *call, struct value *out, struct error *err);
enum status bi_concat(const struct call *call, struct value *out, struct error *err);
/* data_split.c */
enum status bi_split(const struct call *call, struct value *out, struct error *err);
enum status bi_folds(const struct call *call, struct value *out, struct error *err);

#endif
