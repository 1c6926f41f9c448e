/* The database of the log of runs. One thread at a time. */
#ifndef RECKON_RUNS_STORE_H
#define RECKON_RUNS_STORE_H

#include "runtime/data/runs.h"

/* A run on its way to the file: texts and metrics are its own. */
struct run_copy {
    struct run_copy *next;
    struct run_record run;
    int64_t at; /* seconds UTC */
    char *text; /* what run's texts point into */
};
struct run_copy *run_copy_new(const struct run_record *run);
void run_copy_free(struct run_copy *copy);

struct runs_store;
/* Makes folder and file where there are none. */
enum status runs_store_open(const char *path, const char *version, struct runs_store **out, struct error *err) MUST_CHECK;
void runs_store_close(struct runs_store *store); /* NULL is fine */
/* All of the list, or none. A cancel of task ends waiting for others. */
enum status runs_store_write(struct runs_store *store, const struct run_copy *first, const struct task *task, struct error *err) MUST_CHECK;
enum status runs_store_read(struct runs_store *store, const struct runs_filter *filter, const struct task *task, struct table **out,
                            struct error *err) MUST_CHECK;

#endif
