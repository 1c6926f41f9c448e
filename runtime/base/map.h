/* Hash maps from text or int64 to int64 (an index or count of the caller's).
 * Iteration follows insertion order. Keys of a str map are copied. */
#ifndef RECKON_MAP_H
#define RECKON_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/str.h"

struct str_map;
struct str_map *str_map_new(void);
void str_map_free(struct str_map *map); /* NULL is fine */
/* Sets key to value; returns false and leaves the old value when it was there and `replace` is false. */
bool str_map_put(struct str_map *map, struct slice key, int64_t value, bool replace);
bool str_map_get(const struct str_map *map, struct slice key, int64_t *out);
bool str_map_remove(struct str_map *map, struct slice key);
size_t str_map_len(const struct str_map *map);
/* i-th live entry in insertion order (after removals, indices shift). */
struct slice str_map_key(const struct str_map *map, size_t i);
int64_t str_map_value(const struct str_map *map, size_t i);

struct int_map;
struct int_map *int_map_new(size_t expected);
void int_map_free(struct int_map *map);
bool int_map_put(struct int_map *map, int64_t key, int64_t value, bool replace);
bool int_map_get(const struct int_map *map, int64_t key, int64_t *out);
size_t int_map_len(const struct int_map *map);

#endif
