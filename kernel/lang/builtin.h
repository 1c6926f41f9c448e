/* Builtins are rows: signature text, words, example, function. The signature is
 * parsed once at start and drives call checking, defaults, completion, inspect,
 * error hints and the reference page. Rows live in the feature's file.
 *
 *   static const struct builtin_row rows[] = {
 *     {.sigs = "recommend(model: Model, user: Id = None, *, k: int = 10, filter_seen: bool = True) -> Table",
 *      .group = "Use", .summary = "The best unseen items for a user.",
 *      .notes = (const struct param_note[]){{"k", "how many", .min = 1, .max = 100000}, {0}},
 *      .doc = "…", .example = "recommend(popular(synth()), user=1, k=5)", .run = bi_recommend}, {0}};
 *
 * Signature grammar: name(params) -> Type. Several overloads stand on lines of
 * their own ("\n" between); the first whose positional and named arguments fit
 * is taken. A parameter is `name: Type = default`, `*` (keyword-only follow),
 * `*args: Type`, `**kwargs: Type`. Types: Any bool int float str Id (int or
 * str) None list list[T] tuple dict set function Expr and the names of object
 * types; unions with |; a quoted word is itself a type ("all"). int fits where
 * float is asked for. Expr arrives unevaluated, as a function of no arguments.
 * Defaults are literals: numbers, strings, True, False, None, [..], (..). */
#ifndef RECKON_BUILTIN_H
#define RECKON_BUILTIN_H

#include "kernel/lang/type.h"
#include "runtime/base/arena.h"
#include "runtime/base/task.h"

struct param_note {
    const char *name, *doc;
    double min, max;       /* both 0: no range; checked by the binder for numbers and for each number of a list */
    const char *choices;   /* "random|time|user": checked for strs; NULL: any */
    bool above_min;        /* min itself is not allowed */
    const char *completes; /* what completion offers for a str: "dataset" (names), "path", "column", "metric", "item" (titles), "topic"; "recipe" of
                            **: parameters of the recipe that the call is about; NULL: choices */
};

struct call {
    struct interp *interp;
    struct task *task; /* whatever run gives after a cancel is dropped: loops that can't fail just end */
    const struct builtin_row *row;
    int overload;             /* which signature fitted, from 0 */
    const struct value *args; /* in the signature's order, defaults filled in; *args as a tuple, **kwargs as a dict */
    const bool *given;        /* false: default */
    size_t n_args;
    struct value self; /* receiver of a method, else UNSET */
    const void *data;  /* row->data */
};

typedef enum status (*builtin_fn)(const struct call *call, struct value *out, struct error *err);

struct builtin_row {
    const char *sigs;               /* NULL ends a table */
    const char *group;              /* heading of the reference page */
    const char *summary;            /* one line */
    const struct param_note *notes; /* ends with name NULL; may be NULL */
    const char *doc;                /* a paragraph; may be NULL */
    const char *example;            /* a cell that runs in a fresh session, also as a test */
    builtin_fn run;
    const void *data;        /* for rows made from other tables: the model descriptor */
    const char *other_names; /* names other tools use: "SVD (Surprise), FunkSVD"; found by error hints */
    bool destroys;           /* takes away what the user has: no error suggests it for a misspelled name */
};

/* Arguments by name, already checked. Asking for a name that the row lacks is a bug (assert). */
struct value arg(const struct call *call, const char *name); /* borrowed */
bool arg_given(const struct call *call, const char *name);
bool arg_is_none(const struct call *call, const char *name);
int64_t arg_int(const struct call *call, const char *name);
double arg_float(const struct call *call, const char *name);
bool arg_bool(const struct call *call, const char *name);
const char *arg_str(const struct call *call, const char *name);                     /* NULL when None */
void *arg_data(const struct call *call, const char *name, const struct type *type); /* NULL when None */
/* err_set and err_about in one. Names an argument: of a parameter, or one that `**` took. Returns code. */
enum status arg_error(const char *name, struct error *err, enum status code, const char *format, ...) PRINTF_LIKE(4, 5);

/* --- the registry, made at start from the groups' rows --- */

struct sig_type; /* parsed type expression */
struct sig_param {
    char *name;
    struct sig_type *type;
    char *type_text;    /* "list[Id] | None" */
    char *default_text; /* NULL: required */
    struct value otherwise;
    bool keyword_only;
    enum { SIG_PLAIN, SIG_STAR, SIG_DOUBLE_STAR } kind;
    const struct param_note *note; /* or NULL */
};
struct signature {
    char *name;
    struct sig_param *params;
    size_t n_params;
    char *result; /* "Table" */
    char *text;   /* one line, as users read it */
};
struct builtin_info {
    const struct builtin_row *row;
    struct signature *signatures;
    size_t n_signatures;
};

struct registry;
struct registry *registry_new(void);
void registry_free(struct registry *registry);
/* Memory that lives as long as the registry, for rows that are made at start (the models'). */
struct arena *registry_arena(struct registry *registry);
/* Adds a table of rows (borrowed, must outlive). ERR_INTERNAL on a bad signature or a name twice. */
enum status registry_add(struct registry *registry, const struct builtin_row *rows, struct error *err) MUST_CHECK;
/* Adds an object type: its method rows are parsed too. */
enum status registry_add_type(struct registry *registry, const struct type *type, struct error *err) MUST_CHECK;
const struct builtin_info *registry_find(const struct registry *registry, const char *name); /* or NULL */
const struct builtin_info *registry_method(const struct registry *registry, const struct type *type, const char *name);
const struct builtin_info *registry_info(const struct registry *registry, const struct builtin_row *row);
size_t registry_len(const struct registry *registry);
const struct builtin_info *registry_at(const struct registry *registry, size_t i); /* sorted by name */
size_t registry_n_types(const struct registry *registry);
const struct type *registry_type(const struct registry *registry, size_t i);

#endif
