/* The later MovieLens folders: ratings.csv, movies.csv. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv.h"
#include "runtime/data/layouts.h"
#include "runtime/data/side_rows.h"

static enum status csv_items(struct task *task, const char *folder, struct table **out, struct error *err) {
    struct csv_text movies = {0};
    const struct csv_hints hints = {.separator = ",", .has_header = true, .header_given = true};
    char *path = path_join(folder, "movies.csv");
    enum status status = csv_read(task, path, &hints, &movies, err);
    if (status == OK && movies.n_columns != 3)
        status = err_set(err, ERR_DATA, "%s: expected the columns movieId, title and genres, got %d columns", path, movies.n_columns);
    if (status == OK) {
        struct rows rows = {.n_rows = movies.n_rows, .n_fields = 3, .path = xstrdup(path)};
        csv_take_cells(&movies, &rows.room, &rows.cells, &rows.lines);
        status = items_table(&rows, out, err);
    }
    csv_release(&movies);
    free(path);
    return status;
}

static enum status load_movielens_csv(struct task *task, const char *folder, const char *name, const char *licence, struct dataset **out,
                                      struct error *err) {
    struct dataset_draft draft = {.name = name, .origin = folder, .licence = licence, .is_explicit = true, .task = task};
    char *path = path_join(folder, "ratings.csv");
    const struct load_request columns = {.user = "userId", .item = "movieId", .rating = "rating", .time = "timestamp", .duplicates = "error"};
    enum status status = csv_draft(task, &columns, path, &draft, err);
    free(path);
    if (status == OK) status = csv_items(task, folder, &draft.item_table, err);
    return draft_finish(status, &draft, out, err);
}

static const char *const csv_files[] = {"ratings.csv", "movies.csv", NULL};
const struct layout layout_movielens_csv = {"MovieLens as CSV", csv_files, load_movielens_csv};
