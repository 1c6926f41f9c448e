/* Values of the language. Small tagged struct; heap kinds carry plain counts
 * and belong to the worker thread. Values never change once another name can
 * see them: a container is written in place only when its count is one
 * (value_own_*), else copied first. Data values hold no cycles.
 *
 * Ownership: every `struct value` argument is borrowed; `*out` belongs to the
 * caller, who ends it with value_release. value_ref returns an owned copy. */
#ifndef RECKON_VALUE_H
#define RECKON_VALUE_H

#include "kernel/lang/ast.h"

enum value_kind {
    VAL_UNSET, /* no value: a quiet statement, an absent slot */
    VAL_NONE,
    VAL_BOOL,
    VAL_INT,
    VAL_FLOAT,
    VAL_STR,
    VAL_LIST,
    VAL_TUPLE,
    VAL_DICT,
    VAL_SET,
    VAL_RANGE,
    VAL_SLICE,
    VAL_FUNCTION, /* def, lambda, thunk of an unevaluated argument */
    VAL_BUILTIN,  /* builtin row, or a method bound to its receiver */
    VAL_OBJECT,   /* native: type descriptor + pointer */
};

struct interp;
struct type;
struct builtin_row;

struct value {
    enum value_kind kind;
    union {
        bool b;
        int64_t i;
        double f;
        struct text *text;
        struct seq *seq;   /* LIST, TUPLE */
        struct dict *dict; /* DICT; SET uses keys only */
        struct range *range;
        struct value_slice *slice;
        struct function *function;
        struct bound *bound;
        struct object *object;
    } u;
};

struct text {
    int count;
    size_t len;
    uint64_t hash;
    char data[];
}; /* UTF-8, NUL-terminated */
struct seq {
    int count;
    size_t len, cap;
    struct value *items;
};
struct range {
    int count;
    int64_t start, stop, step;
};
struct value_slice {
    int count;
    struct value start, stop, step;
};
struct bound {
    int count;
    const struct builtin_row *row;
    struct value self;
}; /* self VAL_UNSET for plain builtins */
struct object {
    int count;
    const struct type *type;
    void *data;
}; /* data: one count (or ownership) that type->release gives back */

#define UNSET ((struct value){.kind = VAL_UNSET})
#define NONE ((struct value){.kind = VAL_NONE})

struct value value_ref(struct value value);
void value_release(struct value *value); /* makes it UNSET */

struct value value_bool(bool b);
struct value value_int(int64_t i);
struct value value_float(double f);
struct value value_str(const char *text);
struct value value_strn(const char *text, size_t len);
/* OK when there is memory for a list or tuple of n items: asked first where n may be large. */
enum status seq_room(size_t n, struct error *err) MUST_CHECK;
struct value value_list(size_t reserve);
struct value value_tuple(size_t reserve);
struct value value_dict(void);
struct value value_set(void);
struct value value_range(int64_t start, int64_t stop, int64_t step);
struct value value_slice(struct value start, struct value stop, struct value step); /* borrows ints or NONE */
struct value value_builtin(const struct builtin_row *row, struct value self);       /* self borrowed or UNSET */
/* takes data (one count or ownership of it). */
struct value value_object(const struct type *type, void *data);
/* data of an object of this type, borrowed; NULL for anything else. */
void *value_data(struct value value, const struct type *type);

/* Builders: only on a value that nobody else holds. seq_push takes item. */
void seq_push(struct value *list_or_tuple, struct value item);
/* items[0], items[step], … (n of them), with a look at the task now and then. */
enum status seq_push_all(struct value *list_or_tuple, const struct value *items, int64_t n, int64_t step, struct error *err) MUST_CHECK;
struct value seq_item(struct value list_or_tuple, size_t i); /* borrowed */
size_t seq_len(struct value list_or_tuple);
/* Dicts and sets keep insertion order; keys compare as in Python (1 == 1.0 == True); lists, dicts, sets and Arrays can't be keys (ERR_TYPE). */
enum status dict_put(struct value *dict, struct value key, struct value item, struct error *err); /* borrows both */
enum status set_add(struct value *set, struct value key, struct error *err);
bool dict_get(struct value dict, struct value key, struct value *out_borrowed); /* also: is it in a set */
void dict_puts(struct value *dict, const char *key, struct value item);         /* takes item */
size_t dict_len(struct value dict);
struct value dict_key(struct value dict, size_t i);   /* borrowed, insertion order */
struct value dict_value(struct value dict, size_t i); /* borrowed */
int64_t range_len(const struct range *range);
int64_t range_at(const struct range *range, int64_t i); /* i below its length */
/* Positions that a VAL_SLICE picks of n: start, start+step, … (count of them), as Python clamps. ERR_TYPE, ERR_VALUE (step 0). */
enum status slice_bounds(struct value slice, int64_t n, int64_t *out_start, int64_t *out_step, int64_t *out_count, struct error *err) MUST_CHECK;
/* An int (perhaps negative: from the end) as a position among n; ERR_INDEX names `what` ("list"). */
enum status index_position(struct value key, int64_t n, const char *what, int64_t *out, struct error *err) MUST_CHECK;
/* Makes *value the only holder of its list/dict/set (copies when shared). */
void value_own(struct value *value);

const char *value_type_name(struct value value); /* "int", "str", "Dataset" … as users read it */
bool value_is_number(struct value value);        /* bool, int, float */
double value_number(struct value value);
struct slice value_text(struct value value); /* VAL_STR, borrowed */

/* Generic operations, also over objects (through their type). */
enum status value_truth(struct value value, bool *out, struct error *err) MUST_CHECK;
bool value_equal(struct value a, struct value b);
enum status value_compare(enum op op, struct value a, struct value b, bool *out, struct error *err) MUST_CHECK; /* < <= > >= == != of plain values */
enum status value_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) MUST_CHECK;
enum status value_unary(enum op op, struct value a, struct value *out, struct error *err) MUST_CHECK;
enum status value_contains(struct value container, struct value item, bool *out, struct error *err) MUST_CHECK;
enum status value_index(struct value value, struct value key, struct value *out, struct error *err) MUST_CHECK;
enum status value_attribute(struct interp *interp, struct value value, const char *name, struct value *out, struct error *err) MUST_CHECK;
enum status value_len(struct value value, int64_t *out, struct error *err) MUST_CHECK;
/* Total order for sort: numbers, strs, lists/tuples elementwise; None last. ERR_TYPE when two don't compare. */
enum status value_order(struct value a, struct value b, int *out, struct error *err) MUST_CHECK;
bool value_hash(struct value value, uint64_t *out); /* false: not hashable */

/* *value op= other, in place where *value is the only holder; *value is unchanged on failure. */
enum status value_augment(enum op op, struct value *value, struct value other, struct error *err) MUST_CHECK;
/* Items of anything iterable as a new list. */
enum status value_to_list(struct value over, struct value *out, struct error *err) MUST_CHECK;
/* Stable, by value_order of keys; order: positions 0 … n-1 rearranged. */
enum status value_sort(const struct value *keys, size_t n, bool descending, size_t *order, struct error *err) MUST_CHECK;
/* Methods of a kind of plain value (str, list, tuple, dict, set): rows, ending with sigs NULL; NULL: none. methods_*.c */
const struct builtin_row *value_methods(enum value_kind kind);

/* Iteration over anything iterable. position: of the next item (bytes in a str); n: items in all (bytes of a str). */
struct iter {
    struct value over;
    int64_t position, n;
};
enum status iter_begin(struct value over, struct iter *out, struct error *err) MUST_CHECK;
enum status iter_next(struct iter *iter, struct value *out, bool *out_done, struct error *err) MUST_CHECK;
void iter_end(struct iter *iter);

/* Text forms. repr: "'a'"; str: "a". Containers are cut at LIMIT_REPR items and about a mebibyte. */
void value_repr(struct value value, struct buf *out);
void value_str_form(struct value value, struct buf *out);
/* Python's format mini-language (fill align sign # 0 width , .precision type) for numbers and strs. */
enum status value_format(struct value value, struct slice spec, struct buf *out, struct error *err) MUST_CHECK;

/* value_repr cut at about max_bytes, for messages: "'a long te…". */
void value_repr_short(struct value value, size_t max_bytes, struct buf *out);
/* "a ", "an ", and "" before None and what is a plural already (Embeddings). */
const char *article(const char *noun);
/* "str 'ten'", "None", "a Dataset": what came, in an error. */
void value_describe(struct value value, struct buf *out);

#define LIMIT_LIST 100000000 /* items a list, range list or comprehension may have; bytes of a str */
#define LIMIT_REPR 10000     /* items shown */
#define LIMIT_DEPTH 400      /* calls of functions of the language inside each other */

#endif
