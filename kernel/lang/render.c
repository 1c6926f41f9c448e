/* The forms in which a value is shown. */
#include "kernel/lang/container.h"
#include "kernel/lang/interp.h"

enum status render_value(struct interp *interp, struct value value, struct bundle *out, struct error *err) {
    struct bundle bundle = BUNDLE_INIT;
    const struct object *object = value.kind == VAL_OBJECT ? value.u.object : NULL;
    enum status status = object && object->type->render ? object->type->render(interp, object->data, &bundle, err) : OK;
    if (status == OK && !bundle_find(&bundle, MIME_TEXT)) value_repr(value, bundle_part(&bundle, MIME_TEXT));
    /* A repr can't fail: one that an interrupt or want of memory cut short would show something else. */
    if (status == OK) status = task_check(interp->task, err);
    if (status == OK) *out = bundle;
    else bundle_release(&bundle);
    return status;
}
