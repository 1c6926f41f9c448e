/* Cells of a file, without Jupyter. */
#ifndef RECKON_SCRIPT_H
#define RECKON_SCRIPT_H

#include "runtime/base/err.h"

/* Runs the cells of a file in one session, up to the first that fails: results and printed text go to stdout, errors to
 * stderr. Lines that begin with `# %%` part cells; in a file without them, blank lines before unindented code do.
 * path "-" reads stdin. From the main thread, before there are others: SIGINT, SIGTERM and SIGHUP end the running cell with
 * Interrupted, a second one the process. Returns the exit code: 0, 1 after an error, 128 + the signal's number after a signal. */
int script_run(const char *path);
/* The file as one cell: its tokens or its tree on stdout. Returns the exit code. */
int script_dump_tokens(const char *path);
int script_dump_ast(const char *path);

/* Pure: where the cell that begins at `start` ends, in bytes of text (the next one begins there). text[len] is a NUL. */
size_t script_cell_end(const char *text, size_t len, size_t start);

#endif
