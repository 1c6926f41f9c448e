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
/* A catalog with every member empty, count 1. */
struct catalog *catalog_new(void);
/* Year of a title like "Fargo (1996)"; 0: none. */
int title_year(const char *title);

#endif
