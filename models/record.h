/* What fits and evaluations tell the log of runs (runtime/data/runs.h), through the task. */
#ifndef RECKON_RECORD_H
#define RECKON_RECORD_H

#include "models/model.h"
#include "runtime/data/runs.h"

/* A fit that has ended well: its last training loss, and the value on valid of the epoch that was kept. */
void record_fit(const struct fit_request *request, const struct model *model);
/* Values of metrics on judged rows. protocol: how lists were judged; NULL: none were. */
struct judgement {
    const struct model *model;
    struct dataset *judged;
    const char *protocol;
    const struct run_metric *metrics;
    size_t n_metrics;
    double seconds;
};
void record_judgement(struct task *task, const struct judgement *judgement);

#endif
