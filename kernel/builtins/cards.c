#include "kernel/builtins/cards.h"

void card_add(struct card_draft *draft, const char *label, const char *format, ...) {
    struct buf value = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&value, format, args);
    va_end(args);
    vec_push(&draft->lines, ((struct card_line){label, buf_take(&value)}));
}

static const char *text_or_null(const struct buf *buf) { return buf->len ? buf_text(buf) : NULL; }

void card_finish(struct card_draft *draft, struct bundle *out) {
    const struct card card = {.title = buf_text(&draft->title),
                              .subtitle = text_or_null(&draft->subtitle),
                              .lines = draft->lines.data,
                              .n_lines = draft->lines.len,
                              .svg = text_or_null(&draft->svg),
                              .svg_words = draft->svg_words,
                              .note = text_or_null(&draft->note)};
    card_text(&card, bundle_part(out, MIME_TEXT));
    card_html(&card, bundle_part(out, MIME_HTML));
    for (size_t i = 0; i < draft->lines.len; i++) free((char *)(uintptr_t)draft->lines.data[i].value);
    vec_release(&draft->lines);
    buf_release(&draft->title);
    buf_release(&draft->subtitle);
    buf_release(&draft->svg);
    buf_release(&draft->note);
}
