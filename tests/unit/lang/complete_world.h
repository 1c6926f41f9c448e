/* A small registry, and a session of a few names, to complete and inspect in. Included after cmocka.h. */
#ifndef RECKON_TEST_COMPLETE_WORLD_H
#define RECKON_TEST_COMPLETE_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/candidates.h"
#include "kernel/lang/complete.h"
#include "kernel/lang/interp.h"

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

/* --- asking --- */

/* `|` is the cursor. */
static inline size_t cursor_of(const char *text, struct buf *code) {
    const char *bar = strchr(text, '|');
    assert_non_null(bar);
    buf_add(code, text, (size_t)(bar - text));
    size_t cursor = utf8_count((struct slice){text, (size_t)(bar - text)});
    buf_adds(code, bar + 1);
    return cursor;
}

static inline struct completions complete(const struct world *w, const char *text, size_t *out_cursor) {
    struct buf code = BUF_INIT;
    *out_cursor = cursor_of(text, &code);
    struct completions out;
    complete_at(w->registry, w->snapshot, &sources, (struct slice){buf_text(&code), code.len}, *out_cursor, &out);
    buf_release(&code);
    return out;
}

#endif
