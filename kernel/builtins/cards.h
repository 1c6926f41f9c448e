/* Cards of data sets, models and embeddings, built line by line. */
#ifndef RECKON_CARDS_H
#define RECKON_CARDS_H

#include "kernel/lang/bundle.h"
#include "plots/table_html.h"
#include "runtime/base/vec.h"

struct card_draft {
    struct buf title, subtitle, svg, note; /* empty: none */
    const char *svg_words;                 /* static */
    VEC(struct card_line) lines;           /* values owned */
};
/* label: static text. */
void card_add(struct card_draft *draft, const char *label, const char *format, ...) PRINTF_LIKE(3, 4);
/* Text and HTML; releases the draft. */
void card_finish(struct card_draft *draft, struct bundle *out);

/* An attribute that can't fail: `expression` of `self`, a pointer to `type`. */
#define GETTER(type, name, expression)                                                                         \
    static enum status get_##name(struct interp *interp, void *object, struct value *out, struct error *err) { \
        type *self = object;                                                                                   \
        (void)interp;                                                                                          \
        (void)err;                                                                                             \
        *out = expression;                                                                                     \
        return OK;                                                                                             \
    }

#endif
