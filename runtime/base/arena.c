#include "runtime/base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)1 << 20)

struct arena_block {
    struct arena_block *before;
    size_t used, cap;
    _Alignas(16) unsigned char data[];
};

/* Blocks double, so a large cell takes few of them. */
static struct arena_block *block_new(struct arena *arena, size_t size_bytes) {
    size_t cap = arena->block ? arena->block->cap * 2 : FIRST_BLOCK;
    if (cap > LARGEST_BLOCK) cap = LARGEST_BLOCK;
    if (cap < size_bytes) cap = size_bytes;
    struct arena_block *block = xalloc(sizeof *block + cap);
    block->before = arena->block;
    block->cap = cap;
    arena->block = block;
    arena->total_bytes += cap;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size_bytes) {
    size_t size = size_bytes > SIZE_MAX - 15 ? SIZE_MAX - 15 : (size_bytes + 15) / 16 * 16; /* the huge one fails in xalloc */
    if (size > SIZE_MAX / 2) return xalloc_array(size, 4);
    struct arena_block *block = arena->block;
    if (!block || block->cap - block->used < size) block = block_new(arena, size);
    void *out = block->data + block->used;
    block->used += size;
    return out;
}

void *arena_memdup(struct arena *arena, const void *data, size_t size_bytes) {
    void *copy = arena_alloc(arena, size_bytes);
    if (size_bytes) memcpy(copy, data, size_bytes);
    return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length) {
    char *copy = arena_alloc(arena, length + 1);
    if (length) memcpy(copy, text, length);
    return copy;
}

void arena_release(struct arena *arena) {
    for (struct arena_block *block = arena->block, *before; block; block = before) {
        before = block->before;
        free(block);
    }
    *arena = ARENA_INIT;
}
