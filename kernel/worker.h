/* The thread that runs cells, one after another, and the queue of those that
 * wait. An interrupt hits the cell that runs, or the one that is queued first
 * when none runs; never a later one. */
#ifndef RECKON_WORKER_H
#define RECKON_WORKER_H

#include "kernel/wire/message.h"

struct kernel;
struct worker;
/* Starts the thread; the other members of kernel must be there before. NULL when the system gives no thread. */
struct worker *worker_start(struct kernel *kernel);

/* I/O thread. */
void worker_queue(struct worker *worker, struct request *takes);
/* After worker_queue of all that had arrived: whether the worker waits for that, and to tell it. */
bool worker_wants_sweep(struct worker *worker);
void worker_swept(struct worker *worker);
/* No more cells: forgets those that wait and interrupts the running one. */
void worker_stop(struct worker *worker);
/* After worker_stop. True when the thread has ended within `seconds` (then all is freed). */
bool worker_join(struct worker *worker, double seconds);

/* Any thread. */
void worker_interrupt(struct worker *worker);
struct request *worker_cell(struct worker *worker); /* the running or the last cell, owned count; NULL before the first */

/* Worker, when a cell has failed: the cells that have arrived so far won't run. */
void worker_abort_queued(struct worker *worker);

#endif
