/* The whole language: every group of rows, every object type, and the names
 * that completion offers inside strings. */
#include "kernel/builtins/builtins.h"

#include "kernel/builtins/core.h"
#include "kernel/lang/complete.h"
#include "models/metrics/metrics.h"
#include "runtime/data/loaders.h"

static const struct builtin_row *const groups[] = {
    builtins_core,  builtins_items,  builtins_math,     builtins_kinds, builtins_tables, builtins_session, builtins_device, builtins_data,
    builtins_files, builtins_models, builtins_evaluate, builtins_blend, builtins_sweep,  builtins_runs,    builtins_plots,
};

static const struct type *const types[] = {&type_array, &type_table, &type_dataset, &type_recipe, &type_model, &type_embeddings, &type_plot};

/* The rows of a group that are wanted. */
static enum status add_some(struct registry *registry, const struct builtin_row *rows, bool (*wanted)(const struct builtin_row *row),
                            struct error *err) {
    size_t n = 0, kept = 0;
    while (rows[n].sigs) n++;
    struct builtin_row *some = arena_new_array(registry_arena(registry), struct builtin_row, n + 1);
    for (size_t i = 0; i < n; i++)
        if (wanted(&rows[i])) some[kept++] = rows[i];
    some[kept] = (struct builtin_row){0};
    return registry_add(registry, some, err);
}

static enum status add_all(struct registry *registry, bool (*wanted)(const struct builtin_row *row), struct error *err) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        TRY(wanted ? add_some(registry, groups[i], wanted, err) : registry_add(registry, groups[i], err));
    TRY(builtins_add_models(registry, err));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) TRY(registry_add_type(registry, types[i], err));
    return OK;
}

struct registry *builtins_registry(bool (*wanted)(const struct builtin_row *row), struct error *err) {
    struct registry *registry = registry_new();
    if (add_all(registry, wanted, err) == OK) return registry;
    registry_free(registry);
    return NULL;
}

static void dataset_names(name_sink sink, void *ctx) {
    const struct known_dataset *known;
    const size_t n = known_datasets(&known);
    for (size_t i = 0; i < n; i++) sink(ctx, known[i].name);
}

/* "rmse", "ndcg@10": a ranking metric at its usual length. */
static void metric_names(name_sink sink, void *ctx) {
    const struct metric_row *const *rows;
    const size_t n = metric_rows(&rows);
    struct buf name = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        buf_clear(&name);
        buf_addf(&name, "%s%s", rows[i]->name, rows[i]->takes_k ? "@10" : "");
        sink(ctx, buf_text(&name));
    }
    buf_release(&name);
}

const struct complete_sources builtins_complete_sources = {.datasets = dataset_names, .metrics = metric_names};
