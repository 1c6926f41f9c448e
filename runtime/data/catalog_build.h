/* Making catalogs. Private to runtime/data. */
#ifndef RECKON_CATALOG_BUILD_H
#define RECKON_CATALOG_BUILD_H

#include "runtime/data/catalog.h"

/* The ids of one side, distinct and in the order of positions. */
struct id_list {
    bool are_ints;
    int64_t n;
    int64_t *ints; /* or */
    char **texts;
};
void id_list_release(struct id_list *ids);

/* Takes the ids' arrays. The side tables are borrowed: first column "user" / "item" = id, NULL: none. A "date" column of the item table serves to
 * derive the year and is left out. */
struct catalog *catalog_build(struct id_list *users, struct id_list *items, const struct table *user_table, const struct table *item_table);
/* Other positions of a catalog: those of users and items, in that order; an item -1 has nothing yet (no id, no title, nulls). */
struct catalog *catalog_take(const struct catalog *from, const int64_t *users, int64_t n_users, const int64_t *items, int64_t n_items);
/* Adds the columns of a side table behind its first, of rows[position] (-1: null), to a catalog that nobody else holds yet; what is derived from them
 * (genre, year) too. ERR_VALUE where a column of that name is there already. */
enum status catalog_join(struct catalog *catalog, bool of_users, const struct table *table, const int64_t *rows, struct error *err) MUST_CHECK;
/* A catalog with every member empty, count 1. */
struct catalog *catalog_new(void);
/* Sets the genre of items whose features have genres but no genre column, or of those from `first` on whose genre is null. */
void catalog_derive_genres(struct table *features, int64_t first);
/* Year of a title like "Fargo (1996)"; 0: none. */
int title_year(const char *title);

#endif
