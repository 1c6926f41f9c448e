/* The one table renderer: cells as text in, HTML, plain text, Markdown and
 * LaTeX out. HTML follows the front end's theme: no text or page colours, no
 * <style>, only what JupyterLab's sanitizer keeps. */
#ifndef RECKON_TABLE_HTML_H
#define RECKON_TABLE_HTML_H

#include "runtime/base/str.h"

struct table_view {
    const char *caption;        /* or NULL */
    const char *const *headers; /* n_columns */
    const bool *numeric;        /* n_columns: right-aligned */
    const char *const *cells;   /* n_rows × n_columns; NULL shows as "—" */
    const unsigned char *marks; /* n_rows × n_columns bits, or NULL */
    int64_t n_rows, n_columns;  /* what is given */
    int64_t total_rows;         /* of the table; rows left out are in the middle, after gap_after */
    int64_t total_columns;      /* 0: n_columns */
    int64_t gap_after;          /* rows given before the gap; -1 = no gap */
    const char *const *notes;
    size_t n_notes;
};
enum { MARK_BEST = 1, MARK_SECOND = 2, MARK_ROW = 4, MARK_FAINT = 8 };

/* "1,000 rows × 4 columns", said below a table that is cut or empty. */
void table_view_size(const struct table_view *view, struct buf *out);
void table_view_html(const struct table_view *view, struct buf *out);
void table_view_text(const struct table_view *view, struct buf *out);
void table_view_markdown(const struct table_view *view, struct buf *out);
void table_view_latex(const struct table_view *view, struct buf *out);

/* A card: title, subtitle and label/value lines, with an optional picture (SVG text, drawn as a data-URI image). Same rules. */
struct card_line {
    const char *label, *value;
};
struct card {
    const char *title, *subtitle;
    const struct card_line *lines;
    size_t n_lines;
    const char *svg, *svg_words; /* words: for those who can't see it; never NULL beside a picture */
    const char *note;
};
void card_html(const struct card *card, struct buf *out);
void card_text(const struct card *card, struct buf *out);
/* Little SVG pictures for cards: bars of a histogram, a sparkline. mid-tone colours that read on both themes. */
void svg_bars(const double *values, size_t n_values, int width, int height, struct buf *out);
void svg_line(const double *values, size_t n_values, int width, int height, struct buf *out);

#endif
