/* Evaluations, told to the log of runs. */
#ifndef RECKON_RECORD_JUDGED_H
#define RECKON_RECORD_JUDGED_H

#include "models/eval/rank.h"

/* values: of metrics, n each. */
void record_judged(struct task *task, const struct model *model, struct dataset *judged, const struct metric *metrics, const double *values, size_t n,
                   const struct protocol *protocol, double seconds);

#endif
