#include "plots/heat.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plots/font.h"

#define TEXT_ROOM 6.0   /* that a number leaves free in its cell */
#define LINE_LEAST 15.0 /* pixels that a line of text needs */
#define DASHES_MAX 100  /* cells of a grid whose empty ones have a dash */

double heat_slot(double from, double to, size_t n) { return fabs(to - from) / fmax(1, (double)n); }

double heat_share(const struct layout *layout, double value) {
    const struct axis *z = &layout->z;
    return z->max > z->min ? (value - z->min) / (z->max - z->min) : 0.5;
}

uint32_t heat_rgb(const struct layout *layout, double value) { return isnan(value) ? HEAT_EMPTY : palette_heat(heat_share(layout, value)); }

void heat_text(const struct series *cells, int64_t i, char out[HEAT_TEXT]) {
    const double value = cells->values[i];
    if (isnan(value)) snprintf(out, HEAT_TEXT, "%s", cells->n > DASHES_MAX ? "" : "–");
    else if (value == floor(value) && fabs(value) < 1e6) snprintf(out, HEAT_TEXT, "%.0f", value);
    else snprintf(out, HEAT_TEXT, "%.4g", value);
}

bool heat_has_room(const struct plot *plot, const struct layout *layout, const struct series *cells) {
    const double width = heat_slot(layout->panel.left, layout->panel.right, plot->n_ticks);
    if (heat_slot(layout->panel.top, layout->panel.bottom, plot->n_y_ticks) < LINE_LEAST) return false;
    for (int64_t i = 0; i < cells->n; i++) {
        char text[HEAT_TEXT];
        heat_text(cells, i, text);
        if (text_px(text, FONT_NOTE, false) > width - TEXT_ROOM) return false;
    }
    return true;
}

const char *heat_ink(const struct layout *layout, double value) {
    return isnan(value) ? "#8c959f" : palette_is_dark(palette_heat(heat_share(layout, value))) ? "#ffffff" : "#1f2328";
}

bool heat_is_best(const struct plot *plot, double x, double y) { return x == plot->best_x && y == plot->best_y; }
