/* Delimited text read whole, as text. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv.h"

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
