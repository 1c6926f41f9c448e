/* Stratified SGD: one launch a stratum; each of its blocks is walked entry by
 * entry by 32 threads that share the factors. */
#include "runtime/device/cuda_impl.cuh"

/* About 16 entries a block: a stratum takes as long as its longest block, and a GPU has room for hundreds side by side. */
int64_t cuda_sgd_side(int64_t n_rows, int64_t n_cols, int64_t n) {
    const int64_t most = 512;
    int64_t side = least(least((int64_t)(sqrt((double)n) / 4.0), most), least(n_rows, n_cols));
    return side < 1 ? 1 : side;
}

struct walk_shared {
    float product[32], base;
};

/* Two phases an entry: products of the factors; error and step. Thread t alone touches the factors t, t + 32, …; thread 0 the biases. */
struct walk_kernel {
    enum { THREADS = 32 };
    struct local {
        double square_sum;
    };
    const struct rating_entry *entries;
    const int64_t *starts, *offsets;
    struct factor_pointers to;
    int64_t side, shift, f;
    float mean, lr, keep, keep_bias;
    double *square_sums; /* per block of the stratum */

    DEVICE int64_t cell(int64_t block) const { return block * side + (block + shift) % side; }
    DEVICE int64_t length(int64_t block) const { return starts[cell(block) + 1] - starts[cell(block)]; }
    DEVICE int64_t phases(int64_t block) const { return 2 * length(block) + 1; }
    DEVICE const struct rating_entry *entry(int64_t block, int64_t e) const {
        int64_t at = cell(block), n = starts[at + 1] - starts[at], i = offsets[at] + e;
        return &entries[starts[at] + (i < n ? i : i - n)];
    }
    DEVICE void multiply(const struct rating_entry *e, int thread, struct walk_shared *s) const {
        const float *p = to.users + e->row * f, *q = to.items + e->col * f;
        float sum = 0.0f;
        for (int64_t j = thread; j < f; j += THREADS) sum = fused(p[j], q[j], sum);
        s->product[thread] = sum;
        if (thread == 0) s->base = mean + to.user_bias[e->row] + to.item_bias[e->col];
    }
    DEVICE void step(const struct rating_entry *e, int thread, local &own, const struct walk_shared *s) const {
        float *p = to.users + e->row * f, *q = to.items + e->col * f, dot = 0.0f;
        for (int t = 0; t < THREADS; t++) dot += s->product[t];
        float error = e->value - (s->base + dot), by = lr * error;
        for (int64_t j = thread; j < f; j += THREADS) {
            float x = p[j], y = q[j];
            p[j] = fused(keep, x, by * y);
            q[j] = fused(keep, y, by * x);
        }
        if (thread != 0) return;
        to.user_bias[e->row] = fused(keep_bias, to.user_bias[e->row], by);
        to.item_bias[e->col] = fused(keep_bias, to.item_bias[e->col], by);
        own.square_sum += (double)error * (double)error;
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, local &own, void *shared) const {
        struct walk_shared *s = (struct walk_shared *)shared;
        if (phase == 0) own.square_sum = 0.0;
        if (phase == phases(block) - 1) {
            if (thread == 0) square_sums[block] = own.square_sum;
        } else if (phase % 2 == 0) {
            multiply(entry(block, phase / 2), thread, s);
        } else {
            step(entry(block, phase / 2), thread, own, s);
        }
    }
};

static int64_t longest_block(const struct sgd_job *job, int64_t shift) {
    int64_t longest = 0;
    for (int64_t i = 0; i < job->side; i++) {
        int64_t cell = i * job->side + (i + shift) % job->side, n = job->starts[cell + 1] - job->starts[cell];
        if (n > longest) longest = n;
    }
    return longest;
}

static struct walk_kernel kernel_of(const struct sgd_job *job) {
    struct walk_kernel kernel = {};
    kernel.entries = job->entries;
    kernel.to = job->factors;
    kernel.side = job->side;
    kernel.f = job->n_factors;
    kernel.mean = job->mean;
    kernel.lr = job->lr;
    kernel.keep = 1.0f - job->lr * job->reg;
    kernel.keep_bias = 1.0f - job->lr * job->reg_bias;
    return kernel;
}

enum status cuda_sgd_epoch(void *state, struct task *task, const struct sgd_job *job, double *out_square_sum, struct error *err) {
    struct gpu *gpu = (struct gpu *)state;
    struct walk_kernel kernel = kernel_of(job);
    scratch<int64_t> starts, offsets;
    scratch<double> square_sums;
    host_array<double> sums;
    int64_t cells = job->side * job->side;
    TRY(starts.from(gpu, job->starts, cells + 1, err));
    TRY(offsets.from(gpu, job->offsets, cells, err));
    TRY(square_sums.room(gpu, cells, err));
    TRY(sums.room(cells, err));
    kernel.starts = starts.at;
    kernel.offsets = offsets.at;
    for (int64_t t = 0; t < job->side; t++) {
        kernel.shift = job->strata[t];
        kernel.square_sums = square_sums.at + t * job->side;
        TRY(launch(gpu, kernel, job->side, sizeof(struct walk_shared), err));
        TRY(gpu_pace(gpu, task, 5.0 + 1.5 * (double)longest_block(job, kernel.shift), err));
    }
    TRY(gpu_wait(gpu, task, err));
    TRY(gpu_download(gpu, sums.at, square_sums.at, (size_t)cells * sizeof(double), err));
    double sum = 0.0;
    for (int64_t i = 0; i < cells; i++) sum += sums.at[i];
    *out_square_sum = sum;
    return OK;
}
