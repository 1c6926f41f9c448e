/* What a data set holds, as tables and as a matrix; data sets made of others. */
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/core.h"
#include "kernel/builtins/data_rows.h"
#include "kernel/builtins/table_parts.h"
#include "runtime/base/mem.h"
#include "runtime/data/describe.h"

#define ROWS_PER_LOOK 256

static struct dataset *ratings_of(const struct call *call) { return arg_data(call, "ratings", &type_dataset); }

/* --- tables --- */

enum status bi_describe(const struct call *call, struct value *out, struct error *err) {
    struct table *table;
    TRY(dataset_describe(ratings_of(call), &table, err));
    *out = value_table(table);
    return OK;
}

enum status bi_head(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    const int64_t n = arg_int(call, "n");
    *out = value_table(call->overload == 1 ? table_head(arg_data(call, "table", &type_table), n) : dataset_head(ratings_of(call), n));
    return OK;
}

enum status bi_interactions(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    *out = value_table(dataset_interactions(ratings_of(call)));
    return OK;
}

enum status bi_users(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    *out = value_table(dataset_users(ratings_of(call)));
    return OK;
}

enum status bi_items(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    *out = value_table(dataset_items(ratings_of(call)));
    return OK;
}

/* --- matrix --- */

enum status bi_matrix(const struct call *call, struct value *out, struct error *err) {
    static const char *const names[] = {"none", "mean", "user", "item"};
    struct device *device;
    struct mat *matrix;
    const char *center = arg_is_none(call, "center") ? "none" : arg_str(call, "center");
    int chosen = 0;
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], center) == 0) chosen = i;
    TRY(context_device(context_of(call), &device, err));
    TRY(dataset_matrix(ratings_of(call), (enum matrix_center)chosen, device, &matrix, err));
    *out = value_array(matrix);
    return OK;
}

/* --- data sets of others --- */

enum status bi_implicit(const struct call *call, struct value *out, struct error *err) {
    struct dataset *made;
    const bool has_threshold = !arg_is_none(call, "threshold");
    TRY(dataset_implicit(ratings_of(call), has_threshold ? arg_float(call, "threshold") : 0, has_threshold, arg_bool(call, "counts"), &made, err));
    *out = value_dataset(made);
    return OK;
}

enum status bi_concat(const struct call *call, struct value *out, struct error *err) {
    const struct value given = arg(call, "parts");
    struct dataset *made;
    if (seq_len(given) == 0) return err_set(err, ERR_TYPE, "concat needs parts: concat(train, valid)");
    struct dataset **parts = xnew_array(struct dataset *, seq_len(given));
    for (size_t i = 0; i < seq_len(given); i++) parts[i] = value_data(seq_item(given, i), &type_dataset);
    const enum status status = dataset_concat(parts, seq_len(given), &made, err);
    free(parts);
    if (status != OK) return err_about(err, "parts");
    *out = value_dataset(made);
    return OK;
}

/* --- filter --- */

/* Seconds UTC of an int, "1998-01-31" or "1998-01-31 12:00:00". */
static enum status time_of(const struct call *call, const char *name, int64_t *out, bool *out_given, struct error *err) {
    const struct value value = arg(call, name);
    *out_given = value.kind != VAL_NONE;
    if (value.kind == VAL_INT) *out = value.u.i;
    if (value.kind != VAL_STR || time_parse(value_text(value), out)) return OK;
    arg_error(name, err, ERR_VALUE, "\"%s\" is not a date", value.u.text->data);
    return err_hint(err, "write \"1998-01-31\", \"1998-01-31 12:00:00\" or seconds since 1970 (UTC)");
}

static enum status keep_row(const struct call *call, const struct table *rows, int64_t i, bool *out, struct error *err) {
    struct value row = row_value(rows, i), answer;
    enum status status = interp_call(call->interp, arg(call, "where"), &row, 1, &answer, err);
    value_release(&row);
    if (status != OK) return status;
    status = value_truth(answer, out, err);
    value_release(&answer);
    return status;
}

/* where= of every row. *out: dataset_n truths, or NULL when there is no where=. */
static enum status keep_rows(const struct call *call, bool **out, struct error *err) {
    *out = NULL;
    if (arg_is_none(call, "where")) return OK;
    struct table *rows = dataset_interactions(ratings_of(call));
    bool *keep = xnew_array(bool, (size_t)rows->n_rows + 1);
    enum status status = OK;
    for (int64_t i = 0; status == OK && i < rows->n_rows; i++) {
        if (i % ROWS_PER_LOOK == 0) status = task_check(call->task, err);
        if (status == OK) status = keep_row(call, rows, i, &keep[i], err);
    }
    table_unref(rows);
    if (status == OK) *out = keep;
    else free(keep);
    return status;
}

enum status bi_filter(const struct call *call, struct value *out, struct error *err) {
    if (call->overload == 1) return filter_items(call, out, err);
    struct data_filter filter = {.min_user = arg_int(call, "min_user"), .min_item = arg_int(call, "min_item")};
    struct dataset *made;
    bool *keep;
    TRY(time_of(call, "since", &filter.since, &filter.has_since, err));
    TRY(time_of(call, "until", &filter.until, &filter.has_until, err));
    TRY(keep_rows(call, &keep, err));
    const enum status status = dataset_filter(ratings_of(call), &filter, keep, &made, err);
    free(keep);
    if (status == OK) *out = value_dataset(made);
    return status;
}

/* --- join --- */

enum status bi_join(const struct call *call, struct value *out, struct error *err) {
    struct dataset *made;
    if (call->overload == 1) return join_tables(call, arg_data(call, "left", &type_table), arg_data(call, "right", &type_table), out, err);
    const bool of_users = strcmp(arg_str(call, "on"), "user") == 0;
    const enum status status = dataset_join(ratings_of(call), arg_data(call, "table", &type_table), of_users, &made, err);
    if (status != OK) return err_about(err, "table");
    *out = value_dataset(made);
    return OK;
}
