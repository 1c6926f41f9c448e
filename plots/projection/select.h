/* The k least of many values, by (value, index): the same whatever the order of work. */
#ifndef RECKON_SELECT_H
#define RECKON_SELECT_H

#include <stdint.h>

struct near {
    float value;
    int32_t index;
};
/* Least k of values[0 … n), index `skip` left out, sorted; room: 2k + 64 entries of scratch, the result stands at its front. Returns how many (k, or
 * fewer when there are fewer). */
int64_t select_near(const float *values, int64_t n, int64_t skip, int64_t k, struct near *room);

#endif
