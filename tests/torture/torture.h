/* What the parts of the torture program share. */
#ifndef RECKON_TORTURE_H
#define RECKON_TORTURE_H

#include <stdbool.h>
#include <stddef.h>

/* How much is tried. */
struct effort {
    bool whole;       /* every site of every scenario, at up to nine of its calls, alone and with all that follow; else each site once */
    const char *only; /* part of the names of scenarios that run; NULL: all */
};

struct tally {
    int passed, failed; /* cells that were tortured */
};

void torture_cells(const struct effort *effort, struct tally *tally);
void torture_server(const struct effort *effort, struct tally *tally);

/* Leaks so far, under LeakSanitizer: reports them and returns true. */
bool torture_leaks(void);
/* One call for each time that a site's memory runs out, as the effort says; n counted calls of it before. */
void torture_site(const struct effort *effort, size_t i, void (*run)(void *ctx, size_t i, long nth, bool sticky), void *ctx);
/* "runtime/base/x.c:12 in f" is what addr2line makes of it: the offset in the program. */
unsigned long torture_offset(const void *address);

#endif
