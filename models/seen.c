/* What a user has seen: the rows that a model was fitted on, and those of the
 * split's train and valid parts. By user, items ascending. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "runtime/base/mem.h"

#define SOURCES_MAX 3
#define USERS_BETWEEN_CHECKS 256

/* One sorted list by user; the first source is what was fitted on. */
struct sources {
    const struct csr *by_user[SOURCES_MAX];
    struct dataset *held[SOURCES_MAX]; /* counts */
    int n;
};

static void sources_release(struct sources *sources) {
    for (int i = 0; i < sources->n; i++) dataset_unref(sources->held[i]);
}

/* Takes the count. */
static enum status sources_add(struct sources *sources, struct dataset *data, struct error *err) {
    sources->held[sources->n] = data;
    return dataset_by_user(data, device_cpu(), &sources->by_user[sources->n++], err);
}

static enum status add_siblings(struct sources *sources, struct dataset *data, struct error *err) {
    static const enum part parts[] = {PART_TRAIN, PART_VALID};
    const struct split *split = dataset_split(data);
    if (!split) return OK;
    for (int i = 0; i < 2; i++) {
        struct dataset *sibling;
        if ((dataset_part(data) & (int)parts[i]) || split->n_rows[i] == 0) continue;
        TRY(dataset_sibling(data, parts[i], &sibling, err));
        TRY(sources_add(sources, sibling, err));
    }
    return OK;
}

/* Writes one user's merged row at `at` (NULL items: only counts); returns its length. */
static int64_t merge_row(const struct sources *sources, int64_t user, int32_t *items, float *ratings) {
    int64_t next[SOURCES_MAX], end[SOURCES_MAX], n = 0;
    for (int s = 0; s < sources->n; s++) {
        next[s] = csr_starts(sources->by_user[s])[user];
        end[s] = csr_starts(sources->by_user[s])[user + 1];
    }
    for (int32_t last = -1;;) {
        int least = -1;
        int32_t item = 0;
        for (int s = 0; s < sources->n; s++) {
            if (next[s] == end[s]) continue;
            const int32_t here = csr_columns(sources->by_user[s])[next[s]];
            if (least < 0 || here < item) least = s, item = here;
        }
        if (least < 0) return n;
        const float rating = csr_values(sources->by_user[least])[next[least]++];
        if (least > 0 && item == last) continue; /* already there */
        if (items) items[n] = item, ratings[n] = least == 0 ? rating : NAN;
        n++;
        last = item;
    }
}

static enum status fill(struct model *model, const struct sources *sources, struct error *err) {
    const int64_t n_users = model->catalog->n_users;
    TRY(mem_try_array((size_t)n_users + 1, "rows that users have seen", &model->seen_starts, err));
    for (int64_t u = 0; u < n_users; u++) {
        if (u % USERS_BETWEEN_CHECKS == 0) TRY(task_check(task_current(), err));
        model->seen_starts[u + 1] = model->seen_starts[u] + merge_row(sources, u, NULL, NULL);
    }
    const size_t n = (size_t)model->seen_starts[n_users];
    TRY(mem_try_array(n, "rows that users have seen", &model->seen_items, err));
    TRY(mem_try_array(n, "rows that users have seen", &model->seen_ratings, err));
    for (int64_t u = 0; u < n_users; u++) {
        if (u % USERS_BETWEEN_CHECKS == 0) TRY(task_check(task_current(), err));
        merge_row(sources, u, model->seen_items + model->seen_starts[u], model->seen_ratings + model->seen_starts[u]);
    }
    return OK;
}

enum status model_fill_seen(struct model *model, struct dataset *data, struct error *err) {
    struct sources sources = {.n = 0};
    enum status status = sources_add(&sources, dataset_ref(data), err);
    if (status == OK) status = add_siblings(&sources, data, err);
    if (status == OK) status = fill(model, &sources, err);
    sources_release(&sources);
    return status;
}

struct seen_row model_seen(const struct model *model, int32_t user) {
    if (user == FOLDED_USER && model->default_user == FOLDED_USER) user = (int32_t)model->catalog->n_users;
    else if (user < 0 || user >= model->catalog->n_users) return (struct seen_row){0};
    const int64_t start = model->seen_starts[user];
    return (struct seen_row){model->seen_items + start, model->seen_ratings + start, model->seen_starts[user + 1] - start};
}

int64_t *model_counts(const struct model *model, enum embedded what) {
    const int64_t n_users = model->catalog->n_users;
    int64_t *counts = xnew_array(int64_t, (size_t)(what == EMBED_USERS ? n_users : model->catalog->n_items) + 1);
    for (int64_t u = 0; u < n_users; u++)
        for (int64_t i = model->seen_starts[u]; i < model->seen_starts[u + 1]; i++)
            if (!isnan(model->seen_ratings[i])) counts[what == EMBED_USERS ? u : model->seen_items[i]]++;
    return counts;
}

/* --- positions of another catalog's ids --- */

static struct id user_id(const struct catalog *catalog, int64_t user) {
    if (catalog->user_ids_are_ints) return (struct id){.is_int = true, .number = catalog->user_ids_int[user]};
    return (struct id){.text = catalog->user_ids_text[user]};
}

static struct id item_id(const struct catalog *catalog, int64_t item) {
    if (catalog->item_ids_are_ints) return (struct id){.is_int = true, .number = catalog->item_ids_int[item]};
    return (struct id){.text = catalog->item_ids_text[item]};
}

static bool same_ids(bool ints, const int64_t *a, const int64_t *b, char *const *a_text, char *const *b_text, int64_t n) {
    if (ints) return memcmp(a, b, (size_t)n * sizeof *a) == 0;
    for (int64_t i = 0; i < n; i++)
        if (strcmp(a_text[i], b_text[i]) != 0) return false;
    return true;
}

bool catalog_same(const struct catalog *a, const struct catalog *b) {
    if (a == b) return true;
    if (a->n_users != b->n_users || a->n_items != b->n_items) return false;
    if (a->user_ids_are_ints != b->user_ids_are_ints || a->item_ids_are_ints != b->item_ids_are_ints) return false;
    return same_ids(a->user_ids_are_ints, a->user_ids_int, b->user_ids_int, a->user_ids_text, b->user_ids_text, a->n_users) &&
           same_ids(a->item_ids_are_ints, a->item_ids_int, b->item_ids_int, a->item_ids_text, b->item_ids_text, a->n_items);
}

enum status catalog_map(const struct catalog *from, const struct catalog *to, int32_t *out_users, int32_t *out_items, struct error *err) {
    for (int64_t u = 0; u < from->n_users; u++) {
        TRY(task_look((size_t)u, err));
        out_users[u] = catalog_find_user(to, user_id(from, u));
    }
    for (int64_t i = 0; i < from->n_items; i++) {
        TRY(task_look((size_t)i, err));
        out_items[i] = catalog_find_item(to, item_id(from, i));
    }
    return OK;
}

static enum status translate(const struct model *model, struct dataset *data, struct events_view view, struct model_positions *out,
                             struct error *err) {
    const struct catalog *from = dataset_catalog(data);
    const int64_t n = dataset_n(data);
    int32_t *users = xnew_array(int32_t, (size_t)from->n_users + 1), *items = xnew_array(int32_t, (size_t)from->n_items + 1);
    enum status status = catalog_map(from, model->catalog, users, items, err);
    if (status == OK) status = mem_try_array((size_t)n, "positions", &out->owned_users, err);
    if (status == OK) status = mem_try_array((size_t)n, "positions", &out->owned_items, err);
    for (int64_t i = 0; status == OK && i < n; i++) {
        status = task_look((size_t)i, err);
        out->owned_users[i] = users[view.users[i]];
        out->owned_items[i] = items[view.items[i]];
    }
    free(users);
    free(items);
    return status;
}

enum status model_positions(const struct model *model, struct dataset *data, struct model_positions *out, struct error *err) {
    struct events_view view;
    struct model_positions positions = {0};
    TRY(dataset_columns(data, &view, err));
    if (catalog_same(model->catalog, dataset_catalog(data))) {
        *out = (struct model_positions){.users = view.users, .items = view.items};
        return OK;
    }
    const enum status status = translate(model, data, view, &positions, err);
    if (status != OK) {
        model_positions_end(&positions);
        return status;
    }
    positions.users = positions.owned_users;
    positions.items = positions.owned_items;
    *out = positions;
    return OK;
}

void model_positions_end(struct model_positions *positions) {
    mem_free(positions->owned_users);
    mem_free(positions->owned_items);
    *positions = (struct model_positions){0};
}
