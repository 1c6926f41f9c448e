/* Writing what other programs read. dataset_export stands in dataset.h. */
#ifndef RECKON_EXPORT_H
#define RECKON_EXPORT_H

#include "runtime/base/task.h"
#include "runtime/data/table.h"

/* .csv, .tsv or .jsonl, by the ending; whole or not at all. Numbers read back as the same numbers. Null cells are empty (null in .jsonl), lists are
 * joined by "|" (lists in .jsonl). */
enum status table_export(struct task *task, const struct table *table, const char *path, struct error *err) MUST_CHECK;

#endif
