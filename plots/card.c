/* Cards: what a data set or a model is, at a glance, with a small picture. */
#include <math.h>

#include "plots/table_html.h"
#include "runtime/base/base64.h"

#define CARD_STYLE "border:1px solid rgba(128,128,128,0.4);border-radius:6px;padding:8px 14px;display:inline-block;max-width:720px"
#define UNSTRIPED "background:rgba(0,0,0,0)" /* JupyterLab stripes the rows of tables */
#define INK "#3b8fd6"                        /* a middle tone: reads on white and on black */

static void add_escaped(struct buf *out, const char *text) { buf_add_html(out, slice_of(text)); }

static void add_picture(const struct card *card, struct buf *out) {
    buf_adds(out, "<div style=\"padding:6px 0 2px 0\"><img src=\"data:image/svg+xml;base64,");
    buf_add_base64(out, slice_of(card->svg));
    buf_adds(out, "\" alt=\"");
    add_escaped(out, card->svg_words);
    buf_adds(out, "\"></div>\n");
}

static void add_lines(const struct card *card, struct buf *out) {
    if (!card->n_lines) return;
    buf_adds(out, "<table style=\"border-collapse:collapse;border:none;margin:4px 0 0 0\">\n");
    for (size_t i = 0; i < card->n_lines; i++) {
        buf_adds(out, "<tr style=\"" UNSTRIPED "\"><td style=\"text-align:left;vertical-align:top;padding:1px 14px 1px 0;opacity:0.7\">");
        add_escaped(out, card->lines[i].label);
        buf_adds(out, "</td><td style=\"text-align:left;vertical-align:top;padding:1px 0\">");
        add_escaped(out, card->lines[i].value);
        buf_adds(out, "</td></tr>\n");
    }
    buf_adds(out, "</table>\n");
}

void card_html(const struct card *card, struct buf *out) {
    buf_adds(out, "<div style=\"" CARD_STYLE "\">\n<div style=\"font-size:110%\"><b>");
    add_escaped(out, card->title);
    buf_adds(out, "</b></div>\n");
    if (card->subtitle) {
        buf_adds(out, "<div style=\"opacity:0.7\">");
        add_escaped(out, card->subtitle);
        buf_adds(out, "</div>\n");
    }
    add_lines(card, out);
    if (card->svg) add_picture(card, out);
    if (card->note) {
        buf_adds(out, "<div style=\"opacity:0.7;font-size:90%;padding:4px 0 0 0\">");
        add_escaped(out, card->note);
        buf_adds(out, "</div>\n");
    }
    buf_adds(out, "</div>");
}

void card_text(const struct card *card, struct buf *out) {
    int widest = 0;
    for (size_t i = 0; i < card->n_lines; i++)
        if (text_width(slice_of(card->lines[i].label)) > widest) widest = text_width(slice_of(card->lines[i].label));
    buf_adds(out, card->title);
    if (card->subtitle) buf_addf(out, "\n%s", card->subtitle);
    for (size_t i = 0; i < card->n_lines; i++) {
        buf_addf(out, "\n  %s", card->lines[i].label);
        for (int w = text_width(slice_of(card->lines[i].label)); w < widest + 2; w++) buf_addc(out, ' ');
        buf_adds(out, card->lines[i].value);
    }
    if (card->note) buf_addf(out, "\n%s", card->note);
}

/* --- pictures --- */

static void svg_begin(int width, int height, struct buf *out) {
    buf_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">", width, height, width, height);
}

static void range_of(const double *values, size_t n, double *out_low, double *out_high) {
    *out_low = INFINITY;
    *out_high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        *out_low = fmin(*out_low, values[i]);
        *out_high = fmax(*out_high, values[i]);
    }
}

void svg_bars(const double *values, size_t n_values, int width, int height, struct buf *out) {
    double low, high;
    range_of(values, n_values, &low, &high);
    svg_begin(width, height, out);
    const double step = n_values ? (double)width / (double)n_values : width, gap = step > 4 ? 2 : step > 2 ? 1 : 0;
    for (size_t i = 0; i < n_values && high > 0; i++) {
        if (!(values[i] > 0) || isinf(values[i])) continue;
        const double tall = fmax(1, values[i] / high * (height - 1)); /* a bar of few among many is still seen */
        buf_addf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"" INK "\"/>", (double)i * step, height - tall, step - gap,
                 tall);
    }
    buf_adds(out, "</svg>");
}

void svg_line(const double *values, size_t n_values, int width, int height, struct buf *out) {
    double low, high;
    range_of(values, n_values, &low, &high);
    svg_begin(width, height, out);
    const double span = high > low ? high - low : 1, step = n_values > 1 ? (width - 6.0) / (double)(n_values - 1) : 0;
    double x = 3, y = height / 2.0;
    bool any = false;
    buf_adds(out, "<polyline fill=\"none\" stroke=\"" INK "\" stroke-width=\"1.5\" stroke-linejoin=\"round\" points=\"");
    for (size_t i = 0; i < n_values; i++) {
        if (!isfinite(values[i])) continue;
        x = 3 + (double)i * step;
        y = high > low ? 3 + (high - values[i]) / span * (height - 6) : height / 2.0;
        buf_addf(out, "%s%.2f,%.2f", any ? " " : "", x, y);
        any = true;
    }
    buf_adds(out, "\"/>");
    if (any) buf_addf(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"2.5\" fill=\"" INK "\"/>", x, y);
    buf_adds(out, "</svg>");
}
