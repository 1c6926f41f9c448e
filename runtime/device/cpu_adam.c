/* Mini-batch Adam on the CPU. A batch in three steps, each over the pool:
 * errors of the samples; gradients of the rows that occur, each row's samples
 * in order; one Adam step on every number. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/device/cpu_impl.h"

/* Users or items: which samples of the batch touch which row. */
struct side {
    int64_t n_rows;
    int32_t *slot;         /* row -> its place among the touched, or -1 */
    int32_t *touched;      /* rows in order of first occurrence */
    int32_t *first, *last; /* per touched: chain of samples */
    int32_t *next;         /* per sample */
    int64_t n_touched;
    float *gradient;      /* n_touched × f */
    float *bias_gradient; /* n_rows: zeros but for the touched */
    float *x, *x_first, *x_second, *bias, *bias_first, *bias_second;
};

struct adam_run {
    const struct adam_job *job;
    struct side users, items;
    const int32_t *samples; /* of the batch: entries */
    int64_t n_samples;
    float *errors; /* predicted - rating */
    float scale1, scale2;
};

static const struct rating_entry *entry(const struct adam_run *run, int64_t s) { return &run->job->entries[run->samples[s]]; }

/* --- the three steps --- */

enum { SAMPLES_EACH = 256, ROWS_EACH = 32, UPDATES_EACH = 1 << 15, BETWEEN_LOOKS = 1 << 15 };

static void errors_block(void *ctx, int64_t block, int thread) {
    const struct adam_run *run = ctx;
    (void)thread;
    int64_t f = run->job->n_factors, end = (block + 1) * SAMPLES_EACH < run->n_samples ? (block + 1) * SAMPLES_EACH : run->n_samples;
    for (int64_t s = block * SAMPLES_EACH; s < end; s++) {
        const struct rating_entry *e = entry(run, s);
        float dot = HOT_PICK(dot_run)(run->users.x + (int64_t)e->row * f, run->items.x + (int64_t)e->col * f, f);
        run->errors[s] = run->job->mean + run->users.bias[e->row] + run->items.bias[e->col] + dot - e->value;
    }
}

/* d/dx of the mean squared error: 2 / batch · error · other side's vector. */
static void row_gradient(const struct adam_run *run, struct side *side, bool is_user, int64_t slot) {
    int64_t f = run->job->n_factors;
    float *to = side->gradient + slot * f, bias = 0.0f, weight = 2.0f / (float)run->n_samples;
    memset(to, 0, (size_t)f * sizeof *to);
    for (int32_t s = side->first[slot]; s >= 0; s = side->next[s]) {
        const struct rating_entry *e = entry(run, s);
        const float *with = is_user ? run->items.x + (int64_t)e->col * f : run->users.x + (int64_t)e->row * f;
        HOT_PICK(axpy_run)(to, weight * run->errors[s], with, f);
        bias += weight * run->errors[s];
    }
    side->bias_gradient[side->touched[slot]] = bias;
}

static void gradients_block(void *ctx, int64_t block, int thread) {
    struct adam_run *run = ctx;
    (void)thread;
    int64_t user_blocks = block_count(run->users.n_touched, ROWS_EACH);
    bool is_user = block < user_blocks;
    struct side *side = is_user ? &run->users : &run->items;
    int64_t first = (is_user ? block : block - user_blocks) * ROWS_EACH,
            end = first + ROWS_EACH < side->n_touched ? first + ROWS_EACH : side->n_touched;
    for (int64_t slot = first; slot < end; slot++) row_gradient(run, side, is_user, slot);
}

static int64_t rows_of_update(int64_t f) { return f < UPDATES_EACH ? UPDATES_EACH / f : 1; }

static void update_block(void *ctx, int64_t block, int thread) {
    struct adam_run *run = ctx;
    (void)thread;
    const struct adam_job *job = run->job;
    int64_t f = job->n_factors, each = rows_of_update(f), user_blocks = block_count(run->users.n_rows, each);
    struct side *side = block < user_blocks ? &run->users : &run->items;
    int64_t first = (block < user_blocks ? block : block - user_blocks) * each, end = first + each < side->n_rows ? first + each : side->n_rows;
    for (int64_t r = first; r < end; r++) {
        const float *gradient = side->slot[r] >= 0 ? side->gradient + side->slot[r] * f : NULL;
        HOT_PICK(adam_run)
        (side->x + r * f, gradient, side->x_first + r * f, side->x_second + r * f, f, job->lr, job->weight_decay, run->scale1, run->scale2);
    }
    HOT_PICK(adam_run)
    (side->bias + first, side->bias_gradient + first, side->bias_first + first, side->bias_second + first, end - first, job->lr, job->weight_decay,
     run->scale1, run->scale2);
}

/* --- the batch's rows --- */

static void touch(struct side *side, int32_t row, int32_t sample) {
    int32_t slot = side->slot[row];
    side->next[sample] = -1;
    if (slot >= 0) {
        side->next[side->last[slot]] = sample;
        side->last[slot] = sample;
        return;
    }
    slot = (int32_t)side->n_touched++;
    side->slot[row] = slot;
    side->touched[slot] = row;
    side->first[slot] = side->last[slot] = sample;
}

static void forget(struct side *side) {
    for (int64_t s = 0; s < side->n_touched; s++) {
        side->slot[side->touched[s]] = -1;
        side->bias_gradient[side->touched[s]] = 0.0f;
    }
    side->n_touched = 0;
}

static enum status run_batch(struct adam_run *run, struct task *task, struct error *err) {
    int64_t each = rows_of_update(run->job->n_factors);
    for (int64_t s = 0; s < run->n_samples; s++) {
        if (s % BETWEEN_LOOKS == 0) TRY(task_check(task, err));
        touch(&run->users, entry(run, s)->row, (int32_t)s);
        touch(&run->items, entry(run, s)->col, (int32_t)s);
    }
    TRY(cpu_blocks(task, block_count(run->n_samples, SAMPLES_EACH), errors_block, run, err));
    TRY(cpu_blocks(task, block_count(run->users.n_touched, ROWS_EACH) + block_count(run->items.n_touched, ROWS_EACH), gradients_block, run, err));
    return cpu_blocks(task, block_count(run->users.n_rows, each) + block_count(run->items.n_rows, each), update_block, run, err);
}

/* --- an epoch --- */

static enum status side_init(struct side *side, int64_t n_rows, int64_t batch, int64_t f, struct error *err) {
    const char *what = "room for an epoch of Adam";
    int64_t most_touched = batch < n_rows ? batch : n_rows;
    side->n_rows = n_rows;
    TRY(mem_try_array((size_t)n_rows, what, &side->slot, err));
    TRY(mem_try_array((size_t)n_rows, what, &side->bias_gradient, err));
    TRY(mem_try_array((size_t)most_touched, what, &side->touched, err));
    TRY(mem_try_array((size_t)most_touched, what, &side->first, err));
    TRY(mem_try_array((size_t)most_touched, what, &side->last, err));
    TRY(mem_try_array((size_t)batch, what, &side->next, err));
    TRY(mem_try_array((size_t)(most_touched * f), what, &side->gradient, err));
    for (int64_t r = 0; r < n_rows; r++) side->slot[r] = -1;
    return OK;
}

static void side_release(struct side *side) {
    mem_free(side->slot);
    mem_free(side->bias_gradient);
    mem_free(side->touched);
    mem_free(side->first);
    mem_free(side->last);
    mem_free(side->next);
    mem_free(side->gradient);
}

static void point(struct adam_run *run) {
    const struct adam_job *job = run->job;
    struct side *u = &run->users, *i = &run->items;
    u->x = job->factors.users, u->x_first = job->first.users, u->x_second = job->second.users;
    i->x = job->factors.items, i->x_first = job->first.items, i->x_second = job->second.items;
    u->bias = job->factors.user_bias, u->bias_first = job->first.user_bias, u->bias_second = job->second.user_bias;
    i->bias = job->factors.item_bias, i->bias_first = job->first.item_bias, i->bias_second = job->second.item_bias;
}

static enum status all_batches(struct adam_run *run, struct task *task, double *out_square_sum, struct error *err) {
    const struct adam_job *job = run->job;
    double sum = 0.0, power1 = 1.0, power2 = 1.0;
    for (int64_t s = 0; s < job->first_step; s++) power1 *= 0.9, power2 *= 0.999;
    for (int64_t from = 0; from < job->n; from += job->batch) {
        power1 *= 0.9, power2 *= 0.999;
        run->scale1 = (float)(1.0 / (1.0 - power1));
        run->scale2 = (float)(1.0 / (1.0 - power2));
        run->samples = job->order + from;
        run->n_samples = job->n - from < job->batch ? job->n - from : job->batch;
        TRY(run_batch(run, task, err));
        for (int64_t s = 0; s < run->n_samples; s++) sum += (double)run->errors[s] * (double)run->errors[s];
        forget(&run->users);
        forget(&run->items);
    }
    *out_square_sum = sum;
    return task_check(task, err);
}

enum status cpu_adam_epoch(void *state, struct task *task, const struct adam_job *job, double *out_square_sum, struct error *err) {
    (void)state;
    struct adam_run run = {.job = job};
    int64_t batch = job->batch < job->n ? job->batch : job->n;
    point(&run);
    enum status status = side_init(&run.users, job->n_users, batch, job->n_factors, err);
    if (status == OK) status = side_init(&run.items, job->n_items, batch, job->n_factors, err);
    if (status == OK) status = mem_try_array((size_t)batch, "room for an epoch of Adam", &run.errors, err);
    if (status == OK) status = all_batches(&run, task, out_square_sum, err);
    side_release(&run.users);
    side_release(&run.items);
    mem_free(run.errors);
    return status;
}
