/* Recipe: a model that is not fitted yet; its parameters, defaults greyed. */
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/cards.h"
#include "kernel/builtins/model_values.h"
#include "kernel/builtins/recipe.h"
#include "runtime/base/mem.h"

/* --- attributes --- */

GETTER(const struct recipe, name, value_str(self->name ? self->name : self->class->name))
GETTER(const struct recipe, kind, value_str(self->class->name))

static enum status get_params(struct interp *interp, void *object, struct value *out, struct error *err) {
    const struct recipe *recipe = object;
    (void)err;
    *out = params_value(recipe->class, &recipe->params, recipe->common.epochs, recipe_seed(interp, recipe));
    return OK;
}

static const struct attribute_row attributes[] = {
    {"name", "what tables will call the model", "str", get_name},
    {"kind", "the builtin that made it: \"als\"", "str", get_kind},
    {"params", "all its parameters, defaults too", "dict", get_params},
    {0},
};

/* --- showing --- */

struct sheet {
    VEC(const char *) cells; /* three a row; the middle one owned */
    VEC(unsigned char) marks;
};

static void add_row(struct sheet *sheet, const char *name, struct buf *takes_value, const char *doc, bool given) {
    vec_push(&sheet->cells, name);
    vec_push(&sheet->cells, buf_take(takes_value));
    vec_push(&sheet->cells, doc);
    for (int c = 0; c < 3; c++) vec_push(&sheet->marks, given ? 0 : MARK_FAINT);
}

static void add_params(struct sheet *sheet, const struct recipe *recipe) {
    const struct model_class *class = recipe->class;
    for (int i = 0; i < params_count(class); i++) {
        struct buf value = BUF_INIT;
        struct value shown = param_value(&class->params[i], recipe->params.values[i]);
        value_repr(shown, &value);
        value_release(&shown);
        add_row(sheet, class->params[i].name, &value, class->params[i].doc, recipe->params.given[i]);
    }
}

static void add_common(struct sheet *sheet, const struct recipe *recipe) {
    struct buf value = BUF_INIT;
    if (recipe->class->iterative) {
        const int64_t epochs = recipe->common.epochs;
        buf_addf(&value, "%lld", (long long)(epochs ? epochs : recipe->class->default_epochs));
        add_row(sheet, "epochs", &value, "passes over the data", epochs != 0);
    }
    if (recipe->valid) {
        buf_adds(&value, dataset_name(recipe->valid));
        add_row(sheet, "valid", &value, "training stops when it gets no better on it", true);
    }
    if (recipe->seed_given) buf_addf(&value, "%llu", (unsigned long long)recipe->common.seed);
    else buf_adds(&value, "the session's");
    add_row(sheet, "seed", &value, "of every random choice", recipe->seed_given);
}

static void show_sheet(const struct sheet *sheet, const char *caption, const char *note, struct bundle *out) {
    static const char *const headers[] = {"parameter", "value", "what it is"};
    static const bool numeric[] = {false, true, false};
    const struct table_view view = {.caption = caption,
                                    .headers = headers,
                                    .numeric = numeric,
                                    .cells = sheet->cells.data,
                                    .marks = sheet->marks.data,
                                    .n_rows = (int64_t)sheet->cells.len / 3,
                                    .n_columns = 3,
                                    .total_rows = (int64_t)sheet->cells.len / 3,
                                    .gap_after = -1,
                                    .notes = &note,
                                    .n_notes = 1};
    table_view_text(&view, bundle_part(out, MIME_TEXT));
    table_view_html(&view, bundle_part(out, MIME_HTML));
}

static enum status recipe_render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    const struct recipe *recipe = self;
    struct sheet sheet = {0};
    struct buf caption = BUF_INIT;
    (void)interp;
    (void)err;
    recipe_text(recipe, &caption);
    buf_adds(&caption, ": not fitted yet");
    add_params(&sheet, recipe);
    add_common(&sheet, recipe);
    show_sheet(&sheet, buf_text(&caption), "fit(recipe, train) fits it. Defaults are faint.", out);
    for (size_t i = 1; i < sheet.cells.len; i += 3) free((char *)(uintptr_t)sheet.cells.data[i]);
    vec_release(&sheet.cells);
    vec_release(&sheet.marks);
    buf_release(&caption);
    return OK;
}

static void retain(void *self) { recipe_ref(self); }
static void release(void *self) { recipe_unref(self); }
static void repr(void *self, struct buf *out) { recipe_text(self, out); }

const struct type type_recipe = {
    .name = "Recipe",
    .doc = "A model that is not fitted yet: fit(recipe, train) fits it; cross_validate takes it.",
    .attributes = attributes,
    .retain = retain,
    .release = release,
    .repr = repr,
    .render = recipe_render,
};
