#include "runtime/data/runs.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/data/database.h"
#include "runtime/data/runs_store.h"

#define STACK_BYTES ((size_t)1 << 20)
#define LOOK_S 0.02 /* of a reader who waits for the writer, at a cancel */

struct run_log {
    const char *version;
    struct own_thread *thread; /* NULL before the first run */
    struct task *task;         /* cancelled: waiting for a file ends */
    struct monitor *monitor;
    /* The monitor guards these. */
    struct run_copy *waiting, **tail;
    int64_t n_waiting;
    bool stopping, hurry; /* hurry: somebody wants to read */
    bool busy;            /* who set it owns what follows */
    char *complaint;      /* to be said; owned */
    /* Of who is busy. */
    char *path; /* NULL: in memory, from now on */
    struct runs_store *store;
};

char *runs_path(void) { return user_file("RECKON_RUNS", "runs.sqlite"); }

struct run_log *runs_new(const char *path, const char *version) {
    struct run_log *runs = xnew(struct run_log);
    *runs = (struct run_log){.version = version, .task = task_new(NULL), .monitor = monitor_new(), .path = path ? xstrdup(path) : NULL};
    runs->tail = &runs->waiting;
    return runs;
}

/* --- who is busy --- */

static void complain(struct run_log *runs, const struct error *err) {
    struct buf text = BUF_INIT;
    buf_addf(&text, "runs of this session are kept in memory alone: %s%s%s", err->message, err->hint[0] ? "; " : "", err->hint);
    monitor_lock(runs->monitor);
    free(runs->complaint);
    runs->complaint = buf_take(&text);
    monitor_unlock(runs->monitor);
}

static void leave_file(struct run_log *runs, const struct error *err) {
    runs_store_close(runs->store);
    runs->store = NULL;
    free(runs->path);
    runs->path = NULL;
    complain(runs, err);
}

/* Opens at the first use; in memory where the file can't be used. */
static enum status ready(struct run_log *runs, struct error *err) {
    struct error why = ERROR_INIT;
    if (runs->store) return OK;
    if (runs->path && runs_store_open(runs->path, runs->version, &runs->store, &why) == OK) return OK;
    if (runs->path) leave_file(runs, &why);
    return runs_store_open(DATABASE_IN_MEMORY, runs->version, &runs->store, err);
}

static enum status write_list(struct run_log *runs, const struct run_copy *list, struct error *err) {
    TRY(ready(runs, err));
    return runs_store_write(runs->store, list, runs->task, err);
}

static void keep_list(struct run_log *runs, struct run_copy *list) {
    struct error err = ERROR_INIT, again = ERROR_INIT;
    if (write_list(runs, list, &err) != OK) {
        leave_file(runs, &err);
        if (write_list(runs, list, &again) != OK) log_line(LOG_ERROR, "runs are missing in the log: %s", again.message);
    }
    while (list) {
        struct run_copy *next = list->next;
        run_copy_free(list);
        list = next;
    }
}

/* --- the thread --- */

static bool may_gather(const struct run_log *runs) { return !runs->stopping && !runs->hurry && runs->n_waiting < RUNS_WAITING_MAX / 4; }

/* NULL: the end has come. */
static struct run_copy *take_list(struct run_log *runs) {
    monitor_lock(runs->monitor);
    while (!runs->waiting && !runs->stopping) monitor_wait(runs->monitor);
    const double end = clock_now_s() + RUNS_GATHER_S;
    while (may_gather(runs) && clock_now_s() < end) monitor_wait_for(runs->monitor, end - clock_now_s());
    while (runs->busy) monitor_wait(runs->monitor);
    struct run_copy *list = runs->waiting;
    runs->waiting = NULL;
    runs->tail = &runs->waiting;
    runs->n_waiting = 0;
    runs->busy = list != NULL;
    monitor_unlock(runs->monitor);
    return list;
}

static void leave(struct run_log *runs) {
    monitor_lock(runs->monitor);
    runs->busy = false;
    monitor_wake(runs->monitor);
    monitor_unlock(runs->monitor);
}

static void work(void *ctx) {
    struct run_log *runs = ctx;
    for (struct run_copy *list; (list = take_list(runs)) != NULL;) {
        keep_list(runs, list);
        leave(runs);
    }
}

/* --- from outside --- */

static bool has_thread(struct run_log *runs) {
    if (!runs->thread) runs->thread = own_thread_start("runs", STACK_BYTES, work, runs);
    return runs->thread != NULL;
}

void runs_add(struct run_log *runs, const struct run_record *run) {
    struct run_copy *copy = has_thread(runs) ? run_copy_new(run) : NULL;
    monitor_lock(runs->monitor);
    const bool fits = copy && runs->n_waiting < RUNS_WAITING_MAX;
    if (fits) {
        *runs->tail = copy;
        runs->tail = &copy->next;
        if (runs->n_waiting++ == 0 || !may_gather(runs)) monitor_wake(runs->monitor);
    }
    monitor_unlock(runs->monitor);
    if (fits) return;
    run_copy_free(copy);
    log_line(LOG_INFO, "a run is missing in the log: %s", copy ? "too many wait to be written" : "the system gives no thread");
}

char *runs_complaint(struct run_log *runs) {
    monitor_lock(runs->monitor);
    char *complaint = runs->complaint;
    runs->complaint = NULL;
    monitor_unlock(runs->monitor);
    return complaint;
}

/* Until all is written and nobody else is busy. */
static enum status enter(struct run_log *runs, struct task *task, struct error *err) {
    enum status status = OK;
    monitor_lock(runs->monitor);
    runs->hurry = true;
    monitor_wake(runs->monitor);
    while ((runs->busy || runs->waiting) && (status = task_check(task, err)) == OK) monitor_wait_for(runs->monitor, LOOK_S);
    runs->hurry = false;
    runs->busy = runs->busy || status == OK;
    monitor_unlock(runs->monitor);
    return status;
}

enum status runs_read(struct run_log *runs, const struct runs_filter *filter, struct task *task, struct table **out, struct error *err) {
    TRY(enter(runs, task, err));
    enum status status = ready(runs, err);
    if (status == OK) status = runs_store_read(runs->store, filter, task, out, err);
    const bool in_memory = runs->path == NULL;
    leave(runs);
    if (status == OK && in_memory) table_note(*out, "Of this session alone: no file keeps them.");
    return status;
}

void runs_free(struct run_log *runs, double seconds) {
    if (!runs) return;
    monitor_lock(runs->monitor);
    runs->stopping = true;
    monitor_wake(runs->monitor);
    monitor_unlock(runs->monitor);
    if (runs->thread && !own_thread_join(runs->thread, seconds)) {
        task_cancel(runs->task);
        while (!own_thread_join(runs->thread, 3600)) continue;
    }
    runs_store_close(runs->store);
    task_free(runs->task);
    monitor_free(runs->monitor);
    free(runs->complaint);
    free(runs->path);
    free(runs);
}
