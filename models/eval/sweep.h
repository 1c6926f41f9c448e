/* Tuning: fits one recipe with many settings of its parameters, each judged on
 * a part that is held out for choosing.
 *
 * Iterative models are judged after every epoch (early stopping), and a setting
 * counts with its best one; the others are judged once. All fits have the same
 * seed. A setting that can't be fitted (its memory isn't there, it diverges, a
 * value is out of range) keeps its error, and the sweep goes on; only where all
 * of them fail the first one's error is the sweep's.
 *
 * Search: all combinations of the axes' values ("grid"); n of them, or of what
 * ranges hold, drawn at random without repeats (Bergstra and Bengio 2012); or
 * successive halving on epochs (Jamieson and Talwalkar 2016): every setting is
 * trained a little, the better half goes on from there with twice the epochs,
 * until the rest has all of them. */
#ifndef RECKON_SWEEP_H
#define RECKON_SWEEP_H

#include "models/eval/evaluate.h"

#define SWEEP_AXES_MAX 12
#define SWEEP_SETTINGS_MAX 2000
#define SWEEP_EPOCHS (-1) /* sweep_axis.row: how many epochs */

enum sweep_search { SWEEP_GRID, SWEEP_RANDOM, SWEEP_HALVING };

/* A parameter that varies: over values, or, where there are none, over a range that is drawn from. */
struct sweep_axis {
    int row;                         /* of class->params, or SWEEP_EPOCHS */
    const union param_value *values; /* n_values, borrowed; texts are those of the row's names */
    size_t n_values;
    double low, high; /* low <= high; both can be drawn. Whole numbers where the parameter is one */
    bool by_factors;  /* log-uniform: 0 < low */
};

struct sweep; /* opaque */

struct sweep_request {
    const struct model_class *class;
    const struct params *params; /* of what doesn't vary */
    struct fit_common common;    /* valid and monitor are the sweep's own: NULL here. verbose: a progress line */
    struct dataset *train, *valid;
    const struct sweep_axis *axes;
    size_t n_axes;
    struct metric metric;
    enum sweep_search search;
    int64_t n; /* settings to draw; 0: all of the grid */
    struct device *device;
    struct task *task;
    void (*changed)(void *ctx, const struct sweep *sweep); /* after each fit; may be NULL */
    void *ctx;
};

/* Checks the request and chooses the settings. Everything in the request is borrowed until sweep_free. ERR_VALUE (the axis' name is what the error is
 * about), ERR_LEAK, ERR_DATA, ERR_LIMIT. */
enum status sweep_new(const struct sweep_request *request, struct sweep **out, struct error *err) MUST_CHECK;
/* Fits and judges them. After ERR_INTERRUPTED the sweep holds what has ended. */
enum status sweep_run(struct sweep *sweep, struct error *err) MUST_CHECK;
void sweep_free(struct sweep *sweep); /* NULL is fine */

/* "factors"; "epochs" */
const char *sweep_axis_name(const struct sweep_request *request, size_t axis);
int64_t sweep_n(const struct sweep *sweep);      /* settings */
int64_t sweep_n_done(const struct sweep *sweep); /* of them fitted and judged, or failed */
int64_t sweep_best(const struct sweep *sweep);   /* the best setting so far, the first of several; -1: none */
/* One row a setting that was begun, in the order of the settings: the axes' columns, the metric, seconds; where the model has epochs `epoch`, the one
 * that counts; `round` of halving, the last that it took part in; `error` where one failed. The best row is marked. A new count. */
struct table *sweep_table(const struct sweep *sweep);

#endif
