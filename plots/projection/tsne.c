#include <math.h>
#include <stdlib.h>

#include "plots/projection/rows.h"
#include "plots/projection/tsne_parts.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/hot.h"

#define ITERATIONS 750
#define EARLY_SHARE 3 /* the first third is exaggerated */
#define EXAGGERATION 12.0f
#define PERPLEXITY 30.0
#define LEARNING_MIN 200.0
#define MOMENTUM 0.8f
#define GAIN_UP 0.2f
#define GAIN_DOWN 0.8f
#define GAIN_MIN 0.01f
#define STEP_MAX 5.0f
#define INIT_STD 1e-4
#define JITTER 0.01
#define FAR_AWAY 1e18f /* squares of it are finite, so 1/(1 + d²) is 0 and no NaN */
#define ROWS_A_PIECE 32

HOT_DECLARE(void, tsne_push,
            (const float *x, const float *y, int64_t n_padded, int64_t first, int64_t end, float *out_x, float *out_y, double *out_z));
HOT_DECLARE(void, tsne_pull,
            (const float *x, const float *y, const int64_t *starts, const int32_t *columns, const float *p, int64_t first, int64_t end, float *out_x,
             float *out_y));

enum status layout2d_init(struct layout2d *layout, int64_t n, struct error *err) {
    *layout = (struct layout2d){.n = n, .n_padded = (n + TSNE_LANES - 1) / TSNE_LANES * TSNE_LANES};
    float **arrays[] = {&layout->x, &layout->y, &layout->pull_x, &layout->pull_y, &layout->push_x, &layout->push_y};
    enum status status = mem_try_array((size_t)n, "t-SNE's sums", &layout->z, err);
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays && status == OK; a++)
        status = mem_try_array((size_t)layout->n_padded, "t-SNE's coordinates", arrays[a], err);
    if (status != OK) {
        layout2d_release(layout);
        return status;
    }
    for (int64_t i = n; i < layout->n_padded; i++) layout->x[i] = layout->y[i] = FAR_AWAY;
    return OK;
}

void layout2d_release(struct layout2d *layout) {
    float *arrays[] = {layout->x, layout->y, layout->pull_x, layout->pull_y, layout->push_x, layout->push_y};
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) mem_free(arrays[a]);
    mem_free(layout->z);
    *layout = (struct layout2d){0};
}

/* --- forces --- */

struct forces {
    const struct affinities *affinities;
    struct layout2d *layout;
};

static void forces_piece(void *ctx, int64_t block, int thread) {
    (void)thread;
    struct forces *job = ctx;
    struct layout2d *map = job->layout;
    int64_t first = block * ROWS_A_PIECE, end = first + ROWS_A_PIECE < map->n ? first + ROWS_A_PIECE : map->n;
    HOT_PICK(tsne_push)(map->x, map->y, map->n_padded, first, end, map->push_x, map->push_y, map->z);
    HOT_PICK(tsne_pull)(map->x, map->y, job->affinities->starts, job->affinities->columns, job->affinities->p, first, end, map->pull_x, map->pull_y);
}

enum status tsne_forces(struct task *task, const struct affinities *affinities, struct layout2d *layout, double *out_z, struct error *err) {
    struct forces job = {affinities, layout};
    TRY(pool_run(task, (layout->n + ROWS_A_PIECE - 1) / ROWS_A_PIECE, forces_piece, &job, err));
    double z = 0;
    for (int64_t i = 0; i < layout->n; i++) z += layout->z[i];
    *out_z = z;
    return OK;
}

double tsne_kl(const struct affinities *affinities, const struct layout2d *layout, double z) {
    double kl = 0;
    for (int64_t i = 0; i < affinities->n; i++)
        for (int64_t e = affinities->starts[i]; e < affinities->starts[i + 1]; e++) {
            double p = affinities->p[e];
            if (p <= 0) continue;
            double dx = (double)layout->x[i] - layout->x[affinities->columns[e]], dy = (double)layout->y[i] - layout->y[affinities->columns[e]];
            kl += p * log(p * (1 + dx * dx + dy * dy) * z);
        }
    return kl;
}

/* --- descent --- */

struct descent {
    float *step_x, *step_y, *gain_x, *gain_y;
};

static enum status descent_init(struct descent *descent, int64_t n, struct error *err) {
    float **arrays[] = {&descent->step_x, &descent->step_y, &descent->gain_x, &descent->gain_y};
    for (size_t a = 0; a < 4; a++) TRY(mem_try_array((size_t)n, "t-SNE's steps", arrays[a], err));
    for (int64_t i = 0; i < n; i++) descent->gain_x[i] = descent->gain_y[i] = 1;
    return OK;
}

static void descent_release(struct descent *descent) {
    mem_free(descent->step_x);
    mem_free(descent->step_y);
    mem_free(descent->gain_x);
    mem_free(descent->gain_y);
}

/* A coordinate's next step: momentum, and a gain that grows while step and gradient disagree in sign. */
static float next_step(float step, float gradient, float rate, float *gain) {
    float next = (step > 0) != (gradient > 0) ? *gain + GAIN_UP : *gain * GAIN_DOWN + GAIN_MIN;
    *gain = next;
    return MOMENTUM * step - rate * next * gradient;
}

static void recentre(float *values, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += values[i];
    float mean = (float)(sum / (double)n);
    for (int64_t i = 0; i < n; i++) values[i] -= mean;
}

static void descend(struct descent *descent, struct layout2d *map, float exaggeration, float rate, double z) {
    float scale = (float)(1 / z);
    for (int64_t i = 0; i < map->n; i++) {
        float gx = exaggeration * map->pull_x[i] - map->push_x[i] * scale, gy = exaggeration * map->pull_y[i] - map->push_y[i] * scale;
        float sx = next_step(descent->step_x[i], gx, rate, &descent->gain_x[i]), sy = next_step(descent->step_y[i], gy, rate, &descent->gain_y[i]);
        float length = sqrtf(sx * sx + sy * sy), cut = length > STEP_MAX ? STEP_MAX / length : 1;
        descent->step_x[i] = sx * cut;
        descent->step_y[i] = sy * cut;
        map->x[i] += descent->step_x[i];
        map->y[i] += descent->step_y[i];
    }
    recentre(map->x, map->n);
    recentre(map->y, map->n);
}

static enum status iterate(struct task *task, const struct affinities *affinities, struct descent *descent, struct layout2d *map, int64_t iterations,
                           struct error *err) {
    double n = (double)map->n, z = 1;
    int64_t early = iterations / EARLY_SHARE;
    for (int64_t it = 0; it < iterations; it++) {
        TRY(tsne_forces(task, affinities, map, &z, err));
        bool exaggerated = it < early;
        double rate = fmax(LEARNING_MIN, exaggerated ? n / EXAGGERATION : n);
        descend(descent, map, exaggerated ? EXAGGERATION : 1, (float)rate, z);
        task_report(task, it + 1, "%s", exaggerated ? "drawing groups together" : "settling");
    }
    return OK;
}

/* --- start --- */

/* The first two principal components, shrunk to a spread of 1e-4, with a hundredth of that as jitter: identical rows part. */
static enum status start_from_pca(struct task *task, const float *x, int64_t n, int64_t d, uint64_t seed, struct layout2d *map, struct error *err) {
    struct mat *mat = NULL;
    double share[2], spread = 0, *components = xnew_array(double, (size_t)(2 * n));
    enum status status = mat_from(device_cpu(), n, d, x, &mat, err);
    if (status == OK) status = pca_project(task, mat, 2, components, share, err);
    mat_unref(mat);
    for (int64_t i = 0; i < n && status == OK; i++) spread += components[2 * i] * components[2 * i];
    double scale = spread > 0 ? INIT_STD / sqrt(spread / (double)n) : 0;
    for (int64_t i = 0; i < n && status == OK; i++) {
        struct rng rng = rng_at(seed, RNG_TSNE, (uint64_t)i);
        map->x[i] = (float)(components[2 * i] * scale + JITTER * INIT_STD * rng_normal(&rng));
        map->y[i] = (float)(components[2 * i + 1] * scale + JITTER * INIT_STD * rng_normal(&rng));
    }
    free(components);
    return status;
}

static void read_map(const struct layout2d *map, double *out) {
    for (int64_t i = 0; i < map->n; i++) {
        out[2 * i] = map->x[i];
        out[2 * i + 1] = map->y[i];
    }
}

static enum status run(struct task *task, const float *x, int64_t n, int64_t d, const struct tsne_request *request, struct tsne_report *report,
                       struct layout2d *map, struct error *err) {
    struct affinities affinities = {0};
    struct descent descent = {0};
    double z = 1;
    enum status status = tsne_affinities(task, x, n, d, report->perplexity, &affinities, err);
    if (status == OK) status = start_from_pca(task, x, n, d, request->seed, map, err);
    if (status == OK) status = descent_init(&descent, n, err);
    if (status == OK) status = iterate(task, &affinities, &descent, map, report->iterations, err);
    if (status == OK) status = tsne_forces(task, &affinities, map, &z, err);
    if (status == OK) {
        report->neighbors = affinities.n_neighbors;
        report->kl = tsne_kl(&affinities, map, z);
    }
    descent_release(&descent);
    affinities_release(&affinities);
    return status;
}

static enum status check_request(int64_t n, const struct tsne_request *request, struct tsne_report *report, struct error *err) {
    if (n < 4) {
        err_set(err, ERR_VALUE, "t-SNE needs at least 4 points, got %lld", (long long)n);
        return err_hint(err, "pca(…) draws any number of points");
    }
    double most = (double)(n - 1) / 3, wanted = request->perplexity > 0 ? request->perplexity : PERPLEXITY;
    *report = (struct tsne_report){.perplexity = fmin(wanted, most), .iterations = request->iterations > 0 ? request->iterations : ITERATIONS};
    return OK;
}

enum status tsne_project(struct task *task, const struct mat *x, const struct tsne_request *request, double *out, struct tsne_report *out_report,
                         struct error *err) {
    int64_t n = mat_rows(x), d = mat_cols(x);
    struct tsne_report report;
    float *rows = NULL;
    struct layout2d map = {0};
    double begun = task_now_s(task), *result = NULL;
    TRY(check_request(n, request, &report, err));
    TRY(rows_read(x, request->cosine ? ROWS_UNIT : ROWS_CENTRED, &rows, err));
    task_begin(task, "tsne", "iteration", report.iterations);
    enum status status = layout2d_init(&map, n, err);
    if (status == OK) status = run(task, rows, n, d, request, &report, &map, err);
    if (status == OK) status = mem_try_array((size_t)(2 * n), "the map", &result, err);
    if (status == OK) read_map(&map, result);
    if (status == OK) status = map_quality(task, rows, n, d, result, &report.recall10, &report.trust, err);
    for (int64_t i = 0; i < 2 * n && status == OK; i++) out[i] = result[i];
    report.seconds = task_now_s(task) - begun;
    if (status == OK) *out_report = report;
    task_end(task, status == ERR_INTERRUPTED);
    mem_free(result);
    layout2d_release(&map);
    mem_free(rows);
    return status;
}
