/* What the files of the sweep share. */
#ifndef RECKON_SWEEP_PARTS_H
#define RECKON_SWEEP_PARTS_H

#include "models/eval/sweep.h"

/* One setting and what came of it. */
struct setting {
    union param_value values[SWEEP_AXES_MAX]; /* of the axes */
    double value, seconds;                    /* the metric on valid; NaN: not yet, or it failed */
    int64_t epoch;                            /* that counts; 0: the model has none */
    int round;                                /* halving: from 1; 0: not begun */
    char *error;                              /* NULL: none */
    struct model *model;                      /* halving: to go on from, while it is in the running */
};

struct sweep {
    struct sweep_request request;
    struct setting *settings;
    int64_t n, n_done;
    int64_t planned, fitted; /* fits */
    int n_rounds;            /* halving; else 1 */
    bool drawn, interrupted;
};

/* What kind of parameter an axis is. */
enum param_type axis_type(const struct sweep_request *request, const struct sweep_axis *axis);
/* sweep_settings.c: fills settings and n. */
enum status sweep_choose(struct sweep *sweep, struct error *err) MUST_CHECK;
/* "factors=16, reg=0.1" */
void setting_text(const struct sweep *sweep, const struct setting *setting, struct buf *out);
/* Epochs by which a setting of that round has been trained; in the last all of them. */
int64_t sweep_budget(const struct sweep *sweep, int round);
int64_t sweep_epochs(const struct sweep_request *request); /* of the recipe */
bool setting_better(const struct sweep *sweep, const struct setting *a, const struct setting *b);

#endif
