/* Heat maps: cells of a grid, their numbers, and the bar of colours beside them. */
#include "plots/script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plots/font.h"
#include "plots/heat.h"

#define INK "#1f2328"
#define INK_NAMES "#424a53"
#define KEY_STEPS 64
#define LINE_LEAST 15.0 /* pixels that a line of names needs */

/* Every step-th name has room: 1, 2, 5, 10 … */
static size_t step_of(double wanted_px, double slot) {
    size_t step = 1;
    for (size_t power = 1; (double)step * slot < wanted_px; power *= 10) {
        const size_t steps[] = {power, 2 * power, 5 * power};
        for (int i = 0; i < 3 && (double)step * slot < wanted_px; i++) step = steps[i];
        if ((double)step * slot < wanted_px) step = 10 * power;
    }
    return step;
}

static void write_names(struct drawing *drawing) {
    const struct layout *layout = &drawing->layout;
    const struct plot *plot = drawing->plot;
    const double left = layout->panel.left, x_slot = heat_slot(left, layout->panel.right, plot->n_ticks);
    double widest = 0;
    for (size_t i = 0; i < plot->n_ticks; i++) widest = fmax(widest, text_px(plot->ticks[i], FONT_TEXT, false));
    const double most = fmin(widest, 140) + 8;
    for (size_t i = 0, step = step_of(most, x_slot); i < plot->n_ticks; i += step) {
        char *text = text_fitted(plot->ticks[i], FONT_TEXT, false, fmax(most, x_slot * (double)step) - 8);
        draw_text(drawing, text, layout_x(layout, (double)i), layout->panel.bottom + 15,
                  (struct text_style){FONT_TEXT, false, INK_NAMES, ALIGN_CENTER});
        free(text);
    }
    const double y_slot = heat_slot(layout->panel.top, layout->panel.bottom, plot->n_y_ticks);
    for (size_t i = 0, step = step_of(LINE_LEAST, y_slot); i < plot->n_y_ticks; i += step) { /* from the top */
        const size_t row = plot->n_y_ticks - 1 - i;
        char *text = text_fitted(plot->y_ticks[row], FONT_TEXT, false, left - 8 - EDGE / 2);
        draw_text(drawing, text, left - 8, layout_y(layout, (double)row), (struct text_style){FONT_TEXT, false, INK_NAMES, ALIGN_RIGHT});
        free(text);
    }
}

/* --- the key --- */

static void write_rectangle(struct drawing *drawing, int number, struct box box, uint32_t rgb) {
    const struct layout *layout = &drawing->layout;
    buf_addf(&drawing->script->commands,
             "set object %d rectangle from screen %.5f,%.5f to screen %.5f,%.5f fillcolor rgb '#%06X' fillstyle solid noborder front\n", number,
             box.left / layout->width, 1 - box.bottom / layout->height, box.right / layout->width, 1 - box.top / layout->height, (unsigned)rgb);
}

/* Each step reaches up to the top, behind those above it: no light shows between them. */
static void write_key(struct drawing *drawing) {
    const struct layout *layout = &drawing->layout;
    const struct box *key = &layout->key;
    const double height = (key->bottom - key->top) / KEY_STEPS;
    for (int i = 0; i < KEY_STEPS; i++) {
        const struct box step = {key->left, key->top, key->right, key->bottom - height * i};
        write_rectangle(drawing, i + 1, step, palette_heat((double)i / (KEY_STEPS - 1)));
    }
    for (size_t i = 0; i < layout->z.n_ticks; i++)
        draw_text(drawing, layout->z.ticks[i].text, key->right + 7, axis_px(&layout->z, layout->z.ticks[i].at, key->bottom, key->top),
                  (struct text_style){FONT_TEXT, false, "#656d76", ALIGN_LEFT});
    if (drawing->plot->color_title)
        draw_text(drawing, drawing->plot->color_title, layout->width - EDGE, layout->y_title_y,
                  (struct text_style){FONT_TEXT, false, "#656d76", ALIGN_RIGHT});
}

/* --- cells --- */

static void write_numbers(struct drawing *drawing, const struct series *cells) {
    const struct layout *layout = &drawing->layout;
    const bool room = heat_has_room(drawing->plot, layout, cells);
    for (int64_t i = 0; i < cells->n && room; i++) {
        char text[HEAT_TEXT];
        heat_text(cells, i, text);
        const bool best = heat_is_best(drawing->plot, cells->x[i], cells->y[i]);
        if (*text)
            draw_text(drawing, text, layout_x(layout, cells->x[i]), layout_y(layout, cells->y[i]),
                      (struct text_style){FONT_NOTE, best, heat_ink(layout, cells->values[i]), ALIGN_CENTER});
    }
}

static void draw_frame(struct drawing *drawing, struct box box, const char *color, double width) {
    draw_line(drawing, box.left, box.top, box.right, box.top, color, width, "front");
    draw_line(drawing, box.right, box.top, box.right, box.bottom, color, width, "front");
    draw_line(drawing, box.right, box.bottom, box.left, box.bottom, color, width, "front");
    draw_line(drawing, box.left, box.bottom, box.left, box.top, color, width, "front");
}

/* Ink with a white line inside: seen on dark and on light cells. */
static void write_best(struct drawing *drawing) {
    const struct plot *plot = drawing->plot;
    const struct layout *layout = &drawing->layout;
    if (!isfinite(plot->best_x) || !isfinite(plot->best_y)) return;
    const struct box cell = {layout_x(layout, plot->best_x - 0.5), layout_y(layout, plot->best_y + 0.5), layout_x(layout, plot->best_x + 0.5),
                             layout_y(layout, plot->best_y - 0.5)};
    draw_frame(drawing, cell, INK, 3);
    if (cell.right - cell.left > 12 && cell.bottom - cell.top > 12)
        draw_frame(drawing, (struct box){cell.left + 2.5, cell.top + 2.5, cell.right - 2.5, cell.bottom - 2.5}, "#ffffff", 1.6);
}

static void put_cells(struct drawing *drawing, const struct series *cells) {
    const struct layout *layout = &drawing->layout;
    const double x_slot = heat_slot(layout->panel.left, layout->panel.right, drawing->plot->n_ticks);
    const double y_slot = heat_slot(layout->panel.top, layout->panel.bottom, drawing->plot->n_y_ticks);
    /* Small cells overlap a little: no light shows between them. */
    const double gap = fmin(x_slot, y_slot) < HEAT_SMALL ? -HEAT_GAP / 2 : HEAT_GAP, half_x = 0.5 - gap / x_slot, half_y = 0.5 - gap / y_slot;
    draw_record(drawing, cells->n, 7);
    buf_adds(&drawing->script->commands, "using 1:2:3:4:5:6:7 with boxxyerror fs solid noborder lc rgb variable notitle");
    for (int64_t i = 0; i < cells->n; i++) {
        const double x = cells->x[i], y = cells->y[i];
        const uint32_t rgb = heat_rgb(layout, cells->values[i]);
        const double row[] = {x, y, x - half_x, x + half_x, y - half_y, y + half_y, (double)rgb};
        for (size_t c = 0; c < sizeof row / sizeof *row; c++) draw_number(drawing, row[c]);
    }
}

void script_heat(struct drawing *drawing) {
    write_names(drawing);
    write_key(drawing);
    write_best(drawing);
    for (size_t s = 0; s < drawing->plot->n_series; s++) write_numbers(drawing, &drawing->plot->series[s]);
    for (size_t s = 0; s < drawing->plot->n_series; s++)
        if (drawing->plot->series[s].n) put_cells(drawing, &drawing->plot->series[s]);
}
