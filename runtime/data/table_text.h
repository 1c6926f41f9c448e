/* Tables from delimited text. */
#ifndef RECKON_TABLE_TEXT_H
#define RECKON_TABLE_TEXT_H

#include "runtime/base/task.h"
#include "runtime/data/table.h"

/* A file with a header (.csv, .tsv; the separator is found out). A column is of bools, ints or floats where all its filled
 * fields are, else of strs; an empty field is null. Numbers with leading zeros (zip codes) are text. ERR_FILE, ERR_DATA. */
enum status table_read(struct task *task, const char *path, struct table **out, struct error *err) MUST_CHECK;

#endif
