/* Folding a new user into a factor model, and explaining a score: both are the
 * same small linear system. With A = Σ w_i y_i y_iᵀ + diag(reg):
 *   fold in:  (p, b) = A⁻¹ Σ w_i y_i t_i
 *   explain:  y·(p, b) = Σ (y_iᵀ A⁻¹ y) w_i t_i, one weight a rated item
 * (the decomposition of Hu, Koren & Volinsky 2008, section 5). For explicit
 * ratings y_i = (q_i, 1) and t_i is what mean and the item's bias leave. For
 * implicit ones there is no bias, every t_i is 1 and weighs w_i, and A holds the
 * pull of all items to 0 besides. In double: it is exact for als and exactly
 * solved ials, whose user vectors solve this very system; for ials by other
 * solvers and for mf it is what the system would say. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/factors.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"

enum { ITEMS_BETWEEN_CHECKS = 1024 };

struct rated {
    const int32_t *items;
    const float *ratings;
    int64_t n;
};

static const float *item_vector(const struct factors *factors, int32_t item) {
    return mat_values(factors->host.items) + item * mat_cols(factors->host.items);
}

/* w_i t_i: what mean and the item's bias leave of a rating; of an event its weight. */
static double target(const struct factors *factors, const struct rated *rated, int64_t i) {
    const struct fold_rule *fold = &factors->fold;
    const struct mat *bias = factors->host.item_bias;
    if (fold->how == FOLD_IMPLICIT) return fold->alpha * (fold->counts ? (double)rated->ratings[i] : 1);
    return (double)rated->ratings[i] - (double)factors->host.mean - (bias ? (double)mat_values(bias)[rated->items[i]] : 0);
}

double fold_ridge(const struct fold_rule *rule, double weight, int64_t n_other) {
    return rule->reg * pow(weight + rule->unobserved * (double)n_other, rule->nu);
}

/* --- a small symmetric positive definite system, n × n row-major, lower half used --- */

static enum status cholesky(double *a, int64_t n, struct error *err) {
    for (int64_t j = 0; j < n; j++) {
        double pivot = a[j * n + j];
        TRY(task_check(task_current(), err)); /* a column of 4096 takes milliseconds */
        for (int64_t k = 0; k < j; k++) pivot -= a[j * n + k] * a[j * n + k];
        if (!(pivot > 0)) {
            err_set(err, ERR_NUMERIC, "the user's system is singular");
            return err_hint(err, "some regularisation (reg above 0) makes it solvable");
        }
        const double root = sqrt(pivot);
        a[j * n + j] = root;
        for (int64_t i = j + 1; i < n; i++) {
            double sum = a[i * n + j];
            for (int64_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = sum / root;
        }
    }
    return OK;
}

static void solve_factored(const double *a, int64_t n, double *x) {
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < i; k++) x[i] -= a[i * n + k] * x[k];
        x[i] /= a[i * n + i];
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < n; k++) x[i] -= a[k * n + i] * x[k];
        x[i] /= a[i * n + i];
    }
}

/* --- ridge --- */

static double extended(const struct factors *factors, int32_t item, int64_t f) {
    return f < mat_cols(factors->host.items) ? (double)item_vector(factors, item)[f] : 1;
}

/* The lower half of Σ w_i y_i y_iᵀ. */
static enum status add_rated(const struct factors *factors, const struct rated *rated, double *a, int64_t n, struct error *err) {
    for (int64_t i = 0; i < rated->n; i++) {
        TRY(task_check(task_current(), err));
        const double weight = factors->fold.how == FOLD_IMPLICIT ? target(factors, rated, i) : 1;
        for (int64_t r = 0; r < n; r++) {
            const double row = weight * extended(factors, rated->items[i], r);
            for (int64_t c = 0; c <= r; c++) a[r * n + c] += row * extended(factors, rated->items[i], c);
        }
    }
    return OK;
}

static void add_ridge(const struct factors *factors, const struct rated *rated, double *a, int64_t n) {
    const struct fold_rule *fold = &factors->fold;
    const double times = fold->times_count ? (double)rated->n : 1;
    const int64_t n_factors = mat_cols(factors->host.items);
    double weight = 0;
    for (int64_t i = 0; fold->how == FOLD_IMPLICIT && i < rated->n; i++) weight += target(factors, rated, i);
    const double implicit = fold_ridge(fold, weight, mat_rows(factors->host.items));
    for (int64_t r = 0; r < n; r++) a[r * n + r] += fold->how == FOLD_IMPLICIT ? implicit : times * (r < n_factors ? fold->reg : fold->reg_bias);
}

/* Σ q qᵀ of all items. Of two threads that make it at once the first to be done leaves it for all. */
static enum status gram_of(struct factors *factors, const struct mat **out, struct error *err) {
    struct mat *there = __atomic_load_n(&factors->gram, __ATOMIC_ACQUIRE), *made;
    *out = there;
    if (there) return OK;
    TRY(mat_multiply(task_current(), factors->host.items, true, factors->host.items, false, &made, err));
    *out = made;
    if (__atomic_compare_exchange_n(&factors->gram, &there, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return OK;
    mat_unref(made);
    *out = there;
    return OK;
}

/* The pull of all items to 0. */
static enum status add_unobserved(struct factors *factors, double *a, int64_t n, struct error *err) {
    const struct mat *gram;
    TRY(gram_of(factors, &gram, err));
    for (int64_t i = 0; i < n * n; i++) a[i] += factors->fold.unobserved * (double)mat_values(gram)[i];
    return OK;
}

static enum status ridge_system(struct factors *factors, const struct rated *rated, double *a, int64_t n, struct error *err) {
    TRY(add_rated(factors, rated, a, n, err));
    add_ridge(factors, rated, a, n);
    return factors->fold.how == FOLD_IMPLICIT ? add_unobserved(factors, a, n, err) : OK;
}

/* A⁻¹ x in place; n is n_factors + 1 with biases, else n_factors. */
static enum status ridge_solve(struct factors *factors, const struct rated *rated, double *x, int64_t n, struct error *err) {
    double *a;
    TRY(mem_try_array((size_t)(n * n), "a user's system", &a, err));
    enum status status = ridge_system(factors, rated, a, n, err);
    if (status == OK) status = cholesky(a, n, err);
    if (status == OK) solve_factored(a, n, x);
    mem_free(a);
    return status;
}

static int64_t system_size(const struct factors *factors) { return mat_cols(factors->host.items) + (factors->host.user_bias != NULL); }

static enum status ridge_fold(struct factors *factors, const struct rated *rated, double *x, struct error *err) {
    const int64_t n = system_size(factors);
    for (int64_t i = 0; i < rated->n; i++)
        for (int64_t f = 0; f < n; f++) x[f] += extended(factors, rated->items[i], f) * target(factors, rated, i);
    return ridge_solve(factors, rated, x, n, err);
}

static enum status ridge_explain(struct factors *factors, const struct rated *rated, int32_t item, float *out, struct error *err) {
    const int64_t n = system_size(factors);
    double *x = xnew_array(double, (size_t)n);
    for (int64_t f = 0; f < n; f++) x[f] = extended(factors, item, f);
    const enum status status = ridge_solve(factors, rated, x, n, err);
    for (int64_t i = 0; status == OK && i < rated->n; i++) {
        double weight = 0;
        for (int64_t f = 0; f < n; f++) weight += extended(factors, rated->items[i], f) * x[f];
        out[i] = (float)(weight * target(factors, rated, i));
    }
    free(x);
    return status;
}

/* --- projection --- */

/* 1 / |q_f|², 0 for an empty factor. */
static enum status inverse_norms(const struct factors *factors, double *norms, struct error *err) {
    const int64_t n_items = mat_rows(factors->host.items), n_factors = mat_cols(factors->host.items);
    for (int32_t i = 0; i < n_items; i++) {
        if (i % ITEMS_BETWEEN_CHECKS == 0) TRY(task_check(task_current(), err));
        for (int64_t f = 0; f < n_factors; f++) norms[f] += (double)item_vector(factors, i)[f] * (double)item_vector(factors, i)[f];
    }
    for (int64_t f = 0; f < n_factors; f++) norms[f] = norms[f] > 0 ? 1 / norms[f] : 0;
    return OK;
}

static double mean_target(const struct factors *factors, const struct rated *rated) {
    double sum = 0;
    if (!factors->host.user_bias) return 0;
    for (int64_t i = 0; i < rated->n; i++) sum += target(factors, rated, i);
    return rated->n ? sum / (factors->fold.reg_bias + (double)rated->n) : 0;
}

static enum status project_fold(const struct factors *factors, const struct rated *rated, double *x, struct error *err) {
    const int64_t n_factors = mat_cols(factors->host.items);
    const double bias = mean_target(factors, rated);
    double *inverse = xnew_array(double, (size_t)n_factors);
    const enum status status = inverse_norms(factors, inverse, err);
    for (int64_t i = 0; i < rated->n; i++)
        for (int64_t f = 0; f < n_factors; f++)
            x[f] += (target(factors, rated, i) - bias) * (double)item_vector(factors, rated->items[i])[f] * inverse[f];
    if (factors->host.user_bias) x[n_factors] = bias;
    free(inverse);
    return status;
}

static enum status project_explain(const struct factors *factors, const struct rated *rated, int32_t item, float *out, struct error *err) {
    const int64_t n_factors = mat_cols(factors->host.items);
    const double bias = mean_target(factors, rated);
    double *inverse = xnew_array(double, (size_t)n_factors);
    const enum status status = inverse_norms(factors, inverse, err);
    for (int64_t i = 0; i < rated->n; i++) {
        double weight = 0;
        for (int64_t f = 0; f < n_factors; f++)
            weight += (double)item_vector(factors, rated->items[i])[f] * inverse[f] * (double)item_vector(factors, item)[f];
        out[i] = (float)(weight * (target(factors, rated, i) - bias));
    }
    free(inverse);
    return status;
}

/* --- the class's members --- */

enum status factors_explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated_items, const float *ratings, int64_t n,
                            float *out_weights, struct error *err) {
    struct factors *factors = model->state;
    const struct rated rated = {rated_items, ratings, n};
    (void)user;
    if (n == 0) return OK;
    if (factors->fold.how != FOLD_PROJECT) return ridge_explain(factors, &rated, item, out_weights, err);
    return project_explain(factors, &rated, item, out_weights, err);
}

static struct factors *shared_copy(const struct factors *from) {
    struct factors *copy = xnew(struct factors);
    struct mat *gram = __atomic_load_n(&from->gram, __ATOMIC_ACQUIRE);
    if (gram) copy->gram = mat_ref(gram);
    copy->on_device = mf_factors_ref(&from->on_device);
    copy->host = mf_factors_ref(&from->host);
    copy->fold = from->fold;
    return copy;
}

struct factors *factors_with_user(const struct factors *from, float *vector) {
    struct factors *folded = shared_copy(from);
    folded->folded = vector;
    return folded;
}

enum status factors_fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    struct factors *factors = model->state;
    const struct rated rated = {items, ratings, n};
    const int64_t n_factors = mat_cols(factors->host.items);
    double *x = xnew_array(double, (size_t)n_factors + 1);
    enum status status = OK;
    if (n > 0 && factors->fold.how != FOLD_PROJECT) status = ridge_fold(factors, &rated, x, err);
    else if (n > 0) status = project_fold(factors, &rated, x, err);
    if (status == OK) {
        struct factors *folded = shared_copy(factors);
        folded->folded = xnew_array(float, (size_t)n_factors);
        for (int64_t f = 0; f < n_factors; f++) folded->folded[f] = (float)x[f];
        folded->folded_bias = factors->host.user_bias ? (float)x[n_factors] : 0;
        out->state = folded;
    }
    free(x);
    return status;
}
