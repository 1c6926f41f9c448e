/* Type descriptor of a native object: everything the language can do with it.
 * One static const struct per type, in kernel/builtins/obj_<name>.c. Members
 * may be NULL: then the operation is an error that names the type. */
#ifndef RECKON_TYPE_H
#define RECKON_TYPE_H

#include "kernel/lang/bundle.h"
#include "kernel/lang/value.h"

/* One attribute: e.g. ratings.n_users. */
struct attribute_row {
    const char *name, *doc;
    const char *type; /* "int", "Table" */
    enum status (*get)(struct interp *interp, void *self, struct value *out, struct error *err);
};

/* Names for completion: called once a candidate; text is copied. */
typedef void (*name_sink)(void *ctx, const char *name);

/* Names of items that completion reads on another thread, after the object may be gone. */
struct name_source {
    void *of; /* counted (atomic); NULL: there are none */
    int64_t n;
    const char *(*at)(const void *of, int64_t i); /* NULL: item i has none */
    void (*release)(void *of);
};

struct type {
    const char *name;                       /* "Dataset" */
    const char *doc;                        /* a sentence for the inspect panel */
    const struct attribute_row *attributes; /* ends with name NULL */
    const struct builtin_row *methods;      /* ends with sigs NULL; receiver is call->self */

    void (*retain)(void *self);  /* one more count; NULL: objects are only shared through struct object */
    void (*release)(void *self); /* gives back what value_object took */
    enum status (*index)(void *self, struct value key, struct value *out, struct error *err); /* key: any value, VAL_SLICE, or a tuple of them */
    int64_t (*length)(void *self);
    /* Item i of an iteration (0 … length-1); NULL: index(int) serves. */
    enum status (*item)(void *self, int64_t i, struct value *out, struct error *err);
    bool (*equal)(void *a, void *b);
    enum status (*truth)(void *self, bool *out, struct error *err);
    enum status (*call)(struct interp *interp, void *self, const struct value *args, size_t n_args, struct value *out, struct error *err);
    /* a op b where at least one is of this type; comparisons too (Arrays of truth). */
    enum status (*binary)(enum op op, struct value a, struct value b, struct value *out, struct error *err);
    enum status (*unary)(enum op op, void *self, struct value *out, struct error *err);
    void (*column_names)(void *self, name_sink sink, void *ctx); /* completion inside t["…"] and columns= */
    void (*item_names)(void *self, struct name_source *out);     /* titles: completion of item="Toy…" where the call is about this object */
    bool keyed;                                                  /* item_names are keys too: e["Toy…"] */
    int64_t (*size_bytes)(void *self);
    const char *(*place)(void *self);           /* "cpu", "cuda:0"; NULL: cpu */
    void (*shape)(void *self, struct buf *out); /* who(): "943 × 1,682"; NULL: blank */
    void (*repr)(void *self, struct buf *out);  /* one line */
    /* Fills the bundle's parts; text/plain at least. May be slow (a plot): interp->task cancels. NULL: repr serves. */
    enum status (*render)(struct interp *interp, void *self, struct bundle *out, struct error *err);
};

#endif
