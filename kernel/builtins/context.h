/* What builtins share: one a session, owned by it, reached through interp->context. */
#ifndef RECKON_CONTEXT_H
#define RECKON_CONTEXT_H

#include "kernel/lang/interp.h"

struct device;
struct gnuplot;
struct table;
struct run_log;

struct context {
    uint64_t seed;           /* seed(n); 0 at start */
    struct device *device;   /* use(); decides for new fits only; NULL until the first use */
    struct gnuplot *gnuplot; /* started at the first picture; NULL before */
    int64_t n_displays;
    struct run_log *runs; /* the log of fits and evaluations; the session's */
    struct table *live;   /* a count: what a sweep has so far, shown under its progress line; NULL: none runs */
    struct value fixed;   /* dict: what param(…, override=True) fixed; UNSET before the first */
};

static inline struct context *context_of(const struct call *call) { return call->interp->context; }

/* Frees what the members own. */
void context_release(struct context *context);
/* What reset() forgets besides the names: the seed and the fixed parameters. */
void context_reset(struct context *context);
/* seed= of a call; where that is None, the session's. */
uint64_t context_seed(const struct call *call);
/* The device for new fits, opened at first use. */
enum status context_device(struct context *context, struct device **out, struct error *err) MUST_CHECK;

/* Every group's rows (those that are wanted; NULL: all) and every object type, in builtins.c: the whole language. */
struct registry *builtins_registry(bool (*wanted)(const struct builtin_row *row), struct error *err);
/* Data set and metric names for completion. */
extern const struct complete_sources builtins_complete_sources;

#endif
