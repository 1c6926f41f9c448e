/* A sweep as a table. */
#include <math.h>
#include <string.h>

#include "models/eval/sweep_parts.h"
#include "runtime/base/mem.h"

/* Rows: the settings that were begun and ended. Owned array, *out_n of them. */
static int64_t *shown_settings(const struct sweep *sweep, int64_t *out_n) {
    int64_t *rows = xnew_array(int64_t, (size_t)sweep->n + 1);
    *out_n = 0;
    for (int64_t i = 0; i < sweep->n; i++)
        if (sweep->settings[i].round) rows[(*out_n)++] = i;
    return rows;
}

static void add_axis(const struct sweep *sweep, size_t a, const int64_t *rows, struct table *table) {
    const struct sweep_request *request = &sweep->request;
    const char *name = sweep_axis_name(request, a);
    const enum param_type type = axis_type(request, &request->axes[a]);
    int64_t *ints = type == PARAM_INT ? table_add_ints(table, name) : NULL;
    double *floats = type == PARAM_FLOAT ? table_add_floats(table, name, -1) : NULL;
    bool *bools = type == PARAM_BOOL ? table_add_bools(table, name) : NULL;
    char **strs = type == PARAM_STR ? table_add_strs(table, name) : NULL;
    for (int64_t i = 0; i < table->n_rows; i++) {
        const union param_value value = sweep->settings[rows[i]].values[a];
        if (ints) ints[i] = value.i;
        if (floats) floats[i] = value.f;
        if (bools) bools[i] = value.b;
        if (strs) strs[i] = xstrdup(value.s);
    }
}

static void add_metric(const struct sweep *sweep, const int64_t *rows, struct table *table) {
    double *values = table_add_floats(table, sweep->request.metric.text, 4);
    struct column *column = &table->columns[table->n_columns - 1];
    column->best = sweep->request.metric.row->larger_is_better ? 1 : -1;
    for (int64_t i = 0; i < table->n_rows; i++) {
        values[i] = sweep->settings[rows[i]].value;
        if (isnan(values[i])) table_set_null(column, table->n_rows, i);
    }
    double *seconds = table_add_floats(table, "seconds", 2);
    for (int64_t i = 0; i < table->n_rows; i++) seconds[i] = sweep->settings[rows[i]].seconds;
}

static void add_epochs(const struct sweep *sweep, const int64_t *rows, struct table *table) {
    if (!sweep->request.class->iterative) return;
    int64_t *epochs = table_add_ints(table, "epoch");
    struct column *column = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < table->n_rows; i++) {
        epochs[i] = sweep->settings[rows[i]].epoch;
        if (epochs[i] == 0) table_set_null(column, table->n_rows, i);
    }
    if (sweep->request.search != SWEEP_HALVING) return;
    int64_t *rounds = table_add_ints(table, "round");
    for (int64_t i = 0; i < table->n_rows; i++) rounds[i] = sweep->settings[rows[i]].round;
}

static void add_errors(const struct sweep *sweep, const int64_t *rows, struct table *table) {
    bool any = false;
    for (int64_t i = 0; i < table->n_rows; i++) any = any || sweep->settings[rows[i]].error;
    if (!any) return;
    char **errors = table_add_strs(table, "error");
    struct column *column = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < table->n_rows; i++) {
        const char *error = sweep->settings[rows[i]].error;
        if (error) errors[i] = xstrdup(error);
        else table_set_null(column, table->n_rows, i);
    }
}

/* "6 settings, all combinations, seed 0", "16 settings, drawn, halved after 1, 2, 5 and 10 of 20 epochs, seed 1" */
static void add_search(const struct sweep *sweep, struct buf *out) {
    const struct sweep_request *request = &sweep->request;
    buf_add_counted(out, sweep->n, "settings, ");
    buf_adds(out, !sweep->drawn ? "all combinations" : sweep->n < request->n ? "drawn (there are no more)" : "drawn");
    if (request->search == SWEEP_HALVING) {
        for (int round = 1; round < sweep->n_rounds; round++)
            buf_addf(out, "%s%lld",
                     round == 1                     ? ", halved after "
                     : round == sweep->n_rounds - 1 ? " and "
                                                    : ", ",
                     (long long)sweep_budget(sweep, round));
        buf_addf(out, "%s%lld epochs", sweep->n_rounds == 1 ? ", " : " of ", (long long)sweep_epochs(request));
    }
    buf_addf(out, ", seed %llu", (unsigned long long)request->common.seed);
}

static void caption(const struct sweep *sweep, struct table *table) {
    const struct sweep_request *request = &sweep->request;
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s(", request->class->name);
    params_given(request->class, request->params, &request->common, &text);
    buf_addf(&text, ") judged on %s", dataset_name(request->valid));
    buf_adds(&text, ": ");
    add_search(sweep, &text);
    const struct protocol protocol = protocol_for_valid(request->valid, 0);
    if (protocol.sampled && request->metric.row->kind == METRIC_RANKING)
        buf_addf(&text, "; each held-out item among %lld drawn ones", (long long)protocol.negatives);
    table_caption(table, "%s", buf_text(&text));
    buf_release(&text);
}

static void notes(const struct sweep *sweep, struct table *table) {
    const struct split *split = dataset_split(sweep->request.valid);
    const int64_t best = sweep_best(sweep);
    struct buf text = BUF_INIT;
    if (best >= 0) {
        const struct setting *setting = &sweep->settings[best];
        setting_text(sweep, setting, &text);
        if (setting->epoch) buf_addf(&text, ", epoch %lld", (long long)setting->epoch);
        table_note(table, "Best: %s, %s %.4f; best(…) is that recipe.", buf_text(&text), sweep->request.metric.text, setting->value);
    }
    if (split) table_note(table, "Split: %s.", split->description);
    if (sweep->interrupted) table_note(table, "Interrupted: %lld of %lld settings had ended.", (long long)sweep->n_done, (long long)sweep->n);
    buf_release(&text);
}

struct table *sweep_table(const struct sweep *sweep) {
    int64_t n;
    int64_t *rows = shown_settings(sweep, &n);
    struct table *table = table_new(n);
    for (size_t a = 0; a < sweep->request.n_axes; a++) add_axis(sweep, a, rows, table);
    add_metric(sweep, rows, table);
    add_epochs(sweep, rows, table);
    add_errors(sweep, rows, table);
    caption(sweep, table);
    notes(sweep, table);
    const int64_t best = sweep_best(sweep);
    for (int64_t i = 0; i < n; i++)
        if (rows[i] == best) table->marked_row = i;
    free(rows);
    return table;
}
