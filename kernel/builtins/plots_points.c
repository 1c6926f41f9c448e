/* hist and scatter: how numbers spread, how two columns go together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/plots_data.h"
#include "plots/plot.h"
#include "plots/projection/projection.h"
#include "runtime/base/mem.h"

#define BINS_MAX 500
#define SINGLE_VALUES 20   /* so few different values get a bar each */
#define CHOSEN_BINS_MAX 60 /* where bins= says nothing */
#define TITLES_ON_SCATTER 24

/* --- hist --- */

struct sample {
    double *values;
    int64_t n;
    char *name;       /* NULL: unnamed */
    const char *unit; /* what is counted */
};

/* Finite values in order. */
static void tidy(struct sample *sample) {
    int64_t n = 0;
    for (int64_t i = 0; i < sample->n; i++)
        if (isfinite(sample->values[i])) sample->values[n++] = sample->values[i];
    sample->n = n;
    sort_numbers(sample->values, n);
}

static enum status sample_dataset(const struct call *call, struct dataset *dataset, struct sample *out, struct error *err) {
    if (arg_str(call, "column")) {
        arg_error("column", err, ERR_VALUE, "a Dataset shows its ratings, it has no column to choose");
        return err_hint(err, "hist(items(data), \"%s\") or hist(users(data), \"%s\")", arg_str(call, "column"), arg_str(call, "column"));
    }
    struct events_view view;
    TRY(dataset_columns(dataset, &view, err));
    int64_t n = dataset_n(dataset);
    TRY(mem_try_array((size_t)(n > 0 ? n : 1), "the numbers to draw", &out->values, err));
    for (int64_t i = 0; i < n; i++) out->values[i] = view.ratings[i];
    out->n = n;
    out->unit = "ratings";
    out->name = xstrdup("rating");
    return OK;
}

static enum status sample_table(const struct call *call, const struct table *table, struct sample *out, struct error *err) {
    struct column *column = NULL;
    if (arg_str(call, "column")) TRY(named_column(call, "column", table, &column, err));
    for (size_t c = 0; c < table->n_columns && !column; c++)
        if (column_is_numeric(&table->columns[c])) column = &table->columns[c];
    if (!column) return arg_error("data", err, ERR_VALUE, "the table has no column of numbers");
    TRY(column_numbers(table, column, &out->values, err));
    out->n = table->n_rows;
    out->unit = "rows";
    out->name = xstrdup(column->name);
    return OK;
}

static enum status read_sample(const struct call *call, struct sample *out, struct error *err) {
    struct value data = arg(call, "data");
    *out = (struct sample){.unit = "values"};
    struct dataset *dataset = value_data(data, &type_dataset);
    const struct table *table = value_data(data, &type_table);
    if (dataset) return sample_dataset(call, dataset, out, err);
    if (table) return sample_table(call, table, out, err);
    return value_numbers(data, &out->values, &out->n, err);
}

/* The least gap between different sorted values; *out_distinct: how many there are, at most SINGLE_VALUES + 1. */
static double least_gap(const struct sample *sample, int *out_distinct) {
    double gap = INFINITY;
    int distinct = sample->n > 0;
    for (int64_t i = 1; i < sample->n && distinct <= SINGLE_VALUES; i++) {
        if (sample->values[i] == sample->values[i - 1]) continue;
        gap = fmin(gap, sample->values[i] - sample->values[i - 1]);
        distinct++;
    }
    *out_distinct = distinct;
    return gap;
}

/* One bar a value: few values, evenly spaced (ratings, counts). */
static bool single_bins(const struct sample *sample, double *out_start, double *out_width, int64_t *out_bins) {
    int distinct;
    double gap = least_gap(sample, &distinct), min = sample->values[0], max = sample->values[sample->n - 1];
    if (distinct > SINGLE_VALUES) return false;
    if (distinct == 1) gap = 1;
    if ((max - min) / gap > 2 * SINGLE_VALUES) return false;
    for (int64_t i = 0; i < sample->n; i++) {
        double steps = (sample->values[i] - min) / gap;
        if (fabs(steps - round(steps)) > 1e-6) return false;
    }
    *out_start = min - gap / 2;
    *out_width = gap;
    *out_bins = (int64_t)round((max - min) / gap) + 1;
    return true;
}

static double nice_width(double raw) {
    double power = pow(10, floor(log10(raw))), lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10);
}

/* Freedman and Diaconis' width, rounded to a nice number, 8 to 60 bins; whole numbers get whole bins. */
static void choose_bins(const struct sample *sample, double *out_start, double *out_width, int64_t *out_bins) {
    double min = sample->values[0], max = sample->values[sample->n - 1], span = max - min;
    double quartiles = sample->values[sample->n * 3 / 4] - sample->values[sample->n / 4];
    double width = quartiles > 0 ? 2 * quartiles / cbrt((double)sample->n) : span / 30;
    width = nice_width(fmin(fmax(width, span / CHOSEN_BINS_MAX), span / 8));
    bool whole = true;
    for (int64_t i = 0; i < sample->n && whole; i++) whole = sample->values[i] == floor(sample->values[i]);
    if (whole) width = fmax(1, round(width));
    *out_width = width;
    *out_start = floor(min / width) * width;
    *out_bins = (int64_t)floor((max - *out_start) / width) + 1;
}

static void told_bins(const struct sample *sample, int64_t bins, double *out_start, double *out_width) {
    double span = sample->values[sample->n - 1] - sample->values[0];
    *out_width = span > 0 ? span / (double)bins : 1;
    *out_start = sample->values[0];
}

static double mean_of(const struct sample *sample) {
    double sum = 0;
    for (int64_t i = 0; i < sample->n; i++) sum += sample->values[i];
    return sum / (double)sample->n;
}

static struct plot *draw_hist(const struct call *call, const struct sample *sample) {
    double start = 0, width = 1;
    int64_t bins = arg_is_none(call, "bins") ? 0 : arg_int(call, "bins");
    if (bins > 0) told_bins(sample, bins, &start, &width);
    else if (!single_bins(sample, &start, &width, &bins)) choose_bins(sample, &start, &width, &bins);
    struct plot *plot = plot_new(PLOT_HIST);
    struct series *bars = plot_add_series(plot, NULL, bins);
    for (int64_t b = 0; b < bins; b++) bars->x[b] = start + width * ((double)b + 0.5);
    for (int64_t i = 0; i < sample->n; i++) {
        int64_t b = (int64_t)floor((sample->values[i] - start) / width);
        bars->y[b < 0 ? 0 : b >= bins ? bins - 1 : b]++;
    }
    plot->best_x = mean_of(sample);
    plot_set_text(&plot->best_text, "mean %.4g", plot->best_x);
    return plot;
}

static void sum_up_hist(struct plot *plot, const struct sample *sample) {
    char *count = count_text(sample->n);
    plot_set_text(&plot->subtitle, "%s %s · median %.4g · %.4g to %.4g", count, sample->unit, sample->values[sample->n / 2], sample->values[0],
                  sample->values[sample->n - 1]);
    plot_set_text(&plot->summary, "Histogram of %s %s in %lld bins: mean %.4g, median %.4g, from %.4g to %.4g.", count, sample->unit,
                  (long long)plot->series[0].n, plot->best_x, sample->values[sample->n / 2], sample->values[0], sample->values[sample->n - 1]);
    free(count);
}

/* Of a sorted sample: bins need a width that is a number. */
static enum status check_sample(const struct sample *sample, struct error *err) {
    if (sample->n == 0) return arg_error("data", err, ERR_VALUE, "there is nothing to draw: no numbers");
    const double min = sample->values[0], max = sample->values[sample->n - 1];
    if (max == min || isnormal((max - min) / CHOSEN_BINS_MAX)) return OK;
    return arg_error("data", err, ERR_VALUE, "numbers from %.4g to %.4g can't be cut into bins: they are too far apart, or too near", min, max);
}

enum status bi_hist(const struct call *call, struct value *out, struct error *err) {
    struct sample sample;
    enum status status = read_sample(call, &sample, err);
    if (status == OK) tidy(&sample);
    if (status == OK) status = check_sample(&sample, err);
    if (status == OK) {
        struct plot *plot = draw_hist(call, &sample);
        const struct dataset *dataset = value_data(arg(call, "data"), &type_dataset);
        if (dataset) plot_set_text(&plot->title, "Ratings of %s", dataset_name(dataset));
        plot_common(call, plot);
        if (sample.name) plot_set_text(&plot->x_title, "%s", sample.name);
        plot_set_text(&plot->y_title, "%s", sample.unit);
        sum_up_hist(plot, &sample);
        *out = value_plot(plot);
    }
    mem_free(sample.values);
    free(sample.name);
    return status;
}

/* --- scatter --- */

struct scatter {
    double *x, *y, *counts;
    int64_t n;
    const char *x_name, *y_name, *color_name;
    struct groups groups;
    char **titles;
};

static void scatter_release(struct scatter *s) {
    mem_free(s->x);
    mem_free(s->y);
    mem_free(s->counts);
    groups_release(&s->groups);
    for (int64_t i = 0; s->titles && i < s->n; i++) free(s->titles[i]);
    free(s->titles);
}

static char **column_titles(const struct column *column, int64_t n) {
    char **titles = xnew_array(char *, (size_t)n);
    for (int64_t r = 0; r < n; r++) {
        struct buf text = BUF_INIT;
        if (!cell_is_null(column, r)) cell_text(column, r, &text);
        titles[r] = buf_take(&text);
    }
    return titles;
}

static enum status scatter_table(const struct call *call, struct scatter *s, struct error *err) {
    const struct table *table = arg_data(call, "table", &type_table);
    struct column *x = NULL, *y = NULL, *color = NULL, *size = NULL, *label = NULL;
    s->n = table->n_rows;
    TRY(named_column(call, "x", table, &x, err));
    TRY(named_column(call, "y", table, &y, err));
    if (arg_str(call, "color")) TRY(named_column(call, "color", table, &color, err));
    if (arg_str(call, "size")) TRY(named_column(call, "size", table, &size, err));
    if (arg_str(call, "label")) TRY(named_column(call, "label", table, &label, err));
    TRY(column_numbers(table, x, &s->x, err));
    TRY(column_numbers(table, y, &s->y, err));
    if (size) TRY(column_numbers(table, size, &s->counts, err));
    if (color) groups_of_column(color, s->n, PALETTE_SIZE, 0, &s->groups);
    if (label) s->titles = column_titles(label, s->n);
    s->x_name = x->name;
    s->y_name = y->name;
    s->color_name = color ? color->name : NULL;
    return OK;
}

static enum status scatter_lists(const struct call *call, struct scatter *s, struct error *err) {
    int64_t n_y = 0;
    TRY(value_numbers(arg(call, "x"), &s->x, &s->n, err));
    TRY(value_numbers(arg(call, "y"), &s->y, &n_y, err));
    if (s->n != n_y) return arg_error("y", err, ERR_VALUE, "x has %lld numbers and y has %lld", (long long)s->n, (long long)n_y);
    s->x_name = "x";
    s->y_name = "y";
    return OK;
}

static int64_t drawable(const struct scatter *s, const struct plot *plot) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) n += isfinite(s->x[i]) && isfinite(s->y[i]) && (!plot->log_x || s->x[i] > 0) && (!plot->log_y || s->y[i] > 0);
    return n;
}

/* Pearson's r of the points that have both numbers. */
static double correlation(const struct scatter *s) {
    double n = 0, mx = 0, my = 0, sxx = 0, syy = 0, sxy = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->y[i])) continue;
        n++;
        double dx = s->x[i] - mx, dy = s->y[i] - my;
        mx += dx / n;
        my += dy / n;
        sxx += dx * (s->x[i] - mx);
        syy += dy * (s->y[i] - my);
        sxy += dx * (s->y[i] - my);
    }
    return sxx > 0 && syy > 0 ? sxy / sqrt(sxx * syy) : NAN;
}

/* Titles of the largest points that find room. */
static void label_points(struct plot *plot) {
    int64_t n = 0, at = 0;
    for (size_t s = 0; s < plot->n_series; s++) n += plot->series[s].n;
    struct label_wish *wishes = xnew_array(struct label_wish, (size_t)n);
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++, at++) {
            const struct series *series = &plot->series[s];
            wishes[at] = (struct label_wish){
                plot->point_titles[at], series->x[i], series->y[i], series->sizes ? (double)series->sizes[i] : -(double)at, -1, false};
        }
    place_labels(plot, wishes, (size_t)n, TITLES_ON_SCATTER);
    free(wishes);
}

static void sum_up_scatter(struct plot *plot, const struct scatter *s) {
    double r = correlation(s);
    int64_t n = drawable(s, plot);
    char *count = count_text(n);
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s points", count);
    if (isfinite(r)) buf_addf(&text, " · correlation %.2f", r);
    if (s->color_name) buf_addf(&text, " · colour: %s", s->color_name);
    if (n < s->n) buf_addf(&text, " · %lld left out (no number%s)", (long long)(s->n - n), plot->log_x || plot->log_y ? ", or not above 0" : "");
    plot_set_text(&plot->subtitle, "%s", buf_text(&text));
    plot_set_text(&plot->summary, "Scatter of %s against %s: %s.", s->y_name, s->x_name, buf_text(&text));
    buf_release(&text);
    free(count);
}

enum status bi_scatter(const struct call *call, struct value *out, struct error *err) {
    struct scatter s = {0};
    enum status status = call->overload == 0 ? scatter_table(call, &s, err) : scatter_lists(call, &s, err);
    struct plot *plot = status == OK ? plot_new(PLOT_SCATTER) : NULL;
    if (plot) {
        plot_common(call, plot);
        plot->log_x = arg_bool(call, "log_x");
        plot->log_y = arg_bool(call, "log_y");
        if (drawable(&s, plot) == 0)
            status = err_set(err, ERR_VALUE, "there is nothing to draw: no row has %snumbers for both axes",
                             plot->log_x || plot->log_y ? "positive " : "");
    }
    if (status == OK) {
        if (!s.groups.of) groups_of_all(s.n, 0, &s.groups);
        float *sizes = log_sizes(s.counts, s.n);
        struct cloud cloud = {s.x, s.y, sizes, &s.groups, MARKER_DOT, s.titles, NULL};
        plot_add_cloud(plot, &cloud);
        free(sizes);
        if (s.titles) memset(s.titles, 0, (size_t)s.n * sizeof *s.titles); /* they went into the plot */
        plot_set_text(&plot->x_title, "%s", s.x_name);
        plot_set_text(&plot->y_title, "%s", s.y_name);
        if (s.color_name) plot_set_text(&plot->color_title, "%s", s.color_name);
        sum_up_scatter(plot, &s);
        if (plot->point_titles) label_points(plot);
        *out = value_plot(plot);
    } else plot_unref(plot);
    scatter_release(&s);
    return status;
}
