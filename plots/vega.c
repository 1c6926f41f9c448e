/* The interactive twin of a cloud of points: Vega-Lite v5, pan and zoom, a
 * search box, legend entries that select, titles on hover. No background and no
 * text colours: front ends put their own theme on it. No theme colours the
 * labels between the dots, so they bring a rim that sets them off on both. */
#include <math.h>

#include "plots/layout.h"
#include "runtime/base/json.h"

#define VEGA_POINTS_MAX 5000
#define VEGA_WIDTH 720
#define LABEL_PX 13
#define RIM_PX 3

static const char *shape_name(enum plot_marker marker) {
    static const char *const names[] = {
        [MARKER_DOT] = "circle", [MARKER_TRIANGLE] = "triangle-up", [MARKER_DIAMOND] = "diamond", [MARKER_SQUARE] = "square"};
    return names[marker];
}

static void add_text(struct buf *out, const char *text) { buf_add_json_string(out, slice_of(text ? text : "")); }

/* A CSV field: quotes doubled. */
static void add_field(struct buf *csv, const char *text) {
    buf_addc(csv, '"');
    for (const char *at = text ? text : ""; *at; at++) {
        if (*at == '"') buf_addc(csv, '"');
        buf_addc(csv, *at);
    }
    buf_addc(csv, '"');
}

static void add_coordinate(struct buf *csv, double value) {
    if (!isfinite(value)) return;
    const double size = fabs(value), unit = size >= 1000 ? 10 : size >= 10 ? 100 : 1e4;
    const double rounded = round(value * unit) / unit;
    buf_addf(csv, "%.*f", size >= 1000 ? 1 : size >= 10 ? 2 : 4, rounded == 0 ? 0 : rounded); /* no "-0" */
}

/* x,y,s,g,t lines, all series in order. */
static void add_points(const struct plot *plot, struct buf *out) {
    struct buf csv = BUF_INIT;
    buf_adds(&csv, "x,y,s,g,t\n");
    size_t at = 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct series *series = &plot->series[s];
        for (int64_t i = 0; i < series->n; i++, at++) {
            add_coordinate(&csv, series->x[i]);
            buf_addc(&csv, ',');
            add_coordinate(&csv, series->y[i]);
            buf_addf(&csv, ",%.3g,", series->sizes ? (double)series->sizes[i] : 1.0);
            add_field(&csv, series->name);
            buf_addc(&csv, ',');
            add_field(&csv, plot->point_titles ? plot->point_titles[at] : NULL);
            buf_addc(&csv, '\n');
        }
    }
    buf_adds(out, "\"data\":{\"values\":");
    buf_add_json_string(out, (struct slice){buf_text(&csv), csv.len});
    buf_adds(out, ",\"format\":{\"type\":\"csv\",\"parse\":{\"x\":\"number\",\"y\":\"number\",\"s\":\"number\"}}}");
    buf_release(&csv);
}

/* "domain":[names],"range":[colours or shapes] */
static void add_scale(const struct plot *plot, bool shapes, struct buf *out) {
    buf_adds(out, "\"scale\":{\"domain\":[");
    for (size_t s = 0; s < plot->n_series; s++) {
        if (s) buf_addc(out, ',');
        add_text(out, plot->series[s].name);
    }
    buf_adds(out, "],\"range\":[");
    for (size_t s = 0; s < plot->n_series; s++) {
        if (s) buf_addc(out, ',');
        add_text(out, shapes ? shape_name(plot->series[s].marker) : palette_hex(plot->series[s].color));
    }
    buf_adds(out, "]}");
}

static bool has_names(const struct plot *plot) {
    size_t n = 0;
    for (size_t s = 0; s < plot->n_series; s++) n += plot->series[s].name != NULL;
    return n > 1;
}

/* A map keeps the picture's window, where the labels have been placed. */
static void add_axis(const struct plot *plot, char which, const char *title, const struct axis *window, struct buf *out) {
    buf_addf(out, "\"%c\":{\"field\":\"%c\",\"type\":\"quantitative\",", which, which);
    if (plot->kind == PLOT_MAP) {
        buf_addf(out, "\"axis\":null,\"scale\":{\"zero\":false,\"nice\":false,\"domain\":[%.6g,%.6g]}}", window->min, window->max);
        return;
    }
    buf_adds(out, "\"title\":");
    if (title) add_text(out, title);
    else buf_adds(out, "null");
    buf_addf(out, ",\"scale\":{\"zero\":false,\"nice\":false,\"padding\":12%s}}", window->log ? ",\"type\":\"log\"" : "");
}

static void add_tooltip(const struct plot *plot, struct buf *out) {
    buf_adds(out, "\"tooltip\":[");
    const char *gap = "";
    if (plot->point_titles) buf_adds(out, "{\"field\":\"t\",\"title\":\"title\"}"), gap = ",";
    if (has_names(plot)) buf_addf(out, "%s{\"field\":\"g\",\"title\":\"group\"}", gap), gap = ",";
    if (plot->kind != PLOT_MAP) buf_addf(out, "%s{\"field\":\"x\",\"type\":\"quantitative\"},{\"field\":\"y\",\"type\":\"quantitative\"}", gap);
    buf_addc(out, ']');
}

static void add_opacity(const struct plot *plot, struct buf *out) {
    buf_adds(out, "\"opacity\":{\"condition\":{\"test\":{\"and\":[");
    if (has_names(plot)) buf_adds(out, "{\"param\":\"group\"},");
    buf_adds(out, plot->point_titles ? "\"q=='' || indexof(lower(datum.t),lower(q))>=0\"" : "\"true\"");
    buf_adds(out, "]},\"value\":0.8},\"value\":0.06}");
}

static void add_point_layer(const struct plot *plot, const struct layout *layout, struct buf *out) {
    buf_addc(out, '{');
    add_points(plot, out);
    buf_adds(out, ",\"params\":[{\"name\":\"zoom\",\"select\":\"interval\",\"bind\":\"scales\"}");
    if (has_names(plot)) buf_adds(out, ",{\"name\":\"group\",\"select\":{\"type\":\"point\",\"fields\":[\"g\"]},\"bind\":\"legend\"}");
    buf_adds(out, "],\"mark\":{\"type\":\"point\",\"filled\":true,\"clip\":true},\"encoding\":{");
    add_axis(plot, 'x', plot->x_title, &layout->x, out);
    buf_addc(out, ',');
    add_axis(plot, 'y', plot->y_title, &layout->y, out);
    buf_adds(out, ",\"size\":{\"field\":\"s\",\"type\":\"quantitative\",\"scale\":{\"type\":\"pow\",\"exponent\":2,\"domain\":[0,2],\"range\":[6,130]"
                  "},\"legend\":null},");
    if (has_names(plot)) {
        buf_adds(out, "\"color\":{\"field\":\"g\",\"type\":\"nominal\",");
        add_scale(plot, false, out);
        buf_adds(out, "},\"shape\":{\"field\":\"g\",\"type\":\"nominal\",");
        add_scale(plot, true, out);
        buf_adds(out, "},");
    } else buf_addf(out, "\"color\":{\"value\":\"%s\"},", palette_hex(plot->n_series ? plot->series[0].color : 0));
    add_opacity(plot, out);
    buf_addc(out, ',');
    add_tooltip(plot, out);
    buf_adds(out, "}}");
}

/* Bold labels only: titles of points show on hover. First the rims, then the words. */
static void add_label_layer(const struct plot *plot, struct buf *out) {
    buf_adds(out, ",{\"data\":{\"values\":[");
    const char *gap = "";
    for (size_t l = 0; l < plot->n_labels; l++) {
        const struct label *label = &plot->labels[l];
        if (!label->bold) continue;
        buf_addf(out, "%s{\"x\":%.3f,\"y\":%.3f,\"c\":\"%s\",\"g\":", gap, label->x, label->y, palette_text_hex(label->color));
        add_text(out, label->text);
        buf_adds(out, "}");
        gap = ",";
    }
    buf_adds(out, "]},\"encoding\":{\"x\":{\"field\":\"x\",\"type\":\"quantitative\"},\"y\":{\"field\":\"y\",\"type\":\"quantitative\"},"
                  "\"text\":{\"field\":\"g\"}},\"layer\":[");
    buf_addf(out,
             "{\"mark\":{\"type\":\"text\",\"fontWeight\":\"bold\",\"fontSize\":%d,\"clip\":true,\"stroke\":\"white\",\"strokeWidth\":%d,"
             "\"strokeJoin\":\"round\"}},",
             LABEL_PX, RIM_PX);
    buf_addf(out,
             "{\"mark\":{\"type\":\"text\",\"fontWeight\":\"bold\",\"fontSize\":%d,\"clip\":true},"
             "\"encoding\":{\"color\":{\"field\":\"c\",\"type\":\"nominal\",\"scale\":null}}}]}",
             LABEL_PX);
}

static bool has_bold_labels(const struct plot *plot) {
    for (size_t l = 0; l < plot->n_labels; l++)
        if (plot->labels[l].bold) return true;
    return false;
}

static void add_head(const struct plot *plot, const struct layout *layout, struct buf *out) {
    const struct box *panel = &layout->panel;
    const double height = plot->kind == PLOT_MAP ? VEGA_WIDTH * (panel->bottom - panel->top) / (panel->right - panel->left) : 400;
    buf_addf(out, "{\"$schema\":\"https://vega.github.io/schema/vega-lite/v5.json\",\"width\":%d,\"height\":%.0f,\"background\":null,", VEGA_WIDTH,
             height);
    if (plot->point_titles)
        buf_adds(
            out,
            "\"params\":[{\"name\":\"q\",\"value\":\"\",\"bind\":{\"input\":\"search\",\"placeholder\":\"title contains\",\"name\":\"find \"}}],");
    buf_adds(out, "\"title\":{\"anchor\":\"start\",\"frame\":\"bounds\",\"fontSize\":17,\"subtitleFontSize\":12.5,\"subtitlePadding\":6,\"offset\":"
                  "14,\"text\":");
    add_text(out, plot->title);
    if (plot->subtitle) {
        buf_adds(out, ",\"subtitle\":");
        add_text(out, plot->subtitle);
    }
    buf_adds(out, "},\"config\":{\"font\":\"DejaVu Sans, Verdana, sans-serif\",\"view\":{\"stroke\":null},"
                  "\"legend\":{\"title\":null,\"symbolOpacity\":1,\"labelFontSize\":12,\"rowPadding\":4}},\"layer\":[");
}

bool plot_vega(const struct plot *plot, struct buf *out) {
    if (plot->kind != PLOT_SCATTER && plot->kind != PLOT_MAP) return false;
    struct layout layout;
    plot_layout(plot, &layout);
    const bool fits = layout.n_points > 0 && layout.n_points <= VEGA_POINTS_MAX;
    if (fits) {
        add_head(plot, &layout, out);
        add_point_layer(plot, &layout, out);
        if (has_bold_labels(plot)) add_label_layer(plot, out);
        buf_adds(out, "]}");
    }
    layout_release(&layout);
    return fits;
}
