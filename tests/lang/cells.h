/* Files of cells with their expectations on the line.
 *
 *     #== lists                        a fresh session, in an empty folder; `#== name needs ml-100k, gowalla` is left out without these data
 *     [1, 2][0]          # => 1        text/plain of the result; `…` stands for anything, `⏎` for a line's end
 *     [1].append(2)      # error[[1].append(2)]: values don't change      [text]: what is underlined; substring of the whole message
 *     print(1, 2)        # prints: 1 2                                    everything on stdout
 *     show(3)            # shows: 3    text/plain of a display or page holds it
 *     who()              # table: name, type                              the result is a Table that begins with these columns
 *     x = 3              # quiet       no result, nothing printed
 *     input("a? ")       # input: yes  answers
 *     sleep(9)           # interrupt   after 50 ms; `interrupt 0.3`: after so many seconds
 *
 * A cell is a top-level statement with its suite. Lines that begin with `# ` and a directive belong to the cell above
 * them; a cell without any must run without an error. */
#ifndef RECKON_TEST_CELLS_H
#define RECKON_TEST_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/str.h"

enum expect { EXPECT_RESULT, EXPECT_ERROR, EXPECT_PRINTS, EXPECT_SHOWS, EXPECT_TABLE, EXPECT_QUIET, GIVE_INPUT, GIVE_INTERRUPT, N_DIRECTIVES };

struct directive {
    enum expect kind;
    char *text, *underlined; /* underlined: NULL, or what error[…] names */
};

struct cell {
    int line; /* of the file, from 1 */
    char *code;
    struct directive *directives;
    size_t n_directives;
};

struct section {
    char *name, *needs; /* needs: data sets with ", " between them, or NULL */
    struct cell *cells;
    size_t n_cells;
};

struct cell_file {
    struct section *sections;
    size_t n_sections;
};

struct cell_file cells_parse(struct slice text);
void cells_free(struct cell_file *file);
/* Whether text is pattern, in which each … stands for anything. */
bool cells_match(const char *pattern, const char *text);

#endif
