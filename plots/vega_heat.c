/* The interactive twin of a heat map: the picture's cells and numbers, and a
 * cell's names and value on hover. */
#include <math.h>
#include <stdio.h>

#include "plots/heat.h"
#include "plots/vega_parts.h"
#include "runtime/base/json.h"

#define INK "#1f2328"
#define KEY_WIDTH 16

/* x,y,v,t,n,c,b: names of the column and the row, the value, its text on hover, its text in the cell and that text's ink, 1 for the best cell. */
static void add_rows(const struct plot *plot, const struct layout *layout, const struct series *cells, struct buf *csv) {
    const bool room = heat_has_room(plot, layout, cells);
    buf_adds(csv, "x,y,v,t,n,c,b\n");
    for (int64_t i = 0; i < cells->n; i++) {
        char text[HEAT_TEXT] = "";
        const double value = cells->values[i];
        if (room) heat_text(cells, i, text);
        vega_add_field(csv, plot->ticks[(size_t)cells->x[i]]);
        buf_addc(csv, ',');
        vega_add_field(csv, plot->y_ticks[(size_t)cells->y[i]]);
        if (isnan(value)) buf_adds(csv, ",,none");
        else buf_addf(csv, ",%.6g,%.6g", value, value);
        buf_addf(csv, ",%s,%s,%d\n", text, heat_ink(layout, value), heat_is_best(plot, cells->x[i], cells->y[i]));
    }
}

static void add_data(const struct vega_frame *frame, struct buf *out) {
    struct buf csv = BUF_INIT;
    for (size_t s = 0; s < frame->plot->n_series; s++) add_rows(frame->plot, &frame->layout, &frame->plot->series[s], &csv);
    buf_adds(out, ",\"data\":{\"values\":");
    buf_add_json_string(out, (struct slice){buf_text(&csv), csv.len});
    buf_adds(out, ",\"format\":{\"type\":\"csv\",\"parse\":{\"v\":\"number\"}}}");
    buf_release(&csv);
}

/* "x":{…}: the names in their order, rows from the top. */
static void add_side(const struct vega_frame *frame, bool is_x, struct buf *out) {
    const struct plot *plot = frame->plot;
    char **names = is_x ? plot->ticks : plot->y_ticks;
    const size_t n = is_x ? plot->n_ticks : plot->n_y_ticks;
    const char *title = is_x ? plot->x_title : plot->y_title;
    buf_addf(out, "\"%c\":{\"field\":\"%c\",\"type\":\"ordinal\",\"title\":", is_x ? 'x' : 'y', is_x ? 'x' : 'y');
    if (title) vega_add_text(out, title);
    else buf_adds(out, "null");
    buf_adds(out, ",\"scale\":{\"domain\":[");
    for (size_t i = 0; i < n; i++) {
        if (i) buf_addc(out, ',');
        vega_add_text(out, names[is_x ? i : n - 1 - i]);
    }
    buf_addf(out, "]},\"axis\":{\"grid\":false,\"ticks\":false,\"domain\":false,\"labelPadding\":6,\"labelOverlap\":true%s}}",
             is_x ? ",\"labelAngle\":0"
                  : ",\"titleAngle\":0,\"titleAlign\":\"left\",\"titleAnchor\":\"end\",\"titleX\":0,\"titleY\":-12,"
                    "\"titleBaseline\":\"bottom\"");
}

static void add_tooltip_field(struct buf *out, char field, const char *title, const char *otherwise) {
    buf_addf(out, "{\"field\":\"%c\",\"type\":\"nominal\",\"title\":", field);
    vega_add_text(out, title ? title : otherwise);
    buf_addc(out, '}');
}

static void add_shared(const struct vega_frame *frame, struct buf *out) {
    buf_adds(out, ",\"encoding\":{");
    add_side(frame, true, out);
    buf_addc(out, ',');
    add_side(frame, false, out);
    buf_addc(out, '}');
}

/* Of every mark (layers don't inherit it): whichever lies on top answers the mouse. */
static void add_tooltip(const struct plot *plot, struct buf *out) {
    buf_adds(out, "\"tooltip\":[");
    add_tooltip_field(out, 'x', plot->x_title, "column");
    buf_addc(out, ',');
    add_tooltip_field(out, 'y', plot->y_title, "row");
    buf_addc(out, ',');
    add_tooltip_field(out, 't', plot->color_title, "value");
    buf_addc(out, ']');
}

/* The bar of colours with the picture's ticks. */
static void add_key(const struct vega_frame *frame, struct buf *out) {
    const struct layout *layout = &frame->layout;
    buf_adds(out, "\"legend\":{\"title\":");
    if (frame->plot->color_title) vega_add_text(out, frame->plot->color_title);
    else buf_adds(out, "null");
    buf_adds(out, ",\"values\":[");
    for (size_t i = 0; i < layout->z.n_ticks; i++) buf_addf(out, "%s%.15g", i ? "," : "", layout->z.ticks[i].at);
    buf_addf(out,
             "],\"format\":\".6~g\",\"titleFontWeight\":\"normal\",\"titleColor\":\"#656d76\",\"gradientLength\":%.0f,"
             "\"gradientThickness\":%d,\"offset\":%.0f}",
             fmax(40, frame->height - 24), KEY_WIDTH, (layout->key.left - layout->panel.right) * layout->zoom);
}

/* A white rim parts cells that are large enough. */
static void add_colours(const struct vega_frame *frame, struct buf *out) {
    const struct layout *layout = &frame->layout;
    const struct plot *plot = frame->plot;
    const double x_slot = heat_slot(layout->panel.left, layout->panel.right, plot->n_ticks);
    const double y_slot = heat_slot(layout->panel.top, layout->panel.bottom, plot->n_y_ticks);
    buf_adds(out, "{\"mark\":{\"type\":\"rect\",\"invalid\":null");
    if (fmin(x_slot, y_slot) >= HEAT_SMALL) buf_addf(out, ",\"stroke\":\"#ffffff\",\"strokeWidth\":%.2f", 2 * HEAT_GAP * layout->zoom);
    buf_adds(out, "},\"encoding\":{");
    add_tooltip(plot, out);
    buf_addc(out, ',');
    buf_addf(out,
             "\"color\":{\"condition\":{\"test\":\"datum.v===null\",\"value\":\"#%06x\"},\"field\":\"v\",\"type\":\"quantitative\","
             "\"scale\":{\"scheme\":\"viridis\",\"domain\":[%.15g,%.15g],\"zero\":false,\"nice\":false},",
             HEAT_EMPTY, layout->z.min, layout->z.max);
    add_key(frame, out);
    buf_adds(out, "}}}");
}

/* Ink with a white line inside: seen on dark and on light cells. */
static void add_best(const struct plot *plot, struct buf *out) {
    if (!isfinite(plot->best_x) || !isfinite(plot->best_y)) return;
    static const struct {
        const char *color;
        double width;
    } lines[] = {{INK, 4}, {"#ffffff", 1.4}};
    for (int l = 0; l < 2; l++) {
        buf_adds(out, ",{\"transform\":[{\"filter\":\"datum.b==1\"}],\"mark\":{\"type\":\"rect\",\"fill\":\"transparent\",");
        buf_addf(out, "\"stroke\":\"%s\",\"strokeWidth\":%.1f},\"encoding\":{", lines[l].color, lines[l].width);
        add_tooltip(plot, out);
        buf_adds(out, "}}");
    }
}

static void add_numbers(const struct vega_frame *frame, struct buf *out) {
    buf_addf(out,
             ",{\"transform\":[{\"filter\":\"datum.n!=''\"}],\"mark\":{\"type\":\"text\",\"fontSize\":%.1f,"
             "\"fontWeight\":{\"expr\":\"datum.b==1?'bold':'normal'\"},\"color\":{\"expr\":\"datum.c\"}},"
             "\"encoding\":{\"text\":{\"field\":\"n\",\"type\":\"nominal\"},",
             FONT_NOTE * frame->layout.zoom);
    add_tooltip(frame->plot, out);
    buf_adds(out, "}}");
}

void vega_add_cells(const struct vega_frame *frame, struct buf *out) {
    add_data(frame, out);
    add_shared(frame, out);
    buf_adds(out, ",\"layer\":[");
    add_colours(frame, out);
    add_best(frame->plot, out);
    add_numbers(frame, out);
    buf_addc(out, ']');
}
