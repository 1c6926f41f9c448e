/* The folders of GroupLens: 100K (u.data …), 1M and 10M (*.dat, "::"). The
 * later ones are CSV: movielens_csv.c. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/dataset_parts.h"
#include "runtime/data/layouts.h"
#include "runtime/data/scan.h"
#include "runtime/data/side_rows.h"

/* --- ratings --- */

static enum status bad_rating(const struct scan *scan, const char *separator, struct error *err) {
    return err_set(err, ERR_DATA, "%s, line %lld: expected user%sitem%srating%stime, four numbers%s", scan->path, (long long)scan->line, separator,
                   separator, separator, separator[0] == '\t' ? " separated by tabs" : "");
}

static bool take_rating(struct slice line, const char *separator, size_t length, struct dataset_draft *draft, int64_t row) {
    double rating;
    if (!slice_take_int(&line, &draft->user_ids[row]) || !slice_take(&line, separator, length)) return false;
    if (!slice_take_int(&line, &draft->item_ids[row]) || !slice_take(&line, separator, length)) return false;
    if (!slice_take_decimal(&line, &rating) || !slice_take(&line, separator, length)) return false;
    draft->ratings[row] = (float)rating;
    return slice_take_int(&line, &draft->times[row]) && line.len == 0;
}

static enum status room_for_ratings(struct dataset_draft *draft, size_t n, struct error *err) {
    TRY(mem_try_array(n, "user ids", &draft->user_ids, err));
    TRY(mem_try_array(n, "item ids", &draft->item_ids, err));
    TRY(mem_try_array(n, "ratings", &draft->ratings, err));
    return mem_try_array(n, "times", &draft->times, err);
}

static enum status scan_ratings(struct scan *scan, const char *separator, struct dataset_draft *draft, struct error *err) {
    const size_t length = strlen(separator);
    enum status status = OK;
    struct slice line;
    while (scan_line(scan, &line, &status, err)) {
        if (line.len == 0) continue;
        if (!take_rating(line, separator, length, draft, draft->n_events)) return bad_rating(scan, separator, err);
        draft->n_events++;
    }
    return status;
}

enum status read_ratings(struct task *task, const char *path, const char *separator, struct dataset_draft *draft, struct error *err) {
    struct file_map map;
    TRY(file_map_open(path, &map, err));
    enum status status = room_for_ratings(draft, (size_t)scan_count_lines(&map), err);
    if (status == OK) {
        struct scan scan = scan_begin(task, &map, path);
        task_begin(task, "load", "byte", (int64_t)map.len);
        status = scan_ratings(&scan, separator, draft, err);
        task_end(task, status == ERR_INTERRUPTED);
    }
    file_map_close(&map);
    return status;
}

/* --- 100K --- */

#define ML100K_FIELDS 24 /* id, title, date, video date, URL, 19 genres */
#define ML100K_GENRES 19

static void genre_flags(struct table *table, const struct rows *items, const struct rows *genres) {
    int64_t n = 0;
    for (int64_t i = 0; i < items->n_rows; i++)
        for (int g = 0; g < ML100K_GENRES; g++) n += cell(items, i, 5 + g)[0] == '1';
    struct column *column = table_add_lists(table, "genres", COL_STRS, n);
    n = 0;
    for (int64_t i = 0; i < items->n_rows; i++) {
        for (int g = 0; g < ML100K_GENRES; g++)
            if (cell(items, i, 5 + g)[0] == '1') column->u.lists.strs[n++] = xstrdup(cell(genres, g, 0));
        column->u.lists.starts[i + 1] = n;
    }
}

static enum status ml100k_items(const char *folder, struct table **out, struct error *err) {
    struct rows items, genres;
    TRY(read_rows(folder, "u.item", "|", ML100K_FIELDS, &items, err));
    enum status status = read_rows(folder, "u.genre", "|", 2, &genres, err);
    if (status == OK) {
        struct table *table = table_new(items.n_rows);
        if (genres.n_rows != ML100K_GENRES)
            status = err_set(err, ERR_DATA, "%s: expected %d genres, got %lld", genres.path, ML100K_GENRES, (long long)genres.n_rows);
        if (status == OK) status = ids_column(table, "item", &items, err);
        if (status == OK) {
            text_column(table, "title", &items, 1);
            text_column(table, "date", &items, 2);
            genre_flags(table, &items, &genres);
            *out = table;
        } else {
            table_unref(table);
        }
        rows_release(&genres);
    }
    rows_release(&items);
    return status;
}

static enum status ml100k_users(const char *folder, struct table **out, struct error *err) {
    struct rows users;
    TRY(read_rows(folder, "u.user", "|", 5, &users, err));
    struct table *table = table_new(users.n_rows);
    const enum status status = ids_column(table, "user", &users, err);
    if (status == OK) {
        number_column(table, "age", &users, 1);
        text_column(table, "gender", &users, 2);
        text_column(table, "occupation", &users, 3);
        text_column(table, "zip", &users, 4);
        *out = table;
    } else {
        table_unref(table);
    }
    rows_release(&users);
    return status;
}

static enum status load_ml100k(struct task *task, const char *folder, const char *name, const char *licence, struct dataset **out,
                               struct error *err) {
    struct dataset_draft draft = {.name = name, .origin = folder, .licence = licence, .is_explicit = true, .task = task};
    char *path = path_join(folder, "u.data");
    enum status status = read_ratings(task, path, "\t", &draft, err);
    free(path);
    if (status == OK) status = ml100k_items(folder, &draft.item_table, err);
    if (status == OK) status = ml100k_users(folder, &draft.user_table, err);
    TRY(draft_finish(status, &draft, out, err));
    dataset_set_published(*out, &published_ml100k);
    return OK;
}

static const char *const ml100k_files[] = {"u.data", "u.item", "u.user", "u.genre", NULL};
const struct layout layout_ml100k = {"MovieLens 100K", ml100k_files, load_ml100k};

/* --- 1M and 10M --- */

static const char *const occupations[] = {"other",
                                          "academic/educator",
                                          "artist",
                                          "clerical/admin",
                                          "college/grad student",
                                          "customer service",
                                          "doctor/health care",
                                          "executive/managerial",
                                          "farmer",
                                          "homemaker",
                                          "K-12 student",
                                          "lawyer",
                                          "programmer",
                                          "retired",
                                          "sales/marketing",
                                          "scientist",
                                          "self-employed",
                                          "technician/engineer",
                                          "tradesman/craftsman",
                                          "unemployed",
                                          "writer"};
#define N_OCCUPATIONS ((int64_t)(sizeof occupations / sizeof *occupations))

static void occupation_column(struct table *table, const struct rows *rows, int field) {
    char **names = table_add_strs(table, "occupation");
    for (int64_t i = 0; i < rows->n_rows; i++) {
        int64_t code;
        const char *text = cell(rows, i, field);
        const bool known = parse_int64(slice_of(text), &code) && code >= 0 && code < N_OCCUPATIONS;
        names[i] = xstrdup(known ? occupations[code] : text);
    }
}

static enum status dat_users(const char *folder, struct table **out, struct error *err) {
    struct rows users;
    TRY(read_rows(folder, "users.dat", "::", 5, &users, err));
    struct table *table = table_new(users.n_rows);
    const enum status status = ids_column(table, "user", &users, err);
    if (status == OK) {
        number_column(table, "age", &users, 2);
        text_column(table, "gender", &users, 1);
        occupation_column(table, &users, 3);
        text_column(table, "zip", &users, 4);
        *out = table;
    } else {
        table_unref(table);
    }
    rows_release(&users);
    return status;
}

static bool has_file(const char *folder, const char *file) {
    char *path = path_join(folder, file);
    const bool there = file_exists(path);
    free(path);
    return there;
}

enum status movielens_dat_tables(const char *folder, struct dataset_draft *draft, struct error *err) {
    struct rows items;
    TRY(read_rows(folder, "movies.dat", "::", 3, &items, err));
    TRY(items_table(&items, &draft->item_table, err));
    return has_file(folder, "users.dat") ? dat_users(folder, &draft->user_table, err) : OK; /* 10M has none */
}

static enum status load_dat(struct task *task, const char *folder, const char *name, const char *licence, struct dataset **out, struct error *err) {
    struct dataset_draft draft = {.name = name, .origin = folder, .licence = licence, .is_explicit = true, .task = task};
    char *path = path_join(folder, "ratings.dat");
    enum status status = read_ratings(task, path, "::", &draft, err);
    free(path);
    if (status == OK) status = movielens_dat_tables(folder, &draft, err);
    return draft_finish(status, &draft, out, err);
}

static const char *const dat_files[] = {"ratings.dat", "movies.dat", NULL};
const struct layout layout_movielens_dat = {"MovieLens 1M or 10M", dat_files, load_dat};
