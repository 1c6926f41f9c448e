#include "runtime/base/monitor.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/mem.h"

struct monitor {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

struct monitor *monitor_new(void) {
    struct monitor *monitor = xnew(struct monitor);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&monitor->mutex, NULL);
    pthread_cond_init(&monitor->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return monitor;
}

void monitor_free(struct monitor *monitor) {
    if (!monitor) return;
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
}

void monitor_lock(struct monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }

void monitor_unlock(struct monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }

void monitor_wait(struct monitor *monitor) { pthread_cond_wait(&monitor->changed, &monitor->mutex); }

static struct timespec deadline_after(double seconds) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    double whole = (double)(long long)seconds;
    at.tv_sec += (time_t)whole;
    at.tv_nsec += (long)((seconds - whole) * 1e9);
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    return at;
}

bool monitor_wait_for(struct monitor *monitor, double seconds) {
    struct timespec at = deadline_after(seconds > 0 ? seconds : 0);
    return pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &at) == 0;
}

void monitor_wake(struct monitor *monitor) { pthread_cond_broadcast(&monitor->changed); }

double clock_now_s(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

struct own_thread {
    pthread_t id;
    struct monitor *monitor;
    bool ended;
    void (*run)(void *ctx);
    void *ctx;
};

static void *thread_main(void *argument) {
    struct own_thread *thread = argument;
    thread->run(thread->ctx);
    monitor_lock(thread->monitor);
    thread->ended = true;
    monitor_wake(thread->monitor);
    monitor_unlock(thread->monitor);
    return NULL;
}

struct own_thread *own_thread_start(const char *name, size_t stack_bytes, void (*run)(void *ctx), void *ctx) {
    struct own_thread *thread = xnew(struct own_thread);
    *thread = (struct own_thread){.monitor = monitor_new(), .run = run, .ctx = ctx};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    int failed = pthread_create(&thread->id, &attributes, thread_main, thread);
    pthread_attr_destroy(&attributes);
    if (failed) {
        monitor_free(thread->monitor);
        free(thread);
        return NULL;
    }
    pthread_setname_np(thread->id, name);
    return thread;
}

bool own_thread_join(struct own_thread *thread, double seconds) {
    double end = clock_now_s() + seconds;
    monitor_lock(thread->monitor);
    while (!thread->ended && clock_now_s() < end) monitor_wait_for(thread->monitor, end - clock_now_s());
    bool ended = thread->ended;
    monitor_unlock(thread->monitor);
    if (!ended) return false;
    pthread_join(thread->id, NULL);
    monitor_free(thread->monitor);
    free(thread);
    return true;
}
