/* Stochastic training of the biased factor model: the plan that lays ratings out in a grid, and its epochs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/device/ops.h"
#include "runtime/device/ops_impl.h"

#define LL(x) ((long long)(x))

struct sgd_plan {
    struct device *device;
    int64_t n_rows, n_cols, n, side;
    struct rating_entry *host; /* block after block; the device's memory on the CPU */
    void *entries;             /* device */
    int64_t *starts;           /* side * side + 1 */
    int32_t *places;           /* rating -> its place among the entries: batches must not depend on the grid, which differs by device */
};

/* Streams of RNG_ORDER: epochs use their number, plans these. */
enum { STREAM_ROWS = -1, STREAM_COLS = -2, STREAM_ENTRIES = -3 };

enum { BETWEEN_LOOKS = 1 << 15 /* ratings that are moved between two looks at the task */ };

static enum status shuffle(struct task *task, struct rng *rng, int32_t *items, int64_t n, struct error *err) {
    for (int64_t i = n - 1; i > 0; i--) {
        if (i % BETWEEN_LOOKS == 0) TRY(task_check(task, err));
        int64_t j = (int64_t)rng_below(rng, (uint64_t)i + 1);
        int32_t old = items[i];
        items[i] = items[j];
        items[j] = old;
    }
    return OK;
}

static enum status shuffled(struct task *task, uint64_t seed, int64_t stream, int32_t *items, int64_t n, struct error *err) {
    struct rng rng = rng_at(seed, RNG_ORDER, (uint64_t)stream);
    for (int64_t i = 0; i < n; i++) items[i] = (int32_t)i;
    return shuffle(task, &rng, items, n, err);
}

/* --- laying out --- */

/* What is needed while a plan is made. */
struct layout {
    struct task *task;
    uint64_t seed;
    const int32_t *rows, *cols;
    const float *values;
    int32_t *row_group, *col_group; /* 0 … side-1 */
    int32_t *order;                 /* rows or columns, then ratings, shuffled */
    int64_t *counts;                /* ratings of a row or column, then of a block */
};

/* Cuts shuffled rows (or columns) into `side` groups with about equal numbers of ratings. */
static enum status cut_groups(const struct layout *layout, int64_t stream, const int32_t *index, int64_t n, int64_t size, int64_t side,
                              int32_t *out_group, struct error *err) {
    memset(layout->counts, 0, (size_t)size * sizeof *layout->counts);
    for (int64_t i = 0; i < n; i++) layout->counts[index[i]]++;
    TRY(shuffled(layout->task, layout->seed, stream, layout->order, size, err));
    int64_t before = 0;
    for (int64_t i = 0; i < size; i++) {
        int64_t group = before * side / n;
        out_group[layout->order[i]] = (int32_t)(group < side ? group : side - 1);
        before += layout->counts[layout->order[i]];
    }
    return OK;
}

static int64_t block_of(const struct sgd_plan *plan, const struct layout *layout, int64_t i) {
    return layout->row_group[layout->rows[i]] * plan->side + layout->col_group[layout->cols[i]];
}

/* Ratings into their blocks, in shuffled order within each. */
static enum status place_entries(struct sgd_plan *plan, const struct layout *layout, struct error *err) {
    int64_t n_blocks = plan->side * plan->side, *next = layout->counts;
    for (int64_t i = 0; i < plan->n; i++) plan->starts[block_of(plan, layout, i) + 1]++;
    for (int64_t b = 0; b < n_blocks; b++) plan->starts[b + 1] += plan->starts[b];
    memcpy(next, plan->starts, (size_t)n_blocks * sizeof *next);
    TRY(shuffled(layout->task, layout->seed, STREAM_ENTRIES, layout->order, plan->n, err));
    for (int64_t s = 0; s < plan->n; s++) {
        int32_t i = layout->order[s];
        int64_t at = next[block_of(plan, layout, i)]++;
        plan->host[at] = (struct rating_entry){layout->rows[i], layout->cols[i], layout->values[i]};
        plan->places[i] = (int32_t)at;
        if (s % BETWEEN_LOOKS == 0) TRY(task_check(layout->task, err));
    }
    return OK;
}

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static enum status layout_init(const struct sgd_plan *plan, struct layout *layout, struct error *err) {
    const char *what = "an order of the ratings";
    int64_t larger = most(plan->n_rows, plan->n_cols);
    TRY(mem_try_array((size_t)plan->n_rows, what, &layout->row_group, err));
    TRY(mem_try_array((size_t)plan->n_cols, what, &layout->col_group, err));
    TRY(mem_try_array((size_t)most(larger, plan->n), what, &layout->order, err));
    return mem_try_array((size_t)most(larger, plan->side * plan->side), what, &layout->counts, err);
}

static void layout_release(struct layout *layout) {
    mem_free(layout->row_group);
    mem_free(layout->col_group);
    mem_free(layout->order);
    mem_free(layout->counts);
}

static size_t entries_bytes(const struct sgd_plan *plan) { return (size_t)plan->n * sizeof *plan->host; }

static enum status plan_memory(struct sgd_plan *plan, struct error *err) {
    TRY(device_alloc(plan->device, entries_bytes(plan), "ratings to train on", &plan->entries, err));
    TRY(mem_try_array((size_t)(plan->side * plan->side + 1), "an order of the ratings", &plan->starts, err));
    TRY(mem_try_array((size_t)plan->n, "an order of the ratings", &plan->places, err));
    plan->host = plan->entries;
    return plan->device->is_cpu ? OK : mem_try_array((size_t)plan->n, "ratings to train on", &plan->host, err);
}

static enum status plan_fill(struct sgd_plan *plan, struct layout *layout, struct error *err) {
    TRY(plan_memory(plan, err));
    TRY(layout_init(plan, layout, err));
    TRY(cut_groups(layout, STREAM_ROWS, layout->rows, plan->n, plan->n_rows, plan->side, layout->row_group, err));
    TRY(cut_groups(layout, STREAM_COLS, layout->cols, plan->n, plan->n_cols, plan->side, layout->col_group, err));
    TRY(place_entries(plan, layout, err));
    if (plan->device->is_cpu) return OK;
    return plan->device->ops->upload(plan->device->state, plan->entries, plan->host, entries_bytes(plan), err);
}

enum status sgd_plan_new(struct task *task, struct device *device, int64_t n_rows, int64_t n_cols, int64_t n, const int32_t *rows,
                         const int32_t *cols, const float *values, uint64_t seed, struct sgd_plan **out, struct error *err) {
    if (n < 1) return err_set(err, ERR_VALUE, "there are no ratings to train on");
    if (n > INT32_MAX || n_rows > INT32_MAX || n_cols > INT32_MAX)
        return err_set(err, ERR_LIMIT, "SGD takes up to %lld ratings, users and items; there are %lld, %lld and %lld", LL(INT32_MAX), LL(n),
                       LL(n_rows), LL(n_cols));
    TRY(ops_check_index("row", rows, n, n_rows, err));
    TRY(ops_check_index("column", cols, n, n_cols, err));
    struct layout layout = {.task = task, .seed = seed, .rows = rows, .cols = cols, .values = values};
    struct sgd_plan *plan = xnew(struct sgd_plan);
    *plan = (struct sgd_plan){.device = device_ref(device), .n_rows = n_rows, .n_cols = n_cols, .n = n};
    plan->side = device->ops->sgd_side(n_rows, n_cols, n);
    enum status status = plan_fill(plan, &layout, err);
    layout_release(&layout);
    if (status == OK) *out = plan;
    else sgd_plan_free(plan);
    return status;
}

void sgd_plan_free(struct sgd_plan *plan) {
    if (!plan) return;
    if (!plan->device->is_cpu) mem_free(plan->host);
    device_release(plan->device, plan->entries, entries_bytes(plan));
    mem_free(plan->starts);
    mem_free(plan->places);
    device_unref(plan->device);
    free(plan);
}

/* --- epochs --- */

static enum status check_factors(const struct sgd_plan *plan, const struct mf_factors *factors, int64_t f, struct error *err) {
    TRY(ops_check(factors->users, "the users' factors", plan->n_rows, f, plan->device, err));
    TRY(ops_check(factors->items, "the items' factors", plan->n_cols, f, plan->device, err));
    TRY(ops_check(factors->user_bias, "the users' biases", plan->n_rows, 1, plan->device, err));
    return ops_check(factors->item_bias, "the items' biases", plan->n_cols, 1, plan->device, err);
}

static struct factor_pointers pointers(const struct mf_factors *factors) {
    return (struct factor_pointers){mat_storage(factors->users), mat_storage(factors->items), mat_storage(factors->user_bias),
                                    mat_storage(factors->item_bias)};
}

/* Order of the strata and where each block's walk begins. */
static enum status draw_epoch(struct task *task, const struct sgd_plan *plan, uint64_t seed, int64_t epoch, int32_t *strata, int64_t *offsets,
                              struct error *err) {
    struct rng rng = rng_at(seed, RNG_ORDER, (uint64_t)epoch);
    for (int64_t t = 0; t < plan->side; t++) strata[t] = (int32_t)t;
    TRY(shuffle(task, &rng, strata, plan->side, err));
    for (int64_t b = 0; b < plan->side * plan->side; b++) {
        int64_t n = plan->starts[b + 1] - plan->starts[b];
        offsets[b] = n ? (int64_t)rng_below(&rng, (uint64_t)n) : 0;
    }
    return OK;
}

enum status ops_mf_sgd(struct task *task, const struct sgd_plan *plan, struct mf_factors *factors, float lr, float reg, float reg_bias, uint64_t seed,
                       int64_t epoch, double *out_rmse, struct error *err) {
    struct device *device = plan->device;
    int64_t f = mat_cols(factors->users);
    double square_sum;
    TRY(check_factors(plan, factors, f, err));
    int32_t *strata = xnew_array(int32_t, (size_t)plan->side);
    int64_t *offsets = xnew_array(int64_t, (size_t)(plan->side * plan->side));
    enum status status = draw_epoch(task, plan, seed, epoch, strata, offsets, err);
    struct sgd_job job = {plan->side, plan->n, f, plan->entries, plan->starts, strata, offsets, pointers(factors), factors->mean, lr, reg, reg_bias};
    if (status == OK) status = device->ops->sgd_epoch(device->state, task, &job, &square_sum, err);
    if (status == OK) *out_rmse = sqrt(square_sum / (double)plan->n);
    free(strata);
    free(offsets);
    return status;
}

static enum status adam_epoch(struct task *task, const struct sgd_plan *plan, struct adam_job *job, uint64_t seed, int64_t epoch, double *out,
                              struct error *err) {
    int32_t *order;
    TRY(mem_try_array((size_t)plan->n, "an order of the ratings", &order, err));
    struct rng rng = rng_at(seed, RNG_ORDER, (uint64_t)epoch);
    for (int64_t i = 0; i < plan->n; i++) order[i] = plan->places[i];
    enum status status = shuffle(task, &rng, order, plan->n, err);
    job->order = order;
    if (status == OK) status = plan->device->ops->adam_epoch(plan->device->state, task, job, out, err);
    mem_free(order);
    return status;
}

enum status ops_mf_adam(struct task *task, const struct sgd_plan *plan, struct mf_factors *factors, struct mf_factors *first,
                        struct mf_factors *second, int64_t *step, int64_t batch, float lr, float weight_decay, uint64_t seed, int64_t epoch,
                        double *out_rmse, struct error *err) {
    int64_t f = mat_cols(factors->users);
    double square_sum;
    if (batch < 1) return err_set(err, ERR_VALUE, "a batch holds 1 rating or more, not %lld", LL(batch));
    TRY(check_factors(plan, factors, f, err));
    TRY(check_factors(plan, first, f, err));
    TRY(check_factors(plan, second, f, err));
    if (batch > plan->n) batch = plan->n;
    struct adam_job job = {.n = plan->n,
                           .batch = batch,
                           .n_users = plan->n_rows,
                           .n_items = plan->n_cols,
                           .n_factors = f,
                           .first_step = *step,
                           .entries = plan->host,
                           .factors = pointers(factors),
                           .first = pointers(first),
                           .second = pointers(second),
                           .mean = factors->mean,
                           .lr = lr,
                           .weight_decay = weight_decay};
    TRY(adam_epoch(task, plan, &job, seed, epoch, &square_sum, err));
    *step += block_count(plan->n, batch);
    *out_rmse = sqrt(square_sum / (double)plan->n);
    return OK;
}
