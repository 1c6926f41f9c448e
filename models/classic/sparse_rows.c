#include "models/classic/sparse_rows.h"

#include <math.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/dataset_file.h"

enum { ENTRIES_BETWEEN_CHECKS = 1 << 16, USERS_BETWEEN_CHECKS = 256 };

enum status sparse_rows_new(int64_t n, int64_t n_columns, int64_t n_entries, struct sparse_rows *out, struct error *err) {
    *out = (struct sparse_rows){.n = n, .n_columns = n_columns};
    TRY(mem_try_array((size_t)n + 1, "sparse rows", &out->starts, err));
    TRY(mem_try_array((size_t)n_entries + 1, "sparse rows", &out->columns, err));
    return mem_try_array((size_t)n_entries + 1, "sparse rows", &out->values, err);
}

void sparse_rows_release(struct sparse_rows *rows) {
    mem_free(rows->starts);
    mem_free(rows->columns);
    mem_free(rows->values);
    *rows = (struct sparse_rows){0};
}

int64_t sparse_rows_bytes(const struct sparse_rows *rows) {
    if (!rows->starts) return 0;
    return (rows->n + 1) * (int64_t)sizeof(int64_t) + sparse_rows_n(rows) * (int64_t)(sizeof(int32_t) + sizeof(float));
}

/* Rows are visited in order, so they ascend within a column. starts[c + 1] counts column c, then is where its next entry goes. */
static enum status fill_turned(struct task *task, const struct sparse_rows *rows, struct sparse_rows *out, struct error *err) {
    int64_t *starts = out->starts, sum = 0;
    for (int64_t e = 0; e < sparse_rows_n(rows); e++) {
        if (e % ENTRIES_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        starts[rows->columns[e] + 1]++;
    }
    for (int64_t c = 0; c < out->n; c++) {
        const int64_t length = starts[c + 1];
        starts[c + 1] = sum;
        sum += length;
    }
    for (int64_t r = 0, e = 0; r < rows->n; r++)
        for (; e < rows->starts[r + 1]; e++) {
            if (e % ENTRIES_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
            const int64_t to = starts[rows->columns[e] + 1]++;
            out->columns[to] = (int32_t)r;
            out->values[to] = rows->values[e];
        }
    return OK;
}

enum status sparse_rows_turn(struct task *task, const struct sparse_rows *rows, struct sparse_rows *out, struct error *err) {
    enum status status = sparse_rows_new(rows->n_columns, rows->n, sparse_rows_n(rows), out, err);
    if (status == OK) status = fill_turned(task, rows, out, err);
    if (status != OK) sparse_rows_release(out);
    return status;
}

/* --- what a model was fitted on --- */

/* One user's fitted rows, each pair once. Returns how many. */
static int64_t merge_user(struct seen_row seen, bool means, int32_t *items, float *values) {
    int64_t n = 0;
    for (int64_t i = 0; i < seen.n;) {
        const int32_t item = seen.items[i];
        double sum = 0, count = 0;
        for (; i < seen.n && seen.items[i] == item; i++)
            if (!isnan(seen.ratings[i])) sum += (double)seen.ratings[i], count++;
        if (count == 0) continue;
        items[n] = item;
        values[n++] = (float)(means ? sum / count : sum);
    }
    return n;
}

static enum status fill_fitted(struct task *task, const struct model *model, struct sparse_rows *out, struct error *err) {
    for (int64_t u = 0; u < out->n; u++) {
        const int64_t to = out->starts[u];
        const struct seen_row seen = model_seen(model, (int32_t)u);
        if (u % USERS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        out->starts[u + 1] = to + merge_user(seen, model->is_explicit, out->columns + to, out->values + to);
    }
    return OK;
}

enum status sparse_rows_fitted(struct task *task, const struct model *model, struct sparse_rows *out, struct error *err) {
    const int64_t n_users = model->catalog->n_users;
    enum status status = sparse_rows_new(n_users, model->catalog->n_items, model->seen_starts[n_users], out, err);
    if (status == OK) status = fill_fitted(task, model, out, err);
    if (status != OK) sparse_rows_release(out);
    return status;
}

/* --- files --- */

enum status sparse_rows_save(const struct sparse_rows *rows, struct store_writer *writer, const char *name, struct error *err) {
    TRY(store_put(writer, section_name(name, "starts").text, STORE_I64, rows->starts, rows->n + 1, err));
    TRY(store_put(writer, section_name(name, "columns").text, STORE_I32, rows->columns, sparse_rows_n(rows), err));
    return store_put(writer, section_name(name, "values").text, STORE_F32, rows->values, sparse_rows_n(rows), err);
}

static enum status check(const struct sparse_rows *rows, int64_t n, const char *name, struct error *err) {
    bool good = rows->starts[0] == 0 && rows->starts[rows->n] == n;
    for (int64_t r = 0; good && r < rows->n; r++) good = rows->starts[r] <= rows->starts[r + 1] && rows->starts[r + 1] <= n;
    for (int64_t r = 0; good && r < rows->n; r++)
        for (int64_t e = rows->starts[r]; good && e < rows->starts[r + 1]; e++) {
            TRY(task_look((size_t)e, err));
            good = rows->columns[e] >= 0 && rows->columns[e] < rows->n_columns && (e == rows->starts[r] || rows->columns[e] > rows->columns[e - 1]);
        }
    return good ? OK : err_set(err, ERR_DATA, "the file is damaged: the sections `%s` don't fit together", name);
}

static enum status load(struct store_reader *reader, const char *name, int64_t n, int64_t n_columns, struct sparse_rows *out, struct error *err) {
    const void *starts, *columns, *values;
    int64_t n_starts, n_entries;
    TRY(store_get(reader, section_name(name, "starts").text, STORE_I64, n < 0 ? -1 : n + 1, &starts, &n_starts, err));
    if (n_starts < 1) return err_set(err, ERR_DATA, "the file is damaged: `%s/starts` is empty", name);
    TRY(store_get(reader, section_name(name, "columns").text, STORE_I32, -1, &columns, &n_entries, err));
    TRY(store_get(reader, section_name(name, "values").text, STORE_F32, n_entries, &values, &n_entries, err));
    TRY(sparse_rows_new(n_starts - 1, n_columns, n_entries, out, err));
    memcpy(out->starts, starts, (size_t)n_starts * sizeof *out->starts);
    if (n_entries) memcpy(out->columns, columns, (size_t)n_entries * sizeof *out->columns);
    if (n_entries) memcpy(out->values, values, (size_t)n_entries * sizeof *out->values);
    return check(out, n_entries, name, err);
}

enum status sparse_rows_load(struct store_reader *reader, const char *name, int64_t n, int64_t n_columns, struct sparse_rows *out,
                             struct error *err) {
    *out = (struct sparse_rows){0};
    const enum status status = load(reader, name, n, n_columns, out, err);
    if (status != OK) sparse_rows_release(out);
    return status;
}
