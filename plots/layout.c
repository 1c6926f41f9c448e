#include "plots/layout.h"

#include <math.h>
#include <stdlib.h>

#include "plots/font.h"
#include "runtime/base/mem.h"

#define LEGEND_LINE 21.0
#define LEGEND_GAP 18.0
#define LEGEND_LINES 4    /* more entries are left out */
#define ROOMY_WIDTH 640.0 /* smaller pictures have smaller text */
#define ROOMY_HEIGHT 440.0
#define KEY_WIDTH 16.0 /* of a heat map's bar of colours */
#define KEY_GAP 22.0
#define FULL_PANEL (860.0 * 560.0) /* for which the sizes of dots are meant */

struct range {
    double min, max;
    bool whole;
};

/* Finite values only; on a log axis positive ones. */
static void range_add(struct range *range, double value, bool log) {
    if (!isfinite(value) || (log && value <= 0)) return;
    range->min = fmin(range->min, value);
    range->max = fmax(range->max, value);
    if (value != floor(value)) range->whole = false;
}

static struct range x_range(const struct plot *plot) {
    struct range range = {INFINITY, -INFINITY, true};
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++) range_add(&range, plot->series[s].x[i], plot->log_x);
    return range;
}

static struct range y_range(const struct plot *plot) {
    struct range range = {INFINITY, -INFINITY, true};
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++) range_add(&range, plot->series[s].y[i], plot->log_y);
    bool zero = plot->y_from_zero || plot->kind == PLOT_BARS || plot->kind == PLOT_HIST;
    if (zero && !plot->log_y) range_add(&range, 0, false);
    return range;
}

static double bin_width(const struct plot *plot) { return plot->n_series && plot->series[0].n > 1 ? plot->series[0].x[1] - plot->series[0].x[0] : 1; }

/* A margin of a share of the span on both sides, so that marks don't touch the frame. */
static void widen(struct range *range, double share, bool log) {
    if (!(range->max > range->min)) return;
    if (log) {
        double factor = pow(range->max / range->min, share);
        range->min /= factor;
        range->max *= factor;
    } else {
        double room = (range->max - range->min) * share;
        range->min -= room;
        range->max += room;
    }
}

/* --- header: title, subtitle, legend --- */

double legend_sample_px(enum plot_kind kind) { return kind == PLOT_LINES ? 30 : 15; }

static size_t named_series(const struct plot *plot) {
    size_t n = 0;
    for (size_t s = 0; s < plot->n_series; s++) n += plot->series[s].name != NULL;
    return n;
}

/* Rows of legend items from y downward; returns the y below them. */
static double lay_legend(const struct plot *plot, struct layout *layout, double y) {
    if (named_series(plot) < 2) return y;
    layout->legend = xnew_array(struct legend_item, plot->n_series);
    double x = EDGE, sample = legend_sample_px(plot->kind), right = layout->width - EDGE;
    int line = 1;
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        if (!series->name) continue;
        char *text = text_fitted(series->name, FONT_TEXT, false, 260);
        double width = sample + text_px(text, FONT_TEXT, false);
        if (x + width > right && x > EDGE) x = EDGE, line++;
        if (line > LEGEND_LINES) {
            free(text);
            break;
        }
        layout->legend[layout->n_legend++] = (struct legend_item){series, x, y + LEGEND_LINE * (line - 0.5), text};
        x += width + LEGEND_GAP;
    }
    return y + LEGEND_LINE * fmin(line, LEGEND_LINES);
}

/* Title, subtitle and legend; returns the y below them. */
static double lay_header(const struct plot *plot, struct layout *layout) {
    double y = 14, room = layout->width - 2 * EDGE;
    if (plot->title) {
        layout->title = text_fitted(plot->title, FONT_TITLE, true, room);
        layout->title_y = y + 14;
        y += 30;
    }
    if (plot->subtitle) {
        layout->subtitle = text_wrapped(plot->subtitle, FONT_SUBTITLE, false, room, 2, &layout->n_subtitle);
        layout->subtitle_y = y + LINE_SUBTITLE / 2;
        y += LINE_SUBTITLE * (double)layout->n_subtitle + 2;
    }
    return lay_legend(plot, layout, y + 4) + 4;
}

/* --- panel --- */

static double widest_tick(const struct axis *axis) {
    double widest = 0;
    for (size_t i = 0; i < axis->n_ticks; i++) widest = fmax(widest, text_px(axis->ticks[i].text, FONT_TEXT, false));
    return widest;
}

static double widest_text(char *const *texts, size_t n) {
    double widest = 0;
    for (size_t i = 0; i < n; i++) widest = fmax(widest, text_px(texts[i], FONT_TEXT, false));
    return widest;
}

static double widest_name(const struct plot *plot) { return widest_text(plot->ticks, plot->n_ticks); }

/* Equal units on both axes: the shorter side's range is widened to the panel's aspect. */
static void fit_map(const struct plot *plot, struct layout *layout) {
    struct range x = x_range(plot), y = y_range(plot);
    if (!(x.max >= x.min)) x = (struct range){-1, 1, true}, y = x;
    double width = layout->panel.right - layout->panel.left, height = layout->panel.bottom - layout->panel.top;
    double unit = 1.06 * fmax((x.max - x.min) / width, (y.max - y.min) / height);
    if (!(unit > 0)) unit = 2 / width;
    double x_mid = (x.min + x.max) / 2, y_mid = (y.min + y.max) / 2;
    layout->x = (struct axis){.min = x_mid - unit * width / 2, .max = x_mid + unit * width / 2};
    layout->y = (struct axis){.min = y_mid - unit * height / 2, .max = y_mid + unit * height / 2};
}

static void fit_values(const struct plot *plot, struct axis *axis, double span_px, double px_per_tick) {
    struct range range = y_range(plot);
    if (plot->kind == PLOT_SCATTER) widen(&range, 0.04, plot->log_y);
    else if (plot->log_y) widen(&range, 0.05, true);
    axis_fit(axis, range.min, range.max, plot->log_y, plot->kind != PLOT_SCATTER, range.whole, (int)fmax(2, span_px / px_per_tick));
}

static void fit_x(const struct plot *plot, struct axis *axis, double span_px) {
    struct range range = x_range(plot);
    if (plot->kind == PLOT_HIST) {
        range.min -= bin_width(plot) * 0.6;
        range.max += bin_width(plot) * 0.6;
    } else widen(&range, plot->kind == PLOT_SCATTER ? 0.04 : 0.02, plot->log_x);
    axis_fit(axis, range.min, range.max, plot->log_x, false, range.whole, (int)fmax(2, span_px / 85));
}

static void lay_map(const struct plot *plot, struct layout *layout, double top) {
    double bottom = layout->height - (plot->footnote ? 40 : 18);
    layout->panel = (struct box){18, top + 6, layout->width - 18, bottom};
    fit_map(plot, layout);
}

/* above, below: a line of text stands there. */
static void lay_axes(const struct plot *plot, struct layout *layout, double top, bool above, bool below) {
    double bottom = layout->height - 34 - (below ? 24 : 0) - (plot->footnote ? 26 : 0);
    if (above) layout->y_title_y = top + 10, top += 22;
    layout->panel = (struct box){EDGE, top + 8, layout->width - EDGE, bottom};
    fit_values(plot, &layout->y, bottom - top, 60);
    layout->panel.left = EDGE + widest_tick(&layout->y) + 10;
    fit_x(plot, &layout->x, layout->panel.right - layout->panel.left);
}

/* Bars stand when their names fit beneath them, else they lie with the names to the left. */
static void lay_bars(const struct plot *plot, struct layout *layout, double top) {
    lay_axes(plot, layout, top, plot->y_title != NULL, plot->x_title != NULL);
    double slot = (layout->panel.right - layout->panel.left) / fmax(1, (double)plot->n_ticks);
    layout->sideways = widest_name(plot) > slot - 8;
    layout->x = (struct axis){.min = -0.5, .max = fmax(1, (double)plot->n_ticks) - 0.5};
    if (!layout->sideways) return;
    lay_axes(plot, layout, top, plot->x_title != NULL, plot->y_title != NULL);
    double names = fmin(widest_name(plot), layout->width * 0.4);
    layout->panel.left = EDGE + names + 10;
    layout->panel.right = layout->width - EDGE - 44; /* room for values at the bars' ends */
    fit_values(plot, &layout->x, layout->panel.right - layout->panel.left, 110);
    layout->y = (struct axis){.min = (double)plot->n_ticks - 0.5, .max = -0.5}; /* first on top */
}

static void fit_heat(const struct plot *plot, struct axis *axis, double span_px) {
    struct range range = {INFINITY, -INFINITY, true};
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; plot->series[s].values && i < plot->series[s].n; i++) range_add(&range, plot->series[s].values[i], false);
    axis_fit(axis, range.min, range.max, false, false, range.whole, (int)fmax(2, span_px / 50));
}

/* The key stands right of the cells, as high as they are. */
static void lay_heat(const struct plot *plot, struct layout *layout, double top) {
    double bottom = layout->height - 34 - (plot->x_title ? 24 : 0) - (plot->footnote ? 26 : 0);
    if (plot->y_title || plot->color_title) layout->y_title_y = top + 10, top += 22;
    fit_heat(plot, &layout->z, bottom - top - 8);
    const double values = widest_tick(&layout->z), names = fmin(widest_text(plot->y_ticks, plot->n_y_ticks), layout->width * 0.35);
    layout->panel = (struct box){floor(EDGE + names + 10), top + 8, floor(layout->width - EDGE - values - 8 - KEY_WIDTH - KEY_GAP), bottom};
    layout->key = (struct box){layout->panel.right + KEY_GAP, layout->panel.top, layout->panel.right + KEY_GAP + KEY_WIDTH, bottom};
    layout->x = (struct axis){.min = -0.5, .max = fmax(1, (double)plot->n_ticks) - 0.5};
    layout->y = (struct axis){.min = -0.5, .max = fmax(1, (double)plot->n_y_ticks) - 0.5};
}

void plot_layout(const struct plot *plot, struct layout *out) {
    const double width = plot->width > 0 ? plot->width : 900, height = plot->height > 0 ? plot->height : plot->kind == PLOT_MAP ? 700 : 560;
    *out = (struct layout){.zoom = fmax(ZOOM_MIN, fmin(1, fmin(width / ROOMY_WIDTH, height / ROOMY_HEIGHT)))};
    out->width = width / out->zoom;
    out->height = height / out->zoom;
    for (size_t s = 0; s < plot->n_series; s++) out->n_points += plot->series[s].n;
    double top = lay_header(plot, out);
    if (plot->footnote) {
        out->footnote = text_fitted(plot->footnote, FONT_NOTE, false, out->width - 2 * EDGE);
        out->footnote_y = out->height - 20;
    }
    if (plot->kind == PLOT_MAP) lay_map(plot, out, top);
    else if (plot->kind == PLOT_HEAT) lay_heat(plot, out, top);
    else if (plot->kind == PLOT_BARS) lay_bars(plot, out, top);
    else lay_axes(plot, out, top, plot->y_title || plot->best_text, plot->x_title != NULL);
}

void layout_release(struct layout *layout) {
    free(layout->title);
    free(layout->footnote);
    for (size_t i = 0; i < layout->n_subtitle; i++) free(layout->subtitle[i]);
    free(layout->subtitle);
    for (size_t i = 0; i < layout->n_legend; i++) free(layout->legend[i].text);
    free(layout->legend);
}

double layout_x(const struct layout *layout, double x) { return axis_px(&layout->x, x, layout->panel.left, layout->panel.right); }

double layout_y(const struct layout *layout, double y) { return axis_px(&layout->y, y, layout->panel.bottom, layout->panel.top); }

double label_font_px(const struct label *label) { return label->bold ? FONT_LABEL : FONT_POINT; }

double dot_px(const struct layout *layout) {
    const struct box *panel = &layout->panel;
    const int64_t n = layout->n_points;
    const double full = n <= 60 ? 8 : n <= 400 ? 6.5 : n <= 2500 ? 4.6 : n <= 12000 ? 3.2 : 2.2;
    return full * fmax(0.7, fmin(1, sqrt((panel->right - panel->left) * (panel->bottom - panel->top) / FULL_PANEL)));
}

struct box label_box(const struct layout *layout, const struct label *label) {
    double font = label_font_px(label), half_width = text_px(label->text, font, label->bold) / 2 + 2, half_height = font * 0.62;
    double x = layout_x(layout, label->x), y = layout_y(layout, label->y);
    return (struct box){x - half_width, y - half_height, x + half_width, y + half_height};
}
