#include "runtime/data/side_rows.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/dataset_parts.h"
#include "runtime/data/scan.h"

void rows_release(struct rows *rows) {
    arena_release(&rows->room);
    free(rows->cells);
    free(rows->lines);
    free(rows->path);
}

static char *as_utf8(struct arena *room, struct slice field) {
    if (utf8_valid(field)) return arena_strndup(room, field.data, field.len);
    char *text = latin1_to_utf8(field), *kept = arena_strndup(room, text, strlen(text));
    free(text);
    return kept;
}

static bool take_fields(struct slice line, const char *separator, int n_fields, struct arena *room, char **cells) {
    const size_t length = strlen(separator);
    for (int i = 0; i < n_fields; i++) {
        if (i > 0 && line.data == NULL) return false;
        const struct slice rest = line, field = slice_field(&line, separator, length);
        if (i + 1 < n_fields && rest.len == field.len) line.data = NULL; /* no separator was left */
        cells[i] = as_utf8(room, field);
    }
    return true;
}

static enum status scan_rows(struct scan *scan, const char *separator, struct rows *rows, struct error *err) {
    enum status status = OK;
    struct slice line;
    while (scan_line(scan, &line, &status, err)) {
        if (line.len == 0) continue;
        rows->lines[rows->n_rows++] = scan->line;
        if (!take_fields(line, separator, rows->n_fields, &rows->room, &rows->cells[(rows->n_rows - 1) * rows->n_fields]))
            return err_set(err, ERR_DATA, "%s, line %lld: expected %d fields separated by %s", scan->path, (long long)scan->line, rows->n_fields,
                           separator);
    }
    return status;
}

enum status read_rows(const char *folder, const char *file, const char *separator, int n_fields, struct rows *out, struct error *err) {
    struct file_map map;
    char *path = path_join(folder, file);
    enum status status = file_map_open(path, &map, err);
    if (status == OK) {
        struct rows rows = {.n_fields = n_fields};
        struct scan scan = scan_begin(NULL, &map, path);
        const size_t n_lines = (size_t)scan_count_lines(&map);
        rows.path = xstrdup(path);
        rows.lines = xnew_array(int64_t, n_lines + 1);
        rows.cells = xnew_array(char *, n_lines *(size_t)n_fields + 1);
        status = scan_rows(&scan, separator, &rows, err);
        file_map_close(&map);
        if (status == OK) *out = rows;
        else rows_release(&rows);
    }
    free(path);
    return status;
}

const char *cell(const struct rows *rows, int64_t row, int field) { return rows->cells[row * rows->n_fields + field]; }

enum status ids_column(struct table *table, const char *name, const struct rows *rows, struct error *err) {
    int64_t *ids = table_add_ints(table, name);
    for (int64_t i = 0; i < rows->n_rows; i++)
        if (!parse_int64(slice_of(cell(rows, i, 0)), &ids[i]))
            return err_set(err, ERR_DATA, "%s, line %lld: expected a whole number as the %s's id, got \"%s\"", rows->path, (long long)rows->lines[i],
                           name, cell(rows, i, 0));
    return OK;
}

void text_column(struct table *table, const char *name, const struct rows *rows, int field) {
    char **texts = table_add_strs(table, name);
    for (int64_t i = 0; i < rows->n_rows; i++)
        if (*cell(rows, i, field)) texts[i] = xstrdup(cell(rows, i, field));
}

void number_column(struct table *table, const char *name, const struct rows *rows, int field) {
    int64_t *numbers = table_add_ints(table, name);
    struct column *column = table_column(table, name);
    for (int64_t i = 0; i < rows->n_rows; i++)
        if (!parse_int64(slice_of(cell(rows, i, field)), &numbers[i])) table_set_null(column, rows->n_rows, i);
}

/* "Animation|Comedy" as a list; "(no genres listed)" as an empty one. */
static void genre_lists(struct table *table, const struct rows *items, int field) {
    VEC(char *) names = {0};
    int64_t *starts = xnew_array(int64_t, (size_t)items->n_rows + 1);
    for (int64_t i = 0; i < items->n_rows; i++) {
        struct slice rest = slice_of(cell(items, i, field));
        while (rest.len && rest.data[0] != '(') {
            const struct slice genre = slice_field(&rest, "|", 1);
            if (genre.len) vec_push(&names, xstrndup(genre.data, genre.len));
        }
        starts[i + 1] = (int64_t)names.len;
    }
    struct column *column = table_add_lists(table, "genres", COL_STRS, (int64_t)names.len);
    if (names.len) memcpy(column->u.lists.strs, names.data, names.len * sizeof *names.data);
    memcpy(column->u.lists.starts, starts, ((size_t)items->n_rows + 1) * sizeof *starts);
    free(starts);
    vec_release(&names);
}

enum status items_table(struct rows *items, struct table **out, struct error *err) {
    struct table *table = table_new(items->n_rows);
    const enum status status = ids_column(table, "item", items, err);
    if (status == OK) {
        text_column(table, "title", items, 1);
        genre_lists(table, items, 2);
        *out = table;
    } else {
        table_unref(table);
    }
    rows_release(items);
    return status;
}

/* Whatever the draft holds is given to the data set, or freed. */
enum status draft_finish(enum status status, struct dataset_draft *draft, struct dataset **out, struct error *err) {
    if (status == OK) return dataset_build(draft, out, err);
    draft_release(draft);
    return status;
}
