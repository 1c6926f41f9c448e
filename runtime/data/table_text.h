/* Tables from text: delimited, or JSON Lines. */
#ifndef RECKON_TABLE_TEXT_H
#define RECKON_TABLE_TEXT_H

#include "runtime/base/json.h"
#include "runtime/base/task.h"
#include "runtime/data/table.h"

/* A file with a header (.csv, .tsv; the separator is found out). A column is of bools, ints or floats where all its filled
 * fields are, else of strs; an empty field is null. Numbers with leading zeros (zip codes) are text. ERR_FILE, ERR_DATA. */
enum status table_read(struct task *task, const char *path, struct table **out, struct error *err) MUST_CHECK;
/* A file of JSON Lines: keys are columns in order of first appearance; a key that a line lacks is null there. Columns are of bools, ints, floats
 * (ints among them become floats), strs, or lists of ints, floats or strs. ERR_DATA names file, line and key. */
enum status table_read_json(struct task *task, const char *path, struct table **out, struct error *err) MUST_CHECK;
/* The objects of a .jsonl file one after the other; an error of on_object ends it. */
typedef enum status (*jsonl_fn)(void *ctx, int64_t line, const json_t *object, struct error *err);
enum status jsonl_each(struct task *task, const char *path, jsonl_fn on_object, void *ctx, struct error *err) MUST_CHECK;

#endif
