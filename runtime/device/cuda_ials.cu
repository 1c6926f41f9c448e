/* Implicit ALS. By conjugate gradients: all rows of a batch step by step, the
 * products with f × f matrices by cuBLAS, a block for each row's events. By
 * blocks of columns: small normal equations (cuda_normal.cuh). */
#include "runtime/device/cuda_normal.cuh"

/* --- what a row's events do --- */

enum { EVENTS = 16, PARTS = 8 }; /* events of a chunk; threads that share an event's score */

struct pass_shared {
    float part[EVENTS][PARTS], w[EVENTS];
    double square[EVENTS];
};

/* A chunk's scores y_e · x, by parts. Row `row` of x is x + row * f + first, n numbers; other's begin at first too. */
struct chunk_scores {
    const int64_t *starts;
    const int32_t *columns;
    const float *other, *x;
    int64_t f, first, n, first_row;

    DEVICE int64_t row(int64_t block) const { return first_row + block; }
    DEVICE int64_t events(int64_t block) const { return starts[row(block) + 1] - starts[row(block)]; }
    DEVICE int64_t chunks(int64_t block) const { return (events(block) + EVENTS - 1) / EVENTS; }
    DEVICE const float *vector(int64_t event) const { return other + (int64_t)columns[event] * f + first; }
    DEVICE void multiply(int64_t chunk, int64_t block, int thread, struct pass_shared *s) const {
        int e = thread / PARTS;
        int64_t at = chunk * EVENTS + e;
        float sum = 0.0f;
        if (at < events(block)) {
            const float *y = vector(starts[row(block)] + at), *with = x + block * f + first;
            for (int64_t j = thread % PARTS; j < n; j += PARTS) sum = fused(y[j], with[j], sum);
        }
        s->part[e][thread % PARTS] = sum;
    }
    DEVICE float score(int e, const struct pass_shared *s) const {
        float sum = 0.0f;
        for (int i = 0; i < PARTS; i++) sum += s->part[e][i];
        return sum;
    }
};

/* out += Σ w (target - y·x) y, squares = Σ w (target - y·x)². Three phases a chunk: scores by parts; weights; sums. */
struct pass_kernel {
    enum { THREADS = EVENTS * PARTS };
    struct local {
        double square;
    };
    struct chunk_scores of;
    const float *values;
    float alpha, target;
    float *out;      /* per row of the batch */
    double *squares; /* the same; NULL: not asked for */

    DEVICE int64_t phases(int64_t block) const { return 3 * of.chunks(block) + 2; }
    DEVICE void weigh(int64_t chunk, int64_t block, int e, local &own, struct pass_shared *s) const {
        int64_t at = chunk * EVENTS + e;
        float rest = target - of.score(e, s);
        s->w[e] = at < of.events(block) ? alpha * values[of.starts[of.row(block)] + at] * rest : 0.0f;
        own.square += (double)s->w[e] * (double)rest;
    }
    DEVICE void sum(int64_t chunk, int64_t block, int thread, const struct pass_shared *s) const {
        int64_t from = of.starts[of.row(block)] + chunk * EVENTS, n = least(EVENTS, of.events(block) - chunk * EVENTS);
        float *to = out + block * of.f;
        for (int64_t j = thread; j < of.f; j += THREADS) {
            float total = to[j];
            for (int64_t e = 0; e < n; e++) total = fused(s->w[e], of.vector(from + e)[j], total);
            to[j] = total;
        }
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, local &own, void *shared) const {
        struct pass_shared *s = (struct pass_shared *)shared;
        int64_t n = of.chunks(block);
        if (phase == 0) own.square = 0.0;
        if (phase == 3 * n) {
            if (thread < EVENTS) s->square[thread] = own.square;
        } else if (phase > 3 * n) {
            double total = 0.0;
            for (int e = 0; e < EVENTS; e++) total += s->square[e];
            if (thread == 0 && squares) squares[block] = total;
        } else if (phase % 3 == 0) of.multiply(phase / 3, block, thread, s);
        else if (phase % 3 == 1 && thread < EVENTS) weigh(phase / 3, block, thread, own, s);
        else if (phase % 3 == 2) sum(phase / 3, block, thread, s);
    }
};

/* scores[e] (+)= y_e · x */
struct score_kernel {
    enum { THREADS = EVENTS * PARTS };
    typedef no_local local;
    struct chunk_scores of;
    bool adds;
    float *scores; /* per event */

    DEVICE int64_t phases(int64_t block) const { return 2 * of.chunks(block); }
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        struct pass_shared *s = (struct pass_shared *)shared;
        int64_t at = phase / 2 * EVENTS + thread, event = of.starts[of.row(block)] + at;
        if (phase % 2 == 0) of.multiply(phase / 2, block, thread, s);
        else if (thread < EVENTS && at < of.events(block)) scores[event] = (adds ? scores[event] : 0.0f) + of.score(thread, s);
    }
};

/* --- vectors of rows --- */

/* Each thread's share of a sum, then the same total for all. */
struct sum_shared {
    double part[128];
};
DEVICE static inline double total_of(const struct sum_shared *s) {
    double total = 0.0;
    for (int i = 0; i < 128; i++) total += s->part[i];
    return total;
}

/* A block: one row of the batch. Two phases: shares of a sum; what follows from it. */
struct row_kernel {
    enum { THREADS = 128 };
    typedef no_local local;
    const int64_t *starts;
    int64_t f, first_row;
    const float *ridge;       /* per row of the job */
    float *x, *r, *p, *z, *v; /* per row of the batch */
    double *rz, *loss;        /* the same */

    DEVICE bool empty(int64_t block) const { return starts[first_row + block + 1] == starts[first_row + block]; }
    DEVICE int64_t phases(int64_t) const { return 2; }
};

/* r -= v + ridge x; loss += x·(v + ridge x). A row without events becomes zeros. */
struct residual_kernel : row_kernel {
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        struct sum_shared *s = (struct sum_shared *)shared;
        int64_t at = block * f;
        double sum = 0.0;
        if (phase == 1) {
            if (thread == 0) loss[block] = empty(block) ? 0.0 : loss[block] + total_of(s);
            return;
        }
        for (int64_t j = thread; j < f; j += THREADS) {
            float product = fused(ridge[first_row + block], x[at + j], v[at + j]);
            r[at + j] -= product;
            sum += (double)x[at + j] * (double)product;
            if (empty(block)) x[at + j] = r[at + j] = 0.0f;
        }
        s->part[thread] = sum;
        if (thread == 0) rz[block] = 0.0;
    }
};

/* p = z + (r·z / rz) p; rz = r·z in phase 2, when all have read it. */
struct turn_kernel : row_kernel {
    DEVICE int64_t phases(int64_t) const { return 3; }
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        struct sum_shared *s = (struct sum_shared *)shared;
        int64_t at = block * f;
        double sum = 0.0;
        if (phase == 0) {
            for (int64_t j = thread; j < f; j += THREADS) sum += (double)r[at + j] * (double)z[at + j];
            s->part[thread] = sum;
        } else if (phase == 1) {
            float keep = rz[block] > 0.0 ? (float)(total_of(s) / rz[block]) : 0.0f;
            for (int64_t j = thread; j < f; j += THREADS) p[at + j] = keep == 0.0f ? z[at + j] : fused(keep, p[at + j], z[at + j]);
        } else if (thread == 0) {
            rz[block] = total_of(s);
        }
    }
};

/* v += ridge p; the best way along p; the loss in phase 2, when all have read it. */
struct step_kernel : row_kernel {
    DEVICE int64_t phases(int64_t) const { return 3; }
    DEVICE bool worth_it(int64_t block, double curvature) const {
        return rz[block] > IALS_ENOUGH * loss[block] && rz[block] > 0.0 && curvature > 0.0;
    }
    DEVICE void multiply(int64_t block, int thread, struct sum_shared *s) const {
        double sum = 0.0;
        for (int64_t j = block * f + thread; j < (block + 1) * f; j += THREADS) {
            v[j] = fused(ridge[first_row + block], p[j], v[j]);
            sum += (double)p[j] * (double)v[j];
        }
        s->part[thread] = sum;
    }
    DEVICE void run(int64_t phase, int64_t block, int thread, no_local &, void *shared) const {
        struct sum_shared *s = (struct sum_shared *)shared;
        if (phase == 0) {
            multiply(block, thread, s);
            return;
        }
        double curvature = total_of(s);
        if ((phase == 2 && thread != 0) || !worth_it(block, curvature)) return;
        float length = (float)(rz[block] / curvature);
        for (int64_t j = block * f + thread; phase == 1 && j < (block + 1) * f; j += THREADS) {
            x[j] = fused(length, p[j], x[j]);
            r[j] = fused(-length, v[j], r[j]);
        }
        if (phase == 2 && thread == 0) loss[block] -= rz[block] * rz[block] / curvature;
    }
};

/* --- conjugate gradients --- */

struct cg_run {
    struct gpu *gpu;
    struct task *task;
    const struct ials_job *job;
    int64_t first, n; /* rows of the batch */
    scratch<float> r, p, z, v;
    scratch<double> rz, loss;
};

static enum status cg_times(struct cg_run *run, const float *x, const float *matrix, float *out, struct error *err) {
    struct gemm gemm = {};
    gemm.m = run->n;
    gemm.n = gemm.k = gemm.lda = gemm.ldb = gemm.ldc = run->job->n_factors;
    gemm.a = x;
    gemm.b = matrix;
    gemm.c = out;
    return cuda_gemm(run->gpu, run->task, &gemm, err);
}

static struct chunk_scores scores_of(const struct ials_job *job, int64_t first_row, const float *x) {
    struct chunk_scores of = {};
    of.starts = job->events.starts;
    of.columns = job->events.columns;
    of.other = job->other;
    of.x = x;
    of.f = of.n = job->n_factors;
    of.first_row = first_row;
    return of;
}

static enum status cg_pass(struct cg_run *run, float alpha, float target, const float *x, float *out, double *squares, struct error *err) {
    struct pass_kernel kernel = {};
    kernel.of = scores_of(run->job, run->first, x);
    kernel.values = run->job->events.values;
    kernel.alpha = alpha;
    kernel.target = target;
    kernel.out = out;
    kernel.squares = squares;
    TRY(launch(run->gpu, kernel, run->n, sizeof(struct pass_shared), err));
    const int64_t *starts = run->job->events.starts_host;
    double flops = 4.0 * (double)(starts[run->first + run->n] - starts[run->first]) * (double)run->job->n_factors;
    return gpu_pace(run->gpu, run->task, 5.0 + flops * 1e-6, err);
}

template <class Kernel> static enum status cg_rows(struct cg_run *run, struct error *err) {
    Kernel kernel = {};
    kernel.starts = run->job->events.starts;
    kernel.f = run->job->n_factors;
    kernel.first_row = run->first;
    kernel.ridge = run->job->ridge;
    kernel.x = run->job->out + run->first * run->job->n_factors;
    kernel.r = run->r.at;
    kernel.p = run->p.at;
    kernel.z = run->z.at;
    kernel.v = run->v.at;
    kernel.rz = run->rz.at;
    kernel.loss = run->loss.at;
    return launch(run->gpu, kernel, run->n, sizeof(struct sum_shared), err);
}

static enum status cg_batch(struct cg_run *run, struct error *err) {
    const struct ials_job *job = run->job;
    const float *x = job->out + run->first * job->n_factors;
    TRY(gpu_zero(run->gpu, run->r.at, (size_t)(run->n * job->n_factors) * sizeof(float), err));
    TRY(gpu_zero(run->gpu, run->p.at, (size_t)(run->n * job->n_factors) * sizeof(float), err));
    TRY(cg_times(run, x, job->gram, run->v.at, err));
    TRY(cg_pass(run, job->alpha, 1.0f, x, run->r.at, run->loss.at, err));
    TRY(cg_rows<residual_kernel>(run, err));
    for (int64_t step = 0; step < job->cg_steps; step++) {
        TRY(cg_times(run, run->r.at, job->inverse, run->z.at, err));
        TRY(cg_rows<turn_kernel>(run, err));
        TRY(cg_times(run, run->p.at, job->gram, run->v.at, err));
        TRY(cg_pass(run, -job->alpha, 0.0f, run->p.at, run->v.at, NULL, err));
        TRY(cg_rows<step_kernel>(run, err));
    }
    return OK;
}

/* Adds up the batch's losses; the first that is no number is a failure. */
static enum status add_losses(struct cg_run *run, int64_t *out_failed_row, double *out_loss, struct error *err) {
    host_array<double> losses;
    TRY(losses.room(run->n, err));
    TRY(gpu_download(run->gpu, losses.at, run->loss.at, (size_t)run->n * sizeof(double), err));
    for (int64_t k = 0; k < run->n; k++) {
        if (!(losses.at[k] - losses.at[k] == 0.0) && *out_failed_row < 0) *out_failed_row = run->first + k;
        *out_loss += losses.at[k];
    }
    return OK;
}

static enum status cg_solve(struct gpu *gpu, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss,
                            struct error *err) {
    const int64_t f = job->n_factors, rows = job->events.rows, most = least(rows, ((int64_t)1 << 23) / f + 1); /* 32 MiB a matrix */
    struct cg_run run = {};
    run.gpu = gpu;
    run.task = task;
    run.job = job;
    TRY(run.r.room(gpu, most * f, err));
    TRY(run.p.room(gpu, most * f, err));
    TRY(run.z.room(gpu, most * f, err));
    TRY(run.v.room(gpu, most * f, err));
    TRY(run.rz.room(gpu, most, err));
    TRY(run.loss.room(gpu, most, err));
    for (run.first = 0; run.first < rows; run.first += run.n) {
        run.n = least(most, rows - run.first);
        TRY(cg_batch(&run, err));
        TRY(gpu_wait(gpu, task, err));
        TRY(add_losses(&run, out_failed_row, out_loss, err));
    }
    return OK;
}

/* --- blocks of columns --- */

/* Vectors √w times columns of y, targets √w (1 - score). */
struct ials_source {
    const int32_t *columns;
    const float *values, *other, *gram, *ridge, *scores, *v; /* scores, v NULL: the rows begin at zero */
    float alpha;
    int64_t f, first, size;
    float *x;

    DEVICE float number(int64_t entry, int64_t j) const {
        float root = el_sqrt(alpha * values[entry]);
        if (j < size) return root * other[(int64_t)columns[entry] * f + first + j];
        return scores ? root * (1.0f - scores[entry]) : root;
    }
    DEVICE float base(int64_t row, int64_t, int64_t i, int64_t j) const {
        if (j < size) return gram[(first + i) * f + first + j] + (i == j ? ridge[row] : 0.0f);
        return scores ? -fused(ridge[row], x[row * f + first + i], v[row * f + first + i]) : 0.0f;
    }
    DEVICE void store(int64_t row, int64_t i, float by, bool solved) const {
        float *to = &x[row * f + first + i];
        *to = solved && scores ? *to + by : by;
    }
};

struct delta_kernel : one_phase {
    const float *x, *before;
    float *out;
    int64_t n;
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = block * THREADS + thread;
        if (i < n) out[i] = x[i] - before[i];
    }
};

/* Σ w (1 - score)² + x·(v + ridge x) of a row as it is; scores NULL: x is zero. */
struct begin_kernel {
    enum { THREADS = 128 };
    typedef no_local local;
    const int64_t *starts;
    const float *values, *scores, *x, *v, *ridge;
    float alpha;
    int64_t f;
    double *loss;
    DEVICE int64_t phases(int64_t) const { return 2; }
    DEVICE void run(int64_t phase, int64_t row, int thread, no_local &, void *shared) const {
        struct sum_shared *s = (struct sum_shared *)shared;
        double sum = 0.0;
        if (phase == 1) {
            if (thread == 0) loss[row] = total_of(s);
            return;
        }
        for (int64_t e = starts[row] + thread; e < starts[row + 1]; e += THREADS) {
            double left = scores ? 1.0 - (double)scores[e] : 1.0;
            sum += (double)(alpha * values[e]) * left * left;
        }
        for (int64_t j = thread; j < f && scores; j += THREADS)
            sum += (double)x[row * f + j] * (double)fused(ridge[row], x[row * f + j], v[row * f + j]);
        s->part[thread] = sum;
    }
};

struct zero_kernel : one_phase {
    const int64_t *starts;
    int64_t f, n;
    float *x;
    DEVICE void run(int64_t, int64_t block, int thread, no_local &, void *) const {
        int64_t i = block * THREADS + thread;
        if (i < n && starts[i / f] == starts[i / f + 1]) x[i] = 0.0f;
    }
};

struct blocks_run {
    struct gpu *gpu;
    struct task *task;
    const struct ials_job *job;
    bool exact;
    scratch<float> v, before, scores;
    scratch<double> loss, falls;
};

static enum status blocks_times(struct blocks_run *run, struct error *err) {
    struct gemm gemm = {};
    gemm.m = run->job->events.rows;
    gemm.n = gemm.k = gemm.lda = gemm.ldb = gemm.ldc = run->job->n_factors;
    gemm.a = run->job->out;
    gemm.b = run->job->gram;
    gemm.c = run->v.at;
    return cuda_gemm(run->gpu, run->task, &gemm, err);
}

static enum status blocks_scores(struct blocks_run *run, const float *x, int64_t first, int64_t n, bool adds, struct error *err) {
    struct score_kernel kernel = {};
    kernel.of = scores_of(run->job, 0, x);
    kernel.of.first = first;
    kernel.of.n = n;
    kernel.adds = adds;
    kernel.scores = run->scores.at;
    TRY(launch(run->gpu, kernel, run->job->events.rows, sizeof(struct pass_shared), err));
    return gpu_pace(run->gpu, run->task, 5.0 + 2e-6 * (double)run->job->events.n * (double)n, err);
}

/* Where the rows begin: their scores, gram · x, the loss. */
static enum status blocks_begin(struct blocks_run *run, struct error *err) {
    const struct ials_job *job = run->job;
    struct zero_kernel zero = {};
    struct begin_kernel begin = {};
    zero.starts = begin.starts = job->events.starts;
    zero.f = begin.f = job->n_factors;
    zero.n = job->events.rows * job->n_factors;
    zero.x = job->out;
    TRY(launch(run->gpu, zero, blocks_of(zero.n, zero_kernel::THREADS), 0, err));
    if (!run->exact) TRY(blocks_times(run, err));
    if (!run->exact) TRY(blocks_scores(run, job->out, 0, job->n_factors, false, err));
    begin.values = job->events.values;
    begin.scores = run->exact ? NULL : run->scores.at;
    begin.x = job->out;
    begin.v = run->v.at;
    begin.ridge = job->ridge;
    begin.alpha = job->alpha;
    begin.loss = run->loss.at;
    return launch(run->gpu, begin, job->events.rows, sizeof(struct sum_shared), err);
}

static struct ials_source source_of(const struct blocks_run *run, int64_t first, int64_t size) {
    const struct ials_job *job = run->job;
    struct ials_source source = {};
    source.columns = job->events.columns;
    source.values = job->events.values;
    source.other = job->other;
    source.gram = job->gram;
    source.ridge = job->ridge;
    source.scores = run->exact ? NULL : run->scores.at;
    source.v = run->v.at;
    source.alpha = job->alpha;
    source.f = job->n_factors;
    source.first = first;
    source.size = size;
    source.x = job->out;
    return source;
}

/* After a block of columns: what the others see of it. */
static enum status blocks_follow(struct blocks_run *run, int64_t first, int64_t size, struct error *err) {
    struct delta_kernel delta = {};
    delta.x = run->job->out;
    delta.before = delta.out = run->before.at;
    delta.n = run->job->events.rows * run->job->n_factors;
    TRY(launch(run->gpu, delta, blocks_of(delta.n, delta_kernel::THREADS), 0, err));
    TRY(blocks_scores(run, run->before.at, first, size, true, err));
    return blocks_times(run, err);
}

static enum status add_falls(struct blocks_run *run, const double *on_device, double sign, double *sum, struct error *err) {
    host_array<double> values;
    const int64_t rows = run->job->events.rows;
    TRY(values.room(rows, err));
    TRY(gpu_download(run->gpu, values.at, on_device, (size_t)rows * sizeof(double), err));
    for (int64_t r = 0; r < rows; r++) *sum += sign * values.at[r];
    return OK;
}

static enum status one_block(struct blocks_run *run, int64_t first, int64_t size, int64_t *out_failed_row, double *out_loss, struct error *err) {
    const struct ials_job *job = run->job;
    const size_t bytes = (size_t)(job->events.rows * job->n_factors) * sizeof(float);
    struct normal_run<ials_source> normal = {};
    TRY(normal.init(run->gpu, &job->events, size, err));
    if (!run->exact) TRY(cuda_check(cudaMemcpyAsync(run->before.at, job->out, bytes, cudaMemcpyDeviceToDevice, run->gpu->stream), "copied", err));
    normal.set_up(source_of(run, first, size), run->falls.at);
    TRY(normal.solve_all(run->task, err));
    TRY(normal.first_failure(run->task, out_failed_row, err));
    TRY(add_falls(run, run->falls.at, -1.0, out_loss, err));
    return run->exact ? OK : blocks_follow(run, first, size, err);
}

static enum status blocks_solve(struct gpu *gpu, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss,
                                struct error *err) {
    const int64_t f = job->n_factors, rows = job->events.rows;
    struct blocks_run run = {};
    run.gpu = gpu;
    run.task = task;
    run.job = job;
    run.exact = job->block >= f;
    TRY(run.loss.room(gpu, rows, err));
    TRY(run.falls.room(gpu, rows, err));
    if (!run.exact) {
        TRY(run.v.room(gpu, rows * f, err));
        TRY(run.before.room(gpu, rows * f, err));
        TRY(run.scores.room(gpu, job->events.n, err));
    }
    TRY(blocks_begin(&run, err));
    TRY(add_falls(&run, run.loss.at, 1.0, out_loss, err));
    for (int64_t first = 0; first < f && *out_failed_row < 0; first += job->block)
        TRY(one_block(&run, first, least(job->block, f - first), out_failed_row, out_loss, err));
    return gpu_wait(gpu, task, err);
}

enum status cuda_ials_solve(void *state, struct task *task, const struct ials_job *job, int64_t *out_failed_row, double *out_loss,
                            struct error *err) {
    int64_t failed = -1;
    double loss = 0.0;
    TRY((job->cg_steps ? cg_solve : blocks_solve)((struct gpu *)state, task, job, &failed, &loss, err));
    *out_failed_row = failed;
    *out_loss = loss;
    return OK;
}
