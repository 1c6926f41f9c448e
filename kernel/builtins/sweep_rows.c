/* The group "Tune": sweep, best. */
#include "models/eval/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/model_values.h"
#include "kernel/builtins/recipe.h"
#include "kernel/builtins/table_parts.h"
#include "runtime/base/mem.h"

#define LIVE_ROWS 12 /* of the table that is shown while it grows: of more, the best ones */

/* --- axes --- */

struct axes {
    struct sweep_axis items[SWEEP_AXES_MAX];
    size_t n;
};

static void axes_release(struct axes *axes) {
    for (size_t a = 0; a < axes->n; a++) free((void *)(uintptr_t)axes->items[a].values);
}

/* A parameter of epochs as a row, for one way of reading values. */
static const struct param_row epochs_row = {.name = "epochs", .type = PARAM_INT, .min = 1, .max = 1e6, .doc = "passes over the data"};

static enum status no_such_parameter(const struct model_class *class, const char *name, struct error *err) {
    const char *names[PARAMS_MAX + 1];
    size_t n = 0;
    for (; n < (size_t)params_count(class); n++) names[n] = class->params[n].name;
    if (class->iterative) names[n++] = "epochs";
    err_set(err, ERR_TYPE, "%s has no parameter `%s`", class->name, name);
    err_suggest(err, name, names, n);
    struct buf list = BUF_INIT;
    for (size_t i = 0; i < n; i++) buf_addf(&list, "%s`%s`", i ? ", " : "", names[i]);
    if (!err->hint[0] && n) err_hint(err, "what can vary: %s", buf_text(&list));
    if (!err->hint[0]) err_hint(err, "there is nothing of it that can vary");
    buf_release(&list);
    return err_about(err, name);
}

/* A list in the list, or a range. An entry is one value; where values are lists themselves (layers), a list of them stands there. */
static void entry_hint(const struct param_row *row, struct value entry, struct error *err) {
    if (entry.kind == VAL_TUPLE)
        err_hint(err, "a range to draw from stands alone: %s=(low, high); in a list, every entry is one value to try", row->name);
    else if (entry.kind == VAL_LIST || entry.kind == VAL_RANGE)
        err_hint(err, "every entry is one value to try: write them as one list, %s=[…, …]", row->name);
}

static enum status read_list(const struct param_row *row, struct value list, struct sweep_axis *axis, struct error *err) {
    const size_t n = seq_len(list);
    if (n == 0) return arg_error(row->name, err, ERR_VALUE, "`%s` has no values to try", row->name);
    if (n > SWEEP_SETTINGS_MAX)
        return arg_error(row->name, err, ERR_LIMIT, "`%s` has %zu values; at most %d settings are tried", row->name, n, SWEEP_SETTINGS_MAX);
    union param_value *values = xnew_array(union param_value, n);
    axis->values = values;
    axis->n_values = n;
    for (size_t i = 0; i < n; i++) {
        struct error own = ERROR_INIT;
        if (param_of_value(row, seq_item(list, i), &values[i], &own) == OK) continue;
        arg_error(row->name, err, own.code, "%s[%zu]: %s", row->name, i, own.message);
        entry_hint(row, seq_item(list, i), err);
        return own.hint[0] ? err_hint(err, "%s", own.hint) : err->code;
    }
    return OK;
}

static enum status wrong_range(const struct param_row *row, struct error *err) {
    arg_error(row->name, err, ERR_VALUE, "a range is (low, high) or (low, high, \"log\")");
    return err_hint(err, "%s=(0.01, 1, \"log\") draws evenly by factors; a list tries just its values", row->name);
}

/* (low, high) or (low, high, "log") */
#define WHOLE_MAX 9007199254740992.0 /* 2^53: whole numbers that doubles hold */

static enum status read_range(const struct param_row *row, struct value range, struct sweep_axis *axis, struct error *err) {
    const size_t n = seq_len(range);
    if (row->type != PARAM_INT && row->type != PARAM_FLOAT) {
        arg_error(row->name, err, ERR_TYPE, "`%s` has no range: it isn't a number", row->name);
        return err_hint(err, "give its values in a list");
    }
    const bool whole = row->type == PARAM_INT;
    for (size_t i = 0; i < 2 && i < n; i++)
        if (seq_item(range, i).kind != VAL_INT && (whole || seq_item(range, i).kind != VAL_FLOAT)) return wrong_range(row, err);
    const bool says_log = n == 3 && seq_item(range, 2).kind == VAL_STR && strcmp(value_text(seq_item(range, 2)).data, "log") == 0;
    if (n != 2 && !says_log) return wrong_range(row, err);
    axis->low = value_number(seq_item(range, 0));
    axis->high = value_number(seq_item(range, 1));
    axis->by_factors = says_log;
    if (!isfinite(axis->low) || !isfinite(axis->high) || axis->low > axis->high) return wrong_range(row, err);
    if ((row->min != 0 || row->max != 0) && (axis->low < row->min || axis->high > row->max))
        return arg_error(row->name, err, ERR_VALUE, "`%s` must be from %.15g to %.15g; the range to draw from is (%.15g, %.15g)", row->name, row->min,
                         row->max, axis->low, axis->high);
    if (whole && fmax(fabs(axis->low), fabs(axis->high)) > WHOLE_MAX) return wrong_range(row, err);
    if (says_log && !(axis->low > 0))
        return arg_error(row->name, err, ERR_VALUE, "a range that is drawn by factors begins above 0, got %g", axis->low);
    return OK;
}

static enum status no_list(const struct model_class *class, const struct param_row *row, struct value value, struct error *err) {
    const char *name = row->name;
    const bool is_array = value_data(value, &type_array) != NULL;
    arg_error(name, err, ERR_TYPE, "`%s` needs a list of values, or a range (low, high) to draw from, got %s", name, value_type_name(value));
    if (value.kind == VAL_SET || (is_array && row->type == PARAM_FLOAT)) return err_hint(err, "list(…) makes a list of it");
    if (is_array && row->type == PARAM_INT) return err_hint(err, "an Array holds floats; write whole numbers: %s=[8, 16]", name);
    if (value_data(value, &type_table)) return err_hint(err, "a column of the Table is a list: t[\"%s\"]", name);
    return err_hint(err, "what doesn't vary belongs to the recipe: %s(%s=…)", class->name, name);
}

static enum status read_axis(const struct model_class *class, const char *name, struct value value, struct sweep_axis *axis, struct error *err) {
    const bool is_epochs = class->iterative && strcmp(name, epochs_row.name) == 0;
    axis->row = is_epochs ? SWEEP_EPOCHS : params_find(class, name);
    if (!is_epochs && axis->row < 0) return no_such_parameter(class, name, err);
    const struct param_row *row = is_epochs ? &epochs_row : &class->params[axis->row];
    if (value.kind == VAL_TUPLE) return read_range(row, value, axis, err);
    if (value.kind != VAL_LIST && value.kind != VAL_RANGE) return no_list(class, row, value, err);
    struct value list;
    TRY(value_to_list(value, &list, err));
    const enum status status = read_list(row, list, axis, err);
    value_release(&list);
    return status;
}

static enum status read_axes(const struct call *call, const struct model_class *class, struct axes *out, struct error *err) {
    const struct value given = arg(call, "parameters");
    const size_t n = dict_len(given);
    if (n > SWEEP_AXES_MAX) return err_set(err, ERR_LIMIT, "%zu parameters vary; at most %d can", n, SWEEP_AXES_MAX);
    for (out->n = 0; out->n < n;) {
        const size_t i = out->n++;
        TRY(read_axis(class, value_text(dict_key(given, i)).data, dict_value(given, i), &out->items[i], err));
    }
    return OK;
}

/* --- what the table remembers, for best() --- */

struct swept {
    struct table_origin origin;
    struct recipe *recipe; /* of what didn't vary, with the seed of the fits */
    char **names;          /* columns of what did */
    size_t n_names;
    char *metric;
    bool larger_is_better;
};

static const char swept_kind[] = "sweep";

static void swept_release(struct table_origin *origin) {
    struct swept *swept = (struct swept *)origin;
    for (size_t i = 0; i < swept->n_names; i++) free(swept->names[i]);
    free(swept->names);
    free(swept->metric);
    recipe_unref(swept->recipe);
    free(swept);
}

static struct table *table_of(const struct sweep *sweep, const struct sweep_request *request, const struct recipe *recipe) {
    struct swept *swept = xnew(struct swept);
    swept->origin = (struct table_origin){.count = 1, .kind = swept_kind, .release = swept_release};
    swept->recipe = recipe_copy(recipe);
    recipe_set_valid(swept->recipe, NULL);
    recipe_set_tuned_on(swept->recipe, request->valid);
    recipe_set_monitor(swept->recipe, NULL);
    swept->recipe->common.seed = request->common.seed;
    swept->recipe->seed_given = true;
    swept->names = xnew_array(char *, request->n_axes + 1);
    swept->n_names = request->n_axes;
    for (size_t a = 0; a < request->n_axes; a++) swept->names[a] = xstrdup(sweep_axis_name(request, a));
    swept->metric = xstrdup(request->metric.text);
    swept->larger_is_better = request->metric.row->larger_is_better;
    struct table *table = sweep_table(sweep);
    table_set_origin(table, &swept->origin);
    return table;
}

/* --- the table as it grows --- */

static struct table *best_rows(struct table *takes, const struct metric *metric) {
    const int64_t n = takes->n_rows;
    int64_t *order = table_order(takes, table_column(takes, metric->text), metric->row->larger_is_better);
    struct table *best = table_take(takes, order, LIVE_ROWS);
    table_caption(best, "the best %d of %lld settings so far", LIVE_ROWS, (long long)n);
    free(order);
    table_unref(takes);
    return best;
}

struct live {
    struct context *context;
    const struct sweep_request *request;
};

static void on_changed(void *ctx, const struct sweep *sweep) {
    const struct live *live = ctx;
    struct table *table = sweep_table(sweep);
    if (table->n_rows > LIVE_ROWS) table = best_rows(table, &live->request->metric);
    table_unref(live->context->live);
    live->context->live = table;
}

/* --- sweep --- */

static enum sweep_search search_of(const struct call *call) {
    const char *word = arg_str(call, "search");
    return strcmp(word, "random") == 0 ? SWEEP_RANDOM : strcmp(word, "halving") == 0 ? SWEEP_HALVING : SWEEP_GRID;
}

static enum status metric_of(const struct call *call, const struct recipe *recipe, struct metric *out, struct error *err) {
    const char *text = arg_str(call, "metric");
    if (!text) text = recipe->monitor;
    if (!text) text = recipe->class->predicts_ratings && dataset_is_explicit(arg_data(call, "train", &type_dataset)) ? "rmse" : "ndcg@10";
    return metric_parse(text, 0, out, err) == OK ? OK : err_about(err, "metric");
}

static enum status check_recipe(const struct recipe *recipe, struct error *err) {
    if (!recipe->valid) return OK;
    err_set(err, ERR_VALUE, "the recipe has a valid= of its own");
    err_hint(err, "leave it away: sweep judges every epoch on the part that it is given");
    return err_about(err, "recipe");
}

/* An interrupted sweep's table takes the place of the interrupted fit's model. */
static void keep_partial(const struct call *call, const struct sweep *sweep, const struct sweep_request *request, const struct recipe *recipe) {
    if (sweep_n_done(sweep) == 0) return;
    value_release(&call->interp->partial);
    call->interp->partial = value_table(table_of(sweep, request, recipe));
}

static enum status run(const struct call *call, const struct sweep_request *request, const struct recipe *recipe, struct value *out,
                       struct error *err) {
    struct sweep *sweep;
    TRY(sweep_new(request, &sweep, err));
    const enum status status = sweep_run(sweep, err);
    if (status == OK) *out = value_table(table_of(sweep, request, recipe));
    else if (status == ERR_INTERRUPTED) keep_partial(call, sweep, request, recipe);
    sweep_free(sweep);
    return status;
}

static enum status sweep_call(const struct call *call, const struct axes *axes, struct value *out, struct error *err) {
    const struct recipe *recipe = arg_data(call, "recipe", &type_recipe);
    struct sweep_request request = {.class = recipe->class,
                                    .params = &recipe->params,
                                    .train = arg_data(call, "train", &type_dataset),
                                    .valid = arg_data(call, "valid", &type_dataset),
                                    .axes = axes->items,
                                    .n_axes = axes->n,
                                    .search = search_of(call),
                                    .n = arg_is_none(call, "n") ? 0 : arg_int(call, "n"),
                                    .task = call->task};
    struct live live = {context_of(call), &request};
    TRY(check_recipe(recipe, err));
    TRY(metric_of(call, recipe, &request.metric, err));
    TRY(context_device(context_of(call), &request.device, err));
    recipe_common(call, recipe, &request.common);
    request.common.monitor = NULL;
    request.changed = request.common.verbose ? on_changed : NULL;
    request.ctx = &live;
    const enum status status = run(call, &request, recipe, out, err);
    table_unref(live.context->live);
    live.context->live = NULL;
    return status;
}

static enum status bi_sweep(const struct call *call, struct value *out, struct error *err) {
    const struct recipe *recipe = arg_data(call, "recipe", &type_recipe);
    struct axes axes = {.n = 0};
    enum status status = read_axes(call, recipe->class, &axes, err);
    if (status == OK) status = sweep_call(call, &axes, out, err);
    axes_release(&axes);
    return status;
}

/* --- best --- */

static enum status origin_of(const struct table *table, const struct swept **out, struct error *err) {
    if (table->origin && table->origin->kind == swept_kind) {
        *out = (const struct swept *)table->origin;
        return OK;
    }
    err_set(err, ERR_VALUE, "this Table is no sweep's: it doesn't say what recipe its rows are of");
    err_hint(err, "tuned = sweep(als(), train, valid, factors=[16, 64]), then best(tuned)");
    return err_about(err, "tuned");
}

/* The first of the best rows. */
static enum status best_row(const struct table *table, const struct swept *swept, int64_t *out, struct error *err) {
    struct column *column;
    TRY(table_want(table, swept->metric, &column, err));
    int64_t best = -1;
    for (int64_t i = 0; i < table->n_rows; i++) {
        const double value = cell_number(column, i), other = best < 0 ? (double)NAN : cell_number(column, best);
        if (isnan(value)) continue;
        if (best < 0 || (swept->larger_is_better ? value > other : value < other)) best = i;
    }
    *out = best;
    return best >= 0 ? OK : err_set(err, ERR_VALUE, "no row has a `%s`: there is no best one", swept->metric);
}

static enum status set_from_cell(struct recipe *recipe, const struct table *table, const char *name, int64_t row, struct error *err) {
    struct column *column;
    const int at = params_find(recipe->class, name);
    TRY(table_want(table, name, &column, err));
    if (at < 0) {
        recipe->common.epochs = (int64_t)cell_number(column, row);
        return OK;
    }
    struct value value = cell_value(column, row);
    const enum status status = param_of_value(&recipe->class->params[at], value, &recipe->params.values[at], err);
    recipe->params.given[at] = true;
    value_release(&value);
    return status;
}

static enum status recipe_of_row(const struct table *table, const struct swept *swept, int64_t row, struct recipe *recipe, struct error *err) {
    for (size_t i = 0; i < swept->n_names; i++) TRY(set_from_cell(recipe, table, swept->names[i], row, err));
    return recipe->class->iterative ? set_from_cell(recipe, table, "epoch", row, err) : OK;
}

static enum status bi_best(const struct call *call, struct value *out, struct error *err) {
    const struct table *table = arg_data(call, "tuned", &type_table);
    const struct swept *swept = NULL;
    int64_t row;
    TRY(origin_of(table, &swept, err));
    TRY(best_row(table, swept, &row, err));
    struct recipe *recipe = recipe_copy(swept->recipe);
    const enum status status = recipe_of_row(table, swept, row, recipe, err);
    if (status == OK) *out = value_recipe(recipe);
    else recipe_unref(recipe);
    return status;
}

/* --- rows --- */

#define GROUP "Tune"
#define NOTES (const struct param_note[])

const struct builtin_row builtins_sweep[] = {
    {.sigs = "sweep(recipe: Recipe, train: Dataset, valid: Dataset, *, metric: str | None = None, search: \"grid\" | \"random\" | \"halving\" = "
             "\"grid\", n: int | None = None, seed: int | None = None, verbose: bool = True, **parameters: Any) -> Table",
     .group = GROUP,
     .summary = "Fits a recipe with many settings of its parameters and judges each: a row a setting, the best one marked.",
     .notes =
         NOTES{{"recipe", .doc = "what doesn't vary: als(epochs=15)"},
               {"train", .doc = "the rows to learn from"},
               {"valid", .doc = "the part to judge on, and to choose the epoch by"},
               {"metric", .doc = "what is judged; None: the recipe's monitor=, else rmse for ratings, ndcg@10 for ranking", .completes = "metric"},
               {"search", .doc = "\"grid\" takes all combinations; \"random\" draws n of them; \"halving\" trains all a little and lets the "
                                 "better half go on with twice the epochs, until the rest has all"},
               {"n", .doc = "random, halving: how many settings are drawn; None: all combinations", .min = 1, .max = SWEEP_SETTINGS_MAX},
               {"seed", .doc = "of the draws and of every fit; None: the recipe's, else the session's"},
               {"verbose", .doc = "the table as it grows"},
               {"parameters",
                .doc = "what varies: a list, each entry one value to try, factors=[16, 64]; or a range to draw from, reg=(0.01, 1), with \"log\" "
                       "evenly by factors, reg=(0.001, 1, \"log\")",
                .completes = "recipe"},
               {0}},
     .doc =
         "A model with epochs is judged after each of them and counts with the best one (column `epoch`), so epochs= of the recipe is the most "
         "that a setting gets; with early stopping by the recipe's patience=. A setting that fails is a row with its error. An interrupt keeps the "
         "rows that have ended in `_partial`. Drawn numbers have four digits; the same seed draws the same settings. best(tuned) is the best "
         "setting as a Recipe; heatmap(tuned) draws two parameters.",
     .example = "train, valid, test = split(synth(), valid=0.1, test=0.1, seed=1)\n"
                "tuned = sweep(als(epochs=5), train, valid, factors=[2, 4], reg=[0.05, 0.1])\n"
                "tuned",
     .run = bi_sweep,
     .other_names = "GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV (scikit-learn), GridSearchCV (Surprise), study.optimize (Optuna), tune"},
    {.sigs = "best(tuned: Table) -> Recipe",
     .group = GROUP,
     .summary = "The best setting of a sweep as a Recipe, with the epoch that counts.",
     .notes = NOTES{{"tuned", .doc = "what sweep gave, or some of its rows"}, {0}},
     .doc =
         "fit(best(tuned), concat(train, valid)) fits it on all rows that were there for choosing: with the seed of the sweep, for as many epochs as "
         "were best.",
     .example = "train, valid, test = split(synth(), valid=0.1, test=0.1, seed=1)\n"
                "tuned = sweep(als(epochs=5), train, valid, factors=[2, 4])\n"
                "fit(best(tuned), concat(train, valid))",
     .run = bi_best,
     .other_names = "best_params_, best_estimator_ (scikit-learn), best_trial (Optuna)"},
    {0},
};
