#include "kernel/builtins/plots_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots/plot.h"
#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/device/mat.h"

#define RANGE_VALUES 12 /* a numeric column of more values is cut into ranges */

struct gnuplot *context_gnuplot(struct context *context) {
    if (!context->gnuplot) context->gnuplot = gnuplot_new();
    return context->gnuplot;
}

/* --- numbers --- */

enum status named_column(const struct call *call, const char *parameter, const struct table *table, struct column **out, struct error *err) {
    return table_want(table, arg_str(call, parameter), out, err) == OK ? OK : err_about(err, parameter);
}

bool column_is_numeric(const struct column *column) {
    return column->type == COL_BOOL || column->type == COL_INT || column->type == COL_FLOAT || column->type == COL_TIME;
}

static void hint_numeric_columns(const struct table *table, struct error *err) {
    struct buf names = BUF_INIT;
    for (size_t c = 0; c < table->n_columns; c++)
        if (column_is_numeric(&table->columns[c])) buf_addf(&names, "%s%s", names.len ? ", " : "", table->columns[c].name);
    if (names.len) err_hint(err, "columns of numbers: %.400s", buf_text(&names));
    else err_hint(err, "the table has no column of numbers");
    buf_release(&names);
}

enum status column_numbers(const struct table *table, const struct column *column, double **out, struct error *err) {
    if (!column_is_numeric(column)) {
        err_set(err, ERR_TYPE, "column `%s` holds %s, but numbers are needed", column->name, column->type == COL_STR ? "text" : "lists");
        hint_numeric_columns(table, err);
        return err->code;
    }
    double *values = NULL;
    TRY(mem_try_array((size_t)table->n_rows, "the numbers to draw", &values, err));
    for (int64_t r = 0; r < table->n_rows; r++) values[r] = cell_number(column, r);
    *out = values;
    return OK;
}

static enum status array_numbers(const struct mat *mat, double **out, int64_t *out_n, struct error *err) {
    int64_t rows = mat_rows(mat), cols = mat_cols(mat), n = rows * cols;
    if (rows != 1 && cols != 1) return err_set(err, ERR_SHAPE, "an Array of %lld × %lld is not a row of numbers", (long long)rows, (long long)cols);
    float *host = NULL;
    double *values = NULL;
    TRY(mem_try_array((size_t)n, "the numbers to draw", &host, err));
    enum status status = mat_read(mat, 0, rows, host, err);
    if (status == OK) status = mem_try_array((size_t)n, "the numbers to draw", &values, err);
    for (int64_t i = 0; i < n && status == OK; i++) values[i] = host[i];
    mem_free(host);
    if (status != OK) return status;
    *out = values;
    *out_n = n;
    return OK;
}

static enum status item_number(struct value item, int64_t i, double *out, struct error *err) {
    if (item.kind == VAL_NONE) *out = NAN;
    else if (value_is_number(item)) *out = value_number(item);
    else {
        struct buf text = BUF_INIT;
        value_repr(item, &text);
        err_set(err, ERR_TYPE, "item %lld is %.60s, but numbers are needed", (long long)i, buf_text(&text));
        buf_release(&text);
        return err->code;
    }
    return OK;
}

enum status value_numbers(struct value value, double **out, int64_t *out_n, struct error *err) {
    const struct mat *mat = value_data(value, &type_array);
    if (mat) return array_numbers(mat, out, out_n, err);
    struct iter iter;
    TRY(iter_begin(value, &iter, err));
    double *values = NULL;
    enum status status = mem_try_array((size_t)(iter.n > 0 ? iter.n : 1), "the numbers to draw", &values, err);
    int64_t n = 0;
    for (bool done = false; status == OK && !done;) {
        struct value item = UNSET;
        status = iter_next(&iter, &item, &done, err);
        if (status != OK || done || n == iter.n) break;
        status = item_number(item, n, &values[n], err);
        value_release(&item);
        n++;
    }
    iter_end(&iter);
    if (status != OK) {
        mem_free(values);
        return status;
    }
    *out = values;
    *out_n = n;
    return OK;
}

/* --- groups --- */

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void sort_numbers(double *values, int64_t n) { qsort(values, (size_t)n, sizeof *values, ascending); }

struct ranked {
    struct slice name;
    int64_t count, value; /* value: number of the distinct text */
};

static int by_count(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.data, y->name.data, len);
    return order ? order : x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

static void groups_alloc(struct groups *out, int64_t n, int32_t n_groups) {
    *out = (struct groups){.n = n, .n_groups = n_groups};
    out->of = xnew_array(int32_t, (size_t)n);
    out->names = xnew_array(char *, (size_t)n_groups);
    out->colors = xnew_array(int, (size_t)n_groups);
    out->sizes = xnew_array(int64_t, (size_t)n_groups);
}

/* Groups from each row's number among distinct texts (-1: none). */
static void keep_frequent(const int32_t *value_of, int64_t n, const struct str_map *texts, int most, int first_color, struct groups *out) {
    size_t n_values = str_map_len(texts);
    struct ranked *ranked = xnew_array(struct ranked, n_values + 1);
    int32_t *group_of = xnew_array(int32_t, n_values + 1);
    for (size_t v = 0; v < n_values; v++) ranked[v] = (struct ranked){str_map_key(texts, v), 0, (int64_t)v};
    for (int64_t i = 0; i < n; i++)
        if (value_of[i] >= 0) ranked[value_of[i]].count++;
    qsort(ranked, n_values, sizeof *ranked, by_count);
    int32_t kept = 0;
    while ((size_t)kept < n_values && kept < most && ranked[kept].count > 0) kept++;
    groups_alloc(out, n, kept);
    for (size_t v = 0; v < n_values; v++) group_of[v] = -1;
    for (int32_t g = 0; g < kept; g++) {
        out->names[g] = xstrndup(ranked[g].name.data, ranked[g].name.len);
        out->colors[g] = first_color + g;
        out->sizes[g] = ranked[g].count;
        group_of[ranked[g].value] = g;
    }
    for (int64_t i = 0; i < n; i++) {
        out->of[i] = value_of[i] < 0 ? -1 : group_of[value_of[i]];
        out->n_other += out->of[i] < 0;
    }
    free(ranked);
    free(group_of);
}

static int32_t number_text(struct str_map *texts, struct slice text) {
    int64_t number = (int64_t)str_map_len(texts);
    str_map_put(texts, text, number, false);
    str_map_get(texts, text, &number);
    return (int32_t)number;
}

static void groups_of_texts(const struct column *column, int64_t n_rows, int most, int first_color, struct groups *out) {
    struct str_map *texts = str_map_new();
    int32_t *value_of = xnew_array(int32_t, (size_t)n_rows);
    struct buf text = BUF_INIT;
    for (int64_t r = 0; r < n_rows; r++) {
        value_of[r] = -1;
        if (cell_is_null(column, r)) continue;
        buf_clear(&text);
        cell_text(column, r, &text);
        if (text.len) value_of[r] = number_text(texts, (struct slice){text.data, text.len});
    }
    keep_frequent(value_of, n_rows, texts, most, first_color, out);
    buf_release(&text);
    free(value_of);
    str_map_free(texts);
}

/* Lists of strs: a row counts by the value that is rarest in the whole column. */
static void groups_of_lists(const struct column *column, int64_t n_rows, int most, int first_color, struct groups *out) {
    const int64_t *starts = column->u.lists.starts;
    char **strs = column->u.lists.strs;
    struct str_map *texts = str_map_new();
    int64_t n_entries = starts[n_rows];
    int32_t *entry = xnew_array(int32_t, (size_t)n_entries + 1), *value_of = xnew_array(int32_t, (size_t)n_rows);
    for (int64_t e = 0; e < n_entries; e++) entry[e] = number_text(texts, slice_of(strs[e]));
    int64_t *counts = xnew_array(int64_t, str_map_len(texts) + 1);
    for (int64_t e = 0; e < n_entries; e++) counts[entry[e]]++;
    for (int64_t r = 0; r < n_rows; r++) {
        value_of[r] = -1;
        for (int64_t e = starts[r]; e < starts[r + 1]; e++)
            if (value_of[r] < 0 || counts[entry[e]] < counts[value_of[r]]) value_of[r] = entry[e];
    }
    keep_frequent(value_of, n_rows, texts, most, first_color, out);
    out->chosen = true;
    free(entry);
    free(value_of);
    free(counts);
    str_map_free(texts);
}

/* How many distinct numbers, up to RANGE_VALUES + 1. */
static int count_distinct(const struct column *column, int64_t n_rows, double *out_min, double *out_max) {
    double seen[RANGE_VALUES + 1];
    int n = 0;
    *out_min = INFINITY;
    *out_max = -INFINITY;
    for (int64_t r = 0; r < n_rows; r++) {
        double value = cell_number(column, r);
        if (!isfinite(value)) continue;
        *out_min = fmin(*out_min, value);
        *out_max = fmax(*out_max, value);
        int at = 0;
        while (at < n && seen[at] != value) at++;
        if (at == n && n <= RANGE_VALUES) seen[n++] = value;
    }
    return n;
}

/* Range g holds the values from low[g] up to low[g + 1]. */
struct ranges {
    double low[PALETTE_RAMP_SIZE + 1];
    int32_t n;
};

/* Equally wide ranges, by a step of 1, 2, 2.5 or 5 times a power of ten; a plain fifth where numbers are too large or too small for
 * steps. */
static struct ranges even_ranges(double min, double max) {
    static const double leads[] = {1, 2, 2.5, 5, 10, 20, 25, 50};
    const double power = pow(10, floor(log10(max / PALETTE_RAMP_SIZE - min / PALETTE_RAMP_SIZE))); /* max - min may be over all numbers */
    struct ranges ranges = {.n = PALETTE_RAMP_SIZE};
    for (size_t k = 0; isnormal(power) && k < sizeof leads / sizeof *leads; k++) {
        const double step = leads[k] * power, start = floor(min / step) * step;
        if (!isfinite(start) || !(start + step * PALETTE_RAMP_SIZE > max)) continue;
        const double n = floor((max - start) / step) + 1;
        ranges.n = n < PALETTE_RAMP_SIZE ? (int32_t)n : PALETTE_RAMP_SIZE;
        for (int32_t g = 0; g <= ranges.n; g++) ranges.low[g] = start + step * g;
        return ranges;
    }
    for (int32_t g = 0; g <= ranges.n; g++) ranges.low[g] = min / ranges.n * (ranges.n - g) + max / ranges.n * g;
    return ranges;
}

/* The multiple of grain below. Where no grain can be had numbers stay as they are. */
static double round_down(double value, double grain) { return isnormal(grain) ? floor(value / grain) * grain : value; }

/* Ranges that hold about as many of the sorted values each; equal values stay together. */
static struct ranges full_ranges(const double *sorted, int64_t n, bool whole) {
    const double last = sorted[n - 1], grain = whole ? 1 : pow(10, floor(log10(last / 1000 - sorted[0] / 1000)));
    struct ranges ranges = {0};
    for (int64_t g = 0; g < PALETTE_RAMP_SIZE; g++) {
        const double low = round_down(sorted[g * n / PALETTE_RAMP_SIZE], grain);
        if (!ranges.n || low > ranges.low[ranges.n - 1]) ranges.low[ranges.n++] = low;
    }
    ranges.low[ranges.n] = round_down(last, grain) + (isnormal(grain) ? grain : 0);
    return ranges;
}

static int32_t range_of(const struct ranges *ranges, double value) {
    if (!isfinite(value)) return -1;
    int32_t g = ranges->n - 1;
    while (g > 0 && value < ranges->low[g]) g--;
    return g;
}

static int64_t largest_range(const struct ranges *ranges, const double *values, int64_t n) {
    int64_t counts[PALETTE_RAMP_SIZE] = {0}, most = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t count = ++counts[range_of(ranges, values[i])];
        if (count > most) most = count;
    }
    return most;
}

/* Even ranges read best; where one would hold over half of the values (films by year), each takes as many. */
static struct ranges choose_ranges(const struct column *column, int64_t n_rows, double min, double max, bool *out_whole) {
    double *sorted = xnew_array(double, (size_t)n_rows + 1);
    int64_t n = 0;
    for (int64_t r = 0; r < n_rows; r++)
        if (isfinite(cell_number(column, r))) sorted[n++] = cell_number(column, r);
    struct ranges ranges = even_ranges(min, max);
    *out_whole = column->type == COL_INT && ranges.low[1] - ranges.low[0] >= 1;
    if (2 * largest_range(&ranges, sorted, n) > n) {
        sort_numbers(sorted, n);
        *out_whole = column->type == COL_INT;
        ranges = full_ranges(sorted, n, *out_whole);
    }
    free(sorted);
    return ranges;
}

/* "1980–1989" of whole numbers, "0.5–1" of others, "1994" alone. */
static char *range_name(const struct ranges *ranges, int32_t g, bool whole) {
    const double low = ranges->low[g], high = ranges->low[g + 1] - (whole ? 1 : 0);
    struct buf name = BUF_INIT;
    buf_addf(&name, "%.6g", low);
    if (high > low) buf_addf(&name, "–%.6g", high);
    return buf_take(&name);
}

static void groups_of_ranges(const struct column *column, int64_t n_rows, double min, double max, struct groups *out) {
    bool whole;
    const struct ranges ranges = choose_ranges(column, n_rows, min, max, &whole);
    groups_alloc(out, n_rows, ranges.n);
    for (int32_t g = 0; g < ranges.n; g++) {
        out->names[g] = range_name(&ranges, g, whole);
        out->colors[g] = PALETTE_RAMP + (ranges.n > 1 ? g * (PALETTE_RAMP_SIZE - 1) / (ranges.n - 1) : 0);
    }
    for (int64_t r = 0; r < n_rows; r++) {
        out->of[r] = range_of(&ranges, cell_number(column, r));
        if (out->of[r] >= 0) out->sizes[out->of[r]]++;
        else out->n_other++;
    }
}

void groups_of_column(const struct column *column, int64_t n_rows, int most, int first_color, struct groups *out) {
    double min, max;
    if (column->type == COL_STRS) groups_of_lists(column, n_rows, most, first_color, out);
    else if (column_is_numeric(column) && count_distinct(column, n_rows, &min, &max) > RANGE_VALUES) groups_of_ranges(column, n_rows, min, max, out);
    else groups_of_texts(column, n_rows, most, first_color, out);
}

void groups_of_list(struct value list, int most, int first_color, struct groups *out) {
    struct str_map *texts = str_map_new();
    int64_t n = (int64_t)seq_len(list);
    int32_t *value_of = xnew_array(int32_t, (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        struct value item = seq_item(list, (size_t)i);
        struct buf text = BUF_INIT;
        if (item.kind != VAL_NONE) value_str_form(item, &text);
        value_of[i] = text.len ? number_text(texts, (struct slice){text.data, text.len}) : -1;
        buf_release(&text);
    }
    keep_frequent(value_of, n, texts, most, first_color, out);
    free(value_of);
    str_map_free(texts);
}

void groups_of_all(int64_t n, int color, struct groups *out) {
    groups_alloc(out, n, 1);
    out->colors[0] = color;
    out->sizes[0] = n;
}

void groups_release(struct groups *groups) {
    for (int32_t g = 0; g < groups->n_groups; g++) free(groups->names[g]);
    free(groups->of);
    free(groups->names);
    free(groups->colors);
    free(groups->sizes);
    *groups = (struct groups){0};
}

/* --- clouds --- */

float *log_sizes(const double *counts, int64_t n) {
    if (!counts) return NULL;
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (!(counts[i] >= 0)) continue;
        least = fmin(least, log1p(counts[i]));
        most = fmax(most, log1p(counts[i]));
    }
    float *sizes = xnew_array(float, (size_t)n);
    for (int64_t i = 0; i < n; i++) sizes[i] = (float)(most > least ? 0.6 + (counts[i] >= 0 ? (log1p(counts[i]) - least) / (most - least) : 0) : 1);
    return sizes;
}

/* The rows of one group (-1: other) as a series; their titles behind those that the plot has. */
static void add_group(struct plot *plot, const struct cloud *cloud, int32_t group, size_t *titled) {
    const struct groups *groups = cloud->groups;
    const char *name = group < 0 ? "other" : groups->names[group];
    int64_t n = group < 0 ? groups->n_other : groups->sizes[group], at = 0;
    if (n == 0) return;
    struct buf whole = BUF_INIT;
    if (name) buf_addf(&whole, "%s%s", cloud->prefix ? cloud->prefix : "", name);
    else if (cloud->prefix) buf_adds(&whole, cloud->prefix);
    struct series *series = plot_add_series(plot, whole.len ? buf_text(&whole) : NULL, n);
    buf_release(&whole);
    series->color = group < 0 ? -1 : groups->colors[group];
    series->marker = cloud->marker;
    if (cloud->sizes) series->sizes = xnew_array(float, (size_t)n);
    for (int64_t i = 0; i < groups->n; i++) {
        if (groups->of[i] != group) continue;
        series->x[at] = cloud->x[i];
        series->y[at] = cloud->y[i];
        if (cloud->sizes) series->sizes[at] = cloud->sizes[i];
        if (plot->point_titles) plot->point_titles[(*titled)++] = cloud->titles ? cloud->titles[i] : NULL;
        at++;
    }
}

void plot_add_cloud(struct plot *plot, const struct cloud *cloud) {
    size_t before = 0;
    for (size_t s = 0; s < plot->n_series; s++) before += (size_t)plot->series[s].n;
    if (plot->point_titles || cloud->titles) {
        bool fresh = !plot->point_titles;
        plot->point_titles = xrealloc(plot->point_titles, (before + (size_t)cloud->groups->n + 1) * sizeof *plot->point_titles);
        if (fresh) memset(plot->point_titles, 0, before * sizeof *plot->point_titles);
    }
    for (int32_t g = 0; g < cloud->groups->n_groups; g++) add_group(plot, cloud, g, &before);
    add_group(plot, cloud, -1, &before);
}

/* --- words --- */

void plot_common(const struct call *call, struct plot *plot) {
    const char *title = arg_str(call, "title");
    if (title) plot_set_text(&plot->title, "%s", title);
    plot->width = (int)arg_int(call, "width");
    plot->height = (int)arg_int(call, "height");
}

char *count_text(int64_t count) {
    struct buf text = BUF_INIT;
    buf_add_count(&text, count);
    return buf_take(&text);
}
