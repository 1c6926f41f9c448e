#include "runtime/device/eigen.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

#define QL_STEPS_MAX 60

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* A ← H A H with H = I − 2vvᵀ over rows and columns first … n-1, v a unit vector of n - first. */
static void reflect(double *a, int64_t n, int64_t first, const double *v, double *w) {
    int64_t m = n - first;
    for (int64_t i = 0; i < m; i++) w[i] = 2 * dot(&a[(first + i) * n + first], v, m);
    double k = dot(v, w, m);
    for (int64_t i = 0; i < m; i++) w[i] -= k * v[i];
    for (int64_t i = 0; i < m; i++) {
        double *row = &a[(first + i) * n + first], vi = v[i], wi = w[i];
        for (int64_t j = 0; j < m; j++) row[j] -= vi * w[j] + wi * v[j];
    }
}

/* The reflection that turns x (length m) into a multiple of the first unit vector: v in place, returns that multiple; v becomes 0 when there is
 * nothing to do. */
static double make_reflector(double *x, int64_t m) {
    double norm = sqrt(dot(x, x, m));
    if (norm == 0) return 0;
    double alpha = x[0] > 0 ? -norm : norm;
    x[0] -= alpha;
    double length = sqrt(dot(x, x, m));
    for (int64_t i = 0; i < m; i++) x[i] = length > 0 ? x[i] / length : 0;
    return alpha;
}

/* a → tridiagonal: diagonal d, e[i] beside d[i] and d[i+1]. reflectors: row k holds v of step k from column k+1. */
static enum status tridiagonalise(struct task *task, double *a, int64_t n, double *d, double *e, double *reflectors, struct error *err) {
    double *w = xnew_array(double, (size_t)n);
    enum status status = OK;
    for (int64_t k = 0; k + 1 < n && (status = task_check(task, err)) == OK; k++) {
        double *v = &reflectors[k * n + k + 1];
        memcpy(v, &a[k * n + k + 1], (size_t)(n - k - 1) * sizeof *v);
        if (k + 2 == n) {
            e[k] = v[0];
            memset(v, 0, sizeof *v);
        } else {
            e[k] = make_reflector(v, n - k - 1);
            reflect(a, n, k + 1, v, w);
        }
    }
    for (int64_t i = 0; i < n; i++) d[i] = a[i * n + i];
    e[n - 1] = 0;
    free(w);
    return status;
}

static void rotate_rows(double *upper, double *lower, int64_t n, double s, double c) {
    for (int64_t k = 0; k < n; k++) {
        double f = lower[k];
        lower[k] = s * upper[k] + c * f;
        upper[k] = c * upper[k] - s * f;
    }
}

/* One implicit QL step on the unreduced block l … m; z (n, n): row i is the eigenvector of d[i]. */
static void ql_step(double *d, double *e, double *z, int64_t n, int64_t l, int64_t m) {
    double g = (d[l + 1] - d[l]) / (2 * e[l]);
    g = d[m] - d[l] + e[l] / (g + copysign(hypot(g, 1), g));
    double s = 1, c = 1, p = 0;
    for (int64_t i = m - 1; i >= l; i--) {
        double f = s * e[i], b = c * e[i], r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* the block splits by itself */
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate_rows(&z[i * n], &z[(i + 1) * n], n, s, c);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

static int64_t block_end(const double *d, const double *e, int64_t n, int64_t l) {
    int64_t m = l;
    while (m + 1 < n && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1]))) m++;
    return m;
}

static enum status diagonalise(struct task *task, double *d, double *e, double *z, int64_t n, struct error *err) {
    for (int64_t l = 0; l < n; l++) {
        int steps = 0;
        for (int64_t m; (m = block_end(d, e, n, l)) != l; steps++) {
            TRY(task_check(task, err));
            if (steps == QL_STEPS_MAX)
                return err_set(err, ERR_NUMERIC, "the eigenvalues of a %lld × %lld matrix did not converge", (long long)n, (long long)n);
            ql_step(d, e, z, n, l, m);
        }
    }
    return OK;
}

/* Back to the coordinates of a: the reflections in reverse order. */
static void unreflect(const double *reflectors, int64_t n, double *vector) {
    for (int64_t k = n - 2; k >= 0; k--) {
        const double *v = &reflectors[k * n + k + 1];
        double along = 2 * dot(v, &vector[k + 1], n - k - 1);
        for (int64_t i = 0; i < n - k - 1; i++) vector[k + 1 + i] -= along * v[i];
    }
}

/* The k largest of d, larger first, ties to the lower index. */
static enum status pick_largest(struct task *task, const double *d, const double *z, const double *reflectors, int64_t n, int64_t k,
                                double *out_values, double *out_vectors, struct error *err) {
    bool *taken = xnew_array(bool, (size_t)n);
    enum status status = OK;
    for (int64_t r = 0; r < k && (status = task_check(task, err)) == OK; r++) {
        int64_t best = -1;
        for (int64_t i = 0; i < n; i++)
            if (!taken[i] && (best < 0 || d[i] > d[best])) best = i;
        taken[best] = true;
        out_values[r] = d[best];
        memcpy(&out_vectors[r * n], &z[best * n], (size_t)n * sizeof *z);
        unreflect(reflectors, n, &out_vectors[r * n]);
    }
    free(taken);
    return status;
}

enum status eigen_largest(struct task *task, double *a, int64_t n, int64_t k, double *out_values, double *out_vectors, struct error *err) {
    double *d = xnew_array(double, (size_t)n), *e = xnew_array(double, (size_t)n);
    double *reflectors = xnew_array(double, (size_t)(n * n)), *z = xnew_array(double, (size_t)(n * n));
    for (int64_t i = 0; i < n; i++) z[i * n + i] = 1;
    enum status status = tridiagonalise(task, a, n, d, e, reflectors, err);
    if (status == OK) status = diagonalise(task, d, e, z, n, err);
    if (status == OK) status = pick_largest(task, d, z, reflectors, n, k, out_values, out_vectors, err);
    free(d);
    free(e);
    free(reflectors);
    free(z);
    return status;
}
