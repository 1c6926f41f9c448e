/* sql(): a query over what the session has. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "kernel/builtins/data_rows.h"
#include "kernel/lang/source.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/query.h"

typedef VEC(struct query_source) sources_vec;

static void add_source(void *ctx, const char *name, struct value value) {
    sources_vec *sources = ctx;
    const struct query_source source = {name, value_data(value, &type_table), value_data(value, &type_dataset)};
    if (source.table || source.dataset) vec_push(sources, source);
}

/* --- parameters and files --- */

static enum status cell_of(struct value value, struct database_cell *out, struct error *err) {
    *out = (struct database_cell){.kind = COLUMN_NULL};
    switch (value.kind) {
    case VAL_NONE: return OK;
    case VAL_BOOL: *out = (struct database_cell){.kind = COLUMN_INT, .whole = value.u.b}; return OK;
    case VAL_INT: *out = (struct database_cell){.kind = COLUMN_INT, .whole = value.u.i}; return OK;
    case VAL_FLOAT: *out = (struct database_cell){.kind = COLUMN_DOUBLE, .real = value.u.f}; return OK;
    case VAL_STR: *out = (struct database_cell){.kind = COLUMN_TEXT, .text = value_text(value)}; return OK;
    default:
        err_set(err, ERR_TYPE, "a parameter is a number, a str or None, not %s", value_type_name(value));
        return err_hint(err, "a ? stands for one value; many are asked for by a join with a Table of them");
    }
}

static enum status cells_of(const struct call *call, struct database_cell **out_owned, size_t *out_n, struct error *err) {
    const struct value given = arg(call, "params");
    struct database_cell *cells = xnew_array(struct database_cell, seq_len(given) + 1);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < seq_len(given); i++) status = cell_of(seq_item(given, i), &cells[i], err);
    if (status != OK) {
        free(cells);
        return err_about(err, "params");
    }
    *out_owned = cells;
    *out_n = seq_len(given);
    return OK;
}

static struct query_file *files_of(struct value named) {
    struct query_file *files = xnew_array(struct query_file, dict_len(named) + 1);
    for (size_t i = 0; i < dict_len(named); i++)
        files[i] = (struct query_file){value_text(dict_key(named, i)).data, path_expand(value_text(dict_value(named, i)).data)};
    return files;
}

static void files_free(struct query_file *files, size_t n) {
    for (size_t i = 0; i < n; i++) free((char *)(uintptr_t)files[i].path);
    free(files);
}

static enum status own_name(const char *name, struct error *err) {
    arg_error(name, err, ERR_VALUE, "`%s` is a name of SQLite's own", name);
    return err_hint(err, "give the file another: shop=\"shop.sqlite\"");
}

static enum status no_file(const struct query_file *file, struct error *err) {
    arg_error(file->name, err, ERR_FILE, "there is no file \"%s\"", file->path);
    return err_hint(err, "paths begin at the folder that the notebook runs in");
}

static enum status no_regular_file(const struct query_file *file, struct error *err) {
    arg_error(file->name, err, ERR_FILE, "`%s` is not a regular file", file->path);
    return err_hint(err, "an SQLite file is wanted: shop=\"shop.sqlite\"");
}

static enum status check_files(const struct query *query, struct error *err) {
    static const char *const own[] = {"main", "temp"};
    for (size_t i = 0; i < query->n_files; i++) {
        for (int k = 0; k < 2; k++)
            if (strcasecmp(query->files[i].name, own[k]) == 0) return own_name(query->files[i].name, err);
        if (!file_exists(query->files[i].path)) return no_file(&query->files[i], err);
        struct stat info; /* opening a pipe would wait forever */
        if (stat(query->files[i].path, &info) == 0 && !S_ISREG(info.st_mode)) return no_regular_file(&query->files[i], err);
    }
    return OK;
}

/* --- where an error is --- */

static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80); }

/* The word at the offset of the query, when the cell holds the query as it is (no escapes, in one piece). */
static void place_in_query(const struct call *call, const char *sql, int offset, struct error *err) {
    struct source *source = call->interp->source;
    const struct span here = call->interp->here;
    const size_t length = strlen(sql);
    if (offset < 0 || (size_t)offset >= length || !source || here.end > source->text.len || here.start > here.end) return;
    const char *cell = source->text.data + here.start, *found = memmem(cell, here.end - here.start, sql, length);
    if (!found) return;
    size_t end = (size_t)offset + 1;
    while (is_word(sql[offset]) && end < length && is_word(sql[end])) end++;
    const uint32_t start = (uint32_t)(found - source->text.data);
    error_place(err, source, (struct span){start + (uint32_t)offset, start + (uint32_t)end});
}

enum status bi_sql(const struct call *call, struct value *out, struct error *err) {
    sources_vec sources = {0};
    struct database_cell *cells = NULL;
    struct query query = {.sql = arg_str(call, "query"), .n_files = dict_len(arg(call, "files"))};
    struct table *table;
    int offset = -1;
    TRY(cells_of(call, &cells, &query.n_parameters, err));
    interp_each_visible(call->interp, add_source, &sources);
    query.sources = sources.data;
    query.n_sources = sources.len;
    query.parameters = cells;
    struct query_file *files = files_of(arg(call, "files"));
    query.files = files;
    enum status status = check_files(&query, err);
    if (status == OK) status = query_run(call->task, &query, &table, &offset, err);
    if (status != OK) place_in_query(call, query.sql, offset, err);
    files_free(files, query.n_files);
    vec_release(&sources);
    free(cells);
    if (status != OK) return err_about(err, "query");
    *out = value_table(table);
    return OK;
}
