/* The publishers' own splits: their files' rows, found among the data set's. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/data/layouts.h"
#include "runtime/data/split_parts.h"

void dataset_set_published(struct dataset *dataset, const struct published *published) { dataset->source->published = published; }

size_t split_published(struct dataset *dataset, const char *const **out_names) {
    const struct published *published = dataset->source->published;
    *out_names = published ? published->folds : NULL;
    return published ? published->n_folds : 0;
}

size_t split_published_partition(struct dataset *dataset, const char *const **out_names) {
    const struct published *published = dataset->source->published;
    *out_names = published ? published->folds : NULL;
    return published ? published->n_disjoint : 0;
}

const struct published *published_find(const char *name) {
    static const struct published *const all[] = {&published_ml100k, &published_ncf, &published_lightgcn};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}

const char *published_name(const struct published *published) { return published->name; }

/* --- one test file --- */

enum status choose_test_pairs(struct choice *choice, const struct int_map *pairs, int64_t *out_values, int64_t *out_n, struct error *err) {
    int64_t n = 0, value;
    for (int64_t i = 0; i < choice->n; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(choice->task, err));
        if (!int_map_get(pairs, pair_key(choice->view.users[i], choice->view.items[i]), &value)) continue;
        choice->part_of[i] = 2;
        if (out_values) out_values[n] = value;
        n++;
    }
    *out_n = n;
    return OK;
}

/* --- MovieLens 100K: u1.base and u1.test --- */

static struct int_map *rows_by_pair(const struct choice *choice) {
    struct int_map *rows = int_map_new((size_t)choice->n);
    for (int64_t i = 0; i < choice->n; i++) int_map_put(rows, pair_key(choice->view.users[i], choice->view.items[i]), i, true);
    return rows;
}

/* Gives the file's rows to a part. Rows that the view lacks (a part of a split, a filter) are left alone. */
static enum status mark_file(struct choice *choice, const struct int_map *rows, const char *fold, const char *ending, unsigned char part,
                             struct error *err) {
    const struct catalog *catalog = dataset_catalog(choice->dataset);
    struct dataset_draft draft = {0};
    struct buf file = BUF_INIT;
    int64_t row;
    buf_addf(&file, "%s.%s", fold, ending);
    char *path = path_join(dataset_origin(choice->dataset), buf_text(&file));
    const enum status status = read_ratings(choice->task, path, "\t", &draft, err);
    for (int64_t i = 0; status == OK && i < draft.n_events; i++) {
        const int32_t user = catalog_find_user(catalog, (struct id){true, draft.user_ids[i], NULL});
        const int32_t item = catalog_find_item(catalog, (struct id){true, draft.item_ids[i], NULL});
        if (user >= 0 && item >= 0 && int_map_get(rows, pair_key(user, item), &row)) choice->part_of[row] = part;
    }
    mem_free(draft.user_ids);
    mem_free(draft.item_ids);
    mem_free(draft.ratings);
    mem_free(draft.times);
    free(path);
    buf_release(&file);
    return status;
}

static enum status choose_ml100k(struct choice *choice, const char *fold, int32_t **out_negatives, int32_t *out_n_negatives, struct error *err) {
    struct int_map *rows = rows_by_pair(choice);
    (void)out_negatives, (void)out_n_negatives;
    memset(choice->part_of, PART_OUT, (size_t)choice->n);
    enum status status = mark_file(choice, rows, fold, "base", 0, err);
    if (status == OK) status = mark_file(choice, rows, fold, "test", 2, err);
    int_map_free(rows);
    return status;
}

static const char *const ml100k_folds[] = {"u1", "u2", "u3", "u4", "u5", "ua", "ub"};
const struct published published_ml100k = {"ml-100k", ml100k_folds, 7, 5, choose_ml100k};

/* --- asking --- */

static enum status want_fold(const struct choice *choice, const struct published *published, const char **out, struct error *err) {
    const char *fold = choice->request->fold;
    if (!fold && published->n_folds == 1) {
        *out = published->folds[0];
        return OK;
    }
    for (size_t i = 0; fold && i < published->n_folds; i++) {
        if (strcmp(published->folds[i], fold) != 0) continue;
        *out = published->folds[i];
        return OK;
    }
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < published->n_folds; i++) buf_addf(&names, "%s%s", i ? ", " : "", published->folds[i]);
    if (fold) err_set(err, ERR_VALUE, "`%s` has no published fold \"%s\"", choice->dataset->name, fold);
    else err_set(err, ERR_VALUE, "`%s` has %zu published folds: which one?", choice->dataset->name, published->n_folds);
    err_hint(err, "the folds are %s; write fold=\"%s\"", buf_text(&names), published->folds[0]);
    buf_release(&names);
    err_about(err, fold ? "fold" : "by");
    return ERR_VALUE;
}

enum status choose_published(struct choice *choice, int32_t **out_negatives, int32_t *out_n_negatives, struct error *err) {
    const struct published *published = choice->dataset->source->published;
    const char *fold;
    if (!published) {
        err_set(err, ERR_VALUE, "`%s` has no published split", choice->dataset->name);
        err_hint(err, "by=\"random\", by=\"time\" and by=\"leave_one_out\" work with any data set");
        return err_about(err, "by");
    }
    TRY(want_fold(choice, published, &fold, err));
    TRY(published->choose(choice, fold, out_negatives, out_n_negatives, err));
    if (choice->request->valid_last) return choose_valid_last(choice, err);
    return choice->request->valid > 0 ? choose_valid_share(choice, err) : OK;
}
