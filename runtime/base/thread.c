/* The compute pool.
 *
 * A job is open while it hands out blocks. Workers join an open job by adding
 * one to the count of those inside; the caller takes blocks too, closes the job
 * when none are left, and waits only for those inside: a worker that wakes late
 * finds the job closed and sleeps on, so a small job never waits for a wake-up.
 * Open flag, count and job number share one atomic word (`door`), so joining and
 * closing can't miss each other; the job's fields are read only from inside. */
#include "runtime/base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

#define DOOR_OPEN 0x10000u /* bit 16; below: how many are inside */
#define DOOR_INSIDE 0xFFFFu
#define DOOR_JOB (1ull << 32) /* the upper half counts jobs */
#define SPINS 2000            /* some 20 to 80 µs: as long as a wake-up takes */

struct job {
    struct task *task;
    pool_fn fn;
    void *ctx;
    int64_t n_blocks;
    int n_threads;
    atomic_llong next, n_done;
};

struct worker {
    pthread_t id;
    int thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    atomic_bool asleep;
};

static struct pool {
    struct job job;
    _Atomic uint64_t door;
    struct worker *workers[POOL_MAX_THREADS]; /* [0] is the caller: unused */
    int n_started;                            /* with the caller; 0 = none yet */
    atomic_int n_threads;                     /* wanted, with the caller; 0 = not asked yet */
    atomic_bool stopping, busy, caller_asleep;
    pthread_mutex_t mutex;
    pthread_cond_t all_left;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .all_left = PTHREAD_COND_INITIALIZER};

static _Thread_local int my_thread = -1; /* -1: not inside a job */

/* --- how many --- */

/* CPUs that a container's quota pays for, rounded up; 0 = no quota. cpu.max holds "max 100000" or "150000 100000". */
static int quota_cpus(void) {
    double quota = 0, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!file) return 0;
    int n = fscanf(file, "%lf %lf", &quota, &period);
    fclose(file);
    if (n != 2 || quota <= 0 || period <= 0) return 0;
    double cpus = quota / period;
    return cpus >= POOL_MAX_THREADS ? 0 : (int)cpus + (cpus > (double)(int)cpus);
}

/* CPU sets grow: a machine may have more than the 1024 that cpu_set_t holds. */
static int affinity_cpus(void) {
    for (int size = 1024; size <= 1 << 16; size *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)size);
        if (!set) return 1;
        bool fits = sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)size), set) == 0;
        int n = fits ? CPU_COUNT_S(CPU_ALLOC_SIZE((size_t)size), set) : 0;
        CPU_FREE(set);
        if (fits) return n;
    }
    return 1;
}

static int clamp_threads(int64_t n) { return n < 1 ? 1 : n > POOL_MAX_THREADS ? POOL_MAX_THREADS : (int)n; }

static int usable_cpus(void) {
    static atomic_int known;
    int n = atomic_load(&known);
    if (n) return n;
    int quota = quota_cpus();
    n = affinity_cpus();
    if (quota && quota < n) n = quota;
    n = clamp_threads(n);
    atomic_store(&known, n);
    return n;
}

int pool_max_threads(void) {
    const char *cap = getenv("RECKON_THREADS");
    int64_t wanted;
    int n = usable_cpus();
    return cap && parse_int64(slice_of(cap), &wanted) && wanted >= 1 && wanted < n ? (int)wanted : n;
}

int pool_threads(void) {
    int n = atomic_load(&pool.n_threads), none = 0;
    if (n) return n;
    n = pool_max_threads();
    return atomic_compare_exchange_strong(&pool.n_threads, &none, n) ? n : none;
}

void pool_set_threads(int n_threads) { atomic_store(&pool.n_threads, clamp_threads(n_threads)); }

/* --- working --- */

/* Takes blocks until there are none or the task is cancelled. */
static void work(struct job *job, int thread) {
    while (!task_cancelled(job->task)) {
        int64_t block = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
        if (block >= job->n_blocks) return;
        job->fn(job->ctx, block, thread);
        atomic_fetch_add_explicit(&job->n_done, 1, memory_order_relaxed);
    }
}

static void pause_cpu(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* More threads than CPUs: spinning would take the CPU from the one that works. */
static int spins(void) { return pool_threads() <= usable_cpus() ? SPINS : 0; }

/* --- workers --- */

static bool door_news(uint64_t seen) { return atomic_load(&pool.door) / DOOR_JOB != seen || atomic_load(&pool.stopping); }

/* Until there is another job than number `seen`. The sleeper says that it sleeps before it looks, the caller opens before it
 * looks who sleeps: one of the two sees the other. */
static void wait_for_job(struct worker *self, uint64_t seen) {
    for (int i = spins(); i > 0; i--) {
        if (door_news(seen)) return;
        pause_cpu();
    }
    pthread_mutex_lock(&self->mutex);
    atomic_store(&self->asleep, true);
    while (!door_news(seen)) pthread_cond_wait(&self->wake, &self->mutex);
    atomic_store(&self->asleep, false);
    pthread_mutex_unlock(&self->mutex);
}

static bool join_job(void) {
    uint64_t door = atomic_load(&pool.door);
    while (door & DOOR_OPEN)
        if (atomic_compare_exchange_weak(&pool.door, &door, door + 1)) return true;
    return false;
}

static void leave_job(void) {
    uint64_t after = atomic_fetch_sub(&pool.door, 1) - 1;
    if (after & (DOOR_OPEN | DOOR_INSIDE) || !atomic_load(&pool.caller_asleep)) return;
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_signal(&pool.all_left);
    pthread_mutex_unlock(&pool.mutex);
}

static void *worker_main(void *argument) {
    struct worker *self = argument;
    my_thread = self->thread;
    for (uint64_t seen = 0; !atomic_load(&pool.stopping);) {
        wait_for_job(self, seen);
        seen = atomic_load(&pool.door) / DOOR_JOB;
        if (!join_job()) continue;
        if (self->thread < pool.job.n_threads) work(&pool.job, self->thread);
        leave_job();
    }
    return NULL;
}

static void wake_worker(struct worker *worker) {
    if (!atomic_load(&worker->asleep)) return;
    pthread_mutex_lock(&worker->mutex);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->mutex);
}

static void free_worker(struct worker *worker) {
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

/* NULL when the system gives no more threads: the job then runs on those there are. */
static struct worker *start_worker(int thread) {
    struct worker *worker = xnew(struct worker);
    worker->thread = thread;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->wake, NULL);
    if (pthread_create(&worker->id, NULL, worker_main, worker) != 0) {
        free_worker(worker);
        return NULL;
    }
    pthread_setname_np(worker->id, "pool");
    return worker;
}

/* Workers take no signals: an interrupt belongs to the main thread. */
static void start_workers(int n_threads) {
    sigset_t all, kept;
    if (pool.n_started >= n_threads) return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    if (pool.n_started == 0) pool.n_started = 1;
    while (pool.n_started < n_threads) {
        struct worker *worker = start_worker(pool.n_started);
        if (!worker) break;
        pool.workers[pool.n_started++] = worker;
    }
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
}

void pool_stop(void) {
    atomic_store(&pool.stopping, true);
    for (int i = 1; i < pool.n_started; i++) {
        wake_worker(pool.workers[i]);
        pthread_join(pool.workers[i]->id, NULL);
        free_worker(pool.workers[i]);
        pool.workers[i] = NULL;
    }
    pool.n_started = 0;
    atomic_store(&pool.stopping, false);
}

/* --- running a job --- */

static void job_init(struct job *job, struct task *task, int64_t n_blocks, pool_fn fn, void *ctx, int n_threads) {
    job->task = task;
    job->fn = fn;
    job->ctx = ctx;
    job->n_blocks = n_blocks;
    job->n_threads = n_threads;
    atomic_init(&job->next, 0);
    atomic_init(&job->n_done, 0);
}

static enum status job_result(struct job *job, struct error *err) {
    if (atomic_load(&job->n_done) == job->n_blocks) return OK;
    return err_set(err, ERR_INTERRUPTED, "interrupted");
}

/* Only what is inside still counts: the door is closed. */
static void wait_until_left(void) {
    for (int i = spins(); i > 0; i--) {
        if (!(atomic_load(&pool.door) & DOOR_INSIDE)) return;
        pause_cpu();
    }
    pthread_mutex_lock(&pool.mutex);
    atomic_store(&pool.caller_asleep, true);
    while (atomic_load(&pool.door) & DOOR_INSIDE) pthread_cond_wait(&pool.all_left, &pool.mutex);
    atomic_store(&pool.caller_asleep, false);
    pthread_mutex_unlock(&pool.mutex);
}

static void run_shared(struct job *job) {
    start_workers(job->n_threads);
    uint64_t number = atomic_load(&pool.door) / DOOR_JOB + 1;
    atomic_store(&pool.door, number * DOOR_JOB | DOOR_OPEN);
    int n_wanted = job->n_blocks < job->n_threads ? (int)job->n_blocks : job->n_threads;
    for (int i = 1; i < pool.n_started && i < n_wanted; i++) wake_worker(pool.workers[i]);
    my_thread = 0;
    work(job, 0);
    my_thread = -1;
    atomic_fetch_and(&pool.door, ~(uint64_t)DOOR_OPEN);
    wait_until_left();
}

enum status pool_run(struct task *task, int64_t n_blocks, pool_fn fn, void *ctx, struct error *err) {
    int n_threads = pool_threads();
    /* One block, one thread, a nested call or a second caller: all in place. */
    if (n_blocks <= 1 || n_threads == 1 || my_thread >= 0 || atomic_exchange(&pool.busy, true)) {
        struct job job;
        job_init(&job, task, n_blocks > 0 ? n_blocks : 0, fn, ctx, 1);
        work(&job, my_thread >= 0 ? my_thread : 0);
        return job_result(&job, err);
    }
    job_init(&pool.job, task, n_blocks, fn, ctx, n_threads);
    run_shared(&pool.job);
    enum status status = job_result(&pool.job, err);
    atomic_store(&pool.busy, false);
    return status;
}

/* --- in turns, with a progress line --- */

enum { TURNS = 64 };

struct turn {
    pool_fn fn;
    void *ctx;
    int64_t first;
};

static void run_in_turn(void *ctx, int64_t block, int thread) {
    const struct turn *turn = ctx;
    turn->fn(turn->ctx, turn->first + block, thread);
}

static enum status run_turns(struct task *task, int64_t n_blocks, struct turn *turn, struct error *err) {
    const int64_t most = (n_blocks + TURNS - 1) / TURNS;
    for (; turn->first < n_blocks; turn->first += most) {
        const int64_t left = n_blocks - turn->first, n = left < most ? left : most;
        TRY(pool_run(task, n, run_in_turn, turn, err));
        task_report(task, turn->first + n, "%s", "");
    }
    return OK;
}

enum status pool_run_shown(struct task *task, const char *label, const char *unit, int64_t n_blocks, pool_fn fn, void *ctx, struct error *err) {
    struct turn turn = {fn, ctx, 0};
    task_begin(task, label, unit, n_blocks);
    const enum status status = run_turns(task, n_blocks, &turn, err);
    task_end(task, status == ERR_INTERRUPTED);
    return status;
}
