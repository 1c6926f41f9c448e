/* Named typed columns, null = absent. Immutable once built, counted (atomic).
 * Results everywhere: metric tables, recommendations, descriptions. */
#ifndef RECKON_TABLE_H
#define RECKON_TABLE_H

#include "runtime/base/str.h"

enum column_type { COL_BOOL, COL_INT, COL_FLOAT, COL_STR, COL_TIME, COL_STRS, COL_INTS, COL_FLOATS };

/* Lists are cut from one shared array: list i is [starts[i], starts[i+1]). */
struct column {
    char *name;
    enum column_type type;
    bool *nulls; /* NULL: no nulls */
    union {
        bool *bools;
        int64_t *ints; /* INT, TIME (seconds UTC) */
        double *floats;
        char **strs; /* STR; null entries are NULL */
        struct {
            int64_t *starts;
            char **strs;
            int64_t *ints;
            double *floats;
        } lists;
    } u;
    int8_t decimals; /* shown digits after the point; -1 = as needed */
    int8_t best;     /* 1: larger is better, -1: smaller, 0: no marking; the best cell is marked */
};

/* What a table was made of, for those who need more of it than its cells (best() of a sweep's table). Shared by tables of its rows and columns. */
struct table_origin {
    int count;        /* atomic */
    const void *kind; /* tells origins apart: an address of the maker's */
    void (*release)(struct table_origin *origin);
};

struct table {
    int count; /* atomic */
    int64_t n_rows;
    size_t n_columns;
    struct column *columns;
    char *caption; /* above; NULL = none */
    char **notes;  /* below */
    size_t n_notes;
    int64_t marked_row;          /* a row set off (the chosen run), -1 = none */
    struct table_origin *origin; /* a count; NULL = none */
};

struct table *table_new(int64_t n_rows); /* no columns yet, count 1 */
struct table *table_ref(struct table *table);
void table_unref(struct table *table);

/* Building (only while nobody else holds it). Each adds a zeroed column of table->n_rows and returns its array to fill. */
bool *table_add_bools(struct table *table, const char *name);
int64_t *table_add_ints(struct table *table, const char *name);
double *table_add_floats(struct table *table, const char *name, int decimals);
char **table_add_strs(struct table *table, const char *name); /* entries: owned by the table (xstrdup), NULL = null */
int64_t *table_add_times(struct table *table, const char *name);
struct column *table_add_lists(struct table *table, const char *name, enum column_type type, int64_t n_entries); /* starts has n_rows + 1 */
void table_drop_last(struct table *table);                                                                       /* the column that was added last */
void table_set_null(struct column *column, int64_t n_rows, int64_t row);
void table_caption(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
void table_note(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
void table_set_origin(struct table *table, struct table_origin *takes); /* in place of the one that it has; NULL: none */

struct column *table_column(const struct table *table, const char *name); /* NULL: none */
/* `name`, or name_2, name_3 … where a column has it, in any case of letters (SQL tells them apart without). Owned. */
char *table_free_name(const struct table *table, const char *name);
/* ERR_KEY with the nearest name. */
enum status table_want(const struct table *table, const char *name, struct column **out, struct error *err) MUST_CHECK;
bool cell_is_null(const struct column *column, int64_t row);
double cell_number(const struct column *column, int64_t row);              /* BOOL INT FLOAT TIME; NaN for null and others */
void cell_text(const struct column *column, int64_t row, struct buf *out); /* as shown */

/* Copies of whole rows in another order (n_rows of them). */
struct table *table_take(const struct table *table, const int64_t *rows, int64_t n_rows);
struct table *table_head(const struct table *table, int64_t n_rows); /* the first so many, or all there are */
/* The columns of these names, in this order, each once; NULL: there is none of a name (ERR_KEY). */
struct table *table_select(const struct table *table, const char *const *names, size_t n_names, struct error *err);
/* Sorted row order by one column, stable, nulls last. Owned array of n_rows. */
int64_t *table_order(const struct table *table, const struct column *column, bool descending);
/* group(by, n="count", mean_r="mean:rating"): aggregates count, sum, mean, min, max, std, nunique, first. Groups in order of first appearance. */
struct aggregate {
    const char *name, *function, *column;
};
enum status table_group(const struct table *table, const char *const *by, size_t n_by, const struct aggregate *aggregates, size_t n_aggregates,
                        struct table **out, struct error *err) MUST_CHECK;
enum status table_join(const struct table *left, const struct table *right, const char *const *on, size_t n_on, bool keep_unmatched,
                       struct table **out, struct error *err) MUST_CHECK;
enum status table_unique(const struct table *table, const char *const *by, size_t n_by, struct table **out, struct error *err) MUST_CHECK;
/* "2026-11-24 08:15:00" */
void time_text(int64_t seconds, struct buf *out);
/* Seconds since 1970 (a fraction is left out), or "2026-11-24" with or without "08:15", "08:15:00", "T", "Z", "+02:00". False: neither. */
bool time_parse(struct slice text, int64_t *out);

#endif
