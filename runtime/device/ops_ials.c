/* Implicit ALS: what a half-sweep's rows share is made here, the rows are the backend's. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/device/ops.h"
#include "runtime/device/ops_impl.h"
#include "runtime/device/spd.h"

#define LL(x) ((long long)(x))

/* What all rows share, on the device. */
struct shared {
    struct mat *gram, *inverse; /* inverse NULL: not needed */
};

static void shared_release(struct shared *shared) {
    mat_unref(shared->gram);
    mat_unref(shared->inverse);
}

/* scale · otherᵀ diag(weights) other; weights NULL: ones. */
static enum status gram_of(struct task *task, const struct mat *other, const struct mat *weights, float scale, struct mat **out, struct error *err) {
    struct mat *weighted = NULL, *product = NULL;
    enum status status = weights ? mat_binary(MAT_MUL, other, weights, &weighted, err) : OK;
    if (status == OK) status = mat_multiply(task, other, true, weighted ? weighted : other, false, &product, err);
    if (status == OK) status = mat_scalar(MAT_MUL, product, scale, false, out, err);
    mat_unref(weighted);
    mat_unref(product);
    return status;
}

/* (gram + the mean row's events + its ridge)⁻¹, by the host. */
static enum status invert_mean(struct task *task, const struct ials_side *side, const struct mat *gram, const struct mat *events, struct mat **out,
                               struct error *err) {
    const int64_t f = mat_rows(gram);
    float *system, *more = NULL;
    TRY(mem_try_array((size_t)(f * f), "the mean row's system", &system, err));
    enum status status = mem_try_array((size_t)(f * f), "the mean row's system", &more, err);
    if (status == OK) status = mat_read(gram, 0, f, system, err);
    if (status == OK) status = mat_read(events, 0, f, more, err);
    for (int64_t i = 0; status == OK && i < f * f; i++) system[i] += more[i] + (i % (f + 1) == 0 ? side->mean_ridge : 0.0f);
    if (status == OK) status = spd_invert(task, NULL, system, f, err);
    if (status == OK) status = mat_from(mat_device(gram), f, f, system, out, err);
    mem_free(system);
    mem_free(more);
    return status;
}

static enum status share(struct task *task, const struct ials_rule *rule, const struct ials_side *side, const struct mat *other, struct shared *out,
                         struct error *err) {
    struct mat *events;
    TRY(gram_of(task, other, NULL, rule->unobserved, &out->gram, err));
    if (rule->cg_steps == 0) return OK;
    TRY(gram_of(task, other, side->popularity, 1.0f, &events, err));
    const enum status status = invert_mean(task, side, out->gram, events, &out->inverse, err);
    mat_unref(events);
    return status;
}

static enum status no_solution(const struct ials_job *job, int64_t row, struct error *err) {
    err_set(err, ERR_NUMERIC, "the least squares of row %lld (%lld events, %lld factors) have no single solution", LL(row),
            LL(job->events.starts_host[row + 1] - job->events.starts_host[row]), LL(job->n_factors));
    return err_hint(err, "more regularisation makes the system positive definite; or the factors hold NaN or infinity");
}

static enum status solve(struct task *task, struct device *device, const struct ials_rule *rule, const struct ials_side *side,
                         const struct mat *other, const struct shared *shared, struct mat *out, double *out_loss, struct error *err) {
    const int64_t f = mat_cols(other);
    int64_t failed = -1;
    struct ials_job job = {.n_factors = f,
                           .cg_steps = rule->cg_steps,
                           .block = rule->block >= f ? f : (rule->block + 15) / 16 * 16,
                           .alpha = rule->alpha,
                           .other = mat_storage_const(other),
                           .gram = mat_storage_const(shared->gram),
                           .inverse = shared->inverse ? mat_storage_const(shared->inverse) : NULL,
                           .ridge = mat_storage_const(side->ridge),
                           .out = mat_storage(out)};
    if (job.block > f) job.block = f;
    TRY(csr_view((struct csr *)side->events, false, &job.events, err));
    TRY(device->ops->ials_solve(device->state, task, &job, &failed, out_loss, err));
    return failed < 0 ? OK : no_solution(&job, failed, err);
}

enum status ops_ials_solve(struct task *task, const struct ials_rule *rule, const struct ials_side *side, const struct mat *other, struct mat *out,
                           double *out_loss, struct error *err) {
    struct device *device = csr_device(side->events);
    const int64_t f = mat_cols(other), rows = csr_rows(side->events), cols = csr_cols(side->events);
    struct shared shared = {0};
    TRY(ops_check(other, "the fixed factors", cols, f, device, err));
    TRY(ops_check(out, "the solved factors", rows, f, device, err));
    TRY(ops_check(side->ridge, "the ridges", rows, 1, device, err));
    TRY(ops_check(side->popularity, "the columns' weights", cols, 1, device, err));
    *out_loss = 0.0;
    if (rows == 0 || f == 0) return task_check(task, err);
    enum status status = share(task, rule, side, other, &shared, err);
    if (status == OK) status = solve(task, device, rule, side, other, &shared, out, out_loss, err);
    shared_release(&shared);
    return status;
}
