#include "kernel/script.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel/lang/complete.h"
#include "kernel/lang/lex.h"
#include "kernel/session.h"
#include "kernel/watch.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define MARK "# %%"
#define CHUNK_BYTES 65536
#define SIGNAL_CODE 128 /* what shells add to a signal's number */

/* --- reading --- */

static enum status read_stdin(struct buf *out, struct error *err) {
    char chunk[CHUNK_BYTES];
    for (ssize_t got; (got = read(STDIN_FILENO, chunk, sizeof chunk)) > 0;) {
        if (out->len + (size_t)got > LIMIT_CELL_BYTES) return err_set(err, ERR_LIMIT, "stdin holds over %u MiB of cells", LIMIT_CELL_BYTES >> 20);
        buf_add(out, chunk, (size_t)got);
    }
    return OK;
}

static const char *shown_name(const char *path) { return strcmp(path, "-") == 0 ? "stdin" : path; }

static enum status read_script(const char *path, struct buf *out, struct error *err) {
    return strcmp(path, "-") == 0 ? read_stdin(out, err) : file_read(path, LIMIT_CELL_BYTES, out, err);
}

static int fail(struct error *err) {
    struct buf text = BUF_INIT;
    error_render(err, isatty(STDERR_FILENO), &text);
    fflush(stdout);
    fprintf(stderr, "%s\n", buf_text(&text));
    buf_release(&text);
    error_clear(err);
    return 1;
}

/* --- cells --- */

static bool is_mark(const char *line) { return strncmp(line, MARK, strlen(MARK)) == 0; }

static size_t line_end(const char *text, size_t len, size_t at) {
    const char *end = memchr(text + at, '\n', len - at);
    return end ? (size_t)(end - text) + 1 : len;
}

static bool is_blank(const char *text, size_t start, size_t end) {
    while (start < end && strchr(" \t\r\n\f", text[start])) start++;
    return start == end;
}

static bool is_whole(struct slice cell) {
    int indent;
    return strcmp(completeness(cell, &indent), "incomplete") != 0;
}

/* Where a line at column 0 goes on with the statement above it. */
static bool goes_on(const char *line) { return line[0] == ' ' || line[0] == '\t' || strncmp(line, "else", 4) == 0 || strncmp(line, "elif", 4) == 0; }

static bool has_marks(const char *text) { return is_mark(text) || strstr(text, "\n" MARK); }

static size_t end_at_mark(const char *text, size_t len, size_t start) {
    size_t at = line_end(text, len, start);
    while (at < len && !is_mark(text + at)) at = line_end(text, len, at);
    return at;
}

static size_t end_at_blank(const char *text, size_t len, size_t start) {
    bool blank = false, code = false;
    size_t at = start;
    while (at < len) {
        size_t end = line_end(text, len, at);
        bool empty = is_blank(text, at, end);
        if (blank && code && !empty && !goes_on(text + at) && is_whole((struct slice){text + start, at - start})) return at;
        blank = empty;
        code |= !empty;
        at = end;
    }
    return len;
}

size_t script_cell_end(const char *text, size_t len, size_t start) {
    return has_marks(text) ? end_at_mark(text, len, start) : end_at_blank(text, len, start);
}

/* --- output --- */

/* stdout waits in a buffer where it is no terminal: it goes out first, so that one place that gets both keeps the order. */
static void on_stream(void *ctx, const char *name, const char *text, size_t len) {
    (void)ctx;
    bool is_error = strcmp(name, "stderr") == 0;
    if (is_error) fflush(stdout);
    fwrite(text, 1, len, is_error ? stderr : stdout);
}

static void write_bundle(const struct bundle *bundle) {
    const struct bundle_part *text = bundle_find(bundle, MIME_TEXT);
    if (!text) return;
    fwrite(buf_text(&text->bytes), 1, text->bytes.len, stdout);
    if (text->bytes.len == 0 || buf_text(&text->bytes)[text->bytes.len - 1] != '\n') fputc('\n', stdout);
}

static void on_display(void *ctx, const struct bundle *bundle, const char *display_id, bool update) {
    (void)ctx, (void)display_id, (void)update;
    write_bundle(bundle);
}

static void on_page(void *ctx, const struct bundle *bundle) {
    (void)ctx;
    write_bundle(bundle);
}

/* stdin may be the script itself, and a batch run has nobody who answers. */
static enum status on_input(void *ctx, const char *prompt, bool password, struct buf *out, struct error *err) {
    (void)ctx, (void)prompt, (void)password, (void)out;
    err_set(err, ERR_VALUE, "a script can't ask: nobody answers while it runs");
    return err_hint(err, "param(\"name\", default) takes values from outside: RECKON_PARAM_name=… before the command");
}

/* --- running --- */

/* Blank lines stand for those above the cell, so that errors tell lines of the file. */
static enum status run_cell(struct session *session, const char *name, struct slice text, size_t start, size_t end, struct error *err) {
    struct output output = {.stream = on_stream, .display = on_display, .page = on_page, .input = on_input};
    struct buf cell = BUF_INIT;
    struct outcome outcome;
    for (size_t i = 0; i < start; i++)
        if (text.data[i] == '\n') buf_addc(&cell, '\n');
    buf_add(&cell, text.data + start, end - start);
    session_next_count(session);
    session_run(session, name, (struct slice){buf_text(&cell), cell.len}, &output, true, &outcome);
    if (outcome.has_result) write_bundle(&outcome.result);
    *err = outcome.err;
    outcome.err = ERROR_INIT;
    outcome_release(&outcome);
    buf_release(&cell);
    return err->code;
}

static enum status run_cells(struct session *session, const char *name, struct slice text, struct error *err) {
    for (size_t start = 0, end; start < text.len; start = end) {
        end = script_cell_end(text.data, text.len, start);
        TRY(run_cell(session, name, text, start, end, err));
        fflush(stdout);
    }
    return OK;
}

/* Cells evaluate deeper than a main thread's stack may be; and the main thread hears signals meanwhile. */
struct script {
    struct session *session;
    const char *name;
    struct slice text;
    struct error err;
    int done_fd; /* readable when it has ended */
};

static void run_script(void *ctx) {
    struct script *script = ctx;
    run_cells(script->session, script->name, script->text, &script->err);
    eventfd_write(script->done_fd, 1);
}

/* The first signal ends the cell at its next safe point; who sends another one doesn't want to wait for that. Returns the
 * signal, 0 when none came. */
static int hear_signals(struct script *script) {
    enum { SIGNALS, DONE };
    struct pollfd fds[] = {{.fd = watch_signals_open(), .events = POLLIN}, {.fd = script->done_fd, .events = POLLIN}};
    int heard = 0;
    while (!fds[DONE].revents) {
        poll(fds, 2, -1);
        for (int number; (number = watch_signal_next(fds[SIGNALS].fd)) != 0;) {
            if (heard) watch_signal_obey(number);
            heard = number;
            session_interrupt(script->session);
        }
    }
    watch_signals_close(fds[SIGNALS].fd);
    return heard;
}

static int run_in_session(struct session *session, const char *path, struct slice text) {
    struct script script = {session, shown_name(path), text, ERROR_INIT, eventfd(0, EFD_CLOEXEC)};
    struct own_thread *thread = script.done_fd < 0 ? NULL : own_thread_start("worker", DEEP_STACK_BYTES, run_script, &script);
    int heard = 0;
    if (thread) heard = hear_signals(&script);
    else err_set(&script.err, ERR_MEMORY, "the system gives neither thread nor descriptor to run cells with");
    while (thread && !own_thread_join(thread, 1)) continue;
    if (script.done_fd >= 0) close(script.done_fd);
    if (script.err.code == OK) return 0;
    const bool interrupted = script.err.code == ERR_INTERRUPTED;
    const int code = fail(&script.err);
    return interrupted && heard ? SIGNAL_CODE + heard : code;
}

int script_run(const char *path) {
    struct session *session;
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    enum status status = read_script(path, &text, &err); /* a signal ends the wait for stdin at once */
    watch_block_signals();
    signal(SIGPIPE, SIG_DFL); /* `| head` ends us, as it ends every filter */
    if (status == OK) status = session_new(&session, &err);
    if (status != OK) {
        buf_release(&text);
        return fail(&err);
    }
    session_show_progress(session, false);
    session_keep_runs(session);
    const int code = run_in_session(session, path, (struct slice){buf_text(&text), text.len});
    session_free(session);
    buf_release(&text);
    return code;
}

/* --- dumps --- */

static enum status dump_ast(struct source *source, struct buf *out, struct error *err) {
    struct node *block;
    TRY(parse_cell(source, &block, err));
    ast_dump(block, out);
    return OK;
}

static enum status dump_tokens(struct source *source, struct buf *out, struct error *err) {
    struct tokens tokens;
    lex(source, false, &tokens);
    lex_dump(source, &tokens, out);
    *err = tokens.error;
    tokens.error = ERROR_INIT;
    tokens_release(&tokens);
    return err->code;
}

static int dump(const char *path, enum status (*form)(struct source *source, struct buf *out, struct error *err)) {
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct error err = ERROR_INIT;
    if (read_script(path, &text, &err) == OK) {
        struct source *source = source_new(shown_name(path), (struct slice){buf_text(&text), text.len});
        form(source, &out, &err);
        source_unref(source);
    }
    fwrite(buf_text(&out), 1, out.len, stdout);
    if (out.len && buf_text(&out)[out.len - 1] != '\n') fputc('\n', stdout);
    buf_release(&text);
    buf_release(&out);
    return err.code == OK ? 0 : fail(&err);
}

int script_dump_tokens(const char *path) { return dump(path, dump_tokens); }

int script_dump_ast(const char *path) { return dump(path, dump_ast); }
