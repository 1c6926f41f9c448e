/* Truncated SVD by subspace iteration (Halko, Martinsson & Tropp 2011,
 * algorithm 4.4) on the shorter side of the matrix, n. A basis Q (n × p) is
 * turned towards the leading right singular vectors; each round
 *
 *     Y = A Q,  YᵀY = W diag(σ²) Wᵀ,  Q ← orthonormal basis of Aᵀ (Y W / σ)
 *
 * gives the Ritz values σ, whose change says how far they are from the end.
 * With Q = I the first round is exact. Products run on the matrix's device in
 * float32; the p × p work is done here in double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/device/csr.h"
#include "runtime/device/eigen.h"
#include "runtime/device/hot_functions.h"
#include "runtime/device/ops_impl.h"

#define LL(x) ((long long)(x))

enum { SMALL = 128, ROUNDS_MAX = 200, SLICE_FLOPS = 1 << 22 };
#define TOLERANCE 3e-5 /* of a singular value, estimated */
#define FLOOR 3e-7     /* of the largest one: what float32 products resolve */
#define NOTHING 3e-7   /* of the largest one: such a direction holds rounding only */
#define DOUBTFUL 1e-2  /* of the largest one: below, left vectors are made orthogonal once more */

struct svd {
    struct task *task;
    const struct mat *mat; /* either */
    const struct csr *csr;
    bool turned; /* works on the transpose, so that n <= m */
    int64_t m, n, k, p;
    uint64_t seed;
    struct mat *basis, *image;       /* Q (n × p), Y (m × p) */
    double *gram, *values, *vectors; /* p × p; σ of this round; W, a row each */
    double *last;                    /* k: σ of the round before */
};

/* --- pieces --- */

static struct device *device_of(const struct svd *svd) { return svd->mat ? mat_device(svd->mat) : csr_device(svd->csr); }

static enum status apply(const struct svd *svd, bool transposed, const struct mat *to, struct mat **out, struct error *err) {
    bool flip = transposed != svd->turned;
    if (svd->csr) return csr_multiply(svd->task, svd->csr, flip, to, out, err);
    return mat_multiply(svd->task, svd->mat, flip, to, false, out, err);
}

struct gram_run {
    const float *x;
    int64_t rows, p;
    double *out;
    struct task *task;
};

enum { STRIP = 8 };

static void gram_strip(void *ctx, int64_t block, int thread) {
    const struct gram_run *run = ctx;
    (void)thread;
    int64_t first = block * STRIP, end = first + STRIP < run->p ? first + STRIP : run->p;
    int64_t each = SLICE_FLOPS / (STRIP * run->p) + 1;
    for (int64_t r = 0; r < run->rows && !task_cancelled(run->task); r += each)
        HOT_PICK(gram_rows)(run->x + r * run->p, run->rows - r < each ? run->rows - r : each, run->p, first, end, run->out);
}

/* gram = xᵀx in double; finite, or ERR_NUMERIC. */
static enum status gram_of(struct svd *svd, const struct mat *x, struct error *err) {
    int64_t rows = mat_rows(x), p = svd->p;
    float *host;
    TRY(mem_try_array((size_t)(rows * p), "a decomposition", &host, err));
    struct gram_run run = {host, rows, p, svd->gram, svd->task};
    memset(svd->gram, 0, (size_t)(p * p) * sizeof *svd->gram);
    enum status status = mat_read(x, 0, rows, host, err);
    if (status == OK) status = pool_run(svd->task, block_count(p, STRIP), gram_strip, &run, err);
    mem_free(host);
    TRY(status);
    for (int64_t a = 0; a < p; a++) {
        if (!isfinite(svd->gram[a * p + a])) return err_set(err, ERR_NUMERIC, "the matrix to decompose holds NaN or infinity, or overflows");
        for (int64_t b = 0; b < a; b++) svd->gram[a * p + b] = svd->gram[b * p + a];
    }
    return task_check(svd->task, err);
}

/* x · small, small (p × cols, double) rounded to float32. */
static enum status times(const struct svd *svd, const struct mat *x, const double *small, int64_t cols, struct mat **out, struct error *err) {
    float *narrow;
    struct mat *right = NULL;
    TRY(mem_try_array((size_t)(svd->p * cols), "a decomposition", &narrow, err));
    for (int64_t i = 0; i < svd->p * cols; i++) narrow[i] = (float)small[i];
    enum status status = mat_from(device_of(svd), svd->p, cols, narrow, &right, err);
    mem_free(narrow);
    if (status == OK) status = mat_multiply(svd->task, x, false, right, false, out, err);
    mat_unref(right);
    return status;
}

static void replace(struct mat **slot, struct mat *with) {
    mat_unref(*slot);
    *slot = with;
}

/* --- an orthonormal basis --- */

#define WELL 0.1 /* what is left of a column beside those before it: above, one pass of Cholesky QR is orthonormal to float32 */
enum { PASSES_MAX = 4 };

/* gram → R with gram = RᵀR, in place; *out_least: the least share that a column keeps beside those before it. */
static enum status cholesky(struct svd *svd, double *out_least, struct error *err) {
    int64_t p = svd->p;
    double *r = svd->gram, least = 1;
    for (int64_t i = 0; i < p; i++) {
        TRY(task_check(svd->task, err));
        double whole = r[i * p + i];
        for (int64_t h = 0; h < i; h++)
            for (int64_t j = i; j < p; j++) r[i * p + j] -= r[h * p + i] * r[h * p + j];
        double pivot = fmax(r[i * p + i], 1e-14 * whole);
        least = fmin(least, sqrt(pivot / whole));
        r[i * p + i] = pivot;
        for (int64_t j = p - 1; j >= i; j--) r[i * p + j] /= sqrt(pivot);
    }
    *out_least = least;
    return OK;
}

/* out = R⁻¹ for R in gram: row i from the rows below. */
static enum status invert_upper(const struct svd *svd, double *out, struct error *err) {
    int64_t p = svd->p;
    const double *r = svd->gram;
    memset(out, 0, (size_t)(p * p) * sizeof *out);
    for (int64_t i = p - 1; i >= 0; i--) {
        TRY(task_check(svd->task, err));
        double scale = 1 / r[i * p + i];
        for (int64_t h = i + 1; h < p; h++)
            for (int64_t j = h; j < p; j++) out[i * p + j] -= scale * r[i * p + h] * out[h * p + j];
        out[i * p + i] = scale;
    }
    return OK;
}

/* One pass of Cholesky QR with the small matrices in double: basis = z R⁻¹. */
static enum status cholesky_qr(struct svd *svd, const struct mat *z, double *root, double *out_least, struct error *err) {
    struct mat *basis;
    TRY(gram_of(svd, z, err));
    TRY(cholesky(svd, out_least, err));
    TRY(invert_upper(svd, root, err));
    TRY(times(svd, z, root, svd->p, &basis, err));
    replace(&svd->basis, basis);
    return OK;
}

/* basis = orthonormal columns with the span of z; repeated while columns were nearly dependent. */
static enum status orthonormalise(struct svd *svd, const struct mat *z, struct error *err) {
    double *root, least = 0;
    TRY(mem_try_array((size_t)(svd->p * svd->p), "a decomposition", &root, err));
    enum status status = cholesky_qr(svd, z, root, &least, err);
    for (int pass = 1; pass < PASSES_MAX && least < WELL && status == OK; pass++) status = cholesky_qr(svd, svd->basis, root, &least, err);
    mem_free(root);
    return status;
}

static void random_column(const struct svd *svd, int64_t column, int64_t round, float *values) {
    struct rng rng = rng_at(svd->seed, RNG_SVD, (uint64_t)(round * svd->p + column));
    for (int64_t i = 0; i < svd->n; i++) values[i * svd->p + column] = (float)rng_normal(&rng);
}

static enum status random_columns(const struct svd *svd, float *values, struct error *err) {
    for (int64_t c = 0; c < svd->p; c++) {
        TRY(task_check(svd->task, err));
        random_column(svd, c, 0, values);
    }
    return OK;
}

static enum status start_random(struct svd *svd, struct error *err) {
    float *values;
    struct mat *start = NULL;
    TRY(mem_try_array((size_t)(svd->n * svd->p), "a decomposition", &values, err));
    enum status status = random_columns(svd, values, err);
    if (status == OK) status = mat_from(device_of(svd), svd->n, svd->p, values, &start, err);
    mem_free(values);
    if (status == OK) status = orthonormalise(svd, start, err);
    mat_unref(start);
    return status;
}

static enum status start_exact(struct svd *svd, struct error *err) {
    float *values;
    TRY(mem_try_array((size_t)(svd->n * svd->n), "a decomposition", &values, err));
    for (int64_t i = 0; i < svd->n; i++) values[i * svd->n + i] = 1;
    enum status status = mat_from(device_of(svd), svd->n, svd->n, values, &svd->basis, err);
    mem_free(values);
    return status;
}

/* --- rounds --- */

/* Ritz values and rotation of this basis. */
static enum status ritz(struct svd *svd, struct error *err) {
    struct mat *image;
    TRY(apply(svd, false, svd->basis, &image, err));
    replace(&svd->image, image);
    TRY(gram_of(svd, image, err));
    TRY(eigen_largest(svd->task, svd->gram, svd->p, svd->p, svd->values, svd->vectors, err));
    for (int64_t j = 0; j < svd->p; j++) svd->values[j] = sqrt(fmax(0, svd->values[j]));
    return OK;
}

static bool is_nothing(const struct svd *svd, int64_t j) { return !(svd->values[j] > NOTHING * svd->values[0]); }

/* Random numbers in the columns of z whose directions hold nothing. */
static enum status refill(const struct svd *svd, struct mat *z, int64_t round, struct error *err) {
    float *values;
    if (!is_nothing(svd, svd->p - 1)) return OK;
    TRY(mem_try_array((size_t)(svd->n * svd->p), "a decomposition", &values, err));
    enum status status = mat_read(z, 0, svd->n, values, err);
    for (int64_t j = 0; j < svd->p; j++)
        if (is_nothing(svd, j)) random_column(svd, j, round, values);
    if (status == OK) status = mat_write(z, 0, svd->n, values, err);
    mem_free(values);
    return status;
}

/* W's first `cols` columns, each divided by its σ when by_value (0 where that holds nothing). */
static enum status rotate(const struct svd *svd, const struct mat *x, int64_t cols, bool by_value, struct mat **out, struct error *err) {
    double *rotation;
    TRY(mem_try_array((size_t)(svd->p * cols), "a decomposition", &rotation, err));
    for (int64_t j = 0; j < cols; j++)
        for (int64_t i = 0; i < svd->p && !(by_value && is_nothing(svd, j)); i++)
            rotation[i * cols + j] = svd->vectors[j * svd->p + i] / (by_value ? svd->values[j] : 1);
    enum status status = times(svd, x, rotation, cols, out, err);
    mem_free(rotation);
    return status;
}

/* basis = Aᵀ (Y W / σ), orthonormal. */
static enum status turn_basis(struct svd *svd, int64_t round, struct error *err) {
    struct mat *left = NULL, *next = NULL;
    TRY(rotate(svd, svd->image, svd->p, true, &left, err));
    enum status status = apply(svd, true, left, &next, err);
    mat_unref(left);
    if (status == OK) status = refill(svd, next, round, err);
    if (status == OK) status = orthonormalise(svd, next, err);
    mat_unref(next);
    return status;
}

/* Largest relative change of the k values in this round, beyond what rounding does. */
static double change_of(const struct svd *svd) {
    double most = 0;
    for (int64_t j = 0; j < svd->k && !is_nothing(svd, j); j++)
        most = fmax(most, (fabs(svd->values[j] - svd->last[j]) - FLOOR * svd->values[0]) / svd->values[j]);
    return most;
}

/* Changes shrink by about the same factor each round: the sum of those to come is the error. */
static bool has_settled(double change, double change_before) {
    double factor = change_before < INFINITY && change_before > 0 ? fmin(change / change_before, 0.98) : 0.98;
    return change * factor / (1 - factor) <= TOLERANCE;
}

static enum status iterate(struct svd *svd, struct error *err) {
    double change = INFINITY, before;
    TRY(start_random(svd, err));
    TRY(ritz(svd, err));
    for (int64_t round = 1; round < ROUNDS_MAX; round++) {
        memcpy(svd->last, svd->values, (size_t)svd->k * sizeof *svd->last);
        TRY(turn_basis(svd, round, err));
        TRY(ritz(svd, err));
        before = change;
        change = change_of(svd);
        if (has_settled(change, before)) break;
    }
    return OK;
}

/* --- the result --- */

/* coefficients[i] = column i · x for i < n, or x -= Σ coefficients[i] column i. u: rows of k. */
static enum status project_out(const struct svd *svd, const float *u, int64_t n, double *x, double *coefficients, struct error *err) {
    int64_t each = SLICE_FLOPS / (n + 1) + 1;
    memset(coefficients, 0, (size_t)n * sizeof *coefficients);
    for (int64_t r = 0; r < svd->m; r++) {
        if (r % each == 0) TRY(task_check(svd->task, err));
        for (int64_t i = 0; i < n; i++) coefficients[i] += (double)u[r * svd->k + i] * x[r];
    }
    for (int64_t r = 0; r < svd->m; r++) {
        if (r % each == 0) TRY(task_check(svd->task, err));
        for (int64_t i = 0; i < n; i++) x[r] -= coefficients[i] * (double)u[r * svd->k + i];
    }
    return OK;
}

static double length_of(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sqrt(sum);
}

/* Makes column j orthonormal to those before it; takes random numbers where nothing of it is left. */
static enum status mend_column(const struct svd *svd, float *u, int64_t j, double *x, double *coefficients, struct error *err) {
    struct rng rng = rng_at(svd->seed, RNG_SVD, (uint64_t)(-1 - j));
    for (int64_t r = 0; r < svd->m; r++) x[r] = (double)u[r * svd->k + j];
    for (int tries = 0; tries < 8; tries++) {
        double before = length_of(x, svd->m);
        for (int pass = 0; pass < 2; pass++) TRY(project_out(svd, u, j, x, coefficients, err));
        double after = length_of(x, svd->m);
        if (after > 1e-3 * before) {
            for (int64_t r = 0; r < svd->m; r++) u[r * svd->k + j] = (float)(x[r] / after);
            return OK;
        }
        for (int64_t r = 0; r < svd->m; r++) x[r] = rng_normal(&rng);
    }
    return err_set(err, ERR_NUMERIC, "the left singular vectors of a %lld × %lld matrix came out dependent", LL(svd->m), LL(svd->n));
}

static enum status mend(const struct svd *svd, float *u, struct error *err) {
    double *x = NULL, *coefficients = xnew_array(double, (size_t)svd->k);
    enum status status = mem_try_array((size_t)svd->m, "a decomposition", &x, err);
    for (int64_t j = 0; j < svd->k && status == OK; j++)
        if (!(svd->values[j] > DOUBTFUL * svd->values[0])) status = mend_column(svd, u, j, x, coefficients, err);
    mem_free(x);
    free(coefficients);
    return status;
}

/* The largest |entry| of each column of v becomes positive; u turns with it. */
static void fix_signs(int64_t k, float *u, int64_t u_rows, float *v, int64_t v_rows) {
    for (int64_t j = 0; j < k; j++) {
        float most = 0;
        for (int64_t r = 0; r < v_rows; r++)
            if (fabsf(v[r * k + j]) > fabsf(most)) most = v[r * k + j];
        if (most >= 0) continue;
        for (int64_t r = 0; r < v_rows; r++) v[r * k + j] = -v[r * k + j];
        for (int64_t r = 0; r < u_rows; r++) u[r * k + j] = -u[r * k + j];
    }
}

/* Host twins of the result; left and right are those of the turned matrix. */
struct result {
    float *left, *right, *values;
};

static enum status read_result(struct svd *svd, struct result *to, struct error *err) {
    struct mat *left = NULL, *right = NULL;
    const char *what = "a decomposition";
    TRY(mem_try_array((size_t)(svd->m * svd->k), what, &to->left, err));
    TRY(mem_try_array((size_t)(svd->n * svd->k), what, &to->right, err));
    TRY(mem_try_array((size_t)svd->k, what, &to->values, err));
    enum status status = rotate(svd, svd->image, svd->k, true, &left, err);
    if (status == OK) status = rotate(svd, svd->basis, svd->k, false, &right, err);
    if (status == OK) status = mat_read(left, 0, svd->m, to->left, err);
    if (status == OK) status = mat_read(right, 0, svd->n, to->right, err);
    mat_unref(left);
    mat_unref(right);
    for (int64_t j = 0; j < svd->k; j++) to->values[j] = is_nothing(svd, j) ? 0 : (float)svd->values[j];
    return status == OK ? mend(svd, to->left, err) : status;
}

static enum status give(const struct svd *svd, struct result *from, struct mat **out_u, struct mat **out_s, struct mat **out_v, struct error *err) {
    struct mat *u = NULL, *s = NULL, *v = NULL;
    float *left = svd->turned ? from->right : from->left, *right = svd->turned ? from->left : from->right;
    int64_t rows = svd->turned ? svd->n : svd->m, cols = svd->turned ? svd->m : svd->n;
    fix_signs(svd->k, left, rows, right, cols);
    enum status status = mat_from(device_of(svd), rows, svd->k, left, &u, err);
    if (status == OK) status = mat_from(device_of(svd), 1, svd->k, from->values, &s, err);
    if (status == OK) status = mat_from(device_of(svd), cols, svd->k, right, &v, err);
    if (status == OK) {
        *out_u = u, *out_s = s, *out_v = v;
        return OK;
    }
    mat_unref(u);
    mat_unref(s);
    return status;
}

static enum status run(struct svd *svd, struct result *result, struct error *err) {
    bool exact = svd->p == svd->n;
    size_t p = (size_t)svd->p;
    TRY(mem_try_array(p * p, "a decomposition", &svd->gram, err));
    TRY(mem_try_array(p * p, "a decomposition", &svd->vectors, err));
    TRY(mem_try_array(p, "a decomposition", &svd->values, err));
    TRY(mem_try_array(p, "a decomposition", &svd->last, err));
    if (exact) TRY(start_exact(svd, err));
    TRY(exact ? ritz(svd, err) : iterate(svd, err));
    return read_result(svd, result, err);
}

/* Columns of the basis: half as many again as asked for, in whole vectors, or all (then it is exact) when that is most of n. */
static int64_t basis_size(int64_t n, int64_t k) {
    int64_t p = (k + k / 2 + 10 + 15) / 16 * 16;
    return n <= SMALL || 4 * p >= 3 * n ? n : p;
}

static enum status decompose(struct svd *svd, int64_t rows, int64_t cols, struct mat **out_u, struct mat **out_s, struct mat **out_v,
                             struct error *err) {
    svd->turned = rows < cols;
    svd->m = svd->turned ? cols : rows;
    svd->n = svd->turned ? rows : cols;
    if (svd->k < 0 || svd->k > svd->n)
        return err_set(err, ERR_VALUE, "a matrix of %lld × %lld has %lld singular values: k can't be %lld", LL(rows), LL(cols), LL(svd->n),
                       LL(svd->k));
    struct result result = {0};
    svd->p = basis_size(svd->n, svd->k);
    enum status status = svd->k ? run(svd, &result, err) : task_check(svd->task, err);
    if (status == OK) status = give(svd, &result, out_u, out_s, out_v, err);
    mat_unref(svd->basis);
    mat_unref(svd->image);
    float *floats[] = {result.left, result.right, result.values};
    double *doubles[] = {svd->gram, svd->vectors, svd->values, svd->last};
    for (size_t i = 0; i < 3; i++) mem_free(floats[i]);
    for (size_t i = 0; i < 4; i++) mem_free(doubles[i]);
    return status;
}

enum status mat_svd(struct task *task, const struct mat *a, int64_t k, uint64_t seed, struct mat **out_u, struct mat **out_s, struct mat **out_v,
                    struct error *err) {
    struct svd svd = {.task = task, .mat = a, .k = k, .seed = seed};
    return decompose(&svd, mat_rows(a), mat_cols(a), out_u, out_s, out_v, err);
}

enum status csr_svd(struct task *task, const struct csr *a, int64_t k, uint64_t seed, struct mat **out_u, struct mat **out_s, struct mat **out_v,
                    struct error *err) {
    struct svd svd = {.task = task, .csr = a, .k = k, .seed = seed};
    return decompose(&svd, csr_rows(a), csr_cols(a), out_u, out_s, out_v, err);
}
