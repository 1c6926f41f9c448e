/* Figures: a spec with host copies of its data → script text (script.c, pure)
 * → image bytes (gnuplot.c). Immutable once built, counted (atomic). plots
 * knows no table, model or language: callers fill series from their data. */
#ifndef RECKON_PLOT_H
#define RECKON_PLOT_H

#include "runtime/base/str.h"
#include "runtime/base/task.h"

/* MAP: an embedding: no axes, labels, leaders. HEAT: one series of cells on a grid, coloured by their values. */
enum plot_kind { PLOT_LINES, PLOT_SCATTER, PLOT_BARS, PLOT_HIST, PLOT_MAP, PLOT_HEAT };

/* MARKER_DOT is 0: what a series has unless told otherwise. */
enum plot_marker { MARKER_DOT, MARKER_TRIANGLE, MARKER_DIAMOND, MARKER_SQUARE };

/* HIST: x are the middles of equally wide bins. BARS: y in the order of ticks, x unused. HEAT: x, y are places among ticks and y_ticks, which count
 * from the left and from below. */
struct series {
    char *name;     /* NULL: no legend entry */
    double *x, *y;  /* n; NaN breaks a line */
    double *values; /* HEAT: n; NaN: nothing is known of the cell. Else NULL */
    float *sizes;   /* SCATTER, MAP: point size factor; NULL = 1 */
    int64_t n;
    int color; /* palette index, PALETTE_RAMP + step, or -1 = grey "other" */
    bool dashed, points, emphasised;
    enum plot_marker marker; /* SCATTER, MAP */
};
/* Text at a place; leader: a thin line from (anchor) when the text was moved. */
struct label {
    char *text;
    double x, y, anchor_x, anchor_y;
    bool leader;
    int color;
    bool bold;
};

struct plot {
    int count; /* atomic */
    enum plot_kind kind;
    char *title, *subtitle, *footnote, *x_title, *y_title; /* NULL = none */
    struct series *series;
    size_t n_series;
    struct label *labels;
    size_t n_labels;
    char *color_title;   /* SCATTER, MAP: what the series' names are values of ("genre"); HEAT: what the values are; NULL: unknown */
    char **point_titles; /* SCATTER, MAP: hover text, all series' points in order; NULL: none */
    char **ticks;
    size_t n_ticks; /* BARS, HEAT: names under the bars, the columns */
    char **y_ticks;
    size_t n_y_ticks; /* HEAT: names of the rows */
    double best_x;    /* LINES: a vertical mark with `best_text`; HEAT: with best_y the place of the cell that is set off; NaN = none */
    double best_y;
    char *best_text;
    bool log_x, log_y, y_from_zero;
    int width, height; /* CSS pixels; 0 = 900 × 560 (MAP 900 × 700) */
    char *summary;     /* text/plain: the key numbers in a sentence or two. Never NULL in a finished plot */
};

struct plot *plot_new(enum plot_kind kind);
struct plot *plot_ref(struct plot *plot);
void plot_unref(struct plot *plot);
/* A series of n zeroed points to fill (building only). The pointer is good until the next call. */
struct series *plot_add_series(struct plot *plot, const char *name, int64_t n);
void plot_add_label(struct plot *plot, struct label label); /* takes label.text */
void plot_set_text(char **field, const char *format, ...) PRINTF_LIKE(2, 3);
/* "27,145" where it is whole, else four digits. */
void plot_add_number(struct buf *out, double value);

/* --- drawing: gnuplot.h --- */
enum image_format { IMAGE_PNG, IMAGE_SVG };
struct gnuplot; /* one resident child; started at first use, restarted when it died or hung */
struct gnuplot *gnuplot_new(void);
void gnuplot_free(struct gnuplot *gnuplot); /* NULL is fine */
/* Draws. scale 1 or 2 (PNG). ERR_MISSING: not installed (says the package); ERR_PLOT: its own message, or no answer within PLOT_TIMEOUT_S; cancel
 * kills the child. */
enum status gnuplot_draw(struct gnuplot *gnuplot, struct task *task, const struct plot *plot, enum image_format format, int scale, struct buf *out,
                         struct error *err) MUST_CHECK;
#define PLOT_TIMEOUT_S 20

/* plots/vega.c: Vega-Lite v5 JSON text of SCATTER, MAP and HEAT plots (≤ 5,000 points or cells). */
bool plot_vega(const struct plot *plot, struct buf *out);

/* plots/palette.c: 12 colour-blind-safe hues (Okabe-Ito, Tol) and grey. */
#define PALETTE_SIZE 12
#define PALETTE_RAMP 100 /* colours 100 … 106: an ordered ramp, dark to light (viridis) */
#define PALETTE_RAMP_SIZE 7
const char *palette_hex(int color);      /* "#0072B2"; -1 grey */
const char *palette_text_hex(int color); /* the same hue, dark enough to be read as text on white; -1: ink */
uint32_t palette_rgb(int color);         /* 0xRRGGBB */
uint32_t palette_heat(double share);     /* viridis, from 0 (dark) to 1 (light) */
bool palette_is_dark(uint32_t rgb);      /* white text reads on it better than black */

#endif
