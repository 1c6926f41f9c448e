/* What the parts of the Vega-Lite writer share. */
#ifndef RECKON_VEGA_PARTS_H
#define RECKON_VEGA_PARTS_H

#include "plots/layout.h"

/* The panel in CSS pixels, as large as the picture's, or less wide by the legend. */
struct vega_frame {
    const struct plot *plot;
    struct layout layout;
    double width, height, share; /* share: of the picture's panel */
    bool beside;                 /* the legend; else it is below */
};

void vega_add_text(struct buf *out, const char *text);  /* a JSON string; NULL: "" */
void vega_add_field(struct buf *csv, const char *text); /* a CSV field, quotes doubled */
/* Everything but data and marks, from the opening brace on. */
void vega_add_head(const struct vega_frame *frame, struct buf *out);
/* vega_heat.c: data and marks of a HEAT plot. */
void vega_add_cells(const struct vega_frame *frame, struct buf *out);

#endif
