#include <math.h>
#include <string.h>

#include "models/classic/bias.h"
#include "runtime/base/mem.h"

#define SWEEPS_MAX 1000
#define TOLERANCE 1e-7
#define TURNS_BETWEEN_CHECKS (1 << 14)

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

/* The rows of each user, by item. In this order the sums of a user are those of a new user who has the same rows, and the order of a file's rows
 * decides no bit. */
struct fitting {
    struct task *task;
    struct biases *biases;
    const int64_t *starts; /* of users */
    const int32_t *items;
    const float *ratings;
    double reg_user, reg_item;
    double *counts, *sums; /* of items */
};

static enum status look(const struct fitting *fitting, int64_t turn, struct error *err) {
    return turn % TURNS_BETWEEN_CHECKS ? OK : task_check(fitting->task, err);
}

static void set(double *bias, double next, double *largest_change) {
    *largest_change = fmax(*largest_change, fabs(next - *bias));
    *bias = next;
}

/* b_i = Σ (r − mean − b_u) / (reg + count). */
static enum status solve_items(const struct fitting *fitting, double *largest_change, struct error *err) {
    struct biases *biases = fitting->biases;
    memset(fitting->sums, 0, (size_t)biases->n_items * sizeof *fitting->sums);
    for (int64_t u = 0; u < biases->n_users; u++)
        for (int64_t e = fitting->starts[u]; e < fitting->starts[u + 1]; e++) {
            TRY(look(fitting, e, err));
            fitting->sums[fitting->items[e]] += (double)fitting->ratings[e] - biases->mean - biases->users[u];
        }
    for (int64_t i = 0; i < biases->n_items; i++)
        if (fitting->counts[i] > 0) set(&biases->items[i], fitting->sums[i] / (fitting->reg_item + fitting->counts[i]), largest_change);
    return OK;
}

static enum status solve_users(const struct fitting *fitting, double *largest_change, struct error *err) {
    struct biases *biases = fitting->biases;
    for (int64_t u = 0; u < biases->n_users; u++) {
        const int64_t from = fitting->starts[u], n = fitting->starts[u + 1] - from;
        TRY(look(fitting, u, err));
        if (n > 0)
            set(&biases->users[u], biases_new_user(biases, fitting->reg_user, fitting->items + from, fitting->ratings + from, n), largest_change);
    }
    return OK;
}

/* Users last, so that theirs is what the items' biases leave. */
static enum status alternate(const struct fitting *fitting, struct error *err) {
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        double change = 0;
        TRY(solve_items(fitting, &change, err));
        TRY(solve_users(fitting, &change, err));
        if (change < TOLERANCE) break;
    }
    return OK;
}

static enum status solve(struct fitting *fitting, struct error *err) {
    const int64_t n = fitting->starts[fitting->biases->n_users];
    double sum = 0;
    for (int64_t e = 0; e < n; e++) {
        TRY(look(fitting, e, err));
        sum += (double)fitting->ratings[e];
        fitting->counts[fitting->items[e]]++;
    }
    fitting->biases->mean = n ? sum / (double)n : 0;
    return alternate(fitting, err);
}

static enum status fit(struct task *task, struct dataset *data, double reg_user, double reg_item, struct biases *biases, struct error *err) {
    const struct csr *rows;
    double *scratch;
    TRY(dataset_by_user(data, device_cpu(), &rows, err));
    TRY(biases_new(dataset_n_users(data), dataset_n_items(data), biases, err));
    TRY(mem_try_array(2 * (size_t)biases->n_items, "biases", &scratch, err));
    struct fitting fitting = {.task = task,
                              .biases = biases,
                              .starts = csr_starts(rows),
                              .items = csr_columns(rows),
                              .ratings = csr_values(rows),
                              .reg_user = reg_user,
                              .reg_item = reg_item,
                              .counts = scratch,
                              .sums = scratch + biases->n_items};
    const enum status status = solve(&fitting, err);
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

/* Σ (r − mean − other) / (reg + n). */
static double new_bias(double mean, const double *other, double reg, const int32_t *others, const float *ratings, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)ratings[i] - mean - other[others[i]];
    return n ? sum / (reg + (double)n) : 0;
}

double biases_new_user(const struct biases *biases, double reg, const int32_t *items, const float *ratings, int64_t n) {
    return new_bias(biases->mean, biases->items, reg, items, ratings, n);
}

double biases_new_item(const struct biases *biases, double reg, const int32_t *users, const float *ratings, int64_t n) {
    return new_bias(biases->mean, biases->users, reg, users, ratings, n);
}

enum status biases_with_item(const struct biases *from, int32_t item, double bias, struct biases *out, struct error *err) {
    TRY(biases_new(from->n_users, item < from->n_items ? from->n_items : item + 1, out, err));
    out->mean = from->mean;
    memcpy(out->users, from->users, (size_t)from->n_users * sizeof *out->users);
    memcpy(out->items, from->items, (size_t)from->n_items * sizeof *out->items);
    out->items[item] = bias;
    return OK;
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
