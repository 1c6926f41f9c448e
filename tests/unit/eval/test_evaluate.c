/* Judging: the table, what can't be judged, leaks, cold rows, fitting with a validation part, cross-validation. */
#include <unistd.h>

#include "models/eval/evaluate.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 60, ITEMS = 40 };

static struct parts split_ratings(double valid) { return parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), valid, 0.2); }

static struct metric metric_of(const char *text) {
    struct metric metric;
    GOOD(metric_parse(text, 0, &metric, &err));
    return metric;
}

static enum status judge(struct model *const *models, size_t n, struct dataset *test, bool allow_leak, struct table **out, struct error *err) {
    const struct metric metrics[] = {metric_of("rmse"), metric_of("mae")};
    const struct evaluate_request request = {
        .models = models, .n_models = n, .test = test, .metrics = metrics, .n_metrics = 2, .allow_leak = allow_leak};
    return evaluate_models(&request, out, err);
}

/* Clipped predictions against truth, plainly. */
static void plain_errors(const struct model *model, struct dataset *test, double *rmse, double *mae) {
    const struct events_view rows = rows_of(test);
    const double n = (double)dataset_n(test);
    *rmse = *mae = 0;
    for (int64_t r = 0; r < dataset_n(test); r++) {
        const double score = fmin(fmax((double)pair_score(model, rows.users[r], rows.items[r]), 1), 5), error = score - (double)rows.ratings[r];
        *rmse += error * error / n;
        *mae += fabs(error) / n;
    }
    *rmse = sqrt(*rmse);
}

static void test_table(void **state) {
    (void)state;
    struct parts parts = split_ratings(0);
    struct model *models[] = {fitted("als", parts.train, "factors=4", 5, NULL), fitted("bias", parts.train, "", 0, NULL)};
    struct table *table = NULL;
    GOOD(judge(models, 2, parts.test, false, &table, &err));
    assert_int_equal(table->n_rows, 2);
    assert_int_equal(table->n_columns, 3);
    for (int m = 0; m < 2; m++) {
        double rmse, mae;
        plain_errors(models[m], parts.test, &rmse, &mae);
        assert_string_equal(table_column(table, "model")->u.strs[m], models[m]->name);
        NEAR(table_column(table, "rmse")->u.floats[m], rmse, 1e-9);
        NEAR(table_column(table, "mae")->u.floats[m], mae, 1e-9);
    }
    assert_int_equal(table_column(table, "rmse")->best, -1);
    assert_non_null(strstr(table->caption, "test part (random, test 0.2, seed 7)"));
    assert_int_equal(table->n_notes, 0);
    table_unref(table);
    model_unref(models[0]);
    model_unref(models[1]);
    parts_release(&parts);
}

static void test_what_cannot_be_judged(void **state) {
    (void)state;
    struct parts parts = split_ratings(0);
    struct model *popular = fitted("popular", parts.train, "", 0, NULL), *bias = fitted("bias", parts.train, "", 0, NULL);
    struct dataset *implicit = NULL, *empty = dataset_view(parts.all, xnew_array(int64_t, 1), 0, NULL, PART_NONE, "nothing");
    struct table *table = NULL;
    GOOD(dataset_implicit(parts.test, 0, false, false, &implicit, &err));
    BAD(judge(&popular, 1, parts.test, false, &table, &err), ERR_VALUE, "`popular` ranks items and predicts no ratings: rmse can't judge it");
    BAD(judge(&bias, 1, implicit, false, &table, &err), ERR_VALUE, "is implicit: it has no ratings for rmse to compare with");
    BAD(judge(&bias, 1, empty, false, &table, &err), ERR_DATA, "`nothing` has no rows to judge on");
    assert_null(table);
    dataset_unref(implicit);
    dataset_unref(empty);
    model_unref(popular);
    model_unref(bias);
    parts_release(&parts);
}

/* --- leaks --- */

/* The first n of the rows, as a view of its own. */
static struct dataset *some_rows(struct dataset *all, struct dataset *train, struct dataset *test, int64_t n_test) {
    const int64_t n_train = dataset_n(train);
    int64_t *rows = xnew_array(int64_t, (size_t)(n_train + n_test));
    for (int64_t i = 0; i < n_train; i++) rows[i] = dataset_event(train, i).row;
    for (int64_t i = 0; i < n_test; i++) rows[n_train + i] = dataset_event(test, i * 7 % dataset_n(test)).row;
    return dataset_view(all, rows, n_train + n_test, NULL, PART_NONE, "leaky");
}

static void test_leak_text(void **state) {
    (void)state;
    int64_t *users = xnew_array(int64_t, 40000), *items = xnew_array(int64_t, 40000);
    for (int64_t r = 0; r < 40000; r++) users[r] = r / 100, items[r] = r % 100;
    struct parts parts = parts_of(data_of(users, items, NULL, 40000), 0, 0.5);
    struct dataset *leaky = some_rows(parts.all, parts.train, parts.test, 1234);
    struct model *model = fitted("popular", leaky, "", 0, NULL);
    struct table *table = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(dataset_n(parts.test), 20000);
    assert_int_equal(judge(&model, 1, parts.test, false, &table, &err), ERR_LEAK);
    assert_string_equal(err.message, "1,234 of 20,000 test pairs are in what `popular` was fitted on");
    assert_string_equal(err.hint, "judge it on a part that it hasn't seen, or say allow_leak=True");
    model_unref(model);
    dataset_unref(leaky);
    parts_release(&parts);
    free(users);
    free(items);
}

static void test_leaks(void **state) {
    (void)state;
    struct parts parts = split_ratings(0.1);
    struct dataset *const both[] = {parts.train, parts.test};
    struct dataset *concat = NULL;
    struct table *table = NULL;
    GOOD(dataset_concat(both, 2, &concat, &err));
    struct model *clean = fitted("bias", parts.train, "", 0, NULL), *leaky = fitted("bias", concat, "", 0, NULL);
    BAD(judge(&leaky, 1, parts.test, false, &table, &err), ERR_LEAK, "test pairs are in what `bias` was fitted on");
    BAD(judge(&clean, 1, parts.train, false, &table, &err), ERR_LEAK, "training pairs are in what");
    struct model *const two[] = {clean, leaky};
    BAD(judge(two, 2, parts.test, false, &table, &err), ERR_LEAK, "`bias`");
    assert_null(table);
    GOOD(judge(&leaky, 1, parts.test, true, &table, &err));
    table_unref(table);
    GOOD(judge(&clean, 1, parts.valid, false, &table, &err));
    table_unref(table);
    model_unref(clean);
    model_unref(leaky);
    dataset_unref(concat);
    parts_release(&parts);
}

/* What was learned is remembered: through a file, and when a fit goes on with other rows. */
static void test_leaks_are_remembered(void **state) {
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/reckon-eval-%ld.reckon", (long)getpid());
    struct parts parts = split_ratings(0.1);
    struct model *on_test = fitted("als", parts.test, "factors=4", 2, NULL), *opened = NULL;
    struct model *further = fitted("als", parts.train, "factors=4", 2, on_test);
    struct table *table = NULL;
    GOOD(model_save(on_test, path, &err));
    GOOD(model_open(path, &opened, &err));
    BAD(judge(&opened, 1, parts.test, false, &table, &err), ERR_LEAK, "test pairs are in what `als` was fitted on");
    BAD(judge(&further, 1, parts.test, false, &table, &err), ERR_LEAK, "test pairs are in what `als` was fitted on");
    GOOD(judge(&opened, 1, parts.valid, false, &table, &err));
    table_unref(table);
    unlink(path);
    model_unref(on_test);
    model_unref(opened);
    model_unref(further);
    parts_release(&parts);
}

/* --- rows without training rows --- */

static void test_cold_rows(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    const struct events_view rows = rows_of(data);
    int64_t *warm = xnew_array(int64_t, (size_t)dataset_n(data)), *cold = xnew_array(int64_t, (size_t)dataset_n(data)), n_warm = 0, n_cold = 0;
    for (int64_t r = 0; r < dataset_n(data); r++)
        if (rows.items[r] == 4 || rows.users[r] == 9) cold[n_cold++] = r;
        else warm[n_warm++] = r;
    struct dataset *train = dataset_view(data, warm, n_warm, NULL, PART_NONE, "warm"),
                   *test = dataset_view(data, cold, n_cold, NULL, PART_NONE, "cold");
    struct model *models[] = {fitted("mf", train, "", 5, NULL), fitted("bias", train, "", 0, NULL)};
    struct table *table = NULL;
    char expected[128];
    GOOD(judge(models, 2, test, false, &table, &err));
    snprintf(expected, sizeof expected, "%lld rows have a user or an item without any training row: mean and known biases predict them.",
             (long long)n_cold);
    assert_int_equal(table->n_notes, 1);
    assert_string_equal(table->notes[0], expected);
    NEAR(pair_score(models[0], 9, 4), dataset_mean(train), 1e-5); /* neither is known */
    NEAR(pair_score(models[1], 9, 4), dataset_mean(train), 1e-5);
    table_unref(table);
    model_unref(models[0]);
    model_unref(models[1]);
    dataset_unref(train);
    dataset_unref(test);
    dataset_unref(data);
}

/* --- fitting with a validation part --- */

static struct fit_request request_with_valid(struct dataset *train, struct dataset *valid, const struct params *params) {
    struct fit_request request = request_for(train, params, 40);
    request.common.valid = valid;
    request.common.patience = 3;
    return request;
}

/* The kept model is the epoch with the least error on valid, and stopping comes `patience` epochs later. */
static void test_early_stopping(void **state) {
    (void)state;
    struct parts parts = split_ratings(0.2);
    const struct model_class *class = model_class_find("mf");
    const struct params params = params_of(class, "factors=16, reg=0.001, init=0.1, lr=0.05, decay=1");
    const struct fit_request request = request_with_valid(parts.train, parts.valid, &params);
    const struct metric rmse = metric_of("rmse");
    struct model *model = NULL;
    GOOD(evaluate_fit(class, &request, &model, &err));
    assert_string_equal(model->monitor, "rmse");
    assert_in_range(model->best_epoch, 1, 36);
    assert_int_equal(model->n_history, model->best_epoch + 3);
    double best = INFINITY, value;
    int64_t at = 0;
    for (int64_t i = 0; i < model->n_history; i++)
        if (model->history[i].valid < best) best = model->history[i].valid, at = i + 1;
    assert_int_equal(model->best_epoch, at);
    GOOD(evaluate_one(model, parts.valid, &rmse, &(struct protocol){0}, NULL, &value, &err));
    assert_true(value == best);
    struct model *plain = fitted("mf", parts.train, "factors=16, reg=0.001, init=0.1, lr=0.05, decay=1", at, NULL);
    assert_true(same_scores(model, plain)); /* judging changes nothing */
    model_unref(plain);
    model_unref(model);
    parts_release(&parts);
}

static void test_bad_valid_parts(void **state) {
    (void)state;
    struct parts parts = split_ratings(0.2);
    const struct model_class *class = model_class_find("als");
    const struct params params = params_of(class, "factors=4");
    struct dataset *const both[] = {parts.train, parts.valid};
    struct dataset *concat = NULL, *implicit = NULL, *empty = dataset_view(parts.all, xnew_array(int64_t, 1), 0, NULL, PART_NONE, "nothing");
    struct model *model = NULL;
    GOOD(dataset_concat(both, 2, &concat, &err));
    GOOD(dataset_implicit(parts.valid, 0, false, false, &implicit, &err));
    struct fit_request request = request_with_valid(concat, parts.valid, &params);
    BAD(evaluate_fit(class, &request, &model, &err), ERR_LEAK, "of the rows in valid are in what `als` is fitted on");
    struct model *seen_valid = fitted("als", concat, "factors=4", 2, NULL);
    request = request_with_valid(parts.train, parts.valid, &params);
    request.start = seen_valid;
    BAD(evaluate_fit(class, &request, &model, &err), ERR_LEAK, "of the rows in valid are in what `als` is fitted on");
    request = request_with_valid(parts.train, empty, &params);
    BAD(evaluate_fit(class, &request, &model, &err), ERR_DATA, "valid has no rows to judge on");
    request = request_with_valid(parts.train, implicit, &params);
    BAD(evaluate_fit(class, &request, &model, &err), ERR_VALUE, "is implicit: it has no ratings for rmse");
    request = request_with_valid(implicit, parts.test, &params);
    BAD(evaluate_fit(class, &request, &model, &err), ERR_VALUE, "als learns from ratings");
    request = request_with_valid(parts.train, parts.valid, &params);
    request.common.monitor = "rms";
    BAD(evaluate_fit(class, &request, &model, &err), ERR_NAME, "there is no metric `rms`");
    assert_null(model);
    model_unref(seen_valid);
    dataset_unref(concat);
    dataset_unref(implicit);
    dataset_unref(empty);
    parts_release(&parts);
}

/* --- cross-validation --- */

static struct cross_validate_request folds_of(struct dataset *data, const struct params *params, const struct metric *metrics, size_t n, int64_t k) {
    return (struct cross_validate_request){.class = model_class_find("als"),
                                           .params = params,
                                           .common = {.seed = 3, .epochs = 4},
                                           .data = data,
                                           .k = k,
                                           .metrics = metrics,
                                           .n_metrics = n,
                                           .device = device_cpu()};
}

static void test_cross_validate(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    const struct params params = params_of(model_class_find("als"), "factors=4, reg=0.2");
    const struct metric metrics[] = {metric_of("rmse"), metric_of("mae")};
    const struct cross_validate_request request = folds_of(data, &params, metrics, 2, 4);
    struct table *table = NULL;
    GOOD(cross_validate(&request, &table, &err));
    assert_int_equal(table->n_rows, 4);
    assert_int_equal(table->n_columns, 4);
    assert_string_equal(table->caption, "als(factors=4, reg=0.2, epochs=4) on small, 4 random folds, seed 3");
    double mean = 0, square = 0;
    for (int fold = 0; fold < 4; fold++) {
        struct dataset *train = NULL, *test = NULL;
        double rmse, mae;
        GOOD(split_fold(NULL, data, 4, fold, 3, &train, &test, &err));
        struct model *model = fitted("als", train, "factors=4, reg=0.2", 4, NULL);
        plain_errors(model, test, &rmse, &mae);
        NEAR(table_column(table, "rmse")->u.floats[fold], rmse, 1e-9);
        NEAR(table_column(table, "mae")->u.floats[fold], mae, 1e-9);
        assert_true(table_column(table, "seconds")->u.floats[fold] > 0);
        assert_int_equal(table_column(table, "fold")->u.strs[fold][0], '1' + fold);
        mean += rmse / 4, square += rmse * rmse / 4;
        model_unref(model);
        dataset_unref(train);
        dataset_unref(test);
    }
    char expected[128];
    snprintf(expected, sizeof expected, "rmse: mean %.4f, standard deviation over folds %.4f", mean, sqrt((square - mean * mean) * 4 / 3));
    assert_int_equal(table->n_notes, 2);
    assert_string_equal(table->notes[0], expected);
    table_unref(table);
    dataset_unref(data);
}

/* On each fold as evaluate does it: the same drawn items for the same seed, outside all folds' rows. */
static void test_sampled_folds(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    const struct params params = params_of(model_class_find("als"), "factors=4, reg=0.2");
    const struct metric metric = metric_of("hit_rate@3");
    const struct protocol protocol = {.sampled = true, .negatives = 9, .seed = 3};
    struct cross_validate_request request = folds_of(data, &params, &metric, 1, 3);
    struct table *table = NULL, *full = NULL;
    GOOD(cross_validate(&request, &full, &err));
    request.protocol = protocol;
    GOOD(cross_validate(&request, &table, &err));
    assert_string_equal(table->caption,
                        "als(factors=4, reg=0.2, epochs=4) on small, 3 random folds, seed 3; each among 9 items drawn uniformly (seed 3)");
    for (int fold = 0; fold < 3; fold++) {
        struct dataset *train = NULL, *test = NULL;
        double value;
        GOOD(split_fold(NULL, data, 3, fold, 3, &train, &test, &err));
        struct model *model = fitted("als", train, "factors=4, reg=0.2", 4, NULL);
        GOOD(evaluate_one(model, test, &metric, &protocol, NULL, &value, &err));
        NEAR(table_column(table, "hit_rate@3")->u.floats[fold], value, 0);
        assert_true(value != table_column(full, "hit_rate@3")->u.floats[fold]);
        assert_true(table_column(table, "users")->u.ints[fold] > 0);
        model_unref(model);
        dataset_unref(train);
        dataset_unref(test);
    }
    table_unref(table);
    table_unref(full);
    request.protocol.negatives = 1000;
    GOOD(cross_validate(&request, &table, &err));
    if (!strstr(table->caption, "each among at most ") || !strstr(table->caption, "(1,000 asked for, users have met the rest; seed 3)"))
        fail_msg("%s", table->caption);
    table_unref(table);
    dataset_unref(data);
}

static void test_bad_folds(void **state) {
    (void)state;
    struct parts parts = split_ratings(0.1);
    const struct params params = params_of(model_class_find("als"), "factors=4");
    const struct metric rmse = metric_of("rmse");
    struct cross_validate_request request = folds_of(parts.all, &params, &rmse, 1, 1);
    struct table *table = NULL;
    BAD(cross_validate(&request, &table, &err), ERR_VALUE, "cross-validation needs at least 2 folds, not 1");
    request.k = 1 << 20;
    BAD(cross_validate(&request, &table, &err), ERR_VALUE, "1048576 folds of");
    request.published = true;
    BAD(cross_validate(&request, &table, &err), ERR_VALUE, "`small` has no published folds");
    request = folds_of(parts.all, &params, &rmse, 1, 3);
    request.common.valid = parts.valid;
    BAD(cross_validate(&request, &table, &err), ERR_VALUE, "a recipe with valid= can't be cross-validated");
    assert_null(table);
    parts_release(&parts);
}

static void test_interrupted_folds(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    const struct params params = params_of(model_class_find("als"), "factors=4");
    const struct metric rmse = metric_of("rmse");
    struct cross_validate_request request = folds_of(data, &params, &rmse, 1, 3);
    struct table *table = NULL;
    request.task = task_new(NULL);
    task_cancel(request.task);
    BAD(cross_validate(&request, &table, &err), ERR_INTERRUPTED, "interrupted");
    assert_null(table);
    task_free(request.task);
    dataset_unref(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_what_cannot_be_judged),
        cmocka_unit_test(test_leak_text),
        cmocka_unit_test(test_leaks),
        cmocka_unit_test(test_leaks_are_remembered),
        cmocka_unit_test(test_cold_rows),
        cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_bad_valid_parts),
        cmocka_unit_test(test_cross_validate),
        cmocka_unit_test(test_sampled_folds),
        cmocka_unit_test(test_bad_folds),
        cmocka_unit_test(test_interrupted_folds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
