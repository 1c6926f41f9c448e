/* Clouds of points: scatter plots and embedding maps. */
#include "plots/script.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"

#define SIZE_STEPS 8      /* sizes in eighths: equal dots are equal pixels, which the PNG packs well (a third of the time and bytes of the dots) */
#define TRANSPARENCY 0x38 /* of 0xff: overlapping dots add up, so that crowds show */
#define ORDER_SEED 0x6d61706f

struct dot {
    int32_t series;
    int64_t i;
};

/* All points in a shuffled order, so that no series is painted last. Owned. */
static struct dot *dot_order(const struct plot *plot, int64_t n_points) {
    struct dot *dots = xnew_array(struct dot, (size_t)n_points);
    int64_t *order = xnew_array(int64_t, (size_t)n_points), at = 0;
    struct dot *sorted = xnew_array(struct dot, (size_t)n_points);
    for (size_t s = 0; s < plot->n_series; s++)
        for (int64_t i = 0; i < plot->series[s].n; i++) sorted[at++] = (struct dot){(int32_t)s, i};
    for (int64_t i = 0; i < n_points; i++) order[i] = i;
    struct rng rng = rng_at(ORDER_SEED, RNG_ORDER, 0);
    rng_shuffle(&rng, order, n_points);
    for (int64_t i = 0; i < n_points; i++) dots[i] = sorted[order[i]];
    free(order);
    free(sorted);
    return dots;
}

static void put_dots(struct drawing *drawing, const struct dot *dots, double px) {
    const struct plot *plot = drawing->plot;
    int64_t n = drawing->layout.n_points;
    draw_record(drawing, n, 5);
    buf_adds(&drawing->script->commands, "using 1:2:3:4:5 with points ps variable pt variable lc rgb variable lw 0 notitle");
    double size = point_size(drawing, px);
    for (int64_t k = 0; k < n; k++) {
        const struct series *series = &plot->series[dots[k].series];
        int64_t i = dots[k].i;
        double factor = series->sizes ? round((double)series->sizes[i] * SIZE_STEPS) / SIZE_STEPS : 1;
        double row[] = {series->x[i], series->y[i], size * factor, point_type(series->marker),
                        (double)(palette_rgb(series->color) | (uint32_t)TRANSPARENCY << 24)};
        for (size_t c = 0; c < sizeof row / sizeof *row; c++) draw_number(drawing, row[c]);
    }
}

void script_points(struct drawing *drawing) {
    int64_t n = drawing->layout.n_points;
    if (n == 0) return;
    struct dot *dots = dot_order(drawing->plot, n);
    put_dots(drawing, dots, dot_px(&drawing->layout));
    free(dots);
}

/* Where a leader from the point reaches the label's box. */
static void leader_end(const struct box *box, double x, double y, double *out_x, double *out_y) {
    *out_x = fmin(fmax(x, box->left), box->right);
    *out_y = fmin(fmax(y, box->top), box->bottom);
}

static bool covers_dots(const struct drawing *drawing, const struct label *label) {
    struct box box = label_box(&drawing->layout, label);
    for (size_t s = 0; s < drawing->plot->n_series; s++)
        for (int64_t i = 0; i < drawing->plot->series[s].n; i++) {
            double x = layout_x(&drawing->layout, drawing->plot->series[s].x[i]), y = layout_y(&drawing->layout, drawing->plot->series[s].y[i]);
            if (x > box.left - 4 && x < box.right + 4 && y > box.top - 4 && y < box.bottom + 4) return true;
        }
    return false;
}

/* gnuplot cannot stroke text, so a white rim is four white copies; only for the large labels, where there are dots beneath (small ones stand where
 * there are next to none). */
static void put_label(struct drawing *drawing, const struct label *label) {
    double x = layout_x(&drawing->layout, label->x), y = layout_y(&drawing->layout, label->y), px = label_font_px(label);
    struct text_style style = {px, label->bold, "#ffffff", ALIGN_CENTER};
    bool rim = label->bold && covers_dots(drawing, label);
    for (int k = 0; k < 4 && rim; k++) draw_text(drawing, label->text, x + (k & 1 ? 1.2 : -1.2), y + (k & 2 ? 1.2 : -1.2), style);
    style.color = palette_text_hex(label->color);
    draw_text(drawing, label->text, x, y, style);
}

void script_labels(struct drawing *drawing) {
    const struct plot *plot = drawing->plot;
    for (size_t l = 0; l < plot->n_labels; l++) {
        const struct label *label = &plot->labels[l];
        if (!label->leader) continue;
        double x = layout_x(&drawing->layout, label->anchor_x), y = layout_y(&drawing->layout, label->anchor_y), end_x, end_y;
        struct box box = label_box(&drawing->layout, label);
        leader_end(&box, x, y, &end_x, &end_y);
        draw_line(drawing, x, y, end_x, end_y, "#57606a", 0.7, "front");
    }
    for (size_t l = 0; l < plot->n_labels; l++) put_label(drawing, &plot->labels[l]);
}
