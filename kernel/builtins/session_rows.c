/* The session itself: who, seed, timeit, reset, help, licenses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "kernel/builtins/help.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/data/loaders.h"

/* --- who --- */

#define WEIGHT_PARTS_MAX 100000 /* parts of a value that are weighed; the rest is taken to be like them */

static int64_t weigh(struct value value, int64_t *parts) {
    const bool is_seq = value.kind == VAL_LIST || value.kind == VAL_TUPLE, is_dict = value.kind == VAL_DICT || value.kind == VAL_SET;
    int64_t bytes = (int64_t)sizeof value;
    if (--*parts < 0) return bytes;
    if (value.kind == VAL_STR) return bytes + (int64_t)value.u.text->len;
    if (value.kind == VAL_OBJECT) return value.u.object->type->size_bytes ? value.u.object->type->size_bytes(value.u.object->data) : bytes;
    const size_t n = is_seq ? seq_len(value) : is_dict ? dict_len(value) : 0;
    size_t i = 0;
    for (; i<n && * parts> 0; i++) {
        bytes += weigh(is_seq ? seq_item(value, i) : dict_key(value, i), parts);
        if (value.kind == VAL_DICT) bytes += weigh(dict_value(value, i), parts);
    }
    return i ? bytes / (int64_t)i * (int64_t)n : bytes;
}

static char *shape_text(struct value value) {
    struct buf text = BUF_INIT;
    struct error ignored = ERROR_INIT;
    int64_t n;
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    const bool sized = value.kind == VAL_LIST || value.kind == VAL_TUPLE || value.kind == VAL_DICT || value.kind == VAL_SET ||
                       value.kind == VAL_RANGE || value.kind == VAL_STR;
    if (type && type->shape) type->shape(value.u.object->data, &text);
    else if (sized && value_len(value, &n, &ignored) == OK) buf_add_count(&text, n);
    return text.len ? buf_take(&text) : NULL;
}

static const char *place_of(struct value value) {
    const struct type *type = value.kind == VAL_OBJECT ? value.u.object->type : NULL;
    return type && type->place ? type->place(value.u.object->data) : "cpu";
}

/* Results of cells (`_`, `_3`) aren't the user's names. */
static bool is_users(const char *name) { return name[0] != '_'; }

static enum status run_who(const struct call *call, struct value *out, struct error *err) {
    const struct interp *interp = call->interp;
    int64_t n = 0, row = 0;
    struct value value;
    (void)err;
    for (size_t i = 0; i < interp_n_names(interp); i++) n += is_users(interp_name_at(interp, i, &value));
    struct table *table = table_new(n);
    char **names = table_add_strs(table, "name"), **types = table_add_strs(table, "type"), **shapes = table_add_strs(table, "shape");
    int64_t *bytes = table_add_ints(table, "bytes");
    table->columns[table->n_columns - 1].decimals = 0;
    char **places = table_add_strs(table, "where");
    for (size_t i = 0; i < interp_n_names(interp); i++) {
        const char *name = interp_name_at(interp, i, &value);
        int64_t parts = WEIGHT_PARTS_MAX;
        if (!is_users(name)) continue;
        names[row] = xstrdup(name);
        types[row] = xstrdup(value_type_name(value));
        shapes[row] = shape_text(value);
        bytes[row] = weigh(value, &parts);
        places[row++] = xstrdup(place_of(value));
    }
    *out = value_table(table);
    return OK;
}

/* --- seed, reset --- */

static enum status run_seed(const struct call *call, struct value *out, struct error *err) {
    struct context *context = context_of(call);
    (void)err;
    *out = NONE;
    if (arg_is_none(call, "n")) *out = value_int((int64_t)context->seed);
    else context->seed = (uint64_t)arg_int(call, "n");
    return OK;
}

static enum status run_reset(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    interp_reset(call->interp);
    context_reset(context_of(call));
    *out = NONE;
    return OK;
}

/* --- timeit --- */

#define TIMEIT_BUDGET_S 5.0 /* no run begins after this, from the second on */
#define TIMEIT_RUN_S 0.02   /* a quick expression is evaluated so often that a run takes as long */
#define TIMEIT_LOOPS_MAX 10000000

static enum status run_loops(const struct call *call, int64_t loops, double *out_seconds, struct error *err) {
    const double start = clock_now_s();
    for (int64_t i = 0; i < loops; i++) {
        struct value result = UNSET;
        TRY(task_check(call->task, err));
        TRY(interp_call(call->interp, arg(call, "expression"), NULL, 0, &result, err));
        value_release(&result);
    }
    *out_seconds = clock_now_s() - start;
    return OK;
}

static enum status choose_loops(const struct call *call, int64_t *out_loops, struct error *err) {
    int64_t loops = 1;
    double seconds;
    for (;;) {
        TRY(run_loops(call, loops, &seconds, err));
        if (seconds >= TIMEIT_RUN_S / 2 || loops >= TIMEIT_LOOPS_MAX) break;
        loops *= seconds > TIMEIT_RUN_S / 20 ? 2 : 10;
    }
    *out_loops = loops;
    return OK;
}

struct timing {
    double best, sum;
    int64_t runs, loops;
};

static enum status measure(const struct call *call, struct timing *timing, struct error *err) {
    const double start = clock_now_s();
    const int64_t runs = arg_int(call, "runs");
    *timing = (struct timing){.best = INFINITY};
    TRY(choose_loops(call, &timing->loops, err));
    while (timing->runs < runs && (timing->runs == 0 || clock_now_s() - start < TIMEIT_BUDGET_S)) {
        double seconds;
        TRY(run_loops(call, timing->loops, &seconds, err));
        seconds /= (double)timing->loops;
        timing->best = fmin(timing->best, seconds);
        timing->sum += seconds;
        timing->runs++;
    }
    return OK;
}

/* "1.23 ms". */
static void add_seconds(double seconds, struct buf *out) {
    const char *const units[] = {"s", "ms", "µs", "ns"};
    int unit = 0;
    while (unit < 3 && seconds < 0.9995) seconds *= 1000, unit++;
    buf_addf(out, "%.3g %s", seconds, units[unit]);
}

static struct table *timing_table(const struct timing *timing) {
    struct table *table = table_new(1);
    struct buf best = BUF_INIT, mean = BUF_INIT;
    *table_add_floats(table, "best", -1) = timing->best;
    *table_add_floats(table, "mean", -1) = timing->sum / (double)timing->runs;
    *table_add_ints(table, "runs") = timing->runs;
    *table_add_ints(table, "loops") = timing->loops;
    add_seconds(timing->best, &best);
    add_seconds(timing->sum / (double)timing->runs, &mean);
    table_caption(table, "best %s, mean %s", buf_text(&best), buf_text(&mean));
    table_note(table, "Seconds for one evaluation; %lld in each of %lld runs.", (long long)timing->loops, (long long)timing->runs);
    buf_release(&best);
    buf_release(&mean);
    return table;
}

/* What the expression prints and shows would come once a run. */
static enum status run_timeit(const struct call *call, struct value *out, struct error *err) {
    struct interp *interp = call->interp;
    struct output *heard = interp->output, silence = {0};
    struct timing timing;
    interp->output = &silence;
    const enum status status = measure(call, &timing, err);
    interp->output = heard;
    if (status == OK) *out = value_table(timing_table(&timing));
    return status;
}

/* --- help --- */

static enum status run_help(const struct call *call, struct value *out, struct error *err) {
    struct bundle bundle = BUNDLE_INIT;
    struct output *output = call->interp->output;
    const enum status status = help_page(call->interp, arg(call, "topic"), arg_given(call, "topic"), &bundle, err);
    if (status == ERR_NAME) return arg_error("topic", err, ERR_NAME, "%s", err->message);
    if (status == OK && output->page) output->page(output->ctx, &bundle);
    else if (status == OK && output->display) output->display(output->ctx, &bundle, NULL, false);
    bundle_release(&bundle);
    *out = NONE;
    return status;
}

/* --- licenses --- */

static const struct {
    const char *name, *licence, *use;
} parts[] = {
    {"Reckon", "MIT", "this program"},
    {"libzmq", "MPL-2.0 (before 4.3.5: LGPL-3.0 with linking exception)", "messages; linked dynamically"},
    {"Jansson", "MIT", "JSON; linked dynamically"},
    {"libsodium", "ISC", "signatures, random bytes; linked dynamically"},
    {"utf8proc", "MIT", "Unicode; linked dynamically"},
    {"SQLite", "public domain", "history of cells; linked dynamically"},
    {"libcurl", "curl licence (like MIT)", "downloads; linked dynamically"},
    {"libarchive", "BSD-2-Clause", "archives; linked dynamically"},
    {"OpenBLAS", "BSD-3-Clause", "dense algebra; opened when it is needed"},
    {"CUDA runtime, cuBLAS", "NVIDIA's licence", "GPUs; opened when one is used"},
    {"gnuplot", "gnuplot licence", "pictures; a process of its own"},
    {"DejaVu fonts", "Bitstream Vera licence", "text in pictures"},
};

static enum status run_licenses(const struct call *call, struct value *out, struct error *err) {
    const struct known_dataset *known;
    const size_t n_parts = sizeof parts / sizeof *parts, n = known_datasets(&known);
    struct table *table = table_new((int64_t)(n_parts + n));
    char **names = table_add_strs(table, "name"), **licences = table_add_strs(table, "licence"), **uses = table_add_strs(table, "use");
    (void)call;
    (void)err;
    for (size_t i = 0; i < n_parts + n; i++) {
        const bool is_part = i < n_parts;
        names[i] = xstrdup(is_part ? parts[i].name : known[i - n_parts].name);
        licences[i] = xstrdup(is_part ? parts[i].licence : known[i - n_parts].licence);
        uses[i] = xstrdup(is_part ? parts[i].use : "data set");
    }
    table_note(table, "Data sets are not part of Reckon: load() fetches them from their publishers.");
    *out = value_table(table);
    return OK;
}

#define NOTES (const struct param_note[])

const struct builtin_row builtins_session[] = {
    {.sigs = "who() -> Table",
     .group = "Session",
     .summary = "The session's names: type, shape, bytes, and where they are.",
     .example = "x = [1, 2, 3]; who()",
     .run = run_who,
     .other_names = "whos (IPython), dir, globals"},
    {.sigs = "seed(n: int | None = None) -> int | None",
     .group = "Session",
     .summary = "Sets the seed that all random choices use where seed= is not given; without n says which it is.",
     .notes = NOTES{{"n", .doc = "0 at start", .min = 0, .max = 9223372036854775807.0}, {0}},
     .doc = "Every random number comes from (seed, purpose, position), so the same seed gives the same result, however many threads there are and "
            "whatever ran before.",
     .example = "seed(7); seed()",
     .run = run_seed,
     .other_names = "random.seed, set_seed, manual_seed (PyTorch)"},
    {.sigs = "timeit(expression: Expr, *, runs: int = 7) -> Table",
     .group = "Session",
     .summary = "How long an expression takes: best and mean of several runs, in seconds.",
     .notes = NOTES{{"expression", .doc = "evaluated again and again; what it prints is not shown"},
                    {"runs", .doc = "at most; fewer when they take more than 5 s together", .min = 1, .max = 1000},
                    {0}},
     .doc = "One evaluation goes before, to warm up. A quick expression is evaluated many times in each run.",
     .example = "timeit(sum(range(1000)), runs=3)",
     .run = run_timeit,
     .other_names = "%timeit, %time (IPython)"},
    {.sigs = "reset() -> None",
     .group = "Session",
     .summary = "Forgets every name, and sets the seed to 0.",
     .example = "x = 1; reset()",
     .run = run_reset,
     .other_names = "%reset (IPython)",
     .destroys = true},
    {.sigs = "help(topic: Any = None) -> None",
     .group = "Session",
     .summary = "All about one thing, or the list of all there is.",
     .notes = NOTES{{"topic",
                     .doc = "a builtin (als), a method, a value, or a name as text: \"als\", \"Table.group\", \"ndcg\"; \"metrics\" for all of them",
                     .completes = "topic"},
                    {0}},
     .doc = "als? says the same as help(als).",
     .example = "help(len)",
     .run = run_help},
    {.sigs = "licenses() -> Table",
     .group = "Session",
     .summary = "The licences of Reckon, of what it uses and of the data sets.",
     .example = "licenses()",
     .run = run_licenses},
    {0}};
