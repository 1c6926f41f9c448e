/* Records of nothing but numbers, the fastest of the ways to read a chunk.
 * Private to runtime/data. */
#ifndef RECKON_CSV_NUMBERS_H
#define RECKON_CSV_NUMBERS_H

#include "runtime/data/csv_chunk.h"
#include "runtime/device/hot.h"

#define NUMBERS_BEFORE 16 /* bytes that can be read before a record */
#define NUMBERS_BEHIND 64 /* … and from a record's beginning, and behind the last one */

/* Where the fields of the next record go; NULL: there is no such column. */
struct csv_fields {
    int64_t *users, *items, *times;
    float *ratings;
};
/* Reads records from *at on, as long as they begin before end, which is behind a line's end, and are digits: ratings and times may have a point. *at:
 * where the next one begins; returns how many were read. What the next row of the columns holds is anything. Every column of the plan has a role. */
HOT_DECLARE(int64_t, csv_numbers, (const struct csv_plan *plan, const char **at, const char *end, struct csv_fields to));

#endif
