/* The metrics of a call: names such as "ndcg@10", and functions of the user's
 * own, `lambda ranked, relevant: …`, which the engine calls back. */
#ifndef RECKON_JUDGE_METRICS_H
#define RECKON_JUDGE_METRICS_H

#include "kernel/builtins/context.h"
#include "models/eval/rank.h"

struct judge_metrics {
    struct metric *metrics; /* owned */
    size_t n;
    struct function_metric *functions; /* owned; what metrics[i].own points into */
};

/* The argument `metrics`, or what suits ratings or lists where it is None. k: how long lists are where a name doesn't say, 0 = its default, and the
 * whole list for functions. *out is to be released on failure too. An error underlines `metrics`. */
enum status judge_metrics(const struct call *call, bool ratings, int64_t k, struct judge_metrics *out, struct error *err) MUST_CHECK;
/* One metric, the argument of that name: a str or a function. */
enum status judge_metric(const struct call *call, const char *name, const char *otherwise, struct judge_metrics *out, struct error *err) MUST_CHECK;
void judge_metrics_release(struct judge_metrics *metrics);

#endif
