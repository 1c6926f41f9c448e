#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/device/eigen.h"
#include "plots/projection/projection.h"
#include "plots/projection/rows.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"

#define COVARIANCE_COLS_MAX 1024 /* more columns: truncated SVD instead of a whole covariance */
#define STRIP 8                  /* rows of the covariance in one piece of work */

struct covariance {
    const float *x;
    int64_t n, d;
    double *out; /* (d, d) */
};

/* Rows block*STRIP … of xᵀx / n, summed over the samples in their order. */
static void covariance_strip(void *ctx, int64_t block, int thread) {
    (void)thread;
    const struct covariance *job = ctx;
    int64_t first = block * STRIP, end = first + STRIP < job->d ? first + STRIP : job->d;
    for (int64_t i = 0; i < job->n; i++) {
        const float *row = &job->x[i * job->d];
        for (int64_t a = first; a < end; a++) {
            double value = row[a], *sums = &job->out[a * job->d];
            for (int64_t b = 0; b < job->d; b++) sums[b] += value * row[b];
        }
    }
    for (int64_t a = first; a < end; a++)
        for (int64_t b = 0; b < job->d; b++) job->out[a * job->d + b] /= (double)job->n;
}

/* Largest |loading| positive, so that pictures repeat. */
static void fix_sign(double *loading, int64_t d) {
    int64_t most = 0;
    for (int64_t c = 1; c < d; c++)
        if (fabs(loading[c]) > fabs(loading[most])) most = c;
    if (loading[most] >= 0) return;
    for (int64_t c = 0; c < d; c++) loading[c] = -loading[c];
}

static void project(const float *x, int64_t n, int64_t d, const double *loadings, int64_t found, int64_t k, double *out) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t r = 0; r < k; r++) {
            double sum = 0;
            for (int64_t c = 0; r < found && c < d; c++) sum += x[i * d + c] * loadings[r * d + c];
            out[i * k + r] = sum;
        }
}

static double total_variance(const float *x, int64_t n, int64_t d) {
    double sum = 0;
    for (int64_t i = 0; i < n * d; i++) sum += (double)x[i] * x[i];
    return n > 0 ? sum / (double)n : 0;
}

static enum status loadings_by_covariance(struct task *task, const float *x, int64_t n, int64_t d, int64_t found, double *values, double *loadings,
                                          struct error *err) {
    struct covariance job = {x, n, d, xnew_array(double, (size_t)(d * d))};
    enum status status = pool_run(task, (d + STRIP - 1) / STRIP, covariance_strip, &job, err);
    if (status == OK) status = eigen_largest(task, job.out, d, found, values, loadings, err);
    free(job.out);
    return status;
}

static enum status read_loadings(const struct mat *s, const struct mat *v, int64_t n, int64_t found, double *values, double *loadings,
                                 struct error *err) {
    int64_t d = mat_rows(v);
    float *host = xnew_array(float, (size_t)(d * found + found));
    enum status status = mat_read(v, 0, d, host, err);
    if (status == OK) status = mat_read(s, 0, 1, host + d * found, err);
    for (int64_t r = 0; status == OK && r < found; r++) {
        values[r] = (double)host[d * found + r] * host[d * found + r] / (double)n;
        for (int64_t c = 0; c < d; c++) loadings[r * d + c] = host[c * found + r];
    }
    free(host);
    return status;
}

static enum status loadings_by_svd(struct task *task, const float *x, int64_t n, int64_t d, int64_t found, double *values, double *loadings,
                                   struct error *err) {
    struct mat *centred = NULL, *u = NULL, *s = NULL, *v = NULL;
    enum status status = mat_from(device_cpu(), n, d, x, &centred, err);
    if (status == OK) status = mat_svd(task, centred, found, 0, &u, &s, &v, err);
    if (status == OK) status = read_loadings(s, v, n, found, values, loadings, err);
    struct mat *all[] = {centred, u, s, v};
    for (size_t i = 0; i < 4; i++) mat_unref(all[i]);
    return status;
}

static enum status project_centred(struct task *task, const float *x, int64_t n, int64_t d, int64_t k, double *out, double *out_share,
                                   struct error *err) {
    int64_t found = k < d ? k : d;
    if (d > COVARIANCE_COLS_MAX && found > n) found = n;
    double *values = xnew_array(double, (size_t)k), *loadings = xnew_array(double, (size_t)(k * d));
    enum status status = d > COVARIANCE_COLS_MAX ? loadings_by_svd(task, x, n, d, found, values, loadings, err)
                                                 : loadings_by_covariance(task, x, n, d, found, values, loadings, err);
    if (status == OK) {
        double total = total_variance(x, n, d);
        for (int64_t r = 0; r < found; r++) fix_sign(&loadings[r * d], d);
        project(x, n, d, loadings, found, k, out);
        for (int64_t r = 0; r < k; r++) out_share[r] = total > 0 && r < found ? fmax(0, values[r]) / total : 0;
    }
    free(values);
    free(loadings);
    return status;
}

enum status pca_project(struct task *task, const struct mat *x, int64_t k, double *out, double *out_share, struct error *err) {
    int64_t n = mat_rows(x), d = mat_cols(x);
    if (n < 1 || d < 1) return err_set(err, ERR_VALUE, "there are no vectors to project: the shape is %lld × %lld", (long long)n, (long long)d);
    float *centred = NULL;
    TRY(rows_read(x, ROWS_CENTRED, &centred, err));
    enum status status = project_centred(task, centred, n, d, k, out, out_share, err);
    mem_free(centred);
    return status;
}
