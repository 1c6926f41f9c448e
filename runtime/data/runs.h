/* The log of runs: every fit and every evaluation of all the user's sessions, in
 * one file. A thread of its own writes, so who trains only leaves a copy; what
 * comes within RUNS_GATHER_S is written together, and a process that is killed
 * loses that at most.
 *
 * Where the file can't be used (folder not writable, damaged, disk full) it is
 * left as it is and the runs are kept in memory; runs_complaint says so once.
 * Bounds: after RUNS_FILE_BYTES_MAX the oldest runs give way to new ones; while
 * RUNS_WAITING_MAX wait to be written, further ones are forgotten. */
#ifndef RECKON_RUNS_H
#define RECKON_RUNS_H

#include "runtime/base/task.h"
#include "runtime/data/table.h"

#define RUNS_GATHER_S 0.1
#define RUNS_FILE_BYTES_MAX ((int64_t)64 << 20)
#define RUNS_WAITING_MAX 10000
#define RUNS_READ_MAX 100000 /* rows of one answer */
#define RUNS_METRICS_MAX 32  /* of one run; columns of one answer */

enum run_kind { RUN_FIT, RUN_EVALUATE };

struct run_metric {
    const char *name; /* "valid_rmse" */
    double value;
};

/* All text is borrowed; NULL: there is none. */
struct run_record {
    enum run_kind kind;
    const char *model;                /* its name: "als, tuned" */
    const char *builtin, *params;     /* "als", "factors=64, reg=0.1, epochs=15" */
    const char *data, *split;         /* "ml-100k train", "random, test 0.2, seed 42" */
    const char *fingerprint;          /* of the data */
    const char *protocol;             /* how lists were judged */
    const char *device;               /* "cpu" */
    const struct run_metric *metrics; /* n_metrics */
    size_t n_metrics;
    uint64_t seed;
    int64_t epoch; /* that was kept; 0: there are none */
    double seconds;
};

struct run_log;
/* $RECKON_RUNS, else runs.sqlite in the user's folder of data (file.h's user_file). Owned; NULL: "off", or there is no home. */
char *runs_path(void);
/* path NULL: in memory. Nothing is opened, and no thread started, before the first use. version: of this program, borrowed. */
struct run_log *runs_new(const char *path, const char *version);
/* Writes what was added, for at most `seconds`, then what waits is lost. NULL is fine. */
void runs_free(struct run_log *runs, double seconds);

/* One thread. Never waits for a file, never fails. */
void runs_add(struct run_log *runs, const struct run_record *run);
/* Why the file can't be used, the first time that somebody asks after it was found; else NULL. Owned. */
char *runs_complaint(struct run_log *runs);

struct runs_filter {
    int kind;                            /* enum run_kind, or -1: both */
    const char *model;                   /* a model's name or its builtin; NULL: any */
    const char *data, *data_fingerprint; /* a data set's name, with or without the part; NULL: any. Both: one of them fits */
    int64_t last;                        /* at most so many; 0: all */
};
/* Table, oldest first: when, kind, model, recipe, data, a column a metric, epoch, seconds, seed, split, fingerprint, protocol, device, version. Waits
 * until all that was added is written; a cancel of task ends that. */
enum status runs_read(struct run_log *runs, const struct runs_filter *filter, struct task *task, struct table **out, struct error *err) MUST_CHECK;

#endif
