/* The text of a statement in SQL, looked at before and beside SQLite: what it
 * would do, and the parts between its UNIONs. Any bytes are taken. */
#ifndef RECKON_SQL_TEXT_H
#define RECKON_SQL_TEXT_H

#include "runtime/base/vec.h"

/* What the statement would do by its first word ("insert rows"); NULL: it is a query, or no statement at all. WITH may still lead to anything. */
const char *sql_harm(const char *sql);
bool sql_explains(const char *sql); /* EXPLAIN, EXPLAIN QUERY PLAN */
/* Whether a word or a name in quotes of the statement is exactly this one, case and all. */
bool sql_spells(const char *sql, const char *name);
/* Whether one, or a text, is this name in any case of letters, and doesn't stand behind a dot: file.name is another's. */
bool sql_names_alone(const char *sql, const char *name);

/* A SELECT that stands between UNIONs, as a statement of its own (with the query's WITH in front, without ORDER BY and LIMIT behind). */
struct sql_part {
    int compound;   /* which UNION it belongs to */
    bool is_values; /* VALUES (…), (…): rows that may differ */
    char *text;     /* owned */
};
struct sql_parts {
    struct sql_part *data;
    size_t len, cap;
};
/* Of every UNION, INTERSECT, EXCEPT and VALUES of a query that SQLite took, also in brackets: for types of columns, which SQLite tells
 * of the first part alone. Those in brackets may name what only their surroundings have. */
void sql_parts_of(const char *sql, struct sql_parts *out);
void sql_parts_release(struct sql_parts *parts);

#endif
