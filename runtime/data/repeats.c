/* Whether a pair of user and item comes twice: the pairs' hashes, put into
 * parts that fit the cache, and a table for each part. Of ids of 32 bits no two
 * pairs have one hash. Of others they may: then the exact search finds nothing. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/data/draft_rows.h"

#define BLOCK_ROWS ((int64_t)1 << 18)
#define PARTS 512
#define ROUND_ROWS ((int64_t)1 << 25) /* hashes of longer ids that are kept at once: 256 MiB */
#define CROWDED 8                     /* times the mean: hashes spread more evenly unless they are of the same pairs */

struct search {
    struct draft_ids users, items;
    int64_t n, n_blocks;
    uint64_t n_rounds, round; /* a power of two; 1 for ids of 32 bits, which leave room for all hashes */
    int64_t room;             /* hashes of one block in a round, at most */
    uint64_t *hashes;         /* n_blocks × room, by part */
    int32_t *starts;          /* n_blocks × (PARTS + 1): of each part in its block's hashes */
    struct task *task;
    int found; /* atomic; perhaps: the exact search decides */
};

static inline uint64_t mix(uint64_t hash) {
    hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
    return hash ^ (hash >> 32);
}

static inline uint64_t pair_hash(const struct search *search, int64_t i) {
    if (search->users.narrow && search->items.narrow) {
        const uint64_t pair = (uint64_t)(uint32_t)search->users.narrow[i] << 32 | (uint32_t)search->items.narrow[i];
        return mix((pair + 1) * 0x9E3779B97F4A7C15u); /* steps that can be undone; 0, a free slot, is of a pair that hardly anybody has */
    }
    const uint64_t user = (uint64_t)draft_ids_at(search->users, i), item = (uint64_t)draft_ids_at(search->items, i);
    return mix(mix((user * 0x9E3779B97F4A7C15u) ^ ((item + 0x632BE59BD9B4E019u) * 0xC2B2AE3D27D4EB4Fu)));
}

/* The lowest bits choose the part, the next ones the round. */
static inline bool is_now(const struct search *search, uint64_t hash) { return (hash / PARTS & (search->n_rounds - 1)) == search->round; }

static void give_up(struct search *search) { __atomic_store_n(&search->found, 1, __ATOMIC_RELAXED); }

static void sort_block(void *ctx, int64_t block, int thread) {
    struct search *search = ctx;
    const int64_t start = block * BLOCK_ROWS, end = start + BLOCK_ROWS < search->n ? start + BLOCK_ROWS : search->n;
    uint64_t *hashes = search->hashes + block * search->room;
    int32_t *starts = search->starts + block * (PARTS + 1), next[PARTS] = {0};
    (void)thread;
    for (int64_t i = start; i < end; i++) {
        const uint64_t hash = pair_hash(search, i);
        next[hash % PARTS] += is_now(search, hash);
    }
    starts[0] = 0;
    for (int p = 0; p < PARTS; p++) {
        starts[p + 1] = starts[p] + next[p];
        next[p] = starts[p];
    }
    if (starts[PARTS] > search->room) give_up(search);
    if (starts[PARTS] > search->room) return;
    for (int64_t i = start; i < end; i++) {
        const uint64_t hash = pair_hash(search, i);
        if (is_now(search, hash)) hashes[next[hash % PARTS]++] = hash;
    }
}

/* Open addressing; 0 is a free slot, and a hash of 0 counts as found: the exact search decides. */
static bool any_repeats(const uint64_t *hashes, int64_t n, uint64_t *table, size_t mask) {
    for (int64_t i = 0; i < n; i++) {
        size_t at = (size_t)(hashes[i] >> 24) & mask;
        if (hashes[i] == 0) return true;
        for (; table[at]; at = (at + 1) & mask)
            if (table[at] == hashes[i]) return true;
        table[at] = hashes[i];
    }
    return false;
}

static bool part_repeats(const struct search *search, int64_t part, uint64_t *table, size_t mask) {
    for (int64_t b = 0; b < search->n_blocks; b++) {
        const int32_t *starts = search->starts + b * (PARTS + 1) + part;
        if (any_repeats(search->hashes + b * search->room + starts[0], starts[1] - starts[0], table, mask)) return true;
    }
    return false;
}

static void search_part(void *ctx, int64_t part, int thread) {
    struct search *search = ctx;
    struct error ignored = ERROR_INIT;
    int64_t n = 0;
    size_t size = 16;
    uint64_t *table;
    (void)thread;
    for (int64_t b = 0; b < search->n_blocks; b++) {
        const int32_t *starts = search->starts + b * (PARTS + 1) + part;
        n += starts[1] - starts[0];
    }
    while (size < 2 * (size_t)n) size *= 2;
    if (__atomic_load_n(&search->found, __ATOMIC_RELAXED) || n == 0) return;
    const bool crowded = n > CROWDED * (search->n / PARTS) + 65536;
    const bool no_table = !crowded && mem_try_array(size, "pairs", &table, &ignored) != OK;
    if (crowded || no_table || part_repeats(search, part, table, size - 1)) give_up(search);
    if (!crowded && !no_table) mem_free(table);
}

static enum status search_all(struct search *search, struct error *err) {
    TRY(mem_try_array((size_t)(search->n_blocks * (PARTS + 1)), "pairs", &search->starts, err));
    TRY(mem_try_array((size_t)(search->n_blocks * search->room), "pairs", &search->hashes, err));
    for (search->round = 0; search->round < search->n_rounds && !search->found; search->round++) {
        TRY(pool_run(search->task, search->n_blocks, sort_block, search, err));
        if (!search->found) TRY(pool_run(search->task, PARTS, search_part, search, err));
    }
    return OK;
}

enum status find_any_repeat(struct task *task, const struct dataset_draft *draft, bool *out, struct error *err) {
    struct search search = {.users = draft_ids_of(draft, true), .items = draft_ids_of(draft, false), .n = draft->n_events, .task = task};
    const bool narrow = search.users.narrow && search.items.narrow;
    search.n_blocks = (search.n + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (search.n_rounds = 1; !narrow && search.n / (int64_t)search.n_rounds > ROUND_ROWS;) search.n_rounds *= 2;
    const int64_t longest = search.n < BLOCK_ROWS ? search.n : BLOCK_ROWS, mean = longest / (int64_t)search.n_rounds;
    search.room = search.n_rounds == 1 ? longest : mean + mean / 8;
    const enum status status = search_all(&search, err);
    mem_free(search.starts);
    mem_free(search.hashes);
    if (status == OK) *out = search.found;
    return status;
}
