/* reckon-kernel: reads its arguments and does one of a few things. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernelspec.h"
#include "kernel/lang/source.h"
#include "kernel/script.h"
#include "kernel/server.h"
#include "kernel/session.h"
#include "kernel/watch.h"
#include "kernel/wire/registration.h"
#include "runtime/base/hash.h"
#include "runtime/base/monitor.h"
#include "runtime/base/plugin.h"
#include "runtime/base/thread.h"
#include "runtime/device/device.h"

static const char usage[] = "usage: reckon-kernel -f CONNECTION_FILE [--trace-wire]   serve Jupyter (its launcher writes the file)\n"
                            "       reckon-kernel --script FILE                       run the cells of a file, without Jupyter\n"
                            "       reckon-kernel --install-kernel [PLACE]            let Jupyter list this binary as \"Reckon\"\n"
                            "       reckon-kernel --uninstall-kernel [PLACE]          and no longer\n"
                            "       reckon-kernel --dump-tokens FILE                  what the lexer makes of a file\n"
                            "       reckon-kernel --dump-ast FILE                     what the parser makes of it\n"
                            "       reckon-kernel --version | --help\n"
                            "\n"
                            "FILE may be - for stdin. --script prints each cell's result as text, and ends at the first error with exit code 1;\n"
                            "an interrupt ends it with exit code 130.\n"
                            "Lines that begin with `# %%` part the cells; in a file without them, blank lines before unindented code do.\n"
                            "PLACE is --user (the default), --sys-prefix (the active Python environment) or --prefix FOLDER.\n"
                            "--trace-wire writes a line on stderr for each message that comes or goes.\n"
                            "\n"
                            "Environment: RECKON_DATA (folder of data sets), RECKON_THREADS, RECKON_LOG=error|info|debug,\n"
                            "RECKON_PARAM_name (what param(\"name\", default) gives), RECKON_HISTORY (file of the history, or off),\n"
                            "RECKON_RUNS (file of the log of fits and evaluations, or off).\n";

static int fail_usage(const char *format, const char *argument) {
    fputs("reckon-kernel: ", stderr);
    fprintf(stderr, format, argument);
    fputs("\n\n", stderr);
    fputs(usage, stderr);
    return 2;
}

static int fail(const struct error *err) {
    struct buf text = BUF_INIT;
    error_render(err, false, &text);
    fprintf(stderr, "reckon-kernel: %s\n", buf_text(&text));
    buf_release(&text);
    return 1;
}

static int run_server(struct transport *transport, const struct connection *connection, bool trace) {
    struct server *server;
    char *own_file = NULL;
    struct error err = ERROR_INIT;
    if (connection->registrar && registration_begin(connection, &own_file, &err) != OK) return fail(&err);
    const struct server_config config = {.transport = transport,
                                         .connection = connection,
                                         .capture = true,
                                         .signals = true,
                                         .history = true,
                                         .trace = trace,
                                         .parent_id = getenv("JPY_PARENT_PID")};
    enum status status = server_new(&config, &server, &err);
    bool ended = status != OK || server_run(server);
    registration_end(own_file);
    if (status != OK) return fail(&err);
    if (!ended) {
        /* A cell hangs in code that doesn't look at its task, or the history in a file: no memory can be taken from under them. */
        transport_free(transport);
        _exit(0);
    }
    server_free(server);
    return 0;
}

static int serve(const char *path, bool trace) {
    struct connection connection;
    struct transport *transport;
    struct error err = ERROR_INIT;
    watch_block_signals();
    if (connection_read(path, &connection, &err) != OK) return fail(&err);
    enum status status = transport_zmq_open(&connection, &transport, &err);
    int code = status == OK ? run_server(transport, &connection, trace) : fail(&err);
    if (status == OK) transport_free(transport);
    connection_release(&connection);
    pool_stop();
    return code;
}

static int run_script(const char *path) {
    int code = script_run(path);
    pool_stop();
    return code;
}

/* What is parsed nests deeper than a main thread's stack may be. */
struct job {
    int (*run)(const char *path);
    const char *path;
    int code;
};

static void run_job(void *ctx) {
    struct job *job = ctx;
    job->code = job->run(job->path);
}

static int on_deep_stack(int (*run)(const char *path), const char *path) {
    struct job job = {run, path, 1};
    struct own_thread *thread = own_thread_start("worker", DEEP_STACK_BYTES, run_job, &job);
    if (!thread) return fail_usage("the system gives no thread for %s", path);
    while (!own_thread_join(thread, 3600)) continue;
    pool_stop();
    return job.code;
}

static int set_up(enum status (*change)(const char *folder, struct error *err), char *const *options, const char *done) {
    char *folder = NULL;
    struct error err = ERROR_INIT;
    enum status status = kernelspec_folder(options, &folder, &err);
    if (status == OK) status = change(folder, &err);
    int code = status == OK ? printf("%s: %s\n", done, folder) < 0 : fail(&err);
    free(folder);
    return code;
}

int main(int argc, char **argv) {
    device_prepare_environment();
    signal(SIGXFSZ, SIG_IGN); /* a file that grows over a limit is an error of its writer */
    if (!hash_init()) return fail_usage("%s can't start", "libsodium");
    bool trace = false;
    const char *connection = NULL;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *file = i + 1 < argc ? argv[i + 1] : NULL;
        bool is_f = strcmp(word, "-f") == 0, is_script = strcmp(word, "--script") == 0;
        bool is_tokens = strcmp(word, "--dump-tokens") == 0, is_ast = strcmp(word, "--dump-ast") == 0;
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return fputs(usage, stdout) < 0;
        if (strcmp(word, "--version") == 0) return printf("reckon-kernel %s\n", build_id()) < 0;
        if ((is_f || is_script || is_tokens || is_ast) && !file) return fail_usage("%s needs a file", word);
        if (is_script) return run_script(file);
        if (is_tokens) return on_deep_stack(script_dump_tokens, file);
        if (is_ast) return on_deep_stack(script_dump_ast, file);
        if (strcmp(word, "--install-kernel") == 0) return set_up(kernelspec_install, argv + i + 1, "Jupyter lists Reckon now");
        if (strcmp(word, "--uninstall-kernel") == 0) return set_up(kernelspec_uninstall, argv + i + 1, "removed Reckon's kernelspec");
        if (strcmp(word, "--trace-wire") == 0) trace = true;
        else if (is_f) connection = argv[++i];
        else return fail_usage("%s is not known", word);
    }
    return connection ? serve(connection, trace) : fail_usage("%s", "nothing to do");
}
