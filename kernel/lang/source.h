/* Text of a cell with its line map. Counted, because functions and errors
 * outlive the cell. Offsets are bytes; columns shown to users are code points. */
#ifndef RECKON_SOURCE_H
#define RECKON_SOURCE_H

#include "runtime/base/arena.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"

struct registry; /* kernel/lang/builtin.h */

struct source {
    int count;
    char *name;        /* "Cell 3", "lab.cell" */
    struct slice text; /* owned, NUL-terminated */
    uint32_t *line_starts;
    uint32_t n_lines;
    struct arena arena;              /* tokens and AST of this source live here */
    const struct registry *registry; /* borrowed: whose builtins hints may name; NULL: none */
};

struct source *source_new(const char *name, struct slice text); /* copies text; line ends \r\n become \n */
struct source *source_ref(struct source *source);
void source_unref(struct source *source);                                                                     /* NULL is fine */
void source_position(const struct source *source, uint32_t offset, uint32_t *out_line, uint32_t *out_column); /* from 1 */
struct slice source_line(const struct source *source, uint32_t line);                                         /* without its end */

/* Puts a place on an error that has none yet (takes a count of source). */
void error_place(struct error *err, struct source *source, struct span span);
/* err_reset that drops the source's count. Use this above kernel/lang. */
void error_clear(struct error *err);
/* The lines a user sees, last line without its end:
 *
 *     NameError: nothing is called `rating`
 *       Cell 3, line 1
 *         head(rating)
 *              ^^^^^^
 *       did you mean `ratings`?
 *
 * `ansi`: coloured for terminals and notebooks. Each line is appended with '\n' between. */
void error_render(const struct error *err, bool ansi, struct buf *out);

#endif
