/* One builtin row a model class: als(train, factors=64, …). The signature's
 * text and the notes are made from the class's parameter table, in the
 * registry's memory. */
#include <string.h>

#include "kernel/builtins/recipe.h"
#include "runtime/base/arena.h"

#define COMMON_NOTES_MAX 9

static const struct param_note note_train = {.name = "train",
                                             .doc = "the ratings or interactions to learn from; without it: a Recipe, for fit, cross_validate"};
static const struct param_note common_notes[] = {
    {.name = "seed", .doc = "of every random choice; None: the session's, see seed(n)"},
    {.name = "name", .doc = "what tables call it; None: the kind's name"},
    {.name = "verbose", .doc = "a progress line"},
};
static const struct param_note iterative_notes[] = {
    {.name = "epochs", .doc = "passes over the data; with valid, at most so many", .min = 1, .max = 1e6},
    {.name = "valid", .doc = "a part to judge every epoch on: training stops when it gets no better, and the best epoch is kept"},
    {.name = "patience", .doc = "epochs without a better value before it stops", .min = 1, .max = 1e6},
    {.name = "monitor", .doc = "what is judged on valid; None: rmse", .completes = "metric"},
};

/* --- signature --- */

static const char *type_word(enum param_type type) {
    static const char *const words[] = {[PARAM_INT] = "int", [PARAM_FLOAT] = "float", [PARAM_BOOL] = "bool", [PARAM_STR] = "str"};
    return words[type];
}

static void add_param(const struct param_row *row, struct buf *out) {
    buf_addf(out, ", %s: %s = ", row->name, type_word(row->type));
    switch (row->type) {
    case PARAM_INT: buf_addf(out, "%lld", (long long)row->otherwise.i); break;
    case PARAM_FLOAT: buf_add_double(out, row->otherwise.f); break;
    case PARAM_BOOL: buf_adds(out, row->otherwise.b ? "True" : "False"); break;
    case PARAM_STR: buf_addf(out, "\"%s\"", row->otherwise.s); break;
    }
}

static const char *signature_text(const struct model_class *class, struct arena *arena) {
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s(train: Dataset | None = None, *", class->name);
    for (int i = 0; i < params_count(class); i++) add_param(&class->params[i], &text);
    if (class->iterative)
        buf_addf(&text, ", epochs: int = %lld, valid: Dataset | None = None, patience: int = 5, monitor: str | None = None",
                 (long long)class->default_epochs);
    buf_adds(&text, ", seed: int | None = None, name: str | None = None, verbose: bool = True) -> Model | Recipe");
    const char *kept = arena_strndup(arena, text.data, text.len);
    buf_release(&text);
    return kept;
}

/* --- notes --- */

static struct param_note note_of(const struct param_row *row) {
    return (struct param_note){
        .name = row->name, .doc = row->doc, .min = row->min, .max = row->max, .choices = row->choices, .above_min = row->above_min};
}

static const struct param_note *notes_of(const struct model_class *class, struct arena *arena) {
    const int n_params = params_count(class);
    struct param_note *notes = arena_new_array(arena, struct param_note, n_params + COMMON_NOTES_MAX);
    int n = 0;
    notes[n++] = note_train;
    for (int i = 0; i < n_params; i++) notes[n++] = note_of(&class->params[i]);
    for (size_t i = 0; class->iterative && i < sizeof iterative_notes / sizeof *iterative_notes; i++) notes[n++] = iterative_notes[i];
    if (class->iterative && !class->predicts_ratings) notes[n - 1].doc = "what is judged on valid; None: ndcg@10";
    for (size_t i = 0; i < sizeof common_notes / sizeof *common_notes; i++) notes[n++] = common_notes[i];
    return notes;
}

/* --- the function of all rows --- */

static void take_params(const struct call *call, struct recipe *recipe) {
    const struct param_row *rows = recipe->class->params;
    for (int i = 0; i < params_count(recipe->class); i++) {
        union param_value *value = &recipe->params.values[i];
        recipe->params.given[i] = arg_given(call, rows[i].name);
        switch (rows[i].type) {
        case PARAM_INT: value->i = arg_int(call, rows[i].name); break;
        case PARAM_FLOAT: value->f = arg_float(call, rows[i].name); break;
        case PARAM_BOOL: value->b = arg_bool(call, rows[i].name); break;
        case PARAM_STR: value->s = param_choice(&rows[i], arg_str(call, rows[i].name)); break;
        }
    }
}

static enum status bi_model(const struct call *call, struct value *out, struct error *err) {
    struct recipe *recipe = recipe_new(call->data);
    take_params(call, recipe);
    recipe_take_common(call, recipe);
    enum status status = params_check(recipe->class, &recipe->params, err);
    struct dataset *train = arg_data(call, "train", &type_dataset);
    struct model *model;
    if (status == OK && !train) {
        *out = value_recipe(recipe);
        return OK;
    }
    if (status == OK) status = recipe_fit(call->interp, recipe, train, NULL, &model, err);
    recipe_unref(recipe);
    if (status == OK) *out = value_model(model);
    return status;
}

static struct builtin_row row_of(const struct model_class *class, struct arena *arena) {
    return (struct builtin_row){.sigs = signature_text(class, arena),
                                .group = "Classical",
                                .summary = class->summary,
                                .notes = notes_of(class, arena),
                                .doc = class->doc,
                                .example = class->example,
                                .run = bi_model,
                                .data = class,
                                .other_names = class->other_names};
}

enum status builtins_add_models(struct registry *registry, struct error *err) {
    const struct model_class *const *classes;
    const size_t n = model_classes(&classes);
    struct arena *arena = registry_arena(registry);
    struct builtin_row *rows = arena_new_array(arena, struct builtin_row, n + 1);
    for (size_t i = 0; i < n; i++) rows[i] = row_of(classes[i], arena);
    return registry_add(registry, rows, err);
}
