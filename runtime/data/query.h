/* SQL over Tables, Datasets and SQLite files: read only, one SELECT, by SQLite
 * over the columns where they lie. A Dataset is a table of user, item, rating,
 * time and title, where it has them; ratings are as they were written (3.9).
 * Lists are JSON text (json_each opens it).
 *
 * A result column that is a column of a Table or Dataset, unchanged, has its
 * type again (bool, time, lists), also behind UNION where all parts agree. Other
 * columns, and those of files, are ints, floats or strs by what is in them; an
 * int that no float holds beside floats makes them strs, so that no digit is
 * lost. Columns of one name are numbered: id, id_2. */
#ifndef RECKON_QUERY_H
#define RECKON_QUERY_H

#include "runtime/data/database.h"
#include "runtime/data/dataset.h"

#define QUERY_ROWS_MAX 20000000

struct query_source {
    const char *name;
    const struct table *table; /* or */
    struct dataset *dataset;
};
struct query_file {
    const char *name, *path;
};
struct query {
    const char *sql;
    const struct query_source *sources; /* all that there are */
    size_t n_sources;
    const struct query_file *files;
    size_t n_files;
    const struct database_cell *parameters; /* of the ? */
    size_t n_parameters;
};
/* *out_offset: byte of the text where an error is, -1: unknown. ERR_VALUE (SQLite's words; anything but a SELECT), ERR_TYPE (a column of bytes),
 * ERR_LIMIT (more than QUERY_ROWS_MAX rows), ERR_FILE, ERR_DATA (err_about a file's name), ERR_MEMORY, ERR_INTERRUPTED. */
enum status query_run(struct task *task, const struct query *query, struct table **out, int *out_offset, struct error *err) MUST_CHECK;

#endif
