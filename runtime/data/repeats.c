/* Whether a pair of user and item comes twice: the pairs' hashes, put into
 * parts that fit the cache, and a table for each part. Two pairs of one hash are
 * as good as never there; then the exact search finds nothing. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/data/draft_rows.h"

#define BLOCK_ROWS ((int64_t)1 << 18)
#define PARTS 512
#define ROUND_ROWS ((int64_t)1 << 25) /* hashes that are kept at once: 256 MiB */
#define CROWDED 8                     /* times the mean: hashes spread more evenly unless they are of the same pairs */

struct search {
    struct draft_ids users, items;
    int64_t n, n_blocks;
    uint64_t n_rounds, round; /* a power of two */
    int64_t *starts;          /* of each part in the hashes; PARTS + 1 */
    int64_t *places;          /* n_blocks × PARTS: where a block's next hash of a part goes */
    uint64_t *hashes;
    int64_t room; /* for hashes */
    struct task *task;
    int found; /* atomic; perhaps: the exact search decides */
};

static inline uint64_t pair_hash(int64_t user, int64_t item) {
    uint64_t hash = ((uint64_t)user * 0x9E3779B97F4A7C15u) ^ (((uint64_t)item + 0x632BE59BD9B4E019u) * 0xC2B2AE3D27D4EB4Fu);
    hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
    hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
    return hash ^ (hash >> 32);
}

/* The lowest bits choose the part, the next ones the round. */
static inline bool is_now(const struct search *search, uint64_t hash) { return (hash / PARTS & (search->n_rounds - 1)) == search->round; }

static int64_t block_end(const struct search *search, int64_t block) {
    const int64_t end = (block + 1) * BLOCK_ROWS;
    return end < search->n ? end : search->n;
}

static void count_block(void *ctx, int64_t block, int thread) {
    const struct search *search = ctx;
    int64_t *counts = search->places + block * PARTS;
    (void)thread;
    memset(counts, 0, PARTS * sizeof *counts);
    for (int64_t i = block * BLOCK_ROWS; i < block_end(search, block); i++) {
        const uint64_t hash = pair_hash(draft_ids_at(search->users, i), draft_ids_at(search->items, i));
        counts[hash % PARTS] += is_now(search, hash);
    }
}

static void put_block(void *ctx, int64_t block, int thread) {
    const struct search *search = ctx;
    int64_t *places = search->places + block * PARTS;
    (void)thread;
    for (int64_t i = block * BLOCK_ROWS; i < block_end(search, block); i++) {
        const uint64_t hash = pair_hash(draft_ids_at(search->users, i), draft_ids_at(search->items, i));
        if (is_now(search, hash)) search->hashes[places[hash % PARTS]++] = hash;
    }
}

/* Counts to places, parts one after the other, blocks within. */
static void place_blocks(struct search *search) {
    int64_t at = 0;
    for (int64_t p = 0; p < PARTS; p++) {
        search->starts[p] = at;
        for (int64_t b = 0; b < search->n_blocks; b++) {
            const int64_t count = search->places[b * PARTS + p];
            search->places[b * PARTS + p] = at;
            at += count;
        }
    }
    search->starts[PARTS] = at;
}

/* Open addressing; 0 is a free slot, and a hash of 0 counts as found: the exact search decides. */
static bool part_repeats(const uint64_t *hashes, int64_t n, uint64_t *table, size_t mask) {
    for (int64_t i = 0; i < n; i++) {
        size_t at = (size_t)(hashes[i] >> 24) & mask;
        if (hashes[i] == 0) return true;
        for (; table[at]; at = (at + 1) & mask)
            if (table[at] == hashes[i]) return true;
        table[at] = hashes[i];
    }
    return false;
}

static void search_part(void *ctx, int64_t part, int thread) {
    struct search *search = ctx;
    struct error ignored = ERROR_INIT;
    const int64_t n = search->starts[part + 1] - search->starts[part];
    size_t size = 16;
    uint64_t *table;
    (void)thread;
    while (size < 2 * (size_t)n) size *= 2;
    if (__atomic_load_n(&search->found, __ATOMIC_RELAXED) || n == 0) return;
    const bool crowded = n > CROWDED * (search->starts[PARTS] / PARTS) + 65536;
    const bool no_table = !crowded && mem_try_array(size, "pairs", &table, &ignored) != OK;
    if (crowded || no_table || part_repeats(search->hashes + search->starts[part], n, table, size - 1))
        __atomic_store_n(&search->found, 1, __ATOMIC_RELAXED);
    if (!crowded && !no_table) mem_free(table);
}

static enum status search_round(struct search *search, struct error *err) {
    TRY(pool_run(search->task, search->n_blocks, count_block, search, err));
    place_blocks(search);
    search->found = search->starts[PARTS] > search->room;
    if (search->found) return OK;
    TRY(pool_run(search->task, search->n_blocks, put_block, search, err));
    return pool_run(search->task, PARTS, search_part, search, err);
}

static enum status search_all(struct search *search, struct error *err) {
    const int64_t mean = search->n / (int64_t)search->n_rounds;
    search->room = search->n_rounds == 1 ? search->n : mean + mean / 8 + 65536;
    TRY(mem_try_array((size_t)(PARTS + 1), "pairs", &search->starts, err));
    TRY(mem_try_array((size_t)(search->n_blocks * PARTS), "pairs", &search->places, err));
    TRY(mem_try_array((size_t)search->room, "pairs", &search->hashes, err));
    for (search->round = 0; search->round < search->n_rounds && !search->found; search->round++) TRY(search_round(search, err));
    return OK;
}

enum status find_any_repeat(struct task *task, const struct dataset_draft *draft, bool *out, struct error *err) {
    struct search search = {.users = draft_ids_of(draft, true), .items = draft_ids_of(draft, false), .n = draft->n_events, .task = task};
    search.n_blocks = (search.n + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (search.n_rounds = 1; search.n / (int64_t)search.n_rounds > ROUND_ROWS;) search.n_rounds *= 2;
    const enum status status = search_all(&search, err);
    mem_free(search.starts);
    mem_free(search.places);
    mem_free(search.hashes);
    if (status == OK) *out = search.found;
    return status;
}
