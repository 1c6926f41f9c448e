/* Every place that asks for memory, counted and made to fail. The linker puts
 * sites.c between the program and runtime/base/mem.c (-Wl,--wrap), so nothing
 * of this is in the product. A site is a call and the call around it. */
#ifndef RECKON_TORTURE_SITES_H
#define RECKON_TORTURE_SITES_H

#include <stdbool.h>
#include <stddef.h>

struct site {
    const void *call, *around; /* return addresses */
    bool tries;                /* mem_try: it may fail; else xalloc and friends, which then spend the reserve */
    long n;                    /* calls while counting */
    long armed;                /* calls since sites_arm */
    bool tested;
};

#define SITES_MAX 65536

/* From now on calls are counted, from 0. */
void sites_count(void);
/* From now on the nth call of site i (from 1) fails; sticky: and every mem_try after it. */
void sites_arm(size_t i, long nth, bool sticky);
/* From now on nothing is counted and nothing fails. True when the one that was armed has failed. */
bool sites_rest(void);
/* All seen since the program began, in order of first appearance. */
size_t sites_n(void);
struct site *sites_at(size_t i);
/* The calling thread is not part of what is tested. */
void sites_exempt_thread(void);

#endif
