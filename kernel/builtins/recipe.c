#include "kernel/builtins/recipe.h"

#include <stdlib.h>

#include "models/eval/evaluate.h"
#include "runtime/base/mem.h"

#define DEFAULT_PATIENCE 5

struct recipe *recipe_new(const struct model_class *class) {
    struct recipe *recipe = xnew(struct recipe);
    recipe->count = 1;
    recipe->class = class;
    params_defaults(class, &recipe->params);
    recipe->common = (struct fit_common){.patience = DEFAULT_PATIENCE, .verbose = true};
    return recipe;
}

void recipe_set_name(struct recipe *recipe, const char *name) {
    char *copy = name ? xstrdup(name) : NULL;
    free(recipe->name);
    recipe->name = copy;
    recipe->common.name = copy;
}

void recipe_set_monitor(struct recipe *recipe, const char *monitor) {
    char *copy = monitor ? xstrdup(monitor) : NULL;
    free(recipe->monitor);
    recipe->monitor = copy;
    recipe->common.monitor = copy;
}

static void hold(struct dataset **place, struct dataset *data) {
    struct dataset *counted = data ? dataset_ref(data) : NULL;
    if (*place) dataset_unref(*place);
    *place = counted;
}

void recipe_set_valid(struct recipe *recipe, struct dataset *valid) {
    hold(&recipe->valid, valid);
    recipe->common.valid = valid;
}

void recipe_set_tuned_on(struct recipe *recipe, struct dataset *part) { hold(&recipe->tuned_on, part); }

struct recipe *recipe_copy(const struct recipe *recipe) {
    struct recipe *copy = xmemdup(recipe, sizeof *recipe);
    copy->count = 1;
    copy->name = copy->monitor = NULL;
    copy->valid = copy->tuned_on = NULL;
    recipe_set_name(copy, recipe->name);
    recipe_set_monitor(copy, recipe->monitor);
    recipe_set_valid(copy, recipe->valid);
    recipe_set_tuned_on(copy, recipe->tuned_on);
    return copy;
}

struct recipe *recipe_ref(struct recipe *recipe) {
    recipe->count++;
    return recipe;
}

void recipe_unref(struct recipe *recipe) {
    if (!recipe || --recipe->count > 0) return;
    hold(&recipe->valid, NULL);
    hold(&recipe->tuned_on, NULL);
    free(recipe->name);
    free(recipe->monitor);
    free(recipe);
}

struct recipe *recipe_of_model(const struct model *model) {
    struct recipe *recipe = recipe_new(model->class);
    recipe->params = model->params;
    recipe->common = model->common;
    if (recipe->common.patience < 1) recipe->common.patience = DEFAULT_PATIENCE;
    recipe->seed_given = true;
    recipe_set_name(recipe, model->name);
    return recipe;
}

void recipe_text(const struct recipe *recipe, struct buf *out) {
    struct buf given = BUF_INIT;
    params_given(recipe->class, &recipe->params, &recipe->common, &given);
    if (recipe->seed_given) buf_addf(&given, "%sseed=%llu", given.len ? ", " : "", (unsigned long long)recipe->common.seed);
    buf_addf(out, "%s(%s)", recipe->class->name, buf_text(&given));
    buf_release(&given);
}

/* An argument that this call's signature has and that says something. */
static bool says(const struct call *call, const char *name) { return arg_given(call, name) && !arg_is_none(call, name); }

void recipe_take_common(const struct call *call, struct recipe *recipe) {
    if (says(call, "epochs")) recipe->common.epochs = arg_int(call, "epochs");
    if (says(call, "valid")) recipe_set_valid(recipe, arg_data(call, "valid", &type_dataset));
    if (says(call, "patience")) recipe->common.patience = arg_int(call, "patience");
    if (says(call, "monitor")) recipe_set_monitor(recipe, arg_str(call, "monitor"));
    if (says(call, "name")) recipe_set_name(recipe, arg_str(call, "name"));
    if (says(call, "verbose")) recipe->common.verbose = arg_bool(call, "verbose");
    if (!says(call, "seed")) return;
    recipe->common.seed = (uint64_t)arg_int(call, "seed");
    recipe->seed_given = true;
}

uint64_t recipe_seed(const struct interp *interp, const struct recipe *recipe) {
    return recipe->seed_given ? recipe->common.seed : ((const struct context *)interp->context)->seed;
}

void recipe_common(const struct call *call, const struct recipe *recipe, struct fit_common *out) {
    *out = recipe->common;
    out->seed = arg_is_none(call, "seed") ? recipe_seed(call->interp, recipe) : (uint64_t)arg_int(call, "seed");
    out->verbose = out->verbose && arg_bool(call, "verbose");
}

enum status recipe_fit(struct interp *interp, const struct recipe *recipe, struct dataset *data, const struct model *start, struct model **out,
                       struct error *err) {
    struct device *device;
    TRY(context_device(interp->context, &device, err));
    struct fit_request request = {.data = data,
                                  .tuned_on = recipe->tuned_on,
                                  .params = &recipe->params,
                                  .common = recipe->common,
                                  .start = start,
                                  .device = device,
                                  .task = interp->task};
    request.common.seed = recipe_seed(interp, recipe);
    return evaluate_fit(recipe->class, &request, out, err);
}
