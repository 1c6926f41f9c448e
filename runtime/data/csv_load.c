/* Delimited text read whole: as interactions, or as text. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/csv.h"
#include "runtime/data/draft_rows.h"

/* --- interactions --- */

/* A field as its bytes, except where something has to change: numbers never do. */
static struct slice cell_of(const struct csv_field *field, struct buf *scratch) {
    struct slice text = field->text;
    bool plain = !field->doubled;
    for (size_t i = 0; plain && i < text.len; i++) plain = (unsigned char)text.data[i] < 128;
    if (!plain) text = csv_field_text(field, scratch);
    if (field->quoted) return text;
    while (text.len && text.data[0] == ' ') text.data++, text.len--;
    while (text.len && text.data[text.len - 1] == ' ') text.len--;
    return text;
}

static enum status add_records(struct csv *csv, const int columns[N_ROLES], struct draft_rows *rows, struct error *err) {
    struct buf scratch[N_ROLES] = {{0}};
    enum status status = OK;
    while (status == OK && csv_next(csv, &status, err)) {
        struct slice cells[N_ROLES] = {{0}};
        for (int r = 0; r < N_ROLES; r++)
            if (columns[r] >= 0) cells[r] = cell_of(&csv->fields[columns[r]], &scratch[r]);
        status = draft_rows_add(rows, csv->line, cells, err);
    }
    for (int r = 0; r < N_ROLES; r++) buf_release(&scratch[r]);
    return status;
}

static enum status draft_of(struct task *task, const struct load_request *request, struct csv *csv, struct dataset_draft *draft, struct error *err) {
    int columns[N_ROLES];
    const char *names[N_ROLES] = {NULL};
    struct draft_rows rows;
    TRY(role_columns(request, csv->scan.path, csv->names, csv->n_columns, csv->format.has_header, columns, err));
    for (int r = 0; r < N_ROLES; r++)
        if (columns[r] >= 0) names[r] = csv->names[columns[r]];
    enum status status = draft_rows_begin(&rows, draft, csv_count(csv), csv->scan.path, names, err);
    if (status == OK) status = add_records(csv, columns, &rows, err);
    return draft_rows_end(task, status, &rows, request->duplicates, err);
}

static bool is_whole(const char *text) {
    int64_t number;
    return !text || parse_int64(slice_of(text), &number);
}

enum status csv_draft(struct task *task, const struct load_request *request, const char *path, struct dataset_draft *draft, struct error *err) {
    const bool numbers = is_whole(request->user) && is_whole(request->item) && is_whole(request->rating) && is_whole(request->time);
    const struct csv_hints hints = {
        .separator = request->separator, .has_header = request->has_header, .header_given = request->header_given, .names_given = !numbers};
    struct csv csv;
    TRY(check_duplicates(request->duplicates, err));
    TRY(csv_open(task, path, &hints, &csv, err));
    task_begin(task, "load", "byte", (int64_t)csv.map.len);
    const enum status status = draft_of(task, request, &csv, draft, err);
    task_end(task, status == ERR_INTERRUPTED);
    csv_close(&csv);
    return status;
}

/* --- as text --- */

static enum status read_cells(struct csv *csv, struct csv_text *out, struct error *err) {
    struct buf scratch = BUF_INIT;
    enum status status = OK;
    const size_t n_columns = (size_t)csv->n_columns;
    TRY(mem_try((size_t)csv_count(csv), n_columns * sizeof *out->cells, "the file's fields", (void **)&out->cells, err));
    out->n_columns = csv->n_columns;
    TRY(mem_try_array((size_t)csv_count(csv), "the file's lines", &out->lines, err));
    while (csv_next(csv, &status, err)) {
        char **row = &out->cells[(size_t)out->n_rows * n_columns];
        out->lines[out->n_rows++] = csv->line;
        for (size_t i = 0; i < n_columns; i++) {
            const struct slice text = csv_field_text(&csv->fields[i], &scratch);
            row[i] = arena_strndup(&out->room, text.data, text.len);
        }
    }
    buf_release(&scratch);
    return status;
}

enum status csv_read(struct task *task, const char *path, const struct csv_hints *hints, struct csv_text *out, struct error *err) {
    struct csv csv;
    struct csv_text text = {0};
    TRY(csv_open(task, path, hints, &csv, err));
    task_begin(task, "load", "byte", (int64_t)csv.map.len);
    enum status status = read_cells(&csv, &text, err);
    task_end(task, status == ERR_INTERRUPTED);
    text.names = csv.names;
    text.n_columns = csv.n_columns;
    csv.names = NULL;
    csv.n_columns = 0;
    csv_close(&csv);
    if (status == OK) *out = text;
    else csv_release(&text);
    return status;
}

void csv_take_cells(struct csv_text *text, struct arena *out_room, char ***out_cells, int64_t **out_lines) {
    *out_room = text->room;
    *out_cells = text->cells;
    *out_lines = text->lines;
    text->room = ARENA_INIT;
    text->cells = NULL;
    text->lines = NULL;
}

void csv_release(struct csv_text *text) {
    arena_release(&text->room);
    for (int i = 0; text->names && i < text->n_columns; i++) free(text->names[i]);
    mem_free(text->cells);
    mem_free(text->lines);
    free(text->names);
    *text = (struct csv_text){0};
}
