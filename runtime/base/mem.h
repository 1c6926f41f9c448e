/* Memory. Small internal allocations die with one message when the system is
 * out of memory (xalloc and friends); anything whose size the user chooses
 * (matrix, file, list) goes through mem_try, which reports ERR_MEMORY.
 * mem_fail_after is the torture tests' hook. */
#ifndef RECKON_MEM_H
#define RECKON_MEM_H

#include <stddef.h>

#include "runtime/base/err.h"

void *xalloc(size_t size_bytes);              /* zeroed, never NULL */
void *xrealloc(void *old, size_t size_bytes); /* never NULL */
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
void *xmemdup(const void *data, size_t size_bytes);
#define xnew(type) ((type *)xalloc(sizeof(type)))
#define xnew_array(type, count) ((type *)xalloc_array((count), sizeof(type)))
void *xalloc_array(size_t count, size_t size_bytes); /* checks the product */

/* count * size_bytes zeroed bytes, 64-byte aligned; free with mem_free. `what` names them in the error. */
enum status mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err) MUST_CHECK;
#define mem_try_array(count, what, out, err) mem_try((count), sizeof(**(out)), (what), (void **)(out), (err))
void mem_free(void *data); /* NULL is fine */

/* Bytes that the system and its container could still give; SIZE_MAX when they don't tell. */
size_t mem_room_bytes(void);

/* The n-th mem_try from now fails (0 = never). For tests. */
void mem_fail_after(long n);

#endif
