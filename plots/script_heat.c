/* Heat maps: cells of a grid, their numbers, and the bar of colours beside them. */
#include "plots/script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "plots/font.h"

#define INK "#1f2328"
#define INK_NAMES "#424a53"
#define KEY_STEPS 64
#define TEXT_ROOM 6.0   /* that a number leaves free in its cell */
#define LINE_LEAST 15.0 /* pixels that a line of text needs */
#define DASHES_MAX 100  /* cells of a grid whose empty ones have a dash */
#define SMALL 12.0      /* pixels of a slot below which cells touch */
#define GAP 0.8         /* pixels that a cell leaves free on each side; small ones overlap by half of it: no light shows between them */

static double slot_px(double from, double to, size_t n) { return fabs(to - from) / fmax(1, (double)n); }

static double share_of(const struct axis *z, double value) { return z->max > z->min ? (value - z->min) / (z->max - z->min) : 0.5; }

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
    const double left = layout->panel.left, x_slot = slot_px(left, layout->panel.right, plot->n_ticks);
    double widest = 0;
    for (size_t i = 0; i < plot->n_ticks; i++) widest = fmax(widest, text_px(plot->ticks[i], FONT_TEXT, false));
    const double most = fmin(widest, 140) + 8;
    for (size_t i = 0, step = step_of(most, x_slot); i < plot->n_ticks; i += step) {
        char *text = text_fitted(plot->ticks[i], FONT_TEXT, false, fmax(most, x_slot * (double)step) - 8);
        draw_text(drawing, text, layout_x(layout, (double)i), layout->panel.bottom + 15,
                  (struct text_style){FONT_TEXT, false, INK_NAMES, ALIGN_CENTER});
        free(text);
    }
    const double y_slot = slot_px(layout->panel.top, layout->panel.bottom, plot->n_y_ticks);
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

static void cell_text(double value, char out[32]) {
    if (isnan(value)) snprintf(out, 32, "–");
    else if (value == floor(value) && fabs(value) < 1e6) snprintf(out, 32, "%.0f", value);
    else snprintf(out, 32, "%.4g", value);
}

/* Whether all numbers fit in their cells. */
static bool has_room(const struct drawing *drawing, const struct series *cells) {
    const struct layout *layout = &drawing->layout;
    const double width = slot_px(layout->panel.left, layout->panel.right, drawing->plot->n_ticks);
    if (slot_px(layout->panel.top, layout->panel.bottom, drawing->plot->n_y_ticks) < LINE_LEAST) return false;
    for (int64_t i = 0; i < cells->n; i++) {
        char text[32];
        cell_text(cells->values[i], text);
        if (text_px(text, FONT_NOTE, false) > width - TEXT_ROOM) return false;
    }
    return true;
}

static bool is_best(const struct plot *plot, double x, double y) { return x == plot->best_x && y == plot->best_y; }

static void write_numbers(struct drawing *drawing, const struct series *cells) {
    const struct layout *layout = &drawing->layout;
    const bool room = has_room(drawing, cells);
    for (int64_t i = 0; i < cells->n && room; i++) {
        char text[32];
        const double value = cells->values[i];
        const char *ink = isnan(value) ? "#8c959f" : palette_is_dark(palette_heat(share_of(&layout->z, value))) ? "#ffffff" : INK;
        if (isnan(value) && cells->n > DASHES_MAX) continue;
        cell_text(value, text);
        draw_text(drawing, text, layout_x(layout, cells->x[i]), layout_y(layout, cells->y[i]),
                  (struct text_style){FONT_NOTE, is_best(drawing->plot, cells->x[i], cells->y[i]), ink, ALIGN_CENTER});
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
    const double x_slot = slot_px(layout->panel.left, layout->panel.right, drawing->plot->n_ticks);
    const double y_slot = slot_px(layout->panel.top, layout->panel.bottom, drawing->plot->n_y_ticks);
    const double gap = fmin(x_slot, y_slot) < SMALL ? -GAP / 2 : GAP, half_x = 0.5 - gap / x_slot, half_y = 0.5 - gap / y_slot;
    draw_record(drawing, cells->n, 7);
    buf_adds(&drawing->script->commands, "using 1:2:3:4:5:6:7 with boxxyerror fs solid noborder lc rgb variable notitle");
    for (int64_t i = 0; i < cells->n; i++) {
        const double x = cells->x[i], y = cells->y[i], value = cells->values[i];
        const uint32_t rgb = isnan(value) ? 0xF1F3F5 : palette_heat(share_of(&layout->z, value));
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
