/* What the files of the values share among themselves. */
#ifndef RECKON_CONTAINER_H
#define RECKON_CONTAINER_H

#include "kernel/lang/env.h"
#include "kernel/lang/type.h"

/* --- dict.c --- */
int *dict_count(struct dict *dict);
struct value dict_copy(struct value dict);
void dict_bury(struct dict *dict, struct graveyard *graveyard);
/* The value slot of a key, to change in place; NULL: not there. Only where the dict has one holder. */
struct value *dict_slot(struct value *dict, struct value key);

/* --- value.c --- */
bool value_is_shared(struct value value);
bool value_is_seq(struct value value); /* list or tuple */
struct value value_str_take(struct buf *takes);
void graveyard_empty(struct graveyard *graveyard);

/* --- compare.c --- */
/* Deeper values compare as unequal and can't be keys, so that recursion is bounded. */
#define LIMIT_VALUE_DEPTH 2000
/* -1, 0, 1; 2 when one is NaN. Exact between int and float. */
int number_compare(struct value a, struct value b);

/* --- number.c: arithmetic of bool, int, float --- */
enum status number_binary(enum op op, struct value a, struct value b, struct value *out, struct error *err) MUST_CHECK;
enum status number_unary(enum op op, struct value a, struct value *out, struct error *err) MUST_CHECK;
bool value_is_whole(struct value value); /* bool or int */
int64_t value_whole(struct value value);

/* --- text.c --- */
enum status text_index(struct value text, struct value key, struct value *out, struct error *err) MUST_CHECK;
struct value text_repeat(struct value text, int64_t times);
bool text_is_ascii(struct slice text);
/* OK when a str of len bytes may grow by more: under LIMIT_LIST, and there is memory for it. */
enum status text_room(size_t len, size_t more, struct error *err) MUST_CHECK;
int64_t text_find(struct slice text, struct slice part, size_t from); /* byte offset, -1: none */

/* --- operate.c --- */
const char *op_verb(enum op op); /* "add", "divide": for errors */

#endif
