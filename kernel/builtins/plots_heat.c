/* heatmap: a number for each pair of values, as a grid of colours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/plots_data.h"
#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/device/mat.h"

#define SIDE_MAX 200  /* cells across or upward: more are no longer seen apart */
#define SLOT_WIDTH 96 /* of a cell in CSS pixels where there are few */
#define SLOT_HEIGHT 52
#define AROUND_WIDTH 230 /* names and key */
#define AROUND_HEIGHT 150

/* --- the sides --- */

/* The distinct values of a column: of numbers ascending, else in the order of their appearance. */
struct side {
    const struct column *column;
    char **names; /* n, owned */
    int64_t n;
    int64_t *of; /* of each row; -1: null */
};

static void side_release(struct side *side) {
    for (int64_t i = 0; side->names && i < side->n; i++) free(side->names[i]);
    free(side->names);
    free(side->of);
}

struct level {
    double number;
    int64_t first; /* level in the order of appearance */
};

static int by_number(const void *a, const void *b) {
    const struct level *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number ? 1 : (x->first > y->first) - (x->first < y->first);
}

/* Numbers ascend. */
static void sort_side(struct side *side, const int64_t *row_of, const struct table *table) {
    if (!column_is_numeric(side->column) || side->column->type == COL_BOOL) return;
    struct level *levels = xnew_array(struct level, (size_t)side->n + 1);
    char **names = xnew_array(char *, (size_t)side->n + 1);
    int64_t *place = xnew_array(int64_t, (size_t)side->n + 1);
    for (int64_t l = 0; l < side->n; l++) levels[l] = (struct level){cell_number(side->column, row_of[l]), l};
    qsort(levels, (size_t)side->n, sizeof *levels, by_number);
    for (int64_t l = 0; l < side->n; l++) {
        names[l] = side->names[levels[l].first];
        place[levels[l].first] = l;
    }
    for (int64_t i = 0; i < table->n_rows; i++)
        if (side->of[i] >= 0) side->of[i] = place[side->of[i]];
    free(levels);
    free(place);
    free(side->names);
    side->names = names;
}

static enum status fill_side(const struct table *table, struct side *side, struct str_map *seen, int64_t *row_of, struct error *err) {
    struct buf text = BUF_INIT;
    enum status status = OK;
    for (int64_t i = 0; i < table->n_rows && status == OK; i++) {
        side->of[i] = -1;
        if (cell_is_null(side->column, i)) continue;
        buf_clear(&text);
        cell_text(side->column, i, &text);
        int64_t level = side->n;
        if (str_map_put(seen, (struct slice){buf_text(&text), text.len}, level, false)) {
            if (side->n == SIDE_MAX)
                status = err_set(err, ERR_VALUE, "`%s` has more than %d values: too many for a heatmap", side->column->name, SIDE_MAX);
            else {
                row_of[side->n] = i;
                side->names[side->n++] = xstrdup(buf_text(&text));
            }
        } else str_map_get(seen, (struct slice){buf_text(&text), text.len}, &level);
        side->of[i] = level;
    }
    buf_release(&text);
    return status;
}

static enum status side_of(const struct table *table, const struct column *column, struct side *out, struct error *err) {
    struct str_map *seen = str_map_new();
    int64_t row_of[SIDE_MAX];
    *out = (struct side){.column = column, .names = xnew_array(char *, SIDE_MAX + 1), .of = xnew_array(int64_t, (size_t)table->n_rows + 1)};
    const enum status status = fill_side(table, out, seen, row_of, err);
    str_map_free(seen);
    if (status == OK) sort_side(out, row_of, table);
    return status;
}

/* --- cells --- */

struct grid {
    struct side x, y;
    double *cells; /* x.n × y.n, row by row from the first name of y on; NaN: empty */
    int64_t most;  /* rows of the table in one cell */
    int best;      /* as a column's: 1 larger is better, -1 smaller, 0 nothing is: means */
    bool upward;   /* y's first name stands below */
};

static void take_value(struct grid *grid, int64_t *counts, int64_t cell, double value) {
    double *held = &grid->cells[cell];
    if (isnan(value)) return;
    if (counts[cell] == 0) *held = value;
    else if (grid->best == 0) *held += (value - *held) / (double)(counts[cell] + 1);
    else if (grid->best * value > grid->best * *held) *held = value;
    if (++counts[cell] > grid->most) grid->most = counts[cell];
}

static enum status fill_grid(const struct table *table, const struct column *value, struct grid *grid, struct error *err) {
    double *values;
    const size_t n = (size_t)(grid->x.n * grid->y.n);
    TRY(column_numbers(table, value, &values, err));
    int64_t *counts = xnew_array(int64_t, n + 1);
    grid->cells = xnew_array(double, n + 1);
    for (size_t c = 0; c < n; c++) grid->cells[c] = (double)NAN;
    for (int64_t i = 0; i < table->n_rows; i++)
        if (grid->x.of[i] >= 0 && grid->y.of[i] >= 0) take_value(grid, counts, grid->y.of[i] * grid->x.n + grid->x.of[i], values[i]);
    free(counts);
    mem_free(values);
    return OK;
}

static int64_t best_cell(const struct grid *grid) {
    int64_t best = -1;
    for (int64_t c = 0; c < grid->x.n * grid->y.n; c++)
        if (!isnan(grid->cells[c]) && (best < 0 || grid->best * grid->cells[c] > grid->best * grid->cells[best])) best = c;
    return grid->best ? best : -1;
}

/* --- the plot --- */

static double place_of(const struct grid *grid, int64_t row) { return (double)(grid->upward ? row : grid->y.n - 1 - row); }

static char **names_of(const struct side *side, bool turned) {
    char **names = xnew_array(char *, (size_t)side->n + 1);
    for (int64_t i = 0; i < side->n; i++) names[i] = xstrdup(side->names[turned ? side->n - 1 - i : i]);
    return names;
}

static void sum_up(const struct grid *grid, const char *x, const char *y, int64_t best, struct plot *plot) {
    struct buf text = BUF_INIT;
    double least = INFINITY, most = -INFINITY;
    for (int64_t c = 0; c < grid->x.n * grid->y.n; c++) {
        least = fmin(least, grid->cells[c]);
        most = fmax(most, grid->cells[c]);
    }
    if (plot->title) buf_addf(&text, "%s. ", plot->title);
    buf_addf(&text, "A heatmap of %s over %s and %s: %.4g to %.4g", plot->color_title ? plot->color_title : "values", x, y, least, most);
    if (best >= 0)
        buf_addf(&text, "; best %.4g at %s %s, %s %s", grid->cells[best], x, grid->x.names[best % grid->x.n], y, grid->y.names[best / grid->x.n]);
    buf_adds(&text, ".");
    plot->summary = buf_take(&text);
}

static int size_of(int asked, int64_t n, int slot, int around, int least, int most) {
    const int64_t wanted = n * slot + around;
    return asked ? asked : wanted < least ? least : wanted > most ? most : (int)wanted;
}

/* What the table says of itself, and what stands in a cell. */
static void head(const struct table *table, const struct grid *grid, const char *x, const char *y, const char *value, struct plot *plot) {
    struct buf text = BUF_INIT;
    if (!plot->title) plot_set_text(&plot->title, "%s by %s and %s", value, x, y);
    if (table->caption) buf_adds(&text, table->caption);
    if (grid->most > 1)
        buf_addf(&text, "%seach cell: the %s of up to %lld rows", text.len ? "; " : "", grid->best ? "best" : "mean", (long long)grid->most);
    if (text.len) plot_set_text(&plot->subtitle, "%s", buf_text(&text));
    buf_release(&text);
}

/* table: NULL for a matrix. */
static struct plot *draw_grid(const struct call *call, const struct table *table, const struct grid *grid, const char *x, const char *y,
                              const char *value) {
    struct plot *plot = plot_new(PLOT_HEAT);
    struct series *cells = plot_add_series(plot, NULL, grid->x.n * grid->y.n);
    const int64_t best = best_cell(grid);
    cells->values = xmemdup(grid->cells, (size_t)cells->n * sizeof(double));
    for (int64_t c = 0; c < cells->n; c++) {
        cells->x[c] = (double)(c % grid->x.n);
        cells->y[c] = place_of(grid, c / grid->x.n);
    }
    if (best >= 0) plot->best_x = cells->x[best], plot->best_y = cells->y[best];
    plot->ticks = names_of(&grid->x, false);
    plot->n_ticks = (size_t)grid->x.n;
    plot->y_ticks = names_of(&grid->y, !grid->upward);
    plot->n_y_ticks = (size_t)grid->y.n;
    plot_set_text(&plot->x_title, "%s", x);
    plot_set_text(&plot->y_title, "%s", y);
    if (value) plot_set_text(&plot->color_title, "%s", value);
    plot_common(call, plot);
    plot->width = size_of(plot->width, grid->x.n, SLOT_WIDTH, AROUND_WIDTH, 480, 900);
    plot->height = size_of(plot->height, grid->y.n, SLOT_HEIGHT, AROUND_HEIGHT, 320, 700);
    if (table) head(table, grid, x, y, value, plot);
    sum_up(grid, x, y, best, plot);
    return plot;
}

/* --- heatmap of a table --- */

static bool is_named(const struct call *call, const struct table *table, const struct column *column) {
    static const char *const parameters[] = {"x", "y", "value"};
    for (size_t i = 0; i < 3; i++)
        if (arg_str(call, parameters[i]) && table_column(table, arg_str(call, parameters[i])) == column) return true;
    return false;
}

/* What is judged (marked best), else the last column of numbers that isn't named otherwise. */
static enum status pick_value(const struct call *call, const struct table *table, struct column **out, struct error *err) {
    if (arg_str(call, "value")) return named_column(call, "value", table, out, err);
    struct column *found = NULL;
    for (size_t c = 0; c < table->n_columns; c++) {
        struct column *column = &table->columns[c];
        if (is_named(call, table, column) || (column->type != COL_INT && column->type != COL_FLOAT)) continue;
        if (!found || !found->best) found = column;
    }
    *out = found;
    if (found) return OK;
    err_set(err, ERR_VALUE, "the table has no column of numbers to colour by");
    return err_hint(err, "name one: value=\"…\"");
}

/* The first columns before the value: what it depends on. */
static enum status pick_side(const struct call *call, const char *parameter, const struct table *table, const struct column *value,
                             const struct column *but, struct column **out, struct error *err) {
    if (arg_str(call, parameter)) return named_column(call, parameter, table, out, err);
    for (size_t c = 0; c < table->n_columns && &table->columns[c] != value; c++) {
        if (&table->columns[c] == but || is_named(call, table, &table->columns[c])) continue;
        *out = &table->columns[c];
        return OK;
    }
    err_set(err, ERR_VALUE, "a heatmap needs two columns beside `%s`, and there is none for `%s`", value->name, parameter);
    return err_hint(err, "curve(table, x=…, y=\"%s\") draws it over one", value->name);
}

static bool has_cells(const struct grid *grid) {
    for (int64_t c = 0; c < grid->x.n * grid->y.n; c++)
        if (isfinite(grid->cells[c])) return true;
    return false;
}

static enum status fill_of_table(const struct table *table, const struct column *x, const struct column *y, const struct column *value,
                                 struct grid *grid, struct error *err) {
    TRY(side_of(table, x, &grid->x, err));
    TRY(side_of(table, y, &grid->y, err));
    TRY(fill_grid(table, value, grid, err));
    return has_cells(grid) ? OK : err_set(err, ERR_VALUE, "there is nothing to draw: `%s` has no numbers", value->name);
}

static void grid_release(struct grid *grid) {
    side_release(&grid->x);
    side_release(&grid->y);
    free(grid->cells);
}

static enum status heat_of_table(const struct call *call, const struct table *table, struct value *out, struct error *err) {
    struct column *x = NULL, *y = NULL, *value = NULL;
    if (table->n_rows == 0) return arg_error("data", err, ERR_VALUE, "there is nothing to draw: the table has no rows");
    TRY(pick_value(call, table, &value, err));
    TRY(pick_side(call, "x", table, value, NULL, &x, err));
    TRY(pick_side(call, "y", table, value, x, &y, err));
    if (x == y || x == value || y == value)
        return err_set(err, ERR_VALUE, "x, y and value must be three columns, not `%s` twice", (x == y || x == value ? x : y)->name);
    struct grid grid = {.best = value->best, .upward = column_is_numeric(y) && y->type != COL_BOOL};
    const enum status status = fill_of_table(table, x, y, value, &grid, err);
    if (status == OK) *out = value_plot(draw_grid(call, table, &grid, x->name, y->name, value->name));
    grid_release(&grid);
    return status;
}

/* --- heatmap of a matrix --- */

static void count_names(struct side *side, int64_t n) {
    side->n = n;
    side->names = xnew_array(char *, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) {
        struct buf text = BUF_INIT;
        buf_addf(&text, "%lld", (long long)i);
        side->names[i] = buf_take(&text);
    }
}

static enum status heat_of_matrix(const struct call *call, const struct mat *mat, struct value *out, struct error *err) {
    const int64_t rows = mat_rows(mat), cols = mat_cols(mat);
    if (rows == 0 || cols == 0) return arg_error("matrix", err, ERR_VALUE, "there is nothing to draw: the Array is empty");
    if (rows > SIDE_MAX || cols > SIDE_MAX) {
        arg_error("matrix", err, ERR_VALUE, "%lld × %lld cells are too many to see, at most %d a side", (long long)rows, (long long)cols, SIDE_MAX);
        return err_hint(err, "draw a part: matrix[:%d, :%d]", SIDE_MAX, SIDE_MAX);
    }
    struct grid grid = {.best = 0};
    float *values = xnew_array(float, (size_t)(rows * cols));
    enum status status = mat_read(mat, 0, rows, values, err);
    grid.cells = xnew_array(double, (size_t)(rows * cols));
    for (int64_t c = 0; c < rows * cols; c++) grid.cells[c] = isfinite(values[c]) ? (double)values[c] : (double)NAN;
    free(values);
    count_names(&grid.x, cols);
    count_names(&grid.y, rows);
    if (status == OK && !has_cells(&grid)) status = err_set(err, ERR_VALUE, "there is nothing to draw: the Array has no numbers");
    if (status == OK) *out = value_plot(draw_grid(call, NULL, &grid, "column", "row", NULL));
    grid_release(&grid);
    return status;
}

enum status bi_heatmap(const struct call *call, struct value *out, struct error *err) {
    if (call->overload == 1) return heat_of_matrix(call, arg_data(call, "matrix", &type_array), out, err);
    return heat_of_table(call, arg_data(call, "data", &type_table), out, err);
}
