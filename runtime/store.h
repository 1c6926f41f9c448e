/* Files of models, data sets and tables (.reckon): a tree of named sections,
 * typed 64-byte-aligned arrays, a checksum each, unknown sections skipped on
 * reading. Written to a temporary, synced, renamed. Names are paths with "/".
 *
 * Limits are checked before allocating; a damaged file is ERR_DATA that names
 * the section. Little-endian. A reader or writer belongs to one thread.
 *
 *     header    64 bytes: magic, format, kind, place and checksum of the table, own checksum
 *     sections  each 64-byte aligned
 *     table     number of sections; of each: type, name, count, bytes, offset, checksum */
#ifndef RECKON_STORE_H
#define RECKON_STORE_H

#include "runtime/base/json.h"
#include "runtime/base/str.h"

enum store_type { STORE_BYTES = 1, STORE_I32, STORE_I64, STORE_F32, STORE_F64, STORE_TEXTS /* store_put_texts alone writes these */ };

struct store_writer;
/* kind: "model", "dataset", "table"; shown when opened. */
enum status store_create(const char *path, const char *kind, struct store_writer **out, struct error *err) MUST_CHECK;
enum status store_put(struct store_writer *writer, const char *name, enum store_type type, const void *data, int64_t count,
                      struct error *err) MUST_CHECK;
enum status store_put_text(struct store_writer *writer, const char *name, const char *text, struct error *err) MUST_CHECK;
enum status store_put_json(struct store_writer *writer, const char *name, const json_t *json, struct error *err) MUST_CHECK;
enum status store_put_texts(struct store_writer *writer, const char *name, const char *const *texts, int64_t count,
                            struct error *err) MUST_CHECK; /* entries may be NULL */
/* Names are put below a folder ("part0/") from now on; NULL: as they are again. */
void store_writer_enter(struct store_writer *writer, const char *folder);
/* Ends the file; with keep false nothing is left behind. Always frees. */
enum status store_finish(struct store_writer *writer, bool keep, struct error *err) MUST_CHECK;

struct store_reader; /* maps the file; pointers stay good until store_close */
enum status store_open(const char *path, struct store_reader **out, struct error *err) MUST_CHECK;
void store_close(struct store_reader *reader);
const char *store_kind(const struct store_reader *reader);
const char *store_path(const struct store_reader *reader);
void store_reader_enter(struct store_reader *reader, const char *folder); /* as store_writer_enter */
bool store_reader_entered(const struct store_reader *reader);
bool store_has(const struct store_reader *reader, const char *name);
/* Borrowed, checked against the checksum and type. want_count -1: any. */
enum status store_get(struct store_reader *reader, const char *name, enum store_type type, int64_t want_count, const void **out, int64_t *out_count,
                      struct error *err) MUST_CHECK;
enum status store_get_text(struct store_reader *reader, const char *name, char **out_owned, struct error *err) MUST_CHECK;
enum status store_get_json(struct store_reader *reader, const char *name, json_t **out, struct error *err) MUST_CHECK;
enum status store_get_texts(struct store_reader *reader, const char *name, int64_t want_count, char ***out_owned, int64_t *out_count,
                            struct error *err) MUST_CHECK; /* free with names_free */

#endif
