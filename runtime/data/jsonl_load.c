/* JSON Lines: an object a line, its keys are the columns. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv.h"
#include "runtime/data/draft_rows.h"
#include "runtime/data/table_text.h"

/* --- the lines --- */

static bool is_blank(struct slice line) {
    while (line.len && (line.data[0] == ' ' || line.data[0] == '\t' || line.data[0] == '\r')) line.data++, line.len--;
    return line.len == 0;
}

#define JSON_PLACE "(line 1, "

/* why ends with "(line 1, column 8)": the line is the file's here. */
static enum status no_json(const struct scan *scan, const char *why, struct error *err) {
    const char *place = strrchr(why, '(');
    if (!place || strncmp(place, JSON_PLACE, strlen(JSON_PLACE)) != 0)
        return err_set(err, ERR_DATA, "%s, line %lld: %s", scan->path, (long long)scan->line, why);
    return err_set(err, ERR_DATA, "%s, line %lld: %.*s(%s", scan->path, (long long)scan->line, (int)(place - why), why, place + strlen(JSON_PLACE));
}

static enum status no_object(const struct scan *scan, const char *got, struct error *err) {
    return err_set(err, ERR_DATA, "%s, line %lld: expected a JSON object, got %s", scan->path, (long long)scan->line, got);
}

/* The next object, owned; NULL at the end or with *out_status. */
static json_t *next_object(struct scan *scan, enum status *out_status, struct error *err) {
    struct slice line = {0};
    do {
        if (!scan_line(scan, &line, out_status, err)) return NULL;
    } while (is_blank(line));
    struct error why = ERROR_INIT;
    json_t *json = NULL;
    if (json_parse(line, &json, &why) != OK) {
        *out_status = no_json(scan, why.message, err);
    } else if (!json_is_object(json)) {
        *out_status = no_object(scan, json_is_array(json) ? "a list" : "a single value", err);
        json_decref(json);
        json = NULL;
    }
    if (!json) err_hint(err, "a line looks like {\"user\": 196, \"item\": 242, \"rating\": 3, \"time\": 881250949}");
    return json;
}

enum status jsonl_each(struct task *task, const char *path, jsonl_fn on_object, void *ctx, struct error *err) {
    struct file_map map;
    TRY(file_map_open(path, &map, err));
    struct scan scan = scan_begin(task, &map, path);
    enum status status = OK;
    task_begin(task, "load", "byte", (int64_t)map.len);
    for (json_t *object; status == OK && (object = next_object(&scan, &status, err)) != NULL; json_decref(object))
        status = on_object(ctx, scan.line, object, err);
    task_end(task, status == ERR_INTERRUPTED);
    file_map_close(&map);
    return status;
}

/* --- the cells --- */

static enum status no_cell(const struct draft_rows *rows, int64_t line, enum role role, const json_t *value, struct error *err) {
    return err_set(err, ERR_DATA, "%s, line %lld, key `%s`: expected a number or a text, got %s", rows->path, (long long)line, rows->columns[role],
                   json_is_array(value)    ? "a list"
                   : json_is_object(value) ? "an object"
                                           : "a truth value");
}

/* A value as the text that a delimited file would hold. */
static bool cell_of(const json_t *value, struct buf *scratch, struct slice *out) {
    buf_clear(scratch);
    if (json_is_integer(value)) buf_addf(scratch, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value)) buf_add_double(scratch, json_real_value(value));
    else if (json_is_string(value)) buf_add(scratch, json_string_value(value), json_string_length(value));
    else if (value && !json_is_null(value)) return false;
    *out = (struct slice){buf_text(scratch), scratch->len};
    return true;
}

static enum status add_object(struct draft_rows *rows, int64_t line, const json_t *object, struct buf scratch[N_ROLES], struct error *err) {
    struct slice cells[N_ROLES] = {{0}};
    for (int r = 0; r < N_ROLES; r++) {
        if (!rows->columns[r]) continue;
        const json_t *value = json_object_get(object, rows->columns[r]);
        if (!cell_of(value, &scratch[r], &cells[r])) return no_cell(rows, line, (enum role)r, value, err);
    }
    return draft_rows_add(rows, line, cells, err);
}

/* The next object whose line is good, owned; NULL at the end or with *out_status. Bad lines are taken note of. */
static json_t *next_good(struct scan *scan, struct bad_rows *bad, enum status *out_status, struct error *err) {
    for (;;) {
        json_t *object = next_object(scan, out_status, err);
        if (object || !is_bad_row(*out_status)) return object;
        bad_rows_take(bad, scan->line, err);
        *out_status = OK;
    }
}

static enum status add_objects(struct scan *scan, json_t *first, struct draft_rows *rows, struct error *err) {
    struct buf scratch[N_ROLES] = {{0}};
    enum status status = OK;
    for (json_t *object = json_incref(first); object; object = next_good(scan, &rows->bad, &status, err)) {
        status = add_object(rows, scan->line, object, scratch, err);
        json_decref(object);
        if (is_bad_row(status)) bad_rows_take(&rows->bad, scan->line, err);
        else if (status != OK) break;
        status = OK;
    }
    for (int r = 0; r < N_ROLES; r++) buf_release(&scratch[r]);
    return status;
}

/* --- the whole --- */

/* Columns of the first object's keys; the names stay the object's. */
static enum status columns_of(const struct load_request *request, const char *path, json_t *first, const char *out[N_ROLES], struct error *err) {
    const int n_keys = (int)json_object_size(first);
    char **keys = xnew_array(char *, (size_t)n_keys + 1);
    const char *key;
    json_t *value;
    int columns[N_ROLES], i = 0;
    json_object_foreach(first, key, value) keys[i++] = (char *)(uintptr_t)key;
    const enum status status = role_columns(request, path, keys, n_keys, true, columns, err);
    for (int r = 0; status == OK && r < N_ROLES; r++) out[r] = columns[r] >= 0 ? keys[columns[r]] : NULL;
    free(keys);
    return status;
}

static enum status nothing_good(struct draft_rows *rows, const char *path, const struct load_request *request, struct error *err) {
    rows->path = path;
    if (rows->bad.n && !request->skip_bad) return OK; /* draft_rows_end says it */
    return err_set(err, ERR_DATA, rows->bad.n ? "%s holds no good row" : "%s is empty", path);
}

static enum status draft_of(struct task *task, const struct load_request *request, struct scan *scan, int64_t n_lines, struct dataset_draft *draft,
                            struct error *err) {
    const char *columns[N_ROLES];
    struct draft_rows rows = {.draft = draft};
    enum status status = OK;
    json_t *first = next_good(scan, &rows.bad, &status, err);
    if (first) status = columns_of(request, scan->path, first, columns, err);
    if (first && status == OK) status = draft_rows_begin(&rows, draft, n_lines, true, scan->path, columns, err);
    if (first && status == OK) status = add_objects(scan, first, &rows, err);
    if (!first && status == OK) status = nothing_good(&rows, scan->path, request, err);
    status = draft_rows_end(task, status, &rows, request, err);
    json_decref(first);
    return status;
}

enum status jsonl_draft(struct task *task, const struct load_request *request, const char *path, struct dataset_draft *draft, struct error *err) {
    struct file_map map;
    TRY(check_duplicates(request->duplicates, err));
    TRY(file_map_open(path, &map, err));
    struct scan scan = scan_begin(task, &map, path);
    task_begin(task, "load", "byte", (int64_t)map.len);
    const enum status status = draft_of(task, request, &scan, scan_count_lines(&map), draft, err);
    task_end(task, status == ERR_INTERRUPTED);
    file_map_close(&map);
    return status;
}
