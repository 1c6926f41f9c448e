#include "kernel/builtins/judge_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/env.h"
#include "runtime/base/mem.h"

/* --- functions --- */

struct function_metric {
    struct own_metric own;
    const struct call *call;
    struct value function; /* borrowed from the call */
    const char *text;      /* the metric's */
    const char *parameter; /* that gave it */
};

static struct value id_value(bool are_ints, const int64_t *ints, char *const *texts, int32_t position) {
    return are_ints ? value_int(ints[position]) : value_str(texts[position]);
}

static struct value item_value(const struct catalog *catalog, int32_t item) {
    return id_value(catalog->item_ids_are_ints, catalog->item_ids_int, catalog->item_ids_text, item);
}

/* What the function is called with: the ids of the list, best first, and the set of the relevant ones. */
static enum status make_arguments(const struct own_list *list, struct value *arguments, struct error *err) {
    arguments[0] = value_list((size_t)list->n_ranked);
    arguments[1] = value_set();
    for (int64_t i = 0; i < list->n_ranked; i++) seq_push(&arguments[0], item_value(list->model, list->ranked[i]));
    for (int64_t i = 0; i < list->n_relevant; i++) {
        const bool known = list->relevant[i] >= 0;
        struct value id = known ? item_value(list->model, list->relevant[i]) : item_value(list->judged, list->relevant_there[i]);
        const enum status status = set_add(&arguments[1], id, err);
        value_release(&id);
        TRY(status);
    }
    return OK;
}

static enum status number_of(const struct function_metric *metric, struct value answer, double *out, struct error *err) {
    *out = answer.kind == VAL_NONE ? NAN : value_is_number(answer) ? value_number(answer) : 0;
    if (answer.kind == VAL_NONE || value_is_number(answer)) return OK;
    struct buf what = BUF_INIT;
    value_describe(answer, &what);
    err_set(err, ERR_TYPE, "the metric `%s` gave %.200s: a metric is a number, or None for a user who doesn't count", metric->text, buf_text(&what));
    buf_release(&what);
    return err_about(err, metric->parameter);
}

static enum status call_function_metric(void *ctx, const struct own_list *list, double *out, struct error *err) {
    const struct function_metric *metric = ctx;
    struct value arguments[2] = {UNSET, UNSET}, answer = UNSET;
    enum status status = make_arguments(list, arguments, err);
    if (status == OK) status = interp_call(metric->call->interp, metric->function, arguments, 2, &answer, err);
    if (status == OK) status = number_of(metric, answer, out, err);
    if (status != OK && status != ERR_INTERRUPTED) {
        struct buf user = BUF_INIT;
        const bool uncalled = err->code == ERR_TYPE && !err->source && answer.kind == VAL_UNSET;
        err_about(err, metric->parameter);
        if (uncalled) err_note(err, "a metric takes two arguments: the ids of the list, best first, and the set of the relevant ones");
        catalog_user_id(list->judged, list->user_there, &user);
        err_note(err, "while judging user %.60s by `%s`", buf_text(&user), metric->text);
        buf_release(&user);
    }
    value_release(&answer);
    value_release(&arguments[0]);
    value_release(&arguments[1]);
    return status;
}

/* A def's own name; the others are counted. */
static void name_function(struct value function, size_t n_unnamed, char *out, size_t size) {
    const char *name = function.kind == VAL_FUNCTION ? function_name(function.u.function) : "lambda";
    if (strcmp(name, "lambda") == 0) snprintf(out, size, "metric %zu", n_unnamed);
    else snprintf(out, size, "%s", name);
}

/* --- the list --- */

static enum status check_new(const struct judge_metrics *metrics, struct error *err) {
    const char *text = metrics->metrics[metrics->n].text;
    for (size_t i = 0; i < metrics->n; i++)
        if (strcmp(metrics->metrics[i].text, text) == 0) return err_set(err, ERR_VALUE, "the metric `%s` comes twice", text);
    return OK;
}

static enum status add_metric(const struct call *call, struct value given, int64_t k, size_t *n_unnamed, struct judge_metrics *out,
                              struct error *err) {
    struct metric *metric = &out->metrics[out->n];
    struct function_metric *function = &out->functions[out->n];
    if (given.kind == VAL_STR) {
        TRY(metric_parse(given.u.text->data, k, metric, err));
    } else {
        char name[sizeof metric->text];
        *function = (struct function_metric){.own = {function, call_function_metric}, .call = call, .function = given, .parameter = "metrics"};
        name_function(given, *n_unnamed + 1, name, sizeof name);
        *n_unnamed += strncmp(name, "metric ", 7) == 0;
        *metric = metric_of_own(name, k, &function->own);
        function->text = metric->text;
    }
    TRY(check_new(out, err));
    out->n++;
    return OK;
}

static enum status add_all(const struct call *call, const struct value *given, size_t n, int64_t k, struct judge_metrics *out, struct error *err) {
    size_t n_unnamed = 0;
    out->metrics = xnew_array(struct metric, n + 1);
    out->functions = xnew_array(struct function_metric, n + 1);
    if (n == 0) return err_set(err, ERR_VALUE, "there is no metric to judge by: metrics=[\"rmse\", \"ndcg@10\"]");
    for (size_t i = 0; i < n; i++) TRY(add_metric(call, given[i], k, &n_unnamed, out, err));
    return OK;
}

static enum status add_texts(const struct call *call, const char *const *texts, size_t n, int64_t k, struct judge_metrics *out, struct error *err) {
    struct value values[3] = {UNSET};
    for (size_t i = 0; i < n; i++) values[i] = value_str(texts[i]);
    const enum status status = add_all(call, values, n, k, out, err);
    for (size_t i = 0; i < n; i++) value_release(&values[i]);
    return status;
}

/* Ratings are judged by their error, everything else by its order. */
enum status judge_metrics(const struct call *call, bool ratings, int64_t k, struct judge_metrics *out, struct error *err) {
    static const char *const errors[] = {"rmse", "mae"}, *const orders[] = {"ndcg", "recall", "hit_rate"};
    const struct value given = arg(call, "metrics");
    if (given.kind == VAL_NONE) return ratings ? add_texts(call, errors, 2, k, out, err) : add_texts(call, orders, 3, k, out, err);
    const bool several = given.kind == VAL_LIST || given.kind == VAL_TUPLE;
    const enum status status = add_all(call, several ? given.u.seq->items : &given, several ? seq_len(given) : 1, k, out, err);
    return status == OK ? OK : err_about(err, "metrics");
}

enum status judge_metric(const struct call *call, const char *name, const char *otherwise, struct judge_metrics *out, struct error *err) {
    const struct value given = arg(call, name);
    if (given.kind == VAL_NONE) return add_texts(call, &otherwise, 1, 0, out, err);
    const enum status status = add_all(call, &given, 1, 0, out, err);
    out->functions[0].parameter = name;
    return status == OK ? OK : err_about(err, name);
}

void judge_metrics_release(struct judge_metrics *metrics) {
    free(metrics->metrics);
    free(metrics->functions);
    *metrics = (struct judge_metrics){0};
}
