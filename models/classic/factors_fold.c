/* Folding a new user or a new item into a factor model, and explaining a score:
 * all are the same small linear system. With, for a user, A = Σ w_i y_i y_iᵀ + diag(reg):
 *   fold in:  (p, b) = A⁻¹ Σ w_i y_i t_i
 *   explain:  y·(p, b) = Σ (y_iᵀ A⁻¹ y) w_i t_i, one weight a rated item
 * (the decomposition of Hu, Koren & Volinsky 2008, section 5). For explicit
 * ratings y_i = (q_i, 1) and t_i is what mean and the item's bias leave. For
 * implicit ones there is no bias, every t_i is 1 and weighs w_i, and A holds the
 * pull of all items to 0 besides. In double: it is exact for als and exactly
 * solved ials, whose user vectors solve this very system; for ials by other
 * solvers and for mf it is what the system would say. A new item's is the same
 * with the sides exchanged: what the next half-sweep over the items would give. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/factors.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"

enum { ROWS_BETWEEN_CHECKS = 1024 };

/* What is solved for, and against what: a user against the items, or an item against the users. */
struct side {
    struct factors *factors;
    enum embedded what;        /* solved for */
    const struct mat *vectors; /* of the others */
    const struct mat *bias;    /* of the others, NULL: none */
    bool is_biased;            /* what is solved for has a bias */
    double reg_bias;
};

static struct side user_side(struct factors *factors) {
    const struct mf_factors *host = &factors->host;
    return (struct side){factors, EMBED_USERS, host->items, host->item_bias, host->user_bias != NULL, factors->fold.reg_bias};
}

static struct side item_side(struct factors *factors, double reg_bias) {
    const struct mf_factors *host = &factors->host;
    return (struct side){factors, EMBED_ITEMS, host->users, host->user_bias, host->item_bias != NULL, reg_bias};
}

/* Rows of it. */
struct rated {
    const int32_t *others;
    const float *ratings;
    int64_t n;
};

static const float *vector_of(const struct side *side, int32_t other) { return mat_values(side->vectors) + other * mat_cols(side->vectors); }

/* w_i t_i: what mean and the other's bias leave of a rating; of an event its weight. */
static double target(const struct side *side, const struct rated *rated, int64_t i) {
    const struct fold_rule *fold = &side->factors->fold;
    if (fold->how == FOLD_IMPLICIT) return fold->alpha * (fold->counts ? (double)rated->ratings[i] : 1);
    const double bias = side->bias ? (double)mat_values(side->bias)[rated->others[i]] : 0;
    return (double)rated->ratings[i] - (double)side->factors->host.mean - bias;
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
            err_set(err, ERR_NUMERIC, "the system of what is new is singular");
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

static double extended(const struct side *side, int32_t other, int64_t f) {
    return f < mat_cols(side->vectors) ? (double)vector_of(side, other)[f] : 1;
}

/* The lower half of Σ w_i y_i y_iᵀ. */
static enum status add_rated(const struct side *side, const struct rated *rated, double *a, int64_t n, struct error *err) {
    for (int64_t i = 0; i < rated->n; i++) {
        TRY(task_check(task_current(), err));
        const double weight = side->factors->fold.how == FOLD_IMPLICIT ? target(side, rated, i) : 1;
        for (int64_t r = 0; r < n; r++) {
            const double row = weight * extended(side, rated->others[i], r);
            for (int64_t c = 0; c <= r; c++) a[r * n + c] += row * extended(side, rated->others[i], c);
        }
    }
    return OK;
}

static void add_ridge(const struct side *side, const struct rated *rated, double *a, int64_t n) {
    const struct fold_rule *fold = &side->factors->fold;
    const double times = fold->times_count ? (double)rated->n : 1;
    const int64_t n_factors = mat_cols(side->vectors);
    double weight = 0;
    for (int64_t i = 0; fold->how == FOLD_IMPLICIT && i < rated->n; i++) weight += target(side, rated, i);
    const double implicit = fold_ridge(fold, weight, mat_rows(side->vectors));
    for (int64_t r = 0; r < n; r++) a[r * n + r] += fold->how == FOLD_IMPLICIT ? implicit : times * (r < n_factors ? fold->reg : side->reg_bias);
}

static enum status gram_of(const struct mat *vectors, struct mat **out, struct error *err) {
    return mat_multiply(task_current(), vectors, true, vectors, false, out, err);
}

/* Σ q qᵀ of all items. Of two threads that make it at once the first to be done leaves it for all. */
static enum status items_gram(struct factors *factors, struct mat **out, struct error *err) {
    struct mat *there = __atomic_load_n(&factors->gram, __ATOMIC_ACQUIRE), *made;
    if (!there) {
        TRY(gram_of(factors->host.items, &made, err));
        if (__atomic_compare_exchange_n(&factors->gram, &there, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) there = made;
        else mat_unref(made);
    }
    *out = mat_ref(there);
    return OK;
}

/* The pull of all the others to 0. */
static enum status add_unobserved(const struct side *side, double *a, int64_t n, struct error *err) {
    struct mat *gram;
    TRY(side->what == EMBED_USERS ? items_gram(side->factors, &gram, err) : gram_of(side->vectors, &gram, err));
    for (int64_t i = 0; i < n * n; i++) a[i] += side->factors->fold.unobserved * (double)mat_values(gram)[i];
    mat_unref(gram);
    return OK;
}

static enum status ridge_system(const struct side *side, const struct rated *rated, double *a, int64_t n, struct error *err) {
    TRY(add_rated(side, rated, a, n, err));
    add_ridge(side, rated, a, n);
    return side->factors->fold.how == FOLD_IMPLICIT ? add_unobserved(side, a, n, err) : OK;
}

/* A⁻¹ x in place; n is n_factors + 1 with a bias, else n_factors. */
static enum status ridge_solve(const struct side *side, const struct rated *rated, double *x, int64_t n, struct error *err) {
    double *a;
    TRY(mem_try_array((size_t)(n * n), "the system of what is new", &a, err));
    enum status status = ridge_system(side, rated, a, n, err);
    if (status == OK) status = cholesky(a, n, err);
    if (status == OK) solve_factored(a, n, x);
    mem_free(a);
    return status;
}

static int64_t system_size(const struct side *side) { return mat_cols(side->vectors) + side->is_biased; }

static enum status ridge_fold(const struct side *side, const struct rated *rated, double *x, struct error *err) {
    const int64_t n = system_size(side);
    for (int64_t i = 0; i < rated->n; i++)
        for (int64_t f = 0; f < n; f++) x[f] += extended(side, rated->others[i], f) * target(side, rated, i);
    return ridge_solve(side, rated, x, n, err);
}

static enum status ridge_explain(const struct side *side, const struct rated *rated, int32_t item, float *out, struct error *err) {
    const int64_t n = system_size(side);
    double *x = xnew_array(double, (size_t)n);
    for (int64_t f = 0; f < n; f++) x[f] = extended(side, item, f);
    const enum status status = ridge_solve(side, rated, x, n, err);
    for (int64_t i = 0; status == OK && i < rated->n; i++) {
        double weight = 0;
        for (int64_t f = 0; f < n; f++) weight += extended(side, rated->others[i], f) * x[f];
        out[i] = (float)(weight * target(side, rated, i));
    }
    free(x);
    return status;
}

/* --- projection --- */

/* 1 / |q_f|², 0 for an empty factor. */
static enum status inverse_norms(const struct side *side, double *norms, struct error *err) {
    const int64_t n_others = mat_rows(side->vectors), n_factors = mat_cols(side->vectors);
    for (int32_t i = 0; i < n_others; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task_current(), err));
        for (int64_t f = 0; f < n_factors; f++) norms[f] += (double)vector_of(side, i)[f] * (double)vector_of(side, i)[f];
    }
    for (int64_t f = 0; f < n_factors; f++) norms[f] = norms[f] > 0 ? 1 / norms[f] : 0;
    return OK;
}

static double mean_target(const struct side *side, const struct rated *rated) {
    double sum = 0;
    if (!side->is_biased) return 0;
    for (int64_t i = 0; i < rated->n; i++) sum += target(side, rated, i);
    return rated->n ? sum / (side->reg_bias + (double)rated->n) : 0;
}

static enum status project_fold(const struct side *side, const struct rated *rated, double *x, struct error *err) {
    const int64_t n_factors = mat_cols(side->vectors);
    const double bias = mean_target(side, rated);
    double *inverse = xnew_array(double, (size_t)n_factors);
    const enum status status = inverse_norms(side, inverse, err);
    for (int64_t i = 0; i < rated->n; i++)
        for (int64_t f = 0; f < n_factors; f++) x[f] += (target(side, rated, i) - bias) * (double)vector_of(side, rated->others[i])[f] * inverse[f];
    if (side->is_biased) x[n_factors] = bias;
    free(inverse);
    return status;
}

static enum status project_explain(const struct side *side, const struct rated *rated, int32_t item, float *out, struct error *err) {
    const int64_t n_factors = mat_cols(side->vectors);
    const double bias = mean_target(side, rated);
    double *inverse = xnew_array(double, (size_t)n_factors);
    const enum status status = inverse_norms(side, inverse, err);
    for (int64_t i = 0; i < rated->n; i++) {
        double weight = 0;
        for (int64_t f = 0; f < n_factors; f++)
            weight += (double)vector_of(side, rated->others[i])[f] * inverse[f] * (double)vector_of(side, item)[f];
        out[i] = (float)(weight * (target(side, rated, i) - bias));
    }
    free(inverse);
    return status;
}

/* --- the class's members --- */

enum status factors_explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated_items, const float *ratings, int64_t n,
                            float *out_weights, struct error *err) {
    const struct side side = user_side(model->state);
    const struct rated rated = {rated_items, ratings, n};
    (void)user;
    if (n == 0) return OK;
    if (side.factors->fold.how != FOLD_PROJECT) return ridge_explain(&side, &rated, item, out_weights, err);
    return project_explain(&side, &rated, item, out_weights, err);
}

/* What n rows say: n_factors numbers, then the bias where there is one. */
static enum status solve(const struct side *side, const struct rated *rated, double *x, struct error *err) {
    if (rated->n == 0) return OK;
    return side->factors->fold.how == FOLD_PROJECT ? project_fold(side, rated, x, err) : ridge_fold(side, rated, x, err);
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
    const struct side side = user_side(model->state);
    const int64_t n_factors = mat_cols(side.vectors);
    double *x = xnew_array(double, (size_t)n_factors + 1);
    const enum status status = solve(&side, &(struct rated){items, ratings, n}, x, err);
    if (status == OK) {
        float *vector = xnew_array(float, (size_t)n_factors);
        for (int64_t f = 0; f < n_factors; f++) vector[f] = (float)x[f];
        struct factors *folded = factors_with_user(side.factors, vector);
        folded->folded_bias = side.is_biased ? (float)x[n_factors] : 0;
        out->state = folded;
    }
    free(x);
    return status;
}

/* --- a new item --- */

/* A copy with this row; one more where the mat ends before it. */
static enum status with_row(const struct mat *from, int32_t row, const float *values, struct mat **out, struct error *err) {
    const int64_t rows = mat_rows(from), cols = mat_cols(from);
    TRY(mat_new(device_cpu(), row < rows ? rows : row + 1, cols, out, err));
    memcpy(mat_data(*out), mat_values(from), (size_t)(rows * cols) * sizeof(float));
    memcpy(mat_data(*out) + row * cols, values, (size_t)cols * sizeof(float));
    return OK;
}

static enum status replace(struct mat **mat, int32_t row, const float *values, struct error *err) {
    struct mat *longer = NULL;
    const enum status status = with_row(*mat, row, values, &longer, err);
    mat_unref(status == OK ? *mat : longer);
    if (status == OK) *mat = longer;
    return status;
}

/* The items' side of host, where the model's others live. */
static enum status items_to_device(struct factors *factors, struct error *err) {
    struct mf_factors *on = &factors->on_device;
    struct device *device = mat_device(on->users);
    mat_unref(on->items);
    mat_unref(on->item_bias);
    on->items = on->item_bias = NULL;
    TRY(mat_to(factors->host.items, device, &on->items, err));
    return factors->host.item_bias ? mat_to(factors->host.item_bias, device, &on->item_bias, err) : OK;
}

static enum status put_item(struct factors *factors, int32_t item, const float *vector, float bias, struct error *err) {
    mat_unref(factors->gram); /* of other items */
    factors->gram = NULL;
    TRY(replace(&factors->host.items, item, vector, err));
    if (factors->host.item_bias) TRY(replace(&factors->host.item_bias, item, &bias, err));
    return items_to_device(factors, err);
}

enum status factors_with_item(const struct factors *from, int32_t item, const float *vector, float bias, void **out_state, struct error *err) {
    struct factors *factors = shared_copy(from);
    if (from->folded) factors->folded = xmemdup(from->folded, (size_t)mat_cols(from->host.items) * sizeof(float));
    factors->folded_bias = from->folded_bias;
    const enum status status = put_item(factors, item, vector, bias, err);
    if (status == OK) *out_state = factors;
    else factors_free(factors);
    return status;
}

/* The pull of items' biases, where it isn't that of the users'. */
static double reg_of_items(const struct model *model) {
    const int row = params_find(model->class, "reg_item");
    return row >= 0 ? model->params.values[row].f : factors_of(model)->fold.reg_bias;
}

enum status factors_fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                 struct error *err) {
    const struct side side = item_side(model->state, reg_of_items(model));
    const int64_t n_factors = mat_cols(side.vectors);
    double *x = xnew_array(double, (size_t)n_factors + 1);
    float *vector = xnew_array(float, (size_t)n_factors);
    enum status status = solve(&side, &(struct rated){users, ratings, n}, x, err);
    for (int64_t f = 0; f < n_factors; f++) vector[f] = (float)x[f];
    if (status == OK) status = factors_with_item(side.factors, item, vector, side.is_biased ? (float)x[n_factors] : 0, &out->state, err);
    free(x);
    free(vector);
    return status;
}
