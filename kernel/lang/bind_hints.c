/* What to try where an argument has another type than its parameter. */
#include <math.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "kernel/lang/interp.h"
#include "kernel/lang/signature.h"
#include "runtime/base/vec.h"

/* Parameters under the names of other tools; a row counts where the builtin has the parameter. */
static const struct {
    const char *elsewhere, *here, *form;
} parameter_forms[] = {
    {"reverse", "descending", "descending=True"},
    {"ascending", "descending", "descending=True, or leave it away"},
    {"n_factors", "factors", "factors="},
    {"k", "factors", "factors="},
    {"k", "neighbors", "neighbors="},
    {"n_neighbors", "neighbors", "neighbors="},
    {"sim_options", "similarity", "similarity="},
    {"n_components", "factors", "factors="},
    {"dim", "factors", "factors="},
    {"iterations", "epochs", "epochs="},
    {"n_epochs", "epochs", "epochs="},
    {"max_iter", "epochs", "epochs="},
    {"regularization", "reg", "reg="},
    {"lambda_", "reg", "reg="},
    {"weight_decay", "reg", "reg="},
    {"reg_all", "reg", "reg="},
    {"learning_rate", "lr", "lr="},
    {"lr_all", "lr", "lr="},
    {"random_state", "seed", "seed="},
    {"test_size", "test", "test="},
    {"n", "k", "k="},
    {"N", "k", "k="},
    {"top_k", "k", "k="},
    {"topk", "k", "k="},
    {"n_clusters", "k", "k="},
    {"n_splits", "k", "k="},
    {"n_splits", "folds", "folds="},
    {"cv", "folds", "folds="},
    {"measures", "metrics", "metrics="},
    {"scoring", "metrics", "metrics="},
    {"filter_already_liked_items", "filter_seen", "filter_seen="},
    {"remove_seen", "filter_seen", "filter_seen="},
    {"sep", "separator", "separator="},
    {"delimiter", "separator", "separator="},
    {"c", "color", "color="},
    {"hue", "color", "color="},
    {"title", "duplicates", "join(ratings, table, on=\"item\"), with a Table of the columns item and title"},
    {"threshold", "duplicates", "implicit(ratings, threshold=…) after loading"},
    {"user", "about", "me = fold_in(…), then recommend(me): the new user needs no id"},
    {"user", "item", "neighbors(m.users, 196) for the users nearest to one"},
};

static bool has_param(const struct builtin_info *info, const char *name) {
    for (size_t i = 0; i < info->n_signatures; i++)
        for (size_t j = 0; j < info->signatures[i].n_params; j++)
            if (strcmp(info->signatures[i].params[j].name, name) == 0) return true;
    return false;
}

void hint_about_parameter(const struct builtin_info *info, const char *name, struct error *err) {
    for (size_t i = 0; i < sizeof parameter_forms / sizeof *parameter_forms; i++)
        if (strcmp(parameter_forms[i].elsewhere, name) == 0 && has_param(info, parameter_forms[i].here))
            err_hint(err, "write %s", parameter_forms[i].form);
}

static void number_hint(const struct sig_type *type, struct value value, struct error *err) {
    if (value.kind == VAL_FLOAT && value.u.f == floor(value.u.f) && fabs(value.u.f) < 1e15 && sig_type_has(type, SIG_INT))
        err_hint(err, "write %.0f", value.u.f);
    int64_t ignored;
    double real;
    if (value.kind != VAL_STR) return;
    if (sig_type_has(type, SIG_INT) && parse_int64(value_text(value), &ignored)) err_hint(err, "write it without quotes: %s", value.u.text->data);
    else if (sig_type_has(type, SIG_FLOAT) && parse_double(value_text(value), &real))
        err_hint(err, "write it without quotes: %s", value.u.text->data);
}

static void word_hint(const struct sig_type *type, struct value value, struct error *err) {
    VEC(const char *) words = {0};
    for (; type; type = type->next)
        if (type->kind == SIG_WORD) vec_push(&words, type->word);
    const char *near = value.kind == VAL_STR ? nearest_name(value.u.text->data, words.data, words.len) : NULL;
    if (near) err_hint(err, "did you mean \"%s\"?", near);
    vec_release(&words);
}

static bool is_choice(const struct param_note *note, struct slice word) {
    for (const char *at = note ? note->choices : NULL; at && *at;) {
        const size_t len = strcspn(at, "|");
        if (slice_eq((struct slice){at, len}, word)) return true;
        at += len + (at[len] == '|');
    }
    return false;
}

static bool names_choice(const struct sig_param *param, struct slice word) {
    for (const struct sig_type *type = param->type; type; type = type->next)
        if (type->kind == SIG_WORD && slice_eqz(word, type->word)) return true;
    return is_choice(param->note, word);
}

void hint_about_word(const struct signature *signature, const struct sig_param *param, struct value value, struct error *err) {
    const struct sig_param *found = NULL;
    if (value.kind != VAL_STR) return;
    for (size_t i = 0; i < signature->n_params; i++) {
        if (signature->params[i].kind != SIG_PLAIN || !names_choice(&signature->params[i], value_text(value))) continue;
        if (found) return;
        found = &signature->params[i];
    }
    if (found && found != param) err_hint(err, "that is a choice of `%s`: %s=\"%s\"", found->name, found->name, value.u.text->data);
}

/* A recipe where a fitted model is wanted, and the like. */
static void object_hint(const struct sig_type *type, struct value value, struct error *err) {
    const char *name = value.kind == VAL_OBJECT ? value.u.object->type->name : "";
    for (; type; type = type->next) {
        if (type->kind != SIG_OBJECT) continue;
        if (strcmp(type->word, "Model") == 0 && strcmp(name, "Recipe") == 0) err_hint(err, "it isn't fitted yet: fit(recipe, train)");
        if (strcmp(type->word, "Dataset") == 0 && value.kind == VAL_STR) err_hint(err, "load it first: load(\"%.60s\")", value.u.text->data);
        if (strcmp(type->word, "Model") == 0 && value.kind == VAL_BUILTIN)
            err_hint(err, "call it: %.*s(train)", (int)strcspn(value.u.bound->row->sigs, "("), value.u.bound->row->sigs);
        if (strcmp(type->word, "Recipe") == 0 && value.kind == VAL_BUILTIN)
            err_hint(err, "call it: %.*s()", (int)strcspn(value.u.bound->row->sigs, "("), value.u.bound->row->sigs);
        if (strcmp(type->word, "Recipe") == 0 && strcmp(name, "Model") == 0)
            err_hint(err, "it is fitted already: als() instead of als(train) is a Recipe");
    }
}

/* One where several of its kind are wanted: [5]. */
static void list_hint(const struct sig_type *type, struct value value, struct error *err) {
    const bool one = value.kind == VAL_INT || value.kind == VAL_FLOAT || value.kind == VAL_STR || value.kind == VAL_BOOL;
    for (; one && type; type = type->next) {
        struct value accepted;
        struct buf repr = BUF_INIT;
        if (type->kind != SIG_LIST || !type->element || !sig_accept(type->element, value, &accepted)) continue;
        value_release(&accepted);
        value_repr_short(value, 60, &repr);
        err_hint(err, "write it as a list: [%s]", buf_text(&repr));
        buf_release(&repr);
    }
}

void hint_about_type(const struct sig_type *type, struct value value, struct error *err) {
    number_hint(type, value, err);
    word_hint(type, value, err);
    object_hint(type, value, err);
    list_hint(type, value, err);
}
