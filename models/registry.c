/* All models. A new one: its file in models/<family>/, a line here. */
#include <string.h>

#include "models/model.h"

extern const struct model_class class_als, class_bias, class_bpr, class_content_knn, class_ease, class_ials, class_item_knn, class_mf, class_popular,
    class_slist, class_svd, class_user_knn;

static const struct model_class *const classes[] = {&class_als,     &class_bias,  &class_bpr,      &class_content_knn,
                                                    &class_ease,    &class_ials,  &class_item_knn, &class_mf,
                                                    &class_popular, &class_slist, &class_svd,      &class_user_knn}; /* by name */

/* Made of fitted models: without a recipe, but in files. */
extern const struct model_class class_blend;

#define N_CLASSES (sizeof classes / sizeof *classes)

size_t model_classes(const struct model_class *const **out) {
    *out = classes;
    return N_CLASSES;
}

const struct model_class *model_class_find(const char *name) {
    if (strcmp(name, class_blend.name) == 0) return &class_blend;
    for (size_t i = 0; i < N_CLASSES; i++)
        if (strcmp(classes[i]->name, name) == 0) return classes[i];
    return NULL;
}

void model_names(bool (*can)(const struct model_class *class), struct buf *out) {
    size_t left = 0;
    for (size_t i = 0; i < N_CLASSES; i++) left += can(classes[i]);
    for (size_t i = 0, n = 0; i < N_CLASSES; i++) {
        if (!can(classes[i])) continue;
        left--;
        buf_addf(out, "%s%s", n == 0 ? "" : left ? ", " : " and ", classes[i]->name);
        n++;
    }
}

enum status model_cannot(struct error *err, bool (*can)(const struct model_class *class)) {
    struct buf names = BUF_INIT;
    model_names(can, &names);
    err_hint(err, "%s can", buf_text(&names));
    buf_release(&names);
    return err_about(err, "model");
}

const struct model_class *model_class_checked(const char *name, struct error *err) {
    const char *names[N_CLASSES];
    const struct model_class *class = model_class_find(name);
    if (class) return class;
    for (size_t i = 0; i < N_CLASSES; i++) names[i] = classes[i]->name;
    err_set(err, ERR_NAME, "there is no model `%s`", name);
    err_suggest(err, name, names, N_CLASSES);
    return NULL;
}
