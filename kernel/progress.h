/* Shows a run's progress in the notebook: one display, updated in place: a bar
 * while it runs, one quiet line afterwards. Runs shorter than half a second show
 * nothing. */
#ifndef RECKON_PROGRESS_H
#define RECKON_PROGRESS_H

#include "kernel/lang/interp.h"

#define PROGRESS_FIRST_S 0.5

struct table;

struct progress_view {
    char display_id[40]; /* "" = nothing shown yet */
};

/* A report of the task; output is the running cell's. table: what the run has so far, shown under the line while it goes on and after an interrupt;
 * NULL: nothing. */
void progress_view_report(struct progress_view *view, struct output *output, const struct progress *progress, const struct table *table);
/* Pure: the bundle of one state. */
void progress_bundle(const struct progress *progress, const struct table *table, struct bundle *out);

#endif
