#include "runtime/base/mem.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/str.h"

#define ALIGNMENT 64

/* The one place of the library that ends the program: nothing small can be said without memory. */
_Noreturn static void out_of_memory(void) {
    static const char text[] = "reckon: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    abort();
}

void *xalloc(size_t size_bytes) {
    void *data = calloc(1, size_bytes ? size_bytes : 1);
    if (!data) out_of_memory();
    return data;
}

void *xrealloc(void *old, size_t size_bytes) {
    void *data = realloc(old, size_bytes ? size_bytes : 1);
    if (!data) out_of_memory();
    return data;
}

void *xalloc_array(size_t count, size_t size_bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total)) out_of_memory();
    return xalloc(total);
}

char *xstrndup(const char *text, size_t length) {
    char *copy = xalloc(length + 1);
    if (length) memcpy(copy, text, length);
    return copy;
}

char *xstrdup(const char *text) { return xstrndup(text, strlen(text)); }

void *xmemdup(const void *data, size_t size_bytes) {
    void *copy = xalloc(size_bytes);
    if (size_bytes) memcpy(copy, data, size_bytes);
    return copy;
}

static atomic_long calls_until_failure; /* 0 = off */

void mem_fail_after(long n) { atomic_store(&calls_until_failure, n); }

static bool must_fail(void) {
    if (atomic_load_explicit(&calls_until_failure, memory_order_relaxed) == 0) return false;
    return atomic_fetch_sub(&calls_until_failure, 1) == 1;
}

#define LARGE_BYTES ((size_t)64 << 20)

/* Linux promises memory that it hasn't got and kills the process when it is touched. So large wishes are compared with what
 * there is before: an error is better than a kernel that is gone. */
static bool has_room(size_t size_bytes) { return size_bytes < LARGE_BYTES || size_bytes <= mem_room_bytes(); }

static enum status refuse(size_t count, size_t size_bytes, const char *what, struct error *err) {
    struct buf size = BUF_INIT;
    buf_add_bytes(&size, (double)count * (double)size_bytes);
    err_set(err, ERR_MEMORY, "not enough memory for %s (%s)", what, buf_text(&size));
    buf_release(&size);
    err_hint(err, "use fewer rows or factors, or free names that you no longer need with `del`");
    return ERR_MEMORY;
}

enum status mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err) {
    size_t total;
    bool too_large = __builtin_mul_overflow(count, size_bytes, &total) || total > PTRDIFF_MAX - ALIGNMENT;
    if (too_large || must_fail() || !has_room(total)) return refuse(count, size_bytes, what, err);
    size_t rounded = (total + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *data = aligned_alloc(ALIGNMENT, rounded ? rounded : ALIGNMENT);
    if (!data) return refuse(count, size_bytes, what, err);
    memset(data, 0, rounded ? rounded : ALIGNMENT);
    *out = data;
    return OK;
}

void mem_free(void *data) { free(data); }
