/* The folders of LightGCN: train.txt and test.txt, one user a line, then his
 * items; implicit, without times (He et al. 2020). */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/layouts.h"
#include "runtime/data/scan.h"
#include "runtime/data/side_rows.h"
#include "runtime/data/split_parts.h"

static const char *const lightgcn_files[] = {"train.txt", "test.txt", NULL};

/* Each item has a blank before it. */
static size_t most_items(const struct file_map *map) {
    size_t n = 0;
    for (size_t i = 0; i < map->len; i++) n += map->data[i] == ' ' || map->data[i] == '\t';
    return n;
}

static void skip_blanks(struct slice *text) {
    while (text->len && (text->data[0] == ' ' || text->data[0] == '\t')) text->data++, text->len--;
}

static bool take_user(struct slice line, struct dataset_draft *draft) {
    int64_t user, item;
    skip_blanks(&line);
    if (!slice_take_int(&line, &user)) return false;
    while (line.len) {
        const size_t before = line.len;
        skip_blanks(&line);
        if (line.len == 0) break;
        if (line.len == before || !slice_take_int(&line, &item)) return false;
        draft->user_ids[draft->n_events] = user;
        draft->item_ids[draft->n_events++] = item;
    }
    return true;
}

static enum status scan_users(struct scan *scan, struct dataset_draft *draft, struct error *err) {
    enum status status = OK;
    struct slice line;
    while (scan_line(scan, &line, &status, err)) {
        if (line.len == 0 || take_user(line, draft)) continue;
        return err_set(err, ERR_DATA, "%s, line %lld: expected a user and items, whole numbers parted by blanks", scan->path, (long long)scan->line);
    }
    return status;
}

/* Adds a file's rows to the draft, whose arrays have room for them. */
static enum status read_users(struct task *task, const struct file_map *map, const char *path, struct dataset_draft *draft, struct error *err) {
    struct scan scan = scan_begin(task, map, path);
    task_begin(task, "load", "byte", (int64_t)map->len);
    const enum status status = scan_users(&scan, draft, err);
    task_end(task, status == ERR_INTERRUPTED);
    return status;
}

/* The rows of the first n_files of the folder's files, or of its second alone. */
static enum status read_files(struct task *task, const char *folder, size_t first, size_t end, struct dataset_draft *draft, struct error *err) {
    struct file_map maps[2];
    char *paths[2];
    size_t n_open = first, n_items = 0;
    enum status status = OK;
    for (size_t i = first; i < end; i++) paths[i] = path_join(folder, lightgcn_files[i]);
    for (; n_open < end && status == OK; n_open += status == OK) {
        status = file_map_open(paths[n_open], &maps[n_open], err);
        if (status == OK) n_items += most_items(&maps[n_open]);
    }
    if (status == OK) status = mem_try_array(n_items + 1, "user ids", &draft->user_ids, err);
    if (status == OK) status = mem_try_array(n_items + 1, "item ids", &draft->item_ids, err);
    for (size_t i = first; i < end && status == OK; i++) status = read_users(task, &maps[i], paths[i], draft, err);
    for (size_t i = first; i < n_open; i++) file_map_close(&maps[i]);
    for (size_t i = first; i < end; i++) free(paths[i]);
    return status;
}

static enum status load_lightgcn(struct task *task, const char *folder, const char *name, const char *licence, struct dataset **out,
                                 struct error *err) {
    struct dataset_draft draft = {.name = name, .origin = folder, .licence = licence, .task = task};
    TRY(draft_finish(read_files(task, folder, 0, 2, &draft, err), &draft, out, err));
    dataset_set_published(*out, &published_lightgcn);
    return OK;
}

const struct layout layout_lightgcn = {"LightGCN", lightgcn_files, load_lightgcn};

/* --- the published split --- */

static enum status mark_pairs(struct choice *choice, const struct dataset_draft *draft, struct error *err) {
    const struct catalog *catalog = dataset_catalog(choice->dataset);
    struct int_map *pairs = int_map_new((size_t)draft->n_events);
    enum status status = OK;
    int64_t n;
    for (int64_t i = 0; i < draft->n_events && status == OK; i++) {
        const int32_t user = catalog_find_user(catalog, (struct id){true, draft->user_ids[i], NULL});
        const int32_t item = catalog_find_item(catalog, (struct id){true, draft->item_ids[i], NULL});
        if (i % ROWS_BETWEEN_CHECKS == 0) status = task_check(choice->task, err);
        if (user >= 0 && item >= 0) int_map_put(pairs, pair_key(user, item), i, false);
    }
    if (status == OK) status = choose_test_pairs(choice, pairs, NULL, &n, err);
    int_map_free(pairs);
    return status;
}

static enum status choose_lightgcn(struct choice *choice, const char *fold, int32_t **out_negatives, int32_t *out_n_negatives, struct error *err) {
    struct dataset_draft draft = {0};
    (void)fold, (void)out_negatives, (void)out_n_negatives;
    enum status status = read_files(choice->task, dataset_origin(choice->dataset), 1, 2, &draft, err);
    if (status == OK) status = mark_pairs(choice, &draft, err);
    draft_release(&draft);
    return status;
}

static const char *const lightgcn_folds[] = {"lightgcn"};
const struct published published_lightgcn = {"lightgcn", lightgcn_folds, 1, 0, choose_lightgcn};
