/* Parsed signatures, and the binder that fits arguments to them. Private to kernel/lang. */
#ifndef RECKON_SIGNATURE_H
#define RECKON_SIGNATURE_H

#include "kernel/lang/builtin.h"
#include "runtime/base/arena.h"

enum sig_kind {
    SIG_ANY,
    SIG_BOOL,
    SIG_INT,
    SIG_FLOAT,
    SIG_STR,
    SIG_ID,
    SIG_NONE,
    SIG_LIST,
    SIG_TUPLE,
    SIG_DICT,
    SIG_SET,
    SIG_RANGE,
    SIG_FUNCTION,
    SIG_EXPR,
    SIG_WORD,   /* "all": just this str */
    SIG_OBJECT, /* by the name of its type */
};

/* One alternative of a union; the others follow by `next`. */
struct sig_type {
    enum sig_kind kind;
    const char *word;         /* WORD, OBJECT */
    struct sig_type *element; /* LIST, SET, TUPLE: NULL = any */
    struct sig_type *next;
};

#define SIG_PARAMS_MAX 64

/* Parses row->sigs into info; memory comes from arena. ERR_INTERNAL names the row. */
enum status signature_parse(const struct builtin_row *row, struct arena *arena, struct builtin_info *info, struct error *err) MUST_CHECK;
void signature_release(struct builtin_info *info); /* the defaults' values */
/* "int, list of int or None". */
void sig_type_words(const struct sig_type *type, struct buf *out);
bool sig_type_has(const struct sig_type *type, enum sig_kind kind);

/* --- binding --- */

/* What a call gives. names[i] NULL: by position. spans NULL: called from C. */
struct arguments {
    const struct value *values;
    const char *const *names;
    const struct span *spans, *name_spans;
    size_t n;
    struct source *source;
};

/* struct call stands first: accessors find the rest. */
struct bound_call {
    struct call call;
    const struct builtin_info *info;
    const struct signature *signature;
    const struct arguments *arguments;
    struct value args[SIG_PARAMS_MAX];
    bool given[SIG_PARAMS_MAX];
    int from[SIG_PARAMS_MAX]; /* argument that fills a parameter; -1: none or several */
};

enum status bind_and_run(struct interp *interp, const struct builtin_info *info, struct value self, const struct arguments *arguments,
                         struct value *out, struct error *err) MUST_CHECK;
/* Checks a value against a type; makes the value that arrives (float of an int, list of a range). False: doesn't fit. *out owned. */
bool sig_accept(const struct sig_type *type, struct value value, struct value *out);
/* What to write instead of a value that doesn't fit, where it can be told. */
void hint_about_type(const struct sig_type *type, struct value value, struct error *err);
/* A parameter that another tool has under this name: n_factors= is factors= here. */
void hint_about_parameter(const struct builtin_info *info, const char *name, struct error *err);
/* A word that another parameter than `param` (NULL: any) alone names its choices by: method="wilcoxon". */
void hint_about_word(const struct signature *signature, const struct sig_param *param, struct value value, struct error *err);
/* Sets ranges' and choices' errors of one parameter. */
enum status note_check(const struct param_note *note, const char *name, struct value value, struct error *err) MUST_CHECK;

#endif
