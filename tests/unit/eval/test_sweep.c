/* Sweeps against fits one by one: grids, draws, halving's rounds, failures, interrupts. */
#include "models/eval/sweep.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 50, ITEMS = 40 };

static const union param_value factors[] = {{.i = 2}, {.i = 4}}, regs[] = {{.f = 0.05}, {.f = 0.1}, {.f = 0.4}};

struct bench {
    struct parts parts;
    const struct model_class *class;
    struct params params;
    struct sweep_axis axes[2];
    struct sweep_request request;
};

static void bench_init(struct bench *bench, const char *kind, const char *metric, int64_t epochs) {
    *bench = (struct bench){.parts = parts_of(planted_data(USERS, ITEMS, 0.4, 5, true), 0.2, 0.1), .class = model_class_find(kind)};
    bench->params = params_of(bench->class, "");
    bench->request = (struct sweep_request){.class = bench->class,
                                            .params = &bench->params,
                                            .common = {.seed = 3, .epochs = epochs, .patience = 5},
                                            .train = bench->parts.train,
                                            .valid = bench->parts.valid,
                                            .axes = bench->axes,
                                            .device = device_cpu()};
    GOOD(metric_parse(metric, 0, &bench->request.metric, &err));
}

/* factors and reg, both as lists. */
static void bench_grid(struct bench *bench) {
    bench->axes[0] = (struct sweep_axis){.row = params_find(bench->class, "factors"), .values = factors, .n_values = 2};
    bench->axes[1] = (struct sweep_axis){.row = params_find(bench->class, "reg"), .values = regs, .n_values = 3};
    bench->request.n_axes = 2;
}

static struct table *swept(const struct sweep_request *request) {
    struct sweep *sweep = NULL;
    GOOD(sweep_new(request, &sweep, &err));
    GOOD(sweep_run(sweep, &err));
    struct table *table = sweep_table(sweep);
    sweep_free(sweep);
    return table;
}

static double cell(const struct table *table, const char *column, int64_t row) {
    const struct column *found = table_column(table, column);
    assert_non_null(found);
    return cell_number(found, row);
}

/* One fit by hand: its best value on valid and the epoch of it. */
static double by_hand(const struct bench *bench, const char *text, int64_t epochs, int64_t *out_epoch) {
    const struct params params = params_of(bench->class, text);
    struct fit_request fit = request_for(bench->parts.train, &params, epochs);
    struct model *model = NULL;
    double value = NAN;
    fit.common.valid = bench->class->iterative ? bench->parts.valid : NULL;
    fit.common.monitor = bench->request.metric.text;
    GOOD(evaluate_fit(bench->class, &fit, &model, &err));
    const struct protocol protocol = protocol_for_valid(bench->parts.valid, 3);
    GOOD(evaluate_one(model, bench->parts.valid, &bench->request.metric, &protocol, NULL, &value, &err));
    *out_epoch = model_epochs(model);
    model_unref(model);
    return value;
}

static void grids_are_fits_one_by_one(void **state) {
    (void)state;
    static const char *const kinds[] = {"als", "svd"}, *const metrics[] = {"rmse", "ndcg@5"};
    for (int k = 0; k < 2; k++) {
        struct bench bench;
        bench_init(&bench, kinds[k], metrics[k], 6);
        bench_grid(&bench);
        if (k == 1) bench.request.n_axes = 1, bench.request.common.epochs = 0;
        struct table *table = swept(&bench.request);
        assert_int_equal(table->n_rows, k == 0 ? 6 : 2);
        int64_t best = 0;
        for (int64_t i = 0; i < table->n_rows; i++) {
            char text[64];
            int64_t epoch;
            if (k == 0) snprintf(text, sizeof text, "factors=%lld, reg=%g", (long long)factors[i / 3].i, regs[i % 3].f);
            else snprintf(text, sizeof text, "factors=%lld", (long long)factors[i].i);
            const double value = by_hand(&bench, text, bench.request.common.epochs, &epoch);
            assert_true(cell(table, metrics[k], i) == value);
            if (k == 0) assert_true(cell(table, "epoch", i) == (double)epoch);
            if (k == 0 ? cell(table, "rmse", i) < cell(table, "rmse", best) : cell(table, "ndcg@5", i) > cell(table, "ndcg@5", best)) best = i;
        }
        assert_int_equal(table->marked_row, best);
        assert_null(table_column(table, "error"));
        table_unref(table);
        parts_release(&bench.parts);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    struct bench bench;
    bench_init(&bench, "als", "rmse", 4);
    bench_grid(&bench);
    struct table *tables[2];
    for (int t = 0; t < 2; t++) {
        pool_set_threads(t ? 3 : 1);
        tables[t] = swept(&bench.request);
    }
    for (int64_t i = 0; i < 6; i++) assert_true(cell(tables[0], "rmse", i) == cell(tables[1], "rmse", i));
    table_unref(tables[0]);
    table_unref(tables[1]);
    parts_release(&bench.parts);
}

/* --- draws --- */

static void bench_ranges(struct bench *bench, int64_t n) {
    bench->axes[0] = (struct sweep_axis){.row = params_find(bench->class, "factors"), .low = 1, .high = 8, .by_factors = true};
    bench->axes[1] = (struct sweep_axis){.row = params_find(bench->class, "reg"), .low = 0.001, .high = 1, .by_factors = true};
    bench->request.n_axes = 2;
    bench->request.search = SWEEP_RANDOM;
    bench->request.n = n;
}

/* The settings alone: nothing is fitted before sweep_run, so the table of a sweep whose first fit is interrupted has none. */
static struct table *drawn(struct bench *bench) {
    bench->request.common.epochs = 1;
    return swept(&bench->request);
}

static void draws_are_the_seeds(void **state) {
    (void)state;
    struct bench bench;
    bench_init(&bench, "als", "rmse", 1);
    bench_ranges(&bench, 40);
    struct table *first = drawn(&bench), *again = drawn(&bench);
    bench.request.n = 10;
    struct table *fewer = drawn(&bench);
    bench.request.n = 40;
    bench.request.common.seed = 4;
    struct table *other = drawn(&bench);
    int same = 0, small = 0;
    for (int64_t i = 0; i < 40; i++) {
        const double factor = cell(first, "factors", i), reg = cell(first, "reg", i);
        assert_true(factor >= 1 && factor <= 8 && reg >= 0.001 && reg <= 1);
        assert_true(factor == cell(again, "factors", i) && reg == cell(again, "reg", i));
        if (i < 10) assert_true(factor == cell(fewer, "factors", i) && reg == cell(fewer, "reg", i));
        same += reg == cell(other, "reg", i);
        small += reg < 0.0316;
        char text[32];
        snprintf(text, sizeof text, "%.4g", reg);
        assert_true(strtod(text, NULL) == reg);
    }
    assert_true(same < 3);
    assert_in_range(small, 10, 30); /* half of them by factors; 3 % if they were even */
    struct table *all[] = {first, again, fewer, other};
    for (int t = 0; t < 4; t++) table_unref(all[t]);
    parts_release(&bench.parts);
}

static void draws_dont_repeat(void **state) {
    (void)state;
    struct bench bench;
    bench_init(&bench, "als", "rmse", 1);
    bench_ranges(&bench, 30);
    bench.request.n_axes = 1; /* only eight there are */
    struct table *table = drawn(&bench);
    assert_int_equal(table->n_rows, 8);
    assert_non_null(strstr(table->caption, "8 settings, drawn (there are no more)"));
    int seen = 0;
    for (int64_t i = 0; i < 8; i++) seen |= 1 << (int)cell(table, "factors", i);
    assert_int_equal(seen, 0x1fe);
    table_unref(table);
    parts_release(&bench.parts);
}

/* --- halving --- */

/* What is left of the settings after each round, by fits from scratch to the round's epochs. */
static void plain_rounds(const struct bench *bench, int rounds[6], double values[6]) {
    static const int64_t budgets[] = {1, 2, 4, 8};
    bool alive[6] = {true, true, true, true, true, true};
    int n = 6;
    for (int round = 0; round < 4; round++, n = (n + 1) / 2) {
        for (int i = 0; i < 6; i++) {
            char text[64];
            int64_t epoch;
            if (!alive[i]) continue;
            snprintf(text, sizeof text, "factors=%lld, reg=%g", (long long)factors[i / 3].i, regs[i % 3].f);
            values[i] = by_hand(bench, text, budgets[round], &epoch);
            rounds[i] = round + 1;
        }
        for (int dropped = 0; dropped < n / 2 && round < 3; dropped++) {
            int worst = -1;
            for (int i = 0; i < 6; i++)
                if (alive[i] && (worst < 0 || values[i] >= values[worst])) worst = i;
            alive[worst] = false;
        }
    }
}

static void halving_goes_on_with_the_better_half(void **state) {
    (void)state;
    struct bench bench;
    int rounds[6];
    double values[6];
    bench_init(&bench, "als", "rmse", 8);
    bench_grid(&bench);
    bench.request.search = SWEEP_HALVING;
    bench.request.common.patience = 100;
    struct table *table = swept(&bench.request);
    plain_rounds(&bench, rounds, values);
    assert_non_null(strstr(table->caption, "halved after 1, 2 and 4 of 8 epochs"));
    for (int64_t i = 0; i < 6; i++) {
        assert_int_equal((int)cell(table, "round", i), rounds[i]);
        assert_true(cell(table, "rmse", i) == values[i]);
    }
    table_unref(table);
    parts_release(&bench.parts);
}

struct times {
    int n;
    double seconds[2];
};

static void note_times(void *ctx, const struct sweep *sweep) {
    struct times *times = ctx;
    struct table *table = sweep_table(sweep);
    if (++times->n == 2)
        for (int i = 0; i < 2; i++) times->seconds[i] = cell(table, "seconds", i);
    table_unref(table);
}

static void who_has_stopped_early_isnt_trained_again(void **state) {
    (void)state;
    struct bench bench;
    struct times times = {0};
    static const union param_value rates[] = {{.f = 0.2}, {.f = 0.25}}; /* over-fit within a few epochs */
    bench_init(&bench, "mf", "rmse", 64);
    bench.axes[0] = (struct sweep_axis){.row = params_find(bench.class, "lr"), .values = rates, .n_values = 2};
    bench.request.n_axes = 1;
    bench.request.search = SWEEP_HALVING;
    bench.request.common.patience = 2;
    bench.request.changed = note_times;
    bench.request.ctx = &times;
    struct table *table = swept(&bench.request);
    const int64_t survivor = cell(table, "round", 0) == 2 ? 0 : 1;
    assert_true(cell(table, "epoch", survivor) < 29);
    assert_true(cell(table, "seconds", survivor) == times.seconds[survivor]);
    table_unref(table);
    parts_release(&bench.parts);
}

/* --- what goes wrong --- */

static void failures_are_rows(void **state) {
    (void)state;
    struct bench bench;
    static const union param_value sizes[] = {{.i = 1000000}, {.i = 2}};
    bench_init(&bench, "als", "rmse", 2);
    bench.axes[0] = (struct sweep_axis){.row = params_find(bench.class, "factors"), .values = sizes, .n_values = 2};
    bench.request.n_axes = 1;
    struct table *table = swept(&bench.request);
    assert_int_equal(table->n_rows, 2);
    assert_true(cell_is_null(table_column(table, "rmse"), 0) && cell_is_null(table_column(table, "epoch"), 0));
    assert_non_null(strstr(table_column(table, "error")->u.strs[0], "`factors` must be from 1 to"));
    assert_true(cell_is_null(table_column(table, "error"), 1) && cell(table, "rmse", 1) > 0);
    assert_int_equal(table->marked_row, 1);
    table_unref(table);

    struct sweep *sweep = NULL;
    bench.axes[0].n_values = 1;
    GOOD(sweep_new(&bench.request, &sweep, &err));
    BAD(sweep_run(sweep, &err), ERR_VALUE, "`factors` must be from 1 to");
    sweep_free(sweep);
    parts_release(&bench.parts);
}

struct interruption {
    struct task *task;
    int64_t after;
};

static void cancel_after(void *ctx, const struct sweep *sweep) {
    const struct interruption *interruption = ctx;
    if (sweep_n_done(sweep) == interruption->after) task_cancel(interruption->task);
}

static void interrupts_keep_what_has_ended(void **state) {
    (void)state;
    struct bench bench;
    struct interruption interruption = {task_new(NULL), 2};
    bench_init(&bench, "als", "rmse", 3);
    bench_grid(&bench);
    struct table *whole = swept(&bench.request);
    bench.request.task = interruption.task;
    bench.request.changed = cancel_after;
    bench.request.ctx = &interruption;
    struct sweep *sweep = NULL;
    GOOD(sweep_new(&bench.request, &sweep, &err));
    BAD(sweep_run(sweep, &err), ERR_INTERRUPTED, "interrupted");
    struct table *table = sweep_table(sweep);
    assert_int_equal(table->n_rows, 2);
    for (int64_t i = 0; i < 2; i++) assert_true(cell(table, "rmse", i) == cell(whole, "rmse", i));
    assert_string_equal(table->notes[2], "Interrupted: 2 of 6 settings had ended.");
    table_unref(whole);
    table_unref(table);
    sweep_free(sweep);
    task_free(interruption.task);
    parts_release(&bench.parts);
}

static void what_cannot_be_swept(void **state) {
    (void)state;
    struct bench bench;
    struct sweep *sweep = NULL;
    bench_init(&bench, "als", "rmse", 3);
    BAD(sweep_new(&bench.request, &sweep, &err), ERR_VALUE, "there is nothing to vary");
    bench_grid(&bench);
    bench.request.valid = bench.parts.train;
    BAD(sweep_new(&bench.request, &sweep, &err), ERR_LEAK, "of the rows in valid are in train");
    struct dataset *empty = dataset_view(bench.parts.all, xnew_array(int64_t, 1), 0, NULL, PART_NONE, "nothing");
    bench.request.valid = empty;
    BAD(sweep_new(&bench.request, &sweep, &err), ERR_DATA, "valid has no rows to judge on");
    dataset_unref(empty);
    bench.request.valid = bench.parts.valid;
    bench.request.n = 5000;
    bench.request.search = SWEEP_RANDOM;
    BAD(sweep_new(&bench.request, &sweep, &err), ERR_VALUE, "n must be between 1 and 2000, got 5000");
    assert_null(sweep);
    parts_release(&bench.parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_are_fits_one_by_one),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(draws_are_the_seeds),
        cmocka_unit_test(draws_dont_repeat),
        cmocka_unit_test(halving_goes_on_with_the_better_half),
        cmocka_unit_test(who_has_stopped_early_isnt_trained_again),
        cmocka_unit_test(failures_are_rows),
        cmocka_unit_test(interrupts_keep_what_has_ended),
        cmocka_unit_test(what_cannot_be_swept),
    };
    const int failed = cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
    pool_stop();
    return failed;
}
