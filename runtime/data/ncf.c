/* The files of He et al. 2017 (neural collaborative filtering): MovieLens 1M as
 * implicit, each user's last row for testing among 99 negatives that they
 * published. Their items count from 0 in the order of MovieLens's ratings.dat,
 * their users are MovieLens's less one. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/data/archive.h"
#include "runtime/data/layouts.h"
#include "runtime/data/scan.h"
#include "runtime/data/side_rows.h"
#include "runtime/data/split_parts.h"

#define TRAIN_FILE "ml-1m.train.rating"
#define TEST_FILE "ml-1m.test.rating"
#define NEGATIVE_FILE "ml-1m.test.negative"
#define MAP_FILE "item_id_map.tsv"
#define ROWS_BETWEEN_LOOKS (1 << 16)

/* MovieLens's id of each of the files' items. movies NULL: everything keeps the files' own ids. */
struct ncf_ids {
    int64_t n, *movies;
};

static int64_t user_id(const struct ncf_ids *ids, int64_t own) { return ids->movies ? own + 1 : own; }

static bool item_id(const struct ncf_ids *ids, int64_t own, int64_t *out) {
    if (ids->movies && (own < 0 || own >= ids->n)) return false;
    *out = ids->movies ? ids->movies[own] : own;
    return true;
}

static enum status read_file(struct task *task, const char *folder, const char *file, const char *separator, struct dataset_draft *out,
                             struct error *err) {
    char *path = path_join(folder, file);
    const enum status status = read_ratings(task, path, separator, out, err);
    free(path);
    return status;
}

/* Where MovieLens 1M's files are; folder NULL: not here. */
struct movielens {
    char *folder;
    struct unpacked *unpacked; /* NULL: it is not of an archive */
};

static void movielens_release(struct movielens *movielens) {
    unpacked_unref(movielens->unpacked);
    free(movielens->folder);
}

static enum status movielens_find(struct task *task, struct movielens *out, struct error *err) {
    *out = (struct movielens){known_dataset_folder("ml-1m"), NULL};
    if (!out->folder || !is_archive(out->folder)) return OK;
    const enum status status = archive_unpack(task, out->folder, &out->unpacked, err);
    free(out->folder);
    out->folder = status == OK ? xstrdup(unpacked_folder(out->unpacked)) : NULL;
    return status;
}

/* --- ids by the map --- */

static enum status bad_map(const struct rows *rows, int64_t row, const char *what, struct error *err) {
    return err_set(err, ERR_DATA, "%s, line %lld: %s", rows->path, (long long)rows->lines[row], what);
}

static enum status take_map_row(const struct rows *rows, int64_t row, int64_t n, struct int_map *taken, int64_t *movies, struct error *err) {
    int64_t own, movie;
    if (!parse_int64(slice_of(cell(rows, row, 0)), &own) || !parse_int64(slice_of(cell(rows, row, 1)), &movie))
        return bad_map(rows, row, "expected an item of the files and its MovieLens id, two whole numbers", err);
    if (own < 0 || own >= n) return bad_map(rows, row, "the items must count from 0 without gaps", err);
    if (!int_map_put(taken, -1 - own, 0, false)) return bad_map(rows, row, "this item stands twice", err);
    if (!int_map_put(taken, movie, 0, false)) return bad_map(rows, row, "this MovieLens id stands twice", err);
    movies[own] = movie;
    return OK;
}

static enum status map_of_rows(const struct rows *rows, struct ncf_ids *out, struct error *err) {
    int64_t ignored;
    const int64_t header = rows->n_rows > 0 && !parse_int64(slice_of(cell(rows, 0, 0)), &ignored), n = rows->n_rows - header;
    struct int_map *taken = int_map_new((size_t)n * 2);
    enum status status = mem_try_array((size_t)n + 1, "item ids", &out->movies, err);
    for (int64_t i = 0; i < n && status == OK; i++) status = take_map_row(rows, i + header, n, taken, out->movies, err);
    out->n = n;
    int_map_free(taken);
    return status;
}

static enum status ids_by_map(const char *folder, struct ncf_ids *out, struct error *err) {
    struct rows rows;
    TRY(read_rows(folder, MAP_FILE, "\t", 2, &rows, err));
    const enum status status = map_of_rows(&rows, out, err);
    rows_release(&rows);
    return status;
}

/* --- ids by matching: an item is who rated it how when --- */

struct mark {
    uint64_t sum; /* over the item's rows, in any order */
    int64_t id;
    int64_t first; /* place among the items: in the files by id, in ratings.dat by first appearance, which is the same */
};

static int by_sum(const void *a, const void *b) {
    const struct mark *left = a, *right = b;
    if (left->sum != right->sum) return left->sum < right->sum ? -1 : 1;
    return (left->first > right->first) - (left->first < right->first);
}

/* Adds the rows' items to the marks; place_of: item → its mark. */
static enum status add_marks(struct task *task, const struct dataset_draft *rows, int64_t users_from, struct int_map *place_of, struct mark *marks,
                             int64_t most, bool *out_too_many, struct error *err) {
    for (int64_t i = 0; i < rows->n_events; i++) {
        const struct { int64_t user, time, rating; } row = {rows->user_ids[i] - users_from, rows->times[i], (int64_t)rows->ratings[i]};
        int64_t at = (int64_t)int_map_len(place_of);
        if (i % ROWS_BETWEEN_LOOKS == 0) TRY(task_check(task, err));
        if (!int_map_get(place_of, rows->item_ids[i], &at)) {
            if ((*out_too_many = at >= most)) return OK;
            int_map_put(place_of, rows->item_ids[i], at, false);
            marks[at] = (struct mark){0, rows->item_ids[i], at};
        }
        marks[at].sum += hash_bytes(&row, sizeof row, 0);
    }
    return OK;
}

static bool same_marks(struct mark *files, struct mark *movies, int64_t n) {
    for (int64_t i = 0; i < n; i++) files[i].first = files[i].id;
    qsort(files, (size_t)n, sizeof *files, by_sum);
    qsort(movies, (size_t)n, sizeof *movies, by_sum);
    for (int64_t i = 0; i < n; i++)
        if (files[i].sum != movies[i].sum || files[i].id < 0 || files[i].id >= n) return false;
    return true;
}

struct matching {
    const struct dataset_draft *train, *test;
    struct dataset_draft movielens;
    struct int_map *files_at, *movies_at;
    struct mark *files, *movies;
};

#define MOVIES_MAX (1 << 16)

static enum status match_rows(struct task *task, struct matching *match, struct ncf_ids *out, struct error *err) {
    bool too_many = false;
    TRY(mem_try_array(MOVIES_MAX, "items", &match->files, err));
    TRY(mem_try_array(MOVIES_MAX, "items", &match->movies, err));
    TRY(add_marks(task, match->train, 0, match->files_at, match->files, MOVIES_MAX, &too_many, err));
    if (!too_many) TRY(add_marks(task, match->test, 0, match->files_at, match->files, MOVIES_MAX, &too_many, err));
    if (!too_many) TRY(add_marks(task, &match->movielens, 1, match->movies_at, match->movies, MOVIES_MAX, &too_many, err));
    const int64_t n = (int64_t)int_map_len(match->files_at);
    if (too_many || n != (int64_t)int_map_len(match->movies_at) || !same_marks(match->files, match->movies, n)) return OK;
    TRY(mem_try_array((size_t)n + 1, "item ids", &out->movies, err));
    for (int64_t i = 0; i < n; i++) out->movies[match->files[i].id] = match->movies[i].id;
    out->n = n;
    return OK;
}

/* Nothing where the two don't hold the same rows. */
static enum status ids_by_matching(struct task *task, const char *movielens, const struct dataset_draft *train, const struct dataset_draft *test,
                                   struct ncf_ids *out, struct error *err) {
    struct matching match = {.train = train, .test = test, .files_at = int_map_new(0), .movies_at = int_map_new(0)};
    enum status status = read_file(task, movielens, "ratings.dat", "::", &match.movielens, err);
    if (status == OK) status = match_rows(task, &match, out, err);
    draft_release(&match.movielens);
    int_map_free(match.files_at);
    int_map_free(match.movies_at);
    mem_free(match.files);
    mem_free(match.movies);
    return status;
}

/* train NULL: it is read where it is needed. */
static enum status ids_without_map(struct task *task, const char *folder, const struct dataset_draft *train, const struct dataset_draft *test,
                                   struct ncf_ids *out, struct error *err) {
    struct movielens movielens;
    struct dataset_draft own = {0};
    TRY(movielens_find(task, &movielens, err));
    if (!movielens.folder) return OK;
    enum status status = train ? OK : read_file(task, folder, TRAIN_FILE, "\t", &own, err);
    if (status == OK) status = ids_by_matching(task, movielens.folder, train ? train : &own, test, out, err);
    draft_release(&own);
    movielens_release(&movielens);
    return status;
}

static enum status ids_open(struct task *task, const char *folder, const struct dataset_draft *train, const struct dataset_draft *test,
                            struct ncf_ids *out, struct error *err) {
    char *map = path_join(folder, MAP_FILE);
    const enum status status = file_exists(map) ? ids_by_map(folder, out, err) : ids_without_map(task, folder, train, test, out, err);
    free(map);
    return status;
}

/* --- loading --- */

static enum status wrong_item(const char *folder, const char *file, int64_t item, struct error *err) {
    return err_set(err, ERR_DATA, "%s/%s: item %lld is not in %s", folder, file, (long long)item, MAP_FILE);
}

/* Adds rows under their ids. */
static enum status take_rows(struct task *task, const char *folder, const char *file, const struct dataset_draft *rows, const struct ncf_ids *ids,
                             struct dataset_draft *out, struct error *err) {
    for (int64_t i = 0; i < rows->n_events; i++, out->n_events++) {
        if (i % ROWS_BETWEEN_LOOKS == 0) TRY(task_check(task, err));
        out->user_ids[out->n_events] = user_id(ids, rows->user_ids[i]);
        out->times[out->n_events] = rows->times[i];
        if (!item_id(ids, rows->item_ids[i], &out->item_ids[out->n_events])) return wrong_item(folder, file, rows->item_ids[i], err);
    }
    return OK;
}

static enum status fill_draft(const char *folder, const struct dataset_draft *train, const struct dataset_draft *test, const struct ncf_ids *ids,
                              struct dataset_draft *out, struct error *err) {
    const size_t n = (size_t)(train->n_events + test->n_events);
    struct movielens movielens = {0};
    enum status status = mem_try_array(n + 1, "user ids", &out->user_ids, err);
    if (status == OK) status = mem_try_array(n + 1, "item ids", &out->item_ids, err);
    if (status == OK) status = mem_try_array(n + 1, "times", &out->times, err);
    if (status == OK) status = take_rows(out->task, folder, TRAIN_FILE, train, ids, out, err);
    if (status == OK) status = take_rows(out->task, folder, TEST_FILE, test, ids, out, err);
    if (status == OK && ids->movies) status = movielens_find(out->task, &movielens, err);
    if (status == OK && movielens.folder) status = movielens_dat_tables(movielens.folder, out, err);
    movielens_release(&movielens);
    return status;
}

static enum status load_ncf(struct task *task, const char *folder, const char *name, const char *licence, struct dataset **out, struct error *err) {
    struct dataset_draft draft = {.name = name, .origin = folder, .licence = licence, .task = task}, train = {0}, test = {0};
    struct ncf_ids ids = {0};
    enum status status = read_file(task, folder, TRAIN_FILE, "\t", &train, err);
    if (status == OK) status = read_file(task, folder, TEST_FILE, "\t", &test, err);
    if (status == OK) status = ids_open(task, folder, &train, &test, &ids, err);
    if (status == OK) status = fill_draft(folder, &train, &test, &ids, &draft, err);
    draft_release(&train);
    draft_release(&test);
    mem_free(ids.movies);
    TRY(draft_finish(status, &draft, out, err));
    dataset_set_published(*out, &published_ncf);
    return OK;
}

static const char *const ncf_files[] = {TRAIN_FILE, TEST_FILE, NEGATIVE_FILE, NULL};
const struct layout layout_ncf = {"NCF", ncf_files, load_ncf};

/* --- the published split --- */

struct negatives {
    const struct choice *choice;
    const struct ncf_ids *ids;
    const struct dataset_draft *test;
    int64_t *row_of; /* by line of the test file: its place among the test rows, -1 = not in the view */
    int64_t n_rows;
    int32_t width, *items; /* n_rows × width positions */
};

static enum status mark_test(struct choice *choice, struct negatives *negatives, int64_t *lines, struct error *err) {
    const struct catalog *catalog = dataset_catalog(choice->dataset);
    const struct dataset_draft *test = negatives->test;
    struct int_map *pairs = int_map_new((size_t)test->n_events);
    for (int64_t i = 0; i < test->n_events; i++) {
        int64_t id = -1;
        negatives->row_of[i] = -1;
        if (!item_id(negatives->ids, test->item_ids[i], &id)) continue;
        const int32_t user = catalog_find_user(catalog, (struct id){true, user_id(negatives->ids, test->user_ids[i]), NULL});
        const int32_t item = catalog_find_item(catalog, (struct id){true, id, NULL});
        if (user >= 0 && item >= 0) int_map_put(pairs, pair_key(user, item), i, false);
    }
    const enum status status = choose_test_pairs(choice, pairs, lines, &negatives->n_rows, err);
    for (int64_t row = 0; status == OK && row < negatives->n_rows; row++) negatives->row_of[lines[row]] = row;
    int_map_free(pairs);
    return status;
}

/* "(0,25)" at the head of the line of the test file's first row. */
static bool take_pair(struct slice *line, const struct dataset_draft *test, int64_t row) {
    int64_t user, item;
    return row < test->n_events && slice_take(line, "(", 1) && slice_take_int(line, &user) && slice_take(line, ",", 1) &&
           slice_take_int(line, &item) && slice_take(line, ")", 1) && user == test->user_ids[row] && item == test->item_ids[row];
}

static int32_t count_fields(struct slice line) {
    int32_t n = 0;
    for (size_t i = 0; i < line.len; i++) n += line.data[i] == '\t';
    return n;
}

static enum status take_negatives(const struct scan *scan, struct slice line, struct negatives *negatives, int64_t row, struct error *err) {
    const struct catalog *catalog = dataset_catalog(negatives->choice->dataset);
    const long long at = (long long)scan->line;
    if (!take_pair(&line, negatives->test, row))
        return err_set(err, ERR_DATA, "%s, line %lld: expected the (user,item) of the same row of %s", scan->path, at, TEST_FILE);
    if (count_fields(line) != negatives->width)
        return err_set(err, ERR_DATA, "%s, line %lld: expected %d negatives as in the first line, got %d", scan->path, at, (int)negatives->width,
                       (int)count_fields(line));
    for (int32_t i = 0; i < negatives->width; i++) {
        int64_t own, id;
        if (!slice_take(&line, "\t", 1) || !slice_take_int(&line, &own) || !item_id(negatives->ids, own, &id))
            return err_set(err, ERR_DATA, "%s, line %lld: negative %d is no item of the files", scan->path, at, (int)i + 1);
        if (negatives->row_of[row] < 0) continue;
        negatives->items[negatives->row_of[row] * negatives->width + i] = catalog_find_item(catalog, (struct id){true, id, NULL});
    }
    return line.len == 0 ? OK : err_set(err, ERR_DATA, "%s, line %lld: something stands behind the negatives", scan->path, at);
}

static enum status scan_negatives(struct scan *scan, struct negatives *negatives, struct error *err) {
    enum status status = OK;
    struct slice line;
    int64_t row = 0;
    while (scan_line(scan, &line, &status, err)) {
        if (line.len == 0) continue;
        if (row == 0) {
            negatives->width = count_fields(line);
            TRY(mem_try_array((size_t)negatives->n_rows * (size_t)negatives->width + 1, "negatives", &negatives->items, err));
        }
        TRY(take_negatives(scan, line, negatives, row++, err));
    }
    if (status != OK || row == negatives->test->n_events) return status;
    return err_set(err, ERR_DATA, "%s has %lld rows, %s %lld", scan->path, (long long)row, TEST_FILE, (long long)negatives->test->n_events);
}

static enum status read_negatives(struct negatives *negatives, const char *folder, struct error *err) {
    struct file_map map;
    char *path = path_join(folder, NEGATIVE_FILE);
    enum status status = file_map_open(path, &map, err);
    if (status == OK) {
        struct scan scan = scan_begin(negatives->choice->task, &map, path);
        status = scan_negatives(&scan, negatives, err);
        file_map_close(&map);
    }
    free(path);
    return status;
}

static enum status fill_negatives(struct choice *choice, struct negatives *negatives, const char *folder, struct error *err) {
    int64_t *lines;
    TRY(mem_try_array((size_t)negatives->test->n_events + 1, "rows", &negatives->row_of, err));
    TRY(mem_try_array((size_t)choice->n, "rows", &lines, err));
    const enum status status = mark_test(choice, negatives, lines, err);
    mem_free(lines);
    return status == OK ? read_negatives(negatives, folder, err) : status;
}

static enum status choose_ncf(struct choice *choice, const char *fold, int32_t **out_negatives, int32_t *out_n_negatives, struct error *err) {
    const char *folder = dataset_origin(choice->dataset);
    struct dataset_draft test = {0};
    struct ncf_ids ids = {0};
    struct negatives negatives = {.choice = choice, .ids = &ids, .test = &test};
    (void)fold;
    enum status status = read_file(choice->task, folder, TEST_FILE, "\t", &test, err);
    if (status == OK) status = ids_open(choice->task, folder, NULL, &test, &ids, err);
    if (status == OK) status = fill_negatives(choice, &negatives, folder, err);
    if (status == OK) {
        *out_negatives = negatives.items;
        *out_n_negatives = negatives.width;
    } else {
        mem_free(negatives.items);
    }
    mem_free(negatives.row_of);
    mem_free(ids.movies);
    draft_release(&test);
    return status;
}

static const char *const ncf_folds[] = {"ncf"};
const struct published published_ncf = {"ncf", ncf_folds, 1, 0, choose_ncf};
