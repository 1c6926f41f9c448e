/* Dense and sparse products, ALS. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/device/parity.h"

/* --- gemm: which = a_transposed + 2 * b_transposed --- */

static enum status run_gemm(struct side *side, int which, int64_t m, int64_t n, int64_t k, int64_t spare, struct error *err) {
    struct gemm job = {.a_transposed = which & 1, .b_transposed = which & 2, .m = m, .n = n, .k = k};
    job.lda = (job.a_transposed ? m : k) + spare;
    job.ldb = (job.b_transposed ? k : n) + spare;
    job.ldc = n + spare;
    int64_t n_a = (job.a_transposed ? k : m) * job.lda, n_b = (job.b_transposed ? n : k) * job.ldb, n_c = m * job.ldc;
    float *a = some_floats(31, n_a), *b = some_floats(32, n_b), *c = some_floats(33, n_c);
    enum status status = side_put(side, a, (size_t)n_a * sizeof *a, &job.a, err);
    if (status == OK) status = side_put(side, b, (size_t)n_b * sizeof *b, &job.b, err);
    if (status == OK) status = side_put(side, c, (size_t)n_c * sizeof *c, &job.c, err);
    if (status == OK) status = side->ops->gemm(side->state, side->task, &job, err);
    if (status == OK) status = side_fetch(side, job.c, n_c, err); /* what lies between rows must stay */
    free(a);
    free(b);
    free(c);
    return status;
}

static enum status gemm_case(struct side *side, int which, struct error *err) {
    static const int64_t shapes[][4] = {{1, 1, 1, 0},    {1, 33, 7, 0},     {5, 1, 9, 2},       {16, 16, 16, 0},
                                        {31, 17, 65, 3}, {129, 64, 100, 0}, {200, 131, 300, 1}, {3, 700, 64, 5}};
    for (int s = 0; s < N_OF(shapes); s++) TRY(run_gemm(side, which, shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3], err));
    return OK;
}

/* --- sparse rows: row r has about `mean` entries; some rows have none, one has many --- */

struct rows {
    int64_t n_rows, n_cols, n;
    int64_t *starts;
    int32_t *columns;
    float *values;
};

static struct rows make_rows(int64_t n_rows, int64_t n_cols, int64_t mean) {
    struct rng rng = rng_at(41, RNG_USER, (uint64_t)n_rows);
    struct rows rows = {.n_rows = n_rows, .n_cols = n_cols, .starts = xnew_array(int64_t, (size_t)n_rows + 1)};
    for (int64_t r = 0; r < n_rows; r++) {
        int64_t n = r % 7 == 3 ? 0 : r == 1 ? 5 * mean : 1 + (int64_t)rng_below(&rng, (uint64_t)(2 * mean));
        rows.starts[r + 1] = rows.starts[r] + n;
    }
    rows.n = rows.starts[n_rows];
    rows.columns = some_indices(42, rows.n, n_cols);
    rows.values = some_floats(43, rows.n);
    return rows;
}

static void free_rows(struct rows *rows) {
    free(rows->starts);
    free(rows->columns);
    free(rows->values);
}

static enum status put_rows(struct side *side, const struct rows *rows, struct sparse *out, struct error *err) {
    *out = (struct sparse){.rows = rows->n_rows, .cols = rows->n_cols, .n = rows->n, .starts_host = rows->starts};
    TRY(side_put(side, rows->starts, (size_t)(rows->n_rows + 1) * sizeof *rows->starts, &out->starts, err));
    TRY(side_put(side, rows->columns, (size_t)rows->n * sizeof *rows->columns, &out->columns, err));
    return side_put(side, rows->values, (size_t)rows->n * sizeof *rows->values, &out->values, err);
}

static enum status run_spmm(struct side *side, const struct rows *rows, int64_t n_cols, struct error *err) {
    struct sparse a;
    int64_t n = rows->n_cols * n_cols;
    float *values = some_floats(44, n), *dense, *out;
    enum status status = put_rows(side, rows, &a, err);
    if (status == OK) status = side_put(side, values, (size_t)n * sizeof *values, &dense, err);
    if (status == OK) status = side_put(side, NULL, (size_t)(rows->n_rows * n_cols) * sizeof *values, &out, err);
    if (status == OK) status = side->ops->spmm(side->state, side->task, &a, n_cols, dense, out, err);
    if (status == OK) status = side_fetch(side, out, rows->n_rows * n_cols, err);
    free(values);
    return status;
}

static enum status spmm_case(struct side *side, int which, struct error *err) {
    static const int64_t shapes[][4] = {{1, 1, 1, 1}, {5, 9, 3, 1}, {40, 30, 10, 17}, {300, 200, 20, 64}, {64, 1000, 5, 129}};
    (void)which;
    for (int s = 0; s < N_OF(shapes); s++) {
        side_release(side);
        struct rows rows = make_rows(shapes[s][0], shapes[s][1], shapes[s][2]);
        enum status status = run_spmm(side, &rows, shapes[s][3], err);
        free_rows(&rows);
        TRY(status);
    }
    return OK;
}

/* --- ALS --- */

static enum status run_als(struct side *side, const struct rows *rows, int64_t f, float reg, bool degenerate, struct error *err) {
    struct als_job job = {.n_factors = f, .mean = 0.25f, .reg = reg};
    int64_t n_other = rows->n_cols * f, n_out = rows->n_rows * f, failed = -2;
    float *other = some_floats(51, n_other), *bias = some_floats(52, rows->n_cols), *stale = some_floats(53, n_out + rows->n_rows);
    for (int64_t i = 0; degenerate && i < n_other; i++) other[i] = 0.0f;
    enum status status = put_rows(side, rows, &job.ratings, err);
    if (status == OK) status = side_put(side, other, (size_t)n_other * sizeof *other, &job.other, err);
    if (status == OK) status = side_put(side, bias, (size_t)rows->n_cols * sizeof *bias, &job.other_bias, err);
    if (status == OK) status = side_put(side, stale, (size_t)n_out * sizeof *stale, &job.out, err);
    if (status == OK) status = side_put(side, stale + n_out, (size_t)rows->n_rows * sizeof *stale, &job.out_bias, err);
    if (status == OK) status = side->ops->als_solve(side->state, side->task, &job, &failed, err);
    if (status == OK) side_show(side, &(float){(float)failed}, 1);
    if (status == OK && !degenerate) status = side_fetch(side, job.out, n_out, err);
    if (status == OK && !degenerate) status = side_fetch(side, job.out_bias, rows->n_rows, err);
    free(other);
    free(bias);
    free(stale);
    return status;
}

static enum status als_case(struct side *side, int which, struct error *err) {
    static const int64_t shapes[][4] = {{1, 5, 4, 1}, {20, 30, 12, 8}, {50, 40, 20, 31}, {30, 60, 40, 64}, {9, 90, 70, 120}};
    (void)which;
    for (int s = 0; s < N_OF(shapes); s++) {
        side_release(side);
        struct rows rows = make_rows(shapes[s][0], shapes[s][1], shapes[s][2]);
        enum status status = run_als(side, &rows, shapes[s][3], 0.1f, false, err);
        /* without ridge on factors of zeros no system has a solution: the first row with entries is named */
        side_release(side);
        if (status == OK) status = run_als(side, &rows, shapes[s][3], 0.0f, true, err);
        free_rows(&rows);
        TRY(status);
    }
    return OK;
}

/* --- implicit ALS --- */

struct ials_shape {
    int64_t rows, cols, longest, f, cg_steps, block;
};

/* Counts 1 … 3 as values; a gram matrix and an inverse as they come about. */
static enum status put_shared(struct side *side, const float *other, const struct ials_shape *shape, struct ials_job *job, struct error *err) {
    const int64_t f = shape->f;
    float *gram = xnew_array(float, (size_t)(f * f)), *inverse = xnew_array(float, (size_t)(f * f));
    for (int64_t c = 0; c < shape->cols; c++)
        for (int64_t i = 0; i < f; i++)
            for (int64_t j = 0; j < f; j++) gram[i * f + j] += 0.1f * other[c * f + i] * other[c * f + j];
    for (int64_t i = 0; i < f; i++) inverse[i * (f + 1)] = 1.0f / (gram[i * (f + 1)] + 1.0f);
    enum status status = side_put(side, gram, (size_t)(f * f) * sizeof *gram, &job->gram, err);
    if (status == OK) status = side_put(side, inverse, (size_t)(f * f) * sizeof *inverse, &job->inverse, err);
    free(gram);
    free(inverse);
    return status;
}

static enum status run_ials(struct side *side, const struct rows *rows, const struct ials_shape *shape, bool degenerate, struct error *err) {
    struct ials_job job = {.n_factors = shape->f, .cg_steps = shape->cg_steps, .block = shape->block, .alpha = 1.5f};
    const int64_t n_other = shape->cols * shape->f, n_out = shape->rows * shape->f;
    int64_t failed = -2;
    double loss = -1;
    float *other = some_floats(54, n_other), *stale = some_floats(55, n_out), *ridge = some_floats(56, shape->rows);
    for (int64_t i = 0; degenerate && i < n_other; i++) other[i] = 0.0f;
    for (int64_t r = 0; r < shape->rows; r++) ridge[r] = degenerate ? 0.0f : 1.5f + ridge[r];
    for (int64_t i = 0; i < rows->n; i++) rows->values[i] = (float)(1 + i % 3);
    enum status status = put_rows(side, rows, &job.events, err);
    if (status == OK) status = side_put(side, other, (size_t)n_other * sizeof *other, &job.other, err);
    if (status == OK) status = put_shared(side, other, shape, &job, err);
    if (status == OK) status = side_put(side, ridge, (size_t)shape->rows * sizeof *ridge, &job.ridge, err);
    if (status == OK) status = side_put(side, stale, (size_t)n_out * sizeof *stale, &job.out, err);
    if (status == OK) status = side->ops->ials_solve(side->state, side->task, &job, &failed, &loss, err);
    if (status == OK) side_show(side, &(float){(float)failed}, 1);
    if (status == OK && !degenerate) side_show(side, &(float){(float)loss}, 1);
    if (status == OK && !degenerate) status = side_fetch(side, job.out, n_out, err);
    free(other);
    free(stale);
    free(ridge);
    return status;
}

/* 0: conjugate gradients; 1: exact; 2: by blocks of columns */
static enum status ials_case(struct side *side, int which, struct error *err) {
    static const int64_t shapes[][4] = {{1, 5, 4, 1}, {20, 30, 12, 8}, {50, 40, 20, 31}, {30, 60, 40, 64}, {9, 90, 70, 120}};
    for (int s = 0; s < N_OF(shapes); s++) {
        const struct ials_shape shape = {shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3], which == 0 ? 2 : 0, which == 2 ? 16 : shapes[s][3]};
        side_release(side);
        struct rows rows = make_rows(shape.rows, shape.cols, shape.longest);
        enum status status = run_ials(side, &rows, &shape, false, err);
        side_release(side);
        if (status == OK && which > 0) status = run_ials(side, &rows, &shape, true, err);
        free_rows(&rows);
        TRY(status);
    }
    return OK;
}

/* --- the list --- */

#define ORDER "float32 sums of up to 300 products below 1 in another order"
const struct parity_case product_cases[] = {
    {"gemm", gemm_case, 0, 1e-5, 2e-5, true, ORDER},
    {"gemm, a transposed", gemm_case, 1, 1e-5, 2e-5, true, ORDER},
    {"gemm, b transposed", gemm_case, 2, 1e-5, 2e-5, true, ORDER},
    {"gemm, both transposed", gemm_case, 3, 1e-5, 2e-5, true, ORDER},
    {"spmm", spmm_case, 0, 2e-6, 2e-6, true, "the same order, but SSE2 doesn't fuse"},
    {"als_solve", als_case, 0, 2e-5, 2e-5, true, "float32 Cholesky in another order, condition numbers up to 100 or so"},
    {"ials_solve, conjugate gradients", ials_case, 0, 2e-5, 2e-5, true, "two steps, sums in another order"},
    {"ials_solve, exact", ials_case, 1, 5e-5, 5e-5, true, "float32 Cholesky in another order"},
    {"ials_solve, blocks", ials_case, 2, 5e-5, 5e-5, true, "the same, block after block"},
};
const int n_product_cases = N_OF(product_cases);
