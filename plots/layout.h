/* Where the parts of a figure stand, in pixels from the top left: the same for
 * script writing, label placement and tests. Pure. A layout pixel is a CSS
 * pixel, but in small pictures `zoom` of one: they are laid out larger and
 * shown smaller, or their texts would leave no room for the marks. */
#ifndef RECKON_LAYOUT_H
#define RECKON_LAYOUT_H

#include "plots/axis.h"
#include "plots/plot.h"

/* Font sizes in pixels. */
#define FONT_TITLE 20.0
#define FONT_SUBTITLE 13.5
#define FONT_TEXT 12.5
#define FONT_NOTE 11.5
#define FONT_LABEL 15.0 /* bold labels of a map */
#define FONT_POINT 11.0 /* titles of points */

#define EDGE 28.0 /* empty border left and right */

struct box {
    double left, top, right, bottom;
};
struct legend_item {
    const struct series *series;
    double x, y; /* left edge of the sample, middle of the line */
    char *text;
};
#define LEGEND_SAMPLE 22.0 /* from a legend item's left edge to its text, lines; a marker takes less */

struct layout {
    double width, height; /* layout pixels; zoom of a CSS pixel each */
    double zoom;          /* ZOOM_MIN … 1 */
    char *title;          /* cut to the width; NULL: none */
    char **subtitle;      /* wrapped */
    size_t n_subtitle;
    char *footnote;
    struct legend_item *legend;
    size_t n_legend;
    double title_y, subtitle_y, footnote_y; /* middles of (first) lines */
    double y_title_y;                       /* of the line above the panel: the upright axis' title, the words of best_x */
    struct box panel;
    struct axis x, y;
    struct box key;   /* HEAT: the bar of colours right of the panel */
    struct axis z;    /* HEAT: of the values, along the key */
    bool sideways;    /* BARS: names to the left, bars grow to the right */
    int64_t n_points; /* of all series */
};
#define LINE_SUBTITLE 19.0
#define ZOOM_MIN 0.75 /* text of 9 pixels is the smallest that reads */

void plot_layout(const struct plot *plot, struct layout *out);
void layout_release(struct layout *layout);
/* Data to pixels. */
double layout_x(const struct layout *layout, double x);
double layout_y(const struct layout *layout, double y);
/* Space from a legend item's left edge to its text. */
double legend_sample_px(enum plot_kind kind);
double label_font_px(const struct label *label);
/* Diameter of a point of size 1, by how many there are and how much room. */
double dot_px(const struct layout *layout);
/* The text's box, centred on the label's place. */
struct box label_box(const struct layout *layout, const struct label *label);

#endif
