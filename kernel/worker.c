#include "kernel/worker.h"

#include <stdlib.h>

#include "kernel/execute.h"
#include "kernel/kernel.h"
#include "kernel/requests.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

/* "Run all" sends its cells one by one: after an error, those on their way get this long to arrive and be aborted too. */
#define GRACE_S 0.005
#define KEPT_BYTES ((size_t)64 << 10)
#define SWEEP_S 0.1 /* at most, for the I/O thread to look at its socket */

enum fate { FATE_RUN, FATE_INTERRUPT, FATE_ABORT };

struct job {
    struct request *request;
    enum fate fate;
    struct job *next;
};

struct worker {
    struct kernel *kernel;
    struct own_thread *thread;
    struct monitor *monitor; /* guards all that follows */
    struct job *head, **tail;
    struct request *cell;
    bool running, stopping, wants_sweep;
};

static void free_job(struct job *job) {
    request_unref(job->request);
    free(job);
}

/* --- the thread --- */

/* In one step with whoever interrupts: what is meant for an earlier cell is forgotten, what is meant for this one counts. */
static struct job *take_job(struct worker *worker) {
    monitor_lock(worker->monitor);
    while (!worker->head && !worker->stopping) monitor_wait(worker->monitor);
    struct job *job = worker->stopping ? NULL : worker->head;
    if (job) {
        worker->head = job->next;
        if (!worker->head) worker->tail = &worker->head;
        session_rearm(worker->kernel->session);
        worker->running = true;
        if (job->fate == FATE_INTERRUPT) session_interrupt(worker->kernel->session);
    }
    monitor_unlock(worker->monitor);
    return job;
}

/* From here on captured text belongs to this cell. */
static void begin_job(struct worker *worker, const struct job *job) {
    monitor_lock(worker->monitor);
    struct request *last = worker->cell;
    worker->cell = request_ref(job->request);
    monitor_unlock(worker->monitor);
    request_unref(last);
}

/* The last cell stays named, for text that comes late; but what it carried may be up to PACKET_BYTES_MAX. */
static void end_job(struct worker *worker) {
    struct request *last = worker->cell->packet.bytes.len > KEPT_BYTES ? worker->cell : NULL;
    struct request *outline = last ? request_outline(last) : NULL;
    monitor_lock(worker->monitor);
    worker->running = false;
    if (outline) worker->cell = outline;
    monitor_unlock(worker->monitor);
    request_unref(last);
}

static void work(void *ctx) {
    struct worker *worker = ctx;
    for (struct job *job; (job = take_job(worker)) != NULL;) {
        kernel_drain_output(worker->kernel); /* what is left of the last one */
        begin_job(worker, job);
        const struct request_row *row = job->fate == FATE_ABORT ? &execute_aborted_row : request_row(job->request->type);
        request_serve(worker->kernel, job->request, row);
        end_job(worker);
        free_job(job);
        /* what a fit had gathered is free now, but in the allocator's hands; the reply is out, so nobody waits for this */
        if (task_cancelled(session_task(worker->kernel->session))) mem_give_back();
    }
}

static bool sweep(struct worker *worker) {
    double end = clock_now_s() + SWEEP_S;
    worker->wants_sweep = true;
    outbox_ring(worker->kernel->outbox);
    while (worker->wants_sweep && !worker->stopping && clock_now_s() < end) monitor_wait_for(worker->monitor, end - clock_now_s());
    return !worker->wants_sweep;
}

void worker_abort_queued(struct worker *worker) {
    double end = clock_now_s() + GRACE_S;
    monitor_lock(worker->monitor);
    while (!worker->stopping && clock_now_s() < end) monitor_wait_for(worker->monitor, end - clock_now_s());
    sweep(worker);
    for (struct job *job = worker->head; job; job = job->next) job->fate = FATE_ABORT;
    monitor_unlock(worker->monitor);
}

/* --- from outside --- */

struct worker *worker_start(struct kernel *kernel) {
    struct worker *worker = xnew(struct worker);
    *worker = (struct worker){.kernel = kernel, .monitor = monitor_new()};
    worker->tail = &worker->head;
    kernel->worker = worker; /* the thread looks for it there */
    worker->thread = own_thread_start("worker", DEEP_STACK_BYTES, work, worker);
    if (worker->thread) return worker;
    monitor_free(worker->monitor);
    free(worker);
    return kernel->worker = NULL;
}

void worker_queue(struct worker *worker, struct request *takes) {
    struct job *job = xnew(struct job);
    job->request = takes;
    monitor_lock(worker->monitor);
    *worker->tail = job;
    worker->tail = &job->next;
    monitor_wake(worker->monitor);
    monitor_unlock(worker->monitor);
}

bool worker_wants_sweep(struct worker *worker) {
    monitor_lock(worker->monitor);
    bool wants = worker->wants_sweep;
    monitor_unlock(worker->monitor);
    return wants;
}

void worker_swept(struct worker *worker) {
    monitor_lock(worker->monitor);
    worker->wants_sweep = false;
    monitor_wake(worker->monitor);
    monitor_unlock(worker->monitor);
}

void worker_interrupt(struct worker *worker) {
    monitor_lock(worker->monitor);
    if (worker->running) session_interrupt(worker->kernel->session);
    else if (worker->head && worker->head->fate == FATE_RUN) worker->head->fate = FATE_INTERRUPT;
    monitor_unlock(worker->monitor);
}

struct request *worker_cell(struct worker *worker) {
    monitor_lock(worker->monitor);
    struct request *cell = worker->cell ? request_ref(worker->cell) : NULL;
    monitor_unlock(worker->monitor);
    return cell;
}

void worker_stop(struct worker *worker) {
    monitor_lock(worker->monitor);
    worker->stopping = true;
    struct job *waiting = worker->head;
    worker->head = NULL;
    worker->tail = &worker->head;
    if (worker->running) session_interrupt(worker->kernel->session);
    monitor_wake(worker->monitor);
    monitor_unlock(worker->monitor);
    while (waiting) {
        struct job *next = waiting->next;
        free_job(waiting);
        waiting = next;
    }
}

bool worker_join(struct worker *worker, double seconds) {
    if (!own_thread_join(worker->thread, seconds)) return false;
    request_unref(worker->cell);
    monitor_free(worker->monitor);
    free(worker);
    return true;
}
