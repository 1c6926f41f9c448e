/* Completion and inspection over a small registry and a session of a few names. Long, for both share that registry and ask by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/lang/candidates.h"
#include "kernel/lang/complete.h"
#include "kernel/lang/interp.h"

/* --- a small language --- */

static enum status run_nothing(const struct call *call, struct value *out, struct error *err) {
    (void)call;
    (void)err;
    *out = NONE;
    return OK;
}

static const struct param_note notes[] = {{.name = "factors", .doc = "how many numbers describe a user or an item", .min = 1, .max = 4096},
                                          {.name = "reg", .doc = "weight of the penalty", .min = 0, .max = 1e9, .above_min = true},
                                          {.name = "by", .doc = "the way to split", .choices = "random|time|user"},
                                          {.name = "name_or_path", .doc = "a data set or a file", .completes = "dataset"},
                                          {.name = "metrics", .doc = "what to measure", .completes = "metric"},
                                          {.name = "column", .doc = "a column", .completes = "column"},
                                          {.name = "path", .doc = "a file", .completes = "path"},
                                          {.name = "item", .doc = "an id or a title", .completes = "item"},
                                          {.name = "known", .doc = "title: rating", .completes = "item"},
                                          {.name = "topic", .doc = "a name", .completes = "topic"},
                                          {0}};

static const struct builtin_row methods_table[] = {
    {.sigs = "sort(column: str, descending: bool = False) -> Table", .summary = "Rows in another order.", .notes = notes, .run = run_nothing},
    {.sigs = "where(test: function) -> Table", .summary = "Rows that pass a test.", .run = run_nothing},
    {0}};

static void columns(void *self, name_sink sink, void *ctx) {
    (void)self;
    sink(ctx, "user");
    sink(ctx, "item");
    sink(ctx, "rating");
}

static const char *title(const void *of, int64_t i) {
    static const char *const titles[] = {"Toy Story (1995)", NULL, "Fargo (1996)", "The \"Big\" One (1998)"};
    (void)of;
    return titles[i];
}

static int n_titles_held;

static void release_titles(void *of) {
    (void)of;
    n_titles_held--;
}

static void titles(void *self, struct name_source *out) {
    n_titles_held++;
    *out = (struct name_source){self, 4, title, release_titles};
}

static void shape(void *self, struct buf *out) {
    (void)self;
    buf_adds(out, "943 × 1,682");
}

static enum status get_nothing(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    (void)self;
    (void)err;
    *out = NONE;
    return OK;
}

static const struct attribute_row dataset_attributes[] = {
    {"n_users", "how many users it has", "int", get_nothing}, {"n_items", NULL, "int", get_nothing}, {0}};
static const struct attribute_row model_attributes[] = {{"items", "vectors of the items", "Embeddings", get_nothing},
                                                        {"users", "vectors of the users", "Embeddings", get_nothing},
                                                        {"history", "one row an epoch", "Table", get_nothing},
                                                        {0}};
static const struct attribute_row embeddings_attributes[] = {{"shape", NULL, "tuple", get_nothing}, {"vectors", NULL, "Array", get_nothing}, {0}};

static const struct type table_type = {.name = "Table", .doc = "Named typed columns.", .methods = methods_table, .column_names = columns};
static const struct type dataset_type = {
    .name = "Dataset", .doc = "Interactions of users and items.", .attributes = dataset_attributes, .column_names = columns, .shape = shape};
static const struct type model_type = {.name = "Model", .doc = "A fitted model.", .attributes = model_attributes, .item_names = titles};
static const struct type embeddings_type = {.name = "Embeddings", .attributes = embeddings_attributes, .item_names = titles, .keyed = true};

static const struct builtin_row rows[] = {
    {.sigs = "als(data: Dataset, factors: int = 64, reg: float = 0.1, *, seed: int = None) -> Model\nals(*, factors: int = 64, reg: float = 0.1, "
             "seed: int = None) -> Recipe",
     .group = "Classical",
     .summary = "Factors by alternating least squares.",
     .notes = notes,
     .doc = "Each side is solved in turn.",
     .example = "als(synth(), factors=8)",
     .run = run_nothing,
     .other_names = "ALS (Spark)"},
    {.sigs = "load(name_or_path: str) -> Dataset",
     .group = "Load",
     .summary = "A data set by name or from a file.",
     .notes = notes,
     .run = run_nothing},
    {.sigs = "split(data: Dataset, by: str = \"random\", shuffle: bool = True, test: float = 0.2) -> list",
     .group = "Load",
     .summary = "Parts of a data set.",
     .notes = notes,
     .run = run_nothing},
    {.sigs = "evaluate(models: Any, test: Dataset, metrics: list[str] = None) -> Table",
     .group = "Judge",
     .summary = "How good models are.",
     .notes = notes,
     .run = run_nothing},
    {.sigs = "recommend(model: Any, users: list[Id] | \"all\" = None, k: int = 10) -> Table",
     .group = "Use",
     .summary = "The best items.",
     .notes = notes,
     .run = run_nothing},
    {.sigs = "save(value: Any, path: str) -> None", .group = "Load", .summary = "Keeps a value in a file.", .notes = notes, .run = run_nothing},
    {.sigs = "similar(model: Model, item: Id, k: int = 10) -> Table", .summary = "The nearest.", .notes = notes, .run = run_nothing},
    {.sigs = "fold_in(model: Model, known: dict) -> Model", .summary = "One more user.", .notes = notes, .run = run_nothing},
    {.sigs = "help(topic: Any = None) -> None", .summary = "All about it.", .notes = notes, .run = run_nothing},
    {.sigs = "len(value: Any) -> int", .group = "Plain", .summary = "How many.", .run = run_nothing},
    {0}};

static void dataset_names(name_sink sink, void *ctx) {
    sink(ctx, "ml-100k");
    sink(ctx, "ml-1m");
    sink(ctx, "gowalla");
}

static void metric_names(name_sink sink, void *ctx) {
    sink(ctx, "ndcg@10");
    sink(ctx, "recall@10");
    sink(ctx, "rmse");
}

static const struct complete_sources sources = {dataset_names, metric_names};

struct world {
    struct registry *registry;
    struct interp *interp;
    struct snapshot *snapshot;
};

static void bind(struct interp *interp, const char *name, struct value takes) {
    interp_bind(interp, name, takes);
    value_release(&takes);
}

static void run(struct interp *interp, const char *text) {
    struct source *source = source_new("Cell 1", slice_of(text));
    struct node *block;
    struct value value = UNSET;
    struct error err = ERROR_INIT;
    assert_int_equal(parse_cell(source, &block, &err), OK);
    assert_int_equal(interp_run(interp, source, block, &value, &err), OK);
    value_release(&value);
    source_unref(source);
}

static int set_up(void **state) {
    struct world *w = calloc(1, sizeof *w);
    struct error err = ERROR_INIT;
    static const struct type *const types[] = {&table_type, &dataset_type, &model_type, &embeddings_type};
    w->registry = registry_new();
    if (registry_add(w->registry, rows, &err) != OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < 4; i++)
        if (registry_add_type(w->registry, types[i], &err) != OK) fail_msg("%s", err.message);
    w->interp = interp_new(w->registry);
    static int object;
    bind(w->interp, "ratings", value_object(&dataset_type, &object));
    bind(w->interp, "mf", value_object(&model_type, &object));
    bind(w->interp, "scores", value_object(&table_type, &object));
    bind(w->interp, "vectors", value_object(&embeddings_type, &object));
    bind(w->interp, "fit_als", value_builtin(&rows[0], UNSET));
    run(w->interp,
        "d = {\"alpha\": 1, \"beta\": 2}\nname = \"abc\"\n_hidden = 1\ndef dcg(gains, k=10):\n    \"\"\"Discounted gain.\"\"\"\n    return k\n");
    w->snapshot = snapshot_new(w->interp);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    snapshot_unref(w->snapshot);
    interp_free(w->interp);
    registry_free(w->registry);
    free(w);
    return 0;
}

/* --- completion: `|` is the cursor; what is offered, with blanks between --- */

static size_t cursor_of(const char *text, struct buf *code) {
    const char *bar = strchr(text, '|');
    assert_non_null(bar);
    buf_add(code, text, (size_t)(bar - text));
    size_t cursor = utf8_count((struct slice){text, (size_t)(bar - text)});
    buf_adds(code, bar + 1);
    return cursor;
}

static struct completions complete(const struct world *w, const char *text, size_t *out_cursor) {
    struct buf code = BUF_INIT;
    *out_cursor = cursor_of(text, &code);
    struct completions out;
    complete_at(w->registry, w->snapshot, &sources, (struct slice){buf_text(&code), code.len}, *out_cursor, &out);
    buf_release(&code);
    return out;
}

static char *joined(const struct completions *completions) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < completions->n_items; i++) buf_addf(&out, "%s%s", i ? " " : "", completions->items[i].text);
    if (!out.len) buf_adds(&out, "");
    return buf_take(&out);
}

/* typed: code points that are replaced. */
static void check(const struct world *w, const char *text, size_t typed, const char *expected) {
    size_t cursor;
    struct completions got = complete(w, text, &cursor);
    char *all = joined(&got);
    if (strcmp(all, expected) != 0) fail_msg("%s\n  offers %s\n  not    %s", text, all, expected);
    if (got.end != cursor || got.start != cursor - typed) fail_msg("%s: replaces %zu to %zu, cursor %zu", text, got.start, got.end, cursor);
    free(all);
    completions_release(&got);
}

static void names_by_their_beginning(void **state) {
    const struct world *w = *state;
    check(w, "rat|", 3, "ratings");
    check(w, "x = ra|", 2, "ratings");
    check(w, "als|", 3, "als");
    check(w, "re|", 2, "recommend return");
    check(w, "fo|", 2, "fold_in for");
    check(w, "Tr|", 2, "True");
    check(w, "_|", 1, "_hidden");
    check(w, "f\"{rat|", 3, "ratings");
    check(w, "head(ratings)\nsco|\nx", 3, "scores");
    check(w, "?rat|", 3, "ratings");
}

static void a_new_line_offers_everything(void **state) {
    const struct world *w = *state;
    static const char *const cells[] = {"|", "ratings\n|", "if x:\n    |", "x = |", "a; |"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        size_t cursor;
        struct completions got = complete(w, cells[i], &cursor);
        char *all = joined(&got);
        if (!strstr(all, "ratings") || !strstr(all, "load") || !strstr(all, "while")) fail_msg("%s offers %s", cells[i], all);
        free(all);
        completions_release(&got);
    }
    size_t cursor;
    struct completions got = complete(w, "ratings |", &cursor);
    char *all = joined(&got);
    assert_null(strstr(all, "load"));
    assert_non_null(strstr(all, "in is"));
    free(all);
    completions_release(&got);
}

static void names_by_their_letters(void **state) {
    const struct world *w = *state;
    check(w, "RAT|", 3, "ratings");
    check(w, "rtg|", 3, "ratings");
    check(w, "zzz|", 0, "");
}

static void names_of_the_cell_itself(void **state) {
    const struct world *w = *state;
    check(w, "train, test = split(ratings)\nals(tra|", 3, "train");
    check(w, "for epoch in range(3):\n    print(epo|", 3, "epoch");
    check(w, "def helper(): pass\nhel|", 3, "helper help");
}

static void members_after_a_dot(void **state) {
    const struct world *w = *state;
    check(w, "mf.|", 0, "history items users");
    check(w, "mf.it|", 2, "items");
    check(w, "mf.items.|", 0, "shape vectors");
    check(w, "mf.items.ve|", 2, "vectors");
    check(w, "ratings.n_|", 2, "n_items n_users");
    check(w, "scores.so|", 2, "sort");
    check(w, "scores.sort(\"user\").wh|", 2, "where");
    check(w, "als(ratings).it|", 2, "items");
    check(w, "evaluate(mf, ratings)[:10].so|", 2, "sort");
    check(w, "fit_als(ratings).hi|", 2, "history");
    check(w, "nothing.|", 0, "");
    check(w, "1.|", 0, "");
    check(w, "(mf).|", 0, "");
}

static void methods_of_plain_values(void **state) {
    const struct world *w = *state;
    check(w, "name.upp|", 3, "upper");
    check(w, "\"a,b\".joi|", 3, "join");
    check(w, "d.ke|", 2, "keys");
    check(w, "d.items|", 5, "items");
    check(w, "[1, 2].cou|", 3, "count");
    check(w, "name.upper().low|", 3, "lower");
}

static void names_of_arguments(void **state) {
    const struct world *w = *state;
    check(w, "als(fac|", 3, "factors=");
    check(w, "als(ratings, fac|", 3, "factors=");
    check(w, "als(ratings, factors=8, fac|", 0, "");
    check(w, "als(ratings, fac|, factors=8)", 0, "");
    check(w, "als(ratings, se|, reg=1)", 2, "seed=");
    check(w, "scores.sort(des|", 3, "descending=");
    check(w, "dcg(ga|", 2, "gains=");
    check(w, "dcg(x, k|", 1, "k=");
    check(w, "fit_als(ratings, re|", 2, "reg= recommend");
    check(w, "als(ratings,\n    # how many\n    fac|\n", 3, "factors=");
}

static void an_open_call_offers_arguments_first(void **state) {
    const struct world *w = *state;
    size_t cursor;
    struct completions got = complete(w, "als(ratings, |", &cursor);
    assert_true(got.n_items > 5);
    assert_string_equal(got.items[0].text, "factors=");
    assert_string_equal(got.items[0].type, "param");
    assert_string_equal(got.items[0].signature, "int = 64");
    assert_string_equal(got.items[1].text, "reg=");
    assert_string_equal(got.items[2].text, "seed=");
    completions_release(&got);
}

static void values_of_arguments(void **state) {
    const struct world *w = *state;
    check(w, "split(ratings, by=\"|", 0, "random time user");
    check(w, "split(ratings, by='ti|", 2, "time");
    check(w, "split(ratings, by=ti|", 2, "\"time\"");
    check(w, "split(ratings, \"us|", 2, "user");
    check(w, "split(ratings, shuffle=Tr|", 2, "True");
    check(w, "recommend(mf, users=\"|", 0, "all");
    check(w, "recommend(mf, users=al|", 2, "\"all\" als");
    check(w, "load(\"ml-|", 3, "ml-100k ml-1m");
    check(w, "load(ml|", 2, "\"ml-100k\" \"ml-1m\"");
    check(w, "evaluate(mf, ratings, metrics=[\"nd|", 2, "ndcg@10");
    check(w, "evaluate(mf, ratings, metrics=[\"rmse\", \"|\"])", 0, "ndcg@10 recall@10 rmse");
    check(w, "scores.sort(\"ra|", 2, "rating");
    check(w, "print(\"rat|", 0, "");
}

static void keys_in_brackets(void **state) {
    const struct world *w = *state;
    check(w, "scores[\"|", 0, "item rating user");
    check(w, "scores[ra|", 2, "\"rating\" ratings");
    check(w, "d['al|", 2, "alpha");
    check(w, "vectors[\"Toy|", 3, "Toy Story (1995)");
    check(w, "vectors[\"The|", 3, "The \\\"Big\\\" One (1998)");
}

static void titles_of_what_a_call_is_about(void **state) {
    const struct world *w = *state;
    check(w, "similar(mf, \"to|", 2, "Toy Story (1995)");
    check(w, "similar(mf, item=\"|\")", 0, "Fargo (1996) The \\\"Big\\\" One (1998) Toy Story (1995)");
    check(w, "similar(nothing, \"Far|", 3, "Fargo (1996)"); /* of everything that has titles, each once */
    check(w, "fold_in(mf, {\"Far|", 3, "Fargo (1996)");
    check(w, "fold_in(mf, {\"Toy Story (1995)\": 5, \"Far|", 3, "Fargo (1996)");
    check(w, "mf[\"Toy|", 0, "");        /* a model is not read by titles */
    check(w, "similar(mf, toy|", 0, ""); /* too many to stand among names */
}

static const char *numbered(const void *of, int64_t i) {
    char *text = (char *)(uintptr_t)of;
    snprintf(text, 32, "title %07lld", (long long)i);
    return text;
}

static void a_large_catalogue_is_not_read_to_its_end(void **state) {
    (void)state;
    static char text[32];
    const struct name_source source = {text, 100 * 1000 * 1000, numbered, release_titles};
    struct candidates found = {.quote = ""};
    candidates_add_source(&found, &source, slice_of("TITLE"), "item");
    assert_int_equal(found.all.len, COMPLETE_ITEMS);
    candidates_add_source(&found, &source, slice_of("nothing like it"), "item");
    candidates_add_source(&found, &source, slice_of("title"), "item");
    assert_int_equal(found.n_scanned, COMPLETE_SCANNED);
    assert_int_equal(found.all.len, COMPLETE_ITEMS);
    struct completions out = {0};
    candidates_sift(&found, slice_of("title 0000"), &out);
    assert_int_equal(out.n_items, 1000);
    completions_release(&out);
}

static void names_of_builtins_as_text(void **state) {
    const struct world *w = *state;
    check(w, "help(\"spl|", 3, "split");
    check(w, "help(\"nd|", 2, "ndcg@10");
    check(w, "help(\"ratings|", 0, "");
}

static void columns_in_a_list(void **state) {
    const struct world *w = *state;
    check(w, "scores[[\"us|", 2, "user");
    check(w, "scores[[\"user\", \"ra|", 2, "rating");
    check(w, "scores[[\"user\", ra|", 2, "\"rating\" ratings");
    check(w, "d[[\"al|", 0, ""); /* a list is no key */
    check(w, "scores[[[\"us|", 0, "");
}

static void nothing_in_text_and_numbers(void **state) {
    const struct world *w = *state;
    check(w, "# rat|", 0, "");
    check(w, "x = 1 # rat|", 0, "");
    check(w, "\"rat|", 0, "");
    check(w, "f\"rat|", 0, "");
    check(w, "12|", 0, "");
    check(w, "def ra|", 0, "");
}

static void cursors_count_code_points(void **state) {
    const struct world *w = *state;
    check(w, "\"😀é\" + rat|", 3, "ratings");
    struct completions got;
    complete_at(w->registry, w->snapshot, &sources, slice_of("rat"), 999, &got);
    assert_int_equal(got.n_items, 1);
    assert_int_equal(got.start, 0);
    assert_int_equal(got.end, 3);
    completions_release(&got);
    complete_at(w->registry, w->snapshot, &sources, slice_of("ratings"), 3, &got);
    assert_int_equal(got.n_items, 1);
    assert_int_equal(got.end, 3);
    completions_release(&got);
    complete_at(w->registry, NULL, NULL, slice_of(""), 0, &got);
    assert_true(got.n_items > 10);
    completions_release(&got);
}

static void items_tell_type_and_signature(void **state) {
    const struct world *w = *state;
    static const char *const rows_of[][3] = {{"rat|", "instance", ""},
                                             {"dcg|", "function", "dcg(gains, k=10)"},
                                             {"len|", "function", "len(value: Any) -> int"},
                                             {"whi|", "keyword", ""},
                                             {"load(\"go|", "dataset", ""},
                                             {"evaluate(mf, ratings, metrics=\"rm|", "metric", ""},
                                             {"scores[\"us|", "column", ""},
                                             {"mf.it|", "instance", "Embeddings"}};
    for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
        size_t cursor;
        struct completions got = complete(w, rows_of[i][0], &cursor);
        assert_int_equal(got.n_items, 1);
        assert_string_equal(got.items[0].type, rows_of[i][1]);
        assert_string_equal(got.items[0].signature, rows_of[i][2]);
        completions_release(&got);
    }
}

static void paths_below_the_folder(void **state) {
    const struct world *w = *state;
    char folder[] = "/tmp/reckon-complete-XXXXXX", before[4096];
    assert_non_null(mkdtemp(folder));
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("data", 0700), 0);
    fclose(fopen("data/a.csv", "w"));
    fclose(fopen("model.reckon", "w"));
    fclose(fopen(".secret", "w"));
    check(w, "save(mf, \"|", 0, "data/ model.reckon");
    check(w, "save(mf, \"mo|", 2, "model.reckon");
    check(w, "save(mf, \"data/|", 5, "data/a.csv");
    check(w, "save(mf, \"./data/A|", 8, "./data/a.csv");
    check(w, "save(mf, \".s|", 2, ".secret");
    check(w, "load(\"m|", 1, "ml-100k ml-1m model.reckon");
    check(w, "save(mf, path=mod|", 0, "");
    for (int i = 0; i < 600; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%03d", i);
        fclose(fopen(name, "w"));
    }
    size_t cursor;
    struct completions got = complete(w, "save(mf, \"many|", &cursor);
    assert_int_equal(got.n_items, 500);
    completions_release(&got);
    for (int i = 0; i < 600; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%03d", i);
        unlink(name);
    }
    unlink("data/a.csv");
    rmdir("data");
    unlink("model.reckon");
    unlink(".secret");
    assert_int_equal(chdir(before), 0);
    rmdir(folder);
}

/* --- inspection --- */

static char *inspect(const struct world *w, const char *text, int detail, const char *mime) {
    struct buf code = BUF_INIT;
    size_t cursor = cursor_of(text, &code);
    struct bundle bundle = BUNDLE_INIT;
    bool found = inspect_at(w->registry, w->snapshot, (struct slice){buf_text(&code), code.len}, cursor, detail, &bundle);
    const struct bundle_part *part = found ? bundle_find(&bundle, mime) : NULL;
    char *copy = part ? strdup(buf_text(&part->bytes)) : NULL;
    bundle_release(&bundle);
    buf_release(&code);
    return copy;
}

static void check_text(const struct world *w, const char *text, int detail, const char *expected) {
    char *got = inspect(w, text, detail, MIME_TEXT);
    if (!got) fail_msg("%s: nothing found", text);
    assert_string_equal(got, expected);
    free(got);
}

#define ALS_HEAD                                                                              \
    "als(data: Dataset, factors: int = 64, reg: float = 0.1, *, seed: int = None) -> Model\n" \
    "als(*, factors: int = 64, reg: float = 0.1, seed: int = None) -> Recipe\n"               \
    "\nFactors by alternating least squares.\n\n"

static void a_builtin_shows_its_row(void **state) {
    const struct world *w = *state;
    const char *plain = ALS_HEAD "    data     Dataset\n"
                                 "    factors  int = 64     how many numbers describe a user or an item (1 to 4,096)\n"
                                 "    reg      float = 0.1  weight of the penalty (above 0, at most 1,000,000,000)\n"
                                 "    seed     int = None\n";
    check_text(w, "als|", 0, plain);
    check_text(w, "a|ls(ratings)", 0, plain);
    check_text(w, "|als(ratings)", 0, plain);
    check_text(w, "fit_als|", 0, plain);
    check_text(w, "als(ratings)|", 0, plain);
    char *more = inspect(w, "als|", 1, MIME_TEXT);
    assert_memory_equal(more, plain, strlen(plain));
    assert_string_equal(more + strlen(plain), "\nEach side is solved in turn.\n\nExample\n    als(synth(), factors=8)\n\nElsewhere: ALS (Spark)\n");
    free(more);
}

static void the_argument_under_the_cursor_is_marked(void **state) {
    const struct world *w = *state;
    static const char *const cells[] = {"als(ratings, factors=|",      "als(ratings, 8|",       "als(ratings, |", "als(ratings, fac|tors=8)",
                                        "als(ratings, factors=(1 + |", "als(reg=1, factors=|8)"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char *got = inspect(w, cells[i], 0, MIME_TEXT);
        if (!got || !strstr(got, "\n  > factors  int = 64 ") || strstr(got, "> reg")) fail_msg("%s:\n%s", cells[i], got ? got : "nothing");
        free(got);
    }
    char *html = inspect(w, "als(ratings, factors=|", 0, MIME_HTML);
    assert_non_null(strstr(html, "<b>factors</b>"));
    assert_null(strstr(html, "<b>reg</b>"));
    assert_null(strstr(html, "<style"));
    assert_null(strstr(html, "color"));
    free(html);
}

static void names_show_what_they_are(void **state) {
    const struct world *w = *state;
    char *got = inspect(w, "head(rati|ngs)", 0, MIME_TEXT);
    assert_memory_equal(got, "ratings: Dataset  943 × 1,682\n", strlen("ratings: Dataset  943 × 1,682\n"));
    assert_non_null(strstr(got, "\nColumns: user, item, rating\n"));
    assert_null(strstr(got, "Interactions"));
    free(got);
    got = inspect(w, "ratings|", 1, MIME_TEXT);
    assert_non_null(strstr(got, "\nInteractions of users and items.\n"));
    assert_non_null(strstr(got, ".n_users: int  how many users it has\n"));
    free(got);
    check_text(w, "dcg|", 0, "dcg(gains, k=10)\n\nDiscounted gain.\n");
    check_text(w, "name|", 0, "name: str\n\n'abc'\n");
    check_text(w, "mf.it|ems", 0, "Model.items: Embeddings\n\nvectors of the items\n");
    got = inspect(w, "scores.so|rt(\"user\")", 0, MIME_TEXT);
    assert_memory_equal(got, "sort(column: str, descending: bool = False) -> Table\n", 30);
    free(got);
    got = inspect(w, "scores.sort(\"us|er\")", 0, MIME_TEXT);
    assert_non_null(strstr(got, "\n  > column "));
    free(got);
}

static void what_is_unknown_is_not_found(void **state) {
    const struct world *w = *state;
    static const char *const cells[] = {"|", "nothing|", "1 + |1", "for| x in y: pass", "# als|", "\"als|\"", "(|", "nothing(|"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) assert_null(inspect(w, cells[i], 0, MIME_TEXT));
}

/* --- snapshots --- */

static void a_snapshot_outlives_its_session(void **state) {
    struct world *w = *state;
    struct snapshot *snapshot = snapshot_ref(w->snapshot);
    interp_reset(w->interp);
    const struct snapshot_name *name = snapshot_find(snapshot, "ratings");
    assert_string_equal(name->type, "Dataset");
    assert_string_equal(name->shape, "943 × 1,682");
    assert_int_equal(name->n_columns, 3);
    assert_int_equal(snapshot_find(snapshot, "d")->n_keys, 2);
    assert_string_equal(snapshot_find(snapshot, "d")->keys[1], "beta");
    assert_string_equal(snapshot_find(snapshot, "dcg")->doc, "Discounted gain.");
    assert_null(snapshot_find(snapshot, "nothing"));
    assert_true(snapshot_len(snapshot) >= 9);
    snapshot_unref(snapshot);
}

/* --- half-written cells: every cut and many changes of whole notebooks --- */

static void probe(const struct world *w, const char *text, size_t len, bool ask) {
    struct slice code = {text, len};
    int indent;
    assert_non_null(completeness(code, &indent));
    assert_true(indent >= 0);
    if (!ask) return;
    struct completions completions;
    complete_at(w->registry, w->snapshot, &sources, code, utf8_count(code), &completions);
    assert_true(completions.start <= completions.end && completions.end <= utf8_count(code));
    completions_release(&completions);
    struct bundle bundle = BUNDLE_INIT;
    inspect_at(w->registry, w->snapshot, code, utf8_count(code), 1, &bundle);
    bundle_release(&bundle);
}

static char *read_cells(size_t *out_len) {
    FILE *file = fopen("tests/unit/lang/cells.txt", "rb");
    assert_non_null(file); /* tests run in the repository's root */
    struct buf text = BUF_INIT;
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) buf_add(&text, part, n);
    fclose(file);
    *out_len = text.len;
    return buf_take(&text);
}

static void broken_cells_never_crash(void **state) {
    const struct world *w = *state;
    size_t len;
    char *cells = read_cells(&len);
    static const char junk[] = "()[]{}\"'\\\n\t#:;,.=*?!@%f\xff\x00";
    uint32_t random = 1;
    for (char *begin = cells, *end; begin < cells + len; begin = end) {
        end = strstr(begin, "\n#----\n");
        end = end ? end + 7 : cells + len;
        size_t n = (size_t)(end - begin);
        for (size_t cut = 0; cut <= n; cut++) probe(w, begin, cut, true);
        for (size_t cut = 0; cut < n; cut++) {
            random = random * 1664525u + 1013904223u;
            char old = begin[cut];
            begin[cut] = junk[(random >> 16) % (sizeof junk - 1)];
            size_t stop = cut + (random >> 8) % 64;
            probe(w, begin, stop < n ? stop : n, true);
            probe(w, begin, n, false);
            begin[cut] = old;
        }
    }
    free(cells);
}

static void long_junk_is_quick(void **state) {
    const struct world *w = *state;
    static const char *const parts[] = {"(", "a,", "f'{", "a.b(", "x[", "a=1,", "\"", "'''", "for ", "lambda a:", "als("};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct buf text = BUF_INIT;
        while (text.len < 60000) buf_adds(&text, parts[i]);
        probe(w, buf_text(&text), text.len, true);
        buf_release(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_by_their_beginning),
        cmocka_unit_test(a_new_line_offers_everything),
        cmocka_unit_test(names_by_their_letters),
        cmocka_unit_test(names_of_the_cell_itself),
        cmocka_unit_test(members_after_a_dot),
        cmocka_unit_test(methods_of_plain_values),
        cmocka_unit_test(names_of_arguments),
        cmocka_unit_test(an_open_call_offers_arguments_first),
        cmocka_unit_test(values_of_arguments),
        cmocka_unit_test(keys_in_brackets),
        cmocka_unit_test(titles_of_what_a_call_is_about),
        cmocka_unit_test(a_large_catalogue_is_not_read_to_its_end),
        cmocka_unit_test(names_of_builtins_as_text),
        cmocka_unit_test(columns_in_a_list),
        cmocka_unit_test(nothing_in_text_and_numbers),
        cmocka_unit_test(cursors_count_code_points),
        cmocka_unit_test(items_tell_type_and_signature),
        cmocka_unit_test(paths_below_the_folder),
        cmocka_unit_test(a_builtin_shows_its_row),
        cmocka_unit_test(the_argument_under_the_cursor_is_marked),
        cmocka_unit_test(names_show_what_they_are),
        cmocka_unit_test(what_is_unknown_is_not_found),
        cmocka_unit_test(broken_cells_never_crash),
        cmocka_unit_test(long_junk_is_quick),
        cmocka_unit_test(a_snapshot_outlives_its_session),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
