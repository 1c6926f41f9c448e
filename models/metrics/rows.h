/* The metric rows, one file a family. Only metrics.c includes this. */
#ifndef RECKON_METRIC_ROWS_H
#define RECKON_METRIC_ROWS_H

#include "models/metrics/metrics.h"

extern const struct metric_row metric_accuracy;
extern const struct metric_row metric_auc;
extern const struct metric_row metric_fcp;
extern const struct metric_row metric_gauc;
extern const struct metric_row metric_hit_rate;
extern const struct metric_row metric_mae;
extern const struct metric_row metric_map;
extern const struct metric_row metric_map_hits;
extern const struct metric_row metric_map_rel;
extern const struct metric_row metric_mrr;
extern const struct metric_row metric_ndcg;
extern const struct metric_row metric_ndcg_exp;
extern const struct metric_row metric_precision;
extern const struct metric_row metric_recall;
extern const struct metric_row metric_recall_cut;
extern const struct metric_row metric_rmse;

#endif
