/* plot, curve, bars: numbers over numbers, numbers by name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/plots_data.h"
#include "runtime/base/mem.h"

#define LINES_MAX 24
#define BARS_MAX 60
#define POINTS_SHOWN 40 /* lines of fewer points show them */

/* --- columns of a table --- */

/* The name given, else the first column (numeric where that is needed) other than `but`. */
static enum status pick_column(const struct call *call, const char *parameter, const struct table *table, bool numeric, const struct column *but,
                               struct column **out, struct error *err) {
    const char *name = arg_str(call, parameter);
    if (name) return named_column(call, parameter, table, out, err);
    for (size_t c = 0; c < table->n_columns; c++) {
        struct column *column = &table->columns[c];
        if (column == but || (numeric && !column_is_numeric(column))) continue;
        *out = column;
        return OK;
    }
    err_set(err, ERR_VALUE, "the table has no column%s for `%s`", numeric ? " of numbers" : "", parameter);
    return err_hint(err, "name one: %s=\"…\"", parameter);
}

struct picked {
    struct column *columns[LINES_MAX];
    size_t n;
};

static enum status pick_named(const struct table *table, struct value names, struct picked *out, struct error *err) {
    const char **texts = NULL;
    size_t n = 0;
    TRY(value_texts(names, &texts, &n, err));
    enum status status = n > LINES_MAX ? err_set(err, ERR_VALUE, "%zu columns are too many for one picture, at most %d", n, LINES_MAX) : OK;
    for (size_t i = 0; i < n && status == OK; i++) status = table_want(table, texts[i], &out->columns[out->n++], err);
    free(texts);
    return status == OK ? OK : err_about(err, "y");
}

/* The first column from `from` on that says what is better, as a sweep's and an evaluation's do; NULL: none. */
static struct column *judged_column(const struct table *table, size_t from, const struct column *but) {
    for (size_t c = from; c < table->n_columns; c++)
        if (&table->columns[c] != but && table->columns[c].best && column_is_numeric(&table->columns[c])) return &table->columns[c];
    return NULL;
}

/* The columns named by y=, else those that are judged, else all numeric ones but x. */
static enum status pick_lines(const struct call *call, const struct table *table, const struct column *x, struct picked *out, struct error *err) {
    out->n = 0;
    if (!arg_is_none(call, "y")) return pick_named(table, arg(call, "y"), out, err);
    for (struct column *y = judged_column(table, 0, x); y && out->n < LINES_MAX; y = judged_column(table, (size_t)(y - table->columns) + 1, x))
        out->columns[out->n++] = y;
    for (size_t c = 0; c < table->n_columns && out->n < LINES_MAX && !(out->n && out->columns[0]->best); c++)
        if (&table->columns[c] != x && column_is_numeric(&table->columns[c])) out->columns[out->n++] = &table->columns[c];
    if (out->n > 0) return OK;
    err_set(err, ERR_VALUE, "the table has no column of numbers to draw over `%s`", x->name);
    return err_hint(err, "name one: y=\"…\"");
}

/* --- what a set of lines says --- */

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static bool smaller_is_better(const char *name) {
    static const char *const losses[] = {"rmse", "mae", "mse", "loss", "gini"};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strstr(name, losses[i])) return true;
    return false;
}

/* The best place of a validation line: a mark and its words. */
static void mark_best(struct plot *plot, const struct series *line, const char *x_name) {
    if (line->n < 3 || !line->name || !begins(line->name, "valid")) return;
    bool smaller = smaller_is_better(line->name);
    int64_t best = -1;
    for (int64_t i = 0; i < line->n; i++)
        if (isfinite(line->y[i]) && (best < 0 || (smaller ? line->y[i] < line->y[best] : line->y[i] > line->y[best]))) best = i;
    if (best < 0 || isfinite(plot->best_x)) return;
    plot->best_x = line->x[best];
    plot_set_text(&plot->best_text, "best %s %.4g at %s %g", line->name, line->y[best], x_name, line->x[best]);
}

/* A line over one or a few columns: validation and test dashed beside training. */
static void dress_lines(struct plot *plot) {
    bool trains = false;
    for (size_t s = 0; s < plot->n_series; s++) trains = trains || (plot->series[s].name && begins(plot->series[s].name, "train"));
    for (size_t s = 0; s < plot->n_series; s++) {
        struct series *line = &plot->series[s];
        line->points = line->n <= POINTS_SHOWN;
        line->dashed = trains && line->name && (begins(line->name, "valid") || begins(line->name, "test"));
    }
}

static void sum_up_line(const struct series *line, struct buf *out) {
    double least = INFINITY, most = -INFINITY, last = NAN;
    for (int64_t i = 0; i < line->n; i++) {
        if (!isfinite(line->y[i])) continue;
        least = fmin(least, line->y[i]);
        most = fmax(most, line->y[i]);
        last = line->y[i];
    }
    if (!isfinite(last)) buf_addf(out, "%s: no numbers", line->name ? line->name : "values");
    else {
        buf_addf(out, "%s: ", line->name ? line->name : "values");
        plot_add_number(out, least);
        buf_adds(out, " to ");
        plot_add_number(out, most);
        buf_adds(out, ", last ");
        plot_add_number(out, last);
    }
}

static void sum_up(struct plot *plot, const char *what, const char *x_name) {
    struct buf text = BUF_INIT;
    if (plot->title) buf_addf(&text, "%s. ", plot->title);
    buf_addf(&text, "%s over %s.", what, x_name);
    for (size_t s = 0; s < plot->n_series; s++) {
        buf_adds(&text, s ? "; " : " ");
        sum_up_line(&plot->series[s], &text);
    }
    if (plot->best_text) buf_addf(&text, "; %s", plot->best_text);
    buf_adds(&text, ".");
    free(plot->summary);
    plot->summary = buf_take(&text);
}

static bool all_positive_span(const struct plot *plot, bool of_x, double *out_ratio) {
    double least = INFINITY, most = -INFINITY;
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++) {
            double value = of_x ? plot->series[s].x[i] : plot->series[s].y[i];
            if (isnan(value)) continue;
            if (!(value > 0) || isinf(value)) return false;
            least = fmin(least, value);
            most = fmax(most, value);
        }
    *out_ratio = most / least;
    return most >= least;
}

/* 1, 2, 5, 10, 100 …: numbers that grow by factors are read on a log axis. */
static bool grows_by_factors(const struct plot *plot) {
    double ratio = 0;
    if (!all_positive_span(plot, true, &ratio) || ratio < 16) return false;
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 1; i < plot->series[s].n; i++)
            if (plot->series[s].x[i] < 1.5 * plot->series[s].x[i - 1]) return false;
    return true;
}

/* log_x= and log_y=: as told; else x when it grows by factors, y when it spans more than two decades. */
static enum status choose_scales(const struct call *call, struct plot *plot, struct error *err) {
    double ratio = 0;
    bool told_x = !arg_is_none(call, "log_x"), told_y = !arg_is_none(call, "log_y");
    plot->log_x = told_x ? arg_bool(call, "log_x") : grows_by_factors(plot);
    plot->log_y = told_y ? arg_bool(call, "log_y") : all_positive_span(plot, false, &ratio) && ratio > 100;
    if (told_x && plot->log_x && !all_positive_span(plot, true, &ratio))
        return arg_error("log_x", err, ERR_VALUE, "a log axis needs numbers above 0, and x has others");
    if (told_y && plot->log_y && !all_positive_span(plot, false, &ratio))
        return arg_error("log_y", err, ERR_VALUE, "a log axis needs numbers above 0, and y has others");
    return OK;
}

static bool has_numbers(const struct plot *plot) {
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++)
            if (isfinite(plot->series[s].y[i]) && isfinite(plot->series[s].x[i])) return true;
    return false;
}

/* Titles, scales, dashes, the best mark and the summary: the end of plot and curve. *out takes the plot. */
static enum status finish_lines(const struct call *call, struct plot *plot, const char *x_name, struct value *out, struct error *err) {
    enum status status = OK;
    if (!has_numbers(plot)) {
        status = err_set(err, ERR_VALUE, "there is nothing to draw: no row has numbers for both axes");
    } else {
        plot_common(call, plot);
        dress_lines(plot);
        for (size_t s = 0; s < plot->n_series && plot->n_series <= 3; s++) mark_best(plot, &plot->series[s], x_name);
        status = choose_scales(call, plot, err);
    }
    if (status != OK) {
        plot_unref(plot);
        return status;
    }
    if (!plot->x_title) plot_set_text(&plot->x_title, "%s", x_name);
    if (!plot->y_title && plot->n_series == 1 && plot->series[0].name) plot_set_text(&plot->y_title, "%s", plot->series[0].name);
    sum_up(plot, plot->n_series == 1 ? "A line" : "Lines", x_name);
    *out = value_plot(plot);
    return OK;
}

/* --- plot --- */

static enum status add_line(struct plot *plot, const struct table *table, const struct column *y, const double *x, const char *name,
                            struct error *err) {
    double *values = NULL;
    TRY(column_numbers(table, y, &values, err));
    struct series *line = plot_add_series(plot, name, table->n_rows);
    memcpy(line->x, x, (size_t)table->n_rows * sizeof *x);
    memcpy(line->y, values, (size_t)table->n_rows * sizeof *values);
    mem_free(values);
    return OK;
}

static enum status plot_table(const struct call *call, const struct table *table, struct value *out, struct error *err) {
    struct column *x = NULL;
    struct picked y;
    double *values = NULL;
    if (table->n_rows == 0) return arg_error("data", err, ERR_VALUE, "there is nothing to draw: the table has no rows");
    TRY(pick_column(call, "x", table, true, NULL, &x, err));
    TRY(pick_lines(call, table, x, &y, err));
    TRY(column_numbers(table, x, &values, err));
    struct plot *plot = plot_new(PLOT_LINES);
    if (table->caption) plot_set_text(&plot->title, "%s", table->caption);
    enum status status = OK;
    for (size_t i = 0; i < y.n && status == OK; i++) status = add_line(plot, table, y.columns[i], values, y.columns[i]->name, err);
    mem_free(values);
    if (status != OK) {
        plot_unref(plot);
        return status;
    }
    return finish_lines(call, plot, x->name, out, err);
}

/* One list: over 0, 1, 2 …; two: the second over the first. */
static enum status plot_lists(const struct call *call, struct value *out, struct error *err) {
    double *first = NULL, *second = NULL;
    int64_t n = 0, n_second = 0;
    bool two = call->overload == 2;
    TRY(value_numbers(arg(call, two ? "x" : "y"), &first, &n, err));
    enum status status = two ? value_numbers(arg(call, "y"), &second, &n_second, err) : OK;
    if (status == OK && two && n != n_second)
        status = err_set(err, ERR_VALUE, "x has %lld numbers and y has %lld", (long long)n, (long long)n_second);
    struct plot *plot = status == OK ? plot_new(PLOT_LINES) : NULL;
    struct series *line = plot ? plot_add_series(plot, NULL, n) : NULL;
    for (int64_t i = 0; line && i < n; i++) {
        line->x[i] = two ? first[i] : (double)i;
        line->y[i] = two ? second[i] : first[i];
    }
    mem_free(first);
    mem_free(second);
    return plot ? finish_lines(call, plot, two ? "x" : "position", out, err) : status;
}

enum status bi_plot(const struct call *call, struct value *out, struct error *err) {
    if (call->overload > 0) return plot_lists(call, out, err);
    return plot_table(call, arg_data(call, "data", &type_table), out, err);
}

/* --- curve --- */

/* The history's column that y= names; else its validation, else its training column. */
static struct column *history_column(const struct call *call, const struct table *history, const struct model *model, struct error *err) {
    const char *name = arg_str(call, "y");
    struct column *column = NULL;
    if (name && table_want(history, name, &column, err) != OK) {
        err_note(err, "while looking into the history of `%s`", model->name);
        return NULL;
    }
    for (size_t c = 0; c < history->n_columns && !name; c++) {
        struct column *candidate = &history->columns[c];
        if (begins(candidate->name, "valid_") || (!column && begins(candidate->name, "train_"))) column = candidate;
    }
    if (!column) err_set(err, ERR_VALUE, "`%s` was not fitted in epochs, so it has no curve", model->name);
    return column;
}

static enum status add_model_line(const struct call *call, struct plot *plot, const struct model *model, char **y_name, struct error *err) {
    struct table *history = model_history(model);
    struct column *x = NULL, *y = NULL;
    enum status status = history->n_rows > 0 ? OK : err_set(err, ERR_VALUE, "`%s` was not fitted in epochs, so it has no curve", model->name);
    if (status == OK) status = table_want(history, arg_str(call, "x") ? arg_str(call, "x") : "epoch", &x, err);
    if (status == OK) y = history_column(call, history, model, err);
    if (status == OK && !y) status = err->code;
    double *values = NULL;
    if (status == OK) status = column_numbers(history, x, &values, err);
    if (status == OK) status = add_line(plot, history, y, values, model->name, err);
    if (status == OK && !*y_name) *y_name = xstrdup(y->name);
    mem_free(values);
    table_unref(history);
    return status;
}

static enum status curve_models(const struct call *call, struct value *out, struct error *err) {
    struct value models = arg(call, "data");
    size_t n = models.kind == VAL_LIST ? seq_len(models) : 1;
    if (n == 0) return arg_error("data", err, ERR_VALUE, "there is nothing to draw: the list has no models");
    if (n > LINES_MAX) return arg_error("data", err, ERR_VALUE, "%zu lines are too many for one picture, at most %d", n, LINES_MAX);
    struct plot *plot = plot_new(PLOT_LINES);
    char *y_name = NULL;
    enum status status = OK;
    for (size_t i = 0; i < n && status == OK; i++) {
        const struct model *model = value_data(models.kind == VAL_LIST ? seq_item(models, i) : models, &type_model);
        status = add_model_line(call, plot, model, &y_name, err);
    }
    if (y_name) plot_set_text(&plot->y_title, "%s", y_name);
    free(y_name);
    if (status == OK) return finish_lines(call, plot, arg_str(call, "x") ? arg_str(call, "x") : "epoch", out, err);
    plot_unref(plot);
    return status;
}

/* What is judged is drawn from left to right, of several rows at one x the best: what that x can give. */
static void keep_best(struct series *line, int better) {
    int64_t n = 0;
    for (int64_t i = 0; i < line->n; i++) {
        const double x = line->x[i], y = line->y[i];
        if (isnan(x) || isnan(y)) continue;
        int64_t at = n;
        while (at > 0 && line->x[at - 1] > x) at--;
        if (at > 0 && line->x[at - 1] == x) {
            if (better * y > better * line->y[at - 1]) line->y[at - 1] = y;
            continue;
        }
        memmove(line->x + at + 1, line->x + at, (size_t)(n - at) * sizeof *line->x);
        memmove(line->y + at + 1, line->y + at, (size_t)(n - at) * sizeof *line->y);
        line->x[at] = x, line->y[at] = y;
        n++;
    }
    line->n = n;
}

static enum status curve_table(const struct call *call, const struct table *table, struct value *out, struct error *err) {
    struct column *x = NULL, *y = NULL;
    double *values = NULL;
    if (table->n_rows == 0) return arg_error("data", err, ERR_VALUE, "there is nothing to draw: the table has no rows");
    TRY(pick_column(call, "x", table, true, NULL, &x, err));
    if (!arg_str(call, "y")) y = judged_column(table, 0, x);
    if (!y) TRY(pick_column(call, "y", table, true, x, &y, err));
    TRY(column_numbers(table, x, &values, err));
    struct plot *plot = plot_new(PLOT_LINES);
    if (table->caption) plot_set_text(&plot->title, "%s", table->caption);
    enum status status = add_line(plot, table, y, values, y->name, err);
    if (status == OK && y->best) keep_best(&plot->series[0], y->best);
    mem_free(values);
    if (status == OK) return finish_lines(call, plot, x->name, out, err);
    plot_unref(plot);
    return status;
}

enum status bi_curve(const struct call *call, struct value *out, struct error *err) {
    const struct table *table = value_data(arg(call, "data"), &type_table);
    return table ? curve_table(call, table, out, err) : curve_models(call, out, err);
}

/* --- bars --- */

/* A cell of the column, or what the row's cells say up to the column `until`: factors=16, reg=0.1. */
static void name_bar(const struct column *names, const struct column *until, int64_t row, struct buf *out) {
    const bool several = names + 1 < until;
    for (const struct column *column = names; column == names || column < until; column++) {
        if (cell_is_null(column, row)) continue;
        if (several) buf_addf(out, "%s%s=", out->len ? ", " : "", column->name);
        cell_text(column, row, out);
    }
}

static void name_bars(struct plot *plot, const struct table *table, const struct column *names, const struct column *until) {
    plot->ticks = xnew_array(char *, (size_t)table->n_rows);
    plot->n_ticks = (size_t)table->n_rows;
    for (int64_t r = 0; r < table->n_rows; r++) {
        struct buf text = BUF_INIT;
        name_bar(names, until, r, &text);
        plot->ticks[r] = buf_take(&text);
    }
}

static enum status pick_names(const struct call *call, const struct table *table, struct column **out, struct error *err) {
    if (arg_str(call, "x")) return named_column(call, "x", table, out, err);
    for (size_t c = 0; c < table->n_columns; c++)
        if (table->columns[c].type == COL_STR) {
            *out = &table->columns[c];
            return OK;
        }
    return pick_column(call, "x", table, false, NULL, out, err);
}

static void sum_up_bars(struct plot *plot) {
    struct buf text = BUF_INIT;
    if (plot->title) buf_addf(&text, "%s. ", plot->title);
    buf_adds(&text, "Bars:");
    for (size_t i = 0; i < plot->n_ticks && i < 12; i++) {
        buf_addf(&text, "%s %s", i ? ";" : "", plot->ticks[i]);
        for (size_t s = 0; s < plot->n_series; s++) {
            buf_adds(&text, s ? ", " : " ");
            plot_add_number(&text, plot->series[s].y[i]);
        }
    }
    if (plot->n_ticks > 12) buf_addf(&text, "; and %zu more", plot->n_ticks - 12);
    buf_adds(&text, ".");
    plot->summary = buf_take(&text);
}

static enum status check_bars(const struct table *table, struct error *err) {
    if (table->n_rows == 0) return arg_error("table", err, ERR_VALUE, "there is nothing to draw: the table has no rows");
    if (table->n_rows <= BARS_MAX) return OK;
    arg_error("table", err, ERR_VALUE, "%lld bars are too many to read, at most %d", (long long)table->n_rows, BARS_MAX);
    return err_hint(err, "take the first with table[:%d], or draw the spread with hist(table, \"column\")", BARS_MAX / 2);
}

enum status bi_bars(const struct call *call, struct value *out, struct error *err) {
    const struct table *table = arg_data(call, "table", &type_table);
    struct column *names = NULL;
    struct picked y;
    TRY(check_bars(table, err));
    TRY(pick_names(call, table, &names, err));
    TRY(pick_lines(call, table, names, &y, err));
    const struct column *judged = arg_is_none(call, "x") ? judged_column(table, 0, NULL) : NULL; /* of what stands before it */
    if (judged == table->columns) judged = NULL;
    if (judged) names = table->columns;
    double *places = xnew_array(double, (size_t)table->n_rows);
    struct plot *plot = plot_new(PLOT_BARS);
    enum status status = OK;
    for (int64_t r = 0; r < table->n_rows; r++) places[r] = (double)r;
    for (size_t i = 0; i < y.n && status == OK; i++) status = add_line(plot, table, y.columns[i], places, y.columns[i]->name, err);
    free(places);
    if (status == OK && !has_numbers(plot)) status = err_set(err, ERR_VALUE, "there is nothing to draw: `%s` has no numbers", y.columns[0]->name);
    if (status != OK) {
        plot_unref(plot);
        return status;
    }
    name_bars(plot, table, names, judged ? judged : names + 1);
    if (table->caption) plot_set_text(&plot->title, "%s", table->caption);
    plot_common(call, plot);
    if (plot->height == 0 && table->n_rows > 20) plot->height = (int)(140 + 20 * table->n_rows);
    if (y.n == 1) plot_set_text(&plot->y_title, "%s", y.columns[0]->name);
    sum_up_bars(plot);
    *out = value_plot(plot);
    return OK;
}
