/* f-strings. */
#include "kernel/lang/eval.h"

static enum status add_parts(struct frame *frame, const struct node *node, struct buf *out, struct error *err);

static enum status add_value(struct frame *frame, const struct fpart *part, struct value value, struct buf *out, struct error *err) {
    struct buf spec = BUF_INIT;
    enum status status = part->spec ? add_parts(frame, part->spec, &spec, err) : OK;
    struct value shown = value_ref(value);
    if (status == OK && part->conversion == 'r') {
        struct buf text = BUF_INIT;
        value_repr(value, &text);
        value_release(&shown);
        shown = value_str_take(&text);
    } else if (status == OK && part->conversion == 's' && value.kind != VAL_STR) {
        struct buf text = BUF_INIT;
        value_str_form(value, &text);
        value_release(&shown);
        shown = value_str_take(&text);
    }
    if (status == OK) {
        status = value_format(shown, (struct slice){buf_text(&spec), spec.len}, out, err);
        if (status != OK) error_place(err, frame->source, part->expression->span);
    }
    value_release(&shown);
    buf_release(&spec);
    return status;
}

static enum status add_parts(struct frame *frame, const struct node *node, struct buf *out, struct error *err) {
    for (uint32_t i = 0; i < node->u.fstring.n; i++) {
        const struct fpart *part = &node->u.fstring.parts[i];
        struct value value;
        buf_add(out, part->text.data, part->text.len);
        if (!part->expression) continue;
        TRY(eval(frame, part->expression, &value, err));
        enum status status = text_room(out->len, value.kind == VAL_STR ? value.u.text->len : 0, err);
        if (status == OK) status = add_value(frame, part, value, out, err);
        value_release(&value);
        if (status != OK) return status;
    }
    return OK;
}

enum status eval_fstring(struct frame *frame, const struct node *node, struct value *out, struct error *err) {
    struct buf text = BUF_INIT;
    enum status status = add_parts(frame, node, &text, err);
    if (status == OK) *out = value_str_take(&text);
    else buf_release(&text);
    return status;
}
