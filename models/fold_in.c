/* Folding in: a new user, or a new item, without fitting again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "models/model.h"
#include "runtime/base/mem.h"

/* What a new user gives to items, or users to a new item. */
struct given {
    int32_t other;
    float rating;
};

const char *model_item_label(const struct model *model, int32_t item, struct buf *buf) {
    const char *title = catalog_title(model->catalog, item);
    if (title) return title;
    catalog_item_id(model->catalog, item, buf);
    return buf_text(buf);
}

/* --- what is given --- */

static int by_other(const void *a, const void *b) {
    const struct given *x = a, *y = b;
    return x->other < y->other ? -1 : x->other > y->other;
}

static struct given *sorted_given(const int32_t *others, const float *ratings, int64_t n) {
    struct given *given = xnew_array(struct given, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) given[i] = (struct given){others[i], ratings[i]};
    qsort(given, (size_t)n, sizeof *given, by_other);
    return given;
}

static enum status check_ratings(const struct model *model, const struct given *given, int64_t n, struct error *err) {
    for (int64_t i = 0; model->is_explicit && i < n; i++)
        if (!(given[i].rating >= model->scale_min && given[i].rating <= model->scale_max))
            return err_set(err, ERR_VALUE, "a rating of %g is outside the scale of `%s`, %g to %g", (double)given[i].rating, model->name,
                           (double)model->scale_min, (double)model->scale_max);
    for (int64_t i = 0; !model->is_explicit && i < n; i++)
        if (!(given[i].rating > 0 && isfinite(given[i].rating)))
            return err_set(err, ERR_VALUE, "a weight of %g: `%s` learned from choices, whose weights are above 0", (double)given[i].rating,
                           model->name);
    return OK;
}

/* Items given twice, or users where what is new is an item. */
static enum status check_once(const struct model *model, bool of_user, const struct given *given, int64_t n, struct error *err) {
    for (int64_t i = 1; i < n; i++) {
        struct buf label = BUF_INIT;
        if (given[i].other != given[i - 1].other) continue;
        if (of_user) err_set(err, ERR_VALUE, "%s is given twice", model_item_label(model, given[i].other, &label));
        else {
            catalog_user_id(model->catalog, given[i].other, &label);
            err_set(err, ERR_VALUE, "user %s is given twice", buf_text(&label));
        }
        buf_release(&label);
        return ERR_VALUE;
    }
    return OK;
}

static enum status cannot(const struct model *model, const char *what, struct error *err) {
    return err_set(err, ERR_VALUE, "`%s` can't take in a new %s without fitting again", model->name, what);
}

static void take_apart(const struct given *given, int64_t n, int32_t *others, float *ratings) {
    for (int64_t i = 0; i < n; i++) others[i] = given[i].other, ratings[i] = given[i].rating;
}

/* --- what users have seen --- */

static enum status seen_new(int64_t n_rows, int64_t n, struct model *out, struct error *err) {
    mem_free(out->seen_starts);
    mem_free(out->seen_items);
    mem_free(out->seen_ratings);
    out->seen_starts = NULL, out->seen_items = NULL, out->seen_ratings = NULL;
    TRY(mem_try_array((size_t)n_rows + 1, "rows that users have seen", &out->seen_starts, err));
    TRY(mem_try_array((size_t)n + 1, "rows that users have seen", &out->seen_items, err));
    return mem_try_array((size_t)n + 1, "rows that users have seen", &out->seen_ratings, err);
}

static void seen_add(struct model *out, int64_t *at, int32_t item, float rating) {
    out->seen_items[*at] = item;
    out->seen_ratings[(*at)++] = rating;
}

/* A user's row, and the item where it belongs: in the place of one that was seen but not fitted on, if there is such. rating NULL: he doesn't have
 * it. */
static void seen_merge(struct seen_row row, int32_t item, const float *rating, struct model *out, int64_t *at) {
    int64_t i = 0;
    for (; i < row.n && (!rating || row.items[i] < item); i++) seen_add(out, at, row.items[i], row.ratings[i]);
    if (!rating) return;
    seen_add(out, at, item, *rating);
    for (; i < row.n; i++)
        if (row.items[i] != item) seen_add(out, at, row.items[i], row.ratings[i]);
}

/* The rows of `from`, those of given users with the item (-1: none), then the row of a folded-in user. */
static enum status seen_fill(const struct model *from, int32_t item, const struct given *given, int64_t n, struct seen_row folded, struct model *out,
                             struct error *err) {
    const int64_t n_users = from->catalog->n_users;
    int64_t at = 0, next = 0;
    TRY(seen_new(n_users + 1, from->seen_starts[n_users] + n + folded.n, out, err));
    for (int64_t u = 0; u < n_users; u++) {
        const bool has = item >= 0 && next < n && given[next].other == u;
        TRY(task_look((size_t)u, err));
        seen_merge(model_seen(from, (int32_t)u), item, has ? &given[next].rating : NULL, out, &at);
        next += has;
        out->seen_starts[u + 1] = at;
    }
    seen_merge(folded, -1, NULL, out, &at);
    out->seen_starts[n_users + 1] = at;
    return OK;
}

/* --- a new user --- */

static enum status fold_user(const struct model *model, struct model *folded, const struct given *given, int64_t n, struct error *err) {
    int32_t *items = xnew_array(int32_t, (size_t)n + 1);
    float *ratings = xnew_array(float, (size_t)n + 1);
    take_apart(given, n, items, ratings);
    enum status status = model->class->fold_in(model, items, ratings, n, folded, err);
    if (status == OK) status = seen_fill(model, -1, NULL, 0, (struct seen_row){items, ratings, n}, folded, err);
    if (status == OK) folded->default_user = FOLDED_USER;
    free(items);
    free(ratings);
    return status;
}

enum status model_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model **out, struct error *err) {
    struct model *folded = NULL;
    if (!model->class->fold_in) return cannot(model, "user", err);
    struct given *given = sorted_given(items, ratings, n);
    enum status status = check_once(model, true, given, n, err);
    if (status == OK) status = check_ratings(model, given, n, err);
    if (status == OK) status = model_shell_copy(model, &folded, err);
    if (status == OK) status = fold_user(model, folded, given, n, err);
    free(given);
    if (status == OK) *out = folded;
    else model_unref(folded);
    return status;
}

/* --- a new item --- */

static enum status check_unfitted(const struct model *model, int32_t item, struct error *err) {
    struct buf label = BUF_INIT;
    if (item >= model->catalog->n_items) return OK;
    int64_t *counts = model_counts(model, EMBED_ITEMS);
    const int64_t n = counts[item];
    free(counts);
    if (n == 0) return OK;
    err_set(err, ERR_VALUE, "`%s` knows %s already, from %lld %s", model->name, model_item_label(model, item, &label), (long long)n,
            n == 1 ? "row" : "rows");
    buf_release(&label);
    err_hint(err, "fold_in takes in what is new to a model; fit on all rows to learn more of an item");
    return err_about(err, "item");
}

static void remember_item(struct model *folded, int32_t item) {
    for (int64_t i = 0; i < folded->n_folded_items; i++)
        if (folded->folded_items[i] == item) return;
    folded->folded_items = xrealloc(folded->folded_items, (size_t)(folded->n_folded_items + 1) * sizeof *folded->folded_items);
    folded->folded_items[folded->n_folded_items++] = item;
}

static enum status fold_item(const struct model *model, struct model *folded, int32_t item, const struct given *given, int64_t n, struct error *err) {
    int32_t *users = xnew_array(int32_t, (size_t)n + 1);
    float *ratings = xnew_array(float, (size_t)n + 1);
    take_apart(given, n, users, ratings);
    const bool of_folded = model->default_user == FOLDED_USER;
    enum status status = seen_fill(model, item, given, n, of_folded ? model_seen(model, FOLDED_USER) : (struct seen_row){0}, folded, err);
    folded->default_user = model->default_user;
    folded->n_fitted += n;
    remember_item(folded, item);
    if (status == OK) status = model->class->fold_in_item(model, item, users, ratings, n, folded, err);
    free(users);
    free(ratings);
    return status;
}

enum status model_fold_in_item(const struct model *model, struct catalog *catalog, int32_t item, const int32_t *users, const float *ratings,
                               int64_t n, struct model **out, struct error *err) {
    struct model *folded = NULL;
    if (!model->class->fold_in_item) return cannot(model, "item", err);
    TRY(check_unfitted(model, item, err));
    struct given *given = sorted_given(users, ratings, n);
    enum status status = check_once(model, false, given, n, err);
    if (status == OK) status = check_ratings(model, given, n, err);
    if (status == OK) status = model_shell_copy(model, &folded, err);
    if (status == OK) {
        catalog_unref(folded->catalog);
        folded->catalog = catalog_ref(catalog);
        status = fold_item(model, folded, item, given, n, err);
    }
    free(given);
    if (status == OK) *out = folded;
    else model_unref(folded);
    return status;
}

/* --- what came by folding in --- */

bool *model_folded(const struct model *model) {
    bool *is_folded = model->n_folded_items ? xnew_array(bool, (size_t)model->catalog->n_items + 1) : NULL;
    for (int64_t i = 0; i < model->n_folded_items; i++) is_folded[model->folded_items[i]] = true;
    return is_folded;
}

static bool is_fitted(struct seen_row seen, int32_t item) {
    int64_t i = 0;
    while (i < seen.n && seen.items[i] < item) i++;
    return i < seen.n && seen.items[i] == item && !isnan(seen.ratings[i]);
}

static enum status count_folded(const struct model *model, const struct model_positions *rows, int64_t n, int64_t *out, struct error *err) {
    bool *is_folded = model_folded(model);
    enum status status = OK;
    *out = 0;
    for (int64_t r = 0; r < n && status == OK; r++) {
        const int32_t item = rows->items[r];
        *out += item >= 0 && is_folded[item] && is_fitted(model_seen(model, rows->users[r]), item);
        status = task_look((size_t)r, err);
    }
    free(is_folded);
    return status;
}

enum status model_folded_rows(const struct model *model, struct dataset *data, int64_t *out, struct error *err) {
    struct model_positions rows;
    *out = 0;
    if (model->n_folded_items == 0) return OK;
    TRY(model_positions(model, data, &rows, err));
    const enum status status = count_folded(model, &rows, dataset_n(data), out, err);
    model_positions_end(&rows);
    return status;
}
