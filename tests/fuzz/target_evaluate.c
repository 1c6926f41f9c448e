/* Cells, parted by lines that begin with `# %%`, through a session: parse, run, show. */
#include <stdio.h>

#include "kernel/builtins/builtins.h"
#include "kernel/script.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/language.h"

#define CELL_CPU_MS 25
#define CELLS_MAX 6

static void on_stream(void *ctx, const char *name, const char *text, size_t len) {
    (void)ctx;
    (void)name;
    must(text && len > 0);
}

static void on_display(void *ctx, const struct bundle *bundle, const char *display_id, bool update) {
    (void)ctx;
    (void)display_id;
    (void)update;
    fuzz_check_bundle(bundle);
}

static void run_cell(struct session *session, struct slice code) {
    struct output output = {.stream = on_stream, .display = on_display};
    struct outcome outcome;
    char name[32];
    snprintf(name, sizeof name, "Cell %lld", (long long)session_next_count(session));
    session_rearm(session);
    fuzz_limit_begin(session_task(session), CELL_CPU_MS);
    session_run(session, name, code, &output, true, &outcome);
    fuzz_limit_end();
    if (outcome.err.code != OK) fuzz_check_error(&outcome.err);
    if (outcome.has_result) fuzz_check_bundle(&outcome.result);
    outcome_release(&outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct session *session = fuzz_session();
    struct buf text = BUF_INIT;
    size_t at = 0;
    buf_add(&text, data, size); /* with the NUL that script_cell_end wants */
    for (int i = 0; i < CELLS_MAX && at < text.len; i++) {
        const size_t end = script_cell_end(text.data, text.len, at);
        must(end > at && end <= text.len);
        run_cell(session, (struct slice){text.data + at, end - at});
        at = end;
    }
    buf_release(&text);
    fuzz_session_reset(session);
    return 0;
}
