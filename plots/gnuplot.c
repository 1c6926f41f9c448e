#include "plots/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plots/script.h"
#include "runtime/base/mem.h"

#define DRAWS_A_CHILD 1000 /* then a fresh one: gnuplot's memory only grows */
#define HIGH_FD 64         /* child ends lie above the descriptors that the child gets them as */
#define CHILD_DATA 3
#define CHILD_IMAGE 4
#define CHILD_PATH(fd) "/proc/self/fd/" CHILD_PATH_(fd)
#define CHILD_PATH_(fd) #fd

extern char **environ;

struct gnuplot {
    pid_t pid;         /* 0 = none */
    int input, errors; /* our ends: its stdin, its stderr */
    int data, image;   /* memfds */
    int n_draws;
    uint64_t serial;
    double timeout_s;
    struct buf heard; /* its stderr since the drawing began */
    int wait_status;  /* of the child that ended last */
};

struct gnuplot *gnuplot_new(void) {
    struct gnuplot *gnuplot = xnew(struct gnuplot);
    gnuplot->input = gnuplot->errors = gnuplot->data = gnuplot->image = -1;
    gnuplot->timeout_s = PLOT_TIMEOUT_S;
    return gnuplot;
}

void gnuplot_set_timeout(struct gnuplot *gnuplot, double timeout_s) { gnuplot->timeout_s = timeout_s; }

pid_t gnuplot_pid(const struct gnuplot *gnuplot) { return gnuplot->pid; }

/* --- the child's life --- */

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* A child that closed its channels is about to end by itself: up to 50 ms, so that its own status is known. */
static bool ends_itself(struct gnuplot *gnuplot) {
    for (int ms = 0; ms < 50; ms++) {
        if (waitpid(gnuplot->pid, &gnuplot->wait_status, WNOHANG) == gnuplot->pid) return true;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return false;
}

static void stop(struct gnuplot *gnuplot, bool is_ending) {
    if (gnuplot->pid > 0 && !(is_ending && ends_itself(gnuplot))) {
        kill(gnuplot->pid, SIGKILL);
        while (waitpid(gnuplot->pid, &gnuplot->wait_status, 0) < 0 && errno == EINTR) {}
    }
    gnuplot->pid = 0;
    gnuplot->n_draws = 0;
    int *fds[] = {&gnuplot->input, &gnuplot->errors, &gnuplot->data, &gnuplot->image};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) close_fd(fds[i]);
}

void gnuplot_free(struct gnuplot *gnuplot) {
    if (!gnuplot) return;
    stop(gnuplot, false);
    buf_release(&gnuplot->heard);
    free(gnuplot);
}

static const char *program(void) {
    const char *name = getenv("RECKON_GNUPLOT");
    return name && *name ? name : "gnuplot";
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Our environment without what steers gnuplot: owned array of borrowed strings. */
static char **child_environment(void) {
    static const char *const dropped[] = {"GNUPLOT", "GNUTERM=", "DISPLAY=", "FIT_", "LC_ALL=", "WAYLAND_DISPLAY="};
    size_t n = 0, kept = 0;
    while (environ[n]) n++;
    char **out = xnew_array(char *, n + 3);
    for (size_t i = 0; i < n; i++) {
        bool drop = false;
        for (size_t d = 0; d < sizeof dropped / sizeof *dropped; d++) drop = drop || begins(environ[i], dropped[d]);
        if (!drop) out[kept++] = environ[i];
    }
    out[kept++] = (char *)"GNUTERM=unknown";
    out[kept] = (char *)"LC_ALL=C.UTF-8";
    return out;
}

static enum status spawn_error(int code, struct error *err) {
    if (code == ENOENT || code == EACCES) {
        enum status status =
            begins(program(), "gnuplot")
                ? err_set(err, ERR_MISSING, "gnuplot is not installed")
                : err_set(err, ERR_MISSING, "gnuplot is not installed: cannot run \"%s\" ($RECKON_GNUPLOT): %s", program(), strerror(code));
        err_hint(err, "apt-get install gnuplot-nox fonts-dejavu-core");
        return status;
    }
    return err_set(err, ERR_PLOT, "cannot start gnuplot: %s", strerror(code));
}

/* The child's ends of its channels, as they are named here. */
struct child_ends {
    int input, errors, data, image;
};

static int spawn(const struct child_ends *ends, pid_t *out_pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t blocked, defaults;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends->input, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends->errors, 2);
    posix_spawn_file_actions_adddup2(&actions, ends->data, CHILD_DATA);
    posix_spawn_file_actions_adddup2(&actions, ends->image, CHILD_IMAGE);
    posix_spawn_file_actions_addclosefrom_np(&actions, CHILD_IMAGE + 1);
    posix_spawnattr_init(&attributes);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT); /* an interrupt of the cell is ours to hear */
    posix_spawnattr_setsigmask(&attributes, &blocked);
    sigfillset(&defaults);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", NULL};
    char **env = child_environment();
    int code = posix_spawnp(out_pid, program(), &actions, &attributes, argv, env);
    free(env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* Moves a descriptor up, out of the way of those that the child gets. */
static int raised(int fd) {
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (high < 0) return fd;
    close(fd);
    return high;
}

static bool open_channels(struct gnuplot *gnuplot, struct child_ends *ends) {
    int pair[2], pipe_ends[2];
    gnuplot->data = memfd_create("reckon-plot-data", MFD_CLOEXEC);
    gnuplot->image = memfd_create("reckon-plot-image", MFD_CLOEXEC);
    if (gnuplot->data < 0 || gnuplot->image < 0) return false;
    gnuplot->data = raised(gnuplot->data);
    gnuplot->image = raised(gnuplot->image);
    /* A socket, not a pipe: writing to a dead child must not raise SIGPIPE. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return false;
    gnuplot->input = pair[0];
    ends->input = raised(pair[1]);
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) return false;
    gnuplot->errors = pipe_ends[0];
    ends->errors = raised(pipe_ends[1]);
    fcntl(gnuplot->input, F_SETFL, O_NONBLOCK);
    fcntl(gnuplot->errors, F_SETFL, O_NONBLOCK);
    ends->data = gnuplot->data;
    ends->image = gnuplot->image;
    return true;
}

static enum status start(struct gnuplot *gnuplot, struct error *err) {
    struct child_ends ends = {-1, -1, -1, -1};
    int code = 0;
    if (!open_channels(gnuplot, &ends)) code = errno;
    else code = spawn(&ends, &gnuplot->pid);
    close_fd(&ends.input);
    close_fd(&ends.errors);
    if (code == 0) return OK;
    gnuplot->pid = 0;
    stop(gnuplot, false);
    return spawn_error(code, err);
}

/* --- one drawing --- */

static double clock_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool write_all(int fd, const struct buf *bytes) {
    for (size_t done = 0; done < bytes->len;) {
        ssize_t n = pwrite(fd, bytes->data + done, bytes->len - done, (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

enum talk { TALK_DONE, TALK_DIED, TALK_CANCELLED, TALK_TIMEOUT };

/* Reads what there is; false when the child has closed its end. */
static bool hear(struct gnuplot *gnuplot) {
    char bytes[4096];
    for (;;) {
        ssize_t n = read(gnuplot->errors, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        if (n == 0) return false;
        buf_add(&gnuplot->heard, bytes, (size_t)n);
    }
}

/* Sends what the socket takes; false when the child is gone. */
static bool say(struct gnuplot *gnuplot, const struct buf *commands, size_t *said) {
    while (*said < commands->len) {
        ssize_t n = send(gnuplot->input, commands->data + *said, commands->len - *said, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        *said += (size_t)n;
    }
    return true;
}

/* Where the closing words stand at the beginning of a line (text of users never begins one); NULL: not yet. */
static char *find_closing(const struct gnuplot *gnuplot, const char *closing) {
    char *heard = gnuplot->heard.data;
    for (char *at = heard; at && (at = strstr(at, closing)) != NULL; at++)
        if (at == heard || at[-1] == '\n') return at;
    return NULL;
}

/* Speaks and listens until the closing words, the child's end, a cancel or the time limit. */
static enum talk converse(struct gnuplot *gnuplot, struct task *task, const struct buf *commands, const char *closing) {
    double deadline = clock_s() + gnuplot->timeout_s;
    size_t said = 0;
    for (;;) {
        struct pollfd fds[] = {
            {gnuplot->errors, POLLIN, 0}, {task ? task_cancel_fd(task) : -1, POLLIN, 0}, {said < commands->len ? gnuplot->input : -1, POLLOUT, 0}};
        double left = deadline - clock_s();
        if (left <= 0) return TALK_TIMEOUT;
        int n = poll(fds, 3, (int)(left * 1000) + 1);
        if (n < 0 && errno != EINTR) return TALK_DIED;
        if (n <= 0) continue;
        if (fds[1].revents || task_cancelled(task)) return TALK_CANCELLED;
        if (fds[0].revents && !hear(gnuplot)) return TALK_DIED;
        if (find_closing(gnuplot, closing)) return TALK_DONE;
        if (fds[2].revents && !say(gnuplot, commands, &said)) return TALK_DIED;
    }
}

/* The first line of an error report ("line 12: undefined variable: x"); NULL: only warnings, or nothing. */
static const char *complaint(const char *heard) {
    for (const char *at = heard; (at = strstr(at, "line ")) != NULL; at += 5) {
        const char *colon = at + 5 + strspn(at + 5, "0123456789");
        if (colon > at + 5 && begins(colon, ": ") && !begins(colon, ": warning")) return colon + 2;
    }
    return NULL;
}

static enum status refuse(struct gnuplot *gnuplot, const char *closing, struct error *err) {
    char *end = find_closing(gnuplot, closing);
    if (end) *end = '\0';
    const char *heard = buf_text(&gnuplot->heard), *words = complaint(heard);
    if (!words) words = heard + strspn(heard, " \n");
    int len = (int)strcspn(words, "\n");
    if (len == 0) return err_set(err, ERR_PLOT, "gnuplot drew nothing and did not say why");
    return err_set(err, ERR_PLOT, "gnuplot could not draw: %.*s", len > 300 ? 300 : len, words);
}

static enum status read_image(struct gnuplot *gnuplot, const char *closing, struct buf *out, struct error *err) {
    struct stat info;
    if (fstat(gnuplot->image, &info) < 0 || info.st_size == 0 || complaint(buf_text(&gnuplot->heard))) return refuse(gnuplot, closing, err);
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, gnuplot->image, 0);
    if (bytes == MAP_FAILED) return err_set(err, ERR_PLOT, "cannot read the picture: %s", strerror(errno));
    buf_add(out, bytes, (size_t)info.st_size);
    munmap(bytes, (size_t)info.st_size);
    return OK;
}

static enum status died(struct gnuplot *gnuplot, struct error *err) {
    stop(gnuplot, true);
    int status = gnuplot->wait_status;
    if (WIFSIGNALED(status)) err_set(err, ERR_PLOT, "gnuplot was killed twice while it drew (signal %d)", WTERMSIG(status));
    else err_set(err, ERR_PLOT, "gnuplot ended before it drew (status %d)", WEXITSTATUS(status));
    return err_hint(err, "check that `%s -d` starts in a terminal", program());
}

/* A drawing by the running child, or by a new one. *out_died: it ended on the way. */
static enum status attempt(struct gnuplot *gnuplot, struct task *task, const struct script *script, struct buf *out, bool *out_died,
                           struct error *err) {
    *out_died = false;
    if (gnuplot->pid == 0) TRY(start(gnuplot, err));
    char closing[48];
    struct buf commands = BUF_INIT;
    buf_addf(&commands, "%sprinterr '@@drawn %llu@@'\n", buf_text(&script->commands), (unsigned long long)++gnuplot->serial);
    snprintf(closing, sizeof closing, "@@drawn %llu@@", (unsigned long long)gnuplot->serial);
    buf_clear(&gnuplot->heard);
    bool ready = ftruncate(gnuplot->data, 0) == 0 && ftruncate(gnuplot->image, 0) == 0 && write_all(gnuplot->data, &script->data);
    enum talk talk = ready ? converse(gnuplot, task, &commands, closing) : TALK_DONE;
    buf_release(&commands);
    if (!ready) return err_set(err, ERR_PLOT, "cannot hand the data to gnuplot: %s", strerror(errno));
    switch (talk) {
    case TALK_DONE: return read_image(gnuplot, closing, out, err);
    case TALK_DIED: *out_died = true; return ERR_PLOT;
    case TALK_CANCELLED: stop(gnuplot, false); return err_set(err, ERR_INTERRUPTED, "interrupted");
    case TALK_TIMEOUT: break;
    }
    stop(gnuplot, false);
    err_set(err, ERR_PLOT, "gnuplot gave no answer within %g s and was stopped", gnuplot->timeout_s);
    return err_hint(err, "try again: the next plot starts a fresh one; with very many points plot a sample");
}

enum status gnuplot_draw(struct gnuplot *gnuplot, struct task *task, const struct plot *plot, enum image_format format, int scale, struct buf *out,
                         struct error *err) {
    TRY(task_check(task, err));
    struct script script;
    bool was_killed = false;
    script_write(plot, format, scale == 2 ? 2 : 1, CHILD_PATH(CHILD_DATA), CHILD_PATH(CHILD_IMAGE), &script);
    if (gnuplot->n_draws >= DRAWS_A_CHILD) stop(gnuplot, false);
    enum status status = attempt(gnuplot, task, &script, out, &was_killed, err);
    if (was_killed) { /* once more with a fresh child */
        stop(gnuplot, true);
        status = attempt(gnuplot, task, &script, out, &was_killed, err);
        if (was_killed) status = died(gnuplot, err);
    }
    gnuplot->n_draws++;
    if (gnuplot->data >= 0 && ftruncate(gnuplot->data, 0) < 0) stop(gnuplot, false); /* give the memory back */
    if (gnuplot->image >= 0 && ftruncate(gnuplot->image, 0) < 0) stop(gnuplot, false);
    script_release(&script);
    return status;
}
