/* Dicts and sets: entries in insertion order, and an open-addressing table of
 * positions once there are more than a few. */
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "runtime/base/mem.h"

#define FEW 8 /* so many are searched one by one */

struct entry {
    uint64_t hash;
    struct value key, value;
};

struct dict {
    int count;
    struct entry *entries;
    size_t n, cap;
    uint32_t *table;  /* entry + 1; 0 = free */
    size_t table_cap; /* a power of two, more than 3/2 of n */
};

int *dict_count(struct dict *dict) { return &dict->count; }

static struct value new_of(enum value_kind kind) {
    struct dict *dict = xnew(struct dict);
    dict->count = 1;
    return (struct value){.kind = kind, .u.dict = dict};
}

struct value value_dict(void) {
    return new_of(VAL_DICT);
}
struct value value_set(void) {
    return new_of(VAL_SET);
}
size_t dict_len(struct value dict) { return dict.u.dict->n; }
struct value dict_key(struct value dict, size_t i) {
    return dict.u.dict->entries[i].key;
}
struct value dict_value(struct value dict, size_t i) {
    return dict.u.dict->entries[i].value;
}

void dict_bury(struct dict *dict, struct graveyard *graveyard) {
    for (size_t i = 0; i < dict->n; i++) {
        graveyard_add(graveyard, dict->entries[i].key);
        graveyard_add(graveyard, dict->entries[i].value);
    }
    free(dict->entries);
    free(dict->table);
    free(dict);
}

/* --- the table --- */

static void table_add(struct dict *dict, size_t i) {
    size_t mask = dict->table_cap - 1, at = dict->entries[i].hash & mask;
    while (dict->table[at]) at = (at + 1) & mask;
    dict->table[at] = (uint32_t)i + 1;
}

static void table_build(struct dict *dict, size_t cap) {
    free(dict->table);
    dict->table_cap = cap;
    dict->table = xnew_array(uint32_t, cap);
    for (size_t i = 0; i < dict->n; i++) table_add(dict, i);
}

static bool is_entry(const struct entry *entry, uint64_t hash, struct value key) { return entry->hash == hash && value_equal(entry->key, key); }

static ptrdiff_t find(const struct dict *dict, uint64_t hash, struct value key) {
    if (!dict->table) {
        for (size_t i = 0; i < dict->n; i++)
            if (is_entry(&dict->entries[i], hash, key)) return (ptrdiff_t)i;
        return -1;
    }
    size_t mask = dict->table_cap - 1;
    for (size_t at = hash & mask; dict->table[at]; at = (at + 1) & mask)
        if (is_entry(&dict->entries[dict->table[at] - 1], hash, key)) return (ptrdiff_t)dict->table[at] - 1;
    return -1;
}

/* Takes key and value. */
static void append(struct dict *dict, uint64_t hash, struct value key, struct value value) {
    if (dict->n == dict->cap) {
        dict->cap = dict->cap ? dict->cap * 2 : 4;
        dict->entries = xrealloc(dict->entries, dict->cap * sizeof *dict->entries);
    }
    dict->entries[dict->n++] = (struct entry){hash, key, value};
    if (dict->n <= FEW) return;
    if (!dict->table || dict->n * 3 > dict->table_cap * 2) table_build(dict, dict->table_cap ? dict->table_cap * 2 : 32);
    else table_add(dict, dict->n - 1);
}

/* --- operations --- */

static enum status put(struct value *dict, struct value key, struct value item, struct error *err) {
    uint64_t hash;
    if (!value_hash(key, &hash)) {
        err_set(err, ERR_TYPE, "%s%s can't be %s", article(value_type_name(key)), value_type_name(key),
                dict->kind == VAL_SET ? "in a set" : "a key of a dict");
        return key.kind == VAL_LIST ? err_hint(err, "a tuple can: tuple(x)") : err->code;
    }
    ptrdiff_t at = find(dict->u.dict, hash, key);
    if (at < 0) append(dict->u.dict, hash, value_ref(key), value_ref(item));
    else if (dict->kind == VAL_DICT) {
        struct value old = dict->u.dict->entries[at].value;
        dict->u.dict->entries[at].value = value_ref(item);
        value_release(&old);
    }
    return OK;
}

enum status dict_put(struct value *dict, struct value key, struct value item, struct error *err) { return put(dict, key, item, err); }
enum status set_add(struct value *set, struct value key, struct error *err) { return put(set, key, UNSET, err); }

bool dict_get(struct value dict, struct value key, struct value *out_borrowed) {
    uint64_t hash;
    if (!value_hash(key, &hash)) return false;
    ptrdiff_t at = find(dict.u.dict, hash, key);
    if (at < 0) return false;
    if (out_borrowed) *out_borrowed = dict.u.dict->entries[at].value;
    return true;
}

struct value *dict_slot(struct value *dict, struct value key) {
    uint64_t hash;
    ptrdiff_t at = value_hash(key, &hash) ? find(dict->u.dict, hash, key) : -1;
    return at < 0 ? NULL : &dict->u.dict->entries[at].value;
}

void dict_puts(struct value *dict, const char *key, struct value item) {
    struct value text = value_str(key);
    struct error err = ERROR_INIT;
    if (dict_put(dict, text, item, &err) != OK) err_reset(&err); /* strs are always hashable */
    value_release(&text);
    value_release(&item);
}

struct value dict_copy(struct value dict) {
    struct dict *old = dict.u.dict;
    struct value copy = new_of(dict.kind);
    struct dict *new = copy.u.dict;
    new->n = new->cap = old->n;
    new->entries = old->n ? xmemdup(old->entries, old->n * sizeof *old->entries) : NULL;
    for (size_t i = 0; i < old->n; i++) {
        value_ref(old->entries[i].key);
        value_ref(old->entries[i].value);
    }
    new->table_cap = old->table_cap;
    new->table = old->table ? xmemdup(old->table, old->table_cap * sizeof *old->table) : NULL;
    return copy;
}
