#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/mem.h"

struct plot *plot_new(enum plot_kind kind) {
    struct plot *plot = xnew(struct plot);
    plot->count = 1;
    plot->kind = kind;
    plot->best_x = plot->best_y = NAN;
    plot->width = 900;
    plot->height = kind == PLOT_MAP ? 700 : 560;
    return plot;
}

struct plot *plot_ref(struct plot *plot) {
    __atomic_add_fetch(&plot->count, 1, __ATOMIC_RELAXED);
    return plot;
}

static void release_texts(char **texts, size_t n_texts) {
    for (size_t i = 0; texts && i < n_texts; i++) free(texts[i]);
    free(texts);
}

static int64_t count_points(const struct plot *plot) {
    int64_t n = 0;
    for (size_t s = 0; s < plot->n_series; s++) n += plot->series[s].n;
    return n;
}

static void release_series(struct series *series) {
    free(series->name);
    free(series->x);
    free(series->y);
    free(series->values);
    free(series->sizes);
}

void plot_unref(struct plot *plot) {
    if (!plot || __atomic_sub_fetch(&plot->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    release_texts(plot->point_titles, (size_t)count_points(plot));
    release_texts(plot->ticks, plot->n_ticks);
    release_texts(plot->y_ticks, plot->n_y_ticks);
    for (size_t s = 0; s < plot->n_series; s++) release_series(&plot->series[s]);
    for (size_t l = 0; l < plot->n_labels; l++) free(plot->labels[l].text);
    free(plot->series);
    free(plot->labels);
    char *texts[] = {plot->title, plot->subtitle, plot->footnote, plot->x_title, plot->y_title, plot->best_text, plot->color_title, plot->summary};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    free(plot);
}

struct series *plot_add_series(struct plot *plot, const char *name, int64_t n) {
    plot->series = xrealloc(plot->series, (plot->n_series + 1) * sizeof *plot->series);
    struct series *series = &plot->series[plot->n_series];
    *series = (struct series){.name = name ? xstrdup(name) : NULL, .n = n, .color = (int)plot->n_series};
    series->x = xnew_array(double, (size_t)n);
    series->y = xnew_array(double, (size_t)n);
    plot->n_series++;
    return series;
}

void plot_add_label(struct plot *plot, struct label label) {
    plot->labels = xrealloc(plot->labels, (plot->n_labels + 1) * sizeof *plot->labels);
    plot->labels[plot->n_labels++] = label;
}

void plot_add_number(struct buf *out, double value) {
    if (value == floor(value) && fabs(value) < 1e15) buf_add_count(out, (int64_t)value);
    else buf_addf(out, "%.4g", value);
}

void plot_set_text(char **field, const char *format, ...) {
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&text, format, args);
    va_end(args);
    free(*field);
    *field = buf_take(&text);
}
