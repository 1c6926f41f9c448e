/* Runs a fuzz target over files, without libFuzzer: corpus FOLDER|FILE… One that
 * crashes or takes too long ends the program, and is named. */
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "kernel/session.h"
#include "runtime/base/file.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "tests/fuzz/fuzz.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define CPU_S_MAX 30 /* of one input; sanitizers are slow and machines are busy */

static char current[4096]; /* path of the input that runs */

/* Only what may be called in a signal handler. */
static void on_end(int number) {
    const char *why = number == SIGPROF ? "took too long: " : "crashed: ";
    if (write(STDERR_FILENO, why, strlen(why)) < 0 || write(STDERR_FILENO, current, strlen(current)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

struct run {
    char **paths;
    int n_paths, passed, failed;
};

static void run_file(struct run *run, const char *path) {
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    if (file_read(path, FILE_BYTES_MAX, &text, &err) != OK) {
        printf("%s: %s\n", path, err.message);
        run->failed++;
        return;
    }
    snprintf(current, sizeof current, "%s", path);
    uint8_t *exact = malloc(text.len ? text.len : 1); /* so that a sanitizer sees a byte too far */
    must(exact);
    if (text.len) memcpy(exact, text.data, text.len);
    const double began_s = clock_now_s();
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {CPU_S_MAX, 0}}, NULL);
    LLVMFuzzerTestOneInput(exact, text.len);
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    if (clock_now_s() - began_s > 1) printf("%s: %.1f s\n", path, clock_now_s() - began_s);
    free(exact);
    buf_release(&text);
    run->passed++;
}

static void run_folder(struct run *run, const char *folder) {
    char **names;
    size_t n;
    struct error err = ERROR_INIT;
    if (dir_list(folder, &names, &n, &err) != OK) {
        printf("%s: %s\n", folder, err.message);
        run->failed++;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char *path = path_join(folder, names[i]);
        run_file(run, path);
        free(path);
    }
    names_free(names, n);
}

static void run_all(void *ctx) {
    struct run *run = ctx;
    for (int i = 0; i < run->n_paths; i++) {
        if (file_is_dir(run->paths[i])) run_folder(run, run->paths[i]);
        else run_file(run, run->paths[i]);
    }
}

int main(int argc, char **argv) {
#ifdef __SANITIZE_ADDRESS__ /* it tells of the others itself, and aborts (abort_on_error=1) */
    const int ends[] = {SIGABRT, SIGPROF};
#else
    const int ends[] = {SIGABRT, SIGPROF, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#endif
    struct run run = {argv + 1, argc - 1, 0, 0};
    if (argc < 2) return fprintf(stderr, "usage: %s FOLDER|FILE…\n", argv[0]), 2;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) signal(ends[i], on_end);
    LLVMFuzzerInitialize(&argc, &argv);
    struct own_thread *thread = own_thread_start("corpus", DEEP_STACK_BYTES, run_all, &run);
    while (thread && !own_thread_join(thread, CPU_S_MAX)) continue;
    pool_stop();
    const char *slash = strrchr(argv[0], '/');
    printf("fuzz %s: %d passed, %d failed\n", slash ? slash + 1 : argv[0], run.passed, run.failed);
    return run.failed || run.passed == 0 || !thread ? 1 : 0;
}
