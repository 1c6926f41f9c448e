#include "tests/fuzz/language.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "kernel/builtins/core.h"
#include "runtime/base/mem.h"
#include "tests/fuzz/fuzz.h"

/* --- what is in it --- */

static const char *const left_out[] = {"load",   "datasets", "input", "sleep", "timeit", "threads", "use",
                                       "memory", "device",   "param", "save",  "open",   "export"};

static bool is_wanted(const struct builtin_row *row) {
    const struct slice name = {row->sigs, strcspn(row->sigs, "(")};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (slice_eqz(name, left_out[i])) return false;
    return strcmp(row->group, "See") != 0;
}

/* In the place of mem_room.c's: large wishes are refused alike on every machine. */
size_t mem_room_bytes(void) { return (size_t)128 << 20; }

/* --- the session --- */

struct session *fuzz_session(void) {
    static struct session *session;
    struct error err = ERROR_INIT;
    if (session) return session;
    if (session_new_with(is_wanted, &session, &err) != OK) fprintf(stderr, "%s\n", err.message), abort();
    session_show_progress(session, false);
    return session;
}

void fuzz_session_reset(struct session *session) {
    struct interp *interp = session_interp(session);
    interp_reset(interp);
    ((struct context *)interp->context)->seed = 0;
    session_rearm(session);
}

/* --- the limit --- */

static struct task *limited;

static void on_limit(int number) {
    (void)number;
    task_cancel(limited);
}

static void set_timer(int cpu_ms) {
    const struct timeval after = {cpu_ms / 1000, cpu_ms % 1000 * 1000};
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){.it_value = after}, NULL);
}

void fuzz_limit_begin(struct task *task, int cpu_ms) {
    if (!limited) sigaction(SIGVTALRM, &(struct sigaction){.sa_handler = on_limit, .sa_flags = SA_RESTART}, NULL);
    limited = task;
    set_timer(cpu_ms);
}

void fuzz_limit_end(void) { set_timer(0); }

/* --- what is shown --- */

void fuzz_check_bundle(const struct bundle *bundle) {
    must(bundle_find(bundle, MIME_TEXT));
    for (int i = 0; i < bundle->n_parts; i++) {
        const struct bundle_part *part = &bundle->parts[i];
        const bool image = strncmp(part->mime, "image/", 6) == 0;
        must(image || utf8_valid((struct slice){buf_text(&part->bytes), part->bytes.len}));
    }
}

void fuzz_check_error(const struct error *err) {
    struct buf text = BUF_INIT;
    must(err->message[0] && err->code != ERR_INTERNAL);
    must(utf8_valid(slice_of(err->message)) && utf8_valid(slice_of(err->hint)) && utf8_valid(slice_of(err->notes)));
    error_render(err, true, &text);
    must(utf8_valid((struct slice){buf_text(&text), text.len}));
    buf_release(&text);
}
