#include "models/eval/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/outside.h"
#include "models/eval/record_judged.h"
#include "runtime/base/mem.h"

/* --- leaks --- */

/* Rows of `judged` that were met. An opened model has only the split and the fingerprint to go by. */
static int64_t met(const struct met_rows *rows, struct dataset *judged) {
    const struct split *split = dataset_split(judged);
    int64_t overlap = rows->data ? dataset_overlap(rows->data, judged) : 0;
    if (overlap == 0 && strcmp(rows->fingerprint, dataset_fingerprint(judged)) == 0) overlap = dataset_n(judged);
    if (overlap == 0 && split && rows->split_id == split->id) {
        const int shared = rows->part & dataset_part(judged);
        for (int p = 0; p < 3; p++)
            if (shared & (1 << p)) overlap += split->n_rows[p];
    }
    return overlap;
}

static const char *part_word(const struct dataset *data) {
    const int part = dataset_part(data);
    return part == PART_TRAIN                  ? "training"
           : part == PART_VALID                ? "validation"
           : part == (PART_TRAIN | PART_VALID) ? "training and validation"
                                               : "test";
}

static const char *mask_word(int mask) {
    static const char *const words[] = {"no", "train", "valid", "train and valid", "test", "train and test", "valid and test", "all"};
    return words[mask & 7];
}

/* A look at a validation part stays allowed: everybody knows what it was used for. Test rows that chose the epoch or the parameters aren't held out
 * any more. */
static enum status check_choice(const struct model *model, struct dataset *judged, struct error *err) {
    int64_t n = 0;
    for (size_t i = 0; n == 0 && i < model->n_chosen_on; i++) n = met(&model->chosen_on[i], judged);
    if (n == 0 || dataset_part(judged) == PART_VALID) return OK;
    struct buf some = BUF_INIT, all = BUF_INIT;
    buf_add_count(&some, n);
    buf_add_count(&all, dataset_n(judged));
    err_set(err, ERR_LEAK, "`%s` chose its epoch or its parameters on %s of these %s rows", model->name, buf_text(&some), buf_text(&all));
    buf_release(&some);
    buf_release(&all);
    err_hint(err, "choosing wants a part of its own: train, valid, test = split(data, valid=0.1, test=0.2); or say allow_leak=True");
    return err_about(err, "test");
}

static enum status check_leak(const struct model *model, struct dataset *judged, struct error *err) {
    int64_t n_folded;
    TRY(model_folded_rows(model, judged, &n_folded, err));
    const int64_t n = met(&model->fitted, judged) + n_folded;
    if (n == 0) return check_choice(model, judged, err);
    struct buf some = BUF_INIT, all = BUF_INIT;
    buf_add_count(&some, n);
    buf_add_count(&all, dataset_n(judged));
    err_set(err, ERR_LEAK, "%s of %s %s pairs are in what `%s` was fitted on", buf_text(&some), buf_text(&all), part_word(judged), model->name);
    buf_release(&some);
    buf_release(&all);
    err_hint(err, "judge it on a part that it hasn't seen, or say allow_leak=True");
    return err_about(err, "test");
}

/* --- rating metrics --- */

static bool predicts_ratings(const struct model_class *class) { return class->predicts_ratings; }

enum status evaluate_suits(const struct model_class *class, const char *name, bool is_explicit, const struct metric *metric, const char *argument,
                           struct error *err) {
    if (metric->row->kind != METRIC_RATING || (class->predicts_ratings && is_explicit)) return OK;
    err_set(err, ERR_VALUE, "`%s` ranks items and predicts no ratings: %s can't judge it", name, metric->text);
    struct buf names = BUF_INIT;
    model_names(predicts_ratings, &names);
    err_hint(err, "%s=\"ndcg@10\" judges its order; ratings are predicted by %s, from data that have some", argument, buf_text(&names));
    buf_release(&names);
    return ERR_VALUE;
}

static enum status check_suits(const struct model *model, struct dataset *judged, const struct metric *metric, struct error *err) {
    if (metric->row->kind != METRIC_RATING) return OK;
    if (evaluate_suits(model->class, model->name, model->is_explicit || outside_is(model), metric, "metrics", err) != OK)
        return err_about(err, "models");
    if (dataset_is_explicit(judged)) return outside_is(model) ? outside_check_rows(model, judged, metric->text, err) : OK;
    err_set(err, ERR_VALUE, "`%s` is implicit: it has no ratings for %s to compare with", dataset_name(judged), metric->text);
    return err_about(err, "test");
}

/* Predictions and truths of all judged rows. */
struct judged {
    float *predicted;
    const float *truth;
    const int32_t *users;
    int64_t n, n_cold;
};

/* Rows whose user or item has no row in what the model was fitted on. */
static int64_t cold_rows(const struct model *model, const struct model_positions *at, int64_t n) {
    int64_t *users = model_counts(model, EMBED_USERS), *items = model_counts(model, EMBED_ITEMS), cold = 0;
    for (int64_t i = 0; i < n; i++) cold += at->users[i] < 0 || at->items[i] < 0 || users[at->users[i]] == 0 || items[at->items[i]] == 0;
    free(users);
    free(items);
    return cold;
}

static enum status predict_rows(const struct model *model, struct dataset *data, struct task *task, bool count_cold, struct judged *out,
                                struct error *err) {
    struct model_positions at;
    struct events_view view;
    TRY(dataset_columns(data, &view, err));
    TRY(model_positions(model, data, &at, err));
    struct judged judged = {.truth = view.ratings, .users = view.users, .n = dataset_n(data)};
    enum status status = mem_try_array((size_t)judged.n, "predictions", &judged.predicted, err);
    if (status == OK) status = model_predict_pairs(model, task, at.users, at.items, judged.n, judged.predicted, err);
    if (status == OK && count_cold) judged.n_cold = cold_rows(model, &at, judged.n);
    model_positions_end(&at);
    if (status == OK) *out = judged;
    else mem_free(judged.predicted);
    return status;
}

static enum status rate(const struct metric *metric, const struct judged *judged, struct task *task, double *out, struct error *err) {
    const struct rated rated = {.predicted = judged->predicted, .truth = judged->truth, .users = judged->users, .n = judged->n, .task = task};
    return metric->row->rating(&rated, out, err);
}

static enum status rate_one(const struct model *model, struct dataset *data, const struct metric *metric, struct task *task, double *out,
                            struct error *err) {
    struct judged judged;
    TRY(check_suits(model, data, metric, err));
    TRY(predict_rows(model, data, task, false, &judged, err));
    const enum status status = rate(metric, &judged, task, out, err);
    mem_free(judged.predicted);
    return status;
}

enum status evaluate_one(const struct model *model, struct dataset *data, const struct metric *metric, const struct protocol *protocol,
                         struct task *task, double *out, struct error *err) {
    const struct rank_request request = {.model = model, .judged = data, .metrics = metric, .n_metrics = 1, .protocol = *protocol, .task = task};
    struct ranked ranked;
    if (metric->row->kind == METRIC_RATING) return rate_one(model, data, metric, task, out, err);
    TRY(rank_users(&request, &ranked, err));
    *out = ranked_mean(&ranked, 0, metric);
    ranked_release(&ranked);
    return OK;
}

struct protocol protocol_for_valid(const struct dataset *valid, uint64_t seed) {
    const struct split *split = dataset_split(valid);
    if (!split || !split->negatives) return (struct protocol){.sampled = false};
    return (struct protocol){.sampled = true, .negatives = 99, .seed = seed};
}

/* --- the table --- */

struct columns {
    char **names;
    double **values, **lows, **highs; /* by metric; lows, highs: NULLs without intervals */
    int64_t n_percentile;             /* intervals that BCa was asked for and can't make */
};

/* What a model's row leaves for the text around the table. */
struct counts {
    struct ranked_counts ranked;
    int64_t n_cold, n_left_out, n_masked;
    int64_t n_unscored; /* judged users for whom an outside Table has nothing */
};

static size_t of_kind(const struct evaluate_request *request, enum metric_kind kind, struct metric *out) {
    size_t n = 0;
    for (size_t m = 0; m < request->n_metrics; m++)
        if (request->metrics[m].row->kind == kind) out[n++] = request->metrics[m];
    return n;
}

/* What each user adds to a cell; NULL: nobody asks. */
static struct user_sums *sums_of(const struct evaluate_request *request, size_t row, size_t m) {
    return request->sums ? &request->sums[row * request->n_metrics + m] : NULL;
}

static enum status rate_by_user(const struct metric *metric, const struct judged *judged, struct task *task, struct user_sums *sums,
                                struct error *err) {
    const struct rated rated = {.predicted = judged->predicted, .truth = judged->truth, .users = judged->users, .n = judged->n, .task = task};
    return sums ? metric->row->by_user(&rated, sums, err) : OK;
}

static enum status rate_row(const struct evaluate_request *request, size_t row, struct columns *columns, struct counts *counts, struct error *err) {
    struct judged judged;
    TRY(predict_rows(request->models[row], request->test, request->task, !outside_is(request->models[row]), &judged, err));
    enum status status = OK;
    for (size_t m = 0; m < request->n_metrics && status == OK; m++) {
        if (request->metrics[m].row->kind != METRIC_RATING) continue;
        status = rate(&request->metrics[m], &judged, request->task, &columns->values[m][row], err);
        if (status == OK) status = rate_by_user(&request->metrics[m], &judged, request->task, sums_of(request, row, m), err);
    }
    mem_free(judged.predicted);
    counts->n_cold = judged.n_cold;
    return status;
}

static enum status rank_row(const struct evaluate_request *request, size_t row, const struct metric *metrics, size_t n, struct columns *columns,
                            struct counts *counts, struct error *err) {
    const struct rank_request rank = {.model = request->models[row],
                                      .judged = request->test,
                                      .metrics = metrics,
                                      .n_metrics = n,
                                      .protocol = request->protocol,
                                      .task = request->task,
                                      .label = request->quiet ? NULL : request->models[row]->name};
    struct ranked ranked;
    TRY(rank_users(&rank, &ranked, err));
    for (size_t m = 0, r = 0; m < request->n_metrics; m++) {
        if (request->metrics[m].row->kind != METRIC_RANKING) continue;
        columns->values[m][row] = ranked_mean(&ranked, r, &metrics[r]);
        if (request->sums) ranked_sums(&ranked, r, &metrics[r], sums_of(request, row, m));
        r++;
    }
    for (int64_t u = 0; outside_is(rank.model) && u < ranked.n_users; u++) counts->n_unscored += !outside_has_user(rank.model, ranked.users[u]);
    counts->ranked = (struct ranked_counts){ranked.n_users, ranked.fewest, ranked.most};
    counts->n_left_out = ranked.n_left_out;
    counts->n_masked = ranked.n_masked;
    ranked_release(&ranked);
    return OK;
}

static enum status interval_row(const struct evaluate_request *request, size_t row, struct columns *columns, struct error *err) {
    for (size_t m = 0; m < request->n_metrics; m++) {
        struct interval interval;
        TRY(bootstrap_interval(sums_of(request, row, m), NULL, request->intervals, &interval, err));
        columns->lows[m][row] = interval.low;
        columns->highs[m][row] = interval.high;
        columns->n_percentile += interval.is_percentile;
    }
    return OK;
}

static void record_row(const struct evaluate_request *request, size_t row, const struct columns *columns, double seconds) {
    double *values = xnew_array(double, request->n_metrics + 1);
    for (size_t m = 0; m < request->n_metrics; m++) values[m] = columns->values[m][row];
    record_judged(request->task, request->models[row], request->test, request->metrics, values, request->n_metrics, &request->protocol, seconds);
    free(values);
}

static enum status judge_row(const struct evaluate_request *request, size_t row, struct columns *columns, struct counts *counts, struct error *err) {
    const struct model *model = request->models[row];
    if (!request->allow_leak) TRY(check_leak(model, request->test, err));
    for (size_t m = 0; m < request->n_metrics; m++) TRY(check_suits(model, request->test, &request->metrics[m], err));
    columns->names[row] = xstrdup(request->names ? request->names[row] : model->name);
    struct metric *some = xnew_array(struct metric, request->n_metrics + 1);
    const double start_s = task_now_s(request->task);
    enum status status = of_kind(request, METRIC_RATING, some) ? rate_row(request, row, columns, counts, err) : OK;
    const size_t n = of_kind(request, METRIC_RANKING, some);
    if (status == OK && n) status = rank_row(request, row, some, n, columns, counts, err);
    if (status == OK) record_row(request, row, columns, task_now_s(request->task) - start_s);
    free(some);
    return status == OK && request->intervals ? interval_row(request, row, columns, err) : status;
}

/* "each among 99 items drawn uniformly (seed 1)", "each among at most 1,661 items drawn by popularity (99,999 asked for, …)" */
void evaluate_add_drawing(const struct protocol *protocol, const struct ranked_counts *counts, struct buf *out) {
    buf_addf(out, "each among %s", counts->fewest < protocol->negatives ? "at most " : "");
    buf_add_counted(out, counts->most, "items");
    buf_addf(out, " drawn %s (", protocol->sampler == SAMPLER_POPULARITY ? "by popularity" : "uniformly");
    if (counts->most < protocol->negatives) {
        buf_add_count(out, protocol->negatives);
        buf_adds(out, " asked for, users have met the rest; ");
    }
    buf_addf(out, "seed %llu)", (unsigned long long)protocol->seed);
}

/* Then nobody knows what anybody has seen but for the split. */
static bool all_outside(const struct evaluate_request *request) {
    for (size_t i = 0; i < request->n_models; i++)
        if (!outside_is(request->models[i])) return false;
    return true;
}

/* "full ranking of 1,682 items, train and valid rows masked, 943 users" */
static void add_protocol(const struct evaluate_request *request, const struct counts *counts, struct buf *out) {
    const struct protocol *protocol = &request->protocol;
    const bool masks_valid = dataset_split(request->test) && dataset_split(request->test)->n_rows[1] > 0 && dataset_part(request->test) & PART_TEST;
    if (protocol->sampled && protocol->negatives) evaluate_add_drawing(protocol, &counts->ranked, out);
    else if (protocol->sampled) buf_addf(out, "each among its %d published negatives", (int)dataset_split(request->test)->n_negatives);
    else {
        buf_adds(out, "full ranking of ");
        buf_add_counted(out, dataset_n_items(request->test), "items");
        if (!dataset_split(request->test) && !protocol->mask && all_outside(request)) buf_adds(out, ", nothing masked");
        else if (protocol->mask) buf_addf(out, ", %s rows masked", mask_word(protocol->mask));
        else buf_addf(out, ", %s masked", masks_valid ? "train and valid rows" : "train rows");
    }
    buf_adds(out, ", ");
    buf_add_counted(out, counts->ranked.n_users, "users");
}

static void caption(const struct evaluate_request *request, const struct counts *counts, struct table *table) {
    const struct split *split = dataset_split(request->test);
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s", dataset_name(request->test));
    if (split) buf_addf(&text, ", %s part (%s)", part_word(request->test), split->description);
    buf_adds(&text, ": ");
    buf_add_counted(&text, dataset_n(request->test), dataset_is_explicit(request->test) ? "ratings" : "interactions");
    if (counts->ranked.n_users) {
        buf_adds(&text, "; ");
        add_protocol(request, counts, &text);
    }
    table_caption(table, "%s", buf_text(&text));
    buf_release(&text);
}

static bool all_cold_alike(const struct counts *counts, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (counts[i].n_cold != counts[0].n_cold) return false;
    return true;
}

/* One sentence when it is the same for all models, else one a model. */
static void note_cold(const struct evaluate_request *request, const struct counts *counts, struct table *table) {
    const bool one = all_cold_alike(counts, request->n_models);
    for (size_t i = 0; i < (one ? 1 : request->n_models); i++) {
        const int64_t cold = counts[i].n_cold;
        struct buf count = BUF_INIT;
        buf_add_count(&count, cold);
        if (cold)
            table_note(table, "%s%s%s %s a user or an item without any training row: mean and known biases predict %s.",
                       one ? "" : request->models[i]->name, one ? "" : ": ", buf_text(&count), cold == 1 ? "row has" : "rows have",
                       cold == 1 ? "it" : "them");
        buf_release(&count);
    }
}

static void note_added(const struct evaluate_request *request, const struct counts *counts, struct table *table) {
    for (size_t i = 0; counts->ranked.n_users && !request->protocol.sampled && i < request->n_models; i++) {
        struct buf count = BUF_INIT;
        const int64_t n = request->models[i]->catalog->n_added_items;
        buf_add_counted(&count, n, "items");
        if (n) table_note(table, "%s ranks %s more: fold_in added %s.", request->models[i]->name, buf_text(&count), n == 1 ? "it" : "them");
        buf_release(&count);
    }
}

/* Of the first model: the judged part decides these, but for models of another catalogue. */
static void note_users(const struct counts *counts, struct table *table) {
    struct buf text = BUF_INIT;
    if (counts->n_left_out) {
        buf_add_counted(&text, counts->n_left_out, "users");
        table_note(table, "%s left out: nothing to find for them in this part.", buf_text(&text));
    }
    buf_clear(&text);
    if (counts->n_masked) {
        buf_add_counted(&text, counts->n_masked, "pairs");
        table_note(table, "%s left out: seen in an earlier part already.", buf_text(&text));
    }
    buf_release(&text);
}

static bool orders_by_ratings(const struct model *model) { return model->class->predicts_ratings && model->is_explicit && !outside_is(model); }

/* Where predicted ratings were judged by the order they give. */
static void note_order(const struct evaluate_request *request, struct table *table) {
    struct buf names = BUF_INIT;
    size_t n_ranking = 0, n = 0, left = 0;
    for (size_t m = 0; m < request->n_metrics; m++) n_ranking += request->metrics[m].row->kind == METRIC_RANKING;
    for (size_t i = 0; i < request->n_models; i++) left += orders_by_ratings(request->models[i]);
    for (size_t i = 0; i < request->n_models; i++) {
        if (!orders_by_ratings(request->models[i])) continue;
        left--;
        buf_addf(&names, "%s%s", n == 0 ? "" : left ? ", " : " and ", request->models[i]->name);
        n++;
    }
    if (n_ranking && n)
        table_note(table, "%s predict%s ratings: ordered by these, rarely rated items come first; popular and models of implicit data rank.",
                   buf_text(&names), n == 1 ? "s" : "");
    buf_release(&names);
}

/* What is to be known of scores from elsewhere. */
static void note_outside(const struct model *model, const struct counts *counts, struct table *table) {
    struct buf text = BUF_INIT;
    if (!outside_is(model)) return;
    buf_addf(&text, "%s: scores from elsewhere, so nobody can tell whether these rows were met before", model->name);
    if (outside_unknown(model)) {
        buf_adds(&text, "; ");
        buf_add_counted(&text, outside_unknown(model), "rows");
        buf_adds(&text, " left out, about users or items that the data doesn't have");
    }
    if (counts->n_unscored) {
        buf_adds(&text, "; no score for ");
        buf_add_counted(&text, counts->n_unscored, "users");
        buf_adds(&text, ", whose lists are empty");
    }
    table_note(table, "%s.", buf_text(&text));
    buf_release(&text);
}

static void add_limits(const char *metric, size_t m, struct table *table, struct columns *columns) {
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s_low", metric);
    columns->lows[m] = table_add_floats(table, buf_text(&name), 4);
    buf_clear(&name);
    buf_addf(&name, "%s_high", metric);
    columns->highs[m] = table_add_floats(table, buf_text(&name), 4);
    buf_release(&name);
}

static void note_intervals(const struct resampling *intervals, struct table *table) {
    struct buf draws = BUF_INIT;
    if (!intervals) return;
    buf_add_count(&draws, intervals->n);
    table_note(table, "low, high: %g %% over users, %s bootstrap, %s draws (seed %llu).", intervals->level * 100,
               intervals->method == INTERVAL_BCA ? "BCa" : "percentile", buf_text(&draws), (unsigned long long)intervals->seed);
    buf_release(&draws);
}

static void add_columns(const struct evaluate_request *request, struct table *table, struct columns *columns) {
    columns->names = table_add_strs(table, "model");
    for (size_t m = 0; m < request->n_metrics; m++) {
        columns->values[m] = table_add_floats(table, request->metrics[m].text, 4);
        if (!request->metrics[m].own) table->columns[table->n_columns - 1].best = request->metrics[m].row->larger_is_better ? 1 : -1;
        if (request->intervals) add_limits(request->metrics[m].text, m, table, columns);
    }
}

static enum status judge_all(const struct evaluate_request *request, struct columns *columns, struct table *table, struct error *err) {
    struct counts *counts = xnew_array(struct counts, request->n_models + 1);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < request->n_models; i++) status = judge_row(request, i, columns, &counts[i], err);
    if (status == OK) {
        caption(request, counts, table);
        note_cold(request, counts, table);
        note_added(request, counts, table);
        note_users(counts, table);
        note_intervals(request->intervals, table);
        interval_note(table, columns->n_percentile);
        note_order(request, table);
        for (size_t i = 0; i < request->n_models; i++) note_outside(request->models[i], &counts[i], table);
        if (request->out_ranked) *request->out_ranked = counts[0].ranked;
    }
    free(counts);
    return status;
}

static enum status make_table(const struct evaluate_request *request, struct table **out, struct error *err) {
    const size_t n = request->n_metrics + 1;
    struct table *table = table_new((int64_t)request->n_models);
    struct columns columns = {.values = xnew_array(double *, n), .lows = xnew_array(double *, n), .highs = xnew_array(double *, n)};
    add_columns(request, table, &columns);
    const enum status status = judge_all(request, &columns, table, err);
    free(columns.values);
    free(columns.lows);
    free(columns.highs);
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}

enum status evaluate_models(const struct evaluate_request *request, struct table **out, struct error *err) {
    struct evaluate_request whole = *request;
    enum status status = OK;
    if (dataset_n(request->test) == 0) return err_set(err, ERR_DATA, "`%s` has no rows to judge on", dataset_name(request->test));
    if (!request->intervals || request->sums) return make_table(request, out, err);
    const size_t n = request->n_models * request->n_metrics;
    whole.sums = xnew_array(struct user_sums, n + 1);
    for (size_t i = 0; status == OK && i < n; i++) status = user_sums_new(dataset_n_users(request->test), &whole.sums[i], err);
    if (status == OK) status = make_table(&whole, out, err);
    for (size_t i = 0; i < n; i++) user_sums_release(&whole.sums[i]);
    free(whole.sums);
    return status;
}

/* --- fitting with a validation part --- */

struct judge {
    struct dataset *valid;
    struct metric metric;
    struct protocol protocol;
    struct task *task;
};

static enum status judge_epoch(void *ctx, const struct model *model, double *out, struct error *err) {
    const struct judge *judge = ctx;
    return evaluate_one(model, judge->valid, &judge->metric, &judge->protocol, judge->task, out, err);
}

static enum status check_valid(const struct model_class *class, const struct fit_request *request, struct error *err) {
    struct dataset *valid = request->common.valid;
    struct buf some = BUF_INIT;
    if (dataset_n(valid) == 0) return err_set(err, ERR_DATA, "valid has no rows to judge on");
    int64_t overlap = dataset_overlap(request->data, valid);
    if (overlap == 0 && request->start) overlap = met(&request->start->fitted, valid);
    if (overlap == 0) return OK;
    buf_add_count(&some, overlap);
    err_set(err, ERR_LEAK, "%s of the rows in valid are in what `%s` is fitted on: stopping early would never stop", buf_text(&some),
            request->start ? request->start->name : class->name);
    buf_release(&some);
    err_hint(err, "train, valid, test = split(data, valid=0.1, test=0.2) gives a part of its own");
    return err_about(err, "valid");
}

enum status evaluate_fit(const struct model_class *class, const struct fit_request *asked, struct model **out, struct error *err) {
    struct fit_request request = *asked;
    struct judge judge = {.valid = request.common.valid, .task = request.task};
    if (request.common.valid && class->iterative) {
        TRY(check_valid(class, &request, err));
        if (!request.common.monitor) request.common.monitor = class->predicts_ratings ? "rmse" : "ndcg@10";
        TRY(metric_parse(request.common.monitor, 0, &judge.metric, err));
        judge.protocol = protocol_for_valid(judge.valid, request.common.seed);
        request.judge = judge_epoch;
        request.judge_ctx = &judge;
    }
    return model_fit(class, &request, out, err);
}
