/* Bump allocator: everything is freed at once. A cell's tokens and AST live in
 * one. Memory comes zeroed and 16-byte aligned; never fails (see mem.h). */
#ifndef RECKON_ARENA_H
#define RECKON_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *block;
    size_t total_bytes;
};

#define ARENA_INIT ((struct arena){0})

void *arena_alloc(struct arena *arena, size_t size_bytes);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
void *arena_memdup(struct arena *arena, const void *data, size_t size_bytes);
void arena_release(struct arena *arena);
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

#endif
