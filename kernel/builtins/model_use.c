/* Models in use: fit, predict, similar, explain. recommend and fold_in have files of their own. */
#include "kernel/builtins/model_use.h"

#include <math.h>
#include <stdlib.h>

#include "kernel/builtins/array_parts.h"
#include "kernel/builtins/recipe.h"
#include "runtime/base/mem.h"

struct model *model_arg(const struct call *call) {
    return arg_data(call, "model", &type_model);
}

/* --- who and what --- */

enum status user_position(const struct call *call, const char *name, struct value value, int32_t *out, struct error *err) {
    struct id id;
    if (value_id(value, &id, err) == OK && catalog_user(model_arg(call)->catalog, id, out, err) == OK) return OK;
    return err_about(err, name);
}

enum status item_position(const struct call *call, const char *name, struct value value, int32_t *out, struct error *err) {
    struct id id;
    if (value_id(value, &id, err) == OK && catalog_item(model_arg(call)->catalog, id, out, err) == OK) return OK;
    return err_about(err, name);
}

enum status user_of_call(const struct call *call, int32_t *out, struct error *err) {
    const struct model *model = model_arg(call);
    if (!arg_is_none(call, "user")) return user_position(call, "user", arg(call, "user"), out, err);
    if (model->default_user != FOLDED_USER) {
        err_set(err, ERR_TYPE, "for which user? `%s` has no user of its own", model->name);
        return err_hint(err, "say user=196; a model that fold_in made knows its user");
    }
    *out = FOLDED_USER;
    return OK;
}

static enum status want_item(const struct call *call, int32_t *out, struct error *err) {
    if (!arg_is_none(call, "item")) return item_position(call, "item", arg(call, "item"), out, err);
    err_set(err, ERR_TYPE, "of which item?");
    return err_hint(err, "say item=242, or a title: item=\"Fargo (1996)\"");
}

void add_scores(struct table *table, const char *name, const float *scores, int decimals) {
    bool whole = decimals < 0;
    for (int64_t i = 0; i < table->n_rows; i++) whole = whole && scores[i] == rintf(scores[i]);
    double *out = table_add_floats(table, name, whole ? 0 : decimals);
    for (int64_t i = 0; i < table->n_rows && (i % TASK_TURNS || !task_cancelled(task_current())); i++) out[i] = array_number(scores[i]).u.f;
}

/* --- fit --- */

enum status bi_fit(const struct call *call, struct value *out, struct error *err) {
    const struct recipe *given = arg_data(call, "model", &type_recipe);
    const struct model *start = given ? NULL : model_arg(call);
    const struct model_class *class = given ? given->class : start->class;
    struct model *model;
    if (given && !class->iterative && !arg_is_none(call, "epochs"))
        return arg_error("epochs", err, ERR_VALUE, "`%s` is fitted in one go: it has no epochs", class->name);
    struct recipe *recipe = given ? recipe_copy(given) : recipe_of_model(start);
    recipe_take_common(call, recipe);
    const enum status status = recipe_fit(call->interp, recipe, arg_data(call, "train", &type_dataset), start, &model, err);
    recipe_unref(recipe);
    if (status == OK) *out = value_model(model);
    return status;
}

/* --- predict --- */

static enum status predict_one(const struct call *call, struct value *out, struct error *err) {
    int32_t user, item;
    float score;
    TRY(user_of_call(call, &user, err));
    TRY(want_item(call, &item, err));
    TRY(model_predict_pairs(model_arg(call), call->task, &user, &item, 1, &score, err));
    *out = array_number(score);
    return OK;
}

static struct table *predictions_table(const struct model *model, struct dataset *data, const float *scores) {
    struct table *table = dataset_interactions(data);
    static const char *const names[] = {"user", "item", "rating"};
    struct error impossible = ERROR_INIT;
    struct table *kept = table_select(table, names, 3, &impossible);
    table_unref(table);
    add_scores(kept, "prediction", scores, SCORE_DECIMALS);
    table_caption(kept, "%s on %s", model->name, dataset_name(data));
    return kept;
}

static enum status predict_rows(const struct call *call, struct value *out, struct error *err) {
    const struct model *model = model_arg(call);
    struct dataset *data = arg_data(call, "ratings", &type_dataset);
    struct model_positions at;
    float *scores;
    TRY(model_positions(model, data, &at, err));
    enum status status = mem_try_array((size_t)dataset_n(data) + 1, "predictions", &scores, err);
    if (status == OK) {
        status = model_predict_pairs(model, call->task, at.users, at.items, dataset_n(data), scores, err);
        if (status == OK) *out = value_table(predictions_table(model, data, scores));
        mem_free(scores);
    }
    model_positions_end(&at);
    return status;
}

enum status bi_predict(const struct call *call, struct value *out, struct error *err) {
    return call->overload == 0 ? predict_rows(call, out, err) : predict_one(call, out, err);
}

/* --- similar --- */

enum status bi_similar(const struct call *call, struct value *out, struct error *err) {
    const struct model *model = model_arg(call);
    int64_t k = arg_int(call, "k");
    int32_t item;
    TRY(item_position(call, "item", arg(call, "item"), &item, err));
    if (k > model->catalog->n_items) k = model->catalog->n_items;
    int32_t *items = xnew_array(int32_t, (size_t)k + 1);
    float *scores = xnew_array(float, (size_t)k + 1);
    const enum status status = model_similar(model, call->task, item, k, items, scores, err);
    if (status == OK) {
        const struct picks picks = {.k = k, .n_users = 1, .items = items, .scores = scores, .decimals = SCORE_DECIMALS};
        *out = value_table(picks_table(model, &picks));
    }
    free(items);
    free(scores);
    return status;
}

/* --- explain --- */

struct reasons {
    int32_t *items;
    float *ratings, *weights;
    int64_t n;
};

static enum status note_score(const struct call *call, int32_t user, int32_t item, const struct reasons *reasons, struct table *table,
                              struct error *err) {
    const struct model *model = model_arg(call);
    double sum = 0;
    float score;
    struct buf label = BUF_INIT;
    TRY(model_predict_pairs(model, call->task, &user, &item, 1, &score, err));
    for (int64_t i = 0; i < reasons->n; i++) sum += (double)reasons->weights[i];
    const char *title = catalog_title(model->catalog, item);
    if (title) buf_adds(&label, title);
    else catalog_item_id(model->catalog, item, &label);
    table_caption(table, "%s: why %s%s", model->name, title ? "" : "item ", buf_text(&label));
    table_note(table, "All %lld ratings of the user together: %+.3f of a prediction of %.3f.", (long long)reasons->n, sum, (double)score);
    buf_release(&label);
    return OK;
}

static enum status reasons_table(const struct call *call, int32_t user, int32_t item, const struct reasons *reasons, struct value *out,
                                 struct error *err) {
    const struct model *model = model_arg(call);
    const int64_t k = arg_is_none(call, "k") ? reasons->n : arg_int(call, "k");
    struct table *table = table_new(k < reasons->n ? k : reasons->n);
    table_add_items(table, model->catalog, reasons->items);
    table_add_titles(table, model->catalog, reasons->items);
    add_scores(table, "rating", reasons->ratings, -1);
    add_scores(table, "weight", reasons->weights, SCORE_DECIMALS);
    const enum status status = note_score(call, user, item, reasons, table, err);
    if (status == OK) *out = value_table(table);
    else table_unref(table);
    return status;
}

enum status bi_explain(const struct call *call, struct value *out, struct error *err) {
    struct reasons reasons;
    int32_t user, item;
    TRY(user_of_call(call, &user, err));
    TRY(want_item(call, &item, err));
    TRY(model_explain(model_arg(call), user, item, &reasons.items, &reasons.ratings, &reasons.weights, &reasons.n, err));
    const enum status status = reasons_table(call, user, item, &reasons, out, err);
    free(reasons.items);
    free(reasons.ratings);
    free(reasons.weights);
    return status;
}
