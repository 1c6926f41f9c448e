/* What the files of the evaluator share. A walk over the tree; every function
 * that evaluates returns an owned value in *out. Private to kernel/lang. */
#ifndef RECKON_EVAL_H
#define RECKON_EVAL_H

#include "kernel/lang/container.h"
#include "kernel/lang/interp.h"
#include "kernel/lang/signature.h"

/* Where code runs: the cell itself (env NULL), a call, a comprehension. */
struct frame {
    struct interp *interp;
    struct env *env;                 /* innermost scope; NULL: the globals */
    struct source *source;           /* of the code */
    const struct function *function; /* whose body runs; NULL: the cell's own level */
};

enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN };

/* --- eval.c --- */
enum status eval(struct frame *frame, const struct node *node, struct value *out, struct error *err) MUST_CHECK;
enum status eval_truth(struct frame *frame, const struct node *node, bool *out, struct error *err) MUST_CHECK;
/* Value of a name, borrowed. */
enum status eval_name(struct frame *frame, const char *name, struct value *out, struct error *err) MUST_CHECK;
/* Items of a display onto a list or tuple; starred ones are spread. */
enum status eval_items(struct frame *frame, struct nodes nodes, struct value *seq, struct error *err) MUST_CHECK;
/* What stands in [ ]: one value, a slice, or a tuple of them. */
enum status eval_subscripts(struct frame *frame, struct nodes subscripts, struct value *out, struct error *err) MUST_CHECK;

enum status eval_fstring(struct frame *frame, const struct node *node, struct value *out, struct error *err) MUST_CHECK;
enum status eval_comprehension(struct frame *frame, const struct node *node, struct value *out, struct error *err) MUST_CHECK;

/* --- eval_call.c --- */
enum status eval_call(struct frame *frame, const struct node *node, struct value *out, struct error *err) MUST_CHECK;
enum status call_value(struct interp *interp, struct value callee, const struct arguments *arguments, struct value *out,
                       struct error *err) MUST_CHECK;
/* --- eval_function.c --- */
enum status eval_function(struct frame *frame, const struct node *node, struct value *out, struct error *err) MUST_CHECK; /* lambda, def */
enum status call_function(struct interp *interp, struct function *function, const struct arguments *arguments, struct value *out,
                          struct error *err) MUST_CHECK;

/* --- eval_assign.c --- */
/* Binds all targets or none. value is borrowed. */
enum status assign(struct frame *frame, struct node *const *targets, uint32_t n_targets, struct value value, struct error *err) MUST_CHECK;
enum status assign_augmented(struct frame *frame, const struct node *node, struct error *err) MUST_CHECK;
enum status delete_name(struct frame *frame, const char *name, struct error *err) MUST_CHECK;

/* --- eval_statement.c --- */
/* result: the value of a `return`. */
enum status exec_block(struct frame *frame, const struct node *block, enum flow *flow, struct value *result, struct error *err) MUST_CHECK;
enum status exec_statement(struct frame *frame, const struct node *node, enum flow *flow, struct value *result, struct error *err) MUST_CHECK;
enum status exec_help(struct frame *frame, const struct node *node, struct error *err) MUST_CHECK;

/* --- names.c: errors about names --- */
enum status unknown_name(struct frame *frame, const char *name, struct error *err);
/* Finds name as a whole word in a row's other_names, "SVD (Surprise), FunkSVD" or NULL; copies the tool in brackets that
   follows it, or "". */
bool other_name(const char *others, const char *name, char tool[64]);
/* Name i of those whose hint is written down: of notebooks, metrics and Python; NULL past the last. */
const char *foreign_name(size_t i);
/* For `del`: only what is bound is near. */
enum status nothing_to_delete(struct frame *frame, const char *name, struct error *err);
enum status no_value_yet(struct frame *frame, const char *name, struct error *err);
/* --- mutators.c --- */
/* Python's method that would change the receiver: sets the error that says what to write instead, and returns true. */
bool mutator_error(struct frame *frame, const struct node *call, struct value receiver, struct error *err);
bool is_mutator(enum value_kind kind, const char *name);

#endif
