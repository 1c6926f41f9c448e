/* Plot: a figure, drawn when it is shown or exported. */
#include <math.h>
#include <string.h>

#include "kernel/builtins/plot_export.h"
#include "kernel/builtins/plots_data.h"
#include "plots/layout.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

#define SHARP_POINTS_MAX 20000 /* more points: one pixel a pixel, or the notebook swells */

static int64_t count_points(const struct plot *plot) {
    int64_t n = 0;
    for (size_t s = 0; s < plot->n_series; s++) n += plot->series[s].n;
    return n;
}

static const char *kind_name(const struct plot *plot) {
    static const char *const names[] = {[PLOT_LINES] = "lines",    [PLOT_SCATTER] = "scatter", [PLOT_BARS] = "bars",
                                        [PLOT_HIST] = "histogram", [PLOT_MAP] = "map",         [PLOT_HEAT] = "heatmap"};
    return names[plot->kind];
}

/* --- attributes --- */

static enum status get_title(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    (void)err;
    const struct plot *plot = self;
    *out = plot->title ? value_str(plot->title) : NONE;
    return OK;
}

static enum status get_kind(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    (void)err;
    *out = value_str(kind_name(self));
    return OK;
}

static enum status get_summary(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    (void)err;
    *out = value_str(((const struct plot *)self)->summary);
    return OK;
}

/* x, y, series and title of every point: what was drawn, as a Table. */
static enum status get_points(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    (void)err;
    const struct plot *plot = self;
    int64_t n = count_points(plot), at = 0;
    struct table *table = table_new(n);
    double *x = table_add_floats(table, "x", -1), *y = table_add_floats(table, "y", -1);
    char **series = table_add_strs(table, "series"), **titles = plot->point_titles ? table_add_strs(table, "title") : NULL;
    const bool heat = plot->kind == PLOT_HEAT;
    double *values = heat ? table_add_floats(table, "value", -1) : NULL;
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++, at++) {
            if (heat) values[at] = plot->series[s].values[i];
            if (heat && isnan(values[at])) table_set_null(&table->columns[table->n_columns - 1], n, at);
            x[at] = plot->series[s].x[i];
            y[at] = plot->series[s].y[i];
            series[at] = plot->series[s].name ? xstrdup(plot->series[s].name) : NULL;
            if (titles && plot->point_titles[at]) titles[at] = xstrdup(plot->point_titles[at]);
        }
    *out = value_table(table);
    return OK;
}

static const struct attribute_row attributes[] = {
    {"title", "the heading, or None", "str | None", get_title},
    {"kind", "lines, scatter, bars, histogram, map or heatmap", "str", get_kind},
    {"summary", "what the picture shows, in words and numbers", "str", get_summary},
    {"points", "the numbers that are drawn: x, y, series, title; of a heatmap the cells' places and values", "Table", get_points},
    {0},
};

/* --- showing --- */

static void plot_repr(void *self, struct buf *out) {
    const struct plot *plot = self;
    buf_addf(out, "<Plot %s%s%s%s, ", kind_name(plot), plot->title ? " \"" : "", plot->title ? plot->title : "", plot->title ? "\"" : "");
    buf_add_count(out, count_points(plot));
    buf_adds(out, " points>");
}

static void plot_size(const struct plot *plot, int *out_width, int *out_height) {
    struct layout layout;
    plot_layout(plot, &layout);
    *out_width = (int)lround(layout.width * layout.zoom);
    *out_height = (int)lround(layout.height * layout.zoom);
    layout_release(&layout);
}

/* PNG and words; clouds and heat maps also as Vega-Lite. Never HTML: JupyterLab would prefer it to Vega-Lite. */
static enum status plot_render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    const struct plot *plot = self;
    struct buf image = BUF_INIT, vega = BUF_INIT;
    int width, height;
    enum status status =
        gnuplot_draw(context_gnuplot(interp->context), interp->task, plot, IMAGE_PNG, count_points(plot) > SHARP_POINTS_MAX ? 1 : 2, &image, err);
    if (status != OK) {
        buf_release(&image);
        return status;
    }
    plot_size(plot, &width, &height);
    bundle_image(out, MIME_PNG, &image, width, height);
    if (plot_vega(plot, &vega)) buf_add(bundle_part(out, MIME_VEGALITE), vega.data, vega.len);
    buf_release(&vega);
    buf_adds(bundle_part(out, MIME_TEXT), plot->summary);
    return OK;
}

static void plot_retain(void *self) { plot_ref(self); }

static void plot_release(void *self) { plot_unref(self); }

static int64_t plot_bytes(void *self) {
    const struct plot *plot = self;
    int64_t bytes = (int64_t)sizeof *plot;
    for (size_t s = 0; s < plot->n_series; s++)
        bytes += plot->series[s].n * (int64_t)(2 * sizeof(double) + (plot->series[s].sizes ? sizeof(float) : 0));
    return bytes;
}

static void plot_shape(void *self, struct buf *out) {
    buf_add_count(out, count_points(self));
    buf_adds(out, " points");
}

const struct type type_plot = {
    .name = "Plot",
    .doc = "A figure: shown as a picture; export(plot, \"name.png\") or \".svg\" writes it.",
    .attributes = attributes,
    .retain = plot_retain,
    .release = plot_release,
    .size_bytes = plot_bytes,
    .shape = plot_shape,
    .repr = plot_repr,
    .render = plot_render,
};

/* --- export --- */

static bool ends_with(const char *text, const char *ending) {
    size_t len = strlen(text), end = strlen(ending);
    return len > end && strcmp(text + len - end, ending) == 0;
}

enum status plot_export(struct context *context, struct task *task, const struct plot *plot, const char *path, struct error *err) {
    bool png = ends_with(path, ".png"), svg = ends_with(path, ".svg");
    if (!png && !svg) {
        err_set(err, ERR_VALUE, "a Plot cannot be written as \"%s\"", path);
        return err_hint(err, "the ending chooses the form: .png or .svg");
    }
    struct buf image = BUF_INIT;
    enum status status = gnuplot_draw(context_gnuplot(context), task, plot, png ? IMAGE_PNG : IMAGE_SVG, png ? 2 : 1, &image, err);
    if (status == OK) status = file_write(path, (struct slice){image.data, image.len}, err);
    buf_release(&image);
    return status;
}
