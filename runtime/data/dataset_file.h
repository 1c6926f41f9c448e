/* Files of tables and data sets (.reckon), and their parts within other files.
 * dataset_save and dataset_open stand in dataset.h. */
#ifndef RECKON_DATASET_FILE_H
#define RECKON_DATASET_FILE_H

#include "runtime/data/table.h"
#include "runtime/store.h"

enum status table_save(const struct table *table, const char *path, struct error *err) MUST_CHECK;
enum status table_open(const char *path, struct table **out, struct error *err) MUST_CHECK;

/* Under `name`/… in a file. */
enum status table_put(const struct table *table, struct store_writer *writer, const char *name, struct error *err) MUST_CHECK;
/* want_rows -1: any number. */
enum status table_get(struct store_reader *reader, const char *name, int64_t want_rows, struct table **out, struct error *err) MUST_CHECK;

/* Path of a section, "name/part". */
#define SECTION_MAX 256
struct section_name {
    char text[SECTION_MAX];
};
struct section_name section_name(const char *name, const char *part);
/* A section's values as an array of the caller's, with mem_try; one entry more than count, zero. */
enum status store_get_copy(struct store_reader *reader, const char *name, enum store_type type, int64_t want_count, void **out, int64_t *out_count,
                           struct error *err) MUST_CHECK;

#endif
