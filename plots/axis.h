/* One axis: its range and the places and texts of its ticks (steps of 1, 2 or
 * 5 times a power of ten; decades on a log axis). */
#ifndef RECKON_AXIS_H
#define RECKON_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#define AXIS_TICKS_MAX 16

struct tick {
    double at;
    char text[24];
};
struct axis {
    double min, max;
    bool log;
    struct tick ticks[AXIS_TICKS_MAX];
    size_t n_ticks;
};

/* Spans [min, max], widened to the next ticks when `round_out`. whole: no ticks between integers. A log axis needs min > 0. */
void axis_fit(struct axis *axis, double min, double max, bool log, bool round_out, bool whole, int wanted_ticks);
/* Where a value stands between start_px (min) and end_px (max). */
double axis_px(const struct axis *axis, double value, double start_px, double end_px);
double axis_value(const struct axis *axis, double px, double start_px, double end_px);

#endif
