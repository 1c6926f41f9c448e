#include "models/eval/truth.h"

#include <math.h>
#include <stdlib.h>

#include "models/eval/rank.h"
#include "models/fit.h"
#include "runtime/base/mem.h"

#define USERS_BETWEEN_LOOKS 256

struct making {
    struct task *task;
    const struct csr *rows;     /* of the judged part, by user */
    const int64_t *seen_starts; /* by the judged catalog's users; NULL: what the model was fitted on counts as seen */
    const int32_t *seen_items;
    bool *is_folded; /* by the model's item: its rows came by fold_in and count as seen, though no part has them; NULL: none, or nothing is masked */
    const int32_t *users, *items; /* of the judged catalog's positions in the model's; NULL: they are the same */
    const struct model *model;
    struct truth truth;
};

/* --- positions in the model's catalog --- */

struct mapped {
    int32_t *users, *items;
};

static enum status map_catalog(struct dataset *judged, const struct model *model, struct mapped *out, struct error *err) {
    const struct catalog *from = dataset_catalog(judged);
    if (catalog_same(from, model->catalog)) return OK;
    TRY(mem_try_array((size_t)from->n_users + 1, "positions", &out->users, err));
    TRY(mem_try_array((size_t)from->n_items + 1, "positions", &out->items, err));
    return catalog_map(from, model->catalog, out->users, out->items, err);
}

static int compare_items(const void *a, const void *b) {
    return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b);
}

struct pair {
    int32_t item, there;
    float gain;
};

static int compare_pairs(const void *a, const void *b) { return compare_items(&((const struct pair *)a)->item, &((const struct pair *)b)->item); }

/* Relevant items at the end of the truth's list. */
struct relevant {
    int32_t *items, *there;
    float *gains;
};

static void sort_pairs(const struct relevant *relevant, int64_t n) {
    struct pair *pairs = xnew_array(struct pair, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) pairs[i] = (struct pair){relevant->items[i], relevant->there[i], relevant->gains[i]};
    qsort(pairs, (size_t)n, sizeof *pairs, compare_pairs);
    for (int64_t i = 0; i < n; i++) relevant->items[i] = pairs[i].item, relevant->there[i] = pairs[i].there, relevant->gains[i] = pairs[i].gain;
    free(pairs);
}

/* --- one user: each writes at the end of the truth's list and returns how many --- */

static int64_t add_folded(const struct making *making, int32_t position, int32_t *out) {
    const struct seen_row seen = model_seen(making->model, position);
    int64_t n = 0;
    for (int64_t i = 0; making->is_folded && i < seen.n; i++)
        if (making->is_folded[seen.items[i]] && !isnan(seen.ratings[i])) out[n++] = seen.items[i];
    return n;
}

static int64_t add_seen(struct making *making, int64_t user, int32_t position, int32_t *out) {
    int64_t n = 0;
    if (!making->seen_starts) {
        const struct seen_row seen = model_seen(making->model, position);
        for (int64_t i = 0; i < seen.n; i++) out[n++] = seen.items[i];
        return n;
    }
    for (int64_t i = making->seen_starts[user]; i < making->seen_starts[user + 1]; i++) {
        const int32_t item = making->items ? making->items[making->seen_items[i]] : making->seen_items[i];
        if (item >= 0) out[n++] = item;
    }
    n += add_folded(making, position, out + n);
    if (making->items || making->is_folded) qsort(out, (size_t)n, sizeof *out, compare_items);
    return n;
}

/* The user's rows, a repeated pair once. */
static int64_t add_rows(const struct making *making, int64_t user, const struct relevant *out) {
    const int32_t *columns = csr_columns(making->rows);
    const float *ratings = csr_values(making->rows);
    const int64_t first = csr_starts(making->rows)[user];
    int64_t n = 0;
    for (int64_t i = first; i < csr_starts(making->rows)[user + 1]; i++) {
        const bool again = i > first && columns[i] == columns[i - 1];
        if (again) {
            out->gains[n - 1] = ratings[i] > out->gains[n - 1] ? ratings[i] : out->gains[n - 1];
            continue;
        }
        out->items[n] = making->items ? making->items[columns[i]] : columns[i];
        out->there[n] = columns[i];
        out->gains[n++] = ratings[i];
    }
    if (making->items) sort_pairs(out, n);
    return n;
}

static int64_t drop_seen(const struct relevant *relevant, int64_t n, const int32_t *seen, int64_t n_seen) {
    int64_t kept = 0;
    for (int64_t i = 0, at = 0; i < n; i++) {
        while (at < n_seen && seen[at] < relevant->items[i]) at++;
        if (at < n_seen && seen[at] == relevant->items[i]) continue;
        relevant->items[kept] = relevant->items[i];
        relevant->there[kept] = relevant->there[i];
        relevant->gains[kept++] = relevant->gains[i];
    }
    return kept;
}

static void add_user(struct making *making, int64_t user) {
    struct truth *truth = &making->truth;
    const int64_t at = truth->n_users, first = truth->starts[at], first_seen = truth->skip_starts[at];
    const int32_t position = making->users ? making->users[user] : (int32_t)user;
    if (position >= 0) {
        const int64_t n_seen = add_seen(making, user, position, truth->skip + first_seen);
        const struct relevant relevant = {truth->items + first, truth->items_there + first, truth->gains + first};
        const int64_t n_rows = add_rows(making, user, &relevant);
        const int64_t n = drop_seen(&relevant, n_rows, truth->skip + first_seen, n_seen);
        truth->n_masked += n_rows - n;
        truth->starts[at + 1] = first + n;
        truth->skip_starts[at + 1] = first_seen + n_seen;
        truth->users[at] = position;
        truth->users_there[at] = (int32_t)user;
        if (n) truth->n_users++;
    }
    truth->n_left_out += truth->n_users == at;
}

/* --- all --- */

static enum status make_room(struct making *making, int64_t n_users, struct error *err) {
    struct truth *truth = &making->truth;
    const size_t n = (size_t)csr_n(making->rows);
    int64_t n_seen = making->seen_starts ? making->seen_starts[n_users] : 0;
    if (!making->seen_starts || making->is_folded) n_seen += making->model->seen_starts[making->model->catalog->n_users];
    TRY(mem_try_array((size_t)n_users + 1, "judged users", &truth->users, err));
    TRY(mem_try_array((size_t)n_users + 1, "judged users", &truth->users_there, err));
    TRY(mem_try_array((size_t)n_users + 1, "judged users", &truth->starts, err));
    TRY(mem_try_array((size_t)n_users + 1, "judged users", &truth->skip_starts, err));
    TRY(mem_try_array(n + 1, "relevant items", &truth->items, err));
    TRY(mem_try_array(n + 1, "relevant items", &truth->items_there, err));
    TRY(mem_try_array(n + 1, "relevant items", &truth->gains, err));
    return mem_try_array((size_t)n_seen + 1, "seen items", &truth->skip, err);
}

static enum status make(struct dataset *judged, int mask, struct mapped *mapped, struct making *making, struct error *err) {
    const int64_t n_users = dataset_n_users(judged);
    TRY(map_catalog(judged, making->model, mapped, err));
    making->users = mapped->users;
    making->items = mapped->items;
    TRY(dataset_by_user(judged, device_cpu(), &making->rows, err));
    if (dataset_split(judged) || mask) TRY(dataset_seen(judged, mask, &making->seen_starts, &making->seen_items, err));
    making->is_folded = mask & MASK_NOTHING ? NULL : model_folded(making->model);
    TRY(make_room(making, n_users, err));
    for (int64_t user = 0; user < n_users; user++) {
        if (user % USERS_BETWEEN_LOOKS == 0) TRY(task_check(making->task, err));
        add_user(making, user);
    }
    if (making->truth.n_users) return OK;
    return err_set(err, ERR_DATA, "`%s` has no user with an unseen item to judge `%s` by", dataset_name(judged), making->model->name);
}

enum status truth_make(struct task *task, struct dataset *judged, const struct model *model, int mask, struct truth *out, struct error *err) {
    struct making making = {.task = task, .model = model};
    struct mapped mapped = {0};
    const enum status status = make(judged, mask, &mapped, &making, err);
    mem_free(mapped.users);
    mem_free(mapped.items);
    free(making.is_folded);
    if (status == OK) *out = making.truth;
    else truth_release(&making.truth);
    return status;
}

void truth_release(struct truth *truth) {
    mem_free(truth->users);
    mem_free(truth->users_there);
    mem_free(truth->starts);
    mem_free(truth->items);
    mem_free(truth->items_there);
    mem_free(truth->gains);
    mem_free(truth->skip_starts);
    mem_free(truth->skip);
    *truth = (struct truth){0};
}
