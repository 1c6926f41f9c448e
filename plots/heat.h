/* What the cells of a heat map say, in its picture and in its interactive twin. Pure. */
#ifndef RECKON_HEAT_H
#define RECKON_HEAT_H

#include "plots/layout.h"

#define HEAT_TEXT 32 /* bytes of a cell's text */
#define HEAT_EMPTY 0xF1F3F5u
#define HEAT_SMALL 12.0 /* layout pixels of a slot below which cells touch */
#define HEAT_GAP 0.8    /* layout pixels that a larger cell leaves free on each side */

/* Layout pixels of one of n slots between two edges. */
double heat_slot(double from, double to, size_t n);
/* The value's place on the bar of colours, 0 to 1. */
double heat_share(const struct layout *layout, double value);
uint32_t heat_rgb(const struct layout *layout, double value); /* HEAT_EMPTY for NaN */
/* Whether a number is written into every cell: all of them fit. */
bool heat_has_room(const struct plot *plot, const struct layout *layout, const struct series *cells);
/* The number of a cell, a dash for none; "" where there are so many cells that dashes would be noise. */
void heat_text(const struct series *cells, int64_t i, char out[HEAT_TEXT]);
const char *heat_ink(const struct layout *layout, double value);
bool heat_is_best(const struct plot *plot, double x, double y);

#endif
