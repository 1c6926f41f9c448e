#include "runtime/base/task.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/str.h"

#define N_STEPS 9 /* as many step times the median looks back on */

struct task {
    struct task_listener listener;
    atomic_bool cancelled;
    int cancel_fd;
    /* The outermost run; inner ones only count depth. */
    int depth;
    atomic_llong done;
    struct progress shown;
    double began_s, reported_s;
    bool has_reported;
    double step_s[N_STEPS]; /* seconds a unit, a ring */
    int n_steps;
    int64_t step_done;
    double step_at_s;
};

struct task *task_new(const struct task_listener *listener) {
    struct task *task = xnew(struct task);
    if (listener) task->listener = *listener;
    task->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return task;
}

void task_free(struct task *task) {
    if (!task) return;
    if (task->cancel_fd >= 0) close(task->cancel_fd);
    free(task);
}

void task_cancel(struct task *task) {
    int kept = errno; /* this may run in a signal handler */
    atomic_store(&task->cancelled, true);
    uint64_t one = 1;
    ssize_t ignored = write(task->cancel_fd, &one, sizeof one);
    (void)ignored;
    errno = kept;
}

/* A cancel that comes in between must not leave flag and descriptor at odds. */
void task_rearm(struct task *task) {
    uint64_t count;
    atomic_store(&task->cancelled, false);
    ssize_t ignored = read(task->cancel_fd, &count, sizeof count);
    (void)ignored;
    if (atomic_load(&task->cancelled)) task_cancel(task);
    task->depth = 0;
}

bool task_cancelled(const struct task *task) { return task && atomic_load_explicit(&task->cancelled, memory_order_relaxed); }

int task_cancel_fd(const struct task *task) { return task ? task->cancel_fd : -1; }

static _Thread_local long checks_until_interrupt;

void task_interrupt_after(long n) { checks_until_interrupt = n; }

static bool is_the_one(void) { return checks_until_interrupt > 0 && --checks_until_interrupt == 0; }

enum status task_check(const struct task *task, struct error *err) {
    return task_cancelled(task) || (task && is_the_one()) ? err_set(err, ERR_INTERRUPTED, "interrupted") : mem_check(err);
}

static _Thread_local struct task *current;

void task_enter(struct task *task) { current = task; }

struct task *task_current(void) {
    return current;
}

double task_now_s(const struct task *task) { return task && task->listener.now_s ? task->listener.now_s(task->listener.ctx) : clock_now_s(); }

#define LONGEST_NAP_S 3600.0

enum status task_sleep(const struct task *task, double seconds, struct error *err) {
    double end = clock_now_s() + seconds;
    for (;;) {
        TRY(task_check(task, err));
        double left = end - clock_now_s();
        if (!(left > 0)) return OK;
        if (left > LONGEST_NAP_S) left = LONGEST_NAP_S;
        int fd = task_cancel_fd(task);
        if (task && fd < 0 && left > 0.05) left = 0.05; /* no descriptor was to be had: look at the flag */
        struct timespec nap = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        struct pollfd wake = {.fd = fd, .events = POLLIN};
        ppoll(&wake, 1, &nap, NULL);
    }
}

/* --- progress --- */

void task_begin(struct task *task, const char *label, const char *unit, int64_t total) {
    if (!task || task->depth++ > 0) return;
    task->shown = (struct progress){.label = label, .unit = unit, .total = total, .eta_s = -1};
    atomic_store_explicit(&task->done, 0, memory_order_relaxed);
    task->began_s = task->reported_s = task->step_at_s = task_now_s(task);
    task->has_reported = false;
    task->n_steps = 0;
    task->step_done = 0;
}

void task_advance(struct task *task, int64_t by) {
    if (task && task->depth == 1) atomic_fetch_add_explicit(&task->done, by, memory_order_relaxed);
}

static int compare_seconds(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_step_s(const struct task *task) {
    double sorted[N_STEPS];
    int n = task->n_steps < N_STEPS ? task->n_steps : N_STEPS;
    memcpy(sorted, task->step_s, sizeof sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_seconds);
    return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

/* Notes how long a unit took since the last look. The first step pays for what is made once, so it tells nothing of the others;
 * the median forgets one slow moment. */
static void note_step(struct task *task, int64_t done, double now_s) {
    if (done <= task->step_done) return;
    if (task->step_done > 0) task->step_s[task->n_steps++ % N_STEPS] = (now_s - task->step_at_s) / (double)(done - task->step_done);
    task->step_done = done;
    task->step_at_s = now_s;
}

static void send_progress(struct task *task, double now_s) {
    struct progress *shown = &task->shown;
    if (!shown->label) return;
    shown->done = atomic_load_explicit(&task->done, memory_order_relaxed);
    shown->elapsed_s = now_s - task->began_s;
    bool known = shown->total > 0 && task->n_steps > 0 && !shown->finished && !shown->interrupted;
    int64_t left = shown->total > shown->done ? shown->total - shown->done : 0;
    shown->eta_s = known ? median_step_s(task) * (double)left : -1;
    task->reported_s = now_s;
    task->has_reported = true;
    if (task->listener.progress) task->listener.progress(task->listener.ctx, shown);
}

void task_report(struct task *task, int64_t done, const char *format, ...) {
    if (!task || task->depth == 0) return;
    double now_s = task_now_s(task);
    if (task->depth == 1) {
        if (done >= 0) atomic_store_explicit(&task->done, done, memory_order_relaxed);
        note_step(task, atomic_load_explicit(&task->done, memory_order_relaxed), now_s);
        va_list args;
        va_start(args, format);
        vsnprintf(task->shown.text, sizeof task->shown.text, format, args);
        va_end(args);
        utf8_drop_bad(task->shown.text);
    }
    if (now_s - task->reported_s >= TASK_PROGRESS_MS / 1000.0) send_progress(task, now_s);
}

bool task_runs(const struct task *task) { return task && task->depth > 0; }

void task_end(struct task *task, bool interrupted) {
    if (!task || task->depth == 0 || --task->depth > 0) return;
    task->shown.interrupted = interrupted;
    task->shown.finished = !interrupted;
    if (task->has_reported) send_progress(task, task_now_s(task));
}

/* --- the rest of what is said upward --- */

void task_print(struct task *task, const char *text, size_t len) {
    if (task && len && task->listener.print) task->listener.print(task->listener.ctx, text, len);
}

void task_printf(struct task *task, const char *format, ...) {
    if (!task || !task->listener.print) return;
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&text, format, args);
    va_end(args);
    task_print(task, buf_text(&text), text.len);
    buf_release(&text);
}

void task_offer_partial(struct task *task, void *model) {
    if (task && task->listener.partial) task->listener.partial(task->listener.ctx, model);
}

bool task_records(const struct task *task) { return task && task->listener.record; }

void task_record(struct task *task, const struct run_record *run) {
    if (task_records(task)) task->listener.record(task->listener.ctx, run);
}
