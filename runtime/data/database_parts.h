/* What the files that know SQLite share. */
#ifndef RECKON_DATABASE_PARTS_H
#define RECKON_DATABASE_PARTS_H

#include <sys/stat.h>

#include "runtime/base/vec.h"
#include "runtime/data/database.h"

struct still_file {
    char *path, *named; /* owned: where it lies, and how the caller calls what it belongs to */
    struct stat before;
};

struct database {
    struct sqlite3 *sqlite;
    char *path; /* NULL: one that only reads */
    const struct task *task;
    double busy_since_s;
    struct error why;                     /* what a function of ours that SQLite called found wrong; OK: nothing */
    VEC(struct still_file) without_locks; /* files that are read as if nobody wrote them */
};

/* What SQLite says of the last call, or what `why` says. */
enum status database_fail(struct database *database, struct error *err);
/* From now on a cancel ends what waits for a lock, and what runs after so many more operations of SQLite's machine. */
void database_listen(struct database *database, int n_operations);
/* In place of SQLite's own (database_functions.c). */
enum status database_add_functions(struct database *database, struct error *err) MUST_CHECK;
void database_forget_files(struct database *database);
/* After a database that only reads. */
void database_unlimit_memory(void);

#endif
