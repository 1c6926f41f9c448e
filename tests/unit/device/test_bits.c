/* The same bits with 1, 2 and 4 threads, an end within 100 ms of a cancel, and no leak when memory fails. */
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "tests/unit/device/device_help.h"

/* Every operation once, on data large enough for many blocks. What comes out: mats, and the host arrays as mats. */
enum { ROWS = 700, COLS = 450, F = 33, N_OUT = 27 };

struct work {
    struct entries e;
    struct csr *csr;
    struct mat *a, *b, *bias_a, *bias_b, *square;
};

static struct work work_new(void) {
    struct work w = {.e = random_entries(ROWS, COLS, 0.1, 1)};
    w.csr = csr_of(&w.e);
    w.a = random_mat(ROWS, F, 2), w.b = random_mat(COLS, F, 3), w.bias_a = random_mat(ROWS, 1, 4), w.bias_b = random_mat(COLS, 1, 5);
    w.square = random_mat(ROWS, COLS, 6);
    return w;
}

static void work_free(struct work *w) {
    struct mat *all[] = {w->a, w->b, w->bias_a, w->bias_b, w->square};
    for (int i = 0; i < 5; i++) mat_unref(all[i]);
    csr_unref(w->csr);
    entries_free(&w->e);
}

static enum status train(const struct work *w, struct task *task, struct mat **out, struct error *err) {
    struct mf_factors x = {.mean = 3}, first = {0}, second = {0};
    struct mat **slots[] = {&x.users, &x.items, &x.user_bias, &x.item_bias};
    const struct mat *from[] = {w->a, w->b, w->bias_a, w->bias_b};
    for (int i = 0; i < 4; i++) {
        TRY(mat_copy(from[i], &out[i], err));
        *slots[i] = out[i];
    }
    struct sgd_plan *plan;
    double rmse;
    int64_t step = 0, n = w->e.starts[ROWS];
    TRY(sgd_plan_new(NULL, device_cpu(), ROWS, COLS, n, w->e.row_of, w->e.columns, w->e.values, 7, &plan, err));
    enum status status = ops_mf_sgd(task, plan, &x, 0.01f, 0.02f, 0.02f, 3, 1, &rmse, err);
    if (status == OK) status = mat_new(device_cpu(), ROWS, F, &first.users, err);
    if (status == OK) status = mat_new(device_cpu(), COLS, F, &first.items, err);
    if (status == OK) status = mat_new(device_cpu(), ROWS, 1, &first.user_bias, err);
    if (status == OK) status = mat_new(device_cpu(), COLS, 1, &first.item_bias, err);
    if (status == OK) status = mat_copy(first.users, &second.users, err);
    if (status == OK) status = mat_copy(first.items, &second.items, err);
    if (status == OK) status = mat_copy(first.user_bias, &second.user_bias, err);
    if (status == OK) status = mat_copy(first.item_bias, &second.item_bias, err);
    if (status == OK) status = ops_mf_adam(task, plan, &x, &first, &second, &step, 1000, 0.01f, 0.02f, 3, 1, &rmse, err);
    struct mat *all[] = {first.users, first.items, first.user_bias, first.item_bias, second.users, second.items, second.user_bias, second.item_bias};
    for (int i = 0; i < 8; i++) mat_unref(all[i]);
    sgd_plan_free(plan);
    return status;
}

static enum status scores(const struct work *w, struct task *task, struct mat **out, struct error *err) {
    int32_t rows[ROWS], cols[ROWS];
    for (int i = 0; i < ROWS; i++) rows[i] = i, cols[i] = i % COLS;
    TRY(mat_new(device_cpu(), ROWS, 1, &out[0], err));
    TRY(ops_dot_pairs(task, w->a, w->b, w->bias_a, w->bias_b, 1, rows, cols, ROWS, mat_data(out[0]), err));
    TRY(mat_new(device_cpu(), ROWS, COLS, &out[1], err));
    TRY(ops_dot_block(task, w->a, rows, ROWS, w->b, w->bias_a, w->bias_b, 1, mat_data(out[1]), err));
    TRY(mat_new(device_cpu(), ROWS, 10, &out[2], err));
    TRY(mat_new(device_cpu(), ROWS, 10, &out[3], err));
    TRY(ops_dot_top_k(task, w->a, rows, ROWS, w->b, w->bias_a, w->bias_b, 1, NULL, NULL, 10, (int32_t *)(void *)mat_data(out[2]), mat_data(out[3]),
                      err));
    TRY(mat_new(device_cpu(), ROWS, 10, &out[4], err));
    TRY(mat_new(device_cpu(), ROWS, 10, &out[5], err));
    return ops_top_k(task, mat_values(out[1]), ROWS, COLS, NULL, NULL, 10, (int32_t *)(void *)mat_data(out[4]), mat_data(out[5]), err);
}

/* Exact, by blocks, by conjugate gradients. */
static enum status implicit(const struct work *w, struct task *task, struct mat **out, struct error *err) {
    static const struct ials_rule rules[] = {{1, 0.1f, 0, F}, {1, 0.1f, 0, 16}, {1, 0.1f, 2, F}};
    struct mat *ridge = NULL, *popularity = NULL;
    struct csr *csr = NULL;
    double loss;
    enum status status = mat_map(MAT_ABS, w->bias_a, &ridge, err);
    if (status == OK) status = mat_map(MAT_ABS, w->bias_b, &popularity, err);
    if (status == OK) status = csr_from(device_cpu(), ROWS, COLS, w->e.starts, w->e.columns, NULL, &csr, err);
    for (int i = 0; i < 3 && status == OK; i++) {
        const struct ials_side side = {csr, ridge, popularity, 1};
        status = mat_copy(w->a, &out[i], err);
        if (status == OK) status = ops_ials_solve(task, &rules[i], &side, w->b, out[i], &loss, err);
    }
    mat_unref(ridge);
    mat_unref(popularity);
    csr_unref(csr);
    return status;
}

static enum status everything(const struct work *w, struct task *task, struct mat **out, struct error *err) {
    TRY(mat_multiply(task, w->a, false, w->b, true, &out[0], err));
    TRY(mat_binary(MAT_MUL, w->square, w->bias_a, &out[1], err));
    TRY(mat_reduce(MAT_STD, w->square, -1, &out[2], err));
    TRY(mat_reduce(MAT_SUM, w->square, 0, &out[3], err));
    TRY(mat_reduce(MAT_NORM, w->square, 1, &out[4], err));
    TRY(csr_multiply(task, w->csr, true, w->a, &out[5], err));
    TRY(mat_new(device_cpu(), ROWS, F, &out[6], err));
    TRY(mat_new(device_cpu(), ROWS, 1, &out[7], err));
    TRY(ops_als_solve(task, w->csr, 3, w->b, w->bias_b, 0.1f, out[6], out[7], err));
    TRY(csr_svd(task, w->csr, 8, 1, &out[8], &out[9], &out[10], err));
    TRY(mat_transpose(w->square, &out[11], err));
    TRY(train(w, task, &out[12], err));
    TRY(implicit(w, task, &out[24], err));
    return scores(w, task, &out[16], err);
}

static void out_free(struct mat **out) {
    for (int i = 0; i < N_OUT; i++) mat_unref(out[i]);
}

static void threads_change_no_bit(void **state) {
    (void)state;
    struct work w = work_new();
    struct mat *first[N_OUT] = {0};
    struct error err = ERROR_INIT;
    pool_set_threads(1);
    assert_int_equal(everything(&w, NULL, first, &err), OK);
    for (int n_threads = 2; n_threads <= 4; n_threads += 2)
        for (int again = 0; again < 2; again++) {
            struct mat *out[N_OUT] = {0};
            pool_set_threads(n_threads);
            assert_int_equal(everything(&w, NULL, out, &err), OK);
            for (int i = 0; i < N_OUT; i++)
                if ((first[i] == NULL) != (out[i] == NULL) || (first[i] && !same_bits(first[i], out[i])))
                    fail_msg("result %d, %d threads", i, n_threads);
            out_free(out);
        }
    out_free(first);
    work_free(&w);
}

/* --- memory --- */

/* The n-th allocation fails, for every n until all go well: an error each time, and nothing left behind. */
static void lack_of_memory_is_an_error(void **state) {
    (void)state;
    struct work w = work_new();
    struct error err;
    enum status status = ERR_MEMORY;
    pool_set_threads(2);
    struct mat *warm[N_OUT] = {0};
    err = ERROR_INIT;
    assert_int_equal(everything(&w, NULL, warm, &err), OK);
    out_free(warm);
    int64_t held = mat_total_bytes(device_cpu());
    long n = 1;
    for (; status != OK; n++) {
        struct mat *out[N_OUT] = {0};
        err = ERROR_INIT;
        mem_fail_after(n);
        status = everything(&w, NULL, out, &err);
        mem_fail_after(0);
        assert_true(status == OK || status == ERR_MEMORY);
        out_free(out);
        assert_int_equal(mat_total_bytes(device_cpu()), held);
    }
    assert_true(n > 60);
    work_free(&w);
}

/* --- cancelling --- */

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The timer cancels from a signal, as an interrupt does. */
static struct task *cancelled_task;
static double cancelled_at;
static void cancel(int signal) {
    (void)signal;
    cancelled_at = now_s();
    task_cancel(cancelled_task);
}

struct large {
    struct mat *a, *wide;
    struct csr *csr;
    struct entries e;
    struct sgd_plan *plan;
};

typedef enum status (*long_fn)(const struct large *large, struct task *task, struct error *err);

static enum status long_product(const struct large *large, struct task *task, struct error *err) {
    struct mat *out = NULL;
    enum status status = OK;
    for (int i = 0; i < 100 && status == OK; i++) {
        status = mat_multiply(task, large->a, false, large->a, true, &out, err);
        if (status == OK) mat_unref(out);
    }
    return status;
}

static enum status long_sparse(const struct large *large, struct task *task, struct error *err) {
    struct mat *out = NULL;
    enum status status = OK;
    for (int i = 0; i < 100 && status == OK; i++) {
        status = csr_multiply(task, large->csr, false, large->wide, &out, err);
        if (status == OK) mat_unref(out);
    }
    return status;
}

static enum status long_als(const struct large *large, struct task *task, struct error *err) {
    struct mat *out = zeros(2000, 256), *bias = zeros(2000, 1), *other = random_mat(1000, 256, 4), *other_bias = zeros(1000, 1);
    enum status status = OK;
    for (int i = 0; i < 100 && status == OK; i++) status = ops_als_solve(task, large->csr, 3, other, other_bias, 0.1f, out, bias, err);
    struct mat *all[] = {out, bias, other, other_bias};
    for (int i = 0; i < 4; i++) mat_unref(all[i]);
    return status;
}

static enum status long_svd(const struct large *large, struct task *task, struct error *err) {
    struct mat *u, *s, *v;
    TRY(mat_svd(task, large->a, 280, 1, &u, &s, &v, err));
    mat_unref(u);
    mat_unref(s);
    mat_unref(v);
    return OK;
}

static enum status long_top_k(const struct large *large, struct task *task, struct error *err) {
    enum { N = 2500, K = 100 };
    int32_t *rows = xnew_array(int32_t, N), *cols = xnew_array(int32_t, N * K);
    float *best = xnew_array(float, N *K);
    enum status status = OK;
    for (int i = 0; i < 100 && status == OK; i++)
        status = ops_dot_top_k(task, large->a, rows, N, large->a, NULL, NULL, 0, NULL, NULL, K, cols, best, err);
    free(rows);
    free(cols);
    free(best);
    return status;
}

static enum status long_sgd(const struct large *large, struct task *task, struct error *err) {
    struct mf_factors x = {random_mat(2000, 128, 1), random_mat(1000, 128, 2), zeros(2000, 1), zeros(1000, 1), 3};
    double rmse;
    enum status status = OK;
    for (int i = 0; i < 1000 && status == OK; i++) status = ops_mf_sgd(task, large->plan, &x, 1e-9f, 0, 0, 1, i, &rmse, err);
    struct mat *all[] = {x.users, x.items, x.user_bias, x.item_bias};
    for (int i = 0; i < 4; i++) mat_unref(all[i]);
    return status;
}

static enum status long_ials_by(const struct large *large, struct task *task, int64_t cg_steps, struct error *err) {
    struct mat *out = zeros(2000, 256), *other = random_mat(1000, 256, 4), *ridge = zeros(2000, 1), *popularity = zeros(1000, 1);
    const struct ials_rule rule = {1, 0.1f, cg_steps, 128};
    struct csr *csr;
    double loss;
    for (int64_t r = 0; r < 2000; r++) mat_data(ridge)[r] = 1;
    enum status status = csr_from(device_cpu(), 2000, 1000, large->e.starts, large->e.columns, NULL, &csr, err);
    const struct ials_side side = {csr, ridge, popularity, 1};
    for (int i = 0; i < 300 && status == OK; i++) status = ops_ials_solve(task, &rule, &side, other, out, &loss, err);
    struct mat *all[] = {out, other, ridge, popularity};
    for (int i = 0; i < 4; i++) mat_unref(all[i]);
    csr_unref(csr);
    return status;
}

static enum status long_ials(const struct large *large, struct task *task, struct error *err) { return long_ials_by(large, task, 0, err); }
static enum status long_ials_cg(const struct large *large, struct task *task, struct error *err) { return long_ials_by(large, task, 50, err); }

static const struct {
    const char *name;
    long_fn run;
} longs[] = {
    {"product", long_product}, {"sparse product", long_sparse}, {"als", long_als}, {"svd", long_svd}, {"top k", long_top_k}, {"sgd", long_sgd},
    {"ials", long_ials},       {"ials, cg", long_ials_cg},
};

static double late_ms(const struct large *large, size_t i, int after_ms) {
    struct error err = ERROR_INIT;
    cancelled_task = task_new(NULL);
    cancelled_at = 0;
    signal(SIGALRM, cancel);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 1000 * after_ms}}, NULL);
    enum status status = longs[i].run(large, cancelled_task, &err);
    const double late = 1000 * (now_s() - cancelled_at);
    if (status != ERR_INTERRUPTED) fail_msg("%s ended with %s before it could be cancelled: %s", longs[i].name, err_name(status), err.message);
    printf("%s: ended %.1f ms after the cancel\n", longs[i].name, late);
    task_free(cancelled_task);
    return late;
}

/* Up to three times: on a busy machine others may have the processor for longer than that. */
static void check_cancel(const struct large *large, size_t i, int after_ms) {
    double late = 0;
    for (int tries = 0; tries < 3 && (tries == 0 || late > 100); tries++) late = late_ms(large, i, after_ms);
    if (late > 100) fail_msg("%s went on for %.0f ms after a cancel", longs[i].name, late);
}

static void a_cancel_ends_everything_within_100_ms(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct large large = {.a = random_mat(2500, 4000, 1), .wide = random_mat(1000, 1500, 1), .e = random_entries(2000, 1000, 0.15, 2)};
    large.csr = csr_of(&large.e);
    assert_int_equal(
        sgd_plan_new(NULL, device_cpu(), 2000, 1000, large.e.starts[2000], large.e.row_of, large.e.columns, large.e.values, 1, &large.plan, &err),
        OK);
    pool_set_threads(2);
    for (size_t i = 0; i < sizeof longs / sizeof *longs; i++) {
        check_cancel(&large, i, 30);
        check_cancel(&large, i, 400);
    }
    sgd_plan_free(large.plan);
    mat_unref(large.a);
    mat_unref(large.wide);
    csr_unref(large.csr);
    entries_free(&large.e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(lack_of_memory_is_an_error),
        cmocka_unit_test(a_cancel_ends_everything_within_100_ms),
    };
    return RUN_AT_EVERY_LEVEL(tests);
}
