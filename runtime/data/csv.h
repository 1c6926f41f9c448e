/* Delimited text (RFC 4180 and its many cousins), cut into fields without
 * copying. How a file is cut is told or found out; nothing in a file can do
 * more harm than an error. Private to runtime/data. */
#ifndef RECKON_CSV_H
#define RECKON_CSV_H

#include "runtime/base/arena.h"
#include "runtime/data/layouts.h"
#include "runtime/data/scan.h"

#define CSV_SEPARATOR_MAX 7
#define CSV_COLUMNS_MAX 10000
#define CSV_FIELD_MAX ((size_t)16 << 20) /* bytes: a quote that is never closed ends there */

struct csv_format {
    char separator[CSV_SEPARATOR_MAX + 1];
    char line_end; /* '\n' (with or without '\r'); '\r' where a file has no other */
    bool quotes;   /* "…" with doubled quotes inside; RecBole's files have none */
    bool has_header;
};

/* Bytes of the file, without their quotes; doubled: with "" for ". */
struct csv_field {
    struct slice text;
    bool quoted, doubled;
};

struct csv {
    struct file_map map;
    struct scan scan;
    struct csv_format format;
    struct csv_field *fields; /* of the record that csv_next cut */
    int n_fields, cap_fields;
    int64_t line;     /* where it begins */
    const char *stop; /* records that begin from here on are left alone */
    bool is_lost;     /* where the next record begins isn't known: a quote was never closed */
    char **names;     /* n_columns, UTF-8: the header's, or the usual ones where there is none */
    int n_columns;
};

/* What the caller knows of a file. */
struct csv_hints {
    const char *separator;         /* NULL: found out */
    bool has_header, header_given; /* header_given false: found out */
    bool names_given;              /* columns are named, so there is a header unless the names are numbers */
};
enum status csv_open(struct task *task, const char *path, const struct csv_hints *hints, struct csv *out, struct error *err) MUST_CHECK;
/* The next record of n_columns fields; false at the end, or when *out_status says why not. Lines of blanks alone are passed over. */
bool csv_next(struct csv *csv, enum status *out_status, struct error *err);
void csv_close(struct csv *csv);
/* An upper bound of the records. */
int64_t csv_count(const struct csv *csv);

/* The field as UTF-8 (ISO-8859-1 where it isn't); *scratch holds it when it had to change. */
struct slice csv_field_text(const struct csv_field *field, struct buf *scratch);

/* --- parts that csv_open is made of --- */

/* As csv_next, but of any number of fields. */
bool csv_cut(struct csv *csv, enum status *out_status, struct error *err);
/* Without names; the map stays the caller's unless csv_close is called. */
struct csv csv_of(struct task *task, const struct file_map *map, const char *path, const struct csv_format *format);
/* Sets separator, line end and header as hinted or as the first records show. */
enum status csv_find_format(const struct file_map *map, const char *path, const struct csv_hints *hints, struct csv_format *out,
                            struct error *err) MUST_CHECK;

bool path_ends(const char *path, const char *ending); /* load.c */

/* --- columns by role --- */

enum role { ROLE_USER, ROLE_ITEM, ROLE_RATING, ROLE_TIME };
#define N_ROLES 4
/* The column whose name says that it has the role ("userId", "user_id:token", "uid"); -1: none. */
int role_column(char *const *names, int n_names, enum role role);
/* Columns of the request, named or guessed; -1: no rating, no time. */
enum status role_columns(const struct load_request *request, const char *path, char *const *names, int n_names, bool has_header, int out[N_ROLES],
                         struct error *err) MUST_CHECK;

/* --- whole files --- */

/* Every field as text, row by row: n_rows × n_columns cells. */
struct csv_text {
    struct arena room; /* of the cells' letters */
    char **cells;
    int64_t *lines; /* of the rows */
    int64_t n_rows;
    int n_columns;
    char **names;
};
enum status csv_read(struct task *task, const char *path, const struct csv_hints *hints, struct csv_text *out, struct error *err) MUST_CHECK;
void csv_take_cells(struct csv_text *text, struct arena *out_room, char ***out_cells, int64_t **out_lines);
void csv_release(struct csv_text *text);

/* Interactions of a file into the draft: ids, ratings, times. Its name, origin and licence are the caller's. */
enum status csv_draft(struct task *task, const struct load_request *request, const char *path, struct dataset_draft *draft,
                      struct error *err) MUST_CHECK;
enum status jsonl_draft(struct task *task, const struct load_request *request, const char *path, struct dataset_draft *draft,
                        struct error *err) MUST_CHECK;

#endif
