/* Memory and processor use, as jupyter-resource-usage asks for it. */
#ifndef RECKON_USAGE_H
#define RECKON_USAGE_H

#include <stdint.h>

#include "runtime/base/str.h"

/* Counters of the last look: percentages are since then. */
struct usage {
    double at_s;
    double own_s, host_busy_s, host_all_s;
};
void usage_json(struct usage *usage, struct buf *out); /* the content of a usage_reply */

#endif
