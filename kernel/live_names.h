/* The snapshot of the session's names that completion and inspection read
 * while a cell runs. The worker publishes, anybody takes. */
#ifndef RECKON_LIVE_NAMES_H
#define RECKON_LIVE_NAMES_H

#include "kernel/lang/complete.h"
#include "kernel/lang/interp.h"

struct live_names;
struct live_names *live_names_new(void);
void live_names_free(struct live_names *names); /* NULL is fine */

/* Worker. Statements that bind names come in thousands in some cells: a snapshot is made unless those of this cell have
 * already cost more than a twentieth of its time. */
void live_names_changed(struct live_names *names, struct interp *interp);
/* Worker, at a cell's begin and end: publishes what live_names_changed put off. */
void live_names_settle(struct live_names *names, struct interp *interp);
/* Any thread. Owned count; NULL before the first name. */
struct snapshot *live_names_take(struct live_names *names);

#endif
