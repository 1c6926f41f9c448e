/* A lock with a condition, and threads of their own (the compute pool is
 * thread.h). For the few places where threads share state: the worker's jobs,
 * the outgoing queue, the in-memory transport. Clock: CLOCK_MONOTONIC. */
#ifndef RECKON_MONITOR_H
#define RECKON_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

struct monitor;
struct monitor *monitor_new(void);
void monitor_free(struct monitor *monitor); /* NULL is fine */
void monitor_lock(struct monitor *monitor);
void monitor_unlock(struct monitor *monitor);
void monitor_wait(struct monitor *monitor);                     /* holds the lock before and after; may wake for nothing */
bool monitor_wait_for(struct monitor *monitor, double seconds); /* false: the time is over */
void monitor_wake(struct monitor *monitor);                     /* wakes all that wait */

double clock_now_s(void); /* monotonic seconds */

struct own_thread;
/* NULL when the system gives no thread. All signals are as in the starting thread. */
struct own_thread *own_thread_start(const char *name, size_t stack_bytes, void (*run)(void *ctx), void *ctx);
/* True when it has ended (then it is joined and freed) within `seconds`. */
bool own_thread_join(struct own_thread *thread, double seconds);

#endif
