/* The forms in which a value is shown. */
#include "kernel/lang/container.h"
#include "kernel/lang/interp.h"

enum status render_value(struct interp *interp, struct value value, struct bundle *out, struct error *err) {
    struct bundle bundle = BUNDLE_INIT;
    const struct object *object = value.kind == VAL_OBJECT ? value.u.object : NULL;
    if (object && object->type->render) {
        enum status status = object->type->render(interp, object->data, &bundle, err);
        if (status != OK) {
            bundle_release(&bundle);
            return status;
        }
    }
    if (!bundle_find(&bundle, MIME_TEXT)) value_repr(value, bundle_part(&bundle, MIME_TEXT));
    *out = bundle;
    return OK;
}
