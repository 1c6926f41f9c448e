/* Widths of text in DejaVu Sans, so that labels, legends and margins can be
 * placed without asking a renderer. */
#ifndef RECKON_FONT_H
#define RECKON_FONT_H

#include "runtime/base/str.h"

/* Width in pixels at a font size in pixels. Characters outside Latin: a typical width of their kind. */
double text_px(const char *text, double font_px, bool bold);
/* text, cut with "…" where it is wider than max_px. Owned. */
char *text_fitted(const char *text, double font_px, bool bold, double max_px);
/* Lines of at most max_px, broken at spaces: owned array of owned texts; a word that is too wide is cut. */
char **text_wrapped(const char *text, double font_px, bool bold, double max_px, size_t max_lines, size_t *out_n);

#endif
