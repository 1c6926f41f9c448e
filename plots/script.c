#include "plots/script.h"

#include <math.h>
#include <string.h>

/* --- text --- */

/* Bytes that can end a string, move a terminal or hide text don't pass. */
static bool is_shown(uint32_t code_point, size_t used) {
    if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0)) return false;
    if (code_point == 0xfffd && used == 1) return false;            /* a bad byte */
    if (code_point >= 0x2028 && code_point <= 0x202e) return false; /* line separators, direction overrides */
    return code_point < 0x2066 || code_point > 0x2069;
}

void script_text(struct buf *out, const char *text) {
    struct slice rest = slice_of(text);
    uint32_t code_point;
    int n_shown = 0;
    buf_addc(out, '\'');
    for (size_t used; (used = utf8_decode(rest, &code_point)) > 0 && n_shown < SCRIPT_TEXT_MAX;
         rest = (struct slice){rest.data + used, rest.len - used}) {
        if (code_point == '\n' || code_point == '\t') code_point = ' ';
        if (!is_shown(code_point, used)) continue;
        if (code_point == '\'' && n_shown == 0) code_point = 0x2019; /* gnuplot reads a doubled quote at the start as an empty string */
        if (code_point == '\'') buf_addc(out, '\'');
        buf_add_code_point(out, code_point);
        n_shown++;
    }
    buf_addc(out, '\'');
}

static void add_font(struct drawing *drawing, double px, bool bold) {
    double size = drawing->format == IMAGE_SVG ? px : px * 0.75; /* pngcairo counts points, svg pixels */
    buf_addf(&drawing->script->commands, "font 'DejaVu Sans%s,%.4g'", bold ? ":Bold" : "", size);
}

/* --- marks in pixels --- */

static void add_place(struct drawing *drawing, double x, double y) {
    buf_addf(&drawing->script->commands, "screen %.5f,%.5f", x / drawing->layout.width, 1 - y / drawing->layout.height);
}

void draw_text(struct drawing *drawing, const char *text, double x, double y, struct text_style style) {
    struct buf *out = &drawing->script->commands;
    static const char *const names[] = {"left", "center", "right"};
    buf_addf(out, "set label %d ", ++drawing->n_labels);
    script_text(out, text);
    buf_adds(out, " at ");
    add_place(drawing, x, y);
    buf_addf(out, " %s ", names[style.align]);
    add_font(drawing, style.px, style.bold);
    buf_addf(out, " tc rgb '%s' noenhanced front\n", style.color);
}

void draw_line(struct drawing *drawing, double x0, double y0, double x1, double y1, const char *color, double width, const char *style) {
    struct buf *out = &drawing->script->commands;
    buf_addf(out, "set arrow %d from ", ++drawing->n_arrows);
    add_place(drawing, x0, y0);
    buf_adds(out, " to ");
    add_place(drawing, x1, y1);
    buf_addf(out, " nohead lc rgb '%s' lw %.4g %s\n", color, width, style);
}

/* The svg terminal has no scale for points. */
double point_size(const struct drawing *drawing, double px) { return drawing->format == IMAGE_SVG ? px * drawing->layout.zoom / 9.0 : px / 6.6; }

int point_type(enum plot_marker marker) {
    static const int types[] = {[MARKER_DOT] = 7, [MARKER_TRIANGLE] = 9, [MARKER_DIAMOND] = 13, [MARKER_SQUARE] = 5};
    return types[marker];
}

void draw_marker(struct drawing *drawing, enum plot_marker marker, double x, double y, double px, const char *color) {
    struct buf *out = &drawing->script->commands;
    buf_addf(out, "set label %d '' at ", ++drawing->n_labels);
    add_place(drawing, x, y);
    buf_addf(out, " point pt %d ps %.4g lc rgb '%s' front\n", point_type(marker), point_size(drawing, px), color);
}

/* --- data --- */

void draw_record(struct drawing *drawing, int64_t n_rows, int n_columns) {
    struct buf *out = &drawing->script->commands;
    buf_adds(out, drawing->plotted ? ", \\\n     " : "plot ");
    drawing->plotted = true;
    buf_addf(out, "'%s' binary skip=%zu record=(%lld) format='", drawing->data_path, drawing->script->data.len, (long long)n_rows);
    for (int c = 0; c < n_columns; c++) buf_adds(out, "%double");
    buf_adds(out, "' ");
}

void draw_number(struct drawing *drawing, double value) { buf_add(&drawing->script->data, &value, sizeof value); }

/* --- the whole --- */

static void write_terminal(struct drawing *drawing, int scale, const char *image_path) {
    struct buf *out = &drawing->script->commands;
    const double zoom = drawing->layout.zoom, width = drawing->layout.width * zoom, height = drawing->layout.height * zoom;
    buf_adds(out, "reset\nset encoding utf8\n");
    if (drawing->format == IMAGE_SVG)
        buf_addf(out, "set terminal svg noenhanced size %.0f,%.0f fontscale %.4g linewidth %.4g ", width, height, zoom, zoom);
    else
        buf_addf(out, "set terminal pngcairo noenhanced size %.0f,%.0f fontscale %.4g linewidth %.4g pointscale %.4g ", width * scale, height * scale,
                 scale * zoom, scale * zoom, scale * zoom);
    add_font(drawing, FONT_TEXT, false);
    buf_addf(out, " background '#ffffff'\nset output '%s'\n", image_path);
}

static void write_margins(struct drawing *drawing) {
    const struct layout *layout = &drawing->layout;
    buf_addf(&drawing->script->commands,
             "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset tmargin at screen %.5f\nset bmargin at screen %.5f\n",
             layout->panel.left / layout->width, layout->panel.right / layout->width, 1 - layout->panel.top / layout->height,
             1 - layout->panel.bottom / layout->height);
}

static void write_header(struct drawing *drawing) {
    const struct layout *layout = &drawing->layout;
    if (layout->title) draw_text(drawing, layout->title, EDGE, layout->title_y, (struct text_style){FONT_TITLE, true, "#1f2328", ALIGN_LEFT});
    for (size_t i = 0; i < layout->n_subtitle; i++)
        draw_text(drawing, layout->subtitle[i], EDGE, layout->subtitle_y + LINE_SUBTITLE * (double)i,
                  (struct text_style){FONT_SUBTITLE, false, "#656d76", ALIGN_LEFT});
    if (layout->footnote)
        draw_text(drawing, layout->footnote, EDGE, layout->footnote_y, (struct text_style){FONT_NOTE, false, "#8c959f", ALIGN_LEFT});
}

static void write_legend(struct drawing *drawing) {
    enum plot_kind kind = drawing->plot->kind;
    for (size_t i = 0; i < drawing->layout.n_legend; i++) {
        const struct legend_item *item = &drawing->layout.legend[i];
        const char *color = palette_hex(item->series->color);
        if (kind == PLOT_LINES)
            draw_line(drawing, item->x, item->y, item->x + LEGEND_SAMPLE, item->y, color, 2.4, item->series->dashed ? "dt (5,3) front" : "front");
        else draw_marker(drawing, kind == PLOT_BARS || kind == PLOT_HIST ? MARKER_SQUARE : item->series->marker, item->x + 5, item->y, 9, color);
        draw_text(drawing, item->text, item->x + legend_sample_px(kind), item->y, (struct text_style){FONT_TEXT, false, "#424a53", ALIGN_LEFT});
    }
}

static void write_marks(struct drawing *drawing) {
    switch (drawing->plot->kind) {
    case PLOT_LINES: script_lines(drawing); break;
    case PLOT_HIST: script_hist(drawing); break;
    case PLOT_BARS: script_bars(drawing); break;
    case PLOT_HEAT: script_heat(drawing); break;
    case PLOT_SCATTER:
    case PLOT_MAP: script_points(drawing); break;
    }
}

void script_write(const struct plot *plot, enum image_format format, int scale, const char *data_path, const char *image_path, struct script *out) {
    *out = (struct script){BUF_INIT, BUF_INIT};
    struct drawing drawing = {.plot = plot, .format = format, .data_path = data_path, .script = out};
    plot_layout(plot, &drawing.layout);
    write_terminal(&drawing, scale, image_path);
    buf_adds(&out->commands, "unset key\nset style fill solid noborder\n");
    write_margins(&drawing);
    write_header(&drawing);
    write_legend(&drawing);
    script_axes(&drawing);
    script_labels(&drawing);
    write_marks(&drawing);
    if (!drawing.plotted) buf_adds(&out->commands, "plot NaN notitle");
    buf_adds(&out->commands, "\nunset output\n");
    layout_release(&drawing.layout);
}

void script_release(struct script *script) {
    buf_release(&script->commands);
    buf_release(&script->data);
}
