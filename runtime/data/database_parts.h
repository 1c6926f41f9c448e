/* What the two files that know SQLite share. */
#ifndef RECKON_DATABASE_PARTS_H
#define RECKON_DATABASE_PARTS_H

#include "runtime/data/database.h"

struct database {
    struct sqlite3 *sqlite;
    char *path; /* NULL: one that only reads */
    const struct task *task;
    double busy_since_s;
    const char *denied; /* what the statement would do that isn't allowed; NULL: nothing */
};

/* What SQLite says of the last call. */
enum status database_fail(const struct database *database, struct error *err);

#endif
