/* What the parts of a running kernel share. Three threads live here: the I/O
 * thread (server.c) owns the transport and answers what needs no language
 * value; the worker (worker.c) runs cells; the history's (history.c) keeps them
 * in a file and answers what is asked of it. Each member says who may use it. */
#ifndef RECKON_KERNEL_H
#define RECKON_KERNEL_H

#include <stdatomic.h>

#include "kernel/capture.h"
#include "kernel/history.h"
#include "kernel/live_names.h"
#include "kernel/prompt.h"
#include "kernel/publish.h"
#include "kernel/session.h"
#include "kernel/usage.h"
#include "kernel/worker.h"

struct kernel {
    const struct connection *connection; /* constant */
    struct wire wire;                    /* any thread */
    struct outbox *outbox;               /* any thread */
    struct publisher *publisher;         /* any thread */
    struct capture *capture;             /* any thread; NULL: descriptors 1 and 2 are left alone */
    struct history *history;             /* any thread */
    struct live_names *names;            /* any thread */
    struct prompt *prompt;               /* any thread */
    struct worker *worker;               /* any thread */
    struct session *session;             /* the worker's; others only interrupt it and read its registry */
    struct usage usage;                  /* the I/O thread's */
    bool stopping;                       /* the I/O thread's: leave after this turn */
    atomic_bool muted;                   /* a silent cell runs: captured text goes nowhere */
};

/* What descriptors 1 and 2 hold now goes out as text of the running cell (or of the last one). Any thread. */
void kernel_drain_output(struct kernel *kernel);
/* The running cell ends with Interrupted, or the one that waits next; nothing when there is none. Any thread. */
void kernel_interrupt(struct kernel *kernel);

#endif
