/* Recipe: a model that is not fitted yet: class, parameters, and what every
 * fit takes. Immutable once a value, counted. And the one way from a recipe to
 * a model that all builtins take. */
#ifndef RECKON_RECIPE_H
#define RECKON_RECIPE_H

#include "kernel/builtins/builtins.h"

struct recipe {
    int count;
    const struct model_class *class;
    struct params params;
    struct fit_common common; /* name and monitor point to the texts below, valid to the count */
    bool seed_given;          /* else the session's at the time of fitting */
    char *name, *monitor;     /* or NULL */
    struct dataset *valid;    /* a count, or NULL */
    struct dataset *tuned_on; /* the part that chose the parameters (best); a count, or NULL */
};

struct recipe *recipe_new(const struct model_class *class); /* defaults */
struct recipe *recipe_copy(const struct recipe *recipe);    /* to change before anybody sees it */
struct recipe *recipe_ref(struct recipe *recipe);
void recipe_unref(struct recipe *recipe);
void recipe_set_name(struct recipe *recipe, const char *name);
void recipe_set_monitor(struct recipe *recipe, const char *monitor);
void recipe_set_valid(struct recipe *recipe, struct dataset *valid);
void recipe_set_tuned_on(struct recipe *recipe, struct dataset *part);
/* "als(factors=64, epochs=15)": what was given. */
void recipe_text(const struct recipe *recipe, struct buf *out);
static inline struct value value_recipe(struct recipe *recipe) { return value_object(&type_recipe, recipe); }

/* The recipe that would fit `model` again. */
struct recipe *recipe_of_model(const struct model *model);
/* Reads the common arguments that the call gives (epochs, valid, patience, monitor, seed, name, verbose) into the recipe. */
void recipe_take_common(const struct call *call, struct recipe *recipe);
/* Fits. start: go on from it, or NULL. *out: a count. */
enum status recipe_fit(struct interp *interp, const struct recipe *recipe, struct dataset *data, const struct model *start, struct model **out,
                       struct error *err) MUST_CHECK;
/* Seed of the next fit. */
uint64_t recipe_seed(const struct interp *interp, const struct recipe *recipe);
/* What every fit takes, for a call that fits many times: with its seed= (None: the recipe's), and silent where its verbose= says so. */
void recipe_common(const struct call *call, const struct recipe *recipe, struct fit_common *out);

#endif
