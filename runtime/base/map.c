#include "runtime/base/map.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/mem.h"

/* Entries lie in insertion order; a table of slots (open addressing, at most
 * half full) holds entry index + 1, so iteration never sees the table. */
struct str_entry {
    char *key; /* owned, NUL-terminated */
    size_t len;
    uint64_t hash;
    int64_t value;
};

struct str_map {
    struct str_entry *entries;
    size_t n_entries, cap;
    uint32_t *slots; /* 0 = free */
    size_t n_slots;  /* a power of two */
};

struct str_map *str_map_new(void) {
    return xnew(struct str_map);
}

void str_map_free(struct str_map *map) {
    if (!map) return;
    for (size_t i = 0; i < map->n_entries; i++) free(map->entries[i].key);
    free(map->entries);
    free(map->slots);
    free(map);
}

static uint64_t key_hash(struct slice key) { return hash_bytes(key.data, key.len, 0); }

/* Slot of the key, or the free slot where it would go. */
static size_t str_slot(const struct str_map *map, struct slice key, uint64_t hash) {
    size_t at = (size_t)hash & (map->n_slots - 1);
    while (map->slots[at]) {
        const struct str_entry *entry = &map->entries[map->slots[at] - 1];
        if (entry->hash == hash && slice_eq((struct slice){entry->key, entry->len}, key)) return at;
        at = (at + 1) & (map->n_slots - 1);
    }
    return at;
}

/* Writes all entries into a fresh table. Keys are distinct, so only hashes matter. */
static void str_fill(struct str_map *map) {
    memset(map->slots, 0, map->n_slots * sizeof *map->slots);
    for (size_t i = 0; i < map->n_entries; i++) {
        size_t at = (size_t)map->entries[i].hash & (map->n_slots - 1);
        while (map->slots[at]) at = (at + 1) & (map->n_slots - 1);
        map->slots[at] = (uint32_t)(i + 1);
    }
}

static void str_grow(struct str_map *map) {
    if (map->n_entries == map->cap) {
        map->cap = map->cap ? map->cap * 2 : 8;
        map->entries = xrealloc(map->entries, map->cap * sizeof *map->entries);
    }
    if ((map->n_entries + 1) * 2 <= map->n_slots) return;
    free(map->slots);
    map->n_slots = map->n_slots ? map->n_slots * 2 : 16;
    map->slots = xnew_array(uint32_t, map->n_slots);
    str_fill(map);
}

bool str_map_put(struct str_map *map, struct slice key, int64_t value, bool replace) {
    str_grow(map);
    uint64_t hash = key_hash(key);
    size_t at = str_slot(map, key, hash);
    if (map->slots[at]) {
        if (replace) map->entries[map->slots[at] - 1].value = value;
        return replace;
    }
    map->entries[map->n_entries++] = (struct str_entry){xstrndup(key.data, key.len), key.len, hash, value};
    map->slots[at] = (uint32_t)map->n_entries;
    return true;
}

bool str_map_get(const struct str_map *map, struct slice key, int64_t *out) {
    if (map->n_entries == 0) return false;
    size_t at = str_slot(map, key, key_hash(key));
    if (!map->slots[at]) return false;
    if (out) *out = map->entries[map->slots[at] - 1].value;
    return true;
}

/* Later entries move down one: removing is rare, iterating is not. */
bool str_map_remove(struct str_map *map, struct slice key) {
    if (map->n_entries == 0) return false;
    size_t at = str_slot(map, key, key_hash(key));
    if (!map->slots[at]) return false;
    size_t i = map->slots[at] - 1;
    free(map->entries[i].key);
    memmove(map->entries + i, map->entries + i + 1, (map->n_entries - i - 1) * sizeof *map->entries);
    map->n_entries--;
    str_fill(map);
    return true;
}

size_t str_map_len(const struct str_map *map) { return map->n_entries; }

struct slice str_map_key(const struct str_map *map, size_t i) {
    return (struct slice){map->entries[i].key, map->entries[i].len};
}

int64_t str_map_value(const struct str_map *map, size_t i) { return map->entries[i].value; }

/* --- int64 keys: keys and values beside each other, nothing removed --- */

struct int_entry {
    int64_t key, value;
};

struct int_map {
    struct int_entry *entries;
    unsigned char *taken;
    size_t n_entries, n_slots; /* n_slots: a power of two */
};

static void int_table(struct int_map *map, size_t n_slots) {
    map->entries = xnew_array(struct int_entry, n_slots);
    map->taken = xnew_array(unsigned char, n_slots);
    map->n_slots = n_slots;
}

struct int_map *int_map_new(size_t expected) {
    struct int_map *map = xnew(struct int_map);
    size_t n_slots = 16;
    while (n_slots / 2 < expected) n_slots *= 2;
    int_table(map, n_slots);
    return map;
}

void int_map_free(struct int_map *map) {
    if (!map) return;
    free(map->entries);
    free(map->taken);
    free(map);
}

static size_t int_slot(const struct int_map *map, int64_t key) {
    uint64_t mixed = (uint64_t)key * 0x9E3779B97F4A7C15ull;
    size_t at = (size_t)(mixed ^ mixed >> 32) & (map->n_slots - 1);
    while (map->taken[at] && map->entries[at].key != key) at = (at + 1) & (map->n_slots - 1);
    return at;
}

static void int_grow(struct int_map *map) {
    struct int_map old = *map;
    int_table(map, old.n_slots * 2);
    for (size_t i = 0; i < old.n_slots; i++) {
        if (!old.taken[i]) continue;
        size_t at = int_slot(map, old.entries[i].key);
        map->entries[at] = old.entries[i];
        map->taken[at] = 1;
    }
    free(old.entries);
    free(old.taken);
}

bool int_map_put(struct int_map *map, int64_t key, int64_t value, bool replace) {
    if ((map->n_entries + 1) * 2 > map->n_slots) int_grow(map);
    size_t at = int_slot(map, key);
    if (map->taken[at] && !replace) return false;
    map->n_entries += !map->taken[at];
    map->entries[at] = (struct int_entry){key, value};
    map->taken[at] = 1;
    return true;
}

bool int_map_get(const struct int_map *map, int64_t key, int64_t *out) {
    size_t at = int_slot(map, key);
    if (!map->taken[at]) return false;
    if (out) *out = map->entries[at].value;
    return true;
}

size_t int_map_len(const struct int_map *map) { return map->n_entries; }
