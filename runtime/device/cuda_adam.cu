/* Mini-batch Adam. The host sorts a chunk of batches by the rows they touch, so
 * that a gradient is a sum over a list in order: no atomics. A batch is three
 * launches: scores of the samples; gradients of the touched rows; one step on
 * every number. */
#include "runtime/device/cuda_impl.cuh"

/* Lists of a chunk for users or for items: touched row i of a batch has the samples members[starts[i]] … of the chunk. */
struct lists {
    const int32_t *touched, *starts, *members;
    const float *with; /* the other side's factors */
    float *gradient, *bias_gradient;
};

/* A block: one touched row's gradient of the mean squared error, 2 / batch · error · other side's vector. */
struct gradient_kernel {
    enum { THREADS = 64 };
    typedef no_local local;
    struct lists users, items;
    const int32_t *rows, *cols; /* of the chunk's samples */
    const float *scores, *values;
    int64_t f, n_users;
    float weight;
    DEVICE int64_t phases(int64_t) const { return 1; }
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        bool is_user = block < n_users;
        const struct lists *own = is_user ? &users : &items;
        const int32_t *others = is_user ? cols : rows;
        int64_t i = is_user ? block : block - n_users, row = own->touched[i];
        for (int64_t j = thread; j <= f; j += THREADS) {
            float sum = 0.0f;
            for (int32_t m = own->starts[i]; m < own->starts[i + 1]; m++) {
                int32_t s = own->members[m];
                float by = weight * (scores[s] - values[s]);
                sum = j < f ? fused(by, own->with[others[s] * f + j], sum) : sum + by;
            }
            *(j < f ? &own->gradient[row * f + j] : &own->bias_gradient[row]) = sum;
        }
    }
};

/* One step on every number of four arrays; gradients are zeros again afterwards. */
struct adam_kernel : one_phase {
    enum { PARTS = 4 };
    struct part {
        float *x, *gradient, *first, *second;
        int64_t n;
    } parts[PARTS];
    float lr, weight_decay, scale1, scale2;
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = block * THREADS + thread;
        for (int p = 0; p < PARTS; i -= parts[p++].n) {
            const struct part *at = &parts[p];
            if (i >= at->n) continue;
            at->x[i] = el_adam(at->x[i], at->gradient[i], &at->first[i], &at->second[i], lr, weight_decay, scale1, scale2);
            at->gradient[i] = 0.0f;
            return;
        }
    }
};

/* --- the host's part: samples of a chunk by row --- */

struct side_plan {
    int64_t n_rows;
    host_array<int32_t> slot, fill; /* row -> its place among the batch's touched, or -1; next free place in members */
    host_array<int32_t> touched, starts, members;
    scratch<int32_t> device_touched, device_starts, device_members;
    scratch<float> gradient, bias_gradient;
    int64_t n_touched; /* of the batch being sorted */
};

static enum status side_init(struct side_plan *side, struct gpu *gpu, int64_t n_rows, int64_t f, int64_t chunk, int64_t n_batches,
                             struct error *err) {
    side->n_rows = n_rows;
    TRY(side->slot.room(n_rows, err));
    TRY(side->fill.room(chunk, err));
    TRY(side->touched.room(chunk, err));
    TRY(side->starts.room(chunk + n_batches, err));
    TRY(side->members.room(chunk, err));
    TRY(side->device_touched.room(gpu, chunk, err));
    TRY(side->device_starts.room(gpu, chunk + n_batches, err));
    TRY(side->device_members.room(gpu, chunk, err));
    TRY(side->gradient.room(gpu, n_rows * f, err));
    TRY(side->bias_gradient.room(gpu, n_rows, err));
    TRY(gpu_zero(gpu, side->gradient.at, (size_t)(n_rows * f) * sizeof(float), err));
    TRY(gpu_zero(gpu, side->bias_gradient.at, (size_t)n_rows * sizeof(float), err));
    for (int64_t r = 0; r < n_rows; r++) side->slot.at[r] = -1;
    return OK;
}

/* Lists of samples [from, end) of the chunk, whose rows are rows[s]; touched from place `from` on, starts from place `from + batch` on. */
static void sort_batch(struct side_plan *side, const int32_t *rows, int64_t from, int64_t end, int64_t batch) {
    int32_t *touched = side->touched.at + from, *starts = side->starts.at + from + batch, *fill = side->fill.at;
    side->n_touched = 0;
    for (int64_t s = from; s < end; s++) {
        int32_t *slot = &side->slot.at[rows[s]];
        if (*slot < 0) {
            *slot = (int32_t)side->n_touched;
            touched[side->n_touched] = rows[s];
            fill[side->n_touched++] = 0;
        }
        fill[*slot]++;
    }
    starts[0] = (int32_t)from;
    for (int64_t i = 0; i < side->n_touched; i++) {
        starts[i + 1] = starts[i] + fill[i];
        fill[i] = starts[i];
    }
    for (int64_t s = from; s < end; s++) side->members.at[fill[side->slot.at[rows[s]]]++] = (int32_t)s;
    for (int64_t i = 0; i < side->n_touched; i++) side->slot.at[touched[i]] = -1;
}

static enum status side_upload(struct side_plan *side, struct gpu *gpu, int64_t n, int64_t n_batches, struct error *err) {
    TRY(gpu_upload(gpu, side->device_touched.at, side->touched.at, (size_t)n * sizeof(int32_t), err));
    TRY(gpu_upload(gpu, side->device_starts.at, side->starts.at, (size_t)(n + n_batches) * sizeof(int32_t), err));
    return gpu_upload(gpu, side->device_members.at, side->members.at, (size_t)n * sizeof(int32_t), err);
}

static struct lists lists_of(const struct side_plan *side, int64_t from, int64_t batch, const float *with) {
    return {side->device_touched.at + from, side->device_starts.at + from + batch, side->device_members.at, with, side->gradient.at,
            side->bias_gradient.at};
}

/* --- an epoch --- */

struct epoch {
    struct gpu *gpu;
    const struct adam_job *job;
    int64_t chunk, n_batches; /* samples of a chunk, a multiple of the batch; batches of it */
    struct side_plan users, items;
    host_array<int32_t> rows, cols, n_users, n_items; /* per sample; touched rows per batch */
    host_array<float> values, seen;
    scratch<int32_t> device_rows, device_cols;
    scratch<float> device_values, scores;
    double power1, power2, sum;
};

static enum status epoch_init(struct epoch *run, struct error *err) {
    const struct adam_job *job = run->job;
    const int64_t aim = 1 << 20;
    int64_t batch = least(job->batch, job->n);
    run->n_batches = batch < aim ? aim / batch : 1;
    run->n_batches = least(run->n_batches, blocks_of(job->n, batch));
    run->chunk = least(run->n_batches * batch, job->n);
    TRY(side_init(&run->users, run->gpu, job->n_users, job->n_factors, run->chunk, run->n_batches, err));
    TRY(side_init(&run->items, run->gpu, job->n_items, job->n_factors, run->chunk, run->n_batches, err));
    TRY(run->rows.room(run->chunk, err));
    TRY(run->cols.room(run->chunk, err));
    TRY(run->values.room(run->chunk, err));
    TRY(run->seen.room(run->chunk, err));
    TRY(run->n_users.room(run->n_batches, err));
    TRY(run->n_items.room(run->n_batches, err));
    TRY(run->device_rows.room(run->gpu, run->chunk, err));
    TRY(run->device_cols.room(run->gpu, run->chunk, err));
    TRY(run->device_values.room(run->gpu, run->chunk, err));
    TRY(run->scores.room(run->gpu, run->chunk, err));
    run->power1 = run->power2 = 1.0;
    for (int64_t s = 0; s < job->first_step; s++) run->power1 *= 0.9, run->power2 *= 0.999;
    return OK;
}

/* Samples [first, first + n) of the epoch: sorted, and sent. */
static enum status prepare(struct epoch *run, int64_t first, int64_t n, struct error *err) {
    const struct adam_job *job = run->job;
    for (int64_t s = 0; s < n; s++) {
        const struct rating_entry *e = &job->entries[job->order[first + s]];
        run->rows.at[s] = e->row;
        run->cols.at[s] = e->col;
        run->values.at[s] = e->value;
    }
    for (int64_t b = 0, from = 0; from < n; from += job->batch, b++) {
        int64_t end = least(from + job->batch, n);
        sort_batch(&run->users, run->rows.at, from, end, b);
        sort_batch(&run->items, run->cols.at, from, end, b);
        run->n_users.at[b] = (int32_t)run->users.n_touched;
        run->n_items.at[b] = (int32_t)run->items.n_touched;
    }
    TRY(side_upload(&run->users, run->gpu, n, run->n_batches, err));
    TRY(side_upload(&run->items, run->gpu, n, run->n_batches, err));
    TRY(gpu_upload(run->gpu, run->device_rows.at, run->rows.at, (size_t)n * sizeof(int32_t), err));
    TRY(gpu_upload(run->gpu, run->device_cols.at, run->cols.at, (size_t)n * sizeof(int32_t), err));
    return gpu_upload(run->gpu, run->device_values.at, run->values.at, (size_t)n * sizeof(float), err);
}

static enum status score(struct epoch *run, int64_t from, int64_t n, struct error *err) {
    const struct factor_pointers *at = &run->job->factors;
    struct score_args args = {at->users,
                              at->items,
                              at->user_bias,
                              at->item_bias,
                              run->job->n_factors,
                              n,
                              1,
                              run->job->mean,
                              run->device_rows.at + from,
                              run->device_cols.at + from,
                              run->scores.at + from};
    return cuda_scores(run->gpu, &args, err);
}

static enum status gradients(struct epoch *run, int64_t from, int64_t n, int64_t batch, struct error *err) {
    const struct factor_pointers *at = &run->job->factors;
    struct gradient_kernel kernel;
    kernel.users = lists_of(&run->users, from, batch, at->items);
    kernel.items = lists_of(&run->items, from, batch, at->users);
    kernel.rows = run->device_rows.at;
    kernel.cols = run->device_cols.at;
    kernel.scores = run->scores.at;
    kernel.values = run->device_values.at;
    kernel.f = run->job->n_factors;
    kernel.n_users = run->n_users.at[batch];
    kernel.weight = 2.0f / (float)n;
    return launch(run->gpu, kernel, kernel.n_users + run->n_items.at[batch], 0, err);
}

static enum status step(struct epoch *run, struct error *err) {
    const struct adam_job *job = run->job;
    const struct factor_pointers *x = &job->factors, *first = &job->first, *second = &job->second;
    int64_t f = job->n_factors;
    struct adam_kernel kernel = {};
    kernel.parts[0] = {x->users, run->users.gradient.at, first->users, second->users, job->n_users * f};
    kernel.parts[1] = {x->items, run->items.gradient.at, first->items, second->items, job->n_items * f};
    kernel.parts[2] = {x->user_bias, run->users.bias_gradient.at, first->user_bias, second->user_bias, job->n_users};
    kernel.parts[3] = {x->item_bias, run->items.bias_gradient.at, first->item_bias, second->item_bias, job->n_items};
    run->power1 *= 0.9, run->power2 *= 0.999;
    kernel.lr = job->lr;
    kernel.weight_decay = job->weight_decay;
    kernel.scale1 = (float)(1.0 / (1.0 - run->power1));
    kernel.scale2 = (float)(1.0 / (1.0 - run->power2));
    return launch(run->gpu, kernel, blocks_of((job->n_users + job->n_items) * (f + 1), adam_kernel::THREADS), 0, err);
}

static enum status run_chunk(struct epoch *run, struct task *task, int64_t first, int64_t n, struct error *err) {
    const struct adam_job *job = run->job;
    double us = 15.0 + (double)(job->n_users + job->n_items) * (double)job->n_factors * 3e-5 + (double)job->batch * (double)job->n_factors * 2e-5;
    TRY(prepare(run, first, n, err));
    for (int64_t b = 0, from = 0; from < n; from += job->batch, b++) {
        int64_t some = least(job->batch, n - from);
        TRY(score(run, from, some, err));
        TRY(gradients(run, from, some, b, err));
        TRY(step(run, err));
        TRY(gpu_pace(run->gpu, task, us, err));
    }
    TRY(gpu_wait(run->gpu, task, err));
    TRY(gpu_download(run->gpu, run->seen.at, run->scores.at, (size_t)n * sizeof(float), err));
    for (int64_t s = 0; s < n; s++) {
        float error = run->seen.at[s] - run->values.at[s];
        run->sum += (double)error * (double)error;
    }
    return OK;
}

enum status cuda_adam_epoch(void *state, struct task *task, const struct adam_job *job, double *out_square_sum, struct error *err) {
    struct epoch run = {};
    run.gpu = (struct gpu *)state;
    run.job = job;
    if (job->n > 0) TRY(epoch_init(&run, err));
    for (int64_t first = 0; first < job->n; first += run.chunk) TRY(run_chunk(&run, task, first, least(run.chunk, job->n - first), err));
    TRY(gpu_wait(run.gpu, task, err));
    *out_square_sum = run.sum;
    return OK;
}
