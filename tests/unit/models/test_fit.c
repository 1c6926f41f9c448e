/* The loop of iterative models: going on, early stopping, interrupts, threads, refusals. */
#include "tests/unit/models/fixture.h"

static struct dataset *ratings(void) { return planted_data(60, 40, 0.3, 5, true); }

static const struct {
    const char *kind, *params;
} trained[] = {{"als", "factors=6"},
               {"mf", "factors=6, init=0.1"},
               {"mf", "factors=6, optimizer=adam, batch=64, lr=0.01, init=0.1"},
               {"ials", "factors=6, solver=cg"},
               {"bpr", "factors=6, negatives=hard"}};
enum { N_TRAINED = 5 };

static const struct {
    const char *kind, *params;
} closed[] = {{"svd", "factors=4"},        {"ease", ""}, {"slist", ""},  {"item_knn", "neighbors=5"},
              {"user_knn", "neighbors=5"}, {"bias", ""}, {"popular", ""}};
enum { N_CLOSED = sizeof closed / sizeof *closed };

/* --- going on --- */

static void check_same_history(const struct model *a, const struct model *b) {
    assert_int_equal(a->n_history, b->n_history);
    for (int64_t i = 0; i < a->n_history; i++) {
        assert_int_equal(a->history[i].epoch, i + 1);
        assert_int_equal(b->history[i].epoch, i + 1);
        assert_true(a->history[i].train == b->history[i].train);
        assert_true(isnan(a->history[i].valid));
    }
}

static void test_going_on(void **state) {
    (void)state;
    struct dataset *data = ratings();
    for (int t = 0; t < N_TRAINED; t++) {
        struct model *whole = fitted(trained[t].kind, data, trained[t].params, 10, NULL);
        struct model *half = fitted(trained[t].kind, data, trained[t].params, 5, NULL);
        float *before = all_scores(half);
        struct model *both = fitted(trained[t].kind, data, trained[t].params, 5, half);
        float *after = all_scores(half);
        assert_true(same_scores(whole, both));
        assert_false(same_scores(whole, half));
        assert_memory_equal(before, after, 60 * 40 * sizeof *before); /* what one goes on from stays as it was */
        check_same_history(whole, both);
        assert_int_equal(model_epochs(both), 10);
        free(before);
        free(after);
        model_unref(whole);
        model_unref(half);
        model_unref(both);
    }
    dataset_unref(data);
}

/* Adam after SGD begins with moments of 0; SGD after Adam forgets them. */
static void test_changing_the_optimizer(void **state) {
    (void)state;
    struct dataset *data = ratings();
    struct model *sgd = fitted("mf", data, "factors=6, init=0.1", 5, NULL);
    struct model *adam = fitted("mf", data, "factors=6, optimizer=adam, batch=64, lr=0.003", 3, sgd);
    struct model *again = fitted("mf", data, "factors=6", 2, adam);
    assert_int_equal(again->n_history, 10);
    for (int i = 0; i < 9; i++) assert_true(again->history[i + 1].train < again->history[0].train);
    assert_non_null(factors_of(adam)->first.users);
    assert_null(factors_of(again)->first.users);
    assert_int_equal(factors_of(again)->step, 0);
    model_unref(sgd);
    model_unref(adam);
    model_unref(again);
    dataset_unref(data);
}

static enum status go_on(const char *kind, struct dataset *data, const char *text, const struct model *start, struct error *err) {
    const struct model_class *class = model_class_find(kind);
    const struct params params = params_of(class, text);
    struct fit_request request = request_for(data, &params, 1);
    struct model *model = NULL;
    request.start = start;
    const enum status status = model_fit(class, &request, &model, err);
    assert_null(model);
    return status;
}

static void test_refusals_to_go_on(void **state) {
    (void)state;
    struct dataset *data = ratings(), *other = planted_data(61, 40, 0.3, 5, true);
    struct model *als = fitted("als", data, "factors=6", 2, NULL), *bias = fitted("bias", data, "", 0, NULL), *me = NULL;
    const int32_t item = 3;
    const float stars = 5;
    GOOD(model_fold_in(als, &item, &stars, 1, &me, &err));
    BAD(go_on("bias", data, "", bias, &err), ERR_VALUE, "`bias` is fitted in one go");
    BAD(go_on("mf", data, "factors=6", als, &err), ERR_VALUE, "mf can't go on from `als`: its kind is als");
    BAD(go_on("als", other, "factors=6", als, &err), ERR_VALUE, "`als` knows other users and items than `small`");
    BAD(go_on("als", data, "factors=8", als, &err), ERR_VALUE, "`als` has 6 factors: it can't go on with 8");
    BAD(go_on("als", data, "factors=6", me, &err), ERR_VALUE, "can't go on from a model made by fold_in");
    model_unref(me);
    model_unref(als);
    model_unref(bias);
    dataset_unref(data);
    dataset_unref(other);
}

/* --- early stopping --- */

/* Says values from a list, one a call. */
struct script {
    const double *values;
    int n, calls;
};

static enum status say(void *ctx, const struct model *model, double *out, struct error *err) {
    struct script *script = ctx;
    (void)err;
    assert_non_null(model->state);
    assert_true(script->calls < script->n);
    *out = script->values[script->calls++];
    return OK;
}

static enum status fit_judged(struct dataset *data, struct script *script, const char *monitor, int64_t patience, const struct model *start,
                              struct model **out, struct error *err) {
    const struct model_class *class = model_class_find("als");
    const struct params params = params_of(class, "factors=6");
    struct fit_request request = request_for(data, &params, 10);
    request.common.patience = patience;
    request.common.monitor = monitor;
    request.start = start;
    request.judge = say;
    request.judge_ctx = script;
    return model_fit(class, &request, out, err);
}

static void test_early_stopping(void **state) {
    (void)state;
    static const double values[] = {0.9, 0.8, 0.7, 0.75, 0.7, 0.71};
    struct script script = {values, 6, 0};
    struct dataset *data = ratings();
    struct model *model = NULL, *three = fitted("als", data, "factors=6", 3, NULL);
    GOOD(fit_judged(data, &script, "rmse", 3, NULL, &model, &err));
    assert_int_equal(script.calls, 6); /* an equal value is not a better one */
    assert_int_equal(model->best_epoch, 3);
    assert_int_equal(model->n_history, 6);
    for (int i = 0; i < 6; i++) assert_true(model->history[i].valid == values[i]);
    assert_string_equal(model->monitor, "rmse");
    assert_true(same_scores(model, three));

    /* Going on from it: epoch 4 follows the best one, which stays a candidate and wins here. */
    static const double more[] = {0.7, 0.72, 0.73};
    struct script next = {more, 3, 0};
    struct model *further = NULL;
    GOOD(fit_judged(data, &next, "rmse", 2, model, &further, &err));
    assert_int_equal(next.calls, 3);
    assert_int_equal(further->best_epoch, 3);
    assert_int_equal(further->n_history, 5);
    assert_int_equal(further->history[3].epoch, 4);
    assert_true(same_scores(further, three));
    model_unref(further);
    model_unref(model);
    model_unref(three);
    dataset_unref(data);
}

static void test_judges_that_fail(void **state) {
    (void)state;
    static const double values[] = {0.9, NAN};
    struct script script = {values, 2, 0};
    struct dataset *data = ratings();
    struct model *model = NULL;
    BAD(fit_judged(data, &script, "rmse", 3, NULL, &model, &err), ERR_NUMERIC, "`rmse` gave no number on the validation part");
    BAD(fit_judged(data, &script, "rsme", 3, NULL, &model, &err), ERR_NAME, "there is no metric `rsme`");
    assert_null(model);
    dataset_unref(data);
}

/* --- interrupts --- */

struct listener {
    struct task *task;
    int reports, cancel_at; /* epoch that is interrupted; 0: never */
    struct model *partial;
    double now;
};

static void heard_progress(void *ctx, const struct progress *progress) {
    struct listener *listener = ctx;
    if (!progress->finished) listener->reports++;
    if (listener->cancel_at && progress->done >= listener->cancel_at) task_cancel(listener->task);
}

static void heard_partial(void *ctx, void *model) {
    struct listener *listener = ctx;
    listener->partial = model_ref(model);
}

static double clock_of(void *ctx) { return ((struct listener *)ctx)->now += 1; } /* a second a look: no report is held back */

static struct task *task_of(struct listener *listener) {
    const struct task_listener heard = {.ctx = listener, .progress = heard_progress, .partial = heard_partial, .now_s = clock_of};
    return listener->task = task_new(&heard);
}

static void test_interrupt(void **state) {
    (void)state;
    struct dataset *data = ratings();
    for (int t = 0; t < N_TRAINED; t++) {
        const struct model_class *class = model_class_find(trained[t].kind);
        const struct params params = params_of(class, trained[t].params);
        struct listener listener = {.cancel_at = 4};
        struct fit_request request = request_for(data, &params, 50);
        struct model *model = NULL, *four = fitted(trained[t].kind, data, trained[t].params, 4, NULL);
        request.common.verbose = true;
        request.task = task_of(&listener);
        BAD(model_fit(class, &request, &model, &err), ERR_INTERRUPTED, "interrupted");
        assert_null(model);
        assert_non_null(listener.partial);
        assert_int_equal(listener.partial->n_history, 4);
        assert_true(listener.partial->seconds > 0);
        assert_true(same_scores(listener.partial, four));
        assert_int_equal(listener.partial->count, 1); /* the fit kept nothing of it */
        model_unref(listener.partial);
        model_unref(four);
        task_free(request.task);
    }
    dataset_unref(data);
}

/* Before the first epoch ends there is nothing to offer. */
static void test_early_interrupt(void **state) {
    (void)state;
    static const char *const kinds[] = {"als", "bias", "bpr", "ials", "mf", "popular", "svd"};
    struct dataset *data = ratings();
    for (int k = 0; k < 7; k++) {
        const struct model_class *class = model_class_find(kinds[k]);
        const struct params params = params_of(class, strcmp(kinds[k], "svd") ? "" : "factors=4");
        struct listener listener = {0};
        struct fit_request request = request_for(data, &params, 5);
        struct model *model = NULL;
        request.task = task_of(&listener);
        task_cancel(request.task);
        BAD(model_fit(class, &request, &model, &err), ERR_INTERRUPTED, "interrupted");
        assert_null(model);
        if (class->iterative) assert_null(listener.partial);
        model_unref(listener.partial);
        task_free(request.task);
    }
    dataset_unref(data);
}

static void test_progress(void **state) {
    (void)state;
    struct dataset *data = ratings();
    const struct model_class *class = model_class_find("als");
    const struct params params = params_of(class, "factors=6");
    struct listener listener = {0};
    struct fit_request request = request_for(data, &params, 7);
    struct model *model = NULL;
    request.task = task_of(&listener);
    GOOD(model_fit(class, &request, &model, &err));
    assert_int_equal(listener.reports, 0); /* verbose is off */
    model_unref(model);
    request.common.verbose = true;
    GOOD(model_fit(class, &request, &model, &err));
    assert_int_equal(listener.reports, 7);
    model_unref(model);
    task_free(request.task);
    dataset_unref(data);
}

struct heard {
    int reports;
    int64_t done, total;
    char label[32];
    double now;
};

static void hear_line(void *ctx, const struct progress *progress) {
    struct heard *heard = ctx;
    heard->reports++;
    heard->done = progress->done;
    heard->total = progress->total;
    snprintf(heard->label, sizeof heard->label, "%s", progress->label);
}

static double a_second_later(void *ctx) { return ((struct heard *)ctx)->now += 1; }

/* Fits in one go have a line too where they may take long, unless verbose is off; within a sweep the sweep's stands. */
static void test_progress_in_one_go(void **state) {
    (void)state;
    static const char *const kinds[] = {"ease", "slist", "item_knn", "user_knn"};
    struct dataset *data = ratings();
    for (int k = 0; k < 4; k++) {
        const struct model_class *class = model_class_find(kinds[k]);
        const struct params params = params_of(class, "");
        struct heard heard = {0};
        const struct task_listener listener = {.ctx = &heard, .progress = hear_line, .now_s = a_second_later};
        struct fit_request request = request_for(data, &params, 0);
        struct model *model = NULL;
        request.task = task_new(&listener);
        GOOD(model_fit(class, &request, &model, &err));
        model_unref(model);
        assert_int_equal(heard.reports, 0);
        request.common.verbose = true;
        GOOD(model_fit(class, &request, &model, &err));
        model_unref(model);
        assert_true(heard.reports > 1);
        assert_string_equal(heard.label, kinds[k]);
        assert_int_equal(heard.done, heard.total);
        request.common.verbose = false;
        task_begin(request.task, "sweep", "setting", 5);
        GOOD(model_fit(class, &request, &model, &err));
        task_report(request.task, 1, "%s", "");
        assert_string_equal(heard.label, "sweep");
        assert_int_equal(heard.done, 1);
        task_end(request.task, false);
        model_unref(model);
        task_free(request.task);
    }
    dataset_unref(data);
}

/* --- the same bits --- */

static void test_threads(void **state) {
    (void)state;
    static const char *const others[][2] = {{"svd", "factors=5"}, {"bias", ""}, {"popular", ""}};
    const int before = pool_threads();
    struct dataset *data = planted_data(300, 200, 0.2, 9, true);
    for (int t = 0; t < N_TRAINED + 3; t++) {
        const char *kind = t < N_TRAINED ? trained[t].kind : others[t - N_TRAINED][0];
        const char *text = t < N_TRAINED ? trained[t].params : others[t - N_TRAINED][1];
        struct model *models[3];
        static const int threads[] = {1, 2, 4};
        for (int n = 0; n < 3; n++) {
            pool_set_threads(threads[n]);
            models[n] = fitted(kind, data, text, 4, NULL);
        }
        float *one = all_scores(models[0]);
        for (int n = 1; n < 3; n++) {
            float *more = all_scores(models[n]);
            if (memcmp(one, more, 300 * 200 * sizeof *one) != 0) fail_msg("%s(%s) differs with %d threads", kind, text, threads[n]);
            free(more);
        }
        free(one);
        for (int n = 0; n < 3; n++) model_unref(models[n]);
    }
    pool_set_threads(before);
    dataset_unref(data);
}

static void test_seeds(void **state) {
    (void)state;
    struct dataset *data = ratings();
    for (int t = 0; t < N_TRAINED; t++) {
        const struct model_class *class = model_class_find(trained[t].kind);
        const struct params params = params_of(class, trained[t].params);
        struct fit_request request = request_for(data, &params, 3);
        struct model *one = NULL, *same = fitted(trained[t].kind, data, trained[t].params, 3, NULL), *other = NULL;
        GOOD(model_fit(class, &request, &one, &err));
        request.common.seed = 4;
        GOOD(model_fit(class, &request, &other, &err));
        assert_true(same_scores(one, same));
        assert_false(same_scores(one, other));
        model_unref(one);
        model_unref(same);
        model_unref(other);
    }
    dataset_unref(data);
}

/* --- what a fit refuses --- */

static enum status fit_with(const char *kind, struct dataset *data, const char *text, struct error *err) {
    return go_on(kind, data, text, NULL, err);
}

static enum status fit_common_of(struct dataset *data, const char *kind, struct fit_common common, struct error *err) {
    const struct model_class *class = model_class_find(kind);
    const struct params params = params_of(class, "");
    struct fit_request request = request_for(data, &params, 1);
    struct model *model = NULL;
    request.common = common;
    return model_fit(class, &request, &model, err);
}

static void test_refusals(void **state) {
    (void)state;
    struct dataset *data = ratings(), *implicit = planted_data(20, 15, 0.3, 5, false);
    struct dataset *empty = dataset_view(data, xnew_array(int64_t, 1), 0, NULL, PART_NONE, "nothing");
    BAD(fit_with("als", empty, "", &err), ERR_DATA, "`nothing` has no rows to fit als on");
    BAD(fit_with("als", data, "reg=0", &err), ERR_VALUE, "als's `reg` must be above 0 and at most 10000, not 0.0");
    BAD(fit_with("als", data, "factors=0", &err), ERR_VALUE, "als's `factors` must be from 1 to 1024, not 0");
    BAD(fit_with("mf", data, "lr=nan", &err), ERR_VALUE, "mf's `lr` must be above 0");
    BAD(fit_with("mf", data, "optimizer=sdg", &err), ERR_VALUE, "mf's `optimizer` must be one of sgd|adam");
    BAD(fit_with("svd", data, "factors=41", &err), ERR_VALUE, "svd can't find 41 factors in a matrix of 60 × 40");
    BAD(fit_with("mf", data, "lr=5, decay=1, init=1", &err), ERR_NUMERIC, "mf diverged in epoch 1");
    static const char *const of_ratings[] = {"als", "bias", "mf", "svd"};
    for (int k = 0; k < 4; k++) BAD(fit_with(of_ratings[k], implicit, "", &err), ERR_VALUE, "learns from ratings, but `small` is implicit");
    BAD(fit_common_of(data, "als", (struct fit_common){.epochs = -1}, &err), ERR_VALUE, "epochs must be at least 1, not -1");
    BAD(fit_common_of(data, "als", (struct fit_common){.valid = data}, &err), ERR_VALUE, "patience must be at least 1, not 0");
    BAD(fit_common_of(data, "bias", (struct fit_common){.valid = data}, &err), ERR_VALUE, "bias is fitted in one go");
    dataset_unref(empty);
    dataset_unref(data);
    dataset_unref(implicit);
}

static void test_implicit(void **state) {
    (void)state;
    struct dataset *data = planted_data(20, 15, 0.3, 5, false);
    struct model *popular = fitted("popular", data, "", 0, NULL), *pure = fitted("svd", data, "factors=4, center=none", 0, NULL);
    assert_false(popular->is_explicit);
    assert_true(isfinite(pair_score(pure, 1, 1)));
    model_unref(popular);
    model_unref(pure);
    dataset_unref(data);
}

/* Memory that runs out anywhere in a fit gives an error and nothing else. */
static void test_lack_of_memory(void **state) {
    (void)state;
    struct dataset *data = planted_data(20, 15, 0.3, 5, true);
    for (int t = 0; t < N_TRAINED + N_CLOSED; t++) {
        const struct model_class *class = model_class_find(t < N_TRAINED ? trained[t].kind : closed[t - N_TRAINED].kind);
        const struct params params = params_of(class, t < N_TRAINED ? trained[t].params : closed[t - N_TRAINED].params);
        const struct fit_request request = request_for(data, &params, 2);
        int failures = 0;
        for (long n = 1; n < 1000; n++) {
            struct error err = ERROR_INIT;
            struct model *model = NULL;
            mem_fail_after(n);
            const enum status status = model_fit(class, &request, &model, &err);
            mem_fail_after(0);
            if (status == OK) {
                model_unref(model);
                break;
            }
            assert_int_equal(status, ERR_MEMORY);
            assert_null(model);
            failures++;
        }
        assert_in_range(failures, t < N_TRAINED ? 5 : 2, 998);
    }
    dataset_unref(data);
}

static void test_history_table(void **state) {
    (void)state;
    static const double values[] = {0.9, 0.8, 0.85, 0.86};
    struct script script = {values, 4, 0};
    struct dataset *data = ratings();
    struct model *model = NULL, *bias = fitted("bias", data, "", 0, NULL);
    GOOD(fit_judged(data, &script, "mae", 2, NULL, &model, &err));
    struct table *table = model_history(model), *none = model_history(bias);
    assert_int_equal(table->n_rows, 4);
    assert_non_null(table_column(table, "epoch"));
    assert_non_null(table_column(table, "train_rmse"));
    assert_non_null(table_column(table, "seconds"));
    assert_true(table_column(table, "valid_mae")->u.floats[1] == 0.8);
    assert_int_equal(table->marked_row, 1);
    assert_int_equal(none->n_rows, 0);
    assert_null(table_column(none, "valid_rmse"));
    table_unref(table);
    table_unref(none);
    model_unref(model);
    model_unref(bias);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_changing_the_optimizer),
        cmocka_unit_test(test_refusals_to_go_on),
        cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_judges_that_fail),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_early_interrupt),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_progress_in_one_go),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_implicit),
        cmocka_unit_test(test_lack_of_memory),
        cmocka_unit_test(test_history_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
