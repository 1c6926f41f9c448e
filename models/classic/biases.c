#include <math.h>
#include <string.h>

#include "models/classic/bias.h"
#include "runtime/base/mem.h"

#define SWEEPS_MAX 1000
#define TOLERANCE 1e-7
#define ROWS_BETWEEN_CHECKS (1 << 16)

enum status biases_new(int64_t n_users, int64_t n_items, struct biases *out, struct error *err) {
    *out = (struct biases){.n_users = n_users, .n_items = n_items};
    TRY(mem_try_array((size_t)n_users + 1, "biases", &out->users, err));
    return mem_try_array((size_t)n_items + 1, "biases", &out->items, err);
}

void biases_release(struct biases *biases) {
    mem_free(biases->users);
    mem_free(biases->items);
    *biases = (struct biases){0};
}

/* One side given the other: own[p] = Σ (r − mean − other) / (reg + count). */
struct side {
    const int32_t *own_of, *other_of; /* positions of each row */
    const float *ratings;
    int64_t n_rows, n_own;
    double mean, reg;
    double *own;
    const double *other;
    const double *counts;
    double *sums; /* scratch, n_own */
};

static enum status solve_side(struct task *task, struct side *side, double *largest_change, struct error *err) {
    memset(side->sums, 0, (size_t)side->n_own * sizeof *side->sums);
    for (int64_t i = 0; i < side->n_rows; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        side->sums[side->own_of[i]] += (double)side->ratings[i] - side->mean - side->other[side->other_of[i]];
    }
    for (int64_t p = 0; p < side->n_own; p++) {
        if (side->counts[p] == 0) continue;
        const double next = side->sums[p] / (side->reg + side->counts[p]);
        *largest_change = fmax(*largest_change, fabs(next - side->own[p]));
        side->own[p] = next;
    }
    return OK;
}

static enum status alternate(struct task *task, struct side *items, struct side *users, struct error *err) {
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        double change = 0;
        TRY(solve_side(task, items, &change, err));
        TRY(solve_side(task, users, &change, err));
        if (change < TOLERANCE) break;
    }
    return OK;
}

static enum status solve(struct task *task, const struct events_view *rows, int64_t n, double reg_user, double reg_item, struct biases *biases,
                         double *scratch, struct error *err) {
    double *user_counts = scratch, *item_counts = user_counts + biases->n_users, *user_sums = item_counts + biases->n_items;
    for (int64_t i = 0; i < n; i++) {
        biases->mean += (double)rows->ratings[i];
        user_counts[rows->users[i]]++;
        item_counts[rows->items[i]]++;
    }
    if (n) biases->mean /= (double)n;
    struct side users = {rows->users, rows->items,   rows->ratings, n,           biases->n_users, biases->mean,
                         reg_user,    biases->users, biases->items, user_counts, user_sums};
    struct side items = {rows->items,
                         rows->users,
                         rows->ratings,
                         n,
                         biases->n_items,
                         biases->mean,
                         reg_item,
                         biases->items,
                         biases->users,
                         item_counts,
                         user_sums + biases->n_users};
    return alternate(task, &items, &users, err);
}

static enum status fit(struct task *task, struct dataset *data, double reg_user, double reg_item, struct biases *biases, struct error *err) {
    struct events_view rows;
    double *scratch;
    TRY(dataset_columns(data, &rows, err));
    TRY(biases_new(dataset_n_users(data), dataset_n_items(data), biases, err));
    TRY(mem_try_array(2 * (size_t)(biases->n_users + biases->n_items), "biases", &scratch, err));
    const enum status status = solve(task, &rows, dataset_n(data), reg_user, reg_item, biases, scratch, err);
    mem_free(scratch);
    return status;
}

enum status biases_fit(struct task *task, struct dataset *data, double reg_user, double reg_item, struct biases *out, struct error *err) {
    struct biases biases = {0};
    const enum status status = fit(task, data, reg_user, reg_item, &biases, err);
    if (status == OK) *out = biases;
    else biases_release(&biases);
    return status;
}

double biases_new_user(const struct biases *biases, double reg, const int32_t *items, const float *ratings, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)ratings[i] - biases->mean - biases->items[items[i]];
    return n ? sum / (reg + (double)n) : 0;
}

int64_t biases_bytes(const struct biases *biases) { return (biases->n_users + biases->n_items) * (int64_t)sizeof(double); }

/* --- files --- */

enum status biases_save(const struct biases *biases, double folded, struct store_writer *writer, struct error *err) {
    const double numbers[] = {biases->mean, folded};
    TRY(store_put(writer, "state/biases/numbers", STORE_F64, numbers, 2, err));
    TRY(store_put(writer, "state/biases/users", STORE_F64, biases->users, biases->n_users, err));
    return store_put(writer, "state/biases/items", STORE_F64, biases->items, biases->n_items, err);
}

enum status biases_load(struct store_reader *reader, int64_t n_users, int64_t n_items, struct biases *out, double *out_folded, struct error *err) {
    const void *numbers, *users, *items;
    int64_t n;
    *out = (struct biases){0};
    TRY(store_get(reader, "state/biases/numbers", STORE_F64, 2, &numbers, &n, err));
    TRY(store_get(reader, "state/biases/users", STORE_F64, n_users, &users, &n, err));
    TRY(store_get(reader, "state/biases/items", STORE_F64, n_items, &items, &n, err));
    TRY(biases_new(n_users, n_items, out, err));
    out->mean = ((const double *)numbers)[0];
    *out_folded = ((const double *)numbers)[1];
    if (n_users) memcpy(out->users, users, (size_t)n_users * sizeof *out->users);
    if (n_items) memcpy(out->items, items, (size_t)n_items * sizeof *out->items);
    return OK;
}
