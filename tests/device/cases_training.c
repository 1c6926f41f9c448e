/* SGD and Adam epochs. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "tests/device/parity.h"

struct shape {
    int64_t n_users, n_items, n, f;
};

static struct rating_entry *make_entries(const struct shape *shape) {
    int32_t *rows = some_indices(61, shape->n, shape->n_users), *cols = some_indices(62, shape->n, shape->n_items);
    float *values = some_floats(63, shape->n);
    struct rating_entry *entries = xnew_array(struct rating_entry, (size_t)shape->n + 1);
    for (int64_t i = 0; i < shape->n; i++) entries[i] = (struct rating_entry){rows[i], cols[i], 3.0f + 2.0f * values[i]};
    free(rows);
    free(cols);
    free(values);
    return entries;
}

/* Small factors (scale > 0) or zeros. */
static enum status put_factors(struct side *side, const struct shape *shape, uint64_t seed, float scale, struct factor_pointers *out,
                               struct error *err) {
    float **to[] = {&out->users, &out->items, &out->user_bias, &out->item_bias};
    const int64_t sizes[] = {shape->n_users * shape->f, shape->n_items * shape->f, shape->n_users, shape->n_items};
    for (int i = 0; i < 4; i++) {
        float *values = some_floats(seed + (uint64_t)i, sizes[i]);
        for (int64_t j = 0; j < sizes[i]; j++) values[j] *= scale;
        enum status status = side_put(side, values, (size_t)sizes[i] * sizeof *values, to[i], err);
        free(values);
        TRY(status);
    }
    return OK;
}

static enum status fetch_factors(struct side *side, const struct shape *shape, const struct factor_pointers *at, struct error *err) {
    TRY(side_fetch(side, at->users, shape->n_users * shape->f, err));
    TRY(side_fetch(side, at->items, shape->n_items * shape->f, err));
    TRY(side_fetch(side, at->user_bias, shape->n_users, err));
    return side_fetch(side, at->item_bias, shape->n_items, err);
}

/* --- SGD --- */

/* A grid of blocks as an SGD plan makes it: rows and columns by remainder, so that blocks differ in size and some are empty. */
struct grid {
    struct rating_entry *entries;
    int64_t *starts, *offsets;
    int32_t *strata;
};

static void free_grid(struct grid *grid) {
    free(grid->entries);
    free(grid->starts);
    free(grid->offsets);
    free(grid->strata);
}

static struct grid make_grid(const struct shape *shape, int64_t side) {
    struct rating_entry *loose = make_entries(shape);
    struct rng rng = rng_at(64, RNG_USER, 0);
    struct grid grid = {.entries = xnew_array(struct rating_entry, (size_t)shape->n + 1),
                        .starts = xnew_array(int64_t, (size_t)(side * side) + 1),
                        .offsets = xnew_array(int64_t, (size_t)(side * side)),
                        .strata = xnew_array(int32_t, (size_t)side)};
    int64_t n = 0;
    for (int64_t block = 0; block < side * side; block++) {
        for (int64_t e = 0; e < shape->n; e++)
            if (loose[e].row % side == block / side && loose[e].col % side == block % side) grid.entries[n++] = loose[e];
        int64_t size = n - grid.starts[block];
        grid.starts[block + 1] = n;
        grid.offsets[block] = size ? (int64_t)rng_below(&rng, (uint64_t)size) : 0;
    }
    for (int64_t t = 0; t < side; t++) grid.strata[t] = (int32_t)((2 * t + 1) % side); /* side is odd: a permutation */
    free(loose);
    return grid;
}

static enum status run_sgd(struct side *side, const struct shape *shape, int64_t grid_side, struct error *err) {
    side_release(side);
    struct grid grid = make_grid(shape, grid_side);
    struct sgd_job job = {.side = grid_side,
                          .n = shape->n,
                          .n_factors = shape->f,
                          .starts = grid.starts,
                          .strata = grid.strata,
                          .offsets = grid.offsets,
                          .mean = 3.1f,
                          .lr = 0.05f,
                          .reg = 0.02f,
                          .reg_bias = 0.01f};
    double square_sum = -1.0;
    enum status status = side_put(side, grid.entries, (size_t)shape->n * sizeof *grid.entries, &job.entries, err);
    if (status == OK) status = put_factors(side, shape, 71, 0.3f, &job.factors, err);
    for (int epoch = 0; epoch < 2 && status == OK; epoch++) status = side->ops->sgd_epoch(side->state, side->task, &job, &square_sum, err);
    if (status == OK) status = fetch_factors(side, shape, &job.factors, err);
    if (status == OK) side_show(side, &(float){(float)(square_sum / (double)shape->n)}, 1);
    free_grid(&grid);
    return status;
}

static enum status sgd_case(struct side *side, int which, struct error *err) {
    static const struct shape shapes[] = {{1, 1, 1, 1}, {9, 7, 40, 5}, {60, 50, 900, 16}, {100, 80, 2000, 33}, {40, 60, 700, 64}, {30, 30, 300, 130}};
    static const int64_t sides[] = {1, 3, 5, 7, 1, 9};
    (void)which;
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_sgd(side, &shapes[s], sides[s], err));
    return OK;
}

/* The grid's side comes from the data's size alone and never outgrows rows or columns. */
static enum status sgd_side_case(struct side *side, int which, struct error *err) {
    static const int64_t sizes[][3] = {{1, 1, 1}, {1, 1000, 1000}, {943, 1682, 100000}, {6040, 3706, 1000209}, {138493, 26744, 20000263}};
    (void)which;
    for (int s = 0; s < N_OF(sizes); s++) {
        int64_t n = side->ops->sgd_side(sizes[s][0], sizes[s][1], sizes[s][2]);
        if (n < 1 || n > sizes[s][0] || n > sizes[s][1]) return err_set(err, ERR_INTERNAL, "a grid of side %lld", (long long)n);
        side_show(side, &(float){1.0f}, 1);
    }
    return OK;
}

/* --- Adam --- */

static enum status run_adam(struct side *side, const struct shape *shape, int64_t batch, struct error *err) {
    struct adam_job job = {.n = shape->n,
                           .batch = batch,
                           .n_users = shape->n_users,
                           .n_items = shape->n_items,
                           .n_factors = shape->f,
                           .first_step = 3,
                           .mean = 3.1f,
                           .lr = 0.01f,
                           .weight_decay = 1e-4f};
    side_release(side);
    struct rating_entry *entries = make_entries(shape);
    int32_t *order = some_indices(81, shape->n, shape->n); /* any order, repeats too */
    double square_sum = -1.0;
    job.entries = entries;
    job.order = order;
    enum status status = put_factors(side, shape, 82, 0.3f, &job.factors, err);
    if (status == OK) status = put_factors(side, shape, 86, 0.0f, &job.first, err);
    if (status == OK) status = put_factors(side, shape, 90, 0.0f, &job.second, err);
    for (int epoch = 0; epoch < 2 && status == OK; epoch++) {
        status = side->ops->adam_epoch(side->state, side->task, &job, &square_sum, err);
        job.first_step += block_count(job.n, job.batch);
    }
    if (status == OK) status = fetch_factors(side, shape, &job.factors, err);
    if (status == OK) status = fetch_factors(side, shape, &job.first, err);
    if (status == OK) side_show(side, &(float){(float)(square_sum / (double)shape->n)}, 1);
    free(entries);
    free(order);
    return status;
}

static enum status adam_case(struct side *side, int which, struct error *err) {
    static const struct shape shapes[] = {{1, 1, 1, 1}, {9, 7, 40, 5}, {60, 50, 900, 16}, {50, 80, 500, 65}};
    static const int64_t batches[] = {4, 7, 128, 1000};
    (void)which;
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_adam(side, &shapes[s], batches[s], err));
    return OK;
}

/* --- the list --- */

const struct parity_case training_cases[] = {
    {"sgd_side", sgd_side_case, 0, 0.0, 0.0, false, ""},
    {"sgd_epoch", sgd_case, 0, 1e-5, 1e-5, true, "dot products in another order, carried through two epochs"},
    {"adam_epoch", adam_case, 0, 1e-5, 1e-5, true, "Adam divides by the gradient's size, so the rounding of small ones shows: 0.1% of a step"},
};
const int n_training_cases = N_OF(training_cases);
