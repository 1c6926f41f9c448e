/* A database in a file that several processes share, or in memory. SQLite is
 * owned by database.c, database_read.c, database_rows.c and database_functions.c.
 *
 * Files are in WAL mode with synchronous NORMAL: readers and a writer don't
 * wait for each other, and a process that is killed at any moment leaves
 * nothing broken (after a power cut the last commits may be missing). On
 * network file systems, where WAL can't be had, a rollback journal serves. Who
 * must wait for another's lock does so for DATABASE_BUSY_S or until the task is
 * cancelled. A new file belongs to the user alone (mode 0600).
 *
 * One thread at a time uses a database and its statements. Errors name the
 * file: ERR_FILE (it can't be opened, read, written, or stays locked), ERR_DATA
 * (damaged, no database, another program's, of a newer Reckon), ERR_VALUE
 * (wrong SQL, a broken constraint), ERR_INTERRUPTED, ERR_LIMIT, ERR_MEMORY. */
#ifndef RECKON_DATABASE_H
#define RECKON_DATABASE_H

#include "runtime/base/str.h"
#include "runtime/base/task.h"

#define DATABASE_BUSY_S 10.0
#define DATABASE_IN_MEMORY ":memory:"
#ifndef DATABASE_VALUE_BYTES_MAX
#define DATABASE_VALUE_BYTES_MAX (64 << 20)
#endif

enum column_kind { COLUMN_NULL, COLUMN_INT, COLUMN_DOUBLE, COLUMN_TEXT, COLUMN_BYTES };

struct database;
/* Makes the file where there is none, but not its folder. A damaged file is refused here or later, and never changed. */
enum status database_open(const char *path, struct database **out, struct error *err) MUST_CHECK;
void database_close(struct database *database); /* NULL is fine; after all its statements were freed */

/* A database that only reads, and holds nothing but what is given to it: files (database_attach) and the caller's rows (database_lend). It is asked
 * by statement_new_query. What is sorted or grouped spills into temporary files, as large as it may be. A value, and a row that is sorted, has
 * DATABASE_VALUE_BYTES_MAX at most (ERR_LIMIT): some functions of SQLite's take half a second for that, and nothing stops them. All that is in
 * memory at a time may take half of what is free when it is opened (ERR_MEMORY). */
enum status database_open_reading(struct database **out, struct error *err) MUST_CHECK;
/* A file's tables as name.table. It must be there, and is never changed. A file in WAL mode
 * with no -wal or no -shm beside it is read without locks. */
enum status database_attach(struct database *database, const char *name, const char *path, struct error *err) MUST_CHECK;
/* After the last row: ERR_FILE where a file that is read without locks was written to meanwhile. */
enum status database_check_files(const struct database *database, struct error *err) MUST_CHECK;
/* Byte of the SQL text of the last statement_new that failed, where SQLite knows it; else -1. */
int database_error_offset(const struct database *database);

/* From now on a cancel of task ends what runs with ERR_INTERRUPTED. Borrowed; NULL at start: nothing cancels. */
void database_obey(struct database *database, const struct task *task);

/* One or several statements without results. */
enum status database_exec(struct database *database, const char *sql, struct error *err) MUST_CHECK;
/* The first value of a query's first row as an integer. */
enum status database_int(struct database *database, const char *sql, int64_t *out, struct error *err) MUST_CHECK;
/* Runs body between BEGIN and COMMIT, as the one writer; where it fails nothing has been changed. Doesn't nest. */
enum status database_transact(struct database *database, enum status (*body)(void *ctx, struct error *err), void *ctx, struct error *err) MUST_CHECK;

/* Brings the tables to version n_steps (kept in user_version): each step is the SQL that leads there from the version before.
 * ERR_DATA where the file is another program's or has a version above n_steps. */
enum status database_upgrade(struct database *database, const char *const *steps, int n_steps, struct error *err) MUST_CHECK;

/* --- rows of the caller's as a table (database_rows.c) --- */

struct database_cell {
    enum column_kind kind;
    int64_t whole;
    double real;
    struct slice text; /* good until the next cell is asked for */
};
/* All borrowed; rows and columns count from 0 and never change. */
struct database_rows {
    int64_t n_rows;
    int n_columns;
    const char *(*column_name)(void *ctx, int column);
    const char *(*column_type)(void *ctx, int column); /* as declared: statement_declared gives it back */
    bool (*can_sort)(void *ctx, int column);           /* whether texts of its cells stay good until the database is closed */
    void (*cell)(void *ctx, int64_t row, int column, struct database_cell *out);
};
/* A table `name`, until the database is closed; one of the same name (in any case of letters) was lent in vain. `open` is called when a query names
 * it first, and fills in the rest; its error is the query's. Where a query asks for equal values of a column (joins do), the column is sorted once.
 */
enum status database_lend(struct database *database, const char *name, enum status (*open)(void *ctx, struct database_rows *out, struct error *err),
                          void *ctx, struct error *err) MUST_CHECK;

/* A name in quotes, as SQL takes any. */
void buf_add_sql_name(struct buf *out, const char *name);

/* One SQL statement, which may run many times. Parameters count from 1, columns from 0. */
struct statement;
enum status statement_new(struct database *database, const char *sql, struct statement **out, struct error *err) MUST_CHECK;
/* A query of a database that only reads: one SELECT (WITH, VALUES). What would change, attach or set anything is ERR_VALUE. */
enum status statement_new_query(struct database *database, const char *sql, struct statement **out, struct error *err) MUST_CHECK;
void statement_free(struct statement *statement);        /* NULL is fine */
bool statement_reads(const struct statement *statement); /* whether it changes nothing */

/* Before the first step. What isn't bound keeps its last value, at first NULL. Text is borrowed until the statement ends. */
void statement_bind_int(struct statement *statement, int parameter, int64_t value);
void statement_bind_double(struct statement *statement, int parameter, double value);
void statement_bind_text(struct statement *statement, int parameter, struct slice text);
void statement_bind_null(struct statement *statement, int parameter);

/* The next row; *out_row false: there is none, and the statement may be bound and run again (as after an error). */
enum status statement_step(struct statement *statement, bool *out_row, struct error *err) MUST_CHECK;
/* For statements without rows. */
enum status statement_run(struct statement *statement, struct error *err) MUST_CHECK;
/* Leaves the rest of the rows unread. */
void statement_reset(struct statement *statement);

int statement_n_columns(const struct statement *statement);
const char *statement_column_name(const struct statement *statement, int column); /* borrowed */
const char *statement_declared(const struct statement *statement, int column);    /* type of the table's column that it is; "": an expression */
int statement_n_parameters(const struct statement *statement);
/* Of the row that statement_step gave. Other kinds than asked for are converted, as SQLite does; NULL is 0 and "". */
enum column_kind statement_kind(const struct statement *statement, int column);
int64_t statement_int(const struct statement *statement, int column);
double statement_double(const struct statement *statement, int column);
struct slice statement_text(const struct statement *statement, int column); /* borrowed until the next step or reset */

#endif
