/* Spec → gnuplot's command text, and the numbers that it reads: pure, so that
 * tests compare texts. Text of users goes only into single-quoted strings made
 * by script_text; numbers go as doubles into `data`, which the caller offers
 * under data_path. */
#ifndef RECKON_SCRIPT_H
#define RECKON_SCRIPT_H

#include "plots/layout.h"

#define SCRIPT_TEXT_MAX 200 /* characters of one string */

struct script {
    struct buf commands, data;
};

/* Commands that draw plot into image_path. The paths are ours, never a user's. */
void script_write(const struct plot *plot, enum image_format format, int scale, const char *data_path, const char *image_path, struct script *out);
void script_release(struct script *script);
/* 'text' as gnuplot reads it literally: quotes doubled (a leading one becomes ’), control characters and bad UTF-8 left out (line breaks and tabs
 * become spaces), cut at SCRIPT_TEXT_MAX. */
void script_text(struct buf *out, const char *text);

/* --- for script_*.c --- */

struct drawing {
    const struct plot *plot;
    struct layout layout;
    enum image_format format;
    const char *data_path;
    struct script *script;
    int n_labels, n_arrows; /* given so far */
    bool plotted;           /* a `plot` command has begun */
};

enum align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };
struct text_style {
    double px;
    bool bold;
    const char *color;
    enum align align;
};
/* Text with its middle line at (x, y) in pixels. */
void draw_text(struct drawing *drawing, const char *text, double x, double y, struct text_style style);
/* style: dashes and layer, "dt (5,3) front". */
void draw_line(struct drawing *drawing, double x0, double y0, double x1, double y1, const char *color, double width, const char *style);
void draw_marker(struct drawing *drawing, enum plot_marker marker, double x, double y, double px, const char *color);
/* Begins the next element of the plot command, reading n_rows × n_columns doubles, which the caller appends to script->data right after. */
void draw_record(struct drawing *drawing, int64_t n_rows, int n_columns);
void draw_number(struct drawing *drawing, double value); /* into data */
/* gnuplot's point size for a diameter in pixels, and its point type. */
double point_size(const struct drawing *drawing, double px);
int point_type(enum plot_marker marker);

void script_axes(struct drawing *drawing); /* script_axes.c: frame, ticks, grid of all kinds but MAP */
void script_lines(struct drawing *drawing);
void script_hist(struct drawing *drawing);
void script_bars(struct drawing *drawing);
void script_heat(struct drawing *drawing);   /* script_heat.c */
void script_points(struct drawing *drawing); /* script_map.c: SCATTER and MAP */
void script_labels(struct drawing *drawing);

#endif
