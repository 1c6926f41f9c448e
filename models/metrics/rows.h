/* The metric rows, one file a family. Only metrics.c includes this. */
#ifndef RECKON_METRIC_ROWS_H
#define RECKON_METRIC_ROWS_H

#include "models/metrics/metrics.h"

extern const struct metric_row metric_mae;
extern const struct metric_row metric_rmse;

#endif
