/* Tables as HTML: inline styles only, and of those what JupyterLab's sanitizer
 * keeps. No text colours, translucent fills: it reads on light and dark. */
#include "plots/table_html.h"

#define TABLE_STYLE "border-collapse:collapse;border:none;margin:0 0 4px 0"
#define RULE "rgba(128,128,128,0.5)"
#define HAIR "rgba(128,128,128,0.2)"
#define MARKED_FILL "rgba(0,114,178,0.15)"

static void add_escaped(struct buf *out, const char *text) { buf_add_html(out, slice_of(text)); }

static const char *align(const struct table_view *view, int64_t column) { return view->numeric[column] ? "right" : "left"; }

static void add_head(const struct table_view *view, struct buf *out) {
    buf_adds(out, "<thead><tr>");
    for (int64_t c = 0; c < view->n_columns; c++) {
        buf_addf(out, "<th style=\"text-align:%s;padding:3px 12px 3px 6px;border-bottom:1px solid " RULE "\">", align(view, c));
        add_escaped(out, view->headers[c]);
        buf_adds(out, "</th>");
    }
    buf_adds(out, "</tr></thead>\n");
}

static void add_cell(const struct table_view *view, int64_t row, int64_t column, struct buf *out) {
    const int64_t at = row * view->n_columns + column;
    const unsigned marks = view->marks ? view->marks[at] : 0;
    const char *text = view->cells[at];
    buf_addf(out, "<td style=\"text-align:%s;vertical-align:top;padding:2px 12px 2px 6px;border-bottom:1px solid " HAIR "%s%s\">",
             align(view, column), marks & MARK_ROW ? ";background:" MARKED_FILL : "", !text || marks & MARK_FAINT ? ";opacity:0.55" : "");
    if (marks & MARK_BEST) buf_adds(out, "<b>");
    if (marks & MARK_SECOND) buf_adds(out, "<u>");
    add_escaped(out, text ? text : "—");
    if (marks & MARK_SECOND) buf_adds(out, "</u>");
    if (marks & MARK_BEST) buf_adds(out, "</b>");
    buf_adds(out, "</td>");
}

static void add_gap(const struct table_view *view, struct buf *out) {
    buf_addf(out, "<tr><td colspan=\"%lld\" style=\"text-align:center;padding:2px 6px;border-bottom:1px solid " HAIR ";opacity:0.6\">… ",
             (long long)view->n_columns);
    buf_add_count(out, view->total_rows - view->n_rows);
    buf_adds(out, " rows …</td></tr>\n");
}

static void add_rows(const struct table_view *view, struct buf *out) {
    buf_adds(out, "<tbody>\n");
    for (int64_t r = 0; r < view->n_rows; r++) {
        if (r == view->gap_after) add_gap(view, out);
        buf_adds(out, "<tr>");
        for (int64_t c = 0; c < view->n_columns; c++) add_cell(view, r, c, out);
        buf_adds(out, "</tr>\n");
    }
    buf_adds(out, "</tbody>");
}

static void add_below(struct buf *out, const char *text) {
    buf_adds(out, "<div style=\"opacity:0.7;font-size:90%;padding:0 6px\">");
    add_escaped(out, text);
    buf_adds(out, "</div>\n");
}

void table_view_html(const struct table_view *view, struct buf *out) {
    buf_adds(out, "<div style=\"overflow-x:auto\">\n");
    if (view->caption) { /* a <caption> would be as narrow as its table */
        buf_adds(out, "<div style=\"font-weight:bold;padding:2px 6px 4px 6px\">");
        add_escaped(out, view->caption);
        buf_adds(out, "</div>\n");
    }
    buf_adds(out, "<table style=\"" TABLE_STYLE "\">\n");
    add_head(view, out);
    add_rows(view, out);
    buf_adds(out, "</table>\n");
    if (view->gap_after >= 0 || view->n_rows == 0) {
        struct buf size = BUF_INIT;
        table_view_size(view, &size);
        add_below(out, buf_text(&size));
        buf_release(&size);
    }
    for (size_t i = 0; i < view->n_notes; i++) add_below(out, view->notes[i]);
    buf_adds(out, "</div>");
}
