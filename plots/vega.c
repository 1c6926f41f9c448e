/* The interactive twin: Vega-Lite v5. Of a cloud of points: pan and zoom, a
 * search box, legend entries that select, titles on hover; of a heat map:
 * vega_heat.c. A white card with
 * inks of its own, like the picture: JupyterLab lends a dark theme's colours
 * when it draws, but draws no second time when the theme is switched, and the
 * hues of the palette are told apart on white. */
#include <math.h>

#include "plots/vega_parts.h"
#include "runtime/base/json.h"

#define VEGA_POINTS_MAX 5000
#define LEGEND_WIDTH 120 /* beside the panel; narrow pictures have it below */
#define LEGEND_BESIDE_MIN 640
#define DOT_LARGER 1.35 /* than in the picture: they are pointed at */
#define RIM_PX 3
#define INK "#1f2328"
#define INK_SOFT "#656d76"

static bool has_names(const struct plot *plot) {
    size_t n = 0;
    for (size_t s = 0; s < plot->n_series; s++) n += plot->series[s].name != NULL;
    return n > 1;
}

static void frame_init(struct vega_frame *frame, const struct plot *plot) {
    *frame = (struct vega_frame){.plot = plot};
    plot_layout(plot, &frame->layout);
    const struct box *panel = &frame->layout.panel;
    const double width = (panel->right - panel->left) * frame->layout.zoom, height = (panel->bottom - panel->top) * frame->layout.zoom;
    const bool named = has_names(plot) && width >= LEGEND_BESIDE_MIN;
    frame->beside = named || plot->kind == PLOT_HEAT; /* whose key has its room in the layout */
    frame->width = named ? width - LEGEND_WIDTH : width;
    frame->share = frame->width / width;
    frame->height = plot->kind == PLOT_MAP ? height * frame->share : height; /* a map keeps its window's aspect */
}

static const char *shape_name(enum plot_marker marker) {
    static const char *const names[] = {
        [MARKER_DOT] = "circle", [MARKER_TRIANGLE] = "triangle-up", [MARKER_DIAMOND] = "diamond", [MARKER_SQUARE] = "square"};
    return names[marker];
}

void vega_add_text(struct buf *out, const char *text) { buf_add_json_string(out, slice_of(text ? text : "")); }

/* --- data --- */

/* A CSV field: quotes doubled. */
void vega_add_field(struct buf *csv, const char *text) {
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
            vega_add_field(&csv, series->name);
            buf_addc(&csv, ',');
            vega_add_field(&csv, plot->point_titles ? plot->point_titles[at] : NULL);
            buf_addc(&csv, '\n');
        }
    }
    buf_adds(out, "\"data\":{\"values\":");
    buf_add_json_string(out, (struct slice){buf_text(&csv), csv.len});
    buf_adds(out, ",\"format\":{\"type\":\"csv\",\"parse\":{\"x\":\"number\",\"y\":\"number\",\"s\":\"number\"}}}");
    buf_release(&csv);
}

/* --- points --- */

/* "domain":[names],"range":[colours or shapes] */
static void add_scale(const struct plot *plot, bool shapes, struct buf *out) {
    buf_adds(out, "\"scale\":{\"domain\":[");
    for (size_t s = 0; s < plot->n_series; s++) {
        if (s) buf_addc(out, ',');
        vega_add_text(out, plot->series[s].name);
    }
    buf_adds(out, "],\"range\":[");
    for (size_t s = 0; s < plot->n_series; s++) {
        if (s) buf_addc(out, ',');
        vega_add_text(out, shapes ? shape_name(plot->series[s].marker) : palette_hex(plot->series[s].color));
    }
    buf_adds(out, "]}");
}

/* A map keeps the picture's window, where the labels have been placed. */
static void add_axis(const struct plot *plot, char which, const char *title, const struct axis *window, struct buf *out) {
    buf_addf(out, "\"%c\":{\"field\":\"%c\",\"type\":\"quantitative\",", which, which);
    if (plot->kind == PLOT_MAP) {
        buf_addf(out, "\"axis\":null,\"scale\":{\"zero\":false,\"nice\":false,\"domain\":[%.6g,%.6g]}}", window->min, window->max);
        return;
    }
    buf_adds(out, "\"title\":");
    if (title) vega_add_text(out, title);
    else buf_adds(out, "null");
    buf_addf(out, ",\"scale\":{\"zero\":false,\"nice\":false,\"padding\":12%s}}", window->log ? ",\"type\":\"log\"" : "");
}

static void add_tooltip_number(struct buf *out, const char *field, const char *title) {
    buf_addf(out, "{\"field\":\"%s\",\"type\":\"quantitative\",\"title\":", field);
    vega_add_text(out, title ? title : field);
    buf_addc(out, '}');
}

static void add_tooltip(const struct plot *plot, struct buf *out) {
    buf_adds(out, "\"tooltip\":[");
    const char *gap = "";
    if (plot->point_titles) buf_adds(out, "{\"field\":\"t\",\"title\":\"title\"}"), gap = ",";
    if (has_names(plot)) {
        buf_addf(out, "%s{\"field\":\"g\",\"title\":", gap);
        vega_add_text(out, plot->color_title ? plot->color_title : "group");
        buf_addc(out, '}');
        gap = ",";
    }
    if (plot->kind != PLOT_MAP) {
        buf_adds(out, gap);
        add_tooltip_number(out, "x", plot->x_title);
        buf_addc(out, ',');
        add_tooltip_number(out, "y", plot->y_title);
    }
    buf_addc(out, ']');
}

static void add_opacity(const struct plot *plot, struct buf *out) {
    buf_adds(out, "\"opacity\":{\"condition\":{\"test\":{\"and\":[");
    if (has_names(plot)) buf_adds(out, "{\"param\":\"group\"},");
    buf_adds(out, plot->point_titles ? "\"q=='' || indexof(lower(datum.t),lower(q))>=0\"" : "\"true\"");
    buf_adds(out, "]},\"value\":0.8},\"value\":0.06}");
}

/* Areas in square pixels; `s` is a factor of the diameter. */
static void add_size(const struct vega_frame *frame, struct buf *out) {
    const double widest = 2 * DOT_LARGER * dot_px(&frame->layout) * frame->layout.zoom;
    buf_addf(out,
             "\"size\":{\"field\":\"s\",\"type\":\"quantitative\",\"scale\":{\"type\":\"pow\",\"exponent\":2,\"domain\":[0,2],\"range\":[4,%.0f]},"
             "\"legend\":null}",
             0.7854 * widest * widest);
}

static void add_color(const struct plot *plot, struct buf *out) {
    if (!has_names(plot)) {
        buf_addf(out, "\"color\":{\"value\":\"%s\"}", palette_hex(plot->n_series ? plot->series[0].color : 0));
        return;
    }
    buf_adds(out, "\"color\":{\"field\":\"g\",\"type\":\"nominal\",");
    add_scale(plot, false, out);
    buf_adds(out, "},\"shape\":{\"field\":\"g\",\"type\":\"nominal\",");
    add_scale(plot, true, out);
    buf_adds(out, "}");
}

static void add_point_layer(const struct vega_frame *frame, struct buf *out) {
    const struct plot *plot = frame->plot;
    buf_addc(out, '{');
    add_points(plot, out);
    buf_adds(out, ",\"params\":[{\"name\":\"zoom\",\"select\":\"interval\",\"bind\":\"scales\"}");
    if (has_names(plot)) buf_adds(out, ",{\"name\":\"group\",\"select\":{\"type\":\"point\",\"fields\":[\"g\"]},\"bind\":\"legend\"}");
    buf_adds(out, "],\"mark\":{\"type\":\"point\",\"filled\":true,\"clip\":true},\"encoding\":{");
    add_axis(plot, 'x', plot->x_title, &frame->layout.x, out);
    buf_addc(out, ',');
    add_axis(plot, 'y', plot->y_title, &frame->layout.y, out);
    buf_addc(out, ',');
    add_size(frame, out);
    buf_addc(out, ',');
    add_color(plot, out);
    buf_addc(out, ',');
    add_opacity(plot, out);
    buf_addc(out, ',');
    add_tooltip(plot, out);
    buf_adds(out, "}}");
}

/* --- labels --- */

static bool has_bold_labels(const struct plot *plot) {
    for (size_t l = 0; l < plot->n_labels; l++)
        if (plot->labels[l].bold) return true;
    return false;
}

/* Bold labels only: titles of points show on hover. First the rims, which set the words off from the dots beneath, then the words. */
static void add_label_layer(const struct vega_frame *frame, struct buf *out) {
    const struct plot *plot = frame->plot;
    const double px = FONT_LABEL * frame->layout.zoom * frame->share;
    buf_adds(out, ",{\"data\":{\"values\":[");
    const char *gap = "";
    for (size_t l = 0; l < plot->n_labels; l++) {
        const struct label *label = &plot->labels[l];
        if (!label->bold) continue;
        buf_addf(out, "%s{\"x\":%.3f,\"y\":%.3f,\"c\":\"%s\",\"g\":", gap, label->x, label->y, palette_text_hex(label->color));
        vega_add_text(out, label->text);
        buf_adds(out, "}");
        gap = ",";
    }
    buf_adds(out, "]},\"encoding\":{\"x\":{\"field\":\"x\",\"type\":\"quantitative\"},\"y\":{\"field\":\"y\",\"type\":\"quantitative\"},"
                  "\"text\":{\"field\":\"g\"}},\"layer\":[");
    buf_addf(out,
             "{\"mark\":{\"type\":\"text\",\"fontWeight\":\"bold\",\"fontSize\":%.1f,\"clip\":true,\"stroke\":\"white\",\"strokeWidth\":%d,"
             "\"strokeJoin\":\"round\"}},",
             px, RIM_PX);
    buf_addf(out,
             "{\"mark\":{\"type\":\"text\",\"fontWeight\":\"bold\",\"fontSize\":%.1f,\"clip\":true},"
             "\"encoding\":{\"color\":{\"field\":\"c\",\"type\":\"nominal\",\"scale\":null}}}]}",
             px);
}

/* --- the card --- */

static void add_subtitle(const struct layout *layout, struct buf *out) {
    buf_adds(out, "\"subtitle\":[");
    for (size_t i = 0; i < layout->n_subtitle; i++) {
        if (i) buf_addc(out, ',');
        vega_add_text(out, layout->subtitle[i]);
    }
    if (layout->footnote) {
        if (layout->n_subtitle) buf_addc(out, ',');
        vega_add_text(out, layout->footnote);
    }
    buf_addc(out, ']');
}

static void add_title(const struct layout *layout, struct buf *out) {
    buf_addf(out,
             "\"title\":{\"anchor\":\"start\",\"frame\":\"bounds\",\"offset\":12,\"fontSize\":%.1f,\"subtitleFontSize\":%.1f,"
             "\"subtitlePadding\":6,\"subtitleLineHeight\":%.0f,\"color\":\"" INK "\",\"subtitleColor\":\"" INK_SOFT "\",\"text\":",
             0.9 * FONT_TITLE * layout->zoom, 0.93 * FONT_SUBTITLE * layout->zoom, 0.93 * LINE_SUBTITLE * layout->zoom);
    vega_add_text(out, layout->title);
    buf_addc(out, ',');
    add_subtitle(layout, out);
    buf_addc(out, '}');
}

static void add_config(const struct vega_frame *frame, struct buf *out) {
    buf_adds(out,
             "\"config\":{\"font\":\"DejaVu Sans, Verdana, sans-serif\",\"view\":{\"stroke\":null},"
             "\"axis\":{\"labelColor\":\"" INK_SOFT "\",\"titleColor\":\"" INK_SOFT "\",\"titleFontWeight\":\"normal\",\"gridColor\":\"#e6e8eb\","
             "\"domainColor\":\"#8c959f\",\"tickColor\":\"#8c959f\"},"
             "\"legend\":{\"title\":null,\"labelColor\":\"#424a53\",\"symbolOpacity\":1,\"labelFontSize\":11.5,\"rowPadding\":4");
    if (!frame->beside) buf_addf(out, ",\"orient\":\"bottom\",\"columns\":%d", (int)fmax(1, frame->width / LEGEND_WIDTH));
    buf_adds(out, "}}");
}

void vega_add_head(const struct vega_frame *frame, struct buf *out) {
    buf_addf(out,
             "{\"$schema\":\"https://vega.github.io/schema/vega-lite/v5.json\",\"width\":%.0f,\"height\":%.0f,\"background\":\"#ffffff\","
             "\"padding\":16,",
             frame->width, frame->height);
    if (frame->plot->point_titles)
        buf_adds(
            out,
            "\"params\":[{\"name\":\"q\",\"value\":\"\",\"bind\":{\"input\":\"search\",\"placeholder\":\"title contains\",\"name\":\"find \"}}],");
    add_title(&frame->layout, out);
    buf_addc(out, ',');
    add_config(frame, out);
}

static void add_cloud(const struct vega_frame *frame, struct buf *out) {
    buf_adds(out, ",\"layer\":[");
    add_point_layer(frame, out);
    if (has_bold_labels(frame->plot)) add_label_layer(frame, out);
    buf_addc(out, ']');
}

bool plot_vega(const struct plot *plot, struct buf *out) {
    if (plot->kind != PLOT_SCATTER && plot->kind != PLOT_MAP && plot->kind != PLOT_HEAT) return false;
    struct vega_frame frame;
    frame_init(&frame, plot);
    const bool fits = frame.layout.n_points > 0 && frame.layout.n_points <= VEGA_POINTS_MAX;
    if (fits) {
        vega_add_head(&frame, out);
        if (plot->kind == PLOT_HEAT) vega_add_cells(&frame, out);
        else add_cloud(&frame, out);
        buf_addc(out, '}');
    }
    layout_release(&frame.layout);
    return fits;
}
