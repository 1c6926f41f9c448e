/* Whether a pair of user and item comes twice: a key for every row, put into
 * parts that fit the cache, and a table for each part. Where ids are close
 * together a pair has a number of SHORT_BITS bits; shuffled, its upper bits are
 * the part and the others the key, of 32 bits, and no two pairs have one. Others
 * have a hash of 64 bits, which two pairs may share: then the exact search finds
 * nothing. */
#include <math.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/data/draft_rows.h"

#define BLOCK_ROWS ((int64_t)1 << 20)
#define PART_BITS 9
#define PARTS (1 << PART_BITS)
#define SHORT_BITS (PART_BITS + 31)   /* below the part 31 of a key, whose lowest one says that a slot is taken */
#define ROUND_ROWS ((int64_t)1 << 25) /* keys of 64 bits that are kept at once: 256 MiB */

struct search {
    struct draft_ids users, items;
    struct id_range user_range, item_range;
    int64_t n, n_blocks;
    int bits;                 /* of a pair's number, up to SHORT_BITS; 0: keys are hashes */
    uint64_t n_rounds, round; /* a power of two; 1 where all keys have room */
    int64_t room;             /* keys of one block and part in a round, at most */
    void *keys;               /* n_blocks × PARTS × room: uint32_t where there are bits, else uint64_t */
    int32_t *counts;          /* n_blocks × PARTS */
    struct task *task;
    int found; /* atomic; perhaps: the exact search decides */
};

static inline uint64_t mix(uint64_t hash) {
    hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
    return hash ^ (hash >> 32);
}

/* What decides part, key and round, in the upper bits. Of numbers it is one of as many bits, each from another: steps that can be undone. */
static inline uint64_t code_of(const struct search *search, int64_t i, bool is_short) {
    const uint64_t user = (uint64_t)draft_ids_at(search->users, i), item = (uint64_t)draft_ids_at(search->items, i);
    if (!is_short) return mix(mix((user * 0x9E3779B97F4A7C15u) ^ ((item + 0x632BE59BD9B4E019u) * 0xC2B2AE3D27D4EB4Fu)));
    const uint64_t span = (uint64_t)(search->item_range.most - search->item_range.least) + 1;
    const uint64_t number = (user - (uint64_t)search->user_range.least) * span + (item - (uint64_t)search->item_range.least);
    const uint64_t code = (number << (64 - search->bits)) * 0x9E3779B97F4A7C15u;
    return (code ^ (code >> search->bits / 2 >> (64 - search->bits) << (64 - search->bits))) * 0xD6E8FEB86659FD93u;
}

static inline size_t part_of(uint64_t code) { return (size_t)(code >> (64 - PART_BITS)); }
/* The lowest bits choose the round. */
static inline bool is_now(const struct search *search, uint64_t code) { return (code & (search->n_rounds - 1)) == search->round; }

static inline uint64_t key_at(const void *keys, size_t i, bool is_short) {
    return is_short ? ((const uint32_t *)keys)[i] : ((const uint64_t *)keys)[i];
}
static inline void put_key(void *keys, size_t i, uint64_t key, bool is_short) {
    if (is_short) ((uint32_t *)keys)[i] = (uint32_t)key;
    else ((uint64_t *)keys)[i] = key;
}

static void give_up(struct search *search) { __atomic_store_n(&search->found, 1, __ATOMIC_RELAXED); }

static void *keys_of(const struct search *search, int64_t block, int64_t part) {
    return (char *)search->keys + (block * PARTS + part) * search->room * (search->bits ? 4 : 8);
}

/* Straight into the parts, which have room for more than chance brings: what doesn't fit is crowded. */
__attribute__((always_inline)) static inline void sort_rows(struct search *search, int64_t block, bool is_short) {
    const int64_t start = block * BLOCK_ROWS, end = start + BLOCK_ROWS < search->n ? start + BLOCK_ROWS : search->n;
    void *keys = keys_of(search, block, 0);
    int32_t *counts = search->counts + block * PARTS;
    memset(counts, 0, PARTS * sizeof *counts);
    for (int64_t i = start; i < end; i++) {
        const uint64_t code = code_of(search, i, is_short);
        const size_t part = part_of(code);
        if (!is_short && !is_now(search, code)) continue;
        if (counts[part] == search->room) give_up(search);
        if (counts[part] == search->room) return;
        put_key(keys, part * (size_t)search->room + (size_t)counts[part]++, is_short ? code >> (63 - SHORT_BITS) | 1 : code, is_short);
    }
}

static void sort_block(void *ctx, int64_t block, int thread) {
    struct search *search = ctx;
    (void)thread;
    if (search->bits) sort_rows(search, block, true);
    else sort_rows(search, block, false);
}

/* A part's slots, 2^bits. */
struct slots {
    void *keys;
    int bits;
};

/* Open addressing; 0 is a free slot, and a hash of 0 counts as found: the exact search decides. */
__attribute__((always_inline)) static inline bool any_repeats(const struct slots *slots, const void *keys, int64_t n, bool is_short) {
    const size_t mask = ((size_t)1 << slots->bits) - 1;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = key_at(keys, (size_t)i, is_short);
        size_t at = (size_t)(is_short ? key << 32 : key << PART_BITS) >> (64 - slots->bits);
        if (key == 0) return true;
        for (uint64_t other; (other = key_at(slots->keys, at, is_short)) != 0; at = (at + 1) & mask)
            if (other == key) return true;
        put_key(slots->keys, at, key, is_short);
    }
    return false;
}

static bool part_repeats(const struct search *search, int64_t part, const struct slots *slots) {
    for (int64_t b = 0; b < search->n_blocks; b++) {
        const void *keys = keys_of(search, b, part);
        const int32_t n = search->counts[b * PARTS + part];
        if (search->bits ? any_repeats(slots, keys, n, true) : any_repeats(slots, keys, n, false)) return true;
    }
    return false;
}

static void search_part(void *ctx, int64_t part, int thread) {
    struct search *search = ctx;
    struct error ignored = ERROR_INIT;
    struct slots slots = {.bits = 4};
    int64_t n = 0;
    (void)thread;
    for (int64_t b = 0; b < search->n_blocks; b++) n += search->counts[b * PARTS + part];
    while ((int64_t)1 << slots.bits < 2 * n) slots.bits++;
    if (__atomic_load_n(&search->found, __ATOMIC_RELAXED) || n == 0) return;
    if (mem_try((size_t)1 << slots.bits, search->bits ? 4 : 8, "pairs", &slots.keys, &ignored) != OK) {
        give_up(search);
        return;
    }
    if (part_repeats(search, part, &slots)) give_up(search);
    mem_free(slots.keys);
}

static enum status search_all(struct search *search, struct error *err) {
    TRY(mem_try_array((size_t)(search->n_blocks * PARTS), "pairs", &search->counts, err));
    TRY(mem_try((size_t)(search->n_blocks * PARTS * search->room), search->bits ? 4 : 8, "pairs", &search->keys, err));
    for (search->round = 0; search->round < search->n_rounds && !search->found; search->round++) {
        TRY(pool_run(search->task, search->n_blocks, sort_block, search, err));
        if (!search->found) TRY(pool_run(search->task, PARTS, search_part, search, err));
    }
    return OK;
}

/* Of the number of a pair; 0: more than SHORT_BITS. */
static int bits_of_pairs(const struct search *search) {
    uint64_t users, items, pairs;
    int bits = PART_BITS;
    if (__builtin_sub_overflow(search->user_range.most, search->user_range.least, &users) ||
        __builtin_sub_overflow(search->item_range.most, search->item_range.least, &items) || __builtin_mul_overflow(users + 1, items + 1, &pairs) ||
        pairs == 0)
        return 0;
    while (bits <= SHORT_BITS && (pairs - 1) >> bits) bits++;
    return bits <= SHORT_BITS ? bits : 0;
}

enum status find_any_repeat(struct task *task, struct dataset_draft *draft, bool *out, struct error *err) {
    struct search search = {.users = draft_ids_of(draft, true), .items = draft_ids_of(draft, false), .n = draft->n_events, .task = task};
    *out = false;
    if (search.n < 2) return OK;
    TRY(draft_id_range(task, search.users, search.n, &draft->user_range, err));
    TRY(draft_id_range(task, search.items, search.n, &draft->item_range, err));
    search.user_range = draft->user_range;
    search.item_range = draft->item_range;
    search.bits = bits_of_pairs(&search);
    search.n_blocks = (search.n + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (search.n_rounds = 1; !search.bits && search.n / (int64_t)search.n_rounds > ROUND_ROWS;) search.n_rounds *= 2;
    const double mean = (double)(search.n < BLOCK_ROWS ? search.n : BLOCK_ROWS) / PARTS / (double)search.n_rounds;
    search.room = (int64_t)(mean + 7 * sqrt(mean)) + 16;
    const enum status status = search_all(&search, err);
    mem_free(search.counts);
    mem_free(search.keys);
    if (status == OK) *out = search.found;
    return status;
}
