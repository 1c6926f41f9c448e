/* Memory, and what happens when there is none left.
 *
 * mem_try is for what the user chooses the size of (matrix, file, column): it
 * reports ERR_MEMORY and nothing has happened. xalloc and friends are for the
 * many small things in between and never fail: when the system gives nothing,
 * they spend the reserve (RESERVE_BYTES of address space, untouched, so it
 * costs no memory until then) and memory is *low*. It is also low when a look
 * around, once in 16 MiB, finds hardly any room: Linux kills a process that
 * runs into its container's limit without telling it before. While memory is
 * low, task_check reports ERR_MEMORY, so the running cell ends at its next
 * safe point like any other error; before the next cell mem_keep_reserve puts
 * the reserve back. Only when the reserve is used up as well does the process
 * end, with one message. What x-functions take must stay within a small
 * multiple of what is in memory already; where it may be more, mem_expect asks
 * first. */
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

/* count * size_bytes zeroed bytes, 64-byte aligned; free with mem_free. `what` names them in the error. Takes no time for large
 * ones: the system zeroes each page when it is first touched. */
enum status mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err) MUST_CHECK;
#define mem_try_array(count, what, out, err) mem_try((count), sizeof(**(out)), (what), (void **)(out), (err))
void mem_free(void *data); /* NULL is fine */

/* OK when count * size_bytes can be had now; takes nothing. Before large x-allocations whose size the user chooses. */
enum status mem_expect(size_t count, size_t size_bytes, const char *what, struct error *err) MUST_CHECK;

/* Bytes that the system, the container and the process's limit could still give; SIZE_MAX when they don't tell. */
size_t mem_room_bytes(void);
/* Bytes that this process was given and hasn't touched yet: the system has promised them, and they are in no figure of use. */
size_t mem_promised_bytes(void);

/* Freed memory that the allocator holds for the next wish goes back to the system: some 10 ms a 100 MiB. */
void mem_give_back(void);
/* At start and before each cell, while nothing else runs: makes the reserve where there is none, and memory is not low. */
void mem_keep_reserve(void);
/* OK, or ERR_MEMORY while memory is low. Any thread; task_check asks. */
enum status mem_check(struct error *err) MUST_CHECK;

/* For tests. The n-th mem_try from now fails; the n-th x-allocation finds nothing and spends the reserve (0 = never). */
void mem_fail_after(long n);
void mem_spend_after(long n);

#endif
