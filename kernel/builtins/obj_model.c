/* Model: what was fitted, how, and what it holds. */
#include <math.h>

#include "kernel/builtins/builtins.h"
#include "kernel/builtins/cards.h"
#include "kernel/builtins/model_values.h"
#include "models/fit.h"

#define SPARK_WIDTH 220
#define SPARK_HEIGHT 48

/* --- attributes --- */

static enum status get_vectors(void *self, enum embedded what, struct value *out, struct error *err) {
    struct embeddings *embeddings;
    TRY(model_embeddings(self, what, &embeddings, err));
    *out = value_embeddings(embeddings);
    return OK;
}

static enum status get_users(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    return get_vectors(self, EMBED_USERS, out, err);
}

static enum status get_items(struct interp *interp, void *self, struct value *out, struct error *err) {
    (void)interp;
    return get_vectors(self, EMBED_ITEMS, out, err);
}

static struct value best_epoch(const struct model *model) { return model->best_epoch ? value_int(model->best_epoch) : NONE; }

GETTER(const struct model, name, value_str(self->name))
GETTER(const struct model, kind, value_str(self->class->name))
GETTER(const struct model, history, value_table(model_history(self)))
GETTER(const struct model, params, params_value(self->class, &self->params, self->common.epochs, self->common.seed))
GETTER(const struct model, size, value_int(self->class->size(self)))
GETTER(const struct model, seconds, value_float(self->seconds))
GETTER(const struct model, epochs, value_int(model_epochs(self)))
GETTER(const struct model, best_epoch, best_epoch(self))
GETTER(const struct model, place, value_str(self->place))

static const struct attribute_row attributes[] = {
    {"users", "a vector for each user", "Embeddings", get_users},
    {"items", "a vector for each item", "Embeddings", get_items},
    {"history", "what each epoch gave: epoch, train_…, valid_…, seconds", "Table", get_history},
    {"params", "all parameters, defaults too", "dict", get_params},
    {"name", "what tables call it", "str", get_name},
    {"kind", "the builtin that made it: \"als\"", "str", get_kind},
    {"size", "how many numbers were learned", "int", get_size},
    {"seconds", "that fitting took", "float", get_seconds},
    {"epochs", "passes over the data behind it", "int", get_epochs},
    {"best_epoch", "the epoch that was kept by valid=, or None", "int | None", get_best_epoch},
    {"place", "where it was fitted: \"cpu\", \"cuda:0\"", "str", get_place},
    {0},
};

/* --- showing --- */

static void settings_text(const struct model *model, bool all, struct buf *out) {
    params_text(model->class, &model->params, all, out);
    if (model->class->iterative) buf_addf(out, "%sepochs=%lld", out->len ? ", " : "", (long long)model->common.epochs);
    if (all) buf_addf(out, "%sseed=%llu", out->len ? ", " : "", (unsigned long long)model->common.seed);
}

static void model_repr(void *self, struct buf *out) {
    const struct model *model = self;
    struct buf settings = BUF_INIT;
    settings_text(model, false, &settings);
    buf_addf(out, "<Model %s: %s(%s), ", model->name, model->class->name, buf_text(&settings));
    buf_add_counted(out, model->catalog->n_users, "users × ");
    buf_add_counted(out, model->catalog->n_items, "items>");
    buf_release(&settings);
}

static void model_shape(void *self, struct buf *out) {
    const struct model *model = self;
    buf_add_counted(out, model->catalog->n_users, "× ");
    buf_add_count(out, model->catalog->n_items);
}

static void add_fitted(struct card_draft *card, const struct model *model) {
    struct buf text = BUF_INIT;
    if (model->fitted.data) buf_addf(&text, "%s, ", dataset_name(model->fitted.data));
    buf_add_counted(&text, model->n_fitted, model->is_explicit ? "ratings" : "interactions");
    if (model->fitted.data && dataset_split(model->fitted.data)) buf_addf(&text, " (split: %s)", dataset_split(model->fitted.data)->description);
    card_add(card, "fitted on", "%s", buf_text(&text));
    if (model->default_user == FOLDED_USER)
        card_add(card, "new user", "%lld row%s folded in", (long long)model_seen(model, FOLDED_USER).n,
                 model_seen(model, FOLDED_USER).n == 1 ? "" : "s");
    if (model->n_folded_items) card_add(card, "new items", "%lld folded in", (long long)model->n_folded_items);
    buf_release(&text);
}

static void add_epochs(struct card_draft *card, const struct model *model) {
    const struct epoch_row *last = model->n_history ? &model->history[model->n_history - 1] : NULL;
    if (!last) return;
    struct buf text = BUF_INIT;
    const char *loss = model->class->loss ? model->class->loss : "loss";
    buf_addf(&text, "%lld, train_%s %.4f", (long long)last->epoch, loss, last->train);
    if (!isnan(last->valid)) buf_addf(&text, ", valid_%s %.4f", model->monitor, last->valid);
    card_add(card, "epochs", "%s", buf_text(&text));
    for (int64_t i = 0; model->best_epoch && i < model->n_history; i++)
        if (model->history[i].epoch == model->best_epoch)
            card_add(card, "kept", "epoch %lld, valid_%s %.4f", (long long)model->best_epoch, model->monitor, model->history[i].valid);
    buf_release(&text);
}

/* The loss over the epochs: on valid where that was measured. */
static void add_spark(struct card_draft *card, const struct model *model) {
    VEC(double) values = {0};
    bool valid = false;
    for (int64_t i = 0; i < model->n_history; i++) valid = valid || !isnan(model->history[i].valid);
    for (int64_t i = 0; i < model->n_history; i++) {
        const double value = valid ? model->history[i].valid : model->history[i].train;
        if (isfinite(value)) vec_push(&values, value);
    }
    card->svg_words = valid ? "a line: the error on the validation part by epoch" : "a line: the error in training by epoch";
    if (values.len > 1) svg_line(values.data, values.len, SPARK_WIDTH, SPARK_HEIGHT, &card->svg);
    if (values.len > 1)
        buf_addf(&card->note, "%s_%s over %zu epochs", valid ? "valid" : "train", valid ? model->monitor : model->class->loss, values.len);
    vec_release(&values);
}

static void fill_card(const struct model *model, struct card_draft *card) {
    struct buf text = BUF_INIT;
    buf_adds(&card->title, model->name);
    buf_addf(&card->subtitle, "%s: %s", model->class->name, model->class->summary);
    settings_text(model, true, &text);
    card_add(card, "parameters", "%s", buf_text(&text));
    add_fitted(card, model);
    buf_clear(&text);
    buf_add_counted(&text, model->catalog->n_users, "users × ");
    buf_add_counted(&text, model->catalog->n_items, "items");
    card_add(card, "knows", "%s", buf_text(&text));
    add_epochs(card, model);
    buf_clear(&text);
    buf_add_counted(&text, model->class->size(model), "numbers, ");
    buf_add_bytes(&text, (double)model_bytes(model));
    card_add(card, "size", "%s", buf_text(&text));
    if (model->seconds < 0.001) card_add(card, "fitted in", "under 1 ms on %s", model->place);
    else card_add(card, "fitted in", "%.3g s on %s", model->seconds, model->place);
    add_spark(card, model);
    buf_release(&text);
}

static enum status model_render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    struct card_draft card = {0};
    (void)interp;
    (void)err;
    fill_card(self, &card);
    card_finish(&card, out);
    return OK;
}

static void retain(void *self) { model_ref(self); }
static void release(void *self) { model_unref(self); }
static int64_t size_bytes(void *self) { return model_bytes(self); }
static const char *place(void *self) { return ((const struct model *)self)->place; }

static void item_names(void *self, struct name_source *out) { catalog_item_names(((struct model *)self)->catalog, out); }

const struct type type_model = {
    .name = "Model",
    .doc = "A fitted model: predict, recommend, similar, explain and evaluate take it; save writes it.",
    .attributes = attributes,
    .item_names = item_names,
    .retain = retain,
    .release = release,
    .size_bytes = size_bytes,
    .place = place,
    .shape = model_shape,
    .repr = model_repr,
    .render = model_render,
};
