/* Users and items of a source: ids, titles and feature columns. Immutable,
 * counted (atomic); data sets, models and embeddings hold a reference.
 * Positions follow ids ascending: whole numbers by value, else by bytes; items
 * that were added to a catalog (fold_in) come after them, in the order in which
 * they came. */
#ifndef RECKON_CATALOG_H
#define RECKON_CATALOG_H

#include "runtime/base/json.h"
#include "runtime/data/table.h"
#include "runtime/store.h"

struct catalog {
    int count; /* atomic */
    int64_t n_users, n_items;
    int64_t n_added_items; /* the last so many items were added: their ids needn't ascend */
    bool user_ids_are_ints, item_ids_are_ints;
    int64_t *user_ids_int, *item_ids_int;  /* when ints */
    char **user_ids_text, **item_ids_text; /* when not */
    char **titles;                         /* n_items, entries may be NULL; NULL: the source has no titles */
    /* Feature columns, one row a position: users "age", "gender" …; items "genres" (list of str), "genre" (the item's rarest genre in the catalogue),
     * "year" … Never id or title. */
    struct table *user_features, *item_features; /* zero columns when there are none; never NULL */
    int64_t dropped_users, dropped_items;        /* rows of side tables without an interaction */
};

struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog);

/* An id as the user gave it: a whole number or text. */
struct id {
    bool is_int;
    int64_t number;
    const char *text;
};
/* Positions; -1 = unknown. A whole number given as text fits int ids. */
int32_t catalog_find_user(const struct catalog *catalog, struct id id);
int32_t catalog_find_item(const struct catalog *catalog, struct id id);
/* By id, else by title (exact, else without case and accents) when that title is unique. ERR_KEY lists the ids of an ambiguous title, or the nearest
 * titles. */
enum status catalog_item(const struct catalog *catalog, struct id id, int32_t *out, struct error *err) MUST_CHECK;
enum status catalog_user(const struct catalog *catalog, struct id id, int32_t *out, struct error *err) MUST_CHECK;
void catalog_user_id(const struct catalog *catalog, int32_t user, struct buf *out); /* as text */
void catalog_item_id(const struct catalog *catalog, int32_t item, struct buf *out);
const char *catalog_title(const struct catalog *catalog, int32_t item);     /* NULL: none */
int64_t catalog_n_titled(const struct catalog *catalog, const char *title); /* items that catalog_item finds by this title */

/* The same with one more item, the last one. id must be unknown; where ids are whole numbers, a text that is none becomes the title, and the id the
 * next number after the largest (the first from 1 on that is free, where that is INT64_MAX). about: one row of columns that the items have ("title",
 * "genres" …), NULL: nothing is known of it; what is derived from these (genre, year) is too. ERR_KEY: the items have no such column; ERR_TYPE: it
 * holds something else; ERR_VALUE: it gives another title than id does. */
enum status catalog_with_item(const struct catalog *from, struct id id, const struct table *about, struct catalog **out,
                              struct error *err) MUST_CHECK;
/* The same with an item of another catalog, which is unknown here: its id and title, and of its columns those that the items have and that hold the
 * same. Ids are of one kind in both. */
struct catalog *catalog_with_item_of(const struct catalog *from, const struct catalog *other, int32_t item);

/* Under `name`/… in a model's or data set's file. */
enum status catalog_save(const struct catalog *catalog, struct store_writer *writer, const char *name, struct error *err) MUST_CHECK;
enum status catalog_load(struct store_reader *reader, const char *name, struct catalog **out, struct error *err) MUST_CHECK;

#endif
