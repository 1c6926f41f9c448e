#include "kernel/live_names.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define FREE_S 0.002 /* snapshots may always take this long in a cell … */
#define SHARE 0.05   /* … and this part of its time */

struct live_names {
    struct monitor *monitor;
    struct snapshot *latest; /* guarded by the monitor */
    /* the worker's */
    bool stale;
    double began_s, spent_s;
};

struct live_names *live_names_new(void) {
    struct live_names *names = xnew(struct live_names);
    names->monitor = monitor_new();
    return names;
}

void live_names_free(struct live_names *names) {
    if (!names) return;
    snapshot_unref(names->latest);
    monitor_free(names->monitor);
    free(names);
}

static void publish_names(struct live_names *names, struct interp *interp) {
    double before_s = clock_now_s();
    struct snapshot *fresh = snapshot_new(interp);
    monitor_lock(names->monitor);
    struct snapshot *old = names->latest;
    names->latest = fresh;
    monitor_unlock(names->monitor);
    snapshot_unref(old);
    names->stale = false;
    names->spent_s += clock_now_s() - before_s;
}

void live_names_changed(struct live_names *names, struct interp *interp) {
    names->stale = true;
    if (names->spent_s < FREE_S + SHARE * (clock_now_s() - names->began_s)) publish_names(names, interp);
}

void live_names_settle(struct live_names *names, struct interp *interp) {
    if (names->stale) publish_names(names, interp);
    names->began_s = clock_now_s();
    names->spent_s = 0;
}

struct snapshot *live_names_take(struct live_names *names) {
    monitor_lock(names->monitor);
    struct snapshot *snapshot = names->latest ? snapshot_ref(names->latest) : NULL;
    monitor_unlock(names->monitor);
    return snapshot;
}
