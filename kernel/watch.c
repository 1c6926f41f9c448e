#include "kernel/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/str.h"

static sigset_t watched_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

void watch_block_signals(void) {
    sigset_t set = watched_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int watch_signals_open(void) {
    sigset_t set = watched_signals();
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void watch_signals_close(int fd) { close(fd); }

int watch_signal_next(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void watch_signal_obey(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

struct parent_watch parent_watch_open(const char *jpy_parent_pid) {
    struct parent_watch watch = {.fd = -1};
    int64_t id = 0;
    if (!jpy_parent_pid || !parse_int64(slice_of(jpy_parent_pid), &id) || id <= 1 || id > INT32_MAX) return watch;
    if (kill((pid_t)id, 0) != 0 && errno == ESRCH) return watch; /* another process namespace, or gone before we began: nobody to watch */
    watch.parent_id = (int)id;
    watch.direct = getppid() == (pid_t)id;
    watch.fd = (int)syscall(SYS_pidfd_open, (pid_t)id, 0);
    if (watch.fd < 0 && !watch.direct) watch.parent_id = 0;
    return watch;
}

bool parent_watch_gone(const struct parent_watch *watch) {
    if (!watch->parent_id) return false;
    if (watch->direct && getppid() != (pid_t)watch->parent_id) return true;
    struct pollfd fd = {.fd = watch->fd, .events = POLLIN};
    return watch->fd >= 0 && poll(&fd, 1, 0) == 1;
}

void parent_watch_close(struct parent_watch *watch) {
    if (watch->fd >= 0) close(watch->fd);
    *watch = (struct parent_watch){.fd = -1};
}
