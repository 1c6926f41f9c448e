/* Runs the cells of tests/lang/(name).cell, and the example of every row of the
 * registry: run [-k part-of-a-name] FOLDER. cells.h says how they are written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/builtins/builtins.h"
#include "kernel/session.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "runtime/data/loaders.h"
#include "tests/lang/cells.h"

#define INTERRUPT_AFTER_S 0.05
#define INTERRUPT_ENDS_S 0.5 /* the promise is 0.1; machines that run tests are busy */

/* What one cell said. */
struct heard {
    struct buf printed, shown;
    const char *answer; /* to input(), or NULL */
};

static void on_stream(void *ctx, const char *name, const char *text, size_t len) {
    (void)name;
    buf_add(&((struct heard *)ctx)->printed, text, len);
}

static void on_page(void *ctx, const struct bundle *bundle) {
    const struct bundle_part *part = bundle_find(bundle, MIME_TEXT);
    struct heard *heard = ctx;
    buf_addf(&heard->shown, "%s\n", part ? buf_text(&part->bytes) : "");
}

static void on_display(void *ctx, const struct bundle *bundle, const char *display_id, bool update) {
    (void)display_id;
    (void)update;
    on_page(ctx, bundle);
}

static enum status on_input(void *ctx, const char *prompt, bool password, struct buf *out, struct error *err) {
    const struct heard *heard = ctx;
    (void)prompt;
    (void)password;
    if (!heard->answer) return err_set(err, ERR_VALUE, "nobody can answer here");
    buf_adds(out, heard->answer);
    return OK;
}

struct runner {
    const char *only; /* part of the names that run; NULL: all */
    int passed, failed, skipped;
    char *folder; /* empty, where cells write */
};

/* --- one cell --- */

struct run {
    struct session *session;
    struct outcome outcome;
    struct heard heard;
    char *error; /* as the user sees it, or NULL */
    bool late;   /* an interrupt was heard too late */
};

struct interruption {
    struct session *session;
    double after_s, at_s; /* at_s: when it came */
};

static void interrupt_later(void *ctx) {
    struct interruption *interruption = ctx;
    struct error ignored = ERROR_INIT;
    if (task_sleep(NULL, interruption->after_s, &ignored) != OK) return;
    interruption->at_s = clock_now_s();
    session_interrupt(interruption->session);
}

static const struct directive *find(const struct cell *cell, enum expect kind) {
    for (size_t i = 0; i < cell->n_directives; i++)
        if (cell->directives[i].kind == kind) return &cell->directives[i];
    return NULL;
}

static void session_run_interrupted(struct run *run, const char *name, const struct cell *cell, struct output *output, const char *after) {
    struct interruption interruption = {.session = run->session, .after_s = INTERRUPT_AFTER_S};
    if (*after && !parse_double(slice_of(after), &interruption.after_s)) printf("not a number of seconds: %s\n", after);
    struct own_thread *thread = own_thread_start("interrupt", 1 << 18, interrupt_later, &interruption);
    session_run(run->session, name, slice_of(cell->code), output, true, &run->outcome);
    const double end = clock_now_s();
    if (thread) own_thread_join(thread, 60);
    run->late = end - interruption.at_s > INTERRUPT_ENDS_S;
}

static void run_cell(struct run *run, const struct cell *cell) {
    struct output output = {.ctx = &run->heard, .stream = on_stream, .display = on_display, .input = on_input, .page = on_page};
    char name[32];
    const struct directive *input = find(cell, GIVE_INPUT), *interrupt = find(cell, GIVE_INTERRUPT);
    run->heard = (struct heard){.answer = input ? input->text : NULL};
    run->error = NULL;
    run->late = false;
    snprintf(name, sizeof name, "Cell %lld", (long long)session_next_count(run->session));
    session_rearm(run->session);
    if (interrupt) session_run_interrupted(run, name, cell, &output, interrupt->text);
    else session_run(run->session, name, slice_of(cell->code), &output, true, &run->outcome);
    if (run->outcome.err.code == OK) return;
    struct buf text = BUF_INIT;
    error_render(&run->outcome.err, false, &text);
    run->error = buf_take(&text);
}

static void run_release(struct run *run) {
    outcome_release(&run->outcome);
    buf_release(&run->heard.printed);
    buf_release(&run->heard.shown);
    free(run->error);
}

/* --- expectations --- */

static const char *result_text(const struct run *run) {
    const struct bundle_part *part = run->outcome.has_result ? bundle_find(&run->outcome.result, MIME_TEXT) : NULL;
    return part ? buf_text(&part->bytes) : NULL;
}

static bool underlines(const struct run *run, const char *text) {
    const struct error *err = &run->outcome.err;
    if (!err->source) return false;
    const struct slice underlined = {err->source->text.data + err->span.start, err->span.end - err->span.start};
    return slice_eqz(underlined, text);
}

static bool table_begins(const struct run *run, const char *columns) {
    struct value value = UNSET;
    const struct table *table = interp_get(session_interp(run->session), "_", &value) ? value_data(value, &type_table) : NULL;
    struct slice rest = slice_of(columns);
    if (!table || !run->outcome.has_result) return false;
    for (size_t c = 0; rest.len; c++) {
        const char *comma = memmem(rest.data, rest.len, ", ", 2);
        const size_t len = comma ? (size_t)(comma - rest.data) : rest.len, used = comma ? len + 2 : len;
        if (c >= table->n_columns || !slice_eqz((struct slice){rest.data, len}, table->columns[c].name)) return false;
        rest.data += used;
        rest.len -= used;
    }
    return true;
}

static bool prints(const struct run *run, const char *text) {
    struct buf printed = BUF_INIT;
    buf_add(&printed, buf_text(&run->heard.printed), run->heard.printed.len);
    while (printed.len && printed.data[printed.len - 1] == '\n') printed.data[--printed.len] = 0;
    const bool same = cells_match(text, buf_text(&printed));
    buf_release(&printed);
    return same;
}

static bool holds(const struct run *run, const struct directive *directive) {
    const char *text = directive->text, *result = result_text(run);
    switch (directive->kind) {
    case EXPECT_RESULT: return result && cells_match(text, result);
    case EXPECT_ERROR: return run->error && strstr(run->error, text) && (!directive->underlined || underlines(run, directive->underlined));
    case EXPECT_PRINTS: return prints(run, text);
    case EXPECT_SHOWS: return strstr(buf_text(&run->heard.shown), text) != NULL;
    case EXPECT_TABLE: return table_begins(run, text);
    case EXPECT_QUIET: return !run->outcome.has_result && run->heard.printed.len == 0 && run->heard.shown.len == 0;
    default: return true;
    }
}

static void tell(const char *label, const char *text) {
    if (text && *text) printf("    %s: %s\n", label, text);
}

static void tell_failure(const char *where, const struct cell *cell, const struct run *run, const struct directive *directive) {
    static const char *const names[] = {"the result", "an error", "prints", "shows", "a table", "quiet"};
    printf("%s:%d: %s\n", where, cell->line, cell->code);
    if (directive)
        printf("    expected %s: %s%s%s%s\n", names[directive->kind], directive->underlined ? "[" : "",
               directive->underlined ? directive->underlined : "", directive->underlined ? "] " : "", directive->text);
    tell("result", result_text(run));
    tell("error", run->error);
    tell("printed", buf_text(&run->heard.printed));
    tell("shown", buf_text(&run->heard.shown));
}

static bool check_cell(const char *where, const struct cell *cell, const struct run *run) {
    for (size_t i = 0; i < cell->n_directives; i++)
        if (!holds(run, &cell->directives[i])) return tell_failure(where, cell, run, &cell->directives[i]), false;
    if (run->late) return printf("%s:%d: %s\n    the interrupt was heard too late\n", where, cell->line, cell->code), false;
    if (run->error && !find(cell, EXPECT_ERROR)) return tell_failure(where, cell, run, NULL), false;
    return true;
}

/* --- sections --- */

static struct session *session_begin(void) {
    struct session *session;
    struct error err = ERROR_INIT;
    if (session_new(&session, &err) != OK) {
        printf("no session: %s\n", err.message);
        return NULL;
    }
    session_show_progress(session, false);
    return session;
}

static void run_cells(struct runner *runner, const char *where, const struct cell *cells, size_t n) {
    struct run run = {.session = session_begin()};
    if (!run.session) {
        runner->failed++;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        run_cell(&run, &cells[i]);
        *(check_cell(where, &cells[i], &run) ? &runner->passed : &runner->failed) += 1;
        run_release(&run);
        fflush(stdout);
    }
    session_free(run.session);
}

static bool has_dataset(const char *name) {
    char *folder = known_dataset_folder(name);
    free(folder);
    return folder != NULL;
}

/* The first of the data sets in "a, b" that isn't here, the caller's; NULL: all are. */
static char *missing_dataset(const char *needs) {
    for (const char *at = needs; at && *at; at += strspn(at, ", ")) {
        char *name = xstrndup(at, strcspn(at, ","));
        if (!has_dataset(name)) return name;
        at += strlen(name);
        free(name);
    }
    return NULL;
}

static bool is_wanted(const struct runner *runner, const char *a, const char *b) {
    return !runner->only || strstr(a, runner->only) || strstr(b, runner->only);
}

static void run_file(struct runner *runner, const char *path) {
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    if (file_read(path, 1 << 24, &text, &err) != OK) {
        printf("%s: %s\n", path, err.message);
        runner->failed++;
        return;
    }
    struct cell_file file = cells_parse((struct slice){buf_text(&text), text.len});
    for (size_t s = 0; s < file.n_sections; s++) {
        const struct section *section = &file.sections[s];
        if (!is_wanted(runner, path, section->name)) continue;
        char *missing = missing_dataset(section->needs);
        if (missing) {
            printf("%s: \"%s\" left out: no %s here\n", path, section->name, missing);
            runner->skipped += (int)section->n_cells;
            free(missing);
        } else run_cells(runner, path, section->cells, section->n_cells);
    }
    cells_free(&file);
    buf_release(&text);
}

/* --- the rows' examples --- */

/* An example that would download something. */
static bool lacks_data(const char *example) {
    const struct known_dataset *known;
    const size_t n = known_datasets(&known);
    char call[80];
    for (size_t i = 0; i < n; i++) {
        snprintf(call, sizeof call, "load(\"%s\"", known[i].name);
        if (strstr(example, call) && !has_dataset(known[i].name)) return true;
    }
    return false;
}

static void run_example(struct runner *runner, const struct builtin_row *row, const char *type) {
    char where[128];
    snprintf(where, sizeof where, "example of %s%s%.*s", type, *type ? "." : "", (int)strcspn(row->sigs, "("), row->sigs);
    if (!is_wanted(runner, where, "")) return;
    if (!row->example) {
        printf("%s: there is none\n", where);
        runner->failed++;
    } else if (lacks_data(row->example)) runner->skipped++;
    else {
        struct cell cell = {.line = 1, .code = xstrdup(row->example)};
        run_cells(runner, where, &cell, 1);
        free(cell.code);
    }
}

static void run_rows(struct runner *runner, const struct builtin_row *rows, const char *type) {
    for (const struct builtin_row *row = rows; row && row->sigs; row++) run_example(runner, row, type);
}

static void run_examples(struct runner *runner) {
    static const enum value_kind kinds[] = {VAL_STR, VAL_LIST, VAL_TUPLE, VAL_DICT, VAL_SET};
    struct session *session = session_begin();
    if (!session) {
        runner->failed++;
        return;
    }
    const struct registry *registry = session_registry(session);
    for (size_t i = 0; i < registry_len(registry); i++) run_example(runner, registry_at(registry, i)->row, "");
    for (size_t i = 0; i < registry_n_types(registry); i++) run_rows(runner, registry_type(registry, i)->methods, registry_type(registry, i)->name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        run_rows(runner, value_methods(kinds[i]), value_type_name((struct value){.kind = kinds[i]}));
    session_free(session);
}

/* --- all --- */

static bool is_cell_file(const char *name) {
    const size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".cell") == 0;
}

/* Cells write files: they do it in a folder of their own. */
static bool enter_folder(struct runner *runner) {
    const char *base = getenv("TMPDIR");
    runner->folder = path_join(base ? base : "/tmp", "reckon-lang-XXXXXX");
    return mkdtemp(runner->folder) && chdir(runner->folder) == 0;
}

static void leave_folder(struct runner *runner) {
    char **names;
    size_t n;
    struct error err = ERROR_INIT;
    if (dir_list(".", &names, &n, &err) == OK) {
        for (size_t i = 0; i < n; i++) unlink(names[i]);
        names_free(names, n);
    }
    if (chdir("/") == 0) rmdir(runner->folder);
    free(runner->folder);
}

struct job {
    struct runner runner;
    const char *folder;
};

static void run_all(void *ctx) {
    struct job *job = ctx;
    char **names, *folder = realpath(job->folder, NULL);
    size_t n;
    struct error err = ERROR_INIT;
    if (!folder || dir_list(folder, &names, &n, &err) != OK || !enter_folder(&job->runner)) {
        printf("%s: cannot be read\n", job->folder);
        job->runner.failed++;
        free(folder);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_cell_file(names[i])) continue;
        char *path = path_join(folder, names[i]);
        run_file(&job->runner, path);
        free(path);
    }
    run_examples(&job->runner);
    leave_folder(&job->runner);
    names_free(names, n);
    free(folder);
}

int main(int argc, char **argv) {
    struct job job = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-k") == 0 && i + 1 < argc) job.runner.only = argv[++i];
        else job.folder = argv[i];
    }
    if (!job.folder) return fprintf(stderr, "usage: run [-k part-of-a-name] FOLDER\n"), 2;
    struct own_thread *thread = own_thread_start("cells", DEEP_STACK_BYTES, run_all, &job);
    while (thread && !own_thread_join(thread, 3600)) continue;
    pool_stop();
    if (job.runner.skipped) printf("%d skipped\n", job.runner.skipped);
    printf("%d passed, %d failed\n", job.runner.passed, job.runner.failed);
    const int seen = job.runner.passed + job.runner.skipped; /* a name that fits no test is a mistake */
    return job.runner.failed || !seen || !thread ? 1 : 0;
}
