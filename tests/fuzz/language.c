#include "tests/fuzz/language.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "kernel/builtins/builtins.h"
#include "kernel/builtins/core.h"
#include "kernel/lang/complete.h"
#include "runtime/base/mem.h"
#include "tests/fuzz/fuzz.h"

/* --- the registry --- */

static const char *const left_out[] = {"load", "datasets", "input", "sleep", "timeit", "threads", "use", "memory", "device", "param"};

static bool is_left_out(const struct builtin_row *row) {
    const struct slice name = {row->sigs, strcspn(row->sigs, "(")};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (slice_eqz(name, left_out[i])) return true;
    return false;
}

static const struct builtin_row *const groups[] = {
    builtins_core,    builtins_items,  builtins_math, builtins_kinds,  builtins_tables,
    builtins_session, builtins_device, builtins_data, builtins_models, builtins_evaluate,
};
static const struct type *const types[] = {&type_array, &type_table, &type_dataset, &type_recipe, &type_model, &type_embeddings, &type_plot};

static enum status add_group(struct registry *registry, const struct builtin_row *rows, struct error *err) {
    size_t n = 0, kept = 0;
    while (rows[n].sigs) n++;
    struct builtin_row *some = arena_new_array(registry_arena(registry), struct builtin_row, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!is_left_out(&rows[i])) some[kept++] = rows[i];
    some[kept] = (struct builtin_row){0};
    return registry_add(registry, some, err);
}

static enum status add_all(struct registry *registry, struct error *err) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) TRY(add_group(registry, groups[i], err));
    TRY(builtins_add_models(registry, err));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) TRY(registry_add_type(registry, types[i], err));
    return OK;
}

struct registry *builtins_registry(struct error *err) {
    struct registry *registry = registry_new();
    if (add_all(registry, err) == OK) return registry;
    registry_free(registry);
    return NULL;
}

static void some_names(name_sink sink, void *ctx) {
    sink(ctx, "ml-100k");
    sink(ctx, "rmse");
}

const struct complete_sources builtins_complete_sources = {.datasets = some_names, .metrics = some_names};

/* In the place of mem_room.c's: large wishes are refused alike on every machine. */
size_t mem_room_bytes(void) { return (size_t)128 << 20; }

/* --- the session --- */

struct session *fuzz_session(void) {
    static struct session *session;
    struct error err = ERROR_INIT;
    if (session) return session;
    if (session_new(&session, &err) != OK) fprintf(stderr, "%s\n", err.message), abort();
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
