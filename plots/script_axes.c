/* Frames and the kinds that stand in them: lines, histograms, bars. */
#include "plots/script.h"

#include <math.h>
#include <stdlib.h>

#include "plots/font.h"

#define INK_AXIS "#656d76"
#define BAR_VALUES_MAX 40 /* more bars than this carry no numbers */

static void write_range(struct drawing *drawing, char which, const struct axis *axis) {
    struct buf *out = &drawing->script->commands;
    buf_addf(out, "set %crange [%.10g:%.10g]\n", which, axis->min, axis->max);
    if (axis->log) buf_addf(out, "set logscale %c\n", which);
}

static void write_ticks(struct drawing *drawing, char which, const struct axis *axis) {
    struct buf *out = &drawing->script->commands;
    buf_addf(out, "set %ctics out nomirror scale 0.5 textcolor rgb '" INK_AXIS "' (", which);
    for (size_t i = 0; i < axis->n_ticks; i++) {
        if (i) buf_adds(out, ", ");
        script_text(out, axis->ticks[i].text);
        buf_addf(out, " %.10g", axis->ticks[i].at);
    }
    buf_adds(out, ")\n");
}

/* Names of bars as texts of ours, beneath or to the left. */
static void write_names(struct drawing *drawing) {
    const struct layout *layout = &drawing->layout;
    struct text_style style = {FONT_TEXT, false, "#424a53", layout->sideways ? ALIGN_RIGHT : ALIGN_CENTER};
    for (size_t i = 0; i < drawing->plot->n_ticks; i++) {
        double x = layout->sideways ? layout->panel.left - 8 : layout_x(layout, (double)i);
        double y = layout->sideways ? layout_y(layout, (double)i) : layout->panel.bottom + 15;
        char *text = text_fitted(drawing->plot->ticks[i], FONT_TEXT, false, layout->sideways ? layout->panel.left - 8 - 20 : layout->width);
        draw_text(drawing, text, x, y, style);
        free(text);
    }
}

static void write_axis_titles(struct drawing *drawing) {
    const struct layout *layout = &drawing->layout;
    const struct plot *plot = drawing->plot;
    const char *below = layout->sideways ? plot->y_title : plot->x_title, *above = layout->sideways ? plot->x_title : plot->y_title;
    struct text_style style = {FONT_TEXT, false, INK_AXIS, ALIGN_CENTER};
    if (below) draw_text(drawing, below, (layout->panel.left + layout->panel.right) / 2, layout->panel.bottom + 40, style);
    style.align = ALIGN_LEFT;
    if (above) draw_text(drawing, above, EDGE, layout->y_title_y, style);
}

void script_axes(struct drawing *drawing) {
    struct buf *out = &drawing->script->commands;
    const struct layout *layout = &drawing->layout;
    enum plot_kind kind = drawing->plot->kind;
    write_range(drawing, 'x', &layout->x);
    write_range(drawing, 'y', &layout->y);
    if (kind == PLOT_MAP || kind == PLOT_HEAT) {
        buf_adds(out, "unset border\nunset tics\n");
        if (kind == PLOT_HEAT) write_axis_titles(drawing);
        return;
    }
    buf_addf(out, "set border %d lc rgb '#8c959f' lw 0.8 back\nset grid %s lt 1 dt solid lc rgb '#e6e8eb' lw 0.8 back\n",
             layout->sideways       ? 2
             : kind == PLOT_SCATTER ? 3
                                    : 1,
             layout->sideways       ? "x"
             : kind == PLOT_SCATTER ? "x y"
                                    : "y");
    bool named_x = kind == PLOT_BARS && !layout->sideways, named_y = layout->sideways;
    if (named_x) buf_adds(out, "unset xtics\n");
    else write_ticks(drawing, 'x', &layout->x);
    if (named_y) buf_adds(out, "unset ytics\n");
    else write_ticks(drawing, 'y', &layout->y);
    if (kind == PLOT_BARS) write_names(drawing);
    write_axis_titles(drawing);
}

/* A dashed upright line at best_x, its words above the panel; behind lines, in front of bars. */
static void write_best(struct drawing *drawing, const char *style) {
    const struct plot *plot = drawing->plot;
    const struct layout *layout = &drawing->layout;
    if (!isfinite(plot->best_x) || plot->best_x < layout->x.min || plot->best_x > layout->x.max) return;
    double x = layout_x(layout, plot->best_x);
    draw_line(drawing, x, layout->panel.bottom, x, layout->panel.top, "#8c959f", 1.2, style);
    if (!plot->best_text) return;
    double half = text_px(plot->best_text, FONT_NOTE, false) / 2, left = EDGE + (plot->y_title ? text_px(plot->y_title, FONT_TEXT, false) + 12 : 0);
    double middle = fmax(fmin(x, layout->width - EDGE - half), left + half);
    draw_text(drawing, plot->best_text, middle, layout->y_title_y, (struct text_style){FONT_NOTE, false, INK_AXIS, ALIGN_CENTER});
}

/* On a log axis a value that has no logarithm leaves a gap. */
static double drawable(double value, bool log) { return log && value <= 0 ? NAN : value; }

void script_lines(struct drawing *drawing) {
    write_best(drawing, "dt (8,6) back");
    const struct plot *plot = drawing->plot;
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        if (series->n == 0) continue;
        draw_record(drawing, series->n, 2);
        buf_addf(&drawing->script->commands, "using 1:2 with %s lc rgb '%s' lw %.2g%s pt 7 ps %.3g notitle", series->points ? "linespoints" : "lines",
                 palette_hex(series->color), series->emphasised ? 3.2 : 2.2, series->dashed ? " dt (5,3)" : "", point_size(drawing, 5.5));
        for (int64_t i = 0; i < series->n; i++) {
            draw_number(drawing, drawable(series->x[i], plot->log_x));
            draw_number(drawing, drawable(series->y[i], plot->log_y));
        }
    }
}

/* One box: x from, x to, y from, y to (and gnuplot's leading x, y). */
static void put_box(struct drawing *drawing, double x0, double x1, double y0, double y1) {
    double row[] = {(x0 + x1) / 2, (y0 + y1) / 2, x0, x1, y0, y1};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) draw_number(drawing, row[i]);
}

static void begin_boxes(struct drawing *drawing, const struct series *series, double opacity) {
    draw_record(drawing, series->n, 6);
    buf_addf(&drawing->script->commands, "using 1:2:3:4:5:6 with boxxyerror fs transparent solid %.2g noborder lc rgb '%s' notitle", opacity,
             palette_hex(series->color));
}

void script_hist(struct drawing *drawing) {
    write_best(drawing, "dt (8,6) front");
    const struct plot *plot = drawing->plot;
    double floor_value = plot->log_y ? drawing->layout.y.min : 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        if (series->n == 0) continue;
        double half = (series->n > 1 ? series->x[1] - series->x[0] : 1) * 0.46;
        begin_boxes(drawing, series, plot->n_series > 1 ? 0.55 : 0.9);
        for (int64_t i = 0; i < series->n; i++)
            put_box(drawing, series->x[i] - half, series->x[i] + half, floor_value, drawable(series->y[i], plot->log_y));
    }
}

/* The number at a bar's end. */
static void put_value(struct drawing *drawing, double at, double value) {
    const struct layout *layout = &drawing->layout;
    struct buf text = BUF_INIT;
    plot_add_number(&text, value);
    bool below = value < 0;
    if (layout->sideways)
        draw_text(drawing, buf_text(&text), layout_x(layout, value) + (below ? -5 : 5), layout_y(layout, at),
                  (struct text_style){FONT_NOTE, false, INK_AXIS, below ? ALIGN_RIGHT : ALIGN_LEFT});
    else
        draw_text(drawing, buf_text(&text), layout_x(layout, at), layout_y(layout, value) + (below ? 9 : -9),
                  (struct text_style){FONT_NOTE, false, INK_AXIS, ALIGN_CENTER});
    buf_release(&text);
}

void script_bars(struct drawing *drawing) {
    const struct plot *plot = drawing->plot;
    const struct layout *layout = &drawing->layout;
    double width = 0.78 / fmax(1, (double)plot->n_series), base = plot->log_y ? (layout->sideways ? layout->x.min : layout->y.min) : 0;
    if (drawing->layout.n_points <= BAR_VALUES_MAX)
        for (size_t s = 0; s < plot->n_series; s++)
            for (int64_t i = 0; i < plot->series[s].n; i++)
                if (isfinite(plot->series[s].y[i])) put_value(drawing, (double)i - 0.39 + width * ((double)s + 0.5), plot->series[s].y[i]);
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        if (series->n == 0) continue;
        begin_boxes(drawing, series, 0.9);
        for (int64_t i = 0; i < series->n; i++) {
            double start = (double)i - 0.39 + width * (double)s, end = start + width * 0.96, value = drawable(series->y[i], plot->log_y);
            if (layout->sideways) put_box(drawing, base, value, start, end);
            else put_box(drawing, start, end, base, value);
        }
    }
}
