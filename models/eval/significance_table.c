#include "models/eval/significance_table.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/least.h"
#include "runtime/base/mem.h"

struct comparing {
    const struct significance_request *request;
    size_t n;               /* compared models: all but the last */
    struct user_sums *sums; /* n + 1 */
    struct table *judged;   /* what evaluate makes of them: names, values, caption, notes */
    struct table *table;
    double *differences, *lows, *highs, *p, *corrected;
    struct test_result *results; /* n */
    int64_t n_percentile;        /* intervals that BCa can't make */
};

static const char *name_of(const struct comparing *comparing, size_t i) { return table_column(comparing->judged, "model")->u.strs[i]; }

static void add_columns(struct comparing *comparing) {
    struct table *table = comparing->table;
    const char *metric = comparing->request->judged.metrics[0].text;
    char **models = table_add_strs(table, "model"), **against = table_add_strs(table, "against");
    double *values = table_add_floats(table, metric, 4);
    comparing->differences = table_add_floats(table, "difference", 4);
    comparing->lows = table_add_floats(table, "low", 4);
    comparing->highs = table_add_floats(table, "high", 4);
    comparing->p = table_add_floats(table, "p", -1);
    if (comparing->n > 1) comparing->corrected = table_add_floats(table, "p_holm", -1);
    for (size_t i = 0; i < comparing->n; i++) {
        models[i] = xstrdup(name_of(comparing, i));
        against[i] = xstrdup(name_of(comparing, comparing->n));
        values[i] = comparing->judged->columns[1].u.floats[i];
    }
}

static enum status compare_all(struct comparing *comparing, struct error *err) {
    const struct significance_request *request = comparing->request;
    const struct user_sums *baseline = &comparing->sums[comparing->n];
    for (size_t i = 0; i < comparing->n; i++) {
        struct interval interval;
        TRY(bootstrap_interval(&comparing->sums[i], baseline, &request->resampling, &interval, err));
        TRY(paired_test(&comparing->sums[i], baseline, request->method, &request->resampling, &comparing->results[i], err));
        comparing->n_percentile += interval.is_percentile;
        comparing->differences[i] = interval.value;
        comparing->lows[i] = interval.low;
        comparing->highs[i] = interval.high;
        comparing->p[i] = comparing->results[i].p;
        if (comparing->corrected) comparing->corrected[i] = comparing->results[i].p;
    }
    if (comparing->corrected) holm(comparing->corrected, comparing->n);
    return OK;
}

/* --- words --- */

static size_t count_exact(const struct comparing *comparing) {
    size_t n = 0;
    for (size_t i = 0; i < comparing->n; i++) n += comparing->results[i].is_exact;
    return n;
}

/* " for plain, weak, else " */
static void add_exact_names(const struct comparing *comparing, struct buf *out) {
    const char *before = " for ";
    for (size_t i = 0; i < comparing->n; i++) {
        if (!comparing->results[i].is_exact) continue;
        buf_addf(out, "%s%s", before, name_of(comparing, i));
        before = ", ";
    }
    buf_adds(out, ", else ");
}

static void add_range(const int64_t range[2], struct buf *out) {
    buf_add_count(out, range[0]);
    if (range[1] == range[0]) return;
    buf_adds(out, " to ");
    buf_add_count(out, range[1]);
}

static void widen(int64_t range[2], int64_t value) {
    range[0] = least(range[0], value);
    if (value > range[1]) range[1] = value;
}

/* How many users the comparisons are over: each has its own. */
static void add_users(const struct comparing *comparing, struct buf *out) {
    int64_t users[] = {INT64_MAX, 0}, differ[] = {INT64_MAX, 0};
    for (size_t i = 0; i < comparing->n; i++) {
        const struct test_result *result = &comparing->results[i];
        widen(users, result->n_users);
        widen(differ, result->n_differ);
    }
    add_range(users, out);
    buf_adds(out, users[1] == 1 ? " user, of whom " : " users, of whom ");
    add_range(differ, out);
    buf_adds(out, " differ, ");
}

static void add_test(const struct comparing *comparing, struct buf *out) {
    static const char *const names[] = {"paired permutation test", "Wilcoxon's signed-rank test", "bootstrap of the paired difference",
                                        "McNemar's test"};
    const struct significance_request *request = comparing->request;
    const bool draws = request->method == TEST_PERMUTATION || request->method == TEST_BOOTSTRAP;
    const size_t n_exact = count_exact(comparing);
    buf_addf(out, "p: %s, two-sided, ", names[request->method]);
    add_users(comparing, out);
    if (n_exact) buf_adds(out, "exact");
    if (n_exact && n_exact < comparing->n) add_exact_names(comparing, out);
    if (n_exact == comparing->n) return;
    if (!draws) buf_adds(out, "normal approximation");
    else {
        buf_add_counted(out, request->resampling.n, "draws");
        buf_addf(out, " (seed %llu)", (unsigned long long)request->resampling.seed);
    }
}

/* The p of such a test and the difference beside it answer two questions. */
static void note_pooled(const struct comparing *comparing) {
    const char *metric = comparing->request->judged.metrics[0].text;
    if (comparing->request->method != TEST_WILCOXON || !user_sums_pooled(&comparing->sums[comparing->n])) return;
    table_note(comparing->table,
               "%s pools the rows of all users, and p ranks each user's own %s, however many rows: the two can point apart; method=\"permutation\" "
               "tests the pooled value.",
               metric, metric);
}

static void add_notes(const struct comparing *comparing) {
    const struct resampling *resampling = &comparing->request->resampling;
    struct buf text = BUF_INIT;
    add_test(comparing, &text);
    table_note(comparing->table, "%s.", buf_text(&text));
    note_pooled(comparing);
    buf_clear(&text);
    buf_add_counted(&text, resampling->n, "draws");
    table_note(comparing->table, "low, high: %g %% of the difference over users, %s bootstrap, %s.", resampling->level * 100,
               resampling->method == INTERVAL_BCA ? "BCa" : "percentile", buf_text(&text));
    interval_note(comparing->table, comparing->n_percentile);
    if (comparing->corrected) table_note(comparing->table, "p_holm: p, corrected for being %zu comparisons (Holm 1979).", comparing->n);
    for (size_t i = 0; i < comparing->judged->n_notes; i++) table_note(comparing->table, "%s", comparing->judged->notes[i]);
    buf_release(&text);
}

/* --- all --- */

static enum status run(struct comparing *comparing, struct error *err) {
    struct evaluate_request judged = comparing->request->judged;
    for (size_t i = 0; i <= comparing->n; i++) TRY(user_sums_new(dataset_n_users(judged.test), &comparing->sums[i], err));
    judged.sums = comparing->sums;
    judged.intervals = NULL;
    TRY(evaluate_models(&judged, &comparing->judged, err));
    comparing->table = table_new((int64_t)comparing->n);
    add_columns(comparing);
    TRY(compare_all(comparing, err));
    table_caption(comparing->table, "%s; %s has %s %.4f", comparing->judged->caption, name_of(comparing, comparing->n), judged.metrics[0].text,
                  comparing->judged->columns[1].u.floats[comparing->n]);
    add_notes(comparing);
    return OK;
}

enum status significance_table(const struct significance_request *request, struct table **out, struct error *err) {
    struct comparing comparing = {.request = request, .n = request->judged.n_models - 1};
    comparing.sums = xnew_array(struct user_sums, comparing.n + 1);
    comparing.results = xnew_array(struct test_result, comparing.n + 1);
    const enum status status = run(&comparing, err);
    for (size_t i = 0; i <= comparing.n; i++) user_sums_release(&comparing.sums[i]);
    free(comparing.sums);
    free(comparing.results);
    table_unref(comparing.judged);
    if (status == OK) *out = comparing.table;
    else table_unref(comparing.table);
    return status;
}
